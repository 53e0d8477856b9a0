"""The words of a page's prose, and how some of them become links."""

from docutils import nodes
from sphinx.util.nodes import make_refnode

# Blocks of code, formulas, comments and HTML are all of fixed text.
NOT_PROSE = (nodes.title, nodes.literal, nodes.FixedTextElement, nodes.math, nodes.reference)


def ancestors(node):
    while node := node.parent:
        yield node


def replace(text, parts):
    """``parent.replace`` would take the first text that reads the same."""
    siblings = text.parent
    at = next(at for at, sibling in enumerate(siblings.children) if sibling is text)
    siblings[at : at + 1] = parts


def join_lines(page):
    """A text ends with its line in the source; join it to the next, so that "Figure" and "3.2" are found together."""
    for element in page.findall(nodes.TextElement):
        joined = []
        for child in element.children:
            if joined and isinstance(child, nodes.Text) and isinstance(joined[-1], nodes.Text):
                joined[-1] = nodes.Text(joined[-1] + child)
            else:
                joined.append(child)
        element[:] = joined


def prose(page):
    """The texts of a page, without headings, code, formulas and what is a link already."""
    join_lines(page)
    texts = list(page.findall(nodes.Text))
    return [text for text in texts if not any(isinstance(node, NOT_PROSE) for node in ancestors(text))]


def put_links(text, pattern, linked):
    """Replace what ``pattern`` finds in a text by ``linked(match)``, a list of nodes; where that is None it stays."""
    parts, end = [], 0
    for match in pattern.finditer(text):
        if new := linked(match):
            parts += [nodes.Text(text[end : match.start()]), *new]
            end = match.end()
    if parts:
        replace(text, [*parts, nodes.Text(text[end:])])


def link(builder, here, words, page, anchor, kind):
    """A link from the page ``here`` to an anchor of another, or of its own."""
    reference = make_refnode(builder, here, page, anchor, nodes.Text(words))
    reference["classes"].append(kind)
    return reference
