"""Translation with a GRU encoder, additive attention and a GRU decoder (chapter 09).

The axes: B sentences, S source tokens, T target tokens, V pieces in the vocabulary, M `width`, N `encoder_width`.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from attention.pytorch.masks import padding_mask
from attention.pytorch.softmax import masked_softmax
from attention.weights.initial import initial_weights
from attention.weights.tables import seq2seq

# What nn.GRU calls the weights of its two directions; its matrices are (out, in), ours (in, out).
GRU_NAMES = {
    f"{direction}.{ours}": f"{theirs}_l0{suffix}"
    for direction, suffix in (("forward", ""), ("backward", "_reverse"))
    for ours, theirs in (
        ("input_weight", "weight_ih"),
        ("state_weight", "weight_hh"),
        ("input_bias", "bias_ih"),
        ("state_bias", "bias_hh"),
    )
}


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
    e_r, e_z, e_n = input_gates.chunk(3, dim=-1)  # (B, 3N) -> 3 × (B, N)
    h_r, h_z, h_n = state_gates.chunk(3, dim=-1)  # (B, 3N) -> 3 × (B, N)
    reset, keep = torch.sigmoid(e_r + h_r), torch.sigmoid(e_z + h_z)
    candidate = torch.tanh(e_n + reset * h_n)
    return (1 - keep) * candidate + keep * state


class GRUEncoder(nn.Module):
    """Reads a sentence once from each side and gives every token the two states it was read into.

    Source
    ------
    Bahdanau, Cho and Bengio (2015), "Neural machine translation by jointly learning to align and translate",
    section 3.2.
    """

    def __init__(self, width, encoder_width, dtype=torch.float32):
        super().__init__()
        self.gru = nn.GRU(width, encoder_width, bidirectional=True, dtype=dtype)

    def forward(self, embedded, lengths):
        """Embedded tokens (B, S, M) and lengths (B,) to states (B, S, 2N), zero at padding, and the last state read
        backwards (B, N), which is the one at the first token and so never at padding."""
        packed = pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states, last = self.gru(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=embedded.shape[1])
        return states, last[1]  # (B, S, 2N), (2, B, N) -> (B, N)


class Memory(NamedTuple):
    """What the decoder looks at while it writes: made once for a sentence."""

    values: torch.Tensor  # (B, S, 2N), the encoder's states
    keys: torch.Tensor  # (B, S, M), the same states projected for the score
    mask: torch.Tensor  # (B, S), True at tokens


class AttentionDecoder(nn.Module):
    """Writes one token at a time, looking at the source with its previous state as the query.

    Source
    ------
    Bahdanau, Cho and Bengio (2015), sections 3.1 and A.2.
    """

    def __init__(self, shapes, dtype=torch.float32):
        super().__init__()
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape, dtype=dtype)))

    def start(self, states, last, lengths):
        """The memory and the first state (B, M) from the encoder's states (B, S, 2N) and its last one (B, N)."""
        # additive_scores projects queries and keys together; the keys are the same at every step, so they go first.
        mask = padding_mask(lengths, states.shape[1])[:, 0].to(states.device)  # (B, 1, S) -> (B, S)
        memory = Memory(states, states @ self.key_weight, mask)
        return memory, torch.tanh(last @ self.initial_weight + self.initial_bias)  # (B, N) -> (B, M)

    def step(self, embedded_gates, state, memory):
        """One token: its embedding's share of the gates (B, 3M) and the state (B, M) to the next state, the context
        (B, 2N) and the attention weights (B, S)."""
        query = (state @ self.query_weight)[:, None]  # (B, M) -> (B, 1, M)
        scores = torch.tanh(query + memory.keys) @ self.score_weight  # (B, S, M) -> (B, S)
        weights = masked_softmax(scores, memory.mask)
        context = (weights[:, None] @ memory.values)[:, 0]  # (B, 1, S) (B, S, 2N) -> (B, 2N)
        input_gates = embedded_gates + context @ self.context_weight
        state = gru_step(input_gates, state @ self.state_weight + self.state_bias, state)
        return state, context, weights

    def embedded_gates(self, embedded):
        """What embeddings (…, M) contribute to the gates (…, 3M): nothing in it waits for the previous step."""
        return embedded @ self.embedding_weight + self.input_bias

    def readout(self, embedded, states, contexts):
        """Features (…, M) to be compared with the embedding of every piece."""
        joined = torch.cat([embedded, states, contexts], dim=-1)  # (…, M), (…, M), (…, 2N) -> (…, 2M + 2N)
        return torch.tanh(joined @ self.readout_weight + self.readout_bias)


