"""01 Softmax."""

import numpy as np

from attention.checks import arguments as arg
from attention.checks.exercise import Exercise, Misconception, Stage
from attention.checks.properties import factor, function, shift, sign
from attention.checks.trial import Fault
from attention.checks.weights import WEIGHTS, weights_choice, weights_negative, weights_sum
from attention.checks.words import number

LADDER = np.array([1e4, 9998.5, 9999.25])  # three scores far from 0 and near to each other
LOWEST = np.finfo(np.float64).min
FAR = 1e-11  # a share of the largest weight: exp(s − log Σ exp s) rounds as often as s is large
HALF = np.array([1e4, 1e4, 9992], np.float16)  # neighbours: a logarithm added to them is lost
TINY = np.array([0.5, -1.2, 2.1])
ROWS = np.array([[0.3, 0.8, -1.3, 0.9], [0.4, -0.5, 0.6, -1.1], [1.4, 0.1, -0.2, -2.3]])
ANYWHERE = [arg.normal, arg.tied, arg.small]  # scores near 0


def right_softmax(scores, axis=-1):
    exponentials = np.exp(scores - scores.max(axis, keepdims=True))
    return exponentials / exponentials.sum(axis, keepdims=True)


# 1.1 weights_by_hand


def _by_hand(make="exp", share=True, base=np.e, turned=False):
    scores = np.log([1, 2, 5]) / np.log(base) * (-1 if turned else 1)
    made = {
        "exp": np.exp, "score": np.abs, "square": np.square, "choice": lambda s: s == s.max(),
        "nought": lambda s: np.where(s == 0, 0, np.exp(s)),
    }[make](scores)  # fmt: skip
    return made / (made.sum() if share is True else made.max() if share == "max" else 1)


WEIGHTS_BY_HAND = Exercise(
    number="1.1", name="weights_by_hand", see="Softmax from maximum entropy", kind="value",
    reference=lambda: np.array([1, 2, 5]) / 8, faulty=_by_hand,
    returns="one weight for each score", properties=WEIGHTS,
    stages=(Stage("by hand", ({},), tolerance=8e-4),),
    misconceptions=(
        Misconception("not divided yet", {"share": False}, "These are the exponentials; they do not yet sum to 1."),
        Misconception("divided by the largest", {"share": "max"},
            "The largest of yours is 1. The weights are shares of a whole: all together must give 1."),
        Misconception("e⁰", {"make": "nought"},
            "You give the score 0 no weight. The exponential of 0 is 1, not 0: a score of 0 is a score like any "
            "other."),
        Misconception("e⁰, and not divided yet", {"make": "nought", "share": False},
            "These are exponentials, not yet divided by their sum, and that of 0 is not 0."),
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
)  # fmt: skip


# 1.2 softmax_with_sink


def right_with_sink(scores, axis=-1):
    top = np.maximum(scores.max(axis, keepdims=True), 0)
    exponentials = np.exp(scores - top)
    return exponentials / (np.exp(-top) + exponentials.sum(axis, keepdims=True))


def _with_sink(scores, axis=-1, over="axis", peak="right", one="right", make="exp", divide=True, kept=False):
    over = {"axis": axis, "last": -1, "first": 0, "all": None}[over]
    given = scores.max(over, keepdims=True)
    top = {"right": np.maximum(given, 0), "given": given, "none": np.zeros_like(given),
           "all": np.maximum(scores, 0).max()}[peak]  # fmt: skip
    power = {"exp": np.exp, "two": np.exp2}[make]
    made = power(scores - top)
    sink = {"right": power(-top), "kept": 1.0, "none": 0.0}[one]
    total = made.sum(axis=over, keepdims=True) + sink
    if kept:
        made = np.concatenate([made, np.broadcast_to(sink, given.shape)], axis=axis)
    return made / total if divide else made


SOFTMAX_WITH_SINK = Exercise(
    number="1.2", name="softmax_with_sink", see="Subtract the maximum", reference=right_with_sink, faulty=_with_sink,
    arguments={"scores": arg.Floats("…S"), "axis": arg.Axis()}, keeps_type=True, returns="one weight for each score",
    properties=WEIGHTS, dtypes=("float32", "float16"),
    stages=(
        Stage("plain", ({"scores": TINY}, {"scores": np.array([-0.4, -1.5, -2.3])}, {"scores": ROWS}),
            see="Softmax, three times"),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, styles={"scores": ANYWHERE},
            see="Softmax, three times"),
        Stage("another axis", leading=(0, 1, 2, 3), ones=True, every_axis=True, see="Softmax, three times"),
        Stage(
            "extreme scores", ({"scores": LADDER}, {"scores": -LADDER}), leading=(0, 1, 2),
            styles={"scores": [arg.far, arg.apart]}, types=(), tolerance=FAR,
        ),
        Stage("scores near 12", leading=(0, 2), styles={"scores": arg.near(11)}),
        Stage("scores near 90", leading=(0, 2), styles={"scores": arg.near(88)}, types=("float32",)),
        Stage(
            "scores of −∞", ({"scores": np.array([-np.inf, 0.3])}, {"scores": np.full(3, -np.inf)}),
            leading=(0, 2), styles={"scores": [arg.holes, arg.hollow]},
        ),
        Stage("10,000 in float16", ({"scores": HALF},), leading=(), types=(), tolerance=5e-3),
    ),
    misconceptions=(
        Misconception("no sink", {"one": "none"},
            "Your weights always sum to 1. The score 0 that is not among `scores` takes its share too: the 1 below the "
            "line."),
        Misconception("the sink among the weights", {"kept": True},
            "The weight of the sink is to be left out: one weight for each score that was given.",
            breaks_contract=True),
        Misconception("the 1 is not shifted", {"one": "kept"},
            "You take the maximum away from the scores and leave the 1 as it is. It is an exponential like the others: "
            "e to the power of the score 0."),
        Misconception("the maximum of the given scores, and the 1 not shifted", {"peak": "given", "one": "kept"},
            "You take the largest score away from the scores and leave the 1 as it is. It is an exponential like the "
            "others: e to the power of the score 0."),
        Misconception("the maximum without the sink", {"peak": "given"},
            "You take away the largest of the given scores. The sink's score of 0 may be larger, and where all of the "
            "others are −∞, −∞ − (−∞) is NaN."),
        Misconception("the axis", {"over": "all"},
            "Your sum runs over the whole array. Each row along `axis` has a sum of its own."),
        Misconception("the axis is not used", {"over": "last"},
            "You divide by the sum over the last axis, whatever `axis` says."),
        Misconception("the first axis", {"over": "first"},
            "You divide by the sum over axis 0; the default is the last axis, −1."),
        Misconception("exp overflows", {"peak": "none"},
            "exp of a large score is infinite, and ∞ / ∞ is NaN. The weights depend on differences of scores alone, "
            "that of the sink included: use that before exp."),
        Misconception("one maximum for all rows", {"peak": "all"},
            "You subtract the maximum of the whole array. In a row far below it every exp rounds to 0, that of the "
            "sink too, and 0 / 0 is NaN."),
        Misconception("no division", {"divide": False}, "These are not yet divided by the sum."),
        Misconception("not divided, nothing subtracted", {"divide": False, "peak": "none"},
            "These are the exponentials; weights are shares of their sum and 1."),
        Misconception("the base", {"make": "two"}, "You raise 2 to the power of the scores; softmax raises e."),
    ),
)  # fmt: skip


