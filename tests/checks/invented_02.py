"""Answers to chapter 2 by somebody who had only the tasks: wrong ones, and right ones written unusually."""

import math
from fractions import Fraction

import scipy.linalg
from scipy.special import expit, logsumexp, softmax

from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("02")
wrong, right = answers.unlisted, answers.right


def turned(x):
    return np.swapaxes(x, -1, -2)


def all_wrong(name, *functions, framework="numpy"):
    for function in functions:
        wrong(name, framework)(function)


def all_right(name, *functions, framework="numpy"):
    for function in functions:
        right(name, framework)(function)


# ----------------------------------------------------------------------------------------------- 2.1 output_by_hand

all_wrong(
    "output_by_hand",
    lambda: [6, 2],
    lambda: [2, 6, 1],
    lambda: [2],
    lambda: 2,
    lambda: [2.0, 5.0],
    lambda: [1, 6],
    lambda: [2, 6.02],
    lambda: [0, 5],
    lambda: [8 / 3, 16 / 3],
    lambda: [4, 16 / 3],
    lambda: [[2, 6], [2, 6]],
    lambda: ["2", "6"],
    lambda: [math.log(2), math.log(5)],
    lambda: [-2, -6],
    lambda: [20, 60],
    lambda: [2, float("nan")],
    lambda: {2, 6},
)
all_right(
    "output_by_hand",
    lambda: (2, 6),
    lambda: np.array([2.0, 6.0]),
    lambda: [2.0, 6],
    lambda: [float(Fraction(16, 8)), float(Fraction(48, 8))],
    lambda: torch.tensor([2.0, 6.0]).tolist(),
)


# ------------------------------------------------------------------------------------------ 2.2 look_up_temperature


def leads(keys):
    scores = keys @ turned(keys)
    rest = np.where(np.eye(keys.shape[-2], dtype=bool), -np.inf, scores)
    return np.diagonal(scores, axis1=-2, axis2=-1) - rest.max(-1)


def others(keys, tolerance):
    return np.log((keys.shape[-2] - 1) / tolerance)


all_wrong(
    "look_up_temperature",
    lambda K, t: leads(K).min() / others(K, t),  # one for all tables
    lambda K, t: leads(K).min(-1) / np.log(K.shape[-1] / t),
    lambda K, t: leads(K).min(-1) / np.log(K.shape[0] / t),
    lambda K, t: leads(K).min(-1) / (others(K, t) + 1),
    lambda K, t: leads(K).min(-1) / others(K, t) * 0.99,
    lambda K, t: leads(K).min(-1) / others(K, t) / np.sqrt(K.shape[-1]),
    lambda K, t: leads(K).min(-1) / np.log1p(K.shape[-2] / t),
    lambda K, t: leads(K).min(-1) / np.log((K.shape[-2] - 1) * (1 - t) / t),  # the exact weight, were all alike
    lambda K, t: np.sqrt(leads(K).min(-1)) / others(K, t),
    lambda K, t: np.median(leads(K), -1) / others(K, t),
    lambda K, t: leads(K).sum(-1) / others(K, t),
    lambda K, t: leads(K)[..., -1] / others(K, t),
    lambda K, t: np.abs(K[..., :1, :] @ turned(K)).min((-1, -2)) / others(K, t),
    lambda K, t: leads(K).min(-1) / np.log(1 / t),
    lambda K, t: leads(K).min(-1) / others(K, 0.001),
    lambda K, t: leads(K).min(-1, keepdims=True) / others(K, t),
    lambda K, t: leads(K).min(-1) / others(K, t / 2),
    lambda K, t: np.float16(leads(K).min(-1) / others(K, t)),
)
all_right(
    "look_up_temperature",
    lambda K, t: np.array([leads(k).min() for k in K.reshape(-1, *K.shape[-2:])]).reshape(K.shape[:-2]) / others(K, t),
    lambda K, t: -np.max(-leads(K), axis=-1) / (np.log(K.shape[-2] - 1) - np.log(t)),
    lambda K, t: (
        np.partition(K @ turned(K), -2, axis=-1)[..., -1:].squeeze(-1).min(-1) * 0 + leads(K).min(-1) / others(K, t)
    ),
    lambda K, t: 1 / (others(K, t) / np.amin(leads(K), axis=-1)),
    lambda K, t: leads(K.astype(np.longdouble)).min(-1).astype(np.float64) / others(K, t),
)


