"""What a reader does with a page: choose a framework, open a hint, use nothing but the keyboard."""

import pytest

LABELS = ["NumPy", "TensorFlow", "PyTorch"]
CHOSEN = ".framework-tabs input:checked + label"


def chosen(tab):
    """The labels of the tabs that are open, over all tab-sets of a page."""
    return set(tab.locator(CHOSEN).all_inner_texts())


def shown(tab):
    """How many of a page's tabs show their content, and how many there are."""
    contents = tab.locator(".framework-tabs > .sd-tab-content")
    return contents.evaluate_all("all => [all.filter(e => e.checkVisibility()).length, all.length]")


def test_every_tab_set_has_all_three(book, new_tab):
    tab = new_tab()
    for page in book.pages_with("framework-tabs"):
        book.open(tab, page)
        labels = tab.locator(".framework-tabs label").all_inner_texts()
        assert labels == LABELS * tab.locator(".framework-tabs").count(), page


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
        assert tab.locator(".framework-tabs label").evaluate_all("all => all.every(e => e.checkVisibility())"), page


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
    book.open(tab, book.pages_with("<summary>Hint")[0])
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


def test_the_chosen_tab_can_be_told_in_forced_colours(book, new_tab):
    tab = new_tab(forced_colors="active")
    book.open(tab, book.pages_with("framework-tabs")[0])
    edges = tab.locator(".framework-tabs").first.evaluate("""tabs => [...tabs.querySelectorAll("label")].map(label => {
        const { borderBottomColor, borderBottomWidth } = getComputedStyle(label);
        return `${borderBottomWidth} ${borderBottomColor}`;
    })""")
    assert edges[0] != edges[1] == edges[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_code_that_goes_on_shows_it_at_its_edge(book, new_tab, theme):
    """The last columns of its box differ from those when it is scrolled to its end: a shade lies there."""
    tab = new_tab(390, color_scheme=theme)
    book.open(tab, book.pages_with("framework-tabs")[0])
    code = tab.locator("div.cell_input pre[tabindex='0']:visible").first
    code.evaluate("e => e.replaceChildren('\\n'.repeat(3) + ' '.repeat(200) + '\\n'.repeat(3))")
    at_start, box = code.screenshot(), code.bounding_box()
    code.evaluate("e => e.scrollLeft = e.scrollWidth")
    at_end = code.screenshot()
    assert box["width"] < 390
    assert at_start != at_end


def test_what_a_tab_uncovers_is_reached_by_keyboard(book, new_tab):
    tab = new_tab(390)
    book.open(tab, book.pages_with("framework-tabs")[0])
    tab.locator(".framework-tabs label", has_text="PyTorch").first.click()
    wide = "[...document.querySelectorAll('.framework-tabs pre')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    assert tab.evaluate(f"{wide}.length")
    assert tab.evaluate(f"{wide}.every(e => e.tabIndex === 0)")


def test_a_dark_page_is_dark_before_the_themes_script_runs(book, new_tab):
    tab = new_tab(color_scheme="dark")
    tab.route("**/pydata-sphinx-theme.js", lambda route: route.abort())
    book.open(tab, "book/index.html")
    assert tab.locator("html").get_attribute("data-theme") == "dark"


@pytest.mark.parametrize("script", [True, False])
def test_the_menu_of_downloads(book, new_tab, script):
    tab = new_tab(java_script_enabled=script)
    tab.goto(book.base + book.pages_with("framework-tabs")[0])
    tab.locator(".downloads > summary").click()
    choices = tab.locator(".downloads li .btn:visible")
    assert choices.all_inner_texts() == ([".ipynb", ".pdf"] if script else [".ipynb"])
    with tab.expect_download() as download:
        choices.first.click()
    assert download.value.suggested_filename.endswith(".ipynb")
