"""What the tool makes of a font for formulas, on a font of a few glyphs."""

from io import BytesIO

import make_math_font
import pytest
from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables import otTables
from fontTools.ttLib.tables.ttProgram import Program

LETTERS = {"x": ord("x"), "radical": ord("√"), "z": ord("z"), "bold": 0x1D42A, "next": 0x1D456, "cyrillic": ord("я")}
WIDTHS = {"radical": 500, "radical.tall": 1000, "radical.foot": 800, "radical.bar": 250}
FEATURES = "".join(f"feature {tag} {{ sub x by x.{tag}; }} {tag};" for tag in ("ss01", "ss02", "ss04"))


def outline(width):
    """A box that leaves a tenth of the width free at its left and ends at its right."""
    pen = TTGlyphPen(None)
    corners = [(width // 10, 0), (width // 10, 700), (width, 700), (width, 0)]
    pen.moveTo(corners[0])
    for corner in corners[1:]:
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


def table(kind, **fields):
    made = getattr(otTables, kind)()
    made.__dict__.update(fields)
    return made


def math_table():
    whole = [
        table("MathGlyphVariantRecord", VariantGlyph=name, AdvanceMeasurement=9) for name in ("radical", "radical.tall")
    ]
    parts = [
        table("GlyphPartRecord", glyph=name, StartConnectorLength=0, EndConnectorLength=0, FullAdvance=9, PartFlags=0)
        for name in ("radical.foot", "radical.bar")
    ]
    correction = table("MathValueRecord", Value=0, DeviceTable=None)
    other = table("MathGlyphConstruction", GlyphAssembly=None, MathGlyphVariantRecord=[whole[1]])
    radical = table(
        "MathGlyphConstruction",
        GlyphAssembly=table("GlyphAssembly", ItalicsCorrection=correction, PartRecords=parts),
        MathGlyphVariantRecord=whole,
    )
    made = newTable("MATH")
    made.table = table(
        "MATH",
        Version=0x00010000,
        MathConstants=None,
        MathGlyphInfo=None,
        MathVariants=table(
            "MathVariants",
            MinConnectorOverlap=1,
            VertGlyphCoverage=table("Coverage", glyphs=["x", "radical"]),
            HorizGlyphCoverage=None,
            VertGlyphConstruction=[other, radical],
            HorizGlyphConstruction=[],
        ),
    )
    return made


@pytest.fixture
def font():
    names = [".notdef", *LETTERS, *list(WIDTHS)[1:], "x.ss01", "x.ss02", "x.ss04"]
    builder = FontBuilder(unitsPerEm=1000)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({code: name for name, code in LETTERS.items()})
    builder.setupGlyf({name: outline(WIDTHS.get(name, 600)) for name in names})
    builder.setupHorizontalMetrics({name: (WIDTHS.get(name, 600), WIDTHS.get(name, 600) // 10) for name in names})
    builder.setupHorizontalHeader()
    builder.setupNameTable({"familyName": "Toy", "licenseDescription": "Open"})
    builder.setupOS2()
    builder.setupPost()
    made = builder.font
    addOpenTypeFeaturesFromString(made, FEATURES)
    made["MATH"] = math_table()
    made["prep"] = newTable("prep")
    made["prep"].program = Program()
    made["prep"].program.fromBytecode(b"\x4f")
    return made


def again(font):
    """The font as it is read from its file."""
    file = BytesIO()
    font.save(file)
    return TTFont(file)


def test_all_signs_of_a_root_are_as_wide_as_the_smallest(font):
    make_math_font.narrow_radicals(font)
    read = again(font)
    for name, width in WIDTHS.items():
        assert read["hmtx"][name] == (500, 50), name
        box = read["glyf"][name]
        assert (box.xMin, box.xMax, box.yMin, box.yMax) == (50, 500, 0, 700), (name, width)
    assert read["hmtx"]["x"] == (600, 60)


def test_the_font_keeps_what_the_style_sheet_declares(font):
    assert "prep" in font
    make_math_font.reduce(font)
    read = again(font)
    assert set(read.getBestCmap()) == set(LETTERS.values()) - {ord("я")}
    assert set(font.getGlyphOrder()) == {".notdef", *LETTERS, *WIDTHS, "x.ss01", "x.ss04"} - {"cyrillic"}
    assert read["name"].getDebugName(13) == "Open"  # its licence
    assert "MATH" in read
    assert "prep" not in read  # hints for the pixels of old screens


def test_the_characters_of_a_range_are_its_first_its_last_and_those_between():
    known = list(make_math_font.characters())
    assert len(known) == len(set(known)) > 1000
    assert {0x20, 0x7E, 0xA0, 0xA7, 0xA8, 0x1D7E1} <= set(known)  # U+20-7E, U+A0, U+A7-A8, …, U+1D7CE-1D7E1
    assert not {0x1F, 0x7F, 0x9F, 0xA1, 0xA9, 0x1D7E2} & set(known)
