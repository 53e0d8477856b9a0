"""What the settings of every task must be."""

import math
from dataclasses import fields

from attention.inputs import InputError

LEAST = {"patience": 0, "seed": 0, "warmup": 0}  # of whole numbers; of others 1


def check_settings(settings, least=None, shares=(), words=None):
    """Refuse settings that make no sense.

    Parameters
    ----------
    settings : a dataclass; whole numbers, fractions and words are told apart by the types of its fields
    least : {name: the least that this whole number may be}, where it is not 1, nor 0 as of `LEAST`
    shares : the names of the fractions that are at least 0 and less than 1, beside `average`; others are positive
    words : {name: what this word, or each of these words, may be}

    Raises
    ------
    InputError : the first that makes no sense
    """
    least, shares, words = LEAST | (least or {}), {"average", *shares}, words or {}
    for name, kind, value in ((field.name, field.type, getattr(settings, field.name)) for field in fields(settings)):
        if kind is int and (type(value) is not int or value < least.get(name, 1)):
            raise InputError(f"{name} must be a whole number of at least {least.get(name, 1)}: got {value!r}")
        if kind is float and name in shares and not 0 <= value < 1:
            raise InputError(f"{name} must be at least 0 and less than 1: got {value!r}")
        if kind is float and name not in shares and not 0 < value < math.inf:
            raise InputError(f"{name} must be a positive number: got {value!r}")
        if kind is bool and type(value) is not bool:
            raise InputError(f"{name} must be True or False: got {value!r}")
        if name in words and value not in words[name]:
            raise InputError(f"{name} must be one of {', '.join(words[name])}: got {value!r}")
