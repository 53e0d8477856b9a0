"""A square of the plane in a picture, in cells whose shade says how high something is there."""

import numpy as np

from attention.diagrams import BLUE, INK, MUTED

LEFT, TOP, SIDE = 40, 12, 360  # pixels
CELLS, BANDS = 16, 10  # along a side; steps of shade


class Plane:
    """Both axes from `low` to `high`.  `given` is what a script needs to make its own `Plane` (explorer.js)."""

    def __init__(self, low, high):
        self.low, self.high = low, high
        self.given = {"low": low, "high": high, "left": LEFT, "top": TOP, "side": SIDE, "cells": CELLS, "bands": BANDS}

    def holds(self, points):
        return bool(((points >= self.low) & (points <= self.high)).all())

    def place(self, point):
        """Where a point is in the picture."""
        x, y = ((value - self.low) / (self.high - self.low) * SIDE for value in point)
        return LEFT + x, TOP + SIDE - y

    def middles(self):
        """The points (CELLS², 2) in the middle of the cells, row by row from the top."""
        size = (self.high - self.low) / CELLS
        along = self.low + (np.arange(CELLS) + 0.5) * size
        return np.stack([np.tile(along, CELLS), np.repeat(along[::-1], CELLS)], axis=-1)

    def draw(self, picture, heights, ticks):
        """Cells, darker where `heights` (CELLS²,) are larger, in their frame."""
        span = np.ptp(heights)
        shades = np.minimum(BANDS - 1, np.floor(BANDS * (heights - heights.min()) / (span or 1))) / BANDS
        side = SIDE / CELLS
        picture.parts.append(f'<g class="cells" fill="{BLUE}">')
        for number, shade in enumerate(shades):
            x, y = LEFT + number % CELLS * side, TOP + number // CELLS * side
            picture.parts.append(f'<path d="M{x:g} {y:g}h{side:g}v{side:g}h-{side:g}z" opacity="{0.75 * shade:.2f}"/>')
        picture.parts.append("</g>")
        self.frame(picture, ticks)

    def frame(self, picture, ticks):
        """The axes, their numbers and an edge."""
        x, y = self.place((0, 0))
        picture.parts.append(
            f'<path d="M{LEFT} {y:g}h{SIDE}M{x:g} {TOP}v{SIDE}" fill="none" stroke="{INK}" stroke-width="0.5"/>'
            f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{MUTED}"/>'
        )
        for value in ticks:
            written = f"{value}".replace("-", "−")
            picture.text(self.place((value, 0))[0], TOP + SIDE + 14, written, colour=MUTED)
            picture.text(LEFT - 8, self.place((0, value))[1], written, "right", colour=MUTED)

    def caption(self, picture, words):
        """A line below the plane."""
        picture.text(LEFT + SIDE / 2, TOP + SIDE + 31, words, colour=MUTED)


HEIGHT = TOP + SIDE + 40  # of a picture with a plane, its numbers and a line below
