"""03 Score functions."""

import tracemalloc

import numpy as np

import attention.numpy as atn
from attention.checks import arguments as arg
from attention.checks.compare import unequal
from attention.checks.exercise import Exercise, Misconception, Stage
from attention.checks.trial import Fault
from attention.checks.weights import WEIGHTS
from attention.checks.words import number, pair

PAIRS = {"returns": "one score for each query and key", "axes": {"result": "…TS"}}
NARROW = ("float32", "float16")
SMALL = {  # two queries and three keys, of two features
    "queries": np.array([[0.5, -1.2], [2.0, 0.8]]),
    "keys": np.array([[1.0, 0.3], [-0.7, 1.5], [0.4, -2.0]]),
}

turned = np.matrix_transpose  # the last two axes exchanged


def ones(rng, shape):
    return np.ones(shape)


def positive(rng, shape):
    """Deviations and widths: of several sizes, none near 0."""
    return np.round(rng.uniform(0.4, 2.5, shape), 2)


def wide(rng, shape):
    return 100 * positive(rng, shape)


def thin(rng, shape):
    return np.round(0.02 * positive(rng, shape), 4)


# 3.1 three_scores

SCALE = "How large does a dot product get?"


def _three_scores(scale="√D", lengths="both", product=None, cosine_of="dot"):
    query, key = np.array([1, 2, 2, 0]), np.array([4, 2, 0, 4])
    dot = query.sum() * key.sum() if product == "sums" else query @ key
    roots = {"√2": np.sqrt(2), "√3": np.sqrt(3), "√8": np.sqrt(8)}
    scaled = dot / {"√D": 2, "D": 4, "none": 1, "times": 1 / 2, **roots}[scale]
    length = {"both": 3 * 6, "query": 3, "key": 6, "squares": 9 * 36, "sums": 5 * 10, "added": 3 + 6}[lengths]
    return np.array([dot, scaled, (dot if cosine_of == "dot" else scaled) / length])


THREE_SCORES = Exercise(
    number="3.1", name="three_scores", see="The cosine", kind="value", reference=_three_scores, faulty=_three_scores,
    returns="the dot product, the scaled dot product and the cosine",
    stages=(Stage("by hand", ({},), tolerance=5e-4),),
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
)  # fmt: skip


# 3.2 standardised_scores


def right_standardised(queries, keys, query_spread, key_spread):
    return queries @ turned(keys) / np.sqrt(((query_spread * key_spread) ** 2).sum())


def _standardised(queries, keys, query_spread, key_spread, scale="deviation", soft=None, product=None):
    T, S, D = queries.shape[-2], keys.shape[-2], queries.shape[-1]
    variance = (query_spread**2 * key_spread**2).sum()
    of_queries, of_keys = (query_spread**2).sum(), (key_spread**2).sum()
    divisor = {
        "deviation": np.sqrt(variance), "variance": variance, "none": 1, "times": 1 / np.sqrt(variance),
        "√D": np.sqrt(D), "√S": np.sqrt(S * variance / D), "√T": np.sqrt(T * variance / D), "each": np.sqrt(D),
        "not squared": np.sqrt((query_spread * key_spread).sum()), "deviations": (query_spread * key_spread).sum(),
        "queries": np.sqrt(of_queries), "keys": np.sqrt(of_keys), "sums": np.sqrt(of_queries * of_keys),
        "added": np.sqrt((query_spread**2 + key_spread**2).sum()), "means": np.sqrt(of_queries * of_keys / D),
        "both": np.sqrt(D * variance),
    }[scale]  # fmt: skip
    if scale == "each":
        queries, keys = queries / query_spread, keys / key_spread
    if product == "pairs":
        scores = (queries * keys).sum(-1)
    elif product == "unturned":
        scores = queries @ keys
    elif product == "all turned":
        scores = queries @ keys.T
    else:
        scores = (atn.cosine_scores if product == "cosine" else atn.dot_scores)(queries, keys)
        scores = turned(scores) if product == "turned" else scores
    if soft == "before":
        return atn.softmax(scores) / divisor
    return atn.softmax(scores / divisor) if soft == "after" else scores / divisor


def the_divisor(trial, expected, got):
    """Everything right but the number that the dot products were divided by."""
    queries, keys, *spreads = trial.inputs.values()
    dot = queries.astype(np.float64) @ turned(keys.astype(np.float64))
    if got.shape != dot.shape or not np.isfinite(got).all() or not got.any():
        return None
    divisor = (dot * got).sum() / (got * got).sum()
    right = float(np.sqrt((np.prod(spreads, axis=0, dtype=np.float64) ** 2).sum()))
    near = abs(divisor - right) < max(1e-5, 10 * trial.slack) * abs(divisor)  # not a mistake of the scale
    if divisor < 0 or near or unequal(got * divisor, dot, trial.slack).any():
        return None
    right, yours = pair(right, divisor)
    return Fault(
        "the scale",
        f"You divided the dot products by {yours}; their standard deviation is {right} with these spreads.",
    )


def _root_of(letter, what):
    def hint(queries, keys, query_spread, key_spread):
        size = {"S": keys, "T": queries}[letter].shape[-2]
        return (
            f"The root of {size} is in your divisor, and {size} is the number of {what} here. How large one score gets "
            "does not depend on how many there are: what is summed over is features."
        )

    return hint


