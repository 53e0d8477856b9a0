"""Answers to the exercises of chapter 03: right ones written otherwise, and wrong ones that are on no list."""

import numpy as np
import scipy.special

from tests.checks.register import Answers

answers = Answers("03")
right, known, wrong = answers.right, answers.known, answers.wrong


# 3.1 three_scores


@right("three_scores")
def in_decimals():
    return 8, 4.0, 0.444


@right("three_scores")
def computed():
    query, key = np.array([1.0, 2.0, 2.0, 0.0]), np.array([4.0, 2.0, 0.0, 4.0])
    return np.array([query @ key, query @ key / 2, query @ key / np.linalg.norm(query) / np.linalg.norm(key)])


@wrong("three_scores", "the numbers", "Yours is [8, 4, 0.5]; wrong is what stands at [2].")
def a_rough_cosine():
    return [8, 4, 0.5]


@wrong("three_scores", "the numbers", "wrong is what stands at [2].")
def rounded_up():
    return [8, 4, 0.445]


@known("three_scores", "no scale", "See: How large does a dot product get?")
def not_divided():
    return [8, 8, 0.444]


@wrong("three_scores", "the kind of result", "a list that holds int and str came back.")
def as_a_fraction():
    return [8, 4, "4/9"]


@wrong("three_scores", "the order", "The right numbers, in other places.")
def scaled_first():
    return [4, 8, 4 / 9]


@wrong("three_scores", "one step", "The right numbers, rounded to 1 decimal.")
def rounded():
    return [8, 4, 0.4]


# 3.2 standardised_scores


def _deviation(query_spread, key_spread):
    return np.sqrt(((query_spread * key_spread) ** 2).sum())


def _scores(queries, keys, query_spread, key_spread):
    return queries @ np.swapaxes(keys, -1, -2) / _deviation(query_spread, key_spread)


@right("standardised_scores")
def by_einsum(queries, keys, query_spread, key_spread):
    scale = np.linalg.norm(query_spread * key_spread)
    return np.einsum("...td,...sd->...ts", queries, keys) / scale


@right("standardised_scores")
def in_loops(queries, keys, query_spread, key_spread):
    scores = np.zeros((*queries.shape[:-1], keys.shape[-2]), dtype=queries.dtype)
    variance = sum((float(q) * float(k)) ** 2 for q, k in zip(query_spread, key_spread, strict=True))
    for *batch, t, s in np.ndindex(scores.shape):
        query, key = queries[(*batch, t)], keys[(*batch, s)]
        scores[(*batch, t, s)] = sum(float(q) * float(k) for q, k in zip(query, key, strict=True)) / variance**0.5
    return scores


@right("standardised_scores")
def by_broadcasting(queries, keys, query_spread, key_spread):
    products = queries[..., :, None, :] * keys[..., None, :, :]
    return (products.sum(-1) / _deviation(query_spread, key_spread)).astype(queries.dtype)


@wrong("standardised_scores", "the scale", "You divided the dot products by 2; their standard deviation is 1.41")
def always_two(queries, keys, query_spread, key_spread):
    return queries @ np.swapaxes(keys, -1, -2) / 2


@wrong("standardised_scores", "the scale", "You divided the dot products by 2.47; their standard deviation is 2.5 with")
def mean_of_the_deviations(queries, keys, query_spread, key_spread):
    return queries @ np.swapaxes(keys, -1, -2) / ((query_spread * key_spread).mean() * len(key_spread) ** 0.5)


@wrong("standardised_scores", "the shape", "got (2,): the 3 keys are gone.")
def summed_over_keys(*arguments):
    return _scores(*arguments).sum(-1)


@wrong("standardised_scores", "the shape", "got (2, 2): the 3 keys are gone")
def only_scaled(queries, keys, query_spread, key_spread):
    return queries / _deviation(query_spread, key_spread)


@wrong("standardised_scores", "the effect of queries", "Double `queries`, and the right result doubles; yours changes")
def distances(queries, keys, query_spread, key_spread):
    squares = ((queries[..., :, None, :] - keys[..., None, :, :]) ** 2).sum(-1)
    return squares / _deviation(query_spread, key_spread)


