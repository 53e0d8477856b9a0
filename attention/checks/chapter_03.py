"""03 Score functions."""

import numpy as np

import attention.numpy as atn
from attention.checks.compare import unequal
from attention.checks.draws import normal
from attention.checks.exercise import Exercise, Misconception, Stage
from attention.checks.trial import Fault
from attention.checks.weights import WEIGHTS
from attention.checks.words import number
from attention.numpy.gradients import scaled_dot_scores_backward

AXES = {"queries": "TD", "keys": "SD", "grad_scores": "TS", "result": "TS", "grad_queries": "TD", "grad_keys": "SD"}
SCORES = {"axes": AXES, "returns": "one score for each query and key"}
SMALL = {"queries": normal(1, 2, 4), "keys": normal(2, 3, 4)}  # (T, D), (S, D)
PLAIN = {"queries": normal(3, 3, 6), "keys": normal(4, 5, 6)}
BATCH = {"queries": normal(5, 2, 3, 4), "keys": normal(6, 2, 5, 4)}
DEEP = {"queries": normal(7, 2, 6, 3, 7), "keys": normal(8, 2, 6, 5, 7)}


def turned(array):
    return np.swapaxes(array, -1, -2)


# 3.1 three_scores

SCALE = "How large does a dot product get?"


def _three_scores(scale="√D", lengths="both", product="sum", cosine_of="dot"):
    query, key = np.array([1, 2, 2, 0]), np.array([4, 2, 0, 4])
    dot = query.sum() * key.sum() if product == "sums" else query @ key
    roots = {"√2": np.sqrt(2), "√3": np.sqrt(3), "√8": np.sqrt(8)}
    scaled = dot / {"√D": 2, "D": 4, "none": 1, "times": 1 / 2, **roots}[scale]
    length = {"both": 3 * 6, "query": 3, "key": 6, "squares": 9 * 36, "sums": 5 * 10, "added": 3 + 6}[lengths]
    return np.array([dot, scaled, (dot if cosine_of == "dot" else scaled) / length])


THREE_SCORES = Exercise(
    number="3.1", name="three_scores", see="The cosine", kind="value", reference=_three_scores, faulty=_three_scores,
    returns="the dot product, the scaled dot product and the cosine",
    stages=(Stage("by hand", ({},), tolerance=6e-5),),
    misconceptions=(
        Misconception("the scale", {"scale": "D"},
            "You divided by 4, the number of features. Divide by its square root.", see=SCALE),
        Misconception("no scale", {"scale": "none"}, "Your scaled dot product is the dot product itself.",
            see=SCALE),
        Misconception("multiplied", {"scale": "times"}, "You multiplied by √D where the formula divides.", see=SCALE),
        Misconception("the number under the root", {"scale": "√2"},
            "You divided by √2, and there are 2 vectors. Under the root stands the number of features of one of "
            "them.", see=SCALE),
        Misconception("the number under the root", {"scale": "√3"},
            "You divided by √3. Three features of each vector are not 0, but a feature that is 0 counts as one.",
            see=SCALE),
        Misconception("the number under the root", {"scale": "√8"},
            "You divided by √8, for the features of both vectors together. Those of one are meant.", see=SCALE),
        Misconception("a length of squares", {"lengths": "squares"},
            "You divided by ‖q‖² ‖k‖²: the root of each sum of squares is missing."),
        Misconception("only the query's length", {"lengths": "query"}, "You divided by the length of the query alone."),
        Misconception("only the key's length", {"lengths": "key"}, "You divided by the length of the key alone."),
        Misconception("the lengths added", {"lengths": "added"},
            "You divided by ‖q‖ + ‖k‖; the cosine divides by their product."),
        Misconception("sums for lengths", {"lengths": "sums"},
            "You took the sum of the entries for the length of a vector."),
        Misconception("a cosine of the scaled product", {"cosine_of": "scaled"},
            "You divided the *scaled* dot product by the lengths. The cosine needs no other scale: its two lengths "
            "are enough."),
        Misconception("a product of sums", {"product": "sums"},
            "You multiplied the sum of the query by the sum of the key. Multiply feature by feature, then add.",
            see="The dot product"),
    ),
)


