"""The blocks of a Transformer (chapter 8).

The axes: T and S rows, M the width. A block takes rows (…, T, M) and gives rows of the same shape.
"""

import torch
import torch.nn.functional as F

from attention.pytorch.heads import MultiHeadAttention
from attention.pytorch.layers import NamedLayer, WeightedLayer
from attention.pytorch.precision import widen
from attention.shapes import check_norm, check_product
from attention.weights import blocks
from attention.weights.initial import initial_weights

EPSILON = 1e-5  # of layer normalisation


class LayerNorm(WeightedLayer):
    """Give every row the mean `shift` and the standard deviation `scale`, over its features.

    y = (x − μ) / √(σ² + ε) ⊙ scale + shift,   μ and σ² of the features of one row, ε = 1e-5

    Parameters
    ----------
    width : int, M

    Source
    ------
    Ba et al. (2016), "Layer normalization", https://arxiv.org/abs/1607.06450, equation (4).
    """

    def __init__(self, width, dtype=torch.float32):
        super().__init__(initial_weights(blocks.layer_norm(width), seed=0))
        self.to(dtype)

    def forward(self, x):
        """Rows (…, M) to the same, of their dtype; half precision is computed in float32.

        Raises
        ------
        TypeError : x is not floating point, or has not the dtype of the weights
        ValueError : x is not as wide as the layer
        """
        check_norm(x, scale=self.scale, shift=self.shift)
        rows = F.layer_norm(widen(x), x.shape[-1:], widen(self.scale), widen(self.shift), EPSILON)  # (…, M)
        return rows.to(x.dtype)


class FeedForward(WeightedLayer):
    """A network with one hidden layer, the same for every row.

    y = relu(x W_1 + b_1) W_2 + b_2

    Parameters
    ----------
    width, hidden : int, M and the units of the hidden layer
    seed : of the first weights

    Source
    ------
    Vaswani et al. (2017), section 3.3, equation (2).
    """

    def __init__(self, width, hidden, dtype=torch.float32, seed=0):
        super().__init__(initial_weights(blocks.feed_forward(width, hidden), seed))
        self.to(dtype)

    def forward(self, x):
        """Rows (…, M) to the same.

        Raises
        ------
        TypeError : x is not floating point, or has not the dtype of the weights
        ValueError : x is not as wide as the layer
        """
        check_product("M", x=x, hidden_weight=self.hidden_weight)
        hidden = torch.relu(x @ self.hidden_weight + self.hidden_bias)  # (…, M) -> (…, units)
        return hidden @ self.output_weight + self.output_bias  # (…, units) -> (…, M)


class EncoderBlock(NamedLayer):
    """Attention of rows to each other, then a network for each row; what either gives is added to what it was given.

    norm_first:   y = x + attention(norm(x)),   z = y + feed_forward(norm(y))
    otherwise:    y = norm(x + attention(x)),   z = norm(y + feed_forward(y))

    With a causal mask it is the block of a decoder that has no encoder.

    Parameters
    ----------
    width, heads, hidden : int, M, H, which divides M, and the units of the network's hidden layer
    norm_first : True normalises what the attention and the network are given, False the sum
    seed : of the first weights, which have the names and shapes of `attention/weights/blocks.py`

    Source
    ------
    Vaswani et al. (2017), section 3.1, with the sum normalised; Xiong et al. (2020), "On layer normalization in the
    transformer architecture", https://arxiv.org/abs/2002.04745, figure 1, both ways.
    """

    SHAPES = staticmethod(blocks.encoder_block)

    def __init__(self, width, heads, hidden, norm_first=True, dtype=torch.float32, seed=0):
        super().__init__()
        self.norm_first = norm_first
        self._add_parts(width, heads, hidden, dtype)
        self.set_named_weights(initial_weights(self.SHAPES(width, heads, hidden), seed))

    def _add_parts(self, width, heads, hidden, dtype):
        self.attention, self.attention_norm = MultiHeadAttention(width, heads, dtype=dtype), LayerNorm(width, dtype)
        self.feed_forward, self.feed_forward_norm = FeedForward(width, hidden, dtype), LayerNorm(width, dtype)

    def forward(self, x, mask=None, bias=None, positions=None, cache=None, need_weights=True):
        """One block.

        Parameters
        ----------
        x : float tensor (…, T, M), of the dtype of the weights
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
    width, heads, hidden : int, M, H, which divides M, and the units of the network's hidden layer
    norm_first : True normalises what attention and network are given, of the memory nothing; False the sums
    seed : of the first weights, which have the names and shapes of `attention/weights/blocks.py`

    Source
    ------
    Vaswani et al. (2017), section 3.1, "Decoder".
    """

    SHAPES = staticmethod(blocks.decoder_block)

    def _add_parts(self, width, heads, hidden, dtype):
        super()._add_parts(width, heads, hidden, dtype)
        self.memory, self.memory_norm = MultiHeadAttention(width, heads, dtype=dtype), LayerNorm(width, dtype)

    def forward(self, x, memory, mask=None, memory_mask=None, bias=None, positions=None, cache=None,
                memory_cache=None, need_weights=True):  # fmt: skip
        """One block.

        Parameters
        ----------
        x : float tensor (…, T, M), of the dtype of the weights
        memory : float tensor (…, S, M), what the encoder has made of the source
        mask, bias, positions, cache : of the attention of x to itself, as `MultiHeadAttention` takes them; a decoder
            that writes needs a causal mask
        memory_mask : bool tensor that broadcasts to (…, H, T, S), True = may attend, for the memory
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
