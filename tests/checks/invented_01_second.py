"""A second set of answers to the exercises of chapter 1, as learners and generators of code write them."""

from fractions import Fraction
from functools import reduce

import scipy.special

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("01")
wrong, right = answers.unlisted, answers.right


# weights_by_hand


@right("weights_by_hand")
def hand_in_fractions():
    return [Fraction(1, 8), Fraction(2, 8), Fraction(5, 8)]


@right("weights_by_hand")
def hand_as_array():
    return np.array([1, 2, 5]) / 8


@right("weights_by_hand")
def hand_as_tuple():
    return 0.125, 0.25, 0.625


@wrong("weights_by_hand")
def hand_forgot_exp_of_zero():
    return [0.0, 2 / 7, 5 / 7]


@wrong("weights_by_hand")
def hand_shares_of_logs():
    total = np.log(2) + np.log(5)
    return [0.0, float(np.log(2) / total), float(np.log(5) / total)]


@wrong("weights_by_hand")
def hand_not_normalised():
    return [1, 2, 5]


@wrong("weights_by_hand")
def hand_per_cent():
    return [12.5, 25.0, 62.5]


@wrong("weights_by_hand")
def hand_one_place():
    return [0.1, 0.3, 0.6]


@wrong("weights_by_hand")
def hand_reversed():
    return [0.625, 0.25, 0.125]


@wrong("weights_by_hand")
def hand_over_the_largest():
    return [0.2, 0.4, 1.0]


@wrong("weights_by_hand")
def hand_squares():
    return [1 / 30, 4 / 30, 25 / 30]


@wrong("weights_by_hand")
def hand_only_two():
    return [2 / 8, 5 / 8]


@wrong("weights_by_hand")
def hand_slipped():
    return [0.125, 0.25, 0.615]


# softmax_with_sink


@right("softmax_with_sink")
def sink_by_logaddexp(scores, axis=-1):
    total = np.logaddexp(0, np.logaddexp.reduce(scores.astype(np.float64), axis=axis, keepdims=True))
    return np.exp(scores - total).astype(scores.dtype)


@right("softmax_with_sink")
def sink_by_concatenation(scores, axis=-1):
    moved = np.moveaxis(scores, axis, -1).astype(np.longdouble)
    padded = np.concatenate([np.zeros((*moved.shape[:-1], 1), np.longdouble), moved], axis=-1)
    weights = scipy.special.softmax(padded, axis=-1)[..., 1:]
    return np.moveaxis(weights, -1, axis).astype(scores.dtype)


@right("softmax_with_sink")
def sink_with_initial(scores, axis=-1):
    top = scores.max(axis=axis, keepdims=True, initial=0)
    up = np.exp(scores - top)
    return (up / (np.exp(-top) + up.sum(axis=axis, keepdims=True))).astype(scores.dtype)


@right("softmax_with_sink")
def sink_by_np_pad(scores, axis=-1):
    width = [(0, 0)] * scores.ndim
    width[axis] = (1, 0)
    padded = np.pad(scores.astype(float), width)
    weights = scipy.special.softmax(padded, axis=axis)
    return np.delete(weights, 0, axis=axis).astype(scores.dtype)


@right("softmax_with_sink")
def sink_along_axis(scores, axis=-1):
    def row(s):
        m = max(0.0, float(s.max()))
        e = np.exp(s.astype(float) - m)
        return e / (np.exp(-m) + e.sum())

    return np.apply_along_axis(row, axis, scores).astype(scores.dtype)


@wrong("softmax_with_sink")
def sink_literal(scores, axis=-1):
    e = np.exp(scores)
    return e / (1 + e.sum(axis=axis, keepdims=True))


@wrong("softmax_with_sink")
def sink_one_not_shifted(scores, axis=-1):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / (1 + e.sum(axis=axis, keepdims=True))


@wrong("softmax_with_sink")
def sink_max_without_zero(scores, axis=-1):
    m = scores.max(axis=axis, keepdims=True)
    e = np.exp(scores - m)
    return e / (np.exp(-m) + e.sum(axis=axis, keepdims=True))


@wrong("softmax_with_sink")
def sink_relu_max_one_kept(scores, axis=-1):
    m = np.maximum(scores.max(axis=axis, keepdims=True), 0)
    e = np.exp(scores - m)
    return e / (1 + e.sum(axis=axis, keepdims=True))


@wrong("softmax_with_sink")
def sink_global_max(scores, axis=-1):
    m = max(scores.max(), 0)
    e = np.exp(scores - m)
    return (e / (np.exp(-m) + e.sum(axis=axis, keepdims=True))).astype(scores.dtype)


@wrong("softmax_with_sink")
def sink_clipped(scores, axis=-1):
    e = np.exp(np.clip(scores.astype(np.float64), -500, 500))
    return (e / (1 + e.sum(axis=axis, keepdims=True))).astype(scores.dtype)


