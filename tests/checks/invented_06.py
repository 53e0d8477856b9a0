"""Answers to the exercises of chapter 6, invented from the tasks alone: each wrong one differs somewhere."""

import numpy as np

from tests.checks.answers_06 import (
    added_up,
    built_in,
    by_a_mask,
    by_copies_of,
    by_einsum_pt,
    by_loops,
    by_moving,
    merge,
    soft,
    width_last,
)
from tests.checks.register import Answers

answers = Answers("06")
unlisted, right = answers.unlisted, answers.right

# 6.1 counts_by_hand

answers.by_hand(
    "counts_by_hand",
    wrong={
        "three_numbers": [64, 256_000, 9_216_000],
        "megabytes": [64, 256_000, 9.216, 0.6],
        "without_layers": [64, 256_000, 1_536_000, 0.6],
        "a_head_of_512": [512, 2_048_000, 73_728_000, 0.6],
        "percent": [64, 256_000, 9_216_000, 60],
        "none": [],
        "words": ["64", "256000", "9216000", "0.6"],
        "a_fifth": [64, 256_000, 9_216_000, 0.2],
        "sentences_in_the_second": [64, 768_000, 9_216_000, 0.6],
    },
    right={
        "a_tuple": (64, 256_000, 9_216_000, 3 / 5),
        "an_array": np.array([64.0, 256_000, 9_216_000, 0.6]),
        "whole_numbers": [64, 2 * 1000 * 128, 6 * 3 * 512_000, 0.6],
    },
)


@unlisted("split_packed")
def found(x, heads):
    D = x.shape[-1] // (3 * heads)
    pieces = x.reshape(*x.shape[:-2], 3, heads, x.shape[-2], D)
    return pieces[..., 0, :, :, :], pieces[..., 1, :, :, :], pieces[..., 2, :, :, :]


@unlisted("split_packed")
def two_axes_alone(x, heads):
    D = x.shape[-1] // (3 * heads)
    return tuple(p.reshape(x.shape[0], heads, D).transpose(1, 0, 2) for p in np.split(x, 3, -1))


@unlisted("split_packed")
def squeezed(x, heads):
    D = x.shape[-1] // (3 * heads)
    return tuple(np.swapaxes(p.reshape(*p.shape[:-1], heads, D), -2, -3).squeeze() for p in np.split(x, 3, -1))


@unlisted("split_packed")
def four_axes_moved(x, heads):
    D = x.shape[-1] // (3 * heads)
    return tuple(np.swapaxes(p.reshape(*p.shape[:-1], heads, D), 0, -2) for p in np.split(x, 3, -1))


@unlisted("split_packed")
def axis_one(x, heads):
    D = x.shape[-1] // (3 * heads)
    return tuple(np.swapaxes(p.reshape(*p.shape[:-1], heads, D), -1, -2).swapaxes(-1, -3) for p in np.split(x, 3, -1))


@unlisted("split_packed")
def in_float32(x, heads):
    D = x.shape[-1] // (3 * heads)
    x = x.astype(np.float32)
    return tuple(np.swapaxes(p.reshape(*p.shape[:-1], heads, D), -2, -3) for p in np.split(x, 3, -1))


@unlisted("split_packed")
def two_heads_always(x, heads):
    D = x.shape[-1] // 6
    return tuple(np.swapaxes(p.reshape(*p.shape[:-1], 2, D), -2, -3) for p in np.split(x, 3, -1))


@unlisted("split_packed")
def the_first_head_everywhere(x, heads):
    D = x.shape[-1] // (3 * heads)
    pieces = [np.swapaxes(p.reshape(*p.shape[:-1], heads, D), -2, -3) for p in np.split(x, 3, -1)]
    return tuple(np.broadcast_to(p[..., :1, :, :], p.shape).copy() for p in pieces)