# 1.3 soft_maximum


def right_soft_maximum(scores, temperature):
    top = scores.max(-1, keepdims=True)
    return top[..., 0] + temperature * np.log(np.exp((scores - top) / temperature).sum(-1))


def _soft_maximum(scores, temperature, way="right", keepdims=False):
    top = scores.max(-1, keepdims=keepdims)
    under = scores - scores.max(-1, keepdims=True)

    def log_sum(of, log=np.log, add=np.sum):
        return log(add(np.exp(of), axis=-1, keepdims=keepdims))

    return {
        "right": lambda: top + temperature * log_sum(under / temperature),
        "no peak": lambda: temperature * log_sum(scores / temperature),
        "one peak": lambda: scores.max() + temperature * log_sum((scores - scores.max()) / temperature),
        "not added back": lambda: temperature * log_sum(under / temperature),
        "added inside": lambda: temperature * (top + log_sum(under / temperature)),
        "divided": lambda: top / temperature + temperature * log_sum(under / temperature),
        "no factor": lambda: top / temperature + log_sum(under / temperature),
        "no factor at the log": lambda: top + log_sum(under / temperature),
        "not inside": lambda: top + temperature * log_sum(under),
        "ignored": lambda: top + log_sum(under),
        "multiplied": lambda: top + log_sum(under * temperature) / temperature,
        "mean": lambda: top + temperature * log_sum(under / temperature, add=np.mean),
        "maximum": lambda: top,
        "average": lambda: (right_softmax(scores / temperature) * scores).sum(-1, keepdims=keepdims),
        "base": lambda: top + temperature * log_sum(under / temperature, log=np.log2),
        "no log": lambda: top + temperature * np.exp(under / temperature).sum(-1, keepdims=keepdims),
    }[way]()


