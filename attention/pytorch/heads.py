"""Attention with several heads, side by side (chapter 6).

The axes: H heads, D = M / H features of each, M the width. Head h has the columns h · D to (h + 1) · D.
"""

from functools import partial

import torch
import torch.nn.functional as F

from attention.pytorch.attend import hide_unseen
from attention.pytorch.layers import WeightedLayer
from attention.pytorch.positions import rotate
from attention.pytorch.softmax import all_covered, cover, masked_softmax
from attention.shapes import check_heads, check_rank, check_split, dtype_name
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
    pieces = x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads)  # (…, T, M) -> (…, T, H, D)
    return pieces.transpose(-2, -3)  # (…, T, H, D) -> (…, H, T, D)


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
    rows = x.transpose(-2, -3)  # (…, H, T, D) -> (…, T, H, D)
    return rows.reshape(*rows.shape[:-2], rows.shape[-2] * rows.shape[-1])  # (…, T, H, D) -> (…, T, M)


class KeyValueCache:
    """The keys and values of earlier calls, as the heads have projected them, (…, Hkv, S, D) each; at first none.

    A call of `MultiHeadAttention` that is given one attends to what is in it and to its own keys, which it adds.
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
            keys = torch.cat([self.keys, keys], dim=-2)
            values = torch.cat([self.values, values], dim=-2)
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

    def __init__(self, width, heads, kv_heads=None, dtype=torch.float32, seed=0):
        super().__init__(initial_weights(shapes(width, heads, kv_heads), seed))
        self.to(dtype)
        self.width, self.heads, self.kv_heads = width, heads, heads if kv_heads is None else kv_heads

    def forward(self, queries, keys, values, mask=None, bias=None, positions=None, cache=None, need_weights=True):
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
        given, cached = (queries, keys, values, mask, bias, positions), 0 if cache is None else cache.length
        check_heads(*given, self.heads, self.width, dtype_name(self.query_weight), cached)
        if cache is None:
            keys, values = hide(keys, mask), hide(values, mask)
        queries = split_heads(queries @ self.query_weight + self.query_bias, self.heads)  # (…, T, M) -> (…, H, T, D)
        keys = split_heads(keys @ self.key_weight + self.key_bias, self.kv_heads)  # (…, S, M) -> (…, Hkv, S, D)
        values = split_heads(values @ self.value_weight + self.value_bias, self.kv_heads)
        if positions is not None:
            places = torch.as_tensor(positions)[..., None, :]  # (…, T) -> (…, 1, T), the same for every head
            queries, keys = rotate(queries, places), rotate(keys, places)
        if cache is not None:
            keys, values = cache.extend(keys, values)
        if need_weights:
            scores = self._shared(queries, keys.mT) / queries.shape[-1] ** 0.5
            weights = masked_softmax(scores if bias is None else scores + bias, mask)  # (…, H, T, S)
            heads = self._shared(weights, values)  # (…, H, T, D)
        else:
            heads, weights = fused(queries, keys, values, mask, bias), None
        return merge_heads(heads) @ self.output_weight + self.output_bias, weights  # (…, T, M)

    def _shared(self, x, right):
        """x (…, H, T, a) times (…, Hkv, a, b), each of which serves H / Hkv heads; it is not repeated for that."""
        *leading, H, T, a = x.shape
        folded = x.reshape(*leading, self.kv_heads, H // self.kv_heads * T, a)  # (…, H, T, a) -> (…, Hkv, H/Hkv · T, a)
        product = folded @ right
        return product.reshape(*product.shape[:-3], H, T, right.shape[-1])  # (…, Hkv, H/Hkv · T, b) -> (…, H, T, b)


def fused(queries, keys, values, mask, bias):
    """PyTorch's own attention of the heads (…, H, T, D); of a query that may attend to nothing it is not asked."""
    grouped = queries.shape[-3] != keys.shape[-3]
    attend = partial(F.scaled_dot_product_attention, queries, keys, values, enable_gqa=grouped)
    if mask is None and bias is None:
        return attend()
    added = queries.new_zeros(()) if bias is None else bias
    added = torch.atleast_2d(cover(added, mask))  # (…, T, S)
    empty = all_covered(added, -1, keepdim=True)  # (…, T, S) -> (…, T, 1)
    return torch.where(empty, 0.0, attend(attn_mask=torch.where(empty, 0.0, added)))


def hide(rows, mask):
    """Zeros in place of the rows (…, S, M) that no query of any head may see."""
    return hide_unseen(rows, mask if mask is None or mask.ndim < 3 else mask.any(dim=-3))  # (…, H, T, S) -> (…, T, S)
