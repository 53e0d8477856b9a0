"""Answers to the exercises of chapter 07: right ones written otherwise, and wrong ones that are on no list."""

import numpy as np
import scipy.linalg

from tests.checks.register import Answers

answers = Answers("07")
right, known, wrong = answers.right, answers.known, answers.wrong


# 7.1 turns_by_hand


@right("turns_by_hand")
def as_an_array():
    return np.array([1.0, -2.0, -1.0, 3.0, -7.0, -7.0])


@right("turns_by_hand")
def by_matrices():
    quarter = np.array([[0, 1], [-1, 0]])
    q = np.array([2, 1]) @ np.linalg.matrix_power(quarter, 3)
    k = np.array([1, -3]) @ np.linalg.matrix_power(quarter, 2)
    return (*q, *k, q @ k, q @ k)


@known("turns_by_hand", "the other way round", "against it")
def with_the_clock():
    return [-1, 2, -1, 3, 7, 7]


@wrong("turns_by_hand", "the shape", "Expected (6,), six numbers; got (5,).")
def one_forgotten():
    return [1, -2, -1, 3, -7]


@wrong("turns_by_hand", "the numbers", "wrong is what stands at [4], [5].")
def the_same_slip_twice():
    return [1, -2, -1, 3, -5, -5]


@wrong("turns_by_hand", "the numbers", "wrong is what stands at [4]")
def a_slip_in_the_product():
    return [1, -2, -1, 3, 5, -7]


# 7.2 shift_matrix


@right("shift_matrix")
def by_kron(speeds, places):
    shifts = [scipy.linalg.expm(places * s * np.array([[0, -1], [1, 0]])) for s in speeds]
    return sum(
        np.kron(turn, np.diag(np.eye(len(speeds))[d])) for d, turn in enumerate(shifts)
    )  # a pair's features lie len(speeds) apart


@right("shift_matrix")
def entry_by_entry(speeds, places):
    n = len(speeds)
    matrix = np.zeros((2 * n, 2 * n))
    for d, speed in enumerate(speeds):
        matrix[d, d] = matrix[n + d, n + d] = np.cos(speed * places)
        matrix[n + d, d] = np.sin(speed * places)
        matrix[d, n + d] = -matrix[n + d, d]
    return matrix


@known("shift_matrix", "sine and cosine as neighbours", "all sines come first")
def blocks_along_the_diagonal(speeds, places):
    cos, sin = np.cos(places * speeds), np.sin(places * speeds)
    return scipy.linalg.block_diag(*([[c, -s], [s, c]] for c, s in zip(cos, sin, strict=True)))


@wrong("shift_matrix", "the shape", "Expected")
def of_one_row(speeds, places):
    return np.stack([np.cos(places * speeds), np.sin(places * speeds)])


@wrong("shift_matrix", "the numbers", "numbers")
def both_blocks_alike(speeds, places):
    cos, sin = np.diag(np.cos(places * speeds)), np.diag(np.sin(places * speeds))
    return np.block([[sin, -cos], [cos, sin]])


@known("shift_matrix", "ones beside the diagonal", "the cosine of 0, which is 1")
def diagonal_first(speeds, places):
    angles = np.diag(places * speeds)
    return np.block([[np.cos(angles), -np.sin(angles)], [np.sin(angles), np.cos(angles)]])


@wrong("shift_matrix", "the signs (one pair)", "Every number has the right size; 2 of 4 have the wrong sign.")
def sines_of_cosines(speeds, places):
    cos = np.cos(places * speeds)
    sin = np.sqrt(1 - cos**2)
    return np.block([[np.diag(cos), -np.diag(sin)], [np.diag(sin), np.diag(cos)]])


# 7.3 add_positions


@right("add_positions")
def by_take(x, table, first=0):
    places = first + np.arange(x.shape[-2])
    return x + np.take(table, places, axis=0).astype(x.dtype)


@right("add_positions")
def by_roll(x, table, first=0):
    return np.add(x, np.roll(table, -first, axis=0)[: x.shape[-2]], dtype=x.dtype, casting="same_kind")


@known("add_positions", "always from 0 (other first places)", "whatever `first` says")
def from_the_beginning(x, table, first=0):
    return (x + table[: x.shape[-2]]).astype(x.dtype)


@wrong("add_positions", "the type (words in float32 or float16)", "asks for the type of the input")
def not_narrowed(x, table, first=0):
    return x + table[first : first + x.shape[-2]]


@wrong("add_positions", "the shape", "Expected (3, 2)")
def as_it_was(x, table, first=0):
    return x + table[: len(x), None]


@wrong("add_positions", "the numbers", "all the rest right")
def every_second_row(x, table, first=0):
    return (x + np.resize(table[first::2], (x.shape[-2], x.shape[-1]))).astype(x.dtype)


# 7.5 alibi_slopes


