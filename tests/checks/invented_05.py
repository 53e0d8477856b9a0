"""Answers to the exercises of chapter 5, invented from the tasks alone: each wrong one differs somewhere."""
# ruff: noqa: E501

import math
from fractions import Fraction

import scipy.special

import attention.numpy as atn_np
from attention.frameworks import np, torch
from tests.checks.register import Answers

answers = Answers("05")
wrong, right = answers.unlisted, answers.right


def turned(array):
    return np.swapaxes(array, -1, -2)


# 5.1 covariance_by_hand

for numbers in (
    [1, 1.5, 4.5, -9], [1, 1.5, 4.5, 4.5], [1, 1.5, 6, 12], [0, 4 / 3, 4.5, 9], [1, 1.5, 18, 36], [1.5, 1, 4.5, 9],
    [1, 1.5, 4.5, 18], [1, 1, 4.5, 9], [1, 1.5, -4.5, -9], [1, 1.5, 4.5, 2.25], [2, 3, 4.5, 9], [1, 1.5, 4.75, 9.5],
    [1, 1.5, 4.5], [9], [1, 1.5, 4.5, 9, 0], 9, "9", [1, 1.5, 4.5, None], [1, 1.5, 4.5, math.nan],
):  # fmt: skip
    wrong("covariance_by_hand")(lambda numbers=numbers: numbers)
for numbers in (
    (1, 1.5, 4.5, 9), np.array([1, 1.5, 4.5, 9]), [Fraction(1), Fraction(3, 2), Fraction(9, 2), Fraction(9)],
    [1.0002, 1.5, 4.5, 9.0004], np.array([1, 1.5, 4.5, 9], np.float32),
):  # fmt: skip
    right("covariance_by_hand")(lambda numbers=numbers: numbers)


# 5.2 masked_backward


def masked_weights(scores, mask, empty=0.0):
    nothing = ~mask.any(-1, keepdims=True)
    p = scipy.special.softmax(np.where(nothing, 0, np.where(mask, scores, -np.inf)).astype(scores.dtype), axis=-1)
    return np.where(nothing, empty, p).astype(scores.dtype)


def masked_parts(scores, mask, values, grad_output):
    p, v = masked_weights(scores, mask), np.where(mask.any(-2)[..., None], values, 0).astype(values.dtype)
    return p, v, grad_output @ turned(v)


@wrong("masked_backward")
def only_the_first_row_has_an_average(scores, mask, values, grad_output):
    p, _, g = masked_parts(scores, mask, values, grad_output)
    return p * (g - (p * g).sum(-1, keepdims=True)[..., :1, :]), turned(p) @ grad_output


@wrong("masked_backward")
def average_over_what_is_seen(scores, mask, values, grad_output):
    p, _, g = masked_parts(scores, mask, values, grad_output)
    count = np.maximum(mask.sum(-1, keepdims=True), 1)
    return p * (g - (mask * g).sum(-1, keepdims=True) / count), turned(p) @ grad_output


@wrong("masked_backward")
def the_output_for_the_weights(scores, mask, values, grad_output):
    p, v, g = masked_parts(scores, mask, values, grad_output)
    return p * (g - (p * g).sum(-1, keepdims=True)), turned(p) @ (p @ v)


@wrong("masked_backward")
def squared_weights(scores, mask, values, grad_output):
    p, _, g = masked_parts(scores, mask, values, grad_output)
    return p * g - p**2 * g, turned(p) @ grad_output


@wrong("masked_backward")
def large_and_negative(scores, mask, values, grad_output):
    p = scipy.special.softmax(np.where(mask, scores, scores - 10), axis=-1)
    g = grad_output @ turned(np.nan_to_num(values))
    return p * (g - (p * g).sum(-1, keepdims=True)), turned(p) @ grad_output


@wrong("masked_backward")
def minus_a_million(scores, mask, values, grad_output):
    p = scipy.special.softmax(np.where(mask, scores, -1e6), axis=-1)
    g = grad_output @ turned(np.nan_to_num(values))
    return p * (g - (p * g).sum(-1, keepdims=True)), turned(p) @ grad_output


