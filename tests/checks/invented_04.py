"""Answers to the exercises of chapter 4, invented from the tasks alone: each wrong one differs somewhere."""

import itertools

import numpy as np
import scipy.linalg
import scipy.special

from tests.checks.register import Answers

answers = Answers("04")


def wrong(name, functions, framework="numpy"):
    for function in functions:
        answers.unlisted(name, framework)(function)


def right(name, functions, framework="numpy"):
    for function in functions:
        answers.right(name, framework)(function)


# 4.1 padding_by_hand

right("padding_by_hand", [
    lambda: (0.75, 0.5, 1 / 3, 2 / 3), lambda: np.array([0.75, 0.5, 0.3333, 0.6667]),
    lambda: [np.float32(0.75), 0.5, 4 / 12, 8 / 12], lambda: list(np.array([9, 6, 4, 8]) / 12),
    lambda: np.array([[0.75, 0.5], [1 / 3, 2 / 3]]).ravel(),
])  # fmt: skip
wrong("padding_by_hand", [
    lambda: [0.5, 0.75, 1 / 3, 2 / 3], lambda: [0.75, 0.5, 2 / 3, 1 / 3], lambda: [3, 2, 1, 2],
    lambda: [0.75, 0.5, 0.5, 0.5], lambda: [0.75, 0.375, 0.5, 0.5], lambda: [0.75, 0.6, 0.2, 0.8],
    lambda: [np.log(6) / np.log(12), 0.5, 1 / 3, 2 / 3], lambda: [6, 6, 4, 8], lambda: [0.75, 0.5, 0.33, 0.67],
    lambda: [0.75, 0.25, 1 / 3, 2 / 3], lambda: [0.75, 0.5, 1 / 12, 2 / 3], lambda: [0.75, 0.5, 4 / 6, 2 / 3],
    lambda: [6 / 8, 6 / 14, 6 / 14, 8 / 14], lambda: [0.75, 0.5, 1 / 3, (2 / 3) ** 0.5], lambda: 0.75,
    lambda: [[0.75, 0.5, 1 / 3, 2 / 3]],
])  # fmt: skip


# 4.2 masked_softmax


def sm(scores, mask, axis=-1):
    """A right answer to spoil."""
    mask = np.broadcast_to(mask, scores.shape) & (scores > -np.inf)
    wide = np.where(mask, scores, -np.inf).astype(np.float64)
    top = wide.max(axis, keepdims=True)
    made = np.exp(wide - np.where(top == -np.inf, 0, top))
    total = made.sum(axis, keepdims=True)
    return (made / np.where(total == 0, 1, total)).astype(scores.dtype)


def by_moving_the_axis(scores, mask, axis=-1):
    mask = np.moveaxis(np.broadcast_to(mask, scores.shape), axis, -1)
    return np.moveaxis(sm(np.moveaxis(scores, axis, -1), mask), -1, axis)


def row_by_row(scores, mask, axis=-1):
    mask = np.broadcast_to(mask, scores.shape)
    result = np.zeros_like(scores)
    moved, seen, out = (np.moveaxis(a, axis, -1) for a in (scores, mask, result))
    for row in np.ndindex(moved.shape[:-1]):
        there = seen[row] & (moved[row] != -np.inf)
        if there.any():
            out[row][there] = scipy.special.softmax(moved[row][there].astype(np.float64))
    return result


def by_masked_arrays(scores, mask, axis=-1):
    kept = np.ma.masked_array(scores, ~np.broadcast_to(mask, scores.shape) | (scores == -np.inf))
    powers = np.ma.exp(kept - kept.max(axis=axis, keepdims=True))
    weights = powers / powers.sum(axis=axis, keepdims=True)
    return np.asarray(weights.filled(0), dtype=scores.dtype)


def by_log_sums(scores, mask, axis=-1):
    mask = np.broadcast_to(mask, scores.shape) & (scores > -np.inf)
    wide = np.where(mask, scores, 0).astype(np.float64)
    with np.errstate(all="ignore"):
        log_sum = scipy.special.logsumexp(np.where(mask, wide, -np.inf), axis=axis, keepdims=True)
        return np.where(mask, np.exp(wide - log_sum), 0).astype(scores.dtype)


