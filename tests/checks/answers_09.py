"""Answers to the exercises of chapter 09: right ones written otherwise, and wrong ones that are on no list."""

from itertools import pairwise

import numpy as np
import scipy.special

from tests.checks.register import Answers

answers = Answers("09")
right, wrong = answers.right, answers.wrong


# 9.1 cut


@right("cut")
def by_the_lowest_rank(tokens, merges):
    """As tokenizers do it: always the earliest merge that is possible, at its first place."""
    rank, pieces = {tuple(pair): k for k, pair in reversed([*enumerate(merges)])}, list(tokens)
    while possible := [(rank[pair], i) for i, pair in enumerate(pairwise(pieces)) if pair in rank]:
        k, i = min(possible)
        pieces[i : i + 2] = [256 + k]
    return pieces


@right("cut")
def as_an_array(tokens, merges):
    pieces = np.array(tokens, dtype=int)
    for k, (a, b) in enumerate(merges):
        i = 0
        while i < len(pieces) - 1:
            if pieces[i] == a and pieces[i + 1] == b:
                pieces = np.concatenate([pieces[:i], [256 + k], pieces[i + 2 :]])
            i += 1
    return pieces


@right("cut")
def by_text(tokens, merges):
    text = "".join(map(chr, tokens))
    for k, (a, b) in enumerate(merges):
        text = text.replace(chr(a) + chr(b), chr(256 + k))
    return tuple(map(ord, text))


@wrong("cut", "the result", "the result should be")
def letters_kept(tokens, merges):
    return [piece for piece in by_the_lowest_rank(tokens, merges) if piece < 256]


@wrong("cut", "the result", "the result should be")
def overlapping(tokens, merges):
    for k, pair in enumerate(merges):
        tokens = [256 + k if (a, b) == tuple(pair) else a for a, b in pairwise([*tokens, None])]
    return tokens


# 9.2 reset_first


def _next(input_gates, state, state_weight):
    x, U = np.split(input_gates, 3, -1), np.split(state_weight, 3, -1)
    r, z = scipy.special.expit(x[0] + state @ U[0]), scipy.special.expit(x[1] + state @ U[1])
    n = np.tanh(x[2] + (r * state) @ U[2])
    return n + z * (state - n)


@right("reset_first")
def the_old_state_pulled(input_gates, state, state_weight):
    return _next(input_gates, state, state_weight)


@right("reset_first")
def sentence_by_sentence(input_gates, state, state_weight):
    N = state.shape[-1]
    rows = []
    for x, h in zip(input_gates, state, strict=True):
        r, z = (1 / (1 + np.exp(-(x[: 2 * N] + h @ state_weight[:, : 2 * N])))).reshape(2, N)
        rows.append((1 - z) * np.tanh(x[2 * N :] + (r * h) @ state_weight[:, 2 * N :]) + z * h)
    return np.stack(rows)


@right("reset_first", "pytorch")
def by_lerp(input_gates, state, state_weight):
    import torch

    N = state.shape[-1]
    r, z = torch.sigmoid(input_gates[:, : 2 * N] + state @ state_weight[:, : 2 * N]).split(N, dim=-1)
    n = torch.tanh(torch.addmm(input_gates[:, 2 * N :], r * state, state_weight[:, 2 * N :]))
    return torch.lerp(n, state, z)


@wrong("reset_first", "the scale", "2 times what it should be")
def doubled(input_gates, state, state_weight):
    return 2 * _next(input_gates, state, state_weight)


@wrong("reset_first", "the shape", "Expected")
def turned(input_gates, state, state_weight):
    return _next(input_gates, state, state_weight).T


# 9.3 look_with_coverage


@right("look_with_coverage")
def one_by_one(query, keys, states, mask, covered, u, v):
    contexts, rows = [], []
    for q, k, h, there, seen in zip(query, keys, states, mask, covered, strict=True):
        row = np.zeros_like(seen)
        scores = np.array([np.tanh(q + k[i] + seen[i] * u) @ v for i in range(len(k))])
        row[there] = scipy.special.softmax(scores[there])
        contexts.append(row @ h)
        rows.append(row)
    weights = np.stack(rows)
    return np.stack(contexts), weights, covered + weights