WITH_ONES = {"query_spread": np.ones(2), "key_spread": np.ones(2)}
SPREADS = {"query_spread": np.array([0.5, 2.0]), "key_spread": np.array([3.0, 1.0])}
STANDARDISED_SCORES = Exercise(
    number="3.2", name="standardised_scores", see=SCALE, **PAIRS, reference=right_standardised, faulty=_standardised,
    arguments={
        "queries": arg.Floats("…TD"), "keys": arg.Floats("…SD"),
        "query_spread": arg.Floats("D", positive), "key_spread": arg.Floats("D", positive),
    },
    keeps_type=True, properties=(the_divisor,), dtypes=NARROW,
    stages=(
        Stage("plain", ({**SMALL, **WITH_ONES}, {**SMALL, **SPREADS})),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, styles={"queries": [arg.normal, arg.tied]}),
        Stage("large and small", leading=(0, 2), types=("float32",), styles={
            "queries": arg.spread(1000.0), "keys": [arg.small, arg.normal], "query_spread": [wide, thin]}),
    ),
    misconceptions=(
        Misconception("the scale", {"scale": "√S"}, _root_of("S", "keys")),
        Misconception("the scale", {"scale": "√T"}, _root_of("T", "queries")),
        Misconception("the scale", {"scale": "variance"},
            "You divided by the *variance* of the dot product. Its size is the standard deviation, the root of that."),
        Misconception("no scale", {"scale": "none"},
            "These are the dot products themselves: they are still to be divided."),
        Misconception("multiplied", {"scale": "times"}, "You multiplied where the formula divides."),
        Misconception("the spreads are not used", {"scale": "√D"},
            "You divided by √D, which is right where all features have the variance 1. These have variances of their "
            "own."),
        Misconception("the spreads are not squared", {"scale": "not squared"},
            "Under your root stand products of standard deviations. It is *variances* that multiply and add."),
        Misconception("deviations added", {"scale": "deviations"},
            "You added standard deviations. Of independent numbers the *variances* add; the root comes after."),
        Misconception("only the queries' spread", {"scale": "queries"},
            "The spread of the keys has no part in your divisor."),
        Misconception("only the keys' spread", {"scale": "keys"},
            "The spread of the queries has no part in your divisor."),
        Misconception("a product of sums", {"scale": "sums"},
            "You multiplied the sum over the queries' variances by that over the keys'. Feature 1 of a query never "
            "meets feature 2 of a key: multiply feature by feature, then add."),
        Misconception("the spreads added", {"scale": "added"},
            "You added the variances of a query's feature and of a key's. The two are multiplied, and so are their "
            "variances."),
        Misconception("the mean spread", {"scale": "means"},
            "You took the mean variance of a query's features and that of a key's. Large features may meet large ones: "
            "the variances have to be multiplied feature by feature."),
        Misconception("√D as well", {"scale": "both"},
            "√D is in your divisor beside the deviation. With spreads of 1 the sum over the features is D already."),
        Misconception("each feature by itself", {"scale": "each"},
            "You divided each feature by its own spread. That has the variance 1 too, but it is another score: large "
            "features no longer count for more. One number is to divide the dot product."),
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
        Misconception("all axes turned", {"product": "all turned"},
            "`keys.T` turns all axes round, those of the batch too. Only the last two are to change places.",
            breaks_contract=True),
        Misconception("one key for each query", {"product": "pairs"},
            "queries * keys meets query i with key i alone. Each query is to meet each key.", breaks_contract=True),
    ),
)  # fmt: skip


# 3.3 concat_scores


def right_concat(queries, keys, weight, bias, score_weight):
    pairs = (*np.broadcast_shapes(queries.shape[:-2], keys.shape[:-2]), queries.shape[-2], keys.shape[-2])
    left = np.broadcast_to(queries[..., :, None, :], (*pairs, queries.shape[-1]))
    right = np.broadcast_to(keys[..., None, :, :], (*pairs, keys.shape[-1]))
    return np.tanh(np.concatenate([left, right], axis=-1) @ weight + bias) @ score_weight


