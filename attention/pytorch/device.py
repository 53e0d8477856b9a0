"""Where PyTorch computes."""

import torch

from attention.device import choose


def use_device(name):
    """Make tensors on the CPU or on a GPU from now on: "cpu", "cuda", or "auto", which is cuda where there is a GPU.

    Returns
    -------
    device : "cpu" or "cuda"

    Raises
    ------
    InputError : "cuda" was asked for and there is none
    """
    device = choose(name, torch.cuda.is_available(), "PyTorch")
    torch.set_default_device("cuda" if device == "cuda" else None)  # a default costs every call a little
    return device
