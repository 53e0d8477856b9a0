"""00 Three frameworks."""

import numpy as np

from attention.arrays import FRAMEWORKS
from attention.checks import arguments as arg
from attention.checks.compare import unequal
from attention.checks.draws import normal
from attention.checks.exercise import Exercise, Misconception, Stage
from attention.checks.properties import factor, sign
from attention.checks.trial import Fault
from attention.checks.words import number

NARROW = ("float32",)
OR_ZEROS = [arg.normal, arg.nothing]


def spread_out(rng, shape):
    return arg.normal(rng, shape, 30.0)


# 0.1 gradients_by_hand


def _by_hand(bias=True, error="y − R", scale="mean", first="x g", second="g Wᵀ"):
    x, W, b, right = np.array([2.0, -1.0]), np.array([[1.0, 0.0], [3.0, 2.0]]), np.array([0.0, 1.0]), np.array([2, -2])
    y = x @ W + (b if bias else 0)
    apart = {"y − R": y - right, "R − y": right - y, "y": y}[error]
    g = {"mean": apart, "sum": 2 * apart, "half": apart / 2}[scale]
    return np.vstack([
        {"x g": np.outer(x, g), "g x": np.outer(g, x)}[first],
        {"g Wᵀ": W @ g, "g W": g @ W}[second],
    ])  # fmt: skip


GRADIENTS_BY_HAND = Exercise(
    number="0.1", name="gradients_by_hand", see="Gradients", kind="value", reference=_by_hand, faulty=_by_hand,
    returns="two rows for W, and one for x", properties=(sign, factor),
    stages=(Stage("by hand", ({},), tolerance=1e-3),),
    misconceptions=(
        Misconception("the bias", {"bias": False},
            "These are the gradients for y = x W. The bias moves y, and so what is wrong with it."),
        Misconception("the sign", {"error": "R − y"},
            "The derivative of (y − R)² is 2 (y − R): yours has R − y, and leads uphill."),
        Misconception("what is right is left out", {"error": "y"},
            "You took y for y − R: these are the gradients where (0, 0) would be right."),
        Misconception("a sum for a mean", {"scale": "sum"},
            "These are the gradients of the sum of the squares. The loss is their mean, over two numbers."),
        Misconception("the 2 of the square", {"scale": "half"},
            "Every number is half of what it should be: the derivative of a square has a 2, which the mean of two "
            "numbers takes away again."),
        Misconception("the gradient of W is turned", {"first": "g x"},
            "Row d of W meets feature d of x: its gradient is x_d times g, and has one column for each number of y."),
        Misconception("W is not turned", {"second": "g W"},
            "You multiplied g by W. Feature d of x went out through row d of W, and comes back through that row: "
            "g Wᵀ."),
    ),
)  # fmt: skip


# 0.3 standardise


def right_standardise(rows):
    apart = rows - rows.mean(-1, keepdims=True)
    return apart / np.sqrt((apart**2).mean(-1, keepdims=True) + 1e-5)


def _standardise(rows, axis="last", spread="root", small="inside", centred=True, count=None, kept=True):
    over = {"last": -1, "first": 0, "all": None}[axis]
    mean = rows.mean(over, keepdims=True)
    apart = rows - mean
    size = rows.size if axis == "all" else rows.shape[over]
    squares = (apart**2).sum(over, keepdims=True)
    variance = squares / (size - 1 if count == "D − 1" else size)
    within = variance + (1e-5 if small == "inside" else 0)
    divisor = {"root": np.sqrt(within), "variance": within, "none": np.ones_like(within),
               "absolute": np.abs(apart).mean(over, keepdims=True) + 1e-5,
               "length": np.sqrt(squares + 1e-5)}[spread]  # fmt: skip
    divisor = divisor + (1e-5 if small == "outside" else 0)
    if not kept:
        return (rows - mean[..., 0]) / divisor[..., 0]
    return (apart if centred else rows) / divisor


def digits_lost(trial, expected, got):
    """Rows with a divisor of their own, of which the variance is off by the last digits of the square of the mean."""
    rows = trial.inputs["rows"].astype(np.float64)
    if not np.isfinite(got).all() or rows.size == 0:
        return None
    size = (expected**2).sum(-1, keepdims=True)
    ratio = np.where(size > 0, (got * expected).sum(-1, keepdims=True) / np.where(size > 0, size, 1), 1)
    if (ratio <= 0).any() or unequal(got / ratio, expected, trial.slack).any():
        return None
    off = np.abs((rows.var(-1, keepdims=True) + 1e-5) * (ratio**-2 - 1))
    if (off > 1e-14 * rows.mean(-1, keepdims=True) ** 2).any():
        return None
    return Fault(
        "a difference of large numbers",
        f"What you divide by is a little wrong: there the variance is off by up to {number(off.max(), 2)}, which is in "
        "the last digits of the square of the mean. The mean of the squares less the square of the mean is the "
        "variance, on paper. Far from 0 two large numbers are subtracted there, and their digits are lost. Take the "
        "mean away first, then square.",
    )


