"""The blocks of a Transformer, written again row by row, on the slow heads."""

import math

import numpy as np

from attention.weights.parts import part
from tests.core import slow_heads


def norm(x, weights):
    y = np.empty_like(x)
    for row in np.ndindex(x.shape[:-1]):
        mean = math.fsum(x[row]) / len(x[row])
        spread = math.fsum((x[row] - mean) ** 2) / len(x[row])
        y[row] = (x[row] - mean) / math.sqrt(spread + 1e-5) * weights["scale"] + weights["shift"]
    return y


def network(x, weights):
    y = np.empty_like(x)
    for row in np.ndindex(x.shape[:-1]):
        hidden = x[row] @ weights["hidden_weight"] + weights["hidden_bias"]
        hidden[hidden < 0] = 0
        y[row] = hidden @ weights["output_weight"] + weights["output_bias"]
    return y


def encoder_block(weights, heads, norm_first, x, **options):
    return block(weights, heads, norm_first, x, [("attention", None, options)])


def decoder_block(weights, heads, norm_first, x, memory, mask=None, memory_mask=None, bias=None, positions=None,
                  need_weights=True):  # fmt: skip
    own = {"mask": mask, "bias": bias, "positions": positions}
    of_memory = {"mask": memory_mask, "need_weights": need_weights}
    return block(weights, heads, norm_first, x, [("attention", None, own), ("memory", memory, of_memory)])


def block(weights, heads, norm_first, x, looks):
    parts = lambda name: part(weights, name)
    around = lambda name, x, f: (
        x + f(norm(x, parts(f"{name}_norm"))) if norm_first else norm(x + f(x), parts(f"{name}_norm"))
    )
    for name, memory, options in looks:
        layer, seen = slow_heads.MultiHeadAttention(parts(name), heads), []

        def look(rows, memory=memory, layer=layer, options=options, seen=seen):
            sources = rows if memory is None else memory
            output, p = layer(rows, sources, sources, **options)
            seen.append(p)
            return output

        x = around(name, x, look)
    return around("feed_forward", x, lambda rows: network(rows, parts("feed_forward"))), seen[0]
