"""Masks: boolean, True = may attend, broadcastable to scores (…, T, S)."""

import tensorflow as tf

from attention.shapes import check_sizes


def padding_mask(lengths, size):
    """True on the first `lengths` keys of each sequence, False on the padding behind them.

    mask[b, 0, j] = (j < lengths[b])

    Parameters
    ----------
    lengths : whole numbers (B,), or any shape
    size : int, S, the padded length

    Returns
    -------
    mask : bool (B, 1, S), the same for every query; add an axis after B for heads

    Raises
    ------
    TypeError, ValueError : `size` is not a whole number, or negative
    """
    check_sizes(size=size)
    lengths = tf.convert_to_tensor(lengths)
    return (tf.range(size, dtype=lengths.dtype) < lengths[..., None])[..., None, :]  # (B, 1, S)


def causal_mask(targets, sources=None, offset=None):
    """True where the key does not lie in the query's future.

    mask[i, j] = (j ≤ i + offset)

    Parameters
    ----------
    targets : int, T
    sources : int, S; None means T
    offset : int; None means S − T: the last query sees the last key, which is right with a cache of earlier keys.
        0 aligns the first query with the first key, as the frameworks' `is_causal` does.

    Returns
    -------
    mask : bool (T, S)

    Raises
    ------
    TypeError, ValueError : a size is not a whole number, or negative

    Source
    ------
    Vaswani et al. (2017), section 3.2.3.
    """
    sources = targets if sources is None else sources
    check_sizes(targets=targets, sources=sources)
    offset = sources - targets if offset is None else offset
    last = tf.range(targets, dtype=tf.int64)[:, None] + tf.cast(offset, tf.int64)  # (T, 1)
    return tf.range(sources, dtype=tf.int64) <= last  # (S,) (T, 1) -> (T, S)


def window_mask(targets, sources, window):
    """True where query and key lie at most `window` places apart, the last query beside the last key.

    mask[i, j] = (|i + S − T − j| ≤ window)

    Parameters
    ----------
    targets, sources : int, T and S
    window : int, how far a query sees on either side

    Returns
    -------
    mask : bool (T, S)

    Raises
    ------
    TypeError, ValueError : a size is not a whole number, or negative

    Source
    ------
    Beltagy, Peters and Cohan (2020), "Longformer", section 3.1, "sliding window". Their w counts
    both sides: it is twice `window`.
    """
    check_sizes(targets=targets, sources=sources, window=window)
    places = tf.range(targets, dtype=tf.int64)[:, None] + tf.cast(sources - targets, tf.int64)  # (T, 1)
    return abs(places - tf.range(sources, dtype=tf.int64)) <= tf.cast(window, tf.int64)  # (T, S)
