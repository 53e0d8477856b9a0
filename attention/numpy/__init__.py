"""Attention in NumPy: forward here, backward by hand in `gradients`."""

from attention.numpy.attend import additive_attention, attend, scaled_dot_product_attention
from attention.numpy.masks import causal_mask, padding_mask, window_mask
from attention.numpy.scores import additive_scores, cosine_scores, dot_scores, general_scores, scaled_dot_scores
from attention.numpy.softmax import log_softmax, masked_softmax, softmax

__all__ = [
    "additive_attention",
    "additive_scores",
    "attend",
    "causal_mask",
    "cosine_scores",
    "dot_scores",
    "general_scores",
    "log_softmax",
    "masked_softmax",
    "padding_mask",
    "scaled_dot_product_attention",
    "scaled_dot_scores",
    "softmax",
    "window_mask",
]
