"""Attention with several heads, side by side (chapter 6).

The axes: H heads, D = M / H features of each, M the width. Head h has the columns h · D to (h + 1) · D.
"""

import tensorflow as tf

from attention.shapes import check_heads, check_rank, check_split
from attention.tensorflow.attend import hide_unseen
from attention.tensorflow.layers import WeightedLayer
from attention.tensorflow.positions import rotate
from attention.tensorflow.softmax import masked_softmax
from attention.weights.heads import shapes
from attention.weights.initial import initial_weights


def split_heads(x, heads):
    """Cut the features of each row into as many pieces, and put the pieces before the rows.

    y_htd = x_t(hD + d)

    Parameters
    ----------
    x : tensor (…, T, M)
    heads : int, H, which divides M

    Returns
    -------
    y : (…, H, T, D), D = M / H

    Raises
    ------
    TypeError, ValueError : x has fewer than 2 axes, or `heads` is not a whole number of at least 1 that divides M

    Source
    ------
    Vaswani et al. (2017), section 3.2.2.
    """
    check_split(x, heads)
    *leading, M = sizes(x)
    pieces = tf.reshape(x, [*leading, heads, M // heads])  # (…, T, M) -> (…, T, H, D)
    return swap(pieces)  # (…, T, H, D) -> (…, H, T, D)


def merge_heads(x):
    """Put the heads of each row end to end: `split_heads`, undone.

    y_t(hD + d) = x_htd

    Parameters
    ----------
    x : tensor (…, H, T, D)

    Returns
    -------
    y : (…, T, M), M = H · D

    Raises
    ------
    ValueError : x has fewer than 3 axes

    Source
    ------
    Vaswani et al. (2017), section 3.2.2, "Concat".
    """
    check_rank(3, x=x)
    *leading, T, H, D = sizes(rows := swap(x))  # (…, H, T, D) -> (…, T, H, D)
    return tf.reshape(rows, [*leading, T, H * D])  # (…, T, H, D) -> (…, T, M)


class KeyValueCache:
    """The keys and values of earlier calls, as the heads have projected them, (…, Hkv, S, D) each; at first none.

    A call of `MultiHeadAttention` that is given one attends to what is in it, and then to its own keys, which it adds.
    """

    def __init__(self):
        self.keys = self.values = None

    @property
    def length(self):
        """How many keys there are, S."""
        return 0 if self.keys is None else self.keys.shape[-2]

    def extend(self, keys, values):
        """Add keys and values (…, Hkv, S, D) behind those that are there, and return them all."""
        if self.keys is not None:
            keys = tf.concat([self.keys, keys], axis=-2)
            values = tf.concat([self.values, values], axis=-2)
        self.keys, self.values = keys, values
        return keys, values


class MultiHeadAttention(WeightedLayer):
    """Several attentions side by side, each with queries, keys and values of its own, and a matrix that mixes them.

    head_h = softmax(Q_h K_hᵀ / √D) V_h,   Q_h = Q W_q,h + b_q,h and so on,   output = [head_1; …; head_H] W_o + b_o

    Parameters
    ----------
    width : int, M
    heads : int, H, which divides M
    kv_heads : int, Hkv, which divides H: how many heads have keys and values; head h of the queries takes those of head
        h // (H / Hkv). None means H; 1 is multi-query attention, what lies between is grouped
    seed : of the first weights, which have the names and shapes of `attention/weights/heads.py`

    Source
    ------
    Vaswani et al. (2017), section 3.2.2; Shazeer (2019), "Fast transformer decoding", https://arxiv.org/abs/1911.02150;
    Ainslie et al. (2023), "GQA", https://arxiv.org/abs/2305.13245.
    """

    def __init__(self, width, heads, kv_heads=None, dtype="float32", seed=0):
        first = initial_weights(shapes(width, heads, kv_heads), seed)
        super().__init__({name: array.astype(dtype) for name, array in first.items()})
        self.width, self.heads, self.kv_heads = width, heads, heads if kv_heads is None else kv_heads

    def __call__(self, queries, keys, values, mask=None, bias=None, positions=None, cache=None, need_weights=True):
        """Attend with every head.

        Parameters
        ----------
        queries : float tensor (…, T, M), of the dtype of the weights
        keys, values : float tensors (…, S, M)
        mask : bool tensor that broadcasts to (…, H, T, S), True = may attend; with sentences in front (B, 1, T, S), for
            (B, T, S) might be of heads, and is refused
        bias : float tensor that broadcasts to (…, H, T, S), added to the scores (`alibi_bias`); −inf counts as masked
        positions : whole numbers (T,), or (…, T), by which queries and keys are turned (`rotate`): there are as many of
            one as of the other
        cache : a `KeyValueCache`: what is in it stands before the keys of this call, which it takes up; S counts both
        need_weights : False gives None in place of the weights

        Returns
        -------
        output : (…, T, M); the bias of the output, and no more, for a query that may attend to nothing
        weights : (…, H, T, S), or None

        A key that no head may see may hold anything, and so may its value; with a cache they must be finite.

        Raises
        ------
        TypeError : an argument is not floating point, the dtypes differ, or `mask` is not boolean
        ValueError : the arguments disagree on M, S or the leading axes, mask or bias does not broadcast, or there are
            positions and not as many keys as queries
        """
        cached = 0 if cache is None else cache.length
        check_heads(queries, keys, values, mask, bias, positions, self.heads, self.width, self.dtype, cached)
        w = self.named
        if cache is None:
            keys, values = hide(keys, mask), hide(values, mask)
        queries = split_heads(queries @ w["query_weight"] + w["query_bias"], self.heads)  # (…, T, M) -> (…, H, T, D)
        keys = split_heads(keys @ w["key_weight"] + w["key_bias"], self.kv_heads)  # (…, S, M) -> (…, Hkv, S, D)
        values = split_heads(values @ w["value_weight"] + w["value_bias"], self.kv_heads)
        if positions is not None:
            places = tf.convert_to_tensor(positions)[..., None, :]  # (…, T) -> (…, 1, T), the same for every head
            queries, keys = rotate(queries, places), rotate(keys, places)
        if cache is not None:
            keys, values = cache.extend(keys, values)
        scores = self._shared(queries, tf.linalg.matrix_transpose(keys)) / queries.shape[-1] ** 0.5
        weights = masked_softmax(scores if bias is None else scores + bias, mask)  # (…, H, T, S)
        output = merge_heads(self._shared(weights, values)) @ w["output_weight"] + w["output_bias"]  # (…, T, M)
        return output, weights if need_weights else None

    def _shared(self, x, right):
        """x (…, H, T, a) times (…, Hkv, a, b), each of which serves H / Hkv heads; it is not repeated for that."""
        *leading, H, T, a = sizes(x)
        folded = tf.reshape(x, [*leading, self.kv_heads, H // self.kv_heads * T, a])  # (…, Hkv, H/Hkv · T, a)
        product = tf.matmul(folded, right)
        return tf.reshape(product, [*sizes(product)[:-3], H, T, sizes(right)[-1]])  # (…, H, T, b)


def hide(rows, mask):
    """Zeros in place of the rows (…, S, M) that no query of any head may see."""
    if mask is None:
        return rows
    mask = tf.convert_to_tensor(mask)  # it may be NumPy's
    return hide_unseen(rows, mask if mask.shape.rank < 3 else tf.reduce_any(mask, axis=-3))  # (…, H, T, S) -> (…, T, S)


def swap(x):
    """(…, a, b, c) to (…, b, a, c)."""
    rank = x.shape.rank
    return tf.transpose(x, [*range(rank - 3), rank - 2, rank - 3, rank - 1])


def sizes(x):
    """The size of every axis: a number, or a tensor where it is not known yet."""
    return [known or unknown for known, unknown in zip(x.shape, tf.unstack(tf.shape(x)), strict=True)]
