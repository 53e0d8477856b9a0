"""02 Queries, keys and values."""

import numpy as np

from attention.checks import arguments as arg
from attention.checks.draws import normal
from attention.checks.exercise import Exercise, Misconception, Stage

VALUES = {"E": "features of a value", "S": "words"}

turned = np.matrix_transpose  # the last two axes exchanged


def softmax(scores, axis=-1):
    exponentials = np.exp(scores - scores.max(axis, keepdims=True))
    return exponentials / exponentials.sum(axis, keepdims=True)


# 2.1 output_by_hand


def _by_hand(weigh="exp", share=True, keys=None, made=None, base=np.e):
    query = np.log([2, 5]) / np.log(base)
    rows, values = [[1, 0], [0, 1], [0, 0]], [[4, 0], [0, 8], [8, 8]]
    scores = rows @ query
    weights = {
        "exp": np.exp(scores), "scores": scores, "equal": np.ones(3), "choice": scores == scores.max(),
        "turned": np.exp(-scores),
    }[weigh] * ([1, 1, 0] if keys == "without zero" else 1)  # fmt: skip
    weights = weights / (weights.sum() if share else 1)
    if made == "two values":
        return weights[:2] @ values[:2]
    return weights @ (rows if made == "keys" else values)


OUTPUT_BY_HAND = Exercise(
    number="2.1", name="output_by_hand", see="From a dictionary to attention", kind="value", reference=_by_hand,
    faulty=_by_hand, returns="the two numbers of the output", stages=(Stage("by hand", ({},), tolerance=4e-3),),
    misconceptions=(
        Misconception("the plain average", {"weigh": "equal"},
            "These are the plain averages of the values. They have weights, which come of the scores."),
        Misconception("a choice", {"weigh": "choice"}, "This is one of the values. All of them count, by their "
            "weights."),
        Misconception("the key of zeros", {"keys": "without zero"},
            "You left out the key (0, 0). Its score is 0, and the exponential of 0 is not 0."),
        Misconception("the third value", {"made": "two values"},
            "You divided by all three exponentials, and left the value of the third key out of the average."),
        Misconception("not divided yet", {"share": False},
            "You weighted the values by the exponentials themselves. Weights are shares of their sum."),
        Misconception("the scores as weights", {"weigh": "scores"},
            "You took the scores for weights, divided by their sum. Exponentials come first."),
        Misconception("the scores as they are", {"weigh": "scores", "share": False},
            "You weighted the values by the scores. Weights are made of their exponentials."),
        Misconception("the keys averaged", {"made": "keys"},
            "You averaged the keys. They have done their part when the weights are there; the values are averaged."),
        Misconception("the sign", {"weigh": "turned"},
            "The smallest score got the largest weight: the exponent has the wrong sign."),
        Misconception("the base", {"base": 10}, "You took the logarithms to base 10; ln is the natural one."),
    ),
)  # fmt: skip


# 2.2 look_up_temperature

LIMIT = "A hard look-up is a limit of a soft one"


def right_temperature(keys, tolerance):
    scores, S = keys @ turned(keys), keys.shape[-2]
    own = np.einsum("...sd,...sd->...s", keys, keys)
    others = np.where(np.eye(S, dtype=bool), -np.inf, scores).max(-1)
    return (own - others).min(-1) / np.log((S - 1) / tolerance)


def _temperature(keys, tolerance, lead=None, others="S − 1", way="right", form=None, rounded="e"):
    S = keys.shape[-2]
    scores = keys @ turned(keys)
    if form == "distance":
        scores = -((keys[..., :, None, :] - keys[..., None, :, :]) ** 2).sum(-1)
    if form == "cosine":
        length = np.sqrt((keys**2).sum(-1, keepdims=True))
        scores = keys / length @ turned(keys / length)
    down = np.sort(scores, axis=-1)
    leads = {
        "last": down[..., -1] - down[..., 0], "own": down[..., -1], "next": down[..., -2],
    }.get(lead, down[..., -1] - down[..., -2])  # fmt: skip
    found = {
        "largest": lambda: leads.max(-1), "mean": lambda: leads.mean(-1), "first": lambda: leads[..., 0],
    }.get(lead, lambda: leads.min(-1))()  # fmt: skip
    count = {"S − 1": S - 1, "S": S, "one": 1}[others]
    log = {"e": np.log, "10": np.log10}[rounded]
    return {
        "right": lambda: found / log(count / tolerance), "inverse": lambda: log(count / tolerance) / found,
        "product": lambda: found * log(count / tolerance), "no log": lambda: found * tolerance / count,
        "sign": lambda: found / log(tolerance / count), "in the product": lambda: found / log(count * tolerance),
    }[way]()  # fmt: skip


def _that_lead(rng, shape):
    """Rows of several lengths, in which each key leads when it is the query; each table has a size of its own.

    k_i · k_i > k_i · k_j where |k_i| / |k_j| > cos: lengths differ by less than the largest cosine of a table allows
    """
    rows = rng.standard_normal(shape)
    rows = rows / np.sqrt((rows**2).sum(-1, keepdims=True))
    cosines = np.where(np.eye(shape[-2], dtype=bool), 0.1, rows @ turned(rows)).max((-2, -1), keepdims=True)
    rows = rows * cosines ** rng.uniform(0, 0.7, (*shape[:-1], 1))
    return rows * rng.choice([1e-3, 0.5, 3.0, 300.0], (*shape[:-2], 1, 1))


