"""Answers to chapter 3 by somebody who had only the tasks: wrong ones, and right ones written unusually."""

import functools
import itertools
import math
from decimal import Decimal
from fractions import Fraction

from scipy.spatial.distance import cdist
from scipy.special import expit, logsumexp
from scipy.special import softmax as scipy_softmax

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("03")
wrong, right = answers.unlisted, answers.right


def turned(x):
    return np.swapaxes(x, -1, -2)


# ---------------------------------------------------------------------------------------------- 3.1 three_scores


@wrong("three_scores")
def two_places():
    return [8, 4, 0.44]


@wrong("three_scores")
def scaled_by_width():
    return [8, 2, 0.444]


@wrong("three_scores")
def cosine_first():
    return [0.444, 8, 4]


@wrong("three_scores")
def scaled_first():
    return [4, 8, 0.444]


@wrong("three_scores")
def cosine_in_per_cent():
    return [8, 4, 44.4]


@wrong("three_scores")
def cosine_of_scaled():
    return [8, 4, 4 / 18]


@wrong("three_scores")
def angle():
    return [8, 4, math.acos(4 / 9)]


@wrong("three_scores")
def cosine_distance():
    return [8, 4, 5 / 9]


@wrong("three_scores")
def squared_lengths():
    return [8, 4, 8 / (9 * 36)]


@wrong("three_scores")
def one_length():
    return [8, 4, 8 / 6]


@wrong("three_scores")
def three_features():
    return [8, 8 / math.sqrt(3), 0.444]


@wrong("three_scores")
def rounded_up():
    return [8, 4, 0.45]


@wrong("three_scores")
def without_cosine():
    return [8, 4]


@wrong("three_scores")
def with_their_product():
    return [8, 4, 0.444, 18]


@wrong("three_scores")
def named():
    return {"dot": 8, "scaled": 4, "cosine": 4 / 9}


@wrong("three_scores")
def last_feature_too():
    return [12, 6, 12 / 18]


@wrong("three_scores")
def as_text():
    return "8, 4, 4/9"


@right("three_scores")
def fractions():
    return [Fraction(8), Fraction(4), Fraction(4, 9)]


@right("three_scores")
def three_places_in_a_tuple():
    return 8, 4, 0.444


@right("three_scores")
def decimals():
    return [Decimal("8"), Decimal("4"), Decimal("0.444")]


@right("three_scores")
def an_array():
    return np.array([8, 4, 8 / 18], np.float32)


@right("three_scores")
def computed():
    q, k = (1, 2, 2, 0), (4, 2, 0, 4)
    dot = math.sumprod(q, k) if hasattr(math, "sumprod") else sum(map(lambda a, b: a * b, q, k))
    return [dot, dot / len(q) ** 0.5, dot / math.hypot(*q) / math.dist(k, (0, 0, 0, 0))]


# --------------------------------------------------------------------------------------- 3.2 standardised_scores


def deviation(queries, query_spread, key_spread):
    variances = np.asarray(query_spread) ** 2 * np.asarray(key_spread) ** 2
    return np.sqrt(variances.sum()).astype(queries.dtype)


