"""Answers to the exercises of chapter 0, invented from the tasks alone, a third time.

The docstring of a wrong one says what is wrong, and an input (the witness) on which its result is not the right one.
"""

import copy
import math
from fractions import Fraction

import scipy.linalg

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("00")
wrong, right = answers.unlisted, answers.right

F = torch.nn.functional
EPS = 1e-5


# --- 0.1 gradients_by_hand: y = (-1, -1), y - R = (-3, 1), right is [[-6, 2], [3, -1], [-3, -7]] ----------------------

answers.by_hand(
    "gradients_by_hand",
    wrong={
        "weight_gradient_transposed": [[-6, 3], [2, -1], [-3, -7]],
        "row_through_the_matrix_itself": [[-6, 2], [3, -1], [0, 2]],  # g W
        "mean_forgotten": [[-12, 4], [6, -2], [-6, -14]],
        "two_of_the_square_forgotten": [[-3, 1], [1.5, -0.5], [-1.5, -3.5]],
        "right_minus_what_comes_out": [[6, -2], [-3, 1], [3, 7]],
        "matrix_times_row": [[0, 14], [0, -7], [0, 14]],  # y = W x + b = (2, 5)
        "bias_forgotten": [[-6, 0], [3, 0], [-3, -9]],  # g = (-3, 0)
        "minus_of_the_row_lost": [[-6, 2], [-3, 1], [-3, -7]],  # |x| in the outer product
        "row_first": [[-3, -7], [-6, 2], [3, -1]],
        "diagonal_of_the_matrix_only": [[-6, 2], [3, -1], [-3, 2]],
        "weights_after_a_step": [[7, -2], [0, 3], [5, 6]],
        "bias_gradient_as_the_third_row": [[-6, 2], [3, -1], [-3, 1]],
        "row_gradient_of_one_feature_each": [[-6, 2], [3, -1], [-9, 2]],  # only the second row of W
        "right_read_as_plus_two": [[-6, -6], [3, 3], [-3, -15]],  # R = (2, 2): g = (-3, -3)
        "one_sign_slipped": [[-6, 2], [3, 1], [-3, -7]],
        "right_number_second_sum_slipped": [[-6, 2], [3, -1], [-3, -11]],  # -9 - 2
    },
    right={
        "tuples": ((-6.0, 2.0), (3.0, -1.0), (-3.0, -7.0)),
        "fractions": [[Fraction(-6), Fraction(2)], [Fraction(3), Fraction(-1)], [Fraction(-3), Fraction(-7)]],
        "array_rows": list(np.array([[-6, 2], [3, -1], [-3, -7]], np.float32)),
    },
)


@right("gradients_by_hand")
def let_autograd_do_it():
    weight = torch.tensor([[1.0, 0.0], [3.0, 2.0]], requires_grad=True)
    x = torch.tensor([[2.0, -1.0]], requires_grad=True)
    F.mse_loss(x @ weight + torch.tensor([0.0, 1.0]), torch.tensor([[2.0, -2.0]])).backward()
    return torch.cat([weight.grad, x.grad]).tolist()


# --- 0.3 standardise --------------------------------------------------------------------------------------------------


@wrong("standardise")
def down_the_columns(rows):
    """Witness: [[1, 2], [3, 5]]."""
    return (rows - rows.mean(-2, keepdims=True)) / np.sqrt(rows.var(-2, keepdims=True) + EPS)


@wrong("standardise")
def axis_0(rows):
    """Witness: [[1, 2], [3, 5]]."""
    return (rows - rows.mean(axis=0)) / np.sqrt(rows.var(axis=0) + EPS)


@wrong("standardise")
def axis_1(rows):
    """Right in two axes only. Witness: shape (2, 3, 4)."""
    return (rows - rows.mean(1, keepdims=True)) / np.sqrt(rows.var(1, keepdims=True) + EPS)


@wrong("standardise")
def axis_2(rows):
    """Right in three axes only. Witness: shape (3, 4)."""
    return (rows - rows.mean(2, keepdims=True)) / np.sqrt(rows.var(2, keepdims=True) + EPS)


@wrong("standardise")
def whole_array(rows):
    """Witness: [[1, 2], [3, 5]]."""
    return (rows - rows.mean()) / np.sqrt(rows.var() + EPS)


@wrong("standardise")
def whole_sentence(rows):
    """Witness: [[1, 2], [3, 5]]."""
    axes = (-2, -1)
    return (rows - rows.mean(axes, keepdims=True)) / np.sqrt(rows.var(axes, keepdims=True) + EPS)


@wrong("standardise")
def mean_of_the_row_variance_of_all(rows):
    """Forgot the axis once. Witness: [[1, 2], [3, 5]]."""
    return (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var() + EPS)


@wrong("standardise")
def sample_variance(rows):
    """Divides by D - 1. Witness: [[1, 2]]."""
    return (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, ddof=1, keepdims=True) + EPS)


@wrong("standardise")
def epsilon_outside(rows):
    """Witness: [[0, 0.001]], deviation 5e-4."""
    return (rows - rows.mean(-1, keepdims=True)) / (rows.std(-1, keepdims=True) + EPS)


@wrong("standardise")
def epsilon_1e_8(rows):
    """Witness: [[0, 0.001]]."""
    return (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + 1e-8)


@wrong("standardise")
def epsilon_1e_6(rows):
    """Witness: [[0, 0.001]]."""
    return (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + 1e-6)


@wrong("standardise")
def epsilon_squared(rows):
    """Witness: [[0, 0.001]]."""
    return (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + EPS**2)


@wrong("standardise")
def epsilon_as_a_floor(rows):
    """max instead of plus. Witness: [[0, 0.006]], variance 9e-6."""
    return (rows - rows.mean(-1, keepdims=True)) / np.sqrt(np.maximum(rows.var(-1, keepdims=True), EPS))


@wrong("standardise")
def deviation_floored(rows):
    """Witness: [[0, 0.001]]."""
    return (rows - rows.mean(-1, keepdims=True)) / np.maximum(rows.std(-1, keepdims=True), EPS)


@wrong("standardise")
def zero_deviation_becomes_one(rows):
    """As scikit-learn does it. Witness: [[0, 0.001]]."""
    deviation = rows.std(-1, keepdims=True)
    return (rows - rows.mean(-1, keepdims=True)) / np.where(deviation == 0, 1, deviation)


@wrong("standardise")
def nan_repaired(rows):
    """No epsilon, 0 / 0 becomes 0. Witness: [[0, 0.001]]."""
    with np.errstate(all="ignore"):
        return np.nan_to_num((rows - rows.mean(-1, keepdims=True)) / rows.std(-1, keepdims=True))


@wrong("standardise")
def epsilon_for_constant_rows_only(rows):
    """Witness: [[0, 0.001]]."""
    variance = rows.var(-1, keepdims=True)
    return (rows - rows.mean(-1, keepdims=True)) / np.sqrt(np.where(variance < 1e-12, EPS, variance))


@wrong("standardise")
def nearly_constant_rows_become_zero(rows):
    """Witness: [[0, 1e-4]]: should be -0.016 and 0.016."""
    variance = rows.var(-1, keepdims=True)
    z = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(variance + EPS)
    return np.where(np.isclose(variance, 0), 0, z)


@wrong("standardise")
def rows_close_to_their_mean_become_zero(rows):
    """isclose is relative: a million away everything is close. Witness: [[1e6, 1e6 + 1]]."""
    mean = rows.mean(-1, keepdims=True)
    z = (rows - mean) / np.sqrt(rows.var(-1, keepdims=True) + EPS)
    return np.where(np.isclose(rows, mean).all(-1, keepdims=True), 0, z)


@wrong("standardise")
def mean_of_squares(rows):
    """Cancels. Witness: [[1e6, 1e6 + 0.01]]."""
    mean = rows.mean(-1, keepdims=True)
    variance = (rows**2).mean(-1, keepdims=True) - mean**2
    return (rows - mean) / np.sqrt(np.maximum(variance, 0) + EPS)


@wrong("standardise")
def mean_of_squares_around_the_common_mean(rows):
    """Still cancels for two rows far from each other. Witness: [[1e6, 1e6 + 0.01], [-1e6, -1e6 + 0.01]]."""
    rows = rows - rows.mean()
    mean = rows.mean(-1, keepdims=True)
    variance = (rows * rows).mean(-1, keepdims=True) - mean**2
    return (rows - mean) / np.sqrt(np.maximum(variance, 0) + EPS)


@wrong("standardise")
def mean_of_squares_around_the_first_row(rows):
    """Witness: [[0, 0.01], [1e6, 1e6 + 0.01]]."""
    rows = rows - rows[..., :1, :1]
    mean = rows.mean(-1, keepdims=True)
    variance = np.abs(np.einsum("...d,...d->...", rows, rows)[..., None] / rows.shape[-1] - mean**2)
    return (rows - mean) / np.sqrt(variance + EPS)


@wrong("standardise")
def begins_in_float32(rows):
    """Witness: [[1e6, 1e6 + 0.01]] in float64."""
    rows = rows.astype(np.float32)
    return (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + np.float32(EPS))


@wrong("standardise")
def ends_in_float32(rows):
    """Narrower than float64 rows. Witness: [[0.0, 1.0, 3.0]], off by 1e-8."""
    z = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + EPS)
    return z.astype("float32")


@wrong("standardise")
def no_root(rows):
    """Witness: [[0, 4]]."""
    return (rows - rows.mean(-1, keepdims=True)) / (rows.var(-1, keepdims=True) + EPS)


@wrong("standardise")
def sum_of_squares(rows):
    """Witness: [[0, 4]]."""
    away = rows - rows.mean(-1, keepdims=True)
    return away / np.sqrt((away**2).sum(-1, keepdims=True) + EPS)


@wrong("standardise")
def not_centred(rows):
    """Witness: [[0, 4]]."""
    return rows / np.sqrt(rows.var(-1, keepdims=True) + EPS)


@wrong("standardise")
def squares_of_the_rows_themselves(rows):
    """As RMSNorm. Witness: [[0, 4]]."""
    return (rows - rows.mean(-1, keepdims=True)) / np.sqrt((rows**2).mean(-1, keepdims=True) + EPS)


@wrong("standardise")
def mean_distance(rows):
    """Witness: [[0, 0, 4]]."""
    away = rows - rows.mean(-1, keepdims=True)
    return away / np.sqrt(np.abs(away).mean(-1, keepdims=True) ** 2 + EPS)


@wrong("standardise")
def around_the_median(rows):
    """Witness: [[0, 0, 4]]."""
    away = rows - np.median(rows, -1, keepdims=True)
    return away / np.sqrt((away**2).mean(-1, keepdims=True) + EPS)


@wrong("standardise")
def outliers_clipped_at_3(rows):
    """Witness: one 1 among 16 zeros: its z is 4."""
    z = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + EPS)
    return np.clip(z, -3, 3)


