"""Answers to the exercises, right and wrong, for the proofs in test_exercises.py.

A chapter brings its own in answers_NN.py, found by its name: other correct ways of writing a solution, and wrong
answers that are *not* among the exercise's misconceptions, with the sentence that the check must find for them.
In invented_NN.py stand answers that somebody invented who had only the tasks: many, with nothing but right or wrong.
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    key: str  # "03.concat_scores"
    function: Any
    framework: str
    title: str = ""  # of the verdict, for a wrong answer
    says: str = ""  # a part of its text

    def __str__(self):
        return f"{self.key}-{self.function.__name__}"


class Answers:
    """The answers of one chapter."""

    def __init__(self, chapter):
        self.chapter, self.right_ones, self.wrong_ones, self.known_ones, self.unlisted_ones = chapter, [], [], [], []

    def right(self, name, framework="numpy"):
        """Another correct way to write it."""
        return lambda f: self.right_ones.append(Answer(f"{self.chapter}.{name}", f, framework)) or f

    def known(self, name, title, says, framework="numpy"):
        """A known mistake as a learner may write it, the name it must get, and a part of the text."""
        return lambda f: self.known_ones.append(Answer(f"{self.chapter}.{name}", f, framework, title, says)) or f

    def wrong(self, name, title, says, framework="numpy"):
        """A wrong answer outside the list, and what the check must say to it."""
        return lambda f: self.wrong_ones.append(Answer(f"{self.chapter}.{name}", f, framework, title, says)) or f

    def unlisted(self, name, framework="numpy"):
        """A wrong answer of which nothing is asked but that it does not pass."""
        return lambda f: self.unlisted_ones.append(Answer(f"{self.chapter}.{name}", f, framework)) or f

    def of_kinds(self):
        """`slip`, `saboteur`, `right`: each is given an exercise and functions by name, and registers them.

        A slip is a mistake that is made unawares, a saboteur is written to get past a check: both are unlisted.
        """

        def under(register, kind):
            def each(name, framework="numpy", **functions):
                for called, function in functions.items():
                    function.__name__ = f"{kind}_{called}"
                    register(name, framework)(function)

            return each

        return under(self.unlisted, "slip"), under(self.unlisted, "saboteur"), under(self.right, "right")

    def by_hand(self, name, wrong, right):
        """Answers that are numbers or lists: {what each is called: what its function returns}."""
        for values, register in ((wrong, self.unlisted), (right, self.right)):
            for called, value in values.items():
                register(name)(returning(value, called))


def returning(value, called):
    def answer():
        return value

    answer.__name__ = called
    return answer


def all_answers(kind="answers"):
    names = sorted(path.stem for path in Path(__file__).parent.glob(f"{kind}_*.py"))
    return [importlib.import_module(f"tests.checks.{name}").answers for name in names]
