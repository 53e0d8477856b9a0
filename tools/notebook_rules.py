"""The form of a notebook, as rules that it keeps or breaks: ``problems(path)`` lists what it breaks.

STYLE.md says why.  A rule is a function of the notebook, and of its path where that matters, which yields one sentence
for each fault; it reads the notebooks and the page on notation, so that a new chapter needs no edit here.
"""

import nbformat
from rules import cells, exercises, form, notation, outputs, references, words

ANYWHERE = (cells, outputs, words, references, notation)  # modules of rules that every notebook keeps
BYTES = 1_000_000


def problems(path):
    """Sentences that say what is wrong with a chapter or a solution; none if nothing is."""
    notebook = nbformat.read(path, as_version=4)
    modules = [*ANYWHERE, *{"chapters": [form], "solutions": [exercises]}.get(path.parent.name, [])]
    found = [problem for module in modules for rule in module.RULES for problem in rule(notebook, path)]
    if path.stat().st_size >= BYTES:
        found.append(f"takes {path.stat().st_size / 1e6:.1f} MB; a notebook stays under 1 MB")
    return found
