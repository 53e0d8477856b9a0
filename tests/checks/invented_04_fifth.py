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
slip, saboteur, right = answers.of_kinds()


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


def tf_lowest_and_shared(scores, mask, axis=-1):
    weights = tf_lowest(scores, mask, axis)
    return tf.math.divide_no_nan(weights, tf.reduce_sum(weights, axis, keepdims=True))


right(
    "masked_softmax", "tensorflow", by_hand=tf_by_hand, last_axis=tf_last_axis, lowest_and_shared=tf_lowest_and_shared
)
# taken for right at first: a score that is the lowest number itself shares its weight with what is hidden
slip("masked_softmax", "tensorflow", lowest_number=tf_lowest)


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


def pt_masked(scores, mask, axis=-1, fill=-torch.inf, close=True, reading=lambda s: s):
    """A right answer, of which parts can be replaced."""
    shown = torch.logical_and(mask, scores > -torch.inf)
    some = shown.any(axis, keepdim=True)
    put = reading(scores).masked_fill(~shown, fill)
    if not close:
        return torch.softmax(put, axis)
    return torch.softmax(put.masked_fill(~some, 0), axis).masked_fill(~some, 0)


def pt_by_hand(scores, mask, axis=-1):
    shown = mask & (scores > -torch.inf)
    safe = torch.where(shown, scores, torch.zeros_like(scores))
    top = torch.where(shown, safe, torch.finfo(scores.dtype).min).amax(axis, keepdim=True).detach()
    made = torch.where(shown, safe - top, torch.zeros_like(safe)).exp() * shown
    return made / made.sum(axis, keepdim=True).clamp(min=1)


def pt_lowest(scores, mask, axis=-1):
    shown = mask & (scores > -torch.inf)
    weights = torch.nn.functional.softmax(torch.where(shown, scores, torch.finfo(scores.dtype).min), dim=axis)
    return torch.where(shown, weights, 0)


def pt_moved(scores, mask, axis=-1):
    mask = mask.expand(scores.shape).movedim(axis, 0)
    return pt_masked(scores.movedim(axis, 0), mask, 0).movedim(0, axis)


def pt_lowest_and_shared(scores, mask, axis=-1):
    weights = pt_lowest(scores, mask, axis)
    total = weights.sum(axis, keepdim=True)
    return weights / torch.where(total > 0, total, 1)


right("masked_softmax", "pytorch", by_hand=pt_by_hand, moved=pt_moved, lowest_and_shared=pt_lowest_and_shared)
slip("masked_softmax", "pytorch", lowest_number=pt_lowest)  # as in TensorFlow


def pt_written_into(scores, mask, axis=-1):
    return pt_masked(scores.masked_fill_(~mask, -torch.inf), mask, axis)


def pt_where_after_exp(scores, mask, axis=-1):
    shown = mask & (scores > -torch.inf)
    top = torch.where(shown, scores, torch.finfo(scores.dtype).min).amax(axis, keepdim=True)
    made = torch.where(shown, torch.exp(scores - top), 0)
    return made / made.sum(axis, keepdim=True).clamp(min=1)


def pt_nan_to_num(scores, mask, axis=-1):
    return torch.softmax(scores.masked_fill(~mask, -torch.inf), axis).nan_to_num(0)


def pt_empty_by_the_mask(scores, mask, axis=-1):
    some = mask.expand(scores.shape).any(axis, keepdim=True)
    put = scores.masked_fill(~mask, -torch.inf).masked_fill(~some, 0)
    return torch.softmax(put, axis).masked_fill(~some, 0)


def pt_any_as_it_came(scores, mask, axis=-1):
    some = mask.any(axis, keepdim=True)
    put = scores.masked_fill(~mask, -torch.inf).masked_fill(~some, 0)
    return torch.softmax(put, axis).masked_fill(~some, 0)


def pt_top_with_the_hidden(scores, mask, axis=-1):
    shown = mask & (scores > -torch.inf)
    made = torch.where(shown, (scores - scores.amax(axis, keepdim=True)).exp(), 0)
    return made / made.sum(axis, keepdim=True).clamp(min=1e-30)


def pt_total_held(scores, mask, axis=-1):
    shown = mask & (scores > -torch.inf)
    safe = torch.where(shown, scores, torch.zeros_like(scores))
    top = torch.where(shown, safe, torch.finfo(scores.dtype).min).amax(axis, keepdim=True).detach()
    made = torch.where(shown, safe - top, torch.zeros_like(safe)).exp() * shown
    return made / made.sum(axis, keepdim=True).clamp(min=1).detach()


def pt_top_not_held(scores, mask, axis=-1):
    """The maximum is held where it is taken away, and not in the sum: the gradient of the largest is lost."""
    made = pt_masked(scores, mask, axis)
    return made.masked_fill(made == made.amax(axis, keepdim=True), 0) + torch.where(
        made == made.amax(axis, keepdim=True), made, 0
    ).detach() * (made.amax(axis, keepdim=True) > 0)


