"""The tools that contributors run: what they write, what they keep, what they say, and how they exit."""

import os
import shutil
import subprocess
import sys
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import nbformat
import notebooks
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted([*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])
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


def test_an_edited_notebook_is_run_stored_and_its_file_removed(repository, capsys):
    assert tool("edit", TOY)
    assert capsys.readouterr().out == f"edit {SCRIPT}, then: tools/notebooks.py run {TOY}\n"
    assert "# %% [markdown]\n# # Toy\n\n# %%\nprint('a')\n" in Path(SCRIPT).read_text()
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
    assert capsys.readouterr().err.splitlines() == [
        f"{TOY}: the line \"print('b')  # {'x' * 80}\" has 94 columns; 88 can be seen without scrolling",
        f"{TOY} is written; {SCRIPT} stays, to be mended",
    ]
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


def test_a_kernel_that_dies_changes_nothing(repository, capsys):
    write("import os", "os._exit(1)")
    before = Path(TOY).read_bytes()
    assert not tool("run", TOY)
    assert Path(TOY).read_bytes() == before
    assert capsys.readouterr().err == f"{TOY} stays as it was, since a cell fails:\nKernel died\n"


def test_a_file_that_is_older_than_its_notebook_is_run_where_they_say_the_same(repository):
    assert tool("edit", TOY)
    os.utime(SCRIPT, (1, 1))
    assert tool("run", TOY)
    assert printed() == ["a\n"]
    assert not Path(SCRIPT).exists()


def test_another_kind_of_cell_is_another_cell(repository, capsys):
    assert tool("edit", TOY)
    change("# %% [markdown]", "# %% [raw]")
    assert not tool("edit", TOY)
    assert "# %% [raw]" in Path(SCRIPT).read_text()


def test_a_notebook_from_elsewhere_becomes_one_of_ours(repository):
    """Written by an old Jupyter: no ids, a kernel that this machine lacks, what an editor remembers of a cell."""
    elsewhere = {"kernelspec": {"name": "conda", "display_name": "C"}, "language_info": {"name": "python"}, "toc": {}}
    cell = nbformat.v4.new_code_cell("print('a')", metadata={"tags": ["numpy"], "collapsed": True})
    del cell["id"]
    nbformat.write(new_notebook(cells=[cell], metadata=elsewhere, nbformat_minor=4), TOY)
    tool("run", TOY)
    stored = nbformat.read(TOY, as_version=4)
    assert printed() == ["a\n"]
    assert stored.metadata == notebooks.KERNEL
    assert (stored.nbformat, stored.nbformat_minor) == (4, 5)
    assert stored.cells[0].metadata == {"tags": ["numpy"]}


def test_one_notebook_that_fails_is_enough_and_the_others_are_done(repository, capsys):
    assert not tool("check", "nosuch.ipynb", TOY)
    assert not tool("edit", "nosuch.ipynb", TOY)
    assert Path(SCRIPT).exists()
    wide = Path("notes/04_wide.ipynb")
    nbformat.write(notebooks.strip(new_notebook(cells=[new_markdown_cell("Wide")])), wide)
    capsys.readouterr()
    assert not tool("check", str(wide), "notes/03_toy.ipynb")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[0] == f"{wide}: the first cell does not begin with the title, '# …'"


def test_a_check_writes_nothing(repository):
    before = Path(TOY).read_bytes()
    assert not tool("check", TOY)  # its cell has not run
    assert Path(TOY).read_bytes() == before


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


def png(value):
    """A picture that is grey all over; two differ by the difference of their values."""
    file = BytesIO()
    Image.new("RGB", (4, 4), (value, value, value)).save(file, "PNG")
    return b64encode(file.getvalue()).decode()


def output(text=None, picture=None):
    data = {"text/plain": text, "image/png": picture and png(picture)}
    return new_output("display_data", {kind: content for kind, content in data.items() if content})


OLD, SAME, OTHER = output("one", 100), output("two", 101), output("two", 110)
STREAM = new_output("stream", text="1")
IGNORE = {"tags": ["nbval-ignore-output"]}


def notebook(*cells):
    """A notebook of ``(source, outputs[, metadata])``, run and stripped."""
    made = [new_code_cell(s, outputs=outputs, metadata=dict(*rest)) for s, outputs, *rest in cells]
    return notebooks.strip(new_notebook(cells=made))


