"""A second set of answers to the exercises of chapter 5, invented from the tasks alone.

Many wrong ones are a right answer with one flaw; the name or the comment says where it differs from the right result.
"""

import functools
import math
from fractions import Fraction

import scipy.special

from attention.frameworks import np
from tests.checks.register import Answers

answers = Answers("05")
wrong, right = answers.unlisted, answers.right


STUBS = {  # a function with the parameters of the exercise, and nothing else
    "covariance_by_hand": lambda f: lambda: f(),
    "masked_backward": lambda f: lambda scores, mask, values, grad_output: f(scores, mask, values, grad_output),
    "biased_additive_backward": lambda f: (
        lambda queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output: f(
            queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output
        )
    ),
    "numerical_gradient": lambda f: lambda function, x: f(function, x),
    "merge": lambda f: lambda first, first_total, second, second_total: f(first, first_total, second, second_total),
    "backward_by_queries": lambda f: (
        lambda queries, keys, values, grad_output, rows: f(queries, keys, values, grad_output, rows)
    ),
    "entropy_gradient": lambda f: lambda scores: f(scores),
    "attention_along": lambda f: (
        lambda queries, keys, values, along_queries, along_keys, along_values: f(
            queries, keys, values, along_queries, along_keys, along_values
        )
    ),
}


def _named(exercise, name, function):
    written = STUBS[exercise](function)
    written.__name__ = name
    return written


def _all_wrong(exercise, table):
    for name, function in table.items():
        wrong(exercise)(_named(exercise, name, function))


# --- right results, to spoil -----------------------------------------------------------------------------------------


def _wide(*arrays):
    return [np.asarray(a).astype(np.float64) for a in arrays]


def _soft(scores, axis=-1):
    powers = np.exp(scores - scores.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def _weights(scores, mask, filler=-np.inf):
    some = mask.any(-1, keepdims=True)
    return np.where(some, _soft(np.where(mask, scores, np.where(some, filler, 0))), 0)


def _back(weights, values, grad):
    grad_weights = grad @ values.swapaxes(-1, -2)
    grad_scores = weights * (grad_weights - (weights * grad_weights).sum(-1, keepdims=True))
    return grad_scores, weights.swapaxes(-1, -2) @ grad


def _unseen_zero(mask, values):
    return np.where(mask.any(-2)[..., None], values, 0)


def _masked(scores, mask, values, grad):
    scores, values, grad = _wide(scores, values, grad)
    return _back(_weights(scores, mask), _unseen_zero(mask, values), grad)


# --- 5.1 covariance_by_hand: 1, 3/2, 9/2, 9 --------------------------------------------------------------------------

HAND_WRONG = {
    "key_of_the_plain_mean": [1.0, 4 / 3, 4.5, 9.0],
    "not_divided_by_the_root": [1.0, 1.5, 4.5, 18.0],
    "divided_by_four": [1.0, 1.5, 4.5, 4.5],
    "raw_second_moment": [1.0, 1.5, 6.0, 12.0],
    "sign_of_the_third_key": [1.0, 2.5, -0.5, -1.0],
    "swapped_first_two": [1.5, 1.0, 4.5, 9.0],
    "swapped_last_two": [1.0, 1.5, 9.0, 4.5],
    "rounded": [1.0, 2.0, 4.0, 9.0],
    "plain_covariance": [0.0, 4 / 3, 16 / 3, 32 / 3],
    "negative": [1.0, 1.5, -4.5, -9.0],
    "three_numbers": [1.0, 1.5, 4.5],
    "five_numbers": [1.0, 1.5, 4.5, 9.0, 0.0],
    "near": [1.0, 1.5, 4.5, 9.05],
    "complex_one": [1.0, 1.5, 4.5, 9.0 + 1e-1j],
    "not_a_number": [1.0, 1.5, 4.5, math.nan],
    "endless": [1.0, 1.5, 4.5, math.inf],
    "with_above_forgotten": [1.0, 1.5, 4.5, 2.25],
    "output_of_the_likeliest": [4.0, 1.5, 4.5, 9.0],
}
_all_wrong(
    "covariance_by_hand", {f"hand_{name}": functools.partial(list, numbers) for name, numbers in HAND_WRONG.items()}
)


@right("covariance_by_hand")
def in_fractions():
    weights, values, keys = [Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)], [4, 0, -4], [2, 4, -2]
    output = sum(w * v for w, v in zip(weights, values, strict=True))
    key = sum(w * k for w, k in zip(weights, keys, strict=True))
    both = sum(w * (v - output) * (k - key) for w, v, k in zip(weights, values, keys, strict=True))
    return [float(n) for n in (output, key, both, 4 * both / 2)]


@right("covariance_by_hand")
def as_a_tuple_of_numpy_numbers():
    return tuple(np.array([1, 1.5, 4.5, 9]))


@right("covariance_by_hand")
def as_an_array_of_single_precision():
    return np.array([1, 1.5, 4.5, 9], np.float32)


@right("covariance_by_hand")
def with_integers():
    return [1, 3 / 2, 9 / 2, 9]


# --- 5.2 masked_backward ---------------------------------------------------------------------------------------------


def _nan_repaired_values(scores, mask, values, grad):  # an unseen infinity becomes 1.8e308: 0 times an overflow
    scores, values, grad = _wide(scores, values, grad)
    return _back(_weights(scores, mask), np.nan_to_num(values), grad)


def _nan_repaired_results(scores, mask, values, grad):  # the weighted average of a row is NaN: the whole row gets 0
    scores, values, grad = _wide(scores, values, grad)
    return tuple(np.nan_to_num(a) for a in _back(_weights(scores, mask), values, grad))


def _only_nan_is_closed(scores, mask, values, grad):  # an unseen infinity stays
    scores, values, grad = _wide(scores, values, grad)
    return _back(_weights(scores, mask), np.where(np.isnan(values), 0, values), grad)


def _small_filler(scores, mask, values, grad):  # scores of about -30 and below
    scores, values, grad = _wide(scores, values, grad)
    return _back(_weights(scores, mask, -30.0), _unseen_zero(mask, values), grad)


def _empty_rows_stay_open(scores, mask, values, grad):
    scores, values, grad = _wide(scores, values, grad)
    return _back(_soft(np.where(mask, scores, -1e9)), _unseen_zero(mask, values), grad)


def _empty_rows_reach_the_values(scores, mask, values, grad):
    scores, values, grad = _wide(scores, values, grad)
    open_ = mask | ~mask.any(-1, keepdims=True)
    _, grad_values = _back(_weights(scores, open_), values, grad)
    return _masked(scores, mask, values, grad)[0], grad_values


def _empty_if_the_first_key_is_hidden(scores, mask, values, grad):
    scores, values, grad = _wide(scores, values, grad)
    weights = np.where(mask[..., :1], _weights(scores, mask), 0)
    return _back(weights, _unseen_zero(mask, values), grad)


def _not_normalised_again(scores, mask, values, grad):
    scores, values, grad = _wide(scores, values, grad)
    return _back(_soft(scores) * mask, _unseen_zero(mask, values), grad)


def _unseen_in_every_set(scores, mask, values, grad):  # a value unseen in one set, its place seen in another
    scores, values, grad = _wide(scores, values, grad)
    seen = mask.any(tuple(range(mask.ndim - 1)))
    return _back(_weights(scores, mask), np.where(seen[:, None], values, 0), grad)


def _values_that_all_see(scores, mask, values, grad):
    scores, values, grad = _wide(scores, values, grad)
    return _back(_weights(scores, mask), np.where(mask.all(-2)[..., None], values, 0), grad)


def _mask_of_the_first_set(scores, mask, values, grad):
    return _masked(scores, np.broadcast_to(mask.reshape(-1, *mask.shape[-2:])[0], mask.shape), values, grad)


def _overflowing(scores, mask, values, grad):
    scores, values, grad = _wide(scores, values, grad)
    powers = np.where(mask, np.exp(np.where(mask, scores, 0)), 0)
    total = powers.sum(-1, keepdims=True)
    return _back(powers / np.where(total == 0, 1, total), _unseen_zero(mask, values), grad)


def _with_epsilon(scores, mask, values, grad):
    scores, values, grad = _wide(scores, values, grad)
    weights = _weights(scores, mask)
    return _back(weights / (weights.sum(-1, keepdims=True) + 1e-5), _unseen_zero(mask, values), grad)


def _maximum_over_hidden_too(scores, mask, values, grad):  # a hidden score is 1000 above the others: all underflow
    scores, values, grad = _wide(scores, values, grad)
    powers = np.exp(scores - scores.max(-1, keepdims=True)) * mask
    total = powers.sum(-1, keepdims=True)
    return _back(powers / np.where(total == 0, 1, total), _unseen_zero(mask, values), grad)


def _masked_in_place(scores, mask, values, grad):
    values[~mask.any(-2)] = 0
    return _masked(scores, mask, values, grad)


def _scores_masked_in_place(scores, mask, values, grad):
    scores[~mask] = -np.inf
    return _masked(scores, mask, values, grad)


def _in_half(scores, mask, values, grad):
    return _masked(*[a.astype(np.float16) if a.dtype != bool else a for a in (scores, mask, values, grad)])


def _in_single(scores, mask, values, grad):
    return tuple(a.astype(np.float32) for a in _masked(scores, mask, values, grad))