@wrong("standardised_scores", "the type (float32)", "float32 went in and float64 came out. The task asks for the type")
def in_float64(queries, keys, query_spread, key_spread):
    return _scores(*(x.astype(np.float64) for x in (queries, keys, query_spread, key_spread)))


@known("standardised_scores", "all axes turned (batches)", "`keys.T` turns all axes round")
def all_axes_turned(queries, keys, query_spread, key_spread):
    return queries @ keys.T / _deviation(query_spread, key_spread)


@known("standardised_scores", "the spreads are not used", "You divided by √D")
def as_in_the_chapter(queries, keys, query_spread, key_spread):
    return queries @ np.swapaxes(keys, -1, -2) / queries.shape[-1] ** 0.5


@known("standardised_scores", "each feature by itself", "large features no longer count for more")
def each_by_itself(queries, keys, query_spread, key_spread):
    left, right = queries / query_spread, keys / key_spread
    return left @ np.swapaxes(right, -1, -2) / len(query_spread) ** 0.5


# 3.3 concat_scores


def _concat(bend, queries, keys, weight, bias, score_weight):
    left, right = queries @ weight[: queries.shape[-1]], keys @ weight[queries.shape[-1] :]
    return bend(left[..., :, None, :] + right[..., None, :, :] + bias) @ score_weight


@right("concat_scores")
def unit_by_unit(queries, keys, weight, bias, score_weight):
    scores, D = 0, queries.shape[-1]
    for a in range(len(score_weight)):
        left, right = queries @ weight[:D, a], keys @ weight[D:, a]
        scores = scores + score_weight[a] * np.tanh(left[..., :, None] + right[..., None, :] + bias[a])
    return scores


@right("concat_scores")
def stacked(queries, keys, weight, bias, score_weight):
    pairs = (*queries.shape[:-1], keys.shape[-2])
    left = np.broadcast_to(queries[..., :, None, :], (*pairs, queries.shape[-1]))
    right = np.broadcast_to(keys[..., None, :, :], (*pairs, keys.shape[-1]))
    return np.tanh(np.concatenate([left, right], -1) @ weight + bias) @ score_weight


@right("concat_scores", "tensorflow")
def in_tensorflow(queries, keys, weight, bias, score_weight):
    import tensorflow as tf

    of_query, of_key = tf.split(weight, [queries.shape[-1], keys.shape[-1]])
    left = tf.einsum("...td,da->...ta", queries, of_query)
    right = tf.einsum("...sd,da->...sa", keys, of_key)
    return tf.reduce_sum(tf.tanh(left[..., :, None, :] + right[..., None, :, :] + bias) * score_weight, axis=-1)


@right("concat_scores", "pytorch")
def in_pytorch(queries, keys, weight, bias, score_weight):
    import torch

    of_query, of_key = weight.split([queries.shape[-1], keys.shape[-1]])
    left = torch.nn.functional.linear(queries, of_query.mT).unsqueeze(-2)
    right = torch.nn.functional.linear(keys, of_key.mT, bias).unsqueeze(-3)
    return torch.matmul((left + right).tanh(), score_weight)


@wrong("concat_scores", "the numbers", "None of the 6 numbers is right.")
def sine(*arguments):
    return _concat(np.sin, *arguments)


@wrong("concat_scores", "the scale", "Every number is 0.447 times what it should be.")
def scaled(*arguments):
    return _concat(np.tanh, *arguments) / len(arguments[-1]) ** 0.5


@wrong("concat_scores", "the shape", "got (2, 3, 5): the 5 hidden units are still there.")
def not_summed(queries, keys, weight, bias, score_weight):
    left, right = queries @ weight[: queries.shape[-1]], keys @ weight[queries.shape[-1] :]
    return np.tanh(left[..., :, None, :] + right[..., None, :, :] + bias) * score_weight


@wrong("concat_scores", "the effect of score_weight", "Double `score_weight`, and the right result doubles; yours")
def bent_score_vector(queries, keys, weight, bias, score_weight):
    return _concat(np.tanh, queries, keys, weight, bias, np.tanh(score_weight))


