"""A second set of answers to the exercises of chapter 12, right and wrong, by somebody who had only the tasks.

The line above a wrong answer names an input that the task allows and on which it goes wrong.
"""

from fractions import Fraction

import scipy.special

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("12")
wrong, right = answers.unlisted, answers.right


# --- right results, to spoil -----------------------------------------------------------------------------------------


def softmax(scores, axis=-1):
    up = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return up / up.sum(axis=axis, keepdims=True)


def places_of(features):
    return features.reshape(*features.shape[:-3], -1, features.shape[-1])


def scores_np(features, queries, key_weight, score_weight):
    keys = places_of(features) @ key_weight
    return np.tanh(queries[:, None] + keys[..., None, :, :]) @ score_weight


def maps_of(weights, features):
    return weights.reshape(*weights.shape[:-1], *features.shape[-3:-1])


def looks(features, scores):
    weights = softmax(scores)
    return weights @ places_of(features), maps_of(weights, features)


def pool(features, queries, key_weight, score_weight):
    return looks(features, scores_np(features, queries, key_weight, score_weight))


def nearest(pixels, stride, places):
    return np.minimum((np.arange(pixels) + (stride - 1) // 2) // stride, places - 1)


def paint(weights, shape, rows, columns):
    return weights.reshape(*weights.shape[:-1], *shape)[..., rows[:, None], columns]


def lengths(layers, size):
    found = [size]
    for kernel, stride, padding, dilation in layers:
        found.append((found[-1] + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
    return found


def heaviest(weights):
    return np.divmod(weights.reshape(*weights.shape[:-2], -1).argmax(axis=-1), weights.shape[-1])


def box_of(row, column, boxes):
    row, column = row[..., None], column[..., None]
    inside = (boxes[..., 0] <= row) & (row < boxes[..., 2]) & (boxes[..., 1] <= column) & (column < boxes[..., 3])
    return np.where(inside.any(axis=-1), inside.argmax(axis=-1), -1)


def normalised(x, mean, variance, scale, shift):
    return (x - mean) / np.sqrt(variance + 1e-5) * scale + shift


def statistics(x):
    x = x.astype(np.float64)
    return x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))


def towards(old, new, momentum):
    return momentum * old + (1 - momentum) * new


# --- pool_by_queries, NumPy ------------------------------------------------------------------------------------------


@right("pool_by_queries")
def pool_by_einsum(features, queries, key_weight, score_weight):
    keys = np.einsum("...hwn,na->...hwa", features, key_weight)
    scores = np.einsum("...thwa,a->...thw", np.tanh(queries[:, None, None] + keys[..., None, :, :, :]), score_weight)
    weights = scipy.special.softmax(scores, axis=(-2, -1))
    return np.einsum("...thw,...hwn->...tn", weights, features), weights


@right("pool_by_queries")
def pool_query_after_query(features, queries, key_weight, score_weight):
    found = [pool(features, q[None], key_weight, score_weight) for q in queries]
    return np.concatenate([c for c, _ in found], axis=-2), np.concatenate([w for _, w in found], axis=-3)


@right("pool_by_queries")
def pool_picture_after_picture(features, queries, key_weight, score_weight):
    """With online softmax, one place after another, in float64."""
    lead, (h, w, n) = features.shape[:-3], features.shape[-3:]
    contexts, weights = np.empty((*lead, len(queries), n)), np.empty((*lead, len(queries), h, w))
    for where in np.ndindex(lead):
        for t, query in enumerate(queries):
            top, total, context, scores = -np.inf, 0.0, np.zeros(n), np.empty((h, w))
            for i, j in np.ndindex(h, w):
                row = features[where][i, j].astype(np.float64)
                scores[i, j] = s = np.tanh(query + row @ key_weight) @ score_weight
                new = max(top, s)
                keep, own = np.exp(top - new), np.exp(s - new)
                top, total, context = new, total * keep + own, context * keep + own * row
            contexts[where][t] = context / total
            weights[where][t] = np.exp(scores - top) / total
    return contexts, weights


# any map with more than one row and more than one column
@wrong("pool_by_queries")
def pool_maps_turned(features, queries, key_weight, score_weight):
    contexts, weights = pool(features, queries, key_weight, score_weight)
    h, w = features.shape[-3:-1]
    return contexts, weights.reshape(*weights.shape[:-2], w, h).swapaxes(-1, -2)


# a map of 2 rows and 3 columns has another shape
@wrong("pool_by_queries")
def pool_maps_of_columns_and_rows(features, queries, key_weight, score_weight):
    contexts, weights = pool(features, queries, key_weight, score_weight)
    return contexts, weights.reshape(*weights.shape[:-2], *features.shape[-2:-4:-1])


# any map of several rows: each row sums to one
@wrong("pool_by_queries")
def pool_softmax_of_each_row(features, queries, key_weight, score_weight):
    weights = softmax(maps_of(scores_np(features, queries, key_weight, score_weight), features))
    return weights.reshape(*weights.shape[:-2], -1) @ places_of(features), weights


# rows, then columns: two softmaxes, one after the other, of a map with several rows
@wrong("pool_by_queries")
def pool_softmax_twice(features, queries, key_weight, score_weight):
    scores = maps_of(scores_np(features, queries, key_weight, score_weight), features)
    weights = softmax(softmax(scores, axis=-1), axis=-2)
    return weights.reshape(*weights.shape[:-2], -1) @ places_of(features), weights


# several queries: they share out each place
@wrong("pool_by_queries")
def pool_softmax_over_queries(features, queries, key_weight, score_weight):
    weights = softmax(scores_np(features, queries, key_weight, score_weight), axis=-2)
    return weights @ places_of(features), maps_of(weights, features)


# scores of some thousands overflow
@wrong("pool_by_queries")
def pool_naive_exponentials(features, queries, key_weight, score_weight):
    up = np.exp(scores_np(features, queries, key_weight, score_weight))
    weights = up / up.sum(axis=-1, keepdims=True)
    return weights @ places_of(features), maps_of(weights, features)


# one query whose scores lie at 3000 and another whose scores lie at −3000: the second has 0 / 0
@wrong("pool_by_queries")
def pool_one_maximum_for_all(features, queries, key_weight, score_weight):
    scores = scores_np(features, queries, key_weight, score_weight)
    up = np.exp(scores - scores.max())
    weights = up / up.sum(axis=-1, keepdims=True)
    return weights @ places_of(features), maps_of(weights, features)


# two queries of one picture whose scores lie thousands apart: the maximum is the picture's
@wrong("pool_by_queries")
def pool_one_maximum_for_a_picture(features, queries, key_weight, score_weight):
    scores = scores_np(features, queries, key_weight, score_weight)
    up = np.exp(scores - scores.max(axis=(-2, -1), keepdims=True))
    weights = up / up.sum(axis=-1, keepdims=True)
    return weights @ places_of(features), maps_of(weights, features)


# two pictures whose scores lie thousands apart: the maximum is the query's
@wrong("pool_by_queries")
def pool_one_maximum_for_a_query(features, queries, key_weight, score_weight):
    scores = scores_np(features, queries, key_weight, score_weight)
    axes = (*range(scores.ndim - 2), scores.ndim - 1)
    up = np.exp(scores - scores.max(axis=axes, keepdims=True))
    weights = up / up.sum(axis=-1, keepdims=True)
    return weights @ places_of(features), maps_of(weights, features)


# scores beyond ±50, which the task allows
@wrong("pool_by_queries")
def pool_clipped_scores(features, queries, key_weight, score_weight):
    return looks(features, scores_np(features, queries, key_weight, score_weight).clip(-50, 50))


# scores of −3000 everywhere: the mean is subtracted, and one score lies 1000 above it
@wrong("pool_by_queries")
def pool_less_the_mean(features, queries, key_weight, score_weight):
    scores = scores_np(features, queries, key_weight, score_weight)
    up = np.exp(scores - scores.mean(axis=-1, keepdims=True))
    weights = up / up.sum(axis=-1, keepdims=True)
    return weights @ places_of(features), maps_of(weights, features)


# scores of −2000 alone: their maximum is replaced by 0, and everything underflows
@wrong("pool_by_queries")
def pool_maximum_at_least_zero(features, queries, key_weight, score_weight):
    scores = scores_np(features, queries, key_weight, score_weight)
    up = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=0))
    weights = up / up.sum(axis=-1, keepdims=True)
    return weights @ places_of(features), maps_of(weights, features)


# float64: the weights sum to 1 − 1e-7
@wrong("pool_by_queries")
def pool_epsilon_below(features, queries, key_weight, score_weight):
    scores = scores_np(features, queries, key_weight, score_weight)
    up = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = up / (up.sum(axis=-1, keepdims=True) + 1e-7)
    return weights @ places_of(features), maps_of(weights, features)


# one query, or a map of one row: an axis is lost
@wrong("pool_by_queries")
def pool_squeezed(features, queries, key_weight, score_weight):
    return tuple(np.squeeze(a) for a in pool(features, queries, key_weight, score_weight))


# one query alone: the axis of queries is lost
@wrong("pool_by_queries")
def pool_one_query_loses_its_axis(features, queries, key_weight, score_weight):
    contexts, weights = pool(features, queries, key_weight, score_weight)
    return (contexts[..., 0, :], weights[..., 0, :, :]) if len(queries) == 1 else (contexts, weights)


# no leading axis, or two
@wrong("pool_by_queries")
def pool_one_leading_axis(features, queries, key_weight, score_weight):
    _b, _h, _w, _n = features.shape
    return pool(features, queries, key_weight, score_weight)


# two leading axes come back as one
@wrong("pool_by_queries")
def pool_leading_axes_joined(features, queries, key_weight, score_weight):
    if features.ndim > 4:
        features = features.reshape(-1, *features.shape[-3:])
    return pool(features, queries, key_weight, score_weight)


# two pictures and two queries: query 1 meets picture 1 alone
@wrong("pool_by_queries")
def pool_axis_forgotten(features, queries, key_weight, score_weight):
    keys = places_of(features) @ key_weight
    scores = np.tanh(queries[:, None] + keys) @ score_weight
    return looks(features, scores)


# any input: tanh of each of the two alone
@wrong("pool_by_queries")
def pool_tanh_of_each(features, queries, key_weight, score_weight):
    keys = places_of(features) @ key_weight
    return looks(features, (np.tanh(queries)[:, None] + np.tanh(keys)[..., None, :, :]) @ score_weight)


# any input with several queries: without tanh the query cancels
@wrong("pool_by_queries")
def pool_without_tanh(features, queries, key_weight, score_weight):
    keys = places_of(features) @ key_weight
    return looks(features, (queries[:, None] + keys[..., None, :, :]) @ score_weight)


# A of 2 or more: scores are divided by the root of A
@wrong("pool_by_queries")
def pool_scaled(features, queries, key_weight, score_weight):
    return looks(features, scores_np(features, queries, key_weight, score_weight / np.sqrt(len(score_weight))))


# any input
@wrong("pool_by_queries")
def pool_weights_first(features, queries, key_weight, score_weight):
    return pool(features, queries, key_weight, score_weight)[::-1]


# N ≠ A has another shape; N = A other numbers
@wrong("pool_by_queries")
def pool_context_of_keys(features, queries, key_weight, score_weight):
    contexts, weights = pool(features, queries, key_weight, score_weight)
    return contexts @ key_weight, weights


# N ≠ A fails, N = A gives other scores
@wrong("pool_by_queries")
def pool_key_weight_turned(features, queries, key_weight, score_weight):
    return pool(features, queries, key_weight.T, score_weight)


# float64: a float32 result is narrower than the input
@wrong("pool_by_queries")
def pool_in_float32(features, queries, key_weight, score_weight):
    return pool(*(a.astype(np.float32) for a in (features, queries, key_weight, score_weight)))


# float64: digits are lost on the way, though the type comes back
@wrong("pool_by_queries")
def pool_through_float32(features, queries, key_weight, score_weight):
    narrow = pool(*(a.astype(np.float32) for a in (features, queries, key_weight, score_weight)))
    return tuple(a.astype(features.dtype) for a in narrow)


# any input: the features are the caller's
@wrong("pool_by_queries")
def pool_moves_the_features(features, queries, key_weight, score_weight):
    found = pool(features, queries, key_weight, score_weight)
    features -= features.mean(axis=-1, keepdims=True)
    return found


# any input: queries are the caller's
@wrong("pool_by_queries")
def pool_moves_the_queries(features, queries, key_weight, score_weight):
    found = pool(features, queries, key_weight, score_weight)
    queries *= 0.5
    return found