def level(rng, shape):
    """Rows of which about every third has one number in all places, of few digits: their mean is that number."""
    rows = arg.normal(rng, shape)
    return np.where(rng.random((*shape[:-1], 1)) < 0.35, np.round(4 * rows[..., :1]) / 4, rows)


def high(rng, shape):
    """Rows that lie far from 0 and from each other, near to each other within."""
    return 1e6 * rng.choice([-1, 1], (*shape[:-1], 1)) + arg.normal(rng, shape)


def outlying(rng, shape):
    """In every row one number far from the others: of D it can be √(D − 1) deviations from their mean."""
    rows = arg.normal(rng, shape)
    np.put_along_axis(rows, arg.one_place(rng, shape), 100.0, -1)
    return rows


def central(rng, shape):
    """In every row one number next to the mean."""
    rows = arg.normal(rng, shape)
    rows[..., 0] = np.round(rows[..., 1:].mean(-1) + 1e-7, 9)
    return rows


def thin(rng, shape):
    """Rows that differ so little that the 1e-5 counts, or much less."""
    return arg.normal(rng, shape) * 10.0 ** rng.integers(-6, -2, (*shape[:-1], 1))


STANDARDISE = Exercise(
    number="0.3", name="standardise", see="Which axis disappears", frameworks=FRAMEWORKS,
    reference=right_standardise, faulty=_standardise, arguments={"rows": arg.Floats("…TD")}, axes={"result": "…TD"},
    nouns={"T": "rows"}, returns="one number for each that came in", dtypes=NARROW, properties=(digits_lost,),
    stages=(
        Stage("plain", ({"rows": np.array([[1.0, 2, 6, 3], [10, 10, 40, 20], [4, 4, 4, 4]])},)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, styles={"rows": [arg.normal, arg.tied]}),
        Stage("equal numbers", leading=(0, 2), styles={"rows": level}),
        Stage("zeros", leading=(0, 2), styles={"rows": [arg.nothing, arg.zeros]}),
        Stage("small differences", leading=(0, 1), styles={"rows": thin}),
        Stage("one stands out", leading=(0, 1), sizes={"D": 150}, styles={"rows": outlying}, types=()),
        Stage("next to the mean", leading=(0, 1), sizes={"D": 40}, styles={"rows": central}, types=(), gradient=False),
        Stage("far from 0", leading=(0, 2), styles={"rows": high}, types=(), gradient=False,
            tolerance=1e-8),  # the mean of large numbers is known to fewer digits
    ),
    misconceptions=(
        Misconception("the axis", {"axis": "first"},
            "You took mean and variance over axis 0, down the columns. Each row has its own: over the last axis."),
        Misconception("one mean for all", {"axis": "all"},
            "You took one mean and one variance for the whole array. Each row has its own: over the last axis."),
        Misconception("the count less one", {"count": "D − 1"},
            "You divided the sum of the squares by the count less one, as PyTorch's `std` and `var` do unless told "
            "otherwise. Here the variance is their mean.", see="What goes wrong"),
        Misconception("the variance itself", {"spread": "variance"},
            "You divided by the variance; its root is missing."),
        Misconception("nothing divided", {"spread": "none"},
            "The mean is away, and nothing has been divided yet."),
        Misconception("the mean distance", {"spread": "absolute"},
            "You divided by the mean distance from the mean. The variance is the mean of the *squares* of these "
            "distances."),
        Misconception("the length", {"spread": "length"},
            "You divided by the root of the *sum* of the squares; the variance is their mean."),
        Misconception("the mean is still there", {"centred": False},
            "You divided by the right number, and did not take the mean away before."),
        Misconception("no 1e-5", {"small": "none"},
            "Where all numbers of a row are equal, the variance is 0, and 0 / 0 is NaN. The formula adds 1e-5 to it."),
        Misconception("the 1e-5 outside", {"small": "outside"},
            "You added 1e-5 to the root; the formula adds it to the variance, under the root."),
        Misconception("the axis is not kept", {"kept": False},
            "Without its axis the mean lies along the *columns* when it meets the rows. `keepdims=True`, in PyTorch "
            "`keepdim=True`, keeps it a column.", breaks_contract=True, see="Broadcasting"),
    ),
)  # fmt: skip


