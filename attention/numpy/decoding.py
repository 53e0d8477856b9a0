"""From a trained model to sentences: the best next token, or the best few sentences at once (chapter 09)."""

import numpy as np
from optree import tree_map

from attention.data.tokenizer import END, PADDING, START
from attention.numpy.softmax import log_softmax
from attention.shapes import check_sizes


def greedy(model, source, lengths, limit):
    """Write the likeliest token, again and again, until END or `limit` tokens.

    y_t = argmax_v p(v | y_<t, x)

    Parameters
    ----------
    model : Seq2Seq
    source : (B, S) int, padded
    lengths : (B,) int
    limit : int, the largest T

    Returns
    -------
    tokens : (B, T) int; PADDING after END
    weights : (B, T, S), what each token looked at

    Raises
    ------
    TypeError, ValueError : `limit` is not a whole number of at least 1
    """
    check_sizes(1, limit=limit)
    memory, state = model.encode(source, lengths)
    tokens = np.full(len(source), START)
    written, looked = [], []
    done = np.zeros(len(source), dtype=bool)
    while len(written) < limit and not done.all():
        logits, state, weights = model.step(tokens, state, memory)
        tokens = np.where(done, PADDING, logits.argmax(axis=-1))  # (B, V) -> (B,)
        done = done | (tokens == END)
        written.append(tokens)
        looked.append(weights)
    return np.stack(written, axis=1), np.stack(looked, axis=1)  # T × (B,) -> (B, T), T × (B, S) -> (B, T, S)


def beam_search(model, source, lengths, limit, beam=5, alpha=1.0):
    """Keep the `beam` likeliest beginnings of every sentence, and choose the best ending by likelihood per length.

    score(y) = log p(y | x) / |y|^α

    Parameters
    ----------
    model, source, lengths, limit : as for `greedy`; memory and state may be nested, every array in them with B first
    beam : int, K
    alpha : float, 0 for no correction; without one, short sentences win

    Returns
    -------
    tokens : (B, T) int; PADDING after END
    scores : (B,)

    Raises
    ------
    TypeError, ValueError : `limit` or `beam` is not a whole number of at least 1

    Source
    ------
    Graves (2012), "Sequence transduction with recurrent neural networks"; for the length,
    Wu et al. (2016), "Google's neural machine translation system", section 7.
    """
    check_sizes(1, limit=limit, beam=beam)
    memory, state = model.encode(source, lengths)
    memory, state = tree_map(lambda part: np.repeat(part, beam, axis=0), (memory, state))  # (B, …) -> (B·K, …)
    B = len(source)
    first = np.arange(B)[:, None] * beam  # (B, 1), where the beams of a sentence begin
    written = np.full((B, beam, 1), START)
    total = np.full((B, beam), -np.inf, dtype=np.float32)  # in the type of the logits once there are some
    total[:, 0] = 0  # all beams are alike at first: only one may grow
    size = np.zeros((B, beam), dtype=int)
    done = np.zeros((B, beam), dtype=bool)
    for _ in range(limit):
        logits, state, _ = model.step(written[..., -1].ravel(), state, memory)
        log_p = log_softmax(logits).reshape(B, beam, -1)  # (B·K, V) -> (B, K, V)
        stay = np.full_like(log_p[0, 0], -np.inf)
        stay[PADDING] = 0  # what is done goes on with PADDING, at no cost
        candidates = (total[..., None] + np.where(done[..., None], stay, log_p)).reshape(B, -1)  # (B, K·V)
        total, best = largest(candidates, beam)  # (B, K·V) -> (B, K)
        parent, token = best // log_p.shape[-1], best % log_p.shape[-1]  # (B, K)
        state = rows(state, (first + parent).ravel())
        written = np.take_along_axis(written, parent[..., None], axis=1)  # (B, K, T)
        written = np.concatenate([written, token[..., None]], axis=-1)  # (B, K, 1 + T)
        was_done = np.take_along_axis(done, parent, axis=1)
        size = np.take_along_axis(size, parent, axis=1) + ~was_done
        done = was_done | (token == END)
        if done.all():
            break
    scores = total / size.astype(total.dtype) ** alpha
    best = scores.argmax(axis=-1)  # (B, K) -> (B,)
    return written[np.arange(B), best, 1:], scores.max(axis=-1)


def rows(tree, which):
    """The rows `which` of every array in a memory or a state."""
    return tree_map(lambda part: part[which], tree)


def largest(candidates, count):
    """The `count` largest of each row (B, K·V) and their places, in order; of equal ones the first."""
    left, rows = candidates.copy(), np.arange(len(candidates))
    values, places = np.empty((len(rows), count), left.dtype), np.empty((len(rows), count), int)
    for k in range(count):
        places[:, k] = left.argmax(axis=-1)
        values[:, k] = left[rows, places[:, k]]
        left[rows, places[:, k]] = -np.inf
    return values, places
