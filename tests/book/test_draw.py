"""The page on which a reader draws, alone on a page and in the book: against the library, by hand, finger and keys."""

import json
from base64 import b64decode, b64encode

import draw_examples
import drawing
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from drawing import MODEL, PARTS, SCRIPTS, surface
from scipy import ndimage

from attention.classifier import Classifier
from attention.data.digits import sources
from attention.data.pictures import one_digit

SIDE = 140
CLASSIFIER = Classifier("numpy", MODEL)
READY = "() => document.querySelector('.drawing').surface?.model"
# Pictures travel as the bytes of their float32 numbers: as lists they would take seconds.
PACKED = "picture => picture && btoa(String.fromCharCode(...new Uint8Array(picture.buffer)))"
RESULT = f"""() => {{
    const {{ seen, chance, looked, shape, ink, ms }} = document.querySelector('.drawing').result, packed = {PACKED};
    return {{ seen: packed(seen), chance, looked, shape, ink: packed(ink), ms }};
}}"""
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
MAKE = f"""pictures => {{
    const model = readModel(MODEL), packed = {PACKED};
    return pictures.map(([h, w, packedInk]) => {{
        const bytes = Uint8Array.from(atob(packedInk), c => c.charCodeAt(0));
        const digit = oneDigit({{ h, w, at: new Float32Array(bytes.buffer) }});
        return digit && {{ seen: packed(digit.at), ...classify(model, digit.at, 28, 28) }};
    }});
}}"""


@pytest.fixture
def paper(new_tab, tmp_path):
    """Open the surface alone on a page, from a folder, and collect what goes wrong there."""

    def open_page(width=1280, ready=True, **options):
        head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A drawing</title></head>'
        body = f"<body><main><h1>A drawing</h1>{surface('model.js')}<p id=after>After it.</p></main></body></html>"
        (tmp_path / "page.html").write_text(head + body, encoding="utf-8")
        if ready:
            (tmp_path / "model.js").write_text(f'drawingModel("{b64encode(MODEL.read_bytes()).decode()}")')
        tab = new_tab(width, **options)
        tab.said = []
        tab.on("pageerror", lambda error: tab.said.append(str(error)))
        tab.on("request", lambda request: tab.said.append(request.url) if request.url.startswith("http") else None)
        tab.goto((tmp_path / "page.html").as_uri())
        if ready and options.get("java_script_enabled", True):
            tab.wait_for_function(READY)
        return tab

    return open_page


def result(tab):
    tab.evaluate(SETTLED)
    return unpacked(tab.evaluate(RESULT))


def unpacked(found):
    """An answer with its pictures as arrays."""
    for name, side in (("seen", 28), ("ink", SIDE)):
        if found.get(name):
            found[name] = np.frombuffer(b64decode(found[name]), np.float32).reshape(side, side)
    return found


def packed(picture):
    return [*picture.shape, b64encode(picture.astype(np.float32).tobytes()).decode()]


def drag(tab, *places):
    """One stroke through places (x, y), in shares of the paper."""
    box = tab.locator(".paper").bounding_box()
    for n, (x, y) in enumerate(places):
        tab.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=5 if n else 1)
        if not n:
            tab.mouse.down()
    tab.mouse.up()


def agrees(found, picture):
    """Whether a script's answer about a picture is the library's."""
    seen = one_digit(np.asarray(picture, np.float32))
    chance, weights = CLASSIFIER.look(seen[None])
    np.testing.assert_allclose(found["seen"], seen, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found["chance"], chance[0], rtol=0, atol=1e-4)
    np.testing.assert_allclose(np.reshape(found["looked"], found["shape"]), weights[0], rtol=0, atol=1e-4)
    assert np.argmax(found["chance"]) == chance[0].argmax()


def drawings():
    """Digits of every class, at many places and sizes, grey, black, thin, some on other paper, with specks."""
    rng = np.random.default_rng(12)
    digits = sources("test")[0][::9]  # of every class four
    for n, digit in enumerate(digits):
        h, w = (SIDE, SIDE) if n % 4 else (75, 111)
        size = int(rng.integers(30, h - 12))
        large = np.clip(ndimage.zoom(digit, size / 8, order=1), 0, 1)
        if n % 3 == 1:
            large = (large > 0.7).astype(float)
        elif n % 3 == 2:  # thin lines, which are made wider
            large = ((large > 0.5) & ~ndimage.binary_erosion(large > 0.5, iterations=1 + n % 2)).astype(float)
        picture, size = np.zeros((h, w)), len(large)
        top, left = (int(rng.integers(4, side - 4 - size + 1)) for side in (h, w))
        picture[top : top + size, left : left + size] = large
        picture[4:6, 4:6] += 0.9 * (n % 2) * (picture[4:6, 4:6] == 0)  # a speck
        picture[h - 6, w - 6] = 0.03  # no ink
        yield np.clip(picture, 0, 1).astype(np.float32)


