"""A model of language written again: a token at a time, all before it anew, on the slow blocks."""

import math

import numpy as np

from attention.weights.parts import part
from tests.core import slow_blocks


def logits(weights, heads, tokens):
    """Tokens (B, T) to (B, T, V)."""
    found = np.empty((*tokens.shape, len(weights["embedding"])))
    for b, row in enumerate(tokens):
        for t in range(len(row)):
            found[b, t] = last(weights, heads, row[: t + 1])
    return found


def last(weights, heads, tokens):
    """The logits (V,) of what comes after all these tokens (T,)."""
    table, T, number = weights["embedding"], len(tokens), 0
    x = np.array([math.sqrt(table.shape[1]) * table[token] for token in tokens])
    mask = np.array([[j <= i for j in range(T)] for i in range(T)])
    while block := part(weights, f"blocks.{number}"):
        x, _ = slow_blocks.encoder_block(block, heads, True, x, mask=mask, positions=np.arange(T))
        number += 1
    row = slow_blocks.norm(x, part(weights, "norm"))[-1]
    return np.array([row @ table[v] for v in range(len(table))])


def write(weights, heads, tokens, limit, draws=None, temperature=1.0):
    """What is written behind tokens (T,), a list."""
    whole = list(tokens)
    for n in range(limit):
        scores = last(weights, heads, np.array(whole)) / temperature
        if draws is None:
            whole.append(int(scores.argmax()))
        else:
            p = np.exp(scores - scores.max())
            total, token = 0.0, 0
            while token < len(p) - 1 and (total := total + p[token] / math.fsum(p)) <= draws[n]:
                token += 1
            whole.append(token)
        if whole[-1] == 2:
            break
    return whole[len(tokens) :]
