"""Gradients by hand: from the gradient of a loss L with respect to an output to those of the inputs.

The names say what is differentiated: `softmax_backward` goes with `softmax`.  Each is derived in a chapter and compared
there with finite differences and with what TensorFlow and PyTorch find.
"""

import numpy as np

from attention.numpy.attend import hide_unseen
from attention.numpy.precision import widen
from attention.shapes import check_floats, check_leading, check_rank, check_same


def softmax_jacobian(weights):
    """All derivatives of softmax at once, from its output.

    ∂p_i / ∂s_j = p_i (δ_ij − p_j),   J = diag(p) − pᵀ p

    Parameters
    ----------
    weights : float array (…, S), what `softmax` returned along the last axis

    Returns
    -------
    jacobian : (…, S, S), symmetric

    Source
    ------
    Bridle (1990); derived in chapter 01.
    """
    identity = np.eye(weights.shape[-1], dtype=weights.dtype)  # (S, S)
    return weights[..., :, None] * (identity - weights[..., None, :])  # (…, S, 1) (…, S, S) -> (…, S, S)


def softmax_backward(weights, grad_weights, axis=-1):
    """The gradient of the scores, without building the Jacobian.

    ∂L/∂s = p ∘ (g − Σ_j p_j g_j),   g = ∂L/∂p

    Parameters
    ----------
    weights : float array, what `softmax` or `masked_softmax` returned
    grad_weights : float array of the same shape, g
    axis : int, the axis along which the weights sum to one

    Returns
    -------
    grad_scores : the shape of `weights`; zero wherever the weight is zero

    Source
    ------
    Derived in chapter 01.
    """
    mean = (weights * grad_weights).sum(axis=axis, keepdims=True)
    return weights * (grad_weights - mean)


def log_softmax_backward(log_weights, grad_log_weights, axis=-1):
    """The gradient of the scores under `log_softmax`.

    ∂L/∂s = g − p Σ_j g_j,   g = ∂L/∂(log p)

    Parameters
    ----------
    log_weights : float array, what `log_softmax` returned
    grad_log_weights : float array of the same shape, g
    axis : int

    Returns
    -------
    grad_scores : the shape of `log_weights`

    Source
    ------
    Derived in chapter 01.
    """
    return grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis=axis, keepdims=True)


def dot_scores_backward(queries, keys, grad_scores):
    """The gradients of queries and keys under `dot_scores`.

    ∂L/∂Q = G K,   ∂L/∂K = Gᵀ Q,   G = ∂L/∂(Q Kᵀ)

    Parameters
    ----------
    queries, keys : float arrays (…, T, D) and (…, S, D), the same leading axes
    grad_scores : float array (…, T, S), G

    Returns
    -------
    grad_queries, grad_keys : the shapes of `queries` and `keys`

    Source
    ------
    Derived in chapter 03.
    """
    grad_queries = grad_scores @ keys  # (…, T, S) (…, S, D) -> (…, T, D)
    grad_keys = np.swapaxes(grad_scores, -1, -2) @ queries  # (…, S, T) (…, T, D) -> (…, S, D)
    return grad_queries, grad_keys


def scaled_dot_scores_backward(queries, keys, grad_scores, scale=None):
    """The gradients of queries and keys under `scaled_dot_scores`: those of `dot_scores`, times the scale."""
    scale = queries.shape[-1] ** -0.5 if scale is None else scale
    return dot_scores_backward(queries, keys, grad_scores * scale)


def general_scores_backward(queries, keys, weight, grad_scores):
    """The gradients of queries, keys and weight under `general_scores`.

    ∂L/∂Q = G K Wᵀ,   ∂L/∂K = Gᵀ Q W,   ∂L/∂W = Qᵀ G K, summed over the leading axes

    Parameters
    ----------
    queries, keys : float arrays (…, T, Dq) and (…, S, Dk), the same leading axes
    weight : float array (Dq, Dk)
    grad_scores : float array (…, T, S), G

    Returns
    -------
    grad_queries, grad_keys, grad_weight : the shapes of the arguments

    Source
    ------
    Derived in chapter 03.
    """
    grad_projected, grad_keys = dot_scores_backward(queries @ weight, keys, grad_scores)
    grad_queries = grad_projected @ weight.T  # (…, T, Dk) (Dk, Dq) -> (…, T, Dq)
    return grad_queries, grad_keys, _weight_gradient(queries, grad_projected)