@wrong("concat_scores", "the gradient", "no gradient arrives at `keys`", "pytorch")
def detached_keys(queries, keys, weight, bias, score_weight):
    return in_pytorch(queries, keys.detach(), weight, bias, score_weight)


@wrong("concat_scores", "the framework (gradient)", 'set framework="numpy", or write it for PyTorch', "pytorch")
def numpy_for_pytorch(*arguments):
    return _concat(np.tanh, *arguments)


@known("concat_scores", "raises ValueError", "One way to this error: You add queries and keys as they are.")
def no_matrices_and_a_sum(queries, keys, weight, bias, score_weight):
    return (np.tanh(queries[..., :, None, :] + keys[..., None, :, :]) * score_weight).sum(-1)


@known("concat_scores", "the bias twice", "together that is twice")
def a_bias_on_each_side(queries, keys, weight, bias, score_weight):
    left, right = queries @ weight[: queries.shape[-1]] + bias, keys @ weight[queries.shape[-1] :] + bias
    return np.tanh(left[..., :, None, :] + right[..., None, :, :]) @ score_weight


# 3.4 robust_cosine_scores


def _unit(x):
    peak = np.abs(x).max(-1, keepdims=True)
    x = x / np.where(peak > 0, peak, 1)
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1)


@known("robust_cosine_scores", "the length does not fit (at the limits of the type)", "the length itself")
def by_hypot(queries, keys):
    left, right = (np.hypot.reduce(x, axis=-1, keepdims=True) for x in (queries, keys))
    queries, keys = (x / np.where(length > 0, length, 1) for x, length in ((queries, left), (keys, right)))
    return np.einsum("...td,...sd->...ts", queries, keys)


@right("robust_cosine_scores")
def by_the_largest_and_hypot(queries, keys):
    def unit(x):
        x = x / np.where((peak := np.abs(x).max(-1, keepdims=True)) > 0, peak, 1)
        length = np.hypot.reduce(x, axis=-1, keepdims=True)
        return np.divide(x, length, out=np.zeros_like(x), where=length > 0)

    return np.einsum("...td,...sd->...ts", unit(queries), unit(keys))


@right("robust_cosine_scores")
def by_powers_of_two(queries, keys):
    def unit(x):
        _, exponent = np.frexp(np.abs(x).max(-1, keepdims=True))
        x = np.ldexp(x, -exponent)
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(x / np.sqrt((x * x).sum(-1, keepdims=True)))

    return unit(queries) @ np.swapaxes(unit(keys), -1, -2)


@wrong("robust_cosine_scores", "one step", "you have the absolute values of them")
def without_a_sign(queries, keys):
    return np.abs(_unit(queries) @ np.swapaxes(_unit(keys), -1, -2))


@wrong("robust_cosine_scores", "the numbers", "Of 6 numbers 5 are right and 1 is wrong.")
def nothing_below_a_tenth(queries, keys):
    scores = _unit(queries) @ np.swapaxes(_unit(keys), -1, -2)
    return np.where(np.abs(scores) < 0.1, 0, scores)


@wrong("robust_cosine_scores", "the numbers", "None of the 6 numbers is right.")
def angles(queries, keys):
    return 1 - np.arccos(np.clip(_unit(queries) @ np.swapaxes(_unit(keys), -1, -2), -1, 1)) * 2 / np.pi


@known("robust_cosine_scores", "a small number added", "only the length 0 needs another divisor")
def another_small_number(queries, keys):
    lengths = np.linalg.norm(queries, axis=-1)[..., :, None] * np.linalg.norm(keys, axis=-1)[..., None, :]
    return queries @ np.swapaxes(keys, -1, -2) / (lengths + 1e-8)


@known("robust_cosine_scores", "the squares do not fit (long and short vectors)", "first divided by its largest entry")
def as_in_the_library(queries, keys):
    left, right = (np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys))
    queries, keys = (x / np.where(length > 0, length, 1) for x, length in ((queries, left), (keys, right)))
    return queries @ np.swapaxes(keys, -1, -2)


# 3.6 kernel_weights


def _squares(queries, keys, widths):
    return (((queries[..., :, None, :] - keys[..., None, :, :]) / widths) ** 2).sum(-1)


