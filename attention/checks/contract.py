"""Call the answer on one draw, and look at what comes back before looking at its numbers."""

import warnings

import numpy as np

from attention.checks.compare import equal, tolerance
from attention.checks.errors import raised_by
from attention.checks.gradient import gradients_of
from attention.checks.trial import Fault, Trial, results_of

NOUNS = {"B": "sequences", "T": "queries", "S": "keys", "D": "features", "K": "features of a key", "A": "hidden units"}


def attempt(exercise, answer, draw, stage, adapter):
    """Call `answer` on one draw: a Trial, with a fault if the contract is broken."""
    trial = Trial(exercise, draw, stage)
    trial.again = lambda changed: _again(trial, answer, {**draw, **changed}, adapter)
    arguments = [adapter.give(v) if isinstance(v, np.ndarray) else v for v in draw.values()]
    run = gradients_of if stage.name == "gradient" else _results
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trial.fault = run(trial, answer, arguments, adapter)
    except NotImplementedError:
        raise
    except Exception as error:
        trial.error, trial.fault = error, raised_by(error, answer, draw)
    return trial


def _again(trial, answer, draw, adapter):
    """The right and the learner's result, the one that was wrong, for other arguments; None where the answer fails."""
    at = trial.names.index(trial.wrong[0])
    right = results_of(trial.exercise.reference, draw)[at]
    try:
        results = answer(*(adapter.give(v) if isinstance(v, np.ndarray) else v for v in draw.values()))
        return right, adapter.take(results[at] if trial.exercise.outputs else results)
    except Exception:
        return right, None


def _results(trial, answer, arguments, adapter):
    results = answer(*arguments)
    if fault := _kind(trial, results, adapter):
        return fault
    trial.got = tuple(adapter.take(r) for r in (results if trial.exercise.outputs else (results,)))
    for name, expected, got in zip(trial.names, trial.expected, trial.got, strict=True):
        if got.dtype.kind != "f":
            kind = "whole numbers" if got.dtype.kind in "iu" else f"an array of {got.dtype}"
            return Fault("the type", f"{_of(trial, name)}Expected floating-point numbers; {kind} came back.")
        if expected.shape != got.shape:
            return _shape(trial, name, expected, got)
    for (name, before), after in zip(trial.inputs.items(), arguments, strict=True):
        if isinstance(before, np.ndarray) and not np.array_equal(
            before, adapter.take(after), equal_nan=before.dtype.kind == "f"
        ):
            return Fault(
                "the arguments",
                f"Your function changed its argument `{name}`, which belongs to the caller.",
                "Something in it assigns into the array, or uses an operator like -= or an `out=`.",
            )
    return _dtype(trial)


def _kind(trial, results, adapter):
    count = len(trial.exercise.outputs)
    if results is None:
        return Fault("no result", "Your function returned None. Is there a `return` on every way through it?")
    if count and not (isinstance(results, tuple | list) and len(results) == count):
        came = f"{len(results)} results" if isinstance(results, tuple | list) else _kind_of(results)
        return Fault(
            "the results", f"Expected {count} results, {' and '.join(trial.exercise.outputs)}; {came} came back."
        )
    for name, result in zip(trial.names, results if count else (results,), strict=True):
        if result is None:
            return Fault("the results", f"`{name}` is None.")
        if not adapter.owns(result):
            came = _kind_of(result) + (_held_by(result) if trial.exercise.value else "")
            return Fault("the kind of result", f"{_of(trial, name)}Expected {adapter.kind}; {came} came back.")
    return None


def _kind_of(result):
    kind = type(result)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.split('.')[0]} {kind.__name__}"
    if isinstance(result, tuple):
        return f"a tuple of {len(result)}"
    return f"a {name}"


def _held_by(result):
    """What is in a list that is not one of numbers: " that holds str", " that holds float and list"."""
    kinds = sorted({type(part).__name__ for part in result}) if isinstance(result, list | tuple) else []
    return f" that holds {' and '.join(kinds)}" if kinds else ""


def _of(trial, name):
    return f"{name}: " if trial.exercise.outputs else ""


def _shape(trial, name, expected, got):
    holds = f", {trial.exercise.returns}" if trial.exercise.returns else ""
    same = [n for n, value in trial.inputs.items() if isinstance(value, np.ndarray) and value.shape == expected.shape]
    if not holds and same:
        holds = f", the shape of {same[0]}"
    why = _axes(trial, expected.shape, got.shape, name)
    return Fault("the shape", f"{_of(trial, name)}Expected {expected.shape}{holds}; got {got.shape}{why}.")


def _axes(trial, expected, got, name):
    """Which axes are there that should not be, and the other way round: they are known by their sizes."""
    if sorted(expected) == sorted(got):
        return ": the right axes in another order"
    if tuple(n for n in got if n != 1) == tuple(n for n in expected if n != 1):
        return ": the same but for axes of size 1"
    axes, sizes = trial.exercise.axes or {}, {}
    for argument, letters in axes.items():
        if argument in trial.inputs:
            sizes.update(zip(reversed(letters), reversed(trial.inputs[argument].shape), strict=False))
    wanted = axes.get(name, "")
    clear = {letter: n for letter, n in sizes.items() if list(sizes.values()).count(n) == 1 and n != 1}
    gone = [f"the {n} {NOUNS[a]} are gone" for a, n in clear.items() if a in wanted and n in expected and n not in got]
    extra = [
        f"the {n} {NOUNS[a]} are still there"
        for a, n in clear.items()
        if a not in wanted and n in got and n not in expected
    ]
    return ": " + ", ".join(gone + extra) if gone + extra else ""


def _dtype(trial):
    """Right numbers in another float type are right, but …; wrong numbers are judged as numbers first."""
    if not trial.floats:
        return None
    wanted = trial.floats[0].dtype
    other = [(n, g) for n, g in zip(trial.names, trial.got, strict=True) if g.dtype != wanted]
    if not other:
        return None
    trial.within = max(trial.within, tolerance(*trial.got))
    name, got = other[0]
    if not equal(trial.got, trial.expected, trial.within):
        return None
    return Fault(
        "the type",
        f"{_of(trial, name)}The numbers are right, but {wanted} went in and {got.dtype} came out. The result "
        f"should have the type of the input.",
    )
