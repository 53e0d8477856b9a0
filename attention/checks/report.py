"""The words the learner reads: what is wrong, on which small input, what was expected, where to look. Never the solution."""

import re
import textwrap
from dataclasses import dataclass

import numpy as np

from attention.checks import words
from attention.checks.compare import unequal


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
        sentence = f"The check wants the function itself, without brackets after its name; it got a {type(answer).__name__}."
        return self._wrong("the argument of check", [sentence])

    def wrong(self, stage, trial, fault, found, passed):
        """The name of the mistake if it has one; what was measured; the smallest input that shows it."""
        lines = list(fault.sentences) if fault else []
        hints = [m.hint if isinstance(m.hint, str) else m.hint(**trial.inputs) for m in found]
        if trial.error is not None:
            lines += [f"One way to this error: {hint}" for hint in hints]
            lines.append(f"On {words.inputs(trial.inputs)}.")
            title = fault.title
        else:
            lines += hints
            title = ", and ".join(m.name for m in found) or (fault.title if fault else "the numbers")
            if trial.got is not None:
                lines.append(self._example(trial))
        if stage.name != self.exercise.stages[0].name and not self.exercise.value:
            title += f" ({stage.name})"
            lines.append(f"Right so far: {' · '.join(passed)}.")
        return self._wrong(title, lines)

    def _example(self, trial):
        if trial.wrong is None:
            return f"On {words.inputs(trial.inputs)}."
        name, expected, got = trial.wrong
        where = words.inputs(trial.inputs)
        where = f"{where}: the" if where else "The"
        of = f"gradient for {name}" if trial.stage.name == "gradient" else name if self.exercise.outputs else "result"
        if expected.shape != got.shape:
            return f"On {words.inputs(trial.inputs)}."
        if expected.size <= 6 and expected.ndim <= 1:
            digits = next((d for d in range(3, 17) if words.array(expected, d) != words.array(got, d)), 17)
            return f"{where} {of} should be {words.array(expected, digits)}, yours is {words.array(got, digits)}."
        place = tuple(int(i) for i in np.argwhere(unequal(got, expected, trial.within))[0])
        right, wrong = words.pair(expected[place], got[place])
        return f"{where} {of} at {list(place)} should be {right}, yours is {wrong}."

    def _wrong(self, title, lines):
        lines = [*lines, f"See: {self.exercise.see}"]
        return Verdict(False, title, "\n".join([f"{self.head}✗ {title}", *(_indented(line) for line in lines)]))


def _indented(line):
    """Wrapped, but never inside a list of numbers."""
    kept = re.sub(r"(?<=[\d\]∞Ne]), (?=[\d\[−NTF])", ",\N{NO-BREAK SPACE}", line)
    text = textwrap.fill(kept, 112, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
    return text.replace("\N{NO-BREAK SPACE}", " ")