# 0.4 layer_for_each


def right_layers(rows, weights, biases):
    return rows @ weights + biases[..., None, :]


def _layers(rows, weights, biases, which=None, bias="own", turn=False):
    if turn:
        weights = np.swapaxes(weights, -1, -2)
    if which == "first" and weights.ndim > 2:
        weights = np.broadcast_to(weights.reshape(-1, *weights.shape[-2:])[0], weights.shape)
    added = {"own": lambda: biases[..., None, :], "no axis": lambda: biases, "none": lambda: 0.0,
             "first": lambda: biases.reshape(-1, biases.shape[-1])[0], "column": lambda: biases[..., None],
             "second": lambda: biases[:, None]}  # fmt: skip
    return rows @ weights + added[bias]()


LAYER_FOR_EACH = Exercise(
    number="0.4", name="layer_for_each", see="Products in batches", frameworks=FRAMEWORKS,
    reference=right_layers, faulty=_layers, axes={"result": "…TM"}, dtypes=NARROW,
    arguments={"rows": arg.Floats("…TD"), "weights": arg.Floats("…DM"), "biases": arg.Floats("…M")},
    nouns={"T": "rows", "D": "features that come in", "M": "features that go out"},
    returns="one row of M features for each row",
    stages=(
        Stage("a layer for each of two sentences", (
            {"rows": normal(1, 2, 3, 2), "weights": normal(2, 2, 2, 4), "biases": normal(3, 2, 4)},)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("one layer", leading=(0,), ones=True),
        Stage("large numbers", leading=(1,), styles={"rows": arg.spread(1000.0)}),
        Stage("zeros", leading=(1,), styles=dict.fromkeys(("rows", "weights", "biases"), OR_ZEROS), gradient=False),
        Stage("more digits", leading=(1,), styles=dict.fromkeys(("rows", "weights", "biases"), arg.fine), types=(),
            gradient=False),
    ),
    misconceptions=(
        Misconception("the axis of the bias", {"bias": "no axis"},
            "The biases have no axis for the rows: without one, the sentences of the biases meet the *rows* of the "
            "others. Put an axis in, between the two.", breaks_contract=True, see="Broadcasting"),
        Misconception("the bias as a column", {"bias": "column"},
            "You put the new axis at the end. It belongs before the features: a bias is the same for all rows of a "
            "sentence.", breaks_contract=True, see="Broadcasting"),
        Misconception("an axis counted from the front", {"bias": "second"},
            "`[:, None]` puts the new axis behind the first one. Where there are no leading axes that is behind the "
            "features, where there are two it is between them. Count from the end: `[..., None, :]`.",
            breaks_contract=True, see="Broadcasting"),
        Misconception("no bias", {"bias": "none"}, "The biases are not added."),
        Misconception("one bias for all", {"bias": "first"},
            "Every sentence gets the bias of the first; each has its own."),
        Misconception("one matrix for all", {"which": "first"},
            "Every sentence is multiplied by the matrix of the first; each has its own."),
        Misconception("the matrices are turned", {"turn": True},
            "The matrices are (in, out) already, as Keras has them: nothing is to be turned.", breaks_contract=True,
            see="A layer and its weights"),
    ),
)  # fmt: skip


# 0.5 tanh_layer_backward


def right_tanh_backward(rows, weight, bias, upstream):
    arrives = upstream * (1 - np.tanh(rows @ weight + bias) ** 2)
    flat, arrived = rows.reshape(-1, rows.shape[-1]), arrives.reshape(-1, arrives.shape[-1])
    return arrives @ weight.T, flat.T @ arrived, arrived.sum(0)


def _tanh_backward(
    rows, weight, bias, upstream, slope="1 − y²", summed="all", before=True, of_rows="right", mean=False
):
    z = rows @ weight + (bias if before else 0)
    y = np.tanh(z)
    slopes = {"1 − y²": 1 - y**2, "none": np.ones_like(y), "1 − z²": 1 - z**2, "1 − y": 1 - y, "y": y}[slope]
    arrives = upstream * slopes
    back = {"right": arrives, "upstream": upstream, "not turned": arrives}[of_rows]
    back = back @ (weight if of_rows == "not turned" else weight.T)
    share = int(np.prod(rows.shape[:-1])) if mean else 1
    columns = rows.T if summed in ("all turned", "one set") else np.swapaxes(rows, -1, -2)
    each = columns @ arrives  # one gradient for each set of the batch
    rest = tuple(range(each.ndim - 2))
    of_weight = {"all": each.sum(rest), "mean": each.mean(rest)}.get(summed, each)
    rest = tuple(range(arrives.ndim - 1))
    of_bias = {"one set": arrives.sum(0), "sets": arrives.sum(-2), "mean": arrives.sum(-2).mean(rest[:-1])}
    of_bias = of_bias.get(summed, arrives.sum(rest))
    return back, of_weight / share, of_bias / share


def gentle(rng, shape):
    return arg.normal(rng, shape, 0.5)


def steep(rng, shape):
    """Rows of which about every third is so far away that tanh is 1, and exp would overflow."""
    return np.where(rng.random((*shape[:-1], 1)) < 0.35, 1e4, 1.0) * arg.normal(rng, shape)


TANH_LAYER_BACKWARD = Exercise(
    number="0.5", name="tanh_layer_backward", see="By hand", reference=right_tanh_backward, faulty=_tanh_backward,
    outputs=("grad_rows", "grad_weight", "grad_bias"), dtypes=NARROW,
    axes={"grad_rows": "…TD", "grad_weight": "DM", "grad_bias": "M"},
    arguments={
        "rows": arg.Floats("…TD", gentle), "weight": arg.Floats("DM", gentle), "bias": arg.Floats("M", gentle),
        "upstream": arg.Floats("…TM", arg.upstream),
    },
    nouns={"T": "rows", "D": "features that come in", "M": "features that go out"},
    stages=(
        Stage("plain", (
            {"rows": np.array([[1.0, 2.0]]), "weight": np.array([[0.5], [-0.1]]), "bias": np.array([0.2]),
             "upstream": np.array([[1.0]])},
            {"rows": np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]), "weight": np.array([[0.5, 0.2], [-0.3, 0.8]]),
             "bias": np.array([0.1, -0.4]), "upstream": np.array([[1.0, 0.5], [-0.6, 0.9], [0.7, -1.2]])})),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("upstream large and small", leading=(0, 2), styles={"upstream": [arg.spread(1000.0), arg.small]}),
        Stage("zeros", styles={name: [gentle, arg.nothing] for name in ("rows", "weight", "bias", "upstream")}),
        Stage(
            "far from 0", leading=(0, 2), types=(), tolerance=1e-9,  # of 1 − y² near y = 1 no digit is left
            styles={"rows": [arg.normal, steep], "weight": [gentle, arg.spread(3.0)], "bias": arg.spread(3.0),
                    "upstream": arg.spread(1e5)},
        ),
    ),
    misconceptions=(
        Misconception("no slope of tanh", {"slope": "none"},
            "These are the gradients of y = x W + b. What arrives has to pass the tanh first: multiply by its slope."),
        Misconception("the slope at the wrong place", {"slope": "1 − z²"},
            "The slope of tanh is 1 − y², with y = tanh(z); yours has z itself."),
        Misconception("the square of the slope", {"slope": "1 − y"},
            "The slope of tanh is 1 − y²: a square is missing."),
        Misconception("tanh for its slope", {"slope": "y"},
            "You multiplied by tanh itself. What is wanted is its slope, 1 − y²."),
        Misconception("the bias is not in the slope", {"before": False},
            "The slope of tanh is taken at x W + b; yours is taken at x W."),
        Misconception("past the tanh", {"of_rows": "upstream"},
            "The gradient of the rows was made of `upstream` itself; it has to pass the tanh, as the others do."),
        Misconception("W is not turned", {"of_rows": "not turned"},
            "You multiplied what arrives by the weight as it is. Feature d of a row went out through row d of it, and "
            "comes back through that row: G Wᵀ."),
        Misconception("means for sums", {"mean": True},
            "The gradients of weight and bias are sums over all rows; yours are means. If the loss is a mean, that is "
            "in `upstream` already."),
        Misconception("a mean over the batch", {"summed": "mean"},
            "Over the sets of a batch you took a mean. Every row that met the weight has its share: add them up."),
        Misconception("a gradient for each set", {"summed": "sets"},
            "There is one weight and one bias for the whole batch, so there is one gradient of each: add up over all "
            "leading axes.", breaks_contract=True),
        Misconception("all axes turned", {"summed": "all turned"},
            "`.T` turns all axes round: with a batch in front the rows come out as (D, T, …). Put the rows of all sets "
            "below each other first.", breaks_contract=True),
        Misconception("written for one set", {"summed": "one set"},
            "`.T` turns all axes round, and `sum(0)` adds up the first alone: with a batch in front neither does what "
            "it does for one set. Put the rows of all sets below each other first.", breaks_contract=True),
    ),
)  # fmt: skip


