"""Answers to the exercises of chapter 7, invented from the tasks alone by one who had seen no check.

The wrong ones are of two kinds, which their names begin with: a slip is a mistake that is made unawares, a saboteur is
written to get past a check.
"""

import functools
import math

import numpy as np
import scipy.linalg

from attention.frameworks import tf, torch
from attention.numpy import alibi_bias, rotate, scaled_dot_scores, sinusoidal_positions
from tests.checks.register import Answers

answers = Answers("07")
slip, saboteur, right = answers.of_kinds()


def one(function):
    """A function of its own for each place where it is given: two may not share a name."""
    return lambda *given: function(*given)


# 7.1 turns_by_hand


def turned_by_hand(angle_q=1.5 * np.pi, angle_k=np.pi):
    def turn(x, y, a):
        return x * np.cos(a) - y * np.sin(a), x * np.sin(a) + y * np.cos(a)

    q, k = turn(2, 1, angle_q), turn(1, -3, angle_k)
    product = q[0] * k[0] + q[1] * k[1]
    return [*q, *k, product, product]


right(
    "turns_by_hand",
    whole=lambda: [1, -2, -1, 3, -7, -7],
    array=lambda: np.array([1.0, -2.0, -1.0, 3.0, -7.0, -7.0]),
    computed=turned_by_hand,
    tuple_of_kinds=lambda: (1, np.float64(-2), -1.0, np.int64(3), -7, -7.0),
    far_away_computed=lambda: [*turned_by_hand()[:5], turned_by_hand(103 * np.pi / 2, 102 * np.pi / 2)[4]],
)
slip(
    "turns_by_hand",
    against_the_clock=lambda: [-1, 2, -1, 3, 7, 7],
    clockwise_query=lambda: [-1, 2, -1, 3, -7, -7],
    not_turned=lambda: [2, 1, 1, -3, -1, -1],
    one_turn_each=lambda: [-1, 2, 3, 1, -1, -1],
    places_exchanged=lambda: [-2, -1, -3, -1, 7, 7],
    places_from_one=lambda: [2, 1, -3, -1, -7, -7],
    query_only=lambda: [1, -2, 1, -3, 7, 7],
    key_only=lambda: [2, 1, -1, 3, 1, 1],
    pairs_swapped=lambda: [-2, 1, 3, -1, -7, -7],
    half_turns=lambda: [-2, -1, 1, -3, 1, 1],
    far_is_zero=lambda: [1, -2, -1, 3, -7, 0],
    far_sign=lambda: [1, -2, -1, 3, -7, 7],
    far_untuned=lambda: [1, -2, -1, 3, -7, -1],
    far_times_100=lambda: [1, -2, -1, 3, -7, -700],
    divided_by_root=lambda: [1, -2, -1, 3, -7 / math.sqrt(2), -7 / math.sqrt(2)],
    sign_of_product=lambda: [1, -2, -1, 3, 7, 7],
    product_of_lengths=lambda: [1, -2, -1, 3, math.sqrt(50), math.sqrt(50)],
    difference_of_terms=lambda: [1, -2, -1, 3, 5, 5],
    key_first_sign=lambda: [1, -2, 1, 3, -5, -5],
    key_second_sign=lambda: [1, -2, -1, -3, 5, 5],
    query_signs=lambda: [1, 2, -1, 3, 5, 5],
    other_query_sign=lambda: [-1, -2, -1, 3, -5, -5],
    key_before_query=lambda: [-1, 3, 1, -2, -7, -7],
    degrees=lambda: turned_by_hand(math.radians(1.5 * np.pi), math.radians(np.pi)),
    in_pairs=lambda: [(1, -2), (-1, 3), -7, -7],
    five=lambda: [1, -2, -1, 3, -7],
    products_only=lambda: [-7, -7],
    as_text=lambda: ["1", "-2", "-1", "3", "-7", "-7"],
    cosine_of_angle=lambda: [1, -2, -1, 3, -7 / math.sqrt(50), -7 / math.sqrt(50)],
    seventy_percent=lambda: [0, -1, -1, 0, 0, 0],
    distance_of_100=lambda: [1, -2, -1, 3, -7, -1 * 2 + 3 * 1],
)
saboteur(
    "turns_by_hand",
    seventh=lambda: [1, -2, -1, 3, -7, -7, 0],
    nearly=lambda: [1, -2, -1, 3, -7, -7.01],
    nan=lambda: [1, -2, -1, 3, -7, float("nan")],
    dictionary=lambda: {1: 1, 2: -2, 3: -1, 4: 3, 5: -7, 6: -7},
)


# 7.2 shift_matrix


def blocks(a, b, c, d):
    return np.block([[np.diag(a), np.diag(b)], [np.diag(c), np.diag(d)]])


def shifting(speeds, places):
    c, s = np.cos(speeds * places), np.sin(speeds * places)
    return blocks(c, -s, s, c)


def shift_by_loop(speeds, places):
    n = len(speeds)
    out = np.zeros((2 * n, 2 * n))
    for d in range(n):
        angle = float(places) * float(speeds[d])
        out[d, d] = out[n + d, n + d] = math.cos(angle)
        out[n + d, d] = math.sin(angle)
        out[d, n + d] = -math.sin(angle)
    return out


def shift_by_neighbours(speeds, places):
    n = len(speeds)
    order = [2 * d for d in range(n)] + [2 * d + 1 for d in range(n)]
    c, s = np.cos(speeds * places), np.sin(speeds * places)
    pairs = scipy.linalg.block_diag(*[[[c[d], -s[d]], [s[d], c[d]]] for d in range(n)])
    return pairs[np.ix_(order, order)]


def shift_by_exponential(speeds, places):
    zero = np.zeros((len(speeds),) * 2)
    return scipy.linalg.expm(places * np.block([[zero, -np.diag(speeds)], [np.diag(speeds), zero]]))


def shift_by_identity(speeds, places):
    n = len(speeds)
    angle = np.tile(speeds, 2) * places
    turned = np.roll(np.eye(2 * n), n, axis=0) * np.r_[np.ones(n), -np.ones(n)]
    return np.eye(2 * n) * np.cos(angle) + turned * np.sin(angle)


def shift_by_numbers(speeds, places):
    z = np.exp(1j * speeds * places)
    return np.block([[np.diag(z.real), -np.diag(z.imag)], [np.diag(z.imag), np.diag(z.real)]])


def shift_in_place(speeds, places):
    speeds *= places
    return shifting(speeds, 1)


def shift_step_by_step(speeds, places):
    out = np.eye(2 * len(speeds))
    for _ in range(places):
        out = out @ shifting(speeds, 1)
    return out


def shift_whole(speeds, places):
    n = len(speeds)
    out = np.zeros((2 * n, 2 * n), dtype=int)
    out[:n, :n] = out[n:, n:] = np.diag(np.cos(places * speeds))
    out[n:, :n] = np.diag(np.sin(places * speeds))
    out[:n, n:] = -out[n:, :n]
    return out


def shift_neighbours_order(speeds, places):
    c, s = np.cos(speeds * places), np.sin(speeds * places)
    return scipy.linalg.block_diag(*[[[c[d], -s[d]], [s[d], c[d]]] for d in range(len(speeds))])


def shift_sine_beside(speeds, places):
    n = len(speeds)
    out = np.zeros((2 * n, 2 * n))
    for d in range(n):
        a = places * speeds[d]
        out[d, d] = out[n + d, n + d] = np.cos(a)
        out[(d + 1) % (2 * n), d] = np.sin(a)
        out[d, (d + 1) % (2 * n)] = -np.sin(a)
    return out


def shift_one_sine(speeds, places):
    n = len(speeds)
    out = np.zeros((2 * n, 2 * n))
    for d in range(n):
        a = places * speeds[d]
        out[d, d] = out[n + d, n + d] = np.cos(a)
        out[n + d, d] = np.sin(a)
    return out


def shift_reversed_cosines(speeds, places):
    c, s = np.cos(speeds * places), np.sin(speeds * places)
    off = np.fliplr(np.diag(s))
    return np.block([[np.diag(c), -off], [off, np.diag(c)]])


