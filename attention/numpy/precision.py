"""Half precision is stored, not computed in: float16 goes through float32 and back."""

import numpy as np


def widen(array):
    """The array in float32 if it is float16, else itself."""
    return array.astype(np.float32) if array.dtype == np.float16 else array
