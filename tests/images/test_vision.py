"""One set of weights, three frameworks: the same features, weights, logits and gradients; what each place sees; what
the frameworks ship; what training makes of the statistics."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import scipy.signal
import torch.nn.functional as F
from numpy.testing import assert_allclose

from attention.arrays import FRAMEWORKS
from attention.frameworks import tf, torch
from attention.inputs import InputError
from attention.numpy import ResNet, additive_attention, batch_norm, convolve
from attention.numpy.pooling import AttentionPool
from attention.pytorch import ResNet as ResNetPyTorch
from attention.stored import stored_model
from attention.tensorflow import ResNet as ResNetTensorFlow
from attention.weights.store import save
from attention.weights.tables import resnet
from tests.adapters import ADAPTERS, TOLERANCE, NumPy, PyTorch, TensorFlow, library
from tests.heeds import PACKAGES, heeds
from tests.images.test_layers import build, drawn

POOLINGS, GATES = resnet.CHOICES["pooling"], resnet.CHOICES["gate"]
STATISTICS = (".mean", ".variance")
each = pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
layered = pytest.mark.parametrize("adapter", ADAPTERS[1:], ids=lambda adapter: adapter.name)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def sizes_of(pooling="attention", gate="none", classes=10, width=8):
    return {"classes": classes, "width": width, "pooling": pooling, "gate": gate}


def near(found, expected, dtype="float64", terms=0.0):
    """Within the tolerance of the type, as a part of the largest entry or of `terms`, the size of what was added up."""
    assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype] * max(terms, np.abs(expected).max()))


def run(adapter, weights, sizes, images, factors, training=False, mask=None):
    """Logits, what they looked at, the gradients of logits · factors by weights and by images, and the weights then."""
    model = build(adapter, "ResNet", weights, sizes)
    images, factors, mask = (None if given is None else adapter.give(given) for given in (images, factors, mask))
    if adapter is TensorFlow:
        names = {name: variable for name, variable in model.shared_names().items() if variable.trainable}
        with tf.GradientTape() as tape:
            tape.watch(images)
            vector, looked = model.pool(model.features(images, training=training), mask)
            logits = model.classify(vector)
            loss = tf.reduce_sum(logits * factors)
        found = tape.gradient(loss, [images, *(variable.value for variable in names.values())])
    else:
        names = dict(model.train(training).named_parameters())
        images.requires_grad_()
        vector, looked = model.pool(model.features(images), mask)
        logits = model.classify(vector)
        found = torch.autograd.grad((logits * factors).sum(), [images, *names.values()])
    of_images, *of_weights = map(adapter.take, found)
    return SimpleNamespace(
        logits=adapter.take(logits),
        looked=None if looked is None else adapter.take(looked),
        of_images=of_images,
        of_weights=dict(zip(names, of_weights, strict=True)),
        weights=model.named_weights(),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("pooling", "gate"), [*((p, "none") for p in POOLINGS), *(("attention", g) for g in GATES[1:])]
)
def test_the_frameworks_agree(pooling, gate, dtype, rng):
    sizes = sizes_of(pooling, gate)
    weights = {name: array.astype(dtype) for name, array in drawn(resnet.shapes(**sizes)).items()}
    images, factors = rng.random((3, 28, 21)).astype(dtype), rng.standard_normal((3, 10)).astype(dtype)
    logits, looked = ResNet(weights)(images)
    assert logits.dtype == dtype
    first, second = (run(adapter, weights, sizes, images, factors) for adapter in ADAPTERS[1:])
    for found in (first, second):
        near(found.logits, logits, dtype)
        assert (found.looked is None) == (looked is None) == (pooling in ("average", "maximum"))
        if looked is not None:
            near(found.looked, looked, dtype)
    near(first.of_images, second.of_images, dtype)
    for name, gradient in first.of_weights.items():
        near(gradient, second.of_weights[name], dtype, terms=1)


@pytest.mark.parametrize(("pooling", "gate"), [("maximum", "cbam"), ("glimpses", "squeeze"), ("average", "places")])
def test_gradients_agree_with_a_central_difference(pooling, gate, rng):
    sizes = sizes_of(pooling, gate)
    weights = drawn(resnet.shapes(**sizes))
    images, factors = rng.random((2, 17, 20)), rng.standard_normal((2, 10))
    moved = {name: array for name, array in weights.items() if not name.endswith(STATISTICS)}
    direction = {name: rng.standard_normal(array.shape) for name, array in moved.items()}
    step = 1e-7  # so small that no unit changes its side on the way
    ahead, behind = (
        (ResNet(weights | {n: a + sign * step * direction[n] for n, a in moved.items()})(images)[0] * factors).sum()
        for sign in (1, -1)
    )
    slope = (ahead - behind) / (2 * step)
    for adapter in ADAPTERS[1:]:
        gradients = run(adapter, weights, sizes, images, factors).of_weights
        assert gradients.keys() == moved.keys()
        along = sum((gradients[name] * direction[name]).sum() for name in moved)
        assert along == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@heeds("ResNet.features", "training", of=PACKAGES[1:2])
def test_in_training_both_use_the_statistics_of_the_batch_and_move_their_averages_alike(dtype, rng):
    sizes = sizes_of(gate="squeeze")
    weights = {name: array.astype(dtype) for name, array in drawn(resnet.shapes(**sizes)).items()}
    images, factors = rng.random((4, 28, 21)).astype(dtype), rng.standard_normal((4, 10)).astype(dtype)
    first, second = (run(adapter, weights, sizes, images, factors, training=True) for adapter in ADAPTERS[1:])
    evaluated = run(PyTorch, weights, sizes, images, factors)
    near(first.logits, second.logits, dtype)
    assert np.abs(first.logits - evaluated.logits).max() > 0.1
    for name, gradient in first.of_weights.items():
        near(gradient, second.of_weights[name], dtype, terms=10)
    for name, array in first.weights.items():
        near(array, second.weights[name], dtype)
        assert np.array_equal(array, weights[name]) == (not name.endswith(STATISTICS))


@layered
def test_both_averages_move_by_a_tenth_and_the_variance_is_the_unbiased_one(adapter, rng):
    """Of the first convolution, whose input is known; and evaluation moves nothing."""
    sizes = sizes_of()
    weights = drawn(resnet.shapes(**sizes))
    images = rng.random((3, 9, 8))
    found = run(adapter, weights, sizes, images, np.ones((3, 10)), training=True).weights
    rows = convolve(images[..., None], weights["stem.kernel"], 2).reshape(-1, 8)
    assert len(rows) == 3 * 5 * 4
    assert_allclose(found["stem.mean"], 0.9 * weights["stem.mean"] + 0.1 * rows.mean(axis=0))
    assert_allclose(found["stem.variance"], 0.9 * weights["stem.variance"] + 0.1 * rows.var(axis=0, ddof=1))
    found = run(adapter, weights, sizes, images, np.ones((3, 10))).weights
    for name, array in weights.items():
        np.testing.assert_array_equal(found[name], array)


@heeds("ResNet.__call__", "training", of=PACKAGES[1:2])
def test_the_whole_model_of_keras_passes_training_on(rng):
    weights, images = drawn(resnet.shapes(**sizes_of())), tf.constant(rng.random((3, 9, 8)))
    for given in ({}, {"training": True}):
        expected = run(TensorFlow, weights, sizes_of(), images, np.ones((3, 10)), **given)
        near(build(TensorFlow, "ResNet", weights, sizes_of())(images, **given)[0], expected.logits)


# What a place sees


def seen(adapter, gate, size, place):
    """The first and last row and column of a picture whose pixels have a gradient from one place of the map.

    All weights are positive, so that no relu is in the way and nothing cancels.
    """
    weights = {name: np.full(shape, 0.02) for name, shape in resnet.shapes(**sizes_of(gate=gate, width=2)).items()}
    weights |= {name: np.ones_like(array) for name, array in weights.items() if name.endswith("variance")}
    model, images = build(adapter, "ResNet", weights, sizes_of(gate=gate, width=2)), adapter.give(np.ones((1, *size)))
    factors = np.zeros((1, *((pixels + 3) // 4 for pixels in size), 4))
    factors[0, place[0], place[1]] = 1
    (gradient,) = adapter.gradients(lambda: [model.features(images)], [images], [factors])
    rows, columns = np.nonzero(adapter.take(gradient)[0])
    assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)  # a whole rectangle
    return rows.min(), rows.max(), columns.min(), columns.max()


@layered
@pytest.mark.parametrize("place", [(0, 0), (3, 4), (7, 5), (11, 9)])
def test_a_place_lies_at_every_fourth_pixel_and_sees_23_by_23_around_it(adapter, place):
    (top, bottom, left, right), (row, column) = seen(adapter, "none", (45, 40), place), (4 * place[0], 4 * place[1])
    assert (top, bottom) == (max(0, row - 11), min(44, row + 11))
    assert (left, right) == (max(0, column - 11), min(39, column + 11))


@layered
def test_a_gate_lets_a_place_see_further(adapter):
    """A kernel of 7 × 7 behind each block adds 6 · 2 and 6 · 4 pixels to 23; a squeeze sees everything."""
    assert seen(adapter, "places", (81, 101), (10, 12)) == (40 - 29, 40 + 29, 48 - 29, 48 + 29)
    for gate in ("squeeze", "cbam"):
        assert seen(adapter, gate, (81, 101), (10, 12)) == (0, 80, 0, 100)


@each
@pytest.mark.parametrize("size", [(28, 28), (48, 48), (64, 64), (28, 61), (33, 7), (1, 1), (2, 5)])
def test_a_map_has_a_place_for_every_four_pixels_begun(adapter, size, rng):
    weights = drawn(resnet.shapes(**sizes_of(width=2)))
    model, images = build(adapter, "ResNet", weights, sizes_of(width=2)), adapter.give(rng.random((2, *size)))
    h, w = ((pixels + 3) // 4 for pixels in size)
    assert tuple(model.features(images).shape) == (2, h, w, 4)
    logits, looked = model(images)
    assert (tuple(logits.shape), tuple(looked.shape)) == ((2, 10), (2, h * w))
    assert_allclose(adapter.take(looked).sum(axis=-1), 1)


# Pictures and places apart


@layered
@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_picture_alone_is_what_it_is_in_a_batch(adapter, pooling, rng):
    sizes = sizes_of(pooling, "cbam")
    weights = drawn(resnet.shapes(**sizes))
    images, factors = rng.random((3, 28, 21)), rng.standard_normal((3, 10))
    together = run(adapter, weights, sizes, images, factors)
    alone = [run(adapter, weights, sizes, images[b : b + 1], factors[b : b + 1]) for b in range(3)]
    for b, one in enumerate(alone):
        near(together.logits[b : b + 1], one.logits)
        near(together.of_images[b : b + 1], one.of_images)
    for name, gradient in together.of_weights.items():
        near(gradient, sum(one.of_weights[name] for one in alone))


@layered
@pytest.mark.parametrize("pooling", POOLINGS)
def test_no_gradient_reaches_what_is_hidden_and_nan_does_no_harm(adapter, pooling, rng):
    layer = build(adapter, resnet_kind(pooling), drawn(resnet.POOLING[pooling](8)))
    features, mask = rng.standard_normal((3, 2, 3, 8)), np.array([[True, False, True] * 2, [True] * 6, [False] * 6])
    hidden = ~mask.reshape(3, 2, 3)
    features[hidden] = np.nan
    given, mask = adapter.give(features), adapter.give(mask)
    (gradient,) = adapter.gradients(lambda: [layer(given, mask)[0]], [given], [rng.standard_normal((3, 8))])
    gradient = adapter.take(gradient)
    assert not gradient[hidden].any()
    assert gradient[~hidden].any(axis=-1).all() or pooling == "maximum"
    assert np.isfinite(gradient).all()


def resnet_kind(pooling):
    kinds = {"average": "AveragePool", "maximum": "MaximumPool", "attention": "AttentionPool"}
    return kinds.get(pooling, pooling.title())


def test_with_equal_scores_attention_is_the_average(rng):
    features, mask = rng.standard_normal((2, 3, 4, 8)), rng.random((2, 12)) < 0.6
    zeros = {name: np.zeros(shape) for name, shape in (resnet.attention(8) | resnet.plain(8)).items()}
    for given in (None, mask):
        for adapter in ADAPTERS:
            masked = None if given is None else adapter.give(given)
            attended, weights = build(adapter, "AttentionPool", only(zeros, resnet.attention(8)))(
                adapter.give(features), masked
            )
            averaged, _ = build(adapter, "AveragePool", only(zeros, resnet.plain(8)))(adapter.give(features), masked)
            near(adapter.take(attended), adapter.take(averaged))
            allowed = np.ones((2, 12), bool) if given is None else given
            near(adapter.take(weights), allowed / allowed.sum(axis=-1, keepdims=True))


def only(weights, names):
    return {name: weights[name] for name in names}


@pytest.mark.parametrize("width", [2, 4, 6, 8, 14, 32, 62])
def test_average_maximum_and_attention_have_equally_many_weights(width):
    count = {
        pooling: sum(np.prod(shape) for shape in resnet.shapes(10, width, pooling, "none").values())
        for pooling in POOLINGS
    }
    N = 2 * width
    assert count["average"] == count["maximum"] == count["attention"]
    assert count["glimpse"] - count["attention"] == 2 * (N // 2)  # of the coordinates
    pooled = resnet.attention(N)
    assert sum(np.prod(shape) for shape in pooled.values()) == N * N // 2 + N


# What the frameworks ship


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (5, 3), (7, 7), (2, 4)])
def test_convolutions_of_pytorch_keras_and_scipy(size, stride, rng):
    x, kernel = rng.standard_normal((2, 9, 8, 3)), rng.standard_normal((*size, 3, 4))
    expected = convolve(x, kernel, stride)
    padding = [part // 2 for part in size]
    x_pt, kernel_pt = torch.tensor(x.transpose(0, 3, 1, 2)), torch.tensor(kernel.transpose(3, 2, 0, 1))
    found = F.conv2d(x_pt, kernel_pt, stride=stride, padding=padding)
    near(expected, found.numpy().transpose(0, 2, 3, 1))
    layer = keras.layers.Conv2D(4, size, stride, padding="valid", use_bias=False, dtype="float64")
    padded = np.pad(x, ((0, 0), *((part, part) for part in padding), (0, 0)))
    layer.build(padded.shape)
    layer.set_weights([kernel])
    near(expected, layer(padded).numpy())
    for b, m in np.ndindex(2, 4):
        found = sum(scipy.signal.correlate2d(padded[b, ..., d], kernel[..., d, m], mode="valid") for d in range(3))
        near(expected[b, ..., m], found[::stride, ::stride])


def test_the_padding_that_keras_calls_same_is_another_where_a_stride_meets_an_even_size():
    """It begins at pixel 1 where ours begins at pixel 0: places would lie elsewhere."""
    kernel = np.zeros((3, 3, 1, 1))
    kernel[1, 1] = 1
    for size, first in ((8, 1), (9, 0)):
        x = np.arange(size * size, dtype=float).reshape(1, size, size, 1)
        layer = keras.layers.Conv2D(1, 3, 2, padding="same", use_bias=False, dtype="float64")
        layer.build(x.shape)
        layer.set_weights([kernel])
        np.testing.assert_array_equal(convolve(x, kernel, 2), x[:, ::2, ::2])
        np.testing.assert_array_equal(layer(x).numpy(), x[:, first::2, first::2])


def test_batch_normalisation_of_pytorch_and_of_keras(rng):
    x, (scale, shift, mean) = 3 * rng.standard_normal((4, 5, 6, 7)) + 2, rng.standard_normal((3, 7))
    variance = rng.uniform(0.5, 2, 7)
    theirs = torch.nn.BatchNorm2d(7, dtype=torch.float64)
    theirs.load_state_dict(
        {
            "weight": torch.tensor(scale), "bias": torch.tensor(shift), "running_mean": torch.tensor(mean),
            "running_var": torch.tensor(variance), "num_batches_tracked": torch.tensor(0),
        }
    )  # fmt: skip
    x_pt = torch.tensor(x.transpose(0, 3, 1, 2))
    evaluated, trained = batch_norm(x, scale, shift, mean, variance), batch_norm(x, scale, shift)
    near(evaluated, theirs.eval()(x_pt).detach().numpy().transpose(0, 2, 3, 1))
    near(trained, theirs.train()(x_pt).detach().numpy().transpose(0, 2, 3, 1))
    layer = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([scale, shift, mean, variance])
    near(evaluated, layer(x).numpy())
    near(trained, layer(x, training=True).numpy())
    rows = x.reshape(-1, 7)
    near(theirs.running_var.numpy(), 0.9 * variance + 0.1 * rows.var(axis=0, ddof=1))
    near(layer.moving_variance.numpy(), 0.9 * variance + 0.1 * rows.var(axis=0))  # not the unbiased one


@each
def test_average_and_maximum_of_all_places_are_those_of_pytorch_and_keras(adapter, rng):
    features = rng.standard_normal((2, 3, 5, 8))
    zeros = {name: np.zeros(shape) for name, shape in resnet.plain(8).items()}  # leaves the pooled vector as it is
    features_pt = torch.tensor(features.transpose(0, 3, 1, 2))
    for kind, of_pytorch, of_keras in (
        ("AveragePool", F.adaptive_avg_pool2d, keras.layers.GlobalAveragePooling2D),
        ("MaximumPool", F.adaptive_max_pool2d, keras.layers.GlobalMaxPooling2D),
    ):
        found = adapter.take(build(adapter, kind, zeros)(adapter.give(features))[0])
        near(found, of_pytorch(features_pt, 1)[..., 0, 0].numpy())
        near(found, of_keras(dtype="float64")(features).numpy())


def test_attention_pooling_is_the_additive_attention_of_chapter_three_and_of_keras(rng):
    features, w = rng.standard_normal((2, 3, 5, 8)), drawn(resnet.attention(8))
    mask = rng.random((2, 15)) < 0.7
    vector, weights = AttentionPool(w)(features, mask)
    places, query = features.reshape(2, 15, 8), np.broadcast_to(w["query"], (2, 1, 4))
    expected = additive_attention(
        query, places, places, np.eye(4), w["key_weight"], w["score_weight"], mask[:, None]
    )  # the query lies in the space of the hidden units already
    near(vector[:, None], expected[0])
    near(weights[:, None], expected[1])
    layer = keras.layers.AdditiveAttention(dtype="float64")
    inputs = [query, places, places @ w["key_weight"]]  # query, values, keys
    layer.build([part.shape for part in inputs])
    layer.set_weights([w["score_weight"]])
    found, looked = layer(inputs, mask=[None, tf.constant(mask)], return_attention_scores=True)
    near(vector[:, None], found.numpy())
    near(weights[:, None], looked.numpy())


class OfPyTorch(torch.nn.Module):
    """The network of its own layers, to a mean of all places."""

    def __init__(self, width):
        super().__init__()
        layer = lambda D, M, size, stride: torch.nn.Sequential(
            torch.nn.Conv2d(D, M, size, stride, size // 2, bias=False), torch.nn.BatchNorm2d(M)
        )
        N = 2 * width
        names = {
            "stem": (1, width, 3, 2), "block1.first": (width, width, 3, 1), "block1.second": (width, width, 3, 1),
            "block2.first": (width, N, 3, 2), "block2.second": (N, N, 3, 1), "block2.skip": (width, N, 1, 2),
        }  # fmt: skip
        self.layers = {name: layer(*sizes).double() for name, sizes in names.items()}

    def copy(self, weights):
        for name, (convolution, norm) in self.layers.items():
            w = {part: torch.tensor(weights[f"{name}.{part}"]) for part in ("kernel", "scale", "shift", *STATS)}
            convolution.load_state_dict({"weight": w["kernel"].permute(3, 2, 0, 1)})
            state = {"weight": w["scale"], "bias": w["shift"], "num_batches_tracked": torch.tensor(0)}
            norm.load_state_dict(state | {"running_mean": w["mean"], "running_var": w["variance"]})

    def forward(self, images):
        of, relu = self.layers, torch.relu
        x = relu(of["stem"](images[:, None]))
        x = relu(x + of["block1.second"](relu(of["block1.first"](x))))
        return relu(of["block2.skip"](x) + of["block2.second"](relu(of["block2.first"](x))))


STATS = ("mean", "variance")


@pytest.mark.parametrize("training", [False, True])
def test_features_are_those_of_a_network_of_pytorchs_own_layers(training, rng):
    weights, images = drawn(resnet.shapes(**sizes_of())), torch.tensor(rng.random((3, 28, 21)))
    theirs, ours = OfPyTorch(8), build(PyTorch, "ResNet", weights, sizes_of())
    theirs.copy(weights)
    for _, norm in theirs.layers.values():
        norm.train(training)
    expected = theirs(images).permute(0, 2, 3, 1)
    near(ours.train(training).features(images).detach().numpy(), expected.detach().numpy())
    for name, (_, norm) in theirs.layers.items():
        near(ours.state_dict()[f"{name}.mean"].numpy(), norm.running_mean.numpy())
        near(ours.state_dict()[f"{name}.variance"].numpy(), norm.running_var.numpy())


# What the frameworks do to make it fast


@pytest.mark.parametrize(("pooling", "training"), [*((p, False) for p in POOLINGS), ("attention", True)])
def test_tf_function_without_any_size_known(pooling, training, rng):
    sizes = sizes_of(pooling, "cbam", width=2)
    weights = drawn(resnet.shapes(**sizes))
    model = build(TensorFlow, "ResNet", weights, sizes)
    graph = tf.function(
        lambda images, mask: model.pool(model.features(images, training=training), mask)[0],
        input_signature=[tf.TensorSpec([None] * 3, "float64"), tf.TensorSpec([None] * 2, "bool")],
    )
    for size in ((2, 9, 12), (3, 5, 5)):
        images = tf.constant(rng.random(size))
        mask = tf.constant(rng.random((size[0], ((size[1] + 3) // 4) * ((size[2] + 3) // 4))) < 0.6)
        model.set_named_weights(weights)
        expected = model.pool(model.features(images, training=training), mask)[0]
        moved = model.named_weights()
        model.set_named_weights(weights)
        near(graph(images, mask).numpy(), expected.numpy())
        for name, array in model.named_weights().items():
            near(array, moved[name])


def test_pytorch_learns_on_maps_that_lie_as_they_are_written():
    """No copy is made of a map to bring its channels to the front."""
    model = ResNetPyTorch(10, 8)
    assert model.features(torch.rand(2, 28, 28)).is_contiguous()


# Files


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_stored_model_is_the_same_in_every_framework(tmp_path, pooling, rng):
    sizes = sizes_of(pooling, "cbam")
    weights = drawn(resnet.shapes(**sizes))
    save(tmp_path / "model", weights, {"model": "ResNet", "sizes": sizes}, dtype=np.float32)
    images = rng.random((2, 28, 28)).astype(np.float32)
    expected, _ = ResNet({name: array.astype(np.float32) for name, array in weights.items()})(images)
    for framework in FRAMEWORKS:
        model, metadata, arrays = stored_model(framework, tmp_path / "model", lambda metadata: None)
        assert metadata["sizes"] == sizes
        near(arrays.take(model(arrays.give(images))[0]), expected, "float32")


WORDS = "'sizes' must be whole numbers, classes, width, and words, pooling, gate: got"


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"width": "8"}, WORDS),
        ({"width": 8.0}, WORDS),
        ({"classes": True}, WORDS),
        ({"classes": 0}, WORDS),
        ({"depth": 2}, WORDS),
        ({"width": 7}, "width must be even: got 7"),
        ({"width": 10}, "its weight 'stem.kernel' must have shape (3, 3, 1, 10): got (3, 3, 1, 8)"),
        ({"classes": 9}, "its weight 'classifier.weight' must have shape (16, 9): got (16, 10)"),
        ({"pooling": "mean"},
         "its 'pooling' must be one of average, maximum, attention, glimpse, glimpses: got 'mean'"),
        ({"pooling": 3}, "its 'pooling' must be one of average, maximum, attention, glimpse, glimpses: got 3"),
        ({"pooling": ["average"]}, "'pooling' must be one of average, maximum, attention, glimpse, glimpses: got ['av"),
        ({"gate": None}, "its 'gate' must be one of none, squeeze, places, cbam: got None"),
        ({"pooling": "average"}, "it has no weight 'pooling.average.hidden_weight'"),
        ({"gate": "cbam"}, "it has no weight 'block1.gate.cbam.channels.hidden_weight'"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_model(tmp_path, framework, change, sentence):
    weights = drawn(resnet.shapes(**sizes_of()))
    save(tmp_path / "model", weights, {"model": "ResNet", "sizes": sizes_of() | change})
    with pytest.raises(InputError) as caught:
        stored_model(framework, tmp_path / "model", lambda metadata: None)
    assert str(caught.value).startswith(f"the model file {tmp_path / 'model'} cannot be used: ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_weights_of_a_gate_too_many_are_refused(tmp_path):
    weights = drawn(resnet.shapes(**sizes_of(gate="squeeze")))
    save(tmp_path / "model", weights, {"model": "ResNet", "sizes": sizes_of()})
    with pytest.raises(
        InputError, match=r"it has a weight 'block1\.gate\.squeeze\.hidden_weight', which no ResNet has"
    ):
        stored_model("numpy", tmp_path / "model", lambda metadata: None)


# Learning


def test_first_weights_are_drawn_for_what_goes_into_a_relu(rng):
    """He et al. (2015): a map keeps its size on the way, as the squares of its numbers have it."""
    found = ResNetPyTorch(10, 64, "average", "squeeze", dtype=torch.float64, seed=2).named_weights()
    for name, numbers in (("block1.first.kernel", 9 * 64), ("block2.second.kernel", 9 * 128), ("stem.kernel", 9)):
        assert found[name].std() == pytest.approx((2 / numbers) ** 0.5, rel=0.05)
    assert found["pooling.average.hidden_weight"].std() == pytest.approx((2 / 128) ** 0.5, rel=0.05)
    assert found["block2.gate.squeeze.hidden_weight"].std() == pytest.approx((2 / 128) ** 0.5, rel=0.05)
    assert np.abs(found["classifier.weight"]).max() <= (6 / 138) ** 0.5
    for name, array in found.items():
        if name.endswith((".scale", ".variance")):
            np.testing.assert_array_equal(array, 1)
        if name.endswith((".shift", ".mean", "bias")):
            np.testing.assert_array_equal(array, 0)
    x = rng.standard_normal((2, 40, 40, 64))
    kept = np.maximum(convolve(x, found["block1.first.kernel"]), 0)[:, 1:-1, 1:-1]
    assert (kept**2).mean() == pytest.approx((x**2).mean(), rel=0.1)


def test_models_begin_alike_in_both_frameworks():
    first, second = (
        ResNetPyTorch(10, 8, "glimpses", "cbam", seed=5),
        ResNetTensorFlow(10, 8, "glimpses", "cbam", seed=5),
    )
    for name, array in first.named_weights().items():
        np.testing.assert_array_equal(array, second.named_weights()[name])


@pytest.fixture
def without_graphs():
    """Building a graph takes longer than the few steps here."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


