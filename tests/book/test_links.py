"""Every link of the book leads somewhere, and what it leads to is in view."""

import re
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
# Where a jump to each numbered thing of a page leaves it: those that are not whole between the header and the end.
JUMP = """async () => {
    const header = document.querySelector(".bd-header-article").getBoundingClientRect().bottom;
    const numbered = [...document.querySelectorAll("[id^=equation-], article a.term[id]")];
    const hidden = [];
    for (const thing of numbered) {
        location.hash = thing.id;
        await new Promise(requestAnimationFrame);
        const { top, bottom } = thing.getBoundingClientRect();
        if (top < header || bottom > innerHeight) hidden.push(thing.id);
    }
    return [numbered.length, hidden];
}"""


def test_every_link_inside_the_book_leads_to_a_place_that_exists(book, site):
    places, links = {}, {}
    for page in book.pages:
        source = (site / page).read_text(encoding="utf-8")
        places[page] = {"", *re.findall(r'\bid="([^"]+)"', source)}
        links[page] = re.findall(r'<a [^>]*href="([^"]+)"', source)
    wrong = []
    for page, addresses in links.items():
        for address in addresses:
            if re.match("[a-z]+:", address):
                continue
            target, anchor = urldefrag(urljoin(page, address))
            known = unquote(anchor) in places[target] if target in places else (site / target).is_file() and not anchor
            if not known:
                wrong.append(f"{page}: {address}")
    assert not wrong, "\n".join(wrong)
    assert any("#equation-" in address for addresses in links.values() for address in addresses)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_jump_shows_the_whole_equation_and_the_term(book, new_tab, width):
    tab = new_tab(width)
    for page in book.pages_with('id="equation-'):
        book.open(tab, page)
        numbered, hidden = tab.evaluate(JUMP)
        assert numbered, page
        assert not hidden, (page, hidden)


def test_the_glossary_has_every_term_that_a_chapter_introduces():
    """Bold opens a paragraph or an item, or it introduces a term: nothing else is set in bold."""
    glossary = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    known = {name.lower() for name in re.findall(r"^(\w.*)\n(?=\w|  )", glossary, re.MULTILINE)}
    missing = []
    for chapter in sorted((ROOT / "chapters").glob("*.ipynb")):
        cells = nbformat.read(chapter, as_version=4).cells
        for prose in [cell.source for cell in cells if cell.cell_type == "markdown"]:
            for bold in re.finditer(r"\*\*(.+?)\*\*", prose, re.DOTALL):
                leads = re.search(r"(\A|\n\s*\n|^\s*(-|\d+\.) )\Z", prose[: bold.start()], re.MULTILINE)
                term = " ".join(bold[1].lower().split())
                if not leads and not {term, term.removesuffix("s"), term.removesuffix("es")} & known:
                    missing.append(f"{chapter.name}: {bold[1]}")
    assert len(known) > 40
    assert not missing, "\n".join(missing)