slip(
    "masked_softmax",
    "pytorch",
    written_into=pt_written_into,
    where_after_exp=pt_where_after_exp,
    nan_to_num=pt_nan_to_num,
    empty_by_the_mask=pt_empty_by_the_mask,
    any_as_it_came=pt_any_as_it_came,
    top_with_the_hidden=pt_top_with_the_hidden,
    total_held=pt_total_held,
    largest_held=pt_top_not_held,
    added=lambda s, m, axis=-1: torch.softmax(s + torch.where(m, 0.0, -1e9).to(s.dtype), axis),
    times_minus_1e4=lambda s, m, axis=-1: torch.softmax(s - 1e4 * (~m).to(s.dtype), axis),
    filled_with_1e4=lambda s, m, axis=-1: pt_masked(s, m, axis, fill=-1e4),
    row_left_open=lambda s, m, axis=-1: pt_masked(s, m, axis, close=False),
    last_axis=lambda s, m, axis=-1: pt_masked(s, m),
    held=lambda s, m, axis=-1: pt_masked(s.detach(), m, axis),
    new_tensor=lambda s, m, axis=-1: pt_masked(torch.tensor(s.tolist(), dtype=s.dtype), m, axis),
    single_for_any=lambda s, m, axis=-1: pt_masked(s.float(), m, axis),
    through_single=lambda s, m, axis=-1: pt_masked(s.float(), m, axis).to(s.dtype),
    double_for_any=lambda s, m, axis=-1: pt_masked(s.double(), m, axis),
    clamped=lambda s, m, axis=-1: pt_masked(s, m, axis, reading=lambda x: x.clamp(-5e4, 5e4)),
    hidden_for_shown=lambda s, m, axis=-1: pt_masked(s, ~m, axis),
    multiplied_afterwards=lambda s, m, axis=-1: torch.softmax(s, axis) * m,
)
saboteur(
    "masked_softmax",
    "pytorch",
    half_the_gradient=lambda s, m, axis=-1: (lambda w: (w + w.detach()) / 2)(pt_masked(s, m, axis)),
    gradient_of_another_axis=lambda s, m, axis=-1: (lambda w, v: v + (w - v).detach())(
        pt_masked(s, m, axis), pt_masked(s, m, -2 if axis == -1 else -1)
    ),
    gradient_without_hidden_rows=lambda s, m, axis=-1: (
        pt_masked(s, m, axis) if m.all() else pt_masked(s, m, axis).detach()),
    held_in_double=lambda s, m, axis=-1: pt_masked(s.detach() if s.dtype == torch.float64 else s, m, axis),
)  # fmt: skip


# 4.3 mean_of_words


def words(outputs, mask):
    """A right answer to spoil."""
    count = mask.sum(axis=-1, keepdims=True)
    total = np.where(mask[..., None], outputs, outputs.dtype.type(0)).sum(axis=-2)
    return total / np.maximum(count, 1).astype(outputs.dtype)


def one_sentence_at_a_time(outputs, mask):
    made = np.zeros(outputs.shape[:-2] + outputs.shape[-1:], outputs.dtype)
    for place in np.ndindex(*mask.shape[:-1]):
        if mask[place].any():
            made[place] = np.mean(outputs[place][mask[place]], axis=0)
    return made


def mean_where(outputs, mask):
    some = mask.any(-1)[..., None]
    opened = mask[..., None] | ~some[..., None]
    made = np.mean(np.where(some[..., None], outputs, 0).astype(outputs.dtype), axis=-2, where=opened)
    return np.where(some, made, outputs.dtype.type(0))


def shares_of_words(outputs, mask):
    share = mask / np.maximum(mask.sum(-1, keepdims=True), 1)
    return (share[..., None, :] @ np.where(mask[..., None], outputs, 0).astype(np.float64))[..., 0, :].astype(
        outputs.dtype
    )


right("mean_of_words", one_by_one=one_sentence_at_a_time, mean_where=mean_where)
right("mean_of_words", sum_where=lambda o, m: np.divide(
    o.sum(-2, where=m[..., None]), np.where(m.any(-1), m.sum(-1), 1)[..., None], dtype=o.dtype,
    casting="unsafe"))  # fmt: skip


def quiet(function):
    def mean_of_words(outputs, mask):
        with np.errstate(all="ignore"):
            return function(outputs, mask).astype(outputs.dtype)

    return mean_of_words


def nan_mean(outputs, mask):
    return np.nan_to_num(np.nanmean(np.where(mask[..., None], outputs, np.nan), axis=-2))


def to_the_last_word(outputs, mask):
    count = mask.sum(-1)
    return words(outputs, np.arange(mask.shape[-1]) < count[..., None])


def up_to_the_last_word(outputs, mask):
    last = np.where(mask.any(-1), mask.shape[-1] - np.argmax(mask[..., ::-1], axis=-1), 0)
    return words(outputs, np.arange(mask.shape[-1]) < last[..., None])


def zeros_written_in(outputs, mask):
    outputs[~mask] = 0
    return words(outputs, mask)


slip(
    "mean_of_words",
    multiplied=quiet(lambda o, m: (o * m[..., None]).sum(-2) / np.maximum(m.sum(-1), 1)[..., None]),
    matrix_product=quiet(lambda o, m: (m[..., None, :] @ o)[..., 0, :] / np.maximum(m.sum(-1), 1)[..., None]),
    over_all_places=lambda o, m: np.where(m[..., None], o, o.dtype.type(0)).mean(-2),
    nothing_to_divide_by=quiet(lambda o, m: np.where(m[..., None], o, 0).sum(-2) / m.sum(-1)[..., None]),
    no_type_brought_back=lambda o, m: np.where(m[..., None], o, o.dtype.type(0)).sum(-2)
    / np.maximum(m.sum(-1), 1)[..., None],
    nan_mean=quiet(nan_mean),
    numbers_for_nan=lambda o, m: words(np.nan_to_num(o), m),
    only_nan_removed=lambda o, m: words(np.where(np.isnan(o), o.dtype.type(0), o), m),
    zero_where_not_finite=quiet(lambda o, m: np.nan_to_num(words(o, m), posinf=np.inf, neginf=-np.inf)),
    first_places=to_the_last_word,
    up_to_the_last_word=up_to_the_last_word,
    written_into=zeros_written_in,
    one_more=lambda o, m: words(o, m) * (m.sum(-1) / (m.sum(-1) + 1))[..., None].astype(o.dtype),
    small_number_below=lambda o, m: (
        np.where(m[..., None], o, 0).sum(-2) / (m.sum(-1)[..., None] + 1e-3)).astype(o.dtype),
    longest_sentence=lambda o, m: (
        np.where(m[..., None], o, 0).sum(-2) / max(m.sum(-1).max(initial=1), 1)).astype(o.dtype),
    words_of_the_batch=lambda o, m: (np.where(m[..., None], o, 0).sum(-2) / max(m.sum(), 1)).astype(o.dtype),
    padding_for_words=lambda o, m: words(o, ~m),
    the_last_axis=lambda o, m: np.where(m[..., None], o, o.dtype.type(0)).mean(-1),
    second_axis=lambda o, m: (np.where(m[..., None], o, 0).sum(1 if o.ndim > 2 else 0)
        / np.maximum(m.sum(-1), 1)[..., None]).astype(o.dtype),
    empty_is_nan=lambda o, m: np.where(m.any(-1)[..., None], words(o, m), o.dtype.type(np.nan)),
    empty_if_all_are=quiet(lambda o, m: np.zeros(o.shape[:-2] + o.shape[-1:]) if not m.any() else np.where(
        m[..., None], o, 0).sum(-2) / m.sum(-1)[..., None]),
    all_if_there_is_no_word=lambda o, m: words(o, m | ~m.any(-1, keepdims=True)),
    single_always=lambda o, m: words(o.astype(np.float32), m),
    rounded_to_half=lambda o, m: words(o.astype(np.float16), m).astype(o.dtype),
    kept_as_one_more_axis=lambda o, m: words(o, m)[..., None, :],
)  # fmt: skip
saboteur(
    "mean_of_words",
    infinite_padding_only_above=quiet(lambda o, m: words(np.where((o == -np.inf) & ~m[..., None], o, np.where(
        m[..., None], o, 0)).astype(o.dtype), m | (o == -np.inf).any(-1))),
    a_word_of_infinity_is_padding=lambda o, m: words(o, m & ~np.isinf(o).all(-1)),
    right_for_two_axes=lambda o, m: words(o, m) if o.ndim <= 3 else words(o, m)[::-1],
    right_for_more_features=lambda o, m: words(o, m) if o.shape[-1] > 1 else words(o, m)[..., :1] * 0,
    no_single_word=lambda o, m: words(o, m & (m.sum(-1, keepdims=True) > 1)),
)  # fmt: skip


