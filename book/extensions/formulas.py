"""Formulas look in the book as they do in Jupyter."""

from docutils import nodes
from sphinx.transforms import SphinxTransform


class TaggedEquations(SphinxTransform):
    """Around a formula that contains ``\\\\`` Sphinx puts an environment in which no ``\\tag`` is allowed."""

    default_priority = 800  # after MyST has made its formulas

    def apply(self):
        for formula in self.document.findall(nodes.math_block):
            if r"\tag{" in formula.astext():
                formula["nowrap"] = True
                formula.children = [nodes.Text(rf"\begin{{equation}}{formula.astext()}\end{{equation}}")]


class PunctuationStays(SphinxTransform):
    """A comma after a formula must not begin the next line, as a browser would have it."""

    default_priority = 810

    def apply(self):
        for formula in list(self.document.findall(nodes.math)):
            after = formula.next_node(descend=False, siblings=True)
            if isinstance(after, nodes.Text) and after[:1] in list(".,;:!?)"):
                together = nodes.inline("", "", classes=["together"])
                formula.replace_self(together)
                together += [formula, nodes.Text(after[0])]
                after.parent.replace(after, nodes.Text(after[1:]))


def setup(app):
    app.add_transform(TaggedEquations)
    app.add_transform(PunctuationStays)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
