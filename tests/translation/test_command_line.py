"""python -m attention: the answer last on standard output; for bad input one sentence on standard error and code 2."""

import gzip
import io
import os
import re
import shlex
import subprocess
import sys
import time
import warnings
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt

from attention.alignment import PIECES, draw_alignment
from attention.evaluation.bleu import bleu
from attention.experiments import study
from attention.inputs import InputError, Interrupted
from attention.numpy.decoding import greedy
from attention.results import read_result
from attention.translator import LONGEST, Translator, best_model
from attention.weights.store import load, save
from tests.command import run
from tests.translation.conftest import ENGLISH, GERMAN


def files(tmp_path, source=GERMAN, reference=ENGLISH):
    (tmp_path / "source.txt").write_text("\n".join(source) + "\n", encoding="utf-8")
    with gzip.open(tmp_path / "reference.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(reference) + "\n")
    return "--source", tmp_path / "source.txt", "--reference", tmp_path / "reference.gz"


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    """What a command does to the environment ends with the test."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def given(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize("framework", ["numpy", "tensorflow", "pytorch"])
def test_translate_prints_the_translation_alone(capsys, model_file, framework):
    code, out, err = run(capsys, "translate", GERMAN[1], "--framework", framework, "--model", model_file)
    (expected,) = Translator("numpy", model_file).translate([GERMAN[1]])
    assert (code, out, err) == (0, expected + "\n", "")


def test_as_a_reader_runs_it(model_file):
    """A process of its own: nothing of the framework's start reaches either stream."""
    command = [sys.executable, "-m", "attention", "translate", GERMAN[1]]
    command += ["--framework", "tensorflow", "--model", model_file]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (expected,) = Translator("numpy", model_file).translate([GERMAN[1]])
    assert (done.stdout, done.stderr) == (expected + "\n", "")


def test_every_sentence_is_translated(capsys, model_file):
    """A line for each argument, whatever number of sentences is in it."""
    one, two, three, four = Translator("numpy", model_file).translate(GERMAN)
    arguments = [GERMAN[0], f"{GERMAN[1]} {GERMAN[2]}", GERMAN[3]]
    expected = 0, f"{one}\n{two} {three}\n{four}\n", ""
    assert run(capsys, "translate", *arguments, "--model", model_file) == expected
    assert run(capsys, "translate", "--model", model_file, "--", *arguments) == expected


def test_standard_input_a_line_each(capsys, model_file, monkeypatch):
    one, two, three, four = Translator("numpy", model_file).translate(GERMAN)
    lines = f"\ufeff{GERMAN[0]}\r\n\n {GERMAN[1]}  {GERMAN[2]}\u2028\n \t\r\n{GERMAN[3]}"
    given(monkeypatch, lines.encode())
    expected = f"{one}\n\n{two} {three}\n\n{four}\n"
    assert run(capsys, "translate", "-", "--model", model_file) == (0, expected, "")


def test_a_translation_is_one_line(capsys, model_file, monkeypatch):
    monkeypatch.setattr(Translator, "translate", lambda _, sentences, *__: ["a\nb\x1c", " c "][: len(sentences)])
    assert run(capsys, "translate", "Hund. Hund.", "--model", model_file)[1] == "a b c\n"


@pytest.mark.parametrize("alignment", [False, True])
def test_the_beam_is_as_wide_as_asked_for(capsys, model_file, tmp_path, alignment):
    translator = Translator("numpy", model_file)
    sentence = "Zwei Hunde lachen."
    by_beam = {beam: translator.translate([sentence], beam)[0] for beam in (1, 2, 5, 100)}
    assert len(set(by_beam.values())) == 4
    drawn = ["--alignment", tmp_path / "a.png"] * alignment
    for beam, expected in list(by_beam.items())[: 4 - 3 * alignment]:
        assert run(capsys, "translate", sentence, "--model", model_file, "--beam", beam, *drawn)[1] == f"{expected}\n"
    assert run(capsys, "translate", sentence, "--model", model_file, *drawn)[1] == f"{by_beam[5]}\n"


def test_a_wider_beam_shares_the_room_among_fewer_sentences(capsys, model_file, tmp_path, monkeypatch):
    seen = []

    def search(model, source, lengths, limit, **_):
        seen.append(len(source))
        return greedy(model, source, lengths, limit)

    for name in ("greedy", "beam_search"):
        monkeypatch.setattr(f"attention.numpy.decoding.{name}", search)
    arguments = ["--model", model_file, *files(tmp_path, ["Hund"] * 70, ["dog"] * 70)]
    for beam, batches in {1: [70], 5: [64, 6], 100: [3] * 23 + [1]}.items():
        seen.clear()
        assert run(capsys, "evaluate", *arguments, "--beam", beam)[0] == 0
        assert seen == batches


def test_unseen_characters_are_named(capsys, model_file):
    code, out, err = run(capsys, "translate", "Ein 🐶 läuft.", "--model", model_file)
    assert code == 0
    assert len(out.splitlines()) == 1
    assert err == "note: training never met 🐶: the model has to guess\n"


def test_unseen_characters_do_nothing_to_the_terminal(capsys, model_file):
    _, _, err = run(capsys, "translate", "Ein \x1b[2J\0Hund.", "--model", model_file)
    assert err == "note: training never met \\x1b [ 2 J \\x00: the model has to guess\n"


def test_only_some_characters_are_named(capsys, model_file):
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + 30)))
    _, _, err = run(capsys, "translate", letters[:20], "--model", model_file)
    assert err == f"note: training never met {' '.join(letters[:20])}: the model has to guess\n"
    _, _, err = run(capsys, "translate", letters[:25], letters, "--model", model_file)
    assert err == f"note: training never met {' '.join(letters[:20])} and 10 more: the model has to guess\n"


