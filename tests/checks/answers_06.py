"""Answers to the exercises of chapter 06: right ones written otherwise, and wrong ones that are on no list."""

import numpy as np
import torch

from attention.frameworks import tf
from tests.checks.register import Answers

answers = Answers("06")
right, known, wrong, unlisted = answers.right, answers.known, answers.wrong, answers.unlisted

# 6.1 counts_by_hand


@right("counts_by_hand")
def as_a_tuple():
    return 64, 256_000, 12_288_000, 3 / 5


@right("counts_by_hand")
def as_an_array():
    return np.array([64.0, 256e3, 12.288e6, 0.6])


@known("counts_by_hand", "one sentence", "there are four")
def of_one_sentence():
    return [64, 256_000, 3_072_000, 0.6]


@wrong("counts_by_hand", "the shape", "Expected (4,), four numbers; got (3,).")
def without_the_error():
    return [64, 256_000, 12_288_000]


@wrong("counts_by_hand", "the numbers", "wrong is what stands at [3]")
def in_percent():
    return [64, 256_000, 12_288_000, 60]


# 6.2 split_packed


@right("split_packed")
def by_slices(x, heads):
    M = x.shape[-1] // 3
    D = M // heads
    parts = []
    for block in range(3):
        made = [x[..., block * M + h * D : block * M + (h + 1) * D] for h in range(heads)]
        parts.append(np.stack(made, axis=-3))
    return parts