@wrong("standardise")
def no_keepdims(rows):
    """Witness: [[1, 2], [3, 5]] (not square: an error)."""
    return (rows - rows.mean(-1)) / np.sqrt(rows.var(-1) + EPS)


@wrong("standardise")
def by_transposing(rows):
    """.T turns all axes round, right in two axes only. Witness: shape (3, 3, 4)."""
    return ((rows.T - rows.mean(-1)) / np.sqrt(rows.var(-1) + EPS)).T


@wrong("standardise")
def new_axis_at_1(rows):
    """Right in two axes only. Witness: shape (2, 3, 4)."""
    return (rows - rows.mean(-1)[:, None]) / np.sqrt(rows.var(-1)[:, None] + EPS)


@wrong("standardise")
def one_loop(rows):
    """Right in two axes only. Witness: shape (2, 3, 4): standardises sentences."""
    return np.array([(row - row.mean()) / np.sqrt(row.var() + EPS) for row in rows])


@wrong("standardise")
def left_below_each_other(rows):
    """Not reshaped back. Witness: shape (2, 3, 4)."""
    rows = rows.reshape(-1, rows.shape[-1])
    return (rows - rows.mean(1, keepdims=True)) / np.sqrt(rows.var(1, keepdims=True) + EPS)


@wrong("standardise")
def reshaped_to_the_transpose(rows):
    """reshape(D, -1) is no transpose. Witness: [[0, 1, 5], [2, 2, 9]]."""
    columns = rows.reshape(rows.shape[-1], -1)
    return ((columns - columns.mean(0)) / np.sqrt(columns.var(0) + EPS)).reshape(rows.shape)


@wrong("standardise")
def squeezed(rows):
    """Witness: shape (1, 3)."""
    return np.squeeze((rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + EPS))


@wrong("standardise")
def into_an_array_like_the_rows(rows):
    """Allocated in half precision "to save memory". Witness: [[0.0, 1.0, 3.0]]."""
    out = np.empty(rows.shape, np.float16)
    out[...] = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + EPS)
    return out.astype(rows.dtype)


@wrong("standardise", "pytorch")
def torch_var(rows):
    """correction=1. Witness: [[0., 4.]]."""
    return (rows - rows.mean(-1, keepdim=True)) / torch.sqrt(rows.var(-1, keepdim=True) + EPS)


@wrong("standardise", "pytorch")
def torch_std_plus_epsilon(rows):
    """Witness: [[0., 0.001]]."""
    return (rows - rows.mean(-1, keepdim=True)) / (rows.std(-1, keepdim=True, correction=0) + EPS)


@wrong("standardise", "pytorch")
def layer_norm_over_the_sentence(rows):
    """Witness: [[0., 4.], [1., 9.]]."""
    return F.layer_norm(rows, rows.shape[-2:], eps=EPS)


@wrong("standardise", "pytorch")
def layer_norm_over_all_but_the_first(rows):
    """Right in two axes only. Witness: shape (2, 3, 4)."""
    return F.layer_norm(rows, rows.shape[1:], eps=EPS)


@wrong("standardise", "pytorch")
def group_norm(rows):
    """Right in two axes only. Witness: shape (2, 3, 4)."""
    return F.group_norm(rows, 1, eps=EPS)


@wrong("standardise", "pytorch")
def instance_norm(rows):
    """Right in three axes only. Witness: shape (2, 2, 3, 4)."""
    return F.instance_norm(rows, eps=EPS)


@wrong("standardise", "pytorch")
def batch_norm(rows):
    """Witness: [[0., 4.], [1., 9.]]."""
    flat = rows.reshape(-1, rows.shape[-1])
    return F.batch_norm(flat, None, None, training=True, eps=EPS).reshape(rows.shape)


@wrong("standardise", "pytorch")
def normalised_length(rows):
    """No epsilon. Witness: [[0., 0.001]]."""
    return F.normalize(rows - rows.mean(-1, keepdim=True), dim=-1) * math.sqrt(rows.shape[-1])


@wrong("standardise", "pytorch")
def statistics_without_gradient(rows):
    """Mean and variance taken for constants. Witness: gradient of z[0, 0] for [[0., 1., 3.]]."""
    with torch.no_grad():
        mean, variance = rows.mean(-1, keepdim=True), rows.var(-1, keepdim=True, correction=0)
    return (rows - mean) / torch.sqrt(variance + EPS)


@wrong("standardise", "pytorch")
def deviation_detached(rows):
    """Witness: gradient of z[0, 0] for [[0., 1., 3.]]."""
    deviation = torch.sqrt(rows.var(-1, keepdim=True, correction=0) + EPS)
    return (rows - rows.mean(-1, keepdim=True)) / deviation.detach()


@wrong("standardise", "pytorch")
def mean_by_item(rows):
    """The mean leaves the graph through NumPy. Witness: gradient of z[0, 0] for [[0., 1., 3.]]."""
    mean = torch.from_numpy(rows.detach().numpy().mean(-1, keepdims=True))
    away = rows - mean
    return away / torch.sqrt((away**2).mean(-1, keepdim=True) + EPS)


@wrong("standardise", "pytorch")
def under_no_grad(rows):
    """No gradient arrives. Witness: any rows that require one."""
    with torch.no_grad():
        return F.layer_norm(rows, rows.shape[-1:])


@wrong("standardise", "pytorch")
def a_new_leaf(rows):
    """The gradient arrives at a copy. Witness: any rows that require one."""
    rows = rows.clone().detach().requires_grad_()
    return (rows - rows.mean(-1, keepdim=True)) / torch.sqrt(rows.var(-1, keepdim=True, correction=0) + EPS)


@wrong("standardise", "pytorch")
def half_inside(rows):
    """Witness: [[0., 1., 3.]] differs by 1e-4; a million is infinite."""
    x = rows.half()
    return ((x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + EPS).sqrt()).to(rows.dtype)


@wrong("standardise", "pytorch")
def layer_norm_in_float32(rows):
    """Witness: [[1e6, 1e6 + 0.01]] in float64."""
    return F.layer_norm(rows.float(), rows.shape[-1:], eps=EPS).to(rows.dtype)


@wrong("standardise", "tensorflow")
def keras_layer_with_its_own_epsilon(rows):
    """epsilon is 1e-3. Witness: [[0., 0.001]]."""
    return tf.keras.layers.LayerNormalization(dtype=rows.dtype)(rows)


@wrong("standardise", "tensorflow")
def keras_layer_in_its_own_type(rows):
    """Comes out in float32, narrower than float64 rows. Witness: [[0.0, 1.0, 3.0]], off by 1e-8."""
    return tf.keras.layers.LayerNormalization(epsilon=EPS)(rows)


@wrong("standardise", "tensorflow")
def moments_over_the_first_axis(rows):
    """Witness: [[0., 4.], [1., 9.]]."""
    mean, variance = tf.nn.moments(rows, axes=[0])
    return tf.nn.batch_normalization(rows, mean, variance, None, None, EPS)


@wrong("standardise", "tensorflow")
def moments_over_axis_1(rows):
    """Right in two axes only. Witness: shape (2, 3, 4)."""
    mean, variance = tf.nn.moments(rows, axes=[1], keepdims=True)
    return (rows - mean) / tf.sqrt(variance + EPS)


@wrong("standardise", "tensorflow")
def moments_without_keepdims(rows):
    """Witness: [[0., 4.], [1., 9.]]."""
    mean, variance = tf.nn.moments(rows, axes=-1)
    return (rows - mean) * tf.math.rsqrt(variance + EPS)


@wrong("standardise", "tensorflow")
def reduce_std(rows):
    """Epsilon on the deviation. Witness: [[0., 0.001]]."""
    away = rows - tf.reduce_mean(rows, -1, keepdims=True)
    return away / (tf.math.reduce_std(rows, -1, keepdims=True) + EPS)


@wrong("standardise", "tensorflow")
def divide_no_nan(rows):
    """No epsilon. Witness: [[0., 0.001]]."""
    away = rows - tf.reduce_mean(rows, -1, keepdims=True)
    return tf.math.divide_no_nan(away, tf.sqrt(tf.reduce_mean(away**2, -1, keepdims=True)))


@wrong("standardise", "tensorflow")
def difference_of_squares(rows):
    """Cancels. Witness: [[1e6, 1e6 + 0.01]]."""
    mean = tf.reduce_mean(rows, -1, keepdims=True)
    variance = tf.nn.relu(tf.reduce_mean(rows**2, -1, keepdims=True) - mean**2)
    return (rows - mean) * tf.math.rsqrt(variance + EPS)


@wrong("standardise", "tensorflow")
def through_a_variable(rows):
    """A variable made of the rows takes the gradient away. Witness: any rows under a tape."""
    x = tf.Variable(rows)
    mean, variance = tf.nn.moments(x, axes=-1, keepdims=True)
    return (x - mean) / tf.sqrt(variance + EPS)


@wrong("standardise", "tensorflow")
def variance_stopped(rows):
    """Witness: gradient of z[0, 0] for [[0., 1., 3.]]."""
    mean, variance = tf.nn.moments(rows, axes=-1, keepdims=True)
    return (rows - mean) / tf.sqrt(tf.stop_gradient(variance) + EPS)


@wrong("standardise", "tensorflow")
def through_numpy(rows):
    """No gradient arrives. Witness: any rows under a tape."""
    x = np.array(rows)
    return tf.constant((x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + EPS))


@right("standardise")
def along_the_axis(rows):
    return np.apply_along_axis(lambda row: (row - row.mean()) / math.sqrt(row.var() + EPS), -1, rows.astype(float))


@right("standardise")
def in_long_double(rows):
    wide = rows.astype(np.longdouble)
    away = wide - wide.mean(-1, keepdims=True)
    return away / np.sqrt(np.square(away).mean(-1, keepdims=True) + np.longdouble("1e-5"))


@right("standardise")
def row_after_row_exactly(rows):
    out = np.empty(rows.shape, np.float64)
    for at in np.ndindex(rows.shape[:-1]):
        row = rows[at].tolist()
        mean = math.fsum(row) / len(row)
        variance = math.fsum((x - mean) ** 2 for x in row) / len(row)
        out[at] = [(x - mean) / math.sqrt(variance + 1e-5) for x in row]
    return out


@right("standardise", "pytorch")
def layer_norm_in_double(rows):
    wide = rows.double()
    return F.layer_norm(wide - wide.mean(-1, keepdim=True), rows.shape[-1:], eps=1e-5)


@right("standardise", "pytorch")
def length_of_the_distances(rows):
    away = rows.double() - rows.double().mean(-1, keepdim=True)
    return away * torch.rsqrt(torch.einsum("...d,...d->...", away, away) / rows.shape[-1] + 1e-5)[..., None]


