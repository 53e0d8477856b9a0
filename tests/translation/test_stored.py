"""A model of another architecture: two files more, and everything between a file and a translation serves it too."""

import importlib
import sys

import numpy as np
import pytest

from attention.arrays import FRAMEWORKS
from attention.inputs import InputError
from attention.stored import stored_model
from attention.translator import Translator
from attention.weights import tables
from attention.weights.store import save
from tests.translation.conftest import GERMAN

TABLE = """
MODEL, FILE = "Copyist", "copyist"


def shapes(vocabulary):
    return {"readout": (vocabulary, vocabulary)}
"""
MODULE = '''
import numpy as np


class Copyist:
    """Writes the source again. Its memory is a dict, its state a place for each sentence."""

    def __init__(self, weights):
        self.weights = weights

    def encode(self, source, lengths):
        return {"pieces": [source], "lengths": lengths}, (np.zeros(len(source), int),)

    def step(self, tokens, state, memory):
        (place,), (source,) = state, memory["pieces"]
        last = memory["lengths"] - 1
        at = np.minimum(place, last)  # what is written after END does not count
        looked = np.eye(source.shape[1])[at]
        return self.weights["readout"][source[np.arange(len(source)), at]], (place + 1,), looked
'''


@pytest.fixture
def copyist(tmp_path, monkeypatch, corpus):
    """The two files, and a stored model."""
    for package, name, text in (
        (tables, "copyist_table", TABLE),
        (importlib.import_module("attention.numpy"), "copyist", MODULE),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        monkeypatch.delitem(sys.modules, f"{package.__name__}.{name}", raising=False)
    carried = corpus.metadata()
    size = carried["sizes"]["vocabulary"]
    path = tmp_path / "copyist.safetensors"
    save(path, {"readout": 9 * np.eye(size)}, {**carried, "model": "Copyist", "sizes": {"vocabulary": size}})
    yield path
    for name in ("attention.weights.tables.copyist_table", "attention.numpy.copyist"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("beam", [1, 3])
def test_the_translator_knows_no_architecture(copyist, beam):
    assert Translator("numpy", copyist).translate(GERMAN, beam) == GERMAN


def test_its_alignment_is_what_each_step_looked_at(copyist):
    translation, source, target, weights = Translator("numpy", copyist).align(GERMAN[0])
    assert (translation, target) == (GERMAN[0], source)
    np.testing.assert_array_equal(weights, np.eye(len(source)))


def test_what_its_table_does_not_allow_is_refused(copyist, corpus):
    size = corpus.metadata()["sizes"]["vocabulary"]
    save(
        copyist, {"readout": np.eye(size + 1)}, {**corpus.metadata(), "model": "Copyist", "sizes": {"vocabulary": size}}
    )
    with pytest.raises(InputError, match="its weight 'readout' must have shape"):
        Translator("numpy", copyist)


def test_the_other_frameworks_without_it_say_so(copyist):
    for framework in FRAMEWORKS[1:]:
        with pytest.raises(InputError, match=f"there is no Copyist in {framework}"):
            stored_model(framework, copyist, lambda metadata: None)


def test_each_framework_has_every_model_of_the_tables():
    for name, table in tables.tables().items():
        for framework in FRAMEWORKS:
            assert hasattr(importlib.import_module(f"attention.{framework}.{table.FILE}"), name)
