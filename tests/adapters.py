"""Arrays into each framework and back, so that one test speaks to all three."""

import importlib

import numpy as np

from attention import arrays

DTYPES = {"numpy": ("float16", "float32", "float64")}
DTYPES["tensorflow"] = DTYPES["pytorch"] = ("float16", "bfloat16", "float32", "float64")

# How far two frameworks may lie apart, as a part of the largest entry.
TOLERANCE = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-3, "bfloat16": 1.6e-2}


NumPy, TensorFlow, PyTorch = (adapter() for adapter in arrays.ADAPTERS.values())
ADAPTERS = (NumPy, TensorFlow, PyTorch)


def library(adapter):
    """The package of the course that belongs to the adapter."""
    return importlib.import_module(f"attention.{adapter.name}")


def derivatives(adapter, function, arrays, cotangent):
    """∂/∂arrays of Σ function(*arrays) ∘ cotangent."""
    given = [adapter.give(array) for array in arrays]
    return [adapter.take(found) for found in adapter.gradients(lambda: [function(*given)], given, [cotangent])]


def assert_close(actual, expected, dtype="float64", terms=0.0):
    """Equal to within the tolerance of the dtype, as a part of the largest finite entry expected.

    Where sums of either sign may cancel, an entry can be smaller than its own rounding: `terms` is then the size of
    what was added up.
    """
    actual, expected = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    size = max(terms, np.abs(expected[np.isfinite(expected)]).max(initial=0))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE[dtype] * size)
