"""Chapter 2: three values in the plane, and the output of attention, which never leaves what lies between them."""

from html import escape

import numpy as np

from attention.diagrams import BLUE, INK, ORANGE, Diagram
from attention.explorers.explorer import Explorer, share
from attention.explorers.plane import HEIGHT, Plane
from attention.numpy.scores import dot_scores
from attention.numpy.softmax import softmax

LONGEST = 40.0  # a query


def hull(words, keys, values, query):
    """A query to turn and to stretch; the output moves inside the convex hull of the values (2.8).

    Parameters
    ----------
    words : the names of the three keys
    keys : (S, D), S = 3 and D = 2
    values : (S, Dv), Dv = 2
    query : (D,), of a length of at most 40

    Returns
    -------
    explorer : what a cell shows

    Raises
    ------
    ValueError : these are not three words with such keys and values, or the query is too long
    """
    keys, values, query = (np.array(array, float) for array in (keys, values, query))
    fits = len(words) == 3 and keys.shape == values.shape == (3, 2) and query.shape == (2,)
    if not fits or np.linalg.norm(query) > LONGEST:
        raise ValueError(
            f"the plane has room for three words, keys and values of two features and a query no longer than "
            f"{LONGEST:g}: got {len(words)} words, keys {keys.shape}, values {values.shape}, query {query.tolist()}"
        )
    plane = Plane(float(values.min()) - 0.8, float(values.max()) + 0.8)
    weights = softmax(dot_scores(query[None], keys))[0]
    given = {
        "words": list(words),
        "keys": keys.tolist(),
        "values": values.tolist(),
        "query": [round(float(np.degrees(np.arctan2(*query[::-1]))), 1), round(float(np.linalg.norm(query)), 3)],
        "longest": LONGEST,
        "plane": plane.given,
    }
    x, y = np.round(weights @ values, 2)
    told = ", ".join(f"{word} at ({x:g}, {y:g})" for word, (x, y) in zip(words, values, strict=True))
    alt = (
        f"A triangle whose corners are the values: {told}. The output of attention is a dot inside, at ({x:g}, {y:g})."
    )
    return Explorer("hull", _picture(words, values, weights, plane), alt, given)


def _picture(words, values, weights, plane):
    picture = Diagram("the hull of the values", HEIGHT)
    plane.frame(picture, range(int(np.ceil(plane.low)), int(plane.high) + 1))
    corners = "L".join(f"{x:g} {y:g}" for x, y in map(plane.place, values))
    u, v = plane.place(weights @ values)
    picture.parts.append(f'<path d="M{corners}z" fill="{BLUE}" fill-opacity="0.18" stroke="{BLUE}"/>')
    middle = values[:, 1].mean()
    for value, word, weight in zip(values, words, weights, strict=True):
        x, y = plane.place(value)
        picture.parts.append(
            f'<rect x="{x - 4:g}" y="{y - 4:g}" width="8" height="8" fill="{INK}"/>'
            f'<text class="named" x="{x:g}" y="{y - 12 if value[1] > middle else y + 22:g}" text-anchor="middle" '
            f'paint-order="stroke" stroke="#fff" stroke-width="4">{word} {escape(share(weight))}</text>'
        )
    picture.parts.append(
        f'<circle class="output" cx="{u:.1f}" cy="{v:.1f}" r="7" fill="{ORANGE}" stroke="#fff" stroke-width="2"/>'
    )
    plane.caption(picture, "squares: values and their weights · dot: output")
    return picture
