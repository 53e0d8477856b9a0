"""Translation with a GRU encoder, additive attention and a GRU decoder, forward only (chapter 09).

The axes: B sentences, S source tokens, T target tokens, V pieces in the vocabulary, M `width`, N `encoder_width`.
"""

from typing import NamedTuple

import numpy as np

from attention.numpy.masks import padding_mask
from attention.numpy.softmax import log_softmax, masked_softmax


def sigmoid(x):
    """1 / (1 + exp(−x)), without overflow: half of 1 + tanh(x / 2)."""
    return 0.5 * (1 + np.tanh(0.5 * x))


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
    e_r, e_z, e_n = np.split(input_gates, 3, axis=-1)  # (B, 3N) -> 3 × (B, N)
    h_r, h_z, h_n = np.split(state_gates, 3, axis=-1)  # (B, 3N) -> 3 × (B, N)
    reset, keep = sigmoid(e_r + h_r), sigmoid(e_z + h_z)
    candidate = np.tanh(e_n + reset * h_n)
    return (1 - keep) * candidate + keep * state


class GRUEncoder:
    """Reads a sentence once from each side and gives every token the two states it was read into.

    Source
    ------
    Bahdanau, Cho and Bengio (2015), "Neural machine translation by jointly learning to align and translate",
    section 3.2.
    """

    def __init__(self, weights):
        self.weights = weights

    def __call__(self, embedded, lengths):
        """Embedded tokens (B, S, M) and lengths (B,) to states (B, S, 2N), zero at padding, and the last state read
        backwards (B, N), which is the one at the first token and so never at padding."""
        mask = padding_mask(lengths, embedded.shape[1])[:, 0, :, None]  # (B, 1, S) -> (B, S, 1)
        forward, _ = self._read("forward", embedded, mask, range(embedded.shape[1]))
        backward, last = self._read("backward", embedded, mask, reversed(range(embedded.shape[1])))
        return np.concatenate([forward, backward], axis=-1) * mask, last  # (B, S, N) twice -> (B, S, 2N)

    def _read(self, direction, embedded, mask, order):
        w = {name: self.weights[f"encoder.{direction}.{name}"] for name in ("input_weight", "state_weight")}
        b = {name: self.weights[f"encoder.{direction}.{name}"] for name in ("input_bias", "state_bias")}
        input_gates = embedded @ w["input_weight"] + b["input_bias"]  # (B, S, M) -> (B, S, 3N)
        state = np.zeros((len(embedded), len(w["state_weight"])), embedded.dtype)  # (B, N)
        states = [None] * embedded.shape[1]
        for s in order:
            read = gru_step(input_gates[:, s], state @ w["state_weight"] + b["state_bias"], state)
            states[s] = state = np.where(mask[:, s], read, state)  # padding leaves the state as it was
        return np.stack(states, axis=1), state  # S × (B, N) -> (B, S, N)


class Memory(NamedTuple):
    """What the decoder looks at while it writes: made once for a sentence."""

    values: np.ndarray  # (B, S, 2N), the encoder's states
    keys: np.ndarray  # (B, S, M), the same states projected for the score
    mask: np.ndarray  # (B, S), True at tokens


class AttentionDecoder:
    """Writes one token at a time, looking at the source with its previous state as the query.

    Source
    ------
    Bahdanau, Cho and Bengio (2015), sections 3.1 and A.2.
    """

    def __init__(self, weights):
        self.weights = {name.removeprefix("decoder."): array for name, array in weights.items()}

    def start(self, states, last, lengths):
        """The memory and the first state (B, M) from the encoder's states (B, S, 2N) and its last one (B, N)."""
        w = self.weights
        # additive_scores projects queries and keys together; the keys are the same at every step, so they go first.
        memory = Memory(states, states @ w["key_weight"], padding_mask(lengths, states.shape[1])[:, 0])
        return memory, np.tanh(last @ w["initial_weight"] + w["initial_bias"])  # (B, N) -> (B, M)

    def step(self, embedded_gates, state, memory):
        """One token: its embedding's share of the gates (B, 3M) and the state (B, M) to the next state, the context
        (B, 2N) and the attention weights (B, S)."""
        w = self.weights
        query = (state @ w["query_weight"])[:, None]  # (B, M) -> (B, 1, M)
        scores = np.tanh(query + memory.keys) @ w["score_weight"]  # (B, S, M) -> (B, S)
        weights = masked_softmax(scores, memory.mask)
        context = (weights[:, None] @ memory.values)[:, 0]  # (B, 1, S) (B, S, 2N) -> (B, 2N)
        input_gates = embedded_gates + context @ w["context_weight"]
        state = gru_step(input_gates, state @ w["state_weight"] + w["state_bias"], state)
        return state, context, weights

    def embedded_gates(self, embedded):
        """What embeddings (…, M) contribute to the gates (…, 3M): nothing in it waits for the previous step."""
        return embedded @ self.weights["embedding_weight"] + self.weights["input_bias"]

    def readout(self, embedded, states, contexts):
        """Features (…, M) to be compared with the embedding of every piece."""
        joined = np.concatenate([embedded, states, contexts], axis=-1)  # (…, M), (…, M), (…, 2N) -> (…, 2M + 2N)
        return np.tanh(joined @ self.weights["readout_weight"] + self.weights["readout_bias"])


class Seq2Seq:
    """The whole model: source tokens to logits of target tokens. One embedding serves source, target and output.

    Parameters
    ----------
    weights : {name: array}, the names of `attention/weights/tables/seq2seq.py`
    """

    def __init__(self, weights):
        self.weights = weights
        self.encoder, self.decoder = GRUEncoder(weights), AttentionDecoder(weights)

    def encode(self, source, lengths):
        """Source tokens (B, S) and lengths (B,) to the memory and the decoder's first state (B, M)."""
        states, last = self.encoder(self.weights["embedding"][source], lengths)  # (B, S) -> (B, S, M) -> (B, S, 2N)
        return self.decoder.start(states, last, lengths)

    def step(self, tokens, state, memory):
        """Tokens just written (B,) to the logits of the next (B, V), the new state (B, M) and the weights (B, S)."""
        embedded = self.weights["embedding"][tokens]  # (B,) -> (B, M)
        state, context, weights = self.decoder.step(self.decoder.embedded_gates(embedded), state, memory)
        return self._logits(self.decoder.readout(embedded, state, context)), state, weights

    def __call__(self, source, lengths, target):
        """Teacher forcing: source (B, S), lengths (B,), true target so far (B, T) to logits (B, T, V) and weights
        (B, T, S)."""
        memory, state = self.encode(source, lengths)
        steps = [(state, None, None)]
        embedded = self.weights["embedding"][target]  # (B, T) -> (B, T, M)
        for gates in self.decoder.embedded_gates(embedded).swapaxes(0, 1):  # (B, T, 3M) -> T × (B, 3M)
            steps.append(self.decoder.step(gates, steps[-1][0], memory))
        states, contexts, weights = (np.stack(column, axis=1) for column in zip(*steps[1:], strict=True))  # T × (B, …)
        return self._logits(self.decoder.readout(embedded, states, contexts)), weights

    def _logits(self, features):
        return features @ self.weights["embedding"].T + self.weights["output_bias"]  # (…, M) -> (…, V)


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
    log_p = log_softmax(logits)  # (B, T, V)
    right = np.take_along_axis(log_p, target[..., None], axis=-1)[..., 0]  # (B, T, V) -> (B, T)
    losses = -(1 - smoothing) * right - smoothing * log_p.mean(axis=-1)  # (B, T)
    counted = target != 0
    return (losses * counted).sum() / counted.sum()
