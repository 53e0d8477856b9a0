"""The weights of a part of a model, by their names in it."""


def part(weights, name):
    """{name in the part: array} of the weights whose names begin with the part's: of "stem", "stem.kernel" is "kernel"."""
    return {whole.removeprefix(f"{name}."): array for whole, array in weights.items() if whole.startswith(f"{name}.")}


def named(name, weights):
    """The same the other way: {"stem.kernel": array} of the "kernel" in "stem"."""
    return {f"{name}.{inner}": array for inner, array in weights.items()}
