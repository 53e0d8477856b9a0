"""Attention with several heads: in every framework the same, and what the frameworks ship."""

import math

import numpy as np
import pytest

from attention.frameworks import torch
from attention.weights.heads import shapes
from attention.weights.initial import initial_weights
from tests.adapters import ADAPTERS, NumPy, PyTorch, assert_close, library
from tests.core import slow_heads
from tests.core.test_arguments import compare, flat
from tests.heeds import PACKAGES, heeds

rng = np.random.default_rng(6)
B, T, S, H, M = 2, 3, 5, 6, 24
SIZES = {"width": M, "heads": H, "kv_heads": 2}
each = pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
layered = pytest.mark.parametrize("adapter", ADAPTERS[1:], ids=lambda adapter: adapter.name)
shared = pytest.mark.parametrize("kv_heads", [None, 6, 3, 2, 1])


def normal(*shape):
    return rng.standard_normal(shape)


def drawn(width=M, heads=H, kv_heads=None):
    return {name: normal(*shape) / 3 for name, shape in shapes(width, heads, kv_heads).items()}


def type_of(adapter, name):
    return getattr(torch, name) if adapter is PyTorch else name


def build(adapter, weights, heads=H, kv_heads=None, dtype="float64"):
    kind = library(adapter).MultiHeadAttention
    if adapter is NumPy:
        return kind({name: array.astype(dtype) for name, array in weights.items()}, heads, kv_heads)
    layer = kind(len(weights["query_weight"]), heads, kv_heads, dtype=type_of(adapter, dtype))
    layer.set_named_weights(weights)
    return layer


def give(adapter, given, dtype=None):
    return {n: adapter.give(a, dtype) if isinstance(a, np.ndarray) else a for n, a in given.items()}


def agree(adapter, given, weights=None, heads=H, kv_heads=None):
    """The layer gives what the slow one gives."""
    weights = drawn(kv_heads=kv_heads) if weights is None else weights
    expected = slow_heads.MultiHeadAttention(weights, heads, kv_heads)(**given)
    found = build(adapter, weights, heads, kv_heads)(**give(adapter, given))
    compare(adapter, flat(found), flat(expected))
    return expected


def with_(filling):
    """Rows of which one, number 2, may hold anything."""
    rows = normal(B, S, M)
    rows[:, 2] = filling
    return rows


# Split and merge


@each
@pytest.mark.parametrize("leading", [(), (2,), (3, 1, 2)])
@heeds("split_heads", "x", "heads")
@heeds("merge_heads", "x")
def test_split_and_merge_are_each_others_inverse(adapter, leading):
    x, split, merge = normal(*leading, T, M), library(adapter).split_heads, library(adapter).merge_heads
    for heads in (1, 2, 6, 24):
        pieces = split(adapter.give(x), heads)
        compare(adapter, [pieces, merge(pieces)], [slow_heads.split_heads(x, heads), x])
    compare(adapter, [merge(adapter.give(normal_ := normal(*leading, 5, T, 7)))], [slow_heads.merge_heads(normal_)])


@each
def test_nothing_is_lost_where_there_are_no_rows(adapter):
    pieces = library(adapter).split_heads(adapter.give(np.zeros((2, 0, 6))), 3)
    assert tuple(pieces.shape) == (2, 3, 0, 2)
    assert tuple(library(adapter).merge_heads(pieces).shape) == (2, 0, 6)


# The layer

MASK = rng.random((B, H, T, S)) < 0.5
MASK[..., 2] = False
MASK[:, 1, 0] = False  # a query of one head that may attend to nothing
MASK[1, :, 2] = False  # and one of all heads
GIVEN = {"queries": normal(B, T, M), "keys": with_(math.nan), "values": with_(math.inf), "mask": MASK}
SEEN = {"queries": normal(B, T, M), "keys": normal(B, S, M), "values": normal(B, S, M)}
CHANGES = [
    ("queries", normal(B, T, M)),
    ("keys", with_(math.inf)),
    ("values", with_(math.nan)),
    *(("mask", MASK & (rng.random(shape) < 0.6)) for shape in ((T, S), (S,), (1, H, 1, S), (B, 1, T, 1))),
    *(("bias", normal(*shape)) for shape in ((H, T, S), (B, H, T, S), (T, 1), (S,), ())),
    ("bias", np.where(rng.random((H, T, S)) < 0.3, -np.inf, normal(H, T, S))),
    ("need_weights", False),
]


