"""The same numbers? Differences are measured against the tensor's largest entry."""

import numpy as np

TOLERANCE = {"float16": 2e-3, "float32": 1e-5, "float64": 1e-12}


def tolerance(*arrays):
    """The tolerance of the coarsest type among the arrays."""
    return max([TOLERANCE["float64"], *(TOLERANCE.get(array.dtype.name, 0.0) for array in arrays)])


def largest(array):
    """The largest finite entry in size; 1 if there is none but zeros."""
    finite = np.abs(array[np.isfinite(array)])
    return finite.max() if finite.size and finite.max() > 0 else 1.0


def unequal(got, expected, within):
    """True at the entries that differ: by more than `within` of the largest entry, or in being finite."""
    got, expected = np.asarray(got, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    both = np.isfinite(got) & np.isfinite(expected)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))  # the infinite ones and NaN
    close = np.zeros(both.shape, dtype=bool)
    close[both] = np.abs(got[both] - expected[both]) <= within * largest(expected)
    return ~(same | close)


def equal(got, expected, within):
    """Whether two results, as tuples of arrays, have the same shapes and numbers."""
    return len(got) == len(expected) and all(
        g.shape == e.shape and not unequal(g, e, within).any() for g, e in zip(got, expected, strict=True)
    )
