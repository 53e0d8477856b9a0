"""Attention, derived, written three times and measured: the library of the course.

`attention.numpy`, `attention.tensorflow` and `attention.pytorch` hold the same names with the same meaning.
Nothing is imported here, so that one framework can be used without the others.
"""

import os

# TensorFlow reads both when it is first imported: without them it writes log lines into every notebook,
# and oneDNN's kernels round differently from one processor to the next.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
