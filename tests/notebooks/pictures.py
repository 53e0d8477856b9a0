"""nbval compares pictures too: a pytest plugin, loaded by the Makefile with ``-p tests.notebooks.pictures``.

nbval compares every kind of output but PNG and JPEG.  After it has run and compared a cell, the PNG of both sides are
compared here, in their order; SVG is text, and nbval has compared it.  At the end it names the cells whose outputs were
not compared, because they are tagged nbval-ignore-output.
"""

import pytest
from nbval.plugin import IPyNbCell

from tools.pictures import difference

NOT_COMPARED = {"image/jpeg", "image/gif", "image/webp"}
EXEMPT = "nbval-ignore-output"  # the name under which a worker process tells the main one of such a cell


def pictures(outputs):
    """The PNG among a cell's outputs, in base64."""
    return [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]


def faults(new, stored):
    """What is wrong with the pictures of a cell that has run."""
    kinds = {kind for output in [*new, *stored] for kind in output.get("data", {})}
    if kinds & NOT_COMPARED:
        yield f"{', '.join(sorted(kinds & NOT_COMPARED))} cannot be compared: show PNG or SVG"
    counts = len(pictures(new)), len(pictures(stored))
    if counts[0] != counts[1]:
        yield f"{counts[1]} pictures are stored, {counts[0]} were drawn"
    for place, pair in enumerate(zip(pictures(stored), pictures(new), strict=False), 1):
        if said := difference(*pair):
            yield f"picture {place}, stored and drawn again: {said}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    result = yield
    if not isinstance(item, IPyNbCell):
        return result
    if not item.options["check"]:
        item.user_properties.append((EXEMPT, item.cell.source.splitlines()[0]))
        return result
    found = list(faults(item.test_outputs, item.cell.outputs))
    if found:
        item.raise_cell_error("Cell pictures differ", "\n".join(found))
    return result


def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.getreports("passed"):
        for name, line in report.user_properties:
            if name == EXEMPT:
                terminalreporter.write_line(f"not compared: {report.nodeid}, {line!r}")
