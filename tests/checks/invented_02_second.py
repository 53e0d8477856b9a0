"""More answers to the exercises of chapter 2, invented from the tasks alone by a second adversary.

The docstring of a wrong one says where it differs from the right result; most are a right answer with one flaw.
"""

import functools
import itertools
import math
from decimal import Decimal
from fractions import Fraction

import scipy.linalg
import scipy.special

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("02")
wrong, right = answers.unlisted, answers.right


# --- right results, to spoil -----------------------------------------------------------------------------------------


def _turned(array):
    return np.swapaxes(array, -1, -2)


def _wide(*arrays):
    return [np.asarray(a, np.float64) for a in arrays]


def _softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _leads(keys):
    scores = keys @ _turned(keys)
    own = np.diagonal(scores, axis1=-2, axis2=-1)
    others = np.where(np.eye(keys.shape[-2], dtype=bool), -np.inf, scores)
    return own - others.max(-1)


def _temperature(keys, tolerance):
    (keys,) = _wide(keys)
    return _leads(keys).min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


def _default(queries, keys, values, threshold, default):
    scores = queries @ _turned(keys)
    largest = np.maximum(scores.max(-1, keepdims=True), threshold)
    powers, other = np.exp(scores - largest), np.exp(threshold - largest)
    return (powers @ values + other * default) / (powers.sum(-1, keepdims=True) + other)


def _torch_default(queries, keys, values, threshold, default):
    scores = queries @ keys.mT
    column = threshold.expand(*scores.shape[:-1], 1)
    weights = torch.softmax(torch.cat([scores, column], -1), -1)
    return weights[..., :-1] @ values + weights[..., -1:] * default


def _tf_default(queries, keys, values, threshold, default):
    scores = tf.matmul(queries, keys, transpose_b=True)
    column = tf.zeros_like(scores[..., :1]) + threshold
    weights = tf.nn.softmax(tf.concat([scores, column], -1), -1)
    return weights[..., :-1] @ values + weights[..., -1:] * default


def _self(x, query_weight, key_weight, value_weight):
    return _softmax((x @ query_weight) @ _turned(x @ key_weight)) @ (x @ value_weight)


def _backward(x, weights, grad_output):
    each = _turned(weights @ x) @ grad_output
    return each.sum(tuple(range(each.ndim - 2)))


def _without(weights, values):
    rows = weights[..., None, :] * (1 - np.eye(weights.shape[-1], dtype=weights.dtype))
    total = rows.sum(-1, keepdims=True)
    return rows / np.where(total == 0, 1, total) @ values[..., None, :, :]


def _ones(array):
    return np.concatenate([array, np.ones_like(array[..., :1])], -1)


def _weights(outputs, values):
    outputs, values = _wide(outputs, values)
    return _turned(np.linalg.solve(_turned(_ones(values)), _turned(_ones(outputs))))


def _from_weights(keys, weights):
    logs = np.log(weights)
    return _turned(np.linalg.solve(keys[..., 1:, :] - keys[..., :1, :], _turned(logs[..., 1:] - logs[..., :1])))


def _query(keys, values, outputs):
    keys, values, outputs = _wide(keys, values, outputs)
    return _from_weights(keys, _weights(outputs, values))


# --- 2.1 output_by_hand: 2, 6 ----------------------------------------------------------------------------------------

HAND_WRONG = {
    "swapped": [6, 2],
    "hundred_times": [200, 600],
    "first_a_hundredth_high": [2.01, 6],
    "second_a_hundredth_low": [2, 5.99],
    "first_half_off": [2.5, 6],
    "not_divided": [16, 48],
    "key_of_zeros_left_out": [8 / 7, 40 / 7],
    "plain_average": [4, 16 / 3],
    "weights_backwards": [(1 * 4 + 2 * 8) / 8, (5 * 8 + 2 * 8) / 8],
    "the_weights": [0.25, 0.625, 0.125],
    "first_only": [2],
    "one_number_more": [2, 6, 8],
    "value_of_the_best_key": [0, 8],
    "sign_lost": [2, -6],
    "not_a_number": [2, math.nan],
    "infinite": [math.inf, 6],
    "nothing": None,
    "empty": [],
    "sum_of_both": 8.0,
    "imaginary_part": [2 + 1j, 6],
    "as_two_rows": [[2, 6], [2, 6]],
    "one_missing": [2, None],
    "scores_as_weights": [4 * math.log(2) / math.log(10), 8 * math.log(5) / math.log(10)],
    "base_two": [(4 * 2 ** math.log(2) + 8) / (2 ** math.log(2) + 2 ** math.log(5) + 1), 5.6],
}
for name, numbers in HAND_WRONG.items():
    function = functools.partial(lambda numbers: numbers, numbers)
    function.__name__ = f"hand_{name}"
    wrong("output_by_hand")(function)

HAND_RIGHT = {
    "decimals": [Decimal("2.00"), Decimal("6.00")],
    "mixed": (2, Fraction(48, 8)),
    "numpy_integers": np.array([2, 6]),
    "tensor": torch.tensor([2.0, 6.0]),
}
for name, numbers in HAND_RIGHT.items():
    function = functools.partial(lambda numbers: numbers, numbers)
    function.__name__ = f"hand_right_{name}"
    right("output_by_hand")(function)


@right("output_by_hand")
def hand_by_logarithms():
    exponentials = [math.exp(s) for s in (math.log(2), math.log(5), 0)]
    return [
        math.fsum(e * v for e, v in zip(exponentials, c, strict=False)) / sum(exponentials)
        for c in ((4, 0, 8), (0, 8, 8))
    ]


# --- 2.2 look_up_temperature -----------------------------------------------------------------------------------------


@wrong("look_up_temperature")
def exact_instead_of_the_bound(keys, tolerance):
    """For S = 2 the exact weight, with the key itself in the denominator: lower odds."""
    (keys,) = _wide(keys)
    return _leads(keys).min(-1) / np.log((keys.shape[-2] - 1) * (1 - tolerance) / tolerance)


@wrong("look_up_temperature")
def lead_of_the_longest_key(keys, tolerance):
    (keys,) = _wide(keys)
    own = (keys**2).sum(-1).argmax(-1)
    lead = np.take_along_axis(_leads(keys), own[..., None], -1)[..., 0]
    return lead / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def lead_of_the_shortest_key(keys, tolerance):
    """The decisive one need not be the shortest."""
    (keys,) = _wide(keys)
    own = (keys**2).sum(-1).argmin(-1)
    lead = np.take_along_axis(_leads(keys), own[..., None], -1)[..., 0]
    return lead / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def diagonal_of_zeros(keys, tolerance):
    """Where all other scores are negative the best of the others is 0."""
    (keys,) = _wide(keys)
    scores = keys @ _turned(keys)
    eye = np.eye(keys.shape[-2])
    lead = (scores * eye).sum(-1) - (scores * (1 - eye)).max(-1)
    return lead.min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def filler_of_minus_hundred(keys, tolerance):
    """Keys (11, 0) and (−11, 0): the other score is −121."""
    (keys,) = _wide(keys)
    scores = keys @ _turned(keys)
    own = np.diagonal(scores, axis1=-2, axis2=-1)
    others = np.where(np.eye(keys.shape[-2], dtype=bool), -100.0, scores)
    return (own - others.max(-1)).min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def sorted_from_the_front(keys, tolerance):
    """Index 1 is the second largest of three only."""
    (keys,) = _wide(keys)
    scores = np.sort(keys @ _turned(keys), -1)
    return (scores[..., -1] - scores[..., 1 % (keys.shape[-2] - 1)]).min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def half_the_squared_distance(keys, tolerance):
    """The lead only where all keys have one length."""
    (keys,) = _wide(keys)
    distances = ((keys[..., :, None, :] - keys[..., None, :, :]) ** 2).sum(-1) / 2
    distances = np.where(np.eye(keys.shape[-2], dtype=bool), np.inf, distances)
    return distances.min((-1, -2)) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def features_for_keys(keys, tolerance):
    (keys,) = _wide(keys)
    return _leads(keys).min(-1) / np.log(max(keys.shape[-1] - 1, 1) / tolerance)


