"""Convolution and batch normalisation (chapter 12).

Maps are (B, h, w, D): images, height, width, features at a place.
"""

import tensorflow as tf

from attention.shapes import check_convolution, check_norm
from attention.tensorflow.layers import WeightedLayer
from attention.tensorflow.precision import widen

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
    vertical, horizontal = ([size // 2] * 2 for size in kernel.shape[:2])
    padding = [[0, 0], vertical, horizontal, [0, 0]]
    y = tf.nn.conv2d(widen(x), widen(tf.convert_to_tensor(kernel)), stride, padding)  # (B, h, w, D) -> (B, h, w, M)
    return tf.cast(y, x.dtype)


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
    rows = tf.reshape(wide, [-1, tf.shape(x)[-1]])  # (…, D) -> (rows, D)
    mean = tf.reduce_mean(rows, axis=0) if mean is None else widen(mean)  # (rows, D) -> (D,)
    variance = tf.math.reduce_variance(rows, axis=0) if variance is None else widen(variance)
    return tf.cast(tf.nn.batch_normalization(wide, mean, variance, widen(shift), widen(scale), EPSILON), x.dtype)


class Convolution(WeightedLayer):
    """A convolution without a bias, and batch normalisation, which brings its own.

    It normalises by the statistics of the batch in training, and by their moving averages in evaluation. In training
    both averages move by a tenth of their way to the batch's; the variance is the unbiased one there, with one less
    than the number of rows below the line, as PyTorch and algorithm 2 of the paper have it and Keras has not.

    Source
    ------
    Ioffe and Szegedy (2015), algorithm 2.
    """

    def __init__(self, weights, stride=1):
        super().__init__(weights)
        self.stride = stride

    def call(self, x, training=False):
        """(B, h, w, D) to (B, ⌈h / stride⌉, ⌈w / stride⌉, M)."""
        w = self.named
        y = convolve(x, w["kernel"].value, self.stride)
        mean, variance = self._of_batch(y) if training else (w["mean"].value, w["variance"].value)
        return batch_norm(y, w["scale"].value, w["shift"].value, mean, variance)

    def _of_batch(self, y):
        """The statistics of a batch, which move the averages."""
        mean, variance = tf.nn.moments(y, [0, 1, 2])
        rows = tf.cast(tf.reduce_prod(tf.shape(y)[:3]), y.dtype)
        for name, new in (("mean", mean), ("variance", variance * rows / (rows - 1))):
            moving = self.named[name]
            moving.assign(moving + NEW * (new - moving))
        return mean, variance
