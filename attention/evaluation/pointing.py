"""Whether a model looks at what it is asked about: where its weights lie, beside a box that is known (chapter 12).

The place (i, j) of a feature map has its centre at the pixel (4 i, 4 j). Boxes are (top, left, bottom, right) in
pixels, the last two not included.
"""

import numpy as np

from attention.inputs import InputError

STRIDE = 4  # pixels from one place of the feature map to the next


def cell_centres(h, w):
    """The pixels (row, column) in the middle of the places of a feature map, row by row: (S, 2) with S = h · w."""
    return STRIDE * np.stack(np.indices((h, w)), axis=-1).reshape(-1, 2)


def centres_inside(boxes, shape):
    """Which places of a feature map have their centre in each box.

    Parameters
    ----------
    boxes : (B, 4)
    shape : (h, w), of the feature map

    Returns
    -------
    inside : (B, S) bool, S = h · w
    """
    centres, boxes = cell_centres(*shape), np.asarray(boxes)[:, None]
    return ((centres >= boxes[..., :2]) & (centres < boxes[..., 2:])).all(-1)


def pointing(weights, boxes, shape):
    """How often the centre of the heaviest place lies in the box.

    Parameters
    ----------
    weights : (B, S), of the places of a feature map row by row; of two that are equally heavy the first counts
    boxes : (B, 4), one for each
    shape : (h, w), of the feature map, h · w = S

    Returns
    -------
    share : float, 0 to 1

    Raises
    ------
    InputError : there are no weights, or they do not belong to the boxes or to the shape

    Source
    ------
    Zhang, Bargal, Lin, Brandt, Shen and Sclaroff (2018), "Top-down neural attention by excitation backprop", section
    4.1: the pointing game
    """
    inside = _inside(weights, boxes, shape)
    heaviest = np.asarray(weights).argmax(1)
    return float(inside[np.arange(len(inside)), heaviest].mean())


def weight_inside(weights, boxes, shape):
    """The mean weight of the places whose centres lie in the box, added up; arguments and errors as in `pointing`."""
    return float((np.asarray(weights, np.float64) * _inside(weights, boxes, shape)).sum(1).mean())


def centre_baseline(boxes, side):
    """What pointing at the middle of every picture would reach.

    Parameters
    ----------
    boxes : (B, 4)
    side : (H, W), of the pictures

    Returns
    -------
    share : float, 0 to 1
    """
    middle, boxes = np.array(side) // 2, np.asarray(boxes)
    return float(((middle >= boxes[:, :2]) & (middle < boxes[:, 2:])).all(1).mean())


def random_baseline(boxes, shape):
    """What pointing at a place drawn at random would reach on average; `boxes` and `shape` as in `pointing`."""
    return float(centres_inside(boxes, shape).mean())


def _inside(weights, boxes, shape):
    given, wanted = np.shape(weights), (len(boxes), shape[0] * shape[1])
    if given != wanted or not len(boxes):
        told = f"weights {given}, {len(boxes)} boxes, shape {tuple(shape)}"
        raise InputError(f"there must be a weight for each place, and a row of them for each of the boxes: got {told}")
    return centres_inside(boxes, shape)
