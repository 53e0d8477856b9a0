"""The assertion that stands in every chapter: the same numbers from each framework."""

import numpy as np


def agree(name, expected, *others, bound=1e-12):
    """Assert that arrays of any framework agree, and print within what bound.

    max |other − expected| ≤ bound · max |expected|, both over the entries that are finite; NaN, ∞ and −∞ stand in the
    same places

    Parameters
    ----------
    name : str, what is compared, for the line that is printed
    expected : array of any framework and any real type, with at least one entry that is finite
    others : one array or more of any framework and any real type, each of the same shape
    bound : float, a part of the largest entry; the course keeps 1e-12 in float64, 1e-5 in float32, 2e-3 in float16 and
        1.6e-2 in bfloat16

    Raises
    ------
    AssertionError : one of them differs by more, or in shape, or in where it is NaN or infinite; or there is nothing to
        compare
    """
    expected = _to_numpy(expected)
    finite = expected[np.isfinite(expected)]
    assert others, f"{name}: nothing to compare with"
    assert finite.size, f"{name}: no entry is finite"
    for other in map(_to_numpy, others):
        assert other.shape == expected.shape, f"{name}: shapes {expected.shape} and {other.shape}"
        np.testing.assert_allclose(other, expected, rtol=0, atol=bound * np.abs(finite).max(), err_msg=name)
    print(f"{name:40s} agree within {bound:.1e} of the largest entry".replace(".0e", "e"))


def _to_numpy(array):
    """The numbers as float64, without their history."""
    if hasattr(array, "detach"):  # PyTorch's; NumPy has no bfloat16 to take over
        return array.double().numpy(force=True)
    return np.asarray(array.numpy() if hasattr(array, "numpy") else array, dtype=np.float64)
