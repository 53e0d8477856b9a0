"""08 The Transformer block."""

import zlib
from dataclasses import dataclass
from functools import partial, wraps

import numpy as np

from attention.checks import arguments as arg
from attention.checks.compare import plain
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


def _by_hand(
    centred="both", n=4, out="deviation", back="deviation", affine="both", along=1, mean=True, of="mean",
    scaled="first",
):  # fmt: skip
    x, g = np.array([-4.0, 2, 4, 10]), np.array([1.0, 0, 0, 0])
    scale, shift = np.array([10.0, 20, 5, 2]), np.array([2.0, 1, 0, -1])
    about = x if centred == "nowhere" else x - x.mean()
    variance = (about**2).sum() / n
    spread = {"deviation": variance**0.5, "variance": variance, "nothing": 1.0}
    normal = about / spread["variance" if out == back == "variance" else "deviation"]
    went = (x if centred == "below" else about) / spread[out]
    y = {"both": scale * went + shift, "neither": went, "first": scale * (went + shift), "scale": scale * went,
         "shift": went + shift}[affine]  # fmt: skip
    g = scale * g if scaled == "first" else g
    size = {"mean": 4, "sum": 1}[of]
    g = g - (g.sum() / size if mean else 0) - along * normal * (g * normal).sum() / size
    return np.array([y, g / spread[back] * (scale if scaled == "last" else 1)])


