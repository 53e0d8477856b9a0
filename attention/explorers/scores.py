"""Chapter 3: a query and three keys in the plane, over the map of a score function, and the weights that follow."""

from html import escape

import numpy as np

from attention.diagrams import INK, ORANGE, Diagram
from attention.explorers.explorer import Explorer, share
from attention.explorers.plane import HEIGHT, Plane
from attention.numpy.scores import dot_scores
from attention.numpy.softmax import softmax

PLANE = Plane(-3, 5)


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
    if points.shape != (4, 2) or len(words) != 3 or not PLANE.holds(points):
        raise ValueError(f"the plane from -3 to 5 has room for a query and three named keys: got {points.tolist()}")
    given = {
        "words": list(words),
        "points": points.tolist(),
        "weight": np.array(weight).tolist(),
        "additive": [np.array(part).tolist() for part in additive],
        "plane": PLANE.given,
    }
    weights = softmax(dot_scores(points[:1], keys))[0]
    told = ", ".join(f"{word} at ({x:g}, {y:g})" for word, (x, y) in zip(words, keys, strict=True))
    alt = (
        f"The plane from -3 to 5, darker where a key would score higher by the dot product: bands across the "
        f"direction of the query, which ends at ({query[0]:g}, {query[1]:g}). {told}."
    )
    return Explorer("scores", _picture(words, points, weights), alt, given)


def _picture(words, points, weights):
    picture = Diagram("scores over the plane", HEIGHT)
    PLANE.draw(picture, dot_scores(points[:1], PLANE.middles())[0], range(PLANE.low, PLANE.high + 1, 2))
    x, y = PLANE.place((0, 0))
    (u, v), *ends = map(PLANE.place, points)
    picture.parts.append(
        f'<path class="query" d="M{x:g} {y:g}L{u:g} {v:g}" fill="none" stroke="{INK}" stroke-width="2.5" '
        'marker-end="url(#tip)"/>'
    )
    picture.parts.append(f'<circle class="handle" cx="{u:g}" cy="{v:g}" r="14" fill="#fff" fill-opacity="0"/>')
    for (u, v), word, weight in zip(ends, words, weights, strict=True):
        picture.parts.append(
            f'<circle class="handle" cx="{u:g}" cy="{v:g}" r="9" fill="{ORANGE}" stroke="#fff" stroke-width="2"/>'
            f'<text class="named" x="{u + 13:g}" y="{v + 5:g}" paint-order="stroke" stroke="#fff" '
            f'stroke-width="4">{word} {escape(share(weight))}</text>'
        )
    PLANE.caption(picture, "arrow: query · dots: keys and their weights")
    return picture