@wrong("masked_backward")
def mask_turned_round(scores, mask, values, grad_output):
    p, _, _ = masked_parts(scores, ~mask, np.nan_to_num(values), grad_output)
    g = grad_output @ turned(np.nan_to_num(values))
    return p * (g - (p * g).sum(-1, keepdims=True)), turned(p) @ grad_output


@wrong("masked_backward")
def hidden_scores_get_something(scores, mask, values, grad_output):
    p, _, g = masked_parts(scores, mask, values, grad_output)
    return np.where(mask, p * (g - (p * g).sum(-1, keepdims=True)), 1e-6), turned(p) @ grad_output


@wrong("masked_backward")
def squeezed(scores, mask, values, grad_output):
    p, _, g = masked_parts(scores, mask, values, grad_output)
    return np.squeeze(p * (g - (p * g).sum(-1, keepdims=True))), np.squeeze(turned(p) @ grad_output)


@wrong("masked_backward")
def values_of_all_sets(scores, mask, values, grad_output):
    p, _, g = masked_parts(scores, mask, values, grad_output)
    of_values = turned(p) @ grad_output
    while of_values.ndim > 2:
        of_values = of_values.sum(0)
    return p * (g - (p * g).sum(-1, keepdims=True)), np.broadcast_to(of_values, values.shape).copy()


@wrong("masked_backward")
def clipped(scores, mask, values, grad_output):
    p, _, g = masked_parts(scores, mask, values, grad_output)
    return np.clip(p * (g - (p * g).sum(-1, keepdims=True)), -0.2, 0.2), turned(p) @ grad_output


@wrong("masked_backward")
def nan_in_the_values_gradient(scores, mask, values, grad_output):
    p, _, g = masked_parts(scores, mask, values, grad_output)
    return p * (g - (p * g).sum(-1, keepdims=True)), turned(p) @ grad_output + 0 * values


@wrong("masked_backward")
def no_shift(scores, mask, values, grad_output):
    e = np.where(mask, np.exp(scores), 0)
    total = e.sum(-1, keepdims=True)
    p = e / np.where(total == 0, 1, total)
    g = grad_output @ turned(np.where(mask.any(-2)[..., None], values, 0))
    return p * (g - (p * g).sum(-1, keepdims=True)), turned(p) @ grad_output


@wrong("masked_backward")
def changes_the_values(scores, mask, values, grad_output):
    values[np.isnan(values)] = 0
    p, _, g = masked_parts(scores, mask, values, grad_output)
    return p * (g - (p * g).sum(-1, keepdims=True)), turned(p) @ grad_output


@wrong("masked_backward")
def in_half_precision(scores, mask, values, grad_output):
    p, _, g = (a.astype(np.float16) for a in masked_parts(scores, mask, values, grad_output))
    return p * (g - (p * g).sum(-1, keepdims=True)), turned(p) @ grad_output


@right("masked_backward")
def by_the_library(scores, mask, values, grad_output):
    p = atn_np.masked_softmax(scores, mask)
    return atn_np.attend_backward(p, values, grad_output)


@right("masked_backward")
def by_pytorch(scores, mask, values, grad_output):
    s, v = (torch.tensor(a, requires_grad=True) for a in (scores, np.nan_to_num(values)))
    p = torch.softmax(s.masked_fill(torch.tensor(~mask), -1e300 if scores.dtype == np.float64 else -1e38), -1)
    p = torch.where(torch.tensor(mask), p, 0)
    found = torch.autograd.grad(((p @ v) * torch.tensor(grad_output)).sum(), (s, v))
    return tuple(g.numpy(force=True) for g in found)


@right("masked_backward")
def with_the_mask_twice(scores, mask, values, grad_output):
    p, _, g = masked_parts(scores, mask, values, grad_output)
    return np.where(mask, p * (g - (p * g).sum(-1, keepdims=True)), 0), turned(np.where(mask, p, 0)) @ grad_output


