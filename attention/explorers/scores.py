"""Chapter 3: a query and three keys in the plane, over the map of a score function, and the weights that follow."""

import numpy as np

from attention.diagrams import BLUE, INK, MUTED, ORANGE, Diagram
from attention.explorers.explorer import Explorer
from attention.numpy.scores import dot_scores
from attention.numpy.softmax import softmax

LOW, HIGH, CELLS = -3, 5, 16  # the plane that is shown, and its cells along a side
LEFT, TOP, SIDE = 40, 12, 360  # in the picture
BANDS = 10  # steps of shade


def scores(words, query, keys, weight, additive):
    """A query and keys to move; the map shows the score that a key would get at each place.

    Dot product (3.1), general (3.6), additive (3.8), cosine (3.10) and the kernel's −‖q − k‖² / 2√D (3.13), each
    divided by a number that can be moved; beside each key the weight it gets by softmax.

    Parameters
    ----------
    words : the names of the three keys
    query : (D,), D = 2
    keys : (S, D), S = 3
    weight : (D, D), of the general score
    additive : (D, A), (D, A) and (A,), of the additive score

    Returns
    -------
    explorer : what a cell shows

    Raises
    ------
    ValueError : query or keys are not three keys and a query in the plane from −3 to 5
    """
    query, keys = np.array(query, float), np.array(keys, float)
    points = np.vstack([np.reshape(query, (1, -1)), keys])
    if points.shape != (4, 2) or len(words) != 3 or not ((points >= LOW) & (points <= HIGH)).all():
        raise ValueError(
            f"the plane from {LOW} to {HIGH} has room for a query and three named keys: got {points.tolist()}"
        )
    given = {
        "words": list(words),
        "points": points.tolist(),
        "weight": np.array(weight).tolist(),
        "additive": [np.array(part).tolist() for part in additive],
        "plane": [LOW, HIGH, CELLS],
        "frame": [LEFT, TOP, SIDE],
        "bands": BANDS,
    }
    weights = softmax(dot_scores(points[:1], keys))[0]
    told = ", ".join(f"{word} at ({x:g}, {y:g})" for word, (x, y) in zip(words, keys, strict=True))
    alt = (
        f"The plane from {LOW} to {HIGH}, darker where a key would score higher by the dot product: bands across the "
        f"direction of the query, which ends at ({query[0]:g}, {query[1]:g}). {told}."
    )
    return Explorer("scores", _picture(words, points, weights), alt, given)


def _picture(words, points, weights):
    picture = Diagram("scores over the plane", TOP + SIDE + 40)
    cell, size = SIDE / CELLS, (HIGH - LOW) / CELLS
    middles = [(LOW + (c + 0.5) * size, HIGH - (r + 0.5) * size) for r in range(CELLS) for c in range(CELLS)]
    heights = dot_scores(points[:1], np.array(middles))[0]
    shades = np.minimum(BANDS - 1, np.floor(BANDS * (heights - heights.min()) / np.ptp(heights))) / BANDS
    picture.parts.append(f'<g class="cells" fill="{BLUE}">')
    for number, shade in enumerate(shades):
        row, column = divmod(number, CELLS)
        x, y = LEFT + column * cell, TOP + row * cell
        picture.parts.append(f'<path d="M{x:g} {y:g}h{cell:g}v{cell:g}h-{cell:g}z" opacity="{0.75 * shade:.2f}"/>')
    picture.parts.append("</g>")
    (x, y) = _place((0, 0))
    picture.parts.append(
        f'<path d="M{LEFT} {y:g}h{SIDE}M{x:g} {TOP}v{SIDE}" fill="none" stroke="{INK}" stroke-width="0.5"/>'
        f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{MUTED}"/>'
    )
    for value in range(LOW, HIGH + 1, 2):
        picture.text(_place((value, 0))[0], TOP + SIDE + 14, f"{value}", colour=MUTED)
        picture.text(LEFT - 8, _place((0, value))[1], f"{value}", "right", colour=MUTED)
    (u, v), *ends = map(_place, points)
    picture.parts.append(
        f'<path class="query" d="M{x:g} {y:g}L{u:g} {v:g}" fill="none" stroke="{INK}" stroke-width="2.5" '
        'marker-end="url(#tip)"/>'
    )
    picture.parts.append(f'<circle class="handle" cx="{u:g}" cy="{v:g}" r="14" fill="#fff" fill-opacity="0"/>')
    for (u, v), word, share in zip(ends, words, weights, strict=True):
        picture.parts.append(
            f'<circle class="handle" cx="{u:g}" cy="{v:g}" r="9" fill="{ORANGE}" stroke="#fff" stroke-width="2"/>'
            f'<text class="named" x="{u + 13:g}" y="{v + 5:g}" paint-order="stroke" stroke="#fff" '
            f'stroke-width="4">{word} {share:.2f}</text>'
        )
    picture.text(LEFT + SIDE / 2, TOP + SIDE + 31, "arrow: query   dots: keys and their weights", colour=MUTED)
    return picture


def _place(point):
    """Where a point of the plane is in the picture."""
    x, y = ((value - LOW) / (HIGH - LOW) * SIDE for value in point)
    return LEFT + x, TOP + SIDE - y
