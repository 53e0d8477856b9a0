"""Answers to the exercises of chapter 4, invented from the tasks alone by somebody else.

The docstring of a wrong one says where it differs from the right result; many are a right answer with one flaw.
Rows are written [visible | hidden].
"""

import math
from fractions import Fraction

import scipy.special

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("04")
wrong, right = answers.unlisted, answers.right


# --- 4.1: e^s is 6, 2, 1, 1, 1, 1; right is 3/4, 1/2, 1/3, 2/3 -------------------------------------------------------

answers.by_hand(
    "padding_by_hand",
    wrong={
        "third_how_much_longer": [0.75, 0.5, 1 / 3, 1.5],  # 3/2 in place of 2/3
        "third_first_two_turned_round": [0.5, 0.75, 1 / 3, 2 / 3],
        "third_share_of_one_place": [0.75, 0.5, 1 / 12, 2 / 3],  # one of the four places, not all of them
        "third_power_of_zero_is_zero": [0.75, 0.75, 0, 1],
        "third_shares_of_the_scores": [math.log(6) / math.log(12), math.log(6) / math.log(12), 0, 1],
        "third_six_places_of_padding": [0.75, 6 / 14, 6 / 14, 8 / 14],
        "third_what_is_lost": [0.75, 0.5, 1 / 3, 1 / 3],  # the part that goes, not the part that stays
        "third_padding_beside_words": [0.75, 0.5, 0.5, 2 / 3],  # 4 / 8
        "third_percent": [75, 50, 33.333, 66.667],
        "third_length_left_out": [0.75, 0.5, 1 / 3],
        "third_one_place_for_two": [0.75, 0.5, 0.3, 0.7],  # three places are asked for: 0.3 is not 1/3
        "third_weight_of_the_second_word": [0.25, 1 / 6, 1 / 3, 2 / 3],
    },
    right={
        "third_fractions": [Fraction(3, 4), Fraction(1, 2), Fraction(1, 3), Fraction(2, 3)],
        "third_three_places": [0.75, 0.5, 0.333, 0.667],
    },
)


# --- 4.2, NumPy ------------------------------------------------------------------------------------------------------


def _soft(scores, axis):
    """Plain softmax; NaN in rows of minus infinities."""
    with np.errstate(all="ignore"):
        powers = np.exp(scores - scores.max(axis, keepdims=True))
        return powers / powers.sum(axis, keepdims=True)


def _can(scores, mask):
    return mask & (scores > -np.inf)


def _zero(scores):
    return scores.dtype.type(0)


@wrong("masked_softmax")
def third_a_billion_below(scores, mask, axis=-1):
    """[-2e9 | 0] gives [0 | 0]: the filled place is larger than the visible one."""
    can = _can(scores, mask)
    with np.errstate(over="ignore"):
        filled = np.where(can, scores, scores.dtype.type(-1e9))
    return np.where(can, _soft(filled, axis), _zero(scores))


@wrong("masked_softmax")
def third_ten_thousand_below(scores, mask, axis=-1):
    """[-20000, -20001 | 0] gives zeros: -1e4, which fits float16 too, is larger than both."""
    can = _can(scores, mask)
    filled = np.where(can, scores, scores.dtype.type(-1e4))
    return np.where(can, _soft(filled, axis), _zero(scores))


@wrong("masked_softmax")
def third_zeros_while_shifting(scores, mask, axis=-1):
    """[-1000, -1001 | 5] gives zeros: the largest of the row is taken with 0 at the hidden place."""
    can = _can(scores, mask)
    clean = np.where(can, scores, _zero(scores))
    powers = np.exp(clean - clean.max(axis, keepdims=True)) * can
    total = powers.sum(axis, keepdims=True)
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)


@wrong("masked_softmax")
def third_largest_number_of_all_places(scores, mask, axis=-1):
    """[0, 1 | 1000] gives zeros: the shift looks at hidden scores too (NaN left out)."""
    can = _can(scores, mask)
    largest = np.max(np.where(np.isfinite(scores), scores, _zero(scores)), axis=axis, keepdims=True)
    powers = np.exp(np.where(can, scores - largest, -np.inf)).astype(scores.dtype)
    total = powers.sum(axis, keepdims=True)
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)


@wrong("masked_softmax")
def third_softmax_first_then_mask(scores, mask, axis=-1):
    """[0, 1 | 1000] gives zeros: all weight went to the hidden place before it was hidden."""
    weights = _soft(np.nan_to_num(scores), axis) * _can(scores, mask)
    total = weights.sum(axis, keepdims=True)
    return weights / np.where(total == 0, 1, total).astype(scores.dtype)


@wrong("masked_softmax")
def third_one_shift_for_all_rows(scores, mask, axis=-1):
    """Rows [0, 1] and [1000, 1001]: the first gets zeros."""
    can = _can(scores, mask)
    largest = scores[np.broadcast_to(can, scores.shape)].max(initial=-np.inf)
    powers = np.exp(np.where(can, scores, -np.inf) - (largest if largest > -np.inf else 0)).astype(scores.dtype)
    total = powers.sum(axis, keepdims=True)
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)


@wrong("masked_softmax")
def third_total_of_at_least_one(scores, mask, axis=-1):
    """Rows [0, 0] and [2, 2]: one shift for both leaves the first a total below 1, and weights of 0.135."""
    can = _can(scores, mask)
    largest = np.where(can, scores, -np.inf).max()
    powers = np.exp(np.where(can, scores, -np.inf) - (largest if largest > -np.inf else 0)).astype(scores.dtype)
    return powers / np.maximum(powers.sum(axis, keepdims=True), 1)


@wrong("masked_softmax")
def third_clipped_not_shifted(scores, mask, axis=-1):
    """[30, 25] in float64 gives equal weights: both are cut to 20."""
    can = _can(scores, mask)
    powers = np.where(can, np.exp(np.clip(np.where(can, scores, 0), -20, 10)), 0).astype(scores.dtype)
    total = powers.sum(axis, keepdims=True)
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)


@wrong("masked_softmax")
def third_clipped_after_the_shift(scores, mask, axis=-1):
    """[0, -30] in float64: the second weight is 2e-9 for 9e-14."""
    can = _can(scores, mask)
    clean = np.where(can, scores, -np.inf)
    largest = clean.max(axis, keepdims=True)
    shifted = np.clip(clean - np.where(largest == -np.inf, 0, largest), -20, 0)
    powers = np.where(can, np.exp(shifted), 0).astype(scores.dtype)
    total = powers.sum(axis, keepdims=True)
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)


def _with_epsilon(scores, mask, axis, epsilon):
    clean = np.where(_can(scores, mask), scores, -np.inf)
    largest = clean.max(axis, keepdims=True)
    powers = np.exp(clean - np.where(largest == -np.inf, 0, largest))
    return (powers / (powers.sum(axis, keepdims=True) + epsilon)).astype(scores.dtype)


@wrong("masked_softmax")
def third_a_millionth_in_the_total(scores, mask, axis=-1):
    """[0, -inf] gives 0.999999 for 1, in float32 too."""
    return _with_epsilon(scores, mask, axis, 1e-6)


@wrong("masked_softmax")
def third_a_billionth_in_the_total(scores, mask, axis=-1):
    """[0 | 0] in float64 gives 1 - 1e-9."""
    return _with_epsilon(scores, mask, axis, 1e-9)


@wrong("masked_softmax")
def third_a_millionth_of_a_millionth_in_the_total(scores, mask, axis=-1):
    """[0 | 0] in float64 gives 1 - 1e-12, which is 4500 steps of the last digit."""
    return _with_epsilon(scores, mask, axis, 1e-12)


@wrong("masked_softmax")
def third_lowest_number_of_half_precision(scores, mask, axis=-1):
    """[-100000 | 0] in float32 gives zeros: the fill, which is to fit float16 too, is larger."""
    can = _can(scores, mask)
    filled = np.where(can, scores, scores.dtype.type(np.finfo(np.float16).min))
    return np.where(can, _soft(filled, axis), _zero(scores))


@wrong("masked_softmax")
def third_mask_taken_for_padding(scores, mask, axis=-1):
    """Scores (2, 2, 3), mask (2, 3) of queries and keys: it is taken for sentences and keys."""
    if mask.ndim == scores.ndim - 1:
        mask = np.expand_dims(mask, -2)
    can = _can(scores, mask)
    with np.errstate(all="ignore"):
        return np.where(can, _soft(np.where(can, scores, -np.inf), axis), _zero(scores)).astype(scores.dtype)


@wrong("masked_softmax")
def third_mask_grows_at_the_end(scores, mask, axis=-1):
    """Scores (2, 2), mask [True, False]: hides the second row, not the second column."""
    while mask.ndim < scores.ndim:
        mask = mask[..., None]
    can = _can(scores, mask)
    return np.where(can, _soft(np.where(can, scores, -np.inf), axis), _zero(scores)).astype(scores.dtype)


@wrong("masked_softmax")
def third_opened_along_the_last_axis(scores, mask, axis=-1):
    """axis=0 and a column with nothing to see: NaN stays there."""
    can = _can(scores, mask)
    some = can.any(-1, keepdims=True)
    weights = _soft(np.where(some, np.where(can, scores, -np.inf), 0), axis)
    return np.where(some, weights, 0).astype(scores.dtype)


@wrong("masked_softmax")
def third_largest_along_the_last_axis(scores, mask, axis=-1):
    """[[0, 5], [1, 0]], axis=0: each row is shifted by its own number, so columns get other weights."""
    clean = np.where(_can(scores, mask), scores, -np.inf)
    largest = clean.max(-1, keepdims=True)
    powers = np.exp(clean - np.where(largest == -np.inf, 0, largest)).astype(scores.dtype)
    total = powers.sum(axis, keepdims=True)
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)


@wrong("masked_softmax")
def third_two_axes_are_enough(scores, mask, axis=-1):
    """Scores (2, 3, 4), axis=0: any axis but -1 is taken for the one before the last."""
    can = np.broadcast_to(_can(scores, mask), scores.shape)
    if axis != -1:
        return third_two_axes_are_enough(np.swapaxes(scores, -1, -2), np.swapaxes(can, -1, -2)).swapaxes(-1, -2)
    some = can.any(-1, keepdims=True)
    weights = _soft(np.where(some, np.where(can, scores, -np.inf), 0), -1)
    return np.where(some, weights, 0).astype(scores.dtype)