def _ties(rng, shape):
    """Equal scores, none of them 0: beside a 0 the smallest remainder would count."""
    return arg.tied(rng, shape) + 0.25


SOFT_MAXIMUM = Exercise(
    number="1.3", name="soft_maximum", see="Log-softmax", reference=right_soft_maximum, faulty=_soft_maximum,
    arguments={"scores": arg.Floats("…S"), "temperature": arg.Number(0.3, 4)}, axes={"result": "…"},
    returns="one number for each row", properties=(sign, factor, shift, function), dtypes=("float32", "float16"),
    stages=(
        Stage("plain", ({"scores": ROWS[:, :3], "temperature": 2.0}, {"scores": ROWS, "temperature": 0.5}),
            leading=(), see="Softmax from maximum entropy"),
        Stage("one row, and batches", leading=(0, 1, 2, 3), ones=True, large=True, styles={"scores": ANYWHERE}),
        Stage(
            "extreme scores",
            ({"scores": LADDER, "temperature": 1.0}, {"scores": -LADDER, "temperature": 0.5}),
            leading=(0, 1, 2), styles={"scores": [arg.far, arg.apart]}, types=(),
        ),
        Stage("cold", leading=(0, 2), styles={"scores": [arg.normal, _ties], "temperature": (1e-3, 0.05)}),
        Stage("hot", leading=(0, 2), styles={"temperature": (50, 500)}),
        Stage("hotter", leading=(0, 2), styles={"scores": arg.apart, "temperature": (1e3, 1e6)}, types=()),
        Stage("scores near 12", leading=(0, 2), styles={"scores": arg.near(11), "temperature": (0.8, 1)}),
        Stage("scores near 90", leading=(0, 2), styles={"scores": arg.near(88), "temperature": (0.8, 1)},
            types=("float32",)),
        Stage(
            "scores of −∞",
            (
                {"scores": np.array([-np.inf, 0.3, 1.2]), "temperature": 0.5},
                {"scores": np.array([-1e4, -9999.0, -np.inf]), "temperature": 1.0},  # lower than many a filler
                {"scores": np.array([-1e9, -np.inf]), "temperature": 1.0},
            ),
            leading=(0, 2), styles={"scores": arg.holes},
        ),
    ),
    misconceptions=(
        Misconception("the axis that is kept", {"keepdims": True},
            "The last axis is to go: one number for each row, without an axis of length 1.", breaks_contract=True),
        Misconception("exp overflows", {"way": "no peak"},
            "exp of a large number is infinite, and of very small ones all are 0, whose logarithm is −∞. Take the "
            "largest score out of the sum first."),
        Misconception("one maximum for all rows", {"way": "one peak"},
            "You subtract the maximum of the whole array. In a row far below it every exp rounds to 0, and the "
            "logarithm of 0 is −∞. Each row has a maximum of its own."),
        Misconception("the maximum does not come back", {"way": "not added back"},
            "You subtract the largest score inside the sum and do not add it again outside: every row is too small by "
            "its maximum."),
        Misconception("the maximum times the temperature", {"way": "added inside"},
            "The maximum comes back multiplied by τ. What you took out of the sum is exp(m / τ): its logarithm is "
            "m / τ, and τ times that is m."),
        Misconception("the maximum over the temperature", {"way": "divided"},
            "The maximum comes back divided by τ. τ stands before the whole logarithm: τ · m / τ = m."),
        Misconception("no temperature in front", {"way": "no factor"},
            "τ stands before the logarithm too; without it every number is divided by τ."),
        Misconception("no temperature before the logarithm", {"way": "no factor at the log"},
            "The maximum is right; the logarithm of the rest has to be multiplied by τ."),
        Misconception("no temperature inside", {"way": "not inside"},
            "Inside the exponential the scores are divided by τ; yours are not."),
        Misconception("no effect of the temperature", {"way": "ignored"},
            "Your numbers are those of temperature 1, whatever the temperature."),
        Misconception("the inverse temperature", {"way": "multiplied"},
            "You multiply by τ where you should divide, and divide where you should multiply."),
        Misconception("a mean for a sum", {"way": "mean"},
            "You take the mean of the exponentials; the formula has their sum."),
        Misconception("the maximum itself", {"way": "maximum"},
            "This is the largest score. The soft maximum lies above it, the more so the higher the temperature."),
        Misconception("the average of the scores", {"way": "average"},
            "This is the average of the scores with the weights of softmax. F has the entropy of these weights too, "
            "times τ."),
        Misconception("the base", {"way": "base"}, "You take the logarithm to base 2; it is the natural one."),
        Misconception("no logarithm", {"way": "no log"},
            "You add the sum of the exponentials itself; the formula has its logarithm."),
    ),
)  # fmt: skip


