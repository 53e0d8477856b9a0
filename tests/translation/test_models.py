"""What is stored in models/: the figures come from the files, and the files translate alike in every framework."""

import json
import os

import pytest

from attention import stored
from attention.arrays import FRAMEWORKS
from attention.data.multi30k import multi30k
from attention.evaluation.bleu import bleu
from attention.experiments.measures import COPIED, checksum
from attention.experiments.measures import seq2seq as measures
from attention.results import read_result
from attention.stored import MODELS
from attention.translator import Translator, best_model
from attention.weights.store import load
from tests.translation.conftest import ENGLISH, GERMAN
from tests.translation.learners import train

STORED = sorted(MODELS.glob("*.safetensors"))
EVERY = {path: json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) for path in STORED}
RESULTS = {path: result for path, result in EVERY.items() if result["model"] == "Seq2Seq"}
FILES = list(RESULTS)
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
    assert path.with_suffix(".md").read_text(encoding="utf-8") == measures.model_card(RESULTS[path])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_file_is_the_one_measured(path):
    result = RESULTS[path]
    weights, metadata = load(path)
    assert result["sha256"][path.name] == checksum(path)
    assert result["bytes"] == path.stat().st_size <= 8e6
    assert result["parameters"] == sum(array.size for array in weights.values()) <= 3e6
    assert result["settings"] == metadata["settings"]
    assert result["curve"] == metadata["curve"]


def test_everything_about_a_model_is_measured(tmp_path, settings, corpus, monkeypatch):
    """A small one, on sentences of ours: the same figures as by hand, under the same names as those stored."""
    path = tmp_path / "small.safetensors"
    train("pytorch", settings, corpus, path)
    pairs = {"val": (GERMAN, ENGLISH), "test_2016_flickr": (GERMAN[:2], ENGLISH[1::-1])}
    monkeypatch.setattr(measures, "multi30k", lambda split, *languages: pairs[split])
    found = measures.measure(path)
    small = Translator("numpy", path)
    for name, (source, reference) in {"validation": pairs["val"], "test": pairs["test_2016_flickr"]}.items():
        assert found[name]["sentences"] == len(source)
        for search, beam in measures.SEARCHES.items():
            expected = dict(zip(("bleu", "signature"), bleu(small.translate(source, beam), reference), strict=True))
            assert found[name][search] == expected
    weights, metadata = load(path)
    assert {name: found[name] for name in COPIED} == {name: metadata[name] for name in COPIED}
    assert found["parameters"] == sum(array.size for array in weights.values())
    assert found["bytes"] == path.stat().st_size
    assert found["sha256"][path.name] == checksum(path)
    for result in RESULTS.values():
        assert found.keys() == result.keys()
        assert sorted(found["sha256"])[1:] == sorted(result["sha256"])[1:]


def test_greedy_translations_and_those_of_the_beam_are_told_apart(monkeypatch):
    """Measured against the greedy ones, these are perfect, and those of the beam are not."""
    greedy = Translator("pytorch").translate(SENTENCES, 1)
    monkeypatch.setattr(measures, "multi30k", lambda *_: (SENTENCES, greedy))
    found = measures.measure(best_model("de", "en"))["test"]
    assert found["greedy"]["bleu"] == pytest.approx(100)
    assert found["beam"]["bleu"] < 99


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


def test_a_model_for_the_other_way_is_another(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "MODELS", tmp_path)
    for name, *languages, score in (("one", "de", "en", 10), ("two", "de", "en", 20), ("back", "en", "de", 30)):
        result = {"languages": languages}
        result |= {split: {"beam": {"bleu": sign * score}} for split, sign in (("validation", 1), ("test", -1))}
        (tmp_path / f"{name}.json").write_text(json.dumps(result))
    assert best_model("de", "en") == tmp_path / "two.safetensors"
    assert best_model("en", "de") == tmp_path / "back.safetensors"


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
