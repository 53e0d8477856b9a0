"""What moves: each explorer in a browser, moved by its keys, against the library."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

import attention.numpy as atn
from attention import explorers

WORDS, SCORES = ["Hunde", "spielen", "Schnee"], np.log([1.0, 3.0, 6.0])
MADE = {"softmax": lambda: explorers.softmax(WORDS, SCORES)}
# What Tab reaches: of a set of radios one.
NAMED = "e => e.type === 'radio' ? e.name : e.id || e.name + e.parentElement.textContent"
RESULT = "() => document.querySelector('.explorer').result"


@pytest.fixture
def stage(new_tab, tmp_path):
    """Open an explorer alone on a page, from a folder, and collect what goes wrong there."""

    def open_page(explorer, width=1280, **options):
        page = tmp_path / "page.html"
        head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>One explorer</title></head>'
        body = f"<body><main><h1>One explorer</h1>{explorer._repr_html_()}</main></body></html>"
        page.write_text(head + body, encoding="utf-8")
        tab = new_tab(width, **options)
        tab.said = []
        tab.on("pageerror", lambda error: tab.said.append(str(error)))
        tab.on("request", lambda request: tab.said.append(request.url) if request.url.startswith("http") else None)
        tab.goto(page.as_uri())
        return tab

    return open_page


def press(tab, label, *keys):
    """Keys for the control that is called `label`."""
    tab.get_by_label(label, exact=True).focus()
    for key in keys:
        tab.keyboard.press(key)


def value(tab, label):
    return float(tab.get_by_label(label, exact=True).input_value())


def test_every_explorer_is_known_here():
    assert sorted(MADE) == explorers.__all__


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_its_output_is_small_and_always_the_same(make):
    shown = make()._repr_html_()
    assert shown == make()._repr_html_()
    assert len(shown.encode()) <= 40_000
    assert "0x" not in repr(make())


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_everyone_can_reach_it(make, width, stage):
    """No fault, no request, nothing wider than a phone, nothing that axe finds; all that moves is reached by Tab."""
    tab = stage(make(), width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    report = Axe().run(tab)
    assert report.violations_count == 0, report.generate_report()
    reached = set()
    for _ in range(2 * tab.locator("input, button").count()):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate(f"() => ({NAMED})(document.activeElement)"))
    moved = tab.evaluate(f"() => [...document.querySelectorAll('input, button')].map({NAMED})")
    assert set(moved) <= reached
    assert tab.said == []


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_where_no_script_runs_there_is_a_picture(make, stage):
    tab = stage(make(), java_script_enabled=False)
    image = tab.locator(".explorer img")
    assert image.is_visible()
    assert len(image.get_attribute("alt")) > 60
    assert image.bounding_box()["height"] > 200


def moving(svg):
    """Of each part that a script may move: the numbers that say where it is, and its text."""
    for part in ElementTree.fromstring(svg).iter():
        places = [part.get(name, "") for name in ("d", "x", "y", "width", "height", "cx", "cy", "opacity")]
        yield [float(number) for number in re.findall(r"-?[\d.]+", " ".join(places))], part.text


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_it_begins_as_the_picture_is(make, stage):
    """The picture is drawn with the library's numbers: the script's first drawing moves nothing in it."""
    moved = stage(make()).evaluate("() => document.querySelector('.explorer svg').outerHTML")
    before, after = list(moving(make().picture._repr_svg_())), list(moving(moved))
    assert len(before) == len(after) > 5
    for (places, text), (places_too, text_too) in zip(before, after, strict=True):
        assert text == text_too
        np.testing.assert_allclose(places, places_too, rtol=0, atol=0.11)


def test_what_changes_is_said(stage):
    tab = stage(MADE["softmax"]())
    said = tab.locator(".explorer .said")
    assert said.get_attribute("aria-live") == "polite"
    before = said.inner_text()
    press(tab, "score of Hunde", "End")
    tab.wait_for_function("before => document.querySelector('.said').innerText !== before", arg=before)
    assert said.inner_text().startswith("Softmax: Hunde 0.9")


def sparsemax(scores, tau):
    """By trying every set of words that may have weight: the largest value of Σ p s + τ (1 − Σ p²)."""
    best = None
    for chosen in (np.array([bool(n & bit) for bit in (1, 2, 4)]) for n in range(1, 8)):
        if not np.isfinite(scores[chosen]).all():
            continue
        half = scores[chosen] / (2 * tau)
        p = np.zeros(3)
        p[chosen] = half - (half.sum() - 1) / chosen.sum()
        worth = p[chosen] @ scores[chosen] + tau * (1 - p @ p)
        if (p >= 0).all() and (best is None or worth > best[0]):
            best = worth, p
    return best[1]


@pytest.mark.parametrize(
    ("keys", "hidden", "wanted"),
    [
        ({}, (), 2),
        ({"score of Hunde": ["End"], "temperature τ": ["PageDown"] * 3}, (), 0),
        ({"score of Schnee": ["Home"], "score of spielen": ["ArrowRight"] * 3, "temperature τ": ["End"]}, (), 1),
        ({"temperature τ": ["Home"]}, ("Schnee",), 1),
        ({"score of Hunde": ["End"], "score of spielen": ["End"], "score of Schnee": ["End"]}, ("Hunde", "spielen"), 2),
    ],
)
def test_softmax_and_its_slope_are_the_librarys(keys, hidden, wanted, stage):
    tab = stage(MADE["softmax"]())
    for label, pressed in keys.items():
        press(tab, label, *pressed)
    for word in hidden:
        tab.get_by_role("checkbox", name=word).press("Space")
    tab.get_by_role("radio", name=WORDS[wanted]).press("Space")
    found = tab.evaluate(RESULT)
    tau = 10 ** value(tab, "temperature τ")
    scores = np.array([value(tab, f"score of {word}") for word in WORDS])
    seen = np.array([word not in hidden for word in WORDS])
    p = atn.masked_softmax(scores / tau, seen)
    slope = atn.softmax_backward(p, np.eye(3)[wanted]) / tau
    masked = np.where(seen, scores, -np.inf)
    F = p[seen] @ scores[seen] - tau * (p[seen] @ np.log(p[seen]))
    for name, expected in (("softmax", p), ("slope", slope), ("sparsemax", sparsemax(masked, tau)), ("F", F)):
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-6, err_msg=name)
    x, y = (float(tab.locator("circle.softmax").get_attribute(name)) for name in ("cx", "cy"))
    corners = np.array(json.loads(tab.locator(".explorer").get_attribute("data-given"))["corners"])
    np.testing.assert_allclose((x, y), p @ corners, atol=0.06)


def test_nobody_to_look_at_has_no_weight(stage):
    tab = stage(MADE["softmax"]())
    for word in WORDS:
        tab.get_by_role("checkbox", name=word).press("Space")
    found = tab.evaluate(RESULT)
    assert found["softmax"] == found["sparsemax"] == [0, 0, 0]
    assert found["said"] == "No word may be seen: all weights are 0."


@pytest.mark.parametrize("arguments", [(WORDS[:2], SCORES[:2]), (WORDS, [0, 0, 9]), (WORDS, [0, 0, np.nan])])
def test_what_is_no_triangle_is_refused(arguments):
    with pytest.raises(ValueError, match="three words and three scores within ±5"):
        explorers.softmax(*arguments)


def test_it_moves_in_the_book(book, new_tab):
    tab = new_tab()
    (page,) = book.pages_with('data-name="softmax"')
    book.open(tab, page)
    press(tab, "score of Hunde", "End")
    assert tab.evaluate(RESULT)["softmax"][0] > 0.9