@right("masked_backward")
def in_float64(scores, mask, values, grad_output):
    scores, values, grad_output = (a.astype(np.float64) for a in (scores, values, grad_output))
    p, v, g = masked_parts(scores, mask, values, grad_output)
    return p * (g - (grad_output * (p @ v)).sum(-1, keepdims=True)), turned(p) @ grad_output


# 5.3 biased_additive_backward


def additive_parts(q, k, v, W, U, b, u, g):
    a = np.tanh((q @ W)[..., :, None, :] + (k @ U)[..., None, :, :] + b)
    p = scipy.special.softmax(a @ u, axis=-1)
    grad_p = g @ turned(v)
    s = p * (grad_p - (p * grad_p).sum(-1, keepdims=True))
    return a, p, grad_p, s, s[..., None] * u * (1 - a**2)


def additive_of(pairs, p, W, U, g):
    return pairs.sum(-2) @ W.T, pairs.sum(-3) @ U.T, turned(p) @ g, pairs.sum(tuple(range(pairs.ndim - 1)))


def additive_variant(change):
    def answer(q, k, v, W, U, b, u, g):
        a, p, grad_p, s, pairs = additive_parts(q, k, v, W, U, b, u, g)
        return change(a=a, p=p, grad_p=grad_p, s=s, pairs=pairs, q=q, k=k, v=v, W=W, U=U, b=b, u=u, g=g)

    return answer


ADDITIVE = {
    "relu": lambda a, p, s, u, W, U, g, **_: additive_of(s[..., None] * u * (a > 0), p, W, U, g),
    "squared u": lambda a, p, s, u, W, U, g, **_: additive_of(s[..., None] * u**2 * (1 - a**2), p, W, U, g),
    "sigmoid": lambda a, p, s, u, W, U, g, **_: additive_of(s[..., None] * u * a * (1 - a), p, W, U, g),
    "no softmax": lambda a, p, grad_p, u, W, U, g, **_: additive_of(
        grad_p[..., None] * u * (1 - a**2), p, W, U, g),
    "bias of the queries alone": lambda pairs, p, W, U, g, **_: (
        *additive_of(pairs, p, W, U, g)[:3], pairs.sum(-2).mean(tuple(range(pairs.ndim - 2)))),
    "no bias": lambda pairs, p, W, U, g, b, **_: (*additive_of(pairs, p, W, U, g)[:3], 0 * b),
    "bias as a sum of the scores": lambda pairs, p, s, W, U, g, b, **_: (
        *additive_of(pairs, p, W, U, g)[:3], np.full_like(b, s.sum())),
    "bias of the first set": lambda pairs, p, W, U, g, **_: (
        *additive_of(pairs, p, W, U, g)[:3],
        pairs.reshape(-1, *pairs.shape[-3:])[0].sum((0, 1))),
    "scaled": lambda pairs, p, W, U, g, q, **_: tuple(
        x / math.sqrt(q.shape[-1]) for x in additive_of(pairs, p, W, U, g)),
    "keys get the queries'": lambda pairs, p, W, U, g, **_: (
        pairs.sum(-2) @ W.T, np.broadcast_to(pairs.sum((-3, -2))[..., None, :] @ U.T,
                                             (*pairs.shape[:-3], pairs.shape[-2], U.shape[0])).copy(),
        turned(p) @ g, pairs.sum(tuple(range(pairs.ndim - 1)))),
    "cube": lambda a, p, s, u, W, U, g, **_: additive_of(s[..., None] * u * (1 - a**3), p, W, U, g),
    "twice the slope": lambda a, p, pairs, W, U, g, **_: additive_of(pairs * (1 - a**2), p, W, U, g),
    "values by the scores": lambda pairs, p, s, W, U, g, **_: (
        *additive_of(pairs, p, W, U, g)[:2], turned(s) @ g, pairs.sum(tuple(range(pairs.ndim - 1)))),
    "order": lambda pairs, p, W, U, g, **_: additive_of(pairs, p, W, U, g)[::-1],
    "small ones gone": lambda pairs, p, W, U, g, **_: tuple(
        np.where(abs(x) < 1e-2, 0, x) for x in additive_of(pairs, p, W, U, g)),
}  # fmt: skip
for change in ADDITIVE.values():
    wrong("biased_additive_backward")(additive_variant(change))
