"""The parts of a chapter."""

import re

from rules import code, framework, headings, headings_of, prose
from rules.references import TAG

SECTIONS = ["They agree", "What goes wrong", "Cost", "Summary"]
OF_WHAT_IS_NEW = {"They agree", "Cost"}  # a chapter that numbers no equation derives and builds nothing new
PROMISES = ["You need", "You will be able to", "Time"]
STEPS = range(20, 41)


def promises(notebook, path):
    for promise in PROMISES:
        if promise not in prose(notebook).split("\n## ")[0]:
            yield f"nothing before the first section says {promise!r}"


def sections(notebook, path):
    order = [name for level, text in headings(notebook) for name in SECTIONS if level == 2 and text.startswith(name)]
    free = set() if TAG.search(prose(notebook)) else OF_WHAT_IS_NEW - set(order)
    due = [name for name in SECTIONS if name not in free]
    if order != due:
        yield f"the sections {', '.join(due)} are due, once each and in this order; found: {', '.join(order)}"


def agreement(notebook, path):
    """Forward may have been shown before; the section prints of a gradient, in float64, that it is the same."""
    due, inside, told = False, False, False
    for cell in notebook.cells:
        if cell.cell_type == "code" and inside:
            printed = "".join(output.get("text", "") for output in cell.outputs)
            told = told or bool(re.search(r"gradient.* agree within 1e-12 ", printed))
        elif sections := [text for level, text in headings_of(cell.source) if level == 2]:
            inside = sections[-1].startswith("They agree")
            due = due or inside
    if due and not told:
        yield "'They agree' shows no gradient that agrees within 1e-12"


def links(notebook, path):
    for folder in ("exercises", "solutions"):
        if f"{folder}/{path.stem}" not in prose(notebook).split("\n## ")[-1]:
            yield f"the last section does not link to {folder}/{path.name}"


def steps(notebook, path):
    """Cells that run; of a set of tabs NumPy's alone count, and what only moves is no step."""
    steps = [cell for cell in code(notebook) if framework(cell) in (None, "numpy")]
    count = sum("\nexplorers." not in f"\n{cell.source}" for cell in steps)
    if count not in STEPS:
        yield f"{count} steps; a chapter has {STEPS.start} to {STEPS.stop - 1}"


RULES = (promises, sections, agreement, links, steps)