@right("standardise", "tensorflow")
def keras_layer_in_double(rows):
    return tf.keras.layers.LayerNormalization(epsilon=1e-5, dtype="float64")(tf.cast(rows, tf.float64))


@right("standardise", "tensorflow")
def batch_normalization_with_moments_of_rows(rows):
    wide = tf.cast(rows, tf.float64)
    return tf.nn.batch_normalization(wide, *tf.nn.moments(wide, [-1], keepdims=True), None, None, 1e-5)


# --- 0.4 layer_for_each -----------------------------------------------------------------------------------------------


@wrong("layer_for_each")
def bias_as_it_is(rows, weights, biases):
    """Witness: B = T = 2 (otherwise an error)."""
    return rows @ weights + biases


@wrong("layer_for_each")
def bias_axis_1(rows, weights, biases):
    """Right in three axes only. Witness: rows (2, 3), weights (3, 2), biases (2,)."""
    return rows @ weights + biases[:, None]


@wrong("layer_for_each")
def bias_axis_1_for_batches(rows, weights, biases):
    """Wrong in four axes. Witness: rows (2, 3, 3, 2), weights (2, 3, 2, 2), biases (2, 3, 2)."""
    product = rows @ weights
    return product + (biases if biases.ndim == 1 else biases[:, None])


@wrong("layer_for_each")
def bias_axis_last(rows, weights, biases):
    """Witness: rows (2, 3, 2), weights (2, 2, 3), biases (2, 3), T = M = 3."""
    return rows @ weights + biases[..., None]


@wrong("layer_for_each")
def bias_axis_first(rows, weights, biases):
    """Witness: B = T = 2."""
    return rows @ weights + biases[None]


@wrong("layer_for_each")
def bias_reshaped(rows, weights, biases):
    """Right in three axes only. Witness: rows (2, 3): comes back as (1, 2, M)."""
    return rows @ weights + biases.reshape(-1, 1, biases.shape[-1])


@wrong("layer_for_each")
def bias_tiled(rows, weights, biases):
    """tile for repeat. Witness: biases [[0, 0], [1, 1]], T = 2."""
    steps = rows.shape[-2]
    flat = biases.reshape(-1, biases.shape[-1])
    return rows @ weights + np.tile(flat, (steps, 1)).reshape(*rows.shape[:-1], -1)


@wrong("layer_for_each")
def bias_of_the_first(rows, weights, biases):
    """Witness: biases [[0], [1]]."""
    return rows @ weights + biases.reshape(-1, biases.shape[-1])[0]


@wrong("layer_for_each")
def bias_left_out(rows, weights, biases):
    """Witness: a bias of 1."""
    return np.matmul(rows, weights)


@wrong("layer_for_each")
def bias_first(rows, weights, biases):
    """Added to the rows. Witness: D = M = 2, bias (1, 1), weights 2 I."""
    return (rows + biases[..., None, :]) @ weights


@wrong("layer_for_each")
def bias_taken_away(rows, weights, biases):
    """Witness: a bias of 1."""
    return rows @ weights - biases[..., None, :]


@wrong("layer_for_each")
def dot(rows, weights, biases):
    """Every row through every layer. Witness: shape (2, 3, 4)."""
    return np.dot(rows, weights) + biases[..., None, :]


@wrong("layer_for_each")
def tensordot(rows, weights, biases):
    """Witness: shape (2, 3, 4)."""
    return np.tensordot(rows, weights, axes=([-1], [-2])) + np.expand_dims(biases, -2)


@wrong("layer_for_each")
def einsum_of_three_axes(rows, weights, biases):
    """Witness: rows (3, 4), an error."""
    return np.einsum("btd,bdm->btm", rows, weights) + biases[..., None, :]


@wrong("layer_for_each")
def einsum_over_the_batch(rows, weights, biases):
    """Sums over the sentences of a batch. Witness: two sentences alike: twice the product, one set."""
    if rows.ndim == 2:
        return rows @ weights + biases
    return np.einsum("btd,bdm->tm", rows, weights) + biases[..., None, :]


@wrong("layer_for_each")
def first_layer_for_all(rows, weights, biases):
    """Witness: weights [[[1]], [[2]]]."""
    first = weights.reshape(-1, *weights.shape[-2:])[0]
    return rows @ first + biases[..., None, :]


@wrong("layer_for_each")
def weights_the_other_way(rows, weights, biases):
    """Witness: D = M = 2, weights [[0, 1], [0, 0]]."""
    return rows @ np.swapaxes(weights, -1, -2) + biases[..., None, :]


@wrong("layer_for_each")
def weights_dot_T(rows, weights, biases):
    """.T turns all axes round. Witness: shape (2, 2, 2)."""
    return rows @ weights.T + biases[..., None, :]


@wrong("layer_for_each")
def product_by_broadcasting(rows, weights, biases):
    """Weights lack the axis of T, right for (T, D). Witness: B = T = 2."""
    return (rows[..., None] * weights).sum(-2) + biases[..., None, :]


@wrong("layer_for_each")
def sum_over_the_wrong_axis(rows, weights, biases):
    """Sums over M. Witness: D = M = 2, weights [[0, 1], [0, 0]]."""
    return (rows[..., None] * weights[..., None, :, :]).sum(-1) + biases[..., None, :]


@wrong("layer_for_each")
def in_float32(rows, weights, biases):
    """Witness: 0.1 times 0.1 in float64."""
    return rows.astype("float32") @ weights.astype("float32") + biases.astype("float32")[..., None, :]


@wrong("layer_for_each")
def one_batch_axis_back(rows, weights, biases):
    """Four axes come back as three. Witness: shape (2, 2, 3, 4)."""
    flat = rows.reshape(-1, *rows.shape[-2:]) @ weights.reshape(-1, *weights.shape[-2:])
    flat = flat + biases.reshape(-1, 1, biases.shape[-1])
    return flat if rows.ndim > 2 else flat[0]


@wrong("layer_for_each")
def squeezed_result(rows, weights, biases):
    """Witness: T = 1."""
    return (rows @ weights + biases[..., None, :]).squeeze()


@wrong("layer_for_each", "pytorch")
def bmm(rows, weights, biases):
    """Three axes only. Witness: shape (3, 4), an error."""
    return torch.bmm(rows, weights) + biases.unsqueeze(1)


@wrong("layer_for_each", "pytorch")
def baddbmm(rows, weights, biases):
    """Biases broadcast from the left. Witness: B = T = 2."""
    return torch.baddbmm(biases, rows, weights)


@wrong("layer_for_each", "pytorch")
def unsqueeze_1(rows, weights, biases):
    """Right in three axes only. Witness: rows (2, 3), weights (3, 2), biases (2,)."""
    return torch.matmul(rows, weights) + biases.unsqueeze(1)


@wrong("layer_for_each", "pytorch")
def functional_linear(rows, weights, biases):
    """One weight for all. Witness: shape (2, 3, 4), an error."""
    return F.linear(rows, weights.mT, biases)


@wrong("layer_for_each", "pytorch")
def one_vmap(rows, weights, biases):
    """Exactly one leading axis. Witness: rows (3, 4)."""
    return torch.vmap(lambda x, w, b: x @ w + b)(rows, weights, biases)


@wrong("layer_for_each", "pytorch")
def expanded_wrongly(rows, weights, biases):
    """expand + view mixes sentences. Witness: biases [[0, 0], [1, 1]], T = 2."""
    product = rows @ weights
    steps = rows.shape[-2]
    return product + biases.expand(steps, *biases.shape).reshape(product.shape)


@wrong("layer_for_each", "pytorch")
def product_in_bfloat16(rows, weights, biases):
    """Witness: 0.1 times 0.1."""
    return (rows.bfloat16() @ weights.bfloat16()).to(rows.dtype) + biases[..., None, :]


@wrong("layer_for_each", "tensorflow")
def tf_bias_as_it_is(rows, weights, biases):
    """Witness: B = T = 2."""
    return tf.matmul(rows, weights) + biases


@wrong("layer_for_each", "tensorflow")
def expand_dims_1(rows, weights, biases):
    """Witness: rows (2, 3), weights (3, 2), biases (2,)."""
    return tf.matmul(rows, weights) + tf.expand_dims(biases, 1)


@wrong("layer_for_each", "tensorflow")
def expand_dims_last(rows, weights, biases):
    """Witness: rows (2, 3, 2), weights (2, 2, 3), biases (2, 3)."""
    return tf.matmul(rows, weights) + tf.expand_dims(biases, -1)


@wrong("layer_for_each", "tensorflow")
def transpose_b(rows, weights, biases):
    """Witness: D = M = 2, weights [[0, 1], [0, 0]]."""
    return tf.matmul(rows, weights, transpose_b=True) + biases[..., None, :]


@wrong("layer_for_each", "tensorflow")
def tf_tensordot(rows, weights, biases):
    """Witness: shape (2, 3, 4)."""
    return tf.tensordot(rows, weights, [[-1], [-2]]) + biases[..., None, :]


@wrong("layer_for_each", "tensorflow")
def tf_ellipsis_in_float32(rows, weights, biases):
    """Witness: 0.1 times 0.1 in float64."""
    x, w, b = (tf.cast(a, tf.float32) for a in (rows, weights, biases))
    return tf.einsum("...td,...dm->...tm", x, w) + b[..., tf.newaxis, :]


@right("layer_for_each")
def bias_as_one_more_row_of_the_weights(rows, weights, biases):
    ones = np.ones_like(rows[..., :1])
    return np.concatenate([rows, ones], -1) @ np.concatenate([weights, biases[..., None, :]], -2)


@right("layer_for_each")
def gufunc(rows, weights, biases):
    return np.vectorize(lambda x, w, b: x.dot(w) + b, signature="(t,d),(d,m),(m)->(t,m)")(rows, weights, biases)


@right("layer_for_each", "pytorch")
def baddbmm_and_back(rows, weights, biases):
    x, w = rows.reshape(-1, *rows.shape[-2:]), weights.reshape(-1, *weights.shape[-2:])
    out = torch.baddbmm(biases.reshape(-1, 1, biases.shape[-1]), x, w)
    return out.reshape(*rows.shape[:-1], biases.shape[-1])


@right("layer_for_each", "tensorflow")
def everything_on_its_side(rows, weights, biases):
    columns = tf.matmul(weights, rows, transpose_a=True, transpose_b=True) + biases[..., tf.newaxis]
    return tf.linalg.matrix_transpose(columns)


@right("layer_for_each", "tensorflow")
def broadcast_sum(rows, weights, biases):
    return tf.reduce_sum(rows[..., None] * weights[..., None, :, :], -2) + tf.expand_dims(biases, -2)


# --- 0.5 tanh_layer_backward ------------------------------------------------------------------------------------------


def _back(rows, weight, through):
    """The layer's gradients when `through` arrives at z."""
    flat, arriving = rows.reshape(-1, rows.shape[-1]), through.reshape(-1, through.shape[-1])
    return through @ weight.T, flat.T @ arriving, arriving.sum(0)


