"""Call the answer on one draw, and look at what comes back before looking at its numbers."""

import io
import warnings
from contextlib import ExitStack, redirect_stdout

import numpy as np

from attention.checks.compare import equal, plain
from attention.checks.errors import is_unwritten, raised_by
from attention.checks.gradient import gradients_of
from attention.checks.properties import results_exchanged
from attention.checks.trial import Fault, Trial, results_of, widened
from attention.checks.words import NOUNS

TRIED = (Exception, SystemExit, GeneratorExit)  # all that an answer may end in; Ctrl-C is the learner's own


class Unwritten(Exception):
    """The answer, or one that it calls, still raises the NotImplementedError of its stub."""


def attempt(answer, case, adapter, gradient=False):
    """Call `answer` on one case: a Trial, with a fault if the contract is broken."""
    trial, draw = Trial(case), case.inputs
    trial.again = lambda changed: _again(trial, answer, {**draw, **changed}, adapter)
    arguments = [adapter.give(v) for v in draw.values()]
    held = silence()
    try:
        with held:
            trial.fault = _results(trial, answer, arguments, adapter)
            if trial.fault is None and trial.numbers_right:
                trial.fault = gradients_of(trial, answer, adapter) if gradient else None
    except TRIED as error:
        if is_unwritten(error):
            raise Unwritten(error) from error
        trial.error, trial.got = error, None
        trial.fault = raised_by(error, answer, None if case.exercise.call else draw)
    trial.printed = held.text.getvalue()
    return trial


class silence(ExitStack):
    """Holds back what an answer prints, in `text`, and its warnings: there are many calls."""

    def __enter__(self):
        super().__enter__()
        self.text = io.StringIO()
        for context in (np.errstate(all="ignore"), warnings.catch_warnings(), redirect_stdout(self.text)):
            self.enter_context(context)
        warnings.simplefilter("ignore")
        return self


def call(trial, answer, draw, adapter):
    """The results on other arguments, as a tuple of what the adapter takes; None where the answer fails."""
    try:
        with silence():
            results = trial.exercise.apply(answer, [adapter.give(v) for v in draw.values()])
            return tuple(adapter.take(r) for r in (results if trial.exercise.outputs else (results,)))
    except TRIED:
        return None


def _again(trial, answer, draw, adapter):
    """The right and the learner's result, the one that was wrong, for other arguments; None where the answer fails."""
    at = trial.names.index(trial.wrong[0])
    right = results_of(trial.exercise, trial.exercise.reference, widened(draw))[at]
    results = call(trial, answer, draw, adapter)
    return right, None if results is None else results[at]


def _results(trial, answer, arguments, adapter):
    results = trial.exercise.apply(answer, arguments)
    if fault := _kind(trial, results, adapter):
        return fault
    several = bool(trial.exercise.outputs)
    results = tuple(results) if several else (results,)
    taken = []
    for name, result in zip(trial.names, results, strict=True):
        try:
            taken.append(adapter.take(result))
        except Exception:
            return Fault("the kind of result", f"{_of(trial, name)}What came back cannot be read as an array.")
    if trial.exercise.kind != "object" and (fault := _arrays(trial, taken)):
        trial.got = tuple(taken) if fault.title == "the shape" else None  # a known mistake may have this shape
        return (trial.got and results_exchanged(trial, trial.got)) or fault
    for (name, before), after in zip(trial.inputs.items(), arguments, strict=True):
        if not _unchanged(before, after, adapter):
            return Fault(
                "the arguments",
                f"Your function changed its argument `{name}`, which belongs to the caller.",
                "Something in it assigns into the list, or calls a method like `pop` or `append`."
                if isinstance(before, list)
                else "Something in it writes into the array: an assignment, an operator like -=, an `out=`, or a "
                "function that works in place." + adapter.shares,
            )
        if adapter.marks(after):
            return Fault(
                "the arguments",
                f"Your function changed its argument `{name}`, which belongs to the caller: since the call its "
                "operations are noted. `requires_grad_()` works on the tensor itself; work on one of your own.",
            )
    trial.got = tuple(taken)
    if fault := _the_same_twice(trial, answer, results, adapter) or _type(trial) or _claims(trial):
        return fault
    return None


def _unchanged(before, after, adapter):
    if isinstance(before, np.ndarray):
        return np.array_equal(before, adapter.take(after), equal_nan=before.dtype.kind == "f")
    return callable(before) or plain(before) == plain(after)