@wrong("softmax_with_sink")
def sink_nan_to_num(scores, axis=-1):
    e = np.exp(scores)
    return np.nan_to_num(e / (1 + e.sum(axis=axis, keepdims=True)), nan=1.0)


@wrong("softmax_with_sink")
def sink_always_double(scores, axis=-1):
    top = np.maximum(scores.max(axis=axis, keepdims=True), 0).astype(np.float64)
    e = np.exp(scores - top)
    return e / (np.exp(-top) + e.sum(axis=axis, keepdims=True))


@wrong("softmax_with_sink")
def sink_float32_inside(scores, axis=-1):
    s = scores.astype(np.float32)
    top = np.maximum(s.max(axis=axis, keepdims=True), 0)
    e = np.exp(s - top)
    return (e / (np.exp(-top) + e.sum(axis=axis, keepdims=True))).astype(scores.dtype)


@wrong("softmax_with_sink")
def sink_last_axis(scores, axis=-1):
    top = np.maximum(scores.max(axis=-1, keepdims=True), 0)
    e = np.exp(scores - top)
    return e / (np.exp(-top) + e.sum(axis=-1, keepdims=True))


@wrong("softmax_with_sink")
def sink_cut_on_last_axis(scores, axis=-1):
    shape = list(scores.shape)
    shape[axis] = 1
    padded = np.concatenate([scores, np.zeros(shape, scores.dtype)], axis=axis)
    e = np.exp(padded - padded.max(axis=axis, keepdims=True))
    return (e / e.sum(axis=axis, keepdims=True))[..., : scores.shape[-1]]


@wrong("softmax_with_sink")
def sink_kept(scores, axis=-1):
    shape = list(scores.shape)
    shape[axis] = 1
    padded = np.concatenate([scores, np.zeros(shape, scores.dtype)], axis=axis)
    return scipy.special.softmax(padded, axis=axis)


@wrong("softmax_with_sink")
def sink_without_keepdims(scores, axis=-1):
    top = np.maximum(scores.max(axis=axis, keepdims=True), 0)
    e = np.exp(scores - top)
    return e / (np.exp(-top).squeeze(axis) + e.sum(axis=axis))


@wrong("softmax_with_sink")
def sink_sigmoid(scores, axis=-1):
    return scipy.special.expit(scores)


@wrong("softmax_with_sink")
def sink_in_place(scores, axis=-1):
    top = np.maximum(scores.max(axis=axis, keepdims=True), 0)
    scores -= top
    e = np.exp(scores)
    return e / (np.exp(-top) + e.sum(axis=axis, keepdims=True))


@wrong("softmax_with_sink")
def sink_abs_max(scores, axis=-1):
    top = np.abs(scores).max(axis=axis, keepdims=True)
    e = np.exp(scores - top)
    return e / (np.exp(-top) + e.sum(axis=axis, keepdims=True))


@wrong("softmax_with_sink")
def sink_epsilon(scores, axis=-1):
    top = np.maximum(scores.max(axis=axis, keepdims=True), 0)
    e = np.exp(scores - top)
    return e / (np.exp(-top) + e.sum(axis=axis, keepdims=True) + scores.dtype.type(1e-6))


@wrong("softmax_with_sink")
def sink_one_for_all_rows(scores, axis=-1):
    top = np.maximum(scores.max(), 0)
    e = np.exp(scores - top)
    return e / (np.exp(-top) + e.sum())


@wrong("softmax_with_sink")
def sink_ordinary_softmax(scores, axis=-1):
    return scipy.special.softmax(scores, axis=axis)


@wrong("softmax_with_sink")
def sink_for_each_key(scores, axis=-1):
    top = np.maximum(scores.max(axis=axis, keepdims=True), 0)
    e = np.exp(scores - top)
    return e / (scores.shape[axis] * np.exp(-top) + e.sum(axis=axis, keepdims=True))


@wrong("softmax_with_sink")
def sink_scaled_softmax_nan(scores, axis=-1):
    total = scipy.special.logsumexp(scores, axis=axis, keepdims=True)
    return (scipy.special.softmax(scores, axis=axis) * scipy.special.expit(total)).astype(scores.dtype)


# soft_maximum


@right("soft_maximum")
def maximum_scipy(scores, temperature):
    return temperature * scipy.special.logsumexp(scores.astype(float) / temperature, axis=-1)


@right("soft_maximum")
def maximum_reduce(scores, temperature):
    columns = np.moveaxis(scores.astype(np.longdouble) / temperature, -1, 0)
    return np.asarray(temperature * reduce(np.logaddexp, columns), dtype=np.float64)


@right("soft_maximum")
def maximum_log1p_of_rest(scores, temperature):
    s = np.sort(scores.astype(np.float64), axis=-1)
    rest = np.exp((s[..., :-1] - s[..., -1:]) / temperature).sum(axis=-1)
    return s[..., -1] + temperature * np.log1p(rest)