SQUARE = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
LOOK_UP_TEMPERATURE = Exercise(
    number="2.2", name="look_up_temperature", see=LIMIT, reference=right_temperature, faulty=_temperature,
    arguments={"keys": arg.Floats("…SD", _that_lead), "tolerance": arg.Number(1e-6, 0.5)}, axes={"result": "…"},
    returns="one temperature for each table", never_one=("S", "D"),
    stages=(
        Stage("plain", ({"keys": SQUARE, "tolerance": 0.001}, {"keys": np.array([[5.0, 0], [4, 3], [-3, 4], [-5, 0]]),
            "tolerance": 0.01})),
        Stage("two keys", sizes={"S": 2}, leading=(0, 1)),
        Stage("batches", leading=(0, 1, 2, 3), ones=True, large=True),
    ),
    misconceptions=(
        Misconception("the inverse", {"way": "inverse"},
            "This is 1/τ, what the scores are multiplied by. The temperature is what they are divided by."),
        Misconception("a product", {"way": "product"},
            "You multiply the lead by the logarithm. Solve (S − 1) · exp(−γ/τ) = tolerance for τ once more."),
        Misconception("the sign", {"way": "sign"},
            "Your temperature is negative, which turns the order of the keys round. The logarithm of a small number is "
            "negative, that of its inverse positive."),
        Misconception("tolerance times the others", {"way": "in the product"},
            "You have the logarithm of (S − 1) times the tolerance; bring the tolerance to the other side by "
            "dividing."),
        Misconception("no logarithm", {"way": "no log"},
            "Your temperature is proportional to the tolerance. The exponential in (2.4) is undone by a logarithm."),
        Misconception("the number of the others", {"others": "S"},
            "You count all S keys. The one that is asked for is not among the others."),
        Misconception("only one other", {"others": "one"},
            "You reckon with a single other key. All the others together may have no more than the tolerance."),
        Misconception("the largest lead", {"lead": "largest"},
            "You took the lead of the key that leads most. Every key must come back when it is asked for."),
        Misconception("the mean lead", {"lead": "mean"},
            "You took the mean of the leads. Every key must come back, the one with the smallest lead too."),
        Misconception("the first key alone", {"lead": "first"},
            "You took the lead of the first key. Every key must come back when it is asked for."),
        Misconception("the lead over the last", {"lead": "last"},
            "You measure how far a key is ahead of the *worst* other key. The nearest rival decides."),
        Misconception("the score instead of a lead", {"lead": "own"},
            "You took a key's own score. What counts is how far it is ahead of the next."),
        Misconception("the runner-up's score", {"lead": "next"},
            "You took the largest score of another key. The lead is the difference of the two."),
        Misconception("cosines", {"form": "cosine"},
            "You divided by the lengths of the keys. Scores are dot products, as in (2.2)."),
        Misconception("distances", {"form": "distance"},
            "You took squared distances for scores. Scores are dot products, as in (2.2)."),
        Misconception("the base", {"rounded": "10"}, "You took the logarithm to base 10; exp is undone by the natural "
            "one."),
    ),
)  # fmt: skip


# 2.3 attend_or_default


def right_or_default(queries, keys, values, threshold, default):
    scores = queries @ turned(keys)
    top = np.maximum(scores.max(-1, keepdims=True), threshold)
    exponentials, sink = np.exp(scores - top), np.exp(threshold - top)
    return (exponentials @ values + sink * default) / (exponentials.sum(-1, keepdims=True) + sink)


def _or_default(queries, keys, values, threshold, default, way=None, peak="all", scale=None):
    scores = queries @ turned(keys)
    scores = scores / np.sqrt(queries.shape[-1]) if scale else scores
    column = np.broadcast_to(threshold, (*scores.shape[:-1], 1))
    if way in ("no default", "mixed"):
        out = softmax(scores) @ values
        share = 1 / (1 + np.exp(threshold - scores.max(-1, keepdims=True)))
        return out if way == "no default" else share * out + (1 - share) * default
    if way == "choice":
        return np.where(scores.max(-1, keepdims=True) > column, softmax(scores) @ values, default)
    if way == "each":
        return softmax(np.where(scores > column, scores, -1e300)) @ values
    if way == "added":
        return softmax(scores) @ values + default
    last = {"zero": np.zeros_like(column), "sign": -column}.get(way, column)
    both = np.concatenate([scores, last], axis=-1)
    top = {"all": both.max(-1, keepdims=True), "given": scores.max(-1, keepdims=True), "none": 0.0}[peak]
    made = np.exp(both - top)
    if way == "two":
        weights = np.concatenate([softmax(scores), np.exp(column) / (1 + np.exp(column))], axis=-1)
    else:
        weights = made / made.sum(-1, keepdims=True)
    out = weights[..., :-1] @ values
    return out if way == "left out" else out + weights[..., -1:] * default


def _threshold(rng, plan, drawn):
    """Around 0. A style is another way to draw it, or a number: as much above the best score of one of the queries."""
    style = plan.styles.get("threshold", arg.normal)
    if callable(style):
        return np.asarray(style(rng, ()))
    best = (drawn["queries"] @ turned(drawn["keys"])).max(-1)
    return np.array(np.round(rng.choice(best.ravel()) + style, 2))