@wrong("masked_softmax")
def third_mask_not_turned_with_the_scores(scores, mask, axis=-1):
    """Scores (2, 2), axis=0, mask [[True, True], [False, True]]: the mask still lies the other way."""
    turned = np.swapaxes(scores, axis, -1)
    can = _can(turned, mask)
    some = can.any(-1, keepdims=True)
    weights = _soft(np.where(some, np.where(can, turned, -np.inf), 0), -1)
    return np.swapaxes(np.where(some, weights, 0), axis, -1).astype(scores.dtype)


@wrong("masked_softmax")
def third_minus_infinity_is_not_hidden(scores, mask, axis=-1):
    """[-inf, -inf | 3] gives NaN: the row is not empty by its mask."""
    mask = np.broadcast_to(mask, scores.shape)
    some = mask.any(axis, keepdims=True)
    weights = _soft(np.where(some, np.where(mask, scores, -np.inf), 0), axis)
    return np.where(mask, weights, 0).astype(scores.dtype)


@wrong("masked_softmax")
def third_any_of_a_small_mask(scores, mask, axis=-1):
    """Scores (2, 3), mask [True, False, True], axis=0: `any` looks along the only axis there is, and NaN stays."""
    some = mask.any(axis, keepdims=True)
    can = _can(scores, mask)
    weights = _soft(np.where(some, np.where(can, scores, -np.inf), 0), axis)
    return np.where(some, weights, 0).astype(scores.dtype)


@wrong("masked_softmax")
def third_numbers_for_infinities(scores, mask, axis=-1):
    """[-inf, -inf], both in the mask, gives a half each."""
    clean = np.nan_to_num(np.where(mask, scores, -np.inf).astype(scores.dtype))
    return _soft(clean, axis) * mask


@wrong("masked_softmax")
def third_single_precision_inside(scores, mask, axis=-1):
    """[0.1, 0.2] in float64 is right to 8 digits only."""
    can = _can(scores, mask)
    weights = _soft(np.where(can, scores, -np.inf).astype(np.float32), axis)
    return np.where(can, weights, 0).astype(scores.dtype)


@wrong("masked_softmax")
def third_always_double(scores, mask, axis=-1):
    """float32 goes in, float64 comes out."""
    can = _can(scores, mask)
    return np.where(can, _soft(np.where(can, scores.astype(np.float64), -np.inf), axis), 0.0)


@wrong("masked_softmax")
def third_writes_into_the_scores(scores, mask, axis=-1):
    """[0, 1 | 2] is [0, 1, -inf] afterwards: a second call with another mask is wrong."""
    scores[~np.broadcast_to(_can(scores, mask), scores.shape)] = -np.inf
    weights = _soft(scores, axis)
    return np.where(scores > -np.inf, weights, 0).astype(scores.dtype)


@wrong("masked_softmax")
def third_logarithm_of_the_mask(scores, mask, axis=-1):
    """[0 | 20] in float64: the hidden score keeps e^20 * 1e-9 = 0.485, and the visible weight is 0.67."""
    can = _can(scores, mask)
    logs = np.log(can + 1e-9)
    weights = _soft(np.where(np.isfinite(scores), scores, 0) + logs, axis)
    return np.where(can, weights, 0).astype(scores.dtype)


@wrong("masked_softmax")
def third_minus_logsumexp(scores, mask, axis=-1):
    """[10000, 10000] in float32 gives 0.49989 each: the logarithm of the sum has steps of 0.001 there."""
    can = _can(scores, mask)
    clean = np.where(can, scores, -np.inf).astype(scores.dtype)
    logs = scipy.special.logsumexp(clean, axis=axis, keepdims=True).astype(scores.dtype)
    return np.exp(clean - np.where(np.isfinite(logs), logs, 0)).astype(scores.dtype)


@wrong("masked_softmax")
def third_masked_array_of_equal_shape(scores, mask, axis=-1):
    """Scores (2, 3), mask (3,): np.ma does not broadcast a mask, and raises."""
    hidden = np.ma.array(scores, mask=~mask | ~(scores > -np.inf) if mask.shape == scores.shape else ~mask)
    powers = np.ma.exp(hidden - hidden.max(axis, keepdims=True))
    return (powers / powers.sum(axis, keepdims=True)).filled(0).astype(scores.dtype)


@wrong("masked_softmax")
def third_very_low_scores_count_as_hidden(scores, mask, axis=-1):
    """[-20000, -20001] gives zeros."""
    can = mask & (scores > -1e4)
    some = can.any(axis, keepdims=True)
    weights = _soft(np.where(some, np.where(can, scores, -np.inf), 0), axis)
    return np.where(some, weights, 0).astype(scores.dtype)


@wrong("masked_softmax")
def third_only_nan_is_repaired(scores, mask, axis=-1):
    """[0 | inf] gives NaN: infinity minus 1e30 is infinity."""
    can = _can(scores, mask)
    clean = np.where(np.isnan(scores) | (scores == -np.inf), _zero(scores), scores)
    filled = clean - np.where(can, 0, 1e30)
    return np.where(can, _soft(filled, axis), 0).astype(scores.dtype)


@wrong("masked_softmax")
def third_empty_only_if_all_are(scores, mask, axis=-1):
    """Two rows, the second empty: NaN there, since only a wholly hidden array was thought of."""
    can = _can(scores, mask)
    if not can.any():
        return np.zeros_like(scores)
    return _soft(np.where(can, scores, -np.inf), axis).astype(scores.dtype)


@right("masked_softmax")
def third_row_after_row(scores, mask, axis=-1):
    rows = np.moveaxis(scores, axis, -1)
    seen = np.moveaxis(np.broadcast_to(mask, scores.shape), axis, -1)
    weights = np.zeros(rows.shape, scores.dtype)
    for place in np.ndindex(rows.shape[:-1]):
        can = seen[place] & (rows[place] > -np.inf)
        if can.any():
            kept = rows[place][can].astype(np.float64)
            powers = np.exp(kept - kept.max())
            weights[place][can] = powers / powers.sum()
    return np.moveaxis(weights, -1, axis)


@right("masked_softmax")
def third_where_of_the_functions(scores, mask, axis=-1):
    can = np.broadcast_to(_can(scores, mask), scores.shape)
    largest = np.max(scores, axis=axis, keepdims=True, where=can, initial=-np.inf)
    shifted = np.subtract(scores, largest, out=np.zeros_like(scores), where=can)
    powers = np.exp(shifted, out=np.zeros_like(scores), where=can)
    total = powers.sum(axis, keepdims=True)
    return np.divide(powers, total, out=np.zeros_like(scores), where=can)


@right("masked_softmax")
def third_zeros_for_what_is_no_number(scores, mask, axis=-1):
    can = _can(scores, mask)
    return np.nan_to_num(_soft(np.where(can, scores, scores.dtype.type(-np.inf)), axis))


@right("masked_softmax")
def third_one_by_the_sum_of_differences(scores, mask, axis=-1):
    can = np.moveaxis(np.broadcast_to(_can(scores, mask), scores.shape), axis, -1)
    rows = np.where(can, np.moveaxis(scores, axis, -1), 0).astype(np.float64)
    with np.errstate(over="ignore", divide="ignore"):
        powers = np.exp(rows[..., None, :] - rows[..., :, None])
        weights = 1 / np.where(can[..., None, :], powers, 0).sum(-1)
    return np.moveaxis(np.where(can, weights, 0), -1, axis).astype(scores.dtype)


# --- 4.2, TensorFlow -------------------------------------------------------------------------------------------------


def _tf_can(scores, mask):
    return tf.logical_and(mask, scores > tf.constant(-np.inf, scores.dtype))


@wrong("masked_softmax", "tensorflow")
def third_hidden_after_the_exponential(scores, mask, axis=-1):
    """[0 | NaN]: the weights are right, the gradient is NaN, for the exponential of NaN was computed."""
    can, zero = _tf_can(scores, mask), tf.zeros([], scores.dtype)
    largest = tf.reduce_max(tf.where(can, scores, tf.constant(-np.inf, scores.dtype)), axis, keepdims=True)
    largest = tf.where(tf.math.is_inf(largest), zero, largest)
    powers = tf.where(can, tf.exp(scores - largest), zero)
    return tf.math.divide_no_nan(powers, tf.reduce_sum(powers, axis, keepdims=True))


@wrong("masked_softmax", "tensorflow")
def third_repaired_where_nan(scores, mask, axis=-1):
    """[-inf, -inf], both in the mask: weights of 0, and a gradient of NaN."""
    weights = tf.nn.softmax(tf.where(mask, scores, tf.constant(-np.inf, scores.dtype)), axis)
    return tf.where(tf.math.is_nan(weights), tf.zeros_like(weights), weights)


@wrong("masked_softmax", "tensorflow")
def third_constants_of_float32(scores, mask, axis=-1):
    """Scores in float64 or float16: tf.where refuses two types."""
    can = _tf_can(scores, mask)
    some = tf.reduce_any(can, axis, keepdims=True)
    filled = tf.where(can, scores, tf.constant(float("-inf")))
    return tf.where(some, tf.nn.softmax(tf.where(some, filled, tf.constant(0.0)), axis), tf.constant(0.0))


@wrong("masked_softmax", "tensorflow")
def third_borrowed_from_numpy(scores, mask, axis=-1):
    """No gradient reaches the scores: NumPy leaves the tape."""
    return tf.convert_to_tensor(third_row_after_row(scores.numpy(), mask.numpy(), axis))


@wrong("masked_softmax", "tensorflow")
def third_layer_of_keras(scores, mask, axis=-1):
    """[0 | NaN] gives NaN or an empty row equal weights, and float64 comes back as float32."""
    return tf.keras.layers.Softmax(axis=axis)(scores, mask=tf.broadcast_to(mask, tf.shape(scores)))


@wrong("masked_softmax", "tensorflow")
def third_cast_to_single_precision(scores, mask, axis=-1):
    """[0.1, 0.2] in float64 is right to 8 digits only."""
    can = _tf_can(scores, mask)
    some = tf.reduce_any(can, axis, keepdims=True)
    filled = tf.where(can, tf.cast(scores, tf.float32), -np.inf)
    weights = tf.nn.softmax(tf.where(some, filled, tf.zeros_like(filled)), axis)
    return tf.cast(tf.where(some, weights, tf.zeros_like(weights)), scores.dtype)


@wrong("masked_softmax", "tensorflow")
def third_any_without_broadcasting(scores, mask, axis=-1):
    """Scores (2, 3), mask [True, False, True], axis=0: column 1 is not found to be empty, and NaN stays."""
    some = tf.reduce_any(mask, axis, keepdims=True)
    can, zeros = _tf_can(scores, mask), tf.zeros_like(scores)
    filled = tf.where(can, scores, tf.constant(-np.inf, scores.dtype))
    return tf.where(some, tf.nn.softmax(tf.where(some, filled, zeros), axis), zeros)