# 0.6 train_layer


def right_training(rows, right, weight, bias, rate, steps):
    for _ in range(steps):
        G = 2 * (rows @ weight + bias - right) / right.size
        weight, bias = weight - rate * rows.T @ G, bias - rate * G.sum(0)
    return weight, bias


def _training(
    rows, right, weight, bias, rate, steps, grads=None, uphill=False, moves=None, mean="all", less=0, at=None
):
    sums = np.zeros_like(weight), np.zeros_like(bias)
    count = {"all": right.size, "rows": len(right), "features": right.shape[-1], "sum": 1, "half": 2 * right.size}[mean]
    for step in range(steps - less):
        if grads != "first" or step == 0:
            G = 2 * (rows @ weight + bias - right) / count
            new = rows.T @ G, G.sum(0)
        sums = sums[0] + new[0], sums[1] + new[1]
        of_weight = sums[0] if grads in ("added", "weight's added") else new[0]
        of_bias = sums[1] if grads in ("added", "bias's added") else new[1]
        by = -rate if uphill else rate
        if at == "one after the other":
            weight = weight - by * of_weight
            of_bias = (2 * (rows @ weight + bias - right) / count).sum(0)
            bias = bias - by * of_bias
            continue
        weight = weight - (0 if moves == "bias" else by) * of_weight
        bias = bias - (0 if moves == "weight" else by) * of_bias
    return weight, bias


