"""Answers to the exercises of chapter 7, invented from the tasks alone: each wrong one differs somewhere."""

import numpy as np

from attention.numpy import alibi_bias, rotate
from tests.checks.register import Answers

answers = Answers("07")


def wrong(name, functions, framework="numpy"):
    for function in functions:
        answers.unlisted(name, framework)(function)


def right(name, functions, framework="numpy"):
    for function in functions:
        answers.right(name, framework)(function)


# 7.1 turns_by_hand

right("turns_by_hand", [
    lambda: (1, -2, -1, 3, -7, -7), lambda: np.array([1, -2, -1, 3, -7, -7]), lambda: [1.0, -2.0, -1.0, 3.0, -7, -7.0],
])  # fmt: skip
wrong("turns_by_hand", [
    lambda: [2, 1, 1, -3, -1, -1], lambda: [-2, 1, -1, 3, 5, 5], lambda: [1, -2, 3, -1, 5, 5],
    lambda: [1, -2, -1, 3, 7, 7], lambda: [1, -2, -1, 3, -7, 7], lambda: [1, -2, -1, 3, -7, -707],
    lambda: [-1, 3, 1, -2, -7, -7], lambda: [1, -2, -1, 3, -7, -4.95], lambda: [[1, -2], [-1, 3], [-7, -7]],
    lambda: [1, 2, -1, 3, -7, -7], lambda: [1, -2, -1, 3, -5, -5], lambda: -7,
])  # fmt: skip


# 7.2 shift_matrix


def blocks(speeds, places, a=1, b=-1, c=1, d=1):
    cos, sin = np.diag(np.cos(places * speeds)), np.diag(np.sin(places * speeds))
    return np.block([[a * cos, b * sin], [c * sin, d * cos]])


def by_powers(speeds, places):
    one = blocks(speeds, 1)
    return np.linalg.matrix_power(one if places >= 0 else one.T, abs(places))


def by_complex(speeds, places):
    turn = np.diag(np.exp(1j * places * speeds))
    return np.block([[turn.real, -turn.imag], [turn.imag, turn.real]])


right("shift_matrix", [by_complex])  # powers lose digits at far places
wrong("shift_matrix", [
    lambda s, n: blocks(s, n, b=1, c=-1), lambda s, n: blocks(s, n, b=1), lambda s, n: blocks(s, n, d=-1),
    lambda s, n: blocks(s, n)[::-1], lambda s, n: blocks(s, n)[:, ::-1], lambda s, n: blocks(s, n % 44),
    lambda s, n: blocks(s, max(n, 0)), lambda s, n: blocks(s, min(n, 500)), lambda s, n: blocks(np.sort(s), n),
    lambda s, n: blocks(s, n).astype("float32"), lambda s, n: blocks(s, n).round(4), lambda s, n: blocks(s[:1], n),
    lambda s, n: blocks(np.full_like(s, s.mean()), n), lambda s, n: np.eye(2 * len(s)), lambda s, n: blocks(s, n)[None],
    lambda s, n: blocks(np.minimum(s, 1.0), n), lambda s, n: blocks(s, n + 1), lambda s, n: n * blocks(s, 1),
    lambda s, n: blocks(s, int(np.sign(n))),
])  # fmt: skip


# 7.3 add_positions


def added(x, table, first=0):
    return (x + table[first : first + x.shape[-2]]).astype(x.dtype)


right("add_positions", [
    lambda x, table, first=0: x + table.astype(x.dtype)[first:][: x.shape[-2]],
    lambda x, table, first=0: (np.array(x, "float64") + table[first : first + x.shape[-2]]).astype(x.dtype),
    lambda x, table, first=0: np.stack([x[..., i, :] + table[first + i].astype(x.dtype)
                                        for i in range(x.shape[-2])], axis=-2),
])  # fmt: skip


def in_place(x, table, first=0):
    x += table[first : first + x.shape[-2]].astype(x.dtype)
    return x


wrong("add_positions", [
    in_place, lambda x, table, first=0: x, lambda x, table, first=0: added(x, -table, first),
    lambda x, table, first=1: added(x, table, first), lambda x, table, first=0: added(x, table, 0),
    lambda x, table, first=0: added(x, table, first).astype("float32"),
    lambda x, table, first=0: x + table[first : first + x.shape[0]],
    lambda x, table, first=0: added(x, table / len(table), first),
    lambda x, table, first=0: added(x, table[::-1], first),
    lambda x, table, first=0: added(2 * x, table, first),
    lambda x, table, first=0: added(x, table, first) if first else x + table[: len(x)].mean(0),
    lambda x, table, first=0: added(x.astype("float16"), table, first).astype(x.dtype),
    lambda x, table, first=0: np.clip(added(x, table, first), -3, 3),
    lambda x, table, first=0: added(x, table, first)[..., :1, :],
    lambda x, table, first=0: added(np.atleast_3d(x), table, first),
])  # fmt: skip


