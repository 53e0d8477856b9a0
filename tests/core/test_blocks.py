"""The blocks of a Transformer: in every framework the same."""

import math

import numpy as np
import pytest

from attention.shapes import dtype_name
from attention.weights import blocks
from attention.weights.initial import initial_weights
from tests.adapters import ADAPTERS, DTYPES, TOLERANCE, NumPy, assert_close, library
from tests.core import slow_blocks
from tests.core.test_arguments import compare, flat
from tests.core.test_heads import give, type_of
from tests.heeds import PACKAGES, heeds

rng = np.random.default_rng(8)
B, T, S, H, M, UNITS = 2, 4, 5, 2, 8, 7
SIZES = {"width": M, "heads": H, "hidden": UNITS}
SHAPES = {"EncoderBlock": blocks.encoder_block, "DecoderBlock": blocks.decoder_block}
SLOW = {"EncoderBlock": slow_blocks.encoder_block, "DecoderBlock": slow_blocks.decoder_block}
each = pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
layered = pytest.mark.parametrize("adapter", ADAPTERS[1:], ids=lambda adapter: adapter.name)
either = pytest.mark.parametrize("kind", SHAPES)
both_ways = pytest.mark.parametrize("norm_first", [True, False])


def normal(*shape):
    return rng.standard_normal(shape)


def drawn(shapes):
    return {name: normal(*shape) / 2 + (name.endswith("scale")) for name, shape in shapes.items()}


def build(adapter, kind, weights, norm_first=True, dtype="float64"):
    block = getattr(library(adapter), kind)
    if adapter is NumPy:
        return block({name: array.astype(dtype) for name, array in weights.items()}, H, norm_first)
    layer = block(M, H, UNITS, norm_first, dtype=type_of(adapter, dtype))
    layer.set_named_weights(weights)
    return layer


def small(adapter, kind, weights, dtype="float64"):
    """A `LayerNorm` or a `FeedForward`."""
    layer = getattr(library(adapter), kind)
    if adapter is NumPy:
        return layer({name: array.astype(dtype) for name, array in weights.items()})
    sizes = (M,) if kind == "LayerNorm" else (M, UNITS)
    built = layer(*sizes, dtype=type_of(adapter, dtype))
    built.set_named_weights(weights)
    return built


def agree(adapter, kind, weights, norm_first, given):
    """The block gives what the slow one gives."""
    expected = SLOW[kind](weights, H, norm_first, **given)
    compare(adapter, flat(build(adapter, kind, weights, norm_first)(**give(adapter, given))), flat(expected))
    return expected


# Layer normalisation and the network


@each
@pytest.mark.parametrize("leading", [(), (T,), (B, T), (3, 1, 2)])
@heeds("LayerNorm.__call__", "x")
@heeds("FeedForward.__call__", "x")
@heeds("LayerNorm.__init__", "weights", of=PACKAGES[:1])
@heeds("FeedForward.__init__", "weights", of=PACKAGES[:1])
def test_each_row_by_itself(adapter, leading):
    for kind, shapes, slow in (
        ("LayerNorm", blocks.layer_norm(M), slow_blocks.norm),
        ("FeedForward", blocks.feed_forward(M, UNITS), slow_blocks.network),
    ):
        x, weights = 3 + 2 * normal(*leading, M), drawn(shapes)
        compare(adapter, [small(adapter, kind, weights)(adapter.give(x))], [slow(x, weights)])


@each
def test_a_row_far_from_zero_and_one_without_spread(adapter):
    x = np.stack([1e6 + normal(M), np.full(M, 7.0), 1e-4 * normal(M)])
    weights = drawn(blocks.layer_norm(M))
    found = adapter.take(small(adapter, "LayerNorm", weights)(adapter.give(x)))
    np.testing.assert_allclose(found, slow_blocks.norm(x, weights), rtol=0, atol=1e-8)
    np.testing.assert_array_equal(found[1], weights["shift"])


@each
def test_layer_normalisation_computes_half_precision_in_float32(adapter):
    for dtype in DTYPES[adapter.name][:-2]:
        x, weights = 300 * normal(T, M), drawn(blocks.layer_norm(M))  # whose squares overflow float16
        rounded = adapter.take(adapter.give(x, dtype)).astype(float)
        found = small(adapter, "LayerNorm", weights, dtype)(adapter.give(x, dtype))
        assert dtype_name(found) == dtype
        again = {name: adapter.take(adapter.give(array, dtype)).astype(float) for name, array in weights.items()}
        assert_close(adapter.take(found), slow_blocks.norm(rounded, again), dtype)


