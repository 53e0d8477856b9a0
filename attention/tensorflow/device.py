"""Where TensorFlow computes."""

import tensorflow as tf

from attention.device import choose


def use_device(name):
    """Show TensorFlow the GPUs, or hide them: "cpu", "cuda", or "auto", which is cuda where there is a GPU.

    To be called before TensorFlow computes anything. A GPU's memory is taken as it is needed: PyTorch may share it.

    Returns
    -------
    device : "cpu" or "cuda"

    Raises
    ------
    InputError : "cuda" was asked for and there is none
    """
    found = tf.config.list_physical_devices("GPU")
    device = choose(name, bool(found), "TensorFlow")
    tf.config.set_visible_devices(found if device == "cuda" else [], "GPU")
    for gpu in found if device == "cuda" else []:
        tf.config.experimental.set_memory_growth(gpu, True)
    return device
