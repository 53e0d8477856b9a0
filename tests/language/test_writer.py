"""The stored model of language, what it writes, and the commands: three frameworks say the same."""

import json
import os

import numpy as np
import pytest

from attention import stored as module
from attention.arrays import FRAMEWORKS
from attention.experiments.measures import checksum, languagemodel
from attention.experiments.reading import reading_figures
from attention.inputs import InputError
from attention.stored import MODELS
from attention.weights.store import load, save
from attention.writer import LONGEST, Writer, best_writer
from tests.command import run

PATH = MODELS / "lm_en_pytorch.safetensors"
RESULT = json.loads(PATH.with_suffix(".json").read_text(encoding="utf-8"))
SENTENCES = ["Two dogs play in the snow.", "Snow.", "", "A man is sitting on a bench, reading a newspaper."]
needs_data = pytest.mark.skipif("ATTENTION_DATA" not in os.environ, reason="Multi30k is in $ATTENTION_DATA")
each = pytest.mark.parametrize("framework", FRAMEWORKS)


@pytest.fixture(scope="module")
def writers():
    return {framework: Writer(framework, PATH) for framework in FRAMEWORKS}


# The stored model


def test_the_card_tells_what_was_measured_of_this_file():
    assert PATH.with_suffix(".md").read_text(encoding="utf-8") == languagemodel.model_card(RESULT)
    weights, metadata = load(PATH)
    assert RESULT["sha256"] == {PATH.name: checksum(PATH)}
    assert RESULT["bytes"] == PATH.stat().st_size <= 2e6
    assert RESULT["parameters"] == sum(array.size for array in weights.values())
    for name in ("settings", "curve", "sizes", "language", "command"):
        assert RESULT[name] == metadata[name]


@needs_data
def test_the_figures_again():
    found = languagemodel.measure(PATH)
    for split in languagemodel.SPLITS:
        for name, figure in RESULT[split].items():
            assert found[split][name] == pytest.approx(figure, rel=1e-4), name
    assert {**found, **{split: RESULT[split] for split in languagemodel.SPLITS}} == RESULT


@needs_data
def test_it_foresees_better_than_counting():
    """Than how often each piece comes: of that model no text is likelier for its order."""
    from attention.data.multi30k import multi30k
    from attention.data.tokenizer import encode

    tokenizer = Writer("numpy", PATH).tokenizer
    train, test = (encode(tokenizer, multi30k(split, "en")[0]) for split in ("train", "test_2016_flickr"))
    counts = np.bincount(np.concatenate(train), minlength=RESULT["sizes"]["vocabulary"]) + 1
    counted = np.exp(-np.log(counts / counts.sum())[np.concatenate(test)].mean())
    assert RESULT["test"]["perplexity"] < 22 < counted / 5


