"""The words in which a chapter declares its exercises, and how they are found."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

FRAMEWORKS = ("numpy", "tensorflow", "pytorch")


@dataclass(frozen=True)
class Misconception:
    """A mistake that people make: `switches` turn it on in the exercise's faulty function."""

    name: str  # what is wrong, in a few words: "the scale"
    switches: dict
    hint: str | Callable  # a sentence or two, or a function of the inputs that gives them; never the solution
    breaks_contract: bool = False  # it shows in an error or a shape before it shows in numbers
    see: str = ""  # a better section to read again than the exercise's


@dataclass(frozen=True)
class Stage:
    """One difficulty: its name, and inputs that have it, the smallest first."""

    name: str
    draws: tuple  # of dicts, the arguments by name and in their order
    tolerance: float = 0.0  # where rounding alone is larger than the tolerance of the type
    see: str = ""  # a better section to read again than the exercise's


@dataclass(frozen=True)
class Exercise:
    """All that a check knows of one exercise."""

    number: str  # "3.2"
    name: str  # "scaled_dot_scores"
    see: str  # the section of the chapter to read again
    reference: Callable  # the right answer in NumPy
    faulty: Callable  # the same with a keyword switch for each mistake
    misconceptions: tuple
    stages: tuple
    returns: str = ""  # what the result holds: "one score for each query and key"
    outputs: tuple = ()  # names of the results, where there are several
    axes: dict | None = None  # letters of the axes of arguments and "result": {"queries": "TD", …, "result": "TS"}
    properties: tuple = ()  # sentences to try beside the general ones, see properties.py
    frameworks: tuple = ("numpy",)
    dtypes: tuple = ("float32",)  # other types to try, on the draws of the first stage
    value: bool = False  # the answer is a value rather than an array: any number or sequence of numbers will do

    def all_stages(self, framework):
        """The stages for one framework: those declared, the other types, and the gradient where there is one."""
        first = self.stages[0]
        typed = [Stage(dtype, tuple(_cast(draw, dtype) for draw in first.draws)) for dtype in self.dtypes]
        gradient = [Stage("gradient", first.draws, tolerance=1e-6)] if framework != "numpy" else []
        return [*self.stages, *typed, *gradient] if not self.value else list(self.stages)


def is_float(value):
    """Whether an argument is an array of floating-point numbers: sizes, axes and masks are not."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _cast(draw, dtype):
    return {name: value.astype(dtype) if is_float(value) else value for name, value in draw.items()}


def chapters():
    """The chapters that have exercises, {"01": module}: every file chapter_NN.py beside this one."""
    package = importlib.import_module("attention.checks")
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.name.startswith("chapter_"))
    return {name.removeprefix("chapter_"): importlib.import_module(f"attention.checks.{name}") for name in names}


def find(key):
    """The exercise behind "03.scaled_dot_scores"."""
    chapter, _, name = key.partition(".")
    known = {e.name: e for e in getattr(chapters().get(chapter), "EXERCISES", ())}
    if name not in known:
        raise ValueError(f"there is no exercise {key!r}; chapter {chapter!r} has {', '.join(known) or 'none'}")
    return known[name]