def _steps(rng, plan, drawn):
    return int(rng.integers(2, 6))


def slight(rng, shape):
    return arg.normal(rng, shape) * 1e-6


THREE_ROWS = {"rows": np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]), "right": np.array([[1.0, 0], [2, 0], [0, 2]]),
              "weight": np.eye(2), "bias": np.zeros(2)}  # fmt: skip
TRAIN_LAYER = Exercise(
    number="0.6", name="train_layer", see="A step of learning", frameworks=("pytorch",), reference=right_training,
    faulty=_training, outputs=("weight", "bias"), axes={"weight": "DM", "bias": "M"}, dtypes=NARROW,
    arguments={
        "rows": arg.Floats("BD"), "right": arg.Floats("BM"), "weight": arg.Floats("DM"), "bias": arg.Floats("M"),
        "rate": arg.Number(0.02, 0.2), "steps": arg.Made(_steps),
    },
    nouns={"B": "rows", "D": "features that come in", "M": "features that go out"},
    stages=(
        Stage("one step", ({**THREE_ROWS, "rate": 0.5, "steps": 1},), leading=(), gradient=False),
        Stage("several steps", ({**THREE_ROWS, "rate": 0.5, "steps": 3},), gradient=False),
        Stage("other sizes", leading=(0,), ones=True, gradient=False),
        Stage("no step", ({**THREE_ROWS, "rate": 0.5, "steps": 0},), leading=(), gradient=False),
        Stage("many steps", ({**THREE_ROWS, "rate": 0.02, "steps": 150},), leading=(), gradient=False),
        Stage("zeros", styles={"rows": OR_ZEROS, "right": OR_ZEROS, "weight": arg.nothing, "bias": OR_ZEROS},
            gradient=False),
        Stage("nearly right", styles=dict.fromkeys(("right", "weight", "bias"), slight), gradient=False),
        Stage("too large a rate", styles={"rate": (5, 20)}, gradient=False),
    ),
    misconceptions=(
        Misconception("gradients that add up", {"grads": "added"},
            "The first step is right; from the second on you go by the sum of all gradients so far. Empty `.grad` "
            "after each step.", see="What goes wrong"),
        Misconception("the weight's gradients add up", {"grads": "weight's added"},
            "The bias goes by its gradient; the weight, from the second step on, by the sum of all of its own so far. "
            "Empty both.", see="What goes wrong"),
        Misconception("the bias's gradients add up", {"grads": "bias's added"},
            "The weight goes by its gradient; the bias, from the second step on, by the sum of all of its own so far. "
            "Empty both.", see="What goes wrong"),
        Misconception("the first gradient, again and again", {"grads": "first"},
            "Every step goes by the gradient of the first. After a step the loss has another gradient: run the "
            "program again."),
        Misconception("uphill", {"uphill": True}, "You add the gradient; it points to where the loss rises."),
        Misconception("the bias stays", {"moves": "weight"}, "The bias has not moved; it is a weight like the others."),
        Misconception("only the bias moves", {"moves": "bias"}, "The weight has not moved."),
        Misconception("one step too few", {"less": 1}, "These are the weights after one step less."),
        Misconception("one step too many", {"less": -1}, "These are the weights after one step more."),
        Misconception("the 2 of the square", {"mean": "half"},
            "Your steps are half as long as they should be: as if the derivative of a square had no 2."),
        Misconception("a mean over the rows", {"mean": "rows"},
            "You divided the sum of the squares by the number of rows; the mean is over all numbers, B times M."),
        Misconception("a mean over the features", {"mean": "features"},
            "You divided the sum of the squares by the number of features; the mean is over all numbers, B times M."),
        Misconception("a sum for a mean", {"mean": "sum"}, "The loss is the mean of the squares, and yours their sum."),
        Misconception("one after the other", {"at": "one after the other"},
            "You moved the weight first, and took the gradient of the bias afterwards, at the new weight. Both "
            "gradients belong to the same point."),
    ),
)  # fmt: skip


