"""01 Softmax."""

import numpy as np

import attention.numpy as atn
from attention.checks import arguments as arg
from attention.checks.compare import unequal
from attention.checks.draws import normal, some
from attention.checks.exercise import Exercise, Misconception, Stage
from attention.checks.properties import factor, function, shift, sign
from attention.checks.trial import Fault
from attention.checks.weights import WEIGHTS, weights_choice, weights_masked, weights_negative, weights_sum
from attention.checks.words import number
from attention.numpy.gradients import log_softmax_backward

LADDER = np.array([1e4, 9998.5, 9999.25])  # three scores far from 0 and near to each other
ONE_FAR = np.array([0.5, -800.0, 2.0])  # one so far below the others that its weight rounds to 0
LOWEST = np.finfo(np.float64).min
TINY, ROWS, DEEP = np.array([0.5, -1.2, 2.1]), normal(1, 3, 4), normal(2, 2, 3, 5)


# 1.1 weights_by_hand


def _by_hand(make="exp", share=True, base=np.e, turned=False):
    scores = np.log([1, 2, 5]) / np.log(base) * (-1 if turned else 1)
    made = {"exp": np.exp, "score": np.abs, "square": np.square, "choice": lambda s: s == s.max()}[make](scores)
    return made / (made.sum() if share is True else made.max() if share == "max" else 1)


WEIGHTS_BY_HAND = Exercise(
    number="1.1", name="weights_by_hand", see="Softmax from maximum entropy", kind="value", reference=_by_hand,
    faulty=_by_hand, returns="one weight for each score", properties=WEIGHTS,
    stages=(Stage("by hand", ({},), tolerance=8e-4),),
    misconceptions=(
        Misconception("not divided yet", {"share": False}, "These are the exponentials; they do not yet sum to 1."),
        Misconception("divided by the largest", {"share": "max"},
            "The largest of yours is 1. The weights are shares of a whole: all together must give 1."),
        Misconception("the scores themselves", {"make": "score", "share": False},
            "These are the scores. Weights are made of their exponentials."),
        Misconception("the scores instead of their exponentials", {"make": "score"},
            "You divided the scores by their sum, which gives a score of 0 no weight at all. Exponentials come "
            "first."),
        Misconception("squares", {"make": "square"}, "You squared the scores. Softmax raises e to the power of each."),
        Misconception("a choice", {"make": "choice"},
            "You gave everything to the largest score. Softmax leaves something to each."),
        Misconception("the sign", {"turned": True},
            "The smallest score got the largest weight: the exponent has the wrong sign."),
        Misconception("the base", {"base": 10},
            "You took the logarithms to base 10. ln is the natural logarithm: e^(ln 2) = 2."),
    ),
)


# 1.2 softmax


def _softmax(scores, axis=-1, over="axis", peak="axis", make="exp", divide=True):
    over = {"axis": axis, "last": -1, "first": 0, "all": None}[over]
    shift = {"axis": scores.max(over, keepdims=True), "none": 0, "all": scores.max()}[peak]
    made = {
        "exp": lambda s: np.exp(s - shift),
        "two": lambda s: 2 ** (s - shift),
        "score": lambda s: s,
        "square": np.square,
    }[make](scores)
    return made / made.sum(axis=over, keepdims=True) if divide else made


def right_softmax(scores, axis=-1):
    exponentials = np.exp(scores - scores.max(axis, keepdims=True))
    return exponentials / exponentials.sum(axis, keepdims=True)


