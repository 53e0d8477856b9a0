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


# 3.2 scaled_dot_scores


def _scores(queries, keys):
    return queries @ np.swapaxes(keys, -1, -2) / queries.shape[-1] ** 0.5


@right("scaled_dot_scores")
def by_einsum(queries, keys):
    return np.einsum("...td,...sd->...ts", queries * queries.shape[-1] ** -0.5, keys)


@right("scaled_dot_scores")
def in_loops(queries, keys):
    scores = np.zeros((*queries.shape[:-1], keys.shape[-2]), dtype=queries.dtype)
    for *batch, t, s in np.ndindex(scores.shape):
        query, key = queries[(*batch, t)], keys[(*batch, s)]
        scores[(*batch, t, s)] = sum(float(q) * float(k) for q, k in zip(query, key, strict=True)) / len(query) ** 0.5
    return scores


@right("scaled_dot_scores")
def by_broadcasting(queries, keys):
    products = queries[..., :, None, :] * keys[..., None, :, :]
    return (products.sum(-1) / np.sqrt(queries.shape[-1])).astype(queries.dtype)


@wrong("scaled_dot_scores", "the scale", "You divided the dot products by 2. Divide by √D = 2.449, D = 6")
def always_two(queries, keys):
    return queries @ np.swapaxes(keys, -1, -2) / 2


@wrong("scaled_dot_scores", "the scale (batches)", "You divided the dot products by 1.732. Divide by √D = 2")
def the_second_axis(queries, keys):
    return queries @ np.swapaxes(keys, -1, -2) / queries.shape[1] ** 0.5


@wrong("scaled_dot_scores", "raises ValueError (batches)", "return queries @ keys.T / queries.shape[-1] ** 0.5")
def all_axes_turned(queries, keys):
    return queries @ keys.T / queries.shape[-1] ** 0.5


@wrong("scaled_dot_scores", "the shape", "got (2,): the 3 keys are gone.")
def summed_over_keys(queries, keys):
    return _scores(queries, keys).sum(-1)


@wrong("scaled_dot_scores", "the shape", "got (2, 4): the 3 keys are gone, the 4 features are still there.")
def only_scaled(queries, keys):
    return queries / queries.shape[-1] ** 0.5


@wrong("scaled_dot_scores", "the part of queries", "Double `queries`, and the right result doubles; yours does not")
def distances(queries, keys):
    return ((queries[..., :, None, :] - keys[..., None, :, :]) ** 2).sum(-1) / queries.shape[-1] ** 0.5


@wrong("scaled_dot_scores", "an offset", "the differences between your numbers are right, but all are off by")
def the_maximum_subtracted(queries, keys):
    return _scores(queries, keys) - _scores(queries, keys).max(-1, keepdims=True)


@wrong("scaled_dot_scores", "cut off (extreme scores)", "Right between −50 and 50")
def clipped(queries, keys):
    return np.clip(_scores(queries, keys), -50, 50)


@wrong("scaled_dot_scores", "the type (float32)", "float32 went in and float64 came out")
def a_wide_root(queries, keys):
    return queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])


@known("scaled_dot_scores", "the cosine", "These are cosines")
def of_unit_vectors(queries, keys):
    queries, keys = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (queries, keys))
    return queries @ np.swapaxes(keys, -1, -2)


@wrong("scaled_dot_scores", "the precision", "right to about 7 digits. float64 went in")
def in_float32(queries, keys):
    return _scores(queries.astype(np.float32), keys.astype(np.float32)).astype(queries.dtype)


@wrong("scaled_dot_scores", "the precision", "right to about 7 digits. float64 went in")
def a_narrow_root(queries, keys):
    return queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1], dtype=np.float32)


@wrong("scaled_dot_scores", "raises ValueError", 'np.einsum("btd,bsd->bts"')
def always_a_batch(queries, keys):
    return np.einsum("btd,bsd->bts", queries, keys) / queries.shape[-1] ** 0.5


# 3.3 additive_scores


