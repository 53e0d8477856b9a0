"""What is stored in models/: the figures come from the files, and the files translate alike in every framework."""

import json
import os

import pytest

from attention.arrays import FRAMEWORKS
from attention.data.multi30k import multi30k
from attention.evaluation.bleu import bleu
from attention.experiments.measure import card, checksum
from attention.results import read_result
from attention.translator import MODELS, Translator, best_model
from attention.weights.store import load

FILES = sorted(MODELS.glob("*.safetensors"))
RESULTS = {path: json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) for path in FILES}
SENTENCES = [
    "Zwei Hunde spielen im Schnee.",
    "Eine Frau mit einem roten Hut liest ein Buch im Park.",
    "Der alte Mann sitzt auf einer Bank und isst einen Apfel.",
    "Drei Kinder springen lachend in einen See.",
]
needs_data = pytest.mark.skipif("ATTENTION_DATA" not in os.environ, reason="recomputing BLEU needs $ATTENTION_DATA")


def test_there_is_one_by_each_framework():
    assert {result["framework"] for result in RESULTS.values()} == {"pytorch", "tensorflow"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_card_tells_what_was_measured(path):
    assert path.with_suffix(".md").read_text(encoding="utf-8") == card(RESULTS[path])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_file_is_the_one_measured(path):
    result = RESULTS[path]
    weights, metadata = load(path)
    assert result["sha256"][path.name] == checksum(path)
    assert result["bytes"] == path.stat().st_size <= 8e6
    assert result["parameters"] == sum(array.size for array in weights.values()) <= 3e6
    assert result["settings"] == metadata["settings"]
    assert result["curve"] == metadata["curve"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_good_enough(path):
    best = max(result["test"]["beam"]["bleu"] for result in RESULTS.values())
    assert best >= 35
    assert RESULTS[path]["test"]["beam"]["bleu"] >= best - 1.5


def test_the_best_is_chosen_on_validation_data():
    scores = {path: result["validation"]["beam"]["bleu"] for path, result in RESULTS.items()}
    assert best_model("de", "en") == max(scores, key=scores.get)
    with pytest.raises(ValueError, match="no model from de to eo"):
        best_model("de", "eo")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("beam", [1, 5])
def test_the_same_tokens_from_each_framework(path, beam):
    found = [Translator(framework, path).tokens(SENTENCES, beam) for framework in FRAMEWORKS]
    assert found[0] == found[1] == found[2]


def test_the_beams_of_every_width_are_those_of_the_best_model():
    """results/beam_width_de_en.json was measured by another command: where the two overlap they must agree."""
    rows = read_result("beam_width_de_en")["rows"]
    best = best_model("de", "en")
    assert {row["model"] for row in rows} == {best.stem}
    found = {(row["alpha"], row["beam"]): row["bleu"] for row in rows}
    for search, row in {"greedy": (0.0, 1), "beam": (1.0, 5)}.items():
        assert found[row] == pytest.approx(RESULTS[best]["test"][search]["bleu"], abs=0.02)


@needs_data
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_bleu_again(path):
    source, reference = multi30k("test_2016_flickr", "de", "en")
    translations = Translator("pytorch", path).translate(source)
    score, signature = bleu(translations, reference)
    expected = RESULTS[path]["test"]["beam"]
    assert signature == expected["signature"]
    assert score == pytest.approx(expected["bleu"], abs=0.02)  # another processor may round a tie the other way
    for framework in ("numpy", "tensorflow"):
        again = Translator(framework, path).translate(source[:60])
        assert sum(a != b for a, b in zip(again, translations, strict=False)) <= 1  # likewise
