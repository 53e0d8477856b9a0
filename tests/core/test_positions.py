"""Where a row stands: what the three kinds of positions promise, and how far."""

import numpy as np
import pytest

import attention.numpy as atn_np
from attention.frameworks import tf, torch
from tests.adapters import ADAPTERS, DTYPES, TOLERANCE, PyTorch, TensorFlow, assert_close, derivatives, library

rng = np.random.default_rng(7)
SPEEDS = 10_000.0 ** (-np.arange(0, 8, 2) / 8)  # of width 8
each = pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)


@pytest.mark.parametrize("shift", [1, 5, -3, 100])
def test_to_shift_a_sinusoid_is_to_multiply_by_a_matrix(shift):
    table = atn_np.sinusoidal_positions(160, 8)
    matrix = np.zeros((8, 8))
    for d, speed in enumerate(SPEEDS):
        cos, sin = np.cos(shift * speed), np.sin(shift * speed)
        matrix[2 * d : 2 * d + 2, 2 * d : 2 * d + 2] = [[cos, -sin], [sin, cos]]
    first = max(0, -shift)
    rows = np.arange(first, 160 - max(0, shift))
    assert_close(table[rows] @ matrix, table[rows + shift])


@each
def test_the_score_of_turned_rows_depends_on_the_distance_alone(adapter):
    query, key = rng.standard_normal((2, 1, 8))
    places = np.arange(0, 200, 7)

    def score(i, j):
        turned = [
            adapter.take(library(adapter).rotate(adapter.give(x), np.array([p]))) for x, p in ((query, i), (key, j))
        ]
        return (turned[0] * turned[1]).sum()

    for distance in (-9, 0, 1, 30):
        scores = [score(place, place + distance) for place in places]
        np.testing.assert_allclose(scores, scores[0], rtol=0, atol=1e-12)
    assert abs(score(0, 1) - score(0, 2)) > 1e-3


@each
def test_place_zero_turns_nothing_and_minus_turns_back(adapter):
    x, rotate = rng.standard_normal((2, 3, 8)), library(adapter).rotate
    assert_close(adapter.take(rotate(adapter.give(x), np.zeros(3, int))), x)
    there = rotate(adapter.give(x), np.array([1, 50, 999]))
    assert_close(np.linalg.norm(adapter.take(there), axis=-1), np.linalg.norm(x, axis=-1))
    assert_close(adapter.take(rotate(there, -np.array([1, 50, 999]))), x)


@pytest.mark.parametrize(("adapter", "dtype"), [(a, dtype) for a in ADAPTERS for dtype in DTYPES[a.name]])
def test_far_places_are_as_exact_as_near_ones(adapter, dtype):
    """At place 100,000 an angle of float32 would be wrong by a thousandth and more, one of float16 by anything."""
    given = adapter.give(rng.standard_normal((3, 64)), dtype)
    seen = adapter.take(given).astype(np.float64)
    for places in ([0, 1, 2], [100_000, 99_999, 65_537]):
        found = library(adapter).rotate(given, np.array(places))
        assert found.dtype == given.dtype
        pairs = seen[:, 0::2] + 1j * seen[:, 1::2]
        angles = np.array(places)[:, None] * np.longdouble(10_000) ** (-np.arange(0, 64, 2) / np.longdouble(64))
        turned = pairs * np.exp(1j * angles)
        expected = np.stack([turned.real, turned.imag], -1).reshape(3, 64).astype(np.float64)
        error = np.abs(adapter.take(found) - expected).max() / np.abs(expected).max()
        assert error <= max(TOLERANCE[dtype], 1e-10 * (places[0] > 0))  # a double's 17th digit, 100,000 times


@each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tables_are_computed_in_float64_and_rounded_once(adapter, dtype):
    kind = getattr(torch, dtype) if adapter is PyTorch else dtype
    package = library(adapter)
    for name, sizes in (("sinusoidal_positions", (3000, 6)), ("alibi_bias", (6, 40, 50))):
        whole = adapter.take(getattr(package, name)(*sizes))
        assert whole.dtype == "float64"
        found = adapter.take(getattr(package, name)(*sizes, dtype=kind))
        np.testing.assert_array_equal(found, whole.astype(dtype))
        assert found.dtype == dtype


@each
@pytest.mark.parametrize("positions", [[3, 0, 5], range(3), np.array([3, 0, 5], "uint8"), [[3], [1]], 9])
def test_places_may_be_a_list(adapter, positions):
    x = rng.standard_normal((2, 3, 4))
    found = library(adapter).rotate(adapter.give(x), positions)
    assert_close(adapter.take(found), atn_np.rotate(x, np.array(positions)))


