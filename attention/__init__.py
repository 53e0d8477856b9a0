"""Attention, derived, written three times and measured: the library of the course.

`attention.numpy`, `attention.tensorflow` and `attention.pytorch` hold the same names with the same meaning.
Nothing is imported here, so that one framework can be used without the others. What importing changes, for the whole
process and not for this library alone:

- `attention` keeps TensorFlow's log lines back and its oneDNN kernels off, by two environment variables that it sets
  where they are not set, and that TensorFlow reads when it is first imported;
- `attention.frameworks` makes both compute where the variable ATTENTION_DEVICE says: "cpu", as where it is not set,
  "cuda", or "auto";
- `attention.tensorflow` and `attention.pytorch` switch TF32 off in their framework, and the former imports TensorFlow
  with what it would write to standard error held back.
"""

import os

# Without them TensorFlow writes log lines into every notebook, and oneDNN's kernels round differently from one
# processor to the next.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