# The blocks

MASK = np.tri(T, dtype=bool)
X, MEMORY = normal(B, T, M), normal(B, S, M)
GIVEN = {
    "EncoderBlock": {"x": X, "mask": MASK},
    "DecoderBlock": {"x": X, "memory": MEMORY, "mask": MASK, "memory_mask": rng.random((B, 1, 1, S)) < 0.7},
}
CHANGES = {
    "EncoderBlock": [
        ("x", normal(B, T, M)), ("mask", rng.random((B, H, T, T)) < 0.6), ("mask", None), ("bias", normal(H, T, T)),
        ("positions", np.arange(T) + 3), ("need_weights", False),
    ],
    "DecoderBlock": [
        ("x", normal(B, T, M)), ("memory", normal(B, S, M)), ("mask", None), ("memory_mask", None),
        ("memory_mask", np.zeros((T, S), bool)), ("bias", normal(H, T, T)), ("positions", np.arange(T) + 3),
        ("need_weights", False),
    ],
}  # fmt: skip


@each
@both_ways
@either
@heeds("EncoderBlock.__init__", "norm_first")
@heeds("EncoderBlock.__call__", "x", "mask", "bias", "positions", "need_weights")
@heeds("DecoderBlock.__call__", "x", "memory", "mask", "memory_mask", "bias", "positions", "need_weights")
@heeds("EncoderBlock.__init__", "weights", "heads", of=PACKAGES[:1])
@heeds("DecoderBlock.__init__", "weights", "heads", "norm_first", of=PACKAGES[:1])
def test_an_argument_changes_the_result_as_the_formula_says(adapter, kind, norm_first):
    weights = drawn(SHAPES[kind](**SIZES))
    usual = agree(adapter, kind, weights, norm_first, GIVEN[kind])
    for argument, value in CHANGES[kind]:
        changed = agree(adapter, kind, weights, norm_first, GIVEN[kind] | {argument: value})
        assert any(a is not b and not np.array_equal(a, b) for a, b in zip(usual, changed, strict=True)), argument


@each
@both_ways
@either
def test_each_weight_has_its_place(adapter, kind, norm_first):
    weights = drawn(SHAPES[kind](**SIZES))
    usual = agree(adapter, kind, weights, norm_first, GIVEN[kind])[0]
    for name, array in weights.items():
        moved = agree(adapter, kind, weights | {name: array + normal(*array.shape)}, norm_first, GIVEN[kind])[0]
        if name.endswith("key_bias"):
            assert_close(moved, usual)
        else:
            assert abs(moved - usual).max() > 1e-3, name


@layered
@either
@heeds("EncoderBlock.__init__", "width", "heads", "hidden", "dtype", "seed", of=PACKAGES[1:])
@heeds("LayerNorm.__init__", "width", "dtype", of=PACKAGES[1:])
@heeds("FeedForward.__init__", "width", "hidden", "dtype", "seed", of=PACKAGES[1:])
@pytest.mark.parametrize(
    "change", [{}, {"width": 12}, {"heads": 4}, {"hidden": 5}, {"seed": 4}, {"dtype": "float64"}], ids=str
)
def test_a_layer_begins_as_it_is_told(adapter, kind, change):
    sizes = SIZES | {name: change[name] for name in change if name in SIZES}
    dtype, seed = change.get("dtype", "float32"), change.get("seed", 0)
    more = {"dtype": type_of(adapter, dtype), "seed": seed}
    package = library(adapter)
    for layer, shapes in (
        (getattr(package, kind)(**sizes, **more), SHAPES[kind](**sizes)),
        (package.FeedForward(sizes["width"], sizes["hidden"], **more),
         blocks.feed_forward(sizes["width"], sizes["hidden"])),
        (package.LayerNorm(sizes["width"], more["dtype"]), blocks.layer_norm(sizes["width"])),
    ):  # fmt: skip
        found, expected = layer.named_weights(), initial_weights(shapes, seed)
        assert found.keys() == expected.keys()
        for name, array in found.items():
            assert array.dtype == dtype
            np.testing.assert_array_equal(array, expected[name].astype(dtype))


