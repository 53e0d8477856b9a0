"""Score functions: how well does a key answer a query? (chapter 03)

Queries (…, T, D) and keys (…, S, D) give scores (…, T, S).
"""

import tensorflow as tf

from attention.shapes import check_floats, check_leading, check_rank, check_same
from attention.tensorflow.precision import widen


def dot_scores(queries, keys):
    """The dot product of each query with each key.

    score(q, k) = q · k

    Parameters
    ----------
    queries : float tensor (…, T, D)
    keys : float tensor (…, S, D), the dtype of `queries`

    Returns
    -------
    scores : (…, T, S), the dtype of `queries`

    Raises
    ------
    TypeError : an argument is not floating point, or the dtypes differ
    ValueError : they do not agree on D or on the leading axes

    Source
    ------
    Luong, Pham and Manning (2015), section 3.1, "dot".
    """
    _check(queries, keys)
    check_same("D", (-1, -1), queries=queries, keys=keys)
    scores = tf.matmul(widen(queries), widen(keys), transpose_b=True)  # (…, T, D) (…, S, D) -> (…, T, S)
    return tf.cast(scores, queries.dtype)


def scaled_dot_scores(queries, keys, scale=None):
    """The dot product times `scale`: with 1/√D its variance does not grow with the number of features.

    score(q, k) = q · k / √D

    Parameters
    ----------
    queries : float tensor (…, T, D), D the features of one head
    keys : float tensor (…, S, D), the dtype of `queries`
    scale : number; None means 1/√D

    Returns
    -------
    scores : (…, T, S), the dtype of `queries`

    Raises
    ------
    TypeError, ValueError : as `dot_scores`

    Source
    ------
    Vaswani et al. (2017), section 3.2.1, equation (1).
    """
    _check(queries, keys)
    scale = tf.cast(tf.shape(queries)[-1], tf.float64) ** -0.5 if scale is None else scale
    if not tf.is_tensor(scale):
        scale = tf.constant(scale, tf.float64)  # of a number alone `tf.cast` would make a float32 first
    scores = dot_scores(widen(queries), widen(keys))  # (…, T, S)
    return tf.cast(scores * tf.cast(scale, scores.dtype), queries.dtype)


def general_scores(queries, keys, weight):
    """A bilinear form: the dot product after a matrix has carried the query into the keys' space.

    score(q, k) = q W kᵀ

    Parameters
    ----------
    queries : float tensor (…, T, Dq)
    keys : float tensor (…, S, Dk)
    weight : float tensor (Dq, Dk)

    Returns
    -------
    scores : (…, T, S), the dtype of `queries`

    Raises
    ------
    TypeError : an argument is not floating point, or the dtypes differ
    ValueError : `weight` does not fit queries or keys, or the leading axes disagree

    Source
    ------
    Luong, Pham and Manning (2015), section 3.1, "general".
    """
    _check(queries, keys, weight=weight)
    check_rank(2, weight=weight)
    check_same("Dq", (-1, -2), queries=queries, weight=weight)
    check_same("Dk", (-1, -1), keys=keys, weight=weight)
    projected = tf.matmul(widen(queries), widen(weight))  # (…, T, Dq) (Dq, Dk) -> (…, T, Dk)
    return tf.cast(dot_scores(projected, widen(keys)), queries.dtype)  # (…, T, S)


def additive_scores(queries, keys, query_weight, key_weight, score_weight):
    """A network with one hidden layer of A units looks at query and key together.

    score(q, k) = tanh(q W_q + k W_k) v

    Parameters
    ----------
    queries : float tensor (…, T, Dq)
    keys : float tensor (…, S, Dk)
    query_weight : float tensor (Dq, A)
    key_weight : float tensor (Dk, A)
    score_weight : float tensor (A,)

    Returns
    -------
    scores : (…, T, S), the dtype of `queries`

    Raises
    ------
    TypeError : an argument is not floating point, or the dtypes differ
    ValueError : the weights do not fit queries, keys or each other, or the leading axes disagree

    Source
    ------
    Bahdanau, Cho and Bengio (2015), appendix A.1.2.
    """
    _check(queries, keys, query_weight=query_weight, key_weight=key_weight, score_weight=score_weight)
    check_rank(2, query_weight=query_weight, key_weight=key_weight)
    check_rank(1, score_weight=score_weight)
    check_same("Dq", (-1, -2), queries=queries, query_weight=query_weight)
    check_same("Dk", (-1, -2), keys=keys, key_weight=key_weight)
    check_same("A", (-1, -1), query_weight=query_weight, key_weight=key_weight)
    check_same("A", (-1, -1), query_weight=query_weight, score_weight=score_weight)
    from_queries = tf.matmul(widen(queries), widen(query_weight))  # (…, T, Dq) (Dq, A) -> (…, T, A)
    from_keys = tf.matmul(widen(keys), widen(key_weight))  # (…, S, Dk) (Dk, A) -> (…, S, A)
    hidden = tf.tanh(from_queries[..., :, None, :] + from_keys[..., None, :, :])  # (…, T, S, A)
    return tf.cast(tf.linalg.matvec(hidden, widen(score_weight)), queries.dtype)  # (…, T, S, A) (A,) -> (…, T, S)


def cosine_scores(queries, keys):
    """The cosine of the angle between query and key; 0 where one of them is the zero vector.

    score(q, k) = q · k / (‖q‖ ‖k‖)

    Parameters
    ----------
    queries : float tensor (…, T, D)
    keys : float tensor (…, S, D), the dtype of `queries`

    Returns
    -------
    scores : (…, T, S), between −1 and 1, the dtype of `queries`

    Raises
    ------
    TypeError, ValueError : as `dot_scores`

    Source
    ------
    Graves, Wayne and Danihelka (2014), "Neural Turing machines", section 3.3.1, equation (6).
    """
    _check(queries, keys)
    return tf.cast(dot_scores(_unit(widen(queries)), _unit(widen(keys))), queries.dtype)  # (…, T, S)


def _unit(vectors):
    """Vectors of length 1; the zero vector, which has no direction, stays as it is."""
    squares = tf.reduce_sum(vectors**2, axis=-1, keepdims=True)  # (…, 1)
    return vectors / tf.sqrt(tf.where(squares == 0, tf.ones_like(squares), squares))


def _check(queries, keys, **weights):
    check_floats(queries=queries, keys=keys, **weights)
    check_rank(2, queries=queries, keys=keys)
    check_leading(queries=queries, keys=keys)
