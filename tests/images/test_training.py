"""What training on pictures does, in both frameworks: a property for each setting, which fails where it is ignored."""

import importlib
from dataclasses import asdict, fields, replace
from itertools import islice

import numpy as np
import pytest

from attention.arrays import ADAPTERS
from attention.data.scenes import scenes
from attention.experiments import images, loop
from attention.experiments.images import Pictures, Scenes, Settings, with_places
from attention.frameworks import tf
from attention.inputs import InputError
from attention.numpy.vision import ResNet
from attention.weights.store import load
from attention.weights.tables import resnet
from tests.command import stop_at_the_second_validation
from tests.images.learners import FRAMEWORKS, SETTINGS, learner, task, train
from tests.translation.pull import PULLS

SHOWN = set()
both = pytest.mark.parametrize("framework", FRAMEWORKS)


def shows(*names):
    """The settings that a test is about."""
    SHOWN.update(names)
    return lambda test: test


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Building a graph takes longer than the few steps here; and few scenes are validated on."""
    monkeypatch.setattr(images, "VALIDATION", 20)
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def cross_entropy(logits, labels):
    logits = logits - logits.max(-1, keepdims=True)
    return np.mean(np.log(np.exp(logits).sum(-1)) - logits[np.arange(len(labels)), labels])


# The optimiser


@both
@shows("rate", "warmup", "steps", "clip", "validate_every")
def test_the_loop_heeds_these_settings(framework, tmp_path):
    """A gradient of (6, 8) is cut to (0.6, 0.8); Adam, who sees the same always, moves by the rate."""
    settings = replace(SETTINGS, rate=0.03, warmup=3, steps=5, validate_every=3, clip=1.0)
    module, places = importlib.import_module(f"attention.{framework}.training"), [0.0]

    class Watched(module.Learner):
        def step(self, batch, rate):
            loss = super().step(batch, rate)
            places.append(float(self.model.named_weights()["place"][0]))
            return loss

    curve = loop.train(tmp_path / "model", lambda: Watched(PULLS[framework](settings, [(0.6, 0.8), (6.0, 8.0)])))
    np.testing.assert_allclose(-np.diff(places), [0.01, 0.02, 0.03, 0.015, 0], atol=1e-5)
    assert [point["step"] for point in curve] == [3, 5]


@both
@shows("patience")
def test_training_ends_without_better(framework, tmp_path):
    settings = replace(SETTINGS, steps=6, validate_every=1, patience=2)
    module = importlib.import_module(f"attention.{framework}.training")
    pull = PULLS[framework](settings, rewards=[5, 4, 6, 5, 5, 9])
    assert len(loop.train(tmp_path / "model", lambda: module.Learner(pull))) == 5


@both
@shows("average")
def test_what_is_stored_is_a_moving_average_of_weights_and_statistics(framework):
    made, expected = learner(framework, replace(SETTINGS, average=0.75)), None
    for batch in islice(made.task.batches(0), 3):
        made.step(batch, 0.01)
        now = made.model.named_weights()
        expected = now if expected is None else {n: 0.75 * expected[n] + 0.25 * now[n] for n in now}
    for name, array in expected.items():
        np.testing.assert_allclose(made.weights()[name], array, atol=1e-6, err_msg=name)
    assert np.abs(expected["stem.mean"] - now["stem.mean"]).max() > 1e-4


# The model and its loss


@both
@shows("width", "pooling", "gate")
@pytest.mark.parametrize("gate", resnet.CHOICES["gate"])
@pytest.mark.parametrize("pooling", ["maximum", "glimpse"])
def test_the_model_is_that_of_the_settings(framework, pooling, gate):
    made = task(framework, replace(SETTINGS, width=4, pooling=pooling, gate=gate))
    found = {name: array.shape for name, array in made.model().named_weights().items()}
    assert found == resnet.shapes(10, 4, pooling, gate)
    assert made.metadata()["sizes"] == {"classes": 10, "width": 4, "pooling": pooling, "gate": gate}


def test_both_frameworks_learn_alike():
    for tasks, settings in (
        (("single", "cluttered"), SETTINGS),
        (("pointed",), replace(SETTINGS, pooling="glimpses", told=True)),
    ):
        pytorch, tensorflow = (learner(f, settings, Scenes(*tasks)) for f in ("pytorch", "tensorflow"))
        for batch in islice(pytorch.task.batches(0), 3):
            assert pytorch.step(batch, 0.01) == pytest.approx(tensorflow.step(batch, 0.01), rel=1e-4)
        assert pytorch.validate() == pytest.approx(tensorflow.validate(), rel=1e-3)


def in_training(framework, model, found):
    """A model's features, with the statistics of the batch."""
    images = ADAPTERS[framework]().give(found)
    if framework == "tensorflow":
        return model.features(images, training=True)
    model.train()
    return model.features(images)