SOFTMAX = Exercise(
    number="1.2", name="softmax", see="Softmax, three times", reference=right_softmax, faulty=_softmax,
    arguments={"scores": arg.Floats("…S"), "axis": arg.Axis()}, keeps_type=True,
    properties=WEIGHTS, dtypes=("float32", "float16"),
    stages=(
        Stage("plain", ({"scores": TINY}, {"scores": ROWS})),
        Stage("batches", leading=(1, 2, 3), ones=True, styles={"scores": [arg.normal, arg.tied]}),
        Stage("another axis", leading=(0, 1, 2), ones=True, every_axis=True),
        Stage(
            "extreme scores",
            ({"scores": LADDER},), leading=(0, 1, 2), styles={"scores": [arg.far, arg.apart]}, types=(),
            see="Subtract the maximum",
        ),
        Stage("scores near 12", leading=(0, 2), styles={"scores": arg.near(11)}, see="Subtract the maximum"),
        Stage(
            "scores near 90", leading=(0, 2), styles={"scores": arg.near(88)}, types=("float32",),
            see="Subtract the maximum",
        ),
        Stage("scores of −∞", ({"scores": np.array([-np.inf, 0.3])},), leading=(0, 2), styles={"scores": arg.holes}),
    ),
    misconceptions=(
        Misconception("the axis", {"over": "all"},
            "Your weights sum to 1 over the whole array. Each row along `axis` must sum to 1 by itself."),
        Misconception("the axis is not used", {"over": "last"},
            "You divide by the sum over the last axis, whatever `axis` says."),
        Misconception("the first axis", {"over": "first"},
            "You divide by the sum over axis 0; the default is the last axis, −1."),
        Misconception("exp overflows", {"peak": "none"},
            "exp(10000) is beyond the largest float, and ∞ / ∞ is NaN. The weights depend on differences of scores "
            "alone: use that before exp."),
        Misconception("one maximum for all rows", {"peak": "all"},
            "You subtract the maximum of the whole array. In a row far below it every exp rounds to 0, and 0 / 0 is "
            "NaN."),
        Misconception("no division", {"divide": False}, "These are positive, but they do not sum to 1."),
        Misconception("not divided, nothing subtracted", {"divide": False, "peak": "none"},
            "These are the exponentials; weights are shares of their sum."),
        Misconception("the base", {"make": "two"}, "You raise 2 to the power of the scores; softmax raises e."),
        Misconception("no exponential", {"make": "score"},
            "You divided the scores by their sum. Scores can be negative, weights cannot: exp comes first."),
        Misconception("squares", {"make": "square"},
            "You square the scores: −2 then gets as much weight as 2. Exp keeps the order of the scores."),
    ),
)


# 1.3 log_softmax


def _log_softmax(scores, axis=-1, way="stable", added=0.0):
    peak = scores.max(axis, keepdims=True)
    if way == "log of softmax":
        return np.log(atn.softmax(scores, axis) + added)
    if way == "no peak":
        return scores - np.log(np.exp(scores).sum(axis, keepdims=True))
    if way == "one side":
        return scores - np.log(np.exp(scores - peak).sum(axis, keepdims=True))
    if way == "replaced":
        return np.nan_to_num(np.log(atn.softmax(scores, axis)))
    if way == "no log":
        return scores - peak - np.exp(scores - peak).sum(axis, keepdims=True)
    if way == "in front":
        return scores - peak - np.log(np.exp(scores).sum(axis, keepdims=True))
    if way == "sum of logs":
        return scores - np.log(np.exp(scores)).sum(axis, keepdims=True)
    if way == "base":
        return (scores - peak) / np.log(2) - np.log2(np.exp(scores - peak).sum(axis, keepdims=True))
    return atn.log_softmax(scores, axis)


def _exponentials_sum(trial, expected, got):
    """Do the weights whose logarithms were returned sum to one?"""
    if np.isfinite(got).all() and (fault := weights_sum(trial, np.exp(expected), np.exp(got))):
        return Fault(
            "the sum of the weights",
            f"Take exp of your result: {fault.sentences[0][0].lower()}{fault.sentences[0][1:]}",
        )
    return None