def test_the_best_of_a_language_is_chosen_on_validation_sentences(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MODELS", tmp_path)
    for name, language, loss in (("a", "en", 3.0), ("b", "en", 2.0), ("c", "fr", 1.0)):
        result = {"model": "LanguageModel", "language": language, "validation": {"loss": loss}}
        (tmp_path / f"{name}.json").write_text(json.dumps(result))
    (tmp_path / "d.json").write_text(json.dumps({"model": "ResNet"}))
    assert best_writer("en") == tmp_path / "b.safetensors"
    with pytest.raises(InputError, match="no model that writes de is stored"):
        best_writer("de")


# What it writes


@each
def test_the_frameworks_write_the_same(writers, framework):
    for options in ({"temperature": 0}, {"count": 3}, {"count": 2, "seed": 5}, {"limit": 4}, {"temperature": 0.5}):
        found = writers[framework].write("Two dogs", **options)
        assert found == writers["numpy"].write("Two dogs", **options), options
        assert all(text.startswith("Two dogs") for text in found)
        assert len(found) == options.get("count", 1)


def test_what_is_drawn_heeds_seed_count_temperature_and_limit(writers):
    write = writers["numpy"].write
    assert write("Two dogs", seed=1) == write("Two dogs", seed=1) != write("Two dogs", seed=2)
    assert len(set(write("Two dogs", count=8))) > 4
    assert set(write("Two dogs", count=8, temperature=1e-4)) == set(write("Two dogs", temperature=0))
    assert len(write("", count=1, limit=2)[0].split()) <= 2
    assert write("Snow")[0].startswith("Snow")
    assert write("  ", seed=3) == write("", seed=3)


@each
def test_the_losses_are_of_each_sentence_alone(writers, framework):
    writer = writers[framework]
    found, counts = writer.losses(SENTENCES)
    for one, lost, count in zip(SENTENCES, found, counts, strict=True):
        alone, (length,) = writer.losses([one])
        assert length == count
        np.testing.assert_allclose(lost, alone[0], rtol=1e-4)
    np.testing.assert_allclose(found, writers["numpy"].losses(SENTENCES)[0], rtol=1e-4)
    many, _ = writer.losses(SENTENCES * 30)  # more than are read at once
    np.testing.assert_allclose(many, np.tile(found, 30), rtol=1e-4)


def test_a_sentence_costs_what_its_pieces_do(writers):
    writer, sentence = writers["numpy"], SENTENCES[0]
    pieces = writer.tokenizer.encode(sentence, add_special_tokens=False).ids
    logits = writer.model(np.array([[1, *pieces]]))[0].astype(float)
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    wanted = -sum(np.log(p[t, token]) for t, token in enumerate([*pieces, 2]))
    (found,), (count,) = writer.losses([sentence])
    assert (found, count) == (pytest.approx(wanted, rel=1e-5), len(pieces) + 1)


def test_the_figures_of_reading():
    losses = lambda sentences: (np.array([2.0, 4.0]), np.array([3, 5]))
    assert reading_figures(losses, ["a b", "c"]) == {
        "sentences": 2, "pieces": 8, "words": 3, "loss": 0.75, "perplexity": np.exp(0.75), "word_perplexity": np.exp(2),
    }  # fmt: skip


def test_what_cannot_be_written(writers, tmp_path):
    writer = writers["numpy"]
    for ask in (lambda: writer.write("snow " * LONGEST), lambda: writer.losses(["snow " * LONGEST])):
        with pytest.raises(InputError, match="a text has room for 200 pieces: got"):
            ask()
    weights, metadata = load(PATH)
    for change, told in (
        ({"tokenizer": None}, "tokenizer"),
        ({"language": 3}, "language"),
        ({"sizes": metadata["sizes"] | {"heads": 0}}, "must be whole numbers"),
    ):
        save(tmp_path / "model", weights, metadata | change)
        with pytest.raises(InputError, match=told):
            Writer("numpy", tmp_path / "model")


# The commands


@each
def test_write_prints_a_sentence_a_line(capsys, writers, framework):
    given = ["write", "Two dogs", "--count", 3, "--temperature", 0.5, "--seed", 4, "--framework", framework]
    code, out, err = run(capsys, *given, "--model", PATH)
    assert out.splitlines() == writers["numpy"].write("Two dogs", 3, 0.5, 4)
    assert (code, err) == (0, "")


def test_write_without_a_word(capsys, writers):
    assert run(capsys, "write")[:2] == (0, writers["numpy"].write(seed=1)[0] + "\n")
    assert (
        run(capsys, "write", "A man", "--temperature", "0")[1]
        == writers["numpy"].write("A man", temperature=0)[0] + "\n"
    )


@pytest.mark.parametrize("wrong", ["-1", "nan", "101", "warm"])
def test_a_temperature_that_is_none(capsys, wrong):
    code, out, err = run(capsys, "write", "--temperature=" + wrong)
    assert (code, out) == (2, "")
    assert f"must be a number from 0 to 100: got {wrong!r}" in err


@needs_data
def test_evaluate_prints_the_perplexities(capsys):
    code, out, _ = run(capsys, "evaluate", "language", "--framework", "pytorch")
    test = RESULT["test"]
    expected = f"perplexity = {test['perplexity']:.2f} for a piece, {test['word_perplexity']:.2f} for a word\n"
    assert (code, out) == (0, expected)


@needs_data
def test_train_stores_a_model_that_writes(capsys, tmp_path, monkeypatch):
    from attention.data import multi30k
    from attention.experiments import language

    some = {"train": ["a dog runs ."] * 20, "val": ["a dog sits ."]}
    monkeypatch.setattr(multi30k, "multi30k", lambda split, *languages: [some[split]])
    monkeypatch.setattr(language.Settings.__init__, "__defaults__", (270, 8, 2, 6, 1, 4, 0.01, 1, 9, 1.0, 0.5, 2, 9, 1))
    path = tmp_path / "model"
    given = ["train", "language", "--framework", "pytorch", "--language", "fr", "--steps", 4, "--seed", 7]
    code, out, _ = run(capsys, *given, "--model", path)
    assert code == 0
    assert out.startswith(f"{path}: validation perplexity = ")
    metadata = load(path)[1]
    assert (metadata["settings"]["steps"], metadata["settings"]["seed"], metadata["language"]) == (4, 7, "fr")
    assert len(Writer("pytorch", path).write(count=2)) == 2