# 7.5 alibi_slopes


def slopes(heads):
    return -alibi_bias(heads, 1, 2)[:, 0, 0]


right("alibi_slopes", [slopes, lambda heads: np.exp2(np.log2(slopes(heads)))])
wrong("alibi_slopes", [
    lambda heads: slopes(heads).tolist(),
    lambda heads: slopes(heads)[::-1], lambda heads: slopes(heads)[:, None], lambda heads: -slopes(heads),
    lambda heads: np.minimum(slopes(heads), 0.5), lambda heads: slopes(heads).astype("float32"),
    lambda heads: slopes(heads).round(3), lambda heads: slopes(8)[:heads] if heads <= 8 else slopes(heads) / 2,
    lambda heads: 2.0 ** -(8 * np.arange(1, heads + 1) / heads), lambda heads: np.arange(1, heads + 1) / heads,
    lambda heads: slopes(min(heads, 1000)), lambda heads: np.geomspace(0.5, 2**-8, heads),
    lambda heads: np.full(heads, 2.0**-8) if heads == 1 else np.append(slopes(heads)[:-1], 0.5),
    lambda heads: np.sort(slopes(heads)), lambda heads: 2.0 ** (-4 * np.arange(1, heads + 1) / heads),
])  # fmt: skip


# 7.6 clipped_bias