def _floor(trial, expected, got):
    """Right, except that nothing falls below a certain number."""
    wrong = unequal(got, expected, trial.within)
    if np.isfinite(got).all() and np.ptp(got[wrong]) == 0 and (got[wrong] > expected[wrong]).all():
        lowest = number(got[wrong][0])
        return Fault(
            "a floor",
            f"No number of yours falls below {lowest}. How small a weight was cannot be told any more "
            "once it has been rounded, cut off or added to.",
        )
    return None


def _added(trial, expected, got):
    """The logarithm of a weight plus something small."""
    added = np.exp(got) - np.exp(expected)
    if added.mean() > 1e-15 and np.ptp(added) < 0.01 * added.mean():
        return Fault(
            "something inside the logarithm",
            f"Your numbers are the logarithms of the weights plus {number(added.mean(), 2)}.",
        )
    return None


LOG_SOFTMAX = Exercise(
    number="1.3", name="log_softmax", see="Log-softmax", reference=atn.log_softmax, faulty=_log_softmax,
    properties=(_floor, _added, sign, factor, shift, function, _exponentials_sum), dtypes=("float32", "float16"),
    stages=(
        Stage("plain", ({"scores": TINY}, {"scores": ROWS})),
        Stage("another axis", ({"scores": DEEP, "axis": 1},)),
        Stage(
            "far scores",
            ({"scores": ONE_FAR}, {"scores": np.array([[-300.0, 1000.0, 2.5], [3.0, 1.5, -1e4]])}),
            tolerance=1e-10,
        ),
        Stage("large scores", ({"scores": LADDER}, {"scores": np.stack([LADDER, -LADDER])}), tolerance=1e-10),
    ),
    misconceptions=(
        Misconception("the logarithm of a weight that is 0", {"way": "log of softmax"},
            f"exp({number(ONE_FAR.min() - ONE_FAR.max())}) rounds to 0 and its logarithm is −∞, where "
            f"{number(atn.log_softmax(ONE_FAR).min(), 4)} was to come. Write down log of the quotient before you "
            "compute anything."),
        Misconception("a number for −∞", {"way": "replaced"},
            "You put the lowest number of the type where −∞ came. How small the weight was is lost by then: it was "
            "rounded to 0 before its logarithm was taken."),
        Misconception("a logarithm is missing", {"way": "no log"},
            "You subtract the sum of the exponentials itself; the formula has its logarithm."),
        Misconception("a small number inside the logarithm", {"way": "log of softmax", "added": 1e-9},
            "1e-9 added inside the logarithm keeps it finite, and makes every number a little wrong and the far ones "
            "very wrong."),
        Misconception("exp overflows", {"way": "no peak"},
            "The exponential of a large score is infinite, of very small ones all are 0. The difference of the "
            "scores is all that counts."),
        Misconception("the maximum on one side only", {"way": "one side"},
            "You subtract the maximum inside the sum, but not from the score in front of it (or do not add it back): "
            "every row is off by its maximum."),
        Misconception("the maximum in front only", {"way": "in front"},
            "You subtract the maximum from the score in front, but not inside the sum: every row is off by its "
            "maximum."),
        Misconception("a sum of logarithms", {"way": "sum of logs"},
            "You take the sum of the logarithms; the formula has the logarithm of the sum."),
        Misconception("the base", {"way": "base"},
            "These are logarithms to base 2: every number is 1.443 = 1 / ln 2 times too large."),
    ),
)


# 1.4 masked_softmax


def _masked_softmax(scores, mask, polarity=True, when="before", empty="zero", peak=True, infinite="masked"):
    mask = mask if polarity else ~mask
    opened = {
        "before": np.where(mask, scores, -1e9 if empty == "filler" else -np.inf),
        "very negative": np.where(mask, scores, -1e9),
        "lowest": np.where(mask, scores, LOWEST),
        "product": scores * mask,
    }.get(when, scores)
    weights = _softmax(opened, peak="axis" if peak else "none")
    if when not in ("before", "product"):
        weights = weights * mask
    total = weights.sum(-1, keepdims=True)
    if when in ("renormalised", "guarded"):
        weights = weights / (np.where(total == 0, 1, total) if when == "guarded" else total)
    seen = mask if infinite == "kept" else mask & (scores > -np.inf)
    if infinite == "all":
        seen = seen | (scores == -np.inf).all(-1, keepdims=True) & mask
    nothing = ~(seen.any() if empty == "together" else seen.any(-1, keepdims=True))
    return np.where(nothing, 0, weights) if empty in ("zero", "together") else weights