def test_a_text_of_another_language_is_noted(capsys, model_file):
    code, out, err = run(capsys, "translate", *GERMAN, ENGLISH[2], "--model", model_file)
    assert (code, len(out.splitlines())) == (0, 5)
    assert (
        err.splitlines(True)[-1]
        == "note: 'A woman reads.' does not look like 'de', the language that this model reads\n"
    )
    _, _, err = run(capsys, "translate", *ENGLISH[:2], *GERMAN, "--model", model_file)
    told = (
        "note: 'A dog runs.' does not look like 'de', the language that this model reads (the first of 2 such texts)\n"
    )
    assert err.splitlines(True)[-1] == told
    _, _, err = run(capsys, "translate", "the dog and \x1b" * 30, "--model", model_file)
    assert len(err.splitlines()[-1]) < 200
    assert "\x1b" not in err


def test_the_language_is_the_models(capsys, model_file, tmp_path):
    weights, metadata = load(model_file)
    save(tmp_path / "model", weights, metadata | {"languages": ["en", "de"]})
    _, _, err = run(capsys, "translate", *ENGLISH, GERMAN[0], "It is 3. It is 5.", "--model", tmp_path / "model")
    assert err.splitlines()[-1].startswith("note: 'Ein Hund läuft.' does not look like 'en'")


def test_where_a_sentence_may_be_lost_is_noted(capsys, model_file):
    arguments = ["Dr. Hund läuft.", "Der 3. Hund läuft.", "Ein Hund läuft am 3. Mai."]
    code, _, err = run(capsys, "translate", *arguments, "--model", model_file)
    told = "note: no sentence was taken to end at Dr. 3.: where one does, put the next into a line of its own"
    assert (code, err.splitlines()[-1]) == (0, told)


def test_spaces_around_and_between_are_one(capsys, model_file):
    one, other = (run(capsys, "translate", s, "--model", model_file) for s in (GERMAN[0], " Ein\n\tHund  läuft. "))
    assert one == other
    assert one[0] == 0


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_alignment_is_drawn(capsys, model_file, tmp_path, kind):
    plain = run(capsys, "translate", GERMAN[0], "--model", model_file)
    path = tmp_path / f"alignment.{kind}"
    assert run(capsys, "translate", GERMAN[0], "--model", model_file, "--alignment", path) == plain
    assert {"png": b"\x89PNG", "svg": b"<?xml"}[kind] == path.read_bytes()[: 4 if kind == "png" else 5]
    assert list(tmp_path.iterdir()) == [path]


