"""All three frameworks in one line: ``from attention.frameworks import np, tf, torch``.

PyTorch is imported before TensorFlow, here and nowhere else.  Each package of the library switches its framework's
TF32 off, so that float32 means float32 on a GPU too, and TensorFlow's keeps the import quiet.
"""

import numpy as np
import attention.pytorch
import attention.tensorflow
import tensorflow as tf
import torch

__all__ = ["np", "tf", "torch"]
