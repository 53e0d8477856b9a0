"""A fourth set of answers to the exercises of chapter 4; beside a wrong one stands where it is wrong."""

import sys
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial, reduce
from itertools import accumulate

import scipy.linalg
import scipy.ndimage
import scipy.special

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("04")
wrong, right = answers.unlisted, answers.right
wrong_tf, right_tf = partial(wrong, framework="tensorflow"), partial(right, framework="tensorflow")
wrong_pt, right_pt = partial(wrong, framework="pytorch"), partial(right, framework="pytorch")
INF = float("inf")


# padding_by_hand

answers.by_hand(
    "padding_by_hand",
    right={
        "hand_fractions_and_whole": [Fraction(6, 8), Fraction(6, 12), Fraction(4, 12), Fraction(8, 12)],
        "hand_decimals": (Decimal("0.750"), Decimal("0.500"), Decimal("0.333"), Decimal("0.667")),
        "hand_float32": np.array([3 / 4, 1 / 2, 1 / 3, 2 / 3], np.float32),
        "hand_numpy_scalars": [np.float64(0.75), np.float64(0.5), np.float64(1 / 3), np.float64(2 / 3)],
    },
    wrong={
        "hand_batch_first": [1 / 2, 3 / 4, 1 / 3, 2 / 3],
        "hand_shares_of_scores": [np.log(6) / np.log(12), np.log(6) / np.log(12), 0.0, 1.0],
        "hand_second_word": [1 / 4, 1 / 6, 1 / 3, 2 / 3],
        "hand_padding_weighs_nothing": [3 / 4, 3 / 4, 0, 1],
        "hand_one_place_of_padding": [3 / 4, 1 / 2, 1 / 12, 2 / 3],
        "hand_length_of_the_first_weight": [3 / 4, 1 / 2, 1 / 3, 1 / 2],
        "hand_padding_over_words": [3 / 4, 1 / 2, 1 / 2, 2 / 3],
        "hand_length_that_is_lost": [3 / 4, 1 / 2, 1 / 3, 1 / 3],
        "hand_longer_by": [3 / 4, 1 / 2, 1 / 3, 3 / 2],
        "hand_length_squared": [3 / 4, 1 / 2, 1 / 3, 4 / 9],
        "hand_two_places": [0.75, 0.5, 0.33, 0.67],
        "hand_rounded_up": [0.75, 0.5, 0.334, 0.667],
        "hand_six_of_padding": [3 / 4, 6 / 14, 6 / 14, 8 / 14],
        "hand_length_is_the_same": [3 / 4, 1 / 2, 1 / 3, 1.0],
        "hand_per_cent": [75, 50, 33.333, 66.667],
        "hand_five_numbers": [3 / 4, 1 / 2, 1 / 12, 1 / 3, 2 / 3],
        "hand_complex": [0.75, 0.5, 1 / 3, 2 / 3 + 1j],
    },
)


# masked_softmax in NumPy


def weights_of(scores, may, axis, down=0.0):
    """Softmax over what `may` be attended to; `down` keeps sums off 0."""
    top = np.max(scores, axis=axis, keepdims=True, where=may, initial=-np.inf)
    top = np.where(top == -np.inf, 0, top)
    powers = np.where(may, np.exp(np.where(may, scores, top) - top), 0)
    total = powers.sum(axis=axis, keepdims=True) + down
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


def seen(scores, mask):
    return np.broadcast_to(mask, scores.shape) & (scores != -np.inf)


@right("masked_softmax")
def np_in_pieces(scores, mask, axis=-1):
    return weights_of(scores, seen(scores, mask), axis)


@right("masked_softmax")
def np_row_by_row(scores, mask, axis=-1):
    mask = np.moveaxis(np.broadcast_to(mask, scores.shape), axis, -1)
    rows = np.moveaxis(scores, axis, -1)
    weights = np.zeros_like(rows)
    for place in np.ndindex(rows.shape[:-1]):
        takes_part = mask[place] & (rows[place] > -np.inf)
        if takes_part.any():
            weights[(*place, takes_part)] = scipy.special.softmax(rows[place][takes_part])
    return np.moveaxis(weights, -1, axis)