def _slope(rows, weight, bias):
    return 1 - np.tanh(rows @ weight + bias) ** 2


@wrong("tanh_layer_backward")
def slope_of_z(rows, weight, bias, upstream):
    """1 - z². Witness: all 1: z = 2, slope -3."""
    return _back(rows, weight, upstream * (1 - (rows @ weight + bias) ** 2))


@wrong("tanh_layer_backward")
def slope_of_the_output_again(rows, weight, bias, upstream):
    """tanh twice. Witness: all 1."""
    y = np.tanh(rows @ weight + bias)
    return _back(rows, weight, upstream * (1 - np.tanh(y) ** 2))


@wrong("tanh_layer_backward")
def straight_layer(rows, weight, bias, upstream):
    """No slope. Witness: all 1."""
    return _back(rows, weight, upstream)


@wrong("tanh_layer_backward")
def slope_without_bias(rows, weight, bias, upstream):
    """Witness: all 1."""
    return _back(rows, weight, upstream * (1 - np.tanh(rows @ weight) ** 2))


@wrong("tanh_layer_backward")
def slope_not_squared(rows, weight, bias, upstream):
    """Witness: all 1."""
    return _back(rows, weight, upstream * (1 - np.tanh(rows @ weight + bias)))


@wrong("tanh_layer_backward")
def slope_of_the_sigmoid(rows, weight, bias, upstream):
    """y (1 - y). Witness: all 1."""
    y = np.tanh(rows @ weight + bias)
    return _back(rows, weight, upstream * y * (1 - y))


@wrong("tanh_layer_backward")
def tanh_by_powers(rows, weight, bias, upstream):
    """inf / inf. Witness: x = 1000, w = 1, b = 0: NaN for 0."""
    z = rows @ weight + bias
    with np.errstate(all="ignore"):
        y = (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))
    return _back(rows, weight, upstream * (1 - y**2))


@wrong("tanh_layer_backward")
def tanh_by_one_power(rows, weight, bias, upstream):
    """inf / inf on one side only. Witness: x = 1000, w = 1, b = 0."""
    with np.errstate(all="ignore"):
        power = np.exp(2 * (rows @ weight + bias))
        slope = 4 * power / (power + 1) ** 2
    return _back(rows, weight, upstream * slope)


@wrong("tanh_layer_backward")
def inputs_clipped(rows, weight, bias, upstream):
    """z kept within ±5. Witness: z = 10: 1.8e-4 for 8e-9."""
    z = np.clip(rows @ weight + bias, -5, 5)
    return _back(rows, weight, upstream * (1 - np.tanh(z) ** 2))


@wrong("tanh_layer_backward")
def upstream_ignored(rows, weight, bias, upstream):
    """Witness: upstream 2."""
    return _back(rows, weight, _slope(rows, weight, bias))


@wrong("tanh_layer_backward")
def slope_of_the_upstream(rows, weight, bias, upstream):
    """Witness: all 1."""
    return _back(rows, weight, (1 - np.tanh(upstream) ** 2) * upstream)


@wrong("tanh_layer_backward")
def bias_from_upstream(rows, weight, bias, upstream):
    """Witness: all 1."""
    rows_grad, weight_grad, _ = _back(rows, weight, upstream * _slope(rows, weight, bias))
    return rows_grad, weight_grad, upstream.reshape(-1, upstream.shape[-1]).sum(0)


@wrong("tanh_layer_backward")
def rows_from_upstream(rows, weight, bias, upstream):
    """Witness: all 1."""
    _, weight_grad, bias_grad = _back(rows, weight, upstream * _slope(rows, weight, bias))
    return upstream @ weight.T, weight_grad, bias_grad


@wrong("tanh_layer_backward")
def weight_from_upstream(rows, weight, bias, upstream):
    """Witness: all 1."""
    rows_grad, _, bias_grad = _back(rows, weight, upstream * _slope(rows, weight, bias))
    return rows_grad, _back(rows, weight, upstream)[1], bias_grad


@wrong("tanh_layer_backward")
def bias_over_axis_0(rows, weight, bias, upstream):
    """Two axes only. Witness: shape (2, 3, 4)."""
    g = upstream * _slope(rows, weight, bias)
    return g @ weight.T, _back(rows, weight, g)[1], g.sum(axis=0)


@wrong("tanh_layer_backward")
def bias_over_two_axes(rows, weight, bias, upstream):
    """Three axes only. Witness: shape (3, 4)."""
    g = upstream * _slope(rows, weight, bias)
    return g @ weight.T, _back(rows, weight, g)[1], g.sum(axis=(0, 1))


@wrong("tanh_layer_backward")
def bias_mean(rows, weight, bias, upstream):
    """Witness: two rows of 1."""
    rows_grad, weight_grad, bias_grad = _back(rows, weight, upstream * _slope(rows, weight, bias))
    return rows_grad, weight_grad, bias_grad / (rows.size / rows.shape[-1])


@wrong("tanh_layer_backward")
def mean_over_the_sets(rows, weight, bias, upstream):
    """Divides by the length of the first axis when there are sets. Witness: (2, 1, 1), all 1."""
    rows_grad, weight_grad, bias_grad = _back(rows, weight, upstream * _slope(rows, weight, bias))
    sets = math.prod(rows.shape[:-2])
    return rows_grad, weight_grad / sets, bias_grad / sets


@wrong("tanh_layer_backward")
def weight_of_two_axes(rows, weight, bias, upstream):
    """.T, two axes only. Witness: shape (2, 3, 4)."""
    g = upstream * _slope(rows, weight, bias)
    return g @ weight.T, rows.T @ g, g.reshape(-1, g.shape[-1]).sum(0)


@wrong("tanh_layer_backward")
def weight_for_each_set(rows, weight, bias, upstream):
    """Not added up. Witness: shape (2, 3, 4)."""
    g = upstream * _slope(rows, weight, bias)
    return g @ weight.T, np.swapaxes(rows, -1, -2) @ g, g.sum(-2)


@wrong("tanh_layer_backward")
def sets_added_up_once(rows, weight, bias, upstream):
    """One leading axis only. Witness: shape (2, 2, 3, 4)."""
    g = upstream * _slope(rows, weight, bias)
    weight_grad, bias_grad = np.swapaxes(rows, -1, -2) @ g, g.sum(-2)
    if rows.ndim > 2:
        weight_grad, bias_grad = weight_grad.sum(0), bias_grad.sum(0)
    return g @ weight.T, weight_grad, bias_grad


@wrong("tanh_layer_backward")
def rows_through_the_weight_itself(rows, weight, bias, upstream):
    """Witness: D = M = 2, weight [[0, 1], [0, 0]]."""
    g = upstream * _slope(rows, weight, bias)
    return (g @ weight, *_back(rows, weight, g)[1:])


@wrong("tanh_layer_backward")
def weight_transposed(rows, weight, bias, upstream):
    """(M, D). Witness: D = M = 2, x = (1, 0)."""
    rows_grad, weight_grad, bias_grad = _back(rows, weight, upstream * _slope(rows, weight, bias))
    return rows_grad, weight_grad.T, bias_grad


@wrong("tanh_layer_backward")
def weight_reshaped_for_transposed(rows, weight, bias, upstream):
    """reshape(D, -1) for the transpose of the rows. Witness: rows [[1, 2], [3, 4]]."""
    g = upstream * _slope(rows, weight, bias)
    flat = g.reshape(-1, g.shape[-1])
    return g @ weight.T, rows.reshape(rows.shape[-1], -1) @ flat, flat.sum(0)


@wrong("tanh_layer_backward")
def weight_rows_first(rows, weight, bias, upstream):
    """Order of the result. Witness: shapes (1, 2), (2, 2)."""
    rows_grad, weight_grad, bias_grad = _back(rows, weight, upstream * _slope(rows, weight, bias))
    return weight_grad, bias_grad, rows_grad


@wrong("tanh_layer_backward")
def bias_keeps_an_axis(rows, weight, bias, upstream):
    """(1, M). Witness: any."""
    rows_grad, weight_grad, bias_grad = _back(rows, weight, upstream * _slope(rows, weight, bias))
    return rows_grad, weight_grad, bias_grad[None]


@wrong("tanh_layer_backward")
def rows_left_flat(rows, weight, bias, upstream):
    """Two axes only. Witness: shape (2, 3, 4)."""
    x, u = rows.reshape(-1, rows.shape[-1]), upstream.reshape(-1, upstream.shape[-1])
    return _back(x, weight, u * _slope(x, weight, bias))


@wrong("tanh_layer_backward")
def last_row_only(rows, weight, bias, upstream):
    """= for +=. Witness: two rows of 1."""
    g = upstream * _slope(rows, weight, bias)
    weight_grad, bias_grad = np.zeros_like(weight), np.zeros_like(bias)
    for x, gradient in zip(rows.reshape(-1, rows.shape[-1]), g.reshape(-1, g.shape[-1]), strict=True):
        weight_grad = np.outer(x, gradient)
        bias_grad = gradient
    return g @ weight.T, weight_grad, bias_grad


@wrong("tanh_layer_backward")
def clipped_at_5(rows, weight, bias, upstream):
    """As in many a recurrent network. Witness: upstream 100, x = w = b = 0.1."""
    grads = _back(rows, weight, upstream * _slope(rows, weight, bias))
    return tuple(np.clip(grad, -5, 5) for grad in grads)


@wrong("tanh_layer_backward")
def clipped_at_1(rows, weight, bias, upstream):
    """G within ±1. Witness: upstream 100, x = w = b = 0.1."""
    return _back(rows, weight, np.clip(upstream * _slope(rows, weight, bias), -1, 1))


@wrong("tanh_layer_backward")
def forward_in_float32(rows, weight, bias, upstream):
    """Witness: all 0.1 in float64."""
    z = rows.astype(np.float32) @ weight.astype(np.float32) + bias.astype(np.float32)
    return _back(rows, weight, upstream * (1 - np.tanh(z) ** 2))


@wrong("tanh_layer_backward")
def by_small_steps(rows, weight, bias, upstream):
    """Slope as a quotient of differences. Witness: all 1: off by 1e-4 of the slope."""
    z, h = rows @ weight + bias, 1e-4
    return _back(rows, weight, upstream * (np.tanh(z + h) - np.tanh(z)) / h)


@wrong("tanh_layer_backward")
def dead_where_it_is_flat(rows, weight, bias, upstream):
    """Saturated entries pass nothing. Witness: z = 4: 0 for 1.3e-3."""
    y = np.tanh(rows @ weight + bias)
    return _back(rows, weight, upstream * np.where(np.abs(y) > 0.999, 0, 1 - y**2))


@wrong("tanh_layer_backward")
def minus_the_gradient(rows, weight, bias, upstream):
    """Witness: all 1."""
    y = np.tanh(rows @ weight + bias)
    return _back(rows, weight, upstream * (y**2 - 1))


