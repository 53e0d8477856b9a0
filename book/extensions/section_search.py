"""The search finds places, not pages, and the words that were searched for are marked where a hit leads.

Sphinx indexes whole pages, so that a hit lands at the top of a long chapter.  In the index of this book each section
and each entry of the glossary is a document, called ``chapters/01_softmax#temperature``; ``static/search.js`` makes
that a link on the page of results, and ``static/highlight.js`` marks the words on the page it leads to.
"""

import html

from docutils import nodes
from sphinx import addnodes
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.search import IndexBuilder


def is_entry(node):
    return isinstance(node, nodes.definition_list_item) and isinstance(node.parent.parent, addnodes.glossary)


def is_place(node):
    return isinstance(node, nodes.section) or is_entry(node)


def places(page):
    """``(id, title, content)`` of each place of a page, without formulas and the smaller places that stand in it."""
    for place in page.findall(is_place):
        content = place.deepcopy()
        for part in list(content.findall(include_self=False)):
            if is_place(part) or isinstance(part, nodes.math | nodes.math_block):
                part.parent.remove(part)
        if is_entry(place):
            content = nodes.section("", nodes.title("", place[0].astext()), *content, ids=place[0]["ids"])
        yield content["ids"][0], place[0].astext(), content


class PlacesIndex(IndexBuilder):
    def feed(self, docname, filename, title, doctree):
        for count, (anchor, heading, content) in enumerate(places(doctree)):
            path = f"{title} › {html.escape(heading)}" if count else title
            super().feed(f"{docname}#{anchor}", filename, path, content)

    def prune(self, docnames):
        """Keep the places of these pages."""
        super().prune([name for name in self._titles if name.split("#")[0] in docnames])


class BookBuilder(StandaloneHTMLBuilder):
    """Sphinx's HTML, with this index."""

    def prepare_writing(self, docnames):
        super().prepare_writing(docnames)
        self.indexer = PlacesIndex(self.env, "en", self.config.html_search_options, self.config.html_search_scorer)
        self.load_indexer(docnames)


def choose_scripts(app, pagename, templatename, context, doctree):
    """Sphinx's own marking is left to the page of results: elsewhere it would mark menus, and break formulas."""
    if pagename == "search":
        app.add_js_file("search.js", loading_method="defer")
    else:
        app.add_js_file("highlight.js", loading_method="defer")
        scripts = context["script_files"]
        scripts[:] = [script for script in scripts if "sphinx_highlight" not in str(script.filename)]


def setup(app):
    app.add_builder(BookBuilder, override=True)
    app.connect("html-page-context", choose_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
