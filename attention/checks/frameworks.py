"""Arrays to a framework and back. A framework is imported only when an answer is written in it."""

import numpy as np


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
        found = tape.gradient(total, given)
        return [None if g is None else self.tf.convert_to_tensor(g) for g in found]  # IndexedSlices too


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