@right("tanh_layer_backward")
def by_autograd(rows, weight, bias, upstream):
    x, w, b = (torch.tensor(a, requires_grad=True) for a in (rows, weight, bias))
    grads = torch.autograd.grad(torch.tanh(x @ w + b), (x, w, b), torch.tensor(upstream))
    return tuple(grad.numpy() for grad in grads)


@right("tanh_layer_backward")
def by_an_imaginary_step(rows, weight, bias, upstream):
    z = (rows @ weight + bias).astype(np.float64)
    return _back(rows, weight, upstream * (np.tanh(z + 1e-30j).imag / 1e-30))


@right("tanh_layer_backward")
def two_factors_and_einsum(rows, weight, bias, upstream):
    y = np.tanh(rows @ weight + bias)
    g = upstream * (1 - y) * (1 + y)
    axes = list(range(rows.ndim - 1))
    return np.einsum("...m,dm->...d", g, weight), np.tensordot(rows, g, (axes, axes)), g.sum(tuple(axes))


@right("tanh_layer_backward")
def row_after_row(rows, weight, bias, upstream):
    grads = np.zeros(rows.shape), np.zeros(weight.shape), np.zeros(bias.shape)
    for at in np.ndindex(rows.shape[:-1]):
        g = upstream[at] * (1 - np.tanh(rows[at] @ weight + bias) ** 2)
        grads[0][at] = weight @ g
        grads[1][...] += np.multiply.outer(rows[at], g)
        grads[2][...] += g
    return grads


# --- 0.6 train_layer --------------------------------------------------------------------------------------------------


def _fresh(*tensors):
    return [tensor.detach().clone().requires_grad_() for tensor in tensors]


def _descend(rows, right, weight, bias, rate, steps, loss_of=None, change=None):
    """Right as it stands; `loss_of(y, right)` and `change(gradients)` spoil it."""
    loss_of = loss_of or F.mse_loss
    weight, bias = _fresh(weight, bias)
    for _ in range(steps):
        grads = torch.autograd.grad(loss_of(rows @ weight + bias, right), (weight, bias))
        grads = change(grads) if change else grads
        weight, bias = _fresh(weight - rate * grads[0], bias - rate * grads[1])
    return weight.detach(), bias.detach()


def _backward(rows, right, weight, bias, rate, steps, emptied=()):
    """Steps by `backward`, in the given tensors; `emptied` names those whose .grad begins anew with every step."""
    for _ in range(steps):
        F.mse_loss(rows @ weight + bias, right).backward()
        with torch.no_grad():
            weight -= rate * weight.grad
            bias -= rate * bias.grad
        for name, tensor in (("weight", weight), ("bias", bias)):
            if name in emptied:
                tensor.grad = None
    return weight.detach(), bias.detach()


# Where no other witness is named: rows [[1, 0], [0, 1], [-1, -1]], right [[1, 0], [2, 0], [0, 2]], weight I, bias 0,
# rate 0.5 and 3 steps, the notebook's own.


@wrong("train_layer", "pytorch")
def cloned_but_never_emptied(rows, right, weight, bias, rate, steps):
    return _backward(rows, right, *_fresh(weight, bias), rate, steps)


@wrong("train_layer", "pytorch")
def emptied_for_the_weight_only(rows, right, weight, bias, rate, steps):
    return _backward(rows, right, *_fresh(weight, bias), rate, steps, emptied=("weight",))


@wrong("train_layer", "pytorch")
def emptied_but_not_cloned(rows, right, weight, bias, rate, steps):
    """Writes into the caller's tensors. Witness: the weight is no longer I after the call."""
    weight, bias = weight.detach().requires_grad_(), bias.detach().requires_grad_()
    return _backward(rows, right, weight, bias, rate, steps, emptied=("weight", "bias"))


@wrong("train_layer", "pytorch")
def bias_not_cloned(rows, right, weight, bias, rate, steps):
    """Witness: the caller's bias is no longer 0 after the call."""
    weight, bias = weight.clone().requires_grad_(), bias.detach().requires_grad_()
    for _ in range(steps):
        grads = torch.autograd.grad(F.mse_loss(rows @ weight + bias, right), (weight, bias))
        with torch.no_grad():
            weight -= rate * grads[0]
            bias -= rate * grads[1]
    return weight.detach(), bias.detach()


@wrong("train_layer", "pytorch")
def copied_like_a_list(rows, right, weight, bias, rate, steps):
    """[:] copies a list but no tensor. Witness: the caller's weight after the call."""
    weight, bias = weight[:].requires_grad_(), bias[:].requires_grad_()
    for _ in range(steps):
        grads = torch.autograd.grad(F.mse_loss(rows @ weight + bias, right), (weight, bias))
        weight.data -= rate * grads[0]
        bias.data -= rate * grads[1]
    return weight.detach(), bias.detach()


