"""More answers to the exercises of chapter 0, invented by somebody who had read the checks and looked for gaps in them.

The docstring of a wrong one says where it differs from the right result.
"""

import numpy as np

from attention.frameworks import tf, torch
from tests.checks.invented_00 import (
    _backward,
    _folded,
    _gradients,
    _layers,
    _limit,
    _moved,
    _standard,
    _standard_pt,
    _trained,
    _with_ones,
)
from tests.checks.register import Answers

answers = Answers("00")
wrong, right = answers.unlisted, answers.right


# --- 0.3 standardise -------------------------------------------------------------------------------------------------


@wrong("standardise")
def at_most_ten(rows):
    """One number that stands out of more than 101."""
    return _standard(rows).clip(-10, 10)


@wrong("standardise")
def very_small_ones_are_none(rows):
    """A number next to the mean."""
    z = _standard(rows)
    return np.where(np.abs(z) < 1e-6, 0, z)


@wrong("standardise")
def rows_that_hardly_differ_are_none(rows):
    """A spread of 5e-5 gives numbers of 0.016."""
    return np.where(rows.std(-1, keepdims=True) < 1e-4, 0, _standard(rows))


@wrong("standardise")
def seven_digits_of_the_deviation(rows):
    """Everywhere, by less than 1e-7."""
    centred = rows - rows.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5).round(7)


@wrong("standardise")
def epsilon_of_single_precision(rows):
    """float32's 1e-5 is 2.5e-13 too small: rows that hardly differ."""
    centred = rows - rows.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + np.float64(np.float32(1e-5)))


@wrong("standardise")
def every_set_like_its_first_where_long(rows):
    """More than 20 sets: the statistics of the first 20 go round."""
    if rows.ndim < 3 or len(rows) <= 20:
        return _standard(rows)
    return _standard(np.concatenate([rows[:20], rows[: len(rows) - 20]]))


@wrong("standardise")
def by_group_of_two(rows):
    """An odd number of leading axes: reads them in pairs."""
    return _standard(rows) if rows.ndim % 2 == 0 else _standard(rows[::-1])


@wrong("standardise", "pytorch")
def group_norm(rows):
    """Rows of one number: PyTorch wants more than one to normalise."""
    flat = rows.reshape(1, -1, rows.shape[-1])
    return torch.nn.functional.group_norm(flat, flat.shape[1]).reshape(rows.shape)


@wrong("standardise", "pytorch")
def gradient_only_where_it_is_small(rows):
    """A number that stands out: the hook empties what is above 100."""
    rows = rows * 1
    if rows.requires_grad:
        rows.register_hook(lambda g: torch.where(g.abs() > 100, torch.zeros_like(g), g))
    return _standard_pt(rows)


@wrong("standardise", "pytorch")
def last_row_without_gradient(rows):
    """The last row of each set."""
    return torch.cat([_standard_pt(rows[..., :-1, :]), _standard_pt(rows[..., -1:, :].detach())], -2)


@wrong("standardise", "tensorflow")
def gradient_of_equal_rows_by_no_nan(rows):
    """The gradient of equal numbers is cut where the variance is 0."""
    centred = rows - tf.reduce_mean(rows, -1, keepdims=True)
    variance = tf.reduce_mean(centred**2, -1, keepdims=True)
    return tf.where(variance == 0, tf.zeros_like(rows), centred / tf.sqrt(variance + 1e-5))


@right("standardise", "pytorch")
def layer_norm_without_weights(rows):
    return torch.nn.LayerNorm(rows.shape[-1], elementwise_affine=False)(rows)


@right("standardise", "pytorch")
def vmapped_rows(rows):
    one = lambda row: (row - row.mean()) / torch.sqrt(row.var(correction=0) + 1e-5)
    return torch.func.vmap(one)(rows.reshape(-1, rows.shape[-1])).view(rows.shape)


