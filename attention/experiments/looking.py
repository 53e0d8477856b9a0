"""What a classifier reaches on scenes and on MNIST: how often it is right, how often it looks at the right thing."""

import numpy as np

from attention.data.digits import mnist
from attention.data.pictures import one_digit
from attention.data.scenes import scenes
from attention.evaluation.pointing import STRIDE, centre_baseline, pointing, random_baseline, weight_inside

COUNT = 2000  # test scenes of a task


def scene_figures(look, task, split="test", count=COUNT):
    """Measured on scenes of one task.

    Parameters
    ----------
    look : function of images (N, H, W) that gives probabilities (N, C) and weights (N, h, w), or None for the weights
    task, split, count : of `attention.data.scenes`

    Returns
    -------
    figures : {"scenes": how many, "accuracy", "pointing": how often the centre of the heaviest place lies in the box of
        the digit that is asked for, "inside": the mean weight in it, both None without weights; "centre" and "random":
        how often the centre of the picture does and a place at random would}
    """
    found = scenes(task, split, count)
    side = found.images.shape[1:]
    shape = tuple(-(-size // STRIDE) for size in side)  # of the feature map
    probabilities, weights = look(found.images)
    flat = None if weights is None else weights.reshape(count, -1)  # (N, h, w) -> (N, S)
    return {
        "scenes": count,
        "accuracy": float((probabilities.argmax(-1) == found.labels).mean()),
        "pointing": None if flat is None else pointing(flat, found.boxes, shape),
        "inside": None if flat is None else weight_inside(flat, found.boxes, shape),
        "centre": centre_baseline(found.boxes, side),
        "random": random_baseline(found.boxes, shape),
    }


def mnist_figures(look):
    """Measured on MNIST's test digits, each prepared as a reader's picture is.

    Returns
    -------
    figures : {"digits": how many, "accuracy"}
    """
    images, labels = mnist("test")
    probabilities, _ = look(np.stack([one_digit(image) for image in images]))
    return {"digits": len(labels), "accuracy": float((probabilities.argmax(-1) == labels).mean())}
