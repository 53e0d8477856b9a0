"""What the arguments of an exercise may be: their axes, their range, and how one is drawn.

Axes are letters, one for each axis: "…TD".  A letter has one size in a draw, whatever argument it stands in; "…" are
the leading axes, as many as the stage says, and the same in all arguments.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Plan:
    """What is decided before any number is drawn."""

    leading: tuple  # sizes of the leading axes
    sizes: dict  # letter -> size
    styles: dict = field(default_factory=dict)  # argument -> style, instead of its own
    axis: int | None = None  # for an argument that is an axis
    form: int = 0  # which of the shapes that broadcast, for a mask

    def shape(self, axes):
        letters = axes.replace("…", "")
        return (*(self.leading if "…" in axes else ()), *(self.sizes[letter] for letter in letters))


# Styles: numbers of a certain kind. All are rounded so that they can be read in a message and typed again.


def normal(rng, shape, spread=1.0):
    """Around 0, never symmetric or saturated."""
    return np.round(spread * rng.standard_normal(shape), 2)


def fine(rng, shape):
    """Around 0, with six digits: products of them have more than an answer that rounds would keep."""
    return np.round(rng.standard_normal(shape), 5)


def spread(width):
    """Numbers around 0 of another size."""
    return lambda rng, shape: normal(rng, shape, width)


def scaled(size):
    """Numbers around 0, all of one size, however far from 1 that is."""
    return lambda rng, shape: size * normal(rng, shape)


def small(rng, shape):
    """Far below 1, of several sizes: 0.0012 beside 0.5."""
    return np.round(rng.standard_normal(shape), 2) * 10.0 ** rng.integers(-3, 0, shape)


def sizes(rng, shape):
    """Rows of which each has a size of its own, from 1e-8 to 1000."""
    return np.round(rng.standard_normal(shape), 2) * 10.0 ** rng.integers(-8, 4, (*shape[:-1], 1))


def tied(rng, shape):
    """Whole numbers, many of them equal."""
    return rng.integers(-1, 2, shape).astype(np.float64)


def far(rng, shape):
    """Rows that lie far from 0 and from each other, near to each other within."""
    rows = rng.choice([-1e4, 1e4, 3000.0, -800.0, 0.0], (*shape[:-1], 1))
    return rows + np.round(rng.standard_normal(shape), 1) * 4


def held(dtype, style):
    """The numbers of a style as a narrow type holds them, in that type."""
    return lambda rng, shape: style(rng, shape).astype(dtype)


def near(limit):
    """Rows at the limit of exp in a type: 11 for float16, 88 for float32; a few beyond it, a few below −limit."""

    def style(rng, shape):
        return rng.choice([-1, 1], (*shape[:-1], 1)) * (limit + 1.0) + np.round(rng.uniform(-2, 2, shape), 1)

    return style


def apart(rng, shape):
    """Entries that lie far from each other."""
    return np.round(400 * rng.standard_normal(shape), 1)


def one_place(rng, shape):
    """A place along the last axis for each row: (…, 1)."""
    return rng.integers(shape[-1], size=(*shape[:-1], 1))


def two_places(rng, shape):
    """Two places beside each other along the last axis for each row, the last being beside the first: (…, 2)."""
    return (one_place(rng, shape) + np.arange(2)) % shape[-1]


def sure(lead):
    """Rows in which one entry stands above the others, by about as much in all of them."""

    def style(rng, shape):
        values = np.round(0.5 * rng.standard_normal(shape), 2)
        place = one_place(rng, shape)
        np.put_along_axis(values, place, np.round(lead + rng.uniform(-1, 1, place.shape), 2), -1)
        return values

    return style


def depths(rng, shape):
    """How far some entries lie below the others, 15 to 30; of those two along the last axis are left, if it has two."""
    below = np.where(rng.random(shape) < 0.4, np.round(rng.uniform(15, 30, shape), 1), 0)
    np.put_along_axis(below, two_places(rng, shape), 0, -1)
    return below


def deep(rng, shape):
    """Some entries far below the others, which are several and near to each other."""
    return normal(rng, shape) - depths(rng, shape)


def one_unit_without_keys(rng, shape):
    """Weights of an additive score (features, A) by which the last hidden unit gets nothing from any key, …"""
    weights = normal(rng, shape, 0.4)
    weights[:, -1] = 0
    return weights


def read_a_thousandfold(rng, shape):
    """… and weights (A,) that multiply it: the scores of a query all move by the same thousands."""
    weights = normal(rng, shape)
    weights[-1] = 5000
    return weights


def nothing(rng, shape):
    """Zeros alone."""
    return np.zeros(shape)


def holes(rng, shape):
    """Some entries −∞, at least one along the last axis left."""
    values = normal(rng, shape)
    gone = rng.random(shape) < 0.4
    np.put_along_axis(gone, one_place(rng, shape), False, -1)
    return np.where(gone, -np.inf, values)


def hollow(rng, shape):
    """Some entries −∞, and in about every third row all of them."""
    return np.where(rng.random((*shape[:-1], 1)) < 0.35, -np.inf, holes(rng, shape))


def zeros(rng, shape):
    """About every third row all zeros."""
    return np.where(rng.random((*shape[:-1], 1)) < 0.35, 0.0, normal(rng, shape))


def weights(rng, shape):
    """Positive, and one together along the last axis."""
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1])


def at_the_limit(dtype):
    """Of either sign, a little below the largest number of a type: two of them have no sum in it."""

    def style(rng, shape):
        return rng.choice([-1, 1], shape) * np.round(rng.uniform(0.8, 0.9, shape), 2) * float(np.finfo(dtype).max)

    return style


def upstream(rng, shape):
    """A gradient that arrives: of either sign, none near 0."""
    return np.round(rng.uniform(0.4, 1.6, shape) * rng.choice([-1, 1], shape), 2)


# Kinds of argument. Each knows its axes and draws itself: `drawn` holds the arguments before it, by name.


@dataclass
class Floats:
    axes: str
    style: Callable = normal

    def draw(self, rng, plan, name, drawn):
        return np.asarray(plan.styles.get(name, self.style)(rng, plan.shape(self.axes)))


@dataclass
class Mask:
    """True = may attend. It has the shape of `axes`, or, in other draws, one that broadcasts to it."""

    axes: str
    share: float = 0.6  # of what is True
    broadcasts: bool = True

    def draw(self, rng, plan, name, drawn):
        style = plan.styles.get(name, seen)
        return style(rng, self.form(plan), self.share)

    def form(self, plan):
        """Forms 0 and 1 are the whole shape; then a column, a row, no leading axes, leading axes of size 1."""
        shape = plan.shape(self.axes)
        if not self.broadcasts or len(shape) < 2:
            return shape
        own = len(self.axes.replace("…", ""))
        forms = [shape, shape, (*shape[:-1], 1), (*shape[:-2], 1, shape[-1]), shape[-own:], shape[-1:]]
        forms.append((*(1 for _ in shape[:-own]), *shape[-own:]))
        return forms[plan.form % len(forms)]


def seen(rng, shape, share):
    """At least one True along the last axis, and where it has several at least one False."""
    mask = rng.random(shape) < share
    place = one_place(rng, shape)
    np.put_along_axis(mask, (place + 1) % shape[-1], False, -1)
    np.put_along_axis(mask, place, True, -1)
    return mask


def empty(rng, shape, share):
    """As `seen`, but that in about every third row nothing is True."""
    return seen(rng, shape, share) & (rng.random((*shape[:-1], 1)) > 0.35)


def shut(rng, shape, share):
    """Nothing is True anywhere."""
    return np.zeros(shape, dtype=bool)


def everything(rng, shape, share):
    """True everywhere."""
    return np.ones(shape, dtype=bool)


def lengths(rng, shape, share):
    """True at the first few along the last axis, as for padded sentences: one full, the others of any length from 1."""
    long = rng.integers(1, shape[-1] + 1, (*shape[:-1], 1))
    long.flat[0] = shape[-1]
    return np.arange(shape[-1]) < long


@dataclass
class Integers:
    """Whole numbers from `low` to below `below`, a number or the letter of an axis; the largest always occurs.

    A stage's style for it is a function (rng, shape) as for `Floats`.
    """

    axes: str
    below: str | int
    low: int = 0

    def draw(self, rng, plan, name, drawn):
        shape, end = plan.shape(self.axes), plan.sizes.get(self.below, self.below)
        if name in plan.styles:
            return plan.styles[name](rng, shape)
        values = rng.integers(self.low, end, shape)
        if values.size:
            values.flat[rng.integers(values.size)] = end - 1
        return values


@dataclass
class Number:
    """A positive number of any size between two; an array of no axes where `array`."""

    low: float
    high: float
    array: bool = False

    def draw(self, rng, plan, name, drawn):
        style = plan.styles.get(name)
        low, high = style or (self.low, self.high)
        value = float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.2g}")
        return np.array(value) if self.array else value


@dataclass
class Axis:
    """Any axis of another argument; left out, for its default, where the stage is not about axes."""

    def draw(self, rng, plan, name, drawn):
        return plan.axis


@dataclass
class Size:
    """The size of an axis, by its letter."""

    letter: str

    def draw(self, rng, plan, name, drawn):
        return plan.sizes[self.letter]


@dataclass
class Made:
    """Made of a generator, the plan and the arguments before it: ``function(rng, plan, drawn)``."""

    function: Callable
    axes: str = ""

    def draw(self, rng, plan, name, drawn):
        return self.function(rng, plan, drawn)


def letters(arguments):
    """The letters of all arguments, in the order of their first appearance."""
    axes = "".join(getattr(a, "axes", "") + getattr(a, "letter", "") for a in arguments.values())
    below = "".join(a.below for a in arguments.values() if isinstance(getattr(a, "below", 0), str))
    return list(dict.fromkeys((axes + below).replace("…", "")))
