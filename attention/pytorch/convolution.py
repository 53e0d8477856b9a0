"""Convolution and batch normalisation (chapter 12).

Maps are (B, h, w, D): images, height, width, features at a place.
"""

import torch
import torch.nn.functional as F
from torch import nn

from attention.pytorch.layers import WeightedLayer
from attention.pytorch.precision import widen
from attention.shapes import check_convolution, check_norm

EPSILON = 1e-5  # of batch normalisation
NEW = 0.1  # the share of a batch in the moving statistics


def convolve(x, kernel, stride=1):
    """Slide a kernel over a map: every place becomes a weighted sum of its neighbourhood.

    y_ij = Σ_ab x_(i·stride + a − k//2, j·stride + b − k//2) K_ab,   zeros around the map, k//2 of them on every side

    Parameters
    ----------
    x : float tensor (B, h, w, D)
    kernel : float tensor (k, l, D, M), k high and l wide; it is not turned over, here as in the frameworks
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
    channels_first = widen(x).permute(0, 3, 1, 2)  # (B, h, w, D) -> (B, D, h, w), a view: the memory stays as it is
    out_first = widen(kernel).permute(3, 2, 0, 1).contiguous()  # (k, l, D, M) -> (M, D, k, l)
    padding = kernel.shape[0] // 2, kernel.shape[1] // 2
    y = F.conv2d(channels_first, out_first, stride=stride, padding=padding)
    return y.permute(0, 2, 3, 1).to(x.dtype)  # (B, M, h, w) -> (B, h, w, M)


def batch_norm(x, scale, shift, mean=None, variance=None):
    """Give every feature the mean `shift` and the standard deviation `scale`, over all rows.

    y = (x − μ) / √(σ² + ε) ⊙ scale + shift,   ε = 1e-5

    Parameters
    ----------
    x : float tensor (…, D): all axes but the last count as one, of rows
    scale, shift : float tensors (D,)
    mean, variance : float tensors (D,), μ and σ²: of many batches, as in evaluation; None means those of `x`

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
    wide = widen(x)
    rows = wide.reshape(-1, x.shape[-1])  # (…, D) -> (rows, D)
    mean = rows.mean(dim=0) if mean is None else widen(mean)  # (rows, D) -> (D,)
    variance = rows.var(dim=0, correction=0) if variance is None else widen(variance)
    return ((wide - mean) * torch.rsqrt(variance + EPSILON) * widen(scale) + widen(shift)).to(x.dtype)


class BatchNorm(WeightedLayer):
    """`batch_norm` by the statistics of the batch in training, and by their moving averages in evaluation.

    In training both averages move by a tenth of their way to the batch's; the variance is the unbiased one there, with
    one less than the number of rows below the line, as PyTorch and algorithm 2 of the paper have it and Keras has not.

    Source
    ------
    Ioffe and Szegedy (2015), algorithm 2.
    """

    def __init__(self, weights):
        super().__init__({name: weights[name] for name in ("scale", "shift")})
        for name in ("mean", "variance"):
            self.register_buffer(name, torch.tensor(weights[name]))

    def forward(self, x):
        """(B, h, w, D) to the same."""
        channels_first = x.permute(0, 3, 1, 2)  # (B, h, w, D) -> (B, D, h, w)
        moving = self.mean, self.variance
        y = F.batch_norm(channels_first, *moving, self.scale, self.shift, self.training, NEW, EPSILON)
        return y.permute(0, 2, 3, 1)


class Convolution(BatchNorm):
    """A convolution without a bias, and batch normalisation, which brings its own."""

    def __init__(self, weights, stride=1):
        super().__init__(weights)
        self.kernel, self.stride = nn.Parameter(torch.tensor(weights["kernel"])), stride

    def forward(self, x):
        """(B, h, w, D) to (B, ⌈h / stride⌉, ⌈w / stride⌉, M)."""
        return super().forward(convolve(x, self.kernel, self.stride))
