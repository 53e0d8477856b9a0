"""Answers to the exercises of chapter 12: right ones written otherwise, and wrong ones that are on no list."""

import numpy as np
import scipy.special

from tests.checks.register import Answers

answers = Answers("12")
right, known, wrong = answers.right, answers.known, answers.wrong


# 12.1 pool_by_queries


@right("pool_by_queries")
def query_by_query(features, queries, key_weight, score_weight):
    keys, contexts, maps = features @ key_weight, [], []
    for query in queries:
        scores = np.tanh(query + keys) @ score_weight  # (…, h, w)
        maps.append(scipy.special.softmax(scores, axis=(-2, -1)))
        contexts.append((maps[-1][..., None] * features).sum((-3, -2)))
    return np.stack(contexts, -2), np.stack(maps, -3)


@right("pool_by_queries")
def by_einsum(features, queries, key_weight, score_weight):
    hidden = np.tanh(queries[:, None, None] + np.einsum("...n,na->...a", features, key_weight)[..., None, :, :, :])
    scores = np.einsum("...thwa,a->...thw", hidden, score_weight)
    made = np.exp(scores - scores.max(axis=(-2, -1), keepdims=True))
    maps = made / made.sum(axis=(-2, -1), keepdims=True)
    return [np.einsum("...thw,...hwn->...tn", maps, features), maps]


@right("pool_by_queries", framework="pytorch")
def by_broadcasting_in_pytorch(features, queries, key_weight, score_weight):
    hidden = (queries[:, None, None] + (features @ key_weight).unsqueeze(-4)).tanh()
    scores = (hidden * score_weight).sum(-1)
    maps = scores.flatten(-2).softmax(-1).view(scores.shape)
    return (maps.unsqueeze(-1) * features.unsqueeze(-4)).sum((-3, -2)), maps


@known("pool_by_queries", "places numbered column by column", "Places are numbered row by row.")
def put_back_the_other_way(*arguments):
    contexts, maps = by_einsum(*arguments)
    h, w = maps.shape[-2:]
    return contexts, np.moveaxis(maps.reshape(*maps.shape[:-2], w, h), -1, -2)


@wrong("pool_by_queries", "the results", "Expected 2 results, contexts and maps; a numpy ndarray came back.")
def contexts_alone(*arguments):
    return by_einsum(*arguments)[0]


@wrong("pool_by_queries", "the shape", "maps: Expected")
def weights_in_a_row(*arguments):
    contexts, maps = by_einsum(*arguments)
    return contexts, maps.reshape(*maps.shape[:-2], -1)


@wrong("pool_by_queries", "the order of the results", "wanted are contexts, maps, yours are maps, contexts.")
def maps_first(*arguments):
    return by_einsum(*arguments)[::-1]


@wrong("pool_by_queries", "the scale", "contexts: Every number is 2 times what it should be.")
def contexts_doubled(*arguments):
    contexts, maps = by_einsum(*arguments)
    return 2 * contexts, maps


# 12.2 heat_map


@right("heat_map")
def painted_with_a_brush(weights, shape, size, stride):
    """Blocks around the centres, the first ones cut off at the edge."""
    blocks = weights.reshape(*weights.shape[:-1], *shape).repeat(stride, axis=-2).repeat(stride, axis=-1)
    before = (stride - 1) // 2
    wide = np.concatenate([blocks, *[blocks[..., -1:, :]] * before], axis=-2)
    wide = np.concatenate([wide, *[wide[..., -1:]] * before], axis=-1)
    return wide[..., before : before + size[0], before : before + size[1]]


@right("heat_map")
def pixel_by_pixel(weights, shape, size, stride):
    h, w = shape
    found = np.empty((*weights.shape[:-1], *size), weights.dtype)
    for r, c in np.ndindex(*size):
        i = min(range(h), key=lambda i: abs(r - stride * i))  # the first of those that are as near
        j = min(range(w), key=lambda j: abs(c - stride * j))
        found[..., r, c] = weights[..., i * w + j]
    return found


@known("heat_map", "blocks that begin at the centre (stride 3)", "half a stride further up and to the left.")
def blocks(weights, shape, size, stride):
    grid = weights.reshape(*weights.shape[:-1], *shape)
    return grid.repeat(stride, -2).repeat(stride, -1)[..., : size[0], : size[1]]


@wrong("heat_map", "the shape", "one number for each pixel; got")
def whole_blocks(weights, shape, size, stride):
    return weights.reshape(*weights.shape[:-1], *shape).repeat(stride + 1, -2).repeat(stride, -1)