@right("split_packed")
def by_einsum(x, heads):
    return tuple(np.einsum("...tchd->c...htd", x.reshape(*x.shape[:-1], 3, heads, x.shape[-1] // (3 * heads))).copy())


@right("split_packed", "pytorch")
def chunks(x, heads):
    return [torch.stack(part.chunk(heads, -1), -3) for part in x.chunk(3, -1)]


@right("split_packed", "tensorflow")
def stacked(x, heads):
    return [tf.stack(tf.split(part, heads, axis=-1), axis=-3) for part in tf.split(x, 3, axis=-1)]


@wrong("split_packed", "the results", "Expected 3 results, queries and keys and values; a numpy ndarray came back.")
def one_array(x, heads):
    pieces = np.moveaxis(x.reshape(*x.shape[:-1], 3, heads, -1), -3, 0)
    return np.swapaxes(pieces, -2, -3)


@known("split_packed", "a reshape without a transpose", "two rows of a head are the same word")
def reshaped(x, heads):
    T, D = x.shape[-2], x.shape[-1] // 3 // heads
    return tuple(p.reshape(*p.shape[:-2], heads, T, D) for p in np.split(x, 3, -1))


# 6.3 grouped_heads


def soft(scores):
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@right("grouped_heads")
def by_copies(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = keys.repeat(times, axis=-3), values.repeat(times, axis=-3)
    heads = soft(queries @ np.swapaxes(k, -1, -2) / queries.shape[-1] ** 0.5) @ v
    return np.concatenate([heads[..., h, :, :] for h in range(queries.shape[-3])], axis=-1)


@right("grouped_heads")
def folded(queries, keys, values):
    *lead, H, T, D = queries.shape
    K = keys.shape[-3]
    q = queries.reshape(*lead, K, H // K * T, D)
    heads = (soft(q @ np.swapaxes(keys, -1, -2) / D**0.5) @ values).reshape(*lead, H, T, D)
    return np.einsum("...htd->...thd", heads).reshape(*lead, T, H * D)


@right("grouped_heads", "pytorch")
def built_in(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = (x.repeat_interleave(times, -3) for x in (keys, values))
    return torch.nn.functional.scaled_dot_product_attention(queries, k, v).transpose(-2, -3).flatten(-2)


@known("grouped_heads", "keys in turn", "head h those of h mod Hk")
def tiled(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = (np.concatenate([x] * times, axis=-3) for x in (keys, values))
    heads = soft(queries @ np.swapaxes(k, -1, -2) / queries.shape[-1] ** 0.5) @ v
    return np.swapaxes(heads, -2, -3).reshape(*heads.shape[:-3], heads.shape[-2], -1)


@wrong("grouped_heads", "the shape", "got (4, 4, 3)")
def not_merged(queries, keys, values):
    return by_copies_of(queries, keys, values)


def by_copies_of(queries, keys, values, scale=None):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = keys.repeat(times, axis=-3), values.repeat(times, axis=-3)
    scale = queries.shape[-1] ** 0.5 if scale is None else scale
    return soft(queries @ np.swapaxes(k, -1, -2) / scale) @ v


def merge(heads):
    return np.swapaxes(heads, -2, -3).reshape(*heads.shape[:-3], heads.shape[-2], -1)


# 6.4 to_keras


@right("to_keras")
def by_moving(in_proj_weight, heads):
    M = in_proj_weight.shape[1]
    return list(in_proj_weight.reshape(3, heads, M // heads, M).transpose(0, 3, 1, 2))


@right("to_keras")
def by_loop(in_proj_weight, heads):
    M = in_proj_weight.shape[1]
    D, made = M // heads, []
    for block in range(3):
        kernel = np.empty((M, heads, D), in_proj_weight.dtype)
        for h in range(heads):
            kernel[:, h] = in_proj_weight[block * M + h * D : block * M + (h + 1) * D].T
        made.append(kernel)
    return tuple(made)


@known("to_keras", "not transposed", "a block is (out, in)")
def as_they_are(in_proj_weight, heads):
    M = in_proj_weight.shape[1]
    return tuple(b.reshape(M, heads, -1) for b in np.split(in_proj_weight, 3))


@wrong("to_keras", "the shape", "Expected (4, 2, 2)")
def not_cut(in_proj_weight, heads):
    return tuple(b.T for b in np.split(in_proj_weight, 3))


# 6.5 head_maps


@right("head_maps")
def one_at_a_time(value_weight, output_weight, heads):
    pairs = zip(np.split(value_weight, heads, axis=1), np.split(output_weight, heads), strict=True)
    return np.stack([v @ o for v, o in pairs])


@right("head_maps", "pytorch")
def by_einsum_pt(value_weight, output_weight, heads):
    M = len(value_weight)
    return torch.einsum("mhd,hdn->hmn", value_weight.reshape(M, heads, -1), output_weight.reshape(heads, -1, M))


@known("head_maps", "the heads together", "the product of the two whole matrices")
def whole(value_weight, output_weight, heads):
    return np.stack([value_weight @ output_weight] * heads)


@wrong("head_maps", "the shape", "got (4, 4)")
def one_matrix(value_weight, output_weight, heads):
    return value_weight @ output_weight


# 6.6 without_head


@right("without_head")
def by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, head):
    kept = np.arange(len(query_weight)) // (len(query_weight) // heads) != head
    return query_weight[:, kept], key_weight[:, kept], value_weight[:, kept], output_weight[kept]


@right("without_head")
def by_slices_around(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    a, b = head * D, (head + 1) * D
    three = [np.concatenate([w[:, :a], w[:, b:]], axis=1) for w in (query_weight, key_weight, value_weight)]
    return [*three, np.concatenate([output_weight[:a], output_weight[b:]])]


@known("without_head", "zeros", "saves nothing")
def set_to_zero(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    copies = [w.copy() for w in (query_weight, key_weight, value_weight, output_weight)]
    for w in copies[:3]:
        w[:, head * D : (head + 1) * D] = 0
    copies[3][head * D : (head + 1) * D] = 0
    return tuple(copies)


@wrong("without_head", "the arguments", "changed its argument `query_weight`")
def in_place(query_weight, key_weight, value_weight, output_weight, heads, head):
    found = by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, head)
    query_weight[:] = 0
    return found


# 6.7 pool_heads


@right("pool_heads")
def by_matrix(weight, bias, heads, kv_heads):
    D, size = len(bias) // heads, heads // kv_heads
    average = np.kron(np.kron(np.eye(kv_heads), np.ones((size, 1)) / size), np.eye(D))
    return weight @ average.astype(weight.dtype), bias @ average.astype(bias.dtype)


@right("pool_heads")
def added_up(weight, bias, heads, kv_heads):
    D, size = len(bias) // heads, heads // kv_heads
    made = []
    for a in (weight, bias):
        groups = a.reshape(*a.shape[:-1], kv_heads, size, D)
        made.append((groups.sum(-2) / size).reshape(*a.shape[:-1], -1))
    return made


@known("pool_heads", "groups in turn", "side by side")
def strided(weight, bias, heads, kv_heads):
    D = len(bias) // heads
    return tuple(
        a.reshape(*a.shape[:-1], heads // kv_heads, kv_heads, D).mean(-3).reshape(*a.shape[:-1], -1)
        for a in (weight, bias)
    )


@wrong("pool_heads", "the results", "Expected 2 results, weight and bias; a numpy ndarray came back.")
def weight_alone(weight, bias, heads, kv_heads):
    return added_up(weight, bias, heads, kv_heads)[0]


# 6.8 words_that_fit


@right("words_that_fit")
def by_divmod(memory, layers, width, heads, kv_heads, size):
    return divmod(memory, 2 * layers * kv_heads * (width // heads) * size)[0]


@right("words_that_fit")
def width_last(memory, layers, width, heads, kv_heads, size):
    return memory // (2 * layers * kv_heads * width * size // heads)


@known("words_that_fit", "keys alone", "both are kept")
def without_values(memory, layers, width, heads, kv_heads, size):
    return memory // (layers * kv_heads * (width // heads) * size)


# 6.9 induction_pattern


@right("induction_pattern")
def by_loops(words):
    S = words.shape[-1]
    pattern = np.zeros((*words.shape, S), bool)
    for i in range(S):
        for j in range(1, i + 1):
            pattern[..., i, j] = words[..., i] == words[..., j - 1]
    return pattern


@right("induction_pattern")
def moved_columns(words):
    same = words[..., :, None] == words[..., None, :]
    moved = np.concatenate([np.zeros((*words.shape, 1), bool), same[..., :-1]], axis=-1)
    return np.tril(moved)


@known("induction_pattern", "the same word", "one place further")
def where_it_stood(words):
    return np.tril(words[..., :, None] == words[..., None, :], -1)


@known("induction_pattern", "round the corner", "`roll` goes round")
def rolled(words):
    return np.tril(words[..., :, None] == np.roll(words, 1, -1)[..., None, :])


@wrong("induction_pattern", "the type", "Expected True or False; an array of int64 came back.")
def ones_and_zeros(words):
    return by_loops(words).astype(int)


@wrong("split_packed", "the shape", "Expected (2, 3, 2)")
def not_cut_into_heads(x, heads):
    return tuple(np.split(x, 3, -1))


@wrong("grouped_heads", "the sign", "the wrong sign")
def negative_values(queries, keys, values):
    return -by_copies(queries, keys, values)


@wrong("to_keras", "the scale", "2 times what it should be")
def doubled(in_proj_weight, heads):
    return tuple(2 * kernel for kernel in by_moving(in_proj_weight, heads))


@wrong("head_maps", "the sign", "the wrong sign")
def negative(value_weight, output_weight, heads):
    return -one_at_a_time(value_weight, output_weight, heads)


@wrong("without_head", "the results", "Expected 4 results")
def three_of_four(query_weight, key_weight, value_weight, output_weight, heads, head):
    return by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, head)[:3]


@wrong("pool_heads", "the shape", "Expected (3, 4)")
def not_joined(weight, bias, heads, kv_heads):
    return tuple(a.reshape(*a.shape[:-1], kv_heads, -1, len(bias) // heads).mean(-2) for a in (weight, bias))


@wrong("words_that_fit", "the result", "83")
def a_float(memory, layers, width, heads, kv_heads, size):
    return memory / (2 * layers * kv_heads * (width // heads) * size)


@wrong("words_that_fit", "the result", "")
def one_fewer(memory, layers, width, heads, kv_heads, size):
    return width_last(memory, layers, width, heads, kv_heads, size) - 1


@wrong("induction_pattern", "the shape", "got (5,)")
def one_row(words):
    return by_loops(words)[..., -1, :]
