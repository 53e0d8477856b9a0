"""What is stored in models/ for pictures: the figures come from the files, and three frameworks say the same."""

import json
import os

import numpy as np
import pytest

from attention import stored as module
from attention.arrays import FRAMEWORKS
from attention.classifier import Classifier, best_classifier
from attention.data.digits import digits
from attention.data.scenes import scenes
from attention.experiments import looking
from attention.experiments.looking import mnist_figures, scene_figures
from attention.experiments.measure import measures_of
from attention.experiments.measures import checksum, resnet
from attention.inputs import InputError
from attention.stored import MODELS
from attention.weights.store import load
from tests.images.conftest import stored

STORED = {
    path: json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) for path in MODELS.glob("*.safetensors")
}
RESULTS = {path: result for path, result in sorted(STORED.items()) if result["model"] == "ResNet"}
FILES = list(RESULTS)
each = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
needs_data = pytest.mark.skipif("ATTENTION_DATA" not in os.environ, reason="MNIST is in $ATTENTION_DATA")


def of(pooling, framework="pytorch"):
    """The stored model of this pooling by this framework."""
    fitting = (p for p, r in RESULTS.items() if (r["sizes"]["pooling"], r["framework"]) == (pooling, framework))
    (path,) = fitting
    return path


def test_there_are_four():
    assert {of("attention"), of("attention", "tensorflow"), of("average"), of("glimpses")} == set(FILES)
    assert sum(path.stat().st_size for path in FILES) <= 8e6


@each
def test_the_card_tells_what_was_measured(path):
    assert path.with_suffix(".md").read_text(encoding="utf-8") == resnet.model_card(RESULTS[path])


@each
def test_the_file_is_the_one_measured(path):
    result, (weights, metadata) = RESULTS[path], load(path)
    assert result["sha256"] == {path.name: checksum(path)}
    assert result["bytes"] == path.stat().st_size
    assert result["parameters"] == sum(array.size for array in weights.values())
    for name in ("settings", "curve", "sizes", "names", "tasks", "command"):
        assert result[name] == metadata[name]


@each
def test_the_figures_again(path):
    """Those of the last of its tasks, on test scenes."""
    task, expected = list(RESULTS[path]["test"].items())[-1]
    found = scene_figures(Classifier("pytorch", path).look, task)
    assert found.keys() == expected.keys()
    for name, figure in found.items():
        assert figure == pytest.approx(expected[name], abs=2e-3), (
            name
        )  # another processor may round a tie the other way


@needs_data
def test_mnist_again(monkeypatch):
    """On its first thousand digits, which are easier than the rest or harder by little."""
    path = of("attention")
    images, labels = looking.mnist("test")
    monkeypatch.setattr(looking, "mnist", lambda split: (images[::10], labels[::10]))
    assert mnist_figures(Classifier("pytorch", path).look)["accuracy"] == pytest.approx(
        RESULTS[path]["mnist"]["accuracy"], abs=0.03
    )


@each
def test_the_same_classes_from_each_framework(path):
    """Wherever the two best differ by more than 1e-4; and the same weights."""
    for task in RESULTS[path]["tasks"]:
        found = scenes(task, "test", 24)
        looked = [Classifier(framework, path).look(found.images) for framework in FRAMEWORKS]
        (first, weights), *others = looked
        best = np.sort(first, axis=-1)
        clear = best[:, -1] - best[:, -2] > 1e-4
        assert clear.sum() >= 20
        for probabilities, other in others:
            assert (probabilities.argmax(-1) == first.argmax(-1))[clear].all()
            np.testing.assert_allclose(probabilities, first, atol=1e-4)
            if weights is not None:
                np.testing.assert_allclose(other, weights, atol=1e-4)


