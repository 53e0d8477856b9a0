"""The assertion that stands in every chapter: the same numbers from each framework."""

import numpy as np


def agree(name, expected, *others, bound=1e-12):
    """Assert that arrays of any framework agree, and print within what bound.

    max |other − expected| ≤ bound · max |expected|

    Parameters
    ----------
    name : str, what is compared, for the line that is printed
    expected : array of any framework
    others : arrays of any framework, the same shape
    bound : float, a part of the largest entry: 1e-12 for float64, 1e-5 for float32, 2e-3 for float16

    Raises
    ------
    AssertionError : one of them differs by more, in shape, or in where it is NaN
    """
    expected = _to_numpy(expected)
    for other in map(_to_numpy, others):
        assert other.shape == expected.shape, f"{name}: shapes {expected.shape} and {other.shape}"
        np.testing.assert_allclose(other, expected, rtol=0, atol=bound * np.abs(expected).max(), err_msg=name)
    print(f"{name:40s} agree within {bound:.0e} of the largest entry")


def _to_numpy(array):
    """The numbers as float64, without their history."""
    array = array.detach().cpu() if hasattr(array, "detach") else array
    return np.asarray(array.numpy() if hasattr(array, "numpy") else array, dtype=np.float64)