ATTEND_OR_DEFAULT = Exercise(
    number="2.3", name="attend_or_default", see="From a dictionary to attention", reference=right_or_default,
    faulty=_or_default, frameworks=("numpy", "tensorflow", "pytorch"), dtypes=("float32",),
    arguments={
        "queries": arg.Floats("…TD"), "keys": arg.Floats("…SD"), "values": arg.Floats("…SE"),
        "threshold": arg.Made(_threshold), "default": arg.Floats("E"),
    },
    axes={"result": "…TE"}, returns="one answer for each query", nouns={"E": "features of a value"},
    stages=(
        Stage("plain", ({
            "queries": np.array([[1.0, 0.5], [-2.0, 1.0]]), "keys": np.array([[1.0, 0.0], [0.5, 2.0], [-1.0, 1.0]]),
            "values": np.array([[1.0, 0.0], [2.0, 1.0], [4.0, -1.0]]), "threshold": np.array(1.5),
            "default": np.array([-3.0, 2.0]),
        },)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("large scores", leading=(0, 2), types=("float32",), styles={
            "queries": arg.spread(60.0), "keys": arg.spread(20.0), "threshold": [arg.normal, arg.spread(1000.0)]}),
        Stage("near the threshold", leading=(0, 2), types=(), styles={
            "queries": arg.spread(60.0), "keys": arg.spread(20.0), "values": arg.upstream, "threshold": 0.5,
            "default": arg.upstream}),
        Stage("below the threshold", leading=(0, 2), types=(), styles={
            "queries": arg.spread(4.0), "keys": arg.spread(2.0), "values": arg.upstream, "threshold": 24.0,
            "default": arg.upstream}),
        Stage("ties and zeros", leading=(0, 1), sizes={"D": 2, "E": 2}, styles={"queries": arg.tied, "keys": arg.tied,
            "values": arg.tied, "default": [arg.tied, arg.nothing], "threshold": 0.0}),
        Stage("sure rows", leading=(0, 1), styles={"queries": arg.spread(5.0)}, types=()),
        Stage("values of all sizes", leading=(0, 1), styles={"values": arg.sizes, "default": arg.sizes}, types=()),
        Stage("a threshold beyond exp", leading=(0, 1), types=(), styles={
            "threshold": [lambda rng, shape: np.full(shape, 900.0), lambda rng, shape: np.full(shape, -900.0)]}),
    ),
    misconceptions=(
        Misconception("no default", {"way": "no default"},
            "`threshold` and `default` have no part in your result."),
        Misconception("the default is left out", {"way": "left out"},
            "The threshold takes its weight, and nothing is handed over for it: the default is its value."),
        Misconception("a threshold of 0", {"way": "zero"},
            "Your default has the score 0, whatever `threshold` says."),
        Misconception("the sign of the threshold", {"way": "sign"},
            "A higher threshold should bring the default out more often; in yours it is the other way round."),
        Misconception("all or nothing", {"way": "choice"},
            "You take either the answer or the default. That is a choice, and it has no slope: let the default count "
            "by its weight."),
        Misconception("only the best key against the threshold", {"way": "mixed"},
            "You weigh the default against the *best* key alone. It competes with all of them: one more score in the "
            "same softmax."),
        Misconception("keys below the threshold hidden", {"way": "each"},
            "You hide the keys that score below the threshold. All count by their weights, and so does the default."),
        Misconception("the default added", {"way": "added"},
            "You add the whole default to every answer. It counts by its weight, and the others lose what it gets."),
        Misconception("two softmaxes", {"way": "two"},
            "The weights of the keys sum to one by themselves, and the default comes on top. All S + 1 together sum "
            "to one."),
        Misconception("a scale", {"scale": True},
            "You divide by the root of the number of features. Here scores are the dot products themselves."),
        Misconception("exp overflows", {"peak": "none"},
            "exp of a large score is infinite, and ∞ / ∞ is NaN. Subtract the largest of the S + 1 scores first."),
        Misconception("the maximum without the threshold", {"peak": "given"},
            "You subtract the largest score of the keys. Where the threshold is far above it, its exponential is "
            "infinite: it is one of the S + 1."),
    ),
)  # fmt: skip


# 2.5 self_attention

ROLES = "Three roles, three matrices"


def right_self_attention(x, query_weight, key_weight, value_weight):
    scores = (x @ query_weight) @ turned(x @ key_weight)
    return softmax(scores) @ (x @ value_weight)


def _self_attention(
    x, query_weight, key_weight, value_weight,
    value="own", axis=-1, turn=None, query="own", order=None, scale=False, soft=True,
):  # fmt: skip
    queries = x @ {"own": query_weight, "key's": key_weight}[query]
    keys, values = x @ key_weight, {"own": lambda: x @ value_weight, "keys": lambda: x @ key_weight,
                                    "bare": lambda: x, "queries": lambda: queries}[value]()  # fmt: skip
    scores = queries @ (keys.T if turn == "all" else turned(keys))
    scores = turned(scores) if order == "exchanged" else scores
    scores = scores / np.sqrt(queries.shape[-1]) if scale else scores
    weights = softmax(scores, axis) if soft else scores
    return weights @ values


SELF_ATTENTION = Exercise(
    number="2.5", name="self_attention", see=ROLES, reference=right_self_attention, faulty=_self_attention,
    arguments={
        "x": arg.Floats("…SM"), "query_weight": arg.Floats("MD", arg.spread(0.7)),
        "key_weight": arg.Floats("MD", arg.spread(0.7)), "value_weight": arg.Floats("ME"),
    },
    axes={"result": "…SE"}, returns="one output for each word",
    nouns={**VALUES, "D": "features of a key", "M": "features of a word"},
    stages=(
        Stage("plain", ({
            "x": np.array([[1.0, 0.0], [0.0, 2.0]]), "query_weight": np.array([[1.0, 0.5], [0.0, 1.0]]),
            "key_weight": np.array([[0.5, 0.0], [1.0, -1.0]]), "value_weight": np.array([[2.0, 0.0], [1.0, 3.0]]),
        },)),
        Stage("one sentence", leading=(0,), ones=True),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("large scores", leading=(0, 1), styles={"x": arg.spread(40.0)}, types=("float32",)),
        Stage("ties and zeros", leading=(0, 1), sizes={"M": 2}, styles={"x": arg.tied, "value_weight": arg.tied}),
        Stage("sure rows", leading=(0, 1), styles={"x": arg.spread(3.0)}, types=()),
        Stage("words of all sizes", leading=(0, 1), styles={"x": arg.small, "value_weight": arg.sizes}),
    ),
    misconceptions=(
        Misconception("the key as value", {"value": "keys"},
            "What you average are the keys. `value_weight` makes what a word hands over.",
            see="And one matrix for key and value?"),
        Misconception("the words themselves as values", {"value": "bare"},
            "You average the rows of x as they are; `value_weight` has no part in your result."),
        Misconception("the query as value", {"value": "queries"},
            "What you average are the queries. `value_weight` makes what a word hands over."),
        Misconception("one matrix for query and key", {"query": "key's"},
            "Your queries are made by `key_weight`: who looks at whom is then mutual.",
            see="Could one matrix do for query and key?"),
        Misconception("the axis of the softmax", {"axis": -2},
            "Your weights sum to one for each word that is *looked at*. The weights of one word that looks, a row, "
            "must sum to one."),
        Misconception("asking and asked exchanged", {"order": "exchanged"},
            "Row i of your scores holds how well word i is *found*, not what it looks for."),
        Misconception("a scale", {"scale": True},
            "You divide the scores by √D. That is a matter of chapter 3; here they are the dot products."),
        Misconception("no softmax", {"soft": False}, "You average with the scores themselves. Softmax is missing."),
        Misconception("all axes turned", {"turn": "all"},
            "`.T` turns all axes round, those of the batch too. Only the last two are to change places.",
            breaks_contract=True),
    ),
)  # fmt: skip


# 2.6 value_weight_backward


def right_value_weight(x, weights, grad_output):
    each = turned(x) @ turned(weights) @ grad_output  # (…, M, S) (…, S, T) (…, T, E) -> (…, M, E)
    return each.sum(tuple(range(each.ndim - 2)))


def _value_weight(x, weights, grad_output, summed="all", through=None):
    if through == "plain":
        arriving = weights @ grad_output
    elif through == "none":
        arriving = np.broadcast_to(grad_output.sum(-2, keepdims=True), (*x.shape[:-1], grad_output.shape[-1]))
    elif through == "skipped":
        arriving = grad_output
    elif through == "all axes":
        return x.T @ (weights.T @ grad_output)
    else:
        arriving = turned(weights) @ grad_output
    if through == "mean":
        arriving = arriving / weights.shape[-2]
    if through == "values":
        return arriving.sum(tuple(range(arriving.ndim - 2)))
    each = turned(x) @ arriving
    each = turned(each) if summed == "turned" else each
    axes = tuple(range(each.ndim - 2))
    return {"all": each.sum(axes), "turned": each.sum(axes), "none": each, "mean": each.mean(axes),
            "one": each.sum(axes[:1]), "first": each[(0,) * len(axes)]}[summed]  # fmt: skip


def _ties_and_zeros(rng, shape):
    """Weights of which some are equal and some 0; two at least are not, where there are two."""
    rows = rng.integers(0, 3, shape).astype(np.float64)
    np.put_along_axis(rows, arg.two_places(rng, shape), 1, -1)
    return rows / rows.sum(-1, keepdims=True)


def _sizes_of_features(rng, shape):
    """Numbers whose size depends on the last axis: small entries of the result beside large ones."""
    return arg.upstream(rng, shape) * 10.0 ** rng.integers(-6, 5, shape[-1:])


TWO_SENTENCES = {  # of three words each: an axis is known by its size, that of the batch too
    "x": normal(26, 2, 3, 4), "weights": softmax(normal(27, 2, 4, 3)), "grad_output": normal(28, 2, 4, 3),
}  # fmt: skip
VALUE_WEIGHT_BACKWARD = Exercise(
    number="2.6", name="value_weight_backward", see="They agree", reference=right_value_weight, faulty=_value_weight,
    arguments={
        "x": arg.Floats("…SM"), "weights": arg.Floats("…TS", arg.weights),
        "grad_output": arg.Floats("…TE", arg.upstream),
    },
    axes={"result": "ME"}, returns="the shape of value_weight", dtypes=("float32",),
    nouns={"E": "features of a value", "M": "features of a word", "S": "words"},
    stages=(
        Stage("plain", ({
            "x": np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]),
            "weights": np.array([[0.1, 0.3, 0.6], [0.5, 0.25, 0.25]]),
            "grad_output": np.array([[1.0, -1.0], [2.0, 0.5]]),
        },), leading=(0,), ones=True),
        Stage("batches", (TWO_SENTENCES,), leading=(1, 2, 3), ones=True, large=True),
        Stage("ties and zeros", leading=(0, 1), styles={"x": arg.tied, "weights": _ties_and_zeros,
            "grad_output": arg.tied}),
        Stage("small and large", leading=(0, 1), styles={"x": [arg.normal, _sizes_of_features],
            "grad_output": _sizes_of_features}),
    ),
    misconceptions=(
        Misconception("one matrix for each sentence", {"summed": "none"},
            "You return a gradient for each sentence of the batch. All share the one matrix, so its gradient is the "
            "sum of theirs.", breaks_contract=True),
        Misconception("only the first axis is summed", {"summed": "one"},
            "You sum over one axis in front. There may be several, and all the sentences share the matrix.",
            breaks_contract=True),
        Misconception("a mean over the batch", {"summed": "mean"},
            "You take the mean over the sentences. The loss is what it is; every sentence adds its part."),
        Misconception("the first sentence alone", {"summed": "first"},
            "You return the gradient of the first sentence."),
        Misconception("the weights not turned", {"through": "plain"},
            "In weights @ grad_output a query's weights meet other queries' gradients. What arrives at a *value* is a "
            "sum over the queries, (2.11).", breaks_contract=True),
        Misconception("all axes turned", {"through": "all axes"},
            "`.T` turns all axes round, the leading ones too. Only the last two are to change places.",
            breaks_contract=True),
        Misconception("the weights are not used", {"through": "none"},
            "Every value gets all that arrives. It gets from each query as much as that query looked at it."),
        Misconception("the attention is skipped", {"through": "skipped"},
            "You hand what arrives at the outputs to the words, as if output i came from word i alone.",
            breaks_contract=True),
        Misconception("a mean over the queries", {"through": "mean"},
            "You divide by the number of queries. What they send is added."),
        Misconception("the gradient of the values", {"through": "values"},
            "This is what arrives at the values. Go one step farther: v_j = x_j W_v.", breaks_contract=True),
        Misconception("turned round", {"summed": "turned"},
            "Your gradient lies the other way round. It has the shape of the matrix, (M, Dv)."),
    ),
)  # fmt: skip


