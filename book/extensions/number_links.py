"""“(3.4)” becomes a link to the equation with that number, and “Figure 3.2” to the figure, on whatever page it is.

Notebooks write both as plain text, which Jupyter shows as it is.  An equation is a formula with ``\\tag{3.4}``; figures
are numbered by ``numbering.py``.  A number that nothing carries is a warning.
"""

import re

from docutils import nodes
from prose import link, prose, put_links
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

TAG = re.compile(r"\\tag\{(\d+\.\d+)\}")
FIGURE = r"[ES]?\d+\.\d+"
MENTION = re.compile(
    r"\(\d{1,2}\.[1-9]\d?\)"
    rf"|Figure\s{FIGURE}"
    rf"|(?<=Figures\s)(?P<list>{FIGURE}(?:(?:, |–| and | to | or ){FIGURE})*)"
)

logger = logging.getLogger(__name__)


def equations(env):
    """``{page: {number: anchor}}``"""
    if not hasattr(env, "equations"):
        env.equations = {}
    return env.equations


def targets(env, here):
    """What a page can mean by a number, ``{"(3.4)": (page, anchor), "Figure 3.2": …}``: its own first."""
    found = {
        f"Figure {'.'.join(map(str, number))}": (page, anchor)
        for page, kinds in env.toc_fignumbers.items()
        for anchor, number in kinds.get("figure", {}).items()
    }
    for page in [*(page for page in equations(env) if page.startswith("chapters/")), here]:
        anchors = equations(env).get(page, {})
        found.update({f"({number})": (page, anchor) for number, anchor in anchors.items()})
    return found


class EquationAnchors(SphinxTransform):
    default_priority = 790  # after MyST has made its formulas, and before formulas.py

    def apply(self):
        found = equations(self.env)[self.env.docname] = {}
        for formula in self.document.findall(nodes.math_block):
            for number in TAG.findall(formula.astext()):
                found[number] = f"equation-{number.replace('.', '-')}"
                formula["ids"].append(found[number])


class NumberLinks(SphinxPostTransform):
    default_priority = 5

    def run(self):
        self.targets = targets(self.env, self.env.docname)
        for text in prose(self.document):
            put_links(text, MENTION, lambda match, where=text.parent: self.links(match, where))

    def links(self, match, where):
        if not match["list"]:
            return [self.link(match[0], " ".join(match[0].split()), where)]
        parts = re.split(f"({FIGURE})", match["list"])  # a number is every second part
        return [
            self.link(part, f"Figure {part}", where) if at % 2 else nodes.Text(part) for at, part in enumerate(parts)
        ]

    def link(self, words, name, where):
        if name not in self.targets:
            logger.warning("there is no %s", f"equation {name}" if name.startswith("(") else name, location=where)
            return nodes.Text(words)
        return link(self.app.builder, self.env.docname, words, *self.targets[name], "number")


def changed(app, env):
    """Where a number is new or moves, every page is written again."""
    before, env.numbers = getattr(env, "numbers", None), [targets(env, page) for page in sorted(equations(env))]
    return env.found_docs if env.numbers != before else []


def forget(app, env, docname):
    equations(env).pop(docname, None)


def setup(app):
    app.add_transform(EquationAnchors)
    app.add_post_transform(NumberLinks)
    app.connect("env-get-updated", changed, priority=950)  # after numbering.py
    app.connect("env-purge-doc", forget)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