@pytest.fixture
def scripts(new_tab):
    """The scripts alone, without a surface."""
    tab = new_tab()
    tab.goto("about:blank")
    for name in SCRIPTS[:-1]:
        tab.add_script_tag(content=(PARTS / name).read_text(encoding="utf-8"))
    tab.add_script_tag(content=f'const MODEL = "{b64encode(MODEL.read_bytes()).decode()}";')
    return tab


def test_it_sees_looks_and_says_what_the_library_does(scripts):
    pictures = list(drawings())
    found = scripts.evaluate(MAKE, [packed(picture) for picture in pictures])
    assert len(pictures) >= 40
    assert len({int(np.argmax(answer["chance"])) for answer in found}) == 10
    for answer, picture in zip(found, pictures, strict=True):
        agrees(unpacked(answer), picture)


@pytest.mark.parametrize("pixels", [0, 3])
def test_where_there_is_no_ink_nothing_is_said(pixels, scripts):
    picture = np.full((SIDE, SIDE), 0.03)
    picture[0, :pixels] = 1
    assert scripts.evaluate(MAKE, [packed(picture)]) == [None]


def test_an_example_is_drawn_named_and_said(paper):
    """Of each class one, and one that the network gets wrong."""
    tab, times = paper(), []
    digits, labels = draw_examples.chosen(CLASSIFIER)
    buttons = tab.locator(".example").all()
    assert [button.inner_text() for button in buttons] == [*map(str, range(10)), f"another {labels[-1]}"]
    for n, button in enumerate(buttons):
        button.click()
        found = result(tab)
        picture = found["ink"]
        np.testing.assert_allclose(picture, draw_examples.drawn(digits[n]), rtol=0, atol=1e-5)
        agrees(found, picture)
        assert (np.argmax(found["chance"]) == labels[n]) == (n < 10)
        times.append(found["ms"])
    assert np.median(times) < 300
    best = int(np.argmax(found["chance"]))
    row, column = divmod(int(np.argmax(found["looked"])), 7)
    tab.wait_for_function("said => document.querySelector('.said').innerText.startsWith(said)", arg=f"It says {best},")
    said = tab.locator(".said").inner_text()
    assert (
        f"probability {found['chance'][best]:.2f}; next is {labels[-1]}, with {found['chance'][labels[-1]]:.2f}."
        in said
    )
    assert f"row {row + 1}, column {column + 1} of the map has most weight, {max(found['looked']):.2f}." in said
    heights = tab.evaluate("() => [...document.querySelectorAll('.bar')].map(bar => parseFloat(bar.style.height))")
    np.testing.assert_allclose(heights, 100 * np.array(found["chance"]), atol=0.06)
    discs = tab.evaluate("() => [...document.querySelectorAll('circle')].map(disc => +disc.getAttribute('opacity'))")
    np.testing.assert_allclose(discs, 0.8 * np.sqrt(np.array(found["looked"]) / max(found["looked"])), atol=0.006)
    assert tab.said == []


def test_what_is_stored_is_what_the_tool_draws():
    digits, labels = draw_examples.chosen(CLASSIFIER)
    stored = json.loads((PARTS / "examples.json").read_text(encoding="utf-8"))
    assert [example["digit"] for example in stored] == labels.tolist()
    assert [example["ink"] for example in stored] == [draw_examples.letters(digit) for digit in digits]
    drawn = draw_examples.still(CLASSIFIER, digits[draw_examples.SHOWN])
    assert drawn == (PARTS / "still.svg").read_text(encoding="utf-8")


