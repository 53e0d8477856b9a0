"""Translation with a GRU encoder, additive attention and a GRU decoder (chapter 09).

The axes: B sentences, S source tokens, T target tokens, V pieces in the vocabulary, M `width`, N `encoder_width`.
"""

from typing import NamedTuple

import keras
import tensorflow as tf
from optree import tree_map

from attention.tensorflow.masks import padding_mask
from attention.tensorflow.softmax import masked_softmax
from attention.weights.initial import initial_weights
from attention.weights.tables import seq2seq


def gru_step(input_gates, state_gates, state):
    """One step of a gated recurrent unit: the next state, between the old state and a candidate.

    r = σ(e_r + h_r),   z = σ(e_z + h_z),   n = tanh(e_n + r ⊙ h_n),   h' = (1 − z) ⊙ n + z ⊙ h

    Parameters
    ----------
    input_gates : (B, 3N), e W + b_e for the gates r, z, n: e is what is read
    state_gates : (B, 3N), h U + b_h for the gates r, z, n: h is the state
    state : (B, N)

    Returns
    -------
    state : (B, N)

    Source
    ------
    Cho et al. (2014), "Learning phrase representations using RNN encoder–decoder", section 2.3; the reset gate applied
    after the matrix product, as cuDNN, PyTorch and Keras (`reset_after=True`) do.
    """
    e_r, e_z, e_n = tf.split(input_gates, 3, axis=-1)  # (B, 3N) -> 3 × (B, N)
    h_r, h_z, h_n = tf.split(state_gates, 3, axis=-1)  # (B, 3N) -> 3 × (B, N)
    reset, keep = tf.sigmoid(e_r + h_r), tf.sigmoid(e_z + h_z)
    candidate = tf.tanh(e_n + reset * h_n)
    return (1 - keep) * candidate + keep * state


def scan(step, first, inputs, reverse=False):
    """Go through a sentence by steps that each need what the one before has given.

    o_t = step(o_{t−1}, i_t)

    The loop is in the graph, and not a copy of the step for every token: so one graph serves all lengths.

    Parameters
    ----------
    step : function of (B, …) and (B, …), of which each may be several, to what is like the first
    first : (B, …), or several, o_0
    inputs : (B, T, …), or several
    reverse : whether the last token comes first

    Returns
    -------
    outputs : (B, T, …), or several
    """
    turn = lambda part: tf.transpose(part, [1, 0, *range(2, part.shape.rank)])  # (B, T, …) -> (T, B, …), and back
    return tree_map(turn, tf.scan(step, tree_map(turn, inputs), first, reverse=reverse))


class WeightedLayer(keras.layers.Layer):
    """A layer whose weights are given by name and shape, and are reached as attributes of that name."""

    def __init__(self, shapes, dtype="float32"):
        super().__init__(dtype=dtype)
        self.named = {name: self.add_weight(shape=shape, name=name.replace(".", "_")) for name, shape in shapes.items()}
        self.built = True


class GRUEncoder(WeightedLayer):
    """Reads a sentence once from each side and gives every token the two states it was read into.

    Source
    ------
    Bahdanau, Cho and Bengio (2015), "Neural machine translation by jointly learning to align and translate",
    section 3.2.
    """

    def call(self, embedded, lengths):
        """Embedded tokens (B, S, M) and lengths (B,) to states (B, S, 2N), zero at padding, and the last state read
        backwards (B, N), which is the one at the first token and so never at padding."""
        mask = padding_mask(lengths, tf.shape(embedded)[1])[:, 0, :, None]  # (B, 1, S) -> (B, S, 1)
        forward, backward = self._read("forward", embedded, mask), self._read("backward", embedded, mask)
        states = tf.concat([forward, backward], axis=-1)  # (B, S, N) twice -> (B, S, 2N)
        return tf.where(mask, states, tf.zeros_like(states)), backward[:, 0]

    def _read(self, direction, embedded, mask):
        w = {name.removeprefix(f"{direction}."): w for name, w in self.named.items() if name.startswith(direction)}
        input_gates = embedded @ w["input_weight"] + w["input_bias"]  # (B, S, M) -> (B, S, 3N)

        def step(state, token):
            gates, is_token = token
            read = gru_step(gates, state @ w["state_weight"] + w["state_bias"], state)
            return tf.where(is_token, read, state)  # padding leaves the state as it was

        first = tf.zeros_like(input_gates[:, 0, : w["state_weight"].shape[0]])  # (B, N)
        return scan(step, first, (input_gates, mask), reverse=direction == "backward")


