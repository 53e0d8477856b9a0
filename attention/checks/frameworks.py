"""Arrays to a framework and back. A framework is imported only when an answer is written in it."""

import copy
from contextlib import contextmanager, nullcontext

import numpy as np

from attention.checks.compare import plain


class NumPy:
    """Nothing to convert; copies, so that what the answer does to its arguments can be seen."""

    kind = "a NumPy array"

    def give(self, value):
        return copy.deepcopy(value)

    def owns(self, result, axes=1):
        """An array; where one without axes is expected, a Python number too."""
        plain_array = isinstance(result, np.generic) or type(result) is np.ndarray
        return plain_array or (axes == 0 and isinstance(result, int | float))

    def take(self, result):
        return np.array(result)

    def one_thread(self):
        """A context for many small calls: threads that wait for each other would take most of the time."""
        return nullcontext()

    def same_memory(self, one, other):
        """Whether two results lie in the same place, so that writing into one changes the other."""
        return isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and np.shares_memory(one, other)


class Value(NumPy):
    """Answers found by hand: a number, a list of numbers or an array, all the same."""

    kind = "a number, or a list of numbers"

    def owns(self, result, axes=1):
        try:
            array = np.asarray(result)
            return array.dtype.kind in "iuf" or (array.dtype.kind == "O" and array.astype(np.float64) is not None)
        except (TypeError, ValueError, OverflowError):
            return False

    def take(self, result):
        return np.asarray(result).astype(np.float64)


class Object(NumPy):
    """Answers of any kind, compared by ==."""

    kind = "a Python object"

    def same_memory(self, one, other):
        return isinstance(one, list | dict | set) and one is other

    def owns(self, result, axes=1):
        return True

    def take(self, result):
        return plain(result)


class TensorFlow:
    kind = "a tf.Tensor"
    one_thread = nullcontext

    def __init__(self):
        import tensorflow as tf

        self.tf = tf

    def give(self, value):
        return self.tf.constant(value) if isinstance(value, np.ndarray) else copy.deepcopy(value)

    def owns(self, result, axes=1):
        return isinstance(result, self.tf.Tensor | self.tf.Variable)

    def take(self, result):
        return np.array(result.numpy())

    def same_memory(self, one, other):
        return isinstance(one, self.tf.Variable) and one is other

    def gradients(self, function, given, cotangents):
        """The derivative of Σ result · cotangent by each argument; None where nothing arrives."""
        with self.tf.GradientTape() as tape:
            for tensor in given:
                tape.watch(tensor)
            total = sum(
                self.tf.reduce_sum(r * self.tf.constant(c, r.dtype))
                for r, c in zip(function(), cotangents, strict=True)
            )
        found = tape.gradient(total, given)
        return [None if g is None else self.tf.convert_to_tensor(g) for g in found]  # IndexedSlices too


class PyTorch:
    kind = "a torch.Tensor"

    def __init__(self):
        import torch

        self.torch = torch

    def give(self, value):
        return self.torch.tensor(value) if isinstance(value, np.ndarray) else copy.deepcopy(value)

    @contextmanager
    def one_thread(self):
        threads = self.torch.get_num_threads()
        self.torch.set_num_threads(1)
        try:
            yield
        finally:
            self.torch.set_num_threads(threads)

    def owns(self, result, axes=1):
        return isinstance(result, self.torch.Tensor)

    def take(self, result):
        return np.array(result.numpy(force=True))

    def same_memory(self, one, other):
        return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr() and one.numel() > 0

    def gradients(self, function, given, cotangents):
        """The derivative of Σ result · cotangent by each argument; None where nothing arrives."""
        for tensor in given:
            tensor.requires_grad_()
        total = sum(
            (r * self.torch.tensor(c, dtype=r.dtype)).sum() for r, c in zip(function(), cotangents, strict=True)
        )
        if not total.requires_grad:
            return [None] * len(given)
        return self.torch.autograd.grad(total, given, allow_unused=True)


ADAPTERS = {"numpy": NumPy, "tensorflow": TensorFlow, "pytorch": PyTorch}
KINDS = {"value": Value, "object": Object}
