"""Figures are numbered like equations: Figure 3.1 is the first of ``chapters/03_…``, whatever else is in the book.

Sphinx counts through the whole book, so that a new chapter would renumber all that follow.  Exercises and solutions
of a chapter show their own figures: E3.1, S3.1.
"""

import re

PREFIXES = {"chapters": "", "exercises": "E", "solutions": "S"}


def chapter_number(docname):
    """'3' for ``chapters/03_score_functions``, 'E3' for its exercises, None for a page that is neither."""
    match = re.match(rf"({'|'.join(PREFIXES)})/0?(\d+)_", docname)
    return PREFIXES[match[1]] + match[2] if match else None


def renumber(app, env):
    for docname, kinds in env.toc_fignumbers.items():
        chapter = chapter_number(docname)
        for numbers in kinds.values() if chapter else ():
            numbers.update({figure: (chapter, count) for count, figure in enumerate(numbers, 1)})
    return []


def setup(app):
    app.connect("env-get-updated", renumber, priority=900)  # after Sphinx has counted
    return {"parallel_read_safe": True, "parallel_write_safe": True}
