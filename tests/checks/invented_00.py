"""Answers to the exercises of chapter 0, invented from the tasks alone.

The docstring of a wrong one says where it differs from the right result; many are a right answer with one flaw.
"""

import functools
import itertools
import math
import statistics
from collections import namedtuple
from decimal import Decimal
from fractions import Fraction

import scipy.linalg
import scipy.special

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("00")
wrong, right = answers.unlisted, answers.right


# --- right results, to spoil -----------------------------------------------------------------------------------------


def _standard(rows):
    wide = rows.astype(np.float64)
    centred = wide - wide.mean(-1, keepdims=True)
    return (centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)).astype(rows.dtype)


def _standard_pt(rows):
    centred = rows - rows.mean(-1, keepdim=True)
    return centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + 1e-5)


def _standard_tf(rows):
    centred = rows - tf.reduce_mean(rows, -1, keepdims=True)
    return centred / tf.sqrt(tf.reduce_mean(centred**2, -1, keepdims=True) + 1e-5)


def _layers(rows, weights, biases):
    return rows @ weights + biases[..., None, :]


def _backward(rows, weight, bias, upstream, slope=None):
    y = np.tanh(rows @ weight + bias)
    g = upstream * ((1 - y**2) if slope is None else slope)
    flat = g.reshape(-1, g.shape[-1])
    return g @ weight.T, rows.reshape(-1, rows.shape[-1]).T @ flat, flat.sum(0)


def _gradients(rows, right, weight, bias):
    g = 2 / right.numel() * (rows @ weight + bias - right)
    return rows.T @ g, g.sum(0)


def _trained(rows, right, weight, bias, rate, steps):
    weight, bias = weight.clone(), bias.clone()
    for _ in range(steps):
        by_weight, by_bias = _gradients(rows, right, weight, bias)
        weight, bias = weight - rate * by_weight, bias - rate * by_bias
    return weight, bias


def _folded(first_weight, first_bias, second_weight, second_bias):
    return first_weight.T @ second_weight.T, first_bias @ second_weight.T + second_bias


def _moved(weight, gradient, velocity, rate, keep):
    velocity = keep * velocity + gradient
    return weight - rate * velocity, velocity


def _with_ones(rows):
    return np.concatenate([rows.astype(np.float64), np.ones((len(rows), 1))], 1)


def _limit(rows, features):
    return len(rows) * features / np.linalg.norm(_with_ones(rows), 2) ** 2


def _single(*arrays):
    return (a.astype(np.float32) for a in arrays)


# --- 0.1 gradients_by_hand: (−6, 2), (3, −1) and (−3, −7) ------------------------------------------------------------

HAND_WRONG = {
    "a_sum_for_the_mean": [[-12, 4], [6, -2], [-6, -14]],
    "the_square_brings_no_two": [[-3, 1], [1.5, -0.5], [-1.5, -3.5]],
    "rows_through_the_transpose": [[-6, 2], [3, -1], [0, 2]],
    "weight_transposed": [[-6, 3], [2, -1], [-3, -7]],
    "right_minus_what_came": [[6, -2], [-3, 1], [3, 7]],
    "without_the_bias": [[-6, 0], [3, 0], [-3, -9]],
    "forward_through_the_transpose": [[0, 14], [0, -7], [0, 14]],
    "the_row_first": [[-3, -7], [-6, 2], [3, -1]],
    "weight_alone": [[-6, 2], [3, -1]],
    "the_bias_too": [[-6, 2], [3, -1], [-3, -7], [-3, 1]],
    "one_list_of_six": [-6, 2, 3, -1, -3, -7],
    "two_groups": [[[-6, 2], [3, -1]], [-3, -7]],
    "a_pair": ([[-6, 2], [3, -1]], [[-3, -7]]),
    "two_rows_of_three": [[-6, 3, -3], [2, -1, -7]],
    "after_a_step": [[1.6, -0.2], [2.7, 2.1], [2.3, -0.3]],
    "one_sign_wrong": [[-6, 2], [3, 1], [-3, -7]],
    "last_two_swapped": [[-6, 2], [3, -1], [-7, -3]],
    "one_number_missing": [[-6, 2], [3, -1], [-3, math.nan]],
    "a_hundredth_off": [[-6, 2], [3, -1], [-3, -6.99]],
    "as_text": [["-6", "2"], ["3", "-1"], ["-3", "-7"]],
    "with_imaginary_parts": [[-6 + 1j, 2], [3, -1], [-3, -7]],
    "by_name": {"W": [[-6, 2], [3, -1]], "x": [-3, -7]},
    "each_in_its_own_list": [[[-6], [2]], [[3], [-1]], [[-3], [-7]]],
    "what_is_wrong_and_not_its_gradient": [[-3, 1], [-3, 1], [-3, 1]],
    "without_the_sign_of_x": [[-6, 2], [-3, 1], [-3, -7]],
    "ragged": [[-6, 2], [3, -1], [-3]],
    "signs_alone": np.sign([[-6, 2], [3, -1], [-3, -7]]),
}
HAND_RIGHT = {
    "tuples": ((-6, 2), (3, -1), (-3, -7)),
    "fractions": [[Fraction(-6), Fraction(2)], [Fraction(3), Fraction(-1)], [Fraction(-3), Fraction(-7)]],
    "decimals": [[Decimal(-6), Decimal(2)], [Decimal(3), Decimal(-1)], [Decimal(-3), Decimal(-7)]],
    "eight_bits": np.array([[-6, 2], [3, -1], [-3, -7]], np.int8),
    "half_precision": np.array([[-6, 2], [3, -1], [-3, -7]], np.float16),
    "stacked": np.vstack([np.outer([2.0, -1.0], [-3.0, 1.0]), np.array([[1.0, 0], [3, 2]]) @ [-3.0, 1.0]]),
    "a_list_of_arrays": [np.array([-6.0, 2.0]), np.array([3, -1]), (-3.0, np.float32(-7))],
}


answers.by_hand("gradients_by_hand", HAND_WRONG, HAND_RIGHT)


@right("gradients_by_hand")
def by_autograd():
    x = torch.tensor([2.0, -1.0], requires_grad=True)
    weight = torch.tensor([[1.0, 0.0], [3.0, 2.0]], requires_grad=True)
    loss = ((x @ weight + torch.tensor([0.0, 1.0]) - torch.tensor([2.0, -2.0])) ** 2).mean()
    by_x, by_weight = torch.autograd.grad(loss, (x, weight))
    return [*by_weight.tolist(), by_x.tolist()]


# --- 0.3 standardise, NumPy ------------------------------------------------------------------------------------------


def _by(mean, variance, epsilon=1e-5):
    return lambda rows: (rows - mean(rows)) / np.sqrt(variance(rows) + epsilon)


def _mean(rows, axis=-1):
    return rows.mean(axis, keepdims=True)


def _variance(rows, axis=-1, ddof=0):
    return rows.var(axis, keepdims=True, ddof=ddof)


STANDARDISE_WRONG = {
    "columns": _by(lambda x: _mean(x, -2), lambda x: _variance(x, -2)),
    "the_whole_array": _by(lambda x: x.mean(), lambda x: x.var()),
    "the_last_two_axes": _by(lambda x: _mean(x, (-2, -1)), lambda x: _variance(x, (-2, -1))),
    "axis_one": _by(lambda x: _mean(x, 1), lambda x: _variance(x, 1)),  # right for (T, D)
    "axis_two": lambda x: _standard(x) if x.ndim < 3 else _by(lambda x: _mean(x, 2), lambda x: _variance(x, 2))(x),
    "variance_of_the_whole_array": _by(_mean, lambda x: x.var()),
    "mean_of_the_whole_array": _by(lambda x: x.mean(), _variance),
    "one_less": _by(_mean, lambda x: _variance(x, ddof=1) if x.shape[-1] > 1 else 0),
    "epsilon_outside": lambda x: (x - _mean(x)) / (np.sqrt(_variance(x)) + 1e-5),
    "epsilon_squared": _by(_mean, _variance, 1e-10),
    "epsilon_of_keras_and_flax": _by(_mean, _variance, 1e-6),
    "epsilon_of_old_keras": _by(_mean, _variance, 1e-3),
    "epsilon_tiny": _by(_mean, _variance, np.finfo(np.float64).tiny),
    "epsilon_as_a_floor": lambda x: (x - _mean(x)) / np.sqrt(np.maximum(_variance(x), 1e-5)),
    "epsilon_twice": _by(_mean, lambda x: _variance(x) + 1e-5),
    "epsilon_only_for_equal_rows": lambda x: (x - _mean(x)) / np.sqrt(np.where(_variance(x) == 0, 1e-5, _variance(x))),
    "epsilon_in_the_mean": lambda x: (x - _mean(x) + 1e-5) / np.sqrt(_variance(x) + 1e-5),
    "divided_by_the_variance": lambda x: (x - _mean(x)) / (_variance(x) + 1e-5),
    "root_of_the_mean_square": lambda x: x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5),
    "mean_stays": lambda x: x / np.sqrt(_variance(x) + 1e-5),
    "mean_distance": lambda x: (x - _mean(x)) / np.sqrt(np.abs(x - _mean(x)).mean(-1, keepdims=True) ** 2 + 1e-5),
    "median": _by(lambda x: np.median(x, -1, keepdims=True), _variance),
    "norm_for_the_deviation": lambda x: (x - _mean(x)) / np.sqrt(((x - _mean(x)) ** 2).sum(-1, keepdims=True) + 1e-5),
    "single_inside": lambda x: _standard(x.astype(np.float32)).astype(x.dtype),
    "half_as_a_result": lambda x: _standard(x).astype(np.float16),
    "single_as_a_result": lambda x: _standard(x).astype(np.float32),
    "single_mean": _by(lambda x: _mean(x.astype(np.float32)), _variance),  # float64, a million away
    "single_deviation": lambda x: (x - _mean(x)) / np.sqrt(_variance(x).astype(np.float32) + np.float32(1e-5)),
    "rounded_to_six_places": lambda x: _standard(x).round(6),
    "at_most_three": lambda x: _standard(x).clip(-3, 3),  # ten numbers alike and one not
    "at_most_five": lambda x: _standard(x).clip(-5, 5),
    "small_ones_are_none": lambda x: np.where(np.abs(_standard(x)) < 1e-4, 0, _standard(x)),
    "without_axes_of_one": lambda x: np.squeeze(_standard(x)),
    "leading_axes_in_one": lambda x: _standard(x).reshape(-1, x.shape[-1]),
    "rows_of_one_number_kept": lambda x: x if x.shape[-1] == 1 else _standard(x),
    "equal_rows_get_ones": lambda x: np.where(_variance(x) == 0, 1, _standard(x)),
    "no_epsilon_repaired": lambda x: np.nan_to_num(
        (x - _mean(x)) / np.where(_variance(x) == 0, 1, x.std(-1)[..., None])
    ),
    "right_for_squares": lambda x: (x.T - x.mean(-1).T).T if x.ndim > 2 else _standard(x),
    "leading_axes_swapped": lambda x: _standard(x if x.ndim < 4 else x.swapaxes(0, 1)),
    "first_set_alone": lambda x: _standard(x) if x.ndim < 3 else np.broadcast_to(_standard(x[:1]), x.shape).copy(),
    "last_number_not_counted": _by(lambda x: _mean(x[..., :-1] if x.shape[-1] > 1 else x), _variance),
}