@wrong("heat_map", "the scale", "Every number is 2 times what it should be.")
def twice_as_bright(*arguments):
    return 2 * painted_with_a_brush(*arguments)


@wrong(
    "heat_map", "the type (float32)", "float32 went in and float64 came out. The task asks for the type of the input."
)
def in_float64(*arguments):
    return painted_with_a_brush(*arguments).astype(np.float64)


# 12.3 coordinates_by_hand


@right("coordinates_by_hand")
def as_an_array():
    return np.array([4, 6.0, 26, 13, 10])


@right("coordinates_by_hand")
def by_following_the_windows():
    centres = np.arange(61.0)
    for kernel, stride, padding in ((7, 2, 2), (2, 2, 0), (3, 1, 0)):
        step = centres[1] - centres[0]
        wide = np.concatenate([centres[0] - step * np.arange(padding, 0, -1), centres,
                               centres[-1] + step * np.arange(1, padding + 1)])  # fmt: skip
        starts = range(0, len(wide) - kernel + 1, stride)
        centres = np.array([wide[start : start + kernel].mean() for start in starts])
    return [centres[1] - centres[0], centres[0], centres[5], len(centres), abs(centres - 45).argmin()]


@wrong("coordinates_by_hand", "the numbers", "wrong is what stands at [2].")
def one_step_too_far():
    return [4, 6, 30, 13, 10]


@wrong("coordinates_by_hand", "the shape", "Expected (5,)")
def two_of_them():
    return [4, 6]


@wrong("coordinates_by_hand", "the order", "The right numbers, in other places.")
def centre_first():
    return [6, 4, 26, 13, 10]


# 12.4 pixels_seen


