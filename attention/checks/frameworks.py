"""Arrays to a framework and back. A framework is imported only when an answer is written in it."""

import numpy as np

from attention.checks.exercise import is_float


class NumPy:
    """Nothing to convert; copies, so that what the answer does to its arguments can be seen."""

    kind = "a NumPy array"

    def give(self, array):
        return array.copy()

    def owns(self, result):
        return isinstance(result, np.ndarray | np.generic)

    def take(self, result):
        return np.asarray(result)


class Value(NumPy):
    """Answers found by hand: a number, a list of numbers or an array, all the same."""

    kind = "a number, or a list of numbers"

    def owns(self, result):
        try:
            return np.asarray(result, dtype=np.float64) is not None
        except (TypeError, ValueError):
            return False

    def take(self, result):
        return np.asarray(result, dtype=np.float64)


class TensorFlow:
    kind = "a tf.Tensor"

    def __init__(self):
        import tensorflow as tf

        self.tf = tf

    def give(self, array):
        return self.tf.constant(array)

    def owns(self, result):
        return self.tf.is_tensor(result)

    def take(self, result):
        return result.numpy()

    def gradients(self, function, given, cotangents):
        """The derivative of Σ result · cotangent by each argument; None where nothing arrives."""
        with self.tf.GradientTape() as tape:
            for tensor in given:
                tape.watch(tensor)
            total = sum(
                self.tf.reduce_sum(r * self.tf.constant(c)) for r, c in zip(function(), cotangents, strict=True)
            )
        return tape.gradient(total, given)


class PyTorch:
    kind = "a torch.Tensor"

    def __init__(self):
        import torch

        self.torch = torch

    def give(self, array):
        return self.torch.from_numpy(array.copy())

    def owns(self, result):
        return isinstance(result, self.torch.Tensor)

    def take(self, result):
        return result.detach().cpu().numpy()

    def gradients(self, function, given, cotangents):
        """The derivative of Σ result · cotangent by each argument; None where nothing arrives."""
        for tensor in given:
            tensor.requires_grad_()
        total = sum((r * self.give(c)).sum() for r, c in zip(function(), cotangents, strict=True))
        if not total.requires_grad:
            return [None] * len(given)
        return self.torch.autograd.grad(total, given, allow_unused=True)


ADAPTERS = {"numpy": NumPy, "tensorflow": TensorFlow, "pytorch": PyTorch}


def numeric_gradients(function, inputs, cotangents, step=1e-6):
    """Central differences of Σ result · cotangent by each float argument: {name: array}."""
    gradients = {}
    for name in [n for n, value in inputs.items() if is_float(value)]:
        gradient = np.zeros(inputs[name].shape)
        for place in np.ndindex(gradient.shape):
            sides = []
            for sign in (1, -1):
                moved = inputs[name].astype(np.float64)
                moved[place] += sign * step
                results = function(**{**inputs, name: moved})
                sides.append(sum((r * c).sum() for r, c in zip(results, cotangents, strict=True)))
            gradient[place] = (sides[0] - sides[1]) / (2 * step)
        gradients[name] = gradient
    return gradients
