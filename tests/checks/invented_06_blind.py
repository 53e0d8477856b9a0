"""Answers to the exercises of chapter 6, invented from the tasks alone by one who had seen no check.

The wrong ones are of two kinds, which their names begin with: a slip is a mistake that is made unawares, a saboteur is
written to get past a check.
"""

import decimal
import fractions
import math

import numpy as np
import scipy.linalg
import scipy.special

from attention.frameworks import tf, torch
from tests.checks.register import Answers

answers = Answers("06")


def under(register, kind, functions):
    for called, function in functions.items():
        function.__name__ = f"{kind}_{called}"
        register(function)


def slip(name, framework="numpy", **functions):
    under(answers.unlisted(name, framework), "slip", functions)


def saboteur(name, framework="numpy", **functions):
    under(answers.unlisted(name, framework), "saboteur", functions)


def right(name, framework="numpy", **functions):
    under(answers.right(name, framework), "right", functions)


# 6.1 counts_by_hand

right(
    "counts_by_hand",
    computed=lambda: [512 / 8, 2 * 1000 * 2 * 64, 6 * 4 * 2 * 256_000, 1 - 2 / 5],
    array=lambda: np.array([64, 256e3, 12_288_000, 0.6]),
    tuple_of_kinds=lambda: (np.int64(64), 256_000, 12_288_000.0, 3 / 5),
)
slip(
    "counts_by_hand",
    width_by_kv_heads=lambda: [256, 1_024_000, 49_152_000, 0.6],
    all_heads_cached=lambda: [64, 1_024_000, 49_152_000, 0.6],
    keys_only=lambda: [64, 128_000, 6_144_000, 0.6],
    float32=lambda: [64, 256_000, 24_576_000, 0.6],
    numbers_for_bytes=lambda: [64, 256_000, 6_144_000, 0.6],
    one_layer=lambda: [64, 256_000, 2_048_000, 0.6],
    one_sentence=lambda: [64, 256_000, 3_072_000, 0.6],
    in_bits=lambda: [64, 256_000, 98_304_000, 0.6],
    in_megabytes=lambda: [64, 256_000, 12.288, 0.6],
    what_is_answered=lambda: [64, 256_000, 12_288_000, 0.4],
    words_by_heads=lambda: [64, 256_000, 12_288_000, 1 - 1 / 5],
    one_half=lambda: [64, 256_000, 12_288_000, 0.5],
    per_word=lambda: [64, 256, 12_288_000, 0.6],
    words_1024=lambda: [64, 262_144, 12_582_912, 0.6],
    width_cached=lambda: [512, 256_000, 12_288_000, 0.6],
    percent=lambda: [64, 256_000, 12_288_000, 60],
    words_left=lambda: [64, 256_000, 12_288_000, 3],
    other_order=lambda: [64, 12_288_000, 256_000, 0.6],
)
saboteur(
    "counts_by_hand",
    fifth_number=lambda: [64, 256_000, 12_288_000, 0.6, 0],
    nearly=lambda: [64, 256_000, 12_288_001, 0.6],
    nearly_error=lambda: [64, 256_000, 12_288_000, 0.6003],
)


# 6.2 split_packed


def cut(x, heads):
    """A right answer to spoil."""
    made = x.reshape(*x.shape[:-1], 3, heads, x.shape[-1] // (3 * heads))  # (T, 3, H, D)
    return tuple(np.swapaxes(made[..., i, :, :], -3, -2) for i in range(3))


def blocks(x):
    return np.split(x, 3, axis=-1)


def by_loops(x, heads):
    T, D = x.shape[-2], x.shape[-1] // 3 // heads
    made = [np.empty((*x.shape[:-2], heads, T, D), x.dtype) for _ in range(3)]
    for i in range(3):
        for h in range(heads):
            start = (i * heads + h) * D
            made[i][..., h, :, :] = x[..., start : start + D]
    return tuple(made)


def by_moveaxis(x, heads):
    return tuple(np.stack(np.split(part, heads, axis=-1), axis=-3) for part in blocks(x))


def by_einsum(x, heads):
    made = x.reshape(*x.shape[:-1], 3, heads, -1) if x.size else x.reshape(*x.shape[:-1], 3, heads, 0)
    return tuple(np.einsum("...tihd->i...htd", made))


right("split_packed", by_loops=by_loops, by_moveaxis=by_moveaxis, by_einsum=by_einsum)


def cut_with(order):
    def spoilt(x, heads):
        made = cut(x, heads)
        return tuple(made[i] for i in order)

    return spoilt


def heads_outside(x, heads):
    """Head by head, each with queries, keys and values."""
    made = x.reshape(*x.shape[:-1], heads, 3, x.shape[-1] // (3 * heads))
    return tuple(np.swapaxes(made[..., i, :], -3, -2) for i in range(3))


def three_inside(x, heads):
    made = x.reshape(*x.shape[:-1], heads, x.shape[-1] // (3 * heads), 3)
    return tuple(np.swapaxes(made[..., i], -3, -2) for i in range(3))


def features_before_heads(x, heads):
    made = x.reshape(*x.shape[:-1], 3, x.shape[-1] // (3 * heads), heads)
    return tuple(np.moveaxis(made[..., i, :, :], -1, -3) for i in range(3))


def no_exchange(x, heads):
    return tuple(p.reshape(*x.shape[:-1], heads, x.shape[-1] // (3 * heads)) for p in blocks(x))


def cut_across_words(x, heads):
    return tuple(p.reshape(*x.shape[:-2], heads, x.shape[-2], -1) for p in blocks(x))