def additive_scores_backward(queries, keys, query_weight, key_weight, score_weight, grad_scores):
    """The gradients of all five arguments of `additive_scores`.

    With a_ij = tanh(q_i W_q + k_j W_k) and g_ij = G_ij v ∘ (1 − a_ij²), the gradient before the tanh:
    ∂L/∂v = Σ_ij G_ij a_ij,   ∂L/∂q_i = (Σ_j g_ij) W_qᵀ,   ∂L/∂k_j = (Σ_i g_ij) W_kᵀ,
    ∂L/∂W_q = Σ_i q_iᵀ Σ_j g_ij,   ∂L/∂W_k = Σ_j k_jᵀ Σ_i g_ij,   those of v, W_q, W_k summed over the leading axes

    Parameters
    ----------
    queries, keys : float arrays (…, T, Dq) and (…, S, Dk), the same leading axes
    query_weight, key_weight, score_weight : float arrays (Dq, A), (Dk, A), (A,)
    grad_scores : float array (…, T, S), G

    Returns
    -------
    five gradients, in the order and the shapes of the arguments

    Source
    ------
    Derived in chapter 03.
    """
    from_queries, from_keys = queries @ query_weight, keys @ key_weight  # (…, T, A), (…, S, A)
    hidden = np.tanh(from_queries[..., :, None, :] + from_keys[..., None, :, :])  # (…, T, S, A)
    grad_score_weight = np.tensordot(grad_scores, hidden, axes=grad_scores.ndim)  # (…, T, S) (…, T, S, A) -> (A,)
    before_tanh = grad_scores[..., None] * score_weight * (1 - hidden**2)  # (…, T, S, A)
    of_queries, of_keys = before_tanh.sum(axis=-2), before_tanh.sum(axis=-3)  # (…, T, A), (…, S, A)
    return (
        of_queries @ query_weight.T,  # (…, T, Dq)
        of_keys @ key_weight.T,  # (…, S, Dk)
        _weight_gradient(queries, of_queries),
        _weight_gradient(keys, of_keys),
        grad_score_weight,
    )


def cosine_scores_backward(queries, keys, grad_scores):
    """The gradients of queries and keys under `cosine_scores`, for vectors that are not zero.

    ∂L/∂q_i = Σ_j G_ij (k̂_j − c_ij q̂_i) / ‖q_i‖,   q̂ = q / ‖q‖,   c_ij = q̂_i · k̂_j, and the same for the keys

    Parameters
    ----------
    queries, keys : float arrays (…, T, D) and (…, S, D), the same leading axes
    grad_scores : float array (…, T, S), G

    Returns
    -------
    grad_queries, grad_keys : the shapes of `queries` and `keys`

    Source
    ------
    Derived in chapter 03.
    """
    query_norms = np.linalg.norm(queries, axis=-1, keepdims=True)  # (…, T, 1)
    key_norms = np.linalg.norm(keys, axis=-1, keepdims=True)  # (…, S, 1)
    grad_unit_queries, grad_unit_keys = dot_scores_backward(queries / query_norms, keys / key_norms, grad_scores)
    return _unit_backward(queries, query_norms, grad_unit_queries), _unit_backward(keys, key_norms, grad_unit_keys)


def attend_backward(weights, values, grad_output):
    """The gradients of scores and values under `attend`.

    ∂L/∂s_ij = p_ij ∂L/∂o_i · (v_j − o_i),   ∂L/∂v_j = Σ_i p_ij ∂L/∂o_i,   o_i = Σ_j p_ij v_j

    Parameters
    ----------
    weights : float array (…, T, S), what `attend` returned; they are zero where its mask was False
    values : float array (…, S, Dv); one that has no weight in any row is never read
    grad_output : float array (…, T, Dv), ∂L/∂o

    Returns
    -------
    grad_scores, grad_values : the shapes of `weights` and `values`; zero wherever the weight is zero

    Raises
    ------
    TypeError : an argument is not floating point, or the dtypes differ
    ValueError : the arguments disagree on T, S, Dv or the leading axes

    Source
    ------
    Derived in chapter 05.
    """
    _check_backward(weights, values, grad_output)
    p, v, g = map(widen, (weights, values, grad_output))
    v = hide_unseen(v, p > 0)
    grad_weights = g @ np.swapaxes(v, -1, -2)  # (…, T, Dv) (…, Dv, S) -> (…, T, S)
    grad_scores = softmax_backward(p, grad_weights)  # (…, T, S)
    grad_values = np.swapaxes(p, -1, -2) @ g  # (…, S, T) (…, T, Dv) -> (…, S, Dv)
    return sum_copies(grad_scores, weights), sum_copies(grad_values, values)


def scaled_dot_product_attention_backward(queries, keys, values, weights, grad_output, scale=None):
    """The gradients of queries, keys and values under `scaled_dot_product_attention`.

    ∂L/∂q_i = Σ_j g_ij k_j / √D,   ∂L/∂k_j = Σ_i g_ij q_i / √D,   g and ∂L/∂v_j being those of `attend_backward`

    Parameters
    ----------
    queries, keys, values : float arrays (…, T, D), (…, S, D) and (…, S, Dv)
    weights : float array (…, T, S), what `scaled_dot_product_attention` returned; they carry its mask
    grad_output : float array (…, T, Dv), ∂L/∂o
    scale : number; None means 1/√D

    Returns
    -------
    grad_queries, grad_keys, grad_values : the shapes of the arguments, summed over leading axes that were broadcast;
        zero for a query that may attend to nothing and for a key that no query may see

    Raises
    ------
    TypeError : an argument is not floating point, or the dtypes differ
    ValueError : the arguments disagree on D, T, S, Dv or the leading axes

    Source
    ------
    Derived in chapter 05.
    """
    _check_backward(weights, values, grad_output, queries=queries, keys=keys)
    check_same("D", (-1, -1), queries=queries, keys=keys)
    grad_scores, grad_values = attend_backward(*map(widen, (weights, values, grad_output)))
    q, k, grad_scores = share_leading(widen(queries), hide_unseen(widen(keys), weights > 0), grad_scores)
    grad_queries, grad_keys = scaled_dot_scores_backward(q, k, grad_scores, scale)
    return sum_copies(grad_queries, queries), sum_copies(grad_keys, keys), sum_copies(grad_values, values)


