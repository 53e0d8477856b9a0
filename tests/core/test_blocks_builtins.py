"""The blocks of a Transformer against what the frameworks ship, and their gradients."""

import numpy as np
import pytest

from attention.frameworks import tf, torch
from attention.numpy import LayerNorm
from attention.weights.parts import part
from tests.adapters import NumPy, PyTorch, TensorFlow, assert_close
from tests.core.test_blocks import (
    MASK,
    SHAPES,
    SIZES,
    UNITS,
    B,
    H,
    M,
    S,
    T,
    both_ways,
    build,
    drawn,
    either,
    give,
    normal,
)

DTYPES = ("float64", "float32")
ATTENTIONS = {
    "EncoderBlock": {"attention": "self_attn"},
    "DecoderBlock": {"attention": "self_attn", "memory": "multihead_attn"},
}
NORMS = {
    "EncoderBlock": {"attention_norm": "norm1", "feed_forward_norm": "norm2"},
    "DecoderBlock": {"attention_norm": "norm1", "memory_norm": "norm2", "feed_forward_norm": "norm3"},
}


def for_pytorch(kind, weights):
    """Our weights under the names of `nn.TransformerEncoderLayer` and `nn.TransformerDecoderLayer`, as tensors."""
    theirs = {}
    for ours, name in ATTENTIONS[kind].items():
        w = part(weights, ours)
        theirs[f"{name}.in_proj_weight"] = np.concatenate([w[f"{x}_weight"].T for x in ("query", "key", "value")])
        theirs[f"{name}.in_proj_bias"] = np.concatenate([w[f"{x}_bias"] for x in ("query", "key", "value")])
        theirs |= {f"{name}.out_proj.weight": w["output_weight"].T, f"{name}.out_proj.bias": w["output_bias"]}
    for ours, name in NORMS[kind].items():
        w = part(weights, ours)
        theirs |= {f"{name}.weight": w["scale"], f"{name}.bias": w["shift"]}
    w = part(weights, "feed_forward")
    theirs |= {"linear1.weight": w["hidden_weight"].T, "linear1.bias": w["hidden_bias"]}
    theirs |= {"linear2.weight": w["output_weight"].T, "linear2.bias": w["output_bias"]}
    return {name: torch.tensor(array) for name, array in theirs.items()}


@pytest.mark.parametrize("dtype", DTYPES)
@both_ways
@either
def test_pytorchs_layer_forward_and_backward(kind, norm_first, dtype):
    weights, factor = drawn(SHAPES[kind](**SIZES)), torch.tensor(normal(B, T, M).astype(dtype))
    name = kind.replace("Block", "Layer")
    theirs = getattr(torch.nn, f"Transformer{name}")(
        M, H, UNITS, dropout=0, batch_first=True, norm_first=norm_first, dtype=getattr(torch, dtype)
    )
    theirs.load_state_dict(for_pytorch(kind, weights))
    ours = build(PyTorch, kind, weights, norm_first, dtype)
    rows = [normal(B, T, M), normal(B, S, M)][: 1 + (kind == "DecoderBlock")]
    given = [torch.tensor(row.astype(dtype), requires_grad=True) for row in rows]
    again = [row.detach().clone().requires_grad_() for row in given]
    refused = torch.tensor(~MASK)  # True means "may not"
    expected = theirs(*given, **{"src_mask" if kind == "EncoderBlock" else "tgt_mask": refused})
    found, _ = ours(*again, mask=torch.tensor(MASK))
    assert_close(found.numpy(force=True), expected.numpy(force=True), dtype)
    for output in (expected, found):
        (output * factor).sum().backward()
    for mine, wanted in zip(again, given, strict=True):
        assert_close(mine.grad.numpy(), wanted.grad.numpy(), dtype)
    mine = {n: p.grad.numpy() for n, p in ours.named_parameters()}
    for name, gradient in for_pytorch(kind, mine).items():
        wanted = theirs.get_parameter(name).grad.numpy()
        assert_close(gradient.numpy(), wanted, dtype, terms=10 if "in_proj_bias" in name else 1)


