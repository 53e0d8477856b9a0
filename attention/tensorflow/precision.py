"""Half precision is stored, not computed in: float16 and bfloat16 go through float32 and back."""

import tensorflow as tf


def widen(tensor):
    """The tensor in float32 if it is float16 or bfloat16, else itself."""
    return tf.cast(tensor, tf.float32) if tensor.dtype in (tf.float16, tf.bfloat16) else tensor