@each
@shared
@pytest.mark.filterwarnings("error:invalid value")
@pytest.mark.parametrize("fused", [False, True])
@heeds("MultiHeadAttention.__call__", "queries", "keys", "values", "mask", "bias", "need_weights")
@heeds("MultiHeadAttention.__init__", "heads", "kv_heads")
def test_an_argument_changes_the_result_as_the_formula_says(adapter, kv_heads, fused):
    more = {"need_weights": False} if fused else {}
    usual = agree(adapter, GIVEN | more, kv_heads=kv_heads)
    for argument, value in CHANGES:
        changed = agree(adapter, GIVEN | {argument: value} | more, kv_heads=kv_heads)
        assert any(a is not b and not np.array_equal(a, b) for a, b in zip(usual, changed, strict=True))
    for mask in (MASK[:1], MASK[0, 0], MASK[0, 0, 1], MASK[:, :1], None):
        agree(adapter, SEEN | {"mask": mask} | more, kv_heads=kv_heads)


@each
@pytest.mark.parametrize("name", shapes(**SIZES))
@heeds("MultiHeadAttention.__init__", "weights", of=PACKAGES[:1])
def test_each_weight_has_its_place(adapter, name):
    weights = drawn(**SIZES)
    usual = agree(adapter, SEEN, weights, kv_heads=2)
    changed = agree(adapter, SEEN, weights | {name: weights[name] + normal(*weights[name].shape)}, kv_heads=2)
    if name == "key_bias":  # it adds the same to all scores of a query, unless keys of earlier calls had another
        assert_close(changed[0], usual[0])
    else:
        assert abs(changed[0] - usual[0]).max() > 0.01


@each
@pytest.mark.parametrize(
    ("of_queries", "of_keys"), [((), ()), ((2,), ()), ((), (3,)), ((2, 1), (1, 3)), ((2, 3), (2, 3))]
)
@pytest.mark.parametrize("kv_heads", [None, 2])
def test_any_number_of_leading_axes(adapter, of_queries, of_keys, kv_heads):
    given = {"queries": normal(*of_queries, T, M), "keys": normal(*of_keys, S, M), "values": normal(*of_keys, S, M)}
    for need_weights in (True, False):
        for mask in (None, rng.random((T, S)) < 0.6):
            for bias in (None, normal(H, T, S)):
                agree(adapter, given | {"mask": mask, "bias": bias, "need_weights": need_weights}, kv_heads=kv_heads)


@each
def test_sizes_of_one_and_no_queries(adapter):
    for heads, kv_heads, width in ((1, 1, 4), (4, 4, 4), (4, 1, 4), (1, 1, 1)):
        weights = drawn(width, heads, kv_heads)
        for t, s in ((1, 1), (1, 3), (3, 1), (0, 2)):
            given = {"queries": normal(B, t, width), "keys": normal(B, s, width), "values": normal(B, s, width)}
            layer = build(adapter, weights, heads, kv_heads)
            output, p = layer(**give(adapter, given))
            assert tuple(output.shape) == (B, t, width)
            assert tuple(p.shape) == (B, heads, t, s)
            if t:
                agree(adapter, given, weights, heads, kv_heads)


@each
@pytest.mark.parametrize("need_weights", [True, False])
def test_a_query_that_may_attend_to_nothing_gets_the_bias_of_the_output(adapter, need_weights):
    weights = drawn()
    mask = np.ones((B, 1, T, S), bool)
    mask[1, :, 2] = False
    layer = build(adapter, weights)
    output, p = layer(**give(adapter, SEEN | {"mask": mask}), need_weights=need_weights)
    assert_close(adapter.take(output)[1, 2], weights["output_bias"])
    if need_weights:
        assert not adapter.take(p)[1, :, 2].any()


