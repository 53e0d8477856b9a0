"""Answers to the exercises of chapter 00: right ones written otherwise, and wrong ones that are on no list."""

import numpy as np
import tensorflow as tf
import torch

from tests.checks.register import Answers

answers = Answers("00")
right, known, wrong = answers.right, answers.known, answers.wrong


# 0.1 gradients_by_hand


@right("gradients_by_hand")
def as_an_array():
    x, g = np.array([2.0, -1.0]), np.array([-3.0, 1.0])
    return np.array([2 * g, -1 * g, np.array([[1, 0], [3, 2]]) @ g]) + 0 * x


@right("gradients_by_hand")
def as_tuples():
    return (-6.0, 2.0), (3.0, -1.0), (-3.0, -7.0)


@wrong("gradients_by_hand", "the numbers", "wrong is what stands at [2, 1].")
def a_slip():
    return [[-6, 2], [3, -1], [-3, -11]]


@wrong("gradients_by_hand", "the scale", "Every number is 3 times what it should be.")
def thrice():
    return [[-18, 6], [9, -3], [-9, -21]]


@known("gradients_by_hand", "the sign", "yours has R − y, and leads uphill.")
def downhill():
    return [[6, -2], [-3, 1], [3, 7]]


# 0.3 standardise


@right("standardise", framework="numpy")
def with_numpys_own(rows):
    return (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + 1e-5)


@right("standardise", framework="tensorflow")
def by_moments(rows):
    mean, variance = tf.nn.moments(rows, axes=[-1], keepdims=True)
    return (rows - mean) * tf.math.rsqrt(variance + 1e-5)


@right("standardise", framework="pytorch")
def by_layer_norm(rows):
    return torch.nn.functional.layer_norm(rows, rows.shape[-1:], eps=1e-5)


@right("standardise", framework="pytorch")
def with_correction(rows):
    return (rows - rows.mean(-1, True)) / (rows.var(-1, correction=0, keepdim=True) + 1e-5) ** 0.5


@known("standardise", "the count less one", "as PyTorch's `std` and `var` do", framework="pytorch")
def pytorchs_var(rows):
    return (rows - rows.mean(-1, True)) / (rows.var(-1, keepdim=True) + 1e-5) ** 0.5


@wrong("standardise", "a difference of large numbers (far from 0)", "Take the mean away first, then square.")
def by_squares(rows):
    mean = rows.mean(-1, keepdims=True)
    return (rows - mean) / np.sqrt((rows**2).mean(-1, keepdims=True) - mean**2 + 1e-5)


@wrong("standardise", "a difference of large numbers (far from 0)", "the variance is off", framework="tensorflow")
def by_squares_in_tensorflow(rows):
    mean = tf.reduce_mean(rows, -1, keepdims=True)
    return (rows - mean) / tf.sqrt(tf.reduce_mean(rows**2, -1, keepdims=True) - mean**2 + 1e-5)


@wrong("standardise", "a difference of large numbers (far from 0)", "the variance is off", framework="pytorch")
def by_squares_in_pytorch(rows):
    mean = rows.mean(-1, True)
    return (rows - mean) / torch.sqrt((rows**2).mean(-1, True) - mean**2 + 1e-5)


@wrong("standardise", "the scale (far from 0)", "the proportions of your numbers are right, but rows have factors")
def more_above_than_below(rows):
    return with_numpys_own(rows) * np.where(rows.mean(-1, keepdims=True) > 1e5, 1.1, 1)


@known("standardise", "no 1e-5", "[4, 4, 4, 4]]: the result at [2, 0] should be 0, yours is NaN.", framework="pytorch")
def without_epsilon(rows):
    return (rows - rows.mean(-1, True)) / rows.std(-1, correction=0, keepdim=True)


@known("standardise", "no 1e-5", "0 / 0 is NaN", framework="tensorflow")
def without_epsilon_in_tensorflow(rows):
    return (rows - tf.reduce_mean(rows, -1, keepdims=True)) / tf.math.reduce_std(rows, -1, keepdims=True)


@wrong("standardise", "the gradient", "no gradient arrives at `rows`", framework="tensorflow")
def through_numpy(rows):
    return tf.constant(with_numpys_own(rows.numpy()))


@wrong("standardise", "the precision", "or add a small number?", framework="numpy")
def smaller_epsilon(rows):
    return (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + 1e-8)


@wrong("standardise", "one step", "The right numbers, but for one step")
def squashed(rows):
    return np.tanh(with_numpys_own(rows))


# 0.4 layer_for_each


@right("layer_for_each", framework="numpy")
def by_einsum(rows, weights, biases):
    return np.einsum("...tn,...nm->...tm", rows, weights) + np.expand_dims(biases, -2)


@right("layer_for_each", framework="tensorflow")
def with_tfs_own(rows, weights, biases):
    return tf.matmul(rows, weights) + tf.expand_dims(biases, -2)


@right("layer_for_each", framework="pytorch")
def by_broadcasting(rows, weights, biases):
    return (rows[..., None] * weights[..., None, :, :]).sum(-2) + biases.unsqueeze(-2)