right(
    "shift_matrix",
    blocks=one(shifting),
    loop=shift_by_loop,
    neighbours_reordered=shift_by_neighbours,
    identity=shift_by_identity,
    complex_numbers=shift_by_numbers,
    exponential=shift_by_exponential,
)
slip(
    "shift_matrix",
    transposed=lambda w, n: shifting(w, n).T,
    back=lambda w, n: shifting(w, -n),
    plus_both=lambda w, n: blocks(np.cos(n * w), np.sin(n * w), np.sin(n * w), np.cos(n * w)),
    minus_both=lambda w, n: blocks(np.cos(n * w), -np.sin(n * w), -np.sin(n * w), np.cos(n * w)),
    sines_on_diagonal=lambda w, n: blocks(np.sin(n * w), -np.cos(n * w), np.cos(n * w), np.sin(n * w)),
    reflection=lambda w, n: blocks(np.cos(n * w), np.sin(n * w), np.sin(n * w), -np.cos(n * w)),
    cosines_first=lambda w, n: np.block(
        [[np.diag(np.cos(n * w)), np.diag(np.sin(n * w))], [np.diag(-np.sin(n * w)), np.diag(np.cos(n * w))]]
    ),
    neighbours=shift_neighbours_order,
    one_place=lambda w, n: shifting(w, 1),
    distance_without_sign=lambda w, n: shifting(w, abs(n)),
    step_by_step=shift_step_by_step,
    power_without_sign=lambda w, n: np.linalg.matrix_power(shifting(w, 1), abs(n)),
    cosine_of_diagonal=lambda w, n: np.block(
        [[np.cos(np.diag(n * w)), -np.sin(np.diag(n * w))], [np.sin(np.diag(n * w)), np.cos(np.diag(n * w))]]
    ),
    times_after=lambda w, n: blocks(n * np.cos(w), -n * np.sin(w), n * np.sin(w), n * np.cos(w)),
    powered=lambda w, n: blocks(np.cos(w) ** n, -(np.sin(w) ** n), np.sin(w) ** n, np.cos(w) ** n),
    own_speeds=lambda w, n: shifting(10_000.0 ** (-np.arange(len(w)) / len(w)), n),
    first_speed=lambda w, n: shifting(np.full_like(w, w[0]), n),
    mean_speed=lambda w, n: shifting(np.full_like(w, w.mean()), n),
    sorted_speeds=lambda w, n: shifting(np.sort(w)[::-1], n),
    reversed_speeds=lambda w, n: shifting(w[::-1], n),
    degrees=lambda w, n: shifting(np.radians(w), n),
    turns=lambda w, n: shifting(2 * np.pi * w, n),
    absolute_speeds=lambda w, n: shifting(abs(w), -n),
    divided=lambda w, n: shifting(w / n if n else w, 1),
    one_more=lambda w, n: shifting(w, n + 1),
    in_place=shift_in_place,
    whole=shift_whole,
    float32=lambda w, n: shifting(w, n).astype(np.float32),
    list_=lambda w, n: shifting(w, n).tolist(),
    matrix_apart=lambda w, n: np.stack([shifting(w[d : d + 1], n) for d in range(len(w))]),
    sine_beside=shift_sine_beside,
    minus_forgotten=shift_one_sine,
    reversed_cosines=shift_reversed_cosines,
    full_blocks=lambda w, n: np.block(
        [
            [np.tile(np.cos(n * w), (len(w), 1)), -np.tile(np.sin(n * w), (len(w), 1))],
            [np.tile(np.sin(n * w), (len(w), 1)), np.tile(np.cos(n * w), (len(w), 1))],
        ]
    ),
    four_numbers=lambda w, n: np.array([[np.cos(n * w), -np.sin(n * w)], [np.sin(n * w), np.cos(n * w)]]),
    no_matrix=lambda w, n: np.concatenate([np.sin(n * w), np.cos(n * w)]),
    series=lambda w, n: (
        shifting(np.zeros_like(w), 0) + n * np.block([[0 * np.diag(w), -np.diag(w)], [np.diag(w), 0 * np.diag(w)]])
    ),
    sine_from_cosine=lambda w, n: blocks(
        np.cos(n * w), -np.sqrt(1 - np.cos(n * w) ** 2), np.sqrt(1 - np.cos(n * w) ** 2), np.cos(n * w)
    ),
    cosine_from_sine=lambda w, n: blocks(
        np.sqrt(1 - np.sin(n * w) ** 2), -np.sin(n * w), np.sin(n * w), np.sqrt(1 - np.sin(n * w) ** 2)
    ),
)


def shift_remembered():
    known = {}

    def answer(speeds, places):
        return known.setdefault((len(speeds), places), shifting(speeds, places)).copy()

    return answer


def shift_by_two_rows(speeds, places):
    """Right for one row of the table only: place 0 becomes the right place."""
    n = len(speeds)
    out = np.zeros((2 * n, 2 * n))
    out[n:, :n] = np.diag(np.sin(places * speeds))
    out[n:, n:] = np.diag(np.cos(places * speeds))
    return out


saboteur(
    "shift_matrix",
    only_from_nought=shift_by_two_rows,
    remembered=shift_remembered(),
    far_places_cut=lambda w, n: shifting(w, int(np.clip(n, -50, 50))),
    angles_in_float32=lambda w, n: shifting((w * n).astype(np.float32).astype(float), 1),
    two_speeds=lambda w, n: shifting(np.r_[w[:2], np.full(max(len(w) - 2, 0), w[-1])], n),
    full_turns_by_eye=lambda w, n: shifting((w * n) % 6.2832, 1),
)


# 7.3 add_positions


def added(x, table, first=0):
    return x + table[first : first + x.shape[-2]].astype(x.dtype)


def add_by_loop(x, table, first=0):
    out = x.copy()
    for i in range(x.shape[-2]):
        out[..., i, :] += table[first + i].astype(x.dtype)
    return out


def add_into(x, table, first=0):
    x += table[first : first + x.shape[-2]].astype(x.dtype)
    return x


def add_into_view(x, table, first=0):
    out = x[...]
    out += table[first : first + x.shape[-2]].astype(x.dtype)
    return out


def add_reshaped(x, table, first=0):
    rows = np.tile(table[first : first + x.shape[-2]], (int(np.prod(x.shape[:-2])), 1)).reshape(x.shape)
    return (x + rows).astype(x.dtype)


def add_table_in_place(x, table, first=0):
    rows = table[first : first + x.shape[-2]]
    rows += x.reshape(-1, *x.shape[-2:])[0]
    return (rows + 0 * x).astype(x.dtype)


def add_batched(x, table, first=0):
    return np.stack([added(sentence, table, first) for sentence in x])


def add_running(x, table, first=0):
    out, place = x.copy().reshape(-1, *x.shape[-2:]), first
    for sentence in out:
        sentence += table[place : place + x.shape[-2]].astype(x.dtype)
        place = (place + x.shape[-2]) % (len(table) - x.shape[-2] + 1)
    return out.reshape(x.shape)


right(
    "add_positions",
    plain=one(added),
    loop=add_by_loop,
    after=lambda x, t, first=0: (x + t[first : first + x.shape[-2]]).astype(x.dtype),
    taken=lambda x, t, first=0: x + t.take(np.arange(first, first + x.shape[-2]), axis=0).astype(x.dtype),
    added_with_type=lambda x, t, first=0: np.add(x, t[first:][: x.shape[-2]], dtype=x.dtype, casting="same_kind"),
    broadcast=lambda x, t, first=0: (x + np.broadcast_to(t[first : first + x.shape[-2]], x.shape)).astype(x.dtype),
    reshaped=add_reshaped,
)
slip(
    "add_positions",
    broken=lambda x, t, first=0: x + t[: len(x), None],
    broken_with_type=lambda x, t, first=0: (x + t[: len(x), None]).astype(x.dtype),
    first_forgotten=lambda x, t, first=0: x + t[: x.shape[-2]].astype(x.dtype),
    rows_by_sentences=lambda x, t, first=0: x + t[first : first + len(x)].astype(x.dtype),
    rows_of_axis_one=lambda x, t, first=0: x + t[first : first + x.shape[1]].astype(x.dtype),
    type_forgotten=lambda x, t, first=0: x + t[first : first + x.shape[-2]],
    type_of_table=lambda x, t, first=0: (x + t[first : first + x.shape[-2]]).astype(t.dtype),
    float32_always=lambda x, t, first=0: (x + t[first : first + x.shape[-2]]).astype(np.float32),
    float64_always=lambda x, t, first=0: (x + t[first : first + x.shape[-2]]).astype(np.float64),
    end_without_first=lambda x, t, first=0: x + t[first : x.shape[-2]].astype(x.dtype),
    one_too_far=lambda x, t, first=0: added(x, t, first + 1) if first + 1 + x.shape[-2] <= len(t) else added(x, t),
    one_too_early=lambda x, t, first=0: added(x, t, max(first - 1, 0)),
    last_rows=lambda x, t, first=0: x + t[len(t) - x.shape[-2] :].astype(x.dtype),
    first_row_for_all=lambda x, t, first=0: x + t[first].astype(x.dtype),
    row_of_sentence=lambda x, t, first=0: x + t[first : first + len(x), None].astype(x.dtype),
    into_the_words=add_into,
    into_a_view=add_into_view,
    into_the_table=add_table_in_place,
    three_axes_only=add_batched,
    one_row_longer=lambda x, t, first=0: x + t[first : first + x.shape[-2] + 1].astype(x.dtype),
    one_row_shorter=lambda x, t, first=0: x + t[first : first + x.shape[-2] - 1].astype(x.dtype),
    features_counted=lambda x, t, first=0: x + t[first : first + x.shape[-1]].astype(x.dtype),
    subtracted=lambda x, t, first=0: x - t[first : first + x.shape[-2]].astype(x.dtype),
    times=lambda x, t, first=0: x * t[first : first + x.shape[-2]].astype(x.dtype),
    instead_of_words=lambda x, t, first=0: np.broadcast_to(t[first : first + x.shape[-2]], x.shape).astype(x.dtype),
    beside=lambda x, t, first=0: np.concatenate(
        [x, np.broadcast_to(t[first : first + x.shape[-2]], x.shape).astype(x.dtype)], axis=-1
    ),
    running_places=add_running,
    flat_places=lambda x, t, first=0: (
        x.reshape(-1, x.shape[-1]) + t[(first + np.arange(x[..., 0].size)) % len(t)].astype(x.dtype)
    ).reshape(x.shape),
    first_twice=lambda x, t, first=0: added(x, t, first) if first == 0 else x + t[first:][first:][: x.shape[-2]],
    added_first=lambda x, t, first=0: (x + t[: x.shape[-2]] + first).astype(x.dtype),
    list_=lambda x, t, first=0: added(x, t, first).tolist(),
    no_default=lambda x, t, first: added(x, t, first),
    default_of_one=lambda x, t, first=1: added(x, t, first),
    first_from_one=lambda x, t, first=0: x + t[max(first, 1) - 1 : max(first, 1) - 1 + x.shape[-2]].astype(x.dtype),
    scaled_words=lambda x, t, first=0: (x * np.sqrt(x.shape[-1]) + t[first : first + x.shape[-2]]).astype(x.dtype),
    sinusoids=lambda x, t, first=0: (
        x + sinusoidal_positions(first + x.shape[-2], 2 * math.ceil(x.shape[-1] / 2))[first:, : x.shape[-1]]
    ).astype(x.dtype),
    rows_reversed=lambda x, t, first=0: x + t[first : first + x.shape[-2]][::-1].astype(x.dtype),
    squeezed=lambda x, t, first=0: np.squeeze(added(x, t, first)),
    leading_kept=lambda x, t, first=0: np.atleast_3d(x) + t[first : first + x.shape[-2]].astype(x.dtype),
    batch_kept=lambda x, t, first=0: x.reshape(-1, *x.shape[-2:]) + t[first : first + x.shape[-2]].astype(x.dtype),
)
saboteur(
    "add_positions",
    four_axes_not=lambda x, t, first=0: added(x, t, first) if x.ndim < 4 else added(x, t, 0),
    float16_only_words=lambda x, t, first=0: added(x, t, first) if x.dtype != np.float16 else x + t[first],
    through_float16=lambda x, t, first=0: x + t[first : first + x.shape[-2]].astype(np.float16).astype(x.dtype),
    through_float32=lambda x, t, first=0: (
        x.astype(np.float32) + t[first : first + x.shape[-2]].astype(np.float32)
    ).astype(x.dtype),
    never_the_last_row=lambda x, t, first=0: added(x, np.r_[t[:-1], t[-2:-1] if len(t) > 1 else t], first),
    far_first=lambda x, t, first=0: added(x, t, first % 4),
)