def test_characters_that_cannot_be_drawn_are_no_trouble(capsys, model_file, tmp_path):
    """Neither what the font lacks nor what would be a formula."""
    sentence = "Ein 🐶 $x_$ \0"
    _, _, note = run(capsys, "translate", sentence, "--model", model_file)
    arguments = ["--model", model_file, "--alignment", tmp_path / "a.png"]
    assert run(capsys, "translate", sentence, *arguments)[::2] == (0, note)


def test_what_is_drawn(capsys, tmp_path):
    source, target = ["Ein", "Hund", "END"], ["A$^$", "END"]
    draw_alignment(tmp_path / "a.svg", source, target, np.eye(2, 3))
    wide = np.zeros((1, PIECES))
    draw_alignment(tmp_path / "wide.png", ["a"] * PIECES, ["b"], wide)
    for weights in (np.zeros((1, PIECES + 1)), np.zeros((PIECES + 1, 1))):
        T, S = weights.shape
        with pytest.raises(InputError, match=f"no picture is drawn of {T} by {S} pieces: 100 is the most"):
            draw_alignment(tmp_path / "b.png", ["a"] * S, ["b"] * T, weights)
    assert not (tmp_path / "b.png").exists()
    assert capsys.readouterr() == ("", "")


def test_rows_are_what_was_written(tmp_path):
    weights = np.array([[0.25, 0.5, 0.25], [0, 0, 1]])
    with warnings.catch_warnings(action="error"):
        draw_alignment(tmp_path / "a.svg", ["Ein", "🐶", "END"], ["Dog", "END"], weights)
    (axes,) = plt.gcf().axes
    np.testing.assert_array_equal(axes.images[0].get_array(), weights)
    labels = [[label.get_text() for label in ticks] for ticks in (axes.get_xticklabels(), axes.get_yticklabels())]
    assert labels == [["Ein", "🐶", "END"], ["Dog", "END"]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("what was read", "what was written")
    assert len(axes.texts) == 0  # they would be too small to read


def test_the_translation_is_printed_although_the_picture_is_not(capsys, model_file, tmp_path):
    arguments = ["--model", model_file, "--alignment", tmp_path / "a.png"]
    code, out, err = run(capsys, "translate", "Hund " * 60, *arguments)
    assert (code, len(out.splitlines())) == (2, 1)
    assert re.fullmatch(r"no picture is drawn of \d+ by \d+ pieces: 100 is the most\n", err.splitlines(True)[-1])
    assert not list(tmp_path.iterdir())


def test_the_place_of_a_picture_is_looked_at_before_the_work(capsys, tmp_path, monkeypatch):
    """Before the model is: here there is none."""
    (tmp_path / "a.png").mkdir()
    for place, why in {
        "nowhere/a.png": f"there is no folder {tmp_path / 'nowhere'}",
        "a.png": "it is a folder",
        "a.strange": "its name must end in .png, .svg or .pdf",
    }.items():
        path = tmp_path / place
        told = run(capsys, "translate", "Hund", "--model", "nowhere", "--alignment", path)
        assert told == (2, "", f"the picture cannot be written to {path}: {why}\n")
    monkeypatch.setattr("os.access", lambda place, how: (place, how) != (tmp_path, os.W_OK))  # root may write anywhere
    told = run(capsys, "translate", "Hund", "--model", "nowhere", "--alignment", tmp_path / "b.png")
    assert told[2].endswith(f"b.png: nothing may be written into the folder {tmp_path}\n")


@pytest.mark.parametrize("framework", ["numpy", "tensorflow", "pytorch"])
@pytest.mark.parametrize("command", ["translate", "evaluate"])
def test_the_framework_is_the_one_asked_for(capsys, model_file, tmp_path, monkeypatch, framework, command):
    """Without its module nothing can be done; what the others need is not missed."""
    for other in {"numpy", "tensorflow", "pytorch"} - {framework}:
        monkeypatch.setitem(sys.modules, f"attention.{other}.recurrent", None)
    what = [GERMAN[0]] if command == "translate" else files(tmp_path)
    given = [] if framework == "numpy" else ["--framework", framework]
    assert run(capsys, command, *what, "--model", model_file, *given)[0] == 0
    monkeypatch.setitem(sys.modules, f"attention.{framework}.recurrent", None)
    expected = 2, "", f"there is no Seq2Seq in {framework}\n"
    assert run(capsys, command, *what, "--model", model_file, *given) == expected


@pytest.mark.parametrize("framework", ["tensorflow", "pytorch"])
@pytest.mark.parametrize("command", ["translate", "evaluate"])
def test_the_device_is_the_one_asked_for(capsys, tmp_path, monkeypatch, framework, command):
    seen = []
    monkeypatch.setattr(f"attention.{framework}.device.use_device", seen.append)
    what = ["Hund"] if command == "translate" else files(tmp_path)
    arguments = [command, *what, "--model", tmp_path / "nowhere", "--framework", framework]
    for variable in ("auto", "cuda"):
        monkeypatch.setenv("ATTENTION_DEVICE", variable)
        run(capsys, *arguments)
        run(capsys, *arguments, "--device", "cpu")
    monkeypatch.delenv("ATTENTION_DEVICE")
    run(capsys, *arguments)
    assert seen == ["auto", "cpu", "cuda", "cpu", "cpu"]


def test_one_sentence_has_one_thread(capsys, model_file, monkeypatch):
    """Where nothing else is said; more sentences have what there is."""
    monkeypatch.delenv("OMP_NUM_THREADS")
    run(capsys, "translate", "Hund", "Hund", "--model", model_file)
    assert "OMP_NUM_THREADS" not in os.environ
    run(capsys, "translate", "Hund", "--model", model_file)
    assert os.environ["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    run(capsys, "translate", "Hund", "--model", model_file)
    assert os.environ["OMP_NUM_THREADS"] == "2"


def test_what_is_not_needed_is_not_imported(model_file):
    program = """if True:
        import sys
        from attention.__main__ import main
        main(["translate", "Hund", "--model", sys.argv[1]])
        print(*{name.split(".")[0] for name in sys.modules})
    """
    done = subprocess.run([sys.executable, "-c", program, model_file], capture_output=True, text=True, check=True)
    heavy = {"matplotlib", "pooch", "py3langid", "requests", "sacrebleu", "scipy", "tensorflow", "torch", "tqdm"}
    assert not heavy & set(done.stdout.splitlines()[-1].split())


def test_a_bar_for_who_waits_at_a_terminal(capsys, model_file, tmp_path, monkeypatch):
    def slow(_, sentences, beam, batch, progress):
        for _part in progress([0, 1]):
            time.sleep(0.6)
        return sentences

    arguments = ["evaluate", "--model", model_file, *files(tmp_path)]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run(capsys, *arguments)[2] == ""  # soon done
    monkeypatch.setattr(Translator, "translate", slow)
    assert "2/2" in run(capsys, *arguments)[2]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    assert run(capsys, *arguments)[2] == ""


def test_what_the_page_shows_is_what_one_sees(capsys):
    """The first page's commands, and what they print."""
    page = (Path(study.__file__).parents[2] / "book" / "start.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    shown = re.findall(r"^\$ \.venv/bin/python -m attention (.*)\n((?:[^$].*\n)+)", block, re.MULTILINE)
    assert [command.split()[0] for command, _ in shown] == ["translate", "translate"]
    for command, expected in shown:
        assert run(capsys, *shlex.split(command)) == (0, expected, "")


def test_the_version(capsys):
    assert run(capsys, "--version") == (0, f"attention-course {version('attention-course')}\n", "")


def test_the_usage_is_that_of_the_command(capsys):
    assert run(capsys)[2].startswith("usage: python -m attention [-h] [--version]")
    for command in ("train", "train translation", "translate", "evaluate", "evaluate translation"):
        assert run(capsys, *command.split())[2].startswith(f"usage: python -m attention {command} [-h]")


def test_the_help_names_every_command(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert re.findall(r"^    (\w+) +\S", out, re.MULTILINE) == [
        "train",
        "classify",
        "write",
        "translate",
        "evaluate",
        "experiment",
        "progress",
    ]


def test_experiments(capsys, tmp_path, monkeypatch):
    """Those there are, and one that is run."""
    assert run(capsys, "experiment") == (0, "\n".join(study.names()) + "\n", "")
    program = "DATA, SEED, PARTS = 'a', None, [{'x': 2}]\ndef measure(x):\n    return {'y': x * x}\n"
    (tmp_path / "square_of_two.py").write_text(program)
    monkeypatch.setattr(study.studies, "__path__", [str(tmp_path)])
    monkeypatch.setattr(study.run_study, "__defaults__", (tmp_path / "results", tmp_path / "drafts"))
    path = tmp_path / "results" / "square_of_two.json"
    assert run(capsys, "experiment") == (0, "square_of_two\n", "")
    assert run(capsys, "experiment", "square_of_two") == (0, f"{path}\n", "1 of 1: x 2, y 4\n")
    assert read_result("square_of_two", path.parent)["rows"] == [{"x": 2, "y": 4}]


def test_progress(capsys):
    code, out, _ = run(capsys, "progress")
    assert code == 0
    titles = [line for line in out.splitlines() if re.match(r"\d\d [A-Z].*  \d+ of \d+$", line)]
    sets = sorted(path.name[:2] for path in Path(__file__).parents[2].glob("exercises/*.ipynb"))
    assert [title[:2] for title in titles] == sets


@pytest.mark.parametrize(("stop", "code", "err"), [(KeyboardInterrupt(), 130, ""), (Interrupted("a"), 130, "a\n")])
def test_stopped_it_is_quiet(capsys, model_file, monkeypatch, stop, code, err):
    def stopped(*_):
        raise stop

    monkeypatch.setattr(Translator, "translate", stopped)
    assert run(capsys, "translate", "Hund", "--model", model_file) == (code, "", err)


def test_streams_may_be_closed(model_file):
    command = [sys.executable, "-m", "attention", "translate", "Hund", "--model", model_file]
    assert subprocess.run(["sh", "-c", '"$@" >&- 2>&-', "sh", *command], check=False).returncode == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_reads_may_have_read_enough(unbuffered):
    """As `progress | head -1` does: the pipe is closed at its other end."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "attention", "progress"]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False, env=environment)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file on a disk that is always full")
@pytest.mark.parametrize("command", [["progress"], ["--version"], ["--help"]])
def test_a_full_disk_is_said(command):
    """As in `progress > file`."""
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "attention", *command]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr.decode().splitlines()) == (
        2, ["The disk is full: what should stand in the file is not all there"]
    )  # fmt: skip


def test_the_best_stored_model_unless_another_is_asked_for(capsys):
    expected = Translator("numpy", best_model("de", "en")).translate(["Ein Hund."])[0]
    assert run(capsys, "translate", "Ein Hund.") == (0, f"{expected}\n", "")


def test_evaluate(capsys, model_file, tmp_path):
    """Byte-order mark, CRLF and archive change nothing, and each line is translated as it is, an empty one too."""
    german, english = [*GERMAN, "", f"{GERMAN[0]} {GERMAN[1]}"], [*ENGLISH, "Nothing.", "A dog."]
    score, signature = bleu(Translator("numpy", model_file).translate(german), english)
    arguments = files(tmp_path, german, english)
    code, out, err = run(capsys, "evaluate", "--model", model_file, *arguments)
    assert (code, err) == (0, "")
    assert out == f"BLEU = {score:.2f} ({signature})\n"
    assert "nrefs:1|case:mixed" in signature
    text = arguments[1].read_text(encoding="utf-8")
    arguments[1].write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert run(capsys, "evaluate", "--model", model_file, *arguments) == (0, out, "")


def test_sentences_are_translated_as_if_alone(model_file, monkeypatch):
    """Whatever shares the batch: as many as asked for, and no more tokens than there is room for."""
    translator = Translator("numpy", model_file)
    sentences = ["Hund " * n for n in (1, 9, 2, 30, 1, 1, 2, 200)] + ["", " "] + GERMAN
    rows = translator.encode(sentences)
    seen = []

    def progress(batches):
        seen.extend(batches)
        return batches

    monkeypatch.setattr("attention.translator.ROOM", 40)
    found = translator.translate(sentences, beam=1, batch=3, progress=progress)
    assert found == [translator.translate([sentence], beam=1)[0] for sentence in sentences]
    assert sorted(chain(*seen)) == [i for i, sentence in enumerate(sentences) if sentence.strip()]
    lengths = [[len(rows[i]) for i in batch] for batch in seen]
    assert max(map(len, lengths)) == 3
    assert all(len(batch) == 1 or len(batch) * max(batch) <= 40 for batch in lengths)
    assert list(chain(*lengths)) == sorted(chain(*lengths))
    sizes = [len(batch) for batch in lengths]
    for (size, batch), after in zip(zip(sizes, lengths, strict=True), lengths[1:], strict=False):
        assert size == 3 or (size + 1) * after[0] > 40, batch  # no batch is smaller than it must be


def test_a_long_line_among_short_ones_needs_no_more_room(model_file):
    translator, seen = Translator("numpy", model_file), []
    sentences = ["Ein Hund."] * 63 + ["Hund " * (LONGEST // 5)]

    def none(batches):
        seen.extend(batches)
        return []

    assert translator.translate(sentences, progress=none) == [""] * 64
    rows = translator.encode(sentences)
    assert [len(batch) for batch in seen] == [63, 1]
    assert max(len(batch) * max(len(rows[i]) for i in batch) for batch in seen) <= 4096


def test_the_order_is_kept_and_empty_lines_stay_empty(model_file):
    translator = Translator("numpy", model_file)
    alone = [translator.translate([sentence])[0] for sentence in GERMAN[:2]]
    assert translator.translate([GERMAN[1], "", GERMAN[0]]) == [alone[1], "", alone[0]]


def test_unequal_lengths(capsys, model_file, tmp_path):
    for german, english in ((GERMAN, ENGLISH[:3]), (GERMAN[:1], ENGLISH)):
        arguments = files(tmp_path, german, english)
        code, out, err = run(capsys, "evaluate", "--model", model_file, *arguments)
        told = f"{arguments[1]} has {len(german)}, {arguments[3]} {len(english)}"
        assert (code, out) == (2, "")
        assert err == f"source and reference must have the same number of lines: {told}\n"


def test_missing_data_without_network(capsys, tmp_path, monkeypatch):
    from attention.data import multi30k

    monkeypatch.delenv("ATTENTION_DATA", raising=False)
    monkeypatch.setattr(multi30k.pooch, "os_cache", lambda name: tmp_path)
    monkeypatch.setattr(multi30k.multi30k_file, "__defaults__", ("http://127.0.0.1:9/",))
    code, out, err = run(capsys, "train", "translation", "--framework", "pytorch")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "is missing and could not be fetched" in err


HELP = {
    "": ["print the version", "teach a model; nothing of it is committed",
        "print the translation of each sentence, a line each", "measure a model, a translator where no task is named",
        "run a long experiment into results/", "show which exercises are solved"],
    "train": ["teach a translator on pairs of sentences"],
    "train translation": ["or a folder with your own two files, a sentence a line", "by their letters",
        "how many batches to learn from", "of all that is drawn: first weights, batches, dropout", "where to compute",
        "go on where training was interrupted", "where to store it; in work/ if left out", "--languages FROM INTO"],
    "translate": ["in quotation marks, or - for standard input, a line each; two in one are split",
        "draw into this file what each word looked at", "sentence [sentence ...]"],
    "evaluate": ["print the BLEU of a model's translations"],
    "evaluate translation": ["a sentence a line, plain text or .gz", "their translations by a person"],
    "experiment": ["which one; they are listed if left out"],
}  # fmt: skip


@pytest.mark.parametrize(("command", "sentences"), HELP.items())
def test_the_help_says_what_everything_does(command, sentences, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    _, out, _ = run(capsys, *command.split(), "--help")
    for sentence in sentences:
        assert re.search(rf"(  |^|: |\[-h\].* ){re.escape(sentence)}($| )", out, re.MULTILINE), sentence