right("masked_softmax", [sm, by_moving_the_axis, row_by_row, by_masked_arrays, by_log_sums])


def in_place(scores, mask, axis=-1):
    scores[~np.broadcast_to(mask, scores.shape)] = -np.inf
    return sm(scores, mask, axis)


def lowest_of_the_type(scores, mask, axis=-1):
    low = np.finfo(scores.dtype).min / 2
    return scipy.special.softmax(np.where(mask, scores, low), axis=axis).astype(scores.dtype)


wrong("masked_softmax", [
    in_place, lowest_of_the_type,
    lambda s, m, axis=-1: sm(s, m, -1), lambda s, m, axis=-1: sm(s, m, axis % s.ndim - 1),
    lambda s, m, axis=-1: sm(s, ~np.asarray(m), axis), lambda s, m, axis=-1: sm(s, np.ones_like(m), axis),
    lambda s, m, axis=-1: sm(np.nan_to_num(s), m, axis), lambda s, m, axis=-1: sm(np.clip(s, -60, 60), m, axis),
    lambda s, m, axis=-1: sm(s, m, axis) + np.finfo(s.dtype).eps * 100 * ~np.broadcast_to(m, s.shape),
    lambda s, m, axis=-1: np.where(np.broadcast_to(m, s.shape).any(axis, keepdims=True), sm(s, m, axis), np.nan),
    lambda s, m, axis=-1: sm(s, m, axis).astype(np.float32), lambda s, m, axis=-1: sm(s, m, axis).squeeze(),
    lambda s, m, axis=-1: sm(s, m, axis) if np.shape(m) == s.shape else sm(s, np.ones(s.shape, bool), axis),
    lambda s, m, axis=-1: sm(s, m & (s > -1e8), axis), lambda s, m, axis=-1: sm(s, m & (s < 5000), axis),
    lambda s, m, axis=-1: sm(s, m, axis) if s.ndim < 4 else sm(s, m, -1),
    lambda s, m, axis=-1: sm(s, m, axis).tolist(), lambda s, m, axis=-1: sm(2 * s, m, axis),
])  # fmt: skip


def of_torch(change):
    def answer(scores, mask, axis=-1):
        import torch

        return change(torch, scores, mask, axis)

    return answer


def opened_rows(torch, scores, mask, axis):
    seen = mask & (scores > -torch.inf)
    some, zero = seen.any(axis, keepdim=True), scores.new_zeros(())
    filler = torch.where(some, zero - torch.inf, zero)
    return torch.where(some, torch.softmax(torch.where(seen, scores, filler), axis), zero)


right("masked_softmax", [of_torch(opened_rows)], "pytorch")
wrong("masked_softmax", [
    of_torch(lambda t, s, m, a: t.nan_to_num(t.softmax(s + t.where(m, 0.0, -t.inf), a))),
    of_torch(lambda t, s, m, a: t.softmax(s.masked_fill(~m, -1e9), a) * m),
    of_torch(lambda t, s, m, a: t.softmax(t.where(m, s, -t.inf), a)),
    of_torch(lambda t, s, m, a: t.nan_to_num(t.softmax(t.where(m, s.detach(), -t.inf), a))),
    of_torch(lambda t, s, m, a: t.nan_to_num(t.softmax(t.where(m, s, -t.inf), a).half()).to(s.dtype)),
], "pytorch")  # fmt: skip


# 4.3 mean_of_words


def mw(outputs, mask):
    count = np.maximum(mask.sum(-1), 1)[..., None]
    return (np.where(mask[..., None], outputs, 0).sum(-2) / count).astype(outputs.dtype)


def by_nanmean(outputs, mask):
    with np.errstate(all="ignore"):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mean = np.nanmean(np.where(mask[..., None], outputs, np.nan).astype(np.float64), axis=-2)
    return np.nan_to_num(mean).astype(outputs.dtype)


def by_cumulation(outputs, mask):
    running = np.cumsum(np.where(mask[..., None], outputs, 0), axis=-2, dtype=np.float64)[..., -1, :]
    return (running / np.maximum(mask.sum(-1, keepdims=True), 1)).astype(outputs.dtype)


