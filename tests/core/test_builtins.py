"""The library against what the frameworks ship, on rows that may attend; and what those make of empty rows."""

import numpy as np
import pytest
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

import attention.numpy as atn_np
from attention.frameworks import tf, torch
from tests.adapters import assert_close

rng = np.random.default_rng(5)
QUERIES, KEYS, VALUES = (rng.standard_normal(shape) for shape in ((2, 3, 4), (2, 5, 4), (2, 5, 6)))
MASK = rng.random((2, 3, 5)) < 0.6
MASK[..., 2] = True  # every row may attend to something


@pytest.mark.parametrize("mask", [None, MASK])
def test_pytorch_scaled_dot_product(mask):
    tensors = map(torch.tensor, (QUERIES, KEYS, VALUES))
    built_in = F.scaled_dot_product_attention(*tensors, attn_mask=None if mask is None else torch.tensor(mask))
    assert_close(atn_np.scaled_dot_product_attention(QUERIES, KEYS, VALUES, mask)[0], built_in)


def test_pytorch_is_causal_starts_at_the_first_key():
    built_in = F.scaled_dot_product_attention(*map(torch.tensor, (QUERIES, KEYS, VALUES)), is_causal=True)
    mask = atn_np.causal_mask(3, 5, offset=0)
    assert_close(atn_np.scaled_dot_product_attention(QUERIES, KEYS, VALUES, mask)[0], built_in)


def test_keras_dot_product_attention():
    arrays = (a[:, :, None].astype(np.float32) for a in (QUERIES, KEYS, VALUES))  # Keras wants (B, T, H, D)
    built_in = tf.keras.ops.dot_product_attention(*arrays, mask=MASK[:, None])
    expected = atn_np.scaled_dot_product_attention(QUERIES, KEYS, VALUES, MASK)[0]
    assert_close(built_in[:, :, 0], expected, "float32")


def test_keras_attention_layer_does_not_scale():
    layer = tf.keras.layers.Attention(dtype="float64")
    built_in, weights = layer([tf.constant(a) for a in (QUERIES, VALUES, KEYS)], return_attention_scores=True)
    expected = atn_np.attend(atn_np.dot_scores(QUERIES, KEYS), VALUES)
    assert_close(built_in, expected[0])
    assert_close(weights, expected[1])


def test_keras_additive_attention_layer_has_no_projections():
    query_weight, key_weight, score_weight = (rng.standard_normal(shape) for shape in ((4, 7), (4, 7), (7,)))
    layer = tf.keras.layers.AdditiveAttention(dtype="float64")
    projected = [tf.constant(a) for a in (QUERIES @ query_weight, VALUES @ np.ones((6, 7)), KEYS @ key_weight)]
    layer.build([tuple(p.shape) for p in projected])
    layer.scale.assign(score_weight)
    _, weights = layer(projected, return_attention_scores=True)
    expected = atn_np.masked_softmax(atn_np.additive_scores(QUERIES, KEYS, query_weight, key_weight, score_weight))
    assert_close(weights, expected)


def test_pytorch_cosine_similarity():
    built_in = F.cosine_similarity(torch.tensor(QUERIES)[:, :, None], torch.tensor(KEYS)[:, None], dim=-1)
    assert_close(atn_np.cosine_scores(QUERIES, KEYS), built_in, terms=1)


def test_pytorch_bilinear():
    weight = rng.standard_normal((4, 4))
    pairs = torch.broadcast_tensors(torch.tensor(QUERIES)[:, :, None], torch.tensor(KEYS)[:, None])
    built_in = F.bilinear(*(p.contiguous() for p in pairs), torch.tensor(weight)[None])[..., 0]
    assert_close(atn_np.general_scores(QUERIES, KEYS, weight), built_in)


def empty_row(function):
    """'zero', 'uniform' or 'NaN': the output of a query that may attend to nothing, values 1 and 3."""
    output = float(np.asarray(function(np.array([[1.0], [3.0]], np.float32), np.zeros((1, 2), bool))).ravel()[0])
    return "NaN" if np.isnan(output) else {0.0: "zero", 2.0: "uniform"}[round(output, 5)]


def keras_layer(layer):
    def run(values, mask):
        query = np.ones((1, 1, 1), np.float32)
        return layer([query, values[None]], mask=[None, mask[:1]])

    return run


def multi_head(need_weights):
    def run(values, mask):
        layer = torch.nn.MultiheadAttention(1, 1, bias=False, batch_first=True)
        torch.nn.init.ones_(layer.in_proj_weight)
        torch.nn.init.ones_(layer.out_proj.weight)
        keys = torch.tensor(values)[None]
        return layer(torch.ones(1, 1, 1), keys, keys, attn_mask=torch.tensor(~mask), need_weights=need_weights)[
            0
        ].detach()

    return run


def keras_multi_head(values, mask):
    layer = tf.keras.layers.MultiHeadAttention(1, 1, use_bias=False)
    layer.build((1, 1, 1), (1, 2, 1))
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    return layer(np.ones((1, 1, 1), np.float32), values[None], attention_mask=mask[None])


EMPTY_ROWS = {
    "attention.numpy": ("zero", lambda v, m: atn_np.attend(np.zeros((1, 2), np.float32), v, m)[0]),
    "F.scaled_dot_product_attention": (
        "zero",
        lambda v, m: F.scaled_dot_product_attention(
            torch.ones(1, 1), torch.ones(2, 1), torch.tensor(v), attn_mask=torch.tensor(m)
        ),
    ),
    "torch.softmax of −inf": (
        "NaN",
        lambda v, m: torch.softmax(torch.zeros(1, 2).masked_fill(~torch.tensor(m), -torch.inf), -1) @ torch.tensor(v),
    ),
    "nn.MultiheadAttention, need_weights=True": ("NaN", multi_head(True)),
    "nn.MultiheadAttention, need_weights=False": ("zero", multi_head(False)),
    "keras.layers.Attention": ("uniform", keras_layer(tf.keras.layers.Attention())),
    "keras.layers.AdditiveAttention": ("uniform", keras_layer(tf.keras.layers.AdditiveAttention())),
    "keras.layers.MultiHeadAttention": ("uniform", keras_multi_head),
    "keras.ops.dot_product_attention": (
        "uniform",
        lambda v, m: tf.keras.ops.dot_product_attention(
            np.ones((1, 1, 1, 1), np.float32), np.ones((1, 2, 1, 1), np.float32), v[None, :, None], mask=m[None, None]
        ),
    ),
}


@pytest.mark.parametrize("name", EMPTY_ROWS)
def test_what_an_empty_row_becomes(name):
    expected, function = EMPTY_ROWS[name]
    assert empty_row(function) == expected


@pytest.mark.parametrize("kernel", [SDPBackend.MATH, SDPBackend.FLASH_ATTENTION])
def test_both_of_pytorchs_kernels_for_cpus_give_zero(kernel):
    queries, keys, values = (torch.ones(1, 1, size, 4, device="cpu") for size in (3, 5, 5))
    mask = torch.tensor(MASK[0])
    mask[1] = False
    with sdpa_kernel(kernel):
        output = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
    assert output[0, 0, :, 0].tolist() == pytest.approx([1, 0, 1])