@right("soft_maximum")
def maximum_max_plus_entropy(scores, temperature):
    s = scores.astype(np.float64)
    p = scipy.special.softmax(s / temperature, axis=-1)
    average = (p * np.where(p > 0, s, 0)).sum(axis=-1)
    return average + temperature * scipy.special.entr(p).sum(axis=-1)


@right("soft_maximum")
def maximum_recursive(scores, temperature):
    if scores.shape[-1] == 1:
        return scores[..., 0].astype(np.float64)
    a, b = scores[..., 0].astype(np.float64), maximum_recursive(scores[..., 1:], temperature)
    high, low = np.maximum(a, b), np.minimum(a, b)
    gap = np.where(np.isneginf(low), -np.inf, low - np.where(np.isneginf(high), 0, high))
    return high + temperature * np.log1p(np.exp(gap / temperature))


@wrong("soft_maximum")
def maximum_max_over_tau(scores, temperature):
    m = scores.max(axis=-1, keepdims=True)
    return m[..., 0] / temperature + temperature * np.log(np.exp((scores - m) / temperature).sum(axis=-1))


@wrong("soft_maximum")
def maximum_tau_times_max(scores, temperature):
    m = scores.max(axis=-1, keepdims=True)
    return temperature * (m[..., 0] + np.log(np.exp((scores - m) / temperature).sum(axis=-1)))


@wrong("soft_maximum")
def maximum_tau_left_out(scores, temperature):
    m = scores.max(axis=-1, keepdims=True)
    return m[..., 0] + np.log(np.exp((scores - m) / temperature).sum(axis=-1))


@wrong("soft_maximum")
def maximum_shift_not_scaled(scores, temperature):
    m = scores.max(axis=-1, keepdims=True)
    return m[..., 0] + temperature * np.log(np.exp(scores / temperature - m).sum(axis=-1))


@wrong("soft_maximum")
def maximum_keepdims(scores, temperature):
    m = scores.max(axis=-1, keepdims=True)
    return m + temperature * np.log(np.exp((scores - m) / temperature).sum(axis=-1, keepdims=True))


@wrong("soft_maximum")
def maximum_broadcast(scores, temperature):
    m = scores.max(axis=-1, keepdims=True)
    return m + temperature * np.log(np.exp((scores - m) / temperature).sum(axis=-1))


@wrong("soft_maximum")
def maximum_squeezed(scores, temperature):
    m = scores.max(axis=-1, keepdims=True)
    return (m + temperature * np.log(np.exp((scores - m) / temperature).sum(axis=-1, keepdims=True))).squeeze()


@wrong("soft_maximum")
def maximum_global(scores, temperature):
    m = scores.max()
    return m + temperature * np.log(np.exp((scores - m) / temperature).sum(axis=-1))


@wrong("soft_maximum")
def maximum_hard(scores, temperature):
    return scores.max(axis=-1)


@wrong("soft_maximum")
def maximum_log_mean(scores, temperature):
    m = scores.max(axis=-1, keepdims=True)
    return m[..., 0] + temperature * np.log(np.exp((scores - m) / temperature).mean(axis=-1))


@wrong("soft_maximum")
def maximum_expected_score(scores, temperature):
    p = scipy.special.softmax(scores / temperature, axis=-1)
    return np.where(p > 0, p * np.where(p > 0, scores, 0), 0).sum(axis=-1)


@wrong("soft_maximum")
def maximum_when_large_only(scores, temperature):
    s = scores / temperature
    if s.max() > 50:
        m = s.max(axis=-1, keepdims=True)
        return temperature * (m[..., 0] + np.log(np.exp(s - m).sum(axis=-1)))
    return temperature * np.log(np.exp(s).sum(axis=-1))


@wrong("soft_maximum")
def maximum_epsilon(scores, temperature):
    m = scores.max(axis=-1, keepdims=True)
    return m[..., 0] + temperature * np.log(np.exp((scores - m) / temperature).sum(axis=-1) + 1e-3)


@wrong("soft_maximum")
def maximum_abs(scores, temperature):
    m = np.abs(np.where(np.isfinite(scores), scores, 0)).max(axis=-1, keepdims=True)
    return m[..., 0] + temperature * np.log(np.exp((scores - m) / temperature).sum(axis=-1))


@wrong("soft_maximum")
def maximum_in_place(scores, temperature):
    m = scores.max(axis=-1, keepdims=True).copy()
    scores -= m
    return m[..., 0] + temperature * np.log(np.exp(scores / temperature).sum(axis=-1))


@wrong("soft_maximum")
def maximum_temperature_floor(scores, temperature):
    t = max(temperature, 0.1)
    return t * scipy.special.logsumexp(scores / t, axis=-1)


@wrong("soft_maximum")
def maximum_float32(scores, temperature):
    s = (scores / temperature).astype(np.float32)
    return temperature * scipy.special.logsumexp(s, axis=-1)


# softmax_with_counts


