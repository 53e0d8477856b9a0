"""Answers to the exercises of chapter 1, invented from the tasks alone.

The docstring of a wrong one says where it differs from the right result; many are a right answer with one flaw.
"""

import functools
import itertools
import math
import warnings
from decimal import Decimal
from fractions import Fraction

import scipy.optimize
import scipy.special

from attention.checks.frameworks import ADAPTERS
from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("01")
wrong, right = answers.unlisted, answers.right


# --- right results, to spoil -----------------------------------------------------------------------------------------


def _sink(scores, axis=-1):
    wide = scores.astype(np.float64)
    largest = np.maximum(wide.max(axis, keepdims=True), 0)
    powers = np.exp(wide - largest)
    return (powers / (np.exp(-largest) + powers.sum(axis, keepdims=True))).astype(scores.dtype)


def _soft_maximum(scores, temperature):
    wide = scores.astype(np.float64)
    largest = wide.max(-1, keepdims=True)
    return largest[..., 0] + temperature * np.log(np.exp((wide - largest) / temperature).sum(-1))


def _counted(scores, counts):
    wide = np.where(counts > 0, scores.astype(np.float64), -np.inf)
    largest = wide.max(-1, keepdims=True)
    powers = np.exp(wide - np.where(largest == -np.inf, 0, largest)) * counts
    total = powers.sum(-1, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


def _backward(log_weights, grad, axis=-1):
    return grad - np.exp(log_weights) * grad.sum(axis, keepdims=True)


def _sparsemax(scores):
    shifted = scores.astype(np.float64) - scores.max(-1, keepdims=True).astype(np.float64)
    falling = -np.sort(-shifted, axis=-1)
    sums = falling.cumsum(-1)
    ranks = np.arange(1, scores.shape[-1] + 1)
    kept = (1 + ranks * falling > sums).sum(-1, keepdims=True)
    threshold = (np.take_along_axis(sums, kept - 1, -1) - 1) / kept
    return np.maximum(shifted - threshold, 0).astype(scores.dtype)


# --- 1.1 weights_by_hand: 1/8, 1/4, 5/8 ------------------------------------------------------------------------------

HAND_WRONG = {
    "in_per_cent": [12.5, 25.0, 62.5],
    "backwards": [0.625, 0.25, 0.125],
    "last_two_swapped": [0.125, 0.625, 0.25],
    "shares_of_the_scores": [0.0, math.log(2) / math.log(10), math.log(5) / math.log(10)],
    "only_the_exponentials": [1, 2, 5],
    "exponential_of_zero_is_zero": [0.0, 2 / 7, 5 / 7],
    "rounded_to_one_place": [0.1, 0.3, 0.6],
    "rounded_to_two_places": [0.13, 0.25, 0.63],
    "cut_to_two_places": [0.12, 0.25, 0.62],
    "one_thousandth_moved": [0.126, 0.25, 0.624],
    "one_digit_wrong": [0.125, 0.25, 0.635],
    "two_numbers": [0.125, 0.25],
    "a_fourth_number": [0.125, 0.25, 0.625, 1.0],
    "base_two": [1 / 4.667, 1.617 / 4.667, 3.051 / 4.667],
    "logarithms": [math.log(1 / 8), math.log(1 / 4), math.log(5 / 8)],
    "one_number_missing": [0.125, 0.25, math.nan],
    "all_the_same": [1 / 3, 1 / 3, 1 / 3],
    "a_sentence": "0.125, 0.25, 0.625",
    "by_score": {0.0: 0.125, math.log(2): 0.25, math.log(5): 0.625},
    "with_an_imaginary_part": [0.125 + 0.1j, 0.25, 0.625],
    "over_ten": [0.1, 0.2, 0.5],
    "negative_temperature": [10 / 17, 5 / 17, 2 / 17],
    "squared": [1 / 30, 4 / 30, 25 / 30],
    "one_number": 0.125,
    "a_function": math.exp,
}
HAND_RIGHT = {
    "fractions": [Fraction(1, 8), Fraction(1, 4), Fraction(5, 8)],
    "decimals_of_the_library": (Decimal("0.125"), Decimal("0.25"), Decimal("0.625")),
    "mixed": [Fraction(1, 8), 0.25, np.float32(0.625)],
    "half_precision": np.array([1, 2, 5], np.float16) / np.float16(8),
    "by_scipy": scipy.special.softmax([0, math.log(2), math.log(5)]),
    "arrays_without_axes": [np.array(0.125), np.array(0.25), np.array(0.625)],
}


answers.by_hand("weights_by_hand", HAND_WRONG, HAND_RIGHT)


# --- 1.2 softmax_with_sink -------------------------------------------------------------------------------------------


@wrong("softmax_with_sink")
def always_the_last_axis(scores, axis=-1):
    """Any other axis."""
    return _sink(scores)


@wrong("softmax_with_sink")
def largest_without_the_sink(scores, axis=-1):
    """A row of −∞ gives NaN."""
    largest = scores.max(axis, keepdims=True)
    powers = np.exp(scores - largest)
    return powers / (np.exp(-largest) + powers.sum(axis, keepdims=True))


@wrong("softmax_with_sink")
def largest_of_the_finite(scores, axis=-1):
    """float16 scores that are all near −12: exp(12) overflows, and 6e-6 becomes 0."""
    largest = scores.max(axis, keepdims=True)
    largest = np.where(largest == -np.inf, 0, largest).astype(scores.dtype)
    powers = np.exp(scores - largest)
    return powers / (np.exp(-largest) + powers.sum(axis, keepdims=True))


@wrong("softmax_with_sink")
def clipped_scores(scores, axis=-1):
    """10000 and 9999 become equal."""
    powers = np.exp(np.clip(scores.astype(np.float64), -700, 700))
    return (powers / (1 + powers.sum(axis, keepdims=True))).astype(scores.dtype)


@wrong("softmax_with_sink")
def clipped_shifted_scores(scores, axis=-1):
    """−∞ gets exp(−20)."""
    largest = np.maximum(scores.max(axis, keepdims=True), 0)
    powers = np.exp(np.clip(scores - largest, -20, 0))
    return powers / (np.exp(-largest) + powers.sum(axis, keepdims=True))


@wrong("softmax_with_sink")
def naive_and_repaired(scores, axis=-1):
    """∞ / ∞ made 0 where the weight is 1."""
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        return np.nan_to_num(powers / (1 + powers.sum(axis, keepdims=True)), nan=0.0)


@wrong("softmax_with_sink")
def naive_and_repaired_with_ones(scores, axis=-1):
    """Two equal scores of 10000 get 1 each."""
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        return np.nan_to_num(powers / (1 + powers.sum(axis, keepdims=True)), nan=1.0)


@wrong("softmax_with_sink")
def zero_joined_first_and_last_dropped(scores, axis=-1):
    """The weights are one place too late."""
    zero = np.zeros_like(np.take(scores, [0], axis))
    joined = np.concatenate([zero, scores], axis)
    return np.take(scipy.special.softmax(joined, axis), range(scores.shape[axis]), axis)


@wrong("softmax_with_sink")
def last_dropped_on_the_last_axis(scores, axis=-1):
    """Another axis than the last."""
    joined = np.concatenate([scores, np.zeros_like(np.take(scores, [0], axis))], axis)
    weights = scipy.special.softmax(joined.astype(np.float64), axis)
    return weights[..., :-1].astype(scores.dtype)


@wrong("softmax_with_sink")
def in_double_precision(scores, axis=-1):
    """float16 and float32 come back as float64."""
    return _sink(scores.astype(np.float64), axis)


@wrong("softmax_with_sink")
def a_tiny_sink(scores, axis=-1):
    """Everywhere."""
    largest = np.maximum(scores.max(axis, keepdims=True), 0)
    powers = np.exp(scores - largest)
    return powers / (1e-9 + powers.sum(axis, keepdims=True))


@wrong("softmax_with_sink")
def each_for_itself(scores, axis=-1):
    """More than one score."""
    return scipy.special.expit(scores)


@wrong("softmax_with_sink")
def sink_as_large_as_the_largest(scores, axis=-1):
    """Wherever the largest score is not 0."""
    largest = scores.max(axis, keepdims=True)
    powers = np.exp(scores - np.where(largest == -np.inf, 0, largest).astype(scores.dtype))
    return powers / (1 + powers.sum(axis, keepdims=True))


@wrong("softmax_with_sink")
def subtracts_in_place(scores, axis=-1):
    """The argument is changed."""
    result = _sink(scores, axis)
    scores -= np.maximum(scores.max(axis, keepdims=True), 0)
    return result


@wrong("softmax_with_sink")
def single_inside(scores, axis=-1):
    """float64: seven places."""
    return _sink(scores.astype(np.float32), axis).astype(scores.dtype)


@wrong("softmax_with_sink")
def half_inside(scores, axis=-1):
    """float32 and float64: three places."""
    return _sink(scores.astype(np.float16), axis).astype(scores.dtype)


@wrong("softmax_with_sink")
def no_row_may_be_empty(scores, axis=-1):
    """A row of −∞ gets equal weights."""
    empty = (scores == -np.inf).all(axis, keepdims=True)
    return np.where(empty, scores.dtype.type(1 / (1 + scores.shape[axis])), _sink(scores, axis))


@wrong("softmax_with_sink")
def minus_twenty_for_minus_infinity(scores, axis=-1):
    """−∞ beside small scores gets 2e-9."""
    return _sink(np.where(scores == -np.inf, -20, scores).astype(scores.dtype), axis)


@wrong("softmax_with_sink")
def axis_put_back_as_the_last(scores, axis=-1):
    """Another axis than the last of an array with unlike sizes, or like ones."""
    return _sink(np.moveaxis(scores, axis, -1))


@wrong("softmax_with_sink")
def absolute_axis(scores, axis=-1):
    """axis −2 of three axes: |−2| is the last, not the middle."""
    return _sink(scores, axis if axis == -1 or scores.ndim <= abs(axis) else abs(axis))


@wrong("softmax_with_sink")
def keepdims_forgotten_but_on_the_last(scores, axis=-1):
    """axis 0 of a square array: rows are compared with columns."""
    if axis in (-1, scores.ndim - 1):
        return _sink(scores, axis)
    wide = scores.astype(np.float64)
    largest = np.maximum(wide.max(axis), 0)
    powers = np.exp(wide - largest[..., None])
    return (powers / (np.exp(-largest[..., None]) + powers.sum(axis)[..., None])).astype(scores.dtype)


@wrong("softmax_with_sink")
def remembers_by_shape(scores, axis=-1, seen={}):  # noqa: B006
    """A second array of the same shape."""
    key = (scores.shape, scores.dtype, axis)
    if key not in seen:
        seen[key] = _sink(scores, axis)
    return seen[key].copy()


@wrong("softmax_with_sink")
def one_buffer_for_all(scores, axis=-1, buffers={}):  # noqa: B006
    """The first result is overwritten by the second."""
    out = buffers.setdefault((scores.shape, scores.dtype), np.empty_like(scores))
    out[...] = _sink(scores, axis)
    return out


@wrong("softmax_with_sink")
def rounded_to_six_places(scores, axis=-1):
    """float64."""
    return _sink(scores, axis).round(6)


@wrong("softmax_with_sink")
def small_weights_are_none(scores, axis=-1):
    """A score of −20 gets 0 instead of 2e-9."""
    weights = _sink(scores, axis)
    return np.where(weights < 1e-8, 0, weights).astype(scores.dtype)


@wrong("softmax_with_sink")
def made_to_sum_to_one(scores, axis=-1):
    """Everywhere."""
    weights = _sink(scores, axis)
    total = weights.sum(axis, keepdims=True)
    return (weights / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("softmax_with_sink")
def logarithm_in_the_own_type(scores, axis=-1):
    """Two float16 scores of 10000: log 2 is lost, both weights are 1."""
    total = np.logaddexp(np.logaddexp.reduce(scores, axis=axis, keepdims=True), scores.dtype.type(0))
    return np.exp(scores - total)


@wrong("softmax_with_sink")
def without_axes_of_one(scores, axis=-1):
    """An axis of size 1 disappears."""
    return np.squeeze(_sink(scores, axis))


@wrong("softmax_with_sink")
def a_single_score_gets_all(scores, axis=-1):
    """An axis of size 1."""
    return np.ones_like(scores) if scores.shape[axis] == 1 else _sink(scores, axis)


@wrong("softmax_with_sink")
def one_largest_for_all_rows(scores, axis=-1):
    """A row near 0 beside a row near 10000: all its weights become 0."""
    wide = scores.astype(np.float64)
    largest = max(wide.max(), 0)
    powers = np.exp(wide - largest)
    total = np.exp(-largest) + powers.sum(axis, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("softmax_with_sink")
def half_is_not_shifted(scores, axis=-1):
    """float16 scores above 11."""
    if scores.dtype != np.float16:
        return _sink(scores, axis)
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        return powers / (1 + powers.sum(axis, keepdims=True))


@wrong("softmax_with_sink")
def single_is_not_shifted(scores, axis=-1):
    """float32 scores above 88."""
    if scores.dtype != np.float32:
        return _sink(scores, axis)
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        return powers / (1 + powers.sum(axis, keepdims=True))


@wrong("softmax_with_sink")
def the_first_thirty_two_rows(scores, axis=-1):
    """More than 32 rows: the others stay 0."""
    last = np.moveaxis(scores, axis, -1)
    rows = last.reshape(-1, last.shape[-1])
    out = np.zeros_like(rows)
    out[:32] = _sink(rows[:32])
    return np.moveaxis(out.reshape(last.shape), -1, axis)


@wrong("softmax_with_sink")
def positive_axes_are_one_off(scores, axis=-1):
    """axis 0 of several is taken for 1."""
    return _sink(scores, axis if axis < 0 else min(axis + 1, scores.ndim - 1))


@wrong("softmax_with_sink")
def in_the_order_of_memory(scores, axis=-1):
    """A transposed view of an array."""
    flat = scores.ravel(order="K").reshape(scores.shape)
    return _sink(flat, axis)


@wrong("softmax_with_sink")
def every_fourth_call(scores, axis=-1, calls=itertools.count(1)):  # noqa: B008
    """The fourth call, and the eighth …"""
    return _sink(scores, axis) * scores.dtype.type(0.5 if next(calls) % 4 == 0 else 1)


@wrong("softmax_with_sink")
def a_sink_for_each_key(scores, axis=-1):
    """More than one score."""
    largest = np.maximum(scores.max(axis, keepdims=True), 0).astype(np.float64)
    powers = np.exp(scores - largest)
    return (powers / (scores.shape[axis] * np.exp(-largest) + powers.sum(axis, keepdims=True))).astype(scores.dtype)


@wrong("softmax_with_sink")
def the_sink_among_the_weights(scores, axis=-1):
    """One weight too many."""
    joined = np.concatenate([scores, np.zeros_like(np.take(scores, [0], axis))], axis)
    return scipy.special.softmax(joined, axis)


@wrong("softmax_with_sink")
def cut_at_one_half_of_a_tie(scores, axis=-1):
    """Of equal largest scores the first gets all."""
    weights = _sink(scores, axis)
    largest = scores.max(axis, keepdims=True)
    first = np.cumsum(scores == largest, axis) == 1
    tied = (scores == largest) & (largest > -np.inf)
    total = np.where(tied, weights, 0).sum(axis, keepdims=True)
    return np.where(tied, np.where(first, total, 0), weights).astype(scores.dtype)


@right("softmax_with_sink")
def by_logaddexp_in_longdouble(scores, axis=-1):
    wide = scores.astype(np.longdouble)
    total = np.logaddexp(np.logaddexp.reduce(wide, axis=axis, keepdims=True), 0)
    return np.exp(wide - total).astype(scores.dtype)


@right("softmax_with_sink")
def joined_with_a_zero(scores, axis=-1):
    wide = np.moveaxis(scores, axis, -1).astype(np.float64)
    joined = np.concatenate([np.zeros((*wide.shape[:-1], 1)), wide], -1)
    return np.moveaxis(scipy.special.softmax(joined, -1)[..., 1:], -1, axis).astype(scores.dtype)


@right("softmax_with_sink")
def padded(scores, axis=-1):
    width = [(0, 0)] * scores.ndim
    width[axis] = (0, 1)
    wide = np.pad(scores.astype(np.float64), width)
    return np.take(scipy.special.softmax(wide, axis), range(scores.shape[axis]), axis).astype(scores.dtype)


@right("softmax_with_sink")
def row_by_row(scores, axis=-1):
    def row(values):
        numbers = [float(v) for v in values]
        top = max(0.0, *numbers) if len(numbers) > 1 else max(0.0, numbers[0])
        total = math.exp(-top) + math.fsum(math.exp(v - top) for v in numbers)
        return np.array([math.exp(v - top) / total for v in numbers])

    return np.apply_along_axis(row, axis, scores).astype(scores.dtype)


@right("softmax_with_sink")
def by_the_sigmoid_of_a_difference(scores, axis=-1):
    """The softmax of the scores, times the weight that all have together."""
    wide = np.nan_to_num(scores.astype(np.float64))
    total = scipy.special.logsumexp(wide, axis, keepdims=True)
    return (scipy.special.softmax(wide, axis) * scipy.special.expit(total)).astype(scores.dtype)


@right("softmax_with_sink")
def shifted_in_the_own_type(scores, axis=-1):
    top = scores.max(axis=axis, keepdims=True, initial=0)
    powers = np.exp(scores - top)
    return np.divide(powers, powers.sum(axis=axis, keepdims=True) + np.exp(-top))


# --- 1.3 soft_maximum ------------------------------------------------------------------------------------------------


@wrong("soft_maximum")
def as_it_was(scores, temperature):
    """Large scores, and very small ones."""
    with np.errstate(all="ignore"):
        return temperature * np.log(np.exp(scores / temperature).sum(axis=-1))


@wrong("soft_maximum")
def largest_times_temperature(scores, temperature):
    """Any temperature but 1."""
    largest = scores.max(-1, keepdims=True)
    return temperature * (largest[..., 0] + np.log(np.exp((scores - largest) / temperature).sum(-1)))


@wrong("soft_maximum")
def logarithm_without_temperature(scores, temperature):
    """Any temperature but 1."""
    largest = scores.max(-1, keepdims=True)
    return largest[..., 0] + np.log(np.exp((scores - largest) / temperature).sum(-1))


@wrong("soft_maximum")
def the_hard_maximum(scores, temperature):
    """Everywhere."""
    return scores.max(-1)


@wrong("soft_maximum")
def axis_kept(scores, temperature):
    """The shape (…, 1)."""
    return _soft_maximum(scores, temperature)[..., None]


@wrong("soft_maximum")
def largest_of_all_rows(scores, temperature):
    """A row far below another."""
    largest = scores.max()
    with np.errstate(divide="ignore"):
        return largest + temperature * np.log(np.exp((scores - largest) / temperature).sum(-1))


@wrong("soft_maximum")
def minus_ten_thousand_for_minus_infinity(scores, temperature):
    """−∞ beside −20000."""
    return _soft_maximum(np.maximum(scores, -1e4), temperature)


@wrong("soft_maximum")
def minus_a_hundred_for_minus_infinity(scores, temperature):
    """−∞ beside −100, or at a temperature of 20."""
    return _soft_maximum(np.nan_to_num(scores, neginf=-100), temperature)


@wrong("soft_maximum")
def clipped_powers(scores, temperature):
    """Scores of 1000 at 1."""
    return temperature * np.log(np.exp(np.clip(scores.astype(np.float64) / temperature, -700, 700)).sum(-1))


@wrong("soft_maximum")
def small_number_in_the_logarithm(scores, temperature):
    """Everywhere by 1e-8 τ."""
    largest = scores.max(-1, keepdims=True)
    return largest[..., 0] + temperature * np.log(np.exp((scores - largest) / temperature).sum(-1) + 1e-8)


@wrong("soft_maximum")
def small_number_for_large_rows(scores, temperature):
    """Very small scores: log(1e-300) is no answer."""
    wide = scores.astype(np.float64) / temperature
    top = np.maximum(wide.max(-1, keepdims=True), 0)
    return temperature * (top[..., 0] + np.log(np.exp(wide - top).sum(-1) + 1e-300))


@wrong("soft_maximum")
def one_beside_the_sum(scores, temperature):
    """Everywhere."""
    largest = scores.max(-1, keepdims=True)
    return largest[..., 0] + temperature * np.log1p(np.exp((scores - largest) / temperature).sum(-1))


@wrong("soft_maximum")
def no_colder_than_a_hundredth(scores, temperature):
    """A temperature of 0.001 with tied or near scores."""
    return _soft_maximum(scores, max(temperature, 0.01))


@wrong("soft_maximum")
def no_hotter_than_ten(scores, temperature):
    """A temperature of 50."""
    return _soft_maximum(scores, min(temperature, 10.0))


@wrong("soft_maximum")
def temperature_never_zero(scores, temperature):
    """Everywhere by about 1e-6."""
    return _soft_maximum(scores, temperature + 1e-6)


@wrong("soft_maximum")
def mean_of_the_exponentials(scores, temperature):
    """More than one score."""
    return _soft_maximum(scores, temperature) - temperature * np.log(scores.shape[-1])


@wrong("soft_maximum")
def mean_of_the_scores_that_are_there(scores, temperature):
    """The average by the weights lacks the entropy."""
    weights = scipy.special.softmax(scores / temperature, -1)
    return (weights * np.where(scores == -np.inf, 0, scores)).sum(-1)


@wrong("soft_maximum")
def along_the_first_axis(scores, temperature):
    """More than one axis."""
    return np.moveaxis(_soft_maximum(np.moveaxis(scores, 0, -1), temperature), 0, -1)


@wrong("soft_maximum")
def along_axis_one(scores, temperature):
    """Three axes."""
    axis = min(1, scores.ndim - 1)
    return _soft_maximum(np.moveaxis(scores, axis, -1), temperature)


@wrong("soft_maximum")
def square_only(scores, temperature):
    """Rows and columns mixed up when the largest is taken away: far scores, and other shapes."""
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1]:
        return _soft_maximum(scores, temperature)
    with np.errstate(all="ignore"):
        largest = scores.max(-1)
        return largest + temperature * np.log(np.exp((scores - largest) / temperature).sum(-1))


@wrong("soft_maximum")
def in_single_precision(scores, temperature):
    """float64: narrower, and seven places."""
    return _soft_maximum(scores.astype(np.float32), temperature).astype(np.float32)


@wrong("soft_maximum")
def by_way_of_single_precision(scores, temperature):
    """float64: seven places."""
    return _soft_maximum(scores.astype(np.float32), temperature).astype(np.float64)


@wrong("soft_maximum")
def divided_in_place(scores, temperature):
    """The argument is changed."""
    result = _soft_maximum(scores, temperature)
    scores /= temperature
    return result


@wrong("soft_maximum")
def axes_of_one_dropped(scores, temperature):
    """A leading axis of size 1."""
    return np.squeeze(_soft_maximum(scores, temperature))


@wrong("soft_maximum")
def never_without_axes(scores, temperature):
    """One row: (1,) instead of ()."""
    return np.atleast_1d(_soft_maximum(scores, temperature))


@wrong("soft_maximum")
def largest_counted_once(scores, temperature):
    """Two equal largest scores."""
    largest = scores.max(-1, keepdims=True)
    others = np.where(scores == largest, 0, np.exp((scores - largest) / temperature)).sum(-1)
    return largest[..., 0] + temperature * np.log1p(others)


@wrong("soft_maximum")
def shifted_by_the_mean(scores, temperature):
    """−∞, or scores far apart."""
    with np.errstate(all="ignore"):
        mean = scores.mean(-1, keepdims=True)
        return mean[..., 0] + temperature * np.log(np.exp((scores - mean) / temperature).sum(-1))


@wrong("soft_maximum")
def shifted_by_the_first(scores, temperature):
    """A first score of −∞, or far below the largest."""
    with np.errstate(all="ignore"):
        first = scores[..., :1]
        return first[..., 0] + temperature * np.log(np.exp((scores - first) / temperature).sum(-1))


@wrong("soft_maximum")
def infinity_repaired_with_the_largest(scores, temperature):
    """Two scores of 1000: log 2 is lost."""
    with np.errstate(all="ignore"):
        result = temperature * np.log(np.exp(scores / temperature).sum(-1))
    return np.where(np.isfinite(result), result, scores.max(-1))


@wrong("soft_maximum")
def only_overflow_mended(scores, temperature):
    """Scores of −1000 at 1: the sum is 0."""
    with np.errstate(all="ignore"):
        wide = scores.astype(np.float64)
        top = np.maximum(wide.max(-1, keepdims=True), 0)
        return top[..., 0] + temperature * np.log(np.exp((wide - top) / temperature).sum(-1))


@wrong("soft_maximum")
def whole_division(scores, temperature):
    """Everywhere but for whole multiples."""
    largest = scores.max(-1, keepdims=True)
    return largest[..., 0] + temperature * np.log(np.exp((scores - largest) // temperature).sum(-1))


@wrong("soft_maximum")
def bounded_by_the_logarithm(scores, temperature):
    """Above a temperature of 1: the bound is τ log S."""
    return np.minimum(_soft_maximum(scores, temperature), scores.max(-1) + np.log(scores.shape[-1]))


@wrong("soft_maximum")
def eight_scores_at_most(scores, temperature):
    """More than eight scores of which the ninth counts."""
    return _soft_maximum(scores[..., :8], temperature)


@wrong("soft_maximum")
def first_temperature_for_ever(scores, temperature, seen=[]):  # noqa: B006
    """A second temperature."""
    seen.append(temperature)
    return _soft_maximum(scores, seen[0])


@wrong("soft_maximum")
def rows_in_a_list(scores, temperature):
    """More than two axes: the result is flat."""
    if scores.ndim == 1:
        return _soft_maximum(scores, temperature)
    return np.array([_soft_maximum(row, temperature) for row in scores.reshape(-1, scores.shape[-1])])


@wrong("soft_maximum")
def a_little_too_warm(scores, temperature):
    """Everywhere, in the sixth place."""
    return _soft_maximum(scores, temperature * (1 + 1e-5))


@wrong("soft_maximum")
def minus_infinity_counts_as_zero(scores, temperature):
    """−∞ beside scores that are not far above 0."""
    return _soft_maximum(np.where(np.isinf(scores), 0, scores), temperature)


@right("soft_maximum")
def divided_before_it_is_shifted(scores, temperature):
    """In the type of the scores, where a score over the temperature may not overflow."""
    divided = scores / scores.dtype.type(temperature)
    largest = divided.max(-1, keepdims=True)
    return temperature * (largest[..., 0] + np.log(np.exp(divided - largest).sum(-1)))


@right("soft_maximum")
def by_scipy_in_double(scores, temperature):
    return temperature * scipy.special.logsumexp(scores.astype(np.float64) / temperature, axis=-1)


@right("soft_maximum")
def by_repeated_logaddexp(scores, temperature):
    columns = np.moveaxis(scores.astype(np.longdouble), -1, 0) / temperature
    return (temperature * functools.reduce(np.logaddexp, columns)).astype(np.float64)


@right("soft_maximum")
def a_number_for_one_row(scores, temperature):
    if scores.ndim > 1:
        return np.stack([np.asarray(a_number_for_one_row(part, temperature)) for part in scores])
    numbers = [float(s) for s in scores]
    top = max(numbers)
    return top + float(temperature) * math.log(math.fsum(math.exp((s - top) / float(temperature)) for s in numbers))


@right("soft_maximum")
def logarithm_of_one_plus_the_others(scores, temperature):
    falling = np.sort(scores.astype(np.float64), -1)[..., ::-1]
    rest = np.exp((falling[..., 1:] - falling[..., :1]) / temperature).sum(-1)
    return falling[..., 0] + temperature * np.log1p(rest)


@right("soft_maximum")
def value_minus_entropy(scores, temperature):
    """F at its largest: Σ p s + τ H(p), measured from the largest score."""
    wide = scores.astype(np.longdouble)
    top = wide.max(-1, keepdims=True)
    p = np.exp((wide - top) / temperature)
    p = p / p.sum(-1, keepdims=True)
    value = np.where(p > 0, p * np.where(p > 0, wide - top, 0), 0).sum(-1)
    return (top[..., 0] + value + temperature * scipy.special.entr(p.astype(np.float64)).sum(-1)).astype(np.float64)


# --- 1.4 softmax_with_counts -----------------------------------------------------------------------------------------


@wrong("softmax_with_counts")
def scores_times_counts(scores, counts):
    """Everywhere."""
    return scipy.special.softmax(np.where(counts > 0, scores * counts, -np.inf), -1).astype(scores.dtype)


@wrong("softmax_with_counts")
def not_normalised_again(scores, counts):
    """Counts other than 1."""
    return (_counted(scores, np.ones_like(counts)) * counts).astype(scores.dtype)


@wrong("softmax_with_counts")
def there_or_not(scores, counts):
    """Counts of 2."""
    return _counted(scores, (counts > 0).astype(counts.dtype))


@wrong("softmax_with_counts")
def largest_of_those_not_there(scores, counts):
    """A score of 10000 that is there 0 times."""
    with np.errstate(all="ignore"):
        wide = scores.astype(np.float64)
        top = wide.max(-1, keepdims=True)
        powers = np.exp(wide - np.where(top == -np.inf, 0, top)) * counts
        total = powers.sum(-1, keepdims=True)
        return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_as_logarithms_in_the_own_type(scores, counts):
    """float16 scores of 10000: log 3 is lost."""
    with np.errstate(all="ignore"):
        joint = scores + np.log(counts).astype(scores.dtype)
        top = joint.max(-1, keepdims=True)
        powers = np.exp(joint - np.where(top == -np.inf, 0, top).astype(scores.dtype))
        total = powers.sum(-1, keepdims=True)
        return np.where(total == 0, 0, powers / total).astype(scores.dtype)


@wrong("softmax_with_counts")
def equal_weights_if_empty(scores, counts):
    """An empty row."""
    nothing = ((counts == 0) | (scores == -np.inf)).all(-1, keepdims=True)
    return np.where(nothing, scores.dtype.type(1 / scores.shape[-1]), _counted(scores, counts))


@wrong("softmax_with_counts")
def first_key_if_empty(scores, counts):
    """An empty row."""
    nothing = ((counts == 0) | (scores == -np.inf)).all(-1, keepdims=True)
    first = (np.arange(scores.shape[-1]) == 0).astype(scores.dtype)
    return np.where(nothing, first, _counted(scores, counts))


@wrong("softmax_with_counts")
def empty_rows_by_counts_alone(scores, counts):
    """The keys that are there have −∞."""
    with np.errstate(all="ignore"):
        nothing = (counts == 0).all(-1, keepdims=True)
        wide = np.where(counts > 0, scores.astype(np.float64), -np.inf)
        powers = np.exp(wide - np.where(nothing, 0, wide.max(-1, keepdims=True))) * counts
        return np.where(nothing, 0, powers / powers.sum(-1, keepdims=True)).astype(scores.dtype)


@wrong("softmax_with_counts")
def empty_rows_by_scores_alone(scores, counts):
    """A row with no counts."""
    with np.errstate(all="ignore"):
        nothing = (scores == -np.inf).all(-1, keepdims=True)
        wide = np.where(counts > 0, scores.astype(np.float64), -np.inf)
        powers = np.exp(wide - np.where(nothing, 0, wide.max(-1, keepdims=True))) * counts
        return np.where(nothing, 0, powers / powers.sum(-1, keepdims=True)).astype(scores.dtype)


@wrong("softmax_with_counts")
def empty_only_if_all_rows_are(scores, counts):
    """One empty row of several."""
    with np.errstate(all="ignore"):
        there = (counts > 0) & (scores > -np.inf)
        if not there.any():
            return np.zeros_like(scores)
        wide = np.where(there, scores.astype(np.float64), -np.inf)
        powers = np.exp(wide - wide.max(-1, keepdims=True)) * counts
        return (powers / powers.sum(-1, keepdims=True)).astype(scores.dtype)


@wrong("softmax_with_counts")
def small_number_below(scores, counts):
    """Everywhere by 1e-8."""
    wide = np.where(counts > 0, scores.astype(np.float64), -np.inf)
    top = wide.max(-1, keepdims=True)
    powers = np.exp(wide - np.where(top == -np.inf, 0, top)) * counts
    return (powers / (powers.sum(-1, keepdims=True) + 1e-8)).astype(scores.dtype)


@wrong("softmax_with_counts")
def type_of_the_counts(scores, counts):
    """float32 and float16 become float64."""
    return _counted(scores.astype(np.float64), counts)


@wrong("softmax_with_counts")
def counts_in_a_byte(scores, counts):
    """A count of 300 becomes 44."""
    return _counted(scores, counts.astype(np.uint8))


@wrong("softmax_with_counts")
def counts_up_to_ten(scores, counts):
    """A count of 11."""
    return _counted(scores, np.minimum(counts, 10))


@wrong("softmax_with_counts")
def counts_in_half_precision(scores, counts):
    """A count of 2049 becomes 2048; 70000 becomes ∞."""
    with np.errstate(all="ignore"):
        return _counted(scores, counts.astype(np.float16).astype(np.float64))


@wrong("softmax_with_counts")
def counts_of_the_first_row(scores, counts):
    """Rows with other counts."""
    return _counted(scores, np.broadcast_to(counts.reshape(-1, counts.shape[-1])[0], counts.shape))


@wrong("softmax_with_counts")
def more_than_once(scores, counts):
    """A count of 1 is not there."""
    return _counted(scores, np.where(counts > 1, counts, 0))


@wrong("softmax_with_counts")
def zero_for_those_not_there(scores, counts):
    """Scores of −10000 beside one that is not there."""
    top = np.where(counts > 0, scores, 0).max(-1, keepdims=True).astype(np.float64)
    powers = np.exp(scores - np.where(top == -np.inf, 0, top), where=counts > 0, out=np.zeros(scores.shape)) * counts
    total = powers.sum(-1, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("softmax_with_counts")
def minus_a_thousand_for_those_not_there(scores, counts):
    """Scores of −10000 beside one that is not there."""
    there = (counts > 0) & (scores > -np.inf)
    wide = np.where(there, scores.astype(np.float64), -1000)
    powers = np.where(there, np.exp(wide - wide.max(-1, keepdims=True)) * counts, 0)
    total = powers.sum(-1, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("softmax_with_counts")
def scores_overwritten(scores, counts):
    """The argument is changed."""
    scores[counts == 0] = -np.inf
    return _counted(scores, counts)


@wrong("softmax_with_counts")
def counts_overwritten(scores, counts):
    """The argument is changed where a score is −∞."""
    counts[scores == -np.inf] = 0
    return _counted(scores, counts)


@wrong("softmax_with_counts")
def one_largest_for_the_array(scores, counts):
    """Rows far apart."""
    wide = np.where(counts > 0, scores.astype(np.float64), -np.inf)
    top = wide.max()
    powers = np.exp(wide - (0 if top == -np.inf else top)) * counts
    total = powers.sum(-1, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("softmax_with_counts")
def naive_and_without_nan(scores, counts):
    """Scores of 10000."""
    with np.errstate(all="ignore"):
        powers = counts * np.exp(scores)
        return np.nan_to_num(powers / powers.sum(-1, keepdims=True)).astype(scores.dtype)


@wrong("softmax_with_counts")
def weight_of_one_copy(scores, counts):
    """Counts of 2."""
    weights = _counted(scores, counts)
    return (weights / np.where(counts == 0, 1, counts)).astype(scores.dtype)


@wrong("softmax_with_counts")
def trace_for_those_not_there(scores, counts):
    """A weight of 1e-12 instead of 0."""
    return np.maximum(_counted(scores, counts), 1e-12).astype(scores.dtype)


@wrong("softmax_with_counts")
def by_way_of_float32(scores, counts):
    """float64: seven places."""
    return _counted(scores.astype(np.float32), counts).astype(scores.dtype)


@wrong("softmax_with_counts")
def down_to_minus_thirty(scores, counts):
    """−∞ gets 1e-13."""
    wide = np.where(counts > 0, scores.astype(np.float64), -np.inf)
    top = wide.max(-1, keepdims=True)
    powers = np.exp(np.clip(wide - np.where(top == -np.inf, 0, top), -30, None)) * counts
    total = powers.sum(-1, keepdims=True)
    nothing = top == -np.inf
    return np.where(nothing, 0, powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("softmax_with_counts")
def squared_counts(scores, counts):
    """Counts of 2."""
    return _counted(scores, counts * counts)


@wrong("softmax_with_counts")
def one_more_of_each(scores, counts):
    """Everywhere but for equal counts."""
    return np.where(counts > 0, _counted(scores, counts + 1), 0).astype(scores.dtype)


@wrong("softmax_with_counts")
def along_the_keys_of_all_rows(scores, counts):
    """More than one row."""
    return _counted(scores.reshape(-1), counts.reshape(-1)).reshape(scores.shape)


@wrong("softmax_with_counts")
def one_key_has_all(scores, counts):
    """A single key that is not there."""
    return np.ones_like(scores) if scores.shape[-1] == 1 else _counted(scores, counts)


@wrong("softmax_with_counts")
def two_axes_right(scores, counts):
    """Three axes: the sum runs along the middle one."""
    if scores.ndim < 3:
        return _counted(scores, counts)
    return _counted(scores.swapaxes(-1, -2), counts.swapaxes(-1, -2)).swapaxes(-1, -2)


@wrong("softmax_with_counts")
def only_twelve_keys(scores, counts):
    """A thirteenth key."""
    return _counted(scores, np.where(np.arange(scores.shape[-1]) < 12, counts, 0))


@wrong("softmax_with_counts")
def half_precision_sums(scores, counts):
    """float64 and float32: the total has three places."""
    with np.errstate(all="ignore"):
        wide = np.where(counts > 0, scores.astype(np.float64), -np.inf)
        top = wide.max(-1, keepdims=True)
        powers = np.exp(wide - np.where(top == -np.inf, 0, top)) * counts
        total = powers.sum(-1, keepdims=True, dtype=np.float16).astype(np.float64)
        return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("softmax_with_counts")
def last_key_always_there(scores, counts):
    """A last key with the count 0."""
    counts = counts.copy()
    counts[..., -1] = np.maximum(counts[..., -1], 1)
    return _counted(scores, counts)


@right("softmax_with_counts")
def counts_as_logarithms(scores, counts):
    with np.errstate(divide="ignore"):
        joint = scores.astype(np.longdouble) + np.log(counts.astype(np.longdouble))
    top = joint.max(-1, keepdims=True)
    powers = np.exp(joint - np.where(np.isneginf(top), 0, top))
    return (powers / np.maximum(powers.sum(-1, keepdims=True), np.finfo(np.longdouble).tiny)).astype(scores.dtype)


@right("softmax_with_counts")
def scipy_with_factors(scores, counts):
    flat_scores, flat_counts = scores.reshape(-1, scores.shape[-1]), counts.reshape(-1, scores.shape[-1])
    rows = []
    for s, a in zip(flat_scores.astype(float), flat_counts, strict=True):
        there = (a > 0) & np.isfinite(s)
        row = np.zeros(len(s))
        if there.any():
            row[there] = np.exp(s[there] + np.log(a[there]) - scipy.special.logsumexp(s[there], b=a[there]))
        rows.append(row)
    return np.array(rows).reshape(scores.shape).astype(scores.dtype)


@right("softmax_with_counts")
def masked_arrays(scores, counts):
    wide = np.ma.masked_where((counts == 0) | np.isneginf(scores), scores.astype(np.float64))
    powers = np.ma.exp(wide - wide.max(-1, keepdims=True)) * counts
    return np.ma.filled(powers / powers.sum(-1, keepdims=True), 0).astype(scores.dtype)


@right("softmax_with_counts")
def numbers_one_by_one(scores, counts):
    out = np.zeros(scores.shape, scores.dtype)
    for place in np.ndindex(*scores.shape[:-1]):
        pairs = [(float(s), int(a)) for s, a in zip(scores[place], counts[place], strict=True)]
        there = [s for s, a in pairs if a and s > -math.inf]
        if there:
            top = max(there)
            powers = [a * math.exp(s - top) if a else 0.0 for s, a in pairs]
            out[place] = [power / sum(powers) for power in powers]
    return out


@right("softmax_with_counts")
def einsum_over_keys(scores, counts):
    there = np.logical_and(counts, scores != -np.inf)
    wide = np.where(there, scores, -np.inf).astype(np.float64)
    top = np.max(wide, axis=-1, keepdims=True, where=there, initial=-1e300)
    powers = np.where(there, np.exp(np.where(there, wide - top, 0)), 0)
    total = np.einsum("...s,...s->...", powers, counts)
    return np.divide(powers * counts, total[..., None], out=np.zeros(scores.shape), where=total[..., None] > 0).astype(
        scores.dtype
    )


# --- 1.5 log_softmax_backward ----------------------------------------------------------------------------------------


@wrong("log_softmax_backward")
def last_axis_always(log_weights, grad_log_weights, axis=-1):
    """Any other axis."""
    return _backward(log_weights, grad_log_weights)


@wrong("log_softmax_backward")
def sum_without_its_axis(log_weights, grad_log_weights, axis=-1):
    """More than one axis (one that is square, or of size 1)."""
    return grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis)


@wrong("log_softmax_backward")
def that_of_softmax(log_weights, grad_log_weights, axis=-1):
    """Everywhere."""
    p = np.exp(log_weights)
    return p * (grad_log_weights - (p * grad_log_weights).sum(axis, keepdims=True))


@wrong("log_softmax_backward")
def transposed_jacobian(log_weights, grad_log_weights, axis=-1):
    """Everywhere: Σ_j p_j g_j is not p_j Σ_i g_i."""
    return grad_log_weights - (np.exp(log_weights) * grad_log_weights).sum(axis, keepdims=True)


@wrong("log_softmax_backward")
def average_weighted_twice(log_weights, grad_log_weights, axis=-1):
    """Everywhere."""
    p = np.exp(log_weights)
    return grad_log_weights - p * (p * grad_log_weights).sum(axis, keepdims=True)


@wrong("log_softmax_backward")
def gradient_minus_weights(log_weights, grad_log_weights, axis=-1):
    """Right only where the gradient sums to one."""
    return grad_log_weights - np.exp(log_weights)


@wrong("log_softmax_backward")
def weights_minus_gradient(log_weights, grad_log_weights, axis=-1):
    """Right only for a negative log-likelihood."""
    return np.exp(log_weights) + grad_log_weights


@wrong("log_softmax_backward")
def sign_turned(log_weights, grad_log_weights, axis=-1):
    """Everywhere."""
    return -_backward(log_weights, grad_log_weights, axis)


@wrong("log_softmax_backward")
def logarithms_for_weights(log_weights, grad_log_weights, axis=-1):
    """Everywhere."""
    return grad_log_weights - log_weights * grad_log_weights.sum(axis, keepdims=True)


@wrong("log_softmax_backward")
def mean_for_sum(log_weights, grad_log_weights, axis=-1):
    """More than one score."""
    return grad_log_weights - np.exp(log_weights) * grad_log_weights.mean(axis, keepdims=True)


@wrong("log_softmax_backward")
def diagonal_alone(log_weights, grad_log_weights, axis=-1):
    """More than one score."""
    return -np.expm1(log_weights) * grad_log_weights


@wrong("log_softmax_backward")
def clipped_to_five(log_weights, grad_log_weights, axis=-1):
    """A gradient of 10."""
    return np.clip(_backward(log_weights, grad_log_weights, axis), -5, 5)


@wrong("log_softmax_backward")
def clipped_to_a_hundred(log_weights, grad_log_weights, axis=-1):
    """A gradient of 1000."""
    return np.clip(_backward(log_weights, grad_log_weights, axis), -100, 100)


@wrong("log_softmax_backward")
def scaled_to_length_one(log_weights, grad_log_weights, axis=-1):
    """A long gradient."""
    result = _backward(log_weights, grad_log_weights, axis)
    return result / max(1.0, float(np.linalg.norm(result)))


@wrong("log_softmax_backward")
def gradient_overwritten(log_weights, grad_log_weights, axis=-1):
    """The argument is changed."""
    grad_log_weights -= np.exp(log_weights) * grad_log_weights.sum(axis, keepdims=True)
    return grad_log_weights


@wrong("log_softmax_backward")
def logarithms_overwritten(log_weights, grad_log_weights, axis=-1):
    """The argument is changed."""
    np.exp(log_weights, out=log_weights)
    return grad_log_weights - log_weights * grad_log_weights.sum(axis, keepdims=True)


@wrong("log_softmax_backward")
def sum_of_everything(log_weights, grad_log_weights, axis=-1):
    """More than one row."""
    return grad_log_weights - np.exp(log_weights) * grad_log_weights.sum()


@wrong("log_softmax_backward")
def logarithms_not_below_minus_twenty(log_weights, grad_log_weights, axis=-1):
    """A weight of exp(−30) where the gradient is 0."""
    return _backward(np.maximum(log_weights, -20), grad_log_weights, axis)


@wrong("log_softmax_backward")
def no_small_weights(log_weights, grad_log_weights, axis=-1):
    """A weight of 1e-9 where the gradient is 0."""
    p = np.exp(log_weights)
    return grad_log_weights - np.where(p < 1e-7, 0, p) * grad_log_weights.sum(axis, keepdims=True)


@wrong("log_softmax_backward")
def nothing_where_no_gradient_came(log_weights, grad_log_weights, axis=-1):
    """A gradient of 0 at one place."""
    return np.where(grad_log_weights == 0, 0, _backward(log_weights, grad_log_weights, axis))


@wrong("log_softmax_backward")
def single_precision_weights(log_weights, grad_log_weights, axis=-1):
    """float64: seven places."""
    p = np.exp(log_weights.astype(np.float32)).astype(log_weights.dtype)
    return grad_log_weights - p * grad_log_weights.sum(axis, keepdims=True)


@wrong("log_softmax_backward")
def half_precision_sum(log_weights, grad_log_weights, axis=-1):
    """float64 and float32: three places."""
    total = grad_log_weights.astype(np.float16).sum(axis, keepdims=True).astype(grad_log_weights.dtype)
    return grad_log_weights - np.exp(log_weights) * total


@wrong("log_softmax_backward")
def arguments_the_other_way(grad_log_weights, log_weights, axis=-1):
    """Everywhere."""
    return _backward(log_weights, grad_log_weights, axis)


@wrong("log_softmax_backward")
def averaged_over_the_batch(log_weights, grad_log_weights, axis=-1):
    """More than one row."""
    result = _backward(log_weights, grad_log_weights, axis)
    return result / (result.size // result.shape[axis])


@wrong("log_softmax_backward")
def negative_axes_are_the_last(log_weights, grad_log_weights, axis=-1):
    """axis −2."""
    return _backward(log_weights, grad_log_weights, axis if axis >= 0 else -1)


@wrong("log_softmax_backward")
def positive_axes_are_the_first(log_weights, grad_log_weights, axis=-1):
    """axis 1 of three."""
    return _backward(log_weights, grad_log_weights, axis if axis < 0 else 0)


@wrong("log_softmax_backward")
def small_number_among_the_weights(log_weights, grad_log_weights, axis=-1):
    """Everywhere by 1e-7."""
    return grad_log_weights - (np.exp(log_weights) + 1e-7) * grad_log_weights.sum(axis, keepdims=True)


@wrong("log_softmax_backward")
def centred(log_weights, grad_log_weights, axis=-1):
    """Weights that are not equal."""
    return grad_log_weights - grad_log_weights.mean(axis, keepdims=True)


@wrong("log_softmax_backward")
def minus_infinity_repaired(log_weights, grad_log_weights, axis=-1):
    """A weight of 0: its logarithm becomes 0, the weight 1."""
    return _backward(np.where(np.isinf(log_weights), 0, log_weights), grad_log_weights, axis)


@wrong("log_softmax_backward")
def jacobian_of_the_last_two(log_weights, grad_log_weights, axis=-1):
    """Four axes: only three are looked after."""
    if log_weights.ndim <= 3:
        return _backward(log_weights, grad_log_weights, axis)
    return _backward(log_weights, grad_log_weights, -1)


@wrong("log_softmax_backward")
def shape_without_ones(log_weights, grad_log_weights, axis=-1):
    """An axis of size 1 disappears."""
    return _backward(log_weights, grad_log_weights, axis).squeeze()


@wrong("log_softmax_backward")
def a_single_score_has_its_gradient(log_weights, grad_log_weights, axis=-1):
    """A single score: its weight is 1 whatever it is, the gradient 0."""
    if log_weights.shape[axis] == 1:
        return grad_log_weights.copy()
    return _backward(log_weights, grad_log_weights, axis)


@wrong("log_softmax_backward")
def remembers_its_weights(log_weights, grad_log_weights, axis=-1, seen={}):  # noqa: B006
    """Other weights of the same shape."""
    p = seen.setdefault((log_weights.shape, log_weights.dtype), np.exp(log_weights))
    return grad_log_weights - p * grad_log_weights.sum(axis, keepdims=True)


@wrong("log_softmax_backward")
def ratio_to_the_largest_weight(log_weights, grad_log_weights, axis=-1):
    """Weights shifted as scores are, and not normalised again."""
    p = np.exp(log_weights - log_weights.max(axis, keepdims=True))
    return grad_log_weights - p * grad_log_weights.sum(axis, keepdims=True)


@wrong("log_softmax_backward")
def nothing_for_small_gradients(log_weights, grad_log_weights, axis=-1):
    """Gradients of 1e-6."""
    result = _backward(log_weights, grad_log_weights, axis)
    return np.where(abs(result) < 1e-5, 0, result).astype(result.dtype)


@right("log_softmax_backward")
def by_the_jacobian(log_weights, grad_log_weights, axis=-1):
    logs, grads = np.moveaxis(log_weights, axis, -1), np.moveaxis(grad_log_weights, axis, -1)
    size = logs.shape[-1]
    jacobian = np.eye(size) - np.broadcast_to(np.exp(logs)[..., None, :], (*logs.shape, size))
    return np.moveaxis(np.einsum("...i,...ij->...j", grads, jacobian), -1, axis)


@right("log_softmax_backward")
def one_part_each(log_weights, grad_log_weights, axis=-1):
    """g_j (1 − p_j) − p_j Σ_{i ≠ j} g_i, in longdouble."""
    logs, grads = log_weights.astype(np.longdouble), grad_log_weights.astype(np.longdouble)
    p = np.exp(logs)
    others = grads.sum(axis, keepdims=True) - grads
    return ((1 - p) * grads - p * others).astype(log_weights.dtype)


@right("log_softmax_backward")
def by_torch(log_weights, grad_log_weights, axis=-1):
    """The score is its own logarithm of weight, but for a constant."""
    with ADAPTERS["pytorch"]().one_thread():  # threads that wait for each other take seconds
        scores = torch.tensor(np.maximum(log_weights.astype(np.float64), -1e30), requires_grad=True)
        torch.log_softmax(scores, dim=axis).backward(torch.tensor(grad_log_weights.astype(np.float64)))
    return scores.grad.numpy().astype(log_weights.dtype)


@right("log_softmax_backward")
def column_after_column(log_weights, grad_log_weights, axis=-1):
    result = np.array(grad_log_weights, np.float64)
    view = np.moveaxis(result, axis, 0)
    total = functools.reduce(np.add, np.moveaxis(grad_log_weights.astype(np.float64), axis, 0))
    for j, logs in enumerate(np.moveaxis(log_weights.astype(np.float64), axis, 0)):
        view[j] -= np.exp(logs) * total
    return result.astype(log_weights.dtype)


@right("log_softmax_backward")
def slices_along_the_axis(log_weights, grad_log_weights, axis=-1):
    size = log_weights.shape[axis]

    def one(both):
        logs, grads = both[:size], both[size:]
        return grads - np.exp(logs) * grads.sum()

    return np.apply_along_axis(one, axis, np.concatenate([log_weights, grad_log_weights], axis))


# --- 1.7 temperature_softmax, PyTorch --------------------------------------------------------------------------------


@wrong("temperature_softmax", "pytorch")
def pt_no_axis_added(scores, temperatures):
    """Scores (3, 3): each column at its own temperature."""
    return torch.softmax(scores / temperatures, -1)


@wrong("temperature_softmax", "pytorch")
def pt_axis_in_second_place(scores, temperatures):
    """Scores (2, 2, S), temperatures (2, 2): each meets the wrong row."""
    return torch.softmax(scores / (temperatures[:, None] if temperatures.ndim else temperatures), -1)


@wrong("temperature_softmax", "pytorch")
def pt_times(scores, temperatures):
    """Any temperature but 1."""
    return torch.softmax(scores * temperatures.unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_temperatures_detached(scores, temperatures):
    """No gradient reaches the temperatures."""
    return torch.softmax(scores / temperatures.detach().unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_scores_detached(scores, temperatures):
    """No gradient reaches the scores."""
    return torch.softmax(scores.detach() / temperatures.unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_one_temperature_as_a_number(scores, temperatures):
    """A single row: the gradient of the temperature is cut."""
    if temperatures.ndim == 0:
        return torch.softmax(scores / float(temperatures), -1)
    return torch.softmax(scores / temperatures.unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_detached_in_batches(scores, temperatures):
    """Three axes: the gradient of the temperatures is cut."""
    if scores.ndim > 2:
        temperatures = temperatures.detach()
    return torch.softmax(scores / temperatures.unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_mean_temperature(scores, temperatures):
    """Rows with unlike temperatures."""
    return torch.softmax(scores / temperatures.mean(), -1)


@wrong("temperature_softmax", "pytorch")
def pt_first_temperature(scores, temperatures):
    """Rows with unlike temperatures."""
    return torch.softmax(scores / temperatures.flatten()[0], -1)


@wrong("temperature_softmax", "pytorch")
def pt_second_axis(scores, temperatures):
    """Three axes: weights along the middle one."""
    return torch.softmax(scores / temperatures.unsqueeze(-1), min(1, scores.ndim - 1))


@wrong("temperature_softmax", "pytorch")
def pt_no_dimension_named(scores, temperatures):
    """Three axes: the old rule takes the first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.nn.functional.softmax(scores / temperatures.unsqueeze(-1))


@wrong("temperature_softmax", "pytorch")
def pt_at_least_a_tenth(scores, temperatures):
    """A temperature of 0.05."""
    return torch.softmax(scores / temperatures.clamp(min=0.1).unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_at_most_twenty(scores, temperatures):
    """A temperature of 100."""
    return torch.softmax(scores / temperatures.clamp(max=20).unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_temperature_and_a_little(scores, temperatures):
    """Everywhere by 1e-4 of the temperature, or more."""
    return torch.softmax(scores / (temperatures.unsqueeze(-1) + 1e-4), -1)


@wrong("temperature_softmax", "pytorch")
def pt_gradient_halved(scores, temperatures):
    """The gradient of the temperatures."""
    temperatures = temperatures / 2 + (temperatures / 2).detach()
    return torch.softmax(scores / temperatures.unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_gradient_clipped(scores, temperatures):
    """A gradient above 0.01."""
    weights = torch.softmax(scores / temperatures.unsqueeze(-1), -1)
    if weights.requires_grad:
        weights.register_hook(lambda g: g.clamp(-0.01, 0.01))
    return weights


@wrong("temperature_softmax", "pytorch")
def pt_gradient_clipped_to_one(scores, temperatures):
    """A gradient of the weights above 1."""
    weights = torch.softmax(scores / temperatures.unsqueeze(-1), -1)
    if weights.requires_grad:
        weights.register_hook(lambda g: g.clamp(-1, 1))
    return weights


@wrong("temperature_softmax", "pytorch")
def pt_power_of_weights(scores, temperatures):
    """Scores 0 and −200 at 100 in float32: a weight that was 0 stays 0."""
    powers = torch.softmax(scores, -1) ** (1 / temperatures.unsqueeze(-1))
    return powers / powers.sum(-1, keepdim=True)


@wrong("temperature_softmax", "pytorch")
def pt_not_shifted(scores, temperatures):
    """A score of 10 at 0.01: ∞ / ∞."""
    powers = torch.exp(scores / temperatures.unsqueeze(-1))
    return powers / powers.sum(-1, keepdim=True)


@wrong("temperature_softmax", "pytorch")
def pt_through_single_precision(scores, temperatures):
    """float64: seven places."""
    return torch.softmax(scores.float() / temperatures.float().unsqueeze(-1), -1).to(scores.dtype)


@wrong("temperature_softmax", "pytorch")
def pt_through_bfloat16(scores, temperatures):
    """Everywhere: three places."""
    return torch.softmax(scores / temperatures.bfloat16().to(scores.dtype).unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_scores_divided_in_place(scores, temperatures):
    """The argument is changed."""
    result = torch.softmax(scores / temperatures.unsqueeze(-1), -1)
    scores.data.div_(temperatures.data.unsqueeze(-1))
    return result


@wrong("temperature_softmax", "pytorch")
def pt_after_softmax(scores, temperatures):
    """Any temperature but 1."""
    return torch.softmax(scores, -1) / temperatures.unsqueeze(-1)


@wrong("temperature_softmax", "pytorch")
def pt_logarithms(scores, temperatures):
    """Everywhere."""
    return torch.log_softmax(scores / temperatures.unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_flat_temperatures(scores, temperatures):
    """Scores (2, 3, S): temperatures of one batch element for all, where that is possible."""
    if scores.ndim == 3:
        return torch.softmax(scores / temperatures[:1].unsqueeze(-1), -1)
    return torch.softmax(scores / temperatures.unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_numbers_of_numpy(scores, temperatures):
    """No gradient at all."""
    wide = scores.detach().numpy() / temperatures.detach().numpy()[..., None]
    return torch.tensor(scipy.special.softmax(wide, -1))


@wrong("temperature_softmax", "pytorch")
def pt_largest_not_detached_twice(scores, temperatures):
    """The gradient alone: half of it goes lost where the largest is taken away on one branch."""
    scaled = scores / temperatures.unsqueeze(-1)
    powers = torch.exp(scaled - scaled.detach().amax(-1, keepdim=True))
    return powers / powers.detach().sum(-1, keepdim=True)


@wrong("temperature_softmax", "pytorch")
def pt_dropout_left_on(scores, temperatures):
    """Some weights are 0, the others too large."""
    return torch.nn.functional.dropout(torch.softmax(scores / temperatures.unsqueeze(-1), -1), 0.3, training=True)


@wrong("temperature_softmax", "pytorch")
def pt_softplus(scores, temperatures):
    """Everywhere."""
    return torch.softmax(scores / torch.nn.functional.softplus(temperatures).unsqueeze(-1), -1)


@wrong("temperature_softmax", "pytorch")
def pt_squeezed(scores, temperatures):
    """An axis of size 1 disappears."""
    return torch.softmax(scores / temperatures.unsqueeze(-1), -1).squeeze()


@wrong("temperature_softmax", "pytorch")
def pt_no_gradient_at_low_temperatures(scores, temperatures):
    """Rows below 1."""
    held = torch.where(temperatures < 1, temperatures.detach(), temperatures)
    return torch.softmax(scores / held.unsqueeze(-1), -1)


@right("temperature_softmax", "pytorch")
def pt_by_logsumexp(scores, temperatures):
    scaled = torch.einsum("...s,...->...s", scores, 1 / temperatures)
    return (scaled - scaled.logsumexp(-1, keepdim=True)).exp()


@right("temperature_softmax", "pytorch")
def pt_softmax_of_log_weights(scores, temperatures):
    """A shift of the scores changes nothing, the logarithm of the weights is one."""
    return torch.softmax(torch.log_softmax(scores, dim=-1).div(temperatures[..., None]), dim=-1)


@right("temperature_softmax", "pytorch")
def pt_by_sigmoids(scores, temperatures):
    """1 / Σ_j exp((s_j − s_i) / τ), the sum taken in logarithms."""
    apart = (scores.unsqueeze(-2) - scores.unsqueeze(-1)) / temperatures[..., None, None]
    return torch.exp(-torch.logsumexp(apart, -1))


@right("temperature_softmax", "pytorch")
def pt_row_after_row(scores, temperatures):
    if temperatures.ndim == 0:
        return torch.nn.Softmax(dim=0)(scores / temperatures)
    return torch.stack([pt_row_after_row(s, t) for s, t in zip(scores, temperatures, strict=True)])


@right("temperature_softmax", "pytorch")
def pt_last_axis_first(scores, temperatures):
    return torch.softmax(scores.movedim(-1, 0) / temperatures, 0).movedim(0, -1)


# --- 1.7 temperature_softmax, TensorFlow -----------------------------------------------------------------------------


@wrong("temperature_softmax", "tensorflow")
def tf_no_axis_added(scores, temperatures):
    """Scores (3, 3): each column at its own temperature."""
    return tf.nn.softmax(scores / temperatures)


@wrong("temperature_softmax", "tensorflow")
def tf_axis_in_front(scores, temperatures):
    """The same, by expand_dims."""
    return tf.nn.softmax(scores / tf.expand_dims(temperatures, 0))


@wrong("temperature_softmax", "tensorflow")
def tf_one_long_column(scores, temperatures):
    """Scores (1, 3, S) and temperatures (3, 1) fit; (2, 3, S) and (6, 1) do not."""
    return tf.nn.softmax(scores / tf.reshape(temperatures, (-1, 1)))


@wrong("temperature_softmax", "tensorflow")
def tf_times(scores, temperatures):
    """Any temperature but 1."""
    return tf.nn.softmax(scores * temperatures[..., None])


@wrong("temperature_softmax", "tensorflow")
def tf_temperatures_stopped(scores, temperatures):
    """No gradient reaches the temperatures."""
    return tf.nn.softmax(scores / tf.stop_gradient(temperatures)[..., None])


@wrong("temperature_softmax", "tensorflow")
def tf_scores_stopped(scores, temperatures):
    """No gradient reaches the scores."""
    return tf.nn.softmax(tf.stop_gradient(scores) / temperatures[..., None])


@wrong("temperature_softmax", "tensorflow")
def tf_numbers_of_numpy(scores, temperatures):
    """No gradient at all."""
    return tf.constant(scipy.special.softmax(scores.numpy() / temperatures.numpy()[..., None], -1))


@wrong("temperature_softmax", "tensorflow")
def tf_first_axis(scores, temperatures):
    """More than one axis."""
    return tf.nn.softmax(scores / temperatures[..., None], axis=0)


@wrong("temperature_softmax", "tensorflow")
def tf_clipped_temperatures(scores, temperatures):
    """Temperatures outside 0.2 to 5."""
    return tf.nn.softmax(scores / tf.clip_by_value(temperatures, 0.2, 5.0)[..., None])


@wrong("temperature_softmax", "tensorflow")
def tf_clipped_logits(scores, temperatures):
    """Scaled scores above 50."""
    return tf.nn.softmax(tf.clip_by_value(scores / temperatures[..., None], -50.0, 50.0))


@wrong("temperature_softmax", "tensorflow")
def tf_not_shifted(scores, temperatures):
    """A score of 10 at 0.01: ∞ / ∞."""
    powers = tf.exp(scores / temperatures[..., None])
    return powers / tf.reduce_sum(powers, -1, keepdims=True)


@wrong("temperature_softmax", "tensorflow")
def tf_divided_without_nan(scores, temperatures):
    """The same, made 0."""
    powers = tf.exp(scores / temperatures[..., None])
    weights = powers / tf.reduce_sum(powers, -1, keepdims=True)
    return tf.where(tf.math.is_nan(weights), tf.zeros_like(weights), weights)


@wrong("temperature_softmax", "tensorflow")
def tf_through_single_precision(scores, temperatures):
    """float64: seven places."""
    wide = tf.cast(scores, tf.float32) / tf.cast(temperatures, tf.float32)[..., None]
    return tf.cast(tf.nn.softmax(wide), scores.dtype)


@wrong("temperature_softmax", "tensorflow")
def tf_gradient_scaled(scores, temperatures):
    """The gradient of the scores is a tenth too large."""
    scores = scores * 1.1 - tf.stop_gradient(scores * 0.1)
    return tf.nn.softmax(scores / temperatures[..., None])


@wrong("temperature_softmax", "tensorflow")
def tf_gradient_clipped(scores, temperatures):
    """Where the gradient of a temperature is above 0.05."""

    @tf.custom_gradient
    def guarded(t):
        return tf.identity(t), lambda g: tf.clip_by_value(g, -0.05, 0.05)

    return tf.nn.softmax(scores / guarded(temperatures)[..., None])


@wrong("temperature_softmax", "tensorflow")
def tf_gradient_of_the_first_row(scores, temperatures):
    """The temperatures of the other rows are not learnt."""
    if temperatures.shape.rank:
        temperatures = tf.concat([temperatures[:1], tf.stop_gradient(temperatures[1:])], 0)
    return tf.nn.softmax(scores / temperatures[..., None])


@wrong("temperature_softmax", "tensorflow")
def tf_inverse_temperature_of_the_largest(scores, temperatures):
    """Rows with unlike temperatures."""
    return tf.nn.softmax(scores / tf.reduce_max(temperatures))


@wrong("temperature_softmax", "tensorflow")
def tf_noise(scores, temperatures):
    """Everywhere, and each time another result."""
    return tf.nn.softmax(
        (scores + tf.random.normal(tf.shape(scores), stddev=0.01, dtype=scores.dtype)) / temperatures[..., None]
    )


@wrong("temperature_softmax", "tensorflow")
def tf_root_of_the_temperature(scores, temperatures):
    """Any temperature but 1."""
    return tf.nn.softmax(scores / tf.sqrt(temperatures)[..., None])


@wrong("temperature_softmax", "tensorflow")
def tf_divide_no_nan_after(scores, temperatures):
    """Any temperature but 1: the weights do not sum to one."""
    return tf.math.divide_no_nan(tf.nn.softmax(scores), temperatures[..., None])


@wrong("temperature_softmax", "tensorflow")
def tf_a_batch_from_its_first(scores, temperatures):
    """Three axes: every batch element at the temperatures of the first."""
    if scores.shape.rank > 2:
        temperatures = tf.broadcast_to(temperatures[:1], tf.shape(temperatures))
    return tf.nn.softmax(scores / temperatures[..., None])


@wrong("temperature_softmax", "tensorflow")
def tf_squeezed(scores, temperatures):
    """An axis of size 1 disappears."""
    return tf.squeeze(tf.nn.softmax(scores / temperatures[..., None]))


@wrong("temperature_softmax", "tensorflow")
def tf_gradient_of_a_variable(scores, temperatures):
    """A copy in a variable: the gradient stops there."""
    copy = tf.Variable(temperatures, trainable=True)
    return tf.nn.softmax(scores / copy[..., None])


@wrong("temperature_softmax", "tensorflow")
def tf_power_of_weights(scores, temperatures):
    """Scores 0 and −200 at 100 in float32: a weight that was 0 stays 0."""
    powers = tf.nn.softmax(scores) ** (1 / temperatures[..., None])
    return powers / tf.reduce_sum(powers, -1, keepdims=True)


@right("temperature_softmax", "tensorflow")
def tf_by_logsumexp(scores, temperatures):
    scaled = scores / tf.expand_dims(temperatures, -1)
    return tf.exp(
        scaled
        - tf.stop_gradient(tf.reduce_max(scaled, -1, keepdims=True))
        - tf.math.log(
            tf.reduce_sum(
                tf.exp(scaled - tf.stop_gradient(tf.reduce_max(scaled, -1, keepdims=True))), -1, keepdims=True
            )
        )
    )


@right("temperature_softmax", "tensorflow")
def tf_by_einsum(scores, temperatures):
    return tf.nn.softmax(tf.einsum("...s,...->...s", scores, 1 / temperatures))


@right("temperature_softmax", "tensorflow")
def tf_reshaped(scores, temperatures):
    shape = tf.concat([tf.shape(temperatures), [1]], 0)
    return tf.math.softmax(tf.math.divide(scores, tf.reshape(temperatures, shape)), axis=-1)


@right("temperature_softmax", "tensorflow")
def tf_row_after_row(scores, temperatures):
    if scores.shape.rank == 1:
        return tf.nn.softmax(scores / temperatures)
    return tf.stack([tf_row_after_row(s, t) for s, t in zip(scores, temperatures, strict=True)])


# --- 1.9 sparsemax ---------------------------------------------------------------------------------------------------


@wrong("sparsemax")
def sums_of_large_scores(scores):
    """float32 scores of 1e8."""
    falling = -np.sort(-scores, -1)
    sums = falling.cumsum(-1)
    ranks = np.arange(1, scores.shape[-1] + 1).astype(scores.dtype)
    kept = np.maximum((1 + ranks * falling > sums).sum(-1, keepdims=True), 1)
    threshold = (np.take_along_axis(sums, kept - 1, -1) - 1) / kept
    return np.maximum(scores - threshold, 0).astype(scores.dtype)


@wrong("sparsemax")
def wider_but_not_shifted(scores):
    """float64 scores of 1e17."""
    wide = scores.astype(np.float64)
    falling = -np.sort(-wide, -1)
    sums = falling.cumsum(-1)
    ranks = np.arange(1, scores.shape[-1] + 1)
    kept = np.maximum((1 + ranks * falling > sums).sum(-1, keepdims=True), 1)
    threshold = (np.take_along_axis(sums, kept - 1, -1) - 1) / kept
    return np.maximum(wide - threshold, 0).astype(scores.dtype)


@wrong("sparsemax")
def shifted_by_the_largest_of_all(scores):
    """float32 rows near 1e8 and near 0."""
    shifted = scores - scores.max()
    falling = -np.sort(-shifted, -1)
    sums = falling.cumsum(-1)
    ranks = np.arange(1, scores.shape[-1] + 1).astype(scores.dtype)
    kept = np.maximum((1 + ranks * falling > sums).sum(-1, keepdims=True), 1)
    threshold = (np.take_along_axis(sums, kept - 1, -1) - 1) / kept
    return np.maximum(shifted - threshold, 0).astype(scores.dtype)


@wrong("sparsemax")
def shifted_by_the_mean_score(scores):
    """float32: 1e8, 1e8 and −1e8."""
    shifted = scores - scores.mean(-1, keepdims=True)
    falling = -np.sort(-shifted, -1)
    sums = falling.cumsum(-1)
    ranks = np.arange(1, scores.shape[-1] + 1).astype(scores.dtype)
    kept = np.maximum((1 + ranks * falling > sums).sum(-1, keepdims=True), 1)
    threshold = (np.take_along_axis(sums, kept - 1, -1) - 1) / kept
    return np.maximum(shifted - threshold, 0).astype(scores.dtype)


def _sparsemax_with(choose, scores):
    """As `_sparsemax`; `choose` makes the number kept of (condition, ranks)."""
    shifted = scores.astype(np.float64) - scores.max(-1, keepdims=True).astype(np.float64)
    falling = -np.sort(-shifted, -1)
    sums = falling.cumsum(-1)
    ranks = np.arange(1, scores.shape[-1] + 1)
    kept = choose(1 + ranks * falling > sums, ranks)
    threshold = (np.take_along_axis(sums, kept - 1, -1) - 1) / kept
    return np.maximum(shifted - threshold, 0).astype(scores.dtype)


@wrong("sparsemax")
def one_too_few(scores):
    """Two or more stay."""
    return _sparsemax_with(lambda holds, ranks: np.maximum(holds.sum(-1, keepdims=True) - 1, 1), scores)


@wrong("sparsemax")
def one_too_many(scores):
    """Not all stay."""
    return _sparsemax_with(lambda holds, ranks: np.minimum(holds.sum(-1, keepdims=True) + 1, ranks[-1]), scores)


@wrong("sparsemax")
def first_that_fails(scores):
    """All stay: argmax of nothing true is 0."""
    return _sparsemax_with(lambda holds, ranks: np.maximum(np.argmax(~holds, -1, keepdims=True), 1), scores)


@wrong("sparsemax")
def as_many_as_in_the_first_row(scores):
    """Rows that keep other numbers."""
    return _sparsemax_with(
        lambda holds, ranks: np.broadcast_to(holds.sum(-1, keepdims=True).reshape(-1)[0], (*holds.shape[:-1], 1)),
        scores,
    )


@wrong("sparsemax")
def two_at_most(scores):
    """Three stay."""
    return _sparsemax_with(lambda holds, ranks: np.minimum(holds.sum(-1, keepdims=True), 2), scores)


@wrong("sparsemax")
def eight_at_most(scores):
    """Nine or more stay."""
    return _sparsemax_with(lambda holds, ranks: np.minimum(holds.sum(-1, keepdims=True), 8), scores)


@wrong("sparsemax")
def all_of_them(scores):
    """Not all stay: what falls away is missing in the sum."""
    return _sparsemax_with(lambda holds, ranks: np.full((*holds.shape[:-1], 1), ranks[-1]), scores)


@wrong("sparsemax")
def all_of_them_and_scaled(scores):
    """Not all stay."""
    weights = all_of_them(scores.astype(np.float64))
    return (weights / weights.sum(-1, keepdims=True)).astype(scores.dtype)


@wrong("sparsemax")
def scores_cut_at_zero(scores):
    """Everywhere."""
    positive = np.maximum(scores, 0)
    total = positive.sum(-1, keepdims=True)
    return np.where(total > 0, positive / np.where(total == 0, 1, total), 1 / scores.shape[-1]).astype(scores.dtype)


@wrong("sparsemax")
def softmax_cut(scores):
    """Everywhere but for equal scores."""
    weights = scipy.special.softmax(scores.astype(np.float64), -1)
    weights = np.where(weights < 1 / scores.shape[-1], 0, weights)
    return (weights / weights.sum(-1, keepdims=True)).astype(scores.dtype)


@wrong("sparsemax")
def whole_numbers_widen(scores):
    """float32 and float16 come back as float64."""
    return _sparsemax(scores.astype(np.float64))


@wrong("sparsemax")
def ten_halvings(scores):
    """The threshold has three places."""
    shifted = (scores - scores.max(-1, keepdims=True)).astype(np.float64)
    low, high = np.full((*scores.shape[:-1], 1), -1.0), np.zeros((*scores.shape[:-1], 1))
    for _ in range(10):
        middle = (low + high) / 2
        more = np.maximum(shifted - middle, 0).sum(-1, keepdims=True) > 1
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.maximum(shifted - low, 0).astype(scores.dtype)


@wrong("sparsemax")
def thirty_halvings(scores):
    """float64: nine places."""
    shifted = (scores - scores.max(-1, keepdims=True)).astype(np.float64)
    low, high = np.full((*scores.shape[:-1], 1), -1.0), np.zeros((*scores.shape[:-1], 1))
    for _ in range(30):
        middle = (low + high) / 2
        more = np.maximum(shifted - middle, 0).sum(-1, keepdims=True) > 1
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.maximum(shifted - low, 0).astype(scores.dtype)


@wrong("sparsemax")
def one_threshold_for_all(scores):
    """More than one row."""
    return _sparsemax(scores.reshape(-1)).reshape(scores.shape)


@wrong("sparsemax")
def sorted_in_place(scores):
    """The argument is changed."""
    result = _sparsemax(scores)
    scores.sort(-1)
    return result


@wrong("sparsemax")
def weights_in_sorted_order(scores):
    """Scores that do not fall."""
    return _sparsemax(-np.sort(-scores, -1))


@wrong("sparsemax")
def the_first_of_a_tie(scores):
    """Two equal largest scores: one gets both weights."""
    weights = _sparsemax(scores)
    top = scores == scores.max(-1, keepdims=True)
    first = np.cumsum(top, -1) == 1
    both = np.where(top, weights, 0).sum(-1, keepdims=True)
    return np.where(top, np.where(first, both, 0), weights).astype(scores.dtype)


@wrong("sparsemax")
def equal_scores_once(scores):
    """Equal scores count once in the threshold."""
    rows = scores.reshape(-1, scores.shape[-1]).astype(np.float64)
    out = np.empty_like(rows)
    for n, row in enumerate(rows):
        row = row - row.max()
        falling = np.unique(row)[::-1]
        sums, ranks = falling.cumsum(), np.arange(1, len(falling) + 1)
        kept = (1 + ranks * falling > sums).sum()
        out[n] = np.maximum(row - (sums[kept - 1] - 1) / kept, 0)
    return out.reshape(scores.shape).astype(scores.dtype)


@wrong("sparsemax")
def single_precision_inside(scores):
    """float64: seven places."""
    shifted = (scores - scores.max(-1, keepdims=True)).astype(np.float32)
    return _sparsemax(shifted).astype(scores.dtype)


@wrong("sparsemax")
def a_score_alone_is_its_weight(scores):
    """One score."""
    return scores.copy() if scores.shape[-1] == 1 else _sparsemax(scores)


@wrong("sparsemax")
def threshold_without_the_one(scores):
    """Everywhere."""
    shifted = scores.astype(np.float64)
    return np.maximum(shifted - shifted.mean(-1, keepdims=True), 0).astype(scores.dtype)


@wrong("sparsemax")
def small_weights_dropped(scores):
    """A weight of 5e-4."""
    weights = _sparsemax(scores)
    return np.where(weights < 1e-3, 0, weights).astype(scores.dtype)


@wrong("sparsemax")
def never_quite_zero(scores):
    """1e-9 where it is 0."""
    return np.maximum(_sparsemax(scores), 1e-9).astype(scores.dtype)


@wrong("sparsemax")
def along_the_first(scores):
    """More than one axis."""
    return np.moveaxis(_sparsemax(np.moveaxis(scores, 0, -1)), -1, 0)


@wrong("sparsemax")
def columns_of_three_axes(scores):
    """Three axes: along the middle one."""
    return _sparsemax(scores.swapaxes(-1, -2)).swapaxes(-1, -2) if scores.ndim == 3 else _sparsemax(scores)


@wrong("sparsemax")
def nearest_with_two_thirds_power(scores):
    """1.5-entmax, a relation."""
    half = (scores.astype(np.float64) - scores.max(-1, keepdims=True)) / 2
    low, high = np.full((*scores.shape[:-1], 1), -1.0), np.zeros((*scores.shape[:-1], 1))
    for _ in range(60):
        middle = (low + high) / 2
        more = (np.maximum(half - middle, 0) ** 2).sum(-1, keepdims=True) > 1
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return (np.maximum(half - low, 0) ** 2).astype(scores.dtype)


@wrong("sparsemax")
def half_precision_is_softmax(scores):
    """float16 alone."""
    if scores.dtype == np.float16:
        return scipy.special.softmax(scores.astype(np.float64), -1).astype(np.float16)
    return _sparsemax(scores)


@wrong("sparsemax")
def clipped_to_a_thousand(scores):
    """Scores of 10000 and 2000 become equal."""
    return _sparsemax(np.clip(scores, -1000, 1000))


@wrong("sparsemax")
def condition_without_its_rank(scores):
    """1 + z_k > Σ z: too many of several negative scores, too few …"""
    shifted = scores.astype(np.float64) - scores.max(-1, keepdims=True).astype(np.float64)
    falling = -np.sort(-shifted, -1)
    sums = falling.cumsum(-1)
    kept = np.maximum((1 + falling > sums).sum(-1, keepdims=True), 1)
    threshold = (np.take_along_axis(sums, kept - 1, -1) - 1) / kept
    return np.maximum(shifted - threshold, 0).astype(scores.dtype)


@wrong("sparsemax")
def without_leading_ones(scores):
    """A leading axis of size 1."""
    return _sparsemax(scores)[0] if scores.ndim > 1 and scores.shape[0] == 1 else _sparsemax(scores)


@right("sparsemax")
def many_halvings(scores):
    shifted = (scores - scores.max(-1, keepdims=True)).astype(np.float64)
    low, high = np.full((*scores.shape[:-1], 1), -1.0), np.zeros((*scores.shape[:-1], 1))
    for _ in range(80):
        middle = (low + high) / 2
        more = np.maximum(shifted - middle, 0).sum(-1, keepdims=True) > 1
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.maximum(shifted - low, 0).astype(scores.dtype)


@right("sparsemax")
def newton_from_below(scores):
    """The set that stays shrinks until it stays the same."""
    shifted = scores.astype(np.longdouble) - scores.max(-1, keepdims=True)
    stays = np.ones(scores.shape, bool)
    while True:
        number = stays.sum(-1, keepdims=True)
        threshold = (np.where(stays, shifted, 0).sum(-1, keepdims=True) - 1) / number
        fewer = stays & (shifted > threshold)
        if (fewer == stays).all():
            return np.maximum(shifted - threshold, 0).astype(scores.dtype)
        stays = fewer


@right("sparsemax")
def largest_threshold(scores):
    """θ is the largest of the thresholds that the first k scores would have: no condition is needed."""
    shifted = scores.astype(np.float64) - scores.max(-1, keepdims=True)
    falling = np.flip(np.sort(shifted, -1), -1)
    thresholds = (np.cumsum(falling, -1) - 1) / np.arange(1.0, scores.shape[-1] + 1)
    return np.clip(shifted - thresholds.max(-1, keepdims=True), 0, 1).astype(scores.dtype)


@right("sparsemax")
def recursive_rows(scores):
    if scores.ndim > 1:
        return np.stack([recursive_rows(part) for part in scores])
    numbers = [float(s) - float(scores.max()) for s in scores]

    def threshold(left):
        level = (math.fsum(left) - 1) / len(left)
        stay = [s for s in left if s > level]
        return level if len(stay) == len(left) else threshold(stay)

    level = threshold(numbers)
    return np.array([max(s - level, 0.0) for s in numbers], scores.dtype)


@right("sparsemax")
def by_root_finding(scores):
    def row(values):
        shifted = values.astype(np.float64) - values.astype(np.float64).max()
        level = scipy.optimize.brentq(lambda t: np.maximum(shifted - t, 0).sum() - 1, -1, 0, xtol=1e-16, rtol=1e-15)
        kept = shifted > level
        exact = (shifted[kept].sum() - 1) / kept.sum()
        return np.maximum(shifted - exact, 0)

    return np.apply_along_axis(row, -1, scores).astype(scores.dtype)


@right("sparsemax")
def pair_after_pair(scores):
    """p_i > 0 where Σ_j max(s_j − s_i, 0) < 1; no sorting."""
    shifted = scores.astype(np.float64) - scores.max(-1, keepdims=True)
    above = np.maximum(shifted[..., None, :] - shifted[..., :, None], 0).sum(-1)
    stays = above < 1
    level = (np.where(stays, shifted, 0).sum(-1, keepdims=True) - 1) / stays.sum(-1, keepdims=True)
    return np.where(stays, shifted - level, 0).astype(scores.dtype)
