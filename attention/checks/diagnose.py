"""Put a name to a mistake: does one of the known ones, or two together, give exactly these numbers?"""

from itertools import combinations

from attention.checks.compare import equal
from attention.checks.contract import results_of

SHAPE_ERRORS = {"ValueError", "RuntimeError", "InvalidArgumentError"}  # what NumPy, PyTorch and TensorFlow raise


def named(exercise, trials):
    """The misconceptions, one or two, that explain every trial so far, the right ones too; else none."""
    if all(t.error is None and t.numbers_right for t in trials):
        return ()
    singles = [(m,) for m in exercise.misconceptions]
    pairs = [(a, b) for a, b in combinations(exercise.misconceptions, 2) if not a.switches.keys() & b.switches.keys()]
    return next((found for found in singles + pairs if all(explains(exercise, found, t) for t in trials)), ())


def explains(exercise, found, trial):
    """Whether the faulty function does on one draw what the learner's did."""
    switches = {key: value for m in found for key, value in m.switches.items()}
    try:
        results = results_of(lambda **inputs: exercise.faulty(**inputs, **switches), trial.inputs)
    except Exception as error:
        names = {type(error).__name__, type(trial.error).__name__}
        return len(names) == 1 or names <= SHAPE_ERRORS
    return trial.got is not None and equal(trial.got, results, trial.within)
