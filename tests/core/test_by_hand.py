"""The way back through attention, by hand and by chunks of keys: the same numbers as autodiff, in less memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings

import attention.numpy as atn_np
from tests.adapters import TOLERANCE, PyTorch, TensorFlow, assert_close, derivatives, library
from tests.heeds import heeds
from tests.strategies import attention_inputs

few = settings(max_examples=20, deadline=None)
OF = ["attention.numpy"]
rng = np.random.default_rng(5)
T, S, D, Dv, A = 3, 5, 4, 2, 6
LEADING = [((), ()), ((2,), (2,)), ((3,), ()), ((), (3,)), ((2, 1, 2), (3, 1)), ((1, 2), (4, 1))]


def normal(*shape):
    return rng.standard_normal(shape)


@pytest.mark.parametrize("adapter", [TensorFlow, PyTorch])
@few
@given(inputs=attention_inputs())
def test_attention_by_hand_is_what_autodiff_finds(adapter, inputs):
    *arrays, mask = inputs
    output, weights = atn_np.scaled_dot_product_attention(*arrays, mask)
    cotangent = np.random.default_rng(0).standard_normal(output.shape)
    by_hand = atn_np.scaled_dot_product_attention_backward(*arrays, weights, cotangent)
    function = lambda q, k, v: library(adapter).scaled_dot_product_attention(q, k, v, adapter.give(mask))[0]
    for hand, auto in zip(by_hand, derivatives(adapter, function, arrays, cotangent), strict=True):
        assert_close(hand, auto, terms=1)
    assert np.all(by_hand[0][~mask.any(-1)] == 0)  # a query that may attend to nothing
    for of_keys in by_hand[1:]:
        assert np.all(of_keys[~mask.any(-2)] == 0)  # a key that nobody may see


@pytest.mark.parametrize("adapter", [TensorFlow, PyTorch])
@few
@given(inputs=attention_inputs())
def test_additive_attention_by_hand_is_what_autodiff_finds(adapter, inputs):
    queries, keys, values, mask = inputs
    own = np.random.default_rng(1)
    features = queries.shape[-1]
    layer = [own.uniform(-1, 1, shape) for shape in ((features, A), (features, A), (A,))]
    output, weights = atn_np.additive_attention(queries, keys, values, *layer, mask)
    cotangent = own.standard_normal(output.shape)
    by_hand = atn_np.additive_attention_backward(queries, keys, values, *layer, weights, cotangent)
    function = lambda *given_: library(adapter).additive_attention(*given_, adapter.give(mask))[0]
    found = derivatives(adapter, function, [queries, keys, values, *layer], cotangent)
    for hand, auto in zip(by_hand, found, strict=True):
        assert_close(hand, auto, terms=1)


@pytest.mark.parametrize(("of_queries", "of_keys"), LEADING)
def test_what_was_broadcast_on_the_way_forward_is_summed_on_the_way_back(of_queries, of_keys):
    arrays = [normal(*of_queries, T, D), normal(*of_keys, S, D), normal(*of_keys, S, Dv)]
    mask = rng.random((T, S)) < 0.7
    output, weights = atn_np.scaled_dot_product_attention(*arrays, mask)
    cotangent = normal(*output.shape)
    attention = lambda q, k, v: library(PyTorch).scaled_dot_product_attention(q, k, v, PyTorch.give(mask))[0]
    expected = derivatives(PyTorch, attention, arrays, cotangent)
    chunked, totals = atn_np.chunked_attention(*arrays, mask, chunk=2)
    assert_close(chunked, output, terms=1)
    found = [
        atn_np.scaled_dot_product_attention_backward(*arrays, weights, cotangent),
        atn_np.chunked_attention_backward(*arrays, output, totals, cotangent, mask, chunk=2),
    ]
    for gradients in found:
        for hand, auto in zip(gradients, expected, strict=True):
            assert_close(hand, auto, terms=1)
    layer = [normal(D, A), normal(D, A), normal(A)]
    _, weights = atn_np.additive_attention(*arrays, *layer, mask)
    additive = lambda *given_: library(PyTorch).additive_attention(*given_, PyTorch.give(mask))[0]
    expected = derivatives(PyTorch, additive, [*arrays, *layer], cotangent)
    by_hand = atn_np.additive_attention_backward(*arrays, *layer, weights, cotangent)
    for hand, auto in zip(by_hand, expected, strict=True):
        assert_close(hand, auto, terms=1)


@few
@given(inputs=attention_inputs())
@heeds("chunked_attention", "chunk", of=OF)
@heeds("chunked_attention_backward", "chunk", of=OF)
def test_any_size_of_chunk_gives_the_same(inputs):
    *arrays, mask = inputs
    expected, weights = atn_np.scaled_dot_product_attention(*arrays, mask)
    cotangent = np.random.default_rng(0).standard_normal(expected.shape)
    gradients = atn_np.scaled_dot_product_attention_backward(*arrays, weights, cotangent)
    for chunk in (1, 2, 3, 100):
        output, totals = atn_np.chunked_attention(*arrays, mask, chunk=chunk)
        assert_close(output, expected, terms=1)
        scores = atn_np.scaled_dot_scores(*arrays[:2])
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(totals, np.log(np.where(mask, np.exp(scores), 0).sum(-1)), atol=1e-12)
        found = atn_np.chunked_attention_backward(*arrays, output, totals, cotangent, mask, chunk=chunk)
        for by_chunks, whole in zip(found, gradients, strict=True):
            assert_close(by_chunks, whole, terms=1)


@pytest.mark.parametrize("shape", [(), (S,), (1, S), (T, 1), (2, 1, 1)])
def test_a_mask_need_not_have_every_axis(shape):
    arrays = normal(2, T, D), normal(2, S, D), normal(2, S, Dv)
    mask = np.asarray(np.random.default_rng(3).random(shape) < 0.6)
    expected, weights = atn_np.scaled_dot_product_attention(*arrays, mask)
    output, totals = atn_np.chunked_attention(*arrays, mask, chunk=2)
    assert_close(output, expected, terms=1)
    found = atn_np.chunked_attention_backward(*arrays, output, totals, expected, mask, chunk=2)
    gradients = atn_np.scaled_dot_product_attention_backward(*arrays, weights, expected)
    for by_chunks, whole in zip(found, gradients, strict=True):
        assert_close(by_chunks, whole, terms=1)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_a_larger_score_may_come_first_or_last(order):
    """Far beyond what exp can take, in float64 and in float16."""
    for dtype, size in (("float64", 2000.0), ("float16", 200.0)):
        keys = np.array([[0.0], [size], [size - 1], [-size]], dtype)[order]
        values = np.array([[1.0], [2.0], [3.0], [np.nan]], dtype)[order]
        mask = np.array([True, True, True, False])[order]
        output, totals = atn_np.chunked_attention(np.ones((1, 1), dtype), keys, values, mask, chunk=1)
        first = 1 / (1 + np.exp(-1))
        np.testing.assert_allclose(output, [[2 * first + 3 * (1 - first)]], rtol=TOLERANCE[dtype])
        np.testing.assert_allclose(totals, [size - np.log(first)], rtol=1e-6)
        assert output.dtype == dtype


@pytest.mark.filterwarnings("error")
def test_nothing_to_attend_to_gives_zeros_without_a_warning():
    arrays = [normal(T, D), normal(S, D), normal(S, Dv)]
    mask = np.zeros((T, S), bool)
    output, totals = atn_np.chunked_attention(*arrays, mask, chunk=2)
    assert np.all(output == 0)
    assert np.all(totals == -np.inf)
    _, weights = atn_np.scaled_dot_product_attention(*arrays, mask)
    for found in (
        atn_np.chunked_attention_backward(*arrays, output, totals, normal(T, Dv), mask, chunk=2),
        atn_np.scaled_dot_product_attention_backward(*arrays, weights, normal(T, Dv)),
    ):
        assert all(np.all(gradient == 0) for gradient in found)
    keys, values = normal(0, D), normal(0, Dv)
    output, totals = atn_np.chunked_attention(arrays[0], keys, values)  # no keys at all
    assert output.shape == (T, Dv)
    assert np.all(output == 0)
    assert np.all(totals == -np.inf)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_narrow_types_are_kept_and_rounded_once(dtype):
    shapes = {"queries": (2, T, D), "keys": (2, S, D), "values": (2, S, Dv)}
    arrays = {name: normal(*shape).astype(dtype) for name, shape in shapes.items()}
    layer = {"query_weight": normal(D, A), "key_weight": normal(D, A), "score_weight": normal(A)}
    layer = {name: array.astype(dtype) for name, array in layer.items()}
    cotangent = normal(2, T, Dv).astype(dtype)
    output, weights = atn_np.scaled_dot_product_attention(**arrays)
    chunked, totals = atn_np.chunked_attention(**arrays, chunk=2)
    back = {"weights": weights, "grad_output": cotangent}
    calls = {
        "attend_backward": {"values": arrays["values"], **back},
        "scaled_dot_product_attention_backward": arrays | back,
        "additive_attention_backward": arrays | layer | back,
        "chunked_attention": arrays | {"chunk": 2},
        "chunked_attention_backward": arrays | {"output": output, "log_totals": totals, "grad_output": cotangent},
    }
    for name, arguments in calls.items():
        found = getattr(atn_np, name)(**arguments)
        wide = {n: a.astype("float32") if n != "chunk" else a for n, a in arguments.items()}
        for narrow, expected in zip(found, getattr(atn_np, name)(**wide), strict=True):
            wanted = "float32" if narrow is found[-1] and name == "chunked_attention" else dtype
            assert narrow.dtype == wanted
            np.testing.assert_array_equal(narrow, expected.astype(wanted))
    assert_close(chunked, output, dtype, terms=1)


def peak(function):
    """How many numbers of 8 bytes are held at most while it runs."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1] / 8
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_pairs():
    size = 600
    queries, keys, values, cotangent = normal(4, size, 2)
    output, totals = atn_np.chunked_attention(queries, keys, values, chunk=8)
    forward = lambda: atn_np.chunked_attention(queries, keys, values, chunk=8)
    backward = lambda: atn_np.chunked_attention_backward(queries, keys, values, output, totals, cotangent, chunk=8)
    assert peak(forward) < 70 * size
    assert peak(backward) < 70 * size
    assert peak(lambda: atn_np.chunked_attention(queries, keys, values, chunk=size)) > size**2
    whole = lambda: atn_np.chunked_attention_backward(queries, keys, values, output, totals, cotangent, chunk=size)
    assert peak(whole) > size**2