@right("softmax_with_counts")
def counts_as_log(scores, counts):
    with np.errstate(divide="ignore"):
        s = scores.astype(np.float64) + np.log(counts.astype(np.float64))
    m = s.max(axis=-1, keepdims=True)
    e = np.exp(s - np.where(np.isneginf(m), 0, m))
    return (e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)).astype(scores.dtype)


@right("softmax_with_counts")
def counts_by_logsumexp_b(scores, counts):
    there = (counts > 0) & np.isfinite(scores)
    s = np.where(there, scores, 0).astype(np.float64)
    a = np.where(there, counts, 0).astype(np.float64)
    low = np.where(there, s, np.inf).min(axis=-1, keepdims=True)
    s = np.where(there, s, np.where(np.isinf(low), 0, low))
    e = a * np.exp(s - s.max(axis=-1, keepdims=True))
    total = e.sum(axis=-1, keepdims=True)
    return np.divide(e, total, out=np.zeros_like(e), where=total > 0).astype(scores.dtype)


@right("softmax_with_counts")
def counts_row_by_row(scores, counts):
    out = np.zeros(scores.shape, np.float64)
    for i in np.ndindex(scores.shape[:-1]):
        keep = np.flatnonzero((counts[i] > 0) & (scores[i] > -np.inf))
        if keep.size:
            s = scores[i][keep].astype(np.float64)
            e = counts[i][keep] * np.exp(s - s.max())
            out[i][keep] = e / e.sum()
    return out.astype(scores.dtype)


@right("softmax_with_counts")
def counts_finfo_min(scores, counts):
    s = scores.astype(np.longdouble)
    least = np.finfo(np.float64).min
    s = np.where((counts > 0) & ~np.isneginf(s), s, least)
    a = np.where(s == least, 0, counts)
    e = a * np.exp(s - s.max(axis=-1, keepdims=True))
    return (e / np.maximum(e.sum(axis=-1, keepdims=True), 1)).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_as_mask(scores, counts):
    s = np.where(counts > 0, scores, -np.inf)
    m = s.max(axis=-1, keepdims=True)
    e = np.exp(s - np.where(np.isneginf(m), 0, m))
    return (e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-30)).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_max_of_all(scores, counts):
    m = scores.max(axis=-1, keepdims=True)
    e = counts * np.exp(scores.astype(float) - np.where(np.isneginf(m), 0, m))
    total = e.sum(axis=-1, keepdims=True)
    return np.where(total > 0, e / np.where(total > 0, total, 1), 0).astype(scores.dtype)


def _counts(scores, counts, factor=lambda a: a, low=-np.inf):
    there = (counts > 0) & ~np.isneginf(scores)
    s = np.where(there, scores.astype(float), low)
    m = s.max(axis=-1, keepdims=True)
    e = np.where(there, factor(counts.astype(float)), 0) * np.exp(s - np.where(np.isneginf(m), 0, m))
    return e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)


@wrong("softmax_with_counts")
def counts_weight_of_one_copy(scores, counts):
    return (_counts(scores, counts) / np.maximum(counts, 1)).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_log1p(scores, counts):
    return _counts(scores, counts, np.log1p).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_root(scores, counts):
    return _counts(scores, counts, np.sqrt).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_always_double(scores, counts):
    return _counts(scores, counts)


@wrong("softmax_with_counts")
def counts_as_bytes(scores, counts):
    return _counts(scores, counts.astype(np.uint8)).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_minus_thousand(scores, counts):
    s = np.where(counts > 0, scores.astype(float), -1e3)
    m = s.max(axis=-1, keepdims=True)
    e = counts * np.exp(s - m)
    total = e.sum(axis=-1, keepdims=True)
    return np.where(total > 0, e / np.where(total > 0, total, 1), 0).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_outside_the_sum(scores, counts):
    s = np.where(counts > 0, scores.astype(float), -np.inf)
    m = s.max(axis=-1, keepdims=True)
    e = np.exp(s - np.where(np.isneginf(m), 0, m))
    return (counts * e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_in_the_exponent(scores, counts):
    s = np.where(counts > 0, scores.astype(float) * counts, -np.inf)
    m = s.max(axis=-1, keepdims=True)
    e = np.exp(s - np.where(np.isneginf(m), 0, m))
    return (e / np.maximum(e.sum(axis=-1, keepdims=True), 1e-300)).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_nan_row(scores, counts):
    s = np.where(counts > 0, scores, -np.inf)
    e = counts * np.exp(s - s.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True)).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_empty_by_counts_only(scores, counts):
    empty = counts.sum(axis=-1, keepdims=True) == 0
    s = np.where(counts > 0, scores, -np.inf)
    s = np.where(empty, 0, s)
    e = counts * np.exp(s - s.max(axis=-1, keepdims=True))
    return np.where(empty, 0, e / np.where(empty, 1, e.sum(axis=-1, keepdims=True))).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_uniform_when_empty(scores, counts):
    p = _counts(scores, counts)
    empty = p.sum(axis=-1, keepdims=True) == 0
    return np.where(empty, 1 / scores.shape[-1], p).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_max_from_zero(scores, counts):
    s = np.where(counts > 0, scores.astype(float), -np.inf)
    e = counts * np.exp(s - s.max(axis=-1, keepdims=True, initial=0))
    total = e.sum(axis=-1, keepdims=True)
    return np.where(total > 0, e / np.where(total > 0, total, 1), 0).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_marks_the_scores(scores, counts):
    scores[counts == 0] = -np.inf
    return _counts(scores, counts).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_any_empty_row(scores, counts):
    if (counts.sum(axis=-1) == 0).any():
        return np.zeros_like(scores)
    return _counts(scores, counts).astype(scores.dtype)