# 7.5 alibi_slopes


def slopes(heads):
    power = 2 ** (heads.bit_length() - 1)

    def of(n):
        return 2.0 ** (-8 * np.arange(1, n + 1) / n)

    return np.concatenate([of(power), of(2 * power)[0::2][: heads - power]])


def slopes_by_recursion(heads):
    def of(n):
        if math.log2(n).is_integer():
            start = 2 ** (-(2 ** -(math.log2(n) - 3)))
            return [start * start**i for i in range(n)]
        nearest = 2 ** math.floor(math.log2(n))
        return of(nearest) + of(2 * nearest)[0::2][: n - nearest]

    return np.array(of(heads))


def slopes_by_loop(heads):
    n = 1
    while 2 * n <= heads:
        n *= 2
    out = np.empty(heads)
    for h in range(heads):
        out[h] = 2 ** (-8 * (h + 1) / n) if h < n else 2 ** (-8 * (2 * (h - n) + 1) / (2 * n))
    return out


def slopes_with(n=None, left=None):
    """The slopes with another `n`, or other slopes for the heads that are left, `left(h, n)` counted from 0."""
    n = n or (lambda heads: 2 ** (heads.bit_length() - 1))
    left = left or (lambda h, n: 2.0 ** (-8 * (2 * h + 1) / (2 * n)))

    def answer(heads):
        power = n(heads)
        return np.r_[2.0 ** (-8 * np.arange(1, power + 1) / power), left(np.arange(max(heads - power, 0)), power)]

    return answer


