"""From a word to the place where it stands, over http and from files."""

import pytest

HITS = "#search-results li a"


def search(book, tab, words):
    """Search from the front page, as a reader does; return the hits, best first, as ``(title, address)``."""
    book.open(tab, "book/index.html")
    tab.keyboard.press("Control+K")
    tab.keyboard.type(words)
    tab.keyboard.press("Enter")
    tab.wait_for_selector(HITS)
    count = int(tab.locator(".search-summary", has_text="found").inner_text().removeprefix("Places found: "))
    tab.wait_for_function("count => document.querySelectorAll('#search-results li').length == count", arg=count)
    return [(hit.inner_text(), hit.get_attribute("href")) for hit in tab.locator(HITS).all()]


def marked(tab):
    """What is marked on a page, in the order of the page."""
    return tab.evaluate("[...CSS.highlights.get('search') ?? []].map(String)")


def test_a_hit_lands_at_its_section_with_the_words_marked(everywhere, new_tab):
    tab = new_tab()
    title, address = search(everywhere, tab, "goes wrong")[0]
    assert title.endswith(" › What goes wrong")
    assert address.endswith("#what-goes-wrong")
    tab.locator(HITS).first.click()
    tab.wait_for_url("**/chapters/*")
    tab.wait_for_load_state("load")
    assert {word.lower() for word in marked(tab)} >= {"goes", "wrong"}
    tab.wait_for_function("""() => {
        const { top } = document.querySelector("#what-goes-wrong > h2").getBoundingClientRect();
        return top > 0 && top < 200;
    }""")
    tab.keyboard.press("Escape")
    assert marked(tab) == []


def test_marks_change_nothing_on_the_page(book, new_tab):
    """Marking by extra elements would break formulas and what is copied from code."""
    tab = new_tab()
    page = book.pages_with("<mi>softmax</mi>")[0]
    book.open(tab, f"{page}?highlight=softmax")
    assert marked(tab)
    before, tab = tab.evaluate("document.querySelector('article').innerHTML.length"), new_tab()
    book.open(tab, page)
    assert tab.evaluate("document.querySelector('article').innerHTML.length") == before
    assert marked(tab) == []


@pytest.mark.parametrize("word", ["BLEU", "softmax", "embeddings"])
def test_a_term_is_found_in_the_glossary_first(book, new_tab, word):
    assert search(book, new_tab(), word)[0][1].startswith("book/glossary.html")


def test_the_index_is_loaded_where_it_is_used(book, new_tab):
    tab, asked = new_tab(), []
    tab.on("request", lambda request: asked.append(request.url))
    book.open(tab, "book/index.html")
    assert not [url for url in asked if "search" in url]
    search(book, tab, "softmax")
    assert [url for url in asked if "searchindex.js" in url]


def test_nothing_found_is_said_in_words_that_are_right(book, new_tab):
    tab = new_tab()
    book.open(tab, "search.html?q=zebrafish")
    tab.wait_for_selector("text=No section and no entry of the glossary has all of these words.")