# 3.2 scaled_dot_scores


def _scaled(queries, keys, scale="√D", soft=None, product="dot"):
    D, S, T = queries.shape[-1], keys.shape[-2], queries.shape[-2]
    divisor = {"√D": np.sqrt(D), "√S": np.sqrt(S), "√T": np.sqrt(T), "D": D, "none": 1, "times": 1 / np.sqrt(D)}[scale]
    if product == "pairs":
        scores = (queries * keys).sum(-1)
    elif product == "unturned":
        scores = queries @ keys
    else:
        scores = (atn.cosine_scores if product == "cosine" else atn.dot_scores)(queries, keys)
        scores = turned(scores) if product == "turned" else scores
    if soft == "before":
        return atn.softmax(scores) / divisor
    return atn.softmax(scores / divisor) if soft == "after" else scores / divisor


def _root_of_keys(queries, keys):
    S, D = keys.shape[-2], queries.shape[-1]
    return (
        f"You divided by {number(np.sqrt(S), 4)} = √{S}, and {S} is the number of keys here. "
        f"Divide by √D = {number(np.sqrt(D), 4)}, D = {D} being the features of a query."
    )


def the_divisor(trial, expected, got):
    """Everything right but the number that the dot products were divided by."""
    dot = atn.dot_scores(trial.inputs["queries"], trial.inputs["keys"])
    if got.shape != dot.shape or not np.isfinite(got).all() or not got.any():
        return None
    divisor = (dot * got).sum() / (got * got).sum()
    if divisor < 0 or unequal(got * divisor, dot, trial.slack).any():
        return None
    D = trial.inputs["queries"].shape[-1]
    if abs(divisor - np.sqrt(D)) < 1e-5 * divisor:  # too near to be a mistake of the scale
        return None
    return Fault(
        "the scale",
        f"You divided the dot products by {number(divisor, 4)}. Divide by √D = "
        f"{number(np.sqrt(D), 4)}, D = {D} being the features of a query.",
    )


SCALED_DOT_SCORES = Exercise(
    number="3.2", name="scaled_dot_scores", see=SCALE, reference=atn.scaled_dot_scores,
    faulty=_scaled, **SCORES, properties=(the_divisor,), dtypes=("float32", "float16"),
    stages=(
        Stage("plain", (SMALL, PLAIN)),
        Stage("batches", (BATCH, DEEP)),
        Stage("extreme scores", ({"queries": 100 * PLAIN["queries"], "keys": 100 * PLAIN["keys"]},)),
    ),
    misconceptions=(
        Misconception("the scale", {"scale": "√S"}, _root_of_keys),
        Misconception("the scale", {"scale": "√T"},
            "You divided by the root of the number of *queries*. The number of features makes a dot product large."),
        Misconception("the scale", {"scale": "D"},
            "You divided by D. The *variance* of a dot product grows like D; its size, the standard deviation, like "
            "√D."),
        Misconception("no scale", {"scale": "none"},
            "These are the dot products themselves: they are still to be divided."),
        Misconception("multiplied", {"scale": "times"}, "You multiplied where the formula divides."),
        Misconception("softmax", {"soft": "after"},
            "These are weights already: their rows sum to 1. The *scores* are wanted, before softmax."),
        Misconception("the scale after softmax", {"soft": "before"},
            "You took softmax first and divided after it. Scores are divided, and softmax is not asked for here."),
        Misconception("the cosine", {"product": "cosine", "scale": "none"},
            "These are cosines: you divided by the lengths of the two vectors, and they are to count.",
            see="The cosine"),
        Misconception("the cosine", {"product": "cosine"},
            "You divided by the lengths of the vectors too; the length of a query is to count.", see="The cosine"),
        Misconception("queries and keys exchanged", {"product": "turned"},
            "Rows and columns are exchanged: a row of scores belongs to a query, a column to a key.",
            breaks_contract=True),
        Misconception("the keys as they lie", {"product": "unturned"},
            "queries @ keys pairs the features of a query with the *keys'* first axis. The axis that disappears must "
            "be D in both.", breaks_contract=True),
        Misconception("one key for each query", {"product": "pairs"},
            "queries * keys meets query i with key i alone. Each query is to meet each key.", breaks_contract=True),
    ),
)