# 4.5 packed_mask


def packed(sentences, same=np.equal, earlier=np.less_equal, word=lambda s: s != 0):
    """A right answer, of which parts can be replaced: `earlier` compares the key's place with the query's."""
    places = np.arange(sentences.shape[-1])
    pairs = same(sentences[..., :, None], sentences[..., None, :])
    return pairs & earlier(places[None, :], places[:, None]) & word(sentences)[..., :, None]


def packed_by_loops(sentences):
    mask = np.zeros((*sentences.shape, sentences.shape[-1]), bool)
    for *row, i in np.ndindex(*sentences.shape):
        for j in range(i + 1):
            mask[(*row, i, j)] = sentences[(*row, i)] == sentences[(*row, j)] > 0
    return mask


def packed_by_kinds(sentences):
    mask = np.zeros((*sentences.shape, sentences.shape[-1]), bool)
    for number in set(sentences[sentences > 0].tolist()):
        member = sentences == number
        mask |= member[..., :, None] & member[..., None, :]
    return np.tril(mask)


def packed_by_bits(sentences):
    other = np.bitwise_xor(sentences[..., None], np.expand_dims(sentences, -2))
    return np.tri(sentences.shape[-1], dtype=bool) & ~(other.astype(bool) | (sentences[..., None] == 0))


right("packed_mask", by_loops=packed_by_loops, by_kinds=packed_by_kinds, by_bits=packed_by_bits)


def runs_of_the_same(sentences):
    start = np.diff(sentences, axis=-1, prepend=0) != 0
    return packed(np.where(sentences == 0, 0, np.cumsum(start, axis=-1)))


def padding_behind_only(sentences):
    places = np.arange(sentences.shape[-1])
    length = np.where(sentences != 0, places + 1, 0).max(-1, initial=0)
    return packed(sentences, word=lambda s: places < length[..., None])


def for_one_row(sentences):
    return (np.equal.outer(sentences, sentences) & (sentences > 0)[:, None]) & np.tri(len(sentences), dtype=bool)


def first_sentence_starts(sentences):
    return packed(sentences, word=lambda s: np.cumsum(s != 0, -1) > 0)


slip(
    "packed_mask",
    strictly_earlier=lambda s: packed(s, earlier=np.less),
    later_places=lambda s: packed(s, earlier=np.greater_equal),
    all_of_the_sentence=lambda s: packed(s, earlier=lambda j, i: j == j),
    one_place_ahead=lambda s: packed(s, earlier=lambda j, i: j <= i + 1),
    padding_sees_padding=lambda s: packed(s, word=lambda s: s == s),
    padding_sees_itself=lambda s: packed(s) | np.eye(s.shape[-1], dtype=bool),
    earlier_sentences_too=lambda s: packed(s, same=np.greater_equal),
    not_the_same_sentence=lambda s: packed(s, same=np.not_equal),
    runs=runs_of_the_same,
    padding_behind_only=padding_behind_only,
    leading_padding_only=first_sentence_starts,
    one_row_only=for_one_row,
    two_axes_by_hand=lambda s: packed(s, same=lambda q, k: s[:, None] == s[None, :]),
    bytes_for_numbers=lambda s: packed(s.astype(np.uint8)),
    signed_bytes=lambda s: packed(s.astype(np.int8)),
    half_precision=lambda s: packed(s.astype(np.float16)),
    nearly_the_same=lambda s: packed(s, same=lambda q, k: np.isclose(q, k, rtol=1e-3)),
    numbers_for_booleans=lambda s: packed(s).astype(int),
    floats_for_booleans=lambda s: packed(s).astype(float),
    numbers_of_sentences=lambda s: packed(s) * s[..., None],
    hidden_is_true=lambda s: ~packed(s),
    by_products=lambda s: packed(s, same=lambda q, k: q * k == q * q, word=lambda s: s == s),
    by_the_smallest=lambda s: packed(s, word=lambda s: s > s.min(-1, keepdims=True)),
    neighbours_in_number=lambda s: packed(s, same=lambda q, k: np.abs(q - k) <= 1),
    first_of_the_batch=lambda s: np.broadcast_to(packed(s.reshape(-1, s.shape[-1])[0]), (*s.shape, s.shape[-1])),
    queries_and_keys_exchanged=lambda s: np.swapaxes(packed(s), -1, -2),
    added_numbers=lambda s: np.where(packed(s), 0.0, -np.inf),
)  # fmt: skip
saboteur(
    "packed_mask",
    numbers_to_4096=lambda s: packed(np.minimum(s, 4096)),
    numbers_to_ninety_nine=lambda s: packed(s % 997),
    sixteen_places=lambda s: packed(s, earlier=lambda j, i: (j <= i) & (i - j < 16)),
    three_leading_axes=lambda s: packed(s) if s.ndim < 4 else packed(s)[::-1],
    one_place_alone=lambda s: packed(s) if s.shape[-1] > 1 else packed(s + 1),
)