# 1.4 softmax_with_counts


def right_with_counts(scores, counts):
    there = (counts > 0) & (scores != -np.inf)
    top = np.where(there, scores, LOWEST).max(-1, keepdims=True)
    made = np.where(there, counts * np.exp(np.where(there, scores, top) - top), 0)
    total = made.sum(-1, keepdims=True)
    return np.where(total > 0, made / total, 0)


def _with_counts(scores, counts, when="before", empty="zero", peak=True, infinite=None, use="factor"):
    there = counts > 0
    absent = {"before": -np.inf, "very negative": -1e9}.get(when)
    opened = scores if absent is None else np.where(there, scores, absent)
    if use == "score":
        opened = np.where(there, scores * counts, absent)
    made = np.exp(opened - (opened.max(-1, keepdims=True) if peak else 0))
    copies = counts * 1.0 if use == "factor" else there * 1.0
    if when in ("after", "renormalised", "guarded"):
        weights = made / made.sum(-1, keepdims=True) * copies
        total = weights.sum(-1, keepdims=True)
        if when != "after":
            weights = weights / (np.where(total == 0, 1, total) if when == "guarded" else total)
    else:
        weights = np.where(there, copies * made, made if when == "very negative" else 0)
        weights = weights / weights.sum(-1, keepdims=True)
    if use == "each":
        made = counts * made
        weights = made / made.sum(-1, keepdims=True) / np.where(there, counts, 1)
    seen = there if infinite == "kept" else there & (scores > -np.inf)
    if infinite == "all":
        seen = seen | (scores == -np.inf).all(-1, keepdims=True) & there
    nothing = ~(seen.any() if empty == "together" else seen.any(-1, keepdims=True))
    if empty == "equal":
        return np.where(nothing, 1 / scores.shape[-1], weights)
    return np.where(nothing, 0, weights) if empty in ("zero", "together") else weights


def _all_there(rng, shape):
    return rng.integers(1, 4, shape)


def _some_there(rng, shape):
    """In each row at least one that is there, and where it has several one that is not."""
    there = arg.seen(rng, shape, 0.6)
    return np.where(there, rng.integers(1, 5, shape), 0)


def _rows_empty(rng, shape):
    return np.where(rng.random((*shape[:-1], 1)) < 0.4, 0, _some_there(rng, shape))


def _many(rng, shape):
    return np.where(arg.seen(rng, shape, 0.7), rng.choice([1, 10, 300, 2049], shape), 0)


def _counts_stage(name, style, draws=(), **more):
    return Stage(name, draws, styles={"counts": style, **more.pop("styles", {})}, **more)


def _peaks(rng, shape):
    """Scores of which about every third is far larger than the others."""
    return arg.normal(rng, shape) + np.where(rng.random(shape) < 0.35, 900.0, 0.0)