def _second_moment(dtype, repair):
    """Rows near each other and a million away."""

    def second_moment(rows):
        wide = rows.astype(dtype or rows.dtype)
        mean = wide.mean(-1, keepdims=True)
        variance = repair((wide * wide).mean(-1, keepdims=True) - mean * mean)
        return ((wide - mean) / np.sqrt(variance + 1e-5)).astype(rows.dtype)

    return second_moment


STANDARDISE_WRONG["second_moment"] = _second_moment(None, lambda v: v)
STANDARDISE_WRONG["second_moment_not_negative"] = _second_moment(None, lambda v: np.maximum(v, 0))
STANDARDISE_WRONG["second_moment_without_a_sign"] = _second_moment(None, np.abs)
STANDARDISE_WRONG["second_moment_in_double"] = _second_moment(np.float64, lambda v: np.maximum(v, 0))
STANDARDISE_WRONG["second_moment_in_longdouble"] = _second_moment(np.longdouble, lambda v: np.maximum(v, 0))


def _named(name, function):
    def answer(rows):
        return function(rows)

    answer.__name__ = name
    return answer


for _name, _value in STANDARDISE_WRONG.items():
    wrong("standardise")(_named(_name, _value))


@wrong("standardise")
def shifted_by_the_mean_of_all(rows):
    """One row a million up, the next a million down: the second moment loses the variance as before."""
    shifted = rows - rows.mean()
    mean = shifted.mean(-1, keepdims=True)
    variance = np.maximum((shifted**2).mean(-1, keepdims=True) - mean**2, 0)
    return (shifted - mean) / np.sqrt(variance + 1e-5)


@wrong("standardise")
def shifted_by_the_first_row(rows):
    """Every column is shifted by another number."""
    return _standard(rows - rows[..., :1, :])


@wrong("standardise")
def in_place(rows):
    """The argument is changed."""
    rows -= rows.mean(-1, keepdims=True)
    rows /= np.sqrt((rows**2).mean(-1, keepdims=True) + 1e-5)
    return rows


@wrong("standardise")
def centres_the_callers(rows):
    """The argument is changed, the result is right."""
    result = _standard(rows)
    rows -= rows.mean(-1, keepdims=True)
    return result


@wrong("standardise")
def one_buffer(rows, buffers={}):  # noqa: B006
    """The first result is overwritten by the second."""
    out = buffers.setdefault((rows.shape, rows.dtype), np.empty_like(rows))
    out[...] = _standard(rows)
    return out


@wrong("standardise")
def remembers_by_shape(rows, seen={}):  # noqa: B006
    """A second array of the same shape."""
    return seen.setdefault((rows.shape, rows.dtype), _standard(rows)).copy()


@wrong("standardise")
def running_mean(rows, state={}):  # noqa: B006
    """The second call: a moving average, as batch normalisation has one."""
    mean = rows.mean(-1, keepdims=True)
    if rows.shape in state:
        mean = 0.9 * state[rows.shape] + 0.1 * mean
    state[rows.shape] = mean
    return (rows - mean) / np.sqrt(_variance(rows) + 1e-5)


@right("standardise")
def in_longdouble(rows):
    wide = rows.astype(np.longdouble)
    return (wide - wide.mean(-1, keepdims=True)) / np.sqrt(wide.var(-1, keepdims=True) + np.longdouble("1e-5"))


@right("standardise")
def row_by_row_with_exact_sums(rows):
    result = np.empty(rows.shape)
    for index in np.ndindex(rows.shape[:-1]):
        numbers = [Fraction(float(number)) for number in rows[index]]
        mean = sum(numbers) / len(numbers)
        deviation = math.sqrt(sum((n - mean) ** 2 for n in numbers) / len(numbers) + Fraction(1, 100000))
        result[index] = [float(n - mean) / deviation for n in numbers]
    return result


@right("standardise")
def by_the_statistics_library(rows):
    def one(row):
        numbers = [float(n) for n in row]
        return (np.array(numbers) - statistics.fmean(numbers)) / math.sqrt(statistics.pvariance(numbers) + 1e-5)

    return np.apply_along_axis(one, -1, rows)


@right("standardise")
def variance_of_all_pairs(rows):
    differences = rows[..., :, None] - rows[..., None, :]
    variance = (differences**2).mean((-2, -1)) / 2
    return differences.mean(-1) / np.sqrt(variance + 1e-5)[..., None]


@right("standardise")
def welford(rows):
    wide, mean, total = rows.astype(np.float64), 0.0, 0.0
    for i in range(rows.shape[-1]):
        step = wide[..., i] - mean
        mean = mean + step / (i + 1)
        total = total + step * (wide[..., i] - mean)
    return (wide - mean[..., None]) / np.sqrt(total / rows.shape[-1] + 1e-5)[..., None]


@right("standardise")
def shifted_by_the_first_number_of_the_row(rows):
    shifted = rows.astype(np.float64) - rows[..., :1]
    mean = np.einsum("...d->...", shifted)[..., None] / rows.shape[-1]
    variance = np.einsum("...d,...d->...", shifted, shifted)[..., None] / rows.shape[-1] - mean**2
    return (shifted - mean) / np.sqrt(np.maximum(variance, 0) + 1e-5)


@right("standardise")
def plainly_in_the_own_type(rows):
    rows = rows - np.mean(rows, axis=-1, keepdims=True)
    return rows / (np.var(rows, axis=-1, keepdims=True) + 1e-5) ** 0.5


@right("standardise")
def through_the_transpose(rows):
    turned = np.moveaxis(rows, -1, 0)
    return np.moveaxis((turned - turned.mean(0)) / np.hypot(turned.std(0), math.sqrt(1e-5)), 0, -1)


# --- 0.3 standardise, PyTorch ----------------------------------------------------------------------------------------


@wrong("standardise", "pytorch")
def bessel(rows):
    return (rows - rows.mean(-1, keepdim=True)) / torch.sqrt(rows.var(-1, keepdim=True) + 1e-5)


@wrong("standardise", "pytorch")
def detached_variance(rows):
    """The gradient alone."""
    centred = rows - rows.mean(-1, keepdim=True)
    return centred / torch.sqrt((centred.detach() ** 2).mean(-1, keepdim=True) + 1e-5)


@wrong("standardise", "pytorch")
def detached_mean(rows):
    """The gradient alone."""
    centred = rows - rows.detach().mean(-1, keepdim=True)
    return centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + 1e-5)


@wrong("standardise", "pytorch")
def through_numpy(rows):
    """No gradient."""
    return torch.from_numpy(_standard(rows.detach().cpu().numpy()))


@wrong("standardise", "pytorch")
@torch.no_grad()
def without_gradient(rows):
    return _standard_pt(rows)


@wrong("standardise", "pytorch")
def a_leaf_of_its_own(rows):
    """The result wants a gradient, but the rows get none."""
    return _standard_pt(rows.detach().clone().requires_grad_())


@wrong("standardise", "pytorch")
def no_gradient_for_batches(rows):
    """Three axes and more."""
    return _standard_pt(rows if rows.ndim < 3 else rows.detach())


@wrong("standardise", "pytorch")
def clipped_gradient(rows):
    """Rows near each other have steep gradients."""
    rows = rows * 1
    if rows.requires_grad:
        rows.register_hook(lambda g: g.clamp(-1, 1))
    return _standard_pt(rows)


@wrong("standardise", "pytorch")
def doubled_gradient(rows):
    result = _standard_pt(rows)
    return 2 * result - result.detach()


@wrong("standardise", "pytorch")
def square_of_the_root(rows):
    """The gradient of equal numbers: 0 · ∞."""
    centred = rows - rows.mean(-1, keepdim=True)
    deviation = (centred**2).mean(-1, keepdim=True).sqrt()
    return centred / (deviation**2 + 1e-5).sqrt()


@wrong("standardise", "pytorch")
def equal_rows_by_where(rows):
    """The gradient of equal numbers; elsewhere the ε is missing too."""
    centred = rows - rows.mean(-1, keepdim=True)
    deviation = (centred**2).mean(-1, keepdim=True).sqrt()
    return torch.where(deviation == 0, torch.zeros_like(centred), centred / deviation)


@wrong("standardise", "pytorch")
def normalised_and_stretched(rows):
    """No ε: rows near each other."""
    centred = rows - rows.mean(-1, keepdim=True)
    return torch.nn.functional.normalize(centred, dim=-1) * rows.shape[-1] ** 0.5


@wrong("standardise", "pytorch")
def layer_norm_of_a_set(rows):
    return torch.nn.functional.layer_norm(rows, rows.shape[-2:])


@wrong("standardise", "pytorch")
def layer_norm_with_another_epsilon(rows):
    return torch.nn.functional.layer_norm(rows, rows.shape[-1:], eps=1e-6)


@wrong("standardise", "pytorch")
def layer_norm_as_a_module(rows):
    """Its weights are float32: float64 rows raise."""
    return torch.nn.LayerNorm(rows.shape[-1])(rows)


@wrong("standardise", "pytorch")
def dim_one(rows):
    """Right for (T, D)."""
    return (rows - rows.mean(1, keepdim=True)) / torch.sqrt(rows.var(1, keepdim=True, correction=0) + 1e-5)


@wrong("standardise", "pytorch")
def keepdim_forgotten(rows):
    """T and D differ, or they do not and columns are meant."""
    return (rows - rows.mean(-1)) / torch.sqrt(rows.var(-1, correction=0) + 1e-5)


@wrong("standardise", "pytorch")
def float_for_double(rows):
    return _standard_pt(rows.float()).to(rows.dtype)


@wrong("standardise", "pytorch")
def bfloat_for_the_deviation(rows):
    centred = rows - rows.mean(-1, keepdim=True)
    return centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + 1e-5).bfloat16().to(rows.dtype)


@wrong("standardise", "pytorch")
def second_moment_by_torch(rows):
    mean = rows.mean(-1, keepdim=True)
    return (rows - mean) / torch.sqrt(((rows**2).mean(-1, keepdim=True) - mean**2).clamp(min=0) + 1e-5)


@wrong("standardise", "pytorch")
def subtracts_from_the_argument(rows):
    """The argument is changed."""
    centred = rows.detach()
    result = _standard_pt(rows.clone())
    centred -= centred.mean(-1, keepdim=True)
    return result


@wrong("standardise", "pytorch")
def clamped_deviation(rows):
    centred = rows - rows.mean(-1, keepdim=True)
    return centred / (centred**2).mean(-1, keepdim=True).clamp(min=1e-5).sqrt()


@right("standardise", "pytorch")
def layer_norm(rows):
    return torch.nn.functional.layer_norm(rows, (rows.size(-1),))


