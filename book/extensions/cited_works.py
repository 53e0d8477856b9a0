"""``{cited-works}``: the list of works that the chapters and exercises cite, made from the citations themselves.

A citation is a link whose text ends in a year: ``[Bahdanau et al. (2015)](https://arxiv.org/abs/1409.0473)``.
Where such a link begins an item of a list, as in a chapter's summary, the item is the work's entry, title and all.
So a new chapter has nothing to add to the page of references.
"""

import re

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

CITATION = re.compile(r"\(\d{4}[a-z]?\)$")


class cited_works(nodes.General, nodes.Element):
    """Stands where the list will be, until every chapter has been read."""


class CitedWorks(SphinxDirective):
    def run(self):
        self.env.note_reread()  # whatever chapter changed, this page is made anew
        return [cited_works()]


def collect(app, doctree):
    """Keep each citation of a page: ``{address: its entry, as a paragraph}``."""
    entries = {}
    for link in doctree.findall(nodes.reference):
        if "refuri" in link and CITATION.search(link.astext()):
            opens_item = isinstance(link.parent.parent, nodes.list_item) and link.parent.index(link) == 0
            entry = link.parent.deepcopy() if opens_item else nodes.paragraph("", "", link.deepcopy())
            if link["refuri"] not in entries or opens_item:
                entries[link["refuri"]] = entry
    if app.env.docname.startswith(("chapters/", "exercises/")):
        works(app.env)[app.env.docname] = entries


def works(env):
    if not hasattr(env, "cited_works"):
        env.cited_works = {}
    return env.cited_works


def fill(app, doctree, docname):
    """Put the list in its place, in alphabetical order, each work with the chapters that cite it."""
    for placeholder in list(doctree.findall(cited_works)):
        entries, chapters = {}, {}
        for chapter, cited in sorted(works(app.env).items()):
            for address, entry in cited.items():
                entries[address] = max(entries.get(address, entry), entry, key=lambda e: len(e.astext()))
                chapters.setdefault(address, []).append(chapter)
        items = nodes.bullet_list()
        for address, entry in sorted(entries.items(), key=lambda pair: pair[1].astext().casefold()):
            paragraph = entry.deepcopy()
            paragraph += nodes.Text(" Cited in ")
            for chapter in chapters[address]:
                paragraph += nodes.Text(", " if chapter != chapters[address][0] else "")
                title = app.env.titles[chapter].astext()
                target = app.builder.get_relative_uri(docname, chapter)
                paragraph += nodes.reference("", title, refuri=target, internal=True)
            paragraph += nodes.Text(".")
            items += nodes.list_item("", paragraph)
        placeholder.replace_self(items if len(items) else [])


def forget(app, env, docname):
    works(env).pop(docname, None)


def setup(app):
    app.add_node(cited_works)
    app.add_directive("cited-works", CitedWorks)
    app.connect("doctree-read", collect)
    app.connect("doctree-resolved", fill)
    app.connect("env-purge-doc", forget)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
