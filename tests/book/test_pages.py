"""Every page of the built book, in a real browser."""

import pytest

RULES = {
    "said": "asks no other host for anything and logs no error",
    "axe light": "axe-core finds nothing in the light theme",
    "axe dark": "axe-core finds nothing in the dark theme",
    "sideways": "the page itself does not scroll sideways",
    "cut": "no formula, code or table is cut off",
    "unreachable": "what scrolls inside itself is reached by keyboard",
    "unmarked": "what scrolls inside itself shows it at its edge",
    "code": "no code scrolls sideways on a wide screen",
    "focus": "where the keyboard is can be seen",
    "moving": "nothing moves where a reader wants no motion",
    "icons": "every icon is drawn",
    "unset": "every formula is set, without an error",
    "pictures": "every picture has alt text, a caption and a number",
    "unsized": "every picture says how large it is before it arrives",
}


@pytest.mark.parametrize("kind", RULES, ids=RULES.get)
def test_on_every_page(visits, kind):
    assert kind in visits.faults
    assert not visits.faults[kind], "\n".join(visits.faults[kind])


def test_from_a_folder_nothing_foreign_is_asked_for(folder, new_tab):
    assert [(page, visit.said) for page, visit in folder.visit_all(new_tab()) if visit.said] == []


def test_the_address_of_the_book_leads_to_its_first_page(everywhere, new_tab):
    tab = new_tab()
    tab.goto(everywhere.base + "index.html")
    tab.wait_for_url("**/book/index.html")


def test_search_works_without_a_server(everywhere, new_tab):
    tab = new_tab()
    everywhere.open(tab, "book/index.html")
    tab.keyboard.press("Control+K")
    tab.keyboard.type("notation")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#search-results li a")
    targets = [link.get_attribute("href") for link in tab.locator("#search-results li a").all()]
    assert any("book/notation.html" in target for target in targets)