def additive_attention_backward(queries, keys, values, query_weight, key_weight, score_weight, weights, grad_output):
    """The gradients of the first six arguments under `additive_attention`.

    Those of the values by `attend_backward`; its gradient of the scores goes through `additive_scores_backward`

    Parameters
    ----------
    queries, keys, values : float arrays (…, T, Dq), (…, S, Dk) and (…, S, Dv)
    query_weight, key_weight, score_weight : float arrays (Dq, A), (Dk, A), (A,)
    weights : float array (…, T, S), what `additive_attention` returned; they carry its mask
    grad_output : float array (…, T, Dv), ∂L/∂o

    Returns
    -------
    six gradients, in the order and the shapes of the arguments; those of the three weights summed over the leading axes

    Raises
    ------
    TypeError : an argument is not floating point, or the dtypes differ
    ValueError : the arguments disagree on Dq, Dk, A, T, S, Dv or the leading axes

    Source
    ------
    Derived in chapters 03 and 05.
    """
    layer = {"query_weight": query_weight, "key_weight": key_weight, "score_weight": score_weight}
    _check_backward(weights, values, grad_output, queries=queries, keys=keys, **layer)
    check_rank(2, query_weight=query_weight, key_weight=key_weight)
    check_rank(1, score_weight=score_weight)
    check_same("Dq", (-1, -2), queries=queries, query_weight=query_weight)
    check_same("Dk", (-1, -2), keys=keys, key_weight=key_weight)
    check_same("A", (-1, -1), query_weight=query_weight, key_weight=key_weight)
    check_same("A", (-1, -1), query_weight=query_weight, score_weight=score_weight)
    grad_scores, grad_values = attend_backward(*map(widen, (weights, values, grad_output)))
    q, k, grad_scores = share_leading(widen(queries), hide_unseen(widen(keys), weights > 0), grad_scores)
    layer_wide = map(widen, layer.values())
    grad_queries, grad_keys, *of_layer = additive_scores_backward(q, k, *layer_wide, grad_scores)
    of_layer = (sum_copies(gradient, weight) for gradient, weight in zip(of_layer, layer.values(), strict=True))
    return sum_copies(grad_queries, queries), sum_copies(grad_keys, keys), sum_copies(grad_values, values), *of_layer


def _check_backward(weights, values, grad_output, queries=None, keys=None, **layer):
    """What `attend` and what comes before it agree on, on the way back."""
    pairs = {} if queries is None else {"queries": queries, "keys": keys}
    check_floats(**pairs, values=values, **layer, weights=weights, grad_output=grad_output)
    check_rank(2, **pairs, values=values, weights=weights, grad_output=grad_output)
    check_same("S", (-1, -2), weights=weights, values=values)
    check_same("T", (-2, -2), weights=weights, grad_output=grad_output)
    check_same("Dv", (-1, -1), values=values, grad_output=grad_output)
    if pairs:
        check_same("T", (-2, -2), weights=weights, queries=queries)
        check_same("S", (-1, -2), weights=weights, keys=keys)
    check_leading(**pairs, values=values, weights=weights, grad_output=grad_output)


def share_leading(*arrays):
    """The arrays with the leading axes of all of them together."""
    leading = np.broadcast_shapes(*(array.shape[:-2] for array in arrays))
    return (np.broadcast_to(array, (*leading, *array.shape[-2:])) for array in arrays)


def sum_copies(gradient, array):
    """The gradient in the shape and the type of the array: what was copied by broadcasting is summed."""
    extra = gradient.ndim - array.ndim
    copied = (axis for axis, size in enumerate(array.shape, start=extra) if size == 1 < gradient.shape[axis])
    summed = gradient.sum(axis=(*range(extra), *copied))
    return summed.reshape(array.shape).astype(array.dtype)


def _unit_backward(vectors, norms, grad_units):
    """Back through x / ‖x‖: what lies along the vector cannot change its direction and is taken away."""
    units = vectors / norms
    return (grad_units - units * (units * grad_units).sum(axis=-1, keepdims=True)) / norms


def _weight_gradient(inputs, grad_outputs):
    """∂L/∂W of inputs @ W, summed over every axis but the last."""
    rows = inputs.reshape(-1, inputs.shape[-1])  # (…, T, D) -> (rows, D)
    return rows.T @ grad_outputs.reshape(-1, grad_outputs.shape[-1])  # (D, rows) (rows, A) -> (D, A)
