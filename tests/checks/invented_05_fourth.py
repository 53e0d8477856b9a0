"""Answers to the exercises of chapter 5, invented from the tasks alone: a fourth set.

The docstring of a wrong one says what is wrong and, after "Witness", for which input it shows.
"""

import math

from attention.frameworks import np
from tests.checks.register import Answers

answers = Answers("05")
wrong, right = answers.unlisted, answers.right


# --- right pieces, to spoil ------------------------------------------------------------------------------------------


def _t(x):
    return np.swapaxes(x, -1, -2)


def _softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _through_softmax(weights, grad):
    return weights * (grad - (weights * grad).sum(-1, keepdims=True))


def _weights(scores, mask):
    opened = np.where(mask.any(-1, keepdims=True), np.where(mask, scores, -np.inf), 0)
    return np.where(mask, _softmax(opened), 0)


def _seen(mask, values):
    return np.where(mask.any(-2)[..., None], values, 0)


def _from_weights(weights, values, grad_output):
    return _through_softmax(weights, grad_output @ _t(values)), _t(weights) @ grad_output


# --- 5.1 -------------------------------------------------------------------------------------------------------------

answers.by_hand(
    "covariance_by_hand",
    wrong={  # right is 1, 1.5, 4.5, 9
        "only_the_one_feature_counted": [1.0, 1.5, 4.5, 18.0],  # √1 in place of √4
        "divided_by_four": [1.0, 1.5, 4.5, 4.5],  # D in place of √D
        "covariance_without_the_means": [1.0, 1.5, 6.0, 12.0],  # Σ p v k
        "mean_taken_off_twice": [1.0, 1.5, 3.0, 6.0],  # 6 − 2·1.5
        "unbiased_covariance": [1.0, 1.5, 7.2, 14.4],  # np.cov(…, aweights=p): divided by 1 − Σ p²
        "plain_averages": [0.0, 4 / 3, 16 / 3, 32 / 3],  # every word a third
        "query_from_above_forgotten": [1.0, 1.5, 4.5, 2.25],  # without ō = 4
        "key_before_output": [1.5, 1.0, 4.5, 9.0],
        "a_sign_in_the_last_word": [1.0, 1.5, -4.25, -8.5],  # (−5)(−3.5) taken for −17.5
        "average_key_over_four_features": [1.0, 0.375, 4.5, 9.0],
        "whole_gradient": [1.0, 1.5, 4.5, 9.0, 0.0, 0.0, 0.0],  # seven numbers, not four
    },
    right={
        "a_tuple_with_whole_numbers": (1, 1.5, 4.5, 9),
        "an_array_of_single_precision": np.array([1, 1.5, 4.5, 9], np.float32),
    },
)


# --- 5.2 -------------------------------------------------------------------------------------------------------------


@wrong("masked_backward")
def repairs_values_with_nan_to_num(scores, mask, values, grad_output):
    """An infinite value becomes 1.8e308, and times 2 infinite again. Witness: a value inf that nobody sees, grad 2."""
    return _from_weights(_weights(scores, mask), np.nan_to_num(values), grad_output)


@wrong("masked_backward")
def repairs_only_what_is_not_finite(scores, mask, values, grad_output):
    """The unseen value may be large as well. Witness: unseen values of 1.5e308 (3e38 in float32), grad 2: 0 · inf."""
    return _from_weights(_weights(scores, mask), np.where(np.isfinite(values), values, 0), grad_output)


@wrong("masked_backward")
def repairs_the_result(scores, mask, values, grad_output):
    """The NaN is in the average of the row, so that all of its gradient becomes 0. Witness: one unseen NaN value."""
    grad_scores, grad_values = _from_weights(_weights(scores, mask), values, grad_output)
    return np.nan_to_num(grad_scores), grad_values


@wrong("masked_backward")
def sums_without_nan_and_multiplies_with_it(scores, mask, values, grad_output):
    """nansum saves the average, but 0 · NaN stays in the unseen column. Witness: one unseen NaN value."""
    weights = _weights(scores, mask)
    grad = grad_output @ _t(values)
    return weights * (grad - np.nansum(weights * grad, -1, keepdims=True)), _t(weights) @ grad_output


@wrong("masked_backward")
def repairs_nan_of_the_weights_gradient(scores, mask, values, grad_output):
    """NaN is put to 0 in the gradient of the weights, inf not. Witness: an unseen value of inf, grad 1."""
    weights = _weights(scores, mask)
    grad = grad_output @ _t(values)
    return _through_softmax(weights, np.where(np.isnan(grad), 0, grad)), _t(weights) @ grad_output


@wrong("masked_backward")
def unseen_values_times_zero(scores, mask, values, grad_output):
    """NaN times False is NaN. Witness: one unseen NaN value."""
    return _from_weights(_weights(scores, mask), values * mask.any(-2)[..., None], grad_output)


@wrong("masked_backward")
def gradient_times_mask(scores, mask, values, grad_output):
    """The same, one step later. Witness: one unseen NaN value."""
    weights = _weights(scores, mask)
    return _through_softmax(weights, grad_output @ _t(values) * mask), _t(weights) @ grad_output


@wrong("masked_backward")
def seen_in_any_set(scores, mask, values, grad_output):
    """A value counts as seen if it is in another set. Witness: two sets, key 1 unseen and NaN in the first only."""
    seen = mask.reshape(-1, mask.shape[-1]).any(0)
    return _from_weights(_weights(scores, mask), np.where(seen[:, None], values, 0), grad_output)


@wrong("masked_backward")
def seen_by_the_last_query(scores, mask, values, grad_output):
    """Thinks of the causal mask, whose last row sees all. Witness: a key that only the first query may see."""
    return _from_weights(_weights(scores, mask), np.where(mask[..., -1, :, None], values, 0), grad_output)


@wrong("masked_backward")
def seen_by_everybody(scores, mask, values, grad_output):
    """all for any. Witness: a causal mask, random values."""
    return _from_weights(_weights(scores, mask), np.where(mask.all(-2)[..., None], values, 0), grad_output)


@wrong("masked_backward")
def largest_score_may_be_hidden(scores, mask, values, grad_output):
    """Shifts by the largest score, masked or not. Witness: a masked score of 1000 beside 0 and 1: both underflow."""
    powers = np.exp(scores - scores.max(-1, keepdims=True)) * mask
    total = powers.sum(-1, keepdims=True)
    return _from_weights(powers / np.where(total == 0, 1, total), _seen(mask, values), grad_output)


@wrong("masked_backward")
def hidden_largest_score_and_epsilon(scores, mask, values, grad_output):
    """The same with 1e-6 below the line. Witness: a masked score of 20 beside 0 and 1."""
    powers = np.exp(scores - scores.max(-1, keepdims=True)) * mask
    return _from_weights(powers / (powers.sum(-1, keepdims=True) + 1e-6), _seen(mask, values), grad_output)


@wrong("masked_backward")
def penalty_of_hundred(scores, mask, values, grad_output):
    """Adds −100 where masked, and closes with the mask. Witness: a masked score of 150 beside 0 and 1."""
    weights = _softmax(scores - 100.0 * ~mask) * mask
    return _from_weights(weights, _seen(mask, values), grad_output)


@wrong("masked_backward")
def fills_with_minus_ten_thousand(scores, mask, values, grad_output):
    """−1e4 is larger than what is seen. Witness: scores −20000 and −20001 seen, 0 masked: both get weight 0."""
    weights = _softmax(np.where(mask, scores, -1e4)) * mask
    return _from_weights(weights, _seen(mask, values), grad_output)


@wrong("masked_backward")
def one_largest_for_all_rows(scores, mask, values, grad_output):
    """Witness: two queries with scores near 0 and near 1000: the first row underflows."""
    powers = np.where(mask, np.exp(scores - scores.max()), 0)
    total = powers.sum(-1, keepdims=True)
    return _from_weights(powers / np.where(total == 0, 1, total), _seen(mask, values), grad_output)


@wrong("masked_backward")
def nothing_shifted(scores, mask, values, grad_output):
    """Witness: scores of 800 and 801: inf / inf."""
    powers = np.where(mask, np.exp(scores), 0)
    total = powers.sum(-1, keepdims=True)
    return _from_weights(powers / np.where(total == 0, 1, total), _seen(mask, values), grad_output)


@wrong("masked_backward")
def not_normalized_again(scores, mask, values, grad_output):
    """Softmax first, mask afterwards. Witness: three equal scores, one masked: a third each in place of a half."""
    return _from_weights(_softmax(scores) * mask, _seen(mask, values), grad_output)


@wrong("masked_backward")
def empty_rows_stay_open(scores, mask, values, grad_output):
    """The scores get 0, but the values get a part of an empty query. Witness: one empty row, grad 1 there."""
    empty = ~mask.any(-1, keepdims=True)
    weights = _softmax(np.where(mask | empty, np.where(empty, 0, scores), -np.inf))
    grad_scores, grad_values = _from_weights(weights, _seen(mask, values), grad_output)
    return grad_scores * mask, grad_values


@wrong("masked_backward")
def empty_rows_see_the_first_key(scores, mask, values, grad_output):
    """Opened at key 0 and never closed. The scores are right. Witness: an empty row, grad 1: value 0 gets it."""
    mask = mask.copy()
    mask[..., 0] |= ~mask.any(-1)
    return _from_weights(_weights(scores, mask), _seen(mask, values), grad_output)


