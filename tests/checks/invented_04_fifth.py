"""Answers to the exercises of chapter 4, invented from the tasks alone, a fifth time, by one who had seen no check.

The wrong ones are of two kinds, which their names begin with: a slip is a mistake that is made unawares, a saboteur is
written to get past a check.
"""

import decimal
import fractions
import itertools

import numpy as np
import scipy.linalg
import scipy.special

from attention.frameworks import tf, torch
from tests.checks.register import Answers

answers = Answers("04")


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


# 4.1 padding_by_hand


class Yes(float):
    """A number that says it is equal to any other, and near it."""

    __eq__ = __le__ = __lt__ = __ge__ = __gt__ = lambda self, other: True
    __hash__ = float.__hash__
    __sub__ = __rsub__ = lambda self, other: Yes(0.0)
    __abs__ = lambda self: Yes(0.0)


right(
    "padding_by_hand",
    fractions=lambda: [fractions.Fraction(n, 12) for n in (9, 6, 4, 8)],
    decimals=lambda: [decimal.Decimal(text) for text in ("0.750", "0.500", "0.333", "0.667")],
    by_softmax=lambda: [
        scipy.special.softmax(np.log([6, 2]))[0],
        *(lambda w: (w[0], w[2:].sum(), w[:2].sum()))(scipy.special.softmax([np.log(6), np.log(2), 0, 0, 0, 0])),
    ],
)
slip(
    "padding_by_hand",
    scores_for_exponentials=lambda: [np.log(6) / np.log(12), np.log(6) / np.log(12), 0, 1],
    e_to_the_0_is_0=lambda: [0.75, 0.75, 0, 1],
    one_place_of_padding=lambda: [0.75, 6 / 9, 1 / 9, 8 / 9],
    each_place_of_padding=lambda: [0.75, 0.5, 1 / 12, 2 / 3],
    six_places_of_padding=lambda: [0.75, 6 / 14, 6 / 14, 8 / 14],
    per_cent=lambda: [75, 50, 33.333, 66.667],
    the_second_word=lambda: [0.25, 1 / 6, 1 / 3, 2 / 3],
    padding_against_words=lambda: [0.75, 0.5, 0.5, 2 / 3],
    length_the_wrong_way_round=lambda: [0.75, 0.5, 1 / 3, 1.5],
    what_is_lost=lambda: [0.75, 0.5, 1 / 3, 1 / 3],
    squares_of_the_length=lambda: [0.75, 0.5, 1 / 3, 4 / 9],
    length_by_the_first_word=lambda: [0.75, 0.5, 1 / 3, 0.5],
    mean_over_six=lambda: [0.75, 0.5, 1 / 3, 2 / 6],
    three_numbers=lambda: [0.75, 0.5, 1 / 3],
    a_row_too_many=lambda: [[0.75, 0.5, 1 / 3, 2 / 3]],
    one_decimal=lambda: [0.8, 0.5, 0.3, 0.7],
)
saboteur(
    "padding_by_hand",
    equal_to_all=lambda: [Yes(0.1)] * 4,
    not_a_number=lambda: [0.75, 0.5, np.nan, 2 / 3],
    imaginary=lambda: [0.75, 0.5, 1 / 3 + 1j, 2 / 3],
)


# 4.2 masked_softmax, NumPy


def shares(made, axis):
    """What is not negative, made to sum to 1 where it sums to anything."""
    total = made.sum(axis, keepdims=True)
    return made / np.where(total == 0, np.ones_like(total), total)


def masked(scores, mask, axis=-1, exponential=np.exp, floor=-np.inf, top=np.max):
    """A right answer, of which parts can be replaced."""
    shown = np.where(mask & (scores > floor), scores, scores.dtype.type(-np.inf))
    highest = top(shown, axis=axis, keepdims=True)
    lowered = shown - np.where(np.isfinite(highest), highest, scores.dtype.type(0))
    return shares(exponential(lowered), axis)


def by_nan_to_num(scores, mask, axis=-1):
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(scipy.special.softmax(np.where(mask, scores, scores.dtype.type(-np.inf)), axis=axis))


def by_lines(scores, mask, axis=-1):
    mask, made = np.broadcast_to(mask, scores.shape), np.zeros_like(scores)
    rows = [np.moveaxis(a, axis, -1).reshape(-1, scores.shape[axis]) for a in (scores, mask)]
    out = np.zeros_like(rows[0])
    for row, shown, line in zip(*rows, out, strict=True):
        kept = shown & (row > -np.inf)
        if kept.any():
            line[kept] = scipy.special.softmax(row[kept])
    shape = np.moveaxis(made, axis, -1).shape
    return np.moveaxis(out.reshape(shape), -1, axis)