# 0.7 fold_layers


def right_fold(first_weight, first_bias, second_weight, second_bias):
    return (second_weight @ first_weight).T, second_weight @ first_bias + second_bias


def _fold(first_weight, first_bias, second_weight, second_bias, bias="through", layout=None, wrong=False):
    first = {
        "through": lambda: second_weight @ first_bias, "none": lambda: 0.0, "added": lambda: first_bias,
        "turned": lambda: second_weight.T @ first_bias, "ones": lambda: second_weight.sum(1),
    }[bias]()  # fmt: skip
    if layout == "as they are":
        return first_weight @ second_weight, first + second_bias
    product = first_weight @ second_weight if wrong else second_weight @ first_weight
    return product if layout == "pytorch" else product.T, first + second_bias


FOLD_LAYERS = Exercise(
    number="0.7", name="fold_layers", see="A layer and its weights", reference=right_fold, faulty=_fold,
    outputs=("weight", "bias"), axes={"weight": "DM", "bias": "M"}, dtypes=NARROW,
    arguments={
        "first_weight": arg.Floats("AD"), "first_bias": arg.Floats("A"),
        "second_weight": arg.Floats("MA"), "second_bias": arg.Floats("M"),
    },
    nouns={"A": "features in the middle", "D": "features that come in", "M": "features that go out"},
    stages=(
        Stage("square", (
            {"first_weight": np.array([[1.0, 2.0], [0.0, 1.0]]), "first_bias": np.array([2.0, -1.0]),
             "second_weight": np.array([[2.0, 1.0], [3.0, 0.0]]), "second_bias": np.array([0.5, 0.25])},
        ), leading=()),
        Stage("three widths", leading=(0,), ones=True, large=True),
        Stage("large numbers", styles={"second_weight": arg.spread(1000.0)}),
        Stage("zeros", types=(), tolerance=1e-12, styles=dict.fromkeys(
            ("first_weight", "first_bias", "second_weight", "second_bias"), OR_ZEROS)),
        Stage("small numbers", styles={"second_weight": slight, "second_bias": slight}),
        Stage("more digits", styles=dict.fromkeys(
            ("first_weight", "first_bias", "second_weight", "second_bias"), arg.fine), types=()),
    ),
    misconceptions=(
        Misconception("the first bias is lost", {"bias": "none"},
            "The first bias goes through the second layer too; in yours it is nowhere."),
        Misconception("the biases are added", {"bias": "added"},
            "You added the two biases. The first one passes through the second layer before it comes out.",
            breaks_contract=False),
        Misconception("the first bias by the turned matrix", {"bias": "turned"},
            "The first bias goes through the second layer as a row does: x Wᵀ with PyTorch's W, and not x W."),
        Misconception("ones for the first bias", {"bias": "ones"},
            "You sent a row of ones through the second layer; it is the first bias that passes there."),
        Misconception("the layout of PyTorch", {"layout": "pytorch"},
            "The matrix is right, and still (out, in). Keras wants (in, out).", breaks_contract=False),
        Misconception("the matrices as they are", {"layout": "as they are"},
            "You multiplied W₁ and W₂ as they are, as if both were (in, out). PyTorch's are (out, in): its layer is "
            "x Wᵀ + b.", breaks_contract=False),
        Misconception("the order", {"wrong": True},
            "You multiplied the matrices in the other order: as if the second layer came first."),
    ),
)  # fmt: skip


# 0.8 momentum_step


def right_momentum(weight, gradient, velocity, rate, keep):
    velocity = keep * velocity + gradient
    return weight - rate * velocity, velocity


def _momentum(weight, gradient, velocity, rate, keep, way="right", old=False, sign=-1, last=False, still=False):
    if still and not gradient.any():
        return weight, velocity
    new = {
        "right": keep * velocity + gradient, "mean": keep * velocity + (1 - keep) * gradient,
        "turned": (1 - keep) * velocity + keep * gradient, "gradient": velocity + keep * gradient,
        "keras": keep * velocity + rate * gradient, "all": velocity + gradient, "none": gradient,
        "minus": keep * velocity - gradient, "keras, added": keep * velocity - rate * gradient,
    }[way]  # fmt: skip
    step = velocity if old else new
    after = weight + sign * {"keras": 1, "keras, added": -1}.get(way, rate) * step
    return after, velocity if last else new


