"""Text that reads the same in Jupyter and in the book: no markup that only one of them knows."""

import re
from itertools import pairwise

from rules import FENCED, code, headings, opening, prose

DIRECTIVE = re.compile(r"^\s*(?:`{3,}|~{3,}|:{3,}) *\{.*$", re.MULTILINE)
TARGET = re.compile(r"^\([\w-]+\)=\s*$", re.MULTILINE)
ROLE_OR_CODE = re.compile(r"(?P<role>\{[\w:.+-]+\}`[^`]+`)|`[^`]*`")
ANCHOR = re.compile(r"\]\(([^)\s]*\.ipynb#[^)]*)\)")


def no_raw_markup(notebook, path):
    text = prose(notebook)
    open_text = FENCED.sub("", text)
    roles = [match["role"] for match in ROLE_OR_CODE.finditer(open_text) if match["role"]]
    for markup in [*DIRECTIVE.findall(text), *TARGET.findall(open_text), *roles]:
        yield f"{markup.strip()!r} is markup that Jupyter shows as it stands: write plain text"


def no_glue(notebook, path):
    for cell in code(notebook):
        if re.search(r"\bmyst_nb\b|\bglue\(", cell.source):
            yield f"{opening(cell)} glues, which Jupyter shows as raw text: let the cell print the number"


def no_anchor(notebook, path):
    for link in ANCHOR.findall(prose(notebook)):
        yield f"the link to {link} has an anchor, which Jupyter and the book spell differently: point with words"


def levels(notebook, path):
    """The book takes the first heading for the title, and warns where a level is left out."""
    found = headings(notebook)
    if not notebook.cells[0].source.startswith("# "):
        yield "the first cell does not begin with the title, '# …'"
    for _, text in [heading for heading in found if heading[0] == 1][1:]:
        yield f"'# {text}' is a second title; sections begin with '## '"
    for (above, _), (below, text) in pairwise(found):
        if below > above + 1:
            yield f"{text!r} is a heading of level {below} below one of level {above}: a level between is due"


RULES = (no_raw_markup, no_glue, no_anchor, levels)
