"""A fourth set of answers to the exercises of chapter 4; beside a wrong one stands where it is wrong."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial, reduce
from itertools import accumulate, pairwise

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


@wrong("masked_softmax")
def np_only_mask_empties(scores, mask, axis=-1):
    # [[−∞, −∞]], all may be attended to: zeros, not NaN
    mask = np.broadcast_to(mask, scores.shape)
    some = mask.any(axis=axis, keepdims=True)
    opened = np.where(some, np.where(mask, scores, -np.inf), 0)
    return (scipy.special.softmax(opened, axis=axis) * some).astype(scores.dtype)


@wrong("masked_softmax")
def np_shortcut_for_full_mask(scores, mask, axis=-1):
    # a mask that is True everywhere, and a row of −∞
    if np.all(mask):
        return scipy.special.softmax(scores, axis=axis)
    return weights_of(scores, seen(scores, mask), axis)


@wrong("masked_softmax")
def np_shortcut_for_empty_mask(scores, mask, axis=-1):
    # a mask with one empty row beside full ones
    if not np.any(mask):
        return np.zeros_like(scores)
    opened = np.where(mask, scores, -np.inf)
    return scipy.special.softmax(opened, axis=axis).astype(scores.dtype)


@wrong("masked_softmax")
def np_whole_row_of_minus_infinity(scores, mask, axis=-1):
    # [[−∞, 3.0]] with [[True, False]]: what is seen is −∞, what is hidden is not
    mask = np.broadcast_to(mask, scores.shape)
    closed = ~mask.any(axis=axis, keepdims=True) | (scores == -np.inf).all(axis=axis, keepdims=True)
    opened = np.where(closed, 0, np.where(mask, scores, -np.inf))
    return np.where(closed, 0, scipy.special.softmax(opened, axis=axis)).astype(scores.dtype)


@wrong("masked_softmax")
def np_any_before_broadcast(scores, mask, axis=-1):
    # scores (2, 3, 4), a mask (3, 4) and axis=0: its axis 0 is another
    some = np.any(mask, axis=axis, keepdims=True)
    may = seen(scores, mask)
    opened = np.where(some & may.any(axis=axis, keepdims=True), np.where(may, scores, -np.inf), 0)
    return (scipy.special.softmax(opened, axis=axis) * some).astype(scores.dtype)


@wrong("masked_softmax")
def np_mask_moved_as_it_is(scores, mask, axis=-1):
    # scores (2, 3, 4), a mask (4,) and axis=-2
    rows, mask = np.moveaxis(scores, axis, -1), np.moveaxis(mask, axis, -1)
    return np.moveaxis(weights_of(rows, seen(rows, mask), -1), -1, axis)


@wrong("masked_softmax")
def np_mask_not_moved(scores, mask, axis=-1):
    # axis=-2 with T = S and a mask that is not symmetric
    rows = np.swapaxes(scores, axis, -1)
    return np.swapaxes(weights_of(rows, seen(rows, mask), -1), -1, axis)


@wrong("masked_softmax")
def np_mask_of_keys(scores, mask, axis=-1):
    # scores (3, 3, 4) and a mask (3, 4), which is taken for one row of keys for each of three sentences
    mask = np.asarray(mask)
    if mask.ndim == scores.ndim - 1 and mask.shape[0] == scores.shape[0]:
        mask = mask[:, None]
    return weights_of(scores, seen(scores, mask), axis)


@wrong("masked_softmax")
def np_mask_of_the_same_shape(scores, mask, axis=-1):
    # a mask (T, 1)
    mask = np.resize(mask, scores.shape)
    return weights_of(scores, seen(scores, mask), axis)


@wrong("masked_softmax")
def np_always_the_last(scores, mask, axis=-1):
    # axis=-2
    return weights_of(scores, seen(scores, mask), -1)


@wrong("masked_softmax")
def np_last_or_last_but_one(scores, mask, axis=-1):
    # axis=0 with three axes
    return weights_of(scores, seen(scores, mask), -1 if axis in (-1, scores.ndim - 1) else -2)


@wrong("masked_softmax")
def np_axes_from_the_back(scores, mask, axis=-1):
    # axis=1 with scores of two axes, where −axis is −1, is right by luck; axis=1 with three axes is not
    return weights_of(scores, seen(scores, mask), -abs(axis))


@wrong("masked_softmax")
def np_at_most_three_axes(scores, mask, axis=-1):
    # scores (2, 2, 3, 4)
    mask = np.broadcast_to(mask, scores.shape)
    if scores.ndim == 2 or axis in (0, -scores.ndim):
        return weights_of(scores, seen(scores, mask), axis)
    batch, queries, keys = scores.shape
    along = axis if axis < 0 else axis - 3
    rows = [weights_of(scores[b], seen(scores[b], mask[b]), along) for b in range(batch)]
    return np.array(rows, scores.dtype).reshape(batch, queries, keys)


@wrong("masked_softmax")
def np_eps_below(scores, mask, axis=-1):
    # float64: the weights of any row that sees two equal scores sum to 1 − 1e−8 / 2
    return weights_of(scores, seen(scores, mask), axis, down=1e-8)


@wrong("masked_softmax")
def np_small_floor(scores, mask, axis=-1):
    # float16: 1e−9 is 0 there, and an empty row gives 0 / 0
    may = seen(scores, mask)
    top = np.max(scores, axis=axis, keepdims=True, where=may, initial=np.finfo(scores.dtype).min)
    powers = np.exp(np.where(may, scores - top, -np.inf))
    return (powers / np.maximum(powers.sum(axis=axis, keepdims=True), 1e-9)).astype(scores.dtype)


@wrong("masked_softmax")
def np_top_of_all(scores, mask, axis=-1):
    # [[0.0, 10000.0]] with [[True, False]]: what is seen vanishes
    may = seen(scores, mask)
    finite = np.where(np.isfinite(scores), scores, 0)
    powers = np.where(may, np.exp(finite - finite.max(axis=axis, keepdims=True)), 0)
    total = powers.sum(axis=axis, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("masked_softmax")
def np_top_with_zero(scores, mask, axis=-1):
    # [[−1000.0, −1001.0]]: everything vanishes beside a largest of 0
    may = seen(scores, mask)
    safe = np.where(may, scores, 0)
    powers = np.where(may, np.exp(safe - safe.max(axis=axis, keepdims=True)), 0)
    total = powers.sum(axis=axis, keepdims=True)
    return np.divide(powers, total, out=np.zeros_like(powers), where=total > 0).astype(scores.dtype)


@wrong("masked_softmax")
def np_no_top(scores, mask, axis=-1):
    # scores of 1000
    powers = np.where(seen(scores, mask), np.exp(scores), 0)
    total = powers.sum(axis=axis, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("masked_softmax")
def np_middle_instead_of_top(scores, mask, axis=-1):
    # [[−10000.0, 10000.0]]
    may = seen(scores, mask)
    middle = np.mean(scores, axis=axis, keepdims=True, where=may)
    powers = np.where(may, np.exp(np.where(may, scores - middle, 0)), 0)
    total = powers.sum(axis=axis, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("masked_softmax")
def np_clipped_below(scores, mask, axis=-1):
    # [[0.0, −∞]], all may be attended to: −∞ gets 2e−9
    may = np.broadcast_to(mask, scores.shape) & seen(scores, mask).any(axis=axis, keepdims=True)
    top = np.max(scores, axis=axis, keepdims=True, where=may, initial=np.finfo(scores.dtype).min)
    powers = np.where(may, np.exp(np.clip(np.where(may, scores, 0) - top, -20, 0)), 0)
    return (powers / np.maximum(powers.sum(axis=axis, keepdims=True), 1)).astype(scores.dtype)


@wrong("masked_softmax")
def np_clipped_scores(scores, mask, axis=-1):
    # [[100000.0, 90000.0]]: a half each
    return weights_of(np.clip(scores, -50_000, 50_000), seen(scores, mask), axis)


@wrong("masked_softmax")
def np_zero_times_nan(scores, mask, axis=-1):
    # NaN where the mask is False
    hide = np.where(mask, 0, -np.inf).astype(scores.dtype)
    return weights_of(scores + hide, ~np.isneginf(scores + hide), axis)


@wrong("masked_softmax")
def np_logarithm_of_the_mask(scores, mask, axis=-1):
    # ∞ where the mask is False: ∞ − ∞
    with np.errstate(divide="ignore"):
        hidden = scores + np.log(np.asarray(mask, scores.dtype))
    return weights_of(hidden, hidden != -np.inf, axis)


@wrong("masked_softmax")
def np_numbers_first(scores, mask, axis=-1):
    # [[−∞, −∞]], all may be attended to: a half each
    return weights_of(np.nan_to_num(scores), np.broadcast_to(mask, scores.shape), axis)


@wrong("masked_softmax")
def np_softmax_then_mask(scores, mask, axis=-1):
    # [[0.0, 1000.0]] with [[True, False]]
    finite = np.where(np.isfinite(scores), scores, np.finfo(scores.dtype).min)
    weights = np.where(mask, scipy.special.softmax(finite, axis=axis), 0)
    total = weights.sum(axis=axis, keepdims=True)
    return (weights / np.where(total == 0, 1, total)).astype(scores.dtype)


@wrong("masked_softmax")
def np_not_shared_again(scores, mask, axis=-1):
    # [[0.0, 0.0]] with [[True, False]]: 1, not a half
    finite = np.where(np.isfinite(scores), scores, 0)
    return np.where(seen(scores, mask), weights_of(finite, np.ones_like(seen(scores, mask)), axis), 0)


@wrong("masked_softmax")
def np_empty_rows_are_even(scores, mask, axis=-1):
    # a row without True: zeros, not 1 / S
    may = seen(scores, mask)
    some = may.any(axis=axis, keepdims=True)
    return weights_of(np.where(some, scores, 0), may | ~some, axis)


@wrong("masked_softmax")
def np_hides_what_is_true(scores, mask, axis=-1):
    # any mask with True and False
    return weights_of(scores, seen(scores, np.logical_not(mask)), axis)


@wrong("masked_softmax")
def np_in_float64(scores, mask, axis=-1):
    # float32
    return weights_of(scores.astype(np.float64), seen(scores, mask), axis)


@wrong("masked_softmax")
def np_through_float32(scores, mask, axis=-1):
    # float64: weights are off by 1e−8
    return weights_of(scores.astype(np.float32), seen(scores, mask), axis).astype(scores.dtype)


@wrong("masked_softmax")
def np_type_by_size(scores, mask, axis=-1):
    # float16
    return weights_of(scores, seen(scores, mask), axis).astype(np.float64 if scores.itemsize == 8 else np.float32)


@wrong("masked_softmax")
def np_where_in_the_sum_only(scores, mask, axis=-1):
    # [[−∞, −∞]], all may be attended to: −∞ − −∞ is NaN
    with np.errstate(all="ignore"):
        top = np.max(scores, axis=axis, keepdims=True, where=mask, initial=-np.inf)
        powers = np.exp(scores - top)
        return np.where(mask, powers / powers.sum(axis=axis, keepdims=True, where=mask), 0).astype(scores.dtype)


@wrong("masked_softmax")
def np_into_the_scores(scores, mask, axis=-1):
    # the scores are the caller's, and hold −∞ afterwards
    np.copyto(scores, -np.inf, where=np.logical_not(mask))
    return weights_of(scores, scores != -np.inf, axis)


BUFFERS, BIASES = {}, {}


@wrong("masked_softmax")
def np_one_buffer(scores, mask, axis=-1):
    # two calls of one shape: the second result overwrites the first
    buffer = BUFFERS.setdefault((scores.shape, scores.dtype), np.empty_like(scores))
    buffer[...] = weights_of(scores, seen(scores, mask), axis)
    return buffer


@wrong("masked_softmax")
def np_first_mask_of_a_shape(scores, mask, axis=-1):
    # two calls of one shape with two masks
    mask = BIASES.setdefault((np.shape(mask), scores.shape), np.array(mask))
    return weights_of(scores, seen(scores, mask), axis)


@wrong("masked_softmax")
def np_rounded(scores, mask, axis=-1):
    # [[0.0, 20.0]]: 2e−9 becomes 0
    return np.round(weights_of(scores, seen(scores, mask), axis), 7)


@wrong("masked_softmax")
def np_by_masked_arrays(scores, mask, axis=-1):
    # [[−∞, −∞]], all may be attended to
    hidden = np.ma.masked_array(scores, ~np.broadcast_to(mask, scores.shape))
    powers = np.ma.exp(hidden - hidden.max(axis=axis, keepdims=True))
    weights = powers.filled(0) / np.maximum(powers.filled(0).sum(axis=axis, keepdims=True), 1)
    return weights.astype(scores.dtype)


# masked_softmax in TensorFlow


def zero(scores):
    return tf.zeros((), scores.dtype)


def lowest(scores):
    return tf.constant(-INF, scores.dtype)


def opened_tf(scores, mask, axis):
    """What may be attended to, whether there is any, and scores for softmax that give no NaN."""
    may = tf.broadcast_to(mask, tf.shape(scores)) & (scores > lowest(scores))
    some = tf.reduce_any(may, axis=axis, keepdims=True)
    return may, some, tf.where(some, tf.where(may, scores, lowest(scores)), zero(scores))


def weights_tf(scores, mask, axis):
    _, some, opened = opened_tf(scores, mask, axis)
    return tf.where(some, tf.nn.softmax(opened, axis=axis), zero(scores))


@right_tf("masked_softmax")
def tf_by_hand(scores, mask, axis=-1):
    may = tf.logical_and(mask, scores > lowest(scores))
    safe = tf.where(may, scores, tf.zeros_like(scores))
    low = tf.fill(tf.shape(scores), scores.dtype.min)
    top = tf.stop_gradient(tf.reduce_max(tf.where(may, safe, low), axis=axis, keepdims=True))
    powers = tf.where(may, tf.exp(tf.where(may, safe - top, tf.zeros_like(scores))), tf.zeros_like(scores))
    return tf.math.divide_no_nan(powers, tf.reduce_sum(powers, axis=axis, keepdims=True))


@right_tf("masked_softmax")
def tf_through_einsum_of_axes(scores, mask, axis=-1):
    order = list(range(len(scores.shape)))
    order[axis], order[-1] = order[-1], order[axis]
    mask = tf.transpose(tf.broadcast_to(mask, tf.shape(scores)), order)
    return tf.transpose(weights_tf(tf.transpose(scores, order), mask, -1), order)


@wrong_tf("masked_softmax")
def tf_billion_down(scores, mask, axis=-1):
    # [[−2e9, 0.0]] with [[True, False]]
    may, some, _ = opened_tf(scores, mask, axis)
    opened = tf.where(some, tf.where(may, scores, tf.constant(max(-1e9, scores.dtype.min), scores.dtype)), zero(scores))
    return tf.where(may, tf.nn.softmax(opened, axis=axis), zero(scores))


@wrong_tf("masked_softmax")
def tf_lowest_number(scores, mask, axis=-1):
    # [[lowest number of the type, 0.0]] with [[True, False]]
    may, _, _ = opened_tf(scores, mask, axis)
    low = tf.fill(tf.shape(scores), scores.dtype.min)
    return tf.where(may, tf.nn.softmax(tf.where(may, scores, low), axis=axis), zero(scores))


@wrong_tf("masked_softmax")
def tf_added_mask(scores, mask, axis=-1):
    # NaN where the mask is False
    hide = tf.where(mask, zero(scores), lowest(scores))
    _, some, _ = opened_tf(scores, mask, axis)
    return tf.where(some, tf.nn.softmax(tf.where(some, scores + hide, zero(scores)), axis=axis), zero(scores))


@wrong_tf("masked_softmax")
def tf_nan_is_hidden_afterwards(scores, mask, axis=-1):
    # [[−∞, −∞]], all may be attended to: the gradient is NaN
    weights = tf.nn.softmax(tf.where(mask, scores, lowest(scores)), axis=axis)
    return tf.where(tf.math.is_nan(weights), zero(scores), weights)


@wrong_tf("masked_softmax")
def tf_closed_powers(scores, mask, axis=-1):
    # NaN where the mask is False: the weights are right, the gradient is 0 · NaN
    may, some, opened = opened_tf(scores, mask, axis)
    top = tf.stop_gradient(tf.reduce_max(opened, axis=axis, keepdims=True))
    powers = tf.where(may, tf.exp(scores - top), zero(scores))
    total = tf.reduce_sum(powers, axis=axis, keepdims=True)
    return powers / tf.where(some, total, tf.ones_like(total))


@right_tf("masked_softmax")
def tf_divides_by_zero_first(scores, mask, axis=-1):
    # 0 / 0 has a gradient of NaN, which ends at the places that are closed
    may, some, opened = opened_tf(scores, mask, axis)
    top = tf.stop_gradient(tf.reduce_max(opened, axis=axis, keepdims=True))
    powers = tf.where(may, tf.exp(tf.where(may, opened - top, zero(scores))), zero(scores))
    return tf.where(some, powers / tf.reduce_sum(powers, axis=axis, keepdims=True), zero(scores))


@wrong_tf("masked_softmax")
def tf_in_numpy(scores, mask, axis=-1):
    # no gradient reaches the scores
    array = scores.numpy()
    return tf.constant(weights_of(array, seen(array, mask.numpy()), axis))


@wrong_tf("masked_softmax")
def tf_stopped_total(scores, mask, axis=-1):
    # [[0.0, 1.0]] with a gradient of [1, 0]: that of the quotient lacks a term
    may, some, opened = opened_tf(scores, mask, axis)
    top = tf.stop_gradient(tf.reduce_max(opened, axis=axis, keepdims=True))
    powers = tf.where(may, tf.exp(tf.where(may, opened - top, zero(scores))), zero(scores))
    total = tf.stop_gradient(tf.reduce_sum(powers, axis=axis, keepdims=True))
    return powers / tf.where(some, total, tf.ones_like(total))


@wrong_tf("masked_softmax")
def tf_own_gradient(scores, mask, axis=-1):
    # two visible scores with different gradients: the average is over all places, not by weight
    @tf.custom_gradient
    def softmax(scores):
        weights = weights_tf(scores, mask, axis)
        return weights, lambda g: weights * (g - tf.reduce_mean(g, axis=axis, keepdims=True))

    return softmax(scores)


@wrong_tf("masked_softmax")
def tf_in_float32(scores, mask, axis=-1):
    # float64 and float16
    return weights_tf(tf.cast(scores, tf.float32), mask, axis)


@wrong_tf("masked_softmax")
def tf_through_float32(scores, mask, axis=-1):
    # float64: weights are off by 1e−8
    return tf.cast(weights_tf(tf.cast(scores, tf.float32), mask, axis), scores.dtype)


@wrong_tf("masked_softmax")
def tf_through_float16(scores, mask, axis=-1):
    # float32, scores of 100000
    return tf.cast(weights_tf(tf.cast(scores, tf.float16), mask, axis), scores.dtype)


@wrong_tf("masked_softmax")
def tf_any_before_broadcast(scores, mask, axis=-1):
    # scores (2, 3, 4), a mask (3, 4) and axis=0
    some = tf.reduce_any(mask, axis=axis, keepdims=True)
    _, _, opened = opened_tf(scores, mask, axis)
    return tf.where(some, tf.nn.softmax(opened, axis=axis), zero(scores))


@wrong_tf("masked_softmax")
def tf_axis_in_one_place(scores, mask, axis=-1):
    # axis=-2, a column without True
    _, some, opened = opened_tf(scores, mask, -1)
    return tf.where(some, tf.nn.softmax(opened, axis=axis), zero(scores))


@wrong_tf("masked_softmax")
def tf_always_the_last(scores, mask, axis=-1):
    # axis=-2
    return weights_tf(scores, mask, -1)


@wrong_tf("masked_softmax")
def tf_by_logarithm(scores, mask, axis=-1):
    # float32, [[100000.0, 100000.0]]
    may, _, opened = opened_tf(scores, mask, axis)
    total = tf.reduce_logsumexp(opened, axis=axis, keepdims=True)
    return tf.where(may, tf.exp(tf.where(may, opened - total, zero(scores))), zero(scores))


@wrong_tf("masked_softmax")
def tf_lowest_number_and_even_rows(scores, mask, axis=-1):
    # a row without True gets even weights
    may, _, _ = opened_tf(scores, mask, axis)
    return tf.nn.softmax(tf.where(may, scores, tf.fill(tf.shape(scores), scores.dtype.min)), axis=axis)


@wrong_tf("masked_softmax")
def tf_small_floor(scores, mask, axis=-1):
    # float16: the floor is 0, and a row without True is NaN
    may, _, opened = opened_tf(scores, mask, axis)
    top = tf.stop_gradient(tf.reduce_max(opened, axis=axis, keepdims=True))
    powers = tf.where(may, tf.exp(tf.where(may, opened - top, zero(scores))), zero(scores))
    return powers / (tf.reduce_sum(powers, axis=axis, keepdims=True) + tf.constant(1e-20, scores.dtype))


@wrong_tf("masked_softmax")
def tf_keras_layer(scores, mask, axis=-1):
    # NaN where the mask is False
    _, some, _ = opened_tf(scores, mask, axis)
    weights = tf.keras.layers.Softmax(axis=axis, dtype=scores.dtype)(scores, mask=tf.broadcast_to(mask, scores.shape))
    return tf.where(some, weights, zero(scores))


@wrong_tf("masked_softmax")
def tf_clipped(scores, mask, axis=-1):
    # [[100000.0, 90000.0]]: a half each
    clipped = tf.where(scores > lowest(scores), tf.clip_by_value(scores, -3e4, 3e4), scores)
    return weights_tf(clipped, mask, axis)


@wrong_tf("masked_softmax")
def tf_returns_an_array(scores, mask, axis=-1):
    # an array is no tensor, and carries no gradient
    return weights_tf(scores, mask, axis).numpy()


@wrong_tf("masked_softmax")
def tf_of_hidden_rows(scores, mask, axis=-1):
    # [[−∞, 3.0]] with [[True, False]]: NaN
    some = tf.reduce_any(tf.broadcast_to(mask, tf.shape(scores)), axis=axis, keepdims=True)
    opened = tf.where(some, tf.where(mask, scores, lowest(scores)), zero(scores))
    return tf.where(some, tf.nn.softmax(opened, axis=axis), zero(scores))


@wrong_tf("masked_softmax")
def tf_nan_scores_first(scores, mask, axis=-1):
    # ∞ where the mask is False, beside scores that are seen
    numbers = tf.where(tf.math.is_nan(scores), zero(scores), scores)
    weights = tf.nn.softmax(numbers, axis=axis) * tf.cast(mask, scores.dtype)
    return tf.math.divide_no_nan(weights, tf.reduce_sum(weights, axis=axis, keepdims=True))


# masked_softmax in PyTorch


def opened_pt(scores, mask, axis):
    """What may be attended to, whether there is any, and scores for softmax that give no NaN."""
    may = mask & (scores > -INF)
    some = may.any(dim=axis, keepdim=True)
    return may, some, scores.masked_fill(~may, -INF).masked_fill(~some, 0)


def weights_pt(scores, mask, axis):
    _, some, opened = opened_pt(scores, mask, axis)
    return opened.softmax(dim=axis).masked_fill(~some, 0)


class OwnSoftmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scores, mask, axis):
        weights = weights_pt(scores, mask, axis)
        ctx.axis = axis
        ctx.save_for_backward(weights)
        return weights

    @staticmethod
    def backward(ctx, grad):
        (weights,) = ctx.saved_tensors
        return weights * (grad - (grad * weights).sum(ctx.axis, keepdim=True)), None, None


@right_pt("masked_softmax")
def pt_own_function(scores, mask, axis=-1):
    return OwnSoftmax.apply(scores, mask, axis)


@right_pt("masked_softmax")
def pt_in_place_on_a_copy(scores, mask, axis=-1):
    opened = scores.clone()
    may = (mask & (scores != -INF)).expand_as(scores)
    opened[~may] = -INF
    none = ~may.any(axis, keepdim=True)
    return torch.where(none, 0, torch.softmax(torch.where(none, 0, opened), axis))


@right_pt("masked_softmax")
def pt_by_hand_in_double(scores, mask, axis=-1):
    may = torch.logical_and(mask, scores > -torch.inf)
    safe = torch.where(may, scores, 0).double()
    top = torch.where(may, safe, torch.finfo(torch.float64).min).amax(axis, keepdim=True).detach()
    powers = torch.where(may, torch.where(may, safe - top, 0).exp(), 0)
    return (powers / powers.sum(axis, keepdim=True).clamp(min=1)).to(scores.dtype)


@right_pt("masked_softmax")
def pt_with_a_place_more(scores, mask, axis=-1):
    _, some, opened = opened_pt(scores, mask, axis)
    shape = list(opened.shape)
    shape[axis] = 1
    longer = torch.cat([opened, torch.full(shape, -INF, dtype=scores.dtype)], dim=axis)
    weights = torch.nn.functional.softmax(longer, dim=axis).narrow(axis, 0, scores.shape[axis])
    return weights * some


@wrong_pt("masked_softmax")
def pt_nan_to_num_afterwards(scores, mask, axis=-1):
    # [[−∞, −∞]], all may be attended to: the gradient is NaN
    return scores.masked_fill(~mask, -INF).softmax(axis).nan_to_num(0)


@wrong_pt("masked_softmax")
def pt_tensor_of_one_number(scores, mask, axis=-1):
    # float16: a tensor of one axis in float32 makes float32 of it
    may, some, _ = opened_pt(scores, mask, axis)
    opened = torch.where(some, torch.where(may, scores, torch.tensor([-INF])), torch.tensor([0.0]))
    return torch.where(some, opened.softmax(axis), torch.tensor([0.0]))


@wrong_pt("masked_softmax")
def pt_billion_down(scores, mask, axis=-1):
    # [[−2e9, 0.0]] with [[True, False]]
    may, _, _ = opened_pt(scores, mask, axis)
    low = max(-1e9, torch.finfo(scores.dtype).min)
    return scores.masked_fill(~may, low).softmax(axis).masked_fill(~may, 0)


@wrong_pt("masked_softmax")
def pt_lowest_number(scores, mask, axis=-1):
    # [[lowest number of the type, 0.0]] with [[True, False]]
    may, _, _ = opened_pt(scores, mask, axis)
    return scores.masked_fill(~may, torch.finfo(scores.dtype).min).softmax(axis).masked_fill(~may, 0)


@wrong_pt("masked_softmax")
def pt_lowest_is_hidden(scores, mask, axis=-1):
    # [[lowest number of the type, −∞]], all may be attended to
    return weights_pt(scores, mask & (scores > torch.finfo(scores.dtype).min), axis)


@wrong_pt("masked_softmax")
def pt_into_the_scores(scores, mask, axis=-1):
    # the scores are the caller's, and hold −∞ afterwards
    with torch.no_grad():
        scores.masked_fill_(~mask, -INF)
    return weights_pt(scores, mask, axis)


@wrong_pt("masked_softmax")
def pt_data(scores, mask, axis=-1):
    # no gradient reaches the scores
    return weights_pt(scores.data, mask, axis)


@wrong_pt("masked_softmax")
def pt_new_leaf(scores, mask, axis=-1):
    # the gradient ends at a copy
    return weights_pt(scores.detach().requires_grad_(scores.requires_grad), mask, axis)


@wrong_pt("masked_softmax")
def pt_closed_powers(scores, mask, axis=-1):
    # ∞ where the mask is False: the weights are right, the gradient is 0 · ∞
    may, some, opened = opened_pt(scores, mask, axis)
    top = opened.amax(axis, keepdim=True).detach()
    powers = torch.where(may, (scores - top).exp(), 0)
    return powers / powers.sum(axis, keepdim=True).masked_fill(~some, 1)


@right_pt("masked_softmax")
def pt_divides_by_zero_first(scores, mask, axis=-1):
    # 0 / 0 has a gradient of NaN, which ends at the places that are closed
    may, some, opened = opened_pt(scores, mask, axis)
    powers = (opened - opened.amax(axis, keepdim=True).detach()).exp().masked_fill(~may, 0)
    return (powers / powers.sum(axis, keepdim=True)).masked_fill(~some, 0)


@wrong_pt("masked_softmax")
def pt_stopped_total(scores, mask, axis=-1):
    # [[0.0, 1.0]] with a gradient of [1, 0]
    may, some, opened = opened_pt(scores, mask, axis)
    powers = (opened - opened.amax(axis, keepdim=True).detach()).exp().masked_fill(~may, 0)
    return powers / powers.sum(axis, keepdim=True).masked_fill(~some, 1).detach()


@wrong_pt("masked_softmax")
def pt_mask_after_softmax(scores, mask, axis=-1):
    # [[0.0, 0.0]] with [[True, False]]
    return scores.nan_to_num(0, 0, -INF).softmax(axis).masked_fill(~mask, 0)


@wrong_pt("masked_softmax")
def pt_shared_again(scores, mask, axis=-1):
    # [[0.0, 1000.0]] with [[True, False]]
    low = torch.finfo(scores.dtype).min
    weights = scores.nan_to_num(0, 0, low).softmax(axis).masked_fill(~(mask & (scores > -INF)), 0)
    total = weights.sum(axis, keepdim=True)
    return weights / total.masked_fill(total == 0, 1)


@wrong_pt("masked_softmax")
def pt_softmax_in_float32(scores, mask, axis=-1):
    # float64
    _, some, opened = opened_pt(scores, mask, axis)
    return opened.softmax(axis, dtype=torch.float32).masked_fill(~some, 0)


@wrong_pt("masked_softmax")
def pt_through_float32(scores, mask, axis=-1):
    # float64: weights are off by 1e−8
    return weights_pt(scores.float(), mask, axis).to(scores.dtype)


@wrong_pt("masked_softmax")
def pt_boolean_places(scores, mask, axis=-1):
    # a mask with fewer axes than the scores
    opened = scores.clone()
    opened[~mask] = -INF
    return weights_pt(opened, torch.ones_like(opened, dtype=torch.bool), axis)


@wrong_pt("masked_softmax")
def pt_any_before_broadcast(scores, mask, axis=-1):
    # scores (2, 3, 4), a mask (4,) and axis=-2
    some = mask.any(axis, keepdim=True)
    return opened_pt(scores, mask, axis)[2].softmax(axis).masked_fill(~some, 0)


@wrong_pt("masked_softmax")
def pt_old_default_axis(scores, mask, axis=-1):
    # the old default of softmax without dim: the first axis of three, else the second
    along = axis if scores.ndim < 3 else 0
    return weights_pt(scores, mask, along)


@wrong_pt("masked_softmax")
def pt_by_logarithm(scores, mask, axis=-1):
    # float32, [[100000.0, 100000.0]]
    may, _, opened = opened_pt(scores, mask, axis)
    return (opened - opened.logsumexp(axis, keepdim=True)).exp().masked_fill(~may, 0)


@wrong_pt("masked_softmax")
def pt_dropout_left_on(scores, mask, axis=-1):
    # any input: weights are dropped by chance
    return torch.nn.functional.dropout(weights_pt(scores, mask, axis), 0.1)


@wrong_pt("masked_softmax")
def pt_only_mask_empties(scores, mask, axis=-1):
    # [[−∞, −∞]], all may be attended to
    some = mask.expand_as(scores).any(axis, keepdim=True)
    return scores.masked_fill(~mask, -INF).masked_fill(~some, 0).softmax(axis).masked_fill(~some, 0)


@wrong_pt("masked_softmax")
def pt_added_hide(scores, mask, axis=-1):
    # ∞ where the mask is False
    hide = torch.zeros_like(scores).masked_fill(~mask, -INF)
    _, some, _ = opened_pt(scores, mask, axis)
    return torch.where(some, torch.where(some, scores + hide, 0).softmax(axis), 0)


# mean_of_words


def sum_of_words(outputs, mask):
    return np.where(mask[..., None], outputs, 0).sum(axis=-2, dtype=outputs.dtype)


def words(outputs, mask):
    """How many words each sentence has, 1 at least, in the type of the outputs."""
    return np.maximum(mask.sum(axis=-1, keepdims=True), 1).astype(outputs.dtype)


@right("mean_of_words")
def mean_with_where(outputs, mask):
    with np.errstate(all="ignore"):
        means = np.mean(outputs, axis=-2, where=mask[..., None], dtype=np.float64)
    return np.where(mask.any(axis=-1, keepdims=True), means, 0).astype(outputs.dtype)


@right("mean_of_words")
def mean_sentence_by_sentence(outputs, mask):
    means = np.zeros(outputs.shape[:-2] + outputs.shape[-1:], outputs.dtype)
    for place in np.ndindex(mask.shape[:-1]):
        if mask[place].any():
            means[place] = outputs[place][mask[place]].mean(axis=0)
    return means


@right("mean_of_words")
def mean_by_matrix_product(outputs, mask):
    chosen = np.where(mask[..., None], outputs, np.zeros((), outputs.dtype))
    ones = np.ones((*mask.shape[:-1], 1, mask.shape[-1]), outputs.dtype)
    return ((ones @ chosen)[..., 0, :] / words(outputs, mask)).astype(outputs.dtype)


@right("mean_of_words")
def mean_by_add_reduce(outputs, mask):
    total = np.add.reduce(outputs.swapaxes(-1, -2), axis=-1, where=mask[..., None, :])
    return np.divide(total, words(outputs, mask), dtype=outputs.dtype)


@wrong("mean_of_words")
def mean_over_all_places(outputs, mask):
    # any padding beside a word
    return (sum_of_words(outputs, mask) / np.array(max(mask.shape[-1], 1), outputs.dtype)).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_zero_times_nan(outputs, mask):
    # NaN in the padding
    return ((outputs * mask[..., None]).sum(axis=-2) / words(outputs, mask)).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_product_with_mask(outputs, mask):
    # ∞ in the padding
    total = np.einsum("...sd,...s->...d", outputs, mask.astype(outputs.dtype))
    return total / words(outputs, mask)


@wrong("mean_of_words")
def mean_nanmean(outputs, mask):
    # NaN in a word, which must stay
    with np.errstate(all="ignore"):
        total = np.nansum(np.where(mask[..., None], outputs, np.nan), axis=-2)
    return (total / words(outputs, mask)).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_numbers_first(outputs, mask):
    # NaN in a word, which must stay
    return sum_of_words(np.nan_to_num(outputs, posinf=np.inf, neginf=-np.inf), mask) / words(outputs, mask)


@wrong("mean_of_words")
def mean_numbers_last(outputs, mask):
    # NaN in a word, which must stay
    with np.errstate(all="ignore"):
        means = sum_of_words(outputs, mask) / mask.sum(axis=-1, keepdims=True)
    return np.where(np.isnan(means), 0, means).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_infinity_is_hidden(outputs, mask):
    # ∞ in a word: the mean is ∞
    chosen = np.where(np.isinf(outputs), 0, outputs)
    return sum_of_words(chosen, mask) / words(outputs, mask)


@wrong("mean_of_words")
def mean_of_no_word(outputs, mask):
    # a sentence without any word
    with np.errstate(all="ignore"):
        return (sum_of_words(outputs, mask) / mask.sum(axis=-1, keepdims=True)).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_no_word_at_all(outputs, mask):
    # one sentence without any word beside others
    if not mask.any():
        return np.zeros(outputs.shape[:-2] + outputs.shape[-1:], outputs.dtype)
    with np.errstate(all="ignore"):
        return (sum_of_words(outputs, mask) / mask.sum(axis=-1, keepdims=True)).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_of_padding(outputs, mask):
    # a sentence without any word gets the mean of its padding
    return mean_with_where(outputs, mask | ~mask.any(axis=-1, keepdims=True))


@wrong("mean_of_words")
def mean_small_floor(outputs, mask):
    # float16: 1e−9 is 0 there, and a sentence without any word gives 0 / 0
    with np.errstate(all="ignore"):
        return sum_of_words(outputs, mask) / np.maximum(mask.sum(-1, keepdims=True).astype(outputs.dtype), 1e-9)


@wrong("mean_of_words")
def mean_one_more(outputs, mask):
    # any word
    return sum_of_words(outputs, mask) / (mask.sum(axis=-1, keepdims=True) + 1).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_eps_more(outputs, mask):
    # float64: one word of 1.0 gives 1 − 1e−6
    return (sum_of_words(outputs, mask) / (mask.sum(axis=-1, keepdims=True) + 1e-6)).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_wide_count(outputs, mask):
    # float16 becomes float64
    return sum_of_words(outputs, mask) / np.maximum(mask.sum(axis=-1, keepdims=True), 1)


@wrong("mean_of_words")
def mean_float32_always(outputs, mask):
    # float64 becomes float32
    return (sum_of_words(outputs, mask) / words(outputs, mask)).astype(np.float32)


@wrong("mean_of_words")
def mean_through_float16(outputs, mask):
    # float32, values of 100000 or with more than three places
    return mean_with_where(outputs.astype(np.float16), mask).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_count_in_bytes(outputs, mask):
    # 300 words, which in 8 bits are 44
    count = np.maximum(mask.sum(axis=-1, keepdims=True, dtype=np.uint8), 1)
    return (sum_of_words(outputs, mask) / count).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_first_places(outputs, mask):
    # padding before the words, or between them
    places = np.arange(mask.shape[-1])
    return mean_with_where(outputs, places < mask.sum(axis=-1, keepdims=True))


@wrong("mean_of_words")
def mean_up_to_the_first_padding(outputs, mask):
    # padding between words
    return mean_with_where(outputs, np.logical_and.accumulate(mask, axis=-1))


@wrong("mean_of_words")
def mean_up_to_the_last_word(outputs, mask):
    # padding between words
    return mean_with_where(outputs, np.logical_or.accumulate(mask[..., ::-1], axis=-1)[..., ::-1])


@wrong("mean_of_words")
def mean_of_one_sentence(outputs, mask):
    # a batch: the words of all sentences together
    if not mask.any():
        return np.zeros(outputs.shape[:-2] + outputs.shape[-1:], outputs.dtype)
    means = outputs[mask].mean(axis=0)
    return np.broadcast_to(means, outputs.shape[:-2] + means.shape)


@wrong("mean_of_words")
def mean_count_of_the_batch(outputs, mask):
    # a batch of sentences of different lengths
    return sum_of_words(outputs, mask) / np.array(max(mask.sum(axis=-1).max(initial=0), 1), outputs.dtype)


@wrong("mean_of_words")
def mean_count_beside(outputs, mask):
    # two sentences of two features: each feature is divided by another sentence's count
    count = np.maximum(mask.sum(axis=-1), 1).astype(outputs.dtype)
    total = sum_of_words(outputs, mask)
    return total / (count if count.shape == total.shape[-1:] else count[..., None])


@wrong("mean_of_words")
def mean_axes_of_one_dropped(outputs, mask):
    # one sentence in a batch, or one feature
    return np.squeeze(mean_with_where(outputs, mask))


@wrong("mean_of_words")
def mean_axis_kept(outputs, mask):
    # any input: (…, 1, D)
    return mean_with_where(outputs, mask)[..., None, :]


@wrong("mean_of_words")
def mean_into_the_outputs(outputs, mask):
    # the outputs are the caller's, and hold zeros afterwards
    outputs[~mask] = 0
    return outputs.sum(axis=-2) / words(outputs, mask)


@wrong("mean_of_words")
def mean_second_axis(outputs, mask):
    # two leading axes
    axis = min(1, outputs.ndim - 2)
    total = np.where(mask[..., None], outputs, 0).sum(axis=axis, dtype=outputs.dtype)
    return total / np.maximum(mask.sum(axis=axis), 1).astype(outputs.dtype)[..., None]


@wrong("mean_of_words")
def mean_by_masked_arrays(outputs, mask):
    # NaN in a word: the quotient of masked arrays hides it
    hidden = np.ma.array(outputs, mask=~np.broadcast_to(mask[..., None], outputs.shape))
    return np.ma.filled(hidden.mean(axis=-2), 0).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_by_difference(outputs, mask):
    # NaN in the padding, or a word of 1.0 beside padding of 1e20
    padding = np.where(mask[..., None], 0, outputs).sum(axis=-2)
    return ((outputs.sum(axis=-2) - padding) / words(outputs, mask)).astype(outputs.dtype)


@wrong("mean_of_words")
def mean_very_large_is_padding(outputs, mask):
    # a word of 1e7
    return sum_of_words(np.where(np.abs(outputs) > 1e6, 0, outputs), mask) / words(outputs, mask)


# packed_mask


def same_earlier(queries, keys):
    """Equal numbers in (…, S, 1) and (…, 1, S), where the key does not stand behind the query."""
    places = np.arange(queries.shape[-2])
    return (queries == keys) & (places <= places[:, None])


def pairs(sentences):
    return sentences[..., :, None], sentences[..., None, :]


@right("packed_mask")
def packed_nan_is_padding(sentences):
    return same_earlier(*pairs(np.where(sentences == 0, np.nan, sentences)))


@right("packed_mask")
def packed_by_xor(sentences):
    queries, keys = pairs(sentences)
    return np.tril(~(queries ^ keys).astype(bool) & keys.astype(bool))


@right("packed_mask")
def packed_by_unique(sentences):
    flat = np.concatenate([[0], sentences.ravel()])
    owner = np.unique(flat, return_inverse=True)[1].reshape(-1)[1:].reshape(sentences.shape)
    queries, keys = pairs(owner)
    padding = np.where(sentences == 0, 0, 1)
    return same_earlier(queries, keys) * np.asarray(padding[..., None], bool)


@right("packed_mask")
def packed_cell_by_cell(sentences):
    size = sentences.shape[-1]
    mask = np.zeros((*sentences.shape, size), dtype=bool)
    for query in range(size):
        own = sentences[..., query]
        mask[..., query, : query + 1] = (sentences[..., : query + 1] == own[..., None]) & (own > 0)[..., None]
    return mask


@right("packed_mask")
def packed_sentence_by_sentence(sentences):
    mask = np.zeros(sentences.shape + sentences.shape[-1:], dtype=bool)
    for number in np.unique(sentences[sentences > 0]):
        member = sentences == number
        mask |= member[..., None] & member[..., None, :]
    return mask & np.tri(sentences.shape[-1], dtype=bool)


@wrong("packed_mask")
def packed_in_bytes(sentences):
    # [1, 257], which are the same in 8 bits
    return np.tril(same_earlier(*pairs(sentences.astype(np.uint8)))) & (sentences > 0)[..., None]


@wrong("packed_mask")
def packed_in_halves(sentences):
    # [2048, 2049], which are the same in float16
    return same_earlier(*pairs(sentences.astype(np.float16))) & (sentences > 0)[..., None]


@wrong("packed_mask")
def packed_bfloat_like(sentences):
    # [1024, 1025], which are close
    queries, keys = pairs(sentences.astype(np.float32))
    return np.tril(np.isclose(queries, keys, rtol=1e-3, atol=0)) & (keys > 0)


@wrong("packed_mask")
def packed_remainder(sentences):
    # [1, 1001]
    return same_earlier(*pairs(sentences % 1000)) & (sentences > 0)[..., None]


@wrong("packed_mask")
def packed_runs(sentences):
    # [1, 2, 1]: the third place sees the first; and [1, 0, 1]
    change = np.diff(sentences, axis=-1, prepend=-1) != 0
    return same_earlier(*pairs(change.cumsum(axis=-1))) & (sentences > 0)[..., None]


@wrong("packed_mask")
def packed_runs_over_padding(sentences):
    # [1, 2, 1], though [1, 0, 1] is right
    size = sentences.shape[-1]
    mask = np.zeros((*sentences.shape, size), dtype=bool)
    for place in np.ndindex(sentences.shape[:-1]):
        row, first = sentences[place], 0
        filled = np.flatnonzero(row)
        for at, query in enumerate(filled):
            if at and row[query] != row[filled[at - 1]]:
                first = query
            mask[(*place, query)] = (np.arange(size) >= first) & (np.arange(size) <= query) & (row > 0)
    return mask


@wrong("packed_mask")
def packed_by_sorting(sentences):
    # [7, 7, 2, 2]
    first = np.zeros((*sentences.shape, 1), int)
    for place in np.ndindex(sentences.shape[:-1]):
        row = sentences[place]
        first[place] = np.searchsorted(row, row)[:, None]
    places = np.arange(sentences.shape[-1])
    return (places >= first) & (places <= places[:, None]) & (sentences > 0)[..., None]


@wrong("packed_mask")
def packed_first_to_itself(sentences):
    # [1, 2, 1]: the third place sees the second, which lies between
    mask = np.zeros(sentences.shape + sentences.shape[-1:], dtype=bool)
    places = np.arange(sentences.shape[-1])
    for place in np.ndindex(sentences.shape):
        row = sentences[place[:-1]]
        first = np.flatnonzero(row == row[place[-1]])[0]
        mask[place] = (places >= first) & (places <= place[-1]) & (row[place[-1]] > 0) & (row > 0)
    return mask


@wrong("packed_mask")
def packed_padding_at_the_end(sentences):
    # [0, 1, 1]
    filled = np.logical_and.accumulate(sentences > 0, axis=-1)
    return same_earlier(*pairs(sentences)) & filled[..., None] & filled[..., None, :]


@wrong("packed_mask")
def packed_padding_sees_padding(sentences):
    # [1, 0, 0]
    return same_earlier(*pairs(sentences))


@wrong("packed_mask")
def packed_padding_sees_itself(sentences):
    # [1, 0]
    return same_earlier(*pairs(sentences)) & (sentences > 0)[..., None] | np.eye(sentences.shape[-1], dtype=bool)


@wrong("packed_mask")
def packed_own_numbers_for_padding(sentences):
    # [1, 0]: each padded place is a sentence of its own
    own = np.where(sentences == 0, -1 - np.arange(sentences.shape[-1]), sentences)
    return same_earlier(*pairs(own))


@wrong("packed_mask")
def packed_sees_later(sentences):
    # [1, 1]
    queries, keys = pairs(sentences)
    return (queries == keys) & (keys > 0)


@wrong("packed_mask")
def packed_without_itself(sentences):
    # [1]
    return np.tril(same_earlier(*pairs(sentences)) & (sentences > 0)[..., None], k=-1)


@wrong("packed_mask")
def packed_the_other_triangle(sentences):
    # [1, 1]
    queries, keys = pairs(sentences)
    return np.triu((queries == keys) & (keys > 0))


@wrong("packed_mask")
def packed_earlier_sentences_too(sentences):
    # [2, 1]
    return np.tril((sentences > 0)[..., None] & (sentences > 0)[..., None, :])


@wrong("packed_mask")
def packed_product_is_a_square(sentences):
    # [0, 1]: padding is seen, since 0 · 1 is 0
    queries, keys = pairs(sentences)
    return np.tril((queries * keys == keys * keys) & (queries > 0))


@wrong("packed_mask")
def packed_whole_quotient(sentences):
    # [3, 2]: 3 // 2 is 1
    queries, keys = pairs(sentences)
    return np.tril((keys > 0) & (queries // np.maximum(keys, 1) == 1))


@wrong("packed_mask")
def packed_common_bits(sentences):
    # [1, 3]
    queries, keys = pairs(sentences)
    return np.tril((queries & keys) > 0)


@wrong("packed_mask")
def packed_one_hot_of_places(sentences):
    # [7, 7, 2, 2]: no place is number 7 of 4
    numbers = np.arange(1, sentences.shape[-1] + 1)
    member = sentences[..., None] == numbers
    return np.tril(member @ member.swapaxes(-1, -2))


@wrong("packed_mask")
def packed_one_hot_of_a_thousand(sentences):
    # [2000, 2000]
    member = sentences[..., None] == np.arange(1, 1001)
    return np.tril(member @ member.swapaxes(-1, -2))


@wrong("packed_mask")
def packed_numbers_below_the_largest(sentences):
    # [1, 1]: range stops before the largest
    mask = np.zeros(sentences.shape + sentences.shape[-1:], dtype=bool)
    for number in range(1, sentences.max(initial=0)):
        mask |= (sentences == number)[..., None] & (sentences == number)[..., None, :]
    return np.tril(mask)


@wrong("packed_mask")
def packed_as_many_as_there_are(sentences):
    # [7, 7, 2, 2]: two numbers are not 1 and 2
    mask = np.zeros(sentences.shape + sentences.shape[-1:], dtype=bool)
    for number in range(1, len(np.unique(sentences)) + 1):
        mask |= (sentences == number)[..., None] & (sentences == number)[..., None, :]
    return np.tril(mask)


@wrong("packed_mask")
def packed_first_of_unique_is_padding(sentences):
    # [1, 2], no padding at all: the first sentence is taken for it
    owner = np.unique(sentences, return_inverse=True)[1].reshape(sentences.shape)
    return same_earlier(*pairs(owner)) & (owner > 0)[..., None]


@wrong("packed_mask")
def packed_leading_axes_joined(sentences):
    # two leading axes (2, 3): they become one of 6
    rows = [np.tril((row[:, None] == row) & (row > 0)) for row in sentences.reshape(-1, sentences.shape[-1])]
    return rows[0] if sentences.ndim == 1 else np.array(rows)


@wrong("packed_mask")
def packed_the_first_row_for_all(sentences):
    # a batch of different rows
    row = sentences.reshape(-1, sentences.shape[-1])[0]
    mask = np.tril((row[:, None] == row) & (row > 0))
    return np.broadcast_to(mask, sentences.shape + row.shape)


@wrong("packed_mask")
def packed_numbers_of_the_batch(sentences):
    # a batch whose second row has padding where the first has none
    queries, keys = pairs(sentences)
    padding = (sentences == 0).reshape(-1, sentences.shape[-1]).any(axis=0)
    return np.tril((queries == keys) & ~padding)


@wrong("packed_mask")
def packed_into_the_sentences(sentences):
    # the numbers are the caller's, and hold −1 afterwards
    sentences[sentences == 0] = -1
    return same_earlier(*pairs(sentences)) & (sentences > 0)[..., None]


@lru_cache
def triangle(size):
    return np.tri(size, dtype=bool)


@wrong("packed_mask")
def packed_into_a_kept_triangle(sentences):
    # two calls with one row of one size: the second finds what the first has left
    if sentences.ndim > 1:
        return packed_nan_is_padding(sentences)
    mask = triangle(len(sentences))
    mask &= (sentences[:, None] == sentences) & (sentences > 0)
    return mask


@wrong("packed_mask")
def packed_whole_numbers(sentences):
    # any input: 0 and 1 are not False and True
    return (same_earlier(*pairs(sentences)) & (sentences > 0)[..., None]).astype(np.int64)


@wrong("packed_mask")
def packed_to_be_added(sentences):
    # any input: 0 and −∞
    return np.where(same_earlier(*pairs(sentences)) & (sentences > 0)[..., None], 0.0, -np.inf)


@wrong("packed_mask")
def packed_true_hides(sentences):
    # any input
    return ~(same_earlier(*pairs(sentences)) & (sentences > 0)[..., None])


@wrong("packed_mask")
def packed_last_word_before(sentences):
    # [1, 1, 1]: the third sees the second and itself only
    mask = same_earlier(*pairs(sentences)) & (sentences > 0)[..., None]
    return np.triu(mask, k=-1)


@wrong("packed_mask")
def packed_difference_in_bytes(sentences):
    # [256, 512], whose difference is 0 in 8 bits
    queries, keys = pairs(sentences)
    return np.tril(((queries - keys).astype(np.int8) == 0) & (keys > 0))


@wrong("packed_mask")
def packed_axes_of_one_dropped(sentences):
    # [[1, 1]], or [1]
    return np.squeeze(same_earlier(*pairs(sentences)) & (sentences > 0)[..., None])


@wrong("packed_mask")
def packed_positions_in_bytes(sentences):
    # 300 places of one sentence: in 8 bits place 256 stands before place 1
    queries, keys = pairs(sentences)
    places = np.arange(sentences.shape[-1]).astype(np.uint8)
    return (queries == keys) & (keys > 0) & (places <= places[:, None])


# cached_mask


def side_by_side(cache, words, lengths):
    """A mask (B, room) or (B, new, room) of the cache and one (new, new) of the new words."""
    size = len(lengths), words.shape[-1]
    cache = np.broadcast_to(cache if cache.ndim == 3 else cache[:, None], (*size, cache.shape[-1]))
    return np.concatenate([cache, np.broadcast_to(words, (*size, size[1]))], axis=-1)


def kept(lengths, room):
    return np.arange(room) < lengths[:, None]


@right("cached_mask")
def cached_rows_of_a_triangle(lengths, room, new):
    filled = np.tri(room + 1, room, k=-1, dtype=bool)[lengths]
    words = np.tri(new, dtype=bool)[None].repeat(len(lengths), axis=0)
    return np.concatenate([filled[:, None].repeat(new, axis=1), words], axis=2)


@right("cached_mask")
def cached_by_columns(lengths, room, new):
    columns = np.arange(room + new)
    causal = columns <= room + np.arange(new)[:, None]
    filled = (columns < lengths[:, None]) | (columns >= room)
    return causal & filled[:, None, :]


@right("cached_mask")
def cached_cell_by_cell(lengths, room, new):
    mask = np.zeros((len(lengths), new, room + new), dtype=bool)
    for b, length in enumerate(lengths):
        for i in range(new):
            mask[b, i, :length] = True
            mask[b, i, room : room + i + 1] = True
    return mask


@right("cached_mask")
def cached_from_function(lengths, room, new):
    def sees(b, i, j):
        return np.where(j < room, j < lengths[b], j - room <= i)

    return np.fromfunction(sees, (len(lengths), new, room + new), dtype=int)


@right("cached_mask")
def cached_closed_afterwards(lengths, room, new):
    mask = np.tri(new, room + new, k=room, dtype=bool)[None].repeat(len(lengths), axis=0)
    for b in range(len(lengths)):
        mask[b, :, int(lengths[b]) : room] = False
    return mask


@wrong("cached_mask")
def cached_without_gap(lengths, room, new):
    # lengths [1], room 3: the new words are taken to follow what is kept at once
    columns = np.arange(room + new)
    return columns <= (lengths[:, None] + np.arange(new))[..., None]


@wrong("cached_mask")
def cached_offset_of_room(lengths, room, new):
    # lengths [1], room 3: what is left from before is seen
    return np.tri(new, room + new, k=room, dtype=bool)[None].repeat(len(lengths), axis=0)


@wrong("cached_mask")
def cached_new_words_all_see(lengths, room, new):
    # new 2
    return side_by_side(kept(lengths, room), np.ones((new, new), bool), lengths)


@wrong("cached_mask")
def cached_without_itself(lengths, room, new):
    # any input
    return side_by_side(kept(lengths, room), np.tri(new, k=-1, dtype=bool), lengths)


@wrong("cached_mask")
def cached_only_itself(lengths, room, new):
    # new 2
    return side_by_side(kept(lengths, room), np.eye(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_one_more(lengths, room, new):
    # lengths below room
    return side_by_side(np.arange(room) <= lengths[:, None], np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_one_less(lengths, room, new):
    # lengths above 0
    return side_by_side(np.arange(1, room + 1) < lengths[:, None], np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_filled_from_the_back(lengths, room, new):
    # lengths [1], room 3
    return side_by_side(kept(lengths, room)[:, ::-1], np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_new_words_first(lengths, room, new):
    # room 3, new 2
    words = np.broadcast_to(np.tri(new, dtype=bool), (len(lengths), new, new))
    cache = np.broadcast_to(kept(lengths, room)[:, None], (len(lengths), new, room))
    return np.concatenate([words, cache], axis=-1)


@wrong("cached_mask")
def cached_longest_for_all(lengths, room, new):
    # lengths [1, 3]
    return side_by_side(kept(np.full_like(lengths, lengths.max(initial=0)), room), np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_first_for_all(lengths, room, new):
    # lengths [1, 3]
    return side_by_side(kept(np.full_like(lengths, lengths[0]), room), np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_room_of_the_longest(lengths, room, new):
    # no sentence that fills the room: the mask is narrower
    return side_by_side(kept(lengths, lengths.max(initial=0)), np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_lengths_sorted(lengths, room, new):
    # lengths [3, 1]
    return side_by_side(kept(np.sort(lengths), room), np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_row_before_the_first(lengths, room, new):
    # a length of 0: row −1 is the last, and a room of 0
    filled = np.tri(max(room, 1), room, dtype=bool)[lengths - 1]
    return side_by_side(filled, np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_nothing_means_all(lengths, room, new):
    # a length of 0
    return side_by_side(kept(np.where(lengths == 0, room, lengths), room), np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_full_means_nothing(lengths, room, new):
    # a length of room: the ring begins again
    return side_by_side(kept(lengths % max(room, 1), room), np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_end_marked(lengths, room, new):
    # a length of room: there is no place for the mark of the end
    end = np.zeros((len(lengths), room), bool)
    end[np.arange(len(lengths)), lengths] = True
    return side_by_side(~np.logical_or.accumulate(end, axis=1), np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_end_from_the_back(lengths, room, new):
    # a length of room: a slice from −0 is the whole room
    mask = np.tri(new, room + new, k=room, dtype=bool)[None].repeat(len(lengths), axis=0)
    for b, length in enumerate(lengths):
        mask[b, :, :room][:, -(room - length) :] = False
    return mask


@wrong("cached_mask")
def cached_batch_for_words(lengths, room, new):
    # B = new = 2: each sentence's cache becomes a new word's
    cache = kept(lengths, room)
    cache = cache[None] if len(lengths) == new else cache[:, None]
    return side_by_side(np.broadcast_to(cache, (len(lengths), new, room)), np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_tiled(lengths, room, new):
    # B 2, new 2: rows of the sentences in turn, not one sentence after the other
    cache = np.tile(kept(lengths, room), (new, 1)).reshape(len(lengths), new, room)
    return side_by_side(cache, np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_grows_with_the_words(lengths, room, new):
    # lengths [1], room 3, new 2: the second new word sees one place more of the cache
    cache = np.arange(room) < (lengths[:, None] + np.arange(new))[..., None]
    return side_by_side(cache, np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_padding_of_the_whole_row(lengths, room, new):
    # lengths [1], room 3: the padding mask of length + new hides the new words
    causal = np.tri(new, room + new, k=room, dtype=bool)
    return causal & kept(lengths + new, room + new)[:, None]


@wrong("cached_mask")
def cached_places_in_bytes(lengths, room, new):
    # room 300: place 256 is 0 in 8 bits
    places = np.arange(room).astype(np.uint8)
    return side_by_side(places < lengths[:, None], np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_signed_bytes(lengths, room, new):
    # room 200 with a length of 150, which is negative in 8 bits
    return side_by_side(kept(lengths.astype(np.int8), room), np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_whole_numbers(lengths, room, new):
    # any input: 0 and 1 are not False and True
    return side_by_side(kept(lengths, room), np.tri(new), lengths).astype(int)


@wrong("cached_mask")
def cached_true_hides(lengths, room, new):
    # any input
    return ~side_by_side(kept(lengths, room), np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_lengths_used_up(lengths, room, new):
    # the lengths are the caller's, and are longer afterwards
    mask = side_by_side(kept(lengths, room), np.tri(new, dtype=bool), lengths)
    lengths += new
    return mask


@wrong("cached_mask")
def cached_one_sentence_without_axis(lengths, room, new):
    # B 1
    mask = side_by_side(kept(lengths, room), np.tri(new, dtype=bool), lengths)
    return mask[0] if len(mask) == 1 else mask


@wrong("cached_mask")
def cached_one_word_without_axis(lengths, room, new):
    # new 1
    return side_by_side(kept(lengths, room), np.tri(new, dtype=bool), lengths).squeeze(1 if new == 1 else ())


@wrong("cached_mask")
def cached_no_room_no_words(lengths, room, new):
    # room 0: the new words still see each other
    if room == 0:
        return np.zeros((len(lengths), new, new), bool)
    return side_by_side(kept(lengths, room), np.tri(new, dtype=bool), lengths)


@wrong("cached_mask")
def cached_empty_cache_sees_nothing(lengths, room, new):
    # a length of 0: a new word still sees itself
    mask = side_by_side(kept(lengths, room), np.tri(new, dtype=bool), lengths)
    return mask & (lengths > 0)[:, None, None]


@wrong("cached_mask")
def cached_last_words_of_the_row(lengths, room, new):
    # new 2, room 3: the triangle is turned
    return side_by_side(kept(lengths, room), np.tri(new, dtype=bool).T, lengths)


# local_and_global


def near(size, window):
    places = np.arange(size)
    return np.abs(places[:, None] - places) <= window


def either(marked):
    return marked[..., :, None] | marked[..., None, :]


@right("local_and_global")
def local_toeplitz(marked, window):
    band = scipy.linalg.toeplitz(np.arange(marked.shape[-1]) <= window)
    return np.asarray(band, bool) | np.logical_or(*np.broadcast_arrays(marked[..., None], marked[..., None, :]))


@right("local_and_global")
def local_two_triangles(marked, window):
    size = marked.shape[-1]
    window = min(window, size)
    far = np.tri(size, k=-window - 1, dtype=bool)
    return ~((far | far.T) & ~(marked[..., None] + marked[..., None, :]))


@right("local_and_global")
def local_filled_rows(marked, window):
    mask = near(marked.shape[-1], window) & np.ones((*marked.shape, 1), bool)
    mask[marked] = True
    mask.swapaxes(-1, -2)[marked] = True
    return mask


@right("local_and_global")
def local_cell_by_cell(marked, window):
    size = marked.shape[-1]
    mask = np.empty((*marked.shape, size), dtype=bool)
    for i in range(size):
        for j in range(size):
            mask[..., i, j] = marked[..., i] | marked[..., j] | (abs(i - j) <= window)
    return mask


@wrong("local_and_global")
def local_and_instead_of_or(marked, window):
    # any place that is not marked: it does not see itself
    return near(marked.shape[-1], window) & either(marked)


@wrong("local_and_global")
def local_both_marked(marked, window):
    # [True, False, False] and window 0: a marked place sees all
    return near(marked.shape[-1], window) | (marked[..., None] & marked[..., None, :])


@wrong("local_and_global")
def local_marked_see(marked, window):
    # [True, False, False] and window 0: a marked place is seen by all
    return near(marked.shape[-1], window) | marked[..., None]


@wrong("local_and_global")
def local_marked_are_seen(marked, window):
    # [True, False, False] and window 0: a marked place sees all
    return near(marked.shape[-1], window) | marked[..., None, :]


@wrong("local_and_global")
def local_one_and_not_the_other(marked, window):
    # [True, False, True] and window 0: both are marked
    return near(marked.shape[-1], window) | (marked[..., None] ^ marked[..., None, :])


@wrong("local_and_global")
def local_no_window(marked, window):
    # no place marked
    return either(marked) | np.zeros_like(near(marked.shape[-1], window))


@wrong("local_and_global")
def local_fewer_than(marked, window):
    # no place marked: a place does not see its neighbour with window 1
    return (near(marked.shape[-1], window - 1)) | either(marked)


@wrong("local_and_global")
def local_zero_is_no_window(marked, window):
    # window 0 and no place marked: each sees itself
    return either(marked) | (near(marked.shape[-1], window) if window else np.zeros((), bool))


@wrong("local_and_global")
def local_zero_is_no_limit(marked, window):
    # window 0 and no place marked: nothing else is seen
    return either(marked) | near(marked.shape[-1], window or marked.shape[-1])


@wrong("local_and_global")
def local_itself_too(marked, window):
    # window 1, five places, none marked: the width is taken for 1 in all
    return near(marked.shape[-1], window // 2) | either(marked)


@wrong("local_and_global")
def local_twice_as_wide(marked, window):
    # window 1, three places, none marked
    return near(marked.shape[-1], 2 * window) | either(marked)


@wrong("local_and_global")
def local_behind_only(marked, window):
    # [False, False] and window 1
    return np.tril(near(marked.shape[-1], window)) | either(marked)


@wrong("local_and_global")
def local_causal(marked, window):
    # [True, False] and window 0: the first sees the second
    return np.tril(near(marked.shape[-1], window) | either(marked))


@wrong("local_and_global")
def local_without_absolute_value(marked, window):
    # three places, none marked, window 0: differences below 0 all pass
    places = np.arange(marked.shape[-1])
    return (places[:, None] - places <= window) | either(marked)


@wrong("local_and_global")
def local_unsigned(marked, window):
    # two places, none marked, window 1: 0 − 1 is very large
    places = np.arange(marked.shape[-1], dtype=np.uint64)
    return (places[:, None] - places <= window) | either(marked)


@wrong("local_and_global")
def local_places_in_bytes(marked, window):
    # 200 places: 199 − 0 is negative in 8 bits
    places = np.arange(marked.shape[-1]).astype(np.int8)
    return (np.abs(places[:, None] - places) <= window) | either(marked)


@right("local_and_global")
def local_window_added(marked, window):
    places = np.arange(marked.shape[-1])
    last, first = places[:, None] + window, places[:, None] - window
    return (places <= last) & (places >= first) | either(marked)


@wrong("local_and_global")
def local_window_in_bytes(marked, window):
    # a window of 300 is 44 in 8 bits; 60 places, none marked
    return near(marked.shape[-1], int(np.array(window % 2**63).astype(np.uint8))) | either(marked)


@wrong("local_and_global")
def local_sum_of_diagonals(marked, window):
    # window 1: range stops before the last diagonal
    size = marked.shape[-1]
    diagonals = (np.eye(size, k=k, dtype=bool) for k in range(-min(window, size), min(window, size)))
    return reduce(np.logical_or, diagonals, np.eye(size, dtype=bool)) | either(marked)


@wrong("local_and_global")
def local_diagonals_of_ones(marked, window):
    # window 5 with 3 places: a diagonal of −2 ones
    size = marked.shape[-1]
    band = sum(np.diag(np.ones(size - abs(k)), k) for k in range(-window, window + 1))
    return (band > 0) | either(marked)


@wrong("local_and_global")
def local_at_most_all_but_one(marked, window):
    # window 2 with 3 places: the first sees the last
    size = marked.shape[-1]
    return near(size, min(window, max(size - 2, 0))) | either(marked)


@wrong("local_and_global")
def local_first_marked_only(marked, window):
    # [True, False, False, True] and window 0
    first = marked & (np.cumsum(marked, axis=-1) == 1)
    return near(marked.shape[-1], window) | either(first)


@wrong("local_and_global")
def local_place_of_the_largest(marked, window):
    # no place marked: the first is taken
    first = np.arange(marked.shape[-1]) == marked.argmax(axis=-1)[..., None]
    return near(marked.shape[-1], window) | either(marked | first)


@wrong("local_and_global")
def local_any_marked(marked, window):
    # [True, False, False] and window 0: the second does not see the third
    return near(marked.shape[-1], window) | marked.any(axis=-1)[..., None, None]


@wrong("local_and_global")
def local_marked_of_the_batch(marked, window):
    # a batch of two, marked differently
    together = marked.reshape(-1, marked.shape[-1]).any(axis=0)
    return np.broadcast_to(near(marked.shape[-1], window) | either(together), (*marked.shape, marked.shape[-1]))


@wrong("local_and_global")
def local_batch_transposed(marked, window):
    # three leading and other axes of one size: all axes are turned round
    rows = np.broadcast_to(marked[..., None], (*marked.shape, marked.shape[-1]))
    columns = rows.T if len(set(rows.shape)) == 1 else rows.swapaxes(-1, -2)
    return near(marked.shape[-1], window) | rows | columns


@wrong("local_and_global")
def local_rows_beside_columns(marked, window):
    # a batch (2, 3)
    return near(marked.shape[-1], window) | marked[:, None] | marked


@wrong("local_and_global")
def local_whole_numbers(marked, window):
    # any input: 0 and 1 are not False and True
    return np.maximum(near(marked.shape[-1], window), either(marked)).astype(int)


@wrong("local_and_global")
def local_true_hides(marked, window):
    # any input
    return ~(near(marked.shape[-1], window) | either(marked))


@wrong("local_and_global")
def local_neighbours_of_marked(marked, window):
    # [True, False, False, False] and window 1: the second is no marked place, and does not see the last
    beside = (near(marked.shape[-1], min(window, 1)) & marked[..., None, :]).any(axis=-1)
    return near(marked.shape[-1], window) | either(beside)


@wrong("local_and_global")
def local_steps_through_marked(marked, window):
    # three places, the middle one marked, window 0: two steps join the outer two
    direct = near(marked.shape[-1], window) | either(marked)
    return direct @ direct


@wrong("local_and_global")
def local_into_the_marks(marked, window):
    # the marks are the caller's, and all True afterwards
    mask = near(marked.shape[-1], window) | either(marked)
    marked |= True
    return mask


@wrong("local_and_global")
def local_axes_of_one_dropped(marked, window):
    # one place, or one sentence in a batch
    return np.squeeze(near(marked.shape[-1], window) | either(marked))


WINDOWS = {}


@wrong("local_and_global")
def local_first_window_of_a_size(marked, window):
    # two calls of one size with two windows
    band = WINDOWS.setdefault(marked.shape[-1], near(marked.shape[-1], window))
    return band | either(marked)


@wrong("local_and_global")
def local_into_a_kept_band(marked, window):
    # two calls with one row of one size and window: the second finds the marks of the first
    band = WINDOWS.setdefault((marked.shape[-1], window), near(marked.shape[-1], window))
    if marked.ndim > 1:
        return band.copy() & near(marked.shape[-1], window) | either(marked)
    band |= either(marked)
    return band


# meaning


def weight_of_true(attention):
    """The weight of the first of two keys of equal scores, which has True, while the second has False."""
    values = np.array([[1.0], [0.0]])
    return float(attention(np.zeros((1, 1)), np.zeros((2, 1)), values, np.array([[True, False]]))[0, 0])


def named(weight, near_enough=0.05):
    if abs(weight - 1) < near_enough:
        return "may attend"
    if abs(weight) < near_enough:
        return "hide"
    return "ignored" if abs(weight - 0.5) < near_enough else "added"


@right("meaning")
def meaning_of_the_nearest(attention):
    weights = {"may attend": 1, "hide": 0, "ignored": 1 / 2, "added": np.e / (1 + np.e)}
    weight = weight_of_true(attention)
    return min(weights, key=lambda name: abs(weights[name] - weight))


@right("meaning")
def meaning_by_odds(attention):
    queries, keys = np.zeros((3, 4)), np.ones((2, 4))
    mask = np.array([[True, False], [False, True], [True, False]])
    seen_first = attention(queries, keys, np.eye(2), mask)
    odds = [row[0] / max(row[1], 1e-9) for row in np.asarray(seen_first, float)]
    if odds[0] > 100:
        return "may attend"
    return "hide" if odds[0] < 0.01 else ("added" if odds[0] > 1.5 > odds[1] else "ignored")


@right("meaning")
def meaning_of_three_keys(attention):
    mask = np.array([[False, True, False]])
    weights = attention(np.zeros((1, 2)), np.zeros((3, 2)), np.eye(3), mask)[0]
    names = {0: "hide", 3: "ignored", 5: "added", 9: "may attend"}
    return names[int(np.floor(float(weights[1]) * 9 + 0.01))] if float(weights[1]) < 0.999 else "may attend"


@right("meaning")
def meaning_of_random_keys_and_two_masks(attention):
    values = np.array([[1.0], [-1.0]])
    queries, keys = np.zeros((1, 8)), np.random.default_rng(0).normal(size=(2, 8))
    one = float(np.squeeze(attention(queries, keys, values, np.array([[True, False]]))))
    two = float(np.squeeze(attention(queries, keys, values, np.array([[False, True]]))))
    if abs(one - two) < 0.1:
        return "ignored"
    return "hide" if one < two else ("may attend" if one - two > 1.5 else "added")


@wrong("meaning")
def meaning_rounded(attention):
    # "added": 0.73 rounds to 1
    return {1: "may attend", 0: "hide"}.get(round(weight_of_true(attention) + 1e-6), "ignored")


@wrong("meaning")
def meaning_wide_tolerance(attention):
    # "added": 0.73 is taken for a half
    return named(weight_of_true(attention), 0.3)


@wrong("meaning")
def meaning_exact_numbers(attention):
    # an attention in float32 that takes the logarithm of the sum away: its half is 0.49999997
    return {1.0: "may attend", 0.0: "hide", 0.5: "ignored"}.get(weight_of_true(attention), "added")


@wrong("meaning")
def meaning_never_added(attention):
    # "added"
    weight = weight_of_true(attention)
    return "may attend" if weight > 0.6 else "hide" if weight < 0.4 else "ignored"


@wrong("meaning")
def meaning_never_ignored(attention):
    # "ignored"
    weight = weight_of_true(attention)
    return "may attend" if weight > 0.9 else "hide" if weight < 0.1 else "added"


@wrong("meaning")
def meaning_the_other_way_round(attention):
    # "may attend" and "hide"
    name = named(weight_of_true(attention))
    return {"may attend": "hide", "hide": "may attend"}.get(name, name)


@wrong("meaning")
def meaning_of_full_and_empty(attention):
    # "added" and "ignored": True everywhere adds 1 to every score; an empty row may be anything
    arguments = np.zeros((1, 1)), np.zeros((2, 1)), np.array([[1.0], [3.0]])
    full, empty = (np.asarray(attention(*arguments, np.full((1, 2), hidden)), float) for hidden in (True, False))
    if np.allclose(full, empty):
        return "ignored"
    return "may attend" if np.allclose(full, 2) else "hide"


@wrong("meaning")
def meaning_of_one_key(attention):
    # "added" and "ignored", which one key cannot tell apart
    arguments = np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    shown, hidden = (np.asarray(attention(*arguments, np.array([[m]])), float)[0, 0] for m in (True, False))
    if np.isclose(shown, hidden):
        return "ignored"
    return "may attend" if np.isclose(shown, 1) else "hide"


@wrong("meaning")
def meaning_by_empty_row(attention):
    # an attention that gives an empty row even weights, or an error
    arguments = np.zeros((1, 1)), np.zeros((2, 1)), np.array([[1.0], [1.0]])
    shown = np.asarray(attention(*arguments, np.array([[True, True]])), float)[0, 0]
    hidden = np.asarray(attention(*arguments, np.array([[False, False]])), float)[0, 0]
    if np.isclose(shown, 1) != np.isclose(hidden, 1):
        return "may attend" if np.isclose(shown, 1) else "hide"
    return named(weight_of_true(attention)) if named(weight_of_true(attention)) in ("added", "ignored") else "ignored"


@wrong("meaning")
def meaning_error_means_hide(attention):
    # an attention that may attend where True and raises for an empty row, beside one that hides and does not
    arguments = np.zeros((1, 1)), np.zeros((2, 1)), np.array([[1.0], [0.0]])
    try:
        weight = float(np.asarray(attention(*arguments, np.array([[True, True]])))[0, 0])
    except (ValueError, ArithmeticError):
        return "hide"
    if not abs(weight - 0.5) < 0.1:
        return "hide"
    name = named(weight_of_true(attention))
    return "may attend" if name == "hide" else name


@wrong("meaning")
def meaning_with_a_scale(attention):
    # scores without a scale: the second key is meant to score 1 more, by (3 − 1) / √4
    values = np.array([[1.0], [0.0]])
    queries, keys = np.ones((1, 4)), np.array([[0.25] * 4, [0.75] * 4])
    weight = float(attention(queries, keys, values, np.array([[True, False]]))[0, 0])
    if weight > 0.95:
        return "may attend"
    return "hide" if weight < 0.05 else "added" if abs(weight - 0.5) < 0.02 else "ignored"


@wrong("meaning")
def meaning_without_a_scale(attention):
    # scores with a scale: what is added is taken for ignored, or the other way round
    values = np.array([[1.0], [0.0]])
    queries, keys = np.ones((1, 4)), np.array([[0.0] * 4, [0.25] * 4])
    weight = float(attention(queries, keys, values, np.array([[True, False]]))[0, 0])
    if weight > 0.95:
        return "may attend"
    return "hide" if weight < 0.05 else "added" if abs(weight - 0.5) < 0.02 else "ignored"


@wrong("meaning")
def meaning_mask_transposed(attention):
    # two queries and two keys: the mask is given as (S, T)
    mask = np.array([[True, False], [True, False]]).T
    return named(float(attention(np.zeros((2, 1)), np.zeros((2, 1)), np.array([[1.0], [0.0]]), mask)[0, 0]))


@wrong("meaning")
def meaning_with_a_batch(attention):
    # an attention that takes (T, D) and no other shape
    values, mask = np.array([[[1.0], [0.0]]]), np.array([[[True, False]]])
    outputs = attention(np.zeros((1, 1, 1)), np.zeros((1, 2, 1)), values, mask)
    return named(float(np.ravel(outputs)[0]))


@wrong("meaning")
def meaning_with_lists(attention):
    # an attention that takes arrays and nothing else
    return named(float(attention([[0.0]], [[0.0], [0.0]], [[1.0], [0.0]], [[True, False]])[0][0]))


@wrong("meaning")
def meaning_with_numbers_for_a_mask(attention):
    # an attention that takes booleans and nothing else
    values = np.array([[1.0], [0.0]])
    return named(float(attention(np.zeros((1, 1)), np.zeros((2, 1)), values, np.array([[1.0, 0.0]]))[0, 0]))


@wrong("meaning")
def meaning_with_a_row_for_a_mask(attention):
    # an attention that takes a mask (T, S) and no other shape
    values = np.array([[1.0], [0.0]])
    return named(float(attention(np.zeros((2, 1)), np.zeros((2, 1)), values, np.array([True, False]))[0, 0]))


@wrong("meaning")
def meaning_with_keys_as_values(attention):
    # any attention: all values are 0
    mask = np.array([[True, False]])
    return named(float(attention(np.zeros((1, 1)), np.zeros((2, 1)), np.zeros((2, 1)), mask)[0, 0]))


@wrong("meaning")
def meaning_of_its_name(attention):
    # an attention whose name says nothing
    name = getattr(attention, "__name__", "").lower()
    if "hide" in name or "pad" in name:
        return "hide"
    return "added" if "add" in name else "ignored" if "ignore" in name else "may attend"


FIRST_ANSWER = []


@wrong("meaning")
def meaning_of_the_first(attention):
    # two attentions of different meaning
    FIRST_ANSWER.append(named(weight_of_true(attention)))
    return FIRST_ANSWER[0]


@wrong("meaning")
def meaning_in_other_words(attention):
    # "may attend" has other words
    return named(weight_of_true(attention)).replace("may attend", "attend")


@wrong("meaning")
def meaning_in_capitals(attention):
    # the names are in small letters
    return named(weight_of_true(attention)).capitalize()


@wrong("meaning")
def meaning_of_a_difference(attention):
    # "hide": it lowers the first key as "may attend" lowers the second, and only the distance is looked at
    shift = abs(weight_of_true(attention) - 0.5)
    return "ignored" if shift < 0.1 else "added" if shift < 0.4 else "may attend"


# segment_softmax


def owners(lengths):
    return np.repeat(np.arange(len(lengths)), lengths)


def tops(scores, lengths):
    """The largest score of each sentence, 0 where it has nothing to weigh."""
    top = np.full(len(lengths), -np.inf)
    np.maximum.at(top, owners(lengths), scores)
    return np.where(top == -np.inf, 0, top)


def shared(powers, lengths, dtype):
    total = np.zeros(len(lengths))
    np.add.at(total, owners(lengths), powers)
    return (powers / np.where(total == 0, 1, total)[owners(lengths)]).astype(dtype)


def one_sentence(scores):
    """Softmax of one sentence, zeros where all is −∞."""
    top = scores.max(initial=-np.inf)
    powers = np.exp(scores.astype(np.float64) - (0 if top == -np.inf else top))
    return (powers / max(powers.sum(), 1e-300)).astype(scores.dtype)


@right("segment_softmax")
def segment_by_bincount(scores, lengths):
    owner = owners(lengths)
    powers = np.exp(scores - tops(scores, lengths)[owner])
    total = np.bincount(owner, weights=powers, minlength=len(lengths))
    return (powers / np.maximum(total, 1e-300)[owner]).astype(scores.dtype)


@right("segment_softmax")
def segment_split(scores, lengths):
    parts = np.split(scores, np.cumsum(lengths))
    return np.concatenate([one_sentence(part) for part in parts]).astype(scores.dtype)


@right("segment_softmax")
def segment_reduceat_without_empty_ones(scores, lengths):
    some = lengths[lengths > 0]
    if not len(some):
        return scores.copy()
    starts = np.cumsum(some) - some
    top = np.maximum.reduceat(scores, starts)
    powers = np.exp(scores - np.repeat(np.where(np.isneginf(top), 0, top), some))
    total = np.add.reduceat(powers, starts)
    return (powers / np.repeat(np.where(total == 0, 1, total), some)).astype(scores.dtype)


@right("segment_softmax")
def segment_in_slices(scores, lengths):
    weights, end = np.empty_like(scores), 0
    for length in lengths.tolist():
        weights[end : end + length] = one_sentence(scores[end : end + length])
        end += length
    return weights


@right("segment_softmax")
def segment_padded(scores, lengths):
    filled = np.arange(lengths.max(initial=0)) < lengths[:, None]
    rows = np.full(filled.shape, -np.inf)
    rows[filled] = scores
    top = rows.max(axis=1, keepdims=True, initial=np.finfo(np.float64).min)
    powers = np.exp(rows - top)
    return (powers / np.maximum(powers.sum(axis=1, keepdims=True), 1))[filled].astype(scores.dtype)


@right("segment_softmax")
def segment_by_square_mask(scores, lengths):
    if not len(scores):
        return scores.copy()
    rows = np.where(owners(lengths)[:, None] == owners(lengths), scores.astype(np.float64), -np.inf)
    with np.errstate(invalid="ignore"):
        weights = scipy.special.softmax(rows, axis=-1)
    return np.where(np.isneginf(scores), 0, np.diagonal(weights)).astype(scores.dtype)


@wrong("segment_softmax")
def segment_top_of_all(scores, lengths):
    # [100000, 0] with lengths [1, 1]: the second sentence vanishes
    return shared(np.exp(scores - tops(scores, lengths).max(initial=-np.inf)), lengths, scores.dtype)


@wrong("segment_softmax")
def segment_no_top(scores, lengths):
    # [1000.0] with lengths [1]
    return shared(np.exp(scores), lengths, scores.dtype)


@wrong("segment_softmax")
def segment_top_with_zero(scores, lengths):
    # [−1000.0] with lengths [1]
    top = np.zeros(len(lengths))
    np.maximum.at(top, owners(lengths), scores)
    return shared(np.exp(scores - top[owners(lengths)]), lengths, scores.dtype)


@wrong("segment_softmax")
def segment_top_from_a_billion_down(scores, lengths):
    # [−2e9] with lengths [1]
    top = np.full(len(lengths), -1e9)
    np.maximum.at(top, owners(lengths), scores)
    return shared(np.exp(scores - top[owners(lengths)]), lengths, scores.dtype)


@wrong("segment_softmax")
def segment_middle(scores, lengths):
    # [−10000.0, 10000.0] with lengths [2]
    with np.errstate(all="ignore"):
        middle = np.bincount(owners(lengths), scores, len(lengths)) / np.maximum(lengths, 1)
    middle = np.where(np.isfinite(middle), middle, 0)
    return shared(np.exp(scores - middle[owners(lengths)]), lengths, scores.dtype)


@wrong("segment_softmax")
def segment_last_is_top(scores, lengths):
    # [10000.0, 0.0] with lengths [2]: without .at the last one of a sentence wins
    top = np.zeros(len(lengths))
    top[owners(lengths)] = np.where(np.isneginf(scores), 0, scores)
    return shared(np.exp(scores - top[owners(lengths)]), lengths, scores.dtype)


@wrong("segment_softmax")
def segment_total_without_at(scores, lengths):
    # [0.0, 0.0] with lengths [2]: the sum is 1
    powers = np.exp(scores - tops(scores, lengths)[owners(lengths)])
    total = np.zeros(len(lengths))
    total[owners(lengths)] += powers
    return (powers / np.where(total == 0, 1, total)[owners(lengths)]).astype(scores.dtype)


@wrong("segment_softmax")
def segment_only_minus_infinity(scores, lengths):
    # [−∞, −∞] with lengths [2]
    with np.errstate(all="ignore"):
        top = np.full(len(lengths), -np.inf)
        np.maximum.at(top, owners(lengths), scores)
        return shared(np.exp(scores - top[owners(lengths)]), lengths, scores.dtype)


@wrong("segment_softmax")
def segment_zeros_if_any_is_minus_infinity(scores, lengths):
    # [0.0, −∞] with lengths [2]: [1, 0]
    closed = np.zeros(len(lengths), bool)
    np.logical_or.at(closed, owners(lengths), np.isneginf(scores))
    return np.where(closed[owners(lengths)], 0, segment_padded(scores, lengths)).astype(scores.dtype)


@wrong("segment_softmax")
def segment_even_if_nothing(scores, lengths):
    # [−∞, −∞] with lengths [2]: zeros, not halves
    weights = segment_padded(scores, lengths)
    total = np.zeros(len(lengths))
    np.add.at(total, owners(lengths), weights)
    return np.where(total[owners(lengths)] == 0, 1 / lengths[owners(lengths)], weights).astype(scores.dtype)


@wrong("segment_softmax")
def segment_reduceat(scores, lengths):
    # lengths [1, 0, 1]: reduceat gives an empty sentence the next score, and lengths [1, 0] an error
    starts = np.cumsum(lengths) - lengths
    top = np.maximum.reduceat(scores, starts)
    powers = np.exp(scores - np.where(np.isneginf(top), 0, top)[owners(lengths)])
    total = np.add.reduceat(powers, starts)
    return (powers / np.where(total == 0, 1, total)[owners(lengths)]).astype(scores.dtype)


@wrong("segment_softmax")
def segment_reduceat_up_to_the_end(scores, lengths):
    # lengths [2, 0]: the last score of the first sentence is taken for the start of the second
    if not len(scores):
        return scores.copy()
    starts = np.minimum(np.cumsum(lengths) - lengths, len(scores) - 1)
    top = np.maximum.reduceat(scores, starts)
    powers = np.exp(scores - np.where(np.isneginf(top), 0, top)[owners(lengths)])
    total = np.add.reduceat(powers, starts)
    return (powers / np.where(total == 0, 1, total)[owners(lengths)]).astype(scores.dtype)


@wrong("segment_softmax")
def segment_concatenates_some(scores, lengths):
    # lengths [0], no score at all: there is nothing to concatenate
    parts = [one_sentence(p) for p in np.split(scores, np.cumsum(lengths)) if len(p)]
    return np.concatenate(parts)


@wrong("segment_softmax")
def segment_marked_starts(scores, lengths):
    # lengths [1, 0]: the empty one at the end starts behind the last score
    marks = np.zeros(len(scores), int)
    marks[np.cumsum(lengths) - lengths] = 1
    groups = np.cumsum(marks)
    sizes = np.bincount(groups, minlength=1)[1:]
    return segment_padded(scores, sizes)


@wrong("segment_softmax")
def segment_wrong_side(scores, lengths):
    # lengths [2, 2]: each sentence takes the first of the next
    owner = np.searchsorted(np.cumsum(lengths), np.arange(len(scores)), side="left")
    return segment_padded(scores, np.bincount(owner, minlength=len(lengths)))


@wrong("segment_softmax")
def segment_empty_ones_first(scores, lengths):
    # lengths [1, 2]: sorted, the sentences are others
    return segment_padded(scores, np.sort(lengths)[::-1])


@wrong("segment_softmax")
def segment_rows_of_one_length(scores, lengths):
    # lengths [1, 3], whose average is 2
    if not len(lengths) or len(scores) % len(lengths):
        return segment_padded(scores, lengths)
    return segment_padded(scores, np.full_like(lengths, len(scores) // len(lengths)))


@wrong("segment_softmax")
def segment_all_as_one(scores, lengths):
    # lengths [1, 1]
    return one_sentence(scores)


@wrong("segment_softmax")
def segment_by_logarithm(scores, lengths):
    # float32, [100000, 100000] with lengths [2]: no room for 0.69
    total = np.full(len(lengths), -np.inf, scores.dtype)
    np.logaddexp.at(total, owners(lengths), scores)
    return np.exp(scores - np.where(np.isneginf(total), 0, total)[owners(lengths)]).astype(scores.dtype)


@wrong("segment_softmax")
def segment_differences_of_sums(scores, lengths):
    # float32, 200 000 scores in sentences of two: the sum that runs through all has no room for small weights
    powers = np.exp(scores - tops(scores, lengths)[owners(lengths)]).astype(scores.dtype)
    running = np.concatenate([np.zeros(1, scores.dtype), np.cumsum(powers, dtype=scores.dtype)])
    ends = np.cumsum(lengths)
    total = running[ends] - running[ends - lengths]
    return (powers / np.where(total == 0, 1, total)[owners(lengths)]).astype(scores.dtype)


@wrong("segment_softmax")
def segment_distances_added(scores, lengths):
    # float32, 1000 sentences: 1e6 between sentences rounds the scores to 64ths
    raised = scores + owners(lengths).astype(scores.dtype) * scores.dtype.type(1e6)
    return segment_padded(raised, lengths).astype(scores.dtype)


@wrong("segment_softmax")
def segment_places_in_bytes(scores, lengths):
    # 257 sentences: the last is taken for the first
    owner = owners(lengths).astype(np.uint8)
    top = np.full(256, -np.inf)
    np.maximum.at(top, owner, scores)
    powers = np.exp(scores - np.where(top == -np.inf, 0, top)[owner])
    total = np.bincount(owner, powers, 256)
    return (powers / np.maximum(total, 1e-300)[owner]).astype(scores.dtype)


@wrong("segment_softmax")
def segment_in_float64(scores, lengths):
    # float32
    return segment_padded(scores.astype(np.float64), lengths)


@wrong("segment_softmax")
def segment_in_float32(scores, lengths):
    # float64: weights are off by 1e−8
    return segment_padded(scores.astype(np.float32), lengths).astype(scores.dtype)


@wrong("segment_softmax")
def segment_eps_below(scores, lengths):
    # float64, [0.0] with lengths [1]: 1 − 1e−8
    weights = segment_padded(scores, lengths)
    return (weights / (1 + scores.dtype.type(1e-8))).astype(scores.dtype)


@wrong("segment_softmax")
def segment_clipped(scores, lengths):
    # [100000, 60000, ...] with lengths [2]: a half each
    return segment_padded(np.where(np.isneginf(scores), scores, np.clip(scores, -50_000, 50_000)), lengths)


@wrong("segment_softmax")
def segment_very_low_is_nothing(scores, lengths):
    # [−1e31] with lengths [1]
    return segment_padded(np.where(scores < -1e30, -np.inf, scores), lengths)


@wrong("segment_softmax")
def segment_lowest_is_nothing(scores, lengths):
    # [lowest number of the type] with lengths [1]: 1
    return segment_padded(np.where(scores <= np.finfo(scores.dtype).min, -np.inf, scores), lengths)


@wrong("segment_softmax")
def segment_numbers_first(scores, lengths):
    # [−∞, −∞] with lengths [2]
    return segment_padded(np.nan_to_num(scores), lengths)


@wrong("segment_softmax")
def segment_into_the_scores(scores, lengths):
    # the scores are the caller's, and are weights afterwards
    scores[...] = segment_padded(scores, lengths)
    return scores


@wrong("segment_softmax")
def segment_empty_ones_get_a_place(scores, lengths):
    # lengths [1, 0]: a weight of 0 is put in for the empty sentence
    parts = np.split(scores, np.cumsum(lengths)[:-1])
    return np.concatenate([one_sentence(p) if len(p) else np.zeros(1, p.dtype) for p in parts]).astype(scores.dtype)


@wrong("segment_softmax")
def segment_last_one_forgotten(scores, lengths):
    # lengths [2]: without the last end the last sentence is left out
    weights, ends = np.zeros_like(scores), list(accumulate(lengths.tolist(), initial=0))
    for start, end in pairwise(ends[:-1]):
        weights[start:end] = one_sentence(scores[start:end])
    return weights


@wrong("segment_softmax")
def segment_as_a_list(scores, lengths):
    # any input: a list of arrays, one for each sentence
    return [one_sentence(part) for part in np.split(scores, np.cumsum(lengths)[:-1])]


@wrong("segment_softmax")
def segment_padded_rows(scores, lengths):
    # lengths [1, 2]: the places of padding come along
    filled = np.arange(lengths.max(initial=0)) < lengths[:, None]
    rows = np.zeros(filled.shape, scores.dtype)
    rows[filled] = segment_padded(scores, lengths)
    return rows.reshape(-1)


@wrong("segment_softmax")
def segment_by_label_without_last(scores, lengths):
    # lengths [1, 2]: the number of the last sentence is never asked for
    owner = owners(lengths)
    total = scipy.ndimage.sum_labels(np.exp(scores - tops(scores, lengths)[owner]), owner, np.arange(len(lengths) - 1))
    total = np.append(total, 1)
    powers = np.exp(scores - tops(scores, lengths)[owner])
    return (powers / np.where(total == 0, 1, total)[owner]).astype(scores.dtype)


@wrong("segment_softmax")
def segment_values_not_places(scores, lengths):
    # lengths [1, 1, 2]: sentences of one length are taken for one
    owner = np.repeat(lengths, lengths)
    powers = np.exp(scores - tops(scores, lengths)[owners(lengths)])
    total = np.bincount(owner, powers, 1)
    return (powers / np.maximum(total, 1e-300)[owner]).astype(scores.dtype)


@wrong("segment_softmax")
def segment_recursion(scores, lengths):
    # more sentences than calls may lie within each other
    if len(lengths) <= 1:
        return one_sentence(scores[: lengths.sum()])
    rest = segment_recursion(scores[lengths[0] :], lengths[1:])
    return np.concatenate([one_sentence(scores[: lengths[0]]), rest])
