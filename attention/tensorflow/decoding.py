"""From a trained model to sentences: the best next token, or the best few sentences at once (chapter 09)."""

import tensorflow as tf
from optree import tree_map

from attention.data.tokenizer import END, PADDING, START
from attention.shapes import check_sizes


def greedy(model, source, lengths, limit):
    """Write the likeliest token, again and again, until END or `limit` tokens.

    y_t = argmax_v p(v | y_<t, x)

    Parameters
    ----------
    model : Seq2Seq
    source : (B, S) int, padded
    lengths : (B,) int
    limit : int, the largest T

    Returns
    -------
    tokens : (B, T) int; PADDING after END
    weights : (B, T, S), what each token looked at

    Raises
    ------
    TypeError, ValueError : `limit` is not a whole number of at least 1
    """
    check_sizes(1, limit=limit)
    memory, state = model.encode(source, lengths)
    tokens = tf.fill([len(source)], tf.constant(START, tf.int64))
    written, looked = [], []
    done = tf.zeros_like(tokens, dtype=tf.bool)
    while len(written) < limit and not tf.reduce_all(done):
        logits, state, weights = model.step(tokens, state, memory)
        tokens = tf.where(done, tf.constant(PADDING, tf.int64), tf.argmax(logits, axis=-1))  # (B, V) -> (B,)
        done = done | (tokens == END)
        written.append(tokens)
        looked.append(weights)
    return tf.stack(written, axis=1), tf.stack(looked, axis=1)  # T × (B,) -> (B, T), T × (B, S) -> (B, T, S)


def beam_search(model, source, lengths, limit, beam=5, alpha=1.0):
    """Keep the `beam` likeliest beginnings of every sentence, and choose the best ending by likelihood per length.

    score(y) = log p(y | x) / |y|^α

    Parameters
    ----------
    model, source, lengths, limit : as for `greedy`; memory and state may be nested, every array in them with B first
    beam : int, K
    alpha : float, 0 for no correction; without one, short sentences win

    Returns
    -------
    tokens : (B, T) int; PADDING after END
    scores : (B,)

    Raises
    ------
    TypeError, ValueError : `limit` or `beam` is not a whole number of at least 1

    Source
    ------
    Graves (2012), "Sequence transduction with recurrent neural networks"; for the length,
    Wu et al. (2016), "Google's neural machine translation system", section 7.
    """
    check_sizes(1, limit=limit, beam=beam)
    memory, state = model.encode(source, lengths)
    memory, state = tree_map(lambda part: tf.repeat(part, beam, axis=0), (memory, state))  # (B, …) -> (B·K, …)
    B = len(source)
    first = tf.range(B)[:, None] * beam  # (B, 1), where the beams of a sentence begin
    written = tf.fill([B, beam, 1], START)
    total = tf.repeat(tf.concat([[0.0], tf.fill([beam - 1], float("-inf"))], axis=0)[None], B, axis=0)
    size = tf.zeros_like(total)  # (B, K), as is `total`: all beams are alike at first, only one may grow
    done = tf.zeros_like(total, dtype=tf.bool)
    for _ in range(limit):
        logits, state, _ = model.step(tf.reshape(written[..., -1], [-1]), state, memory)
        V = logits.shape[-1]
        log_p = tf.reshape(tf.nn.log_softmax(logits), [B, beam, V])  # (B·K, V) -> (B, K, V)
        stay = tf.where(tf.range(V) == PADDING, tf.constant(0.0, log_p.dtype), tf.constant(float("-inf"), log_p.dtype))
        # What is done goes on with PADDING, at no cost.
        candidates = tf.cast(total, log_p.dtype)[..., None] + tf.where(done[..., None], stay, log_p)
        total, best = tf.math.top_k(tf.reshape(candidates, [B, beam * V]), beam)  # (B, K·V) -> (B, K)
        parent, token = best // V, best % V  # (B, K)
        state = rows(state, tf.reshape(first + parent, [-1]))
        written = tf.concat([tf.gather(written, parent, batch_dims=1), token[..., None]], axis=-1)  # (B, K, 1 + T)
        was_done = tf.gather(done, parent, batch_dims=1)
        size = tf.gather(size, parent, batch_dims=1) + tf.cast(~was_done, size.dtype)
        done = was_done | (token == END)
        if tf.reduce_all(done):
            break
    scores = total / tf.cast(size, total.dtype) ** alpha
    best = tf.argmax(scores, axis=-1)  # (B, K) -> (B,)
    return tf.gather(written, best, batch_dims=1)[:, 1:], tf.reduce_max(scores, axis=-1)


def rows(tree, which):
    """The rows `which` of every array in a memory or a state."""
    return tree_map(lambda part: tf.gather(part, which), tree)
