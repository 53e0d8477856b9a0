"""From an answer to a verdict: the stages in their order, and the first one that fails."""

from attention.checks import report
from attention.checks.contract import attempt
from attention.checks.diagnose import named
from attention.checks.exercise import FRAMEWORKS
from attention.checks.frameworks import ADAPTERS, Value
from attention.checks.properties import sentence_for


def judge(exercise, answer, framework="numpy"):
    """The verdict on an answer; see `attention.checks` for the stages."""
    if framework not in exercise.frameworks:
        known = ", ".join(f for f in FRAMEWORKS if f in exercise.frameworks)
        raise ValueError(f"framework must be one of {known} for {exercise.name}, not {framework!r}")
    say = report.Reporter(exercise, framework)
    if not callable(answer):
        return say.not_a_function(answer)
    adapter = Value() if exercise.value else ADAPTERS[framework]()
    passed, trials = [], []
    for stage in exercise.all_stages(framework):
        try:
            tried = [attempt(exercise, answer, draw, stage, adapter) for draw in stage.draws]
        except NotImplementedError:
            return say.not_written()
        trials += tried
        failing = [trial for trial in tried if not trial.right]
        if not failing:
            passed.append(stage.name)
            continue
        found, certain = named(exercise, trials) if stage.name != "gradient" else ((), True)
        shown = next((trial for trial in failing if trial.fault), None)
        fault = shown.fault if shown else None if found else sentence_for(failing[0])
        smallest = min(failing, key=lambda trial: trial.size)
        return say.wrong(stage, shown or (failing[0] if fault else smallest), fault, found, certain, passed)
    return say.right(passed)
