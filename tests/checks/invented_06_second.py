"""Answers to the exercises of chapter 6, invented from the tasks alone by another who had seen no check.

The wrong ones are of two kinds, which their names begin with: a slip is a mistake that is made unawares, a saboteur is
written to get past a check.
"""

import functools
import itertools
import math
from fractions import Fraction

import numpy as np

from attention.frameworks import tf, torch
from tests.checks.register import Answers

answers = Answers("06")
slip, saboteur, right = answers.of_kinds()


# 6.1 counts_by_hand

right(
    "counts_by_hand",
    list=lambda: [64, 256_000, 9_216_000, 0.6],
    numpy_numbers=lambda: [np.float64(64), np.int32(256_000), np.float32(9_216_000), np.float64(0.6)],
    fraction=lambda: [64, 256_000, 9_216_000, float(Fraction(3, 5))],
)
slip(
    "counts_by_hand",
    width_by_group=lambda: [128, 512_000, 18_432_000, 0.6],
    all_ten_heads=lambda: [51.2, 204_800, 7_372_800, 0.6],
    width_by_layers=lambda: [512 / 6, 341_333, 12_288_000, 0.6],
    head_is_the_width=lambda: [512, 2_048_000, 73_728_000, 0.6],
    one_head_kept=lambda: [64, 128_000, 4_608_000, 0.6],
    one_head_of_keys=lambda: [64, 64_000, 2_304_000, 0.6],
    three_sentences_in_the_second=lambda: [64, 768_000, 9_216_000, 0.6],
    three_sentences_twice=lambda: [64, 768_000, 27_648_000, 0.6],
    six_layers_in_the_second=lambda: [64, 1_536_000, 9_216_000, 0.6],
    bytes_in_the_second=lambda: [64, 512_000, 9_216_000, 0.6],
    bytes_twice=lambda: [64, 512_000, 18_432_000, 0.6],
    bits=lambda: [64, 256_000, 73_728_000, 0.6],
    sixteen_bytes_halved=lambda: [64, 256_000, 36_864_000, 0.6],
    scores_kept=lambda: [64, 8_000_000, 288_000_000, 0.6],
    queries_kept_too=lambda: [64, 768_000, 27_648_000, 0.6],
    all_of_the_width=lambda: [64, 512_000, 18_432_000, 0.6],
    one_word=lambda: [64, 256, 9_216, 0.6],
    carried=lambda: [64, 256_000, 9_216_000, 0.4],
    error_in_words=lambda: [64, 256_000, 9_216_000, 3],
    percent=lambda: [64, 256_000, 9_216_000, 60],
    root_of_the_error=lambda: [64, 256_000, 9_216_000, math.sqrt(0.6)],
    error_squared=lambda: [64, 256_000, 9_216_000, 0.36],
    one_head_answers=lambda: [64, 256_000, 9_216_000, 0.8],
    eight_heads=lambda: [64, 256_000, 9_216_000, 0],
    two_of_eight=lambda: [64, 256_000, 9_216_000, 0.75],
    in_kilobytes=lambda: [64, 256_000, 9_216, 0.6],
    in_megabytes=lambda: [64, 256_000, 9.216, 0.6],
    three_numbers=lambda: [64, 256_000, 9_216_000],
    turned_about=lambda: [0.6, 9_216_000, 256_000, 64],
    whole_numbers=lambda: np.array([64, 256_000, 9_216_000, 0.6], dtype=int),
    words_of_1024=lambda: [64, 262_144, 9_437_184, 0.6],
)


# 6.2 split_packed


def split(x, heads):
    pieces = x.reshape(*x.shape[:-1], 3, heads, -1)
    n = pieces.ndim
    axes = (n - 3, *range(n - 4), n - 2, n - 4, n - 1)
    return tuple(pieces.transpose(axes))