@right("standardise", "pytorch")
def layer_norm_in_double(rows):
    return torch.nn.functional.layer_norm(rows.double(), rows.shape[-1:]).to(rows.dtype)


@right("standardise", "pytorch")
def by_var_mean(rows):
    variance, mean = torch.var_mean(rows, dim=-1, correction=0, keepdim=True)
    return rows.sub(mean).mul(variance.add(1e-5).rsqrt())


@right("standardise", "pytorch")
def by_the_norm(rows):
    centred = rows - rows.mean(-1, keepdim=True)
    return centred / (torch.linalg.vector_norm(centred, dim=-1, keepdim=True) ** 2 / rows.shape[-1] + 1e-5) ** 0.5


@right("standardise", "pytorch")
def row_by_row(rows):
    flat = [_standard_pt(row[None])[0] for row in rows.reshape(-1, rows.shape[-1])]
    return torch.stack(flat).reshape(rows.shape)


# --- 0.3 standardise, TensorFlow -------------------------------------------------------------------------------------


@wrong("standardise", "tensorflow")
def keras_layer(rows):
    """Keras computes in float32, and its ε is 1e-3."""
    return tf.keras.layers.LayerNormalization()(rows)


@wrong("standardise", "tensorflow")
def keras_layer_with_the_epsilon(rows):
    """float64 rows come back as float32."""
    return tf.keras.layers.LayerNormalization(epsilon=1e-5)(rows)


@wrong("standardise", "tensorflow")
def stopped_variance(rows):
    """The gradient alone."""
    centred = rows - tf.reduce_mean(rows, -1, keepdims=True)
    return centred / tf.sqrt(tf.stop_gradient(tf.reduce_mean(centred**2, -1, keepdims=True)) + 1e-5)


@wrong("standardise", "tensorflow")
def stopped_mean(rows):
    """The gradient alone."""
    centred = rows - tf.stop_gradient(tf.reduce_mean(rows, -1, keepdims=True))
    return centred / tf.sqrt(tf.reduce_mean(centred**2, -1, keepdims=True) + 1e-5)


@wrong("standardise", "tensorflow")
def by_numpy(rows):
    """No gradient."""
    return tf.constant(_standard(rows.numpy()))


@wrong("standardise", "tensorflow")
def norm_without_epsilon(rows):
    centred = rows - tf.reduce_mean(rows, -1, keepdims=True)
    return tf.linalg.l2_normalize(centred, axis=-1) * tf.cast(tf.sqrt(float(rows.shape[-1])), rows.dtype)


@wrong("standardise", "tensorflow")
def divided_but_not_by_nothing(rows):
    """No ε."""
    centred = rows - tf.reduce_mean(rows, -1, keepdims=True)
    return tf.math.divide_no_nan(centred, tf.math.reduce_std(rows, -1, keepdims=True))


@wrong("standardise", "tensorflow")
def moments_of_columns(rows):
    mean, variance = tf.nn.moments(rows, [-2], keepdims=True)
    return (rows - mean) / tf.sqrt(variance + 1e-5)


@wrong("standardise", "tensorflow")
def moments_of_a_set(rows):
    mean, variance = tf.nn.moments(rows, [-2, -1], keepdims=True)
    return (rows - mean) / tf.sqrt(variance + 1e-5)


@wrong("standardise", "tensorflow")
def second_moment_by_tensorflow(rows):
    mean = tf.reduce_mean(rows, -1, keepdims=True)
    variance = tf.reduce_mean(rows**2, -1, keepdims=True) - mean**2
    return (rows - mean) / tf.sqrt(tf.nn.relu(variance) + 1e-5)


@wrong("standardise", "tensorflow")
def image_standardisation(rows):
    """A set of rows is one image."""
    shape = tf.shape(rows)
    return tf.reshape(tf.image.per_image_standardization(rows[..., None])[..., 0], shape)


@wrong("standardise", "tensorflow")
def cast_to_single(rows):
    return tf.cast(_standard_tf(tf.cast(rows, tf.float32)), rows.dtype)


@wrong("standardise", "tensorflow")
def squeezed_result(rows):
    return tf.squeeze(_standard_tf(rows))


@wrong("standardise", "tensorflow")
def clipped_gradient_of_tensorflow(rows):
    """Rows near each other have steep gradients."""

    @tf.custom_gradient
    def same(x):
        return tf.identity(x), lambda g: tf.clip_by_value(g, -10, 10)

    return _standard_tf(same(rows))


@right("standardise", "tensorflow")
def by_moments(rows):
    mean, variance = tf.nn.moments(rows, axes=[len(rows.shape) - 1], keepdims=True)
    return (rows - mean) * tf.math.rsqrt(variance + 1e-5)


@right("standardise", "tensorflow")
def by_reduce_variance(rows):
    variance = tf.math.reduce_variance(rows, -1, keepdims=True)
    return tf.divide(tf.subtract(rows, tf.math.reduce_mean(rows, -1, keepdims=True)), tf.sqrt(1e-5 + variance))


@right("standardise", "tensorflow")
def in_double_and_left_there(rows):
    return _standard_tf(tf.cast(rows, tf.float64))


@right("standardise", "tensorflow")
def square_of_the_deviation(rows):
    """TensorFlow's root has the gradient 0 where nothing arrives, at 0 too."""
    centred = rows - tf.reduce_mean(rows, -1, keepdims=True)
    return centred / tf.sqrt(tf.math.reduce_std(rows, -1, keepdims=True) ** 2 + 1e-5)


@right("standardise", "tensorflow")
@tf.function(reduce_retracing=True)
def compiled(rows):
    return _standard_tf(rows)


@right("standardise", "tensorflow")
def place_by_place(rows):
    return tf.stack([_standard_tf(row) for row in tf.unstack(rows, axis=-2)], axis=-2)


# --- 0.4 layer_for_each, NumPy ---------------------------------------------------------------------------------------


def _tiled(rows, weights, biases):
    """More than one sentence of more than one row: the biases come in the wrong order."""
    tiled = np.tile(biases.reshape(-1, biases.shape[-1]), (rows.shape[-2], 1))
    return rows @ weights + tiled.reshape(*rows.shape[:-1], -1)


def _flat(a, axes):
    return a.reshape(-1, *a.shape[a.ndim - axes :])


LAYERS_WRONG = {
    "bias_as_it_is": lambda x, w, b: x @ w + b,
    "bias_one_axis_in_the_second_place": lambda x, w, b: x @ w + (b if b.ndim == 1 else b[:, None]),
    "bias_as_a_column": lambda x, w, b: x @ w + b[..., None],
    "bias_of_the_first_sentence": lambda x, w, b: x @ w + _flat(b, 1)[0],
    "bias_of_the_last_sentence": lambda x, w, b: x @ w + _flat(b, 1)[-1],
    "mean_of_the_biases": lambda x, w, b: x @ w + _flat(b, 1).mean(0),
    "no_bias": lambda x, w, b: x @ w,
    "bias_twice": lambda x, w, b: x @ w + 2 * b[..., None, :],
    "bias_taken_away": lambda x, w, b: x @ w - b[..., None, :],
    "bias_for_the_first_row": lambda x, w, b: x @ w + b[..., None, :] * (np.arange(x.shape[-2]) == 0)[:, None],
    "bias_reversed": lambda x, w, b: x @ w + b[..., None, ::-1],
    "bias_tiled": _tiled,
    "biases_of_the_sentences_reversed": lambda x, w, b: _layers(x, w, b[::-1] if b.ndim > 1 else b),
    "weights_of_the_first_sentence": lambda x, w, b: x @ _flat(w, 2)[0] + b[..., None, :],
    "mean_of_the_weights": lambda x, w, b: x @ _flat(w, 2).mean(0) + b[..., None, :],
    "weights_of_the_first_in_each_group": lambda x, w, b: _layers(x, w[..., :1, :, :] if w.ndim > 3 else w, b),
    "weights_turned_where_square": lambda x, w, b: _layers(
        x, w.swapaxes(-1, -2) if w.shape[-1] == w.shape[-2] else w, b
    ),
    "weights_by_reshape": lambda x, w, b: _layers(x, w.swapaxes(-1, -2).reshape(w.shape), b),
    "one_leading_axis": lambda x, w, b: np.einsum("btd,bdm->btm", x, w) + b[:, None],
    "dot": lambda x, w, b: np.dot(x, w) + b[..., None, :],
    "every_sentence_through_every_layer": lambda x, w, b: (
        np.einsum("btd,cdm->btm", _flat(x, 2), _flat(w, 2)).reshape(*x.shape[:-1], -1) + b[..., None, :]
    ),
    "leading_axes_in_one_and_left": lambda x, w, b: _layers(_flat(x, 2), _flat(w, 2), _flat(b, 1)),
    "leading_axes_put_back_turned": lambda x, w, b: (
        _layers(x, w, b) if x.ndim < 4 else _layers(x, w, b).swapaxes(0, 1).reshape(*x.shape[:-1], -1)
    ),
    "without_axes_of_one": lambda x, w, b: np.squeeze(_layers(x, w, b)),
    "single_inside": lambda x, w, b: _layers(*_single(x, w, b)).astype(x.dtype),
    "single_as_a_result": lambda x, w, b: _layers(x, w, b).astype(np.float32),
    "half_weights": lambda x, w, b: _layers(x, w.astype(np.float16).astype(w.dtype), b),
    "half_biases": lambda x, w, b: _layers(x, w, b.astype(np.float16).astype(b.dtype)),
    "no_negative_numbers": lambda x, w, b: np.maximum(_layers(x, w, b), 0),
    "bias_before_the_weights": lambda x, w, b: (
        (x + b[..., None, : x.shape[-1]] if b.shape[-1] >= x.shape[-1] else x) @ w
    ),
    "bias_added_for_each_row": lambda x, w, b: x @ w + x.shape[-2] * b[..., None, :],
    "bias_divided_among_the_rows": lambda x, w, b: x @ w + b[..., None, :] / x.shape[-2],
    "last_feature_not_counted": lambda x, w, b: _layers(
        x[..., : max(1, x.shape[-1] - 1)], w[..., : max(1, x.shape[-1] - 1), :], b
    ),
}


def _three(name, function):
    def answer(rows, weights, biases):
        return function(rows, weights, biases)

    answer.__name__ = name
    return answer


for _name, _value in LAYERS_WRONG.items():
    wrong("layer_for_each")(_three(_name, _value))


@wrong("layer_for_each")
def adds_to_the_biases(rows, weights, biases):
    """The argument is changed."""
    result = _layers(rows, weights, biases)
    biases += 1
    return result


@wrong("layer_for_each")
def one_buffer_of_each_shape(rows, weights, biases, buffers={}):  # noqa: B006
    """The first result is overwritten by the second."""
    result = _layers(rows, weights, biases)
    out = buffers.setdefault((result.shape, result.dtype), np.empty_like(result))
    out[...] = result
    return out


@right("layer_for_each")
def bias_as_one_more_weight(rows, weights, biases):
    ones = np.ones((*rows.shape[:-1], 1), rows.dtype)
    return np.concatenate([rows, ones], -1) @ np.concatenate([weights, biases[..., None, :]], -2)