# -------------------------------------------------------------------------------------------- 2.3 attend_or_default


def longer(q, k, threshold):
    scores = q @ turned(k)
    return np.concatenate([scores, np.full_like(scores[..., :1], threshold)], -1)


def kept(q, k, v, t, d):
    p = softmax(longer(q, k, t), -1)
    return p[..., :-1] @ v + p[..., -1:] * d


def shared(share, q, k, v, d):
    return share * (softmax(q @ turned(k), -1) @ v) + (1 - share) * d


all_wrong(
    "attend_or_default",
    lambda q, k, v, t, d: kept(q, k, v, t, 0 * d),
    lambda q, k, v, t, d: kept(q, k, v, t, v.mean(-2, keepdims=True)),
    lambda q, k, v, t, d: kept(q, k, v, np.exp(np.minimum(t, 5)), d),
    lambda q, k, v, t, d: kept(q, k, v, np.log(np.abs(t)), d),
    lambda q, k, v, t, d: kept(q, k, v, t, d) + d,
    lambda q, k, v, t, d: kept(k[..., : q.shape[-2], :], k, v, t, d),
    lambda q, k, v, t, d: kept(q / np.linalg.norm(q, axis=-1, keepdims=True), k, v, t, d),
    lambda q, k, v, t, d: shared(expit((q @ turned(k)).mean(-1, keepdims=True) - t), q, k, v, d),
    lambda q, k, v, t, d: shared(expit((q @ turned(k)).max(-1, keepdims=True) - t), q, k, v, d),
    lambda q, k, v, t, d: shared(expit((q @ turned(k)).sum(-1, keepdims=True) - t), q, k, v, d),
    lambda q, k, v, t, d: shared(1.0 * (logsumexp(q @ turned(k), -1, keepdims=True) > t), q, k, v, d),
    lambda q, k, v, t, d: softmax(np.maximum(q @ turned(k), t), -1) @ v,
    lambda q, k, v, t, d: kept(q, k, v, t, d)[..., :1],
    lambda q, k, v, t, d: kept(q, k, v, t, d).sum(-1),
    lambda q, k, v, t, d: np.clip(kept(q, k, v, t, d), -3, 3),
    lambda q, k, v, t, d: np.nan_to_num((np.exp(q @ turned(k)) @ v + np.exp(t) * d)
        / (np.exp(q @ turned(k)).sum(-1, keepdims=True) + np.exp(t))),
    lambda q, k, v, t, d: kept(np.clip(q, -50, 50), k, v, t, d),
    lambda q, k, v, t, d: kept(q, k, v, np.clip(t, -88, 88), d),
)  # fmt: skip
all_right(
    "attend_or_default",
    lambda q, k, v, t, d: shared(expit(logsumexp(q @ turned(k), -1, keepdims=True) - t), q, k, v, d),
    lambda q, k, v, t, d: d + softmax(longer(q, k, t), -1)[..., :-1] @ (v - d),
    lambda q, k, v, t, d: (
        np.einsum("...ts,...se->...te", softmax(longer(q, k, t), -1)[..., :-1], v)
        + np.einsum("...t,e->...te", softmax(longer(q, k, t), -1)[..., -1], d)
    ),
    lambda q, k, v, t, d: (
        softmax(longer(q, k, t) - t, -1) @ np.concatenate([v, np.broadcast_to(d, (*v.shape[:-2], 1, len(d)))], -2)
    ),
)
all_wrong(
    "attend_or_default",
    lambda q, k, v, t, d: torch.softmax(q @ k.mT, -1) @ v + d * torch.sigmoid(t),
    lambda q, k, v, t, d: (lambda p: p[..., :-1] @ v + p[..., -1:] * d.detach())(
        torch.softmax(torch.cat([q @ k.mT, t.expand(*q.shape[:-1], 1)], -1), -1)
    ),
    lambda q, k, v, t, d: (lambda p: p[..., :-1] @ v + p[..., -1:] * d)(
        torch.softmax(torch.cat([q @ k.mT, t.item() + 0 * q[..., :1]], -1), -1)
    ),
    framework="pytorch",
)
all_right(
    "attend_or_default",
    lambda q, k, v, t, d: (
        d + tf.nn.softmax(tf.concat([q @ tf.linalg.matrix_transpose(k), q[..., :1] * 0 + t], -1))[..., :-1] @ (v - d)
    ),
    framework="tensorflow",
)


