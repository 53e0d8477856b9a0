"""Every page of the built book, in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe

WIDTHS = [1280, 390]
THEMES = ["light", "dark"]


def test_nothing_foreign_and_no_errors(everywhere, new_tab):
    tab, seen = new_tab(), []
    tab.on("request", lambda request: seen.append(f"asks for {request.url}"))
    tab.on("console", lambda message: seen.append(f"logs: {message.text}") if message.type == "error" else None)
    tab.on("pageerror", lambda error: seen.append(f"raises: {error}"))
    tab.on("requestfailed", lambda request: seen.append(f"cannot load {request.url}"))
    faults = []
    for page in everywhere.pages:
        seen.clear()
        everywhere.open(tab, page)
        tab.wait_for_load_state("networkidle")
        own = f"asks for {everywhere.base}"
        faults += [f"{page} {what}" for what in seen if not what.startswith((own, "asks for data:"))]
    assert not faults, "\n".join(faults)


def test_the_address_of_the_book_leads_to_its_first_page(everywhere, new_tab):
    tab = new_tab()
    tab.goto(everywhere.base + "index.html")
    tab.wait_for_url("**/book/index.html")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(book, new_tab, width, theme):
    tab, axe, faults = new_tab(width, theme), Axe(), []
    for page in book.pages:
        book.open(tab, page)
        assert tab.locator("html").get_attribute("data-theme") in (theme, None)
        found = axe.run(tab)
        if found.violations_count:
            faults.append(f"{page}\n{found.generate_report()}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways(book, new_tab, width):
    tab, wide = new_tab(width), {}
    for page in book.pages:
        book.open(tab, page)
        needed = tab.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            wide[page] = needed
    assert not wide


def test_wide_things_scroll_inside_themselves(book, new_tab):
    """Formulas, code and tables on a narrow screen: nothing is cut off, and what scrolls is reached by keyboard."""
    tab, faults = new_tab(390), []
    for page in book.pages:
        book.open(tab, page)
        faults += [
            f"{page}: {what}"
            for what in tab.evaluate(
                """() => [...document.querySelectorAll("article *")]
                    .filter(e => e.checkVisibility() && e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1)
                    .map(e => [e, getComputedStyle(e).overflowX])
                    .filter(([e, x]) => x === "hidden" || x === "clip" || (x !== "visible" && e.tabIndex < 0))
                    .map(([e, x]) => `${x} ${e.outerHTML.slice(0, 200)}`)"""
            )
        ]
    assert not faults, "\n".join(faults)


def test_every_formula_can_be_set(book, new_tab):
    tab, faults = new_tab(), []
    for page in book.pages:
        book.open(tab, page)
        faults += [f"{page}: {error}" for error in tab.locator("mjx-merror, .MathJax_Error").all_inner_texts()]
        assert not tab.locator(".math:not(:has(mjx-container))").count(), f"{page} has a formula that is not set"
    assert not faults, "\n".join(faults)


def test_every_picture_has_alt_text_caption_and_number(book, new_tab):
    tab, faults = new_tab(), []
    for page in book.pages:
        book.open(tab, page)
        for image in tab.locator("article img").all():
            caption = image.locator("xpath=ancestor::figure//figcaption")
            number = caption.locator(".caption-number")
            whole = (image.get_attribute("alt") or "").strip() and caption.count() and number.count()
            if not whole:
                faults.append(f"{page}: {image.get_attribute('src')}")
    assert not faults, "\n".join(faults)


def test_search_works_without_a_server(everywhere, new_tab):
    tab = new_tab()
    everywhere.open(tab, "book/index.html")
    tab.keyboard.press("Control+K")
    tab.keyboard.type("notation")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#search-results li a")
    targets = [link.get_attribute("href") for link in tab.locator("#search-results li a").all()]
    assert any("book/notation.html" in target for target in targets)
