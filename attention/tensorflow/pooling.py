"""From a feature map to one vector: average, maximum, or attention over its places (chapter 12).

The axes: B images, h and w the height and width of a map, S = h · w places, numbered row by row, N features at a place,
A hidden units of a score. A layer takes `weights`, {name: array}; where it may look is a mask (B, S), True = may be
used, and what it hides may hold anything. Keras, which has masks of its own, would make something else of a `mask`:
these layers have no `call`, and are called without it.
"""

import keras
import tensorflow as tf

from attention.shapes import check_places, check_product, check_same
from attention.tensorflow.layers import WeightedLayer
from attention.tensorflow.softmax import masked_softmax
from attention.weights.parts import part, within


class AveragePool(WeightedLayer):
    """The mean of all places, and a hidden layer that has as many weights as `AttentionPool`.

    vector = m + relu(m W_1) W_2 + b,   m the mean

    Parameters
    ----------
    weights : hidden_weight (N, N/4), W_1, readout_weight (N/4, N), W_2, and readout_bias (N,), b

    Source
    ------
    Lin, Chen and Yan (2014), "Network in network", https://arxiv.org/abs/1312.4400, for the mean of all places.
    """

    def __call__(self, features, mask=None):
        """Features (B, h, w, N) to a vector (B, N), and None for the weights; of no place at all, the mean is zero."""
        places, mask = flatten(features, mask)
        check_product("N", features=places, hidden_weight=self.named["hidden_weight"])
        w, squeezed = self.named, self._squeeze(places, mask)
        return squeezed + tf.nn.relu(squeezed @ w["hidden_weight"]) @ w["readout_weight"] + w["readout_bias"], None

    def _squeeze(self, places, mask):
        """Places (B, S, N), zero where the mask (B, S) is False, to (B, N)."""
        count = tf.reduce_sum(tf.cast(mask, places.dtype), axis=-1, keepdims=True)  # (B, S) -> (B, 1)
        return tf.reduce_sum(places, axis=1) / tf.maximum(count, 1)


class MaximumPool(AveragePool):
    """The largest number of each feature in place of the mean."""

    def _squeeze(self, places, mask):
        covered = tf.where(mask[..., None], places, tf.constant(float("-inf"), places.dtype))
        largest = tf.reduce_max(covered, axis=1)  # (B, S, N) -> (B, N)
        return tf.where(tf.reduce_any(mask, axis=-1, keepdims=True), largest, tf.zeros_like(largest))


class AttentionPool(WeightedLayer):
    """Additive attention of one learned query over all places of a map.

    p = masked softmax_j(tanh(q + k_j W_k) v),   vector = Σ_j p_j x_j,   k_j = x_j

    Parameters
    ----------
    weights : query (A,), q, key_weight (N, A), W_k, and score_weight (A,), v

    Source
    ------
    Bahdanau, Cho and Bengio (2015), appendix A.1.2, for the score; Xu et al. (2015), "Show, attend and tell",
    https://arxiv.org/abs/1502.03044, for places as what is attended to.
    """

    def __call__(self, features, mask=None):
        """Features (B, h, w, N) to their weighted mean (B, N) and the weights (B, S)."""
        return self.look(features, self.named["query"], mask)

    def look(self, features, query, mask=None):
        """The same for a query of one's own: (A,), or (B, A), one for each image."""
        places, mask = flatten(features, mask)
        w, keys = self.named, self._keys(places, *tf.unstack(tf.shape(features)[1:3]))
        check_product("N", keys=keys, key_weight=w["key_weight"])
        hidden = tf.tanh(query[..., None, :] + keys @ w["key_weight"])  # (B, 1, A) (B, S, A) -> (B, S, A)
        weights = masked_softmax(tf.linalg.matvec(hidden, w["score_weight"]), mask)  # (B, S, A) (A,) -> (B, S)
        return self.average(places, weights), weights

    def _keys(self, places, h, w):
        """What is asked of each place: its features (B, S, N)."""
        return places

    @staticmethod
    def average(features, weights):
        """The mean of the places of a map (B, h, w, N), or of (B, S, N), by any weights (B, S): (B, N)."""
        places = tf.reshape(features, [tf.shape(features)[0], -1, features.shape[-1]])  # (B, h, w, N) -> (B, S, N)
        check_same("S", (-2, -1), features=places, weights=weights)
        return (weights[:, None] @ places)[:, 0]  # (B, 1, S) (B, S, N) -> (B, N)


class Glimpse(AttentionPool):
    """Attention that knows where a place is: its two coordinates are joined to its key.

    k_j = [x_j; c_j],   c_j from −1 to 1, down and to the right

    Parameters
    ----------
    weights : as those of `AttentionPool`, but key_weight (N + 2, A)
    """

    def _keys(self, places, h, w):
        """Features and coordinates (B, S, N + 2)."""
        there = tf.cast(coordinates(h, w), places.dtype)[None]  # (S, 2) -> (1, S, 2)
        return tf.concat([places, tf.repeat(there, tf.shape(places)[0], axis=0)], axis=-1)


class Glimpses(keras.layers.Layer):
    """Two of them: what the first finds, and where, becomes the second's query.

    q_2 = Σ_j p_j [x_j; c_j] W_q

    Parameters
    ----------
    weights : those of a `Glimpse` as first.…; as second.… the same, but query_weight (N + 2, A), W_q, for the query
    """

    def __init__(self, weights):
        first, second = Glimpse(part(weights, "first")), Glimpse(part(weights, "second"))
        super().__init__(dtype=first.dtype)
        self.first, self.second, self.built = first, second, True

    @property
    def named(self):
        """{name: variable}."""
        return within("first", self.first.named) | within("second", self.second.named)

    def __call__(self, features, mask=None):
        """Features (B, h, w, N) to the second's weighted mean (B, N) and its weights (B, S)."""
        _, second, vector = self.glimpses(features, mask)
        return vector, second

    def glimpses(self, features, mask=None):
        """Features (B, h, w, N) to the first's weights (B, S), the second's (B, S), and the second's mean (B, N)."""
        found, first = self.first(features, mask)
        there = coordinates(*tf.unstack(tf.shape(features)[1:3]))
        where = first @ tf.cast(there, first.dtype)  # (B, S) (S, 2) -> (B, 2)
        query = tf.concat([found, where], axis=-1) @ self.second.named["query_weight"]  # (B, N + 2) -> (B, A)
        vector, second = self.second.look(features, query, mask)
        return first, second, vector


def coordinates(h, w):
    """Where each place of a map is: row and column (S, 2), each from −1 to 1, and 0 where there is only one."""
    rows, columns = ((2 * tf.range(size) - (size - 1)) / tf.maximum(1, size - 1) for size in (h, w))  # float64
    return tf.stack([tf.repeat(rows, w), tf.tile(columns, [h])], axis=-1)  # (h,), (w,) -> (h · w, 2)


def flatten(features, mask=None):
    """A map (B, h, w, N) as places (B, S, N), zero where the mask is False, and the mask as (B, S)."""
    check_places(features, mask)
    places = tf.reshape(features, [tf.shape(features)[0], -1, features.shape[-1]])  # (B, h, w, N) -> (B, S, N)
    if mask is None:
        return places, tf.ones(tf.shape(places)[:2], tf.bool)
    mask = tf.broadcast_to(mask, tf.shape(places)[:2])
    return tf.where(mask[..., None], places, tf.zeros([], places.dtype)), mask