def _the_same_twice(trial, answer, results, adapter):
    """A function of its arguments gives the same twice, and leaves alone what it gave the first time."""
    again = trial.exercise.apply(answer, [adapter.give(v) for v in trial.inputs.values()])
    if trial.exercise.claims:
        return None
    again = tuple(again) if trial.exercise.outputs else (again,)
    second = tuple(map(adapter.take, again))
    shared = any(adapter.same_memory(*pair) for pair in zip(results, again, strict=False))
    thing = type(again[0]).__name__ if trial.exercise.kind == "object" else "array"
    if shared and not trial.exercise.value:  # by hand, one array is as good as two
        return Fault(
            f"one {thing} for all results",
            f"Called twice, your function gave the same {thing} twice: who writes into one result changes the other. "
            f"Make a new {thing} in each call.",
        )
    if not equal(second, trial.got, trial.margins if _same_shapes(second, trial.expected) else trial.rough):
        return Fault(
            "not the same twice",
            "Called twice with equal arguments, your function gave two different results. Is there chance in it, or "
            "something that it keeps from one call to the next?",
        )
    return None


def _same_shapes(some, others):
    return [np.shape(s) for s in some] == [np.shape(o) for o in others]


def _kind(trial, results, adapter):
    count = len(trial.exercise.outputs)
    if results is None:
        return Fault("no result", "Your function returned None. Is there a `return` on every way through it?")
    if count and not (isinstance(results, tuple | list) and len(results) == count):
        came = f"{len(results)} results" if isinstance(results, tuple | list) else _kind_of(results)
        return Fault(
            "the results", f"Expected {count} results, {' and '.join(trial.exercise.outputs)}; {came} came back."
        )
    for name, result, expected in zip(trial.names, results if count else (results,), trial.expected, strict=True):
        if result is None:
            return Fault("the results", f"`{name}` is None.")
        if not adapter.owns(result, np.ndim(expected) if trial.exercise.kind == "array" else 1):
            held = _held_by(result) if trial.exercise.value else ""
            came = _kind_of(result) + ("" if isinstance(result, tuple) and held.startswith(" of") else held)
            wanted = _wanted(trial, np.ndim(expected), adapter)
            return Fault("the kind of result", f"{_of(trial, name)}Expected {wanted}; {came} came back.")
    return None


def _wanted(trial, axes, adapter):
    """What is to come back: of an answer that may be a plain number or lists, what it has to be here."""
    if axes == 0 and adapter.owns(0.0, 0):
        return "one number"
    return "a list of rows of numbers" if trial.exercise.value and axes == 2 else adapter.kind


def _kind_of(result):
    kind = type(result)
    if isinstance(result, tuple):
        return f"a tuple of {len(result)}"
    if kind.__module__ == "builtins":
        return "a function" if callable(result) else f"{_article(kind.__name__)} {kind.__name__}"
    return f"a {kind.__module__.split('.')[0]} {kind.__name__}"


def _article(word):
    return "an" if word[0] in "aeiou" else "a"


def _held_by(result):
    """What is in a list that is not one of numbers: " that holds str", " of lists that hold int and str", …"""
    if not isinstance(result, list | tuple) or not result:
        return ""
    if all(isinstance(part, list | tuple) for part in result):
        inner = [part for row in result for part in row]
        if any(isinstance(part, list | tuple) for part in inner):
            return " of lists of lists"
        if len({len(row) for row in result}) > 1 and all(isinstance(part, int | float) for part in inner):
            return f" of lists of {' and '.join(map(str, sorted({len(row) for row in result})))} numbers"
        return f" of lists{_held_by(inner)}".replace(" that holds", " that hold") if inner else ""
    return f" that holds {' and '.join(sorted({type(part).__name__ for part in result}))}"


def _of(trial, name):
    return f"{name}: " if trial.exercise.outputs else ""


def _arrays(trial, taken):
    """Numbers of the right kind, in the right shape?"""
    for name, expected, got in zip(trial.names, trial.expected, taken, strict=True):
        if got.dtype.kind in "OSUVM" or (got.dtype.kind == "c" and expected.dtype.kind != "c"):
            came = {"c": "complex numbers", "O": "an array of Python objects"}.get(got.dtype.kind, _held_in(got))
            return Fault("the type", f"{_of(trial, name)}Expected numbers; {came} came back.")
        if expected.dtype.kind == "f" and got.dtype.kind != "f":
            came = "whole numbers" if got.dtype.kind in "iu" else _held_in(got)
            return Fault("the type", f"{_of(trial, name)}Expected floating-point numbers; {came} came back.")
        if expected.dtype.kind in "iu" and got.dtype.kind not in "iu":
            wanted = "whole numbers" if expected.ndim else "a whole number"
            return Fault("the type", f"{_of(trial, name)}Expected {wanted}; {_held_in(got)} came back.")
        if expected.dtype.kind == "b" and got.dtype.kind != "b":
            return Fault("the type", f"{_of(trial, name)}Expected True or False; {_held_in(got)} came back.")
        if expected.shape != got.shape:
            return _shape(trial, name, expected, got)
    return None


