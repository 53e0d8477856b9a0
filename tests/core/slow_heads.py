"""Attention with several heads, written again as slowly as it reads: head by head, with what tests/slow.py has."""

import math

import numpy as np

from tests import slow


def split_heads(x, heads):
    D = x.shape[-1] // heads
    return np.stack([x[..., h * D : (h + 1) * D] for h in range(heads)], axis=-3)


def merge_heads(x):
    return np.concatenate([x[..., h, :, :] for h in range(x.shape[-3])], axis=-1)


def rotate(x, positions):
    """Features 2d and 2d + 1 of row t, turned as the two coordinates of a point by t / 10000^(2d / D)."""
    turned = np.empty_like(x)
    D = x.shape[-1]
    for t, place in enumerate(positions):
        for d in range(0, D, 2):
            angle = place * 10000 ** (-d / D)
            a, b = x[..., t, d], x[..., t, d + 1]
            turned[..., t, d] = a * math.cos(angle) - b * math.sin(angle)
            turned[..., t, d + 1] = a * math.sin(angle) + b * math.cos(angle)
    return turned


class KeyValueCache:
    """What was given in all calls, and where it stood: it is projected again each time."""

    def __init__(self):
        self.calls = []


class MultiHeadAttention:
    def __init__(self, weights, heads, kv_heads=None):
        self.weights, self.heads, self.kv_heads = weights, heads, kv_heads or heads

    def __call__(self, queries, keys, values, mask=None, bias=None, positions=None, cache=None, need_weights=True):
        D = queries.shape[-1] // self.heads
        calls = [*(cache.calls if cache else []), (keys, values, positions)]
        if cache is not None:
            cache.calls = calls
        outputs, weights = [], []
        for head in range(self.heads):
            shared = head * self.kv_heads // self.heads
            of_keys, of_values = [], []
            for some_keys, some_values, places in calls:
                k, v = self.project("key", some_keys, shared, D), self.project("value", some_values, shared, D)
                of_keys.append(k if places is None else rotate(k, places))
                of_values.append(v)
            q = self.project("query", queries, head, D)
            q = q if positions is None else rotate(q, positions)
            k, v = np.concatenate(of_keys, axis=-2), np.concatenate(of_values, axis=-2)
            with np.errstate(invalid="ignore"):
                scores = np.array(slow.scaled_dot_scores(q, k))
            whole = (*scores.shape[:-2], self.heads, *scores.shape[-2:])
            own = lambda array, whole=whole, head=head: np.broadcast_to(array, whole)[..., head, :, :]
            scores = scores if bias is None else scores + own(bias)
            output, p = slow.attend(scores, v, None if mask is None else own(mask))
            outputs.append(output)
            weights.append(p)
        output = np.concatenate(outputs, axis=-1) @ self.weights["output_weight"] + self.weights["output_bias"]
        return output, np.stack(weights, axis=-3) if need_weights else None

    def project(self, name, rows, head, D):
        columns = slice(head * D, (head + 1) * D)
        with np.errstate(invalid="ignore"):  # of rows that are hidden
            return rows @ self.weights[f"{name}_weight"][:, columns] + self.weights[f"{name}_bias"][columns]