@wrong("softmax_with_counts")
def counts_smoothed(scores, counts):
    s = scores.astype(float) + np.log(counts + 1e-9)
    m = s.max(axis=-1, keepdims=True)
    e = np.exp(s - np.where(np.isneginf(m), 0, m))
    return np.nan_to_num(e / e.sum(axis=-1, keepdims=True)).astype(scores.dtype)


# log_softmax_backward


@right("log_softmax_backward")
def backward_jacobian(log_weights, grad_log_weights, axis=-1):
    p = np.exp(np.moveaxis(log_weights, axis, -1))
    g = np.moveaxis(grad_log_weights, axis, -1)
    jacobian = np.eye(p.shape[-1], dtype=p.dtype) - p[..., None, :]
    return np.moveaxis(np.einsum("...i,...ij->...j", g, jacobian), -1, axis)


@right("log_softmax_backward")
def backward_einsum(log_weights, grad_log_weights, axis=-1):
    g = np.swapaxes(grad_log_weights, axis, -1)
    total = np.einsum("...i->...", g)[..., None]
    return np.swapaxes(g - np.exp(np.swapaxes(log_weights, axis, -1)) * total, axis, -1)


@right("log_softmax_backward")
def backward_by_torch(log_weights, grad_log_weights, axis=-1):
    s = torch.tensor(log_weights, requires_grad=True)
    torch.log_softmax(s, dim=axis).backward(torch.tensor(grad_log_weights))
    return s.grad.numpy()


@right("log_softmax_backward")
def backward_cumulative(log_weights, grad_log_weights, axis=-1):
    total = np.expand_dims(np.add.reduce(grad_log_weights, axis), axis)
    return np.subtract(grad_log_weights, np.multiply(np.exp(log_weights), total))


@right("log_softmax_backward")
def backward_matmul_of_ones(log_weights, grad_log_weights, axis=-1):
    g = np.moveaxis(grad_log_weights, axis, -1)
    total = g @ np.ones((g.shape[-1], g.shape[-1]), g.dtype)
    return np.moveaxis(g - np.exp(np.moveaxis(log_weights, axis, -1)) * total, -1, axis)


@wrong("log_softmax_backward")
def backward_of_softmax(log_weights, grad_log_weights, axis=-1):
    p = np.exp(log_weights)
    return p * (grad_log_weights - (p * grad_log_weights).sum(axis=axis, keepdims=True))


@wrong("log_softmax_backward")
def backward_weighted_sum(log_weights, grad_log_weights, axis=-1):
    p = np.exp(log_weights)
    return grad_log_weights - (p * grad_log_weights).sum(axis=axis, keepdims=True)


@wrong("log_softmax_backward")
def backward_without_sum(log_weights, grad_log_weights, axis=-1):
    return grad_log_weights - np.exp(log_weights) * grad_log_weights


@wrong("log_softmax_backward")
def backward_without_exp(log_weights, grad_log_weights, axis=-1):
    return grad_log_weights - log_weights * grad_log_weights.sum(axis=axis, keepdims=True)


@wrong("log_softmax_backward")
def backward_last_axis(log_weights, grad_log_weights, axis=-1):
    return grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis=-1, keepdims=True)


@wrong("log_softmax_backward")
def backward_no_keepdims(log_weights, grad_log_weights, axis=-1):
    return grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis=axis)


@wrong("log_softmax_backward")
def backward_sum_of_all(log_weights, grad_log_weights, axis=-1):
    return grad_log_weights - np.exp(log_weights) * grad_log_weights.sum()


@wrong("log_softmax_backward")
def backward_mean(log_weights, grad_log_weights, axis=-1):
    return grad_log_weights - np.exp(log_weights) * grad_log_weights.mean(axis=axis, keepdims=True)


@wrong("log_softmax_backward")
def backward_sign(log_weights, grad_log_weights, axis=-1):
    return np.exp(log_weights) * grad_log_weights.sum(axis=axis, keepdims=True) - grad_log_weights


@wrong("log_softmax_backward")
def backward_one_hot(log_weights, grad_log_weights, axis=-1):
    return grad_log_weights + np.exp(log_weights)


@wrong("log_softmax_backward")
def backward_per_batch(log_weights, grad_log_weights, axis=-1):
    full = grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis=axis, keepdims=True)
    return full / (full.shape[0] if full.ndim > 1 else 1)


