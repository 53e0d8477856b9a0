"""What training begins with."""

import numpy as np


def initial_weights(shapes, seed):
    """Weights to begin training with, the same in every framework.

    Matrices are uniform within ±√(6 / (in + out)), a vector counting as a matrix with one column; biases are zero;
    the entries of an embedding have variance 1 / width. What goes into a relu, kernels and what is called a hidden
    weight, has variance 2 / in, where `in` counts all the numbers that one result is the sum of. A batch normalisation
    begins as one that changes nothing but ε: scale and variance one, shift and mean zero.

    Source
    ------
    Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks", equation 16;
    He et al. (2015), "Delving deep into rectifiers", https://arxiv.org/abs/1502.01852, for the relu.
    """
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in shapes.items():
        last = name.rpartition(".")[-1]
        if last.endswith("bias") or last in ("shift", "mean"):
            weights[name] = np.zeros(shape)
        elif last in ("scale", "variance"):
            weights[name] = np.ones(shape)
        elif last in ("kernel", "hidden_weight"):
            weights[name] = rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[:-1]))
        elif name == "embedding":
            weights[name] = rng.standard_normal(shape) / np.sqrt(shape[-1])
        else:
            bound = np.sqrt(6 / (sum(shape) if len(shape) == 2 else shape[0] + 1))
            weights[name] = rng.uniform(-bound, bound, shape)
    return weights
