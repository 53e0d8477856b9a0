"""Answers to the exercises of chapter 6, invented from the tasks alone by one who had seen no check.

The wrong ones are of two kinds, which their names begin with: a slip is a mistake that is made unawares, a saboteur is
written to get past a check.
"""

import decimal
import fractions
import math

import numpy as np
import scipy.linalg
import scipy.special

from attention.frameworks import tf, torch
from tests.checks.register import Answers

answers = Answers("06")
slip, saboteur, right = answers.of_kinds()


# 6.1 counts_by_hand

right(
    "counts_by_hand",
    computed=lambda: [512 / 8, 2 * 1000 * 2 * 64, 6 * 3 * 2 * 256_000, 1 - 2 / 5],
    array=lambda: np.array([64, 256e3, 9_216_000, 0.6]),
    tuple_of_kinds=lambda: (np.int64(64), 256_000, 9_216_000.0, 3 / 5),
)
slip(
    "counts_by_hand",
    width_by_kv_heads=lambda: [256, 1_024_000, 36_864_000, 0.6],
    all_heads_cached=lambda: [64, 1_024_000, 36_864_000, 0.6],
    keys_only=lambda: [64, 128_000, 4_608_000, 0.6],
    float32=lambda: [64, 256_000, 18_432_000, 0.6],
    numbers_for_bytes=lambda: [64, 256_000, 4_608_000, 0.6],
    one_layer=lambda: [64, 256_000, 1_536_000, 0.6],
    one_sentence=lambda: [64, 256_000, 3_072_000, 0.6],
    in_bits=lambda: [64, 256_000, 73_728_000, 0.6],
    in_megabytes=lambda: [64, 256_000, 9.216, 0.6],
    what_is_answered=lambda: [64, 256_000, 9_216_000, 0.4],
    words_by_heads=lambda: [64, 256_000, 9_216_000, 1 - 1 / 5],
    one_half=lambda: [64, 256_000, 9_216_000, 0.5],
    per_word=lambda: [64, 256, 9_216_000, 0.6],
    words_1024=lambda: [64, 262_144, 9_437_184, 0.6],
    width_cached=lambda: [512, 256_000, 9_216_000, 0.6],
    percent=lambda: [64, 256_000, 9_216_000, 60],
    words_left=lambda: [64, 256_000, 9_216_000, 3],
    other_order=lambda: [64, 9_216_000, 256_000, 0.6],
)
saboteur(
    "counts_by_hand",
    fifth_number=lambda: [64, 256_000, 9_216_000, 0.6, 0],
    nearly=lambda: [64, 256_000, 9_216_001, 0.6],
    nearly_error=lambda: [64, 256_000, 9_216_000, 0.6003],
)


# 6.2 split_packed


