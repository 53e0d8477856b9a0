"""The words the learner reads: what is wrong, on which small input, what was expected, where to look. Never code."""

import re
import textwrap
from dataclasses import dataclass

import numpy as np

from attention.checks import words
from attention.checks.compare import unequal
from attention.checks.errors import message_of, unwritten
from attention.checks.properties import partly

WIDTH = 92  # columns; JupyterLab breaks longer lines at 1280 px


@dataclass(frozen=True)
class Verdict:
    """`title` names the mistake; it is empty where there is none."""

    passed: bool
    title: str
    text: str


class Reporter:
    """Writes the verdicts on one exercise."""

    def __init__(self, exercise, framework):
        self.exercise = exercise
        several = len(exercise.frameworks) > 1
        self.head = f"{exercise.number} {exercise.name}{f' ({framework})' if several else ''}   "

    def not_written(self, error, answer):
        number, name = unwritten(error)
        if name in ("", getattr(answer, "__name__", "")):
            return Verdict(False, "", f"{self.head}not written yet")
        which = f" (exercise {number})" if number else ""
        return Verdict(False, "", f"{self.head}not written yet: it calls `{name}`{which}, which is still to be written")

    def right(self, stages):
        return Verdict(True, "", _wrapped(f"{self.head}✓ {' · '.join(stages)}"))

    def not_a_function(self, answer):
        kind = type(answer).__name__
        sentence = f"The check wants the function itself, without brackets after its name; it got a {kind}."
        return self._wrong("the argument of check", [sentence], self.exercise.see)

    def our_fault(self, error):
        lines = [
            f"The check itself has failed ({type(error).__name__}: {message_of(error)}). That is a fault of the course "
            "and says nothing about your answer. Please report it, with your function."
        ]
        return self._wrong("a fault of the check", lines, self.exercise.see)

    def wrong(self, stage, trial, fault, found, certain, passed):
        """The name of the mistake if it has one; what was measured; the smallest input that shows it."""
        hints = [m.hint if isinstance(m.hint, str) else m.hint(**trial.inputs) for m in found]
        lines = list(fault.sentences) if fault else []
        if certain:
            lines += hints
        elif fault:
            lines += [f"One way to this error: {hint}" for hint in hints]
        elif hints:
            lines += ["On these inputs your results are those of a known mistake:", *hints]
        if not lines and not self.exercise.value:
            lines += self._in_general(trial)
        lines += self._example(trial)
        if trial.printed.strip():
            lines.append(f"It printed: {words.thing(trial.printed.strip().splitlines()[0])}")
        title = fault.title if fault else f"the {_nature(trial)}"
        if found and (certain or not fault):
            title = ", and ".join(dict.fromkeys(m.name for m in found))
        if stage.name != self.exercise.stages[0].name:
            title += f" ({stage.name})" if stage.name not in title else ""
        if passed:
            lines.append(f"Right so far: {' · '.join(passed)}.")
        see = next((m.see for m in found if m.see and certain), stage.see or self.exercise.see)
        return self._wrong(title, lines, see)

    def _in_general(self, trial):
        _, expected, got = trial.wrong
        return [partly(trial, expected, got)] if isinstance(got, np.ndarray) else []

    def _on(self, trial):
        return [f"On {words.inputs(trial.inputs)}."] if trial.inputs else []

    def _example(self, trial):
        """One wrong number, or all where they are few. Of an answer by hand the right value would be the solution."""
        if trial.got is None or trial.wrong is None:
            return self._on(trial)
        name, expected, got = trial.wrong
        of = f"gradient for {name}" if trial.of_gradient else name if self.exercise.outputs else "result"
        if not isinstance(expected, np.ndarray):
            right, wrong, where = words.parting(expected, got)
            return [f"{words.inputs(trial.inputs)}: the {of}{where} should be {right}, yours is {wrong}."]
        if expected.shape != got.shape:
            return self._on(trial)
        places = [list(map(int, place)) for place in np.argwhere(unequal(got, expected, trial.within))]
        if self.exercise.value:
            where = ", ".join(map(str, places))
            return [
                f"Yours is {words.array(got, 5)}; wrong is what stands at {where}."
                if got.ndim
                else f"Yours is {words.array(got, 5)}."
            ]
        place = tuple(next((at for at in places if not np.isfinite(got[tuple(at)])), places[0]))
        if expected.size <= 6:
            digits = words.telling(expected, got)
            right, wrong = words.array(expected, digits), words.array(got, digits)
        else:
            right, wrong = words.pair(expected[place], got[place])
            of += f" at {list(place)}"
        return [f"{words.inputs(trial.inputs)}: the {of} should be {right}, yours is {wrong}."]

    def _wrong(self, title, lines, see):
        lines = [*lines, f"See: {see}"]
        return Verdict(False, title, "\n".join([_wrapped(f"{self.head}✗ {title}"), *map(_indented, lines)]))


def _nature(trial):
    """What the first wrong result holds, in a word."""
    if trial.got is None or trial.wrong is None or trial.exercise.value:
        return "numbers"
    _, expected, _ = trial.wrong
    if not isinstance(expected, np.ndarray):
        return "result"
    return "entries" if expected.dtype.kind == "b" else "numbers"


def _wrapped(line):
    return textwrap.fill(line, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _indented(line):
    """Wrapped, but never inside a list of numbers that fits into a line, nor inside ∞ − ∞."""
    kept = re.sub(r"(?<=[\d\]∞Ne]), (?=[\d\[−NTF])", ",\N{NO-BREAK SPACE}", line)
    kept = re.sub(r"(?<=[0∞]) ([−/·]) (?=[0∞])", "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", kept)
    text = textwrap.fill(kept, WIDTH, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
    if max(map(len, text.splitlines())) > WIDTH:
        text = textwrap.fill(line, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return text.replace("\N{NO-BREAK SPACE}", " ")