ABSENT = {"scores": np.array([0.5, 900.0, -0.7]), "counts": np.array([2, 0, 1])}
SOFTMAX_WITH_COUNTS = Exercise(
    number="1.4", name="softmax_with_counts", see="Masked softmax", reference=right_with_counts, faulty=_with_counts,
    arguments={"scores": arg.Floats("…S"), "counts": arg.Integers("…S", below=5)}, keeps_type=True,
    returns="one weight for each score", properties=WEIGHTS, dtypes=("float32", "float16"),
    stages=(
        _counts_stage("plain", _all_there, (
            {"scores": TINY, "counts": np.array([1, 1, 1])}, {"scores": TINY, "counts": np.array([1, 3, 2])})),
        _counts_stage("batches", _all_there, leading=(1, 2, 3), ones=True, large=True, styles={"scores": ANYWHERE}),
        _counts_stage("keys that are not there", _some_there, ({"scores": TINY, "counts": np.array([2, 1, 0])},),
            leading=(0, 1, 2, 3), ones=True),
        _counts_stage("the largest is not there", _some_there, (ABSENT,), leading=(0, 1, 2),
            styles={"scores": _peaks}, types=("float32",), see="Subtract the maximum"),
        _counts_stage("rows in which nothing is there", _rows_empty, (
            {"scores": TINY, "counts": np.zeros(3, int)}, {"scores": np.array([0.4]), "counts": np.array([0])},
            {"scores": ROWS[:2, :3], "counts": np.array([[2, 1, 0], [0, 0, 0]])}), leading=(0, 1, 2), ones=True),
        _counts_stage("scores of −∞", [_all_there, _some_there], (
            {"scores": np.array([[0.4, -np.inf, 1.3], [-np.inf, -np.inf, 0.7]]), "counts": np.ones((2, 3), int)},
            {"scores": np.array([[0.4, -np.inf, 1.3], [-np.inf, -np.inf, 0.7]]),
             "counts": np.array([[1, 2, 1], [1, 2, 0]])},
            {"scores": np.array([[0.4, -np.inf], [-np.inf, -np.inf]]), "counts": np.ones((2, 2), int)}),
            leading=(0, 2), styles={"scores": [arg.holes, arg.hollow]}),
        _counts_stage("extreme scores", _some_there, (
            {"scores": np.array([-800.0, 1e4, -801.5]), "counts": np.array([1, 0, 3])},),
            leading=(0, 1, 2), styles={"scores": [arg.far, arg.apart]}, types=(), tolerance=FAR,
            see="Subtract the maximum"),
        Stage("scores far below −10⁹", ({"scores": np.array([-1e10, -1e10, 0.5]), "counts": np.array([1, 1, 0])},),
            leading=(), types=()),
        _counts_stage("scores near 12", _some_there, leading=(0, 2), styles={"scores": arg.near(11)},
            see="Subtract the maximum"),
        _counts_stage("scores near 90", _some_there, leading=(0, 2), styles={"scores": arg.near(88)},
            types=("float32",), see="Subtract the maximum"),
        _counts_stage("many copies", _many, leading=(0, 2)),
        Stage("70,001 copies", ({"scores": TINY, "counts": np.array([70001, 70001, 2])},), leading=(),
            tolerance=1e-11),  # who adds them one by one rounds as often
        Stage("10,000 in float16", ({"scores": HALF, "counts": np.array([1, 3, 0])},), leading=(), types=(),
            tolerance=5e-3, see="Subtract the maximum"),
    ),
    misconceptions=(
        Misconception("each key once", {"use": "there"},
            "You count every key that is there once. A key with the count 3 is there three times."),
        Misconception("the weight of one copy", {"use": "each"},
            "These are the weights of one copy of each key; all the copies of a key together are wanted."),
        Misconception("the count times the score", {"use": "score"},
            "You multiply the score by its count. Three copies of a key have the same score three times, and each its "
            "own exponential."),
        Misconception("the counts after softmax", {"when": "after"},
            "You multiply finished weights by the counts: they no longer sum to 1."),
        Misconception("scores that are not there", {"when": "renormalised"},
            "Scores that are not there still decide what is subtracted before exp. When one of them is far larger "
            "than the rest, all the others round to 0: 0 / 0.", see="Subtract the maximum"),
        Misconception("one that is not there is the largest", {"when": "guarded"},
            "Next to a score that is far larger all the others round to 0, even where it is not there. Take the "
            "maximum over the keys that are.", see="Subtract the maximum"),
        Misconception("a number for −∞", {"when": "very negative"},
            "You give the scores that are not there a very negative number. Others can be lower still, and then lose "
            "their weight to those that are not there."),
        Misconception("equal weights where nothing is there", {"empty": "equal"},
            "Where nothing is there your weights are all equal. Such a row should be all zeros."),
        Misconception("NaN where nothing is there", {"empty": "nan"},
            "A row in which nothing is there gives 0 / 0, or −∞ − (−∞) where the maximum is subtracted. Such a row "
            "should be all zeros."),
        Misconception("NaN where some rows are empty", {"empty": "together"},
            "You look whether anything is there at all. Some rows may be empty while others are not: each needs an "
            "answer of its own."),
        Misconception("a row of −∞", {"infinite": "all"},
            "In a row in which every score is −∞ nothing is there, whatever the counts; the maximum subtracted from "
            "it is −∞ − (−∞)."),
        Misconception("−∞ by itself does not count as absent", {"infinite": "kept"},
            "A row in which every score that has a count is −∞ is empty too. You look for empty rows in the counts "
            "alone."),
        Misconception("exp overflows", {"peak": False},
            "exp of 10000 is infinite, and exp of −800 rounds to 0: nothing is subtracted before exp.",
            see="Subtract the maximum"),
    ),
)  # fmt: skip


# 1.5 log_softmax_backward


def right_backward(log_weights, grad_log_weights, axis=-1):
    return grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis, keepdims=True)


def _log_softmax_backward(
    log_weights, grad_log_weights, axis=-1, factor="p", inner="g", sign=-1, over="axis", front="g"
):
    p, g = np.exp(log_weights), grad_log_weights
    if factor == "softmax":
        return p * (g - (p * g).sum(axis, keepdims=True))
    if factor == "softmax of logs":
        return log_weights * (g - (log_weights * g).sum(axis, keepdims=True))
    terms = {"g": g, "p g": p * g, "mean": g / g.shape[axis]}.get(inner)
    along = {"axis": axis, "first": 0, "last": -1, "all": None}[over]
    total = g if inner == "own" else terms.sum(along, keepdims=True)
    return {"g": g, "p g": p * g}[front] + sign * {"p": p, "log p": log_weights, "1": 1}[factor] * total


