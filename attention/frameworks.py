"""All three frameworks in one line: ``from attention.frameworks import np, tf, torch``.

PyTorch is imported before TensorFlow, here and nowhere else.
"""

import numpy as np
import torch

import tensorflow as tf  # isort: skip

import attention.pytorch
import attention.tensorflow  # noqa: F401 - float32 means float32 on a GPU too

__all__ = ["np", "tf", "torch"]
