"""Long experiments: resumable, and what they wrote can be found again."""

import json
import os
import platform
import re
from types import SimpleNamespace

import pytest

from attention import results
from attention.data.tokenizer import encode
from attention.experiments.study import load_study, names, run_study
from attention.inputs import InputError, Interrupted
from attention.results import RESULTS, machine, read_result, versions, write_result
from attention.translator import Translator, best_model

PARTS = [{"side": side} for side in (1.0, 2.0, 3.0)]
KEYS = {"command", "seed", "versions", "machine", "minutes", "data", "rows"}


def squares(measured, stop_at=None):
    """A study of squares that notes what it measures."""

    def measure(side):
        if side == stop_at:
            raise KeyboardInterrupt
        measured.append(side)
        return {"area": side * side}

    return SimpleNamespace(DATA="three squares", SEED=5, PARTS=PARTS, measure=measure)


@pytest.fixture
def folders(tmp_path):
    return {"results": tmp_path / "results", "drafts": tmp_path / "drafts"}


def test_a_result_says_all_that_one_needs_to_find_it_again(folders):
    path = run_study(squares([]), "squares", **folders)
    result = read_result("squares", folders["results"])
    assert path == folders["results"] / "squares.json"
    assert set(result) == KEYS
    assert result["rows"] == [{"side": 1.0, "area": 1.0}, {"side": 2.0, "area": 4.0}, {"side": 3.0, "area": 9.0}]
    assert result["seed"] == 5
    assert result["data"] == "three squares"
    assert result["command"].endswith("-m attention experiment squares")
    assert result["versions"] == versions()
    assert "CPU core" in result["machine"]
    assert 0 <= result["minutes"] < 1
    assert not list(folders["drafts"].iterdir())


def test_interrupted_it_goes_on_where_it_was(folders, capsys):
    first, second = [], []
    with pytest.raises(Interrupted, match="2 of 3 rows are stored: the same command goes on"):
        run_study(squares(first, stop_at=3.0), "squares", **folders)
    assert not folders["results"].exists()
    run_study(squares(second), "squares", **folders)
    assert (first, second) == ([1.0, 2.0], [3.0])
    assert [row["area"] for row in read_result("squares", folders["results"])["rows"]] == [1.0, 4.0, 9.0]
    assert "3 of 3: side 3, area 9" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), [("DATA", "four squares"), ("SEED", 6), ("PARTS", PARTS[:2])])
def test_rows_of_another_experiment_are_not_gone_on_from(folders, name, value):
    with pytest.raises(Interrupted):
        run_study(squares([], stop_at=2.0), "squares", **folders)
    other = squares([])
    setattr(other, name, value)
    with pytest.raises(InputError, match=f"begun with other {name.lower()}: remove it to begin anew"):
        run_study(other, "squares", **folders)
    assert len(json.loads((folders["drafts"] / "squares.json").read_text())["rows"]) == 1


def test_nor_from_those_of_other_versions(folders):
    with pytest.raises(Interrupted):
        run_study(squares([], stop_at=2.0), "squares", **folders)
    draft = folders["drafts"] / "squares.json"
    kept = json.loads(draft.read_text())
    kept["begun"]["versions"]["numpy"] = "1.0"
    draft.write_text(json.dumps(kept))
    with pytest.raises(InputError, match="begun with other versions: remove it to begin anew"):
        run_study(squares([]), "squares", **folders)


def test_the_machine_is_what_this_process_may_use_of_it():
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system does not let a process choose its processors")
    cores = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(cores)})
        one = machine()
    finally:
        os.sched_setaffinity(0, cores)
    assert re.search(r"\b1 CPU core,", one)
    assert re.search(rf"\b{len(cores)} CPU core{'s' * (len(cores) > 1)},", machine())


