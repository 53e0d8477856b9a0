"""A file for each model: the name of its class, the file of each framework's package that has it, and the names and
shapes of its weights. A new model adds a file here, with the same three names; nothing lists them. Where a size is a
word, `CHOICES` has the words it may be."""

import importlib
import inspect
import pkgutil

from attention.inputs import InputError, short


def tables():
    """{name of a model: its file in this folder, as a module}."""
    found = (importlib.import_module(f"{__name__}.{file.name}") for file in pkgutil.iter_modules(__path__))
    return {table.MODEL: table for table in found}


def check_carried(metadata, types, kind):
    """Whether a file carries what it must, beside its weights.

    Parameters
    ----------
    metadata : the metadata of a file
    types : {name: type} of what must be there
    kind : what the file should be, in words

    Raises
    ------
    InputError : the first thing that is missing or of another type
    """
    for name, of_type in types.items():
        if name not in metadata:
            raise InputError(f"it has no {name!r}: it is not {kind} of this library")
        if type(metadata[name]) is not of_type:
            raise InputError(f"its {name!r} must be a {of_type.__name__}: got {short(metadata[name])}")


def check_weights(metadata, shapes):
    """Compare the weights of a file with the table of the model that it names: none of them need be read for that.

    Parameters
    ----------
    metadata : the metadata of a file
    shapes : {name: shape} of the weights in it

    Raises
    ------
    InputError : the first thing that is not as it must be
    """
    check_carried(metadata, {"model": str, "sizes": dict}, "a model")
    model, sizes, known = metadata["model"], metadata["sizes"], tables()
    if model not in known:
        raise InputError(f"it holds a model of the kind {short(model)}, not {' or '.join(map(repr, sorted(known)))}")
    names, choices = inspect.signature(known[model].shapes).parameters, getattr(known[model], "CHOICES", {})
    numbers = [name for name in names if name not in choices]
    if set(sizes) != set(names) or not all(type(sizes[name]) is int and sizes[name] > 0 for name in numbers):
        words = f", and words, {', '.join(choices)}" if choices else ""
        raise InputError(f"its 'sizes' must be whole numbers, {', '.join(numbers)}{words}: got {short(sizes)}")
    for name, words in choices.items():
        if sizes[name] not in words:
            raise InputError(f"its {name!r} must be one of {', '.join(words)}: got {short(sizes[name])}")
    table = known[model].shapes(**sizes)
    for name, shape in table.items():
        if name not in shapes:
            raise InputError(f"it has no weight {name!r}")
        if shapes[name] != shape:
            raise InputError(f"its weight {name!r} must have shape {short(shape)}: got {short(shapes[name])}")
    if more := sorted(shapes.keys() - table):
        raise InputError(f"it has a weight {short(more[0])}, which no {model} has")
