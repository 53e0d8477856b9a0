"""Solutions have the form that exercises are made from; exercises are fresh, and run from top to bottom unsolved."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import make_exercises
import nbformat
import pytest
from nbclient import NotebookClient
from rules.exercises import checked, sections

from attention.checks.exercise import chapters

ROOT = Path(__file__).parents[2]
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
each_solution = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)


def test_every_exercise_is_fresh():
    for path, text in make_exercises.wanted().items():
        assert path.read_text() == text, f"{path} is stale: run tools/make_exercises.py"


def test_a_stale_exercise_is_found(tmp_path):
    for folder in ("tools", "solutions", "exercises"):
        (tmp_path / folder).mkdir()
    (tmp_path / "tools" / "make_exercises.py").write_text((ROOT / "tools" / "make_exercises.py").read_text())
    (tmp_path / "solutions" / SOLUTIONS[0].name).write_text(SOLUTIONS[0].read_text())

    def run(*arguments):
        command = [sys.executable, tmp_path / "tools" / "make_exercises.py", *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    made = tmp_path / "exercises" / SOLUTIONS[0].name
    assert f"exercises/{made.name} is stale" in run("--check").stderr
    run()
    assert run("--check").returncode == 0
    made.write_text(made.read_text().replace("NotImplementedError", "ValueError", 1))
    assert run("--check").returncode == 1
    run()
    assert run("--check").returncode == 0
    orphan = shutil.copy(made, tmp_path / "exercises" / "99_without_solutions.ipynb")
    assert f"exercises/{orphan.name} is stale" in run("--check").stderr
    run()
    assert not orphan.exists()


@each_solution
def test_nothing_of_the_solution_is_left(path):
    solution, exercise = (
        nbformat.read(ROOT / folder / path.name, as_version=4) for folder in ("solutions", "exercises")
    )
    text = "\n".join(cell.source for cell in exercise.cells)
    assert "SOLUTION" not in text
    assert text.startswith("# Exercises")
    ids = {cell.id: cell for cell in solution.cells}
    assert all(cell.id in ids for cell in exercise.cells)
    assert not any(cell.get("outputs") for cell in exercise.cells)
    for cell in solution.cells:
        if "solution" in cell.metadata.get("tags", []):
            assert cell.source not in text
        for region in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL):
            assert region not in text


@each_solution
def test_what_is_declared_is_what_the_notebook_checks(path):
    """The rest of the form is held by tools/rules/exercises.py."""
    chapter = path.stem[:2]
    declared = {e.number: {f"{chapter}.{e.name}"} for e in chapters()[chapter].EXERCISES}
    in_notebook = {match["number"]: checked(cells) for match, cells in sections(nbformat.read(path, as_version=4))}
    assert {number: names for number, names in in_notebook.items() if names} == declared


@pytest.mark.parametrize("chapter", chapters())
def test_the_section_to_read_again_exists(chapter):
    (path,) = (ROOT / "chapters").glob(f"{chapter}_*.ipynb")
    text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")
    headings = re.findall(r"^##+ (.*)$", text, re.MULTILINE)
    for exercise in chapters()[chapter].EXERCISES:
        for part in (exercise, *exercise.stages, *exercise.misconceptions):
            assert part.see in ("", *headings), f"{exercise.number} refers to {part.see!r}"
        assert exercise.see


FAULTY = """\
def softmax_with_sink(scores, axis=-1):
    top = scores.max(axis)
    return scores - top

check("01.softmax_with_sink", softmax_with_sink)
"""


def test_an_unsolved_notebook_runs_in_jupyter():
    """The others run from top to bottom in test_exercises, without a kernel."""
    notebook = nbformat.read(ROOT / "exercises" / SOLUTIONS[0].name, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(FAULTY))
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": ROOT / "exercises"}}).execute()
    outputs = {
        cell.source: "".join(o.get("text", "") for o in cell.outputs)
        for cell in notebook.cells[:-1]
        if cell.cell_type == "code"
    }
    checks = [text for source, text in outputs.items() if source.startswith("check(")]
    assert all(line.endswith("   not written yet") for text in checks for line in text.splitlines())
    assert len(checks) >= 5
    assert "Your line 3:  return scores - top" in notebook.cells[-1].outputs[0].text
