"""The same numbers on a GPU, in both frameworks: run by `make gpu`, and skipped where the CPU computes."""

import importlib
from types import SimpleNamespace

import numpy as np
import pytest

import attention.numpy as atn_np
from attention.device import asked_device
from attention.weights.initial import initial_weights
from attention.weights.tables import resnet, seq2seq
from tests.adapters import DTYPES, TOLERANCE, NumPy, PyTorch, TensorFlow, derivatives, library
from tests.images.test_layers import build, drawn
from tests.images.test_vision import learner

if asked_device() == "cpu":
    pytest.skip("ATTENTION_DEVICE is cpu: `make gpu` runs this", allow_module_level=True)

rng = np.random.default_rng(7)
QUERIES, KEYS, VALUES = (rng.uniform(-1, 1, shape) for shape in ((2, 3, 37, 32), (2, 3, 51, 32), (2, 3, 51, 16)))
MASK = rng.random((2, 1, 37, 51)) < 0.5
MASK[:, :, 3] = False
SIZES = {"vocabulary": 23, "width": 8, "encoder_width": 6}
BATCH = (
    np.array([[5, 6, 7, 2], [8, 9, 2, 0], [11, 2, 0, 0]]),
    np.array([4, 3, 2]),
    np.array([[1, 4, 5, 2], [1, 6, 2, 0], [1, 7, 8, 2]]),
)

both = pytest.mark.parametrize("adapter", [TensorFlow, PyTorch], ids=lambda adapter: adapter.name)


def near(found, expected, tolerance):
    assert np.abs(np.asarray(found, np.float64) - expected).max() <= tolerance * max(1, np.abs(expected).max())


@both
@pytest.mark.parametrize("dtype", DTYPES["pytorch"])
@pytest.mark.parametrize("need_weights", [True, False])
def test_attention(adapter, dtype, need_weights):
    given = [adapter.give(array, dtype) for array in (QUERIES, KEYS, VALUES)]
    rounded = [adapter.take(tensor).astype(np.float64) for tensor in given]
    expected = atn_np.scaled_dot_product_attention(*rounded, MASK)
    attend = library(adapter).scaled_dot_product_attention
    for found, wanted in zip(attend(*given, adapter.give(MASK), need_weights=need_weights), expected, strict=True):
        if found is not None:
            assert adapter.device(found) == "cuda"
            near(adapter.take(found), wanted, TOLERANCE[dtype])


@both
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_scores_and_their_gradients(adapter, dtype):
    arrays = [QUERIES, KEYS, *(rng.uniform(-1, 1, shape) for shape in ((32, 8), (32, 8), (8,)))]
    factor = rng.standard_normal((2, 3, 37, 51))
    given = [array.astype(dtype) for array in arrays]
    found = derivatives(adapter, library(adapter).additive_scores, given, factor)
    for gradient, wanted in zip(found, atn_np.additive_scores_backward(*arrays, factor), strict=True):
        near(gradient, wanted, 10 * TOLERANCE[dtype])


def built(adapter, **options):
    return importlib.import_module(f"attention.{adapter.name}.recurrent").Seq2Seq(**options)


@both
def test_a_model_and_its_search(adapter):
    weights = {name: w.astype(np.float32) for name, w in initial_weights(seq2seq.shapes(**SIZES), 3).items()}
    source, lengths, target = BATCH
    reference = importlib.import_module("attention.numpy.recurrent").Seq2Seq(weights)
    expected, looked = reference(source, lengths, target[:, :-1])
    model = built(adapter, **SIZES)
    model.set_named_weights(weights)
    found, weighed = model(*map(adapter.give, (source, lengths, target[:, :-1])))
    assert adapter.device(found) == "cuda"
    near(adapter.take(found), expected, TOLERANCE["float32"])
    near(adapter.take(weighed), looked, TOLERANCE["float32"])
    decoding = {a.name: importlib.import_module(f"attention.{a.name}.decoding") for a in (NumPy, adapter)}
    for search in ("greedy", "beam_search"):
        wanted, _ = getattr(decoding["numpy"], search)(reference, source, lengths, 6)
        written, _ = getattr(decoding[adapter.name], search)(model, *map(adapter.give, (source, lengths)), 6)
        assert adapter.take(written).tolist() == wanted.tolist()


@both
def test_a_training_step(adapter):
    """A step goes down, on the GPU, and starts from the loss that NumPy computes."""
    from attention.experiments.translation import Settings

    settings = Settings(**SIZES, dropout=0.0, seed=3)
    training = importlib.import_module(f"attention.{adapter.name}.training")
    translation = importlib.import_module(f"attention.{adapter.name}.translation")
    corpus = SimpleNamespace(settings=settings, sizes=lambda: SIZES, fingerprint=None, metadata=None)
    learner = training.Learner(translation.Translation(corpus))
    in_numpy = importlib.import_module("attention.numpy.recurrent")
    source, lengths, target = BATCH
    logits, _ = in_numpy.Seq2Seq(learner.model.named_weights())(source, lengths, target[:, :-1])
    losses = [learner.step(BATCH, 0.01) for _ in range(20)]
    near(losses[0], in_numpy.sequence_loss(logits, target[:, 1:], settings.smoothing), TOLERANCE["float32"])
    assert losses[-1] < losses[0]


@both
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("pooling", resnet.CHOICES["pooling"])
def test_a_residual_network(adapter, dtype, pooling):
    sizes = {"classes": 4, "width": 8, "pooling": pooling, "gate": "cbam"}
    weights = {name: array.astype(dtype) for name, array in drawn(resnet.shapes(**sizes)).items()}
    images = rng.random((3, 28, 21)).astype(dtype)
    expected, looked = atn_np.ResNet(weights)(images)
    found, weighed = build(adapter, "ResNet", weights, sizes)(adapter.give(images))
    assert adapter.device(found) == "cuda"
    near(adapter.take(found), expected, TOLERANCE[dtype])
    if looked is not None:
        near(adapter.take(weighed), looked, TOLERANCE[dtype])


@both
def test_a_residual_network_learns(adapter):
    made = learner(adapter)
    losses = [made.step(made.task.batch(number), 0.02) for number in range(30)]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) / 2
