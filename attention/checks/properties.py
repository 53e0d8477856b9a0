"""True and specific sentences about wrong numbers.

A property looks at a trial and returns a Fault, or None when it has nothing to say. It states only what it measured.
"""

from itertools import permutations

import numpy as np

from attention.checks.compare import TOLERANCE, equal, largest, tolerance, unequal
from attention.checks.exercise import is_float
from attention.checks.trial import Fault
from attention.checks.words import number, pair


def sentence_for(trial):
    """What the first property says that has something to say: a Fault, or None."""
    if fault := results_exchanged(trial, trial.got):
        return fault
    name, expected, got = trial.wrong
    general = GENERAL if isinstance(got, np.ndarray) and got.dtype.kind == "f" else ()
    with np.errstate(all="ignore"):
        for prop in (*general[:1], *trial.exercise.properties, *general[1:]):
            if fault := prop(trial, expected, got):
                of = f"{name}: " if trial.exercise.outputs else ""
                return Fault(fault.title, *(of + sentence for sentence in fault.sentences))
    return None


def results_exchanged(trial, got):
    """Of several results all are right, and come in another order."""
    for places in list(permutations(range(len(got))))[1:]:
        if equal(tuple(got[place] for place in places), trial.expected, trial.margins):
            names = [trial.names[places.index(at)] for at in range(len(got))]
            return Fault(
                "the order of the results",
                f"All results are right, and come in another order: wanted are {', '.join(trial.names)}, yours are "
                f"{', '.join(names)}.",
            )
    return None


def not_finite(trial, expected, got):
    bad = ~np.isfinite(got) & np.isfinite(expected)
    if not bad.any():
        return None
    kind = "NaN" if np.isnan(got[bad]).any() else "infinite"
    cause = {
        "NaN": "NaN is born of ∞ − ∞, ∞ / ∞, 0 · ∞, 0 / 0, and the log or the root of a negative number.",
        "infinite": "Infinity is born of the exp of a large number, of the log of 0 or of a division by 0; or it was "
        "put in.",
    }[kind]
    should = np.isfinite(expected).sum()
    which = f"Of {should} numbers that should be finite {bad.sum()} {'is' if bad.sum() == 1 else 'are'} {kind}."
    return Fault(kind, f"{which if bad.size > 1 else f'The number is {kind} and should be finite.'} {cause}")


def nothing(trial, expected, got):
    if np.ptp(got) == 0 and np.ptp(expected) > 0:
        return Fault(
            "all the same", f"Every number of yours is {number(got.flat[0])}; they should differ from each other."
        )
    return None


def _finite(expected, got):
    return np.isfinite(expected).all() and np.isfinite(got).all()


def _every(got):
    return "Every number is" if got.size > 1 else "It is"


def sign(trial, expected, got):
    if _finite(expected, got) and expected.any() and not unequal(-got, expected, trial.slack).any():
        what = "Every number has" if got.size > 1 else "It has"
        return Fault("the sign", f"{what} the right size and the wrong sign.")
    return None


def signs(trial, expected, got):
    """The right sizes, and some of them with the wrong sign."""
    bad = trial.bad
    if not _finite(expected, got) or unequal(np.where(bad, -got, got), expected, trial.within).any():
        return None
    wrong = f"{bad.sum()} of {bad.size} {'has' if bad.sum() == 1 else 'have'}"
    return Fault("the signs", f"Every number has the right size; {wrong} the wrong sign.")


def factor(trial, expected, got):
    """One factor for all numbers. Of a single number any is one: only a simple factor says something there."""
    if not _finite(expected, got) or not expected.any():
        return None
    ratio = (got * expected).sum() / (expected**2).sum()
    if abs(ratio - 1) <= trial.slack or unequal(got / ratio, expected, trial.slack).any():
        return None
    if not trial.bad[expected != 0].all():
        return None  # a small number, right as it stands, is lost beside the largest
    powers = (ratio, 1 / ratio, ratio**2, ratio**-2)
    simple = any(abs(r - round(r)) <= trial.slack * abs(r) and abs(round(r)) != 1 for r in powers)
    if (expected != 0).sum() < 2 and not simple:
        return None
    return Fault("the scale", f"{_every(got)} {unlike(ratio, 1)} times what it should be.")


def unlike(value, plain):
    """A number with digits enough to differ from another."""
    return pair(plain, value)[1]