class Memory(NamedTuple):
    """What the decoder looks at while it writes: made once for a sentence."""

    values: tf.Tensor  # (B, S, 2N), the encoder's states
    keys: tf.Tensor  # (B, S, M), the same states projected for the score
    mask: tf.Tensor  # (B, S), True at tokens


class AttentionDecoder(WeightedLayer):
    """Writes one token at a time, looking at the source with its previous state as the query.

    Source
    ------
    Bahdanau, Cho and Bengio (2015), sections 3.1 and A.2.
    """

    def start(self, states, last, lengths):
        """The memory and the first state (B, M) from the encoder's states (B, S, 2N) and its last one (B, N)."""
        w = self.named
        # additive_scores projects queries and keys together; the keys are the same at every step, so they go first.
        memory = Memory(states, states @ w["key_weight"], padding_mask(lengths, tf.shape(states)[1])[:, 0])
        return memory, tf.tanh(last @ w["initial_weight"] + w["initial_bias"])  # (B, N) -> (B, M)

    def step(self, embedded_gates, state, memory):
        """One token: its embedding's share of the gates (B, 3M) and the state (B, M) to the next state, the context
        (B, 2N) and the attention weights (B, S)."""
        w = self.named
        query = (state @ w["query_weight"])[:, None]  # (B, M) -> (B, 1, M)
        scores = tf.linalg.matvec(tf.tanh(query + memory.keys), w["score_weight"])  # (B, S, M) -> (B, S)
        weights = masked_softmax(scores, memory.mask)
        context = (weights[:, None] @ memory.values)[:, 0]  # (B, 1, S) (B, S, 2N) -> (B, 2N)
        input_gates = embedded_gates + context @ w["context_weight"]
        state = gru_step(input_gates, state @ w["state_weight"] + w["state_bias"], state)
        return state, context, weights

    def embedded_gates(self, embedded):
        """What embeddings (…, M) contribute to the gates (…, 3M): nothing in it waits for the previous step."""
        return embedded @ self.named["embedding_weight"] + self.named["input_bias"]

    def readout(self, embedded, states, contexts):
        """Features (…, M) to be compared with the embedding of every piece."""
        joined = tf.concat([embedded, states, contexts], axis=-1)  # (…, M), (…, M), (…, 2N) -> (…, 2M + 2N)
        return tf.tanh(joined @ self.named["readout_weight"] + self.named["readout_bias"])


