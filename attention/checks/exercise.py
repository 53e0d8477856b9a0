"""The words in which a chapter declares its exercises, and how they are found."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(eq=False)
class Misconception:
    """A mistake that people make: `switches` turn it on in the exercise's faulty function."""

    name: str  # what is wrong, in a few words: "the scale"
    switches: dict
    hint: str | Callable  # a sentence or two, or a function of the inputs that gives them; never the solution
    breaks_contract: bool = False  # it shows in an error or a shape before it shows in numbers
    see: str = ""  # a better section to read again than the exercise's


@dataclass(eq=False)
class Stage:
    """One difficulty: its name, and what the inputs have to be for it to show.

    Draws written down come first, for the sake of the messages; the others are generated from the arguments' axes.
    """

    name: str
    draws: tuple = ()  # of dicts, the arguments by name and in their order
    leading: tuple = (0,)  # numbers of leading axes, 0 to 3; () generates nothing
    ones: bool = False  # each axis of size 1 in turn, and all axes of one size
    large: bool = False  # long axes, and many rows
    every_axis: bool = False  # an `Axis` argument takes every value, negative and not
    styles: dict = field(default_factory=dict)  # argument -> a style of `arguments`, or a list of them
    sizes: dict = field(default_factory=dict)  # letter -> size
    types: tuple = ("float32", "float16")  # the narrow types, of those of the exercise, that these draws are tried in
    gradient: bool = True  # whether the gradient is tried on them
    tolerance: float | tuple = 0.0  # of a value: how far off each number may be; else see `compare`
    see: str = ""  # a better section to read again than the exercise's


@dataclass(eq=False)
class Exercise:
    """All that a check knows of one exercise."""

    number: str  # "3.2"
    name: str  # "concat_scores"
    see: str  # the section of the chapter to read again
    reference: Callable  # the right answer in NumPy, at any precision: it is given the widest floats there are
    faulty: Callable  # another right answer, with a keyword switch for each mistake
    misconceptions: tuple
    stages: tuple
    arguments: dict = field(default_factory=dict)  # name -> a kind of `arguments`, in their order
    returns: str = ""  # what the result holds: "one score for each query and key"
    outputs: tuple = ()  # names of the results, where there are several
    axes: dict = field(default_factory=dict)  # the letters of the results: {"result": "…TS"}
    nouns: dict = field(default_factory=dict)  # what the letters count, where it is not what `words` says
    properties: tuple = ()  # sentences to try beside the general ones, see properties.py
    frameworks: tuple = ("numpy",)
    dtypes: tuple = ("float32",)  # narrow types, in which every stage is tried that allows them
    keeps_type: bool = False  # the task says: the result has the type of the input; else any as wide will do
    type_of: dict = field(default_factory=dict)  # result -> the argument whose type it keeps, where each has its own
    gives_type: str = ""  # the task names the type of the result, whatever goes in; a wider one will do
    kind: str = "array"  # "value": any number or sequence of numbers; "object": anything, compared by ==
    claims: tuple = ()  # where more than one result is right: functions of (inputs, *results) that return a
    # sentence where something does not hold; the reference then gives the shapes alone
    call: Callable | None = None  # how the answer is called, where it is not a function of the arguments but, say, a
    # layer: ``call(answer, *arguments)`` constructs it, gives it its weights and calls it
    never_one: tuple = ()  # letters whose axis may not have the size 1

    def apply(self, answer, arguments):
        return self.call(answer, *arguments) if self.call else answer(*arguments)

    @property
    def value(self):
        return self.kind == "value"

    def all_stages(self, framework):
        """The stages for one framework: those declared, all of them in each narrow type, and the gradient."""
        if self.kind != "array":
            return list(self.stages)
        typed = [Typed(dtype, tuple(s for s in self.stages if dtype in s.types)) for dtype in self.dtypes]
        gradient = [Gradient("gradient", tuple(s for s in self.stages if s.gradient))] if framework != "numpy" else []
        return [*self.stages, *(stage for stage in [*typed, *gradient] if stage.parts)]


@dataclass(frozen=True)
class Typed:
    """The draws of other stages in a narrow type. Its name is the type's."""

    name: str
    parts: tuple
    tolerance = 0.0
    see = ""


@dataclass(frozen=True)
class Gradient:
    """The draws of other stages, and the gradients of all floating-point arguments."""

    name: str
    parts: tuple
    tolerance = 1e-6
    see = ""


def is_float(value):
    """Whether an argument is an array of floating-point numbers: sizes, axes and masks are not."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def chapters():
    """The chapters that have exercises, {"01": module}: every file chapter_NN.py beside this one."""
    package = importlib.import_module("attention.checks")
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.name.startswith("chapter_"))
    return {name.removeprefix("chapter_"): importlib.import_module(f"attention.checks.{name}") for name in names}


def find(key):
    """The exercise behind "03.concat_scores"."""
    chapter, _, name = key.partition(".")
    known = {e.name: e for e in getattr(chapters().get(chapter), "EXERCISES", ())}
    if name not in known:
        raise ValueError(f"there is no exercise {key!r}; chapter {chapter!r} has {', '.join(known) or 'none'}")
    return known[name]
