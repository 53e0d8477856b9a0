"""Every chapter and every solution keeps the form of STYLE.md; and each rule finds the fault it is there for."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_rules import problems
from notebooks import execute, strip

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted([*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_notebook_keeps_the_form(path):
    assert problems(path) == []


def test_every_chapter_has_solutions_and_exercises():
    chapters, exercises, solutions = (
        {path.name for path in ROOT.glob(f"{folder}/*.ipynb")} for folder in ("chapters", "exercises", "solutions")
    )
    assert chapters
    assert chapters == exercises == solutions


PICTURE = {"figure": {"caption": "Three bars.", "name": "fig-bars"}, "image": {"alt": "A bar of 1, of 2, of 3."}}


def printing(text, **metadata):
    return new_code_cell(f"print({text!r})", outputs=[new_output("stream", text=f"{text}\n")], metadata=metadata)


def drawing(**mystnb):
    output = new_output("display_data", {"image/png": "iVBORw0KGgo="})
    return new_code_cell("draw()", outputs=[output], metadata={"mystnb": PICTURE | mystnb})


def tabs(*tagged):
    return [printing(tag, tags=[tag]) for tag in tagged]


def chapter():
    """The cells of a small chapter with nothing wrong in it."""
    return [
        new_markdown_cell("# 3 · Toy\n\n**You need** …\n**You will be able to** …\n**Time** …"),
        new_markdown_cell(r"$$ a = b \tag{3.1} $$ and, by (3.1), $$ c = d \tag{3.2} $$"),
        new_code_cell("# checks (3.1) and (3.2)\nassert True"),
        *tabs("numpy", "tensorflow", "pytorch"),
        drawing(),
        *(printing(f"step {number}") for number in range(20)),
        new_markdown_cell("## They agree\n\n## What goes wrong\n\n## Cost"),
        new_markdown_cell("## Summary\n\n[E](../exercises/03_toy.ipynb), [S](../solutions/03_toy.ipynb)"),
    ]


def found(folder, cells, name="chapters/03_toy.ipynb"):
    """The problems of these cells, numbered as if they had just run."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    notebook = strip(new_notebook(cells=cells))
    for count, cell in enumerate((cell for cell in cells if cell.cell_type == "code"), 1):
        cell.execution_count = cell.get("execution_count") or count
    nbformat.write(notebook, path)
    return problems(path)


def test_a_chapter_in_good_form_has_no_problem(tmp_path):
    assert found(tmp_path, chapter()) == []


def stderr():
    return new_code_cell("warn()", outputs=[new_output("stream", name="stderr", text="careful\n")])


def error():
    return new_code_cell("fail()", outputs=[new_output("error", ename="ValueError", evalue="no", traceback=[])])


ADDED = {
    "has run as [99], not [26]": [new_code_cell("x = 1", execution_count=99)],
    "has 16 lines": [new_code_cell("\n".join(["x = 1"] * 16))],
    "hides its result by a semicolon": [new_code_cell("draw();")],
    "3 outputs are not compared": [printing(f"assert {loss}", tags=["nbval-ignore-output"]) for loss in "abc"],
    "asserts nothing": [printing("a loss", tags=["nbval-ignore-output"])],
    "'# NBVAL_IGNORE_OUTPUT' is not compared": [new_code_cell("# NBVAL_IGNORE_OUTPUT\nprint(1)")],
    "is never run": [printing("slow", tags=["nbval-skip"])],
    "writes to stderr: careful": [stderr()],
    "ends in ValueError": [error()],
    "no alt text": [drawing(image={"alt": ""})],
    "no caption": [drawing(figure={"name": "fig-other"})],
    "no name": [drawing(figure={"caption": "Another."})],
    "repeats the caption": [drawing(image={"alt": "Three bars."})],
    "two pictures are called 'fig-bars'": [drawing()],
    "the picture net.svg has no alt text": [new_markdown_cell("![](net.svg)")],
    "tagged numpy, pytorch": tabs("numpy", "pytorch"),
    "tagged pytorch, tensorflow, numpy": tabs("pytorch", "tensorflow", "numpy"),
    "equation (3.5) stands where (3.3) is due": [new_markdown_cell(r"$$ e = f \tag{3.5} $$")],
    "equation (3.1) stands where (3.3) is due": [new_markdown_cell(r"$$ e = f \tag{3.1} $$")],
    "no cell begins '# checks (3.3)'": [new_markdown_cell(r"$$ e = f \tag{3.3} $$")],
    "(3.9) is referred to": [new_markdown_cell("As (3.9) says.")],
    "(3.8) is referred to": [new_code_cell("# checks (3.8)\nassert True")],
    "41 steps": [printing(str(number)) for number in range(18)],
}


@pytest.mark.parametrize("problem", ADDED)
def test_a_fault_is_found(tmp_path, problem):
    cells = chapter()
    cells[-2:-2] = ADDED[problem]
    assert any(problem in sentence for sentence in found(tmp_path, cells))


CHANGED = {
    "does not begin with the title": ("# 3 · Toy", "Toy"),
    "says 'You need'": ("You need", "You want"),
    "says 'Time'": ("**Time**", ""),
    "the sections They agree": ("## Cost", ""),
    "link to exercises/03_toy.ipynb": ("exercises/03_toy", "exercises"),
    "link to solutions/03_toy.ipynb": ("solutions/03_toy", "solutions"),
}


@pytest.mark.parametrize("problem", CHANGED)
def test_a_missing_part_is_found(tmp_path, problem):
    cells = chapter()
    for cell in cells:
        cell.source = cell.source.replace(*CHANGED[problem])
    assert any(problem in sentence for sentence in found(tmp_path, cells))


def test_numbers_in_code_and_formulas_are_not_references(tmp_path):
    cells = chapter()
    cells.insert(-2, new_markdown_cell("`f(3.9)`, $f(3.9)$ and\n```\nf(3.9)\n```"))
    assert found(tmp_path, cells) == []


def test_solutions_need_no_chapter_form_but_know_the_equations_of_chapters(tmp_path):
    assert found(tmp_path, chapter()) == []
    solution = [new_markdown_cell("# Solutions\n\nBy (3.2), and by (3.7)."), printing("3.1")]
    assert found(tmp_path, solution, "solutions/03_toy.ipynb") == [
        "(3.7) is referred to, and there is no such equation"
    ]


def test_large_notebooks_and_volatile_metadata_are_found(tmp_path):
    assert any("1 MB" in sentence for sentence in found(tmp_path, [*chapter(), printing("x" * 600_000)]))
    path = tmp_path / "chapters" / "03_toy.ipynb"
    found(tmp_path, chapter())
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].metadata["collapsed"] = True
    notebook.metadata["language_info"]["version"] = "3.11.7"
    nbformat.write(notebook, path)
    sentences = problems(path)
    assert any("collapsed" in sentence for sentence in sentences)
    assert any("a version" in sentence for sentence in sentences)


def test_two_runs_of_a_notebook_are_the_same_to_the_byte(tmp_path):
    source = "import sys\nprint('a')\nprint('b')\n3"
    cells = [new_code_cell(source), new_code_cell(source), new_markdown_cell("text")]
    written = []
    for _ in range(2):
        notebook = new_notebook(cells=[cell.copy() for cell in cells], metadata={"widgets": {}})
        execute(notebook, tmp_path)
        written.append(nbformat.writes(strip(notebook)))
    assert written[0] == written[1]
    assert len({cell.id for cell in notebook.cells}) == 3
    assert [output.output_type for output in notebook.cells[0].outputs] == ["stream", "execute_result"]