@pytest.mark.parametrize(
    ("stored", "new", "kept"),
    [
        ([("draw", [OLD])], [("draw", [SAME])], [[output("two", 100)]]),
        ([("draw", [OLD])], [("draw", [OTHER])], [[OTHER]]),
        ([("draw", [OLD])], [("paint", [SAME])], [[SAME]]),
        ([("a", []), ("draw", [OLD])], [("draw", [SAME])], [[output("two", 100)]]),  # a cell above was removed
        ([("draw", [OLD])], [("a", []), ("draw", [SAME])], [[], [output("two", 100)]]),  # one was added
        ([("draw", [OLD, STREAM])], [("draw", [SAME])], [[SAME]]),
        ([("draw", [OLD])], [("draw", [output("two")])], [[output("two")]]),
        ([("draw", [output("one")])], [("draw", [SAME])], [[SAME]]),
        ([("draw", [STREAM])], [("draw", [SAME])], [[SAME]]),
        ([("draw", [OLD])], [("draw", [STREAM])], [[STREAM]]),
        ([("draw", [STREAM, OLD])], [("draw", [STREAM, SAME])], [[STREAM, output("two", 100)]]),
        ([("time", [OLD], IGNORE)], [("time", [OTHER], IGNORE)], [[OLD]]),
        ([("time", [], IGNORE)], [("time", [OTHER], IGNORE)], [[OTHER]]),  # it had not run
        ([("time", [OLD, STREAM], IGNORE)], [("time", [OTHER], IGNORE)], [[OLD, STREAM]]),
        ([("time", [OLD])], [("time", [OTHER], IGNORE)], [[OLD]]),
        ([("time", [OLD], IGNORE)], [("time", [OTHER])], [[OTHER]]),  # it is compared from now on
        (
            [("a", []), ("b", []), ("time", [OLD], IGNORE)],
            [("A", []), ("b", []), ("time", [OTHER], IGNORE)],
            [[], [], [OTHER]],
        ),
        ([("a", []), ("time", [OLD], IGNORE)], [("time", [OTHER], IGNORE)], [[OTHER]]),
        ([("time", [OLD], IGNORE), ("a", [])], [("time", [OTHER], IGNORE), ("b", [])], [[OLD], []]),
        ([], [("draw", [SAME])], [[SAME]]),
    ],
)
def test_what_says_the_same_is_kept(stored, new, kept):
    made = notebooks.keep(notebook(*new), notebook(*stored))
    assert [cell.outputs for cell in made.cells] == kept


def test_what_differs_from_run_to_run_is_stripped():
    sources = ["draw()", "draw()", "draw() ", "# draw()"]
    output = new_output("display_data", {"image/png": ""}, metadata={"image/png": {"width": 9}})
    cells = [
        new_code_cell(source, outputs=[output], metadata={"mystnb": {"a": 1}, "scrolled": True}) for source in sources
    ]
    once = notebooks.strip(new_notebook(cells=[*cells, new_markdown_cell("draw()")], metadata={"widgets": {}}))
    assert once.metadata == notebooks.KERNEL
    assert [cell.metadata for cell in once.cells] == [{"mystnb": {"a": 1}}] * 4 + [{}]
    assert all(cell.outputs[0].metadata == {} for cell in once.cells[:4])
    ids = [cell.id for cell in once.cells]
    assert len(set(ids)) == 5
    above = notebooks.strip(new_notebook(cells=[new_code_cell("above"), *cells]))
    assert [cell.id for cell in above.cells][1:] == ids[:4]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_is_stored_is_what_the_tool_writes(path):
    written = nbformat.writes(notebooks.strip(nbformat.read(path, as_version=4))) + "\n"
    assert written == path.read_text(), f"tools/notebooks.py run {path.relative_to(ROOT)} has not written it"


@pytest.mark.parametrize("name", ["notebooks.py", "make_exercises.py", "draw_landing.py", "draw_examples.py"])
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


@pytest.mark.parametrize(
    ("tool", "files"),
    [("draw_landing.py", ["landing.html"]), ("draw_examples.py", ["draw/examples.json", "draw/still.svg"])],
)
def test_what_is_stored_is_what_its_tool_draws(tmp_path, tool, files):
    for folder in ("tools", "book/draw"):
        (tmp_path / folder).mkdir(parents=True)
    tool = shutil.copy(ROOT / "tools" / tool, tmp_path / "tools")
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    subprocess.run([sys.executable, tool], env=os.environ | {"PYTHONPATH": paths}, check=True)
    for file in files:
        drawn = (tmp_path / "book" / file).read_text(encoding="utf-8")
        assert drawn == (ROOT / "book" / file).read_text(encoding="utf-8")
        assert len(drawn.encode()) <= 40_000