@layered
@heeds("MultiHeadAttention.__init__", "width", "seed", "dtype", of=PACKAGES[1:])
@pytest.mark.parametrize(
    "change", [{}, {"width": 12}, {"heads": 4}, {"kv_heads": 3}, {"seed": 5}, {"dtype": "float64"}], ids=str
)
def test_a_layer_begins_as_it_is_told(adapter, change):
    options = SIZES | change
    if "dtype" in change:
        options["dtype"] = type_of(adapter, "float64")
    found = library(adapter).MultiHeadAttention(**options).named_weights()
    expected = initial_weights(shapes(**{name: options[name] for name in SIZES}), change.get("seed", 0))
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.dtype == change.get("dtype", "float32")
        np.testing.assert_array_equal(array, expected[name].astype(array.dtype))


@layered
def test_weights_are_copied_in_and_out(adapter):
    weights = drawn()
    mine = {name: array.copy() for name, array in weights.items()}
    layer = build(adapter, mine)
    for array in (*mine.values(), *layer.named_weights().values()):
        array += 1
    for name, array in layer.named_weights().items():
        np.testing.assert_array_equal(array, weights[name])


# Positions and the cache


@each
@shared
@heeds("MultiHeadAttention.__call__", "positions")
def test_positions_turn_queries_and_keys(adapter, kv_heads):
    given = SEEN | {"queries": normal(B, S, M)}
    usual = agree(adapter, given, weights := drawn(kv_heads=kv_heads), kv_heads=kv_heads)
    for positions in (np.arange(S), np.arange(S) + 7, np.array([3, 0, 0, 9, 1])):
        for need_weights in (True, False):
            turned = agree(
                adapter, given | {"positions": positions, "need_weights": need_weights}, weights, kv_heads=kv_heads
            )
            assert abs(turned[0] - usual[0]).max() > 0.01


@each
def test_each_sentence_may_have_positions_of_its_own(adapter):
    weights, given = drawn(), SEEN | {"queries": normal(B, S, M)}
    positions = np.array([[0, 1, 2, 3, 4], [5, 9, 2, 0, 1]])
    layer = build(adapter, weights)
    found = layer(**give(adapter, given | {"positions": positions}))
    for b in range(B):
        alone = slow_heads.MultiHeadAttention(weights, H)(**{n: a[b] for n, a in given.items()}, positions=positions[b])
        compare(adapter, [part[b] for part in found], alone)