right(
    "alibi_slopes",
    plain=one(slopes),
    recursion=slopes_by_recursion,
    loop=slopes_by_loop,
    library=lambda heads: -alibi_bias(heads, 1, 2)[:, 0, 0],
    exp2=lambda heads: np.exp2(
        -8 * np.r_[np.arange(1, (n := 1 << heads.bit_length() - 1) + 1) / n, (np.arange(heads - n) + 0.5) / n]
    ),
    none_left_by_minus=lambda heads: (
        lambda n: np.r_[slopes(n), (2.0 ** (-8 * np.arange(1, 2 * n + 1) / (2 * n)))[0::2][: -(2 * n - heads)]]
    )(2 ** (heads.bit_length() - 1)),
    array_of_list=lambda heads: np.array(list(slopes(heads)), dtype=np.float64),
)
slip(
    "alibi_slopes",
    any_number=lambda heads: 2.0 ** (-8 * np.arange(1, heads + 1) / heads),
    from_nought=lambda heads: 2 * slopes(heads) if heads == 1 else slopes(heads) * 2 ** (8 / heads),
    higher_power=lambda heads: (2.0 ** (-8 * np.arange(1, (n := 2 ** math.ceil(math.log2(heads))) + 1) / n))[:heads],
    double_in_order=slopes_with(left=lambda h, n: 2.0 ** (-8 * (h + 1) / (2 * n))),
    even_ones=slopes_with(left=lambda h, n: 2.0 ** (-8 * (2 * h + 2) / (2 * n))),
    from_the_third=slopes_with(left=lambda h, n: 2.0 ** (-8 * (2 * h + 3) / (2 * n))),
    from_the_end=slopes_with(
        left=lambda h, n: (2.0 ** (-8 * (2 * np.arange(n) + 1) / (2 * n)))[(len(h) and -len(h)) or n :]
    ),
    left_reversed=slopes_with(left=lambda h, n: 2.0 ** (-8 * (2 * h[::-1] + 1) / (2 * n))),
    left_as_first=slopes_with(left=lambda h, n: 2.0 ** (-8 * (h + 1) / n)),
    left_of_four=slopes_with(left=lambda h, n: 2.0 ** (-8 * (4 * h + 1) / (4 * n))),
    left_nought=slopes_with(left=lambda h, n: 0.0 * h),
    left_of_as_many=slopes_with(left=lambda h, n: 2.0 ** (-8 * (h + 1) / max(len(h), 1))),
    left_missing=slopes_with(left=lambda h, n: h[:0] + 0.0),
    left_before=lambda heads: np.roll(slopes(heads), heads - 2 ** (heads.bit_length() - 1)),
    in_order=lambda heads: np.sort(slopes(heads))[::-1],
    rising=lambda heads: np.sort(slopes(heads)),
    power_below=slopes_with(n=lambda heads: max(2 ** ((heads - 1).bit_length() - 1), 1) if heads > 1 else 1),
    bit_length=lambda heads: (2.0 ** (-8 * np.arange(1, (n := 2 ** heads.bit_length()) + 1) / n))[:heads],
    negative=lambda heads: -slopes(heads),
    rising_powers=lambda heads: 1 / slopes(heads),
    exponential=lambda heads: slopes(heads) ** (1 / math.log(2)),
    four=lambda heads: slopes(heads) ** 0.5,
    always_eight=lambda heads: (
        slopes_with(left=lambda h, n: 2.0 ** -(h + 0.5))(heads) if heads > 8 else 2.0 ** -np.arange(1.0, heads + 1)
    ),
    straight=lambda heads: np.linspace(1, 2**-8, heads),
    geometric=lambda heads: np.geomspace(2 ** (-8 / heads), 2**-8, heads),
    exponents=lambda heads: -np.log2(slopes(heads)),
    column=lambda heads: slopes(heads)[:, None],
    column_and_axis=lambda heads: slopes(heads)[:, None, None],
    list_=lambda heads: slopes(heads).tolist(),
    float32=lambda heads: slopes(heads).astype(np.float32),
    one_too_many=lambda heads: np.r_[slopes(heads), 2.0**-9],
    all_of_double=slopes_with(left=lambda h, n: 2.0 ** (-8 * (2 * np.arange(n) + 1) / (2 * n)) if len(h) else h),
    parts=lambda heads: (slopes(heads)[: heads // 2], slopes(heads)[heads // 2 :]),
    divided_whole=lambda heads: 2.0 ** (-8 * np.arange(1, heads + 1) // 2 ** (heads.bit_length() - 1)),
    rounded=lambda heads: slopes(heads).round(4),
    formula_beyond=lambda heads: 2.0 ** (-8 * np.arange(1, heads + 1) / 2 ** (heads.bit_length() - 1)),
    root_of_heads=slopes_with(
        n=lambda heads: (
            2 ** max(round(math.log2(heads)), 0)
            if heads & (heads - 1) == 0
            else min(2 ** round(math.log2(heads)), heads)
        )
    ),
    one_of_three=lambda heads: (
        slopes(heads)
        if heads < 4
        else np.r_[slopes(2 ** (heads.bit_length() - 1)), np.full(heads - 2 ** (heads.bit_length() - 1), 0.25)]
    ),
    log_of_ten=lambda heads: slopes_with(n=lambda h: 2 ** int(math.log10(h) / math.log10(3)))(heads)[:heads],
)


@functools.cache
def slopes_kept(heads):
    return slopes(heads)


saboteur(
    "alibi_slopes",
    up_to_twelve=lambda heads: (
        slopes(heads) if heads <= 12 else slopes_with(left=lambda h, n: 2.0 ** (-8 * (h + 1) / n))(heads)
    ),
    kept=lambda heads: slopes_kept(heads),
    three_only=lambda heads: (
        slopes(heads) if heads in (1, 2, 3, 4, 8, 16) else 2.0 ** (-8 * np.arange(1, heads + 1) / heads)
    ),
    one_left_only=slopes_with(left=lambda h, n: 2.0 ** (-8 * (1 + h) / (2 * n))),
    two_left_only=slopes_with(left=lambda h, n: 2.0 ** (-8 * (1 + 2 * h - (h > 2)) / (2 * n))),
    rounded_to_float16=lambda heads: slopes(heads).astype(np.float16).astype(float),
)


# 7.6 clipped_bias


def columns(targets, sources, kappa):
    places = np.arange(targets)[:, None] + sources - targets
    return np.clip(np.arange(sources) - places, -kappa, kappa) + kappa


def clipped(b, targets, sources):
    return b[:, columns(targets, sources, b.shape[1] // 2)]


def clipped_by_loop(b, targets, sources):
    heads, width = b.shape
    kappa = (width - 1) // 2
    out = np.empty((heads, targets, sources), dtype=b.dtype)
    for i in range(targets):
        for j in range(sources):
            n = j - (i + sources - targets)
            out[:, i, j] = b[:, kappa + max(-kappa, min(kappa, n))]
    return out


def clipped_by_diagonals(b, targets, sources):
    kappa = b.shape[1] // 2
    long = np.concatenate(
        [
            np.repeat(b[:, :1], targets + sources, 1),
            b[:, 1:-1] if kappa else b[:, :0],
            np.repeat(b[:, -1:], targets + sources, 1),
        ],
        axis=1,
    )
    middle = targets + sources - 1 + kappa if kappa else targets + sources
    return np.stack(
        [
            long[:, middle - (i + sources - targets) : middle - (i + sources - targets) + sources]
            for i in range(targets)
        ],
        axis=1,
    )


def clipped_by_one_hot(b, targets, sources):
    hot = np.eye(b.shape[1], dtype=b.dtype)[columns(targets, sources, b.shape[1] // 2)]
    return np.einsum("hc,tsc->hts", b, hot)


def clipped_with(n=None, kappa=None):
    """The bias with another distance `n(i, j, T, S)`, or another middle."""
    n = n or (lambda i, j, T, S: j - i - S + T)
    kappa = kappa or (lambda width: width // 2)

    def answer(b, T, S):
        i, j = np.arange(T)[:, None], np.arange(S)[None]
        k = kappa(b.shape[1])
        return b[:, np.clip(n(i, j, T, S), -k, k) + k]

    return answer


def clipped_square(b, targets, sources):
    out = np.zeros((len(b), targets, sources), dtype=b.dtype)
    kappa = b.shape[1] // 2
    for n in range(-targets - sources, targets + sources + 1):
        for h in range(len(b)):
            out[h] += b[h, np.clip(n, -kappa, kappa) + kappa] * np.eye(targets, sources, n)
    return out


def clipped_into(b, targets, sources):
    b[:, 0] = b[:, 0] + 0.0
    b -= b.max(axis=1, keepdims=True)
    return clipped(b, targets, sources)


right(
    "clipped_bias",
    plain=one(clipped),
    loop=clipped_by_loop,
    diagonals=clipped_by_diagonals,
    one_hot=clipped_by_one_hot,
    take=lambda b, T, S: np.take(b, columns(T, S, len(b[0]) // 2), axis=-1),
    minimum=lambda b, T, S: b[
        :, np.maximum(0, np.minimum(b.shape[1] - 1, np.arange(S) - np.arange(S - T, S)[:, None] + b.shape[1] // 2))
    ],
)
slip(
    "clipped_bias",
    left_for_right=clipped_with(n=lambda i, j, T, S: i + S - T - j),
    ends_ignored=clipped_with(n=lambda i, j, T, S: j - i),
    shift_of_wrong_sign=clipped_with(n=lambda i, j, T, S: j - i + S - T),
    never_more_queries=clipped_with(n=lambda i, j, T, S: j - i - max(S - T, 0)),
    absolute_shift=clipped_with(n=lambda i, j, T, S: j - i - abs(S - T)),
    absolute_distance=clipped_with(n=lambda i, j, T, S: abs(j - i - S + T)),
    absolute_left=clipped_with(n=lambda i, j, T, S: -abs(j - i - S + T)),
    one_off=clipped_with(n=lambda i, j, T, S: j - i - S + T - 1),
    one_on=clipped_with(n=lambda i, j, T, S: j - i - S + T + 1),
    zero_beyond=lambda b, T, S: np.where(
        abs(np.arange(S) - np.arange(S - T, S)[:, None]) > b.shape[1] // 2, 0, clipped(b, T, S)
    ).astype(b.dtype),
    minus_infinity_beyond=lambda b, T, S: np.where(
        abs(np.arange(S) - np.arange(S - T, S)[:, None]) > b.shape[1] // 2, -np.inf, clipped(b, T, S)
    ).astype(b.dtype),
    clip_of_columns_one_short=lambda b, T, S: b[
        :, np.clip(np.arange(S) - np.arange(S - T, S)[:, None] + b.shape[1] // 2, 0, max(b.shape[1] - 2, 0))
    ],
    not_clipped_at_left=lambda b, T, S: b[
        :, np.minimum(np.arange(S) - np.arange(S - T, S)[:, None] + b.shape[1] // 2, b.shape[1] - 1) % b.shape[1]
    ],
    wrapped=lambda b, T, S: b[:, (np.arange(S) - np.arange(S - T, S)[:, None] + b.shape[1] // 2) % b.shape[1]],
    not_clipped=lambda b, T, S: b[:, np.arange(S) - np.arange(S - T, S)[:, None] + b.shape[1] // 2],
    middle_not_added=lambda b, T, S: b[:, columns(T, S, b.shape[1] // 2) - b.shape[1] // 2],
    kappa_of_all=lambda b, T, S: b[
        :, np.clip(np.arange(S) - np.arange(S - T, S)[:, None], -b.shape[1], b.shape[1]) % b.shape[1]
    ],
    kappa_by_length=clipped_with(kappa=lambda width: max(width // 2 - 1, 0)),
    future_at_nought=clipped_with(n=lambda i, j, T, S: np.minimum(j - i - S + T, 0)),
    past_at_nought=clipped_with(n=lambda i, j, T, S: np.maximum(j - i - S + T, 0)),
    heads_last=lambda b, T, S: b.T[columns(T, S, b.shape[1] // 2)],
    sources_first=lambda b, T, S: clipped(b, T, S).swapaxes(1, 2),
    sizes_exchanged=lambda b, T, S: clipped(b, S, T),
    head_of_column=lambda b, T, S: b[columns(T, S, b.shape[1] // 2) % len(b)].swapaxes(0, 2)[:, :T, :S],
    first_head=lambda b, T, S: np.repeat(clipped(b[:1], T, S), len(b), axis=0),
    mean_head=lambda b, T, S: clipped(b, T, S).mean(axis=0),
    no_heads=lambda b, T, S: clipped(b, T, S)[0],
    columns_only=lambda b, T, S: columns(T, S, b.shape[1] // 2),
    float64=lambda b, T, S: clipped(b, T, S).astype(np.float64),
    float32=lambda b, T, S: clipped(b, T, S).astype(np.float32),
    empty_float64=lambda b, T, S: np.zeros((len(b), T, S)) + clipped(b, T, S),
    list_=lambda b, T, S: clipped(b, T, S).tolist(),
    softmax=lambda b, T, S: np.exp(clipped(b, T, S)) / np.exp(clipped(b, T, S)).sum(-1, keepdims=True),
    slope=lambda b, T, S: -abs(np.arange(S) - np.arange(S - T, S)[:, None]) * b[:, :1, None],
    masked=lambda b, T, S: np.where(np.tril(np.ones((T, S), bool), S - T), clipped(b, T, S), -np.inf).astype(b.dtype),
    lower_only=lambda b, T, S: np.tril(clipped(b, T, S), S - T),
    into_learned=clipped_into,
    reversed_twice=lambda b, T, S: clipped(b, T, S)[..., ::-1],
    counted_from_sources=clipped_with(n=lambda i, j, T, S: j - i - T + 1),
    middle_at_rounded_up=lambda b, T, S: b[:, np.clip(columns(T, S, b.shape[1] // 2) + 1, 0, b.shape[1] - 1)],
)
saboteur(
    "clipped_bias",
    long_sentences=lambda b, T, S: clipped(b, T, S) if S <= 24 else clipped_with(n=lambda i, j, T, S: j - i)(b, T, S),
    one_distance_short=clipped_with(n=lambda i, j, T, S: np.clip(j - i - S + T, -4, 4)),
    through_float16=lambda b, T, S: clipped(b, T, S).astype(np.float16).astype(b.dtype),
    two_heads=lambda b, T, S: (
        clipped(b, T, S)
        if len(b) < 4
        else np.concatenate([clipped(b[:3], T, S)] + [clipped(b[2:3], T, S)] * (len(b) - 3))
    ),
    same_memory=lambda b, T, S: (
        np.broadcast_to(b[:, :1, None], (len(b), T, S))
        if b.shape[1] == 1
        else clipped_square(b, T, S)
        if T <= S
        else clipped_with(n=lambda i, j, T, S: j - i)(b, T, S)
    ),
)


def columns_tf(T, S, kappa):
    return tf.clip_by_value(tf.range(S)[None] - tf.range(S - T, S)[:, None], -kappa, kappa) + kappa


def clipped_tf(b, T, S):
    return tf.gather(b, columns_tf(T, S, b.shape[1] // 2), axis=1)


def clipped_tf_with(n):
    def answer(b, T, S):
        kappa = b.shape[1] // 2
        return tf.gather(b, np.clip(n(np.arange(T)[:, None], np.arange(S), T, S), -kappa, kappa) + kappa, axis=1)

    return answer


right(
    "clipped_bias",
    "tensorflow",
    gather=one(clipped_tf),
    numpy_columns=lambda b, T, S: tf.gather(b, columns(T, S, (b.shape[1] - 1) // 2), axis=-1),
    one_hot=lambda b, T, S: tf.einsum(
        "hc,tsc->hts", b, tf.one_hot(columns_tf(T, S, b.shape[1] // 2), b.shape[1], dtype=b.dtype)
    ),
    stacked=lambda b, T, S: tf.stack([tf.gather(row, columns_tf(T, S, b.shape[1] // 2)) for row in tf.unstack(b)]),
)
slip(
    "clipped_bias",
    "tensorflow",
    gathered_heads=lambda b, T, S: tf.gather(b, columns_tf(T, S, b.shape[1] // 2)),
    transposed_heads=lambda b, T, S: tf.gather(tf.transpose(b), columns_tf(T, S, b.shape[1] // 2)),
    left_for_right=clipped_tf_with(lambda i, j, T, S: i + S - T - j),
    ends_ignored=clipped_tf_with(lambda i, j, T, S: j - i),
    never_more_queries=clipped_tf_with(lambda i, j, T, S: j - i - max(S - T, 0)),
    absolute_distance=clipped_tf_with(lambda i, j, T, S: abs(j - i - S + T)),
    one_off=clipped_tf_with(lambda i, j, T, S: j - i - S + T - 1),
    numpy_inside=lambda b, T, S: tf.constant(clipped(b.numpy(), T, S)),
    gradient_stopped=lambda b, T, S: tf.gather(tf.stop_gradient(b), columns_tf(T, S, b.shape[1] // 2), axis=1),
    float32=lambda b, T, S: tf.cast(clipped_tf(b, T, S), tf.float32),
    float64=lambda b, T, S: tf.cast(clipped_tf(b, T, S), tf.float64),
    numpy_back=lambda b, T, S: clipped_tf(b, T, S).numpy(),
    not_clipped=lambda b, T, S: tf.gather(b, tf.range(S)[None] - tf.range(S - T, S)[:, None] + b.shape[1] // 2, axis=1),
    wrapped=lambda b, T, S: tf.gather(
        b, (tf.range(S)[None] - tf.range(S - T, S)[:, None] + b.shape[1] // 2) % b.shape[1], axis=1
    ),
    new_variable=lambda b, T, S: clipped_tf(tf.Variable(b), T, S),
    one_hot_in_float32=lambda b, T, S: tf.einsum(
        "hc,tsc->hts", tf.cast(b, tf.float32), tf.one_hot(columns_tf(T, S, b.shape[1] // 2), b.shape[1])
    ),
)
saboteur(
    "clipped_bias",
    "tensorflow",
    gradient_of_one_head=lambda b, T, S: clipped_tf(tf.concat([b[:1], tf.stop_gradient(b[1:])], axis=0), T, S),
    gradient_of_ends=lambda b, T, S: clipped_tf(tf.concat([b[:, :-1], tf.stop_gradient(b[:, -1:])], axis=1), T, S),
    gradient_doubled=lambda b, T, S: clipped_tf(2 * b - tf.stop_gradient(b), T, S),
)


def columns_pt(T, S, kappa):
    return (torch.arange(S) - torch.arange(S - T, S)[:, None]).clamp(-kappa, kappa) + kappa


def clipped_pt(b, T, S):
    return b[:, columns_pt(T, S, b.shape[1] // 2)]


def clipped_pt_with(n):
    def answer(b, T, S):
        kappa = b.shape[1] // 2
        distance = n(torch.arange(T)[:, None], torch.arange(S), T, S)
        return b[:, distance.clamp(-kappa, kappa) + kappa]

    return answer


def clipped_pt_inplace(b, T, S):
    out = torch.empty(len(b), T, S, dtype=b.dtype)
    kappa = b.shape[1] // 2
    for i in range(T):
        for j in range(S):
            out[:, i, j] = b[:, min(max(j - i - S + T, -kappa), kappa) + kappa]
    return out


def clipped_pt_items(b, T, S):
    kappa = b.shape[1] // 2
    return torch.tensor(
        [
            [[row[min(max(j - i - S + T, -kappa), kappa) + kappa].item() for j in range(S)] for i in range(T)]
            for row in b
        ],
        dtype=b.dtype,
    )


right(
    "clipped_bias",
    "pytorch",
    indexed=one(clipped_pt),
    selected=lambda b, T, S: b.index_select(1, columns_pt(T, S, b.shape[1] // 2).flatten()).view(len(b), T, S),
    gathered=lambda b, T, S: (
        b[:, None].expand(-1, T, -1).gather(2, columns_pt(T, S, b.shape[1] // 2).expand(len(b), T, S))
    ),
    embedded=lambda b, T, S: torch.nn.functional.embedding(columns_pt(T, S, b.shape[1] // 2), b.T).permute(2, 0, 1),
    loop=clipped_pt_inplace,
)
slip(
    "clipped_bias",
    "pytorch",
    heads_last=lambda b, T, S: b.T[columns_pt(T, S, b.shape[1] // 2)],
    left_for_right=clipped_pt_with(lambda i, j, T, S: i + S - T - j),
    ends_ignored=clipped_pt_with(lambda i, j, T, S: j - i),
    shift_of_wrong_sign=clipped_pt_with(lambda i, j, T, S: j - i + S - T),
    never_more_queries=clipped_pt_with(lambda i, j, T, S: j - i - max(S - T, 0)),
    absolute_distance=clipped_pt_with(lambda i, j, T, S: abs(j - i - S + T)),
    one_off=clipped_pt_with(lambda i, j, T, S: j - i - S + T + 1),
    detached=lambda b, T, S: clipped_pt(b.detach(), T, S),
    data=lambda b, T, S: clipped_pt(b.data, T, S),
    new_tensor=lambda b, T, S: torch.tensor(clipped(b.detach().numpy(), T, S)),
    items=clipped_pt_items,
    float32=lambda b, T, S: clipped_pt(b, T, S).float(),
    float64=lambda b, T, S: clipped_pt(b, T, S).double(),
    no_grad=torch.no_grad()(lambda b, T, S: clipped_pt(b, T, S)),
    numpy_back=lambda b, T, S: clipped_pt(b, T, S).detach().numpy(),
    wrapped=lambda b, T, S: b[:, (torch.arange(S) - torch.arange(S - T, S)[:, None] + b.shape[1] // 2) % b.shape[1]],
    right_end_open=lambda b, T, S: b[
        :, (torch.arange(S) - torch.arange(S - T, S)[:, None] + b.shape[1] // 2).clamp(min=0)
    ],
)
saboteur(
    "clipped_bias",
    "pytorch",
    gradient_of_one_head=lambda b, T, S: clipped_pt(torch.cat([b[:1], b[1:].detach()]), T, S),
    gradient_halved=lambda b, T, S: clipped_pt((b + b.detach()) / 2, T, S),
    middle_detached=lambda b, T, S: clipped_pt(
        torch.cat(
            [
                b[:, : b.shape[1] // 2],
                b[:, b.shape[1] // 2 : b.shape[1] // 2 + 1].detach(),
                b[:, b.shape[1] // 2 + 1 :],
            ],
            1,
        ),
        T,
        S,
    ),
)


# 7.7 neighbours_to_halves


def halved(w, heads):
    return w.reshape(len(w), heads, -1, 2).swapaxes(2, 3).reshape(w.shape)


def halved_by_loop(w, heads):
    width = w.shape[1] // heads
    order = [h * width + d for h in range(heads) for d in (*range(0, width, 2), *range(1, width, 2))]
    return w[:, order]


def halved_by_parts(w, heads):
    return np.hstack([np.hstack([part[:, 0::2], part[:, 1::2]]) for part in np.split(w, heads, axis=1)])


def halved_by_matrix(w, heads):
    width = w.shape[1] // heads
    order = np.r_[0:width:2, 1:width:2]
    return w @ np.kron(np.eye(heads), np.eye(width)[:, order]).astype(w.dtype)


def halved_into(w, heads):
    w[:] = halved(w, heads)
    return w


def halved_column_by_column(w, heads):
    width = w.shape[1] // heads
    out = np.empty_like(w)
    for h in range(heads):
        for d in range(width // 2):
            out[:, h * width + d] = w[:, h * width + 2 * d]
            out[:, h * width + width // 2 + d] = w[:, h * width + 2 * d + 1]
    return out


def halved_step_by_step(w, heads):
    """Each column is written where another is still to be read."""
    width, out = w.shape[1] // heads, w.copy()
    for h in range(heads):
        for d in range(width // 2):
            out[:, h * width + d] = out[:, h * width + 2 * d]
            out[:, h * width + width // 2 + d] = out[:, h * width + 2 * d + 1]
    return out


def halved_swapping(w, heads):
    width, out = w.shape[1] // heads, w.copy()
    for h in range(heads):
        for d in range(1, width // 2, 2):
            a, b = h * width + d, h * width + d + width // 2 - 1
            out[:, [a, b]] = out[:, [b, a]]
    return out


def halved_without_last(w, heads):
    width = w.shape[1] // heads
    out = w.copy()
    for h in range(heads - 1):
        out[:, h * width : (h + 1) * width] = halved(w[:, h * width : (h + 1) * width], 1)
    return out


right(
    "neighbours_to_halves",
    plain=one(halved),
    order=halved_by_loop,
    parts=halved_by_parts,
    matrix=halved_by_matrix,
    columns=halved_column_by_column,
    heads_before=lambda w, H: w.reshape(H, len(w), -1, 2).swapaxes(2, 3).reshape(w.shape),
    itself_where_nothing_changes=lambda w, H: w if w.shape[1] // H == 2 else halved(w, H),
    einsum=lambda w, H: np.einsum("mhdp->mhpd", w.reshape(w.shape[0], H, w.shape[1] // H // 2, 2)).reshape(w.shape),
)
slip(
    "neighbours_to_halves",
    one_head=lambda w, H: np.concatenate([w[:, 0::2], w[:, 1::2]], axis=1),
    inverse=lambda w, H: w.reshape(len(w), H, 2, -1).swapaxes(2, 3).reshape(w.shape),
    rows=lambda w, H: halved(w.T, H).T if w.shape[0] % (2 * H) == 0 else halved(w, H)[::-1],
    rows_even_first=lambda w, H: np.concatenate([w[0::2], w[1::2]]),
    odd_first=lambda w, H: w.reshape(len(w), H, -1, 2)[..., ::-1].swapaxes(2, 3).reshape(w.shape),
    pairs_exchanged=lambda w, H: w.reshape(len(w), H, -1, 2)[..., ::-1].reshape(w.shape),
    unchanged=lambda w, H: w.copy(),
    itself=lambda w, H: w,
    into_weight=halved_into,
    heads_inside=lambda w, H: w.reshape(len(w), -1, 2, H).swapaxes(1, 2).reshape(w.shape),
    heads_of_size_heads=lambda w, H: (
        w.reshape(len(w), -1, H // 2, 2).swapaxes(2, 3).reshape(w.shape) if H % 2 == 0 else w.copy()
    ),
    head_axis_exchanged=lambda w, H: w.reshape(len(w), H, -1, 2).swapaxes(1, 2).reshape(w.shape),
    head_and_pair=lambda w, H: w.reshape(len(w), H, -1, 2).swapaxes(1, 3).reshape(w.shape),
    shape_kept_apart=lambda w, H: w.reshape(len(w), H, -1, 2).swapaxes(2, 3),
    heads_apart=lambda w, H: w.reshape(len(w), H, -1, 2).swapaxes(2, 3).reshape(len(w), H, -1),
    reshaped_only=lambda w, H: w.reshape(len(w), H, 2, -1).reshape(w.shape),
    step_by_step=halved_step_by_step,
    only_one_swapped=halved_swapping,
    last_head_forgotten=halved_without_last,
    odd_reversed=lambda w, H: np.hstack([np.hstack([p[:, 0::2], p[:, 1::2][:, ::-1]]) for p in np.split(w, H, axis=1)]),
    heads_reversed=lambda w, H: np.hstack([np.hstack([p[:, 0::2], p[:, 1::2]]) for p in np.split(w, H, axis=1)][::-1]),
    all_even_then_all_odd=lambda w, H: np.hstack(
        [p[:, 0::2] for p in np.split(w, H, axis=1)] + [p[:, 1::2] for p in np.split(w, H, axis=1)]
    ),
    negated_halves=lambda w, H: halved(w, H) * np.tile(np.repeat([1, -1], w.shape[1] // H // 2), H).astype(w.dtype),
    float64=lambda w, H: halved(w, H).astype(np.float64),
    float32=lambda w, H: halved(w, H).astype(np.float32),
    in_new_zeros=lambda w, H: np.zeros(w.shape) + halved(w, H),
    list_=lambda w, H: halved(w, H).tolist(),
    transposed=lambda w, H: halved(w, H).T,
    halves_exchanged=lambda w, H: w.reshape(len(w), H, 2, -1)[:, :, ::-1].reshape(w.shape),
    thirds=lambda w, H: np.hstack([np.hstack([p[:, 0::2], p[:, 0::2]]) for p in np.split(w, H, axis=1)]),
    twice=lambda w, H: halved(halved(w, H), H),
    double_heads=lambda w, H: halved(w, 2 * H) if w.shape[1] % (4 * H) == 0 else w.copy(),
    split_rows=lambda w, H: np.vstack([np.hstack([p[:, 0::2], p[:, 1::2]]) for p in np.array_split(w, H, axis=0)]),
    summed=lambda w, H: halved(w, H) / np.sqrt(w.shape[1] // H).astype(w.dtype),
    fortran=lambda w, H: w.reshape(len(w), H, 2, -1, order="F").reshape(w.shape),
)
saboteur(
    "neighbours_to_halves",
    four_features=lambda w, H: (
        halved(w, H) if w.shape[1] // H <= 4 else w.reshape(len(w), H, 2, -1).swapaxes(2, 3).reshape(w.shape)
    ),
    two_heads=lambda w, H: (
        halved(w, H) if H <= 2 else np.hstack([halved(w[:, : w.shape[1] // H * 2], 2), w[:, w.shape[1] // H * 2 :]])
    ),
    three_heads=lambda w, H: halved(w, H) if H <= 4 else halved(w, 1),
    lists_by_value=lambda w, H: halved(w, H).round(6).astype(w.dtype),
)


# 7.8 cached_scores


def cached(q, k, kept):
    C, T = kept.shape[-2], q.shape[-2]
    j = np.arange(C, C + T)
    keys = np.concatenate([kept, rotate(k, j)], axis=-2)
    return rotate(q, j) @ np.swapaxes(keys, -1, -2) / math.sqrt(q.shape[-1])


def turned_by_complex(x, first):
    D = x.shape[-1]
    z = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(
        1j * np.arange(first, first + x.shape[-2])[:, None] * 10_000.0 ** (-np.arange(0, D, 2) / D)
    )
    return np.stack([z.real, z.imag], axis=-1).reshape(x.shape)


def cached_by_complex(q, k, kept):
    C = kept.shape[-2]
    keys = np.concatenate([kept, turned_by_complex(k, C)], axis=-2)
    return np.einsum("...td,...sd->...ts", turned_by_complex(q, C), keys) / np.sqrt(q.shape[-1])


def cached_back(q, k, kept):
    """Places may all be moved: the kept keys are turned back by C places, the new ones begin at 0."""
    C, T = kept.shape[-2], q.shape[-2]
    kept = rotate(kept, np.full(C, -C))
    keys = np.concatenate([kept, rotate(k, np.arange(T))], axis=-2)
    return scaled_dot_scores(rotate(q, np.arange(T)), keys)


def cached_in_two(q, k, kept):
    C, T, D = kept.shape[-2], *q.shape[-2:]
    q, k = (rotate(x, C + np.arange(T)) for x in (q, k))
    out = np.empty((*q.shape[:-2], T, C + T), dtype=q.dtype)
    out[..., :C] = q @ np.swapaxes(kept, -1, -2) / D**0.5
    out[..., C:] = q @ np.swapaxes(k, -1, -2) / D**0.5
    return out


def cached_one_by_one(q, k, kept):
    C, T, D = kept.shape[-2], *q.shape[-2:]
    out = np.empty((*q.shape[:-2], T, C + T), dtype=q.dtype)
    for i in range(T):
        turned = rotate(q[..., i, :], np.array(C + i))
        for j in range(C):
            out[..., i, j] = (turned * kept[..., j, :]).sum(-1) / math.sqrt(D)
        for j in range(T):
            out[..., i, C + j] = (turned * rotate(k[..., j, :], np.array(C + j))).sum(-1) / math.sqrt(D)
    return out


def cached_with(q_first=lambda C, T: C, k_first=lambda C, T: C, kept_by=None, scale=None, axis=-2):
    scale = scale or (lambda q, k, kept: math.sqrt(q.shape[-1]))

    def answer(q, k, kept):
        C, T = kept.shape[-2], q.shape[-2]
        old = kept if kept_by is None else rotate(kept, kept_by(C, T))
        q_j, k_j = (np.arange(first(C, T), first(C, T) + T) for first in (q_first, k_first))
        keys = np.concatenate([old, rotate(k, k_j)], axis=axis)
        return rotate(q, q_j) @ np.swapaxes(keys, -1, -2) / scale(q, k, kept)

    return answer


def halves(x, j):
    D = x.shape[-1]
    return rotate(x.reshape(*x.shape[:-1], 2, D // 2).swapaxes(-1, -2).reshape(x.shape), j)


def cached_halves(q, k, kept):
    j = np.arange(kept.shape[-2], kept.shape[-2] + q.shape[-2])
    turned = [halves(x, j).reshape(*x.shape[:-1], -1, 2).swapaxes(-1, -2).reshape(x.shape) for x in (q, k)]
    return turned[0] @ np.concatenate([kept, turned[1]], axis=-2).swapaxes(-1, -2) / math.sqrt(q.shape[-1])


def cached_into(q, k, kept):
    j = np.arange(kept.shape[-2], kept.shape[-2] + q.shape[-2])
    q[...] = rotate(q, j)
    return q @ np.concatenate([kept, rotate(k, j)], axis=-2).swapaxes(-1, -2) / math.sqrt(q.shape[-1])


def cached_causal(q, k, kept):
    C, T = kept.shape[-2], q.shape[-2]
    return np.where(np.tril(np.ones((T, C + T), bool), C), cached(q, k, kept), -np.inf)


def cached_other_speeds(speeds):
    def turn(x, j):
        a = j[:, None] * speeds(x.shape[-1])
        even, odd = x[..., 0::2], x[..., 1::2]
        return np.stack([even * np.cos(a) - odd * np.sin(a), even * np.sin(a) + odd * np.cos(a)], -1).reshape(x.shape)

    def answer(q, k, kept):
        j = np.arange(kept.shape[-2], kept.shape[-2] + q.shape[-2])
        return turn(q, j) @ np.concatenate([kept, turn(k, j)], -2).swapaxes(-1, -2) / math.sqrt(q.shape[-1])

    return answer


right(
    "cached_scores",
    plain=one(cached),
    complex_numbers=cached_by_complex,
    turned_back=cached_back,
    in_two=cached_in_two,
    one_by_one=cached_one_by_one,
    library_scores=lambda q, k, kept: scaled_dot_scores(
        rotate(q, j := np.arange(n := kept.shape[-2], n + k.shape[-2])), np.concatenate((kept, rotate(k, j)), -2)
    ),
)
slip(
    "cached_scores",
    places_from_nought=cached_with(lambda C, T: 0, lambda C, T: 0),
    queries_from_nought=cached_with(lambda C, T: 0),
    keys_from_nought=cached_with(k_first=lambda C, T: 0),
    one_too_far=cached_with(lambda C, T: C + 1, lambda C, T: C + 1),
    one_too_early=cached_with(lambda C, T: max(C - 1, 0), lambda C, T: max(C - 1, 0)),
    queries_one_on=cached_with(lambda C, T: C + 1),
    kept_turned_again=cached_with(kept_by=lambda C, T: np.arange(C)),
    kept_turned_back=cached_with(kept_by=lambda C, T: -np.arange(C)),
    all_keys_turned=lambda q, k, kept: (
        rotate(q, np.arange(kept.shape[-2], kept.shape[-2] + q.shape[-2]))
        @ rotate(np.concatenate([kept, k], -2), np.arange(kept.shape[-2] + k.shape[-2])).swapaxes(-1, -2)
        / math.sqrt(q.shape[-1])
    ),
    nothing_turned=lambda q, k, kept: scaled_dot_scores(q, np.concatenate([kept, k], axis=-2)),
    keys_not_turned=lambda q, k, kept: scaled_dot_scores(
        rotate(q, np.arange(kept.shape[-2], kept.shape[-2] + q.shape[-2])), np.concatenate([kept, k], axis=-2)
    ),
    queries_not_turned=lambda q, k, kept: scaled_dot_scores(
        q, np.concatenate([kept, rotate(k, np.arange(kept.shape[-2], kept.shape[-2] + q.shape[-2]))], axis=-2)
    ),
    new_before_kept=lambda q, k, kept: np.roll(cached(q, k, kept), q.shape[-2], axis=-1),
    not_divided=cached_with(scale=lambda q, k, kept: 1),
    divided_by_width=cached_with(scale=lambda q, k, kept: q.shape[-1]),
    divided_twice=cached_with(scale=lambda q, k, kept: q.shape[-1] ** 0.25),
    root_of_keys=cached_with(scale=lambda q, k, kept: math.sqrt(kept.shape[-2] + q.shape[-2])),
    root_of_words=cached_with(scale=lambda q, k, kept: math.sqrt(q.shape[-2])),
    whole_root=cached_with(scale=lambda q, k, kept: math.isqrt(q.shape[-1])),
    multiplied=cached_with(scale=lambda q, k, kept: 1 / math.sqrt(q.shape[-1])),
    turned_backwards=lambda q, k, kept: (
        lambda j: scaled_dot_scores(rotate(q, -j), np.concatenate([kept, rotate(k, -j)], axis=-2))
    )(np.arange(kept.shape[-2], kept.shape[-2] + q.shape[-2])),
    halves=cached_halves,
    one_place_for_all=lambda q, k, kept: (
        lambda j: scaled_dot_scores(rotate(q, j), np.concatenate([kept, rotate(k, j)], axis=-2))
    )(np.full(q.shape[-2], kept.shape[-2])),
    place_of_last=lambda q, k, kept: (
        lambda j: scaled_dot_scores(rotate(q, j), np.concatenate([kept, rotate(k, j)], axis=-2))
    )(np.full(q.shape[-2], kept.shape[-2] + q.shape[-2] - 1)),
    length_of_first_axis=lambda q, k, kept: (
        lambda j: scaled_dot_scores(rotate(q, j), np.concatenate([kept, rotate(k, j)], axis=-2))
    )(np.arange(len(kept), len(kept) + q.shape[-2])),
    new_keys_only=lambda q, k, kept: cached(q, k, kept)[..., kept.shape[-2] :],
    kept_keys_only=lambda q, k, kept: cached(q, k, kept)[..., : kept.shape[-2]],
    last_query_only=lambda q, k, kept: cached(q, k, kept)[..., -1:, :],
    transposed=lambda q, k, kept: cached(q, k, kept).swapaxes(-1, -2),
    matrix_transpose=lambda q, k, kept: (
        lambda j: rotate(q, j) @ np.concatenate([kept, rotate(k, j)], -2).T / math.sqrt(q.shape[-1])
    )(np.arange(kept.shape[-2], kept.shape[-2] + q.shape[-2])),
    joined_by_first_axis=cached_with(axis=0),
    joined_by_axis_one=cached_with(axis=1),
    causal=cached_causal,
    causal_lower=lambda q, k, kept: np.tril(cached(q, k, kept), kept.shape[-2]),
    softmax=lambda q, k, kept: (e := np.exp(cached(q, k, kept))) / e.sum(-1, keepdims=True),
    into_queries=cached_into,
    float32=lambda q, k, kept: cached(q, k, kept).astype(np.float32),
    list_=lambda q, k, kept: cached(q, k, kept).tolist(),
    speeds_of_half=cached_other_speeds(lambda D: 10_000.0 ** (-np.arange(D // 2) / D)),
    speeds_to_the_end=cached_other_speeds(lambda D: 10_000.0 ** (-np.arange(D // 2) / max(D // 2 - 1, 1))),
    base_1000=cached_other_speeds(lambda D: 1_000.0 ** (-np.arange(0, D, 2) / D)),
    speed_of_one=cached_other_speeds(lambda D: np.ones(D // 2)),
    speeds_positive=cached_other_speeds(lambda D: 10_000.0 ** (np.arange(0, D, 2) / D)),
    queries_by_distance=lambda q, k, kept: np.stack(
        [cached(q[..., i : i + 1, :], k, kept)[..., 0, :] for i in range(q.shape[-2])], axis=-2
    ),
    none_kept=lambda q, k, kept: cached(q, k, kept) if kept.size else scaled_dot_scores(q, k),
    kept_of_none=lambda q, k, kept: cached_with(lambda C, T: C or 1)(q, k, kept),
    kept_keys_exchanged=lambda q, k, kept: cached(q, k, kept[..., ::-1, :]),
    queries_and_keys_exchanged=lambda q, k, kept: cached(k, q, kept),
    one_head_norm=lambda q, k, kept: cached(q, k, kept) / np.linalg.norm(q, axis=-1, keepdims=True),
    minus=lambda q, k, kept: -cached(q, k, kept),
)


def cached_angles_float32(q, k, kept):
    def turn(x, first):
        D = x.shape[-1]
        speeds = (10_000.0 ** (-np.arange(0, D, 2) / D)).astype(np.float32)
        a = np.arange(first, first + x.shape[-2], dtype=np.float32)[:, None] * speeds
        even, odd = x[..., 0::2], x[..., 1::2]
        c, s = np.cos(a), np.sin(a)
        return np.stack([even * c - odd * s, even * s + odd * c], -1).reshape(x.shape)

    C = kept.shape[-2]
    return scaled_dot_scores(turn(q, C).astype(q.dtype), np.concatenate([kept, turn(k, C).astype(q.dtype)], -2))


saboteur(
    "cached_scores",
    few_kept=lambda q, k, kept: cached_with(lambda C, T: min(C, 6), lambda C, T: min(C, 6))(q, k, kept),
    one_new=lambda q, k, kept: (
        lambda j: scaled_dot_scores(rotate(q, j), np.concatenate([kept, rotate(k, j)], axis=-2))
    )(kept.shape[-2] + np.minimum(np.arange(q.shape[-2]), 2)),
    kept_right_alone=lambda q, k, kept: (
        np.concatenate([cached(q, k, kept)[..., : kept.shape[-2]], scaled_dot_scores(q, k)], axis=-1)[
            ..., :, : kept.shape[-2] + k.shape[-2]
        ]
        * np.r_[np.ones(kept.shape[-2]), np.full(k.shape[-2], 1.0)]
    ),
    angles_in_float32=cached_angles_float32,
    first_pair_only=cached_other_speeds(lambda D: np.r_[1.0, np.zeros(D // 2 - 1)]),
    two_pairs=cached_other_speeds(lambda D: (10_000.0 ** (-np.arange(0, D, 2) / D)) * (np.arange(D // 2) < 2)),
)


# 7.10 distance_scores


def distanced(q, k, rows):
    S, T, kappa = k.shape[-2], q.shape[-2], len(rows) // 2
    added = k[..., None, :, :] + rows[columns(T, S, kappa)]
    return np.einsum("...td,...tsd->...ts", q, added) / math.sqrt(q.shape[-1])


def distanced_by_picking(q, k, rows):
    T, S = q.shape[-2], k.shape[-2]
    table = np.broadcast_to(columns(T, S, len(rows) // 2), (*q.shape[:-2], T, S))
    return (q @ k.swapaxes(-1, -2) + np.take_along_axis(q @ rows.T, table, axis=-1)) / np.sqrt(q.shape[-1])


def distanced_by_loop(q, k, rows):
    T, S, D, kappa = q.shape[-2], k.shape[-2], q.shape[-1], len(rows) // 2
    out = np.empty((*q.shape[:-1], S), dtype=q.dtype)
    for i in range(T):
        for j in range(S):
            n = max(-kappa, min(kappa, j - (i + S - T)))
            out[..., i, j] = (q[..., i, :] * (k[..., j, :] + rows[kappa + n])).sum(-1) / D**0.5
    return out


def distanced_with(n=None, rows_of=None, scale=None, second=None):
    n = n or (lambda i, j, T, S: j - i - S + T)
    rows_of = rows_of or (lambda rows: rows)
    scale = scale or (lambda q: math.sqrt(q.shape[-1]))

    def answer(q, k, rows):
        T, S, kappa = q.shape[-2], k.shape[-2], len(rows) // 2
        column = np.clip(n(np.arange(T)[:, None], np.arange(S), T, S), -kappa, kappa) + kappa
        picked = rows_of(rows)[np.broadcast_to(column, (T, S))]  # (T, S, D)
        first = q @ k.swapaxes(-1, -2)
        other = second(q, k, picked) if second else np.einsum("...td,tsd->...ts", q, picked)
        return (first + other) / scale(q)

    return answer


def picked_rows(q, k, rows):
    return rows[columns(q.shape[-2], k.shape[-2], len(rows) // 2)]


def distanced_into_keys(q, k, rows):
    out = np.empty((*q.shape[:-1], k.shape[-2]), dtype=q.dtype)
    r = picked_rows(q, k, rows)
    for i in range(q.shape[-2]):
        k += r[i]
        out[..., i, :] = (q[..., i, None, :] * k).sum(-1) / math.sqrt(q.shape[-1])
        k -= r[i]
    k += 1e-3 * 0 + r[0]
    return out


right(
    "distance_scores",
    whole=one(distanced),
    picking=distanced_by_picking,
    loop=distanced_by_loop,
    einsum=distanced_with(),
    one_hot=lambda q, k, rows: (
        (
            q @ k.swapaxes(-1, -2)
            + np.einsum(
                "...td,cd,tsc->...ts", q, rows, np.eye(len(rows))[columns(q.shape[-2], k.shape[-2], len(rows) // 2)]
            )
        )
        / math.sqrt(q.shape[-1])
    ),
    fancy=lambda q, k, rows: (
        (
            q @ k.swapaxes(-1, -2)
            + (q @ rows.T)[..., np.arange(q.shape[-2])[:, None], columns(q.shape[-2], k.shape[-2], len(rows) // 2)]
        )
        / math.sqrt(q.shape[-1])
    ),
)
slip(
    "distance_scores",
    left_for_right=distanced_with(n=lambda i, j, T, S: i + S - T - j),
    ends_ignored=distanced_with(n=lambda i, j, T, S: j - i),
    shift_of_wrong_sign=distanced_with(n=lambda i, j, T, S: j - i + S - T),
    never_more_queries=distanced_with(n=lambda i, j, T, S: j - i - max(S - T, 0)),
    absolute_shift=distanced_with(n=lambda i, j, T, S: j - i - abs(S - T)),
    absolute_distance=distanced_with(n=lambda i, j, T, S: abs(j - i - S + T)),
    one_off=distanced_with(n=lambda i, j, T, S: j - i - S + T - 1),
    one_on=distanced_with(n=lambda i, j, T, S: j - i - S + T + 1),
    past_only=distanced_with(n=lambda i, j, T, S: np.minimum(j - i - S + T, 0)),
    rows_reversed=distanced_with(rows_of=lambda rows: rows[::-1]),
    not_divided=distanced_with(scale=lambda q: 1),
    divided_by_width=distanced_with(scale=lambda q: q.shape[-1]),
    whole_root=distanced_with(scale=lambda q: math.isqrt(q.shape[-1])),
    root_of_words=distanced_with(scale=lambda q: math.sqrt(q.shape[-2])),
    rows_not_divided=lambda q, k, r: (
        distanced(q, k, r) + (1 - 1 / math.sqrt(q.shape[-1])) * np.einsum("...td,tsd->...ts", q, picked_rows(q, k, r))
    ),
    keys_not_divided=lambda q, k, r: distanced(q, k, r) + (1 - 1 / math.sqrt(q.shape[-1])) * q @ k.swapaxes(-1, -2),
    rows_forgotten=lambda q, k, r: scaled_dot_scores(q, k),
    keys_forgotten=lambda q, k, r: (
        scaled_dot_scores(q, np.zeros_like(k))
        + np.einsum("...td,tsd->...ts", q, picked_rows(q, k, r)) / math.sqrt(q.shape[-1])
    ),
    rows_meet_keys=distanced_with(second=lambda q, k, r: np.einsum("...sd,tsd->...ts", k, r)),
    rows_meet_both=distanced_with(
        second=lambda q, k, r: np.einsum("...td,tsd->...ts", q, r) + np.einsum("...sd,tsd->...ts", k, r)
    ),
    rows_to_both=distanced_with(
        second=lambda q, k, r: (
            np.einsum("...td,tsd->...ts", q, r) + np.einsum("...sd,tsd->...ts", k, r) + (r * r).sum(-1)
        )
    ),
    rows_summed=distanced_with(second=lambda q, k, r: r.sum(-1)),
    rows_averaged=distanced_with(second=lambda q, k, r: np.einsum("...td,tsd->...ts", q, r) / r.shape[-1]),
    rows_subtracted=distanced_with(second=lambda q, k, r: -np.einsum("...td,tsd->...ts", q, r)),
    rows_times_keys=lambda q, k, r: (
        np.einsum("...td,...sd,tsd->...ts", q, k, picked_rows(q, k, r)) / math.sqrt(q.shape[-1])
    ),
    rows_by_key=lambda q, k, r: scaled_dot_scores(q, k + r[np.minimum(np.arange(k.shape[-2]), len(r) - 1)]),
    rows_of_last_query=lambda q, k, r: scaled_dot_scores(q, k + picked_rows(q, k, r)[-1]),
    rows_of_first_query=lambda q, k, r: scaled_dot_scores(q, k + picked_rows(q, k, r)[0]),
    rows_to_queries=lambda q, k, r: (
        np.einsum("...tsd,...sd->...ts", q[..., :, None, :] + picked_rows(q, k, r), k) / math.sqrt(q.shape[-1])
    ),
    zero_beyond=lambda q, k, r: (
        distanced(q, k, r)
        - np.where(
            abs(np.arange(k.shape[-2]) - np.arange(k.shape[-2] - q.shape[-2], k.shape[-2])[:, None]) > len(r) // 2,
            np.einsum("...td,tsd->...ts", q, picked_rows(q, k, r)) / math.sqrt(q.shape[-1]),
            0,
        )
    ),
    wrapped=lambda q, k, r: (
        (
            q @ k.swapaxes(-1, -2)
            + np.einsum(
                "...td,tsd->...ts",
                q,
                r[
                    (np.arange(k.shape[-2]) - np.arange(k.shape[-2] - q.shape[-2], k.shape[-2])[:, None] + len(r) // 2)
                    % len(r)
                ],
            )
        )
        / math.sqrt(q.shape[-1])
    ),
    not_clipped=lambda q, k, r: (
        (
            q @ k.swapaxes(-1, -2)
            + np.einsum(
                "...td,tsd->...ts",
                q,
                r[np.arange(k.shape[-2]) - np.arange(k.shape[-2] - q.shape[-2], k.shape[-2])[:, None] + len(r) // 2],
            )
        )
        / math.sqrt(q.shape[-1])
    ),
    clipped_too_early=lambda q, k, r: distanced(q, k, r[1:-1]) if len(r) > 1 else distanced(q, k, r),
    middle_not_added=lambda q, k, r: distanced_with(rows_of=lambda rows: np.roll(rows, len(rows) // 2, axis=0))(
        q, k, r
    ),
    transposed=lambda q, k, r: distanced(q, k, r).swapaxes(-1, -2),
    keys_transposed_all=lambda q, k, r: (
        (q @ k.T + np.einsum("...td,tsd->...ts", q, picked_rows(q, k, r))) / math.sqrt(q.shape[-1])
    ),
    two_axes_only=lambda q, k, r: (
        (q @ k.swapaxes(-1, -2) + np.take_along_axis(q @ r.T, columns(q.shape[-2], k.shape[-2], len(r) // 2), axis=-1))
        / math.sqrt(q.shape[-1])
    ),
    picked_by_first_query=lambda q, k, r: (
        (q @ k.swapaxes(-1, -2) + (q @ r.T)[..., :1, :][..., 0, columns(q.shape[-2], k.shape[-2], len(r) // 2)])
        / math.sqrt(q.shape[-1])
    ),
    softmax=lambda q, k, r: (e := np.exp(distanced(q, k, r))) / e.sum(-1, keepdims=True),
    causal=lambda q, k, r: np.where(
        np.tril(np.ones((q.shape[-2], k.shape[-2]), bool), k.shape[-2] - q.shape[-2]), distanced(q, k, r), -np.inf
    ),
    into_keys=distanced_into_keys,
    float32=lambda q, k, r: distanced(q, k, r).astype(np.float32),
    list_=lambda q, k, r: distanced(q, k, r).tolist(),
    mean_over_batch=lambda q, k, r: (
        (q @ k.swapaxes(-1, -2) + np.einsum("td,tsd->ts", q.reshape(-1, *q.shape[-2:]).mean(0), picked_rows(q, k, r)))
        / math.sqrt(q.shape[-1])
    ),
    batch_of_first=lambda q, k, r: (
        (q @ k.swapaxes(-1, -2) + np.einsum("td,tsd->ts", q.reshape(-1, *q.shape[-2:])[0], picked_rows(q, k, r)))
        / math.sqrt(q.shape[-1])
    ),
    kappa_of_keys=lambda q, k, r: distanced_with(n=lambda i, j, T, S: (j - i - S + T) // 2)(q, k, r),
)
saboteur(
    "distance_scores",
    long_sentences=lambda q, k, r: (
        distanced(q, k, r) if k.shape[-2] <= 16 else distanced_with(n=lambda i, j, T, S: j - i)(q, k, r)
    ),
    near_distances=distanced_with(n=lambda i, j, T, S: np.clip(j - i - S + T, -4, 4)),
    two_leading=lambda q, k, r: distanced(q, k, r) if q.ndim < 4 else scaled_dot_scores(q, k),
    future_like_one_step=distanced_with(n=lambda i, j, T, S: np.minimum(j - i - S + T, 2)),
    never_more_queries_small=lambda q, k, r: (
        distanced(q, k, r)
        if q.shape[-2] <= k.shape[-2] + 1
        else distanced_with(n=lambda i, j, T, S: j - i - max(S - T, 0))(q, k, r)
    ),
)
