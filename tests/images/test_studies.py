"""The studies of pictures: what they found holds together, and a small part of each is measured again."""

import numpy as np
import pytest

from attention.data.scenes import scenes
from attention.experiments.study import load_study
from attention.results import read_result


def rows_of(name, **wanted):
    return [row for row in read_result(name)["rows"] if wanted.items() <= row.items()]


@pytest.mark.parametrize("name", ["image_pooling", "two_glimpses"])
def test_figures_are_shares_and_stand_beside_what_knows_nothing(name):
    for row in rows_of(name):
        for figure in ("accuracy", "pointing", "inside", "centre", "random"):
            assert row[figure] is None or 0 <= row[figure] <= 1
        assert row["scenes"] == 2000
        assert (row["pointing"] is None) == (row["pooling"] in ("average", "maximum", "linear"))


def test_a_linear_model_of_the_pixels_knows_little():
    """So nobody takes easy scenes for a good model; and each model has three seeds, whose spread can be seen."""
    (linear,) = rows_of("image_pooling", pooling="linear")
    assert linear["accuracy"] < 0.2
    for pooling, gate in load_study("image_pooling").KINDS:
        found = [row["accuracy"] for row in rows_of("image_pooling", pooling=pooling, gate=gate)]
        assert len(set(found)) == 3
        assert min(found) > 1.5 * linear["accuracy"]


def test_one_look_is_too_few_and_two_must_be_led():
    """Where nothing tells which of three digits is asked for, a third is what guessing gives."""
    for kind in ({"pooling": "glimpse"}, {"pooling": "glimpses", "told": False}):
        assert max(row["accuracy"] for row in rows_of("two_glimpses", **kind)) < 0.5
    told = rows_of("two_glimpses", pooling="glimpses", told=True)
    assert min(row["accuracy"] for row in told) > 0.8
    assert min(row["pointing"] for row in told) > 0.8
    assert min(row["first"] for row in told) > 0.95


@pytest.fixture
def short(monkeypatch):
    """The studies on little: the sizes, and the scenes that are tested on."""

    def of(name, **more):
        study = load_study(name)
        monkeypatch.setattr(study, "SIZES", {"width": 2, "steps": 2, "warmup": 1, "batch": 8})
        monkeypatch.setattr(study, "TEST", 20)
        for attribute, value in more.items():
            monkeypatch.setattr(study, attribute, value)
        return study

    return of


def test_the_study_of_pooling_on_a_few_scenes(short, monkeypatch):
    study = short("image_pooling", LEARNT=200)
    first = study.measure("attention", "squeeze", 1)
    assert first == study.measure("attention", "squeeze", 1)
    assert first["pointing"] is not None
    assert first["inside"] != study.measure("attention", "squeeze", 2)["inside"]
    linear = study.measure("linear", "none", 1)
    assert linear | {"accuracy": 0, "pointing": 0, "inside": 0} == first | {"accuracy": 0, "pointing": 0, "inside": 0}
    assert linear["pointing"] is None
    given = []
    monkeypatch.setattr(study, "linear_accuracy", lambda *arrays: given.extend(arrays) or 0.125)
    assert study.measure("linear", "none", 3)["accuracy"] == 0.125
    learned, tested = scenes("cluttered", "train", 200, 3), scenes("cluttered", "test", 20)
    for array, expected in zip(given, (*learned[:2], *tested[:2]), strict=True):
        np.testing.assert_array_equal(array, expected)
    for row in read_result("image_pooling")["rows"]:
        assert {*first, "pooling", "gate", "seed"} == row.keys()


def test_the_study_of_two_glimpses_on_a_few_scenes(short):
    study = short("two_glimpses")
    one, two = study.measure("glimpse", False, 1), study.measure("glimpses", True, 1)
    assert one["first"] is None
    assert 0 <= two["first"] <= 1
    for row in read_result("two_glimpses")["rows"]:
        assert {*one, "pooling", "told", "seed"} == row.keys()


def test_where_the_first_glimpse_is_heaviest(short):
    """A model that looks at the marker, and one that looks at the first place."""
    study = short("two_glimpses")
    found = scenes("pointed", "test", 20)

    class Looks:
        def __init__(self, at_marker):
            self.at_marker = at_marker

        def features(self, images):
            return images

        def glimpses(self, images):
            place = study.with_places(found.images, found.labels, found.markers)[2]
            weights = np.eye(256)[place if self.at_marker else 0 * place]
            return study.torch.tensor(weights), None, None

    assert study.first_glimpse(Looks(at_marker=True)) == 1
    assert study.first_glimpse(Looks(at_marker=False)) == 0