# more than one place: a mean where a sum belongs
@wrong("pool_by_queries")
def pool_mean_of_weighted_places(features, queries, key_weight, score_weight):
    contexts, weights = pool(features, queries, key_weight, score_weight)
    return contexts / weights[0].size, weights


# any map: the weights stay a list of places
@wrong("pool_by_queries")
def pool_flat_weights(features, queries, key_weight, score_weight):
    contexts, weights = pool(features, queries, key_weight, score_weight)
    return contexts, weights.reshape(*weights.shape[:-2], -1)


# several queries: all contexts are those of the last one
@wrong("pool_by_queries")
def pool_last_query_for_all(features, queries, key_weight, score_weight):
    return pool(features, np.broadcast_to(queries[-1:], queries.shape), key_weight, score_weight)


# float64: weights with four digits
@wrong("pool_by_queries")
def pool_rounded(features, queries, key_weight, score_weight):
    contexts, weights = pool(features, queries, key_weight, score_weight)
    return contexts, weights.round(6)


# a weight of 1e-9 is not 0 (float64, scores some twenty apart)
@wrong("pool_by_queries")
def pool_small_weights_cut(features, queries, key_weight, score_weight):
    contexts, weights = pool(features, queries, key_weight, score_weight)
    return contexts, np.where(weights < 1e-8, 0, weights)


# the same features in another call with other queries of the same shape
remembered = {}


@wrong("pool_by_queries")
def pool_remembers(features, queries, key_weight, score_weight):
    key = (features.shape, queries.shape, str(features.dtype))
    if key not in remembered:
        remembered[key] = pool(features, queries, key_weight, score_weight)
    return remembered[key]


# hidden units beyond ±3 (units may be large): a rational approximation of tanh
@wrong("pool_by_queries")
def pool_tanh_approximated(features, queries, key_weight, score_weight):
    hidden = queries[:, None] + (places_of(features) @ key_weight)[..., None, :, :]
    near = (hidden * (27 + hidden**2) / (27 + 9 * hidden**2)).clip(-1, 1)
    return looks(features, near @ score_weight)


# hidden units of some hundreds: exp overflows, ∞ / ∞
@wrong("pool_by_queries")
def pool_tanh_by_exponentials(features, queries, key_weight, score_weight):
    hidden = queries[:, None] + (places_of(features) @ key_weight)[..., None, :, :]
    up, down = np.exp(hidden), np.exp(-hidden)
    return looks(features, (up - down) / (up + down) @ score_weight)


# --- pool_by_queries, TensorFlow and PyTorch -------------------------------------------------------------------------


def places_tf(features):
    return tf.reshape(features, tf.concat([tf.shape(features)[:-3], [-1], tf.shape(features)[-1:]], 0))


def scores_tf(features, queries, key_weight, score_weight):
    keys = tf.tensordot(places_tf(features), key_weight, 1)
    return tf.tensordot(tf.tanh(queries[:, None] + keys[..., None, :, :]), score_weight, 1)


def looks_tf(features, weights):
    shape = tf.concat([tf.shape(weights)[:-1], tf.shape(features)[-3:-1]], 0)
    return weights @ places_tf(features), tf.reshape(weights, shape)


@right("pool_by_queries", framework="tensorflow")
def pool_tf_by_logsumexp(features, queries, key_weight, score_weight):
    scores = scores_tf(features, queries, key_weight, score_weight)
    return looks_tf(features, tf.exp(scores - tf.reduce_logsumexp(scores, axis=-1, keepdims=True)))


@right("pool_by_queries", framework="tensorflow")
def pool_tf_by_einsum(features, queries, key_weight, score_weight):
    keys = tf.einsum("...hwn,na->...hwa", features, key_weight)
    scores = tf.einsum("...thwa,a->...thw", tf.tanh(queries[:, None, None] + keys[..., None, :, :, :]), score_weight)
    scores -= tf.stop_gradient(tf.reduce_max(scores, axis=[-2, -1], keepdims=True))
    up = tf.exp(scores)
    weights = up / tf.reduce_sum(up, axis=[-2, -1], keepdims=True)
    return tf.einsum("...thw,...hwn->...tn", weights, features), weights


# several queries
@wrong("pool_by_queries", framework="tensorflow")
def pool_tf_over_queries(features, queries, key_weight, score_weight):
    return looks_tf(features, tf.nn.softmax(scores_tf(features, queries, key_weight, score_weight), axis=-2))


# the gradient of the maps does not reach the queries
@wrong("pool_by_queries", framework="tensorflow")
def pool_tf_maps_without_gradient(features, queries, key_weight, score_weight):
    contexts, weights = looks_tf(features, tf.nn.softmax(scores_tf(features, queries, key_weight, score_weight)))
    return contexts, tf.stop_gradient(weights)


# the gradient of the context reaches features through the weights alone
@wrong("pool_by_queries", framework="tensorflow")
def pool_tf_values_without_gradient(features, queries, key_weight, score_weight):
    weights = tf.nn.softmax(scores_tf(features, queries, key_weight, score_weight))
    return looks_tf(tf.stop_gradient(features), weights)


# the gradient reaches the features through the values alone
@wrong("pool_by_queries", framework="tensorflow")
def pool_tf_keys_without_gradient(features, queries, key_weight, score_weight):
    scores = scores_tf(tf.stop_gradient(features), queries, key_weight, score_weight)
    return looks_tf(features, tf.nn.softmax(scores))


# float64 is narrowed
@wrong("pool_by_queries", framework="tensorflow")
def pool_tf_in_float32(features, queries, key_weight, score_weight):
    features, *others = (tf.cast(a, tf.float32) for a in (features, queries, key_weight, score_weight))
    return looks_tf(features, tf.nn.softmax(scores_tf(features, *others)))


# scores of some thousands
@wrong("pool_by_queries", framework="tensorflow")
def pool_tf_naive(features, queries, key_weight, score_weight):
    up = tf.exp(scores_tf(features, queries, key_weight, score_weight))
    return looks_tf(features, up / tf.reduce_sum(up, axis=-1, keepdims=True))


# no gradient at all: through NumPy
@wrong("pool_by_queries", framework="tensorflow")
def pool_tf_through_numpy(features, queries, key_weight, score_weight):
    return tuple(tf.constant(a) for a in pool(*(a.numpy() for a in (features, queries, key_weight, score_weight))))


# three or more axes before the map
@wrong("pool_by_queries", framework="tensorflow")
def pool_tf_last_leading_axis_kept(features, queries, key_weight, score_weight):
    h, w, n = features.shape[-3:]
    places = tf.reshape(features, [-1, h * w, n])
    weights = tf.nn.softmax(scores_tf(places[..., None, :], queries, key_weight, score_weight))
    contexts, maps = weights @ places, tf.reshape(weights, [-1, len(queries), h, w])
    return (contexts[0], maps[0]) if features.shape.rank == 3 else (contexts, maps)


def scores_pt(features, queries, key_weight, score_weight):
    keys = features.flatten(-3, -2) @ key_weight
    return torch.tanh(queries[:, None] + keys[..., None, :, :]) @ score_weight


def looks_pt(features, weights):
    return weights @ features.flatten(-3, -2), weights.unflatten(-1, features.shape[-3:-1])


@right("pool_by_queries", framework="pytorch")
def pool_pt_unflattened(features, queries, key_weight, score_weight):
    return looks_pt(features, scores_pt(features, queries, key_weight, score_weight).log_softmax(-1).exp())


@right("pool_by_queries", framework="pytorch")
def pool_pt_in_double(features, queries, key_weight, score_weight):
    """Places column by column; the maps are turned back."""
    features, *others = (a.double() for a in (features, queries, key_weight, score_weight))
    turned = features.transpose(-3, -2)
    contexts, maps = looks_pt(turned, scores_pt(turned, *others).softmax(-1))
    return contexts, maps.transpose(-1, -2)


# features that were (…, N, h, w) and were permuted: view wants what lies in order
@wrong("pool_by_queries", framework="pytorch")
def pool_pt_by_view(features, queries, key_weight, score_weight):
    *lead, h, w, n = features.shape
    places = features.view(*lead, h * w, n)
    weights = torch.softmax(torch.tanh(queries[:, None] + (places @ key_weight)[..., None, :, :]) @ score_weight, -1)
    return weights @ places, weights.view(*lead, len(queries), h, w)


# places in the wrong order if the features are not contiguous: strides are taken as they are
@wrong("pool_by_queries", framework="pytorch")
def pool_pt_as_strided(features, queries, key_weight, score_weight):
    *lead, h, w, n = features.shape
    places = features.as_strided((*lead, h * w, n), (*features.stride()[:-3], n, 1))
    return looks_pt(features, scores_pt(places[..., None, :], queries, key_weight, score_weight).softmax(-1))


# the gradient of the maps reaches nothing
@wrong("pool_by_queries", framework="pytorch")
def pool_pt_maps_detached(features, queries, key_weight, score_weight):
    contexts, maps = looks_pt(features, scores_pt(features, queries, key_weight, score_weight).softmax(-1))
    return contexts, maps.detach()


# the gradient reaches the features through the values alone
@wrong("pool_by_queries", framework="pytorch")
def pool_pt_keys_detached(features, queries, key_weight, score_weight):
    return looks_pt(features, scores_pt(features.detach(), queries, key_weight, score_weight).softmax(-1))


# the gradient of score_weight is missing
@wrong("pool_by_queries", framework="pytorch")
def pool_pt_score_weight_detached(features, queries, key_weight, score_weight):
    return looks_pt(features, scores_pt(features, queries, key_weight, score_weight.data).softmax(-1))


# no gradient
@wrong("pool_by_queries", framework="pytorch")
def pool_pt_no_grad(features, queries, key_weight, score_weight):
    with torch.no_grad():
        return looks_pt(features, scores_pt(features, queries, key_weight, score_weight).softmax(-1))


# float64: float32 in the middle
@wrong("pool_by_queries", framework="pytorch")
def pool_pt_float_scores(features, queries, key_weight, score_weight):
    scores = scores_pt(features, queries, key_weight, score_weight)
    return looks_pt(features, scores.float().softmax(-1).to(features.dtype))


# leading axes, at least one: the axis of softmax counts from the front
@wrong("pool_by_queries", framework="pytorch")
def pool_pt_softmax_axis_one(features, queries, key_weight, score_weight):
    return looks_pt(features, scores_pt(features, queries, key_weight, score_weight).softmax(1))


# no leading axis, or several: softmax over axis 2
@wrong("pool_by_queries", framework="pytorch")
def pool_pt_softmax_axis_two(features, queries, key_weight, score_weight):
    return looks_pt(features, scores_pt(features, queries, key_weight, score_weight).softmax(2))


# the caller's features are changed, and changed back but for their rounding
@wrong("pool_by_queries", framework="pytorch")
def pool_pt_moves_the_features(features, queries, key_weight, score_weight):
    found = looks_pt(features, scores_pt(features, queries, key_weight, score_weight).softmax(-1))
    with torch.no_grad():
        features.mul_(2)
    return found


# --- heat_map --------------------------------------------------------------------------------------------------------


@right("heat_map")
def heat_by_distances(weights, shape, size, stride):
    picks = []
    for places, pixels in zip(shape, size, strict=True):
        apart = np.abs(np.arange(pixels)[:, None] - stride * np.arange(places))
        picks.append(apart.argmin(axis=1))  # the first of two
    return paint(weights, shape, *picks)


@right("heat_map")
def heat_by_ceiling(weights, shape, size, stride):
    rows, columns = (
        np.ceil(np.arange(n) / stride - 0.5).astype(int).clip(0, m - 1) for n, m in zip(size, shape, strict=True)
    )
    return np.take(np.take(weights.reshape(*weights.shape[:-1], *shape), rows, axis=-2), columns, axis=-1)


@right("heat_map")
def heat_by_repeats(weights, shape, size, stride):
    painted = weights.reshape(*weights.shape[:-1], *shape)
    for axis, pixels in ((-2, size[0]), (-1, size[1])):
        times = np.full(painted.shape[axis], stride)
        times[0] = stride // 2 + 1  # from pixel 0 to the last that is not nearer to the next
        painted = np.repeat(painted, times, axis=axis)
        last = painted.take([-1], axis=axis)
        missing = max(0, pixels - painted.shape[axis])
        painted = np.concatenate([painted] + [last] * missing, axis=axis)
        painted = np.take(painted, np.arange(pixels), axis=axis)
    return painted


@right("heat_map")
def heat_pixel_by_pixel(weights, shape, size, stride):
    out = np.empty((*weights.shape[:-1], *size), weights.dtype)
    for r, c in np.ndindex(*size):
        i = min(range(shape[0]), key=lambda i: abs(r - stride * i))
        j = min(range(shape[1]), key=lambda j: abs(c - stride * j))
        out[..., r, c] = weights[..., i * shape[1] + j]
    return out


