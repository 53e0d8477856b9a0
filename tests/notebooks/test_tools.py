"""The tools that contributors run: what they write, what they keep, what they say, and how they exit."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import draw_landing
import nbformat
import notebooks
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[2]
TOY = "notes/03_toy.ipynb"
SCRIPT = "work/edit/notes/03_toy.py"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A folder that the tool takes for the repository, with one small notebook in it."""
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    write("print('a')")
    return tmp_path


def write(*sources):
    cells = [new_markdown_cell("# Toy"), *map(new_code_cell, sources)]
    nbformat.write(notebooks.strip(new_notebook(cells=cells)), TOY)


def change(old, new):
    """Edit the file that ``edit`` wrote."""
    text = Path(SCRIPT).read_text()
    assert old in text
    Path(SCRIPT).write_text(text.replace(old, new))


def tool(*arguments):
    """Run the tool; is it content?"""
    with pytest.raises(SystemExit) as left:
        notebooks.main(list(arguments))
    return not left.value.code


def printed():
    """What the cells of the notebook are stored to have printed."""
    cells = nbformat.read(TOY, as_version=4).cells
    return [output.text for cell in cells for output in cell.get("outputs", []) if output.output_type == "stream"]


def test_an_edited_notebook_is_run_stored_and_its_file_removed(repository):
    assert tool("edit", TOY)
    change("print('a')", "print('b')")
    assert tool("run", TOY)
    assert printed() == ["b\n"]
    assert not Path(SCRIPT).exists()


def test_a_new_notebook_needs_only_its_file(repository):
    Path(TOY).unlink()
    Path(SCRIPT).parent.mkdir(parents=True)
    Path(SCRIPT).write_text("# %% [markdown]\n# # Toy\n\n# %%\nprint('new')\n")
    assert tool("run", TOY)
    assert printed() == ["new\n"]


def test_the_edited_file_stays_until_the_form_is_kept(repository, capsys):
    tool("edit", TOY)
    change("print('a')", f"print('b')  # {'x' * 80}")
    assert not tool("run", TOY)
    assert printed() == ["b\n"]
    assert f"{SCRIPT} stays, to be mended" in capsys.readouterr().err
    change(f"  # {'x' * 80}", "")
    assert tool("run", TOY)
    assert not Path(SCRIPT).exists()


def test_a_cell_that_fails_changes_nothing(repository, capsys):
    before = Path(TOY).read_bytes()
    tool("edit", TOY)
    change("print('a')", "1 / 0")
    assert not tool("run", TOY)
    assert Path(TOY).read_bytes() == before
    assert "1 / 0" in Path(SCRIPT).read_text()
    said = capsys.readouterr().err
    assert said.startswith(f"{TOY} stays as it was, since a cell fails:")
    assert "ZeroDivisionError" in said


def test_no_edit_is_overwritten(repository, capsys):
    assert tool("edit", TOY)
    assert tool("edit", TOY)  # nothing has been edited
    change("print('a')", "print('b')")
    assert not tool("edit", TOY)
    assert f"{SCRIPT} is there already" in capsys.readouterr().err
    assert "print('b')" in Path(SCRIPT).read_text()
    write("print('c')")
    os.utime(SCRIPT, (1, 1))
    assert not tool("run", TOY)
    assert f"{TOY} has changed since {SCRIPT} was saved" in capsys.readouterr().err
    assert printed() == []


@pytest.mark.parametrize("step", ["edit", "run", "check"])
def test_what_is_no_notebook_gets_a_sentence(repository, step, capsys):
    Path("README.md").write_text("# Read me")
    Path("torn.ipynb").write_text("{")
    assert not tool(step, "nosuch.ipynb", "README.md", "torn.ipynb")
    assert capsys.readouterr().err.splitlines() == [
        "there is no nosuch.ipynb",
        "README.md is not a notebook: its name does not end in .ipynb",
        "torn.ipynb is not a notebook: it is not JSON",
    ]


COUNT = "from pathlib import Path\n\ncount = int(Path('count').read_text())"
BARS = """\
from matplotlib import pyplot as plt

figure, axes = plt.subplots(figsize=(3, 2))
_ = axes.bar(["a", "b"], [1, 2 + count / 10_000])"""
TIMED = "assert count >= 0\nprint(count)"


def test_a_run_without_an_edit_changes_nothing(repository):
    write(COUNT, BARS, TIMED)
    notebook = nbformat.read(TOY, as_version=4)
    notebook.cells[2].metadata["mystnb"] = {"figure": {"caption": "A", "name": "fig-a"}, "image": {"alt": "Two bars."}}
    notebook.cells[3].metadata["tags"] = ["nbval-ignore-output"]
    nbformat.write(notebook, TOY)

    def run(count):
        Path("notes/count").write_text(str(count))
        assert tool("run", TOY)
        picture, timing = nbformat.read(TOY, as_version=4).cells[2:]
        return picture.outputs[0].data["image/png"], timing.outputs[0].text

    first = run(0)
    before = Path(TOY).read_bytes()
    assert run(1) == first  # a bar that is higher by a ten-thousandth is drawn otherwise, and looks the same
    assert Path(TOY).read_bytes() == before
    picture, timing = run(500)
    assert picture != first[0]
    assert timing == first[1]
    tool("edit", TOY)
    change("count = int(", "count = 1 * int(")
    assert run(501) == (picture, "501\n")  # what is timed may have changed


@pytest.mark.parametrize("name", ["notebooks.py", "make_exercises.py", "draw_landing.py"])
def test_a_tool_is_run_by_its_name(name):
    assert os.access(ROOT / "tools" / name, os.X_OK)
    assert (ROOT / "tools" / name).read_text().startswith("#!/usr/bin/env -S .venv/bin/python\n")


def test_nothing_outside_the_repository_is_touched(repository, capsys):
    assert not tool("run", "../elsewhere.ipynb")
    assert "../elsewhere.ipynb is not in this repository" in capsys.readouterr().err


def test_the_exit_status_tells():
    def status(*arguments):
        return subprocess.run(["tools/notebooks.py", *arguments], cwd=ROOT, capture_output=True).returncode

    assert status("check", "nosuch.ipynb") == 1
    assert status("--help") == 0


def test_the_landing_picture_is_what_its_tool_draws(tmp_path):
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "draw_landing.py", tmp_path / "tools")

    def status():
        command = [sys.executable, tmp_path / "tools" / "draw_landing.py"]
        paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        return subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, capture_output=True).returncode

    assert status() != 0  # there is no folder to write to
    (tmp_path / "book" / "static").mkdir(parents=True)
    assert status() == 0
    drawn = (tmp_path / "book" / "static" / "landing.svg").read_text()
    assert drawn == (ROOT / "book" / "static" / "landing.svg").read_text()


def test_a_weight_is_drawn_as_a_line_as_wide_as_it_is_large():
    svg = draw_landing.draw(["ein", "<Hut>"], ["a", "hat"], [[0.96, 0.04], [0.25, 0.75]])
    assert [line.split('"')[3] for line in svg.splitlines() if line.startswith("<path")] == ["8.6", "2.2", "6.8"]
    assert "&lt;Hut&gt;" in svg
