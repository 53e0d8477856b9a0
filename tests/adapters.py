"""Arrays into each framework and back, so that one test speaks to all three."""

import numpy as np

from attention.frameworks import tf, torch

DTYPES = {"numpy": ("float16", "float32", "float64")}
DTYPES["tensorflow"] = DTYPES["pytorch"] = ("float16", "bfloat16", "float32", "float64")

# How far two frameworks may lie apart, as a part of the largest entry.
TOLERANCE = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-3, "bfloat16": 1.6e-2}


class NumPy:
    name = "numpy"

    @staticmethod
    def give(array, dtype=None):
        return array.astype(dtype) if dtype and array.dtype.kind == "f" else array.copy()

    @staticmethod
    def take(array):
        return np.asarray(array)


class TensorFlow:
    name = "tensorflow"

    @staticmethod
    def give(array, dtype=None):
        tensor = tf.constant(array)
        return tf.cast(tensor, dtype) if dtype and array.dtype.kind == "f" else tensor

    @staticmethod
    def take(tensor):
        return tensor.numpy().astype(np.float64 if tensor.dtype == tf.bfloat16 else tensor.dtype.as_numpy_dtype)

    @staticmethod
    def gradients(function, arrays, cotangent):
        """∂/∂arrays of Σ function(*arrays) ∘ cotangent."""
        tensors = [tf.constant(array) for array in arrays]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            total = tf.reduce_sum(function(*tensors) * cotangent)
        return [g.numpy() for g in tape.gradient(total, tensors)]


class PyTorch:
    name = "pytorch"
    device = "cpu"

    @classmethod
    def give(cls, array, dtype=None):
        tensor = torch.tensor(array, device=cls.device)
        return tensor.to(getattr(torch, dtype)) if dtype and array.dtype.kind == "f" else tensor

    @staticmethod
    def take(tensor):
        tensor = tensor.detach().cpu()
        return (tensor.double() if tensor.dtype == torch.bfloat16 else tensor).numpy()

    @classmethod
    def gradients(cls, function, arrays, cotangent):
        """∂/∂arrays of Σ function(*arrays) ∘ cotangent."""
        tensors = [torch.tensor(array, device=cls.device, requires_grad=True) for array in arrays]
        total = (function(*tensors) * torch.tensor(cotangent, device=cls.device)).sum()
        return [g.cpu().numpy() for g in torch.autograd.grad(total, tensors)]


ADAPTERS = (NumPy, TensorFlow, PyTorch)


def library(adapter):
    """The package of the course that belongs to the adapter."""
    import attention.numpy
    import attention.pytorch
    import attention.tensorflow

    return getattr(attention, adapter.name)


def assert_close(actual, expected, dtype="float64", terms=0.0):
    """Equal to within the tolerance of the dtype, as a part of the largest finite entry expected.

    Where sums of either sign may cancel, an entry can be smaller than its own rounding: `terms` is then the size of
    what was added up.
    """
    actual, expected = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    size = max(terms, np.abs(expected[np.isfinite(expected)]).max(initial=0))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE[dtype] * size)
