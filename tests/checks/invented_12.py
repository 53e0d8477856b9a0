"""Answers to the exercises of chapter 12, invented from the tasks alone.

The docstring of a wrong one says what is wrong and, after "Witness", for which input it shows.
"""

import math

import numpy as np
import scipy.special

from tests.checks.register import Answers

answers = Answers("12")
wrong, right = answers.unlisted, answers.right


# --- right pieces, to spoil ------------------------------------------------------------------------------------------


def _softmax(scores, axis=-1):
    powers = np.exp(scores - scores.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def _scores(features, queries, key_weight, score_weight):
    return np.tanh(queries[:, None, None, :] + (features @ key_weight)[..., None, :, :, :]) @ score_weight


def _contexts(maps, features):
    return np.einsum("...thw,...hwn->...tn", maps, features)


def _from(scores, features):
    maps = _softmax(scores, (-2, -1))
    return _contexts(maps, features), maps


def _lengths(layers, size):
    lengths = [size]
    for kernel, stride, padding, dilation in layers:
        lengths.append((lengths[-1] + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
    return lengths


def _down(layers, size, place, taken, inside=None):
    """From the place down to the pixels; `taken` gives the numbers that place i of a layer takes of the map below."""
    lengths = _lengths(layers, size)
    seen = {place}
    for layer, length in list(zip(layers, lengths, strict=False))[::-1]:
        inside_of = inside or (lambda n, length: 0 <= n < length)
        seen = {n for i in seen for n in taken(i, *layer) if inside_of(n, length)}
    return np.array([pixel in seen for pixel in range(size)])


def _plain(i, kernel, stride, padding, dilation):
    return [stride * i - padding + dilation * t for t in range(kernel)]


def _centres(weights, first, stride):
    place = weights.reshape(*weights.shape[:-2], -1).argmax(-1)
    i, j = np.divmod(place, weights.shape[-1])
    return (first + stride * i)[..., None], (first + stride * j)[..., None]


def _which(inside):
    return np.where(inside.any(-1), inside.argmax(-1), -1)


def _in_boxes(boxes, row, column):
    top, left, bottom, right_ = np.moveaxis(boxes, -1, 0)
    return (top <= row) & (row < bottom) & (left <= column) & (column < right_)


def _rank(scores):
    return np.argsort(np.argsort(-scores, axis=-1, kind="stable"), axis=-1, kind="stable")


def _left(scores):
    return _rank(scores)[..., None, :] >= np.arange(scores.shape[-1] + 1)[:, None]


def _weights_of(scores, left):
    low = np.where(left, scores[..., None, :], -np.inf)
    top = low.max(-1, keepdims=True)
    made = np.exp(low - np.where(np.isinf(top), 0, top))
    total = made.sum(-1, keepdims=True)
    return made / np.where(total == 0, 1, total)


def _excited(features, mask, mean, down, up):
    gates = scipy.special.expit(np.maximum(mean @ down, 0) @ up)
    return np.where(mask[..., None], features, 0) * gates[..., None, None, :]


def _mean(features, mask):
    x = np.where(mask[..., None], features, 0)
    return x.sum((-3, -2)) / np.maximum(mask.sum((-2, -1)), 1)[..., None]


def _normal(x, mean, variance, scale, shift, epsilon=1e-5):
    return (x - mean) / np.sqrt(variance + epsilon) * scale + shift


def _moved(old, new, momentum):
    return momentum * old + (1 - momentum) * new


OVER = (0, 1, 2)


# --- 12.1 ------------------------------------------------------------------------------------------------------------


@wrong("pool_by_queries")
def axes_of_one_are_dropped(*arguments):
    """Witness: one query, or a map of one row."""
    contexts, maps = _from(_scores(*arguments), arguments[0])
    return contexts.squeeze(), maps.squeeze()


@wrong("pool_by_queries")
def one_leading_axis_only(features, queries, key_weight, score_weight):
    """Witness: no leading axis, or two."""
    B, h, w, N = features.shape[0], *features.shape[-3:]
    x = features.reshape(B, h * w, N)
    p = _softmax(np.tanh(queries[:, None] + (x @ key_weight)[:, None]) @ score_weight)
    return p @ x, p.reshape(B, -1, h, w)


@wrong("pool_by_queries")
def square_maps_are_turned(*arguments):
    """Rows and columns exchanged where that leaves the shape as it is. Witness: h = w."""
    contexts, maps = _from(_scores(*arguments), arguments[0])
    return contexts, np.swapaxes(maps, -1, -2) if maps.shape[-1] == maps.shape[-2] else maps


@wrong("pool_by_queries")
def scores_are_clipped(*arguments):
    """Against overflow. Witness: scores of some thousands, which all become equal."""
    return _from(np.clip(_scores(*arguments), -50, 50), arguments[0])


@wrong("pool_by_queries")
def mean_is_subtracted(*arguments):
    """The mean in the place of the maximum. Witness: one place thousands above the others."""
    scores = _scores(*arguments)
    powers = np.exp(scores - scores.mean((-2, -1), keepdims=True))
    maps = powers / powers.sum((-2, -1), keepdims=True)
    return _contexts(maps, arguments[0]), maps


@wrong("pool_by_queries")
def small_number_below_the_line(*arguments):
    """Weights sum to a little less than one. Witness: any, in float64."""
    scores = _scores(*arguments)
    powers = np.exp(scores - scores.max((-2, -1), keepdims=True))
    maps = powers / (powers.sum((-2, -1), keepdims=True) + 1e-9)
    return _contexts(maps, arguments[0]), maps


@wrong("pool_by_queries")
def small_weights_are_nothing(*arguments):
    """Witness: a sure map, in which the others have 1e-7."""
    _, maps = _from(_scores(*arguments), arguments[0])
    maps = np.where(maps < 1e-6, 0, maps)
    return _contexts(maps, arguments[0]), maps


@wrong("pool_by_queries")
def in_single_precision(*arguments):
    """Witness: float64, of which half of the digits are lost."""
    narrow = [a.astype(np.float32) for a in arguments]
    return tuple(r.astype(arguments[0].dtype) for r in _from(_scores(*narrow), narrow[0]))


@wrong("pool_by_queries")
def only_the_first_picture(*arguments):
    """Witness: a batch."""
    contexts, maps = _from(_scores(*arguments), arguments[0])
    lead = contexts.ndim - 2
    return contexts[(0,) * lead] + 0 * contexts, maps[(0,) * lead] + 0 * maps


@wrong("pool_by_queries")
def softsign_for_tanh(features, queries, key_weight, score_weight):
    """Witness: any."""
    met = queries[:, None, None, :] + (features @ key_weight)[..., None, :, :, :]
    return _from((met / (1 + abs(met))) @ score_weight, features)


@wrong("pool_by_queries")
def choice_of_one_place(*arguments):
    """Witness: any map that is not sure."""
    scores = _scores(*arguments)
    chosen = scores == scores.max((-2, -1), keepdims=True)
    maps = chosen / chosen.sum((-2, -1), keepdims=True)
    return _contexts(maps, arguments[0]), maps


@wrong("pool_by_queries")
def softmax_twice(*arguments):
    """Witness: any."""
    scores = _scores(*arguments)
    return _from(_softmax(scores, (-2, -1)), arguments[0])


@wrong("pool_by_queries")
def softmax_of_softmaxes(*arguments):
    """Along the columns, then along the rows: separable. Witness: any map of more than one row and column."""
    scores = _scores(*arguments)
    maps = _softmax(scores, -1) * _softmax(scores.max(-1, keepdims=True), -2)
    return _contexts(maps, arguments[0]), maps


@wrong("pool_by_queries")
def contexts_by_the_keys_mean(*arguments):
    """The features less their mean. Witness: features whose mean is not 0."""
    features = arguments[0]
    _, maps = _from(_scores(*arguments), features)
    return _contexts(maps, features - features.mean((-3, -2), keepdims=True)), maps


@wrong("pool_by_queries")
def writes_into_the_features(features, queries, key_weight, score_weight):
    """Witness: any: the argument is changed."""
    contexts, maps = _from(_scores(features, queries, key_weight, score_weight), features)
    features *= 1.5
    return contexts, maps


@wrong("pool_by_queries")
def queries_meet_pictures(features, queries, key_weight, score_weight):
    """Query i looks at picture i, where there are as many. Witness: a batch of T pictures."""
    contexts, maps = _from(_scores(features, queries, key_weight, score_weight), features)
    if features.ndim == 4 and len(features) == len(queries):
        maps = maps[:, ::-1]
    return contexts, maps


@wrong("pool_by_queries", framework="pytorch")
def weights_are_detached(features, queries, key_weight, score_weight):
    """Witness: the gradient of the queries by the contexts."""
    import torch

    x = features.flatten(-3, -2)
    p = torch.softmax(torch.tanh(queries[:, None] + (x @ key_weight)[..., None, :, :]) @ score_weight, -1)
    return p.detach() @ x, p.unflatten(-1, features.shape[-3:-1])


@wrong("pool_by_queries", framework="pytorch")
def always_float32(features, queries, key_weight, score_weight):
    """Witness: float64."""
    import torch

    x = features.float().flatten(-3, -2)
    p = torch.softmax(torch.tanh(queries.float()[:, None] + (x @ key_weight.float())[..., None, :, :])
                      @ score_weight.float(), -1)  # fmt: skip
    return (p @ x).double(), p.unflatten(-1, features.shape[-3:-1]).double()


@wrong("pool_by_queries", framework="tensorflow")
def no_gradient_through_the_keys(features, queries, key_weight, score_weight):
    """Witness: the gradient of key_weight."""
    import tensorflow as tf

    *leading, h, w, N = features.shape
    x = tf.reshape(features, (*leading, h * w, N))
    hidden = tf.tanh(queries[:, None] + tf.stop_gradient(x @ key_weight)[..., None, :, :])
    p = tf.nn.softmax(tf.linalg.matvec(hidden, score_weight))
    return p @ x, tf.reshape(p, (*leading, -1, h, w))


@wrong("pool_by_queries", framework="tensorflow")
def softmax_of_keras_axis(features, queries, key_weight, score_weight):
    """Softmax along the queries. Witness: more than one query."""
    import tensorflow as tf

    *leading, h, w, N = features.shape
    x = tf.reshape(features, (*leading, h * w, N))
    hidden = tf.tanh(queries[:, None] + (x @ key_weight)[..., None, :, :])
    p = tf.nn.softmax(tf.linalg.matvec(hidden, score_weight), axis=-2)
    return p @ x, tf.reshape(p, (*leading, -1, h, w))


@right("pool_by_queries", framework="tensorflow")
def by_logarithms(features, queries, key_weight, score_weight):
    import tensorflow as tf

    hidden = tf.tanh(queries[:, None, None] + tf.tensordot(features, key_weight, 1)[..., None, :, :, :])
    scores = tf.reduce_sum(hidden * score_weight, -1)
    top = tf.stop_gradient(tf.reduce_max(scores, (-2, -1), keepdims=True))
    maps = tf.exp(scores - top)
    maps /= tf.reduce_sum(maps, (-2, -1), keepdims=True)
    return tf.reduce_sum(maps[..., None] * features[..., None, :, :, :], (-3, -2)), maps


@right("pool_by_queries")
def by_the_identity_of_tanh(features, queries, key_weight, score_weight):
    """tanh u = 2 σ(2u) − 1, and the constant falls out of the softmax."""
    met = queries[:, None, None, :] + (features @ key_weight)[..., None, :, :, :]
    scores = 2 * scipy.special.expit(2 * met) @ score_weight
    return _from(scores, features)


@right("pool_by_queries", framework="pytorch")
def by_two_softmaxes(features, queries, key_weight, score_weight):
    """Softmax along each row, and of the rows' log-sums."""
    import torch

    scores = (queries[:, None, None] + (features @ key_weight)[..., None, :, :, :]).tanh() @ score_weight
    rows = torch.logsumexp(scores, -1, keepdim=True)
    maps = torch.softmax(scores, -1) * torch.softmax(rows, -2)
    return torch.einsum("...thw,...hwn->...tn", maps, features), maps


# --- 12.2 ------------------------------------------------------------------------------------------------------------


def _painted(weights, shape, rows, columns):
    return weights.reshape(*weights.shape[:-1], *shape)[..., rows[:, None], columns]


def _nearest(pixels, places, stride):
    return np.minimum((np.arange(pixels) + (stride - 1) // 2) // stride, places - 1)


@wrong("heat_map")
def too_little_for_odd_strides(weights, shape, size, stride):
    """(r + stride/2 − 1) // stride. Witness: stride 3, where pixel 2 is nearer to the second place."""
    rows, columns = (np.clip((np.arange(n) + stride // 2 - 1) // stride, 0, m - 1)
                     for n, m in zip(size, shape, strict=True))  # fmt: skip
    return _painted(weights, shape, rows, columns)


@wrong("heat_map")
def rows_for_both(weights, shape, size, stride):
    """Takes the last place of the rows for that of the columns too. Witness: h < w."""
    rows = _nearest(size[0], shape[0], stride)
    columns = np.minimum(_nearest(size[1], shape[1], stride), shape[0] - 1)
    return _painted(weights, shape, rows, columns)


@wrong("heat_map")
def aligned_at_both_ends(weights, shape, size, stride):
    """The last place at the last pixel. Witness: a picture that goes on behind the last centre."""
    rows, columns = (np.round(np.arange(n) * ((m - 1) / max(n - 1, 1))).astype(int)
                     for n, m in zip(size, shape, strict=True))  # fmt: skip
    return _painted(weights, shape, rows, columns)


@wrong("heat_map")
def sums_to_one(weights, shape, size, stride):
    """Witness: weights that do not."""
    rows, columns = (_nearest(n, m, stride) for n, m in zip(size, shape, strict=True))
    return _painted(weights / weights.sum(-1, keepdims=True), shape, rows, columns)


@wrong("heat_map")
def never_below_zero(weights, shape, size, stride):
    """Witness: a negative number."""
    rows, columns = (_nearest(n, m, stride) for n, m in zip(size, shape, strict=True))
    return np.maximum(_painted(weights, shape, rows, columns), 0)


@wrong("heat_map")
def wide_maps_lie(weights, shape, size, stride):
    """Thinks that the larger number is that of the columns. Witness: h > w."""
    shape = tuple(sorted(shape))
    rows, columns = (_nearest(n, m, stride) for n, m in zip(size, shape, strict=True))
    return _painted(weights, shape, rows, columns)


@wrong("heat_map")
def in_the_order_of_memory(weights, shape, size, stride):
    """Witness: weights whose columns lie one after the other."""
    rows, columns = (_nearest(n, m, stride) for n, m in zip(size, shape, strict=True))
    flat = np.ravel(weights, order="K")
    return flat.reshape(*weights.shape[:-1], *shape)[..., rows[:, None], columns]


@wrong("heat_map")
def into_zeros_of_float64(weights, shape, size, stride):
    """Witness: float32, which is not kept."""
    rows, columns = (_nearest(n, m, stride) for n, m in zip(size, shape, strict=True))
    found = np.zeros((*weights.shape[:-1], *size))
    found[...] = _painted(weights, shape, rows, columns)
    return found


@wrong("heat_map")
def batch_or_not(weights, shape, size, stride):
    """One leading axis or none. Witness: two."""
    if weights.ndim == 2:
        return np.stack([batch_or_not(one, shape, size, stride) for one in weights])
    rows, columns = (_nearest(n, m, stride) for n, m in zip(size, shape, strict=True))
    return weights.reshape(shape)[rows[:, None], columns]


@wrong("heat_map")
def rounded_for_the_eye(weights, shape, size, stride):
    """Witness: more than three decimals."""
    rows, columns = (_nearest(n, m, stride) for n, m in zip(size, shape, strict=True))
    return np.round(_painted(weights, shape, rows, columns), 3)


@wrong("heat_map")
def columns_round_up(weights, shape, size, stride):
    """Of two that are as near the second, in the columns alone. Witness: an even stride."""
    rows = _nearest(size[0], shape[0], stride)
    columns = np.minimum((np.arange(size[1]) + stride // 2) // stride, shape[1] - 1)
    return _painted(weights, shape, rows, columns)


@wrong("heat_map")
def for_a_stride_of_four(weights, shape, size, stride):
    """(r + 1) // stride, which is right for 3 and 4. Witness: stride 2, or 6."""
    rows, columns = (np.minimum((np.arange(n) + 1) // stride, m - 1) for n, m in zip(size, shape, strict=True))
    return _painted(weights, shape, rows, columns)


@wrong("heat_map")
def last_row_by_itself(weights, shape, size, stride):
    """What is cut off at the top is lost at the bottom: zeros there. Witness: H = h · stride."""
    rows, columns = (_nearest(n, m, stride) for n, m in zip(size, shape, strict=True))
    found = _painted(weights, shape, rows, columns)
    beyond = np.arange(size[0]) > (shape[0] - 1) * stride + stride // 2
    return np.where(beyond[:, None], 0, found).astype(weights.dtype)


@wrong("heat_map")
def square_where_it_can_be(weights, shape, size, stride):
    """Takes a map for square if its number of places allows it. Witness: 2 × 8 places."""
    side = math.isqrt(weights.shape[-1])
    if side**2 == weights.shape[-1] and size[0] > side and size[1] > side:
        shape = (side, side)
    rows, columns = (_nearest(n, m, stride) for n, m in zip(size, shape, strict=True))
    return _painted(weights, shape, rows, columns)


@wrong("heat_map")
def turned_like_a_picture(weights, shape, size, stride):
    """Rotated by half a turn. Witness: any."""
    rows, columns = (_nearest(n, m, stride) for n, m in zip(size, shape, strict=True))
    return _painted(weights[..., ::-1], shape, rows, columns)


@right("heat_map")
def ceiling_of_less_a_half(weights, shape, size, stride):
    rows, columns = (np.clip(np.ceil(np.arange(n) / stride - 0.5).astype(int), 0, m - 1)
                     for n, m in zip(size, shape, strict=True))  # fmt: skip
    return _painted(weights, shape, rows, columns)


@right("heat_map")
def by_two_products(weights, shape, size, stride):
    """Matrices of zeros and ones from the left and from the right; NumPy's, so in the type of the weights."""
    ones = [np.eye(m, dtype=weights.dtype)[_nearest(n, m, stride)] for n, m in zip(size, shape, strict=True)]
    return ones[0] @ weights.reshape(*weights.shape[:-1], *shape) @ ones[1].T


@right("heat_map")
def by_take(weights, shape, size, stride):
    numbers = np.arange(math.prod(shape)).reshape(shape)
    rows, columns = (_nearest(n, m, stride) for n, m in zip(size, shape, strict=True))
    return weights.take(numbers[np.ix_(rows, columns)], axis=-1)


# --- 12.3 ------------------------------------------------------------------------------------------------------------

answers.by_hand(
    "coordinates_by_hand",
    wrong={  # right is 4, 6, 26, 13, 10
        "as_in_the_chapter": [4, 0, 20, 16, 11],
        "without_the_pooling": [2, 3, 13, 28, 21],
        "centre_of_the_tile": [4, 7.5, 27.5, 13, 9],
        "one_place_too_many": [4, 6, 26, 14, 10],
        "place_five_is_the_sixth": [4, 6, 30, 13, 10],
        "first_pixel_is_one": [4, 7, 27, 13, 9.5],
        "half_a_pixel_before": [4, 5.5, 25.5, 13, 10],
        "padding_counted_twice": [4, 4, 24, 13, 10],
        "steps_of_the_layer_above": [4, 9, 29, 13, 9],
        "padding_on_one_side": [4, 6, 26, 12, 10],
        "not_rounded": [4, 6, 26, 13, 9.75],
        "strides_of_the_window": [7, 6, 41, 13, 6],
        "receptive_field": [17, 6, 26, 13, 10],
        "the_pixel_of_place_ten": [4, 6, 26, 13, 46],
    },
    right={
        "a_tuple_of_floats": (4.0, 6.0, 26.0, 13.0, 10.0),
        "whole_numbers_in_an_array": np.array([4, 6, 26, 13, 10]),
    },
)


# --- 12.4 ------------------------------------------------------------------------------------------------------------


@wrong("pixels_seen")
def by_the_formula_of_the_chapter(layers, size, place):
    """(12.2) around (12.3). Witness: a padding that is not half of the kernel."""
    field = apart = 1
    for kernel, stride, _, dilation in layers:
        field, apart = field + dilation * (kernel - 1) * apart, stride * apart
    return abs(np.arange(size) - apart * place) <= field // 2


@wrong("pixels_seen")
def first_to_last_of_each_layer(layers, size, place):
    """Two ends, moved down. Witness: a kernel with holes."""
    low = high = place
    lengths = _lengths(layers, size)
    for (kernel, stride, padding, dilation), length in list(zip(layers, lengths, strict=False))[::-1]:
        low, high = stride * low - padding, stride * high - padding + dilation * (kernel - 1)
        low, high = max(low, 0), min(high, length - 1)
    return (np.arange(size) >= low) & (np.arange(size) <= high)


@wrong("pixels_seen")
def padding_in_holes(layers, size, place):
    """The padding counted in steps of the dilation. Witness: dilation 2 with padding."""
    taken = lambda i, kernel, stride, padding, dilation: [
        stride * i - padding * dilation + dilation * t for t in range(kernel)
    ]
    return _down(layers, size, place, taken)


@wrong("pixels_seen")
def stride_times_dilation(layers, size, place):
    """Witness: stride 2 and dilation 2."""
    taken = lambda i, kernel, stride, padding, dilation: [dilation * (stride * i + t) - padding for t in range(kernel)]
    return _down(layers, size, place, taken)


@wrong("pixels_seen")
def edges_repeated(layers, size, place):
    """Padding by the pixel at the edge. Witness: a window that begins far before the map."""
    lengths = _lengths(layers, size)
    seen = {place}
    for layer, length in list(zip(layers, lengths, strict=False))[::-1]:
        seen = {min(max(n, 0), length - 1) for i in seen for n in _plain(i, *layer)}
    return np.isin(np.arange(size), list(seen))


@wrong("pixels_seen")
def round_the_edge(layers, size, place):
    """Modulo the length. Witness: place 0 with padding."""
    lengths = _lengths(layers, size)
    seen = {place}
    for layer, length in list(zip(layers, lengths, strict=False))[::-1]:
        seen = {n % length for i in seen for n in _plain(i, *layer)}
    return np.isin(np.arange(size), list(seen))


@wrong("pixels_seen")
def reflected_at_the_edge(layers, size, place):
    """Witness: a wide padding, of which the mirror lies outside the window."""
    return _down(layers, size, place, lambda i, *layer: [abs(n) for n in _plain(i, *layer)])


@wrong("pixels_seen")
def length_of_a_plain_division(layers, size, place):
    """Maps of n // stride numbers. Witness: a layer without padding, whose map is shorter."""
    lengths = [size]
    for _, stride, _, _ in layers:
        lengths.append(max(lengths[-1] // stride, 1))
    seen = {place}
    for layer, length in list(zip(layers, lengths, strict=False))[::-1]:
        seen = {n for i in seen for n in _plain(i, *layer) if 0 <= n < length}
    return np.isin(np.arange(size), list(seen))


@wrong("pixels_seen")
def length_without_holes(layers, size, place):
    """Maps as long as without a dilation. Witness: a layer upon one with holes, at the right edge."""
    plain = _lengths([(kernel, stride, padding, 1) for kernel, stride, padding, _ in layers], size)
    seen = {place}
    for layer, length in list(zip(layers, plain, strict=False))[::-1]:
        seen = {n for i in seen for n in _plain(i, *layer) if 0 <= n < length}
    return np.isin(np.arange(size), list(seen))


@wrong("pixels_seen")
def measured_with_signs(layers, size, place):
    """By a gradient, with kernels 1, −1, 1, …: ways cancel. Witness: two layers of two."""
    maps = np.eye(size)
    for kernel, stride, padding, dilation in layers:
        padded = np.pad(maps, ((0, 0), (padding, padding)))
        starts = range(0, padded.shape[1] - dilation * (kernel - 1), stride)
        signs = (-1.0) ** np.arange(kernel)
        maps = np.stack([padded[:, i : i + dilation * (kernel - 1) + 1 : dilation] @ signs for i in starts], axis=1)
    return maps[:, place] != 0


@wrong("pixels_seen")
def numbers_for_true(layers, size, place):
    """Witness: any: 0 and 1 are whole numbers."""
    return _down(layers, size, place, _plain).astype(int)


@wrong("pixels_seen")
def a_list_for_an_array(layers, size, place):
    """Witness: any."""
    return _down(layers, size, place, _plain).tolist()


@wrong("pixels_seen")
def takes_layers_off(layers, size, place):
    """Empties the caller's list. Witness: any with a layer."""
    found = _down(layers, size, place, _plain)
    while layers:
        layers.pop()
    return found


@wrong("pixels_seen")
def nothing_without_a_layer(layers, size, place):
    """Witness: an empty list."""
    return _down(layers, size, place, _plain) if layers else np.zeros(size, bool)


@wrong("pixels_seen")
def everything_without_a_layer(layers, size, place):
    """Witness: an empty list."""
    return _down(layers, size, place, _plain) if layers else np.ones(size, bool)


@wrong("pixels_seen")
def outside_only_at_the_bottom(layers, size, place):
    """Padding between the layers goes on down. Witness: a kernel of 1 with padding upon one of 3."""
    seen = {place}
    for layer in layers[::-1]:
        seen = {n for i in seen for n in _plain(i, *layer)}
    return np.isin(np.arange(size), list(seen))


@wrong("pixels_seen")
def kernel_around_its_middle(layers, size, place):
    """Each window lies around stride · i. Witness: padding 0."""
    taken = lambda i, kernel, stride, padding, dilation: [
        stride * i + dilation * (t - kernel // 2) for t in range(kernel)
    ]
    return _down(layers, size, place, taken)


@wrong("pixels_seen")
def padding_before_alone(layers, size, place):
    """Maps as long as without the padding behind them. Witness: a place at the right edge of a padded layer."""
    lengths = [size]
    for kernel, stride, padding, dilation in layers:
        lengths.append(max((lengths[-1] + padding - dilation * (kernel - 1) - 1) // stride + 1, 0))
    seen = {place}
    for layer, length in list(zip(layers, lengths, strict=False))[::-1]:
        seen = {n for i in seen for n in _plain(i, *layer) if 0 <= n < length}
    return np.isin(np.arange(size), list(seen))


@wrong("pixels_seen")
def at_least_its_own_pixel(layers, size, place):
    """A place that sees nothing gets the nearest pixel. Witness: padding wider than the kernel."""
    found = _down(layers, size, place, _plain)
    if not found.any():
        found[min(place, size - 1)] = True
    return found


@right("pixels_seen")
def by_matrices(layers, size, place):
    """One boolean matrix for each layer, and their product."""
    found, lengths = np.eye(size, dtype=bool), _lengths(layers, size)
    for (kernel, stride, padding, dilation), length, above in zip(layers, lengths, lengths[1:], strict=False):
        steps = np.arange(length)[None] - (stride * np.arange(above)[:, None] - padding)
        takes = (steps >= 0) & (steps % dilation == 0) & (steps <= dilation * (kernel - 1))
        found = takes @ found
    return found[place]


@right("pixels_seen")
def by_random_numbers(layers, size, place):
    """A gradient in numbers that do not cancel."""
    rng = np.random.default_rng(0)
    row = np.eye(_lengths(layers, size)[-1])[place]
    for (kernel, stride, padding, dilation), length in list(zip(layers, _lengths(layers, size), strict=False))[::-1]:
        wide = np.zeros(length + 2 * padding)
        for i in np.flatnonzero(row):
            for t in range(kernel):
                wide[stride * i + dilation * t] += row[i] * rng.uniform(0.5, 1)
        row = wide[padding : padding + length]
    return row > 0


# --- 12.5 ------------------------------------------------------------------------------------------------------------


@wrong("pointed_at")
def weights_nearly_equal_are_equal(weights, boxes, first, stride):
    """isclose, and then the first. Witness: weights that differ in the twelfth digit."""
    flat = weights.reshape(*weights.shape[:-2], -1)
    place = np.isclose(flat, flat.max(-1, keepdims=True)).argmax(-1)
    i, j = np.divmod(place, weights.shape[-1])
    return _which(_in_boxes(boxes, (first + stride * i)[..., None], (first + stride * j)[..., None]))


@wrong("pointed_at")
def weights_in_single_precision(weights, boxes, first, stride):
    """Witness: weights that differ in the twelfth digit."""
    return _which(_in_boxes(boxes, *_centres(weights.astype(np.float32), first, stride)))


@wrong("pointed_at")
def weights_rounded(weights, boxes, first, stride):
    """Witness: weights that differ in the fifth digit, or are all smaller than 0.0005."""
    return _which(_in_boxes(boxes, *_centres(np.round(weights, 3), first, stride)))


@wrong("pointed_at")
def heaviest_of_the_batch(weights, boxes, first, stride):
    """One place for all. Witness: two maps."""
    place = int(weights.reshape(-1).argmax()) % (weights.shape[-1] * weights.shape[-2])
    i, j = divmod(place, weights.shape[-1])
    return _which(_in_boxes(boxes, np.full((*weights.shape[:-2], 1), first + stride * i), first + stride * j))


@wrong("pointed_at")
def last_of_equal_ones(weights, boxes, first, stride):
    """By a sort. Witness: equal weights."""
    place = np.argsort(weights.reshape(*weights.shape[:-2], -1), axis=-1, kind="stable")[..., -1]
    i, j = np.divmod(place, weights.shape[-1])
    return _which(_in_boxes(boxes, (first + stride * i)[..., None], (first + stride * j)[..., None]))


@wrong("pointed_at")
def centres_are_whole(weights, boxes, first, stride):
    """int(first). Witness: first = −1.5."""
    return _which(_in_boxes(boxes, *_centres(weights, int(first), stride)))


@wrong("pointed_at")
def up_to_the_last_pixel(weights, boxes, first, stride):
    """centre <= bottom − 1. Witness: a centre half a pixel before the edge."""
    row, column = _centres(weights, first, stride)
    top, left, bottom, right_ = np.moveaxis(boxes, -1, 0)
    return _which((top <= row) & (row <= bottom - 1) & (left <= column) & (column <= right_ - 1))


@wrong("pointed_at")
def pixels_have_a_width(weights, boxes, first, stride):
    """From top − ½ to bottom − ½. Witness: a centre at half a pixel."""
    row, column = _centres(weights, first, stride)
    return _which(_in_boxes(boxes - 0.5, row, column))


@wrong("pointed_at")
def near_the_middle_of_the_box(weights, boxes, first, stride):
    """Not farther from its middle than half its side. Witness: a centre on the edge `bottom`."""
    row, column = _centres(weights, first, stride)
    top, left, bottom, right_ = np.moveaxis(boxes, -1, 0)
    near = (abs(row - (top + bottom) / 2) <= (bottom - top) / 2) & (
        abs(column - (left + right_) / 2) <= (right_ - left) / 2
    )
    return _which(near)


@wrong("pointed_at")
def first_box_or_none(weights, boxes, first, stride):
    """Witness: the second box is hit."""
    return np.where(_in_boxes(boxes, *_centres(weights, first, stride))[..., 0], 0, -1)


@wrong("pointed_at")
def rows_alone(weights, boxes, first, stride):
    """Witness: a box beside the centre."""
    row, _ = _centres(weights, first, stride)
    return _which((boxes[..., 0] <= row) & (row < boxes[..., 2]))


@wrong("pointed_at")
def open_below_in_columns(weights, boxes, first, stride):
    """left < column. Witness: a centre on the edge `left`."""
    row, column = _centres(weights, first, stride)
    return _which(_in_boxes(boxes, row, column) & (boxes[..., 1] < column))


@wrong("pointed_at")
def blurred_first(weights, boxes, first, stride):
    """The heaviest 2 × 2 places. Witness: one heavy place far from a crowd of lighter ones."""
    wide = np.pad(weights.astype(np.float64), [(0, 0)] * (weights.ndim - 2) + [(0, 1), (0, 1)])
    summed = wide[..., :-1, :-1] + wide[..., 1:, :-1] + wide[..., :-1, 1:] + wide[..., 1:, 1:]
    return _which(_in_boxes(boxes, *_centres(summed, first, stride)))


@wrong("pointed_at")
def most_weight_inside(weights, boxes, first, stride):
    """The box with the most weight. Witness: a large box beside the heaviest place."""
    h, w = weights.shape[-2:]
    row, column = first + stride * np.arange(h)[:, None], first + stride * np.arange(w)
    inside = _in_boxes(boxes[..., None, None, :], row, column)  # (…, K, h, w)
    inside = inside * weights[..., None, :, :]
    total = inside.sum((-2, -1))
    return np.where(total.max(-1) > 0, total.argmax(-1), -1)


@wrong("pointed_at")
def of_one_batch(weights, boxes, first, stride):
    """Witness: no leading axis, or two."""
    place = weights.reshape(len(weights), -1).argmax(1)
    i, j = np.divmod(place, weights.shape[-1])
    return _which(_in_boxes(boxes, (first + stride * i)[:, None], (first + stride * j)[:, None]))


@wrong("pointed_at")
def numbers_with_a_point(weights, boxes, first, stride):
    """Witness: any: floats."""
    return _which(_in_boxes(boxes, *_centres(weights, first, stride))).astype(float)


@wrong("pointed_at")
def smallest_of_several(weights, boxes, first, stride):
    """Of several boxes the smallest. Witness: a small box within a large one that comes first."""
    inside = _in_boxes(boxes, *_centres(weights, first, stride))
    area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return np.where(inside.any(-1), np.where(inside, area, 10**9).argmin(-1), -1)


@wrong("pointed_at")
def boxes_without_one_are_a_box(weights, boxes, first, stride):
    """−1, −1, −1, −1 as the last pixel. Witness: a centre at −1."""
    row, column = _centres(weights, first, stride)
    absent = (boxes == -1).all(-1)
    return _which(_in_boxes(boxes, row, column) | (absent & (row == -1) & (column == -1)))


@right("pointed_at")
def by_slices_of_a_picture(weights, boxes, first, stride):
    """Boxes as Python ranges, where centres are whole; else by comparison."""
    found = []
    for at in np.ndindex(weights.shape[:-2]):
        own = weights[at].tolist()
        top = max(max(row) for row in own)
        i = next(n for n, row in enumerate(own) if max(row) == top)
        j = own[i].index(top)
        row, column = first + stride * i, first + stride * j
        hits = [k for k, (a, b, c, d) in enumerate(boxes[at].tolist()) if a <= row < c and b <= column < d]
        found.append(hits[0] if hits else -1)
    return np.array(found, dtype=np.int64).reshape(weights.shape[:-2])


@right("pointed_at")
def a_number_for_one_map(weights, boxes, first, stride):
    found = _which(_in_boxes(boxes, *_centres(weights, first, stride)))
    return int(found) if weights.ndim == 2 else found


@wrong("pointed_at")
def by_a_sort_that_is_not_stable(weights, boxes, first, stride):
    """Witness: equal weights in a large map."""
    flat = weights.reshape(*weights.shape[:-2], -1)
    i, j = np.divmod(np.argpartition(-flat, 0, axis=-1)[..., 0], weights.shape[-1])
    return _which(_in_boxes(boxes, (first + stride * i)[..., None], (first + stride * j)[..., None]))


@right("pointed_at")
def absent_boxes_left_out(weights, boxes, first, stride):
    row, column = _centres(weights, first, stride)
    return _which(_in_boxes(boxes, row, column) & (boxes[..., 0] >= 0))


@right("pointed_at")
def by_a_sort_that_is_stable(weights, boxes, first, stride):
    place = np.argsort(-weights.reshape(*weights.shape[:-2], -1), axis=-1, kind="stable")[..., 0]
    centre = first + stride * np.array(np.unravel_index(place, weights.shape[-2:]))[..., None]
    inside = _in_boxes(boxes, *centre)
    return np.where(inside.any(-1), np.argmax(inside, -1), -1).astype(np.int32)


# --- 12.6 ------------------------------------------------------------------------------------------------------------


@wrong("erasure_curve")
def summed_from_the_end(scores, features):
    """Running sums of exponentials, with one maximum. Witness: a lead of 800."""
    order = np.argsort(-scores, axis=-1, kind="stable")
    made = np.exp(scores - np.where(np.isinf(scores.max(-1, keepdims=True)), 0, scores.max(-1, keepdims=True)))
    made = np.take_along_axis(made, order, -1)
    rows = np.take_along_axis(features, order[..., None], -2) * made[..., None]
    sums, total = rows[..., ::-1, :].cumsum(-2)[..., ::-1, :], made[..., ::-1].cumsum(-1)[..., ::-1, None]
    curve = sums / np.where(total == 0, 1, total)
    return np.concatenate([curve, np.zeros_like(curve[..., :1, :])], -2)


@wrong("erasure_curve")
def taken_off_the_sum(scores, features):
    """The sum less what is gone. Witness: a sure row, of which nothing is left."""
    order = np.argsort(-scores, axis=-1, kind="stable")
    p = np.take_along_axis(_softmax(np.where(np.isinf(scores), -1e300, scores)), order, -1)
    rows = np.take_along_axis(features, order[..., None], -2) * p[..., None]
    gone = np.concatenate([np.zeros_like(rows[..., :1, :]), rows.cumsum(-2)], -2)
    share = 1 - np.concatenate([np.zeros_like(p[..., :1]), p.cumsum(-1)], -1)[..., None]
    curve = (rows.sum(-2, keepdims=True) - gone) / np.where(share == 0, 1, share)
    curve[..., -1, :] = 0
    return curve


@wrong("erasure_curve")
def large_number_for_what_is_gone(scores, features):
    """−10⁹, and zeros in the last row. Witness: places of −∞ that are left: the weight goes to those that are gone."""
    weights = _softmax(np.where(_left(scores), scores[..., None, :], -1e9))
    weights[..., -1, :] = 0
    return weights @ features


@wrong("erasure_curve")
def zeros_at_the_end_alone(scores, features):
    """Witness: a row with −∞, NaN before the end."""
    with np.errstate(all="ignore"):
        weights = _softmax(np.where(_left(scores), scores[..., None, :], -np.inf))
    weights[..., -1, :] = 0
    return weights @ features


@wrong("erasure_curve")
def by_a_threshold(scores, features):
    """All that is below the k-th score. Witness: equal scores."""
    down = -np.sort(-scores, axis=-1)
    limits = np.concatenate([np.full_like(down[..., :1], np.inf), down], -1)[..., None]
    left = scores[..., None, :] < limits
    return _weights_of(scores, left) @ features


@wrong("erasure_curve")
def heaviest_by_size(scores, features):
    """By |score|. Witness: negative scores."""
    rank = _rank(np.where(np.isinf(scores), -1, abs(scores)))
    left = rank[..., None, :] >= np.arange(scores.shape[-1] + 1)[:, None]
    return _weights_of(scores, left) @ features


@wrong("erasure_curve")
def order_is_not_the_rank(scores, features):
    """argsort once. Witness: an order that is not its own inverse."""
    order = np.argsort(-scores, axis=-1, kind="stable")
    left = order[..., None, :] >= np.arange(scores.shape[-1] + 1)[:, None]
    return _weights_of(scores, left) @ features


@wrong("erasure_curve")
def small_number_under_the_sum(scores, features):
    """Witness: any, in float64."""
    low = np.where(_left(scores), scores[..., None, :], -np.inf)
    top = low.max(-1, keepdims=True)
    made = np.exp(low - np.where(np.isinf(top), 0, top))
    return made / (made.sum(-1, keepdims=True) + 1e-11) @ features


@wrong("erasure_curve")
def most_that_matters_first(scores, features):
    """By weight times the length of the row. Witness: a light place with a long row."""
    p = _softmax(np.where(np.isinf(scores), -1e300, scores))
    rank = _rank(p * np.sqrt((features**2).sum(-1)))
    left = rank[..., None, :] >= np.arange(scores.shape[-1] + 1)[:, None]
    return _weights_of(scores, left) @ features


@wrong("erasure_curve")
def renewed_step_by_step(scores, features):
    """p / (1 − p), again and again. Witness: a sure row, and S of them: 0 / 0."""
    p = _softmax(np.where(np.isinf(scores), -1e300, scores))
    curve = []
    for _ in range(scores.shape[-1]):
        curve.append((p[..., None, :] @ features)[..., 0, :])
        place = p.argmax(-1)[..., None]
        rest = 1 - np.take_along_axis(p, place, -1)
        np.put_along_axis(p, place, 0, -1)
        p = p / np.where(rest <= 0, 1, rest)
    return np.stack([*curve, np.zeros_like(curve[0])], -2)


@wrong("erasure_curve")
def weights_below_a_limit_are_nothing(scores, features):
    """Witness: places left that have 1e-9 each beside one another."""
    weights = _weights_of(scores, _left(scores))
    return np.where(weights < 1e-7, 0, weights) @ features


@wrong("erasure_curve")
def heaviest_row_stays_last(scores, features):
    """Row S is row S − 1. Witness: any."""
    curve = _weights_of(scores, _left(scores)) @ features
    curve[..., -1, :] = curve[..., -2, :]
    return curve


@wrong("erasure_curve")
def mean_for_nothing_left(scores, features):
    """Witness: the last row."""
    curve = _weights_of(scores, _left(scores)) @ features
    curve[..., -1, :] = features.mean(-2)
    return curve


@wrong("erasure_curve")
def zeros_are_of_two_kinds(scores, features):
    """Ties between 0 and −0 decided by the sign. Witness: −0 before 0."""
    keys = np.where(np.signbit(scores) & (scores == 0), -1e-300, scores)
    left = _rank(keys)[..., None, :] >= np.arange(scores.shape[-1] + 1)[:, None]
    return _weights_of(scores, left) @ features


@wrong("erasure_curve", framework="pytorch")
def nan_made_zero(scores, features):
    """Forward right; the gradient is NaN, in the last row always. Witness: any."""
    import torch

    rank = torch.argsort(torch.argsort(scores, dim=-1, descending=True, stable=True), dim=-1)
    left = rank[..., None, :] >= torch.arange(scores.shape[-1] + 1)[:, None]
    weights = torch.softmax(scores[..., None, :].masked_fill(~left, -torch.inf), -1)
    return torch.nan_to_num(weights) @ features


@wrong("erasure_curve", framework="pytorch")
def scores_detached(scores, features):
    """Witness: the gradient of the scores."""
    import torch

    from attention.pytorch import masked_softmax

    rank = torch.argsort(torch.argsort(scores, dim=-1, descending=True, stable=True), dim=-1)
    left = rank[..., None, :] >= torch.arange(scores.shape[-1] + 1)[:, None]
    return masked_softmax(scores.detach()[..., None, :].expand(left.shape), left) @ features


@wrong("erasure_curve", framework="pytorch")
def by_topk_of_weights(scores, features):
    """topk of the finished weights, which have rounded to equal zeros. Witness: scores hundreds apart."""
    import torch

    from attention.pytorch import masked_softmax

    p = torch.softmax(scores, -1)
    rank = torch.argsort(torch.argsort(p, dim=-1, descending=True, stable=True), dim=-1)
    left = rank[..., None, :] >= torch.arange(scores.shape[-1] + 1)[:, None]
    return masked_softmax(scores[..., None, :].expand(left.shape), left) @ features


@wrong("erasure_curve", framework="pytorch")
def first_row_for_all(scores, features):
    """Witness: a batch."""
    import torch

    from attention.pytorch import masked_softmax

    S = scores.shape[-1]
    rank = torch.argsort(torch.argsort(scores.reshape(-1, S)[0], descending=True, stable=True))
    left = (rank >= torch.arange(S + 1)[:, None]).expand(*scores.shape[:-1], S + 1, S)
    return masked_softmax(scores[..., None, :].expand(left.shape), left) @ features


@right("erasure_curve")
def by_logarithms_from_the_end(scores, features):
    """A running log-sum from the lightest up; each context is a merge of the next with one place."""
    order = np.argsort(-scores, axis=-1, kind="stable")
    total = np.full(scores.shape[:-1], -np.inf, scores.dtype)
    context = np.zeros((*scores.shape[:-1], features.shape[-1]), features.dtype)
    curve = [context]
    for k in range(scores.shape[-1] - 1, -1, -1):
        place = order[..., k : k + 1]
        s = np.take_along_axis(scores, place, -1)[..., 0]
        x = np.take_along_axis(features, place[..., None], -2)[..., 0, :]
        top = np.maximum(total, s)
        top = np.where(np.isinf(top), 0, top).astype(scores.dtype)
        old, new = np.exp(total - top), np.exp(s - top)
        share = new / np.where(old + new == 0, 1, old + new)
        context = context + share[..., None] * (x - context)
        with np.errstate(divide="ignore"):
            total = top + np.log(old + new)
        curve.append(context)
    return np.stack(curve[::-1], -2)


@right("erasure_curve")
def in_extended_precision(scores, features):
    """Running sums, in floats whose exponentials reach from −11000."""
    order = np.argsort(-scores, axis=-1, kind="stable")
    down = np.take_along_axis(scores, order, -1).astype(np.longdouble)
    rows = np.take_along_axis(features, order[..., None], -2)
    weights = _weights_of(down, np.arange(scores.shape[-1]) >= np.arange(scores.shape[-1] + 1)[:, None])
    return (weights @ rows).astype(scores.dtype)


@right("erasure_curve", framework="pytorch")
def by_pairs(scores, features):
    """The rank counted: how many go before."""
    import torch

    S = scores.shape[-1]
    mine, other = scores[..., :, None], scores[..., None, :]
    earlier = torch.arange(S)[None, :] < torch.arange(S)[:, None]
    rank = ((other > mine) | ((other == mine) & earlier)).sum(-1)
    open_ = (rank[..., None, :] >= torch.arange(S + 1)[:, None]) & (other > -torch.inf)
    empty = ~open_.any(-1, keepdim=True)
    low = torch.where(open_, other, -torch.inf)
    weights = torch.softmax(torch.where(empty, 0.0, low), -1)
    return torch.where(empty, 0.0, weights) @ features


# --- 12.7 ------------------------------------------------------------------------------------------------------------


@wrong("squeeze_excite")
def mean_of_means(features, mask, down, up):
    """Each row's mean, and then their mean. Witness: rows of different lengths."""
    x = np.where(mask[..., None], features, 0)
    rows = x.sum(-2) / np.maximum(mask.sum(-1), 1)[..., None]
    mean = rows.sum(-2) / np.maximum(mask.any(-1).sum(-1), 1)[..., None]
    return _excited(features, mask, mean, down, up)


@wrong("squeeze_excite")
def insides_are_rectangles(features, mask, down, up):
    """Rows times columns. Witness: an inside that is none."""
    count = mask.any(-1).sum(-1) * mask.any(-2).sum(-1)
    mean = np.where(mask[..., None], features, 0).sum((-3, -2)) / np.maximum(count, 1)[..., None]
    return _excited(features, mask, mean, down, up)


@wrong("squeeze_excite")
def relu_behind_both(features, mask, down, up):
    """Witness: hidden units below 0."""
    gates = scipy.special.expit(np.maximum(_mean(features, mask) @ down @ up, 0))
    return np.where(mask[..., None], features, 0) * gates[..., None, None, :]


@wrong("squeeze_excite")
def relu_before_both(features, mask, down, up):
    """Witness: means below 0."""
    gates = scipy.special.expit(np.maximum(_mean(features, mask), 0) @ down @ up)
    return np.where(mask[..., None], features, 0) * gates[..., None, None, :]


@wrong("squeeze_excite")
def hard_sigmoid(features, mask, down, up):
    """Witness: any."""
    gates = np.clip(np.maximum(_mean(features, mask) @ down, 0) @ up / 6 + 0.5, 0, 1)
    return np.where(mask[..., None], features, 0) * gates[..., None, None, :]


@wrong("squeeze_excite")
def sigmoid_by_tanh(features, mask, down, up):
    """(1 + tanh(z/2)) / 2: of a gate of e⁻²⁰ half of the digits are gone. Witness: small gates."""
    gates = 0.5 * (1 + np.tanh(np.maximum(_mean(features, mask) @ down, 0) @ up / 2))
    return np.where(mask[..., None], features, 0) * gates[..., None, None, :]


@wrong("squeeze_excite")
def gates_never_shut(features, mask, down, up):
    """At least 1e-6. Witness: small gates."""
    gates = np.maximum(scipy.special.expit(np.maximum(_mean(features, mask) @ down, 0) @ up), 1e-6)
    return np.where(mask[..., None], features, 0) * gates[..., None, None, :]


@wrong("squeeze_excite")
def numbers_before_the_sigmoid_clipped(features, mask, down, up):
    """To ±15. Witness: small gates."""
    z = np.clip(np.maximum(_mean(features, mask) @ down, 0) @ up, -15, 15)
    return np.where(mask[..., None], features, 0) * scipy.special.expit(z)[..., None, None, :]


@wrong("squeeze_excite")
def small_number_beside_the_count(features, mask, down, up):
    """Witness: any, in float64."""
    x = np.where(mask[..., None], features, 0)
    mean = x.sum((-3, -2)) / (mask.sum((-2, -1))[..., None] + 1e-9)
    return _excited(features, mask, mean, down, up)


@wrong("squeeze_excite")
def count_of_the_first_picture(features, mask, down, up):
    """Witness: pictures of several sizes."""
    count = max(int(mask.reshape(-1, *mask.shape[-2:])[0].sum()), 1)
    mean = np.where(mask[..., None], features, 0).sum((-3, -2)) / count
    return _excited(features, mask, mean, down, up)


@wrong("squeeze_excite")
def padding_is_what_is_nan(features, mask, down, up):
    """Looks for NaN and not at the mask. Witness: plain numbers outside."""
    there = np.isfinite(features).all(-1)
    mean = np.where(there[..., None], features, 0).sum((-3, -2)) / np.maximum(there.sum((-2, -1)), 1)[..., None]
    return _excited(features, mask, mean, down, up)


@wrong("squeeze_excite")
def repaired_at_the_end(features, mask, down, up):
    """nan_to_num of the result. Witness: a NaN outside, by which all of a picture's gates are NaN."""
    x = features * mask[..., None]
    mean = x.sum((-3, -2)) / np.maximum(mask.sum((-2, -1)), 1)[..., None]
    gates = scipy.special.expit(np.maximum(mean @ down, 0) @ up)
    return np.nan_to_num(x * gates[..., None, None, :])


@wrong("squeeze_excite")
def repaired_before(features, mask, down, up):
    """nan_to_num of the features: ∞ becomes 1.8e308, times 0. Plain otherwise, but the padding is gated too.
    Witness: plain numbers outside."""
    gates = scipy.special.expit(np.maximum(_mean(features, mask) @ down, 0) @ up)
    return np.nan_to_num(features) * gates[..., None, None, :]


@wrong("squeeze_excite")
def one_gate_for_all_channels(features, mask, down, up):
    """Their mean. Witness: more than one channel."""
    gates = scipy.special.expit(np.maximum(_mean(features, mask) @ down, 0) @ up)
    return np.where(mask[..., None], features, 0) * gates.mean(-1)[..., None, None, None]


@wrong("squeeze_excite")
def mean_without_zeros(features, mask, down, up):
    """Counts only numbers that are not 0. Witness: features of 0 inside."""
    x = np.where(mask[..., None], features, 0)
    mean = x.sum((-3, -2)) / np.maximum((x != 0).sum((-3, -2)), 1)
    return _excited(features, mask, mean, down, up)


@wrong("squeeze_excite")
def matrices_turned_where_they_fit(features, mask, down, up):
    """Witness: as many hidden units as channels."""
    if down.shape == up.shape:
        down, up = down.T, up.T
    return _excited(features, mask, _mean(features, mask), down, up)


@wrong("squeeze_excite")
def pictures_without_a_place_untouched(features, mask, down, up):
    """Witness: a picture that has none."""
    result = _excited(features, mask, _mean(features, mask), down, up)
    return np.where(mask.any((-2, -1))[..., None, None, None], result, np.nan_to_num(features))


@wrong("squeeze_excite", framework="tensorflow")
def where_after_the_division(features, mask, down, up):
    """Forward right; where there is no place 0/0 reaches the gradients of the matrices. Witness: an empty picture."""
    import tensorflow as tf

    inside = mask[..., None]
    zero = tf.zeros((), features.dtype)
    x = tf.where(inside, features, zero)
    mean = tf.reduce_sum(x, (-3, -2), keepdims=True) / tf.reduce_sum(tf.cast(inside, x.dtype), (-3, -2), keepdims=True)
    return tf.where(inside, x * tf.sigmoid(tf.nn.relu(mean @ down) @ up), zero)


@wrong("squeeze_excite", framework="tensorflow")
def where_at_the_end(features, mask, down, up):
    """The features enter the product, NaN and all: the gradient of the gates is NaN. Witness: NaN outside."""
    import tensorflow as tf

    inside = mask[..., None]
    zero = tf.zeros((), features.dtype)
    x = tf.where(inside, features, zero)
    count = tf.maximum(tf.reduce_sum(tf.cast(inside, x.dtype), (-3, -2), keepdims=True), 1)
    gates = tf.sigmoid(tf.nn.relu(tf.reduce_sum(x, (-3, -2), keepdims=True) / count @ down) @ up)
    return tf.where(inside, features * gates, zero)


@wrong("squeeze_excite", framework="tensorflow")
def gates_are_constants(features, mask, down, up):
    """Witness: the gradient of the matrices."""
    import tensorflow as tf

    inside = mask[..., None]
    x = tf.where(inside, features, tf.zeros((), features.dtype))
    count = tf.maximum(tf.reduce_sum(tf.cast(inside, x.dtype), (-3, -2), keepdims=True), 1)
    gates = tf.sigmoid(tf.nn.relu(tf.reduce_sum(x, (-3, -2), keepdims=True) / count @ down) @ up)
    return x * tf.stop_gradient(gates)


@right("squeeze_excite", framework="tensorflow")
def by_flat_places(features, mask, down, up):
    import tensorflow as tf

    *leading, h, w, N = features.shape
    m = tf.cast(tf.reshape(mask, (*leading, h * w)), features.dtype)
    x = tf.reshape(tf.where(mask[..., None], features, tf.zeros_like(features)), (*leading, h * w, N))
    shares = tf.math.divide_no_nan(m, tf.reduce_sum(m, -1, keepdims=True))
    mean = shares[..., None, :] @ x  # (…, 1, N)
    z = tf.nn.relu(mean @ down) @ up
    gates = tf.exp(-tf.nn.softplus(-z))
    return tf.reshape(x * gates, features.shape)


@right("squeeze_excite")
def by_masked_arrays(features, mask, down, up):
    """NumPy's masked arrays know a mean without what is masked."""
    held = np.ma.masked_array(np.where(mask[..., None], features, 0), ~mask[..., None] & np.ones(features.shape, bool))
    mean = np.ma.filled(held.mean((-3, -2)), 0).astype(features.dtype)
    z = np.maximum(mean @ down, 0) @ up
    gates = np.exp(-np.logaddexp(0, -z)).astype(features.dtype)
    return np.ma.filled(held, 0) * gates[..., None, None, :]


# --- 12.8 ------------------------------------------------------------------------------------------------------------


@wrong("normalise_batch")
def over_rows_alone(x, mean, variance, scale, shift, training, momentum):
    """Over pictures and rows, then averaged over the columns. The mean is right. Witness: columns that differ."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread = x.mean(OVER), x.var((0, 1)).mean(0)
    return _normal(x, own, spread, scale, shift), _moved(mean, own, momentum), _moved(variance, spread, momentum)


@wrong("normalise_batch")
def spread_of_each_picture(x, mean, variance, scale, shift, training, momentum):
    """The mean of the pictures' variances. Witness: pictures whose means differ."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread = x.mean(OVER), x.var((1, 2)).mean(0)
    return _normal(x, own, spread, scale, shift), _moved(mean, own, momentum), _moved(variance, spread, momentum)


@wrong("normalise_batch")
def modes_exchanged(x, mean, variance, scale, shift, training, momentum):
    """Witness: any."""
    if training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread = x.mean(OVER), x.var(OVER)
    return _normal(x, own, spread, scale, shift), _moved(mean, own, momentum), _moved(variance, spread, momentum)


@wrong("normalise_batch")
def one_picture_is_no_batch(x, mean, variance, scale, shift, training, momentum):
    """A single picture gets the moving statistics in training too. Witness: B = 1."""
    own, spread = x.mean(OVER), x.var(OVER)
    if training:
        moved = _moved(mean, own, momentum), _moved(variance, spread, momentum)
        used = (mean, variance) if len(x) == 1 else (own, spread)
        return _normal(x, *used, scale, shift), *moved
    return _normal(x, mean, variance, scale, shift), mean, variance


@wrong("normalise_batch")
def at_least_epsilon(x, mean, variance, scale, shift, training, momentum):
    """The larger of variance and ε, not their sum. Witness: any."""
    own, spread = (x.mean(OVER), x.var(OVER)) if training else (mean, variance)
    result = (x - own) / np.sqrt(np.maximum(spread, 1e-5)) * scale + shift
    moved = (_moved(mean, own, momentum), _moved(variance, spread, momentum)) if training else (mean, variance)
    return result, *moved


@wrong("normalise_batch")
def epsilon_kept_in_the_variance(x, mean, variance, scale, shift, training, momentum):
    """The moving variance with ε. Witness: training."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread = x.mean(OVER), x.var(OVER) + 1e-5
    return _normal(x, own, spread, scale, shift, 0), _moved(mean, own, momentum), _moved(variance, spread, momentum)


@wrong("normalise_batch")
def epsilon_of_a_millionth(x, mean, variance, scale, shift, training, momentum):
    """Witness: variances around 1, in the sixth digit."""
    if not training:
        return _normal(x, mean, variance, scale, shift, 1e-6), mean, variance
    own, spread = x.mean(OVER), x.var(OVER)
    return _normal(x, own, spread, scale, shift, 1e-6), _moved(mean, own, momentum), _moved(variance, spread, momentum)


@wrong("normalise_batch")
def no_epsilon_at_evaluation(x, mean, variance, scale, shift, training, momentum):
    """Witness: evaluation."""
    if not training:
        return _normal(x, mean, variance, scale, shift, 0), mean, variance
    own, spread = x.mean(OVER), x.var(OVER)
    return _normal(x, own, spread, scale, shift), _moved(mean, own, momentum), _moved(variance, spread, momentum)


@wrong("normalise_batch")
def deviations_are_moved(x, mean, variance, scale, shift, training, momentum):
    """The moving deviation, squared. Witness: training."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread = x.mean(OVER), x.var(OVER)
    deviation = _moved(np.sqrt(variance), np.sqrt(spread), momentum)
    return _normal(x, own, spread, scale, shift), _moved(mean, own, momentum), deviation**2


@wrong("normalise_batch")
def mean_alone_is_moved(x, mean, variance, scale, shift, training, momentum):
    """Witness: training."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread = x.mean(OVER), x.var(OVER)
    return _normal(x, own, spread, scale, shift), _moved(mean, own, momentum), variance


@wrong("normalise_batch")
def statistics_of_the_batch_returned(x, mean, variance, scale, shift, training, momentum):
    """Witness: training, momentum above 0."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread = x.mean(OVER), x.var(OVER)
    return _normal(x, own, spread, scale, shift), own, spread


@wrong("normalise_batch")
def median_for_the_mean(x, mean, variance, scale, shift, training, momentum):
    """Witness: training."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread = np.median(x, OVER), x.var(OVER)
    return _normal(x, own, spread, scale, shift), _moved(mean, own, momentum), _moved(variance, spread, momentum)


@wrong("normalise_batch")
def in_the_callers_array(x, mean, variance, scale, shift, training, momentum):
    """x -= mean. Witness: any: the argument is changed."""
    own, spread = (x.mean(OVER), x.var(OVER)) if training else (mean, variance)
    x -= own
    result = x / np.sqrt(spread + 1e-5) * scale + shift
    moved = (_moved(mean, own, momentum), _moved(variance, spread, momentum)) if training else (mean, variance)
    return result, *moved


@wrong("normalise_batch")
def moves_the_callers_mean(x, mean, variance, scale, shift, training, momentum):
    """mean *= momentum. Witness: training: the argument is changed."""
    if training:
        own, spread = x.mean(OVER), x.var(OVER)
        mean *= momentum
        mean += (1 - momentum) * own
        return _normal(x, own, spread, scale, shift), mean, _moved(variance, spread, momentum)
    return _normal(x, mean, variance, scale, shift), mean, variance


@wrong("normalise_batch")
def squares_less_the_square(x, mean, variance, scale, shift, training, momentum):
    """Cut at 0. Witness: channels around a million."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own = x.mean(OVER)
    spread = np.maximum((x * x).mean(OVER) - own * own, 0)
    return _normal(x, own, spread, scale, shift), _moved(mean, own, momentum), _moved(variance, spread, momentum)


@wrong("normalise_batch")
def flat_channels_left_alone(x, mean, variance, scale, shift, training, momentum):
    """A channel that hardly varies gets its shift alone. Witness: a variance of 1e-6."""
    own, spread = (x.mean(OVER), x.var(OVER)) if training else (mean, variance)
    result = np.where(spread < 1e-4, shift + 0 * x, _normal(x, own, spread, scale, shift))
    moved = (_moved(mean, own, momentum), _moved(variance, spread, momentum)) if training else (mean, variance)
    return result, *moved


@wrong("normalise_batch")
def momentum_is_nine_tenths(x, mean, variance, scale, shift, training, momentum):
    """Whatever it is. Witness: another."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread = x.mean(OVER), x.var(OVER)
    return _normal(x, own, spread, scale, shift), _moved(mean, own, 0.9), _moved(variance, spread, 0.9)


@wrong("normalise_batch")
def begins_with_the_first_batch(x, mean, variance, scale, shift, training, momentum):
    """Moving statistics of 0 are taken for none. Witness: mean 0 and variance 0."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread = x.mean(OVER), x.var(OVER)
    if not mean.any() and not variance.any():
        return _normal(x, own, spread, scale, shift), own, spread
    return _normal(x, own, spread, scale, shift), _moved(mean, own, momentum), _moved(variance, spread, momentum)


@wrong("normalise_batch")
def momentum_by_or(x, mean, variance, scale, shift, training, momentum):
    """`momentum or 0.9`. Witness: momentum 0."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread, keep = x.mean(OVER), x.var(OVER), momentum or 0.9
    return _normal(x, own, spread, scale, shift), _moved(mean, own, keep), _moved(variance, spread, keep)


@wrong("normalise_batch")
def corrected_in_the_result_alone(x, mean, variance, scale, shift, training, momentum):
    """n − 1 in the result. Witness: training."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, spread, n = x.mean(OVER), x.var(OVER), x.size // x.shape[-1]
    corrected = spread * n / max(n - 1, 1)
    return _normal(x, own, corrected, scale, shift), _moved(mean, own, momentum), _moved(variance, spread, momentum)


@wrong("normalise_batch")
def in_single_precision_inside(x, mean, variance, scale, shift, training, momentum):
    """Witness: float64."""
    y = x.astype(np.float32)
    if not training:
        return _normal(y, mean, variance, scale, shift), mean, variance
    own, spread = y.mean(OVER), y.var(OVER)
    moved = _moved(mean, own, momentum), _moved(variance, spread, momentum)
    return _normal(y, own, spread, scale, shift).astype(x.dtype), *moved


@right("normalise_batch")
def folded_into_one_factor(x, mean, variance, scale, shift, training, momentum):
    """As in a network that is finished: one factor and one shift for each channel, about the first number."""
    ground = x[0, 0, 0]
    y = x - ground
    own, spread = (y.mean(OVER), y.var(OVER)) if training else (mean - ground, variance)
    factor = scale / np.sqrt(spread + 1e-5)
    result = (y - own) * factor + shift
    if not training:
        return result, mean.copy(), variance.copy()
    return result, mean * momentum + (own + ground) * (1 - momentum), _moved(variance, spread, momentum)


@right("normalise_batch")
def shifted_squares(x, mean, variance, scale, shift, training, momentum):
    """The mean of the squares less the square, of numbers that were brought near 0 first."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own = x.mean(OVER)
    y = x - own
    spread = (y * y).mean(OVER) - y.mean(OVER) ** 2
    return _normal(x, own, spread, scale, shift), _moved(mean, own, momentum), _moved(variance, spread, momentum)


@right("normalise_batch")
def number_by_number(x, mean, variance, scale, shift, training, momentum):
    """Welford's way."""
    if not training:
        return _normal(x, mean, variance, scale, shift), mean, variance
    own, squares = np.zeros_like(mean), np.zeros_like(mean)
    for n, row in enumerate(x.reshape(-1, x.shape[-1]), start=1):
        before = row - own
        own = own + before / n
        squares = squares + before * (row - own)
    spread = squares / n
    return _normal(x, own, spread, scale, shift), _moved(mean, own, momentum), _moved(variance, spread, momentum)
