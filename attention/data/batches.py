"""Sentences of different lengths in one array, with as little padding as can be."""

import numpy as np

from attention.data.tokenizer import PADDING, START


def pad(sequences):
    """Lists of tokens to an array (B, longest) filled up with PADDING, and their lengths (B,)."""
    lengths = np.array([len(sequence) for sequence in sequences])
    padded = np.full((len(sequences), lengths.max()), PADDING)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded, lengths


def sentence_batches(sources, targets, size, rng=None):
    """Batches of about `size` sentence pairs of nearly equal lengths.

    Parameters
    ----------
    sources, targets : lists of lists of tokens, each ending in END
    size : int, B
    rng : NumPy generator that shuffles the batches and who shares one; None keeps them in order of length

    Yields
    ------
    source (B, S), lengths (B,), target (B, 1 + T) : the target begins with START, so that target[:, :-1] is what the
    decoder has seen when target[:, 1:] is what it should write
    """
    noise = np.zeros(len(sources)) if rng is None else rng.random(len(sources))
    order = sorted(range(len(sources)), key=lambda i: (len(targets[i]), len(sources[i]), noise[i]))
    chunks = [order[start : start + size] for start in range(0, len(order), size)]
    for i in range(len(chunks)) if rng is None else rng.permutation(len(chunks)):
        source, lengths = pad([sources[j] for j in chunks[i]])
        target, _ = pad([targets[j] for j in chunks[i]])
        yield source, lengths, np.insert(target, 0, START, axis=1)