# 2.8 outputs_without

HULL = "The output lies between the values"


def right_without(weights, values):
    S = weights.shape[-1]
    others = np.where(np.eye(S, dtype=bool), 0, weights[..., None, :])  # (…, T, S, S): row j without key j
    total = others.sum(-1, keepdims=True)
    shares = np.where(total > 0, others / total, 0)
    return shares @ values[..., None, :, :]  # (…, T, S, E)


def _without(weights, values, way=None):
    S = weights.shape[-1]
    out = weights @ values  # (…, T, E)
    parts = weights[..., None] * values[..., None, :, :]  # (…, T, S, E)
    rest = 1 - weights[..., None]
    if way == "subtracted":
        return np.where(rest > 0, (out[..., None, :] - parts) / rest, 0)
    if way == "not renewed":
        return out[..., None, :] - parts
    if way == "only":
        return np.broadcast_to(values[..., None, :, :], parts.shape)
    if way == "parts":
        return parts
    if way == "whole value":
        return out[..., None, :] - values[..., None, :, :]
    if way == "multiplied":
        return (out[..., None, :] - parts) * rest
    if way == "value renewed":
        return np.where(rest > 0, (out[..., None, :] - values[..., None, :, :]) / rest, 0)
    if way == "1 − p":
        others = np.where(np.eye(S, dtype=bool), 0, weights[..., None, :]) @ values[..., None, :, :]
        return np.where(rest > 0, others / rest, 0)
    keep = ~np.eye(S, dtype=bool)
    others = np.where(keep, weights[..., None, :], 0)
    total = others.sum(-1, keepdims=True)
    if way == "equal":
        shares = np.broadcast_to(keep / max(S - 1, 1), others.shape)
    elif way == "soft":
        shares = np.where(keep, np.exp(others), 0)
        shares = shares / np.maximum(shares.sum(-1, keepdims=True), 1e-300)
    elif way == "soft of all":
        shares = softmax(others)
    elif way == "nan":
        shares = others / total
    elif way == "kept":
        shares = np.where(total > 0, others / total, weights[..., None, :])
    else:
        shares = np.where(total > 0, others / total, 0)
    result = shares @ values[..., None, :, :]
    return np.swapaxes(result, -2, -3) if way == "exchanged" else result