def _concat(
    queries, keys, weight, bias, score_weight,
    bend="tanh", meet="add", last=None, halves="query first", biased="once",
):  # fmt: skip
    D, K = queries.shape[-1], keys.shape[-1]
    query_weight, key_weight = {
        "query first": (weight[:D], weight[D:]), "key first": (weight[K:], weight[:K]),
        "upper": (weight[:D], weight[:D]), "half": np.split(weight, [len(weight) // 2]),
    }[halves]  # fmt: skip
    bend = {
        "tanh": np.tanh, "relu": lambda x: np.maximum(x, 0), "none": lambda x: x,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    }[bend]  # fmt: skip
    if meet == "bare":
        return bend(queries[..., :, None, :] + keys[..., None, :, :]) @ score_weight
    if meet == "bare pairs":
        return bend(queries + keys) @ score_weight
    left, right = queries @ query_weight, keys @ key_weight  # (…, T, A), (…, S, A)
    if meet == "dot":
        return left * score_weight @ turned(right)
    if meet == "twice":
        left, right = (bend(side) @ score_weight[:, None] for side in (left + bias, right))
        return left + turned(right)
    if meet == "pairs":
        return bend(left + right + bias) @ score_weight
    left, right = left[..., :, None, :], right[..., None, :, :]  # (…, T, 1, A), (…, 1, S, A)
    both = {"add": left + right, "product": left * right, "minus": left - right}[meet]
    both = both + {"once": 1, "none": 0, "twice": 2, "after": 0}[biased] * bias
    if last == "before":
        return bend(both @ score_weight)
    hidden = bend(both) + (bias if biased == "after" else 0)
    return hidden.sum(-1) if last == "sum" else hidden @ score_weight


def _stacked(rng, plan, drawn):
    """A matrix for query and key one behind the other, (D + K, A)."""
    return arg.normal(rng, (plan.sizes["D"] + plan.sizes["K"], plan.sizes["A"]), 0.6)


CONCAT_SCORES = Exercise(
    number="3.3", name="concat_scores", see="An additive score", frameworks=("numpy", "tensorflow", "pytorch"),
    **PAIRS, reference=right_concat, faulty=_concat, dtypes=NARROW, nouns={"K": "features of a key"},
    arguments={
        "queries": arg.Floats("…TD"), "keys": arg.Floats("…SK"), "weight": arg.Made(_stacked),
        "bias": arg.Floats("A"), "score_weight": arg.Floats("A"),
    },
    stages=(
        Stage("plain", sizes={"D": 4, "K": 4, "A": 5, "T": 2, "S": 3}),
        Stage("queries and keys of different widths", sizes={"D": 4, "K": 2}),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("large features", leading=(0, 1), styles={"queries": arg.spread(100.0), "keys": arg.small}),
    ),
    misconceptions=(
        Misconception("relu for tanh", {"bend": "relu"},
            "You cut the hidden units at 0 (relu). The additive score bends them by tanh, to both sides."),
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
            "units, by its own part of the matrix.", breaks_contract=True),
        Misconception("no matrices, and one key for each query", {"meet": "bare pairs"},
            "queries + keys meets query i with key i alone, and as they are. First its own part of the matrix carries "
            "each into the hidden units; then every query is to meet every key.", breaks_contract=True),
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
        Misconception("one part for both", {"halves": "upper"},
            "You project the keys with the queries' rows of the matrix; they have rows of their own."),
        Misconception("the key first", {"halves": "key first"},
            "You take the first rows of the matrix for the keys. In [q; k] the query's features come first, and so do "
            "their rows."),
        Misconception("cut in the middle", {"halves": "half"},
            "You cut the matrix in the middle. The query has as many rows of it as it has features, and the key the "
            "rest.", breaks_contract=True),
        Misconception("no bias", {"biased": "none"}, "`bias` has no part in your result."),
        Misconception("the bias twice", {"biased": "twice"},
            "The bias is added to the queries' part and to the keys' part: together that is twice."),
        Misconception("the bias after tanh", {"biased": "after"},
            "You add the bias after tanh; it belongs inside, to what is bent."),
        Misconception("one key for each query", {"meet": "pairs"},
            "left + right meets query i with key i alone (or fails, where their numbers differ). Every query is to "
            "meet every key: each needs an axis of its own.", breaks_contract=True),
    ),
)  # fmt: skip


# 3.4 robust_cosine_scores


def _direction(x):
    """x / ‖x‖, by way of the largest entry; zeros stay zeros."""
    peak = np.abs(x).max(axis=-1, keepdims=True)
    scaled = x / np.where(peak > 0, peak, 1)
    return scaled / np.maximum(np.sqrt((scaled**2).sum(axis=-1, keepdims=True)), 1)


def right_cosine(queries, keys):
    return np.einsum("...td,...sd->...ts", _direction(queries), _direction(keys))


def _to_one(x):
    """Each vector times a power of two, so that its largest entry lies between 1/2 and 1: no digit changes."""
    return np.ldexp(x, -np.frexp(np.abs(x).max(-1, keepdims=True))[1])


def _cosine(queries, keys, lengths="each", added=0.0, least=0.0, guard=True, first="unit", product="turned", axis=-1):
    if lengths == "each" and not (added or least) and first == "unit" and axis == -1:
        queries, keys = _to_one(queries), _to_one(keys)
    if lengths == "one peak":
        queries, keys = (x / (np.abs(x).max() or 1) for x in (queries, keys))
    if first == "reciprocal":
        queries, keys = (
            x * (1 / np.where(peak > 0, peak, 1))
            for x in (queries, keys)
            for peak in [np.abs(x).max(-1, keepdims=True)]
        )

    def length(x, own):
        if lengths in ("queries", "keys") and lengths != own:
            return np.ones_like(x[..., :1])
        if lengths in ("each", "hypot", "queries", "keys"):
            found = np.hypot.reduce(x, axis=axis, keepdims=True)  # no square of it is ever made
        else:
            squares = (x**2).sum({"all": None}.get(lengths, axis), keepdims=True)
            found = squares if lengths == "squares" else np.sqrt(squares)
        found = np.maximum(found, least)
        return np.where(found == 0, 1, found) if guard else found

    of_queries, of_keys = length(queries, "queries"), length(keys, "keys")
    if added:
        return queries @ turned(keys) / (of_queries * turned(of_keys) + added)
    if first == "dot":
        return queries @ turned(keys) / (of_queries * turned(of_keys))
    left, right = queries / of_queries, keys / of_keys
    if product == "unturned":
        return left @ right
    if product == "all turned":
        return left @ right.T
    scores = left @ turned(right)
    return {
        "turned": scores, "exchanged": turned(scores), "distance": 1 - scores,
        "scaled": scores / np.sqrt(queries.shape[-1]),
    }[product]  # fmt: skip


def far_and_near(exponent):
    """Rows of very different lengths: some have squares that are too large for the type, some too small.

    Some begin with 0.
    """

    def style(rng, shape):
        powers = rng.choice([-exponent, 0.0, exponent], (*shape[:-1], 1))
        values = arg.normal(rng, shape) * 10.0**powers
        values[..., 0] = np.where(rng.random(shape[:-1]) < 0.3, 0.0, values[..., 0])
        return values

    return style


def limits(dtype):
    """Rows as long and as short as a type allows, beside usual ones: the length of a long one is beyond the type."""
    about = np.finfo(dtype)

    def style(rng, shape):
        long = np.round(rng.uniform(0.8, 0.95, shape), 2) * rng.choice([-1, 1], shape) * float(about.max)
        short = rng.integers(1, 99, shape) * rng.choice([-1, 1], shape) * float(about.smallest_subnormal)
        kind = rng.permutation(np.arange(np.prod(shape[:-1])) % 3).reshape((*shape[:-1], 1))
        return np.choose(kind, [long, short, arg.normal(rng, shape)])

    return style


def _largest(x):
    return np.abs(x.astype(np.float64)).max(-1)


def of_what_size(trial, expected, got):
    """Wrong only for vectors of zeros, or only for those whose squares the type cannot hold?"""
    queries, keys = _largest(trial.inputs["queries"])[..., :, None], _largest(trial.inputs["keys"])[..., None, :]
    zero = (queries == 0) | (keys == 0)
    about = np.finfo(trial.inputs["queries"].dtype)
    low, high = float(about.tiny) ** 0.5, float(about.max) ** 0.5
    beyond = ~zero & ((queries > high) | (queries < low) | (keys > high) | (keys < low))
    bad = trial.bad
    if got.size == bad.sum() or not np.isfinite(got[~bad]).all():
        return None
    if not (bad & ~zero).any():
        return Fault(
            "a vector of zeros", f"The scores of a vector of zeros should be 0. One of yours is {number(got[bad][0])}."
        )
    if not (bad & ((queries >= 1e-4) & (keys >= 1e-4) | zero)).any() and (bad & ~beyond).any():
        return Fault(
            "short vectors",
            "The scores are right but for those of short vectors. However short a vector is, it has a direction. Is "
            "there a small number that is added to a length, or that no length may fall below?",
        )
    return None


ONE_PAIR = {"queries": np.array([[3.0, 4.0]]), "keys": np.array([[4.0, 3.0]])}
NEARLY_UPRIGHT = {"queries": np.array([[3.0, 4.0]]), "keys": np.array([[4.0, -3.000001], [-4.0, 3.1]])}
A_ZERO = {"queries": np.array([[3.0, 4.0], [0.0, 0.0]]), "keys": np.array([[4.0, 3.0], [0.0, 2.0]])}
LONG_SHORT = {"queries": np.array([[3e200, 4e200]]), "keys": np.array([[4e-200, 3e-200], [4.0, 3.0]])}
ROBUST_COSINE_SCORES = Exercise(
    number="3.4", name="robust_cosine_scores", see="The cosine", **PAIRS, reference=right_cosine, faulty=_cosine,
    arguments={"queries": arg.Floats("…TD"), "keys": arg.Floats("…SD")}, dtypes=NARROW,
    properties=(of_what_size,),
    stages=(
        Stage("plain", (ONE_PAIR, SMALL, NEARLY_UPRIGHT)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, styles={"queries": [arg.normal, arg.small]}),
        Stage("vectors of zeros", (A_ZERO,), leading=(0, 1, 2), ones=True,
            styles={"queries": arg.zeros, "keys": arg.zeros}),
        Stage("long and short vectors", (LONG_SHORT,), leading=(0, 2), types=(),
            styles={"queries": [far_and_near(9), far_and_near(200)], "keys": [arg.normal, far_and_near(200)]}),
        Stage("long and short in float32", leading=(0, 2), types=("float32",),
            styles={"queries": far_and_near(30), "keys": far_and_near(30)}),
        Stage("long and short in float16", leading=(0, 2), types=("float16",),
            styles={"queries": far_and_near(2.5), "keys": far_and_near(2.5)}),
        Stage("at the limits of the type", leading=(0, 1), types=(),
            styles={"queries": limits("float64"), "keys": limits("float64")}),
        Stage("at the limits of float16", leading=(0, 1), types=("float16",),
            styles={"queries": limits("float16"), "keys": limits("float16")}),
    ),
    misconceptions=(
        Misconception("one length for all", {"lengths": "all"},
            "You divide by one number, the length of all queries (or keys) taken as one long vector. Each has a length "
            "of its own."),
        Misconception("only the queries' lengths", {"lengths": "queries"},
            "You divide by the lengths of the queries alone; those of the keys are still in the scores."),
        Misconception("only the keys' lengths", {"lengths": "keys"},
            "You divide by the lengths of the keys alone; those of the queries are still in the scores."),
        Misconception("a length of squares", {"lengths": "squares"},
            "You divide by sums of squares. The length is the root of that."),
        Misconception("the axis", {"axis": -2},
            "Your lengths are those of the columns: one for each feature, over all vectors of a set."),
        Misconception("a small number added", {"added": 1e-8},
            "You add 1e-8 to the product of the lengths. It changes every cosine, and rules those of short vectors; "
            "only the length 0 needs another divisor."),
        Misconception("a least length", {"least": 1e-8},
            "You let no length be smaller than 1e-8. Shorter vectors have a direction too; only that of length 0 has "
            "none."),
        Misconception("0 / 0", {"guard": False},
            "A vector of zeros has the length 0, and 0 / 0 is NaN. Its scores should be 0."),
        Misconception("the squares do not fit", {"lengths": "plain"},
            "The square of a long vector's entry is infinite in its type, that of a short one's is 0. A vector that is "
            "first divided by its largest entry has neither trouble, and the same direction."),
        Misconception("one scale for all", {"lengths": "one peak"},
            "You divide all queries (or keys) by the largest entry of them all. Each vector has a largest entry of its "
            "own: beside a very long vector, the squares of the others still round to 0."),
        Misconception("the length does not fit", {"lengths": "hypot"},
            "No square is too large in yours, but the length itself can be beyond the type where no entry is. A vector "
            "that is first divided by its largest entry has a length of at most √D."),
        Misconception("1 / x", {"first": "reciprocal"},
            "You multiply by 1 / x, x being the largest entry of a vector. Of the smallest numbers that a type has, "
            "1 / x is infinite: divide by x itself."),
        Misconception("the dot product first", {"first": "dot"},
            "You multiply first and divide by the lengths afterwards. In between, the dot product or the product of "
            "the lengths is beyond the type. Unit vectors are not."),
        Misconception("a scale", {"product": "scaled"},
            "You divide by √D too. A cosine lies between −1 and 1 whatever D is; it needs no scale."),
        Misconception("a distance", {"product": "distance"},
            "You return 1 − cosine, a distance. The score is to be large where the directions agree."),
        Misconception("queries and keys exchanged", {"product": "exchanged"},
            "Rows and columns are exchanged: a row of scores belongs to a query, a column to a key.",
            breaks_contract=True),
        Misconception("the keys as they lie", {"product": "unturned"},
            "The axis that disappears must be D in both; as the keys lie, it is S in one of them.",
            breaks_contract=True),
        Misconception("all axes turned", {"product": "all turned"},
            "`.T` turns all axes round, those of the batch too. Only the last two are to change places.",
            breaks_contract=True),
    ),
)  # fmt: skip


# 3.6 kernel_weights


def right_kernel_weights(queries, keys, widths):
    apart = (queries[..., :, None, :] - keys[..., None, :, :]) / widths
    exponents = -(apart**2).sum(-1) / 2
    kernel = np.exp(exponents - exponents.max(-1, keepdims=True))
    return kernel / kernel.sum(-1, keepdims=True)


def _kernel(
    queries, keys, widths, exponent="square", two=2, power=2, mean=False, sign=-1, over=-1, divide=True, peak="row"
):
    w = {False: widths, True: widths.mean(), "after": np.sqrt((widths**2).sum())}[mean] ** power
    apart = queries[..., :, None, :] - keys[..., None, :, :]
    distance = {
        "square": lambda: (apart**2 / w).sum(-1), "distance": lambda: np.sqrt((apart**2 / w).sum(-1)),
        "dot": lambda: -2 * (queries / w) @ turned(keys), "absolute": lambda: (np.abs(apart) / np.sqrt(w)).sum(-1),
    }[exponent]()  # fmt: skip
    scores = sign * distance / two
    if peak == "row" and divide:
        return atn.softmax(scores, over)
    kernel = np.exp(scores - (scores.max() if peak == "all" else 0))
    return kernel / (kernel.sum(over, keepdims=True) if divide else 1)


def differences(trial, expected, got):
    """Where the weights are no known ones: what their logarithms say of the exponents."""
    if not np.isfinite(got).all() or (got <= 0).any() or (expected <= 0).any() or got.shape[-1] < 2:
        return None
    right, yours = (np.log(w[..., 0]) - np.log(w[..., 1]) for w in (expected, got))
    off = np.abs(right - yours) - 0.01 * np.abs(right)
    if off.max(initial=0) < 0.01:
        return None
    place = np.unravel_index(np.argmax(off > 0.01), off.shape)
    right, yours = pair(right[place], yours[place])
    row = [int(i) for i in place]
    return Fault(
        "the exponents",
        f"The logarithm of a weight tells its exponent. In row {row} that of the first minus that of the second should "
        f"be {right}, and yours is {yours}.",
    )


def out_of_place(trial, expected, got):
    """Right where all queries and keys are moved together to lie around 0?"""
    queries, keys = trial.inputs["queries"], trial.inputs["keys"]
    middle = keys.mean(tuple(range(keys.ndim - 1)))
    if not np.abs(middle).min() > 1000 * max(np.abs(queries - middle).max(), np.abs(keys - middle).max()):
        return None
    right, yours = trial.again({"queries": queries - middle, "keys": keys - middle})
    if yours is None or yours.shape != right.shape or unequal(yours, right, trial.slack).any():
        return None
    return Fault(
        "far from zero",
        "Your weights are right when all queries and keys are moved together to lie around 0, and wrong where they lie "
        "now, though no distance is another. A square that is multiplied out does this: q² − 2 q k + k² is a small "
        "difference of large numbers, and rounding takes its digits. Subtract first, then square.",
    )


ON_A_LINE = {"queries": np.array([[0.0]]), "keys": np.array([[0.0], [1.0], [3.0]]), "widths": np.array([3.0])}
AS_FAR = {  # every key has one that is as far
    "queries": np.array([[0.0, 0.0], [1.0, 1.0]]), "keys": np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [1.0, 2.0]]),
    "widths": np.array([1.0, 1.0]),
}  # fmt: skip
NEAR_AND_FAR = {
    "queries": np.array([[0.0, 0.0], [60.0, 0.5]]), "keys": np.array([[0.2, 1.0], [0.5, -1.5], [0.3, 0.4]]),
    "widths": np.array([1.5, 2.0]),
}  # fmt: skip
OUT_OF_SIGHT = {  # exp(−108) rounds to 0 in float32
    "queries": np.array([[15.0, 0.0], [0.0, 0.5]]), "keys": np.array([[0.2, 1.0], [-0.1, -0.5], [0.3, 0.4]]),
    "widths": np.array([1.0, 1.0]),
}  # fmt: skip
KERNEL = {
    "queries": arg.Floats("…TD"), "keys": arg.Floats("…SD"), "widths": arg.Floats("D", positive),
}  # fmt: skip


