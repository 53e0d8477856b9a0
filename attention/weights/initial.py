"""What training begins with."""

import numpy as np


def initial_weights(shapes, seed):
    """Weights to begin training with, the same in every framework.

    Matrices are uniform within ±√(6 / (in + out)), a vector counting as a matrix with one column; biases are zero;
    the entries of an embedding have variance 1 / width.

    Source
    ------
    Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks", equation 16.
    """
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in shapes.items():
        if name.endswith("bias"):
            weights[name] = np.zeros(shape)
        elif name == "embedding":
            weights[name] = rng.standard_normal(shape) / np.sqrt(shape[-1])
        else:
            bound = np.sqrt(6 / (sum(shape) if len(shape) == 2 else shape[0] + 1))
            weights[name] = rng.uniform(-bound, bound, shape)
    return weights
