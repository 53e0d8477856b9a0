"""Chapter 4: a mask drawn cell by cell, and the weights that answer."""

from html import escape

import numpy as np

from attention.diagrams import BLUE, INK, MUTED, Diagram
from attention.explorers.explorer import Explorer, share
from attention.numpy.softmax import masked_softmax

SIDE, LEFT, TOP = 66, 96, 36  # of a cell; of the grid in the picture


def mask(queries, keys, scores, allowed):
    """A mask to draw, cell by cell; the weights of each query are softmax of what it may see, 0 in an empty row.

    Parameters
    ----------
    queries, keys : up to five names each
    scores : (T, S), within ±9
    allowed : (T, S), True = may attend, what it begins with

    Returns
    -------
    explorer : what a cell shows

    Raises
    ------
    ValueError : names, scores and mask do not fit each other, or there are too many
    """
    scores, allowed = np.round(np.array(scores, float), 2), np.array(allowed)
    shape = (len(queries), len(keys))
    if scores.shape != shape or allowed.shape != shape or allowed.dtype != bool or max(shape) > 5:
        raise ValueError(
            f"scores and a boolean mask must be {shape}, a row for each query, five at most: got {scores.shape} and "
            f"{allowed.dtype} {allowed.shape}"
        )
    weights = masked_softmax(scores, allowed)
    given = {
        "queries": list(queries),
        "keys": list(keys),
        "scores": scores.tolist(),
        "allowed": allowed.tolist(),
    }
    rows = "; ".join(f"{name}: {', '.join(map(share, row))}" for name, row in zip(queries, weights, strict=True))
    alt = f"A grid of weights, a row for each query and a column for each key; hidden cells are crossed out. {rows}."
    return Explorer("mask", _picture(queries, keys, scores, allowed, weights), alt, given)


def _picture(queries, keys, scores, allowed, weights):
    picture = Diagram("a mask and its weights", TOP + SIDE * len(queries) + 52)
    for column, key in enumerate(keys):
        picture.text(LEFT + (column + 0.5) * SIDE, TOP - 14, key)
    for row, query in enumerate(queries):
        picture.text(LEFT - 10, TOP + (row + 0.5) * SIDE, query, "right")
    for (row, column), weight in np.ndenumerate(weights):
        x, y = LEFT + column * SIDE, TOP + row * SIDE
        written = f"{scores[row, column]:g}".replace("-", "−")
        crossed = "" if allowed[row, column] else f"M{x} {y}l{SIDE} {SIDE}m0 -{SIDE}l-{SIDE} {SIDE}"
        picture.parts.append(
            f'<g class="cell"><rect x="{x}" y="{y}" width="{SIDE}" height="{SIDE}" fill="#fff" stroke="{INK}"/>'
            f'<rect class="shade" x="{x}" y="{y}" width="{SIDE}" height="{SIDE}" fill="{BLUE}" '
            f'opacity="{0.6 * weight:.2f}"/>'
            f'<path class="cross" d="{crossed}" fill="none" stroke="{MUTED}"/>'
            f'<text class="weight" x="{x + SIDE / 2:g}" y="{y + 31}" text-anchor="middle" font-weight="bold">'
            f"{escape(share(weight))}</text>"
            f'<text x="{x + SIDE / 2:g}" y="{y + 52}" text-anchor="middle">{written}</text></g>'
        )
    below = TOP + SIDE * len(queries)
    picture.text(220, below + 18, "bold: weight, bluer for more · below: score", colour=MUTED)
    picture.text(220, below + 38, "crossed out: must not be seen", colour=MUTED)
    return picture