@right("alibi_slopes")
def as_the_paper_does(heads):
    def of_power(n):
        start = 2 ** (-(2 ** -(np.log2(n) - 3)))
        return [start * start**i for i in range(n)]

    power = 2 ** int(np.floor(np.log2(heads)))
    return np.array(of_power(power) + as_the_paper_does(2 * power)[0::2][: heads - power].tolist()
                    if power != heads else of_power(heads))  # fmt: skip


@right("alibi_slopes")
def by_the_library(heads):
    from attention.numpy import alibi_bias

    return -alibi_bias(heads, 2, 2)[:, 1, 0]


@known("alibi_slopes", "one formula for all (12 heads)", "slopes of two powers")
def the_plain_formula(heads):
    return 2.0 ** (-8 * np.arange(1, heads + 1) / heads)


@wrong("alibi_slopes", "the shape", "Expected")
def all_of_the_double(heads):
    power = 2 ** (heads.bit_length() - 1)
    return np.concatenate([2.0 ** (-8 * np.arange(1, n + 1) / n) for n in (power, 2 * power)])


@wrong("alibi_slopes", "the scale", "Every number is 2 times")
def twice(heads):
    return 2 * by_the_library(heads)


@wrong("alibi_slopes", "the type", "The numbers are right, but float32 came out. The task asks for float64.")
def in_float32(heads):
    return by_the_library(heads).astype(np.float32)


# 7.6 clipped_bias


@right("clipped_bias")
def by_loops(learned, targets, sources):
    reach = (learned.shape[1] - 1) // 2
    bias = np.zeros((len(learned), targets, sources), learned.dtype)
    for i in range(targets):
        for j in range(sources):
            bias[:, i, j] = learned[:, reach + min(reach, max(-reach, j - i - sources + targets))]
    return bias


@right("clipped_bias")
def by_a_long_row(learned, targets, sources):
    """Each row of the result is a window of one long row of all distances."""
    reach = learned.shape[1] // 2
    every = np.arange(-sources - targets, sources + targets + 1).clip(-reach, reach) + reach
    long = learned[:, every]
    starts = sources + targets - (np.arange(targets) + sources - targets)
    return np.stack([long[:, start : start + sources] for start in starts], axis=1)


@right("clipped_bias", "tensorflow")
def by_one_hot_tf(learned, targets, sources):
    import tensorflow as tf

    reach = learned.shape[1] // 2
    n = tf.range(sources)[None] - tf.range(sources - targets, sources)[:, None]
    hot = tf.one_hot(tf.clip_by_value(n, -reach, reach) + reach, learned.shape[1], dtype=learned.dtype)
    return tf.einsum("hk,tsk->hts", learned, hot)


@right("clipped_bias", "pytorch")
def by_index_select_pt(learned, targets, sources):
    import torch

    reach = learned.shape[1] // 2
    n = torch.arange(sources)[None] - torch.arange(sources - targets, sources)[:, None]
    flat = (n.clamp(-reach, reach) + reach).flatten()
    return learned.index_select(1, flat).reshape(len(learned), targets, sources)


@known("clipped_bias", "left and right exchanged", "to the *right*")
def query_minus_key(learned, targets, sources):
    reach = learned.shape[1] // 2
    n = np.arange(sources - targets, sources)[:, None] - np.arange(sources)
    return learned[:, n.clip(-reach, reach) + reach]


@wrong("clipped_bias", "the gradient", "no gradient arrives at `learned`", "pytorch")
def detached(learned, targets, sources):
    return by_index_select_pt(learned, targets, sources).detach()


@wrong("clipped_bias", "the framework", "write it for NumPy. Your line")
def half_of_an_odd_number(learned, targets, sources):
    """PyTorch takes the half columns for whole ones; NumPy raises, and says why."""
    reach = (learned.shape[1] - 1) / 2
    n = np.arange(sources) - np.arange(sources - targets, sources)[:, None]
    return learned[:, n.clip(-reach, reach) + reach]


@wrong("clipped_bias", "the framework", "write it for TensorFlow. Your line", "tensorflow")
def columns_in_brackets(learned, targets, sources):
    import tensorflow as tf

    reach = learned.shape[1] // 2
    n = tf.range(sources) - tf.range(sources - targets, sources)[:, None]
    return learned[:, tf.clip_by_value(n, -reach, reach) + reach]


@wrong("clipped_bias", "the shape", "Expected")
def without_heads(learned, targets, sources):
    return by_loops(learned, targets, sources)[0]


# 7.7 neighbours_to_halves


@right("neighbours_to_halves")
def by_a_list_of_columns(weight, heads):
    D = weight.shape[1] // heads
    within = np.r_[0:D:2, 1:D:2]
    return weight[:, (np.arange(heads)[:, None] * D + within).ravel()]


@right("neighbours_to_halves")
def head_by_head(weight, heads):
    pieces = np.split(weight, heads, axis=1)
    return np.concatenate([part for piece in pieces for part in (piece[:, 0::2], piece[:, 1::2])], axis=1)


