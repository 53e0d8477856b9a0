"""A fifth set of answers to the exercises of chapter 5; the input on which a wrong one is wrong stands above it."""

import math
from fractions import Fraction

import scipy.optimize
import scipy.special

from attention.frameworks import np, torch
from attention.numpy import softmax
from tests.checks.register import Answers

answers = Answers("05")
wrong, right = answers.unlisted, answers.right


def _keep(array):
    return array


def _turn(array):
    return np.swapaxes(array, -1, -2)


def _softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _centred(weights, slopes):
    """Back through softmax."""
    return weights * (slopes - (weights * slopes).sum(-1, keepdims=True))


# covariance_by_hand: the answer is 1, 1.5, 4.5, 9

answers.by_hand(
    "covariance_by_hand",
    wrong={
        "values_before_keys": [1.5, 1.0, 4.5, 9.0],
        "gradient_before_covariance": [1.0, 1.5, 9.0, 4.5],
        "product_not_centred": [1.0, 1.5, 6.0, 12.0],
        "averages_without_weights": [0.0, 4 / 3, 4.5, 9.0],
        "third_key_is_plus_two": [1.0, 2.5, -0.5, -1.0],
        "covariance_of_a_sample": [1.0, 1.5, 7.2, 14.4],
        "not_over_the_root": [1.0, 1.5, 4.5, 18.0],
        "over_four": [1.0, 1.5, 4.5, 4.5],
        "root_of_three_words": [1.0, 1.5, 4.5, 18 / math.sqrt(3)],
        "nothing_from_above": [1.0, 1.5, 4.5, 2.25],
        "against_the_slope": [1.0, 1.5, 4.5, -9.0],
        "covariance_over_the_root": [1.0, 1.5, 2.25, 9.0],
        "rounded_to_integers": [1, 2, 4, 9],
        "the_whole_gradient": [1.0, 1.5, 4.5, [9.0, 0.0, 0.0, 0.0]],
        "the_middle_sign_lost": [1.0, 1.5, 5.75, 11.5],
        "the_last_one_missing": [1.0, 1.5, 4.5],
        "in_two_rows": [[1.0, 1.5], [4.5, 9.0]],
        "and_the_roots_too": [1.0, 1.5, 4.5, 9.0, 2.0],
        "a_hundredth_off": [1.0, 1.5, 4.5, 9.01],
        "not_known": [1.0, 1.5, 4.5, float("nan")],
        "as_text": "1, 1.5, 4.5, 9",
        "nothing": None,
    },
    right={
        "in_fractions": [Fraction(1), Fraction(3, 2), Fraction(9, 2), Fraction(9)],
        "an_array_of_four": np.array([2, 3, 9, 18]) / 2,
        "single_numbers": tuple(np.float32(n) for n in (1, 1.5, 4.5, 9)),
        "integers_where_they_are": (1, 1.5, 4.5, 9),
    },
)


# masked_backward


def _masked(scores, mask, values, grad_output, weights=None, clean=None):
    """The way back, with weights made by weights(scores, mask) and values by clean(values, mask)."""
    values = np.where(mask.any(-2)[..., None], values, 0) if clean is None else clean(values, mask)
    p = _masked_weights(scores, mask) if weights is None else weights(scores, mask)
    return _centred(p, grad_output @ _turn(values)), _turn(p) @ grad_output


def _masked_weights(scores, mask):
    some = mask.any(-1, keepdims=True)
    return np.where(some, softmax(np.where(mask, scores, np.where(some, -np.inf, 0).astype(scores.dtype))), 0)


@right("masked_backward")
def masked_by_a_large_negative_number_of_the_row(scores, mask, values, grad_output):
    s = scores.astype(np.longdouble)
    low = np.where(mask, s, np.inf).min(-1, keepdims=True)
    top = np.where(mask, s, -np.inf).max(-1, keepdims=True)
    low, top = np.where(np.isfinite(low), low, 0), np.where(np.isfinite(top), top, 0)
    powers = np.where(mask, np.exp(np.where(mask, s, low) - top), 0)
    p = powers / np.maximum(powers.sum(-1, keepdims=True), 1)
    seen = np.where(mask.any(-2)[..., None], values, 0)
    return _centred(p, grad_output.astype(np.longdouble) @ _turn(seen)), _turn(p) @ grad_output


@right("masked_backward")
def masked_query_by_query(scores, mask, values, grad_output):
    grad_scores, grad_values = np.zeros(scores.shape), np.zeros(values.shape)
    for place in np.ndindex(scores.shape[:-1]):
        own = np.flatnonzero(mask[place])
        if own.size:
            p = softmax(scores[place][own])
            slopes = values[place[:-1]][own] @ grad_output[place]
            grad_scores[place][own] = p * (slopes - p @ slopes)
            grad_values[place[:-1]][own] += p[:, None] * grad_output[place]
    return grad_scores, grad_values


@right("masked_backward")
def masked_by_einsum_and_nan_to_num(scores, mask, values, grad_output):
    with np.errstate(all="ignore"):
        p = np.nan_to_num(softmax(np.where(mask, scores, -np.inf)))
    v = np.where((p > 0).any(-2)[..., None], values, 0)
    slopes = np.einsum("...tm,...sm->...ts", grad_output, v)
    output = np.einsum("...ts,...sm->...tm", p, v)
    return p * (slopes - (grad_output * output).sum(-1)[..., None]), np.einsum("...ts,...tm->...sm", p, grad_output)


@right("masked_backward")
def masked_by_autograd(scores, mask, values, grad_output):
    s = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    m = torch.tensor(mask)
    v = torch.tensor(values, dtype=torch.float64)
    v = torch.where(m.any(-2)[..., None], v, 0).requires_grad_()
    some = m.any(-1, keepdim=True)
    p = torch.softmax(torch.where(m, s, torch.where(some, -torch.inf, 0.0)), -1) * some
    (p @ v).backward(torch.tensor(grad_output, dtype=torch.float64))
    return s.grad.numpy(), v.grad.numpy()


@right("masked_backward")
def masked_by_jacobians(scores, mask, values, grad_output):
    p = _masked_weights(scores, mask).astype(float)
    v = np.copy(values)
    v[~mask.any(-2)] = 0
    jacobian = p[..., None] * (np.eye(p.shape[-1]) - p[..., None, :])
    return ((grad_output @ _turn(v))[..., None, :] @ jacobian)[..., 0, :], _turn(p) @ grad_output


@right("masked_backward")
def masked_on_flattened_sets(scores, mask, values, grad_output):
    T, S, D = *scores.shape[-2:], values.shape[-1]
    flat = scores.reshape(-1, T, S), mask.reshape(-1, T, S), values.reshape(-1, S, D), grad_output.reshape(-1, T, D)
    found = [_masked(*one) for one in zip(*flat, strict=True)]
    return np.array([s for s, _ in found]).reshape(scores.shape), np.array([v for _, v in found]).reshape(values.shape)


# An unseen value of ∞, or of 1e308 times a gradient of 10.
@wrong("masked_backward")
def masked_only_nan_cleaned(scores, mask, values, grad_output):
    return _masked(scores, mask, values, grad_output, clean=lambda v, m: np.nan_to_num(v))


# An unseen value of 3e38 (float32) or 1e308, finite, whose product with the gradient is ∞.
@wrong("masked_backward")
def masked_only_what_is_not_finite_cleaned(scores, mask, values, grad_output):
    return _masked(scores, mask, values, grad_output, clean=lambda v, m: np.where(np.isfinite(v), v, 0))


# An unseen value of NaN that is seen at the same place of another set of the batch.
@wrong("masked_backward")
def masked_unseen_in_all_sets(scores, mask, values, grad_output):
    seen = mask.any(axis=tuple(range(mask.ndim - 1)))
    return _masked(scores, mask, values, grad_output, clean=lambda v, m: np.where(seen[:, None], v, 0))


# A set where nobody sees the last value, which is NaN, and the first query is not the one that sees least.
@wrong("masked_backward")
def masked_unseen_by_the_first_query(scores, mask, values, grad_output):
    return _masked(scores, mask, values, grad_output, clean=lambda v, m: np.where(m[..., 0, :, None], v, 0))


# A value that only some query sees is taken for unseen.
@wrong("masked_backward")
def masked_seen_by_all(scores, mask, values, grad_output):
    return _masked(scores, mask, values, grad_output, clean=lambda v, m: np.where(m.all(-2)[..., None], v, 0))


# T = S, queries that see nothing: which query is empty is taken for which value is unseen.
@wrong("masked_backward")
def masked_rows_for_columns(scores, mask, values, grad_output):
    if scores.shape[-2] != scores.shape[-1]:
        return _masked(scores, mask, values, grad_output)
    return _masked(scores, mask, values, grad_output, clean=lambda v, m: np.where(m.any(-1)[..., None], v, 0))


# Unseen NaN, and the caller looks at the values afterwards.
@wrong("masked_backward")
def masked_values_cleaned_in_place(scores, mask, values, grad_output):
    values[~mask.any(-2)] = 0
    return _masked(scores, mask, values, grad_output)


# As before, by the keyword of NumPy.
@wrong("masked_backward")
def masked_values_cleaned_without_copy(scores, mask, values, grad_output):
    clean = lambda v, m: np.nan_to_num(v, copy=False, posinf=0, neginf=0)
    return _masked(scores, mask, values, grad_output, clean=clean)


# float64 scores, of which asarray makes no copy: they are changed.
@wrong("masked_backward")
def masked_scores_filled_in_place(scores, mask, values, grad_output):
    wide = np.asarray(scores, np.float64)
    some = mask.any(-1, keepdims=True)
    np.copyto(wide, -np.inf, where=~mask & some)
    return _masked(scores, mask, values, grad_output, weights=lambda s, m: np.where(m, softmax(wide), 0))


# A contiguous array, of which ascontiguousarray makes no copy.
@wrong("masked_backward")
def masked_contiguous_filled_in_place(scores, mask, values, grad_output):
    own = np.ascontiguousarray(scores)
    own[~mask] = -1e4
    return _masked(own, mask, values, grad_output)


# The mask itself gets an open row for each empty one.
@wrong("masked_backward")
def masked_mask_opened_in_place(scores, mask, values, grad_output):
    empty = ~mask.any(-1)
    v = np.where(mask.any(-2)[..., None], values, 0)
    mask[empty] = True
    p = softmax(np.where(mask, scores, -np.inf)) * ~empty[..., None]
    return _centred(p, grad_output @ _turn(v)), _turn(p) @ grad_output


# Seen scores of −1e10 beside masked ones of 0.
@wrong("masked_backward")
def masked_by_a_billion(scores, mask, values, grad_output):
    weights = lambda s, m: softmax(np.where(m, s, -1e9).astype(s.dtype)) * m.any(-1, keepdims=True)
    return _masked(scores, mask, values, grad_output, weights=weights)


# Masked scores of 1e5 beside seen ones of 0.
@wrong("masked_backward")
def masked_by_subtracting_ten_thousand(scores, mask, values, grad_output):
    weights = lambda s, m: softmax(s - (1e4 * ~m).astype(s.dtype)) * m.any(-1, keepdims=True)
    return _masked(scores, mask, values, grad_output, weights=weights)


# A masked score 800 above the seen ones: 0 / 0.
@wrong("masked_backward")
def masked_after_softmax(scores, mask, values, grad_output):
    def weights(s, m):
        p = softmax(s) * m
        return p / np.maximum(p.sum(-1, keepdims=True), np.finfo(s.dtype).tiny)

    return _masked(scores, mask, values, grad_output, weights=weights)


# A masked score that is 20 above the seen ones: the sum is small, and the small number beside it counts.
@wrong("masked_backward")
def masked_after_softmax_with_a_small_number(scores, mask, values, grad_output):
    def weights(s, m):
        p = softmax(s) * m
        return p / (p.sum(-1, keepdims=True) + 1e-9)

    return _masked(scores, mask, values, grad_output, weights=weights)


# Seen scores all at −100, where the powers are far below the small number.
@wrong("masked_backward")
def masked_powers_without_shift(scores, mask, values, grad_output):
    def weights(s, m):
        powers = np.exp(s) * m
        return powers / (powers.sum(-1, keepdims=True) + 1e-30)

    return _masked(scores, mask, values, grad_output, weights=weights)


# A masked score far above: the powers of the seen ones are zero.
@wrong("masked_backward")
def masked_shifted_by_the_largest_of_all_keys(scores, mask, values, grad_output):
    def weights(s, m):
        powers = np.exp(s - s.max(-1, keepdims=True)) * m
        return np.divide(powers, powers.sum(-1, keepdims=True), out=np.zeros_like(powers), where=powers > 0)

    return _masked(scores, mask, values, grad_output, weights=weights)


# Rows whose largest seen scores differ by 1000.
@wrong("masked_backward")
def masked_shifted_by_the_largest_of_the_set(scores, mask, values, grad_output):
    def weights(s, m):
        s = np.where(m, s, -np.inf)
        top = s.max((-1, -2), keepdims=True)
        powers = np.exp(s - np.where(np.isfinite(top), top, 0))
        return powers / np.maximum(powers.sum(-1, keepdims=True), np.finfo(s.dtype).tiny)

    return _masked(scores, mask, values, grad_output, weights=weights)


# Seen scores 0 and 60: 60 is taken for 50.
@wrong("masked_backward")
def masked_scores_clipped(scores, mask, values, grad_output):
    weights = lambda s, m: _masked_weights(np.clip(s, -50, 50), m)
    return _masked(scores, mask, values, grad_output, weights=weights)


# A row that is empty beside one that is not.
@wrong("masked_backward")
def masked_only_a_set_without_any(scores, mask, values, grad_output):
    if not mask.any():
        return np.zeros_like(scores), np.zeros_like(values)
    weights = lambda s, m: softmax(np.where(m, s, np.array(-np.inf, s.dtype)))
    with np.errstate(all="ignore"):
        return _masked(scores, mask, values, grad_output, weights=weights)


# An empty row: its scores get nothing, but the values get a share of its gradient.
@wrong("masked_backward")
def masked_empty_rows_are_equal_for_values(scores, mask, values, grad_output):
    some = mask.any(-1, keepdims=True)
    low = np.array(np.finfo(scores.dtype).min, scores.dtype)
    p = softmax(np.where(mask, scores, low))
    v = np.where(mask.any(-2)[..., None], values, 0)
    return np.where(some, _centred(p, grad_output @ _turn(v)), 0), _turn(p) @ grad_output


# An empty row beside a value that is unseen: its gradient is to be 0, and the equal weights give it some.
@wrong("masked_backward")
def masked_unseen_values_get_from_empty_rows(scores, mask, values, grad_output):
    some = mask.any(-1, keepdims=True)
    full = np.where(some, mask, ~mask.any(-2, keepdims=True))
    v = np.where(mask.any(-2)[..., None], values, 0)
    p = _masked_weights(scores, full)
    return np.where(mask, _centred(p, grad_output @ _turn(v)), 0), _turn(p) @ grad_output


# A gradient from above of 1e12 on a weight of 1e-13.
@wrong("masked_backward")
def masked_small_weights_dropped(scores, mask, values, grad_output):
    def weights(s, m):
        p = _masked_weights(s, m)
        return np.where(p > 1e-10, p, 0)

    return _masked(scores, mask, values, grad_output, weights=weights)


# A gradient from above of 1e-15.
@wrong("masked_backward")
def masked_rounded(scores, mask, values, grad_output):
    return tuple(g.round(12) for g in _masked(scores, mask, values, grad_output))


