"""Attention with several heads against what the frameworks ship, and its gradients."""

import tracemalloc

import numpy as np
import pytest

from attention.frameworks import tf, torch
from tests.adapters import NumPy, PyTorch, TensorFlow, assert_close
from tests.core.test_heads import MASK, SEEN, B, H, M, S, T, build, drawn, give, normal

SIDE = M // H  # 4, whose root is exact: Keras rounds 1/√D to float32, and √3 shows in float64
VISIBLE = MASK | (np.arange(S) == 3)  # every query may attend to something
DTYPES = ("float64", "float32")


def of_pytorch(weights, dtype):
    """`nn.MultiheadAttention`, whose matrices are (out, in), queries', keys' and values' one below the other."""
    layer = torch.nn.MultiheadAttention(M, H, batch_first=True, dtype=getattr(torch, dtype))
    three = ("query", "key", "value")
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.tensor(np.concatenate([weights[f"{name}_weight"].T for name in three])))
        layer.in_proj_bias.copy_(torch.tensor(np.concatenate([weights[f"{name}_bias"] for name in three])))
        layer.out_proj.weight.copy_(torch.tensor(weights["output_weight"].T))
        layer.out_proj.bias.copy_(torch.tensor(weights["output_bias"]))
    return layer


def from_pytorch(layer):
    """The gradients of its weights, under our names."""
    three = ("query", "key", "value")
    matrices, vectors = layer.in_proj_weight.grad.chunk(3), layer.in_proj_bias.grad.chunk(3)
    found = {f"{name}_weight": matrix.T for name, matrix in zip(three, matrices, strict=True)}
    found |= {f"{name}_bias": vector for name, vector in zip(three, vectors, strict=True)}
    found |= {"output_weight": layer.out_proj.weight.grad.T, "output_bias": layer.out_proj.bias.grad}
    return {name: tensor.numpy(force=True) for name, tensor in found.items()}


def parts_of_keras(layer):
    return {
        "query": layer.query_dense,
        "key": layer.key_dense,
        "value": layer.value_dense,
        "output": layer.output_dense,
    }


