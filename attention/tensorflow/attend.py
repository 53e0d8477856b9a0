"""Attention: each query takes the average of the values, weighted by its scores."""

import tensorflow as tf

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
from attention.tensorflow.precision import widen
from attention.tensorflow.scores import additive_scores, scaled_dot_scores
from attention.tensorflow.softmax import allow, softmax_where


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
    wide = widen(scores)
    allowed = allow(wide, mask)
    weights = softmax_where(wide, allowed)  # (…, T, S)
    output = tf.matmul(weights, hide_unseen(widen(values), allowed))  # (…, T, S) (…, S, D) -> (…, T, D)
    return tf.cast(output, scores.dtype), tf.cast(weights, scores.dtype)


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
    need_weights : False gives None in place of the weights

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
    dtype = queries.dtype
    queries, keys, values = widen(queries), hide_unseen(widen(keys), mask), widen(values)
    output, weights = attend(scaled_dot_scores(queries, keys, scale), values, mask)
    return tf.cast(output, dtype), tf.cast(weights, dtype) if need_weights else None


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
    return tf.cast(output, dtype), tf.cast(weights, dtype)


def hide_unseen(rows, mask):
    """Zeros in place of the keys or values that no query may attend to: padding may hold anything, even NaN."""
    if mask is None:
        return rows  # (…, S, D)
    mask = tf.convert_to_tensor(mask)  # it may be NumPy's
    seen = tf.reduce_any(mask if mask.shape.rank != 1 else mask[None], axis=-2)  # (…, T, S) -> (…, S)
    return tf.where(seen[..., None], rows, tf.zeros([], rows.dtype))  # (…, S, 1) (…, S, D) -> (…, S, D)