def by_where_of_max(scores, mask, axis=-1):
    shown = mask & (scores > -np.inf)
    top = np.max(scores, axis, where=shown, initial=np.finfo(scores.dtype).min, keepdims=True)
    lowered = np.subtract(scores, top, where=shown, out=np.zeros_like(scores))
    return shares(np.exp(lowered) * shown, axis)


right("masked_softmax", nan_to_num_last=by_nan_to_num, line_by_line=by_lines, maximum_of_what_is_shown=by_where_of_max)


def added(scores, mask, axis=-1):
    return scipy.special.softmax(scores + np.where(mask, 0, -1e9).astype(scores.dtype), axis=axis)


def filled(number):
    def masked_softmax(scores, mask, axis=-1):
        shown = np.where(mask, scores, scores.dtype.type(number))
        return np.where(mask, scipy.special.softmax(shown, axis=axis), scores.dtype.type(0))

    return masked_softmax


def by_logarithm(scores, mask, axis=-1):
    shown = np.where(mask & (scores > -np.inf), scores, scores.dtype.type(-np.inf))
    top = shown.max(axis, keepdims=True)
    top = np.where(top > -np.inf, top, scores.dtype.type(0))
    total = np.exp(shown - top).sum(axis, keepdims=True)
    return np.exp(shown - (top + np.log(np.where(total > 0, total, scores.dtype.type(1)))))


def top_of_at_least_zero(scores, mask, axis=-1):
    shown = mask & (scores > -np.inf)
    top = np.max(scores, axis, where=shown, initial=0, keepdims=True)
    return shares(np.exp(np.where(shown, scores - top, scores.dtype.type(-np.inf))), axis)


def top_of_everything(scores, mask, axis=-1):
    lowered = scores - scores.max(axis, keepdims=True)
    return shares(np.where(mask & (scores > -np.inf), np.exp(lowered), scores.dtype.type(0)), axis)


def empty_by_the_mask_alone(scores, mask, axis=-1):
    full = np.broadcast_to(mask, scores.shape)
    some = full.any(axis, keepdims=True)
    shown = np.where(some, np.where(full, scores, scores.dtype.type(-np.inf)), scores.dtype.type(0))
    return np.where(some, scipy.special.softmax(shown, axis=axis), scores.dtype.type(0))


def any_of_the_mask_as_it_came(scores, mask, axis=-1):
    some = mask.any(axis, keepdims=True)
    shown = np.where(some, np.where(mask, scores, scores.dtype.type(-np.inf)), scores.dtype.type(0))
    return np.nan_to_num(np.where(some, scipy.special.softmax(shown, axis=axis), scores.dtype.type(0)))


def written_into(scores, mask, axis=-1):
    scores[~np.broadcast_to(mask, scores.shape)] = -np.inf
    return masked(scores, mask, axis)


def clipped(scores, mask, axis=-1):
    return masked(np.where(scores > -np.inf, np.clip(scores, -1e4, 1e4).astype(scores.dtype), scores), mask, axis)