def _held_in(got):
    """What came back, where it has another type than it should: one number is no array to its reader."""
    if got.ndim:
        return f"an array of {got.dtype}"
    return {"f": "the float ", "i": "the whole number "}.get(got.dtype.kind, "") + str(got)


def _shape(trial, name, expected, got):
    holds = f", {trial.exercise.returns}" if trial.exercise.returns else ""
    axes, kinds = trial.exercise.axes.get(name), trial.exercise.arguments
    same = [n for n, v in trial.inputs.items() if isinstance(v, np.ndarray) and v.shape == expected.shape]
    same = [n for n in same if axes is None or getattr(kinds.get(n), "axes", axes) == axes]  # not by chance
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
    exercise, sizes, leading = trial.exercise, {}, ()
    for argument, kind in exercise.arguments.items():
        axes = getattr(kind, "axes", "").replace("…", "")
        if axes and isinstance(trial.inputs.get(argument), np.ndarray):
            shape = trial.inputs[argument].shape
            sizes.update(zip(reversed(axes), reversed(shape), strict=False))
            leading = leading or shape[: -len(axes)]
    nouns, wanted = {**NOUNS, **exercise.nouns}, exercise.axes.get(name, "")
    clash = set(leading) & {n for a, n in sizes.items() if a not in wanted}
    if leading and not clash and "…" not in wanted and got == (*leading, *expected):
        which = f"axis, {leading[0]} long, is" if len(leading) == 1 else f"axes, {leading}, are"
        return f": the leading {which} still there"
    clear = {a: n for a, n in sizes.items() if list(sizes.values()).count(n) == 1 and n != 1 and a in nouns}
    gone = [f"the {n} {nouns[a]} are gone" for a, n in clear.items() if a in wanted and n in expected and n not in got]
    extra = [
        f"the {n} {nouns[a]} are still there"
        for a, n in clear.items()
        if a not in wanted and n in got and n not in expected and n not in leading
    ]
    return ": " + ", ".join(gone + extra) if wanted and gone + extra else ""


def _type(trial):
    """Right numbers in a narrower type are not right; in a wider one only where the task leaves the type open."""
    if fault := _whole(trial):
        return fault
    floats = [e.dtype.kind == "f" for e in trial.expected] if trial.exercise.kind == "array" else []
    if not any(floats) or not (trial.floats or trial.exercise.gives_type):
        return None
    given = max((value.dtype for value in trial.floats), key=lambda dtype: np.finfo(dtype).eps, default=None)
    for name, got, is_one in zip(trial.names, trial.got, floats, strict=True):
        source = trial.exercise.type_of.get(name)
        own = trial.inputs[source].dtype if source else given
        wanted = np.dtype(trial.exercise.gives_type or own)
        narrower = is_one and np.finfo(got.dtype).eps > np.finfo(wanted).eps
        kept = not trial.exercise.keeps_type or got.dtype == wanted
        if not is_one or (kept and not narrower):
            continue
        loose = trial.case.margins_in(got.dtype) if narrower else trial.margins
        if not equal(trial.got, trial.expected, loose):
            return None  # wrong numbers are judged as numbers first
        several = source and len({value.dtype for value in trial.floats}) > 1
        asked = f"`{source}`" if several else "the input"
        why = f"The task asks for the type of {asked}." if trial.exercise.keeps_type else "Digits are lost."
        why = f"The task asks for {wanted}." if trial.exercise.gives_type else why
        went = f"{asked} is {own} and " if several else f"{own} went in and " if own else ""
        sentence = f"{_of(trial, name)}The numbers are right, but {went}{got.dtype} came out. {why}"
        return Fault("the type", sentence)
    return None


def _whole(trial):
    """Whole numbers keep their type only where a result keeps the type of an argument that the exercise names."""
    for name, got in zip(trial.names, trial.got, strict=True):
        source = trial.exercise.type_of.get(name)
        own = trial.inputs[source].dtype if source else None
        if own is not None and own.kind in "iu" and got.dtype != own and trial.numbers_right:
            sentence = f"{_of(trial, name)}The numbers are right, but `{source}` is {own} and {got.dtype} came out."
            return Fault("the type", f"{sentence} The task asks for the type of `{source}`.")
    return None


def _claims(trial):
    """Where more than one result is right: the first claim about it that does not hold."""
    for claim in trial.exercise.claims:
        if sentence := claim(trial.inputs, *trial.got):
            title, _, text = sentence.partition(": ")
            return Fault(title, text)
    return None
