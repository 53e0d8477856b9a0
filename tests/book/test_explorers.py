"""What moves: each explorer in a browser, moved by its keys, against the library."""

import json
import re
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

import attention.numpy as atn
from attention import explorers
from attention.data.batches import pad
from attention.data.scenes import scenes
from attention.data.tokenizer import START
from attention.explorers.explorer import share
from attention.explorers.heads import best
from attention.explorers.scene import bitmap
from attention.numpy.vision import ResNet
from attention.stored import MODELS
from attention.translator import Translator
from attention.weights.blocks import encoder_block
from attention.weights.initial import initial_weights
from attention.weights.store import load

WORDS, SCORES = ["Hunde", "spielen", "Schnee"], np.log([1.0, 3.0, 6.0])
QUERY, KEYS = np.array([2.0, 1.0]), np.array([[1.0, 0.5], [1.0, 4.0], [2.0, 0.0]])
WEIGHT = np.array([[0.0, 1.0], [-1.0, 0.5]])
ADDITIVE = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([[-1.0, -0.5], [0.2, 0.3]]), np.array([1.0, -2.0])
TURN_KEYS, SAID = (
    np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
    np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 2.0]]),
)
GRID = np.array([[0.3, -1.2, 2.0], [1.5, 0.0, -0.4]])
PLACED = np.array([1.0, 0.5, -0.3, 1.2, 0.8, 0.0]), np.array([0.7, -0.2, 0.5, 0.9, -1.0, 0.4])
GERMAN = ["Zwei Hunde spielen im Schnee.", "Ein Mann spielt Gitarre."]
WEIGHTS, _ = load(MODELS / "resnet_attention_pytorch.safetensors")
SCENE, DIGITS = scenes("cluttered", "test", 1).images[0], [str(digit) for digit in range(10)]
BLOCK_ROWS = np.random.default_rng(8).standard_normal((4, 6))
BLOCKS = [initial_weights(encoder_block(6, 2, 12), seed) for seed in range(8)]
MADE = {
    "alignment": lambda: explorers.alignment(Translator("numpy"), GERMAN),
    "heads": lambda: explorers.heads(["dogs in snow", "snow on dogs"], [[2.0, 0.0], [0.0, 2.0]], [0.5, 0.5]),
    "block": lambda: explorers.block([*WORDS, "im"], BLOCK_ROWS, BLOCKS, 2),
    "hull": lambda: explorers.hull(WORDS, TURN_KEYS, SAID[:, 1:], np.log([2.0, 3.0])),
    "loss": lambda: explorers.loss(WORDS, TURN_KEYS, SAID, [-2.0, 1.0]),
    "mask": lambda: explorers.mask(WORDS[:2], WORDS, GRID, np.array([[True, False, True], [True, True, True]])),
    "positions": lambda: explorers.positions(*PLACED),
    "scene": lambda: explorers.scene(WEIGHTS, SCENE, DIGITS),
    "scores": lambda: explorers.scores(WORDS, QUERY, KEYS, WEIGHT, ADDITIVE),
    "softmax": lambda: explorers.softmax(WORDS, SCORES),
}
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
    for fold in tab.locator(".explorer summary").all():
        fold.press("Enter")
    reached = set()
    for _ in range(2 * tab.locator("input, button").count() + 4):
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
    assert image.bounding_box()["height"] > 150


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


@pytest.mark.parametrize(
    ("weight", "written"),
    [
        (0.0, "0.00"),
        (1e-9, "< 0.01"),
        (0.006, "0.01"),
        (0.5, "0.50"),
        (0.994, "0.99"),
        (0.996, "> 0.99"),
        (1.0, "1.00"),
    ],
)
def test_a_weight_is_not_called_nothing_that_is_not(weight, written):
    assert share(weight) == written


def test_a_weight_is_written_likewise_when_it_moves(stage):
    tab = stage(MADE["softmax"]())
    for word, score in {"Hunde": "Home", "spielen": "Home", "Schnee": "End"}.items():
        press(tab, f"score of {word}", score)
    tab.wait_for_function("document.querySelector('.said').innerText.includes('Schnee > 0.99. Sparsemax')")
    said = tab.locator(".said").inner_text()
    assert "Softmax: Hunde < 0.01, spielen < 0.01," in said
    assert "Sparsemax: Hunde 0.00, spielen 0.00, Schnee 1.00." in said