def _additive(bend, queries, keys, query_weight, key_weight, score_weight):
    left, right = queries @ query_weight, keys @ key_weight
    return bend(left[..., :, None, :] + right[..., None, :, :]) @ score_weight


@right("additive_scores")
def unit_by_unit(queries, keys, query_weight, key_weight, score_weight):
    scores = 0
    for a in range(len(score_weight)):
        left, right = queries @ query_weight[:, a], keys @ key_weight[:, a]
        scores = scores + score_weight[a] * np.tanh(left[..., :, None] + right[..., None, :])
    return scores


@right("additive_scores")
def stacked(queries, keys, query_weight, key_weight, score_weight):
    pairs = (*queries.shape[:-1], keys.shape[-2])
    left = np.broadcast_to(queries[..., :, None, :], (*pairs, queries.shape[-1]))
    right = np.broadcast_to(keys[..., None, :, :], (*pairs, keys.shape[-1]))
    both = np.concatenate([left, right], -1) @ np.concatenate([query_weight, key_weight], 0)
    return np.tanh(both) @ score_weight


@right("additive_scores", "tensorflow")
def in_tensorflow(queries, keys, query_weight, key_weight, score_weight):
    import tensorflow as tf

    left = tf.einsum("...td,da->...ta", queries, query_weight)
    right = tf.einsum("...sd,da->...sa", keys, key_weight)
    return tf.reduce_sum(tf.tanh(left[..., :, None, :] + right[..., None, :, :]) * score_weight, axis=-1)


@right("additive_scores", "pytorch")
def in_pytorch(queries, keys, query_weight, key_weight, score_weight):
    import torch

    left = torch.nn.functional.linear(queries, query_weight.mT).unsqueeze(-2)
    right = torch.nn.functional.linear(keys, key_weight.mT).unsqueeze(-3)
    return torch.matmul((left + right).tanh(), score_weight)


@wrong("additive_scores", "the numbers", "the result should be [[0.762, 0.964]], yours is [[0.841, 0.909]]")
def sine(*arguments):
    return _additive(np.sin, *arguments)


@wrong("additive_scores", "the scale", "Every number is 0.447 times what it should be.")
def scaled(*arguments):
    return _additive(np.tanh, *arguments) / len(arguments[-1]) ** 0.5


@wrong("additive_scores", "the shape", "got (2, 3, 5): the 5 hidden units are still there.")
def not_summed(queries, keys, query_weight, key_weight, score_weight):
    left, right = queries @ query_weight, keys @ key_weight
    return np.tanh(left[..., :, None, :] + right[..., None, :, :]) * score_weight


@wrong(
    "additive_scores", "the part of score_weight", "Double `score_weight`, and the right result doubles; yours does not"
)
def bent_score_vector(queries, keys, query_weight, key_weight, score_weight):
    return _additive(np.tanh, queries, keys, query_weight, key_weight, np.tanh(score_weight))


@wrong("additive_scores", "the gradient", "no gradient arrives at `key_weight`", "pytorch")
def detached_keys(queries, keys, query_weight, key_weight, score_weight):
    return in_pytorch(queries, keys, query_weight, key_weight.detach(), score_weight)


@known("additive_scores", "raises ValueError", "One way to this error: You add queries and keys as they are.")
def no_matrices_and_a_sum(queries, keys, query_weight, key_weight, score_weight):
    return (np.tanh(queries[..., :, None, :] + keys[..., None, :, :]) * score_weight).sum(-1)


@known("additive_scores", "no matrices, and one key for each query", "then every query is to meet every key")
def queries_plus_keys(queries, keys, query_weight, key_weight, score_weight):
    return np.tanh(queries + keys) @ score_weight


# 3.4 general_scores


@right("general_scores")
def general_by_einsum(queries, keys, weight):
    return np.einsum("...ti,ij,...sj->...ts", queries, weight, keys)


@right("general_scores")
def keys_carried(queries, keys, weight):
    return np.swapaxes((keys @ weight.T) @ np.swapaxes(queries, -1, -2), -1, -2)