@both
def test_the_loss_is_the_cross_entropy_of_the_class(framework):
    made = learner(framework)
    found, labels, _ = batch = next(made.task.batches(0))
    model = made.task.model()
    vector, _ = model.pool(in_training(framework, model, found))
    logits = ADAPTERS[framework]().take(model.classify(vector))
    assert made.step(batch, 0.0) == pytest.approx(cross_entropy(logits, labels), rel=1e-5)


@both
@shows("told")
def test_the_first_glimpse_is_told_where_the_marker_is(framework):
    """In training alone, and by −log of its weight there."""
    settings = replace(SETTINGS, pooling="glimpses")
    plain, told = (learner(framework, replace(settings, told=given), Scenes("pointed")) for given in (False, True))
    found, _, places = batch = next(plain.task.batches(0))
    model = told.task.model()
    first = ADAPTERS[framework]().take(model.glimpses(in_training(framework, model, found))[0])
    there = -np.log(first[np.arange(len(first)), places]).mean()
    assert told.step(batch, 0.0) - plain.step(batch, 0.0) == pytest.approx(there, rel=1e-4)
    assert told.validate() == pytest.approx(plain.validate(), rel=1e-5)


def test_a_marker_is_at_the_place_nearest_to_it():
    found = scenes("pointed", "train", 40)
    _, _, places = with_places(found.images, found.labels, found.markers)
    rows, columns = np.divmod(places, 16)
    assert np.abs(4 * np.stack([rows, columns], axis=1) - found.markers).max() <= 2
    corner = np.array([[0, 0], [63, 63], [-1, -1], [5, 40]])
    np.testing.assert_array_equal(with_places(found.images[:4], None, corner)[2], [0, 255, -1, 16 + 10])


# The data


@shows("batch", "seed")
def test_batches_are_scenes_that_follow_each_other():
    batches = list(islice(Pictures(SETTINGS, Scenes("single", "cluttered")).batches(), 4))
    for number, (found, labels, places) in enumerate(batches):
        kind = ("single", "cluttered")[number % 2]
        expected = scenes(kind, "train", 6, seed=3, first=6 * number)
        np.testing.assert_array_equal(found, expected.images)
        np.testing.assert_array_equal(labels, expected.labels)
        assert (places == -1).all()
    found = next(Pictures(replace(SETTINGS, seed=4, batch=5), Scenes("single")).batches())[0]
    assert len(found) == 5
    assert np.abs(found - batches[0][0][:5]).max() > 0.1


@pytest.mark.parametrize("step", [1, 2, 5])
def test_taken_up_anywhere_the_batches_are_the_rest(step):
    pictures = Pictures(SETTINGS, Scenes("single", "cluttered"))
    whole = list(islice(pictures.batches(), step + 2))[step:]
    for one, other in zip(pictures.batches(step), whole, strict=False):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_validation_is_of_scenes_of_validation(monkeypatch):
    batches = list(Pictures(SETTINGS, Scenes("single", "pointed")).validation_batches())
    assert [found.shape for found, *_ in batches] == [(20, 28, 28), (20, 64, 64)]
    np.testing.assert_array_equal(batches[1][0], scenes("pointed", "validation", 20).images)
    monkeypatch.setattr(images, "BATCH", 8)
    sizes = [len(found) for found, *_ in Pictures(SETTINGS, Scenes("single")).validation_batches()]
    assert sizes == [8, 8, 4]