@pytest.mark.parametrize("name", ["loss", "scores"])
def test_the_cells_cover_the_plane(name, stage):
    cells = "[...document.querySelectorAll('.cells > path')].map(path => path.getBBox())"
    boxes = stage(MADE[name]()).evaluate(f"() => {cells}.map(b => [b.x, b.y, b.width, b.height])")
    x, y, width, height = np.transpose(boxes)
    whole = np.ptp([*x, *(x + width)]) * np.ptp([*y, *(y + height)])
    assert (width * height).sum() == pytest.approx(whole, rel=1e-3)


def test_a_number_below_zero_is_written_and_read_with_a_minus(stage):
    tab = stage(MADE["hull"]())
    press(tab, "direction of the query", "Home")
    slider = tab.get_by_label("direction of the query", exact=True)
    assert slider.get_attribute("aria-valuetext") == tab.locator("output").first.inner_text() == "−180°"
    press(tab, "direction of the query", *["PageUp"] * 4, *["ArrowRight"] * 3)
    assert "-" not in tab.locator(".explorer").inner_text()


def test_what_changes_in_a_mask_is_said_and_nothing_else(stage):
    tab = stage(MADE["mask"]())
    said = tab.locator(".explorer .said")
    assert said.inner_text() == "What changes in a row is said here."
    row = tab.get_by_role("group", name="spielen may see")
    for hidden, told in (
        (["Hunde", "Schnee"], "spielen: spielen 1.00."),
        (["spielen"], "spielen: nothing, all zeros."),
    ):
        for word in hidden:
            row.get_by_role("checkbox", name=word).press("Space")
        tab.wait_for_function("told => document.querySelector('.said').innerText === told", arg=told)


def test_what_is_below_does_not_move_when_less_is_said(stage):
    tab = stage(MADE["mask"](), 240)
    said = tab.locator(".explorer .said")
    for name in ("none", "all"):
        tab.get_by_role("button", name=name).press("Enter")
    tab.wait_for_function("document.querySelector('.said').innerText.includes(';')")
    tall = said.bounding_box()["height"]
    tab.get_by_role("group", name="spielen may see").get_by_role("checkbox", name="Hunde").press("Space")
    tab.wait_for_function("!document.querySelector('.said').innerText.includes(';')")
    assert said.bounding_box()["height"] >= tall


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_slider_is_long_enough_and_beside_the_picture_where_there_is_room(make, stage):
    for width, beside in ((1280, True), (390, False)):
        tab = stage(make(), width)
        picture, controls = (tab.locator(f".explorer > {part}").bounding_box() for part in ("svg", ".controls"))
        assert (controls["x"] >= picture["x"] + picture["width"]) == beside
        assert beside == (controls["y"] < picture["y"] + picture["height"])
        for slider in tab.locator("input[type=range]:visible").all():
            assert slider.bounding_box()["width"] >= 100


def test_on_paper_there_is_the_picture_and_what_it_says(stage):
    tab = stage(MADE["softmax"]())
    tab.emulate_media(media="print")
    assert tab.locator(".explorer svg").is_visible()
    assert tab.locator(".explorer .said").is_visible()
    assert not tab.locator(".explorer .controls").is_visible()


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


@pytest.mark.parametrize("moved", [((), ()), (["Home"], ["End"]), (["PageDown"] * 2, ["PageDown"] * 2), (["End"], ())])
def test_what_two_heads_hear_and_what_can_be_made_of_it(moved, stage):
    tab = stage(MADE["heads"]())
    for head, keys in enumerate(moved):
        press(tab, f"head {head}: weight on the first word", *keys)
    weights = np.array([value(tab, f"head {head}: weight on the first word") for head in (0, 1)])
    found, (error, largest) = tab.evaluate(RESULT), best(weights)
    heard = np.array([[2.0, 0.0], [0.0, 2.0]]) @ np.stack([weights, 1 - weights])
    np.testing.assert_allclose(found["heard"], heard.ravel(), rtol=0, atol=1e-6)
    np.testing.assert_allclose([found["error"], found["largest"]], [error, largest], rtol=0, atol=1e-6)
    assert ("whatever comes after" in found["said"]) == (weights[0] == weights[1])