# ----------------------------------------------------------------------------------------------- 2.5 self_attention


def asks(x, Wq, Wk):
    return softmax((x @ Wq) @ turned(x @ Wk), -1)


all_wrong(
    "self_attention",
    lambda x, Wq, Wk, Wv: x @ Wv,
    lambda x, Wq, Wk, Wv: asks(x, Wq, Wk) @ (x @ Wv) + x @ Wv,
    lambda x, Wq, Wk, Wv: asks(x, Wk, Wq) @ (x @ Wv),
    lambda x, Wq, Wk, Wv: asks(x, Wq, Wq) @ (x @ Wv),
    lambda x, Wq, Wk, Wv: turned(asks(x, Wq, Wk)) @ (x @ Wv),
    lambda x, Wq, Wk, Wv: asks(x, Wq, Wk) @ (x @ Wv) * x.shape[-2],
    lambda x, Wq, Wk, Wv: np.eye(x.shape[-2]) @ (x @ Wv),
    lambda x, Wq, Wk, Wv: (x @ Wv).mean(-2, keepdims=True) + 0 * (x @ Wv),
    lambda x, Wq, Wk, Wv: softmax((x @ Wq) @ turned(x @ Wk) / x.shape[-1], -1) @ (x @ Wv),
    lambda x, Wq, Wk, Wv: softmax(np.tanh((x @ Wq) @ turned(x @ Wk)), -1) @ (x @ Wv),
    lambda x, Wq, Wk, Wv: softmax(np.tril((x @ Wq) @ turned(x @ Wk)), -1) @ (x @ Wv),
    lambda x, Wq, Wk, Wv: asks(x, Wq, Wk) @ (x @ np.abs(Wv)),
    lambda x, Wq, Wk, Wv: np.round(asks(x, Wq, Wk), 3) @ (x @ Wv),
    lambda x, Wq, Wk, Wv: asks(x, Wq, Wk)[..., :1, :] @ (x @ Wv) + 0 * (x @ Wv),
    lambda x, Wq, Wk, Wv: softmax(((x @ Wq) @ turned(x @ Wk)).reshape(*x.shape[:-2], -1), -1).reshape(
        *x.shape[:-1], x.shape[-2]) @ (x @ Wv),
    lambda x, Wq, Wk, Wv: softmax(-((((x @ Wq)[..., :, None, :] - (x @ Wk)[..., None, :, :]) ** 2).sum(-1)), -1)
    @ (x @ Wv),
    lambda x, Wq, Wk, Wv: np.exp((x @ Wq) @ turned(x @ Wk)) @ (x @ Wv)
    / np.exp((x @ Wq) @ turned(x @ Wk)).sum(-1, keepdims=True),
)  # fmt: skip
all_right(
    "self_attention",
    lambda x, Wq, Wk, Wv: asks(x, Wq @ Wk.T, np.eye(Wq.shape[0])) @ (x @ Wv),
    lambda x, Wq, Wk, Wv: turned(turned(x @ Wv) @ softmax((x @ Wk) @ turned(x @ Wq), -2)),
    lambda x, Wq, Wk, Wv: np.stack([asks(s, Wq, Wk) @ s @ Wv for s in x.reshape(-1, *x.shape[-2:])]).reshape(
        *x.shape[:-1], -1),
    lambda x, Wq, Wk, Wv: np.tensordot(asks(x, Wq, Wk) @ x, Wv, axes=(-1, 0)),
    lambda x, Wq, Wk, Wv: (asks(x, Wq, Wk)[..., None] * (x @ Wv)[..., None, :, :]).sum(-2),
)  # fmt: skip


