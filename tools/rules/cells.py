"""What code looks like, and the tabs that it stands in."""

import re
from itertools import groupby

from rules import FRAMEWORKS, code, framework, opening

LINES, COLUMNS = 15, 88
HANDED_OVER = {  # between NumPy and PyTorch, on any device
    r"\bfrom_numpy\b": "`from_numpy`: write `torch.tensor(array)`",
    r"\.cpu\(\)": "`.cpu()`: write `.numpy(force=True)`",
    r"\.detach\(\)\s*\.numpy\(": "`.detach().numpy()`: write `.numpy(force=True)`",
}


def short(notebook, path):
    for cell in code(notebook):
        if len(cell.source.splitlines()) > LINES:
            yield f"{opening(cell)} has {len(cell.source.splitlines())} lines; one idea takes at most {LINES}"


def narrow(notebook, path):
    for cell in code(notebook):
        for line in cell.source.splitlines():
            if len(line) > COLUMNS:
                yield f"the line {line.strip()!r} has {len(line)} columns; {COLUMNS} can be seen without scrolling"


def no_semicolon(notebook, path):
    for cell in code(notebook):
        if cell.source.rstrip().endswith(";"):
            yield f"{opening(cell)} hides its result by a semicolon, which nbval does not heed: write `_ = …`"


def handed_over(notebook, path):
    for cell in code(notebook):
        for pattern, advice in HANDED_OVER.items():
            if re.search(pattern, cell.source):
                yield f"{opening(cell)} uses {advice}"


def named(notebook, path):
    for cell in code(notebook):
        name = FRAMEWORKS.get(framework(cell))
        if name and cell.source.splitlines()[0] != f"# {name}":
            yield f"{opening(cell)} is tagged {framework(cell)}; in Jupyter only a first line '# {name}' says so"


def tabs(notebook, path):
    """Neighbouring cells of the frameworks: each framework's cells together, NumPy first, none left out."""
    for tagged, cells in groupby(notebook.cells, key=lambda cell: framework(cell) is not None):
        order = [name for name, _ in groupby(cells, key=framework)] if tagged else []
        for at in range(0, len(order), 3):
            if order[at : at + 3] != list(FRAMEWORKS):
                yield f"neighbouring cells are tagged {', '.join(order[at : at + 3])}; a set is {', '.join(FRAMEWORKS)}"


RULES = (short, narrow, no_semicolon, handed_over, named, tabs)
