"""A second set of invented answers to the exercises of chapter 3, by somebody who had only the tasks."""

import math
from fractions import Fraction
from functools import reduce

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("03")
wrong, right = answers.unlisted, answers.right


def turned(x):
    return np.swapaxes(x, -1, -2)


# 3.1: 8, 4 and 4/9


@wrong("three_scores")
def scaled_by_three_features():
    return [8.0, 8 / math.sqrt(3), 8 / 18]


@wrong("three_scores")
def scaled_by_d():
    return [8, 2, 0.444]


@wrong("three_scores")
def cosine_second():
    return [8, 4 / 9, 4]


@wrong("three_scores")
def cosine_of_scaled():
    return [8, 4, 4 / 18]


@wrong("three_scores")
def squared_lengths():
    return [8, 4, 8 / (9 * 36)]


@wrong("three_scores")
def summed_lengths():
    return [8, 4, 8 / 9]


@wrong("three_scores")
def one_decimal():
    return [8, 4, 0.4]


@wrong("three_scores")
def slip_in_the_product():
    return [12, 6, 12 / 18]


@wrong("three_scores")
def angle_instead():
    return [8, 4, math.degrees(math.acos(8 / 18))]


@wrong("three_scores")
def two_only():
    return [8, 4]


@right("three_scores")
def fractions_of():
    return [Fraction(8), Fraction(8, 2), Fraction(8, 18)]


@right("three_scores")
def three_decimals():
    return [8.000, 4.000, 0.444]


@right("three_scores")
def by_numpy():
    q, k = np.array([1, 2, 2, 0]), np.array([4, 2, 0, 4])
    return [q @ k, q @ k / np.sqrt(len(q)), q @ k / np.linalg.norm(q) / np.linalg.norm(k)]


@right("three_scores")
def four_decimals_in_an_array():
    return np.round([8.0, 4.0, 4 / 9], 4).tolist()


# 3.2