def with_where_argument(outputs, mask):
    total = outputs.sum(axis=-2, where=mask[..., None], dtype=np.float64)
    return (total / mask.sum(-1)[..., None].clip(1)).astype(outputs.dtype)


def by_matmul(outputs, mask):
    clean = np.nan_to_num(np.where(mask[..., None], outputs, 0)).astype(np.float64)
    shares = mask / np.maximum(mask.sum(-1, keepdims=True), 1)
    return (shares[..., None, :] @ clean)[..., 0, :].astype(outputs.dtype)


right("mean_of_words", [mw, by_cumulation, with_where_argument])
wrong("mean_of_words", [
    by_nanmean, by_matmul,  # NaN in a word is lost
    lambda o, m: np.nan_to_num(o).mean(-2), lambda o, m: mw(o, m)[..., None, :], lambda o, m: mw(o, m).squeeze(),
    lambda o, m: mw(o, m).astype(np.float64), lambda o, m: np.where(m[..., None], o, 0).sum(-2),
    lambda o, m: np.where(m[..., None], o, 0).mean(-2), lambda o, m: o[..., 0, :],
    lambda o, m: mw(o, np.arange(m.shape[-1]) < m.sum(-1, keepdims=True)),
    lambda o, m: np.where(m[..., None], o, 0).sum(-2) / (m.sum(-1)[..., None] + 1e-9),
    lambda o, m: np.where(m[..., None], o, 0).sum(-2) / np.maximum(m.sum(), 1),
    lambda o, m: mw(np.nan_to_num(o), m | ~m), lambda o, m: np.median(np.where(m[..., None], o, 0), axis=-2),
    lambda o, m: mw(o, m) if m.any() else np.full(o.shape[:-2] + o.shape[-1:], np.nan),
    lambda o, m: mw(o, ~m), lambda o, m: np.where(m[..., None], o, -np.inf).max(-2),
    lambda o, m: np.where(m.any(-1)[..., None], mw(o, m), 1), lambda o, m: mw(o, m).mean(-1, keepdims=True),
    lambda o, m: mw(np.clip(o, -2, 2), m),
])  # fmt: skip


# 4.5 packed_mask


def pm(sentences):
    S = sentences.shape[-1]
    same = (sentences[..., None] == sentences[..., None, :]) & (sentences[..., None] != 0)
    return same & (np.arange(S) <= np.arange(S)[:, None])


def in_three_loops(sentences):
    S = sentences.shape[-1]
    mask = np.zeros((*sentences.shape, S), dtype=bool)
    for row in np.ndindex(sentences.shape[:-1]):
        for number in set(sentences[row].tolist()) - {0}:
            places = np.flatnonzero(sentences[row] == number)
            for i, j in itertools.product(places, places):
                mask[(*row, i, j)] = j <= i
    return mask


def by_one_hot(sentences):
    kinds = np.arange(1, sentences.max(initial=0) + 1)
    hot = (sentences[..., None] == kinds).astype(float)
    return np.tril(hot @ np.swapaxes(hot, -1, -2)) > 0.5


right(
    "packed_mask",
    [
        pm,
        in_three_loops,
        by_one_hot,
        lambda s: np.tril(np.where(s == 0, -1, s)[..., None] == np.where(s == 0, -2, s)[..., None, :]),
        lambda s: np.tril((s[..., :, None] - s[..., None, :] == 0) & (s[..., None] * s[..., None, :] > 0)),
    ],
)
wrong("packed_mask", [
    lambda s: np.swapaxes(pm(s), -1, -2), lambda s: ~pm(s), lambda s: pm(s).astype(float),
    lambda s: np.tril(np.ones((*s.shape, s.shape[-1]), bool)), lambda s: pm(s) | np.eye(s.shape[-1], dtype=bool),
    lambda s: np.tril(s[..., None] == s[..., None, :]), lambda s: pm(s) & ~np.eye(s.shape[-1], dtype=bool),
    lambda s: pm(np.where(s == 0, s.max(initial=0), s)), lambda s: pm(s % 5), lambda s: pm(np.minimum(s, 2)),
    lambda s: np.tril(abs(s[..., None] - s[..., None, :]) <= 1) & (s[..., None] != 0) & (s[..., None, :] != 0),
    lambda s: pm(s)[..., None, :, :],
    lambda s: pm(s) if s.ndim == 1 else np.broadcast_to(pm(s[0]), (*s.shape, s.shape[-1])),
    lambda s: np.tril(s[..., None, :] != 0) & (s[..., None] != 0), lambda s: np.tril(pm(s), k=-1) | np.triu(pm(s), k=1),
    lambda s: np.tril((s[..., None] == s[..., None, :]) & (s[..., None] != s.flat[-1])),
    lambda s: pm(np.maximum.accumulate(s, axis=-1)), lambda s: pm(s.squeeze()),
])  # fmt: skip


