"""What exercises are tried on, and what each known mistake gives there; `python -m tests.checks.tried` stores it."""

import json
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np

from attention.checks.compare import NUDGE, alike, largest
from attention.checks.diagnose import outcome
from attention.checks.draws import draws_of
from attention.checks.exercise import chapters, is_float
from attention.checks.judge import cases
from attention.checks.trial import results_of

FEW = 12  # numbers of each result that are stored


def tried_until_wrong(exercise, mistake):
    """The cases of a faulty function through the first stage in which it goes wrong."""
    tried = []
    for stage in exercise.stages:
        tried += cases(exercise, stage)
        if any(shows(mistake, case) for case in tried):
            return tried
    raise AssertionError(f"{mistake.name} is never more than 100 tolerances away from the right answer")


def shows(mistake, case):
    return difference(outcome((mistake,), case).results, case.expected) > far(case)


def far(case):
    """A difference that no rounding makes: 100 times the tolerance of the type, or of the stage."""
    if case.exercise.value:
        return 2 * np.max(case.stage.tolerance) / largest(case.expected[0])
    return 100 * case.rough


def difference(results, expected):
    """The largest difference, as a part of the largest entry; ∞ for other shapes, NaN or an error."""
    if results is None or [np.shape(r) for r in results] != [np.shape(e) for e in expected]:
        return np.inf
    if not all(isinstance(part, np.ndarray) for part in (*results, *expected)):
        return 0.0 if alike(tuple(results), tuple(expected)) else np.inf
    largest_difference = 0.0
    for r, e in zip(results, expected, strict=True):
        finite = np.isfinite(e)
        if not np.array_equal(np.isfinite(r), finite) or not np.array_equal(r[~finite], e[~finite], equal_nan=True):
            return np.inf
        apart = np.abs(r[finite].astype(np.float64) - e[finite])  # True and False lie 1 apart
        largest_difference = max(largest_difference, apart.max(initial=0) / largest(e))
    return largest_difference


def what_is_tried(exercise):
    """{stage: (where to read again, tolerance, number and digests of its draws)}, then of each mistake what it gives"""
    found, drawn = {}, []
    for stage in exercise.stages:
        draws = draws_of(exercise, stage)
        if exercise.value or stage.tolerance < 1e-6:  # with a wide tolerance, results are made of roundings
            drawn.append(draws)
        digests = [*map(digest, draws)]
        about = [float(np.max(stage.tolerance)), len(draws), *digests[:3], sum(digests)]
        found[f"stage: {stage.name}"] = (f"{stage.see or exercise.see}; {', '.join(stage.types)}", about)
    for place, mistake in enumerate(exercise.misconceptions):
        case = next(case for case in tried_until_wrong(exercise, mistake) if shows(mistake, case))
        results = outcome((mistake,), case).results or ()
        parts = [part for result in results for part in np.ravel(result)[:FEW]]
        numbers = [crc32(part.encode()) if isinstance(part, str) else float(f"{part:.8g}") for part in parts]
        numbers += [everywhere(exercise, mistake, draws) for draws in drawn]
        found[f"mistake {place}: {mistake.name}"] = (f"{case.stage.name}; {mistake.see or exercise.see}", numbers)
    return found


def everywhere(exercise, mistake, draws):
    """A number that changes with whatever a mistake gives on a draw, but for what is made of roundings."""
    faulty, total = partial(exercise.faulty, **mistake.switches), 0.0
    for place, draw in enumerate(draws):
        with np.errstate(over="ignore"):  # of the lowest number of a type
            moved = {n: v * v.dtype.type(1 + NUDGE) if is_float(v) else v for n, v in draw.items()}
        given, again = (numbers_of(exercise, faulty, each) for each in (draw, moved))
        same = given.shape == again.shape and np.isclose(given, again, rtol=1e-7, atol=0, equal_nan=True)
        total += np.cos(place) * digest({"": np.where(same, given, 0)})
    return float(f"{total:.8g}")


def numbers_of(exercise, function, draw):
    """The numbers that a function returns, and their shapes; or one for the name of its error."""
    try:
        return np.concatenate([*flat(results_of(exercise, function, draw))])
    except Exception as error:
        return np.array([crc32(type(error).__name__.encode())])


def flat(part):
    if isinstance(part, tuple):
        for inner in part:
            yield from flat(inner)
    elif isinstance(part, np.ndarray):
        yield from (part.shape, part.ravel())
    else:
        yield [crc32(part.encode()) if isinstance(part, str) else float(part) if type(part) is int else part]


def digest(draw):
    """A number that changes with any number of a draw, and with their order."""
    values = np.concatenate(
        [np.ravel(np.asarray(value, dtype=np.float64)) for value in draw.values() if not callable(value)]
        or [np.ones(1)]
    )
    values = np.nan_to_num(np.sign(values) * np.log1p(np.abs(values)), posinf=800, neginf=-800)
    return float(f"{values @ np.cos(np.arange(values.size)):.10g}")


def stored(chapter):
    return Path(__file__).parent / f"tried_{chapter}.json"


if __name__ == "__main__":
    for chapter, module in chapters().items():
        tried = {exercise.name: what_is_tried(exercise) for exercise in module.EXERCISES}
        lines = [
            f"{json.dumps(name)}: {{\n"
            + ",\n".join(f" {json.dumps(part, ensure_ascii=False)}: {json.dumps(told)}" for part, told in found.items())
            + "\n}"
            for name, found in tried.items()
        ]
        stored(chapter).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