@right("masked_softmax")
def np_nan_is_hidden(scores, mask, axis=-1):
    with np.errstate(all="ignore"):
        scores_of_seen = np.where(mask, scores, -np.inf)
        powers = np.exp(scores_of_seen - scores_of_seen.max(axis=axis, keepdims=True))
        weights = powers / powers.sum(axis=axis, keepdims=True)
        return np.where(np.isnan(weights), 0, weights).astype(scores.dtype)


@right("masked_softmax")
def np_sum_is_one_at_least(scores, mask, axis=-1):
    opened = np.where(np.logical_and(mask, np.isfinite(scores)), scores, -np.inf)
    low = np.finfo(scores.dtype).min
    powers = np.exp(opened - opened.max(axis=axis, keepdims=True, initial=low))
    return (powers / np.maximum(1, powers.sum(axis=axis, keepdims=True))).astype(scores.dtype)


@right("masked_softmax")
def np_by_scipy_with_open_rows(scores, mask, axis=-1):
    may = seen(scores, mask)
    some = may.any(axis=axis, keepdims=True)
    opened = np.where(some, np.where(may, scores, -np.inf), 0).astype(scores.dtype)
    return scipy.special.softmax(opened, axis=axis) * some


@wrong("masked_softmax")
def np_billion_down(scores, mask, axis=-1):
    # a row that sees only scores below −1e9: [[−2e9, 0.0]] with [[True, False]]
    weights = scipy.special.softmax(np.where(seen(scores, mask), scores, -1e9), axis=axis)
    return np.where(seen(scores, mask), weights, 0).astype(scores.dtype)


@wrong("masked_softmax")
def np_ten_thousand_down(scores, mask, axis=-1):
    # [[−100000.0, 5.0]] with [[True, False]]
    weights = scipy.special.softmax(np.where(seen(scores, mask), scores, np.array(-1e4, scores.dtype)), axis=axis)
    return np.where(seen(scores, mask), weights, 0)


@wrong("masked_softmax")
def np_lowest_number(scores, mask, axis=-1):
    # [[lowest number of the type, 0.0]] with [[True, False]]: the hidden one takes half
    may = seen(scores, mask)
    low = np.finfo(scores.dtype).min
    weights = scipy.special.softmax(np.where(may, scores, low), axis=axis)
    return np.where(may, weights, 0).astype(scores.dtype)


@wrong("masked_softmax")
def np_lowest_is_hidden(scores, mask, axis=-1):
    # [[lowest number of the type, −∞]], all may be attended to: [1, 0]
    return weights_of(scores, seen(scores, mask) & (scores > np.finfo(scores.dtype).min), axis)


@wrong("masked_softmax")
def np_very_low_is_hidden(scores, mask, axis=-1):
    # [[−1e31, −1e31]], all may be attended to: a half each
    return weights_of(scores, seen(scores, mask) & (scores > -1e30), axis)


@wrong("masked_softmax")
def np_lower_than_all(scores, mask, axis=-1):
    # scores of −1e12 in float32 beside a hidden one: 1000 less is the same number
    may = seen(scores, mask)
    low = np.min(scores, where=may, initial=0) - np.array(1000, scores.dtype)
    weights = scipy.special.softmax(np.where(may, scores, low), axis=axis)
    return np.where(may, weights, 0).astype(scores.dtype)


@wrong("masked_softmax")
def np_by_logarithm(scores, mask, axis=-1):
    # float32, [[100000.0, 100000.0]]: the logarithm of the sum has no room for 0.69
    may = seen(scores, mask)
    opened = np.where(may, scores, -np.inf).astype(scores.dtype)
    total = np.logaddexp.reduce(opened, axis=axis, keepdims=True)
    total = np.where(total == -np.inf, 0, total).astype(scores.dtype)
    return np.exp(opened - total).astype(scores.dtype)


@wrong("masked_softmax")
def np_powers_of_two(scores, mask, axis=-1):
    # float32, [[100000.0, 100001.0]]: the product rounds before the largest is taken away
    may = seen(scores, mask)
    twos = np.where(may, scores, 0) * np.asarray(np.log2(np.e), scores.dtype)
    top = np.max(twos, axis=axis, keepdims=True, where=may, initial=np.finfo(scores.dtype).min)
    powers = np.where(may, np.exp2(np.where(may, twos, top) - top), 0)
    return (powers / np.maximum(powers.sum(axis=axis, keepdims=True), 1)).astype(scores.dtype)