# ---------------------------------------------------------------------------------------- 2.6 value_weight_backward


def gradient(x, p, g):
    each = turned(p @ x) @ g
    return each.reshape(-1, *each.shape[-2:]).sum(0)


all_wrong(
    "value_weight_backward",
    lambda x, p, g: gradient(x, p, g).T,
    lambda x, p, g: gradient(x, p, g) / p.shape[-2],
    lambda x, p, g: gradient(x, p, g) / x.shape[-2],
    lambda x, p, g: gradient(x, p, g) * 2,
    lambda x, p, g: gradient(x, 0 * p + 1 / p.shape[-1], g),
    lambda x, p, g: gradient(x, np.round(p, 1), g),
    lambda x, p, g: gradient(np.abs(x), p, g),
    lambda x, p, g: gradient(x, p, np.sign(g)),
    lambda x, p, g: gradient(x, p[..., ::-1], g),
    lambda x, p, g: gradient(x[..., ::-1, :], p, g),
    lambda x, p, g: gradient(x, p**2, g),
    lambda x, p, g: gradient(x, np.eye(p.shape[-1])[p.argmax(-1)], g),
    lambda x, p, g: gradient(x, p, g - g.mean(-2, keepdims=True)),
    lambda x, p, g: (turned(x) @ turned(p) @ g)[(-1,) * (x.ndim - 2)],
    lambda x, p, g: (turned(x) @ turned(p) @ g).max(tuple(range(x.ndim - 2))) if x.ndim > 2 else gradient(x, p, g),
    lambda x, p, g: gradient(x, p, g).sum(),
    lambda x, p, g: np.outer(x.reshape(-1, x.shape[-1]).sum(0), g.reshape(-1, g.shape[-1]).sum(0)) / p.shape[-1],
)
all_right(
    "value_weight_backward",
    lambda x, p, g: np.einsum(
        "bsm,bts,bte->me", *(a.reshape(-1, *a.shape[-2:]) for a in (x, p, g)), optimize=True
    ),
    lambda x, p, g: sum(
        (a.T @ b.T @ c for a, b, c in zip(*(a.reshape(-1, *a.shape[-2:]) for a in (x, p, g)), strict=True)),
        np.zeros((x.shape[-1], g.shape[-1])),
    ),
    lambda x, p, g: np.concatenate((p @ x).reshape(-1, 1, x.shape[-1])).T @ g.reshape(-1, g.shape[-1]),
    lambda x, p, g: np.tensordot(p @ x, g, axes=(tuple(range(x.ndim - 1)),) * 2),
    lambda x, p, g: ((p @ x)[..., :, None] * g[..., None, :]).sum(tuple(range(x.ndim - 1))),
)  # fmt: skip


# ---------------------------------------------------------------------------------------------- 2.8 outputs_without


def hidden(p, v, order=None):
    rows = np.where(np.eye(p.shape[-1], dtype=bool), 0, p[..., None, :])
    left = rows.sum(-1, keepdims=True)
    return np.where(left > 0, rows / np.where(left > 0, left, 1), 0) @ v[..., None, :, :]


