"""The parts of a set of exercises, as they stand in its solutions; exercises/ is made from these."""

import re

from rules import chapter_number, tags

HEADER = re.compile(
    r"^### Exercise (?P<number>\d+\.\d+) · (?P<stars>★+☆*) · (?:\d+ minutes|an evening) · (?P<kind>[^\n]+)$",
    re.MULTILINE,
)
HINT = re.compile(r"<details><summary>Hint (\d): [^<]+</summary>\n\n.+?\n\n</details>", re.DOTALL)
REGION = re.compile(r"^ *### BEGIN SOLUTION\n.*?### END SOLUTION$", re.MULTILINE | re.DOTALL)
KINDS = ("by hand", "write it", "mend it", "predict", "go further")
LAST_FOUNDATION = 8  # the chapters after it are case studies, which may have fewer exercises
CHECKED, REASONED, CHECKED_IN_A_CASE_STUDY = 5, 2, 3


def sections(notebook):
    """[(header, [its cells])], in order."""
    found = []
    for cell in notebook.cells:
        if match := HEADER.search(cell.source):
            found.append((match, []))
        if found:
            found[-1][1].append(cell)
    return found


def checked(cells):
    """The names with which the answers are checked."""
    return set(re.findall(r'\bcheck\("([^"]+)"', "\n".join(cell.source for cell in cells if cell.cell_type == "code")))


def title(notebook, path):
    if not notebook.cells[0].source.startswith("# Solutions "):
        yield f"the first cell does not begin '# Solutions {chapter_number(path)}: …'; the exercises' title comes of it"


def headers(notebook, path):
    for cell in notebook.cells:
        for line in re.findall(r"^#+ Exercise.*$", cell.source, re.MULTILINE):
            match = HEADER.match(line)
            if not match or len(match["stars"]) != 5:
                yield f"{line!r} is not of the form '### Exercise 3.2 · ★★☆☆☆ · 10 minutes · write it'"
    for count, (match, _) in enumerate(sections(notebook), 1):
        if match["number"] != f"{chapter_number(path)}.{count}":
            yield f"exercise {match['number']} stands where {chapter_number(path)}.{count} is due"


def parts(notebook, path):
    for match, cells in sections(notebook):
        exercise, text = f"exercise {match['number']}", "\n".join(cell.source for cell in cells)
        if HINT.findall(text) != ["1", "2", "3"]:
            yield f"{exercise} needs three folded hints, numbered, with an empty line after each summary"
        if not any("solution" in tags(cell) and cell.cell_type == "markdown" for cell in cells):
            yield f"{exercise} has no Markdown cell tagged `solution`, with the reasoning"
        if checked(cells) and not any(REGION.search(cell.source) for cell in cells if cell.cell_type == "code"):
            yield f"{exercise} has nothing between '### BEGIN SOLUTION' and '### END SOLUTION': it would be given away"


def enough(notebook, path):
    found = sections(notebook)
    with_check = sum(bool(checked(cells)) for _, cells in found)
    reasoned = sum(match["kind"] == "reason" or not checked(cells) for match, cells in found)
    if int(chapter_number(path)) > LAST_FOUNDATION:
        if with_check < CHECKED_IN_A_CASE_STUDY:
            yield f"{with_check} exercises are checked; a case study has at least {CHECKED_IN_A_CASE_STUDY}"
        return
    if with_check < CHECKED or reasoned < REASONED:
        yield (
            f"{with_check} exercises are checked and {reasoned} ask for reasons; "
            f"a set has at least {CHECKED} and {REASONED}"
        )
    for kind in KINDS:
        if not any(match["kind"].startswith(kind) for match, _ in found):
            yield f"no exercise is of the kind {kind!r}"


RULES = (title, headers, parts, enough)
