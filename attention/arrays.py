"""Arrays into a framework and back: an adapter for each, which imports its framework when it is made.

Tensors are made where the framework computes (`use_device`), and come back from there.
"""

import importlib

import numpy as np


class NumPy:
    """Copies, so that what is done to an array can be seen."""

    name = "numpy"

    def give(self, array, dtype=None):
        """An array of the framework; floats in `dtype` where one is given."""
        array = np.array(array)
        return array.astype(dtype) if dtype and array.dtype.kind == "f" else array

    def take(self, result):
        """A NumPy array, which may be written to; bfloat16, which NumPy does not have, in float32."""
        return np.array(result)

    def device(self, array):
        """Where an array lies: "cpu" or "cuda"."""
        return "cpu"


class TensorFlow:
    name = "tensorflow"

    def __init__(self):
        importlib.import_module("attention.tensorflow")
        self.tf = importlib.import_module("tensorflow")

    def give(self, array, dtype=None):
        tensor = self.tf.constant(array)
        return self.tf.cast(tensor, dtype) if dtype and tensor.dtype.is_floating else tensor

    def take(self, result):
        return np.array(self.tf.cast(result, "float32") if result.dtype == "bfloat16" else result)

    def device(self, tensor):
        return "cuda" if "GPU" in tensor.device else "cpu"

    def gradients(self, function, given, factors):
        """The derivatives of Σ results ∘ factors by each tensor of `given`; None where nothing arrives.

        `function` takes nothing and returns a list of results; `factors` are arrays, one for each.
        """
        with self.tf.GradientTape() as tape:
            for tensor in given:
                tape.watch(tensor)
            pairs = zip(function(), factors, strict=True)
            total = sum(self.tf.reduce_sum(result * self.tf.constant(factor, result.dtype)) for result, factor in pairs)
        found = tape.gradient(total, given)
        return [None if one is None else self.tf.convert_to_tensor(one) for one in found]  # IndexedSlices too


class PyTorch:
    name = "pytorch"

    def __init__(self):
        importlib.import_module("attention.pytorch")
        self.torch = importlib.import_module("torch")

    def give(self, array, dtype=None):
        tensor = self.torch.tensor(array)
        return tensor.to(getattr(self.torch, dtype)) if dtype and tensor.is_floating_point() else tensor

    def take(self, result):
        result = result.float() if result.dtype == self.torch.bfloat16 else result
        return np.array(result.numpy(force=True))

    def device(self, tensor):
        return tensor.device.type

    def gradients(self, function, given, factors):
        """As TensorFlow's."""
        for tensor in given:
            tensor.requires_grad_()
        results = zip(function(), factors, strict=True)
        total = sum((result * self.torch.tensor(factor, dtype=result.dtype)).sum() for result, factor in results)
        if not total.requires_grad:
            return [None] * len(given)
        return self.torch.autograd.grad(total, given, allow_unused=True)


ADAPTERS = {"numpy": NumPy, "tensorflow": TensorFlow, "pytorch": PyTorch}
FRAMEWORKS = tuple(ADAPTERS)