ONE_WEIGHT = {"weight": np.array(1.0), "gradient": np.array(0.5), "velocity": np.array(0.2), "rate": 0.5, "keep": 0.9}
THREE_WEIGHTS = {"weight": np.array([1.0, 0.0, 2.0]), "gradient": np.array([0.5, -1.0, 0.3]),
                 "velocity": np.array([0.2, 0.4, -0.6])}  # fmt: skip
MOMENTUM_STEP = Exercise(
    number="0.8", name="momentum_step", see="A step of learning", reference=right_momentum, faulty=_momentum,
    outputs=("weight", "velocity"), axes={"weight": "…M", "velocity": "…M"}, dtypes=NARROW,
    arguments={
        "weight": arg.Floats("…M"), "gradient": arg.Floats("…M", arg.upstream), "velocity": arg.Floats("…M"),
        "rate": arg.Number(0.01, 0.8), "keep": arg.Number(0.2, 0.95),
    },
    nouns={"M": "weights"},
    stages=(
        Stage("on the way", ({**THREE_WEIGHTS, "rate": 0.5, "keep": 0.9},), leading=()),
        Stage("from rest", leading=(0,), ones=True, styles={"velocity": arg.nothing}),
        Stage("without a gradient", leading=(0, 1), styles={"gradient": arg.nothing, "velocity": OR_ZEROS}),
        Stage("weights of 0", leading=(0,), styles={"weight": arg.nothing}),
        Stage("other shapes", (ONE_WEIGHT,), leading=(1, 2, 3), ones=True),
        Stage("large, small and 0", leading=(0, 1), styles={
            "gradient": [arg.spread(1e4), arg.tied, arg.sizes], "velocity": [arg.spread(30.0), arg.sizes]}),
        Stage("other rates", (
            {**THREE_WEIGHTS, "rate": 0.5, "keep": 0.0}, {**THREE_WEIGHTS, "rate": 0.0, "keep": 0.9},
            {**THREE_WEIGHTS, "rate": 3.0, "keep": 0.999}), leading=()),
        Stage("more digits", styles=dict.fromkeys(("weight", "gradient", "velocity"), arg.fine), types=()),
    ),
    misconceptions=(
        Misconception("a mean of the gradients", {"way": "mean"},
            "You took the gradient times 1 − keep. In this form the whole gradient is added."),
        Misconception("keep and 1 − keep", {"way": "turned"},
            "You keep the share 1 − keep of the velocity, and take the share keep of the gradient. Keep the share "
            "keep, and add the whole gradient."),
        Misconception("keep at the gradient", {"way": "gradient"},
            "You multiplied the gradient by keep; it is the old velocity of which a share is kept."),
        Misconception("the rate in the velocity", {"way": "keras"},
            "You put the rate into the velocity, as Keras does. With one rate throughout the weights are the same, but "
            "the velocity is another; here the rate comes in at the step."),
        Misconception("the form of Keras", {"way": "keras, added"},
            "This is the form of Keras: its velocity holds the rate and the sign already, and is added to the weight. "
            "Here the velocity is made of gradients alone; rate and sign come in at the step."),
        Misconception("all of the velocity", {"way": "all"}, "The old velocity is to shrink: keep times what it was."),
        Misconception("no velocity", {"way": "none"},
            "This is the step of the chapter, by the gradient alone. What is left of the old velocity comes first."),
        Misconception("the sign of the gradient", {"way": "minus"},
            "You subtracted the gradient from the velocity, and the velocity from the weight: so it goes uphill."),
        Misconception("the old velocity", {"old": True},
            "The step was taken with the velocity of before. Bring the velocity up to date first, then go."),
        Misconception("the old velocity comes back", {"last": True},
            "The weight is right, and the velocity that you return is the one you were given. The next step needs the "
            "new one."),
        Misconception("no step without a gradient", {"still": True},
            "Where the whole gradient is 0 you return weight and velocity as they came. The velocity goes on without "
            "a gradient: it shrinks to keep times what it was, and still moves the weight."),
        Misconception("uphill", {"sign": 1}, "You add the velocity; it points to where the loss rises."),
    ),
)  # fmt: skip


# 0.10 largest_rate


