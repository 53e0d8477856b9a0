"""The sample chapter and the sample exercise of CONTRIBUTING.md do what CONTRIBUTING.md says of them."""

import importlib.util
import re
import subprocess
from pathlib import Path
from textwrap import dedent

import jupytext
import nbformat
import pytest
from make_exercises import exercise_from
from notebook_rules import problems
from notebooks import strip

from attention.checks.judge import judge

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CHAPTER, SOLUTIONS, CHECKS, ANSWERS = (
    dedent(match[2]) for match in re.finditer(r"^ *(`{3,4})python\n(.*?)^ *\1$", TEXT, re.MULTILINE | re.DOTALL)
)
NAME = "21_averages.ipynb"


def notebook(folder, script, namespace):
    """The notebook that `tools/notebooks.py run` would write, all cells having run in this namespace."""
    made = strip(jupytext.reads(script, fmt="py:percent"))
    code = [cell for cell in made.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, 1):
        exec(cell.source, namespace)
        cell.execution_count = count
    folder.mkdir()
    nbformat.write(made, folder / NAME)
    return made


def module(path, text):
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def exercise(tmp_path):
    (declared,) = module(tmp_path / "chapter_21.py", CHECKS).EXERCISES
    return declared


def test_the_chapter_runs_and_lacks_what_is_said(tmp_path, capsys):
    notebook(tmp_path / "chapters", CHAPTER, {})
    assert capsys.readouterr().out.count("1.3 1.5") == 4  # by hand, and in three frameworks
    sections, *links, steps = problems(tmp_path / "chapters" / NAME)
    assert sections.startswith("the sections They agree, What goes wrong, Cost, Summary are due")
    assert [link.startswith("the last section does not link to ") for link in links] == [True, True]
    lacking = re.search(r"in the last of them, and (\d+) steps", " ".join(TEXT.split()))[1]
    assert steps == f"{20 - int(lacking)} steps; a chapter has 20 to 40"


def test_the_exercise_is_in_form_and_its_solution_passes(tmp_path, capsys, exercise, monkeypatch):
    notebook(tmp_path / "chapters", CHAPTER, {})
    monkeypatch.setattr("attention.checks.find", {"21.weighted_average": exercise}.get)
    namespace = {}
    solutions = notebook(tmp_path / "solutions", SOLUTIONS, namespace)
    assert "21.1 weighted_average   ✓ plain · batches · float32" in capsys.readouterr().out
    first, *kinds = problems(tmp_path / "solutions" / NAME)
    assert first == "1 exercises are checked; a case study has at least 3"
    assert "from chapter 9 on, three that are checked" in " ".join(TEXT.split())
    assert all(sentence.startswith("no exercise is of the kind ") for sentence in kinds)

    made = exercise_from(solutions)
    text = "\n".join(cell.source for cell in made.cells)
    assert text.startswith("# Exercises 21")
    assert 'raise NotImplementedError("exercise 21.1")' in text
    assert "**Why.**" not in text
    assert "weights @ values" not in text


def test_its_mistakes_and_answers_get_what_is_declared(tmp_path, exercise):
    assert len(exercise.misconceptions) >= 3
    for mistake in exercise.misconceptions:

        def faulty(weights, values, switches=mistake.switches):
            return exercise.faulty(weights, values, **switches)

        verdict = judge(exercise, faulty, "numpy")
        assert (verdict.title, mistake.hint in " ".join(verdict.text.split())) == (mistake.name, True)
    answers = module(tmp_path / "answers_21.py", ANSWERS).answers
    assert min(len(answers.right_ones), len(answers.wrong_ones)) >= 2
    for answer in answers.right_ones:
        assert judge(exercise, answer.function, "numpy").passed
    for answer in answers.wrong_ones:
        verdict = judge(exercise, answer.function, "numpy")
        assert (verdict.title, answer.says in verdict.text) == (answer.title, True), verdict.text


def test_ruff_is_content_with_the_samples(tmp_path):
    for number, text in enumerate((CHECKS, ANSWERS)):
        (tmp_path / f"sample_{number}.py").write_text(text, encoding="utf-8")
    command = [ROOT / ".venv" / "bin" / "ruff", "check", "--config", ROOT / "pyproject.toml", tmp_path]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_the_lines_for_the_contents_are_like_those_that_are_there():
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    lines = re.search(r"^   ```yaml\n(.*?)^   ```$", TEXT, re.MULTILINE | re.DOTALL)[1].splitlines()
    assert len(lines) == 3
    for line in lines:
        assert re.sub("21_averages", "03_score_functions", line.removeprefix("   ")) in toc.splitlines()
