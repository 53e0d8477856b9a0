"""Which public arguments there are, and which of them the tests have seen heeded.

Public is what has no underscore; in the three packages, whose files share helpers, what is listed in `__all__` or has a
section "Parameters" in its docstring. Of a class it is every method without an underscore. A test that fails when an
argument is ignored says so by `@heeds`.
"""

import importlib
import inspect

SEEN = set()  # (module or package, function or Class.method, argument)
CALLED = {"call": "__call__", "forward": "__call__"}  # how Keras and PyTorch name what happens when a layer is called
PACKAGES = ("attention.numpy", "attention.tensorflow", "attention.pytorch")


def heeds(function, *arguments, of=PACKAGES):
    """The test below fails if `function`, in any of the modules `of`, ignores one of the `arguments`."""
    SEEN.update((module, function, argument) for module in of for argument in arguments)
    return lambda test: test


def public(module, recursively=()):
    """(name, callable) of what the modules define for others to call."""
    listed = getattr(importlib.import_module(module), "__all__", None)
    for part in (module, *recursively):
        for name, thing in vars(importlib.import_module(part)).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != part or not callable(thing):
                continue
            if listed is None or name in listed or "Parameters\n" in (thing.__doc__ or ""):
                yield from _methods(name, thing) if inspect.isclass(thing) else [(name, thing)]


def _methods(name, kind):
    for method, function in vars(kind).items():
        if inspect.isfunction(function) and (not method.startswith("_") or method in ("__init__", "__call__")):
            yield f"{name}.{CALLED.get(method, method)}", function


def arguments(function):
    return [name for name in inspect.signature(function).parameters if name != "self"]
