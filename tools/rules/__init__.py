"""What the rules read in a notebook."""

import re

FRAMEWORKS = {"numpy": "NumPy", "tensorflow": "TensorFlow", "pytorch": "PyTorch"}  # tags, and the names on the page
CHECKS = re.compile(rf"\A(?:# (?:{'|'.join(FRAMEWORKS.values())})\n)?# checks (.*)")
FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def headings(notebook):
    """[(level, text)], in order."""
    return headings_of(prose(notebook))


def headings_of(text):
    lines = re.findall(r"^(#{1,6}) +(.*)$", FENCED.sub("", text), re.MULTILINE)
    return [(len(marks), text) for marks, text in lines]


def tags(cell):
    return cell.metadata.get("tags", [])


def framework(cell):
    """The tag that puts a cell into a tab, or None."""
    return next((name for name in FRAMEWORKS if name in tags(cell)), None) if cell.cell_type == "code" else None


def ignored(cell):
    """Is a cell's output not compared by nbval?"""
    return bool(re.search(r"nbval-?_?ignore", f"{tags(cell)} {cell.source}", re.IGNORECASE))


def opening(cell):
    """The words by which a message names a cell: its first line that says more than its framework."""
    lines = cell.source.splitlines()
    told = [line for line in lines if line not in {f"# {name}" for name in FRAMEWORKS.values()}]
    return f"the cell {[*told, *lines][0]!r}"


def chapter_number(path):
    return str(int(path.name[:2]))