def shift(trial, expected, got):
    if not _finite(expected, got):
        return None
    offset = (got - expected).mean()
    large = abs(offset) > 3 * np.abs(np.broadcast_to(trial.within, got.shape)).max(initial=0)
    digits = np.abs(got - expected - offset).max(initial=0) < 5e-4 * abs(offset)  # those that are shown
    if (got.size > 1 or not expected.any()) and large and digits:
        word = "large" if offset > 0 else "small"
        return Fault("an offset", f"{_every(got)} too {word} by {number(abs(offset))}.")
    return None


def function(trial, expected, got):
    """A function of the right numbers: one step too many, or one too few."""
    known = {
        "the exponentials": np.exp, "the logarithms": np.log, "the squares": np.square, "the roots": np.sqrt,
        "the inverses": np.reciprocal, "the absolute values": np.abs, "tanh": np.tanh,
        "1 decimal": lambda x: np.round(x, 1),
        **{f"{places} decimals": lambda x, p=places: np.round(x, p) for places in range(2, 9)},
    }  # fmt: skip
    if np.ptp(expected) == 0:
        return None  # equal numbers are many functions of each other
    within = trial.within if trial.exercise.value else trial.slack  # by hand, a few places are all there is
    for name, f in known.items():
        changed = f(expected)
        other = expected.size > 1 and unequal(changed, expected, within).any()
        apart = np.abs(changed - expected)[np.isfinite(changed) & np.isfinite(expected)].max(initial=0)
        near = within if trial.exercise.value else min(within, apart / 10 / largest(changed))  # and far from right
        if other and not unequal(got, changed, near).any():
            what = f"rounded to {name}" if "decimal" in name else f"but for one step: you have {name} of them"
            return Fault("one step", f"The right numbers, {what}.")
    return None


def cut(trial, expected, got):
    """Right between bounds, and cut off there: at least two numbers at one of them, or bounds that are opposite.

    By hand nobody cuts: two equal slips look the same.
    """
    if trial.exercise.value:
        return None
    low, high = got.min(), got.max()
    at = [(trial.bad & (got == bound)).sum() for bound in (low, high)]
    several = max(at) > 1 or (min(at) == 1 and low == -high)
    between = ((low < got) & (got < high)).any()
    if several and between and not unequal(got, np.clip(expected, low, high), trial.within).any():
        return Fault("cut off", f"Right between {number(low)} and {number(high)}, and nothing of yours lies beyond.")
    return None


def probes(trial, expected, got):
    """What a change of one argument does to the right result, and to the learner's."""
    within = max(trial.slack, np.max(trial.within) / largest(expected))
    if within > max(trial.slack, 1e-3):
        return None  # so much is lost to rounding that nothing can be said of proportions
    if not unequal(got, expected, TOLERANCE["float32"]).any():
        return None  # digits are lost: what changes beyond them is no effect of an argument
    changes = {"Add 1 to": (lambda x: x + 1, "changes"), "Double": (lambda x: 2 * x, "changes, but not in proportion")}
    for name in [n for n, value in trial.inputs.items() if is_float(value) and not _shares(value)]:
        for what, (change, otherwise) in changes.items():
            right, yours = trial.again({name: change(trial.inputs[name])})
            if yours is None or yours.shape != got.shape:
                continue
            strict = min(within, max(1e-9, tolerance(*trial.floats)))
            if _effect(expected, right, strict, otherwise) != _effect(expected, right, within, otherwise):
                continue  # a change within the tolerance: neither none nor one
            right = _effect(expected, right, within, otherwise)
            yours = _effect(got, yours, within, otherwise)
            if right != yours:
                sentence = f"{what} `{name}`, and the right result {right}; yours {yours}."
                return Fault(f"the effect of {name}", sentence)
    return None


def _shares(value):
    """Whether rows sum to one, as weights do: changed, they would be none any more."""
    return value.ndim > 0 and (value >= 0).all() and np.allclose(value.sum(-1), 1)


def _effect(before, after, within, otherwise):
    effects = {1: "stays the same", 2: "doubles", 4: "becomes four times as large"}
    return next((words for n, words in effects.items() if not unequal(after, n * before, within).any()), otherwise)