@wrong("masked_backward")
def empty_only_if_all_are(scores, mask, values, grad_output):
    """Witness: one empty row beside a full one: NaN."""
    if not mask.any():
        return np.zeros_like(scores), np.zeros_like(values)
    with np.errstate(invalid="ignore"):
        weights = _softmax(np.where(mask, scores, -np.inf))
    return _from_weights(weights, _seen(mask, values), grad_output)


@wrong("masked_backward")
def whole_set_skipped_for_an_empty_query(scores, mask, values, grad_output):
    """nan_to_num after the products. Witness: an empty row: its NaN is in every value's gradient, which becomes 0."""
    with np.errstate(invalid="ignore"):
        weights = _softmax(np.where(mask, scores, -np.inf))
    return tuple(np.nan_to_num(x) for x in _from_weights(weights, _seen(mask, values), grad_output))


@wrong("masked_backward")
def minus_the_plain_average(scores, mask, values, grad_output):
    """The average of the seen gradients, each with the same weight. Witness: scores 0 and 1, values 0 and 1."""
    weights = _weights(scores, mask)
    grad = grad_output @ _t(_seen(mask, values))
    average = (grad * mask).sum(-1, keepdims=True) / np.maximum(mask.sum(-1, keepdims=True), 1)
    return weights * (grad - average), _t(weights) @ grad_output


@wrong("masked_backward")
def in_single_precision(scores, mask, values, grad_output):
    """Single precision inside, double outside. Witness: float64 scores 30000.001 and 30000: 0.002 is their spacing."""
    kind = np.result_type(scores, values)
    single = (x.astype(np.float32) for x in (_seen(mask, values), grad_output))
    return tuple(x.astype(kind) for x in _from_weights(_weights(scores.astype(np.float32), mask), *single))


@wrong("masked_backward")
def squeezed_at_the_end(scores, mask, values, grad_output):
    """Witness: a batch of one set, (1, 2, 3): the first axis is gone."""
    return tuple(x.squeeze() for x in _from_weights(_weights(scores, mask), _seen(mask, values), grad_output))


@wrong("masked_backward")
def several_axes_become_one(scores, mask, values, grad_output):
    """Reshapes to (sets, T, S), and back only if there was no axis. Witness: two axes before the last two."""
    flat = [x.reshape(-1, *x.shape[-2:]) for x in (scores, mask, values, grad_output)]
    result = _from_weights(_weights(*flat[:2]), _seen(*flat[1:3]), flat[3])
    return tuple(x[0] for x in result) if scores.ndim == 2 else result


@right("masked_backward")
def gradient_of_weights_masked(scores, mask, values, grad_output):
    """NaN and inf go at most into columns that nobody sees, where the mask cuts them off."""
    weights = _weights(scores, mask)
    with np.errstate(all="ignore"):
        grad = np.where(mask, grad_output @ _t(values), 0)
    return _through_softmax(weights, grad), _t(weights) @ grad_output


@right("masked_backward")
def only_what_each_query_sees(scores, mask, values, grad_output):
    grad_scores, grad_values = np.zeros(scores.shape), np.zeros(values.shape)
    for place in np.ndindex(scores.shape[:-1]):
        keys = np.flatnonzero(mask[place])
        if len(keys):
            weights = _softmax(scores[place][keys].astype(np.float64))
            above = grad_output[place].astype(np.float64)
            grad_scores[(*place, keys)] = _through_softmax(weights, values[place[:-1]][keys].astype(np.float64) @ above)
            grad_values[place[:-1]][keys] += weights[:, None] * above
    return grad_scores, grad_values


@right("masked_backward")
def filled_with_the_least_number(scores, mask, values, grad_output):
    """The output in place of the average of the gradients, and the widest type there is."""
    wide = scores.astype(np.longdouble)
    weights = _softmax(np.where(mask, wide, np.finfo(scores.dtype).min)) * mask
    values, grad = _seen(mask, values).astype(np.longdouble), grad_output.astype(np.longdouble)
    downstream = (grad * np.einsum("...ts,...sd->...td", weights, values)).sum(-1)[..., None]
    return (
        weights * (np.einsum("...td,...sd->...ts", grad, values) - downstream),
        np.einsum("...ts,...td->...sd", weights, grad),
    )


# --- 5.3 -------------------------------------------------------------------------------------------------------------


def _hidden(queries, keys, query_weight, key_weight, bias):
    return np.tanh((queries @ query_weight)[..., :, None, :] + (keys @ key_weight)[..., None, :, :] + bias)


def _pairs(hidden, values, score_weight, grad_output, weights=None):
    """The gradient in front of the tanh (…, T, S, A), and that of the values."""
    weights = _softmax(hidden @ score_weight) if weights is None else weights
    grad_scores, grad_values = _from_weights(weights, values, grad_output)
    return grad_scores[..., None] * score_weight * (1 - hidden * hidden), grad_values


