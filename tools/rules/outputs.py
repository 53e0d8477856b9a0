"""What is stored with the code: run in order, compared by nbval, quiet, and pictures that can be told apart."""

import re

from rules import code, ignored, opening, prose, tags

IGNORED = 2


def executed(notebook, path):
    """nbval compares nothing in a cell that has no number, so that any stored output would pass."""
    for position, cell in enumerate(code(notebook), 1):
        if cell.execution_count != position:
            yield f"{opening(cell)} has run as [{cell.execution_count}], not [{position}]: run the whole notebook"


def ignored_outputs(notebook, path):
    cells = [cell for cell in code(notebook) if ignored(cell)]
    if len(cells) > IGNORED:
        yield f"{len(cells)} outputs are not compared (nbval-ignore-output); at most {IGNORED} may be"
    for cell in cells:
        if not re.search(r"^\s*assert ", cell.source, re.MULTILINE):
            yield f"{opening(cell)} is not compared (nbval-ignore-output) and asserts nothing"
    for cell in code(notebook):
        if re.search(r"nbval-?_?skip", f"{tags(cell)} {cell.source}", re.IGNORECASE):
            yield f"{opening(cell)} is never run (nbval-skip)"


def quiet(notebook, path):
    for cell in code(notebook):
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                yield f"{opening(cell)} writes to stderr: {output.text.strip().splitlines()[0]}"
            if output.output_type == "error":
                yield f"{opening(cell)} ends in {output.ename}; catch it and print what it says"


def clean(notebook, path):
    for cell in notebook.cells:
        volatile = cell.metadata.keys() - {"tags", "mystnb"}
        if volatile:
            yield f"a cell carries {', '.join(sorted(volatile))} in its metadata; `tools/notebooks.py run` strips it"
    if notebook.metadata.keys() - {"kernelspec", "language_info"} or "version" in notebook.metadata.get(
        "language_info", {}
    ):
        yield "the notebook's metadata name an editor or a version; `tools/notebooks.py run` strips them"


def pictures(notebook, path):
    names = []
    for cell in code(notebook):
        shown = [kind for output in cell.outputs for kind in output.get("data", {}) if kind.startswith("image/")]
        if not shown:
            continue
        if len(shown) > 1:
            yield f"{opening(cell)} shows {len(shown)} pictures; a caption needs a cell with one"
        for kind in set(shown) - {"image/png", "image/svg+xml"}:
            yield f"{opening(cell)} shows {kind}, which is not compared; show PNG or SVG"
        about = cell.metadata.get("mystnb", {})
        figure, alt = about.get("figure", {}), about.get("image", {}).get("alt", "")
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


RULES = (executed, ignored_outputs, quiet, clean, pictures)
