"""All three frameworks in one line: ``from attention.frameworks import np, tf, torch``.

PyTorch is imported before TensorFlow, here and nowhere else.  What importing changes for the whole process (no TF32,
no oneDNN, no log lines) is said in the docstring of `attention`.
"""

import numpy as np
import attention.pytorch
import attention.tensorflow
import tensorflow as tf
import torch

__all__ = ["np", "tf", "torch"]
