"""From an answer to a verdict: the stages in their order, and the first one that fails."""

import sys
from functools import cache

import numpy as np

from attention.arrays import FRAMEWORKS
from attention.checks import report
from attention.checks.compare import equal
from attention.checks.contract import Unwritten, attempt, call
from attention.checks.diagnose import named
from attention.checks.draws import draws_of
from attention.checks.exercise import Gradient, Typed, is_float
from attention.checks.frameworks import ADAPTERS, KINDS
from attention.checks.properties import sentence_for
from attention.checks.trial import Case, Fault

NAMES = {"numpy": "NumPy", "tensorflow": "TensorFlow", "pytorch": "PyTorch"}
MODULES = {"numpy": "numpy", "tensorflow": "tensorflow", "pytorch": "torch"}


def judge(exercise, answer, framework="numpy"):
    """The verdict on an answer; see `attention.checks` for the stages. Never an exception because of the answer."""
    if framework not in exercise.frameworks:
        known = ", ".join(f for f in FRAMEWORKS if f in exercise.frameworks)
        raise ValueError(f"framework must be one of {known} for {exercise.name}, not {framework!r}")
    say = report.Reporter(exercise, framework)
    if not callable(answer):
        return say.not_a_function(answer)
    try:
        adapter = KINDS.get(exercise.kind, ADAPTERS[framework])()
        with adapter.one_thread():
            return _judge(exercise, answer, framework, adapter, say)
    except Unwritten as stub:
        return say.not_written(stub.args[0], answer)
    except Exception as error:
        return say.our_fault(error)


def _judge(exercise, answer, framework, adapter, say):
    passed, trials = [], []
    for stage in exercise.all_stages(framework):
        tried = try_stage(exercise, answer, stage, adapter)
        trials += tried
        failing = [trial for trial in tried if not trial.right]
        if failing:
            return _wrong(exercise, answer, framework, adapter, say, stage, trials, failing, passed)
        passed.append(stage.name)
    if fault := _remembers(exercise, answer, trials[0], adapter):
        return say.wrong(trials[0].stage, trials[0], fault, (), True, passed)
    return say.right(passed)


def try_stage(exercise, answer, stage, adapter):
    """A trial for each draw of a stage, up to the first that the answer cannot even be called on.

    Of a gradient one wrong draw is enough: entry by entry it takes long, and no mistake is known by it.
    """
    tried = []
    for case in cases(exercise, stage):
        trial = attempt(answer, case, adapter, gradient=isinstance(stage, Gradient))
        tried.append(trial)
        if (trial.error is not None and len(tried) > 2) or (isinstance(stage, Gradient) and not trial.right):
            break
    return tried


@cache
def cases(exercise, stage):
    """The cases of a stage. They are kept: what is right, and how nearly, takes longer to find out than an answer."""
    return [Case(exercise, draw, stage) for draw in draws_in(exercise, stage)]


def draws_in(exercise, stage):
    """The inputs of a stage; of a narrow type, those of all its parts that fit into it."""
    if not isinstance(stage, Typed | Gradient):
        return draws_of(exercise, stage)
    drawn = [draw for part in stage.parts for draw in draws_of(exercise, part)]
    if isinstance(stage, Gradient):
        return drawn
    with np.errstate(over="ignore"):
        cast = [{n: v.astype(stage.name) if is_float(v) else v for n, v in draw.items()} for draw in drawn]
    return [new for new, old in zip(cast, drawn, strict=True) if _finite(new) == _finite(old)]


def _finite(draw):
    return [int(np.isfinite(v).sum()) for v in draw.values() if is_float(v)]


def _wrong(exercise, answer, framework, adapter, say, stage, trials, failing, passed):
    if fault := _in_another_framework(exercise, answer, framework, failing):
        return say.wrong(stage, failing[0], fault, (), True, passed)
    if fault := _by_its_place_in_memory(exercise, answer, failing[0], adapter):
        return say.wrong(stage, failing[0], fault, (), True, passed)
    shown = next((trial for trial in failing if trial.fault), None)
    by_numbers = not isinstance(stage, Gradient) and not (shown and shown.error is None and shown.numbers_right)
    later = (lambda: _later(exercise, answer, stage, framework, adapter)) if shown is None else list
    found, certain = named(exercise, trials, later) if by_numbers else ((), True)
    fault = shown.fault if shown else None if found else sentence_for(failing[0])
    return say.wrong(stage, shown or failing[0], fault, found, certain, passed)


def _later(exercise, answer, stage, framework, adapter):
    """Trials of the stages after a failing one, to see whether a name for the mistake holds there too."""
    stages = [s for s in exercise.all_stages(framework) if not isinstance(s, Typed | Gradient)]
    after = stages[stages.index(stage) + 1 :] if stage in stages else []
    return [trial for s in after for trial in try_stage(exercise, answer, s, adapter)]


def _in_another_framework(exercise, answer, framework, failing):
    """An answer that is right in another framework than the check was told; and what it raises in this one."""
    trial = failing[0]
    if exercise.kind != "array" or (
        trial.error is None and not (trial.fault and trial.fault.title == "the kind of result")
    ):
        return None
    for other in FRAMEWORKS:
        if other == framework or MODULES[other] not in sys.modules:
            continue
        try:
            if attempt(answer, trial.case, ADAPTERS[other]()).right:
                way = f'set framework="{other}", or ' if other in exercise.frameworks else ""
                return Fault(
                    "the framework",
                    f"This function is right for {NAMES[other]}, and `check` was asked for {NAMES[framework]}: {way}"
                    f"write it for {NAMES[framework]}.",
                    *(trial.fault.sentences if trial.error is not None else ()),
                )
        except Unwritten:
            raise
        except Exception:
            continue
    return None


def _by_its_place_in_memory(exercise, answer, trial, adapter):
    """An answer that is right where the same arrays lie row after row: typed again, they would."""
    rows = {n: v.copy(order="C") if isinstance(v, np.ndarray) else v for n, v in trial.inputs.items()}
    same = all(v.strides == rows[n].strides for n, v in trial.inputs.items() if isinstance(v, np.ndarray))
    if same or trial.error is not None or trial.fault:
        return None
    if not attempt(answer, Case(exercise, rows, trial.stage), adapter).right:
        return None
    return Fault(
        "the order in memory",
        "Right where the rows of the same array lie one after the other, wrong here, where its columns do, as in a "
        "transposed array. Something in your function reads the numbers in the order in which they lie.",
    )


def _remembers(exercise, answer, first, adapter):
    """Called once more at the end, on the first draw: does it still give what it gave?"""
    again = call(first, answer, first.inputs, adapter)
    if exercise.claims or (again is not None and equal(again, first.got, first.margins)):
        return None
    return Fault(
        "not the same twice",
        "Called again with the arguments of the first call, after others, your function gave another result. It keeps "
        "something from one call to the next.",
    )