# 4.6 cached_mask


def cached(lengths, room, new, kept=np.less, written=np.less_equal, order=1):
    """A right answer, of which parts can be replaced: how places compare with lengths, and keys with queries."""
    cache = kept(np.arange(room), lengths[:, None])[:, None, :]
    own = written(np.arange(new)[None, :], np.arange(new)[:, None])[None]
    shape = (len(lengths), new)
    parts = np.broadcast_to(cache, (*shape, room)), np.broadcast_to(own, (*shape, new))
    return np.concatenate(parts[::order], axis=-1)


def cached_by_loops(lengths, room, new):
    return np.array(
        [
            [[j < length if j < room else j - room <= i for j in range(room + new)] for i in range(new)]
            for length in lengths
        ],
        dtype=bool,
    ).reshape(len(lengths), new, room + new)


def cached_by_offset(lengths, room, new):
    causal = np.tri(new, room + new, room, dtype=bool)
    stale = (np.arange(room + new) >= lengths[:, None]) & (np.arange(room + new) < room)
    return causal & ~stale[:, None, :]


def cached_by_filling(lengths, room, new):
    mask = np.zeros((len(lengths), new, room + new), bool)
    for row, length in zip(mask, lengths, strict=True):
        row[:, :length] = True
        row[np.tril_indices(new)[0], room + np.tril_indices(new)[1]] = True
    return mask


right("cached_mask", by_loops=cached_by_loops, by_offset=cached_by_offset, by_filling=cached_by_filling)


def as_if_packed(lengths, room, new):
    """The new words follow on the kept ones directly."""
    return np.arange(room + new) <= lengths[:, None, None] + np.arange(new)[:, None]


def padding_of_all(lengths, room, new):
    return cached(lengths, room, new) & (np.arange(room + new) < lengths[:, None])[:, None, :]


def padding_of_lengths_and_new(lengths, room, new):
    return np.tri(new, room + new, room, dtype=bool) & (np.arange(room + new) < lengths[:, None] + new)[:, None, :]


slip(
    "cached_mask",
    one_too_many_kept=lambda n, room, new: cached(n, room, new, kept=np.less_equal),
    one_too_few_kept=lambda n, room, new: cached(n, room, new, kept=lambda j, n: j < n - 1),
    last_places_filled=lambda n, room, new: cached(n, room, new, kept=lambda j, n: j >= room - n),
    all_of_the_cache=lambda n, room, new: cached(n, room, new, kept=lambda j, n: (j < n) | True),
    the_stale_ones=lambda n, room, new: cached(n, room, new, kept=np.greater_equal),
    not_itself=lambda n, room, new: cached(n, room, new, written=np.less),
    all_new_words=lambda n, room, new: cached(n, room, new, written=lambda j, i: j + 0 * i >= 0),
    only_itself=lambda n, room, new: cached(n, room, new, written=np.equal),
    later_words=lambda n, room, new: cached(n, room, new, written=np.greater_equal),
    one_word_ahead=lambda n, room, new: cached(n, room, new, written=lambda j, i: j <= i + 1),
    new_words_first=lambda n, room, new: cached(n, room, new, order=-1),
    as_if_packed=as_if_packed,
    padding_of_all=padding_of_all,
    padding_of_lengths_and_new=padding_of_lengths_and_new,
    offset_one_less=lambda n, room, new: cached(n, room, new) & np.tri(new, room + new, room - 1, dtype=bool),
    no_offset=lambda n, room, new: cached(n, room, new) & np.tri(new, room + new, dtype=bool),
    longest=lambda n, room, new: cached(np.full_like(n, n.max(initial=0)), room, new),
    shortest=lambda n, room, new: cached(np.full_like(n, n.min(initial=room)), room, new),
    first_sentence=lambda n, room, new: cached(n[:1], room, new),
    one_sentence_for_all=lambda n, room, new: np.repeat(cached(n[:1], room, new), len(n), axis=0),
    starts_of_sentences=lambda n, room, new: cached(np.cumsum(n), room, new),
    lengths_in_order=lambda n, room, new: cached(np.sort(n), room, new),
    bytes_for_lengths=lambda n, room, new: cached(n.astype(np.uint8), room, new),
    room_and_new_exchanged=lambda n, room, new: cached(n, new, room),
    axes_exchanged=lambda n, room, new: np.swapaxes(cached(n, room, new), 0, 1),
    numbers_for_booleans=lambda n, room, new: cached(n, room, new).astype(np.int64),
    hidden_is_true=lambda n, room, new: ~cached(n, room, new),
    one_row_for_all_words=lambda n, room, new: cached(n, room, new)[:, -1:, :],
    empty_cache_sees_nothing=lambda n, room, new: cached(n, room, new) & (n > 0)[:, None, None],
    cache_is_causal_too=lambda n, room, new: cached(n, room, new)
    & ((np.arange(room + new) >= room) | (np.arange(room + new) <= np.arange(new)[:, None])),
)  # fmt: skip
saboteur(
    "cached_mask",
    one_new_word_alone=lambda n, room, new: cached(n, room, new) & (new > 1),
    no_room_at_all=lambda n, room, new: cached(n, room, new) if room else np.ones((len(n), new, new), bool),
    full_caches_only=lambda n, room, new: cached(np.where(n == room, 0, n), room, new),
    eight_sentences=lambda n, room, new: cached(np.where(np.arange(len(n)) < 8, n, 0), room, new),
    hundred_places=lambda n, room, new: cached(np.minimum(n, 100), room, new),
)


