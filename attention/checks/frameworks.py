"""What a check asks of a framework, beside giving arrays and taking them back. It is imported only when an answer is
written in it."""

import copy
from contextlib import contextmanager, nullcontext

import numpy as np

from attention import arrays
from attention.checks.compare import plain


class NumPy(arrays.NumPy):
    """Nothing to convert; copies, so that what the answer does to its arguments can be seen."""

    kind = "a NumPy array"
    shares = ""  # a sentence on what lies in the memory of an argument, to whoever has changed one

    def give(self, value):
        return copy.deepcopy(value)

    def owns(self, result, axes):
        """An array; where one without axes is expected, a Python number too."""
        plain_array = isinstance(result, np.generic) or type(result) is np.ndarray
        return plain_array or (axes == 0 and isinstance(result, int | float))

    def one_thread(self):
        """A context for many small calls: threads that wait for each other would take most of the time."""
        return nullcontext()

    def marks(self, value):
        """Whether gradients are asked of what was given without: what the answer may have done to it."""
        return False

    def same_memory(self, one, other):
        """Whether two results lie in the same place, so that writing into one changes the other."""
        return isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and np.shares_memory(one, other)


class Value(NumPy):
    """Answers found by hand: a number, a list of numbers or an array, all the same."""

    kind = "a number, or a list of numbers"

    def owns(self, result, axes):
        try:
            array = np.asarray(result)
            if array.dtype.kind == "O":
                return None not in array.ravel().tolist() and array.astype(np.float64) is not None
            return array.dtype.kind in "iuf"
        except (TypeError, ValueError, OverflowError):
            return False

    def take(self, result):
        return np.asarray(result).astype(np.float64)


class Object(NumPy):
    """Answers of any kind, compared by ==."""

    kind = "a Python object"

    def same_memory(self, one, other):
        return isinstance(one, list | dict | set) and one is other

    def owns(self, result, axes):
        return True

    def take(self, result):
        return plain(result)


class TensorFlow(arrays.TensorFlow):
    kind = "a tf.Tensor"
    shares = ""
    one_thread = nullcontext

    def give(self, value):
        return super().give(value) if isinstance(value, np.ndarray) else copy.deepcopy(value)

    def owns(self, result, axes):
        return isinstance(result, self.tf.Tensor | self.tf.Variable)

    def marks(self, value):
        return False

    def same_memory(self, one, other):
        return isinstance(one, self.tf.Variable) and one is other


class PyTorch(arrays.PyTorch):
    kind = "a torch.Tensor"
    shares = " What `.detach()` gives lies in the same memory; `.clone()` gives a tensor of your own."

    def give(self, value):
        return super().give(value) if isinstance(value, np.ndarray) else copy.deepcopy(value)

    @contextmanager
    def one_thread(self):
        threads = self.torch.get_num_threads()
        self.torch.set_num_threads(1)
        try:
            yield
        finally:
            self.torch.set_num_threads(threads)

    def owns(self, result, axes):
        return isinstance(result, self.torch.Tensor)

    def marks(self, value):
        return isinstance(value, self.torch.Tensor) and value.requires_grad

    def same_memory(self, one, other):
        return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr() and one.numel() > 0


ADAPTERS = {"numpy": NumPy, "tensorflow": TensorFlow, "pytorch": PyTorch}
KINDS = {"value": Value, "object": Object}