@known("neighbours_to_halves", "the heads not heeded (two heads)", "Each head is turned by itself")
def all_at_once(weight, heads):
    return np.concatenate([weight[:, 0::2], weight[:, 1::2]], axis=1)


@known("neighbours_to_halves", "the first head again (two heads)", "Those of head h begin at hD")
def without_the_offset(weight, heads):
    D = weight.shape[1] // heads
    return weight[:, [*range(0, D, 2), *range(1, D, 2)] * heads]


@wrong("neighbours_to_halves", "the sign", "sign")
def negated(weight, heads):
    return -head_by_head(weight, heads)


@wrong("neighbours_to_halves", "the shape", "Expected")
def even_ones_alone(weight, heads):
    return weight[:, 0::2]


@wrong(
    "neighbours_to_halves", "the shape (two heads)", "Expected (1, 8), the columns of the weight in another order; got"
)
def one_row_lost(weight, heads):
    return head_by_head(weight, heads).squeeze()


# 7.8 cached_scores


@right("cached_scores")
def new_words_at_0_and_the_cache_turned_back(queries, keys, kept):
    from attention.numpy import rotate

    T, C = queries.shape[-2], kept.shape[-2]
    old = rotate(kept, np.full(C, -C))
    every = np.concatenate([old, rotate(keys, np.arange(T))], axis=-2)
    return rotate(queries, np.arange(T)) @ np.swapaxes(every, -1, -2) / np.sqrt(queries.shape[-1]).astype(keys.dtype)


@right("cached_scores")
def by_complex_numbers(queries, keys, kept):
    (T, D), C = queries.shape[-2:], kept.shape[-2]
    turn = np.exp(1j * np.arange(C, C + T)[:, None] * 10_000 ** (-np.arange(0, D, 2) / D))

    def pairs(x):
        return x[..., ::2] + 1j * x[..., 1::2]

    every = np.concatenate([pairs(kept), pairs(keys) * turn], axis=-2)
    return (pairs(queries) * turn @ every.conj().mT).real / D**0.5


@known("cached_scores", "places from 0 again", "behind what is kept")
def from_0_again(queries, keys, kept):
    from attention.numpy import rotate

    at = np.arange(queries.shape[-2])
    every = np.concatenate([kept, rotate(keys, at)], axis=-2)
    return rotate(queries, at) @ every.mT / queries.shape[-1] ** 0.5


@wrong("cached_scores", "the scale", "Every number is")
def divided_twice(queries, keys, kept):
    return by_complex_numbers(queries, keys, kept) / 3


@wrong("cached_scores", "the numbers (one new word)", "numbers")
def speeds_of_a_thousand(queries, keys, kept):
    (T, D), C = queries.shape[-2:], kept.shape[-2]
    turn = np.exp(1j * np.arange(C, C + T)[:, None] * 1000 ** (-np.arange(0, D, 2) / D))
    pairs = [x[..., ::2] + 1j * x[..., 1::2] for x in (queries, keys, kept)]
    every = np.concatenate([pairs[2], pairs[1] * turn], axis=-2)
    return (pairs[0] * turn @ every.conj().mT).real / D**0.5


# 7.10 distance_scores


@right("distance_scores")
def by_copies(queries, keys, rows):
    (T, D), S, reach = queries.shape[-2:], keys.shape[-2], len(rows) // 2
    n = np.arange(S) - np.arange(S - T, S)[:, None]
    told = keys[..., None, :, :] + rows[n.clip(-reach, reach) + reach]
    return np.einsum("...td,...tsd->...ts", queries, told) / D**0.5


@right("distance_scores")
def distance_by_distance(queries, keys, rows):
    (T, D), S, reach = queries.shape[-2:], keys.shape[-2], len(rows) // 2
    n = np.arange(S) - np.arange(S - T, S)[:, None]
    scores = queries @ keys.mT
    for distance in range(-reach, reach + 1):
        here = n.clip(-reach, reach) == distance
        scores = scores + here * (queries @ rows[distance + reach])[..., None]
    return scores / D**0.5


@known("distance_scores", "the words alone", "no difference")
def without_rows(queries, keys, rows):
    return queries @ keys.mT / queries.shape[-1] ** 0.5


@known("distance_scores", "distance 0 in row 0", "it belongs to −κ")
def without_adding_kappa(queries, keys, rows):
    (T, S), reach = (queries.shape[-2], keys.shape[-2]), len(rows) // 2
    n = (np.arange(S) - np.arange(S - T, S)[:, None]).clip(-reach, reach)
    return np.einsum("...td,...tsd->...ts", queries, keys[..., None, :, :] + rows[n]) / queries.shape[-1] ** 0.5


@wrong("distance_scores", "the sign", "sign")
def below_zero(queries, keys, rows):
    return -by_copies(queries, keys, rows)


@wrong("distance_scores", "the order", "in other places")
def queries_and_keys_exchanged(queries, keys, rows):
    return np.swapaxes(by_copies(queries, keys, rows), -1, -2)