def rows(trial, expected, got):
    """Right within each row but for an offset or a factor of its own."""
    axis = trial.inputs.get("axis", -1)
    if not _finite(expected, got) or not -got.ndim <= axis < got.ndim or got.shape[axis] < 3:
        return None
    offset = (got - expected).mean(axis, keepdims=True)
    large = np.abs(offset).max() > trial.slack * largest(expected)
    if large and not unequal(got - offset, expected, trial.slack).any():
        most = offset.flat[np.abs(offset).argmax()]
        return Fault(
            "an offset",
            f"Along axis {number(axis)} the differences between your numbers are right, but not their level: one row "
            f"is too {'large' if most > 0 else 'small'} by {number(abs(most))}.",
        )
    ratio = (got * expected).sum(axis, keepdims=True) / np.maximum((expected**2).sum(axis, keepdims=True), 1e-300)
    large = (ratio != 0).all() and np.abs(ratio - 1).max() > trial.slack
    scaled = np.abs(ratio - 1) > trial.slack
    if (scaled & ~trial.bad & (expected != 0)).any():
        return None  # a small number, right as it stands, is lost beside the largest
    if large and not unequal(got / ratio, expected, trial.slack).any():
        return Fault(
            "the scale",
            f"Along axis {number(axis)} the proportions of your numbers are right, but rows have factors too "
            f"many: {unlike(ratio.flat[np.abs(ratio - 1).argmax()], 1)} in one of them.",
        )
    return None


def order(trial, expected, got):
    moved = expected.size > 2 and unequal(got, expected, trial.slack).any()
    if moved and not unequal(np.sort(got, None), np.sort(expected, None), trial.slack).any():
        return Fault("the order", "The right numbers, in other places.")
    return None


def precision(trial, expected, got):
    """Right, but to fewer digits than the type of the input has."""
    in_float64 = trial.floats and all(value.dtype == np.float64 for value in trial.floats)
    bad = trial.bad
    if not in_float64 or not _finite(expected, got) or not expected[bad].all():
        return None
    off = np.abs(got / expected - 1)[bad].max()
    if not TOLERANCE["float64"] < off < TOLERANCE["float32"]:
        return None
    return Fault(
        "the precision",
        f"Your numbers are right to about {int(-np.log10(off))} digits. float64 went in, which holds 16; float32 holds "
        "7. Does something on the way round them, turn them into float32, or add a small number?",
    )


def small(trial, expected, got):
    """Wrong only where the numbers are small; it shows a right one, which of an answer by hand is the solution."""
    bad = trial.bad
    if trial.exercise.value or not _finite(expected, got) or bad.all() or not bad.any():
        return None
    worst, least = np.abs(expected[bad]).max(), np.abs(expected[~bad]).min()
    if worst >= min(least, 0.05 * largest(expected)) or np.abs(got[bad]).max() > 0.1 * largest(expected):
        return None
    right, wrong = pair(expected[bad][0], got[bad][0])
    yours = "yours are 0" if not got[bad].any() else f"where {right} should be, yours is {wrong}"
    return Fault("small numbers", f"Right where the numbers are large, and wrong where they are small: {yours}.")


def partly(trial, expected, got):
    """Where the wrong numbers are, and how wrong: what can always be said."""
    bad = trial.bad
    if got.dtype.kind == "b":
        return _true_or_false(expected, got)
    finite = bad & np.isfinite(got) & np.isfinite(expected)
    off = np.abs(got[finite] - expected[finite])
    most = number(off.max()) if off.size and off.max() < 0.01 * largest(expected) else ""
    if bad.all():
        which = {1: "The number is not", 2: "Neither number is"}.get(bad.size, f"None of the {bad.size} numbers is")
        size = f": {'it is off by' if bad.size == 1 else 'they are off by at most'} {most}" if most else ""
        return f"{which} right{size}."
    size = f", by at most {most}" if most else ""
    for axis in range(got.ndim if got.ndim > 1 else 0):
        rest = tuple(k for k in range(got.ndim) if k != axis)
        places = np.flatnonzero(bad.any(axis=rest))
        if np.array_equal(places, np.flatnonzero(bad.all(axis=rest))):
            where = f"{'index' if len(places) == 1 else 'indices'} {_runs(places)} of axis {axis}"
            return f"Everything at {where} is wrong, and all the rest right."
    good, wrong = (f"{n} {'is' if n == 1 else 'are'}" for n in ((~bad).sum(), bad.sum()))
    return f"Of {bad.size} numbers {good} right and {wrong} wrong{size}."


def _runs(places):
    """Indices in words, three and more in a row as "5 to 9"."""
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def _true_or_false(expected, got):
    """How many entries of a boolean array are wrong, and which way."""
    ways = {"True and should be False": got & ~expected, "False and should be True": ~got & expected}
    wrong = [f"{n} {'is' if n == 1 else 'are'} {what}" for what, bad in ways.items() if (n := bad.sum())]
    return f"Of {got.size} entries {' and '.join(wrong)}."


GENERAL = (not_finite, nothing, sign, factor, shift, precision, function, signs, cut, small, rows, order, probes)
