"""From a stage to the inputs that an answer is tried on: those written down, then those generated."""

import zlib
from itertools import count, product

import numpy as np

from attention.checks.arguments import Plan, letters

SIZES = (3, 5, 2, 7, 4)  # for the letters: all different, so that an axis is known by its size
SQUARE = 4  # for all axes at once: what holds where sizes differ may not hold where they do not
LEADING = {0: ((),), 1: ((6,), (2,)), 2: ((2, 3), (4, 2)), 3: ((2, 1, 3),)}
ONES = ((1,), (3, 1))  # leading axes of size 1
LONG, MANY = (17, 13, 11, 19, 23), (40,)  # for the letters, and leading axes, where a stage is large


def draws_of(exercise, stage):
    """Every draw of a stage, [{argument: value}], the same each time: the small ones first."""
    rng = np.random.default_rng(zlib.crc32(f"{exercise.number} {stage.name}".encode()))
    drawn, first = list(stage.draws), None
    for plan in plans(exercise, stage, rng) if exercise.arguments else ():
        drawn.append(drawn_by(exercise, plan, rng))
        first = first or plan
    if first:  # the same shapes with other numbers: an answer may keep something by the shapes
        drawn.append(drawn_by(exercise, first, rng))
    return sorted(drawn, key=telling)


def drawn_by(exercise, plan, rng):
    """One draw, {argument: value}; an argument that is left out is not in it."""
    draw = {}
    for name, argument in exercise.arguments.items():
        value = argument.draw(rng, plan, name, draw)
        if value is not None:
            draw[name] = in_memory(value, plan)
    return draw


def in_memory(value, plan):
    """Two arrays of five lie column after column, as transposed ones do: that is no business of an answer."""
    several = isinstance(value, np.ndarray) and value.ndim > 1
    return np.asfortranarray(value) if several and plan.form % 5 in (1, 3) else value


def telling(draw):
    """The order of draws: small ones first, but those with an axis of size 1, in which little can be seen, last."""
    arrays = [value for value in draw.values() if isinstance(value, np.ndarray)]
    return any(1 in array.shape for array in arrays), sum(map(np.size, arrays))


def plans(exercise, stage, rng):
    """Every shape of the stage, with every style; and along every axis, where the stage is about that."""
    forms = count()
    first = next((a.axes.replace("…", "") for a in exercise.arguments.values() if getattr(a, "axes", "")), "")
    for sizes, leading in shapes(exercise, stage, rng):
        rank = len(leading) + len(first)  # of the first argument: an axis is one of its axes
        for axis in range(-rank, rank) if stage.every_axis else (None,):
            for styles in combinations_of(stage.styles):
                yield Plan(leading, sizes, styles, axis, next(forms))


def shapes(exercise, stage, rng):
    """Every number of leading axes that the stage names; axes of size 1, of one size, long, where it asks for them."""
    names = letters(exercise.arguments)

    def sizes(**fixed):
        drawn = dict(zip(names, rng.permutation(SIZES).tolist(), strict=False))
        return {**drawn, **stage.sizes, **fixed}

    for rank in stage.leading:
        for leading in LEADING[rank]:
            yield sizes(), leading
    if stage.ones:
        leading = LEADING[min(stage.leading)][0]
        yield from ((sizes(**{name: 1}), leading) for name in names if name not in exercise.never_one)
        yield from ((sizes(), leading) for leading in (ONES if max(stage.leading) else ()))
        yield sizes(**{name: SQUARE for name in names if name not in stage.sizes}), (SQUARE,) * min(stage.leading)
    if stage.large:
        yield dict(zip(names, LONG, strict=False)) | stage.sizes, ()
        yield sizes(), MANY


def combinations_of(styles):
    """{argument: a style or a list of styles} as [{argument: style}]: each with each."""
    listed = [each if isinstance(each, list) else [each] for each in styles.values()]
    return [dict(zip(styles, chosen, strict=True)) for chosen in product(*listed)]


def normal(seed, *shape, spread=1.0):
    """Numbers around 0, rounded so that they can be read in a message and typed again: for draws written down."""
    return np.round(spread * np.random.default_rng(seed).standard_normal(shape), 2)