class Task:
    """Which of three bright corners: a task for the learner."""

    settings = SimpleNamespace(seed=4, clip=1.0, average=0.75)

    def __init__(self, adapter):
        self.adapter = adapter

    def model(self):
        return library(self.adapter).ResNet(classes=3, width=2, seed=4)

    def batch(self, number):
        draw = np.random.default_rng(number)
        labels, images = draw.integers(0, 3, 8), draw.random((8, 12, 12), np.float32) / 2
        for image, label in zip(images, labels, strict=True):
            image[6 * (label // 2) :, 6 * (label % 2) :][:6, :6] += 1
        return images, labels

    def loss(self, model, batch):
        if self.adapter is PyTorch:
            images, labels = map(torch.tensor, batch)
            return F.cross_entropy(model(images)[0], labels)
        images, labels = batch
        logits, _ = model(images, training=True)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def learner(adapter):
    module = __import__(f"attention.{adapter.name}.training", fromlist=["Learner"])
    return module.Learner(Task(adapter))


@layered
@pytest.mark.usefixtures("without_graphs")
def test_the_moving_average_takes_the_statistics_along(adapter):
    made, expected = learner(adapter), None
    for number in range(4):
        made.step(made.task.batch(number), 0.01)
        now = made.model.named_weights()
        expected = now if expected is None else {n: 0.75 * expected[n] + 0.25 * now[n] for n in now}
    for name, array in made.weights().items():
        assert_allclose(array, expected[name], atol=1e-6, err_msg=name)
    assert np.abs(made.weights()["stem.variance"] - now["stem.variance"]).max() > 1e-3
    assert np.abs(now["stem.variance"] - 1).max() > 1e-2


@layered
@pytest.mark.usefixtures("without_graphs")
def test_a_learner_goes_on_from_its_arrays_to_the_bit(adapter):
    whole, begun = learner(adapter), learner(adapter)
    for number in range(4):
        whole.step(whole.task.batch(number), 0.01)
        if number == 1:
            half = {name: array.copy() for name, array in whole.arrays().items()}
    begun.load(half)
    for number in (2, 3):
        begun.step(begun.task.batch(number), 0.01)
    assert begun.arrays().keys() == whole.arrays().keys()
    for name, array in whole.arrays().items():
        np.testing.assert_array_equal(begun.arrays()[name], array, err_msg=name)


@pytest.mark.usefixtures("without_graphs")
def test_both_frameworks_learn_alike_and_learn():
    first, second = (learner(adapter) for adapter in ADAPTERS[1:])
    losses = [second.step(second.task.batch(number), 0.02) for number in range(30)]
    again = [first.step(first.task.batch(number), 0.02) for number in range(4)]
    assert_allclose(again, losses[:4], rtol=1e-3)
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) / 2


def test_numpy_classifies_by_the_weights_that_were_learned():
    made = learner(PyTorch)
    for number in range(5):
        made.step(made.task.batch(number), 0.01)
    made.average.eval()
    images, _ = made.task.batch(9)
    expected = made.average.module(torch.tensor(images))[0].detach().numpy()
    near(build(NumPy, "ResNet", made.weights())(images)[0], expected, "float32")