@right("heat_map")
def heat_by_searchsorted(weights, shape, size, stride):
    """Twice the pixel among the borders, which lie at twice the middle of two centres."""
    rows, columns = (
        np.searchsorted(stride * (2 * np.arange(1, m) - 1), 2 * np.arange(n)) for n, m in zip(size, shape, strict=True)
    )
    return paint(weights, shape, rows, columns)


def picked(pick):
    """A heat map whose rows and columns are picked by `pick(pixels, stride, places)`."""

    def heat(weights, shape, size, stride):
        rows, columns = (pick(n, stride, m) for n, m in zip(size, shape, strict=True))
        return paint(weights, shape, rows, columns)

    heat.__name__ = f"heat_{pick.__name__}"
    return heat


def wrong_pick(pick):
    wrong("heat_map")(picked(pick))
    return pick


# stride 2, pixel 3: halves go to the even number, here the second
@wrong_pick
def round_to_even(pixels, stride, places):
    return np.round(np.arange(pixels) / stride).astype(int).clip(0, places - 1)


# stride 3, pixel 2
@wrong_pick
def floor(pixels, stride, places):
    return np.arange(pixels) // stride


# stride 2, pixel 1 of two places: as near, and the second is taken
@wrong_pick
def second_of_two(pixels, stride, places):
    return ((np.arange(pixels) + stride // 2) // stride).clip(0, places - 1)


# stride 3, h = 2, H = 6: pixel 5 belongs to a place that is not there
@wrong_pick
def no_end(pixels, stride, places):
    return (np.arange(pixels) + (stride - 1) // 2) // stride


# stride 3, h = 2, H = 6: the pixels behind the last border begin again with place 0
@wrong_pick
def round_the_end(pixels, stride, places):
    return (np.arange(pixels) + (stride - 1) // 2) // stride % places


# stride 7, pixel 4: 4 / 7 − 0.1 is below a half (stride 5, pixel 3 is a half)
@wrong_pick
def a_tenth_less(pixels, stride, places):
    return np.round(np.arange(pixels) / stride - 0.1).astype(int).clip(0, places - 1)


# stride 27, pixel 14: 14 / 27 − 0.02 is below a half
@wrong_pick
def a_fiftieth_less(pixels, stride, places):
    return np.round(np.arange(pixels) / stride - 0.02).astype(int).clip(0, places - 1)


# stride 3, h = 2, H = 4: the picture is not h · stride long
@wrong_pick
def by_proportion(pixels, stride, places):
    return np.arange(pixels) * places // pixels


# stride 3, h = 2, H = 4 or 6: only H = (h − 1) · stride + 1 has its corners on centres
@wrong_pick
def corners_aligned(pixels, stride, places):
    return np.linspace(0, places - 1, pixels).round().astype(int)


# stride 3, h = 2, H = 4: the stride is asked of the sizes
@wrong_pick
def stride_of_the_sizes(pixels, stride, places):
    return nearest(pixels, max(1, pixels // places), places)


# stride 4, pixel 2 and 3: ceiling of the quotient
@wrong_pick
def ceiling(pixels, stride, places):
    return -(-np.arange(pixels) // stride).clip(None, 0).clip(1 - places, 0)


# stride 5 and more: half of stride is taken as one pixel
@wrong_pick
def one_pixel_more(pixels, stride, places):
    return ((np.arange(pixels) + 1) // stride).clip(0, places - 1)


# a picture of 300 rows: uint8 numbers of rows begin again
@wrong_pick
def rows_in_uint8(pixels, stride, places):
    return (
        nearest(pixels, stride, places).astype(np.uint8).clip(0, places - 1)
        if stride > 1
        else np.arange(pixels, dtype=np.uint8)
    )


# stride 2, an odd pixel: of two as near the even place is taken, by argmin from behind
@wrong_pick
def last_of_the_nearest(pixels, stride, places):
    apart = np.abs(np.arange(pixels)[:, None] - stride * np.arange(places))
    return places - 1 - apart[:, ::-1].argmin(axis=1)


# stride 3, pixel 1: unsigned distances wrap
@wrong_pick
def unsigned_distances(pixels, stride, places):
    apart = np.arange(pixels, dtype=np.uint32)[:, None] - np.arange(places, dtype=np.uint32) * np.uint32(stride)
    return apart.argmin(axis=1)


# a map of 40 rows, stride 8: numbers of pixels in int8
@wrong_pick
def pixels_in_int8(pixels, stride, places):
    return (
        nearest(pixels, stride, places)
        if pixels < 128
        else ((np.arange(pixels).astype(np.int8) + (stride - 1) // 2) // stride).clip(0, places - 1)
    )


# float16 knows no odd pixel beyond 2048 (one column, 1100 rows, stride 2)
@wrong("heat_map")
def heat_pixels_in_the_type_of_the_weights(weights, shape, size, stride):
    rows, columns = (
        np.ceil((np.arange(n).astype(weights.dtype) / stride).astype(float) - 0.5).astype(int).clip(0, m - 1)
        for n, m in zip(size, shape, strict=True)
    )
    return paint(weights, shape, rows, columns)


# a map that is not square
@wrong("heat_map")
def heat_columns_first(weights, shape, size, stride):
    rows, columns = nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1])
    grid = weights.reshape(*weights.shape[:-1], *shape[::-1]).swapaxes(-1, -2)
    return grid[..., rows[:, None], columns]


# a picture that is not square
@wrong("heat_map")
def heat_width_first(weights, shape, size, stride):
    return paint(weights, shape, nearest(size[1], stride, shape[0]), nearest(size[0], stride, shape[1]))


# any picture of several rows and columns
@wrong("heat_map")
def heat_turned(weights, shape, size, stride):
    return paint(weights, shape, nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1])).swapaxes(
        -1, -2
    )


# no leading axis
@wrong("heat_map")
def heat_one_leading_axis(weights, shape, size, stride):
    _b, _s = weights.shape
    return paint(weights, shape, nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1]))


# two leading axes come back as one
@wrong("heat_map")
def heat_leading_axes_joined(weights, shape, size, stride):
    flat = weights.reshape(-1, weights.shape[-1]) if weights.ndim > 1 else weights
    return paint(flat, shape, nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1]))


# float16 or float32 weights come back as float64
@wrong("heat_map")
def heat_in_float64(weights, shape, size, stride):
    out = np.zeros((*weights.shape[:-1], *size))
    out[:] = paint(weights, shape, nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1]))
    return out


# float16 alone comes back as float32
@wrong("heat_map")
def heat_at_least_float32(weights, shape, size, stride):
    out = paint(weights, shape, nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1]))
    return out.astype(np.result_type(out.dtype, np.float32))


# float64 loses digits on the way
@wrong("heat_map")
def heat_through_float32(weights, shape, size, stride):
    out = paint(weights, shape, nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1]))
    return out.astype(np.float32).astype(weights.dtype)


# any weights whose maximum is not 1
@wrong("heat_map")
def heat_brightest_is_one(weights, shape, size, stride):
    out = paint(weights, shape, nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1]))
    return out / out.max(axis=(-2, -1), keepdims=True)


# one leading axis of size 1, or a map of one place
@wrong("heat_map")
def heat_squeezed(weights, shape, size, stride):
    return np.squeeze(paint(weights, shape, nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1])))


# stride above 1: between centres the weights are mixed
@wrong("heat_map")
def heat_bilinear(weights, shape, size, stride):
    out = weights.reshape(*weights.shape[:-1], *shape)
    for axis, n, m in ((-2, size[0], shape[0]), (-1, size[1], shape[1])):
        out = np.apply_along_axis(lambda v, n=n, m=m: np.interp(np.arange(n), stride * np.arange(m), v), axis, out)
    return out.astype(weights.dtype)


# stride 2, H = 2h: blocks shifted with np.roll bring the last place before the first
@wrong("heat_map")
def heat_blocks_rolled(weights, shape, size, stride):
    grid = weights.reshape(*weights.shape[:-1], *shape).repeat(stride, axis=-2).repeat(stride, axis=-1)
    back = -((stride - 1) // 2)
    return np.roll(grid, (back, back), axis=(-2, -1))[..., : size[0], : size[1]]


# a stride of 1 and a picture as large as the map: the picture is a view, and the weights are spoilt with it
@wrong("heat_map")
def heat_weights_spoilt(weights, shape, size, stride):
    out = paint(weights, shape, nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1]))
    weights /= weights.max()
    return out


# several maps: each picture is the first one
@wrong("heat_map")
def heat_of_the_first(weights, shape, size, stride):
    out = paint(weights, shape, nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1]))
    return np.broadcast_to(out.reshape(-1, *size)[0], out.shape)


# subnormal weights, 1e-310 or 6e-8 in float16, are not zero
@wrong("heat_map")
def heat_small_is_nothing(weights, shape, size, stride):
    out = paint(weights, shape, nearest(size[0], stride, shape[0]), nearest(size[1], stride, shape[1]))
    return np.where(out < 1e-6, 0, out).astype(weights.dtype)


# --- coordinates_by_hand ---------------------------------------------------------------------------------------------

answers.by_hand(
    "coordinates_by_hand",
    wrong={
        "hand_as_if_padded_by_half": [4, 2, 22, 14, 11],
        "hand_padding_twice": [4, 4, 24, 13, 10],
        "hand_pooling_moves_by_half_a_pixel": [4, 5.5, 25.5, 13, 10],
        "hand_last_layer_moves_by_one_pixel": [4, 3, 23, 13, 10],
        "hand_step_of_two": [2, 6, 16, 13, 20],
        "hand_step_of_five": [5, 6, 31, 13, 8],
        "hand_counted_from_one": [4, 6, 22, 13, 10],
        "hand_places_unpadded": [4, 6, 26, 12, 10],
        "hand_places_of_ceilings": [4, 6, 26, 14, 10],
        "hand_nearest_by_floor": [4, 6, 26, 13, 9],
        "hand_nearest_without_first": [4, 6, 26, 13, 11],
        "hand_nearest_as_a_quotient": [4, 6, 26, 13, 9.75],
        "hand_nearest_centre_for_number": [4, 6, 26, 13, 46],
        "hand_left_edges": [4, 1, 21, 13, 10],
        "hand_another_order": [6, 4, 26, 13, 10],
        "hand_four_numbers": [4, 6, 26, 13],
        "hand_pooling_forgotten": [2, 3, 13, 28, 21],
        "hand_half_pixel_convention": [4, 6.5, 26.5, 13, 10],
        "hand_negative_start": [4, -2, 18, 13, 12],
        "hand_in_letters": ["4", "6", "26", "13", "10"],
    },
    right={
        "hand_as_whole_numbers": [4, 6, 26, 13, 10],
        "hand_as_array": np.array([4.0, 6.0, 26.0, 13.0, 10.0]),
        "hand_as_fractions": (Fraction(4), Fraction(6), Fraction(26), Fraction(13), Fraction(10)),
    },
)


# --- pixels_seen -----------------------------------------------------------------------------------------------------


def down(layers, size, place, numbers=None, drop=True):
    """What a place sees, by sets; `numbers(i, *layer)` are what place i of a layer takes."""
    numbers = numbers or (
        lambda i, kernel, stride, padding, dilation: range(
            stride * i - padding, stride * i - padding + dilation * kernel, dilation
        )
    )
    sizes, seen = lengths(layers, size), {place}
    for layer, n in zip(layers[::-1], sizes[-2::-1], strict=True):
        seen = {m for i in seen for m in numbers(i, *layer) if 0 <= m < n or not drop}
    return np.isin(np.arange(size), list(seen))