@right("standardise", "tensorflow")
def by_squared_difference(rows):
    mean = tf.reduce_mean(rows, axis=-1, keepdims=True)
    variance = tf.reduce_mean(tf.math.squared_difference(rows, mean), axis=-1, keepdims=True)
    return (rows - mean) / (variance + tf.constant(1e-5, rows.dtype)) ** 0.5


@right("standardise")
def with_the_epsilon_as_two_more_numbers(rows):
    apart = rows - rows.mean(-1, keepdims=True)
    size = rows.shape[-1]
    more = np.full((*rows.shape[:-1], 1), np.sqrt(1e-5 * size))
    return apart * np.sqrt(size) / np.linalg.norm(np.concatenate([apart, more], -1), axis=-1, keepdims=True)


# --- 0.4 layer_for_each ----------------------------------------------------------------------------------------------


@wrong("layer_for_each")
def small_results_are_none(rows, weights, biases):
    """Results below 1e-3."""
    y = _layers(rows, weights, biases)
    return np.where(np.abs(y) < 1e-3, 0, y)


@wrong("layer_for_each")
def at_most_a_hundred(rows, weights, biases):
    """Large numbers."""
    return _layers(rows, weights, biases).clip(-100, 100)


@wrong("layer_for_each")
def rounded_to_eight(rows, weights, biases):
    """Numbers of more digits."""
    return _layers(rows, weights, biases).round(8)


@wrong("layer_for_each")
def first_thirty_two(rows, weights, biases):
    """More than 32 sentences: the weights begin again."""
    if weights.ndim == 3 and len(weights) > 32:
        weights = np.concatenate([weights[:32], weights[: len(weights) - 32]])
    return _layers(rows, weights, biases)


@wrong("layer_for_each", "tensorflow")
def biases_by_the_first_axis(rows, weights, biases):
    """Two leading axes: sentences of one group share the bias of the first."""
    if len(biases.shape) > 2:
        biases = tf.broadcast_to(biases[..., :1, :], tf.shape(biases))
    return _layers(rows, weights, biases)


@right("layer_for_each", "pytorch")
def by_flat_bmm(rows, weights, biases):
    flat = torch.bmm(rows.reshape(-1, *rows.shape[-2:]), weights.reshape(-1, *weights.shape[-2:]))
    return flat.view(*rows.shape[:-1], -1) + biases[..., None, :]


@right("layer_for_each")
def by_matmul_into_biases(rows, weights, biases):
    result = np.repeat(biases[..., None, :], rows.shape[-2], axis=-2)
    result += np.matmul(rows, weights)
    return result


# --- 0.5 tanh_layer_backward -----------------------------------------------------------------------------------------


@wrong("tanh_layer_backward")
def weights_between_two(rows, weight, bias, upstream):
    """A weight beyond ±2."""
    return _backward(rows, weight.clip(-2, 2), bias, upstream)


@wrong("tanh_layer_backward")
def bias_between_two(rows, weight, bias, upstream):
    """A bias beyond ±2."""
    return _backward(rows, weight, bias.clip(-2, 2), upstream)


@wrong("tanh_layer_backward")
def nothing_arrives_nothing_leaves(rows, weight, bias, upstream):
    """Rows to which a 0 arrives get nothing, though the other numbers of the row arrive."""
    empty = (upstream == 0).any(-1, keepdims=True)
    return _backward(rows, weight, bias, np.where(empty, 0, upstream))


@wrong("tanh_layer_backward")
def clipped_gradients(rows, weight, bias, upstream):
    """Large gradients."""
    return tuple(g.clip(-1e4, 1e4) for g in _backward(rows, weight, bias, upstream))


@right("tanh_layer_backward")
def a_list(rows, weight, bias, upstream):
    return list(_backward(rows, weight, bias, upstream))


@right("tanh_layer_backward")
def by_tensorflow(rows, weight, bias, upstream):
    x, w, b = (tf.constant(a) for a in (rows, weight, bias))
    with tf.GradientTape() as tape:
        tape.watch([x, w, b])
        y = tf.tanh(tf.tensordot(x, w, 1) + b)
    return tuple(g.numpy() for g in tape.gradient(y, [x, w, b], output_gradients=tf.constant(upstream)))