# Values of 1e20, or a gradient of 1e20.
@wrong("masked_backward")
def masked_gradients_clipped(scores, mask, values, grad_output):
    return tuple(np.clip(g, -1e6, 1e6) for g in _masked(scores, mask, values, grad_output))


# float64, to more digits than seven.
@wrong("masked_backward")
def masked_in_float32(scores, mask, values, grad_output):
    single = (a.astype(np.float32) for a in (scores, values, grad_output))
    s, v, g = single
    with np.errstate(all="ignore"):
        return tuple(a.astype(np.float64) for a in _masked(s, mask, v, g))


# float64: the weights alone are single.
@wrong("masked_backward")
def masked_weights_in_float32(scores, mask, values, grad_output):
    weights = lambda s, m: _masked_weights(s.astype(np.float32), m)
    return _masked(scores, mask, values, grad_output, weights=weights)


# float64: the gradients go back as float32, which is narrower.
@wrong("masked_backward")
def masked_returned_in_float32(scores, mask, values, grad_output):
    with np.errstate(all="ignore"):
        return tuple(g.astype(np.float32) for g in _masked(scores, mask, values, grad_output))


# One query, one key, or one feature.
@wrong("masked_backward")
def masked_squeezed(scores, mask, values, grad_output):
    return tuple(np.squeeze(g) for g in _masked(scores, mask, values, grad_output))


# No axis before the last two: one is put there and stays.
@wrong("masked_backward")
def masked_at_least_one_set(scores, mask, values, grad_output):
    if scores.ndim > 2:
        return _masked(scores, mask, values, grad_output)
    return _masked(scores[None], mask[None], values[None], grad_output[None])


# Two axes before the last two.
@wrong("masked_backward")
def masked_one_axis_of_sets(scores, mask, values, grad_output):
    if scores.ndim < 3:
        return _masked(scores, mask, values, grad_output)
    found = [
        _masked(*(a.reshape(-1, *a.shape[-2:])[i] for a in (scores, mask, values, grad_output)))
        for i in range(math.prod(scores.shape[:-2]))
    ]
    return np.stack([s for s, _ in found]), np.stack([v for _, v in found])


# More than two axes: the last two are not those that .T turns.
@wrong("masked_backward")
def masked_turned_by_t(scores, mask, values, grad_output):
    p = _masked_weights(scores, mask)
    v = np.where(mask.any(-2)[..., None], values, 0)
    return _centred(p, np.einsum("...td,...sd->...ts", grad_output, v)), p.T @ grad_output


# T = S = 1 hides it: the average of the row keeps no axis.
@wrong("masked_backward")
def masked_average_on_the_wrong_axis(scores, mask, values, grad_output):
    p = _masked_weights(scores, mask)
    slopes = grad_output @ _turn(np.where(mask.any(-2)[..., None], values, 0))
    average = (p * slopes).sum(-1)
    average = average[..., None, :] if p.shape[-1] == p.shape[-2] else average[..., None]
    return p * (slopes - average), _turn(p) @ grad_output


# Rows that see few keys: the average is over the seen ones, but unweighted.
@wrong("masked_backward")
def masked_plain_average(scores, mask, values, grad_output):
    p = _masked_weights(scores, mask)
    slopes = grad_output @ _turn(np.where(mask.any(-2)[..., None], values, 0))
    count = np.maximum(mask.sum(-1, keepdims=True), 1)
    return p * (slopes - (slopes * mask).sum(-1, keepdims=True) / count), _turn(p) @ grad_output


# Two keys or more that are seen: only the diagonal of the Jacobian.
@wrong("masked_backward")
def masked_diagonal_only(scores, mask, values, grad_output):
    p = _masked_weights(scores, mask)
    slopes = grad_output @ _turn(np.where(mask.any(-2)[..., None], values, 0))
    return p * (1 - p) * slopes, _turn(p) @ grad_output


# Values that are large and alike in float32, say 1e6 + small: fine; but a query that sees one key should get 0 exactly
# of the order of rounding, and gets the gradient as if it saw all.
@wrong("masked_backward")
def masked_gradient_not_masked(scores, mask, values, grad_output):
    p = softmax(scores)
    v = np.where(mask.any(-2)[..., None], values, 0)
    return np.where(mask, _centred(p, grad_output @ _turn(v)), 0), _turn(_masked_weights(scores, mask)) @ grad_output


# Two calls with the same shape: the mask of the first is kept.
def _remember():
    kept = {}

    def masked_with_the_first_mask(scores, mask, values, grad_output):
        mask = kept.setdefault(mask.shape, mask.copy())
        clean = lambda v, m: np.where(np.isfinite(v) & m.any(-2)[..., None], v, 0)
        return _masked(scores, mask, values, grad_output, clean=clean)

    return masked_with_the_first_mask


wrong("masked_backward")(_remember())


# Two calls with the same shape: the second changes what the first has returned.
def _shared_place():
    places = {}

    def masked_into_one_place(scores, mask, values, grad_output):
        found = _masked(scores, mask, values, grad_output)
        for i, gradient in enumerate(found):
            key = i, gradient.shape, gradient.dtype
            np.copyto(places.setdefault(key, np.empty_like(gradient)), gradient)
        return tuple(places[i, g.shape, g.dtype] for i, g in enumerate(found))

    return masked_into_one_place


wrong("masked_backward")(_shared_place())


# Any input: the gradients in the order of the formulas, not of the task.
@wrong("masked_backward")
def masked_values_first(scores, mask, values, grad_output):
    return _masked(scores, mask, values, grad_output)[::-1]


# Any input: a dictionary is no tuple.
@wrong("masked_backward")
def masked_as_a_dictionary(scores, mask, values, grad_output):
    return dict(zip(("scores", "values"), _masked(scores, mask, values, grad_output), strict=True))


# Scores of −1000 everywhere in a row that is seen: taken for masked.
@wrong("masked_backward")
def masked_low_scores_are_masked(scores, mask, values, grad_output):
    return _masked(scores, mask & (scores > -500), values, grad_output)


# A causal mask only: the mask that comes is not looked at where T = S.
@wrong("masked_backward")
def masked_causal_anyway(scores, mask, values, grad_output):
    T, S = scores.shape[-2:]
    return _masked(scores, mask & np.tri(T, S, dtype=bool) if T == S and T > 3 else mask, values, grad_output)


# An unseen value in a set whose other values are seen: dropped rows are put at the end.
@wrong("masked_backward")
def masked_padding_is_at_the_end(scores, mask, values, grad_output):
    length = mask.any(-2).sum(-1)
    clean = lambda v, m: np.where((np.arange(m.shape[-1]) < length[..., None])[..., None], v, 0)
    return _masked(scores, mask, values, grad_output, clean=clean)


# A seen value whose weight has become zero in one query: it loses its gradient from the others.
@wrong("masked_backward")
def masked_value_needs_weight_everywhere(scores, mask, values, grad_output):
    p = _masked_weights(scores, mask)
    v = np.where(mask.any(-2)[..., None], values, 0)
    some = (p > 0).all(-2) | (~mask).any(-2)
    return _centred(p, grad_output @ _turn(v)), np.where(some[..., None], _turn(p) @ grad_output, 0)


# All values alike, 1e8: output by values in float32 is known to 8 only, and the difference is not small; and with D
# features the average is taken of each, not of their sum.
@wrong("masked_backward")
def masked_distance_in_the_first_feature(scores, mask, values, grad_output):
    p = _masked_weights(scores, mask)
    v = np.where(mask.any(-2)[..., None], values, 0)
    return p * (grad_output @ _turn(v) - grad_output[..., :1] * (p @ v)[..., :1]), _turn(p) @ grad_output


# biased_additive_backward


def _biased(
    queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output,
    tanh=np.tanh, slope=lambda a, x: 1 - a * a, weights=_softmax, gather=None,
):  # fmt: skip
    """The way back: hidden units by tanh(x), their slope by slope(a, x), the bias's gradient by gather(grad_hidden)."""
    x = (queries @ query_weight)[..., :, None, :] + (keys @ key_weight)[..., None, :, :] + bias
    a = tanh(x)
    p = weights(a @ score_weight)
    grad_scores = _centred(p, grad_output @ _turn(values))
    grad_hidden = grad_scores[..., None] * score_weight * slope(a, x)
    total = grad_hidden.sum(tuple(range(grad_hidden.ndim - 1))) if gather is None else gather(grad_hidden)
    return (
        grad_hidden.sum(-2) @ query_weight.T,
        grad_hidden.sum(-3) @ key_weight.T,
        _turn(p) @ grad_output,
        total,
    )