# 4.6 cached_mask


def cm(lengths, room, new):
    i, j = np.arange(new)[:, None], np.arange(room + new)
    return (j < lengths[:, None, None]) | ((room <= j) & (j <= i + room))


def by_lists(lengths, room, new):
    return np.array([[[True] * n + [False] * (room - n) + [True] * (i + 1) + [False] * (new - i - 1)
                      for i in range(new)] for n in lengths.tolist()])  # fmt: skip


def by_assignment(lengths, room, new):
    mask = np.zeros((len(lengths), new, room + new), bool)
    mask[..., room:] = np.tri(new, dtype=bool)
    for b, n in enumerate(lengths):
        mask[b, :, :n] = True
    return mask


def by_the_library(lengths, room, new):
    import attention.numpy as atn

    kept = atn.padding_mask(lengths, room) & np.ones((1, new, 1), bool)
    return np.concatenate([kept, np.broadcast_to(atn.causal_mask(new), (len(lengths), new, new))], -1)


def by_hiding(lengths, room, new):
    j = np.arange(room + new)
    hole = (j >= lengths[:, None]) & (j < room)
    return (j <= np.arange(new)[:, None] + room) & ~hole[:, None]


right("cached_mask", [cm, by_lists, by_assignment, by_the_library, by_hiding])
wrong("cached_mask", [
    lambda n, r, t: cm(n, r, t)[:, ::-1], lambda n, r, t: cm(n, r, t)[..., ::-1], lambda n, r, t: ~cm(n, r, t),
    lambda n, r, t: np.swapaxes(cm(n, r, t), 1, 2), lambda n, r, t: cm(n, r, t)[0], lambda n, r, t: cm(n - 1, r, t),
    lambda n, r, t: cm(n + 1, r, t), lambda n, r, t: cm(np.sort(n), r, t), lambda n, r, t: cm(n[::-1], r, t),
    lambda n, r, t: cm(np.full_like(n, n.min()), r, t), lambda n, r, t: cm(np.full_like(n, int(n.mean())), r, t),
    lambda n, r, t: cm(n, r, t) | (np.arange(r + t) >= r), lambda n, r, t: cm(n, r, t) & (np.arange(r + t) < r + 1),
    lambda n, r, t: np.arange(r + t) <= np.arange(t)[:, None] + n[:, None, None], lambda n, r, t: cm(n, r, t)[:, None],
    lambda n, r, t: cm(n, r, t)[..., :r], lambda n, r, t: cm(np.where(n == 0, r, n), r, t),
    lambda n, r, t: cm(n, r, t).squeeze(), lambda n, r, t: cm(n, r, t) | (np.arange(r + t) == 0),
])  # fmt: skip


# 4.7 local_and_global


def lg(marked, window):
    i = np.arange(marked.shape[-1])
    return (abs(i[:, None] - i) <= window) | marked[..., None] | marked[..., None, :]


def by_clipped_rows(marked, window):
    S = marked.shape[-1]
    mask = np.repeat(marked[..., None, :], S, axis=-2)
    for i in range(S):
        mask[..., i, max(0, i - window) : i + window + 1] = True
    return mask | np.swapaxes(mask, -1, -2)


