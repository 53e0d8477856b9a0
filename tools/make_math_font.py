"""Make book/static/fonts/stix-two-math.woff2: for a new version of the font, or when a formula needs a new letter.

    pip install fonttools brotli
    python tools/make_math_font.py STIXTwoMath-Regular.ttf     # https://github.com/stipub/stixfonts

The font is reduced to the ``unicode-range`` of formulas.css, 87 kB of 559.  Its radical signs, which get wider as they
get taller, are made as wide as the smallest: Chromium leaves room for the widest behind each root, which then seems to
be followed by a space.
"""

import re
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

STATIC = Path(__file__).parents[1] / "book" / "static"


def characters():
    ranges = re.search(r"unicode-range: ([^;]*);", (STATIC / "formulas.css").read_text(encoding="utf-8"))[1]
    for part in ranges.replace("U+", "").split(", "):
        first, *last = (int(code, 16) for code in part.split("-"))
        yield from range(first, (last or [first])[0] + 1)


def reduce(font):
    options = Options(layout_features=["ss01", "ss04"], hinting=False, name_IDs=["*"], drop_tables=["DSIG"])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)


def narrow_radicals(font):
    smallest = font.getBestCmap()[ord("√")]
    variants = font["MATH"].table.MathVariants
    signs = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(smallest)]
    whole = [record.VariantGlyph for record in signs.MathGlyphVariantRecord]
    parts = [record.glyph for record in signs.GlyphAssembly.PartRecords]
    width = font["hmtx"][smallest][0]
    for name in {*whole, *parts} - {smallest}:
        outline = font["glyf"][name]
        outline.coordinates.scale((width / font["hmtx"][name][0], 1))
        outline.coordinates.toInt()
        outline.recalcBounds(font["glyf"])
        font["hmtx"][name] = (width, outline.xMin)


def main():
    font = TTFont(sys.argv[1], recalcTimestamp=False)
    narrow_radicals(font)
    reduce(font)
    font.flavor = "woff2"
    font.save(STATIC / "fonts" / "stix-two-math.woff2")


if __name__ == "__main__":
    main()