@pytest.mark.parametrize(("angle", "length"), [((), ()), (["Home"], ["End"]), (["PageDown"] * 5, ["PageUp"] * 3)])
def test_the_output_is_the_librarys(angle, length, stage):
    tab = stage(MADE["hull"]())
    press(tab, "direction of the query", *angle)
    press(tab, "length of the query", *length)
    turn, long = np.radians(value(tab, "direction of the query")), 10 ** value(tab, "length of the query")
    query = long * np.array([[np.cos(turn), np.sin(turn)]])
    output, weights = atn.attend(atn.dot_scores(query, TURN_KEYS), SAID[:, 1:])
    found = tab.evaluate(RESULT)
    np.testing.assert_allclose(found["weights"], weights[0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(found["output"], output[0], rtol=0, atol=1e-6)
    if not angle:  # what it begins with, up to the sliders' steps
        np.testing.assert_allclose(weights[0], [0.1, 0.3, 0.6], atol=1e-3)


@pytest.mark.parametrize(
    ("keys", "target"),
    [
        ({}, 2),
        ({"query, first feature": ["End"], "query, second feature": ["PageDown"] * 4}, 0),
        ({"how far the values differ": ["PageDown"] * 5}, 1),
    ],
)
def test_a_querys_loss_and_gradient_are_the_librarys(keys, target, stage):
    tab = stage(MADE["loss"]())
    for label, pressed in keys.items():
        press(tab, label, *pressed)
    tab.get_by_role("radio", name=WORDS[target]).press("Space")
    apart = value(tab, "how far the values differ")
    query = np.array([[value(tab, f"query, {axis} feature") for axis in ("first", "second")]])
    values = SAID.mean(axis=0) + apart * (SAID - SAID.mean(axis=0))
    scores = atn.dot_scores(query, TURN_KEYS)
    output, weights = atn.attend(scores, values)
    grad_scores, _ = atn.attend_backward(weights, values, output - values[target])
    found = tab.evaluate(RESULT)
    assert found["loss"] == pytest.approx(((output - values[target]) ** 2).sum() / 2, abs=1e-6)
    np.testing.assert_allclose(found["gradient"], (grad_scores @ TURN_KEYS)[0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(found["weights"], weights[0], rtol=0, atol=1e-6)


def test_ten_steps_down_lower_the_loss(stage):
    tab = stage(MADE["loss"]())
    losses = [tab.evaluate(RESULT)["loss"]]
    for _ in range(3):
        tab.get_by_role("button", name="ten steps down").press("Enter")
        losses.append(tab.evaluate(RESULT)["loss"])
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.1 < losses[0]


@pytest.mark.parametrize(
    ("button", "allowed"),
    [
        ("all", np.ones((2, 3), bool)),
        ("causal", atn.causal_mask(2, 3, 1)),
        ("a window of two", np.array([[True, True, True], [False, True, True]])),
        ("none", np.zeros((2, 3), bool)),
    ],
)
def test_the_weights_of_a_mask_are_the_librarys(button, allowed, stage):
    tab = stage(MADE["mask"]())
    tab.get_by_role("button", name=button, exact=True).press("Enter")
    np.testing.assert_allclose(tab.evaluate(RESULT)["weights"], atn.masked_softmax(GRID, allowed), rtol=0, atol=1e-6)
    crossed = [bool(path.get_attribute("d")) for path in tab.locator(".cross").all()]
    np.testing.assert_array_equal(crossed, ~allowed.ravel())


def test_a_cell_is_drawn_by_hand_and_by_key(stage):
    tab = stage(MADE["mask"]())
    tab.locator(".cell").nth(1).click()
    tab.get_by_role("group", name="spielen may see").get_by_role("checkbox", name="Hunde").press("Space")
    allowed = np.array([[True, True, True], [False, True, True]])
    np.testing.assert_allclose(tab.evaluate(RESULT)["weights"], atn.masked_softmax(GRID, allowed), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["rotary", "sinusoids alone"])
@pytest.mark.parametrize(("query", "key"), [(0, 0), (4, -1), (-3, 19), (17, 0)])
def test_rows_at_their_places_and_their_product_are_the_librarys(kind, query, key, stage):
    """Steps from the places 3 and 1."""
    tab = stage(MADE["positions"]())
    tab.get_by_role("radio", name=kind).press("Space")
    for name, steps in (("query", query), ("key", key)):
        press(tab, f"place of the {name}", *["ArrowRight" if steps > 0 else "ArrowLeft"] * abs(steps))
    found, (i, j) = tab.evaluate(RESULT), (3 + query, 1 + key)

    def product(i, j):
        rows = atn.sinusoidal_positions(41, 6)[[i, j]]
        if kind == "rotary":
            rows = [atn.rotate(row, np.array(place)) for row, place in zip(PLACED, (i, j), strict=True)]
        return rows, rows[0] @ rows[1]

    rows, score = product(i, j)
    for name, row in zip(("query", "key"), rows, strict=True):
        np.testing.assert_allclose(found[name], row, rtol=0, atol=1e-6)
    assert abs(found["score"] - score) < 1e-6
    expected = [product(20 + distance, 20)[1] for distance in range(-20, 21)]
    np.testing.assert_allclose(found["curve"][::4], expected, rtol=0, atol=1e-6)


def test_moved_together_the_product_stays(stage):
    tab = stage(MADE["positions"]())
    before = tab.evaluate(RESULT)
    drawn = [part.get_attribute("d") for part in tab.locator(".query").all()]
    for button, presses, places in (("both a place on", 30, (20, 18)), ("both a place back", 40, (2, 0))):
        for _ in range(presses):
            tab.get_by_role("button", name=button).press("Enter")
        after = tab.evaluate(RESULT)
        assert (value(tab, "place of the query"), value(tab, "place of the key")) == places
        assert abs(after["score"] - before["score"]) < 1e-6
        np.testing.assert_allclose(after["query"], atn.rotate(PLACED[0], np.array(places[0])), rtol=0, atol=1e-6)
        assert [part.get_attribute("d") for part in tab.locator(".query").all()] != drawn


def through(branches, rows, adds, where):
    """Rows after these branches, on the library's layer normalisation."""
    norm = atn.LayerNorm({"scale": np.ones(6), "shift": np.zeros(6)})
    for branch in branches:
        made = branch(norm(rows) if where == "before" else rows)
        rows = rows + made if adds else made
        rows = norm(rows) if where == "after" else rows
    return rows


@pytest.mark.parametrize("where", ["none", "before", "after"])
@pytest.mark.parametrize("left", [(), ("attention",), ("network",), ("the addition",), ("network", "the addition")])
def test_rows_through_blocks_are_the_librarys(left, where, stage):
    tab = stage(MADE["block"]())
    chosen = [name for name in ("attention", "network", "the addition") if name not in left]
    for name in ("network", "the addition", "attention"):
        box = tab.get_by_role("checkbox", name=name)
        if box.is_checked() != (name in chosen):
            box.press("Space")
    tab.get_by_role("radio", name=where).check()
    press(tab, "number of blocks", "Home", *["ArrowRight"] * 3)
    found, rows = tab.evaluate(RESULT), np.round(BLOCK_ROWS, 2)
    assert len(found["distances"]) == len(found["sizes"]) == 9
    for number, weights in enumerate([None, *BLOCKS]):
        if weights is not None:
            rounded = {name: np.round(array, 2) for name, array in weights.items()}
            whole = atn.EncoderBlock(rounded, 2, where == "before")
            branches = {"attention": lambda x, b=whole: b.attention(x, x, x)[0], "network": whole.feed_forward}
            some = [branch for name, branch in branches.items() if name in chosen]
            before, rows = rows, through(some, rows, "the addition" in chosen, where)
            if not left and where != "none":
                np.testing.assert_allclose(rows, whole(before)[0], rtol=0, atol=1e-12)
        if number == 3:
            np.testing.assert_allclose(found["rows"], rows, rtol=1e-6, atol=1e-6)
        distance = np.linalg.norm(rows - rows.mean(axis=0)) / np.linalg.norm(rows)
        assert abs(found["distances"][number] - distance) < 1e-6
        np.testing.assert_allclose(found["sizes"][number], np.sqrt(np.mean(rows**2)), rtol=1e-6)


def test_what_is_said_of_rows_through_blocks(stage):
    tab = stage(MADE["block"]())
    said = tab.locator(".explorer .said")
    assert said.inner_text().startswith("After 8 blocks the rows lie less than 0.1 % of their length apart;")
    press(tab, "number of blocks", "Home")
    tab.wait_for_function("() => document.querySelector('.said').innerText.startsWith('Before the first block')")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: explorers.heads(["one"], [[2.0, 0.0]], [0.5, 0.5]), "two sentences say two numbers each"),
        (lambda: explorers.heads(["a", "b"], np.eye(2), [0.5, 1.2]), "two heads have weights from 0 to 1"),
        (lambda: explorers.heads(["a", "b"], 5 * np.eye(2), [0.5, 1]), "from 0 to 4"),
        (lambda: explorers.block(WORDS, BLOCK_ROWS, BLOCKS, 2), r"got 3 words, rows \(4, 6\) and 8 blocks"),
        (lambda: explorers.block("abcdef", np.eye(6), BLOCKS, 2), "up to five words"),
        (lambda: explorers.block("abc", np.eye(3, 7), BLOCKS, 2), "up to 6 features"),
        (lambda: explorers.block("abc", np.eye(3), [], 1), "up to nine blocks: got 3 words"),
        (lambda: explorers.block("abc", np.eye(3), [BLOCKS[0]] * 10, 2), "and 10 blocks"),
        (
            lambda: explorers.block("abc", np.eye(3, 6), [BLOCKS[0] | {"attention_norm.scale": 2 * np.ones(6)}], 2),
            "must be zero and scales one",
        ),
        (lambda: explorers.hull(WORDS, TURN_KEYS, SAID, [1, 1]), "keys and values of two features"),
        (lambda: explorers.hull(WORDS, TURN_KEYS, SAID[:, 1:], [40, 1]), "a query no longer than 40"),
        (lambda: explorers.loss(WORDS, SAID, SAID, [1, 1]), "a key of two features and a value for each"),
        (lambda: explorers.loss(WORDS, TURN_KEYS, SAID, [1, 7]), "a query within ±6"),
        (lambda: explorers.mask(WORDS, WORDS, GRID, GRID > 0), r"must be \(3, 3\), a row for each query"),
        (lambda: explorers.mask(WORDS[:2], WORDS, GRID, GRID), "a boolean mask"),
        (lambda: explorers.positions(QUERY, KEYS[0], (3, 21)), r"places from 0 to 20: got .* \[3, 21\]"),
        (lambda: explorers.positions(QUERY[:1], QUERY[:1]), "2, 4, 6 or 8 features"),
        (lambda: explorers.positions(QUERY, PLACED[0]), "2, 4, 6 or 8 features"),
    ],
)
def test_what_does_not_fit_is_refused(make, told):
    with pytest.raises(ValueError, match=told):
        make()


@pytest.mark.parametrize(("sentence", "step", "look"), [(0, 0, None), (0, 5, 1), (1, 7, 5), (1, 3, None)])
def test_what_comes_next_is_the_models(sentence, step, look, stage):
    tab = stage(MADE["alignment"]())
    tab.get_by_role("radio", name=GERMAN[sentence]).press("Space")
    press(tab, "writing", *["ArrowRight"] * step)
    press(tab, "looks at", *["ArrowRight"] * (0 if look is None else look + 1))
    translator = Translator("numpy")
    tokens = translator.tokens([GERMAN[sentence]])[0]
    memory, state = translator.model.encode(*pad(translator.encode([GERMAN[sentence]])))
    for token in [START, *tokens[:step]]:
        here = state
        logits, state, weights = translator.model.step(np.array([token]), state, memory)
    if look is not None:
        alone = np.arange(memory.mask.shape[1]) == look
        logits, _, _ = translator.model.step(np.array([token]), here, memory._replace(mask=alone[None]))
    found = tab.evaluate(RESULT)
    p = atn.softmax(logits)[0]
    best = np.argsort(-p)[:3]
    assert [piece for piece, _ in found["next"]] == [piece.strip() for piece in translator.pieces(best.tolist())]
    np.testing.assert_allclose([share for _, share in found["next"]], p[best], atol=6e-4)
    assert (found["step"], found["look"]) == (step, -1 if look is None else look)
    assert found["said"].startswith(f"Where {translator.pieces(tokens)[step].strip()} was written, ")
    cells = tab.locator(".weights path")
    shown = [float(cells.nth(10 * step + s).get_attribute("fill-opacity")) for s in range(weights.shape[1])]
    np.testing.assert_allclose(shown, 0.9 * (weights[0] if look is None else alone), atol=6e-3)


def test_a_cell_of_the_alignment_is_pointed_at(stage):
    tab = stage(MADE["alignment"]())
    tab.locator(".weights path").nth(10 * 5 + 1).click()  # snow, Hunde
    assert tab.evaluate(RESULT)["next"][0][0] == "dogs"
    assert (value(tab, "writing"), value(tab, "looks at")) == (6, 2)


def test_a_sentence_that_is_too_long_for_the_grid_is_refused():
    with pytest.raises(ValueError, match="at most 10 are shown"):
        explorers.alignment(Translator("numpy"), [" ".join(GERMAN)])


def test_the_model_looks_and_answers_as_in_the_library(stage):
    found = stage(MADE["scene"]()).evaluate(RESULT)
    logits, weights = ResNet(WEIGHTS)(SCENE[None].astype(np.float32))
    np.testing.assert_allclose(found["weights"], weights[0], rtol=0, atol=2e-5)
    np.testing.assert_allclose(found["chance"], atn.softmax(logits)[0], rtol=0, atol=2e-3)  # of logits in thousandths


@pytest.mark.parametrize("wide", [0, 30])
def test_a_spot_of_ones_own_is_averaged_by_the_library(wide, stage):
    tab = stage(MADE["scene"]())
    press(tab, "row of the spot", *["ArrowDown"] * 3)
    press(tab, "column of the spot", "Home", "ArrowRight")
    press(tab, "its width, in places", *["ArrowRight"] * wide)
    i, j = (value(tab, f"{name} of the spot") for name in ("row", "column"))
    width = 10 ** value(tab, "its width, in places")
    model = ResNet({name: array.astype(np.float64) for name, array in WEIGHTS.items()})
    features = model.features(SCENE[None].astype(np.float64))
    _, h, w, N = features.shape
    rows, columns = np.indices((h, w)).reshape(2, -1)
    weights = atn.softmax(-((rows - i) ** 2 + (columns - j) ** 2) / (2 * width**2))
    chance = atn.softmax(model.classify(weights[None] @ features.reshape(h * w, N)))[0]
    found = tab.evaluate(RESULT)
    np.testing.assert_allclose(found["weights"], weights, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found["chance"], chance, rtol=0, atol=2e-3)


def test_the_spot_goes_where_one_points(stage):
    tab = stage(MADE["scene"]())
    tab.locator(".places circle").nth(12 * 2 + 5).click(force=True)
    assert (value(tab, "row of the spot"), value(tab, "column of the spot")) == (2, 5)
    assert np.argmax(tab.evaluate(RESULT)["weights"]) == 12 * 2 + 5


def test_the_picture_of_a_scene_is_its_pixels():
    image = np.linspace(0, 1, 35).reshape(7, 5)
    read = np.asarray(Image.open(BytesIO(bitmap(image))).convert("L"))
    np.testing.assert_allclose(1 - read / 255, image, atol=1 / 30 + 1e-9)


def test_a_scene_needs_attention():
    weights, _ = load(MODELS / "resnet_average_pytorch.safetensors")
    for arguments in ((weights, SCENE), (WEIGHTS, SCENE[None])):
        with pytest.raises(ValueError, match="a scene is one image, for a model with attention"):
            explorers.scene(*arguments, DIGITS)


# The same scores by the library, of one query (1, D) and keys (S, D).
SCORES_OF = {
    "dot product": atn.dot_scores,
    "general": lambda q, k: atn.general_scores(q, k, WEIGHT),
    "additive": lambda q, k: atn.additive_scores(q, k, *ADDITIVE),
    "cosine": atn.cosine_scores,
    "kernel": lambda q, k: -((q - k) ** 2).sum(axis=-1)[None] / (2 * 2**0.5),
}


@pytest.mark.parametrize("name", SCORES_OF)
def test_scores_and_weights_are_the_librarys(name, stage):
    tab = stage(MADE["scores"]())
    tab.locator("summary").press("Enter")
    tab.get_by_role("radio", name=name).press("Space")
    press(tab, "divided by", *["PageUp"] * 2)
    press(tab, "query, first feature", "End", "ArrowLeft")
    press(tab, "Schnee, second feature", *["ArrowUp"] * 7)
    if name == "cosine":  # a key of no length
        press(tab, "Hunde, first feature", "Home", *["ArrowRight"] * 60)
        press(tab, "Hunde, second feature", "Home", *["ArrowRight"] * 60)
    points = np.array(
        [[value(tab, f"{of}, {axis} feature") for axis in ("first", "second")] for of in ("query", *WORDS)]
    )
    assert name != "cosine" or (points[1] == 0).all()
    expected = SCORES_OF[name](points[:1], points[1:])[0] / 10 ** value(tab, "divided by")
    found = tab.evaluate(RESULT)
    np.testing.assert_allclose(found["scores"], expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found["weights"], atn.softmax(expected), rtol=0, atol=1e-6)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_key_is_dragged(width, stage):
    tab = stage(MADE["scores"](), width)
    dot = tab.locator("circle.handle").nth(2).bounding_box()
    x, y = dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2
    cell = tab.locator(".cells path").first.bounding_box()["width"]  # half a unit
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 2 * cell, y + 4 * cell, steps=3)
    tab.mouse.up()
    tab.mouse.move(x, y)  # let go, it stays
    tab.locator("summary").press("Enter")
    moved = [value(tab, f"spielen, {axis} feature") for axis in ("first", "second")]
    np.testing.assert_allclose(moved, KEYS[1] + [1, -2], atol=0.1)
    np.testing.assert_allclose(tab.evaluate(RESULT)["scores"][1], QUERY @ moved, atol=1e-6)


