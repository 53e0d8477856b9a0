"""NumPy computes on the CPU."""

from attention.device import choose


def use_device(name):
    """ "cpu", whatever is asked for but "cuda".

    Raises
    ------
    InputError : "cuda" was asked for
    """
    return choose(name, found=False, framework="NumPy")
