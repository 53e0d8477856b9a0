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


def drawing(kind="image/png", **mystnb):
    output = new_output("display_data", {kind: "iVBORw0KGgo="})
    return new_code_cell("draw()", outputs=[output], metadata={"mystnb": PICTURE | mystnb})


FIRST_LINES = {"numpy": "# NumPy", "tensorflow": "# TensorFlow", "pytorch": "# PyTorch"}


def tabs(*tagged):
    cells = [printing(tag, tags=[tag]) for tag in tagged]
    for cell, tag in zip(cells, tagged, strict=True):
        cell.source = f"{FIRST_LINES[tag]}\n{cell.source}"
    return cells


def chapter():
    """The cells of a small chapter with nothing wrong in it."""
    return [
        new_markdown_cell("# Toy\n\n**You need** …\n**You will be able to** …\n**Time** …\n\n## Bars\n\n### Three"),
        new_markdown_cell(r"$$ a = b \tag{3.1} $$ and, by (3.1), $$ c = d \tag{3.2} $$"),
        new_code_cell("# checks (3.1)\nassert True"),
        *tabs("numpy", "tensorflow", "pytorch"),
        new_code_cell("# NumPy\n# checks (3.2)\nassert True"),
        drawing(),
        new_markdown_cell("Figure 3.1, `{a}`, `f{b}` and $\\text{a}_{b}$.\n\n```\n# no heading\n{role}`text`\n```"),
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


def two_pictures():
    cell = drawing(figure={"caption": "A", "name": "fig-two"})
    cell.outputs *= 2
    return cell


def stderr():
    return new_code_cell("warn()", outputs=[new_output("stream", name="stderr", text="careful\n")])


def error():
    return new_code_cell("fail()", outputs=[new_output("error", ename="ValueError", evalue="no", traceback=[])])


ADDED = {
    "has run as [99], not [27]": [new_code_cell("x = 1", execution_count=99)],
    "has 16 lines": [new_code_cell("\n".join(["x = 1"] * 16))],
    "has 89 columns": [new_code_cell(f"x = 1  # {'x' * 80}")],
    "hides its result by a semicolon": [new_code_cell("draw();")],
    "uses `from_numpy`": [new_code_cell("torch.from_numpy(x)")],
    "uses `.cpu()`": [new_code_cell("x.cpu().numpy()")],
    "uses `.detach().numpy()`": [new_code_cell("x.detach().numpy()")],
    "the cell 'x = 1' is tagged pytorch; in Jupyter only a first line '# PyTorch' says so": [
        *tabs("numpy", "tensorflow"),
        new_code_cell("x = 1", metadata={"tags": ["pytorch"]}),
    ],
    "'# TensorFlow' is tagged numpy": [
        new_code_cell("# TensorFlow", metadata={"tags": ["numpy"]}),
        *tabs("tensorflow", "pytorch"),
    ],
    "'```{note}' is markup": [new_markdown_cell("```{note}\nCareful.\n```")],
    "':::{note}' is markup": [new_markdown_cell(":::{note}\nCareful.\n:::")],
    "'(there)=' is markup": [new_markdown_cell("(there)=\nText.")],
    "'{numref}`fig-bars`' is markup": [new_markdown_cell("See {numref}`fig-bars`.")],
    "'{glue:text}`loss`' is markup": [new_markdown_cell("A loss of {glue:text}`loss`.")],
    "'from myst_nb import glue' glues": [new_code_cell("from myst_nb import glue")],
    "'book.glue(1)' glues": [new_code_cell("book.glue(1)")],
    "../solutions/03_toy.ipynb#a has an anchor": [new_markdown_cell("[a](../solutions/03_toy.ipynb#a)")],
    "'# Another' is a second title": [new_markdown_cell("# Another")],
    "'Deep' is a heading of level 4 below one of level 2": [new_markdown_cell("## High\n\n#### Deep")],
    "Figure 3.2 is referred to": [new_markdown_cell("As Figure\n3.2 shows.")],
    "Figure 4.1 is referred to": [new_markdown_cell("As Figure 4.1 shows.")],
    "Figure S3.1 is referred to": [new_markdown_cell("As Figure S3.1 shows.")],
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
    "shows 2 pictures": [two_pictures()],
    "shows image/jpeg, which is not compared": [drawing("image/jpeg", figure={"caption": "A", "name": "fig-jpeg"})],
    "the picture net.svg has no alt text": [new_markdown_cell("![](net.svg)")],
    "tagged numpy, pytorch": tabs("numpy", "pytorch"),
    "tagged pytorch, tensorflow, numpy": tabs("pytorch", "tensorflow", "numpy"),
    "equation (3.5) stands where (3.3) is due": [new_markdown_cell(r"$$ e = f \tag{3.5} $$")],
    "equation (3.1) stands where (3.3) is due": [new_markdown_cell(r"$$ e = f \tag{3.1} $$")],
    "no cell begins '# checks (3.3)'": [new_markdown_cell(r"$$ e = f \tag{3.3} $$")],
    "(3.9) is referred to": [new_markdown_cell("As (3.9) says.")],
    "(3.8) is referred to": [new_code_cell("# checks (3.8)\nassert True")],
    "41 steps": [printing(str(number)) for number in range(17)],
}


@pytest.mark.parametrize("problem", ADDED)
def test_a_fault_is_found(tmp_path, problem):
    cells = chapter()
    cells[-2:-2] = ADDED[problem]
    assert any(problem in sentence for sentence in found(tmp_path, cells))


CHANGED = {
    "does not begin with the title": ("# Toy", "Toy"),
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
    cells.insert(-2, new_markdown_cell("`f(3.9)`, $f(3.9)$ and\n```\nf(3.9), Figure 3.9\n```"))
    assert found(tmp_path, cells) == []


HINTS = "\n".join(f"<details><summary>Hint {n}: where</summary>\n\nLook.\n\n</details>" for n in (1, 2, 3))
SOLUTION = "def a(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"
ORDER = ["by hand", "write it", "mend it", "predict", "write it, twice", "go further", "reason"]
CHECKED = {"by hand", "write it", "mend it", "write it, twice", "go further"}


def exercise(number, kind, checked):
    header = f"### Exercise {number} · ★★☆☆☆ · 10 minutes · {kind}\n\nDo it.\n\n{HINTS}"
    answer = [new_code_cell(SOLUTION), new_code_cell(f'check("{number}", a)')] if checked else []
    return [new_markdown_cell(header), *answer, new_markdown_cell("**Why.**", metadata={"tags": ["solution"]})]


def solutions(chapter=3, order=ORDER):
    """The cells of a set of solutions with nothing wrong in it."""
    cells = [new_markdown_cell(f"# Solutions {chapter}: toy"), new_markdown_cell("## Bars")]
    for count, kind in enumerate(order, 1):
        cells += exercise(f"{chapter}.{count}", kind, kind in CHECKED)
    return cells


SET = "solutions/03_toy.ipynb"


def test_solutions_know_the_equations_and_figures_of_chapters_and_their_own_figures(tmp_path):
    assert found(tmp_path, chapter()) == []
    assert found(tmp_path, solutions(), SET) == []
    referring = new_markdown_cell("By (3.2), and by (3.7); Figure 3.1, Figure S3.1 and Figure S3.2.")
    assert found(tmp_path, [*solutions(), drawing(), referring], SET) == [
        "(3.7) is referred to, and there is no such equation",
        "Figure S3.2 is referred to, and there is no such figure",
    ]


SET_CHANGED = {
    "does not begin '# Solutions 3: …'": ("# Solutions 3", "# Answers 3"),
    "the first cell does not begin with the title": ("# Solutions 3: toy", "Toy"),
    "is not of the form '### Exercise 3.2 · ★★☆☆☆ · 10 minutes · write it'": ("3.2 · ★★☆☆☆", "3.2 · ★★★☆☆☆"),
    "'## Exercise 3.4 · ★★☆☆☆ · 10 minutes · predict' is not": ("### Exercise 3.4", "## Exercise 3.4"),
    "a heading of level 3 below one of level 1": ("## Bars", "Bars"),
    "exercise 3.6 stands where 3.5 is due": ("Exercise 3.5", "Exercise 3.6"),
    "exercise 3.1 needs three folded hints": ("Hint 2", "Hint 4"),
    "exercise 3.1 has nothing between '### BEGIN SOLUTION'": ("### BEGIN SOLUTION", "# here"),
    "no exercise is of the kind 'mend it'": ("minutes · mend it", "minutes · write it"),
    "4 exercises are checked and 3 ask for reasons; a set has at least 5 and 2": ('check("3.2", a)', "a(1)"),
}


@pytest.mark.parametrize("problem", SET_CHANGED)
def test_a_fault_of_a_set_of_solutions_is_found(tmp_path, problem):
    cells = solutions()
    before = "".join(cell.source for cell in cells)
    for cell in cells:
        cell.source = cell.source.replace(*SET_CHANGED[problem])
    assert "".join(cell.source for cell in cells) != before
    assert any(problem in sentence for sentence in found(tmp_path, cells, SET))


def test_a_set_has_enough_exercises_and_each_its_reasoning(tmp_path):
    assert found(tmp_path, solutions(order=[kind for kind in ORDER if kind != "reason"]), SET) == [
        "5 exercises are checked and 1 ask for reasons; a set has at least 5 and 2"
    ]
    assert found(tmp_path, solutions(9, ORDER[:3]), "solutions/09_toy.ipynb") == []
    assert found(tmp_path, solutions(8, ORDER[:3]), "solutions/08_toy.ipynb")[0].startswith("3 exercises are checked")
    assert found(tmp_path, solutions(9, ORDER[:2]), "solutions/09_toy.ipynb") == [
        "2 exercises are checked; a case study has at least 3"
    ]
    assert found(tmp_path, solutions()[:-1], SET) == [
        "exercise 3.7 has no Markdown cell tagged `solution`, with the reasoning"
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