def of_keras(weights, dtype):
    """`keras.layers.MultiHeadAttention`, whose heads have an axis of their own: (M, H, D), and (H, D, M) at the end."""
    layer = tf.keras.layers.MultiHeadAttention(H, SIDE, dtype=dtype)
    layer.build((B, T, M), (B, S, M), (B, S, M))
    for name, dense in parts_of_keras(layer).items():
        for variable, kind in ((dense.kernel, "weight"), (dense.bias, "bias")):
            variable.assign(weights[f"{name}_{kind}"].reshape(variable.shape))
    return layer


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mask", [None, VISIBLE])
def test_pytorchs_layer_forward_and_backward(mask, dtype):
    weights, factor = drawn(), normal(B, T, M)
    theirs, ours = of_pytorch(weights, dtype), build(PyTorch, weights, dtype=dtype)
    rows = [torch.tensor(SEEN[name].astype(dtype), requires_grad=True) for name in ("queries", "keys", "values")]
    again = [row.detach().clone().requires_grad_() for row in rows]
    refused = None if mask is None else torch.tensor(~mask.reshape(B * H, T, S))  # True means "may not"
    expected, expected_p = theirs(*rows, attn_mask=refused, average_attn_weights=False)
    found, p = ours(*again, None if mask is None else torch.tensor(mask))
    assert_close(found.numpy(force=True), expected.numpy(force=True), dtype)
    assert_close(p.numpy(force=True), expected_p.numpy(force=True), dtype)
    for output in (expected, found):
        (output * torch.tensor(factor.astype(dtype))).sum().backward()
    for ours_, theirs_ in zip(again, rows, strict=True):
        assert_close(ours_.grad.numpy(), theirs_.grad.numpy(), dtype)
    for name, gradient in from_pytorch(theirs).items():
        # the gradient of the bias of the keys is zero, and so all that is left of it is rounding
        assert_close(getattr(ours, name).grad.numpy(), gradient, dtype, terms=10 if name == "key_bias" else 0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mask", [None, VISIBLE])
def test_the_layer_of_keras_forward_and_backward(mask, dtype):
    weights, factor = drawn(), tf.constant(normal(B, T, M).astype(dtype))
    theirs, ours = of_keras(weights, dtype), build(TensorFlow, weights, dtype=dtype)
    rows = [tf.constant(SEEN[name].astype(dtype)) for name in ("queries", "keys", "values")]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(rows)
        queries, keys, values = rows
        expected, expected_p = theirs(queries, values, keys, attention_mask=mask, return_attention_scores=True)
        found, p = ours(queries, keys, values, mask)
        losses = [tf.reduce_sum(output * factor) for output in (expected, found)]
    assert_close(found, expected, dtype)
    assert_close(p, expected_p, dtype)
    for a, b in zip(*(tape.gradient(loss, rows) for loss in reversed(losses)), strict=True):
        assert_close(a, b, dtype)
    for name, dense in parts_of_keras(theirs).items():
        for kind, variable in (("weight", dense.kernel), ("bias", dense.bias)):
            mine = tape.gradient(losses[1], ours.named[f"{name}_{kind}"])
            wanted = tf.reshape(tape.gradient(losses[0], variable), mine.shape)
            assert_close(mine, wanted, dtype, terms=10 if (name, kind) == ("key", "bias") else 0)


def test_groups_are_those_of_keras():
    """`keras.layers.GroupQueryAttention` numbers the heads as we do: the first H / Hkv of them share the first keys."""
    weights = drawn(kv_heads=2)
    layer = tf.keras.layers.GroupQueryAttention(SIDE, H, 2, dtype="float64")
    layer.build((B, T, M), (B, S, M), (B, S, M))
    parts = {"query": layer._query_dense, "key": layer._key_dense, "value": layer._value_dense}
    for name, dense in (parts | {"output": layer._output_dense}).items():
        for variable, kind in ((dense.kernel, "weight"), (dense.bias, "bias")):
            variable.assign(weights[f"{name}_{kind}"].reshape(variable.shape))
    queries, keys, values = (tf.constant(SEEN[name]) for name in ("queries", "keys", "values"))
    expected, expected_p = layer(queries, values, keys, return_attention_scores=True)
    found, p = build(TensorFlow, weights, kv_heads=2)(queries, keys, values)
    assert_close(found, expected)
    assert_close(p, expected_p)


# Gradients: from chapter 6 on NumPy has none of its own


@pytest.mark.parametrize("kv_heads", [None, 2, 1])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("need_weights", [True, False])
def test_gradients_are_equal_and_those_of_numpys_forward(kv_heads, turned, need_weights):
    """The derivative of Σ output ∘ factor along a random direction of everything: a central difference, h = 1e-6."""
    weights, factor = drawn(kv_heads=kv_heads), normal(B, S, M)
    rows = {name: normal(B, S, M) for name in ("queries", "keys", "values")} | {"bias": normal(H, S, S)}
    mask = MASK[:, :, :1] | np.tri(S, k=-1, dtype=bool)  # an empty row among them
    fixed = {"mask": mask, "positions": np.arange(S) if turned else None}
    everything = rows | weights
    direction = {name: normal(*array.shape) for name, array in everything.items()}

    def loss(step):
        moved = {name: array + step * direction[name] for name, array in everything.items()}
        layer = build(NumPy, {name: moved[name] for name in weights}, kv_heads=kv_heads)
        output, _ = layer(**{name: moved[name] for name in rows}, **fixed)
        return (output * factor).sum()

    found = {}
    for adapter in (TensorFlow, PyTorch):
        layer = build(adapter, weights, kv_heads=kv_heads)
        learned = layer.named if adapter is TensorFlow else dict(layer.named_parameters())
        given, still = give(adapter, rows), give(adapter, fixed)
        sources = [*given.values(), *(learned[name] for name in weights)]
        if adapter is TensorFlow:
            with tf.GradientTape() as tape:
                tape.watch([*given.values()])
                total = tf.reduce_sum(layer(**given, **still, need_weights=need_weights)[0] * factor)
            gradients = tape.gradient(total, sources)
        else:
            for tensor in given.values():
                tensor.requires_grad_()
            total = (layer(**given, **still, need_weights=need_weights)[0] * torch.tensor(factor)).sum()
            gradients = torch.autograd.grad(total, sources)
        found[adapter] = dict(zip(everything, map(adapter.take, gradients), strict=True))
    for name in everything:
        assert_close(found[TensorFlow][name], found[PyTorch][name], terms=10 if name == "key_bias" else 0)
    h = 1e-6
    difference = (loss(h) - loss(-h)) / (2 * h)
    for adapter in (TensorFlow, PyTorch):
        along = sum((found[adapter][name] * direction[name]).sum() for name in everything)
        assert abs(along - difference) < 1e-6 * max(1, abs(difference))


@pytest.mark.parametrize("adapter", [TensorFlow, PyTorch], ids=lambda adapter: adapter.name)
def test_what_is_hidden_gets_no_gradient_and_spoils_none(adapter):
    """NaN in padding reaches no weight."""
    rows = {name: array.copy() for name, array in SEEN.items()}
    rows["keys"][:, 2] = rows["values"][:, 2] = np.nan
    mask = np.arange(S) != 2
    layer = build(adapter, drawn())
    given = give(adapter, rows)
    learned = [*layer.named.values()] if adapter is TensorFlow else [*layer.parameters()]
    if adapter is TensorFlow:
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer(**given, mask=mask)[0])
        gradients = tape.gradient(total, learned)
    else:
        gradients = torch.autograd.grad(layer(**given, mask=torch.tensor(mask))[0].sum(), learned)
    assert all(np.isfinite(adapter.take(gradient)).all() for gradient in gradients)


# What TensorFlow does not know while it draws a graph


@pytest.mark.parametrize("kv_heads", [None, 2])
@pytest.mark.parametrize("known", ["ranks only", "width"])
def test_tf_function_without_sizes(kv_heads, known):
    layer = build(TensorFlow, weights := drawn(kv_heads=kv_heads), kv_heads=kv_heads)
    row = tf.TensorSpec([None, None, M if known == "width" else None], "float64")
    graph = tf.function(
        lambda queries, keys, values, mask, bias, positions: layer(queries, keys, values, mask, bias, positions),
        input_signature=[row] * 3
        + [tf.TensorSpec([None] * 4, "bool"), tf.TensorSpec([None] * 3, "float64")]
        + [tf.TensorSpec([None], "int64")],
    )
    eager = build(NumPy, weights, kv_heads=kv_heads)
    for length in (S, 3):
        rows = [SEEN[name][:, :length] for name in ("keys", "keys", "values")]
        given = *rows, VISIBLE[:, :, :1, :length], normal(H, length, length), np.arange(length)
        for ours, expected in zip(graph(*map(tf.constant, given)), eager(*given), strict=True):
            assert_close(ours, expected)


def test_the_heads_share_keys_without_copies():
    """One head of keys serves 8 of queries, over a long sentence: what is made is far smaller than 8 copies."""
    width, heads, sources = 64, 8, 20_000
    layer = build(NumPy, drawn(width, heads, 1), heads, 1)
    query, rows = normal(1, width), normal(sources, width)
    tracemalloc.start()
    layer(query, rows, rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    of_keys = sources * (width // heads) * 8  # bytes
    assert peak < 8 * of_keys  # copies of the keys alone would be as large