HOLES = np.array([[0.4, -np.inf, 1.3], [-np.inf, -np.inf, 0.7]])
HOLLOW = np.array([[0.4, -np.inf, 1.3], [-np.inf, -np.inf, -np.inf]])
SHUT = np.array([[True, True, False], [False, False, False]])
MASKED_SOFTMAX = Exercise(
    number="1.4", name="masked_softmax", see="Masked softmax", reference=atn.masked_softmax, faulty=_masked_softmax,
    properties=(weights_masked, *WEIGHTS),
    stages=(
        Stage("plain", ({"scores": TINY, "mask": np.ones(3, bool)}, {"scores": ROWS, "mask": np.ones((3, 4), bool)})),
        Stage(
            "masked",
            (
                {"scores": TINY, "mask": np.array([True, True, False])},
                {"scores": ROWS, "mask": some(3, 3, 4)},
                {"scores": DEEP, "mask": some(4, 3, 5)},
            ),
        ),
        Stage(
            "rows that may attend to nothing",
            ({"scores": TINY, "mask": np.zeros(3, bool)}, {"scores": ROWS[:2, :3], "mask": SHUT}),
        ),
        Stage(
            "scores of −∞",
            (
                {"scores": HOLES, "mask": np.ones((2, 3), bool)},
                {"scores": HOLES, "mask": np.array([[True, True, True], [True, True, False]])},
                {"scores": HOLLOW, "mask": np.ones((2, 3), bool)},
            ),
        ),
        Stage(
            "extreme scores",
            (
                {"scores": np.array([-800.0, 1e4, -801.5]), "mask": np.array([True, False, True])},
                {"scores": np.stack([LADDER, -LADDER]), "mask": np.array([[True, False, True], [False, True, True]])},
                {"scores": np.array([LOWEST, LOWEST, 0.5]), "mask": np.array([True, True, False])},
            ),
            tolerance=1e-10,
        ),
        Stage(
            "float16",
            (
                {"scores": TINY.astype("float16"), "mask": np.array([True, False, True])},
                {"scores": ROWS[:2, :3].astype("float16"), "mask": SHUT},
            ),
        ),
    ),
    misconceptions=(
        Misconception("the mask is turned round", {"polarity": False},
            "True means *may attend*; you hide those and keep the others."),
        Misconception("the mask after softmax", {"when": "after"},
            "Softmax has already given the hidden scores their share; taking it away afterwards leaves a sum below "
            "1."),
        Misconception("the mask after softmax", {"when": "renormalised"},
            "You mask the weights and divide again. When a hidden score is far larger than the rest, all the others "
            "have rounded to 0 by then: 0 / 0."),
        Misconception("a hidden score is the largest", {"when": "guarded"},
            "Next to a hidden score that is far larger, all the others round to 0. Take the maximum over the keys that "
            "remain.", see="Subtract the maximum"),
        Misconception("a number for −∞", {"when": "very negative"},
            "You give the hidden scores a very negative number. Scores that may be seen can be lower still, and then "
            "lose their weight to the hidden ones."),
        Misconception("a number for −∞", {"when": "lowest"},
            "You give the hidden scores the lowest number of the type. A score that may be seen can be just as low, "
            "and then they share the weight."),
        Misconception("the mask multiplied into the scores", {"when": "product"},
            "A score of 0 is a score like any other, with weight exp(0) = 1 before the division. Which score has "
            "weight 0?"),
        Misconception("uniform weights where nothing may be seen", {"empty": "filler"},
            "Where nothing may be seen your weights are all equal, as they are when all scores are the same number, "
            "however negative. Such a row should be all zeros."),
        Misconception("NaN where nothing may be seen", {"empty": "nan"},
            "A row in which nothing may be seen gives 0 / 0, or −∞ − (−∞) where the maximum is subtracted. Such a "
            "row should be all zeros."),
        Misconception("NaN where some rows are empty", {"empty": "together"},
            "You look whether anything may be seen at all. Some rows may be empty while others are not: each needs an "
            "answer of its own."),
        Misconception("a row of −∞", {"infinite": "all"},
            "A row in which every score is −∞ may attend to nothing, even where the mask lets everything through; the "
            "maximum subtracted from it is −∞ − (−∞)."),
        Misconception("−∞ by itself does not count as masked", {"infinite": "kept"},
            "A row in which every score that the mask lets through is −∞ may attend to nothing either. You look for "
            "empty rows in the mask alone."),
        Misconception("exp overflows", {"peak": False},
            "exp of 10000 is infinite, and exp of −800 rounds to 0: nothing is subtracted before exp.",
            see="Subtract the maximum"),
    ),
)


