"""Formulas: TeX in a notebook, MathML in the book."""

import html
import re
from pathlib import Path

import pytest
from formulas import mathml

STYLE = Path(__file__).parents[2] / "book" / "static" / "formulas.css"


def test_vectors_are_bold():
    assert "<mi>𝐪</mi>" in mathml(r"\mathbf q", display=False)


@pytest.mark.parametrize("before", ["x", "p_i", r"K^\top", r"\tfrac12", r"\sqrt D", r"\hat p", "(1 - x)"])
@pytest.mark.parametrize("function", ["tanh", "max"])
def test_a_function_keeps_its_distance(before, function):
    set_ = mathml(rf"{before} \{function} x", display=False)
    assert re.search(rf'<mspace width="0.1667em"/>(<mrow>)*(<mspace/>)?<mi>{function}</mi>', set_), set_


@pytest.mark.parametrize("tex", [r"\fraq{1}{2}", "x_", r"\left( x", "{"])
def test_a_formula_with_an_error_is_refused(tex):
    with pytest.raises(ValueError, match=r"\w"):
        mathml(tex, display=True)


def in_font():
    """The characters that the font is declared to have."""
    ranges = re.search(r"unicode-range: ([^;]*);", STYLE.read_text(encoding="utf-8"))[1]
    for part in ranges.replace("U+", "").split(", "):
        first, *last = (int(code, 16) for code in part.split("-"))
        yield from range(first, (last or [first])[0] + 1)


def test_the_font_has_every_character(site):
    known, seen = set(in_font()), set()
    for page in site.rglob("*.html"):
        for formula in re.findall(r"<math.*?</math>", page.read_text(encoding="utf-8"), re.DOTALL):
            characters = set(html.unescape(re.sub(r"<[^>]*>|\s", "", formula)))
            assert not {c for c in characters if ord(c) not in known}, f"{page}: {formula} (tools/make_math_font.py)"
            seen |= characters
    assert "𝐪" in seen


def test_only_pages_with_formulas_load_their_style(site):
    pages = {page: page.read_text(encoding="utf-8") for page in (site / "book").rglob("*.html")}
    for page, text in pages.items():
        assert ("<math" in text) == ("formulas.css" in text), page
    assert len({"<math" in text for text in pages.values()}) == 2


def test_formulas_are_there_without_javascript(book, new_tab):
    tab = new_tab(java_script_enabled=False)
    tab.goto(book.base + book.pages_with('class="eqno"')[0])
    formula = tab.locator("div.math:has(.eqno) > math").first
    number = tab.locator("div.math > .eqno").first.bounding_box()
    drawn = formula.bounding_box()
    assert drawn["height"] > 10
    assert number["x"] > drawn["x"] + drawn["width"]  # at its right,
    assert drawn["y"] < number["y"] + number["height"] / 2 < drawn["y"] + drawn["height"]  # in its middle


def test_nothing_is_left_free_behind_a_root(book, new_tab):
    tab = new_tab()
    book.open(tab, book.pages_with("<msqrt>")[0])
    free = tab.locator("msqrt").evaluate_all("""roots => roots.map(root =>
        root.getBoundingClientRect().right - root.lastElementChild.getBoundingClientRect().right)""")
    assert max(free) < 1