def away(rng, shape):
    """Each vector in a place of its own, far from all others."""
    return np.round(rng.choice([-90.0, 0.0, 90.0, 400.0], (*shape[:-1], 1)) + rng.standard_normal(shape), 1)


def elsewhere(rng, shape):
    """All vectors near each other, and a million away from zero."""
    return 1e6 + arg.normal(rng, shape)


KERNEL_WEIGHTS = Exercise(
    number="3.6", name="kernel_weights", see="A kernel view", axes={"result": "…TS"},
    returns="one weight for each query and key", reference=right_kernel_weights, faulty=_kernel, arguments=KERNEL,
    properties=(out_of_place, *WEIGHTS, differences), dtypes=NARROW,
    stages=(
        Stage("plain", (ON_A_LINE, {**SMALL, "widths": np.array([1.5, 1.5])}, AS_FAR), styles={"widths": ones}),
        Stage("widths", ({**SMALL, "widths": np.array([0.5, 2.0])},)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, styles={"queries": [arg.normal, arg.tied]}),
        Stage("far from every key", (NEAR_AND_FAR,), leading=(0, 2), styles={"queries": away}, types=(),
            tolerance=1e-9),  # the exponents are large, and so is what rounding leaves of their differences
        Stage("narrow", leading=(0, 1), styles={"widths": thin}, types=(), tolerance=1e-9),
        Stage("far from zero", leading=(0, 1), styles={"queries": elsewhere, "keys": elsewhere}, types=(),
            sizes={"T": 4, "S": 5, "D": 3}),
        Stage("far in float32", (OUT_OF_SIGHT,), leading=(), types=("float32",)),
    ),
    misconceptions=(
        Misconception("distances that are not squared", {"exponent": "distance"},
            "Your exponent has the distance; a Gaussian has its square."),
        Misconception("absolute differences", {"exponent": "absolute"},
            "You add up absolute differences. A Gaussian adds up their squares."),
        Misconception("no 2", {"two": 1}, "Your exponent divides by w²; the Gaussian divides by 2 w²."),
        Misconception("the widths are not squared", {"power": 1},
            "Your exponent divides by 2 w; a Gaussian divides by twice the square of its width."),
        Misconception("the widths are not used", {"power": 0}, "`widths` has no part in your weights."),
        Misconception("multiplied by the widths", {"power": -2},
            "Your exponent grows with the width; a wider kernel must be flatter. Mind the order: x / 2 * w² multiplies "
            "by w²."),
        Misconception("one width for all", {"mean": True},
            "You use the mean of the widths. Each feature is divided by its own."),
        Misconception("the widths summed by themselves", {"mean": "after"},
            "You sum the squares first and divide by the sum of the squared widths. Each feature is divided by its own "
            "width before the sum."),
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
            "You left out the keys' own squares. That is allowed where all keys have the same length, measured in the "
            "widths, and these have not."),
    ),
)  # fmt: skip