all_wrong(
    "outputs_without",
    lambda p, v: hidden(p, v) - (p @ v)[..., None, :],
    lambda p, v: (p @ v)[..., None, :] + 0 * hidden(p, v),
    lambda p, v: hidden(p, v)[..., ::-1, :],
    lambda p, v: turned(hidden(p, v)),
    lambda p, v: hidden(p, v).sum(-2),
    lambda p, v: hidden(p, v).mean(-3),
    lambda p, v: hidden(p, np.abs(v)),
    lambda p, v: hidden(np.round(p, 2), v),
    lambda p, v: hidden(p**2, v),
    lambda p, v: hidden(np.sqrt(p), v),
    lambda p, v: hidden(p, v - v.mean(-2, keepdims=True)),
    lambda p, v: (hidden(p, v) * (1 - p[..., None])),
    lambda p, v: ((p @ v)[..., None, :] - p[..., None] * v[..., None, :, :]) / (1 - p[..., None] + 1e-9),
    lambda p, v: np.nan_to_num(
        ((p @ v)[..., None, :] - p[..., None] * v[..., None, :, :]) / (1 - p[..., None]), posinf=0, neginf=0),
    lambda p, v: np.where(p[..., None] > 1 - 1e-6, 0, hidden(p, v)),
    lambda p, v: np.where(p[..., None] > 1 - 1e-6, (p @ v)[..., None, :], hidden(p, v)),
    lambda p, v: softmax(np.where(np.eye(p.shape[-1], dtype=bool), -1e9, p[..., None, :]), -1) @ v[..., None, :, :],
    lambda p, v: hidden(np.maximum(p, 1e-12), v),
)  # fmt: skip
all_right(
    "outputs_without",
    lambda p, v: np.stack([hidden(p, v)[..., j, :] for j in range(p.shape[-1])], axis=-2),
    lambda p, v: np.einsum("...tjs,...se->...tje", np.where(np.eye(p.shape[-1]) == 1, 0, p[..., None, :]), v)
    / np.where((s := np.where(np.eye(p.shape[-1]) == 1, 0, p[..., None, :]).sum(-1, keepdims=True)) == 0, 1, s),
    lambda p, v: np.nan_to_num(
        ((p[..., None, :] * (1 - np.eye(p.shape[-1]))) @ v[..., None, :, :])
        / (p[..., None, :] * (1 - np.eye(p.shape[-1]))).sum(-1, keepdims=True)
    ),
    lambda p, v: np.concatenate(
        [
            (lambda w: np.divide(w, w.sum(-1, keepdims=True), out=0 * w, where=w.sum(-1, keepdims=True) > 0))(
                np.delete(p, j, -1)
            )[..., None, :] @ np.delete(v, j, -2)[..., None, :, :]
            for j in range(p.shape[-1])
        ],
        -2,
    ),
    lambda p, v: hidden(p.astype(np.longdouble), v.astype(np.longdouble)).astype(p.dtype),
)  # fmt: skip


# --------------------------------------------------------------------------------------------------- 2.9 weights_of


def long(x):
    return np.concatenate([x, np.ones_like(x[..., :1])], -1)


def shares(o, v):
    return long(o) @ np.linalg.inv(long(v))


all_wrong(
    "weights_of",
    lambda o, v: np.abs(shares(o, v)) / np.abs(shares(o, v)).sum(-1, keepdims=True),
    lambda o, v: softmax(shares(o, v), -1),
    lambda o, v: np.clip(shares(o, v), 0, 1),
    lambda o, v: np.where((shares(o, v) < 0).any(-1, keepdims=True), np.nan, shares(o, v)),
    lambda o, v: np.where((shares(o, v) < 0).any(-1, keepdims=True), 0, shares(o, v)),
    lambda o, v: shares(o, v).round(3),
    lambda o, v: 0 * shares(o, v) + 1 / v.shape[-2],
    lambda o, v: np.eye(v.shape[-2])[shares(o, v).argmax(-1)],
    lambda o, v: shares(o, v)[..., ::-1],
    lambda o, v: long(o) @ turned(np.linalg.inv(long(v))),
    lambda o, v: shares(o - v.mean(-2, keepdims=True), v),
    lambda o, v: shares(o, v)[..., :-1],
    lambda o, v: 1 - shares(o, v),
    lambda o, v: np.concatenate([o @ np.linalg.inv(v[..., :-1, :]), 1 - (o @ np.linalg.inv(v[..., :-1, :])).sum(
        -1, keepdims=True)], -1),
    lambda o, v: 1 / (1e-9 + np.linalg.norm(o[..., :, None, :] - v[..., None, :, :], axis=-1)),
    lambda o, v: shares(o, v) + 1e-6,
)  # fmt: skip
all_right(
    "weights_of",
    lambda o, v: (lambda r: np.concatenate([r, 1 - r.sum(-1, keepdims=True)], -1))(
        (o - v[..., -1:, :]) @ np.linalg.inv(v[..., :-1, :] - v[..., -1:, :])
    ),
    lambda o, v: turned(np.linalg.pinv(turned(long(v))) @ turned(long(o))),
    lambda o, v: np.stack(
        [
            np.stack([scipy.linalg.solve(long(b).T, row) for row in long(a)])
            for a, b in zip(o.reshape(-1, *o.shape[-2:]), v.reshape(-1, *v.shape[-2:]), strict=True)
        ]
    ).reshape(*o.shape[:-1], v.shape[-2]),
    lambda o, v: np.stack(  # Cramer's rule
        [
            np.linalg.det(
                np.where(
                    (np.arange(v.shape[-2]) == j)[:, None], long(o)[..., :, None, :], long(v)[..., None, :, :]
                )
            ) / np.linalg.det(long(v))[..., None]
            for j in range(v.shape[-2])
        ],
        -1,
    ),
    lambda o, v: (lambda m: long(o - m) @ np.linalg.inv(long(v - m)))(v.mean(-2, keepdims=True)),
)  # fmt: skip


