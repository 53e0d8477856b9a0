"""Sentences of different lengths in one array, with as little padding as can be."""

import numpy as np

from attention.data.tokenizer import PADDING, START


def pad(sequences, sizes=()):
    """Lists of tokens to an array (B, longest) filled up with PADDING, and their lengths (B,).

    The longest length is rounded up to the next of `sizes`, so that few different shapes occur.
    """
    lengths = np.array([len(sequence) for sequence in sequences])
    longest = lengths.max()
    padded = np.full((len(sequences), next((size for size in sizes if size >= longest), longest)), PADDING)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded, lengths


def sentence_batches(sources, targets, size, rng=None, sizes=()):
    """Batches of about `size` sentence pairs of nearly equal lengths.

    Parameters
    ----------
    sources, targets : lists of lists of tokens, each ending in END
    size : int, B
    rng : NumPy generator that shuffles the batches and who shares one; None keeps them in order of length
    sizes : lengths to round up to, in order; none leaves the lengths as they are

    Yields
    ------
    source (B, S), lengths (B,), target (B, 1 + T) : the target begins with START, so that target[:, :-1] is what the
    decoder has seen when target[:, 1:] is what it should write
    """
    noise = np.zeros(len(sources)) if rng is None else rng.random(len(sources))
    order = sorted(range(len(sources)), key=lambda i: (len(targets[i]), len(sources[i]), noise[i]))
    chunks = [order[start : start + size] for start in range(0, len(order), size)]
    for i in range(len(chunks)) if rng is None else rng.permutation(len(chunks)):
        source, lengths = pad([sources[j] for j in chunks[i]], sizes)
        target, _ = pad([targets[j] for j in chunks[i]], sizes)
        yield source, lengths, np.insert(target, 0, START, axis=1)
