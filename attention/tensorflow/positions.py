"""Positions: what tells a model where a row stands (chapter 07)."""

import tensorflow as tf

from attention.shapes import check_even, check_floats, check_positions, check_rank, check_sizes
from attention.tensorflow.precision import widen

BASE = 10_000.0  # speeds fall from 1, of the first pair of features, towards 1 / BASE


def sinusoidal_positions(length, width, dtype=None):
    """A table of places: sines and cosines of the place, each pair of features at a speed of its own.

    P[j, 2d] = sin(j · BASE^(−2d/M)),   P[j, 2d + 1] = cos(j · BASE^(−2d/M))

    Sine and cosine of one speed are neighbours, as in the paper; other code has all sines first.

    Parameters
    ----------
    length : int, S, how many places
    width : int, M, even
    dtype : of the result; None means float64, in which everything is computed

    Returns
    -------
    table : (S, M), row j for place j, places being counted from 0

    Raises
    ------
    TypeError : a size is not a whole number
    ValueError : a size is negative, or `width` odd

    Source
    ------
    Vaswani et al. (2017), "Attention is all you need", section 3.5.
    """
    check_sizes(length=length, width=width)
    check_even(width=width)
    angles = _angles(tf.range(length), width)  # (S, M/2)
    table = tf.stack([tf.sin(angles), tf.cos(angles)], axis=-1)  # (S, M/2, 2)
    return tf.cast(tf.reshape(table, (length, width)), dtype or tf.float64)  # (S, M)


def rotate(x, positions):
    """Each pair of neighbouring features is turned by an angle that grows with the place: rotary positions (RoPE).

    y[j, 2d]     = x[j, 2d] cos a − x[j, 2d + 1] sin a
    y[j, 2d + 1] = x[j, 2d] sin a + x[j, 2d + 1] cos a,   a = positions[j] · BASE^(−2d/D)

    The dot product of a turned query and a turned key depends on their places through the distance alone. Pairs are
    (2d, 2d + 1), as in the paper; other code pairs d with d + D/2, and its weights do not fit this one.

    Parameters
    ----------
    x : float tensor (…, T, D), queries or keys of one head, D even
    positions : whole numbers (T,), or what broadcasts to (…, T): the place of each row, negative ones too

    Returns
    -------
    y : the shape and dtype of `x`. Angles are computed in float64: at place 100,000 one of float32 is wrong in the
        third decimal

    Raises
    ------
    TypeError : `x` is not floating point, or `positions` not whole numbers
    ValueError : D is odd, or `positions` does not broadcast to (…, T)

    Source
    ------
    Su et al. (2021), "RoFormer", section 3.4.2, equation (34).
    """
    check_floats(x=x)
    check_rank(1, x=x)
    positions = tf.convert_to_tensor(positions)
    check_positions(positions, x)
    wide = widen(x)
    angles = _angles(positions, tf.shape(x)[-1])  # (…, T, D/2)
    cos, sin = tf.cast(tf.cos(angles), wide.dtype), tf.cast(tf.sin(angles), wide.dtype)
    even, odd = wide[..., 0::2], wide[..., 1::2]  # (…, T, D/2) each
    turned = tf.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1)  # (…, T, D/2, 2)
    return tf.cast(tf.reshape(turned, tf.shape(x)), x.dtype)


def alibi_bias(heads, targets, sources, dtype=None):
    """What to add to scores so that far keys count less: a line in the distance, of a slope for each head.

    bias[h, i, j] = −slope[h] · |i + S − T − j|

    The last query stands beside the last key, as in `causal_mask`. The paper has keys of the past only; those of the
    future, where no mask hides them, are treated alike here.

    Parameters
    ----------
    heads : int, H. Where it is a power of two, slope[h] = 2^(−8 (h + 1) / H); else, as in the paper's code, the slopes
        of the next lower power of two, and then every second slope of its double
    targets, sources : int, T and S
    dtype : of the result; None means float64

    Returns
    -------
    bias : (H, T, S), never positive

    Raises
    ------
    TypeError, ValueError : a size is not a whole number, or negative

    Source
    ------
    Press, Smith and Lewis (2022), "Train short, test long", section 3.
    """
    check_sizes(heads=heads, targets=targets, sources=sources)
    places = tf.range(targets, dtype=tf.int64)[:, None] + tf.cast(sources - targets, tf.int64)  # (T, 1)
    distances = tf.cast(abs(places - tf.range(sources, dtype=tf.int64)), tf.float64)  # (T, S)
    slopes = tf.constant(_slopes(heads), tf.float64, (heads, 1, 1))
    return tf.cast(-slopes * distances, dtype or tf.float64)  # (H, T, S)


def _angles(positions, width):
    """Place times speed, in float64: (…, T) -> (…, T, D/2)."""
    speeds = BASE ** (-tf.cast(tf.range(0, width, 2), tf.float64) / tf.cast(width, tf.float64))  # (D/2,)
    return tf.cast(positions, tf.float64)[..., None] * speeds


def _slopes(heads):
    """A slope for each head, from steep to flat: (H,)."""
    heads = int(heads)
    if heads & (heads - 1) == 0:  # a power of two, or none at all
        return [2 ** (-8 * (head + 1) / heads) for head in range(heads)]
    power = 1 << heads.bit_length() - 1
    return _slopes(power) + _slopes(2 * power)[: 2 * (heads - power) : 2]
