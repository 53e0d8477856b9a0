"""Every argument of every layer does what it says: each is changed alone, and the result is that of the formula."""

import math
from functools import cache

import numpy as np
import pytest

from attention.frameworks import torch
from attention.weights.initial import initial_weights
from attention.weights.parts import within
from attention.weights.tables import resnet
from tests.adapters import ADAPTERS, NumPy, PyTorch, TensorFlow, library
from tests.core.test_arguments import compare, flat
from tests.heeds import PACKAGES, heeds
from tests.images import slow_vision

rng = np.random.default_rng(12)
B, H, W, N = 2, 3, 4, 8
SIZES = {"classes": 3, "width": 4, "pooling": "glimpses", "gate": "cbam"}
MASK = np.array([[True] * 5 + [False] * 7, [False, True] * 6])
MASK[:, 6] = False  # a place that is hidden in both pictures


def normal(*shape):
    return rng.standard_normal(shape)


def drawn(shapes, seed=0):
    """Weights that make nothing nearly linear; variances are positive."""
    draw = np.random.default_rng(seed)
    positive, any_ = lambda shape: draw.uniform(0.5, 2, shape), lambda shape: draw.standard_normal(shape) / 2
    return {name: (positive if name.endswith("variance") else any_)(shape) for name, shape in shapes.items()}


def map_with(filling):
    """A map of which one place may hold anything."""
    features = normal(B, H, W, N)
    features[:, 1, 2] = filling
    return features