def _log_weights(rng, plan, drawn):
    """Logarithms of weights that sum to one along the axis of the draw."""
    axis = -1 if plan.axis is None else plan.axis
    scores = plan.styles.get("log_weights", arg.normal)(rng, plan.shape("…S"))
    under = scores - scores.max(axis, keepdims=True)
    return under - np.log(np.exp(under).sum(axis, keepdims=True))


GIVEN = np.array([1.5, -0.5, 2.0])


def _sums_to_zero(trial, expected, got):
    """Raising all scores together changes no weight, so their gradients cancel."""
    sums = got.sum(trial.inputs.get("axis", -1))
    if np.abs(sums).max() <= 10 * trial.slack * max(1, np.abs(got).max()):
        return None
    place = np.unravel_index(np.argmax(np.abs(sums)), sums.shape)
    return Fault(
        "the sum of the gradients",
        "Raising all scores of a row together changes no weight, so their gradients must sum to 0. Along axis "
        f"{number(trial.inputs.get('axis', -1))} yours sum to {number(sums[place])}.",
    )


LOG_SOFTMAX_BACKWARD = Exercise(
    number="1.5", name="log_softmax_backward", see="Log-softmax", reference=right_backward,
    faulty=_log_softmax_backward, properties=(_sums_to_zero,), dtypes=("float32", "float16"),
    returns="one number for each score",
    arguments={"log_weights": arg.Made(_log_weights, axes="…S"), "grad_log_weights": arg.Floats("…S", arg.upstream),
               "axis": arg.Axis()},
    stages=(
        Stage("plain", ({"log_weights": np.log([0.2, 0.7, 0.1]), "grad_log_weights": GIVEN},)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True,
            styles={"grad_log_weights": [arg.upstream, arg.normal]}),
        Stage("another axis", leading=(0, 1, 2, 3), ones=True, every_axis=True),
        Stage("gradients of many sizes", leading=(0, 2),
            styles={"grad_log_weights": [arg.small, arg.tied, arg.sizes]}),
        Stage(
            "weights that round to zero",
            ({"log_weights": np.array([-900.0, 0.0, -800.0]), "grad_log_weights": GIVEN},),
            leading=(0, 2), styles={"log_weights": arg.apart},
        ),
        Stage("weights of 0", ({"log_weights": np.array([-np.inf, 0.0, -np.inf]), "grad_log_weights": GIVEN},),
            leading=(0, 2), styles={"log_weights": arg.holes}),
    ),
    misconceptions=(
        Misconception("the gradient of softmax", {"factor": "softmax"},
            "This is the way back through softmax. Through its *logarithm* the derivative is another, and simpler."),
        Misconception("the gradient of softmax, of logarithms", {"factor": "softmax of logs"},
            "This is the way back through softmax, with the logarithms in the place of the weights. What you are given "
            "is log p, and what is wanted is the way back through the logarithm too."),
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
        Misconception("the axis is not used", {"over": "last"},
            "You sum along the last axis, whatever `axis` says."),
        Misconception("the axis of the sum", {"over": "first"},
            "You sum along axis 0. The sum runs over the weights that belong together, along `axis`."),
        Misconception("one sum for the whole array", {"over": "all"},
            "You sum over the whole array; each row along `axis` has a sum of its own."),
    ),
)  # fmt: skip


# 1.7 temperature_softmax


def right_at_temperatures(scores, temperatures):
    return right_softmax(scores / temperatures[..., None])


def _temperature_softmax(scores, temperatures, where="divide", axis="own", peak="row"):
    tau = {
        "own": lambda: temperatures[..., None],
        "trailing": lambda: temperatures,
        "one": lambda: temperatures.reshape(-1)[0],
        "mean": lambda: temperatures.mean(),
    }[axis]()

    def softmax(of):
        top = of.max(-1, keepdims=True) if peak == "row" else 0
        made = np.exp(of - top)
        return made / made.sum(-1, keepdims=True)

    powers = right_softmax(scores) ** (1 / tau)
    return {
        "divide": lambda: softmax(scores / tau),
        "multiply": lambda: softmax(scores * tau),
        "after": lambda: softmax(scores) / tau,
        "power": lambda: powers,
        "power, divided": lambda: powers / powers.sum(-1, keepdims=True),
        "ignored": lambda: softmax(scores),
        "square": lambda: softmax(scores / tau**2),
        "root": lambda: softmax(scores / np.sqrt(tau)),
    }[where]()