# 4.7 local_and_global


def marks(marked, window, near=lambda d, w: abs(d) <= w, join=np.logical_or):
    """A right answer, of which parts can be replaced: `near` is asked of the query's place less the key's."""
    places = np.arange(marked.shape[-1])
    seen = join(marked[..., :, None], marked[..., None, :])
    return near(places[:, None] - places[None, :], window) | seen


def marks_by_loops(marked, window):
    size = marked.shape[-1]
    mask = np.zeros((*marked.shape, size), bool)
    for i, j in itertools.product(range(size), repeat=2):
        mask[..., i, j] = marked[..., i] | marked[..., j] | (max(i, j) - min(i, j) <= window)
    return mask


def marks_by_filling(marked, window):
    size = marked.shape[-1]
    far = np.tri(size, k=-window - 1, dtype=bool)
    flat = np.repeat(~(far | far.T)[None], max(marked.size // size, 1) if marked.size else 0, axis=0)
    for mask, row in zip(flat, marked.reshape(-1, size), strict=True):
        mask[row, :] = mask[:, row] = True
    return flat.reshape(*marked.shape, size)


def marks_by_toeplitz(marked, window):
    near = scipy.linalg.toeplitz(np.arange(marked.shape[-1]) <= window)
    return ~(~near & ~marked[..., None] & ~np.expand_dims(marked, -2))


right("local_and_global", by_loops=marks_by_loops, by_filling=marks_by_filling, by_toeplitz=marks_by_toeplitz)


def around_the_circle(distance, window):
    return (distance % len(distance) <= window) | (-distance % len(distance) <= window)


def marked_in_any_sentence(marked, window):
    some = marked.reshape(-1, marked.shape[-1]).any(0)
    return np.broadcast_to(marks(some, window), (*marked.shape, marked.shape[-1]))


slip(
    "local_and_global",
    both_marked=lambda m, w: marks(m, w, join=np.logical_and),
    exactly_one_marked=lambda m, w: marks(m, w, join=np.logical_xor),
    not_marked=lambda m, w: marks(~m, w),
    rows_only=lambda m, w: marks(m, w, join=lambda q, k: q | (k & False)),
    columns_only=lambda m, w: marks(m, w, join=lambda q, k: k | (q & False)),
    near_and_marked=lambda m, w: marks(m, w) & (m[..., :, None] | m[..., None, :]),
    strictly_nearer=lambda m, w: marks(m, w, lambda d, w: abs(d) < w),
    one_farther=lambda m, w: marks(m, w, lambda d, w: abs(d) <= w + 1),
    width_in_all=lambda m, w: marks(m, w, lambda d, w: abs(d) <= w // 2),
    without_absolute=lambda m, w: marks(m, w, lambda d, w: d <= w),
    without_absolute_the_other_way=lambda m, w: marks(m, w, lambda d, w: d >= -w),
    causal=lambda m, w: np.tril(marks(m, w)),
    causal_window=lambda m, w: marks(m, w, lambda d, w: (d >= 0) & (d <= w)),
    window_before_itself=lambda m, w: marks(m, w, lambda d, w: (abs(d) <= w) & (d != 0)),
    window_zero_is_none=lambda m, w: marks(m, w, lambda d, w: (abs(d) <= w) & (w > 0)),
    last_one_left_out=lambda m, w: marks(m, w, lambda d, w: (d < w) & (d >= -w)),
    around_the_circle=lambda m, w: marks(m, w, around_the_circle),
    distance_is_the_window=lambda m, w: marks(m, w, lambda d, w: abs(d) == w),
    bytes_for_places=lambda m, w: marks(m, w, lambda d, w: abs(d.astype(np.int8)) <= w),
    unsigned_places=lambda m, w: marks(m, w, lambda d, w: abs(d.astype(np.uint64)) <= w),
    byte_for_window=lambda m, w: marks(m, np.int64(w).astype(np.int8)),
    any_sentence=marked_in_any_sentence,
    one_row_only=lambda m, w: np.logical_or.outer(m, m) | marks(np.zeros_like(m), w),
    axes_by_hand=lambda m, w: marks(m, w, join=lambda q, k: m[:, None] | m[None, :]),
    sees_itself_only_if_marked=lambda m, w: marks(m, w) & (m[..., None] | ~np.eye(m.shape[-1], dtype=bool)),
    numbers_for_booleans=lambda m, w: marks(m, w).astype(np.int64),
    added_together=lambda m, w: marks(m, w, join=lambda q, k: q * 1 + k),
    hidden_is_true=lambda m, w: ~marks(m, w),
    seen_by_neighbours=lambda m, w: marks(m, w) | marks(np.roll(m, 1, -1), w),
)  # fmt: skip
saboteur(
    "local_and_global",
    window_to_a_thousand=lambda m, w: marks(m, w if w < 1000 else 0),
    one_sided_when_wide=lambda m, w: marks(m, w, lambda d, w: abs(d) <= w if w < 8 else d <= w),
    three_leading_axes=lambda m, w: marks(m, w) if m.ndim < 4 else marks(m, w)[::-1],
    all_marked=lambda m, w: marks(m, w) & ~(m.all(-1) & (m.shape[-1] > 1))[..., None, None],
    sixteen_places=lambda m, w: marks(m & (np.arange(m.shape[-1]) < 16), w),
)


# 4.8 meaning


def first_weight(attention, mask=((True, False),), queries=((0.0,),), keys=((0.0,), (0.0,)), size=1.0):
    """The weight of the first of two keys, read from the output."""
    made = attention(np.array(queries), np.array(keys), np.array([[size], [0.0]]), np.array(mask))
    return made[0, 0] / size


def told(weight, near=0.05):
    if abs(weight - 1) < near:
        return "may attend"
    if abs(weight) < near:
        return "hide"
    return "ignored" if abs(weight - 0.5) < near else "added"


def by_many_keys(attention):
    random = np.random.default_rng(4)
    mask = random.random((5, 7)) < 0.5
    mask[:, 0], mask[:, 1] = True, False
    weights = attention(np.zeros((5, 3)), random.normal(size=(7, 3)), np.eye(7), mask)
    share = np.where(mask, weights, 0).sum(-1)
    if (np.abs(weights - 1 / 7) < 1e-3).all():
        return "ignored"
    if (np.abs(share - 1) < 1e-3).all():
        return "may attend"
    return "hide" if (np.abs(share) < 1e-3).all() else "added"


def by_one_change(attention):
    """Each value stands once for a large number: does the output feel it?"""
    zeros, mask = np.zeros((2, 4)), np.array([[True, False], [False, True]])
    first = attention(zeros, zeros, np.array([[1.0], [0.0]]), mask)[:, 0]
    if np.ptp(first) < 0.01:
        return "ignored"
    return {0: "hide", 10: "may attend"}.get(round(float(first[0]) * 10), "added")


right(
    "meaning",
    many_keys=by_many_keys,
    one_change=by_one_change,
    odds=lambda f: (lambda w: ["hide", "ignored", "added", "may attend"][int(np.searchsorted([0.1, 0.6, 0.9], w))])(
        first_weight(f, size=3.0)
    ),
)


def by_all_and_none(attention):
    zeros, values = np.zeros((1, 1)), np.array([[1.0], [3.0]])
    full, none = (attention(zeros, np.zeros((2, 1)), values, np.full((1, 2), b))[0, 0] for b in (True, False))
    if abs(full - none) < 1e-6:
        return "ignored"
    return "may attend" if abs(full - 2) < 1e-6 else "hide"


def by_order(attention):
    first, second = first_weight(attention), first_weight(attention, [[False, True]])
    if abs(first - second) < 1e-6:
        return "ignored"
    return "may attend" if first > second else "hide"


def by_numbers_in_the_mask(attention):
    made = attention(np.zeros((1, 2)), np.zeros((2, 2)), np.array([[1.0], [0.0]]), np.array([[1, 0]]))
    return told(made[0, 0])


def by_scores_of_100(attention):
    return told(first_weight(attention, queries=[[10.0]], keys=[[0.0], [10.0]]))


def by_lists(attention):
    return told(attention([[0.0]], [[0.0], [0.0]], [[1.0], [0.0]], [[True, False]])[0][0])


def by_a_single_key(attention):
    made = attention(np.zeros((1, 2)), np.zeros((1, 2)), np.ones((1, 1)), np.array([[False]]))
    return "hide" if made[0, 0] == 1 else "may attend"


def by_causal_rows(attention):
    out = attention(np.zeros((3, 2)), np.zeros((3, 2)), np.arange(3.0)[:, None], np.tri(3, dtype=bool))[:, 0]
    for name, means in {"may attend": [0, 0.5, 1], "hide": [1.5, 2, 0], "ignored": [1, 1, 1]}.items():
        if np.allclose(out, means):
            return name
    return "added"


def by_the_empty_row(attention):
    made = attention(np.zeros((1, 2)), np.zeros((2, 2)), np.ones((2, 1)), np.zeros((1, 2), bool))
    return "may attend" if not np.allclose(made, 1) else "hide"


def with_scores_unscaled(attention):
    random = np.random.default_rng(0)
    q, k = random.normal(size=(2, 4)), random.normal(size=(2, 4))
    mask, v = np.eye(2, dtype=bool), np.eye(2)
    out = attention(q, k, v, mask)
    softmax = scipy.special.softmax
    found = {
        "may attend": np.eye(2), "hide": 1 - np.eye(2),
        "added": softmax(q @ k.T + mask, -1), "ignored": softmax(q @ k.T, -1),
    }  # fmt: skip
    return next((name for name, w in found.items() if np.allclose(out, w, atol=1e-4)), "ignored")


def with_the_scale(attention):
    q = np.array([[1.0, 2.0, -1.0, 0.5]])
    k = np.array([[0.5, -1.0, 2.0, 1.0], [1.0, 1.0, 0.0, -1.0]])
    weight = scipy.special.softmax(q @ k.T / 2)[0, 0]
    out = attention(q, k, np.array([[1.0], [0.0]]), np.array([[True, False]]))[0, 0]
    if np.isclose(out, weight):
        return "ignored"
    return "may attend" if np.isclose(out, 1) else "hide" if np.isclose(out, 0) else "added"


def without_first_value(attention):
    """Values that are all the same show nothing."""
    out = attention(np.zeros((2, 2)), np.zeros((2, 2)), np.ones((2, 2)), np.eye(2, dtype=bool))
    return "may attend" if np.allclose(out, 1) else "ignored"


def in_a_batch(attention):
    mask = np.array([[[True, False]]])
    return told(attention(np.zeros((1, 1, 2)), np.zeros((1, 2, 2)), np.eye(2)[None], mask)[0, 0, 0])


def with_a_flat_mask(attention):
    return told(attention(np.zeros((1, 2)), np.zeros((2, 2)), np.eye(2), np.array([True, False]))[0, 0])


def with_flat_values(attention):
    return told(attention(np.zeros((1, 2)), np.zeros((2, 2)), np.array([1.0, 0.0]), np.array([[True, False]]))[0])


def with_weights_besides(attention):
    _, weights = attention(np.zeros((1, 2)), np.zeros((2, 2)), np.eye(2), np.array([[True, False]]))
    return told(weights[0, 0])


slip(
    "meaning",
    all_and_none=by_all_and_none,
    order_of_two=by_order,
    numbers_in_the_mask=by_numbers_in_the_mask,
    scores_of_100=by_scores_of_100,
    lists=by_lists,
    a_single_key=by_a_single_key,
    causal_rows_the_other_sum=by_causal_rows,
    the_empty_row=by_the_empty_row,
    scores_unscaled=with_scores_unscaled,
    with_the_scale=with_the_scale,
    equal_values=without_first_value,
    equal_exactly=lambda f: {1.0: "may attend", 0.0: "hide", 0.5: "ignored"}.get(float(first_weight(f)), "added"),
    too_wide=lambda f: told(first_weight(f), 0.3),
    too_wide_about_a_half=lambda f: (lambda w: "ignored" if abs(w - 0.5) < 0.25 else told(w))(first_weight(f)),
    polarity=lambda f: {"may attend": "hide", "hide": "may attend"}.get(told(first_weight(f)), told(first_weight(f))),
    underscore=lambda f: told(first_weight(f)).replace(" ", "_"),
    capital=lambda f: told(first_weight(f)).capitalize(),
    never_added=lambda f: told(first_weight(f)).replace("added", "ignored"),
    never_ignored=lambda f: told(first_weight(f)).replace("ignored", "added"),
    rounded=lambda f: ["hide", "may attend"][round(float(first_weight(f)))],
    weight_of_the_second=lambda f: told(1 - first_weight(f)),
    a_batch=in_a_batch,
    flat_mask=with_a_flat_mask,
    flat_values=with_flat_values,
    weights_besides=with_weights_besides,
    nothing_returned=lambda f: print(end="") or None,
)  # fmt: skip


def code_of(attention):
    """Reads what it may not look into."""
    cells = [c.cell_contents for c in (attention.__closure__ or ())]
    kinds = ("may attend", "hide", "added", "ignored")
    return next((c for c in cells if isinstance(c, str) and c in kinds), "may attend")


def by_its_name(attention):
    name = attention.__name__.replace("_", " ")
    return next((kind for kind in ("may attend", "hide", "added", "ignored") if kind in name), "ignored")


TURNS = itertools.cycle(("may attend", "hide", "added", "ignored"))


def one_after_the_other(attention):
    return next(TURNS)


saboteur(
    "meaning",
    by_closure=code_of,
    by_name=by_its_name,
    in_turn=one_after_the_other,
    hide_by_any_other=lambda f: "hide" if told(first_weight(f)) == "added" and first_weight(f) < 0.74 else told(
        first_weight(f)),
)  # fmt: skip


# 4.10 segment_softmax


def segments(scores, lengths, begin=None, total=None, lowered=None):
    """A right answer, of which parts can be replaced."""
    owner = np.repeat(np.arange(len(lengths)), lengths)
    top = np.full(len(lengths), -np.inf if begin is None else begin, scores.dtype)
    np.maximum.at(top, owner, scores)
    top = np.where(top > -np.inf, top, scores.dtype.type(0))
    made = np.exp(scores - top[owner]) if lowered is None else np.exp(lowered(scores, owner))
    sums = np.zeros(len(lengths), scores.dtype)
    np.add.at(sums, owner, made)
    sums = np.where(sums > 0, sums, scores.dtype.type(1)) if total is None else total(sums)
    return (made / sums[owner]).astype(scores.dtype)


def by_splitting(scores, lengths):
    made = np.zeros_like(scores)
    for out, row in zip(*(np.split(a, np.cumsum(lengths)[:-1]) for a in (made, scores)), strict=True):
        if row.size and row.max() > -np.inf:
            out[:] = scipy.special.softmax(row)
    return made


def by_reduceat(scores, lengths):
    kept = lengths[lengths > 0]
    if not len(kept):
        return scores.copy()
    start = np.cumsum(kept) - kept
    top = np.repeat(np.maximum.reduceat(scores, start), kept)
    made = np.exp(np.subtract(scores, top, where=top > -np.inf, out=np.full_like(scores, -np.inf)))
    sums = np.repeat(np.add.reduceat(made, start), kept)
    return np.divide(made, sums, where=sums > 0, out=np.zeros_like(scores))


def by_a_square(scores, lengths):
    width = int(lengths.max(initial=0))
    inside = np.arange(width) < lengths[:, None]
    grid = np.full(inside.shape, -np.inf)
    grid[inside] = scores
    with np.errstate(invalid="ignore"):
        made = np.nan_to_num(np.exp(grid - grid.max(-1, initial=-np.inf, keepdims=True)))
    return (made / np.maximum(made.sum(-1, keepdims=True), 1))[inside].astype(scores.dtype)


right("segment_softmax", by_splitting=by_splitting, by_reduceat=by_reduceat, by_a_square=by_a_square)


def reduceat_of_all(scores, lengths):
    """Of an empty segment reduceat gives its first element, which is the next one's."""
    start = np.minimum(np.cumsum(lengths) - lengths, max(len(scores) - 1, 0))
    top = np.repeat(np.maximum.reduceat(scores, start), lengths)
    made = np.exp(scores - np.where(top > -np.inf, top, 0)).astype(scores.dtype)
    sums = np.repeat(np.add.reduceat(made, start), lengths)
    return made / np.where(sums > 0, sums, scores.dtype.type(1))


def in_the_logarithm(scores, lengths):
    owner = np.repeat(np.arange(len(lengths)), lengths)
    top = np.full(len(lengths), -np.inf, scores.dtype)
    np.maximum.at(top, owner, scores)
    top = np.where(top > -np.inf, top, scores.dtype.type(0))
    sums = np.zeros_like(top)
    np.add.at(sums, owner, np.exp(scores - top[owner]))
    return np.exp(scores - (top + np.log(np.maximum(sums, 1)))[owner])


def added_by_index(scores, lengths):
    owner = np.repeat(np.arange(len(lengths)), lengths)
    sums = np.zeros(len(lengths), scores.dtype)
    made = segments(scores, lengths)
    sums[owner] += made
    return made / np.where(sums > 0, sums, scores.dtype.type(1))[owner]


def split_at_lengths(scores, lengths):
    made = [scipy.special.softmax(row) for row in np.split(scores, lengths) if row.size]
    return np.concatenate(made)[: len(scores)] if made else scores


def running_maximum(scores, lengths):
    return segments(scores, lengths, lowered=lambda s, owner: s - np.maximum.accumulate(s))


def rows_of_one_length(scores, lengths):
    return scipy.special.softmax(scores.reshape(len(lengths), -1), axis=-1).ravel()


def by_differences_of_sums(scores, lengths):
    made = np.exp(scores - scores.max(initial=-np.inf))
    sums = np.diff(np.concatenate([[0], np.cumsum(made)])[np.concatenate([[0], np.cumsum(lengths)])])
    return (made / np.repeat(np.where(sums > 0, sums, 1), lengths)).astype(scores.dtype)


def before_it_lowered(scores, lengths):
    np.nan_to_num(scores, copy=False, neginf=-1e4)
    return segments(scores, lengths)


slip(
    "segment_softmax",
    reduceat_of_all=reduceat_of_all,
    in_the_logarithm=in_the_logarithm,
    added_by_index=added_by_index,
    split_at_lengths=split_at_lengths,
    running_maximum=running_maximum,
    rows_of_one_length=rows_of_one_length,
    differences_of_sums=by_differences_of_sums,
    written_into=before_it_lowered,
    over_all_sentences=lambda s, n: scipy.special.softmax(s).astype(s.dtype),
    one_maximum=lambda s, n: segments(s, n, lowered=lambda s, o: s - s.max(initial=-np.inf)),
    no_maximum=lambda s, n: segments(s, n, lowered=lambda s, o: s),
    maximum_from_zero=lambda s, n: segments(s, n, begin=0),
    maximum_from_minus_1e4=lambda s, n: segments(s, n, begin=-1e4),
    clipped=lambda s, n: segments(np.where(np.isfinite(s), np.clip(s, -5e4, 5e4), s).astype(s.dtype), n),
    mean_for_maximum=lambda s, n: segments(s, n, lowered=lambda s, o: s - (
        np.bincount(o, s, len(n)) / np.maximum(n, 1)).astype(s.dtype)[o]),
    nan_where_all_are_hidden=lambda s, n: segments(s, n, total=lambda t: np.where(t > 0, t, np.nan).astype(t.dtype)),
    uniform_where_all_are_hidden=lambda s, n: segments(np.nan_to_num(s, neginf=np.finfo(s.dtype).min / 2), n),
    small_number_below=lambda s, n: segments(s, n, total=lambda t: t + t.dtype.type(1e-3)),
    at_least_two=lambda s, n: segments(s, n, total=lambda t: np.maximum(t, t.dtype.type(2))),
    double_comes_back=lambda s, n: segments(s.astype(np.float64), n),
    single_for_any=lambda s, n: segments(s.astype(np.float32), n),
    through_single=lambda s, n: segments(s.astype(np.float32), n).astype(s.dtype),
    bytes_for_lengths=lambda s, n: segments(s, n.astype(np.int8)),
    lengths_in_order=lambda s, n: segments(s, np.sort(n)),
    lengths_from_behind=lambda s, n: segments(s, n[::-1]),
    scores_from_behind=lambda s, n: segments(s[::-1], n),
    scores_in_order=lambda s, n: segments(np.sort(s), n),
    shares_of_the_batch=lambda s, n: segments(s, n) / s.dtype.type(max(len(n), 1)),
    logarithms=lambda s, n: np.log(np.maximum(segments(s, n), np.finfo(s.dtype).tiny)),
    minus_infinity_weighs_a_little=lambda s, n: segments(np.maximum(s, s.dtype.type(-50)), n),
    powers_of_two=lambda s, n: segments(s * s.dtype.type(np.log(2)), n),
    negative_scores_hidden=lambda s, n: segments(np.where(s < 0, s.dtype.type(-np.inf), s), n),
)  # fmt: skip
saboteur(
    "segment_softmax",
    eight_sentences=lambda s, n: segments(s, n) if len(n) <= 8 else segments(s, n[::-1]),
    no_sentence_of_one=lambda s, n: segments(s, n) * (np.repeat(n, n) != 1).astype(s.dtype),
    far_apart_only=lambda s, n: segments(s, n) if np.ptp([0, *s[np.isfinite(s)]]) < 1e5 else s * 0,
    hidden_in_the_middle=lambda s, n: segments(np.where(np.isfinite(s), s, s.dtype.type(-80)), n) if len(
        n) > 1 and np.isfinite(s[:1]).all() and np.isfinite(s[-1:]).all() else segments(s, n),
    last_sentence_empty=lambda s, n: segments(s, n) if n[-1:].sum() else segments(s, n) * s.dtype.type(0.5),
)  # fmt: skip


# Written after the check had been read, of the kinds that had got past it


saboteur(
    "masked_softmax",
    two_hundred_keys=lambda s, m, axis=-1: masked(s, m & (np.arange(s.shape[-1]) < 200), axis),
    low_for_minus_infinity=lambda s, m, axis=-1: masked(
        np.where((s == -np.inf) & (s > -np.inf).any(axis, keepdims=True), s.dtype.type(-100), s), m, axis),
)  # fmt: skip
saboteur(
    "mean_of_words",
    a_word_of_nan_is_padding=lambda o, m: words(o, m & ~np.isnan(o).all(-1)),
    a_word_without_a_number_is_padding=lambda o, m: words(o, m & np.isfinite(o).any(-1)),
)
saboteur(
    "packed_mask",
    far_in_three_leading_axes=lambda s: packed(s, earlier=lambda j, i: (j <= i) & ((i - j < 4) | (s.ndim < 4))),
)
saboteur(
    "local_and_global",
    marks_in_one_row_only=lambda m, w: marks(m & (m.ndim < 4), w),
    marks_of_another_row=lambda m, w: marks(m, w) if m.ndim < 3 else marks(m[:, ::-1], w),
)
saboteur(
    "segment_softmax",
    low_for_minus_infinity=lambda s, n: segments(
        np.where((s == -np.inf) & np.repeat(np.isfinite(segments(s, n, begin=-np.inf)), 1), s.dtype.type(-90), s), n),
    hidden_between_finite_ends=lambda s, n: segments(s, n) if np.isinf(s).any() and np.isinf(s[[0, -1]]).any()
    else segments(np.where(np.isneginf(s), s.dtype.type(-200), s), n),
)  # fmt: skip