@wrong("standardised_scores")
def sum_of_spreads(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / np.sqrt(np.sum(query_spread**2 + key_spread**2))


@wrong("standardised_scores")
def product_of_means(queries, keys, query_spread, key_spread):
    d = query_spread.dtype.type(queries.shape[-1])
    return queries @ turned(keys) / np.sqrt(d * np.mean(query_spread**2) * np.mean(key_spread**2))


@wrong("standardised_scores")
def deviations_added(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / np.sum(query_spread * key_spread)


@wrong("standardised_scores")
def spreads_as_variances(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / np.sqrt(np.dot(query_spread, key_spread))


@wrong("standardised_scores")
def whitened(queries, keys, query_spread, key_spread):
    q, k = queries / query_spread, keys / key_spread
    return (q @ turned(k) / math.sqrt(q.shape[-1])).astype(queries.dtype)


@wrong("standardised_scores")
def all_axes_turned(queries, keys, query_spread, key_spread):
    return queries @ keys.T / np.linalg.norm(query_spread * key_spread)


@wrong("standardised_scores")
def variance_in_double(queries, keys, query_spread, key_spread):
    variance = np.sum((query_spread * key_spread) ** 2, dtype=np.float64)
    return np.matmul(queries, turned(keys)) / np.sqrt(variance)


@wrong("standardised_scores")
def with_an_epsilon(queries, keys, query_spread, key_spread):
    variance = ((query_spread * key_spread) ** 2).sum()
    return (queries @ turned(keys) / np.sqrt(variance + 1e-5)).astype(queries.dtype)


@wrong("standardised_scores")
def first_axis_swapped(queries, keys, query_spread, key_spread):
    return queries @ np.swapaxes(keys, 0, -1) / np.linalg.norm(query_spread * key_spread)


@wrong("standardised_scores")
def by_the_variance(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / np.sum((query_spread * key_spread) ** 2)


@wrong("standardised_scores")
def two_norms(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / (np.linalg.norm(query_spread) * np.linalg.norm(key_spread))


@wrong("standardised_scores")
def always_single(queries, keys, query_spread, key_spread):
    scores = queries @ turned(keys) / np.linalg.norm(query_spread * key_spread)
    return scores.astype(np.float32)


@wrong("standardised_scores")
def measured_deviation(queries, keys, query_spread, key_spread):
    scores = queries @ turned(keys)
    return scores / scores.std()


@wrong("standardised_scores")
def for_one_batch_axis(queries, keys, query_spread, key_spread):
    scale = np.linalg.norm(query_spread * key_spread)
    return np.einsum("btd,bsd->bts", queries, keys) / scale


@wrong("standardised_scores")
def divided_in_place(queries, keys, query_spread, key_spread):
    queries /= np.linalg.norm(query_spread * key_spread).astype(queries.dtype)
    return queries @ turned(keys)


@wrong("standardised_scores")
def root_of_the_mean(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / np.sqrt(np.mean((query_spread * key_spread) ** 2))


@wrong("standardised_scores")
def whole_numbers_root(queries, keys, query_spread, key_spread):
    scale = np.sqrt(queries.shape[-1]) * np.sqrt(np.mean((query_spread * key_spread) ** 2))
    return queries @ turned(keys) / scale


@right("standardised_scores")
def divided_first(queries, keys, query_spread, key_spread):
    scale = math.sqrt(sum((float(a) * float(b)) ** 2 for a, b in zip(query_spread, key_spread, strict=True)))
    return (queries / queries.dtype.type(scale)) @ turned(keys)


@right("standardised_scores")
def by_einsum(queries, keys, query_spread, key_spread):
    scale = np.sqrt(np.einsum("d,d,d,d->", query_spread, query_spread, key_spread, key_spread))
    return (np.einsum("...td,...sd->...ts", queries, keys) / scale).astype(queries.dtype)


@right("standardised_scores")
def by_longdouble(queries, keys, query_spread, key_spread):
    q, k = queries.astype(np.longdouble), keys.astype(np.longdouble)
    scale = np.hypot.reduce((query_spread * key_spread).astype(np.longdouble))
    return (q @ turned(k) / scale).astype(queries.dtype)


@right("standardised_scores")
def by_hypot(queries, keys, query_spread, key_spread):
    scale = reduce(math.hypot, (query_spread * key_spread).tolist(), 0.0)
    return np.matmul(queries, np.moveaxis(keys, -1, -2)) / queries.dtype.type(scale)


# 3.3


@wrong("concat_scores")
def bias_after_tanh(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q, k = queries @ weight[:d], keys @ weight[d:]
    return (np.tanh(q[..., :, None, :] + k[..., None, :, :]) + bias) @ score_weight


@wrong("concat_scores")
def keys_come_first(queries, keys, weight, bias, score_weight):
    d = keys.shape[-1]
    q, k = queries @ weight[d:], keys @ weight[:d]
    return np.tanh(q[..., :, None, :] + k[..., None, :, :] + bias) @ score_weight


@wrong("concat_scores")
def halves(queries, keys, weight, bias, score_weight):
    w_q, w_k = np.split(weight, 2)
    return np.tanh((queries @ w_q)[..., :, None, :] + (keys @ w_k)[..., None, :, :] + bias) @ score_weight


@wrong("concat_scores")
def bias_in_both(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q, k = queries @ weight[:d] + bias, keys @ weight[d:] + bias
    return np.tanh(q[..., :, None, :] + k[..., None, :, :]) @ score_weight


@wrong("concat_scores")
def pairs_of_two_dimensions(queries, keys, weight, bias, score_weight):
    t, s = queries.shape[0], keys.shape[0]
    pairs = np.concatenate([np.repeat(queries, s, 0), np.tile(keys, (t, 1))], -1)
    return (np.tanh(pairs @ weight + bias) @ score_weight).reshape(t, s)


@wrong("concat_scores")
def queries_and_keys_aligned(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    hidden = np.tanh(queries @ weight[:d] + keys @ weight[d:] + bias)
    return hidden @ score_weight


@wrong("concat_scores")
def keys_down_queries_across(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q, k = queries @ weight[:d], keys @ weight[d:]
    return np.tanh(q[..., None, :, :] + k[..., :, None, :] + bias) @ score_weight


@wrong("concat_scores", "tensorflow")
def tf_bias_forgotten(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q, k = tf.matmul(queries, weight[:d]), tf.matmul(keys, weight[d:])
    return tf.linalg.matvec(tf.tanh(q[..., :, None, :] + k[..., None, :, :]), score_weight)


@wrong("concat_scores", "tensorflow")
def tf_new_variable(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    w = tf.Variable(weight)
    q, k = queries @ w[:d], keys @ w[d:]
    return tf.linalg.matvec(tf.tanh(q[..., :, None, :] + k[..., None, :, :] + bias), score_weight)


@wrong("concat_scores", "tensorflow")
def tf_by_numpy(queries, keys, weight, bias, score_weight):
    q, k, w, b, v = (np.asarray(x) for x in (queries, keys, weight, bias, score_weight))
    d = q.shape[-1]
    return tf.constant(np.tanh((q @ w[:d])[..., :, None, :] + (k @ w[d:])[..., None, :, :] + b) @ v)


@wrong("concat_scores", "tensorflow")
def tf_in_halves(queries, keys, weight, bias, score_weight):
    w_q, w_k = tf.split(weight, 2)
    q, k = tf.expand_dims(queries @ w_q, -2), tf.expand_dims(keys @ w_k, -3)
    return tf.reduce_sum(tf.tanh(q + k + bias) * score_weight, -1)


@wrong("concat_scores", "tensorflow")
def tf_squeezed(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q, k = tf.expand_dims(queries @ weight[:d], -2), tf.expand_dims(keys @ weight[d:], -3)
    return tf.squeeze(tf.tanh(q + k + bias) @ score_weight[:, None])


@wrong("concat_scores", "tensorflow")
def tf_keys_stopped(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    k = tf.stop_gradient(keys @ weight[d:])
    q = queries @ weight[:d]
    return tf.linalg.matvec(tf.tanh(q[..., :, None, :] + k[..., None, :, :] + bias), score_weight)


@wrong("concat_scores", "tensorflow")
def tf_axes_one_and_zero(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q = tf.expand_dims(queries @ weight[:d], 1)
    k = tf.expand_dims(keys @ weight[d:], 0)
    return tf.reduce_sum(tf.tanh(q + k + bias) * score_weight, -1)


@wrong("concat_scores", "pytorch")
def torch_bias_data(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q, k = queries @ weight[:d], keys @ weight[d:]
    return torch.tanh(q.unsqueeze(-2) + k.unsqueeze(-3) + bias.data) @ score_weight


@wrong("concat_scores", "pytorch")
def torch_no_grad(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    with torch.no_grad():
        q, k = queries @ weight[:d], keys @ weight[d:]
        return torch.tanh(q.unsqueeze(-2) + k.unsqueeze(-3) + bias) @ score_weight


@wrong("concat_scores", "pytorch")
def torch_unsqueezed_for_a_batch(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q, k = (queries @ weight[:d]).unsqueeze(2), (keys @ weight[d:]).unsqueeze(1)
    return torch.tanh(q + k + bias) @ score_weight


@wrong("concat_scores", "pytorch")
def torch_weight_scored_inside(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q, k = queries @ weight[:d], keys @ weight[d:]
    return torch.tanh((q.unsqueeze(-2) + k.unsqueeze(-3) + bias) @ score_weight)


@wrong("concat_scores", "pytorch")
def torch_hardtanh(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q, k = queries @ weight[:d], keys @ weight[d:]
    return torch.nn.functional.hardtanh(q.unsqueeze(-2) + k.unsqueeze(-3) + bias) @ score_weight


@wrong("concat_scores", "pytorch")
def torch_chunked(queries, keys, weight, bias, score_weight):
    w_q, w_k = weight.chunk(2, dim=0)
    return torch.tanh((queries @ w_q).unsqueeze(-2) + (keys @ w_k).unsqueeze(-3) + bias) @ score_weight


@wrong("concat_scores", "pytorch")
def torch_own_parameter(queries, keys, weight, bias, score_weight):
    linear = torch.nn.Linear(*weight.shape, dtype=weight.dtype)
    linear.weight = torch.nn.Parameter(weight.T)
    linear.bias = torch.nn.Parameter(bias)
    t, s = queries.shape[-2], keys.shape[-2]
    q = queries.unsqueeze(-2).expand(*queries.shape[:-1], s, -1)
    k = keys.unsqueeze(-3).expand(*keys.shape[:-2], t, *keys.shape[-2:])
    return torch.tanh(linear(torch.cat([q, k], -1))) @ score_weight


@wrong("concat_scores", "pytorch")
def torch_squeezed(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q, k = (queries @ weight[:d]).unsqueeze(-2), (keys @ weight[d:]).unsqueeze(-3)
    return (torch.tanh(q + k + bias) @ score_weight[:, None]).squeeze()


@wrong("concat_scores", "pytorch")
def torch_exponentials(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    z = (queries @ weight[:d]).unsqueeze(-2) + (keys @ weight[d:]).unsqueeze(-3) + bias
    return ((z.exp() - (-z).exp()) / (z.exp() + (-z).exp())) @ score_weight


@right("concat_scores")
def all_pairs_built(queries, keys, weight, bias, score_weight):
    t, s = queries.shape[-2], keys.shape[-2]
    q = np.broadcast_to(queries[..., :, None, :], (*queries.shape[:-1], s, queries.shape[-1]))
    k = np.broadcast_to(keys[..., None, :, :], (*keys.shape[:-2], t, *keys.shape[-2:]))
    return np.tanh(np.concatenate([q, k], -1) @ weight + bias) @ score_weight


@right("concat_scores")
def one_key_at_a_time(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q, k = queries @ weight[:d] + bias, keys @ weight[d:]
    columns = [np.tanh(q + k[..., [j], :]) @ score_weight for j in range(keys.shape[-2])]
    return np.stack(columns, -1)


@right("concat_scores", "tensorflow")
def tf_einsum(queries, keys, weight, bias, score_weight):
    d = queries.shape[-1]
    q = tf.einsum("...td,da->...ta", queries, weight[:d])
    k = tf.einsum("...sd,da->...sa", keys, weight[d:])
    hidden = tf.math.tanh(tf.expand_dims(q, -2) + tf.expand_dims(k + bias, -3))
    return tf.einsum("...a,a->...", hidden, score_weight)


@right("concat_scores", "tensorflow")
def tf_split_by_sizes(queries, keys, weight, bias, score_weight):
    w_q, w_k = tf.split(weight, [queries.shape[-1], keys.shape[-1]], axis=0)
    hidden = (queries @ w_q)[..., tf.newaxis, :] + (keys @ w_k)[..., tf.newaxis, :, :]
    return tf.reduce_sum(tf.tanh(tf.nn.bias_add(hidden, bias)) * score_weight, axis=-1)


@right("concat_scores", "pytorch")
def torch_einsum(queries, keys, weight, bias, score_weight):
    w_q, w_k = weight.split([queries.shape[-1], keys.shape[-1]])
    z = (queries @ w_q)[..., None, :] + (keys @ w_k + bias)[..., None, :, :]
    return torch.einsum("...a,a->...", z.tanh(), score_weight)


@right("concat_scores", "pytorch")
def torch_functional_linear(queries, keys, weight, bias, score_weight):
    d, linear = queries.size(-1), torch.nn.functional.linear
    q, k = linear(queries, weight[:d].T, bias), linear(keys, weight[d:].T)
    return linear(torch.tanh(q.unsqueeze(-2) + k.unsqueeze(-3)), score_weight[None]).squeeze(-1)


@right("concat_scores")
def hidden_unit_by_hidden_unit(queries, keys, weight, bias, score_weight):
    d, scores = queries.shape[-1], 0
    for a, v in enumerate(score_weight):
        q, k = queries @ weight[:d, a], keys @ weight[d:, a]
        scores = scores + v * np.tanh(q[..., :, None] + k[..., None, :] + bias[a])
    return scores


# 3.4


@wrong("robust_cosine_scores")
def rows_and_epsilon(queries, keys):
    q = queries / (np.linalg.norm(queries, axis=-1, keepdims=True) + 1e-8)
    k = keys / (np.linalg.norm(keys, axis=-1, keepdims=True) + 1e-8)
    return q @ turned(k)


@wrong("robust_cosine_scores")
def plain_lengths(queries, keys):
    q, k = np.linalg.norm(queries, axis=-1, keepdims=True), np.linalg.norm(keys, axis=-1, keepdims=True)
    return (queries / np.where(q == 0, 1, q)) @ turned(keys / np.where(k == 0, 1, k))


@wrong("robust_cosine_scores")
def lengths_at_least_tiny(queries, keys):
    q = queries / np.maximum(np.linalg.norm(queries, axis=-1, keepdims=True), 1e-12)
    k = keys / np.maximum(np.linalg.norm(keys, axis=-1, keepdims=True), 1e-12)
    return q @ turned(k)


def unit(x, c):
    x = x / np.where(c == 0, 1, c)
    length = np.sqrt(np.sum(x * x, -1, keepdims=True))
    return x / np.where(length == 0, 1, length)


def largest(x):
    return np.max(np.abs(x), axis=-1, keepdims=True)


@wrong("robust_cosine_scores")
def one_largest_for_all(queries, keys):
    return unit(queries, np.abs(queries).max()) @ turned(unit(keys, np.abs(keys).max()))


@wrong("robust_cosine_scores")
def largest_with_sign(queries, keys):
    return unit(queries, queries.max(-1, keepdims=True)) @ turned(unit(keys, keys.max(-1, keepdims=True)))


@wrong("robust_cosine_scores")
def nan_to_zero(queries, keys):
    with np.errstate(all="ignore"):
        q = queries / np.linalg.norm(queries, axis=-1, keepdims=True)
        k = keys / np.linalg.norm(keys, axis=-1, keepdims=True)
        return np.nan_to_num(q @ turned(k))


@wrong("robust_cosine_scores")
def product_before_division(queries, keys):
    q = np.linalg.norm(queries.astype(np.float64), axis=-1)[..., :, None]
    k = np.linalg.norm(keys.astype(np.float64), axis=-1)[..., None, :]
    lengths = q * k
    return np.where(lengths > 0, queries @ turned(keys) / np.where(lengths > 0, lengths, 1), 0)


@wrong("robust_cosine_scores")
def lengths_multiplied_back(queries, keys):
    def length(x):
        c = np.where(largest(x) == 0, 1, largest(x))
        return c * np.linalg.norm(x / c, axis=-1, keepdims=True)

    q, k = length(queries), length(keys)
    return (queries / np.where(q == 0, 1, q)) @ turned(keys / np.where(k == 0, 1, k))


@wrong("robust_cosine_scores")
def largest_of_the_column(queries, keys):
    q, k = np.abs(queries).max(-2, keepdims=True), np.abs(keys).max(-2, keepdims=True)
    return unit(queries, q) @ turned(unit(keys, k))


@wrong("robust_cosine_scores")
def no_word_on_zeros(queries, keys):
    q, k = queries / largest(queries), keys / largest(keys)
    q, k = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (q, k))
    return q @ turned(k)


@wrong("robust_cosine_scores")
def cosines_never_negative(queries, keys):
    return np.clip(unit(queries, largest(queries)) @ turned(unit(keys, largest(keys))), 0, 1)


@wrong("robust_cosine_scores")
def double_is_enough(queries, keys):
    return plain_lengths(queries.astype(np.float64), keys.astype(np.float64))


@wrong("robust_cosine_scores")
def nearly_zero_is_zero(queries, keys):
    scores = unit(queries, largest(queries)) @ turned(unit(keys, largest(keys)))
    nothing = np.isclose(largest(queries), 0) | turned(np.isclose(largest(keys), 0))
    return np.where(nothing, 0, scores)


@wrong("robust_cosine_scores")
def scaled_in_place(queries, keys):
    queries /= np.where(largest(queries) == 0, 1, largest(queries))
    return unit(queries, largest(queries)) @ turned(unit(keys, largest(keys)))


@wrong("robust_cosine_scores")
def multiplied_by_reciprocal(queries, keys):
    def scaled(x):
        c = largest(x)
        return x * (1 / np.where(c == 0, 1, c))

    q, k = scaled(queries), scaled(keys)
    return unit(q, largest(q)) @ turned(unit(k, largest(k)))


@wrong("robust_cosine_scores")
def keys_all_turned(queries, keys):
    return unit(queries, largest(queries)) @ unit(keys, largest(keys)).T


@wrong("robust_cosine_scores")
def zero_queries_only(queries, keys):
    k = keys / largest(keys)
    k = k / np.linalg.norm(k, axis=-1, keepdims=True)
    return unit(queries, largest(queries)) @ turned(k)


@right("robust_cosine_scores")
def in_longdouble(queries, keys):
    return plain_lengths(queries.astype(np.longdouble), keys.astype(np.longdouble))


@right("robust_cosine_scores")
def scaled_by_power_of_two(queries, keys):
    def direction(x):
        x = x.astype(np.float64)
        _, exponent = np.frexp(largest(x))
        return unit(np.ldexp(x, -exponent), np.ones(()))

    return np.einsum("...td,...sd->...ts", direction(queries), direction(keys))


@right("robust_cosine_scores")
def pair_by_pair(queries, keys):
    def direction(row):
        c = max((abs(float(x)) for x in row), default=0.0)
        if c == 0:
            return [0.0] * len(row)
        scaled = [float(x) / c for x in row]
        length = math.sqrt(math.fsum(x * x for x in scaled))
        return [x / length for x in scaled]

    q, k = np.apply_along_axis(direction, -1, queries), np.apply_along_axis(direction, -1, keys)
    return q @ turned(k)


@right("robust_cosine_scores")
def divided_where(queries, keys):
    def divide(x, by):
        return np.divide(x, by, out=np.zeros_like(x), where=by != 0)

    def direction(x):
        x = divide(x, np.abs(x).max(-1, keepdims=True))
        return divide(x, np.linalg.norm(x, axis=-1, keepdims=True))

    queries, keys = queries.astype(np.float64), keys.astype(np.float64)
    return np.matmul(direction(queries), turned(direction(keys)))


# 3.6


def deltas(queries, keys, widths):
    return np.sum(((queries[..., :, None, :] - keys[..., None, :, :]) / widths) ** 2, -1) / 2


def softmax(scores):
    p = np.exp(scores - scores.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


@wrong("kernel_weights")
def nothing_subtracted(queries, keys, widths):
    p = np.exp(-deltas(queries, keys, widths))
    return p / p.sum(-1, keepdims=True)


@wrong("kernel_weights")
def squares_expanded(queries, keys, widths):
    q, k = queries / widths, keys / widths
    squares = (q * q).sum(-1)[..., :, None] + (k * k).sum(-1)[..., None, :] - 2 * q @ turned(k)
    return softmax(-squares / 2)


@wrong("kernel_weights")
def half_forgotten(queries, keys, widths):
    return softmax(-2 * deltas(queries, keys, widths))


@wrong("kernel_weights")
def widths_not_squared(queries, keys, widths):
    return softmax(-deltas(queries, keys, np.sqrt(widths)))


@wrong("kernel_weights")
def one_maximum(queries, keys, widths):
    scores = -deltas(queries, keys, widths)
    p = np.exp(scores - scores.max())
    return p / p.sum(-1, keepdims=True)


@wrong("kernel_weights")
def columns_sum_to_one(queries, keys, widths):
    return turned(softmax(-turned(deltas(queries, keys, widths))))


@wrong("kernel_weights")
def sum_and_epsilon(queries, keys, widths):
    p = np.exp(-deltas(queries, keys, widths))
    return p / (p.sum(-1, keepdims=True) + 1e-12)


@wrong("kernel_weights")
def mean_of_the_features(queries, keys, widths):
    return softmax(-deltas(queries, keys, widths) / queries.shape[-1])


@wrong("kernel_weights")
def nan_means_uniform(queries, keys, widths):
    with np.errstate(all="ignore"):
        p = np.exp(-deltas(queries, keys, widths))
        p = p / p.sum(-1, keepdims=True)
    return np.where(np.isnan(p), 1 / keys.shape[-2], p)


@wrong("kernel_weights")
def one_mean_width(queries, keys, widths):
    return softmax(-deltas(queries, keys, np.mean(widths)))


@wrong("kernel_weights")
def clipped_exponents(queries, keys, widths):
    p = np.exp(np.clip(-deltas(queries, keys, widths), -80, 0))
    return p / p.sum(-1, keepdims=True)


@wrong("kernel_weights")
def two_axes_only(queries, keys, widths):
    squares = ((queries[:, None] - keys[None]) / widths) ** 2
    return softmax(-squares.sum(-1) / 2)


@wrong("kernel_weights")
def root_of_the_distance(queries, keys, widths):
    return softmax(-np.sqrt(2 * deltas(queries, keys, widths)))


@wrong("kernel_weights")
def in_single_precision(queries, keys, widths):
    return softmax(-deltas(*(x.astype(np.float32) for x in (queries, keys, widths))))


@wrong("kernel_weights")
def expanded_about_the_first_key(queries, keys, widths):
    q, k = (queries - keys[..., :1, :]) / widths, (keys - keys[..., :1, :]) / widths
    squares = (q * q).sum(-1)[..., :, None] + (k * k).sum(-1)[..., None, :] - 2 * q @ turned(k)
    return softmax(-squares / 2)


@wrong("kernel_weights")
def largest_distance_subtracted(queries, keys, widths):
    d = deltas(queries, keys, widths)
    p = np.exp(-(d - d.max(-1, keepdims=True)))
    return p / p.sum(-1, keepdims=True)


@right("kernel_weights")
def by_logaddexp(queries, keys, widths):
    scores = -deltas(queries, keys, widths)
    return np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True))


@right("kernel_weights")
def feature_by_feature(queries, keys, widths):
    q, k = queries.astype(np.float64), keys.astype(np.float64)
    squares = sum(((q[..., :, None, d] - k[..., None, :, d]) / float(w)) ** 2 for d, w in enumerate(widths))
    p = np.exp((squares.min(-1, keepdims=True) - squares) / 2)
    return p / p.sum(-1, keepdims=True)


@right("kernel_weights")
def by_einsum_of_differences(queries, keys, widths):
    difference = (np.expand_dims(queries, -2) - np.expand_dims(keys, -3)) / widths
    return softmax(-0.5 * np.einsum("...d,...d->...", difference, difference))


# 3.7


def backward(queries, keys, widths, grad_scores):
    g, w = grad_scores, widths**2
    dq = (g @ keys - g.sum(-1)[..., None] * queries) / w
    dk = (turned(g) @ queries - g.sum(-2)[..., None] * keys) / w
    return dq, dk


@wrong("kernel_scores_backward")
def both_signs(queries, keys, widths, grad_scores):
    dq, dk = backward(queries, keys, widths, grad_scores)
    return -dq, -dk


@wrong("kernel_scores_backward")
def sign_of_the_keys(queries, keys, widths, grad_scores):
    dq, dk = backward(queries, keys, widths, grad_scores)
    return dq, -dk


@wrong("kernel_scores_backward")
def plain_widths(queries, keys, widths, grad_scores):
    return backward(queries, keys, np.sqrt(widths), grad_scores)


@wrong("kernel_scores_backward")
def two_stays(queries, keys, widths, grad_scores):
    dq, dk = backward(queries, keys, widths, grad_scores)
    return 2 * dq, 2 * dk


@wrong("kernel_scores_backward")
def all_axes_of_g(queries, keys, widths, grad_scores):
    g, w = grad_scores, widths**2
    dq = (g @ keys - g.sum(-1, keepdims=True) * queries) / w
    return dq, (g.T @ queries - g.T.sum(-1, keepdims=True) * keys) / w


@wrong("kernel_scores_backward")
def g_not_turned(queries, keys, widths, grad_scores):
    g, w = grad_scores, widths**2
    dq = (g @ keys - g.sum(-1, keepdims=True) * queries) / w
    return dq, (g @ queries - g.sum(-1, keepdims=True) * keys) / w


@wrong("kernel_scores_backward")
def keys_first(queries, keys, widths, grad_scores):
    return backward(queries, keys, widths, grad_scores)[::-1]


@wrong("kernel_scores_backward")
def through_softmax_too(queries, keys, widths, grad_scores):
    p = softmax(-deltas(queries, keys, widths))
    g = p * (grad_scores - (p * grad_scores).sum(-1, keepdims=True))
    return backward(queries, keys, widths, g)


@wrong("kernel_scores_backward")
def averaged(queries, keys, widths, grad_scores):
    dq, dk = backward(queries, keys, widths, grad_scores)
    return dq / keys.shape[-2], dk / queries.shape[-2]


@wrong("kernel_scores_backward")
def keys_summed_over_batch(queries, keys, widths, grad_scores):
    dq, dk = backward(queries, keys, widths, grad_scores)
    return dq, dk.reshape(-1, *dk.shape[-2:]).sum(0)


@wrong("kernel_scores_backward")
def rows_for_both(queries, keys, widths, grad_scores):
    difference = (keys[..., None, :, :] - queries[..., :, None, :]) / widths**2
    product = grad_scores[..., None] * difference
    return product.sum(-2), -product.sum(-2)


@wrong("kernel_scores_backward")
def clipped_gradients(queries, keys, widths, grad_scores):
    dq, dk = backward(queries, keys, widths, grad_scores)
    return np.clip(dq, -1, 1), np.clip(dk, -1, 1)


@wrong("kernel_scores_backward")
def stored_in_single(queries, keys, widths, grad_scores):
    return tuple(x.astype(np.float32) for x in backward(queries, keys, widths, grad_scores))


@wrong("kernel_scores_backward")
def two_axes_einsum(queries, keys, widths, grad_scores):
    difference = (keys[None] - queries[:, None]) / widths**2
    return np.einsum("ts,tsd->td", grad_scores, difference), -np.einsum("ts,tsd->sd", grad_scores, difference)


@wrong("kernel_scores_backward")
def g_changed_in_place(queries, keys, widths, grad_scores):
    grad_scores *= -1
    dq, dk = backward(queries, keys, widths, grad_scores)
    return -dq, -dk


@wrong("kernel_scores_backward")
def sums_forgotten(queries, keys, widths, grad_scores):
    return (grad_scores @ keys - queries) / widths**2, (turned(grad_scores) @ queries - keys) / widths**2


@wrong("kernel_scores_backward")
def width_of_the_first_feature(queries, keys, widths, grad_scores):
    return backward(queries, keys, widths[0], grad_scores)


@right("kernel_scores_backward")
def all_differences(queries, keys, widths, grad_scores):
    product = grad_scores[..., None] * ((keys[..., None, :, :] - queries[..., :, None, :]) / widths**2)
    return product.sum(axis=-2), -product.sum(axis=-3)


@right("kernel_scores_backward")
def by_torch(queries, keys, widths, grad_scores):
    q, k, w, g = (torch.tensor(x.astype(np.float64)) for x in (queries, keys, widths, grad_scores))
    q.requires_grad_(), k.requires_grad_()
    scores = -((q.unsqueeze(-2) - k.unsqueeze(-3)) ** 2 / (2 * w**2)).sum(-1)
    return tuple(x.numpy() for x in torch.autograd.grad(scores, (q, k), g))


@right("kernel_scores_backward")
def key_after_key(queries, keys, widths, grad_scores):
    dq, dk = np.zeros_like(queries, np.float64), np.zeros_like(keys, np.float64)
    for j in range(keys.shape[-2]):
        part = grad_scores[..., :, j, None] * (keys[..., j, None, :] - queries) / widths**2
        dq += part
        dk[..., j, :] = -part.sum(-2)
    return dq, dk


@right("kernel_scores_backward")
def one_function_twice(queries, keys, widths, grad_scores):
    def pull(x, y, g):
        return np.einsum("...ij,...ijd->...id", g, y[..., None, :, :] - x[..., :, None, :]) / np.square(widths)

    return pull(queries, keys, grad_scores), pull(keys, queries, np.moveaxis(grad_scores, -1, -2))


# 3.8: [[2048, 4640], [44160, 93440]]


@wrong("costs")
def general_by_queries():
    return [[2048, 4640], [46080, 93440]]


@wrong("costs")
def score_vector_forgotten():
    return [[2048, 4608], [44160, 93440]]


@wrong("costs")
def per_pair_all_over():
    return [[2048, 4640], [10 * 20 * (2048 + 128), 10 * 20 * (144 * 32 + 32)]]


@wrong("costs")
def additive_first():
    return [[4640, 2048], [93440, 44160]]


@wrong("costs")
def by_function():
    return [[2048, 44160], [4640, 93440]]


@wrong("costs")
def without_the_pairs():
    return [[2048, 4640], [40960, 87040]]


@wrong("costs")
def with_a_bias():
    return [[2048, 4672], [44160, 93440]]


@wrong("costs")
def vector_costs_one_a_pair():
    return [[2048, 4640], [44160, 87240]]


@right("costs")
def counted():
    t, s, q, k, a = 10, 20, 16, 128, 32
    general = min(t * q * k + t * s * k, s * q * k + t * s * q)
    return [[q * k, (q + k) * a + a], [general, (t * q + s * k + t * s) * a]]


@right("costs")
def rows_of_an_array():
    return np.array([[2048, 4640], [44160, 93440]]).tolist()


@right("costs")
def numbers_of_numpy():
    t, s, q, k, a = np.array([10, 20, 16, 128, 32])
    general = np.minimum(t * k * (q + s), s * q * (k + t))
    return [[q * k, a * (q + k + 1)], [general, a * (t * q + s * k + t * s)]]


# 3.9


@wrong("low_rank_scores")
def weight_built(queries, keys, query_weight, key_weight):
    return queries @ (query_weight @ key_weight.T) @ turned(keys)


@wrong("low_rank_scores")
def scaled_by_the_rank(queries, keys, query_weight, key_weight):
    q, k = queries @ query_weight, keys @ key_weight
    return q @ turned(k) / np.sqrt(q.shape[-1])


@wrong("low_rank_scores")
def all_axes_of_keys(queries, keys, query_weight, key_weight):
    return (queries @ query_weight) @ (keys @ key_weight).T


@wrong("low_rank_scores")
def weight_built_for_the_keys(queries, keys, query_weight, key_weight):
    return queries @ turned(keys @ np.einsum("dr,er->de", key_weight, query_weight))


@wrong("low_rank_scores")
def in_single(queries, keys, query_weight, key_weight):
    q, k, u, v = (x.astype(np.float32) for x in (queries, keys, query_weight, key_weight))
    return (q @ u) @ turned(k @ v)


@wrong("low_rank_scores")
def keys_by_queries(queries, keys, query_weight, key_weight):
    return (keys @ key_weight) @ turned(queries @ query_weight)


@wrong("low_rank_scores")
def squeezed_scores(queries, keys, query_weight, key_weight):
    return np.squeeze((queries @ query_weight) @ turned(keys @ key_weight))


@wrong("low_rank_scores")
def einsum_of_two_axes(queries, keys, query_weight, key_weight):
    return np.einsum("tr,sr->ts", queries @ query_weight, keys @ key_weight)


@wrong("low_rank_scores")
def one_weight_for_both(queries, keys, query_weight, key_weight):
    return (queries @ query_weight) @ turned(keys @ query_weight)


@wrong("low_rank_scores")
def cosines_of_the_thin(queries, keys, query_weight, key_weight):
    q, k = queries @ query_weight, keys @ key_weight
    return unit(q, largest(q)) @ turned(unit(k, largest(k)))


@right("low_rank_scores")
def one_rank_at_a_time(queries, keys, query_weight, key_weight):
    columns = zip(query_weight.T, key_weight.T, strict=True)
    return sum((queries @ u)[..., :, None] * (keys @ v)[..., None, :] for u, v in columns)


@right("low_rank_scores")
def back_through_v(queries, keys, query_weight, key_weight):
    return np.matmul(queries @ query_weight @ key_weight.T, turned(keys))


@right("low_rank_scores")
def by_tensordot(queries, keys, query_weight, key_weight):
    q, k = np.tensordot(queries, query_weight, 1), np.tensordot(keys, key_weight, ((-1,), (0,)))
    return np.einsum("...tr,...sr->...ts", q, k)


@right("low_rank_scores")
def by_one_einsum_after_the_keys(queries, keys, query_weight, key_weight):
    carried = np.einsum("...se,er->...sr", keys, key_weight) @ query_weight.T
    return queries @ np.swapaxes(carried, -2, -1)
