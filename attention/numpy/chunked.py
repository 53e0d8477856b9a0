"""Attention that never holds all of its weights: a few keys at a time, forward and backward (chapter 05)."""

import numpy as np

from attention.numpy.attend import hide_unseen
from attention.numpy.gradients import scaled_dot_scores_backward, share_leading, sum_copies
from attention.numpy.precision import widen
from attention.numpy.scores import scaled_dot_scores
from attention.shapes import (
    check_attention,
    check_floats,
    check_leading,
    check_mask,
    check_rank,
    check_same,
    check_sizes,
    scores_shape,
)


def chunked_attention(queries, keys, values, mask=None, scale=None, chunk=128):
    """The output of `scaled_dot_product_attention`, found in one pass over the keys, `chunk` of them at a time.

    With m the largest score so far: Z ← e^{m − m'} Z + Σ_j e^{s_j − m'},   o ← e^{m − m'} o + Σ_j e^{s_j − m'} v_j,
    m' = max(m, max_j s_j), the sums over the keys of a chunk; at the end o / Z

    Parameters
    ----------
    queries : float array (…, T, D)
    keys : float array (…, S, D)
    values : float array (…, S, Dv)
    mask : bool array that broadcasts to (…, T, S), True = may attend
    scale : number; None means 1/√D
    chunk : int, how many keys are looked at together; memory grows with T · chunk, and not with T · S

    Returns
    -------
    output : (…, T, Dv), the dtype of `queries`; zero for a query that may attend to nothing
    log_totals : (…, T), log Σ_j e^{s_j} of each query, which `chunked_attention_backward` needs; −inf for a query that
        may attend to nothing; float32 where `queries` is float16

    Raises
    ------
    TypeError : an argument is not floating point, the dtypes differ, `mask` is not boolean, or `chunk` no whole number
    ValueError : the arguments disagree on D, S or the leading axes, or `mask` does not broadcast; `chunk` is below 1

    Source
    ------
    Milakov and Gimelshein (2018), algorithm 3, for the running maximum; Rabe and Staats (2021), "Self-attention does
    not need O(n²) memory".
    """
    check_attention(queries, keys, values, mask)
    check_sizes(least=1, chunk=chunk)
    q, k, v = share_leading(widen(queries), hide_unseen(widen(keys), mask), hide_unseen(widen(values), mask))
    top = np.full((*q.shape[:-1], 1), -np.inf, q.dtype)  # (…, T, 1)
    total, summed = np.zeros_like(top), np.zeros((*q.shape[:-1], v.shape[-1]), q.dtype)  # (…, T, 1), (…, T, Dv)
    for part, scores in _scores_by_chunk(q, k, mask, scale, chunk):
        higher = np.maximum(top, scores.max(axis=-1, keepdims=True))
        ground = np.where(higher == -np.inf, 0, higher)  # where nothing has been seen yet
        exponentials, shrink = np.exp(scores - ground), np.exp(top - ground)  # (…, T, chunk), (…, T, 1)
        total = shrink * total + exponentials.sum(axis=-1, keepdims=True)
        summed = shrink * summed + exponentials @ v[..., part, :]  # (…, T, chunk) (…, chunk, Dv) -> (…, T, Dv)
        top = higher
    empty = total == 0
    output = np.where(empty, 0, summed / np.where(empty, 1, total))
    log_totals = np.where(empty, -np.inf, top + np.log(np.where(empty, 1, total)))
    return output.astype(queries.dtype), log_totals[..., 0].astype(q.dtype)


def chunked_attention_backward(
    queries, keys, values, output, log_totals, grad_output, mask=None, scale=None, chunk=128
):
    """The gradients of `chunked_attention`: the weights of a few keys are made once more, p_ij = e^{s_ij − log Z_i}.

    ∂L/∂s_ij = p_ij (∂L/∂o_i · v_j − ∂L/∂o_i · o_i), and on as in `scaled_dot_product_attention_backward`

    Parameters
    ----------
    queries, keys, values, mask, scale : as `chunked_attention`, the leading axes of the first three the same
    output, log_totals : what `chunked_attention` returned
    grad_output : float array (…, T, Dv), ∂L/∂o
    chunk : int, how many keys are looked at together, whatever it was on the way forward

    Returns
    -------
    grad_queries, grad_keys, grad_values : the shapes of the arguments

    Raises
    ------
    TypeError, ValueError : as `chunked_attention`, and where `output`, `log_totals` and `grad_output` do not fit

    Source
    ------
    Dao, Fu, Ermon, Rudra and Ré (2022), "FlashAttention", appendix B.2.
    """
    check_attention(queries, keys, values, None)
    check_floats(queries=queries, output=output, grad_output=grad_output)
    check_floats(log_totals=log_totals)
    check_rank(2, output=output, grad_output=grad_output)
    check_rank(1, log_totals=log_totals)
    for result in ({"output": output}, {"grad_output": grad_output}):
        check_same("T", (-2, -2), queries=queries, **result)
        check_same("Dv", (-1, -1), values=values, **result)
    check_same("T", (-2, -1), queries=queries, log_totals=log_totals)
    check_leading(queries=queries, output=output, grad_output=grad_output, log_totals=log_totals[..., None])
    check_mask(mask, scores_shape(queries, keys))
    check_sizes(least=1, chunk=chunk)
    given = queries, hide_unseen(keys, mask), hide_unseen(values, mask), output, grad_output, log_totals[..., None]
    q, k, v, o, g, total = share_leading(*map(widen, given))
    ground = np.where(total == -np.inf, 0, total)  # (…, T, 1)
    mean = (g * o).sum(axis=-1, keepdims=True)  # (…, T, 1), the mean of ∂L/∂p under p
    grad_q, grad_k, grad_v = map(np.zeros_like, (q, k, v))
    for part, scores in _scores_by_chunk(q, k, mask, scale, chunk):
        p = np.exp(scores - ground)  # (…, T, chunk)
        grad_scores = p * (g @ np.swapaxes(v[..., part, :], -1, -2) - mean)
        of_queries, grad_k[..., part, :] = scaled_dot_scores_backward(q, k[..., part, :], grad_scores, scale)
        grad_q += of_queries
        grad_v[..., part, :] = np.swapaxes(p, -1, -2) @ g  # (…, chunk, T) (…, T, Dv) -> (…, chunk, Dv)
    return sum_copies(grad_q, queries), sum_copies(grad_k, keys), sum_copies(grad_v, values)


def _scores_by_chunk(queries, keys, mask, scale, chunk):
    """(slice of keys, scores (…, T, chunk)) one after the other; −inf where the mask is False."""
    mask = None if mask is None else np.broadcast_to(mask, scores_shape(queries, keys))
    for start in range(0, keys.shape[-2], chunk):
        part = slice(start, start + chunk)
        scores = scaled_dot_scores(queries, keys[..., part, :], scale)
        yield part, scores if mask is None else np.where(mask[..., part], scores, -np.inf).astype(scores.dtype)