# 3.3 additive_scores


def _additive(
    queries, keys, query_weight, key_weight, score_weight, bend="tanh", meet="add", last="after", crossed="own"
):
    if crossed == "query's":
        key_weight = query_weight
    if crossed == "exchanged":
        query_weight, key_weight = key_weight, query_weight
    left, right = queries @ query_weight, keys @ key_weight  # (…, T, A), (…, S, A)
    if meet == "bare":
        return np.tanh(queries[..., :, None, :] + keys[..., None, :, :]) @ score_weight
    if meet == "bare pairs":
        return np.tanh(queries + keys) @ score_weight
    if meet == "dot":
        return left * score_weight @ turned(right)
    if meet == "twice":
        return np.tanh(left) @ score_weight[:, None] + turned(np.tanh(right) @ score_weight[:, None])
    if meet == "pairs":
        return np.tanh(left + right) @ score_weight
    left, right = left[..., :, None, :], right[..., None, :, :]  # (…, T, 1, A), (…, 1, S, A)
    both = {"add": left + right, "product": left * right, "minus": left - right}[meet]
    bent = {
        "tanh": np.tanh,
        "relu": lambda x: np.maximum(x, 0),
        "none": lambda x: x,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    }[bend]
    if last == "before":
        return bent(both @ score_weight)
    return bent(both).sum(-1) if last == "sum" else bent(both) @ score_weight


def _additive_draw(seed, T, S, Dq, Dk, A, *batch):
    return {
        "queries": normal(seed, *batch, T, Dq),
        "keys": normal(seed + 1, *batch, S, Dk),
        "query_weight": normal(seed + 2, Dq, A, spread=0.6),
        "key_weight": normal(seed + 3, Dk, A, spread=0.6),
        "score_weight": normal(seed + 4, A),
    }


ONE_UNIT = {
    "queries": np.array([[1.0]]), "keys": np.array([[0.0], [0.5]]), "query_weight": np.array([[1.0]]),
    "key_weight": np.array([[2.0]]), "score_weight": np.array([1.0]),
}  # fmt: skip
ADDITIVE_SCORES = Exercise(
    number="3.3", name="additive_scores", see="An additive score", frameworks=("numpy", "tensorflow", "pytorch"),
    reference=atn.additive_scores, faulty=_additive, returns=SCORES["returns"], dtypes=("float32", "float16"),
    axes={"queries": "TD", "keys": "SK", "score_weight": "A", "result": "TS"},
    stages=(
        Stage("plain", (_additive_draw(20, 2, 3, 4, 4, 5), _additive_draw(30, 3, 5, 7, 7, 6), ONE_UNIT)),
        Stage("queries and keys of different widths", (_additive_draw(40, 3, 5, 4, 2, 6),)),
        Stage("batches", (_additive_draw(50, 3, 5, 4, 7, 6, 2),)),
        Stage("extreme scores", ({**_additive_draw(60, 3, 5, 4, 7, 6), "queries": normal(60, 3, 4, spread=1000.0)},)),
    ),
    misconceptions=(
        Misconception("relu for tanh", {"bend": "relu"},
            "You cut the hidden units at 0 (relu). Bahdanau's score bends them by tanh, to both sides."),
        Misconception("no tanh", {"bend": "none"},
            "Nothing bends the hidden units. Then the score is a sum of one number for the query and one for the "
            "key, and softmax over the keys cancels the query."),
        Misconception("sigmoid for tanh", {"bend": "sigmoid"},
            "You bend the hidden units by the logistic function, between 0 and 1; tanh goes from −1 to 1."),
        Misconception("a dot product", {"meet": "dot"},
            "You multiply the projected query and key. In this score they are *added*, before tanh."),
        Misconception("a product of the hidden units", {"meet": "product"},
            "You multiply the projected query and key, unit by unit. In this score they are added."),
        Misconception("no matrices", {"meet": "bare"},
            "You add queries and keys as they are. They may differ in size; each is first carried into the hidden "
            "units, by a matrix of its own.", breaks_contract=True),
        Misconception("no matrices, and one key for each query", {"meet": "bare pairs"},
            "queries + keys meets query i with key i alone, and as they are. First a matrix of its own carries each "
            "into the hidden units; then every query is to meet every key.", breaks_contract=True),
        Misconception("a difference", {"meet": "minus"},
            "You subtract the projected key from the projected query. In this score the two are added."),
        Misconception("two tanhs", {"meet": "twice"},
            "You bend query and key each by itself and add afterwards. Query and key must meet *inside* the tanh, or "
            "the score is a sum of two parts."),
        Misconception("tanh at the end", {"last": "before"},
            "You take tanh of the score. It belongs to the hidden units, before the score vector makes one number of "
            "them."),
        Misconception("no score vector", {"last": "sum"},
            "You add the hidden units up with factor 1 each; `score_weight` says how much each counts."),
        Misconception("one matrix for both", {"crossed": "query's"},
            "You project the keys with the queries' matrix; they have one of their own."),
        Misconception("the matrices exchanged", {"crossed": "exchanged"},
            "You project the queries with `key_weight` and the keys with `query_weight`."),
        Misconception("one key for each query", {"meet": "pairs"},
            "left + right meets query i with key i alone (or fails, where their numbers differ). Every query is to "
            "meet every key: each needs an axis of its own.", breaks_contract=True),
    ),
)


