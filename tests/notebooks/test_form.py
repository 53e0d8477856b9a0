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
        new_markdown_cell(r"$$ c = n \tag{3.1} $$ and, by (3.1), $$ F(p) = Z \tag{3.2} $$"),
        new_code_cell("# checks (3.1)\nassert True"),
        *tabs("numpy", "tensorflow", "pytorch"),
        new_code_cell("# NumPy\n# checks (3.2)\nassert True"),
        drawing(),
        new_markdown_cell("Figure 3.1, `{a}`, `f{b}` and $\\text{a}_{b}$.\n\n```\n# no heading\n{role}`text`\n```"),
        *(printing(f"step {number}") for number in range(20)),
        new_markdown_cell("## They agree"),
        printing("gradient of W agree within 1e-12 of the largest entry"),
        new_markdown_cell("## What goes wrong\n\n## Cost"),
        new_markdown_cell("## Summary\n\n[E](../exercises/03_toy.ipynb), [S](../solutions/03_toy.ipynb)"),
    ]


def found(folder, cells, name="chapters/03_toy.ipynb"):
    """The problems of these cells, numbered as if they had just run."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    notebook = strip(new_notebook(cells=cells))
    ran = [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]
    for count, cell in enumerate(ran, 1):
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
    return new_code_cell("warn()", outputs=[new_output("stream", name="stderr", text="careful\nline 3\n")])


def named(name, kind="image/png", **mystnb):
    return drawing(kind, **{"figure": {"caption": "A", "name": name}} | mystnb)


def error():
    return new_code_cell("fail()", outputs=[new_output("error", ename="ValueError", evalue="no", traceback=[])])


def asserting(source="assert True"):
    return new_code_cell(source, metadata={"tags": ["nbval-ignore-output"]})


def with_these(added):
    cells = chapter()
    cells[-2:-2] = added
    return cells


ADDED = {
    "has run as [99], not [28]": [new_code_cell("x = 1", execution_count=99)],
    "has 16 lines": [new_code_cell("\n".join(["x = 1"] * 16))],
    "has 89 columns": [new_code_cell(f"x = 1  # {'x' * 80}")],
    "hides its result by a semicolon": [new_code_cell("draw();\n")],
    "uses `from_numpy`": [new_code_cell("torch.from_numpy(x)")],
    "uses `.cpu()`": [new_code_cell("x.cpu().numpy()")],
    "the cell 'x.detach().numpy()' uses `.detach().numpy()`": [new_code_cell("x.detach().numpy()")],
    "the cell '(x.detach()' uses `.detach().numpy()`": [new_code_cell("(x.detach()\n    .numpy())")],
    "the cell 'x.cpu()' uses": [
        new_code_cell("# NumPy\nx.cpu()", metadata={"tags": ["numpy"]}),
        *tabs("tensorflow", "pytorch"),
    ],
    "the cell 'x = 1' is tagged pytorch; in Jupyter only a first line '# PyTorch' says so": [
        *tabs("numpy", "tensorflow"),
        new_code_cell("x = 1", metadata={"tags": ["pytorch"]}),
    ],
    "'# TensorFlow' is tagged numpy": [
        new_code_cell("# TensorFlow", metadata={"tags": ["numpy"]}),
        *tabs("tensorflow", "pytorch"),
    ],
    "'~~~ {note}' is markup": [new_markdown_cell("- One\n\n  ~~~ {note}\n  Careful.\n  ~~~")],
    "'```{note}' is markup": [new_markdown_cell("```{note}\nCareful.\n```")],
    "':::{note}' is markup": [new_markdown_cell(":::{note}\nCareful.\n:::")],
    "'(there)=' is markup": [new_markdown_cell("(there)= \nText.")],
    "'{numref}`fig-bars`' is markup": [new_markdown_cell("See {numref}`fig-bars`.")],
    "'{glue:text}`loss`' is markup": [new_markdown_cell("A loss of {glue:text}`loss`.")],
    "'from myst_nb import glue' glues": [new_code_cell("from myst_nb import glue")],
    "'book.glue(1)' glues": [new_code_cell("book.glue(1)")],
    "../solutions/03_toy.ipynb#a has an anchor": [new_markdown_cell("[a](../solutions/03_toy.ipynb#a)")],
    "'# Another' is a second title": [new_markdown_cell("# Another")],
    "'Deep' is a heading of level 4 below one of level 2": [new_markdown_cell("## High\n\n#### Deep")],
    "Figure 3.2 is referred to": [new_markdown_cell("As Figure\n3.2 shows.")],
    "Figure 3.3 is referred to": [new_markdown_cell("As `f`Figure 3.3 shows.")],
    "Figure 4.1 is referred to": [new_markdown_cell("As Figure 4.1 shows.")],
    "Figure S3.1 is referred to": [new_markdown_cell("As Figure S3.1 shows.")],
    "3 outputs are not compared": [asserting(), asserting(), asserting()],
    "asserts nothing": [printing("a loss", tags=["nbval-ignore-output"])],
    "'# NBVAL_IGNORE_OUTPUT' is not compared": [new_code_cell("# NBVAL_IGNORE_OUTPUT\nprint(1)")],
    "the cell \"print('assert a')\" is not compared": [printing("assert a", tags=["nbval-ignore-output"])],
    "the cell '# NBVAL_SKIP' is never run": [new_code_cell("# NBVAL_SKIP\nx = 1")],
    "is never run": [printing("slow", tags=["nbval-skip"])],
    "the cell 'warn()' writes to stderr: careful": [stderr()],
    "ends in ValueError": [error()],
    "no alt text": [named("fig-other", image={"alt": ""})],
    "no caption": [drawing(figure={"name": "fig-other"})],
    "no name": [drawing(figure={"caption": "Another."})],
    "repeats the caption": [named("fig-other", image={"alt": "A"})],
    "two pictures are called 'fig-bars'": [drawing()],
    "the cell 'draw()' shows 2 pictures": [two_pictures()],
    "shows image/jpeg, which is not compared": [named("fig-jpeg", "image/jpeg")],
    "shows image/gif, which is not compared": [named("fig-gif", "image/gif")],
    "the picture bare.svg has no alt text": [new_markdown_cell("![ ](bare.svg)")],
    "the picture net.svg has no alt text": [new_markdown_cell("![](net.svg)")],
    "tagged numpy, pytorch": tabs("numpy", "pytorch"),
    "tagged tensorflow, pytorch; a set": tabs("numpy", "tensorflow", "pytorch", "tensorflow", "pytorch"),
    "tagged pytorch, tensorflow, numpy": tabs("pytorch", "tensorflow", "numpy"),
    "equation (3.5) stands where (3.3) is due": [
        new_markdown_cell(r"$$ e = m \tag{3.5} $$"),
        new_code_cell("# checks (3.5)\nassert True"),
    ],
    "equation (3.1) stands where (3.3) is due": [new_markdown_cell(r"$$ e = m \tag{3.1} $$")],
    "(3.3) has $b_m$, which is in no table": [
        new_markdown_cell(r"$$ e = b_m \tag{3.3} $$"),
        new_code_cell("# checks (3.3)\nassert True"),
    ],
    "no cell begins '# checks (3.3)'": [new_markdown_cell(r"$$ e = m \tag{3.3} $$")],
    "(3.9) is referred to": [new_markdown_cell("As (3.9) says.")],
    "(3.8) is referred to": [new_code_cell("# checks (3.8)\nassert True")],
}


@pytest.mark.parametrize("problem", ADDED)
def test_a_fault_is_found(tmp_path, problem):
    (sentence,) = found(tmp_path, with_these(ADDED[problem]))
    assert problem in sentence


SVG = "image/svg+xml"
ALLOWED = {
    "15 lines": [new_code_cell("\n".join(["x = 1"] * 15))],
    "88 columns": [new_code_cell(f"x = 1  # {'x' * 79}")],
    "a semicolon that hides nothing": [new_code_cell("x = 1; y = 2\nprint('x;')")],
    "names that only look like handing over": [
        new_code_cell("as_from_numpy = from_numpy_too = os.cpu_count()\nx.detach() + x.numpy(force=True)")
    ],
    "a cell without code": [new_code_cell(" \n"), printing("after")],
    "two sets of tabs, and two cells in a tab": tabs(
        "numpy", "tensorflow", "pytorch", "numpy", "tensorflow", "tensorflow", "pytorch"
    ),
    "text with the tag of a framework": [new_markdown_cell("Text.", metadata={"tags": ["pytorch"]})],
    "two outputs that are not compared": [asserting(), asserting("for x in y:\n    assert x")],
    "an SVG": [named("fig-svg", SVG)],
    "a picture with alt text": [new_markdown_cell("![A net](net.svg)")],
    "no heading": [new_markdown_cell("#tag\n\n~~~\n# comment\n~~~\n\n####### seven")],
    "levels that end together": [new_markdown_cell("## One\n\n### Two\n\n#### Three\n\n## One again")],
    "a section's name at another level": [new_markdown_cell("### Cost\n\nOf this.")],
    "numbers that are no equations": [new_markdown_cell("(0.05), (3.0), 3.9, (3.9.1), (a 3.9) and (113.9)")],
    "formulas": [new_markdown_cell("$f(3.9)$ and $$ g(3.9) $$ and `f(3.9)`")],
    "code in text": [new_markdown_cell("```\n` (3.9), Figure 3.9\n(there)=\n```")],
    "a number in code": [new_code_cell("f(3.9)\n# checks (3.9)")],
    "a word for what is glued": [new_code_cell("unglue(1); glue = 1")],
    "an anchor that is the same everywhere": [new_markdown_cell("[a](https://x.org/a#b), [b](net.svg#c)")],
}


@pytest.mark.parametrize("case", ALLOWED)
def test_what_is_allowed_is_no_fault(tmp_path, case):
    assert found(tmp_path, with_these(ALLOWED[case])) == []


@pytest.mark.parametrize(("steps", "said"), [(19, True), (20, False), (40, False), (41, True)])
def test_a_chapter_has_20_to_40_steps(tmp_path, steps, said):
    """Two sets of tabs are two steps; the other cells of ``chapter`` that run are four, and twenty of ``printing``."""
    cells = [cell for cell in chapter() if not cell.source.startswith("print('step")]
    cells[-2:-2] = [*tabs(*FIRST_LINES), *tabs(*FIRST_LINES), *(printing(f"step {n}") for n in range(steps - 7))]
    assert found(tmp_path, cells) == [f"{steps} steps; a chapter has 20 to 40"] * said


def test_what_is_missing_from_pictures_is_said_once(tmp_path):
    nameless = [drawing(figure={"caption": caption}) for caption in ("One.", "Two.")]
    assert found(tmp_path, with_these(nameless)) == ["the picture of the cell 'draw()' has no name"] * 2
    silent = [drawing(figure={"caption": "", "name": "fig-other"}, image={"alt": ""})]
    assert found(tmp_path, with_these(silent)) == [
        f"the picture of the cell 'draw()' has no {what}" for what in ("alt text", "caption")
    ]
    uncaptioned = [drawing(figure={"name": "fig-other"}), new_markdown_cell("Figure 3.2 has no number.")]
    assert found(tmp_path, with_these(uncaptioned)) == [
        "the picture of the cell 'draw()' has no caption",
        "Figure 3.2 is referred to, and there is no such figure",
    ]


def test_a_chapter_with_two_digits_is_read_alike(tmp_path):
    cells = chapter()
    for cell in cells:
        cell.source = cell.source.replace("3.1", "12.1").replace("3.2", "12.2").replace("03_toy", "12_toy")
    assert found(tmp_path, cells, "chapters/12_toy.ipynb") == []
    cells.insert(-2, new_markdown_cell("(12.10) and Figure 12.2"))
    assert found(tmp_path, cells, "chapters/12_toy.ipynb") == [
        "(12.10) is referred to, and there is no such equation",
        "Figure 12.2 is referred to, and there is no such figure",
    ]


CHANGED = {  # problem: what is replaced by what
    "does not begin with the title": ("# Toy", "Toy"),
    "does not begin with the title, '# …'": ("# Toy", "#Toy"),
    "says 'You need'": ("You need", "You want"),
    "says 'You will be able to'": ("be able to", "see", "## Cost", "## Cost\n\nYou will be able to"),
    "says 'Time'": ("**Time**", ""),
    "found: They agree, What goes wrong, Summary": ("## Cost", "### Cost"),
    "found: They agree, Cost, What goes wrong, Summary": ("## Cost", "", "## What", "## Cost\n\n## What"),
    "found: They agree, What goes wrong, Cost, Cost, Summary": ("## Cost", "## Cost\n\n## Cost"),
    "link to exercises/03_toy.ipynb": ("[E](../exercises/03_toy", "[E](../exercises/01_toy"),
    "link to solutions/03_toy.ipynb": ("## Cost", "## Cost\n\nsolutions/03_toy", "(../solutions/03_toy", "(there"),
}


def changed(cells, *replaced):
    """The cells after each text was replaced by the next, which must have been there."""
    for old, new in zip(replaced[::2], replaced[1::2], strict=True):
        assert any(old in cell.source for cell in cells)
        for cell in cells:
            cell.source = cell.source.replace(old, new)
    return cells


@pytest.mark.parametrize("problem", CHANGED)
def test_a_missing_part_is_found(tmp_path, problem):
    (sentence,) = found(tmp_path, changed(chapter(), *CHANGED[problem]))
    assert problem in sentence


@pytest.mark.parametrize("printed", ["output agree within 1e-12 of", "gradient agree within 1e-06 of", "gradient\n"])
def test_a_gradient_that_agrees_must_be_seen_there(tmp_path, printed):
    cells = chapter()
    (shown,) = [cell for cell in cells if "agree within" in cell.source]
    shown.outputs[0].text = printed
    assert found(tmp_path, cells) == ["'They agree' shows no gradient that agrees within 1e-12"]


def test_a_section_may_say_more_than_its_name(tmp_path):
    assert found(tmp_path, changed(chapter(), "## Cost", "## Cost, counted and measured")) == []


NO_EQUATION = r" \tag{3.1}", "", r" \tag{3.2}", "", "by (3.1), ", "", "# checks (3.1)", "# a", "# checks (3.2)", "# b"


def test_a_chapter_that_numbers_no_equation_may_leave_out_what_is_said_of_the_new(tmp_path):
    assert found(tmp_path, changed(chapter(), *NO_EQUATION)) == []
    assert found(tmp_path, changed(chapter(), *NO_EQUATION, "## They agree", "", "## Cost", "")) == []
    assert found(tmp_path, changed(chapter(), *NO_EQUATION, "## Cost", "")) == []
    (wanted,) = found(tmp_path, changed(chapter(), *NO_EQUATION, "## Cost", "", "## What goes wrong", ""))
    assert "the sections They agree, What goes wrong, Summary are due" in wanted
    twice = changed(chapter(), *NO_EQUATION, "## They agree", "", "## Cost", "## Cost\n\n## Cost")
    (wanted,) = found(tmp_path, twice)
    assert "the sections What goes wrong, Cost, Summary are due" in wanted
    assert len(found(tmp_path, changed(chapter(), "## They agree", "", "## Cost", ""))) == 1  # it has equations


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


FIRST = "Exercise 3.1 · ★★☆☆☆ · 10 minutes · by hand"
NOT_THE_TITLE = "the first cell does not begin '# Solutions 3: …'; the exercises' title comes of it"
NOT_THE_HEADER = "is not of the form '### Exercise 3.2 · ★★☆☆☆ · 10 minutes · write it'"
SET_CHANGED = [  # (what is replaced by what, what is said)
    (("# Solutions 3", "# Answers 3"), [NOT_THE_TITLE]),
    (("# Solutions 3", "# Solutionsheet 3"), [NOT_THE_TITLE]),
    (("# Solutions 3: toy", "Toy"), ["the first cell does not begin with the title, '# …'", NOT_THE_TITLE]),
    (("## Bars", "Bars"), [f"{FIRST!r} is a heading of level 3 below one of level 1: a level between is due"]),
    (("3.5 · ★★☆☆☆", "3.6 · ★★☆☆☆"), ["exercise 3.6 stands where 3.5 is due"]),
    (("3.1 · ★★☆☆☆", "4.1 · ★★☆☆☆"), ["exercise 4.1 stands where 3.1 is due"]),
    (("minutes · write it", "minutes · mend it"), ["no exercise is of the kind 'write it'"]),
    *(
        ((f"minutes · {kind}", "minutes · some other"), [f"no exercise is of the kind {kind!r}"])
        for kind in ("by hand", "mend it", "predict", "go further")
    ),
    *(
        (('check("3.2", a)', other), ["4 exercises are checked and 3 ask for reasons; a set has at least 5 and 2"])
        for other in ("a(1)", 'recheck("3.2", a)', "check(3.2)")
    ),
]


@pytest.mark.parametrize(("replaced", "said"), SET_CHANGED)
def test_a_fault_of_a_set_of_solutions_is_found(tmp_path, replaced, said):
    assert found(tmp_path, changed(solutions(), *replaced), SET) == said


@pytest.mark.parametrize(
    "header",
    [
        "### Exercise 3.7 · ★★★☆☆☆ · 10 minutes · reason",
        "### Exercise 3.7 · ★★☆☆ · 10 minutes · reason",
        "### Exercise 3.7 · ☆☆☆★★ · 10 minutes · reason",
        "### Exercise 3.7 · ★★☆☆☆ · 2 hours · reason",
        "### Exercise 3.7 · ★★☆☆☆ · reason",
        "### Exercise 3.7 · ★★☆☆☆ · 10 minutes ·",
        "### Exercise 7 · ★★☆☆☆ · 10 minutes · reason",
        "## Exercise 3.7 · ★★☆☆☆ · 10 minutes · reason",
    ],
)
def test_a_header_has_one_form(tmp_path, header):
    cells = changed(solutions(), "### Exercise 3.7 · ★★☆☆☆ · 10 minutes · reason", header)
    assert f"{header!r} {NOT_THE_HEADER}" in found(tmp_path, cells, SET)


@pytest.mark.parametrize(
    "hints",
    [
        HINTS.replace("Hint 2", "Hint 4"),
        HINTS.replace("Hint 1", "Hint 0").replace("Hint 2", "Hint 1").replace("Hint 0", "Hint 2"),
        HINTS.replace("Hint 1: where", "Hint 1"),
        HINTS.replace("where</summary>\n\n", "where</summary>\n", 1),
        HINTS.replace("\n\n</details>", "\n</details>"),
        HINTS.split("\n<details><summary>Hint 3")[0],
        f"{HINTS}\n{HINTS}",
    ],
)
def test_hints_have_one_form(tmp_path, hints):
    cells = changed(solutions(), f"{FIRST}\n\nDo it.\n\n{HINTS}", f"{FIRST}\n\nDo it.\n\n{hints}")
    needs = "exercise 3.1 needs three folded hints, numbered, with an empty line after each summary"
    assert found(tmp_path, cells, SET) == [needs]


SECOND = slice(6, 10)  # of the cells of ``solutions``: the task of 3.2, the stub, the check, the reasoning
GIVEN_AWAY = "exercise 3.2 has nothing between '### BEGIN SOLUTION' and '### END SOLUTION': it would be given away"
NO_REASONING = "exercise 3.2 has no Markdown cell tagged `solution`, with the reasoning"


@pytest.mark.parametrize(
    ("cell", "source", "said"),
    [
        (1, SOLUTION.replace("### BEGIN SOLUTION", "# here"), [GIVEN_AWAY]),
        (1, SOLUTION.replace("### END SOLUTION", "# here"), [GIVEN_AWAY]),
        (1, SOLUTION.replace("### END SOLUTION", "### END SOLUTION of it"), [GIVEN_AWAY]),
        (1, SOLUTION.replace("return x", "x += 1\n    return x"), []),
        (2, 'check("3.2", a)\ncheck("3.2b", a)', []),
    ],
)
def test_a_solution_can_be_taken_out(tmp_path, cell, source, said):
    cells = solutions()
    cells[SECOND][cell].source = source
    assert found(tmp_path, cells, SET) == said


def test_words_are_no_code_and_code_no_words(tmp_path):
    cells = solutions()
    cells[SECOND][1].source = "def a(x): ..."
    cells[SECOND][3].source += f"\n\n```python\n{SOLUTION}\n```"
    assert found(tmp_path, cells, SET) == [GIVEN_AWAY]
    cells = solutions()
    cells[9] = new_code_cell("proof()", metadata={"tags": ["solution"]})
    assert found(tmp_path, cells, SET) == [NO_REASONING]
    cells = solutions()
    cells[9] = new_markdown_cell("**Why.**")
    assert found(tmp_path, cells, SET) == [NO_REASONING]
    cells = solutions()
    cells[-1].source += '\n\nIt needs no `check("3.7", a)`.'  # an exercise that asks for reasons still
    assert found(tmp_path, cells, SET) == []


def test_what_a_set_may_also_be(tmp_path):
    cells = changed(solutions(), "10 minutes · go further", "an evening · go further, and back")
    cells = changed(cells, "★★☆☆☆ · 10 minutes · mend it", "★★★★★ · 5 minutes · mend it, then run it")
    cells.insert(
        2, new_markdown_cell(r"By its own $$ c = n \tag{3.9} $$ (3.9) is an equation, though no cell checks it.")
    )
    assert found(tmp_path, cells, SET) == []
    asked = [*ORDER, *["reason"] * 2, "write it"]
    assert found(tmp_path, solutions(order=asked), SET) == []  # up to 3.10
    five = ["by hand", "write it", "mend it", "predict", "go further", "go further", "predict, checked"]
    assert found(tmp_path, solutions(order=five), SET) == []


def test_exercises_are_counted_from_one_and_two_checks_are_of_one_exercise(tmp_path):
    without_the_first = [*solutions()[:2], *solutions(order=["by hand", *ORDER])[6:]]
    assert "exercise 3.2 stands where 3.1 is due" in found(tmp_path, without_the_first, SET)
    two_in_one = changed(solutions(), 'check("3.2", a)', "a(1)", 'check("3.1", a)', 'check("3.1", a)\ncheck("3.1b", a)')
    assert found(tmp_path, two_in_one, SET) == [
        "4 exercises are checked and 3 ask for reasons; a set has at least 5 and 2"
    ]


def test_an_exercise_of_the_kind_reason_may_be_checked(tmp_path):
    cells = solutions(order=[kind for kind in ORDER if kind != "predict"] + ["predict"])
    assert found(tmp_path, cells, SET) == []
    cells.insert(-1, new_code_cell(SOLUTION))
    cells.insert(-1, new_code_cell('check("3.7", a)'))  # of "predict": only 3.6, "reason", is left
    assert found(tmp_path, cells, SET) == ["6 exercises are checked and 1 ask for reasons; a set has at least 5 and 2"]
    cells = solutions(order=[*ORDER, "reason"])
    cells.insert(-1, new_code_cell(SOLUTION))
    cells.insert(-1, new_code_cell('check("3.8", a)'))
    cells = [cell for cell in cells if "predict" not in cell.source]
    assert not any("ask for reasons" in sentence for sentence in found(tmp_path, cells, SET))


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


def test_a_notebook_stays_under_a_megabyte(tmp_path):
    assert found(tmp_path, chapter()) == []
    path = tmp_path / "chapters" / "03_toy.ipynb"
    path.write_bytes(path.read_bytes().ljust(999_999))
    assert problems(path) == []
    path.write_bytes(path.read_bytes() + b" ")
    assert problems(path) == ["takes 1.0 MB; a notebook stays under 1 MB"]


@pytest.mark.parametrize(
    ("cell", "notebook", "said"),
    [
        ({}, {}, []),
        ({"tags": ["a"]}, {}, []),
        ({"collapsed": True, "a": 1}, {}, ["a cell carries a, collapsed in its metadata"]),
        ({"jupyter": {"source_hidden": True}}, {}, ["a cell carries jupyter in its metadata"]),
        ({}, {"language_info": {"name": "python", "version": "3.11.7"}}, ["the notebook's metadata name"]),
        ({}, {"toc": {}}, ["the notebook's metadata name"]),
    ],
)
def test_metadata_that_differ_from_run_to_run_are_found(tmp_path, cell, notebook, said):
    assert found(tmp_path, chapter()) == []
    path = tmp_path / "chapters" / "03_toy.ipynb"
    made = nbformat.read(path, as_version=4)
    made.cells[0].metadata.update(cell)
    made.metadata.update(notebook)
    nbformat.write(made, path)
    assert [sentence[: len(start)] for sentence, start in zip(problems(path), said, strict=True)] == said


def test_two_runs_of_a_notebook_are_the_same_to_the_byte(tmp_path):
    source = "print('a', flush=True)\nprint('b', flush=True)\n3"
    cells = [new_code_cell(source), new_code_cell(source), new_markdown_cell("text")]
    written = []
    for _ in range(2):
        notebook = new_notebook(cells=[cell.copy() for cell in cells], metadata={"widgets": {}})
        execute(notebook, tmp_path)
        written.append(nbformat.writes(strip(notebook)))
    assert written[0] == written[1]
    assert len({cell.id for cell in notebook.cells}) == 3
    assert [output.output_type for output in notebook.cells[0].outputs] == ["stream", "execute_result"]