@known("layer_for_each", "an axis counted from the front", "Count from the end", framework="numpy")
def second_axis(rows, weights, biases):
    return rows @ weights + biases[:, None]


@wrong("layer_for_each", "the numbers", "None of the 24 numbers is right.", framework="numpy")
def biased_twice(rows, weights, biases):
    return rows @ weights + 2 * biases[..., None, :]


@wrong("layer_for_each", "the shape", "Expected (2, 3, 4)", framework="numpy")
def summed(rows, weights, biases):
    return (rows @ weights).sum(-2) + biases


# 0.5 tanh_layer_backward


@right("tanh_layer_backward")
def by_tensordot(rows, weight, bias, upstream):
    G = upstream / np.cosh(rows @ weight + bias) ** 2
    leading = tuple(range(rows.ndim - 1))
    return np.inner(G, weight), np.tensordot(rows, G, (leading, leading)), G.sum(leading)


@right("tanh_layer_backward")
def with_einsum(rows, weight, bias, upstream):
    y = np.tanh(rows @ weight + bias)
    G = upstream - upstream * y * y
    return (
        np.einsum("...m,nm->...n", G, weight),
        np.einsum("bn,bm->nm", rows.reshape(-1, len(weight)), G.reshape(-1, len(bias))),
        np.einsum("bm->m", G.reshape(-1, len(bias))),
    )


@known("tanh_layer_backward", "W is not turned", "comes back through that row")
def by_the_weight_itself(rows, weight, bias, upstream):
    G = upstream * (1 - np.tanh(rows @ weight + bias) ** 2)
    return G @ weight, by_tensordot(rows, weight, bias, upstream)[1], G.reshape(-1, len(bias)).sum(0)


@known("tanh_layer_backward", "all axes turned (batches)", "`.T` turns all axes round")
def turned_in_batches(rows, weight, bias, upstream):
    G = upstream * (1 - np.tanh(rows @ weight + bias) ** 2)
    return G @ weight.T, rows.T @ G, G.reshape(-1, len(bias)).sum(0)


@known("tanh_layer_backward", "written for one set (batches)", "`sum(0)` adds up the first alone")
def as_in_the_chapter(rows, weight, bias, upstream):
    G = upstream * (1 - np.tanh(rows @ weight + bias) ** 2)
    return G @ weight.T, rows.T @ G, G.sum(0)


@wrong("tanh_layer_backward", "the order of the results", "yours are grad_weight, grad_bias, grad_rows.")
def rows_last(rows, weight, bias, upstream):
    of_rows, of_weight, of_bias = by_tensordot(rows, weight, bias, upstream)
    return of_weight, of_bias, of_rows


@wrong("tanh_layer_backward", "the shape", "grad_rows: Expected (3, 2), the shape of rows; got (2, 2)")
def weight_first_and_wrong(rows, weight, bias, upstream):
    of_rows, of_weight, of_bias = by_tensordot(rows, weight, bias, upstream)
    return 3 * of_weight, of_rows, of_bias


@wrong("tanh_layer_backward", "the scale", "grad_bias: ")
def half_a_bias(rows, weight, bias, upstream):
    of_rows, of_weight, of_bias = by_tensordot(rows, weight, bias, upstream)
    return of_rows, of_weight, of_bias / 3


@wrong("tanh_layer_backward", "the sign", "grad_weight: ")
def weight_downhill(rows, weight, bias, upstream):
    of_rows, of_weight, of_bias = by_tensordot(rows, weight, bias, upstream)
    return of_rows, -of_weight, of_bias


# 0.6 train_layer


@right("train_layer", framework="pytorch")
def with_an_optimiser(rows, right, weight, bias, rate, steps):
    weight, bias = (torch.nn.Parameter(x.clone()) for x in (weight, bias))
    sgd = torch.optim.SGD([weight, bias], lr=rate)
    for _ in range(steps):
        sgd.zero_grad()
        torch.nn.functional.mse_loss(rows @ weight + bias, right).backward()
        sgd.step()
    return weight, bias


@right("train_layer", framework="pytorch")
def by_hand_in_pytorch(rows, right, weight, bias, rate, steps):
    for _ in range(steps):
        G = 2 * (rows @ weight + bias - right) / right.numel()
        weight, bias = weight - rate * rows.mT @ G, bias - rate * G.sum(0)
    return weight, bias


@known("train_layer", "gradients that add up (several steps)", "Empty `.grad`", framework="pytorch")
def never_emptied(rows, right, weight, bias, rate, steps):
    weight, bias = (x.clone().requires_grad_() for x in (weight, bias))
    for _ in range(steps):
        ((rows @ weight + bias - right) ** 2).mean().backward()
        with torch.no_grad():
            weight -= rate * weight.grad
            bias -= rate * bias.grad
    return weight, bias


@wrong("train_layer", "the arguments", "What `.detach()` gives lies in the same memory", framework="pytorch")
def into_the_callers(rows, right, weight, bias, rate, steps):
    for _ in range(steps):
        G = 2 * (rows @ weight + bias - right) / right.numel()
        weight -= rate * rows.mT @ G
        bias -= rate * G.sum(0)
    return weight, bias