@right("look_with_coverage")
def by_einsum(query, keys, states, mask, covered, u, v):
    hidden = keys + np.einsum("bs,a->bsa", covered, u) + query[:, None, :]
    scores = np.where(mask, np.tanh(hidden) @ v, -np.inf)
    weights = scipy.special.softmax(scores, axis=1)
    return np.einsum("bs,bsn->bn", weights, states), weights, weights + covered


@wrong("look_with_coverage", "the results", "Expected 3 results, context and weights and coverage")
def the_context_alone(*arguments):
    return one_by_one(*arguments)[0]


@wrong("look_with_coverage", "the shape", "context: Expected")
def not_averaged(*arguments):
    _, weights, coverage = one_by_one(*arguments)
    return weights[..., None] * arguments[2], weights, coverage


@wrong("look_with_coverage", "the numbers", "context")
def a_sigmoid_for_softmax(query, keys, states, mask, covered, u, v):
    weights = scipy.special.expit(np.tanh(query[:, None] + keys + covered[..., None] * u) @ v) * mask
    return (weights[:, None] @ states)[:, 0], weights, covered + weights


# 9.4 teacher_forced_loss


@right("teacher_forced_loss")
def token_by_token(table, target):
    losses = []
    for sentence in target:
        for seen, wanted in pairwise(sentence):
            if wanted:
                losses.append(scipy.special.logsumexp(table[seen]) - table[seen, wanted])
    return float(np.mean(losses))


@right("teacher_forced_loss")
def with_weights(table, target):
    log_p = scipy.special.log_softmax(table, axis=1)
    return -np.average(log_p[target[:, :-1], target[:, 1:]], weights=(target[:, 1:] > 0).astype(table.dtype))


@wrong("teacher_forced_loss", "the numbers", "the result should be")
def perplexity(table, target):
    return np.exp(with_weights(table, target))


@wrong("teacher_forced_loss", "the shape", "Expected (), a single number")
def not_averaged_at_all(table, target):
    return -scipy.special.log_softmax(table, axis=1)[target[:, :-1], target[:, 1:]]


# 9.5 bleu_by_hand


@right("bleu_by_hand")
def as_decimals():
    return [0.8571, 0.6667, 0.4, 0.25, 42.38]


@right("bleu_by_hand")
def as_computed():
    return np.array([6 / 7, 2 / 3, 2 / 5, 1 / 4, 100 * np.exp(-1 / 7) * (2 / 35) ** 0.25])


@wrong("bleu_by_hand", "the shape", "Expected (5,), the four precisions and BLEU; got (4,)")
def without_the_score():
    return [6 / 7, 4 / 6, 2 / 5, 1 / 4]


@wrong("bleu_by_hand", "the numbers", "wrong is what stands at [1], [4]")
def one_pair_missed():
    return [6 / 7, 3 / 6, 2 / 5, 1 / 4, 100 * np.exp(-1 / 7) * (3 / 70) ** 0.25]


# 9.6 grow


@right("grow")
def by_partition(total, log_p, done):
    B, K, V = log_p.shape
    log_p = log_p.copy()
    log_p[done] = -np.inf
    log_p[done, 0] = 0
    candidates = (total[:, :, None] + log_p).reshape(B, -1)
    best = np.argpartition(-candidates, K - 1, axis=1)[:, :K]
    sums = np.take_along_axis(candidates, best, 1)
    order = np.argsort(-sums, axis=1)
    best = np.take_along_axis(best, order, 1)
    return np.take_along_axis(sums, order, 1), best // V, best % V


@right("grow")
def with_tuples(total, log_p, done):
    results = []
    for b in range(len(total)):
        found = []
        for k in range(total.shape[1]):
            for v in range(log_p.shape[2]):
                if not done[b, k]:
                    found.append((total[b, k] + log_p[b, k, v], k, v))
            if done[b, k]:
                found.append((total[b, k], k, 0))
        results.append(sorted(found, reverse=True)[: total.shape[1]])
    sums, parent, token = np.moveaxis(np.array(results), -1, 0)
    return sums, parent.astype(int), token.astype(np.int32)


@wrong("grow", "the results", "Expected 3 results, total and parent and token")
def totals_alone(total, log_p, done):
    return by_partition(total, log_p, done)[0]


@wrong("grow", "the numbers", "parent")
def place_for_beam(total, log_p, done):
    sums, parent, token = by_partition(total, log_p, done)
    return sums, parent * log_p.shape[2] + token, token