right(
    "local_and_global",
    [
        lg,
        by_clipped_rows,
        lambda m, w: ~(~lg(np.zeros_like(m), w) & ~m[..., None] & ~m[..., None, :]),
        lambda m, w: np.maximum(np.maximum(m[..., None], m[..., None, :]), lg(np.zeros_like(m), w)),
        lambda m, w: (scipy.linalg.toeplitz(np.arange(m.shape[-1])) <= w) | (m[..., None] + m[..., None, :]),
    ],
)
wrong("local_and_global", [
    lambda m, w: lg(m, w + 1), lambda m, w: lg(m, w - 1), lambda m, w: lg(m, 1), lambda m, w: lg(m, max(w, 1)),
    lambda m, w: np.tril(lg(m, w)), lambda m, w: lg(m, w) & ~np.eye(m.shape[-1], dtype=bool), lambda m, w: ~lg(m, w),
    lambda m, w: lg(m, 2 * w), lambda m, w: lg(m, w // 2), lambda m, w: lg(m, w).astype(int),
    lambda m, w: lg(m[..., ::-1], w),
    lambda m, w: lg(np.logical_or.accumulate(m, -1), w), lambda m, w: lg(m, w) & ~(m[..., None] & m[..., None, :]),
    lambda m, w: lg(m, w) if m.ndim == 1 else np.broadcast_to(lg(m[0], w), (*m.shape, m.shape[-1])),
    lambda m, w: lg(m, w).squeeze(), lambda m, w: lg(m, min(w, 3)),
    lambda m, w: lg(m, w) & (np.tri(m.shape[-1], dtype=bool) | m[..., None]), lambda m, w: lg(m, w)[..., None],
])  # fmt: skip


# 4.8 meaning

Q, K, V = np.zeros((1, 4)), np.zeros((2, 4)), np.array([[10.0], [20.0]])


def ask(attention, *mask):
    return float(attention(Q, K, V, np.array([mask]))[0, 0])


def by_two_values(attention):
    got = ask(attention, True, False)
    return {10: "may attend", 20: "hide", 15: "ignored"}.get(round(got, 6), "added")


def by_four_questions(attention):
    rows = np.array([[True, False], [False, True], [True, False], [False, True]])
    out = attention(np.zeros((4, 1)), np.zeros((2, 1)), np.eye(2), rows)
    first = out[[0, 2], 0].mean()
    return (
        "may attend" if first > 0.99 else "hide" if first < 0.01 else "ignored" if abs(first - 0.5) < 0.01 else "added"
    )


def by_many_keys(attention):
    mask = np.arange(10)[None] < 5
    share = attention(np.zeros((1, 2)), np.zeros((10, 2)), mask.T.astype(float), mask)[0, 0]
    return "may attend" if share > 0.999 else "hide" if share < 1e-3 else "added" if share > 0.6 else "ignored"


def by_both_polarities(attention):
    one, other = ask(attention, True, False), ask(attention, False, True)
    if abs(one - other) < 1e-9:
        return "ignored"
    return "may attend" if abs(one - 10) < 1e-9 else "hide" if abs(one - 20) < 1e-9 else "added"


def by_numbers_far_apart(attention):
    out = attention(np.ones((1, 1)), np.ones((2, 1)), np.array([[0.0], [1.0]]), np.array([[True, False]]))[0, 0]
    return ["may attend", "added", "ignored", "hide"][int(np.digitize(out, [0.1, 0.4, 0.6]))]


right("meaning", [by_two_values, by_four_questions, by_many_keys, by_both_polarities, by_numbers_far_apart])
wrong("meaning", [
    lambda a: "may attend", lambda a: "hide", lambda a: "added", lambda a: "ignored", lambda a: None,
    lambda a: by_two_values(a).capitalize(), lambda a: by_two_values(a) == "may attend", lambda a: [by_two_values(a)],
    lambda a: "hide" if ask(a, True, False) > 15 else "may attend",
    lambda a: "may attend" if ask(a, True, True) == 15 else "hide",
    lambda a: "may attend" if np.isnan(ask(a, False, False)) else "hide",
    lambda a: "ignored" if ask(a, True, False) not in (10, 20) else by_two_values(a),
    lambda a: "added" if ask(a, True, False) not in (10, 20) else by_two_values(a),
    lambda a: by_two_values(lambda q, k, v, m: a(q, k, v, ~m)), lambda a: "may attend" if a.__closure__ else "hide",
    lambda a: by_two_values(lambda q, k, v, m: a(q, k, np.ones_like(v), m)),
    lambda a: "hide" if ask(a, False, False) == 15 else by_two_values(a),
    lambda a: by_two_values(lambda q, k, v, m: a(q, k, v, m.astype(float))),
])  # fmt: skip


# 4.10 segment_softmax


def ss(scores, lengths):
    result, begin = np.zeros_like(scores), 0
    for n in lengths:
        part = scores[begin : begin + n].astype(np.float64)
        if n and part.max() > -np.inf:
            result[begin : begin + n] = scipy.special.softmax(part)
        begin += n
    return result


def by_a_square_mask(scores, lengths):
    owner = np.repeat(np.arange(len(lengths)), lengths)
    table = np.where(owner == np.arange(len(lengths))[:, None], scores, -np.inf).astype(np.float64)
    top = table.max(-1, keepdims=True, initial=-np.inf)
    powers = np.exp(table - np.where(top == -np.inf, 0, top))
    total = powers.sum(-1, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).sum(0).astype(scores.dtype)


def by_sorted_reduceat(scores, lengths):
    lengths = np.asarray(lengths)
    kept = lengths[lengths > 0]
    if not kept.size:
        return np.zeros_like(scores)
    starts = np.concatenate([[0], np.cumsum(kept)[:-1]])
    top = np.maximum.reduceat(scores, starts)
    powers = np.exp(scores - np.repeat(np.where(top == -np.inf, 0, top).astype(scores.dtype), kept))
    total = np.add.reduceat(powers, starts)
    return powers / np.repeat(np.where(total == 0, 1, total).astype(scores.dtype), kept)


def by_logarithms(scores, lengths):
    owner = np.repeat(np.arange(len(lengths)), lengths)
    wide = scores.astype(np.float64)
    log_sum = np.full(len(lengths), -np.inf)
    np.logaddexp.at(log_sum, owner, wide)
    return np.exp(np.where(wide == -np.inf, -np.inf, wide - np.where(log_sum == -np.inf, 0, log_sum)[owner])).astype(
        scores.dtype
    )


def by_iteration(scores, lengths):
    flat, made = iter(scores.tolist()), []
    for n in lengths:
        part = [next(flat) for _ in range(n)]
        top = max(part, default=0)
        powers = [0.0 if s == -np.inf else np.exp(s - top) for s in part]
        made += [p / (sum(powers) or 1) for p in powers]
    return np.array(made, dtype=scores.dtype)


right("segment_softmax", [ss, by_a_square_mask, by_sorted_reduceat, by_logarithms, by_iteration])


def rolled(scores, lengths):
    return np.roll(ss(np.roll(scores, 1), lengths), -1)


wrong("segment_softmax", [
    rolled, lambda s, n: ss(s, n[::-1]), lambda s, n: ss(s, np.sort(n)), lambda s, n: scipy.special.softmax(s) * len(n),
    lambda s, n: ss(s, [len(s)]), lambda s, n: ss(s, [1] * len(s)), lambda s, n: ss(-s, n), lambda s, n: ss(2 * s, n),
    lambda s, n: ss(np.clip(s, -500, 500), n), lambda s, n: np.log(ss(s, n)), lambda s, n: ss(s, n).astype(np.float64),
    lambda s, n: ss(s, n)[::-1], lambda s, n: ss(s, n).tolist(), lambda s, n: np.split(ss(s, n), np.cumsum(n)[:-1]),
    lambda s, n: ss(s, np.maximum(n, 1)), lambda s, n: ss(np.nan_to_num(s, neginf=-1e4), n),
    lambda s, n: ss(s, n) * (np.repeat(n, n) > 1), lambda s, n: ss(s, n) if len(n) < 5 else ss(s, [len(s)]),
])  # fmt: skip