# --- 0.6 train_layer -------------------------------------------------------------------------------------------------


def _stopping(when):
    def stopping(rows, right, weight, bias, rate, steps):
        before = None
        for _ in range(steps):
            loss = ((rows @ weight + bias - right) ** 2).mean()
            if before is not None and when(before, loss):
                break
            before = loss
            weight, bias = _trained(rows, right, weight, bias, rate, 1)
        return weight.clone(), bias.clone()

    return stopping


for _name, _way in {
    "stops_when_the_loss_hardly_changes": _stopping(lambda before, loss: abs(before - loss) < 1e-8),
    "stops_when_the_loss_is_very_small": _stopping(lambda before, loss: loss < 1e-9),
    "stops_when_the_loss_is_very_large": _stopping(lambda before, loss: loss > 1e6),
}.items():

    def _answer(rows, right, weight, bias, rate, steps, way=_way):
        return way(rows, right, weight, bias, rate, steps)

    _answer.__name__ = _name
    wrong("train_layer", "pytorch")(_answer)


@wrong("train_layer", "pytorch")
def small_gradients_are_none(rows, right, weight, bias, rate, steps):
    """Nearly right from the start."""
    for _ in range(steps):
        by_weight, by_bias = (torch.where(g.abs() < 1e-7, 0, g) for g in _gradients(rows, right, weight, bias))
        weight, bias = weight - rate * by_weight, bias - rate * by_bias
    return weight.clone(), bias.clone()


@wrong("train_layer", "pytorch")
def clipped_at_a_hundred(rows, right, weight, bias, rate, steps):
    """Large gradients."""
    for _ in range(steps):
        by_weight, by_bias = (g.clamp(-100, 100) for g in _gradients(rows, right, weight, bias))
        weight, bias = weight - rate * by_weight, bias - rate * by_bias
    return weight.clone(), bias.clone()


@wrong("train_layer", "pytorch")
def infinite_rates_are_none(rows, right, weight, bias, rate, steps):
    """Rates above 10."""
    return _trained(rows, right, weight, bias, min(rate, 10), steps)


@right("train_layer", "pytorch")
def views_of_one_matrix(rows, right, weight, bias, rate, steps):
    joined = torch.nn.functional.pad(rows, (0, 1), value=1.0)
    both = torch.vstack([weight, bias])
    for _ in range(steps):
        both = both - (2 * rate / right.numel()) * (joined.T @ (joined @ both - right))
    return both[:-1], both[-1]


@right("train_layer", "pytorch")
def in_one_matrix_power(rows, right, weight, bias, rate, steps):
    """W after n steps is Aⁿ W + (I + A + … + Aⁿ⁻¹) c: one power of a matrix of blocks."""
    joined = torch.nn.functional.pad(rows.double(), (0, 1), value=1.0)
    size, features, factor = joined.shape[1], right.shape[1], 2 * rate / right.numel()
    turn = torch.eye(size, dtype=torch.float64, device=rows.device) - factor * joined.T @ joined
    block = torch.zeros(size + features, size + features, dtype=torch.float64, device=rows.device)
    block[:size, :size], block[:size, size:] = turn, factor * joined.T @ right.double()
    block[size:, size:] = torch.eye(features)
    power = torch.linalg.matrix_power(block, steps)
    both = power[:size, :size] @ torch.vstack([weight, bias]).double() + power[:size, size:]
    return both[:-1].to(weight.dtype), both[-1].to(bias.dtype)


# --- 0.7 fold_layers and 0.8 momentum_step ---------------------------------------------------------------------------


@wrong("fold_layers")
def very_small_ones_are_none_of(first_weight, first_bias, second_weight, second_bias):
    """Results below 1e-4."""
    return tuple(
        np.where(np.abs(r) < 1e-4, 0, r) for r in _folded(first_weight, first_bias, second_weight, second_bias)
    )


