"""The same numbers? How far off a right answer may be, entry by entry; and for sentences, a share of the largest entry.

A right answer errs by as much as if its inputs had been rounded, times a few.  So the margin of each entry is what
rounding the inputs does to it, in the reference: small where the entry is well determined, even beside large ones, and
nothing where it is exactly zero, but for what is lost below the smallest numbers of the type.
"""

import numpy as np

from attention.checks.exercise import is_float

TOLERANCE = {"float16": 2e-3, "float32": 1e-5, "float64": 1e-12}
FACTOR = {"float16": 20, "float32": 200, "float64": 2000}  # how many times the rounding of the inputs
BEYOND = int(np.finfo(np.float64).max)  # a whole number that is larger is no float
PROBES, NUDGE = 8, 1e-11  # a relative change of the inputs, far above the rounding of the widest floats


def margins(function, inputs, expected, dtype, seed=0):
    """How far each entry of the expected results may be missed: arrays of their shapes.

    margin = factor · u · (mean change of r for a relative change of the inputs + |r|) + the least of the type
    """
    rng = np.random.default_rng(seed)  # normal, not signs: two of few inputs would move together in every probe
    about = np.finfo(dtype)
    changes = [np.zeros(e.shape) for e in expected]
    for _ in range(PROBES):
        moved = {n: v * (1 + NUDGE * rng.standard_normal(v.shape)) if is_float(v) else v for n, v in inputs.items()}
        for total, e, m in zip(changes, expected, function(moved), strict=True):
            if e.dtype.kind == "f" and m.shape == e.shape:
                with np.errstate(invalid="ignore"):
                    change = (m - e).astype(np.float64) / NUDGE
                total += np.where(np.isfinite(change), np.abs(change), 0)
    margin = []
    for total, e in zip(changes, expected, strict=True):
        size = np.where(np.isfinite(e), np.abs(e), 0).astype(np.float64)
        unit = FACTOR[np.dtype(dtype).name] * about.eps / 2
        margin.append(np.asarray(unit * (total / PROBES + size) + least(dtype)))
    return tuple(margin)


def least(dtype):
    """What may be lost below the smallest numbers: subnormal ones, which some libraries flush to 0.

    Those of float16 begin at 6e-5, the exponential of −10, and no library flushes them: of them a few steps.
    """
    about = np.finfo(dtype)
    return FACTOR["float16"] * float(about.smallest_subnormal) if about.dtype == np.float16 else float(about.tiny)


def tolerance(*arrays):
    """The tolerance of the coarsest type among the arrays, a share of the largest entry."""
    return max([TOLERANCE["float64"], *(TOLERANCE.get(array.dtype.name, 0.0) for array in arrays)])


def largest(array):
    """The largest finite entry in size; 1 if there is none but zeros."""
    finite = np.abs(array[np.isfinite(array)])
    return finite.max() if finite.size and finite.max() > 0 else 1.0


def unequal(got, expected, within):
    """True at the entries that differ, or where one is finite and the other not.

    within : a number, a share of the largest entry; or an array of the margin of each entry, one without axes too
    """
    got, expected = np.asarray(got), np.asarray(expected)
    if got.dtype.kind in "iu" and expected.dtype.kind in "iu":
        return got != expected  # whole numbers exactly: a float has 16 digits of them
    got, expected = got.astype(np.float64), expected.astype(np.float64)
    both = np.isfinite(got) & np.isfinite(expected)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))  # the infinite ones and NaN
    close = np.zeros(both.shape, dtype=bool)
    limit = np.broadcast_to(within if isinstance(within, np.ndarray) else within * largest(expected), both.shape)
    close[both] = np.abs(got[both] - expected[both]) <= limit[both]
    return ~(same | close)


def equal(got, expected, within):
    """Whether two results, tuples of arrays or of objects, are the same; `within` as for `unequal`, or one for each."""
    if len(got) != len(expected):
        return False
    each = within if isinstance(within, tuple) else (within,) * len(expected)
    return all(_same(g, e, w) for g, e, w in zip(got, expected, each, strict=True))


def _same(got, expected, within):
    if isinstance(got, np.ndarray) and isinstance(expected, np.ndarray):
        return got.shape == expected.shape and not unequal(got, expected, within).any()
    return alike(got, expected)


def plain(value):
    """An object without its wrapping: arrays and lists as tuples, NumPy's numbers as Python's."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return tuple(map(plain, value))
    if isinstance(value, dict):
        return {plain(key): plain(held) for key, held in value.items()}
    return value


def alike(got, expected):
    """Whether two plain objects are equal; floats to 9 digits; True is not 1."""
    if isinstance(expected, tuple):
        return isinstance(got, tuple) and len(got) == len(expected) and all(map(alike, got, expected))
    if isinstance(expected, dict):
        return isinstance(got, dict) and got.keys() == expected.keys() and all(alike(got[k], expected[k]) for k in got)
    if isinstance(expected, float):
        number = isinstance(got, int | float) and not isinstance(got, bool)
        if not number or (isinstance(got, int) and abs(got) > BEYOND):
            return False
        return bool(np.isclose(float(got), expected, rtol=1e-9, atol=1e-12, equal_nan=True))
    return type(got) is type(expected) and got == expected