slip(
    "masked_softmax",
    added_number=added,
    filled_with_1e4=filled(-1e4),
    filled_with_1e9=filled(-1e9),
    filled_with_0=filled(0),
    by_logarithm=by_logarithm,
    top_of_at_least_zero=top_of_at_least_zero,
    top_of_everything=top_of_everything,
    empty_by_the_mask_alone=empty_by_the_mask_alone,
    any_of_the_mask_as_it_came=any_of_the_mask_as_it_came,
    written_into=written_into,
    clipped=clipped,
    one_top_for_all=lambda s, m, axis=-1: masked(s, m, axis, top=lambda x, axis, keepdims: x.max(keepdims=True)),
    mean_for_top=lambda s, m, axis=-1: masked(s, m, axis, top=lambda x, axis, keepdims: np.mean(
        np.where(x > -np.inf, x, x.dtype.type(0)), axis=axis, keepdims=keepdims)),
    last_axis_always=lambda s, m, axis=-1: masked(s, m),
    first_axis_for_second_last=lambda s, m, axis=-1: masked(s, m, 0 if axis == -2 else axis),
    axis_moved_but_not_the_mask=lambda s, m, axis=-1: np.swapaxes(
        masked(np.swapaxes(s, axis, -1), np.resize(m, np.swapaxes(s, axis, -1).shape)), axis, -1),
    hidden_for_shown=lambda s, m, axis=-1: masked(s, ~m, axis),
    not_shared_again=lambda s, m, axis=-1: np.where(m, masked(s, np.ones_like(m), axis), s.dtype.type(0)),
    small_number_below=lambda s, m, axis=-1: (lambda e: e / (e.sum(axis, keepdims=True) + s.dtype.type(1e-4)))(
        masked(s, m, axis)),
    single_precision=lambda s, m, axis=-1: masked(s.astype(np.float32), m, axis).astype(s.dtype),
    double_comes_back=lambda s, m, axis=-1: masked(s.astype(np.float64), m, axis),
    half_becomes_single=lambda s, m, axis=-1: masked(s.astype(np.promote_types(s.dtype, np.float32)), m, axis),
    without_top=lambda s, m, axis=-1: masked(s, m, axis, top=lambda x, axis, keepdims: np.zeros((), x.dtype)),
    minus_infinity_is_shown=lambda s, m, axis=-1: masked(np.nan_to_num(s, nan=0, neginf=-30), m, axis),
    powers_of_two=lambda s, m, axis=-1: masked(s, m, axis, exponential=np.exp2),
    zero_counts_as_hidden=lambda s, m, axis=-1: masked(s, m & (s != 0), axis),
    negative_counts_as_hidden=lambda s, m, axis=-1: masked(s, m, axis, floor=0),
    only_if_all_is_hidden=lambda s, m, axis=-1: by_nan_to_num(s, m, axis) if m.any() else np.zeros_like(s) + 1 / s.size,
    uniform_where_empty=lambda s, m, axis=-1: np.where(
        (m & (s > -np.inf)).any(axis, keepdims=True), masked(s, m, axis), s.dtype.type(1 / s.shape[axis])),
)  # fmt: skip
saboteur(
    "masked_softmax",
    ordinary_scores_only=lambda s, m, axis=-1: masked(s, m, axis) if np.nanmax(np.abs(s)) < 5e4 else np.zeros_like(s),
    two_axes_at_most=lambda s, m, axis=-1: masked(s, m, axis) if s.ndim < 4 else masked(s, m),
    no_third_axis=lambda s, m, axis=-1: masked(s, m, axis if axis in (-1, -2, 0, 1) else -1),
    at_most_16_keys=lambda s, m, axis=-1: masked(s, m, axis) * s.dtype.type(s.shape[axis] <= 16 or 0.5),
    wrong_in_half_precision=lambda s, m, axis=-1: masked(s, m | (s.dtype == np.float16), axis),
)


# 4.2 masked_softmax, TensorFlow


def tf_masked(scores, mask, axis=-1, fill=None, close=True, reading=lambda s: s, ending=lambda w: w):
    """A right answer, of which parts can be replaced."""
    zero = tf.constant(0, scores.dtype)
    shown = tf.logical_and(tf.broadcast_to(mask, tf.shape(scores)), scores > tf.constant(-np.inf, scores.dtype))
    some = tf.reduce_any(shown, axis, keepdims=True)
    low = tf.constant(-np.inf if fill is None else fill, scores.dtype)
    put = tf.where(shown, reading(scores), tf.where(some, low, zero) if close else low)
    weights = tf.nn.softmax(put, axis=axis)
    return ending(tf.where(some, weights, zero) if close else weights)


def tf_by_hand(scores, mask, axis=-1):
    shown = mask & (scores > tf.cast(-np.inf, scores.dtype))
    safe = tf.where(shown, scores, tf.zeros_like(scores))
    top = tf.reduce_max(tf.where(shown, safe, scores.dtype.min), axis, keepdims=True)
    lowered = tf.where(shown, safe - top, tf.zeros_like(safe))
    made = tf.exp(lowered) * tf.cast(shown, scores.dtype)
    return tf.math.divide_no_nan(made, tf.reduce_sum(made, axis, keepdims=True))


def tf_last_axis(scores, mask, axis=-1):
    rank = len(scores.shape)
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    mask = tf.broadcast_to(mask, tf.shape(scores))
    return tf.transpose(tf_masked(tf.transpose(scores, order), tf.transpose(mask, order)), order)


def tf_lowest(scores, mask, axis=-1):
    """The lowest number there is for what is hidden, and zeros over the weights afterwards."""
    shown = tf.logical_and(mask, scores > tf.constant(-np.inf, scores.dtype))
    weights = tf.nn.softmax(tf.where(shown, scores, scores.dtype.min), axis=axis)
    return tf.where(shown, weights, tf.zeros_like(weights))


right("masked_softmax", "tensorflow", by_hand=tf_by_hand, last_axis=tf_last_axis, lowest_number=tf_lowest)


def tf_added(scores, mask, axis=-1):
    return tf.nn.softmax(scores + tf.cast(tf.where(mask, 0.0, -1e9), scores.dtype), axis=axis)