@wrong("log_softmax_backward")
def backward_in_place(log_weights, grad_log_weights, axis=-1):
    grad_log_weights -= np.exp(log_weights) * grad_log_weights.sum(axis=axis, keepdims=True)
    return grad_log_weights


@wrong("log_softmax_backward")
def backward_clipped(log_weights, grad_log_weights, axis=-1):
    full = grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis=axis, keepdims=True)
    return np.clip(full, -1, 1)


@wrong("log_softmax_backward")
def backward_transposed(log_weights, grad_log_weights, axis=-1):
    p = np.exp(np.moveaxis(log_weights, axis, -1))
    g = np.moveaxis(grad_log_weights, axis, -1)
    jacobian = np.eye(p.shape[-1]) - p[..., None, :]
    return np.moveaxis(np.einsum("...ij,...j->...i", jacobian, g), -1, axis)


@wrong("log_softmax_backward")
def backward_softmax_on_last(log_weights, grad_log_weights, axis=-1):
    p = scipy.special.softmax(log_weights, axis=-1)
    return grad_log_weights - p * grad_log_weights.sum(axis=axis, keepdims=True)


# temperature_softmax


@right("temperature_softmax", "tensorflow")
def tf_by_log_softmax(scores, temperatures):
    return tf.exp(tf.nn.log_softmax(scores / temperatures[..., tf.newaxis], axis=-1))


@right("temperature_softmax", "tensorflow")
def tf_by_shift(scores, temperatures):
    shifted = (scores - tf.reduce_max(scores, axis=-1, keepdims=True)) / tf.expand_dims(temperatures, -1)
    up = tf.exp(shifted)
    return up / tf.reduce_sum(up, axis=-1, keepdims=True)


@right("temperature_softmax", "tensorflow")
def tf_by_einsum(scores, temperatures):
    return tf.nn.softmax(tf.einsum("...s,...->...s", scores, 1 / temperatures))


@right("temperature_softmax", "pytorch")
def pt_module(scores, temperatures):
    return torch.nn.Softmax(dim=-1)(scores.div(temperatures.unsqueeze(-1)))


@right("temperature_softmax", "pytorch")
def pt_logsumexp(scores, temperatures):
    s = scores / temperatures[..., None]
    return torch.exp(s - torch.logsumexp(s, dim=-1, keepdim=True))


@right("temperature_softmax", "pytorch")
def pt_expanded(scores, temperatures):
    t = temperatures.reshape(*temperatures.shape, 1).expand_as(scores)
    return (scores / t).softmax(-1)


@right("temperature_softmax", "pytorch")
def pt_detached_maximum(scores, temperatures):
    t = temperatures.unsqueeze(-1)
    s = scores / t
    e = torch.exp(s - s.detach().amax(-1, keepdim=True))
    return e / e.sum(-1, keepdim=True)


@wrong("temperature_softmax", "tensorflow")
def tf_no_axis(scores, temperatures):
    return tf.nn.softmax(scores / temperatures, axis=-1)


@wrong("temperature_softmax", "tensorflow")
def tf_times(scores, temperatures):
    return tf.nn.softmax(scores * temperatures[..., tf.newaxis])


@wrong("temperature_softmax", "tensorflow")
def tf_too_late(scores, temperatures):
    return tf.nn.softmax(scores) / temperatures[..., tf.newaxis]


@wrong("temperature_softmax", "tensorflow")
def tf_column(scores, temperatures):
    return tf.nn.softmax(scores / tf.reshape(temperatures, [-1, 1]))


@wrong("temperature_softmax", "tensorflow")
def tf_stopped(scores, temperatures):
    return tf.nn.softmax(scores / tf.stop_gradient(temperatures)[..., tf.newaxis])


@wrong("temperature_softmax", "tensorflow")
def tf_by_numpy(scores, temperatures):
    s = scores.numpy() / temperatures.numpy()[..., None]
    return tf.constant(scipy.special.softmax(s, axis=-1))


@wrong("temperature_softmax", "tensorflow")
def tf_floor(scores, temperatures):
    return tf.nn.softmax(scores / tf.maximum(temperatures, 0.1)[..., tf.newaxis])


@wrong("temperature_softmax", "tensorflow")
def tf_naive_exp(scores, temperatures):
    e = tf.exp(scores / temperatures[..., tf.newaxis])
    return e / tf.reduce_sum(e, axis=-1, keepdims=True)


@wrong("temperature_softmax", "tensorflow")
def tf_mean_temperature(scores, temperatures):
    return tf.nn.softmax(scores / tf.reduce_mean(temperatures))


@wrong("temperature_softmax", "pytorch")
def pt_first_axis(scores, temperatures):
    return torch.softmax(scores / temperatures.unsqueeze(-1), dim=0)


@wrong("temperature_softmax", "pytorch")
def pt_second_axis(scores, temperatures):
    return torch.softmax(scores / temperatures.unsqueeze(-1), dim=min(1, scores.dim() - 1))