def test_the_answers_to_the_questions_hold(paper):
    """A short stroke far from a 1 gets next to no weight, one as long a share; of a 0, most weight is in the hole."""
    tab = paper()
    one, short, long = ((0.5, 0.2), (0.5, 0.8)), ((0.85, 0.4), (0.85, 0.6)), ((0.85, 0.2), (0.85, 0.8))
    for second, least, most in ((short, 0, 0.05), (long, 0.1, 0.9)):
        tab.get_by_role("button", name="Clear").click()
        drag(tab, *one)
        middle = np.reshape(result(tab)["looked"], (7, 7))[:, 2:5].sum()
        assert middle > 0.95
        drag(tab, *second)
        found = result(tab)
        agrees(found, found["ink"])
        ink = found["seen"] > 0.5
        columns = np.flatnonzero(ink.any(axis=0))
        gap = columns[:-1][np.diff(columns) > 1].max() + 3  # some pixels behind the first stroke
        share = np.reshape(found["looked"], (7, 7))[:, 4 * np.arange(7) > gap].sum()
        assert least <= share < most
        assert found["chance"][1] > 0.9
    tab.get_by_role("button", name="Clear").click()
    turn = np.linspace(0, 2 * np.pi, 30)
    drag(tab, *np.stack([0.5 + 0.2 * np.sin(turn), 0.5 - 0.3 * np.cos(turn)], axis=1))
    found = result(tab)
    ink = found["seen"][::4, ::4].ravel()
    assert np.argmax(found["chance"]) == 0
    assert np.array(found["looked"])[ink < 0.1].sum() > 0.5


@pytest.mark.parametrize("width", [1280, 390])
def test_everyone_can_reach_it(width, paper):
    """With what a drawing shows, nothing that axe finds, no wider than a phone; nothing below it has moved."""
    tab = paper(width)
    place = tab.locator("#after").bounding_box()["y"]
    tab.get_by_role("button", name="7", exact=True).click()
    tab.wait_for_function("() => document.querySelector('.said').innerText.startsWith('It says 7')")
    tab.locator(".paper").press("Space")
    tab.wait_for_function("() => document.querySelector('.pen').innerText")
    assert tab.locator("#after").bounding_box()["y"] == place
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    report = Axe().run(tab)
    assert report.violations_count == 0, report.generate_report()
    assert tab.said == []


def test_the_keyboard_alone_draws(paper):
    tab = paper()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "paper"
    for key in ("Shift+ArrowUp", "Shift+ArrowUp", "ArrowLeft", "ArrowRight"):
        tab.keyboard.press(key)
    assert result(tab)["ink"].max() == 0
    assert tab.evaluate("scrollY") == 0
    tab.wait_for_function("() => document.querySelector('.pen').innerText === 'Pen up, row 6 and column 14 of 28.'")
    tab.keyboard.press("Space")
    for _ in range(4):
        tab.keyboard.press("Shift+ArrowDown")
    tab.keyboard.press("Space")
    tab.wait_for_function("() => document.querySelector('.pen').innerText === 'Pen up, row 22 and column 14 of 28.'")
    tab.keyboard.press("Shift+ArrowRight")
    found = result(tab)
    picture = found["ink"]
    rows, columns = np.nonzero(picture > 0.5)
    assert (rows.min(), rows.max()) == (30 - 5, 110 + 5)
    assert (columns.min(), columns.max()) == (70 - 5, 70 + 5)
    assert np.argmax(found["chance"]) == 1
    tab.wait_for_function("() => document.querySelector('.said').innerText.startsWith('It says 1')")
    assert tab.locator(".said").get_attribute("aria-live") == "polite"
    for _ in range(40):
        tab.keyboard.press("ArrowLeft")  # no farther than the paper
    tab.keyboard.press("Space")
    edge = result(tab)["ink"].copy()
    assert edge[:, 5:15].max() == 1
    edge[4:-4, 4:-4] = 0
    assert edge.max() == 0
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert result(tab)["ink"].max() == 0
    tab.wait_for_function("() => document.querySelector('.said').innerText === 'Nothing is drawn.'")


def test_it_is_not_said_at_every_stroke(paper):
    tab = paper()
    tab.evaluate("""() => {
        window.count = 0;
        new MutationObserver(() => window.count++).observe(document.querySelector('.said'), { childList: true });
    }""")
    for x in (0.3, 0.5, 0.7):
        drag(tab, (x, 0.3), (x, 0.7))
    tab.wait_for_timeout(1000)
    assert 1 <= tab.evaluate("count") <= 2