right("biased_additive_backward")(additive_variant(lambda pairs, p, W, U, g, **_: list(additive_of(pairs, p, W, U, g))))


@right("biased_additive_backward")
def additive_by_pytorch(*arguments):
    q, k, v, W, U, b, u, g = (torch.tensor(a, requires_grad=n in (0, 1, 2, 5)) for n, a in enumerate(arguments))
    scores = torch.tanh((q @ W)[..., :, None, :] + (k @ U)[..., None, :, :] + b) @ u
    found = torch.autograd.grad(((torch.softmax(scores, -1) @ v) * g).sum(), (q, k, v, b))
    return tuple(x.numpy(force=True) for x in found)


@right("biased_additive_backward")
def additive_in_float64(*arguments):
    q, k, v, W, U, b, u, g = (a.astype(np.float64) for a in arguments)
    _, p, _, _, pairs = additive_parts(q, k, v, W, U, b, u, g)
    return additive_of(pairs, p, W, U, g)


# 5.4 numerical_gradient


def slopes_by(quotient, wide=np.float64, step=lambda entry: 1e-5 * max(1.0, abs(entry))):
    def answer(function, x):
        x = np.array(x, wide)
        found = np.empty_like(x)
        for place in np.ndindex(x.shape):
            h = step(x[place])
            nudge = np.zeros_like(x)
            nudge[place] = h
            found[place] = quotient(function, x, nudge, h)
        return found

    return answer


def central(f, x, n, h):
    return (f(x + n) - f(x - n)) / (2 * h)


NUMERICAL = {
    "backwards": slopes_by(lambda f, x, n, h: (f(x) - f(x - n)) / h, step=lambda e: 1e-4 * max(1, abs(e))),
    "forwards": slopes_by(lambda f, x, n, h: (f(x + n) - f(x)) / h),
    "tiny": slopes_by(central, step=lambda e: 1e-11),
    "absolute": slopes_by(central, step=lambda e: 1e-9),
    "large": slopes_by(central, step=lambda e: 0.01 * max(1, abs(e))),
    "relative alone": slopes_by(central, step=lambda e: 1e-5 * abs(e) / 1e4),
    "narrow": slopes_by(central, wide=np.float32, step=lambda e: np.float32(1e-3 * max(1, abs(e)))),
    "divided by 4": slopes_by(lambda f, x, n, h: central(f, x, n, h) / 2),
    "absolute value": slopes_by(lambda f, x, n, h: abs(central(f, x, n, h))),
    "second": slopes_by(lambda f, x, n, h: (f(x + n) - 2 * f(x) + f(x - n)) / h**2, step=lambda e: 1e-3),
    "directional": lambda f, x: np.full(x.shape, central(f, x.astype(float), 1e-5 * np.ones(x.shape), 1e-5)),
    "rounded": lambda f, x: np.round(slopes_by(central)(f, x), 3),
    "normalised": lambda f, x: (lambda g: g / np.linalg.norm(g))(slopes_by(central)(f, x)),
    "turned": lambda f, x: slopes_by(central)(f, x).T.copy(),
    "first axis": lambda f, x: slopes_by(central)(f, np.atleast_1d(x)[:1]),
    "own function": lambda f, x: np.cos(x),
    "list": lambda f, x: slopes_by(central)(f, x).tolist(),
}
for answer in NUMERICAL.values():
    wrong("numerical_gradient")(answer)


@right("numerical_gradient")
def put_back(function, x):
    moved = np.array(x, np.float64)
    slopes = np.zeros(moved.shape)
    for place in np.ndindex(moved.shape):
        kept = moved[place]
        h = 2**-17 * max(1.0, abs(kept))
        moved[place] = kept + h
        up = function(moved)
        moved[place] = kept - h
        slopes[place] = (up - function(moved)) / (2 * h)
        moved[place] = kept
    return slopes


