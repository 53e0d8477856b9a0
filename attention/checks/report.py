"""The words the learner reads: what is wrong, on which small input, what was expected, where to look. Never code."""

import re
import textwrap
from dataclasses import dataclass

import numpy as np

from attention.checks import words
from attention.checks.compare import unequal
from attention.checks.properties import partly


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

    def not_written(self):
        return Verdict(False, "", f"{self.head}not written yet")

    def right(self, stages):
        return Verdict(True, "", f"{self.head}✓ {' · '.join(stages)}")

    def not_a_function(self, answer):
        sentence = (
            f"The check wants the function itself, without brackets after its name; it got a {type(answer).__name__}."
        )
        return self._wrong("the argument of check", [sentence], self.exercise.see)

    def wrong(self, stage, trial, fault, found, certain, passed):
        """The name of the mistake if it has one; what was measured; the smallest input that shows it."""
        hints = [m.hint if isinstance(m.hint, str) else m.hint(**trial.inputs) for m in found]
        lines = list(fault.sentences) if fault else []
        lines += hints if certain else [f"One way to this error: {hint}" for hint in hints]
        if not lines and not self.exercise.value:
            _, expected, got = trial.wrong
            lines.append(partly(expected, got, trial.within))
        lines += self._example(trial)
        title = fault.title if fault else "the numbers"
        if found and certain:
            title = ", and ".join(dict.fromkeys(m.name for m in found))
        if stage.name != self.exercise.stages[0].name:
            title += f" ({stage.name})" if stage.name not in title else ""
            lines.append(f"Right so far: {' · '.join(passed)}.")
        see = next((m.see for m in found if m.see and certain), stage.see or self.exercise.see)
        return self._wrong(title, lines, see)

    def _on(self, trial):
        return [f"On {words.inputs(trial.inputs)}."] if trial.inputs else []

    def _example(self, trial):
        """One wrong number, or all where they are few. Of an answer by hand the right value would be the solution."""
        if trial.got is None or trial.wrong is None or trial.wrong[1].shape != trial.wrong[2].shape:
            return self._on(trial)
        name, expected, got = trial.wrong
        places = [list(map(int, place)) for place in np.argwhere(unequal(got, expected, trial.within))]
        if self.exercise.value:
            where = ", ".join(map(str, places))
            return [
                f"Yours is {words.array(got, 5)}; wrong is what stands at {where}."
                if got.ndim
                else f"Yours is {words.array(got, 5)}."
            ]
        place = tuple(places[0])
        of = f"gradient for {name}" if trial.stage.name == "gradient" else name if self.exercise.outputs else "result"
        if expected.size <= 6:
            digits = next((d for d in range(3, 17) if words.array(expected, d) != words.array(got, d)), 17)
            right, wrong = words.array(expected, digits), words.array(got, digits)
        else:
            right, wrong = words.pair(expected[place], got[place])
            of += f" at {list(place)}"
        return [f"{words.inputs(trial.inputs)}: the {of} should be {right}, yours is {wrong}."]

    def _wrong(self, title, lines, see):
        lines = [*lines, f"See: {see}"]
        return Verdict(False, title, "\n".join([f"{self.head}✗ {title}", *(_indented(line) for line in lines)]))


def _indented(line):
    """Wrapped, but never inside a list of numbers."""
    kept = re.sub(r"(?<=[\d\]∞Ne]), (?=[\d\[−NTF])", ",\N{NO-BREAK SPACE}", line)
    text = textwrap.fill(kept, 112, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
    return text.replace("\N{NO-BREAK SPACE}", " ")