def test_good_enough():
    """The aims were 98 % of single digits, 95 % of cluttered scenes, 97 % pointing and 90 % of MNIST. TensorFlow's
    model misses the first by a twentieth of a percent, and all miss the last by two or three: the cards say so."""
    for framework in ("pytorch", "tensorflow"):
        attention = RESULTS[of("attention", framework)]["test"]
        assert attention["single"]["accuracy"] >= 0.979
        assert attention["cluttered"]["accuracy"] >= 0.95
        assert min(attention[task]["pointing"] for task in ("single", "cluttered")) >= 0.97
        assert RESULTS[of("attention", framework)]["mnist"]["accuracy"] >= 0.87
    glimpses = RESULTS[of("glimpses")]["test"]["pointed"]
    assert glimpses["accuracy"] >= 0.96
    assert glimpses["pointing"] >= 0.97
    for result in RESULTS.values():
        for figures in result["test"].values():
            assert figures["pointing"] is None or figures["pointing"] > 0.2 + max(figures["centre"], figures["random"])


def test_the_best_is_chosen_on_validation_scenes(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MODELS", tmp_path)
    with pytest.raises(InputError, match="no model that classifies digits is stored in"):
        best_classifier()
    rows = {
        "one": ("attention", {"single": 0.9, "cluttered": 0.9}, 0.1),
        "two": ("attention", {"single": 0.9, "cluttered": 0.8}, 0.9),
        "average": ("average", {"single": 1.0, "cluttered": 1.0}, 0.9),
        "pointed": ("attention", {"pointed": 1.0}, 0.9),
    }
    for name, (pooling, found, test) in rows.items():
        result = {"model": "ResNet", "sizes": {"pooling": pooling}, "tasks": list(found)}
        result |= {
            "validation": {t: {"accuracy": a} for t, a in found.items()},
            "test": {t: {"accuracy": test} for t in found},
        }
        (tmp_path / f"{name}.json").write_text(json.dumps(result))
    (tmp_path / "gru.json").write_text(json.dumps({"model": "Seq2Seq", "languages": ["de", "en"]}))
    assert best_classifier() == tmp_path / "one.safetensors"


@pytest.mark.parametrize("tasks", [["single", "cluttered"], ["pointed"]])
def test_everything_about_a_model_is_measured(tmp_path, monkeypatch, tasks):
    """A small one, on a few scenes: the same figures as by hand, under the same names as those stored."""
    monkeypatch.setattr(looking.scene_figures, "__defaults__", ("test", 30))
    given, labels = digits()
    given, labels = np.kron(given[:20], np.ones((3, 3), np.float32)), labels[:20]
    monkeypatch.setattr(looking, "mnist", lambda split: {"test": (given, labels)}[split])
    made = {"framework": "pytorch", "command": "c", "machine": "m", "settings": {"seed": 1}}
    made |= {"curve": [{"step": 1, "loss": 2.0, "accuracy": 0.5, "seconds": 60.0}], "tasks": tasks}
    path = stored(tmp_path / "small.safetensors", **made)
    classifier = Classifier("numpy", path)
    found = measures_of("ResNet").measure(path)
    for split in ("validation", "test"):
        assert list(found[split]) == tasks
        for task, figures in found[split].items():
            shown = scenes(task, split, 30)
            probabilities, weights = classifier.look(shown.images)
            assert figures["accuracy"] == (probabilities.argmax(-1) == shown.labels).mean()
            rows, columns = np.divmod(weights.reshape(30, -1).argmax(-1), weights.shape[2])
            top, left, bottom, right = shown.boxes.T
            inside = (4 * rows >= top) & (4 * rows < bottom) & (4 * columns >= left) & (4 * columns < right)
            assert figures["pointing"] == inside.mean()
            assert figures["scenes"] == 30
    names = classifier.classify(given)[0]
    right = float(np.mean([name == str(label) for name, label in zip(names, labels, strict=True)]))
    assert found["mnist"] == ({"digits": 20, "accuracy": right} if "single" in tasks else None)
    assert {name: found[name] for name in made} == made
    for result in RESULTS.values():
        assert found.keys() == result.keys()
    text = resnet.model_card(found)
    assert ("MNIST" in text) == ("single" in tasks)
    assert f"| test, {tasks[-1]} | 30 | {found['test'][tasks[-1]]['accuracy']:.2%} |" in text
