"""Numbers to try an answer on: seeded, of two decimals, and never symmetric or saturated unless that is the point."""

import numpy as np


def normal(seed, *shape, spread=1.0):
    """Numbers around 0, rounded so that they can be read in a message and typed again."""
    return np.round(spread * np.random.default_rng(seed).standard_normal(shape), 2)


def some(seed, *shape):
    """A mask that lets some through: at least one, and not all, along the last axis."""
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < 0.6
    place = rng.integers(shape[-1], size=(*shape[:-1], 1))
    np.put_along_axis(mask, place, True, -1)
    np.put_along_axis(mask, (place + 1) % shape[-1], False, -1)
    return mask
