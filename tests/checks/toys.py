"""Exercises of one line, for questions about the checks themselves."""

import numpy as np

from attention.checks import arguments as arg
from attention.checks.exercise import Exercise, Misconception, Stage
from attention.checks.judge import judge


def toy(reference, x="…S", leading=(0, 1, 2), **more):
    """An exercise with one argument, of the axes `x`, on generated inputs, and one known mistake."""
    return Exercise(**{
        "number": "0.1", "name": "toy", "see": "Toys", "reference": reference,
        "faulty": lambda x, twice=False: reference(x) * (1 + twice),
        "arguments": {"x": arg.Floats(x)}, "stages": (Stage("plain", leading=leading, ones=True),),
        "misconceptions": (Misconception("twice", {"twice": True}, "You doubled it."),), **more,
    })  # fmt: skip


def on(inputs, reference, **more):
    """An exercise on these inputs alone."""
    stages = (Stage("plain", (inputs,), leading=(), tolerance=more.pop("tolerance", 0.0), types=()),)
    return toy(reference, **{"arguments": {}, "misconceptions": (), "faulty": reference, "stages": stages, **more})


def said(expected, got, **more):
    """The title and the text, in one line, where `expected` is right and `got` comes back, whatever goes in."""
    given = {"x": np.array([0.5, 1.5, -2.0]), **more.pop("inputs", {})}
    expected = tuple(map(np.array, expected)) if "outputs" in more else np.array(expected, dtype=np.float64)
    answer = (lambda *a: tuple(map(np.array, got))) if "outputs" in more else (lambda *a: np.array(got, np.float64))
    return told(judge(on(given, lambda **inputs: expected, **more), answer))


def told(verdict):
    assert not verdict.passed
    return verdict.title, " ".join(verdict.text.split())