# 3.7 kernel_scores_backward


def right_kernel_backward(queries, keys, widths, grad_scores):
    pulls = grad_scores[..., None] * (keys[..., None, :, :] - queries[..., :, None, :]) / widths**2  # (…, T, S, D)
    return pulls.sum(-2), -pulls.sum(-3)


def _kernel_backward(
    queries, keys, widths, grad_scores, power=2, factor=(1, 1), own="minus", turn="two", swapped=False
):
    G = grad_scores
    G_keys = {"two": turned, "none": lambda G: G, "all": np.transpose}[turn](G)
    sign = {"minus": -1, "plus": 1, "none": 0, "mean": -1, "one": -1}[own]
    rows, columns = G.sum(-1)[..., None], G.sum(-2)[..., None]
    if own == "mean":
        rows, columns = rows / G.shape[-1], columns / G.shape[-2]
    if own == "one":
        rows = columns = 1
    to_queries = G @ keys + sign * rows * queries
    to_keys = G_keys @ queries + sign * columns * keys
    results = to_queries * factor[0] / widths**power, to_keys * factor[1] / widths**power
    return results[::-1] if swapped else results


KERNEL_SCORES_BACKWARD = Exercise(
    number="3.7", name="kernel_scores_backward", see="The dot product", reference=right_kernel_backward,
    outputs=("grad_queries", "grad_keys"), axes={"grad_queries": "…TD", "grad_keys": "…SD"}, faulty=_kernel_backward,
    arguments={**KERNEL, "grad_scores": arg.Floats("…TS", arg.upstream)}, dtypes=NARROW,
    stages=(
        Stage("plain", (
            {"queries": np.array([[1.0]]), "keys": np.array([[3.0], [0.0]]), "widths": np.array([1.0]),
             "grad_scores": np.array([[1.0, -0.5]])},
            {**SMALL, "widths": np.array([1.0, 1.0]), "grad_scores": np.array([[1.0, -0.5, 0.2], [0.3, 0.8, -1.2]])},
        ), styles={"widths": ones}),
        Stage("widths", (
            {**SMALL, "widths": np.array([0.5, 2.0]), "grad_scores": np.array([[1.0, -0.5, 0.2], [0.3, 0.8, -1.2]])},)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("large and small", leading=(0, 2), styles={"grad_scores": arg.small, "queries": arg.spread(100.0)}),
    ),
    misconceptions=(
        Misconception("the widths are not used", {"power": 0}, "`widths` has no part in your gradients."),
        Misconception("the widths are not squared", {"power": 1},
            "You divide by the widths; in the scores stands their square, and so it does in the derivative."),
        Misconception("multiplied by the widths", {"power": -2},
            "You multiply by the squared widths where the score divides."),
        Misconception("a 2 too many below", {"factor": (0.5, 0.5)},
            "You divide by 2 w². The derivative of the square brings a factor 2, which cancels that one."),
        Misconception("a 2 too many", {"factor": (2, 2)},
            "The derivative of the square has a factor 2, and the score a 2 in its divisor: they cancel."),
        Misconception("the sign", {"factor": (-1, -1)},
            "Your gradients point the other way. A score is raised by moving the query *towards* the key."),
        Misconception("the sign of the queries", {"factor": (-1, 1)},
            "The keys' gradient is right, that of the queries has the wrong sign: a query is drawn towards the key as "
            "the key is towards the query."),
        Misconception("the sign of the keys", {"factor": (1, -1)},
            "The queries' gradient is right, that of the keys has the wrong sign: a key is drawn towards the query as "
            "the query is towards the key."),
        Misconception("as for a dot product", {"own": "none"},
            "This is the gradient of q · k / w². In the distance each point also meets its own position: its part is "
            "missing."),
        Misconception("added for subtracted", {"own": "plus"},
            "You add a point's own position where it is to be subtracted."),
        Misconception("the mean of a row", {"own": "mean"},
            "A point's own position counts once for each of its partners: with the *sum* of its row (or column) of G, "
            "not with the mean."),
        Misconception("the own position without G", {"own": "one"},
            "A point's own position is subtracted once for each partner, each time multiplied by its G. In yours G is "
            "missing there."),
        Misconception("grad_scores @ queries", {"turn": "none"},
            "The gradient of the keys is made of queries, that of the queries of keys. And in grad_scores @ queries "
            "the axis that disappears would have to be the one over the queries, which in `grad_scores` is not the "
            "last.",
            breaks_contract=True),
        Misconception("all axes turned", {"turn": "all"},
            "`grad_scores.T` turns all axes round, those of the batch too. Only the last two are to change places.",
            breaks_contract=True),
        Misconception("the two exchanged", {"swapped": True},
            "These are the two gradients, the other way round: the queries' comes first.", breaks_contract=True),
    ),
)  # fmt: skip


# 3.8 costs


def _costs(
    projected=None, score_vector="both", matrices="two", general="keys", transposed=False, table=None, extra=None
):
    T, S, Dq, Dk, A = 10, 20, 16, 128, 32
    if table:
        D = table
        general, additive = T * D**2 + T * S * D, (T + S) * D * A + T * S * A
        return np.array([[D**2, 2 * D * A + A], [general, additive]], dtype=float)
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
    counts += {None: 0, "bias": [[0, A], [0, 0]], "tanh": [[0, 0], [0, T * S * A]]}[extra]
    return counts.T if transposed else counts


COSTS = Exercise(
    number="3.8", name="costs", see="Cost", kind="value", reference=_costs, faulty=_costs,
    returns="a row of parameters and a row of multiplications",
    stages=(Stage("by hand", ({},), tolerance=0.25),),
    misconceptions=(
        Misconception("the table's one width", {"table": 16},
            "These are the chapter's formulas with D = 16. They are for queries and keys of one width; these keys have "
            "128 features."),
        Misconception("the table's one width", {"table": 128},
            "These are the chapter's formulas with D = 128. They are for queries and keys of one width; these queries "
            "have 16 features."),
        Misconception("a projection for each pair", {"projected": "pairs"},
            "You project query and key again for every pair. A query's projection is the same for all keys: it is "
            "computed once."),
        Misconception("no score vector", {"score_vector": "none"},
            "The score vector of the additive score is missing, with its A parameters and its product for each pair."),
        Misconception("the score vector's parameters", {"score_vector": "product"},
            "The score vector of the additive score is learned too: its A numbers are parameters."),
        Misconception("the score vector's products", {"score_vector": "parameters"},
            "The additive score's multiplications with the score vector are missing: A for each pair."),
        Misconception("a bias", {"extra": "bias"},
            "You count a bias of the hidden units. That of exercise 3.3 has one; the additive score of the chapter has "
            "none.", see="An additive score"),
        Misconception("tanh counted", {"extra": "tanh"},
            "You count a multiplication for each tanh. Only those of the matrices and of the score vector are asked "
            "for."),
        Misconception("one matrix", {"matrices": "query's"},
            "The additive score has two matrices; the one for the keys is missing."),
        Misconception("one matrix", {"matrices": "key's"},
            "The additive score has two matrices; the one for the queries is missing."),
        Misconception("the dearer way", {"general": "queries"},
            "You multiply the queries with W, because they are fewer. Count the other way too, and mind how many "
            "features are left for each pair."),
        Misconception("both sides projected", {"general": "both"},
            "You multiply both the queries and the keys with W. In q W kᵀ it stands once: one side is enough."),
        Misconception("the matrix for each pair", {"general": "pairs"},
            "You multiply with W again for every pair. A product of W with one vector serves all its pairs."),
        Misconception("the general score's projection", {"general": "none"},
            "The general score multiplies one side with W before its dot products."),
        Misconception("the width of a pair", {"general": "keys' width"},
            "W kᵀ has as many features as a query. So has the dot product that follows, for each pair."),
        Misconception("the general score's dot products", {"general": "no pairs"},
            "You count the products with W alone. After them comes a dot product for each pair."),
        Misconception("rows and columns", {"transposed": True},
            "Parameters are the first row, multiplications the second; the two score functions are the columns."),
    ),
)  # fmt: skip


# 3.9 low_rank_scores

WIDE = 100_000  # numbers of W: with so many and more of them the memory is watched
BUILT = "it took memory for {} numbers and more, and W has {}"


def right_low_rank(queries, keys, query_weight, key_weight):
    return np.einsum("...tr,...sr->...ts", queries @ query_weight, keys @ key_weight)


def _low_rank(queries, keys, query_weight, key_weight, keys_through="own", scale=None, meet="dot", built=False):
    numbers = queries.shape[-1] * keys.shape[-1]
    if built and numbers >= WIDE:
        raise MemoryError(BUILT.format(numbers // 2, numbers))
    left = queries @ (key_weight if keys_through == "exchanged" else query_weight)
    right = {
        "own": key_weight, "query's": query_weight, "exchanged": query_weight, "none": np.eye(*key_weight.shape)
    }[keys_through]  # fmt: skip
    right = keys @ right
    if meet == "add":
        return left.sum(-1)[..., :, None] + right.sum(-1)[..., None, :]
    if meet == "tanh":
        return np.tanh(left) @ turned(np.tanh(right))
    if meet == "all turned":
        return left @ right.T
    divisor = {None: 1, "rank": np.sqrt(query_weight.shape[-1]), "width": np.sqrt(queries.shape[-1])}[scale]
    return left @ turned(right) / divisor


def without_the_matrix(answer, queries, keys, query_weight, key_weight):
    """Call an answer, and raise a MemoryError if it takes as much memory as half of a large W."""
    numbers = queries.shape[-1] * keys.shape[-1]
    if numbers < WIDE:
        return answer(queries, keys, query_weight, key_weight)
    if not isinstance(queries, np.ndarray):
        raise MemoryError("only the memory that NumPy takes can be watched")
    tracemalloc.start()
    try:
        result = answer(queries, keys, query_weight, key_weight)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if peak > numbers / 2 * queries.dtype.itemsize:
        raise MemoryError(BUILT.format(numbers // 2, numbers))
    return result


TWO_ON_ONE = {
    "queries": np.array([[1.0, 2.0]]), "keys": np.array([[3.0, 1.0], [-1.0, 0.5]]),
    "query_weight": np.array([[1.0], [0.5]]), "key_weight": np.array([[2.0], [-1.0]]),
}  # fmt: skip
LOW_RANK_SCORES = Exercise(
    number="3.9", name="low_rank_scores", see="A general bilinear score", **PAIRS, reference=right_low_rank,
    faulty=_low_rank, call=without_the_matrix, dtypes=NARROW, nouns={"K": "features of a key", "R": "ranks"},
    arguments={
        "queries": arg.Floats("…TD"), "keys": arg.Floats("…SK"),
        "query_weight": arg.Floats("DR"), "key_weight": arg.Floats("KR"),
    },
    stages=(
        Stage("plain", (TWO_ON_ONE,), sizes={"D": 5, "K": 5, "R": 2}),
        Stage("queries and keys of different widths", sizes={"D": 5, "K": 4, "R": 2}),
        Stage("batches", leading=(1, 2, 3), ones=True),
        Stage("many features", sizes={"D": 600, "K": 500, "R": 12, "T": 3, "S": 4}, types=("float32",)),
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
        Misconception("all axes turned", {"meet": "all turned"},
            "`.T` turns all axes round, those of the batch too. Only the last two are to change places.",
            breaks_contract=True),
        Misconception("W is built", {"built": True},
            "The numbers are right, and somewhere on the way stands the whole of W, or something as large. Carry each "
            "side through its own thin matrix instead.", breaks_contract=True),
    ),
)  # fmt: skip

EXERCISES = (
    THREE_SCORES, STANDARDISED_SCORES, CONCAT_SCORES, ROBUST_COSINE_SCORES, KERNEL_WEIGHTS, KERNEL_SCORES_BACKWARD,
    COSTS, LOW_RANK_SCORES,
)  # fmt: skip
