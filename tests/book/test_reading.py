"""What a reader does with a page: choose a framework, open a hint, use nothing but the keyboard."""

import pytest

LABELS = ["NumPy", "TensorFlow", "PyTorch"]
CHOSEN = ".framework-tabs input:checked + label"


def chosen(tab):
    """The labels of the tabs that are open, over all tab-sets of a page."""
    return set(tab.locator(CHOSEN).all_inner_texts())


def shown(tab):
    """How many of a page's tabs show their content, and how many there are."""
    contents = tab.locator(".framework-tabs > .sd-tab-content").all()
    return sum(content.is_visible() for content in contents), len(contents)


def test_every_tab_set_has_all_three(book, new_tab):
    tab = new_tab()
    for page in book.pages_with("framework-tabs"):
        book.open(tab, page)
        for tabs in tab.locator(".framework-tabs").all():
            assert tabs.locator("label").all_inner_texts() == LABELS, page


def test_one_choice_for_all_pages(everywhere, new_tab):
    tab = new_tab()
    first, *others = everywhere.pages_with("framework-tabs")
    everywhere.open(tab, first)
    assert chosen(tab) == {"NumPy"}
    tab.locator(".framework-tabs label", has_text="PyTorch").first.click()
    for page in [first, *others]:
        everywhere.open(tab, page)
        assert chosen(tab) == {"PyTorch"}, page
        seen, all_of_them = shown(tab)
        assert seen * 3 == all_of_them, page


def test_outputs_are_in_the_tabs(book, new_tab):
    tab = new_tab()
    for page in book.pages_with("framework-tabs"):
        book.open(tab, page)
        if tab.locator(".framework-tabs .cell_output").count():
            return
    pytest.fail("no tab of the book shows an output")


@pytest.mark.parametrize("how", ["without JavaScript", "in print"])
def test_all_three_are_shown(book, new_tab, how):
    tab = new_tab(java_script_enabled=how == "in print")
    for page in book.pages_with("framework-tabs"):
        tab.goto(book.base + page)
        if how == "in print":
            tab.emulate_media(media="print")
        seen, all_of_them = shown(tab)
        assert seen == all_of_them, page
        assert all(label.is_visible() for label in tab.locator(".framework-tabs label").all()), page


def reach(tab, selector, presses=600):
    """Press Tab until the focus is on something, and say whether it can be seen there."""
    for _ in range(presses):
        tab.keyboard.press("Tab")
        if tab.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{presses} presses of Tab do not reach {selector}")


def test_the_keyboard_reaches_tabs(book, new_tab):
    tab = new_tab()
    book.open(tab, book.pages_with("framework-tabs")[0])
    reach(tab, ".framework-tabs input")
    tab.keyboard.press("ArrowRight")
    assert chosen(tab) == {"TensorFlow"}
    focused = tab.locator(".framework-tabs input:focus-visible + label").first
    assert focused.evaluate("e => getComputedStyle(e).outlineStyle") != "none"


def test_the_keyboard_opens_hints(book, new_tab):
    tab = new_tab()
    book.open(tab, book.pages_with("<details")[0])
    reach(tab, "article details > summary")
    hint = tab.locator("article details", has=tab.locator("summary:focus"))
    assert hint.get_attribute("open") is None
    tab.keyboard.press("Enter")
    assert hint.get_attribute("open") is not None


@pytest.mark.parametrize("width", [1280, 390])
def test_the_keyboard_reaches_the_search(book, new_tab, width):
    tab = new_tab(width)
    book.open(tab, "book/index.html")
    reach(tab, "button.search-button__button, button.search-button")
    tab.keyboard.press("Enter")
    tab.keyboard.type("glossary")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#search-results li a")
