"""After an error in a cell the function of an earlier run is still there: say so, before it is judged as the new."""

import inspect
import re
import sys


def notice(answer):
    """A sentence where a newer cell defines a function of this name, and did not run; else nothing."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive else None
    name = getattr(answer, "__name__", None)
    if shell is None or not name or not inspect.isfunction(answer):
        return ""
    cells = [
        cell for cell in shell.user_ns.get("In", []) if re.search(rf"^def {re.escape(name)}\b", cell, re.MULTILINE)
    ]
    try:
        source = inspect.getsource(answer).strip()
    except (OSError, TypeError):
        return ""
    if not cells or source in cells[-1]:
        return ""
    return f"Judged is the `{name}` of an earlier run: the newer one, in a cell that has changed since, did not run."
