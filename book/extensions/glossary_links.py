"""Each term of the glossary is a link where a chapter first uses it, and leads back to where it was introduced.

A chapter introduces a term by setting it in **bold**, and then that place is the link: what comes before, such as the
promise, speaks loosely of what the chapter is about to say.  Where a term is taken as known its first use is the link.

Bold that opens a paragraph or an item of a list is a lead (**You need**, **The wrong axis.**); any other bold
introduces a term, and one that the glossary lacks is a warning.  The names of an entry count with their plurals.
"""

import re

from docutils import nodes
from numbering import chapter_number
from prose import ancestors, link, prose, put_links
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)


def entries(page):
    """The entries of a page's glossaries, each as ``(anchor, names, definition)``."""
    for glossary in page.findall(addnodes.glossary):
        for entry in glossary.findall(nodes.definition_list_item):
            *terms, definition = entry
            yield terms[0]["ids"][0], [term.astext() for term in terms], definition


def plural(name):
    if re.search("[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return name + ("es" if re.search("(s|x|ch|sh)$", name) else "s")


def glossary(env):
    """``{name of a term: (page, anchor)}``"""
    if not hasattr(env, "glossary"):
        env.glossary = {}
    return env.glossary


class CollectTerms(SphinxTransform):
    default_priority = 800  # after MyST has read the page

    def apply(self):
        for anchor, names, _ in entries(self.document):
            for name in names:
                glossary(self.env).update(dict.fromkeys([name, plural(name)], (self.env.docname, anchor)))


class Terms:
    """The words to look for, and the place in the glossary of each."""

    def __init__(self, places):
        self.places = places
        longest_first = sorted(places, key=len, reverse=True)  # "score function" before "score"
        forms = [rf"[{name[0]}{name[0].upper()}]{re.escape(name[1:])}".replace(r"\ ", r"\s") for name in longest_first]
        self.pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(forms) or '(?!)'})(?![\w-])")

    def place(self, words):
        """``(page, anchor)``, or None where these words are no term; a sentence may begin with one."""
        words = " ".join(words.split())
        return self.places.get(words) or self.places.get(words[:1].lower() + words[1:])


def introductions(page):
    """What is set in bold, but for leads."""
    return [bold for bold in page.findall(nodes.strong) if any(node.astext() for node in before(bold))]


def before(node):
    return node.parent[: node.parent.index(node)]


def is_aside(node):
    """A caption, a table, or the entry of a paper, which begins with a link out of the book; its title is not ours."""
    if isinstance(node, nodes.paragraph):
        return isinstance(node[0], nodes.reference) and not node[0].get("internal")
    return isinstance(node, nodes.caption | nodes.table)


def link_first_uses(page, terms, make_link, found=()):
    """Link each term once, at its introduction or else at its first use; return the places of those that were found."""
    found = set(found)
    introduced = {}
    for bold in introductions(page):
        introduced.setdefault(terms.place(bold.astext()), bold)

    def links(match):
        place = terms.place(match[0])
        if place in found or (place in introduced and introduced[place] not in around):
            return None
        found.add(place)
        return [make_link(match[0], place)]

    for text in prose(page):
        around = list(ancestors(text))
        if not any(map(is_aside, around)):
            put_links(text, terms.pattern, links)
    return found


class GlossaryLinks(SphinxPostTransform):
    default_priority = 6

    def run(self):
        self.terms = Terms(glossary(self.env))
        if self.env.docname.startswith("chapters/"):
            self.link_chapter()
        else:
            self.complete_entries()

    def link_chapter(self):
        def to_entry(words, place):
            reference = self.link(words, place, "term")
            reference["ids"].append(use(place))
            return reference

        link_first_uses(self.document, self.terms, to_entry)
        for bold in introductions(self.document):
            if not self.terms.place(bold.astext()):
                logger.warning("“%s” is set in bold, and the glossary lacks it", bold.astext(), location=bold)

    def complete_entries(self):
        """Link the entries to each other, and each to the chapter that introduces the term or else uses it first."""
        found = list(entries(self.document))
        chapters = self.chapters() if found else {}
        for anchor, names, definition in found:
            place = (self.env.docname, anchor)
            link_first_uses(definition, self.terms, lambda words, place: self.link(words, place, "term"), [place])
            if place in chapters:
                words = f"Chapter\N{NO-BREAK SPACE}{chapter_number(chapters[place])}"
                back = self.link(words, (chapters[place], use(place)), "chapter")
                definition[-1] += [nodes.Text(" "), back, nodes.Text(".")]
            else:
                logger.warning("no chapter uses the term “%s”", names[0], location=definition)

    def chapters(self):
        """``{place of a term: the chapter that explains it}``"""
        introduced, used = {}, {}
        for chapter in sorted(page for page in self.env.all_docs if page.startswith("chapters/")):
            page = self.env.get_doctree(chapter)
            for bold in introductions(page):
                introduced.setdefault(self.terms.place(bold.astext()), chapter)
            for place in link_first_uses(page, self.terms, lambda words, place: nodes.Text(words)):
                used.setdefault(place, chapter)
        return used | introduced

    def link(self, words, place, kind):
        return link(self.app.builder, self.env.docname, words, *place, kind)


def use(place):
    """The anchor of the link to this place, in a chapter."""
    return place[1].replace("term-", "use-")


def changed(app, env):
    """Where the glossary has changed all pages are written again; it is itself, whichever chapter has changed."""
    before, env.glossary_before = getattr(env, "glossary_before", None), dict(glossary(env))
    return env.found_docs if before != glossary(env) else {page for page, _ in glossary(env).values()}


def forget(app, env, docname):
    env.glossary = {name: place for name, place in glossary(env).items() if place[0] != docname}


def setup(app):
    app.add_transform(CollectTerms)
    app.add_post_transform(GlossaryLinks)
    app.connect("env-get-updated", changed)
    app.connect("env-purge-doc", forget)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
