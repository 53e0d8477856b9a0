"""Chapter 8: the words of a sentence through a stack of blocks, of which each part can be left out."""

import numpy as np

from attention.diagrams import BLUE, INK, MUTED, ORANGE, Diagram
from attention.explorers.explorer import Explorer
from attention.numpy.heads import MultiHeadAttention
from attention.weights.parts import part

CELL, LEFT, TOP = (50, 30), 88, 30  # of the table of rows: its cells, and where it begins
LOW = 1e-6  # what the curve shows at least
MATRICES = [f"attention.{name}_weight" for name in ("query", "key", "value", "output")]
MATRICES += ["feed_forward.hidden_weight", "feed_forward.output_weight"]


def block(words, rows, weights, heads):
    """Parts of a block to leave out, and a depth; how far the rows of a sentence still lie apart, and their length.

    It begins with attention alone, and with all blocks.

    Parameters
    ----------
    words : up to five
    rows : (T, M), M at most 6
    weights : a list of up to 9, for each block {name: array} as `EncoderBlock` takes them: with biases and shifts of
        zero and scales of one, as they are before training
    heads : H

    Returns
    -------
    explorer : what a cell shows

    Raises
    ------
    ValueError : there is no row for each word, there are too many, or a block is not as before training
    """
    rows = np.round(np.array(rows, float), 2)
    if rows.ndim != 2 or len(words) != len(rows) or len(rows) > 5 or rows.shape[1] > 6 or not 1 <= len(weights) <= 9:
        raise ValueError(
            f"a row of up to 6 features for each of up to five words, and up to nine blocks: got {len(words)} words, "
            f"rows {rows.shape} and {len(weights)} blocks"
        )
    if any((array != name.endswith("scale")).any() for of in weights for name, array in of.items() if array.ndim == 1):
        raise ValueError("biases and shifts must be zero and scales one, as they are before training")
    weights = [{n: np.round(a, 2) if n in MATRICES else a for n, a in of.items()} for of in weights]
    given = {
        "words": list(words),
        "rows": rows.tolist(),
        "blocks": [[of[name].tolist() for name in MATRICES] for of in weights],
        "heads": heads,
        "low": LOW,
    }
    found = [rows]
    for of in weights:
        attend = MultiHeadAttention(part(of, "attention"), heads)
        found.append(attend(*[found[-1]] * 3)[0])
    distances = [apart(each) for each in found]
    alt = (
        f"A table of the features of {', '.join(words)}, a row for each, after {len(weights)} attentions; below it a "
        f"curve of how far the rows lie apart, from {distances[0]:.0%} of their length before the first to "
        f"{distances[-1]:.0%} after the last."
    )
    return Explorer("block", _picture(words, found[-1], distances), alt, given)


def apart(rows):
    """How far rows (T, M) lie from their mean, as a part of their length."""
    return float(np.linalg.norm(rows - rows.mean(axis=0)) / np.linalg.norm(rows))


def _picture(words, rows, distances):
    wide, high = CELL
    top = TOP + high * len(words) + 56  # of the curve
    picture = Diagram("words through blocks", top + 176)
    picture.text(LEFT + wide * rows.shape[1] / 2, 14, "features of each word, over their typical size")
    shown = rows / np.sqrt(np.mean(rows**2))
    for row, word in enumerate(words):
        picture.text(LEFT - 8, TOP + (row + 0.5) * high, word, "right")
    for (row, column), number in np.ndenumerate(shown):
        x, y = LEFT + column * wide, TOP + row * high
        written = f"{number:.1f}".replace("-0.0", "0.0").replace("-", "−")
        picture.parts.append(
            f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" fill="#fff" stroke="{INK}"/>'
            f'<rect class="shade" x="{x}" y="{y}" width="{wide}" height="{high}" '
            f'fill="{BLUE if number > 0 else ORANGE}" opacity="{min(0.6, 0.25 * abs(number)):.2f}"/>'
            f'<text class="number" x="{x + wide / 2:g}" y="{y + high / 2 + 5:g}" text-anchor="middle">{written}</text>'
        )
    picture.text(220, top - 26, "how far the rows lie apart, as a part of their length")
    right, under = LEFT + 6 * CELL[0], top + 120
    for power, written in ((0, "1"), (-2, "0.01"), (-4, "10⁻⁴"), (-6, "10⁻⁶")):
        y = top - power * 20
        picture.parts.append(f'<path d="M{LEFT} {y}H{right}" stroke="#ccc"/>')
        picture.text(LEFT - 8, y, written, "right")
    places = [curve_place(number, distance, len(distances) - 1) for number, distance in enumerate(distances)]
    for number in range(len(distances)):
        picture.text(curve_place(number, 1, len(distances) - 1)[0], under + 16, f"{number}")
    line = "L".join(f"{x:.1f} {top + y:.1f}" for x, y in places)
    x, y = places[-1]
    picture.parts.append(
        f'<path class="curve" d="M{line}" fill="none" stroke="{BLUE}" stroke-width="2"/>'
        f'<circle class="here" cx="{x:.1f}" cy="{top + y:.1f}" r="6" fill="{ORANGE}" stroke="#fff" stroke-width="2"/>'
    )
    picture.text(220, under + 40, "number of blocks", colour=MUTED)
    return picture


def curve_place(number, distance, most):
    """Where a point of the curve lies, from its left and its top."""
    return LEFT + 6 * CELL[0] * number / most, -20 * np.log10(np.clip(distance, LOW, 1))