def _temperatures(low, high):
    return lambda rng, shape: np.round(np.exp(rng.uniform(np.log(low), np.log(high), shape)), 3)


TEMPERATURE_SOFTMAX = Exercise(
    number="1.7", name="temperature_softmax", see="Temperature", frameworks=("tensorflow", "pytorch"),
    reference=right_at_temperatures, faulty=_temperature_softmax, properties=WEIGHTS, dtypes=("float32", "float16"),
    arguments={"scores": arg.Floats("…S"), "temperatures": arg.Floats("…", _temperatures(0.3, 4))},
    axes={"result": "…S"}, returns="one weight for each score",
    stages=(
        Stage("plain", ({"scores": TINY, "temperatures": np.array(2.5)},)),
        Stage("a temperature for each row", ({"scores": ROWS[:, :3], "temperatures": np.array([0.4, 2.5, 1.5])},),
            leading=(1, 2, 3), ones=True, large=True, styles={"scores": ANYWHERE}),
        Stage("as many rows as keys", leading=(1,), sizes={"S": 2}),
        Stage("cold and hot", ({"scores": np.array([0.0, 800.0]), "temperatures": np.array(1000.0)},
                               {"scores": TINY, "temperatures": np.array(1e-3)}),
            leading=(0, 2), styles={"temperatures": [_temperatures(5e-3, 0.05), _temperatures(100, 1e4)]}, types=(),
            gradient=False),
        Stage("extreme scores", ({"scores": LADDER, "temperatures": np.array(0.5)},), leading=(0, 1, 2),
            styles={"scores": [arg.far, arg.apart]}, types=(), tolerance=FAR, gradient=False,
            see="Subtract the maximum"),
        Stage("scores near 12", leading=(0, 2), styles={"scores": arg.near(11), "temperatures": _temperatures(0.8, 1)},
            see="Subtract the maximum"),
        Stage("scores near 90", leading=(0, 2), styles={"scores": arg.near(88), "temperatures": _temperatures(0.8, 1)},
            types=("float32",), see="Subtract the maximum"),
    ),
    misconceptions=(
        Misconception("multiplied by the temperature", {"where": "multiply"},
            "A *high* temperature must make the weights more even; yours makes them more unequal."),
        Misconception("the temperature after softmax", {"where": "after"},
            "You divide the weights: they no longer sum to 1, and their proportions have not changed. The scores are "
            "to be divided."),
        Misconception("a power without dividing again", {"where": "power"},
            "The proportions are right: weights to the power 1/τ. But such powers do not sum to 1."),
        Misconception("the power of a weight that is 0", {"where": "power, divided"},
            "You take weights to the power 1/τ and divide again. On paper that is the same; but a weight that has "
            "rounded to 0 stays 0 at any temperature. Divide the scores."),
        Misconception("no effect of the temperature", {"where": "ignored"},
            "Your weights are those of temperature 1, whatever the temperature."),
        Misconception("the square of the temperature", {"where": "square"},
            "You divide by τ². In exp(s / τ) the temperature is not squared."),
        Misconception("the root of the temperature", {"where": "root"},
            "You divide by √τ; in exp(s / τ) there is no root."),
        Misconception("the axis of the temperatures", {"axis": "trailing"},
            "Shapes are compared from the right, so your temperatures meet the keys, not the rows. They need a last "
            "axis of length 1.", breaks_contract=True),
        Misconception("one temperature for all", {"axis": "one"},
            "You use the first temperature for all rows; each row has one of its own."),
        Misconception("the mean temperature", {"axis": "mean"},
            "You use the mean of the temperatures for all rows; each row has one of its own."),
        Misconception("exp overflows", {"peak": "none"},
            "At a low temperature s / τ is large and exp of it infinite, and ∞ / ∞ is NaN. Only differences count: use "
            "that before exp.", see="Subtract the maximum"),
    ),
)  # fmt: skip


# 1.9 sparsemax


def right_sparsemax(scores):
    wide = scores - scores.max(-1, keepdims=True)
    falling = -np.sort(-wide, -1)
    surplus = falling.cumsum(-1) - 1
    k = np.arange(1, scores.shape[-1] + 1)
    stay = (k * falling > surplus).sum(-1, keepdims=True)
    return np.maximum(wide - np.take_along_axis(surplus, stay - 1, -1) / stay, 0)


