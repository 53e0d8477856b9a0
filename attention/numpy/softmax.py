"""Softmax, its logarithm, and softmax over the scores that a mask lets through (chapter 01)."""

import numpy as np

from attention.numpy.precision import widen
from attention.shapes import check_axis, check_floats, check_mask


def softmax(scores, axis=-1):
    """Weights that are positive and sum to one along `axis`.

    p_i = exp(s_i − m) / Σ_j exp(s_j − m),   m = max_j s_j

    Parameters
    ----------
    scores : float array of any shape
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
    wide = widen(scores)
    exponentials = np.exp(wide - wide.max(axis=axis, keepdims=True))
    return (exponentials / exponentials.sum(axis=axis, keepdims=True)).astype(scores.dtype)


def log_softmax(scores, axis=-1):
    """The logarithm of `softmax`, without taking the logarithm of a weight that rounded to zero.

    log p_i = s_i − m − log Σ_j exp(s_j − m)

    Parameters, shapes, errors and source are those of `softmax`.
    """
    check_floats(scores=scores)
    check_axis(axis, scores=scores)
    wide = widen(scores)
    shifted = wide - wide.max(axis=axis, keepdims=True)
    return (shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))).astype(scores.dtype)


def masked_softmax(scores, mask=None, axis=-1):
    """Softmax over the scores that may be attended to; zero elsewhere, and all zeros where none may.

    p_i = a_i exp(s_i) / Σ_j a_j exp(s_j),   a_i = 1 where the mask is True and s_i > −inf, else 0

    Parameters
    ----------
    scores : float array (…, T, S), or any shape
    mask : bool array that broadcasts to `scores`, True = may attend; None lets every score through
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
    check_mask(mask, scores.shape)
    wide = widen(scores)
    return softmax_where(wide, allow(wide, mask), axis).astype(scores.dtype)


def allow(scores, mask):
    """True where the mask lets a score through and it is above −inf."""
    above = scores != -np.inf
    return above if mask is None else mask & above


def softmax_where(scores, allowed, axis=-1):
    """Softmax over the scores that are allowed; zero elsewhere, and all zeros where none is."""
    empty = ~allowed.any(axis=axis, keepdims=True)
    opened = np.where(allowed, scores, np.where(empty, 0, -np.inf).astype(scores.dtype))  # an empty row is opened …
    weights = np.exp(opened - opened.max(axis=axis, keepdims=True))
    weights = weights / weights.sum(axis=axis, keepdims=True)
    return np.where(empty, 0, weights)  # … and then closed
