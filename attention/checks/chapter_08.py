"""08 The Transformer block."""

import numpy as np

from attention.checks import arguments as arg
from attention.checks.exercise import Exercise, Misconception, Stage

NARROW = ("float32",)
NORM = "Layer normalisation"
EPSILON = 1e-5


def turned(array):
    return np.swapaxes(array, -1, -2)


def softmax(scores):
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def layer_norm(x):
    about = x - x.mean(-1, keepdims=True)
    return about / np.sqrt((about**2).mean(-1, keepdims=True) + EPSILON)


# 8.1 norm_by_hand


def _by_hand(centred=True, by="deviation", n=4, affine="both", along=True, mean=True, scaled=True, divided=True):
    x, g = np.array([-4.0, 2, 4, 10]), np.array([5.0, 0, 0, 0])
    scale, shift = np.array([1.0, 5, 10, 2]), np.array([0.0, 1, 0, -1])
    about = x - x.mean() if centred else x
    variance = (about**2).sum() / n
    spread = {"deviation": variance**0.5, "variance": variance}[by]
    normal = about / spread
    y = {"both": scale * normal + shift, "neither": normal, "first": scale * (normal + shift)}[affine]
    g = scale * g if scaled else g
    back = g - (g.mean() if mean else 0) - (normal * (g * normal).mean() if along else 0)
    return np.array([y, back / (spread if divided else 1)])


NORM_BY_HAND = Exercise(
    number="8.1", name="norm_by_hand", see=NORM, kind="value", reference=_by_hand, faulty=_by_hand,
    returns="what comes out, and the gradient of what goes in, four numbers each",
    stages=(Stage("by hand", ({},), tolerance=1e-3),),
    misconceptions=(
        Misconception("not centred", {"centred": False},
            "You divided the numbers themselves. First their mean, 3, is taken away."),
        Misconception("divided by the variance", {"by": "variance"},
            "You divided by the variance, 25. It is the deviation, its root, that a row is divided by."),
        Misconception("divided by n − 1", {"n": 3},
            "You took the variance of a sample, with n − 1 below. Here the four features are all there is: divide the "
            "sum of the squares by 4."),
        Misconception("no scale and no shift", {"affine": "neither"},
            "You stopped at the normalised row. Each feature has a scale and a shift yet."),
        Misconception("the shift before the scale", {"affine": "first"},
            "You added the shift and multiplied then. The scale comes first, and the shift is added as it is."),
        Misconception("the part along the row left out", {"along": False},
            "You took the mean away from the gradient, and not its part along the normalised row."),
        Misconception("the mean left out", {"mean": False},
            "You took the part along the normalised row away from the gradient, and not its mean."),
        Misconception("the gradient not scaled", {"scaled": False},
            "What comes out is right. On the way back a gradient passes the scale first, and is multiplied by it."),
        Misconception("the gradient not divided", {"divided": False},
            "What comes out is right. On the way back, too, everything is divided by the deviation."),
    ),
)  # fmt: skip


# 8.2 rms_norm


def right_rms(x, scale):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * scale


def _rms(
    x, scale, centred=False, epsilon="inside", size="mean", root=True, over=-1, scaled="after", wide=True, constant=None
):  # fmt: skip
    given = x.dtype
    if wide and given == np.float16:
        x, scale = x.astype(np.float32), scale.astype(np.float32)
    x = x - x.mean(-1, keepdims=True) if centred else x
    x = x * scale if scaled == "before" else x
    axes = {"all": None}.get(over, over)
    squares = (x * x).sum(axes, keepdims=True)
    if size == "mean":
        squares = squares / (x.size // squares.size if x.size else 1)
    small = x.dtype.type(EPSILON if constant is None else constant)
    below = {"inside": squares + small, "outside": squares, "none": squares}[epsilon]
    below = np.sqrt(below) if root else below
    below = below + small if epsilon == "outside" else below
    return (x / below * (1 if scaled in ("before", "never") else scale)).astype(given)


def zero_rows_and_small(rng, shape):
    """Rows of the size of ε's root, some of them zeros."""
    return np.round(0.004 * rng.standard_normal(shape), 5) * (rng.random((*shape[:-1], 1)) > 0.3)


def hundreds(rng, shape):
    """Numbers whose squares are beyond float16."""
    return np.round(rng.uniform(300, 900, shape) * rng.choice([-1, 1], shape), 0)


RMS_NORM = Exercise(
    number="8.2", name="rms_norm", see=NORM, reference=right_rms, faulty=_rms, keeps_type=True,
    returns="one number for each feature", dtypes=("float32", "float16"), axes={"result": "…TD"},
    arguments={"x": arg.Floats("…TD"), "scale": arg.Floats("D")},
    stages=(
        Stage("plain", ({"x": np.array([[3.0, 4.0], [-1.0, 7.0]]), "scale": np.array([1.0, 2.0])},)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("far from 0", leading=(0, 1), styles={"x": arg.far}),
        Stage("small rows and zeros", leading=(0, 1, 2), styles={"x": [zero_rows_and_small, arg.nothing]}),
        Stage("rows of all sizes", leading=(0, 1), styles={"x": arg.sizes}, types=("float32",)),
        Stage("large numbers", leading=(0, 1), styles={"x": hundreds}),
        Stage("very large numbers", leading=(0, 1), styles={"x": arg.scaled(1e15)}, types=("float32",)),
        Stage("ties and zeros", leading=(0, 1), styles={"x": arg.tied, "scale": arg.tied}),
    ),
    misconceptions=(
        Misconception("the mean taken away", {"centred": True},
            "You take the mean away first, as layer normalisation does. This one only divides."),
        Misconception("the length", {"size": "sum"},
            "You divide by the length of a row, the root of the *sum* of its squares. It is the root of their mean."),
        Misconception("no root", {"root": False}, "You divide by the mean of the squares. Its root is meant."),
        Misconception("over the words", {"over": -2},
            "Your mean runs over the rows. Each row is normalised by itself: the mean runs over its features."),
        Misconception("over everything", {"over": "all"},
            "You take one mean of all that there is. Each row has its own."),
        Misconception("the scale first", {"scaled": "before"},
            "You multiply by the scale before you measure the row. The row is measured as it comes in."),
        Misconception("no scale", {"scaled": "never"}, "The scale is left out."),
        Misconception("ε outside of the root", {"epsilon": "outside"},
            "You add ε to the root. It is added to the mean of the squares, below the root: for rows as small as "
            "these that is quite another number."),
        Misconception("no ε", {"epsilon": "none"},
            "Without ε a small row becomes as large as any other, and a row of zeros 0/0."),
        Misconception("another ε", {"constant": 1e-6}, "Your ε is 1e-6; here it is 1e-5."),
        Misconception("float16 stays float16", {"wide": False},
            "300 squared is more than float16 holds, and a mean in it has three digits. Compute in float32, and give "
            "back the type that came."),
    ),
)  # fmt: skip
