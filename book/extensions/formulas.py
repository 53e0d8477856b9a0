"""Formulas are set when the book is built: TeX becomes MathML, which a browser shows without any script.

Temml does it (``temml/README.md``), run by the JavaScript engine V8.  A formula that it cannot read is a warning, and
the book is built with warnings as errors.  Only pages that have formulas load the style sheets and the font for them.
"""

import atexit
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

TEMML = Path(__file__).parent / "temml" / "temml.min.js"
TAG = re.compile(r"\\tag\{([^{}]*)\}")
ORDINARY = '"textord","mathord","ordgroup","close","leftright","font"'  # what "log" keeps its distance from, by Temml
ALSO_ORDINARY = ',"supsub","genfrac","sqrt","accent","delimiter"'  # and by TeX, as in p_i log p_i
STYLE_SHEETS = ("temml.css", "formulas.css")

logger = logging.getLogger(__name__)


class PunctuationStays(SphinxTransform):
    """A comma after a formula must not begin the next line, as a browser would have it."""

    default_priority = 810  # after MyST has made its formulas

    def apply(self):
        for formula in list(self.document.findall(nodes.math)):
            after = formula.next_node(descend=False, siblings=True)
            if isinstance(after, nodes.Text) and after[:1] in list(".,;:!?)"):
                together = nodes.inline("", "", classes=["together"])
                formula.replace_self(together)
                together += [formula, nodes.Text(after[0])]
                after.parent.replace(after, nodes.Text(after[1:]))


@cache
def temml():
    source = TEMML.read_text(encoding="utf-8")
    assert source.count(ORDINARY) == 1, "another Temml: look whether it still needs this"
    engine = MiniRacer()
    atexit.register(engine.close)  # left to the end of Python, it may never end
    engine.eval(source.replace(ORDINARY, ORDINARY + ALSO_ORDINARY))
    return engine


@cache
def mathml(tex, display):
    """The formula as MathML; ``ValueError`` where Temml cannot read it."""
    try:
        return temml().call("temml.renderToString", tex, {"displayMode": display, "throwOnError": True, "strict": True})
    except JSEvalException as error:
        message = re.search(r"ParseError: (.*)", str(error))
        raise ValueError(message[1] if message else str(error)) from None


def set_formula(writer, node, tex, display):
    """Write the formula into the page, or its source where it has none."""
    try:
        writer.body.append(mathml(tex, display))
    except ValueError as error:
        logger.warning("a formula cannot be set: %s", error, location=node)
        writer.body.append(f"<code>{writer.encode(tex)}</code>")


def write_inline(writer, node):
    writer.body.append(writer.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    set_formula(writer, node, node.astext(), display=False)
    writer.body.append("</span>")
    raise nodes.SkipNode


def write_display(writer, node):
    """A formula of its own; its number, where it has one, stands beside it."""
    tex = node.astext()
    numbers = TAG.findall(tex)
    if len(numbers) == 1:  # several are lines of one formula, and stay where they are
        tex = TAG.sub("", tex)
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight"))
    set_formula(writer, node, tex, display=True)
    if len(numbers) == 1:
        writer.body.append(f'<span class="eqno">({writer.encode(numbers[0])})</span>')
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def add_style_sheets(app, pagename, templatename, context, doctree):
    if doctree and next(doctree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block)), None):
        for name in STYLE_SHEETS:
            app.add_css_file(name)


def setup(app):
    app.add_transform(PunctuationStays)
    app.add_html_math_renderer("mathml", (write_inline, None), (write_display, None))
    app.connect("html-page-context", add_style_sheets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