# 3.4 general_scores


def _general(queries, keys, weight, side="right", scale=False, both=False, used=True):
    matrix = {
        "right": weight,
        "turned": weight.T,
        "even": (weight + weight.T) / 2 if weight.shape[0] == weight.shape[1] else weight,
    }[side]
    left = queries @ matrix if used else queries
    right = keys @ weight if both else keys
    return left @ turned(right) / (np.sqrt(queries.shape[-1]) if scale else 1)


def _general_draw(seed, T, S, Dq, Dk, *batch):
    return {
        "queries": normal(seed, *batch, T, Dq),
        "keys": normal(seed + 1, *batch, S, Dk),
        "weight": normal(seed + 2, Dq, Dk),
    }


TWO_FEATURES = {
    "queries": np.array([[2.0, 1.0]]), "keys": np.array([[0.0, 1.0], [1.0, 1.0]]),
    "weight": np.array([[1.0, -2.0], [3.0, 5.0]]),
}  # fmt: skip
GENERAL_SCORES = Exercise(
    number="3.4", name="general_scores", see="A general bilinear score", **SCORES, reference=atn.general_scores,
    faulty=_general,
    stages=(
        Stage("plain", (_general_draw(70, 2, 3, 4, 4), _general_draw(73, 3, 5, 6, 6), TWO_FEATURES)),
        Stage("queries and keys of different widths", (_general_draw(76, 3, 5, 4, 2), _general_draw(79, 3, 5, 2, 7))),
        Stage("batches", (_general_draw(82, 3, 5, 4, 7, 2),)),
    ),
    misconceptions=(
        Misconception("other pairs of features", {"side": "turned"},
            "Take one entry of W, in row d and column e. Which feature of the query and which of the key does it stand "
            "for in the formula, and which in yours? Where queries and keys differ in width yours would not even fit."),
        Misconception("only half of the matrix", {"side": "even"},
            "You take the mean of W and Wᵀ. The two directions may differ: W need not be symmetric."),
        Misconception("a scale", {"scale": True},
            "You divide by √D. This score has no scale: the matrix can learn any."),
        Misconception("the matrix twice", {"both": True},
            "The matrix is applied to the queries and to the keys. It stands once between them."),
        Misconception("the matrix is not used", {"used": False},
            "These are plain dot products: `weight` has no part in them."),
    ),
)


