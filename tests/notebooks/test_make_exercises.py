"""Exercises come of their solutions: what is left out, what stays, and what the tool says and how it exits."""

import make_exercises
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebooks import KERNEL

TWO_BLANKS = """\
class Two:
    def one(self):
        ### BEGIN SOLUTION
        return 1
        ### END SOLUTION

    def two(self):
        x = 2
        ### BEGIN SOLUTION
        return x
        ### END SOLUTION"""
STUB = """\
class Two:
    def one(self):
        raise NotImplementedError("exercise 3.2")

    def two(self):
        x = 2
        raise NotImplementedError("exercise 3.2")"""


def solutions():
    printed = [new_output("stream", text="1\n")]
    blank = "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"
    cells = [
        new_markdown_cell("# Solutions 3: toy\n\n# Solutions are kept apart.", id="a"),
        new_code_cell("import this", id="b", outputs=printed, execution_count=1),
        new_markdown_cell("### Exercise 3.1 · by words\n\nSay it.\n\n### Exercise 3.2 · write it", id="c"),
        new_code_cell(TWO_BLANKS, id="d", metadata={"tags": ["numpy"]}, outputs=printed, execution_count=2),
        new_markdown_cell("**Why.**", id="e", metadata={"tags": ["solution"]}),
        new_code_cell("proof()", id="f", metadata={"tags": ["hidden", "solution"]}),
        new_markdown_cell("No header here: see Exercise 3.7.", id="g"),
        new_code_cell(f"{blank}\ncheck(x)", id="h"),
        new_markdown_cell("### Exercise 3.10 · the last", id="i"),
        new_code_cell(blank, id="j"),
    ]
    return new_notebook(cells=cells, metadata=KERNEL, nbformat_minor=5)


def test_the_tool_says_what_it_does(capsys):
    with pytest.raises(SystemExit):
        make_exercises.main(["--help"])
    said = capsys.readouterr().out
    assert "\n1. the title's" in said
    assert "--check     write nothing; fail if an exercise is stale\n" in said


def test_an_exercise_is_its_solution_without_the_answers():
    given = solutions()
    made = make_exercises.exercise_from(given)
    blank = 'raise NotImplementedError("exercise {}")'.format
    assert [(cell.id, cell.source) for cell in made.cells] == [
        ("a", "# Exercises 3: toy\n\n# Solutions are kept apart."),
        ("b", "import this"),
        ("c", given.cells[2].source),
        ("d", STUB),
        ("g", "No header here: see Exercise 3.7."),
        ("h", f"{blank('3.2')}\ncheck(x)"),
        ("i", "### Exercise 3.10 · the last"),
        ("j", blank("3.10")),
    ]
    code = [cell for cell in made.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * 4
    assert made.cells[3].metadata == {"tags": ["numpy"]}
    assert made.metadata == KERNEL
    assert made.nbformat_minor == 5
    assert given == solutions()  # a solution is not changed by what is made of it


def test_an_exercise_has_the_format_of_its_solution():
    old = new_notebook(nbformat_minor=4)
    assert make_exercises.exercise_from(old).nbformat_minor == 4


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A folder that the tool takes for the repository, with two sets of solutions."""
    monkeypatch.setattr(make_exercises, "ROOT", tmp_path)
    (tmp_path / "solutions").mkdir()
    for name in ("03_a", "04_b"):
        nbformat.write(solutions(), tmp_path / "solutions" / f"{name}.ipynb")
    return tmp_path


def files(repository):
    return {path.name: path.read_text() for path in (repository / "exercises").iterdir()}


def test_what_is_stale_is_written_and_what_has_no_solution_removed(repository, capsys):
    make_exercises.main([])
    assert capsys.readouterr().out.splitlines() == ["wrote exercises/03_a.ipynb", "wrote exercises/04_b.ipynb"]
    fresh = files(repository)
    assert set(fresh) == {"03_a.ipynb", "04_b.ipynb"}
    assert nbformat.reads(fresh["03_a.ipynb"], 4) == make_exercises.exercise_from(solutions())
    assert fresh["03_a.ipynb"].endswith("}\n")  # as nbformat.write leaves a file

    make_exercises.main([])
    assert capsys.readouterr().out == ""
    assert files(repository) == fresh

    (repository / "exercises" / "03_a.ipynb").write_text("old")
    (repository / "exercises" / "05_c.ipynb").write_text("without a solution")
    (repository / "exercises" / "notes.txt").write_text("mine")
    make_exercises.main([])
    assert capsys.readouterr().out.splitlines() == ["wrote exercises/03_a.ipynb", "removed exercises/05_c.ipynb"]
    assert files(repository) == fresh | {"notes.txt": "mine"}


def test_a_check_names_what_is_stale_writes_nothing_and_fails(repository, capsys):
    def check():
        with pytest.raises(SystemExit) as left:
            make_exercises.main(["--check"])
        said = capsys.readouterr()
        assert said.out == ""
        return left.value.code, said.err.splitlines()

    def stale(*names):
        return [f"exercises/{name}.ipynb is stale: run tools/make_exercises.py" for name in names]

    assert check() == (1, stale("03_a", "04_b"))
    assert not (repository / "exercises").exists()
    make_exercises.main([])
    capsys.readouterr()
    assert check() == (0, [])
    (repository / "exercises" / "04_b.ipynb").write_text("old")
    (repository / "exercises" / "05_c.ipynb").write_text("without a solution")
    before = files(repository)
    assert check() == (1, stale("04_b", "05_c"))
    assert files(repository) == before
