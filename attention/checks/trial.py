"""One call of an answer: what went in, what was expected, what came back."""

import warnings

import numpy as np

from attention.checks.compare import equal, tolerance, unequal
from attention.checks.exercise import is_float


class Fault:
    """What is wrong: a title of a few words, and sentences."""

    def __init__(self, title, *sentences):
        self.title, self.sentences = title, sentences


class Trial:
    """One call of the answer: the inputs, what was expected and what came (or was raised)."""

    def __init__(self, exercise, draw, stage):
        self.exercise, self.inputs, self.stage = exercise, draw, stage
        wide = {name: value.astype(np.float64) if is_float(value) else value for name, value in draw.items()}
        self.expected = results_of(exercise.reference, wide)
        self.names = exercise.outputs or ("result",)
        self.got = self.error = self.fault = None
        self.floats = [value for value in draw.values() if is_float(value)]
        self.within = max(tolerance(*self.floats), stage.tolerance)

    @property
    def size(self):
        return sum(np.size(value) for value in self.inputs.values())

    @property
    def slack(self):
        """For what is computed from the numbers of an answer: a sum, a factor."""
        return max(self.within, min(10 * self.within, 1e-4))

    @property
    def numbers_right(self):
        return self.got is not None and equal(self.got, self.expected, self.within)

    @property
    def right(self):
        return self.fault is None and self.numbers_right

    @property
    def wrong(self):
        """The name, the expected and the given array of the first result that is not right."""
        for name, expected, got in zip(self.names, self.expected, self.got, strict=True):
            if expected.shape != got.shape or unequal(got, expected, self.within).any():
                return name, expected, got
        return None


def results_of(function, inputs):
    """A NumPy function's results as a tuple of arrays, in silence."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = function(**inputs)
    return tuple(np.asarray(r) for r in (results if isinstance(results, tuple) else (results,)))
