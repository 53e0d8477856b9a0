"""All three frameworks in one line: ``from attention.frameworks import np, tf, torch``.

PyTorch is imported before TensorFlow, here and nowhere else.  Both compute where the variable ATTENTION_DEVICE says:
"cpu", as where it is not set, "cuda", or "auto", which is cuda where there is a GPU.  What importing changes for the
whole process (no TF32, no oneDNN, no log lines) is said in the docstring of `attention`.
"""

import numpy as np
import attention.pytorch.device
import attention.tensorflow.device
import tensorflow as tf
import torch
from attention.device import asked_device

for package in (attention.pytorch, attention.tensorflow):
    package.device.use_device(asked_device())

__all__ = ["np", "tf", "torch"]
