"""Softmax, its logarithm, and softmax over the scores that a mask lets through (chapter 01)."""

import torch

from attention.pytorch.precision import widen
from attention.shapes import check_axis, check_floats, check_mask, shape_of


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
    return torch.softmax(widen(scores), dim=axis).to(scores.dtype)


def log_softmax(scores, axis=-1):
    """The logarithm of `softmax`, without taking the logarithm of a weight that rounded to zero.

    log p_i = s_i − m − log Σ_j exp(s_j − m)

    Parameters, shapes, errors and source are those of `softmax`.
    """
    check_floats(scores=scores)
    check_axis(axis, scores=scores)
    return torch.log_softmax(widen(scores), dim=axis).to(scores.dtype)


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
    return softmax_or_zeros(cover(widen(scores), mask), axis).to(scores.dtype)


def cover(scores, mask):
    """The scores, and −inf where the mask is False."""
    return scores if mask is None else torch.where(mask.to(scores.device), scores, -torch.inf)


def softmax_or_zeros(scores, axis=-1):
    """Softmax; zeros where all scores along `axis` are −inf."""
    empty = all_covered(scores, axis, keepdim=True)
    # An empty row is opened before softmax and closed after it, so that no NaN arises even in passing.
    floor = torch.where(empty, 0.0, -torch.inf).to(scores.dtype)  # `maximum` takes a third of the time of `where`
    return torch.softmax(torch.maximum(scores, floor), dim=axis) * (~empty).to(scores.dtype)


def all_covered(scores, axis, keepdim=False):
    """Whether all scores along `axis` are −inf: told by the largest, a tenth of the time that comparing each takes."""
    return scores.detach().amax(dim=axis, keepdim=keepdim) == -torch.inf