def clipped(learned, T, S, n=lambda i, j: j - i, reach=None, beside="last"):
    reach = learned.shape[1] // 2 if reach is None else reach
    i = np.arange(T)[:, None] + (S - T if beside == "last" else 0)
    return learned[:, np.clip(n(i, np.arange(S)), -reach, reach) + learned.shape[1] // 2]


right("clipped_bias", [
    lambda learned, T, S: np.stack([clipped(row[None], T, S)[0] for row in learned]),
    lambda learned, T, S: np.ascontiguousarray(np.moveaxis(clipped(learned, T, S), 0, -1)).transpose(2, 0, 1),
])  # fmt: skip
wrong("clipped_bias", [
    lambda learned, T, S: clipped(learned, T, S, lambda i, j: i - j), lambda learned, T, S: clipped(learned, S, T),
    lambda learned, T, S: clipped(learned, T, S, beside="first"), lambda learned, T, S: clipped(learned[::-1], T, S),
    lambda learned, T, S: clipped(learned, T, S, lambda i, j: np.minimum(j - i, 0)),
    lambda learned, T, S: clipped(learned, T, S, lambda i, j: j - i + 1),
    lambda learned, T, S: clipped(learned, T, S, reach=min(4, learned.shape[1] // 2)),
    lambda learned, T, S: clipped(learned, T, S)[:, :, ::-1], lambda learned, T, S: clipped(learned, T, S)[0],
    lambda learned, T, S: clipped(learned, T, S).swapaxes(1, 2), lambda learned, T, S: clipped(learned, T, S)[None],
    lambda learned, T, S: clipped(learned, T, S).astype("float64"), lambda learned, T, S: 0 * clipped(learned, T, S),
    lambda learned, T, S: clipped(learned - learned.mean(1, keepdims=True), T, S),
    lambda learned, T, S: np.where(np.tri(T, S, S - T), clipped(learned, T, S), 0),
    lambda learned, T, S: clipped(learned, T, S, lambda i, j: np.sign(j - i)),
    lambda learned, T, S: clipped(learned, T, S) if T <= S else clipped(learned, T, S, beside="first"),
])  # fmt: skip


# 7.7 neighbours_to_halves


def ordered(weight, heads):
    D = weight.shape[1] // heads
    return [h * D + d for h in range(heads) for d in (*range(0, D, 2), *range(1, D, 2))]


right("neighbours_to_halves", [
    lambda weight, heads: weight[:, ordered(weight, heads)],
    lambda weight, heads: weight @ np.eye(weight.shape[1], dtype=weight.dtype)[:, ordered(weight, heads)],
    lambda weight, heads: np.take(weight, ordered(weight, heads), axis=1),
])  # fmt: skip
wrong("neighbours_to_halves", [
    lambda weight, heads: weight, lambda weight, heads: weight[:, np.argsort(ordered(weight, heads))],
    lambda weight, heads: weight[:, ordered(weight, 1)], lambda weight, heads: weight[:, ::-1],
    lambda weight, heads: weight[:, ordered(weight, heads)][:, ::-1],
    lambda weight, heads: weight[:, ordered(weight, heads)].T, lambda weight, heads: weight[::-1],
    lambda weight, heads: np.sort(weight, axis=1), lambda weight, heads: np.roll(weight, 1, axis=1),
    lambda weight, heads: weight[:, ordered(weight, min(heads, 2))],
    lambda weight, heads: weight[:, ordered(weight, heads)].astype("float32"),
    lambda weight, heads: weight.reshape(len(weight), heads, -1)[..., [0, 2, 1, 3]].reshape(weight.shape),
    lambda weight, heads: weight.reshape(len(weight), heads, 2, -1).swapaxes(2, 3).reshape(weight.shape),
    lambda weight, heads: weight.reshape(len(weight), -1, heads, 2).swapaxes(2, 3).reshape(weight.shape),
    lambda weight, heads: rotate(weight[:, ordered(weight, heads)], np.arange(len(weight))),
])  # fmt: skip


# 7.8 cached_scores


def scored(queries, keys, kept, q=None, k=None, old=None, scale=None):
    (T, D), C = queries.shape[-2:], kept.shape[-2]
    at = np.arange(C, C + T)
    every = [kept if old is None else rotate(kept, np.full(C, 0) + old), rotate(keys, at if k is None else k)]
    scores = rotate(queries, at if q is None else q) @ np.concatenate(every, axis=-2).mT
    return scores / (D**0.5 if scale is None else scale)


def after(queries, kept):
    return np.arange(queries.shape[-2])


right("cached_scores", [
    scored, lambda q, k, kept: scored(q, k, kept, after(q, kept), after(q, kept), -kept.shape[-2]),
])  # fmt: skip
wrong("cached_scores", [
    lambda q, k, kept: scored(q, k, kept, after(q, kept), after(q, kept)),
    lambda q, k, kept: scored(q, k, kept, after(q, kept)), lambda q, k, kept: scored(q, k, kept, k=after(q, kept)),
    lambda q, k, kept: scored(q, k, kept, old=np.arange(kept.shape[-2])),
    lambda q, k, kept: scored(q, k, kept, scale=1),
    lambda q, k, kept: scored(q, k, kept, scale=q.shape[-1]), lambda q, k, kept: scored(q, k, kept)[..., ::-1],
    lambda q, k, kept: scored(q, k, kept, q=-kept.shape[-2] - after(q, kept), k=-kept.shape[-2] - after(q, kept)),
    lambda q, k, kept: scored(k, q, kept), lambda q, k, kept: scored(q, k, kept).swapaxes(-1, -2),
    lambda q, k, kept: scored(q, k, kept[..., ::-1, :]), lambda q, k, kept: scored(q[..., ::-1, :], k, kept),
    lambda q, k, kept: scored(q, k, kept, scale=(kept.shape[-2] + q.shape[-2]) ** 0.5),
    lambda q, k, kept: scored(q, k, kept, q=np.full(q.shape[-2], kept.shape[-2])),
    lambda q, k, kept: scored(q, k, kept, *[kept.shape[-2] + 2 * after(q, kept)] * 2),
    lambda q, k, kept: np.exp(scored(q, k, kept)), lambda q, k, kept: scored(q, k, kept)[..., kept.shape[-2] :],
])  # fmt: skip


# 7.10 distance_scores


def shaw(queries, keys, rows, n=lambda i, j: j - i, beside="last", word=1, row=1, scale=None):
    (T, D), S, reach = queries.shape[-2:], keys.shape[-2], len(rows) // 2
    i = np.arange(T)[:, None] + (S - T if beside == "last" else 0)
    told = rows[np.clip(n(i, np.arange(S)), -reach, reach) + reach]
    both = word * (queries @ keys.mT) + row * np.einsum("...td,tsd->...ts", queries, told)
    return both / (D**0.5 if scale is None else scale)


right("distance_scores", [
    shaw, lambda queries, keys, rows: shaw(queries / queries.shape[-1] ** 0.5, keys, rows, scale=1),
])  # fmt: skip
wrong("distance_scores", [
    lambda q, k, rows: shaw(q, k, rows, lambda i, j: i - j), lambda q, k, rows: shaw(q, k, rows, beside="first"),
    lambda q, k, rows: shaw(q, k, rows, lambda i, j: abs(j - i)), lambda q, k, rows: shaw(q, k, rows, row=0),
    lambda q, k, rows: shaw(q, k, rows, word=0), lambda q, k, rows: shaw(q, k, rows, row=2),
    lambda q, k, rows: shaw(q, k, rows, scale=1), lambda q, k, rows: shaw(q, k, rows, scale=q.shape[-1]),
    lambda q, k, rows: shaw(q, k, rows[::-1]), lambda q, k, rows: shaw(q, k, rows, lambda i, j: j - i - 1),
    lambda q, k, rows: shaw(q, k, rows, lambda i, j: np.minimum(j - i, 0)), lambda q, k, rows: shaw(k, q, rows),
    lambda q, k, rows: shaw(q, k, rows - rows.mean(0)), lambda q, k, rows: shaw(q, k, rows, row=-1),
    lambda q, k, rows: shaw(q, k, rows, row=q.shape[-1] ** 0.5), lambda q, k, rows: shaw(q, k, rows).astype("float16"),
    lambda q, k, rows: shaw(q, k, rows[len(rows) // 2 :][:1] * np.ones((len(rows), 1))),
])  # fmt: skip