@right("pixels_seen")
def seen_by_matrices(layers, size, place):
    """A matrix for each layer, places by numbers below; their Boolean product."""
    reach = np.eye(size, dtype=bool)
    for kernel, stride, padding, dilation in layers:
        n = len(reach)
        places = np.arange((n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
        taken = stride * places[:, None] - padding + dilation * np.arange(kernel)
        layer = (taken[..., None] == np.arange(n)).any(axis=1)
        reach = layer @ reach
    return reach[place]


@right("pixels_seen")
def seen_upwards_with_sets(layers, size, place):
    maps = [{p} for p in range(size)]
    for kernel, stride, padding, dilation in layers:
        padded = [set()] * padding + maps + [set()] * padding
        wide = dilation * (kernel - 1)
        maps = [set().union(*padded[s : s + wide + 1 : dilation]) for s in range(0, len(padded) - wide, stride)]
    return np.array([p in maps[place] for p in range(size)])


@right("pixels_seen")
def seen_by_slices(layers, size, place):
    sizes = lengths(layers, size)
    above = np.zeros(sizes[-1], bool)
    above[place] = True
    for (kernel, stride, padding, dilation), n in zip(reversed(layers), sizes[-2::-1], strict=True):
        below = np.zeros(padding + n + padding + dilation * kernel, bool)
        for i in np.flatnonzero(above):
            below[stride * i : stride * i + dilation * kernel : dilation] = True
        above = below[padding : padding + n]
    return above


@right("pixels_seen")
def seen_by_sets(layers, size, place):
    return down(layers, size, place)


# a dilation of 2: the holes are filled
@wrong("pixels_seen")
def seen_without_holes(layers, size, place):
    return down(layers, size, place, lambda i, k, s, p, d: range(s * i - p, s * i - p + d * (k - 1) + 1))


# a dilation of 2: it is not there
@wrong("pixels_seen")
def seen_without_dilation(layers, size, place):
    return down(layers, size, place, lambda i, k, s, p, d: range(s * i - p, s * i - p + k))


# two layers of kernel 3 and padding 1, place 0: number −1 of the map between sees pixel 0
@wrong("pixels_seen")
def seen_through_the_padding(layers, size, place):
    return down(layers, size, place, drop=False)


# a place that lies wholly in the padding has no interval; holes; padding between
@wrong("pixels_seen")
def seen_as_an_interval(layers, size, place):
    lowest = highest = place
    for kernel, stride, padding, dilation in layers[::-1]:
        lowest, highest = stride * lowest - padding, stride * highest - padding + dilation * (kernel - 1)
    return (np.arange(size) >= lowest) & (np.arange(size) <= highest)


# a dilation of 2 (or a stride above the kernel) with more than one layer: the hull of each map
@wrong("pixels_seen")
def seen_hull_of_each_map(layers, size, place):
    sizes, lowest, highest = lengths(layers, size), place, place
    for (kernel, stride, padding, dilation), n in zip(layers[::-1], sizes[-2::-1], strict=True):
        lowest, highest = stride * lowest - padding, stride * highest - padding + dilation * (kernel - 1)
        lowest, highest = max(lowest, 0), min(highest, n - 1)
    return (np.arange(size) >= lowest) & (np.arange(size) <= highest)


# the lowest layer alone has its holes: two dilated layers, one upon the other
@wrong("pixels_seen")
def seen_holes_of_the_lowest(layers, size, place):
    filled = [(d * (k - 1) + 1, s, p, 1) for k, s, p, d in layers[1:]]
    return down(layers[:1] + filled, size, place)


# place 0 of a padded layer: what lies before the first is moved to the first
@wrong("pixels_seen")
def seen_clipped_to_the_edge(layers, size, place):
    sizes, seen = lengths(layers, size), {place}
    for (k, s, p, d), n in zip(layers[::-1], sizes[-2::-1], strict=True):
        seen = {min(max(s * i - p + d * t, 0), n - 1) for i in seen for t in range(k)}
    return np.isin(np.arange(size), list(seen))


# kernel 3, padding 1, place 0: −1 is the last pixel for NumPy
@wrong("pixels_seen")
def seen_from_behind(layers, size, place):
    sizes, seen = lengths(layers, size), {place}
    for (k, s, p, d), n in zip(layers[::-1], sizes[-2::-1], strict=True):
        seen = {m % n for i in seen for t in range(k) if -n <= (m := s * i - p + d * t) < n}
    return np.isin(np.arange(size), list(seen))


# dilation 2, padding 1, place 0: takes 1, 3, …; a slice that is cut at 0 takes 0, 2, …
@wrong("pixels_seen")
def seen_slices_cut_at_zero(layers, size, place):
    return down(layers, size, place, lambda i, k, s, p, d: range(max(0, s * i - p), s * i - p + d * (k - 1) + 1, d))


# two layers that differ: from the picture upwards is not from the top down
@wrong("pixels_seen")
def seen_layers_upside_down(layers, size, place):
    return down(layers[::-1], size, place)


# no layer: the place is the pixel
@wrong("pixels_seen")
def seen_no_layer_sees_all(layers, size, place):
    return down(layers, size, place) if layers else np.ones(size, bool)


# no layer
@wrong("pixels_seen")
def seen_no_layer_sees_nothing(layers, size, place):
    return down(layers, size, place) if layers else np.zeros(size, bool)


# no layer: layers[-1] is not there
@wrong("pixels_seen")
def seen_no_layer_fails(layers, size, place):
    layers[-1]
    return down(layers, size, place)


# padding of 3 and a kernel of 3: place 0 sees nothing, and gets the nearest pixel
@wrong("pixels_seen")
def seen_at_least_one(layers, size, place):
    seen = down(layers, size, place)
    if not seen.any():
        seen[0] = True
    return seen


# any: numbers for True and False
@wrong("pixels_seen")
def seen_as_numbers(layers, size, place):
    return down(layers, size, place).astype(int)


# any: the numbers of the pixels
@wrong("pixels_seen")
def seen_as_indices(layers, size, place):
    return np.flatnonzero(down(layers, size, place))


# two layers: the caller's list is turned
@wrong("pixels_seen")
def seen_turns_the_list(layers, size, place):
    found = down(layers, size, place)
    layers.reverse()
    return found


# one layer: the caller's list is emptied
@wrong("pixels_seen")
def seen_empties_the_list(layers, size, place):
    found = down(layers, size, place)
    while layers:
        layers.pop()
    return found


# two stacks of as many layers, the same size and place, one after the other
stacks = {}


@wrong("pixels_seen")
def seen_remembers(layers, size, place):
    return stacks.setdefault((len(layers), size, place), down(layers, size, place))


# stride 2, padding 0: padding moves by stride
@wrong("pixels_seen")
def seen_padding_times_stride(layers, size, place):
    return down(layers, size, place, lambda i, k, s, p, d: range(s * (i - p), s * (i - p) + d * k, d))


# dilation 2, padding 1
@wrong("pixels_seen")
def seen_padding_times_dilation(layers, size, place):
    return down(layers, size, place, lambda i, k, s, p, d: range(s * i - p * d, s * i - p * d + d * k, d))


# dilation 1 sees every second number
@wrong("pixels_seen")
def seen_dilation_one_more(layers, size, place):
    return down(layers, size, place, lambda i, k, s, p, d: range(s * i - p, s * i - p + (d + 1) * k, d + 1))


# a padding that is not half of the kernel: windows lie around stride · i
@wrong("pixels_seen")
def seen_windows_centred(layers, size, place):
    return down(layers, size, place, lambda i, k, s, p, d: range(s * i - d * (k // 2), s * i - d * (k // 2) + d * k, d))


def seen_with_lengths(layers, size, place, length):
    sizes, seen = [size], {place}
    for layer in layers:
        sizes.append(length(sizes[-1], *layer))
    for (k, s, p, d), n in zip(layers[::-1], sizes[-2::-1], strict=True):
        seen = {m for i in seen for t in range(k) if 0 <= (m := s * i - p + d * t) < n}
    return np.isin(np.arange(size), list(seen))


# kernel 3 and no padding, then a padded layer at its end: the map between is too long
@wrong("pixels_seen")
def seen_lengths_without_kernels(layers, size, place):
    return seen_with_lengths(layers, size, place, lambda n, k, s, p, d: -(-n // s))


# dilation 2 below, padding above, the last place
@wrong("pixels_seen")
def seen_lengths_without_dilation(layers, size, place):
    return seen_with_lengths(layers, size, place, lambda n, k, s, p, d: (n + 2 * p - k) // s + 1)


# padding below, the last place above: padding counts once
@wrong("pixels_seen")
def seen_lengths_padding_once(layers, size, place):
    return seen_with_lengths(layers, size, place, lambda n, k, s, p, d: (n + p - d * (k - 1) - 1) // s + 1)


# 6 numbers, kernel 3, stride 2 below, padding above: rounded up
@wrong("pixels_seen")
def seen_lengths_rounded_up(layers, size, place):
    return seen_with_lengths(layers, size, place, lambda n, k, s, p, d: -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1)


# a padded layer upon another, the last place: it ends at the picture's size in every map
@wrong("pixels_seen")
def seen_lengths_of_the_picture(layers, size, place):
    return seen_with_lengths(layers, size, place, lambda n, k, s, p, d: n)


# padding before the first is left out, that behind the last is not (place 1 and later of padded maps)
@wrong("pixels_seen")
def seen_end_open(layers, size, place):
    return seen_with_lengths(layers, size, place, lambda n, k, s, p, d: 10**9)


def averages(layers, size, place, dtype, above):
    rows = np.eye(size, dtype=dtype)
    for kernel, stride, padding, dilation in layers:
        padded = np.pad(rows, ((padding, padding), (0, 0)))
        wide = dilation * (kernel - 1)
        rows = np.stack(
            [
                padded[s : s + wide + 1 : dilation].sum(axis=0, dtype=dtype) / dtype(kernel)
                for s in range(0, len(padded) - wide, stride)
            ]
        )
    return rows[place] > above


# a dozen layers of kernel 3: the edge of the field has a part of 3^-12
@wrong("pixels_seen")
def seen_by_shares_of_a_millionth(layers, size, place):
    return averages(layers, size, place, np.float64, 1e-5)


# sixteen layers of kernel 3: in float16 the edge of the field underflows
@wrong("pixels_seen")
def seen_by_shares_in_float16(layers, size, place):
    return averages(layers, size, place, np.float16, 0)


# a hundred layers of kernel 3: in float32 the edge of the field underflows
@wrong("pixels_seen")
def seen_by_shares_in_float32(layers, size, place):
    return averages(layers, size, place, np.float32, 0)


# kernel 256 twice: the paths to the pixel in the middle, counted in uint8, may be 256
@wrong("pixels_seen")
def seen_by_paths_in_uint8(layers, size, place):
    rows = np.eye(size, dtype=np.uint8)
    for kernel, stride, padding, dilation in layers:
        padded = np.pad(rows, ((padding, padding), (0, 0)))
        wide = dilation * (kernel - 1)
        rows = np.stack(
            [
                padded[s : s + wide + 1 : dilation].sum(axis=0, dtype=np.uint8)
                for s in range(0, len(padded) - wide, stride)
            ]
        )
    return rows[place] > 0


# --- pointed_at ------------------------------------------------------------------------------------------------------


def centres(weights, first, stride):
    row, column = heaviest(weights)
    return first + stride * row, first + stride * column


def pointed(weights, boxes, first, stride):
    return box_of(*centres(weights, first, stride), boxes)


@right("pointed_at")
def pointed_by_loops(weights, boxes, first, stride):
    found = np.full(weights.shape[:-2], -1)
    for where in np.ndindex(weights.shape[:-2]):
        i, j = max(np.ndindex(weights.shape[-2:]), key=lambda place: weights[where][place])
        y, x = first + stride * i, first + stride * j
        for k, (top, left, bottom, right_) in reversed(list(enumerate(boxes[where]))):
            if top <= y < bottom and left <= x < right_:
                found[where] = k
    return found


@right("pointed_at")
def pointed_by_floors(weights, boxes, first, stride):
    """A centre at 2.5 lies in the same boxes of whole pixels as one at 2."""
    row, column = centres(weights, first, stride)
    return box_of(np.floor(row), np.floor(column), boxes)


@right("pointed_at")
def pointed_with_a_last_box(weights, boxes, first, stride):
    row, column = (c[..., None] for c in centres(weights, first, stride))
    top, left, bottom, side = np.moveaxis(boxes, -1, 0)
    inside = (top <= row) & (row < bottom) & (left <= column) & (column < side)
    inside = np.concatenate([inside, np.ones_like(inside[..., :1])], axis=-1)  # none of them: the box behind the last
    found = inside.argmax(axis=-1)
    return np.where(found == boxes.shape[-2], -1, found)


@right("pointed_at")
def pointed_from_behind(weights, boxes, first, stride):
    flat = weights.reshape(*weights.shape[:-2], -1)
    place = flat.argmax(axis=-1)
    y, x = first + place // weights.shape[-1] * stride, first + place % weights.shape[-1] * stride
    found = np.full(place.shape, -1)
    for k in range(boxes.shape[-2])[::-1]:
        top, left, bottom, side = (boxes[..., k, e] for e in range(4))
        found = np.where((y >= top) & (y < bottom) & (x >= left) & (x < side), k, found)
    return found.astype(np.int32)


# a map that is not square
@wrong("pointed_at")
def pointed_divided_by_rows(weights, boxes, first, stride):
    row, column = np.divmod(weights.reshape(*weights.shape[:-2], -1).argmax(axis=-1), weights.shape[-2])
    return box_of(first + stride * row, first + stride * column, boxes)


# a box that is not on the diagonal
@wrong("pointed_at")
def pointed_x_first(weights, boxes, first, stride):
    row, column = centres(weights, first, stride)
    return box_of(column, row, boxes)


# a centre at row `bottom`
@wrong("pointed_at")
def pointed_bottom_inside(weights, boxes, first, stride):
    return box_of(*centres(weights, first, stride), boxes + np.array([0, 0, 1, 1]))


# a centre at row `top`
@wrong("pointed_at")
def pointed_top_outside(weights, boxes, first, stride):
    row, column = centres(weights, first, stride)
    return box_of(row - 1e-9, column - 1e-9, boxes)


# bottom as a height, right as a width
@wrong("pointed_at")
def pointed_heights_and_widths(weights, boxes, first, stride):
    return box_of(
        *centres(weights, first, stride), np.concatenate([boxes[..., :2], boxes[..., 2:] + boxes[..., :2]], -1)
    )


# several places with the same weight
@wrong("pointed_at")
def pointed_last_of_the_heaviest(weights, boxes, first, stride):
    h, w = weights.shape[-2:]
    row, column = heaviest(weights[..., ::-1, ::-1])
    return box_of(first + stride * (h - 1 - row), first + stride * (w - 1 - column), boxes)


# several places with the same weight: the first column by column
@wrong("pointed_at")
def pointed_first_of_the_columns(weights, boxes, first, stride):
    column, row = heaviest(weights.swapaxes(-1, -2))
    return box_of(first + stride * row, first + stride * column, boxes)


# the heaviest row and the heaviest column meet where nothing is heavy
@wrong("pointed_at")
def pointed_sums_of_rows_and_columns(weights, boxes, first, stride):
    row, column = weights.sum(axis=-1).argmax(axis=-1), weights.sum(axis=-2).argmax(axis=-1)
    return box_of(first + stride * row, first + stride * column, boxes)


# two maxima, (0, 1) and (1, 0): row of the one and column of the other
@wrong("pointed_at")
def pointed_rows_and_columns_apart(weights, boxes, first, stride):
    row, column = weights.max(axis=-1).argmax(axis=-1), weights.max(axis=-2).argmax(axis=-1)
    return box_of(first + stride * row, first + stride * column, boxes)


# first = −0.5: pixel −0.5 lies before the picture, int makes it 0
@wrong("pointed_at")
def pointed_truncated(weights, boxes, first, stride):
    row, column = centres(weights, first, stride)
    return box_of(np.trunc(row), np.trunc(column), boxes)


# first = 3.5: rounding makes it 4, which may be `bottom`
@wrong("pointed_at")
def pointed_rounded(weights, boxes, first, stride):
    row, column = centres(weights, first, stride)
    return box_of(np.round(row), np.round(column), boxes)


# first = 0.5 is taken as 0 (centre 3 · 0 + 0.5 is the same, but first = −0.5 is not)
@wrong("pointed_at")
def pointed_first_as_a_whole_number(weights, boxes, first, stride):
    return pointed(weights, boxes, int(first), stride)


# first = 1.75 with a stride of 1: rounded to half pixels, it lies in the next pixel
@wrong("pointed_at")
def pointed_first_to_half_pixels(weights, boxes, first, stride):
    return pointed(weights, boxes, round(2 * first) / 2, stride)


# first = −1, place (0, 0), a box from 0: clipped to the picture
@wrong("pointed_at")
def pointed_clipped_to_the_picture(weights, boxes, first, stride):
    row, column = centres(weights, first, stride)
    return box_of(np.maximum(row, 0), np.maximum(column, 0), boxes)


# first below 0: its absolute value
@wrong("pointed_at")
def pointed_first_positive(weights, boxes, first, stride):
    return pointed(weights, boxes, abs(first), stride)


# first other than 0
@wrong("pointed_at")
def pointed_without_first(weights, boxes, first, stride):
    return pointed(weights, boxes, 0, stride)


# first other than 0: it is multiplied by the stride
@wrong("pointed_at")
def pointed_first_in_strides(weights, boxes, first, stride):
    row, column = heaviest(weights)
    return box_of((first + row) * stride, (first + column) * stride, boxes)


# first = −1 and an empty box −1, −1, −1, −1
@wrong("pointed_at")
def pointed_ends_inside(weights, boxes, first, stride):
    row, column = (c[..., None] for c in centres(weights, first, stride))
    inside = (boxes[..., 0] <= row) & (row <= boxes[..., 2]) & (boxes[..., 1] <= column) & (column <= boxes[..., 3])
    inside &= (row != boxes[..., 2]) | (boxes[..., 0] == boxes[..., 2])
    inside &= (column != boxes[..., 3]) | (boxes[..., 1] == boxes[..., 3])
    return np.where(inside.any(axis=-1), inside.argmax(axis=-1), -1)


# no box holds the centre
@wrong("pointed_at")
def pointed_none_is_zero(weights, boxes, first, stride):
    return np.maximum(pointed(weights, boxes, first, stride), 0)


# no box holds the centre
@wrong("pointed_at")
def pointed_none_is_the_number_of_boxes(weights, boxes, first, stride):
    found = pointed(weights, boxes, first, stride)
    return np.where(found < 0, boxes.shape[-2], found)


# two boxes hold the centre
@wrong("pointed_at")
def pointed_last_box(weights, boxes, first, stride):
    found = pointed(weights, boxes[..., ::-1, :], first, stride)
    return np.where(found < 0, -1, boxes.shape[-2] - 1 - found)


# two boxes hold the centre: the smaller one
@wrong("pointed_at")
def pointed_smallest_box(weights, boxes, first, stride):
    area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    order = area.argsort(axis=-1, kind="stable")
    found = pointed(weights, np.take_along_axis(boxes, order[..., None], axis=-2), first, stride)
    return np.where(found < 0, -1, np.take_along_axis(order, np.maximum(found, 0)[..., None], axis=-1)[..., 0])


# any: floating-point numbers
@wrong("pointed_at")
def pointed_as_floats(weights, boxes, first, stride):
    return pointed(weights, boxes, first, stride).astype(float)


# any: hit or not
@wrong("pointed_at")
def pointed_as_hits(weights, boxes, first, stride):
    return pointed(weights, boxes, first, stride) >= 0


# float64 weights that differ by 1e-10: one value in float32
@wrong("pointed_at")
def pointed_weights_in_float32(weights, boxes, first, stride):
    return pointed(weights.astype(np.float32), boxes, first, stride)


# float16 weights 1.001 and 1.002 after 1.000: equal to three digits
@wrong("pointed_at")
def pointed_nearly_as_heavy(weights, boxes, first, stride):
    top = weights.max(axis=(-2, -1), keepdims=True)
    return pointed(np.isclose(weights, top, rtol=1e-3, atol=0), boxes, first, stride)


# float64 weights that differ by one part in 10^6
@wrong("pointed_at")
def pointed_isclose(weights, boxes, first, stride):
    return pointed(np.isclose(weights, weights.max(axis=(-2, -1), keepdims=True)), boxes, first, stride)


# weights below 1e-8, all of them: np.isclose finds them all the same
@wrong("pointed_at")
def pointed_isclose_without_parts(weights, boxes, first, stride):
    top = weights.max(axis=(-2, -1), keepdims=True)
    return pointed(np.isclose(weights, top, rtol=0, atol=1e-12), boxes, first, stride)


# float16 weights whose sum is above 65504: all become 0
@wrong("pointed_at")
def pointed_shares(weights, boxes, first, stride):
    total = weights.sum(axis=(-2, -1), keepdims=True, dtype=weights.dtype)
    return pointed(weights / np.where(total > 0, total, 1), boxes, first, stride)


# a map of zeros: no place is above 0, none is pointed at
@wrong("pointed_at")
def pointed_nothing_in_a_map_of_zeros(weights, boxes, first, stride):
    return np.where(weights.max(axis=(-2, -1)) > 0, pointed(weights, boxes, first, stride), -1)


# float16 weights, a centre beyond 2048
@wrong("pointed_at")
def pointed_centres_in_the_type_of_the_weights(weights, boxes, first, stride):
    row, column = centres(weights, first, stride)
    return box_of(row.astype(weights.dtype), column.astype(weights.dtype), boxes)


# any with first other than 0: the boxes are the caller's
@wrong("pointed_at")
def pointed_moves_the_boxes(weights, boxes, first, stride):
    found = pointed(weights, boxes, first, stride)
    boxes -= 1
    return found


# the weights are the caller's
@wrong("pointed_at")
def pointed_erases_the_heaviest(weights, boxes, first, stride):
    found = pointed(weights, boxes, first, stride)
    weights[weights == weights.max()] = 0
    return found


# several leading axes come back as one
@wrong("pointed_at")
def pointed_leading_axes_joined(weights, boxes, first, stride):
    found = pointed(weights, boxes, first, stride)
    return found.reshape(-1) if found.ndim > 1 else found


# one leading axis of size 1 is lost
@wrong("pointed_at")
def pointed_squeezed(weights, boxes, first, stride):
    return np.squeeze(pointed(weights, boxes, first, stride))


# no leading axis
@wrong("pointed_at")
def pointed_at_least_one_axis(weights, boxes, first, stride):
    return np.atleast_1d(pointed(weights, boxes, first, stride))


# several pictures: each looks in the boxes of the first
@wrong("pointed_at")
def pointed_boxes_of_the_first(weights, boxes, first, stride):
    return pointed(weights, np.broadcast_to(boxes.reshape(-1, *boxes.shape[-2:])[0], boxes.shape), first, stride)


# a centre just outside a box: the box whose middle is nearest
@wrong("pointed_at")
def pointed_nearest_box(weights, boxes, first, stride):
    row, column = (c[..., None] for c in centres(weights, first, stride))
    away = (boxes[..., [0, 1]] + boxes[..., [2, 3]]) / 2 - np.stack([row, column], axis=-1)
    return (away**2).sum(axis=-1).argmin(axis=-1)


# a map with two peaks: the centre of mass lies between them
@wrong("pointed_at")
def pointed_centre_of_mass(weights, boxes, first, stride):
    shares = weights.astype(float) / weights.astype(float).sum(axis=(-2, -1), keepdims=True)
    row = (shares.sum(axis=-1) * np.arange(weights.shape[-2])).sum(axis=-1)
    column = (shares.sum(axis=-2) * np.arange(weights.shape[-1])).sum(axis=-1)
    return box_of(first + stride * row, first + stride * column, boxes)


# the middle of a block of pixels is not its centre
@wrong("pointed_at")
def pointed_middle_of_the_block(weights, boxes, first, stride):
    return pointed(weights, boxes, first + stride // 2, stride)


# --- erasure_curve ---------------------------------------------------------------------------------------------------


def order_of(scores):
    return torch.argsort(scores, dim=-1, descending=True, stable=True)


def curve(scores, features, order=None):
    """By masks: what may be seen and weighs something; the softmax of rows that have nothing is made zero."""
    order = order_of(scores) if order is None else order
    rank = order.argsort(dim=-1)
    steps = torch.arange(scores.shape[-1] + 1)[:, None]
    seen = (rank[..., None, :] >= steps) & ~torch.isneginf(scores)[..., None, :]
    some = seen.any(dim=-1, keepdim=True)
    raised = scores[..., None, :].masked_fill(~seen & some, -torch.inf).masked_fill(~some, 0)
    return torch.where(some, raised.softmax(dim=-1), 0) @ features


@right("erasure_curve", framework="pytorch")
def curve_by_two_fills(scores, features):
    return curve(scores, features)


@right("erasure_curve", framework="pytorch")
def curve_row_by_row(scores, features):
    """One place more is gone in each row; gone is gone, also where it never weighed anything."""
    left, rows = ~torch.isneginf(scores), []
    order = order_of(scores)
    for k in range(scores.shape[-1] + 1):
        safe = torch.where(left, scores, 0)
        top = torch.where(left, scores, -torch.inf).amax(dim=-1, keepdim=True).detach()
        up = torch.where(left, torch.exp(torch.where(left, safe - top.nan_to_num(neginf=0), 0)), 0)
        total = up.sum(dim=-1, keepdim=True)
        weights = up / torch.where(total > 0, total, 1)
        rows.append((weights[..., None, :] @ features)[..., 0, :])
        if k < scores.shape[-1]:
            left = left & ~torch.zeros_like(left).scatter(-1, order[..., k : k + 1], True)
    return torch.stack(rows, dim=-2)


@right("erasure_curve", framework="pytorch")
def curve_from_light_to_heavy(scores, features):
    """Sorted; a running attention from the lightest place to the heaviest, in float64."""
    order = order_of(scores)
    sorted_scores = scores.double().gather(-1, order)
    rows = features.double().gather(-2, order[..., None].expand(features.shape))
    context = torch.zeros_like(rows[..., 0, :])
    log_total, found = torch.full_like(sorted_scores[..., 0], -torch.inf), [context]
    for k in range(scores.shape[-1])[::-1]:
        own, live = sorted_scores[..., k], ~torch.isneginf(sorted_scores[..., k])
        share = torch.where(live, torch.sigmoid(torch.where(live, own, 0) - torch.where(live, log_total, 0)), 0)
        share = share[..., None]
        context = context + share * (rows[..., k, :] - context)
        log_total = torch.where(live, torch.logaddexp(torch.where(live, own, 0), log_total), log_total)
        found.append(context)
    return torch.stack(found[::-1], dim=-2)


@right("erasure_curve", framework="pytorch")
def curve_of_one_picture_after_another(scores, features):
    if scores.ndim == 1:
        return curve(scores, features)
    return torch.stack([curve_of_one_picture_after_another(s, f) for s, f in zip(scores, features, strict=True)])


def kept(order, count):
    return order.argsort(dim=-1)[..., None, :] >= torch.arange(count)[:, None]


# scores hundreds apart: the finished weights of the rest are 0, and 0 / 0
@wrong("erasure_curve", framework="pytorch")
def curve_from_weights(scores, features):
    weights = scores.softmax(dim=-1)[..., None, :] * kept(order_of(scores), scores.shape[-1] + 1)
    return weights / weights.sum(dim=-1, keepdim=True).clamp_min(torch.finfo(scores.dtype).tiny) @ features


# scores hundreds apart: zeros where the rest has a context
@wrong("erasure_curve", framework="pytorch")
def curve_from_weights_in_double(scores, features):
    weights = scores.double().softmax(dim=-1)[..., None, :] * kept(order_of(scores), scores.shape[-1] + 1)
    total = weights.sum(dim=-1, keepdim=True)
    return weights / torch.where(total > 0, total, 1) @ features.double()


# row S: all scores are as low, and the weights are equal
@wrong("erasure_curve", framework="pytorch")
def curve_minus_a_thousand_million(scores, features):
    mask = kept(order_of(scores), scores.shape[-1] + 1)
    return torch.where(mask, scores[..., None, :], -1e9).softmax(dim=-1) @ features


# row S made zero by hand; a row that is left with −∞ alone has equal weights
@wrong("erasure_curve", framework="pytorch")
def curve_minus_infinity_made_finite(scores, features):
    scores = scores.clamp_min(torch.finfo(scores.dtype).min)
    mask = kept(order_of(scores), scores.shape[-1] + 1)
    out = torch.where(mask, scores[..., None, :], -torch.inf)
    out = torch.where(mask.any(dim=-1, keepdim=True), out, 0).softmax(dim=-1) * mask
    return out @ features


# scores below −10000 are some thousands, and 1e4 is not far enough for what is gone
@wrong("erasure_curve", framework="pytorch")
def curve_less_five_thousand(scores, features):
    mask = kept(order_of(scores), scores.shape[-1] + 1) & ~torch.isneginf(scores)[..., None, :]
    finite = torch.where(torch.isneginf(scores), 0, scores)
    return torch.where(mask, finite[..., None, :], -5e3).softmax(dim=-1) * mask @ features


# forward all is well; backward through a row of −∞ is NaN
@wrong("erasure_curve", framework="pytorch")
def curve_nan_made_zero(scores, features):
    mask = kept(order_of(scores), scores.shape[-1] + 1)
    return torch.where(mask, scores[..., None, :], -torch.inf).softmax(dim=-1).nan_to_num(0) @ features


# the NaN of a row of −∞ meets a gradient of 0 in softmax, and the where before it lets nothing of that through
@right("erasure_curve", framework="pytorch")
def curve_where_after_softmax(scores, features):
    mask = kept(order_of(scores), scores.shape[-1] + 1) & ~torch.isneginf(scores)[..., None, :]
    weights = torch.where(mask, scores[..., None, :], -torch.inf).softmax(dim=-1)
    return torch.where(mask, weights, 0) @ features


# ties: ascending and turned round, the last goes first
@wrong("erasure_curve", framework="pytorch")
def curve_ascending_turned(scores, features):
    return curve(scores, features, torch.argsort(scores, dim=-1, stable=True).flip(-1))


# three or more places: the order is not the rank
@wrong("erasure_curve", framework="pytorch")
def curve_order_for_rank(scores, features):
    return curve(scores, features, order_of(scores).argsort(dim=-1))


# ties: all that are as heavy as the k-th go at once
@wrong("erasure_curve", framework="pytorch")
def curve_by_thresholds(scores, features):
    ordered = scores.sort(dim=-1, descending=True).values
    gone = torch.nn.functional.pad(scores[..., None, :] >= ordered[..., :, None], (0, 0, 1, 0))
    seen = ~gone & ~torch.isneginf(scores)[..., None, :]
    some = seen.any(dim=-1, keepdim=True)
    raised = torch.where(some, torch.where(seen, scores[..., None, :], -torch.inf), 0)
    return torch.where(some, raised.softmax(dim=-1), 0) @ features


# any: the lightest first
@wrong("erasure_curve", framework="pytorch")
def curve_lightest_first(scores, features):
    return curve(scores, features, torch.argsort(scores, dim=-1, stable=True))


# any: from nothing to everything
@wrong("erasure_curve", framework="pytorch")
def curve_from_nothing(scores, features):
    return curve(scores, features).flip(-2)


# any: row S is missing
@wrong("erasure_curve", framework="pytorch")
def curve_without_the_last_row(scores, features):
    return curve(scores, features)[..., :-1, :]


# weights are not raised again
@wrong("erasure_curve", framework="pytorch")
def curve_not_renormalised(scores, features):
    weights = curve_weights_all(scores)[..., None, :] * kept(order_of(scores), scores.shape[-1] + 1)
    return weights @ features


def curve_weights_all(scores):
    some = ~torch.isneginf(scores).all(dim=-1, keepdim=True)
    return torch.where(some, torch.where(some, scores, 0).softmax(dim=-1), 0)


# float64 scores that differ by 1e-9: in float32 the first goes first, not the heaviest
@wrong("erasure_curve", framework="pytorch")
def curve_ordered_in_float32(scores, features):
    return curve(scores, features, order_of(scores.float()))


# scores that differ by 1e-8 and not by their place
@wrong("erasure_curve", framework="pytorch")
def curve_ties_broken_by_a_millionth(scores, features):
    return curve(scores, features, torch.argsort(scores - 1e-6 * torch.arange(scores.shape[-1]), descending=True))


# scores hundreds apart have the same weight 0: in the order of the weights they are ties
@wrong("erasure_curve", framework="pytorch")
def curve_ordered_by_weights(scores, features):
    return curve(scores, features, order_of(curve_weights_all(scores)))


# scores below 0: by their size without sign
@wrong("erasure_curve", framework="pytorch")
def curve_ordered_by_size(scores, features):
    return curve(scores, features, order_of(scores.abs()))


# a light place with a long row is not the heaviest
@wrong("erasure_curve", framework="pytorch")
def curve_ordered_by_what_it_adds(scores, features):
    return curve(scores, features, order_of(curve_weights_all(scores) * features.norm(dim=-1)))


# two pictures with another order each
@wrong("erasure_curve", framework="pytorch")
def curve_one_order_for_all(scores, features):
    first = scores.reshape(-1, scores.shape[-1])[0]
    return curve(scores, features, order_of(first).expand(scores.shape))


# no gradient reaches the scores
@wrong("erasure_curve", framework="pytorch")
def curve_scores_detached(scores, features):
    return curve(scores.detach(), features)


# no gradient reaches the features
@wrong("erasure_curve", framework="pytorch")
def curve_features_detached(scores, features):
    return curve(scores, features.detach())


# float64 comes back narrower
@wrong("erasure_curve", framework="pytorch")
def curve_in_float32(scores, features):
    return curve(scores.float(), features.float())


# two or more leading axes come back as one
@wrong("erasure_curve", framework="pytorch")
def curve_leading_axes_joined(scores, features):
    out = curve(scores, features)
    return out.flatten(0, -3) if out.ndim > 3 else out


# the curve is the caller's scores' end: −∞ is written into them
@wrong("erasure_curve", framework="pytorch")
def curve_writes_into_the_scores(scores, features):
    out = curve(scores, features)
    with torch.no_grad():
        scores.scatter_(-1, order_of(scores)[..., :1], -torch.inf)
    return out


# sums of what is left as differences: 1e-20 is lost beside 1 (scores fifty apart)
@wrong("erasure_curve", framework="pytorch")
def curve_by_differences(scores, features):
    order = order_of(scores)
    ordered, rows = scores.gather(-1, order), features.gather(-2, order[..., None].expand(features.shape))
    top = ordered[..., :1].nan_to_num(neginf=0)
    up = torch.exp(ordered - top)
    parts = up[..., None] * rows
    total, whole = up.sum(-1, keepdim=True), parts.sum(-2, keepdim=True)
    left, context = total - up.cumsum(-1), whole - parts.cumsum(-2)
    left, context = torch.cat([total, left], -1)[..., None], torch.cat([whole, context], -2)
    return torch.where(left > 0, context / torch.where(left > 0, left, 1), 0)


# sums of what is left from behind: exact, but all shifted by the one maximum, and underflow at hundreds apart
@wrong("erasure_curve", framework="pytorch")
def curve_by_sums_from_behind(scores, features):
    order = order_of(scores)
    ordered, rows = scores.gather(-1, order), features.gather(-2, order[..., None].expand(features.shape))
    up = torch.exp(ordered.double() - ordered[..., :1].double().nan_to_num(neginf=0))
    parts = (up[..., None] * rows).flip(-2).cumsum(-2).flip(-2)
    left = up.flip(-1).cumsum(-1).flip(-1)[..., None]
    out = torch.where(left > 0, parts / torch.where(left > 0, left, 1), 0)
    return torch.cat([out, torch.zeros_like(out[..., :1, :])], -2)


# one place after another by p / (1 − p), which is 1 / 0 once p is rounded to 1 (scores fifty apart)
@wrong("erasure_curve", framework="pytorch")
def curve_by_the_formula(scores, features):
    order = order_of(scores)
    p = curve_weights_all(scores).gather(-1, order)
    rows = features.gather(-2, order[..., None].expand(features.shape))
    context = (p[..., None, :] @ rows)[..., 0, :]
    found, left = [context], torch.ones_like(p[..., 0])
    for k in range(p.shape[-1]):
        share = (p[..., k] / left.clamp_min(1e-30)).clamp_max(1 - 1e-15)[..., None]
        context = context + share / (1 - share) * (context - rows[..., k, :])
        left = left - p[..., k]
        found.append(context)
    return torch.stack([*found[:-1], torch.zeros_like(context)], dim=-2)


# −∞ with a weight of its own where it is left alone: the mean of those rows
@wrong("erasure_curve", framework="pytorch")
def curve_infinity_counts_as_equal(scores, features):
    mask = kept(order_of(scores), scores.shape[-1] + 1)
    raised = torch.where(mask, scores[..., None, :].nan_to_num(neginf=-1e30), -torch.inf)
    raised = torch.where(mask.any(-1, keepdim=True), raised, 0)
    return torch.where(mask, raised.softmax(dim=-1), 0) @ features


# hundreds of places, the last rows: only a hundred are taken out
@wrong("erasure_curve", framework="pytorch")
def curve_of_a_hundred(scores, features):
    out = curve(scores, features)
    return torch.cat([out[..., :101, :], out[..., 100:101, :].expand_as(out[..., 101:, :])], -2)


# hundreds of places: ranks in int8
@wrong("erasure_curve", framework="pytorch")
def curve_ranks_in_int8(scores, features):
    rank = order_of(scores).argsort(dim=-1).to(torch.int8).long()
    return curve(scores, features, rank.argsort(dim=-1, stable=True))


# --- squeeze_excite --------------------------------------------------------------------------------------------------


def inside(features, mask):
    return tf.where(mask[..., None], features, tf.zeros_like(features))


def means(features, mask, count=None):
    counted = tf.reduce_sum(tf.cast(mask, features.dtype), axis=[-2, -1])[..., None] if count is None else count
    return tf.reduce_sum(inside(features, mask), axis=[-3, -2]) / tf.maximum(counted, 1)


def gated(features, mask, gates):
    return inside(features, mask) * gates[..., None, None, :]


def asked(squeezed, down, up):
    return tf.tensordot(tf.nn.relu(tf.tensordot(squeezed, down, 1)), up, 1)


@right("squeeze_excite", framework="tensorflow")
def squeeze_multiply_no_nan(features, mask, down, up):
    there = tf.cast(mask, features.dtype)[..., None]
    clean = tf.math.multiply_no_nan(features, tf.broadcast_to(there, tf.shape(features)))
    count = tf.reduce_sum(there, axis=[-3, -2], keepdims=True)
    squeezed = tf.math.divide_no_nan(tf.reduce_sum(clean, axis=[-3, -2], keepdims=True), count)
    return clean * tf.sigmoid(tf.nn.relu(squeezed @ down) @ up)


@right("squeeze_excite", framework="tensorflow")
def squeeze_by_einsum(features, mask, down, up):
    clean = inside(features, mask)
    there = tf.cast(mask, features.dtype)
    total = tf.einsum("...hwn,...hw->...n", clean, there)
    count = tf.einsum("...hw->...", there)[..., None]
    hidden = tf.maximum(tf.einsum("...n,na->...a", total, down), 0) / tf.maximum(count, 1)
    return gated(features, mask, tf.exp(-tf.nn.softplus(-tf.einsum("...a,an->...n", hidden, up))))


@right("squeeze_excite", framework="tensorflow")
def squeeze_picture_after_picture(features, mask, down, up):
    if features.shape.rank > 3:
        pairs = zip(tf.unstack(features), tf.unstack(mask), strict=True)
        return tf.stack([squeeze_picture_after_picture(f, m, down, up) for f, m in pairs])
    rows = tf.boolean_mask(features, mask)
    squeezed = tf.reduce_sum(rows, axis=0, keepdims=True) / max(len(rows), 1)
    gates = tf.sigmoid(tf.nn.relu(squeezed @ down) @ up)
    return tf.scatter_nd(tf.where(mask), rows * gates, tf.shape(features, out_type=tf.int64))


# any picture that does not fill its map: divided by all places
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_mean_over_all(features, mask, down, up):
    places = features.shape[-3] * features.shape[-2]
    return gated(features, mask, tf.sigmoid(asked(means(features, mask, tf.cast(places, features.dtype)), down, up)))


# NaN outside
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_times_the_mask(features, mask, down, up):
    clean = features * tf.cast(mask, features.dtype)[..., None]
    return clean * tf.sigmoid(asked(means(features, mask), down, up))[..., None, None, :]


# forward all is well; NaN outside, times a gradient of 0, is NaN in that of the gates
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_where_at_the_end(features, mask, down, up):
    gates = tf.sigmoid(asked(means(features, mask), down, up))
    return tf.where(mask[..., None], features * gates[..., None, None, :], tf.zeros_like(features))


# no place inside: 0 / 0
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_divided_by_nothing(features, mask, down, up):
    count = tf.reduce_sum(tf.cast(mask, features.dtype), axis=[-2, -1])[..., None]
    squeezed = tf.reduce_sum(inside(features, mask), axis=[-3, -2]) / count
    return gated(features, mask, tf.sigmoid(asked(squeezed, down, up)))


# no place inside: forward 0; backward the NaN of 0 / 0 ends at the where of the features
@right("squeeze_excite", framework="tensorflow")
def squeeze_nothing_made_zero_too_late(features, mask, down, up):
    count = tf.reduce_sum(tf.cast(mask, features.dtype), axis=[-2, -1])[..., None]
    squeezed = tf.reduce_sum(inside(features, mask), axis=[-3, -2]) / count
    squeezed = tf.where(count > 0, squeezed, tf.zeros_like(squeezed))
    return gated(features, mask, tf.sigmoid(asked(squeezed, down, up)))


# float64: a mean less by one part in 10^6
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_epsilon_in_the_mean(features, mask, down, up):
    count = tf.reduce_sum(tf.cast(mask, features.dtype), axis=[-2, -1])[..., None]
    squeezed = tf.reduce_sum(inside(features, mask), axis=[-3, -2]) / (count + 1e-6)
    return gated(features, mask, tf.sigmoid(asked(squeezed, down, up)))


def squeeze_with(gate):
    """With another gate; wrong where its name says."""

    def squeeze(features, mask, down, up):
        return gated(features, mask, gate(asked(means(features, mask), down, up)))

    squeeze.__name__ = f"squeeze_{gate.__name__}"
    wrong("squeeze_excite", framework="tensorflow")(squeeze)
    return gate


# −1000: 1 / (1 + ∞) is 0, its gradient 0 · ∞
@squeeze_with
def gate_by_exp_of_minus(x):
    return 1 / (1 + tf.exp(-x))


# 1000: ∞ / ∞
@squeeze_with
def gate_by_exp_of_plus(x):
    return tf.exp(x) / (1 + tf.exp(x))


# −50: 1 + tanh(−25) is 0
@squeeze_with
def gate_by_tanh(x):
    return 0.5 * (1 + tf.tanh(x / 2))


# −50: one less what is nearly one
@squeeze_with
def gate_by_the_other(x):
    return 1 - tf.sigmoid(-x)


# −50: clipped at −20
@squeeze_with
def gate_clipped(x):
    return tf.sigmoid(tf.clip_by_value(x, -20, 20))


# −300 in float64: clipped at −80, which float32 cannot tell
@squeeze_with
def gate_clipped_far_out(x):
    return tf.sigmoid(tf.clip_by_value(x, -80, 80))


# two branches: the one not taken overflows, and its gradient is NaN
@squeeze_with
def gate_of_two_branches(x):
    return tf.where(x >= 0, 1 / (1 + tf.exp(-x)), tf.exp(x) / (1 + tf.exp(x)))


# any
@squeeze_with
def gate_softmax(x):
    return tf.nn.softmax(x)


# any between −2.5 and 2.5
@squeeze_with
def gate_hard(x):
    return tf.clip_by_value(0.2 * x + 0.5, 0, 1)


# gates below 1e-7
@squeeze_with
def gate_at_least(x):
    return tf.maximum(tf.sigmoid(x), 1e-7)


# any: the largest gate of a picture is 1
@squeeze_with
def gate_largest_is_one(x):
    return tf.sigmoid(x) / tf.reduce_max(tf.sigmoid(x), axis=-1, keepdims=True)


# the gradient does not pass through the gates
@squeeze_with
def gate_stopped(x):
    return tf.stop_gradient(tf.sigmoid(x))


# float64: through float32
@squeeze_with
def gate_in_float32(x):
    return tf.cast(tf.sigmoid(tf.cast(x, tf.float32)), x.dtype)


def squeeze_by(ask):
    """With other logits of the gates, `ask(features, mask, down, up)`."""

    def squeeze(features, mask, down, up):
        return gated(features, mask, tf.sigmoid(ask(features, mask, down, up)))

    squeeze.__name__ = f"squeeze_{ask.__name__}"
    wrong("squeeze_excite", framework="tensorflow")(squeeze)
    return ask


# hidden units below 0
@squeeze_by
def without_relu(features, mask, down, up):
    return tf.tensordot(tf.tensordot(means(features, mask), down, 1), up, 1)


# any hidden unit
@squeeze_by
def tanh_hidden(features, mask, down, up):
    return tf.tensordot(tf.tanh(tf.tensordot(means(features, mask), down, 1)), up, 1)


# hidden units above 6
@squeeze_by
def relu_six(features, mask, down, up):
    return tf.tensordot(tf.nn.relu6(tf.tensordot(means(features, mask), down, 1)), up, 1)


# hidden units below 0 by a little
@squeeze_by
def gelu_hidden(features, mask, down, up):
    return tf.tensordot(tf.nn.gelu(tf.tensordot(means(features, mask), down, 1)), up, 1)


# any: relu behind the second matrix too
@squeeze_by
def relu_twice(features, mask, down, up):
    return tf.nn.relu(asked(means(features, mask), down, up))


# more than one place
@squeeze_by
def maximum(features, mask, down, up):
    rows = tf.where(mask[..., None], features, features.dtype.min)
    most = tf.reduce_max(rows, axis=[-3, -2])
    some = tf.reduce_any(mask, axis=[-2, -1])[..., None]
    return asked(tf.where(some, most, tf.zeros_like(most)), down, up)


# more than one place: the sum
@squeeze_by
def total(features, mask, down, up):
    return asked(tf.reduce_sum(inside(features, mask), axis=[-3, -2]), down, up)


# an inside that is not a rectangle: divided by its bounding rectangle
@squeeze_by
def mean_over_a_rectangle(features, mask, down, up):
    there = tf.cast(mask, features.dtype)
    rows = tf.reduce_sum(tf.reduce_max(there, axis=-1), axis=-1)
    columns = tf.reduce_sum(tf.reduce_max(there, axis=-2), axis=-1)
    return asked(means(features, mask, (rows * columns)[..., None]), down, up)


# rows of unequal length: the mean of the means of rows
@squeeze_by
def mean_of_means(features, mask, down, up):
    there = tf.cast(mask, features.dtype)[..., None]
    row = tf.math.divide_no_nan(tf.reduce_sum(inside(features, mask), -2), tf.reduce_sum(there, -2))
    some = tf.reduce_max(there, axis=-2)
    return asked(tf.math.divide_no_nan(tf.reduce_sum(row, -2), tf.reduce_sum(some, -2)), down, up)


# several pictures: one mean for all
@squeeze_by
def mean_of_the_batch(features, mask, down, up):
    rows = tf.boolean_mask(features, mask)
    squeezed = tf.reduce_sum(rows, axis=0) / tf.cast(tf.maximum(len(rows), 1), features.dtype)
    return tf.broadcast_to(asked(squeezed, down, up), tf.concat([tf.shape(features)[:-3], tf.shape(up)[-1:]], 0))


# finite numbers outside: only what is not finite is left out
@squeeze_by
def mean_of_the_finite(features, mask, down, up):
    return asked(means(features, tf.math.is_finite(features)[..., 0]), down, up)


# no leading axis: matmul wants two axes
@squeeze_by
def matmul_of_a_row(features, mask, down, up):
    return tf.nn.relu(means(features, mask) @ down) @ up


# the gradient does not reach features through the gates
@squeeze_by
def squeezed_stopped(features, mask, down, up):
    return asked(tf.stop_gradient(means(features, mask)), down, up)


# zeros inside the picture count as outside
@squeeze_by
def mean_of_what_is_not_zero(features, mask, down, up):
    clean = inside(features, mask)
    count = tf.reduce_sum(tf.cast(clean != 0, features.dtype), axis=[-3, -2])
    return asked(means(features, mask, count), down, up)


# 300 places in float64: counted in uint8
@squeeze_by
def count_in_uint8(features, mask, down, up):
    count = tf.reduce_sum(tf.cast(mask, tf.uint8), axis=[-2, -1])[..., None]
    return asked(means(features, mask, tf.cast(count, features.dtype)), down, up)


# float64 features: summed in float32
@squeeze_by
def summed_in_float32(features, mask, down, up):
    return asked(tf.cast(means(tf.cast(features, tf.float32), mask), features.dtype), down, up)


# outside stand the features
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_outside_stays(features, mask, down, up):
    return tf.where(mask[..., None], squeeze_multiply_no_nan(features, mask, down, up), features)


# outside −0.0 and 0 are one, but ∞ outside is not 0: NaN alone is replaced
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_only_nan_replaced(features, mask, down, up):
    clean = tf.where(tf.math.is_nan(features), tf.zeros_like(features), features)
    there = tf.cast(mask, features.dtype)[..., None]
    gates = tf.sigmoid(asked(means(clean, mask), down, up))
    return clean * there * gates[..., None, None, :]


# any: what was is added
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_with_residual(features, mask, down, up):
    return inside(features, mask) + squeeze_multiply_no_nan(features, mask, down, up)


# N = A: the matrices changed places (else it fails)
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_up_then_down(features, mask, down, up):
    return squeeze_multiply_no_nan(features, mask, tf.transpose(up), tf.transpose(down))


# float64 comes back as float32
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_narrow(features, mask, down, up):
    return tf.cast(squeeze_multiply_no_nan(features, mask, down, up), tf.float32)


# several leading axes come back as one
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_leading_axes_joined(features, mask, down, up):
    out = squeeze_multiply_no_nan(features, mask, down, up)
    return tf.reshape(out, [-1, *out.shape[-3:]]) if out.shape.rank > 4 else out


# a picture with no place inside makes the whole batch go wrong: its gate is asked of the first
@wrong("squeeze_excite", framework="tensorflow")
def squeeze_through_numpy(features, mask, down, up):
    return tf.constant(squeeze_multiply_no_nan(features, mask, down, up).numpy())


# --- normalise_batch -------------------------------------------------------------------------------------------------


def norm(x, mean, variance, scale, shift, training, momentum):
    if not training:
        return normalised(x, mean, variance, scale, shift), mean, variance
    own, spread = statistics(x)
    moved = towards(mean, own, momentum), towards(variance, spread, momentum)
    return normalised(x, own, spread, scale, shift), *moved


@right("normalise_batch")
def norm_in_longdouble(x, mean, variance, scale, shift, training, momentum):
    wide = x.astype(np.longdouble).reshape(-1, x.shape[-1])
    own, spread = mean, variance
    if training:
        own = wide.mean(axis=0)
        spread = ((wide - own) ** 2).mean(axis=0)
        mean, variance = momentum * mean + (1 - momentum) * own, momentum * variance + (1 - momentum) * spread
    y = (wide - own) / (spread + 1e-5) ** 0.5 * scale + shift
    return y.reshape(x.shape), mean, variance


@right("normalise_batch")
def norm_shifted_first(x, mean, variance, scale, shift, training, momentum):
    """The first number of each channel is taken away; then the mean of squares, less the square of the mean."""
    if not training:
        return [(x.astype(float) - mean) / np.sqrt(variance + 1e-5) * scale + shift, mean.copy(), variance.copy()]
    near = x.astype(float) - x[:1, :1, :1]
    middle = near.mean(axis=(0, 1, 2))
    spread = np.maximum((near * near).mean(axis=(0, 1, 2)) - middle * middle, 0)
    own = middle + x[0, 0, 0]
    y = (near - middle) * (scale / np.sqrt(spread + 1e-5)) + shift
    return [y, mean + (1 - momentum) * (own - mean), variance + (1 - momentum) * (spread - variance)]


@right("normalise_batch")
def norm_channel_by_channel(x, mean, variance, scale, shift, training, momentum):
    y, mean, variance = x.astype(float), np.array(mean, float), np.array(variance, float)
    for c in range(x.shape[-1]):
        m, v = mean[c], variance[c]
        if training:
            m, v = y[..., c].mean(), y[..., c].var()
            mean[c], variance[c] = towards(mean[c], m, momentum), towards(variance[c], v, momentum)
        y[..., c] = (y[..., c] - m) / np.hypot(np.sqrt(v), np.sqrt(1e-5)) * scale[c] + shift[c]
    return y, mean, variance


def norm_with(numbers):
    """In training mean and variance are `numbers(x)`."""

    def norm(x, mean, variance, scale, shift, training, momentum):
        if not training:
            return normalised(x, mean, variance, scale, shift), mean, variance
        own, spread = numbers(x)
        y = normalised(x, own, spread, scale, shift)
        moved = towards(mean, own, momentum), towards(variance, spread, momentum)
        return y, *(np.asarray(m).reshape(mean.shape) for m in moved)

    norm.__name__ = f"norm_{numbers.__name__}"
    wrong("normalise_batch")(norm)
    return numbers


# any: n − 1
@norm_with
def bessel(x):
    return x.astype(float).mean(axis=(0, 1, 2)), x.astype(float).var(axis=(0, 1, 2), ddof=1)


# a million and a variance of 1: the mean of squares less the square of the mean
@norm_with
def mean_of_squares(x):
    own = x.mean(axis=(0, 1, 2))
    return own, np.maximum((x * x).mean(axis=(0, 1, 2)) - own * own, 0)


# the same in float64 without a floor: below 0 at a hundred million
@norm_with
def mean_of_squares_in_float64(x):
    x = x.astype(float)
    own = x.mean(axis=(0, 1, 2))
    return own, (x * x).mean(axis=(0, 1, 2)) - own * own


# float64: through float32
@norm_with
def statistics_in_float32(x):
    rows = x.astype(np.float32).astype(float).reshape(-1, x.shape[-1])
    return rows.mean(axis=0), rows.var(axis=0)


# pictures with other means each: the mean of their variances
@norm_with
def mean_variance_of_pictures(x):
    x = x.astype(float)
    return x.mean(axis=(0, 1, 2)), x.var(axis=(1, 2)).mean(axis=0)


# places with other means each: the mean of the variances of places
@norm_with
def mean_variance_of_places(x):
    x = x.astype(float)
    return x.mean(axis=(0, 1, 2)), x.var(axis=0).mean(axis=(0, 1))


# channels that differ: one mean for all
@norm_with
def one_for_all_channels(x):
    x = x.astype(float)
    return np.full(x.shape[-1], x.mean()), np.full(x.shape[-1], x.var())


# a constant channel: its variance is not below ε
@norm_with
def variance_at_least(x):
    own, spread = statistics(x)
    return own, np.maximum(spread, 1e-5)


# numbers that are not symmetric: the median
@norm_with
def median(x):
    return np.median(x.astype(float), axis=(0, 1, 2)), statistics(x)[1]


# spread where the square of it belongs
@norm_with
def deviation(x):
    return statistics(x)[0], np.sqrt(statistics(x)[1])


# several pictures: the statistics of the first
@norm_with
def first_picture(x):
    return statistics(x[:1])


# an outlier: it is left out
@norm_with
def without_outliers(x):
    rows = x.astype(float).reshape(-1, x.shape[-1])
    own, spread = rows.mean(axis=0), rows.var(axis=0)
    far = np.abs(rows - own) > 5 * np.sqrt(spread) + 1e-9
    return np.where(far, own, rows).mean(axis=0), np.where(far, own, rows).var(axis=0)


def wrong_norm(f):
    return wrong("normalise_batch")(f)


# a variance as small as ε: outside the root
@wrong_norm
def norm_epsilon_outside(x, mean, variance, scale, shift, training, momentum):
    _, *moved = norm(x, mean, variance, scale, shift, training, momentum)
    own, spread = statistics(x) if training else (mean, variance)
    return (x - own) / (np.sqrt(spread) + 1e-5) * scale + shift, *moved


# a variance near ε: Keras's 0.001
@wrong_norm
def norm_epsilon_of_keras(x, mean, variance, scale, shift, training, momentum):
    return norm_of_epsilon(1e-3, x, mean, variance, scale, shift, training, momentum)


# a constant channel with a shifted mean in evaluation, variance 0
@wrong_norm
def norm_epsilon_small(x, mean, variance, scale, shift, training, momentum):
    return norm_of_epsilon(1e-12, x, mean, variance, scale, shift, training, momentum)


def norm_of_epsilon(epsilon, x, mean, variance, scale, shift, training, momentum):
    _, *moved = norm(x, mean, variance, scale, shift, training, momentum)
    own, spread = statistics(x) if training else (mean, variance)
    return (x - own) / np.sqrt(spread + epsilon) * scale + shift, *moved


# momentum other than a half
@wrong_norm
def norm_momentum_of_pytorch(x, mean, variance, scale, shift, training, momentum):
    return norm(x, mean, variance, scale, shift, training, 1 - momentum)


# a momentum of 0
@wrong_norm
def norm_momentum_or_usual(x, mean, variance, scale, shift, training, momentum):
    return norm(x, mean, variance, scale, shift, training, momentum or 0.9)


# the variance with n − 1 for the moving one alone, as PyTorch does
@wrong_norm
def norm_moving_bessel(x, mean, variance, scale, shift, training, momentum):
    y, moved, _ = norm(x, mean, variance, scale, shift, training, momentum)
    spread = x.astype(float).var(axis=(0, 1, 2), ddof=min(1, x[..., 0].size - 1))
    return y, moved, towards(variance, spread, momentum) if training else variance


# evaluation: the statistics move
@wrong_norm
def norm_moves_always(x, mean, variance, scale, shift, training, momentum):
    y, *_ = norm(x, mean, variance, scale, shift, training, momentum)
    own, spread = statistics(x)
    return y, towards(mean, own, momentum), towards(variance, spread, momentum)


# evaluation: the statistics of the batch
@wrong_norm
def norm_always_of_the_batch(x, mean, variance, scale, shift, training, momentum):
    own, spread = statistics(x)
    moved = (towards(mean, own, momentum), towards(variance, spread, momentum)) if training else (mean, variance)
    return normalised(x, own, spread, scale, shift), *moved


# training: normalised by the moved statistics
@wrong_norm
def norm_by_the_moved(x, mean, variance, scale, shift, training, momentum):
    _, mean, variance = norm(x, mean, variance, scale, shift, training, momentum)
    return normalised(x, mean, variance, scale, shift), mean, variance


# the moving variance is moved about the moved mean
@wrong_norm
def norm_variance_about_the_moved_mean(x, mean, variance, scale, shift, training, momentum):
    y, moved, _ = norm(x, mean, variance, scale, shift, training, momentum)
    about = ((x.astype(float) - moved) ** 2).mean(axis=(0, 1, 2))
    return y, moved, towards(variance, about, momentum) if training else variance


# a batch of one picture in training: it has its statistics too
@wrong_norm
def norm_one_picture_is_evaluation(x, mean, variance, scale, shift, training, momentum):
    return norm(x, mean, variance, scale, shift, training and len(x) > 1, momentum)


# one number for a channel (1, 1, 1, N) in training: its variance is 0, the result the shift
@wrong_norm
def norm_one_number_stays(x, mean, variance, scale, shift, training, momentum):
    return norm(x, mean, variance, scale, shift, training and x[..., 0].size > 1, momentum)


# the moving statistics are the caller's
@wrong_norm
def norm_moves_in_place(x, mean, variance, scale, shift, training, momentum):
    y, *moved = norm(x, mean, variance, scale, shift, training, momentum)
    mean[:], variance[:] = moved
    return y, mean, variance


# x is the caller's
@wrong_norm
def norm_in_place(x, mean, variance, scale, shift, training, momentum):
    found = norm(x, mean, variance, scale, shift, training, momentum)
    x -= x.mean()
    return found


# scale is the caller's
@wrong_norm
def norm_scale_in_place(x, mean, variance, scale, shift, training, momentum):
    found = norm(x, mean, variance, scale, shift, training, momentum)
    scale /= 2
    return found


# shift other than 0: before the scale
@wrong_norm
def norm_shift_first(x, mean, variance, scale, shift, training, momentum):
    y, *moved = norm(x, mean, variance, scale, shift * scale, training, momentum)
    return y, *moved


# scale and shift in training alone
@wrong_norm
def norm_plain_in_evaluation(x, mean, variance, scale, shift, training, momentum):
    return norm(x, mean, variance, scale if training else 1, shift if training else 0, training, momentum)


# any: scale is what is added to 1
@wrong_norm
def norm_one_and_scale(x, mean, variance, scale, shift, training, momentum):
    return norm(x, mean, variance, 1 + scale, shift, training, momentum)


# negative scales: without their sign
@wrong_norm
def norm_scale_without_sign(x, mean, variance, scale, shift, training, momentum):
    return norm(x, mean, variance, abs(scale), shift, training, momentum)


# far outliers in evaluation: clipped at ten deviations
@wrong_norm
def norm_clipped(x, mean, variance, scale, shift, training, momentum):
    _, *moved = norm(x, mean, variance, scale, shift, training, momentum)
    own, spread = statistics(x) if training else (mean, variance)
    return ((x - own) / np.sqrt(spread + 1e-5)).clip(-10, 10) * scale + shift, *moved


# training: moving statistics keep the axes
@wrong_norm
def norm_keeps_axes(x, mean, variance, scale, shift, training, momentum):
    y, *moved = norm(x, mean, variance, scale, shift, training, momentum)
    return y, *(m.reshape(1, 1, 1, -1) if training else m for m in moved)


# float64 narrowed
@wrong_norm
def norm_narrow(x, mean, variance, scale, shift, training, momentum):
    y, *moved = norm(x, mean, variance, scale, shift, training, momentum)
    return y.astype(np.float32), *moved


# one channel: (1,) becomes a number
@wrong_norm
def norm_squeezed(x, mean, variance, scale, shift, training, momentum):
    y, *moved = norm(x, mean, variance, scale, shift, training, momentum)
    return y, *(m.squeeze() for m in moved)


# a second call, with another mean: the statistics of the first are kept
kept_statistics = {}


@wrong_norm
def norm_remembers(x, mean, variance, scale, shift, training, momentum):
    mean, variance = kept_statistics.setdefault(len(mean), (mean, variance))
    found = norm(x, mean, variance, scale, shift, training, momentum)
    if training:
        kept_statistics[len(mean)] = found[1:]
    return found


# any: ε in the moving variance
@wrong_norm
def norm_epsilon_moves(x, mean, variance, scale, shift, training, momentum):
    y, moved, spread = norm(x, mean, variance, scale, shift, training, momentum)
    return y, moved, spread + 1e-5 * (1 - momentum) if training else spread
