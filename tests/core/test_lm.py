"""The model of language, and what it writes: in every framework the same."""

import numpy as np
import pytest

from attention.frameworks import tf
from attention.shapes import dtype_name
from attention.weights.initial import initial_weights
from attention.weights.tables import lm
from tests.adapters import ADAPTERS, TOLERANCE, NumPy, PyTorch, TensorFlow, assert_close, library
from tests.core import slow_lm
from tests.core.test_heads import type_of
from tests.heeds import PACKAGES, heeds

rng = np.random.default_rng(88)
B, T, H, V, M = 2, 5, 3, 11, 12
SIZES = {"vocabulary": V, "width": M, "heads": H, "hidden": 7, "blocks": 2}
WEIGHTS = {n: rng.standard_normal(s) / 2 + n.endswith("scale") for n, s in lm.shapes(**SIZES).items()}
TOKENS = rng.integers(0, V, (B, T))
DRAWS = rng.random((3, 40))
each = pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
layered = pytest.mark.parametrize("adapter", ADAPTERS[1:], ids=lambda adapter: adapter.name)


def build(adapter, weights=WEIGHTS, sizes=SIZES, dtype="float64"):
    kind = library(adapter).LanguageModel
    if adapter is NumPy:
        return kind({name: array.astype(dtype) for name, array in weights.items()}, sizes["heads"])
    model = kind(**sizes, dtype=type_of(adapter, dtype))
    model.set_named_weights(weights)
    return model


def logits(adapter, tokens, caches=None, **options):
    return adapter.take(build(adapter, **options)(adapter.give(tokens), caches))


def written(adapter, model, tokens, limit, draws=None, **options):
    draws = None if draws is None else adapter.give(draws)
    return adapter.take(library(adapter).generate(model, adapter.give(tokens), limit, draws, **options)).tolist()


def filled(rows):
    """Rows of different lengths, with PADDING behind."""
    return [row + [0] * (max(map(len, rows)) - len(row)) for row in rows]


@each
@heeds("LanguageModel.__call__", "tokens")
@heeds("LanguageModel.__init__", "heads", "weights", of=PACKAGES[:1])
@pytest.mark.parametrize("change", [{}, {"heads": 2}, {"blocks": 1}, {"blocks": 3}], ids=str)
def test_the_logits_are_those_of_the_formula(adapter, change):
    sizes = SIZES | change
    weights = {n: rng.standard_normal(s) / 2 + n.endswith("scale") for n, s in lm.shapes(**sizes).items()}
    for tokens in (TOKENS, TOKENS[:, :1], rng.integers(0, V, (1, 3))):
        expected = slow_lm.logits(weights, sizes["heads"], tokens)
        assert_close(logits(adapter, tokens, weights=weights, sizes=sizes), expected)


@each
def test_each_weight_has_its_place(adapter):
    usual = slow_lm.logits(WEIGHTS, H, TOKENS)
    for name, array in WEIGHTS.items():
        weights = WEIGHTS | {name: array + rng.standard_normal(array.shape)}
        expected = slow_lm.logits(weights, H, TOKENS)
        assert_close(logits(adapter, TOKENS, weights=weights), expected)
        assert name.endswith("key_bias") or abs(expected - usual).max() > 1e-3, name


@each
def test_float32_stays_float32(adapter):
    found, expected = logits(adapter, TOKENS, dtype="float32"), slow_lm.logits(WEIGHTS, H, TOKENS)
    assert dtype_name(found) == "float32"
    assert abs(found - expected).max() < 3 * TOLERANCE["float32"] * abs(expected).max()


@each
@heeds("LanguageModel.__call__", "caches")
@pytest.mark.parametrize("pieces", [(1, 1, 1, 1, 1), (3, 2), (2, 1, 2), (5,)])
def test_with_caches_in_pieces_of_any_length(adapter, pieces):
    model = build(adapter)
    caches, found, at = model.caches(), [], 0
    for size in pieces:
        found.append(adapter.take(model(adapter.give(TOKENS[:, at : at + size]), caches)))
        at += size
        assert [cache.length for cache in caches] == [at] * SIZES["blocks"]
    assert_close(np.concatenate(found, axis=1), slow_lm.logits(WEIGHTS, H, TOKENS))


def test_gradients_agree_and_are_those_of_a_difference():
    cotangent = rng.standard_normal((B, T, V))
    named = {}
    for adapter in (TensorFlow, PyTorch):
        model = build(adapter)
        if adapter is TensorFlow:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(model(tf.constant(TOKENS)) * cotangent)
            named[adapter.name] = {
                name: tf.convert_to_tensor(gradient).numpy()
                for name, gradient in tape.gradient(loss, {n: v.value for n, v in model.named.items()}).items()
            }
        else:
            (model(adapter.give(TOKENS)) * adapter.give(cotangent)).sum().backward()
            named[adapter.name] = {name: p.grad.numpy(force=True) for name, p in model.named_parameters()}
    size = max(abs(gradient).max() for gradient in named["pytorch"].values())
    step, along = 1e-5, 0.0
    moved = {sign: {} for sign in (1, -1)}
    for name, array in WEIGHTS.items():
        assert_close(named["tensorflow"][name], named["pytorch"][name], terms=size)
        direction = rng.standard_normal(array.shape)
        along += (direction * named["pytorch"][name]).sum()
        for sign, found in moved.items():
            found[name] = array + sign * step * direction
    plus, minus = ((logits(NumPy, TOKENS, weights=moved[sign]) * cotangent).sum() for sign in (1, -1))
    np.testing.assert_allclose((plus - minus) / (2 * step), along, rtol=1e-6)