def _sparsemax(scores, count=0, divide=True, clip=True, order=None, way="project"):
    if way == "rescale":
        kept = np.maximum(scores, 0)
        return kept / kept.sum(-1, keepdims=True)
    if way == "cut softmax":
        weights = right_softmax(scores)
        weights = np.where(weights < 1 / scores.shape[-1], 0, weights)
        return weights / weights.sum(-1, keepdims=True)
    scores = scores - scores.max(-1, keepdims=True)
    falling = -np.sort(-scores, -1)  # (…, S)
    sums = falling.cumsum(-1, dtype=falling.dtype) - falling.dtype.type(1)
    k = np.arange(1, scores.shape[-1] + 1, dtype=scores.dtype)
    support = (
        (k * falling > sums).sum(-1, keepdims=True)
        if way == "project"
        else np.full((*scores.shape[:-1], 1), scores.shape[-1])
    )
    support = np.clip(support + count, 1, scores.shape[-1])
    threshold = np.take_along_axis(sums, support - 1, -1) / (support.astype(scores.dtype) if divide else 1)
    weights = (falling if order == "sorted" else scores) - threshold
    return np.maximum(weights, 0) if clip else weights


def _support(trial, expected, got):
    """How many scores get a weight, and how the weights within follow them."""
    scores, least = trial.inputs["scores"], trial.slack
    for row in np.ndindex(got.shape[:-1]):
        where = f" in row {list(row)}" if row else ""
        yours, right = (got[row] > least).sum(), (expected[row] > least).sum()
        if yours != right and ((expected[row] == 0) | (expected[row] > least)).all():
            return Fault("who gets a weight", f"You give weight to {yours} of the scores{where}; it should be {right}.")
        kept = np.flatnonzero(got[row] > least)
        if len(kept) < 2:
            continue
        weights, given = np.ptp(got[row][kept]), np.ptp(scores[row][kept])
        if abs(weights - given) > least + 1e-3 * given:
            return Fault(
                "the differences",
                f"Your largest and smallest positive weight{where} differ by {number(weights)}, their scores by "
                f"{number(given)}. The same threshold is taken from both, so the two must be equal.",
            )
    return None


def _close(rng, shape):
    """Scores of which several stay."""
    return np.round(0.4 * rng.standard_normal(shape), 2)


def _closer(rng, shape):
    """Scores of which almost all stay, many as they may be."""
    return np.round(0.03 * rng.standard_normal(shape), 3)


def _with_small_weights(rng, shape):
    """Weights of many sizes, moved to somewhere else."""
    weights = 10 ** rng.uniform(-4, 0, shape)
    return np.round(weights / weights.sum(-1, keepdims=True), 5) + arg.normal(rng, (*shape[:-1], 1))


BIG = np.array([1e8, 1e8 - 16, 3.0])
SPARSEMAX = Exercise(
    number="1.9", name="sparsemax", see="Why entropy?", reference=right_sparsemax, faulty=_sparsemax,
    arguments={"scores": arg.Floats("…S")}, keeps_type=True, dtypes=("float32", "float16"),
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
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, styles={"scores": [_close, arg.normal, arg.small]}),
        Stage("many that stay, and small weights", leading=(0, 2), large=True,
            styles={"scores": [_closer, _with_small_weights]}),
        Stage("ties", ({"scores": np.zeros(4)}, {"scores": np.array([1.0, 0.0, 1.0])}), leading=(0, 2),
            styles={"scores": arg.tied}),
        Stage("extreme scores", ({"scores": LADDER}, {"scores": np.stack([LADDER / 1e4, -LADDER])}),
            leading=(0, 1, 2), styles={"scores": [arg.far, arg.apart]}, types=(), see="Subtract the maximum"),
        Stage("large scores", ({"scores": BIG}, {"scores": np.array([BIG, BIG[::-1]])},
            {"scores": np.array([-1e8, -1e8 - 32, 16 - 1e8])}, {"scores": np.array([1e17, 1e17, 3.0])}),
            leading=(), types=("float32",), see="Subtract the maximum"),
        Stage("scores above 2000", ({"scores": np.array([2048.0, 2040.0, 3.0])},
            {"scores": np.array([[-3000.0, -3008.0, -3100.0], [5.0, 2050.0, 2060.0]])}),
            leading=(), see="Subtract the maximum"),
    ),
    misconceptions=(
        Misconception("one too few stay", {"count": -1},
            "Your threshold is made of one score too few: one more of them stays above it."),
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
)  # fmt: skip

EXERCISES = (
    WEIGHTS_BY_HAND,
    SOFTMAX_WITH_SINK,
    SOFT_MAXIMUM,
    SOFTMAX_WITH_COUNTS,
    LOG_SOFTMAX_BACKWARD,
    TEMPERATURE_SOFTMAX,
    SPARSEMAX,
)