@known("train_layer", "the 2 of the square", "half as long as they should be", framework="pytorch")
def half_the_gradient(rows, right, weight, bias, rate, steps):
    return by_hand_in_pytorch(rows, right, weight, bias, rate / 2, steps)


@wrong("train_layer", "the arguments", "since the call its operations are noted", framework="pytorch")
def marks_the_callers(rows, right, weight, bias, rate, steps):
    weight, bias = weight.requires_grad_(), bias.requires_grad_()
    for _ in range(steps):
        loss = ((rows @ weight + bias - right) ** 2).mean()
        of_weight, of_bias = torch.autograd.grad(loss, (weight, bias))
        weight, bias = weight - rate * of_weight, bias - rate * of_bias
    return weight.detach(), bias.detach()


# 0.7 fold_layers


@right("fold_layers")
def turned_at_the_end(first_weight, first_bias, second_weight, second_bias):
    return (second_weight @ first_weight).T, second_weight @ first_bias + second_bias


@right("fold_layers")
def by_what_it_does(first_weight, first_bias, second_weight, second_bias):
    def through(x):
        return (x @ first_weight.T + first_bias) @ second_weight.T + second_bias

    nought = through(np.zeros((1, first_weight.shape[1]), first_weight.dtype))
    return through(np.eye(first_weight.shape[1], dtype=first_weight.dtype)) - nought, nought[0]


@known("fold_layers", "the matrices as they are", "PyTorch's are (out, in)")
def matrices_as_they_are(first_weight, first_bias, second_weight, second_bias):
    return first_weight @ second_weight, second_weight @ first_bias + second_bias


@known("fold_layers", "the first bias by the turned matrix, and the matrices as they are", "as a row does: x Wᵀ")
def nothing_turned(first_weight, first_bias, second_weight, second_bias):
    return first_weight @ second_weight, first_bias @ second_weight + second_bias


@wrong("fold_layers", "the shape", "bias: Expected (2,), the shape of second_bias; got (1, 2)")
def bias_as_a_row(first_weight, first_bias, second_weight, second_bias):
    return (second_weight @ first_weight).T, (second_weight @ first_bias + second_bias)[None]


@wrong("fold_layers", "the sign", "bias: ")
def minus(first_weight, first_bias, second_weight, second_bias):
    return (second_weight @ first_weight).T, -(second_weight @ first_bias + second_bias)


@wrong("fold_layers", "the scale", "weight: ")
def doubled(first_weight, first_bias, second_weight, second_bias):
    return 2 * (second_weight @ first_weight).T, second_weight @ first_bias + second_bias


# 0.8 momentum_step


@right("momentum_step")
def in_one_go(weight, gradient, velocity, rate, keep):
    return weight - rate * keep * velocity - rate * gradient, np.add(gradient, keep * velocity)


@right("momentum_step")
def on_copies(weight, gradient, velocity, rate, keep):
    weight, velocity = weight.copy(), velocity.copy()
    velocity *= keep
    velocity += gradient
    weight -= rate * velocity
    return weight, velocity


@wrong("momentum_step", "the arguments", "")
def in_place(weight, gradient, velocity, rate, keep):
    velocity *= keep
    velocity += gradient
    return weight - rate * velocity, velocity


@known("momentum_step", "the form of Keras", "is added to the weight")
def as_keras_has_it(weight, gradient, velocity, rate, keep):
    velocity = keep * velocity - rate * gradient
    return weight + velocity, velocity


@known("momentum_step", "no step without a gradient", "The velocity goes on without a gradient")
def stopped(weight, gradient, velocity, rate, keep):
    if np.all(gradient == 0):
        return weight.copy(), velocity.copy()
    velocity = keep * velocity + gradient
    return weight - rate * velocity, velocity


@wrong("momentum_step", "the order of the results", "wanted are weight, velocity, yours are velocity, weight.")
def velocity_first(weight, gradient, velocity, rate, keep):
    velocity = keep * velocity + gradient
    return velocity, weight - rate * velocity


@wrong("momentum_step", "the sign", "velocity: ")
def backwards(weight, gradient, velocity, rate, keep):
    velocity = keep * velocity + gradient
    return weight - rate * velocity, -velocity


# 0.10 largest_rate


@right("largest_rate")
def by_singular_values(rows, features):
    extended = np.c_[rows, np.ones(len(rows))]
    return float(rows.shape[0] * features / np.linalg.norm(extended, 2) ** 2)


@right("largest_rate")
def by_the_other_product(rows, features):
    return 2 / np.linalg.eigvalsh(2 / rows.shape[0] / features * (rows @ rows.T + 1)).max()


@known("largest_rate", "the flattest valley", "the steepest one decides")
def first_eigenvalue(rows, features):
    extended = np.c_[rows, np.ones(len(rows))]
    return len(rows) * features / np.linalg.eigvalsh(extended.T @ extended)[0]


@wrong("largest_rate", "the scale", "times what it should be")
def twice(rows, features):
    return 2 * by_singular_values(rows, features)


@wrong("largest_rate", "the effect of rows", "Add 1 to `rows`, and the right result changes; yours stays the same.")
def always_two(rows, features):
    return 2.0