def test_in_a_graph_whose_sizes_are_unknown():
    model = build(TensorFlow)
    function = tf.function(lambda tokens: model(tokens), input_signature=[tf.TensorSpec((None, None), tf.int64)])
    for tokens in (TOKENS, TOKENS[:1, :2]):
        assert_close(function(tf.constant(tokens)).numpy(), slow_lm.logits(WEIGHTS, H, tokens))


@layered
@heeds("LanguageModel.__init__", *SIZES, "dtype", "seed", of=PACKAGES[1:])
@pytest.mark.parametrize(
    "change",
    [{}, {"vocabulary": 4}, {"width": 18}, {"heads": 2}, {"hidden": 5}, {"blocks": 1}, {"seed": 4},
     {"dtype": "float64"}],
    ids=str,
)  # fmt: skip
def test_it_begins_as_it_is_told(adapter, change):
    sizes = SIZES | {name: change[name] for name in change if name in SIZES}
    dtype, seed = change.get("dtype", "float32"), change.get("seed", 0)
    model = library(adapter).LanguageModel(**sizes, dtype=type_of(adapter, dtype), seed=seed)
    found, expected = model.named_weights(), initial_weights(lm.shapes(**sizes), seed)
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.dtype == dtype
        np.testing.assert_array_equal(array, expected[name].astype(dtype))
    assert model.blocks[0].attention.heads == sizes["heads"]


def test_the_shapes_need_whole_numbers():
    for change, sentence in (
        ({"vocabulary": 0}, "vocabulary must be at least 1: got 0"),
        ({"blocks": 0}, "blocks must be at least 1: got 0"),
        ({"heads": 4}, "width / heads must be even, for features go in pairs: got 12 and 4"),
        ({"heads": 5}, "width must be a multiple of heads: got 12 and 5"),
    ):
        with pytest.raises(ValueError, match=sentence):
            lm.shapes(**SIZES | change)


# What it writes


@each
@pytest.mark.parametrize("cached", [True, False])
@heeds("generate", "model", "tokens", "limit", "draws", "temperature")
@pytest.mark.parametrize(
    "change",
    [{}, {"tokens": TOKENS[::-1].copy()}, {"tokens": TOKENS[:, :1]}, {"limit": 3}, {"draws": DRAWS},
     {"draws": 1 - DRAWS}, {"draws": DRAWS, "temperature": 0.1}, {"draws": DRAWS, "temperature": 30.0}],
    ids=lambda change: "-".join(change),
)  # fmt: skip
def test_it_writes_token_after_token(adapter, cached, change):
    given = {"tokens": TOKENS, "limit": 9, "draws": None, "temperature": 1.0} | change
    tokens, limit, draws = given["tokens"], given["limit"], given["draws"]
    if draws is not None:
        given["draws"] = draws = draws[: len(tokens), :limit]
    rows = [
        slow_lm.write(WEIGHTS, H, row, limit, None if draws is None else draws[b], given["temperature"])
        for b, row in enumerate(tokens)
    ]
    assert written(adapter, build(adapter), cached=cached, **given) == filled(rows)


@each
@heeds("generate", "cached")
def test_with_a_cache_each_token_is_read_once(adapter):
    model, read = build(adapter), {}

    class Counting:
        caches = staticmethod(model.caches)

        def __call__(self, tokens, caches=None):
            read.setdefault(cached, []).append(tokens.shape[1])
            return model(tokens, caches)

    for cached in (True, False):
        written(adapter, Counting(), TOKENS[:1], 4, np.zeros((1, 4)), cached=cached)  # token 0, which is not END
    assert read == {True: [5, 1, 1, 1], False: [5, 6, 7, 8]}


@each
def test_what_is_drawn_has_its_probability(adapter):
    """Of many even draws each token gets its share; a draw of 0 is the first token, one of almost 1 the last."""
    p = np.array([0.25, 0.0, 0.5, 0.125, 0.125])

    def model(tokens, caches=None):
        with np.errstate(divide="ignore"):
            return adapter.give(np.broadcast_to(np.log(p), (len(tokens), 1, 5)).copy())

    draws = (np.arange(16)[:, None] + 0.5) / 16
    model.caches = lambda: None
    found = np.ravel(written(adapter, model, np.ones((16, 1), int), 1, draws))
    assert found.tolist() == [0] * 4 + [2] * 8 + [3] * 2 + [4] * 2
    edges = np.array([[0.0], [np.nextafter(1, 0)], [0.25]])
    assert np.ravel(written(adapter, model, np.ones((3, 1), int), 1, edges)).tolist() == [0, 4, 2]


@each
@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({"limit": 0}, ValueError, "limit must be at least 1: got 0"),
        ({"limit": 2.0}, TypeError, "limit must be a whole number: got 2.0"),
        ({"temperature": 0}, ValueError, "temperature must be above 0: got 0"),
        ({"temperature": -1.0}, ValueError, "temperature must be above 0: got -1.0"),
        ({"draws": DRAWS[:2]}, ValueError, r"draws must have shape \(2, 4\): got \(2, 40\)"),
        ({"draws": DRAWS[:3, :4]}, ValueError, r"draws must have shape \(2, 4\): got \(3, 4\)"),
    ],
)
def test_the_sentence(adapter, given, error, sentence):
    with pytest.raises(error, match=sentence):
        written(adapter, build(adapter), TOKENS, **{"limit": 4} | given)
