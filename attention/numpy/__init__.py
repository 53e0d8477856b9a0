"""Attention in NumPy: forward here, backward by hand in `gradients`."""

from attention.numpy.attend import additive_attention, attend, scaled_dot_product_attention
from attention.numpy.blocks import DecoderBlock, EncoderBlock, FeedForward, LayerNorm
from attention.numpy.chunked import chunked_attention, chunked_attention_backward
from attention.numpy.convolution import batch_norm, convolve
from attention.numpy.decoding import beam_search, greedy
from attention.numpy.gates import CBAM, SpatialGate, SqueezeExcite
from attention.numpy.gradients import (
    additive_attention_backward,
    additive_scores_backward,
    attend_backward,
    cosine_scores_backward,
    dot_scores_backward,
    general_scores_backward,
    log_softmax_backward,
    scaled_dot_product_attention_backward,
    scaled_dot_scores_backward,
    softmax_backward,
    softmax_jacobian,
)
from attention.numpy.heads import KeyValueCache, MultiHeadAttention, merge_heads, split_heads
from attention.numpy.lm import LanguageModel, generate
from attention.numpy.masks import causal_mask, padding_mask, window_mask
from attention.numpy.pooling import AttentionPool, AveragePool, Glimpse, Glimpses, MaximumPool
from attention.numpy.positions import alibi_bias, rotate, sinusoidal_positions
from attention.numpy.recurrent import AttentionDecoder, GRUEncoder, Seq2Seq
from attention.numpy.scores import additive_scores, cosine_scores, dot_scores, general_scores, scaled_dot_scores
from attention.numpy.softmax import log_softmax, masked_softmax, softmax
from attention.numpy.vision import ResNet

__all__ = [
    "CBAM",
    "AttentionDecoder",
    "AttentionPool",
    "AveragePool",
    "DecoderBlock",
    "EncoderBlock",
    "FeedForward",
    "GRUEncoder",
    "Glimpse",
    "Glimpses",
    "KeyValueCache",
    "LanguageModel",
    "LayerNorm",
    "MaximumPool",
    "MultiHeadAttention",
    "ResNet",
    "Seq2Seq",
    "SpatialGate",
    "SqueezeExcite",
    "additive_attention",
    "additive_attention_backward",
    "additive_scores",
    "additive_scores_backward",
    "alibi_bias",
    "attend",
    "attend_backward",
    "batch_norm",
    "beam_search",
    "causal_mask",
    "chunked_attention",
    "chunked_attention_backward",
    "convolve",
    "cosine_scores",
    "cosine_scores_backward",
    "dot_scores",
    "dot_scores_backward",
    "general_scores",
    "general_scores_backward",
    "generate",
    "greedy",
    "log_softmax",
    "log_softmax_backward",
    "masked_softmax",
    "merge_heads",
    "padding_mask",
    "rotate",
    "scaled_dot_product_attention",
    "scaled_dot_product_attention_backward",
    "scaled_dot_scores",
    "scaled_dot_scores_backward",
    "sinusoidal_positions",
    "softmax",
    "softmax_backward",
    "softmax_jacobian",
    "split_heads",
    "window_mask",
]
