"""Chapters and figures are numbered by the name of the notebook, whatever else is in the book.

The title of ``chapters/03_…`` begins with 3, and its first figure is Figure 3.1.  Sphinx would count through the
whole book, so that a new chapter would renumber all that follow.  Exercises and solutions count their own figures:
E3.1, S3.1.
"""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

PREFIXES = {"chapters": "", "exercises": "E", "solutions": "S"}


def chapter_number(docname):
    """'3' for ``chapters/03_score_functions``, 'E3' for its exercises, None for a page that is neither."""
    match = re.match(rf"({'|'.join(PREFIXES)})/0?(\d+)_", docname)
    return PREFIXES[match[1]] + match[2] if match else None


class NumberedTitle(SphinxTransform):
    default_priority = 800  # after MyST has made its titles

    def apply(self):
        if self.env.docname.startswith("chapters/"):
            title = next(self.document.findall(nodes.title))
            title.insert(0, nodes.Text(f"{chapter_number(self.env.docname)} · "))


def number_figures(app, env):
    for docname, kinds in env.toc_fignumbers.items():
        chapter = chapter_number(docname)
        for numbers in kinds.values() if chapter else ():
            numbers.update({figure: (chapter, count) for count, figure in enumerate(numbers, 1)})
    return []


def setup(app):
    app.add_transform(NumberedTitle)
    app.connect("env-get-updated", number_figures, priority=900)  # after Sphinx has counted
    return {"parallel_read_safe": True, "parallel_write_safe": True}