def _fair(rng, shape):
    """Weights of which none is nearly 1; the weight of a single key is exactly 1."""
    rows = rng.dirichlet(np.full(shape[-1], 4.0), shape[:-1])
    return rows / rows.sum(-1, keepdims=True)


def _sure(rng, shape):
    """Rows in which one weight is nearly 1: what is left is shared among others, of many sizes."""
    rows = np.abs(rng.standard_normal(shape)) * 10.0 ** rng.integers(-16, -6, shape)
    np.put_along_axis(rows, arg.one_place(rng, shape), 0, -1)
    place = arg.one_place(rng, shape)
    np.put_along_axis(rows, place, 0, -1)
    np.put_along_axis(rows, place, 1 - rows.sum(-1, keepdims=True), -1)
    return rows


def _all_in_one(rng, shape):
    """In about every second row one weight is 1 and all others are 0."""
    one = np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]
    return np.where(rng.random((*shape[:-1], 1)) < 0.5, one, _fair(rng, shape))


OUTPUTS_WITHOUT = Exercise(
    number="2.8", name="outputs_without", see=HULL, reference=right_without, faulty=_without,
    arguments={"weights": arg.Floats("…TS", _fair), "values": arg.Floats("…SE")}, axes={"result": "…TSE"},
    returns="one output for each query and each key that is left out", nouns={"E": "features of a value"},
    dtypes=("float32",), never_one=("S",),
    stages=(
        Stage("plain", ({
            "weights": np.array([[0.1, 0.3, 0.6], [0.5, 0.25, 0.25]]),
            "values": np.array([[2.0, 1.0], [1.0, 2.0], [0.0, 0.0]]),
        },)),
        Stage("batches", leading=(0, 1, 2, 3), ones=True, large=True),
        Stage("nearly all", leading=(0, 1), sizes={"S": 4}, styles={"weights": _sure}, types=()),
        Stage("all the weight in one place", leading=(0, 1), styles={"weights": _all_in_one}),
        Stage("one key", leading=(0, 1), sizes={"S": 1}),
        Stage("ties and zeros", leading=(0, 1), sizes={"E": 2}, styles={"weights": [_fair, _ties_and_zeros],
            "values": arg.tied}),
        Stage("values of all sizes", leading=(0, 1), styles={"values": arg.sizes}),
    ),
    misconceptions=(
        Misconception("the weights do not sum to one", {"way": "not renewed"},
            "You take away what the key contributed, and the weights of the others no longer sum to one."),
        Misconception("lost in a difference", {"way": "subtracted"},
            "The formula is right on paper. Where one weight is nearly 1, both differences are made of numbers that "
            "agree in nearly all digits, and little is left. Add up what stays, and take nothing away."),
        Misconception("divided by 1 − p", {"way": "1 − p"},
            "What you add up is right, and you divide it by 1 − p. Where p is nearly 1 that has few digits, or is 0: "
            "add up the weights that are left instead."),
        Misconception("the value alone", {"way": "only"},
            "You return the value of the key itself: that is what is left if all *others* are hidden."),
        Misconception("the parts", {"way": "parts"},
            "This is what each key contributes; wanted is what would come out without it."),
        Misconception("the whole value taken away", {"way": "whole value"},
            "You subtract the value itself; it was in the output with its weight only, and the others' weights must "
            "grow."),
        Misconception("the whole value taken away, and divided", {"way": "value renewed"},
            "You subtract the value itself; it was in the output with its weight only."),
        Misconception("multiplied", {"way": "multiplied"},
            "You multiply by what is left of the weight, where the weights of the others must grow."),
        Misconception("equal weights", {"way": "equal"},
            "You give all the others the same weight. They keep their proportions."),
        Misconception("softmax of weights", {"way": "soft"},
            "You take softmax of the weights. They are weights already: they are only to sum to one again."),
        Misconception("softmax of weights, the hidden one too", {"way": "soft of all"},
            "You set the hidden weight to 0 and take softmax. They are weights already, and are only to sum to one "
            "again; in softmax the 0 counts, with its exponential 1."),
        Misconception("0 / 0", {"way": "nan"},
            "Where a key has all the weight nothing is left without it, and 0 / 0 is NaN. Such an output shall be 0."),
        Misconception("the output as before", {"way": "kept"},
            "Where a key has all the weight your output stays as if the key were still there. It shall be 0."),
        Misconception("queries and keys exchanged", {"way": "exchanged"},
            "The axis of the queries comes first, then that of the key that is left out.", breaks_contract=True),
    ),
)  # fmt: skip


