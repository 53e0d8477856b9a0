"""Softmax, its logarithm, and softmax over the scores that a mask lets through (chapter 01)."""

import tensorflow as tf

from attention.shapes import check_axis, check_floats, check_mask, shape_of
from attention.tensorflow.precision import widen


def softmax(scores, axis=-1):
    """Weights that are positive and sum to one along `axis`.

    p_i = exp(s_i − m) / Σ_j exp(s_j − m),   m = max_j s_j

    Parameters
    ----------
    scores : float tensor of any shape
    axis : int, the axis along which the weights sum to one

    Returns
    -------
    weights : the shape and dtype of `scores`; NaN where all scores along `axis` are −inf, as SciPy's

    Raises
    ------
    TypeError : `scores` is not floating point
    ValueError : `scores` has no such axis

    Source
    ------
    Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs".
    """
    check_floats(scores=scores)
    check_axis(axis, scores=scores)
    return tf.cast(tf.nn.softmax(widen(scores), axis=axis), scores.dtype)


def log_softmax(scores, axis=-1):
    """The logarithm of `softmax`, without taking the logarithm of a weight that rounded to zero.

    log p_i = s_i − m − log Σ_j exp(s_j − m)

    Parameters, shapes, errors and source are those of `softmax`.
    """
    check_floats(scores=scores)
    check_axis(axis, scores=scores)
    return tf.cast(tf.nn.log_softmax(widen(scores), axis=axis), scores.dtype)


def masked_softmax(scores, mask=None, axis=-1):
    """Softmax over the scores that may be attended to; zero elsewhere, and all zeros where none may.

    p_i = a_i exp(s_i) / Σ_j a_j exp(s_j),   a_i = 1 where the mask is True and s_i > −inf, else 0

    Parameters
    ----------
    scores : float tensor (…, T, S), or any shape
    mask : bool tensor that broadcasts to `scores`, True = may attend; None lets every score through
    axis : int

    Returns
    -------
    weights : the shape and dtype of `scores`

    Raises
    ------
    TypeError : `scores` is not floating point, or `mask` not boolean
    ValueError : `scores` has no such axis, or `mask` does not broadcast to it

    Source
    ------
    Vaswani et al. (2017), "Attention is all you need", section 3.2.3, for the mask of −inf.
    """
    check_floats(scores=scores)
    check_axis(axis, scores=scores)
    check_mask(mask, shape_of(scores))
    wide = widen(scores)
    return tf.cast(softmax_where(wide, allow(wide, mask), axis), scores.dtype)


def allow(scores, mask):
    """True where the mask lets a score through and it is above −inf."""
    above = scores != float("-inf")
    return above if mask is None else mask & above


def softmax_where(scores, allowed, axis=-1):
    """Softmax over the scores that are allowed; zero elsewhere, and all zeros where none is."""
    zero, minus_infinity = tf.constant(0, scores.dtype), tf.constant(float("-inf"), scores.dtype)
    empty = ~tf.reduce_any(allowed, axis=axis, keepdims=True)
    # An empty row is opened before softmax and closed after it, so that no NaN arises even in passing.
    opened = tf.where(allowed, scores, tf.where(empty, zero, minus_infinity))
    return tf.where(empty, zero, tf.nn.softmax(opened, axis=axis))