NORM_BY_HAND = Exercise(
    number="8.1", name="norm_by_hand", see=NORM, kind="value", reference=_by_hand, faulty=_by_hand,
    returns="what comes out, and the gradient of what goes in, four numbers each",
    stages=(Stage("by hand", ({},), tolerance=1e-3),),
    misconceptions=(
        Misconception("not centred", {"centred": "nowhere"},
            "You divided the numbers themselves, by the root of the mean of their squares. First their mean, 3, is "
            "taken away."),
        Misconception("the row not centred", {"centred": "below"},
            "You divided the numbers themselves by the deviation, 5. First their mean, 3, is taken away from them."),
        Misconception("divided by the variance", {"out": "variance", "back": "variance"},
            "You divided by the variance, 25, on both ways. It is the deviation, its root, that a row is divided by."),
        Misconception("the row divided by the variance", {"out": "variance"},
            "You divided the row by the variance, 25. It is divided by the deviation, the root of the variance."),
        Misconception("the gradient divided by the variance", {"back": "variance"},
            "On the way back you divided by the variance, 25. There, too, it is its root."),
        Misconception("divided by n − 1", {"n": 3},
            "You took the variance of a sample, with n − 1 below. Here the four features are all there is: divide the "
            "sum of the squares by 4."),
        Misconception("the sum of the squares", {"n": 1},
            "You divided by the root of the sum of the squares. The variance is their mean: divide the sum by 4."),
        Misconception("no scale and no shift", {"affine": "neither"},
            "You stopped at the normalised row. Each feature has a scale and a shift yet."),
        Misconception("no shift", {"affine": "scale"}, "The shift of each feature is to be added yet."),
        Misconception("no scale", {"affine": "shift"},
            "You added the shifts to the normalised row. Each feature is multiplied by its scale before that."),
        Misconception("the shift before the scale", {"affine": "first"},
            "You added the shift and multiplied then. The scale comes first, and the shift is added as it is."),
        Misconception("the gradient as it came", {"scaled": "never", "mean": False, "along": 0, "back": "nothing"},
            "The gradient does not stay as it is on its way back through scale and norm."),
        Misconception("the gradient scaled, and no more", {"mean": False, "along": 0, "back": "nothing"},
            "On the way back you came as far as the normalised row. The norm itself changes a gradient, too."),
        Misconception("the part along the row added", {"along": -1},
            "On the way back the part along the normalised row is taken away; you added it."),
        Misconception("the part along the row left in", {"along": 0},
            "On the way back, part of the gradient lies along the normalised row: the norm takes it away, and in yours "
            "it is still there."),
        Misconception("the mean left in", {"mean": False},
            "On the way back the gradient loses its mean, and in yours it is still there."),
        Misconception("sums for means", {"of": "sum"},
            "On the way back you took away a sum of four numbers where it is their mean."),
        Misconception("the gradient not scaled", {"scaled": "never"},
            "On the way back a gradient passes the scale first, and is multiplied by it."),
        Misconception("the gradient scaled last", {"scaled": "last"},
            "On the way back all goes in the other order: the scale, which came last on the way out, comes first."),
        Misconception("the gradient not divided", {"back": "nothing"},
            "On the way back, too, everything is divided by the deviation."),
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
    x = x - x.mean(-1, keepdims=True) if centred is True else x
    x = x * scale if scaled == "before" else x
    axes = {"all": None}.get(over, over)
    measured = x - x.mean(-1, keepdims=True) if centred == "below" else x
    squares = (measured * measured).sum(axes, keepdims=True)
    if size == "absolute":
        squares = np.abs(measured).mean(axes, keepdims=True) ** 2
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
    returns="one number for each feature", dtypes=("float32", "float16"), axes={"result": "…TD"}, nouns={"T": "rows"},
    type_of={"result": "x"}, arguments={"x": arg.Floats("…TD"), "scale": arg.Floats("D")},
    stages=(
        Stage("plain", ({"x": np.array([[3.0, 4.0], [-1.0, 7.0]]), "scale": np.array([1.0, 2.0])},)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("far from 0", leading=(0, 1), styles={"x": arg.far}),
        Stage("small rows and zeros", leading=(0, 1, 2), styles={"x": [zero_rows_and_small, arg.nothing]}),
        Stage("rows of all sizes", leading=(0, 1), styles={"x": arg.sizes}, types=("float32",)),
        Stage("large numbers", leading=(0, 1), styles={"x": hundreds}),
        Stage("large numbers in float16", leading=(0, 1), types=(), styles={"x": arg.held("float16", hundreds),
            "scale": arg.held("float16", arg.normal)}),
        Stage("a scale of another type", leading=(0, 1), types=(), styles={
            "x": [arg.held("float32", arg.normal), arg.held("float16", hundreds)],
            "scale": [arg.normal, arg.held("float32", arg.normal)]}),
        Stage("large scales", leading=(0, 1), styles={"scale": arg.spread(50.0)}),
        Stage("very large numbers", leading=(0, 1), styles={"x": arg.scaled(1e15)}, types=("float32",)),
        Stage("ties and zeros", leading=(0, 1), styles={"x": arg.tied, "scale": arg.tied}),
    ),
    misconceptions=(
        Misconception("the mean taken away", {"centred": True},
            "You take the mean away first, as layer normalisation does. This one only divides."),
        Misconception("the variance", {"centred": "below"},
            "You divide by the root of the variance, which has the distances from the mean in it. Here nothing is "
            "taken away: squared are the features themselves."),
        Misconception("the length", {"size": "sum"},
            "You divide by the length of a row, the root of the *sum* of its squares. It is the root of their mean."),
        Misconception("the mean of the sizes", {"size": "absolute"},
            "You divide by the mean of the features without their signs. It is the root of the mean of their squares."),
        Misconception("no root", {"root": False}, "You divide by the mean of the squares. Its root is meant."),
        Misconception("over the words", {"over": -2},
            "Your mean runs over the rows. Each row is normalised by itself: the mean runs over its features."),
        Misconception("over everything", {"over": "all"},
            "You take one mean of all that there is. Each row has its own."),
        Misconception("the scale first", {"scaled": "before"},
            "You multiply by the scale before you measure the row. The row is measured as it comes in."),
        Misconception("no scale", {"scaled": "never"}, "The scale is left out."),
        Misconception("ε outside of the root", {"epsilon": "outside"},
            "You add ε to the root. It is added to the mean of the squares, below the root: for a "
            "small row that is quite another number."),
        Misconception("no ε", {"epsilon": "none"},
            "Without ε a small row becomes as large as any other, and a row of zeros 0/0."),
        Misconception("another ε", {"constant": 1e-6}, "Your ε is 1e-6; here it is 1e-5."),
        Misconception("a smaller ε", {"constant": 1e-8}, "Your ε is 1e-8; here it is 1e-5."),
        Misconception("float16 stays float16", {"wide": False},
            "300 squared is more than float16 holds, and a mean in it has three digits. Compute in float32, and give "
            "back the type that came."),
    ),
)  # fmt: skip


# 8.3 rms_norm_backward


def right_rms_backward(x, scale, grad_output):
    spread = np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
    g = grad_output * scale
    grad_x = g / spread - x * (g * x).mean(-1, keepdims=True) / spread**3
    return grad_x, (grad_output * x / spread).reshape(-1, len(scale)).sum(0)


def _rms_backward(
    x, scale, grad_output, along="mean", centred=False, scaled="first", rows="sum", over="normal", divided=1,
    epsilon=EPSILON, swapped=False, of="normal",
):  # fmt: skip
    spread = np.sqrt(np.einsum("...d,...d->...", x, x)[..., None] / x.shape[-1] + np.asarray(epsilon, x.dtype))
    normal = x / spread
    g = grad_output * scale if scaled in ("first", "half") else grad_output
    size = {"mean": x.shape[-1], "sum": 1, "none": np.inf, "added": -x.shape[-1]}[along]
    seen = grad_output if scaled == "half" else g
    part = {"normal": normal, "x": x, "once": x}[of]
    away = part * (seen * part).sum(-1, keepdims=True) / size / (spread if of == "once" else 1)
    back = g - away - (g.mean(-1, keepdims=True) if centred else 0)
    back = back / spread**divided * (scale if scaled == "last" else 1)
    each = grad_output * {"normal": normal, "x": x, "scaled": normal * scale}[over]
    axes = tuple(range(x.ndim - 1))
    of_scale = {"sum": each.sum(axes), "mean": each.mean(axes), "each": each, "words": each.sum(-2 % x.ndim),
                "first": each.sum(0)}[rows]  # fmt: skip
    return (of_scale, back) if swapped else (back, of_scale)


def small_rows(rng, shape):
    """Rows of the size of ε's root."""
    return np.round(0.004 * rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape), 5)


RMS_NORM_BACKWARD = Exercise(
    number="8.3", name="rms_norm_backward", see=NORM, reference=right_rms_backward, faulty=_rms_backward,
    outputs=("grad_x", "grad_scale"), axes={"grad_x": "…TD", "grad_scale": "D"}, dtypes=NARROW, nouns={"T": "rows"},
    arguments={"x": arg.Floats("…TD"), "scale": arg.Floats("D"), "grad_output": arg.Floats("…TD", arg.upstream)},
    stages=(
        Stage("one row", ({"x": np.array([[3.0, 4.0]]), "scale": np.array([1.0, 2.0]),
            "grad_output": np.array([[1.0, -1.0]])},), sizes={"T": 1, "D": 3}),
        Stage("several rows", leading=(0,)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, types=(), tolerance=1e-10),
        Stage("small rows", leading=(0, 1), styles={"x": small_rows}),
        Stage("some rows of zeros", leading=(0, 1), styles={"x": [arg.zeros, zero_rows_and_small]}),
        Stage("far from 0", leading=(0, 1), styles={"x": arg.far}, types=(), tolerance=1e-9),
        Stage("gradients of all sizes", leading=(0, 1), styles={"grad_output": [arg.sizes, arg.scaled(1e12)]}),
        Stage("ties and zeros", leading=(0, 1), types=(), tolerance=1e-12, styles={"x": arg.tied, "scale": arg.tied,
            "grad_output": arg.tied}),
    ),
    misconceptions=(
        Misconception("the part along the row left out", {"along": "none"},
            "You treat the size of a row as if it did not depend on the row. Each feature moves it: something is taken "
            "away along the normalised row."),
        Misconception("the part along the row added", {"along": "added"},
            "You add the part along the normalised row. A larger row is divided by more: that part is taken away."),
        Misconception("the sum for the mean", {"along": "sum"},
            "The part along the normalised row is too large in yours: it has the *mean* of the products, as the size "
            "of a row has the mean of the squares."),
        Misconception("the gradient of layer normalisation", {"centred": True},
            "You take the mean of the gradient away as well. Here no mean was taken away on the way forward, so a "
            "shift of all features does count."),
        Misconception("the scale left out", {"scaled": "never"},
            "What arrives at the normalised row is scale times what arrives at the output."),
        Misconception("the scale last", {"scaled": "last"},
            "You multiply by the scale at the end. On the way back all goes in the other order: the scale comes first, "
            "and the norm takes its part from what is scaled already."),
        Misconception("the scale left out along the row", {"scaled": "half"},
            "In the part along the normalised row you have the gradient from before the scale. It is the scaled one "
            "there, too."),
        Misconception("x along the row", {"of": "x"},
            "In the part along the row you have x itself, twice. It is the normalised row, twice."),
        Misconception("the square for the third power", {"of": "once"},
            "Your part along the row has x twice, divided by the square of the size. Each x is divided, and the row "
            "once more on its way back: that is the third power."),
        Misconception("not divided", {"divided": 0}, "On the way back, too, a row is divided by its size."),
        Misconception("divided twice", {"divided": 2}, "You divide by the size twice on the way back. Once will do."),
        Misconception("no ε", {"epsilon": 0.0},
            "The ε of the way forward stands in the root of the way back too. For a small row it is not small."),
        Misconception("x for the normalised row", {"over": "x"},
            "The scale is multiplied by the normalised row, not by x: that is what its gradient holds."),
        Misconception("the scale of the scale", {"over": "scaled"},
            "The gradient of the scale has the normalised row in it; you have the output, which was scaled."),
        Misconception("the mean over the rows", {"rows": "mean"},
            "You average what the scale gets over the rows. A weight that is used many times gets the sum."),
        Misconception("one for each row", {"rows": "each"},
            "There is one scale for all rows, so what comes back to it from all of them is added up.",
            breaks_contract=True),
        Misconception("over one axis alone", {"rows": "words"},
            "You add up over one axis of rows alone. The same scale serves all rows, whatever axes they lie along.",
            breaks_contract=True),
        Misconception("over the first axis alone", {"rows": "first"},
            "You add up over the first axis alone. The same scale serves all rows, whatever axes they lie along.",
            breaks_contract=True),
        Misconception("the two exchanged", {"swapped": True},
            "These are the two gradients, the other way round: that of x comes first.", breaks_contract=True),
    ),
)  # fmt: skip


# 8.4 norm_of_words


def right_words(x, real, scale, shift):
    rows = layer_norm(np.where(real[..., None], x, 0)) * scale + shift
    return np.where(real[..., None], rows, 0)


def _words(
    x, real, scale, shift, over="features", correction=0, epsilon="inside", hidden="both", variance="distances",
    words="own", affine="both", places="as told",
):  # fmt: skip
    real = np.arange(x.shape[-2]) < real.sum(-1, keepdims=True) if places == "the first" else real
    seen = real[..., None]
    x = x if hidden == "times" else np.where(seen, x, 0)
    axes = {"features": (-1,), "words": (-2,), "both": (-2, -1), "batch": tuple(range(x.ndim - 1))}[over]
    counted = np.broadcast_to(seen, x.shape) if words == "real" else np.ones(x.shape, bool)
    count = counted.sum(axes, keepdims=True)
    mean = (x * counted).sum(axes, keepdims=True) / np.maximum(count, 1)
    about = x - mean
    squares = (about * about * counted).sum(axes, keepdims=True) / np.maximum(count - correction, correction == 0)
    if variance == "squares":
        squares = (x * x).mean(axes, keepdims=True) - mean**2
    small = x.dtype.type(EPSILON)
    below = {"inside": np.sqrt(squares + small), "outside": np.sqrt(squares) + small, "none": np.sqrt(squares),
             "no root": squares + small}  # fmt: skip
    rows = about / below[epsilon]
    rows = {"both": rows * scale + shift, "shift first": (rows + shift) * scale, "no shift": rows * scale,
            "no scale": rows + shift}[affine]  # fmt: skip
    return {"both": np.where(seen, rows, 0), "before": rows, "times": rows * seen}[hidden]


def _real(rng, plan, drawn):
    """Which words of the sentences (…, T) are no padding; `_with_nothing` asks for the same before."""
    again = np.random.default_rng(plan.form)
    return plan.styles.get("real", as_long_as_it_is)(again, plan.shape("…T"))


def _with_nothing(rng, plan, drawn):
    """Rows (…, T, D): NaN, ∞ or plain numbers in the padding."""
    x = plan.styles.get("x", arg.normal)(rng, plan.shape("…TD"))
    return np.where(_real(rng, plan, drawn)[..., None], x, (np.nan, np.inf, 7.5, -np.inf)[plan.form % 4])


def as_long_as_it_is(rng, shape):
    """Words at the first few places, one at least; the last sentence is full."""
    long = rng.integers(1, shape[-1] + 1, (*shape[:-1], 1))
    long.flat[-1] = shape[-1]
    return np.arange(shape[-1]) < long


def no_word(rng, shape):
    """About every other sentence without a word."""
    return as_long_as_it_is(rng, shape) & (rng.random((*shape[:-1], 1)) > 0.5)


def anywhere(rng, shape):
    """Padding in front of the words and between them, too."""
    return rng.random(shape) > 0.4


def a_million_away(rng, shape):
    """Rows far from 0, their features near to each other."""
    return rng.choice([-1e6, 1e6], (*shape[:-1], 1)) + np.round(3 * rng.standard_normal(shape), 2)


def alike(rng, shape):
    """Rows whose features are all the same, or nearly."""
    return np.round(rng.standard_normal((*shape[:-1], 1)), 1) + np.round(0.004 * rng.standard_normal(shape), 4) * (
        rng.random((*shape[:-1], 1)) > 0.4
    )


SENTENCES = {
    "x": np.array([[1.0, 3.0, 8.0], [2.0, 2.0, 5.0], [7.0, 7.0, 7.0]]), "real": np.array([True, True, False]),
    "scale": np.ones(3), "shift": np.zeros(3),
}  # fmt: skip
NORM_OF_WORDS = Exercise(
    number="8.4", name="norm_of_words", see=NORM, reference=right_words, faulty=_words, dtypes=NARROW,
    returns="one number for each feature", axes={"result": "…TD"}, nouns={"T": "words"},
    arguments={
        "x": arg.Made(_with_nothing, axes="…TD"), "real": arg.Made(_real, axes="…T"), "scale": arg.Floats("D"),
        "shift": arg.Floats("D"),
    },
    stages=(
        Stage("sentences", (SENTENCES,), sizes={"T": 4}, leading=(0, 1)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("sentences without a word", leading=(0, 1), styles={"real": no_word}),
        Stage("padding anywhere", sizes={"T": 6}, leading=(0, 1), styles={"real": anywhere}),
        Stage("large scales and shifts", leading=(0, 1), styles={"scale": arg.spread(50.0), "shift": arg.spread(50.0)}),
        Stage("features that are nearly alike", leading=(0, 1), styles={"x": [alike, zero_rows_and_small]}),
        Stage("far from 0", leading=(0, 1), styles={"x": [arg.far, a_million_away]}),
        Stage("rows of all sizes", leading=(0, 1), styles={"x": arg.sizes}),
        Stage("ties and zeros", leading=(0, 1), styles={"x": arg.tied, "scale": arg.tied, "shift": arg.tied}),
    ),
    misconceptions=(
        Misconception("over the words", {"over": "words"},
            "Your mean and variance run over the words of a sentence, padding and all. They run over the features of "
            "one word."),
        Misconception("over the words that are real", {"over": "words", "words": "real"},
            "You kept padding out of the mean, and it still runs over the words. A word is normalised by itself, over "
            "its features: then no other word counts, padding or not."),
        Misconception("over the whole sentence", {"over": "both"},
            "You take one mean of a whole sentence, all words and features. Each word has its own."),
        Misconception("over the batch", {"over": "batch"},
            "Your mean runs over all words of the batch, as that of batch normalisation does."),
        Misconception("n − 1", {"correction": 1},
            "You correct the variance by n / (n − 1), as for a sample. Layer normalisation divides by n."),
        Misconception("ε outside of the root", {"epsilon": "outside"},
            "You add ε to the root. It is added to the variance, below the root."),
        Misconception("no ε", {"epsilon": "none"},
            "Without ε a word whose features are all alike becomes 0/0."),
        Misconception("padding with the shift", {"hidden": "before"},
            "A row of zeros is normalised to zeros, and then the shift is added. What is padding shall be 0 at the "
            "end."),
        Misconception("0 times NaN", {"hidden": "times"},
            "Padding may hold NaN or ∞, and 0 times either is NaN. Choose by `np.where`."),
        Misconception("the first places for the words", {"places": "the first"},
            "You count the words, and take so many from the front. Padding may stand in front of them, and between."),
        Misconception("the squares minus the square", {"variance": "squares"},
            "You compute the variance as the mean of the squares minus the square of the mean. Far from 0 the two are "
            "nearly equal, and most digits are lost. Take the mean away first."),
        Misconception("no root", {"epsilon": "no root"},
            "You divide by the variance. It is the deviation, its root, that a row is divided by."),
        Misconception("no scale", {"affine": "no scale"}, "The scale is left out."),
        Misconception("no shift", {"affine": "no shift"}, "The shift is left out."),
        Misconception("the shift before the scale", {"affine": "shift first"},
            "You add the shift, and multiply then. The scale comes first."),
    ),
)  # fmt: skip


# 8.5 fold_norm


def right_fold(scale, shift, weight, bias):
    scaled = scale[:, None] * weight
    return scaled - scaled.mean(0), shift @ weight + bias


def _fold(scale, shift, weight, bias, centred="after", over=0, scaled=True, into_bias="weight", old=True):
    D = len(scale)
    centre = np.eye(D, dtype=weight.dtype) - np.ones((), weight.dtype) / D
    diagonal = np.diag(scale) if scaled else np.eye(D, dtype=weight.dtype)
    new = {"after": centre @ diagonal @ weight, "before": diagonal @ centre @ weight, "never": diagonal @ weight}
    folded = new[centred]
    if over != 0:
        folded = diagonal @ weight
        folded = folded - folded.mean(over, keepdims=True)
    of_shift = {"weight": shift @ weight, "folded": shift @ folded, "none": np.zeros_like(bias),
                "scaled": (shift * scale) @ weight, "centred": (shift - shift.mean()) @ weight}[into_bias]  # fmt: skip
    return folded, of_shift + (bias if old else 0)


FOLD_NORM = Exercise(
    number="8.5", name="fold_norm", see=NORM, reference=right_fold, faulty=_fold, dtypes=NARROW,
    outputs=("new_weight", "new_bias"), axes={"new_weight": "DM", "new_bias": "M"},
    arguments={
        "scale": arg.Floats("D"), "shift": arg.Floats("D"), "weight": arg.Floats("DM"), "bias": arg.Floats("M"),
    },
    stages=(
        Stage("plain", ({"scale": np.array([1.0, 2.0]), "shift": np.array([0.5, 1.0]),
            "weight": np.array([[1.0, 3.0, 0.0], [2.0, -1.0, 2.0]]), "bias": np.array([0.0, 1.0, -1.0])},)),
        Stage("other sizes", ones=True, large=True, types=(), tolerance=1e-12),
        Stage("numbers of all sizes", styles={"scale": arg.small, "weight": arg.sizes}, types=(), tolerance=1e-12),
        Stage("ties and zeros", styles={name: arg.tied for name in ("scale", "shift", "weight", "bias")}, types=(),
            tolerance=1e-12),
    ),
    misconceptions=(
        Misconception("the mean stays in", {"centred": "never"},
            "Your matrix is for rows whose mean has been taken away. Here the row comes as it is: taking the mean away "
            "is a product with a matrix, too, and goes into the weights."),
        Misconception("centred before it is scaled", {"centred": "before"},
            "A row is centred first and scaled then: the matrix of the scale stands nearer to the weights, so the "
            "scaled weights are what is centred."),
        Misconception("over the wrong axis", {"over": 1},
            "You take the mean away along the rows of the weights. It is the features of what goes in that the mean "
            "runs over: each *column* is centred."),
        Misconception("over all weights", {"over": None},
            "You take one mean of all weights away. It is the features of what goes in that the mean runs over: each "
            "*column* is centred by itself."),
        Misconception("no scale", {"scaled": False}, "Your weights lack the scale."),
        Misconception("the shift left out", {"into_bias": "none"},
            "The shift is added to every row alike. Behind the weights it is a row that is added to every output."),
        Misconception("the shift through the new weights", {"into_bias": "folded"},
            "You send the shift through the new weights. It comes behind the scale and the mean: it passes the old "
            "weights alone."),
        Misconception("the shift centred", {"into_bias": "centred"},
            "You take the mean away from the shift. It is added behind that, and keeps its own."),
        Misconception("the shift scaled", {"into_bias": "scaled"},
            "You scale the shift. In (8.3) it is added behind the scale."),
        Misconception("the old bias left out", {"old": False}, "The bias that was there is to be kept."),
    ),
)  # fmt: skip


# 8.8 write_block


def right_block(x, query_weight, key_weight, value_weight, hidden_weight, out_weight):
    rows = layer_norm(x)
    scores = np.einsum("...tk,...sk->...ts", rows @ query_weight, rows @ key_weight)
    scores = scores / np.sqrt(scores.dtype.type(query_weight.shape[-1]))
    T = x.shape[-2]
    weights = softmax(np.where(np.arange(T)[:, None] >= np.arange(T), scores, -np.inf))
    x = x + weights @ (rows @ value_weight)
    return x + np.maximum(layer_norm(x) @ hidden_weight, 0) @ out_weight


def _block(
    x, query_weight, key_weight, value_weight, hidden_weight, out_weight, past=0, stream="x", second="new",
    scale="K", network=True, goes_on="sum", norm="before", relu=True, order="attention first", values="rows",
    last=False, hidden=-np.inf,
):  # fmt: skip
    T, dtype = x.shape[-2], x.dtype.type
    i, j = np.arange(T)[:, None], np.arange(T)
    seen = {"turned": i <= j, "all": i >= i + 0 * j}.get(past) if isinstance(past, str) else j <= i + past

    def attend(rows, given):
        scores = (rows @ query_weight) @ turned(rows @ key_weight)
        K = query_weight.shape[-1]
        scores = scores / np.sqrt(dtype({"K": K, "D": x.shape[-1], "none": 1, "no root": K * K, "times": 1 / K}[scale]))
        weights = softmax(scores) * seen if hidden == "after" else softmax(np.where(seen, scores, hidden))
        return weights @ ((rows if values == "rows" else given) @ value_weight)

    def through(rows):
        hidden = rows @ hidden_weight
        return (np.maximum(hidden, 0) if relu else hidden) @ out_weight

    if norm == "after":
        y = layer_norm(x + attend(x, x))
        return layer_norm(y + through(y))
    if order == "network first":
        x = x + through(layer_norm(x))
        return x + attend(layer_norm(x), x)
    rows = layer_norm(x) if norm == "before" else x
    y = (x if stream == "x" else rows if stream == "rows" else 0) + attend(rows, x)
    again = layer_norm(y) if norm == "before" else y
    again = {"new": again, "old": rows, "none": y}[second]
    z = {"sum": y, "normalised": again, "x": x, "nothing": 0}[goes_on] + (through(again) if network else 0)
    return layer_norm(z) if last else z


BLOCK_ARGUMENTS = {
    "x": arg.Floats("…TD"), "query_weight": arg.Floats("DK", arg.spread(0.7)),
    "key_weight": arg.Floats("DK", arg.spread(0.7)), "value_weight": arg.Floats("DD"),
    "hidden_weight": arg.Floats("DA"), "out_weight": arg.Floats("AD"),
}  # fmt: skip
WRITE_BLOCK = Exercise(
    number="8.8", name="write_block", see="The two blocks", reference=right_block, faulty=_block, dtypes=NARROW,
    arguments=BLOCK_ARGUMENTS, axes={"result": "…TD"}, returns="a row for each word",
    nouns={"T": "words", "K": "features of a query", "A": "hidden units"},
    stages=(
        Stage("one word", sizes={"T": 1, "D": 3, "K": 2}),
        Stage("three words", sizes={"T": 3, "D": 5, "K": 2}),
        Stage("sentences", leading=(0,), sizes={"D": 5, "A": 7}),
        Stage("batches", leading=(1, 2, 3), ones=True, types=(), tolerance=1e-9),
        Stage("a long sentence", large=True, types=(), tolerance=1e-9),
        Stage("long rows", leading=(0, 1), sizes={"D": 5}, styles={"x": [arg.scaled(1000), arg.far]}, types=(),
            tolerance=1e-9),
        Stage("small rows and zeros", leading=(0, 1), sizes={"D": 5}, styles={"x": [arg.small, arg.nothing]},
            types=(), tolerance=1e-10),
        Stage("extreme scores", leading=(0,), sizes={"D": 5}, types=(), tolerance=1e-9,
            styles={"query_weight": arg.spread(60.0), "key_weight": arg.spread(60.0)}),
        Stage("scores beyond a billion", leading=(0,), sizes={"D": 5}, types=(), tolerance=1e-9,
            styles={"query_weight": arg.spread(1e6), "key_weight": arg.spread(1e6)}),
    ),
    misconceptions=(
        Misconception("one word ahead", {"past": 1},
            "Each word sees the next one, which is not written yet. The last that it sees is itself."),
        Misconception("not itself", {"past": -1},
            "A word does not see itself in yours, and the first one nothing at all. It sees itself and those before."),
        Misconception("the future alone", {"past": "turned"},
            "The mask is turned: each word sees itself and those that come after."),
        Misconception("no mask", {"past": "all"}, "Every word sees all others, those to come too."),
        Misconception("0 for what is hidden", {"hidden": 0.0},
            "A score of 0 is a score like others: its exponential is 1, and the word to come is seen."),
        Misconception("hidden behind softmax", {"hidden": "after"},
            "You strike out the weights of the words to come when softmax has shared them out. What is left does not "
            "sum to 1. Hide before softmax."),
        Misconception("−10⁹", {"hidden": -1e9},
            "You hide by a large negative number. The scores of these words lie below it, so what was to be hidden is "
            "seen. −∞ lies below them all."),
        Misconception("added to the normalised row", {"stream": "rows"},
            "You add what attention says to the *normalised* row. The row itself goes on: the norm is what the branch "
            "is given, and no more."),
        Misconception("nothing added at all", {"stream": "zero"},
            "You replace a row by what attention says. It is to be added to the row."),
        Misconception("the network's sum from the normalised row", {"goes_on": "normalised"},
            "You add what the network says to the normalised row. The row itself goes on."),
        Misconception("the network added to x", {"goes_on": "x"},
            "You add what the network says to the row from before attention. What attention has added is lost."),
        Misconception("nothing but the network", {"goes_on": "nothing"},
            "You return what the network says alone. It is to be added to the row that attention has left."),
        Misconception("the old rows for the network", {"second": "old"},
            "The network reads the rows from before attention. What attention has found is lost on it."),
        Misconception("the network is given rows that are not normalised", {"second": "none"},
            "The second branch has a norm in front of it, too."),
        Misconception("no norm", {"norm": "nowhere"}, "There is no norm in yours, in front of either branch."),
        Misconception("the norm after", {"norm": "after"},
            "You normalise the sums, as (8.6) does. Asked is (8.7): what each branch is *given* is normalised."),
        Misconception("the values of rows that are not normalised", {"values": "x"},
            "Your values are made of the rows as they come. Queries, keys and values are made of the same, normalised "
            "rows."),
        Misconception("the network first", {"order": "network first"},
            "You let the network speak first. Attention comes first."),
        Misconception("no network", {"network": False}, "The second half is left out."),
        Misconception("no relu", {"relu": False},
            "Between the two matrices of the network stands relu; without it they are one matrix."),
        Misconception("the scale of the width", {"scale": "D"},
            "You divide the scores by the root of the width of a row. It is the root of the length of a query."),
        Misconception("no root", {"scale": "no root"},
            "You divide the scores by the length of a query. It is the root of that length."),
        Misconception("multiplied", {"scale": "times"},
            "You multiply the scores by the root of a query's length. They are divided by it."),
        Misconception("no scale", {"scale": "none"}, "The scores are not divided by the root of a query's length."),
        Misconception("a last norm", {"last": True},
            "You normalise the result. The last norm stands behind the last block of a stack, not in each."),
    ),
)  # fmt: skip


# 8.9 larger_and_smaller

UNITS = 4
SHAPES = {"W_1": (2, UNITS), "b_1": (UNITS,), "W_2": (UNITS, 2), "b_2": (2,)}


def as_network(answer, x):
    """What a network (8.8) with the four arrays of an answer gives for x, or a ValueError where they are none."""
    found = answer()
    if not isinstance(found, tuple | list) or len(found) != len(SHAPES):
        raise ValueError("wanted are four arrays: W_1, b_1, W_2 and b_2")
    arrays = [np.asarray(array, dtype=np.float64) for array in found]
    for array, (name, shape) in zip(arrays, SHAPES.items(), strict=True):
        if array.shape != shape:
            raise ValueError(f"{name} has the shape {array.shape}, and should have {shape}")
    hidden_weight, hidden_bias, output_weight, output_bias = arrays
    return np.maximum(x @ hidden_weight + hidden_bias, 0) @ output_weight + output_bias


def right_larger(x):
    return np.stack([x.max(-1), x.min(-1)], -1)


def _larger(x=None, of="both signs", halved="both", order="larger first", kinks="both"):
    """The four arrays, where no x is given; else what they give for it."""
    hidden_weight = np.array([[1.0, 1], [-1, -1], [1, -1], [-1, 1]]).T  # x₁ + x₂, −x₁ − x₂, x₁ − x₂, x₂ − x₁
    output_weight = np.array([[1.0, 1], [-1, -1], [1, -1], [1, -1]])
    output_weight[:2] *= 1 if halved in ("nothing", "the distance") else 0.5
    output_weight[2:] *= 1 if halved in ("nothing", "the sum") else 0.5
    output_weight[1] *= {"one sign": 0, "size": -1}.get(of, 1)
    output_weight[3] *= {"one": 0, "none": -1}.get(kinks, 1)
    output_weight[2:, 1] *= -1 if kinks == "added" else 1
    output_weight = output_weight[:, ::-1] if order == "smaller first" else output_weight
    if of == "second":  # x₂, and what the larger lies above it and the smaller below
        hidden_weight = np.array([[0.0, 1], [0, 0], [1, -1], [-1, 1]]).T
        output_weight = np.array([[1.0, 1], [0, 0], [1, 0], [0, -1]])
    if of == "far":  # x₁ and x₂ pass through relu with a large number added
        hidden_weight = np.array([[1.0, 0], [0, 1], [1, -1], [0, 0]]).T
        output_weight = np.array([[0.0, 1], [1, 0], [1, -1], [0, 0]])
        weights = hidden_weight, np.array([100.0, 100, 0, 0]), output_weight, np.array([-100.0, -100])
    else:
        weights = hidden_weight, np.zeros(UNITS), output_weight, np.zeros(2)
    return weights if x is None else as_network(lambda: weights, x)


def both_negative(rng, shape):
    return -np.abs(arg.normal(rng, shape)) - 0.5


LARGER_AND_SMALLER = Exercise(
    number="8.9", name="larger_and_smaller", see="A network for each word", reference=right_larger, faulty=_larger,
    call=as_network, arguments={"x": arg.Floats("…TD")}, axes={"result": "…TD"}, dtypes=(), never_one=("D",),
    returns="the larger and the smaller of two numbers",
    stages=(
        Stage("positive numbers", ({"x": np.array([[1.0, 3.0], [5.0, 2.0]])},), leading=()),
        Stage("numbers of either sign", sizes={"D": 2}, leading=(0, 1, 2), ones=True, tolerance=1e-9),
        Stage("negative numbers", sizes={"D": 2}, leading=(0,), styles={"x": both_negative}, tolerance=1e-9),
        Stage("ties and zeros", sizes={"D": 2}, leading=(0,), styles={"x": arg.tied}, tolerance=1e-9),
        Stage("large and small numbers", sizes={"D": 2}, leading=(0,), tolerance=1e-9,
            styles={"x": [arg.scaled(1000), arg.scaled(1e7), arg.scaled(1e-4)]}),
    ),
    misconceptions=(
        Misconception("right where the sum is positive", {"of": "one sign"},
            "Only one sign of x₁ + x₂ gets through relu. It takes a second unit to let −x₁ − x₂ through, and to take "
            "it away."),
        Misconception("the size of the sum", {"of": "size"},
            "You add up relu of x₁ + x₂ and relu of −x₁ − x₂: that is the sum without its sign. The second is taken "
            "away."),
        Misconception("right where the second is positive", {"of": "second"},
            "Only where x₂ is positive does it get through relu. It takes a second unit for −x₂, to be taken away."),
        Misconception("nothing exchanged", {"kinks": "none"},
            "Your distance is x₁ − x₂ with its sign, and the numbers are not sorted. It shall be positive whichever of "
            "them is the larger."),
        Misconception("right where the first is the larger", {"kinks": "one"},
            "Where the second number is the larger, x₁ − x₂ does not get through relu. It takes x₂ − x₁, too."),
        Misconception("the larger twice", {"kinks": "added"},
            "You add the distance for both. For the smaller it is taken away from the sum."),
        Misconception("twice as large", {"halved": "nothing"},
            "The sum and the distance together are twice the larger number."),
        Misconception("half of the sum alone", {"halved": "the sum"},
            "You have half of the sum and all of the distance. The larger lies half of the distance above half of the "
            "sum."),
        Misconception("half of the distance alone", {"halved": "the distance"},
            "You have half of the distance and all of the sum. The larger lies half of the distance above half of the "
            "sum."),
        Misconception("the smaller first", {"order": "smaller first"},
            "The larger comes first, and the smaller second."),
        Misconception("a large number added", {"of": "far"},
            "You add a large number so that relu lets everything through, and take it away again. However large it is, "
            "there are numbers that lie farther below 0."),
    ),
)  # fmt: skip


# 8.10 parameters


def right_parameters(vocabulary, context, width, blocks, hidden, tied):
    attention = 4 * (width * width + width)
    network = width * hidden + hidden + hidden * width + width
    norms = 2 * 2 * width
    tables = (vocabulary if tied else 2 * vocabulary) * width + context * width
    return np.array(tables + blocks * (attention + network + norms) + 2 * width)


def _parameters(
    vocabulary, context, width, blocks, hidden, tied, matrices=4, biases="all", norms=2, last=True, places=True,
    table="as told", once=False, four=False, shift=True, head=False, halved=False,
):  # fmt: skip
    M, U = width, 4 * width if four else hidden
    attention = matrices * M * M + {"network": 0, "none": 0, "one": M, "three": 3 * M}.get(biases, matrices * M)
    network = 2 * M * U + {"attention": 0, "none": 0, "widths": 2 * M}.get(biases, U + M)
    network = M * U + U if halved else network
    norm = 2 * M if shift else M
    of_blocks = (1 if once else blocks) * (attention + network + norms * norm)
    times = {"as told": 2 - tied, "once": 1, "twice": 2, "turned": 1 + tied, "nowhere": 0}[table]
    tables = times * vocabulary * M + (vocabulary if head and not tied else 0) + (context * M if places else 0)
    return tables + of_blocks + (norm if last else 0)


def _of(*between):
    return arg.Made(lambda rng, plan, drawn: int(rng.integers(*between)))


def _hidden(rng, plan, drawn):
    return int(rng.integers(1, 6 * drawn["width"]))


GPT_2 = {"vocabulary": 50257, "context": 1024, "width": 768, "blocks": 12, "hidden": 3072, "tied": True}
LARGE = {"vocabulary": 50257, "context": 2048, "width": 12288, "blocks": 96, "hidden": 49152, "tied": True}
PARAMETERS = Exercise(
    number="8.10", name="parameters", see="Cost", reference=right_parameters, faulty=_parameters, dtypes=(),
    returns="a whole number",
    arguments={
        "vocabulary": _of(5, 60), "context": _of(3, 40), "width": _of(2, 20), "blocks": _of(1, 7),
        "hidden": arg.Made(_hidden), "tied": arg.Made(lambda rng, plan, drawn: bool(plan.form % 2)),
    },
    stages=(
        Stage("a small model", tuple(
            {"vocabulary": 101, "context": 11, "width": 10, "blocks": 3, "hidden": 8, "tied": t} for t in (True, False)
        ), leading=()),
        Stage("other sizes", leading=(0, 1, 2, 3)),
        Stage("small GPT-2", (GPT_2, {**GPT_2, "tied": False}), leading=()),
        Stage("a thousand times as large", (LARGE, {**LARGE, "tied": False}), leading=()),
    ),
    misconceptions=(
        Misconception("three matrices", {"matrices": 3},
            "You count the matrices of queries, keys and values. A fourth mixes the heads."),
        Misconception("half a network", {"halved": True}, "The network has two matrices, and a bias behind each."),
        Misconception("no biases", {"biases": "none"}, "Every matrix of a block has a bias, and you count none."),
        Misconception("one bias in attention", {"biases": "one"},
            "You count one bias for all of attention. Each of its four matrices has one."),
        Misconception("three biases in attention", {"biases": "three"},
            "You count the biases of queries, keys and values. The matrix that mixes the heads has one, too."),
        Misconception("no biases in the network", {"biases": "attention"},
            "The two matrices of the network have biases, too."),
        Misconception("attention's biases, or the norms", {"biases": "network"},
            "In each block four times `width` are missing. So many have the biases of attention's four matrices "
            "together, and so many the two norms."),
        Misconception("no norms", {"norms": 0, "last": False},
            "You count no norm. There are two in each block, and one behind the last."),
        Misconception("the bias of the hidden units", {"biases": "widths"},
            "The first bias of the network is as long as there are hidden units, and no shorter."),
        Misconception("one norm", {"norms": 1}, "There are two norms in a block, one in front of each branch."),
        Misconception("the last norm in each block", {"norms": 3, "last": False},
            "You count the last norm once for each block. It stands behind all of them, once."),
        Misconception("no shifts", {"shift": False}, "A norm has a scale *and* a shift."),
        Misconception("the last norm left out", {"last": False},
            "Behind the last block stands one norm more, when the norm comes before the branch."),
        Misconception("the places left out", {"places": False}, "The table of places is learned, and counts."),
        Misconception("always tied", {"table": "once"},
            "Where the tables are not tied, there is another matrix at the end, as large as the embedding."),
        Misconception("never tied", {"table": "twice"},
            "Where the tables are tied, the embedding is the matrix at the end, and counts once."),
        Misconception("tied and not tied exchanged", {"table": "turned"},
            "You count the second matrix where the tables are tied, and leave it out where they are not."),
        Misconception("no embedding", {"table": "nowhere"}, "The embedding of the vocabulary is learned, and counts."),
        Misconception("a bias at the end", {"head": True}, "The matrix at the end has no bias."),
        Misconception("one block", {"once": True}, "Each block has weights of its own."),
        Misconception("four times the width", {"four": True},
            "Your network has four times as many hidden units as there are features, whatever `hidden` is."),
    ),
)  # fmt: skip


# 8.11 continue_text


@dataclass(frozen=True)
class Reader:
    """A model that reads a word: what it says next depends on all that is in the cache, words and places."""

    seed: int
    vocabulary: int = 7

    def __repr__(self):
        return f"<model {self.seed}>"

    def __call__(self, word, place, cache):
        cache.append((int(word), int(place)))
        known = np.array([self.seed, self.vocabulary, *np.array(cache).ravel()])
        return np.random.default_rng(zlib.crc32(known.astype(np.int64).tobytes())).standard_normal(self.vocabulary)


ENDLESS = "the model was asked {} times, and there are {} words to read at most"
OFTEN = "the model was asked {} times; to read each word once it takes {} times at most"


def counted(answer, model, prompt, end, longest):
    """Call an answer, and raise a RuntimeError if it asks the model more often than there are words.

    Where what it writes is wrong, that is the first thing to say, unless it asks far too often.
    """
    known = right_continue(model, prompt, end, longest)
    asked, most = [], len(prompt) + longest

    def ask(word, place, cache):
        asked.append(word)
        if len(asked) > 20 * most:
            raise RuntimeError(ENDLESS.format(20 * most, most))
        return model(word, place, cache)

    written = answer(ask, prompt, end, longest)
    if plain(written) == plain(known) and len(asked) > len(prompt) + len(known):
        raise RuntimeError(OFTEN.format(len(asked), len(prompt) + len(known)))
    if len(asked) > 2 * most:
        raise RuntimeError(OFTEN.format(len(asked), most))
    return written


def right_continue(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt):
        logits = model(word, place, cache)
    while True:
        written.append(int(np.argmax(logits)))
        if written[-1] == end or len(written) == longest:
            return written
        logits = model(written[-1], len(prompt) + len(written) - 1, cache)


def asking(function):
    """A faulty function under the eyes of `counted`, as an answer is; where it is the answer, it is already."""

    @wraps(function)
    def watched(model, prompt, end, longest, **mistakes):
        faulty = partial(function, **mistakes)
        return counted(faulty, model, prompt, end, longest) if isinstance(model, Reader) else faulty(
            model, prompt, end, longest
        )

    return watched


@asking
def _continue(
    model, prompt, end, longest, first="read", place=0, stops=True, keeps_end=True, more=0, kept="cache",
    whole=False, best="largest", places="on", counts="new",
):  # fmt: skip
    cache, written = [], []

    def ask(word, at):
        return model(word, at, cache)

    begins = 1 if places == "from 1" else 0
    for at, word in enumerate(prompt[:-1] if first == "short" and len(prompt) > 1 else prompt, begins):
        logits = ask(word, at)
    if first == "lost":
        logits = ask(int(np.argmax(logits)), len(prompt))
    if first == "twice":
        logits = ask(prompt[-1], len(prompt))
    if first == "again":
        logits = ask(prompt[-1], len(prompt) - 1)
    behind = (0 if places == "from 0" else len(prompt) + begins) + (first in ("twice", "lost")) + place
    most = more + {"new": longest, "all": longest - len(prompt), "none": np.inf}[counts]
    while len(written) < most:
        text = [*prompt, *written]
        if (stops == "in the text" and end in text) or (stops == "last of the text" and end == text[-1]):
            break
        word = int(np.argmax(logits) if best == "largest" else np.argmin(logits))
        if word == end and stops and not keeps_end:
            break
        written.append(word)
        if word == end and stops and not (stops == "late" and len(written) == 1):
            break
        if len(written) == most or (stops == "one behind" and end in prompt):
            break
        if kept == "none":
            cache.clear()
        if kept == "anew":
            cache.clear()
            for at, old in enumerate([*prompt, *written]):
                logits = ask(old, at)
        else:
            at = behind + (0 if places == "one for all" else len(written) - 1)
            logits = ask(prompt[-1] if first == "stuck" else word, at)
    return [*prompt, *written] if whole else written


def _reader(rng, plan, drawn):
    return Reader(int(rng.integers(10_000)))


def _prompt(rng, plan, drawn):
    long = plan.styles.get("prompt", lambda rng: int(rng.integers(2, 7)))(rng)
    return rng.integers(0, 7, long).tolist()


def _end(rng, plan, drawn):
    """The word that ends a text: one that will be written, one that stands nowhere, or one of the prompt."""
    style = plan.styles.get("end", "any")
    written = right_continue(drawn["model"], drawn["prompt"], -1, 9)
    others = [word for word in range(7) if word not in [*drawn["prompt"], *written]]
    soon = [word for word in written[1:5] if word not in [*drawn["prompt"], written[0]]]
    return {
        "any": int(rng.integers(7)), "soon": int(rng.choice(soon or [7])), "at once": written[0],
        "never": (others or [7])[0], "last of the prompt": drawn["prompt"][-1],
        "first of the prompt": drawn["prompt"][0],
    }[style]  # fmt: skip


def _longest(rng, plan, drawn):
    return plan.styles.get("longest", lambda rng: int(rng.integers(3, 10)))(rng)


def just(number):
    return lambda rng: number


CONTINUE_TEXT = Exercise(
    number="8.11", name="continue_text", see="A model that writes", kind="object", reference=right_continue,
    faulty=_continue, call=counted, returns="a list of words",
    arguments={
        "model": arg.Made(_reader), "prompt": arg.Made(_prompt), "end": arg.Made(_end), "longest": arg.Made(_longest),
    },
    stages=(
        Stage("one word", leading=(0, 1), styles={"longest": just(1), "end": "never"}),
        Stage("two words", leading=(0, 1), styles={"longest": just(2), "end": "never"}),
        Stage("a prompt of one word", leading=(0, 1), styles={"prompt": just(1), "end": "never"}),
        Stage("several words", leading=(0, 1, 2, 3), styles={"end": "never"}),
        Stage("the end", leading=(0, 1, 2, 3), styles={"prompt": just(2), "end": "soon"}),
        Stage("an end in the prompt", leading=(0, 1), styles={"end": ["last of the prompt", "first of the prompt"]}),
        Stage("the end at once", leading=(0, 1), styles={"end": "at once"}),
        Stage("the end at the last place", leading=(0, 1, 2, 3),
            styles={"end": ["soon", "any"], "longest": [just(2), just(3)]}),
        Stage("long texts", leading=(0, 1), styles={"longest": just(40), "end": "never"}),
    ),
    misconceptions=(
        Misconception("the last word twice", {"first": "twice"},
            "The last word of the prompt is read twice, and stands in the cache twice: all that is written then is a "
            "place too far. What the model says first is what it said when the prompt was read."),
        Misconception("the last word again, at its place", {"first": "again"},
            "The last word of the prompt is read again. It is in the cache already."),
        Misconception("the last word of the prompt unread", {"first": "short"},
            "The last word of the prompt is never read. The next word depends on it most of all."),
        Misconception("the same word again and again", {"first": "stuck"},
            "You give the model the last word of the prompt each time. It is to read what it has just written."),
        Misconception("a place too far", {"place": 1},
            "New words are read one place too far: the first of them stands right behind the prompt, at place "
            "len(prompt)."),
        Misconception("a place too near", {"place": -1},
            "The first new word is read at the place of the prompt's last one. It stands behind it."),
        Misconception("the first word lost", {"first": "lost"},
            "You read the first new word, and do not write it down: your text begins with the second."),
        Misconception("new words from place 0", {"places": "from 0"},
            "You count the places of new words from 0. They go on behind the prompt."),
        Misconception("one place for all new words", {"places": "one for all"},
            "You read all new words at the same place. Each stands one place farther than the one before."),
        Misconception("places from 1", {"places": "from 1"}, "You count places from 1; they are counted from 0."),
        Misconception("past the end", {"stops": False},
            "You go on when the end has been written. There is nothing behind it."),
        Misconception("past the end, where it comes first", {"stops": "late"},
            "You do not compare the first new word with the end. It may be the end as well as any other."),
        Misconception("nothing behind a prompt with an end in it", {"stops": "in the text"},
            "The end stands in the prompt here, and you write nothing. It stops the writing only where it is written: "
            "look for it among the new words alone."),
        Misconception("nothing behind a prompt that ends with the end", {"stops": "last of the text"},
            "The end is the last word of the prompt here, and you write nothing. It stops the writing only where it is "
            "written: look for it among the new words alone."),
        Misconception("one word behind a prompt with an end in it", {"stops": "one behind"},
            "The end stands in the prompt here, and you stop after one word. It stops the writing only where it is "
            "written: look for it among the new words alone."),
        Misconception("the end left out", {"keeps_end": False}, "The end belongs to the text: return it, too."),
        Misconception("one too many", {"more": 1}, "You write one word more than `longest`."),
        Misconception("as long as it likes", {"counts": "none"},
            "You write until the end comes, however long that takes. `longest` words are the most there may be.",
            breaks_contract=True),
        Misconception("the prompt counted", {"counts": "all"},
            "You count the words of the prompt, too: `longest` is how many *new* words there may be."),
        Misconception("the cache emptied", {"kept": "none"},
            "You begin a new cache for each word. What was read before is then forgotten."),
        Misconception("everything read anew", {"kept": "anew"},
            "You read the whole text again for each word. What the cache is for: each word is read once.",
            breaks_contract=True),
        Misconception("the prompt too", {"whole": True}, "You return the prompt as well; the new words are wanted."),
        Misconception("the unlikeliest", {"best": "smallest"}, "You take the word with the smallest logit."),
    ),
)  # fmt: skip


# 8.12 multiplications


def right_multiplications(prompt, new, width, hidden, blocks, cached):
    total = 0
    for written in range(new):
        keys = prompt + written
        rows = 1 if cached and written else keys
        total += 4 * rows * width * width + 2 * rows * keys * width + 2 * rows * width * hidden
    return np.array(blocks * total)


def _multiplications(
    prompt, new, width, hidden, blocks, cached, looks=2, matrices=4, network=2, last=False, free=False, itself=True,
    seen="all", again=False, once=False, twice=1, cache="as told", read="at once", ahead=0, grows=True, four=False,
    single=None,
):  # fmt: skip
    M, U, total = width, 4 * width if four else hidden, 0
    cached = {"as told": cached, "turned": not cached, "never": False, "always": True}[cache]
    for written in range(1 if free else 0, new + (1 if last else 0)):
        keys = prompt + ahead + (written if grows else 0)
        rows = 1 if cached and (written or read == "as one row") else keys
        if cached == single:
            keys = rows = prompt + new - 1
        pairs = {"all": rows * keys, "half": rows * keys - rows * (rows - 1) // 2, "rows": rows * rows,
                 "prompt": rows * prompt}[seen]  # fmt: skip
        pairs = rows * (rows + 1) // 2 if cached and not written and read == "word by word" else pairs
        pairs = pairs - rows if not itself else pairs
        total += matrices * rows * M * M + looks * pairs * M + network * rows * M * U
        total += 2 * (keys - rows) * M * M if again else 0
        if cached == single:
            break
    return np.array(twice * (1 if once else blocks) * total)


MULTIPLICATIONS = Exercise(
    number="8.12", name="multiplications", see="Cost", reference=right_multiplications, faulty=_multiplications,
    dtypes=(), returns="a whole number",
    arguments={
        "prompt": _of(1, 30), "new": _of(3, 20), "width": _of(2, 30), "hidden": _of(1, 90), "blocks": _of(1, 7),
        "cached": arg.Made(lambda rng, plan, drawn: bool(plan.form % 2)),
    },
    stages=(
        Stage("one word", (
            {"prompt": 5, "new": 1, "width": 9, "hidden": 3, "blocks": 3, "cached": False},
            {"prompt": 5, "new": 1, "width": 9, "hidden": 3, "blocks": 3, "cached": True},
        ), leading=()),
        Stage("two words", (
            {"prompt": 5, "new": 2, "width": 9, "hidden": 3, "blocks": 3, "cached": False},
            {"prompt": 5, "new": 2, "width": 9, "hidden": 3, "blocks": 3, "cached": True},
        ), leading=()),
        Stage("other sizes", leading=(0, 1, 2, 3)),
        Stage("a long text", tuple(
            {"prompt": 100, "new": 200, "width": 64, "hidden": 256, "blocks": 3, "cached": c} for c in (False, True)
        ), leading=()),
    ),
    misconceptions=(
        Misconception("no pairs", {"looks": 0},
            "You count the matrices alone. Each row also looks at all keys: scores, and weights times values."),
        Misconception("the scores alone", {"looks": 1},
            "You count the products of queries and keys. The weights times the values are as many again."),
        Misconception("three matrices", {"matrices": 3},
            "A row passes four matrices in attention: of queries, keys and values, and the one that mixes the heads."),
        Misconception("half a network", {"network": 1}, "The network has two matrices."),
        Misconception("no network", {"network": 0}, "The network's two matrices count, too."),
        Misconception("the last word read", {"last": True},
            "You count a pass for the last word, too. When it is written nothing more is asked of the model: there are "
            "as many passes as new words, and the first reads the prompt."),
        Misconception("the prompt for free", {"free": True},
            "The prompt has to be read before the first word is written."),
        Misconception("the prompt as one row", {"read": "as one row"},
            "With the cache you count a single row in the first pass, too. That one reads the whole prompt."),
        Misconception("the prompt word by word", {"read": "word by word"},
            "With the cache you let the prompt in word by word. The first pass reads it at once, with all its pairs, "
            "those too that the mask hides."),
        Misconception("a word too long", {"ahead": 1},
            "Your texts are one word too long. When the first word is written the prompt alone has been read, and so "
            "on: a word is not read in the pass that gives it."),
        Misconception("a text that does not grow", {"grows": False},
            "Your text stays as long as the prompt. Each word that is written is one key more in the next pass."),
        Misconception("not to itself", {"itself": False}, "A word looks at itself, too: its own key counts."),
        Misconception("half of the pairs", {"seen": "half"},
            "You leave out what the mask hides. A plain product computes all of it, and throws it away: the task "
            "counts that."),
        Misconception("the keys of the prompt alone", {"seen": "prompt"},
            "Your rows look at the prompt alone. The words that are written have keys, too."),
        Misconception("a single pass without the cache", {"single": False},
            "Without the cache you count one pass, through the longest text. There is one for each new word."),
        Misconception("a single pass with the cache", {"single": True},
            "With the cache you count one pass, through all words that are read. Each row is read once, that is true, "
            "but it looks only at the keys that are there at the time."),
        Misconception("the keys of a pass", {"seen": "rows"},
            "A row that is read alone still looks at all keys in the cache."),
        Misconception("keys and values made anew", {"again": True},
            "You make the keys and values of all words again in each pass. They are what the cache holds."),
        Misconception("one block", {"once": True}, "Each block does all of this."),
        Misconception("additions, too", {"twice": 2},
            "You count additions as well; the task asks for multiplications."),
        Misconception("never cached", {"cache": "never"},
            "With the cache, too, you read the whole text in each pass. Behind the first, a pass then reads one row."),
        Misconception("always cached", {"cache": "always"},
            "Without the cache, too, you read one row in each pass behind the first. There all is read anew."),
        Misconception("the other way", {"cache": "turned"}, "You count with the cache where it is not used."),
        Misconception("four times the width", {"four": True},
            "Your network has four times as many hidden units as there are features, whatever `hidden` is."),
    ),
)  # fmt: skip


EXERCISES = (
    NORM_BY_HAND, RMS_NORM, RMS_NORM_BACKWARD, NORM_OF_WORDS, FOLD_NORM, WRITE_BLOCK, LARGER_AND_SMALLER, PARAMETERS,
    CONTINUE_TEXT, MULTIPLICATIONS,
)  # fmt: skip
