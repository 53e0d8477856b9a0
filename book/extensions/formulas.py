"""Formulas are set when the book is built: TeX becomes MathML, which a browser shows without any script.

The library math-core does it.  A formula that it cannot read is a warning, and the book is built with warnings as
errors.  Only pages that have formulas load the style sheet and the font for them.
"""

import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from prose import replace
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

TAG = re.compile(r"\\tag\{([^{}]*)\}")
CONVERTER = LatexToMathML(fancy_error=False)

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
                replace(after, [nodes.Text(after[1:])])


def mathml(tex, display):
    """The formula as MathML; ``ValueError`` where it cannot be read."""
    try:
        return CONVERTER.convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        raise ValueError(str(error)) from None


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
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight"))
    set_formula(writer, node, TAG.sub("", tex), display=True)
    writer.body.extend(f'<span class="eqno">({writer.encode(number)})</span>' for number in numbers)
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def add_style_sheets(app, pagename, templatename, context, doctree):
    if doctree and next(doctree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block)), None):
        app.add_css_file("formulas.css")


def setup(app):
    app.add_transform(PunctuationStays)
    app.add_html_math_renderer("mathml", (write_inline, None), (write_display, None))
    app.connect("html-page-context", add_style_sheets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