# 3.6 kernel_weights


def _kernel(queries, keys, width, exponent="square", two=2, power=2, sign=-1, over=-1, divide=True, peak="row"):
    squares = ((queries[..., :, None, :] - keys[..., None, :, :]) ** 2).sum(-1)  # (…, T, S)
    distance = {"square": squares, "distance": np.sqrt(squares), "dot": -2 * atn.dot_scores(queries, keys)}[exponent]
    scores = sign * distance / (two * width**power)
    if peak == "row" and divide:
        return atn.softmax(scores, over)
    kernel = np.exp(scores - (scores.max() if peak == "all" else 0))
    return kernel / (kernel.sum(over, keepdims=True) if divide else 1)


def _kernel_draw(draw, width):
    return {**draw, "width": width}


ON_A_LINE = {"queries": np.array([[0.0]]), "keys": np.array([[0.0], [1.0], [3.0]])}
NEAR_AND_FAR = {"queries": np.array([[0.0, 0.0], [60.0, 0.5]]), "keys": np.array([[0.2, 1.0], [0.5, -1.5], [0.3, 0.4]])}
KERNEL_WEIGHTS = Exercise(
    number="3.6", name="kernel_weights", see="A kernel view", axes=AXES, returns="one weight for each query and key",
    reference=_kernel, faulty=_kernel, properties=WEIGHTS,
    stages=(
        Stage("plain", (_kernel_draw(SMALL, 1.5), _kernel_draw(PLAIN, 0.8), _kernel_draw(ON_A_LINE, 3.0))),
        Stage("batches", (_kernel_draw(BATCH, 1.3),)),
        Stage(
            "far from every key",
            (_kernel_draw(NEAR_AND_FAR, 1.5), _kernel_draw({**PLAIN, "queries": PLAIN["queries"] + 90}, 1.7)),
            tolerance=1e-9,
        ),
    ),
    misconceptions=(
        Misconception("distances that are not squared", {"exponent": "distance"},
            "Your exponent has the distance; a Gaussian has its square."),
        Misconception("no 2", {"two": 1}, "Your exponent divides by width²; the Gaussian divides by 2 width²."),
        Misconception("the width is not squared", {"power": 1},
            "Your exponent divides by 2 · width; a Gaussian divides by twice the square of its width."),
        Misconception("multiplied by the width", {"power": -2},
            "Your exponent grows with the width; a wider kernel must be flatter. Mind the order: x / 2 * w² multiplies "
            "by w²."),
        Misconception("the sign", {"sign": 1},
            "The farthest key gets the largest weight: the exponent has the wrong sign."),
        Misconception("the axis", {"over": -2},
            "Your weights sum to 1 over the queries. Each *query* shares out a weight of 1 among the keys."),
        Misconception("not divided", {"divide": False},
            "These are the kernel's values. Weights are their shares: each row must sum to 1."),
        Misconception("0 / 0", {"peak": "none"},
            "Far from every key, every value of the kernel rounds to 0 and so does their sum. The largest exponent "
            "can be taken out first, as in softmax."),
        Misconception("one maximum for all queries", {"peak": "all"},
            "You subtract the largest exponent of the whole array. For a query much farther from the keys than another "
            "every exp still rounds to 0, and 0 / 0 is NaN."),
        Misconception("only the dot product", {"exponent": "dot"},
            "You left out ‖k‖². That is allowed where all keys have the same length, and these have not."),
    ),
)


# 3.7 scaled_dot_scores_backward


def _backward(queries, keys, grad_scores, scale="√D", turn=True, own=False, swapped=False):
    D = queries.shape[-1]
    scaled = grad_scores / {"√D": np.sqrt(D), "none": 1, "D": D, "√S": np.sqrt(keys.shape[-2])}[scale]
    if own:
        return scaled.sum(-1, keepdims=True) * queries, turned(scaled).sum(-1, keepdims=True) * keys
    results = scaled @ keys, (turned(scaled) if turn else scaled) @ queries
    return results[::-1] if swapped else results


