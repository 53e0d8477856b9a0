"""The two exceptions whose text is meant for whoever typed a command: any other is a fault of the program."""

from reprlib import Repr

_shortener = Repr()  # what was given may be long, and more than one line
_shortener.maxstring = 100
short = _shortener.repr


class InputError(ValueError):
    """What was given cannot be used. The text is one sentence that says why, and what would do."""


class Interrupted(Exception):
    """Training was asked to stop, and has stored where it is; its text says how to go on."""
