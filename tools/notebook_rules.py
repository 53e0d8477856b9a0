"""The form of a chapter, as rules that a notebook keeps or breaks: ``problems(path)`` lists what it breaks.

STYLE.md says why.  A rule is a function that yields one sentence for each fault; it reads the notebook and nothing
else, so that a new chapter needs no edit here.
"""

import re
from itertools import groupby, pairwise
from pathlib import Path

import nbformat

FRAMEWORKS = ["numpy", "tensorflow", "pytorch"]
SECTIONS = ["They agree", "What goes wrong", "Cost", "Summary"]
PROMISES = ["You need", "You will be able to", "Time"]
LINES, IGNORED, STEPS, BYTES = 15, 2, range(20, 41), 1_000_000

TAG = re.compile(r"\\tag\{(\d+\.\d+)\}")
CHECKS = re.compile(r"\A# checks (.*)")
NUMBER = re.compile(r"\((\d{1,2}\.[1-9]\d?)\)")
NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)


def problems(path):
    """Sentences that say what is wrong with a chapter or a solution; none if nothing is."""
    path = Path(path)
    notebook = nbformat.read(path, as_version=4)
    rules = [executed, short, no_semicolon, ignored_outputs, quiet, clean, pictures, tabs]
    found = [problem for rule in rules for problem in rule(notebook)]
    found += equations(notebook, path)
    if path.parent.name == "chapters":
        found += form(notebook, path)
    if path.stat().st_size >= BYTES:
        found.append(f"takes {path.stat().st_size / 1e6:.1f} MB; a notebook stays under 1 MB")
    return found


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def tags(cell):
    return cell.metadata.get("tags", [])


def outputs(notebook, kind):
    return [(cell, output) for cell in code(notebook) for output in cell.outputs if output.output_type == kind]


def opening(cell):
    """The words by which a message names a cell."""
    return f"the cell {cell.source.splitlines()[0]!r}"


def executed(notebook):
    """nbval compares nothing in a cell that has no number, so that any stored output would pass."""
    for position, cell in enumerate(code(notebook), 1):
        if cell.execution_count != position:
            yield f"{opening(cell)} has run as [{cell.execution_count}], not [{position}]: run the whole notebook"


def short(notebook):
    for cell in code(notebook):
        if len(cell.source.splitlines()) > LINES:
            yield f"{opening(cell)} has {len(cell.source.splitlines())} lines; one idea takes at most {LINES}"


def no_semicolon(notebook):
    for cell in code(notebook):
        if cell.source.rstrip().endswith(";"):
            yield f"{opening(cell)} hides its result by a semicolon, which nbval does not heed: write `_ = …`"


def ignored_outputs(notebook):
    ignored = [cell for cell in code(notebook) if re.search(r"nbval-?_?ignore", f"{tags(cell)} {cell.source}", re.I)]
    if len(ignored) > IGNORED:
        yield f"{len(ignored)} outputs are not compared (nbval-ignore-output); at most {IGNORED} may be"
    for cell in ignored:
        if not re.search(r"^\s*assert ", cell.source, re.MULTILINE):
            yield f"{opening(cell)} is not compared (nbval-ignore-output) and asserts nothing"
    for cell in code(notebook):
        if re.search(r"nbval-?_?skip", f"{tags(cell)} {cell.source}", re.I):
            yield f"{opening(cell)} is never run (nbval-skip)"


def quiet(notebook):
    for cell, output in outputs(notebook, "stream"):
        if output.name == "stderr":
            yield f"{opening(cell)} writes to stderr: {output.text.strip().splitlines()[0]}"
    for cell, output in outputs(notebook, "error"):
        yield f"{opening(cell)} ends in {output.ename}; catch it and print what it says"


def clean(notebook):
    for cell in notebook.cells:
        volatile = cell.metadata.keys() - {"tags", "mystnb"}
        if volatile:
            yield f"a cell carries {', '.join(sorted(volatile))} in its metadata; `tools/notebooks.py run` strips it"
    if notebook.metadata.keys() - {"kernelspec", "language_info"} or "version" in notebook.metadata.get(
        "language_info", {}
    ):
        yield "the notebook's metadata name an editor or a version; `tools/notebooks.py run` strips them"