def _with_gradient(draw, seed):
    shape = (*draw["queries"].shape[:-1], draw["keys"].shape[-2])
    return {**draw, "grad_scores": normal(seed, *shape)}


SCALED_DOT_SCORES_BACKWARD = Exercise(
    number="3.7", name="scaled_dot_scores_backward", see="The dot product", axes=AXES,
    outputs=("grad_queries", "grad_keys"), reference=scaled_dot_scores_backward, faulty=_backward,
    stages=(
        Stage("plain", (_with_gradient(SMALL, 90), _with_gradient(PLAIN, 91))),
        Stage("batches", (_with_gradient(BATCH, 92), _with_gradient(DEEP, 93))),
    ),
    misconceptions=(
        Misconception("no scale", {"scale": "none"},
            "These are the gradients of the plain dot product. The scale of the scores is a factor of their "
            "derivative too."),
        Misconception("the scale twice", {"scale": "D"},
            "You divided by D. The scores were divided by √D once; so is the gradient."),
        Misconception("the scale", {"scale": "√S"},
            "You divided by the root of the number of keys; the scores were divided by √D."),
        Misconception("each with itself", {"own": True},
            "You multiply the queries into their own gradient. The derivative of q · k by q is k: what is held fixed "
            "is what appears."),
        Misconception("grad_scores @ queries", {"turn": False},
            "The gradient of the keys is made of queries, that of the queries of keys. And in grad_scores @ queries "
            "the axis that disappears would have to be the one over the queries, which in `grad_scores` is not the "
            "last.",
            breaks_contract=True),
        Misconception("the two exchanged", {"swapped": True},
            "These are the two gradients, the other way round: the queries' comes first.", breaks_contract=True),
    ),
)


# 3.8 costs


def _costs(
    projected="once", score_vector="both", matrices="two", general="keys", transposed=False
):
    T, S, Dq, Dk, A = 10, 20, 16, 128, 32
    ways = {
        "keys": S * Dq * Dk + T * S * Dq,  # W k first: Dq features are left to meet
        "queries": T * Dq * Dk + T * S * Dk,
        "both": (T + S) * Dq * Dk + T * S * Dq,
        "pairs": T * S * (Dq * Dk + Dq),
        "none": T * S * Dq,
        "keys' width": S * Dq * Dk + T * S * Dk,
        "no pairs": S * Dq * Dk,
    }
    vector = {"both": (A, T * S * A), "none": (0, 0), "parameters": (A, 0), "product": (0, T * S * A)}[score_vector]
    hidden = T * S * (Dq + Dk) * A if projected == "pairs" else (T * Dq + S * Dk) * A
    matrix = {"two": (Dq + Dk) * A, "query's": Dq * A, "key's": Dk * A}[matrices]
    counts = np.array([[Dq * Dk, matrix + vector[0]], [ways[general], hidden + vector[1]]], dtype=float)
    return counts.T if transposed else counts


COSTS = Exercise(
    number="3.8", name="costs", see="Cost", kind="value", reference=_costs, faulty=_costs,
    returns="a row of parameters and a row of multiplications",
    stages=(Stage("by hand", ({},), tolerance=1e-9),),
    misconceptions=(
        Misconception("a projection for each pair", {"projected": "pairs"},
            "You project query and key again for every pair. A query's projection is the same for all keys: it is "
            "computed once."),
        Misconception("no score vector", {"score_vector": "none"},
            "The score vector of the additive score is missing, with its A parameters and its product for each pair."),
        Misconception("the score vector's parameters", {"score_vector": "product"},
            "The score vector of the additive score is learned too: its A numbers are parameters."),
        Misconception("the score vector's products", {"score_vector": "parameters"},
            "The additive score's multiplications with the score vector are missing: A for each pair."),
        Misconception("one matrix", {"matrices": "query's"},
            "The additive score has two matrices; the one for the keys is missing."),
        Misconception("one matrix", {"matrices": "key's"},
            "The additive score has two matrices; the one for the queries is missing."),
        Misconception("the dearer way", {"general": "queries"},
            "You multiply the queries with W, because they are fewer. Count the other way too, and mind how many "
            "features are left for each pair."),
        Misconception("both sides projected", {"general": "both"},
            "You multiply both the queries and the keys with W. In qᵀ W k it stands once: one side is enough."),
        Misconception("the matrix for each pair", {"general": "pairs"},
            "You multiply with W again for every pair. A product of W with one vector serves all its pairs."),
        Misconception("the general score's projection", {"general": "none"},
            "The general score multiplies one side with W before its dot products."),
        Misconception("the width of a pair", {"general": "keys' width"},
            "W k has as many features as a query. So has the dot product that follows, for each pair."),
        Misconception("the general score's dot products", {"general": "no pairs"},
            "You count the products with W alone. After them comes a dot product for each pair."),
        Misconception("rows and columns", {"transposed": True},
            "Parameters are the first row, multiplications the second; the two score functions are the columns."),
    ),
)