@wrong("kernel_weights", "far from zero", "moved together to lie around 0")
def the_square_expanded(queries, keys, widths):
    queries, keys = queries.astype(np.float64) / widths, keys.astype(np.float64) / widths
    products = queries @ np.swapaxes(keys, -1, -2)
    lengths = (keys**2).sum(-1)[..., None, :]
    return scipy.special.softmax(products - lengths / 2, axis=-1)


@right("kernel_weights")
def expanded_around_the_middle(queries, keys, widths):
    middle = keys.mean(-2, keepdims=True, dtype=np.float64)
    queries, keys = (queries - middle) / widths, (keys - middle) / widths
    products = queries @ np.swapaxes(keys, -1, -2)
    return scipy.special.softmax(products - (keys**2).sum(-1)[..., None, :] / 2, axis=-1)


@right("kernel_weights")
def the_nearest_first(queries, keys, widths):
    squares = _squares(queries, keys, widths)
    kernel = np.exp((squares.min(-1, keepdims=True) - squares) / 2)
    return kernel / kernel.sum(-1, keepdims=True)


@wrong("kernel_weights", "the scores", "those of the right scores multiplied by 3")
def three_for_two(queries, keys, widths):
    return scipy.special.softmax(-1.5 * _squares(queries, keys, widths), axis=-1)


@wrong("kernel_weights", "a choice", "You give everything to one and nothing to the others.")
def nearest_neighbour(queries, keys, widths):
    squares = _squares(queries, keys, widths)
    return (squares == squares.min(-1, keepdims=True)).astype(queries.dtype)


@wrong("kernel_weights", "the exponents", "that of the first minus that of the second should be")
def cauchy(queries, keys, widths):
    kernel = 1 / (1 + _squares(queries, keys, widths))
    return kernel / kernel.sum(-1, keepdims=True)


@wrong("kernel_weights", "the sum of the weights (far from every key)", "sum to 0 along axis −1; they should sum to 1")
def nan_to_zero(queries, keys, widths):
    kernel = np.exp(-_squares(queries, keys, widths) / 2)
    return np.nan_to_num(kernel / kernel.sum(-1, keepdims=True))


@known("kernel_weights", "one maximum for all queries (far from every key)", "0 / 0 is NaN")
def one_maximum(queries, keys, widths):
    exponents = -_squares(queries, keys, widths) / 2
    kernel = np.exp(exponents - exponents.max())
    return kernel / kernel.sum(-1, keepdims=True)


@known("kernel_weights", "multiplied by the widths", "x / 2 * w² multiplies by w²")
def in_the_wrong_order(queries, keys, widths):
    apart = queries[..., :, None, :] - keys[..., None, :, :]
    return scipy.special.softmax(-(apart**2 / 2 * widths**2).sum(-1), axis=-1)


# 3.7 kernel_scores_backward


@right("kernel_scores_backward")
def backward_by_einsum(queries, keys, widths, grad_scores):
    apart = (keys[..., None, :, :] - queries[..., :, None, :]) / widths**2  # (…, T, S, D)
    grad_queries = np.einsum("...ts,...tsd->...td", grad_scores, apart)
    return grad_queries, -np.einsum("...ts,...tsd->...sd", grad_scores, apart)


@right("kernel_scores_backward")
def pair_by_pair(queries, keys, widths, grad_scores):
    grad_queries, grad_keys = np.zeros_like(queries), np.zeros_like(keys)
    for *batch, t, s in np.ndindex(grad_scores.shape):
        pull = grad_scores[(*batch, t, s)] * (keys[(*batch, s)] - queries[(*batch, t)]) / widths**2
        grad_queries[(*batch, t)] += pull
        grad_keys[(*batch, s)] -= pull
    return [grad_queries, grad_keys]


@wrong("kernel_scores_backward", "the results", "Expected 2 results, grad_queries and grad_keys; a numpy ndarray came")
def one_of_two(*arguments):
    return backward_by_einsum(*arguments)[0]


@wrong("kernel_scores_backward", "the scale", "grad_keys: Every number is 4 times what it should be.")
def one_scale(*arguments):
    grad_queries, grad_keys = backward_by_einsum(*arguments)
    return grad_queries, 4 * grad_keys