WEIGHTS = drawn(resnet.shapes(**SIZES))
LAYERS = {
    "SqueezeExcite": drawn(resnet.squeeze(N)),
    "SpatialGate": drawn(resnet.places(N)),
    "CBAM": drawn(resnet.cbam(N)),
    "AveragePool": drawn(resnet.plain(N), seed=7),  # with which hidden units are not all at zero
    "MaximumPool": drawn(resnet.plain(N), seed=7),
    "AttentionPool": drawn(resnet.attention(N)),
    "Glimpse": drawn(resnet.glimpse(N)),
    "Glimpses": drawn(resnet.glimpses(N)),
    "ResNet": WEIGHTS,
}
OF_MAP = {"x": normal(B, H, W, N)}, [("x", normal(B, H, W, N)), ("x", normal(1, 1, 5, N)), ("x", normal(3, 2, 1, N))]
POOLED = (
    {"features": map_with(math.nan), "mask": MASK},
    [
        ("features", map_with(math.inf)),
        ("features", normal(B, 4, H, N)),
        ("mask", ~MASK & [True] * 6 + [False] + [True] * 5),
        ("mask", MASK[0]),
        ("mask", np.zeros((B, H * W), bool)),
        ("mask", np.array([[False] * 12, [True] + [False] * 11])),
    ],
)
EVERYWHERE = (
    {"features": normal(B, H, W, N)},
    [("features", normal(B, H, W, N)), ("features", normal(1, 1, 1, N)), ("mask", MASK)],
)
LOOKED = (
    POOLED[0] | {"query": normal(N // 2)},
    [*POOLED[1], ("query", normal(N // 2)), ("query", normal(B, N // 2))],
)
IMAGES = {"images": normal(B, 9, 7)}, [("images", normal(B, 9, 7)), ("images", normal(1, 8, 12))]

# {method: [(arguments, changes), …]}: each change is made alone.
CASES = {
    "SqueezeExcite.__call__": [OF_MAP],
    "SqueezeExcite.excite": [({"squeezed": normal(B, N)}, [("squeezed", normal(B, N))])],
    "SpatialGate.__call__": [OF_MAP],
    "CBAM.__call__": [OF_MAP],
    "AveragePool.__call__": [POOLED, EVERYWHERE],
    "MaximumPool.__call__": [POOLED, EVERYWHERE],
    "AttentionPool.__call__": [POOLED, EVERYWHERE],
    "AttentionPool.look": [LOOKED],
    "Glimpse.__call__": [POOLED, EVERYWHERE],
    "Glimpse.look": [LOOKED],
    "Glimpses.__call__": [POOLED, EVERYWHERE],
    "Glimpses.glimpses": [POOLED, EVERYWHERE],
    "ResNet.__call__": [IMAGES],
    "ResNet.features": [IMAGES],
    "ResNet.pool": [POOLED, EVERYWHERE],
    "ResNet.glimpses": [POOLED, EVERYWHERE],
    "ResNet.classify": [({"vector": normal(B, N)}, [("vector", normal(B, N))])],
}
INHERITED = {"MaximumPool.__call__", "Glimpse.__call__", "Glimpse.look"}
EACH = [
    pytest.param(adapter, name, base, argument, value, id=f"{adapter.name}-{name}-{argument}-{n}-{m}")
    for adapter in ADAPTERS
    for name, cases in CASES.items()
    for n, (base, changes) in enumerate(cases)
    for m, (argument, value) in enumerate(changes)
]
each = pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
layered = pytest.mark.parametrize("adapter", ADAPTERS[1:], ids=lambda adapter: adapter.name)


def type_of(adapter, name):
    return getattr(torch, name) if adapter is PyTorch else name


def build(adapter, kind, weights, sizes=SIZES):
    """The layer of the library with these weights, in evaluation."""
    if kind != "ResNet" or adapter is NumPy:
        return getattr(library(adapter), kind)(weights)
    model = model_of(adapter, next(iter(weights.values())).dtype.name, **sizes)
    model.set_named_weights(weights)
    return model.eval() if adapter is PyTorch else model


@cache  # every test sets all its weights
def model_of(adapter, dtype, **sizes):
    return library(adapter).ResNet(**sizes, dtype=type_of(adapter, dtype))


def method(thing, name):
    return thing if name == "__call__" else getattr(thing, name)


@pytest.mark.filterwarnings("error:invalid value")  # what is hidden is not computed with
@pytest.mark.parametrize(("adapter", "name", "base", "argument", "value"), EACH)
def test_an_argument_changes_the_result_as_the_formula_says(adapter, name, base, argument, value):
    kind, called = name.split(".")
    function = method(build(adapter, kind, LAYERS[kind]), called)
    expected = method(getattr(slow_vision, kind)(LAYERS[kind]), called)
    changed = base | {argument: value}
    assert any(not np.array_equal(a, b) for a, b in zip(flat(expected(**base)), flat(expected(**changed)), strict=True))
    for given in (base, changed):
        found = function(**{key: adapter.give(array) for key, array in given.items()})
        compare(adapter, flat(found), flat(expected(**given)))


for name, cases in CASES.items():
    if name not in INHERITED:
        heeds(name, *(argument for _, changes in cases for argument, _ in changes))


def changed_alone(adapter, kind, name):
    more = np.random.default_rng(5).uniform(0.2, 1, LAYERS[kind][name].shape)
    changed = LAYERS[kind] | {name: LAYERS[kind][name] + more}
    given = IMAGES[0] if kind == "ResNet" else EVERYWHERE[0] if "Pool" in kind or "Glimpse" in kind else OF_MAP[0]
    expected = getattr(slow_vision, kind)(changed)(*given.values())
    usual = getattr(slow_vision, kind)(LAYERS[kind])(*given.values())
    assert any(not np.array_equal(a, b) for a, b in zip(flat(usual), flat(expected), strict=True))
    compare(adapter, flat(build(adapter, kind, changed)(*map(adapter.give, given.values()))), flat(expected))


@each
@pytest.mark.parametrize("name", WEIGHTS)
@heeds("ResNet.__init__", "weights", of=PACKAGES[:1])
@heeds("ResNet.set_named_weights", "weights", of=PACKAGES[1:2])
def test_each_weight_of_the_model_has_its_place(adapter, name):
    changed_alone(adapter, "ResNet", name)


@each
@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, weights in LAYERS.items() if kind != "ResNet" for name in weights]
)
@heeds("SqueezeExcite.__init__", "weights", of=PACKAGES[:1])
@heeds("SpatialGate.__init__", "weights", of=PACKAGES[:1])
@heeds("AveragePool.__init__", "weights", of=PACKAGES[:1])
@heeds("AttentionPool.__init__", "weights", of=PACKAGES[:1])
@heeds("CBAM.__init__", "weights")
@heeds("Glimpses.__init__", "weights")
def test_each_weight_of_a_layer_has_its_place(adapter, kind, name):
    changed_alone(adapter, kind, name)


@pytest.mark.parametrize("pooling", resnet.CHOICES["pooling"])
@pytest.mark.parametrize("gate", resnet.CHOICES["gate"])
def test_every_pooling_with_every_gate(pooling, gate):
    sizes = SIZES | {"pooling": pooling, "gate": gate}
    weights = drawn(resnet.shapes(**sizes))
    expected = slow_vision.ResNet(weights)(**IMAGES[0])
    for adapter in ADAPTERS:
        model = build(adapter, "ResNet", weights, sizes)
        compare(adapter, flat(model(*map(adapter.give, IMAGES[0].values()))), flat(expected))


@layered
@pytest.mark.parametrize(
    "change",
    [{}, {"classes": 5}, {"width": 6}, {"pooling": "average"}, {"gate": "none"}, {"seed": 5}, {"dtype": "float64"}],
    ids=str,
)
@heeds("ResNet.__init__", "classes", "width", "pooling", "gate", "seed", "dtype", of=PACKAGES[1:])
def test_a_model_begins_as_it_is_told(adapter, change):
    options = SIZES | change
    if "dtype" in change:
        options["dtype"] = type_of(adapter, change["dtype"])
    found = library(adapter).ResNet(**options).named_weights()
    expected = initial_weights(resnet.shapes(**{name: options[name] for name in SIZES}), change.get("seed", 0))
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.dtype == change.get("dtype", "float32")
        np.testing.assert_array_equal(array, expected[name].astype(array.dtype))


@layered
def test_unless_told_otherwise_it_is_attention_without_a_gate(adapter):
    found = library(adapter).ResNet(2, 2).named_weights()
    assert {name: array.shape for name, array in found.items()} == resnet.shapes(2, 2, "attention", "none")


@layered
def test_weights_are_copied_in_and_out(adapter):
    mine = {name: array.copy() for name, array in WEIGHTS.items()}
    model = build(adapter, "ResNet", mine)
    out = model.named_weights()
    for array in (*mine.values(), *model.named_weights().values()):
        array += 1
    for name, array in model.named_weights().items():
        np.testing.assert_array_equal(array, WEIGHTS[name])
    model.set_named_weights(mine)
    for name, array in out.items():
        np.testing.assert_array_equal(array, WEIGHTS[name])


@layered
def test_a_layer_has_its_own_copy_of_its_weights(adapter):
    mine = {name: array.copy() for name, array in LAYERS["AttentionPool"].items()}
    layer = build(adapter, "AttentionPool", mine)
    given = adapter.give(EVERYWHERE[0]["features"])
    before = adapter.take(layer(given)[0])
    for array in mine.values():
        array += 1
    np.testing.assert_array_equal(adapter.take(layer(given)[0]), before)


def test_variables_of_the_keras_model_go_by_the_last_part_of_their_names():
    model = build(TensorFlow, "ResNet", WEIGHTS)
    assert [v.name for v in model.shared_names().values()] == [name.rpartition(".")[-1] for name in WEIGHTS]
    assert {id(v) for v in model.shared_names().values()} == {id(v) for v in model.weights}
    still = {name for name, v in model.shared_names().items() if not v.trainable}
    assert still == {name for name in WEIGHTS if name.endswith((".mean", ".variance"))}


def test_what_pytorch_learns_are_all_weights_but_the_statistics():
    learned = {name for name, _ in build(PyTorch, "ResNet", WEIGHTS).named_parameters()}
    assert learned == {name for name in WEIGHTS if not name.endswith((".mean", ".variance"))}


# Any weights, and a query of one's own


@each
def test_the_mean_by_any_weights(adapter):
    """A weight that is forced onto one place gives that place."""
    features, forced = normal(B, H, W, N), np.eye(H * W)[[5, 11]]
    average = library(adapter).AttentionPool.average
    found = average(adapter.give(features), adapter.give(forced))
    compare(adapter, [found], [np.stack([features[0, 1, 1], features[1, 2, 3]])])
    weights = rng.random((B, H * W))
    expected = np.einsum("bs,bsn->bn", weights, features.reshape(B, H * W, N))
    for shape in ((B, H, W, N), (B, H * W, N)):
        compare(adapter, [average(adapter.give(features.reshape(shape)), adapter.give(weights))], [expected])


@each
def test_where_a_place_is_goes_from_minus_one_to_one(adapter):
    module = __import__(f"attention.{adapter.name}.pooling", fromlist=["coordinates"])
    expected = [[-1, -1], [-1, 0], [-1, 1], [1, -1], [1, 0], [1, 1]]
    np.testing.assert_array_equal(adapter.take(module.coordinates(2, 3)), expected)
    np.testing.assert_array_equal(adapter.take(module.coordinates(1, 2)), [[0, -1], [0, 1]])
    np.testing.assert_allclose(adapter.take(module.coordinates(4, 1))[:, 0], [-1, -1 / 3, 1 / 3, 1], rtol=1e-15)


# What does not fit

FAULTS = [
    ("AttentionPool", "__call__", (normal(B, H * W, N),), ValueError, "features must have 4 axes: got (2, 12, 8)"),
    ("AttentionPool", "__call__", (normal(B, H, W, 7),), ValueError,
     "keys and key_weight must agree on N: keys (2, 12, 7), key_weight (8, 4)"),
    ("Glimpse", "__call__", (normal(B, H, W, 7),), ValueError,
     "keys and key_weight must agree on N: keys (2, 12, 9), key_weight (10, 4)"),
    ("AttentionPool", "__call__", (normal(B, H, W, N).astype("float32"),), TypeError,
     "keys and key_weight must have one dtype: keys float32, key_weight float64"),
    ("AttentionPool", "__call__", (normal(B, H, W, N), MASK[:, :11]), ValueError,
     "mask must broadcast to places (2, 12): got (2, 11)"),
    ("MaximumPool", "__call__", (normal(B, H, W, N), MASK.astype(float)), TypeError,
     "mask must be boolean, True = may attend: got float64"),
    ("AveragePool", "__call__", (normal(B, H, W, 7),), ValueError,
     "features and hidden_weight must agree on N: features (2, 12, 7), hidden_weight (8, 2)"),
    ("Glimpses", "glimpses", (np.zeros((B, H, W, N), int),), TypeError, "features must be floating point: got int64"),
    ("AttentionPool", "average", (normal(B, H, W, N), normal(B, 11)), ValueError,
     "features and weights must agree on S: features (2, 12, 8), weights (2, 11)"),
    ("SqueezeExcite", "__call__", (normal(B, W, N),), ValueError, "x must have 4 axes: got (2, 4, 8)"),
    ("SqueezeExcite", "__call__", (normal(B, H, W, 7),), ValueError,
     "squeezed and hidden_weight must agree on M: squeezed (2, 7), hidden_weight (8, 2)"),
    ("SpatialGate", "__call__", (normal(B, W, N),), ValueError, "x must have 4 axes: got (2, 4, 8)"),
    ("CBAM", "__call__", (normal(B, W, N),), ValueError, "x must have 4 axes: got (2, 4, 8)"),
    ("ResNet", "__call__", (normal(B, 9, 7, 1),), ValueError, "images must have 3 axes: got (2, 9, 7, 1)"),
    ("ResNet", "features", (normal(9, 7),), ValueError, "images must have 3 axes: got (9, 7)"),
    ("ResNet", "classify", (normal(B, 7),), ValueError,
     "vector and weight must agree on N: vector (2, 7), weight (8, 3)"),
]  # fmt: skip


@each
@pytest.mark.parametrize(("kind", "called", "arguments", "error", "sentence"), FAULTS)
def test_the_sentence(adapter, kind, called, arguments, error, sentence):
    function = method(build(adapter, kind, LAYERS[kind]), called)
    with pytest.raises(error) as caught:
        function(*map(adapter.give, arguments))
    assert sentence in str(caught.value)  # Keras says more around it


@layered
@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        ({"width": 7}, ValueError, "width must be even: got 7"),
        ({"width": 0}, ValueError, "width must be at least 1: got 0"),
        ({"classes": 2.5}, TypeError, "classes must be a whole number: got 2.5"),
        ({"pooling": "mean"}, ValueError,
         "pooling must be one of average, maximum, attention, glimpse, glimpses: got 'mean'"),
        ({"gate": None}, ValueError, "gate must be one of none, squeeze, places, cbam: got None"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be(adapter, change, kind, sentence):
    with pytest.raises(kind) as caught:
        library(adapter).ResNet(**SIZES | change)
    assert str(caught.value) == sentence


def test_parts_go_by_their_names():
    assert within("a", {"b.c": 1, "d": 2}) == {"a.b.c": 1, "a.d": 2}
