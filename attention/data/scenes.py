"""Digits on a larger canvas, at places that are known: what a network must find before it can name it.

Three tasks, each harder to look at than the one before:

single    28 × 28: one digit, anywhere.
cluttered 48 × 48: one whole digit among pieces of others, strokes and shading. It is the only thing that is whole: a
          piece is at most 11 pixels high and wide, a digit's longer side about 14 to 24, and no piece lies in its box.
pointed   64 × 64: three digits of three classes and a marker, a little frame with a dot in it, each in a corner of its
          own. Asked for is the digit in the corner opposite to the marker. No window of 23 × 23 pixels, which is what
          one place of the course's ResNet sees, holds anything of both a digit and the marker. So nothing that is seen
          at one place says whether the digit there is asked for. Who looks once, at places that see one corner each,
          cannot always be right (chapter 12 proves it); who guesses among the three is right once in three.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from attention.data.digits import SHARES
from attention.data.glyphs import LARGEST, LEAST, glyphs
from attention.data.painting import MARKER, lay, shaded, stroke
from attention.inputs import InputError

CHUNK = 256  # scenes that are painted at a time
DRAWS = 256  # random numbers that a scene may take, beside its noise
CORNER, NEAR = LARGEST, 16  # pixels from the edges that a digit in its corner, and the marker, keep within
PIECE = 11  # pixels, the longest side of a piece
GAP = 2  # pixels, at least, between a piece and the digit's box
TRIES = 6  # places that are tried for a piece


class Task(NamedTuple):
    """What is on the canvas of a task."""

    size: int
    pointed: bool = False
    noise: float = 0.1  # the largest standard deviation
    shade: float = 0.0  # how light the ground may be
    strokes: int = 0
    pieces: int = 0


TASKS = {
    "single": Task(28),
    "cluttered": Task(48, shade=0.3, strokes=3, pieces=9),
    "pointed": Task(64, pointed=True, shade=0.3, strokes=2),
}
SIZES = {name: task.size for name, task in TASKS.items()}


class Scenes(NamedTuple):
    """Scenes, and what is known of them. Boxes are (top, left, bottom, right) in pixels, the last two not included."""

    images: np.ndarray  # (N, H, W) float32 in 0…1, ink is light
    labels: np.ndarray  # (N,) int64, the digit that is asked for
    boxes: np.ndarray  # (N, 4) int64, where it is
    digits: np.ndarray  # (N, 3) int64, all whole digits; -1 where there is none
    places: np.ndarray  # (N, 3, 4) int64, where they are
    markers: np.ndarray  # (N, 2) int64, row and column of the pixel in the marker's middle; -1 where there is none


def scenes(task, split, count, seed=0, first=0):
    """Scenes number `first` to `first + count − 1` of an endless row.

    In each forty, counted from number 0, every class is asked for four times, once in each quarter of the canvas.

    Parameters
    ----------
    task : "single", "cluttered" or "pointed"
    split : "train", "validation" or "test", whose digits they are painted with: no two splits share one
    count : int, N
    seed : int, of the row
    first : int; scene number n is the same whatever `count` and `first` are

    Returns
    -------
    scenes : Scenes

    Raises
    ------
    InputError : there is no such task or split, or a number is negative or not whole
    """
    for name, given, known in (("task", task, TASKS), ("split", split, SHARES)):
        if given not in known:
            raise InputError(f"{name} must be one of {', '.join(known)}: got {given!r}")
    for name, number in (("count", count), ("seed", seed), ("first", first)):
        if not isinstance(number, int | np.integer) or number < 0:
            raise InputError(f"{name} must be a whole number, 0 or more: got {number!r}")
    end = first + count
    chunks = [range(n, min(n + CHUNK, end)) for n in range(first, end, CHUNK)] or [range(0)]
    return Scenes(*map(np.concatenate, zip(*(_paint(task, split, seed, chunk) for chunk in chunks), strict=True)))


def _paint(task, split, seed, numbers):
    """The scenes of these numbers."""
    kind, bank, N = TASKS[task], glyphs(split), len(numbers)
    row = seed, list(TASKS).index(task), list(SHARES).index(split)
    uniform, noise = np.empty((N, DRAWS)), np.empty((N, kind.size, kind.size), np.float32)
    turns = np.empty(N, np.int64)
    for i, number in enumerate(numbers):
        rng = np.random.default_rng((*row, number))
        rng.random(out=uniform[i])
        rng.standard_normal(out=noise[i], dtype=np.float32)
        turns[i] = _turns(*row, number // 40)[number % 40]
    draw = iter(uniform.T).__next__  # a number in 0…1 for each scene
    quarters, labels = np.divmod(turns, 10)

    layout = _three if kind.pointed else _one
    digits, chosen, places, boxes, markers = layout(kind.size, bank, labels, quarters, draw)
    lights = [_light(draw) for _ in range(4)]
    images = shaded(kind.size, kind.shade * draw(), kind.shade * draw(), draw(), draw())
    noise *= (kind.noise * draw()).astype(np.float32)[:, None, None]

    for _ in range(kind.strokes):
        start, end = (kind.size * np.stack([draw(), draw()], axis=1) for _ in range(2))
        stroke(images, start, end, width=1 + draw(), light=0.3 + 0.3 * draw())
    for _ in range(kind.pieces):
        _lay_pieces(images, bank, boxes, draw)
    for i, k in zip(*np.nonzero(digits >= 0), strict=True):
        top, left, bottom, right = places[i, k]
        lay(images[i], top, left, lights[k][i] * bank.ink[chosen[i, k], : bottom - top, : right - left])
    for i in np.flatnonzero(markers[:, 0] >= 0):
        lay(images[i], *(markers[i] - len(MARKER) // 2), lights[3][i] * MARKER)
    images += noise
    return Scenes(np.clip(images, 0, 1, out=images), labels, boxes, digits, places, markers)


@cache
def _turns(seed, task, split, block):
    """In which order forty scenes take the classes and quarters: 10 · quarter + class."""
    return np.random.default_rng((seed, task, split, block, 40)).permutation(40)


def _light(draw):
    return (0.7 + 0.3 * draw()).astype(np.float32)


def _one(size, bank, labels, quarters, draw):
    """One digit, whose middle lies in its quarter of the canvas."""
    N = len(labels)
    digits, chosen, places = np.full((N, 3), -1), np.full((N, 3), -1), np.full((N, 3, 4), -1)
    digits[:, 0], chosen[:, 0] = labels, _choose(bank, labels, draw)
    extent = bank.sizes[chosen[:, 0]]
    share = (np.stack([quarters // 2, quarters % 2], axis=1) + np.stack([draw(), draw()], axis=1)) / 2
    corner = (share * (size - extent + 1)).astype(np.int64)
    places[:, 0] = np.hstack([corner, corner + extent])
    return digits, chosen, places, places[:, 0].copy(), np.full((N, 2), -1)


def _three(size, bank, labels, quarters, draw):
    """The digit that is asked for in its quarter, the marker in the opposite one, two other digits in the others."""
    N = len(labels)
    one, two = (9 * draw()).astype(np.int64), (8 * draw()).astype(np.int64)
    others = labels, (labels + 1 + one) % 10, (labels + 1 + two + (two >= one)) % 10
    corners = quarters, quarters ^ 1, quarters ^ 2  # 0 and 3 are opposite to each other, and 1 and 2
    order = np.argsort(np.stack(corners, axis=1), axis=1)  # from the upper left on, whoever is asked for
    digits = np.take_along_axis(np.stack(others, axis=1), order, axis=1)
    corners = np.take_along_axis(np.stack(corners, axis=1), order, axis=1)
    chosen = np.stack([_choose(bank, digits[:, k], draw) for k in range(3)], axis=1)
    extents = bank.sizes[chosen]
    room = np.maximum(extents, LEAST)  # a narrow one stands in the middle of it, lest it comes near the marker
    start = [_in_corner(size, corners[:, k], CORNER, room[:, k], draw) for k in range(3)]
    start = np.stack(start, axis=1) + (room - extents) // 2
    places = np.concatenate([start, start + extents], axis=2)
    marker = _in_corner(size, quarters ^ 3, NEAR, np.full((N, 2), len(MARKER)), draw)
    asked = (order == 0).argmax(1)
    return digits, chosen, places, places[np.arange(N), asked], marker + len(MARKER) // 2


def _choose(bank, classes, draw):
    """A glyph of each class."""
    first, end = bank.first[classes], bank.first[classes + 1]
    return first + (draw() * (end - first)).astype(np.int64)


def _in_corner(size, corners, within, extent, draw):
    """Where boxes of this extent (N, 2) begin: in a corner, with no pixel further than `within` from its two edges."""
    apart = (np.stack([draw(), draw()], axis=1) * (within - extent + 1)).astype(np.int64)
    far = np.stack([corners // 2, corners % 2], axis=1) == 1
    return np.where(far, size - extent - apart, apart)


def _lay_pieces(images, bank, boxes, draw):
    """A piece of some digit in each image, where there is room for it beside the box."""
    N, size = len(images), images.shape[1]
    chosen = (draw() * len(bank.ink)).astype(np.int64)
    whole = bank.sizes[chosen]
    extent = np.ceil(whole * (0.4 + 0.25 * np.stack([draw(), draw()], axis=1))).astype(np.int64).clip(max=PIECE)
    cut = (np.stack([draw(), draw()], axis=1) * (whole - extent + 1)).astype(np.int64)
    tried = np.stack([np.stack([draw(), draw()], axis=1) for _ in range(TRIES)], axis=1)
    start = (tried * (size - extent + 1)[:, None]).astype(np.int64)
    clear = ((start + extent[:, None] + GAP <= boxes[:, None, :2]) | (start >= boxes[:, None, 2:] + GAP)).any(2)
    start, light = start[np.arange(N), clear.argmax(1)], _light(draw)
    for i in np.flatnonzero(clear.any(1)):
        (h, w), (top, left) = extent[i], cut[i]
        lay(images[i], *start[i], light[i] * bank.ink[chosen[i], top : top + h, left : left + w])
