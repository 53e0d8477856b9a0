"""The pictures of shapes: what they say, and that all of it can be read."""

import re
from base64 import b64decode
from xml.etree import ElementTree

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from attention import diagrams

EQUATIONS = ("(9.6)", "(9.7)", "(9.8)", "(9.9)")
DRAWN = {
    "attention": diagrams.attention,
    "additive_broadcast": diagrams.additive_broadcast,
    "decoder_step": lambda: diagrams.decoder_step(equations=EQUATIONS),
}
SVG = "{http://www.w3.org/2000/svg}"
WIDEST = FontProperties(family="DejaVu Serif")  # of the fonts that the pictures name
PHONE = 324  # pixels that a phone of 390 leaves to a picture, the edge on a dark page taken off


def parse(picture):
    return ElementTree.fromstring(picture._repr_svg_())


def words(picture):
    return ["".join(text.itertext()).replace("\u200b", "") for text in parse(picture).iter(f"{SVG}text")]


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_diagram_is_shown_as_the_same_svg_each_time(draw):
    data, _ = DisplayFormatter().format(draw())
    assert data["image/svg+xml"] == draw()._repr_svg_()
    assert data == DisplayFormatter().format(draw())[0]
    shown = re.fullmatch(r"!\[[\w, ]+\]\(data:image/svg\+xml;base64,(.+)\)", data["text/markdown"])
    assert b64decode(shown[1]).decode() == data["image/svg+xml"]
    assert "0x" not in repr(draw())  # no address, which would differ from run to run


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_no_word_leaves_the_picture_or_is_too_small_for_a_phone(draw):
    picture = parse(draw())
    width, height = float(picture.get("width")), float(picture.get("height"))
    size = float(picture.find(f"{SVG}g").get("font-size"))
    assert size * PHONE / width >= 11
    for text in picture.iter(f"{SVG}text"):
        line = "".join(text.itertext()).replace("\u200b", "")
        shape = line.replace("ℓ", "l")  # which the font lacks
        long = TextToPath().get_text_width_height_descent(shape, WIDEST, ismath=False)[0] * size / WIDEST.get_size()
        x, y = float(text.get("x")), float(text.get("y"))
        start = {"start": x, "middle": x - long / 2, "end": x - long}[text.get("text-anchor")]
        assert start >= 2, line
        assert start + long <= width - 2, line
        assert size <= y <= height - 4, line


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_diagram_brings_its_own_ground_and_nothing_from_elsewhere(draw):
    svg = draw()._repr_svg_()
    assert re.search(r'<rect width="\d+" height="\d+" rx="6" fill="#fff"/>', svg)
    assert not re.search(r"href|@import|<style|<script", svg)


def test_attention_follows_a_row_whose_weights_sum_to_one():
    said = words(diagrams.attention())
    assert {"scores (T, S)", "weights (T, S)", "values (S, D)", "output (T, D)"} <= set(said)
    scores = [int(word) for word in said if re.fullmatch(r"\d", word)]
    weights = [float(word) for word in said if re.fullmatch(r"\.\d\d", word)]
    assert weights == pytest.approx(np.exp(scores) / np.exp(scores).sum(), abs=0.005)
    assert sum(weights) == pytest.approx(1)
    assert said[-1] == "ot = " + " + ".join(f"{weight:.2f} v{i}" for i, weight in enumerate(weights, 1))


def test_additive_broadcast_names_every_shape():
    assert {"(1, S, A)", "(T, 1, A)", "(T, S, A)", "scores (T, S)"} <= set(words(diagrams.additive_broadcast()))


def test_decoder_step_carries_the_numbers_of_its_equations():
    said = " ".join(words(diagrams.decoder_step(equations=("(1)", "(2)", "(3)", "(4)"))))
    assert re.findall(r"\(\d\)", said) == ["(1)", "(2)", "(2)", "(3)", "(4)", "(4)"]
    with pytest.raises(ValueError, match="not enough"):
        diagrams.decoder_step(equations=EQUATIONS[:3])