def right_rate(rows, features):
    extended = np.hstack([rows, np.ones_like(rows[:, :1])]).astype(np.float64)
    return np.asarray(len(rows) * features / np.linalg.eigvalsh(extended.T @ extended)[-1])


def _largest_rate(rows, features, bias=True, of="largest", limit=2.0, mean="all", power=2, centred=False):
    X = rows - rows.mean(0) if centred else rows
    X = np.hstack([X, np.ones((len(rows), 1))]) if bias else X
    values = np.linalg.svd(X, compute_uv=False) ** power
    bend = {"largest": values.max(), "trace": values.sum(), "mean": values.mean(), "entry": (X**2).sum(0).max(),
            "row": (X**2).sum(1).max(), "smallest": np.linalg.eigvalsh(X.T @ X)[0]}[of]  # fmt: skip
    count = {"all": len(rows) * features, "rows": len(rows), "features": features, "none": 1.0}[mean]
    return np.asarray(limit * count / (2 * bend))


def balanced(rng, shape):
    """Rows whose sum is exactly 0: the bias is then apart from the other features."""
    rows = np.round(8 * arg.normal(rng, shape)) / 4
    rows[-1] = -rows[:-1].sum(0)
    return rows


THREE_WORDS = {"rows": np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]), "features": 2}
FOUR_WORDS = {"rows": np.array([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0], [2.0, 2.0]]), "features": 3}
TWO_STEEP = {"rows": np.array([[9.99, 0.0], [-9.99, 0.0], [0.0, 10.0], [0.0, -10.0]]), "features": 2}  # nearly alike
LARGEST_RATE = Exercise(
    number="0.10", name="largest_rate", see="How large a step?", reference=right_rate, faulty=_largest_rate,
    arguments={"rows": arg.Floats("BD"), "features": arg.Size("M")}, axes={"result": ""}, dtypes=(),
    nouns={"B": "rows", "D": "features that come in"}, returns="one number", properties=(factor,),
    stages=(
        Stage("few words", (THREE_WORDS, FOUR_WORDS), leading=()),
        Stage("other words", leading=(0,), ones=True, styles={"rows": [arg.normal, spread_out, arg.spread(1e4)]}),
        Stage("many words", leading=(), large=True),
        Stage("words of zeros", leading=(0,), styles={"rows": [arg.nothing, arg.zeros]}),
        Stage("words with the sum 0", (TWO_STEEP,), styles={"rows": balanced}, ones=True),
    ),
    misconceptions=(
        Misconception("the bias", {"bias": False},
            "This is the limit for a layer without a bias. The bias moves too: it is the weight of a feature that is "
            "always 1."),
        Misconception("where it overshoots", {"limit": 1.0},
            "At half the limit a step lands at the bottom of the steepest valley; beyond it, it overshoots, and still "
            "gets nearer. It climbs only where the overshoot is larger than the distance was."),
        Misconception("the features are not counted", {"mean": "rows"},
            "The loss is a mean over all numbers that come out, rows times features; yours divides by the rows alone."),
        Misconception("the rows are not counted", {"mean": "features"},
            "The loss is a mean over all numbers that come out, rows times features; yours divides by the features "
            "alone."),
        Misconception("a sum for a mean", {"mean": "none"},
            "This is the limit for a loss that is the sum of the squares; it is their mean."),
        Misconception("all valleys together", {"of": "trace"},
            "You added up how much the loss bends along all directions. The steepest one alone decides."),
        Misconception("the mean valley", {"of": "mean"},
            "You took the mean of how much the loss bends. The steepest direction alone decides."),
        Misconception("the flattest valley", {"of": "smallest"},
            "You took the smallest eigenvalue. It says how little the loss bends along the flattest direction; the "
            "steepest one decides."),
        Misconception("weight by weight", {"of": "entry"},
            "You looked at each weight alone, at the diagonal of the matrix. The steepest direction need not be that "
            "of one weight: take the largest eigenvalue."),
        Misconception("row by row", {"of": "row"},
            "You looked at each row alone, at the longest. Rows that point the same way add up: take the largest "
            "eigenvalue."),
        Misconception("a root", {"power": 1},
            "A singular value of X is the root of an eigenvalue of Xᵀ X: yours is to be squared."),
        Misconception("the mean taken away", {"centred": True},
            "You took the mean of the rows away first. The layer sees the rows as they are."),
    ),
)  # fmt: skip


EXERCISES = (
    GRADIENTS_BY_HAND, STANDARDISE, LAYER_FOR_EACH, TANH_LAYER_BACKWARD, TRAIN_LAYER, FOLD_LAYERS, MOMENTUM_STEP,
    LARGEST_RATE,
)  # fmt: skip