@wrong("general_scores", "the numbers", "the result should be [[1, 6]], yours is [[9, 14]]")
def absolute_weight(queries, keys, weight):
    return queries @ np.abs(weight) @ np.swapaxes(keys, -1, -2)


@wrong("general_scores", "one step", "you have tanh of them")
def bent(queries, keys, weight):
    return np.tanh(general_by_einsum(queries, keys, weight))


@wrong("general_scores", "the scale", "Every number is 0.249 times what it should be.")
def unit_weight(queries, keys, weight):
    return general_by_einsum(queries, keys, weight / np.linalg.norm(weight))


@wrong("general_scores", "the part of queries", "Double `queries`, and the right result doubles; yours does not")
def weights_for_scores(queries, keys, weight):
    return scipy.special.softmax(general_by_einsum(queries, keys, weight), axis=-1)


# 3.6 kernel_weights


def _squares(queries, keys):
    return ((queries[..., :, None, :] - keys[..., None, :, :]) ** 2).sum(-1)


@right("kernel_weights")
def the_square_expanded(queries, keys, width):
    products = queries @ np.swapaxes(keys, -1, -2)
    lengths = (keys**2).sum(-1)[..., None, :]
    return scipy.special.softmax((products - lengths / 2) / width**2, axis=-1)


@right("kernel_weights")
def the_nearest_first(queries, keys, width):
    squares = _squares(queries, keys)
    kernel = np.exp((squares.min(-1, keepdims=True) - squares) / 2 / width / width)
    return kernel / kernel.sum(-1, keepdims=True)


@wrong("kernel_weights", "the scores", "those of the right scores multiplied by 4.5")
def no_width(queries, keys, width):
    return scipy.special.softmax(-_squares(queries, keys), axis=-1)


@wrong("kernel_weights", "a choice", "You give everything to one and nothing to the others.")
def nearest_neighbour(queries, keys, width):
    squares = _squares(queries, keys)
    return (squares == squares.min(-1, keepdims=True)).astype(queries.dtype)


@wrong("kernel_weights", "the numbers", "queries = [[0]], keys = [[0], [1], [3]], width = 3.0")
def sums_of_absolutes(queries, keys, width):
    apart = np.abs(queries[..., :, None, :] - keys[..., None, :, :]).sum(-1)
    return scipy.special.softmax(-apart / (2 * width**2), axis=-1)


@wrong("kernel_weights", "the sum of the weights (far from every key)", "sum to 0 along axis −1; they should sum to 1")
def nan_to_zero(queries, keys, width):
    kernel = np.exp(-_squares(queries, keys) / (2 * width**2))
    return np.nan_to_num(kernel / kernel.sum(-1, keepdims=True))


@known("kernel_weights", "one maximum for all queries (far from every key)", "[NaN, NaN, NaN]")
def one_maximum(queries, keys, width):
    exponents = -_squares(queries, keys) / (2 * width**2)
    kernel = np.exp(exponents - exponents.max())
    return kernel / kernel.sum(-1, keepdims=True)


@known("kernel_weights", "multiplied by the width", "x / 2 * w² multiplies by w²")
def in_the_wrong_order(queries, keys, width):
    return scipy.special.softmax(-_squares(queries, keys) / 2 * width**2, axis=-1)


# 3.7 scaled_dot_scores_backward


def _backward(queries, keys, grad_scores):
    grad_scores = grad_scores / queries.shape[-1] ** 0.5
    return grad_scores @ keys, np.swapaxes(grad_scores, -1, -2) @ queries


@right("scaled_dot_scores_backward")
def backward_by_einsum(queries, keys, grad_scores):
    grad_queries = np.einsum("...ts,...sd->...td", grad_scores, keys) / queries.shape[-1] ** 0.5
    return grad_queries, np.einsum("...ts,...td->...sd", grad_scores, queries) / queries.shape[-1] ** 0.5