@right("biased_additive_backward")
def biased_by_autograd(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    arrays = queries, keys, values, bias
    q, k, v, b = (torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in arrays)
    W, U, u = (torch.tensor(a, dtype=torch.float64) for a in (query_weight, key_weight, score_weight))
    scores = torch.einsum("...tsa,a->...ts", torch.tanh((q @ W).unsqueeze(-2) + (k @ U + b).unsqueeze(-3)), u)
    (torch.softmax(scores, -1) @ v).backward(torch.tensor(grad_output, dtype=torch.float64))
    return tuple(t.grad.numpy() for t in (q, k, v, b))


@right("biased_additive_backward")
def biased_pair_by_pair(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    found = [np.zeros(a.shape) for a in (queries, keys, values, bias)]
    for one in np.ndindex(queries.shape[:-2]):
        for t in range(queries.shape[-2]):
            hidden = np.tanh(queries[one][t] @ query_weight + keys[one] @ key_weight + bias)
            p = scipy.special.softmax(hidden @ score_weight)
            for s, slope in enumerate(_centred(p, values[one] @ grad_output[one][t])):
                back = slope * score_weight * (1 - hidden[s]) * (1 + hidden[s])
                found[0][one][t] += query_weight @ back
                found[1][one][s] += key_weight @ back
                found[2][one][s] += p[s] * grad_output[one][t]
                found[3] += back
    return tuple(found)


@right("biased_additive_backward")
def biased_bias_through_the_keys(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    one = np.ones((*keys.shape[:-1], 1), keys.dtype)
    longer = np.concatenate([keys, one], -1)
    matrix = np.concatenate([key_weight, bias[None]])
    q, k, v, _ = _biased(queries, longer, values, query_weight, matrix, 0, score_weight, grad_output)
    x = (queries @ query_weight)[..., :, None, :] + (longer @ matrix)[..., None, :, :]
    a = np.tanh(x)
    p = _softmax(a @ score_weight)
    back = np.einsum("...ts,a,...tsa->...a", _centred(p, grad_output @ _turn(values)), score_weight, 1 - a * a)
    return q, k[..., :-1], v, back.reshape(-1, bias.size).sum(0)


@right("biased_additive_backward")
def biased_in_long_double(*arrays):
    return _biased(*(a.astype(np.longdouble) for a in arrays))


@right("biased_additive_backward")
def biased_tanh_by_the_logistic(*arrays):
    return _biased(*(a.astype(np.float64) for a in arrays), tanh=lambda x: 2 * scipy.special.expit(2 * x) - 1)


@right("biased_additive_backward")
def biased_one_unit_at_a_time(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    q, k = queries.astype(float) @ query_weight, keys @ key_weight + bias
    a = [np.tanh(q[..., h, None] + k[..., None, :, h]) for h in range(bias.size)]
    p = _softmax(sum(u * one for u, one in zip(score_weight, a, strict=True)))
    slopes = _centred(p, grad_output @ _turn(values))
    back = [slopes * u * (1 - one**2) for u, one in zip(score_weight, a, strict=True)]
    return (
        np.stack([b.sum(-1) for b in back], -1) @ query_weight.T,
        np.stack([b.sum(-2) for b in back], -1) @ key_weight.T,
        _turn(p) @ grad_output,
        np.array([b.sum() for b in back]),
    )


# Hidden units of 400 in front of the tanh (float64), or of 50 (float32): ∞ / ∞.
@wrong("biased_additive_backward")
def biased_tanh_by_powers(*arrays):
    with np.errstate(all="ignore"):
        return _biased(*arrays, tanh=lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1))


# Hidden units of −400 or 400: sinh / cosh is ∞ / ∞.
@wrong("biased_additive_backward")
def biased_tanh_by_sinh(*arrays):
    with np.errstate(all="ignore"):
        return _biased(*arrays, tanh=lambda x: np.sinh(x) / np.cosh(x))


# Hidden units beyond 4, where tanh is not yet 1.
@wrong("biased_additive_backward")
def biased_hidden_clipped(*arrays):
    return _biased(*arrays, tanh=lambda x: np.tanh(np.clip(x, -4, 4)))


# Hidden units of 10 in one pair: the slope is not zero yet, and a large score vector brings it back.
@wrong("biased_additive_backward")
def biased_saturated_units_dropped(*arrays):
    return _biased(*arrays, slope=lambda a, x: np.where(np.abs(a) > 0.9999, 0, 1 - a * a))


# Any hidden unit that is not near 0: the slope of the tanh taken at its own result.
@wrong("biased_additive_backward")
def biased_slope_of_the_slope(*arrays):
    return _biased(*arrays, slope=lambda a, x: 1 - np.tanh(a) ** 2)


# As before: the slope of the logistic function.
@wrong("biased_additive_backward")
def biased_slope_of_the_logistic(*arrays):
    return _biased(*arrays, slope=lambda a, x: a * (1 - a))


# Hidden units far from 0.
@wrong("biased_additive_backward")
def biased_slope_is_not_squared(*arrays):
    return _biased(*arrays, slope=lambda a, x: 1 - np.abs(a))


# Small hidden units hide it: tanh is x there.
@wrong("biased_additive_backward")
def biased_without_tanh(*arrays):
    return _biased(*arrays, tanh=_keep, slope=lambda a, x: np.ones_like(a))


# As before, to the third power.
@wrong("biased_additive_backward")
def biased_tanh_by_a_series(*arrays):
    return _biased(*arrays, tanh=lambda x: x - x**3 / 3, slope=lambda a, x: 1 - x**2)


# Hidden units of 100 in float32: cosh² is ∞, and ∞ · 0 … but 1 / cosh² as exp(−2x) · 4 is too large near 0.
@wrong("biased_additive_backward")
def biased_slope_of_large_units(*arrays):
    return _biased(*arrays, slope=lambda a, x: np.minimum(4 * np.exp(-2 * np.abs(x)), 1))


# A score vector of 1000: the powers are ∞.
@wrong("biased_additive_backward")
def biased_powers_not_shifted(*arrays):
    def weights(s):
        powers = np.exp(s)
        return powers / powers.sum(-1, keepdims=True)

    with np.errstate(all="ignore"):
        return _biased(*arrays, weights=weights)


# A score vector of 1000, and two queries with quite different best scores.
@wrong("biased_additive_backward")
def biased_shifted_by_the_largest_of_all(*arrays):
    def weights(s):
        powers = np.exp(s - s.max())
        return powers / np.maximum(powers.sum(-1, keepdims=True), 1e-300)

    return _biased(*arrays, weights=weights)


# Scores below −100: the small number is larger than the powers.
@wrong("biased_additive_backward")
def biased_powers_and_a_small_number(*arrays):
    def weights(s):
        powers = np.exp(s.astype(float))
        return powers / (powers.sum(-1, keepdims=True) + 1e-12)

    with np.errstate(all="ignore"):
        return _biased(*arrays, weights=weights)


# T = S hides that the weights sum to one along the queries.
@wrong("biased_additive_backward")
def biased_softmax_over_queries(*arrays):
    return _biased(*arrays, weights=lambda s: _turn(_softmax(_turn(s))))


# A ≠ 1: the scores are scaled as dot products are.
@wrong("biased_additive_backward")
def biased_scaled(*arrays):
    root = np.sqrt(arrays[5].size)
    return _biased(*arrays, weights=lambda s: _softmax(s / root))


# A set with one axis or more before the last two: the bias gets a gradient for each set.
@wrong("biased_additive_backward")
def biased_bias_in_each_set(*arrays):
    return _biased(*arrays, gather=lambda g: g.sum((-2, -3)))


# Two axes before the last two: one too many is left.
@wrong("biased_additive_backward")
def biased_bias_over_one_axis_of_sets(*arrays):
    return _biased(*arrays, gather=lambda g: g.sum((-2, -3)) if g.ndim == 3 else g.sum((-2, -3)).sum(0))


# A batch: the average of its sets.
@wrong("biased_additive_backward")
def biased_bias_averaged_over_sets(*arrays):
    return _biased(*arrays, gather=lambda g: g.sum((-2, -3)).reshape(-1, g.shape[-1]).mean(0))


# Any input with T · S > 1.
@wrong("biased_additive_backward")
def biased_bias_averaged_over_pairs(*arrays):
    return _biased(*arrays, gather=lambda g: g.reshape(-1, g.shape[-1]).mean(0))


# More than one query: the bias is counted with the keys of the first.
@wrong("biased_additive_backward")
def biased_bias_from_one_query(*arrays):
    return _biased(*arrays, gather=lambda g: g[..., :1, :, :].sum(tuple(range(g.ndim - 1))))


# A batch of two sets: the first alone.
@wrong("biased_additive_backward")
def biased_bias_from_the_first_set(*arrays):
    return _biased(*arrays, gather=lambda g: g.reshape(-1, *g.shape[-3:])[0].sum((0, 1)))


# Any input: used once with the queries and once with the keys, so it is counted twice.
@wrong("biased_additive_backward")
def biased_bias_twice(*arrays):
    return _biased(*arrays, gather=lambda g: 2 * g.reshape(-1, g.shape[-1]).sum(0))


# "Softmax does not see what is added to all": true after the tanh, not in front of it.
@wrong("biased_additive_backward")
def biased_bias_needs_none(*arrays):
    return _biased(*arrays, gather=lambda g: np.zeros_like(arrays[5]))


# A bias that is not zero, left out on the way forward.
@wrong("biased_additive_backward")
def biased_bias_left_out(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    zero = np.zeros_like(bias)
    return _biased(queries, keys, values, query_weight, key_weight, zero, score_weight, grad_output)


# The bias added behind the tanh.
@wrong("biased_additive_backward")
def biased_bias_behind_the_tanh(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    given = queries, keys, values, query_weight, key_weight, np.zeros_like(bias), score_weight, grad_output
    return _biased(*given, tanh=lambda x: np.tanh(x) + bias, slope=lambda a, x: 1 - np.tanh(x) ** 2)


# Any input: the matrices' gradients need one, the bias's shape does not.
@wrong("biased_additive_backward")
def biased_bias_as_a_row(*arrays):
    return _biased(*arrays, gather=lambda g: g.reshape(-1, g.shape[-1]).sum(0, keepdims=True))


# One hidden unit: its gradient becomes a number without an axis; one query or key too.
@wrong("biased_additive_backward")
def biased_squeezed(*arrays):
    return tuple(np.squeeze(g) for g in _biased(*arrays))


# Sets before the last two axes: pairs are made of the first axes.
@wrong("biased_additive_backward")
def biased_pairs_of_the_first_axes(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    a = np.tanh((queries @ query_weight)[:, None] + (keys @ key_weight)[None] + bias)
    p = _softmax(a @ score_weight)
    back = _centred(p, grad_output @ _turn(values))[..., None] * score_weight * (1 - a * a)
    return (
        back.sum(1) @ query_weight.T,
        back.sum(0) @ key_weight.T,
        _turn(p) @ grad_output,
        back.reshape(-1, bias.size).sum(0),
    )


# Exactly one axis of sets is expected where there is one at all: (B, H, T, D) fails.
@wrong("biased_additive_backward")
def biased_by_einsum_of_four_axes(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    plain = queries.ndim == 2
    q, k, v, g = (a[None] if plain else a for a in (queries, keys, values, grad_output))
    a = np.tanh((q @ query_weight)[:, :, None] + (k @ key_weight)[:, None] + bias)
    p = _softmax(np.einsum("btsa,a->bts", a, score_weight))
    slopes = _centred(p, np.einsum("btm,bsm->bts", g, v))
    back = np.einsum("bts,a,btsa->btsa", slopes, score_weight, 1 - a * a)
    found = (
        np.einsum("btsa,da->btd", back, query_weight),
        np.einsum("btsa,ka->bsk", back, key_weight),
        np.einsum("bts,btm->bsm", p, g),
    )
    return (*(f[0] if plain else f for f in found), back.sum((0, 1, 2)))


# D = K: the keys go back through the queries' matrix.
@wrong("biased_additive_backward")
def biased_keys_by_the_queries_matrix(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    found = _biased(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output)
    if query_weight.shape != key_weight.shape:
        return found
    x = (queries @ query_weight)[..., :, None, :] + (keys @ key_weight)[..., None, :, :] + bias
    a = np.tanh(x)
    p = _softmax(a @ score_weight)
    back = _centred(p, grad_output @ _turn(values))[..., None] * score_weight * (1 - a * a)
    return found[0], back.sum(-3) @ query_weight.T, *found[2:]


# D = A: the matrix is square, and not turned.
@wrong("biased_additive_backward")
def biased_square_matrices_not_turned(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    turned = query_weight if query_weight.shape[0] == query_weight.shape[1] else query_weight.T
    x = (queries @ query_weight)[..., :, None, :] + (keys @ key_weight)[..., None, :, :] + bias
    a = np.tanh(x)
    p = _softmax(a @ score_weight)
    back = _centred(p, grad_output @ _turn(values))[..., None] * score_weight * (1 - a * a)
    found = _biased(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output)
    return back.sum(-2) @ turned, *found[1:]


# T = S: the values get the weights of the row.
@wrong("biased_additive_backward")
def biased_values_by_rows(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    found = _biased(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output)
    a = np.tanh((queries @ query_weight)[..., :, None, :] + (keys @ key_weight)[..., None, :, :] + bias)
    p = _softmax(a @ score_weight)
    return *found[:2], (p if p.shape[-1] == p.shape[-2] else _turn(p)) @ grad_output, found[3]


# Any input: the bias before the values.
@wrong("biased_additive_backward")
def biased_bias_third(*arrays):
    q, k, v, b = _biased(*arrays)
    return q, k, b, v


# Any input: three gradients.
@wrong("biased_additive_backward")
def biased_without_the_bias(*arrays):
    return _biased(*arrays)[:3]


# float64, to more than three digits.
@wrong("biased_additive_backward")
def biased_in_float32(*arrays):
    return tuple(g.astype(np.float64) for g in _biased(*(a.astype(np.float32) for a in arrays)))


# float64: the tanh alone is single.
@wrong("biased_additive_backward")
def biased_tanh_in_float32(*arrays):
    return _biased(*arrays, tanh=lambda x: np.tanh(x.astype(np.float32)).astype(x.dtype))


# float64: the bias's gradient is summed in float32.
@wrong("biased_additive_backward")
def biased_bias_summed_in_float32(*arrays):
    return _biased(*arrays, gather=lambda g: g.sum(tuple(range(g.ndim - 1)), dtype=np.float32).astype(g.dtype))


# float64: the bias's gradient has the type of a narrower array.
@wrong("biased_additive_backward")
def biased_bias_into_float32(*arrays):
    return _biased(*arrays, gather=lambda g: g.sum(tuple(range(g.ndim - 1))).astype(np.float32))


# The caller's grad_output, 1e-20 or so.
@wrong("biased_additive_backward")
def biased_rounded(*arrays):
    return tuple(g.round(10) for g in _biased(*arrays))


# The caller's keys are changed where their type is float64.
@wrong("biased_additive_backward")
def biased_values_shifted_in_place(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    near = np.asarray(values, float)
    near -= near.mean(-2, keepdims=True)
    return _biased(queries, keys, near, query_weight, key_weight, bias, score_weight, grad_output)


# The caller's bias is used as the place for its gradient.
@wrong("biased_additive_backward")
def biased_bias_overwritten(*arrays):
    *found, total = _biased(*arrays)
    arrays[5][:] = total
    return *found, arrays[5]


# Two calls: the bias's gradient goes on from the first.
def _accumulated():
    before = {}

    def biased_bias_goes_on(*arrays):
        *found, total = _biased(*arrays)
        before[total.shape] = before.get(total.shape, 0) + total
        return *found, before[total.shape]

    return biased_bias_goes_on


wrong("biased_additive_backward")(_accumulated())


# Score vectors of both signs: only the size of u comes back.
@wrong("biased_additive_backward")
def biased_score_weight_without_sign(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    found = _biased(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output)
    sign = np.sign(score_weight).sum()
    return tuple(g * (1 if sign == score_weight.size else -1 if i != 2 else 1) for i, g in enumerate(found))


# More than one key: the average of the slopes is left out, as if each weight were free.
@wrong("biased_additive_backward")
def biased_slopes_not_centred(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    x = (queries @ query_weight)[..., :, None, :] + (keys @ key_weight)[..., None, :, :] + bias
    a = np.tanh(x)
    p = _softmax(a @ score_weight)
    back = (p * (grad_output @ _turn(values)))[..., None] * score_weight * (1 - a * a)
    return (
        back.sum(-2) @ query_weight.T,
        back.sum(-3) @ key_weight.T,
        _turn(p) @ grad_output,
        back.reshape(-1, bias.size).sum(0),
    )


# numerical_gradient


def _step(number):
    return 1e-5 * max(1.0, abs(number))


def _slopes(function, x, step=_step, of=lambda up, down, h: (up - down) / (2 * h)):
    """Up and down by step(entry), one entry at a time, on a copy in float64."""
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        h = step(float(x[place]))
        up, down = np.array(x, np.float64), np.array(x, np.float64)
        up[place] += h
        down[place] -= h
        slopes[place] = of(function(up), function(down), h)
    return slopes


@right("numerical_gradient")
def slopes_by_four_points(function, x):
    def at(place, h):
        moved = np.array(x, np.float64)
        moved[place] += h
        return float(function(moved))

    slopes = np.empty(x.shape)
    for place in np.ndindex(*x.shape):
        h = 2.0**-13 * max(1.0, abs(float(x[place])))
        near, far = at(place, h) - at(place, -h), at(place, 2 * h) - at(place, -2 * h)
        slopes[place] = (8 * near - far) / (12 * h)
    return slopes


@right("numerical_gradient")
def slopes_by_the_step_that_was_taken(function, x):
    base = x.astype(np.float64)
    slopes = np.zeros(base.shape, order="C")
    for i in range(base.size):
        at = np.unravel_index(i, base.shape)
        up, down = base.copy(), base.copy()
        h = np.cbrt(np.finfo(float).eps) * (1 + abs(base[at]))
        up[at], down[at] = base[at] + h, base[at] - h
        slopes[at] = (function(up) - function(down)) / (up[at] - down[at])
    return slopes


@right("numerical_gradient")
def slopes_by_unit_vectors(function, x):
    flat = np.array(x, np.float64).reshape(-1)
    steps = 1e-5 * np.maximum(np.abs(flat), 1)
    moved = np.diag(steps)
    pairs = [(function((flat + m).reshape(x.shape)), function((flat - m).reshape(x.shape))) for m in moved]
    return np.array([(u - d) / (2 * h) for (u, d), h in zip(pairs, steps, strict=True)], float).reshape(x.shape)


@right("numerical_gradient")
def slopes_entry_put_back(function, x):
    work = np.array(x, dtype=float, order="C")
    slopes = np.empty_like(work)
    flat, out = work.reshape(-1), slopes.reshape(-1)
    for i, number in enumerate(flat.tolist()):
        h = 1e-5 * max(1, abs(number))
        flat[i] = number + h
        out[i] = function(work.copy())
        flat[i] = number - h
        out[i] = (out[i] - function(work.copy())) / (2 * h)
        flat[i] = number
    return slopes


@right("numerical_gradient")
def slopes_by_a_power_of_two(function, x):
    return _slopes(function, x, step=lambda number: 2.0 ** (max(math.frexp(number)[1], 1) - 17))


@right("numerical_gradient")
def slopes_by_two_steps(function, x):
    one = _slopes(function, x, step=lambda number: 4e-5 * (1 + abs(number)))
    two = _slopes(function, x, step=lambda number: 2e-5 * (1 + abs(number)))
    return two + (two - one) / 3


# A thousand in front and slopes near 1: what is left of the difference are six digits or fewer.
for called, power in (("a_hundred_millionth", 8), ("ten_to_minus_nine", 9), ("ten_to_minus_ten", 10)):

    def tiny(function, x, power=power):
        return _slopes(function, x, step=lambda number: 10.0**-power * max(1, abs(number)))

    tiny.__name__ = f"slopes_by_{called}"
    wrong("numerical_gradient")(tiny)


# A function that curves: exp(2 x) and a step of 0.01, or of 0.003 in three times as steep a one.
for called, size in (("a_hundredth", 1e-2), ("three_thousandths", 3e-3)):

    def long(function, x, size=size):
        return _slopes(function, x, step=lambda number: size * max(1, abs(number)))

    long.__name__ = f"slopes_by_{called}"
    wrong("numerical_gradient")(long)


# Entries of a million, and the square of them: 1e12 is known to 1e-4.
@wrong("numerical_gradient")
def slopes_by_a_fixed_step(function, x):
    return _slopes(function, x, step=lambda number: 1e-5)


# An entry of 0: 0 / 0.
@wrong("numerical_gradient")
def slopes_in_proportion_only(function, x):
    with np.errstate(all="ignore"):
        return _slopes(function, x, step=lambda number: 1e-5 * abs(number) or 1e-300)


# An entry of 0, with a thousand in front: the step is 1e-10.
@wrong("numerical_gradient")
def slopes_in_proportion_and_a_little(function, x):
    return _slopes(function, x, step=lambda number: 1e-5 * abs(number) + 1e-10)


# An entry of 0.001 and a thousand in front: the step is 1e-8.
@wrong("numerical_gradient")
def slopes_in_proportion_but_at_zero(function, x):
    return _slopes(function, x, step=lambda number: 1e-5 * abs(number) if number else 1e-5)


# Entries of a million and of 1: the step of the small one is 10.
@wrong("numerical_gradient")
def slopes_by_the_largest_entry(function, x):
    largest = np.abs(x.astype(float)).max(initial=1)
    return _slopes(function, x, step=lambda number: 1e-5 * largest)


# As before, by the norm.
@wrong("numerical_gradient")
def slopes_by_the_norm(function, x):
    norm = math.sqrt((x.astype(float) ** 2).sum())
    return _slopes(function, x, step=lambda number: 1e-5 * max(1, norm))


# As before, by the mean: the large one's step is too small only a little, the small one's far too large.
@wrong("numerical_gradient")
def slopes_by_the_mean_size(function, x):
    mean = np.abs(x.astype(float)).mean() if x.size else 1
    return _slopes(function, x, step=lambda number: 1e-5 * max(1, mean))


# A negative entry of minus a million: in proportion to its value, not its size, the step is 1e-5.
@wrong("numerical_gradient")
def slopes_by_the_value_not_the_size(function, x):
    return _slopes(function, x, step=lambda number: 1e-5 * max(1, number))


# An entry of −1: 1 + x is 0.
@wrong("numerical_gradient")
def slopes_by_one_more_than_the_value(function, x):
    with np.errstate(all="ignore"):
        return _slopes(function, x, step=lambda number: 1e-5 * (1 + number) or 1e-300)


# Five million: there the numbers are 1e-9 apart, and a step of 1e-4 is known to five digits.
@wrong("numerical_gradient")
def slopes_step_stays_below_a_ten_thousandth(function, x):
    return _slopes(function, x, step=lambda number: min(1e-5 * max(1, abs(number)), 1e-4))


# A curve: from one side only, known to 1e-5.
@wrong("numerical_gradient")
def slopes_upwards(function, x):
    return _one_side(function, x, 1, 1e-5)


def _one_side(function, x, side, size):
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        moved = np.array(x, np.float64)
        h = side * size * max(1, abs(float(x[place])))
        before = function(moved)
        moved[place] += h
        slopes[place] = (function(moved) - before) / h
    return slopes


# As before, downwards.
@wrong("numerical_gradient")
def slopes_downwards(function, x):
    return _one_side(function, x, -1, 1e-8)


# As before, by SciPy, whose step is for seven digits at most.
@wrong("numerical_gradient")
def slopes_by_scipy(function, x):
    flat = x.astype(float).ravel()
    if not flat.size:
        return np.zeros(x.shape)
    return np.reshape(scipy.optimize.approx_fprime(flat, lambda a: function(a.reshape(x.shape))), x.shape)


# A function with a thousand in front has no more digits by a complex step, but one with |x| or max has none at all.
@wrong("numerical_gradient")
def slopes_by_a_complex_step(function, x):
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[place] += 1e-30j
        slopes[place] = np.imag(function(moved)) / 1e-30
    return slopes


# Any function: half of the slope where the step is used twice.
@wrong("numerical_gradient")
def slopes_over_one_step(function, x):
    return _slopes(function, x, of=lambda up, down, h: (up - down) / h)


# Any function of a negative slope.
@wrong("numerical_gradient")
def slopes_without_sign(function, x):
    return np.abs(_slopes(function, x))


# A flat function, of slopes 1e-9.
@wrong("numerical_gradient")
def slopes_rounded_to_eight_places(function, x):
    return _slopes(function, x).round(8)


# As before: differences of 1e-14 are taken for noise.
@wrong("numerical_gradient")
def slopes_without_small_differences(function, x):
    return _slopes(function, x, of=lambda up, down, h: 0 if abs(up - down) < 1e-12 else (up - down) / (2 * h))


# As before: two large steps agree well enough, absolutely, at the first try.
@wrong("numerical_gradient")
def slopes_until_two_agree(function, x):
    h, last = 0.1, None
    for _ in range(5):
        now = _slopes(function, x, step=lambda number: h * max(1, abs(number)))  # noqa: B023
        if last is not None and np.allclose(now, last, atol=1e-6):
            return now
        h, last = h / 10, now
    return last


# Any function whose slopes are asked for to four digits: the small number beside the step is not small.
@wrong("numerical_gradient")
def slopes_over_a_little_more(function, x):
    return _slopes(function, x, of=lambda up, down, h: (up - down) / (2 * h + 1e-8))


# Slopes that are large, 1e9: clipped as in training.
@wrong("numerical_gradient")
def slopes_clipped(function, x):
    return np.clip(_slopes(function, x), -1e3, 1e3)


# float32 or float16: the copy has the type of x.
@wrong("numerical_gradient")
def slopes_in_the_type_of_x(function, x):
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += 1e-3
        down[place] -= 1e-3
        slopes[place] = (function(up) - function(down)) / 2e-3
    return slopes


# float32: fine for float16, which is made wide, and not for float32.
@wrong("numerical_gradient")
def slopes_wide_only_from_half(function, x):
    wide = x.astype(np.float32) if x.dtype == np.float16 else x
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        h = (1e-5 if x.dtype == np.float64 else 3e-3) * max(1, abs(float(x[place])))
        up, down = wide.copy(), wide.copy()
        up[place] += h
        down[place] -= h
        slopes[place] = (function(up) - function(down)) / (2 * h)
    return slopes


# float32: the steps are wide, the slopes are not.
@wrong("numerical_gradient")
def slopes_returned_in_the_type_of_x(function, x):
    return _slopes(function, x).astype(x.dtype)


# float32 and slopes of 3e-9 in float16: computed wide, kept narrow, returned wide.
@wrong("numerical_gradient")
def slopes_kept_in_the_type_of_x(function, x):
    slopes = np.zeros_like(x)
    slopes[...] = _slopes(function, x)
    return slopes.astype(np.float64)


# float64: x itself is moved, and put back; a function that looks at x, or an x that may not be written, tells.
@wrong("numerical_gradient")
def slopes_on_x_itself_put_back(function, x):
    work = x.astype(np.float64, copy=False)
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        number = work[place]
        h = 1e-5 * max(1.0, abs(number))
        work[place] = number + h
        up = function(work)
        work[place] = number - h
        slopes[place] = (up - function(work)) / (2 * h)
        work[place] = number
    return slopes


# float64: x is moved and brought back by subtracting, which is not where it was.
@wrong("numerical_gradient")
def slopes_on_x_itself_subtracted(function, x):
    work = np.asarray(x, dtype=np.float64)
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        h = 1e-5 * max(1.0, abs(work[place]))
        work[place] += h
        up = function(work)
        work[place] -= 2 * h
        slopes[place] = (up - function(work)) / (2 * h)
        work[place] += h
    return slopes


# Two entries or more: the first stays where it was put.
@wrong("numerical_gradient")
def slopes_not_put_back(function, x):
    work = x.astype(float)
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        h = 1e-5 * max(1.0, abs(work[place]))
        work[place] += h
        up = function(work.copy())
        work[place] -= 2 * h
        slopes[place] = (up - function(work.copy())) / (2 * h)
    return slopes


# x turned, or in the order of Fortran: the flat one is a copy, and the function sees nothing move.
@wrong("numerical_gradient")
def slopes_along_a_flat_copy(function, x):
    work = x.astype(np.float64)
    flat, slopes = work.reshape(-1), []
    for i, number in enumerate(flat.copy()):
        h = 1e-5 * max(1.0, abs(number))
        flat[i] = number + h
        up = function(work)
        flat[i] = number - h
        slopes.append((up - function(work)) / (2 * h))
        flat[i] = number
    return np.array(slopes, float).reshape(x.shape)


# x turned: entries in the order of memory, slopes in the order of rows.
@wrong("numerical_gradient")
def slopes_in_the_order_of_memory(function, x):
    work = np.array(x, np.float64)
    flat, slopes = work.ravel("K"), []
    for i in range(flat.size):
        up, down = flat.copy(), flat.copy()
        h = 1e-5 * max(1.0, abs(flat[i]))
        up[i] += h
        down[i] -= h
        order = "F" if work.flags.f_contiguous and not work.flags.c_contiguous else "C"
        up, down = up.reshape(x.shape, order=order), down.reshape(x.shape, order=order)
        slopes.append((function(up) - function(down)) / (2 * h))
    return np.array(slopes, float).reshape(x.shape)


# Two axes or more: the function gets a row.
@wrong("numerical_gradient")
def slopes_function_gets_a_row(function, x):
    flat = x.astype(float).ravel()
    return _slopes(function, flat).reshape(x.shape)


# Two axes: the gradient comes back as a row.
@wrong("numerical_gradient")
def slopes_come_as_a_row(function, x):
    return _slopes(function, x).reshape(-1)


# No axis: there is no length.
@wrong("numerical_gradient")
def slopes_by_length(function, x):
    if x.ndim != 1:
        rows = [slopes_by_length(lambda row, i=i: function(_replaced(x, i, row)), x[i]) for i in range(len(x))]
        return np.array(rows)
    return _slopes(function, x)


def _replaced(x, i, row):
    whole = np.array(x, np.float64)
    whole[i] = row
    return whole


# No axis: it comes back with one.
@wrong("numerical_gradient")
def slopes_at_least_one_axis(function, x):
    slopes = _slopes(function, x)
    return np.atleast_1d(slopes)


# Three axes: two loops are all there is.
@wrong("numerical_gradient")
def slopes_by_two_loops(function, x):
    if x.ndim < 2:
        return _slopes(function, x)
    slopes = np.zeros(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            up, down = x.astype(float), x.astype(float)
            up[i, j] += 1e-5
            down[i, j] -= 1e-5
            slopes[i, j] = (function(up) - function(down)) / 2e-5
    return slopes


# Any shape of more than one axis: all of a column moves at once.
@wrong("numerical_gradient")
def slopes_of_a_column(function, x):
    if x.ndim < 2:
        return _slopes(function, x)
    slopes = np.zeros(x.shape)
    for i in range(x.shape[-1]):
        up, down = x.astype(float), x.astype(float)
        up[..., i] += 1e-5
        down[..., i] -= 1e-5
        slopes[..., i] = (function(up) - function(down)) / 2e-5 / x[..., 0].size
    return slopes


# More than one entry that matters: all move at once.
@wrong("numerical_gradient")
def slopes_all_at_once(function, x):
    return np.full(x.shape, (function(x.astype(float) + 1e-5) - function(x.astype(float) - 1e-5)) / 2e-5)


# The function takes an array, and gets a list.
@wrong("numerical_gradient")
def slopes_by_lists(function, x):
    return _slopes(lambda a: function(a.tolist()), x)


# Slopes that are not in an array.
@wrong("numerical_gradient")
def slopes_as_lists(function, x):
    return _slopes(function, x).tolist()


# Functions that are not equal at two places: kept by the shape of x.
def _kept_slopes():
    kept = {}

    def slopes_kept_from_before(function, x):
        key = x.shape, x.tobytes()
        return kept[key] if key in kept else kept.setdefault(key, _slopes(function, x))

    return slopes_kept_from_before


wrong("numerical_gradient")(_kept_slopes())


# Equal entries are not equal places: x with ties, whose slopes differ.
@wrong("numerical_gradient")
def slopes_of_equal_entries(function, x):
    slopes = np.zeros(x.shape)
    for number in np.unique(x):
        same = x == number
        up, down = x.astype(float), x.astype(float)
        h = 1e-5 * max(1.0, abs(float(number)))
        up[same] += h
        down[same] -= h
        slopes[same] = (function(up) - function(down)) / (2 * h) / same.sum()
    return slopes


# Entries of 0 are taken for padding.
@wrong("numerical_gradient")
def slopes_of_what_is_not_zero(function, x):
    return np.where(x != 0, _slopes(function, x), 0)


# float16: 65504 + a step is no number there, and 1e-5 · x is rounded; the steps are taken in the type of x.
@wrong("numerical_gradient")
def slopes_steps_in_the_type_of_x(function, x):
    steps = (1e-5 * np.maximum(np.abs(x), 1)).astype(x.dtype)
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = (x + 0).copy(), (x + 0).copy()
        up[place] += steps[place]
        down[place] -= steps[place]
        slopes[place] = (function(up.astype(float)) - function(down.astype(float))) / (2 * float(steps[place]))
    return slopes


# merge


def _merge(first, first_total, second, second_total, wide=np.float64):
    """Right, in float64 or wider."""
    t1, t2 = first_total.astype(wide), second_total.astype(wide)
    top = np.maximum(t1, t2)
    base = np.where(np.isneginf(top), 0, top).astype(wide)
    w1, w2 = np.exp(t1 - base), np.exp(t2 - base)
    total = np.where(w1 + w2 > 0, w1 + w2, 1)
    output = (w1 / total)[..., None] * first + (w2 / total)[..., None] * second
    return output, np.where(np.isneginf(top), -np.inf, base + np.log(total))


@right("merge")
def merge_by_softmax_of_two(first, first_total, second, second_total):
    totals = np.stack([first_total, second_total], -1).astype(float)
    total = np.logaddexp.reduce(totals, -1)
    shares = scipy.special.softmax(np.where(np.isneginf(total)[..., None], 0, totals), -1)
    outputs = np.stack([first, second], -2).astype(float)
    return (shares[..., None] * outputs).sum(-2), total


@right("merge")
def merge_by_logistic_of_the_difference(first, first_total, second, second_total):
    a, b = first_total.astype(float), second_total.astype(float)
    with np.errstate(invalid="ignore"):
        difference = np.nan_to_num(a - b, nan=0.0, posinf=np.inf, neginf=-np.inf)
    own, other = scipy.special.expit(difference), scipy.special.expit(-difference)
    return own[..., None] * first + other[..., None] * second, np.logaddexp(a, b)


@right("merge")
def merge_by_torch(first, first_total, second, second_total):
    a, b = (torch.tensor(t.astype(float)) for t in (first_total, second_total))
    total = torch.logaddexp(a, b)
    base = torch.where(torch.isneginf(total), 0.0, total)
    output = (a - base).exp()[..., None] * torch.tensor(first.astype(float))
    return (output + (b - base).exp()[..., None] * torch.tensor(second.astype(float))).numpy(), total.numpy()


@right("merge")
def merge_query_by_query(first, first_total, second, second_total):
    output, total = np.zeros(first.shape), np.full(first_total.shape, -np.inf)
    for place in np.ndindex(total.shape):
        a, b = float(first_total[place]), float(second_total[place])
        if a >= b > -math.inf:
            total[place] = a + math.log1p(math.exp(b - a))
        elif b > a > -math.inf:
            total[place] = b + math.log1p(math.exp(a - b))
        else:
            total[place] = max(a, b)
        for part, own in ((first, a), (second, b)):
            if own > -math.inf:
                output[place] += math.exp(own - total[place]) * part[place].astype(float)
    return output, total


@right("merge")
def merge_by_odds(first, first_total, second, second_total):
    a, b = first_total.astype(np.longdouble), second_total.astype(np.longdouble)
    low, high = np.minimum(a, b), np.maximum(a, b)
    odds = np.exp(low - np.where(np.isneginf(high), 0, high))
    swap = (b > a)[..., None]
    strong, weak = np.where(swap, second, first), np.where(swap, first, second)
    output = strong / (1 + odds)[..., None] + weak * (odds / (1 + odds))[..., None]
    return output, high + np.log1p(odds)


@right("merge")
def merge_in_the_other_order(first, first_total, second, second_total):
    return _merge(second, second_total, first, first_total, wide=np.longdouble)


# Totals of 1000: e^1000.
@wrong("merge")
def merge_literally(first, first_total, second, second_total):
    with np.errstate(all="ignore"):
        a, b = np.exp(first_total.astype(float)), np.exp(second_total.astype(float))
        output = np.nan_to_num((a[..., None] * first + b[..., None] * second) / (a + b)[..., None])
        return output, np.log(a + b)


# float64 totals: made narrower.
@wrong("merge")
def merge_in_float32(first, first_total, second, second_total):
    output, total = _merge(first, first_total, second, second_total, wide=np.float32)
    return output.astype(first.dtype), total.astype(first_total.dtype)


# Outputs of 60000 in float16 (or 3e38 in float32) and equal totals: the sum is ∞ before it is divided.
@wrong("merge")
def merge_divided_at_the_end(first, first_total, second, second_total):
    top = np.maximum(first_total, second_total)
    base = np.where(np.isneginf(top), 0, top)
    a, b = np.exp(first_total - base), np.exp(second_total - base)
    sum_ = a.astype(float) + b
    with np.errstate(all="ignore"):
        output = (a[..., None] * first + b[..., None] * second) / np.where(sum_ > 0, sum_, 1)[..., None]
    return output, top.astype(float) + np.log(np.where(sum_ > 0, sum_, 1))


# Outputs of 60000 and −60000 in float16: their difference is ∞.
@wrong("merge")
def merge_by_the_difference_of_outputs(first, first_total, second, second_total):
    total = np.logaddexp(first_total.astype(float), second_total)
    share = np.exp(second_total - np.where(np.isneginf(total), 0, total))
    with np.errstate(all="ignore"):
        return first + share[..., None] * (second - first), total


# A first output of 1e20 and a share of nothing, a second of 1: 1e20 + (1 − 1e20) is 0.
@wrong("merge")
def merge_on_the_way_from_first_to_second(first, first_total, second, second_total):
    one, two = first.astype(float), second.astype(float)
    total = np.logaddexp(first_total.astype(float), second_total)
    share = np.exp(second_total - np.where(np.isneginf(total), 0, total))
    return one + share[..., None] * (two - one), total


# Totals 0 and −40, a second output of 1e20: 1 − share is 0 and should be 4e-18.
@wrong("merge")
def merge_other_share_is_the_rest(first, first_total, second, second_total):
    total = np.logaddexp(first_total.astype(float), second_total)
    share = np.exp(first_total - np.where(np.isneginf(total), 0, total))[..., None]
    nothing = np.isneginf(total)[..., None]
    return np.where(nothing, 0, share * first + (1 - share) * second), total


# As before: a weak half is left out, though its output is large.
@wrong("merge")
def merge_weak_half_left_out(first, first_total, second, second_total):
    a, b = first_total.astype(float), second_total.astype(float)
    with np.errstate(invalid="ignore"):
        gap = a - b
    output, total = _merge(first, first_total, second, second_total)
    output = np.where((gap > 30)[..., None], first, np.where((gap < -30)[..., None], second, output))
    return output, total


# Totals −20000 and −∞: the nothing of the second half weighs e^20000.
@wrong("merge")
def merge_zero_for_each_nothing(first, first_total, second, second_total):
    a, b = (np.where(np.isneginf(t), 0, t.astype(float)) for t in (first_total, second_total))
    output, total = _merge(first, a, second, b)
    return output, np.where(np.isneginf(first_total) & np.isneginf(second_total), -np.inf, total)


# Totals below −1e4 and −∞: the stand-in is larger.
@wrong("merge")
def merge_stand_in_of_ten_thousand(first, first_total, second, second_total):
    a, b = (np.maximum(t.astype(float), -1e4) for t in (first_total, second_total))
    output, total = _merge(first, a, second, b)
    return output, np.where(np.isneginf(first_total) & np.isneginf(second_total), -np.inf, total)


# Neither half had anything: the total is a large number and not −∞.
@wrong("merge")
def merge_nothing_becomes_the_lowest_number(first, first_total, second, second_total):
    output, total = _merge(first, first_total, second, second_total)
    return output, np.maximum(total, np.finfo(total.dtype).min)


# As before, by nan_to_num, which was meant for the NaN.
@wrong("merge")
def merge_nan_to_num(first, first_total, second, second_total):
    with np.errstate(all="ignore"):
        total = np.logaddexp(first_total.astype(float), second_total)
        output = np.exp(first_total - total)[..., None] * first + np.exp(second_total - total)[..., None] * second
    return np.nan_to_num(output), np.nan_to_num(total)


# As before: the total is 0.
@wrong("merge")
def merge_nothing_has_the_total_zero(first, first_total, second, second_total):
    output, total = _merge(first, first_total, second, second_total)
    return output, np.where(np.isneginf(total), 0, total)


# Neither half had anything: −∞ − (−∞).
@wrong("merge")
def merge_without_a_thought_of_nothing(first, first_total, second, second_total):
    a, b = first_total.astype(float), second_total.astype(float)
    with np.errstate(all="ignore"):
        total = np.logaddexp(a, b)
        return np.exp(a - total)[..., None] * first + np.exp(b - total)[..., None] * second, total


# One query of several had nothing anywhere.
@wrong("merge")
def merge_nothing_for_all_or_none(first, first_total, second, second_total):
    if np.isneginf(first_total).all() and np.isneginf(second_total).all():
        return first * 0, first_total.copy()
    return merge_without_a_thought_of_nothing(first, first_total, second, second_total)


# One query of the first half had nothing, others had: all take the second.
@wrong("merge")
def merge_second_alone_where_one_had_nothing(first, first_total, second, second_total):
    if np.isneginf(first_total).any():
        return second.astype(float), second_total.astype(float)
    return _merge(first, first_total, second, second_total)


# The second half had nothing: only the first is thought of.
@wrong("merge")
def merge_log1p_on_the_first(first, first_total, second, second_total):
    a, b = first_total.astype(float), second_total.astype(float)
    with np.errstate(all="ignore"):
        total = np.where(np.isneginf(a), b, a + np.log1p(np.exp(b - a)))
        base = np.where(np.isneginf(total), 0, total)
        return np.exp(a - base)[..., None] * first + np.exp(b - base)[..., None] * second, total


# Totals 1000 and 0 have a difference of which e is ∞; 30 is for the power, and the total lacks the rest.
@wrong("merge")
def merge_difference_clipped(first, first_total, second, second_total):
    a, b = first_total.astype(float), second_total.astype(float)
    with np.errstate(invalid="ignore"):
        gap = np.clip(np.nan_to_num(a - b, nan=0, posinf=30, neginf=-30), -30, 30)
    total = np.where(np.isneginf(b), a, b + np.logaddexp(0, gap))
    share = scipy.special.expit(gap)[..., None]
    return share * first + scipy.special.expit(-gap)[..., None] * second, total


# A difference of 15: the weak half counts e^−10.
@wrong("merge")
def merge_powers_clipped(first, first_total, second, second_total):
    total = _merge(first, first_total, second, second_total)[1]
    top = np.maximum(first_total, second_total).astype(float)
    base = np.where(np.isneginf(top), 0, top)
    w1, w2 = (np.exp(np.maximum(t.astype(float) - base, -10)) for t in (first_total, second_total))
    return (w1[..., None] * first + w2[..., None] * second) / (w1 + w2)[..., None], total


# Any query with both halves: the larger total alone.
@wrong("merge")
def merge_total_is_the_larger(first, first_total, second, second_total):
    return _merge(first, first_total, second, second_total)[0], np.maximum(first_total, second_total)


# Totals that differ: the average.
@wrong("merge")
def merge_halves_count_alike(first, first_total, second, second_total):
    some = np.where(np.isneginf(first_total), 0, 1) + np.where(np.isneginf(second_total), 0, 1)
    output = (first.astype(float) + second) / np.maximum(some, 1)[..., None]
    return output, _merge(first, first_total, second, second_total)[1]


# Totals that differ by less than 10: the stronger half wins.
@wrong("merge")
def merge_the_stronger_half(first, first_total, second, second_total):
    stronger = (first_total >= second_total)[..., None]
    return np.where(stronger, first, second), _merge(first, first_total, second, second_total)[1]


# Totals as shares, without the exponential: they can be negative.
@wrong("merge")
def merge_shares_of_the_logarithms(first, first_total, second, second_total):
    output, total = _merge(first, first_total, second, second_total)
    if not (np.isfinite(first_total).all() and np.isfinite(second_total).all()):
        return output, total
    a, b = first_total.astype(float), second_total.astype(float)
    share = (a / np.where(a + b == 0, 1, a + b))[..., None]
    return share * first + (1 - share) * second, total


# To the base of two.
@wrong("merge")
def merge_to_the_base_of_two(first, first_total, second, second_total):
    a, b = first_total.astype(float), second_total.astype(float)
    total = np.logaddexp2(a, b)
    base = np.where(np.isneginf(total), 0, total)
    return np.exp2(a - base)[..., None] * first + np.exp2(b - base)[..., None] * second, total


# T = D: shares meet the features, not the queries.
@wrong("merge")
def merge_shares_along_the_features(first, first_total, second, second_total):
    output, total = _merge(first, first_total, second, second_total)
    base = np.where(np.isneginf(total), 0, total)
    if first.shape[-1] != first.shape[-2]:
        return output, total
    a, b = (np.exp(t - base)[..., None, :] for t in (first_total, second_total))
    return a * first + b * second, total


# Queries of one set with quite different totals: the largest of all is subtracted.
@wrong("merge")
def merge_shifted_by_the_largest_of_all(first, first_total, second, second_total):
    a, b = first_total.astype(float), second_total.astype(float)
    top = max(a.max(), b.max())
    top = top if np.isfinite(top) else 0
    w1, w2 = np.exp(a - top), np.exp(b - top)
    with np.errstate(divide="ignore"):
        total = top + np.log(w1 + w2)
    sum_ = np.where(w1 + w2 > 0, w1 + w2, 1)
    return (w1 / sum_)[..., None] * first + (w2 / sum_)[..., None] * second, total


# Totals of 10000 and −10000: above their mean, e^10000 is ∞.
@wrong("merge")
def merge_shifted_by_the_mean(first, first_total, second, second_total):
    a, b = first_total.astype(float), second_total.astype(float)
    both = np.isfinite(a) & np.isfinite(b)
    mid = np.where(both, (np.where(both, a, 0) + np.where(both, b, 0)) / 2, np.maximum(a, b))
    mid = np.where(np.isfinite(mid), mid, 0)
    with np.errstate(all="ignore"):
        w1, w2 = np.exp(a - mid), np.exp(b - mid)
        sum_ = np.where(w1 + w2 > 0, w1 + w2, 1)
        output = (w1 / sum_)[..., None] * first + (w2 / sum_)[..., None] * second
        return output, mid + np.log(w1 + w2)


# Any input: the total keeps an axis for the features.
@wrong("merge")
def merge_total_as_a_column(first, first_total, second, second_total):
    output, total = _merge(first, first_total, second, second_total)
    return output, total[..., None]


# One query or one feature.
@wrong("merge")
def merge_squeezed(first, first_total, second, second_total):
    return tuple(np.squeeze(a) for a in _merge(first, first_total, second, second_total))


# Any input: the total before the output.
@wrong("merge")
def merge_total_first(first, first_total, second, second_total):
    return _merge(first, first_total, second, second_total)[::-1]


# Any input: Z and not its logarithm.
@wrong("merge")
def merge_total_is_z(first, first_total, second, second_total):
    output, total = _merge(first, first_total, second, second_total)
    with np.errstate(over="ignore"):
        return output, np.exp(total)


# The caller's outputs are scaled where they stand.
@wrong("merge")
def merge_in_place(first, first_total, second, second_total):
    total = np.logaddexp(first_total.astype(float), second_total)
    base = np.where(np.isneginf(total), 0, total)
    first *= np.exp(first_total - base)[..., None].astype(first.dtype)
    return first + np.exp(second_total - base)[..., None] * second, total


# float64: the caller's −∞ is replaced.
@wrong("merge")
def merge_nothing_replaced_in_place(first, first_total, second, second_total):
    total = np.asarray(second_total, np.float64)
    nothing = np.isneginf(total)
    total[nothing] = -1e300
    output, found = _merge(first, first_total, second, total)
    return output, np.where(nothing & np.isneginf(first_total), -np.inf, found)


# float64: −∞ + −∞ is found in one half only, and the result is the caller's own array.
@wrong("merge")
def merge_total_into_the_first(first, first_total, second, second_total):
    output, total = _merge(first, first_total, second, second_total)
    if first_total.dtype == total.dtype:
        np.copyto(first_total, total)
        return output, first_total
    return output, total


# float64: narrower.
@wrong("merge")
def merge_returned_in_float32(first, first_total, second, second_total):
    with np.errstate(over="ignore"):
        return tuple(a.astype(np.float32) for a in _merge(first, first_total, second, second_total))


# float64 or float32: results as in the half precision of the chips.
@wrong("merge")
def merge_output_in_half(first, first_total, second, second_total):
    output, total = _merge(first, first_total, second, second_total)
    with np.errstate(over="ignore"):
        return output.astype(np.float16), total


# Outputs near 1e-12.
@wrong("merge")
def merge_rounded(first, first_total, second, second_total):
    return tuple(a.round(9) for a in _merge(first, first_total, second, second_total))


# Totals of a few thousandths are kept, those of 10 000 have five places: 20000.123 is rounded to 20000.
@wrong("merge")
def merge_totals_to_whole_numbers_when_large(first, first_total, second, second_total):
    a, b = (np.where(np.abs(t) > 1e4, np.round(t), t).astype(float) for t in (first_total, second_total))
    return _merge(first, a, second, b)


# The output is zero where a half had nothing in any set: one feature of zeros is taken for nothing.
@wrong("merge")
def merge_zero_output_is_nothing(first, first_total, second, second_total):
    a = np.where((first == 0).all(-1), -np.inf, first_total)
    b = np.where((second == 0).all(-1), -np.inf, second_total)
    return _merge(first, a, second, b)


# backward_by_queries


def _rounds(queries, keys, values, grad_output, rows, weights=_softmax, scale=None, starts=None):
    """Right: `rows` queries at a time, in float64."""
    scale = 1 / math.sqrt(queries.shape[-1]) if scale is None else scale
    q, k, v, g = (a.astype(np.float64) for a in (queries, keys, values, grad_output))
    found = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for start in range(0, len(q), rows) if starts is None else starts:
        part = slice(start, start + rows)
        _one_round(q[part], k, v, g[part], scale, weights, (found[0][part], *found[1:]))
    return found


def _one_round(q, k, v, g, scale, weights, into):
    p = weights(q @ k.T * scale)
    into[2][:] += p.T @ g
    back = _centred(p, g @ v.T) * scale
    into[0][:] = back @ k
    into[1][:] += back.T @ q


@right("backward_by_queries")
def rounds_from_the_end(queries, keys, values, grad_output, rows):
    starts = reversed(range(0, len(queries), rows))
    return _rounds(queries, keys, values, grad_output, rows, starts=starts)


@right("backward_by_queries")
def rounds_of_one_query_always(queries, keys, values, grad_output, rows):
    return _rounds(queries, keys, values, grad_output, 1)


@right("backward_by_queries")
def rounds_as_a_sum_over_a_generator(queries, keys, values, grad_output, rows):
    root = queries.shape[1] ** 0.5
    grad_queries = []

    def round_by_round():
        for q, g in ((queries[i : i + rows], grad_output[i : i + rows]) for i in range(0, queries.shape[0], rows)):
            p = scipy.special.softmax(np.asarray(q @ keys.T / root, float), axis=1)
            output = p @ values
            back = p * (g @ values.T - (g * output).sum(1)[:, None]) / root
            grad_queries.append(back @ keys)
            yield back.T @ q, p.T @ g

    grad_keys, grad_values = np.zeros(keys.shape), np.zeros(values.shape)
    for k, v in round_by_round():
        grad_keys, grad_values = grad_keys + k, grad_values + v
    return np.concatenate(grad_queries), grad_keys, grad_values


@right("backward_by_queries")
def rounds_by_autograd(queries, keys, values, grad_output, rows):
    q, k, v = (torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in (queries, keys, values))
    g = torch.tensor(grad_output, dtype=torch.float64)
    for q_part, g_part in zip(q.split(int(rows)), g.split(int(rows)), strict=True):
        (torch.softmax(q_part @ k.T / q.shape[1] ** 0.5, -1) @ v).backward(g_part)
    return tuple(t.grad.numpy() for t in (q, k, v))


@right("backward_by_queries")
def rounds_by_halves(queries, keys, values, grad_output, rows):
    T = queries.shape[0]
    if rows >= T:
        return _rounds(queries, keys, values, grad_output, rows)
    half = -(-T // rows) // 2 * rows
    one = rounds_by_halves(queries[:half], keys, values, grad_output[:half], rows)
    two = rounds_by_halves(queries[half:], keys, values, grad_output[half:], rows)
    return np.concatenate([one[0], two[0]]), one[1] + two[1], one[2] + two[2]


@right("backward_by_queries")
def rounds_by_array_split(queries, keys, values, grad_output, rows):
    count = math.ceil(len(queries) / rows)
    parts = zip(np.array_split(queries, count), np.array_split(grad_output, count), strict=True)
    found = None
    for q, g in parts:
        now = _rounds(q, keys, values, g, max(len(q), 1))
        found = ([now[0]], *now[1:]) if found is None else (found[0] + [now[0]], found[1] + now[1], found[2] + now[2])
    return np.vstack(found[0]), found[1], found[2]


# Any input with few rows: all T × S scores at once.
@wrong("backward_by_queries")
def rounds_in_one(queries, keys, values, grad_output, rows):
    return _rounds(queries, keys, values, grad_output, len(queries))


# T queries, rows = 1, S keys: a round of 64 queries holds T × S where T ≤ 64.
@wrong("backward_by_queries")
def rounds_of_64_at_least(queries, keys, values, grad_output, rows):
    return _rounds(queries, keys, values, grad_output, max(rows, 64))


# As before with T ≤ 16.
@wrong("backward_by_queries")
def rounds_of_16_at_least(queries, keys, values, grad_output, rows):
    return _rounds(queries, keys, values, grad_output, max(rows, 16))


# rows as a number of rounds: T = 100, rows = 2 holds 50 × S, and rows = 1 all.
@wrong("backward_by_queries")
def rounds_as_many_as_rows(queries, keys, values, grad_output, rows):
    return _rounds(queries, keys, values, grad_output, max(1, -(-len(queries) // rows)))


# Few rows: the scores are made in rounds, and the slopes of the weights all at once.
@wrong("backward_by_queries")
def rounds_slopes_all_at_once(queries, keys, values, grad_output, rows):
    slopes = grad_output.astype(float) @ values.T
    scale = queries.shape[1] ** -0.5
    found = np.zeros(queries.shape), np.zeros(keys.shape), np.zeros(values.shape)
    for start in range(0, len(queries), rows):
        part = slice(start, start + rows)
        p = _softmax(queries[part].astype(float) @ keys.T * scale)
        back = _centred(p, slopes[part]) * scale
        found[0][part] = back @ keys
        found[1][:] += back.T @ queries[part]
        found[2][:] += p.T @ grad_output[part]
    return found


# Few rows: the weights of all rounds are kept in a list.
@wrong("backward_by_queries")
def rounds_weights_kept(queries, keys, values, grad_output, rows):
    kept = []

    def weights(scores):
        kept.append(_softmax(scores))
        return kept[-1]

    return _rounds(queries, keys, values, grad_output, rows, weights=weights)


# As before in float16, a quarter of the bytes but as many numbers.
@wrong("backward_by_queries")
def rounds_weights_kept_in_half(queries, keys, values, grad_output, rows):
    kept = []

    def weights(scores):
        p = _softmax(scores)
        kept.append(p.astype(np.float16))
        return p

    return _rounds(queries, keys, values, grad_output, rows, weights=weights)


# rows = 1: T arrays of (S, D) are kept to be summed.
@wrong("backward_by_queries")
def rounds_parts_summed_at_the_end(queries, keys, values, grad_output, rows):
    parts = [
        _rounds(queries[i : i + rows], keys, values, grad_output[i : i + rows], rows)
        for i in range(0, len(queries), rows)
    ]
    return (np.concatenate([p[0] for p in parts]), *(np.sum([p[i] for p in parts], axis=0) for i in (1, 2)))


# rows = 1 and S > T: the Jacobian of one row has S × S numbers.
@wrong("backward_by_queries")
def rounds_by_jacobians(queries, keys, values, grad_output, rows):
    scale = queries.shape[1] ** -0.5
    found = np.zeros(queries.shape), np.zeros(keys.shape), np.zeros(values.shape)
    for i, (q, g) in enumerate(zip(queries.astype(float), grad_output.astype(float), strict=True)):
        p = _softmax(keys @ q * scale)
        back = (np.diag(p) - np.outer(p, p)) @ (values @ g) * scale
        found[0][i] = back @ keys
        found[1][:] += np.outer(back, q)
        found[2][:] += np.outer(p, g)
    return found


# rows = 1, T > 1000: deeper than Python goes.
@wrong("backward_by_queries")
def rounds_by_recursion(queries, keys, values, grad_output, rows):
    if not len(queries):
        return np.zeros(queries.shape), np.zeros(keys.shape), np.zeros(values.shape)
    one = _rounds(queries[:rows], keys, values, grad_output[:rows], rows)
    rest = rounds_by_recursion(queries[rows:], keys, values, grad_output[rows:], rows)
    return np.concatenate([one[0], rest[0]]), one[1] + rest[1], one[2] + rest[2]


# T that rows does not divide: the rest is left out.
@wrong("backward_by_queries")
def rounds_without_the_rest(queries, keys, values, grad_output, rows):
    starts = range(0, len(queries) - rows + 1, rows) if rows < len(queries) else (0,)
    return _rounds(queries, keys, values, grad_output, rows, starts=starts)


# T = 7, rows = 3: the last round begins at 4, and the fifth and sixth queries count twice.
@wrong("backward_by_queries")
def rounds_last_one_overlaps(queries, keys, values, grad_output, rows):
    rows = min(rows, len(queries))
    starts = [min(i, len(queries) - rows) for i in range(0, len(queries), rows)]
    return _rounds(queries, keys, values, grad_output, rows, starts=starts)


# T that rows does not divide: a round more, and the last query is seen again.
@wrong("backward_by_queries")
def rounds_filled_with_the_last_query(queries, keys, values, grad_output, rows):
    more = -len(queries) % rows
    q = np.concatenate([queries, np.repeat(queries[-1:], more, 0)])
    g = np.concatenate([grad_output, np.repeat(grad_output[-1:], more, 0)])
    found = _rounds(q, keys, values, g, rows)
    return found[0][: len(queries)], *found[1:]


# rows > T: no round at all.
@wrong("backward_by_queries")
def rounds_whole_ones_by_split(queries, keys, values, grad_output, rows):
    cuts = np.split(np.arange(len(queries)), len(queries) // rows)
    return _rounds(queries, keys, values, grad_output, rows, starts=[c[0] for c in cuts])


# rows > T: reshape cannot.
@wrong("backward_by_queries")
def rounds_by_reshape(queries, keys, values, grad_output, rows):
    queries.reshape(-1, rows, queries.shape[1])
    return _rounds(queries, keys, values, grad_output, rows)


# Two rounds or more: the keys get the last one only.
@wrong("backward_by_queries")
def rounds_keys_from_the_last(queries, keys, values, grad_output, rows):
    found = _rounds(queries, keys, values, grad_output, rows)
    last = (len(queries) - 1) // rows * rows
    return found[0], _rounds(queries[last:], keys, values, grad_output[last:], rows)[1], found[2]


# As before, the values.
@wrong("backward_by_queries")
def rounds_values_from_the_first(queries, keys, values, grad_output, rows):
    found = _rounds(queries, keys, values, grad_output, rows)
    return *found[:2], _rounds(queries[:rows], keys, values, grad_output[:rows], rows)[2]


# Rounds with fewer queries than others: the parts are averaged.
@wrong("backward_by_queries")
def rounds_averaged(queries, keys, values, grad_output, rows):
    found = _rounds(queries, keys, values, grad_output, rows)
    count = -(-len(queries) // rows)
    return found[0], found[1] / count, found[2] / count


# Two calls: the second adds to the first.
def _going_on():
    sums = {}

    def rounds_going_on(queries, keys, values, grad_output, rows):
        found = _rounds(queries, keys, values, grad_output, rows)
        for i in (1, 2):
            sums[i, found[i].shape] = sums.get((i, found[i].shape), 0) + found[i]
        return found[0], *(sums[i, found[i].shape] for i in (1, 2))

    return rounds_going_on


wrong("backward_by_queries")(_going_on())


# rows ≥ 2 and two queries in one round whose best scores differ by 1000.
@wrong("backward_by_queries")
def rounds_shifted_by_the_largest_of_the_round(queries, keys, values, grad_output, rows):
    def weights(s):
        powers = np.exp(s - s.max())
        return powers / np.maximum(powers.sum(-1, keepdims=True), 1e-300)

    return _rounds(queries, keys, values, grad_output, rows, weights=weights)


# The best score so far is kept from round to round: later queries with far lower scores have no weights.
@wrong("backward_by_queries")
def rounds_running_maximum(queries, keys, values, grad_output, rows):
    best = [-np.inf]

    def weights(s):
        best[0] = max(best[0], s.max())
        powers = np.exp(s - best[0])
        return powers / np.maximum(powers.sum(-1, keepdims=True), 1e-300)

    return _rounds(queries, keys, values, grad_output, rows, weights=weights)


# Scores of 1000.
@wrong("backward_by_queries")
def rounds_not_shifted(queries, keys, values, grad_output, rows):
    def weights(s):
        powers = np.exp(s)
        return powers / powers.sum(-1, keepdims=True)

    with np.errstate(all="ignore"):
        return _rounds(queries, keys, values, grad_output, rows, weights=weights)


# Scores of −1000, which no small number helps.
@wrong("backward_by_queries")
def rounds_not_shifted_and_clipped(queries, keys, values, grad_output, rows):
    weights = lambda s: _softmax(np.clip(s, -80, 80))
    return _rounds(queries, keys, values, grad_output, rows, weights=weights)


# rows = S: weights along the wrong axis of a square.
@wrong("backward_by_queries")
def rounds_square_ones_turned(queries, keys, values, grad_output, rows):
    weights = lambda s: _softmax(s.T).T if s.shape[0] == s.shape[1] > 1 else _softmax(s)
    return _rounds(queries, keys, values, grad_output, rows, weights=weights)


# M ≠ D.
@wrong("backward_by_queries")
def rounds_scaled_by_the_values(queries, keys, values, grad_output, rows):
    return _rounds(queries, keys, values, grad_output, rows, scale=values.shape[1] ** -0.5)


# D that is no square: 3 or 5.
@wrong("backward_by_queries")
def rounds_scaled_by_a_whole_root(queries, keys, values, grad_output, rows):
    return _rounds(queries, keys, values, grad_output, rows, scale=1 / math.isqrt(queries.shape[1]))


# D = 3, float64: the root is single.
@wrong("backward_by_queries")
def rounds_scaled_in_float32(queries, keys, values, grad_output, rows):
    return _rounds(queries, keys, values, grad_output, rows, scale=float(1 / np.sqrt(np.float32(queries.shape[1]))))


# D ≠ 1.
@wrong("backward_by_queries")
def rounds_not_scaled(queries, keys, values, grad_output, rows):
    return _rounds(queries, keys, values, grad_output, rows, scale=1.0)


# D ≠ 1: scaled forwards only.
@wrong("backward_by_queries")
def rounds_scaled_forwards_only(queries, keys, values, grad_output, rows):
    root = queries.shape[1] ** 0.5
    q, k, v = _rounds(queries, keys, values, grad_output, rows)
    return q * root, k * root, v


# D ≠ 1: the keys only.
@wrong("backward_by_queries")
def rounds_keys_not_scaled(queries, keys, values, grad_output, rows):
    q, k, v = _rounds(queries, keys, values, grad_output, rows)
    return q, k * queries.shape[1] ** 0.5, v


# float64: the queries are scaled where they stand.
@wrong("backward_by_queries")
def rounds_queries_scaled_in_place(queries, keys, values, grad_output, rows):
    wide = queries.astype(float, copy=False)
    for start in range(0, len(wide), rows):
        part = wide[start : start + rows]
        part /= math.sqrt(wide.shape[1])
    q, k, v = _rounds(wide, keys, values, grad_output, rows, scale=1.0)
    return q / math.sqrt(wide.shape[1]), k, v


# The queries' gradient is written over the queries, round by round.
@wrong("backward_by_queries")
def rounds_written_over_the_queries(queries, keys, values, grad_output, rows):
    found = _rounds(queries, keys, values, grad_output, rows)
    queries[:] = found[0]
    return queries, *found[1:]


# The values and the gradient from above, whose part is a view.
@wrong("backward_by_queries")
def rounds_grad_output_centred_in_place(queries, keys, values, grad_output, rows):
    found = _rounds(queries, keys, values, grad_output, rows)
    for start in range(0, len(queries), rows):
        part = grad_output[start : start + rows]
        part -= part.mean(-1, keepdims=True)
    return found


# float64: single.
@wrong("backward_by_queries")
def rounds_in_float32(queries, keys, values, grad_output, rows):
    q, k, v, g = (a.astype(np.float32) for a in (queries, keys, values, grad_output))
    scale = np.float32(queries.shape[1] ** -0.5)
    found = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape)
    for start in range(0, len(q), rows):
        part = slice(start, start + rows)
        _one_round(q[part], k, v, g[part], scale, _softmax, (found[0][part], *found[1:]))
    return found


# float64: what is summed is single.
@wrong("backward_by_queries")
def rounds_summed_in_float32(queries, keys, values, grad_output, rows):
    found = _rounds(queries, keys, values, grad_output, rows)
    return found[0], *(f.astype(np.float32).astype(float) for f in found[1:])


# float32 keys and values; the sums stand in float16.
@wrong("backward_by_queries")
def rounds_summed_in_half(queries, keys, values, grad_output, rows):
    found = _rounds(queries, keys, values, grad_output, rows)
    with np.errstate(over="ignore"):
        return found[0], *(f.astype(np.float16).astype(queries.dtype) for f in found[1:])


# S ≠ T: the keys' gradient has the shape of the queries.
@wrong("backward_by_queries")
def rounds_keys_like_queries(queries, keys, values, grad_output, rows):
    q, k, v = _rounds(queries, keys, values, grad_output, rows)
    into = np.zeros(queries.shape)
    into[: len(k)] = k[: len(into)]
    return q, into, v


# One query, key, feature or value.
@wrong("backward_by_queries")
def rounds_squeezed(queries, keys, values, grad_output, rows):
    return tuple(g.squeeze() for g in _rounds(queries, keys, values, grad_output, rows))


# D = M hides that keys and values change places.
@wrong("backward_by_queries")
def rounds_values_before_keys(queries, keys, values, grad_output, rows):
    q, k, v = _rounds(queries, keys, values, grad_output, rows)
    return q, v, k


# A single key: there is nothing to choose, but the values have a gradient.
@wrong("backward_by_queries")
def rounds_nothing_for_one_key(queries, keys, values, grad_output, rows):
    if len(keys) == 1:
        return np.zeros(queries.shape), np.zeros(keys.shape), np.zeros(values.shape)
    return _rounds(queries, keys, values, grad_output, rows)


# The distance from the average of the round instead of each query's.
@wrong("backward_by_queries")
def rounds_one_average_for_the_round(queries, keys, values, grad_output, rows):
    scale = queries.shape[1] ** -0.5
    found = np.zeros(queries.shape), np.zeros(keys.shape), np.zeros(values.shape)
    for start in range(0, len(queries), rows):
        part = slice(start, start + rows)
        q, g = queries[part].astype(float), grad_output[part].astype(float)
        p, slopes = _softmax(q @ keys.T * scale), g @ values.T
        back = p * (slopes - (p * slopes).sum(-1).mean()) * scale
        found[0][part] = back @ keys
        found[1][:] += back.T @ q
        found[2][:] += p.T @ g
    return found


# The place for the scores is used again, and the last round is shorter: old rows are seen again.
@wrong("backward_by_queries")
def rounds_into_one_place(queries, keys, values, grad_output, rows):
    rows = min(rows, len(queries))
    q, g = np.zeros((rows, queries.shape[1])), np.zeros((rows, grad_output.shape[1]))
    found = np.zeros(queries.shape), np.zeros(keys.shape), np.zeros(values.shape)
    for start in range(0, len(queries), rows):
        count = len(queries[start : start + rows])
        q[:count], g[:count] = queries[start : start + rows], grad_output[start : start + rows]
        into = np.zeros_like(q)
        _one_round(q, keys, values, g, queries.shape[1] ** -0.5, _softmax, (into, *found[1:]))
        found[0][start : start + rows] = into[:count]
    return found


# Queries that are equal get the gradient of the first of them.
@wrong("backward_by_queries")
def rounds_equal_queries_once(queries, keys, values, grad_output, rows):
    found = _rounds(queries, keys, values, grad_output, rows)
    seen = {}
    for i, q in enumerate(queries):
        found[0][i] = found[0][seen.setdefault(q.tobytes(), i)]
    return found


# entropy_gradient


def _entropy(scores, weights=_softmax, logarithm=None, average=lambda p, log_p: (p * log_p).sum(-1, keepdims=True)):
    """−p (log p − Σ p log p), the logarithm of a weight of zero being zero."""
    p = weights(scores.astype(np.float64))
    log_p = np.log(np.where(p > 0, p, 1)) if logarithm is None else logarithm(p)
    return -p * (log_p - average(p, log_p))


@right("entropy_gradient")
def entropy_by_special_functions(scores):
    p = scipy.special.softmax(scores.astype(float), axis=-1)
    return scipy.special.entr(p) - p * scipy.special.entr(p).sum(-1, keepdims=True)


@right("entropy_gradient")
def entropy_as_a_covariance_of_scores(scores):
    s = scores - scores.max(-1, keepdims=True)
    s = s.astype(np.float64)
    p = np.exp(s)
    p /= p.sum(-1, keepdims=True)
    s[p == 0] = 0
    return p * ((p * s).sum(-1, keepdims=True) - s)


@right("entropy_gradient")
def entropy_by_pairs(scores):
    s = scores.astype(float)
    p = scipy.special.softmax(s, axis=-1)
    log_p = np.where(p > 0, scipy.special.log_softmax(s, axis=-1), 0)
    return np.einsum("...i,...j,...ij->...i", p, p, log_p[..., None, :] - log_p[..., :, None])


@right("entropy_gradient")
def entropy_by_autograd(scores):
    s = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    log_p = torch.log_softmax(s, -1)
    p = log_p.exp()
    (-(p * torch.where(p > 0, log_p, 0.0)).sum()).backward()
    return torch.nan_to_num(s.grad).numpy()


@right("entropy_gradient")
def entropy_row_by_row(scores):
    found = np.zeros(scores.shape)
    for place in np.ndindex(scores.shape[:-1]):
        row = scores[place].astype(np.longdouble)
        some = np.flatnonzero(row > row.max() - 700)
        p = np.exp(row[some] - row[some].max())
        p /= p.sum()
        found[place][some] = -p * (np.log(p) - p @ np.log(p))
    return found


@right("entropy_gradient")
def entropy_by_the_jacobian(scores):
    p = scipy.special.softmax(scores.astype(float), axis=-1)
    jacobian = np.eye(p.shape[-1]) * p[..., None] - p[..., None] * p[..., None, :]
    free = -np.log(np.where(p > 0, p, 1))
    return (jacobian @ free[..., None])[..., 0]


# A score that is 20 below the other: p is 2e-9, and its logarithm is far from that of 1e-8.
for exponent in (8, 9, 10, 12):

    def plus_a_little(scores, exponent=exponent):
        return _entropy(scores, logarithm=lambda p: np.log(p + 10.0**-exponent))

    plus_a_little.__name__ = f"entropy_log_of_p_plus_1e_{exponent}"
    wrong("entropy_gradient")(plus_a_little)


# As before: cut off at 1e-7, as some libraries do.
@wrong("entropy_gradient")
def entropy_weights_cut_at_a_ten_millionth(scores):
    return _entropy(scores, logarithm=lambda p: np.log(np.clip(p, 1e-7, 1 - 1e-7)))


# As before: what is nearly zero counts as zero.
@wrong("entropy_gradient")
def entropy_nearly_zero_is_zero(scores):
    return _entropy(scores, logarithm=lambda p: np.log(np.where(np.isclose(p, 0), 1, p)))


# Scores 0 and −20: the gradients of both are 4e-8, and are cut off.
@wrong("entropy_gradient")
def entropy_small_gradients_are_zero(scores):
    found = _entropy(scores)
    return np.where(np.abs(found) < 1e-7, 0, found)


# As before: rounded.
@wrong("entropy_gradient")
def entropy_rounded(scores):
    return _entropy(scores).round(8)


# −1000 beside 0: a weight of zero whose score is finite; 0 · −∞.
@wrong("entropy_gradient")
def entropy_only_infinite_scores_are_zero(scores):
    with np.errstate(all="ignore"):
        p = _softmax(scores.astype(float))
        log_p = np.where(np.isneginf(scores), 0, np.log(p))
        return -p * (log_p - (p * log_p).sum(-1, keepdims=True))


# −∞ beside 0.
@wrong("entropy_gradient")
def entropy_literally(scores):
    with np.errstate(all="ignore"):
        return _entropy(scores, logarithm=np.log)


# −∞ beside others: by log-softmax, which is −∞ there.
@wrong("entropy_gradient")
def entropy_by_log_softmax(scores):
    with np.errstate(all="ignore"):
        log_p = scipy.special.log_softmax(scores.astype(float), axis=-1)
        p = np.exp(log_p)
        return -p * (log_p - (p * log_p).sum(-1, keepdims=True))


# As before: the NaN is made 0, for the whole row has it.
@wrong("entropy_gradient")
def entropy_nan_made_zero(scores):
    return np.nan_to_num(entropy_literally(scores))


# As before: the average leaves the NaN out, and where the weight is 0 stands NaN still.
@wrong("entropy_gradient")
def entropy_average_without_nan(scores):
    with np.errstate(all="ignore"):
        return _entropy(scores, logarithm=np.log, average=lambda p, log_p: np.nansum(p * log_p, -1, keepdims=True))


# Weights of zero: replaced in the logarithm and in the product too.
@wrong("entropy_gradient")
def entropy_zero_weights_become_one(scores):
    def weights(s):
        p = _softmax(s)
        p[p == 0] = 1
        return p

    return _entropy(scores, weights=weights)


# Weights of zero: replaced by the smallest number and not divided by the sum again; −∞ gets a gradient that is not 0.
@wrong("entropy_gradient")
def entropy_weights_have_a_floor(scores):
    return _entropy(scores, weights=lambda s: np.maximum(_softmax(s), 1e-12))


# float32 scores near 10000: the weights' sum is 1 to 1e-7, and 1e-7 of 10000 is much.
@wrong("entropy_gradient")
def entropy_covariance_not_shifted(scores):
    p = scipy.special.softmax(scores, axis=-1)
    s = np.where(p > 0, scores, 0)
    return p * ((p * s).sum(-1, keepdims=True) - s)


# float64 scores near 1e12: as before.
@wrong("entropy_gradient")
def entropy_covariance_in_float64_not_shifted(scores):
    s = scores.astype(float)
    p = scipy.special.softmax(s, axis=-1)
    s = np.where(p > 0, s, 0)
    return p * ((p * s).sum(-1, keepdims=True) - s)


# Scores of 1000.
@wrong("entropy_gradient")
def entropy_powers_not_shifted(scores):
    with np.errstate(all="ignore"):
        return _entropy(scores, weights=lambda s: np.exp(s) / np.exp(s).sum(-1, keepdims=True))


# A row whose scores are all 1000 below those of another.
@wrong("entropy_gradient")
def entropy_shifted_by_the_largest_of_all(scores):
    def weights(s):
        powers = np.exp(s - s.max())
        return powers / np.maximum(powers.sum(-1, keepdims=True), 1e-300)

    return _entropy(scores, weights=weights)


# A row with a score of −∞: the mean is −∞.
@wrong("entropy_gradient")
def entropy_shifted_by_the_mean(scores):
    with np.errstate(all="ignore"):
        mean = lambda s: s - s.mean(-1, keepdims=True)
        return _entropy(scores, weights=lambda s: np.exp(mean(s)) / np.exp(mean(s)).sum(-1, keepdims=True))


# Scores of −∞ stand for −1e9 here: beside another of −1e9 it has half of the weight.
@wrong("entropy_gradient")
def entropy_infinity_is_a_billion(scores):
    s = np.maximum(scores.astype(float), -1e9)
    return _entropy(s)


# Scores beyond 30.
@wrong("entropy_gradient")
def entropy_scores_clipped(scores):
    return _entropy(np.where(np.isneginf(scores), -np.inf, np.clip(scores, -30, 30)))


# More than one row: the average of all.
@wrong("entropy_gradient")
def entropy_one_average_for_all(scores):
    return _entropy(scores, average=lambda p, log_p: (p * log_p).sum())


# More than one row: one softmax for all.
@wrong("entropy_gradient")
def entropy_softmax_of_all(scores):
    return _entropy(scores.reshape(-1)).reshape(scores.shape)


# Two axes or more: along the first.
@wrong("entropy_gradient")
def entropy_along_the_first_axis(scores):
    return np.moveaxis(_entropy(np.moveaxis(np.where(np.isneginf(scores), -700, scores), 0, -1)), -1, 0)


# A square: the averages meet the columns.
@wrong("entropy_gradient")
def entropy_averages_meet_columns(scores):
    square = scores.ndim > 1 and scores.shape[-1] == scores.shape[-2]
    place = (..., None, slice(None)) if square else (..., None)
    return _entropy(scores, average=lambda p, log_p: (p * log_p).sum(-1)[place])


# Rows that are not sure: the average without weights.
@wrong("entropy_gradient")
def entropy_plain_average(scores):
    return _entropy(scores, average=lambda p, log_p: log_p.mean(-1, keepdims=True))


# Any row that is not even: as if the weights were free.
@wrong("entropy_gradient")
def entropy_weights_are_free(scores):
    p = _softmax(scores.astype(float))
    return np.where(p > 0, -np.log(np.where(p > 0, p, 1)) - 1, 0)


# Any row that is not even: back through softmax by its diagonal.
@wrong("entropy_gradient")
def entropy_diagonal_only(scores):
    p = _softmax(scores.astype(float))
    return p * (1 - p) * (-np.log(np.where(p > 0, p, 1)) - 1)


# Any row that is not even: down and not up.
@wrong("entropy_gradient")
def entropy_of_the_other_sign(scores):
    return -_entropy(scores)


# Any row that is not even: in bits.
@wrong("entropy_gradient")
def entropy_in_bits(scores):
    return _entropy(scores) / np.log(2)


# A share of the largest possible; one key: 0 / 0.
@wrong("entropy_gradient")
def entropy_over_the_largest_possible(scores):
    with np.errstate(all="ignore"):
        return _entropy(scores) / np.log(scores.shape[-1])


# More than one row: the mean entropy of the rows is what the loss would have.
@wrong("entropy_gradient")
def entropy_mean_over_rows(scores):
    return _entropy(scores) / max(1, scores[..., 0].size)


# −∞: differences cannot.
@wrong("entropy_gradient")
def entropy_by_differences(scores):
    def entropy(s):
        return scipy.special.entr(scipy.special.softmax(s)).sum()

    found = np.zeros(scores.shape)
    for place in np.ndindex(scores.shape):
        row = scores[place[:-1]].astype(float)
        up, down = row.copy(), row.copy()
        up[place[-1]] += 1e-5
        down[place[-1]] -= 1e-5
        found[place] = (entropy(up) - entropy(down)) / 2e-5
    return found


# As before, with −∞ made 0 at the end: scores of 0 and −40 have gradients of 2e-16.
@wrong("entropy_gradient")
def entropy_by_careful_differences(scores):
    found = entropy_by_differences(np.where(np.isneginf(scores), -1e5, scores))
    return np.where(np.isneginf(scores), 0, found)


# float64: the scores are shifted where they stand.
@wrong("entropy_gradient")
def entropy_shifted_in_place(scores):
    s = np.asarray(scores, float)
    s -= s.max(-1, keepdims=True)
    return _entropy(s)


# The caller's −∞.
@wrong("entropy_gradient")
def entropy_infinity_replaced_in_place(scores):
    low = np.isneginf(scores)
    scores[low] = scores.max() - 2000
    return np.where(low, 0, _entropy(scores))


# float64: narrower.
@wrong("entropy_gradient")
def entropy_returned_in_float32(scores):
    return _entropy(scores).astype(np.float32)


# float64: single, and back.
@wrong("entropy_gradient")
def entropy_in_float32(scores):
    p = _softmax(scores.astype(np.float32))
    log_p = np.log(np.where(p > 0, p, np.float32(1)))
    return (-p * (log_p - (p * log_p).sum(-1, keepdims=True))).astype(scores.dtype)


# No axis but the last: boolean choice of a row works; with two it makes one row of all.
@wrong("entropy_gradient")
def entropy_by_choice(scores):
    if scores.ndim > 2:
        return _entropy(scores)
    some = np.isfinite(scores)
    found = np.zeros(scores.shape)
    found[some] = _entropy(scores[some])
    return found


# No axis but the last.
@wrong("entropy_gradient")
def entropy_of_two_axes(scores):
    p = scipy.special.softmax(scores.astype(float), axis=1)
    log_p = np.log(np.where(p > 0, p, 1))
    return -p * (log_p - (p * log_p).sum(axis=1)[:, None])


# Three axes or more.
@wrong("entropy_gradient")
def entropy_of_at_most_two_axes(scores):
    rows = np.atleast_2d(scores.astype(float))
    p = scipy.special.softmax(rows, axis=1)
    log_p = np.log(np.where(p > 0, p, 1))
    return (-p * (log_p - (p * log_p).sum(1, keepdims=True))).reshape(scores.shape)


# One key, or one row.
@wrong("entropy_gradient")
def entropy_squeezed(scores):
    return np.squeeze(_entropy(scores))


# Ties: the largest has no gradient, as if it were sure.
@wrong("entropy_gradient")
def entropy_sure_rows_only(scores):
    p = _softmax(scores.astype(float))
    return np.where((p.max(-1, keepdims=True) > 0.999), 0, _entropy(scores))


# Two calls of the same shape: the place of the first result is used again.
def _entropy_place():
    places = {}

    def entropy_into_one_place(scores):
        place = places.setdefault(scores.shape, np.empty(scores.shape))
        place[...] = _entropy(scores)
        return place

    return entropy_into_one_place


wrong("entropy_gradient")(_entropy_place())


# attention_along


def _along(
    queries, keys, values, along_queries, along_keys, along_values, weights=_softmax, scale=None, change=_centred
):  # fmt: skip
    """Right, in float64: the scores, the weights and the outputs along the direction."""
    q, k, v, dq, dk, dv = (a.astype(float) for a in (queries, keys, values, along_queries, along_keys, along_values))
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    p = weights(q @ _turn(k) * scale)
    return change(p, (dq @ _turn(k) + q @ _turn(dk)) * scale) @ v + p @ dv


@right("attention_along")
def along_by_torch(*arrays):
    given = tuple(torch.tensor(a, dtype=torch.float64) for a in arrays)

    def attention(q, k, v):
        return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v

    return torch.func.jvp(attention, given[:3], given[3:])[1].numpy()


@right("attention_along")
def along_about_the_output(queries, keys, values, along_queries, along_keys, along_values):
    q, k = queries / queries.shape[-1] ** 0.5, keys
    dq = along_queries / queries.shape[-1] ** 0.5
    p = scipy.special.softmax(np.einsum("...td,...sd->...ts", q.astype(float), k), -1)
    change = np.einsum("...td,...sd->...ts", dq.astype(float), k) + np.einsum("...td,...sd->...ts", q, along_keys)
    away = values[..., None, :, :] - np.einsum("...ts,...sm->...tm", p, values)[..., None, :]
    return np.einsum("...ts,...ts,...tsm->...tm", p, change, away) + p @ along_values


@right("attention_along")
def along_with_the_slopes_about_their_mean(*arrays):
    return _along(*arrays, change=lambda p, s: p * s - p * (p * s).sum(-1, keepdims=True))


@right("attention_along")
def along_by_jacobians(*arrays):
    def change(p, s):
        return np.einsum("...ij,...j->...i", p[..., None] * (np.eye(p.shape[-1]) - p[..., None, :]), s)

    return _along(*arrays, change=change)


@right("attention_along")
def along_by_dual_numbers(queries, keys, values, along_queries, along_keys, along_values):
    def product(a, b):
        return a[0] @ b[0], a[1] @ b[0] + a[0] @ b[1]

    q = queries.astype(float), along_queries.astype(float)
    k = _turn(keys).astype(float), _turn(along_keys).astype(float)
    scores, slope = product(q, k)
    root = math.sqrt(queries.shape[-1])
    powers = np.exp((scores - scores.max(-1, keepdims=True)) / root)
    powers = powers, powers * slope / root
    top = product(powers, (values.astype(float), along_values.astype(float)))
    Z = tuple(one.sum(-1, keepdims=True) for one in powers)
    return (top[1] - top[0] / Z[0] * Z[1]) / Z[0]


@right("attention_along")
def along_one_direction_after_the_other(*arrays):
    zeros = [np.zeros_like(a) for a in arrays[3:]]
    return sum(_along(*arrays[:3], *zeros[:i], arrays[3 + i], *zeros[i + 1 :]) for i in range(3))


# By differences, which the task forbids: six digits.
@wrong("attention_along")
def along_by_differences(*arrays):
    def attention(sign):
        q, k, v = (a.astype(float) + sign * 1e-5 * d for a, d in zip(arrays[:3], arrays[3:], strict=True))
        return _softmax(q @ _turn(k) / math.sqrt(q.shape[-1])) @ v

    return (attention(1) - attention(-1)) / 2e-5


# As before, better ones: a direction of 1e6 makes the steps long.
@wrong("attention_along")
def along_by_four_differences(*arrays):
    def attention(step):
        q, k, v = (a.astype(float) + step * d for a, d in zip(arrays[:3], arrays[3:], strict=True))
        return _softmax(q @ _turn(k) / math.sqrt(q.shape[-1])) @ v

    h = 1e-3
    return (8 * (attention(h) - attention(-h)) - attention(2 * h) + attention(-2 * h)) / (12 * h)


# A direction that is not of length 1.
@wrong("attention_along")
def along_a_direction_of_length_one(*arrays):
    length = math.sqrt(sum((d.astype(float) ** 2).sum() for d in arrays[3:]))
    return _along(*arrays) / (length or 1)


# Directions of the queries, the keys or the values, one of which is left out.
for i, called in enumerate(("queries", "keys", "values")):

    def without_one(*arrays, i=i):
        given = list(arrays)
        given[3 + i] = np.zeros_like(given[3 + i])
        return _along(*given)

    without_one.__name__ = f"along_without_{called}"
    wrong("attention_along")(without_one)


# Both move: the product of the two directions is of second order.
@wrong("attention_along")
def along_with_the_second_order(queries, keys, values, along_queries, along_keys, along_values):
    both = along_keys.astype(float) + keys, values.astype(float)
    found = _along(queries, keys, values, along_queries, along_keys, along_values)
    zero = np.zeros_like
    return (
        found
        + _along(queries, both[0], both[1], along_queries, zero(keys), zero(values))
        - _along(queries, keys, values, along_queries, zero(keys), zero(values))
    )


# Weights and values move: the moved values are weighted with the change too.
@wrong("attention_along")
def along_values_moved_first(queries, keys, values, along_queries, along_keys, along_values):
    moved = values.astype(float) + along_values
    nothing = np.zeros_like(along_values)
    found = _along(queries, keys, moved, along_queries, along_keys, nothing)
    return found + _along(queries, keys, values, 0 * along_queries, 0 * along_keys, along_values)


# Keys that change all scores alike, which the weights do not see.
@wrong("attention_along")
def along_weights_not_centred(*arrays):
    return _along(*arrays, change=lambda p, s: p * s)


# Weights that are not even.
@wrong("attention_along")
def along_weights_centred_plainly(*arrays):
    return _along(*arrays, change=lambda p, s: p * (s - s.mean(-1, keepdims=True)))


# Any input: the change of the scores goes through softmax itself.
@wrong("attention_along")
def along_softmax_of_the_change(*arrays):
    return _along(*arrays, change=lambda p, s: _softmax(s) - p)


# Two keys or more.
@wrong("attention_along")
def along_diagonal_only(*arrays):
    return _along(*arrays, change=lambda p, s: p * (1 - p) * s)


# T = S: the averages meet the columns.
@wrong("attention_along")
def along_averages_meet_columns(*arrays):
    def change(p, s):
        average = (p * s).sum(-1)
        return p * (s - (average[..., None, :] if p.shape[-1] == p.shape[-2] else average[..., None]))

    return _along(*arrays, change=change)


# M ≠ D.
@wrong("attention_along")
def along_scaled_by_the_values(*arrays):
    return _along(*arrays, scale=arrays[2].shape[-1] ** -0.5)


# Axes before the last two: the second is T.
@wrong("attention_along")
def along_scaled_by_the_second_axis(*arrays):
    return _along(*arrays, scale=arrays[0].shape[1] ** -0.5)


# D = 2, 3, 5: no square.
@wrong("attention_along")
def along_scaled_by_a_whole_root(*arrays):
    return _along(*arrays, scale=1 / math.isqrt(arrays[0].shape[-1]))


# D = 3, float64.
@wrong("attention_along")
def along_scaled_in_float32(*arrays):
    return _along(*arrays, scale=float(1 / np.sqrt(np.float32(arrays[0].shape[-1]))))


# D ≠ 1.
@wrong("attention_along")
def along_not_scaled(*arrays):
    return _along(*arrays, scale=1.0)


# D ≠ 1: scaled in the weights, not in their change.
@wrong("attention_along")
def along_change_not_scaled(*arrays):
    root = arrays[0].shape[-1] ** 0.5
    return _along(*arrays, change=lambda p, s: _centred(p, s * root))


# D ≠ 1: as before, the keys' part alone.
@wrong("attention_along")
def along_keys_not_scaled(*arrays):
    root = arrays[0].shape[-1] ** 0.5
    return _along(*arrays[:4], arrays[4] * root, arrays[5])


# Scores of 1000.
@wrong("attention_along")
def along_powers_not_shifted(*arrays):
    def weights(s):
        powers = np.exp(s)
        return powers / powers.sum(-1, keepdims=True)

    with np.errstate(all="ignore"):
        return _along(*arrays, weights=weights)


# Two queries whose best scores differ by 1000.
@wrong("attention_along")
def along_shifted_by_the_largest_of_all(*arrays):
    def weights(s):
        powers = np.exp(s - s.max())
        return powers / np.maximum(powers.sum(-1, keepdims=True), 1e-300)

    return _along(*arrays, weights=weights)


# Scores beyond 50.
@wrong("attention_along")
def along_scores_clipped(*arrays):
    return _along(*arrays, weights=lambda s: _softmax(np.clip(s, -50, 50)))


# T = S hides the axis.
@wrong("attention_along")
def along_softmax_over_queries(*arrays):
    return _along(*arrays, weights=lambda s: _turn(_softmax(_turn(s))))


# A weight of 1e-7, and a direction or values of 1e7.
@wrong("attention_along")
def along_small_weights_dropped(*arrays):
    def weights(s):
        p = _softmax(s)
        return np.where(p > 1e-6, p, 0)

    return _along(*arrays, weights=weights)


# Directions of 1e-12.
@wrong("attention_along")
def along_rounded(*arrays):
    return _along(*arrays).round(10)


# Large directions: clipped.
@wrong("attention_along")
def along_directions_clipped(*arrays):
    return _along(*arrays[:3], *(np.clip(d, -100, 100) for d in arrays[3:]))


# float64: single.
@wrong("attention_along")
def along_in_float32(*arrays):
    q, k, v, dq, dk, dv = (a.astype(np.float32) for a in arrays)
    scale = np.float32(q.shape[-1] ** -0.5)
    p = _softmax(q @ _turn(k) * scale)
    return (_centred(p, (dq @ _turn(k) + q @ _turn(dk)) * scale) @ v + p @ dv).astype(float)


# float64: the weights alone.
@wrong("attention_along")
def along_weights_in_float32(*arrays):
    return _along(*arrays, weights=lambda s: _softmax(s.astype(np.float32)))


# float64: narrower.
@wrong("attention_along")
def along_returned_in_float32(*arrays):
    with np.errstate(over="ignore"):
        return _along(*arrays).astype(np.float32)


# More than two axes.
@wrong("attention_along")
def along_turned_by_t(*arrays):
    q, k, v, dq, dk, dv = (a.astype(float) for a in arrays)
    p = _softmax(q @ k.T * q.shape[-1] ** -0.5)
    return _centred(p, (dq @ k.T + q @ dk.T) * q.shape[-1] ** -0.5) @ v + p @ dv


# More than three axes.
@wrong("attention_along")
def along_one_axis_of_sets(*arrays):
    if arrays[0].ndim < 4:
        return _along(*arrays)
    flat = (a.reshape(-1, *a.shape[-2:]) for a in arrays)
    return _along(*flat)


# Two axes: one is put before them and stays.
@wrong("attention_along")
def along_at_least_three_axes(*arrays):
    return _along(*(a if a.ndim > 2 else a[None] for a in arrays))


# One query or one value feature.
@wrong("attention_along")
def along_squeezed(*arrays):
    return np.squeeze(_along(*arrays))


# One key only: the weight is 1 whatever happens, but the value moves.
@wrong("attention_along")
def along_nothing_for_one_key(*arrays):
    if arrays[1].shape[-2] == 1:
        return np.zeros((*arrays[0].shape[:-1], arrays[2].shape[-1]))
    return _along(*arrays)


# Any input: the outputs and their change.
@wrong("attention_along")
def along_with_the_output(*arrays):
    found = _along(*arrays)
    return found, found


# Any input: the moved output, at ε = 1.
@wrong("attention_along")
def along_the_whole_way(*arrays):
    def attention(q, k, v):
        return _softmax(q @ _turn(k) * q.shape[-1] ** -0.5) @ v

    moved = [a.astype(float) + d for a, d in zip(arrays[:3], arrays[3:], strict=True)]
    return attention(*moved) - attention(*(a.astype(float) for a in arrays[:3]))


# float64: the queries' direction is scaled where it stands.
@wrong("attention_along")
def along_direction_scaled_in_place(*arrays):
    found = _along(*arrays)
    direction = np.asarray(arrays[3], float)
    direction *= arrays[0].shape[-1] ** -0.5
    return found


# The values' direction becomes the place for the result, where the shapes are alike.
@wrong("attention_along")
def along_into_the_values_direction(*arrays):
    found = _along(*arrays)
    if found.shape == arrays[5].shape:
        arrays[5][...] = found
        return arrays[5]
    return found


# A direction that is the same array as what moves: x along x.
@wrong("attention_along")
def along_itself_is_nothing(*arrays):
    same = [np.array_equal(a, d) for a, d in zip(arrays[:3], arrays[3:], strict=True)]
    given = [np.zeros_like(d) if s else d for d, s in zip(arrays[3:], same, strict=True)]
    return _along(*arrays[:3], *given)


# Queries that are zero do not look, but they can begin to.
@wrong("attention_along")
def along_zero_queries_stay(*arrays):
    some = (arrays[0] != 0).any(-1, keepdims=True)
    return _along(*arrays[:3], np.where(some, arrays[3], 0), *arrays[4:])


# Keys that are all alike, the same thing.
@wrong("attention_along")
def along_equal_keys_stay(*arrays):
    keys, direction = arrays[1], arrays[4]
    differ = (keys != keys[..., :1, :]).any((-1, -2), keepdims=True)
    return _along(*arrays[:4], np.where(differ, direction, 0), arrays[5])


# The same in several exercises: gradients, outputs or directions of 1e12, or all of 1e-20; queries or keys all alike.


def _each(change, function, called):
    """A right answer whose results are changed."""

    def answer(*arguments):
        found = function(*arguments)
        return tuple(map(change, found)) if isinstance(found, tuple) else change(found)

    answer.__name__ = called
    return answer


def _nothing_where_alike(function, place, called):
    """A right answer, but that of arguments whose rows are all alike all gradients are 0, up to that of the values."""

    def answer(*arguments):
        found, rows = function(*arguments), arguments[place]
        if rows.shape[-2] == 1 or (rows != rows[..., :1, :]).any():
            return found
        return tuple(0 * f if i < 2 else f for i, f in enumerate(found))

    answer.__name__ = called
    return answer


SIZED = {
    "masked_backward": _masked,
    "biased_additive_backward": _biased,
    "merge": _merge,
    "backward_by_queries": _rounds,
    "attention_along": _along,
}
for name, function in SIZED.items():
    wrong(name)(_each(lambda f: np.where(np.abs(f) < 1e-15, 0, f), function, f"{name}_tiny_ones_are_zero"))
    wrong(name)(_each(lambda f: np.clip(f, -1e8, 1e8), function, f"{name}_cut_off_at_a_hundred_million"))

wrong("backward_by_queries")(_nothing_where_alike(_rounds, 0, "rounds_nothing_where_queries_are_alike"))
wrong("backward_by_queries")(_nothing_where_alike(_rounds, 1, "rounds_nothing_where_keys_are_alike"))
wrong("biased_additive_backward")(_nothing_where_alike(_biased, 1, "biased_nothing_where_keys_are_alike"))
wrong("numerical_gradient")(_each(lambda f: np.clip(f, -1e8, 1e8), _slopes, "slopes_cut_off_at_a_hundred_million"))