@each
@shared
@pytest.mark.parametrize("turned", [False, True])
@heeds("MultiHeadAttention.__call__", "cache")
@heeds("KeyValueCache.extend", "keys", "values")
def test_a_token_at_a_time_is_all_at_once(adapter, kv_heads, turned):
    package, x = library(adapter), normal(B, S, M)
    layer = build(adapter, drawn(kv_heads=kv_heads), kv_heads=kv_heads)
    places = lambda *of: {"positions": np.arange(*of)} if turned else {}
    whole = layer(*[adapter.give(x)] * 3, adapter.give(np.tri(S, dtype=bool)), **places(S))
    for sizes in ((1, 1, 1, 1, 1), (3, 2), (5,), (2, 0, 3)):
        cache, start, outputs = package.KeyValueCache(), 0, []
        assert cache.length == 0
        for size in sizes:
            rows, mask = adapter.give(x[:, start : start + size]), package.causal_mask(size, start + size)
            output, p = layer(rows, rows, rows, mask, cache=cache, **places(start, start + size))
            fused = package.KeyValueCache()
            fused.keys, fused.values = (
                (None, None) if start == 0 else (cache.keys[..., :start, :], cache.values[..., :start, :])
            )
            again, _ = layer(rows, rows, rows, mask, cache=fused, need_weights=False, **places(start, start + size))
            assert_close(adapter.take(again), adapter.take(output), terms=1)
            compare(adapter, [p], [adapter.take(whole[1])[:, :, start : start + size, : start + size]])
            start += size
            outputs.append(adapter.take(output))
            assert cache.length == start
            assert tuple(cache.keys.shape) == tuple(cache.values.shape) == (B, kv_heads or H, start, M // H)
        compare(adapter, [whole[0]], [np.concatenate(outputs, axis=1)])


@each
def test_a_memory_is_projected_once(adapter):
    """A decoder asks the same memory at every step: keys and values of length 0 add nothing to the cache."""
    layer, cache = build(adapter, drawn()), library(adapter).KeyValueCache()
    memory, nothing = adapter.give(SEEN["keys"]), adapter.give(np.zeros((B, 0, M)))
    layer(adapter.give(SEEN["queries"]), memory, memory, cache=cache)
    later = adapter.give(normal(B, 1, M))
    found, p = layer(later, nothing, nothing, cache=cache)
    expected = layer(later, memory, memory)
    compare(adapter, [found, p], [adapter.take(part) for part in expected])


# What does not fit


def zeros(*shape, dtype="float64"):
    return np.zeros(shape, dtype)


ROWS = {"queries": zeros(B, T, M), "keys": zeros(B, S, M), "values": zeros(B, S, M)}
WRONG = [
    ({"queries": zeros(B, T, M, dtype="int64")}, TypeError, "queries must be floating point: got int64"),
    ({"keys": zeros(B, S, M, dtype="float32")}, TypeError,
     "queries, keys and values must have one dtype: queries float64, keys float32, values float64"),
    ({name: array.astype("float32") for name, array in ROWS.items()}, TypeError,
     "queries must have the dtype of the weights, float64: got float32"),
    ({"queries": zeros(M)}, ValueError, "queries must have at least 2 axes: got (24,)"),
    ({"queries": zeros(B, T, 23)}, ValueError, "queries must be as wide as the layer, 24: got (2, 3, 23)"),
    ({"keys": zeros(B, S, 4)}, ValueError, "keys must be as wide as the layer, 24: got (2, 5, 4)"),
    ({"values": zeros(B, S, 1)}, ValueError, "values must be as wide as the layer, 24: got (2, 5, 1)"),
    ({"values": zeros(B, 4, M)}, ValueError,
     "keys and values must agree on S: keys (2, 5, 24), values (2, 4, 24)"),
    ({"queries": zeros(3, T, M)}, ValueError,
     "queries, keys and values must agree on the leading axes: queries (3, 3, 24), keys (2, 5, 24), values (2, 5, 24)"),
    ({"mask": zeros(T, S)}, TypeError, "mask must be boolean, True = may attend: got float64"),
    ({"mask": zeros(T, 4, dtype=bool)}, ValueError, "mask must broadcast to scores (2, 6, 3, 5): got (3, 4)"),
    ({"mask": zeros(B, 2, T, S, dtype=bool)}, ValueError,
     "mask must broadcast to scores (2, 6, 3, 5): got (2, 2, 3, 5)"),
    ({"mask": zeros(H, T, S, dtype=bool)}, ValueError,
     "mask (6, 3, 5) does not say whether its axis is of sentences or of heads: "
     "for sentences give mask[..., None, :, :], for heads mask[None]"),
    ({"bias": zeros(T, S, dtype="float32")}, TypeError,
     "queries and bias must have one dtype: queries float64, bias float32"),
    ({"bias": zeros(B, T, S)}, ValueError, "bias must broadcast to scores (2, 6, 3, 5): got (2, 3, 5)"),
    ({"positions": np.arange(T)}, ValueError,
     "queries and keys must agree on T, for they have the same positions: queries (2, 3, 24), keys (2, 5, 24)"),
]  # fmt: skip


@each
@pytest.mark.parametrize(("change", "error", "sentence"), WRONG)
@heeds(
    "check_heads",
    "queries",
    "keys",
    "values",
    "mask",
    "bias",
    "positions",
    "heads",
    "width",
    "dtype",
    of=["attention.shapes"],
)
def test_the_sentence(adapter, change, error, sentence):
    with pytest.raises(error) as caught:
        build(adapter, drawn())(**give(adapter, ROWS | change))
    assert str(caught.value) == sentence


@each
def test_a_mask_of_sentences_is_refused_even_where_there_are_as_many_heads(adapter):
    rows = {name: zeros(H, *array.shape[1:]) for name, array in ROWS.items()}
    mask = np.ones((H, 1, S), bool)
    layer = build(adapter, drawn())
    with pytest.raises(ValueError, match="of sentences or of heads"):
        layer(**give(adapter, rows), mask=adapter.give(mask))
    for fits in (mask[:, None], mask[None], mask[:1]):
        layer(**give(adapter, rows), mask=adapter.give(fits))
    one = {name: array[0] for name, array in rows.items()}  # no sentences: the axis is that of the heads
    layer(**give(adapter, one), mask=adapter.give(mask))


@each
@heeds("check_heads", "cached", of=["attention.shapes"])
def test_a_mask_counts_the_keys_of_the_cache(adapter):
    layer, cache = build(adapter, drawn()), library(adapter).KeyValueCache()
    layer(**give(adapter, ROWS), cache=cache)
    with pytest.raises(ValueError, match=r"mask must broadcast to scores \(2, 6, 3, 10\): got \(3, 5\)"):
        layer(**give(adapter, ROWS | {"mask": zeros(T, S, dtype=bool)}), cache=cache)
    assert cache.length == S  # what was refused was not kept
    layer(**give(adapter, ROWS | {"mask": zeros(T, 2 * S, dtype=bool)}), cache=cache)
    assert cache.length == 2 * S


@each
@heeds("check_split", "x", "heads", of=["attention.shapes"])
def test_what_cannot_be_split_or_merged(adapter):
    split, merge = library(adapter).split_heads, library(adapter).merge_heads
    for given, heads, error, sentence in (
        (zeros(T, 24), 5, ValueError, "the features of x must be a multiple of heads, 5: got (3, 24)"),
        (zeros(24), 5, ValueError, "x must have at least 2 axes: got (24,)"),
        (zeros(T, 24), 0, ValueError, "heads must be at least 1: got 0"),
        (zeros(T, 24), 2.0, TypeError, "heads must be a whole number: got 2.0"),
    ):
        with pytest.raises(error) as caught:
            split(adapter.give(given), heads)
        assert str(caught.value) == sentence
    with pytest.raises(ValueError, match=r"x must have at least 3 axes: got \(3, 4\)"):
        merge(adapter.give(zeros(3, 4)))


SIZES_THAT_CANNOT_BE = [
    ({"heads": 5}, ValueError, "width must be a multiple of heads: got 24 and 5"),
    ({"kv_heads": 4}, ValueError, "heads must be a multiple of kv_heads: got 6 and 4"),
    ({"kv_heads": 12}, ValueError, "heads must be a multiple of kv_heads: got 6 and 12"),
    ({"heads": 0}, ValueError, "heads must be at least 1: got 0"),
    ({"kv_heads": 0}, ValueError, "kv_heads must be at least 1: got 0"),
    ({"width": 24.0}, TypeError, "width must be a whole number: got 24.0"),
]


@layered
@pytest.mark.parametrize(("change", "error", "sentence"), SIZES_THAT_CANNOT_BE)
def test_a_layer_that_cannot_be(adapter, change, error, sentence):
    with pytest.raises(error) as caught:
        library(adapter).MultiHeadAttention(**SIZES | change)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        ({}, {"heads": 5}, "width must be a multiple of heads: got 24 and 5"),
        ({}, {"kv_heads": 3}, "key_weight must have shape (24, 12): got (24, 24)"),
        ({"value_bias": None}, {}, "there is no value_bias"),
        ({"query_weight": None}, {}, "there is no query_weight"),
        ({"output_bias": zeros(1)}, {}, "output_bias must have shape (24,): got (1,)"),
    ],
)
def test_weights_that_are_not_those_of_a_layer(change, options, sentence):
    weights = {name: array for name, array in (drawn() | change).items() if array is not None}
    with pytest.raises(ValueError) as caught:  # noqa: PT011 the sentence follows
        library(NumPy).MultiHeadAttention(weights, **{"heads": H} | options)
    assert str(caught.value) == sentence
