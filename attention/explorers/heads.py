"""Chapter 6: two heads over two words, and what they can still tell apart."""

import numpy as np

from attention.diagrams import BLUE, INK, MUTED, ORANGE, Diagram
from attention.explorers.explorer import Explorer
from attention.explorers.plane import HEIGHT, Plane


def heads(sentences, says, weights):
    """How much weight each of two heads gives to the first of two words; the rest goes to the second.

    What the heads hear of a sentence is a point: head 0 to the right, head 1 upwards. A matrix (2, 2) has to make of it
    what the two words say, for every sentence; shown are the best one's error (6.2) and its largest entry.

    Parameters
    ----------
    sentences : the names of two sentences
    says : (2, 2), for each sentence what its two words say, from 0 to 4
    weights : (2,), of the first word in head 0 and in head 1, from 0 to 1

    Returns
    -------
    explorer : what a cell shows

    Raises
    ------
    ValueError : these are not two sentences, two numbers for each and two weights, within those ends
    """
    says, weights = np.array(says, float), np.round(np.array(weights, float), 2)
    fits = len(sentences) == 2 and says.shape == (2, 2) and weights.shape == (2,)
    if not fits or says.min() < 0 or says.max() > 4 or weights.min() < 0 or weights.max() > 1:
        raise ValueError(
            f"two sentences say two numbers each, from 0 to 4, and two heads have weights from 0 to 1: got "
            f"{len(sentences)} sentences, {says.tolist()} and {weights.tolist()}"
        )
    plane = Plane(-0.4, float(says.max()) + 0.6)
    heard = says @ shares(weights)  # (sentences, words) (words, heads) -> (sentences, heads)
    given = {
        "sentences": list(sentences),
        "says": says.tolist(),
        "weights": weights.tolist(),
        "plane": plane.given,
    }
    told = "; ".join(
        f"{name}: head 0 hears {x:.2f}, head 1 {y:.2f}" for name, (x, y) in zip(sentences, heard, strict=True)
    )
    alt = f"A plane, what head 0 hears to the right and what head 1 hears upwards, with its diagonal. {told}."
    return Explorer("heads", _picture(sentences, heard, plane), alt, given)


def shares(weights):
    """The weights of both words (words, heads), of those of the first (heads,)."""
    return np.stack([weights, 1 - weights])


def best(weights):
    """The error that the best matrix leaves, and the largest size of an entry of it."""
    P = shares(weights)
    W = np.linalg.pinv(P)  # (heads, 2): it makes P W the nearest to I
    return float(((P @ W - np.eye(2)) ** 2).sum() / 2), float(np.abs(W).max())


def _picture(sentences, heard, plane):
    picture = Diagram("what two heads hear", HEIGHT)
    plane.frame(picture, range(int(plane.high) + 1))
    (left, low), (right, high) = plane.place((plane.low, plane.low)), plane.place((plane.high, plane.high))
    picture.parts.append(
        f'<path d="M{left:g} {low:g}L{right:g} {high:g}" stroke="{MUTED}" stroke-dasharray="4 4" fill="none"/>'
    )
    x, y = plane.place((plane.high, plane.high - 0.25))
    picture.text(x - 30, y + 4, "both hear the same", "right", MUTED)
    for number, (name, point) in enumerate(zip(sentences, heard, strict=True)):
        u, v = plane.place(point)
        shape = "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0z" if number == 0 else "M-6 -6h12v12h-12z"
        picture.parts.append(
            f'<g class="point" transform="translate({u:.1f} {v:.1f})"><path d="{shape}" stroke="#fff" '
            f'fill="{BLUE if number == 0 else ORANGE}"/><text x="0" y="{-14 if number == 0 else 26}" '
            f'text-anchor="middle" fill="{INK}" paint-order="stroke" stroke="#fff" stroke-width="4">{name}</text></g>'
        )
    plane.caption(picture, "to the right: head 0 hears   upwards: head 1 hears")
    return picture
