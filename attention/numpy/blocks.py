"""The blocks of a Transformer (chapter 8).

The axes: T and S rows, M the width. A block takes rows (…, T, M) and gives rows of the same shape.
"""

import numpy as np

from attention.numpy.heads import MultiHeadAttention
from attention.numpy.precision import widen
from attention.shapes import check_norm, check_product
from attention.weights.parts import part

EPSILON = 1e-5  # of layer normalisation


class LayerNorm:
    """Give every row the mean `shift` and the standard deviation `scale`, over its features.

    y = (x − μ) / √(σ² + ε) ⊙ scale + shift,   μ and σ² of the features of one row, ε = 1e-5

    Parameters
    ----------
    weights : scale (M,) and shift (M,)

    Source
    ------
    Ba et al. (2016), "Layer normalization", https://arxiv.org/abs/1607.06450, equation (4).
    """

    def __init__(self, weights):
        self.weights = weights

    def __call__(self, x):
        """Rows (…, M) to the same, of their dtype; half precision is computed in float32.

        Raises
        ------
        TypeError : x is not floating point, or has not the dtype of the weights
        ValueError : x is not as wide as the layer
        """
        scale, shift = self.weights["scale"], self.weights["shift"]
        check_norm(x, scale=scale, shift=shift)
        wide = widen(x)
        mean, variance = wide.mean(axis=-1, keepdims=True), wide.var(axis=-1, keepdims=True)  # (…, M) -> (…, 1)
        return ((wide - mean) / np.sqrt(variance + EPSILON) * widen(scale) + widen(shift)).astype(x.dtype)


class FeedForward:
    """A network with one hidden layer, the same for every row.

    y = relu(x W_1 + b_1) W_2 + b_2

    Parameters
    ----------
    weights : hidden_weight (M, units), hidden_bias (units,), output_weight (units, M), output_bias (M,)

    Source
    ------
    Vaswani et al. (2017), section 3.3, equation (2).
    """

    def __init__(self, weights):
        self.weights = weights

    def __call__(self, x):
        """Rows (…, M) to the same.

        Raises
        ------
        TypeError : x is not floating point, or has not the dtype of the weights
        ValueError : x is not as wide as the layer
        """
        w = self.weights
        check_product("M", x=x, hidden_weight=w["hidden_weight"])
        hidden = np.maximum(x @ w["hidden_weight"] + w["hidden_bias"], 0)  # (…, M) -> (…, units)
        return hidden @ w["output_weight"] + w["output_bias"]  # (…, units) -> (…, M)


class EncoderBlock:
    """Attention of rows to each other, then a network for each row; what either gives is added to what it was given.

    norm_first:   y = x + attention(norm(x)),   z = y + feed_forward(norm(y))
    otherwise:    y = norm(x + attention(x)),   z = norm(y + feed_forward(y))

    With a causal mask it is the block of a decoder that has no encoder.

    Parameters
    ----------
    weights : {name: array}, those of `attention/weights/blocks.py`
    heads : int, H, which divides M
    norm_first : True normalises what the attention and the network are given, False the sum

    Source
    ------
    Vaswani et al. (2017), section 3.1, with the sum normalised; Xiong et al. (2020), "On layer normalization in the
    transformer architecture", https://arxiv.org/abs/2002.04745, figure 1, both ways.
    """

    def __init__(self, weights, heads, norm_first=True):
        self.attention, self.norm_first = MultiHeadAttention(part(weights, "attention"), heads), norm_first
        self.attention_norm = LayerNorm(part(weights, "attention_norm"))
        self.feed_forward = FeedForward(part(weights, "feed_forward"))
        self.feed_forward_norm = LayerNorm(part(weights, "feed_forward_norm"))

    def __call__(self, x, mask=None, bias=None, positions=None, cache=None, need_weights=True):
        """One block.

        Parameters
        ----------
        x : float array (…, T, M), of the dtype of the weights
        mask, bias, positions, cache, need_weights : as `MultiHeadAttention` takes them

        Returns
        -------
        output : (…, T, M)
        weights : (…, H, T, S), or None

        Raises
        ------
        TypeError, ValueError : as `MultiHeadAttention`
        """
        look = self._each_other(mask, bias, positions, cache, need_weights)
        x, weights = self._around(self.attention_norm, look, x)
        return self._around(self.feed_forward_norm, self._network, x)[0], weights

    def _around(self, norm, branch, x):
        """What a branch gives is added to its rows, which are normalised before it, or the sum is: (rows, weights)."""
        added, weights = branch(norm(x) if self.norm_first else x)
        return x + added if self.norm_first else norm(x + added), weights

    def _each_other(self, *options):
        """The branch in which rows attend to each other."""
        return lambda rows: self.attention(rows, rows, rows, *options)

    def _network(self, rows):
        """The branch that treats each row alone, and has no weights to show."""
        return self.feed_forward(rows), None


class DecoderBlock(EncoderBlock):
    """An encoder's block, and between its two parts attention to what an encoder has read, the memory.

    norm_first:   y = x + attention(norm(x)),   u = y + memory(norm(y)),   z = u + feed_forward(norm(u))
    otherwise:    y = norm(x + attention(x)),   u = norm(y + memory(y)),   z = norm(u + feed_forward(u))

    Parameters
    ----------
    weights : {name: array}, those of `attention/weights/blocks.py`
    heads : int, H, which divides M
    norm_first : True normalises what attention and network are given, of the memory nothing; False the sums

    Source
    ------
    Vaswani et al. (2017), section 3.1, "Decoder".
    """

    def __init__(self, weights, heads, norm_first=True):
        super().__init__(weights, heads, norm_first)
        self.memory = MultiHeadAttention(part(weights, "memory"), heads)
        self.memory_norm = LayerNorm(part(weights, "memory_norm"))

    def __call__(self, x, memory, mask=None, memory_mask=None, bias=None, positions=None, cache=None,
                 memory_cache=None, need_weights=True):  # fmt: skip
        """One block.

        Parameters
        ----------
        x : float array (…, T, M), of the dtype of the weights
        memory : float array (…, S, M), what the encoder has made of the source
        mask, bias, positions, cache : of the attention of x to itself, as `MultiHeadAttention` takes them; a decoder
            that writes needs a causal mask
        memory_mask : bool array that broadcasts to (…, H, T, S), True = may attend, for the memory
        memory_cache : a `KeyValueCache` for the memory, which is projected by the first call and not read by later ones
        need_weights : False gives None in place of the weights

        Returns
        -------
        output : (…, T, M)
        weights : (…, H, T, S) of the memory, or None

        Raises
        ------
        TypeError, ValueError : as `MultiHeadAttention`
        """
        read = memory if memory_cache is None or not memory_cache.length else memory[..., :0, :]  # it is in the cache
        options = {"mask": memory_mask, "cache": memory_cache, "need_weights": need_weights}
        x, _ = self._around(self.attention_norm, self._each_other(mask, bias, positions, cache, False), x)
        x, weights = self._around(self.memory_norm, lambda rows: self.memory(rows, read, read, **options), x)
        return self._around(self.feed_forward_norm, self._network, x)[0], weights