def test_a_finger_draws_and_nothing_scrolls(paper):
    tab = paper(390, has_touch=True)
    tab.evaluate("document.body.style.minHeight = '3000px'")
    box = tab.locator(".paper").bounding_box()
    touch = tab.context.new_cdp_session(tab)

    def send(kind, *points):
        given = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

    send("touchStart", (0.5, 0.8))
    for y in np.linspace(0.8, 0.2, 12):
        send("touchMove", (0.5, float(y)))
    send("touchEnd")
    found = result(tab)
    assert np.argmax(found["chance"]) == 1
    assert tab.evaluate("scrollY") == 0
    rows = np.nonzero(found["ink"])[0]
    assert np.ptp(rows) > 80


@pytest.mark.parametrize("media", ["print", "no script"])
def test_where_no_script_runs_and_in_print_there_is_a_picture(media, paper):
    tab = paper(java_script_enabled=media == "print")
    if media == "print":
        tab.emulate_media(media="print")
    image = tab.locator(".still img")
    assert image.is_visible()
    assert len(image.get_attribute("alt")) > 60
    assert tab.locator(".still figcaption").is_visible()
    assert not tab.locator(".live").is_visible()


def test_it_says_so_when_the_network_is_missing(paper):
    tab = paper(ready=False)
    tab.wait_for_function("() => document.querySelector('.said').innerText.includes('model.js is missing')")
    drag(tab, (0.5, 0.2), (0.5, 0.8))
    assert result(tab)["chance"] == []
    assert result(tab)["ink"].max() == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [({"model": '"GRU"'}, "another network"), ({"sizes": '{"pooling": "glimpse", "gate": "none"}'}, "another network")],
)
def test_another_network_is_refused(change, told, scripts):
    raw = MODEL.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    table = json.loads(raw[8 : 8 + length])
    table["__metadata__"] |= change
    header = json.dumps(table).encode()
    packed = b64encode(len(header).to_bytes(8, "little") + header + raw[8 + length :]).decode()
    said = scripts.evaluate("text => { try { readModel(text); } catch (error) { return error.message; } }", packed)
    assert said == told


@pytest.mark.parametrize(
    ("name", "shown"), [("mnist.accuracy", "87%"), ("count", "12,345"), ("whole", "100%"), ("low", "5%")]
)
def test_a_figure_of_the_card(name, shown):
    card = {"mnist": {"accuracy": 0.8716}, "count": 12345, "whole": 1.0, "low": 0.05}
    assert drawing.figure(card, name) == shown


def test_in_the_book_it_draws_and_no_other_page_loads_the_network(everywhere, new_tab, site):
    script = (site / "book" / "draw_model.js").read_text(encoding="utf-8")
    assert b64decode(script.split('"')[1]) == MODEL.read_bytes()
    assert len(script) < 1e6
    assert everywhere.pages_with("draw_model.js") == ["book/draw.html"]
    tab, asked = new_tab(), []
    tab.on("request", lambda request: asked.append(request.url))
    everywhere.open(tab, "chapters/12_attention_over_feature_maps.html")
    everywhere.open(tab, "book/start.html")
    assert not [address for address in asked if "draw_model" in address]
    everywhere.open(tab, "book/draw.html")
    tab.wait_for_function(READY)
    assert all(address.startswith((everywhere.base, "data:")) for address in asked)
    tab.get_by_role("button", name="3", exact=True).click()
    found = result(tab)
    agrees(found, found["ink"])
    card = json.loads(MODEL.with_suffix(".json").read_text(encoding="utf-8"))
    article = tab.locator("article").inner_text()
    for figures in (card["test"]["single"], card["test"]["cluttered"], card["mnist"]):
        assert f"{figures['accuracy']:.0%}" in article


@pytest.mark.parametrize("width", [1280, 390])
def test_in_the_book_axe_finds_nothing_on_a_drawing(width, book, new_tab):
    """In either theme, colours included."""
    tab = new_tab(width, reduced_motion="reduce")
    book.open(tab, "book/draw.html")
    tab.wait_for_function(READY)
    tab.get_by_role("button", name="7", exact=True).click()
    tab.wait_for_function("() => document.querySelector('.said').innerText.startsWith('It says 7')")
    for theme in ("light", "dark"):
        tab.emulate_media(color_scheme=theme)
        tab.wait_for_selector(f"html[data-theme={theme}]")
        report = Axe().run(tab, context=".drawing")
        assert report.violations_count == 0, report.generate_report()
