"""Attention in TensorFlow.

Importing it switches TF32 off in TensorFlow, for the whole process: float32 means float32, on a GPU too. It holds back
what TensorFlow writes to standard error while it is imported.
"""

from attention.quiet import quiet_stderr

with quiet_stderr():
    import tensorflow as tf

from attention.tensorflow.attend import additive_attention, attend, scaled_dot_product_attention
from attention.tensorflow.blocks import DecoderBlock, EncoderBlock, FeedForward, LayerNorm
from attention.tensorflow.convolution import batch_norm, convolve
from attention.tensorflow.decoding import beam_search, greedy
from attention.tensorflow.gates import CBAM, SpatialGate, SqueezeExcite
from attention.tensorflow.heads import KeyValueCache, MultiHeadAttention, merge_heads, split_heads
from attention.tensorflow.lm import LanguageModel, generate
from attention.tensorflow.masks import causal_mask, padding_mask, window_mask
from attention.tensorflow.pooling import AttentionPool, AveragePool, Glimpse, Glimpses, MaximumPool
from attention.tensorflow.positions import alibi_bias, rotate, sinusoidal_positions
from attention.tensorflow.recurrent import AttentionDecoder, GRUEncoder, Seq2Seq
from attention.tensorflow.scores import additive_scores, cosine_scores, dot_scores, general_scores, scaled_dot_scores
from attention.tensorflow.softmax import log_softmax, masked_softmax, softmax
from attention.tensorflow.vision import ResNet

tf.config.experimental.enable_tensor_float_32_execution(False)

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
    "additive_scores",
    "alibi_bias",
    "attend",
    "batch_norm",
    "beam_search",
    "causal_mask",
    "convolve",
    "cosine_scores",
    "dot_scores",
    "general_scores",
    "generate",
    "greedy",
    "log_softmax",
    "masked_softmax",
    "merge_heads",
    "padding_mask",
    "rotate",
    "scaled_dot_product_attention",
    "scaled_dot_scores",
    "sinusoidal_positions",
    "softmax",
    "split_heads",
    "window_mask",
]