@right("scaled_dot_scores_backward")
def pair_by_pair(queries, keys, grad_scores):
    grad_queries, grad_keys = np.zeros_like(queries), np.zeros_like(keys)
    for *batch, t, s in np.ndindex(grad_scores.shape):
        pull = grad_scores[(*batch, t, s)] / queries.shape[-1] ** 0.5
        grad_queries[(*batch, t)] += pull * keys[(*batch, s)]
        grad_keys[(*batch, s)] += pull * queries[(*batch, t)]
    return [grad_queries, grad_keys]


@wrong(
    "scaled_dot_scores_backward",
    "the results",
    "Expected 2 results, grad_queries and grad_keys; a numpy ndarray came back.",
)
def one_of_two(queries, keys, grad_scores):
    return _backward(queries, keys, grad_scores)[0]


@wrong("scaled_dot_scores_backward", "the sign", "grad_queries: Every number has the right size and the wrong sign.")
def one_sign(queries, keys, grad_scores):
    grad_queries, grad_keys = _backward(queries, keys, grad_scores)
    return -grad_queries, grad_keys


@wrong("scaled_dot_scores_backward", "the scale", "grad_keys: Every number is 4 times what it should be.")
def one_scale(queries, keys, grad_scores):
    grad_queries, grad_keys = _backward(queries, keys, grad_scores)
    return grad_queries, 4 * grad_keys


@wrong(
    "scaled_dot_scores_backward",
    "the part of grad_scores",
    "Add 1 to `grad_scores`, and the right result changes; yours stays",
)
def gradient_ignored(queries, keys, grad_scores):
    return _backward(queries, keys, np.ones_like(grad_scores))


@wrong("scaled_dot_scores_backward", "the shape", "grad_keys: Expected (3, 4), the shape of keys; got (4, 3)")
def one_lying(queries, keys, grad_scores):
    grad_queries, grad_keys = _backward(queries, keys, grad_scores)
    return grad_queries, np.swapaxes(grad_keys, -1, -2)


@known("scaled_dot_scores_backward", "grad_scores @ queries", "that of the queries of keys")
def queries_for_queries(queries, keys, grad_scores):
    grad_scores = grad_scores / queries.shape[-1] ** 0.5
    return grad_scores @ queries, np.swapaxes(grad_scores, -1, -2) @ queries


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
def by_the_whole_matrix(queries, keys, query_weight, key_weight):
    return queries @ (query_weight @ key_weight.T) @ np.swapaxes(keys, -1, -2)


@right("low_rank_scores")
def low_rank_by_einsum(queries, keys, query_weight, key_weight):
    return np.einsum("...ti,ir,jr,...sj->...ts", queries, query_weight, key_weight, keys)


@wrong(
    "low_rank_scores", "the part of query_weight", "Double `query_weight`, and the right result doubles; yours does not"
)
def with_the_identity(queries, keys, query_weight, key_weight):
    weight = query_weight @ key_weight.T
    return queries @ (weight + np.eye(*weight.shape)) @ np.swapaxes(keys, -1, -2)


@wrong("low_rank_scores", "the part of queries", "yours does not change in proportion.")
def bent_queries(queries, keys, query_weight, key_weight):
    return np.tanh(queries @ query_weight) @ np.swapaxes(keys @ key_weight, -1, -2)


@wrong(
    "low_rank_scores", "the part of queries", "Double `queries`, and the right result doubles; yours stays the same."
)
def cosines(queries, keys, query_weight, key_weight):
    left, right = queries @ query_weight, keys @ key_weight
    left, right = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (left, right))
    return left @ np.swapaxes(right, -1, -2)


@wrong("low_rank_scores", "raises ValueError (batches)", "return (queries @ query_weight) @ (keys @ key_weight).T")
def all_axes_turned_again(queries, keys, query_weight, key_weight):
    return (queries @ query_weight) @ (keys @ key_weight).T


@wrong("low_rank_scores", "the sign", "Every number has the right size and the wrong sign.")
def negative(queries, keys, query_weight, key_weight):
    return -by_the_whole_matrix(queries, keys, query_weight, key_weight)
