"""Attention in PyTorch.

Importing it switches TF32 off in PyTorch, for the whole process: float32 means float32, on a GPU too.
"""

import torch

from attention.pytorch.attend import additive_attention, attend, scaled_dot_product_attention
from attention.pytorch.blocks import DecoderBlock, EncoderBlock, FeedForward, LayerNorm
from attention.pytorch.convolution import batch_norm, convolve
from attention.pytorch.decoding import beam_search, greedy
from attention.pytorch.gates import CBAM, SpatialGate, SqueezeExcite
from attention.pytorch.heads import KeyValueCache, MultiHeadAttention, merge_heads, split_heads
from attention.pytorch.lm import LanguageModel, generate
from attention.pytorch.masks import causal_mask, padding_mask, window_mask
from attention.pytorch.pooling import AttentionPool, AveragePool, Glimpse, Glimpses, MaximumPool
from attention.pytorch.positions import alibi_bias, rotate, sinusoidal_positions
from attention.pytorch.recurrent import AttentionDecoder, GRUEncoder, Seq2Seq
from attention.pytorch.scores import additive_scores, cosine_scores, dot_scores, general_scores, scaled_dot_scores
from attention.pytorch.softmax import log_softmax, masked_softmax, softmax
from attention.pytorch.vision import ResNet

torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False

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