@wrong("masked_softmax", "tensorflow")
def third_times_the_mask_at_the_end(scores, mask, axis=-1):
    """[-2e9 | 0] gives zeros; in float16 -1e9 is -inf, and an empty row is NaN times 0."""
    can = _tf_can(scores, mask)
    filled = tf.where(can, scores, tf.cast(-1e9, scores.dtype))
    return tf.nn.softmax(filled, axis) * tf.cast(can, scores.dtype)


@wrong("masked_softmax", "tensorflow")
def third_epsilon_of_keras(scores, mask, axis=-1):
    """[0 | 0] in float64 gives 1 - 1e-7."""
    can, zeros = _tf_can(scores, mask), tf.zeros_like(scores)
    clean = tf.where(can, scores, zeros)
    lowest = tf.constant(-np.inf, scores.dtype)
    largest = tf.reduce_max(tf.where(can, scores, lowest), axis, keepdims=True)
    largest = tf.stop_gradient(tf.where(largest > lowest, largest, tf.zeros_like(largest)))
    powers = tf.where(can, tf.exp(tf.where(can, clean - largest, zeros)), zeros)
    return powers / (tf.reduce_sum(powers, axis, keepdims=True) + tf.cast(tf.keras.backend.epsilon(), scores.dtype))


@wrong("masked_softmax", "tensorflow")
def third_softmax_of_the_last_axis(scores, mask, axis=-1):
    """axis=0: the weights sum to 1 along the last axis."""
    can, zeros = _tf_can(scores, mask), tf.zeros_like(scores)
    some = tf.reduce_any(can, axis, keepdims=True)
    filled = tf.where(can, scores, tf.constant(-np.inf, scores.dtype))
    return tf.where(can, tf.nn.softmax(tf.where(some, filled, zeros)), zeros)


@wrong("masked_softmax", "tensorflow")
def third_added_minus_infinity(scores, mask, axis=-1):
    """An empty row, or a hidden NaN: the weights are repaired, the gradient is NaN, since a sum lets it through."""
    can = _tf_can(scores, mask)
    added = tf.where(can, tf.zeros([], scores.dtype), tf.constant(-np.inf, scores.dtype))
    weights = tf.nn.softmax(scores + added, axis)
    return tf.where(can, weights, tf.zeros_like(weights))


@wrong("masked_softmax", "tensorflow")
def third_very_negative_number(scores, mask, axis=-1):
    """[-2e30 | 0] in float32 gives zeros: the filled place is larger than the visible one."""
    can = _tf_can(scores, mask)
    weights = tf.nn.softmax(tf.where(can, scores, tf.cast(-1e30, scores.dtype)), axis)
    return tf.where(can, weights, tf.zeros_like(weights))


@right("masked_softmax", "tensorflow")
def third_quotient_without_nan(scores, mask, axis=-1):
    can, zeros = _tf_can(scores, mask), tf.zeros_like(scores)
    lowest = tf.constant(-np.inf, scores.dtype)
    largest = tf.reduce_max(tf.where(can, scores, lowest), axis, keepdims=True)
    largest = tf.stop_gradient(tf.where(largest > lowest, largest, tf.zeros_like(largest)))
    shifted = tf.where(can, scores, largest) - largest
    powers = tf.where(can, tf.exp(shifted), zeros)
    return tf.math.divide_no_nan(powers, tf.reduce_sum(powers, axis, keepdims=True))


@right("masked_softmax", "tensorflow")
def third_nan_dies_at_the_where(scores, mask, axis=-1):
    can = _tf_can(scores, mask)
    weights = tf.nn.softmax(tf.where(can, scores, tf.constant(-np.inf, scores.dtype)), axis)
    return tf.where(can, weights, tf.zeros_like(weights))


# --- 4.2, PyTorch ----------------------------------------------------------------------------------------------------


def _pt_can(scores, mask):
    return mask & (scores > -torch.inf)


@wrong("masked_softmax", "pytorch")
def third_nan_to_num_at_the_end(scores, mask, axis=-1):
    """[-inf, -inf], both in the mask: weights of 0, and a gradient of NaN."""
    return torch.nan_to_num(torch.softmax(scores.masked_fill(~mask, -torch.inf), axis))


@wrong("masked_softmax", "pytorch")
def third_where_after_the_exponential(scores, mask, axis=-1):
    """[0 | NaN]: the weights are right, the gradient is NaN."""
    can = _pt_can(scores, mask)
    largest = scores.masked_fill(~can, -torch.inf).amax(axis, keepdim=True).detach()
    largest = largest.masked_fill(largest == -torch.inf, 0)
    powers = torch.where(can, torch.exp(scores - largest), 0)
    return powers / powers.sum(axis, keepdim=True).clamp(min=1)


@wrong("masked_softmax", "pytorch")
def third_float_and_type_as(scores, mask, axis=-1):
    """[0.1, 0.2] in float64 is right to 8 digits only: written for half precision, it costs double precision."""
    can = _pt_can(scores, mask)
    weights = torch.softmax(scores.float().masked_fill(~can, -torch.inf), axis).type_as(scores)
    return weights.masked_fill(~can, 0)


@wrong("masked_softmax", "pytorch")
def third_lowest_number_times_mask(scores, mask, axis=-1):
    """[-inf, -inf], both in the mask, gives NaN."""
    lowest = torch.finfo(scores.dtype).min
    return torch.softmax(scores.masked_fill(~mask, lowest), axis) * mask


@wrong("masked_softmax", "pytorch")
def third_through_numpy(scores, mask, axis=-1):
    """No gradient reaches the scores: NumPy forgets where they come from."""
    return torch.from_numpy(third_row_after_row(scores.detach().numpy(), mask.numpy(), axis))


@wrong("masked_softmax", "pytorch")
def third_fills_in_place(scores, mask, axis=-1):
    """A leaf that wants a gradient refuses, and without one [0, 1 | 2] is [0, 1, -inf] afterwards."""
    can = _pt_can(scores, mask)
    return torch.softmax(scores.masked_fill_(~can, -torch.inf), axis).masked_fill(~can, 0)


@wrong("masked_softmax", "pytorch")
def third_closes_in_place(scores, mask, axis=-1):
    """An empty row or none: the way back finds the output of softmax changed, and raises."""
    can = _pt_can(scores, mask)
    weights = torch.softmax(scores.masked_fill(~can, -torch.inf), axis)
    weights[~can.expand_as(weights)] = 0
    return weights


@wrong("masked_softmax", "pytorch")
def third_last_dim(scores, mask, axis=-1):
    """axis=0: the weights sum to 1 along the last axis."""
    can = _pt_can(scores, mask)
    return torch.softmax(scores.masked_fill(~can, -torch.inf), dim=-1).masked_fill(~can, 0)


@wrong("masked_softmax", "pytorch")
def third_masked_package(scores, mask, axis=-1):
    """An empty row is NaN, and [-inf, -inf] too."""
    return torch.masked.softmax(scores, axis, mask=mask.expand_as(scores))


@wrong("masked_softmax", "pytorch")
def third_exp_of_minus_logsumexp(scores, mask, axis=-1):
    """[10000, 10000] in float32 gives 0.49989 each."""
    can = _pt_can(scores, mask)
    clean = scores.masked_fill(~can, -torch.inf)
    logs = torch.logsumexp(clean, axis, keepdim=True)
    return torch.exp(clean - logs).masked_fill(~can, 0)


@wrong("masked_softmax", "pytorch")
def third_softmax_times_mask_normed(scores, mask, axis=-1):
    """[-1000, -1001 | 0] gives zeros: the masked product makes a score of 0 of the hidden one."""
    can = _pt_can(scores, mask)
    weights = torch.softmax(torch.where(can, scores, 0), axis) * can
    return weights / weights.sum(axis, keepdim=True).clamp(min=1e-13)


@wrong("masked_softmax", "pytorch")
def third_small_number_in_the_sum(scores, mask, axis=-1):
    """[0 | 0] gives 1 - 1e-6."""
    can = _pt_can(scores, mask)
    clean = scores.masked_fill(~can, -torch.inf)
    largest = clean.amax(axis, keepdim=True).detach()
    powers = torch.exp(clean - largest.masked_fill(largest == -torch.inf, 0))
    return powers / (powers.sum(axis, keepdim=True) + 1e-6)


@wrong("masked_softmax", "pytorch")
def third_unsqueezed_for_sentences(scores, mask, axis=-1):
    """Scores (2, 2, 3), mask (2, 3) of queries and keys: it is taken for sentences and keys."""
    if mask.dim() == scores.dim() - 1:
        mask = mask.unsqueeze(-2)
    can = _pt_can(scores, mask)
    return torch.softmax(scores.masked_fill(~can, -torch.inf), axis).masked_fill(~can, 0)


@wrong("masked_softmax", "pytorch")
def third_a_billion_in_half_precision(scores, mask, axis=-1):
    """Scores in float16: -1e9 does not fit, and PyTorch refuses; [-2e9 | 0] in float32 gives zeros."""
    can = _pt_can(scores, mask)
    return torch.softmax(scores.masked_fill(~can, -1e9), axis).masked_fill(~can, 0)


@wrong("masked_softmax", "pytorch")
def third_all_or_none(scores, mask, axis=-1):
    """Two rows, the second empty: NaN there."""
    can = _pt_can(scores, mask)
    if not can.any():
        return scores * 0
    return torch.softmax(scores.masked_fill(~can, -torch.inf), axis)


@wrong("masked_softmax", "pytorch")
def third_empty_rows_by_their_mask(scores, mask, axis=-1):
    """[-inf, -inf | 3] gives NaN: the mask shows two places."""
    some = mask.expand_as(scores).any(axis, keepdim=True)
    filled = torch.where(some, scores.masked_fill(~mask, -torch.inf), 0)
    return torch.where(some, torch.softmax(filled, axis), 0)


@wrong("masked_softmax", "pytorch")
def third_lowest_number_closed(scores, mask, axis=-1):
    """[finfo.min | 0], as after another masking: the fill is equal to the visible score, which gets a half."""
    can = _pt_can(scores, mask)
    return torch.softmax(scores.masked_fill(~can, torch.finfo(scores.dtype).min), axis).masked_fill(~can, 0)


@right("masked_softmax", "pytorch")
def third_nan_to_num_of_all_that_is_hidden(scores, mask, axis=-1):
    can = _pt_can(scores, mask)
    return torch.nan_to_num(torch.softmax(torch.where(can, scores, -torch.inf), axis))