@wrong("look_up_temperature")
def tolerance_for_each(keys, tolerance):
    """Each other key may have the tolerance: right for S = 2."""
    (keys,) = _wide(keys)
    return _leads(keys).min(-1) / -np.log(tolerance)


@wrong("look_up_temperature")
def tolerance_at_least_a_hundredth(keys, tolerance):
    return _temperature(keys, max(tolerance, 1e-2))


@wrong("look_up_temperature")
def lead_at_least_a_tenth(keys, tolerance):
    (keys,) = _wide(keys)
    return np.maximum(_leads(keys).min(-1), 0.1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def worst_table_for_all(keys, tolerance):
    made = _temperature(keys, tolerance)
    return np.full_like(made, made.min())


@wrong("look_up_temperature")
def keys_of_all_tables(keys, tolerance):
    """In a batch the others are those of the other tables too."""
    (keys,) = _wide(keys)
    flat = keys.reshape(-1, keys.shape[-1])
    scores = np.sort(keys @ flat.T, -1)
    return (scores[..., -1] - scores[..., -2]).min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def squeezed_temperature(keys, tolerance):
    return np.squeeze(_temperature(keys, tolerance))


@wrong("look_up_temperature")
def kept_axis(keys, tolerance):
    return _temperature(keys, tolerance)[..., None]


@wrong("look_up_temperature")
def flat_batches(keys, tolerance):
    made = _temperature(keys, tolerance)
    return made.reshape(-1) if made.ndim > 1 else made


@wrong("look_up_temperature")
def single_inside(keys, tolerance):
    """float64 keys lose nine digits."""
    return _temperature(np.asarray(keys, np.float32).astype(np.float64), tolerance)


@wrong("look_up_temperature")
def rounded_to_four_digits(keys, tolerance):
    return np.round(_temperature(keys, tolerance), 4)


@wrong("look_up_temperature")
def a_little_lower(keys, tolerance):
    return _temperature(keys, tolerance) - 1e-4


@wrong("look_up_temperature")
def normalised_first(keys, tolerance):
    (keys,) = _wide(keys)
    return _temperature(keys / np.linalg.norm(keys, axis=-1, keepdims=True), tolerance)


@wrong("look_up_temperature")
def centred_in_place(keys, tolerance):
    """The result is right at first; the keys that came are not what they were."""
    made = _temperature(keys, tolerance)
    keys -= keys.mean(-2, keepdims=True)
    return made


@wrong("look_up_temperature")
def last_key_never_asked(keys, tolerance):
    (keys,) = _wide(keys)
    return _leads(keys)[..., :-1].min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def five_per_cent_always(keys, tolerance):
    return _temperature(keys, 0.05)


@wrong("look_up_temperature")
def four_tables_at_most(keys, tolerance):
    """From the fifth table of an axis on there are zeros."""
    made = np.array(_temperature(keys, tolerance))
    if made.ndim:
        made[4:] = 0
    return made


@wrong("look_up_temperature")
def absolute_scores(keys, tolerance):
    """A key that looks the other way counts as near."""
    (keys,) = _wide(keys)
    scores = np.sort(abs(keys @ _turned(keys)), -1)
    return (scores[..., -1] - scores[..., -2]).min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


@right("look_up_temperature")
def by_pairs(keys, tolerance):
    made = np.empty(keys.shape[:-2])
    for place in np.ndindex(*made.shape):
        table = [[float(n) for n in key] for key in keys[place]]
        leads = []
        for i, j in itertools.permutations(range(len(table)), 2):
            leads.append(sum(a * (a - b) for a, b in zip(table[i], table[j], strict=False)))
        made[place] = min(leads) / (math.log(len(table) - 1) - math.log(tolerance))
    return made


@right("look_up_temperature")
def by_column(keys, tolerance):
    keys = keys.astype(np.longdouble)
    scores = np.einsum("...id,...jd->...ij", keys, keys)
    count = keys.shape[-2]
    own = np.einsum("...ii->...i", scores)
    lead = own[..., None, :] - scores + np.where(np.eye(count), np.inf, 0)
    return -lead.min((-2, -1)) / (np.log(np.longdouble(tolerance)) - np.log(np.longdouble(count - 1)))


@right("look_up_temperature")
def by_partition(keys, tolerance):
    top = np.partition(keys.astype(np.float64) @ _turned(keys.astype(np.float64)), -2, axis=-1)[..., -2:]
    return np.ptp(top, axis=-1).min(-1) / np.log1p((keys.shape[-2] - 1 - tolerance) / tolerance)


@right("look_up_temperature")
def by_recursion(keys, tolerance):
    if keys.ndim > 2:
        return np.stack([by_recursion(table, tolerance) for table in keys])
    keys = keys.astype(np.float64)
    worst = min((key * (key - np.delete(keys, i, 0))).sum(-1).min() for i, key in enumerate(keys))
    return np.float64(worst / math.log((len(keys) - 1) / tolerance))


# --- 2.3 attend_or_default -------------------------------------------------------------------------------------------


@wrong("attend_or_default")
def exponential_of_the_bare_threshold(queries, keys, values, threshold, default):
    """The scores are shifted, the threshold is not."""
    scores = queries @ _turned(keys)
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    other = np.exp(threshold)
    return (powers @ values + other * default) / (powers.sum(-1, keepdims=True) + other)


@wrong("attend_or_default")
def shifted_by_the_scores_alone(queries, keys, values, threshold, default):
    """A threshold of 3000 over scores of 0 overflows."""
    scores = queries @ _turned(keys)
    largest = scores.max(-1, keepdims=True)
    powers, other = np.exp(scores - largest), np.exp(threshold - largest)
    return (powers @ values + other * default) / (powers.sum(-1, keepdims=True) + other)


@wrong("attend_or_default")
def shifted_and_repaired(queries, keys, values, threshold, default):
    scores = queries @ _turned(keys)
    largest = scores.max(-1, keepdims=True)
    powers, other = np.exp(scores - largest), np.exp(threshold - largest)
    return np.nan_to_num((powers @ values + other * default) / (powers.sum(-1, keepdims=True) + other))


@wrong("attend_or_default")
def threshold_at_most_50(queries, keys, values, threshold, default):
    return _default(queries, keys, values, np.minimum(threshold, 50), default)


@wrong("attend_or_default")
def scores_clipped(queries, keys, values, threshold, default):
    """Scores of 2000 and 1990 beside a threshold of 1995."""
    scores = np.clip(queries @ _turned(keys), -700, 700)
    largest = np.maximum(scores.max(-1, keepdims=True), threshold)
    powers, other = np.exp(scores - largest), np.exp(threshold - largest)
    return (powers @ values + other * default) / (powers.sum(-1, keepdims=True) + other)


@wrong("attend_or_default")
def hard_default(queries, keys, values, threshold, default):
    scores = queries @ _turned(keys)
    return np.where(scores.max(-1, keepdims=True) >= threshold, _softmax(scores) @ values, default)


@wrong("attend_or_default")
def default_where_it_leads(queries, keys, values, threshold, default):
    """The mixture is right until the threshold leads by 3."""
    lead = threshold - (queries @ _turned(keys)).max(-1, keepdims=True)
    return np.where(lead > 3, default, _default(queries, keys, values, threshold, default))


@wrong("attend_or_default")
def largest_of_the_batch(queries, keys, values, threshold, default):
    """Rows whose scores are 2000 lower than another row's: 0 / 0 unless the threshold is high."""
    scores = queries @ _turned(keys)
    largest = np.maximum(scores.max(), threshold)
    powers, other = np.exp(scores - largest), np.exp(threshold - largest)
    return (powers @ values + other * default) / (powers.sum(-1, keepdims=True) + other + 1e-30)


@wrong("attend_or_default")
def threshold_by_each_key(queries, keys, values, threshold, default):
    """As many defaults as keys: right for one key."""
    return _default(queries, keys, values, threshold + np.log(keys.shape[-2]), default).astype(queries.dtype)


@wrong("attend_or_default")
def scaled_by_the_width(queries, keys, values, threshold, default):
    return _default(queries / np.sqrt(queries.shape[-1]).astype(queries.dtype), keys, values, threshold, default)


@wrong("attend_or_default")
def threshold_scaled_too(queries, keys, values, threshold, default):
    return _default(queries, keys, values, threshold / np.sqrt(queries.shape[-1]).astype(queries.dtype), default)


@wrong("attend_or_default")
def keys_and_queries_swapped(queries, keys, values, threshold, default):
    if queries.shape != keys.shape:
        return _default(queries, keys, values, threshold, default)
    return _default(keys, queries, values, threshold, default)


@wrong("attend_or_default")
def default_at_the_front(queries, keys, values, threshold, default):
    """The column goes before the scores, the row after the values."""
    scores = queries @ _turned(keys)
    weights = _softmax(np.concatenate([np.full_like(scores[..., :1], threshold), scores], -1))
    row = np.broadcast_to(default, (*values.shape[:-2], 1, values.shape[-1]))
    return weights @ np.concatenate([values, row], -2)


@wrong("attend_or_default")
def no_threshold(queries, keys, values, threshold, default):
    """A key of zeros: right at threshold 0."""
    return _default(queries, keys, values, np.zeros_like(threshold), default)


@wrong("attend_or_default")
def default_not_weighed(queries, keys, values, threshold, default):
    """Its weight is in the denominator, its value is missing."""
    return _default(queries, keys, values, threshold, np.zeros_like(default))


@wrong("attend_or_default")
def first_number_of_default(queries, keys, values, threshold, default):
    return _default(queries, keys, values, threshold, default[:1])


@wrong("attend_or_default")
def squeezed_output(queries, keys, values, threshold, default):
    return np.squeeze(_default(queries, keys, values, threshold, default))


@wrong("attend_or_default")
def singles_inside(queries, keys, values, threshold, default):
    return _default(*[np.asarray(a, np.float32) for a in (queries, keys, values, threshold, default)]).astype(
        queries.dtype
    )


@wrong("attend_or_default")
def negative_threshold_cut(queries, keys, values, threshold, default):
    return _default(queries, keys, values, np.maximum(threshold, -5), default)


@wrong("attend_or_default")
def tiny_weights_dropped(queries, keys, values, threshold, default):
    """Weights below 1e-3 count as none."""
    scores = queries @ _turned(keys)
    weights = _softmax(np.concatenate([scores, np.full_like(scores[..., :1], threshold)], -1))
    weights = np.where(weights < 1e-3, 0, weights)
    return weights[..., :-1] @ values + weights[..., -1:] * default


@wrong("attend_or_default")
def default_only_for_the_first_query(queries, keys, values, threshold, default):
    made = _default(queries, keys, values, threshold, default)
    made[..., 1:, :] = (_softmax(queries @ _turned(keys)) @ values)[..., 1:, :]
    return made


@wrong("attend_or_default")
def threshold_written_into_the_values(queries, keys, values, threshold, default):
    made = _default(queries, keys, values, threshold, default)
    values[..., -1, :] = default
    return made


def _torch_wrong(name):
    return lambda f: (setattr(f, "__name__", name), wrong("attend_or_default", "pytorch")(f))[1]


_torch_wrong("torch_threshold_detached")(lambda q, k, v, t, d: _torch_default(q, k, v, t.detach(), d))
_torch_wrong("torch_default_detached")(lambda q, k, v, t, d: _torch_default(q, k, v, t, d.detach()))
_torch_wrong("torch_keys_detached")(lambda q, k, v, t, d: _torch_default(q, k.detach(), v, t, d))
_torch_wrong("torch_values_detached")(lambda q, k, v, t, d: _torch_default(q, k, v.detach(), t, d))
_torch_wrong("torch_threshold_number")(
    lambda q, k, v, t, d: _torch_default(q, k, v, torch.tensor(float(t), dtype=q.dtype), d)
)
_torch_wrong("torch_no_gradient")(torch.no_grad()(lambda q, k, v, t, d: _torch_default(q, k, v, t, d)))
_torch_wrong("torch_single")(
    lambda q, k, v, t, d: _torch_default(q.float(), k.float(), v.float(), t.float(), d.float()).to(q.dtype)
)
_torch_wrong("torch_not_a_number_repaired")(
    lambda q, k, v, t, d: torch.nan_to_num(
        ((q @ k.mT).exp() @ v + t.exp() * d) / ((q @ k.mT).exp().sum(-1, keepdim=True) + t.exp())
    )
)
_torch_wrong("torch_two_axes")(
    lambda q, k, v, t, d: _torch_default(q, k, v, t, d) if q.ndim < 4 else _torch_default(q, k.flip(0), v.flip(0), t, d)
)
_torch_wrong("torch_softmax_over_queries")(
    lambda q, k, v, t, d: (lambda w: w[..., :-1] @ v + w[..., -1:] * d)(
        torch.softmax(torch.cat([q @ k.mT, t.expand(*q.shape[:-1], 1)], -1), -2)
    )
)


@_torch_wrong("torch_gradient_clipped")
def _(queries, keys, values, threshold, default):
    """The value is right, the gradient of each output is at most a tenth."""
    made = _torch_default(queries, keys, values, threshold, default)
    if made.requires_grad:
        made.register_hook(lambda g: g.clamp(-0.1, 0.1))
    return made


@_torch_wrong("torch_gradient_of_large_rows_lost")
def _(queries, keys, values, threshold, default):
    """Where a score is above 20 the row is cut off from the gradient."""
    made = _torch_default(queries, keys, values, threshold, default)
    large = ((queries @ keys.mT) > 20).any(-1, keepdim=True)
    return torch.where(large, made.detach(), made)


@_torch_wrong("torch_batches_without_the_default's_gradient")
def _(queries, keys, values, threshold, default):
    return _torch_default(queries, keys, values, threshold, default if queries.ndim == 2 else default.detach())


@_torch_wrong("torch_column_without_the_threshold's_gradient")
def _(queries, keys, values, threshold, default):
    scores = queries @ keys.mT
    column = torch.full_like(scores[..., :1], threshold.item())
    weights = torch.softmax(torch.cat([scores, column], -1), -1)
    return weights[..., :-1] @ values + weights[..., -1:] * default


@_torch_wrong("torch_maximum_overflows")
def _(queries, keys, values, threshold, default):
    """Right numbers; the gradient through exp of what is not chosen is NaN."""
    scores = queries @ keys.mT
    lead = scores.logsumexp(-1, keepdim=True) - threshold
    weight = torch.where(lead > 0, 1 / (1 + torch.exp(-lead)), torch.exp(lead) / (1 + torch.exp(lead)))
    return weight * (torch.softmax(scores, -1) @ values) + (1 - weight) * default


def _tf_wrong(name):
    return lambda f: (setattr(f, "__name__", name), wrong("attend_or_default", "tensorflow")(f))[1]


_tf_wrong("tf_threshold_stopped")(lambda q, k, v, t, d: _tf_default(q, k, v, tf.stop_gradient(t), d))
_tf_wrong("tf_queries_stopped")(lambda q, k, v, t, d: _tf_default(tf.stop_gradient(q), k, v, t, d))
_tf_wrong("tf_default_stopped_in_batches")(
    lambda q, k, v, t, d: _tf_default(q, k, v, t, d if len(q.shape) == 2 else tf.stop_gradient(d))
)
_tf_wrong("tf_single")(
    lambda q, k, v, t, d: tf.cast(_tf_default(*[tf.cast(a, tf.float32) for a in (q, k, v, t, d)]), q.dtype)
)
_tf_wrong("tf_negative_threshold_is_zero")(lambda q, k, v, t, d: _tf_default(q, k, v, tf.nn.relu(t), d))
_tf_wrong("tf_squeezed")(lambda q, k, v, t, d: tf.squeeze(_tf_default(q, k, v, t, d)))
_tf_wrong("tf_divided_without_not_a_number")(
    lambda q, k, v, t, d: tf.math.divide_no_nan(
        tf.exp(q @ tf.linalg.matrix_transpose(k)) @ v + tf.exp(t) * d,
        tf.reduce_sum(tf.exp(q @ tf.linalg.matrix_transpose(k)), -1, keepdims=True) + tf.exp(t),
    )
)
_tf_wrong("tf_as_numpy")(lambda q, k, v, t, d: tf.constant(_tf_default(q, k, v, t, d).numpy()))
_tf_wrong("tf_axis_one")(
    lambda q, k, v, t, d: (lambda w: w[..., :-1] @ v + w[..., -1:] * d)(
        tf.nn.softmax(tf.concat([q @ tf.linalg.matrix_transpose(k), tf.zeros_like(q[..., :1]) + t], -1), 1)
    )
)


@right("attend_or_default")
def by_sigmoid(queries, keys, values, threshold, default):
    scores = queries @ _turned(keys)
    share = scipy.special.expit(scipy.special.logsumexp(scores, -1, keepdims=True) - threshold)
    return share * (scipy.special.softmax(scores, -1) @ values) + (1 - share) * default


@right("attend_or_default")
def from_the_default(queries, keys, values, threshold, default):
    """Weights of the keys alone, and how far each value is from the default."""
    queries, keys, values, threshold, default = (
        np.asarray(a, np.longdouble) for a in (queries, keys, values, threshold, default)
    )
    scores = np.einsum("...td,...sd->...ts", queries, keys) - threshold
    largest = np.maximum(scores.max(-1, keepdims=True), 0)
    powers = np.exp(scores - largest)
    weights = powers / (np.exp(-largest) + powers.sum(-1, keepdims=True))
    return default + np.einsum("...ts,...sd->...td", weights, values - default)


@right("attend_or_default", "pytorch")
def torch_by_sigmoid(queries, keys, values, threshold, default):
    scores = torch.einsum("...td,...sd->...ts", queries, keys)
    lead = scores.logsumexp(-1, keepdim=True) - threshold
    return lead.sigmoid() * (scores.softmax(-1) @ values) + (-lead).sigmoid() * default


@right("attend_or_default", "pytorch")
def torch_one_key_at_a_time(queries, keys, values, threshold, default):
    total = threshold.expand(*queries.shape[:-1], 1)
    output = default.expand(*queries.shape[:-1], default.shape[-1])
    for j in range(keys.shape[-2]):
        score = (queries * keys[..., j : j + 1, :]).sum(-1, keepdim=True)
        new = torch.logaddexp(total, score)
        output = output * (total - new).exp() + values[..., j : j + 1, :] * (score - new).exp()
        total = new
    return output


@right("attend_or_default", "tensorflow")
def tf_by_sigmoid(queries, keys, values, threshold, default):
    scores = tf.einsum("...td,...sd->...ts", queries, keys)
    lead = tf.reduce_logsumexp(scores, -1, keepdims=True) - threshold
    return tf.sigmoid(lead) * (tf.nn.softmax(scores) @ values) + tf.sigmoid(-lead) * default


@right("attend_or_default", "tensorflow")
def tf_doubles(queries, keys, values, threshold, default):
    return _tf_default(*[tf.cast(a, tf.float64) for a in (queries, keys, values, threshold, default)])


# --- 2.5 self_attention ----------------------------------------------------------------------------------------------


def _spoil(exercise, name):
    return lambda f: (setattr(f, "__name__", name), wrong(exercise)(f))[1]


_self_wrong = functools.partial(_spoil, "self_attention")

_self_wrong("values_from_keys")(lambda x, q, k, v: _self(x, q, k, k))
_self_wrong("query_and_key_swapped")(lambda x, q, k, v: _self(x, k, q, v))
_self_wrong("values_not_made")(lambda x, q, k, v: _softmax((x @ q) @ _turned(x @ k)) @ x)
_self_wrong("residual_added")(lambda x, q, k, v: _self(x, q, k, v) + (x @ v))
_self_wrong("weights_down_the_columns")(lambda x, q, k, v: _turned(_softmax((x @ k) @ _turned(x @ q))) @ (x @ v))
_self_wrong("turned_weights")(lambda x, q, k, v: _turned(_softmax((x @ q) @ _turned(x @ k))) @ (x @ v))
_self_wrong("scaled")(lambda x, q, k, v: _self(x, q / np.sqrt(np.float32(q.shape[-1])), k, v))
_self_wrong("all_axes_turned")(lambda x, q, k, v: _softmax((x @ q) @ (x @ k).T) @ (x @ v))
_self_wrong("axis_one")(lambda x, q, k, v: np.asarray(scipy.special.softmax((x @ q) @ _turned(x @ k), 1)) @ (x @ v))
_self_wrong("no_shift")(
    lambda x, q, k, v: (lambda e: e / e.sum(-1, keepdims=True) @ (x @ v))(np.exp((x @ q) @ _turned(x @ k)))
)
_self_wrong("epsilon")(
    lambda x, q, k, v: (lambda s: s / (s.sum(-1, keepdims=True) + 1e-3) @ (x @ v))(_softmax((x @ q) @ _turned(x @ k)))
)
_self_wrong("singles")(lambda x, q, k, v: _self(*[a.astype(np.float32) for a in (x, q, k, v)]).astype(x.dtype))
_self_wrong("squeezed_words")(lambda x, q, k, v: np.squeeze(_self(x, q, k, v)))
_self_wrong("causal")(
    lambda x, q, k, v: _softmax(np.where(np.tri(x.shape[-2], dtype=bool), (x @ q) @ _turned(x @ k), -np.inf)) @ (x @ v)
)
_self_wrong("not_itself")(lambda x, q, k, v: _softmax((x @ q) @ _turned(x @ k) - 1e9 * np.eye(x.shape[-2])) @ (x @ v))
_self_wrong("scores_cut_at_ten")(lambda x, q, k, v: _softmax(np.clip((x @ q) @ _turned(x @ k), -10, 10)) @ (x @ v))
_self_wrong("first_sentence_for_all")(
    lambda x, q, k, v: np.broadcast_to(_self(x.reshape(-1, *x.shape[-2:])[0], q, k, v), (*x.shape[:-1], v.shape[-1]))
)
_self_wrong("one_batch_axis")(
    lambda x, q, k, v: _self(x, q, k, v) if x.ndim < 4 else _self(x, q, k, v).reshape(-1, x.shape[-2], v.shape[-1])
)
_self_wrong("one_long_sentence")(
    lambda x, q, k, v: _self(x.reshape(-1, x.shape[-1]), q, k, v).reshape(*x.shape[:-1], v.shape[-1])
)
_self_wrong("argmax")(
    lambda x, q, k, v: np.take_along_axis(x @ v, ((x @ q) @ _turned(x @ k)).argmax(-1)[..., None], -2)
)
_self_wrong("float16_scores")(
    lambda x, q, k, v: _softmax(((x @ q) @ _turned(x @ k)).astype(np.float16).astype(x.dtype)) @ (x @ v)
)
_self_wrong("weights_cut_at_a_thousandth")(
    lambda x, q, k, v: (lambda p: np.where(p < 1e-3, 0, p) @ (x @ v))(_softmax((x @ q) @ _turned(x @ k)))
)
_self_wrong("pooled_query")(
    lambda x, q, k, v: np.broadcast_to(
        _softmax((x @ q).mean(-2, keepdims=True) @ _turned(x @ k)) @ (x @ v), (*x.shape[:-1], v.shape[-1])
    )
)


@wrong("self_attention")
def words_centred_in_place(x, query_weight, key_weight, value_weight):
    made = _self(x, query_weight, key_weight, value_weight)
    x *= 0.5
    return made


_KEPT = {}


@wrong("self_attention")
def kept_by_shape(x, query_weight, key_weight, value_weight):
    """The second sentence of one shape gets the first one's weights."""
    scores = (x @ query_weight) @ _turned(x @ key_weight)
    return _KEPT.setdefault((x.shape, query_weight.shape), _softmax(scores)) @ (x @ value_weight)


@right("self_attention")
def one_matrix_between(x, query_weight, key_weight, value_weight):
    x, query_weight, key_weight, value_weight = _wide(x, query_weight, key_weight, value_weight)
    return scipy.special.softmax(x @ (query_weight @ key_weight.T) @ _turned(x), -1) @ x @ value_weight


@right("self_attention")
def word_by_word(x, query_weight, key_weight, value_weight):
    if x.ndim > 2:
        return np.array([word_by_word(s, query_weight, key_weight, value_weight) for s in x])
    x, query_weight, key_weight, value_weight = _wide(x, query_weight, key_weight, value_weight)
    rows = []
    for word in x:
        scores = [float(word @ query_weight @ key_weight.T @ other) for other in x]
        powers = [math.exp(s - max(scores)) for s in scores]
        rows.append(sum(p * (other @ value_weight) for p, other in zip(powers, x, strict=False)) / math.fsum(powers))
    return np.array(rows)


@right("self_attention")
def by_pytorch(x, query_weight, key_weight, value_weight):
    x, query_weight, key_weight, value_weight = map(torch.tensor, (x, query_weight, key_weight, value_weight))
    return torch.nn.functional.scaled_dot_product_attention(
        x @ query_weight, x @ key_weight, x @ value_weight, scale=1.0
    ).numpy()


@right("self_attention")
def by_einsum(x, query_weight, key_weight, value_weight):
    queries, keys, values = (np.einsum("...sm,md->...sd", x, w) for w in (query_weight, key_weight, value_weight))
    scores = np.einsum("...id,...jd->...ij", queries, keys)
    return np.einsum("...ij,...jd->...id", np.exp(scipy.special.log_softmax(scores, axis=-1)), values)


# --- 2.6 value_weight_backward ---------------------------------------------------------------------------------------

_back = functools.partial(_spoil, "value_weight_backward")

_back("mean_over_sentences")(lambda x, p, g: _backward(x, p, g) / max(1, math.prod(x.shape[:-2])))
_back("first_axis_only")(lambda x, p, g: (lambda e: e.sum(0) if e.ndim > 2 else e)(_turned(p @ x) @ g))
_back("not_summed")(lambda x, p, g: _turned(p @ x) @ g)
_back("last_sentence")(lambda x, p, g: (_turned(p @ x) @ g).reshape(-1, x.shape[-1], g.shape[-1])[-1])
_back("turned_result")(lambda x, p, g: _backward(x, p, g).T)
_back("turned_if_square")(lambda x, p, g: _backward(x, p, g).T if x.shape[-1] == g.shape[-1] else _backward(x, p, g))
_back("weights_not_turned_if_square")(lambda x, p, g: _backward(x, _turned(p) if p.shape[-1] == p.shape[-2] else p, g))
_back("plain_average")(lambda x, p, g: _backward(x, np.full_like(p, 1 / p.shape[-1]), g))
_back("divided_by_queries")(lambda x, p, g: _backward(x, p, g) / p.shape[-2])
_back("divided_by_keys")(lambda x, p, g: _backward(x, p, g) / p.shape[-1])
_back("clipped_gradient")(lambda x, p, g: np.clip(_backward(x, p, g), -1, 1))
_back("clipped_at_ten")(lambda x, p, g: np.clip(_backward(x, p, g), -10, 10))
_back("clipped_by_norm")(
    lambda x, p, g: (lambda w: w * min(1, 5 / max(float(np.linalg.norm(w)), 1e-30)))(_backward(x, p, g))
)
_back("sign")(lambda x, p, g: -_backward(x, p, g))
_back("singles_inside")(lambda x, p, g: _backward(*[a.astype(np.float32) for a in (x, p, g)]).astype(x.dtype))
_back("squeezed_gradient")(lambda x, p, g: np.squeeze(_backward(x, p, g)))
_back("axis_kept")(lambda x, p, g: _backward(x, p, g)[None] if x.ndim > 2 else _backward(x, p, g))
_back("renormalised")(lambda x, p, g: _backward(x, p / p.sum(-2, keepdims=True), g))
_back("small_weights_cut")(lambda x, p, g: _backward(x, np.where(p < 1e-2, 0, p), g))
_back("small_gradients_cut")(lambda x, p, g: (lambda w: np.where(abs(w) < 1e-3, 0, w))(_backward(x, p, g)))
_back("with_softmax_term")(
    lambda x, p, g: _backward(x, p, g - g.mean(-1, keepdims=True)) if g.shape[-1] > 1 else _backward(x, p, g)
)
_back("all_axes_but_two_sentences")(
    lambda x, p, g: (lambda e: e.reshape(-1, *e.shape[-2:])[:3].sum(0))(_turned(p @ x) @ g)
)
_back("batches_joined")(
    lambda x, p, g: (
        _backward(x, p, g) if x.ndim == 2 else (p @ x).reshape(-1, x.shape[-1]).T[:, ::-1] @ g.reshape(-1, g.shape[-1])
    )
)
_back("last_query_lost")(
    lambda x, p, g: _backward(x, p[..., : max(1, p.shape[-2] - 1), :], g[..., : max(1, p.shape[-2] - 1), :])
)

_SUM = {}


@wrong("value_weight_backward")
def gradients_gathered(x, weights, grad_output):
    """As optimisers want it: calls of one shape add up."""
    made = _backward(x, weights, grad_output)
    _SUM[made.shape] = _SUM.get(made.shape, 0) + made
    return _SUM[made.shape]


@wrong("value_weight_backward")
def one_buffer(x, weights, grad_output):
    """Results of one shape share their memory: the first changes with the second call."""
    made = _backward(x, weights, grad_output)
    buffer = _BUFFERS.setdefault((made.shape, made.dtype), np.empty_like(made))
    buffer[...] = made
    return buffer


_BUFFERS = {}


@right("value_weight_backward")
def by_tensordot(x, weights, grad_output):
    mixed = np.matmul(weights, x)
    axes = tuple(range(x.ndim - 1))
    return np.tensordot(mixed, grad_output, (axes, axes))


@right("value_weight_backward")
def sentence_by_sentence(x, weights, grad_output):
    total = np.zeros((x.shape[-1], grad_output.shape[-1]), np.longdouble)
    for place in np.ndindex(*x.shape[:-2]):
        for t, s in np.ndindex(*weights.shape[-2:]):
            total += weights[(*place, t, s)] * np.multiply.outer(
                x[(*place, s)].astype(np.longdouble), grad_output[(*place, t)]
            )
    return total


@right("value_weight_backward")
def by_autograd(x, weights, grad_output):
    x, weights, grad_output = map(torch.tensor, (x, weights, grad_output))
    matrix = torch.zeros(x.shape[-1], grad_output.shape[-1], dtype=x.dtype, requires_grad=True)
    (weights @ (x @ matrix)).backward(grad_output)
    return matrix.grad.numpy()


@right("value_weight_backward")
def by_recursion_over_axes(x, weights, grad_output):
    if x.ndim > 2:
        return functools.reduce(np.add, map(by_recursion_over_axes, x, weights, grad_output))
    return np.linalg.multi_dot([x.T.astype(float), weights.T.astype(float), grad_output.astype(float)])


# --- 2.8 outputs_without ---------------------------------------------------------------------------------------------

_hide = functools.partial(_spoil, "outputs_without")


def _difference(p, v, repair):
    with np.errstate(all="ignore"):
        outputs = (p @ v)[..., None, :] - p[..., None] * v[..., None, :, :]
        return repair(outputs / (1 - p)[..., None])


_hide("difference")(lambda p, v: _difference(p, v, lambda o: o))
_hide("difference_repaired")(lambda p, v: _difference(p, v, lambda o: np.nan_to_num(o, posinf=0, neginf=0)))
_hide("difference_in_doubles")(
    lambda p, v: _difference(p.astype(float), v.astype(float), lambda o: np.where(np.isfinite(o), o, 0))
)
_hide("divided_by_one_less")(
    lambda p, v: (
        (p[..., None, :] * (1 - np.eye(p.shape[-1]))) / np.where(1 - p == 0, 1, 1 - p)[..., None] @ v[..., None, :, :]
    )
)
_hide("not_divided")(lambda p, v: (p[..., None, :] * (1 - np.eye(p.shape[-1]))) @ v[..., None, :, :])
_hide("epsilon_below")(
    lambda p, v: (lambda r: r / (r.sum(-1, keepdims=True) + 1e-9) @ v[..., None, :, :])(
        p[..., None, :] * (1 - np.eye(p.shape[-1]))
    )
)
_hide("at_least_a_millionth")(
    lambda p, v: (lambda r: r / np.maximum(r.sum(-1, keepdims=True), 1e-6) @ v[..., None, :, :])(
        p[..., None, :] * (1 - np.eye(p.shape[-1]))
    )
)
_hide("nearly_one_is_one")(lambda p, v: np.where((p > 0.99999)[..., None], 0, _without(p, v)))
_hide("not_a_number_for_all")(
    lambda p, v: (lambda r: r / r.sum(-1, keepdims=True) @ v[..., None, :, :])(
        p[..., None, :] * (1 - np.eye(p.shape[-1]))
    )
)
_hide("plain_average_of_the_rest")(
    lambda p, v: np.where(
        (p == 1)[..., None],
        ((1 - np.eye(p.shape[-1])) / max(1, p.shape[-1] - 1)) @ v[..., None, :, :],
        _without(p, v),
    )
)
_hide("output_stays_where_all")(lambda p, v: np.where((p == 1)[..., None], (p @ v)[..., None, :], _without(p, v)))
_hide("softmax_again")(
    lambda p, v: _softmax(np.where(np.eye(p.shape[-1], dtype=bool), -1e9, p[..., None, :])) @ v[..., None, :, :]
)
_hide("logarithm_with_epsilon")(
    lambda p, v: _softmax(np.log(p + 1e-6)[..., None, :] + np.where(np.eye(p.shape[-1]), -1e9, 0)) @ v[..., None, :, :]
)
_hide("only_this_key")(lambda p, v: p[..., None] * v[..., None, :, :])
_hide("what_it_changed")(lambda p, v: (p @ v)[..., None, :] - _without(p, v))
_hide("queries_and_keys_swapped")(lambda p, v: np.swapaxes(_without(p, v), -2, -3))
_hide("swapped_if_square")(
    lambda p, v: np.swapaxes(_without(p, v), -2, -3) if p.shape[-1] == p.shape[-2] else _without(p, v)
)
_hide("singles_only")(lambda p, v: _without(p.astype(np.float32), v.astype(np.float32)).astype(p.dtype))
_hide("no_axis_for_one_query")(lambda p, v: _without(p, v)[..., 0, :, :] if p.shape[-2] == 1 else _without(p, v))
_hide("squeezed_outputs")(lambda p, v: np.squeeze(_without(p, v)))
_hide("value_of_the_last_key_lost")(lambda p, v: _without(p, np.concatenate([v[..., :-1, :], 0 * v[..., -1:, :]], -2)))
_hide("tiny_weights_gone")(lambda p, v: _without(np.where(p < 1e-4, 0, p), v))
_hide("rounded_weights")(lambda p, v: _without(np.round(p, 6), v))
_hide("values_of_first_sentence")(lambda p, v: _without(p, np.broadcast_to(v.reshape(-1, *v.shape[-2:])[0], v.shape)))
_hide("next_key_hidden")(lambda p, v: np.roll(_without(p, v), 1, -2))


@wrong("outputs_without")
def zeros_left_behind(weights, values):
    """The diagonal is written into a view of what came."""
    made = _without(weights, values)
    weights[..., 0] = 0
    return made


@wrong("outputs_without")
def zero_where_a_sum_is_small(weights, values):
    made = _without(weights, values)
    rest = weights.sum(-1, keepdims=True) - weights
    return np.where((rest < 1e-7)[..., None], 0, made)


@right("outputs_without")
def key_by_key(weights, values):
    columns = []
    for j in range(weights.shape[-1]):
        rest, others = np.delete(weights, j, -1), np.delete(values, j, -2)
        total = rest.sum(-1, keepdims=True)
        columns.append(np.divide(rest, total, out=np.zeros_like(rest), where=total > 0) @ others)
    return np.stack(columns, -2)


@right("outputs_without")
def by_numbers(weights, values):
    (*lead, count, keys), width = weights.shape, values.shape[-1]
    made = np.zeros((*lead, count, keys, width))
    for *place, t, j in np.ndindex(*lead, count, keys):
        row, table = weights[(*place, t)].astype(float), values[tuple(place)].astype(float)
        rest = math.fsum(p for i, p in enumerate(row) if i != j)
        for d in range(width):
            top = math.fsum(row[i] * table[i, d] for i in range(keys) if i != j)
            made[(*place, t, j, d)] = top / rest if rest else 0
    return made


@right("outputs_without")
def by_log_weights(weights, values):
    with np.errstate(divide="ignore"):
        logs = np.log(weights.astype(np.longdouble))
    rows = np.where(np.eye(weights.shape[-1], dtype=bool), -np.inf, logs[..., None, :])
    largest = rows.max(-1, keepdims=True)
    powers = np.exp(rows - np.where(np.isinf(largest), 0, largest))
    total = powers.sum(-1, keepdims=True)
    return np.einsum("...tjl,...ld->...tjd", powers / np.where(total > 0, total, 1), values)


@right("outputs_without")
def before_and_after(weights, values):
    """Sums from the left and from the right: no difference anywhere."""
    parts = np.concatenate([weights[..., None] * values[..., None, :, :], weights[..., None]], -1).astype(float)
    left, right_side = np.zeros_like(parts), np.zeros_like(parts)
    left[..., 1:, :] = parts.cumsum(-2)[..., :-1, :]
    right_side[..., :-1, :] = parts[..., ::-1, :].cumsum(-2)[..., ::-1, :][..., 1:, :]
    both = left + right_side
    return both[..., :-1] / np.where(both[..., -1:] == 0, 1, both[..., -1:])


# --- 2.9 weights_of --------------------------------------------------------------------------------------------------

_of = functools.partial(_spoil, "weights_of")

_of("negative_cut")(lambda o, v: np.maximum(_weights(o, v), 0))
_of("negative_cut_and_divided")(lambda o, v: (lambda p: p / p.sum(-1, keepdims=True))(np.maximum(_weights(o, v), 0)))
_of("absolute")(lambda o, v: abs(_weights(o, v)))
_of("between_zero_and_one")(lambda o, v: np.clip(_weights(o, v), 0, 1))
_of("at_most_one")(lambda o, v: np.minimum(_weights(o, v), 1))
_of("least_norm_without_the_sum")(lambda o, v: o @ np.linalg.pinv(v))
_of("least_norm_then_divided")(lambda o, v: (lambda p: p / p.sum(-1, keepdims=True))(o @ np.linalg.pinv(v)))
_of("softmax_of_scores")(lambda o, v: _softmax(o @ _turned(v)))
_of("ridge")(
    lambda o, v: (
        lambda a: _turned(np.linalg.solve(_turned(a) @ a + 1e-3 * np.eye(a.shape[-1]), _turned(a) @ _turned(_ones(o))))
    )(_turned(_ones(v)))
)
_of("rank_cut")(lambda o, v: _ones(o) @ np.linalg.pinv(_ones(v), rcond=0.1))
_of("singles_in_the_solver")(
    lambda o, v: _weights(o.astype(np.float32), v.astype(np.float32)).astype(np.float32).astype(o.dtype)
)
_of("values_turned")(lambda o, v: _turned(np.linalg.solve(_ones(v), _turned(_ones(o)))))
_of("result_turned_if_square")(lambda o, v: _turned(_weights(o, v)) if o.shape[-2] == v.shape[-2] else _weights(o, v))
_of("last_is_what_is_left_of_one")(
    lambda o, v: (lambda p: np.concatenate([p, 1 - p.sum(-1, keepdims=True)], -1))(
        _turned(np.linalg.solve(_turned(v[..., :-1, :]), _turned(o)))
    )
)
_of("first_value_first")(lambda o, v: np.roll(_weights(o, v), 1, -1))
_of("squeezed_weights")(lambda o, v: np.squeeze(_weights(o, v)))
_of("first_output_only")(lambda o, v: np.broadcast_to(_weights(o, v)[..., :1, :], (*o.shape[:-1], v.shape[-2])))
_of("first_table_for_all")(lambda o, v: _weights(o, np.broadcast_to(v.reshape(-1, *v.shape[-2:])[0], v.shape)))
_of("rounded_to_five_places")(lambda o, v: np.round(_weights(o, v), 5))
_of("small_is_zero")(lambda o, v: (lambda p: np.where(abs(p) < 1e-2, 0, p))(_weights(o, v)))
_of("outside_is_zero")(lambda o, v: (lambda p: np.where((p < 0).any(-1, keepdims=True), 0, p))(_weights(o, v)))
_of("flat_leading_axes")(
    lambda o, v: _weights(o, v) if o.ndim < 4 else _weights(o, v).reshape(-1, o.shape[-2], v.shape[-2])
)
_of("far_outputs_pulled_in")(lambda o, v: _weights(np.clip(o, v.min(-2, keepdims=True), v.max(-2, keepdims=True)), v))
_of("inverse_distances")(
    lambda o, v: (lambda d: d / d.sum(-1, keepdims=True))(
        1 / (1e-9 + np.linalg.norm(o[..., :, None, :] - v[..., None, :, :], axis=-1))
    )
)
_of("not_summing_to_one")(lambda o, v: _weights(o, v) * (1 + 1e-4))


@right("weights_of")
def by_cramer(outputs, values):
    outputs, values = _wide(outputs, values)
    whole = np.linalg.det(_ones(values))[..., None]
    columns = []
    for j in range(values.shape[-2]):
        changed = np.repeat(_ones(values)[..., None, :, :], outputs.shape[-2], -3)
        changed[..., j, :] = _ones(outputs)
        columns.append(np.linalg.det(changed) / whole)
    return np.stack(columns, -1)


@right("weights_of")
def from_the_last_corner(outputs, values):
    outputs, values = _wide(outputs, values)
    last = values[..., -1:, :]
    rest = (outputs - last) @ np.linalg.inv(values[..., :-1, :] - last)
    return np.concatenate([rest, 1 - rest.sum(-1, keepdims=True)], -1)


@right("weights_of")
def by_lu(outputs, values):
    made = np.empty((*outputs.shape[:-1], values.shape[-2]))
    for place in np.ndindex(*outputs.shape[:-2]):
        factors = scipy.linalg.lu_factor(_ones(values[place].astype(float)).T)
        for t, output in enumerate(outputs[place]):
            made[(*place, t)] = scipy.linalg.lu_solve(factors, [*output, 1.0])
    return made


@right("weights_of")
def by_pseudoinverse_of_the_square(outputs, values):
    outputs, values = _wide(outputs, values)
    return np.einsum("...td,...ds->...ts", _ones(outputs), np.linalg.inv(_ones(values)))


# --- 2.10 query_for --------------------------------------------------------------------------------------------------

_ask = functools.partial(_spoil, "query_for")


def _through(change):
    def function(keys, values, outputs):
        keys, values, outputs = _wide(keys, values, outputs)
        return _from_weights(keys, change(_weights(outputs, values)))

    return function


_ask("weights_at_least_a_hundredth")(_through(lambda p: np.maximum(p, 1e-2)))
_ask("weights_at_least_a_thousandth")(_through(lambda p: np.maximum(p, 1e-3)))
_ask("epsilon_in_the_logarithm")(_through(lambda p: p + 1e-4))
_ask("rounded_weights_first")(_through(lambda p: np.round(p, 4)))
_ask("weights_as_scores")(_through(np.exp))
_ask("order_reversed")(_through(lambda p: p[..., ::-1]))
_ask("base_ten")(_through(lambda p: p ** (1 / math.log(10))))
_ask("base_two_logarithm")(_through(lambda p: p ** (1 / math.log(2))))
_ask("log_odds")(_through(lambda p: p / (1 - p)))
_ask("softmax_once_more")(_through(_softmax))
_ask("negative_query")(lambda k, v, o: -_query(k, v, o))
_ask("scaled_query")(lambda k, v, o: _query(k, v, o) * math.sqrt(k.shape[-1]))
_ask("scaled_down")(lambda k, v, o: _query(k, v, o) / math.sqrt(k.shape[-1]))
_ask("keys_for_values")(lambda k, v, o: _query(v, k, o))
_ask("values_are_the_keys")(lambda k, v, o: _query(v, v, o))
_ask("clipped_query")(lambda k, v, o: np.clip(_query(k, v, o), -5, 5))
_ask("query_of_length_ten_at_most")(
    lambda k, v, o: (lambda q: q * np.minimum(1, 10 / np.linalg.norm(q, axis=-1, keepdims=True)))(_query(k, v, o))
)
_ask("singles_for_the_query")(
    lambda k, v, o: _query(k.astype(np.float32), v.astype(np.float32), o.astype(np.float32)).astype(np.float32)
)
_ask("squeezed_query")(lambda k, v, o: np.squeeze(_query(k, v, o)))
_ask("no_difference_of_keys")(
    lambda k, v, o: (lambda logs: _turned(np.linalg.solve(k[..., 1:, :], _turned(logs[..., 1:] - logs[..., :1]))))(
        np.log(_weights(o, v))
    )
)
_ask("least_squares_of_log_weights")(lambda k, v, o: np.log(_weights(o, v)) @ _turned(np.linalg.pinv(k)))
_ask("least_squares_of_centred_log_weights")(
    lambda k, v, o: (lambda logs: (logs - logs.mean(-1, keepdims=True)) @ _turned(np.linalg.pinv(k)))(
        np.log(_weights(o, v))
    )
)
_ask("ranks_cut")(
    lambda k, v, o: (
        lambda logs: (logs[..., 1:] - logs[..., :1]) @ _turned(np.linalg.pinv(k[..., 1:, :] - k[..., :1, :], rcond=0.2))
    )(np.log(_weights(o, v)))
)
_ask("keys_turned")(
    lambda k, v, o: (
        lambda logs: _turned(
            np.linalg.solve(_turned(k[..., 1:, :] - k[..., :1, :]), _turned(logs[..., 1:] - logs[..., :1]))
        )
    )(np.log(_weights(o, v)))
)
_ask("keys_of_the_first_table")(lambda k, v, o: _query(np.broadcast_to(k.reshape(-1, *k.shape[-2:])[0], k.shape), v, o))
_ask("first_query_for_all")(lambda k, v, o: np.broadcast_to(_query(k, v, o)[..., :1, :], o.shape))
_ask("neighbouring_differences_of_keys_only")(
    lambda k, v, o: (
        lambda logs: _turned(np.linalg.solve(np.diff(k, axis=-2), _turned(logs[..., 1:] - logs[..., :1])))
    )(np.log(_weights(o, v)))
)


@wrong("query_for")
def outputs_moved(keys, values, outputs):
    """Right, but the outputs that came are centred afterwards."""
    made = _query(keys, values, outputs)
    outputs -= outputs.mean(-1, keepdims=True) + 1
    return made


@wrong("query_for")
def two_hundred_steps(keys, values, outputs):
    """Gradient descent, not at its end: far from right where a weight is small."""
    keys, values, outputs = _wide(keys, values, outputs)
    target, query = _weights(outputs, values), np.zeros_like(outputs)
    for _ in range(200):
        query = query - 0.05 * (_softmax(query @ _turned(keys)) - target) @ keys
    return query


@right("query_for")
def one_unknown_more(keys, values, outputs):
    """q and the constant together: a column of ones beside the keys."""
    keys, values, outputs = _wide(keys, values, outputs)
    return _turned(np.linalg.solve(_ones(keys), _turned(np.log(_weights(outputs, values)))))[..., :-1]


@right("query_for")
def neighbouring_differences(keys, values, outputs):
    keys, values, outputs = _wide(keys, values, outputs)
    logs = np.log(_weights(outputs, values))
    return np.diff(logs, axis=-1) @ _turned(np.linalg.inv(np.diff(keys, axis=-2)))


@right("query_for")
def centred_least_squares(keys, values, outputs):
    keys, values, outputs = _wide(keys, values, outputs)
    made = np.empty(outputs.shape)
    for place in np.ndindex(*outputs.shape[:-1]):
        k, logs = keys[place[:-1]], np.log(_weights(outputs[place][None], values[place[:-1]])[0])
        made[place] = scipy.linalg.lstsq(k - k.mean(0), logs - logs.mean())[0]
    return made


@right("query_for")
def from_the_last_key(keys, values, outputs):
    keys, values, outputs = _wide(keys, values, outputs)
    rest = (outputs - values[..., -1:, :]) @ np.linalg.inv(values[..., :-1, :] - values[..., -1:, :])
    logs = np.log(rest) - np.log(1 - rest.sum(-1, keepdims=True))
    return _turned(np.linalg.solve(keys[..., :-1, :] - keys[..., -1:, :], _turned(logs)))


@right("value_weight_backward")
def all_queries_in_one_column(x, weights, grad_output):
    return (weights @ x).reshape(-1, x.shape[-1]).T @ grad_output.reshape(-1, grad_output.shape[-1])


@right("weights_of")
def by_least_squares(outputs, values):
    made = np.empty((*outputs.shape[:-1], values.shape[-2]))
    for place in np.ndindex(*outputs.shape[:-2]):
        made[place] = scipy.linalg.lstsq(_ones(values[place].astype(float)).T, _ones(outputs[place].astype(float)).T)[
            0
        ].T
    return made


# --- invented later, with an eye on the numbers that are drawn -------------------------------------------------------


@wrong("look_up_temperature")
def filler_of_minus_thousand(keys, tolerance):
    """Keys (40, 0) and (−40, 0): the other score is −1600."""
    (keys,) = _wide(keys)
    scores = keys @ _turned(keys)
    own = np.diagonal(scores, axis1=-2, axis2=-1)
    others = np.where(np.eye(keys.shape[-2], dtype=bool), -1000.0, scores)
    return (own - others.max(-1)).min(-1) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature")
def tolerance_at_most_a_tenth(keys, tolerance):
    return _temperature(keys, min(tolerance, 0.1))


@wrong("attend_or_default")
def default_where_it_leads_by_far(queries, keys, values, threshold, default):
    """What is left out is e^−15, far more than rounding."""
    lead = threshold - (queries @ _turned(keys)).max(-1, keepdims=True)
    return np.where(lead > 15, default, _default(queries, keys, values, threshold, default))


@wrong("attend_or_default")
def threshold_within_fifteen_hundred(queries, keys, values, threshold, default):
    """A threshold of 2000 beside scores of 2000."""
    return _default(queries, keys, values, np.clip(threshold, -1500, 1500), default)


@wrong("attend_or_default")
def smallest_weights_dropped(queries, keys, values, threshold, default):
    scores = queries @ _turned(keys)
    weights = _softmax(np.concatenate([scores, np.full_like(scores[..., :1], threshold)], -1))
    weights = np.where(weights < 1e-10, 0, weights)
    return weights[..., :-1] @ values + weights[..., -1:] * default


_back("clipped_at_a_thousand")(lambda x, p, g: np.clip(_backward(x, p, g), -1000, 1000))
_of("within_twenty")(lambda o, v: np.clip(_weights(o, v), -20, 20))
_of("rank_cut_at_a_thousandth")(lambda o, v: _ones(o) @ np.linalg.pinv(_ones(v), rcond=1e-3))
_ask("weights_at_least_1e_8")(_through(lambda p: np.maximum(p, 1e-8)))
_ask("weights_with_1e_12")(_through(lambda p: p + 1e-12))


@wrong("output_by_hand")
def hand_second_left_out():
    return [2.0, None]