def of_keras(weights, norm_first, dtype):
    """An encoder's block, put together of Keras' layers."""
    options = {"dtype": dtype}
    attention = tf.keras.layers.MultiHeadAttention(H, M // H, **options)
    attention.build((B, T, M), (B, T, M))
    w = part(weights, "attention")
    dense = {"query": attention.query_dense, "key": attention.key_dense, "value": attention.value_dense}
    for name, layer in (dense | {"output": attention.output_dense}).items():
        layer.kernel.assign(w[f"{name}_weight"].reshape(layer.kernel.shape))
        layer.bias.assign(w[f"{name}_bias"].reshape(layer.bias.shape))
    norms = [tf.keras.layers.LayerNormalization(epsilon=1e-5, **options) for _ in range(2)]
    network = tf.keras.Sequential(
        [tf.keras.layers.Dense(UNITS, "relu", **options), tf.keras.layers.Dense(M, **options)]
    )
    for layer in (*norms, network):
        layer.build((B, T, M))
    for norm, name in zip(norms, ("attention_norm", "feed_forward_norm"), strict=True):
        norm.set_weights([*part(weights, name).values()])
    network.set_weights([*part(weights, "feed_forward").values()])

    def block(x, mask):
        look = lambda rows: attention(rows, rows, attention_mask=mask)
        for norm, change in zip(norms, (look, network), strict=True):
            x = x + change(norm(x)) if norm_first else norm(x + change(x))
        return x

    return block


@pytest.mark.parametrize("dtype", DTYPES)
@both_ways
def test_layers_of_keras_forward_and_backward(norm_first, dtype):
    weights, factor = drawn(SHAPES["EncoderBlock"](**SIZES)), normal(B, T, M).astype(dtype)
    theirs, ours = of_keras(weights, norm_first, dtype), build(TensorFlow, "EncoderBlock", weights, norm_first, dtype)
    x = tf.constant(normal(B, T, M).astype(dtype))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        expected, (found, _) = theirs(x, MASK[None]), ours(x, mask=MASK)
        losses = [tf.reduce_sum(output * factor) for output in (expected, found)]
    assert_close(found, expected, dtype)
    assert_close(tape.gradient(losses[1], x), tape.gradient(losses[0], x), dtype)


@both_ways
@either
def test_gradients_are_equal_and_those_of_numpys_forward(kind, norm_first):
    """The derivative of Σ output ∘ factor along a random direction of everything: a central difference, h = 1e-6."""
    weights, factor = drawn(SHAPES[kind](**SIZES)), normal(B, T, M)
    rows = {"x": normal(B, T, M)} | ({"memory": normal(B, S, M)} if kind == "DecoderBlock" else {})
    everything = rows | weights
    direction = {name: normal(*array.shape) for name, array in everything.items()}

    def loss(step):
        moved = {name: array + step * direction[name] for name, array in everything.items()}
        block = build(NumPy, kind, {name: moved[name] for name in weights}, norm_first)
        return (block(**{name: moved[name] for name in rows}, mask=MASK)[0] * factor).sum()

    found = {}
    for adapter in (TensorFlow, PyTorch):
        block = build(adapter, kind, weights, norm_first)
        given, mask = give(adapter, rows), adapter.give(MASK)
        if adapter is TensorFlow:
            with tf.GradientTape() as tape:
                tape.watch([*given.values()])
                total = tf.reduce_sum(block(**given, mask=mask)[0] * factor)
            gradients = tape.gradient(total, [*given.values(), *(block.named[name] for name in weights)])
        else:
            learned = dict(block.named_parameters())
            for tensor in given.values():
                tensor.requires_grad_()
            total = (block(**given, mask=mask)[0] * torch.tensor(factor)).sum()
            gradients = torch.autograd.grad(total, [*given.values(), *(learned[name] for name in weights)])
        found[adapter] = dict(zip(everything, map(adapter.take, gradients), strict=True))
    for name in everything:
        assert_close(found[TensorFlow][name], found[PyTorch][name], terms=10 if name.endswith("key_bias") else 1)
    h = 1e-6
    difference = (loss(h) - loss(-h)) / (2 * h)
    for adapter in (TensorFlow, PyTorch):
        along = sum((found[adapter][name] * direction[name]).sum() for name in everything)
        assert abs(along - difference) < 1e-6 * max(1, abs(difference))


def test_the_layer_normalisation_of_both():
    x, scale, shift = 3 + 2 * normal(B, T, M), 1 + normal(M), normal(M)
    theirs = torch.nn.functional.layer_norm(torch.tensor(x), (M,), torch.tensor(scale), torch.tensor(shift))
    of_keras = tf.keras.layers.LayerNormalization(epsilon=1e-5, dtype="float64")
    of_keras.build(x.shape)
    of_keras.set_weights([scale, shift])
    ours = LayerNorm({"scale": scale, "shift": shift})(x)
    assert_close(ours, theirs)
    assert_close(ours, of_keras(x))


@either
def test_tf_function_without_sizes(kind):
    weights = drawn(SHAPES[kind](**SIZES))
    block, eager = build(TensorFlow, kind, weights), build(NumPy, kind, weights)
    rows = tf.TensorSpec([None, None, M], "float64")
    more = [rows] if kind == "DecoderBlock" else []
    graph = tf.function(
        lambda *given: block(*given[:-1], mask=given[-1]),
        input_signature=[rows, *more, tf.TensorSpec([None, None], "bool")],
    )
    for length in (T, 2):
        given = [normal(B, length, M), *([normal(B, S, M)] if more else [])]
        mask = np.tri(length, dtype=bool)
        for ours, expected in zip(graph(*map(tf.constant, given), mask), eager(*given, mask=mask), strict=True):
            assert_close(ours, expected)