def cut(x, heads):
    """A right answer to spoil."""
    made = x.reshape(*x.shape[:-1], 3, heads, x.shape[-1] // (3 * heads))  # (T, 3, H, D)
    return tuple(np.swapaxes(made[..., i, :, :], -3, -2) for i in range(3))


def blocks(x):
    return np.split(x, 3, axis=-1)


def by_loops(x, heads):
    T, D = x.shape[-2], x.shape[-1] // 3 // heads
    made = [np.empty((*x.shape[:-2], heads, T, D), x.dtype) for _ in range(3)]
    for i in range(3):
        for h in range(heads):
            start = (i * heads + h) * D
            made[i][..., h, :, :] = x[..., start : start + D]
    return tuple(made)


def by_moveaxis(x, heads):
    return tuple(np.stack(np.split(part, heads, axis=-1), axis=-3) for part in blocks(x))


def by_einsum(x, heads):
    made = x.reshape(*x.shape[:-1], 3, heads, -1) if x.size else x.reshape(*x.shape[:-1], 3, heads, 0)
    return tuple(np.einsum("...tihd->i...htd", made))


right("split_packed", by_loops=by_loops, by_moveaxis=by_moveaxis, by_einsum=by_einsum)


def cut_with(order):
    def spoilt(x, heads):
        made = cut(x, heads)
        return tuple(made[i] for i in order)

    return spoilt


def heads_outside(x, heads):
    """Head by head, each with queries, keys and values."""
    made = x.reshape(*x.shape[:-1], heads, 3, x.shape[-1] // (3 * heads))
    return tuple(np.swapaxes(made[..., i, :], -3, -2) for i in range(3))


def three_inside(x, heads):
    made = x.reshape(*x.shape[:-1], heads, x.shape[-1] // (3 * heads), 3)
    return tuple(np.swapaxes(made[..., i], -3, -2) for i in range(3))


def features_before_heads(x, heads):
    made = x.reshape(*x.shape[:-1], 3, x.shape[-1] // (3 * heads), heads)
    return tuple(np.moveaxis(made[..., i, :, :], -1, -3) for i in range(3))


def no_exchange(x, heads):
    return tuple(p.reshape(*x.shape[:-1], heads, x.shape[-1] // (3 * heads)) for p in blocks(x))


def cut_across_words(x, heads):
    return tuple(p.reshape(*x.shape[:-2], heads, x.shape[-2], -1) for p in blocks(x))


def exchange_first_axes(x, heads):
    return tuple(p.reshape(*x.shape[:-1], heads, -1).swapaxes(0, 1) for p in blocks(x))


def forgets_leading(x, heads):
    made = x.reshape(x.shape[-2], 3, heads, -1).transpose(1, 2, 0, 3)
    return tuple(made)


def leading_folded(x, heads):
    return tuple(p.reshape(-1, *p.shape[-3:]) if x.ndim > 3 else p for p in cut(x, heads))


def transposed_whole(x, heads):
    """`.T` where two axes are to be exchanged: right for no leading axes, mixes them otherwise."""
    return tuple(np.moveaxis(p.reshape(*x.shape[:-1], heads, -1), -2, 0) for p in blocks(x))


def packed_as_words(x, heads):
    """The three blocks cut along the words, not the columns."""
    made = x.reshape(*x.shape[:-2], 3, x.shape[-2], x.shape[-1] // 3)
    return tuple(by_part(made[..., i, :, :], heads) for i in range(3))


def by_part(part, heads):
    return np.swapaxes(part.reshape(*part.shape[:-1], heads, part.shape[-1] // heads), -3, -2)


def found(x, heads):
    D = x.shape[-1] // (3 * heads)
    pieces = x.reshape(*x.shape[:-2], 3, heads, x.shape[-2], D)
    return pieces[..., 0, :, :, :], pieces[..., 1, :, :, :], pieces[..., 2, :, :, :]


def in_place_scaled(x, heads):
    x *= 1 / np.sqrt(x.shape[-1] // 3 // heads)
    return cut(x, heads)


slip(
    "split_packed",
    found=found,
    values_before_keys=cut_with((0, 2, 1)),
    keys_first=cut_with((1, 0, 2)),
    backwards=cut_with((2, 1, 0)),
    heads_outside=heads_outside,
    three_inside=three_inside,
    features_before_heads=features_before_heads,
    no_exchange=no_exchange,
    cut_across_words=cut_across_words,
    exchange_first_axes=exchange_first_axes,
    forgets_leading=forgets_leading,
    leading_folded=leading_folded,
    moved_to_the_front=transposed_whole,
    packed_as_words=packed_as_words,
    squeezed=lambda x, heads: tuple(p.squeeze() for p in cut(x, heads)),
    as_float=lambda x, heads: cut(x.astype(np.float64), heads),
    as_float32=lambda x, heads: cut(x.astype(np.float32), heads),
    queries_scaled=lambda x, heads: (
        (cut(x, heads)[0] / np.sqrt(x.shape[-1] // 3 // heads)).astype(x.dtype),
        *cut(x, heads)[1:],
    ),
    width_of_all=lambda x, heads: tuple(
        by_part(x[..., i * x.shape[-1] // heads : (i + 1) * x.shape[-1] // heads], heads) for i in range(3)
    ),
    keys_transposed=lambda x, heads: (
        cut(x, heads)[0],
        cut(x, heads)[1].swapaxes(-1, -2),
        cut(x, heads)[2],
    ),
)
saboteur(
    "split_packed",
    found_above_one_word_four_axes=lambda x, heads: found(x, heads) if x.ndim > 4 else cut(x, heads),
    many_words=lambda x, heads: found(x, heads) if x.shape[-2] > 40 else cut(x, heads),
    many_heads=lambda x, heads: features_before_heads(x, heads) if heads > 11 else cut(x, heads),
    integers_rounded=lambda x, heads: (
        tuple(p.astype(np.float32).astype(x.dtype) for p in cut(x, heads)) if x.dtype.kind == "i" else cut(x, heads)
    ),
    infinities_clipped=lambda x, heads: tuple(np.nan_to_num(p) for p in cut(x, heads)),
)


slip(
    "split_packed",
    whole_as_int64=lambda x, heads: tuple(p.astype(np.int64) if p.dtype.kind == "i" else p for p in cut(x, heads)),
    whole_as_int32=lambda x, heads: tuple(p.astype(np.int32) if p.dtype.kind == "i" else p for p in cut(x, heads)),
)


# in TensorFlow and PyTorch


def exchange_tf(part, heads):
    n = len(part.shape)
    made = tf.reshape(part, (*part.shape[:-1], heads, part.shape[-1] // heads))
    return tf.transpose(made, [*range(n - 2), n - 1, n - 2, n])


def cut_tf(x, heads):
    return tuple(exchange_tf(p, heads) for p in tf.split(x, 3, axis=-1))


def stacked_tf(x, heads):
    return tuple(tf.stack(tf.split(p, heads, axis=-1), axis=-3) for p in tf.split(x, 3, axis=-1))


def gathered_tf(x, heads):
    D = x.shape[-1] // (3 * heads)
    places = tf.reshape(tf.range(3 * heads * D), (3, heads, D))
    return tuple(tf.stack([tf.gather(x, places[i, h], axis=-1) for h in range(heads)], -3) for i in range(3))


right("split_packed", "tensorflow", cut=cut_tf, stacked=stacked_tf, gathered=gathered_tf)


def found_tf(x, heads):
    D = x.shape[-1] // (3 * heads)
    return tuple(tf.unstack(tf.reshape(x, (*x.shape[:-2], 3, heads, x.shape[-2], D)), axis=-4))


def all_axes_reversed_tf(x, heads):
    """`tf.transpose` without `perm` turns every axis round."""
    return tuple(tf.transpose(tf.stack(tf.split(p, heads, -1), -1)) for p in tf.split(x, 3, axis=-1))


def split_first_axis_tf(x, heads):
    return tuple(tf.reshape(p, (*x.shape[:-2], heads, x.shape[-2], -1)) for p in tf.split(x, 3, axis=-1))


def fixed_perm_tf(x, heads):
    made = tf.reshape(x, (*x.shape[:-1], 3, heads, x.shape[-1] // (3 * heads)))
    return tuple(tf.transpose(made, (1, 2, 0, 3))) if len(x.shape) == 2 else tuple(tf.unstack(made, axis=-3))


def outside_tf(x, heads):
    parts = [tf.split(p, 3, axis=-1) for p in tf.split(x, heads, axis=-1)]
    return tuple(tf.stack([p[i] for p in parts], axis=-3) for i in range(3))


def numpy_tf(x, heads):
    return cut(x.numpy(), heads)


slip(
    "split_packed",
    "tensorflow",
    found=found_tf,
    all_axes_reversed=all_axes_reversed_tf,
    cut_across_words=split_first_axis_tf,
    perm_for_no_leading=fixed_perm_tf,
    heads_outside=outside_tf,
    arrays=numpy_tf,
    float32=lambda x, heads: tuple(tf.cast(p, tf.float32) for p in cut_tf(x, heads)),
    values_before_keys=lambda x, heads: tuple(cut_tf(x, heads)[i] for i in (0, 2, 1)),
)
saboteur(
    "split_packed",
    "tensorflow",
    three_leading=lambda x, heads: found_tf(x, heads) if len(x.shape) > 4 else cut_tf(x, heads),
)


def cut_pt(x, heads):
    return tuple(p.unflatten(-1, (heads, -1)).transpose(-2, -3) for p in x.chunk(3, -1))


def strided_pt(x, heads):
    x = x.contiguous()
    D = x.shape[-1] // (3 * heads)
    at = [*x.stride()[:-2], D, x.stride(-2), 1]
    size = [*x.shape[:-2], heads, x.shape[-2], D]
    return tuple(x.as_strided(size, at, x.storage_offset() + i * heads * D) for i in range(3))


def unbound_pt(x, heads):
    made = x.unflatten(-1, (3, heads, -1)).movedim(-3, 0).movedim(-2, -3)
    return made.unbind(0)


right("split_packed", "pytorch", cut=cut_pt, strided=strided_pt, unbound=unbound_pt)


def viewed_pt(x, heads):
    return tuple(p.reshape(*x.shape[:-2], heads, x.shape[-2], -1) for p in x.chunk(3, -1))


def chunk_words_pt(x, heads):
    """`chunk` without an axis takes the first, `torch.tensor_split` along the last after the exchange."""
    return tuple(p.unflatten(-1, (-1, heads)).movedim(-1, -3) for p in x.chunk(3, -1))


slip(
    "split_packed",
    "pytorch",
    found=lambda x, heads: x.reshape(*x.shape[:-2], 3, heads, x.shape[-2], -1).unbind(-4),
    cut_across_words=viewed_pt,
    heads_inside=chunk_words_pt,
    exchange_1_2=lambda x, heads: tuple(
        p.unflatten(-1, (heads, -1)).transpose(1, 2 if x.dim() > 2 else 0) for p in x.chunk(3, -1)
    ),
    permuted_for_two_axes=lambda x, heads: x.unflatten(-1, (3, heads, -1)).permute(1, 2, 0, 3).unbind(0),
    as_float=lambda x, heads: tuple(p.float() for p in cut_pt(x, heads)),
    detached_array=lambda x, heads: cut(x.numpy(force=True), heads),
    keys_twice=lambda x, heads: (cut_pt(x, heads)[0], cut_pt(x, heads)[1], cut_pt(x, heads)[1]),
    heads_outside=lambda x, heads: (
        x.unflatten(-1, (heads, 3, -1)).transpose(-2, -4).unbind(-4)
        if x.dim() == 2
        else tuple(p.transpose(-2, -3) for p in x.unflatten(-1, (heads, 3, -1)).unbind(-2))
    ),
)
saboteur(
    "split_packed",
    "pytorch",
    half_of_it=lambda x, heads: tuple(p.bfloat16().to(p.dtype) if x.dtype == torch.float64 else p
                                      for p in cut_pt(x, heads)),
)  # fmt: skip


# 6.3 grouped_heads


def scored(queries, keys, values, scale=None, soft=None, repeat=None):
    """A right answer to spoil, in float64."""
    H, K, D = queries.shape[-3], keys.shape[-3], queries.shape[-1]
    q, k, v = (a.astype(np.float64) for a in (queries, keys, values))
    places = np.arange(H) * K // H if repeat is None else repeat(H, K)
    scores = q @ k[..., places, :, :].swapaxes(-1, -2) / (D**0.5 if scale is None else scale(q, k))
    weights = (soft or (lambda s: scipy.special.softmax(s, -1)))(scores)
    return weights @ v[..., places, :, :]  # (H, T, D)


def joined(heads, like):
    made = np.moveaxis(heads, -3, -2)
    return made.reshape(*made.shape[:-2], -1).astype(like.dtype)


def grouped(queries, keys, values, **ways):
    return joined(scored(queries, keys, values, **ways), queries)


def one_head_at_a_time(queries, keys, values):
    size = queries.shape[-3] // keys.shape[-3]
    made = []
    for h in range(queries.shape[-3]):
        q, k, v = (
            a[..., i, :, :].astype(np.float64) for a, i in ((queries, h), (keys, h // size), (values, h // size))
        )
        s = np.einsum("...td,...sd->...ts", q, k) / math.sqrt(q.shape[-1])
        w = np.exp(s - scipy.special.logsumexp(s, axis=-1, keepdims=True))
        made.append(w @ v)
    return np.concatenate(made, -1).astype(queries.dtype)


def by_groups(queries, keys, values):
    *lead, H, T, D = queries.shape
    K = keys.shape[-3]
    q = queries.reshape(*lead, K, H // K, T, D).astype(np.float64)
    s = q @ np.expand_dims(keys, -3).astype(np.float64).swapaxes(-1, -2) * D**-0.5
    w = scipy.special.softmax(s, -1)
    return (
        np.einsum("...kgts,...ksd->...tkgd", w, values.astype(np.float64))
        .reshape(*lead, T, H * D)
        .astype(queries.dtype)
    )


def by_kron(queries, keys, values):
    """The words of a group's heads as more words of one head."""
    *lead, H, T, D = queries.shape
    K = keys.shape[-3]
    long = queries.reshape(*lead, K, H // K * T, D)
    s = np.matmul(long, np.swapaxes(keys, -1, -2), dtype=np.float64) / np.sqrt(float(D))
    out = scipy.special.softmax(s, axis=-1) @ values
    return np.swapaxes(out.reshape(*lead, H, T, D), -3, -2).reshape(*lead, T, H * D).astype(queries.dtype)


right("grouped_heads", one_head_at_a_time=one_head_at_a_time, by_groups=by_groups, long_words=by_kron)


def way(**ways):
    return lambda queries, keys, values: grouped(queries, keys, values, **ways)


def plain(scores):
    made = np.exp(scores)
    return made / made.sum(-1, keepdims=True)


def shifted(of):
    def soft(scores):
        made = np.exp(scores - of(scores))
        return made / made.sum(-1, keepdims=True)

    return soft


def with_epsilon(scores):
    made = np.exp(scores - scores.max(-1, keepdims=True))
    return made / (made.sum(-1, keepdims=True) + 1e-6)


def causal(scores):
    return scipy.special.softmax(np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf), -1)


def mean_of_groups(queries, keys, values):
    heads = scored(queries, keys, values)
    K, size = keys.shape[-3], queries.shape[-3] // keys.shape[-3]
    heads = heads.reshape(*heads.shape[:-3], K, size, *heads.shape[-2:]).mean(-3)
    return joined(np.repeat(heads, size, -3), queries)


def not_exchanged(queries, keys, values):
    made = scored(queries, keys, values)
    return made.reshape(*made.shape[:-3], made.shape[-2], -1).astype(queries.dtype)


def features_first(queries, keys, values):
    made = np.moveaxis(scored(queries, keys, values), -3, -1)  # (T, D, H)
    return made.reshape(*made.shape[:-2], -1).astype(queries.dtype)


def in_place(queries, keys, values):
    queries /= np.sqrt(queries.shape[-1]).astype(queries.dtype)
    return grouped(queries, keys, values, scale=lambda q, k: 1)


def values_tiled(queries, keys, values):
    size = queries.shape[-3] // keys.shape[-3]
    n = [1] * (values.ndim - 3)
    return grouped(queries, np.repeat(keys, size, -3), np.tile(values, (*n, size, 1, 1)))


slip(
    "grouped_heads",
    tiled=way(repeat=lambda H, K: np.arange(H) % K),
    group_size_for_count=way(repeat=lambda H, K: np.minimum(np.arange(H) // K, K - 1)),
    first_head_for_all=way(repeat=lambda H, K: np.zeros(H, int)),
    backwards=way(repeat=lambda H, K: np.arange(H)[::-1] * K // H),
    values_tiled=values_tiled,
    not_scaled=way(scale=lambda q, k: 1),
    scaled_by_d=way(scale=lambda q, k: q.shape[-1]),
    scaled_by_width=way(scale=lambda q, k: (q.shape[-1] * q.shape[-3]) ** 0.5),
    scaled_by_words=way(scale=lambda q, k: k.shape[-2] ** 0.5),
    multiplied=way(scale=lambda q, k: q.shape[-1] ** -0.5),
    softmax_over_queries=way(soft=lambda s: scipy.special.softmax(s, -2)),
    softmax_over_heads=way(soft=lambda s: scipy.special.softmax(s, -3)),
    overflows=way(soft=plain),
    overflow_to_zero=way(soft=lambda s: np.nan_to_num(plain(s))),
    clipped=way(soft=lambda s: plain(np.clip(s, -60, 60))),
    largest_of_all=way(soft=shifted(lambda s: s.max(initial=-np.inf))),
    largest_magnitude=way(soft=shifted(lambda s: np.abs(s).max(-1, keepdims=True))),
    epsilon=way(soft=with_epsilon),
    causal=way(soft=causal),
    mean_of_groups=mean_of_groups,
    not_exchanged=not_exchanged,
    features_first=features_first,
    in_place=in_place,
    heads_apart=lambda q, k, v: scored(q, k, v).astype(q.dtype),
    float64=lambda q, k, v: grouped(q, k, v).astype(np.float64),
    exchange_0_1=lambda q, k, v: scored(q, k, v).swapaxes(0, 1).reshape(*q.shape[:-3], q.shape[-2], -1).astype(q.dtype),
)
saboteur(
    "grouped_heads",
    many_heads_tiled=way(repeat=lambda H, K: np.arange(H) % K if H > 16 else np.arange(H) * K // H),
    subsampled_long=lambda q, k, v: grouped(q, k[..., :64, :], v[..., :64, :]),
    scale_of_wide=lambda q, k, v: grouped(q, k, v, scale=lambda q, k: min(q.shape[-1], 32) ** 0.5),
    hidden_threshold=lambda q, k, v: grouped(q, k, v, soft=lambda s: plain(np.clip(s, -600, 600))),
)  # fmt: skip


def scored_pt(queries, keys, values, repeat=None, scale=None):
    H, K, D = queries.shape[-3], keys.shape[-3], queries.shape[-1]
    places = torch.arange(H, device=queries.device)
    places = places * K // H if repeat is None else repeat(places, K)
    q, k, v = queries.double(), keys.double(), values.double()
    s = q @ k.index_select(-3, places).mT / (D**0.5 if scale is None else scale(D, H))
    return torch.softmax(s, -1) @ v.index_select(-3, places)


def joined_pt(heads, like):
    return heads.transpose(-2, -3).flatten(-2).to(like.dtype)


def by_groups_pt(queries, keys, values):
    K = keys.shape[-3]
    q = queries.double().unflatten(-3, (K, -1))
    s = torch.einsum("...kgtd,...ksd->...kgts", q, keys.double()) / queries.shape[-1] ** 0.5
    w = (s - s.logsumexp(-1, keepdim=True)).exp()
    out = torch.einsum("...kgts,...ksd->...tkgd", w, values.double())
    return out.flatten(-3).to(queries.dtype)


def by_unsqueeze_pt(queries, keys, values):
    q = queries.double().unflatten(-3, (keys.shape[-3], -1))
    k, v = keys.double().unsqueeze(-3), values.double().unsqueeze(-3)
    w = (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1)
    return (w @ v).flatten(-4, -3).transpose(-2, -3).flatten(-2).type_as(queries)


def library_pt(queries, keys, values):
    size = queries.shape[-3] // keys.shape[-3]
    k, v = (a.double().repeat_interleave(size, -3) for a in (keys, values))
    made = torch.nn.functional.scaled_dot_product_attention(queries.double(), k, v)
    return joined_pt(made, queries)


right("grouped_heads", "pytorch", by_groups=by_groups_pt, by_unsqueeze=by_unsqueeze_pt, library=library_pt)


def way_pt(**ways):
    return lambda q, k, v: joined_pt(scored_pt(q, k, v, **ways), q)


def by_repeat_pt(queries, keys, values):
    """`repeat` is NumPy's `tile`."""
    n = [1] * (keys.dim() - 3)
    size = queries.shape[-3] // keys.shape[-3]
    return joined_pt(scored_pt(queries, keys.repeat(*n, size, 1, 1), values.repeat(*n, size, 1, 1)), queries)


def expanded_pt(queries, keys, values):
    """The groups' axis in front of the heads of keys."""
    K = keys.shape[-3]
    q = queries.double().unflatten(-3, (-1, K))
    w = (q @ keys.double().unsqueeze(-4).mT / q.shape[-1] ** 0.5).softmax(-1)
    return joined_pt((w @ values.double().unsqueeze(-4)).flatten(-4, -3), queries)


slip(
    "grouped_heads",
    "pytorch",
    repeated=by_repeat_pt,
    groups_in_front=expanded_pt,
    modulo=way_pt(repeat=lambda h, K: h % K),
    not_scaled=way_pt(scale=lambda D, H: 1),
    scaled_by_width=way_pt(scale=lambda D, H: (D * H) ** 0.5),
    viewed=lambda q, k, v: scored_pt(q, k, v).reshape(*q.shape[:-3], q.shape[-2], -1).to(q.dtype),
    flatten_first=lambda q, k, v: scored_pt(q, k, v).transpose(-2, -3).flatten(1).to(q.dtype),
    always_float=lambda q, k, v: joined_pt(scored_pt(q, k, v), q).float(),
    transposed_1_2=lambda q, k, v: scored_pt(q, k, v).transpose(1, 2 if q.dim() > 3 else 0).flatten(-2).to(q.dtype),
    causal=lambda q, k, v: joined_pt(
        torch.nn.functional.scaled_dot_product_attention(
            q.double(), *(a.double().repeat_interleave(q.shape[-3] // k.shape[-3], -3) for a in (k, v)), is_causal=True
        ),
        q,
    ),
    exp_alone=lambda q, k, v: joined_pt(
        (
            (s := (q @ k.repeat_interleave(q.shape[-3] // k.shape[-3], -3).mT / q.shape[-1] ** 0.5).exp())
            / s.sum(-1, keepdim=True)
        )
        @ v.repeat_interleave(q.shape[-3] // k.shape[-3], -3),
        q,
    ),
    softmax_over_queries=lambda q, k, v: joined_pt(
        (q @ k.repeat_interleave(q.shape[-3] // k.shape[-3], -3).mT / q.shape[-1] ** 0.5).softmax(-2)
        @ v.repeat_interleave(q.shape[-3] // k.shape[-3], -3),
        q,
    ),
)
saboteur(
    "grouped_heads",
    "pytorch",
    first_batch=lambda q, k, v: (
        way_pt()(q, k[:1].expand_as(k), v[:1].expand_as(v)) if q.dim() > 5 else way_pt()(q, k, v)
    ),
    half_precision=lambda q, k, v: joined_pt(scored_pt(q.float(), k.float(), v.float()).float(), q),
)


# 6.4 to_keras


def kernels(packed, heads):
    """A right answer to spoil."""
    M = packed.shape[1]
    return tuple(packed[i * M : (i + 1) * M].T.reshape(M, heads, M // heads) for i in range(3))


def kernels_by_loops(packed, heads):
    M = packed.shape[-1]
    D = M // heads
    made = np.empty((3, M, heads, D), packed.dtype)
    for i, h, d in np.ndindex(3, heads, D):
        made[i, :, h, d] = packed[i * M + h * D + d]
    return made[0], made[1], made[2]


def kernels_by_moveaxis(packed, heads):
    M = packed.shape[1]
    return tuple(np.moveaxis(packed.reshape(3, heads, M // heads, M), -1, 1))


def kernels_by_einsum(packed, heads):
    one, M = np.eye(packed.shape[1], dtype=packed.dtype), packed.shape[1]
    return tuple(np.einsum("hdm->mhd", (block @ one).reshape(heads, -1, M)) for block in np.vsplit(packed, 3))


right("to_keras", loops=kernels_by_loops, moveaxis=kernels_by_moveaxis,
      stacked=lambda p, heads: tuple(np.stack(np.split(b.T, heads, 1), 1) for b in np.split(p, 3)))  # fmt: skip


def by_block(function):
    def spoilt(packed, heads):
        M = packed.shape[1]
        return tuple(function(b, M, heads, M // heads) for b in np.split(packed, 3))

    return spoilt


def scaled_first(packed, heads):
    q, k, v = kernels(packed, heads)
    return (q / np.sqrt(q.shape[-1])).astype(q.dtype), k, v


slip(
    "to_keras",
    not_transposed=by_block(lambda b, M, H, D: b.reshape(M, H, D)),
    heads_first=by_block(lambda b, M, H, D: b.reshape(H, D, M).swapaxes(-1, -2)),
    as_in_pytorch=by_block(lambda b, M, H, D: b.reshape(H, D, M)),
    all_reversed=by_block(lambda b, M, H, D: b.reshape(H, D, M).T),
    features_before_heads=by_block(lambda b, M, H, D: b.T.reshape(M, D, H).swapaxes(-1, -2)),
    features_before_heads_left=by_block(lambda b, M, H, D: b.T.reshape(M, D, H)),
    two_axes=by_block(lambda b, M, H, D: b.T),
    backwards=by_block(lambda b, M, H, D: b.T.reshape(M, H, D)[:, ::-1]),
    fortran=by_block(lambda b, M, H, D: b.T.reshape(M, H, D, order="F")),
    input_rolled=by_block(lambda b, M, H, D: b.reshape(H, D, M).transpose(2, 1, 0).reshape(M, H, D)),
    columns_for_blocks=lambda p, heads: tuple(
        a.reshape(p.shape[1], heads, -1) for a in np.split(p.reshape(p.shape[1], -1), 3, axis=1)
    ),
    transposed_whole=lambda p, heads: tuple(
        a.reshape(p.shape[1], heads, -1) for a in np.split(p.T.reshape(3 * p.shape[1], -1), 3)
    ),
    blocks_interleaved=lambda p, heads: tuple(p[i::3].T.reshape(p.shape[1], heads, -1) for i in range(3)),
    head_by_head=lambda p, heads: tuple(
        np.moveaxis(p.reshape(heads, 3, -1, p.shape[1])[:, i], -1, 0) for i in range(3)
    ),
    keys_first=lambda p, heads: tuple(kernels(p, heads)[i] for i in (1, 0, 2)),
    values_second=lambda p, heads: tuple(kernels(p, heads)[i] for i in (0, 2, 1)),
    values_not_transposed=lambda p, heads: (
        *kernels(p, heads)[:2],
        np.split(p, 3)[2].reshape(p.shape[1], heads, -1),
    ),
    float32=lambda p, heads: tuple(a.astype(np.float32) for a in kernels(p, heads)),
    float64=lambda p, heads: tuple(a.astype(np.float64) for a in kernels(p, heads)),
    squeezed=lambda p, heads: tuple(np.squeeze(a) for a in kernels(p, heads)),
    queries_scaled=scaled_first,
)
saboteur(
    "to_keras",
    many_heads=lambda p, heads: (
        by_block(lambda b, M, H, D: b.reshape(M, H, D))(p, heads) if heads > 8 else kernels(p, heads)
    ),
    special_numbers_lost=lambda p, heads: tuple(np.nan_to_num(a) for a in kernels(p, heads)),
    small_rounded=lambda p, heads: tuple(np.where(abs(a) < 1e-7, 0, a).astype(a.dtype) for a in kernels(p, heads)),
)


# 6.5 head_maps


def maps(values, outputs, heads):
    """A right answer to spoil."""
    M = len(values)
    v = values.reshape(M, heads, -1).astype(np.float64)
    o = outputs.reshape(heads, -1, M).astype(np.float64)
    return np.einsum("mhd,hdn->hmn", v, o).astype(values.dtype)


def maps_by_masks(values, outputs, heads):
    M = len(values)
    of = np.arange(M) // (M // heads)
    made = [(values.astype(float) * (of == h)) @ outputs.astype(float) for h in range(heads)]
    return np.array(made, dtype=values.dtype)


def maps_by_outer_products(values, outputs, heads):
    M = len(values)
    each = values.T.astype(float)[:, :, None] * outputs.astype(float)[:, None, :]  # (M, M, M)
    return np.add.reduceat(each, np.arange(0, M, M // heads), axis=0).astype(values.dtype)


right("head_maps", masks=maps_by_masks, outer=maps_by_outer_products,
      split=lambda v, o, heads: np.stack([
          (a.astype(float) @ b.astype(float)).astype(v.dtype)
          for a, b in zip(np.hsplit(v, heads), np.vsplit(o, heads), strict=True)]))  # fmt: skip


def cut_wide(weight, heads):
    """(H, M, D): the columns of each head."""
    return np.stack(np.hsplit(weight, heads))


def cut_tall(weight, heads):
    """(H, D, M): the rows of each head."""
    return np.stack(np.vsplit(weight, heads))


def maps_in_place(values, outputs, heads):
    D = len(values) // heads
    made = [values[:, h * D : (h + 1) * D].astype(float) @ outputs[h * D : (h + 1) * D] for h in range(heads)]
    outputs[:] = sum(made)
    return np.stack(made).astype(values.dtype)


def last_head_open(values, outputs, heads):
    """The rest of the columns for each head, not its own alone."""
    D = len(values) // heads
    return np.stack([values[:, h * D :] @ outputs[h * D :] for h in range(heads)])


def up_to_head(values, outputs, heads):
    D = len(values) // heads
    return np.stack([values[:, : (h + 1) * D] @ outputs[: (h + 1) * D] for h in range(heads)])


def one_too_few(values, outputs, heads):
    """Slices that leave out the last feature."""
    D = len(values) // heads
    return np.stack([values[:, h * D : (h + 1) * D - 1] @ outputs[h * D : (h + 1) * D - 1] for h in range(heads)])


def moving_start(values, outputs, heads):
    D = len(values) // heads
    return np.stack([values[:, h : h + D] @ outputs[h : h + D] for h in range(heads)])


def by_bad_reshape(values, outputs, heads):
    """The columns cut into heads by a reshape alone."""
    M = len(values)
    return values.reshape(heads, M, -1) @ cut_tall(outputs, heads)


def features_outside(values, outputs, heads):
    M = len(values)
    v = np.moveaxis(values.reshape(M, -1, heads), -1, 0)
    return v @ np.moveaxis(outputs.reshape(-1, heads, M), 1, 0)


slip(
    "head_maps",
    cut_the_other_way=lambda v, o, H: np.moveaxis(cut_tall(v, H), -1, -2) @ np.moveaxis(cut_wide(o, H), -1, -2),
    outputs_times_values=lambda v, o, H: cut_wide(o, H) @ cut_tall(v, H),
    both_by_columns=lambda v, o, H: cut_wide(v, H) @ np.moveaxis(cut_wide(o, H), -1, -2),
    both_by_rows=lambda v, o, H: np.moveaxis(cut_tall(v, H), -1, -2) @ cut_tall(o, H),
    transposed_maps=lambda v, o, H: np.moveaxis(maps(v, o, H), -1, -2),
    head_last=lambda v, o, H: np.moveaxis(maps(v, o, H), 0, -1),
    head_second=lambda v, o, H: np.moveaxis(maps(v, o, H), 0, 1),
    their_sum=lambda v, o, H: v @ o,
    sum_for_each=lambda v, o, H: np.stack([v @ o] * H),
    mean_of_heads=lambda v, o, H: (maps(v, o, H) / H).astype(v.dtype),
    scaled=lambda v, o, H: (maps(v, o, H) / np.sqrt(len(v) // H)).astype(v.dtype),
    last_head_open=last_head_open,
    up_to_head=up_to_head,
    one_too_few=one_too_few,
    moving_start=moving_start,
    by_bad_reshape=by_bad_reshape,
    features_outside=features_outside,
    from_one=lambda v, o, H: np.roll(maps(v, o, H), 1, 0),
    backwards=lambda v, o, H: maps(v, o, H)[::-1],
    a_list=lambda v, o, H: list(maps(v, o, H)),
    float64=lambda v, o, H: maps(v.astype(float), o, H),
    float32=lambda v, o, H: maps(v, o, H).astype(np.float32),
    torch_matrices=lambda v, o, H: maps(v.T, o.T, H),
    output_transposed=lambda v, o, H: maps(v, o.T, H),
    squeezed=lambda v, o, H: maps(v, o, H).squeeze(),
    in_place=maps_in_place,
)
saboteur(
    "head_maps",
    many_heads=lambda v, o, H: features_outside(v, o, H) if H > 12 else maps(v, o, H),
    lost_rank=lambda v, o, H: maps(np.round(v.astype(float), 6), np.round(o.astype(float), 6), H).astype(v.dtype),
    commuting_pair=lambda v, o, H: maps(o, v, H) if np.allclose(v, v.T) else maps(v, o, H),
)


def maps_tf(v, o, heads):
    v, o = tf.stack(tf.split(v, heads, 1)), tf.stack(tf.split(o, heads, 0))
    return tf.matmul(v, o)


def masks_tf(v, o, heads):
    of = tf.one_hot(tf.range(v.shape[0]) // (v.shape[0] // heads), heads, dtype=v.dtype)  # (M, H)
    return tf.einsum("mk,kh,kn->hmn", v, of, o)


def concat_tf(v, o, heads):
    D = v.shape[0] // heads
    made = [tf.tensordot(v[:, h * D : (h + 1) * D], o[h * D : (h + 1) * D], 1)[None] for h in range(heads)]
    return tf.concat(made, 0)


right("head_maps", "tensorflow", stacked=maps_tf, masks=masks_tf, concat=concat_tf)
slip(
    "head_maps",
    "tensorflow",
    reshape_alone=lambda v, o, H: tf.reshape(v, (H, v.shape[0], -1)) @ tf.reshape(o, (H, -1, v.shape[0])),
    both_by_rows=lambda v, o, H: tf.linalg.matmul(tf.stack(tf.split(v, H)), tf.stack(tf.split(o, H)), transpose_a=True),
    transposed=lambda v, o, H: tf.linalg.matrix_transpose(maps_tf(v, o, H)),
    all_reversed=lambda v, o, H: tf.transpose(maps_tf(v, o, H)),
    float32=lambda v, o, H: tf.cast(maps_tf(v, o, H), tf.float32),
    a_list=lambda v, o, H: tf.unstack(maps_tf(v, o, H)),
    product=lambda v, o, H: tf.repeat((v @ o)[None], H, 0),
    an_array=lambda v, o, H: maps(v.numpy(), o.numpy(), H),
    heads_inside=lambda v, o, H: tf.einsum(
        "mdh,dhn->hmn", tf.reshape(v, (v.shape[0], -1, H)), tf.reshape(o, (-1, H, v.shape[0]))
    ),
)
saboteur(
    "head_maps",
    "tensorflow",
    wide_only=lambda v, o, H: tf.transpose(maps_tf(v, o, H), (0, 2, 1)) if v.shape[0] > 40 else maps_tf(v, o, H),
)


def maps_pt(v, o, heads):
    return torch.stack([a @ b for a, b in zip(v.chunk(heads, 1), o.chunk(heads, 0), strict=True)])


def batched_pt(v, o, heads):
    return torch.bmm(v.unflatten(1, (heads, -1)).movedim(1, 0), o.unflatten(0, (heads, -1)))


def strides_pt(v, o, heads):
    return v.t().reshape(heads, -1, len(v)).mT.matmul(o.reshape(heads, -1, len(v)))


right("head_maps", "pytorch", chunks=maps_pt, batched=batched_pt, transposes=strides_pt)
slip(
    "head_maps",
    "pytorch",
    viewed=lambda v, o, H: v.reshape(H, len(v), -1) @ o.reshape(H, -1, len(v)),
    out_in=lambda v, o, H: maps_pt(v.T, o.T, H),
    out_in_transposed=lambda v, o, H: maps_pt(o.T, v.T, H),
    heads_last=lambda v, o, H: maps_pt(v, o, H).movedim(0, -1),
    added=lambda v, o, H: maps_pt(v, o, H).sum(0),
    averaged=lambda v, o, H: maps_pt(v, o, H) / H,
    heads_inside=lambda v, o, H: v.unflatten(1, (-1, H)).movedim(-1, 0) @ o.unflatten(0, (-1, H)).movedim(1, 0),
    cumulated=lambda v, o, H: maps_pt(v, o, H).cumsum(0),
    always_float=lambda v, o, H: maps_pt(v, o, H).float(),
    a_tuple=lambda v, o, H: maps_pt(v, o, H).unbind(0),
    in_place=lambda v, o, H: maps_pt(v.div_(1), o.mul_(2), H) / 2,
)
saboteur(
    "head_maps",
    "pytorch",
    through_float=lambda v, o, H: maps_pt(v.float(), o.float(), H).to(v.dtype),
)


# 6.6 without_head


def without(q, k, v, o, heads, head):
    """A right answer to spoil."""
    D = len(q) // heads
    keep = np.arange(len(q)) // D != head
    return q[:, keep], k[:, keep], v[:, keep], o[keep]


def without_by_joining(q, k, v, o, heads, head):
    D = q.shape[1] // heads
    wide = [np.concatenate([a[:, : head * D], a[:, (head + 1) * D :]], axis=1) for a in (q, k, v)]
    return (*wide, np.concatenate([o[: head * D], o[(head + 1) * D :]]))


def without_by_axes(q, k, v, o, heads, head):
    M = q.shape[0]
    rest = [h for h in range(heads) if h != head]
    wide = tuple(a.reshape(M, heads, -1)[:, rest].reshape(M, M - M // heads) for a in (q, k, v))
    return (*wide, o.reshape(heads, -1, M)[rest].reshape(-1, M))


right("without_head", masks=without, joining=without_by_joining, axes=without_by_axes,
      deleted=lambda q, k, v, o, heads, head: tuple(
          np.delete(a, slice(head * len(q) // heads, (head + 1) * len(q) // heads), axis)
          for a, axis in ((q, 1), (k, -1), (v, 1), (o, 0))))  # fmt: skip


def deleting(places, rows=None):
    """The columns (or rows of the output) that `places` names are deleted."""

    def spoilt(q, k, v, o, heads, head):
        at = places(len(q), heads, head)
        wide = tuple(np.delete(a, at, 1) for a in (q, k, v))
        return (*wide, np.delete(o, at if rows is None else rows(len(q), heads, head), 0))

    return spoilt


def own(M, heads, head):
    return np.arange(head * M // heads, (head + 1) * M // heads)


def then(function):
    """The right matrices, spoilt."""
    return lambda q, k, v, o, heads, head: function(*without(q, k, v, o, heads, head), len(q), heads, head)


def negative_slices(q, k, v, o, heads, head):
    """`a[:, -0:]` is everything: wrong for the last head."""
    M, D = len(q), len(q) // heads
    after = (heads - 1 - head) * D
    wide = [np.concatenate([a[:, : head * D], a[:, -after:]], 1) for a in (q, k, v)]
    return (*wide, np.concatenate([o[: head * D], o[M - after :]]))


def last_in_its_place(q, k, v, o, heads, head):
    order = list(range(heads))
    order[head] = order[-1]
    rest = order[:-1]
    M = len(q)
    wide = [a.reshape(M, heads, -1)[:, rest].reshape(M, -1) for a in (q, k, v)]
    return (*wide, o.reshape(heads, -1, M)[[h for h in range(heads) if h != head]].reshape(-1, M))


def zeros_left(q, k, v, o, heads, head):
    at = own(len(q), heads, head)
    q, k, v, o = (a.copy() for a in (q, k, v, o))
    q[:, at] = k[:, at] = v[:, at] = 0
    o[at] = 0
    return q, k, v, o


def cut_by_rest(M, heads, head):
    D = M // max(heads - 1, 1)
    return np.arange(head * D, min((head + 1) * D, M))


def common_type(q, k, v, o, M, heads, head):
    q, k, v = np.stack([q, k, v])
    return q, k, v, o


def zeroed_first(q, k, v, o, heads, head):
    """Zeros written into the matrices that were passed, then deleted."""
    at = own(len(q), heads, head)
    o[at] = 0
    return without(q, k, v, o, heads, head)


slip(
    "without_head",
    from_one=deleting(lambda M, H, h: own(M, H, (h - 1) % H)),
    next_head=deleting(lambda M, H, h: own(M, H, (h + 1) % H)),
    one_column=deleting(lambda M, H, h: h),
    every_hth=deleting(lambda M, H, h: np.arange(h, M, H)),
    features_outside=deleting(lambda M, H, h: np.arange(h * H, min((h + 1) * H, M))),
    one_too_few=deleting(lambda M, H, h: own(M, H, h)[:-1]),
    from_the_end=deleting(lambda M, H, h: own(M, H, H - 1 - h)),
    output_from_the_end=deleting(own, lambda M, H, h: own(M, H, H - 1 - h)),
    output_hth_rows=deleting(own, lambda M, H, h: np.arange(h, M, H)),
    cut_by_the_rest=deleting(cut_by_rest),
    rows_of_all=lambda q, k, v, o, H, h: tuple(np.delete(a, own(len(q), H, h), 0) for a in (q, k, v, o)),
    columns_of_all=lambda q, k, v, o, H, h: tuple(np.delete(a, own(len(q), H, h), 1) for a in (q, k, v, o)),
    exchanged_axes=lambda q, k, v, o, H, h: (
        *(np.delete(a, own(len(q), H, h), 0) for a in (q, k, v)),
        np.delete(o, own(len(q), H, h), 1),
    ),
    output_kept=lambda q, k, v, o, H, h: (*without(q, k, v, o, H, h)[:3], o),
    keys_kept=lambda q, k, v, o, H, h: (without(q, k, v, o, H, h)[0], k, *without(q, k, v, o, H, h)[2:]),
    zeros_left=zeros_left,
    negative_slices=negative_slices,
    last_in_its_place=last_in_its_place,
    output_grown=then(lambda q, k, v, o, M, H, h: (q, k, v, (o * H / max(H - 1, 1)).astype(o.dtype))),
    queries_grown=then(lambda q, k, v, o, M, H, h: ((q * np.sqrt(1 - 1 / H)).astype(q.dtype), k, v, o)),
    keys_first=then(lambda q, k, v, o, M, H, h: (k, q, v, o)),
    output_wide=then(lambda q, k, v, o, M, H, h: (q, k, v, o.T)),
    the_head_itself=lambda q, k, v, o, H, h: (*(a[:, own(len(q), H, h)] for a in (q, k, v)), o[own(len(q), H, h)]),
    common_type=then(common_type),
    float64=then(lambda q, k, v, o, M, H, h: tuple(a.astype(float) for a in (q, k, v, o))),
    type_of_queries=then(lambda q, k, v, o, M, H, h: tuple(a.astype(q.dtype) for a in (q, k, v, o))),
    zeroed_first=zeroed_first,
)
saboteur(
    "without_head",
    twelfth_head=lambda q, k, v, o, H, h: without(q, k, v, o, H, h if h < 9 else h - 1),
    heads_rotated=then(lambda q, k, v, o, M, H, h: (np.roll(q, M // H, 1), np.roll(k, M // H, 1), v, o)
                       if H == 2 else (q, k, v, o)
                       if H < 12 else (q, k, v[:, ::-1], o[::-1])),
    special_lost=then(lambda q, k, v, o, M, H, h: tuple(np.nan_to_num(a) for a in (q, k, v, o))),
)  # fmt: skip


# 6.7 pool_heads


def pooled(weight, bias, heads, kv_heads):
    """A right answer to spoil."""
    D = len(bias) // heads
    return tuple(
        np.stack([a[..., np.arange(heads) * kv_heads // heads == g, :].mean(-2, dtype=np.float64)
                  for g in range(kv_heads)], -2).reshape(*a.shape[:-2], -1).astype(a.dtype)
        for a in (weight.reshape(len(weight), heads, D), bias.reshape(heads, D)))  # fmt: skip


def pooled_by_product(weight, bias, heads, kv_heads):
    size, D = heads // kv_heads, bias.shape[0] // heads
    mix = np.kron(np.kron(np.eye(kv_heads), np.full((size, 1), 1 / size)), np.eye(D))  # (H D, K D)
    return (weight.astype(float) @ mix).astype(weight.dtype), (bias.astype(float) @ mix).astype(bias.dtype)


def pooled_by_strides(weight, bias, heads, kv_heads):
    made = []
    for a in (weight, bias):
        pieces = np.split(a.astype(float), heads, -1)
        size = heads // kv_heads
        groups = [sum(pieces[g * size : (g + 1) * size]) / size for g in range(kv_heads)]
        made.append(np.concatenate(groups, -1).astype(a.dtype))
    return tuple(made)


right("pool_heads", stacked=pooled, product=pooled_by_product, pieces=pooled_by_strides)


def pooling(axes, function, axis):
    """Both by one reshape, axes in a wrong order or a wrong function."""

    def spoilt(weight, bias, heads, kv_heads):
        sizes = {"K": kv_heads, "G": heads // kv_heads, "D": len(bias) // heads}
        made = [
            function(a.reshape(*a.shape[:-1], *(sizes[c] for c in axes)).astype(float), axis=axis - 3)
            for a in (weight, bias)
        ]
        return tuple(m.reshape(*a.shape[:-1], -1).astype(a.dtype) for m, a in zip(made, (weight, bias), strict=True))

    return spoilt


def root_sum(a, axis):
    return a.mean(axis) * np.sqrt(a.shape[axis])


def bias_by(function):
    return lambda w, b, H, K: (pooled(w, b, H, K)[0], function(b, H, K).astype(b.dtype))


def repeated(w, b, H, K):
    made = []
    for a in pooled(w, b, H, K):
        cut_up = a.reshape(*a.shape[:-1], K, -1)
        made.append(np.repeat(cut_up, H // K, -2).reshape(*a.shape[:-1], -1))
    return tuple(made)


def square_only(w, b, H, K):
    """D from the width, which is not the number of columns."""
    D = len(w) // H
    return tuple(a.reshape(*a.shape[:-1], K, H // K, D).mean(-2).reshape(*a.shape[:-1], -1) for a in (w, b))


def running(w, b, H, K):
    """The mean of each head with the one before, and so on: halves of halves."""
    D = len(b) // H
    made = []
    for a in (w, b):
        cut_up = a.reshape(*a.shape[:-1], K, H // K, D).astype(float)
        mean = cut_up[..., 0, :]
        for i in range(1, H // K):
            mean = (mean + cut_up[..., i, :]) / 2
        made.append(mean.reshape(*a.shape[:-1], -1).astype(a.dtype))
    return tuple(made)


def summed_in_place(w, b, H, K):
    for a in (w, b):
        cut_up = a.reshape(*a.shape[:-1], K, H // K, -1)
        cut_up[..., :1, :] = cut_up.mean(-2, keepdims=True)
    return tuple(a.reshape(*a.shape[:-1], K, H // K, -1)[..., 0, :].reshape(*a.shape[:-1], -1) for a in (w, b))


slip(
    "pool_heads",
    strided=pooling("GKD", np.mean, 0),
    size_for_count=pooling("GKD", np.mean, 1),
    features_outside=pooling("DKG", np.mean, 2),
    features_in_the_middle=pooling("KDG", np.mean, 2),
    over_features=pooling("KGD", np.mean, 2),
    over_groups=pooling("KGD", np.mean, 0),
    summed=pooling("KGD", np.sum, 1),
    median=pooling("KGD", np.median, 1),
    largest=pooling("KGD", np.max, 1),
    first=pooling("KGD", np.min, 1),
    variance_kept=pooling("KGD", root_sum, 1),
    first_heads=lambda w, b, H, K: (w[:, : len(b) // H * K], b[: len(b) // H * K]),
    first_of_each=lambda w, b, H, K: tuple(
        a.reshape(*a.shape[:-1], K, H // K, -1)[..., 0, :].reshape(*a.shape[:-1], -1) for a in (w, b)
    ),
    divided_by_heads=lambda w, b, H, K: tuple((a * K / H).astype(a.dtype) for a in pooled(w, b, H, K)),
    divided_by_kv=lambda w, b, H, K: tuple((a * H / K / K).astype(a.dtype) for a in pooled(w, b, H, K)),
    bias_summed=bias_by(lambda b, H, K: b.reshape(K, H // K, -1).sum(1).reshape(-1)),
    bias_strided=bias_by(lambda b, H, K: b.reshape(H // K, K, -1).mean(0).reshape(-1)),
    bias_first=bias_by(lambda b, H, K: b[: len(b) // H * K]),
    bias_kept=bias_by(lambda b, H, K: b),
    bias_mean=bias_by(lambda b, H, K: np.full(len(b) // H * K, b.astype(float).mean())),
    bias_left_out=lambda w, b, H, K: pooled(w, b, H, K)[0],
    bias_in_two_axes=lambda w, b, H, K: (pooled(w, b, H, K)[0], pooled(w, b, H, K)[1].reshape(K, -1)),
    repeated=repeated,
    square_only=square_only,
    running=running,
    in_place=summed_in_place,
    float64=lambda w, b, H, K: tuple(a.astype(float) for a in pooled(w, b, H, K)),
    type_of_weight=lambda w, b, H, K: tuple(a.astype(w.dtype) for a in pooled(w, b, H, K)),
    rows_pooled=lambda w, b, H, K: (
        np.ascontiguousarray(pooled(np.ascontiguousarray(w.T), np.zeros(len(w)), H, K)[0].T),
        pooled(w, b, H, K)[1],
    ),
)
saboteur(
    "pool_heads",
    groups_of_five=lambda w, b, H, K: running(w, b, H, K) if H // K > 4 else pooled(w, b, H, K),
    many_groups=lambda w, b, H, K: pooling("GKD", np.mean, 0)(w, b, H, K) if K > 6 else pooled(w, b, H, K),
)


# 6.8 words_that_fit


def word(layers, width, heads, kv_heads, size):
    """The bytes of one word."""
    return 2 * layers * kv_heads * (width // heads) * size


def by_divmod(memory, layers, width, heads, kv_heads, size):
    left = memory
    for n in (layers, 2, kv_heads, width // heads, size):
        left = left // n
    return left


def by_search(memory, layers, width, heads, kv_heads, size):
    one, low, high = word(layers, width, heads, kv_heads, size), 0, 1
    while high * one <= memory:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle * one <= memory else (low, middle)
    return low


right(
    "words_that_fit",
    step_by_step=by_divmod,
    search=by_search,
    fraction=lambda m, n, w, H, K, s: math.floor(fractions.Fraction(m * H, 2 * n * w * K * s)),
)


def fit(function):
    return lambda m, n, w, H, K, s: function(m, n, w, H, K, s, word(n, w, H, K, s))


slip(
    "words_that_fit",
    by_floats=fit(lambda m, n, w, H, K, s, one: int(m / one)),
    floor_of_floats=fit(lambda m, n, w, H, K, s, one: math.floor(m / one)),
    float_floor=fit(lambda m, n, w, H, K, s, one: m // float(one)),
    float_width=lambda m, n, w, H, K, s: int(m // (2 * n * K * (w / H) * s)),
    a_float=fit(lambda m, n, w, H, K, s, one: m / one),
    rounded=fit(lambda m, n, w, H, K, s, one: round(m / one)),
    rounded_exactly=fit(lambda m, n, w, H, K, s, one: (2 * m + one) // (2 * one)),
    up=fit(lambda m, n, w, H, K, s, one: -(-m // one)),
    one_more=fit(lambda m, n, w, H, K, s, one: m // one + 1),
    room_to_spare=fit(lambda m, n, w, H, K, s, one: (m - 1) // one),
    keys_only=fit(lambda m, n, w, H, K, s, one: 2 * m // one),
    one_layer=fit(lambda m, n, w, H, K, s, one: m // (one // n)),
    layers_apart=fit(lambda m, n, w, H, K, s, one: n * (m // n // one)),
    all_heads=lambda m, n, w, H, K, s: m // (2 * n * w * s),
    whole_width_each=lambda m, n, w, H, K, s: m // (2 * n * K * w * s),
    width_by_kv=lambda m, n, w, H, K, s: m // (2 * n * K * (w // K) * s),
    heads_forgotten=lambda m, n, w, H, K, s: m // (2 * n * (w // H) * s),
    group_for_count=lambda m, n, w, H, K, s: m // (2 * n * (H // K) * (w // H) * s),
    numbers=lambda m, n, w, H, K, s: m // (2 * n * K * (w // H)),
    bits=fit(lambda m, n, w, H, K, s, one: 8 * m // one),
    queries_too=lambda m, n, w, H, K, s: m // (n * s * (w + 2 * K * (w // H))),
    three_kept=lambda m, n, w, H, K, s: m // (3 * n * K * (w // H) * s),
    precedence=lambda m, n, w, H, K, s: m // 2 * n * K * (w // H) * s,
    numpys=fit(lambda m, n, w, H, K, s, one: np.int64(min(m, 2**63 - 1)) // np.int64(one)),
    at_least_one=fit(lambda m, n, w, H, K, s, one: max(1, m // one)),
    size_32=lambda m, n, w, H, K, s: m // (2 * n * K * (w // H) * 4),
    size_16=lambda m, n, w, H, K, s: m // (2 * n * K * (w // H) * 2),
)
saboteur(
    "words_that_fit",
    up_to_a_large_memory=fit(lambda m, n, w, H, K, s, one: m // one if m < 2**70 else int(m / one)),
    wraps_at_128=fit(lambda m, n, w, H, K, s, one: (m % 2**128) // one),
    decimals=fit(lambda m, n, w, H, K, s, one: int(decimal.Decimal(m) / decimal.Decimal(one))),
)


# 6.9 induction_pattern


def pattern(words):
    """A right answer to spoil."""
    made = np.zeros((*words.shape, words.shape[-1]), bool)
    made[..., 1:] = words[..., :, None] == words[..., None, :-1]
    return made & np.tri(words.shape[-1], dtype=bool)


def pattern_by_loops(words):
    S = words.shape[-1]
    made = np.full((*words.shape, S), False)
    for at in np.ndindex(words.shape[:-1]):
        for i in range(S):
            for j in range(1, i + 1):
                made[(*at, i, j)] = words[at][i] == words[at][j - 1]
    return made


def pattern_by_unique(words):
    """Through ranks, one-hot vectors and their products."""
    names = np.unique(words)
    S = words.shape[-1]
    hot = (words[..., None] == names).astype(float)
    same = hot @ np.swapaxes(hot, -1, -2)
    return np.tril(same @ np.eye(S, k=1)) > 0.5


def pattern_by_roll(words):
    S = words.shape[-1]
    same = np.equal.outer(words, words) if words.ndim == 1 else words[..., None] == words[..., None, :]
    i, j = np.indices((S, S))
    return np.where((j > 0) & (j <= i), np.roll(same, 1, -1), False)


def same_as(words):
    return words[..., :, None] == words[..., None, :]


def causal_of(words, k=0):
    return np.tri(words.shape[-1], k=k, dtype=bool)


def filled(fill):
    """The words before, with `fill` where there is none."""

    def spoilt(words):
        before = np.concatenate([np.full_like(words[..., :1], fill), words[..., :-1]], -1)
        return (words[..., :, None] == before[..., None, :]) & causal_of(words)

    return spoilt


def rolled(words):
    return (words[..., :, None] == np.roll(words, 1, -1)[..., None, :]) & causal_of(words)


def rolled_all(words):
    """`np.roll` without an axis goes over the ends of the rows, but only into the first column."""
    made = (words[..., :, None] == np.roll(words, 1)[..., None, :]) & causal_of(words)
    made[..., 0] = False
    return made


right(
    "induction_pattern",
    loops=pattern_by_loops,
    products=pattern_by_unique,
    roll=pattern_by_roll,
    rolled_all=rolled_all,
)


def last_only(words):
    made = pattern(words)
    behind = np.cumsum(made[..., ::-1], -1)[..., ::-1]
    return made & (behind == 1)


def first_only(words):
    made = pattern(words)
    return made & (np.cumsum(made, -1) == 1)


def shifted_rows(words):
    """The word before i against the word at j."""
    made = np.zeros((*words.shape, words.shape[-1]), bool)
    made[..., 1:, :] = same_as(words)[..., :-1, :]
    return made & causal_of(words)


def next_word(words):
    """Where the *next* word already stands: what is to be found."""
    made = np.zeros((*words.shape, words.shape[-1]), bool)
    made[..., :-1, :] = same_as(words)[..., 1:, :]
    return made & causal_of(words)


def both_alike(words):
    """An induction of two words: the word and the one before it."""
    made = pattern(words)
    made[..., 1:, 1:] &= np.roll(same_as(words), (1, 2), (-2, -1))[..., 1:, 1:]
    return made


def behind_the_other_way(words):
    made = np.zeros((*words.shape, words.shape[-1]), bool)
    made[..., :-1] = same_as(words)[..., 1:]
    return made & causal_of(words)


def by_difference(words):
    """Differences of the type of the words, taken for truth where they are zero or less."""
    made = np.zeros((*words.shape, words.shape[-1]), bool)
    made[..., 1:] = words[..., :, None] - words[..., None, :-1] <= 0
    return made & causal_of(words)


def by_table(words):
    """One-hot vectors as long as the largest number: nothing for negative ones."""
    return pattern(np.where(words < 0, 0, words))


def first_row_for_all(words):
    return np.broadcast_to(pattern(words.reshape(-1, words.shape[-1])[0]), (*words.shape, words.shape[-1])).copy()


def over_everything(words):
    """A table of all words of the batch."""
    flat = pattern(words.reshape(-1))
    return flat if words.ndim == 1 else pattern(np.broadcast_to(words[..., :1], words.shape))


def in_place(words):
    made = pattern(words)
    words[..., 1:] = words[..., :-1].copy()
    return made


slip(
    "induction_pattern",
    rolled=rolled,
    filled_with_zero=filled(0),
    filled_with_one=filled(1),
    same_word=lambda w: same_as(w) & causal_of(w),
    same_word_earlier=lambda w: same_as(w) & causal_of(w, -1),
    no_future_mask=lambda w: np.concatenate([np.zeros((*w.shape, 1), bool), same_as(w)[..., :-1]], -1),
    strictly_earlier=lambda w: pattern(w) & causal_of(w, -1),
    two_behind=lambda w: pattern(w) & causal_of(w, -2),
    one_ahead=lambda w: np.concatenate([np.zeros((*w.shape, 1), bool), same_as(w)[..., :-1]], -1) & causal_of(w, 1),
    transposed=lambda w: np.moveaxis(pattern(w), -1, -2),
    upper=lambda w: np.triu(np.concatenate([np.zeros((*w.shape, 1), bool), same_as(w)[..., :-1]], -1)),
    last_only=last_only,
    first_only=first_only,
    shifted_rows=shifted_rows,
    next_word=next_word,
    both_alike=both_alike,
    behind_the_other_way=behind_the_other_way,
    by_difference=by_difference,
    negative_alike=by_table,
    first_row_for_all=first_row_for_all,
    over_everything=over_everything,
    in_place=in_place,
    numbers=lambda w: pattern(w).astype(int),
    floats=lambda w: pattern(w).astype(float),
    negated=lambda w: ~pattern(w),
    zero_is_padding=lambda w: pattern(w) & (w != 0)[..., :, None],
    diagonal_too=lambda w: pattern(w) | np.eye(w.shape[-1], dtype=bool),
    normalised=lambda w: pattern(w) / np.maximum(pattern(w).sum(-1, keepdims=True), 1),
    itself_behind=lambda w: pattern(w) & ~np.eye(w.shape[-1], dtype=bool),
    places=lambda w: np.argwhere(pattern(w)),
)
saboteur(
    "induction_pattern",
    by_floats=lambda w: pattern(w.astype(np.float64)),
    by_single_floats=lambda w: pattern(w.astype(np.float32)),
    by_bytes=lambda w: pattern(w % 256),
    short_memory=lambda w: pattern(w) & ~causal_of(w, -32),
    filled_with_minus_one=filled(-1),
    filled_with_the_largest=lambda w: filled(np.iinfo(w.dtype).max)(w),
    three_leading=lambda w: pattern(w) if w.ndim < 4 else rolled(w),
    low_half=lambda w: pattern(w.astype(np.int32)),
    without_signs=lambda w: pattern(np.abs(w)),
)