@wrong("fold_layers")
def between_a_hundred(first_weight, first_bias, second_weight, second_bias):
    """Large weights."""
    return tuple(r.clip(-100, 100) for r in _folded(first_weight, first_bias, second_weight, second_bias))


@wrong("fold_layers")
def rounded_to_eight_places(first_weight, first_bias, second_weight, second_bias):
    """Numbers of more digits."""
    return tuple(r.round(8) for r in _folded(first_weight, first_bias, second_weight, second_bias))


@right("fold_layers")
def as_a_list(first_weight, first_bias, second_weight, second_bias):
    return [first_weight.T.dot(second_weight.T), np.inner(second_weight, first_bias) + second_bias]


@wrong("momentum_step")
def slow_ones_stop(weight, gradient, velocity, rate, keep):
    """A new velocity below 1e-5."""
    weight, velocity = _moved(weight, gradient, velocity, rate, keep)
    return weight, np.where(np.abs(velocity) < 1e-5, 0, velocity)


@wrong("momentum_step")
def fast_ones_are_held(weight, gradient, velocity, rate, keep):
    """A new velocity above 1000."""
    velocity = (keep * velocity + gradient).clip(-1000, 1000)
    return weight - rate * velocity, velocity


@wrong("momentum_step")
def weights_between_a_hundred(weight, gradient, velocity, rate, keep):
    """Weights beyond ±100."""
    weight, velocity = _moved(weight, gradient, velocity, rate, keep)
    return weight.clip(-100, 100), velocity


@wrong("momentum_step")
def four_axes_at_most(weight, gradient, velocity, rate, keep):
    """Four axes: the last is mixed up."""
    return _moved(weight, gradient[..., ::-1] if gradient.ndim > 3 else gradient, velocity, rate, keep)


@right("momentum_step")
def in_floats_where_there_is_one(weight, gradient, velocity, rate, keep):
    new = keep * velocity + gradient
    return (float(weight - rate * new), float(new)) if weight.ndim == 0 else (weight - rate * new, new)


# --- 0.10 largest_rate -----------------------------------------------------------------------------------------------


def _iterated(start, rounds, within=0.0):
    def iterated(rows, features):
        matrix = _with_ones(rows)
        square, vector, value = matrix.T @ matrix, start(matrix.shape[1]), 0.0
        for _ in range(rounds):
            vector = square @ vector
            vector = vector / np.linalg.norm(vector)
            before, value = value, float(vector @ square @ vector)
            if abs(value - before) < within * value:
                break
        return len(rows) * features / value

    return iterated


for _name, _way in {
    "a_hundred_rounds": _iterated(np.ones, 100),
    "a_thousand_rounds": _iterated(np.ones, 1000),
    "until_nine_digits_stay": _iterated(np.ones, 10000, 1e-9),
    "a_thousand_from_the_first_feature": _iterated(lambda n: np.eye(n)[0], 1000),
}.items():

    def _answer(rows, features, way=_way):
        return way(rows, features)

    _answer.__name__ = _name
    wrong("largest_rate")(_answer)


@wrong("largest_rate")
def at_least_a_millionth(rows, features):
    """Rows of 1e4."""
    return max(1e-6, _limit(rows, features))


@right("largest_rate")
def by_the_bounded_search(rows, features):
    """Between 0 and the largest that it can be, M: where the largest factor of a step is −1."""
    square = _with_ones(rows).T @ _with_ones(rows)
    low, high = 0.0, 1.0 * features
    for _ in range(200):
        rate = (low + high) / 2
        steep = np.linalg.eigvalsh(np.eye(len(square)) - 2 * rate / len(rows) / features * square)[0]
        low, high = (low, rate) if steep < -1 else (rate, high)
    return high


@right("largest_rate")
def by_tensorflow_singular_values(rows, features):
    joined = tf.concat([tf.constant(rows, tf.float64), tf.ones((rows.shape[0], 1), tf.float64)], 1)
    return rows.shape[0] * features / float(tf.reduce_max(tf.linalg.svd(joined, compute_uv=False))) ** 2
