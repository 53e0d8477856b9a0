"""Answers to the exercises of chapter 2, invented from the tasks alone by a third hand.

The docstring of a wrong one says where it differs from the right result; many are a right answer with one flaw.
"""

import functools
import itertools
import math
from fractions import Fraction

import scipy.linalg
import scipy.special

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("02")
wrong, right = answers.unlisted, answers.right


# --- right results, to spoil -----------------------------------------------------------------------------------------


def _wide(*arrays):
    return [array.astype(np.float64) for array in arrays]


def _softmax(scores, axis=-1):
    powers = np.exp(scores - scores.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def _turned(array):
    return np.swapaxes(array, -1, -2)


def _leads(keys):
    ordered = np.sort(keys @ _turned(keys), -1)
    return ordered[..., -1] - ordered[..., -2]


def _temperature(keys, tolerance):
    return _leads(keys).min(-1) / math.log((keys.shape[-2] - 1) / tolerance)


def _default(queries, keys, values, threshold, default):
    scores = queries @ _turned(keys)
    column = np.broadcast_to(threshold, (*scores.shape[:-1], 1))
    weights = _softmax(np.concatenate([scores, column], -1))
    return weights[..., :-1] @ values + weights[..., -1:] * default


def _self(x, query_weight, key_weight, value_weight):
    return _softmax((x @ query_weight) @ _turned(x @ key_weight)) @ (x @ value_weight)


def _matrix(x, weights, grad_output):
    each = _turned(x) @ (_turned(weights) @ grad_output)
    return each.sum(tuple(range(each.ndim - 2)))


def _others(weights):
    return weights[..., None, :] * (1 - np.eye(weights.shape[-1], dtype=weights.dtype))


def _without(weights, values):
    others = _others(weights)
    total = others.sum(-1, keepdims=True)
    return (others / np.where(total == 0, 1, total)) @ values[..., None, :, :]


def _with_ones(array):
    return np.concatenate([array, np.ones((*array.shape[:-1], 1), array.dtype)], -1)


def _weights(outputs, values):
    return _turned(np.linalg.solve(_turned(_with_ones(values)), _turned(_with_ones(outputs))))


def _solved(keys, logs):
    steps = keys[..., 1:, :] - keys[..., :1, :]
    return _turned(np.linalg.solve(steps, _turned(logs[..., 1:] - logs[..., :1])))


def _query(keys, values, outputs):
    keys, values, outputs = _wide(keys, values, outputs)
    return _solved(keys, np.log(_weights(outputs, values)))


# --- 2.1 output_by_hand ----------------------------------------------------------------------------------------------


answers.by_hand(
    "output_by_hand",
    {
        # The scores are not put through exp; the right result is 2 and 6.
        "logs_as_weights": [math.log(2) * 4 / math.log(10), math.log(5) * 8 / math.log(10)],
        "key_of_zeros_forgotten": [8 / 7, 40 / 7],  # Sevenths: the last key is left out.
        "key_of_zeros_weighs_nothing": [1.0, 5.0],  # The last key has a part in the sum, and none in the average.
        "other_way_round": [6.0, 2.0],  # The two numbers are swapped.
        "not_divided": [16.0, 48.0],  # Eight times too much.
        "weights_instead": [0.25, 0.625, 0.125],  # The weights, three of them.
        "nearly": [2.03, 6.0],  # Off by 0.03, which is more than two places leave open.
        "as_text": "2 and 6",  # A sentence, not two numbers.
        "one_too_many": [2.0, 6.0, 8.0],  # Three numbers.
        "only_the_first": [2.0],  # One number.
        "as_a_set": {2.0, 6.0, 4.0},  # A set has no order: which is the first feature?
    },
    {
        "in_fractions": (Fraction(16, 8), Fraction(48, 8)),
    },
)


@right("output_by_hand")
def in_single_precision():
    weights = np.exp(np.log(np.array([2, 5, 1], np.float32))) / np.float32(8)
    return weights @ np.array([[4, 0], [0, 8], [8, 8]], np.float32)


# --- 2.2 look_up_temperature -----------------------------------------------------------------------------------------


@wrong("look_up_temperature")
def all_keys_counted(keys, tolerance):
    """S instead of S - 1."""
    return _leads(keys).min(-1) / np.log(keys.shape[-2] / tolerance)


@wrong("look_up_temperature")
def one_temperature_for_all(keys, tolerance):
    """The smallest lead of all tables, in each place."""
    leads = _leads(keys)
    return np.full(leads.shape[:-1], leads.min()) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def others_never_negative(keys, tolerance):
    """The own score is hidden by a zero, which beats the others where all of them are negative."""
    scores = keys @ _turned(keys)
    best = (scores * (1 - np.eye(keys.shape[-2]))).max(-1)
    return (np.einsum("...ii->...i", scores) - best).min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def others_above_minus_ten(keys, tolerance):
    """The own score is hidden by -10, which beats others below it."""
    scores = keys @ _turned(keys)
    best = np.where(np.eye(keys.shape[-2], dtype=bool), -10, scores).max(-1)
    return (np.einsum("...ii->...i", scores) - best).min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def by_distances(keys, tolerance):
    """Half the squared distance is the lead only for keys of one length."""
    apart = ((keys[..., :, None, :] - keys[..., None, :, :]) ** 2).sum(-1) / 2
    apart = np.where(np.eye(keys.shape[-2], dtype=bool), np.inf, apart)
    return apart.min((-1, -2)) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def odds_of_tolerance(keys, tolerance):
    """(1 - tolerance) / tolerance: no longer the bound of the first line but the exact share."""
    return _leads(keys).min(-1) / np.log((keys.shape[-2] - 1) * (1 - tolerance) / tolerance)


@wrong("look_up_temperature")
def bisected(keys, tolerance):
    """The highest temperature at which the weights themselves keep the promise: higher than the bound's."""
    (keys,) = _wide(keys)
    scores = keys @ _turned(keys)
    low, high = np.full(keys.shape[:-2], 1e-6), np.full(keys.shape[:-2], 1e6)
    for _ in range(200):
        middle = np.sqrt(low * high)
        own = np.einsum("...ii->...i", _softmax(scores / middle[..., None, None])).min(-1)
        low, high = np.where(1 - own <= tolerance, middle, low), np.where(1 - own <= tolerance, high, middle)
    return low


@wrong("look_up_temperature")
def neighbours_only(keys, tolerance):
    """A key is compared with the one after it and the one before it only."""
    scores = keys @ _turned(keys)
    own = np.einsum("...ii->...i", scores)
    beside = np.einsum("...ii->...i", scores[..., :-1, 1:])
    leads = np.minimum((own[..., :-1] - beside).min(-1), (own[..., 1:] - beside).min(-1))
    return leads / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def later_keys_only(keys, tolerance):
    """Pairs j > i only, seen from i; the other side of the pair may be the closer one."""
    scores = keys @ _turned(keys)
    own = np.einsum("...ii->...i", scores)
    i, j = np.triu_indices(keys.shape[-2], 1)
    return (own[..., i] - scores[..., i, j]).min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def median_lead(keys, tolerance):
    """The median in place of the smallest lead."""
    return np.median(_leads(keys), -1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def guarded_tolerance(keys, tolerance):
    """1e-6 is added to the tolerance, so that none is zero: it shows for a small tolerance."""
    return _leads(keys).min(-1) / np.log((keys.shape[-2] - 1) / (tolerance + 1e-6))


@wrong("look_up_temperature")
def tolerance_of_a_percent(keys, tolerance):
    """No tolerance below 0.01 is taken seriously."""
    return _temperature(keys, max(tolerance, 0.01))


@wrong("look_up_temperature")
def at_most_one(keys, tolerance):
    """No temperature above 1."""
    return np.minimum(_temperature(keys, tolerance), 1)


@wrong("look_up_temperature")
def at_least_a_thousandth(keys, tolerance):
    """No temperature below 0.001, though short keys need one."""
    return np.maximum(_temperature(keys, tolerance), 1e-3)


@wrong("look_up_temperature")
def half_inside(keys, tolerance):
    """The scores go through half precision."""
    scores = np.sort((keys @ _turned(keys)).astype(np.float16).astype(keys.dtype), -1)
    return (scores[..., -1] - scores[..., -2]).min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def single_inside(keys, tolerance):
    """Seven digits for sixteen."""
    return _temperature(keys.astype(np.float32), tolerance).astype(keys.dtype)


@wrong("look_up_temperature")
def size_from_the_front(keys, tolerance):
    """The first axis counts tables in a batch, not keys."""
    return _leads(keys).min(-1) / np.log(max(len(keys) - 1, 1) / tolerance)


@wrong("look_up_temperature")
def sorted_in_place(keys, tolerance):
    """The keys are scaled in place, and are not what they were."""
    keys *= 2
    return _temperature(keys, tolerance) / 4


@wrong("look_up_temperature")
def an_axis_kept(keys, tolerance):
    """(…, 1) in place of (…)."""
    return _leads(keys).min(-1, keepdims=True) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def two_axes_at_most(keys, tolerance):
    """With several leading axes they come back as one."""
    return _temperature(keys.reshape(-1, *keys.shape[-2:]) if keys.ndim > 3 else keys, tolerance)


_remembered = {}


@wrong("look_up_temperature")
def remembered_by_shape(keys, tolerance):
    """A second table of the same shape gets the temperature of the first."""
    if (keys.shape, tolerance) not in _remembered:
        _remembered[keys.shape, tolerance] = _temperature(keys, tolerance)
    return _remembered[keys.shape, tolerance]


@right("look_up_temperature")
def along_the_other_axis(keys, tolerance):
    """The scores of a table with itself are symmetric."""
    scores = keys @ _turned(keys)
    parted = np.partition(scores, -2, axis=-2)
    return -(parted[..., -2, :] - parted[..., -1, :]).max(-1) / (np.log(keys.shape[-2] - 1) - np.log(tolerance))


@right("look_up_temperature")
def pair_by_pair(keys, tolerance):
    *front, size, _ = keys.shape
    result = np.empty(front, np.longdouble)
    for place in np.ndindex(*front):
        table = keys[place].astype(np.longdouble)
        pairs = itertools.permutations(range(size), 2)
        result[place] = min(np.dot(table[i], table[i] - table[j]) for i, j in pairs)
    return result / -np.log(np.longdouble(tolerance) / (size - 1))


# --- 2.3 attend_or_default, NumPy ------------------------------------------------------------------------------------


@wrong("attend_or_default")
def shift_never_negative(queries, keys, values, threshold, default):
    """The largest is taken with 0: where scores and threshold are all far below it, 0 / 0."""
    scores = queries @ _turned(keys)
    largest = np.maximum(np.maximum(scores.max(-1, keepdims=True), threshold), 0)
    powers, rest = np.exp(scores - largest), np.exp(threshold - largest)
    return (powers @ values + rest * default) / (powers.sum(-1, keepdims=True) + rest)


@wrong("attend_or_default")
def shifted_by_the_threshold(queries, keys, values, threshold, default):
    """exp(score - threshold) overflows where a score is far above."""
    powers = np.exp(queries @ _turned(keys) - threshold)
    return (powers @ values + default) / (powers.sum(-1, keepdims=True) + 1)


@wrong("attend_or_default")
def shifted_by_the_whole_batch(queries, keys, values, threshold, default):
    """One largest for all: a query whose scores are far below it has 0 / 0, or the sum of very few digits."""
    scores = queries @ _turned(keys)
    largest = max(scores.max(), threshold)
    powers, rest = np.exp(scores - largest), np.exp(threshold - largest)
    return (powers @ values + rest * default) / (powers.sum(-1, keepdims=True) + rest)


@wrong("attend_or_default")
def exponents_cut_at_fifty(queries, keys, values, threshold, default):
    """Exponents beyond ±50 are cut: two large scores look equal."""
    scores = np.clip(queries @ _turned(keys), -50, 50)
    return _default_of(scores, values, np.clip(threshold, -50, 50), default)


def _default_of(scores, values, threshold, default):
    column = np.broadcast_to(threshold, (*scores.shape[:-1], 1))
    weights = _softmax(np.concatenate([scores, column], -1))
    return weights[..., :-1] @ values + weights[..., -1:] * default


@wrong("attend_or_default")
def a_gate_of_the_best(queries, keys, values, threshold, default):
    """The gate is the best score against the threshold; it ought to be that of all together."""
    scores = queries @ _turned(keys)
    gate = scipy.special.expit(scores.max(-1, keepdims=True) - threshold)
    return gate * (_softmax(scores) @ values) + (1 - gate) * default


@wrong("attend_or_default")
def a_hard_gate(queries, keys, values, threshold, default):
    """Either the one or the other."""
    scores = queries @ _turned(keys)
    return np.where(scores.max(-1, keepdims=True) > threshold, _softmax(scores) @ values, default)


@wrong("attend_or_default")
def once_for_each_key(queries, keys, values, threshold, default):
    """The default counts S times."""
    return _default(queries, keys, values, threshold + np.log(keys.shape[-2]), default)


@wrong("attend_or_default")
def column_in_front(queries, keys, values, threshold, default):
    """The threshold stands in front, but the last weight goes to the default."""
    scores = queries @ _turned(keys)
    column = np.broadcast_to(threshold, (*scores.shape[:-1], 1))
    weights = _softmax(np.concatenate([column, scores], -1))
    return weights[..., :-1] @ values + weights[..., -1:] * default


@wrong("attend_or_default")
def a_little_in_the_denominator(queries, keys, values, threshold, default):
    """1e-5 below the line, though there is always at least a one."""
    scores = queries @ _turned(keys)
    largest = np.maximum(scores.max(-1, keepdims=True), threshold)
    powers, rest = np.exp(scores - largest), np.exp(threshold - largest)
    return (powers @ values + rest * default) / (powers.sum(-1, keepdims=True) + rest + 1e-5)


@wrong("attend_or_default")
def small_weights_dropped(queries, keys, values, threshold, default):
    """A default with less than a thousandth of the weight is not added."""
    scores = queries @ _turned(keys)
    column = np.broadcast_to(threshold, (*scores.shape[:-1], 1))
    weights = _softmax(np.concatenate([scores, column], -1))
    rest = np.where(weights[..., -1:] < 1e-3, 0, weights[..., -1:])
    return weights[..., :-1] @ values + rest * default


@wrong("attend_or_default")
def axis_of_the_weight_lost(queries, keys, values, threshold, default):
    """(…, T) times (Dv,): another thing where T = Dv, and an exception elsewhere."""
    scores = queries @ _turned(keys)
    column = np.broadcast_to(threshold, (*scores.shape[:-1], 1))
    weights = _softmax(np.concatenate([scores, column], -1))
    return weights[..., :-1] @ values + weights[..., -1] * default


@wrong("attend_or_default")
def one_more_key_of_thresholds(queries, keys, values, threshold, default):
    """A key filled with the threshold scores threshold · Σ q, not the threshold."""
    key = np.full((*keys.shape[:-2], 1, keys.shape[-1]), threshold)
    value = np.broadcast_to(default, (*values.shape[:-2], 1, values.shape[-1]))
    weights = _softmax(queries @ _turned(np.concatenate([keys, key], -2)))
    return weights @ np.concatenate([values, value], -2)


@wrong("attend_or_default")
def in_half_precision_twice(queries, keys, values, threshold, default):
    """The weights are rounded to half precision."""
    scores = queries @ _turned(keys)
    column = np.broadcast_to(threshold, (*scores.shape[:-1], 1))
    weights = _softmax(np.concatenate([scores, column], -1)).astype(np.float16).astype(scores.dtype)
    return weights[..., :-1] @ values + weights[..., -1:] * default


@wrong("attend_or_default")
def nan_means_default(queries, keys, values, threshold, default):
    """Nothing is subtracted, and where inf / inf comes out the default is put."""
    with np.errstate(all="ignore"):
        powers, rest = np.exp(queries @ _turned(keys)), np.exp(threshold)
        result = (powers @ values + rest * default) / (powers.sum(-1, keepdims=True) + rest)
    return np.where(np.isfinite(result), result, default)


@wrong("attend_or_default")
def last_axes_of_three(queries, keys, values, threshold, default):
    """Axes 1 and 2 are the last two only in a batch with one leading axis."""
    scores = queries @ (keys.transpose(0, 2, 1) if keys.ndim == 3 else keys.T)
    return _default_of(scores, values, threshold, default)


@right("attend_or_default")
def one_feature_more(queries, keys, values, threshold, default):
    """The threshold as a key: queries get a one, keys a zero, the new key is (0, …, 0, threshold)."""
    longer = np.concatenate([keys, np.zeros_like(keys[..., :1])], -1)
    key = np.zeros_like(longer[..., :1, :])
    key[..., -1] = threshold
    value = np.zeros_like(values[..., :1, :]) + default
    scores = _with_ones(queries) @ _turned(np.concatenate([key, longer], -2))
    return scipy.special.softmax(scores, -1) @ np.concatenate([value, values], -2)


@right("attend_or_default")
def step_by_step(queries, keys, values, threshold, default):
    """Key by key, as one reads a stream: the largest so far, its sum, its average."""
    queries, keys, values = _wide(queries, keys, values)
    largest = np.full((*queries.shape[:-1], 1), float(threshold))
    total, output = np.ones_like(largest), np.zeros((*queries.shape[:-1], values.shape[-1])) + default
    for s in range(keys.shape[-2]):
        score = (queries * keys[..., s : s + 1, :]).sum(-1, keepdims=True)
        higher = np.maximum(largest, score)
        old, new = total * np.exp(largest - higher), np.exp(score - higher)
        largest, total = higher, old + new
        output = output + new / total * (values[..., s : s + 1, :] - output)
    return output


# --- 2.3 attend_or_default, PyTorch ----------------------------------------------------------------------------------


def _torch_of(scores, values, threshold, default):
    column = threshold.expand(*scores.shape[:-1], 1)
    weights = torch.softmax(torch.cat([scores, column], -1), -1)
    return weights[..., :-1] @ values + weights[..., -1:] * default


@wrong("attend_or_default", "pytorch")
def threshold_as_a_number(queries, keys, values, threshold, default):
    """item() cuts the gradient of the threshold."""
    scores = queries @ keys.mT
    column = torch.full_like(scores[..., :1], threshold.item())
    weights = torch.cat([scores, column], -1).softmax(-1)
    return weights[..., :-1] @ values + weights[..., -1:] * default


@wrong("attend_or_default", "pytorch")
def default_held(queries, keys, values, threshold, default):
    """The default gets no gradient."""
    return _torch_of(queries @ keys.mT, values, threshold, default.detach())


@wrong("attend_or_default", "pytorch")
def weights_held(queries, keys, values, threshold, default):
    """The weight of the default is detached, the others are not."""
    scores = queries @ keys.mT
    weights = torch.cat([scores, threshold.expand(*scores.shape[:-1], 1)], -1).softmax(-1)
    return weights[..., :-1] @ values + weights[..., -1:].detach() * default


@wrong("attend_or_default", "pytorch")
def keys_held(queries, keys, values, threshold, default):
    """No gradient by way of the keys."""
    return _torch_of(queries @ keys.detach().mT, values, threshold, default)


@wrong("attend_or_default", "pytorch")
def scaled_by_default(queries, keys, values, threshold, default):
    """PyTorch's own attention divides the scores by a root of D."""
    value = default.expand(*values.shape[:-2], 1, -1)
    mask = torch.cat([torch.zeros_like(queries @ keys.mT), threshold.expand(*queries.shape[:-1], 1)], -1)
    keys = torch.cat([keys, torch.zeros_like(keys[..., :1, :])], -2)
    return torch.nn.functional.scaled_dot_product_attention(queries, keys, torch.cat([values, value], -2), mask)


@wrong("attend_or_default", "pytorch")
def batches_only(queries, keys, values, threshold, default):
    """bmm takes three axes and no others."""
    return _torch_of(torch.bmm(queries, keys.transpose(1, 2)), values, threshold, default)


@wrong("attend_or_default", "pytorch")
def one_sentence_or_many(queries, keys, values, threshold, default):
    """Several leading axes are made one, and stay one."""
    if queries.dim() > 3:
        queries, keys, values = (a.flatten(0, -3) for a in (queries, keys, values))
    return _torch_of(queries @ keys.mT, values, threshold, default)


@wrong("attend_or_default", "pytorch")
def gradient_kept_small(queries, keys, values, threshold, default):
    """The gradient that arrives is cut at ±1."""
    result = _torch_of(queries @ keys.mT, values, threshold, default)
    if result.requires_grad:
        result.register_hook(lambda grad: grad.clamp(-1, 1))
    return result


@wrong("attend_or_default", "pytorch")
def nan_gradients(queries, keys, values, threshold, default):
    """where hides the overflow going forward; going back it is 0 · inf, not a number."""
    scores = queries @ keys.mT
    total = scores.logsumexp(-1, keepdim=True)
    small, large = total - threshold, threshold - total
    gate = torch.where(small > 0, 1 / (1 + torch.exp(large)), torch.exp(small) / (1 + torch.exp(small)))
    return gate * (scores.softmax(-1) @ values) + (1 - gate) * default


@wrong("attend_or_default", "pytorch")
def single_for_double(queries, keys, values, threshold, default):
    """float() is single precision in PyTorch; the type comes back, the digits do not."""
    result = _torch_of(queries.float() @ keys.float().mT, values.float(), threshold.float(), default.float())
    return result.to(queries.dtype)


@wrong("attend_or_default", "pytorch")
def threshold_within_bounds(queries, keys, values, threshold, default):
    """A threshold beyond ±500 is cut, and its gradient with it."""
    return _torch_of(queries @ keys.mT, values, threshold.clamp(-500, 500), default)


@wrong("attend_or_default", "pytorch")
def over_the_queries(queries, keys, values, threshold, default):
    """dim=-2: what sums to one is what all queries give to a key."""
    scores = queries @ keys.mT
    weights = torch.cat([scores, threshold.expand(*scores.shape[:-1], 1)], -1).softmax(-2)
    return weights[..., :-1] @ values + weights[..., -1:] * default


@wrong("attend_or_default", "pytorch")
def a_zero_for_the_default(queries, keys, values, threshold, default):
    """The weight of the default is taken off the values, and the default not added."""
    return _torch_of(queries @ keys.mT, values, threshold, torch.zeros_like(default)) + 0 * default.sum()


@wrong("attend_or_default", "pytorch")
def shift_with_half_a_gradient(queries, keys, values, threshold, default):
    """The largest is detached in the numerator and not in the denominator."""
    scores = queries @ keys.mT
    largest = torch.maximum(scores.amax(-1, keepdim=True), threshold)
    held = largest.detach()
    top = (scores - held).exp() @ values + (threshold - held).exp() * default
    return top / ((scores - largest).exp().sum(-1, keepdim=True) + (threshold - largest).exp())


@right("attend_or_default", "pytorch")
def by_a_sigmoid(queries, keys, values, threshold, default):
    scores = torch.einsum("...td,...sd->...ts", queries, keys)
    lead = scores.logsumexp(-1, keepdim=True) - threshold
    return torch.sigmoid(lead) * (scores.softmax(-1) @ values) + torch.sigmoid(-lead) * default


@right("attend_or_default", "pytorch")
def relative_to_the_default(queries, keys, values, threshold, default):
    """default + Σ p (v - default), in double precision."""
    scores = (queries.double() @ keys.double().mT) - threshold.double()
    weights = torch.nn.functional.pad(scores, (0, 1)).softmax(-1)[..., :-1]
    return default.double() + weights @ (values.double() - default.double())


# --- 2.3 attend_or_default, TensorFlow -------------------------------------------------------------------------------


def _tensorflow_of(scores, values, threshold, default):
    column = tf.zeros_like(scores[..., :1]) + threshold
    weights = tf.nn.softmax(tf.concat([scores, column], -1), -1)
    return weights[..., :-1] @ values + weights[..., -1:] * default


@wrong("attend_or_default", "tensorflow")
def whole_keys_turned(queries, keys, values, threshold, default):
    """tf.transpose turns all axes round."""
    return _tensorflow_of(queries @ tf.transpose(keys), values, threshold, default)


@wrong("attend_or_default", "tensorflow")
def threshold_stopped(queries, keys, values, threshold, default):
    """No gradient for the threshold."""
    return _tensorflow_of(tf.matmul(queries, keys, transpose_b=True), values, tf.stop_gradient(threshold), default)


@wrong("attend_or_default", "tensorflow")
def shift_of_the_keys_only(queries, keys, values, threshold, default):
    """The largest of the S scores is subtracted: a threshold far above them overflows."""
    scores = tf.matmul(queries, keys, transpose_b=True)
    largest = tf.stop_gradient(tf.reduce_max(scores, -1, keepdims=True))
    powers, rest = tf.exp(scores - largest), tf.exp(threshold - largest)
    return (powers @ values + rest * default) / (tf.reduce_sum(powers, -1, keepdims=True) + rest)


@wrong("attend_or_default", "tensorflow")
def no_nan_division(queries, keys, values, threshold, default):
    """Nothing is subtracted and inf / inf repaired: zeros where scores are large."""
    scores = tf.matmul(queries, keys, transpose_b=True)
    powers, rest = tf.exp(tf.minimum(scores, 80)), tf.exp(tf.minimum(threshold, 80))
    return tf.math.divide_no_nan(powers @ values + rest * default, tf.reduce_sum(powers, -1, keepdims=True) + rest)


@right("attend_or_default", "tensorflow")
def by_two_sigmoids(queries, keys, values, threshold, default):
    scores = tf.einsum("...td,...sd->...ts", queries, keys)
    lead = tf.reduce_logsumexp(scores, -1, keepdims=True) - threshold
    return tf.sigmoid(lead) * tf.matmul(tf.nn.softmax(scores), values) + tf.sigmoid(-lead) * default


# --- 2.5 self_attention ----------------------------------------------------------------------------------------------


@wrong("self_attention")
def roles_swapped(x, query_weight, key_weight, value_weight):
    """Keys ask queries."""
    return _self(x, key_weight, query_weight, value_weight)


@wrong("self_attention")
def axis_one(x, query_weight, key_weight, value_weight):
    """axis=1 is the last axis of one sentence and not of a batch."""
    scores = (x @ query_weight) @ _turned(x @ key_weight)
    return _softmax(scores, 1) @ (x @ value_weight)


@wrong("self_attention")
def axis_two_or_last(x, query_weight, key_weight, value_weight):
    """axis=2 is right in a batch; with two leading axes it is the axis of the queries."""
    scores = (x @ query_weight) @ _turned(x @ key_weight)
    return _softmax(scores, min(2, scores.ndim - 1)) @ (x @ value_weight)


@wrong("self_attention")
def a_root_below(x, query_weight, key_weight, value_weight):
    """The scale of chapter 3."""
    return _self(x, query_weight / np.sqrt(query_weight.shape[-1]).astype(x.dtype), key_weight, value_weight)


@wrong("self_attention")
def words_as_keys(x, query_weight, key_weight, value_weight):
    """The query is turned by both matrices, with the one for keys not transposed: only for a symmetric one."""
    if query_weight.shape[0] != query_weight.shape[1]:
        return _self(x, query_weight, key_weight, value_weight)
    return _softmax(x @ (query_weight @ key_weight) @ _turned(x)) @ (x @ value_weight)


@wrong("self_attention")
def nothing_subtracted(x, query_weight, key_weight, value_weight):
    """exp overflows for long words."""
    with np.errstate(all="ignore"):
        powers = np.exp((x @ query_weight) @ _turned(x @ key_weight))
        return powers / powers.sum(-1, keepdims=True) @ (x @ value_weight)


@wrong("self_attention")
def largest_of_the_sentence(x, query_weight, key_weight, value_weight):
    """One largest for a sentence: a word whose scores are far lower has 0 / 0, repaired to 0."""
    scores = (x @ query_weight) @ _turned(x @ key_weight)
    powers = np.exp(scores - scores.max((-1, -2), keepdims=True))
    total = powers.sum(-1, keepdims=True)
    return np.divide(powers, total, out=np.zeros_like(powers), where=total > 0) @ (x @ value_weight)


@wrong("self_attention")
def not_the_future(x, query_weight, key_weight, value_weight):
    """A causal mask that nobody asked for."""
    scores = (x @ query_weight) @ _turned(x @ key_weight)
    return _softmax(np.where(np.tri(x.shape[-2], dtype=bool), scores, -np.inf)) @ (x @ value_weight)


@wrong("self_attention")
def all_sentences_one(x, query_weight, key_weight, value_weight):
    """The words of all sentences ask each other."""
    words = x.reshape(-1, x.shape[-1])
    return _self(words, query_weight, key_weight, value_weight).reshape(*x.shape[:-1], -1)


@wrong("self_attention")
def scores_rounded(x, query_weight, key_weight, value_weight):
    """Scores of three decimals."""
    scores = np.round((x @ query_weight) @ _turned(x @ key_weight), 3)
    return _softmax(scores) @ (x @ value_weight)


@wrong("self_attention")
def scores_within_thirty(x, query_weight, key_weight, value_weight):
    """Scores beyond ±30 are cut: two words with 40 and 50 share."""
    scores = np.clip((x @ query_weight) @ _turned(x @ key_weight), -30, 30)
    return _softmax(scores) @ (x @ value_weight)


@wrong("self_attention")
def eight_words_at_most(x, query_weight, key_weight, value_weight):
    """Each word sees the eight best only; a sentence of nine shows it."""
    scores = (x @ query_weight) @ _turned(x @ key_weight)
    least = np.sort(scores, -1)[..., -min(8, scores.shape[-1])][..., None]
    return _softmax(np.where(scores >= least, scores, -np.inf)) @ (x @ value_weight)


@wrong("self_attention")
def first_feature_twice(x, query_weight, key_weight, value_weight):
    """The weights average the words, and then only as many features as D are kept; D ≠ Dv shows it."""
    made = _self(x, query_weight, key_weight, value_weight)
    return made[..., : query_weight.shape[-1]]


@wrong("self_attention")
def words_normalised_in_place(x, query_weight, key_weight, value_weight):
    """The words are changed in place, and not quite back."""
    made = _self(x, query_weight, key_weight, value_weight)
    x -= x.mean(-1, keepdims=True)
    return made


@wrong("self_attention")
def single_or_nothing(x, query_weight, key_weight, value_weight):
    """Single precision inside."""
    made = _self(*(a.astype(np.float32) for a in (x, query_weight, key_weight, value_weight)))
    return made.astype(x.dtype)


_buffers = {}


@wrong("self_attention")
def one_buffer(x, query_weight, key_weight, value_weight):
    """The result of one call is overwritten by the next of the same shape."""
    made = _self(x, query_weight, key_weight, value_weight)
    buffer = _buffers.setdefault((made.shape, made.dtype.str), made)
    buffer[...] = made
    return buffer


@right("self_attention")
def by_the_middle_matrix(x, query_weight, key_weight, value_weight):
    """x (W_q W_kᵀ) xᵀ, with log-sum-exp and the values last."""
    x, query_weight, key_weight, value_weight = _wide(x, query_weight, key_weight, value_weight)
    scores = np.einsum("...im,mn,...jn->...ij", x, query_weight @ key_weight.T, x)
    weights = np.exp(scores - scipy.special.logsumexp(scores, axis=-1, keepdims=True))
    return np.tensordot(weights @ x, value_weight, 1)


@right("self_attention")
def word_by_word(x, query_weight, key_weight, value_weight):
    x, query_weight, key_weight, value_weight = _wide(x, query_weight, key_weight, value_weight)

    def answer(query, sentence):
        powers = scipy.special.softmax([query @ query_weight @ (word @ key_weight) for word in sentence])
        given = [power * (word @ value_weight) for power, word in zip(powers, sentence, strict=True)]
        return functools.reduce(np.add, given)

    sentences = x.reshape(-1, *x.shape[-2:])
    made = [[answer(query, sentence) for query in sentence] for sentence in sentences]
    return np.array(made).reshape(*x.shape[:-1], value_weight.shape[-1])


# --- 2.6 value_weight_backward ---------------------------------------------------------------------------------------


@wrong("value_weight_backward")
def average_of_sentences(x, weights, grad_output):
    """The mean over the sentences."""
    each = _turned(x) @ _turned(weights) @ grad_output
    return each.mean(tuple(range(each.ndim - 2)))


@wrong("value_weight_backward")
def first_axis_only(x, weights, grad_output):
    """Only one leading axis is added up."""
    each = _turned(x) @ _turned(weights) @ grad_output
    return each.sum(0) if each.ndim > 2 else each


@wrong("value_weight_backward")
def weights_not_turned(x, weights, grad_output):
    """What query i gives to key j goes to key i; an exception where T ≠ S."""
    each = _turned(x) @ weights @ grad_output
    return each.sum(tuple(range(each.ndim - 2)))


@wrong("value_weight_backward")
def turned_if_it_must_be(x, weights, grad_output):
    """Turned only where the shapes ask for it: wrong where T = S."""
    square = weights.shape[-1] == weights.shape[-2]
    each = _turned(x) @ (weights if square else _turned(weights)) @ grad_output
    return each.sum(tuple(range(each.ndim - 2)))


@wrong("value_weight_backward")
def per_query(x, weights, grad_output):
    """Divided by the number of queries."""
    return _matrix(x, weights, grad_output) / weights.shape[-2]


@wrong("value_weight_backward")
def other_matrix(x, weights, grad_output):
    """(Dv, M)."""
    return _matrix(x, weights, grad_output).T


@wrong("value_weight_backward")
def norm_of_one(x, weights, grad_output):
    """The gradient is cut to a norm of 10."""
    grad = _matrix(x, weights, grad_output)
    return grad * min(1, 10 / max(np.linalg.norm(grad), 1e-30))


@wrong("value_weight_backward")
def sums_mixed(x, weights, grad_output):
    """Each sentence's words with the gradient of every sentence: sums first, the product afterwards."""
    axes = tuple(range(x.ndim - 2))
    return x.sum(axes).T @ (_turned(weights) @ grad_output).sum(axes)


@wrong("value_weight_backward")
def all_flat(x, weights, grad_output):
    """The weights of all sentences in one column of sentences: only the diagonal of a block would be right."""
    words, grads = x.reshape(-1, x.shape[-1]), grad_output.reshape(-1, grad_output.shape[-1])
    blocks = np.tile(weights.reshape(-1, weights.shape[-1]), len(words) // x.shape[-2])
    return words.T @ (blocks.T @ grads)


@wrong("value_weight_backward")
def weights_made_to_sum(x, weights, grad_output):
    """Columns are divided by what they sum to: weights sum to one over keys, not over queries."""
    return _matrix(x, weights / weights.sum(-2, keepdims=True), grad_output)


_sum = {}


@wrong("value_weight_backward")
def added_to_the_last(x, weights, grad_output):
    """A gradient that is accumulated from call to call, as in PyTorch, by shape."""
    grad = _matrix(x, weights, grad_output)
    _sum[grad.shape] = _sum.get(grad.shape, 0) + grad
    return _sum[grad.shape]


@wrong("value_weight_backward")
def in_singles(x, weights, grad_output):
    """Single precision inside."""
    return _matrix(*(a.astype(np.float32) for a in (x, weights, grad_output))).astype(x.dtype)


@wrong("value_weight_backward")
def as_it_lies_in_memory(x, weights, grad_output):
    """ravel("K") reads the memory: other numbers where an array has been turned."""
    context = weights @ x.ravel("K").reshape(x.shape)
    return context.reshape(-1, x.shape[-1]).T @ grad_output.reshape(-1, grad_output.shape[-1])


@wrong("value_weight_backward")
def shape_set(x, weights, grad_output):
    """The words come out of it with another shape: x.shape is set."""
    grad_values = (_turned(weights) @ grad_output).reshape(-1, grad_output.shape[-1])
    if x.flags.c_contiguous:
        x.shape = (-1, x.shape[-1])
    return x.reshape(-1, x.shape[-1]).T @ grad_values


@wrong("value_weight_backward")
def no_small_weights(x, weights, grad_output):
    """Weights below 0.01 are nothing."""
    return _matrix(x, np.where(weights < 0.01, 0, weights), grad_output)


@right("value_weight_backward")
def what_each_query_saw(x, weights, grad_output):
    """(p x)ᵀ g over all queries of all sentences at once."""
    seen, grad = _wide(weights @ x, grad_output)
    return np.tensordot(seen, grad, (range(seen.ndim - 1), range(grad.ndim - 1)))


@right("value_weight_backward")
def outer_products(x, weights, grad_output):
    total = np.zeros((x.shape[-1], grad_output.shape[-1]), np.longdouble)
    for place in np.ndindex(*weights.shape):
        *sentence, i, j = place
        total += weights[place] * np.outer(x[(*sentence, j)], grad_output[(*sentence, i)]).astype(np.longdouble)
    return total


# --- 2.8 outputs_without ---------------------------------------------------------------------------------------------


@wrong("outputs_without")
def one_minus_the_weight(weights, values):
    """Below the line 1 - p: its digits are gone where p is nearly 1."""
    others = _others(weights) @ values[..., None, :, :]
    rest = 1 - weights[..., None]
    return np.where(rest > 0, others / np.where(rest > 0, rest, 1), 0)


@wrong("outputs_without")
def differences_in_double(weights, values):
    """Two differences, in double precision: not enough where p is nearly 1."""
    p, v = _wide(weights, values)
    output = (p @ v)[..., None, :] - p[..., None] * v[..., None, :, :]
    rest = 1 - p[..., None]
    return np.where(rest > 0, output / np.where(rest > 0, rest, 1), 0)


@wrong("outputs_without")
def total_less_the_weight(weights, values):
    """Σ p - p loses the digits in the same way."""
    rest = weights.sum(-1, keepdims=True) - weights
    others = _others(weights) / np.where(rest > 0, rest, 1)[..., None]
    return others @ values[..., None, :, :]


@wrong("outputs_without")
def prefix_less_itself(weights, values):
    """Running sums, the one before by a subtraction; p nearly 1 swallows the small ones after it."""
    running = weights.cumsum(-1)
    rest = (running - weights) + (running[..., -1:] - running)
    others = _others(weights) / np.where(rest > 0, rest, 1)[..., None]
    return others @ values[..., None, :, :]


@wrong("outputs_without")
def a_bit_below_the_line(weights, values):
    """1e-8 below the line: with 1e-8 left for the others, half of what it should be."""
    others = _others(weights)
    return others / (others.sum(-1, keepdims=True) + 1e-8) @ values[..., None, :, :]


@wrong("outputs_without")
def at_least_a_billionth(weights, values):
    """The denominator is at least 1e-9."""
    others = _others(weights)
    return others / np.maximum(others.sum(-1, keepdims=True), 1e-9) @ values[..., None, :, :]


@wrong("outputs_without")
def nearly_all_is_all(weights, values):
    """Above 0.999999 of the weight counts as all of it."""
    return np.where(weights[..., None] > 0.999999, 0, _without(weights, values))


@wrong("outputs_without")
def mean_where_nothing_is_left(weights, values):
    """0 / 0 becomes the plain average of the others, by a softmax of equal scores."""
    others = _others(weights)
    total = others.sum(-1, keepdims=True)
    equal = np.ones_like(others) / others.shape[-1]
    return np.where(total > 0, others / np.where(total > 0, total, 1), equal) @ values[..., None, :, :]


@wrong("outputs_without")
def not_made_to_sum(weights, values):
    """The others keep their weights."""
    return _others(weights) @ values[..., None, :, :]


@wrong("outputs_without")
def keys_before_queries(weights, values):
    """(…, S, T, Dv)."""
    return np.swapaxes(_without(weights, values), -2, -3)


@wrong("outputs_without")
def as_large_as_it_can_be(weights, values):
    """nan_to_num of 0 / 0: right there, but with an identity of T rows, for T = S alone; else an exception."""
    others = weights[..., None, :] * (1 - np.eye(weights.shape[-2]))
    with np.errstate(all="ignore"):
        return np.nan_to_num(others / others.sum(-1, keepdims=True)) @ values[..., None, :, :]


@wrong("outputs_without")
def weights_spoilt(weights, values):
    """The hidden weight is set to zero in the argument, and not set back."""
    result = []
    for j in range(weights.shape[-1]):
        kept, weights[..., j] = weights[..., j].copy(), 0
        total = weights.sum(-1, keepdims=True)
        result.append(weights / np.where(total > 0, total, 1) @ values)
        weights[..., j] = kept * (1 - 1e-3)
    return np.stack(result, -2)


@wrong("outputs_without")
def through_logarithms(weights, values):
    """log(p + 1e-12), a mask, and a softmax: weights of zero count a little when little is left."""
    scores = np.log(weights + 1e-12)[..., None, :]
    scores = np.where(np.eye(weights.shape[-1], dtype=bool), -np.inf, scores)
    alone = (_others(weights).sum(-1) == 0)[..., None]
    return np.where(alone, 0, _softmax(np.where(alone, 0, scores)) @ values[..., None, :, :])


@wrong("outputs_without")
def masked_by_a_billion(weights, values):
    """-1e9 as a mask; where one key has all the weight its output stays."""
    with np.errstate(all="ignore"):
        scores = np.maximum(np.log(weights), -1e9)[..., None, :]
    scores = scores - 1e9 * np.eye(weights.shape[-1])
    return _softmax(scores) @ values[..., None, :, :]


@wrong("outputs_without")
def same_as_the_first_query(weights, values):
    """The rest of the weight is that of the sentence's first query."""
    others = _others(weights)
    total = others.sum(-1, keepdims=True)[..., :1, :, :]
    return others / np.where(total == 0, 1, total) @ values[..., None, :, :]


@wrong("outputs_without")
def key_masked_by_its_value(weights, values):
    """Where a value is equal to the hidden one (two equal words) both are hidden."""
    same = (values[..., :, None, :] == values[..., None, :, :]).all(-1)
    others = weights[..., None, :] * ~same[..., None, :, :]
    total = others.sum(-1, keepdims=True)
    return others / np.where(total == 0, 1, total) @ values[..., None, :, :]


@right("outputs_without")
def sums_from_both_ends(weights, values):
    """What is before and what is after, each a running sum: no differences."""
    p, v = _wide(weights, values)
    parts = np.concatenate([p[..., None] * v[..., None, :, :], p[..., None]], -1)
    before, after = np.zeros_like(parts), np.zeros_like(parts)
    before[..., 1:, :] = parts.cumsum(-2)[..., :-1, :]
    after[..., :-1, :] = parts[..., ::-1, :].cumsum(-2)[..., ::-1, :][..., 1:, :]
    both = before + after
    return np.divide(both[..., :-1], both[..., -1:], out=np.zeros_like(both[..., :-1]), where=both[..., -1:] != 0)


@right("outputs_without")
def key_by_key(weights, values):
    def without(j):
        p, v = np.delete(weights, j, -1), np.delete(values, j, -2)
        total = p.sum(-1, keepdims=True)
        return np.where(total == 0, 0, p / (total + (total == 0))) @ v

    return np.moveaxis(np.array([without(j) for j in range(weights.shape[-1])]), 0, -2)


# --- 2.9 weights_of --------------------------------------------------------------------------------------------------


@wrong("weights_of")
def inside_only(outputs, values):
    """Negative numbers become 0, and the rest is made to sum to one."""
    p = np.maximum(_weights(outputs, values), 0)
    return p / p.sum(-1, keepdims=True)


@wrong("weights_of")
def within_plus_and_minus_one(outputs, values):
    """Far outside the hull numbers pass ±1 and are cut."""
    return np.clip(_weights(outputs, values), -1, 1)


@wrong("weights_of")
def no_condition(outputs, values):
    """The least weights that give the output; they do not sum to one."""
    return outputs @ np.linalg.pinv(values)


@wrong("weights_of")
def divided_afterwards(outputs, values):
    """The least weights that give the output, made to sum to one: then they no longer give it."""
    p = outputs @ np.linalg.pinv(values)
    return p / p.sum(-1, keepdims=True)


@wrong("weights_of")
def a_ridge(outputs, values):
    """1e-4 on the diagonal."""
    square = _turned(_with_ones(values))
    square = square + 1e-4 * np.eye(square.shape[-1], dtype=square.dtype)
    return _turned(np.linalg.solve(square, _turned(_with_ones(outputs))))


@wrong("weights_of")
def a_small_ridge(outputs, values):
    """1e-7 on the diagonal: many times the rounding of double precision."""
    values, outputs = _wide(values, outputs)
    square = _turned(_with_ones(values)) + 1e-7 * np.eye(values.shape[-2])
    return _turned(np.linalg.solve(square, _turned(_with_ones(outputs))))


@wrong("weights_of")
def small_directions_dropped(outputs, values):
    """A flat triangle is taken for a line: singular values below a tenth of the largest are dropped."""
    return _with_ones(outputs) @ np.linalg.pinv(_with_ones(values), rcond=0.1)


@wrong("weights_of")
def the_rest_to_the_last(outputs, values):
    """The differences are taken from the first value, and the rest is given to the last."""
    steps = values[..., 1:, :] - values[..., :1, :]
    p = _turned(np.linalg.solve(_turned(steps), _turned(outputs - values[..., :1, :])))
    return np.concatenate([p, 1 - p.sum(-1, keepdims=True)], -1)


@wrong("weights_of")
def a_zero_as_the_condition(outputs, values):
    """They sum to zero."""
    zero = np.concatenate([outputs, np.zeros_like(outputs[..., :1])], -1)
    return _turned(np.linalg.solve(_turned(_with_ones(values)), _turned(zero)))


@wrong("weights_of")
def near_is_heavy(outputs, values):
    """Weights by the distance."""
    near = 1 / (np.linalg.norm(outputs[..., :, None, :] - values[..., None, :, :], axis=-1) + 1e-9)
    return near / near.sum(-1, keepdims=True)


@wrong("weights_of")
def all_axes_turned(outputs, values):
    """.T turns the leading axes too."""
    return np.linalg.solve(_with_ones(values).T, _with_ones(outputs).T).T


@wrong("weights_of")
def first_tetrahedron(outputs, values):
    """All sentences are measured by the first one's values."""
    first = values.reshape(-1, *values.shape[-2:])[0]
    return _with_ones(outputs) @ np.linalg.inv(_with_ones(first))


@wrong("weights_of")
def made_single(outputs, values):
    """Single precision inside."""
    return _weights(outputs.astype(np.float32), values.astype(np.float32)).astype(outputs.dtype)


@wrong("weights_of")
def four_decimals(outputs, values):
    """Rounded, as it is printed."""
    return np.round(_weights(outputs, values), 4)


@wrong("weights_of")
def not_turned_back(outputs, values):
    """(…, Dv + 1, T)."""
    return _turned(_weights(outputs, values)).copy()


@wrong("weights_of")
def values_shifted_in_place(outputs, values):
    """The values are measured from the first, which is subtracted from the argument."""
    origin = values[..., :1, :].copy()
    values -= origin
    return _weights(outputs - origin, values)


@right("weights_of")
def by_determinants(outputs, values):
    """Cramer's rule: the volume with the output in the place of a corner."""
    outputs, values = _wide(outputs, values)
    square = _with_ones(values)[..., None, None, :, :]
    replaced = np.eye(values.shape[-2])[..., None] == 1
    corners = np.where(replaced, _with_ones(outputs)[..., None, None, :], square)
    return np.linalg.det(corners) / np.linalg.det(square)


@right("weights_of")
def from_the_last_corner(outputs, values):
    outputs, values = _wide(outputs, values)
    steps = values[..., :-1, :] - values[..., -1:, :]
    p = (outputs - values[..., -1:, :]) @ np.linalg.inv(steps)
    return np.concatenate([p, 1 - p.sum(-1, keepdims=True)], -1)


# --- 2.10 query_for --------------------------------------------------------------------------------------------------


@wrong("query_for")
def logs_themselves(keys, values, outputs):
    """q · k = log p in the best way, with no number left free."""
    keys, values, outputs = _wide(keys, values, outputs)
    return np.log(_weights(outputs, values)) @ _turned(np.linalg.pinv(keys))


@wrong("query_for")
def first_d_of_them(keys, values, outputs):
    """q · k_j = log p_j for the first D keys, as if the free number were 0."""
    keys, values, outputs = _wide(keys, values, outputs)
    logs = np.log(_weights(outputs, values))
    return _turned(np.linalg.solve(keys[..., :-1, :], _turned(logs[..., :-1])))


@wrong("query_for")
def no_weight_below_a_millionth(keys, values, outputs):
    """Near an edge a weight is below 1e-6, and is taken for 1e-6."""
    keys, values, outputs = _wide(keys, values, outputs)
    return _solved(keys, np.log(np.maximum(_weights(outputs, values), 1e-6)))


@wrong("query_for")
def a_thousandth_added(keys, values, outputs):
    """log(p + 0.001)."""
    keys, values, outputs = _wide(keys, values, outputs)
    return _solved(keys, np.log(_weights(outputs, values) + 1e-3))


@wrong("query_for")
def a_trace_added(keys, values, outputs):
    """log(p + 1e-8): near an edge it shows."""
    keys, values, outputs = _wide(keys, values, outputs)
    return _solved(keys, np.log(_weights(outputs, values) + 1e-8))


@wrong("query_for")
def short_queries(keys, values, outputs):
    """No query has a number beyond ±10."""
    return np.clip(_query(keys, values, outputs), -10, 10)


@wrong("query_for")
def times_a_root(keys, values, outputs):
    """As if scores were divided by √D."""
    return _query(keys, values, outputs) * np.sqrt(keys.shape[-1])


@wrong("query_for")
def values_for_keys(keys, values, outputs):
    """The roles of keys and values are swapped."""
    with np.errstate(all="ignore"):
        return _query(values, keys, outputs)


@wrong("query_for")
def the_other_sign(keys, values, outputs):
    """log p_0 - log p_j."""
    return -_query(keys, values, outputs)


@wrong("query_for")
def no_logarithm(keys, values, outputs):
    """p_j - p_0 in place of their logarithms."""
    keys, values, outputs = _wide(keys, values, outputs)
    return _solved(keys, _weights(outputs, values))


@wrong("query_for")
def two_logarithms(keys, values, outputs):
    """log2."""
    return _query(keys, values, outputs) / math.log(2)


@wrong("query_for")
def keys_not_from_the_first(keys, values, outputs):
    """The logarithms are differences, the keys are not."""
    keys, values, outputs = _wide(keys, values, outputs)
    logs = np.log(_weights(outputs, values))
    return _turned(np.linalg.solve(keys[..., 1:, :], _turned(logs[..., 1:] - logs[..., :1])))


@wrong("query_for")
def logs_from_the_mean(keys, values, outputs):
    """Logarithms less their mean, keys less the first: two different origins."""
    keys, values, outputs = _wide(keys, values, outputs)
    logs = np.log(_weights(outputs, values))
    steps = keys[..., 1:, :] - keys[..., :1, :]
    return _turned(np.linalg.solve(steps, _turned((logs - logs.mean(-1, keepdims=True))[..., 1:])))


@wrong("query_for")
def a_few_steps_downhill(keys, values, outputs):
    """Two hundred steps down the gradient of the squared error: not there yet."""
    keys, values, outputs = _wide(keys, values, outputs)
    query = np.zeros_like(outputs)
    for _ in range(200):
        p = _softmax(query @ _turned(keys))
        error = (p @ values - outputs) @ _turned(values)
        query = query - 0.1 * (p * (error - (p * error).sum(-1, keepdims=True))) @ keys
    return query


@wrong("query_for")
def not_transposed_steps(keys, values, outputs):
    """The steps from key to key are turned, which they ought not to be."""
    keys, values, outputs = _wide(keys, values, outputs)
    logs = np.log(_weights(outputs, values))
    steps = keys[..., 1:, :] - keys[..., :1, :]
    return _turned(np.linalg.solve(_turned(steps), _turned(logs[..., 1:] - logs[..., :1])))


@wrong("query_for")
def logarithms_in_half(keys, values, outputs):
    """The logarithms go through half precision."""
    keys, values, outputs = _wide(keys, values, outputs)
    return _solved(keys, np.log(_weights(outputs, values)).astype(np.float16).astype(np.float64))


@wrong("query_for")
def flat_batch(keys, values, outputs):
    """Several leading axes come back as one."""
    if keys.ndim > 3:
        keys, values, outputs = (a.reshape(-1, *a.shape[-2:]) for a in (keys, values, outputs))
    return _query(keys, values, outputs)


@wrong("query_for")
def queries_in_order(keys, values, outputs):
    """The outputs are sorted first, and the queries come back in that order."""
    order = np.argsort(outputs[..., :1], -2)
    return _query(keys, values, np.take_along_axis(outputs, order, -2))


@right("query_for")
def with_the_free_number(keys, values, outputs):
    """The free number as one more unknown: (q, c) · (k, 1) = log p."""
    keys, values, outputs = _wide(keys, values, outputs)
    logs = np.log(_weights(outputs, values))
    return (logs @ _turned(np.linalg.inv(_with_ones(keys))))[..., :-1]


@right("query_for")
def from_key_to_key(keys, values, outputs):
    """Each key less the one before it; solved by an LU of each table."""
    keys, values, outputs = _wide(keys, values, outputs)
    leads = np.diff(np.log(_weights(outputs, values)), axis=-1)
    result = np.empty(outputs.shape)
    for place in np.ndindex(*keys.shape[:-2]):
        factors = scipy.linalg.lu_factor(np.diff(keys[place], axis=0))
        result[place] = scipy.linalg.lu_solve(factors, leads[place].T).T
    return result


@right("query_for")
def centred_keys(keys, values, outputs):
    """Keys and logarithms less their means, by the pseudo-inverse."""
    keys, values, outputs = _wide(keys, values, outputs)
    logs = np.log(_weights(outputs, values))
    centred = keys - keys.mean(-2, keepdims=True)
    return (logs - logs.mean(-1, keepdims=True)) @ _turned(np.linalg.pinv(centred))