@pytest.mark.parametrize("chunk", [0, -1, 2.0, True])
def test_a_chunk_is_a_whole_number_of_keys(chunk):
    arrays = [normal(T, D), normal(S, D), normal(S, Dv)]
    output, totals = atn_np.chunked_attention(*arrays)
    kind = ValueError if type(chunk) is int else TypeError
    with pytest.raises(kind, match=r"^chunk must be "):
        atn_np.chunked_attention(*arrays, chunk=chunk)
    with pytest.raises(kind, match=r"^chunk must be "):
        atn_np.chunked_attention_backward(*arrays, output, totals, output, chunk=chunk)


def test_arguments_are_not_changed():
    arrays = [normal(2, T, D), normal(2, S, D), normal(2, S, Dv)]
    mask = rng.random((2, T, S)) < 0.7
    output, weights = atn_np.scaled_dot_product_attention(*arrays, mask)
    _, totals = atn_np.chunked_attention(*arrays, mask)
    cotangent = normal(2, T, Dv)
    given_ = [*arrays, mask, output, weights, totals, cotangent]
    before = [array.copy() for array in given_]
    atn_np.scaled_dot_product_attention_backward(*arrays, weights, cotangent)
    atn_np.chunked_attention_backward(*arrays, output, totals, cotangent, mask, chunk=2)
    for array, kept in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, kept)
