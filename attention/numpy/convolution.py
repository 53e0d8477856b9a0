"""Convolution and batch normalisation, forward only (chapter 12).

Maps are (B, h, w, D): images, height, width, features at a place.
"""

import numpy as np

from attention.numpy.precision import widen
from attention.shapes import check_convolution, check_norm

EPSILON = 1e-5  # of batch normalisation


def convolve(x, kernel, stride=1):
    """Slide a kernel over a map: every place becomes a weighted sum of its neighbourhood.

    y_ij = Σ_ab x_(i·stride + a − k//2, j·stride + b − k//2) K_ab,   zeros around the map, k//2 of them on every side

    Parameters
    ----------
    x : float array (B, h, w, D)
    kernel : float array (k, l, D, M), k high and l wide; it is not turned over, here as in the frameworks
    stride : int, from one place of the result to the next

    Returns
    -------
    y : (B, ⌈h / stride⌉, ⌈w / stride⌉, M) for a kernel of odd sizes; the dtype of `x`

    Raises
    ------
    TypeError : an argument is not floating point, the dtypes differ, or `stride` is not a whole number
    ValueError : x or kernel does not have 4 axes, they disagree on D, or `stride` is below 1

    Source
    ------
    LeCun et al. (1998), "Gradient-based learning applied to document recognition".
    """
    check_convolution(x, kernel, stride)
    high, wide = kernel.shape[:2]
    padded = np.pad(widen(x), ((0, 0), (high // 2, high // 2), (wide // 2, wide // 2), (0, 0)))
    h, w = (padded.shape[1] - high) // stride + 1, (padded.shape[2] - wide) // stride + 1
    y = 0
    for a, b in np.ndindex(high, wide):
        seen = padded[:, a : a + stride * h : stride, b : b + stride * w : stride]  # (B, h, w, D)
        y = y + seen @ widen(kernel)[a, b]  # (B, h, w, D) (D, M) -> (B, h, w, M)
    return y.astype(x.dtype)


def batch_norm(x, scale, shift, mean=None, variance=None):
    """Give every feature the mean `shift` and the standard deviation `scale`, over all rows.

    y = (x − μ) / √(σ² + ε) ⊙ scale + shift,   ε = 1e-5

    Parameters
    ----------
    x : float array (…, D): all axes but the last count as one, of rows
    scale, shift : float arrays (D,)
    mean, variance : float arrays (D,), μ and σ²: of many batches, as in evaluation; None means those of `x`

    Returns
    -------
    y : (…, D), the dtype of `x`

    Raises
    ------
    TypeError : an argument is not floating point, or the dtypes differ
    ValueError : they disagree on D

    Source
    ------
    Ioffe and Szegedy (2015), "Batch normalization", https://arxiv.org/abs/1502.03167, algorithms 1 and 2.
    """
    check_norm(x, scale=scale, shift=shift, mean=mean, variance=variance)
    wide, (scale, shift) = widen(x), map(widen, (scale, shift))
    rows = tuple(range(x.ndim - 1))
    mean = wide.mean(axis=rows) if mean is None else widen(mean)  # (…, D) -> (D,)
    variance = wide.var(axis=rows) if variance is None else widen(variance)
    return ((wide - mean) / np.sqrt(variance + EPSILON) * scale + shift).astype(x.dtype)


def relu(x):
    """The larger of x and zero."""
    return np.maximum(x, 0)


class Convolution:
    """A convolution without a bias, and batch normalisation, which brings its own."""

    def __init__(self, weights, stride=1):
        self.weights, self.stride = weights, stride

    def __call__(self, x):
        """(B, h, w, D) to (B, ⌈h / stride⌉, ⌈w / stride⌉, M)."""
        w = self.weights
        y = convolve(x, w["kernel"], self.stride)
        return batch_norm(y, w["scale"], w["shift"], w["mean"], w["variance"])
