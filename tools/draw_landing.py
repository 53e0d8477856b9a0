#!/usr/bin/env -S .venv/bin/python
"""Draw the picture of the landing page: ``tools/draw_landing.py``

1. Translates one sentence, written for this page, with the best stored model.
2. Joins each English word to the German words that the model looked at while writing it; the wider the line, the
   larger the weight. Weights below a twentieth are left out.
3. Writes book/static/landing.svg.
"""

from html import escape
from pathlib import Path

from attention.translator import Translator

SENTENCE = "Ein Mann, der einen roten Hut trägt, liest eine Zeitung."
FILE = Path(__file__).parent.parent / "book" / "static" / "landing.svg"
ROW, LEFT, RIGHT, WIDTH = 26, 110, 290, 400  # sizes in pixels; the lines run from LEFT to RIGHT
LEAST = 0.05


def draw(source, target, weights):
    """The picture, as SVG, of weights (T, S) between source words on the left and target words on the right."""
    height = ROW * (max(len(source), len(target)) + 1)

    def places(words):
        """Both columns are as tall as the picture."""
        return [height * (place + 0.5) / len(words) for place in range(len(words))]

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        "<style>text { font: 17px Georgia, serif; fill: #22262b } path { fill: none; stroke: #1d4e7c }</style>",
    ]
    middle = (LEFT + RIGHT) // 2
    for y_target, row in zip(places(target), weights, strict=True):
        for y_source, weight in zip(places(source), row, strict=True):
            if weight >= LEAST:
                curve = f"M{RIGHT} {y_target:.0f}C{middle} {y_target:.0f} {middle} {y_source:.0f} {LEFT} {y_source:.0f}"
                look = f'stroke-width="{9 * weight:.1f}" opacity="{0.25 + 0.65 * weight:.1f}"'
                parts.append(f'<path d="{curve}" {look}/>')
    for x, anchor, words in ((LEFT - 10, "end", source), (RIGHT + 10, "start", target)):
        for y, word in zip(places(words), words, strict=True):
            parts.append(f'<text x="{x}" y="{y + 6:.0f}" text-anchor="{anchor}">{escape(word)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def main():
    _, source, target, weights = Translator().align(SENTENCE)
    source, target = source[:-1], target[:-1]  # both end in END
    FILE.write_text(draw(source, target, weights[: len(target), : len(source)]), encoding="utf-8")


if __name__ == "__main__":
    main()