@right("numerical_gradient")
def of_every_size(function, x):
    return slopes_by(central, step=lambda e: 1e-5 * (1 + abs(e)))(function, x)


@right("numerical_gradient")
def in_longdouble(function, x):
    return slopes_by(central, wide=np.longdouble)(function, x).astype(np.float64)


@right("numerical_gradient")
def one_flat_list(function, x):
    flat = x.astype(np.float64).ravel()
    cube = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1, abs(flat))
    found = []
    for n in range(len(flat)):
        ends = [flat.copy(), flat.copy()]
        ends[0][n] += cube[n]
        ends[1][n] -= cube[n]
        found.append((function(ends[0].reshape(x.shape)) - function(ends[1].reshape(x.shape))) / (2 * cube[n]))
    return np.reshape(found, x.shape)


# 5.6 merge


def shares(a, b):
    with np.errstate(all="ignore"):
        total = np.logaddexp(a, b)
        ground = np.where(np.isneginf(total), 0, total).astype(total.dtype)
        return np.exp(a - ground)[..., None], np.exp(b - ground)[..., None], total


MERGE = {
    "no total": lambda f, a, s, b: (lambda p, q, t: (p * f + q * s, a))(*shares(a, b)),
    "log of the mean": lambda f, a, s, b: (lambda p, q, t: (p * f + q * s, t - math.log(2)))(*shares(a, b)),
    "larger wins": lambda f, a, s, b: (np.where((a > b)[..., None], f, s), np.logaddexp(a, b)),
    "added": lambda f, a, s, b: (f + s, np.logaddexp(a, b)),
    "half of each": lambda f, a, s, b: ((f + s) / 2, np.logaddexp(a, b)),
    "exp of both": lambda f, a, s, b: (
        (f * np.exp(a)[..., None] + s * np.exp(b)[..., None]) / (np.exp(a) + np.exp(b))[..., None],
        np.log(np.exp(a) + np.exp(b))),
    "sigmoid the other way": lambda f, a, s, b: (
        lambda p: ((1 - p) * f + p * s, np.logaddexp(a, b)))(scipy.special.expit(a - b)[..., None]),
    "sigmoid": lambda f, a, s, b: (lambda p: (p * f + (1 - p) * s, np.logaddexp(a, b)))(
        scipy.special.expit(a - b)[..., None]),
    "base 2": lambda f, a, s, b: (lambda p, q, t: (p * f + q * s, np.logaddexp2(a, b)))(*shares(a, b)),
    "one share for all": lambda f, a, s, b: (lambda p, q, t: (p.mean() * f + q.mean() * s, t))(*shares(a, b)),
    "zero for nothing": lambda f, a, s, b: (
        lambda p, q, t: (p * f + q * s, np.where(np.isneginf(t), 0, t)))(*shares(a, b)),
    "nan to num": lambda f, a, s, b: (lambda p, q, t: (p * f + q * s, np.nan_to_num(t)))(*shares(a, b)),
    "clipped": lambda f, a, s, b: (lambda p, q, t: (p * f + q * s, t))(*shares(np.clip(a, -50, 50), np.clip(b, -50, 50))),
    "exchanged": lambda f, a, s, b: (lambda p, q, t: (t, p * f + q * s))(*shares(a, b)),
    "totals kept": lambda f, a, s, b: (lambda p, q, t: (p * f + q * s, t[..., None]))(*shares(a, b)),
    "unweighted total": lambda f, a, s, b: (lambda p, q, t: (p * f + q * s, np.maximum(a, b) + math.log(2)))(*shares(a, b)),
}  # fmt: skip
for answer in MERGE.values():
    wrong("merge")(answer)


@right("merge")
def in_float64_too(first, first_total, second, second_total):
    p, q, total = shares(first_total.astype(float), second_total.astype(float))
    return p * first + q * second, total


