"""The weights of a part of a model, by their names in it."""


def part(weights, name):
    """{name in the part: array} of the weights whose names begin with that of the part: of "stem.kernel", "kernel"."""
    return {whole.removeprefix(f"{name}."): array for whole, array in weights.items() if whole.startswith(f"{name}.")}


def within(name, weights):
    """The same the other way: {"stem.kernel": array} of the "kernel" in "stem"."""
    return {f"{name}.{inner}": array for inner, array in weights.items()}