# 1.5 log_softmax_backward


def _log_softmax_backward(
    log_weights, grad_log_weights, axis=-1, factor="p", inner="g", sign=-1, over="axis", front="g"
):
    p, g = np.exp(log_weights), grad_log_weights
    if factor == "softmax":
        return p * (g - (p * g).sum(axis, keepdims=True))
    terms = {"g": g, "p g": p * g, "mean": g / g.shape[axis]}.get(inner)
    total = g if inner == "own" else terms.sum({"axis": axis, "first": 0, "all": None}[over], keepdims=True)
    return {"g": g, "p g": p * g}[front] + sign * {"p": p, "log p": log_weights, "1": 1}[factor] * total


def _log_weights(seed, *shape, axis=-1):
    return {"log_weights": atn.log_softmax(normal(seed, *shape), axis), "grad_log_weights": normal(seed + 1, *shape)}


GIVEN = np.array([1.5, -0.5, 2.0])


def _sums_to_zero(trial, expected, got):
    """Raising all scores together changes no weight, so their gradients cancel."""
    sums = got.sum(trial.inputs.get("axis", -1))
    if np.abs(sums).max() <= trial.slack:
        return None
    place = np.unravel_index(np.argmax(np.abs(sums)), sums.shape)
    return Fault(
        "the sum of the gradients",
        "Raising all scores of a row together changes no weight, so their gradients must sum to 0. Along axis "
        f"{number(trial.inputs.get('axis', -1))} yours sum to {number(sums[place])}.",
    )


LOG_SOFTMAX_BACKWARD = Exercise(
    number="1.5", name="log_softmax_backward", see="Log-softmax", reference=log_softmax_backward,
    faulty=_log_softmax_backward, properties=(_sums_to_zero,),
    stages=(
        Stage("plain", ({"log_weights": np.log([0.2, 0.7, 0.1]), "grad_log_weights": GIVEN}, _log_weights(5, 3, 4))),
        Stage("batches", (_log_weights(7, 2, 3, 5),)),
        Stage("another axis", ({**_log_weights(9, 2, 3, 5, axis=1), "axis": 1},)),
        Stage(
            "weights that round to zero", ({"log_weights": np.array([-900.0, 0.0, -800.0]), "grad_log_weights": GIVEN},)
        ),
    ),
    misconceptions=(
        Misconception("the gradient of softmax", {"factor": "softmax"},
            "This is the way back through softmax. Through its *logarithm* the derivative is another, and simpler."),
        Misconception("the sign", {"sign": 1},
            "The sum comes in with the wrong sign: raising one score *lowers* the logarithms of all other weights."),
        Misconception("logarithms for weights", {"factor": "log p"},
            "You multiply the sum by log p. The derivative has p itself, and what you are given is its logarithm."),
        Misconception("no weight before the sum", {"factor": "1"},
            "You take the whole sum away from every entry. Each entry loses its own share of it."),
        Misconception("weights in the sum", {"inner": "p g"},
            "Your sum has p · g in it. The weight belongs to the score that is differentiated, not to the one summed "
            "over."),
        Misconception("a weight before the gradient", {"front": "p g"},
            "You multiply the incoming gradient by its weight. The first part of the derivative is 1 for a weight's "
            "own score, and not p."),
        Misconception("no sum at all", {"inner": "own"},
            "g − p · g lets a score move its own weight only. Every score moves every weight, so the gradients of "
            "all of them come in."),
        Misconception("a mean for a sum", {"inner": "mean"},
            "You take the mean along the axis; the chain rule has a sum."),
        Misconception("the axis of the sum", {"over": "first"},
            "You sum along axis 0. The sum runs over the weights that belong together, along `axis`."),
        Misconception("one sum for the whole array", {"over": "all"},
            "You sum over the whole array; each row along `axis` has a sum of its own."),
    ),
)


