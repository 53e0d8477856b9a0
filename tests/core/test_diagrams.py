"""The pictures of shapes: what they say, and that all of it can be read."""

import re
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

import attention.numpy as atn
from attention import diagrams
from tests.heeds import heeds

OF = ["attention.diagrams"]
CHAPTERS = Path(__file__).parents[2] / "chapters"
EQUATIONS = ("(9.6)", "(9.7)", "(9.8)", "(9.9)")
WAY_BACK = ("(5.1)", "(5.2)", "(5.3)", "(5.4)")
BLOCKS = ("(8.9)", "(8.10)")
PLACES = ("(12.1)", "(12.6)", "(12.7)")
DRAWN = {
    "forward_and_back": diagrams.forward_and_back,
    "attention": diagrams.attention,
    "three_roles": diagrams.three_roles,
    "additive_broadcast": diagrams.additive_broadcast,
    "attention_backward": lambda: diagrams.attention_backward(equations=WAY_BACK),
    "masks": diagrams.masks,
    "split_heads": diagrams.split_heads,
    "decoder_step": lambda: diagrams.decoder_step(equations=EQUATIONS),
    "attention_over_places": lambda: diagrams.attention_over_places(equations=PLACES),
    "transformer_blocks": lambda: diagrams.transformer_blocks(equations=BLOCKS),
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


def test_a_diagram_has_a_name_in_words():
    assert [repr(draw()) for draw in DRAWN.values()] == [
        "<Diagram: forward and back>",
        "<Diagram: scores, weights, output>",
        "<Diagram: queries, keys and values>",
        "<Diagram: additive scores by broadcasting>",
        "<Diagram: attention forward and back>",
        "<Diagram: padding, causal and window masks>",
        "<Diagram: heads cut out of rows>",
        "<Diagram: one step of the decoder>",
        "<Diagram: attention over the places of a map>",
        "<Diagram: the blocks of a Transformer>",
    ]


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


def test_forward_and_back_gives_each_gradient_the_shape_of_what_it_belongs_to():
    said = " ".join(words(diagrams.forward_and_back()))
    shapes = dict(re.findall(r"\b(?:gradient )?of (\w): [^(]*(\([BDM, ]+\))", said))
    assert shapes == {"X": "(B, D)", "Y": "(B, M)", "W": "(D, M)", "b": "(M,)"}
    for name in ("X", "Y"):
        assert f"{name} {shapes[name]}" in said


def test_three_roles_names_every_shape_and_matrix():
    said = words(diagrams.three_roles())
    assert [word for word in said if word.startswith("(")] == ["(T, M)", "(S, M)", "(T, D)", "(S, D)", "(S, Dv)"]
    assert {"× Wq", "× Wk", "× Wv", "weights (T, S)", "output (T, Dv)", "one query"} <= set(said)


def test_three_roles_follows_one_query_through_four_grids():
    picture = parse(diagrams.three_roles())
    frames = [rect.attrib for rect in picture.iter(f"{SVG}rect") if rect.get("fill") == "none"]
    assert [float(frame["width"]) / diagrams.CELL for frame in frames] == [3, 2, 3, 2]  # M, D, S, Dv
    shaded = [face.get("points") for face in picture.iter(f"{SVG}polygon") if float(face.get("fill-opacity"))]
    assert len(shaded) == 3 + 2 + 3 + 2
    for frame in frames:
        corner = f"{float(frame['x']):g},{float(frame['y']):g}"
        assert any(points.startswith(corner) for points in shaded)


def test_additive_broadcast_names_every_shape():
    assert {"(1, S, A)", "(T, 1, A)", "(T, S, A)", "scores (T, S)"} <= set(words(diagrams.additive_broadcast()))


def test_masks_are_those_of_the_library():
    said = [int(word) for word in words(diagrams.masks()) if word in ("0", "1")]
    shown = [np.ones((5, 1), bool) & atn.padding_mask(np.array(3), 5), atn.causal_mask(5), atn.window_mask(5, 5, 1)]
    assert said == np.concatenate([mask.ravel() for mask in (*shown, atn.causal_mask(2, 5))]).astype(int).tolist()
    faces = [float(face.get("fill-opacity")) > 0 for face in parse(diagrams.masks()).iter(f"{SVG}polygon")]
    assert faces == [bool(number) for number in said]  # as dark as they say


@heeds("decoder_step", "equations", of=OF)
def test_decoder_step_carries_the_numbers_of_its_equations():
    said = " ".join(words(diagrams.decoder_step(equations=("(1)", "(2)", "(3)", "(4)"))))
    assert re.findall(r"\(\d\)", said) == ["(1)", "(2)", "(2)", "(3)", "(4)", "(4)"]
    with pytest.raises(ValueError, match="not enough"):
        diagrams.decoder_step(equations=EQUATIONS[:3])


@heeds("attention_backward", "equations", of=OF)
def test_attention_backward_carries_its_equations_and_bars_its_gradients():
    picture = diagrams.attention_backward(equations=("(1)", "(2)", "(3)", "(4)"))
    assert re.findall(r"\(\d\)", " ".join(words(picture))) == ["(1)", "(4)", "(3)", "(2)", "(2)"]
    barred = parse(picture).iterfind(f".//{SVG}tspan[@text-decoration='overline']")
    assert ["".join(part.itertext()) for part in barred] == ["q", "k", "s", "p", "o", "v"]
    with pytest.raises(ValueError, match="not enough"):
        diagrams.attention_backward(equations=WAY_BACK[:3])


@heeds("attention_over_places", "equations", of=OF)
def test_attention_over_places_carries_its_equations_and_is_as_dark_as_its_weights():
    picture = diagrams.attention_over_places(equations=("(1)", "(2)", "(3)"))
    said = words(picture)
    assert re.findall(r"\(\d\)", " ".join(said)) == ["(1)", "(2)", "(2)", "(3)"]
    weights = [float(word) for word in said if re.fullmatch(r"\.\d\d", word)]
    assert len(weights) == 3 * 4
    assert sum(weights) == pytest.approx(1, abs=0.05)  # rounded
    faces = [float(face.get("fill-opacity")) for face in parse(picture).iter(f"{SVG}polygon")]
    flat = faces[-3 - 12 : -3]  # before the three of the context
    assert np.argsort(flat, kind="stable").tolist() == np.argsort(weights, kind="stable").tolist()
    with pytest.raises(ValueError, match="not enough"):
        diagrams.attention_over_places(equations=PLACES[:2])


def shown_in_chapters():
    """The SVG pictures that are stored in the chapters."""
    for path in sorted(CHAPTERS.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", ()):
                if svg := output.get("data", {}).get("image/svg+xml"):
                    yield svg


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_diagram_is_the_one_that_a_chapter_shows(draw):
    """Each was looked at when the chapter was stored: what changes here must be looked at, and stored, again."""
    assert draw()._repr_svg_() in set(shown_in_chapters())


@heeds("Diagram.__init__", "name", "height", of=OF)
def test_a_picture_has_a_name_and_a_height():
    picture = diagrams.Diagram("one thing", 90)
    assert repr(picture) == "<Diagram: one thing>"
    assert picture._repr_markdown_().startswith("![one thing](")
    assert (parse(picture).get("height"), parse(picture).get("viewBox")) == ("90", "0 0 440 90")


@heeds("Diagram.text", "x", "y", "words", "align", "colour", of=OF)
def test_text():
    picture = diagrams.Diagram("text", 90)
    picture.text(10, 20, "a < b & *d*_{t−1} </s> /i/")
    picture.text(30, 40, "right", "right", diagrams.MUTED)
    picture.text(30.5, 40, "left", "left")
    first, second, third = parse(picture).iter(f"{SVG}text")
    assert words(picture)[0] == "a < b & dt−1 </s> i"
    assert [(span.text, span.get("font-weight"), span.get("font-style"), span.get("dy")) for span in first] == [
        ("d", "bold", None, None), ("t−1", None, None, "4"), ("\u200b", None, None, "-4"), ("i", None, "italic", None),
    ]  # fmt: skip
    placed = [[text.get(name) for name in ("x", "y", "text-anchor", "fill")] for text in (first, second, third)]
    assert placed == [
        ["10", "25", "middle", diagrams.INK],
        ["30", "45", "end", diagrams.MUTED],
        ["30.5", "45", "start", diagrams.INK],
    ]


@heeds("Diagram.box", "x", "y", "width", "height", "lines", "fill", of=OF)
def test_the_lines_of_a_box_share_its_height():
    picture = diagrams.Diagram("box", 90)
    picture.box(10, 20, 60, 30, "one", "two")
    picture.box(0, 0, 5, 6, fill="#123456")
    _, box, other = parse(picture).iter(f"{SVG}rect")
    assert [box.get(name) for name in ("x", "y", "width", "height", "stroke")] == ["10", "20", "60", "30", diagrams.INK]
    assert box.get("fill") != diagrams.INK
    assert other.get("fill") == "#123456"
    lines = [(text.text, float(text.get("x")), float(text.get("y")) - 5) for text in parse(picture).iter(f"{SVG}text")]
    assert lines == [("one", 40, 30), ("two", 40, 40)]


@heeds("Diagram.arrow", "corners", of=OF)
def test_an_arrow_goes_from_corner_to_corner_and_has_its_tip_at_the_end():
    picture = diagrams.Diagram("arrow", 90)
    picture.arrow((1, 2), (3.5, 2), (3.5, 9))
    *_, arrow = parse(picture).iter(f"{SVG}path")
    assert arrow.get("d") == "M1 2L3.5 2L3.5 9"
    assert arrow.get("marker-end") == f"url(#{parse(picture).find(f'.//{SVG}marker').get('id')})"


@heeds("Diagram.face", "corners", "fill", "opacity", of=OF)
def test_a_face():
    picture = diagrams.Diagram("face", 90)
    picture.face((1, 2), (3, 4), (5, 6), fill="#123456", opacity=0.333)
    (face,) = parse(picture).iter(f"{SVG}polygon")
    assert [face.get(name) for name in ("points", "fill", "fill-opacity")] == ["1,2 3,4 5,6", "#123456", "0.33"]


@heeds("Diagram.grid", "x", "y", "rows", "columns", "depth", "shade", of=OF)
@heeds("Diagram.frame", "x", "y", "rows", "columns", of=OF)
def test_a_grid_has_a_face_for_each_number_that_is_seen():
    picture, cell = diagrams.Diagram("grid", 300), diagrams.CELL
    picture.grid(10, 20, 2, 3, shade=lambda row, column: ("#00000" + str(row), column / 10))
    faces = [face.attrib for face in parse(picture).iter(f"{SVG}polygon")]
    for face, (row, column) in zip(faces, np.ndindex(2, 3), strict=True):
        corners = [tuple(map(float, corner.split(","))) for corner in face["points"].split()]
        x, y = 10 + column * cell, 20 + row * cell
        assert corners == [(x, y), (x + cell, y), (x + cell, y + cell), (x, y + cell)]
        assert (face["fill"], float(face["fill-opacity"])) == (f"#00000{row}", column / 10)
    deep = diagrams.Diagram("grid", 300)
    deep.grid(10, 60, 2, 3, 4)
    seen = [face.attrib for face in parse(deep).iter(f"{SVG}polygon")]
    assert len(seen) == 2 * 3 + 4 * (2 + 3)  # from the front, from above and from the right
    assert {float(face["fill-opacity"]) for face in seen} == {0}
    corners = np.array([[corner.split(",") for corner in face["points"].split()] for face in seen], float)
    right, up = diagrams.BACK[0] * 4, -diagrams.BACK[1] * 4
    assert corners.min((0, 1)).tolist() == [10, 60 - up]
    assert corners.max((0, 1)).tolist() == [10 + 3 * cell + right, 60 + 2 * cell]
    deep.frame(10, 60, 1, 2)
    frame = list(parse(deep).iter(f"{SVG}rect"))[-1]
    assert [float(frame.get(name)) for name in ("x", "y", "width", "height")] == [10, 60, 2 * cell, cell]


@heeds("transformer_blocks", "equations", of=OF)
def test_transformer_blocks_carries_its_equations_and_adds_what_each_part_says():
    said = words(diagrams.transformer_blocks(equations=("(1)", "(2)")))
    assert [word for word in said if re.fullmatch(r"\(\d\)", word)] == ["(1)", "(2)"]
    of_encoder, of_decoder = " ".join(said).split("decoder's block")
    assert [part.count("+") for part in (of_encoder, of_decoder)] == [2, 3]
    assert [part.count("norm") for part in (of_encoder, of_decoder)] == [2, 3]
    assert of_decoder.index("attend to each other") < of_decoder.index("attend to the memory")
    assert of_decoder.index("attend to the memory") < of_decoder.index("network of each row")
    with pytest.raises(ValueError, match="not enough"):
        diagrams.transformer_blocks(equations=BLOCKS[:1])
