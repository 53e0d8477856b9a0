"""Does the gradient arrive? The framework's against central differences of the reference, so that a detach is found."""

import numpy as np

from attention.checks.compare import equal
from attention.checks.exercise import is_float
from attention.checks.trial import Fault, results_of


def gradients_of(trial, answer, arguments, adapter):
    """The gradient of a sum of the results, each with its own factor, against central differences of the reference."""
    rng = np.random.default_rng(6)
    factors = [rng.uniform(0.5, 1.5, r.shape) * rng.choice([-1, 1], r.shape) for r in trial.expected]
    names = [name for name, value in trial.inputs.items() if is_float(value)]
    given = [a for a, value in zip(arguments, trial.inputs.values(), strict=True) if is_float(value)]

    def function():
        results = answer(*arguments)
        return results if trial.exercise.outputs else (results,)

    gradients = adapter.gradients(function, given, factors)
    numeric = numeric_gradients(lambda **inputs: results_of(trial.exercise.reference, inputs), trial.inputs, factors)
    trial.names = tuple(names)
    trial.expected = tuple(numeric[name] for name in names)
    for name, gradient in zip(names, gradients, strict=True):
        if gradient is None:
            return Fault(
                "the gradient",
                f"The numbers are right, but no gradient arrives at `{name}`.",
                "Somewhere between it and the result the framework loses sight of it: a detach, a stop_gradient, "
                "a float(…) or a way through NumPy.",
            )
    trial.got = tuple(adapter.take(g) for g in gradients)
    if not equal(trial.got, trial.expected, trial.within):
        name, _, _ = trial.wrong
        return Fault(
            "the gradient",
            f"The numbers are right, but the gradient that arrives at `{name}` is not the derivative of your result.",
            "A part of the calculation is hidden from the framework, by a detach, a stop_gradient or a way "
            "through NumPy.",
        )
    return None


def numeric_gradients(function, inputs, cotangents, step=1e-6):
    """Central differences of Σ result · cotangent by each float argument: {name: array}."""
    gradients = {}
    for name in [n for n, value in inputs.items() if is_float(value)]:
        gradient = np.zeros(inputs[name].shape)
        for place in np.ndindex(gradient.shape):
            sides = []
            for sign in (1, -1):
                moved = inputs[name].astype(np.float64)
                moved[place] += sign * step
                results = function(**{**inputs, name: moved})
                sides.append(sum((r * c).sum() for r, c in zip(results, cotangents, strict=True)))
            gradient[place] = (sides[0] - sides[1]) / (2 * step)
        gradients[name] = gradient
    return gradients