@pytest.mark.parametrize("change", [{"words": WORDS[:2]}, {"query": [6.0, 0.0]}, {"keys": KEYS[:2]}])
def test_what_has_no_place_in_the_plane_is_refused(change):
    given = {"words": WORDS, "query": QUERY, "keys": KEYS, "weight": WEIGHT, "additive": ADDITIVE} | change
    with pytest.raises(ValueError, match="the plane from -3 to 5 has room for a query and three named keys"):
        explorers.scores(**given)


@pytest.mark.parametrize("arguments", [(WORDS[:2], SCORES[:2]), (WORDS, [0, 0, 9]), (WORDS, [0, 0, np.nan])])
def test_what_is_no_triangle_is_refused(arguments):
    with pytest.raises(ValueError, match="three words and three scores within ±5"):
        explorers.softmax(*arguments)


@pytest.mark.parametrize("name", MADE)
def test_it_moves_in_the_book(name, everywhere, new_tab):
    tab = new_tab()
    for page in everywhere.pages_with(f'data-name="{name}"'):
        everywhere.open(tab, page)
        assert moves(tab), page


def moves(tab):
    """Whether one of its controls moves the explorer."""
    before = tab.evaluate(RESULT)
    for control in tab.locator(".explorer input:visible").all():
        for key in ("Space", "Home", "End"):
            control.press(key)
            if tab.evaluate(RESULT) != before:
                return True
    return False
