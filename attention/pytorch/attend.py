"""Attention: each query takes the average of the values, weighted by its scores."""

import torch
import torch.nn.functional as F

from attention.pytorch.precision import widen
from attention.pytorch.scores import additive_scores, scaled_dot_scores
from attention.pytorch.softmax import all_covered, cover, softmax_or_zeros
from attention.shapes import (
    check_attention,
    check_floats,
    check_leading,
    check_mask,
    check_rank,
    check_same,
    scores_shape,
    shape_of,
)


def attend(scores, values, mask=None):
    """Turn scores into weights and take the weighted average of the values.

    weights = masked softmax of the scores over S,   output_i = Σ_j weights_ij values_j

    Parameters
    ----------
    scores : float tensor (…, T, S); −inf counts as masked
    values : float tensor (…, S, D), the dtype of `scores`; one that no query may attend to is never read
    mask : bool tensor that broadcasts to `scores`, True = may attend

    Returns
    -------
    output : (…, T, D); zero for a query that may attend to nothing
    weights : (…, T, S)

    Raises
    ------
    TypeError : scores or values are not floating point or differ in dtype, or `mask` is not boolean
    ValueError : scores and values disagree on S or on the leading axes, or `mask` does not broadcast to `scores`

    Source
    ------
    Bahdanau, Cho and Bengio (2015), section 3.1, equations (5) and (6).
    """
    check_floats(scores=scores, values=values)
    check_rank(2, scores=scores, values=values)
    check_same("S", (-1, -2), scores=scores, values=values)
    check_leading(scores=scores, values=values)
    check_mask(mask, shape_of(scores))
    covered = cover(widen(scores), mask)
    weights = softmax_or_zeros(covered)  # (…, T, S)
    output = weights @ hide(widen(values), all_covered(covered, -2))  # (…, T, S) (…, S, D) -> (…, T, D)
    return output.to(scores.dtype), weights.to(scores.dtype)


def scaled_dot_product_attention(queries, keys, values, mask=None, scale=None, need_weights=True):
    """Attention whose scores are scaled dot products.

    output = softmax(Q Kᵀ / √D) V

    A key that no query may see may hold anything, NaN too, and so may its value: both are set to zero first.

    Parameters
    ----------
    queries : float tensor (…, T, D), D the features of one head
    keys : float tensor (…, S, D)
    values : float tensor (…, S, Dv)
    mask : bool tensor that broadcasts to (…, T, S), True = may attend
    scale : number; None means 1/√D
    need_weights : False gives None in place of the weights, and takes PyTorch's fused kernel

    Returns
    -------
    output : (…, T, Dv); zero for a query that may attend to nothing
    weights : (…, T, S), or None

    Raises
    ------
    TypeError : an argument is not floating point, the dtypes differ, or `mask` is not boolean
    ValueError : the arguments disagree on D, S or the leading axes, or `mask` does not broadcast

    Source
    ------
    Vaswani et al. (2017), section 3.2.1, equation (1).
    """
    check_attention(queries, keys, values, mask)
    keys = hide_unseen(keys, mask)
    if not need_weights:
        return _fused(queries, keys, hide_unseen(values, mask), mask, scale), None
    dtype = queries.dtype
    output, weights = attend(scaled_dot_scores(widen(queries), widen(keys), scale), widen(values), mask)
    return output.to(dtype), weights.to(dtype)


def additive_attention(queries, keys, values, query_weight, key_weight, score_weight, mask=None):
    """Attention whose scores come from a network with one hidden layer.

    output_i = Σ_j softmax_j(tanh(q_i W_q + k_j W_k) v) values_j

    Parameters
    ----------
    queries : float tensor (…, T, Dq)
    keys : float tensor (…, S, Dk)
    values : float tensor (…, S, Dv)
    query_weight, key_weight, score_weight : float tensors (Dq, A), (Dk, A), (A,)
    mask : bool tensor that broadcasts to (…, T, S), True = may attend

    Returns
    -------
    output : (…, T, Dv); zero for a query that may attend to nothing
    weights : (…, T, S)

    Raises
    ------
    TypeError, ValueError : as `additive_scores` and `attend`

    Source
    ------
    Bahdanau, Cho and Bengio (2015), section 3.1 and appendix A.1.2.
    """
    weights = {"query_weight": query_weight, "key_weight": key_weight, "score_weight": score_weight}
    check_floats(queries=queries, keys=keys, values=values, **weights)
    check_rank(2, queries=queries, keys=keys, values=values)
    check_same("S", (-2, -2), keys=keys, values=values)
    check_leading(queries=queries, keys=keys, values=values)
    check_mask(mask, scores_shape(queries, keys))
    dtype = queries.dtype
    queries, keys, values = widen(queries), hide_unseen(widen(keys), mask), widen(values)
    weights = {name: widen(weight) for name, weight in weights.items()}
    output, weights = attend(additive_scores(queries, keys, **weights), values, mask)
    return output.to(dtype), weights.to(dtype)


def hide_unseen(rows, mask):
    """Zeros in place of the keys or values that no query may attend to: padding may hold anything, even NaN."""
    if mask is None:
        return rows  # (…, S, D)
    return hide(rows, ~torch.atleast_2d(mask).any(dim=-2).to(rows.device))  # (…, T, S) -> (…, S)


def hide(rows, unseen):
    """Zeros in place of the rows that are `unseen`."""
    return torch.where(unseen[..., None], 0.0, rows)  # (…, S, 1) (…, S, D) -> (…, S, D)


def _fused(queries, keys, values, mask, scale):
    """PyTorch's own attention.

    For a row with nothing to attend to the code in its documentation gives NaN, and both of its kernels for CPUs zero;
    those for GPUs have not been measured. So no such row reaches any of them.
    """
    if mask is None:
        return F.scaled_dot_product_attention(queries, keys, values, scale=scale)
    mask = torch.atleast_2d(mask).to(queries.device)
    empty = ~mask.any(dim=-1, keepdim=True)  # (…, T, S) -> (…, T, 1)
    output = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask | empty, scale=scale)
    return torch.where(empty, 0.0, output)  # (…, T, Dv)
