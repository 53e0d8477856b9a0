"""Chapter 7: a query and a key turned by their places, or the rows of a table, and their product by the distance."""

import numpy as np

from attention.diagrams import BLUE, INK, MUTED, ORANGE, Diagram
from attention.explorers.explorer import Explorer
from attention.numpy.positions import BASE, rotate

FARTHEST, PAIRS = 20, 4  # places from 0 to this one; pairs of features, at most
LEFT, RIGHT, TOP, BOTTOM, REACH = 40, 400, 150, 290, 34  # of the curve, and of a hand, in pixels


def positions(query, key, places=(3, 1)):
    """A query and a key to put at places: each pair of features is a dial, and the score lies on a curve (7.11).

    Parameters
    ----------
    query, key : (D,), D even, of at most eight features, no pair of them all zeros
    places : two whole numbers from 0 to 20, of the query and of the key

    Returns
    -------
    explorer : what a cell shows

    Raises
    ------
    ValueError : these are not such rows or places
    """
    query, key = (np.array(array, float) for array in (query, key))
    D = query.size
    fits = query.shape == key.shape == (D,) and D % 2 == 0 and 0 < D <= 2 * PAIRS
    if not fits or not all(0 <= place <= FARTHEST for place in places):
        raise ValueError(
            f"a query and a key of 2, 4, 6 or 8 features stand at places from 0 to {FARTHEST}: got {query.shape}, "
            f"{key.shape} and {list(places)}"
        )
    speeds = BASE ** (-np.arange(0, D, 2) / D)
    given = {"query": query.tolist(), "key": key.tolist(), "places": list(places), "speeds": speeds.tolist()}
    given |= {"farthest": FARTHEST, "left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM, "reach": REACH}
    turned = [rotate(row[None], np.array([place]))[0] for row, place in zip((query, key), places, strict=True)]
    score = turned[0] @ turned[1]
    alt = (
        f"{D // 2} dials, one for each pair of features, with a hand for the query at place {places[0]} and one for "
        f"the key at place {places[1]}. Below, their product for each distance from −{FARTHEST} to {FARTHEST}, a wave; "
        f"a dot on it at distance {places[0] - places[1]}, where it is {score:.2f}."
    )
    return Explorer("positions", _picture(query, key, places, speeds, turned), alt, given)


def _picture(query, key, places, speeds, turned):
    picture = Diagram("query and key at their places", BOTTOM + 44)
    pairs = len(speeds)
    for d, speed in enumerate(speeds):
        x, y = LEFT + (d + 0.5) * (RIGHT - LEFT) / pairs, 20 + REACH
        picture.parts.append(f'<circle cx="{x:g}" cy="{y}" r="{REACH}" fill="none" stroke="{MUTED}"/>')
        for name, colour, row, width in (("query", BLUE, turned[0], 5), ("key", ORANGE, turned[1], 2.5)):
            u, v = row[2 * d : 2 * d + 2] / (np.linalg.norm(row[2 * d : 2 * d + 2]) or 1) * REACH
            line = f"M{x:g} {y}L{x + u:.1f} {y - v:.1f}"
            picture.parts.append(f'<path class="{name}" d="{line}" stroke="{colour}" stroke-width="{width}"/>')
        picture.text(x, y + REACH + 14, f"speed {speed:.2g}", colour=MUTED)
    curve = [_at(query, key, speeds, distance) for distance in np.arange(-FARTHEST, FARTHEST + 0.1, 0.25)]
    most = _most(query, key)
    points = [_place(-FARTHEST + 0.25 * n, score, most) for n, score in enumerate(curve)]
    middle, zero = (LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2
    x, y = _place(places[0] - places[1], turned[0] @ turned[1], most)
    picture.parts.append(
        f'<path d="M{LEFT} {zero:g}H{RIGHT}M{middle:g} {TOP}V{BOTTOM}" stroke="{INK}" stroke-width="0.5"/>'
        f'<path class="curve" d="M{"L".join(f"{u:.1f} {v:.1f}" for u, v in points)}" fill="none" stroke="{INK}"/>'
        f'<circle class="now" cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{ORANGE}" stroke="#fff" stroke-width="2"/>'
    )
    for distance in range(-FARTHEST, FARTHEST + 1, 10):
        picture.text(_place(distance, 0, most)[0], BOTTOM + 12, f"{distance}".replace("-", "−"), colour=MUTED)
    picture.text(middle, BOTTOM + 30, "product, by place of the query minus place of the key", colour=MUTED)
    return picture


def _at(query, key, speeds, distance):
    """The product of turned rows at any distance: q Θ kᵀ."""
    angles = distance * speeds
    cos, sin = np.cos(angles), np.sin(angles)
    even, odd = query[0::2] * cos - query[1::2] * sin, query[0::2] * sin + query[1::2] * cos
    return even @ key[0::2] + odd @ key[1::2]


def _most(query, key):
    """The largest product that the pairs could have."""
    return sum(
        np.linalg.norm(q) * np.linalg.norm(k) for q, k in zip(query.reshape(-1, 2), key.reshape(-1, 2), strict=True)
    )


def _place(distance, score, most):
    """Where a distance and a product are in the picture."""
    x = LEFT + (distance + FARTHEST) / (2 * FARTHEST) * (RIGHT - LEFT)
    return x, (TOP + BOTTOM) / 2 - score / (most or 1) * (BOTTOM - TOP) / 2