@right("layer_for_each")
def sum_of_products(rows, weights, biases):
    return np.add(np.sum(rows[..., None] * weights[..., None, :, :], axis=-2), np.expand_dims(biases, -2))


@right("layer_for_each")
def two_einsums(rows, weights, biases):
    ones = np.ones(rows.shape[-2], rows.dtype)
    return np.einsum("...td,...dm->...tm", rows, weights) + np.einsum("t,...m->...tm", ones, biases)


@right("layer_for_each")
def transposed_throughout(rows, weights, biases):
    turned = weights.swapaxes(-1, -2) @ rows.swapaxes(-1, -2)
    return (turned + biases[..., None]).swapaxes(-1, -2)


@right("layer_for_each")
def wider_than_needed(rows, weights, biases):
    return _layers(rows.astype(np.longdouble), weights.astype(np.longdouble), biases)


# --- 0.4 layer_for_each, PyTorch and TensorFlow ----------------------------------------------------------------------


@wrong("layer_for_each", "pytorch")
def bmm(rows, weights, biases):
    """No leading axis, or two."""
    return torch.bmm(rows, weights) + biases[:, None]


@wrong("layer_for_each", "pytorch")
def baddbmm(rows, weights, biases):
    """No leading axis, or two."""
    return torch.baddbmm(biases.unsqueeze(1), rows, weights)


@wrong("layer_for_each", "pytorch")
def linear_of_the_first(rows, weights, biases):
    """More than one sentence."""
    first_weight = weights.reshape(-1, *weights.shape[-2:])[0]
    return torch.nn.functional.linear(rows, first_weight.T) + biases.unsqueeze(-2)


@wrong("layer_for_each", "pytorch")
def unsqueezed_at_one(rows, weights, biases):
    """Two leading axes."""
    return rows @ weights + (biases.unsqueeze(1) if biases.ndim > 1 else biases)


@wrong("layer_for_each", "pytorch")
def float_for_double_in_each(rows, weights, biases):
    return _layers(rows.float(), weights.float(), biases.float()).to(rows.dtype)


@wrong("layer_for_each", "pytorch")
def squeezes(rows, weights, biases):
    return _layers(rows, weights, biases).squeeze()


@wrong("layer_for_each", "pytorch")
def viewed_instead_of_transposed(rows, weights, biases):
    """D and M differ, or not: the weights are turned by reshape."""
    return rows @ weights.mT.reshape(weights.shape) + biases[..., None, :]


@wrong("layer_for_each", "pytorch")
def adds_into_the_biases(rows, weights, biases):
    """The argument is changed where there is one row."""
    product = rows @ weights
    if rows.shape[-2] == 1:
        return biases.unsqueeze(-2).add_(product)
    return product + biases.unsqueeze(-2)


@wrong("layer_for_each", "tensorflow")
def expanded_at_one(rows, weights, biases):
    """Two leading axes."""
    return rows @ weights + (biases if len(biases.shape) == 1 else tf.expand_dims(biases, 1))


@wrong("layer_for_each", "tensorflow")
def bias_add(rows, weights, biases):
    """More than one sentence."""
    return tf.nn.bias_add(rows @ weights, tf.reshape(biases, (-1, biases.shape[-1]))[0])


@wrong("layer_for_each", "tensorflow")
def tensordot(rows, weights, biases):
    """A leading axis."""
    return tf.tensordot(rows, weights, [[-1], [len(weights.shape) - 2]]) + biases


@wrong("layer_for_each", "tensorflow")
def einsum_with_one_leading_axis(rows, weights, biases):
    return tf.einsum("btd,bdm->btm", rows, weights) + biases[:, None]


@wrong("layer_for_each", "tensorflow")
def half_inside_tensorflow(rows, weights, biases):
    return tf.cast(_layers(*(tf.cast(a, tf.float16) for a in (rows, weights, biases))), rows.dtype)


@wrong("layer_for_each", "tensorflow")
def transposed_where_square(rows, weights, biases):
    return tf.matmul(rows, weights, transpose_b=weights.shape[-1] == weights.shape[-2]) + biases[..., None, :]


@wrong("layer_for_each", "tensorflow")
def bias_as_it_is_in_tensorflow(rows, weights, biases):
    """As many sentences as rows."""
    return rows @ weights + biases


@wrong("layer_for_each", "tensorflow")
def single_result_of_tensorflow(rows, weights, biases):
    return tf.cast(_layers(rows, weights, biases), tf.float32)


@right("layer_for_each", "pytorch")
def vmapped(rows, weights, biases):
    layer = lambda x, w, b: torch.addmm(b, x, w)
    for _ in biases.shape[:-1]:
        layer = torch.func.vmap(layer)
    return layer(rows, weights, biases)


@right("layer_for_each", "pytorch")
def baddbmm_of_one_leading_axis(rows, weights, biases):
    flat = torch.baddbmm(
        biases.reshape(-1, 1, biases.shape[-1]),
        rows.reshape(-1, *rows.shape[-2:]),
        weights.reshape(-1, *weights.shape[-2:]),
    )
    return flat.reshape(*rows.shape[:-1], -1)


@right("layer_for_each", "pytorch")
def into_the_product(rows, weights, biases):
    return torch.einsum("...td,...dm->...tm", rows, weights).add_(biases.unsqueeze(-2))


@right("layer_for_each", "tensorflow")
def matvec_of_the_transpose(rows, weights, biases):
    turned = tf.linalg.matrix_transpose(weights)[..., None, :, :]
    return tf.linalg.matvec(turned, rows) + biases[..., tf.newaxis, :]


@right("layer_for_each", "tensorflow")
def einsum_and_expand_dims(rows, weights, biases):
    return tf.add(tf.einsum("...td,...dm->...tm", rows, weights), tf.expand_dims(biases, axis=-2))


@right("layer_for_each", "tensorflow")
def in_double_in_tensorflow(rows, weights, biases):
    return _layers(*(tf.cast(a, tf.float64) for a in (rows, weights, biases)))


# --- 0.5 tanh_layer_backward -----------------------------------------------------------------------------------------


def _wide(*arrays):
    return (a.astype(np.float64) for a in arrays)


def _with_slope(slope):
    return lambda x, w, b, g: _backward(x, w, b, g, slope(x @ w + b))


def _changed(place, change):
    """The right gradients, one of them changed."""

    def changed(x, w, b, g):
        gradients = list(_backward(x, w, b, g))
        gradients[place] = change(gradients[place], x, w, b, g)
        return tuple(gradients)

    return changed


def _tanh_by_exponentials(z):
    with np.errstate(all="ignore"):
        return (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)


def _slope(x, w, b):
    return 1 - np.tanh(x @ w + b) ** 2