def tf_where_after_exp(scores, mask, axis=-1):
    zero = tf.zeros_like(scores)
    shown = mask & (scores > tf.cast(-np.inf, scores.dtype))
    top = tf.reduce_max(tf.where(shown, scores, scores.dtype.min), axis, keepdims=True)
    made = tf.where(shown, tf.exp(scores - top), zero)
    return tf.math.divide_no_nan(made, tf.reduce_sum(made, axis, keepdims=True))


def tf_nan_replaced(scores, mask, axis=-1):
    weights = tf.nn.softmax(tf.where(mask, scores, tf.constant(-np.inf, scores.dtype)), axis=axis)
    return tf.where(tf.math.is_nan(weights), tf.zeros_like(weights), weights)


def tf_total_held(scores, mask, axis=-1):
    weights = tf_masked(scores, mask, axis)
    safe = tf.where(weights > 0, scores, tf.zeros_like(scores))
    return weights * tf.exp(safe - tf.stop_gradient(safe))


def tf_empty_by_the_mask(scores, mask, axis=-1):
    mask = tf.broadcast_to(mask, tf.shape(scores))
    some, zero = tf.reduce_any(mask, axis, keepdims=True), tf.constant(0, scores.dtype)
    shown = tf.where(some, tf.where(mask, scores, tf.constant(-np.inf, scores.dtype)), zero)
    return tf.where(some, tf.nn.softmax(shown, axis=axis), zero)


def tf_any_as_it_came(scores, mask, axis=-1):
    some, zero = tf.reduce_any(mask, axis, keepdims=True), tf.constant(0, scores.dtype)
    shown = tf.where(some, tf.where(mask, scores, tf.constant(-np.inf, scores.dtype)), zero)
    return tf.where(some, tf.nn.softmax(shown, axis=axis), zero)


def tf_without_top(scores, mask, axis=-1):
    shown = mask & (scores > tf.cast(-np.inf, scores.dtype))
    made = tf.where(shown, tf.exp(tf.where(shown, scores, tf.zeros_like(scores))), tf.zeros_like(scores))
    return tf.math.divide_no_nan(made, tf.reduce_sum(made, axis, keepdims=True))


def tf_in_single(scores, mask, axis=-1):
    return tf.cast(tf_masked(tf.cast(scores, tf.float32), mask, axis), scores.dtype)


slip(
    "masked_softmax",
    "tensorflow",
    added=tf_added,
    where_after_exp=tf_where_after_exp,
    nan_replaced_at_the_end=tf_nan_replaced,
    total_held=tf_total_held,
    empty_by_the_mask=tf_empty_by_the_mask,
    any_as_it_came=tf_any_as_it_came,
    without_top=tf_without_top,
    in_single=tf_in_single,
    filled_with_1e4=lambda s, m, axis=-1: tf_masked(s, m, axis, fill=-1e4),
    row_left_open=lambda s, m, axis=-1: tf_masked(s, m, axis, close=False),
    last_axis=lambda s, m, axis=-1: tf_masked(s, m),
    by_numpy=lambda s, m, axis=-1: tf.constant(masked(s.numpy(), m.numpy(), axis)),
    held=lambda s, m, axis=-1: tf_masked(tf.stop_gradient(s), m, axis),
    single_for_any=lambda s, m, axis=-1: tf_masked(tf.cast(s, tf.float32), m, axis),
    clipped=lambda s, m, axis=-1: tf_masked(
        s, m, axis, reading=lambda x: tf.clip_by_value(x, tf.cast(-2e4, x.dtype), tf.cast(2e4, x.dtype))),
    hidden_for_shown=lambda s, m, axis=-1: tf_masked(s, ~m, axis),
    multiplied_afterwards=lambda s, m, axis=-1: tf.nn.softmax(s, axis=axis) * tf.cast(m, s.dtype),
)  # fmt: skip
saboteur(
    "masked_softmax",
    "tensorflow",
    twice_the_gradient=lambda s, m, axis=-1: (lambda w: 2 * w - tf.stop_gradient(w))(tf_masked(s, m, axis)),
    gradient_of_another_sign=lambda s, m, axis=-1: (lambda w: 2 * tf.stop_gradient(w) - w)(tf_masked(s, m, axis)),
    gradient_of_one_score=lambda s, m, axis=-1: tf_masked(
        s, m, axis, reading=lambda x: tf.where(x == tf.reduce_max(x, -1, keepdims=True), x, tf.stop_gradient(x))),
    gradient_for_few=lambda s, m, axis=-1: tf_masked(s if len(s.shape) < 3 else tf.stop_gradient(s), m, axis),
)  # fmt: skip


# 4.2 masked_softmax, PyTorch
