"""python -m attention: the answer last on standard output; for bad input one sentence on standard error and code 2."""

import gzip
import subprocess
import sys

import pytest

from attention.__main__ import main
from attention.translator import Translator
from tests.translation.conftest import ENGLISH, GERMAN


def run(capsys, *arguments):
    """Exit code, standard output and standard error."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as exit_:
        code = exit_.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def files(tmp_path, source=GERMAN, reference=ENGLISH):
    (tmp_path / "source.txt").write_text("\n".join(source) + "\n", encoding="utf-8")
    with gzip.open(tmp_path / "reference.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(reference) + "\n")
    return "--source", tmp_path / "source.txt", "--reference", tmp_path / "reference.gz"


@pytest.mark.parametrize("framework", ["numpy", "tensorflow", "pytorch"])
def test_translate_prints_the_translation_alone(capsys, model_file, framework):
    code, out, err = run(capsys, "translate", GERMAN[1], "--framework", framework, "--model", model_file)
    (expected,) = Translator("numpy", model_file).translate([GERMAN[1]])
    assert (code, out, err) == (0, expected + "\n", "")


def test_as_a_reader_runs_it(model_file):
    """A process of its own: nothing of the framework's start reaches either stream."""
    command = [
        sys.executable,
        "-m",
        "attention",
        "translate",
        GERMAN[1],
        "--framework",
        "tensorflow",
        "--model",
        model_file,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (expected,) = Translator("numpy", model_file).translate([GERMAN[1]])
    assert (done.stdout, done.stderr) == (expected + "\n", "")


def test_unseen_characters_are_named(capsys, model_file):
    code, out, err = run(capsys, "translate", "Ein 🐶 läuft.", "--model", model_file)
    assert code == 0
    assert len(out.splitlines()) == 1
    assert err == "note: training never met 🐶: the model has to guess\n"


def test_alignment_is_drawn(capsys, model_file, tmp_path):
    path = tmp_path / "alignment.png"
    assert run(capsys, "translate", GERMAN[0], "--model", model_file, "--alignment", path)[0] == 0
    assert path.read_bytes().startswith(b"\x89PNG")


def test_evaluate(capsys, model_file, tmp_path):
    code, out, err = run(capsys, "evaluate", "--model", model_file, *files(tmp_path))
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("BLEU = ")
    assert "nrefs:1|case:mixed" in out


def test_the_order_is_kept_and_empty_lines_stay_empty(model_file):
    translator = Translator("numpy", model_file)
    alone = [translator.translate([sentence])[0] for sentence in GERMAN[:2]]
    assert translator.translate([GERMAN[1], "", GERMAN[0]]) == [alone[1], "", alone[0]]


def test_train(capsys, corpus, settings, tmp_path, monkeypatch):
    import attention.experiments.translation as experiment

    monkeypatch.setattr(experiment, "Settings", lambda: settings)
    monkeypatch.setattr(experiment, "Corpus", lambda _: corpus)
    path = tmp_path / "new" / "model.safetensors"
    code, out, err = run(capsys, "train", "translation", "--framework", "pytorch", "--steps", 3, "--model", path)
    assert code == 0
    assert "validation BLEU = " in out.splitlines()[-1]
    assert "validation loss" in err
    assert run(capsys, "translate", GERMAN[0], "--model", path)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["translate", "  "], "the sentence is empty"),
        (["translate", "Hallo", "--framework", "jax"], "invalid choice: 'jax'"),
        (["translate", "Hallo", "--model", "nowhere"], "there is no model file nowhere"),
        (["translate", "Hallo", "--model", "DAMAGED"], "is damaged or not a model"),
        (["translate", "Hallo", "--model", "MODEL", "--alignment", "/nowhere/a.png"], "cannot be written"),
        (["translate", "Hallo", "--model", "MODEL", "--alignment", "a.strange"], "cannot be written"),
        (["evaluate", "--source", "nowhere", "--reference", "nowhere"], "there is no file nowhere"),
        (["evaluate", "--source", "DAMAGED"], "required: --reference"),
        (["train", "translation", "--framework", "numpy"], "invalid choice: 'numpy'"),
        (["train", "translation", "--framework", "pytorch", "--steps", "0"], "whole number of at least 1"),
        ([], "required"),
    ],
)
def test_bad_input_gets_one_sentence(capsys, model_file, tmp_path, arguments, sentence):
    (tmp_path / "damaged").write_bytes(model_file.read_bytes()[:5000])
    places = {"DAMAGED": tmp_path / "damaged", "MODEL": model_file}
    code, out, err = run(capsys, *(places.get(argument, argument) for argument in arguments))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert sentence in err


def test_unequal_lengths(capsys, model_file, tmp_path):
    code, out, err = run(capsys, "evaluate", "--model", model_file, *files(tmp_path, reference=ENGLISH[:3]))
    assert (code, out) == (2, "")
    assert "has 4" in err
    assert err.endswith("reference.gz 3\n")


def test_a_file_of_weights_that_is_no_translation_model(capsys, tmp_path):
    import numpy as np

    from attention.weights import save

    save(tmp_path / "w", {"a": np.zeros(3)}, {})
    code, _, err = run(capsys, "translate", "Hallo", "--model", tmp_path / "w")
    assert code == 2
    assert "is not a translation model" in err


def test_missing_data_without_network(capsys, tmp_path, monkeypatch):
    from attention.data import multi30k

    monkeypatch.delenv("ATTENTION_DATA", raising=False)
    monkeypatch.setattr(multi30k.pooch, "os_cache", lambda name: tmp_path)
    monkeypatch.setattr(multi30k.multi30k_file, "__defaults__", ("http://127.0.0.1:9/",))
    code, out, err = run(capsys, "train", "translation", "--framework", "pytorch")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "is missing and could not be fetched" in err