def sliced(x, heads):
    M = x.shape[-1] // 3
    out = []
    for block in range(3):
        part = x[..., block * M : (block + 1) * M]
        out.append(part.reshape(*part.shape[:-1], heads, M // heads).swapaxes(-2, -3))
    return tuple(out)


def by_heads(x, heads):
    D = x.shape[-1] // 3 // heads
    return [
        np.stack([x[..., (block * heads + h) * D : (block * heads + h + 1) * D] for h in range(heads)], -3)
        for block in range(3)
    ]


def stacked_lists(x, heads):
    return tuple(np.stack(np.split(part, heads, axis=-1), axis=-3) for part in np.split(x, 3, axis=-1))


def one_by_one(x, heads):
    *leading, T, columns = x.shape
    D = columns // (3 * heads)
    out = [np.zeros((*leading, heads, T, D), x.dtype) for _ in range(3)]
    for block, h, t, d in itertools.product(range(3), range(heads), range(T), range(D)):
        out[block][..., h, t, d] = x[..., t, (block * heads + h) * D + d]
    return tuple(out)


def split_without_exchange(x, heads):
    M = x.shape[-1] // 3
    return tuple(p.reshape(*p.shape[:-2], heads, p.shape[-2], M // heads) for p in np.split(x, 3, -1))


def split_not_moved(x, heads):
    return tuple(p.reshape(*p.shape[:-1], heads, -1) for p in np.split(x, 3, -1))


def features_first(x, heads):
    return tuple(p.reshape(*p.shape[:-1], -1, heads).swapaxes(-1, -2).swapaxes(-2, -3) for p in np.split(x, 3, -1))


def head_by_head(x, heads):
    D = x.shape[-1] // (3 * heads)
    p = np.moveaxis(x.reshape(*x.shape[:-1], heads, 3, D), -3, -4)
    return p[..., 0, :], p[..., 1, :], p[..., 2, :]


def feature_by_feature(x, heads):
    D = x.shape[-1] // (3 * heads)
    p = np.moveaxis(x.reshape(*x.shape[:-1], heads, D, 3), -3, -4)
    return p[..., 0], p[..., 1], p[..., 2]


def no_leading(x, heads):
    T, D = x.shape[-2], x.shape[-1] // (3 * heads)
    return tuple(x.reshape(T, 3, heads, D).transpose(1, 2, 0, 3))


def one_leading(x, heads):
    if x.ndim == 2:
        return no_leading(x, heads)
    B, T = x.shape[:2]
    return tuple(x.reshape(B, T, 3, heads, -1).transpose(2, 0, 3, 1, 4))


def merged_leading(x, heads):
    B, T, D = math.prod(x.shape[:-2]), x.shape[-2], x.shape[-1] // (3 * heads)
    return tuple(x.reshape(B, T, 3, heads, D).transpose(2, 0, 3, 1, 4))


def squeezed(x, heads):
    return tuple(np.squeeze(p) for p in sliced(x, heads))


def axes_from_the_front(x, heads):
    return tuple(p.reshape(*p.shape[:-1], heads, -1).swapaxes(0, 1) for p in np.split(x, 3, -1))


def values_second(x, heads):
    D = x.shape[-1] // (3 * heads)
    p = x.reshape(*x.shape[:-1], 3, heads, D)
    return tuple(np.moveaxis(p[..., b, :, :], -3, -2) for b in (0, 2, 1))


def heads_turned(x, heads):
    return tuple(p[..., ::-1, :, :] for p in sliced(x, heads))


def heads_as_width(x, heads):
    M = x.shape[-1] // 3
    return tuple(p.reshape(*p.shape[:-1], M // heads, heads).swapaxes(-2, -3) for p in np.split(x, 3, -1))


def overlapping(x, heads):
    D = x.shape[-1] // (3 * heads)
    return tuple(np.stack([x[..., b * D + h * D : b * D + (h + 1) * D] for h in range(heads)], -3) for b in range(3))


def scaled_in_place(x, heads):
    q, k, v = sliced(x, heads)
    return q / np.sqrt(q.shape[-1]), k, v


def in_place(x, heads):
    parts = tuple(p.copy() for p in sliced(x, heads))
    x[...] = 0
    return parts


right(
    "split_packed",
    sliced=sliced,
    by_heads=by_heads,
    stacked_lists=stacked_lists,
    one_by_one=one_by_one,
    transposed=split,
    moveaxis=lambda x, heads: (
        tuple(np.moveaxis(np.moveaxis(x.reshape(*x.shape[:-1], 3, heads, -1), -3, 0), -3, -2))
        if x.shape[-2]
        else sliced(x, heads)
    ),
)
slip(
    "split_packed",
    slices_without_exchange=split_without_exchange,
    not_moved=split_not_moved,
    features_first=features_first,
    head_by_head=head_by_head,
    feature_by_feature=feature_by_feature,
    no_leading=no_leading,
    one_leading=one_leading,
    merged_leading=merged_leading,
    squeezed=squeezed,
    axes_from_the_front=axes_from_the_front,
    values_before_keys=values_second,
    heads_turned=heads_turned,
    heads_as_width=heads_as_width,
    overlapping=overlapping,
    queries_scaled=scaled_in_place,
    in_place=in_place,
    one_array=lambda x, heads: np.concatenate(sliced(x, heads), -1),
    concatenated_words=lambda x, heads: tuple(p.reshape(*p.shape[:-3], -1, p.shape[-1]) for p in sliced(x, heads)),
    floats=lambda x, heads: tuple(np.array(p, dtype=float) for p in sliced(x, heads)),
    float32=lambda x, heads: tuple(np.float32(p) for p in sliced(x, heads)),
    lists=lambda x, heads: tuple(p.tolist() for p in sliced(x, heads)),
    keys_transposed=lambda x, heads: tuple(p if i != 1 else p.swapaxes(-1, -2) for i, p in enumerate(sliced(x, heads))),
    one_after_heads=lambda x, heads: tuple(p.swapaxes(-1, -3) for p in sliced(x, heads)),
    zeros_default=lambda x, heads: tuple(p + np.zeros(p.shape) for p in sliced(x, heads)),
    queries_thrice=lambda x, heads: (sliced(x, heads)[0],) * 3,
)


def same_head_sizes(x, heads):  # right when as many heads as features
    M = x.shape[-1] // 3
    D = M // heads
    return tuple(
        p.reshape(*p.shape[:-1], D, heads).swapaxes(-2, -3) if heads == D else q
        for p, q in zip(np.split(x, 3, -1), split_without_exchange(x, heads), strict=True)
    )


def one_word_only(x, heads):
    return sliced(x, heads) if x.shape[-2] == 1 else split_without_exchange(x, heads)


def by_value(x, heads):  # looks at the numbers to see in which order they lie
    return sliced(x, heads) if np.all(np.diff(x.reshape(-1)) > 0) else split_without_exchange(x, heads)


saboteur(
    "split_packed",
    one_word_only=one_word_only,
    by_value=by_value,
    same_head_sizes=same_head_sizes,
    two_words=lambda x, heads: sliced(x, heads) if x.shape[-2] <= 2 else split_without_exchange(x, heads),
    two_heads=lambda x, heads: sliced(x, min(heads, 2)),
    whole_numbers=lambda x, heads: tuple(np.int64(p) for p in sliced(x, heads)),
    float64_inside=lambda x, heads: tuple(p.astype(float).astype(x.dtype) for p in sliced(x, heads)),
)
right(
    "split_packed",
    "pytorch",
    unbind=lambda x, heads: x.unflatten(-1, (3, heads, -1)).movedim(-2, -4).unbind(-2),
    chunk=lambda x, heads: tuple(p.unflatten(-1, (heads, -1)).transpose(-2, -3) for p in x.chunk(3, -1)),
    stacked=lambda x, heads: [torch.stack(p.chunk(heads, -1), -3) for p in x.split(x.shape[-1] // 3, -1)],
)
slip(
    "split_packed",
    "pytorch",
    view=lambda x, heads: tuple(p.reshape(*p.shape[:-2], heads, p.shape[-2], -1) for p in x.chunk(3, -1)),
    not_moved=lambda x, heads: tuple(p.unflatten(-1, (heads, -1)) for p in x.chunk(3, -1)),
    per_head=lambda x, heads: x.unflatten(-1, (heads, 3, -1)).movedim(-3, -4).unbind(-2),
    front_axes=lambda x, heads: tuple(p.unflatten(-1, (heads, -1)).transpose(0, 1) for p in x.chunk(3, -1)),
    front_axes_of_batch=lambda x, heads: tuple(p.unflatten(-1, (heads, -1)).transpose(1, 2) for p in x.chunk(3, -1)),
    floats=lambda x, heads: tuple(p.unflatten(-1, (heads, -1)).transpose(-2, -3).float() for p in x.chunk(3, -1)),
    numpy=lambda x, heads: sliced(x.numpy(), heads),
    detached=lambda x, heads: tuple(torch.tensor(p) for p in sliced(x.detach().numpy(), heads)),
)
right(
    "split_packed",
    "tensorflow",
    split=lambda x, heads: tuple(tf.stack(tf.split(p, heads, -1), -3) for p in tf.split(x, 3, -1)),
    einsum=lambda x, heads: tuple(
        tf.linalg.matrix_transpose(tf.linalg.matrix_transpose(tf.stack(tf.split(p, heads, axis=-1), axis=-3)))
        for p in tf.split(x, 3, axis=-1)
    ),
)
slip(
    "split_packed",
    "tensorflow",
    reshape=lambda x, heads: tuple(
        tf.reshape(p, [*p.shape[:-2], heads, p.shape[-2], p.shape[-1] // heads]) for p in tf.split(x, 3, -1)
    ),
    not_moved=lambda x, heads: tuple(tf.stack(tf.split(p, heads, -1), -2) for p in tf.split(x, 3, -1)),
    per_head=lambda x, heads: tuple(
        tf.stack([tf.split(h, 3, -1)[b] for h in tf.split(x, heads, -1)], -3) for b in range(3)
    ),
    heads_in_front=lambda x, heads: tuple(tf.stack(tf.split(p, heads, -1), 0) for p in tf.split(x, 3, -1)),
    heads_behind_batch=lambda x, heads: tuple(tf.stack(tf.split(p, heads, -1), 1) for p in tf.split(x, 3, -1)),
    cast=lambda x, heads: tuple(tf.cast(tf.stack(tf.split(p, heads, -1), -3), tf.float32) for p in tf.split(x, 3, -1)),
    numpy=lambda x, heads: sliced(x.numpy(), heads),
)


# 6.3 grouped_heads


def softmax(s, axis=-1):
    e = np.exp(s - s.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def joined(o):
    o = o.swapaxes(-2, -3)
    return o.reshape(*o.shape[:-2], -1)


def grouped(
    q,
    k,
    v,
    which=None,
    which_v=None,
    scale=lambda q, k, v: math.sqrt(q.shape[-1]),
    soft=softmax,
    join=joined,
    flip=False,
):
    H, G = q.shape[-3], k.shape[-3]
    which = which or (lambda h, H, G: h * G // H)
    which_v = which_v or which
    outs = []
    for h in range(H):
        i, j = which(h, H, G), which_v(h, H, G)
        s = np.matmul(q[..., h, :, :], k[..., i, :, :].swapaxes(-1, -2)) / scale(q, k, v)
        outs.append(np.matmul(soft(s), v[..., j, :, :]))
    return join(np.stack(outs, -3))


def with_(**how):
    return functools.partial(_with, how)


def _with(how, queries, keys, values):
    return grouped(queries, keys, values, **how)


def grouped_axes(queries, keys, values):
    *lead, H, T, D = queries.shape
    G = keys.shape[-3]
    q = queries.reshape(*lead, G, H // G, T, D)
    p = softmax(q @ keys[..., None, :, :].swapaxes(-1, -2) / D**0.5)
    o = (p @ values[..., None, :, :]).reshape(*lead, H, T, D)
    return joined(o)


def grouped_einsum(queries, keys, values):
    *lead, H, T, D = queries.shape
    G = keys.shape[-3]
    q = queries.reshape(*lead, G, H // G, T, D)
    s = np.einsum("...grtd,...gsd->...grts", q, keys) / np.sqrt(D).astype(q.dtype)
    return np.einsum("...grts,...gsd->...tgrd", softmax(s), values).reshape(*lead, T, H * D)


def grouped_rows(queries, keys, values):  # the queries of a group become one longer list of queries
    *lead, H, T, D = queries.shape
    G = keys.shape[-3]
    q = queries.reshape(*lead, G, H // G * T, D)
    o = softmax(q @ keys.swapaxes(-1, -2) / math.sqrt(D)) @ values
    return joined(o.reshape(*lead, H, T, D))


def grouped_repeat(queries, keys, values):
    n = queries.shape[-3] // keys.shape[-3]
    k, v = np.repeat(keys, n, -3), np.repeat(values, n, -3)
    return joined(softmax(queries / math.sqrt(queries.shape[-1]) @ k.swapaxes(-1, -2)) @ v)


def grouped_tile(queries, keys, values):
    n = queries.shape[-3] // keys.shape[-3]
    k, v = np.concatenate([keys] * n, -3), np.concatenate([values] * n, -3)
    return grouped(queries, k, v)


def groups_turned(queries, keys, values):
    *lead, H, T, D = queries.shape
    G = keys.shape[-3]
    q = queries.reshape(*lead, H // G, G, T, D)
    o = softmax(q @ keys[..., None, :, :, :].swapaxes(-1, -2) / D**0.5) @ values[..., None, :, :, :]
    return joined(o.reshape(*lead, H, T, D))


def groups_turned_back(queries, keys, values):
    *lead, H, T, D = queries.shape
    G = keys.shape[-3]
    q = queries.reshape(*lead, G, H // G, T, D)
    o = softmax(q @ keys[..., None, :, :].swapaxes(-1, -2) / D**0.5) @ values[..., None, :, :]
    return joined(o.swapaxes(-3, -4).reshape(*lead, H, T, D))


def join_features(o):
    o = np.moveaxis(o, -3, -1)
    return o.reshape(*o.shape[:-2], -1)


def no_exchange(o):
    return o.reshape(*o.shape[:-3], o.shape[-2], -1)


def no_maximum(s):
    e = np.exp(s)
    return e / e.sum(-1, keepdims=True)


def nan_to_zero(s):
    with np.errstate(all="ignore"):
        e = np.exp(s)
        return np.nan_to_num(e / e.sum(-1, keepdims=True))


def clipped(s):
    e = np.exp(np.clip(s, -50, 50))
    return e / e.sum(-1, keepdims=True)


def whole_maximum(s):
    e = np.exp(s - s.max())
    with np.errstate(all="ignore"):
        return e / e.sum(-1, keepdims=True)


def whole_maximum_and_little(s):
    e = np.exp(s - s.max())
    return e / (e.sum(-1, keepdims=True) + 1e-9)


def absolute_maximum(s):
    e = np.exp(s - np.abs(s).max(-1, keepdims=True))
    with np.errstate(all="ignore"):
        return e / e.sum(-1, keepdims=True)


def causal(s):
    return softmax(np.where(np.tri(*s.shape[-2:], dtype=bool), s, -np.inf))


def normalised_before(s):
    s = s - s.mean(-1, keepdims=True)
    e = np.exp(s)
    return e / e.sum(-1, keepdims=True)


def in_place_scaled(queries, keys, values):
    queries /= math.sqrt(queries.shape[-1])
    return grouped(queries, keys, values, scale=lambda *_: 1)


def float32_inside(queries, keys, values):
    out = grouped(np.float32(queries), np.float32(keys), np.float32(values))
    return out.astype(queries.dtype)


def last_key(queries, keys, values):
    return grouped(
        queries, keys[..., :-1, :] if keys.shape[-2] > 1 else keys, values[..., : max(values.shape[-2] - 1, 1), :]
    )


def einsum_one_batch(queries, keys, values):
    q, k, v = (a.reshape(-1, *a.shape[-3:]) for a in (queries, keys, values))
    return grouped(q, k, v)


def einsum_keeps_the_first(queries, keys, values):
    lead = queries.shape[:-3]
    q, k, v = (a.reshape(-1, *a.shape[-3:])[:1] for a in (queries, keys, values))
    return np.broadcast_to(grouped(q, k, v), (*lead, q.shape[-2], q.shape[-3] * q.shape[-1])).copy()


right(
    "grouped_heads",
    axes=grouped_axes,
    einsum=grouped_einsum,
    rows=grouped_rows,
    repeat=grouped_repeat,
    loop=lambda queries, keys, values: grouped(queries, keys, values),
    scaled_keys=lambda queries, keys, values: grouped(
        queries, keys / math.sqrt(keys.shape[-1]), values, scale=lambda *_: 1
    ),
)
slip(
    "grouped_heads",
    tile=grouped_tile,
    groups_turned=groups_turned,
    groups_turned_back=groups_turned_back,
    modulo=with_(which=lambda h, H, G: h % G),
    by_the_heads_of_keys=with_(which=lambda h, H, G: min(h // G, G - 1)),
    the_first=with_(which=lambda h, H, G: 0),
    the_last=with_(which=lambda h, H, G: G - 1),
    clamped=with_(which=lambda h, H, G: min(h, G - 1)),
    rounded=with_(which=lambda h, H, G: min(round(h * G / H), G - 1)),
    ceiling=with_(which=lambda h, H, G: min(-(-h * G // H), G - 1)),
    counted_from_1=with_(which=lambda h, H, G: min((h + 1) * G // H, G - 1)),
    turned_about=with_(which=lambda h, H, G: G - 1 - h * G // H),
    values_modulo=with_(which_v=lambda h, H, G: h % G),
    keys_modulo=with_(which=lambda h, H, G: h % G, which_v=lambda h, H, G: h * G // H),
    values_of_the_first=with_(which_v=lambda h, H, G: 0),
    unscaled=with_(scale=lambda *_: 1),
    by_D=with_(scale=lambda q, k, v: q.shape[-1]),
    by_the_width=with_(scale=lambda q, k, v: math.sqrt(q.shape[-1] * q.shape[-3])),
    by_the_width_of_keys=with_(scale=lambda q, k, v: math.sqrt(k.shape[-1] * k.shape[-3])),
    by_the_keys=with_(scale=lambda q, k, v: math.sqrt(k.shape[-2])),
    by_the_words=with_(scale=lambda q, k, v: math.sqrt(q.shape[-2])),
    by_the_heads=with_(scale=lambda q, k, v: math.sqrt(q.shape[-3])),
    times_root=with_(scale=lambda q, k, v: 1 / math.sqrt(q.shape[-1])),
    twice_scaled=with_(scale=lambda q, k, v: q.shape[-1] ** 0.5 * q.shape[-1] ** 0.5),
    integer_root=with_(scale=lambda q, k, v: math.isqrt(q.shape[-1])),
    softmax_over_words=with_(soft=lambda s: softmax(s, -2)),
    softmax_of_all=with_(soft=lambda s: softmax(s, (-1, -2))),
    no_softmax=with_(soft=lambda s: s),
    no_maximum=with_(soft=no_maximum),
    nan_to_zero=with_(soft=nan_to_zero),
    clipped=with_(soft=clipped),
    maximum_of_all=with_(soft=whole_maximum),
    maximum_of_all_and_little=with_(soft=whole_maximum_and_little),
    absolute_maximum=with_(soft=absolute_maximum),
    mean_for_maximum=with_(soft=normalised_before),
    minimum_for_maximum=with_(soft=lambda s: no_maximum(s - s.min(-1, keepdims=True))),
    causal=with_(soft=causal),
    hardmax=with_(soft=lambda s: np.eye(s.shape[-1], dtype=s.dtype)[s.argmax(-1)]),
    little_below=with_(soft=lambda s: softmax(s) * (1 - 1e-4)),
    join_features=with_(join=join_features),
    no_exchange=with_(join=no_exchange),
    not_joined=with_(join=lambda o: o),
    averaged=with_(join=lambda o: o.mean(-3)),
    summed=with_(join=lambda o: o.sum(-3)),
    words_in_front=with_(join=lambda o: o.swapaxes(-2, -3)),
    keys_for_values=lambda queries, keys, values: grouped(queries, keys, keys),
    values_for_keys=lambda queries, keys, values: grouped(queries, values, values),
    pooled_queries=lambda queries, keys, values: np.concatenate(
        [
            grouped(
                queries.reshape(*queries.shape[:-3], keys.shape[-3], -1, *queries.shape[-2:]).mean(-3),
                keys,
                values,
            )
        ]
        * (queries.shape[-3] // keys.shape[-3]),
        -1,
    ),
    in_place=in_place_scaled,
    float32_inside=float32_inside,
    float64_out=lambda queries, keys, values: np.float64(grouped(queries, keys, values)),
    numpy_root=with_(scale=lambda q, k, v: np.sqrt(np.array([[float(q.shape[-1])]]))),
    last_key_lost=last_key,
    flattened_batch=einsum_one_batch,
    batch_of_one=einsum_keeps_the_first,
)
saboteur(
    "grouped_heads",
    mean_of_keys_heads=lambda queries, keys, values: grouped(
        queries, *(np.repeat(a.mean(-3, keepdims=True), a.shape[-3], -3) for a in (keys, values))
    ),
    right_unless_grouped=with_(which=lambda h, H, G: h if H == G else h % G),
    right_for_one_or_all=with_(which=lambda h, H, G: h % G if 1 < G < H else h * G // H),
    right_for_pairs=with_(which=lambda h, H, G: min(h // 2, G - 1) if G < H else h),
    right_for_two_groups=with_(which=lambda h, H, G: h * G // H if G <= 2 or G == H else h % G),
    clipped_high=with_(
        soft=lambda s: no_maximum(np.clip(s, -300, 300) if s.dtype == np.float64 else np.clip(s, -40, 40))
    ),
    large_only_positive=with_(soft=lambda s: no_maximum(s - np.maximum(s.max(), 0))),
    maximum_of_rows_if_large=with_(soft=lambda s: softmax(s) if s.max() > 100 else no_maximum(s)),
    same_words=lambda queries, keys, values: (
        grouped(queries, keys, values)
        if queries.shape[-2] == keys.shape[-2]
        else grouped(queries, keys[..., : queries.shape[-2], :], values[..., : queries.shape[-2], :])
    ),
)


def grouped_pt(q, k, v, how=lambda a, n: a.repeat_interleave(n, -3), scale=None, dim=-1, join=True):
    n = q.shape[-3] // k.shape[-3]
    s = q @ how(k, n).transpose(-1, -2) / (scale or q.shape[-1] ** 0.5)
    o = s.softmax(dim) @ how(v, n)
    return o.transpose(-2, -3).flatten(-2) if join else o.reshape(*o.shape[:-3], o.shape[-2], -1)


def expanded(q, k, v):
    n = q.shape[-3] // k.shape[-3]
    wide = [a.unsqueeze(-3).expand(*a.shape[:-2], n, *a.shape[-2:]).flatten(-4, -3) for a in (k, v)]
    return grouped_pt(q, *wide)


right(
    "grouped_heads",
    "pytorch",
    interleave=lambda queries, keys, values: grouped_pt(queries, keys, values),
    expanded=lambda queries, keys, values: expanded(queries, keys, values),
    repeated_then_built_in=lambda queries, keys, values: (
        torch.nn.functional.scaled_dot_product_attention(
            queries,
            *(a.repeat_interleave(queries.shape[-3] // a.shape[-3], -3) for a in (keys, values)),
        )
        .transpose(-2, -3)
        .flatten(-2)
    ),
)
slip(
    "grouped_heads",
    "pytorch",
    tiled=lambda queries, keys, values: grouped_pt(queries, keys, values, how=lambda a, n: torch.cat([a] * n, -3)),
    repeated_rows=lambda queries, keys, values: grouped_pt(
        queries, keys, values, how=lambda a, n: a.repeat_interleave(n, 0)
    ),
    not_exchanged=lambda queries, keys, values: grouped_pt(queries, keys, values, join=False),
    over_words=lambda queries, keys, values: grouped_pt(queries, keys, values, dim=-2),
    over_heads=lambda queries, keys, values: grouped_pt(queries, keys, values, dim=-3),
    unscaled=lambda queries, keys, values: grouped_pt(queries, keys, values, scale=1),
    by_the_width=lambda queries, keys, values: grouped_pt(
        queries, keys, values, scale=(queries.shape[-1] * queries.shape[-3]) ** 0.5
    ),
    over_one=lambda queries, keys, values: grouped_pt(queries, keys, values, dim=1),
    float32=lambda queries, keys, values: grouped_pt(queries.float(), keys.float(), values.float()),
    float32_and_back=lambda queries, keys, values: grouped_pt(queries.float(), keys.float(), values.float()).to(
        queries.dtype
    ),
    causal=lambda queries, keys, values: (
        torch.nn.functional.scaled_dot_product_attention(
            queries,
            *(a.repeat_interleave(queries.shape[-3] // a.shape[-3], -3) for a in (keys, values)),
            is_causal=True,
        )
        .transpose(-2, -3)
        .flatten(-2)
    ),
    in_place=lambda queries, keys, values: grouped_pt(queries.div_(queries.shape[-1] ** 0.5), keys, values, scale=1),
    cut_off_from_gradient=lambda queries, keys, values: grouped_pt(queries.detach(), keys.detach(), values.detach()),
)


# 6.4 to_keras


def keras(w, heads, block=lambda p, H, D: p.T.reshape(-1, H, D), cut=lambda w: w.reshape(3, -1, w.shape[1])):
    M = w.shape[1]
    return tuple(block(p, heads, M // heads) for p in cut(w))


def kernels(**how):
    return functools.partial(_kernels, how)


def _kernels(how, in_proj_weight, heads):
    return keras(in_proj_weight, heads, **how)


def keras_element(w, heads):
    M = w.shape[1]
    D = M // heads
    out = [np.empty((M, heads, D), w.dtype) for _ in range(3)]
    for b, m, h, d in itertools.product(range(3), range(M), range(heads), range(D)):
        out[b][m, h, d] = w[b * M + h * D + d, m]
    return out


right(
    "to_keras",
    element=lambda in_proj_weight, heads: keras_element(in_proj_weight, heads),
    split=lambda in_proj_weight, heads: tuple(
        p.reshape(heads, -1, p.shape[1]).transpose(2, 0, 1) for p in np.split(in_proj_weight, 3)
    ),
    all_at_once=lambda in_proj_weight, heads: tuple(
        np.moveaxis(in_proj_weight.reshape(3, heads, -1, in_proj_weight.shape[1]), -1, 1)
    ),
    einsum=lambda in_proj_weight, heads: tuple(
        np.einsum("bhdm->bmhd", in_proj_weight.reshape(3, heads, -1, in_proj_weight.shape[1]))
    ),
    columns=lambda in_proj_weight, heads: tuple(
        np.stack(np.split(p, heads, axis=1), 1) for p in np.split(in_proj_weight.T, 3, axis=1)
    ),
)
slip(
    "to_keras",
    not_transposed=kernels(block=lambda p, H, D: p.reshape(-1, H, D)),
    heads_first=kernels(block=lambda p, H, D: p.reshape(H, D, -1)),
    heads_first_turned=kernels(block=lambda p, H, D: p.T.reshape(-1, H, D).swapaxes(0, 1)),
    features_before_heads=kernels(block=lambda p, H, D: p.T.reshape(-1, D, H)),
    features_cut_first=kernels(block=lambda p, H, D: p.T.reshape(-1, D, H).swapaxes(1, 2)),
    turned_after=kernels(block=lambda p, H, D: p.T.reshape(-1, H, D).swapaxes(1, 2)),
    heads_from_the_input=kernels(block=lambda p, H, D: p.T.reshape(H, D, -1).transpose(2, 0, 1)),
    reshape_for_transpose=kernels(block=lambda p, H, D: p.reshape(H, D, -1).reshape(-1, H, D)),
    all_axes_turned=kernels(block=lambda p, H, D: p.reshape(H, D, -1).T),
    not_cut=kernels(block=lambda p, H, D: p.T),
    not_cut_nor_turned=kernels(block=lambda p, H, D: p),
    interleaved=kernels(cut=lambda w: (w[0::3], w[1::3], w[2::3])),
    cut_by_columns=kernels(cut=lambda w: w.T.reshape(3, -1, w.shape[1]).swapaxes(1, 2)[:, : w.shape[1]]),
    cut_then_transposed_whole=lambda in_proj_weight, heads: tuple(
        in_proj_weight.T.reshape(3, in_proj_weight.shape[1], heads, -1)
    ),
    order=kernels(cut=lambda w: w.reshape(3, -1, w.shape[1])[[1, 0, 2]]),
    values_before_keys=kernels(cut=lambda w: w.reshape(3, -1, w.shape[1])[[0, 2, 1]]),
    head_by_head=kernels(cut=lambda w: w.reshape(-1, 3, 1, w.shape[1]).swapaxes(0, 1).reshape(3, -1, w.shape[1])),
    scaled=kernels(block=lambda p, H, D: p.T.reshape(-1, H, D) / np.sqrt(D)),
    float32=kernels(block=lambda p, H, D: np.float32(p.T.reshape(-1, H, D))),
    float64=kernels(block=lambda p, H, D: np.float64(p.T.reshape(-1, H, D))),
    one_array=lambda in_proj_weight, heads: np.concatenate(keras(in_proj_weight, heads)),
    one_stack_of_columns=lambda in_proj_weight, heads: np.stack(keras(in_proj_weight, heads), 1),
    width_as_heads=lambda in_proj_weight, heads: keras(in_proj_weight, in_proj_weight.shape[1] // heads),
    heads_turned=kernels(block=lambda p, H, D: p.T.reshape(-1, H, D)[:, ::-1]),
    queries_only=lambda in_proj_weight, heads: keras(in_proj_weight, heads)[:1] * 3,
    in_place=lambda in_proj_weight, heads: (
        keras(in_proj_weight.copy(), heads),
        np.multiply(in_proj_weight, 0, out=in_proj_weight),
    )[0],
    lists=lambda in_proj_weight, heads: tuple(p.tolist() for p in keras(in_proj_weight, heads)),
)
saboteur(
    "to_keras",
    right_for_two_heads=lambda in_proj_weight, heads: keras(in_proj_weight, min(heads, 2)),
    right_for_one_feature=kernels(block=lambda p, H, D: p.T.reshape(-1, H, D) if 1 in (H, D) else p.reshape(-1, H, D)),
    symmetric=kernels(block=lambda p, H, D: ((p + p.T) / 2).reshape(-1, H, D)),
    square=kernels(block=lambda p, H, D: p.T.reshape(-1, D, H) if D != H else p.T.reshape(-1, H, D)),
)


# 6.5 head_maps


def maps(v, o, heads, cut=lambda v, H, D: v.reshape(-1, H, D).swapaxes(0, 1), rows=lambda o, H, D: o.reshape(H, D, -1)):
    M = v.shape[0]
    D = M // heads
    return cut(v, heads, D) @ rows(o, heads, D)


def mapped(**how):
    return functools.partial(_mapped, how)


def _mapped(how, value_weight, output_weight, heads):
    return maps(value_weight, output_weight, heads, **how)


def maps_loop(v, o, heads):
    D = v.shape[0] // heads
    return np.stack([v[:, h * D : (h + 1) * D] @ o[h * D : (h + 1) * D] for h in range(heads)])


def maps_masked(v, o, heads):
    M = v.shape[0]
    D = M // heads
    out = []
    for h in range(heads):
        keep = np.zeros(M, v.dtype)
        keep[h * D : (h + 1) * D] = 1
        out.append(v * keep @ o)
    return np.array(out)


def maps_sums(v, o, heads):
    M = v.shape[0]
    D = M // heads
    out = np.zeros((heads, M, M), np.result_type(v, o))
    for j in range(M):
        out[j // D] += np.outer(v[:, j], o[j])
    return out


def maps_differences(v, o, heads):  # sums up to here less sums up to there
    D = v.shape[0] // heads
    sums = [v[:, : h * D] @ o[: h * D] for h in range(heads + 1)]
    return np.diff(np.array(sums), axis=0).astype(v.dtype)


right(
    "head_maps",
    loop=lambda value_weight, output_weight, heads: maps_loop(value_weight, output_weight, heads),
    masked=lambda value_weight, output_weight, heads: maps_masked(value_weight, output_weight, heads),
    outer=lambda value_weight, output_weight, heads: maps_sums(value_weight, output_weight, heads),
    einsum=lambda value_weight, output_weight, heads: np.einsum(
        "mhd,hdn->hmn",
        value_weight.reshape(len(value_weight), heads, -1),
        output_weight.reshape(heads, -1, len(value_weight)),
    ),
)
slip(
    "head_maps",
    columns_of_both=mapped(rows=lambda o, H, D: o.reshape(-1, H, D).transpose(1, 2, 0)),
    rows_of_both=mapped(cut=lambda v, H, D: v.reshape(H, D, -1).swapaxes(1, 2)),
    rows_and_columns=mapped(
        cut=lambda v, H, D: v.reshape(H, D, -1).swapaxes(1, 2),
        rows=lambda o, H, D: o.reshape(-1, H, D).transpose(1, 2, 0),
    ),
    reshape_only=mapped(cut=lambda v, H, D: v.reshape(H, -1, D)),
    reshape_only_both=mapped(
        cut=lambda v, H, D: v.reshape(H, -1, D), rows=lambda o, H, D: o.reshape(-1, D, H).T.reshape(H, D, -1)
    ),
    interleaved=mapped(cut=lambda v, H, D: v.reshape(-1, D, H).transpose(2, 0, 1)),
    interleaved_both=mapped(
        cut=lambda v, H, D: v.reshape(-1, D, H).transpose(2, 0, 1),
        rows=lambda o, H, D: o.reshape(D, H, -1).swapaxes(0, 1),
    ),
    interleaved_rows=mapped(rows=lambda o, H, D: o.reshape(D, H, -1).swapaxes(0, 1)),
    output_transposed=mapped(rows=lambda o, H, D: o.T.reshape(H, D, -1)),
    value_transposed=mapped(cut=lambda v, H, D: v.T.reshape(-1, H, D).swapaxes(0, 1)),
    both_transposed=mapped(
        cut=lambda v, H, D: v.T.reshape(-1, H, D).swapaxes(0, 1), rows=lambda o, H, D: o.T.reshape(H, D, -1)
    ),
    transposed=lambda value_weight, output_weight, heads: maps(value_weight, output_weight, heads).swapaxes(1, 2),
    exchanged=lambda value_weight, output_weight, heads: maps(output_weight, value_weight, heads),
    turned_product=lambda value_weight, output_weight, heads: np.stack(
        [
            output_weight[:, h * (len(value_weight) // heads) : (h + 1) * (len(value_weight) // heads)]
            @ value_weight[h * (len(value_weight) // heads) : (h + 1) * (len(value_weight) // heads)]
            for h in range(heads)
        ]
    ),
    small=lambda value_weight, output_weight, heads: (
        output_weight.reshape(heads, -1, len(value_weight))
        @ value_weight.reshape(len(value_weight), heads, -1).swapaxes(0, 1)
    ),
    whole=lambda value_weight, output_weight, heads: np.stack([value_weight @ output_weight] * heads),
    whole_shared=lambda value_weight, output_weight, heads: np.stack([value_weight @ output_weight / heads] * heads),
    summed=lambda value_weight, output_weight, heads: maps(value_weight, output_weight, heads).sum(0),
    averaged=lambda value_weight, output_weight, heads: maps(value_weight, output_weight, heads) / heads,
    scaled=lambda value_weight, output_weight, heads: (
        maps(value_weight, output_weight, heads) / (len(value_weight) / heads) ** 0.5
    ),
    heads_last=lambda value_weight, output_weight, heads: np.moveaxis(maps(value_weight, output_weight, heads), 0, -1),
    heads_in_the_middle=lambda value_weight, output_weight, heads: maps(value_weight, output_weight, heads).swapaxes(
        0, 1
    ),
    cumulative=lambda value_weight, output_weight, heads: maps(value_weight, output_weight, heads).cumsum(0),
    the_last_lost=lambda value_weight, output_weight, heads: maps(value_weight, output_weight, heads)[:-1],
    from_one=lambda value_weight, output_weight, heads: np.roll(maps(value_weight, output_weight, heads), -1, 0),
    turned_about=lambda value_weight, output_weight, heads: maps(value_weight, output_weight, heads)[::-1],
    float32=lambda value_weight, output_weight, heads: maps(
        np.float32(value_weight), np.float32(output_weight), heads
    ).astype(value_weight.dtype),
    float64=lambda value_weight, output_weight, heads: np.float64(maps(value_weight, output_weight, heads)),
    zeros_default=lambda value_weight, output_weight, heads: (
        np.zeros((heads, *value_weight.shape)) + maps(value_weight, output_weight, heads)
    ),
    list=lambda value_weight, output_weight, heads: list(maps(value_weight, output_weight, heads).tolist()),
    one_too_wide=lambda value_weight, output_weight, heads: np.stack(
        [
            value_weight[:, h * (len(value_weight) // heads) : (h + 1) * (len(value_weight) // heads) + 1]
            @ output_weight[h * (len(value_weight) // heads) : (h + 1) * (len(value_weight) // heads) + 1]
            for h in range(heads)
        ]
    ),
    elementwise=lambda value_weight, output_weight, heads: np.stack(
        [
            np.where(np.arange(len(value_weight)) // (len(value_weight) // heads) == h, value_weight * output_weight, 0)
            for h in range(heads)
        ]
    ).astype(value_weight.dtype),
    in_place=lambda value_weight, output_weight, heads: (
        maps(value_weight, output_weight, heads),
        np.multiply(value_weight, 2, out=value_weight),
    )[0],
)
saboteur(
    "head_maps",
    right_for_two_heads=lambda value_weight, output_weight, heads: (
        maps(value_weight, output_weight, heads) if heads <= 2 else maps(value_weight, output_weight, heads)[::-1]
    ),
    right_if_square=mapped(cut=lambda v, H, D: (v if H == D else v.T).reshape(-1, H, D).swapaxes(0, 1)),
    right_in_sum=lambda value_weight, output_weight, heads: np.roll(maps(value_weight, output_weight, heads), 1, 0),
    rounded=lambda value_weight, output_weight, heads: maps(value_weight, output_weight, heads).round(4),
    by_the_pseudoinverse=lambda value_weight, output_weight, heads: maps(
        value_weight,
        np.linalg.pinv(np.linalg.pinv(output_weight, rcond=1e-3), rcond=1e-3).astype(value_weight.dtype),
        heads,
    ),
)


def maps_pt(v, o, heads):
    return v.unflatten(1, (heads, -1)).transpose(0, 1) @ o.unflatten(0, (heads, -1))


def maps_tf(v, o, heads):
    return tf.stack(tf.split(v, heads, axis=1)) @ tf.stack(tf.split(o, heads, axis=0))


right(
    "head_maps",
    "pytorch",
    unflatten=lambda value_weight, output_weight, heads: maps_pt(value_weight, output_weight, heads),
    chunk=lambda value_weight, output_weight, heads: torch.stack(
        [a @ b for a, b in zip(value_weight.chunk(heads, 1), output_weight.chunk(heads), strict=True)]
    ),
)
slip(
    "head_maps",
    "pytorch",
    view=lambda value_weight, output_weight, heads: (
        value_weight.reshape(heads, len(value_weight), -1) @ output_weight.unflatten(0, (heads, -1))
    ),
    like_linear=lambda value_weight, output_weight, heads: maps_pt(value_weight.T, output_weight.T, heads),
    rows_chunked=lambda value_weight, output_weight, heads: torch.stack(
        [a.T @ b for a, b in zip(value_weight.chunk(heads, 0), output_weight.chunk(heads), strict=True)]
    ),
    numpy=lambda value_weight, output_weight, heads: maps(value_weight.numpy(), output_weight.numpy(), heads),
    list=lambda value_weight, output_weight, heads: list(maps_pt(value_weight, output_weight, heads)),
    float=lambda value_weight, output_weight, heads: maps_pt(value_weight.float(), output_weight.float(), heads),
    torch_tensor=lambda value_weight, output_weight, heads: torch.Tensor(
        maps(value_weight.numpy(), output_weight.numpy(), heads)
    ),
)
right(
    "head_maps",
    "tensorflow",
    split=lambda value_weight, output_weight, heads: maps_tf(value_weight, output_weight, heads),
)
slip(
    "head_maps",
    "tensorflow",
    reshaped=lambda value_weight, output_weight, heads: (
        tf.reshape(value_weight, (heads, value_weight.shape[0], value_weight.shape[0] // heads))
        @ tf.stack(tf.split(output_weight, heads, axis=0))
    ),
    transposed=lambda value_weight, output_weight, heads: maps_tf(
        tf.transpose(value_weight), tf.transpose(output_weight), heads
    ),
    heads_last=lambda value_weight, output_weight, heads: tf.transpose(
        maps_tf(value_weight, output_weight, heads), (1, 2, 0)
    ),
    list=lambda value_weight, output_weight, heads: tf.unstack(maps_tf(value_weight, output_weight, heads)),
    float=lambda value_weight, output_weight, heads: tf.cast(maps_tf(value_weight, output_weight, heads), tf.float32),
    numpy=lambda value_weight, output_weight, heads: maps_tf(value_weight, output_weight, heads).numpy(),
)


# 6.6 without_head


def without(q, k, v, o, heads, head, columns=None, rows=None, change=lambda w: w):
    D = len(q) // heads
    gone = np.arange(head * D, (head + 1) * D)
    columns = gone if columns is None else columns(len(q), heads, head)
    rows = gone if rows is None else rows(len(q), heads, head)
    return (*(np.delete(w, columns, 1) for w in (q, k, v)), change(np.delete(o, rows, 0)))


def out_of(**how):
    return functools.partial(_out_of, how)


def _out_of(how, query_weight, key_weight, value_weight, output_weight, heads, head):
    return without(query_weight, key_weight, value_weight, output_weight, heads, head, **how)


def by_masks(query_weight, key_weight, value_weight, output_weight, heads, head):
    keep = np.arange(len(query_weight)) // (len(query_weight) // heads) != head
    return [query_weight[:, keep], key_weight[:, keep], value_weight[:, keep], output_weight[keep]]


def by_concatenation(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    a, b = head * D, head * D + D
    three = [np.concatenate([w[:, :a], w[:, b:]], 1) for w in (query_weight, key_weight, value_weight)]
    return (*three, np.concatenate([output_weight[:a], output_weight[b:]]))


def by_axes(query_weight, key_weight, value_weight, output_weight, heads, head):
    M = len(query_weight)
    others = [h for h in range(heads) if h != head]
    three = [w.reshape(M, heads, -1)[:, others].reshape(M, -1) for w in (query_weight, key_weight, value_weight)]
    return (*three, output_weight.reshape(heads, -1, M)[others].reshape(-1, M))


def zeroed(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    four = [w.copy() for w in (query_weight, key_weight, value_weight, output_weight)]
    for w in four[:3]:
        w[:, head * D : (head + 1) * D] = 0
    four[3][head * D : (head + 1) * D] = 0
    return tuple(four)


def square_blocks(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    gone = slice(head * D, head * D + D)
    three = [np.delete(w, gone, 1) for w in (query_weight, key_weight, value_weight)]
    return (*three, np.delete(output_weight, gone, 1))


def rows_of_all(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    gone = slice(head * D, head * D + D)
    return tuple(np.delete(w, gone, 0) for w in (query_weight, key_weight, value_weight, output_weight))


def swapped_last(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    order = [h for h in range(heads) if h != head]
    if order and head < heads - 1:  # the last head takes the empty place
        order = [*order[:head], heads - 1, *order[head:-1]]
    columns = np.concatenate([np.arange(h * D, h * D + D) for h in order] or [np.array([], int)])
    return (*(w[:, columns] for w in (query_weight, key_weight, value_weight)), output_weight[columns])


def block(M, H, h):
    return np.arange(h * M // H, (h + 1) * M // H)


right(
    "without_head",
    masks=by_masks,
    concatenation=by_concatenation,
    axes=by_axes,
    slices=lambda query_weight, key_weight, value_weight, output_weight, heads, head: tuple(
        np.delete(w, slice(head * len(w) // heads, (head + 1) * len(w) // heads), axis)
        for w, axis in zip((query_weight, key_weight, value_weight, output_weight), (1, 1, 1, 0), strict=True)
    ),
)
slip(
    "without_head",
    zeroed=zeroed,
    from_one=out_of(
        columns=lambda M, H, h: block(M, H, max(h - 1, 0)), rows=lambda M, H, h: block(M, H, max(h - 1, 0))
    ),
    from_the_end=out_of(columns=lambda M, H, h: block(M, H, H - 1 - h), rows=lambda M, H, h: block(M, H, H - 1 - h)),
    next_one=out_of(columns=lambda M, H, h: block(M, H, (h + 1) % H), rows=lambda M, H, h: block(M, H, (h + 1) % H)),
    the_first=out_of(columns=lambda M, H, h: block(M, H, 0), rows=lambda M, H, h: block(M, H, 0)),
    the_last=out_of(columns=lambda M, H, h: block(M, H, H - 1), rows=lambda M, H, h: block(M, H, H - 1)),
    interleaved=out_of(columns=lambda M, H, h: np.arange(h, M, H), rows=lambda M, H, h: np.arange(h, M, H)),
    interleaved_columns=out_of(columns=lambda M, H, h: np.arange(h, M, H)),
    interleaved_rows=out_of(rows=lambda M, H, h: np.arange(h, M, H)),
    one_column=out_of(columns=lambda M, H, h: h, rows=lambda M, H, h: h),
    starts_at_head=out_of(
        columns=lambda M, H, h: np.arange(h, min(h + M // H, M)), rows=lambda M, H, h: np.arange(h, min(h + M // H, M))
    ),
    head_times_heads=out_of(
        columns=lambda M, H, h: np.arange(h * H, h * H + M // H) % M,
        rows=lambda M, H, h: np.arange(h * H, h * H + M // H) % M,
    ),
    output_columns=square_blocks,
    rows_of_all=rows_of_all,
    output_other_rows=out_of(rows=lambda M, H, h: block(M, H, H - 1 - h)),
    output_first_rows=out_of(rows=lambda M, H, h: block(M, H, 0)),
    output_last_rows=out_of(rows=lambda M, H, h: block(M, H, H - 1)),
    output_left=out_of(rows=lambda M, H, h: []),
    output_transposed=out_of(change=lambda w: w.T),
    output_scaled=out_of(change=lambda w: w * 1.25),
    output_scaled_by_heads=lambda query_weight, key_weight, value_weight, output_weight, heads, head: without(
        query_weight,
        key_weight,
        value_weight,
        output_weight,
        heads,
        head,
        change=lambda w: w * heads / max(heads - 1, 1),
    ),
    values_and_output_only=lambda query_weight, key_weight, value_weight, output_weight, heads, head: (
        query_weight,
        key_weight,
        *without(query_weight, key_weight, value_weight, output_weight, heads, head)[2:],
    ),
    kept_and_lost=lambda query_weight, key_weight, value_weight, output_weight, heads, head: tuple(
        np.take(w, block(len(w), heads, head), axis)
        for w, axis in zip((query_weight, key_weight, value_weight, output_weight), (1, 1, 1, 0), strict=True)
    ),
    order=lambda query_weight, key_weight, value_weight, output_weight, heads, head: without(
        key_weight, query_weight, value_weight, output_weight, heads, head
    ),
    values_first=lambda query_weight, key_weight, value_weight, output_weight, heads, head: without(
        query_weight, value_weight, key_weight, output_weight, heads, head
    ),
    the_last_takes_its_place=swapped_last,
    one_type=lambda query_weight, key_weight, value_weight, output_weight, heads, head: tuple(
        w.astype(query_weight.dtype)
        for w in without(query_weight, key_weight, value_weight, output_weight, heads, head)
    ),
    float64=lambda query_weight, key_weight, value_weight, output_weight, heads, head: tuple(
        w.astype(float) for w in without(query_weight, key_weight, value_weight, output_weight, heads, head)
    ),
    stacked_types=lambda query_weight, key_weight, value_weight, output_weight, heads, head: (
        *np.delete(np.stack([query_weight, key_weight, value_weight]), block(len(query_weight), heads, head), -1),
        np.delete(output_weight, block(len(query_weight), heads, head), 0),
    ),
    three_only=lambda query_weight, key_weight, value_weight, output_weight, heads, head: without(
        query_weight, key_weight, value_weight, output_weight, heads, head
    )[:3],
    one_too_many=out_of(
        columns=lambda M, H, h: np.arange(h * M // H, min((h + 1) * M // H + 1, M)),
        rows=lambda M, H, h: np.arange(h * M // H, min((h + 1) * M // H + 1, M)),
    ),
    one_too_few=out_of(columns=lambda M, H, h: block(M, H, h)[:-1], rows=lambda M, H, h: block(M, H, h)[:-1]),
    negative_after=lambda query_weight, key_weight, value_weight, output_weight, heads, head: (
        *(
            np.hstack([w[:, : head * len(w) // heads], w[:, -(heads - head - 1) * len(w) // heads :]])
            for w in (query_weight, key_weight, value_weight)
        ),
        np.vstack(
            [
                output_weight[: head * len(output_weight) // heads],
                output_weight[-(heads - head - 1) * len(output_weight) // heads :],
            ]
        ),
    ),
)
saboteur(
    "without_head",
    other_order_of_both=lambda query_weight, key_weight, value_weight, output_weight, heads, head: tuple(
        np.flip(w, axis)
        for w, axis in zip(
            without(query_weight, key_weight, value_weight, output_weight, heads, head), (1, 1, 1, 0), strict=True
        )
    ),
    moved_scale=lambda query_weight, key_weight, value_weight, output_weight, heads, head: tuple(
        w * f
        for w, f in zip(
            without(query_weight, key_weight, value_weight, output_weight, heads, head), (2, 0.5, 4, 0.25), strict=True
        )
    ),
    right_for_the_first=lambda query_weight, key_weight, value_weight, output_weight, heads, head: without(
        query_weight, key_weight, value_weight, output_weight, heads, head if head < 2 else heads - 1
    ),
    right_for_two=lambda query_weight, key_weight, value_weight, output_weight, heads, head: (
        without(query_weight, key_weight, value_weight, output_weight, heads, head)
        if heads <= 3
        else without(query_weight, key_weight, value_weight, output_weight, heads, heads - 1 - head)
    ),
)


# 6.7 pool_heads


def pool(w, heads, kv, mean=lambda a, axis: a.mean(axis)):
    D = w.shape[-1] // heads
    a = w.reshape(*w.shape[:-1], kv, heads // kv, D)
    return mean(a, -2).reshape(*w.shape[:-1], kv * D)


def both(how):
    return functools.partial(_both, how)


def _both(how, weight, bias, heads, kv_heads):
    return how(weight, heads, kv_heads), how(bias, heads, kv_heads)


def pool_by_slices(a, heads, kv):
    D, n = a.shape[-1] // heads, heads // kv
    parts = [a[..., h * D : (h + 1) * D] for h in range(heads)]
    return np.concatenate([sum(parts[g * n : (g + 1) * n]) / n for g in range(kv)], -1)


def pool_by_matrix(a, heads, kv):
    D, n = a.shape[-1] // heads, heads // kv
    matrix = np.kron(np.kron(np.eye(kv), np.full((n, 1), 1 / n)), np.eye(D))
    return (a @ matrix).astype(a.dtype)


def pool_strided(a, heads, kv):
    D, n = a.shape[-1] // heads, heads // kv
    cut = a.reshape(*a.shape[:-1], heads, D)
    total = cut[..., ::n, :].copy()
    for i in range(1, n):
        total += cut[..., i::n, :]
    return (total / n).reshape(*a.shape[:-1], kv * D)


def pool_tiled(a, heads, kv):
    D = a.shape[-1] // heads
    return a.reshape(*a.shape[:-1], heads // kv, kv, D).mean(-3).reshape(*a.shape[:-1], kv * D)


def pool_columns(a, heads, kv):  # means of columns side by side
    return a.reshape(*a.shape[:-1], -1, heads // kv).mean(-1)


def pool_interleaved(a, heads, kv):
    D = a.shape[-1] // heads
    return a.reshape(*a.shape[:-1], D, kv, heads // kv).mean(-1).reshape(*a.shape[:-1], kv * D)


def pool_interleaved_back(a, heads, kv):
    D = a.shape[-1] // heads
    return a.reshape(*a.shape[:-1], D, kv, heads // kv).mean(-1).swapaxes(-1, -2).reshape(*a.shape[:-1], kv * D)


def pool_groups_of_kv(a, heads, kv):
    D = a.shape[-1] // heads
    out = [a[..., g * kv * D : (g + 1) * kv * D].reshape(*a.shape[:-1], -1, D).mean(-2) for g in range(kv)]
    return np.concatenate(out, -1)


def pool_turned(a, heads, kv):
    D = a.shape[-1] // heads
    return pool(a, heads, kv).reshape(*a.shape[:-1], kv, D).swapaxes(-1, -2).reshape(*a.shape[:-1], -1)


def pick(i):
    return lambda a, axis: np.take(a, i, axis)


def pool_rows(a, heads, kv):
    if a.ndim == 1:
        return pool(a, heads, kv)
    return pool(a.T, heads, kv).T if a.shape[0] % heads == 0 else pool(a, heads, kv)


def pool_whole(a, heads, kv):
    D = a.shape[-1] // heads
    return np.concatenate([a.reshape(*a.shape[:-1], heads, D).mean(-2)] * kv, -1)


def norm_kept(a, heads, kv):
    return pool(a, heads, kv) * np.sqrt(heads / kv).astype(a.dtype)


right(
    "pool_heads",
    slices=both(pool_by_slices),
    matrix=both(pool_by_matrix),
    strided=both(pool_strided),
    einsum=both(
        lambda a, heads, kv: (
            np.einsum("...gnd->...gd", a.reshape(*a.shape[:-1], kv, heads // kv, -1)) / (heads // kv)
        ).reshape(*a.shape[:-1], -1)
    ),
    together=lambda weight, bias, heads, kv_heads: (
        pool(weight, heads, kv_heads),
        pool(bias[None], heads, kv_heads)[0],
    ),
    average=both(lambda a, heads, kv: pool(a, heads, kv, mean=lambda b, axis: np.average(b, axis))),
)
slip(
    "pool_heads",
    summed=both(lambda a, heads, kv: pool(a, heads, kv, mean=lambda b, axis: b.sum(axis))),
    root=both(norm_kept),
    by_all_heads=both(lambda a, heads, kv: pool(a, heads, kv) * kv / heads),
    by_heads=both(lambda a, heads, kv: pool(a, heads, kv, mean=lambda b, axis: b.sum(axis) / heads)),
    by_kv_heads=both(lambda a, heads, kv: pool(a, heads, kv, mean=lambda b, axis: b.sum(axis) / kv)),
    median=both(lambda a, heads, kv: pool(a, heads, kv, mean=np.median).astype(a.dtype)),
    maximum=both(lambda a, heads, kv: pool(a, heads, kv, mean=lambda b, axis: b.max(axis))),
    first=both(lambda a, heads, kv: pool(a, heads, kv, mean=pick(0))),
    last=both(lambda a, heads, kv: pool(a, heads, kv, mean=pick(-1))),
    first_and_last=both(
        lambda a, heads, kv: pool(a, heads, kv, mean=lambda b, axis: (b[..., 0, :] + b[..., -1, :]) / 2)
    ),
    first_two=both(lambda a, heads, kv: pool(a, heads, kv, mean=lambda b, axis: b[..., :2, :].mean(axis))),
    first_heads_kept=both(lambda a, heads, kv: a[..., : a.shape[-1] * kv // heads]),
    tiled=both(pool_tiled),
    columns=both(pool_columns),
    interleaved=both(pool_interleaved),
    interleaved_back=both(pool_interleaved_back),
    groups_of_kv=both(pool_groups_of_kv),
    turned=both(pool_turned),
    rows=both(pool_rows),
    whole=both(pool_whole),
    repeated=both(
        lambda a, heads, kv: np.repeat(pool(a, heads, kv).reshape(*a.shape[:-1], kv, -1), heads // kv, -2).reshape(
            a.shape
        )
    ),
    mean_of_features=both(
        lambda a, heads, kv: a.reshape(*a.shape[:-1], kv, -1, a.shape[-1] // heads).mean(-1).reshape(*a.shape[:-1], -1)
    ),
    not_joined=both(lambda a, heads, kv: a.reshape(*a.shape[:-1], kv, heads // kv, -1).mean(-2)),
    bias_left=lambda weight, bias, heads, kv_heads: (pool(weight, heads, kv_heads), bias),
    bias_summed=lambda weight, bias, heads, kv_heads: (
        pool(weight, heads, kv_heads),
        pool(bias, heads, kv_heads, mean=lambda b, axis: b.sum(axis)),
    ),
    bias_first=lambda weight, bias, heads, kv_heads: (
        pool(weight, heads, kv_heads),
        pool(bias, heads, kv_heads, mean=pick(0)),
    ),
    bias_tiled=lambda weight, bias, heads, kv_heads: (pool(weight, heads, kv_heads), pool_tiled(bias, heads, kv_heads)),
    weight_tiled=lambda weight, bias, heads, kv_heads: (
        pool_tiled(weight, heads, kv_heads),
        pool(bias, heads, kv_heads),
    ),
    bias_as_row=lambda weight, bias, heads, kv_heads: (
        pool(weight, heads, kv_heads),
        pool(bias[None], heads, kv_heads),
    ),
    one_type=lambda weight, bias, heads, kv_heads: (
        pool(weight, heads, kv_heads),
        pool(bias, heads, kv_heads).astype(weight.dtype),
    ),
    bias_makes_type=lambda weight, bias, heads, kv_heads: (
        pool(weight, heads, kv_heads).astype(bias.dtype),
        pool(bias, heads, kv_heads),
    ),
    stacked=lambda weight, bias, heads, kv_heads: (
        (s := pool(np.vstack([weight, bias]), heads, kv_heads))[:-1],
        s[-1],
    ),
    float64=both(lambda a, heads, kv: np.float64(pool(a, heads, kv))),
    exchanged=lambda weight, bias, heads, kv_heads: (pool(bias, heads, kv_heads), pool(weight, heads, kv_heads)),
    width_from_rows=lambda weight, bias, heads, kv_heads: tuple(
        a.reshape(*a.shape[:-1], kv_heads, -1, len(weight) // heads).mean(-2).reshape(*a.shape[:-1], -1)
        for a in (weight, bias)
    ),
    kv_heads_averaged=both(
        lambda a, heads, kv: a.reshape(*a.shape[:-1], kv, heads // kv, -1).mean(-3).reshape(*a.shape[:-1], -1)
    ),
    rounded=both(lambda a, heads, kv: pool(a, heads, kv).round(3)),
    in_place=both(lambda a, heads, kv: (pool(a, heads, kv), np.multiply(a, 0, out=a))[0]),
)
saboteur(
    "pool_heads",
    right_for_one_or_all=both(
        lambda a, heads, kv: pool(a, heads, kv) if kv in (1, heads) else pool_tiled(a, heads, kv)
    ),
    pairs=both(
        lambda a, heads, kv: (
            pool(a, heads, kv)
            if heads // kv <= 2
            else pool(a, heads, kv, mean=lambda b, axis: (b[..., 0, :] + b[..., 1, :]) / 2)
        )
    ),
    chained=both(
        lambda a, heads, kv: pool(
            a, heads, kv, mean=lambda b, axis: functools.reduce(lambda x, y: (x + y) / 2, np.moveaxis(b, axis, 0))
        )
    ),
    middle=both(
        lambda a, heads, kv: (
            pool(a, heads, kv, mean=lambda b, axis: np.median(b, axis)).astype(a.dtype)
            if heads // kv == 2
            else pool(a, heads, kv, mean=lambda b, axis: (b.max(axis) + b.min(axis)) / 2)
        )
    ),
)


# 6.8 words_that_fit

right(
    "words_that_fit",
    floor=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (2 * layers * kv_heads * (width // heads) * size)
    ),
    divmod=lambda memory, layers, width, heads, kv_heads, size: divmod(
        memory, layers * 2 * size * kv_heads * width // heads
    )[0],
    fraction=lambda memory, layers, width, heads, kv_heads, size: math.floor(
        Fraction(memory, 2 * layers * kv_heads * size) * heads / width
    ),
    step_by_step=lambda memory, layers, width, heads, kv_heads, size: (
        memory // 2 // layers // kv_heads // (width // heads) // size
    ),
    times_heads=lambda memory, layers, width, heads, kv_heads, size: (
        memory * heads // (2 * layers * kv_heads * width * size)
    ),
)
slip(
    "words_that_fit",
    float=lambda memory, layers, width, heads, kv_heads, size: int(
        memory / (2 * layers * kv_heads * (width // heads) * size)
    ),
    float_width=lambda memory, layers, width, heads, kv_heads, size: int(
        memory // (2 * layers * kv_heads * (width / heads) * size)
    ),
    float_result=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (2 * layers * kv_heads * width / heads * size)
    ),
    floor=lambda memory, layers, width, heads, kv_heads, size: math.floor(
        memory / (2 * layers * kv_heads * width / heads * size)
    ),
    rounded=lambda memory, layers, width, heads, kv_heads, size: round(
        memory / (2 * layers * kv_heads * (width // heads) * size)
    ),
    ceiling=lambda memory, layers, width, heads, kv_heads, size: (
        -(-memory // (2 * layers * kv_heads * (width // heads) * size))
    ),
    one_more=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (2 * layers * kv_heads * (width // heads) * size) + 1
    ),
    less_than=lambda memory, layers, width, heads, kv_heads, size: (
        (memory - 1) // (2 * layers * kv_heads * (width // heads) * size)
    ),
    keys_only=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (layers * kv_heads * (width // heads) * size)
    ),
    three=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (3 * layers * kv_heads * (width // heads) * size)
    ),
    one_layer=lambda memory, layers, width, heads, kv_heads, size: memory // (2 * kv_heads * (width // heads) * size),
    all_heads=lambda memory, layers, width, heads, kv_heads, size: memory // (2 * layers * width * size),
    one_head=lambda memory, layers, width, heads, kv_heads, size: memory // (2 * layers * (width // heads) * size),
    width_for_D=lambda memory, layers, width, heads, kv_heads, size: memory // (2 * layers * kv_heads * width * size),
    width_by_kv_heads=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (2 * layers * kv_heads * (width // kv_heads) * size)
    ),
    heads_by_groups=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (2 * layers * (heads // kv_heads) * (width // heads) * size)
    ),
    numbers=lambda memory, layers, width, heads, kv_heads, size: memory // (2 * layers * kv_heads * (width // heads)),
    bits=lambda memory, layers, width, heads, kv_heads, size: (
        8 * memory // (2 * layers * kv_heads * (width // heads) * size)
    ),
    size_in_bits=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (2 * layers * kv_heads * (width // heads) * size // 8 or 1)
    ),
    precedence=lambda memory, layers, width, heads, kv_heads, size: (
        memory // 2 * layers * kv_heads * (width // heads) * size
    ),
    size_above=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (2 * layers * kv_heads * (width // heads)) * size
    ),
    float16_always=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (4 * layers * kv_heads * (width // heads))
    ),
    float32_always=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (8 * layers * kv_heads * (width // heads))
    ),
    layer_by_layer=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (2 * kv_heads * (width // heads) * size) * layers
    ),
    heads_and_kv=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (layers * (heads + 2 * kv_heads) * (width // heads) * size)
    ),
    numpy=lambda memory, layers, width, heads, kv_heads, size: int(
        np.floor(np.float64(memory) / (2 * layers * kv_heads * (width // heads) * size))
    ),
    numpy_result=lambda memory, layers, width, heads, kv_heads, size: np.int64(
        min(memory // (2 * layers * kv_heads * (width // heads) * size), 2**63 - 1)
    ),
    mebibytes=lambda memory, layers, width, heads, kv_heads, size: (
        memory * 2**20 // (2 * layers * kv_heads * (width // heads) * size)
    ),
    at_least_one=lambda memory, layers, width, heads, kv_heads, size: max(
        1, memory // (2 * layers * kv_heads * (width // heads) * size)
    ),
    rest=lambda memory, layers, width, heads, kv_heads, size: (
        memory % (2 * layers * kv_heads * (width // heads) * size)
    ),
    with_the_scores=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (layers * (2 * kv_heads * (width // heads) + heads) * size)
    ),
)
saboteur(
    "words_that_fit",
    float_with_repair=lambda memory, layers, width, heads, kv_heads, size: int(
        memory / (2 * layers * kv_heads * (width // heads) * size) - 1e-9
    ),
    exact_while_small=lambda memory, layers, width, heads, kv_heads, size: (
        memory // (2 * layers * kv_heads * (width // heads) * size)
        if memory < 2**53
        else int(memory / (2 * layers * kv_heads * (width // heads) * size))
    ),
    wraps=lambda memory, layers, width, heads, kv_heads, size: (
        (memory & (2**64 - 1)) // (2 * layers * kv_heads * (width // heads) * size)
    ),
    remainder_by_float=lambda memory, layers, width, heads, kv_heads, size: int(
        (memory - math.fmod(memory, 2 * layers * kv_heads * (width // heads) * size))
        / (2 * layers * kv_heads * (width // heads) * size)
    ),
)


# 6.9 induction_pattern


def pattern(words, mask=None, first=False):
    words = np.asarray(words)
    S = words.shape[-1]
    before = np.roll(words, 1, -1)
    out = words[..., :, None] == before[..., None, :]
    if not first:
        out[..., 0] = False
    keep = np.tri(S, dtype=bool) if mask is None else mask(S)
    return out & keep


def pattern_loop(words):
    S = words.shape[-1]
    out = np.zeros((*words.shape, S), bool)
    for i in range(S):
        for j in range(1, i + 1):
            out[..., i, j] = words[..., i] == words[..., j - 1]
    return out


def pattern_shift(words):
    same = words[..., :, None] == words[..., None, :]
    same &= np.tri(words.shape[-1], k=-1, dtype=bool)
    out = np.zeros_like(same)
    out[..., 1:] = same[..., :-1]
    return out


def pattern_pad(words):
    same = words[..., :, None] == words[..., None, :-1]
    wide = np.concatenate([np.zeros((*words.shape, 1), bool), same], -1) if words.shape[-1] else same
    return np.tril(wide)


def pattern_product(words):
    S = words.shape[-1]
    return (pattern_equal(words) & np.tri(S, k=-1, dtype=bool)) @ np.eye(S, k=1, dtype=bool)


def pattern_equal(words):
    return words[..., :, None] == words[..., None, :]


def shifted(same, by=1):
    out = np.zeros_like(same)
    out[..., by:] = same[..., :-by]
    return out


def last_only(words):
    full = pattern(words)
    turned = full[..., ::-1]
    return full & (np.cumsum(turned, -1)[..., ::-1] == 1)


def first_only(words):
    full = pattern(words)
    return full & (np.cumsum(full, -1) == 1)


def strict(S):
    return np.tri(S, k=-1, dtype=bool)


def by_dictionary(words):
    out = np.zeros((*words.shape, words.shape[-1]), bool)
    flat, rows = out.reshape(-1, *out.shape[-2:]), words.reshape(-1, words.shape[-1])
    for row, o in zip(rows, flat, strict=True):
        last = {}
        for i, word in enumerate(row.tolist()):
            if word in last:
                o[i, last[word] + 1] = True
            last[word] = i
    return out


def by_dictionary_of_all(words):
    out = np.zeros((*words.shape, words.shape[-1]), bool)
    for place in np.ndindex(words.shape[:-1]):
        seen = {}
        for i, word in enumerate(words[place].tolist()):
            for j in seen.setdefault(word, []):
                out[(*place, i, j + 1)] = True
            seen[word].append(i)
    return out


def dictionary_across(words):
    out = np.zeros((*words.shape, words.shape[-1]), bool)
    seen = {}
    for place in np.ndindex(words.shape[:-1]):
        for i, word in enumerate(words[place].tolist()):
            for j in seen.setdefault(word, []):
                if j < i:
                    out[(*place, i, j + 1)] = True
            seen[word].append(i)
    return out


right(
    "induction_pattern",
    loop=pattern_loop,
    shift=pattern_shift,
    pad=pattern_pad,
    product=pattern_product,
    roll=lambda words: pattern(words),
    dictionary=by_dictionary_of_all,
    xor=lambda words: np.tril(shifted((words[..., :, None] ^ words[..., None, :]) == 0)),
)
slip(
    "induction_pattern",
    rolled=lambda words: pattern(words, first=True),
    strictly_earlier=lambda words: pattern(words, mask=strict),
    two_earlier=lambda words: pattern(words, mask=lambda S: np.tri(S, k=-2, dtype=bool)),
    not_causal=lambda words: pattern(words, mask=lambda S: np.ones((S, S), bool)),
    one_ahead=lambda words: pattern(words, mask=lambda S: np.tri(S, k=1, dtype=bool)),
    anti_causal=lambda words: pattern(words, mask=lambda S: np.tri(S, dtype=bool).T),
    same_word=lambda words: pattern_equal(words) & np.tri(words.shape[-1], k=-1, dtype=bool),
    same_word_and_itself=lambda words: pattern_equal(words) & np.tri(words.shape[-1], dtype=bool),
    place_before=lambda words: np.roll(pattern_equal(words) & strict(words.shape[-1]), -1, -1),
    wraps_behind=lambda words: np.roll(pattern_equal(words) & np.tri(words.shape[-1], dtype=bool), 1, -1),
    wraps_and_cut=lambda words: np.roll(pattern_equal(words), 1, -1) & np.tri(words.shape[-1], dtype=bool),
    transposed=lambda words: pattern(words).swapaxes(-1, -2),
    rows_shifted=lambda words: np.roll(pattern_equal(words) & strict(words.shape[-1]), 1, -2),
    word_before_the_query=lambda words: np.tril(
        np.concatenate(
            [
                np.zeros((*words.shape[:-1], 1, words.shape[-1]), bool),
                words[..., :-1, None] == words[..., None, :],
            ],
            -2,
        )
    ),
    after_the_query=lambda words: np.tril(
        np.pad(words[..., 1:, None] == words[..., None, :], [(0, 0)] * (words.ndim - 1) + [(0, 1), (0, 0)])
    ),
    last_occurrence=last_only,
    first_occurrence=first_only,
    last_by_dictionary=by_dictionary,
    dictionary_across=dictionary_across,
    marked_by_zero=lambda words: np.tril(
        words[..., :, None] == np.concatenate([np.zeros_like(words[..., :1]), words[..., :-1]], -1)[..., None, :]
    ),
    marked_by_minus_one=lambda words: np.tril(
        words[..., :, None] == np.concatenate([np.full_like(words[..., :1], -1), words[..., :-1]], -1)[..., None, :]
    ),
    marked_by_lowest=lambda words: np.tril(
        words[..., :, None]
        == np.concatenate([np.full_like(words[..., :1], np.iinfo(words.dtype).min), words[..., :-1]], -1)[..., None, :]
    ),
    marked_by_less_than_the_least=lambda words: np.tril(
        words[..., :, None]
        == np.concatenate([np.full_like(words[..., :1], words.min() - 1), words[..., :-1]], -1)[..., None, :]
    ),
    marked_by_nan=lambda words: np.tril(
        words[..., :, None]
        == np.concatenate([np.full(words[..., :1].shape, np.nan), words[..., :-1]], -1)[..., None, :]
    ),
    as_floats=lambda words: pattern(words.astype(float)),
    as_float32=lambda words: pattern(words.astype(np.float32)),
    as_int32=lambda words: pattern(words.astype(np.int32)),
    close=lambda words: np.tril(shifted(np.isclose(words[..., :, None], words[..., None, :]))),
    product_of_words=lambda words: np.tril(
        shifted(words[..., :, None] * words[..., None, :] == words[..., :, None] ** 2)
    ),
    absolute=lambda words: pattern(np.abs(words)),
    without_doubled=lambda words: pattern(words) & ~np.eye(words.shape[-1], dtype=bool),
    ones=lambda words: pattern(words).astype(int),
    floats=lambda words: pattern(words).astype(float),
    weights=lambda words: pattern(words) / np.maximum(pattern(words).sum(-1, keepdims=True), 1),
    minus_infinity=lambda words: np.where(pattern(words), 0.0, -np.inf),
    list=lambda words: pattern(words).tolist(),
    inverted=lambda words: ~pattern(words),
    first_of_the_batch=lambda words: np.broadcast_to(
        pattern(words.reshape(-1, words.shape[-1])[0]), (*words.shape, words.shape[-1])
    ),
    rolled_through_the_batch=lambda words: np.tril(
        (lambda b: (words[..., :, None] == b[..., None, :]) & (np.arange(words.shape[-1]) > 0))(np.roll(words, 1, 0))
    ),
    rolled_flat=lambda words: (
        (words[..., :, None] == np.roll(words, 1)[..., None, :]) & np.tri(words.shape[-1], dtype=bool)
    ),
    first_column_of_batch=lambda words: (lambda p: (p.__setitem__((slice(None), 0), False), p)[1])(
        np.tril(words[..., :, None] == np.roll(words, 1, -1)[..., None, :])
    ),
    first_axis=lambda words: np.tril(
        shifted(words[:, None] == words[None, :])
        if words.ndim == 1
        else shifted(words[:, :, None] == words[:, None, :])
        if words.ndim == 2
        else shifted(words[0, :, :, None] == words[0, :, None, :])
    ),
)
saboteur(
    "induction_pattern",
    one_behind_only=lambda words: pattern(words) & ~np.tri(words.shape[-1], k=-8, dtype=bool),
    hashed=lambda words: pattern(words % 1_000_003),
    low_bits=lambda words: pattern(words & 0xFFFFFFFF),
    two_occurrences=lambda words: pattern(words) & (np.cumsum(pattern(words), -1) <= 2),
    first_row_never=lambda words: pattern(words) & (np.arange(words.shape[-1]) > 1),
    positive=lambda words: pattern(words) & (words[..., :, None] >= 0),
)
