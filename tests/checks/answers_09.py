"""Answers to the exercises of chapter 09: right ones written otherwise, and wrong ones that are on no list."""

from itertools import pairwise

import numpy as np
import scipy.special

from attention.numpy import additive_attention
from tests.checks.register import Answers

answers = Answers("09")
right, wrong = answers.right, answers.wrong


# 9.1 embedding_backward


@right("embedding_backward")
def by_one_hot(tokens, upstream, vocabulary):
    one_hot = np.eye(vocabulary, dtype=upstream.dtype)[tokens.ravel()]
    return one_hot.T @ upstream.reshape(-1, upstream.shape[-1])


@right("embedding_backward")
def in_loops(tokens, upstream, vocabulary):
    gradient = np.zeros((vocabulary, upstream.shape[-1]), upstream.dtype)
    for place in np.ndindex(tokens.shape):
        gradient[tokens[place]] += upstream[place]
    return gradient


@wrong("embedding_backward", "the scale", "2 times what it should be")
def twice(tokens, upstream, vocabulary):
    return 2 * by_one_hot(tokens, upstream, vocabulary)


@wrong("embedding_backward", "the shape", "Expected (4, 3), one row for each piece of the vocabulary; got (2, 3)")
def only_what_was_read(tokens, upstream, vocabulary):
    return upstream.copy()


# 9.2 gru_step


def _next(input_gates, state_gates, state):
    x, h = np.split(input_gates, 3, -1), np.split(state_gates, 3, -1)
    r, z = scipy.special.expit(x[0] + h[0]), scipy.special.expit(x[1] + h[1])
    n = np.tanh(x[2] + r * h[2])
    return n + z * (state - n)


@right("gru_step")
def the_old_state_pulled(input_gates, state_gates, state):
    return _next(input_gates, state_gates, state)


@right("gru_step")
def unit_by_unit(input_gates, state_gates, state):
    E, new = state.shape[-1], np.empty_like(state)
    for i in np.ndindex(state.shape):
        *b, e = i
        x, h = input_gates[tuple(b)], state_gates[tuple(b)]
        r, z = (scipy.special.expit(x[k] + h[k]) for k in (e, E + e))
        new[i] = (1 - z) * np.tanh(x[2 * E + e] + r * h[2 * E + e]) + z * state[i]
    return new


@right("gru_step", "pytorch")
def by_the_cell(input_gates, state_gates, state):
    import torch

    r, z = torch.sigmoid(input_gates + state_gates).chunk(3, -1)[:2]
    n = torch.tanh(input_gates.chunk(3, -1)[2] + r * state_gates.chunk(3, -1)[2])
    return torch.lerp(n, state, z)


@wrong("gru_step", "the scale", "2 times what it should be")
def doubled(input_gates, state_gates, state):
    return 2 * _next(input_gates, state_gates, state)


@wrong("gru_step", "the shape", "got (1, 6)")
def never_cut(input_gates, state_gates, state):
    return np.tanh(input_gates + state_gates)


# 9.3 look_back


@right("look_back")
def by_the_library(state, states, mask, query_weight, key_weight, score_weight):
    weights = (query_weight, key_weight, score_weight)
    context, looked = additive_attention(state[:, None], states, states, *weights, mask[:, None])
    return context[:, 0], looked[:, 0]


@right("look_back")
def sentence_by_sentence(state, states, mask, query_weight, key_weight, score_weight):
    contexts, rows = [], []
    for query, keys, there in zip(state, states, mask, strict=True):
        scores = np.array([np.tanh(query @ query_weight + key @ key_weight) @ score_weight for key in keys])
        row = np.zeros_like(scores)
        row[there] = scipy.special.softmax(scores[there])
        contexts.append(row @ keys)
        rows.append(row)
    return np.stack(contexts).astype(states.dtype), np.stack(rows).astype(states.dtype)


@wrong("look_back", "the results", "Expected 2 results, context and weights")
def the_context_alone(*arguments):
    return by_the_library(*arguments)[0]


@wrong("look_back", "the shape", "context: Expected (1, 4)")
def not_averaged(state, states, mask, query_weight, key_weight, score_weight):
    _, weights = by_the_library(state, states, mask, query_weight, key_weight, score_weight)
    return weights[..., None] * states, weights


@wrong("look_back", "the numbers", "the context should be [[0.43,")
def a_sigmoid_for_softmax(state, states, mask, query_weight, key_weight, score_weight):
    scores = np.tanh((state @ query_weight)[:, None] + states @ key_weight) @ score_weight
    weights = scipy.special.expit(scores) * mask
    return (weights[:, None] @ states)[:, 0], weights


# 9.4 teacher_forced_loss


@right("teacher_forced_loss")
def token_by_token(table, target):
    losses = []
    for sentence in target:
        for seen, wanted in pairwise(sentence):
            if wanted:
                losses.append(scipy.special.logsumexp(table[seen]) - table[seen, wanted])
    return np.mean(losses).astype(table.dtype)


@right("teacher_forced_loss")
def with_weights(table, target):
    log_p = scipy.special.log_softmax(table, axis=1)
    return -np.average(log_p[target[:, :-1], target[:, 1:]], weights=(target[:, 1:] > 0).astype(table.dtype))


@wrong("teacher_forced_loss", "the numbers", "the result should be 3.07, yours is −3.07")
def without_the_sign(table, target):
    return -with_weights(table, target)


@wrong("teacher_forced_loss", "the numbers", "the result should be 3.07, yours is 4.43")
def in_bits(table, target):
    return with_weights(table, target) / np.log(2)


# 9.5 bleu_by_hand


@right("bleu_by_hand")
def as_decimals():
    return [0.8571, 0.6667, 0.4, 0.25, 42.38]


@right("bleu_by_hand")
def as_an_array():
    return np.array([6 / 7, 2 / 3, 2 / 5, 1 / 4, 100 * np.exp(-1 / 7) * (2 / 35) ** 0.25])


@wrong("bleu_by_hand", "the shape", "Expected (5,), the four shares and the score; got (4,)")
def without_the_score():
    return [6 / 7, 4 / 6, 2 / 5, 1 / 4]


@wrong("bleu_by_hand", "the numbers", "0.857")
def one_pair_missed():
    return [6 / 7, 3 / 6, 2 / 5, 1 / 4, 100 * np.exp(-1 / 7) * (3 / 70) ** 0.25]