@right("masked_softmax", "pytorch")
def third_exponentials_of_double_precision(scores, mask, axis=-1):
    can = _pt_can(scores, mask)
    wide = scores.masked_fill(~can, 0).double()
    with torch.no_grad():
        largest = wide.masked_fill(~can, -torch.inf).amax(axis, keepdim=True).nan_to_num(neginf=0)
    powers = torch.exp(torch.where(can, wide - largest, -torch.inf))
    return (powers / powers.sum(axis, keepdim=True).clamp_min(1)).to(scores.dtype)


# --- 4.3 -------------------------------------------------------------------------------------------------------------


@wrong("mean_of_words")
def third_mean_without_nan(outputs, mask):
    """Words [NaN, 1]: gives 1, and the NaN of a word is lost."""
    total = np.nansum(np.where(mask[..., None], outputs, np.nan), -2)
    return (total / np.maximum(mask.sum(-1), 1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def third_nan_to_num_before(outputs, mask):
    """Words [NaN, 1]: gives 0.5."""
    total = (np.nan_to_num(outputs, posinf=0, neginf=0) * mask[..., None]).sum(-2)
    return (total / np.maximum(mask.sum(-1), 1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def third_nan_to_num_after(outputs, mask):
    """Words [NaN, 1]: gives 0."""
    total = np.where(mask[..., None], outputs, 0).sum(-2)
    with np.errstate(all="ignore"):
        return np.nan_to_num(total / mask.sum(-1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def third_divided_by_all_places(outputs, mask):
    """Words [2, 4] and one padded place: 2 for 3."""
    return np.where(mask[..., None], outputs, 0).mean(-2).astype(outputs.dtype)


@wrong("mean_of_words")
def third_all_words_of_the_batch(outputs, mask):
    """Two sentences of one word each: each is divided by 2."""
    total = np.where(mask[..., None], outputs, 0).sum(-2)
    return (total / max(np.count_nonzero(mask), 1)).astype(outputs.dtype)


@wrong("mean_of_words")
def third_times_the_mask(outputs, mask):
    """A padded place with NaN: NaN."""
    total = (outputs * mask[..., None]).sum(-2)
    return (total / np.maximum(mask.sum(-1), 1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def third_product_of_matrices(outputs, mask):
    """A padded place with infinity: 0 times infinity is NaN, once NaN alone was taken out."""
    weights = mask / np.maximum(mask.sum(-1, keepdims=True), 1)
    clean = np.where(mask[..., None] | ~np.isnan(outputs), outputs, 0)
    return np.einsum("...s,...sd->...d", weights, clean).astype(outputs.dtype)


@wrong("mean_of_words")
def third_first_places(outputs, mask):
    """Mask [False, True]: takes place 0, which is padding on the left."""
    places = np.arange(mask.shape[-1]) < mask.sum(-1, keepdims=True)
    total = np.where(places[..., None], outputs, 0).sum(-2)
    return (total / np.maximum(mask.sum(-1), 1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def third_count_without_its_axis(outputs, mask):
    """Outputs (2, 2, 2), 1 and 2 words: the counts divide along D; (2, 2, 3) raises."""
    total = np.where(mask[..., None], outputs, 0).sum(-2)
    return (total / np.maximum(mask.sum(-1), 1)).astype(outputs.dtype)


@wrong("mean_of_words")
def third_axis_one(outputs, mask):
    """Outputs (2, 3): no axis of sentences, and axis 1 is D."""
    total = np.where(mask[..., None], outputs, 0).sum(1)
    return (total / np.maximum(mask.sum(-1), 1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def third_float64_by_whole_numbers(outputs, mask):
    """float16 or float32 goes in, float64 comes out."""
    return np.where(mask[..., None], outputs, 0).sum(-2) / np.maximum(mask.sum(-1), 1)[..., None]


@wrong("mean_of_words")
def third_no_word_in_the_batch(outputs, mask):
    """Two sentences, the second without a word: NaN there."""
    if not mask.any():
        return np.zeros(outputs.shape[:-2] + outputs.shape[-1:], outputs.dtype)
    with np.errstate(all="ignore"):
        return np.mean(outputs, axis=-2, where=mask[..., None])


@wrong("mean_of_words")
def third_masked_array(outputs, mask):
    """Words [NaN, 1]: np.ma hides a quotient that is not finite, and it is filled with 0."""
    hidden = np.ma.array(outputs, mask=np.broadcast_to(~mask[..., None], outputs.shape))
    return np.ma.filled(hidden.mean(-2), 0).astype(outputs.dtype)


@wrong("mean_of_words")
def third_weighted_average(outputs, mask):
    """A sentence without words: np.average raises ZeroDivisionError."""
    clean = np.where(mask[..., None], outputs, 0)
    weights = np.broadcast_to(mask[..., None], outputs.shape)
    return np.average(clean, axis=-2, weights=weights).astype(outputs.dtype)


@wrong("mean_of_words")
def third_writes_zeros_into_outputs(outputs, mask):
    """The padding of the caller's array is 0 afterwards."""
    outputs[~mask] = 0
    return (outputs.sum(-2) / np.maximum(mask.sum(-1), 1)[..., None]).astype(outputs.dtype)


def _with_more_words(outputs, mask, more):
    total = np.where(mask[..., None], outputs, 0).sum(-2)
    return (total / (mask.sum(-1)[..., None] + more)).astype(outputs.dtype)


@wrong("mean_of_words")
def third_small_number_in_the_count(outputs, mask):
    """One word [1] in float64: 0.999999."""
    return _with_more_words(outputs, mask, 1e-6)


@wrong("mean_of_words")
def third_billionth_in_the_count(outputs, mask):
    """One word [1] in float64: 1 - 1e-9."""
    return _with_more_words(outputs, mask, 1e-9)


@wrong("mean_of_words")
def third_millionth_of_a_millionth_in_the_count(outputs, mask):
    """One word [1] in float64: 1 - 1e-12, which is 4500 steps of the last digit."""
    return _with_more_words(outputs, mask, 1e-12)


@wrong("mean_of_words")
def third_epsilon_that_half_precision_forgets(outputs, mask):
    """A sentence without words in float16: 1e-9 is 0 there, and 0 / 0 is NaN."""
    total = np.where(mask[..., None], outputs, outputs.dtype.type(0)).sum(-2)
    with np.errstate(all="ignore"):
        return total / np.maximum(mask.sum(-1)[..., None].astype(outputs.dtype), outputs.dtype.type(1e-9))


@wrong("mean_of_words")
def third_all_nan_means_empty(outputs, mask):
    """A word [NaN, NaN]: its mean is taken for that of an empty sentence, and is 0."""
    with np.errstate(all="ignore"):
        mean = np.where(mask[..., None], outputs, 0).sum(-2) / mask.sum(-1)[..., None]
    return np.where(np.isnan(mean).all(-1, keepdims=True), 0, mean).astype(outputs.dtype)


@wrong("mean_of_words")
def third_single_precision_between(outputs, mask):
    """One word [0.1] in float64: 0.10000000149."""
    total = np.where(mask[..., None], outputs, 0).astype(np.float32).sum(-2)
    return (total / np.maximum(mask.sum(-1), 1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def third_sentence_after_sentence(outputs, mask):
    """Outputs (2, 2, 3, 4) or (3, 4): a loop over one axis of sentences."""
    means = np.zeros((len(outputs), outputs.shape[-1]), outputs.dtype)
    for b in range(len(outputs)):
        if mask[b].any():
            means[b] = outputs[b][mask[b]].mean(0)
    return means


@wrong("mean_of_words")
def third_python_max(outputs, mask):
    """Two sentences: `max` of Python asks an array for its truth, and raises."""
    total = np.where(mask[..., None], outputs, 0).sum(-2)
    return (total / max(mask.sum(-1), 1)).astype(outputs.dtype)


@wrong("mean_of_words")
def third_words_up_to_the_last(outputs, mask):
    """Mask [True, False, True], NaN at 1: everything before the last word is counted."""
    size = mask.shape[-1]
    last = np.where(mask.any(-1), size - np.argmax(mask[..., ::-1], -1), 0)
    places = np.arange(size) < last[..., None]
    total = np.where(places[..., None], outputs, 0).sum(-2)
    return (total / np.maximum(last, 1)[..., None]).astype(outputs.dtype)


@wrong("mean_of_words")
def third_infinite_means_are_repaired(outputs, mask):
    """Words [inf, 1]: the mean is 0 for infinity, and NaN goes too."""
    with np.errstate(all="ignore"):
        mean = np.where(mask[..., None], outputs, 0).sum(-2) / mask.sum(-1)[..., None]
    return np.where(np.isfinite(mean), mean, 0).astype(outputs.dtype)


@right("mean_of_words")
def third_mean_where(outputs, mask):
    some = mask.any(-1)[..., None]
    seen = np.where(some, mask, True)
    mean = np.mean(outputs, axis=-2, where=seen[..., None], dtype=np.float64)
    return np.where(some, mean, 0).astype(outputs.dtype)


@right("mean_of_words")
def third_place_after_place(outputs, mask):
    total = np.zeros(outputs.shape[:-2] + outputs.shape[-1:])
    for place in range(mask.shape[-1]):
        np.add(total, outputs[..., place, :], out=total, where=mask[..., place, None])
    return (total / np.clip(mask.sum(-1), 1, None)[..., None]).astype(outputs.dtype)


@right("mean_of_words")
def third_words_picked_one_by_one(outputs, mask):
    means = np.zeros(outputs.shape[:-2] + outputs.shape[-1:], outputs.dtype)
    for place in np.ndindex(mask.shape[:-1]):
        words = outputs[place][mask[place]]
        if len(words):
            means[place] = words.astype(np.float64).sum(0) / len(words)
    return means


# --- 4.5 -------------------------------------------------------------------------------------------------------------


def _earlier(size):
    return np.tri(size, dtype=bool)


@wrong("packed_mask")
def third_padding_sees_padding(sentences):
    """[0, 0]: place 1 sees both."""
    same = sentences[..., :, None] == sentences[..., None, :]
    return same & _earlier(sentences.shape[-1])


@wrong("packed_mask")
def third_not_itself(sentences):
    """[1]: does not see itself."""
    same = sentences[..., :, None] == sentences[..., None, :]
    return same & (sentences != 0)[..., None] & np.tri(sentences.shape[-1], k=-1, dtype=bool)


@wrong("packed_mask")
def third_all_words_of_one_row(sentences):
    """[1, 2]: the second sentence sees the first."""
    word = sentences.astype(bool)
    return word[..., :, None] & word[..., None, :] & _earlier(sentences.shape[-1])


@wrong("packed_mask")
def third_sentences_in_order(sentences):
    """[2, 1]: place 1 sees place 0, for 1 <= 2; a right one asks for equal numbers."""
    queries, keys = sentences[..., :, None], sentences[..., None, :]
    return (queries <= keys) & (keys > 0) & (queries > 0) & _earlier(sentences.shape[-1])


@wrong("packed_mask")
def third_later_ones(sentences):
    """[1, 1]: place 0 sees place 1, place 1 does not see place 0."""
    same = sentences[..., :, None] == sentences[..., None, :]
    return same & (sentences != 0)[..., None] & np.triu(np.ones(same.shape, bool))


@wrong("packed_mask")
def third_not_causal(sentences):
    """[1, 1]: place 0 sees place 1."""
    return (sentences[..., :, None] == sentences[..., None, :]) & (sentences != 0)[..., None]


@wrong("packed_mask")
def third_runs_of_equal_numbers(sentences):
    """[1, 0, 1], or [1, 2, 1]: place 2 does not see place 0, as a new run begins."""
    begins = np.ones(sentences.shape, bool)
    begins[..., 1:] = sentences[..., 1:] != sentences[..., :-1]
    runs = np.cumsum(begins, -1)
    same = runs[..., :, None] == runs[..., None, :]
    return same & (sentences != 0)[..., None] & _earlier(sentences.shape[-1])


@wrong("packed_mask")
def third_for_one_row(sentences):
    """Shape (2, 3): `sentences[:, None] == sentences[None, :]` compares the rows of the batch."""
    same = sentences[:, None] == sentences[None, :]
    return same & (sentences[:, None] != 0) & _earlier(len(sentences))


@wrong("packed_mask")
def third_for_one_batch(sentences):
    """Shape (3,), or (2, 2, 3): three axes are asked for, or a fourth is moved."""
    same = sentences[:, :, None] == sentences[:, None, :]
    return same & (sentences != 0)[:, :, None] & _earlier(sentences.shape[1])


@wrong("packed_mask")
def third_length_of_the_first_axis(sentences):
    """Shape (2, 3): the causal mask is (2, 2)."""
    same = sentences[..., :, None] == sentences[..., None, :]
    return same & (sentences != 0)[..., None] & _earlier(len(sentences))


@wrong("packed_mask")
def third_numbers_from_one_to_how_many(sentences):
    """[7, 7, 2, 2]: looks for the sentences 1 and 2."""
    mask = np.zeros(sentences.shape + sentences.shape[-1:], bool)
    for number in range(1, len(np.unique(sentences[sentences != 0])) + 1):
        mask |= (sentences == number)[..., None] & (sentences == number)[..., None, :]
    return mask & _earlier(sentences.shape[-1])


@wrong("packed_mask")
def third_first_number_is_padding(sentences):
    """[1, 1, 2], no padding: the smallest number is left out as if it were 0."""
    mask = np.zeros(sentences.shape + sentences.shape[-1:], bool)
    for number in np.unique(sentences)[1:]:
        mask |= (sentences == number)[..., None] & (sentences == number)[..., None, :]
    return mask & _earlier(sentences.shape[-1])


@wrong("packed_mask")
def third_last_number_left_out(sentences):
    """[1, 2]: range ends before the largest number."""
    mask = np.zeros(sentences.shape + sentences.shape[-1:], bool)
    for number in range(1, min(sentences.max(), 10_000)):  # so that it ends
        mask |= (sentences == number)[..., None] & (sentences == number)[..., None, :]
    return mask & _earlier(sentences.shape[-1])


@wrong("packed_mask")
def third_bits_of_the_numbers(sentences):
    """[2]: True & 2 is 0, for `&` goes bit by bit; sentence 1 and other odd ones are right."""
    same = sentences[..., :, None] == sentences[..., None, :]
    return (same & _earlier(sentences.shape[-1]) & sentences[..., None]).astype(bool)


@wrong("packed_mask")
def third_common_bits(sentences):
    """[1, 3]: the two share a bit, so the second sees the first."""
    both = sentences[..., :, None] & sentences[..., None, :]
    return (both != 0) & _earlier(sentences.shape[-1])


@wrong("packed_mask")
def third_everyone_sees_itself(sentences):
    """[0]: padding sees itself, so that no row is empty."""
    same = sentences[..., :, None] == sentences[..., None, :]
    mask = same & (sentences != 0)[..., None] & _earlier(sentences.shape[-1])
    return mask | np.eye(sentences.shape[-1], dtype=bool)


@wrong("packed_mask")
def third_stops_at_padding(sentences):
    """[0, 1]: padding is thought to stand at the end, and the loop stops."""
    mask = np.zeros(sentences.shape + sentences.shape[-1:], bool)
    for place in np.ndindex(sentences.shape[:-1]):
        row = sentences[place]
        for i in range(len(row)):
            if row[i] == 0:
                break
            mask[place][i, : i + 1] = row[: i + 1] == row[i]
    return mask


@wrong("packed_mask")
def third_ones_and_zeros(sentences):
    """[1]: 1.0, a float64, and not True."""
    same = sentences[..., :, None] == sentences[..., None, :]
    return same * (sentences != 0)[..., None] * np.tri(sentences.shape[-1])


@wrong("packed_mask")
def third_back_to_where_it_began(sentences):
    """[1, 2, 1]: from the first place of its number on, everything is seen."""
    mask = np.zeros(sentences.shape + sentences.shape[-1:], bool)
    for place in np.ndindex(sentences.shape[:-1]):
        row = sentences[place].tolist()
        for i, number in enumerate(row):
            if number != 0:
                mask[place][i, row.index(number) : i + 1] = True
    return mask


@right("packed_mask")
def third_pair_after_pair(sentences):
    size = sentences.shape[-1]
    mask = np.zeros((*sentences.shape, size), bool)
    for place in np.ndindex(sentences.shape[:-1]):
        for i in range(size):
            for j in range(i + 1):
                mask[(*place, i, j)] = sentences[(*place, i)] == sentences[(*place, j)] != 0
    return mask


@right("packed_mask")
def third_product_of_places_and_numbers(sentences):
    numbers = np.unique(sentences)
    places = (sentences[..., None] == numbers[numbers != 0]).astype(float)  # (..., S, sentences)
    return np.tril(places @ np.swapaxes(places, -1, -2)) > 0


# --- 4.6 -------------------------------------------------------------------------------------------------------------


def _kept(lengths, room, new):
    return np.broadcast_to((np.arange(room) < lengths[:, None])[:, None, :], (len(lengths), new, room))


def _side_by_side(kept, fresh):
    return np.concatenate([kept, np.broadcast_to(fresh, (len(kept), *fresh.shape))], -1)


@wrong("cached_mask")
def third_one_filled_row(lengths, room, new):
    """lengths [1], room 3, new 1: sees columns 0 and 1, as if the new word stood right behind what is kept."""
    return np.arange(room + new) <= lengths[:, None, None] + np.arange(new)[:, None]


@wrong("cached_mask")
def third_one_more_is_kept(lengths, room, new):
    """lengths [0], room 2: sees what stands in place 0."""
    return _side_by_side(_kept(lengths + 1, room, new), _earlier(new))


@wrong("cached_mask")
def third_new_ones_before_only(lengths, room, new):
    """lengths [0], room 1, new 1: the new word does not see itself."""
    return _side_by_side(_kept(lengths, room, new), np.tri(new, k=-1, dtype=bool))


@wrong("cached_mask")
def third_fullest_cache(lengths, room, new):
    """lengths [0, 2], room 2: the first sentence sees two places too."""
    return _side_by_side(_kept(np.full_like(lengths, lengths.max()), room, new), _earlier(new))


@wrong("cached_mask")
def third_all_the_room(lengths, room, new):
    """lengths [0], room 2: sees the whole room."""
    causal = np.arange(room + new) <= np.arange(new)[:, None] + room
    return np.broadcast_to(causal, (len(lengths), new, room + new)).copy()


@wrong("cached_mask")
def third_all_new_words(lengths, room, new):
    """new 2: the first new word sees the second."""
    return _side_by_side(_kept(lengths, room, new), np.ones((new, new), bool))


@wrong("cached_mask")
def third_kept_at_the_end_of_the_room(lengths, room, new):
    """lengths [1], room 3: sees place 2, not place 0."""
    kept = (np.arange(room) >= room - lengths[:, None])[:, None]
    return _side_by_side(np.broadcast_to(kept, (len(lengths), new, room)), _earlier(new))


@wrong("cached_mask")
def third_sentences_taken_for_words(lengths, room, new):
    """B = new = 2, lengths [0, 2], room 2: (B, room) is laid against (new, room); otherwise it raises."""
    kept = np.broadcast_to(np.arange(room) < lengths[:, None], (len(lengths), new, room))
    return _side_by_side(kept, _earlier(new))


@wrong("cached_mask")
def third_tiled_not_repeated(lengths, room, new):
    """lengths [0, 2], room 2, new 2: rows of the two sentences are mixed."""
    kept = np.tile(np.arange(room) < lengths[:, None], (new, 1)).reshape(len(lengths), new, room)
    return _side_by_side(kept, _earlier(new))


@wrong("cached_mask")
def third_new_words_first(lengths, room, new):
    """lengths [0], room 1, new 1: [True, False] for [False, True]."""
    fresh = np.broadcast_to(_earlier(new), (len(lengths), new, new))
    return np.concatenate([fresh, _kept(lengths, room, new)], -1)


@wrong("cached_mask")
def third_floats_of_tri(lengths, room, new):
    """Ones and zeros in float64, not True and False."""
    return _side_by_side(_kept(lengths, room, new), np.tri(new))


@right("cached_mask")
def third_last_place_that_is_kept(lengths, room, new):
    """0 - 1 is -1 in int64, below every place."""
    kept = np.arange(room) <= (lengths - 1)[:, None]
    return _side_by_side(np.broadcast_to(kept[:, None], (len(lengths), new, room)), _earlier(new))


@wrong("cached_mask")
def third_at_least_one_is_kept(lengths, room, new):
    """lengths [0], room 2: sees place 0, so that the cache has no empty row."""
    return _side_by_side(_kept(np.maximum(lengths, 1), room, new), _earlier(new))


@wrong("cached_mask")
def third_goes_round(lengths, room, new):
    """lengths [2], room 2: a full cache is taken for an empty one."""
    return _side_by_side(_kept(lengths % max(room, 1), room, new), _earlier(new))


@wrong("cached_mask")
def third_or_reaches_back(lengths, room, new):
    """lengths [0], room 2: `columns - room <= i` is true in all the room."""
    columns, rows = np.arange(room + new), np.arange(new)[:, None]
    return (columns < lengths[:, None, None]) | (columns - room <= rows)


@wrong("cached_mask")
def third_padding_of_the_whole_row(lengths, room, new):
    """lengths [1], room 3, new 1: padding_mask(lengths + new, room + new) hides the new word itself."""
    columns = np.arange(room + new)
    causal = columns <= np.arange(new)[:, None] + room
    return causal & (columns < (lengths + new)[:, None, None])


@wrong("cached_mask")
def third_nothing_kept_nothing_seen(lengths, room, new):
    """lengths [0]: the whole sentence is skipped."""
    mask = np.zeros((len(lengths), new, room + new), bool)
    for b, length in enumerate(lengths):
        if not length:
            continue
        mask[b, :, :length] = True
        mask[b, :, room:] = _earlier(new)
    return mask


@wrong("cached_mask")
def third_axis_of_sentences_left_out(lengths, room, new):
    """lengths [1]: shape (new, room + new) for one sentence."""
    return np.squeeze(_side_by_side(_kept(lengths, room, new), _earlier(new)))


@wrong("cached_mask")
def third_cache_slides_along(lengths, room, new):
    """lengths [1], room 3, new 2: the second new word sees place 1 of the cache, as if the first stood there now."""
    steps = np.arange(new)[:, None]
    kept = np.arange(room) < lengths[:, None, None] + steps
    return _side_by_side(kept, _earlier(new))


@wrong("cached_mask")
def third_shape_of_the_square(lengths, room, new):
    """room 2, new 1: (B, room + new, room + new), rows of the cache too."""
    columns = np.arange(room + new)
    seen = (columns < lengths[:, None]) | (columns >= room)
    return seen[:, None, :] & _earlier(room + new)


_masks = {}


@wrong("cached_mask")
def third_remembers_by_shape(lengths, room, new):
    """lengths [0], then [1], both with room 2 and new 1: the second gets the mask of the first."""
    shape = len(lengths), room, new
    if shape not in _masks:
        _masks[shape] = _side_by_side(_kept(lengths, room, new), _earlier(new))
    return _masks[shape]


@right("cached_mask")
def third_slices(lengths, room, new):
    mask = np.zeros((len(lengths), new, room + new), dtype=bool)
    for b in range(len(lengths)):
        mask[b, :, : int(lengths[b])] = True
        for i in range(new):
            mask[b, i, room : room + i + 1] = True
    return mask


@right("cached_mask")
def third_times_of_writing(lengths, room, new):
    ends = np.asarray(lengths, dtype=np.int64)[:, None]
    cache = np.where(np.arange(room) < ends, 0, new)  # 0: kept; new: never
    times = np.concatenate([cache, np.tile(np.arange(new), (len(lengths), 1))], 1)
    return times[:, None, :] <= np.arange(new)[None, :, None]


# --- 4.7 -------------------------------------------------------------------------------------------------------------


def _near(size, window):
    return np.abs(np.subtract.outer(np.arange(size), np.arange(size))) <= window


@wrong("local_and_global")
def third_both_conditions(marked, window):
    """Nothing marked: nothing is seen."""
    return _near(marked.shape[-1], window) & (marked[..., :, None] | marked[..., None, :])


@wrong("local_and_global")
def third_full_rows_only(marked, window):
    """[True, False, False], window 0: place 2 does not see place 0."""
    return _near(marked.shape[-1], window) | marked[..., :, None]


@wrong("local_and_global")
def third_full_columns_only(marked, window):
    """[True, False, False], window 0: place 0 does not see place 2."""
    return _near(marked.shape[-1], window) | marked[..., None, :]


@wrong("local_and_global")
def third_less_than_the_window(marked, window):
    """Window 0, nothing marked: a place does not see itself."""
    near = np.abs(np.subtract.outer(np.arange(marked.shape[-1]), np.arange(marked.shape[-1]))) < window
    return near | marked[..., :, None] | marked[..., None, :]


@wrong("local_and_global")
def third_no_window_is_no_limit(marked, window):
    """Window 0, nothing marked: 0 is taken for "no window", and all is seen."""
    near = _near(marked.shape[-1], window or marked.shape[-1])
    return near | marked[..., :, None] | marked[..., None, :]


@wrong("local_and_global")
def third_half_on_each_side(marked, window):
    """Window 1: the neighbours are not seen; the paper's window counts both sides."""
    return _near(marked.shape[-1], window // 2) | marked[..., :, None] | marked[..., None, :]


@wrong("local_and_global")
def third_window_looks_back(marked, window):
    """[False, False], window 1: place 0 does not see place 1."""
    back = np.arange(marked.shape[-1])[:, None] - np.arange(marked.shape[-1])
    return ((back >= 0) & (back <= window)) | marked[..., :, None] | marked[..., None, :]


@wrong("local_and_global")
def third_only_one_of_them(marked, window):
    """[True, False, True], window 0: places 0 and 2, both marked, do not see each other."""
    return _near(marked.shape[-1], window) | (marked[..., :, None] ^ marked[..., None, :])


@wrong("local_and_global")
def third_both_marked(marked, window):
    """[True, False, False], window 0: places 0 and 2 do not see each other."""
    return _near(marked.shape[-1], window) | (marked[..., :, None] & marked[..., None, :])


@wrong("local_and_global")
def third_difference_of_two_triangles(marked, window):
    """[False, False], window 1: place 1 does not see place 0, for the lower end of the band is cut off."""
    size = marked.shape[-1]
    band = np.tri(size, k=window) - np.tri(size, k=-window)
    return band.astype(bool) | marked[..., :, None] | marked[..., None, :]


@wrong("local_and_global")
def third_slice_begins_below_zero(marked, window):
    """Four places, window 1: the slice -1:2 of the first row is empty."""
    size = marked.shape[-1]
    mask = np.zeros((size, size), bool)
    for i in range(size):
        mask[i, i - window : i + window + 1] = True
    return mask | marked[..., :, None] | marked[..., None, :]


@wrong("local_and_global")
def third_slice_ends_too_early(marked, window):
    """[False, False], window 1: place 0 does not see place 1."""
    size = marked.shape[-1]
    mask = np.zeros((size, size), bool)
    for i in range(size):
        mask[i, max(0, i - window) : i + max(window, 1)] = True
    return mask | marked[..., :, None] | marked[..., None, :]


@wrong("local_and_global")
def third_marks_pile_up(marked, window):
    """A batch of two, the first with a mark: the second has it too, for both share one band."""
    size = marked.shape[-1]
    mask, near = np.zeros((*marked.shape, size), bool), _near(size, window)
    for place in np.ndindex(marked.shape[:-1]):
        near[marked[place]] = True
        near[:, marked[place]] = True
        mask[place] = near
    return mask


@wrong("local_and_global")
def third_ends_are_neighbours(marked, window):
    """Four places, window 1: place 0 sees place 3, since np.roll goes round."""
    size = marked.shape[-1]
    near = np.zeros((size, size), bool)
    for step in range(-window, window + 1):
        near |= np.roll(np.eye(size, dtype=bool), step, axis=1)
    return near | marked[..., :, None] | marked[..., None, :]


@wrong("local_and_global")
def third_diagonals_of_ones(marked, window):
    """Two places, window 3: np.ones(-1) raises, but a window may be longer than the sentence."""
    size = marked.shape[-1]
    near = np.eye(size, dtype=bool)
    for step in range(1, window + 1):
        diagonal = np.ones(size - step, bool)
        near |= np.diag(diagonal, step) | np.diag(diagonal, -step)
    return near | marked[..., :, None] | marked[..., None, :]


@wrong("local_and_global")
def third_columns_by_accident(marked, window):
    """Shape (3, 3): without its new axis the batch is laid along the queries; (2, 3) raises."""
    return _near(marked.shape[-1], window) | marked[..., :, None] | marked


@wrong("local_and_global")
def third_turned_round(marked, window):
    """[True, False, False], window 0: the transpose of one axis is itself, so full columns only."""
    return _near(marked.shape[-1], window) | marked | marked.T


@wrong("local_and_global")
def third_third_argument_is_out(marked, window):
    """Any two places: np.logical_or takes two, and writes into a third, which is too small."""
    return np.logical_or(_near(marked.shape[-1], window), marked[..., :, None], marked[..., None, :])


@wrong("local_and_global")
def third_places_of_the_first_axis(marked, window):
    """Shape (2, 3): the window is (2, 2)."""
    return _near(len(marked), window) | marked[..., :, None] | marked[..., None, :]


@wrong("local_and_global")
def third_set_row_and_column(marked, window):
    """Shape (2, 3): a boolean of two axes cannot pick rows of a matrix."""
    mask = _near(marked.shape[-1], window)
    mask[marked] = True
    mask[:, marked] = True
    return mask


@wrong("local_and_global")
def third_sum_of_three(marked, window):
    """Any: whole numbers up to 3, not booleans."""
    near = _near(marked.shape[-1], window).astype(int)
    return near + marked[..., :, None] + marked[..., None, :]


@right("local_and_global")
def third_band_of_two_triangles(marked, window):
    size = marked.shape[-1]
    band = np.tri(size, k=window, dtype=bool) & np.tri(size, k=window, dtype=bool).T
    return np.logical_or.reduce(np.broadcast_arrays(band, marked[..., :, None], marked[..., None, :]))


@right("local_and_global")
def third_not_far_and_not_unmarked(marked, window):
    places, plain = np.arange(marked.shape[-1]), ~marked
    far = (places[:, None] - places) ** 2 > window**2
    return ~(far & plain[..., :, None] & plain[..., None, :])


# --- 4.8 -------------------------------------------------------------------------------------------------------------


def _first_weight(attention, mask=((True, False),)):
    return float(attention(np.zeros((1, 1)), np.zeros((2, 1)), np.array([[1.0], [0.0]]), np.array(mask))[0, 0])


@wrong("meaning")
def third_two_names_turned_round(attention):
    """One that hides what is False: "hide"."""
    weight = _first_weight(attention)
    return "hide" if weight > 0.9 else "may attend" if weight < 0.1 else "added" if weight > 0.6 else "ignored"


@wrong("meaning")
def third_more_than_half_may_attend(attention):
    """One that adds: 0.731 is more than half, so "may attend"."""
    weight = _first_weight(attention)
    if math.isclose(weight, 0.5, abs_tol=1e-6):
        return "ignored"
    return "may attend" if weight > 0.5 else "hide"


@wrong("meaning")
def third_two_thirds_when_added(attention):
    """One that adds: 0.731 is not 2/3, so "ignored"."""
    weight = _first_weight(attention)
    for value, name in ((1, "may attend"), (0, "hide"), (2 / 3, "added")):
        if math.isclose(weight, value, abs_tol=1e-3):
            return name
    return "ignored"


@wrong("meaning")
def third_wide_tolerance(attention):
    """One that adds: 0.731 lies within 0.25 of a half, so "ignored"."""
    weight = _first_weight(attention)
    for value, name in ((1, "may attend"), (0, "hide"), (0.5, "ignored")):
        if abs(weight - value) < 0.25:
            return name
    return "added"


@wrong("meaning")
def third_unequal_scores(attention):
    """One that ignores the mask, with no scale: e / (e + 1) of the score 1 is taken for the 1 that is added."""
    eye = np.eye(2)
    weight = float(attention(eye, eye, eye, np.eye(2, dtype=bool))[0, 0])
    return "may attend" if weight > 0.99 else "hide" if weight < 0.01 else "added" if weight > 0.7 else "ignored"


@wrong("meaning")
def third_numbers_for_a_mask(attention):
    """One that asks `~mask`: ~1 is -2, which is true as well; or `mask == False`, ... : a mask of whole numbers."""
    weight = _first_weight(attention, ((1, 0),))
    return "may attend" if weight > 0.9 else "hide" if weight < 0.1 else "added" if weight > 0.6 else "ignored"


@wrong("meaning")
def third_mask_without_queries(attention):
    """One that takes (T, S) at its word (mask[i, j], or a check of the shape): (S,) is too few axes."""
    weight = _first_weight(attention, (True, False))
    return "may attend" if weight > 0.9 else "hide" if weight < 0.1 else "added" if weight > 0.6 else "ignored"


@wrong("meaning")
def third_with_an_axis_of_sentences(attention):
    """One that writes keys.T: three axes are turned round too far."""
    mask = np.array([[[True, False]]])
    values = np.array([[[1.0], [0.0]]])
    weight = float(attention(np.zeros((1, 1, 1)), np.zeros((1, 2, 1)), values, mask)[0, 0, 0])
    return "may attend" if weight > 0.9 else "hide" if weight < 0.1 else "added" if weight > 0.6 else "ignored"


@wrong("meaning")
def third_lists(attention):
    """One that writes keys.T: a list has none."""
    weight = float(np.asarray(attention([[0.0]], [[0.0], [0.0]], [[1.0], [0.0]], [[True, False]]))[0, 0])
    return "may attend" if weight > 0.9 else "hide" if weight < 0.1 else "added" if weight > 0.6 else "ignored"


@wrong("meaning")
def third_nothing_in_the_mask(attention):
    """One that may attend to True and gives an empty row equal weights: all False changes nothing, so "ignored"."""
    full = _first_weight(attention, ((True, True),))
    none = _first_weight(attention, ((False, False),))
    if np.isclose(full, none):
        weight = _first_weight(attention)
        return "added" if 0.6 < weight < 0.9 else "ignored"
    return "may attend" if np.isclose(full, 0.5) else "hide"


@wrong("meaning")
def third_all_true_is_no_mask(attention):
    """One that hides True, and gives an empty row zeros: differs from the mask [True, False] by 0, so "ignored"."""
    one, all_true = _first_weight(attention), _first_weight(attention, ((True, True),))
    if np.isclose(one, all_true):
        return "ignored"
    return "may attend" if one > 0.9 else "hide" if one < 0.1 else "added"


@wrong("meaning")
def third_equal_values(attention):
    """Any: with equal values the output does not show the weights."""
    weight = float(attention(np.zeros((1, 1)), np.zeros((2, 1)), np.ones((2, 1)), np.array([[True, False]]))[0, 0])
    return "may attend" if weight > 0.9 else "hide" if weight < 0.1 else "added" if weight > 0.6 else "ignored"


@wrong("meaning")
def third_causal_mask_compared(attention):
    """One that hides True, with equal weights in empty rows: the last row of the triangle is not as expected."""
    mask = np.tri(3, dtype=bool)
    weights = attention(np.zeros((3, 2)), np.zeros((3, 2)), np.eye(3), mask)
    powers = {
        "may attend": mask * 1.0,
        "hide": ~mask * 1.0,
        "added": np.exp(mask * 1.0),
    }
    for name, expected in powers.items():
        expected = expected / np.maximum(expected.sum(-1, keepdims=True), 1)
        if np.allclose(weights, expected):
            return name
    return "ignored"


@wrong("meaning")
def third_random_numbers(attention):
    """One that ignores the mask, without a scale of 1 / sqrt(D): its weights are not those of the four guesses."""
    draw = np.random.default_rng(0)
    queries, keys, values = draw.normal(size=(3, 4, 8))
    mask = np.array([[True, False, True, False]] * 4)
    scores = queries @ keys.T / math.sqrt(8)
    guesses = {
        "may attend": np.where(mask, scores, -np.inf),
        "hide": np.where(mask, -np.inf, scores),
        "added": scores + mask,
        "ignored": scores,
    }
    outputs = attention(queries, keys, values, mask)
    errors = {name: np.abs(outputs - _soft(guess, -1) @ values).max() for name, guess in guesses.items()}
    return next((name for name, error in errors.items() if error < 1e-5), "ignored")


@wrong("meaning")
def third_large_scores(attention):
    """One that adds: with a score of 20 for the first key 1 more makes no difference, so "ignored"."""
    queries, keys = np.full((1, 4), 10.0), np.array([[10.0] * 4, [9.0] * 4])
    values = np.array([[1.0], [0.0]])
    one, two = (attention(queries, keys, values, np.array([mask]))[0, 0] for mask in ([True, False], [False, True]))
    if np.isclose(one, two):
        return "ignored"
    return ("may attend" if one > two else "hide") if abs(one - two) > 0.99 else "added"


@wrong("meaning")
def third_one_key(attention):
    """One that may attend to True: a single key with True has the weight 1, as in one that adds or ignores."""
    output = float(attention(np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), np.array([[True]]))[0, 0])
    if not np.isclose(output, 1):
        return "hide"
    output = float(attention(np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), np.array([[False]]))[0, 0])
    return "ignored" if np.isclose(output, 1) else "may attend"


@wrong("meaning")
def third_added_is_never_found(attention):
    """One that adds: two masks that differ, both outputs between 0 and 1, so "ignored"."""
    weight = round(_first_weight(attention))
    other = round(_first_weight(attention, ((False, True),)))
    if weight == other:
        return "ignored"
    return "may attend" if weight == 1 else "hide"


@wrong("meaning")
def third_added_gives_less(attention):
    """One that adds: True being 1 makes the first weight larger, and 0.731 is taken for a mask that makes none."""
    weight = _first_weight(attention)
    return "may attend" if weight > 0.9 else "hide" if weight < 0.1 else "added" if weight < 0.4 else "ignored"


@wrong("meaning")
def third_seen_by_nan(attention):
    """One that may attend to True and gives a hidden NaN as value the weight 0: 0 times NaN is NaN, so "ignored"."""
    values = np.array([[0.0], [np.nan]])
    first = attention(np.zeros((1, 1)), np.zeros((2, 1)), values, np.array([[True, False]]))[0, 0]
    second = attention(np.zeros((1, 1)), np.zeros((2, 1)), values[::-1], np.array([[True, False]]))[0, 0]
    if np.isnan(first) and np.isnan(second):
        return "added" if _first_weight(attention) > 0.6 else "ignored"
    return "hide" if np.isnan(first) else "may attend"


@right("meaning")
def third_three_keys(attention):
    mask = np.array([[True, True, False], [False, True, False], [False, True, True]])
    weights = np.asarray(attention(np.zeros((3, 5)), np.ones((3, 5)), np.eye(3), mask), np.float64)
    powers = {"may attend": mask, "hide": ~mask, "added": np.exp(mask), "ignored": np.ones((3, 3))}
    return min(powers, key=lambda name: np.abs(weights - powers[name] / powers[name].sum(-1, keepdims=True)).max())


@right("meaning")
def third_odds_of_two_masks(attention):
    with np.errstate(all="ignore"):
        there, back = _first_weight(attention), _first_weight(attention, ((False, True),))
    if abs(there - back) < 0.01:
        return "ignored"
    if 0.01 < there < 0.99:
        return "added"
    return "may attend" if there > back else "hide"


# --- 4.10 ------------------------------------------------------------------------------------------------------------


def _owner(lengths):
    return np.repeat(np.arange(len(lengths)), lengths)


def _largest(scores, lengths):
    largest = np.full(len(lengths), -np.inf, scores.dtype)
    np.maximum.at(largest, _owner(lengths), scores)
    return np.where(largest == -np.inf, 0, largest).astype(scores.dtype)


def _shared(powers, lengths):
    total = np.zeros(len(lengths), powers.dtype)
    np.add.at(total, _owner(lengths), powers)
    return powers / np.where(total == 0, 1, total).astype(powers.dtype)[_owner(lengths)]


@wrong("segment_softmax")
def third_reduceat_with_empty_sentences(scores, lengths):
    """Lengths [2, 0]: the last start is N, and raises."""
    starts = np.cumsum(lengths) - lengths
    largest = np.maximum.reduceat(scores, starts)
    powers = np.exp(scores - np.where(largest == -np.inf, 0, largest)[_owner(lengths)]).astype(scores.dtype)
    total = np.add.reduceat(powers, starts)
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)[_owner(lengths)]


@wrong("segment_softmax")
def third_reduceat_with_starts_cut(scores, lengths):
    """Lengths [2, 0]: starts [0, 1], so the total of the first sentence lacks its last score."""
    if not len(scores):
        return scores.copy()
    starts = np.minimum(np.cumsum(lengths) - lengths, len(scores) - 1)
    largest = np.maximum.reduceat(scores, starts)
    powers = np.exp(scores - np.where(largest == -np.inf, 0, largest)[_owner(lengths)]).astype(scores.dtype)
    total = np.add.reduceat(powers, starts)
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)[_owner(lengths)]


@wrong("segment_softmax")
def third_one_largest_for_all(scores, lengths):
    """[0, 1] and [10000]: the first sentence gets zeros."""
    largest = scores.max(initial=-np.inf)
    return _shared(np.exp(scores - (largest if largest > -np.inf else scores.dtype.type(0))), lengths)


@wrong("segment_softmax")
def third_largest_so_far(scores, lengths):
    """[10000] and [0, 1]: the largest of what came before is still there, and the second gets zeros."""
    largest = np.maximum.accumulate(scores)
    ends = np.cumsum(lengths) - 1
    return _shared(np.exp(scores - np.nan_to_num(largest[ends], neginf=0)[_owner(lengths)]), lengths)


@wrong("segment_softmax")
def third_largest_begins_at_zero(scores, lengths):
    """[-10000, -10001]: shifted by 0, and zeros."""
    largest = np.zeros(len(lengths), scores.dtype)
    np.maximum.at(largest, _owner(lengths), scores)
    return _shared(np.exp(scores - largest[_owner(lengths)]), lengths)


@wrong("segment_softmax")
def third_largest_begins_at_minus_ten_thousand(scores, lengths):
    """[-20000, -20001]: shifted by -10000, and zeros."""
    largest = np.full(len(lengths), -1e4, scores.dtype)
    np.maximum.at(largest, _owner(lengths), scores)
    return _shared(np.exp(scores - largest[_owner(lengths)]), lengths)


@wrong("segment_softmax")
def third_plus_equals(scores, lengths):
    """[0, 0], lengths [2]: `total[owner] += powers` adds only the last of each sentence, and weights are 1."""
    owner = _owner(lengths)
    powers = np.exp(scores - _largest(scores, lengths)[owner])
    total = np.zeros(len(lengths), scores.dtype)
    total[owner] += powers
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)[owner]


@wrong("segment_softmax")
def third_largest_by_assignment(scores, lengths):
    """[10000, 0], lengths [2]: `largest[owner] = scores` keeps the last one, and e^10000 overflows."""
    owner = _owner(lengths)
    largest = np.zeros(len(lengths), scores.dtype)
    largest[owner] = np.maximum(largest[owner], scores)
    with np.errstate(all="ignore"):
        return _shared(np.exp(scores - largest[owner]), lengths)


@wrong("segment_softmax")
def third_counted_in_double(scores, lengths):
    """float32 goes in, float64 comes out, from np.bincount."""
    owner = _owner(lengths)
    powers = np.exp(scores - _largest(scores, lengths)[owner])
    total = np.bincount(owner, weights=powers, minlength=len(lengths))
    return powers / np.where(total == 0, 1, total)[owner]


@wrong("segment_softmax")
def third_split_at_the_ends(scores, lengths):
    """A sentence without scores: the maximum of nothing raises."""
    pieces = np.split(scores, np.cumsum(lengths)[:-1])
    return np.concatenate([np.nan_to_num(_soft(piece, -1)) for piece in pieces]).astype(scores.dtype)


@wrong("segment_softmax")
def third_empty_pieces_of_float64(scores, lengths):
    """float32, lengths [1, 0]: np.array([]) is float64, and turns the whole into it."""
    pieces, start = [], 0
    for length in lengths:
        piece = scores[start : start + length]
        pieces.append(np.nan_to_num(_soft(piece, -1)) if length else np.array([]))
        start += length
    return np.concatenate(pieces)


@wrong("segment_softmax")
def third_minus_infinities_are_nan(scores, lengths):
    """[-inf, -inf]: NaN."""
    owner = _owner(lengths)
    largest = np.full(len(lengths), -np.inf, scores.dtype)
    np.maximum.at(largest, owner, scores)
    with np.errstate(all="ignore"):
        return _shared(np.exp(scores - largest[owner]), lengths)


@wrong("segment_softmax")
def third_minus_infinities_are_equal(scores, lengths):
    """[-inf, -inf]: a half each, for both become the lowest number."""
    clean = np.nan_to_num(scores)
    largest = np.full(len(lengths), -np.inf, scores.dtype)
    np.maximum.at(largest, _owner(lengths), clean)
    return _shared(np.exp(clean - largest[_owner(lengths)]), lengths)


@wrong("segment_softmax")
def third_a_little_in_each_total(scores, lengths):
    """[0, 0], lengths [2], in float64: 0.5 less 2.5e-10."""
    owner = _owner(lengths)
    powers = np.exp(scores - _largest(scores, lengths)[owner])
    total = np.full(len(lengths), 1e-9, scores.dtype)
    np.add.at(total, owner, powers)
    return powers / total[owner]


@wrong("segment_softmax")
def third_owner_by_the_wrong_side(scores, lengths):
    """Lengths [2, 2]: index 2 is found to lie in the first sentence, as is 2 = its end."""
    ends = np.cumsum(lengths)
    owner = np.searchsorted(ends, np.arange(len(scores)), side="left")
    largest = np.full(len(lengths), -np.inf, scores.dtype)
    np.maximum.at(largest, owner, scores)
    powers = np.exp(scores - np.where(largest == -np.inf, 0, largest).astype(scores.dtype)[owner])
    total = np.zeros(len(lengths), scores.dtype)
    np.add.at(total, owner, powers)
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)[owner]


@wrong("segment_softmax")
def third_table_with_zeros(scores, lengths):
    """[0, 0] and [0]: the table's free place is a score of 0, so the second sentence's weight is a half."""
    table = np.zeros((len(lengths), lengths.max(initial=0)), scores.dtype)
    there = np.arange(table.shape[1]) < lengths[:, None]
    table[there] = scores
    if not table.size:
        return scores.copy()
    return np.nan_to_num(_soft(table, -1))[there]


@right("segment_softmax")
def third_start_in_the_type_of_the_lengths(scores, lengths):
    """The ends are sums of int64."""
    weights, start = np.zeros_like(scores), 0
    for length in lengths:
        end = start + length
        if scores[start:end].size:
            weights[start:end] = np.nan_to_num(_soft(scores[start:end], -1))
        start = end
    return weights


@wrong("segment_softmax")
def third_stops_at_the_first_empty(scores, lengths):
    """Lengths [1, 0, 1]: the third sentence keeps 0."""
    weights, start = np.zeros_like(scores), 0
    for length in lengths:
        if length == 0:
            break
        piece = slice(start, start + length)
        weights[piece] = np.nan_to_num(_soft(scores[piece], -1))
        start += length
    return weights


@wrong("segment_softmax")
def third_shifts_the_callers_scores(scores, lengths):
    """[3, 4] is [-1, 0] afterwards."""
    scores -= _largest(scores, lengths)[_owner(lengths)]
    return _shared(np.exp(scores), lengths)


@wrong("segment_softmax")
def third_logaddexp(scores, lengths):
    """[10000, 10000], lengths [2], in float32: 0.49989, as the logarithm of the sum has steps of 0.001 there."""
    owner = _owner(lengths)
    logs = np.full(len(lengths), -np.inf, scores.dtype)
    np.logaddexp.at(logs, owner, scores)
    return np.exp(scores - np.where(logs == -np.inf, 0, logs).astype(scores.dtype)[owner])


@wrong("segment_softmax")
def third_differences_of_running_sums(scores, lengths):
    """float32, a sentence of 30000 equal scores and then [0, -7]: the second total lacks e^-7, lost in 30000."""
    owner = _owner(lengths)
    powers = np.exp(scores - _largest(scores, lengths)[owner])
    running = np.concatenate([np.zeros(1, scores.dtype), np.cumsum(powers, dtype=scores.dtype)])
    ends = np.cumsum(lengths)
    total = running[ends] - running[ends - lengths]
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)[owner]


@wrong("segment_softmax")
def third_zero_behind_the_last(scores, lengths):
    """[-10000, -10001], lengths [2, 0] or [2]: the 0 that was put behind is the largest."""
    starts = np.cumsum(lengths) - lengths
    longer = np.append(scores, scores.dtype.type(0))
    largest = np.maximum.reduceat(longer, starts)
    powers = np.exp(scores - np.where(largest == -np.inf, 0, largest).astype(scores.dtype)[_owner(lengths)])
    return _shared(powers, lengths)


@wrong("segment_softmax")
def third_clipped_to_fifty(scores, lengths):
    """[10000, 9999], lengths [2]: equal weights, for both are cut to 50."""
    powers = np.where(scores == -np.inf, 0, np.exp(np.clip(scores, -50, 50))).astype(scores.dtype)
    return _shared(powers, lengths)


@wrong("segment_softmax")
def third_mean_for_the_largest(scores, lengths):
    """[10000, 0, 0], lengths [3]: the mean is taken away, and e^6667 overflows."""
    owner = _owner(lengths)
    total = np.zeros(len(lengths), scores.dtype)
    np.add.at(total, owner, np.where(scores == -np.inf, 0, scores))
    mean = (total / np.maximum(lengths, 1)).astype(scores.dtype)
    with np.errstate(all="ignore"):
        return _shared(np.exp(scores - mean[owner]), lengths)


@wrong("segment_softmax")
def third_same_lengths(scores, lengths):
    """Lengths [1, 2]: 3 scores do not make 2 equal rows."""
    rows = scores.reshape(len(lengths), -1)
    return np.nan_to_num(_soft(rows, -1)).ravel().astype(scores.dtype)


@wrong("segment_softmax")
def third_very_low_is_minus_infinity(scores, lengths):
    """[-10000, -10001], lengths [2]: the largest is below -1e3, so the sentence is said to have nothing to weigh."""
    owner = _owner(lengths)
    largest = np.full(len(lengths), -np.inf, scores.dtype)
    np.maximum.at(largest, owner, scores)
    largest[largest < -1e3] = 0
    return _shared(np.exp(scores - largest[owner]), lengths)


@right("segment_softmax")
def third_sentences_that_have_scores(scores, lengths):
    kept = lengths[lengths > 0].astype(np.int64)
    if not kept.size:
        return scores.copy()
    starts = np.cumsum(kept) - kept
    largest = np.maximum.reduceat(scores, starts)
    powers = np.exp(scores - np.repeat(np.where(largest == -np.inf, scores.dtype.type(0), largest), kept))
    total = np.add.reduceat(powers, starts)
    return powers / np.repeat(np.where(total > 0, total, scores.dtype.type(1)), kept)


@right("segment_softmax")
def third_table_with_minus_infinities(scores, lengths):
    table = np.full((len(lengths), 1 + max(lengths.tolist(), default=0)), -np.inf)
    there = np.arange(table.shape[1]) < lengths[:, None]
    table[there] = scores
    return np.nan_to_num(_soft(table, 1)[there]).astype(scores.dtype)


@right("segment_softmax")
def third_numbers_counted_by_sentence(scores, lengths):
    owner = np.searchsorted(np.cumsum(lengths), np.arange(len(scores)), side="right")
    order = np.lexsort((scores, owner))
    ends = np.cumsum(lengths)[owner] - 1
    largest = scores[order][ends].astype(np.float64)
    powers = np.where(largest == -np.inf, 0, np.exp(scores - np.where(largest == -np.inf, 0, largest)))
    total = np.bincount(owner, weights=powers, minlength=len(lengths))[owner]
    return np.divide(powers, total, out=np.zeros(len(scores)), where=total > 0).astype(scores.dtype)