@wrong("temperature_softmax", "pytorch")
def pt_unsqueezed_in_front(scores, temperatures):
    return torch.softmax(scores / temperatures.unsqueeze(0), dim=-1)


@wrong("temperature_softmax", "pytorch")
def pt_new_tensor(scores, temperatures):
    t = torch.tensor(temperatures.tolist(), dtype=scores.dtype)
    return torch.softmax(scores / t.unsqueeze(-1), dim=-1)


@wrong("temperature_softmax", "pytorch")
def pt_no_grad(scores, temperatures):
    with torch.no_grad():
        s = scores / temperatures.unsqueeze(-1)
    return torch.softmax(s, dim=-1)


@wrong("temperature_softmax", "pytorch")
def pt_detached_scores(scores, temperatures):
    return torch.softmax(scores.detach() / temperatures.unsqueeze(-1), dim=-1)


@wrong("temperature_softmax", "pytorch")
def pt_epsilon(scores, temperatures):
    return torch.softmax(scores / (temperatures.unsqueeze(-1) + 1e-3), dim=-1)


@wrong("temperature_softmax", "pytorch")
def pt_in_place(scores, temperatures):
    with torch.no_grad():
        scores.div_(temperatures.unsqueeze(-1))
    return torch.softmax(scores, dim=-1)


@wrong("temperature_softmax", "pytorch")
def pt_view_for_two_axes(scores, temperatures):
    return torch.softmax(scores / temperatures.view(-1, 1), dim=-1)


@wrong("temperature_softmax", "pytorch")
def pt_log(scores, temperatures):
    return torch.log_softmax(scores / temperatures.unsqueeze(-1), dim=-1)


@wrong("temperature_softmax", "pytorch")
def pt_half(scores, temperatures):
    return torch.softmax((scores / temperatures.unsqueeze(-1)).bfloat16(), dim=-1).to(scores.dtype)


# sparsemax


def _theta(z, cond=lambda k, top, total: 1 + k * top > total):
    top = -np.sort(-z, axis=-1)
    k = np.arange(1, z.shape[-1] + 1)
    total = np.cumsum(top, axis=-1)
    n = cond(k, top, total).sum(axis=-1, keepdims=True)
    return (np.take_along_axis(total, n - 1, axis=-1) - 1) / n


@right("sparsemax")
def sparse_shifted(scores):
    z = scores.astype(np.float64) - scores.astype(np.float64).max(axis=-1, keepdims=True)
    return np.maximum(z - _theta(z), 0).astype(scores.dtype)


@right("sparsemax")
def sparse_michelot(scores):
    z = scores.astype(np.longdouble)
    z = z - z.max(axis=-1, keepdims=True)
    keep = np.ones(z.shape, bool)
    for _ in range(z.shape[-1] + 1):
        theta = (np.where(keep, z, 0).sum(-1, keepdims=True) - 1) / keep.sum(-1, keepdims=True)
        keep = z > theta
    return np.maximum(z - theta, 0).astype(scores.dtype)


@right("sparsemax")
def sparse_bisection(scores):
    z = scores.astype(np.float64)
    z = z - z.max(axis=-1, keepdims=True)
    low, high = -np.ones_like(z[..., :1]), np.zeros_like(z[..., :1])
    for _ in range(80):
        middle = (low + high) / 2
        more = np.maximum(z - middle, 0).sum(-1, keepdims=True) > 1
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.maximum(z - low, 0).astype(scores.dtype)


@right("sparsemax")
def sparse_best_threshold(scores):
    z = scores.astype(np.float64)
    z = z - z.max(axis=-1, keepdims=True)
    top = np.flip(np.sort(z, axis=-1), axis=-1)
    thetas = (np.cumsum(top, axis=-1) - 1) / np.arange(1, z.shape[-1] + 1)
    return np.clip(z - thetas.max(axis=-1, keepdims=True), 0, None).astype(scores.dtype)


@right("sparsemax")
def sparse_loop(scores):
    def row(s):
        s = s.astype(float) - float(s.max())
        total, theta = 0.0, 0.0
        for k, z in enumerate(sorted(s.tolist(), reverse=True), 1):
            if 1 + k * z <= total + z:
                break
            total += z
            theta = (total - 1) / k
        return np.maximum(s - theta, 0)

    return np.apply_along_axis(row, -1, scores).astype(scores.dtype)


@wrong("sparsemax")
def sparse_not_shifted(scores):
    return np.maximum(scores - _theta(scores), 0).astype(scores.dtype)


@wrong("sparsemax")
def sparse_double(scores):
    z = scores.astype(np.float64) - scores.max(axis=-1, keepdims=True)
    return np.maximum(z - _theta(z), 0)


@wrong("sparsemax")
def sparse_relu_share(scores):
    z = np.maximum(scores - scores.max(axis=-1, keepdims=True) + 1, 0)
    return z / z.sum(axis=-1, keepdims=True)