@unlisted("grouped_heads")
def values_in_turn(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = keys.repeat(times, axis=-3), np.concatenate([values] * times, axis=-3)
    return merge(soft(queries @ np.swapaxes(k, -1, -2) / queries.shape[-1] ** 0.5) @ v)


@unlisted("grouped_heads")
def softmax_of_all_scores(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = keys.repeat(times, axis=-3), values.repeat(times, axis=-3)
    scores = queries @ np.swapaxes(k, -1, -2) / queries.shape[-1] ** 0.5
    e = np.exp(scores - scores.max())
    return merge(e / e.sum() @ v)


@unlisted("grouped_heads")
def one_maximum_for_all(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = keys.repeat(times, axis=-3), values.repeat(times, axis=-3)
    scores = queries @ np.swapaxes(k, -1, -2) / queries.shape[-1] ** 0.5
    e = np.exp(scores - scores.max())
    return merge(e / e.sum(-1, keepdims=True) @ v)


@unlisted("grouped_heads")
def scaled_by_the_keys(queries, keys, values):
    return merge(by_copies_of(queries, keys, values, scale=keys.shape[-2] ** 0.5))


@unlisted("grouped_heads")
def averaged_over_the_group(queries, keys, values):
    heads = by_copies_of(queries, keys, values)
    return merge(np.broadcast_to(heads.mean(-3, keepdims=True), heads.shape))


@unlisted("grouped_heads")
def causal(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = keys.repeat(times, axis=-3), values.repeat(times, axis=-3)
    scores = queries @ np.swapaxes(k, -1, -2) / queries.shape[-1] ** 0.5
    T, S = scores.shape[-2:]
    return merge(soft(np.where(np.tri(T, S, max(0, S - T)), scores, -1e9)) @ v)


@unlisted("grouped_heads")
def backwards(queries, keys, values):
    return merge(by_copies_of(queries, keys[..., ::-1, :, :], values[..., ::-1, :, :]))


@unlisted("grouped_heads")
def clipped(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = keys.repeat(times, axis=-3), values.repeat(times, axis=-3)
    return merge(soft(np.clip(queries @ np.swapaxes(k, -1, -2) / queries.shape[-1] ** 0.5, -50, 50)) @ v)


@unlisted("grouped_heads", "pytorch")
def detached(queries, keys, values):
    return built_in(queries, keys.detach(), values)


@unlisted("to_keras")
def half_transposed(in_proj_weight, heads):
    q, k, v = (b.T.reshape(len(b), heads, -1) for b in np.split(in_proj_weight, 3))
    return q, k, np.split(in_proj_weight, 3)[2].reshape(v.shape)


@unlisted("to_keras")
def blocks_backwards(in_proj_weight, heads):
    return by_moving(in_proj_weight, heads)[::-1]


@unlisted("to_keras")
def all_queries(in_proj_weight, heads):
    return [by_moving(in_proj_weight, heads)[0]] * 3


@unlisted("to_keras")
def scaled(in_proj_weight, heads):
    q, k, v = by_moving(in_proj_weight, heads)
    return q / np.sqrt(q.shape[-1]).astype(q.dtype), k, v


@unlisted("to_keras")
def heads_backwards(in_proj_weight, heads):
    return [kernel[:, ::-1] for kernel in by_moving(in_proj_weight, heads)]


@unlisted("head_maps")
def first_columns_only(value_weight, output_weight, heads):
    D = len(value_weight) // heads
    return np.stack([value_weight[:, :D] @ output_weight[h * D : (h + 1) * D] for h in range(heads)])


@unlisted("head_maps")
def the_other_way_round(value_weight, output_weight, heads):
    D = len(value_weight) // heads
    return np.stack([output_weight[:, h * D : (h + 1) * D] @ value_weight[h * D : (h + 1) * D] for h in range(heads)])


@unlisted("head_maps")
def entry_by_entry(value_weight, output_weight, heads):
    return np.stack([value_weight * output_weight] * heads)


@unlisted("head_maps", "pytorch")
def without_history(value_weight, output_weight, heads):
    return by_einsum_pt(value_weight.detach(), output_weight, heads)


@unlisted("without_head")
def always_the_last(query_weight, key_weight, value_weight, output_weight, heads, head):
    return by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, heads - 1)


@unlisted("without_head")
def always_the_first(query_weight, key_weight, value_weight, output_weight, heads, head):
    return by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, 0)


@unlisted("without_head")
def one_column(query_weight, key_weight, value_weight, output_weight, heads, head):
    three = [np.delete(w, head, 1) for w in (query_weight, key_weight, value_weight)]
    return *three, np.delete(output_weight, head, 0)


@unlisted("without_head")
def only_the_output(query_weight, key_weight, value_weight, output_weight, heads, head):
    return query_weight, key_weight, value_weight, by_a_mask(*[output_weight] * 4, heads, head)[3]


@unlisted("pool_heads")
def bias_as_a_row(weight, bias, heads, kv_heads):
    made = added_up(weight, bias, heads, kv_heads)
    return made[0], made[1][None]


@unlisted("pool_heads")
def bias_summed(weight, bias, heads, kv_heads):
    made = added_up(weight, bias, heads, kv_heads)
    return made[0], made[1] * (heads // kv_heads)


@unlisted("pool_heads")
def the_median(weight, bias, heads, kv_heads):
    D = len(bias) // heads
    return tuple(
        np.median(a.reshape(*a.shape[:-1], kv_heads, -1, D), axis=-2).reshape(*a.shape[:-1], -1) for a in (weight, bias)
    )


@unlisted("pool_heads")
def always_two(weight, bias, heads, kv_heads):
    D = len(bias) // heads
    return tuple(
        (a.reshape(*a.shape[:-1], kv_heads, -1, D).sum(-2) / 2).reshape(*a.shape[:-1], -1) for a in (weight, bias)
    )


@unlisted("words_that_fit")
def as_a_float(memory, layers, width, heads, kv_heads, size):
    return memory / (2 * layers * kv_heads * (width // heads) * size)


@unlisted("words_that_fit")
def by_a_quotient(memory, layers, width, heads, kv_heads, size):
    return int(memory / (2 * layers * kv_heads * (width // heads) * size))


@unlisted("words_that_fit")
def at_least_one(memory, layers, width, heads, kv_heads, size):
    return max(1, width_last(memory, layers, width, heads, kv_heads, size))


@unlisted("words_that_fit")
def float16_always(memory, layers, width, heads, kv_heads, size):
    return width_last(memory, layers, width, heads, kv_heads, 2)


@unlisted("induction_pattern")
def in_float16(words):
    w = words.astype(np.float16)
    return by_loops(w)


@unlisted("induction_pattern")
def one_row_only(words):
    flat = words.reshape(-1, words.shape[-1])
    return np.broadcast_to(by_loops(flat[0]), (*words.shape, words.shape[-1])).copy()


@unlisted("induction_pattern")
def two_back(words):
    S = words.shape[-1]
    return by_loops(words) & (np.arange(S)[:, None] - np.arange(S) >= 2)


@unlisted("induction_pattern")
def zero_is_padding(words):
    return by_loops(words) & (words != 0)[..., None]


@unlisted("induction_pattern")
def negative_is_nothing(words):
    return by_loops(words) & (words >= 0)[..., None]