@right("merge")
def sigmoid_and_nothing(first, first_total, second, second_total):
    gone = np.isneginf(first_total) & np.isneginf(second_total)
    a, b = (np.where(gone, 0, t).astype(t.dtype) for t in (first_total, second_total))
    p = scipy.special.expit(a - b)[..., None]
    q = scipy.special.expit(b - a)[..., None]
    output = np.where(gone[..., None], 0, p * first + q * second).astype(first.dtype)
    return output, np.logaddexp(first_total, second_total)


@right("merge")
def second_first(first, first_total, second, second_total):
    q, p, total = shares(second_total, first_total)
    return [q * second + p * first, total]


# 5.7 backward_by_queries


def round_by_round(queries, keys, values, grad_output, rows, change=lambda n, s, p: (s, p), last=None, scale=None):
    c = queries.shape[-1] ** -0.5 if scale is None else scale
    of_q, of_k, of_v = (np.zeros_like(a) for a in (queries, keys, values))
    for n, start in enumerate(range(0, len(queries) if last is None else last(len(queries), rows), rows)):
        part = slice(start, start + rows)
        p = scipy.special.softmax(queries[part] @ keys.T * c, axis=-1)
        g = grad_output[part] @ values.T
        s, p = change(n, p * (g - (p * g).sum(-1, keepdims=True)) * c, p)
        of_q[part] = s @ keys
        of_k += s.T @ queries[part]
        of_v += p.T @ grad_output[part]
    return of_q, of_k, of_v


def at_once(q, k, v, g, rows):
    return round_by_round(q, k, v, g, len(q))