@pytest.mark.parametrize("adapter", [TensorFlow, PyTorch], ids=lambda adapter: adapter.name)
def test_the_gradient_is_turned_back(adapter):
    """Both autodiffs against a central difference, and the formula: turning by minus the angle."""
    x, cotangent, direction = rng.standard_normal((3, 2, 5, 6))
    places = np.array([0, 3, 1, 70, 2])
    (found,) = derivatives(adapter, lambda x: library(adapter).rotate(x, places), [x], cotangent)
    assert_close(found, atn_np.rotate(cotangent, -places), terms=1)
    ahead, behind = ((atn_np.rotate(x + side * direction, places) * cotangent).sum() for side in (1e-6, -1e-6))
    assert abs((found * direction).sum() - (ahead - behind) / 2e-6) < 1e-6 * max(1, abs(ahead))


@pytest.mark.parametrize("known", [([None, None, None], [None]), ([None, 3, 8], [3]), (None, None)])
def test_tensorflow_may_learn_the_sizes_when_it_runs(known):
    x, places = rng.standard_normal((2, 3, 8)), np.array([4, 0, 9])
    signature = [tf.TensorSpec(shape, kind) for shape, kind in zip(known, ("float64", "int64"), strict=True)]
    package = library(TensorFlow)
    function = tf.function(package.rotate, input_signature=signature)
    assert_close(function(x, places), atn_np.rotate(x, places))
    tables = tf.function(
        lambda x: (
            package.sinusoidal_positions(tf.shape(x)[-2], 8),
            package.alibi_bias(3, *tf.unstack(tf.shape(x)[:2])),
        ),
        input_signature=[tf.TensorSpec([None, None, 8], "float64")],
    )(x)
    assert_close(tables[0], atn_np.sinusoidal_positions(3, 8))
    assert_close(tables[1], atn_np.alibi_bias(3, 2, 3))


def test_pytorch_may_compile_and_batch_it():
    x, places = torch.tensor(rng.standard_normal((2, 3, 8))), torch.tensor([4, 0, 9])
    rotate, expected = library(PyTorch).rotate, atn_np.rotate(x.numpy(force=True), places.numpy(force=True))
    compiled = torch.compile(rotate, backend="aot_eager", fullgraph=True)
    assert_close(compiled(x, places).numpy(force=True), expected)
    assert_close(torch.func.vmap(rotate, in_dims=(0, None))(x, places).numpy(force=True), expected)


def test_the_slopes_are_those_of_the_paper():
    def slopes(heads):
        return -atn_np.alibi_bias(heads, 2, 2)[:, 0, 1]

    np.testing.assert_array_equal(slopes(8), [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256])
    np.testing.assert_allclose(slopes(16), 2.0 ** (-np.arange(1, 17) / 2), rtol=1e-15)
    np.testing.assert_allclose(slopes(12), [*slopes(8), *slopes(16)[[0, 2, 4, 6]]], rtol=1e-15)
    np.testing.assert_array_equal(slopes(3), [2**-4, 2**-8, 2**-2])
    assert len(slopes(np.int64(5))) == 5


def of_onnx(x, places, interleaved):
    """ONNX's RotaryEmbedding of x (B, H, T, D), by its reference implementation."""
    from onnx import TensorProto, helper
    from onnx.reference import ReferenceEvaluator

    names = ["X", "cos_cache", "sin_cache", "position_ids"]
    kinds = [TensorProto.FLOAT] * 3 + [TensorProto.INT64]
    node = helper.make_node("RotaryEmbedding", names, ["Y"], interleaved=interleaved)
    inputs = [helper.make_tensor_value_info(name, kind, None) for name, kind in zip(names, kinds, strict=True)]
    output = helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "rotary", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)])
    angles = np.arange(places.max() + 1)[:, None] * 10_000.0 ** (-np.arange(0, x.shape[-1], 2) / x.shape[-1])
    caches = [table.astype(np.float32) for table in (np.cos(angles), np.sin(angles))]
    return ReferenceEvaluator(model).run(None, dict(zip(names, (x, *caches, places), strict=True)))[0]


@each
def test_onnx_turns_neighbours_likewise_and_halves_after_a_reordering(adapter):
    x, places = rng.standard_normal((2, 3, 4, 6)).astype(np.float32), np.array([[0, 1, 2, 3], [7, 2, 30, 4]])
    rotate = library(adapter).rotate
    found = adapter.take(rotate(adapter.give(x), places[:, None]))  # (B, 1, T), the same for every head
    assert_close(found, of_onnx(x, places, 1), "float32")
    order = [0, 2, 4, 1, 3, 5]  # neighbours to halves
    assert_close(found[..., order], of_onnx(x[..., order], places, 0), "float32")
    assert np.abs(found - of_onnx(x, places, 0)).max() > 0.1
