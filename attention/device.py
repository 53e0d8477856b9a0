"""CPU or GPU: what was asked for. Each framework's package has a `use_device` that does it."""

import os

from attention.inputs import InputError

DEVICES = ("cpu", "auto", "cuda")


def asked_device():
    """What the variable ATTENTION_DEVICE says: "cpu", as where it is not set, "auto" or "cuda".

    On a CPU the last digits do not depend on which GPU there is, so it is what one gets without asking.

    Raises
    ------
    InputError : it says something else
    """
    name = os.environ.get("ATTENTION_DEVICE", "cpu")
    if name not in DEVICES:
        raise InputError(f"ATTENTION_DEVICE must be one of {', '.join(DEVICES)}: got {name!r}")
    return name


def choose(name, found, framework):
    """ "cpu" or "cuda", as `name` asks and as `found` allows: whether the framework finds a GPU."""
    if name == "cuda" and not found:
        raise InputError(f"device cuda was asked for, but {framework} finds no GPU")
    return "cuda" if found and name != "cpu" else "cpu"