class Seq2Seq(nn.Module):
    """The whole model: source tokens to logits of target tokens. One embedding serves source, target and output.

    Parameters
    ----------
    vocabulary, width, encoder_width : V, M and N
    dropout : share of the features that training sets to zero, in embeddings, encoder states and readout
    seed : of the first weights
    """

    def __init__(self, vocabulary, width, encoder_width, dropout=0.0, dtype=torch.float32, seed=0):
        super().__init__()
        shapes = seq2seq.shapes(vocabulary, width, encoder_width)
        self.embedding = nn.Parameter(torch.empty(shapes["embedding"], dtype=dtype))
        self.output_bias = nn.Parameter(torch.empty(shapes["output_bias"], dtype=dtype))
        self.encoder = GRUEncoder(width, encoder_width, dtype)
        self.decoder = AttentionDecoder({n.split(".")[1]: s for n, s in shapes.items() if "decoder" in n}, dtype)
        self.dropout = nn.Dropout(dropout)
        self.set_named_weights(initial_weights(shapes, seed))

    def shared_names(self):
        """{name: parameter, or a view of one} under the names that all frameworks share."""
        tensors = dict(self.named_parameters())
        for ours, theirs in GRU_NAMES.items():
            parameter = tensors.pop(f"encoder.gru.{theirs}")
            tensors[f"encoder.{ours}"] = parameter.T if parameter.ndim == 2 else parameter
        return tensors

    def named_weights(self):
        """{name: NumPy array} under the names that all frameworks share."""
        return {name: tensor.numpy(force=True).copy() for name, tensor in self.shared_names().items()}

    @torch.no_grad()
    def set_named_weights(self, weights):
        """Copy {name: array} into the model."""
        for name, tensor in self.shared_names().items():
            tensor.copy_(torch.as_tensor(weights[name]))

    def encode(self, source, lengths):
        """Source tokens (B, S) and lengths (B,) to the memory and the decoder's first state (B, M)."""
        embedded = self.dropout(F.embedding(source, self.embedding))  # (B, S) -> (B, S, M)
        states, last = self.encoder(embedded, lengths)  # (B, S, M) -> (B, S, 2N)
        return self.decoder.start(self.dropout(states), last, lengths)

    def step(self, tokens, state, memory):
        """Tokens just written (B,) to the logits of the next (B, V), the new state (B, M) and the weights (B, S)."""
        embedded = F.embedding(tokens, self.embedding)  # (B,) -> (B, M)
        state, context, weights = self.decoder.step(self.decoder.embedded_gates(embedded), state, memory)
        return self._logits(self.decoder.readout(embedded, state, context)), state, weights

    def forward(self, source, lengths, target):
        """Teacher forcing: source (B, S), lengths (B,), true target so far (B, T) to logits (B, T, V) and weights
        (B, T, S)."""
        memory, state = self.encode(source, lengths)
        embedded = self.dropout(F.embedding(target, self.embedding))  # (B, T) -> (B, T, M)
        steps = [(state, None, None)]
        for gates in self.decoder.embedded_gates(embedded).unbind(dim=1):  # (B, T, 3M) -> T × (B, 3M)
            steps.append(self.decoder.step(gates, steps[-1][0], memory))
        states, contexts, weights = (torch.stack(column, dim=1) for column in zip(*steps[1:], strict=True))
        return self._logits(self.decoder.readout(embedded, states, contexts)), weights

    def _logits(self, features):
        return self.dropout(features) @ self.embedding.T + self.output_bias  # (…, M) -> (…, V)


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
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=0, label_smoothing=smoothing)