def _centred_by_columns(scores, mask, values, grad):
    scores, values, grad = _wide(scores, values, grad)
    weights = _weights(scores, mask)
    grad_weights = grad @ _unseen_zero(mask, values).swapaxes(-1, -2)
    inner = (weights * grad_weights).sum(-2, keepdims=True)
    return weights * (grad_weights - inner), weights.swapaxes(-1, -2) @ grad


def _one_large_gradient_cut(scores, mask, values, grad):
    return tuple(np.clip(a, -10, 10) for a in _masked(scores, mask, values, grad))


def _mask_inverted_for_empty(scores, mask, values, grad):  # a query that sees everything is closed
    scores, values, grad = _wide(scores, values, grad)
    weights = np.where(mask.all(-1, keepdims=True), 0, _weights(scores, mask))
    return _back(weights, _unseen_zero(mask, values), grad)


def _flattened(scores, mask, values, grad):  # two axes before the last two come back as one
    shape = scores.shape
    parts = [a.reshape(-1, *a.shape[-2:]) for a in (scores, mask, values, grad)]
    grad_scores, grad_values = _masked(*parts)
    return (grad_scores, grad_values) if len(shape) != 2 else (grad_scores[0], grad_values[0])


def _last_key_forgotten(scores, mask, values, grad):  # the average of the row leaves out the last key
    scores, values, grad = _wide(scores, values, grad)
    weights, values = _weights(scores, mask), _unseen_zero(mask, values)
    grad_weights = grad @ values.swapaxes(-1, -2)
    inner = (weights * grad_weights)[..., :-1].sum(-1, keepdims=True)
    return weights * (grad_weights - inner), weights.swapaxes(-1, -2) @ grad


def _detached_average(scores, mask, values, grad):
    scores, values, grad = _wide(scores, values, grad)
    weights, values = _weights(scores, mask), _unseen_zero(mask, values)
    return weights * (grad @ values.swapaxes(-1, -2)), weights.swapaxes(-1, -2) @ grad


def _divided_by_the_root(scores, mask, values, grad):
    grad_scores, grad_values = _masked(scores, mask, values, grad)
    return grad_scores / math.sqrt(values.shape[-1]), grad_values


def _normalised_by_those_seen(scores, mask, values, grad):
    grad_scores, grad_values = _masked(scores, mask, values, grad)
    return grad_scores, grad_values / np.maximum(mask.sum(-2), 1)[..., None]


def _values_of_a_lonely_key(scores, mask, values, grad):  # a row with one key has nothing to learn, it thinks
    alone = mask.sum(-1, keepdims=True) == 1
    grad_scores, _ = _masked(scores, mask, values, grad)
    return grad_scores, _masked(scores, mask, values, np.where(alone, 0, grad))[1]


def _underflow_cut(scores, mask, values, grad):
    scores, values, grad = _wide(scores, values, grad)
    weights = _weights(scores, mask)
    return _back(np.where(weights < 1e-3, 0, weights), _unseen_zero(mask, values), grad)


def _grad_of_unseen_is_nan(scores, mask, values, grad):
    grad_scores, grad_values = _masked(scores, mask, values, grad)
    return grad_scores, np.where(mask.any(-2)[..., None], grad_values, np.asarray(values) * 0)


_all_wrong(
    "masked_backward",
    {
        f"masked{f.__name__}": f
        for f in (
            _nan_repaired_values, _nan_repaired_results, _only_nan_is_closed, _small_filler, _empty_rows_stay_open,
            _empty_rows_reach_the_values, _empty_if_the_first_key_is_hidden, _not_normalised_again,
            _unseen_in_every_set, _values_that_all_see, _mask_of_the_first_set, _overflowing, _with_epsilon,
            _maximum_over_hidden_too, _masked_in_place, _scores_masked_in_place, _in_half, _in_single,
            _centred_by_columns, _one_large_gradient_cut, _mask_inverted_for_empty, _flattened, _last_key_forgotten,
            _detached_average, _divided_by_the_root, _normalised_by_those_seen, _values_of_a_lonely_key,
            _underflow_cut, _grad_of_unseen_is_nan,
        )
    },
)  # fmt: skip


right("masked_backward")(_named("masked_backward", "all_at_once", _masked))


@right("masked_backward")
def row_by_row(scores, mask, values, grad_output):
    scores, values, grad_output = _wide(scores, values, grad_output)
    grad_scores, grad_values = np.zeros(scores.shape), np.zeros(values.shape)
    for *batch, i in np.ndindex(scores.shape[:-1]):
        place, row = tuple(batch), mask[(*batch, i)]
        if not row.any():
            continue
        weights = scipy.special.softmax(scores[place][i][row])
        seen, above = values[place][row], grad_output[place][i]
        output = weights @ seen
        grad_scores[(*batch, i, row)] = weights * ((seen - output) @ above)
        grad_values[place][row] += np.outer(weights, above)
    return grad_scores, grad_values


@right("masked_backward")
def by_einsum(scores, mask, values, grad_output):
    values = np.where(np.swapaxes(mask, -1, -2).any(-1, keepdims=True), values, 0)
    with np.errstate(invalid="ignore"):
        logs = np.where(mask, scores, -np.inf)
        weights = np.nan_to_num(scipy.special.softmax(logs.astype(np.longdouble), -1))
    back = np.einsum("...td,...sd->...ts", grad_output, values)
    average = np.einsum("...ts,...ts->...t", weights, back)
    return weights * back - weights * average[..., None], np.einsum("...ts,...td->...sd", weights, grad_output)


@right("masked_backward")
def by_the_output(scores, mask, values, grad_output):
    scores, values, grad_output = _wide(scores, values, grad_output)
    weights, values = _weights(scores, mask), _unseen_zero(mask, values)
    output = weights @ values
    inner = np.sum(grad_output * output, axis=-1, keepdims=True)
    return [weights * (grad_output @ values.swapaxes(-1, -2) - inner), weights.swapaxes(-1, -2) @ grad_output]


@right("masked_backward")
def by_whole_jacobians(scores, mask, values, grad_output):
    scores, values, grad_output = _wide(scores, values, grad_output)
    weights, values = _weights(scores, mask), _unseen_zero(mask, values)
    jacobians = weights[..., None] * (np.eye(scores.shape[-1]) - weights[..., None, :])
    back = grad_output @ np.swapaxes(values, -1, -2)
    return np.einsum("...ij,...j->...i", jacobians.swapaxes(-1, -2), back), np.swapaxes(weights, -1, -2) @ grad_output


# --- 5.3 biased_additive_backward ------------------------------------------------------------------------------------


def _additive(
    q, k, v, wq, wk, b, u, g,
    *, act=np.tanh, slope=lambda a: 1 - a * a, soft=_soft, centre=True, outer=lambda x: x, reduce=None,
):  # fmt: skip
    q, k, v, wq, wk, b, u, g = _wide(q, k, v, wq, wk, b, u, g)
    hidden = act((q @ wq)[..., :, None, :] + (k @ wk)[..., None, :, :] + b)
    weights = soft(hidden @ u)
    grad_weights = g @ v.swapaxes(-1, -2)
    inner = (weights * grad_weights).sum(-1, keepdims=True) if centre else 0
    grad_scores = outer(weights * (grad_weights - inner))
    below = grad_scores[..., None] * u * slope(hidden)
    bias = below.sum(tuple(range(below.ndim - 1))) if reduce is None else reduce(below)
    return below.sum(-2) @ wq.T, below.sum(-3) @ wk.T, weights.swapaxes(-1, -2) @ g, bias


def _of(results, place, change):
    results = list(results)
    results[place] = change(results[place])
    return tuple(results)


def _spoilt(place, change):
    return lambda *a: _of(_additive(*a), place, lambda r: change(r, a))


def _flawed(**flaws):
    return lambda *a: _additive(*a, **flaws)


_stored = {}


def _remembered_by_shape(*a):  # the second call with other numbers of the same shapes
    key = tuple(np.shape(x) for x in a)
    if key not in _stored:
        _stored[key] = _additive(*a)
    return _stored[key]


def _bias_scratch(*a):  # the bias's gradient goes on adding up from call to call
    results = _additive(*a)
    _sums[results[3].shape] = _sums.get(results[3].shape, 0) + results[3]
    return (*results[:3], _sums[results[3].shape].copy())


_sums = {}


def _additive_by_differences(*a):
    def loss(parts):
        q, k, v, b = parts
        hidden = np.tanh((q @ a[3])[..., :, None, :] + (k @ a[4])[..., None, :, :] + b)
        return float((_soft(hidden @ a[6]) @ v * a[7]).sum())

    parts, grads = _wide(a[0], a[1], a[2], a[5]), []
    for part in parts:
        grad = np.zeros(part.shape)
        for place in np.ndindex(part.shape):
            kept = part[place]
            part[place] = kept + 1e-3
            up = loss(parts)
            part[place] = kept
            grad[place] = (up - loss(parts)) / 1e-3
        grads.append(grad)
    return tuple(grads)


def _soft_overflow(scores):
    return np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)


def _changes_the_bias(q, k, v, wq, wk, b, u, g):
    results = _additive(q, k, v, wq, wk, b, u, g)
    b -= b
    return results