# 3.9 low_rank_scores


def _low_rank(queries, keys, query_weight, key_weight, keys_through="own", scale=None, meet="dot"):
    left = queries @ (key_weight if keys_through == "exchanged" else query_weight)
    right = (
        keys
        @ {"own": key_weight, "query's": query_weight, "exchanged": query_weight, "none": np.eye(*key_weight.shape)}[
            keys_through
        ]
    )
    if meet == "add":
        return left.sum(-1)[..., :, None] + right.sum(-1)[..., None, :]
    if meet == "tanh":
        return np.tanh(left) @ turned(np.tanh(right))
    divisor = {None: 1, "rank": np.sqrt(query_weight.shape[-1]), "width": np.sqrt(queries.shape[-1])}[scale]
    return left @ turned(right) / divisor


def _low_rank_draw(seed, T, S, Dq, Dk, R, *batch):
    return {
        "queries": normal(seed, *batch, T, Dq),
        "keys": normal(seed + 1, *batch, S, Dk),
        "query_weight": normal(seed + 2, Dq, R),
        "key_weight": normal(seed + 3, Dk, R),
    }


LOW_RANK_SCORES = Exercise(
    number="3.9", name="low_rank_scores", see="A general bilinear score", **SCORES, reference=_low_rank,
    faulty=_low_rank,
    stages=(
        Stage("plain", (_low_rank_draw(100, 2, 3, 3, 3, 2), _low_rank_draw(104, 3, 5, 6, 6, 2))),
        Stage("queries and keys of different widths", (_low_rank_draw(108, 3, 5, 6, 4, 2),)),
        Stage("batches", (_low_rank_draw(112, 3, 5, 6, 4, 2, 7),)),
    ),
    misconceptions=(
        Misconception("one matrix for both", {"keys_through": "query's"},
            "You project the keys with the queries' matrix; W = U Uᵀ would be symmetric."),
        Misconception("the matrices exchanged", {"keys_through": "exchanged"},
            "You carry the queries through `key_weight` and the keys through `query_weight`."),
        Misconception("the keys are not projected", {"keys_through": "none"},
            "The keys keep their own first features; `key_weight` has no part in the result."),
        Misconception("a scale", {"scale": "rank"},
            "You divide by the root of the rank. W = U Vᵀ has no scale of its own; the matrices can learn any."),
        Misconception("a scale of the width", {"scale": "width"},
            "You divide by the root of the width. W = U Vᵀ has no scale of its own; the matrices can learn any."),
        Misconception("a sum", {"meet": "add"},
            "You add a number of the query and a number of the key; a bilinear score multiplies them."),
        Misconception("a tanh", {"meet": "tanh"},
            "You bend the projections by tanh. A bilinear score is linear in the query and linear in the key."),
    ),
)

EXERCISES = (
    THREE_SCORES,
    SCALED_DOT_SCORES,
    ADDITIVE_SCORES,
    GENERAL_SCORES,
    KERNEL_WEIGHTS,
    SCALED_DOT_SCORES_BACKWARD,
    COSTS,
    LOW_RANK_SCORES,
)