def standardised(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / deviation(queries, query_spread, key_spread)


@wrong("standardised_scores")
def product_of_two_norms(queries, keys, query_spread, key_spread):
    by = np.sqrt((query_spread**2).sum() * (key_spread**2).sum())
    return queries @ turned(keys) / by.astype(queries.dtype)


@wrong("standardised_scores")
def two_norms_by_the_root_of_the_width(queries, keys, query_spread, key_spread):
    # right wherever one of the two spreads is the same for all features
    by = np.linalg.norm(query_spread) * np.linalg.norm(key_spread) / math.sqrt(len(key_spread))
    return queries @ turned(keys) / by.astype(queries.dtype)


@wrong("standardised_scores")
def deviations_added(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / (query_spread * key_spread).sum().astype(queries.dtype)


@wrong("standardised_scores")
def root_of_added_deviations(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / np.sqrt((query_spread * key_spread).sum()).astype(queries.dtype)


@wrong("standardised_scores")
def variances_added_of_both(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / np.sqrt((query_spread**2 + key_spread**2).sum()).astype(queries.dtype)


@wrong("standardised_scores")
def variance_not_deviation(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / deviation(queries, query_spread, key_spread) ** 2


@wrong("standardised_scores")
def feature_by_feature(queries, keys, query_spread, key_spread):
    scores = (queries / query_spread) @ turned(keys / key_spread) / math.sqrt(len(key_spread))
    return scores.astype(queries.dtype)


@wrong("standardised_scores")
def mean_variance(queries, keys, query_spread, key_spread):
    by = np.sqrt(np.mean(query_spread**2 * key_spread**2)).astype(queries.dtype)
    return queries @ turned(keys) / by


@wrong("standardised_scores")
def mean_spreads(queries, keys, query_spread, key_spread):
    by = math.sqrt(len(key_spread)) * query_spread.mean() * key_spread.mean()
    return queries @ turned(keys) / by.astype(queries.dtype)


@wrong("standardised_scores")
def first_spread(queries, keys, query_spread, key_spread):
    by = math.sqrt(len(key_spread)) * query_spread[0] * key_spread[0]
    return queries @ turned(keys) / by.astype(queries.dtype)


@wrong("standardised_scores")
def spreads_without_the_last(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / deviation(queries, query_spread[:-1], key_spread[:-1])


@wrong("standardised_scores")
def spreads_sorted(queries, keys, query_spread, key_spread):
    return standardised(queries, keys, np.sort(query_spread), np.sort(key_spread))


@wrong("standardised_scores")
def measured_deviation(queries, keys, query_spread, key_spread):
    scores = queries @ turned(keys)
    return scores / scores.std()


@wrong("standardised_scores")
def all_axes_turned(queries, keys, query_spread, key_spread):
    return queries @ keys.T / deviation(queries, query_spread, key_spread)


@wrong("standardised_scores")
def inner_product(queries, keys, query_spread, key_spread):
    return np.inner(queries, keys) / deviation(queries, query_spread, key_spread)


@wrong("standardised_scores")
def dot_of_batches(queries, keys, query_spread, key_spread):
    return np.dot(queries, turned(keys)) / deviation(queries, query_spread, key_spread)


@wrong("standardised_scores")
def one_batch_axis(queries, keys, query_spread, key_spread):
    if queries.ndim == 2:
        return standardised(queries, keys, query_spread, key_spread)
    q, k = queries.reshape(-1, *queries.shape[-2:]), keys.reshape(-1, *keys.shape[-2:])
    return np.stack([standardised(a, b, query_spread, key_spread) for a, b in zip(q, k, strict=True)])


@wrong("standardised_scores")
def keys_of_the_first_item(queries, keys, query_spread, key_spread):
    while keys.ndim > 2:
        keys = keys[0]
    return standardised(queries, keys, query_spread, key_spread)


@wrong("standardised_scores")
def without_axes_of_size_one(queries, keys, query_spread, key_spread):
    return standardised(queries, keys, query_spread, key_spread).squeeze()


@wrong("standardised_scores")
def at_least_3d(queries, keys, query_spread, key_spread):
    scores = standardised(queries, keys, query_spread, key_spread)
    return scores if scores.ndim > 2 else scores[None]


@wrong("standardised_scores")
def widened(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / np.float64(deviation(queries, query_spread, key_spread))


@wrong("standardised_scores")
def always_float32(queries, keys, query_spread, key_spread):
    return standardised(queries, keys, query_spread, key_spread).astype(np.float32)


@wrong("standardised_scores")
def float32_inside(queries, keys, query_spread, key_spread):
    narrow = [x.astype(np.float32) for x in (queries, keys, query_spread, key_spread)]
    return standardised(*narrow).astype(queries.dtype)


@wrong("standardised_scores")
def deviation_in_float32(queries, keys, query_spread, key_spread):
    by = np.sqrt(np.sum((query_spread * key_spread) ** 2, dtype=np.float32))
    return queries @ turned(keys) / by.astype(queries.dtype)


@wrong("standardised_scores")
def a_little_added(queries, keys, query_spread, key_spread):
    by = deviation(queries, query_spread, key_spread) + queries.dtype.type(1e-6)
    return queries @ turned(keys) / by


@wrong("standardised_scores")
def at_least_one(queries, keys, query_spread, key_spread):
    by = np.maximum(deviation(queries, query_spread, key_spread), queries.dtype.type(1))
    return queries @ turned(keys) / by


@wrong("standardised_scores")
def queries_divided_in_place(queries, keys, query_spread, key_spread):
    queries /= deviation(queries, query_spread, key_spread)
    return queries @ turned(keys)


@wrong("standardised_scores")
def scores_clipped(queries, keys, query_spread, key_spread):
    return standardised(queries, keys, query_spread, key_spread).clip(-3, 3)


@wrong("standardised_scores")
def small_scores_dropped(queries, keys, query_spread, key_spread):
    scores = standardised(queries, keys, query_spread, key_spread)
    return np.where(np.abs(scores) < 1e-3, 0, scores).astype(queries.dtype)


DEVIATIONS = {}


@wrong("standardised_scores")
def deviation_remembered_by_width(queries, keys, query_spread, key_spread):
    by = DEVIATIONS.setdefault(len(key_spread), deviation(queries, query_spread, key_spread))
    return queries @ turned(keys) / by.astype(queries.dtype)


BUFFERS = {}


@wrong("standardised_scores")
def buffer_used_again(queries, keys, query_spread, key_spread):
    scores = standardised(queries, keys, query_spread, key_spread)
    buffer = BUFFERS.setdefault((scores.shape, scores.dtype), scores)
    buffer[...] = scores
    return buffer


@wrong("standardised_scores")
def with_noise(queries, keys, query_spread, key_spread):
    scores = standardised(queries, keys, query_spread, key_spread)
    return scores * np.random.default_rng().normal(1, 1e-2, scores.shape).astype(scores.dtype)


@wrong("standardised_scores")
def spread_of_one_query(queries, keys, query_spread, key_spread):
    # a query alone needs no scale, thought somebody
    by = deviation(queries, query_spread, key_spread) if queries.shape[-2] > 1 else 1
    return queries @ turned(keys) / by


@wrong("standardised_scores")
def keys_before_queries(keys, queries, key_spread, query_spread):
    return standardised(queries, keys, query_spread, key_spread)


@wrong("standardised_scores")
def tuple_with_the_deviation(queries, keys, query_spread, key_spread):
    return standardised(queries, keys, query_spread, key_spread), deviation(queries, query_spread, key_spread)


@right("standardised_scores")
def queries_divided_first(queries, keys, query_spread, key_spread):
    by = queries.dtype.type(math.hypot(*map(float, query_spread * key_spread)))
    return np.einsum("...td,...sd->...ts", queries / by, keys)


@right("standardised_scores")
def in_longdouble(queries, keys, query_spread, key_spread):
    q, k, a, b = (x.astype(np.longdouble) for x in (queries, keys, query_spread, key_spread))
    return (q @ turned(k) / np.linalg.norm(a * b)).astype(queries.dtype)


@right("standardised_scores")
def by_the_square_spread(queries, keys, query_spread, key_spread):
    variance = np.square(query_spread) @ np.square(key_spread)
    return ((queries @ np.moveaxis(keys, -1, -2)) * variance**-0.5).astype(queries.dtype)


@right("standardised_scores")
def item_by_item(queries, keys, query_spread, key_spread):
    scores = np.empty((*queries.shape[:-1], keys.shape[-2]), queries.dtype)
    for i in np.ndindex(queries.shape[:-2]):
        for t, q in enumerate(queries[i]):
            for s, k in enumerate(keys[i]):
                scores[(*i, t, s)] = math.fsum(map(float, q * k)) / deviation(queries, query_spread, key_spread)
    return scores


@right("standardised_scores")
def batches_by_recursion(queries, keys, query_spread, key_spread):
    if queries.ndim > 2:
        again = functools.partial(batches_by_recursion, query_spread=query_spread, key_spread=key_spread)
        return np.stack(list(map(again, queries, keys)))
    scores = queries.astype(float) @ keys.T.astype(float)
    return np.asarray(scores / np.sqrt(np.sum(np.square(query_spread * key_spread))), queries.dtype)


# --------------------------------------------------------------------------------------------- 3.3 concat_scores


def units(queries, keys, weight, bias=0.0):
    """Hidden units before tanh, in NumPy or PyTorch."""
    width = queries.shape[-1]
    return (queries @ weight[:width])[..., :, None, :] + (keys @ weight[width:])[..., None, :, :] + bias


@wrong("concat_scores")
def no_bias(queries, keys, weight, bias, score_weight):
    return np.tanh(units(queries, keys, weight)) @ score_weight


@wrong("concat_scores")
def bias_after_tanh(queries, keys, weight, bias, score_weight):
    return (np.tanh(units(queries, keys, weight)) + bias) @ score_weight


@wrong("concat_scores")
def bias_twice(queries, keys, weight, bias, score_weight):
    return np.tanh(units(queries, keys, weight, 2 * bias)) @ score_weight


@wrong("concat_scores")
def mean_of_the_bias(queries, keys, weight, bias, score_weight):
    return np.tanh(units(queries, keys, weight, bias.mean())) @ score_weight


@wrong("concat_scores")
def key_rows_first(queries, keys, weight, bias, score_weight):
    width = keys.shape[-1]
    by_query, by_key = queries @ weight[width:], keys @ weight[:width]
    return np.tanh(by_query[..., :, None, :] + by_key[..., None, :, :] + bias) @ score_weight


@wrong("concat_scores")
def cut_in_the_middle(queries, keys, weight, bias, score_weight):
    half = len(weight) // 2
    by_query, by_key = queries @ weight[:half], keys @ weight[half:]
    return np.tanh(by_query[..., :, None, :] + by_key[..., None, :, :] + bias) @ score_weight


@wrong("concat_scores")
def one_tanh_each(queries, keys, weight, bias, score_weight):
    width = queries.shape[-1]
    by_query, by_key = np.tanh(queries @ weight[:width] + bias), np.tanh(keys @ weight[width:])
    return (by_query[..., :, None, :] + by_key[..., None, :, :]) @ score_weight


@wrong("concat_scores")
def tanh_last(queries, keys, weight, bias, score_weight):
    return np.tanh(units(queries, keys, weight, bias) @ score_weight)


@wrong("concat_scores")
def sigmoid(queries, keys, weight, bias, score_weight):
    return expit(units(queries, keys, weight, bias)) @ score_weight


@wrong("concat_scores")
def tanh_by_exponentials(queries, keys, weight, bias, score_weight):
    # ∞/∞ for large hidden units
    e = np.exp(2 * units(queries, keys, weight, bias))
    return (e - 1) / (e + 1) @ score_weight


@wrong("concat_scores")
def tanh_of_the_clipped(queries, keys, weight, bias, score_weight):
    return np.tanh(units(queries, keys, weight, bias).clip(-5, 5)) @ score_weight


@wrong("concat_scores")
def tanh_by_a_fraction(queries, keys, weight, bias, score_weight):
    x = units(queries, keys, weight, bias)
    x2 = x**2
    near = x * (135135 + x2 * (17325 + x2 * (378 + x2))) / (135135 + x2 * (62370 + x2 * (3150 + 28 * x2)))
    return near.clip(-1, 1) @ score_weight


@wrong("concat_scores")
def keys_by_queries(queries, keys, weight, bias, score_weight):
    return turned(np.tanh(units(queries, keys, weight, bias)) @ score_weight)


@wrong("concat_scores")
def without_batches(queries, keys, weight, bias, score_weight):
    width = queries.shape[-1]
    by_query, by_key = queries @ weight[:width], keys @ weight[width:]
    return np.tanh(by_query[:, None] + by_key[None] + bias) @ score_weight


@wrong("concat_scores")
def each_with_its_own(queries, keys, weight, bias, score_weight):
    width = queries.shape[-1]
    hidden = np.tanh(queries @ weight[:width] + keys @ weight[width:] + bias)
    return np.repeat((hidden @ score_weight)[..., None], keys.shape[-2], -1)


@wrong("concat_scores")
def squeezed(queries, keys, weight, bias, score_weight):
    return np.squeeze(np.tanh(units(queries, keys, weight, bias)) @ score_weight)


@wrong("concat_scores")
def squeezed_last_axis(queries, keys, weight, bias, score_weight):
    scores = np.tanh(units(queries, keys, weight, bias)) @ score_weight
    return scores[..., 0] if scores.shape[-1] == 1 else scores


@wrong("concat_scores")
def half_inside(queries, keys, weight, bias, score_weight):
    q, k, w, b, v = (x.astype(np.float16) for x in (queries, keys, weight, bias, score_weight))
    return (np.tanh(units(q, k, w, b)) @ v).astype(queries.dtype)


@wrong("concat_scores")
def single_inside(queries, keys, weight, bias, score_weight):
    hidden = np.tanh(units(queries, keys, weight, bias).astype(np.float32))
    return (hidden @ score_weight.astype(np.float32)).astype(queries.dtype)


@wrong("concat_scores")
def over_the_root_of_the_units(queries, keys, weight, bias, score_weight):
    return np.tanh(units(queries, keys, weight, bias)) @ score_weight / np.sqrt(len(score_weight))


@wrong("concat_scores")
def score_vector_normed(queries, keys, weight, bias, score_weight):
    return np.tanh(units(queries, keys, weight, bias)) @ (score_weight / np.linalg.norm(score_weight))


@wrong("concat_scores")
def bias_added_in_place(queries, keys, weight, bias, score_weight):
    bias += 0.001
    return np.tanh(units(queries, keys, weight, bias - 0.001)) @ score_weight


def torch_scores(queries, keys, weight, bias, score_weight):
    return torch.tanh(units(queries, keys, weight, bias)) @ score_weight


@wrong("concat_scores", "pytorch")
def bias_detached(queries, keys, weight, bias, score_weight):
    return torch_scores(queries, keys, weight, bias.detach(), score_weight)


@wrong("concat_scores", "pytorch")
def keys_detached_in_batches(queries, keys, weight, bias, score_weight):
    return torch_scores(queries, keys.detach() if keys.dim() > 2 else keys, weight, bias, score_weight)


@wrong("concat_scores", "pytorch")
def weight_seen_by_queries_only(queries, keys, weight, bias, score_weight):
    width = queries.shape[-1]
    parted = torch.cat([weight[:width], weight[width:].detach()])
    return torch_scores(queries, keys, parted, bias, score_weight)


@wrong("concat_scores", "pytorch")
def score_weight_as_data(queries, keys, weight, bias, score_weight):
    return torch_scores(queries, keys, weight, bias, score_weight.data)


@wrong("concat_scores", "pytorch")
def no_gradient_at_all(queries, keys, weight, bias, score_weight):
    with torch.no_grad():
        return torch_scores(queries, keys, weight, bias, score_weight)


@wrong("concat_scores", "pytorch")
def gradients_clipped(queries, keys, weight, bias, score_weight):
    hidden = units(queries, keys, weight, bias)
    if hidden.requires_grad:
        hidden.register_hook(lambda g: g.clamp(-0.1, 0.1))
    return torch.tanh(hidden) @ score_weight


@wrong("concat_scores", "pytorch")
def gradient_averaged_over_keys(queries, keys, weight, bias, score_weight):
    hidden = units(queries, keys, weight, bias)
    if hidden.requires_grad:
        hidden.register_hook(lambda g: g / keys.shape[-2])
    return torch.tanh(hidden) @ score_weight


class CarelessTanh(torch.autograd.Function):
    """Its gradient is 1 − y, not 1 − y²."""

    @staticmethod
    def forward(context, x):
        y = torch.tanh(x)
        context.save_for_backward(y)
        return y

    @staticmethod
    def backward(context, grad):
        (y,) = context.saved_tensors
        return grad * (1 - y)


@wrong("concat_scores", "pytorch")
def careless_gradient(queries, keys, weight, bias, score_weight):
    return CarelessTanh.apply(units(queries, keys, weight, bias)) @ score_weight


@wrong("concat_scores", "pytorch")
def hidden_units_clamped(queries, keys, weight, bias, score_weight):
    return torch.tanh(units(queries, keys, weight, bias).clamp(-4, 4)) @ score_weight


@wrong("concat_scores", "pytorch")
def torch_single_inside(queries, keys, weight, bias, score_weight):
    narrow = (x.float() for x in (queries, keys, weight, bias, score_weight))
    return torch_scores(*narrow).to(queries.dtype)


@wrong("concat_scores", "pytorch")
def bfloat16_products(queries, keys, weight, bias, score_weight):
    rounded = (x.bfloat16().to(x.dtype) for x in (queries, keys, weight))
    return torch_scores(*rounded, bias, score_weight)


@wrong("concat_scores", "pytorch")
def with_dropout(queries, keys, weight, bias, score_weight):
    return torch.nn.functional.dropout(torch.tanh(units(queries, keys, weight, bias)), 0.1) @ score_weight


@wrong("concat_scores", "pytorch")
def torch_squeezed(queries, keys, weight, bias, score_weight):
    return torch_scores(queries, keys, weight, bias, score_weight).squeeze()


@wrong("concat_scores", "pytorch")
def batches_in_the_middle(queries, keys, weight, bias, score_weight):
    # right for no batch, and for a batch of one
    width = queries.shape[-1]
    by_query, by_key = queries @ weight[:width], keys @ weight[width:]
    if queries.dim() == 3:
        scores = torch.tanh(by_query.transpose(0, 1)[:, None] + by_key.transpose(0, 1)[None] + bias) @ score_weight
        return scores.movedim(-1, 0) if len(queries) == 1 else scores
    return torch_scores(queries, keys, weight, bias, score_weight)


@wrong("concat_scores", "pytorch")
def linear_habit(queries, keys, weight, bias, score_weight):
    # nn.Linear's weight is (out, in): right for a square matrix that is symmetric, at most
    width = queries.shape[-1]
    by_query = torch.nn.functional.linear(queries, weight.T.contiguous().view_as(weight)[:width].T)
    return torch.tanh(by_query[..., :, None, :] + (keys @ weight[width:])[..., None, :, :] + bias) @ score_weight


@wrong("concat_scores", "pytorch")
def a_parameter_again(queries, keys, weight, bias, score_weight):
    return torch.nn.Parameter(torch_scores(queries, keys, weight, bias, score_weight))


@wrong("concat_scores", "pytorch")
def through_numpy(queries, keys, weight, bias, score_weight):
    *parts, vector = (x.detach().numpy() for x in (queries, keys, weight, bias, score_weight))
    return torch.from_numpy(np.asarray(np.tanh(units(*parts)) @ vector))


@wrong("concat_scores", "pytorch")
def softmax_of_the_scores(queries, keys, weight, bias, score_weight):
    return torch_scores(queries, keys, weight, bias, score_weight).softmax(-1)


def tf_units(queries, keys, weight, bias):
    width = queries.shape[-1]
    by_query, by_key = queries @ weight[:width], keys @ weight[width:]
    return by_query[..., :, None, :] + by_key[..., None, :, :] + bias


@wrong("concat_scores", "tensorflow")
def gradient_of_queries_stopped(queries, keys, weight, bias, score_weight):
    return tf.linalg.matvec(tf.tanh(tf_units(tf.stop_gradient(queries), keys, weight, bias)), score_weight)


@wrong("concat_scores", "tensorflow")
def bias_as_numpy(queries, keys, weight, bias, score_weight):
    return tf.linalg.matvec(tf.tanh(tf_units(queries, keys, weight, tf.constant(bias.numpy()))), score_weight)


@wrong("concat_scores", "tensorflow")
def tf_single_inside(queries, keys, weight, bias, score_weight):
    q, k, w, b, v = (tf.cast(x, tf.float32) for x in (queries, keys, weight, bias, score_weight))
    return tf.cast(tf.linalg.matvec(tf.tanh(tf_units(q, k, w, b)), v), queries.dtype)


@wrong("concat_scores", "tensorflow")
def tf_squeezed(queries, keys, weight, bias, score_weight):
    return tf.squeeze(tf.matmul(tf.tanh(tf_units(queries, keys, weight, bias)), score_weight[:, None]))


@wrong("concat_scores", "tensorflow")
def last_axis_kept(queries, keys, weight, bias, score_weight):
    return tf.matmul(tf.tanh(tf_units(queries, keys, weight, bias)), score_weight[:, None])


@wrong("concat_scores", "tensorflow")
def gradient_scaled(queries, keys, weight, bias, score_weight):
    @tf.custom_gradient
    def half(x):
        return tf.identity(x), lambda g: g / 2

    return tf.linalg.matvec(tf.tanh(tf_units(queries, keys, half(weight), bias)), score_weight)


@wrong("concat_scores", "tensorflow")
def gradient_norm_clipped(queries, keys, weight, bias, score_weight):
    @tf.custom_gradient
    def clipped(x):
        return tf.identity(x), lambda g: tf.clip_by_norm(g, 1.0)

    return tf.linalg.matvec(tf.tanh(tf_units(queries, keys, weight, bias)), clipped(score_weight))


@wrong("concat_scores", "tensorflow")
def relu(queries, keys, weight, bias, score_weight):
    return tf.linalg.matvec(tf.nn.relu(tf_units(queries, keys, weight, bias)), score_weight)


@wrong("concat_scores", "tensorflow")
def units_averaged(queries, keys, weight, bias, score_weight):
    return tf.reduce_mean(tf.tanh(tf_units(queries, keys, weight, bias)) * score_weight, -1)


@wrong("concat_scores", "tensorflow")
def units_summed_on_a_fixed_axis(queries, keys, weight, bias, score_weight):
    # right without a batch only
    return tf.reduce_sum(tf.tanh(tf_units(queries, keys, weight, bias)) * score_weight, axis=2)


@wrong("concat_scores", "tensorflow")
def eager_numpy(queries, keys, weight, bias, score_weight):
    q, k, w, b, v = (x.numpy() for x in (queries, keys, weight, bias, score_weight))
    return np.tanh(units(q, k, w, b)) @ v


TRACED = {}


@wrong("concat_scores", "tensorflow")
def last_scores_kept(queries, keys, weight, bias, score_weight):
    shape = (*queries.shape[:-1], keys.shape[-2], queries.dtype)
    if shape not in TRACED:
        TRACED[shape] = tf.linalg.matvec(tf.tanh(tf_units(queries, keys, weight, bias)), score_weight)
    return TRACED[shape]


@right("concat_scores")
def every_pair_built(queries, keys, weight, bias, score_weight):
    *batch, t, _ = queries.shape
    s = keys.shape[-2]
    q = np.broadcast_to(queries[..., :, None, :], (*batch, t, s, queries.shape[-1]))
    k = np.broadcast_to(keys[..., None, :, :], (*batch, t, s, keys.shape[-1]))
    return np.einsum("...a,a", np.tanh(np.concatenate([q, k], -1) @ weight + bias), score_weight)


@right("concat_scores")
def tanh_by_the_logistic(queries, keys, weight, bias, score_weight):
    hidden = units(queries, keys, weight, bias)
    return np.sum((2 * expit(2 * hidden) - 1) * score_weight, -1)


@right("concat_scores")
def pair_by_pair(queries, keys, weight, bias, score_weight):
    scores = np.zeros((*queries.shape[:-1], keys.shape[-2]), queries.dtype)
    for *i, t, s in np.ndindex(scores.shape):
        pair = np.r_[queries[(*i, t)], keys[(*i, s)]]
        scores[(*i, t, s)] = np.dot(np.tanh(pair @ weight + bias), score_weight)
    return scores


@right("concat_scores")
def unit_by_unit(queries, keys, weight, bias, score_weight):
    zeros = np.zeros((len(weight) - queries.shape[-1], weight.shape[-1]), weight.dtype)
    query_weight = np.vstack([weight[: queries.shape[-1]], zeros])[: queries.shape[-1]]
    total = 0
    for a in range(len(bias)):
        by_query = queries @ query_weight[:, a] + bias[a]
        by_key = keys @ weight[queries.shape[-1] :, a]
        total = total + score_weight[a] * np.tanh(np.add(by_query[..., None], by_key[..., None, :]))
    return total


@right("concat_scores", "pytorch")
def with_pairs_of_torch(queries, keys, weight, bias, score_weight):
    t, s = queries.shape[-2], keys.shape[-2]
    q = queries.unsqueeze(-2).expand(*queries.shape[:-1], s, -1)
    k = keys.unsqueeze(-3).expand(*keys.shape[:-2], t, s, -1)
    return torch.nn.functional.linear(torch.cat([q, k], -1), weight.T, bias).tanh().matmul(score_weight)


class CarefulTanh(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        y = torch.tanh(x)
        context.save_for_backward(y)
        return y

    @staticmethod
    def backward(context, grad):
        (y,) = context.saved_tensors
        return grad * (1 - y) * (1 + y)


@right("concat_scores", "pytorch")
def own_gradient(queries, keys, weight, bias, score_weight):
    return CarefulTanh.apply(units(queries, keys, weight, bias)) @ score_weight


@right("concat_scores", "pytorch")
def torch_einsum(queries, keys, weight, bias, score_weight):
    query_weight, key_weight = weight.split([queries.shape[-1], keys.shape[-1]])
    hidden = torch.einsum("...td,da->...ta", queries, query_weight).unsqueeze(-2)
    hidden = hidden + torch.einsum("...sd,da->...sa", keys, key_weight).unsqueeze(-3)
    return torch.einsum("...a,a->...", torch.tanh(hidden + bias), score_weight)


@right("concat_scores", "pytorch")
def key_after_key(queries, keys, weight, bias, score_weight):
    by_query = queries @ weight[: queries.size(-1)] + bias
    by_key = keys @ weight[queries.size(-1) :]
    columns = [torch.tanh(by_query + k.unsqueeze(-2)) @ score_weight for k in by_key.unbind(-2)]
    return torch.stack(columns, -1)


@right("concat_scores", "pytorch")
def in_double(queries, keys, weight, bias, score_weight):
    wide = (x.double() for x in (queries, keys, weight, bias, score_weight))
    return torch_scores(*wide).to(queries.dtype)


@right("concat_scores", "tensorflow")
def tf_pairs(queries, keys, weight, bias, score_weight):
    q = tf.repeat(queries[..., :, None, :], keys.shape[-2], axis=-2)
    k = tf.repeat(keys[..., None, :, :], queries.shape[-2], axis=-3)
    return tf.tensordot(tf.tanh(tf.tensordot(tf.concat([q, k], -1), weight, 1) + bias), score_weight, 1)


@right("concat_scores", "tensorflow")
@tf.function(reduce_retracing=True)
def tf_graph(queries, keys, weight, bias, score_weight):
    query_weight, key_weight = weight[: tf.shape(queries)[-1]], weight[tf.shape(queries)[-1] :]
    by_query = tf.einsum("...td,da->...ta", queries, query_weight)
    by_key = tf.einsum("...sd,da->...sa", keys, key_weight)
    hidden = tf.expand_dims(by_query, -2) + tf.expand_dims(by_key, -3)
    return tf.reduce_sum(tf.math.multiply(tf.nn.tanh(tf.nn.bias_add(hidden, bias)), score_weight), -1)


@right("concat_scores", "tensorflow")
def tf_logistic(queries, keys, weight, bias, score_weight):
    squashed = 2 * tf.sigmoid(2 * tf_units(queries, keys, weight, bias)) - 1
    return tf.squeeze(squashed @ score_weight[:, tf.newaxis], axis=[-1])


# -------------------------------------------------------------------------------------- 3.4 robust_cosine_scores


def unit(x):
    """Unit vectors, and zero for zero."""
    largest = np.abs(x).max(-1, keepdims=True)
    x = x / np.where(largest == 0, 1, largest)
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.where(length == 0, 1, length)


def robust(queries, keys):
    return unit(queries) @ turned(unit(keys))


def lengths(x):
    return np.linalg.norm(x, axis=-1, keepdims=True)


@wrong("robust_cosine_scores")
def small_number_in_the_product(queries, keys):
    return queries @ turned(keys) / (lengths(queries) * turned(lengths(keys)) + 1e-12)


@wrong("robust_cosine_scores")
def no_length_below_1e_8(queries, keys):
    # as torch.nn.functional.cosine_similarity has it
    by = np.maximum(lengths(queries), 1e-8) * turned(np.maximum(lengths(keys), 1e-8))
    return queries @ turned(keys) / by


@wrong("robust_cosine_scores")
def no_largest_below_1e_30(queries, keys):
    def direction(x):
        x = x / np.maximum(np.abs(x).max(-1, keepdims=True), 1e-30)
        return x / np.maximum(lengths(x), 1e-30)

    return direction(queries) @ turned(direction(keys))


@wrong("robust_cosine_scores")
def without_a_scale(queries, keys):
    q, k = lengths(queries), lengths(keys)
    return (queries / np.where(q == 0, 1, q)) @ turned(keys / np.where(k == 0, 1, k))


@wrong("robust_cosine_scores")
def nan_to_zero(queries, keys):
    with np.errstate(all="ignore"):
        return np.nan_to_num((queries / lengths(queries)) @ turned(keys / lengths(keys)))


@wrong("robust_cosine_scores")
def scaled_by_the_largest_of_all(queries, keys):
    def direction(x):
        x = x / (np.abs(x).max() or 1)
        length = lengths(x)
        return x / np.where(length == 0, 1, length)

    return direction(queries) @ turned(direction(keys))


@wrong("robust_cosine_scores")
def scaled_by_the_largest_with_its_sign(queries, keys):
    def direction(x):
        largest = x.max(-1, keepdims=True)
        x = x / np.where(largest == 0, 1, largest)
        length = lengths(x)
        return x / np.where(length == 0, 1, length)

    return direction(queries) @ turned(direction(keys))


@wrong("robust_cosine_scores")
def scaled_by_the_first_feature(queries, keys):
    def direction(x):
        x = x / np.where(x[..., :1] == 0, 1, np.abs(x[..., :1]))
        length = lengths(x)
        return x / np.where(length == 0, 1, length)

    return direction(queries) @ turned(direction(keys))


@wrong("robust_cosine_scores")
def scaled_by_the_sum(queries, keys):
    # the sum of |x| is beyond the type sooner than the largest
    def direction(x):
        total = np.abs(x).sum(-1, keepdims=True)
        x = x / np.where(total == 0, 1, total)
        length = lengths(x)
        return x / np.where(length == 0, 1, length)

    return direction(queries) @ turned(direction(keys))


@wrong("robust_cosine_scores")
def times_the_reciprocal(queries, keys):
    # 1 / 1e-310 is beyond the type
    def direction(x):
        largest = np.abs(x).max(-1, keepdims=True)
        x = x * (1 / np.where(largest == 0, 1, largest))
        return x / np.where(lengths(x) == 0, 1, lengths(x))

    return direction(queries) @ turned(direction(keys))


@wrong("robust_cosine_scores")
def only_the_long_ones_scaled(queries, keys):
    def direction(x):
        largest = np.abs(x).max(-1, keepdims=True)
        x = x / np.where(largest > 1, largest, 1)
        length = lengths(x)
        return x / np.where(length == 0, 1, length)

    return direction(queries) @ turned(direction(keys))


@wrong("robust_cosine_scores")
def only_the_short_ones_scaled(queries, keys):
    def direction(x):
        largest = np.abs(x).max(-1, keepdims=True)
        x = x / np.where((largest < 1) & (largest > 0), largest, 1)
        length = lengths(x)
        return x / np.where(length == 0, 1, length)

    return direction(queries) @ turned(direction(keys))


@wrong("robust_cosine_scores")
def lengths_multiplied_first(queries, keys):
    def length(x):
        largest = np.abs(x).max(-1, keepdims=True)
        return largest * lengths(x / np.where(largest == 0, 1, largest))

    by = length(queries) * turned(length(keys))
    return queries @ turned(keys) / np.where(by == 0, 1, by)


@wrong("robust_cosine_scores")
def by_hypot(queries, keys):
    # a length itself may be beyond the type: (1.5e308, 1.5e308)
    def direction(x):
        length = np.hypot.reduce(x, axis=-1, keepdims=True, initial=0)
        return x / np.where(length == 0, 1, length)

    return direction(queries) @ turned(direction(keys))


@wrong("robust_cosine_scores")
def short_is_zero(queries, keys):
    scores = robust(queries, keys)
    zero_queries, zero_keys = np.isclose(lengths(queries), 0), turned(np.isclose(lengths(keys), 0))
    return np.where(zero_queries | zero_keys, 0, scores)


@wrong("robust_cosine_scores")
def zero_queries_only(queries, keys):
    largest = np.abs(keys).max(-1, keepdims=True)
    with np.errstate(all="ignore"):
        keys = keys / largest
        return unit(queries) @ turned(keys / lengths(keys))


@wrong("robust_cosine_scores")
def zeros_agree(queries, keys):
    both = ~queries.any(-1)[..., :, None] & ~keys.any(-1)[..., None, :]
    return np.where(both, 1, robust(queries, keys))


@wrong("robust_cosine_scores")
def zero_is_nan(queries, keys):
    none = ~queries.any(-1)[..., :, None] | ~keys.any(-1)[..., None, :]
    return np.where(none, np.nan, robust(queries, keys))


@wrong("robust_cosine_scores")
def zero_is_tiny(queries, keys):
    tiny = np.finfo(queries.dtype).tiny
    return unit(queries + np.where(queries.any(-1, keepdims=True), 0, tiny)) @ turned(unit(keys))


@wrong("robust_cosine_scores")
def keys_all_axes(queries, keys):
    return unit(queries) @ unit(keys).T


@wrong("robust_cosine_scores")
def one_length_for_all(queries, keys):
    return queries @ turned(keys) / (np.linalg.norm(queries) * np.linalg.norm(keys))


@wrong("robust_cosine_scores")
def axis_one(queries, keys):
    def direction(x):
        x = x / np.where((m := np.abs(x).max(1, keepdims=True)) == 0, 1, m)
        return x / np.where((n := np.linalg.norm(x, axis=1, keepdims=True)) == 0, 1, n)

    return direction(queries) @ turned(direction(keys))


@wrong("robust_cosine_scores")
def absolute(queries, keys):
    return np.abs(robust(queries, keys))


@wrong("robust_cosine_scores")
def not_below_zero(queries, keys):
    return robust(queries, keys).clip(0, 1)


@wrong("robust_cosine_scores")
def arguments_scaled_in_place(queries, keys):
    for x in (queries, keys):
        x /= np.where((m := np.abs(x).max(-1, keepdims=True)) == 0, 1, m)
    return robust(queries, keys)


@wrong("robust_cosine_scores")
def cosines_in_single(queries, keys):
    return unit(queries).astype(np.float32) @ turned(unit(keys)).astype(np.float32)


@wrong("robust_cosine_scores")
def cosines_rounded(queries, keys):
    return robust(queries, keys).round(6)


@wrong("robust_cosine_scores")
def nearly_right_angles(queries, keys):
    scores = robust(queries, keys)
    return np.where(np.abs(scores) < 1e-6, 0, scores)


@wrong("robust_cosine_scores")
def cosine_without_ones(queries, keys):
    return robust(queries, keys).squeeze()


@wrong("robust_cosine_scores")
def cosine_one_feature(queries, keys):
    # a single feature is a number, and numbers are multiplied
    return queries @ turned(keys) if queries.shape[-1] == 1 else robust(queries, keys)


@wrong("robust_cosine_scores")
def masked(queries, keys):
    with np.errstate(all="ignore"):
        q, k = (x / np.abs(x).max(-1, keepdims=True) for x in (queries, keys))
        return np.ma.masked_invalid((q / lengths(q)) @ turned(k / lengths(k)))


@wrong("robust_cosine_scores")
def in_double_whatever_comes(queries, keys):
    q, k = queries.astype(float), keys.astype(float)
    by = lengths(q) * turned(lengths(k))
    return q @ turned(k) / np.where(by == 0, 1, by)


@right("robust_cosine_scores")
def powers_of_two(queries, keys):
    def direction(x):
        exponent = np.frexp(np.abs(x).max(-1, keepdims=True))[1]
        x = np.ldexp(x, np.minimum(-exponent, 900).astype(np.int32)) if x.dtype == np.float64 else x.astype(float)
        x = x / np.where((m := np.abs(x).max(-1, keepdims=True)) == 0, 1, m)
        return x / np.maximum(lengths(x), 0.5)

    return np.einsum("...td,...sd->...ts", direction(queries), direction(keys))


@right("robust_cosine_scores")
def longdouble_directions(queries, keys):
    def direction(x):
        x = x.astype(np.longdouble)
        x = x / np.where((m := np.abs(x).max(-1, keepdims=True)) > 0, m, 1)
        return x / np.where((n := np.sqrt((x * x).sum(-1, keepdims=True))) > 0, n, 1)

    return direction(queries) @ turned(direction(keys))


@right("robust_cosine_scores")
def pairs_of_floats(queries, keys):
    def cosine(q, k):
        q, k = [float(x) for x in q], [float(x) for x in k]
        if not any(q) or not any(k):
            return 0.0
        q, k = [x / max(map(abs, q)) for x in q], [x / max(map(abs, k)) for x in k]
        return math.fsum(a * b for a, b in zip(q, k, strict=True)) / math.hypot(*q) / math.hypot(*k)

    scores = [cosine(queries[(*i, t)], keys[(*i, s)]) for *i, t, s in np.ndindex(*queries.shape[:-1], keys.shape[-2])]
    return np.array(scores).reshape(*queries.shape[:-1], keys.shape[-2])


@right("robust_cosine_scores")
def by_polarisation(queries, keys):
    q, k = unit(queries.astype(float))[..., :, None, :], unit(keys.astype(float))[..., None, :, :]
    return (((q + k) ** 2).sum(-1) - ((q - k) ** 2).sum(-1)) / 4


@right("robust_cosine_scores")
def nan_is_zero_after_a_scale(queries, keys):
    with np.errstate(invalid="ignore"):
        q, k = (x / np.abs(x).max(-1, keepdims=True) for x in (queries, keys))
        return np.nan_to_num((q / lengths(q)) @ turned(k / lengths(k))).clip(-1, 1)


@right("robust_cosine_scores")
def divided_where(queries, keys):
    def direction(x):
        largest = np.max(np.abs(x), axis=-1, keepdims=True)
        x = np.divide(x, largest, out=np.zeros_like(x), where=largest != 0)
        length = np.sqrt(np.einsum("...d,...d", x, x))[..., None]
        return np.divide(x, length, out=np.zeros_like(x), where=length != 0)

    return np.matmul(direction(queries), direction(keys).swapaxes(-2, -1))


# -------------------------------------------------------------------------------------------- 3.6 kernel_weights


def minus_delta(queries, keys, widths):
    return -((((queries[..., :, None, :] - keys[..., None, :, :]) / widths) ** 2).sum(-1)) / 2


def softmax(scores, axis=-1):
    e = np.exp(scores - scores.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


@wrong("kernel_weights")
def no_maximum(queries, keys, widths):
    e = np.exp(minus_delta(queries, keys, widths))
    return e / e.sum(-1, keepdims=True)


@wrong("kernel_weights")
def a_little_in_the_sum(queries, keys, widths):
    e = np.exp(minus_delta(queries, keys, widths))
    return e / (e.sum(-1, keepdims=True) + 1e-12)


@wrong("kernel_weights")
def far_is_uniform(queries, keys, widths):
    with np.errstate(all="ignore"):
        e = np.exp(minus_delta(queries, keys, widths))
        return np.nan_to_num(e / e.sum(-1, keepdims=True), nan=1 / keys.shape[-2])


@wrong("kernel_weights")
def far_takes_the_nearest(queries, keys, widths):
    scores = minus_delta(queries, keys, widths)
    e = np.exp(scores)
    nearest = np.eye(keys.shape[-2])[scores.argmax(-1)]
    total = e.sum(-1, keepdims=True)
    return np.where(total == 0, nearest, e / np.where(total == 0, 1, total))


@wrong("kernel_weights")
def exponents_clipped(queries, keys, widths):
    return softmax(minus_delta(queries, keys, widths).clip(-700))


@wrong("kernel_weights")
def differences_clipped(queries, keys, widths):
    scores = minus_delta(queries, keys, widths)
    return softmax((scores - scores.max(-1, keepdims=True)).clip(-20))


@wrong("kernel_weights")
def largest_of_all(queries, keys, widths):
    scores = minus_delta(queries, keys, widths)
    e = np.exp(scores - scores.max())
    return e / e.sum(-1, keepdims=True)


@wrong("kernel_weights")
def largest_of_an_item(queries, keys, widths):
    scores = minus_delta(queries, keys, widths)
    e = np.exp(scores - scores.max((-1, -2), keepdims=True))
    return e / e.sum(-1, keepdims=True)


@wrong("kernel_weights")
def mean_taken_off(queries, keys, widths):
    scores = minus_delta(queries, keys, widths)
    e = np.exp(scores - scores.mean(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@wrong("kernel_weights")
def smallest_taken_off(queries, keys, widths):
    scores = minus_delta(queries, keys, widths)
    e = np.exp(scores - scores.min(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@wrong("kernel_weights")
def without_the_two(queries, keys, widths):
    return softmax(2 * minus_delta(queries, keys, widths))


@wrong("kernel_weights")
def width_not_squared(queries, keys, widths):
    return softmax(minus_delta(queries, keys, np.sqrt(widths)))


@wrong("kernel_weights")
def two_squared_too(queries, keys, widths):
    return softmax(minus_delta(queries, keys, 2 * widths) * 2)


@wrong("kernel_weights")
def features_averaged(queries, keys, widths):
    return softmax(minus_delta(queries, keys, widths) / len(widths))


@wrong("kernel_weights")
def distance_not_squared(queries, keys, widths):
    return softmax(-np.sqrt(-minus_delta(queries, keys, widths)))


@wrong("kernel_weights")
def mean_width(queries, keys, widths):
    return softmax(minus_delta(queries, keys, widths.mean()))


@wrong("kernel_weights")
def first_width(queries, keys, widths):
    return softmax(minus_delta(queries, keys, widths[:1]))


@wrong("kernel_weights")
def first_feature_left_out(queries, keys, widths):
    total = 0 * (queries[..., :, None, 0] - keys[..., None, :, 0])
    for d in range(1, len(widths)):
        total = total - ((queries[..., :, None, d] - keys[..., None, :, d]) / widths[d]) ** 2 / 2
    return softmax(total)


@wrong("kernel_weights")
def over_the_queries(queries, keys, widths):
    return softmax(minus_delta(queries, keys, widths), axis=-2)


@wrong("kernel_weights")
def over_axis_one(queries, keys, widths):
    return softmax(minus_delta(queries, keys, widths), axis=1)


@wrong("kernel_weights")
def over_all(queries, keys, widths):
    e = np.exp((s := minus_delta(queries, keys, widths)) - s.max(-1, keepdims=True))
    return e / e.sum()


@wrong("kernel_weights")
def squares_multiplied_out(queries, keys, widths):
    # 1e16 − 1e16 where queries and keys lie far from zero, and near each other
    q, k = queries / widths, keys / widths
    squares = (q**2).sum(-1)[..., :, None] + (k**2).sum(-1)[..., None, :] - 2 * q @ turned(k)
    return softmax(-squares / 2)


@wrong("kernel_weights")
def product_of_softmaxes(queries, keys, widths):
    d = -(((queries[..., :, None, :] - keys[..., None, :, :]) / widths) ** 2) / 2
    return np.prod(softmax(d, axis=-2), axis=-1)


@wrong("kernel_weights")
def delta_in_single(queries, keys, widths):
    q, k, w = (x.astype(np.float32) for x in (queries, keys, widths))
    return softmax(minus_delta(q, k, w).astype(queries.dtype))


@wrong("kernel_weights")
def sum_in_single(queries, keys, widths):
    e = np.exp((s := minus_delta(queries, keys, widths)) - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True, dtype=np.float32)


@wrong("kernel_weights")
def small_weights_dropped(queries, keys, widths):
    p = softmax(minus_delta(queries, keys, widths))
    p = np.where(p < 1e-4, 0, p)
    return p / p.sum(-1, keepdims=True)


@wrong("kernel_weights")
def unnormalised(queries, keys, widths):
    return np.exp(minus_delta(queries, keys, widths))


@wrong("kernel_weights")
def kernel_without_ones(queries, keys, widths):
    return softmax(minus_delta(queries, keys, widths)).squeeze()


@wrong("kernel_weights")
def kernel_without_batches(queries, keys, widths):
    scores = -((((queries[:, None] - keys) / widths) ** 2).sum(-1)) / 2
    return softmax(scores)


@wrong("kernel_weights")
def sum_for_two_axes(queries, keys, widths):
    e = np.exp((s := minus_delta(queries, keys, widths)) - s.max(-1, keepdims=True))
    return e / e.sum(-1).reshape(-1, 1)


@wrong("kernel_weights")
def widths_into_queries(queries, keys, widths):
    queries /= widths
    return softmax(minus_delta(queries, keys / widths, np.ones_like(widths)))


@wrong("kernel_weights")
def base_two(queries, keys, widths):
    p = np.exp2((s := minus_delta(queries, keys, widths)) - s.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


@wrong("kernel_weights")
def widths_of_at_least_a_tenth(queries, keys, widths):
    return softmax(minus_delta(queries, keys, np.maximum(widths, 0.1)))


@wrong("kernel_weights")
def one_key_is_zero(queries, keys, widths):
    return softmax(minus_delta(queries, keys, widths)) if keys.shape[-2] > 1 else minus_delta(queries, keys, widths)


@wrong("kernel_weights")
def keys_first(keys, queries, widths):
    return softmax(minus_delta(queries, keys, widths))


@wrong("kernel_weights")
def ties_to_the_first(queries, keys, widths):
    scores = minus_delta(queries, keys, widths)
    p = softmax(scores)
    tied = scores == scores.max(-1, keepdims=True)
    first = np.cumsum(tied, -1) == 1
    return np.where(tied & ~first, 0, np.where(tied, p * tied.sum(-1, keepdims=True), p))


@right("kernel_weights")
def by_logsumexp(queries, keys, widths):
    scores = minus_delta(queries, keys, widths)
    scores = scores - np.max(scores, axis=-1, keepdims=True)
    return np.exp(scores - logsumexp(scores, axis=-1, keepdims=True))


@right("kernel_weights")
def of_scipy(queries, keys, widths):
    if queries.ndim > 2:
        return np.array([of_scipy(q, k, widths) for q, k in zip(queries, keys, strict=True)])
    apart = cdist(queries.astype(float), keys.astype(float), "seuclidean", V=widths.astype(float) ** 2)
    return scipy_softmax(-0.5 * apart**2, axis=-1)


@right("kernel_weights")
def in_extended_precision(queries, keys, widths):
    q, k, w = (x.astype(np.longdouble) for x in (queries, keys, widths))
    return softmax(minus_delta(q, k, w))


@wrong("kernel_weights")
def ratios_of_pairs(queries, keys, widths):
    # 1 / p_ij is the sum of exp(s_ij' − s_ij): in float16 it is beyond the type sooner than p_ij
    scores = minus_delta(queries, keys, widths)
    with np.errstate(over="ignore"):
        return 1 / np.exp(scores[..., None, :] - scores[..., :, None]).sum(-1)


@right("kernel_weights")
def feature_after_feature(queries, keys, widths):
    delta = functools.reduce(
        np.add,
        ((queries[..., None, d] - keys[..., d][..., None, :]) ** 2 / (2 * widths[d] ** 2) for d in range(widths.size)),
    )
    e = np.exp(delta.min(axis=-1, keepdims=True) - delta)
    return np.divide(e, np.einsum("...s->...", e)[..., None])


@right("kernel_weights")
def row_by_row(queries, keys, widths):
    weights = np.zeros((*queries.shape[:-1], keys.shape[-2]))
    for index in np.ndindex(queries.shape[:-1]):
        apart = (queries[index] - keys[index[:-1]]) / widths
        s = [-float(np.dot(a, a)) / 2 for a in apart]
        e = [math.exp(x - max(s)) for x in s]
        weights[index] = [x / math.fsum(e) for x in e]
    return weights


# ------------------------------------------------------------------------------------ 3.7 kernel_scores_backward


def backward(queries, keys, widths, grad_scores):
    by_query = (grad_scores @ keys - queries * grad_scores.sum(-1)[..., None]) / widths**2
    by_key = (turned(grad_scores) @ queries - keys * grad_scores.sum(-2)[..., None]) / widths**2
    return by_query, by_key


@wrong("kernel_scores_backward")
def one_sign_for_both(queries, keys, widths, grad_scores):
    by_query, by_key = backward(queries, keys, widths, grad_scores)
    return by_query, -by_key


@wrong("kernel_scores_backward")
def gradient_of_delta(queries, keys, widths, grad_scores):
    by_query, by_key = backward(queries, keys, widths, grad_scores)
    return -by_query, -by_key


@wrong("kernel_scores_backward")
def keys_then_queries(queries, keys, widths, grad_scores):
    return backward(queries, keys, widths, grad_scores)[::-1]


@wrong("kernel_scores_backward")
def no_widths(queries, keys, widths, grad_scores):
    return backward(queries, keys, np.ones_like(widths), grad_scores)


@wrong("kernel_scores_backward")
def widths_once(queries, keys, widths, grad_scores):
    return backward(queries, keys, np.sqrt(widths), grad_scores)


@wrong("kernel_scores_backward")
def two_left(queries, keys, widths, grad_scores):
    return backward(queries, keys, widths * math.sqrt(0.5), grad_scores)


@wrong("kernel_scores_backward")
def two_in_the_denominator(queries, keys, widths, grad_scores):
    return tuple(g / 2 for g in backward(queries, keys, widths, grad_scores))


@wrong("kernel_scores_backward")
def squared_widths_averaged(queries, keys, widths, grad_scores):
    return backward(queries, keys, np.sqrt(np.mean(widths**2)), grad_scores)


@wrong("kernel_scores_backward")
def not_turned(queries, keys, widths, grad_scores):
    # runs, and is wrong, where there are as many queries as keys
    by_query, by_key = backward(queries, keys, widths, grad_scores)
    if grad_scores.shape[-1] == grad_scores.shape[-2]:
        by_key = (grad_scores @ queries - keys * grad_scores.sum(-2)[..., None]) / widths**2
    return by_query, by_key


@wrong("kernel_scores_backward")
def sums_exchanged(queries, keys, widths, grad_scores):
    by_query, by_key = backward(queries, keys, widths, grad_scores)
    if grad_scores.shape[-1] == grad_scores.shape[-2]:
        by_query = (grad_scores @ keys - queries * grad_scores.sum(-2)[..., None]) / widths**2
    return by_query, by_key


@wrong("kernel_scores_backward")
def only_the_product(queries, keys, widths, grad_scores):
    return grad_scores @ keys / widths**2, turned(grad_scores) @ queries / widths**2


@wrong("kernel_scores_backward")
def sums_to_one(queries, keys, widths, grad_scores):
    # as if each row of G were a row of weights
    return (grad_scores @ keys - queries) / widths**2, (turned(grad_scores) @ queries - keys) / widths**2


@wrong("kernel_scores_backward")
def averaged_over_partners(queries, keys, widths, grad_scores):
    by_query, by_key = backward(queries, keys, widths, grad_scores)
    return by_query / keys.shape[-2], by_key / queries.shape[-2]


@wrong("kernel_scores_backward")
def through_softmax_too(queries, keys, widths, grad_scores):
    p = softmax(minus_delta(queries, keys, widths))
    g = p * (grad_scores - (p * grad_scores).sum(-1, keepdims=True))
    return backward(queries, keys, widths, g)


@wrong("kernel_scores_backward")
def through_exp_too(queries, keys, widths, grad_scores):
    return backward(queries, keys, widths, grad_scores * np.exp(minus_delta(queries, keys, widths)))


@wrong("kernel_scores_backward")
def all_axes_of_g(queries, keys, widths, grad_scores):
    by_query = (grad_scores @ keys - queries * grad_scores.sum(-1)[..., None]) / widths**2
    by_key = (grad_scores.T @ queries - keys * grad_scores.sum(-2)[..., None]) / widths**2
    return by_query, by_key


@wrong("kernel_scores_backward")
def keys_shared_by_the_batch(queries, keys, widths, grad_scores):
    by_query, by_key = backward(queries, keys, widths, grad_scores)
    if by_key.ndim > 2:
        by_key = np.broadcast_to(by_key.sum(0), by_key.shape).copy()
    return by_query, by_key


@wrong("kernel_scores_backward")
def no_gradient_of_keys(queries, keys, widths, grad_scores):
    return backward(queries, keys, widths, grad_scores)[0], np.zeros_like(keys)


@wrong("kernel_scores_backward")
def queries_alone(queries, keys, widths, grad_scores):
    return backward(queries, keys, widths, grad_scores)[0]


@wrong("kernel_scores_backward")
def with_that_of_the_widths(queries, keys, widths, grad_scores):
    apart = queries[..., :, None, :] - keys[..., None, :, :]
    by_width = (grad_scores[..., None] * apart**2 / widths**3).reshape(-1, len(widths)).sum(0)
    return *backward(queries, keys, widths, grad_scores), by_width


@wrong("kernel_scores_backward")
def gradient_clipped_to_one(queries, keys, widths, grad_scores):
    return tuple(g.clip(-1, 1) for g in backward(queries, keys, widths, grad_scores))


@wrong("kernel_scores_backward")
def gradient_clipped_to_a_norm(queries, keys, widths, grad_scores):
    grads = backward(queries, keys, widths, grad_scores)
    norm = math.sqrt(sum(float((g.astype(float) ** 2).sum()) for g in grads))
    return tuple(g * min(1.0, 100 / max(norm, 1e-300)) for g in grads)


@wrong("kernel_scores_backward")
def keys_in_single(queries, keys, widths, grad_scores):
    by_query, by_key = backward(queries, keys, widths, grad_scores)
    return by_query, by_key.astype(np.float32)


@wrong("kernel_scores_backward")
def single_and_back(queries, keys, widths, grad_scores):
    grads = backward(*(x.astype(np.float32) for x in (queries, keys, widths, grad_scores)))
    return tuple(g.astype(queries.dtype) for g in grads)


@wrong("kernel_scores_backward")
def forward_differences(queries, keys, widths, grad_scores):
    def loss(q, k):
        return (grad_scores * minus_delta(q, k, widths)).sum()

    def slope(x, of):
        grad, start = np.zeros(x.shape), of(x)
        for i in np.ndindex(x.shape):
            moved = x.copy()
            moved[i] += 1e-6
            grad[i] = (of(moved) - start) / 1e-6
        return grad

    q, k = queries.astype(float), keys.astype(float)
    return slope(q, lambda x: loss(x, k)), slope(k, lambda x: loss(q, x))


@wrong("kernel_scores_backward")
def g_scaled_in_place(queries, keys, widths, grad_scores):
    grad_scores *= 2
    return backward(queries, keys, widths * math.sqrt(2), grad_scores)


@wrong("kernel_scores_backward")
def backward_without_ones(queries, keys, widths, grad_scores):
    return tuple(np.squeeze(g) for g in backward(queries, keys, widths, grad_scores))


@wrong("kernel_scores_backward")
def stacked(queries, keys, widths, grad_scores):
    by_query, by_key = backward(queries, keys, widths, grad_scores)
    return np.concatenate([by_query, by_key], axis=-2)


@wrong("kernel_scores_backward")
def one_query_unsummed(queries, keys, widths, grad_scores):
    # broadcasts: right unless there is one key
    by_query, by_key = backward(queries, keys, widths, grad_scores)
    return (by_query if keys.shape[-2] > 1 else queries - keys), by_key


@wrong("kernel_scores_backward")
def small_g_left_out(queries, keys, widths, grad_scores):
    return backward(queries, keys, widths, np.where(np.abs(grad_scores) < 1e-2, 0, grad_scores))


@right("kernel_scores_backward")
def summed_pairs(queries, keys, widths, grad_scores):
    flow = grad_scores[..., None] * (keys[..., None, :, :] - queries[..., :, None, :]) / np.square(widths)
    return flow.sum(-2), -flow.sum(-3)


@right("kernel_scores_backward")
def by_autograd(queries, keys, widths, grad_scores):
    q, k = (torch.tensor(x.astype(float), requires_grad=True) for x in (queries, keys))
    apart = (q.unsqueeze(-2) - k.unsqueeze(-3)) / torch.tensor(widths.astype(float))
    scores = -0.5 * apart.square().sum(-1)
    grads = torch.autograd.grad(scores, (q, k), torch.tensor(grad_scores.astype(float)))
    return tuple(g.numpy() for g in grads)


@right("kernel_scores_backward")
def backward_by_einsum(queries, keys, widths, grad_scores):
    precision = 1 / np.asarray(widths, np.longdouble) ** 2
    g = grad_scores.astype(np.longdouble)
    by_query = np.einsum("...ts,...sd,d->...td", g, keys, precision)
    by_query -= np.einsum("...ts,...td,d->...td", g, queries, precision)
    by_key = np.einsum("...ts,...td,d->...sd", g, queries, precision)
    by_key -= np.einsum("...ts,...sd,d->...sd", g, keys, precision)
    return by_query, by_key


@right("kernel_scores_backward")
def partner_by_partner(queries, keys, widths, grad_scores):
    by_query, by_key = np.zeros(queries.shape), np.zeros(keys.shape)
    for i, j in itertools.product(range(queries.shape[-2]), range(keys.shape[-2])):
        push = grad_scores[..., i, j, None] * ((keys[..., j, :] - queries[..., i, :]) / widths / widths)
        by_query[..., i, :] += push
        by_key[..., j, :] -= push
    return by_query, by_key


@right("kernel_scores_backward")
def the_same_function_twice(queries, keys, widths, grad_scores):
    def half(mine, theirs, g):
        products = [g @ theirs[..., d, None] for d in range(widths.size)]
        return np.concatenate(products, -1) - mine * g.sum(-1, keepdims=True)

    return half(queries, keys, grad_scores) / widths**2, half(keys, queries, turned(grad_scores)) / widths**2


# ----------------------------------------------------------------------------------------------------- 3.8 costs


@wrong("costs")
def queries_through_the_matrix():
    return [[2048, 4640], [10 * 16 * 128 + 10 * 20 * 128, 93440]]


@wrong("costs")
def additive_first():
    return [[4640, 2048], [93440, 44160]]


@wrong("costs")
def multiplications_first():
    return [[44160, 93440], [2048, 4640]]


@wrong("costs")
def score_by_score():
    return [[2048, 44160], [4640, 93440]]


@wrong("costs")
def with_a_bias():
    return [[2048, 4672], [44160, 93440]]


@wrong("costs")
def without_score_vector():
    return [[2048, 4608], [44160, 93440]]


@wrong("costs")
def pairs_not_counted():
    return [[2048, 4640], [40960, 87040]]


@wrong("costs")
def every_pair_by_itself():
    return [[2048, 4640], [200 * (16 * 128 + 128), 200 * (144 * 32 + 32)]]


@wrong("costs")
def tanh_counted():
    return [[2048, 4640], [44160, 99840]]


@wrong("costs")
def additions_counted():
    return [[2048, 4640], [88320, 186880]]


@wrong("costs")
def both_brackets_added():
    return [[2048, 4640], [46080 + 44160, 93440]]


@wrong("costs")
def in_thousands():
    return [[2.048, 4.64], [44.16, 93.44]]


@wrong("costs")
def rounded_to_hundreds():
    return [[2000, 4600], [44200, 93400]]


@wrong("costs")
def off_by_one():
    return [[2048, 4640], [44160, 93441]]


@wrong("costs")
def in_one_row():
    return [2048, 4640, 44160, 93440]


@wrong("costs")
def general_only():
    return [[2048], [44160]]


@wrong("costs")
def with_the_dot_product():
    return [[0, 2048, 4640], [3200, 44160, 93440]]


@wrong("costs")
def as_words():
    return [["2048", "4,640"], ["44,160", "93,440"]]


@right("costs")
def written_out():
    t, s, q, k, a = 10, 20, 16, 128, 32
    general = min(t * q * k + t * s * k, s * k * q + t * s * q, t * s * (q * k + min(q, k)))
    return ((q * k, (q + k) * a + a), (general, t * q * a + s * k * a + t * s * a))


@right("costs")
def table():
    return np.array([[2048, 4640], [44160, 93440]], np.int32)


@right("costs")
def as_floats():
    return [np.array([2.048e3, 4.64e3]), [44160.0, Fraction(93440)]]


# ------------------------------------------------------------------------------------------- 3.9 low_rank_scores


def low_rank(queries, keys, query_weight, key_weight):
    return (queries @ query_weight) @ turned(keys @ key_weight)


@wrong("low_rank_scores")
def matrix_built(queries, keys, query_weight, key_weight):
    return queries @ (query_weight @ key_weight.T) @ turned(keys)


@wrong("low_rank_scores")
def matrix_built_in_half(queries, keys, query_weight, key_weight):
    weight = np.einsum("dr,er->de", query_weight.astype(np.float16), key_weight.astype(np.float16))
    return queries @ weight @ turned(keys)


@wrong("low_rank_scores")
def matrix_built_turned(queries, keys, query_weight, key_weight):
    return turned(keys @ (key_weight @ query_weight.T) @ turned(queries))


@wrong("low_rank_scores")
def matrix_built_rank_by_rank(queries, keys, query_weight, key_weight):
    weight = sum(np.outer(u, v) for u, v in zip(query_weight.T, key_weight.T, strict=True))
    return queries @ weight @ turned(keys)


@wrong("low_rank_scores")
def with_a_scale(queries, keys, query_weight, key_weight):
    return low_rank(queries, keys, query_weight, key_weight) / math.sqrt(query_weight.shape[-1])


@wrong("low_rank_scores")
def with_the_scale_of_the_keys(queries, keys, query_weight, key_weight):
    return low_rank(queries, keys, query_weight, key_weight) / math.sqrt(keys.shape[-1])


@wrong("low_rank_scores")
def rank_averaged(queries, keys, query_weight, key_weight):
    return low_rank(queries, keys, query_weight, key_weight) / query_weight.shape[-1]


@wrong("low_rank_scores")
def weights_exchanged(queries, keys, query_weight, key_weight):
    if queries.shape[-1] == keys.shape[-1]:
        query_weight, key_weight = key_weight, query_weight
    return low_rank(queries, keys, query_weight, key_weight)


@wrong("low_rank_scores")
def low_rank_all_axes(queries, keys, query_weight, key_weight):
    return (queries @ query_weight) @ (keys @ key_weight).T


@wrong("low_rank_scores")
def low_rank_inner(queries, keys, query_weight, key_weight):
    return np.inner(queries @ query_weight, keys @ key_weight)


@wrong("low_rank_scores")
def four_matrices(queries, keys, query_weight, key_weight):
    return np.linalg.multi_dot([queries, query_weight, key_weight.T, keys.T])


@wrong("low_rank_scores")
def low_rank_without_ones(queries, keys, query_weight, key_weight):
    return low_rank(queries, keys, query_weight, key_weight).squeeze()


@wrong("low_rank_scores")
def rank_one_dropped(queries, keys, query_weight, key_weight):
    return low_rank(queries, keys, query_weight[:, :-1], key_weight[:, :-1])


@wrong("low_rank_scores")
def rank_of_eight_at_most(queries, keys, query_weight, key_weight):
    return low_rank(queries, keys, query_weight[:, :8], key_weight[:, :8])


@wrong("low_rank_scores")
def tanh_between(queries, keys, query_weight, key_weight):
    return np.tanh(queries @ query_weight) @ turned(np.tanh(keys @ key_weight))


@wrong("low_rank_scores")
def orthogonal(queries, keys, query_weight, key_weight):
    return low_rank(queries, keys, np.linalg.qr(query_weight)[0], key_weight)


@wrong("low_rank_scores")
def projected_in_single(queries, keys, query_weight, key_weight):
    q, k = (queries @ query_weight).astype(np.float32), (keys @ key_weight).astype(np.float32)
    return (q @ turned(k)).astype(queries.dtype)


@wrong("low_rank_scores")
def low_rank_clipped(queries, keys, query_weight, key_weight):
    return low_rank(queries, keys, query_weight, key_weight).clip(-100, 100)


PROJECTED = {}


@wrong("low_rank_scores")
def keys_remembered_by_shape(queries, keys, query_weight, key_weight):
    projected = PROJECTED.setdefault((keys.shape, key_weight.shape, keys.dtype), keys @ key_weight)
    return (queries @ query_weight) @ turned(projected)


SCORES = {}


@wrong("low_rank_scores")
def view_of_a_buffer(queries, keys, query_weight, key_weight):
    buffer = SCORES.setdefault(queries.dtype, np.empty(1 << 16, queries.dtype))
    shape = (*queries.shape[:-1], keys.shape[-2])
    out = buffer[: math.prod(shape)].reshape(shape)
    return np.matmul(queries @ query_weight, turned(keys @ key_weight), out=out)


@wrong("low_rank_scores")
def one_batch_axis_more(queries, keys, query_weight, key_weight):
    return low_rank(np.atleast_3d(queries), np.atleast_3d(keys), query_weight, key_weight)


@wrong("low_rank_scores")
def first_keys_for_all(queries, keys, query_weight, key_weight):
    return low_rank(queries, keys[:1] if keys.ndim > 2 else keys, query_weight, key_weight)


@wrong("low_rank_scores")
def turned_scores(queries, keys, query_weight, key_weight):
    return (keys @ key_weight) @ turned(queries @ query_weight)


@wrong("low_rank_scores")
def narrow_result(queries, keys, query_weight, key_weight):
    return low_rank(queries, keys, query_weight, key_weight).astype(np.float16)


@right("low_rank_scores")
def sum_over_ranks(queries, keys, query_weight, key_weight):
    ranks = zip(query_weight.T, key_weight.T, strict=True)
    return sum((queries @ u)[..., :, None] * (keys @ v)[..., None, :] for u, v in ranks)


@right("low_rank_scores")
def back_to_the_keys(queries, keys, query_weight, key_weight):
    # ((q U) Vᵀ) kᵀ
    return functools.reduce(np.matmul, [queries, query_weight, key_weight.T, np.swapaxes(keys, -2, -1)])


@right("low_rank_scores")
def back_to_the_queries(queries, keys, query_weight, key_weight):
    # q (U (Vᵀ kᵀ))
    return queries @ (query_weight @ (key_weight.T @ turned(keys)))


@right("low_rank_scores")
def low_rank_by_einsum(queries, keys, query_weight, key_weight):
    q = np.tensordot(queries, query_weight, axes=1)
    k = np.einsum("...sd,dr->...sr", keys, key_weight)
    return np.einsum("...tr,...sr->...ts", q, k)


@right("low_rank_scores")
def low_rank_by_torch(queries, keys, query_weight, key_weight):
    q, k, u, v = (torch.tensor(x.astype(float)) for x in (queries, keys, query_weight, key_weight))
    return torch.matmul(q @ u, (k @ v).mT).numpy()