# 1.7 temperature_softmax


def _temperature_softmax(scores, temperature, where="divide"):
    ways = {
        "divide": lambda: atn.softmax(scores / temperature),
        "multiply": lambda: atn.softmax(scores * temperature),
        "after": lambda: atn.softmax(scores) / temperature,
        "power": lambda: atn.softmax(scores) ** (1 / temperature),
        "ignored": lambda: atn.softmax(scores),
        "square": lambda: atn.softmax(scores / temperature**2),
        "root": lambda: atn.softmax(scores / np.sqrt(temperature)),
        "overflow": lambda: _softmax(scores / temperature, peak="none"),
    }
    return ways[where]()


def _at(temperature, scores):
    return {"scores": scores, "temperature": np.array(temperature)}


TEMPERATURE_SOFTMAX = Exercise(
    number="1.7", name="temperature_softmax", see="Temperature", frameworks=("tensorflow", "pytorch"),
    reference=_temperature_softmax, faulty=_temperature_softmax, properties=WEIGHTS, dtypes=("float32", "float16"),
    stages=(
        Stage("plain", (_at(2.5, TINY), _at(0.4, ROWS))),
        Stage("batches", (_at(3.0, DEEP),)),
        Stage("extreme scores", (_at(0.5, LADDER), _at(1e-3, TINY), _at(1e4, TINY)), tolerance=1e-10,
            see="Subtract the maximum"),
    ),
    misconceptions=(
        Misconception("multiplied by the temperature", {"where": "multiply"},
            "A *high* temperature must make the weights more even; yours makes them more unequal."),
        Misconception("the temperature after softmax", {"where": "after"},
            "You divide the weights: they no longer sum to 1, and their proportions have not changed. The scores are "
            "to be divided."),
        Misconception("a power without dividing again", {"where": "power"},
            "The proportions are right: weights to the power 1/τ. But such powers do not sum to 1."),
        Misconception("no effect of the temperature", {"where": "ignored"},
            "Your weights are those of temperature 1, whatever the temperature."),
        Misconception("the square of the temperature", {"where": "square"},
            "You divide by τ². In exp(s / τ) the temperature is not squared."),
        Misconception("the root of the temperature", {"where": "root"},
            "You divide by √τ; in exp(s / τ) there is no root."),
        Misconception("exp overflows", {"where": "overflow"},
            "At a low temperature s / τ is large and exp of it infinite, and ∞ / ∞ is NaN. Only differences count: use "
            "that before exp."),
    ),
)


# 1.9 sparsemax