# 2.9 weights_of


def _with_ones(array):
    return np.concatenate([array, np.ones_like(array[..., :1])], axis=-1)


def _solve(matrix, right):
    """x matrix = right, by elimination with pivots, in any precision: rows of `right` are right-hand sides."""
    a, b = np.array(turned(matrix)), np.array(turned(right))
    n = a.shape[-1]
    for place in np.ndindex(a.shape[:-2]):
        m, r = a[place], b[place]
        for k in range(n):
            top = k + np.abs(m[k:, k]).argmax()
            m[[k, top]], r[[k, top]] = m[[top, k]], r[[top, k]]
            for row in range(n):
                if row != k:
                    share = m[row, k] / m[k, k]
                    m[row], r[row] = m[row] - share * m[k], r[row] - share * r[k]
        r /= np.diagonal(m)[:, None]
    return turned(b)


def right_weights_of(outputs, values):
    return _solve(_with_ones(values), _with_ones(outputs))


def _weights_of(outputs, values, way=None):
    inverse = np.linalg.pinv(_with_ones(values))
    if way in ("free", "renewed"):
        found = outputs @ np.linalg.pinv(values)
        return found if way == "free" else found / found.sum(-1, keepdims=True)
    if way in ("distance", "dot"):
        near = -((outputs[..., :, None, :] - values[..., None, :, :]) ** 2).sum(-1)
        return softmax(near if way == "distance" else outputs @ turned(values))
    if way == "not turned":
        return _with_ones(outputs) @ turned(inverse)
    if way == "zero":
        padded = np.concatenate([outputs, np.zeros_like(outputs[..., :1])], -1)
        return padded @ inverse
    found = _with_ones(outputs) @ inverse
    if way == "cut":
        return np.maximum(found, 0)
    if way == "cut, renewed":
        found = np.maximum(found, 0)
        return found / found.sum(-1, keepdims=True)
    if way == "size":
        return np.abs(found)
    if way == "last missing":
        return found[..., :-1]
    return turned(found) if way == "turned" else found