TANH_WRONG = {
    "no_slope": _with_slope(np.ones_like),
    "slope_without_the_square": _with_slope(lambda z: 1 - np.tanh(z)),
    "slope_of_the_output": _with_slope(lambda z: 1 - np.tanh(np.tanh(z)) ** 2),
    "slope_of_the_sigmoid": _with_slope(lambda z: scipy.special.expit(z) * (1 - scipy.special.expit(z))),
    "slope_of_z_itself": _with_slope(lambda z: 1 - z**2),
    "slope_never_zero": _with_slope(lambda z: np.maximum(1 - np.tanh(z) ** 2, 1e-3)),
    "slope_zero_where_small": _with_slope(lambda z: np.where(np.abs(z) > 5, 0, 1 - np.tanh(z) ** 2)),
    "slope_of_clipped_numbers": _with_slope(lambda z: 1 - np.tanh(z.clip(-3, 3)) ** 2),
    "slope_by_exponentials": _with_slope(lambda z: 1 - _tanh_by_exponentials(z) ** 2),  # z of 1000: ∞ / ∞
    "slope_by_exponentials_repaired": _with_slope(lambda z: 1 - np.nan_to_num(_tanh_by_exponentials(z)) ** 2),
    "slope_by_a_difference": _with_slope(lambda z: ((np.tanh(z + 1e-3) - np.tanh(z)) / 1e-3).astype(z.dtype)),
    "slope_of_half_precision": _with_slope(lambda z: (1 - np.tanh(z.astype(np.float16)) ** 2).astype(z.dtype)),
    "slope_of_hard_tanh": _with_slope(lambda z: (np.abs(z) < 1).astype(z.dtype)),
    "slope_one_where_steep": _with_slope(lambda z: np.where(np.abs(z) < 1e-2, 1, 1 - np.tanh(z) ** 2).astype(z.dtype)),
    "bias_left_out_of_z": lambda x, w, b, g: _backward(x, w, 0 * b, g),
    "upstream_squared": lambda x, w, b, g: _backward(x, w, b, g * np.abs(g)),
    "upstream_clipped": lambda x, w, b, g: _backward(x, w, b, g.clip(-1, 1)),
    "upstream_averaged": lambda x, w, b, g: _backward(x, w, b, g / g.shape[-2]),
    "order_of_pytorch": lambda *arrays: tuple(_backward(*arrays)[place] for place in (1, 0, 2)),
    "order_reversed": lambda x, w, b, g: _backward(x, w, b, g)[::-1],
    "rows_without_slope": _changed(0, lambda r, x, w, b, g: g @ w.T),
    "rows_through_the_weight": _changed(
        0, lambda r, x, w, b, g: (g * _slope(x, w, b)) @ (w if w.shape[0] == w.shape[1] else w.T)
    ),
    "rows_divided_by_the_sets": _changed(0, lambda r, x, w, b, g: r / math.prod(x.shape[:-2])),
    "rows_without_axes_of_one": _changed(0, lambda r, x, w, b, g: np.squeeze(r)),
    "rows_of_the_first_set": _changed(0, lambda r, x, w, b, g: r if r.ndim < 3 else r[:1]),
    "rows_flattened": _changed(0, lambda r, x, w, b, g: r.reshape(-1, r.shape[-1])),
    "weight_turned": _changed(1, lambda r, x, w, b, g: r.T),
    "weight_turned_by_reshape": _changed(1, lambda r, x, w, b, g: r.T.reshape(r.shape)),
    "weight_without_slope": _changed(1, lambda r, x, w, b, g: _flat(x, 1).T @ _flat(g, 1)),
    "weight_of_each_set": _changed(1, lambda r, x, w, b, g: x.swapaxes(-1, -2) @ (g * _slope(x, w, b))),
    "weight_of_the_mean_set": _changed(1, lambda r, x, w, b, g: r / math.prod(x.shape[:-2])),
    "weight_of_the_last_set": _changed(
        1, lambda r, x, w, b, g: r if x.ndim < 3 else _backward(x[-1:], w, b, g[-1:])[1]
    ),
    "weight_by_a_sum_over_one_axis": _changed(
        1, lambda r, x, w, b, g: r if x.ndim < 4 else (x.swapaxes(-1, -2) @ (g * _slope(x, w, b))).sum(0)
    ),
    "weight_averaged_over_rows": _changed(1, lambda r, x, w, b, g: r / x.shape[-2]),
    "weight_rounded": _changed(1, lambda r, x, w, b, g: r.round(5)),
    "weight_decay": _changed(1, lambda r, x, w, b, g: r + 1e-4 * w),
    "bias_of_rows_alone": _changed(2, lambda r, x, w, b, g: (g * _slope(x, w, b)).sum(-2)),
    "bias_over_the_first_axis": _changed(2, lambda r, x, w, b, g: (g * _slope(x, w, b)).sum(0)),
    "bias_of_the_mean_row": _changed(2, lambda r, x, w, b, g: r / (x.size // x.shape[-1])),
    "bias_without_slope": _changed(2, lambda r, x, w, b, g: _flat(g, 1).sum(0)),
    "bias_as_a_row": _changed(2, lambda r, x, w, b, g: r[None]),
    "bias_as_one_number": _changed(2, lambda r, x, w, b, g: r.sum()),
    "bias_without_axes_of_one": _changed(2, lambda r, x, w, b, g: np.squeeze(r)),
    "bias_as_single": _changed(2, lambda r, x, w, b, g: r.astype(np.float32)),
    "all_single": lambda *arrays: _backward(*_single(*arrays)),
    "single_inside": lambda x, *a: tuple(r.astype(x.dtype) for r in _backward(*_single(x, *a))),
    "two_of_three": lambda *arrays: _backward(*arrays)[:2],
    "the_output_too": lambda x, w, b, g: (np.tanh(x @ w + b), *_backward(x, w, b, g)),
    "stacked_in_one_dictionary": lambda *arrays: dict(zip(["rows", "weight", "bias"], _backward(*arrays), strict=True)),
}


def _four(name, function):
    def answer(rows, weight, bias, upstream):
        return function(rows, weight, bias, upstream)

    answer.__name__ = name
    return answer


for _name, _value in TANH_WRONG.items():
    wrong("tanh_layer_backward")(_four(_name, _value))


@wrong("tanh_layer_backward")
def slope_into_the_upstream(rows, weight, bias, upstream):
    """The argument is changed."""
    upstream *= _slope(rows, weight, bias)
    flat = upstream.reshape(-1, upstream.shape[-1])
    return upstream @ weight.T, rows.reshape(-1, rows.shape[-1]).T @ flat, flat.sum(0)


@wrong("tanh_layer_backward")
def gathers_over_calls(rows, weight, bias, upstream, grads={}):  # noqa: B006
    """The second call adds to the first, as `.grad` does."""
    by_rows, by_weight, by_bias = _backward(rows, weight, bias, upstream)
    key = (rows.shape, weight.shape, rows.dtype)
    grads[key] = grads.get(key, 0) + by_weight
    return by_rows, grads[key], by_bias


@right("tanh_layer_backward")
def by_the_complex_step(rows, weight, bias, upstream):
    step = 1e-30
    slope = np.tanh((rows @ weight + bias).astype(np.float64).clip(-300, 300) + 1j * step).imag / step
    return _backward(*_wide(rows, weight, bias, upstream), slope)


@right("tanh_layer_backward")
def by_the_hyperbolic_cosine(rows, weight, bias, upstream):
    with np.errstate(over="ignore"):
        return _backward(rows, weight, bias, upstream, np.cosh((rows @ weight + bias).astype(np.float64)) ** -2.0)


@right("tanh_layer_backward")
def by_two_sigmoids(rows, weight, bias, upstream):
    z = 2 * (rows @ weight + bias)
    return _backward(rows, weight, bias, upstream, 4 * scipy.special.expit(z) * scipy.special.expit(-z))


@right("tanh_layer_backward")
def by_einsum(rows, weight, bias, upstream):
    y = np.tanh(rows @ weight + bias)
    g = upstream * (1 + y) * (1 - y)
    by_weight = np.einsum("...d,...m->...dm", rows, g).sum(tuple(range(rows.ndim - 1)))
    return np.einsum("...m,dm->...d", g, weight), by_weight, g.sum(tuple(range(g.ndim - 1)))


@right("tanh_layer_backward")
def row_after_row(rows, weight, bias, upstream):
    by_rows, by_weight, by_bias = np.zeros_like(rows), np.zeros_like(weight), np.zeros_like(bias)
    for index in np.ndindex(rows.shape[:-1]):
        g = upstream[index] * (1 - np.tanh(rows[index] @ weight + bias) ** 2)
        by_rows[index] = weight @ g
        by_weight += np.outer(rows[index], g)
        by_bias += g
    return by_rows, by_weight, by_bias


@right("tanh_layer_backward")
def by_pytorch(rows, weight, bias, upstream):
    x, w, b = (torch.tensor(a, requires_grad=True) for a in (rows, weight, bias))
    torch.tanh(x @ w + b).backward(torch.tensor(upstream))
    return x.grad.numpy(), w.grad.numpy(), b.grad.numpy()


@right("tanh_layer_backward")
def by_tensordot_and_named(rows, weight, bias, upstream):
    g = upstream * (1 - np.tanh(np.tensordot(rows, weight, 1) + bias) ** 2)
    axes = list(range(rows.ndim - 1))
    return namedtuple("Gradients", "rows weight bias")(
        np.tensordot(g, weight, (-1, 1)), np.tensordot(rows, g, (axes, axes)), functools.reduce(np.add, _flat(g, 1))
    )


@right("tanh_layer_backward")
def in_longdouble_throughout(*arrays):
    return _backward(*(a.astype(np.longdouble) for a in arrays))


# --- 0.6 train_layer -------------------------------------------------------------------------------------------------


def _descent(gradients=_gradients, rates=lambda rate, step: rate, count=lambda steps: steps):
    def descent(rows, right, weight, bias, rate, steps):
        for step in range(count(steps)):
            by_weight, by_bias = gradients(rows, right, weight, bias)
            weight, bias = weight - rates(rate, step) * by_weight, bias - rates(rate, step) * by_bias
        return weight.clone(), bias.clone()

    return descent


def _of_loss(loss):
    def gradients(rows, right, weight, bias):
        weight, bias = weight.detach().clone().requires_grad_(), bias.detach().clone().requires_grad_()
        return torch.autograd.grad(loss(rows @ weight + bias, right), (weight, bias))

    return _descent(gradients)


def _scaled(by_weight=1.0, by_bias=1.0):
    def gradients(*arrays):
        first, second = _gradients(*arrays)
        return by_weight * first, by_bias * second

    return _descent(gradients)


def _clipped(*arrays):
    return tuple(g.clamp(-1, 1) for g in _gradients(*arrays))


def _clipped_by_norm(*arrays):
    first, second = _gradients(*arrays)
    norm = torch.sqrt((first**2).sum() + (second**2).sum())
    scale = (1 / norm).clamp(max=1)
    return first * scale, second * scale


def _decayed(rows, right, weight, bias):
    first, second = _gradients(rows, right, weight, bias)
    return first + 1e-4 * weight, second


def _by_optimizer(optimizer, clone=True, zero=True, **settings):
    def trained(rows, right, weight, bias, rate, steps):
        if clone:
            weight, bias = weight.clone(), bias.clone()
        weight, bias = weight.detach().requires_grad_(), bias.detach().requires_grad_()
        steering = optimizer([weight, bias], lr=rate, **settings)
        for _ in range(steps):
            if zero:
                steering.zero_grad()
            torch.nn.functional.mse_loss(rows @ weight + bias, right).backward()
            steering.step()
        return weight.detach(), bias.detach()

    return trained


TRAIN_WRONG = {
    "a_sum_for_the_mean": _of_loss(lambda y, right: ((y - right) ** 2).sum()),
    "mean_over_rows_sum_over_features": _of_loss(lambda y, right: ((y - right) ** 2).sum(-1).mean()),
    "mean_over_features_sum_over_rows": _of_loss(lambda y, right: ((y - right) ** 2).mean(-1).sum()),
    "half_the_square": _of_loss(lambda y, right: ((y - right) ** 2).mean() / 2),
    "distances": _of_loss(torch.nn.functional.l1_loss),
    "huber": _of_loss(lambda y, right: 2 * torch.nn.functional.huber_loss(y, right)),  # far rows
    "root": _of_loss(lambda y, right: ((y - right) ** 2).mean().sqrt()),
    "one_feature_squeezed": _of_loss(lambda y, right: ((y.squeeze(-1) - right) ** 2).mean()),
    "right_rows_squeezed": _of_loss(
        lambda y, right: ((y - (right.squeeze(-1) if right.shape[1] == 1 else right)) ** 2).mean()
    ),
    "clipped_error": _of_loss(lambda y, right: ((y - right).clamp(-3, 3) ** 2).mean()),
    "penalty": _of_loss(lambda y, right: ((y - right) ** 2).mean() + 1e-4 * (y**2).mean()),
    "single_loss": _of_loss(lambda y, right: ((y - right) ** 2).float().mean()),
    "single_error": _of_loss(lambda y, right: ((y.float() - right.float()) ** 2).mean()),
    "bias_stays": _scaled(1, 0),
    "weight_stays": _scaled(0, 1),
    "climbs": _scaled(-1, -1),
    "bias_twice_as_fast": _scaled(1, 2),
    "a_little_slow": _scaled(0.999, 0.999),
    "clipped_gradients": _descent(_clipped),
    "clipped_norm": _descent(_clipped_by_norm),
    "weight_decay": _descent(_decayed),
    "one_step_more": _descent(count=lambda steps: steps + 1),
    "one_step_less": _descent(count=lambda steps: steps - 1),
    "at_least_one_step": _descent(count=lambda steps: max(steps, 1)),
    "at_most_ten_steps": _descent(count=lambda steps: min(steps, 10)),
    "at_most_a_hundred_steps": _descent(count=lambda steps: min(steps, 100)),
    "slower_and_slower": _descent(rates=lambda rate, step: rate / (1 + 0.01 * step)),
    "half_the_rate_in_the_first_step": _descent(rates=lambda rate, step: rate * (1 if step else 0.5)),
    "rate_at_most_one": _descent(rates=lambda rate, step: min(rate, 1.0)),
    "sgd_that_gathers": _by_optimizer(torch.optim.SGD, zero=False),
    "sgd_on_the_callers": _by_optimizer(torch.optim.SGD, clone=False),
    "sgd_with_momentum": _by_optimizer(torch.optim.SGD, momentum=0.9),
    "adam": _by_optimizer(torch.optim.Adam),
}


def _training(name, function):
    def answer(rows, right, weight, bias, rate, steps):
        return function(rows, right, weight, bias, rate, steps)

    answer.__name__ = name
    return answer


for _name, _value in TRAIN_WRONG.items():
    wrong("train_layer", "pytorch")(_training(_name, _value))


@wrong("train_layer", "pytorch")
def as_it_was(rows, right, weight, bias, rate, steps):
    weight, bias = weight.requires_grad_(), bias.requires_grad_()
    for _ in range(steps):
        loss = ((rows @ weight + bias - right) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            weight -= rate * weight.grad
            bias -= rate * bias.grad
    return weight.detach(), bias.detach()


def _mended(clone_weight=True, clone_bias=True, empty_weight=True, empty_bias=True, every=1):
    def mended(rows, right, weight, bias, rate, steps):
        weight = (weight.clone() if clone_weight else weight).detach().requires_grad_()
        bias = (bias.clone() if clone_bias else bias).detach().requires_grad_()
        for step in range(steps):
            ((rows @ weight + bias - right) ** 2).mean().backward()
            with torch.no_grad():
                weight -= rate * weight.grad
                bias -= rate * bias.grad
            if empty_weight and step % every == 0:
                weight.grad = None
            if empty_bias and step % every == 0:
                bias.grad.zero_()
        return weight.detach(), bias.detach()

    return mended


for _name, _value in {
    "weight_not_cloned": _mended(clone_weight=False),
    "bias_not_cloned": _mended(clone_bias=False),
    "weight_not_emptied": _mended(empty_weight=False),
    "bias_not_emptied": _mended(empty_bias=False),
    "emptied_every_second_step": _mended(every=2),
    "neither_emptied": _mended(empty_weight=False, empty_bias=False),
}.items():
    wrong("train_layer", "pytorch")(_training(_name, _value))


@wrong("train_layer", "pytorch")
def leaves_its_mark(rows, right, weight, bias, rate, steps):
    """What was given wants a gradient afterwards: it did not stay as it was."""
    weight.requires_grad_(), bias.requires_grad_()
    new_weight, new_bias = _trained(rows, right, weight.detach(), bias.detach(), rate, steps)
    return new_weight, new_bias


@wrong("train_layer", "pytorch")
def weight_then_bias(rows, right, weight, bias, rate, steps):
    """The bias sees the new weight."""
    for _ in range(steps):
        weight = weight - rate * _gradients(rows, right, weight, bias)[0]
        bias = bias - rate * _gradients(rows, right, weight, bias)[1]
    return weight.clone(), bias.clone()


@wrong("train_layer", "pytorch")
def row_for_row(rows, right, weight, bias, rate, steps):
    """Stochastic: a row a step."""
    for step in range(steps):
        i = step % len(rows)
        by_weight, by_bias = _gradients(rows[i : i + 1], right[i : i + 1], weight, bias)
        weight, bias = weight - rate * by_weight, bias - rate * by_bias
    return weight.clone(), bias.clone()


@wrong("train_layer", "pytorch")
def stops_when_small(rows, right, weight, bias, rate, steps):
    """Many steps, once the loss is below 1e-3."""
    for _ in range(steps):
        if ((rows @ weight + bias - right) ** 2).mean() < 1e-3:
            break
        weight, bias = _trained(rows, right, weight, bias, rate, 1)
    return weight.clone(), bias.clone()


@wrong("train_layer", "pytorch")
def stops_when_it_climbs(rows, right, weight, bias, rate, steps):
    """A rate that is too high."""
    loss = math.inf
    for _ in range(steps):
        new = ((rows @ weight + bias - right) ** 2).mean().item()
        if new > loss:
            break
        loss = new
        weight, bias = _trained(rows, right, weight, bias, rate, 1)
    return weight.clone(), bias.clone()


@wrong("train_layer", "pytorch")
def at_once(rows, right, weight, bias, rate, steps):
    """The best layer, as if there were no end of steps."""
    joined = torch.cat([rows, torch.ones_like(rows[:, :1])], 1)
    best = torch.linalg.pinv(joined) @ right
    return best[:-1].clone(), best[-1].clone()


@wrong("train_layer", "pytorch")
def arrays_come_back(rows, right, weight, bias, rate, steps):
    """No tensors."""
    return tuple(t.numpy() for t in _trained(rows, right, weight.detach(), bias.detach(), rate, steps))


@wrong("train_layer", "pytorch")
def bias_first(rows, right, weight, bias, rate, steps):
    return _trained(rows, right, weight, bias, rate, steps)[::-1]


@wrong("train_layer", "pytorch")
def turned_like_linear(rows, right, weight, bias, rate, steps):
    """The weight comes back as (M, D)."""
    weight, bias = _trained(rows, right, weight, bias, rate, steps)
    return weight.T, bias


@wrong("train_layer", "pytorch")
def linear_of_the_library(rows, right, weight, bias, rate, steps):
    """float32, whatever came."""
    layer = torch.nn.Linear(*weight.shape)
    with torch.no_grad():
        layer.weight.copy_(weight.T), layer.bias.copy_(bias)
    steering = torch.optim.SGD(layer.parameters(), lr=rate)
    for _ in range(steps):
        steering.zero_grad()
        torch.nn.functional.mse_loss(layer(rows.float()), right.float()).backward()
        steering.step()
    return layer.weight.detach().T.to(weight.dtype), layer.bias.detach().to(bias.dtype)


@wrong("train_layer", "pytorch")
def mean_of_the_way(rows, right, weight, bias, rate, steps):
    """The mean over the steps."""
    states = [_trained(rows, right, weight, bias, rate, n) for n in range(steps + 1)]
    return tuple(torch.stack(each).mean(0) for each in zip(*states, strict=True))


@wrong("train_layer", "pytorch")
def goes_on_where_it_was(rows, right, weight, bias, rate, steps, state={}):  # noqa: B006
    """The second call with the same shapes begins where the first ended."""
    key = (rows.shape, right.shape, weight.dtype)
    state[key] = _trained(rows, right, *state.get(key, (weight, bias)), rate, steps)
    return tuple(t.clone() for t in state[key])


@wrong("train_layer", "pytorch")
def centres_the_rows(rows, right, weight, bias, rate, steps):
    """Rows whose mean is not 0."""
    return _trained(rows - rows.mean(0), right, weight, bias, rate, steps)


@wrong("train_layer", "pytorch")
def writes_the_errors_into_right(rows, right, weight, bias, rate, steps):
    """An argument is changed."""
    result = _trained(rows, right, weight, bias, rate, steps)
    right.sub_(rows @ result[0] + result[1])
    return result


@right("train_layer", "pytorch")
def by_hand(rows, right, weight, bias, rate, steps):
    weight, bias, scale = weight.detach(), bias.detach(), 2 * rate / right.numel()
    for _ in range(steps):
        error = rows @ weight + bias - right
        weight, bias = weight - scale * (rows.T @ error), bias - scale * error.sum(0)
    return weight.clone(), bias.clone()


@right("train_layer", "pytorch")
def by_the_functional_gradient(rows, right, weight, bias, rate, steps):
    gradient = torch.func.grad(lambda p: torch.nn.functional.mse_loss(torch.addmm(p[1], rows, p[0]), right))
    parameters = (weight.detach().clone(), bias.detach().clone())
    for _ in range(steps):
        parameters = tuple(p - rate * g for p, g in zip(parameters, gradient(parameters), strict=True))
    return parameters


@right("train_layer", "pytorch")
def by_recursion(rows, right, weight, bias, rate, steps):
    if steps == 0:
        return weight.detach().clone(), bias.detach().clone()
    weight, bias = by_recursion(rows, right, weight, bias, rate, steps - 1)
    weight.requires_grad_(), bias.requires_grad_()
    loss = (rows @ weight + bias - right).square().mean()
    by_weight, by_bias = torch.autograd.grad(loss, [weight, bias])
    return (weight - rate * by_weight).detach(), (bias - rate * by_bias).detach()


@right("train_layer", "pytorch")
def joined_to_one_matrix(rows, right, weight, bias, rate, steps):
    joined = torch.cat([rows, torch.ones_like(rows[:, :1])], 1)
    both = torch.cat([weight, bias[None]]).detach()
    for _ in range(steps):
        both = both - rate * 2 / right.numel() * joined.T @ (joined @ both - right)
    return both[:-1].clone(), both[-1].clone()


@right("train_layer", "pytorch")
def linear_in_the_right_type(rows, right, weight, bias, rate, steps):
    layer = torch.nn.Linear(*weight.shape, dtype=weight.dtype, device=weight.device)
    layer.load_state_dict({"weight": weight.detach().T, "bias": bias.detach()})
    steering = torch.optim.SGD(layer.parameters(), lr=rate)
    for _ in range(steps):
        steering.zero_grad(set_to_none=False)
        ((layer(rows) - right) ** 2).mean().backward()
        steering.step()
    return layer.weight.detach().T.contiguous(), layer.bias.detach()


@right("train_layer", "pytorch")
def in_numpy_and_longdouble(rows, right, weight, bias, rate, steps):
    x, r, w, b = (np.asarray(t.numpy(force=True), np.longdouble) for t in (rows, right, weight, bias))
    for _ in range(steps):
        g = 2 / np.longdouble(r.size) * (x @ w + b - r)
        w, b = w - rate * x.T @ g, b - rate * g.sum(0)
    return torch.tensor(w.astype(np.float64)).to(weight), torch.tensor(b.astype(np.float64)).to(bias)


@right("train_layer", "pytorch")
def two_lines_mended(rows, right, weight, bias, rate, steps):
    return _mended()(rows, right, weight, bias, rate, steps)


# --- 0.7 fold_layers -------------------------------------------------------------------------------------------------


def _fold(weight=lambda v, a, w, b: v.T @ w.T, bias=lambda v, a, w, b: a @ w.T + b):
    return lambda *arrays: (weight(*arrays), bias(*arrays))


FOLD_WRONG = {
    "weight_as_pytorch_has_it": _fold(lambda v, a, w, b: w @ v),
    "turned_only_where_it_must_be": _fold(lambda v, a, w, b: w @ v if v.shape[1] == w.shape[0] else (w @ v).T),
    "turned_by_reshape": _fold(lambda v, a, w, b: (w @ v).reshape(v.shape[1], w.shape[0])),
    "second_first_where_it_fits": _fold(lambda v, a, w, b: w.T @ v.T if v.shape[1] == w.shape[0] else v.T @ w.T),
    "unturned_where_square": _fold(
        lambda v, a, w, b: v @ w if v.shape == w.shape and len(v) == v.shape[1] else v.T @ w.T
    ),
    "second_unturned_where_square": _fold(lambda v, a, w, b: v.T @ (w if w.shape[0] == w.shape[1] else w.T)),
    "bias_unturned_where_square": _fold(bias=lambda v, a, w, b: a @ (w if w.shape[0] == w.shape[1] else w.T) + b),
    "second_bias_alone": _fold(bias=lambda v, a, w, b: b.copy()),
    "first_bias_alone": _fold(bias=lambda v, a, w, b: a @ w.T),
    "biases_added": _fold(bias=lambda v, a, w, b: a + b if a.shape == b.shape else a @ w.T + b),
    "sum_of_the_first_bias": _fold(bias=lambda v, a, w, b: a.sum() + b),
    "weight_sums_for_the_first_bias": _fold(bias=lambda v, a, w, b: w.sum(1) + b),
    "first_bias_scaled_by_diagonal": _fold(
        bias=lambda v, a, w, b: a * np.diag(w) + b if w.shape[0] == w.shape[1] else a @ w.T + b
    ),
    "bias_through_the_folded": _fold(bias=lambda v, a, w, b: a @ (v.T @ w.T if len(v) == v.shape[1] else w.T) + b),
    "bias_taken_away": _fold(bias=lambda v, a, w, b: a @ w.T - b),
    "second_bias_twice": _fold(bias=lambda v, a, w, b: a @ w.T + 2 * b),
    "bias_as_a_row": _fold(bias=lambda v, a, w, b: (a @ w.T + b)[None]),
    "bias_as_a_column": _fold(bias=lambda v, a, w, b: (a @ w.T + b)[:, None]),
    "bias_without_axes_of_one": _fold(bias=lambda v, a, w, b: np.squeeze(a @ w.T + b)),
    "weight_without_axes_of_one": _fold(lambda v, a, w, b: np.squeeze(v.T @ w.T)),
    "weight_and_bias_in_one": lambda *arrays: np.vstack(_folded(*arrays)),
    "bias_first": lambda *arrays: _folded(*arrays)[::-1],
    "bias_inside": lambda v, a, w, b: (v.T @ w.T + a @ w.T, b.copy()),
    "single_inside": lambda *arrays: tuple(r.astype(arrays[0].dtype) for r in _folded(*_single(*arrays))),
    "single_as_a_result": lambda *arrays: _folded(*_single(*arrays)),
    "single_bias": _fold(bias=lambda v, a, w, b: (a @ w.T + b).astype(np.float32)),
    "rounded_to_six_places": lambda *arrays: tuple(r.round(6) for r in _folded(*arrays)),
    "small_ones_are_none": _fold(lambda v, a, w, b: np.where(np.abs(v.T @ w.T) < 1e-2, 0, v.T @ w.T)),
    "with_a_bend": lambda v, a, w, b: (v.T @ w.T, np.maximum(a, 0) @ w.T + b),
    "absolute_bias": _fold(bias=lambda v, a, w, b: np.abs(a) @ w.T + b),
    "last_unit_not_counted": _fold(lambda v, a, w, b: v.T[:, : max(1, len(v) - 1)] @ w.T[: max(1, len(v) - 1)]),
    "mean_over_the_units": _fold(lambda v, a, w, b: v.T @ w.T / len(v)),
    "one_output_alone": _fold(bias=lambda v, a, w, b: np.full_like(b, (a @ w.T + b)[0])),
}

for _name, _value in FOLD_WRONG.items():

    def _answer(first_weight, first_bias, second_weight, second_bias, fold=_value):
        return fold(first_weight, first_bias, second_weight, second_bias)

    _answer.__name__ = _name
    wrong("fold_layers")(_answer)


@wrong("fold_layers")
def into_the_second_bias(first_weight, first_bias, second_weight, second_bias):
    """The argument is changed."""
    second_bias += second_weight @ first_bias
    return (second_weight @ first_weight).T, second_bias


@right("fold_layers")
def by_what_comes_out(first_weight, first_bias, second_weight, second_bias):
    def both(x):
        return (x @ first_weight.T + first_bias) @ second_weight.T + second_bias

    size = first_weight.shape[1]
    without_bias = np.eye(size, dtype=first_weight.dtype) @ first_weight.T @ second_weight.T
    return without_bias, both(np.zeros(size, first_weight.dtype))


@right("fold_layers")
def by_joined_matrices(first_weight, first_bias, second_weight, second_bias):
    def joined(weight, bias):
        corner = np.zeros(weight.shape[1] + 1)
        corner[-1] = 1
        return np.block([[weight, bias[:, None]], [corner[None]]])

    product = joined(second_weight, second_bias) @ joined(first_weight, first_bias)
    return product[:-1, :-1].T, product[:-1, -1]


@right("fold_layers")
def by_einsum_of_both(first_weight, first_bias, second_weight, second_bias):
    return np.einsum("ad,ma->dm", first_weight, second_weight), np.einsum(
        "a,ma->m", first_bias, second_weight
    ) + second_bias


@right("fold_layers")
def by_loops(first_weight, first_bias, second_weight, second_bias):
    (middle, size), outputs = first_weight.shape, len(second_bias)
    weight, bias = np.zeros((size, outputs), order="F"), np.zeros(outputs)
    for d, m in itertools.product(range(size), range(outputs)):
        weight[d, m] = math.fsum(float(first_weight[a, d]) * float(second_weight[m, a]) for a in range(middle))
    for m in range(outputs):
        bias[m] = math.fsum(
            [*(float(x) * float(y) for x, y in zip(first_bias, second_weight[m], strict=True)), second_bias[m]]
        )
    return weight, bias


@right("fold_layers")
def by_pytorch_itself(first_weight, first_bias, second_weight, second_bias):
    v, a, w, b = (torch.from_numpy(np.array(x)) for x in (first_weight, first_bias, second_weight, second_bias))
    return torch.mm(w, v).t().numpy(), torch.addmv(b, w, a).numpy()


@right("fold_layers")
def turned_at_the_end(first_weight, first_bias, second_weight, second_bias):
    return np.dot(second_weight, first_weight).transpose(), second_bias + np.sum(second_weight * first_bias, axis=1)


@right("fold_layers")
def wide(*arrays):
    return _folded(*(a.astype(np.longdouble) for a in arrays))


# --- 0.8 momentum_step -----------------------------------------------------------------------------------------------


def _all_single(w, g, u, rate, keep):
    return _moved(*_single(w, g, u), np.float32(rate), np.float32(keep))


MOMENTUM_WRONG = {
    "old_velocity": lambda w, g, u, rate, keep: (w - rate * u, keep * u + g),
    "damped": lambda w, g, u, rate, keep: _moved(w, (1 - keep) * g, u, rate, keep),
    "nesterov": lambda w, g, u, rate, keep: (w - rate * (g + keep * (keep * u + g)), keep * u + g),
    "rate_in_the_velocity": lambda w, g, u, rate, keep: (w - (keep * u + rate * g), keep * u + rate * g),
    "sign_in_the_velocity": lambda w, g, u, rate, keep: (w + rate * (keep * u - g), keep * u - g),
    "climbs": lambda w, g, u, rate, keep: (w + rate * (keep * u + g), keep * u + g),
    "velocity_first": lambda *a: _moved(*a)[::-1],
    "velocity_as_it_was": lambda w, g, u, rate, keep: (w - rate * (keep * u + g), u.copy()),
    "velocity_already_kept": lambda w, g, u, rate, keep: (w - rate * (keep * u + g), keep * (keep * u + g)),
    "keeps_what_it_should_lose": lambda w, g, u, rate, keep: _moved(w, g, u, rate, 1 - keep),
    "keep_for_the_gradient": lambda w, g, u, rate, keep: _moved(w, keep * g, u, rate, 1),
    "keep_of_the_sum": lambda w, g, u, rate, keep: _moved(w, keep * g, u, rate, keep),
    "rate_and_keep_swapped": lambda w, g, u, rate, keep: _moved(w, g, u, keep, rate),
    "gradient_and_velocity_swapped": lambda w, g, u, rate, keep: _moved(w, u, g, rate, keep),
    "plain_step": lambda w, g, u, rate, keep: (w - rate * g, keep * u + g),
    "no_keep_is_point_nine": lambda w, g, u, rate, keep: _moved(w, g, u, rate, keep or 0.9),
    "no_rate_is_a_hundredth": lambda w, g, u, rate, keep: _moved(w, g, u, rate or 0.01, keep),
    "keep_below_one": lambda w, g, u, rate, keep: _moved(w, g, u, rate, min(keep, 0.99)),
    "rate_below_one": lambda w, g, u, rate, keep: _moved(w, g, u, min(rate, 1.0), keep),
    "gradient_clipped": lambda w, g, u, rate, keep: _moved(w, g.clip(-1, 1), u, rate, keep),
    "gradient_clipped_at_ten": lambda w, g, u, rate, keep: _moved(w, g.clip(-10, 10), u, rate, keep),
    "velocity_clipped": lambda w, g, u, rate, keep: _moved(w, g, u.clip(-5, 5), rate, keep),
    "weight_decay": lambda w, g, u, rate, keep: _moved(w, g + 1e-4 * w, u, rate, keep),
    "gradient_gathered": lambda w, g, u, rate, keep: (w - rate * (keep * u + g), u + g),
    "corrected_for_the_start": lambda w, g, u, rate, keep: (w - rate * (keep * u + g) / (1 + keep), keep * u + g),
    "first_step_counts_once": lambda w, g, u, rate, keep: _moved(w, g if u.any() else (1 - keep) * g, u, rate, keep),
    "starts_anew_uphill": lambda w, g, u, rate, keep: _moved(w, g, np.where(u * g < 0, 0, u), rate, keep),
    "still_where_the_gradient_is_none": lambda w, g, u, rate, keep: _moved(w, g, np.where(g == 0, 0, u), rate, keep),
    "small_velocity_is_none": lambda w, g, u, rate, keep: _moved(w, g, np.where(np.abs(u) < 1e-2, 0, u), rate, keep),
    "all_single": _all_single,
    "single_inside": lambda w, *a: tuple(r.astype(w.dtype) for r in _all_single(w, *a)),
    "single_velocity": lambda w, g, u, rate, keep: (w - rate * (keep * u + g), (keep * u + g).astype(np.float32)),
    "half_step": lambda w, g, u, rate, keep: (w - (rate * (keep * u + g)).astype(np.float16), keep * u + g),
    "rounded_to_five_places": lambda *a: tuple(np.round(r, 5) for r in _moved(*a)),
    "without_axes_of_one": lambda *a: tuple(np.squeeze(r) for r in _moved(*a)),
    "one_axis_at_least": lambda *a: tuple(np.atleast_1d(r) for r in _moved(*a)),
    "flattened": lambda *a: tuple(np.ravel(r) for r in _moved(*a)),
    "gradient_of_the_mean_of_sets": lambda w, g, u, rate, keep: _moved(
        w, g if g.ndim < 3 else g.mean(0) + 0 * g, u, rate, keep
    ),
    "one_column": lambda w, g, u, rate, keep: (w - rate * (keep * u + g), keep * u + (g if g.ndim < 2 else g[..., :1])),
    "turned_where_square": lambda w, g, u, rate, keep: _moved(
        w, g.T if g.ndim == 2 and len(g) == g.shape[1] else g, u, rate, keep
    ),
    "weight_alone": lambda *a: _moved(*a)[0],
    "as_text": lambda *a: tuple(str(r) for r in _moved(*a)),
}


def _step(name, function):
    def answer(weight, gradient, velocity, rate, keep):
        return function(weight, gradient, velocity, rate, keep)

    answer.__name__ = name
    return answer


for _name, _value in MOMENTUM_WRONG.items():
    wrong("momentum_step")(_step(_name, _value))


@wrong("momentum_step")
def into_the_velocity(weight, gradient, velocity, rate, keep):
    """The velocity is changed."""
    velocity *= keep
    velocity += gradient
    return weight - rate * velocity, velocity


@wrong("momentum_step")
def into_the_velocity_and_a_copy_back(weight, gradient, velocity, rate, keep):
    """The velocity is changed, what comes back is another array."""
    velocity[...] = keep * velocity + gradient
    return weight - rate * velocity, velocity.copy()


@wrong("momentum_step")
def into_the_gradient(weight, gradient, velocity, rate, keep):
    """The gradient is changed."""
    gradient += keep * velocity
    return weight - rate * gradient, gradient.copy()


@wrong("momentum_step")
def into_the_weight(weight, gradient, velocity, rate, keep):
    """The weight is changed."""
    velocity = keep * velocity + gradient
    weight -= rate * velocity
    return weight, velocity


@wrong("momentum_step")
def by_sgd_on_the_same_memory(weight, gradient, velocity, rate, keep):
    """`from_numpy` shares its memory: the weight is changed."""
    parameter = torch.from_numpy(weight).requires_grad_()
    parameter.grad = torch.from_numpy(gradient.copy())
    steering = torch.optim.SGD([parameter], lr=rate, momentum=keep)
    steering.state[parameter]["momentum_buffer"] = torch.from_numpy(velocity.copy())
    steering.step()
    return parameter.detach().numpy(), np.asarray(keep * velocity + gradient)


@wrong("momentum_step")
def remembers_the_velocity(weight, gradient, velocity, rate, keep, state={}):  # noqa: B006
    """The second call: it goes on with its own velocity."""
    key = (weight.shape, weight.dtype)
    state[key] = keep * state.get(key, velocity) + gradient
    return weight - rate * state[key], np.array(state[key])


@wrong("momentum_step")
def both_in_one_buffer(weight, gradient, velocity, rate, keep, buffers={}):  # noqa: B006
    """The second call overwrites the result of the first."""
    new_weight, new_velocity = _moved(weight, gradient, velocity, rate, keep)
    out = buffers.setdefault((weight.shape, weight.dtype), np.empty((2, *weight.shape), weight.dtype))
    out[0, ...], out[1, ...] = new_weight, new_velocity
    return out[0, ...], out[1, ...]


@right("momentum_step")
def by_copies_in_place(weight, gradient, velocity, rate, keep):
    weight, velocity = np.array(weight), np.array(velocity)
    velocity *= keep
    velocity += gradient
    weight -= rate * velocity
    return weight, velocity


@right("momentum_step")
def multiplied_out(weight, gradient, velocity, rate, keep):
    return weight - rate * keep * velocity - rate * gradient, np.add(gradient, np.multiply(velocity, keep))


@right("momentum_step")
def as_a_matrix(weight, gradient, velocity, rate, keep):
    table = np.array([[1, -rate, -rate * keep], [0, 1, keep]])
    new = np.tensordot(table, np.stack([weight, gradient, velocity]), 1)
    return new[0], new[1]


@right("momentum_step")
def number_by_number(weight, gradient, velocity, rate, keep):
    new_weight, new_velocity = np.empty(weight.shape), np.empty(weight.shape)
    for i in np.ndindex(weight.shape):
        new_velocity[i] = float(keep) * float(velocity[i]) + float(gradient[i])
        new_weight[i] = float(weight[i]) - rate * new_velocity[i]
    return new_weight, new_velocity


@right("momentum_step")
def by_sgd(weight, gradient, velocity, rate, keep):
    parameter = torch.tensor(weight, requires_grad=True)
    parameter.grad = torch.tensor(gradient)
    steering = torch.optim.SGD([parameter], lr=rate, momentum=keep)
    steering.state[parameter]["momentum_buffer"] = torch.tensor(velocity)
    steering.step()
    return parameter.detach().numpy(), np.asarray(keep * velocity + gradient)


@right("momentum_step")
def wide_steps(weight, gradient, velocity, rate, keep):
    return _moved(*(a.astype(np.longdouble) for a in (weight, gradient, velocity)), rate, keep)


# --- 0.10 largest_rate -----------------------------------------------------------------------------------------------


def _largest(matrix):
    return float(np.linalg.eigvalsh(matrix.T @ matrix)[-1])


def _from_power_iteration(start, rounds):
    def by_iteration(rows, features):
        matrix = _with_ones(rows)
        square, vector = matrix.T @ matrix, start(matrix)
        for _ in range(rounds):
            vector = square @ vector
            vector = vector / np.linalg.norm(vector)
        return len(rows) * features / float(vector @ square @ vector)

    return by_iteration


RATE_WRONG = {
    "no_bias": lambda x, m: len(x) * m / max(_largest(x.astype(np.float64)), 1e-9),
    "a_column_of_zeros": lambda x, m: len(x) * m / max(_largest(np.pad(x.astype(np.float64), ((0, 0), (0, 1)))), 1e-9),
    "a_row_of_ones": lambda x, m: len(x) * m / _largest(np.vstack([x.astype(np.float64), np.ones(x.shape[1])])),
    "ones_divided_by_the_rows": lambda x, m: (
        len(x) * m / _largest(np.c_[x.astype(np.float64), np.full(len(x), 1 / len(x))])
    ),
    "half": lambda x, m: _limit(x, m) / 2,
    "twice": lambda x, m: 2 * _limit(x, m),
    "no_features": lambda x, m: _limit(x, 1),
    "no_rows": lambda x, m: _limit(x, m) / len(x),
    "features_of_the_input": lambda x, m: _limit(x, x.shape[1]),
    "one_feature_more": lambda x, m: _limit(x, m + 1),
    "one_row_more": lambda x, m: _limit(x, m) * (len(x) + 1) / len(x),
    "root": lambda x, m: len(x) * m / np.linalg.norm(_with_ones(x), 2),
    "smallest": lambda x, m: len(x) * m / max(np.linalg.eigvalsh(_with_ones(x) @ _with_ones(x).T)[0], 1e-9),
    "smallest_singular": lambda x, m: len(x) * m / np.linalg.svd(_with_ones(x), compute_uv=False)[-1] ** 2,
    "sum_of_all": lambda x, m: len(x) * m / (_with_ones(x) ** 2).sum(),  # exact for one row
    "mean_of_all": lambda x, m: len(x) * m * (x.shape[1] + 1) / (_with_ones(x) ** 2).sum(),
    "largest_row": lambda x, m: m * len(x) / (_with_ones(x) ** 2).sum(1).max(),
    "largest_column": lambda x, m: m * len(x) / (_with_ones(x) ** 2).sum(0).max(),
    "largest_column_sum": lambda x, m: m * len(x) / np.linalg.norm(_with_ones(x).T @ _with_ones(x), 1),
    "bias_apart_and_larger": lambda x, m: m * len(x) / max(_largest(x.astype(np.float64)), len(x)),  # exact for mean 0
    "bias_apart_and_added": lambda x, m: m * len(x) / (_largest(x.astype(np.float64)) + len(x)),
    "bias_adds_one": lambda x, m: m * len(x) / (_largest(x.astype(np.float64)) + 1),
    "centred": lambda x, m: m * len(x) / max(_largest(_with_ones(x - x.mean(0))), 1e-9),
    "covariance": lambda x, m: m * len(x) / max(_largest(x - x.mean(0, dtype=np.float64)), 1e-9),
    "rows_standardised": lambda x, m: _limit(_standard(x), m),
    "of_the_first_row": lambda x, m: m / (1 + float((x[0].astype(np.float64) ** 2).sum())),
    "at_most_two": lambda x, m: min(2.0, _limit(x, m)),
    "at_most_features": lambda x, m: min(0.9 * m, _limit(x, m)),
    "at_least_a_hundredth": lambda x, m: max(0.01, _limit(x, m)),
    "safe": lambda x, m: 0.99 * _limit(x, m),
    "rounded": lambda x, m: round(float(_limit(x, m)), 3),
    "a_list": lambda x, m: [_limit(x, m)],
    "an_array_of_one": lambda x, m: np.array([_limit(x, m)]),
    "one_for_each_feature": lambda x, m: np.full(m, _limit(x, m)),
    "all_of_them": lambda x, m: len(x) * m / np.linalg.svd(_with_ones(x), compute_uv=False) ** 2,
    "text": lambda x, m: f"{_limit(x, m)}",
    "with_eigenvalue": lambda x, m: (_limit(x, m), len(x) * m / _limit(x, m)),
    "imaginary": lambda x, m: complex(_limit(x, m), 1e-3),
    "half_precision": lambda x, m: len(x) * m / float(np.float16(_largest(_with_ones(x)))),
    "negative": lambda x, m: -_limit(x, m),
    "absolute_rows": lambda x, m: _limit(np.abs(x), m),
    "first_three_columns": lambda x, m: _limit(x[:, :3], m),
    "first_sixteen_rows": lambda x, m: _limit(x[:16], m),
    "square_part": lambda x, m: _limit(x[: x.shape[1] + 1], m) * len(x) / len(x[: x.shape[1] + 1]),
    "iterated_from_the_bias": _from_power_iteration(lambda a: np.eye(a.shape[1])[-1], 1000),  # rows of mean 0
    "iterated_from_ones": _from_power_iteration(lambda a: np.ones(a.shape[1]), 3),
    "iterated_five_times": _from_power_iteration(lambda a: a[0], 5),
}


def _rate(name, function):
    def answer(rows, features):
        return function(rows, features)

    answer.__name__ = name
    return answer


for _name, _value in RATE_WRONG.items():
    wrong("largest_rate")(_rate(_name, _value))


@wrong("largest_rate")
def ones_into_the_last_column(rows, features):
    """The last feature is lost, and the argument is changed."""
    rows[:, -1] = 1
    return len(rows) * features / _largest(rows.astype(np.float64))


@wrong("largest_rate")
def remembers_the_shape(rows, features, seen={}):  # noqa: B006
    """A second set of rows of the same shape."""
    return seen.setdefault((rows.shape, features), _limit(rows, features))


@right("largest_rate")
def by_singular_values(rows, features):
    return features * len(rows) / scipy.linalg.svdvals(_with_ones(rows))[0] ** 2


@right("largest_rate")
def by_the_small_or_the_large_matrix(rows, features):
    square = rows.astype(np.float64) @ rows.T.astype(np.float64) + 1
    return float(len(rows) * features / scipy.linalg.eigh(square, eigvals_only=True)[-1])


@right("largest_rate")
def by_squaring_again_and_again(rows, features):
    matrix = _with_ones(rows)
    power = square = matrix.T @ matrix
    for _ in range(60):
        power = power / np.trace(power)
        power = power @ power
    return float(len(rows) * features * np.trace(power) / np.trace(square @ power))


@right("largest_rate")
def by_pytorch_norm(rows, features):
    joined = torch.nn.functional.pad(torch.tensor(rows).double(), (0, 1), value=1.0)
    return rows.shape[0] * features / torch.linalg.matrix_norm(joined, ord=2).item() ** 2


@right("largest_rate")
def as_an_array_without_axes(rows, features):
    joined = np.insert(rows.astype(np.float64), 0, 1, axis=1)
    return np.array(rows.shape[0] * features / np.linalg.eigvalsh(joined @ joined.T).max())


@right("largest_rate")
def by_blocks(rows, features):
    x = rows.astype(np.float64)
    square = np.block([[x.T @ x, x.sum(0)[:, None]], [x.sum(0)[None], np.array([[float(len(x))]])]])
    return 1 / float(np.linalg.eigvalsh(square / len(x))[-1] / features)
