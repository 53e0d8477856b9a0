"""A decoder without an encoder: a model of language that writes (chapter 8)."""

import numpy as np

from attention.data.tokenizer import END, PADDING
from attention.numpy.blocks import EncoderBlock, LayerNorm
from attention.numpy.heads import KeyValueCache
from attention.numpy.masks import causal_mask
from attention.numpy.softmax import softmax
from attention.shapes import check_draws
from attention.weights.parts import part


class LanguageModel:
    """What comes next, after each token of a text: blocks with a causal mask, whose heads are turned by their places.

    x = √M E[token],   x = block(x) for each block,   logits = norm(x) Eᵀ

    Parameters
    ----------
    weights : {name: array}, the names of `attention/weights/tables/lm.py`, which tell how many blocks there are
    heads : int, H

    Source
    ------
    Vaswani et al. (2017), sections 3.1 and 3.4, without the encoder; Press and Wolf (2017), "Using the output embedding
    to improve language models", https://arxiv.org/abs/1608.05859, for the one embedding.
    """

    def __init__(self, weights, heads):
        self.embedding, self.norm = weights["embedding"], LayerNorm(part(weights, "norm"))
        self.blocks = []
        while block := part(weights, f"blocks.{len(self.blocks)}"):
            self.blocks.append(EncoderBlock(block, heads))

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
        T, before = tokens.shape[-1], caches[0].length if caches else 0
        mask, places = causal_mask(T, before + T), np.arange(before, before + T)  # (T, S), (T,)
        x = self.embedding[tokens] * self.embedding.shape[-1] ** 0.5  # (B, T) -> (B, T, M)
        for block, cache in zip(self.blocks, caches or [None] * len(self.blocks), strict=True):
            x, _ = block(x, mask, positions=places, cache=cache, need_weights=False)
        return self.norm(x) @ self.embedding.T  # (B, T, M) (M, V) -> (B, T, V)


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
    caches = model.caches() if cached else None
    whole, given = tokens, tokens
    done = np.zeros(len(tokens), dtype=bool)
    while whole.shape[1] < tokens.shape[1] + limit and not done.all():
        logits = model(given, caches)[:, -1]  # (B, T) -> (B, V)
        n = whole.shape[1] - tokens.shape[1]
        token = choose(logits / temperature, None if draws is None else draws[:, n])  # (B, V) -> (B,)
        token = np.where(done, PADDING, token)
        done = done | (token == END)
        whole = np.concatenate([whole, token[:, None]], axis=1)  # (B, T) -> (B, T + 1)
        given = token[:, None] if cached else whole
    return whole[:, tokens.shape[1] :]


def choose(logits, draws):
    """The token of each row of logits (B, V) that a draw (B,) falls on, (B,); without draws the likeliest."""
    if draws is None:
        return logits.argmax(axis=-1)
    sums = softmax(logits.astype(float)).cumsum(axis=-1)  # (B, V)
    return (sums[:, :-1] <= np.asarray(draws)[:, None]).sum(axis=-1)  # how many tokens lie below the draw, (B,)
