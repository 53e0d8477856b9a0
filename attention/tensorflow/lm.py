"""A decoder without an encoder: a model of language that writes (chapter 8)."""

import tensorflow as tf

from attention.data.tokenizer import END, PADDING
from attention.shapes import check_draws
from attention.tensorflow.blocks import EncoderBlock, LayerNorm
from attention.tensorflow.heads import KeyValueCache
from attention.tensorflow.layers import NamedLayer, named
from attention.tensorflow.masks import causal_mask
from attention.weights.initial import initial_weights
from attention.weights.tables import lm


class LanguageModel(NamedLayer):
    """What comes next, after each token of a text: blocks with a causal mask, whose heads are turned by their places.

    x = √M E[token],   x = block(x) for each block,   logits = norm(x) Eᵀ

    Parameters
    ----------
    vocabulary, width, heads, hidden, blocks : int, V, M, H, the units of each block's network, and how many blocks
    seed : of the first weights, which have the names and shapes of `attention/weights/tables/lm.py`

    Source
    ------
    Vaswani et al. (2017), sections 3.1 and 3.4, without the encoder; Press and Wolf (2017), "Using the output embedding
    to improve language models", https://arxiv.org/abs/1608.05859, for the one embedding.
    """

    def __init__(self, vocabulary, width, heads, hidden, blocks, dtype="float32", seed=0):
        super().__init__(dtype=dtype)
        shapes = lm.shapes(vocabulary, width, heads, hidden, blocks)
        self.embedding = self.add_weight(shape=shapes["embedding"], name="embedding")
        self.blocks = [EncoderBlock(width, heads, hidden, dtype=dtype) for _ in range(blocks)]
        self.norm = LayerNorm(width, dtype)
        self.built = True
        self.set_named_weights(initial_weights(shapes, seed))

    @property
    def named(self):
        """{name: variable}."""
        blocks = {f"blocks.{number}": block for number, block in enumerate(self.blocks)}
        return {"embedding": self.embedding} | named(blocks | {"norm": self.norm})

    def caches(self):
        """A `KeyValueCache` for each block, with nothing in it."""
        return [KeyValueCache() for _ in self.blocks]

    def __call__(self, tokens, caches=None):
        """Tokens (B, T) to the logits of what comes after each of them (B, T, V).

        Parameters
        ----------
        tokens : (B, T) int
        caches : as `caches` gives them: the tokens stand behind all those that earlier calls with these were given
        """
        embedding = self.embedding.value
        scale = tf.cast(tf.shape(embedding)[1], embedding.dtype) ** 0.5
        T, before = tf.shape(tokens)[-1], caches[0].length if caches else 0
        mask, places = causal_mask(T, before + T), tf.range(before, before + T)  # (T, S), (T,)
        x = tf.gather(embedding, tokens) * scale  # (B, T) -> (B, T, M)
        for block, cache in zip(self.blocks, caches or [None] * len(self.blocks), strict=True):
            x, _ = block(x, mask, positions=places, cache=cache, need_weights=False)
        return tf.tensordot(self.norm(x), tf.transpose(embedding), 1)  # (B, T, M) (M, V) -> (B, T, V)


def generate(model, tokens, limit, draws=None, temperature=1.0, cached=True):
    """Write one token after another behind those that are there, until END or `limit` tokens.

    y_n ~ softmax(logits(y_<n) / τ),   or the likeliest one

    Parameters
    ----------
    model : LanguageModel
    tokens : (B, T) int, what is there, of the same length in each row: START at least
    limit : int, the largest N
    draws : (B, limit) numbers from 0 to 1, by which tokens are drawn: token v is written where the draw lies between
        the probability of all tokens before v and that of all up to v. None writes the likeliest one
    temperature : τ, above 0: less makes what is likely likelier
    cached : True keeps the keys and values of every block; False computes them anew for each token. The tokens are the
        same

    Returns
    -------
    written : (B, N) int; PADDING after END

    Raises
    ------
    TypeError, ValueError : `limit` is not a whole number of at least 1, `temperature` is not above 0, or `draws` has
        not the shape (B, limit)
    """
    check_draws(draws, tokens, limit, temperature)
    tokens = tf.convert_to_tensor(tokens)
    caches = model.caches() if cached else None
    whole, given = tokens, tokens
    done = tf.zeros_like(tokens[:, 0], dtype=tf.bool)
    while whole.shape[1] < tokens.shape[1] + limit and not tf.reduce_all(done):
        logits = model(given, caches)[:, -1]  # (B, T) -> (B, V)
        n = whole.shape[1] - tokens.shape[1]
        token = choose(logits / temperature, None if draws is None else draws[:, n])  # (B, V) -> (B,)
        token = tf.where(done, PADDING, tf.cast(token, tokens.dtype))
        done = done | (token == END)
        whole = tf.concat([whole, token[:, None]], axis=1)  # (B, T) -> (B, T + 1)
        given = token[:, None] if cached else whole
    return whole[:, tokens.shape[1] :]


def choose(logits, draws):
    """The token of each row of logits (B, V) that a draw (B,) falls on, (B,); without draws the likeliest."""
    if draws is None:
        return tf.argmax(logits, axis=-1)
    sums = tf.cumsum(tf.nn.softmax(tf.cast(logits, tf.float64)), axis=-1)  # (B, V)
    below = sums[:, :-1] <= tf.cast(draws, tf.float64)[:, None]  # how many tokens lie below the draw
    return tf.reduce_sum(tf.cast(below, tf.int64), axis=-1)  # (B, V) -> (B,)