def pictures(notebook):
    names = []
    for cell in code(notebook):
        images = sum(any(kind.startswith("image/") for kind in output.get("data", {})) for output in cell.outputs)
        if images == 0:
            continue
        shown = cell.metadata.get("mystnb", {})
        figure, alt = shown.get("figure", {}), shown.get("image", {}).get("alt", "")
        if images > 1:
            yield f"{opening(cell)} shows {images} pictures; a caption needs a cell with one"
        for value, what in [(alt, "alt text"), (figure.get("caption"), "caption"), (figure.get("name"), "name")]:
            if not value:
                yield f"the picture of {opening(cell)} has no {what}"
        if alt and alt == figure.get("caption"):
            yield f"the alt text of {opening(cell)} repeats the caption; say what is seen"
        names.append(figure.get("name"))
    for name in {name for name in names if name and names.count(name) > 1}:
        yield f"two pictures are called {name!r}"
    for image in re.findall(r"!\[\s*\]\(([^)]*)\)", prose(notebook)):
        yield f"the picture {image} has no alt text"


def framework(cell):
    return next((name for name in FRAMEWORKS if name in tags(cell)), None) if cell.cell_type == "code" else None


def tabs(notebook):
    """Neighbouring cells of the frameworks: each framework's cells together, NumPy first, none left out."""
    for tagged, cells in groupby(notebook.cells, key=lambda cell: framework(cell) is not None):
        order = [name for name, _ in groupby(cells, key=framework)] if tagged else []
        for at in range(0, len(order), 3):
            if order[at : at + 3] != FRAMEWORKS:
                yield f"neighbouring cells are tagged {', '.join(order[at : at + 3])}; a set is {', '.join(FRAMEWORKS)}"


def chapter_number(path):
    return str(int(path.name[:2]))


def equations(notebook, path):
    """Equations are numbered in order; what is checked or referred to exists; a chapter checks what it numbers."""
    number, own = chapter_number(path), TAG.findall(prose(notebook))
    known = {tag for other in path.parent.parent.glob("chapters/*.ipynb") for tag in numbered(other)} | set(own)
    checked = {tag for cell in code(notebook) for line in CHECKS.findall(cell.source) for tag in NUMBER.findall(line)}
    referred = set(NUMBER.findall(NOT_PROSE.sub(" ", prose(notebook))))
    if path.parent.name == "chapters":
        for have, want in zip(own, (f"{number}.{count}" for count in range(1, len(own) + 1)), strict=True):
            if have != want:
                yield f"equation ({have}) stands where ({want}) is due"
        for tag in own:
            if tag not in checked:
                yield f"no cell begins '# checks ({tag})'"
    for tag in sorted((checked | referred) - known):
        yield f"({tag}) is referred to, and there is no such equation"


def numbered(path):
    return TAG.findall(prose(nbformat.read(path, as_version=4)))


def steps(notebook):
    """Cells that run; neighbouring cells of the three frameworks are one step."""
    names = [framework(cell) for cell in code(notebook)]
    return len(names) - sum(a is not None and b is not None and b != "numpy" for a, b in pairwise(names))


def form(notebook, path):
    first = notebook.cells[0].source
    if not first.startswith("# "):
        yield "the first cell does not begin with the title"
    for promise in PROMISES:
        if promise not in prose(notebook).split("\n## ")[0]:
            yield f"nothing before the first section says {promise!r}"
    headings = re.findall(r"^## (.*)", prose(notebook), re.MULTILINE)
    order = [name for heading in headings for name in SECTIONS if heading.startswith(name)]
    if order != SECTIONS:
        yield f"the sections {', '.join(SECTIONS)} are due, once each and in this order; found: {', '.join(order)}"
    for folder in ("exercises", "solutions"):
        if f"{folder}/{path.stem}" not in prose(notebook).split("\n## ")[-1]:
            yield f"the last section does not link to {folder}/{path.name}"
    if steps(notebook) not in STEPS:
        yield f"{steps(notebook)} steps; a chapter has {STEPS.start} to {STEPS.stop - 1}"