def _biased(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    hidden = _hidden(queries, keys, query_weight, key_weight, bias)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    return (
        pairs.sum(-2) @ query_weight.T,
        pairs.sum(-3) @ key_weight.T,
        grad_values,
        pairs.sum(tuple(range(pairs.ndim - 1))),
    )


def _finished(pairs, query_weight, key_weight, grad_values):
    """The results from the pairs."""
    return (
        pairs.sum(-2) @ query_weight.T,
        pairs.sum(-3) @ key_weight.T,
        grad_values,
        pairs.reshape(-1, pairs.shape[-1]).sum(0),
    )


@wrong("biased_additive_backward")
def bias_for_each_set(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """Summed over pairs, not over sets: (2, A) in place of (A,). Witness: a batch of two."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    return *_finished(pairs, query_weight, key_weight, grad_values)[:3], pairs.sum((-3, -2))


@wrong("biased_additive_backward")
def bias_over_one_axis_of_sets(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """Sums over a batch, if there is one. Witness: two axes of sets, (2, 3, T, D): (3, A) in place of (A,)."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    grad_bias = pairs.sum((-3, -2))
    grad_bias = grad_bias.sum(0) if grad_bias.ndim > 1 else grad_bias
    return *_finished(pairs, query_weight, key_weight, grad_values)[:3], grad_bias


@wrong("biased_additive_backward")
def bias_averaged_over_sets(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """Witness: a batch of two: half of it."""
    given = queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output
    *others, grad_bias = _biased(*given)
    return *others, grad_bias / np.prod(queries.shape[:-2])


@wrong("biased_additive_backward")
def bias_of_the_last_set(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """A loop that assigns where it should add. Witness: a batch of two."""
    shared = query_weight, key_weight, bias, score_weight
    grads = [np.zeros(x.shape, x.dtype) for x in (queries, keys, values)]
    for place in np.ndindex(queries.shape[:-2]):
        *parts, grad_bias = _biased(queries[place], keys[place], values[place], *shared, grad_output[place])
        for grad, part in zip(grads, parts, strict=True):
            grad[place] = part
    return *grads, grad_bias


@wrong("biased_additive_backward")
def bias_from_queries_and_from_keys(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """Counts every pair twice. Witness: any input with a gradient."""
    given = queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output
    *others, grad_bias = _biased(*given)
    return *others, 2 * grad_bias


@wrong("biased_additive_backward")
def bias_keeps_its_axes(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """(1, A) or (1, …, 1, A) in place of (A,). Witness: any input."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    return *_finished(pairs, query_weight, key_weight, grad_values)[:3], pairs.sum(-2).sum(-2, keepdims=True)


@wrong("biased_additive_backward")
def bias_not_in_the_way_forward(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """(3.9) with one sum more. Witness: a bias of 1."""
    hidden = _hidden(queries, keys, query_weight, key_weight, 0)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    return _finished(pairs, query_weight, key_weight, grad_values)


@wrong("biased_additive_backward")
def bias_with_both_projections(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """Two linear layers that both have the bias. Witness: a bias of 1."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias + bias)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    return _finished(pairs, query_weight, key_weight, grad_values)


@wrong("biased_additive_backward")
def bias_after_the_tanh(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """tanh(…) + b: the weights stay the same for every b. Witness: a bias of 1."""
    hidden = _hidden(queries, keys, query_weight, key_weight, 0)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    grad_scores, _ = _from_weights(_softmax((hidden + bias) @ score_weight), values, grad_output)
    grad_bias = (grad_scores[..., None] * score_weight).reshape(-1, len(bias)).sum(0)
    return *_finished(pairs, query_weight, key_weight, grad_values)[:3], grad_bias


@wrong("biased_additive_backward")
def scores_scaled_by_habit(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """Divides by √A. Witness: A = 4."""
    scaled = score_weight / np.sqrt(np.array(len(score_weight), score_weight.dtype))
    return _biased(queries, keys, values, query_weight, key_weight, bias, scaled, grad_output)


@wrong("biased_additive_backward")
def tanh_taken_twice(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """1 − tanh(a)² where a is the tanh already. Witness: hidden units of 0.9."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias)
    grad_scores, grad_values = _from_weights(_softmax(hidden @ score_weight), values, grad_output)
    pairs = grad_scores[..., None] * score_weight * (1 - np.tanh(hidden) ** 2)
    return _finished(pairs, query_weight, key_weight, grad_values)


@wrong("biased_additive_backward")
def slope_of_a_sigmoid(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """a (1 − a). Witness: hidden units of 0.5: 0.25 in place of 0.75."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias)
    grad_scores, grad_values = _from_weights(_softmax(hidden @ score_weight), values, grad_output)
    pairs = grad_scores[..., None] * score_weight * hidden * (1 - hidden)
    return _finished(pairs, query_weight, key_weight, grad_values)


@wrong("biased_additive_backward")
def tanh_of_two_exponentials(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ). Witness: queries of 100, a matrix of 10: inf / inf in float64 (x > 710)."""
    x = (queries @ query_weight)[..., :, None, :] + (keys @ key_weight)[..., None, :, :] + bias
    with np.errstate(all="ignore"):
        hidden = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    return _finished(pairs, query_weight, key_weight, grad_values)


@wrong("biased_additive_backward")
def exponentials_as_they_are(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """Thinks that tanh keeps the scores small. Witness: a score vector of 1000s."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias)
    with np.errstate(all="ignore"):
        powers = np.exp(hidden @ score_weight)
        weights = powers / powers.sum(-1, keepdims=True)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output, weights)
    return _finished(pairs, query_weight, key_weight, grad_values)


@wrong("biased_additive_backward")
def scores_clipped_at_thirty(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """Witness: a score vector of 40s, so that scores are 40 · 0.9 and 40 · 0.95."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias)
    weights = _softmax(np.clip(hidden @ score_weight, -30, 30))
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output, weights)
    return _finished(pairs, query_weight, key_weight, grad_values)


@wrong("biased_additive_backward")
def one_shift_for_the_batch(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """scores.max() of all queries. Witness: u = 1000, one query with hidden 1, one with −1: 0 / 0."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias)
    scores = hidden @ score_weight
    powers = np.exp(scores - scores.max())
    weights = powers / np.maximum(powers.sum(-1, keepdims=True), 1e-30)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output, weights)
    return _finished(pairs, query_weight, key_weight, grad_values)


@wrong("biased_additive_backward")
def pairs_kept_in_half_precision(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """Saves memory: the hidden units are rounded to three digits. Witness: any random input, 1e-4 off."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias).astype(np.float16).astype(queries.dtype)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    return _finished(pairs, query_weight, key_weight, grad_values)


@wrong("biased_additive_backward")
def query_matrix_not_turned(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """W_q in place of its transpose: runs where D = A. Witness: D = A = 3 and a matrix that is not symmetric."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    _, *others = _finished(pairs, query_weight, key_weight, grad_values)
    return pairs.sum(-2) @ query_weight, *others


@wrong("biased_additive_backward")
def sums_of_queries_and_keys_exchanged(
    queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output
):
    """The sum over the queries for the queries: runs where T = S. Witness: T = S = 3."""
    hidden = _hidden(queries, keys, query_weight, key_weight, bias)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    return _finished(np.swapaxes(pairs, -2, -3), query_weight, key_weight, grad_values)


@wrong("biased_additive_backward")
def pairs_of_a_single_set(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """None at the front: right without a batch. Witness: two sets, whose queries meet the keys of the other."""
    hidden = np.tanh((queries @ query_weight)[:, None] + (keys @ key_weight)[None] + bias)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    return pairs.sum(1) @ query_weight.T, pairs.sum(0) @ key_weight.T, grad_values, pairs.sum((0, 1))


@wrong("biased_additive_backward")
def bias_before_values(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """The order of results. Witness: any."""
    given = queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output
    grad_queries, grad_keys, grad_values, grad_bias = _biased(*given)
    return grad_queries, grad_keys, grad_bias, grad_values


@right("biased_additive_backward")
def bias_as_one_more_feature(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """A feature 1 of each query, and the bias as its row of the matrix."""
    longer = np.concatenate([queries, np.ones_like(queries[..., :1])], -1)
    matrix = np.concatenate([query_weight, bias[None]])
    hidden = _hidden(longer, keys, matrix, key_weight, 0)
    pairs, grad_values = _pairs(hidden, values, score_weight, grad_output)
    per_query = pairs.sum(-2)
    grad_matrix = longer.reshape(-1, longer.shape[-1]).T @ per_query.reshape(-1, per_query.shape[-1])
    return (per_query @ matrix.T)[..., :-1], pairs.sum(-3) @ key_weight.T, grad_values, grad_matrix[-1]


@right("biased_additive_backward")
def one_pair_after_the_other(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    grads = [np.zeros(x.shape) for x in (queries, keys, values, bias)]
    for place in np.ndindex(queries.shape[:-1]):
        own = place[:-1]
        hidden = [np.tanh(queries[place] @ query_weight + key @ key_weight + bias) for key in keys[own]]
        weights = _softmax(np.array([unit @ score_weight for unit in hidden]))
        output = weights @ values[own]
        for j, (weight, unit) in enumerate(zip(weights, hidden, strict=True)):
            score = weight * (grad_output[place] @ (values[own][j] - output))
            before = score * score_weight * (1 - unit) * (1 + unit)
            grads[0][place] += query_weight @ before
            grads[1][own][j] += key_weight @ before
            grads[2][own][j] += weight * grad_output[place]
            grads[3] += before
    return grads


@right("biased_additive_backward")
def slope_from_the_hyperbolic_cosine(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """1 / cosh², einsum, and the batch flattened to one axis."""
    shape = queries.shape[:-2]
    queries, keys, values, grad = (x.reshape(-1, *x.shape[-2:]) for x in (queries, keys, values, grad_output))
    x = np.einsum("btd,da->bta", queries, query_weight)[:, :, None] + bias
    x = x + np.einsum("bsk,ka->bsa", keys, key_weight)[:, None]
    weights = _softmax(np.einsum("btsa,a->bts", np.tanh(x), score_weight))
    grad_scores = _through_softmax(weights, np.einsum("btm,bsm->bts", grad, values))
    with np.errstate(over="ignore"):
        before = np.einsum("bts,a,btsa->btsa", grad_scores, score_weight, 1 / np.cosh(x) ** 2)
    results = (
        np.einsum("btsa,da->btd", before, query_weight),
        np.einsum("btsa,ka->bsk", before, key_weight),
        np.einsum("bts,btm->bsm", weights, grad),
    )
    return *(r.reshape(*shape, *r.shape[1:]) for r in results), np.einsum("btsa->a", before)


# --- 5.4 -------------------------------------------------------------------------------------------------------------


def _central(function, x, step):
    """Central differences on a copy in float64, with step(entry)."""
    copy = x.astype(np.float64)
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        entry = copy[place]
        width = step(entry)
        copy[place] = entry + width
        above = function(copy)
        copy[place] = entry - width
        slopes[place] = (above - function(copy)) / (2 * width)
        copy[place] = entry
    return slopes


def _one_sided(function, x, size):
    """Differences to one side, on a copy in float64, by `size` times the entry, or once where it is small."""
    copy = x.astype(np.float64)
    before, slopes = function(copy), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        entry = copy[place]
        width = size * max(1, abs(entry))
        copy[place] = entry + width
        slopes[place] = (function(copy) - before) / width
        copy[place] = entry
    return slopes


@wrong("numerical_gradient")
def step_in_proportion_only(function, x):
    """Witness: an entry of 0: 0 / 0."""
    with np.errstate(all="ignore"):
        return _central(function, x, lambda entry: 1e-5 * np.abs(entry))


@wrong("numerical_gradient")
def step_for_the_largest_entry(function, x):
    """Witness: x = (3e6, 1), x₀ + eˣ¹: a step of 30 for the entry 1."""
    return _central(function, x, lambda entry: 1e-5 * max(1, np.abs(x.astype(np.float64)).max()))


@wrong("numerical_gradient")
def step_for_the_average_entry(function, x):
    """Witness: x = (3e6, 1), x₀ + eˣ¹: a step of 15 for the entry 1."""
    return _central(function, x, lambda entry: 1e-5 * (1 + np.abs(x.astype(np.float64)).mean()))


@wrong("numerical_gradient")
def large_below_zero_not_seen(function, x):
    """max(1, x) without abs. Witness: x = −3e6, x₀: the step 1e-5 is rounded, 7.6e-6 off."""
    return _central(function, x, lambda entry: 1e-5 * max(1, entry))


@wrong("numerical_gradient")
def the_same_step_everywhere(function, x):
    """1e-5 for a million too. Witness: x = 3e6, x₀: 7.6e-6 off, as the step is rounded to multiples of 4.7e-10."""
    return _central(function, x, lambda entry: 1e-5)


@wrong("numerical_gradient")
def step_from_the_callers_type(function, x):
    """The cube root of the epsilon of x's type. Witness: x = (1, 2) in float32, exp(2 x₀ − x₁): 1.6e-5 off."""
    width = np.finfo(x.dtype).eps ** (1 / 3)
    return _central(function, x, lambda entry: width * max(1, abs(entry)))


@wrong("numerical_gradient")
def step_of_a_hundredth(function, x):
    """Witness: exp(2 x₀ − x₁): the third derivative adds 7e-5."""
    return _central(function, x, lambda entry: 1e-2 * max(1, abs(entry)))


@wrong("numerical_gradient")
def step_of_the_root_of_epsilon(function, x):
    """1.5e-8, right for one side. Witness: 1e4 + exp(2 x₀ − x₁) at (0.7, 2): 3e-5 off."""
    return _central(function, x, lambda entry: np.sqrt(np.finfo(np.float64).eps) * max(1, abs(entry)))


@wrong("numerical_gradient")
def tiny_step_at_zero(function, x):
    """1e-5 in proportion plus 1e-10. Witness: x = 0, 1000 + x: a step of 1e-10 below a rounding of 1e-13."""
    return _central(function, x, lambda entry: 1e-5 * abs(entry) + 1e-10)


@wrong("numerical_gradient")
def one_side_with_a_good_step(function, x):
    """Witness: exp(2 x₀ − x₁): 1e-5 off."""
    return _one_sided(function, x, 1e-5)


@wrong("numerical_gradient")
def one_side_with_the_root_of_epsilon(function, x):
    """As SciPy's approx_fprime. Witness: 1e4 + exp(2 x₀ − x₁) at (0.7, 2): 4e-5 off."""
    return _one_sided(function, x, 1.5e-8)


@wrong("numerical_gradient")
def slopes_in_the_callers_type(function, x):
    """zeros_like(x), as in the broken one. Witness: x in float16, 1e5 x: infinite; float32: not float64."""
    with np.errstate(over="ignore"):
        return _central(function, x, lambda entry: 1e-5 * max(1, abs(entry))).astype(x.dtype)


@wrong("numerical_gradient")
def copy_in_the_callers_type(function, x):
    """x.copy() stays float32. Witness: x = (1, 2) in float32: the step 1e-5 is rounded to 1.2e-7."""
    copy, slopes = x.copy(), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        entry = copy[place]
        width = 1e-5 * max(1, abs(entry))
        copy[place] = entry + width
        above = function(copy)
        copy[place] = entry - width
        slopes[place] = (above - function(copy)) / (2 * width)
        copy[place] = entry
    return slopes


@wrong("numerical_gradient")
def callers_array_put_back_by_sums(function, x):
    """asarray does not copy float64, and + h − 2h + h is not 0. Witness: x = (0.3, 0.7, 0.123): changed by 1e-17."""
    own, slopes = np.asarray(x, np.float64), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        width = 1e-5 * max(1, abs(own[place]))
        own[place] += width
        above = function(own)
        own[place] -= 2 * width
        slopes[place] = (above - function(own)) / (2 * width)
        own[place] += width
    return slopes


@wrong("numerical_gradient")
def entries_stay_below(function, x):
    """A copy, but nothing is put back. Witness: exp(2 x₀ − x₁): the slope along x₁ is off by 2e-5."""
    copy, slopes = x.astype(np.float64), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        width = 1e-5 * max(1, abs(copy[place]))
        copy[place] += width
        above = function(copy)
        copy[place] -= 2 * width
        slopes[place] = (above - function(copy)) / (2 * width)
    return slopes


@wrong("numerical_gradient")
def second_value_at_the_start(function, x):
    """Up, and back to where it was, divided by both steps. Witness: 3 x: 1.5."""
    copy, slopes = x.astype(np.float64), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        entry, width = copy[place], 1e-5 * max(1, abs(copy[place]))
        copy[place] = entry + width
        above = function(copy)
        copy[place] = entry
        slopes[place] = (above - function(copy)) / (2 * width)
    return slopes


@wrong("numerical_gradient")
def flat_view_that_is_a_copy(function, x):
    """astype keeps the order of a turned array, whose ravel is a copy. Witness: np.ones((2, 3)).T: all slopes 0."""
    copy, slopes = x.astype(np.float64), np.zeros(x.shape)
    flat, flat_slopes = copy.ravel(), slopes.ravel()
    for i in range(x.size):
        entry, width = flat[i], 1e-5 * max(1, abs(flat[i]))
        flat[i] = entry + width
        above = function(copy)
        flat[i] = entry - width
        flat_slopes[i] = (above - function(copy)) / (2 * width)
        flat[i] = entry
    return slopes


@wrong("numerical_gradient")
def slopes_in_the_order_of_memory(function, x):
    """nditer goes as the numbers lie. Witness: np.arange(6.0).reshape(2, 3).T, (x ** 2).sum(): in other places."""
    copy, slopes = x.astype(np.float64), []
    with np.nditer(copy, op_flags=["readwrite"]) as entries:
        for entry in entries:
            old = float(entry)
            width = 1e-5 * max(1, abs(old))
            entry[...] = old + width
            above = function(copy)
            entry[...] = old - width
            slopes.append((above - function(copy)) / (2 * width))
            entry[...] = old
    return np.array(slopes, np.float64).reshape(x.shape)


@wrong("numerical_gradient")
def function_of_the_flat_array(function, x):
    """Gives the function a flat array. Witness: x (2, 3) and x[0, 1] ** 2."""
    return _central(function, x.reshape(-1), lambda entry: 1e-5 * max(1, abs(entry))).reshape(x.shape)


@wrong("numerical_gradient")
def never_without_an_axis(function, x):
    """atleast_1d. Witness: x = np.array(2.0): (1,) in place of ()."""
    return _central(function, np.atleast_1d(x), lambda entry: 1e-5 * max(1, abs(entry)))


@wrong("numerical_gradient")
def whole_rows_move(function, x):
    """A loop over the first axis. Witness: x (2, 3), (x ** 2).sum(): sums of the rows' slopes."""
    copy, slopes = x.astype(np.float64), np.zeros(x.shape)
    for i in range(len(x)):
        up, down = copy.copy(), copy.copy()
        up[i] += 1e-5 * np.maximum(1, np.abs(copy[i]))
        down[i] -= 1e-5 * np.maximum(1, np.abs(copy[i]))
        slopes[i] = (function(up) - function(down)) / (up[i] - down[i])
    return slopes


@wrong("numerical_gradient")
def complex_step(function, x):
    """Exact for what is analytic. Witness: np.abs(x).sum() or (x * x).sum() with np.linalg.norm: 0."""
    copy, slopes = x.astype(np.complex128), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        copy[place] += 1e-30j
        slopes[place] = np.imag(function(copy)) / 1e-30
        copy[place] -= 1e-30j
    return slopes


@wrong("numerical_gradient")
def rounded_to_six_places(function, x):
    """Takes six digits for six places. Witness: 1.23456e-4 x: 0.000123."""
    return np.round(_central(function, x, lambda entry: 1e-5 * max(1, abs(entry))), 6)


@right("numerical_gradient")
def four_points(function, x):
    """Two steps each way: the fourth order."""
    slopes, wide = np.empty(x.shape), np.array(x, np.float64)
    for i in range(x.size):
        width = 1e-4 * (1 + abs(wide.flat[i]))
        at = []
        for times in (-2, -1, 1, 2):
            moved = wide.copy()
            moved.flat[i] += times * width
            at.append(float(function(moved)))
        slopes.flat[i] = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * width)
    return slopes


@right("numerical_gradient")
def one_direction_at_a_time(function, x):
    """All directions as an identity matrix, and the step that was really taken."""
    wide = x.astype("d")
    widths = 1e-5 * np.maximum(1, np.abs(wide)).ravel()
    result = []
    for row, width in zip(np.eye(x.size), widths, strict=True):
        direction = row.reshape(x.shape) * width
        up, down = wide + direction, wide - direction
        result.append((function(up) - function(down)) / (up - down).sum())
    return np.array(result, np.float64).reshape(x.shape)


# --- 5.6 -------------------------------------------------------------------------------------------------------------


def _shares(first, second, share, other):
    return share[..., None] * first + other[..., None] * second


def _safe(total):
    return np.where(np.isneginf(total), 0, total)


def _merged(first, first_total, second, second_total):
    total = np.logaddexp(first_total, second_total)
    safe = _safe(total)
    return _shares(first, second, np.exp(first_total - safe), np.exp(second_total - safe)), total


@wrong("merge")
def totals_back_to_sums(first, first_total, second, second_total):
    """Z from log Z. Witness: totals of 1000: inf / inf."""
    with np.errstate(all="ignore"):
        a, b = np.exp(first_total), np.exp(second_total)
        both = np.where(a + b == 0, 1, a + b)
        return _shares(first, second, a / both, b / both), np.log(a + b)


@wrong("merge")
def shifted_by_the_first(first, first_total, second, second_total):
    """log1p(e^(b − a)) is infinite if b is 5000 above a. Witness: totals 0 and 5000."""
    with np.errstate(all="ignore"):
        ratio = np.exp(second_total - _safe(first_total))
        total = np.where(np.isneginf(first_total), second_total, first_total + np.log1p(ratio))
        share = np.where(np.isneginf(first_total), 0, 1 / (1 + ratio))
    return _shares(first, second, share, np.where(np.isneginf(total), 0, 1 - share)), total


@wrong("merge")
def shifted_by_the_largest_of_all(first, first_total, second, second_total):
    """One shift for all queries. Witness: totals of 0 for one query and 5000 for another: log 0."""
    largest = max(first_total.max(), second_total.max())
    largest = largest if np.isfinite(largest) else 0
    with np.errstate(all="ignore"):
        a, b = np.exp(first_total - largest), np.exp(second_total - largest)
        both = np.where(a + b == 0, 1, a + b)
        return _shares(first, second, a / both, b / both), largest + np.log(a + b)


@wrong("merge")
def nothing_is_minus_ten_thousand(first, first_total, second, second_total):
    """−inf replaced by −1e4. Witness: totals −inf and −20000, an output of 1: 0 in its place."""
    nothing = np.isneginf(first_total) & np.isneginf(second_total)
    a, b = (np.where(np.isneginf(x), -1e4, x) for x in (first_total, second_total))
    output, total = _merged(first, a, second, b)
    return np.where(nothing[..., None], 0, output), np.where(nothing, -np.inf, total)


@wrong("merge")
def zero_in_place_of_each_minus_infinity(first, first_total, second, second_total):
    """The 0 of the hint in the wrong place. Witness: totals −inf and −5000: e^5000 · 0 = NaN."""
    total = np.logaddexp(first_total, second_total)
    safe = _safe(total)
    with np.errstate(all="ignore"):
        return _shares(first, second, np.exp(_safe(first_total) - safe), np.exp(_safe(second_total) - safe)), total


@wrong("merge")
def returns_the_safe_total(first, first_total, second, second_total):
    """Witness: both −inf: a total of 0 in place of −inf."""
    output, total = _merged(first, first_total, second, second_total)
    return output, _safe(total)


@wrong("merge")
def nothing_is_the_least_number(first, first_total, second, second_total):
    """nan_to_num at the end. Witness: both −inf: −1.8e308."""
    with np.errstate(all="ignore"):
        total = np.logaddexp(first_total, second_total)
        output = _shares(first, second, np.exp(first_total - total), np.exp(second_total - total))
    return np.nan_to_num(output), np.nan_to_num(total)


@wrong("merge")
def nothing_left_as_it_comes(first, first_total, second, second_total):
    """−inf − −inf. Witness: both −inf: an output of NaN."""
    total = np.logaddexp(first_total, second_total)
    with np.errstate(all="ignore"):
        return _shares(first, second, np.exp(first_total - total), np.exp(second_total - total)), total


@wrong("merge")
def clipped_against_overflow(first, first_total, second, second_total):
    """Totals clipped to ±700 for the shares. Witness: totals 1000 and 1003: half and half."""
    nothing = np.isneginf(first_total) & np.isneginf(second_total)
    a, b = (np.where(np.isneginf(x), 0, np.exp(np.clip(x, -700, 700))) for x in (first_total, second_total))
    both = np.where(nothing, 1, a + b)
    return _shares(first, second, a / both, b / both), np.logaddexp(first_total, second_total)


@wrong("merge")
def small_part_left_out(first, first_total, second, second_total):
    """The lesser half is dropped if it is 15 below. Witness: outputs 0 and 1e5, totals 16 and 0: 0.011."""
    output, total = _merged(first, first_total, second, second_total)
    output = np.where((first_total > second_total + 15)[..., None], first, output)
    return np.where((second_total > first_total + 15)[..., None], second, output), total


@wrong("merge")
def output_of_zero_is_nothing(first, first_total, second, second_total):
    """Takes an output of 0 for an empty half. Witness: first 0 with total 2, second 1 with total 2: 1, not ½."""
    a = np.where((first == 0).all(-1), -np.inf, first_total)
    b = np.where((second == 0).all(-1), -np.inf, second_total)
    return _merged(first, a, second, b)


@wrong("merge")
def one_empty_half_empties_both(first, first_total, second, second_total):
    """Witness: totals −inf and 1, second output 3: 0 in place of 3."""
    output, total = _merged(first, first_total, second, second_total)
    good = np.isfinite(first_total) & np.isfinite(second_total)
    return np.where(good[..., None], output, 0), np.where(good, total, -np.inf)


@wrong("merge")
def other_half_if_any_is_empty(first, first_total, second, second_total):
    """any for all. Witness: two queries, totals (−inf, 1) and (1, 1): the second query loses its first half."""
    if np.isneginf(first_total).any():
        return second, second_total
    if np.isneginf(second_total).any():
        return first, first_total
    return _merged(first, first_total, second, second_total)


@wrong("merge")
def shares_along_the_features(first, first_total, second, second_total):
    """share · output without a new axis: runs where T = D. Witness: T = D = 2, totals that differ by query."""
    total = np.logaddexp(first_total, second_total)
    safe = _safe(total)
    return np.exp(first_total - safe) * first + np.exp(second_total - safe) * second, total


@wrong("merge")
def new_axis_in_second_place(first, first_total, second, second_total):
    """[:, None] is right without a batch. Witness: (2, 3) totals, (2, 3, 3) outputs."""
    total = np.logaddexp(first_total, second_total)
    safe = _safe(total)
    return np.exp(first_total - safe)[:, None] * first + np.exp(second_total - safe)[:, None] * second, total


@wrong("merge")
def logarithms_to_base_two(first, first_total, second, second_total):
    """logaddexp2. Witness: totals 0 and 0: 1 in place of 0.693."""
    output, _ = _merged(first, first_total, second, second_total)
    return output, np.logaddexp2(first_total, second_total)


@wrong("merge")
def logarithm_with_an_epsilon(first, first_total, second, second_total):
    """log(… + 1e-9). Witness: both −inf: −20.7 in place of −inf."""
    largest = _safe(np.maximum(first_total, second_total))
    a, b = np.exp(first_total - largest), np.exp(second_total - largest)
    return _shares(first, second, a / (a + b + 1e-9), b / (a + b + 1e-9)), largest + np.log(a + b + 1e-9)


@wrong("merge")
def totals_in_single_precision(first, first_total, second, second_total):
    """Witness: float64 totals 20000.0007 and 20000.0001: 0.002 is the spacing; equal shares, the total 4e-4 off."""
    a, b = first_total.astype(np.float32), second_total.astype(np.float32)
    output, total = _merged(first, a, second, b)
    return output.astype(first.dtype), total.astype(first_total.dtype)


@wrong("merge")
def total_keeps_an_axis(first, first_total, second, second_total):
    """(…, T, 1). Witness: any."""
    output, total = _merged(first, first_total, second, second_total)
    return output, total[..., None]


@wrong("merge")
def squeezed_results(first, first_total, second, second_total):
    """Witness: one query, T = 1."""
    output, total = _merged(first, first_total, second, second_total)
    return np.squeeze(output), np.squeeze(total)


@right("merge")
def share_by_the_hyperbolic_tangent(first, first_total, second, second_total):
    """A sigmoid of the difference, as ½ + ½ tanh(½ d); an empty half is decided by where."""
    a, b = first_total.astype(np.float64), second_total.astype(np.float64)
    none, other = np.isneginf(a), np.isneginf(b)
    gap = np.where(none | other, 0, a - np.where(other, 0, b))
    # either share by itself, so that a small one keeps its digits
    small = np.exp(-np.abs(gap)) / (1 + np.exp(-np.abs(gap)))
    share = np.where(other, 1, np.where(none, 0, np.where(gap < 0, small, 1 - small)))
    rest = np.where(none, 1, np.where(other, 0, np.where(gap < 0, 1 - small, small)))
    total = np.where(none, b, np.where(other, a, np.maximum(a, b) + np.log1p(np.exp(-np.abs(gap)))))
    return _shares(first, second, share, rest), total


@right("merge")
def query_by_query(first, first_total, second, second_total):
    output, total = np.zeros(first.shape), np.full(first_total.shape, -math.inf)
    for place in np.ndindex(first_total.shape):
        parts = [(float(t[place]), o[place]) for o, t in ((first, first_total), (second, second_total))]
        parts = [(t, o) for t, o in parts if t > -math.inf]
        if parts:
            top = max(t for t, _ in parts)
            z = math.fsum(math.exp(t - top) for t, _ in parts)
            total[place] = top + math.log(z)
            output[place] = sum(math.exp(t - top) / z * o.astype(np.float64) for t, o in parts)
    return output, total


@right("merge")
def both_halves_in_one_array(first, first_total, second, second_total):
    """Stacked at the front; the widest type."""
    outputs = np.stack([first, second]).astype(np.longdouble)
    totals = np.stack([first_total, second_total]).astype(np.longdouble)
    top = totals.max(0)
    powers = np.exp(totals - _safe(top))
    z = powers.sum(0)
    empty = z == 0
    shares = powers / (z + empty)
    return [(shares[..., None] * outputs).sum(0), np.where(empty, -np.inf, np.log(z + empty) + top)]


# --- 5.7 -------------------------------------------------------------------------------------------------------------


def _round(queries, keys, values, grad_output, scale=None):
    """The gradients of one round."""
    scale = 1 / math.sqrt(keys.shape[-1]) if scale is None else scale
    weights = _softmax(queries @ keys.T * scale)
    grad_scores = _through_softmax(weights, grad_output @ values.T) * scale
    return grad_scores @ keys, grad_scores.T @ queries, weights.T @ grad_output


def _rounds(queries, keys, values, grad_output, starts, rows, one=_round):
    grads = [np.zeros_like(x) for x in (queries, keys, values)]
    for start in starts:
        part = slice(start, start + rows)
        grad_queries, grad_keys, grad_values = one(queries[part], keys, values, grad_output[part])
        grads[0][part] = grad_queries
        grads[1] += grad_keys
        grads[2] += grad_values
    return tuple(grads)


@wrong("backward_by_queries")
def rest_left_out(queries, keys, values, grad_output, rows):
    """Witness: T = 5, rows = 2: the last query gets no gradient."""
    return _rounds(queries, keys, values, grad_output, range(0, len(queries) - rows + 1, rows), rows)


@wrong("backward_by_queries")
def rest_only_for_the_queries(queries, keys, values, grad_output, rows):
    """The remainder after the loop forgets keys and values. Witness: T = 5, rows = 2."""
    whole = len(queries) // rows * rows
    grads = _rounds(queries, keys, values, grad_output, range(0, whole, rows), rows)
    if whole < len(queries):
        grads[0][whole:] = _round(queries[whole:], keys, values, grad_output[whole:])[0]
    return grads


@wrong("backward_by_queries")
def last_round_is_moved_back(queries, keys, values, grad_output, rows):
    """Always full rounds: some queries twice. Witness: T = 5, rows = 2: query 3 counts double for the keys."""
    starts = (max(0, min(start, len(queries) - rows)) for start in range(0, len(queries), rows))
    return _rounds(queries, keys, values, grad_output, starts, rows)


@wrong("backward_by_queries")
def rounds_counted_along_the_keys(queries, keys, values, grad_output, rows):
    """range(0, S, rows). Witness: T = 6, S = 3, rows = 2: queries 4 and 5 are left out."""
    starts = range(0, min(len(keys), len(queries)), rows)
    return _rounds(queries, keys, values, grad_output, starts, rows)


@wrong("backward_by_queries")
def rows_parts_in_place_of_rows_queries(queries, keys, values, grad_output, rows):
    """array_split into that many parts. The numbers are right. Witness: rows = 1: all T × S scores at once."""
    grads = [np.zeros_like(x) for x in (queries, keys, values)]
    for part in np.array_split(np.arange(len(queries)), min(rows, len(queries))):
        grad_queries, grad_keys, grad_values = _round(queries[part], keys, values, grad_output[part])
        grads[0][part] = grad_queries
        grads[1] += grad_keys
        grads[2] += grad_values
    return tuple(grads)


@wrong("backward_by_queries")
def all_weights_before_the_rounds(queries, keys, values, grad_output, rows):
    """The way forward at once, the way back by rounds. Witness: T = S = 2000, rows = 10: 4 million weights."""
    scale = 1 / math.sqrt(keys.shape[-1])
    weights = _softmax(queries @ keys.T * scale)
    grads = [np.zeros_like(x) for x in (queries, keys, values)]
    for start in range(0, len(queries), rows):
        part = slice(start, start + rows)
        grad_scores = _through_softmax(weights[part], grad_output[part] @ values.T) * scale
        grads[0][part] = grad_scores @ keys
        grads[1] += grad_scores.T @ queries[part]
        grads[2] += weights[part].T @ grad_output[part]
    return tuple(grads)


@wrong("backward_by_queries")
def score_gradients_collected(queries, keys, values, grad_output, rows):
    """A list of the rounds, joined for the keys. Witness: T = S = 2000, rows = 10: 4 million gradients."""
    scale = 1 / math.sqrt(keys.shape[-1])
    collected, grad_values = [], np.zeros_like(values)
    for start in range(0, len(queries), rows):
        weights = _softmax(queries[start : start + rows] @ keys.T * scale)
        grad = grad_output[start : start + rows]
        collected.append(_through_softmax(weights, grad @ values.T) * scale)
        grad_values += weights.T @ grad
    grad_scores = np.concatenate(collected)
    return grad_scores @ keys, grad_scores.T @ queries, grad_values


@wrong("backward_by_queries")
def keys_of_the_last_round(queries, keys, values, grad_output, rows):
    """Assigns the parts of keys and values. Witness: two rounds."""
    grad_queries = np.zeros_like(queries)
    for start in range(0, len(queries), rows):
        part = slice(start, start + rows)
        grad_queries[part], grad_keys, grad_values = _round(queries[part], keys, values, grad_output[part])
    return grad_queries, grad_keys, grad_values


@wrong("backward_by_queries")
def averaged_over_the_rounds(queries, keys, values, grad_output, rows):
    """As gradients are accumulated in training. Witness: two rounds: half of the keys' gradient."""
    starts = range(0, len(queries), rows)
    grad_queries, grad_keys, grad_values = _rounds(queries, keys, values, grad_output, starts, rows)
    return grad_queries, grad_keys / len(starts), grad_values / len(starts)


@wrong("backward_by_queries")
def scale_only_forward(queries, keys, values, grad_output, rows):
    """Witness: D = 4: queries and keys get twice as much."""
    grads = _rounds(queries, keys, values, grad_output, range(0, len(queries), rows), rows)
    return *(x * np.array(math.sqrt(keys.shape[1]), x.dtype) for x in grads[:2]), grads[2]


@wrong("backward_by_queries")
def scale_of_the_values(queries, keys, values, grad_output, rows):
    """√M in place of √D. Witness: D = 4, M = 2."""
    one = lambda *given: _round(*given, scale=1 / math.sqrt(values.shape[1]))
    return _rounds(queries, keys, values, grad_output, range(0, len(queries), rows), rows, one)


def _with_weights(weigh):
    def one(queries, keys, values, grad_output):
        scale = 1 / math.sqrt(keys.shape[-1])
        weights = weigh(queries @ keys.T * scale)
        grad_scores = _through_softmax(weights, grad_output @ values.T) * scale
        return grad_scores @ keys, grad_scores.T @ queries, weights.T @ grad_output

    return one


@wrong("backward_by_queries")
def largest_of_the_round(queries, keys, values, grad_output, rows):
    """scores.max() of all queries of a round. Witness: queries 0 and 2000 in one round: the first underflows."""

    def weigh(scores):
        powers = np.exp(scores - scores.max())
        return powers / np.maximum(powers.sum(-1, keepdims=True), np.finfo(powers.dtype).tiny)

    return _rounds(queries, keys, values, grad_output, range(0, len(queries), rows), rows, _with_weights(weigh))


@wrong("backward_by_queries")
def running_maximum_of_all_rounds(queries, keys, values, grad_output, rows):
    """Carries the largest score on, as by keys. Witness: a query of 2000 in round 1, small ones in round 2."""
    largest = -np.inf

    def weigh(scores):
        nonlocal largest
        largest = max(largest, scores.max())
        powers = np.exp(scores - largest)
        return powers / np.maximum(powers.sum(-1, keepdims=True), np.finfo(powers.dtype).tiny)

    return _rounds(queries, keys, values, grad_output, range(0, len(queries), rows), rows, _with_weights(weigh))


@wrong("backward_by_queries")
def no_maximum_at_all(queries, keys, values, grad_output, rows):
    """Takes the question in the task for an answer. Witness: scores of 1000."""

    def weigh(scores):
        with np.errstate(all="ignore"):
            powers = np.exp(scores)
            return powers / powers.sum(-1, keepdims=True)

    return _rounds(queries, keys, values, grad_output, range(0, len(queries), rows), rows, _with_weights(weigh))


@wrong("backward_by_queries")
def one_query_has_no_row(queries, keys, values, grad_output, rows):
    """Squeezes a round, for softmax of a vector. Witness: T = 3, rows = 2: the last round is a single query."""

    def one(queries, keys, values, grad_output):
        scale = 1 / math.sqrt(keys.shape[-1])
        weights = _softmax(np.squeeze(queries @ keys.T * scale))
        grad_scores = _through_softmax(weights, np.squeeze(grad_output @ values.T)) * scale
        return grad_scores @ keys, grad_scores.T @ queries, weights.T @ grad_output

    return _rounds(queries, keys, values, grad_output, range(0, len(queries), rows), rows, one)


@wrong("backward_by_queries")
def sums_in_half_precision(queries, keys, values, grad_output, rows):
    """Accumulates the keys' gradient in float16. Witness: 100 queries, rows = 1: 1e-3 off."""
    starts = range(0, len(queries), rows)
    grad_queries = _rounds(queries, keys, values, grad_output, starts, rows)[0]
    sums = [np.zeros(x.shape, np.float16) for x in (keys, values)]
    for start in starts:
        part = slice(start, start + rows)
        for total, new in zip(sums, _round(queries[part], keys, values, grad_output[part])[1:], strict=True):
            total += new.astype(np.float16)
    return grad_queries, *(x.astype(keys.dtype) for x in sums)


@wrong("backward_by_queries")
def score_gradients_clipped(queries, keys, values, grad_output, rows):
    """Clips to ±1, against explosions. Witness: grad_output of 100."""

    def one(queries, keys, values, grad_output):
        scale = 1 / math.sqrt(keys.shape[-1])
        weights = _softmax(queries @ keys.T * scale)
        grad_scores = np.clip(_through_softmax(weights, grad_output @ values.T), -1, 1) * scale
        return grad_scores @ keys, grad_scores.T @ queries, weights.T @ grad_output

    return _rounds(queries, keys, values, grad_output, range(0, len(queries), rows), rows, one)


@right("backward_by_queries")
def last_round_filled_with_zeros(queries, keys, values, grad_output, rows):
    """Queries that get nothing from above give nothing."""
    rows = min(rows, len(queries))
    missing = -len(queries) % rows
    longer = [np.concatenate([x, np.zeros((missing, x.shape[1]), x.dtype)]) for x in (queries, grad_output)]
    grads = _rounds(longer[0], keys, values, longer[1], range(0, len(longer[0]), rows), rows)
    return grads[0][: len(queries)], grads[1], grads[2]


@right("backward_by_queries")
def rounds_from_the_end(queries, keys, values, grad_output, rows):
    """Pops rounds, counts backwards, and gives a list of wide arrays."""
    wide = [x.astype(np.float64) for x in (queries, keys, values, grad_output)]
    end, parts = len(queries), []
    grads = [np.zeros(x.shape) for x in (keys, values)]
    while end > 0:
        start = max(0, end - rows)
        one = _round(wide[0][start:end], *wide[1:3], wide[3][start:end])
        parts.insert(0, one[0])
        grads = [old + new for old, new in zip(grads, one[1:], strict=True)]
        end = start
    return [np.vstack(parts), *grads]


@right("backward_by_queries")
def query_by_query_within_a_round(queries, keys, values, grad_output, rows):
    """Through the output and covariances, in extended precision."""
    grads = [np.zeros(x.shape, np.longdouble) for x in (queries, keys, values)]
    for start in range(0, len(queries), rows):
        for i in range(start, min(start + rows, len(queries))):
            weights = _softmax((keys @ queries[i]).astype(np.longdouble) / np.sqrt(np.longdouble(keys.shape[1])))
            scores = weights * ((values - weights @ values) @ grad_output[i]) / np.sqrt(np.longdouble(keys.shape[1]))
            grads[0][i] = scores @ (keys - weights @ keys)
            grads[1] += np.outer(scores, queries[i])
            grads[2] += np.outer(weights, grad_output[i])
    return tuple(grads)


# --- 5.8 -------------------------------------------------------------------------------------------------------------


def _entropy_from(weights, axis=-1):
    logs = np.log(np.where(weights == 0, 1, weights))
    return -weights * (logs - (weights * logs).sum(axis, keepdims=True))


@wrong("entropy_gradient")
def epsilon_in_the_logarithm(scores):
    """log(p + 1e-6). Witness: 100 scores, half 0, half 3: the entropy is off by 1e-4."""
    weights = _softmax(scores)
    logs = np.log(weights + 1e-6)
    return (-weights * (logs - (weights * logs).sum(-1, keepdims=True))).astype(scores.dtype)


@wrong("entropy_gradient")
def weights_clipped_from_below(scores):
    """As Keras: at 1e-7. Witness: (0, −inf): −1.6e-6 for the second, which must be 0."""
    return _entropy_from(np.clip(_softmax(scores), 1e-7, 1)).astype(scores.dtype)


@wrong("entropy_gradient")
def small_weights_left_out(scores):
    """Only weights above 1e-4 count. Witness: (0, −10): 4.5e-5 · 10."""
    weights = _softmax(scores)
    return np.where(weights > 1e-4, _entropy_from(weights), 0)


@wrong("entropy_gradient")
def repaired_when_all_is_done(scores):
    """0 · −inf = NaN in the row's sum, then 0 everywhere. Witness: (0, 1, −inf)."""
    with np.errstate(all="ignore"):
        weights = _softmax(scores)
        logs = np.log(weights)
        return np.nan_to_num(-weights * (logs - (weights * logs).sum(-1, keepdims=True)))


@wrong("entropy_gradient")
def sum_without_nan(scores):
    """nansum for the entropy, 0 · −inf for the entry. Witness: (0, 1, −inf): NaN in the last place."""
    with np.errstate(all="ignore"):
        weights = _softmax(scores)
        logs = np.log(weights)
        return -weights * (logs - np.nansum(weights * logs, -1, keepdims=True))


@wrong("entropy_gradient")
def logarithms_by_subtraction_unrepaired(scores):
    """log p = s − log Z is good for small weights, not for −inf. Witness: (0, −inf): NaN."""
    with np.errstate(all="ignore"):
        shifted = scores - scores.max(-1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
        weights = np.exp(logs)
        return -weights * (logs - (weights * logs).sum(-1, keepdims=True))


@wrong("entropy_gradient")
def minus_infinity_is_minus_hundred(scores):
    """Witness: (−150, −151, −inf): the last gets all of the weight."""
    return np.where(np.isneginf(scores), 0, _entropy_from(_softmax(np.where(np.isneginf(scores), -100, scores))))


@wrong("entropy_gradient")
def minus_infinity_is_below_the_least(scores):
    """The least finite score minus 10. Witness: (0, 0, −inf): 4.5e-5 · 10 is missing in the other two."""
    least = np.where(np.isneginf(scores), np.inf, scores).min(-1, keepdims=True)
    filled = np.where(np.isneginf(scores), least - 10, scores)
    return np.where(np.isneginf(scores), 0, _entropy_from(_softmax(filled)))


@wrong("entropy_gradient")
def rows_with_minus_infinity_left_out(scores):
    """Witness: (0, 1, −inf): 0, 0, 0."""
    closed = np.isneginf(scores).any(-1, keepdims=True)
    return np.where(closed, 0, _entropy_from(_softmax(np.where(closed, 0, scores))))


@wrong("entropy_gradient")
def one_entropy_for_all_rows(scores):
    """sum() without an axis: right for one row. Witness: two rows."""
    weights = _softmax(scores)
    logs = np.log(np.where(weights == 0, 1, weights))
    return -weights * (logs - (weights * logs).sum())


@wrong("entropy_gradient")
def entropies_along_the_wrong_axis(scores):
    """Without keepdims: right for one row, runs for square ones. Witness: (3, 3)."""
    weights = _softmax(scores)
    logs = np.log(np.where(weights == 0, 1, weights))
    return -weights * (logs - (weights * logs).sum(-1))


@wrong("entropy_gradient")
def shifted_by_the_largest_score_of_all(scores):
    """Witness: rows (0, 1) and (1000, 1001): the first has no weights."""
    powers = np.exp(scores - scores.max())
    return _entropy_from(powers / np.maximum(powers.sum(-1, keepdims=True), np.finfo(scores.dtype).tiny))


@wrong("entropy_gradient")
def scores_not_shifted(scores):
    """Witness: (1000, 1001)."""
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        return _entropy_from(powers / powers.sum(-1, keepdims=True))


@wrong("entropy_gradient")
def gradient_as_if_weights_were_free(scores):
    """p · (−log p − 1). Witness: (0, 0): −0.15 in place of 0."""
    weights = _softmax(scores)
    return -weights * (np.log(np.where(weights == 0, 1, weights)) + 1)


@wrong("entropy_gradient")
def entropy_normalized(scores):
    """Divided by log S, so that it is at most 1. Witness: (0, 1)."""
    return _entropy_from(_softmax(scores)) / max(np.log(scores.shape[-1]), 1e-9)


@wrong("entropy_gradient")
def entropy_in_bits(scores):
    """log2. Witness: (0, 1): 1.44 times as much."""
    return _entropy_from(_softmax(scores)) / np.log(2)


@wrong("entropy_gradient")
def of_the_loss_and_not_of_the_entropy(scores):
    """The gradient of minus the entropy. Witness: (0, 1)."""
    return -_entropy_from(_softmax(scores))


@wrong("entropy_gradient")
def always_two_axes(scores):
    """atleast_2d. Witness: one row (S,): (1, S) comes back."""
    return _entropy_from(_softmax(np.atleast_2d(scores)))


@wrong("entropy_gradient")
def softmax_along_the_second_axis(scores):
    """axis 1: right for (rows, S). Witness: (2, 3, 4)."""
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return _entropy_from(powers / powers.sum(1, keepdims=True), 1)


@wrong("entropy_gradient")
def weights_in_single_precision(scores):
    """Witness: float64 (20000.001, 20000): 0.002 is the spacing: no difference, 0 in place of −2.5e-4."""
    return _entropy_from(_softmax(scores.astype(np.float32))).astype(scores.dtype)


@right("entropy_gradient")
def minus_infinity_made_finite(scores):
    """nan_to_num of the scores, and log p by subtraction; 0 · (large) is 0."""
    shifted = np.nan_to_num(scores.astype(np.float64))
    shifted = shifted - shifted.max(-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    weights = np.exp(logs)
    return -weights * (logs - (weights * logs).sum(-1, keepdims=True))


@right("entropy_gradient")
def differences_of_all_pairs(scores):
    """−p_i Σ_j p_j (s_i − s_j), with 0 where a score is −inf."""
    wide = scores.astype(np.float64)
    weights = _softmax(wide)
    finite = np.where(np.isneginf(wide), wide.max(-1, keepdims=True), wide)
    gaps = finite[..., :, None] - finite[..., None, :]
    return -weights * (gaps * weights[..., None, :]).sum(-1)


@right("entropy_gradient")
def only_what_has_weight(scores):
    """Row by row with the Jacobian matrix, on what is left without zeros."""
    result = np.zeros(scores.shape, np.longdouble)
    for place in np.ndindex(scores.shape[:-1]):
        weights = _softmax(scores[place].astype(np.longdouble))
        kept = np.flatnonzero(weights)
        part = weights[kept]
        result[(*place, kept)] = (np.diag(part) - np.outer(part, part)) @ (-np.log(part) - 1)
    return result


# --- 5.10 ------------------------------------------------------------------------------------------------------------


def _attend(queries, keys, values):
    return _softmax(queries @ _t(keys) / math.sqrt(queries.shape[-1])) @ values


def _along_scores(queries, keys, along_queries, along_keys, size=None):
    root = math.sqrt(queries.shape[-1] if size is None else size)
    return queries @ _t(keys) / root, (along_queries @ _t(keys) + queries @ _t(along_keys)) / root


def _along_from(scores, along_scores, values, along_values):
    weights = _softmax(scores)
    return _through_softmax(weights, along_scores) @ values + weights @ along_values


@wrong("attention_along")
def central_difference(queries, keys, values, along_queries, along_keys, along_values):
    """Not exactly. Witness: a direction of length 1000s: the step 1e-5 · 1000 bends, 1e-5 off and more."""
    step = 1e-5
    up = _attend(queries + step * along_queries, keys + step * along_keys, values + step * along_values)
    down = _attend(queries - step * along_queries, keys - step * along_keys, values - step * along_values)
    return (up - down) / (2 * step)


@wrong("attention_along")
def central_difference_in_double_precision(queries, keys, values, along_queries, along_keys, along_values):
    """As above in float64 with 1e-6. Witness: values near 1e6 that differ by 1: 1e-10 / 1e-6 = 1e-4 off."""
    given = [x.astype(np.float64) for x in (queries, keys, values)]
    along = [x.astype(np.float64) for x in (along_queries, along_keys, along_values)]
    up, down = (_attend(*(x + s * y for x, y in zip(given, along, strict=True))) for s in (1e-6, -1e-6))
    return (up - down) / 2e-6


@wrong("attention_along")
def the_whole_step(queries, keys, values, along_queries, along_keys, along_values):
    """f(x + ẋ) − f(x). Witness: any random direction."""
    return _attend(queries + along_queries, keys + along_keys, values + along_values) - _attend(queries, keys, values)


@wrong("attention_along")
def direction_of_length_one(queries, keys, values, along_queries, along_keys, along_values):
    """A directional derivative is along a unit vector, one learns. Witness: a direction of ones."""
    along = along_queries, along_keys, along_values
    length = math.sqrt(sum(float((x.astype(np.float64) ** 2).sum()) for x in along)) or 1.0
    scores = _along_scores(queries, keys, along_queries, along_keys)
    return _along_from(*scores, values, along_values) / length


@wrong("attention_along")
def directions_multiplied(queries, keys, values, along_queries, along_keys, along_values):
    """q̇ · k̇ for the derivative of a product. Witness: only the queries move: 0."""
    root = math.sqrt(queries.shape[-1])
    along = along_queries @ _t(along_keys) / root
    return _along_from(queries @ _t(keys) / root, along, values, along_values)


@wrong("attention_along")
def direction_not_scaled(queries, keys, values, along_queries, along_keys, along_values):
    """√D forgotten in ṡ. Witness: D = 4: the part of the scores is double."""
    scores, along = _along_scores(queries, keys, along_queries, along_keys)
    return _along_from(scores, along * math.sqrt(queries.shape[-1]), values, along_values)


@wrong("attention_along")
def scaled_by_the_second_axis(queries, keys, values, along_queries, along_keys, along_values):
    """queries.shape[1] is D without a batch. Witness: (2, 3, 4): √3 in place of √4."""
    scores = _along_scores(queries, keys, along_queries, along_keys, queries.shape[1])
    return _along_from(*scores, values, along_values)


@wrong("attention_along")
def scaled_by_the_values(queries, keys, values, along_queries, along_keys, along_values):
    """√M. Witness: D = 4, M = 2."""
    scores = _along_scores(queries, keys, along_queries, along_keys, values.shape[-1])
    return _along_from(*scores, values, along_values)


@wrong("attention_along")
def weights_stay(queries, keys, values, along_queries, along_keys, along_values):
    """Only the values move. Witness: a direction of the queries alone."""
    return _softmax(queries @ _t(keys) / math.sqrt(queries.shape[-1])) @ along_values


@wrong("attention_along")
def average_without_weights(queries, keys, values, along_queries, along_keys, along_values):
    """p (ṡ − mean ṡ). Witness: scores 0 and 1, ṡ = (0, 1)."""
    scores, along = _along_scores(queries, keys, along_queries, along_keys)
    weights = _softmax(scores)
    return (weights * (along - along.mean(-1, keepdims=True))) @ values + weights @ along_values


@wrong("attention_along")
def average_along_the_keys(queries, keys, values, along_queries, along_keys, along_values):
    """Without keepdims: runs where T = S. Witness: T = S = 3."""
    scores, along = _along_scores(queries, keys, along_queries, along_keys)
    weights = _softmax(scores)
    return (weights * (along - (weights * along).sum(-1))) @ values + weights @ along_values


@wrong("attention_along")
def nothing_taken_off(queries, keys, values, along_queries, along_keys, along_values):
    """Scores and output, not shifted. Witness: scores of 1000."""
    scores, along = _along_scores(queries, keys, along_queries, along_keys)
    with np.errstate(all="ignore"):
        weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    return _through_softmax(weights, along) @ values + weights @ along_values


@wrong("attention_along")
def one_maximum_for_the_batch(queries, keys, values, along_queries, along_keys, along_values):
    """Witness: a query of zeros beside one of 1000s: its weights underflow."""
    scores, along = _along_scores(queries, keys, along_queries, along_keys)
    powers = np.exp(scores - scores.max())
    weights = powers / np.maximum(powers.sum(-1, keepdims=True), np.finfo(powers.dtype).tiny)
    return _through_softmax(weights, along) @ values + weights @ along_values


@wrong("attention_along")
def weights_of_three_digits(queries, keys, values, along_queries, along_keys, along_values):
    """Softmax in half precision. Witness: any random input: 1e-4 off."""
    scores, along = _along_scores(queries, keys, along_queries, along_keys)
    weights = _softmax(scores.astype(np.float16)).astype(scores.dtype)
    return _through_softmax(weights, along) @ values + weights @ along_values


@wrong("attention_along")
def batch_with_one_axis(queries, keys, values, along_queries, along_keys, along_values):
    """Puts a batch of one in front where there is none, and squeezes. Witness: a batch of one set, (1, T, D)."""
    given = queries, keys, values, along_queries, along_keys, along_values
    q, k, v, dq, dk, dv = (x.reshape(-1, *x.shape[-2:]) for x in given)
    result = _along_from(*_along_scores(q, k, dq, dk), v, dv)
    return result[0] if len(result) == 1 else result.reshape(*queries.shape[:-1], -1)


@right("attention_along")
def complex_numbers(queries, keys, values, along_queries, along_keys, along_values):
    """The imaginary part of a tiny imaginary step: no difference, nothing cancels."""
    tiny = 1e-40
    q = queries.astype(np.float64) + 1j * tiny * along_queries.astype(np.float64)
    k = keys.astype(np.float64) + 1j * tiny * along_keys.astype(np.float64)
    v = values.astype(np.float64) + 1j * tiny * along_values.astype(np.float64)
    scores = q @ _t(k) / math.sqrt(q.shape[-1])
    powers = np.exp(scores - scores.real.max(-1, keepdims=True))
    return ((powers / powers.sum(-1, keepdims=True)) @ v).imag / tiny


@right("attention_along")
def each_output_by_itself(queries, keys, values, along_queries, along_keys, along_values):
    """Σ p (ṡ (v − o) + v̇), one query at a time."""
    result = np.zeros((*queries.shape[:-1], values.shape[-1]))
    for place in np.ndindex(queries.shape[:-1]):
        q, dq = queries[place].astype(np.float64), along_queries[place].astype(np.float64)
        given = (keys, values, along_keys, along_values)
        k, v, dk, dv = (x[place[:-1]].astype(np.float64) for x in given)
        weights = _softmax(k @ q * q.size**-0.5)
        scores = (k @ dq + dk @ q) * q.size**-0.5
        result[place] = sum(
            p * (s * (x - weights @ v) + dx) for p, s, x, dx in zip(weights, scores, v, dv, strict=True)
        )
    return result


@right("attention_along")
def concatenated_products(queries, keys, values, along_queries, along_keys, along_values):
    """Both terms of each product in one product of longer rows; einsum."""
    both_q = np.concatenate([along_queries, queries], -1)
    both_k = np.concatenate([keys, along_keys], -1)
    root = np.sqrt(np.array(queries.shape[-1], queries.dtype))
    weights = _softmax(np.einsum("...td,...sd->...ts", queries, keys) / root)
    moved = np.einsum("...td,...sd->...ts", both_q, both_k) / root
    changes = weights * moved - weights * np.einsum("...ts,...ts->...t", weights, moved)[..., None]
    return np.concatenate([changes, weights], -1) @ np.concatenate([values, along_values], -2)
