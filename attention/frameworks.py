"""All three frameworks in one line: ``from attention.frameworks import np, tf, torch``.

PyTorch is imported before TensorFlow, here and nowhere else.  The two library packages switch TF32 off as they are
imported, so that float32 means float32 on a GPU too.
"""

import numpy as np
import torch
import tensorflow as tf  # isort: skip

import attention.pytorch
import attention.tensorflow

__all__ = ["np", "tf", "torch"]
