"""Put a name to a mistake: does one of the known ones, or two together, do exactly what the learner's answer did?"""

import re
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from attention.checks.compare import equal, largest
from attention.checks.errors import message_of
from attention.checks.trial import results_of

CLASH = re.compile(  # of shapes, in the words of NumPy, PyTorch and TensorFlow
    r"matmul|mat1 and mat2|batch2 tensor|size mismatch|Matrix size|In\[0\]|"
    r"broadcast|must match the size|Incompatible shapes|Dimensions must be equal"
)
NO_AXIS = re.compile(r"out of bounds for array of dimension|Dimension out of range|[Ii]nvalid reduction dim")


def named(exercise, trials, later):
    """The misconceptions that explain every trial so far, the right ones too, and whether that is certain.

    Numbers are explained by the same numbers.  That is certain where the trials that follow, ``later()``, are explained
    too; else the learner's function does something more, or something else.  Errors are explained by the same words,
    and a clash of shapes by another, which many mistakes can have in common: that is certain only if it has the same
    words, and no other misconception has them too.
    """
    singles = [(m,) for m in exercise.misconceptions]
    pairs = [(a, b) for a, b in combinations(exercise.misconceptions, 2) if not a.switches.keys() & b.switches.keys()]
    trials = trials[::-1]  # from the wrong ones on, in which mistakes differ
    raised = next((t for t in trials if t.error is not None), None)
    if raised is None:
        possible = [found for found in singles + pairs if all(explains(found, t) for t in trials)]
        after = later() if possible else []
        certain = next((found for found in possible if all(explains(found, t) for t in after)), ())
        alone = next(((m,) for m in certain if (m,) in possible), certain)  # the other shows later: one at a time
        return alone or next(iter(possible), ()), bool(certain)
    possible = [found for found in singles if all(explains(found, t) for t in trials)]
    exact = [found for found in possible if _same_words(outcome(found, raised.case).error, raised.error)]
    return tuple(m for found in (exact or possible)[:2] for m in found), len(exact) == 1


def _same_words(error, other):
    """Of an axis that is not there each framework has its own words for the same thing."""
    texts = [message_of(e) for e in (error, other)]
    return texts[0] == texts[1] or all(map(NO_AXIS.search, texts))


def explains(found, trial):
    """Whether the faulty function does on one draw what the learner's did."""
    does = outcome(found, trial.case)
    if does.error is not None and trial.error is not None:
        texts = [message_of(e) for e in (does.error, trial.error)]
        return texts[0] == texts[1] or any(all(map(kind.search, texts)) for kind in (CLASH, NO_AXIS))
    if does.error is not None or trial.got is None:
        return False
    same = equal(trial.got, does.results, tuple(_allowed(trial, *each) for each in enumerate(does.results)))
    return same and trial.numbers_right >= does.right  # not where the mistake does not show, and the learner's does


def _allowed(trial, place, result):
    """How far from a mistake's result the learner's may be, as `equal` takes it: as far as from the right one."""
    if trial.exercise.value:
        return np.full(np.shape(result), np.max(trial.stage.tolerance))  # by hand, mistakes are rounded too
    margin = trial.margins[place] if isinstance(trial.margins, tuple) else 0.0
    if not isinstance(margin, np.ndarray) or margin.shape != np.shape(result):
        return trial.rough
    return margin + trial.rough * largest(result)


@dataclass(frozen=True)
class Outcome:
    """What the faulty function returns on one case, and whether that is right; or what it raises."""

    results: tuple | None
    error: Exception | None
    right: bool


def outcome(found, case):
    """The outcome of some misconceptions together, kept with the case: every wrong answer is compared with it."""
    if found not in case.outcomes:
        switches = {key: value for m in found for key, value in m.switches.items()}
        try:
            results = results_of(case.exercise, partial(case.exercise.faulty, **switches), case.inputs)
        except Exception as error:
            case.outcomes[found] = Outcome(None, error, False)
        else:
            case.outcomes[found] = Outcome(results, None, equal(results, case.expected, case.margins))
    return case.outcomes[found]