@both
def test_validation_figures_are_those_of_all_pictures(framework, monkeypatch):
    made = learner(framework, SETTINGS, Scenes("single", "cluttered"))
    for batch in islice(made.task.batches(0), 4):
        made.step(batch, 0.01)
    monkeypatch.setattr(images, "BATCH", 8)
    model, losses, right = ResNet(made.weights()), [], []
    for kind in ("single", "cluttered"):
        found = scenes(kind, "validation", 20)
        logits, _ = model(found.images)
        losses.append(cross_entropy(logits, found.labels))
        right.append((logits.argmax(-1) == found.labels).mean())
    assert made.validate() == pytest.approx({"loss": np.mean(losses), "accuracy": np.mean(right)}, rel=1e-4)


def test_other_tasks_are_other_data():
    found = {Pictures(SETTINGS, Scenes(*tasks)).fingerprint() for tasks in (["single"], ["cluttered"], ["single"] * 2)}
    assert len(found) == 3
    assert Pictures(SETTINGS, Scenes("single")).fingerprint() in found


# The run


@both
def test_the_model_file_tells_how_it_was_made(framework, tmp_path):
    train(framework, tmp_path / "model")
    _, metadata = load(tmp_path / "model")
    assert metadata["settings"] == asdict(SETTINGS)
    assert metadata["names"] == list("0123456789")
    assert metadata["tasks"] == ["single"]
    assert metadata["framework"] == framework


@both
def test_resumed_is_uninterrupted(framework, tmp_path):
    """To the bit, moving statistics and all: on scenes of two sizes, which take turns."""
    settings, source = replace(SETTINGS, validate_every=3, steps=6), Scenes("single", "cluttered")
    whole = train(framework, tmp_path / "whole", settings, source)
    assert [entry["step"] for entry in whole] == [3, 6]

    stop_at_the_second_validation(framework, lambda: train(framework, tmp_path / "parts", settings, source))
    parts = train(framework, tmp_path / "parts", settings, source, resume=True)
    assert [(entry["loss"], entry["accuracy"]) for entry in parts] == [(e["loss"], e["accuracy"]) for e in whole]
    for name, array in load(tmp_path / "whole")[0].items():
        np.testing.assert_array_equal(load(tmp_path / "parts")[0][name], array, err_msg=name)


def test_other_data_are_not_gone_on_with(tmp_path):
    train("pytorch", tmp_path / "model")
    with pytest.raises(InputError, match=r"this training was begun with data .*: go on with the same"):
        train("pytorch", tmp_path / "model", source=Scenes("cluttered"), resume=True)
    with pytest.raises(InputError, match="this training was begun with width 2, not 4"):
        train("pytorch", tmp_path / "model", replace(SETTINGS, width=4), resume=True)


# The settings


def test_no_setting_is_without_a_property():
    assert {field.name for field in fields(Settings)} == SHOWN


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"width": 0}, "width must be a whole number of at least 1: got 0"),
        ({"width": 3}, "width must be even: got 3"),
        ({"pooling": "mean"}, "pooling must be one of average, maximum, attention, glimpse, glimpses: got 'mean'"),
        ({"gate": []}, "gate must be one of none, squeeze, places, cbam: got []"),
        ({"told": 1}, "told must be True or False: got 1"),
        ({"told": True}, "told is for the pooling glimpses, whose first may be told a place: got 'attention'"),
        ({"batch": 2.5}, "batch must be a whole number of at least 1: got 2.5"),
        ({"seed": -1}, "seed must be a whole number of at least 0: got -1"),
        ({"average": 1.0}, "average must be at least 0 and less than 1: got 1.0"),
        ({"rate": float("nan")}, "rate must be a positive number: got nan"),
    ],
)
def test_settings_that_make_no_sense(given, why):
    with pytest.raises(InputError) as caught:
        Settings(**given)
    assert str(caught.value) == why


def test_who_is_to_be_told_needs_markers():
    with pytest.raises(InputError, match="told needs scenes with markers: there are none in these pictures"):
        Pictures(Settings(pooling="glimpses", told=True), Scenes("single"))


def test_what_is_learned_by_where_nothing_is_said():
    assert asdict(Settings()) == {
        "width": 32, "pooling": "attention", "gate": "none", "told": False, "batch": 64, "rate": 1e-2, "warmup": 200,
        "steps": 3000, "clip": 1.0, "average": 0.99, "validate_every": 250, "patience": 12, "seed": 1,
    }  # fmt: skip