class Seq2Seq(keras.Model):
    """The whole model: source tokens to logits of target tokens. One embedding serves source, target and output.

    Parameters
    ----------
    vocabulary, width, encoder_width : V, M and N
    dropout : share of the features that training sets to zero, in embeddings, encoder states and readout
    seed : of the first weights
    """

    def __init__(self, vocabulary, width, encoder_width, dropout=0.0, dtype="float32", seed=0):
        super().__init__(dtype=dtype)
        shapes = seq2seq.shapes(vocabulary, width, encoder_width)
        own = {name: shapes.pop(name) for name in ("embedding", "output_bias")}
        self.embedding, self.output_bias = (self.add_weight(shape=shape, name=name) for name, shape in own.items())
        parts = {}
        for name, shape in shapes.items():
            part, rest = name.split(".", 1)
            parts.setdefault(part, {})[rest] = shape
        self.encoder, self.decoder = GRUEncoder(parts["encoder"], dtype), AttentionDecoder(parts["decoder"], dtype)
        self.dropout = keras.layers.Dropout(dropout, dtype=dtype)
        self.built = True
        self.set_named_weights(initial_weights(seq2seq.shapes(vocabulary, width, encoder_width), seed))

    def shared_names(self):
        """{name: variable} under the names that all frameworks share."""
        own = {"embedding": self.embedding, "output_bias": self.output_bias}
        encoder = {f"encoder.{name}": variable for name, variable in self.encoder.named.items()}
        return own | encoder | {f"decoder.{name}": variable for name, variable in self.decoder.named.items()}

    def named_weights(self):
        """{name: NumPy array} under the names that all frameworks share."""
        return {name: variable.numpy() for name, variable in self.shared_names().items()}

    def set_named_weights(self, weights):
        """Copy {name: array} into the model."""
        for name, variable in self.shared_names().items():
            variable.assign(weights[name])

    def encode(self, source, lengths, training=False):
        """Source tokens (B, S) and lengths (B,) to the memory and the decoder's first state (B, M)."""
        embedded = self.dropout(tf.gather(self.embedding.value, source), training=training)  # (B, S) -> (B, S, M)
        states, last = self.encoder(embedded, lengths)  # (B, S, M) -> (B, S, 2N)
        return self.decoder.start(self.dropout(states, training=training), last, lengths)

    def step(self, tokens, state, memory):
        """Tokens just written (B,) to the logits of the next (B, V), the new state (B, M) and the weights (B, S)."""
        embedded = tf.gather(self.embedding.value, tokens)  # (B,) -> (B, M)
        state, context, weights = self.decoder.step(self.decoder.embedded_gates(embedded), state, memory)
        return self._logits(self.decoder.readout(embedded, state, context)), state, weights

    def call(self, source, lengths, target, training=False):
        """Teacher forcing: source (B, S), lengths (B,), true target so far (B, T) to logits (B, T, V) and weights
        (B, T, S)."""
        memory, state = self.encode(source, lengths, training)
        embedded = self.dropout(tf.gather(self.embedding.value, target), training=training)  # (B, T) -> (B, T, M)
        nothing = tf.zeros_like(memory.values[:, 0]), tf.zeros_like(memory.values[..., 0])  # (B, 2N), (B, S)
        step = lambda before, gates: self.decoder.step(gates, before[0], memory)
        states, contexts, weights = scan(step, (state, *nothing), self.decoder.embedded_gates(embedded))
        features = self.decoder.readout(embedded, states, contexts)  # (B, T, M)
        return self._logits(self.dropout(features, training=training)), weights

    def _logits(self, features):
        embedding = tf.transpose(self.embedding.value)  # (V, M) -> (M, V)
        return features @ embedding + self.output_bias  # (…, M) -> (…, V)


def sequence_loss(logits, target, smoothing=0.0):
    """Mean cross-entropy over the tokens of `target` that are not padding.

    L = −(1 − ε) log p(y) − ε/V Σ_v log p(v)

    Parameters
    ----------
    logits : (B, T, V)
    target : (B, T) int, the tokens that should come next; 0 is padding and does not count
    smoothing : ε, the share of the probability that is spread evenly

    Source
    ------
    Szegedy et al. (2016), "Rethinking the Inception architecture for computer vision", section 7, for the smoothing.
    """
    right = -tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits)  # (B, T, V) -> (B, T), log p(y)
    # The mean of log p over the vocabulary differs from log p(y) as the logits do: one pass over V less.
    chosen = tf.gather(logits, target, batch_dims=2)  # (B, T, V) -> (B, T)
    mean = right + tf.reduce_mean(logits, axis=-1) - chosen  # (B, T)
    losses = -(1 - smoothing) * right - smoothing * mean  # (B, T)
    counted = tf.cast(target != 0, logits.dtype)
    return tf.reduce_sum(losses * counted) / tf.reduce_sum(counted)