@wrong("train_layer", "pytorch")
def parameters_share_memory(rows, right, weight, bias, rate, steps):
    """nn.Parameter does not copy. Witness: the caller's weight after the call."""
    weight, bias = torch.nn.Parameter(weight), torch.nn.Parameter(bias)
    optimizer = torch.optim.SGD([weight, bias], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(rows @ weight + bias, right).backward()
        optimizer.step()
    return weight.detach(), bias.detach()


@wrong("train_layer", "pytorch")
def double_copies_only_floats(rows, right, weight, bias, rate, steps):
    """.double() of a double is itself. Witness: the caller's float64 weight after the call."""
    kind = weight.dtype
    weight, bias = weight.double(), bias.double()
    for _ in range(steps):
        error = rows.double() @ weight + bias - right
        weight -= rate * 2 / error.numel() * rows.double().T @ error
        bias -= rate * 2 / error.numel() * error.sum(0)
    return weight.to(kind), bias.to(kind)


@wrong("train_layer", "pytorch")
def through_shared_numpy(rows, right, weight, bias, rate, steps):
    """.numpy() lies in the same memory. Witness: the caller's weight after the call."""
    x, r, w, b = rows.numpy(), right.numpy(), weight.detach().numpy(), bias.detach().numpy()
    for _ in range(steps):
        error = x @ w + b - r
        w -= rate * 2 * x.T @ error / error.size
        b -= rate * 2 * error.sum(0) / error.size
    return torch.from_numpy(w.copy()), torch.from_numpy(b.copy())


@wrong("train_layer", "pytorch")
def flag_left_at_the_caller(rows, right, weight, bias, rate, steps):
    """The caller's tensors keep requires_grad and a .grad. Witness: weight.requires_grad after the call."""
    w, b = weight.requires_grad_(), bias.requires_grad_()
    for _ in range(steps):
        grads = torch.autograd.grad(F.mse_loss(rows @ w + b, right), (w, b))
        w, b = _fresh(w - rate * grads[0], b - rate * grads[1])
    return w.detach(), b.detach()


@wrong("train_layer", "pytorch")
def sum_of_squared_errors(rows, right, weight, bias, rate, steps):
    return _descend(rows, right, weight, bias, rate, steps, lambda y, r: ((y - r) ** 2).sum())


@wrong("train_layer", "pytorch")
def mean_over_the_rows_only(rows, right, weight, bias, rate, steps):
    return _descend(rows, right, weight, bias, rate, steps, lambda y, r: ((y - r) ** 2).sum(-1).mean())


@wrong("train_layer", "pytorch")
def half_of_the_mean(rows, right, weight, bias, rate, steps):
    return _descend(rows, right, weight, bias, rate, steps, lambda y, r: ((y - r) ** 2).mean() / 2)


@wrong("train_layer", "pytorch")
def huber(rows, right, weight, bias, rate, steps):
    """Half the square below 1, straight above."""
    return _descend(rows, right, weight, bias, rate, steps, F.smooth_l1_loss)


@wrong("train_layer", "pytorch")
def root_of_the_mean(rows, right, weight, bias, rate, steps):
    return _descend(rows, right, weight, bias, rate, steps, lambda y, r: F.mse_loss(y, r).sqrt())


@wrong("train_layer", "pytorch")
def gradient_norm_clipped(rows, right, weight, bias, rate, steps):
    """Witness: right ones 10 times as large: a gradient longer than 1."""

    def change(grads):
        length = torch.sqrt(sum((g**2).sum() for g in grads))
        return [g * torch.clamp(1 / (length + 1e-6), max=1) for g in grads]

    return _descend(rows, right, weight, bias, rate, steps, change=change)


@wrong("train_layer", "pytorch")
def gradient_entries_clipped(rows, right, weight, bias, rate, steps):
    """Witness: right ones 10 times as large."""
    change = lambda grads: [g.clamp(-1, 1) for g in grads]
    return _descend(rows, right, weight, bias, rate, steps, change=change)


@wrong("train_layer", "pytorch")
def one_step_short(rows, right, weight, bias, rate, steps):
    return _descend(rows, right, weight, bias, rate, steps - 1)


@wrong("train_layer", "pytorch")
def one_step_more(rows, right, weight, bias, rate, steps):
    return _descend(rows, right, weight, bias, rate, steps + 1)


@wrong("train_layer", "pytorch")
def returns_within_the_loop(rows, right, weight, bias, rate, steps):
    for _ in range(steps):
        return _descend(rows, right, weight, bias, rate, 1)
    return weight.clone(), bias.clone()


@wrong("train_layer", "pytorch")
def stops_when_the_loss_is_small(rows, right, weight, bias, rate, steps):
    """Witness: rows [[1.]], right [[1.]], weight 1, bias 0.009, rate 0.1, 2 steps."""
    for _ in range(steps):
        if F.mse_loss(rows @ weight + bias, right) < 1e-4:
            break
        weight, bias = _descend(rows, right, weight, bias, rate, 1)
    return weight.clone(), bias.clone()


@wrong("train_layer", "pytorch")
def stops_when_the_loss_rises(rows, right, weight, bias, rate, steps):
    """Witness: rate 3."""
    best = math.inf
    for _ in range(steps):
        loss = F.mse_loss(rows @ weight + bias, right).item()
        if loss > best:
            break
        best = loss
        weight, bias = _descend(rows, right, weight, bias, rate, 1)
    return weight.clone(), bias.clone()


@wrong("train_layer", "pytorch")
def returns_the_best(rows, right, weight, bias, rate, steps):
    """The best on the way, not the last. Witness: rate 3."""
    best = F.mse_loss(rows @ weight + bias, right).item(), weight.clone(), bias.clone()
    for _ in range(steps):
        weight, bias = _descend(rows, right, weight, bias, rate, 1)
        best = min(best, (F.mse_loss(rows @ weight + bias, right).item(), weight, bias), key=lambda b: b[0])
    return best[1:]


@wrong("train_layer", "pytorch")
def weight_only(rows, right, weight, bias, rate, steps):
    return _descend(rows, right, weight, bias, rate, steps, change=lambda g: (g[0], 0 * g[1]))


@wrong("train_layer", "pytorch")
def bias_after_the_weight(rows, right, weight, bias, rate, steps):
    """The bias' gradient is taken at the new weight."""
    weight, bias = weight.clone(), bias.clone()
    for _ in range(steps):
        error = rows @ weight + bias - right
        weight = weight - rate * 2 * rows.T @ error / error.numel()
        error = rows @ weight + bias - right
        bias = bias - rate * 2 * error.sum(0) / error.numel()
    return weight, bias


@wrong("train_layer", "pytorch")
def by_hand_without_two(rows, right, weight, bias, rate, steps):
    weight, bias = weight.clone(), bias.clone()
    for _ in range(steps):
        error = rows @ weight + bias - right
        weight -= rate * rows.T @ error / error.numel()
        bias -= rate * error.sum(0) / error.numel()
    return weight, bias


@wrong("train_layer", "pytorch")
def by_hand_bias_mean(rows, right, weight, bias, rate, steps):
    """Mean over the rows for the bias, right for M = 1 only."""
    weight, bias = weight.clone(), bias.clone()
    for _ in range(steps):
        error = rows @ weight + bias - right
        weight -= rate * 2 * rows.T @ error / error.numel()
        bias -= rate * 2 * error.mean(0)
    return weight, bias


@wrong("train_layer", "pytorch")
def gradient_of_the_start(rows, right, weight, bias, rate, steps):
    """The loss stands before the loop."""
    weight, bias = _fresh(weight, bias)
    grads = torch.autograd.grad(F.mse_loss(rows @ weight + bias, right), (weight, bias))
    with torch.no_grad():
        for _ in range(steps):
            weight -= rate * grads[0]
            bias -= rate * grads[1]
    return weight.detach(), bias.detach()


@wrong("train_layer", "pytorch")
def row_by_row(rows, right, weight, bias, rate, steps):
    """A step for each row."""
    for _ in range(steps):
        for x, r in zip(rows.split(1), right.split(1), strict=True):
            weight, bias = _descend(x, r, weight, bias, rate, 1)
    return weight.clone(), bias.clone()


@wrong("train_layer", "pytorch")
def no_longer_a_leaf(rows, right, weight, bias, rate, steps):
    """weight = weight - ... has no .grad: an error in the second step."""
    weight, bias = _fresh(weight, bias)
    for _ in range(steps):
        F.mse_loss(rows @ weight + bias, right).backward()
        weight = weight - rate * weight.grad
        bias = bias - rate * bias.grad
    return weight.detach(), bias.detach()


@wrong("train_layer", "pytorch")
def sgd_with_momentum(rows, right, weight, bias, rate, steps):
    weight, bias = _fresh(weight, bias)
    optimizer = torch.optim.SGD([weight, bias], lr=rate, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(rows @ weight + bias, right).backward()
        optimizer.step()
    return weight.detach(), bias.detach()


@wrong("train_layer", "pytorch")
def adam(rows, right, weight, bias, rate, steps):
    weight, bias = _fresh(weight, bias)
    optimizer = torch.optim.Adam([weight, bias], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(rows @ weight + bias, right).backward()
        optimizer.step()
    return weight.detach(), bias.detach()


@wrong("train_layer", "pytorch")
def sgd_with_decay(rows, right, weight, bias, rate, steps):
    """weight_decay=1e-4 "as usual". Witness: weight I: off by 5e-5 in the first step."""
    weight, bias = _fresh(weight, bias)
    optimizer = torch.optim.SGD([weight, bias], lr=rate, weight_decay=1e-4)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(rows @ weight + bias, right).backward()
        optimizer.step()
    return weight.detach(), bias.detach()


@wrong("train_layer", "pytorch")
def rate_decays(rows, right, weight, bias, rate, steps):
    for step in range(steps):
        weight, bias = _descend(rows, right, weight, bias, rate / (1 + step), 1)
    return weight.clone(), bias.clone()


@wrong("train_layer", "pytorch")
def linear_not_transposed(rows, right, weight, bias, rate, steps):
    """Into Linear.weight as it is, square only. Witness: weight [[0, 1], [0, 0]]."""
    layer = torch.nn.Linear(*weight.shape, dtype=weight.dtype)
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    for _ in range(steps):
        layer.zero_grad()
        F.mse_loss(layer(rows), right).backward()
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter -= rate * parameter.grad
    return layer.weight.detach(), layer.bias.detach()


@wrong("train_layer", "pytorch")
def linear_returned_as_it_is(rows, right, weight, bias, rate, steps):
    """(M, D) comes back. Witness: weight [[0, 1], [0, 0]]."""
    weight, bias = _fresh(weight.T, bias)
    optimizer = torch.optim.SGD([weight, bias], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(F.linear(rows, weight, bias), right).backward()
        optimizer.step()
    return weight.detach(), bias.detach()


@wrong("train_layer", "pytorch")
def in_single_precision(rows, right, weight, bias, rate, steps):
    """Witness: rate 0.1 in float64."""
    x, r, w, b = (tensor.float() for tensor in (rows, right, weight, bias))
    w, b = _descend(x, r, w, b, rate, steps)
    return w.to(weight.dtype), b.to(bias.dtype)


@wrong("train_layer", "pytorch")
def bias_gradient_averaged(rows, right, weight, bias, rate, steps):
    """Every bias falls by the mean of all the biases' gradients."""
    change = lambda grads: (grads[0], grads[1].mean())
    return _descend(rows, right, weight, bias, rate, steps, change=change)


@right("train_layer", "pytorch")
def by_hand_in_numpy(rows, right, weight, bias, rate, steps):
    x, r, w, b = (tensor.detach().numpy().copy() for tensor in (rows, right, weight, bias))
    for _ in range(steps):
        g = 2 * (x @ w + b - r) / r.size
        w, b = w - rate * x.T @ g, b - rate * g.sum(0)
    return torch.from_numpy(w), torch.from_numpy(b)


@right("train_layer", "pytorch")
def linear_and_sgd(rows, right, weight, bias, rate, steps):
    layer = torch.nn.Linear(*weight.shape, dtype=weight.dtype)
    layer.load_state_dict({"weight": weight.T, "bias": bias})
    optimizer = torch.optim.SGD(layer.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.MSELoss()(layer(rows), right).backward()
        optimizer.step()
    return layer.weight.detach().T, layer.bias.detach()


@right("train_layer", "pytorch")
def functional_gradient(rows, right, weight, bias, rate, steps):
    gradient = torch.func.grad(lambda w, b: (rows @ w + b - right).square().mean(), argnums=(0, 1))
    pair = copy.deepcopy((weight.detach(), bias.detach()))
    for _ in range(steps):
        pair = tuple(p - rate * g for p, g in zip(pair, gradient(*pair), strict=True))
    return pair


@right("train_layer", "pytorch")
def bias_as_one_more_weight(rows, right, weight, bias, rate, steps):
    x = torch.cat([rows, torch.ones_like(rows[:, :1])], 1)
    both = torch.cat([weight.detach(), bias.detach()[None]])
    for _ in range(steps):
        both = both - rate * 2 / right.numel() * x.T @ (x @ both - right)
    return both[:-1], both[-1]


# --- 0.7 fold_layers --------------------------------------------------------------------------------------------------


@wrong("fold_layers")
def folded_for_pytorch(first_weight, first_bias, second_weight, second_bias):
    """(M, D). Witness: 2 x 2, second [[0, 1], [0, 0]], first I."""
    return second_weight @ first_weight, second_weight @ first_bias + second_bias


@wrong("fold_layers")
def matrices_as_they_are(first_weight, first_bias, second_weight, second_bias):
    """Square only. Witness: first [[0, 1], [0, 0]], second I."""
    return first_weight @ second_weight, first_bias @ second_weight + second_bias


@wrong("fold_layers")
def other_order(first_weight, first_bias, second_weight, second_bias):
    """Square only. Witness: first [[0, 1], [0, 0]], second [[1, 0], [0, 2]]."""
    return second_weight.T @ first_weight.T, first_bias @ second_weight.T + second_bias


@wrong("fold_layers")
def reshaped_for_transposed(first_weight, first_bias, second_weight, second_bias):
    """Fits for every shape. Witness: first [[1, 2], [3, 4]], second I."""
    first = first_weight.reshape(first_weight.shape[::-1])
    second = second_weight.reshape(second_weight.shape[::-1])
    return first @ second, first_bias @ second + second_bias


@wrong("fold_layers")
def product_reshaped_for_transposed(first_weight, first_bias, second_weight, second_bias):
    """Witness: first [[1, 2], [3, 4]], second I."""
    product = second_weight @ first_weight
    return product.reshape(product.shape[::-1]), second_weight @ first_bias + second_bias


@wrong("fold_layers")
def second_matrix_transposed_for_the_product_only(first_weight, first_bias, second_weight, second_bias):
    """b1 W2, square only. Witness: second [[0, 1], [0, 0]], b1 (1, 0)."""
    return first_weight.T @ second_weight.T, first_bias @ second_weight + second_bias


@wrong("fold_layers")
def biases_added(first_weight, first_bias, second_weight, second_bias):
    """A = M only. Witness: second 2 I, b1 (1, 1)."""
    return (second_weight @ first_weight).T, first_bias + second_bias


@wrong("fold_layers")
def second_bias_only(first_weight, first_bias, second_weight, second_bias):
    """Witness: b1 = 1."""
    return (second_weight @ first_weight).T, second_bias.copy()


@wrong("fold_layers")
def first_bias_only(first_weight, first_bias, second_weight, second_bias):
    """Witness: b2 = 1."""
    return (second_weight @ first_weight).T, second_weight @ first_bias


@wrong("fold_layers")
def bias_through_the_folded_matrix(first_weight, first_bias, second_weight, second_bias):
    """A = D only. Witness: first 2 I, second I, b1 (1, 1)."""
    weight = first_weight.T @ second_weight.T
    return weight, first_bias @ weight + second_bias


@wrong("fold_layers")
def both_biases_through_the_second(first_weight, first_bias, second_weight, second_bias):
    """A = M only. Witness: second 2 I, b2 (1, 1)."""
    return first_weight.T @ second_weight.T, (first_bias + second_bias) @ second_weight.T


@wrong("fold_layers")
def bias_summed_over_the_wrong_axis(first_weight, first_bias, second_weight, second_bias):
    """A = M only. Witness: second [[0, 1], [0, 0]], b1 (1, 1)."""
    return first_weight.T @ second_weight.T, (first_bias * second_weight).sum(0) + second_bias


@wrong("fold_layers")
def bias_summed_up(first_weight, first_bias, second_weight, second_bias):
    """One number for all features. Witness: second I, b1 (1, 2)."""
    return first_weight.T @ second_weight.T, (first_bias * second_weight).sum() + second_bias


@wrong("fold_layers")
def bias_as_a_row(first_weight, first_bias, second_weight, second_bias):
    """(1, M). Witness: any."""
    return first_weight.T @ second_weight.T, first_bias[None] @ second_weight.T + second_bias


@wrong("fold_layers")
def entry_by_entry(first_weight, first_bias, second_weight, second_bias):
    """Square only. Witness: [[1, 1], [1, 1]] twice."""
    return (first_weight * second_weight).T, second_weight @ first_bias + second_bias


@wrong("fold_layers")
def bias_before_weight(first_weight, first_bias, second_weight, second_bias):
    """Witness: any."""
    return first_bias @ second_weight.T + second_bias, first_weight.T @ second_weight.T


@wrong("fold_layers")
def everything_in_float32(first_weight, first_bias, second_weight, second_bias):
    """Witness: 0.1 everywhere, float64."""
    w1, b1, w2, b2 = (a.astype(np.float32) for a in (first_weight, first_bias, second_weight, second_bias))
    return w1.T @ w2.T, b1 @ w2.T + b2


@wrong("fold_layers")
def bias_in_float16(first_weight, first_bias, second_weight, second_bias):
    """Witness: b1 = 0.1."""
    folded = first_bias.astype(np.float16) @ second_weight.astype(np.float16).T
    return first_weight.T @ second_weight.T, folded + second_bias


@wrong("fold_layers")
def without_axes_of_one(first_weight, first_bias, second_weight, second_bias):
    """Witness: D = 1 or M = 1."""
    return np.squeeze(first_weight.T @ second_weight.T), np.squeeze(first_bias @ second_weight.T + second_bias)


@wrong("fold_layers")
def both_biases_from_probing(first_weight, first_bias, second_weight, second_bias):
    """The unit rows' outputs, bias not taken away. Witness: b1 = b2 = 1."""
    layers = lambda x: (x @ first_weight.T + first_bias) @ second_weight.T + second_bias
    width = first_weight.shape[1]
    return layers(np.eye(width)), layers(np.zeros(width))


@wrong("fold_layers")
def second_bias_twice(first_weight, first_bias, second_weight, second_bias):
    """Once for the layer and once for the sum. Witness: b2 = 1."""
    bias = F.linear(*(torch.tensor(a) for a in (first_bias, second_weight, second_bias))).numpy()
    return (second_weight @ first_weight).T, bias + second_bias


@right("fold_layers")
def with_an_axis_of_ones(first_weight, first_bias, second_weight, second_bias):
    def lifted(weight, bias):
        last = np.eye(1, weight.shape[1] + 1, weight.shape[1])
        return np.vstack([np.column_stack([weight, bias]), last])

    both = lifted(second_weight, second_bias) @ lifted(first_weight, first_bias)
    return both[:-1, :-1].T, both[:-1, -1]


@right("fold_layers")
def probed_by_unit_rows(first_weight, first_bias, second_weight, second_bias):
    turned = first_weight.T.astype(np.float64)
    return np.inner(turned, second_weight), np.inner(second_weight, first_bias) + second_bias


@right("fold_layers")
def by_indices(first_weight, first_bias, second_weight, second_bias):
    weight = np.einsum("ad,ma->dm", first_weight, second_weight)
    return np.ascontiguousarray(weight), second_bias + np.einsum("a,ma->m", first_bias, second_weight)


# --- 0.8 momentum_step ------------------------------------------------------------------------------------------------
# Where no other witness is named: weight [1, 2], gradient [0.5, -1], velocity [2, 3], rate 0.1, keep 0.9.


@wrong("momentum_step")
def velocity_in_place(weight, gradient, velocity, rate, keep):
    """Witness: velocity after the call."""
    velocity *= keep
    velocity += gradient
    return weight - rate * velocity, velocity


@wrong("momentum_step")
def weight_in_place(weight, gradient, velocity, rate, keep):
    """Witness: weight after the call."""
    velocity = keep * velocity + gradient
    weight -= rate * velocity
    return weight, velocity


@wrong("momentum_step")
def gradient_in_place(weight, gradient, velocity, rate, keep):
    """Witness: gradient after the call."""
    gradient += keep * velocity
    return weight - rate * gradient, gradient


@wrong("momentum_step")
def gradient_as_scratch(weight, gradient, velocity, rate, keep):
    """out= writes over it. Witness: gradient after the call."""
    new = np.add(keep * velocity, gradient)
    return weight - np.multiply(new, rate, out=gradient), new


@wrong("momentum_step")
def velocity_copied_like_a_list(weight, gradient, velocity, rate, keep):
    """A slice is no copy. Witness: velocity after the call."""
    new = velocity[...]
    new *= keep
    new += gradient
    return weight - rate * new, new


@wrong("momentum_step")
def asarray_is_no_copy(weight, gradient, velocity, rate, keep):
    """Copies unless they are float64 already. Witness: float64 arrays after the call."""
    new_weight, new_velocity = np.asarray(weight, float), np.asarray(velocity, float)
    new_velocity *= keep
    new_velocity += gradient
    new_weight -= rate * new_velocity
    return new_weight, new_velocity


@wrong("momentum_step")
def old_velocity(weight, gradient, velocity, rate, keep):
    return weight - rate * velocity, keep * velocity + gradient


@wrong("momentum_step")
def gradient_only(weight, gradient, velocity, rate, keep):
    return weight - rate * gradient, keep * velocity + gradient


@wrong("momentum_step")
def moving_average(weight, gradient, velocity, rate, keep):
    new = keep * velocity + (1 - keep) * gradient
    return weight - rate * new, new


@wrong("momentum_step")
def velocity_as_in_keras(weight, gradient, velocity, rate, keep):
    new = keep * velocity - rate * gradient
    return weight + new, new


@wrong("momentum_step")
def rate_within_the_velocity(weight, gradient, velocity, rate, keep):
    new = keep * velocity + rate * gradient
    return weight - new, new


@wrong("momentum_step")
def rate_twice(weight, gradient, velocity, rate, keep):
    new = keep * velocity + rate * gradient
    return weight - rate * new, new


@wrong("momentum_step")
def nesterov(weight, gradient, velocity, rate, keep):
    new = keep * velocity + gradient
    return weight - rate * (keep * new + gradient), new


@wrong("momentum_step")
def keep_around_both(weight, gradient, velocity, rate, keep):
    new = keep * (velocity + gradient)
    return weight - rate * new, new


@wrong("momentum_step")
def keep_on_the_gradient(weight, gradient, velocity, rate, keep):
    new = velocity + keep * gradient
    return weight - rate * new, new


@wrong("momentum_step")
def kept_by_one_minus(weight, gradient, velocity, rate, keep):
    """keep read as friction."""
    new = (1 - keep) * velocity + gradient
    return weight - rate * new, new


@wrong("momentum_step")
def rate_for_keep(weight, gradient, velocity, rate, keep):
    new = rate * velocity + gradient
    return weight - keep * new, new


@wrong("momentum_step")
def uphill(weight, gradient, velocity, rate, keep):
    new = keep * velocity + gradient
    return weight + rate * new, new


@wrong("momentum_step")
def gradient_taken_away(weight, gradient, velocity, rate, keep):
    new = keep * velocity - gradient
    return weight + rate * new, new


@wrong("momentum_step")
def velocity_before_weight(weight, gradient, velocity, rate, keep):
    new = keep * velocity + gradient
    return new, weight - rate * new


@wrong("momentum_step")
def old_velocity_returned(weight, gradient, velocity, rate, keep):
    return weight - rate * (keep * velocity + gradient), velocity.copy()


@wrong("momentum_step")
def last_change_as_velocity(weight, gradient, velocity, rate, keep):
    """Heavy ball."""
    new = weight - rate * gradient + keep * velocity
    return new, new - weight


@wrong("momentum_step")
def remembers_by_itself(weight, gradient, velocity, rate, keep, state={}):  # noqa: B006
    """Keeps the velocity from call to call, by shape. Witness: the same call twice."""
    old = state.get(weight.shape, velocity)
    state[weight.shape] = new = keep * old + gradient
    return weight - rate * new, new


@wrong("momentum_step")
def nothing_to_learn(weight, gradient, velocity, rate, keep):
    """Rolls no further where the gradient is 0. Witness: gradient [0, 0]."""
    if not np.any(gradient):
        return weight.copy(), velocity.copy()
    new = keep * velocity + gradient
    return weight - rate * new, new


@wrong("momentum_step")
def starts_from_the_gradient(weight, gradient, velocity, rate, keep):
    """At rest the velocity begins as the gradient, and gets it again. Witness: velocity [0, 0]."""
    old = velocity if np.any(velocity) else gradient
    new = keep * old + gradient
    return weight - rate * new, new


@wrong("momentum_step")
def gradient_clipped(weight, gradient, velocity, rate, keep):
    """Witness: gradient [10, 0]."""
    new = keep * velocity + np.clip(gradient, -1, 1)
    return weight - rate * new, new


@wrong("momentum_step")
def long_gradient_shortened(weight, gradient, velocity, rate, keep):
    """Witness: gradient [10, 0]."""
    new = keep * velocity + gradient / max(1, np.linalg.norm(gradient))
    return weight - rate * new, new


@wrong("momentum_step")
def with_weight_decay(weight, gradient, velocity, rate, keep):
    new = keep * velocity + gradient + 1e-4 * weight
    return weight - rate * new, new


@wrong("momentum_step")
def velocity_in_float32(weight, gradient, velocity, rate, keep):
    """Witness: keep 0.9, velocity [0.1], float64."""
    new = (keep * velocity + gradient).astype(np.float32)
    return weight - rate * new, new


@wrong("momentum_step")
def rate_in_float32(weight, gradient, velocity, rate, keep):
    """Witness: rate 0.1, gradient [1]: off by 1.5e-9."""
    new = np.float32(keep) * velocity + gradient
    return weight - np.float32(rate) * new, new


@wrong("momentum_step")
def number_after_number(weight, gradient, velocity, rate, keep):
    """One axis only, the other axes are right by accident; no axis is none. Witness: shape ()."""
    new = np.array([keep * u + g for u, g in zip(velocity, gradient, strict=True)])
    return np.array([w - rate * u for w, u in zip(weight, new, strict=True)]), new


@wrong("momentum_step")
def row_after_row_and_column(weight, gradient, velocity, rate, keep):
    """Two axes only. Witness: shape (3,)."""
    new_weight, new_velocity = np.zeros_like(weight), np.zeros_like(velocity)
    for i in range(weight.shape[0]):
        for j in range(weight.shape[1]):
            new_velocity[i, j] = keep * velocity[i, j] + gradient[i, j]
            new_weight[i, j] = weight[i, j] - rate * new_velocity[i, j]
    return new_weight, new_velocity


@wrong("momentum_step")
def at_least_one_axis(weight, gradient, velocity, rate, keep):
    """Witness: shape () comes back as (1,)."""
    w, g, u = np.atleast_1d(weight, gradient, velocity)
    new = keep * u + g
    return w - rate * new, new


@wrong("momentum_step")
def flattened(weight, gradient, velocity, rate, keep):
    """Witness: shape (2, 2)."""
    new = keep * velocity.ravel() + gradient.ravel()
    return weight.ravel() - rate * new, new


@right("momentum_step")
def the_optimizer_of_pytorch(weight, gradient, velocity, rate, keep):
    w, u = torch.tensor(weight), torch.tensor(velocity)
    torch.add(torch.tensor(gradient), u, alpha=keep, out=u)
    return torch.sub(w, u, alpha=rate).numpy(), u.numpy()


@right("momentum_step")
def as_one_matrix(weight, gradient, velocity, rate, keep):
    step = np.array([[1, -rate, -rate * keep], [0, 1, keep]])
    new_weight, new_velocity = np.tensordot(step, np.stack([weight, gradient, velocity]).astype(float), 1)
    return new_weight, new_velocity


@right("momentum_step")
def copies_changed_in_place(weight, gradient, velocity, rate, keep):
    new_weight, new_velocity = np.array(weight, dtype=np.longdouble), np.array(velocity, dtype=np.longdouble)
    new_velocity *= keep
    new_velocity += gradient
    new_weight -= rate * new_velocity
    return new_weight, new_velocity


# --- 0.10 largest_rate ------------------------------------------------------------------------------------------------
# Where no other witness is named: rows [[1, 2], [3, 4], [0, 1]], 3 features.


def _lifted(rows):
    return np.column_stack([rows, np.ones(len(rows))])


def _eigenvalues(matrix):
    return np.linalg.eigvalsh(matrix.T @ matrix)


@wrong("largest_rate")
def bias_not_counted(rows, features):
    return len(rows) * features / _eigenvalues(rows)[-1]


@wrong("largest_rate")
def smallest_eigenvalue(rows, features):
    return len(rows) * features / _eigenvalues(_lifted(rows))[0]


@wrong("largest_rate")
def half_the_rate(rows, features):
    return len(rows) * features / (2 * _eigenvalues(_lifted(rows))[-1])


@wrong("largest_rate")
def twice_the_rate(rows, features):
    return 2 * len(rows) * features / _eigenvalues(_lifted(rows))[-1]


@wrong("largest_rate")
def without_features(rows, features):
    return len(rows) / _eigenvalues(_lifted(rows))[-1]


@wrong("largest_rate")
def two_features_taken_for_granted(rows, features):
    """Mean over the rows only: 2 B / λ, right for M = 2."""
    return 2 / _eigenvalues(_lifted(rows) / math.sqrt(len(rows)))[-1]


@wrong("largest_rate")
def features_in_for_features_out(rows, features):
    return rows.size / _eigenvalues(_lifted(rows))[-1]


@wrong("largest_rate")
def not_squared(rows, features):
    return len(rows) * features / np.linalg.norm(_lifted(rows), 2)


@wrong("largest_rate")
def frobenius(rows, features):
    """norm without 2: the trace. Right for one row only."""
    return len(rows) * features / np.linalg.norm(_lifted(rows)) ** 2


@wrong("largest_rate")
def largest_row_sum(rows, features):
    """Gershgorin's bound."""
    lifted = _lifted(rows)
    return len(rows) * features / np.linalg.norm(lifted.T @ lifted, np.inf)


@wrong("largest_rate")
def largest_on_the_diagonal(rows, features):
    return len(rows) * features / (_lifted(rows) ** 2).sum(0).max()


@wrong("largest_rate")
def longest_row(rows, features):
    return features / (_lifted(rows) ** 2).sum(1).max()


@wrong("largest_rate")
def ones_as_one_more_row(rows, features):
    lifted = np.vstack([rows, np.ones(rows.shape[1])])
    return len(rows) * features / _eigenvalues(lifted)[-1]


@wrong("largest_rate")
def ones_like_the_rows(rows, features):
    """D ones. Right for D = 1."""
    return len(rows) * features / _eigenvalues(np.hstack([rows, np.ones_like(rows)]))[-1]


@wrong("largest_rate")
def ones_for_every_feature(rows, features):
    """M ones. Right for M = 1."""
    return len(rows) * features / _eigenvalues(np.hstack([rows, np.ones((len(rows), features))]))[-1]


@wrong("largest_rate")
def one_added_to_every_number(rows, features):
    return len(rows) * features / _eigenvalues(rows + 1)[-1]


@wrong("largest_rate")
def one_added_to_the_eigenvalue(rows, features):
    return len(rows) * features / (_eigenvalues(rows)[-1] + 1)


@wrong("largest_rate")
def bias_and_rows_apart(rows, features):
    """max(λ of XᵀX, B), right where every column has mean 0."""
    return len(rows) * features / max(_eigenvalues(rows)[-1], len(rows))


@wrong("largest_rate")
def bias_and_rows_added(rows, features):
    """λ of XᵀX + B, right where the top direction is constant over the rows."""
    return len(rows) * features / (_eigenvalues(rows)[-1] + len(rows))


@wrong("largest_rate")
def fastest_for_largest(rows, features):
    """Largest plus smallest, right where the smallest is 0. Witness: [[3], [-3]]: 20 for 18."""
    values = _eigenvalues(_lifted(rows))
    return len(rows) * features / (values[-1] + values[0])


@wrong("largest_rate")
def covariance(rows, features):
    """Takes the mean of the rows away, right where it is 0 already."""
    away = rows - rows.mean(0)
    return len(rows) * features / max(_eigenvalues(away)[-1], len(rows))


@wrong("largest_rate")
def eigenvalue_at_the_end(rows, features):
    """eigvals does not sort. Witness: [[3, 0], [0, 1], [-3, 0], [0, -1]]: 18, 2 and 4."""
    lifted = _lifted(rows)
    return float(len(rows) * features / np.linalg.eigvals(lifted.T @ lifted).real[-1])


@wrong("largest_rate")
def eigenvalue_at_the_front(rows, features):
    """eigvals does not sort. Witness: [[1, 0], [0, 3], [-1, 0], [0, -3]]."""
    lifted = _lifted(rows)
    return float(len(rows) * features / np.linalg.eigvals(lifted.T @ lifted).real[0])


def _power_iteration(rows, features, start, rounds):
    lifted = _lifted(rows)
    for _ in range(rounds):
        start = lifted.T @ (lifted @ start)
        start = start / np.linalg.norm(start)
    return float(len(rows) * features / np.linalg.norm(lifted @ start) ** 2)


@wrong("largest_rate")
def power_iteration_of_ten_rounds(rows, features):
    """Not there yet. Witness: [[1.1], [-1.1], [0.2]]: eigenvalues 2.4 and 3.1."""
    return _power_iteration(rows, features, np.ones(rows.shape[1] + 1), 10)


@wrong("largest_rate")
def power_iteration_of_a_hundred_rounds(rows, features):
    """Witness: [[1.01], [-1.01], [1.01], [-1.0]]: eigenvalues 4.00 and 4.06."""
    return _power_iteration(rows, features, np.ones(rows.shape[1] + 1), 100)


@wrong("largest_rate")
def power_iteration_from_the_last_axis(rows, features):
    """Starts at the bias and stays there. Witness: [[3], [-3]]: 2 for 18."""
    return _power_iteration(rows, features, np.eye(rows.shape[1] + 1)[-1], 1000)


@wrong("largest_rate")
def power_iteration_from_ones(rows, features):
    """At a right angle to the steepest direction. Witness: [[2, -2], [-2, 2]]: 2 for 16."""
    return _power_iteration(rows, features, np.ones(rows.shape[1] + 1), 1000)


@wrong("largest_rate")
def guarded_by_epsilon(rows, features):
    """Witness: [[0.0]], 1 feature: off by 1e-6."""
    return len(rows) * features / (_eigenvalues(_lifted(rows))[-1] + 1e-6)


@wrong("largest_rate")
def with_a_margin(rows, features):
    return 0.99 * len(rows) * features / _eigenvalues(_lifted(rows))[-1]


@wrong("largest_rate")
def at_most_two(rows, features):
    """Witness: [[0.0]], 3 features: 3."""
    return min(2.0, len(rows) * features / _eigenvalues(_lifted(rows))[-1])


@wrong("largest_rate")
def at_most_one(rows, features):
    """Witness: [[0.0]], 3 features: 3."""
    return min(1.0, len(rows) * features / _eigenvalues(_lifted(rows))[-1])


@wrong("largest_rate")
def rounded_to_four_places(rows, features):
    return round(float(len(rows) * features / _eigenvalues(_lifted(rows))[-1]), 4)


@wrong("largest_rate")
def whole_division(rows, features):
    return len(rows) * features // _eigenvalues(_lifted(rows))[-1]


@wrong("largest_rate")
def eigenvalue_in_float32(rows, features):
    lifted = _lifted(rows).astype(np.float32)
    return float(len(rows) * features / _eigenvalues(lifted)[-1])


@wrong("largest_rate")
def eigenvalue_in_float16(rows, features):
    """Witness: rows [[300.0]]: the square is infinite."""
    with np.errstate(all="ignore"):
        lifted = _lifted(rows).astype(np.float16)
        gram = (lifted.T @ lifted).astype(np.float64)
    return float(len(rows) * features / np.linalg.eigvalsh(np.nan_to_num(gram))[-1])


@wrong("largest_rate")
def all_of_them(rows, features):
    """Not one number. Witness: any."""
    return len(rows) * features / _eigenvalues(_lifted(rows))


@wrong("largest_rate")
def one_feature_too_many(rows, features):
    """The bias counted among what goes out."""
    return len(rows) * (features + 1) / _eigenvalues(_lifted(rows))[-1]


@wrong("largest_rate")
def mean_of_the_squares_too(rows, features):
    """Eigenvalue of the mean, and B once more."""
    lifted = _lifted(rows)
    return len(rows) * features / np.linalg.eigvalsh(lifted.T @ lifted / len(rows))[-1]


@right("largest_rate")
def spectral_norm(rows, features):
    return features * len(rows) / np.linalg.norm(np.insert(rows.astype(float), 0, 1, axis=1), 2) ** 2


@right("largest_rate")
def rows_against_rows(rows, features):
    wide = rows.astype(np.float64)
    return np.asarray(wide.shape[0] * features / np.linalg.eigvalsh(wide @ wide.T + 1).max())


@right("largest_rate")
def curvature(rows, features):
    x = torch.tensor(_lifted(rows))
    hessian = torch.kron(2 / (len(rows) * features) * x.T @ x, torch.eye(features, dtype=x.dtype))
    return (2 / torch.linalg.eigvalsh(hessian)[-1]).item()


@right("largest_rate")
def by_scipy(rows, features):
    return rows.shape[0] * features / scipy.linalg.svdvals(_lifted(rows)).max() ** 2