@wrong("sparsemax")
def sparse_all_stay(scores):
    z = scores - scores.max(axis=-1, keepdims=True)
    theta = (z.sum(axis=-1, keepdims=True) - 1) / z.shape[-1]
    return np.maximum(z - theta, 0).astype(scores.dtype)


@wrong("sparsemax")
def sparse_all_stay_then_share(scores):
    p = sparse_all_stay(scores)
    return p / p.sum(axis=-1, keepdims=True)


@wrong("sparsemax")
def sparse_first_true(scores):
    z = scores - scores.max(axis=-1, keepdims=True)
    top = np.sort(z, axis=-1)[..., ::-1]
    k = np.arange(1, z.shape[-1] + 1, dtype=z.dtype)
    n = np.argmax(1 + k * top > np.cumsum(top, axis=-1), axis=-1)[..., None] + 1
    theta = (np.take_along_axis(np.cumsum(top, -1), n - 1, -1) - 1) / n
    return np.maximum(z - theta, 0).astype(scores.dtype)


@wrong("sparsemax")
def sparse_k_from_zero(scores):
    z = scores - scores.max(axis=-1, keepdims=True)
    top = np.sort(z, axis=-1)[..., ::-1]
    k = np.arange(z.shape[-1])
    n = (1 + k * top > np.cumsum(top, axis=-1)).sum(axis=-1, keepdims=True)
    theta = (np.take_along_axis(np.cumsum(top, -1), np.maximum(n - 1, 0), -1) - 1) / np.maximum(n, 1)
    return np.maximum(z - theta, 0).astype(scores.dtype)


@wrong("sparsemax")
def sparse_support_index(scores):
    z = scores - scores.max(axis=-1, keepdims=True)
    top = np.sort(z, axis=-1)[..., ::-1]
    k = np.arange(1, z.shape[-1] + 1)
    n = (1 + k * top > np.cumsum(top, axis=-1)).sum(axis=-1, keepdims=True)
    n = np.minimum(n, z.shape[-1] - 1)
    theta = (np.take_along_axis(np.cumsum(top, -1), n, -1) - 1) / n
    return np.maximum(z - theta, 0).astype(scores.dtype)


@wrong("sparsemax")
def sparse_ascending(scores):
    z = np.sort(scores - scores.max(axis=-1, keepdims=True), axis=-1)
    k = np.arange(1, z.shape[-1] + 1)
    total = np.cumsum(z, axis=-1)
    n = np.maximum((1 + k * z > total).sum(axis=-1, keepdims=True), 1)
    theta = (np.take_along_axis(total, n - 1, -1) - 1) / n
    return np.maximum(scores - scores.max(axis=-1, keepdims=True) - theta, 0).astype(scores.dtype)


@wrong("sparsemax")
def sparse_sorted_result(scores):
    z = np.sort(scores - scores.max(axis=-1, keepdims=True), axis=-1)[..., ::-1]
    return np.maximum(z - _theta(z), 0).astype(scores.dtype)


@wrong("sparsemax")
def sparse_short_bisection(scores):
    z = scores - scores.max(axis=-1, keepdims=True)
    low, high = -np.ones_like(z[..., :1]), np.zeros_like(z[..., :1])
    for _ in range(10):
        middle = (low + high) / 2
        more = np.maximum(z - middle, 0).sum(-1, keepdims=True) > 1
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.maximum(z - low, 0)


@wrong("sparsemax")
def sparse_two_rounds(scores):
    z = scores - scores.max(axis=-1, keepdims=True)
    keep = np.ones(z.shape, bool)
    for _ in range(2):
        theta = (np.where(keep, z, 0).sum(-1, keepdims=True) - 1) / keep.sum(-1, keepdims=True)
        keep = z > theta
    return np.maximum(z - theta, 0).astype(scores.dtype)


@wrong("sparsemax")
def sparse_one_row(scores):
    z = scores - scores.max()
    flat = np.sort(z.ravel())[::-1]
    total = np.cumsum(flat)
    n = int((1 + np.arange(1, flat.size + 1) * flat > total).sum())
    return np.maximum(z - (total[n - 1] - 1) / n, 0).astype(scores.dtype)


@wrong("sparsemax")
def sparse_global_shift(scores):
    z = scores - scores.max()
    return np.maximum(z - _theta(z), 0).astype(scores.dtype)


@wrong("sparsemax")
def sparse_hard(scores):
    p = np.zeros_like(scores)
    np.put_along_axis(p, scores.argmax(axis=-1)[..., None], 1, axis=-1)
    return p


@wrong("sparsemax")
def sparse_in_place(scores):
    scores -= scores.max(axis=-1, keepdims=True)
    return np.maximum(scores - _theta(scores), 0).astype(scores.dtype)


@wrong("sparsemax")
def sparse_softmax_cut(scores):
    p = scipy.special.softmax(scores.astype(float), axis=-1)
    p = np.where(p < 0.05, 0, p)
    return (p / p.sum(axis=-1, keepdims=True)).astype(scores.dtype)