ADDITIVE_WRONG = {
    "bias_forgotten_forward": lambda q, k, v, wq, wk, b, u, g: _additive(q, k, v, wq, wk, b * 0, u, g),
    "bias_twice": lambda q, k, v, wq, wk, b, u, g: _additive(q, k, v, wq, wk, 2 * b, u, g),
    "bias_outside_tanh": lambda q, k, v, wq, wk, b, u, g: _additive(
        q, k, v, wq, wk, b, u, g, act=lambda x: np.tanh(x - b) + b, slope=lambda a: 1 - (a - b) ** 2
    ),
    "bias_averaged": _flawed(reduce=lambda x: x.mean(tuple(range(x.ndim - 1)))),
    "bias_of_each_set": _flawed(reduce=lambda x: x.sum((-3, -2))),
    "bias_of_the_first_set": _flawed(reduce=lambda x: x.reshape(-1, *x.shape[-3:])[0].sum((0, 1))),
    "bias_of_the_last_query": _flawed(reduce=lambda x: x[..., -1, :, :].sum(tuple(range(x.ndim - 2)))),
    "bias_averaged_over_sets": _flawed(
        reduce=lambda x: x.sum((-3, -2)).mean(tuple(range(x.ndim - 3))) if x.ndim > 3 else x.sum((0, 1))
    ),
    "bias_with_one_batch_axis": _flawed(  # right without or with one axis, not with two
        reduce=lambda x: x.sum((-3, -2)).sum(0) if x.ndim > 3 else x.sum((0, 1))
    ),
    "bias_in_a_row": _spoilt(3, lambda r, a: r[None]),
    "bias_times_itself": _spoilt(3, lambda r, a: r * np.asarray(a[5])),
    "bias_without_slope": lambda *a: (*_additive(*a)[:3], _additive(*a, slope=lambda x: x * 0 + 1)[3]),
    "slope_without_square": _flawed(slope=lambda a: 1 - a),
    "slope_of_a_sigmoid": _flawed(slope=lambda a: a * (1 - a)),
    "slope_of_what_went_in": _flawed(slope=lambda a: 1 - np.tanh(a) ** 2),
    "slope_with_epsilon": _flawed(slope=lambda a: 1 - a * a + 1e-4),
    "sigmoid": _flawed(act=scipy.special.expit),
    "clipped_hidden": _flawed(act=lambda x: np.clip(np.tanh(x), -0.99, 0.99)),
    "tanh_by_a_fraction": _flawed(act=lambda x: np.clip(x * (27 + x * x) / (27 + 9 * x * x), -1, 1)),
    "not_centred": _flawed(centre=False),
    "scores_cut": _flawed(outer=lambda x: np.clip(x, -1, 1)),
    "small_ones_zero": _flawed(outer=lambda x: np.where(np.abs(x) < 1e-4, 0, x)),
    "over_the_root_of_hidden": lambda q, k, v, wq, wk, b, u, g: _additive(
        q, k, v, wq, wk, b, np.asarray(u) / math.sqrt(len(u)), g
    ),
    "along_the_queries": _flawed(soft=lambda s: _soft(s, -2)),
    "over_the_whole_set": _flawed(soft=lambda s: _soft(s.reshape(*s.shape[:-2], -1)).reshape(s.shape)),
    "without_maximum": _flawed(soft=_soft_overflow),
    "softmax_cut_at_fifty": _flawed(soft=lambda s: _soft(np.clip(s, -50, 50))),
    "softmax_with_one_more": _flawed(soft=lambda s: np.exp(s - s.max(-1, keepdims=True)) / (
        1e-4 + np.exp(s - s.max(-1, keepdims=True)).sum(-1, keepdims=True))),
    "maximum_of_everything": _flawed(soft=lambda s: np.exp(s - s.max()) / np.exp(s - s.max()).sum(-1, keepdims=True)),
    "queries_and_bias_swapped": lambda *a: (lambda r: (r[3], r[1], r[2], r[0]))(_additive(*a)),
    "keys_first": lambda *a: (lambda r: (r[1], r[0], r[2], r[3]))(_additive(*a)),
    "values_before_keys": lambda *a: (lambda r: (r[0], r[2], r[1], r[3]))(_additive(*a)),
    "bias_left_out": lambda *a: _additive(*a)[:3],
    "keys_negative": _spoilt(1, lambda r, a: -r),
    "queries_averaged": _spoilt(0, lambda r, a: r / np.shape(a[1])[-2]),
    "keys_averaged": _spoilt(1, lambda r, a: r / np.shape(a[0])[-2]),
    "last_set_forgotten": _spoilt(0, lambda r, a: np.concatenate([r[:-1], 0 * r[-1:]]) if r.ndim > 2 else r),
    "half": lambda *a: _additive(*[np.asarray(x).astype(np.float16) for x in a]),
    "single_results": lambda *a: tuple(r.astype(np.float32) for r in _additive(*a)),
    "bias_in_half": _spoilt(3, lambda r, a: r.astype(np.float16).astype(np.float64)),
    "by_differences": _additive_by_differences,
    "remembered_by_shape": _remembered_by_shape,
    "bias_scratch": _bias_scratch,
    "changes_the_bias": _changes_the_bias,
}  # fmt: skip
_all_wrong("biased_additive_backward", {f"additive_{name}": f for name, f in ADDITIVE_WRONG.items()})


right("biased_additive_backward")(_named("biased_additive_backward", "all_at_once", _additive))


