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
    x, g = np.array([-4.0, 2, 4, 10]), np.array([1.0, 0, 0, 0])
    scale, shift = np.array([5.0, 10, 5, 2]), np.array([2.0, 1, 0, -1])
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


# 8.3 rms_norm_backward


def right_rms_backward(x, scale, grad_output):
    spread = np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
    g = grad_output * scale
    grad_x = g / spread - x * (g * x).mean(-1, keepdims=True) / spread**3
    return grad_x, (grad_output * x / spread).reshape(-1, len(scale)).sum(0)


def _rms_backward(
    x, scale, grad_output, along="mean", centred=False, scaled=True, rows="sum", over="normal", divided=True,
    epsilon=EPSILON, swapped=False,
):  # fmt: skip
    spread = np.sqrt(np.einsum("...d,...d->...", x, x)[..., None] / x.shape[-1] + np.asarray(epsilon, x.dtype))
    normal = x / spread
    g = grad_output * scale if scaled else grad_output
    size = {"mean": x.shape[-1], "sum": 1, "none": np.inf}[along]
    back = g - normal * ((g * normal).sum(-1, keepdims=True) / size)
    back = back - g.mean(-1, keepdims=True) if centred else back
    back = back / spread if divided else back
    each = grad_output * {"normal": normal, "x": x, "scaled": normal * scale}[over]
    axes = tuple(range(x.ndim - 1))
    of_scale = {"sum": each.sum(axes), "mean": each.mean(axes), "each": each, "words": each.sum(-2 % x.ndim)}[rows]
    return (of_scale, back) if swapped else (back, of_scale)


def small_rows(rng, shape):
    """Rows of the size of ε's root."""
    return np.round(0.004 * rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape), 5)