@pytest.mark.parametrize(
    ("text", "processor"),
    [
        (
            "processor\t: 0\nmodel name\t: A Processor @ 2 GHz\ncache\t: 1\nmodel name\t: Another\n",
            "A Processor @ 2 GHz",
        ),
        ("processor\t: 0\n", platform.machine()),
        (None, platform.machine()),
    ],
)
def test_the_processor_is_called_as_the_system_calls_it(tmp_path, monkeypatch, text, processor):
    path = tmp_path / "cpuinfo"
    if text is not None:
        path.write_text(text)
    monkeypatch.setattr(results, "CPUINFO", path)
    assert machine().endswith(f", {processor}")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"begun": {}}'])
def test_a_damaged_draft_is_not_gone_on_from(folders, text):
    folders["drafts"].mkdir()
    (folders["drafts"] / "squares.json").write_text(text)
    with pytest.raises(InputError, match=r"squares\.json is damaged: remove it to begin anew"):
        run_study(squares([]), "squares", **folders)


def test_a_row_that_is_not_a_number_is_not_stored(folders):
    study = squares([])
    study.measure = lambda side: {"area": float("nan")}
    with pytest.raises(ValueError, match="not JSON compliant"):
        run_study(study, "squares", **folders)


def test_results_that_are_not_there(folders, tmp_path):
    deep = folders["results"] / "deep" / "er"
    assert write_result("one", "command", [], 0, "nothing", folder=deep).parent == deep  # which it has made
    write_result("one", "command", [], 0, "nothing", folder=folders["results"])
    write_result("ß", "command", [{"α": "größer"}], 0, "Multi30k – de", folder=deep)
    assert (read_result("ß", deep)["data"], read_result("ß", deep)["rows"]) == ("Multi30k – de", [{"α": "größer"}])
    with pytest.raises(InputError, match=r"there is no result two in .*: there are one"):
        read_result("two", folders["results"])
    with pytest.raises(InputError, match=r"there is no result two in .*: there are none$"):
        read_result("two", tmp_path)
    (folders["results"] / "one.json").write_text("{")
    with pytest.raises(InputError, match=r"one\.json is damaged"):
        read_result("one", folders["results"])


def test_an_experiment_that_is_not_there():
    with pytest.raises(InputError, match=f"there is no experiment nosuch: there are {', '.join(names())}"):
        load_study("nosuch")


@pytest.mark.parametrize("name", names())
def test_every_experiment_has_its_result(name):
    """Every part in its order, with its figures; the versions may be older than those that are installed."""
    study, result = load_study(name), read_result(name)
    assert set(result) == KEYS
    for part, row in zip(study.PARTS, result["rows"], strict=True):
        assert part.items() <= row.items()
    assert (result["data"], result["seed"]) == (study.DATA, study.SEED)


def test_every_result_can_be_found_again():
    """By an experiment, or by a benchmark: no number comes from nowhere."""
    for path in RESULTS.glob("*.json"):
        command = read_result(path.stem)["command"]
        assert command.endswith((f"-m attention experiment {path.stem}", f"benchmarks/{path.stem}.py")), path.name


def test_the_study_of_beam_width_on_two_sentences(monkeypatch):
    study = load_study("beam_width_de_en")
    german = ["Ein Mann schläft.", "Zwei Hunde spielen im Schnee."]
    translator = Translator("pytorch")
    english = translator.translate(german, beam=1)
    monkeypatch.setattr(
        study, "multi30k", lambda split, *languages: [{"de": german, "en": english}[n] for n in languages]
    )
    assert [{"alpha": alpha, "beam": beam} for alpha in (0.0, 1.0) for beam in (1, 5, 20, 100)] == study.PARTS
    greedy, normalised = (study.measure(alpha, 1) for alpha in (0.0, 1.0))
    assert greedy["bleu"] == pytest.approx(100)
    assert greedy["log_p"] == pytest.approx(normalised["log_p"])  # a sum, whatever the candidates are compared by
    assert greedy["length"] == sum(len(ids) for ids in encode(translator.tokenizer, english)) / 2
    assert best_model("de", "en").stem == greedy["model"]
    assert study.measure(0.0, 5)["log_p"] >= greedy["log_p"]
