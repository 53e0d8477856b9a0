"""99 Softmax.

Exercises that stand only here: what test_engine.py asks the checks about, so that a chapter may change its own.
"""

import numpy as np

from attention.checks import arguments as arg
from attention.checks.chapter_01 import WEIGHTS_BY_HAND
from attention.checks.compare import unequal
from attention.checks.exercise import Exercise, Misconception, Stage
from attention.checks.properties import factor, function, shift, sign
from attention.checks.trial import Fault
from attention.checks.weights import WEIGHTS, weights_sum
from attention.checks.words import number

LADDER = np.array([1e4, 9998.5, 9999.25])  # three scores far from 0 and near to each other
ONE_FAR = np.array([0.5, -800.0, 2.0])  # one so far below the others that its weight rounds to 0
TINY = np.array([0.5, -1.2, 2.1])
ROWS = np.array([[0.35, 0.82, 0.33, -1.3], [0.91, 0.45, -0.54, 0.58], [0.36, 0.29, 0.03, 0.55]])
DEEP = np.round(np.linspace(-2, 2, 30) ** 3, 2).reshape(2, 3, 5)


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
)  # fmt: skip


def right_log_softmax(scores, axis=-1):
    under = scores - scores.max(axis, keepdims=True)
    return under - np.log(np.exp(under).sum(axis, keepdims=True))


def _log_softmax(scores, axis=-1, way="stable", added=0.0):
    peak = scores.max(axis, keepdims=True)
    if way == "log of softmax":
        return np.log(right_softmax(scores, axis) + added)
    if way == "no peak":
        return scores - np.log(np.exp(scores).sum(axis, keepdims=True))
    if way == "one side":
        return scores - np.log(np.exp(scores - peak).sum(axis, keepdims=True))
    if way == "replaced":
        return np.nan_to_num(np.log(right_softmax(scores, axis)))
    if way == "no log":
        return scores - peak - np.exp(scores - peak).sum(axis, keepdims=True)
    if way == "in front":
        return scores - peak - np.log(np.exp(scores).sum(axis, keepdims=True))
    if way == "sum of logs":
        return scores - np.log(np.exp(scores)).sum(axis, keepdims=True)
    if way == "base":
        return (scores - peak) / np.log(2) - np.log2(np.exp(scores - peak).sum(axis, keepdims=True))
    return right_log_softmax(scores, axis)


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
    number="1.3", name="log_softmax", see="Log-softmax", reference=right_log_softmax, faulty=_log_softmax,
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
            f"{number(right_log_softmax(ONE_FAR).min(), 4)} was to come. Write down log of the quotient before you "
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
)  # fmt: skip


def _temperature_softmax(scores, temperature, where="divide"):
    ways = {
        "divide": lambda: right_softmax(scores / temperature),
        "multiply": lambda: right_softmax(scores * temperature),
        "after": lambda: right_softmax(scores) / temperature,
        "power": lambda: right_softmax(scores) ** (1 / temperature),
        "ignored": lambda: right_softmax(scores),
        "square": lambda: right_softmax(scores / temperature**2),
        "root": lambda: right_softmax(scores / np.sqrt(temperature)),
        "overflow": lambda: _softmax(scores / temperature, peak="none"),
    }
    return ways[where]()


TEMPERATURE_SOFTMAX = Exercise(
    number="1.7", name="temperature_softmax", see="Temperature", frameworks=("tensorflow", "pytorch"),
    reference=lambda scores, temperature: right_softmax(scores / temperature), faulty=_temperature_softmax,
    properties=WEIGHTS, dtypes=("float32", "float16"),
    arguments={"scores": arg.Floats("…S"), "temperature": arg.Number(0.3, 4, array=True)},
    stages=(Stage("plain", leading=(0, 1)), Stage("batches", leading=(2, 3), ones=True)),
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
)  # fmt: skip


EXERCISES = (WEIGHTS_BY_HAND, SOFTMAX, LOG_SOFTMAX, TEMPERATURE_SOFTMAX)