@wrong("kernel_scores_backward", "the effect of grad_scores", "Add 1 to `grad_scores`, and the right result changes;")
def gradient_ignored(queries, keys, widths, grad_scores):
    return backward_by_einsum(queries, keys, widths, np.ones_like(grad_scores))


@wrong("kernel_scores_backward", "the shape", "grad_keys: Expected (3, 2), the shape of keys; got (2, 3)")
def one_lying(*arguments):
    grad_queries, grad_keys = backward_by_einsum(*arguments)
    return grad_queries, np.swapaxes(grad_keys, -1, -2)


@known("kernel_scores_backward", "as for a dot product", "its part is missing")
def as_for_products(queries, keys, widths, grad_scores):
    return (grad_scores @ keys) / widths**2, (np.swapaxes(grad_scores, -1, -2) @ queries) / widths**2


@known("kernel_scores_backward", "all axes turned (batches)", "`grad_scores.T` turns all axes round")
def turned_altogether(queries, keys, widths, grad_scores):
    G = grad_scores
    grad_queries = (G @ keys - G.sum(-1)[..., None] * queries) / widths**2
    return grad_queries, (G.T @ queries - G.sum(-2)[..., None] * keys) / widths**2


# 3.8 costs


@right("costs")
def as_products():
    parameters = [16 * 128, (16 + 128) * 32 + 32]
    return np.array([parameters, [20 * 128 * 16 + 200 * 16, (10 * 16 + 20 * 128) * 32 + 200 * 32]])


@right("costs")
def as_numbers():
    return [2048, 4640], (44160.0, 93440)


@wrong("costs", "the numbers", "wrong is what stands at [0, 0].")
def a_vector_for_a_matrix():
    return [[128, 4640], [44160, 93440]]


@wrong("costs", "the order", "The right numbers, in other places.")
def general_last():
    return [[4640, 2048], [93440, 44160]]


@wrong("costs", "the shape", "Expected (2, 2), a row of parameters and a row of multiplications; got (4,).")
def in_one_row():
    return [2048, 4640, 44160, 93440]


# 3.9 low_rank_scores


@right("low_rank_scores")
def low_rank_by_einsum(queries, keys, query_weight, key_weight):
    return np.einsum("...ti,ir,jr,...sj->...ts", queries, query_weight, key_weight, keys)


@right("low_rank_scores")
def back_through_the_second(queries, keys, query_weight, key_weight):
    return queries @ query_weight @ key_weight.T @ np.swapaxes(keys, -1, -2)


@wrong("low_rank_scores", "the effect of query_weight", "Double `query_weight`, and the right result doubles; yours")
def with_the_identity(queries, keys, query_weight, key_weight):
    weight = query_weight @ key_weight.T
    return queries @ (weight + np.eye(*weight.shape)) @ np.swapaxes(keys, -1, -2)


@wrong("low_rank_scores", "the effect of queries", "yours changes, but not in proportion.")
def bent_queries(queries, keys, query_weight, key_weight):
    return np.tanh(queries @ query_weight) @ np.swapaxes(keys @ key_weight, -1, -2)


@wrong(
    "low_rank_scores", "the effect of queries", "Double `queries`, and the right result doubles; yours stays the same."
)
def cosines(queries, keys, query_weight, key_weight):
    left, right = queries @ query_weight, keys @ key_weight
    left, right = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (left, right))
    return left @ np.swapaxes(right, -1, -2)


@wrong("low_rank_scores", "the sign", "Every number has the right size and the wrong sign.")
def negative(queries, keys, query_weight, key_weight):
    return -low_rank_by_einsum(queries, keys, query_weight, key_weight)


@known("low_rank_scores", "all axes turned (batches)", "Only the last two are to change places.")
def all_axes_turned_again(queries, keys, query_weight, key_weight):
    return (queries @ query_weight) @ (keys @ key_weight).T


@known("low_rank_scores", "W is built (many features)", "somewhere on the way stands the whole of W")
def by_the_whole_matrix(queries, keys, query_weight, key_weight):
    return queries @ (query_weight @ key_weight.T) @ np.swapaxes(keys, -1, -2)