@right("biased_additive_backward")
def the_bias_from_the_queries(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """What reaches the hidden units of the queries adds up to what reaches the bias."""
    q, k, v, wq, wk, b, u, g = _wide(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output)
    one, two = q @ wq + b, k @ wk
    hidden = np.tanh(one[..., :, None, :] + two[..., None, :, :])
    p = scipy.special.softmax(np.einsum("...tsa,a->...ts", hidden, u), -1)
    back = p * np.einsum("...tm,...tsm->...ts", g, v[..., None, :, :] - (p @ v)[..., :, None, :])
    slope = (1 - hidden) * (1 + hidden) * u
    to_queries = np.einsum("...ts,...tsa->...ta", back, slope)
    to_keys = np.einsum("...ts,...tsa->...sa", back, slope)
    return (
        np.einsum("...ta,da->...td", to_queries, wq),
        np.einsum("...sa,ka->...sk", to_keys, wk),
        np.einsum("...ts,...tm->...sm", p, g),
        to_queries.reshape(-1, len(b)).sum(0),
    )


@right("biased_additive_backward")
def set_by_set(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    if queries.ndim > 2:
        results = [
            set_by_set(*part[:3], query_weight, key_weight, bias, score_weight, part[3])
            for part in zip(queries, keys, values, grad_output, strict=True)
        ]
        first = [np.stack([r[n] for r in results]) for n in range(3)]
        return [*first, functools.reduce(np.add, [r[3] for r in results])]
    q, k, v, wq, wk, b, u, g = _wide(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output)
    gq, gk, gv, gb = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape), np.zeros(b.shape)
    for i in range(len(q)):
        hidden = np.tanh(q[i] @ wq + k @ wk + b)
        p = _soft(hidden @ u)
        s = p * ((v - p @ v) @ g[i])
        below = s[:, None] * (1 - hidden**2) * u
        gq[i] = wq @ below.sum(0)
        gk += below @ wk.T
        gv += p[:, None] * g[i]
        gb += below.sum(0)
    return gq, gk, gv, gb


@right("biased_additive_backward")
def in_long_double(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    q, k, v, wq, wk, b, u, g = (
        np.asarray(a, np.longdouble)
        for a in (queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output)
    )
    before = np.expand_dims(q @ wq, -2) + np.expand_dims(k @ wk, -3) + b
    up, down = np.exp(-2 * np.abs(before)), np.sign(before)
    hidden, slope = down * (1 - up) / (1 + up), 4 * up / (1 + up) ** 2
    p = _soft(hidden @ u)
    back = g @ np.swapaxes(v, -1, -2)
    back = p * (back - np.sum(back * p, -1, keepdims=True))
    below = back[..., None] * (u * slope)
    return (
        below.sum(-2) @ wq.T,
        below.sum(-3) @ wk.T,
        np.swapaxes(p, -1, -2) @ g,
        np.sum(below, axis=tuple(range(below.ndim))[:-1]),
    )


# --- 5.4 numerical_gradient ------------------------------------------------------------------------------------------


def _central(function, x, step=lambda entry: 1e-5 * max(1.0, abs(entry)), order=1.0, real=False):
    moved, slopes = np.array(x, np.float64), np.zeros(np.shape(x))
    for place in np.ndindex(moved.shape):
        entry = moved[place]
        h = step(entry)
        moved[place] = entry + h
        up, high = function(moved), moved[place]
        moved[place] = entry - h
        down, low = function(moved), moved[place]
        moved[place] = entry
        slopes[place] = (up - down) / (order * ((high - low) if real else 2 * h))
    return slopes


def _one_sided(function, x, h=1e-8):
    moved, slopes = np.array(x, np.float64), np.zeros(np.shape(x))
    before = function(moved)
    for place in np.ndindex(moved.shape):
        moved[place] += h
        slopes[place] = (function(moved) - before) / h
        moved[place] = x[place]
    return slopes


def _step_of_the_largest(function, x):  # a small entry beside one of a million moves by ten
    largest = max(1.0, float(np.abs(x).max()))
    return _central(function, x, lambda entry: 1e-5 * largest)


def _in_the_callers_array(function, x):  # left a rounding away from where it was
    moved, slopes = np.asarray(x, np.float64), np.zeros(np.shape(x))
    for place in np.ndindex(moved.shape):
        h = 1e-5 * max(1.0, abs(moved[place]))
        moved[place] += h
        up = function(moved)
        moved[place] -= 2 * h
        slopes[place] = (up - function(moved)) / (2 * h)
        moved[place] += h
    return slopes


def _never_moved_back(function, x):
    moved, slopes = np.array(x, np.float64), np.zeros(np.shape(x))
    for place in np.ndindex(moved.shape):
        h = 1e-5 * max(1.0, abs(moved[place]))
        moved[place] += h
        up = function(moved)
        moved[place] -= 2 * h
        slopes[place] = (up - function(moved)) / (2 * h)
    return slopes


def _flat_for_the_function(function, x):
    return _central(lambda flat: function(flat), np.array(x, np.float64).ravel()).reshape(np.shape(x))


def _along_the_memory(function, x):  # a transposed array: the slopes stand in the order of memory
    flat = np.array(x, np.float64, order="C").ravel()
    slopes = _central(lambda f: function(f.reshape(np.shape(x))), flat)
    return slopes.reshape(np.shape(x), order="F" if not x.flags.c_contiguous else "C")


def _in_its_own_type(function, x):
    moved, slopes = x.copy(), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        h = x.dtype.type(1e-3 if x.dtype != np.float64 else 1e-5) * max(x.dtype.type(1), abs(x[place]))
        moved[place] = x[place] + h
        up = function(moved)
        moved[place] = x[place] - h
        slopes[place] = (up - function(moved)) / (2 * h)
        moved[place] = x[place]
    return slopes


def _back_in_its_type(function, x):
    return _central(function, x).astype(x.dtype)


def _first_axis_only(function, x):
    moved, slopes = np.array(x, np.float64), np.zeros(np.shape(x))
    for place in range(len(moved)):
        h = 1e-5 * np.maximum(1, np.abs(moved[place]))
        up, down = moved.copy(), moved.copy()
        up[place] += h
        down[place] -= h
        slopes[place] = (function(up) - function(down)) / (2 * h)
    return slopes


def _complex_step(function, x):  # abs, maximum and what is no analytic function
    slopes = np.zeros(np.shape(x))
    for place in np.ndindex(np.shape(x)):
        moved = np.array(x, np.complex128)
        moved[place] += 1e-20j
        slopes[place] = np.imag(function(moved)) / 1e-20
    return slopes


def _zeros_skipped(function, x):
    return np.where(np.asarray(x) == 0, 0, _central(function, x))


def _by_polynomial(function, x):  # far too long steps
    return _central(function, x, lambda entry: 0.1)


def _second_slope(function, x):
    moved, slopes, here = np.array(x, np.float64), np.zeros(np.shape(x)), function(np.array(x, np.float64))
    for place in np.ndindex(moved.shape):
        moved[place] += 1e-4
        slopes[place] = (function(moved) - here) / 1e-4
        moved[place] = x[place]
    return slopes


_all_wrong(
    "numerical_gradient",
    {
        f"slopes_{name}": f
        for name, f in {
            "step_of_the_largest": _step_of_the_largest,
            "in_the_callers_array": _in_the_callers_array,
            "never_moved_back": _never_moved_back,
            "flat_for_the_function": _flat_for_the_function,
            "along_the_memory": _along_the_memory,
            "in_its_own_type": _in_its_own_type,
            "back_in_its_type": _back_in_its_type,
            "first_axis_only": _first_axis_only,
            "complex_step": _complex_step,
            "zeros_skipped": _zeros_skipped,
            "long_steps": _by_polynomial,
            "one_side_long": _second_slope,
            "one_side_1e-8": _one_sided,
            "one_side_1e-6": lambda f, x: _one_sided(f, x, 1e-6),
            "one_side_in_proportion": lambda f, x: _one_sided(f, x, 1e-7 * max(1.0, float(np.abs(x).max()))),
            "same_step_everywhere": lambda f, x: _central(f, x, lambda entry: 1e-5),
            "same_step_1e-8": lambda f, x: _central(f, x, lambda entry: 1e-8),
            "only_in_proportion": lambda f, x: _central(f, x, lambda entry: 1e-5 * abs(entry)),
            "without_the_sign": lambda f, x: _central(f, x, lambda entry: 1e-5 * max(1.0, entry)),
            "one_and_the_entry": lambda f, x: _central(f, x, lambda entry: 1e-5 * (1 + entry)),
            "steps_of_a_hundredth": lambda f, x: _central(f, x, lambda entry: 1e-2 * max(1.0, abs(entry))),
            "steps_of_machine_size": lambda f, x: _central(f, x, lambda entry: 2.2e-16 * max(1.0, abs(entry))),
            "steps_of_1e-12": lambda f, x: _central(f, x, lambda entry: 1e-12 * max(1.0, abs(entry))),
            "half_of_it": lambda f, x: _central(f, x) / 2,
            "twice": lambda f, x: _central(f, x, order=0.5),
            "without_direction": lambda f, x: np.abs(_central(f, x)),
            "to_four_places": lambda f, x: np.round(_central(f, x), 4),
            "as_a_list": lambda f, x: _central(f, x).ravel(),
            "in_a_row": lambda f, x: np.atleast_1d(_central(f, x)),
            "turned": lambda f, x: _central(f, x).T,
            "unit_length": lambda f, x: (lambda s: s / max(1.0, np.linalg.norm(s)))(_central(f, x)),
            "cut_at_a_thousand": lambda f, x: np.clip(_central(f, x), -1000, 1000),
            "last_entry_missing": lambda f, x: _central(f, x) * (
                np.arange(max(1, np.size(x))) < max(1, np.size(x) - 1)).reshape(np.shape(x)),
            "to_single": lambda f, x: _central(lambda y: f(y.astype(np.float32)), x),
            "values_in_single": lambda f, x: _central(lambda y: np.float32(f(y)), x),
        }.items()
    },
)  # fmt: skip
right("numerical_gradient")(_named("numerical_gradient", "all_at_once", _central))


@right("numerical_gradient")
def by_richardson(function, x):
    """Two steps, whose errors cancel."""
    wide = np.array(x, dtype=np.float64)
    slopes = np.empty(wide.shape)
    for place in np.ndindex(wide.shape):
        h = 1e-4 * max(abs(wide[place]), 1)

        def at(move, place=place):
            copy = wide.copy()
            copy[place] += move
            return float(function(copy))

        slopes[place] = (8 * (at(h) - at(-h)) - at(2 * h) + at(-2 * h)) / (12 * h)
    return slopes


@right("numerical_gradient")
def with_steps_that_are_powers_of_two(function, x):
    wide = x.astype("d")
    found = []
    for n, entry in enumerate(wide.flat):
        h = 2.0 ** round(math.log2(6e-6 * max(1, abs(entry))))
        ends = []
        for sign in (1, -1):
            moved = wide.copy()
            moved.flat[n] = entry + sign * h
            ends.append(function(moved))
        found.append((ends[0] - ends[1]) / h / 2)
    return np.array(found, np.float64).reshape(x.shape)


@right("numerical_gradient")
def dividing_by_how_far_it_went(function, x):
    return _central(function, x, lambda entry: 1e-5 * (1 + abs(entry)), real=True)


@right("numerical_gradient")
def by_stacked_copies(function, x):
    x = np.asarray(x, np.float64)
    steps = np.cbrt(np.finfo(np.float64).eps) * np.maximum(np.abs(x), 1).ravel()
    moves = np.diag(steps).reshape(-1, *x.shape)
    slopes = [(function(x + m) - function(x - m)) / (2 * s) for m, s in zip(moves, steps, strict=True)]
    return np.reshape(np.array(slopes, np.float64), x.shape)


# --- 5.6 merge -------------------------------------------------------------------------------------------------------


def _merged(first, first_total, second, second_total):
    first, first_total, second, second_total = _wide(first, first_total, second, second_total)
    total = np.logaddexp(first_total, second_total)
    safe = np.where(total == -np.inf, 0, total)
    one, two = np.exp(first_total - safe)[..., None], np.exp(second_total - safe)[..., None]
    return one * first + two * second, total


def _by_plain_exponentials(first, first_total, second, second_total):
    first, first_total, second, second_total = _wide(first, first_total, second, second_total)
    one, two = np.exp(first_total)[..., None], np.exp(second_total)[..., None]
    both = np.where(one + two == 0, 1, one + two)
    return (one * first + two * second) / both, np.log(one + two)[..., 0]


def _by_the_sigmoid(first, first_total, second, second_total):  # both -inf: inf - inf
    first, first_total, second, second_total = _wide(first, first_total, second, second_total)
    share = scipy.special.expit(first_total - second_total)[..., None]
    return share * first + (1 - share) * second, np.logaddexp(first_total, second_total)


def _by_the_sigmoid_repaired(first, first_total, second, second_total):  # 1e4 stands for infinity
    one, two = (np.maximum(np.asarray(t, np.float64), -1e4) for t in (first_total, second_total))
    share = scipy.special.expit(one - two)[..., None]
    return share * first + (1 - share) * second, np.logaddexp(first_total, second_total)


def _nothing_is_minus_1e9(first, first_total, second, second_total):
    one, two = (np.nan_to_num(np.asarray(t, np.float64), neginf=-1e9) for t in (first_total, second_total))
    return _merged(first, one, second, two)


def _empty_by_the_output(first, first_total, second, second_total):  # an output that happens to be 0
    one = np.where((np.asarray(first) == 0).all(-1), -np.inf, first_total)
    two = np.where((np.asarray(second) == 0).all(-1), -np.inf, second_total)
    return _merged(first, one, second, two)


def _total_of_zero_is_nothing(first, first_total, second, second_total):
    return _merged(
        first,
        np.where(first_total == 0, -np.inf, first_total),
        second,
        np.where(second_total == 0, -np.inf, second_total),
    )


def _low_is_nothing(first, first_total, second, second_total):
    low = [np.where(np.asarray(t) < -1e3, -np.inf, t) for t in (first_total, second_total)]
    return _merged(first, low[0], second, low[1])


def _winner_takes_all(first, first_total, second, second_total):
    near = np.abs(np.nan_to_num(first_total, neginf=-1e9) - np.nan_to_num(second_total, neginf=-1e9)) < 5
    outputs, totals = _merged(first, first_total, second, second_total)
    best = np.where((np.asarray(first_total) > second_total)[..., None], first, second)
    return np.where(near[..., None], outputs, best), totals


def _one_maximum_for_all(first, first_total, second, second_total):  # another row is a thousand higher
    first, a, second, b = _wide(first, first_total, second, second_total)
    top = np.max([a, b])
    top = 0 if top == -np.inf else top
    one, two = np.exp(a - top), np.exp(b - top)
    both = one + two
    outputs = (one[..., None] * first + two[..., None] * second) / np.where(both == 0, 1, both)[..., None]
    return outputs, np.log(both) + top


def _any_empty(first, first_total, second, second_total):  # one empty row: the whole half is left out
    if np.isinf(first_total).all(-1).any() if np.ndim(first_total) else np.isinf(first_total):
        return np.asarray(second, np.float64), np.asarray(second_total, np.float64)
    if np.isinf(first_total).any():
        return np.asarray(second, np.float64), np.asarray(second_total, np.float64)
    return _merged(first, first_total, second, second_total)


def _total_in_place(first, first_total, second, second_total):
    results = _merged(first, first_total, second, second_total)
    first_total[...] = results[1]
    return results


def _output_in_place(first, first_total, second, second_total):
    outputs, total = _merged(first, first_total, second, second_total)
    first[...] = outputs
    return first, total


_buffer = {}


def _reused(first, first_total, second, second_total):  # the results of the first call change with the second
    outputs, total = _merged(first, first_total, second, second_total)
    buffer = _buffer.setdefault((np.shape(first), "o"), np.empty(np.shape(first)))
    buffer[...] = outputs
    return buffer, total


def _outputs_alike(change):
    return lambda *a: (lambda r: (change(r[0], a), r[1]))(_merged(*a))


def _totals(change):
    return lambda *a: (lambda r: (r[0], change(r[1], a)))(_merged(*a))


_all_wrong(
    "merge",
    {
        f"merge_{name}": f
        for name, f in {
            "by_plain_exponentials": _by_plain_exponentials,
            "by_the_sigmoid": _by_the_sigmoid,
            "by_the_sigmoid_repaired": _by_the_sigmoid_repaired,
            "nothing_is_minus_1e9": _nothing_is_minus_1e9,
            "empty_by_the_output": _empty_by_the_output,
            "total_of_zero_is_nothing": _total_of_zero_is_nothing,
            "low_is_nothing": _low_is_nothing,
            "winner_takes_all": _winner_takes_all,
            "one_maximum_for_all": _one_maximum_for_all,
            "any_empty": _any_empty,
            "total_in_place": _total_in_place,
            "output_in_place": _output_in_place,
            "reused": _reused,
            "mean_of_both": _outputs_alike(lambda r, a: (np.asarray(a[0], np.float64) + a[2]) / 2),
            "sum_of_both": _outputs_alike(lambda r, a: np.asarray(a[0], np.float64) + a[2]),
            "only_the_second": _outputs_alike(lambda r, a: np.asarray(a[2], np.float64)),
            "shares_swapped": lambda a, s, b, t: (_merged(b, s, a, t)[0], _merged(a, s, b, t)[1]),
            "shares_of_logarithms": lambda a, s, b, t: (
                (np.asarray(a, np.float64) * s[..., None] + b * t[..., None]) / (s + t)[..., None],
                _merged(a, s, b, t)[1]),
            "half": lambda *a: _merged(*[np.asarray(x).astype(np.float16) for x in a]),
            "single": lambda *a: tuple(r.astype(np.float32) for r in _merged(*a)),
            "outputs_in_single": _outputs_alike(lambda r, a: r.astype(np.float32)),
            "total_with_axis": _totals(lambda r, a: r[..., None]),
            "totals_added": _totals(lambda r, a: np.asarray(a[1], np.float64) + a[3]),
            "total_is_the_maximum": _totals(lambda r, a: np.maximum(a[1], a[3]).astype(np.float64)),
            "total_averaged": _totals(lambda r, a: r - math.log(2)),
            "total_base_two": _totals(lambda r, a: np.logaddexp2(np.asarray(a[1], np.float64), a[3])),
            "total_without_logarithm": _totals(lambda r, a: np.exp(r)),
            "empty_total_zero": _totals(lambda r, a: np.where(np.isinf(r), 0, r)),
            "empty_total_lowest": _totals(lambda r, a: np.nan_to_num(r)),
            "empty_total_nan": _totals(lambda r, a: np.where(np.isinf(r), np.nan, r)),
            "empty_output_nan": _outputs_alike(lambda r, a: np.where(np.isinf(a[1] + a[3])[..., None], np.nan, r)),
            "total_first": lambda *a: _merged(*a)[::-1],
            "one_result": lambda *a: _merged(*a)[0],
            "total_rounded": _totals(lambda r, a: np.round(r, 3)),
            "with_epsilon": _outputs_alike(lambda r, a: r / (1 + 1e-5)),
            "ties_to_the_first": _outputs_alike(
                lambda r, a: np.where((a[1] == a[3])[..., None], np.asarray(a[0], np.float64), r)),
            "exponents_cut": lambda a, s, b, t: (lambda m: _merged(
                a, np.maximum(s - m, -10), b, np.maximum(t - m, -10)))(np.maximum(s, t)),
            "first_row_for_all": lambda a, s, b, t: _merged(a, s * 0 + s[..., :1], b, t),
        }.items()
    },
)  # fmt: skip
right("merge")(_named("merge", "all_at_once", _merged))


@right("merge")
def by_the_maximum(first, first_total, second, second_total):
    a, s, b, t = (np.asarray(x, np.longdouble) for x in (first, first_total, second, second_total))
    top = np.maximum(s, t)
    top = np.where(np.isneginf(top), 0, top)
    one, two = np.exp(s - top), np.exp(t - top)
    both = one + two
    with np.errstate(divide="ignore"):
        total = np.log(both) + top
    outputs = (one[..., None] * a + two[..., None] * b) / np.where(both > 0, both, 1)[..., None]
    return outputs, total


@right("merge")
def number_by_number(first, first_total, second, second_total):
    outputs, totals = np.zeros(first.shape), np.full(first_total.shape, -np.inf)
    for place in np.ndindex(first_total.shape):
        one, two = float(first_total[place]), float(second_total[place])
        if max(one, two) == -math.inf:
            continue
        gap = math.exp(-abs(one - two))
        totals[place] = max(one, two) + math.log1p(gap)
        larger, smaller = (first, second) if one >= two else (second, first)
        large, small = larger[place].astype(np.float64), smaller[place].astype(np.float64)
        outputs[place] = large / (1 + gap) + small * (gap / (1 + gap))
    return outputs, totals


@right("merge")
def by_scipy(first, first_total, second, second_total):
    totals = np.stack([first_total, second_total], -1).astype(np.float64)
    some = totals.max(-1) > -np.inf
    shares = scipy.special.softmax(np.where(some[..., None], totals, 0), axis=-1)
    outputs = (shares[..., None] * np.stack([first, second], -2)).sum(-2)
    with np.errstate(divide="ignore"):
        return np.where(some[..., None], outputs, 0), np.where(some, scipy.special.logsumexp(totals, -1), -np.inf)


@right("merge")
def by_what_the_second_adds(first, first_total, second, second_total):
    a, s, b, t = _wide(first, first_total, second, second_total)
    with np.errstate(invalid="ignore"):
        share = np.where(t == -np.inf, 0, scipy.special.expit(t - s))[..., None]
        rest = np.where(s == -np.inf, 0, scipy.special.expit(s - t))[..., None]  # 1 − share would be 0 for a small one
    return [a * rest + share * b, np.logaddexp(s, t)]


# --- 5.7 backward_by_queries -----------------------------------------------------------------------------------------


def _by_queries(q, k, v, g, rows, *, scale=None, soft=_soft, centre=True, starts=None, parts=None, dtype=np.float64):
    q, k, v, g = _wide(q, k, v, g)
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    gq, gk, gv = np.zeros(q.shape, dtype), np.zeros(k.shape, dtype), np.zeros(v.shape, dtype)
    for start in range(0, len(q), rows) if starts is None else starts(len(q), rows):
        part = slice(start, start + rows) if parts is None else parts(start, rows)
        weights = soft(q[part] @ k.T * scale)
        back = g[part] @ v.T
        back = weights * (back - ((weights * back).sum(-1, keepdims=True) if centre else 0))
        gq[part] = back @ k * scale
        gk += (back.T @ q[part] * scale).astype(dtype)
        gv += (weights.T @ g[part]).astype(dtype)
    return gq, gk, gv


def _everything_at_once(q, k, v, g, rows):
    return _by_queries(q, k, v, g, len(q))


def _weights_kept(q, k, v, g, rows):  # in half precision, but all of them
    q, k, v, g = _wide(q, k, v, g)
    kept = np.empty((len(q), len(k)))
    for start in range(0, len(q), rows):
        kept[start : start + rows] = _soft(q[start : start + rows] @ k.T / math.sqrt(q.shape[-1]))
    return (*_by_queries(q, k, v, g, rows)[:2], kept.T @ g)


def _in_a_list(q, k, v, g, rows):
    q, k, v, g = _wide(q, k, v, g)
    kept = [_soft(q[n : n + rows] @ k.T / math.sqrt(q.shape[-1])) for n in range(0, len(q), rows)]
    gv = sum(w.T @ g[n : n + rows] for w, n in zip(kept, range(0, len(q), rows), strict=True))
    return (*_by_queries(q, k, v, g, rows)[:2], gv)


def _overwritten_keys(q, k, v, g, rows):
    last = (len(q) - 1) // rows * rows
    return _by_queries(q, k, v, g, rows)[0], *_by_queries(q[last:], k, v, g[last:], rows)[1:]


def _overwritten_values(q, k, v, g, rows):
    last = (len(q) - 1) // rows * rows
    return *_by_queries(q, k, v, g, rows)[:2], _by_queries(q[last:], k, v, g[last:], rows)[2]


def _keys_cut(q, k, v, g, rows):  # cut by keys with a softmax in each part
    if rows >= len(k):
        return _by_queries(q, k, v, g, rows)
    parts = [_by_queries(q, k[n : n + rows], v[n : n + rows], g, rows) for n in range(0, len(k), rows)]
    return sum(p[0] for p in parts), np.concatenate([p[1] for p in parts]), np.concatenate([p[2] for p in parts])


_going_on = {}


def _never_emptied(q, k, v, g, rows):
    gq, gk, gv = _by_queries(q, k, v, g, rows)
    _going_on[gk.shape] = _going_on.get(gk.shape, 0) + gk
    return gq, _going_on[gk.shape].copy(), gv


def _rounds_averaged(q, k, v, g, rows):
    gq, gk, gv = _by_queries(q, k, v, g, rows)
    rounds = -(-len(q) // rows)
    return gq, gk / rounds, gv / rounds


def _scaled_in_place(q, k, v, g, rows):
    q /= math.sqrt(q.shape[-1])
    return _by_queries(q, k, v, g, rows, scale=1.0)


def _scaled_and_back(q, k, v, g, rows):
    gq, gk, gv = _by_queries(q, k, v, g, rows)
    return gq / math.sqrt(np.shape(q)[-1]), gk, gv


def _round_squeezed(q, k, v, g, rows):  # a round of one query: softmax over the only axis of one number
    return _by_queries(q, k, v, g, rows, soft=lambda s: _soft(s) if len(s) > 1 else np.ones(s.shape) / s.shape[1])


QUERIES_WRONG = {
    "everything_at_once": _everything_at_once,
    "weights_kept": _weights_kept,
    "in_a_list": _in_a_list,
    "overwritten_keys": _overwritten_keys,
    "overwritten_values": _overwritten_values,
    "keys_cut": _keys_cut,
    "never_emptied": _never_emptied,
    "rounds_averaged": _rounds_averaged,
    "scaled_in_place": _scaled_in_place,
    "scaled_twice": _scaled_and_back,
    "round_of_one": _round_squeezed,
    "rest_forgotten": lambda *a: _by_queries(*a, starts=lambda n, r: range(0, n - n % r, r)),
    "rest_forgotten_if_one": lambda *a: _by_queries(*a, starts=lambda n, r: range(0, n - (n % r == 1 and r > 1), r)),
    "last_round_forgotten": lambda *a: _by_queries(*a, starts=lambda n, r: range(0, n - 1, r)),
    "first_round_forgotten": lambda *a: _by_queries(*a, starts=lambda n, r: range(r if n > r else 0, n, r)),
    "rounds_overlap": lambda *a: _by_queries(*a, parts=lambda s, r: slice(s, s + r + 1)),
    "rounds_overlap_back": lambda *a: _by_queries(*a, parts=lambda s, r: slice(max(0, s - 1), s + r)),
    "one_too_few": lambda *a: _by_queries(*a, parts=lambda s, r: slice(s, s + max(1, r - 1))),
    "not_scaled": lambda *a: _by_queries(*a, scale=1.0),
    "scaled_by_width": lambda *a: _by_queries(*a, scale=1 / np.shape(a[0])[-1]),
    "scaled_by_values": lambda *a: _by_queries(*a, scale=1 / math.sqrt(np.shape(a[2])[-1])),
    "scaled_by_keys": lambda *a: _by_queries(*a, scale=1 / math.sqrt(np.shape(a[1])[0])),
    "scaled_by_rows": lambda *a: _by_queries(*a, scale=1 / math.sqrt(a[4])),
    "not_centred": lambda *a: _by_queries(*a, centre=False),
    "no_maximum": lambda *a: _by_queries(*a, soft=_soft_overflow),
    "maximum_of_the_round": lambda *a: _by_queries(
        *a, soft=lambda s: np.exp(s - s.max()) / np.exp(s - s.max()).sum(-1, keepdims=True)),
    "along_the_queries": lambda *a: _by_queries(*a, soft=lambda s: _soft(s, 0)),
    "scores_cut": lambda *a: _by_queries(*a, soft=lambda s: _soft(np.clip(s, -20, 20))),
    "sums_in_half": lambda *a: _by_queries(*a, dtype=np.float16),
    "sums_in_single": lambda *a: _by_queries(*a, dtype=np.float32),
    "values_first": lambda *a: _by_queries(*a)[::-1],
    "without_values": lambda *a: _by_queries(*a)[:2],
    "keys_turned": lambda *a: (lambda r: (r[0], r[1].T, r[2]))(_by_queries(*a)),
    "large_gradients_cut": lambda *a: tuple(np.clip(r, -5, 5) for r in _by_queries(*a)),
    "queries_added_twice": lambda *a: (lambda r: (2 * r[0], r[1], r[2]))(_by_queries(*a)),
}  # fmt: skip
_all_wrong("backward_by_queries", {f"queries_{name}": f for name, f in QUERIES_WRONG.items()})
right("backward_by_queries")(_named("backward_by_queries", "all_at_once", _by_queries))


@right("backward_by_queries")
def one_query_after_the_other(queries, keys, values, grad_output, rows):
    """Fewer rows than allowed at a time."""
    q, k, v, g = _wide(queries, keys, values, grad_output)
    gq, gk, gv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for query, above, grad in zip(q, g, gq, strict=True):
        p = scipy.special.softmax(k @ query / np.sqrt(q.shape[1]))
        s = p * ((v - p @ v) @ above) / np.sqrt(q.shape[1])
        grad[:] = s @ k
        gk += np.outer(s, query)
        gv += np.outer(p, above)
    return gq, gk, gv


@right("backward_by_queries")
def from_the_last_round_to_the_first(queries, keys, values, grad_output, rows):
    q, k, v, g = _wide(queries, keys, values, grad_output)
    root = np.sqrt(float(q.shape[-1]))
    found, gk, gv = [], 0, 0
    for start in reversed(range(0, q.shape[0], rows)):
        some, above = q[start : start + rows] / root, g[start : start + rows]
        p = _soft(some @ k.T)
        s = p * (above @ v.T - np.einsum("td,td->t", above, p @ v)[:, None])
        found.insert(0, s @ (k / root))
        gk, gv = gk + s.T @ some, gv + p.T @ above
    return np.concatenate(found), gk, gv


@right("backward_by_queries")
def by_array_split_of_indices(queries, keys, values, grad_output, rows):
    q, k, v, g = _wide(queries, keys, values, grad_output)
    places = np.arange(len(q))
    gq, gk, gv = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape)
    while len(places):
        some, places = places[:rows], places[rows:]
        scores = np.einsum("td,sd->ts", q[some], k) * q.shape[1] ** -0.5
        p = np.exp(scores - scipy.special.logsumexp(scores, axis=1, keepdims=True))
        s = g[some] @ v.T
        s -= np.einsum("ts,ts->t", p, s)[:, None]
        s *= p
        s *= q.shape[1] ** -0.5
        gq[some] = s @ k
        gk += np.einsum("ts,td->sd", s, q[some])
        gv += np.einsum("ts,tm->sm", p, g[some])
    return gq, gk, gv


# --- 5.8 entropy_gradient --------------------------------------------------------------------------------------------


def _entropy(scores, *, axis=-1, soft=_soft, log=None, minus=True):
    scores = np.asarray(scores).astype(np.float64)
    p = soft(scores) if axis == -1 else _soft(scores, axis)
    logs = np.log(np.where(p > 0, p, 1)) if log is None else log(p)
    average = (p * logs).sum(axis, keepdims=True) if minus else 0
    return -p * (logs - average)


def _entropy_in_place(scores):
    result = _entropy(scores)
    scores -= scores.max(-1, keepdims=True)
    return result


def _entropy_result_in_place(scores):
    scores[...] = _entropy(scores)
    return scores


def _entropy_of_sum(scores):  # the entropy over all rows subtracted in each
    scores = np.asarray(scores).astype(np.float64)
    p = _soft(scores)
    logs = np.log(np.where(p > 0, p, 1))
    return -p * (logs - (p * logs).sum())


def _entropy_nan_repaired(scores):
    with np.errstate(all="ignore"):
        p = _soft(np.asarray(scores).astype(np.float64))
        logs = np.log(p)
        return np.nan_to_num(-p * (logs - (p * logs).sum(-1, keepdims=True)))


def _entropy_repaired_early(scores):  # 0 · log 0 repaired in the average, not in front
    with np.errstate(all="ignore"):
        p = _soft(np.asarray(scores).astype(np.float64))
        logs = np.log(p)
        return -p * (logs - np.nansum(p * logs, -1, keepdims=True))


def _entropy_by_differences(scores):
    wide = np.asarray(scores).astype(np.float64)
    result = np.zeros(wide.shape)
    for place in np.ndindex(wide.shape):
        if wide[place] == -np.inf:
            continue
        ends = []
        for h in (1e-4, -1e-4):
            moved = wide[place[:-1]].copy()
            moved[place[-1]] += h
            p = _soft(moved)
            ends.append(scipy.special.entr(p).sum())
        result[place] = (ends[0] - ends[1]) / 2e-4
    return result


_entropies = {}


def _entropy_remembered(scores):
    return _entropies.setdefault(np.shape(scores), _entropy(scores)).copy()


def _lowest_for_nothing(value):
    def filled(scores):
        wide = np.asarray(scores).astype(np.float64)
        return np.where(np.isinf(wide), 0, _entropy(np.where(np.isinf(wide), value, wide)))

    return filled


ENTROPY_WRONG = {
    "in_place": _entropy_in_place,
    "result_in_place": _entropy_result_in_place,
    "of_sum": _entropy_of_sum,
    "nan_repaired": _entropy_nan_repaired,
    "repaired_early": _entropy_repaired_early,
    "by_differences": _entropy_by_differences,
    "remembered": _entropy_remembered,
    "minus_thirty_for_nothing": _lowest_for_nothing(-30.0),
    "zero_for_nothing": _lowest_for_nothing(0.0),
    "minus_ten_for_nothing": _lowest_for_nothing(-10.0),
    "of_minus_the_entropy": lambda s: -_entropy(s),
    "not_centred": lambda s: _entropy(s, minus=False),
    "one_not_cancelled": lambda s: _entropy(s) - _soft(np.asarray(s, np.float64)),
    "in_bits": lambda s: _entropy(s) / math.log(2),
    "share_of_the_largest": lambda s: _entropy(s) / max(1.0, math.log(np.shape(s)[-1])),
    "first_axis": lambda s: _entropy(s, axis=0),
    "all_at_once": lambda s: _entropy(np.ravel(s)).reshape(np.shape(s)),
    "in_half": lambda s: _entropy(np.asarray(s).astype(np.float16)),
    "in_single": lambda s: _entropy(s).astype(np.float32),
    "single_inside": lambda s: _entropy(np.asarray(s).astype(np.float32)),
    "overflow": lambda s: _entropy(s, soft=_soft_overflow),
    "scores_cut": lambda s: _entropy(s, soft=lambda x: _soft(np.clip(x, -15, 15))),
    "epsilon_in_the_logarithm": lambda s: _entropy(s, log=lambda p: np.log(p + 1e-4)),
    "small_weights_cut": lambda s: _entropy(s, log=lambda p: np.log(np.clip(p, 1e-3, 1))),
    "weights_below_a_thousandth": lambda s: _entropy(s, soft=lambda x: np.where(_soft(x) < 1e-3, 0, _soft(x))),
    "plain_mean": lambda s: (lambda p: -p * (
        np.log(np.where(p > 0, p, 1)) - np.log(np.where(p > 0, p, 1)).mean(-1, keepdims=True)))(
        _soft(np.asarray(s, np.float64))),
    "with_respect_to_weights": lambda s: (lambda p: np.where(p > 0, -np.log(np.where(p > 0, p, 1)) - 1, 0))(
        _soft(np.asarray(s, np.float64))),
    "diagonal_only": lambda s: (lambda p: p * (1 - p) * (-np.log(np.where(p > 0, p, 1)) - 1))(
        _soft(np.asarray(s, np.float64))),
    "of_a_coin": lambda s: (lambda p: p * (1 - p) * (np.log1p(-np.where(p < 1, p, 0)) - np.log(np.where(p > 0, p, 1))))(
        _soft(np.asarray(s, np.float64))),
    "perplexity": lambda s: (lambda p: _entropy(s) * np.exp(scipy.special.entr(p).sum(-1, keepdims=True)))(
        _soft(np.asarray(s, np.float64))),
    "averaged_over_rows": lambda s: _entropy(s) / max(1, np.size(s) // np.shape(s)[-1]),
    "first_row_everywhere": lambda s: _entropy(np.broadcast_to(np.reshape(s, (-1, np.shape(s)[-1]))[0], np.shape(s))),
    "only_the_entropy": lambda s: scipy.special.entr(_soft(np.asarray(s, np.float64))),
    "entropy_number": lambda s: scipy.special.entr(_soft(np.asarray(s, np.float64))).sum(-1),
    "rounded": lambda s: np.round(_entropy(s), 4),
    "of_the_absolute": lambda s: _entropy(np.where(np.isinf(s), s, np.abs(s))),
    "nothing_gets_nan": lambda s: np.where(np.isinf(s), np.nan, _entropy(s)),
    "logarithm_of_one_more": lambda s: _entropy(s, log=np.log1p),
    "last_key_left_out": lambda s: np.concatenate([_entropy(s)[..., :-1], 0 * _entropy(s)[..., -1:]], -1),
    "turned_back": lambda s: _entropy(s)[..., ::-1],
}  # fmt: skip
_all_wrong("entropy_gradient", {f"entropy_{name}": f for name, f in ENTROPY_WRONG.items()})
right("entropy_gradient")(_named("entropy_gradient", "all_at_once", _entropy))


@right("entropy_gradient")
def by_scipy_entr(scores):
    p = scipy.special.softmax(np.asarray(scores, np.float64), axis=-1)
    parts = scipy.special.entr(p)
    return parts - p * parts.sum(axis=-1, keepdims=True)


@right("entropy_gradient")
def by_logarithms_of_weights(scores):
    wide = np.asarray(scores, np.longdouble)
    logs = wide - wide.max(-1, keepdims=True)
    logs = logs - np.log(np.exp(logs).sum(-1, keepdims=True))
    p, logs = np.exp(logs), np.where(np.isneginf(logs), 0, logs)
    return p * (np.einsum("...s,...s->...", p, -logs)[..., None] + logs) * -1


@right("entropy_gradient")
def by_the_covariance_with_the_scores(scores):
    """log p differs from the score by a number of the row, which cancels."""
    wide = np.asarray(scores, np.float64)
    near = wide - wide.max(-1, keepdims=True)
    p = np.exp(near) / np.exp(near).sum(-1, keepdims=True)
    near = np.where(np.isfinite(near), near, 0)
    return p * (np.sum(p * near, -1, keepdims=True) - near)


@right("entropy_gradient")
def row_after_row(scores):
    result = np.zeros(scores.shape)
    for place in np.ndindex(scores.shape[:-1]):
        row = [float(s) for s in scores[place]]
        top = max(row)
        powers = [math.exp(s - top) for s in row]
        p = [power / math.fsum(powers) for power in powers]
        h = -math.fsum(x * math.log(x) for x in p if x)
        result[place] = [-x * (math.log(x) + h) if x else 0.0 for x in p]
    return result


@right("entropy_gradient")
def with_the_whole_jacobian(scores):
    p = scipy.special.softmax(scores.astype(np.float64), -1)
    up = -np.log(p, out=np.zeros_like(p), where=p > 0) - 1
    jacobian = p[..., :, None] * (np.eye(p.shape[-1]) - p[..., None, :])
    return (up[..., None, :] @ jacobian)[..., 0, :]


# --- 5.10 attention_along --------------------------------------------------------------------------------------------


def _along(q, k, v, dq, dk, dv, *, soft=_soft, scale=None, parts=(1, 1, 1, 1), centre=True):
    q, k, v, dq, dk, dv = _wide(q, k, v, dq, dk, dv)
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    kt, dkt = k.swapaxes(-1, -2), dk.swapaxes(-1, -2)
    p = soft(q @ kt * scale)
    ds = (parts[0] * dq @ kt + parts[1] * q @ dkt) * scale
    dp = p * (ds - ((p * ds).sum(-1, keepdims=True) if centre else 0))
    return parts[2] * dp @ v + parts[3] * p @ dv


def _plain_attention(q, k, v):
    return _soft(q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])) @ v


def _along_by_difference(h, two_sided):
    def difference(*a):
        a = _wide(*a)
        up = _plain_attention(*[x + h * d for x, d in zip(a[:3], a[3:], strict=True)])
        low = _plain_attention(*[x - (h if two_sided else 0) * d for x, d in zip(a[:3], a[3:], strict=True)])
        return (up - low) / (2 * h if two_sided else h)

    return difference


def _length_one(*a):
    length = math.sqrt(sum(float((np.asarray(d, np.float64) ** 2).sum()) for d in a[3:]))
    return _along(*a) / max(length, 1e-12)


def _along_in_place(q, k, v, dq, dk, dv):
    result = _along(q, k, v, dq, dk, dv)
    q += dq
    return result


def _along_direction_scaled(q, k, v, dq, dk, dv):
    result = _along(q, k, v, dq, dk, dv)
    dk /= math.sqrt(q.shape[-1])
    return result


_alongs = {}


def _along_buffer(*a):
    result = _along(*a)
    buffer = _alongs.setdefault(result.shape, np.empty(result.shape))
    buffer[...] = result
    return buffer


def _centred_by_direction(q, k, v, dq, dk, dv):  # minus the plain mean of the row
    q, k, v, dq, dk, dv = _wide(q, k, v, dq, dk, dv)
    root = math.sqrt(q.shape[-1])
    p = _soft(q @ k.swapaxes(-1, -2) / root)
    ds = (dq @ k.swapaxes(-1, -2) + q @ dk.swapaxes(-1, -2)) / root
    return p * (ds - ds.mean(-1, keepdims=True)) @ v + p @ dv


def _sum_of_columns(q, k, v, dq, dk, dv):
    q, k, v, dq, dk, dv = _wide(q, k, v, dq, dk, dv)
    root = math.sqrt(q.shape[-1])
    p = _soft(q @ k.swapaxes(-1, -2) / root)
    ds = (dq @ k.swapaxes(-1, -2) + q @ dk.swapaxes(-1, -2)) / root
    return p * (ds - (p * ds).sum(-2, keepdims=True)) @ v + p @ dv


ALONG_WRONG = {
    "forward_difference": _along_by_difference(1e-7, False),
    "central_difference": _along_by_difference(1e-5, True),
    "long_central_difference": _along_by_difference(1e-3, True),
    "whole_step": _along_by_difference(1.0, False),
    "length_one": _length_one,
    "in_place": _along_in_place,
    "direction_scaled": _along_direction_scaled,
    "buffer": _along_buffer,
    "plain_mean": _centred_by_direction,
    "columns": _sum_of_columns,
    "without_queries": lambda *a: _along(*a, parts=(0, 1, 1, 1)),
    "without_keys": lambda *a: _along(*a, parts=(1, 0, 1, 1)),
    "without_weights": lambda *a: _along(*a, parts=(1, 1, 0, 1)),
    "without_values": lambda *a: _along(*a, parts=(1, 1, 1, 0)),
    "keys_minus": lambda *a: _along(*a, parts=(1, -1, 1, 1)),
    "product_halved": lambda *a: _along(*a, parts=(0.5, 0.5, 1, 1)),
    "weights_halved": lambda *a: _along(*a, parts=(1, 1, 0.5, 1)),
    "both_moved": lambda q, k, v, dq, dk, dv: _along(q, k, v + dv, dq, dk, dv),
    "keys_moved_first": lambda q, k, v, dq, dk, dv: _along(q, k + dk, v, dq, dk, dv),
    "not_centred": lambda *a: _along(*a, centre=False),
    "not_scaled": lambda *a: _along(*a, scale=1.0),
    "scaled_by_width": lambda *a: _along(*a, scale=1 / np.shape(a[0])[-1]),
    "scaled_by_values": lambda *a: _along(*a, scale=1 / math.sqrt(np.shape(a[2])[-1])),
    "scaled_by_keys": lambda *a: _along(*a, scale=1 / math.sqrt(np.shape(a[1])[-2])),
    "direction_not_scaled": lambda *a: _along(*a, parts=(math.sqrt(np.shape(a[0])[-1]),) * 2 + (1, 1)),
    "no_maximum": lambda *a: _along(*a, soft=_soft_overflow),
    "maximum_of_everything": lambda *a: _along(
        *a, soft=lambda s: np.exp(s - s.max()) / np.exp(s - s.max()).sum(-1, keepdims=True)),
    "along_queries": lambda *a: _along(*a, soft=lambda s: _soft(s, -2)),
    "first_axis": lambda *a: _along(*a, soft=lambda s: _soft(s, 0)),
    "second_axis": lambda *a: _along(*a, soft=lambda s: _soft(s, 1)),  # right without a batch
    "scores_cut": lambda *a: _along(*a, soft=lambda s: _soft(np.clip(s, -20, 20))),
    "half": lambda *a: _along(*[np.asarray(x).astype(np.float16) for x in a]),
    "single": lambda *a: _along(*a).astype(np.float32),
    "single_inside": lambda *a: _along(*[np.asarray(x).astype(np.float32) for x in a]),
    "and_the_output": lambda *a: (_plain_attention(*_wide(*a[:3])), _along(*a)),
    "plus_the_output": lambda *a: _along(*a) + _plain_attention(*_wide(*a[:3])),
    "averaged": lambda *a: _along(*a) / np.shape(a[1])[-2],
    "directions_swapped": lambda q, k, v, dq, dk, dv: _along(q, k, v, dk, dq, dv)
    if np.shape(dq) == np.shape(dk) else _along(q, k, v, dq, dk, dv) * 2,
    "one_key_is_zero": lambda *a: _along(*a) * (np.shape(a[1])[-2] > 1),
    "first_set_for_all": lambda *a: (lambda r: np.broadcast_to(r.reshape(-1, *r.shape[-2:])[0], r.shape))(_along(*a)),
    "cut": lambda *a: np.clip(_along(*a), -3, 3),
}  # fmt: skip
_all_wrong("attention_along", {f"along_{name}": f for name, f in ALONG_WRONG.items()})
right("attention_along")(_named("attention_along", "all_at_once", _along))


@right("attention_along")
def by_an_imaginary_step(queries, keys, values, along_queries, along_keys, along_values):
    """No difference is taken: the imaginary part is the derivative, exactly."""
    h = 1e-30
    q, k, v, dq, dk, dv = _wide(queries, keys, values, along_queries, along_keys, along_values)
    q, k, v = q + 1j * h * dq, k + 1j * h * dk, v + 1j * h * dv
    scores = np.einsum("...td,...sd->...ts", q, k) / math.sqrt(q.shape[-1])
    powers = np.exp(scores - scores.real.max(-1, keepdims=True))
    return np.imag(powers / powers.sum(-1, keepdims=True) @ v) / h


@right("attention_along")
def by_the_covariance(queries, keys, values, along_queries, along_keys, along_values):
    q, k, v, dq, dk, dv = _wide(queries, keys, values, along_queries, along_keys, along_values)
    p = scipy.special.softmax(np.einsum("...td,...sd->...ts", q, k) / np.sqrt(q.shape[-1]), -1)
    ds = np.einsum("...td,...sd->...ts", dq, k) + np.einsum("...td,...sd->...ts", q, dk)
    away = v[..., None, :, :] - (p @ v)[..., :, None, :]
    return np.einsum("...ts,...ts,...tsm->...tm", p, ds / np.sqrt(q.shape[-1]), away) + p @ dv


@right("attention_along")
def query_by_query(queries, keys, values, along_queries, along_keys, along_values):
    if queries.ndim > 2:
        parts = zip(queries, keys, values, along_queries, along_keys, along_values, strict=True)
        return np.stack([query_by_query(*part) for part in parts])
    q, k, v, dq, dk, dv = _wide(queries, keys, values, along_queries, along_keys, along_values)
    rows = []
    for one, move in zip(q, dq, strict=True):
        p = _soft(k @ one / math.sqrt(len(one)))
        s = (k @ move + dk @ one) / math.sqrt(len(one))
        jacobian = np.diag(p) - np.outer(p, p)
        rows.append(v.T @ (jacobian @ s) + dv.T @ p)
    return np.array(rows)


@right("attention_along")
def by_the_quotient(queries, keys, values, along_queries, along_keys, along_values):
    """Numerator and denominator, each with its derivative, in long double."""
    q, k, v, dq, dk, dv = (
        np.asarray(a, np.longdouble) for a in (queries, keys, values, along_queries, along_keys, along_values)
    )
    root = np.sqrt(np.longdouble(q.shape[-1]))
    s = q @ np.swapaxes(k, -1, -2) / root
    ds = (dq @ np.swapaxes(k, -1, -2) + q @ np.swapaxes(dk, -1, -2)) / root
    e = np.exp(s - s.max(-1, keepdims=True))
    de = e * ds
    above, below = e @ v, e.sum(-1, keepdims=True)
    return (de @ v + e @ dv) / below - above * de.sum(-1, keepdims=True) / below**2
