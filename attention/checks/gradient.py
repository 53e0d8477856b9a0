"""Does the gradient arrive? The framework's against central differences of the reference, so that a detach is found."""

import numpy as np

from attention.checks.compare import unequal
from attention.checks.exercise import is_float
from attention.checks.trial import Fault, results_of, widened

STEP, DIRECTIONS = 1e-6, 3
WITHIN, LEAST = 1e-6, 1e-9  # of the largest entry, and in any case


def gradients_of(trial, answer, adapter):
    """The gradient of a sum of the results, each with its own factor, against central differences of the reference.

    First along a few random directions; entry by entry where one of them differs, to say where.
    """
    rng = np.random.default_rng(6)
    factors = [rng.uniform(0.5, 1.5, r.shape) * rng.choice([-1, 1], r.shape) for r in trial.expected]
    factors = [np.where(np.isfinite(r), f, 0) for f, r in zip(factors, trial.expected, strict=True)]
    names = [name for name, value in trial.inputs.items() if is_float(value)]
    arguments = {name: adapter.give(value) for name, value in trial.inputs.items()}

    def function():
        results = trial.exercise.apply(answer, list(arguments.values()))
        return results if trial.exercise.outputs else (results,)

    found = dict(zip(names, adapter.gradients(function, [arguments[n] for n in names], factors), strict=True))
    total = _total(trial, factors)
    for name in names:
        gradient = None if found[name] is None else adapter.take(found[name])
        if gradient is not None and np.isfinite(gradient).all() and _along(total, trial.inputs, name, gradient, rng):
            continue
        expected = numeric_gradient(total, trial.inputs, name)
        if gradient is None:
            if not np.abs(expected).max(initial=0) > LEAST:
                continue  # nothing was to arrive
            return Fault(
                "the gradient",
                f"The numbers are right, but no gradient arrives at `{name}`.",
                "Somewhere between it and the result the framework loses sight of it: a detach, a stop_gradient, "
                "a float(…) or a way through NumPy.",
            )
        if gradient.shape == expected.shape and not _differs(gradient, expected).any():
            continue
        trial.names, trial.expected, trial.got = (name,), (expected,), (gradient,)
        trial.margins = (_margin(expected),)
        trial.of_gradient = True
        if not np.isfinite(gradient).all():
            return Fault(
                "the gradient",
                f"The numbers are right, but the gradient that arrives at `{name}` is not finite. Somewhere on the "
                "way there is a NaN or an ∞ that the result does not show: see chapter 1, “Repairing the NaN "
                "afterwards”.",
            )
        return Fault(
            "the gradient",
            f"The numbers are right, but the gradient that arrives at `{name}` is not the derivative of the right "
            "result. A part of the calculation is hidden from the framework, or its gradient is changed.",
        )
    return None


def _differs(gradient, expected):
    return unequal(gradient, expected, _margin(expected))


def _margin(expected):
    return np.full(expected.shape, max(LEAST, WITHIN * np.abs(expected).max(initial=0)))


def _total(trial, factors):
    """Σ result · factor of the reference, as a function of the inputs."""

    def total(inputs):
        results = results_of(trial.exercise, trial.exercise.reference, widened(inputs))
        parts = [(np.where(f == 0, 0, r) * f).sum() for r, f in zip(results, factors, strict=True)]
        return sum(parts, np.longdouble(0))

    return total


def _moved(inputs, name, step):
    wide = inputs[name].astype(np.longdouble)
    return {**inputs, name: np.where(np.isfinite(wide), wide + step, wide)}


def _along(total, inputs, name, gradient, rng):
    """Whether the gradient gives the slopes along random directions."""
    for _ in range(DIRECTIONS):
        direction = np.where(np.isfinite(inputs[name]), rng.uniform(0.5, 1.5, gradient.shape), 0)
        direction = direction * rng.choice([-1, 1], gradient.shape)
        rise = total(_moved(inputs, name, STEP * direction)) - total(_moved(inputs, name, -STEP * direction))
        size = np.abs(gradient).max(initial=0)
        if abs(float(rise) / (2 * STEP) - float((gradient * direction).sum())) > max(LEAST, WITHIN * size):
            return False
    return True


def numeric_gradient(total, inputs, name):
    """Central differences by each entry of one argument."""
    gradient = np.zeros(inputs[name].shape)
    for place in np.ndindex(gradient.shape):
        step = np.zeros(gradient.shape)
        step[place] = STEP
        gradient[place] = (total(_moved(inputs, name, step)) - total(_moved(inputs, name, -step))) / (2 * STEP)
    return gradient
