#!/usr/bin/env -S .venv/bin/python
"""Draw what the page on drawing begins with: ``tools/draw_examples.py``

1. Takes of each class the first of scikit-learn's digits that training never met, and the first of them all that the
   stored model gets wrong when it is drawn on that page; writes them into book/draw/examples.json.
2. Draws what the model makes of one of them, for where no script runs, into book/draw/still.svg.
"""

import json
from base64 import b64encode
from pathlib import Path

import numpy as np
from scipy import ndimage

from attention.classifier import Classifier
from attention.data.digits import sources
from attention.diagrams import BLUE, INK, ORANGE, Diagram
from attention.explorers.scene import bitmap, shade

FOLDER = Path(__file__).parent.parent / "book" / "draw"
SIDE, LARGE = 140, 96  # pixels of a drawing, and of an example in it
SHOWN = 7  # the class of the still picture
LEFT, TOP, SCENE, BAR = 12, 12, 252, 120  # of the still picture, in pixels; each of 28 × 28 is nine of them


def drawn(digit):
    """A digit (8, 8) on the drawing (140, 140): between the middles of its pixels lie straight lines."""
    place = (np.arange(SIDE) - (SIDE - LARGE) / 2 + 0.5) * 8 / LARGE - 0.5
    return ndimage.map_coordinates(digit, np.meshgrid(place, place, indexing="ij"), order=1, mode="grid-constant")


def chosen(classifier):
    """The digits (11, 8, 8) and their classes: the last is the one that the model gets wrong."""
    digits, labels = sources("test")
    names = np.array([int(name) for name in classifier.classify([drawn(digit) for digit in digits])[0]])
    numbers = [
        *(int(np.flatnonzero(labels == label)[0]) for label in range(10)),
        int(np.flatnonzero(names != labels)[0]),
    ]
    return digits[numbers], labels[numbers]


def letters(digit):
    """64 numbers from 0 to 16, row by row, each a letter."""
    return "".join("0123456789abcdefg"[number] for number in np.rint(16 * digit).astype(int).ravel())


def still(classifier, digit):
    """What the network sees of a digit, where it looks, and what it says."""
    _, _, seen, weights = classifier.classify([drawn(digit)])
    chances, _ = classifier.look(seen)
    picture, scale = Diagram("a digit and where a network looks", 290), SCENE / 28
    picture.parts.append(
        f'<image x="{LEFT}" y="{TOP}" width="{SCENE}" height="{SCENE}" style="image-rendering:pixelated;opacity:.75" '
        f'href="data:image/bmp;base64,{b64encode(bitmap(seen[0])).decode()}"/>'
        f'<rect x="{LEFT}" y="{TOP}" width="{SCENE}" height="{SCENE}" fill="none" stroke="{INK}"/><g fill="{ORANGE}">'
    )
    for (i, j), weight in np.ndenumerate(weights[0]):
        if (strength := shade(weight, weights[0].max())) >= 0.05:
            x, y = LEFT + (4 * j + 0.5) * scale, TOP + (4 * i + 0.5) * scale
            picture.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="17" opacity="{strength:.1f}"/>')
    picture.parts.append("</g>")
    for number, chance in enumerate(chances[0]):
        y = TOP + number * SCENE / 10
        picture.text(290, y + 12, str(number))
        picture.parts.append(f'<rect x="302" y="{y + 4:g}" width="{BAR * chance:.0f}" height="17" fill="{BLUE}"/>')
    return picture._repr_svg_() + "\n"


def main():
    classifier = Classifier("numpy")
    digits, labels = chosen(classifier)
    examples = [{"digit": int(label), "ink": letters(digit)} for digit, label in zip(digits, labels, strict=True)]
    lines = ",\n".join(f" {json.dumps(example)}" for example in examples)
    (FOLDER / "examples.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    (FOLDER / "still.svg").write_text(still(classifier, digits[SHOWN]), encoding="utf-8")


if __name__ == "__main__":
    main()
