"""Answers to the exercises of chapter 06: right ones written otherwise, and wrong ones that are on no list."""

import numpy as np
import torch

from attention.frameworks import tf
from tests.checks.register import Answers

answers = Answers("06")
right, known, wrong, unlisted = answers.right, answers.known, answers.wrong, answers.unlisted

# 6.1 counts_by_hand

answers.by_hand(
    "counts_by_hand",
    wrong={
        "three_numbers": [64, 256_000, 12_288_000],
        "megabytes": [64, 256_000, 12.288, 0.6],
        "without_layers": [64, 256_000, 2_048_000, 0.6],
        "a_head_of_512": [512, 2_048_000, 98_304_000, 0.6],
        "percent": [64, 256_000, 12_288_000, 60],
        "none": [],
        "words": ["64", "256000", "12288000", "0.6"],
        "a_fifth": [64, 256_000, 12_288_000, 0.2],
        "sentences_in_the_second": [64, 1_024_000, 12_288_000, 0.6],
    },
    right={
        "a_tuple": (64, 256_000, 12_288_000, 3 / 5),
        "an_array": np.array([64.0, 256_000, 12_288_000, 0.6]),
        "whole_numbers": [64, 2 * 1000 * 128, 6 * 4 * 512_000, 0.6],
    },
)


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
