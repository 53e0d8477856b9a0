"""Chapter 1: all weights of three keys as a triangle, F over it, and where softmax and sparsemax lie."""

import math
from html import escape

import numpy as np

from attention.diagrams import BLUE, INK, MUTED, ORANGE, Diagram
from attention.explorers.explorer import Explorer, share
from attention.numpy.softmax import softmax as weights_of

CORNERS = ((60.0, 312.0), (380.0, 312.0), (220.0, 35.0))
ROWS, BANDS = 18, 9  # small triangles along an edge, steps of shade


def softmax(words, scores):
    """Scores and a temperature to move; the triangle of all weights answers.

    The shade is F(p) = Σ pᵢ sᵢ + τ H(p), darker where more (1.1); the dot is softmax (1.2), the square is sparsemax,
    the maximum of the same with 1 − Σ p² for H; the arrow is what one more for a word's score would do to
    softmax, to first order: the slope of that word's weight (1.7).

    Parameters
    ----------
    words : three words, the keys
    scores : three numbers within ±5, what the sliders begin with

    Returns
    -------
    explorer : what a cell shows

    Raises
    ------
    ValueError : these are not three words and three such numbers
    """
    scores = [round(float(score), 2) for score in scores]
    if len(words) != 3 or len(scores) != 3 or not all(-5 <= score <= 5 for score in scores):
        raise ValueError(f"a triangle needs three words and three scores within ±5: got {words} and {scores}")
    given = {"words": list(words), "scores": scores, "corners": CORNERS, "rows": ROWS, "bands": BANDS}
    weights = weights_of(np.array(scores))
    alt = (
        f"A triangle whose corners are all the weight on {words[0]}, {words[1]} and {words[2]}, shaded darker where F "
        f"is larger. Softmax is a dot at {', '.join(map(share, weights))}."
    )
    return Explorer("softmax", _picture(words, np.array(scores), weights), alt, given)


def _picture(words, scores, weights):
    picture = Diagram("the triangle of weights", 366)
    heights = []
    shapes = list(_small_triangles())
    for corners in shapes:
        p = np.mean(corners, axis=0) / ROWS
        heights.append(float(p @ scores - p @ np.log(p)))
    low, high = min(heights), max(heights)
    picture.parts.append(f'<g class="cells" fill="{BLUE}">')
    for corners, height in zip(shapes, heights, strict=True):
        (x, y), *others = (np.round(_place(np.array(corner) / ROWS)) for corner in corners)
        way = "".join(f"l{u - x:g} {v - y:g}" for (u, v), (x, y) in zip(others, [(x, y), others[0]], strict=True))
        shade = min(BANDS - 1, int(BANDS * (height - low) / (high - low))) / BANDS if high > low else 0
        picture.parts.append(f'<path d="M{x:g} {y:g}{way}z" opacity="{0.75 * shade:.2f}"/>')
    picture.parts.append("</g>")
    outline = "L".join(f"{x:g} {y:g}" for x, y in CORNERS)
    picture.parts.append(f'<path d="M{outline}z" fill="none" stroke="{INK}"/>')
    for (x, y), word, weight in zip(CORNERS, words, weights, strict=True):
        picture.parts.append(
            f'<text class="corner" x="{x:g}" y="{y - 12 if y < 100 else y + 22:g}" text-anchor="middle">'
            f"{word} {escape(share(weight))}</text>"
        )
    slope = weights * (np.arange(3) == 2) - weights * weights[2]
    (x, y), (u, v), (to, down) = map(_place, (weights, sparsemax_of(scores), weights + slope))
    picture.parts += [
        f'<path class="arrow" d="M{x:.1f} {y:.1f}L{to:.1f} {down:.1f}" fill="none" stroke="{INK}" stroke-width="2.5" '
        'marker-end="url(#tip)"/>',
        f'<rect class="sparsemax" x="{u - 5.5:.1f}" y="{v - 5.5:.1f}" width="11" height="11" fill="#fff" '
        f'stroke="{ORANGE}" stroke-width="3"/>',
        f'<circle class="softmax" cx="{x:.1f}" cy="{y:.1f}" r="7" fill="{ORANGE}" stroke="#fff" stroke-width="2"/>',
    ]
    picture.text(220, 352, "dot: softmax · square: sparsemax · bluer: larger F", colour=MUTED)
    return picture


def sparsemax_of(scores):
    """The weights that maximise Σ pᵢ sᵢ + 1 − Σ pᵢ²: pᵢ = max(0, sᵢ/2 − t), with the t for which they sum to one."""
    halves = np.sort(scores / 2)[::-1]
    thresholds = (np.cumsum(halves) - 1) / np.arange(1, len(halves) + 1)
    return np.maximum(0, scores / 2 - thresholds[halves > thresholds][-1])


def _small_triangles():
    """The corners of each small triangle, as counts (i, j, k) that sum to ROWS."""
    for i in range(ROWS):
        for j in range(ROWS - i):
            k = ROWS - 1 - i - j
            yield (i + 1, j, k), (i, j + 1, k), (i, j, k + 1)
            if k:
                yield (i + 1, j + 1, k - 1), (i + 1, j, k), (i, j + 1, k)


def _place(weights):
    """The point of the picture that is the average of the corners with these weights."""
    return tuple(math.fsum(w * corner[axis] for w, corner in zip(weights, CORNERS, strict=True)) for axis in (0, 1))