def test_the_shapes_need_whole_numbers():
    for change, sentence in (
        ({"width": 7}, "width must be a multiple of heads: got 7 and 2"),
        ({"hidden": 0}, "hidden must be at least 1: got 0"),
    ):
        with pytest.raises(ValueError, match=sentence):
            blocks.encoder_block(**SIZES | change)
    with pytest.raises(ValueError, match="width must be at least 1: got 0"):
        blocks.layer_norm(0)


@each
@either
@pytest.mark.parametrize(
    ("x", "error", "sentence"),
    [
        (np.zeros((T, M), "int64"), TypeError, "x must be floating point: got int64"),
        (np.zeros((T, M), "float32"), TypeError, "must have one dtype: x float32"),
        (np.zeros((T, 5)), ValueError, r"must agree on D: x \(4, 5\), scale \(8,\)"),
    ],
)
def test_the_sentence(adapter, kind, x, error, sentence):
    memory = {"memory": adapter.give(MEMORY[0])} if kind == "DecoderBlock" else {}
    with pytest.raises(error, match=sentence):
        build(adapter, kind, drawn(SHAPES[kind](**SIZES)))(adapter.give(x), **memory)
    network = small(adapter, "FeedForward", drawn(blocks.feed_forward(M, UNITS)))
    with pytest.raises(error):
        network(adapter.give(x))


# What a block is for


@each
@both_ways
@heeds("EncoderBlock.__call__", "cache")
@heeds("DecoderBlock.__call__", "cache", "memory_cache")
def test_a_row_at_a_time_is_all_at_once(adapter, norm_first):
    package, places = library(adapter), np.arange(T)
    for kind, more in (("EncoderBlock", {}), ("DecoderBlock", {"memory": adapter.give(MEMORY)})):
        block = build(adapter, kind, drawn(SHAPES[kind](**SIZES)), norm_first)
        whole, p = block(adapter.give(X), mask=adapter.give(MASK), positions=places, **more)
        own, of_memory = package.KeyValueCache(), package.KeyValueCache()
        caches = {"cache": own} | ({"memory_cache": of_memory} if more else {})
        for t in range(T):
            row, seen = block(adapter.give(X[:, t : t + 1]), positions=places[t : t + 1], **more, **caches)
            wanted = adapter.take(p)[:, :, t : t + 1]
            compare(adapter, [row, seen], [adapter.take(whole)[:, t : t + 1], wanted if more else wanted[..., : t + 1]])
            assert own.length == t + 1
            if more:
                assert of_memory.length == S
                more = {"memory": adapter.give(np.full((B, S, M), math.nan))}  # it is not read again


@each
@both_ways
@either
def test_padding_may_hold_anything(adapter, kind, norm_first):
    foul, key = X.copy(), np.arange(T) < 3
    foul[:, 3] = math.nan
    memory = {"memory": adapter.give(MEMORY)} if kind == "DecoderBlock" else {}
    block = build(adapter, kind, drawn(SHAPES[kind](**SIZES)), norm_first)
    found, _ = block(adapter.give(foul), mask=adapter.give(np.broadcast_to(key, (T, T))), **memory)
    alone, _ = block(adapter.give(X[:, :3]), **memory)
    compare(adapter, [found[:, :3]], [adapter.take(alone)])


@each
@both_ways
def test_the_order_of_the_rows_is_kept_and_not_known(adapter, norm_first):
    order = rng.permutation(T)
    block = build(adapter, "EncoderBlock", drawn(blocks.encoder_block(**SIZES)), norm_first)
    once, _ = block(adapter.give(X))
    compare(adapter, [block(adapter.give(X[:, order]))[0]], [adapter.take(once)[:, order]])


@each
def test_float32_stays_float32(adapter):
    for kind in SHAPES:
        weights = drawn(SHAPES[kind](**SIZES))
        given = {name: array for name, array in GIVEN[kind].items()}
        narrow = {n: a.astype("float32") if a.dtype == "float64" else a for n, a in given.items()}
        found, _ = build(adapter, kind, weights, dtype="float32")(**give(adapter, narrow))
        assert dtype_name(found) == "float32"
        wide, _ = SLOW[kind](weights, H, True, **given)
        assert abs(adapter.take(found) - wide).max() < 3 * TOLERANCE["float32"] * abs(wide).max()
