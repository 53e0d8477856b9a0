"""What goes in and what is expected, a `Case`; one call of an answer on it, a `Trial`: what came back."""

import warnings
from functools import cached_property

import numpy as np

from attention.checks.compare import equal, margins, plain, tolerance, unequal
from attention.checks.exercise import is_float


class Fault:
    """What is wrong: a title of a few words, and sentences."""

    def __init__(self, title, *sentences):
        self.title, self.sentences = title, sentences


class Case:
    """The inputs of a call and all that can be said of them before there is an answer: one serves many answers."""

    def __init__(self, exercise, inputs, stage):
        self.exercise, self.inputs, self.stage = exercise, inputs, stage
        self.names = exercise.outputs or ("result",)
        self.floats = [value for value in inputs.values() if is_float(value)]
        self._wide = widened(inputs)
        self._exact = results_of(exercise, exercise.reference, self._wide)
        self.expected = tuple(e.astype(np.float64) if is_float(e) or exercise.value else e for e in self._exact)
        self.outcomes = {}  # of mistakes, see diagnose

    @cached_property
    def margins(self):
        """How far off each result may be, as `equal` takes it."""
        if self.exercise.kind == "object":
            return 0.0
        if self.exercise.value:
            return tuple(np.broadcast_to(self.stage.tolerance, e.shape) for e in self.expected)
        if self.stage.tolerance or not self.floats:
            return self.rough
        given = max((value.dtype for value in self.floats), key=lambda d: np.finfo(d).eps)
        return self.margins_in(self.exercise.gives_type or given)

    def margins_in(self, dtype):
        """How far off each result may be where everything is computed in a type."""
        reference = lambda moved: results_of(self.exercise, self.exercise.reference, moved)
        return margins(reference, self._wide, self._exact, dtype)

    @cached_property
    def rough(self):
        """A share of the largest entry, for comparisons with what is not the reference."""
        narrow = () if self.exercise.gives_type else self.floats  # else the task asks for all digits of the type
        return max(tolerance(*narrow), 0.0 if self.exercise.value else self.stage.tolerance)


class Trial:
    """One call of the answer on a case, and what came (or was raised)."""

    def __init__(self, case):
        self.case, self.exercise, self.inputs, self.stage = case, case.exercise, case.inputs, case.stage
        self.names, self.floats, self.expected = case.names, case.floats, case.expected
        self.got = self.error = self.fault = None
        self.again = None  # set where the answer can be called again with other arguments
        self.of_gradient, self.printed = False, ""

    @cached_property
    def margins(self):
        return self.case.margins

    @property
    def rough(self):
        return self.case.rough

    @property
    def within(self):
        """The margin of the first result that is wrong: what `unequal` takes for it."""
        margin = self.margins
        if not isinstance(margin, tuple):
            return margin
        at = self.names.index(self.wrong[0]) if self.got is not None and self.wrong else 0
        return margin[at]

    @property
    def slack(self):
        """For what is computed from the numbers of an answer, a sum, a factor: a share of the largest entry."""
        if self.exercise.value:
            return 1e-3
        return max(self.rough, min(10 * self.rough, 1e-4))

    @property
    def numbers_right(self):
        if self.got is None:
            return False
        if self.exercise.claims:
            return True
        return equal(self.got, self.expected, self.margins)

    @property
    def right(self):
        return self.fault is None and self.numbers_right

    @property
    def wrong(self):
        """The name, the expected and the given array of the first result that is not right."""
        margin = self.margins if isinstance(self.margins, tuple) else (self.margins,) * len(self.names)
        for name, expected, got, within in zip(self.names, self.expected, self.got, margin, strict=True):
            if not equal((got,), (expected,), within):
                return name, expected, got
        return None

    @property
    def bad(self):
        """True at the wrong entries of the first result that is not right."""
        _, expected, got = self.wrong
        return unequal(got, expected, self.within)


def widened(draw):
    """The floats of a draw in the widest type there is."""
    return {name: value.astype(np.longdouble) if is_float(value) else value for name, value in draw.items()}


def results_of(exercise, function, inputs):
    """A NumPy function's results as a tuple of arrays (or objects), in silence."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = function(**inputs)
    if exercise.kind == "object":
        return tuple(map(plain, results)) if exercise.outputs else (plain(results),)
    return tuple(np.asarray(r) for r in (results if exercise.outputs else (results,)))