def _sparsemax(scores, count=0, divide=True, clip=True, order="own", way="project"):
    if way == "rescale":
        kept = np.maximum(scores, 0)
        return kept / kept.sum(-1, keepdims=True)
    if way == "cut softmax":
        weights = atn.softmax(scores)
        weights = np.where(weights < 1 / scores.shape[-1], 0, weights)
        return weights / weights.sum(-1, keepdims=True)
    falling = -np.sort(-scores, -1)  # (…, S)
    sums = falling.cumsum(-1) - 1
    k = np.arange(1, scores.shape[-1] + 1, dtype=scores.dtype)
    support = (
        (k * falling > sums).sum(-1, keepdims=True)
        if way == "project"
        else np.full((*scores.shape[:-1], 1), scores.shape[-1])
    )
    support = np.clip(support + count, 1, scores.shape[-1])
    threshold = np.take_along_axis(sums, support - 1, -1) / (support if divide else 1)
    weights = (falling if order == "sorted" else scores) - threshold
    return np.maximum(weights, 0) if clip else weights


def _support(trial, expected, got):
    """How many scores get a weight, and how the weights within follow them."""
    scores = trial.inputs["scores"]
    for row in np.ndindex(got.shape[:-1]):
        where = f" in row {list(row)}" if row else ""
        yours, right = (got[row] > trial.within).sum(), (expected[row] > 0).sum()
        if yours != right:
            return Fault("who gets a weight", f"You give weight to {yours} of the scores{where}; it should be {right}.")
        kept = np.flatnonzero(got[row] > trial.within)
        weights, given = np.ptp(got[row][kept]), np.ptp(scores[row][kept])
        if abs(weights - given) > trial.slack:
            return Fault(
                "the differences",
                f"Your largest and smallest positive weight{where} differ by {number(weights)}, their scores by "
                f"{number(given)}. The same threshold is taken from both, so the two must be equal.",
            )
    return None


SPARSEMAX = Exercise(
    number="1.9", name="sparsemax", see="Softmax from maximum entropy", reference=_sparsemax, faulty=_sparsemax,
    properties=(weights_choice, weights_negative, weights_sum, _support), returns="one weight for each score",
    stages=(
        Stage(
            "plain",
            (
                {"scores": np.array([0.3, 1.0, 0.6])},  # three of three stay
                {"scores": np.array([0.1, -1.2, 0.5, 1.1])},  # two of four
                {"scores": np.array([2.5, 0.2, -0.3])},  # one of three
            ),
        ),
        Stage("batches", ({"scores": ROWS}, {"scores": normal(9, 2, 3, 5, spread=0.5)})),
        Stage("extreme scores", ({"scores": LADDER}, {"scores": np.stack([LADDER / 1e4, -LADDER])}), tolerance=1e-9),
    ),
    misconceptions=(
        Misconception("one too few stay", {"count": -1},
            "Your threshold is that of one score fewer than stay above it."),
        Misconception("one too many stay", {"count": 1},
            "Your threshold counts one score that ends up below it."),
        Misconception("the threshold is not divided", {"divide": False},
            "The surplus over 1 is to be taken from the scores that stay in equal parts; you take the whole of it from "
            "each."),
        Misconception("all scores are counted", {"way": "everything"},
            "Your threshold is that of all the scores. Those that fall below it must not be counted: where scores are "
            "sorted, the sums start from the largest, not from the smallest."),
        Misconception("below zero", {"clip": False},
            "Where the score is below the threshold the weight is 0, not negative."),
        Misconception("sorted weights", {"order": "sorted"},
            "These are the right weights, from the largest to the smallest; each belongs to its own score."),
        Misconception("divided instead of subtracted", {"way": "rescale"},
            "You cut at 0 and divide by the sum. The *nearest* weights are reached by subtracting, not by dividing."),
        Misconception("a softmax with small weights removed", {"way": "cut softmax"},
            "There is no exp in sparsemax: the weights of the scores that stay are linear in them."),
    ),
)

EXERCISES = (
    WEIGHTS_BY_HAND,
    SOFTMAX,
    LOG_SOFTMAX,
    MASKED_SOFTMAX,
    LOG_SOFTMAX_BACKWARD,
    TEMPERATURE_SOFTMAX,
    SPARSEMAX,
)
