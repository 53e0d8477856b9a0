"""What scenes are painted with: each 8 × 8 digit enlarged to several sizes, slants and stroke widths.

The digits were counted down from bitmaps of 32 × 32 pixels, each number how much of 4 × 4 pixels is ink. A cubic spline
through these numbers, cut at a level, has smooth edges again, and the level decides how wide the strokes are.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.ndimage import map_coordinates

from attention.data.digits import SHARES, sources

VARIANTS = 8  # of each digit
LEAST, LARGEST = 14, 24  # pixels, the longer side of a glyph
SIDE = LARGEST + 2  # of the canvas on which a glyph is made
FAINT = 0.1  # what is fainter is paper
PAPER, FINE = 3, 4  # pixels of the 8 × 8 that are added around it, and what each of them becomes


class Glyphs(NamedTuple):
    """The glyphs of a split in the order of their classes: class c has those from first[c] to first[c + 1]."""

    ink: np.ndarray  # (G, 24, 24) float32 in 0…1, in the upper left corner, cut to the ink
    sizes: np.ndarray  # (G, 2), the height and width of each
    first: np.ndarray  # (11,)


@cache
def glyphs(split):
    """The glyphs of a split, made when they are first asked for: VARIANTS of each digit.

    A variant is turned by up to 15°, slanted, stretched and bent a little; its longer side has 13 to 24 pixels.

    Parameters
    ----------
    split : "train", "validation" or "test"

    Returns
    -------
    glyphs : Glyphs

    Raises
    ------
    InputError : there is no such split
    """
    images, labels = sources(split)
    ink, sizes = _cut(_variants(_enlarge(images), np.random.default_rng(list(SHARES).index(split))))
    return Glyphs(ink, sizes, np.searchsorted(np.repeat(labels, VARIANTS), np.arange(11)))


def _enlarge(images):
    """(N, 8, 8) to (N, P, P) by splines: four points to a pixel, with paper around."""
    images = np.pad(images, ((0, 0), (PAPER, PAPER), (PAPER, PAPER)))
    places = np.arange(images.shape[1])
    fine = np.arange(0, places[-1] + 0.1, 1 / FINE)
    for axis in (1, 2):
        images = make_interp_spline(places, images, axis=axis)(fine)
    return images.astype(np.float32)


def _variants(large, rng):
    """Digits (N, P, P) to ink (N · VARIANTS, 26, 26), each in the middle."""
    N, P, _ = large.shape
    G = N * VARIANTS
    number = np.repeat(np.arange(N), VARIANTS)
    between = lambda low, high, *axes: rng.uniform(low, high, (*axes, G)).astype(np.float32)
    level, size = between(0.35, 0.6)[:, None], between(LEAST, LARGEST)
    turn = _turns(np.radians(between(-15, 15)), slant=between(-0.3, 0.3), width=between(0.75, 1.4))
    bend = between(-0.05, 0.05, 2).T[..., None]

    def bent(places):
        """How far each place (G, 2, …) of a digit, in pixels from its middle, is shifted along the other axis."""
        return bend * places[:, ::-1] ** 2

    # Where the ink goes decides how large the glyph is to be drawn, and where its middle is.
    points = np.stack(np.indices((P, P), np.float32)).reshape(2, -1) / FINE - (P - 1) / FINE / 2
    coarse = np.s_[: P * P : 3]
    places = np.broadcast_to(points[:, coarse], (G, 2, points[:, coarse].shape[1]))
    reached = turn @ (places - bent(places))
    inked = (large.reshape(N, -1)[number, coarse] > level)[:, None]
    low, high = np.where(inked, reached, np.inf).min(-1), np.where(inked, reached, -np.inf).max(-1)
    scale = ((size - 1.5) / (high - low).max(-1))[:, None]

    middle = (low + high) / 2 * scale + between(-0.5, 0.5, 2).T
    pixels = np.stack(np.indices((SIDE, SIDE), np.float32)).reshape(2, -1) - (SIDE - 1) / 2
    places = np.linalg.inv(turn) @ ((pixels + middle[..., None]) / scale[..., None])
    rows, columns = np.moveaxis((places + bent(places)) * FINE + (P - 1) / 2, 1, 0)
    rows = np.clip(rows, 0, P - 1) + number[:, None] * P  # all digits lie below one another
    value = map_coordinates(large.reshape(N * P, P), [rows, columns], order=1, mode="nearest")
    ink = np.clip(0.5 + (value - level) * np.maximum(1.2 * scale, 3), 0, 1)
    ink = np.where(ink < FAINT, 0, np.round(255 * ink) / 255)  # in steps, so that another machine makes the same
    return ink.astype(np.float32).reshape(G, SIDE, SIDE)


def _turns(angle, slant, width):
    """Matrices (G, 2, 2) for (row, column): stretched, then slanted, then turned."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([cos - sin * slant, -sin * width, sin + cos * slant, cos * width], axis=-1).reshape(-1, 2, 2)


def _cut(ink):
    """Each glyph moved into the upper left corner, and its height and width."""
    rows, columns = ink.any(2), ink.any(1)
    start = np.stack([rows.argmax(1), columns.argmax(1)], axis=1)
    end = SIDE - np.stack([rows[:, ::-1].argmax(1), columns[:, ::-1].argmax(1)], axis=1)
    sizes = np.minimum(end - start, LARGEST)
    cut = np.zeros((len(ink), LARGEST, LARGEST), np.float32)
    for one, glyph, (top, left), (h, w) in zip(cut, ink, start.tolist(), sizes.tolist(), strict=True):
        one[:h, :w] = glyph[top : top + h, left : left + w]
    return cut, sizes
