"""Neighbouring code cells tagged ``numpy``, ``tensorflow`` and ``pytorch`` become one set of tabs.

Nothing changes in the notebook: in Jupyter the cells stay plain.  The tabs are sphinx-design's, which keeps one
choice for all tab-sets of all pages and remembers it.  A set that lacks a framework is a warning, and the book is
built with warnings as errors.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx_design.shared import create_component

FRAMEWORKS = {"numpy": "NumPy", "tensorflow": "TensorFlow", "pytorch": "PyTorch"}

logger = logging.getLogger(__name__)


def framework(node):
    """The framework that a node is tagged with, or None where it is no code cell of one framework."""
    tags = node.get("cell_metadata", {}).get("tags", [])
    return next((name for name in FRAMEWORKS if name in tags), None)


def tab_sets(parent):
    """Cells to be shown together, as ``{framework: [cells]}``; a framework that comes back begins a new set."""
    found, current, previous = [], {}, None
    for child in parent.children:
        if isinstance(child, (nodes.comment, nodes.target)):  # not seen on the page
            continue
        name = framework(child)
        if current and (name is None or (name in current and name != previous)):
            found.append(current)
            current = {}
        if name:
            current.setdefault(name, []).append(child)
        previous = name
    return [*found, current] if current else found


def as_tabs(cells):
    """One sphinx-design tab-set, with a tab for each framework in the order of the book."""
    tabs = create_component("tab-set", classes=["sd-tab-set", "framework-tabs"])
    for name, label in FRAMEWORKS.items():
        if name in cells:
            title = nodes.rubric(label, label, classes=["sd-tab-label"], sync_group="framework", sync_id=name)
            content = create_component("tab-content", classes=["sd-tab-content"], children=cells[name])
            tabs += create_component("tab-item", classes=["sd-tab-item"], selected=False, children=[title, content])
    return tabs


class FrameworkTabs(SphinxTransform):
    default_priority = 800  # after MyST-NB has made its cells

    def apply(self):
        parents = {id(cell.parent): cell.parent for cell in self.document.findall(nodes.container) if framework(cell)}
        for parent in parents.values():
            for cells in tab_sets(parent):
                first = next(iter(cells.values()))[0]
                for missing in FRAMEWORKS.keys() - cells.keys():
                    logger.warning("a set of framework tabs has no cell tagged %r", missing, location=first)
                at = parent.index(first)
                for tab in cells.values():
                    for cell in tab:
                        parent.remove(cell)
                parent.insert(at, as_tabs(cells))


def setup(app):
    app.setup_extension("sphinx_design")
    app.add_transform(FrameworkTabs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
