"""Answers to the exercises of chapter 05: right ones written otherwise, and wrong ones that are on no list."""

import numpy as np
import scipy.special

from tests.checks.register import Answers

answers = Answers("05")
right, known, wrong = answers.right, answers.known, answers.wrong


def _turned(array):
    return np.swapaxes(array, -1, -2)


# 5.1 covariance_by_hand


@right("covariance_by_hand")
def in_fractions():
    return (1, 3 / 2, 9 / 2, 9)


@right("covariance_by_hand")
def computed():
    p, v, k = np.array([0.5, 0.25, 0.25]), np.array([4.0, 0, -4]), np.array([2.0, 4, -2])
    covariance = p @ (v * k) - (p @ v) * (p @ k)
    return np.array([p @ v, p @ k, covariance, 4 * covariance / np.sqrt(4)])


@wrong("covariance_by_hand", "the numbers", "wrong is what stands at [3].")
def half_of_it():
    return [1, 1.5, 4.5, 8]


@wrong("covariance_by_hand", "the shape", "Expected (4,), the output, the average key, the covariance and the gradient")
def without_the_averages():
    return [4.5, 9]


@wrong("covariance_by_hand", "the order", "The right numbers, in other places.")
def key_first():
    return [1.5, 1, 4.5, 9]


@known("covariance_by_hand", "not centred", "A covariance takes the distances from the averages.")
def products_alone():
    return [1, 1.5, 6, 12]


# 5.2 masked_backward


def _weights(scores, mask):
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(scipy.special.softmax(np.where(mask, scores, -np.inf), axis=-1))


@right("masked_backward")
def by_jacobian(scores, mask, values, grad_output):
    p, v = _weights(scores, mask), np.where(mask.any(-2)[..., None], values, 0)
    jacobian = p[..., None] * (np.eye(p.shape[-1]) - p[..., None, :])
    grad_p = np.einsum("...td,...sd->...ts", grad_output, v)
    return np.einsum("...tij,...ti->...tj", jacobian, grad_p), np.einsum("...ts,...td->...sd", p, grad_output)


@right("masked_backward")
def from_the_output(scores, mask, values, grad_output):
    p = _weights(scores, mask)
    v = np.where(np.broadcast_to((p > 0).any(-2)[..., None], values.shape), values, 0)
    apart = v[..., None, :, :] - (p @ v)[..., :, None, :]  # (…, T, S, D)
    return [p * np.einsum("...td,...tsd->...ts", grad_output, apart), _turned(p) @ grad_output]


@right("masked_backward")
def row_by_row(scores, mask, values, grad_output):
    grad_scores, grad_values = np.zeros_like(scores), np.zeros_like(values)
    for place in np.ndindex(scores.shape[:-1]):
        see = np.flatnonzero(mask[place])
        if len(see):
            p, batch, g = scipy.special.softmax(scores[place][see]), place[:-1], grad_output[place]
            v = values[batch][see]
            grad_scores[(*place, see)] = p * (v @ g - p @ v @ g)
            grad_values[(*batch, see)] += p[:, None] * g
    return grad_scores, grad_values


@wrong("masked_backward", "the results", "Expected 2 results, grad_scores and grad_values; a numpy ndarray came back.")
def scores_alone(*arguments):
    return by_jacobian(*arguments)[0]


@wrong("masked_backward", "the scale", "grad_scores: Every number is 0.447 times what it should be.")
def scaled(scores, mask, values, grad_output):
    grad_scores, grad_values = by_jacobian(scores, mask, values, grad_output)
    return grad_scores / np.sqrt(values.shape[-1]), grad_values


@known("masked_backward", "0 / 0 (queries that may attend to nothing)", "Its gradients are 0.")
def softmax_of_nothing(scores, mask, values, grad_output):
    p = scipy.special.softmax(np.where(mask, scores, -np.inf), axis=-1)
    v = np.where(mask.any(-2)[..., None], values, 0)
    grad_p = grad_output @ _turned(v)
    return p * (grad_p - (p * grad_p).sum(-1, keepdims=True)), _turned(p) @ grad_output


@known("masked_backward", "a large number for −∞ (seen scores far below)", "Nothing lies below −∞.")
def masked_by_a_billion(scores, mask, values, grad_output):
    seen = np.where(mask.any(-2)[..., None], values, 0)
    p = scipy.special.softmax(np.where(mask, scores, -1e9), axis=-1) * mask.any(-1, keepdims=True)
    grad_p = grad_output @ _turned(seen)
    return p * (grad_p - (p * grad_p).sum(-1, keepdims=True)), _turned(p) @ grad_output


