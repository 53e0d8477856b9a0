"""Answers to the exercises of chapter 4, invented a second time from the tasks alone.

The docstring of a wrong one says where it differs from the right result; many are a right answer with one flaw.
"""

import itertools
import math
from decimal import Decimal
from fractions import Fraction

import scipy.linalg
import scipy.sparse
import scipy.special

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("04")
wrong, right = answers.unlisted, answers.right


# --- right results, to spoil -----------------------------------------------------------------------------------------


def _masked(scores, mask, axis=-1):
    wide = np.where(mask, scores, -np.inf).astype(np.float64)
    top = wide.max(axis, keepdims=True, initial=-np.inf)
    powers = np.exp(wide - np.where(top == -np.inf, 0, top))
    total = powers.sum(axis, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


def _masked_tf(scores, mask, axis=-1):
    seen = mask & (scores > -np.inf)
    some = tf.reduce_any(seen, axis, keepdims=True)
    zero = tf.zeros_like(scores)
    filled = tf.where(seen, scores, tf.where(some, zero - np.inf, zero))
    return tf.where(some, tf.nn.softmax(filled, axis), zero)


def _masked_pt(scores, mask, axis=-1):
    seen = mask & (scores > -torch.inf)
    some = seen.any(axis, keepdim=True)
    filled = scores.masked_fill(~seen, -torch.inf).masked_fill(~some, 0)
    return filled.softmax(axis).masked_fill(~some, 0)


def _mean(outputs, mask):
    wide = np.where(mask[..., None], outputs, 0).astype(np.float64)
    return (wide.sum(-2) / np.maximum(mask.sum(-1), 1)[..., None]).astype(outputs.dtype)


def _packed(sentences):
    rows, columns = sentences[..., :, None], sentences[..., None, :]
    places = np.arange(sentences.shape[-1])
    return (rows == columns) & (rows != 0) & (places[:, None] >= places)


def _cached(lengths, room, new):
    kept = np.broadcast_to(np.arange(room) < lengths[:, None, None], (len(lengths), new, room))
    own = np.broadcast_to(np.tri(new, dtype=bool), (len(lengths), new, new))
    return np.concatenate([kept, own], -1)


def _near(size, window):
    return abs(np.arange(size)[:, None] - np.arange(size)) <= window


def _global(marked, window):
    return _near(marked.shape[-1], window) | marked[..., None] | marked[..., None, :]


def _two_keys(attention):
    zeros = np.zeros((1, 2)), np.zeros((2, 2))
    return attention(*zeros, np.eye(2), np.array([[True, False]]))[0]


def _named(weight):
    for expected, name in ((1, "may attend"), (0, "hide"), (0.5, "ignored")):
        if abs(weight - expected) < 1e-3:
            return name
    return "added"


def _segments(scores, lengths):
    parts = np.split(scores, np.cumsum(lengths)[:-1]) if len(lengths) else []
    parts = [_masked(part, True) for part in parts if len(part)]
    return np.concatenate(parts).astype(scores.dtype) if parts else scores.copy()


# --- 4.1 padding_by_hand: 3/4, 1/2, 1/3, 2/3 -------------------------------------------------------------------------

HAND_WRONG = {
    "in_per_cent": [75, 50, 33.3, 66.7],
    "first_two_swapped": [0.5, 0.75, 1 / 3, 2 / 3],
    "last_two_swapped": [0.75, 0.5, 2 / 3, 1 / 3],
    "one_place_of_padding": [0.75, 0.5, 1 / 12, 2 / 3],
    "exponential_of_zero_is_zero": [0.75, 0.75, 0, 1],
    "second_word": [0.25, 1 / 6, 1 / 3, 2 / 3],
    "two_places": [0.75, 0.5, 0.33, 0.67],
    "squared_length": [0.75, 0.5, 1 / 3, 4 / 9],
    "times_longer": [0.75, 0.5, 1 / 3, 1.5],
    "unchanged_length": [0.75, 0.5, 1 / 3, 1],
    "five_places": [6 / 8, 6 / 11, 3 / 11, 8 / 11],
    "six_places_of_padding": [6 / 8, 6 / 14, 6 / 14, 8 / 14],
    "logarithms": [math.log(6) / math.log(12), math.log(6) / math.log(12), 0, 1],
    "three_numbers": [0.75, 0.5, 1 / 3],
    "as_a_column": [[0.75], [0.5], [1 / 3], [2 / 3]],
    "last_unknown": [0.75, 0.5, 1 / 3, None],
    "negative": [0.75, 0.5, 1 / 3, -2 / 3],
    "odds": [3, 1, 0.5, 2],
}
HAND_RIGHT = {
    "exact": (Fraction(3, 4), Fraction(1, 2), Fraction(1, 3), Fraction(2, 3)),
    "three_places": [Decimal("0.750"), Decimal("0.500"), Decimal("0.333"), Decimal("0.667")],
    "single_precision": np.array([9, 6, 4, 8], np.float32) / 12,
    "complements": [1 - 2 / 8, 1 - 6 / 12, 1 - 8 / 12, 1 - 4 / 12],
    "a_generator": tuple(n / 12 for n in (9, 6, 4, 8)),
    "of_logarithms": [math.exp(math.log(6) - math.log(n)) for n in (8, 12, 18, 9)],
}


answers.by_hand("padding_by_hand", HAND_WRONG, HAND_RIGHT)


# --- 4.2 masked_softmax ----------------------------------------------------------------------------------------------


@wrong("masked_softmax")
def ten_thousand_below(scores, mask, axis=-1):
    """Scores that may be attended to, all below −10,000."""
    filled = np.where(mask & (scores > -np.inf), scores, scores.dtype.type(-1e4))
    some = (mask & (scores > -np.inf)).any(axis, keepdims=True)
    return scipy.special.softmax(filled, axis) * (mask & some).astype(scores.dtype)


@wrong("masked_softmax")
def smallest_number_and_times_the_mask(scores, mask, axis=-1):
    """A row of −∞ that nothing hides: NaN."""
    filled = np.where(mask, scores, np.finfo(scores.dtype).min)
    with np.errstate(invalid="ignore"):
        return scipy.special.softmax(filled, axis) * mask.astype(scores.dtype)


@wrong("masked_softmax")
def empty_by_the_mask_alone(scores, mask, axis=-1):
    """A row where the scores that are not hidden are −∞."""
    some = np.broadcast_to(mask, scores.shape).any(axis, keepdims=True)
    filled = np.where(some, np.where(mask, scores, -np.inf), 0).astype(scores.dtype)
    with np.errstate(invalid="ignore"):
        return np.where(some, scipy.special.softmax(filled, axis), 0).astype(scores.dtype)


@wrong("masked_softmax")
def infinity_counts_as_smallest(scores, mask, axis=-1):
    """A row of −∞ that nothing hides: equal weights."""
    return _masked(np.maximum(scores, np.finfo(scores.dtype).min), mask, axis)


@wrong("masked_softmax")
def largest_of_the_hidden_too(scores, mask, axis=-1):
    """A hidden score of 10,000 makes the others vanish."""
    clean = np.nan_to_num(scores, posinf=0, neginf=0)
    top = clean.max(axis, keepdims=True)
    powers = np.where(mask & (scores > -np.inf), np.exp(np.minimum(clean - top, 0)), 0)
    total = powers.sum(axis, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("masked_softmax")
def largest_of_all_rows(scores, mask, axis=-1):
    """A row that lies 2,000 below another."""
    wide = np.where(mask, scores, -np.inf).astype(np.float64)
    top = wide.max(initial=-np.inf)
    powers = np.exp(wide - (0 if top == -np.inf else top))
    total = powers.sum(axis, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("masked_softmax")
def never_shifted(scores, mask, axis=-1):
    """Scores of 1,000."""
    powers = np.where(mask, np.exp(np.clip(np.where(mask, scores, 0), -700, 700)), 0).astype(np.float64)
    total = powers.sum(axis, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("masked_softmax")
def clipped_at_fifty(scores, mask, axis=-1):
    """Scores of 60 and 70."""
    low = np.where(scores == -np.inf, scores, np.clip(scores, -50, 50)).astype(scores.dtype)
    return _masked(low, mask, axis)


@wrong("masked_softmax")
def very_low_counts_as_hidden(scores, mask, axis=-1):
    """A row of scores below −30,000."""
    return _masked(scores, mask & (scores > -3e4), axis)


@wrong("masked_softmax")
def zero_counts_as_hidden(scores, mask, axis=-1):
    """A score of exactly 0."""
    return _masked(scores, mask & (scores != 0), axis)


@wrong("masked_softmax")
def positive_counts_as_seen(scores, mask, axis=-1):
    """A hidden +∞."""
    return _masked(np.nan_to_num(scores, posinf=1e4, neginf=-np.inf), mask | (scores == np.inf), axis)


@wrong("masked_softmax")
def epsilon_below(scores, mask, axis=-1):
    """Rows of scores near each other: sums to 1 − 1e-6."""
    weights = _masked(scores, mask, axis)
    return (weights / (weights.sum(axis, keepdims=True) + 1e-6)).astype(scores.dtype)


@wrong("masked_softmax")
def single_precision_inside(scores, mask, axis=-1):
    """float64: seven digits only."""
    return _masked(scores.astype(np.float32), mask, axis).astype(scores.dtype)


@wrong("masked_softmax")
def always_double(scores, mask, axis=-1):
    """The type of float16 and float32 is lost."""
    return _masked(scores.astype(np.float64), mask, axis)


@wrong("masked_softmax")
def never_half(scores, mask, axis=-1):
    """The type of float16 is lost."""
    return _masked(scores, mask, axis).astype(np.result_type(scores.dtype, np.float32))


@wrong("masked_softmax")
def positive_axes_from_behind(scores, mask, axis=-1):
    """Axis 0 of three, which becomes −2."""
    return _masked(scores, mask, axis if axis < 0 else axis - 2)


@wrong("masked_softmax")
def last_axis_unless_zero(scores, mask, axis=-1):
    """Axis −2."""
    return _masked(scores, mask, 0 if axis == 0 else -1)


@wrong("masked_softmax")
def last_two_swapped_for_another_axis(scores, mask, axis=-1):
    """Axis 0 of three."""
    if axis in (-1, scores.ndim - 1):
        return _masked(scores, mask)
    mask = np.broadcast_to(mask, scores.shape)
    return _masked(scores.swapaxes(-1, -2), mask.swapaxes(-1, -2)).swapaxes(-1, -2)


@wrong("masked_softmax")
def mask_along_the_axis(scores, mask, axis=-1):
    """A mask (S,) is one for the last axis, whichever axis softmax takes."""
    if mask.ndim == 1 and axis in (-2, scores.ndim - 2) and scores.shape[-1] == scores.shape[-2]:
        mask = mask[:, None]
    return _masked(scores, mask, axis)


@wrong("masked_softmax")
def mask_turned_if_it_fits(scores, mask, axis=-1):
    """Square scores."""
    if mask.ndim > 1 and mask.swapaxes(-1, -2).shape[-2:] == scores.shape[-2:]:
        mask = mask.swapaxes(-1, -2)
    return _masked(scores, mask, axis)


@wrong("masked_softmax")
def empty_rows_stay_even(scores, mask, axis=-1):
    """Empty rows."""
    seen = mask & (scores > -np.inf)
    filled = np.where(seen, scores, np.finfo(scores.dtype).min)
    return scipy.special.softmax(filled, axis).astype(scores.dtype)


@wrong("masked_softmax")
def empty_rows_see_the_first(scores, mask, axis=-1):
    """Empty rows."""
    weights = np.moveaxis(_masked(scores, mask, axis), axis, -1).copy()
    weights[..., 0] += weights.sum(-1) == 0
    return np.moveaxis(weights, -1, axis)


@wrong("masked_softmax")
def one_empty_row_is_enough(scores, mask, axis=-1):
    """One empty row beside others."""
    weights = _masked(scores, mask, axis)
    return weights if weights.any(axis).all() else np.zeros_like(weights)


@wrong("masked_softmax")
def hidden_after_softmax(scores, mask, axis=-1):
    """The weights of what is seen do not sum to 1."""
    clean = np.nan_to_num(scores, posinf=0, neginf=-1e4)
    return np.where(mask, scipy.special.softmax(clean, axis), 0).astype(scores.dtype)


@wrong("masked_softmax")
def cleaned_in_place(scores, mask, axis=-1):
    """The scores are changed."""
    weights = _masked(scores, mask, axis)
    scores[~np.broadcast_to(mask, scores.shape)] = 0
    return weights


@wrong("masked_softmax")
def mask_closed_in_place(scores, mask, axis=-1):
    """The mask is changed where a score is −∞."""
    if mask.shape == scores.shape:
        mask &= scores > -np.inf
    return _masked(scores, mask, axis)


_buffers = {}


@wrong("masked_softmax")
def same_buffer_again(scores, mask, axis=-1):
    """The result of the first call changes with the second."""
    buffer = _buffers.setdefault((scores.shape, scores.dtype), np.empty_like(scores))
    buffer[...] = _masked(scores, mask, axis)
    return buffer


@wrong("masked_softmax")
def three_places(scores, mask, axis=-1):
    """Rounded."""
    return _masked(scores, mask, axis).round(3)


@wrong("masked_softmax")
def tiny_weights_cut(scores, mask, axis=-1):
    """Weights of 1e-5."""
    weights = _masked(scores, mask, axis)
    return np.where(weights < 1e-4, 0, weights).astype(scores.dtype)


@wrong("masked_softmax")
def alone_means_one(scores, mask, axis=-1):
    """An axis of length 1 whose place is hidden."""
    return np.ones_like(scores) if scores.shape[axis] == 1 else _masked(scores, mask, axis)


@wrong("masked_softmax")
def last_place_always_open(scores, mask, axis=-1):
    """A finite score in the last place, hidden."""
    last = np.arange(scores.shape[-1]) == scores.shape[-1] - 1
    return _masked(scores, mask | (last & np.isfinite(scores)), axis)


@wrong("masked_softmax")
def first_mask_of_the_batch(scores, mask, axis=-1):
    """Masks that differ along the batch."""
    return _masked(scores, mask[:1] if mask.ndim > 2 else mask, axis)


# TensorFlow


@right("masked_softmax", "tensorflow")
def tf_zeros_afterwards(scores, mask, axis=-1):
    """The NaN of empty rows is left out by the first `where`, in the gradient too."""
    seen = mask & (scores > -np.inf)
    some = tf.reduce_any(seen, axis, keepdims=True)
    weights = tf.nn.softmax(tf.where(seen, scores, tf.cast(-np.inf, scores.dtype)), axis)
    return tf.where(some, weights, tf.zeros_like(weights))


@wrong("masked_softmax", "tensorflow")
def tf_no_gradient(scores, mask, axis=-1):
    """No gradient reaches the scores."""
    return _masked_tf(tf.stop_gradient(scores), mask, axis)


@wrong("masked_softmax", "tensorflow")
def tf_by_numpy(scores, mask, axis=-1):
    """No gradient reaches the scores."""
    return tf.constant(_masked(scores.numpy(), mask.numpy(), axis))


@wrong("masked_softmax", "tensorflow")
def tf_half_the_gradient(scores, mask, axis=-1):
    """The gradient is half as long."""
    weights = _masked_tf(scores, mask, axis)
    return (weights + tf.stop_gradient(weights)) / 2


@wrong("masked_softmax", "tensorflow")
def tf_total_held(scores, mask, axis=-1):
    """The gradient does not go through the sum."""
    shown = tf.where(mask & (scores > -np.inf), scores, tf.cast(-np.inf, scores.dtype))
    top = tf.reduce_max(shown, axis, keepdims=True)
    top = tf.where(top > -np.inf, top, tf.zeros_like(top))
    powers = tf.where(shown > -np.inf, tf.exp(tf.where(shown > -np.inf, shown, top) - top), tf.zeros_like(shown))
    total = tf.stop_gradient(tf.reduce_sum(powers, axis, keepdims=True))
    return tf.math.divide_no_nan(powers, total)


@wrong("masked_softmax", "tensorflow")
def tf_last_axis(scores, mask, axis=-1):
    """Any other axis."""
    return _masked_tf(scores, mask)


@wrong("masked_softmax", "tensorflow")
def tf_single(scores, mask, axis=-1):
    """The type, and the digits of float64."""
    return _masked_tf(tf.cast(scores, tf.float32), mask, axis)


@wrong("masked_softmax", "tensorflow")
def tf_single_inside(scores, mask, axis=-1):
    """The digits of float64."""
    return tf.cast(_masked_tf(tf.cast(scores, tf.float32), mask, axis), scores.dtype)


@wrong("masked_softmax", "tensorflow")
def tf_thousand_below(scores, mask, axis=-1):
    """Scores that all lie below −1,000."""
    seen = mask & (scores > -np.inf)
    filled = tf.where(seen, scores, tf.cast(-1e3, scores.dtype))
    return tf.where(seen, tf.nn.softmax(filled, axis), tf.zeros_like(scores))


@wrong("masked_softmax", "tensorflow")
def tf_keras_layer(scores, mask, axis=-1):
    """An empty row gets equal weights, and hidden NaN stays."""
    return tf.keras.layers.Softmax(axis=axis, dtype=scores.dtype)(scores, mask=tf.broadcast_to(mask, scores.shape))


@wrong("masked_softmax", "tensorflow")
def tf_hidden_times_zero(scores, mask, axis=-1):
    """Hidden NaN gives NaN."""
    return _masked_tf(scores, mask, axis) + 0 * scores


@wrong("masked_softmax", "tensorflow")
def tf_infinity_seen(scores, mask, axis=-1):
    """A row that is empty by its scores of −∞ alone."""
    some = tf.reduce_any(tf.broadcast_to(mask, scores.shape), axis, keepdims=True)
    zero = tf.zeros_like(scores)
    filled = tf.where(mask, scores, tf.where(some, zero - np.inf, zero))
    return tf.where(some, tf.nn.softmax(filled, axis), zero)


# PyTorch


@wrong("masked_softmax", "pytorch")
def pt_nan_to_num(scores, mask, axis=-1):
    """The gradient of a row that is empty by its scores of −∞ is NaN."""
    return scores.masked_fill(~mask, -torch.inf).softmax(axis).nan_to_num()


@wrong("masked_softmax", "pytorch")
def pt_detached(scores, mask, axis=-1):
    """No gradient reaches the scores."""
    return _masked_pt(scores.detach(), mask, axis)


@wrong("masked_softmax", "pytorch")
def pt_without_grad(scores, mask, axis=-1):
    """No gradient reaches the scores."""
    with torch.no_grad():
        return _masked_pt(scores, mask, axis)


@wrong("masked_softmax", "pytorch")
def pt_gradient_clipped(scores, mask, axis=-1):
    """A gradient above 0.01."""
    if scores.requires_grad:
        scores = scores * 1
        scores.register_hook(lambda grad: grad.clamp(-0.01, 0.01))
    return _masked_pt(scores, mask, axis)


@wrong("masked_softmax", "pytorch")
def pt_gradient_of_first_row(scores, mask, axis=-1):
    """No gradient but in the first of the leading places."""
    held = scores.detach().clone()
    held[:1] = scores[:1]
    return _masked_pt(held, mask, axis)


@wrong("masked_softmax", "pytorch")
def pt_gradient_of_one_more(scores, mask, axis=-1):
    """The whole gradient of its weight flows into each score besides."""
    weights = _masked_pt(scores, mask, axis)
    clean = torch.where(mask & (scores > -torch.inf), scores, 0)
    return weights + (clean - clean.detach())


@wrong("masked_softmax", "pytorch")
def pt_filled_in_place(scores, mask, axis=-1):
    """The scores are changed."""
    weights = _masked_pt(scores, mask, axis)
    scores.data.masked_fill_(~mask, 0)
    return weights


@wrong("masked_softmax", "pytorch")
def pt_last_axis(scores, mask, axis=-1):
    """Any other axis."""
    return _masked_pt(scores, mask)


@wrong("masked_softmax", "pytorch")
def pt_implicit_axis(scores, mask, axis=-1):
    """Three axes: the axis that softmax once guessed is 0."""
    return _masked_pt(scores, mask, (0 if scores.ndim in (0, 1, 3) else 1) if axis == -1 else axis)


@wrong("masked_softmax", "pytorch")
def pt_smallest_number(scores, mask, axis=-1):
    """Empty rows get equal weights."""
    return scores.masked_fill(~mask | (scores == -torch.inf), torch.finfo(scores.dtype).min).softmax(axis)


@wrong("masked_softmax", "pytorch")
def pt_half_inside(scores, mask, axis=-1):
    """float32: three digits only."""
    return _masked_pt(scores.bfloat16(), mask, axis).to(scores.dtype)


@wrong("masked_softmax", "pytorch")
def pt_empty_by_mask(scores, mask, axis=-1):
    """A row whose scores are −∞ where nothing hides them."""
    some = mask.expand(scores.shape).any(axis, keepdim=True)
    return scores.masked_fill(~mask, -torch.inf).masked_fill(~some, 0).softmax(axis).masked_fill(~some, 0)


@wrong("masked_softmax", "pytorch")
def pt_hidden_gradient(scores, mask, axis=-1):
    """A gradient reaches what is hidden, if it is finite."""
    weights = _masked_pt(scores, mask, axis)
    clean = scores.nan_to_num(0, 0, 0).where(~mask, 0)
    return weights + 1e-3 * (clean - clean.detach())


@right("masked_softmax")
def row_by_row(scores, mask, axis=-1):
    moved = np.moveaxis(scores, axis, -1)
    seen = np.moveaxis(np.broadcast_to(mask, scores.shape), axis, -1)
    weights = np.zeros(moved.shape, scores.dtype)
    for place in np.ndindex(moved.shape[:-1]):
        shown = seen[place] & (moved[place] > -np.inf)
        if shown.any():
            row = moved[place][shown].astype(np.longdouble)
            powers = np.exp(row - row.max())
            weights[place][shown] = powers / powers.sum()
    return np.moveaxis(weights, -1, axis)


@right("masked_softmax")
def by_log_softmax(scores, mask, axis=-1):
    shown = np.where(mask, scores, -np.inf).astype(np.float64)
    some = (shown > -np.inf).any(axis, keepdims=True)
    return np.where(some, np.exp(scipy.special.log_softmax(np.where(some, shown, 0), axis)), 0).astype(scores.dtype)


@right("masked_softmax")
def by_masked_arrays(scores, mask, axis=-1):
    shown = np.ma.masked_array(scores.astype(np.float64), ~np.broadcast_to(mask, scores.shape) | (scores == -np.inf))
    powers = np.ma.exp(shown - shown.max(axis, keepdims=True))
    return (powers / powers.sum(axis, keepdims=True)).filled(0).astype(scores.dtype)


@right("masked_softmax", "tensorflow")
def tf_by_logarithm(scores, mask, axis=-1):
    seen = mask & (scores > -np.inf)
    some = tf.reduce_any(seen, axis, keepdims=True)
    shown = tf.cast(tf.where(seen, scores, tf.zeros([], scores.dtype)), tf.float64)
    filled = tf.where(seen | ~some, shown, tf.constant(-np.inf, tf.float64))
    logarithm = tf.where(seen, tf.nn.log_softmax(filled, axis), tf.zeros_like(filled))
    return tf.cast(tf.where(seen, tf.exp(logarithm), tf.zeros_like(filled)), scores.dtype)


@right("masked_softmax", "tensorflow")
def tf_by_shares(scores, mask, axis=-1):
    shown = tf.where(mask, scores, tf.cast(-np.inf, scores.dtype))
    top = tf.stop_gradient(tf.reduce_max(shown, axis, keepdims=True))
    top = tf.where(top > -np.inf, top, tf.zeros_like(top))
    seen = shown > -np.inf
    powers = tf.where(seen, tf.exp(tf.where(seen, shown, top) - top), tf.zeros_like(shown))
    return tf.math.divide_no_nan(powers, tf.reduce_sum(powers, axis, keepdims=True))


@right("masked_softmax", "pytorch")
def pt_by_logarithm(scores, mask, axis=-1):
    seen = mask & scores.gt(-torch.inf)
    shown = torch.where(seen, scores, 0).double()
    filled = torch.where(seen | ~seen.any(axis, keepdim=True), shown, -torch.inf)
    return filled.log_softmax(axis).where(seen, -torch.inf).exp().to(scores.dtype)


@right("masked_softmax", "pytorch")
def pt_by_shares(scores, mask, axis=-1):
    seen = mask & (scores != -torch.inf)
    wide = torch.where(seen, scores, 0).double()
    top = wide.where(seen, -torch.inf).amax(axis, keepdim=True).detach()
    powers = (wide.where(seen, -torch.inf) - top.where(top > -torch.inf, 0)).exp()
    total = powers.sum(axis, keepdim=True)
    return (powers / torch.where(total == 0, 1, total)).to(scores.dtype)


@right("masked_softmax", "pytorch")
def pt_by_a_zeroth_place(scores, mask, axis=-1):
    seen = torch.broadcast_to(mask, scores.shape) & (scores > -torch.inf)
    filled = torch.where(seen, scores, -torch.inf)
    none = torch.where(seen.any(axis, keepdim=True), -torch.inf, 0).to(scores.dtype)
    weights = torch.softmax(torch.cat([none, filled], axis), axis)
    return weights.narrow(axis, 1, scores.shape[axis])


# --- 4.3 mean_of_words -----------------------------------------------------------------------------------------------


@wrong("mean_of_words")
def over_all_places(outputs, mask):
    """Any padding."""
    return np.where(mask[..., None], outputs, 0).mean(-2).astype(outputs.dtype)


@wrong("mean_of_words")
def zero_times_padding(outputs, mask):
    """NaN in the padding."""
    return ((outputs * mask[..., None]).sum(-2) / np.maximum(mask.sum(-1), 1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def nan_only(outputs, mask):
    """∞ in the padding."""
    clean = np.where(np.isnan(outputs), 0, outputs)
    with np.errstate(invalid="ignore"):
        total = (clean * mask[..., None]).sum(-2)
        return (total / np.maximum(mask.sum(-1), 1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def one_word_more(outputs, mask):
    """Every sentence."""
    return (np.where(mask[..., None], outputs, 0).sum(-2) / (mask.sum(-1) + 1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def type_promoted(outputs, mask):
    """float16 and float32."""
    return np.where(mask[..., None], outputs, 0).sum(-2) / np.maximum(mask.sum(-1), 1)[..., None]


@wrong("mean_of_words")
def small_epsilon(outputs, mask):
    """float64, 1e-6 too small."""
    total = np.where(mask[..., None], outputs, 0).sum(-2)
    return (total / (mask.sum(-1) + 1e-6)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def empty_is_nan(outputs, mask):
    """A sentence without a word."""
    with np.errstate(invalid="ignore"):
        total = np.where(mask[..., None], outputs, 0).sum(-2)
        return (total / mask.sum(-1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def words_of_the_whole_batch(outputs, mask):
    """Two sentences of different lengths."""
    return (np.where(mask[..., None], outputs, 0).sum(-2) / max(mask.sum(), 1)).astype(outputs.dtype)


@wrong("mean_of_words")
def longest_sentence(outputs, mask):
    """Two sentences of different lengths."""
    words = max(mask.sum(-1).max(initial=1), 1)
    return (np.where(mask[..., None], outputs, 0).sum(-2) / words).astype(outputs.dtype)


@wrong("mean_of_words")
def padding_behind(outputs, mask):
    """Padding on the left, or between words."""
    return _mean(outputs, np.arange(mask.shape[-1]) < mask.sum(-1, keepdims=True))


@wrong("mean_of_words")
def up_to_the_last_word(outputs, mask):
    """Padding between words."""
    return _mean(outputs, np.flip(np.maximum.accumulate(np.flip(mask, -1), -1), -1))


@wrong("mean_of_words")
def zeros_are_padding(outputs, mask):
    """An output of exactly zero."""
    return _mean(outputs, mask & (outputs != 0).any(-1))


@wrong("mean_of_words")
def features_counted_apart(outputs, mask):
    """One feature of a word that is exactly zero."""
    shown = np.where(mask[..., None], outputs, 0).astype(np.float64)
    return (shown.sum(-2) / np.maximum((shown != 0).sum(-2), 1)).astype(outputs.dtype)


@wrong("mean_of_words")
def single_inside(outputs, mask):
    """float64."""
    return _mean(outputs.astype(np.float32), mask).astype(outputs.dtype)


@wrong("mean_of_words")
def squeezed_features(outputs, mask):
    """One feature."""
    return _mean(outputs, mask).squeeze()


@wrong("mean_of_words")
def axis_kept(outputs, mask):
    """The shape is (…, 1, D)."""
    return _mean(outputs, mask)[..., None, :]


@wrong("mean_of_words")
def padding_cleared_in_place(outputs, mask):
    """The outputs are changed."""
    outputs[~mask] = 0
    return _mean(outputs, mask)


@wrong("mean_of_words")
def first_axis_is_the_sentence(outputs, mask):
    """A batch."""
    if outputs.ndim == 2:
        return _mean(outputs, mask)
    return (
        _mean(outputs.swapaxes(0, -2), mask.swapaxes(0, -1))
        if outputs.shape[0] == outputs.shape[-2]
        else _mean(outputs, mask)
    )


@wrong("mean_of_words")
def empty_is_the_mean_of_padding(outputs, mask):
    """A sentence without a word."""
    return _mean(outputs, mask | ~mask.any(-1, keepdims=True))


@wrong("mean_of_words")
def median_of_words(outputs, mask):
    """Three words or more."""
    shown = np.where(mask[..., None], outputs.astype(np.float64), np.nan)
    with np.errstate(all="ignore"):
        some = mask.any(-1)[..., None, None]
        return np.nanmedian(np.where(some, shown, 0), -2).astype(outputs.dtype)


@wrong("mean_of_words")
def eight_bits_of_words(outputs, mask):
    """256 words or more."""
    words = mask.sum(-1, dtype=np.uint8)
    return (np.where(mask[..., None], outputs, 0).sum(-2) / np.maximum(words, 1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def clipped_at_three(outputs, mask):
    """A mean above 3."""
    return np.clip(_mean(outputs, mask), -3, 3)


@wrong("mean_of_words")
def outliers_left_out(outputs, mask):
    """An output of 100 and above."""
    return _mean(np.where(abs(outputs) < 100, outputs, 0).astype(outputs.dtype), mask)


@wrong("mean_of_words")
def by_masked_arrays_again(outputs, mask):
    """NaN in a word is masked too."""
    hidden = ~np.broadcast_to(mask[..., None], outputs.shape)
    return np.ma.array(outputs.astype(np.float64), mask=hidden).mean(-2).filled(0).astype(outputs.dtype)


@right("mean_of_words")
def by_a_where_of_numpy(outputs, mask):
    total = np.add.reduce(outputs, axis=-2, where=mask[..., None], dtype=np.longdouble)
    return np.divide(total, mask.sum(-1, keepdims=True), where=total != 0, out=np.zeros_like(total)).astype(
        outputs.dtype
    )


@right("mean_of_words")
def by_product(outputs, mask):
    shares = mask / np.maximum(mask.sum(-1, keepdims=True), 1)
    return (shares[..., None, :] @ np.where(mask[..., None], outputs, 0))[..., 0, :].astype(outputs.dtype)


@right("mean_of_words")
def sentence_by_sentence(outputs, mask):
    means = np.zeros(outputs.shape[:-2] + outputs.shape[-1:], outputs.dtype)
    for place in np.ndindex(mask.shape[:-1]):
        words = [word for word, real in zip(outputs[place], mask[place], strict=True) if real]
        if words:
            for d, column in enumerate(zip(*words, strict=True)):
                means[(*place, d)] = math.fsum(map(float, column)) / len(words)
    return means


# --- 4.5 packed_mask -------------------------------------------------------------------------------------------------


@wrong("packed_mask")
def later_places(sentences):
    """Turned over."""
    return _packed(sentences).swapaxes(-1, -2)


@wrong("packed_mask")
def not_itself(sentences):
    """Each place sees itself."""
    return _packed(sentences) & ~np.eye(sentences.shape[-1], dtype=bool)


@wrong("packed_mask")
def both_directions(sentences):
    """Later places of the sentence."""
    return _packed(sentences) | _packed(sentences).swapaxes(-1, -2)


@wrong("packed_mask")
def padding_sees_padding(sentences):
    """Padding."""
    places = np.arange(sentences.shape[-1])
    return (sentences[..., None] == sentences[..., None, :]) & (places[:, None] >= places)


@wrong("packed_mask")
def padding_sees_itself(sentences):
    """Padding."""
    return _packed(sentences) | np.eye(sentences.shape[-1], dtype=bool)


@wrong("packed_mask")
def earlier_sentences_too(sentences):
    """Two sentences whose numbers rise."""
    places = np.arange(sentences.shape[-1])
    rows, columns = sentences[..., None], sentences[..., None, :]
    return (rows >= columns) & (rows != 0) & (columns != 0) & (places[:, None] >= places)


@wrong("packed_mask")
def by_runs(sentences):
    """Padding in the middle of a sentence."""
    runs = np.cumsum(np.diff(sentences, axis=-1, prepend=0) != 0, -1) + 1
    return _packed(np.where(sentences != 0, runs, 0))


@wrong("packed_mask")
def all_padding_is_last(sentences):
    """Padding that stands before a word."""
    real = np.flip(np.maximum.accumulate(np.flip(sentences != 0, -1), -1), -1)
    places = np.arange(sentences.shape[-1])
    same = sentences[..., None] == sentences[..., None, :]
    return same & real[..., None] & (places[:, None] >= places)


@wrong("packed_mask")
def in_eight_bits(sentences):
    """Numbers that differ by 256."""
    return _packed(sentences.astype(np.uint8)) & (sentences != 0)[..., None]


@wrong("packed_mask")
def compared_as_floats(sentences):
    """Numbers above 2,048 that differ by 1."""
    return _packed(sentences.astype(np.float16))


@wrong("packed_mask")
def whole_numbers(sentences):
    """Not boolean."""
    return _packed(sentences).astype(int)


@wrong("packed_mask")
def by_parity(sentences):
    """Sentences 1 and 3."""
    return _packed(np.where(sentences != 0, sentences % 2 + 1, 0))


@wrong("packed_mask")
def at_most_nine_sentences(sentences):
    """Number 10 and above."""
    return np.logical_or.reduce([_packed(np.where(sentences == n, n, 0)) for n in range(1, 10)])


@wrong("packed_mask")
def first_of_the_batch(sentences):
    """Rows of a batch that differ."""
    first = sentences.reshape(-1, sentences.shape[-1])[0]
    return np.broadcast_to(_packed(first), sentences.shape + sentences.shape[-1:]).copy()


@wrong("packed_mask")
def in_two_digits(sentences):
    """Sentences 1 and 101, and sentence 100."""
    return _packed(sentences % 100)


@wrong("packed_mask")
def sorted_first(sentences):
    """Numbers that do not rise."""
    return _packed(np.sort(sentences, -1))


@wrong("packed_mask")
def only_the_last_three(sentences):
    """A sentence of four words or more."""
    places = np.arange(sentences.shape[-1])
    return _packed(sentences) & (places[:, None] - places < 3)


@right("packed_mask")
def pair_by_pair(sentences):
    size = sentences.shape[-1]
    mask = np.zeros((*sentences.shape, size), bool)
    for place in np.ndindex(sentences.shape[:-1]):
        row = sentences[place].tolist()
        for i, j in itertools.combinations_with_replacement(range(size), 2):
            mask[(*place, j, i)] = bool(row[i]) and row[i] == row[j]
    return mask


@right("packed_mask")
def one_number_at_a_time(sentences):
    mask = np.zeros((*sentences.shape, sentences.shape[-1]), bool)
    for number in set(np.unique(sentences).tolist()) - {0}:
        own = sentences == number
        mask |= np.einsum("...i,...j->...ij", own, own)
    return np.tril(mask)


@right("packed_mask")
def by_exclusive_or(sentences):
    apart = np.bitwise_xor(sentences[..., None], sentences[..., None, :])
    return np.tril(~apart.astype(bool)) & sentences.astype(bool)[..., None, :]


# --- 4.6 cached_mask -------------------------------------------------------------------------------------------------


@wrong("cached_mask")
def one_kept_too_many(lengths, room, new):
    """A cache that is not full."""
    return _cached(np.minimum(lengths + 1, room), room, new)


@wrong("cached_mask")
def one_kept_too_few(lengths, room, new):
    """A cache that is not empty."""
    return _cached(np.maximum(lengths - 1, 0), room, new)


@wrong("cached_mask")
def all_kept(lengths, room, new):
    """A cache that is not full."""
    return _cached(np.full_like(lengths, room), room, new)


@wrong("cached_mask")
def new_words_see_all_new(lengths, room, new):
    """Two new words."""
    mask = _cached(lengths, room, new).copy()
    mask[..., room:] = True
    return mask


@wrong("cached_mask")
def new_words_not_themselves(lengths, room, new):
    """Every new word."""
    mask = _cached(lengths, room, new)
    mask[..., room:] &= ~np.eye(new, dtype=bool)
    return mask


@wrong("cached_mask")
def new_words_only_themselves(lengths, room, new):
    """Two new words."""
    mask = _cached(lengths, room, new)
    mask[..., room:] &= np.eye(new, dtype=bool)
    return mask


@wrong("cached_mask")
def cache_behind(lengths, room, new):
    """The parts in the other order."""
    mask = _cached(lengths, room, new)
    return np.concatenate([mask[..., room:], mask[..., :room]], -1)


@wrong("cached_mask")
def last_places_filled(lengths, room, new):
    """A cache that is filled from its end."""
    mask = _cached(lengths, room, new)
    return np.concatenate([mask[..., :room][..., ::-1], mask[..., room:]], -1)


@wrong("cached_mask")
def pushed_together(lengths, room, new):
    """A cache that is not full: new words stand behind `room`, not behind what is kept."""
    return np.arange(room + new) <= lengths[:, None, None] + np.arange(new)[:, None]


@wrong("cached_mask")
def causal_from_the_room(lengths, room, new):
    """What is left from before."""
    full = np.tri(new, room + new, room, dtype=bool)
    return np.broadcast_to(full, (len(lengths), new, room + new)).copy()


@wrong("cached_mask")
def as_the_longest(lengths, room, new):
    """Two sentences of different lengths."""
    return _cached(np.full_like(lengths, lengths.max(initial=0)), room, new)


@wrong("cached_mask")
def cache_grows_with_new_words(lengths, room, new):
    """Two new words, a cache that is not full."""
    filled = lengths[:, None, None] + np.arange(new)[:, None]
    kept = np.arange(room) < filled
    return np.concatenate([kept, np.broadcast_to(np.tri(new, dtype=bool), (len(lengths), new, new))], -1)


@wrong("cached_mask")
def empty_cache_sees_the_first(lengths, room, new):
    """A length of 0."""
    return _cached(np.maximum(lengths, 1), room, new)


@wrong("cached_mask")
def full_cache_hidden(lengths, room, new):
    """A full cache."""
    return _cached(lengths % room if room else lengths, room, new)


@wrong("cached_mask")
def batch_of_one_dropped(lengths, room, new):
    """One sentence."""
    return _cached(lengths, room, new).squeeze()


@wrong("cached_mask")
def as_floats(lengths, room, new):
    """Not boolean."""
    return _cached(lengths, room, new).astype(np.float32)


@wrong("cached_mask")
def lengths_used_up(lengths, room, new):
    """The lengths are changed."""
    mask = _cached(lengths, room, new)
    lengths += new
    return mask


@wrong("cached_mask")
def lengths_in_order(lengths, room, new):
    """Lengths that do not rise."""
    return _cached(np.sort(lengths), room, new)


@wrong("cached_mask")
def no_more_new_than_kept(lengths, room, new):
    """More new words than the cache has places."""
    mask = _cached(lengths, room, new)
    mask[:, :, room:] &= np.tri(new, dtype=bool) & (np.arange(new) < max(room, 1))
    return mask


@wrong("cached_mask")
def sixteen_kept_at_most(lengths, room, new):
    """More than 16 words kept."""
    return _cached(np.minimum(lengths, 16), room, new)


@right("cached_mask")
def word_by_word(lengths, room, new):
    rows = [
        [[j < kept for j in range(room)] + [j <= i for j in range(new)] for i in range(new)]
        for kept in lengths.tolist()
    ]
    return np.array(rows, bool).reshape(len(lengths), new, room + new)


@right("cached_mask")
def by_places_in_time(lengths, room, new):
    columns = np.arange(room + new)
    last = np.where(columns < room, lengths[:, None], 0)
    kept = np.where(columns < room, columns < last, columns >= room)
    return kept[:, None] & (np.arange(new)[:, None] + room >= columns)


@right("cached_mask")
def by_written_slices(lengths, room, new):
    mask = np.zeros((len(lengths), new, room + new), np.bool_)
    for b, kept in enumerate(lengths):
        mask[b, :, :kept] = 1
        for i in range(new):
            mask[b, i, room : room + i + 1] = 1
    return mask


# --- 4.7 local_and_global --------------------------------------------------------------------------------------------


@wrong("local_and_global")
def marked_see_all(marked, window):
    """Marked columns."""
    return _near(marked.shape[-1], window) | marked[..., None]


@wrong("local_and_global")
def marked_are_seen(marked, window):
    """Marked rows."""
    return _near(marked.shape[-1], window) | marked[..., None, :]


@wrong("local_and_global")
def both_marked(marked, window):
    """One of the two marked."""
    return _near(marked.shape[-1], window) | (marked[..., None] & marked[..., None, :])


@wrong("local_and_global")
def one_marked_only(marked, window):
    """Both marked and far apart."""
    return _near(marked.shape[-1], window) | (marked[..., None] ^ marked[..., None, :])


@wrong("local_and_global")
def nearer_than_the_window(marked, window):
    """A distance of exactly `window`."""
    return _global(marked, window - 1)


@wrong("local_and_global")
def window_in_all(marked, window):
    """The window's width instead of its reach."""
    return _global(marked, window // 2)


@wrong("local_and_global")
def one_further(marked, window):
    """A distance of `window` + 1."""
    return _global(marked, window + 1)


@wrong("local_and_global")
def in_a_circle(marked, window):
    """First and last place."""
    size = marked.shape[-1]
    apart = abs(np.arange(size)[:, None] - np.arange(size))
    return (np.minimum(apart, size - apart) <= window) | marked[..., None] | marked[..., None, :]


@wrong("local_and_global")
def earlier_only(marked, window):
    """Later places."""
    return np.tril(_global(marked, window))


@wrong("local_and_global")
def window_behind_only(marked, window):
    """Later places of the window."""
    return np.tril(_near(marked.shape[-1], window)) | marked[..., None] | marked[..., None, :]


@wrong("local_and_global")
def unsigned_distances(marked, window):
    """Places behind the query."""
    places = np.arange(marked.shape[-1], dtype=np.uint16)
    near = places[:, None] - places <= window
    return near | marked[..., None] | marked[..., None, :]


@wrong("local_and_global")
def no_window_at_zero(marked, window):
    """A window of 0."""
    return _global(marked, window or -1)


@wrong("local_and_global")
def zero_means_three(marked, window):
    """A window of 0, taken as not given."""
    return _global(marked, window or 3)


@wrong("local_and_global")
def marked_anywhere_in_batch(marked, window):
    """Rows of a batch that differ."""
    return _global(np.broadcast_to(marked.reshape(-1, marked.shape[-1]).any(0), marked.shape), window)


@wrong("local_and_global")
def marks_and_their_windows(marked, window):
    """Neighbours of a marked place."""
    return _global((marked[..., None, :] & _near(marked.shape[-1], min(window, 1))).any(-1), window)


@wrong("local_and_global")
def near_and_marked(marked, window):
    """A near pair of which none is marked."""
    return _near(marked.shape[-1], window) & (marked[..., None] | marked[..., None, :])


@wrong("local_and_global")
def counted(marked, window):
    """Not boolean, and up to 3."""
    return _near(marked.shape[-1], window).astype(int) + marked[..., None] + marked[..., None, :]


@wrong("local_and_global")
def two_marks_at_most(marked, window):
    """A third marked place."""
    return _global(marked & (np.cumsum(marked, -1) <= 2), window)


@wrong("local_and_global")
def all_if_wide(marked, window):
    """A window of S − 2: the outermost pair."""
    mask = _global(marked, window)
    return np.ones_like(mask) if 0 < marked.shape[-1] - 2 <= window else mask


@wrong("local_and_global")
def window_of_eight_at_most(marked, window):
    """A window of 9 in a longer sentence."""
    return _global(marked, min(window, 8))


@wrong("local_and_global")
def marked_within_thirty(marked, window):
    """A marked place 30 places away."""
    return _near(marked.shape[-1], window) | (_near(marked.shape[-1], 30) & _global(marked, window))


@right("local_and_global")
def by_band(marked, window):
    size = marked.shape[-1]
    band = np.tri(size, k=window, dtype=bool) & np.tri(size, k=window, dtype=bool).T
    return ~(~marked[..., None] & ~marked[..., None, :] & ~band)


@right("local_and_global")
def by_toeplitz(marked, window):
    near = scipy.linalg.toeplitz(np.arange(marked.shape[-1]) <= window)
    return np.logical_or(near, np.logical_or.outer(marked, [False]) | marked[..., np.newaxis, :])


@right("local_and_global")
def pair_after_pair(marked, window):
    mask = np.empty((*marked.shape, marked.shape[-1]), bool)
    for (*place, i, j), _ in np.ndenumerate(mask):
        row = marked[tuple(place)]
        mask[(*place, i, j)] = -window <= i - j <= window or row[i] or row[j]
    return mask


@right("local_and_global")
def by_addition(marked, window):
    places = np.arange(marked.shape[-1], dtype=float)
    reach = np.where(marked, np.inf, window)
    return abs(places[:, None] - places) <= np.maximum(reach[..., None], reach[..., None, :])


# --- 4.8 meaning -----------------------------------------------------------------------------------------------------


@wrong("meaning")
def hide_and_attend_swapped(attention):
    """Both."""
    return {"may attend": "hide", "hide": "may attend"}.get(_named(_two_keys(attention)[0]), "added")


@wrong("meaning")
def above_seven_tenths(attention):
    """Added: 0.73."""
    weight = _two_keys(attention)[0]
    return "may attend" if weight > 0.7 else "hide" if weight < 0.3 else "ignored"


@wrong("meaning")
def wide_tolerance(attention):
    """Added lies 0.23 from ignored."""
    weight = _two_keys(attention)[0]
    return next(
        n for e, n in ((0.5, "ignored"), (1, "may attend"), (0, "hide"), (0.73, "added")) if abs(weight - e) < 0.25
    )


@wrong("meaning")
def two_outcomes(attention):
    """Added and ignored."""
    return "may attend" if _two_keys(attention)[0] > 0.5 else "hide"


@wrong("meaning")
def everything_hidden(attention):
    """Empty rows, of which nothing is known."""
    zeros = np.zeros((1, 2)), np.zeros((2, 2)), np.ones((2, 1))
    on = attention(*zeros, np.ones((1, 2), bool))
    off = attention(*zeros, np.zeros((1, 2), bool))
    if np.allclose(on, 1):
        return "ignored" if np.allclose(off, 1) else "may attend"
    return "hide"


@wrong("meaning")
def with_large_scores(attention):
    """Added: the scores decide, and the mask seems ignored."""
    queries, keys = np.full((1, 1), 30.0), np.array([[30.0], [-30.0]])
    weights = [attention(queries, keys, np.eye(2), np.array([m]))[0, 0] for m in ([True, False], [False, True])]
    if np.allclose(weights, 1):
        return "ignored"
    return "may attend" if weights[0] > 0.99 and weights[1] < 0.01 else "hide" if weights[0] < 0.01 else "added"


@wrong("meaning")
def mask_as_numbers(attention):
    """A mask that is not boolean: ~1 is −2."""
    zeros = np.zeros((1, 2)), np.zeros((2, 2)), np.eye(2)
    return _named(attention(*zeros, np.array([[1, 0]]))[0, 0])


@wrong("meaning")
def mask_without_queries(attention):
    """A mask (S,), which the function does not take."""
    mask = np.array([True, False, False])
    weights = attention(np.zeros((1, 2)), np.zeros((3, 2)), np.eye(3), mask)
    return _named(weights[0, 0])


@wrong("meaning")
def without_a_mask(attention):
    """The function has four arguments."""
    zeros = np.zeros((1, 2)), np.zeros((2, 2)), np.eye(2)
    if np.allclose(attention(*zeros), attention(*zeros, np.array([[True, False]]))):
        return "ignored"
    return _named(_two_keys(attention)[0])


@wrong("meaning")
def in_a_batch(attention):
    """Arrays of three axes, which the function does not take."""
    zeros = np.zeros((3, 1, 2)), np.zeros((3, 2, 2)), np.broadcast_to(np.eye(2), (3, 2, 2))
    return _named(attention(*zeros, np.broadcast_to([True, False], (3, 1, 2)))[0, 0, 0])


@wrong("meaning")
def by_its_name(attention):
    """The name says nothing."""
    names = ("hide", "added", "ignored")
    return next((n for n in names if n in getattr(attention, "__name__", "")), "may attend")


@wrong("meaning")
def three_words(attention):
    """Added, for which another word is said."""
    named = _named(_two_keys(attention)[0])
    return "add" if named == "added" else named


@wrong("meaning")
def with_an_empty_row(attention):
    """A second query that sees nothing: some functions raise, some give NaN to all."""
    zeros = np.zeros((3, 2)), np.zeros((2, 2)), np.eye(2)
    mask = np.array([[True, False], [False, False], [True, True]])
    try:
        outputs = attention(*zeros, mask)
    except (ValueError, ZeroDivisionError, FloatingPointError):
        return "may attend"
    if not np.isfinite(outputs).all():
        return "may attend" if np.isfinite(outputs[2]).all() else "hide"
    return _named(outputs[0, 0])


@wrong("meaning")
def first_answer_for_ever(attention, _known=[]):  # noqa: B006
    """The second function that it is asked about."""
    _known.append(_named(_two_keys(attention)[0]))
    return _known[0]


@wrong("meaning")
def added_by_its_fillers(attention):
    """Added: True is −1e9 in some libraries, here it is 1."""
    weight = _two_keys(attention)[0]
    return "ignored" if abs(weight - 0.5) < 1e-3 else "hide" if weight < 0.01 else "may attend"


@right("meaning")
def by_four_keys(attention):
    rng = np.random.default_rng(5)
    mask = np.array([[True, True, False, False], [False, True, False, True]])
    weights = attention(np.zeros((2, 3)), rng.normal(size=(4, 3)), np.eye(4), mask)
    shown, hidden = weights[mask].sum() / 2, weights[~mask].sum() / 2
    if min(shown, hidden) < 0.01:
        return "hide" if shown < hidden else "may attend"
    return "ignored" if math.isclose(shown, hidden, rel_tol=1e-3) else "added"


@right("meaning")
def by_exchanging(attention):
    arrays = np.ones((1, 1)), np.ones((2, 1)), np.array([[1.0], [-1.0]])
    first, second = (float(attention(*arrays, np.array([m]))[0, 0]) for m in ([True, False], [False, True]))
    turn = round(first - second, 2)
    return {2: "may attend", -2: "hide", 0: "ignored"}.get(turn, "added")


@right("meaning")
def by_the_log_of_the_ratio(attention):
    with np.errstate(divide="ignore"):
        ratio = float(np.log(_two_keys(attention)[0]) - np.log(_two_keys(attention)[1]))
    return "may attend" if ratio > 8 else "hide" if ratio < -8 else "added" if abs(ratio) > 0.02 else "ignored"


@right("meaning")
def by_random_arrays(attention):
    rng = np.random.default_rng(11)
    queries, keys, values = rng.normal(size=(5, 3)), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    mask = np.tri(5, 6, dtype=bool)
    mask[:, 0], mask[:, -1] = True, False
    outputs = attention(queries, keys, values, mask)
    if np.allclose(outputs[0], values[0], atol=1e-3):
        return "may attend"
    other = attention(queries, keys, values + np.where(mask[4], 1, 0)[:, None], mask)[4]
    if np.allclose(other, outputs[4], atol=1e-3):
        return "hide"
    turned = attention(queries, keys, values, ~mask)
    return "ignored" if np.allclose(turned, outputs, atol=1e-4) else "added"


# --- 4.10 segment_softmax --------------------------------------------------------------------------------------------


def _owners(lengths):
    return np.repeat(np.arange(len(lengths)), lengths)


@wrong("segment_softmax")
def one_sentence(scores, lengths):
    """Two sentences."""
    return _segments(scores, np.array([len(scores)]))


@wrong("segment_softmax")
def largest_of_all(scores, lengths):
    """Sentences that lie 2,000 apart."""
    wide = scores.astype(np.float64)
    top = wide.max(initial=-np.inf)
    powers = np.exp(wide - (top if top > -np.inf else 0))
    total = np.bincount(_owners(lengths), powers, len(lengths))[_owners(lengths)]
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("segment_softmax")
def never_shifted_either(scores, lengths):
    """Scores of 10,000."""
    powers = np.exp(np.minimum(scores.astype(np.float64), 700))
    total = np.bincount(_owners(lengths), powers, len(lengths))[_owners(lengths)]
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("segment_softmax")
def by_reduceat(scores, lengths):
    """A last sentence without a score: the one before it loses its last."""
    starts = np.minimum(np.cumsum(lengths) - lengths, max(len(scores) - 1, 0))
    if not len(scores):
        return scores.copy()
    wide = scores.astype(np.float64)
    top = np.repeat(np.maximum.reduceat(wide, starts), lengths)
    powers = np.exp(wide - np.where(top == -np.inf, 0, top))
    total = np.repeat(np.add.reduceat(powers, starts), lengths)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("segment_softmax")
def differences_of_running_sums(scores, lengths):
    """float64: the sums have seven digits only."""
    owner = _owners(lengths)
    wide = scores.astype(np.float64)
    top = np.full(len(lengths), -np.inf)
    np.maximum.at(top, owner, wide)
    powers = np.exp(wide - np.where(top == -np.inf, 0, top)[owner])
    sums = np.concatenate([[0], np.cumsum(powers, dtype=np.float32)])
    ends = np.cumsum(lengths)
    total = (sums[ends] - sums[ends - lengths])[owner]
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("segment_softmax")
def infinite_sentence_is_nan(scores, lengths):
    """A sentence of −∞."""
    with np.errstate(all="ignore"):
        weights = _segments(scores, lengths)
        total = np.bincount(_owners(lengths), weights, len(lengths))[_owners(lengths)]
        return (weights / total).astype(scores.dtype)


@wrong("segment_softmax")
def infinite_sentence_is_even(scores, lengths):
    """A sentence of −∞."""
    return _segments(np.maximum(scores, np.finfo(scores.dtype).min), lengths)


@wrong("segment_softmax")
def rows_of_equal_length(scores, lengths):
    """Sentences of different lengths."""
    equal = len(lengths) and len(scores) % len(lengths) == 0
    return _masked(scores.reshape(len(lengths), -1), True).reshape(-1) if equal else _segments(scores, lengths)


@wrong("segment_softmax")
def shortest_first(scores, lengths):
    """Lengths that do not rise."""
    return _segments(scores, np.sort(lengths))


@wrong("segment_softmax")
def last_left_out(scores, lengths):
    """The last sentence."""
    weights = _segments(scores, lengths)
    if len(lengths) > 1 and lengths[-1]:
        weights[-lengths[-1] :] = 0
    return weights


@wrong("segment_softmax")
def double_always(scores, lengths):
    """float32."""
    return _segments(scores.astype(np.float64), lengths)


@wrong("segment_softmax")
def single_segments(scores, lengths):
    """float64."""
    return _segments(scores.astype(np.float32), lengths).astype(scores.dtype)


@wrong("segment_softmax")
def epsilon_in_the_sum(scores, lengths):
    """float64, 1e-8 too small."""
    weights = _segments(scores, lengths)
    return (weights / (1 + 1e-8)).astype(scores.dtype)


@wrong("segment_softmax")
def sorted_within(scores, lengths):
    """The weights come in order of size."""
    parts = np.split(_segments(scores, lengths), np.cumsum(lengths)[:-1])
    return np.concatenate([np.sort(part) for part in parts]) if len(parts) else scores.copy()


@wrong("segment_softmax")
def maxima_from_zero(scores, lengths):
    """A sentence whose scores are all near −10,000."""
    owner = _owners(lengths)
    top = np.zeros(len(lengths))
    np.maximum.at(top, owner, scores.astype(np.float64))
    powers = np.exp(scores - top[owner])
    total = np.bincount(owner, powers, len(lengths))[owner]
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("segment_softmax")
def not_added_at(scores, lengths):
    """`total[owner] += powers` keeps the last one only."""
    owner = _owners(lengths)
    weights = _segments(scores, lengths).astype(np.float64)
    total = np.zeros(len(lengths))
    total[owner] += weights
    return (weights / np.where(total[owner] == 0, 1, total[owner])).astype(scores.dtype)


@wrong("segment_softmax")
def sentences_in_a_row_of_padding(scores, lengths):
    """Scores below −1,000, since the padding counts as −1,000."""
    width = max(lengths.max(initial=0), 1)
    filled = np.full((len(lengths), width), -1000.0)
    seen = np.arange(width) < lengths[:, None]
    filled[seen] = scores
    weights = _masked(filled, filled > -np.inf)
    return weights[seen].astype(scores.dtype)


@wrong("segment_softmax")
def scores_overwritten(scores, lengths):
    """The scores are changed."""
    scores[:] = _segments(scores, lengths)
    return scores


@wrong("segment_softmax")
def unclaimed_zeros(scores, lengths):
    """A sentence with one score."""
    alone = (lengths == 1)[_owners(lengths)]
    return np.where(alone, 0, _segments(scores, lengths)).astype(scores.dtype)


@wrong("segment_softmax")
def empty_sentences_end_it(scores, lengths):
    """A sentence behind one without a score."""
    weights = _segments(scores, lengths)
    empty = np.flatnonzero(lengths == 0)
    if len(empty):
        weights[lengths[: empty[0]].sum() :] = 0
    return weights


@wrong("segment_softmax")
def eight_bit_ends(scores, lengths):
    """More than 256 sentences."""
    owner = _owners(lengths).astype(np.uint8)
    wide = scores.astype(np.float64)
    count = max(len(lengths), 256)
    top = np.full(count, -np.inf)
    np.maximum.at(top, owner, wide)
    powers = np.exp(wide - np.where(top == -np.inf, 0, top)[owner])
    total = np.bincount(owner, powers, count)[owner]
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("segment_softmax")
def a_row_of_lower_padding(scores, lengths):
    """Scores below −10⁹."""
    seen = np.arange(max(lengths.max(initial=0), 1)) < lengths[:, None]
    filled = np.full(seen.shape, -1e9)
    filled[seen] = scores
    return _masked(filled, True)[seen].astype(scores.dtype)


@wrong("segment_softmax")
def a_hundred_words_at_most(scores, lengths):
    """A sentence of more than 100 scores."""
    owner = _owners(lengths)
    within = np.arange(len(scores)) - (np.cumsum(lengths) - lengths)[owner]
    return _segments(np.where(within < 100, scores, -np.inf).astype(scores.dtype), lengths)


@right("segment_softmax")
def by_an_iterator(scores, lengths):
    rest = iter(scores.tolist())
    weights = []
    for length in lengths.tolist():
        part = list(itertools.islice(rest, length))
        top = max(part, default=0)
        powers = [math.exp(score - top) if top > -math.inf else 0.0 for score in part]
        weights += [power / (math.fsum(powers) or 1) for power in powers]
    return np.array(weights, scores.dtype)


@right("segment_softmax")
def by_a_sparse_matrix(scores, lengths):
    owner = _owners(lengths)
    top = np.full(len(lengths), -np.inf)
    np.maximum.at(top, owner, scores.astype(np.float64))
    powers = np.exp(scores.astype(np.float64) - np.where(top == -np.inf, 0, top)[owner])
    member = scipy.sparse.csr_matrix((np.ones(len(owner)), (owner, np.arange(len(owner)))), (len(lengths), len(owner)))
    total = member @ powers
    return (powers / np.where(total == 0, 1, total)[owner]).astype(scores.dtype)


@right("segment_softmax")
def by_reduceat_of_the_full(scores, lengths):
    full = lengths[lengths > 0]
    if not len(full):
        return scores.copy()
    starts = np.concatenate([[0], np.cumsum(full)[:-1]]).astype(int)
    wide = scores.astype(np.longdouble)
    top = np.repeat(np.maximum.reduceat(wide, starts), full)
    powers = np.exp(wide - np.where(np.isneginf(top), 0, top))
    total = np.repeat(np.add.reduceat(powers, starts), full)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@right("segment_softmax")
def by_numbers_in_logarithms(scores, lengths):
    owner, wide = _owners(lengths), scores.astype(np.longdouble)
    total = np.full(len(lengths), -np.inf, np.longdouble)
    np.logaddexp.at(total, owner, wide)
    return np.exp(wide - np.where(np.isneginf(total), 0, total)[owner]).astype(scores.dtype)