RMS_NORM_BACKWARD = Exercise(
    number="8.3", name="rms_norm_backward", see=NORM, reference=right_rms_backward, faulty=_rms_backward,
    outputs=("grad_x", "grad_scale"), axes={"grad_x": "…TD", "grad_scale": "D"}, dtypes=NARROW,
    arguments={"x": arg.Floats("…TD"), "scale": arg.Floats("D"), "grad_output": arg.Floats("…TD", arg.upstream)},
    stages=(
        Stage("one row", ({"x": np.array([[3.0, 4.0]]), "scale": np.array([1.0, 2.0]),
            "grad_output": np.array([[1.0, -1.0]])},), sizes={"T": 1, "D": 3}),
        Stage("several rows", leading=(0,)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, tolerance=1e-10),
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
        Misconception("the sum for the mean", {"along": "sum"},
            "The part along the normalised row is too large in yours: it has the *mean* of the products, as the size "
            "of a row has the mean of the squares."),
        Misconception("the gradient of layer normalisation", {"centred": True},
            "You take the mean of the gradient away as well. Here no mean was taken away on the way forward, so a "
            "shift of all features does count."),
        Misconception("the scale left out", {"scaled": False},
            "What arrives at the normalised row is scale times what arrives at the output."),
        Misconception("not divided", {"divided": False},
            "On the way back, too, a row is divided by its size."),
        Misconception("no ε", {"epsilon": 0.0},
            "The ε of the way forward stands in the root of the way back too. For a small row it is not small."),
        Misconception("x for the normalised row", {"over": "x"},
            "The scale is multiplied by the normalised row, not by x: that is what its gradient holds."),
        Misconception("the scale of the scale", {"over": "scaled"},
            "The gradient of the scale has the normalised row in it; you have the output, in which the scale is again."),
        Misconception("the mean over the rows", {"rows": "mean"},
            "You average what the scale gets over the rows. A weight that is used many times gets the sum."),
        Misconception("one for each row", {"rows": "each"},
            "There is one scale for all rows, so what comes back to it from all of them is added up.",
            breaks_contract=True),
        Misconception("over the words alone", {"rows": "words"},
            "You add up over the words of a sentence. The scale serves all sentences of the batch too.",
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
    words="own", affine="scale",
):  # fmt: skip
    seen = real[..., None]
    x = x if hidden == "times" else np.where(seen, x, 0)
    axes = {"features": (-1,), "words": (-2,), "both": (-2, -1)}[over]
    axes = tuple(range(x.ndim - 1)) if over == "batch" else axes
    counted = np.broadcast_to(seen, x.shape) if words == "real" else np.ones(x.shape, bool)
    count = counted.sum(axes, keepdims=True)
    mean = (x * counted).sum(axes, keepdims=True) / np.maximum(count, 1)
    about = x - mean
    squares = (about * about * counted).sum(axes, keepdims=True) / np.maximum(count - correction, correction == 0)
    if variance == "squares":
        squares = (x * x).mean(axes, keepdims=True) - mean**2
    small = x.dtype.type(EPSILON)
    below = {"inside": np.sqrt(squares + small), "outside": np.sqrt(squares) + small, "none": np.sqrt(squares)}
    rows = about / below[epsilon]
    rows = rows * scale + shift if affine == "scale" else (rows + shift) * scale
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
    returns="one number for each feature", axes={"result": "…TD"},
    arguments={
        "x": arg.Made(_with_nothing, axes="…TD"), "real": arg.Made(_real, axes="…T"), "scale": arg.Floats("D"),
        "shift": arg.Floats("D"),
    },
    stages=(
        Stage("one sentence", (SENTENCES,), sizes={"T": 4}),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("sentences without a word", leading=(0, 1), styles={"real": no_word}),
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
        Misconception("the squares minus the square", {"variance": "squares"},
            "You compute the variance as the mean of the squares minus the square of the mean. Far from 0 the two are "
            "nearly equal, and most digits are lost. Take the mean away first."),
        Misconception("the shift before the scale", {"affine": "shift"},
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
    if over == 1:
        folded = diagonal @ weight
        folded = folded - folded.mean(1, keepdims=True)
    of_shift = {"weight": shift @ weight, "folded": shift @ folded, "none": np.zeros_like(bias),
                "scaled": (shift * scale) @ weight}[into_bias]  # fmt: skip
    return folded, of_shift + (bias if old else 0)


FOLD_NORM = Exercise(
    number="8.5", name="fold_norm", see=NORM, reference=right_fold, faulty=_fold, dtypes=NARROW,
    outputs=("new_weight", "new_bias"), axes={"new_weight": "DM", "new_bias": "M"},
    arguments={
        "scale": arg.Floats("D"), "shift": arg.Floats("D"), "weight": arg.Floats("DM"), "bias": arg.Floats("M"),
    },
    stages=(
        Stage("plain", ({"scale": np.array([1.0, 2.0]), "shift": np.array([0.5, 0.0]),
            "weight": np.array([[1.0, 3.0, 0.0], [2.0, -1.0, 1.0]]), "bias": np.array([0.0, 1.0, -1.0])},)),
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
        Misconception("no scale", {"scaled": False}, "Your weights lack the scale."),
        Misconception("the shift left out", {"into_bias": "none"},
            "The shift is added to every row alike. Behind the weights it is a row that is added to every output."),
        Misconception("the shift through the new weights", {"into_bias": "folded"},
            "You send the shift through the new weights. It comes behind the scale and the mean: it passes the old "
            "weights alone."),
        Misconception("the shift scaled", {"into_bias": "scaled"},
            "You scale the shift. In (8.3) it is added behind the scale."),
        Misconception("the old bias left out", {"old": False}, "The bias that was there is to be kept."),
    ),
)  # fmt: skip


# 8.8 write_block


def right_block(x, query_weight, key_weight, value_weight, hidden_weight, output_weight):
    rows = layer_norm(x)
    scores = np.einsum("...tk,...sk->...ts", rows @ query_weight, rows @ key_weight)
    scores = scores / np.sqrt(scores.dtype.type(query_weight.shape[-1]))
    T = x.shape[-2]
    weights = softmax(np.where(np.arange(T)[:, None] >= np.arange(T), scores, -np.inf))
    x = x + weights @ (rows @ value_weight)
    return x + np.maximum(layer_norm(x) @ hidden_weight, 0) @ output_weight


def _block(
    x, query_weight, key_weight, value_weight, hidden_weight, output_weight, past=0, stream="x", second="new",
    scale="K", network=True, first=True, norm="before", relu=True, order="attention first", values="rows", last=False,
):  # fmt: skip
    T, dtype = x.shape[-2], x.dtype.type
    i, j = np.arange(T)[:, None], np.arange(T)
    seen = {"turned": i <= j, "all": i >= i + 0 * j}.get(past) if isinstance(past, str) else j <= i + past

    def attend(rows, given):
        scores = (rows @ query_weight) @ turned(rows @ key_weight)
        scores = scores / np.sqrt(dtype({"K": query_weight.shape[-1], "D": x.shape[-1], "none": 1}[scale]))
        return softmax(np.where(seen, scores, -np.inf)) @ ((rows if values == "rows" else given) @ value_weight)

    def through(rows):
        hidden = rows @ hidden_weight
        return (np.maximum(hidden, 0) if relu else hidden) @ output_weight

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
    z = {True: y, False: again if stream != "nothing" else 0}[first] + (through(again) if network else 0)
    return layer_norm(z) if last else z


BLOCK_ARGUMENTS = {
    "x": arg.Floats("…TD"), "query_weight": arg.Floats("DK", arg.spread(0.7)),
    "key_weight": arg.Floats("DK", arg.spread(0.7)), "value_weight": arg.Floats("DD"),
    "hidden_weight": arg.Floats("DA"), "output_weight": arg.Floats("AD"),
}  # fmt: skip
WRITE_BLOCK = Exercise(
    number="8.8", name="write_block", see="The two blocks", reference=right_block, faulty=_block, dtypes=NARROW,
    arguments=BLOCK_ARGUMENTS, axes={"result": "…TD"}, returns="a row for each word",
    nouns={"K": "features of a query", "A": "hidden units"},
    stages=(
        Stage("one word", sizes={"T": 1, "D": 3, "K": 2}),
        Stage("two words", sizes={"T": 2, "D": 3, "K": 2}),
        Stage("sentences", leading=(0,), sizes={"D": 5, "A": 7}),
        Stage("batches", leading=(1, 2, 3), ones=True, types=(), tolerance=1e-9),
        Stage("a long sentence", large=True, types=(), tolerance=1e-9),
        Stage("long rows", leading=(0, 1), sizes={"D": 5}, styles={"x": [arg.scaled(1000), arg.far]}, types=(),
            tolerance=1e-9),
        Stage("small rows and zeros", leading=(0, 1), sizes={"D": 5}, styles={"x": [arg.small, arg.nothing]},
            types=(), tolerance=1e-10),
        Stage("extreme scores", leading=(0,), sizes={"D": 5}, types=(), tolerance=1e-9,
            styles={"query_weight": arg.spread(60.0), "key_weight": arg.spread(60.0)}),
    ),
    misconceptions=(
        Misconception("one word ahead", {"past": 1},
            "Each word sees the next one, which is not written yet. The last that it sees is itself."),
        Misconception("not itself", {"past": -1},
            "A word does not see itself in yours, and the first one nothing at all. It sees itself and those before."),
        Misconception("the future alone", {"past": "turned"},
            "The mask is turned: each word sees itself and those that come after."),
        Misconception("no mask", {"past": "all"}, "Every word sees all others, those to come too."),
        Misconception("added to the normalised row", {"stream": "rows"},
            "You add what attention says to the *normalised* row. The row itself goes on: the norm is what the branch "
            "is given, and no more."),
        Misconception("nothing added at all", {"stream": "zero"},
            "You replace a row by what attention says. It is to be added to the row."),
        Misconception("the network's sum from the normalised row", {"first": False},
            "You add what the network says to the normalised row. The row itself goes on."),
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
        Misconception("no scale", {"scale": "none"}, "The scores are not divided by the root of a query's length."),
        Misconception("a last norm", {"last": True},
            "You normalise the result. The last norm stands behind the last block of a stack, not in each."),
    ),
)  # fmt: skip
