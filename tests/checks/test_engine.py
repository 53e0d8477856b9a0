"""What the checks promise for any exercise: they print, note what has passed, never raise, and quote the learner."""

import json

import numpy as np
import pytest

from attention.checks import check, progress
from attention.checks.exercise import chapters, find
from attention.checks.judge import judge


def good(scores, axis=-1):
    exponentials = np.exp(scores - scores.max(axis, keepdims=True))
    return exponentials / exponentials.sum(axis, keepdims=True)


def verdict(answer, key="01.softmax", framework="numpy"):
    return judge(find(key), answer, framework)


def test_check_prints_and_returns_nothing(capsys):
    assert check("01.softmax", good) is None
    assert capsys.readouterr().out.startswith("1.2 softmax   ✓ plain · batches · ")


def test_a_wrong_answer_never_raises(capsys):
    def recursive(scores, axis=-1):
        return recursive(scores, axis)

    def leaves(scores, axis=-1):
        raise ZeroDivisionError

    for answer in (recursive, leaves, 3, None, np.ones(3), lambda: 1, dict, print, np.sum, type(None)):
        check("01.softmax", answer)
        assert "✗" in capsys.readouterr().out


def test_not_written_yet_also_from_inside():
    def calls_a_stub(scores, axis=-1):
        raise NotImplementedError("exercise 1.2")

    assert verdict(calls_a_stub).text == "1.2 softmax   not written yet"


def test_the_learners_line_is_quoted_and_not_ours():
    def answer(scores, axis=-1):
        top = scores.max(axis, keepdims=True)
        return np.reshape(scores - top, (5, 5))

    text = verdict(answer).text
    assert "✗ raises ValueError" in text
    assert "return np.reshape(scores - top, (5, 5))" in text
    assert "fromnumeric" not in text
    assert "contract" not in text


def test_an_error_in_the_library_is_blamed_on_the_line_that_called_it():
    import attention.numpy as atn

    def answer(scores, axis=-1):
        return atn.softmax(scores.astype(int))

    text = verdict(answer).text
    assert "return atn.softmax(scores.astype(int))" in text
    assert "TypeError: scores must be floating point" in text


def test_two_misconceptions_together_are_both_named():
    def answer(queries, keys):
        return np.exp(scores := queries @ np.swapaxes(keys, -1, -2)) / np.exp(scores).sum(-1, keepdims=True)

    found = verdict(answer, "03.scaled_dot_scores")
    assert found.title == "no scale, and softmax"


def test_only_the_first_difficulty_is_diagnosed():
    def wrong_axis_and_unstable(scores, axis=-1):
        return np.exp(scores) / np.exp(scores).sum(0, keepdims=True)

    text = verdict(wrong_axis_and_unstable).text
    assert "✗ the first axis" in text
    assert "overflow" not in text


def test_never_the_solution_of_a_value_exercise():
    text = verdict(lambda: [8, 4, 0.5], "03.three_scores").text
    assert "0.444" not in text


def test_unknown_exercise_and_framework():
    with pytest.raises(
        ValueError, match=r"there is no exercise '01.hardmax'; chapter '01' has weights_by_hand, softmax"
    ):
        check("01.hardmax", good)
    with pytest.raises(ValueError, match=r"there is no exercise '77.softmax'; chapter '77' has none"):
        check("77.softmax", good)
    with pytest.raises(ValueError, match=r"framework must be one of tensorflow, pytorch for temperature_softmax"):
        check("01.temperature_softmax", good)


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "WORK", tmp_path / "work")
    monkeypatch.setattr(progress, "FILE", tmp_path / "work" / ".progress.json")
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def test_a_pass_is_noted_beside_the_learners_copies(work, monkeypatch, capsys):
    monkeypatch.chdir(work)
    check("01.softmax", good)
    check("01.log_softmax", good)  # wrong: not noted
    assert json.loads((work / ".progress.json").read_text()) == {"01.softmax": ["numpy"]}
    capsys.readouterr()
    progress.progress()
    out = capsys.readouterr().out
    assert f"01 Softmax   1 of {len(chapters()['01'].EXERCISES)}\n" in out
    assert "  ✓ 1.2 softmax\n" in out
    assert "  · 1.3 log_softmax\n" in out


def test_nothing_is_noted_elsewhere(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check("01.softmax", good)
    assert not (work / ".progress.json").exists()


def test_progress_of_an_exercise_in_several_frameworks(work, monkeypatch, capsys):
    monkeypatch.chdir(work)
    progress.note("03.additive_scores", "pytorch")
    progress.note("03.additive_scores", "numpy")
    progress.note("03.additive_scores", "numpy")
    progress.progress()
    assert "✓ 3.3 additive_scores (numpy, pytorch)" in capsys.readouterr().out