@right("pixels_seen")
def with_sets(layers, size, place):
    lengths = [size]
    for kernel, stride, padding, dilation in layers:
        lengths.append((lengths[-1] + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
    seen = {place}
    for (kernel, stride, padding, dilation), length in list(zip(layers, lengths, strict=False))[::-1]:
        taken = {stride * i - padding + dilation * t for i in seen for t in range(kernel)}
        seen = taken & set(range(length))
    return np.array([pixel in seen for pixel in range(size)])


@right("pixels_seen")
def by_changing_each_pixel(layers, size, place):
    """Ones for kernels, one pixel at a time: which reach the place?"""
    maps = np.eye(size)
    for kernel, stride, padding, dilation in layers:
        padded = np.pad(maps, ((0, 0), (padding, padding)))
        reach = dilation * (kernel - 1) + 1
        starts = range(0, padded.shape[1] - reach + 1, stride)
        maps = np.stack([padded[:, i : i + reach : dilation].sum(1) for i in starts], axis=1)
    return maps[:, place] > 0


@right("pixels_seen")
def recursively(layers, size, place):
    if not layers:
        return np.arange(size) == place
    *below, (kernel, stride, padding, dilation) = layers
    length = size
    for k, s, p, d in below:
        length = (length + 2 * p - d * (k - 1) - 1) // s + 1
    seen = np.zeros(size, dtype=bool)
    for t in range(kernel):
        i = stride * place - padding + dilation * t
        if 0 <= i < length:
            seen |= recursively(below, size, i)
    return seen


@wrong("pixels_seen", "the type", "Expected True or False; an array of int64 came back.")
def which_ones(*arguments):
    return np.flatnonzero(with_sets(*arguments))


@wrong("pixels_seen", "the pixels", "marked, and not seen")
def the_others(*arguments):
    return ~with_sets(*arguments)


@wrong("pixels_seen", "the shape", "one of True and False for each pixel")
def an_end_missing(*arguments):
    return with_sets(*arguments)[:-1]


# 12.5 pointed_at


@right("pointed_at")
def map_by_map(weights, boxes, first, stride):
    found = np.full(weights.shape[:-2], -1)
    for at in np.ndindex(weights.shape[:-2]):
        i, j = np.unravel_index(weights[at].argmax(), weights[at].shape)
        for k, (top, left, bottom, right_) in enumerate(boxes[at]):
            if top <= first + stride * i < bottom and left <= first + stride * j < right_:
                found[at] = k
                break
    return found


@right("pointed_at")
def by_the_box_around(weights, boxes, first, stride):
    """Where the centre lies between the corners; the number of the box by a minimum."""
    place = weights.reshape(*weights.shape[:-2], -1).argmax(-1)
    centre = first + stride * np.stack(np.unravel_index(place, weights.shape[-2:]), axis=-1)[..., None, :]
    inside = ((boxes[..., :2] <= centre) & (centre < boxes[..., 2:])).all(-1)
    K = boxes.shape[-2]
    found = np.where(inside, np.arange(K), K).min(-1)
    return np.where(found == K, -1, found)


@known("pointed_at", "edges that count twice", "Boxes are half open")
def closed(weights, boxes, first, stride):
    place = weights.reshape(*weights.shape[:-2], -1).argmax(-1)
    centre = first + stride * np.stack(np.unravel_index(place, weights.shape[-2:]), axis=-1)[..., None, :]
    inside = ((boxes[..., :2] <= centre) & (centre <= boxes[..., 2:])).all(-1)
    return np.where(inside.any(-1), inside.argmax(-1), -1)


@wrong("pointed_at", "the type", "Expected a whole number; False came back.")
def hit(*arguments):
    return map_by_map(*arguments) == 0


@wrong("pointed_at", "the shape", "Expected (), the number of a box for each map; got")
def for_each_box(weights, boxes, first, stride):
    return np.zeros(boxes.shape[:-1], np.int64) + map_by_map(weights, boxes, first, stride)[..., None]


@wrong("pointed_at", "the box", "The heaviest place is in row 1, column 1 of the map, and its centre at (4, 4).")
def counted_from_one(*arguments):
    found = map_by_map(*arguments)
    return np.where(found < 0, found, found + 1)


# 12.6 erasure_curve


@right("erasure_curve")
def one_after_the_other(scores, features):
    left, curve = scores.copy(), []
    for _ in range(scores.shape[-1] + 1):
        open_ = left > -np.inf
        top = np.where(open_, left, -np.inf).max(-1, keepdims=True)
        made = np.where(open_, np.exp(left - np.where(np.isinf(top), 0, top)), 0)
        total = made.sum(-1, keepdims=True)
        weights = (made / np.where(total == 0, 1, total)).astype(scores.dtype)
        curve.append((weights[..., None, :] @ features)[..., 0, :])
        np.put_along_axis(left, left.argmax(-1)[..., None], -np.inf, -1)
    return np.stack(curve, -2)


@right("erasure_curve")
def sorted_first(scores, features):
    order = np.argsort(-scores, axis=-1, kind="stable")
    down = np.take_along_axis(scores, order, -1)
    rows = np.take_along_axis(features, order[..., None], -2)
    S = scores.shape[-1]
    left = np.arange(S) >= np.arange(S + 1)[:, None]
    low = np.where(left, down[..., None, :], -np.inf)
    with np.errstate(invalid="ignore"):
        weights = np.nan_to_num(scipy.special.softmax(low, axis=-1))
    return weights @ rows


@right("erasure_curve", framework="pytorch")
def in_a_loop(scores, features):
    import torch

    order = torch.sort(scores, dim=-1, descending=True, stable=True).indices
    curve = []
    for k in range(scores.shape[-1] + 1):
        gone = torch.zeros(scores.shape, dtype=torch.bool).scatter(-1, order[..., :k], True) | (scores == -torch.inf)
        empty = gone.all(-1, keepdim=True)
        p = scores.masked_fill(gone, -torch.inf).masked_fill(empty, 0.0).softmax(-1).masked_fill(empty, 0.0)
        curve.append((p[..., None] * features).sum(-2))
    return torch.stack(curve, -2)


@known("erasure_curve", "the weights not renewed", "the weights of the others no longer sum to one.")
def what_they_contribute(scores, features):
    p = scipy.special.softmax(scores, axis=-1)
    order = np.argsort(-scores, axis=-1, kind="stable")
    curve = [p[..., None, :] @ features]
    for k in range(scores.shape[-1]):
        place = order[..., k : k + 1]
        curve.append(curve[-1] - np.take_along_axis(p[..., None] * features, place[..., None], -2))
    return np.concatenate(curve, -2)


@wrong("erasure_curve", "the shape", "one vector for each number of places erased, 0 to S; got")
def other_way_round(*arguments):
    return np.swapaxes(one_after_the_other(*arguments), -1, -2)


@wrong("erasure_curve", "the scale", "Every number is 2 times what it should be.")
def doubled(*arguments):
    return 2 * one_after_the_other(*arguments)


@wrong("erasure_curve", "the order", "The right numbers, in other places.")
def from_the_middle(*arguments):
    return np.roll(one_after_the_other(*arguments), 2, axis=-2)


# 12.7 squeeze_excite


@right("squeeze_excite")
def picture_by_picture(features, mask, down, up):
    result = np.zeros_like(features)
    for at in np.ndindex(mask.shape[:-2]):
        own = features[at][mask[at]]  # (places inside, N)
        if len(own):
            gates = scipy.special.expit(np.maximum(own.mean(0) @ down, 0) @ up)
            result[at][mask[at]] = own * gates.astype(features.dtype)
    return result


@right("squeeze_excite", framework="tensorflow")
def with_a_safe_division(features, mask, down, up):
    import tensorflow as tf

    x = tf.where(tf.expand_dims(mask, -1), features, tf.cast(0, features.dtype))
    count = tf.math.count_nonzero(mask, axis=[-2, -1], dtype=x.dtype)
    mean = tf.math.divide_no_nan(tf.reduce_sum(x, [-3, -2]), count[..., None])
    hidden = tf.nn.relu(tf.tensordot(mean, down, 1))
    gates = tf.math.sigmoid(tf.tensordot(hidden, up, 1))
    return x * gates[..., None, None, :]


@known("squeeze_excite", "the mean over all places (pictures in a corner)", "The padding has no part in the mean")
def plain_mean(features, mask, down, up):
    x = np.where(mask[..., None], features, 0)
    gates = scipy.special.expit(np.maximum(x.mean((-3, -2)) @ down, 0) @ up)
    return x * gates[..., None, None, :]


@wrong("squeeze_excite", "the scale", "Every number is 2 times what it should be.")
def gates_up_to_two(*arguments):
    return 2 * picture_by_picture(*arguments)


@wrong("squeeze_excite", "the shape", "Expected")
def channels_first(*arguments):
    return np.moveaxis(picture_by_picture(*arguments), -1, -3)


@wrong("squeeze_excite", "the sign", "Every number has the right size and the wrong sign.")
def turned(*arguments):
    return -picture_by_picture(*arguments)


# 12.8 normalise_batch


@right("normalise_batch")
def flattened(x, mean, variance, scale, shift, training, momentum):
    rows = x.reshape(-1, x.shape[-1])
    centre, spread, ways = mean, variance, (mean, variance)
    if training:
        centre = rows.sum(0) / len(rows)
        spread = ((rows - centre) ** 2).sum(0) / len(rows)
        ways = mean + (1 - momentum) * (centre - mean), variance + (1 - momentum) * (spread - variance)
    factor = scale / np.sqrt(spread + 1e-5)
    return ((rows - centre) * factor + shift).reshape(x.shape), *ways


@right("normalise_batch")
def channel_by_channel(x, mean, variance, scale, shift, training, momentum):
    result, new_mean, new_variance = np.empty_like(x), mean.copy(), variance.copy()
    for n in range(x.shape[-1]):
        own = x[..., n]
        m, v = (own.mean(), own.var()) if training else (mean[n], variance[n])
        result[..., n] = scale[n] * (own - m) * (v + 1e-5) ** -0.5 + shift[n]
        if training:
            new_mean[n] = momentum * mean[n] + (1 - momentum) * m
            new_variance[n] = momentum * variance[n] + (1 - momentum) * v
    return [result, new_mean, new_variance]


@known("normalise_batch", "the batch at evaluation", "what comes out for a picture depends on its neighbours.")
def never_asks(x, mean, variance, scale, shift, training, momentum):
    result, *_ = flattened(x, mean, variance, scale, shift, True, momentum)
    return result, *flattened(x, mean, variance, scale, shift, training, momentum)[1:]


@wrong(
    "normalise_batch",
    "the results",
    "Expected 3 results, result and new_mean and new_variance; a numpy ndarray came back.",
)
def result_alone(*arguments):
    return flattened(*arguments)[0]


@wrong("normalise_batch", "the arguments", "Your function changed its argument `mean`")
def in_place(x, mean, variance, scale, shift, training, momentum):
    result, new_mean, new_variance = flattened(x, mean, variance, scale, shift, training, momentum)
    mean[:] = new_mean
    return result, mean, new_variance


@wrong("normalise_batch", "the order of the results", "wanted are result, new_mean, new_variance, yours are")
def variance_first(*arguments):
    result, new_mean, new_variance = flattened(*arguments)
    return result, new_variance, new_mean


@wrong("normalise_batch", "the scale", "result: Every number is 2 times what it should be.")
def twice(*arguments):
    result, *moved = flattened(*arguments)
    return 2 * result, *moved