@known("masked_backward", "0 times NaN (a mask)", "put zeros in its place first.")
def nan_is_touched(scores, mask, values, grad_output):
    p = _weights(scores, mask)
    grad_p = grad_output @ _turned(values)
    return p * (grad_p - (p * grad_p).sum(-1, keepdims=True)), _turned(p) @ grad_output


# 5.3 biased_additive_backward


@right("biased_additive_backward")
def by_einsum(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    bent = np.tanh((queries @ query_weight)[..., None, :] + (keys @ key_weight)[..., None, :, :] + bias)
    p = scipy.special.softmax(bent @ score_weight, axis=-1)
    grad_p = np.einsum("...td,...sd->...ts", grad_output, values)
    grad_s = p * (grad_p - np.einsum("...ts,...ts->...t", p, grad_p)[..., None])
    g = np.einsum("...ts,a,...tsa->...tsa", grad_s, score_weight, 1 - bent**2)
    return (
        np.einsum("...tsa,da->...td", g, query_weight),
        np.einsum("...tsa,da->...sd", g, key_weight),
        np.einsum("...ts,...td->...sd", p, grad_output),
        g.sum(axis=tuple(range(g.ndim - 1))),
    )


@right("biased_additive_backward")
def one_feature_more(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """The bias as the weights of a feature of the queries that is always 1."""
    longer = np.concatenate([queries, np.ones((*queries.shape[:-1], 1), queries.dtype)], axis=-1)
    weight = np.vstack([query_weight, bias])
    found = by_einsum(longer, keys, values, weight, key_weight, 0 * bias, score_weight, grad_output)
    return [found[0][..., :-1], *found[1:]]


@wrong("biased_additive_backward", "the scale", "grad_bias: Every number is 2 times what it should be.")
def bias_on_both_sides(*arguments):
    *others, grad_bias = by_einsum(*arguments)
    return *others, 2 * grad_bias


@wrong("biased_additive_backward", "the results", "Expected 4 results, grad_queries and grad_keys and grad_values")
def without_the_bias(*arguments):
    return by_einsum(*arguments)[:3]


@wrong("biased_additive_backward", "the sign", "Every number has the right size and the wrong sign.")
def turned_round(*arguments):
    return tuple(-gradient for gradient in by_einsum(*arguments))


# 5.4 numerical_gradient


@right("numerical_gradient")
def entry_by_entry(function, x):
    x, slopes = np.array(x, np.float64), []
    for place in range(x.size):
        step = 6e-6 * (1 + abs(x.flat[place]))
        nudge = np.zeros(x.size)
        nudge[place] = step
        nudge = nudge.reshape(x.shape)
        slopes.append((function(x + nudge) - function(x - nudge)) / (2 * step))
    return np.array(slopes).reshape(x.shape)


@right("numerical_gradient")
def four_points(function, x):
    """A difference of higher order."""
    x = np.asarray(x, np.float64)
    slopes = np.empty(x.shape)
    for place in np.ndindex(x.shape):
        h = 1e-3 * max(1, abs(x[place]))
        nudge = np.zeros(x.shape)
        nudge[place] = h
        near, far = (function(x + n * nudge) - function(x - n * nudge) for n in (1, 2))
        slopes[place] = (8 * near - far) / (12 * h)
    return slopes


@wrong("numerical_gradient", "NaN", "Of 4 numbers that should be finite 4 are NaN.")
def divided_by_nothing(function, x):
    return entry_by_entry(function, x) / 0 * 0


@wrong("numerical_gradient", "the arguments", "Your function changed its argument `x`")
def in_place(function, x):
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = 1e-5 * max(1, abs(x[place]))
        before = x[place]
        x[place] = before + step
        up = function(x)
        x[place] = before - step
        slopes[place] = (up - function(x)) / (2 * step)
        x[place] = before + 1e-9
    return slopes


@wrong("numerical_gradient", "the shape", "Expected (2, 2)")
def flat(function, x):
    return entry_by_entry(function, x).ravel()


@wrong("numerical_gradient", "the type (float32)", "float32 went in and float32 came out. The task asks for float64.")
def back_in_its_type(function, x):
    return entry_by_entry(function, x).astype(x.dtype)


@wrong("numerical_gradient", "the numbers (float32)", "they are off by at most")
def never_wider(function, x):
    moved, slopes = x.copy(), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        h = x.dtype.type(1e-3 if x.dtype == np.float32 else 1e-5) * max(x.dtype.type(1), abs(x[place]))
        moved[place] = x[place] + h
        up = function(moved)
        moved[place] = x[place] - h
        slopes[place] = (up - function(moved)) / (2 * h)
        moved[place] = x[place]
    return slopes


@known("numerical_gradient", "x itself moved", "Work on a copy")
def on_what_asarray_gives(function, x):
    lent = np.asarray(x, np.float64)
    slopes = np.zeros(lent.shape)
    for place in np.ndindex(lent.shape):
        entry = lent[place]
        h = 1e-5 * max(1.0, abs(entry))
        lent[place] = entry + h
        up = function(lent)
        lent[place] = entry - h
        slopes[place] = (up - function(lent)) / (2 * h)
        lent[place] = entry
    return slopes


@wrong("numerical_gradient", "the numbers (other types)", "it is off by")
def into_an_array_like_x(function, x):
    slopes = np.zeros_like(x)
    slopes[...] = entry_by_entry(function, x)
    return slopes.astype(np.float64)


@known("numerical_gradient", "not halved", "From one end to the other it is two steps")
def one_step(function, x):
    return 2 * entry_by_entry(function, x)


# 5.6 merge


@right("merge")
def from_the_larger(first, first_total, second, second_total):
    top = np.maximum(first_total, second_total)
    top = np.where(np.isneginf(top), 0, top).astype(top.dtype)
    one, other = np.exp(first_total - top), np.exp(second_total - top)
    whole = one + other
    divisor = np.where(whole == 0, 1, whole).astype(whole.dtype)
    output = (one / divisor)[..., None] * first + (other / divisor)[..., None] * second
    with np.errstate(divide="ignore"):
        return output, top + np.log(whole)


@right("merge")
def by_a_softmax_of_two(first, first_total, second, second_total):
    totals = np.stack([first_total, second_total])
    gone = np.isneginf(totals).all(axis=0)
    shares = scipy.special.softmax(np.where(gone, 0, totals), axis=0)[..., None]
    output = np.where(gone[..., None], 0, shares[0] * first + shares[1] * second)
    return output, np.logaddexp(*totals)


@known("merge", "divided at the end (outputs as large as float16 holds)", "Divide the exponentials first")
def divided_at_the_end(first, first_total, second, second_total):
    top = np.maximum(first_total, second_total)
    top = np.where(np.isneginf(top), 0, top).astype(top.dtype)
    one, other = np.exp(first_total - top), np.exp(second_total - top)
    divisor = np.where(one + other == 0, 1, one + other).astype(one.dtype)
    output = (one[..., None] * first + other[..., None] * second) / divisor[..., None]
    return output, np.logaddexp(first_total, second_total)


@known("merge", "from one to the other (large outputs that hardly count)", "Add the two, each times its own share.")
def from_the_first_to_the_second(first, first_total, second, second_total):
    total = np.logaddexp(first_total, second_total)
    share = np.exp(second_total - np.where(np.isneginf(total), 0, total))[..., None]
    return first + share * (second - first), total


@known("merge", "−∞ minus −∞ in the shares (neither saw anything)", "Put 0 in the place of such a total")
def shares_of_nothing(first, first_total, second, second_total):
    total = np.logaddexp(first_total, second_total)
    first_share, second_share = np.exp(first_total - total)[..., None], np.exp(second_total - total)[..., None]
    return first_share * first + second_share * second, total


@known("merge", "0 in place of each −∞ (one part saw nothing, the other is far from 0)", "∞ times 0 is NaN")
def zero_for_each_part(first, first_total, second, second_total):
    total = np.logaddexp(first_total, second_total)
    totals = np.stack([first_total, second_total, total])
    totals[np.isneginf(totals)] = 0
    shares = np.exp(totals[:2] - totals[2])[..., None]
    return shares[0] * first + shares[1] * second, total


@wrong("merge", "the shape", "log_total: Expected")
def an_axis_kept(*arguments):
    output, total = by_a_softmax_of_two(*arguments)
    return output, total[..., None]


@wrong("merge", "the scale", "output: Every number is 0.5 times what it should be.")
def halved(*arguments):
    output, total = by_a_softmax_of_two(*arguments)
    return output / 2, total


@wrong("merge", "the sign", "log_total: Every number has the right size and the wrong sign.")
def minus_the_total(*arguments):
    output, total = by_a_softmax_of_two(*arguments)
    return output, -total


# 5.7 backward_by_queries


@right("backward_by_queries")
def split_first(queries, keys, values, grad_output, rows):
    found, of_keys, of_values = [], 0 * keys, 0 * values
    for start in range(0, len(queries), rows):
        q, g = queries[start : start + rows], grad_output[start : start + rows]
        p = scipy.special.softmax(q @ keys.T * q.shape[-1] ** -0.5, axis=-1)
        s = p * (g @ values.T - (g * (p @ values)).sum(1, keepdims=True)) * q.shape[-1] ** -0.5
        found.append(s @ keys)
        of_keys, of_values = of_keys + s.T @ q, of_values + p.T @ g
    return np.concatenate(found), of_keys, of_values


@right("backward_by_queries")
def always_one_row(queries, keys, values, grad_output, rows):
    return split_first(queries, keys, values, grad_output, 1)


@wrong("backward_by_queries", "the results", "Expected 3 results")
def queries_alone(*arguments):
    return split_first(*arguments)[0]


@wrong("backward_by_queries", "the scale", "grad_values: Every number is 2 times what it should be.")
def values_twice(*arguments):
    of_queries, of_keys, of_values = split_first(*arguments)
    return of_queries, of_keys, 2 * of_values


@known("backward_by_queries", "all the weights at once (many rows)", "Take a few queries at a time.")
def whole(queries, keys, values, grad_output, rows):
    return split_first(queries, keys, values, grad_output, len(queries))


# 5.8 entropy_gradient


@right("entropy_gradient")
def by_log_softmax(scores):
    log_p = scipy.special.log_softmax(scores, axis=-1)
    p = np.exp(log_p)
    surprise = np.where(p > 0, -log_p, 0).astype(p.dtype)
    return p * (surprise - (p * surprise).sum(-1, keepdims=True))


@right("entropy_gradient")
def through_softmax(scores):
    p = scipy.special.softmax(scores, axis=-1)
    grad_p = -scipy.special.xlogy(p > 0, np.where(p > 0, p, 1)).astype(p.dtype) - 1
    grad_p = np.where(p > 0, grad_p, 0).astype(p.dtype)
    return p * (grad_p - (p * grad_p).sum(-1, keepdims=True))


@wrong("entropy_gradient", "the shape", "got (): the 4 keys are gone.")
def entropy_alone(scores):
    return scipy.special.entr(scipy.special.softmax(scores, axis=-1)).sum(-1)


@wrong("entropy_gradient", "the scale", "Every number is 3 times what it should be.")
def three_times(scores):
    return 3 * by_log_softmax(scores)


@known("entropy_gradient", "0 log 0 (saturated)", "0 log 0 counts as 0.")
def logarithm_after_softmax(scores):
    p = scipy.special.softmax(scores, axis=-1)
    log_p = np.log(p)
    return -p * (log_p - (p * log_p).sum(-1, keepdims=True))


# 5.10 attention_along


@right("attention_along")
def by_complex_step(queries, keys, values, along_queries, along_keys, along_values):
    """The imaginary part of a step along i·ε: exact to rounding, and no difference is taken."""
    e = 1e-30
    q, k, v = (a.astype(np.complex128) + 1j * e * d for a, d in zip(
        (queries, keys, values), (along_queries, along_keys, along_values), strict=True))  # fmt: skip
    scores = q @ _turned(k) / np.sqrt(q.shape[-1])
    exponentials = np.exp(scores - scores.real.max(-1, keepdims=True))
    return (exponentials / exponentials.sum(-1, keepdims=True) @ v).imag / e


@right("attention_along")
def part_by_part(queries, keys, values, along_queries, along_keys, along_values):
    root = np.sqrt(queries.shape[-1]).astype(queries.dtype)
    p = scipy.special.softmax(queries @ _turned(keys) / root, axis=-1)
    apart = values[..., None, :, :] - (p @ values)[..., :, None, :]  # (…, T, S, M)
    moves = (along_queries @ _turned(keys) + queries @ _turned(along_keys)) / root
    return np.einsum("...ts,...tsm->...tm", p * moves, apart) + p @ along_values


@wrong("attention_along", "the shape", "Expected")
def summed(*arguments):
    return part_by_part(*arguments).sum(-1)


@wrong("attention_along", "the sign", "Every number has the right size and the wrong sign.")
def backwards(*arguments):
    return -part_by_part(*arguments)


@wrong("attention_along", "the numbers", "None of the 4 numbers is right.")
def values_squared(queries, keys, values, along_queries, along_keys, along_values):
    return part_by_part(queries, keys, values, along_queries, along_keys, along_values * abs(along_values))