def _around(place):
    return lambda rng, shape: place + arg.normal(rng, shape)


def _corners(rng, plan, drawn):
    """E + 1 values that do not lie in a plane of fewer dimensions: the corners of a simplex, a little moved.

    A style is how far from 0 they lie, all on one side.
    """
    E = plan.sizes["E"]
    corners = np.concatenate([np.zeros((1, E)), 3 * np.eye(E)]) + plan.styles.get("values", 0.0)
    return corners + np.round(0.4 * rng.uniform(-1, 1, (*plan.leading, E + 1, E)), 2)


TRIANGLE = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
WEIGHTS_OF = Exercise(
    number="2.9", name="weights_of", see=HULL, reference=right_weights_of, faulty=_weights_of,
    arguments={"outputs": arg.Floats("…TE"), "values": arg.Made(_corners)},
    returns="one weight for each output and value", nouns={"E": "features of a value"},
    stages=(
        Stage("plain", ({"outputs": np.array([[0.7, 1.2], [1.0, 0.5]]), "values": TRIANGLE},
                        {"outputs": np.array([[0.0, -2.0]]), "values": TRIANGLE})),
        Stage("one sentence", leading=(0,), ones=True),
        Stage("batches", leading=(1, 2, 3), ones=True),
        Stage("at the corners", ({"outputs": np.concatenate([TRIANGLE, [[1.5, 0.0], [1.0, 1.0]]]), "values": TRIANGLE},
            {"outputs": np.zeros((2, 2)), "values": TRIANGLE}), leading=(), types=(), tolerance=1e-12),
        Stage("far from 0", leading=(0, 1), styles={"values": [20.0, -20.0], "outputs": [arg.normal, _around(20.0)]}),
    ),
    misconceptions=(
        Misconception("the sum is not asked for", {"way": "free"},
            "Your weights give the output, and do not sum to one: that is one equation more."),
        Misconception("divided by the sum", {"way": "renewed"},
            "You solved without the condition on the sum and divided by it afterwards. Then the weights no longer give "
            "the output. Ask for both at once."),
        Misconception("the values are not turned", {"way": "not turned"},
            "You solved V p = o. Each output is an average of the rows of V, so the weights stand before it: p V = o."),
        Misconception("a sum of 0", {"way": "zero"}, "Your weights sum to 0 instead of 1."),
        Misconception("cut at 0", {"way": "cut"},
            "You set negative numbers to 0. They say that the output lies outside the hull, and shall stay."),
        Misconception("cut at 0 and divided", {"way": "cut, renewed"},
            "You set negative numbers to 0 and divide by the sum. They say that the output lies outside the hull, and "
            "shall stay."),
        Misconception("without the sign", {"way": "size"},
            "You drop the signs. A negative number says that the output lies outside the hull."),
        Misconception("softmax of distances", {"way": "distance"},
            "You weigh the values by how near they are. These weights sum to one, and their average is another point."),
        Misconception("softmax of products", {"way": "dot"},
            "You used the output as a query on the values. What is looked for are the weights that it was made with."),
        Misconception("one weight short", {"way": "last missing"},
            "There is one weight for each of the values, and there is one value more than there are features.",
            breaks_contract=True),
        Misconception("outputs and values exchanged", {"way": "turned"},
            "A row of weights belongs to an output, a column to a value.", breaks_contract=True),
    ),
)  # fmt: skip


# 2.10 query_for


def right_query_for(keys, values, outputs):
    p = right_weights_of(outputs, values)
    logs = np.log(p)
    apart = keys[..., 1:, :] - keys[..., :1, :]
    return _solve(turned(apart), logs[..., 1:] - logs[..., :1])


