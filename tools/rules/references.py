"""Equations and figures: numbered in order, and referred to only where they are."""

import re

import nbformat

from rules import CHECKS, chapter_number, code, prose

TAG = re.compile(r"\\tag\{(\d+\.\d+)\}")
NUMBER = re.compile(r"\((\d{1,2}\.[1-9]\d?)\)")
FIGURE = re.compile(r"\bFigure\s+([A-Z]?\d+\.\d+)")
NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)


def open_prose(notebook):
    """The text without code and formulas."""
    return NOT_PROSE.sub(" ", prose(notebook))


def chapters(path):
    return sorted(path.parent.parent.glob("chapters/*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


def equations(notebook, path):
    """They are numbered in order; what is checked or referred to exists; a chapter checks what it numbers."""
    number, own = chapter_number(path), TAG.findall(prose(notebook))
    known = {tag for other in chapters(path) for tag in TAG.findall(prose(read(other)))} | set(own)
    checked = {tag for cell in code(notebook) for line in CHECKS.findall(cell.source) for tag in NUMBER.findall(line)}
    if path.parent.name == "chapters":
        for have, want in zip(own, (f"{number}.{count}" for count in range(1, len(own) + 1)), strict=True):
            if have != want:
                yield f"equation ({have}) stands where ({want}) is due"
        for tag in own:
            if tag not in checked:
                yield f"no cell begins '# checks ({tag})'"
    for tag in sorted((checked | set(NUMBER.findall(open_prose(notebook)))) - known):
        yield f"({tag}) is referred to, and there is no such equation"


def figure_numbers(notebook, path):
    """The numbers that the book gives to the figures of a notebook: 3.1, 3.2 …, and S3.1 … in solutions."""
    captions = [cell for cell in code(notebook) if cell.metadata.get("mystnb", {}).get("figure", {}).get("caption")]
    letter = "S" if path.parent.name == "solutions" else ""
    return {f"{letter}{chapter_number(path)}.{count}" for count in range(1, len(captions) + 1)}


def figures(notebook, path):
    known = {number for other in chapters(path) for number in figure_numbers(read(other), other)}
    known |= figure_numbers(notebook, path)
    for number in sorted(set(FIGURE.findall(open_prose(notebook))) - known):
        yield f"Figure {number} is referred to, and there is no such figure"


RULES = (equations, figures)