BY_QUERIES = {
    "at once": at_once,
    "all the keys' weights kept": lambda q, k, v, g, rows: (
        lambda p: round_by_round(q, k, v, g, rows))(scipy.special.softmax(q @ k.T, axis=-1)),
    "one round": lambda q, k, v, g, rows: round_by_round(q, k, v, g, rows, last=lambda T, r: min(T, r)),
    "last round gone": lambda q, k, v, g, rows: round_by_round(q, k, v, g, rows, last=lambda T, r: T // r * r),
    "first round twice": lambda q, k, v, g, rows: tuple(
        a + (b if n else 0) for n, (a, b) in enumerate(zip(
            round_by_round(q, k, v, g, rows), round_by_round(q[:rows], k, v, g[:rows], rows), strict=True))),
    "mean of the rounds": lambda q, k, v, g, rows: (lambda n, f: (f[0], f[1] / n, f[2] / n))(
        -(-len(q) // rows), round_by_round(q, k, v, g, rows)),
    "scale of the rows": lambda q, k, v, g, rows: round_by_round(q, k, v, g, rows, scale=rows**-0.5),
    "scale of the keys": lambda q, k, v, g, rows: round_by_round(q, k, v, g, rows, scale=len(k) ** -0.5),
    "scale of the values": lambda q, k, v, g, rows: round_by_round(q, k, v, g, rows, scale=v.shape[1] ** -0.5),
    "no softmax": lambda q, k, v, g, rows: round_by_round(q, k, v, g, rows, change=lambda n, s, p: (p, p)),
    "signs change": lambda q, k, v, g, rows: round_by_round(
        q, k, v, g, rows, change=lambda n, s, p: (s * (-1) ** n, p)),
    "values by the scores": lambda q, k, v, g, rows: round_by_round(q, k, v, g, rows, change=lambda n, s, p: (s, s)),
    "exchanged": lambda q, k, v, g, rows: (lambda f: (f[1], f[0], f[2]))(round_by_round(q, k, v, g, rows)),
    "two of them": lambda q, k, v, g, rows: round_by_round(q, k, v, g, rows)[:2],
    "changes grad_output": lambda q, k, v, g, rows: (
        g.__imul__(1.0 + 1e-9), round_by_round(q, k, v, g, rows))[1],
    "list of rows": lambda q, k, v, g, rows: (
        lambda f: (f[0].tolist(), f[1], f[2]))(round_by_round(q, k, v, g, rows)),
}  # fmt: skip
for answer in BY_QUERIES.values():
    wrong("backward_by_queries")(answer)
right("backward_by_queries")(round_by_round)
right("backward_by_queries")(lambda q, k, v, g, rows: round_by_round(q, k, v, g, max(1, rows // 2)))


@right("backward_by_queries")
def by_the_librarys_backward(queries, keys, values, grad_output, rows):
    parts, of_k, of_v = [], 0, 0
    for start in range(0, len(queries), rows):
        q, g = queries[start : start + rows], grad_output[start : start + rows]
        _, p = atn_np.scaled_dot_product_attention(q, keys, values)
        of_q, more_k, more_v = atn_np.scaled_dot_product_attention_backward(q, keys, values, p, g)
        parts.append(of_q)
        of_k, of_v = of_k + more_k, of_v + more_v
    return np.vstack(parts), of_k, of_v


@right("backward_by_queries")
def by_the_chapters_chunks(queries, keys, values, grad_output, rows):
    output, totals = atn_np.chunked_attention(queries, keys, values, chunk=4)
    return atn_np.chunked_attention_backward(queries, keys, values, output, totals, grad_output, chunk=4)


# 5.8 entropy_gradient


def with_logs(scores):
    p = scipy.special.softmax(scores, axis=-1)
    return p, np.log(np.where(p > 0, p, 1)).astype(p.dtype)


def centred(p, x):
    return p * (x - (p * x).sum(-1, keepdims=True))


ENTROPY = {
    "entropy": lambda s: (lambda p, log_p: -p * log_p)(*with_logs(s)),
    "minus": lambda s: (lambda p, log_p: centred(p, log_p))(*with_logs(s)),
    "twice": lambda s: (lambda p, log_p: -2 * centred(p, log_p))(*with_logs(s)),
    "of p": lambda s: (lambda p, log_p: -log_p - 1)(*with_logs(s)),
    "plain mean": lambda s: (lambda p, log_p: -p * (log_p - log_p.mean(-1, keepdims=True)))(*with_logs(s)),
    "log 2": lambda s: (lambda p, log_p: -centred(p, log_p) / math.log(2))(*with_logs(s)),
    "scores for logs": lambda s: centred(scipy.special.softmax(s, axis=-1), s),
    "one entropy for all": lambda s: (lambda p, log_p: -p * (log_p - (p * log_p).sum() / max(1, p[..., 0].size)))(*with_logs(s)),
    "of all": lambda s: (lambda p, log_p: -p * (log_p - (p * log_p).sum()))(*with_logs(s)),
    "collision": lambda s: (lambda p, log_p: centred(p, -2 * p))(*with_logs(s)),
    "small": lambda s: (lambda p: -centred(p, np.log(p + 1e-6)))(scipy.special.softmax(s, axis=-1)),
    "no shift": lambda s: (lambda p: -centred(p, np.log(p)))(np.exp(s) / np.exp(s).sum(-1, keepdims=True)),
    "nan to num": lambda s: np.nan_to_num((lambda p: -centred(p, np.log(p)))(scipy.special.softmax(s, axis=-1))),
    "axis 0": lambda s: (lambda p, log_p: -p * (log_p - (p * log_p).sum(0, keepdims=True)))(*with_logs(s)),
    "normalised": lambda s: (lambda p, log_p: -centred(p, log_p) / math.log(s.shape[-1] + 1))(*with_logs(s)),
    "no factor": lambda s: (lambda p, log_p: -(log_p - (p * log_p).sum(-1, keepdims=True)))(*with_logs(s)),
    "squeezed": lambda s: (lambda p, log_p: np.squeeze(-centred(p, log_p)))(*with_logs(s)),
}  # fmt: skip
for answer in ENTROPY.values():
    wrong("entropy_gradient")(answer)
right("entropy_gradient")(lambda s: -centred(*with_logs(s)))
right("entropy_gradient")(lambda s: -centred(*with_logs(s.astype(np.float64))))
right("entropy_gradient")(lambda s: (lambda p, log_p: -centred(p, log_p + 1))(*with_logs(s.astype(np.float64))))


@right("entropy_gradient")
def by_jacobian(scores):
    p, logs = with_logs(scores)
    jacobian = p[..., :, None] * (np.eye(p.shape[-1], dtype=p.dtype) - p[..., None, :])
    return (jacobian @ -logs[..., None])[..., 0]


# 5.10 attention_along


def along_parts(q, k, v, dq, dk, dv):
    c = q.shape[-1] ** -0.5
    p = scipy.special.softmax(q @ turned(k) * c, axis=-1)
    return p, (dq @ turned(k)) * c, (q @ turned(dk)) * c


def along(change):
    def answer(q, k, v, dq, dk, dv):
        p, one, other = along_parts(q, k, v, dq, dk, dv)
        return change(p=p, a=one, b=other, q=q, k=k, v=v, dq=dq, dk=dk, dv=dv)

    return answer


def move(p, s):
    return p * (s - (p * s).sum(-1, keepdims=True))


ALONG = {
    "forward": lambda p, v, **_: p @ v,
    "moved forward": lambda q, k, v, dq, dk, dv, **_: along_parts(q + dq, k + dk, v, 0 * q, 0 * k, 0 * v)[0] @ (v + dv),
    "no values": lambda p, a, b, v, **_: move(p, a + b) @ v,
    "values alone": lambda p, dv, **_: p @ dv,
    "minus": lambda p, a, b, v, dv, **_: move(p, a - b) @ v + p @ dv,
    "twice": lambda p, a, b, v, dv, **_: 2 * (move(p, a + b) @ v + p @ dv),
    "second order": lambda p, a, b, v, dv, **_: move(p, a + b) @ (v + dv) + p @ dv,
    "difference of 1e-3": lambda q, k, v, dq, dk, dv, **_: (
        along_parts(q + 1e-3 * dq, k + 1e-3 * dk, v, 0 * q, 0 * k, 0 * v)[0] @ (v + 1e-3 * dv)
        - along_parts(q, k, v, 0 * q, 0 * k, 0 * v)[0] @ v) / 1e-3,
    "difference of 1e-6": lambda q, k, v, dq, dk, dv, **_: (
        along_parts(q + 1e-6 * dq, k + 1e-6 * dk, v, 0 * q, 0 * k, 0 * v)[0] @ (v + 1e-6 * dv)
        - along_parts(q - 1e-6 * dq, k - 1e-6 * dk, v, 0 * q, 0 * k, 0 * v)[0] @ (v - 1e-6 * dv)) / 2e-6,
    "softmax of the change": lambda p, a, b, v, dv, **_: scipy.special.softmax(a + b, axis=-1) @ v + p @ dv,
    "scale of the keys": lambda p, a, b, v, dv, q, k, **_: (
        move(p, (a + b) * math.sqrt(q.shape[-1] / k.shape[-2] / 1.1)) @ v + p @ dv),
    "over the queries": lambda p, a, b, v, dv, **_: (
        p * (a + b - (p * (a + b)).sum(-2, keepdims=True))) @ v + p @ dv,
    "plain values' change": lambda p, a, b, v, dv, **_: move(p, a + b) @ v + dv.mean(-2, keepdims=True),
    "backward instead": lambda p, a, b, v, dv, **_: move(p, (p @ dv) @ turned(v)) @ v + p @ dv,
    "list": lambda p, a, b, v, dv, **_: (move(p, a + b) @ v + p @ dv).tolist(),
    "squeezed": lambda p, a, b, v, dv, **_: np.squeeze(move(p, a + b) @ v + p @ dv),
}  # fmt: skip
for change in ALONG.values():
    wrong("attention_along")(along(change))
right("attention_along")(along(lambda p, a, b, v, dv, **_: move(p, a) @ v + move(p, b) @ v + p @ dv))
right("attention_along")(along(lambda p, a, b, v, dv, **_: move(p, a + b) @ (v - v.mean(-2, keepdims=True)) + p @ dv))


@right("attention_along")
def by_pytorchs_jvp(*arguments):
    def attention(q, k, v):
        return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v

    tensors = tuple(torch.tensor(a) for a in arguments)
    return torch.autograd.functional.jvp(attention, tensors[:3], tensors[3:])[1].numpy(force=True)