def _query_for(keys, values, outputs, way=None):
    keys, values = (np.asarray(x, np.float64) for x in ((values, keys) if way == "exchanged" else (keys, values)))
    p = _with_ones(outputs) @ np.linalg.inv(_with_ones(values))
    if way == "divided":
        p = outputs @ np.linalg.pinv(values)
        p = p / p.sum(-1, keepdims=True)
    scores = {"no log": p, "sign": -np.log(np.abs(p)), "base": np.log2(np.abs(p))}.get(way, np.log(np.abs(p)))
    if way == "weights":
        return p
    if way == "not apart":
        return scores @ turned(np.linalg.pinv(keys))
    differences, apart = scores[..., 1:] - scores[..., :1], keys[..., 1:, :] - keys[..., :1, :]
    if way in ("of neither", "of scores"):
        apart = keys[..., 1:, :]
    if way in ("of neither", "of keys"):
        differences = scores[..., 1:]
    if way == "average":
        return p @ keys
    found = differences @ np.linalg.inv(apart if way == "not turned" else turned(apart))
    if way == "scaled":
        return found * np.sqrt(keys.shape[-1])
    return found


def _inside(rng, plan, drawn):
    """Outputs that attention can put out: averages of the values. A style draws their weights."""
    values = drawn["values"]
    p = plan.styles.get("outputs", _even)(rng, (*plan.leading, plan.sizes["T"], values.shape[-2]))
    return p / p.sum(-1, keepdims=True) @ values


def _even(rng, shape):
    """Weights of which none is small: no output near an edge."""
    return rng.dirichlet(np.full(shape[-1], 3.0), shape[:-1]) + 0.02


def _edge(rng, shape):
    """Weights of which one is between 1e-9 and 1e-3: outputs near an edge."""
    p = _even(rng, shape)
    place = arg.one_place(rng, shape)
    np.put_along_axis(p, place, 10 ** rng.uniform(-9, -3, place.shape), -1)
    return p


def _apart(rng, plan, drawn):
    D = plan.sizes["E"]
    corners = np.concatenate([np.zeros((1, D)), np.eye(D)])
    return corners + np.round(0.3 * rng.uniform(-1, 1, (*plan.leading, D + 1, D)), 2)


KEYS = np.array([[1.0, 0.0], [2.0, 0.0], [2.0, 2.0]])
QUERY_FOR = Exercise(
    number="2.10", name="query_for", see=HULL, reference=right_query_for, faulty=_query_for,
    arguments={"keys": arg.Made(_apart), "values": arg.Made(_corners), "outputs": arg.Made(_inside, "…TE")},
    axes={"result": "…TE"}, returns="one query for each output", nouns={"E": "features"},
    stages=(
        Stage("plain", ({"keys": KEYS, "values": TRIANGLE, "outputs": np.array([[0.7, 1.2], [1.0, 0.5]])},)),
        Stage("one sentence", leading=(0,), ones=True),
        Stage("batches", leading=(1, 2, 3), ones=True),
        Stage("in the middle", ({"keys": KEYS, "values": TRIANGLE,
            "outputs": np.array([TRIANGLE.mean(0), [0.7, 1.2]])},), leading=(), types=(), tolerance=1e-12),
        Stage("near an edge", leading=(0, 1), types=(), styles={"outputs": _edge}),
    ),
    misconceptions=(
        Misconception("no logarithm", {"way": "no log"},
            "You look for a query whose scores differ as the *weights* do. A weight is an exponential of its score."),
        Misconception("the sign", {"way": "sign"}, "Your query prefers what it should avoid."),
        Misconception("the base", {"way": "base"}, "Softmax raises e: its inverse is the natural logarithm."),
        Misconception("scores, not differences of scores", {"way": "not apart"},
            "You ask that the scores *be* the logarithms of the weights. With one key more than features that need not "
            "be possible: only their differences count."),
        Misconception("the first key forgotten", {"way": "of neither"},
            "You left the first key out, and took no differences: neither of logarithms nor of keys. A difference of "
            "scores is the query times a difference of keys."),
        Misconception("differences of logarithms alone", {"way": "of scores"},
            "You took the first logarithm away from the others, and the first key from none. A difference of scores is "
            "the query times a difference of keys."),
        Misconception("differences of keys alone", {"way": "of keys"},
            "You took the first key away from the others, and the first logarithm from none. The query times a "
            "difference of keys is a difference of scores."),
        Misconception("the differences are not turned", {"way": "not turned"},
            "Each of your equations is made of one feature of all keys. It belongs to one key: its difference times "
            "the query, over all features, is the difference of the logarithms."),
        Misconception("the weights themselves", {"way": "weights"},
            "These are the weights that the output was made with: half of the way. Wanted is the query that has them.",
            breaks_contract=True),
        Misconception("an average of keys", {"way": "average"},
            "You averaged the keys with the right weights. That is a vector like the keys; it is not the query that "
            "makes these weights."),
        Misconception("a scale", {"way": "scaled"},
            "You multiply by √D, as if scores were divided by it. Here they are the dot products."),
        Misconception("keys and values exchanged", {"way": "exchanged"},
            "Outputs are averages of the values, and queries are compared with the keys: you have it the other way "
            "round."),
        Misconception("weights that do not give the output", {"way": "divided"},
            "The weights on the way are wrong: divided by their sum afterwards they no longer average the values to "
            "the output."),
    ),
)  # fmt: skip

EXERCISES = (
    OUTPUT_BY_HAND, LOOK_UP_TEMPERATURE, ATTEND_OR_DEFAULT, SELF_ATTENTION, VALUE_WEIGHT_BACKWARD, OUTPUTS_WITHOUT,
    WEIGHTS_OF, QUERY_FOR,
)  # fmt: skip