# --------------------------------------------------------------------------------------------------- 2.10 query_for


def query(k, v, o):
    logs = np.log(shares(o, v))
    return (logs[..., 1:] - logs[..., :1]) @ np.linalg.inv(turned(k[..., 1:, :] - k[..., :1, :]))


all_wrong(
    "query_for",
    lambda k, v, o: -query(k, v, o),
    lambda k, v, o: query(v, v, o),
    lambda k, v, o: query(k, k, o),
    lambda k, v, o: np.round(query(k, v, o), 3),
    lambda k, v, o: query(k, v, o) / np.linalg.norm(query(k, v, o), axis=-1, keepdims=True),
    lambda k, v, o: query(k, v, o) + 1e-4,
    lambda k, v, o: np.log(shares(o, v))[..., 1:] @ np.linalg.inv(turned(k[..., 1:, :] - k[..., :1, :])),
    lambda k, v, o: (np.log(shares(o, v))[..., 1:] - np.log(shares(o, v))[..., :1])
    @ np.linalg.inv(k[..., 1:, :] - k[..., :1, :]),
    lambda k, v, o: (np.log(shares(o, v))[..., 1:] - np.log(shares(o, v))[..., :1]) @ (k[..., 1:, :] - k[..., :1, :]),
    lambda k, v, o: np.log(np.clip(shares(o, v), 0.1, 1)) @ turned(np.linalg.pinv(k - k.mean(-2, keepdims=True))),
    lambda k, v, o: (lambda s: (s[..., 1:] - s[..., :1]) @ np.linalg.inv(turned(k[..., 1:, :] - k[..., :1, :])))(
        np.log10(shares(o, v))),
    lambda k, v, o: (lambda s: (s[..., 1:] - s[..., :1]) @ np.linalg.inv(turned(k[..., 1:, :] - k[..., :1, :])))(
        np.exp(shares(o, v))),
    lambda k, v, o: o,
    lambda k, v, o: shares(o, v) @ k,
    lambda k, v, o: query(k, v, o)[..., ::-1],
    lambda k, v, o: query(k, v, o)[..., :1, :],
)  # fmt: skip
all_right(
    "query_for",
    lambda k, v, o: np.log(shares(o, v)) @ turned(np.linalg.pinv(k - k.mean(-2, keepdims=True))),
    lambda k, v, o: (lambda s: (s[..., :-1] - s[..., -1:]) @ np.linalg.inv(turned(k[..., :-1, :] - k[..., -1:, :])))(
        np.log(shares(o, v))),
    lambda k, v, o: (np.log(shares(o, v)) @ turned(np.linalg.inv(long(k))))[..., :-1],  # the last: the common number
    lambda k, v, o: (lambda s: turned(np.linalg.solve(np.diff(k, axis=-2), turned(np.diff(s, axis=-1)))))(
        np.log(shares(o, v))),
    lambda k, v, o: query(k, v - o.mean(-2, keepdims=True), o - o.mean(-2, keepdims=True)),
)  # fmt: skip
