"""True and specific sentences about wrong numbers.

A property looks at a trial and returns a Fault, or None when it has nothing to say. It states only what it measured.
"""

import numpy as np

from attention.checks.compare import largest, unequal
from attention.checks.contract import Fault
from attention.checks.words import number


def sentence_for(trial):
    """The first property that holds: a Fault, or None."""
    _, expected, got = trial.wrong
    for prop in (not_finite, *trial.exercise.properties, nothing, sign, factor, shift, rows, order, partly):
        if fault := prop(trial, expected, got):
            return fault
    return None


def not_finite(trial, expected, got):
    bad = ~np.isfinite(got) & np.isfinite(expected)
    if not bad.any():
        return None
    kind = "NaN" if np.isnan(got[bad]).any() else "infinite"
    cause = {
        "NaN": "NaN is born of ∞ − ∞, 0 · ∞, 0 / 0 or the log of a negative number.",
        "infinite": "Infinity is born of the exp of a large number, of the log of 0 or of a division by 0.",
    }[kind]
    return Fault(
        kind,
        (
            f"{bad.sum()} of {bad.size} numbers {'is' if bad.sum() == 1 else 'are'} {kind} where all should be "
            f"finite. {cause}",
        ),
    )


def weights_sum(trial, expected, got):
    """Over which axis do weights sum to one?"""
    axis = trial.inputs.get("axis", -1)
    wanted, sums = expected.sum(axis), got.sum(axis)
    bad = unequal(sums, wanted, trial.within * 10)
    if not bad.any():
        return None
    place = tuple(np.argwhere(bad)[0])
    text = f"Along axis {axis} your weights sum to {number(sums[place])}; they should sum to {number(wanted[place])}."
    others = [
        k
        for k in range(got.ndim)
        if k != axis % got.ndim and not unequal(got.sum(k), np.ones(1), trial.within * 10).any()
    ]
    if others:
        text += f" Yours sum to 1 along axis {others[0] - got.ndim if axis < 0 else others[0]}."
    elif got.ndim > 1 and abs(got.sum() - 1) <= trial.within * 10:
        text += " All of yours together sum to 1."
    return Fault("the sum of the weights", (text,))


def weights_negative(trial, expected, got):
    bad = got < -trial.within
    return (
        Fault("a negative weight", (f"{number(got[bad].min())} is among your weights; none may be below 0.",))
        if bad.any()
        else None
    )


def weights_masked(trial, expected, got):
    """Weight where the mask forbids it."""
    mask = np.broadcast_to(trial.inputs["mask"], got.shape)
    there = np.abs(got[~mask]).max(initial=0)
    if there > trial.within:
        return Fault(
            "weight on a masked key",
            (f"Where the mask is False the weight must be 0; the largest of yours there is {number(there)}.",),
        )
    return None


def nothing(trial, expected, got):
    if got.size > 1 and np.ptp(got) == 0 and unequal(got, expected, trial.within).any() and np.ptp(expected) > 0:
        return Fault(
            "all the same", (f"Every number of yours is {number(got.flat[0])}; they should differ from each other.",)
        )
    return None


def _finite(expected, got):
    return expected.size > 1 and np.isfinite(expected).all() and np.isfinite(got).all()


def sign(trial, expected, got):
    if _finite(expected, got) and not unequal(-got, expected, trial.within).any():
        return Fault("the sign", ("Every number has the right size and the wrong sign.",))
    return None


def factor(trial, expected, got):
    if not _finite(expected, got):
        return None
    ratio = (got * expected).sum() / (expected**2).sum()
    if ratio != 0 and not unequal(got / ratio, expected, trial.within * 10).any():
        return Fault("the scale", (f"Every number is {number(ratio)} times what it should be.",))
    return None


def shift(trial, expected, got):
    if not _finite(expected, got):
        return None
    offset = (got - expected).mean()
    if not unequal(got - offset, expected, trial.within * 10).any():
        word = "large" if offset > 0 else "small"
        return Fault("an offset", (f"Every number is too {word} by {number(abs(offset))}.",))
    return None


def rows(trial, expected, got):
    """Right within each row but for an offset or a factor of its own."""
    axis = trial.inputs.get("axis", -1)
    if not _finite(expected, got) or got.ndim == 0 or got.shape[axis] < 3:
        return None
    offset = (got - expected).mean(axis, keepdims=True)
    if not unequal(got - offset, expected, trial.within * 10).any():
        return Fault(
            "an offset",
            (
                f"Along axis {axis} the differences between your numbers are right, but all are off by the same amount:"
                f" {number(offset.flat[0])} in the first.",
            ),
        )
    ratio = (got * expected).sum(axis, keepdims=True) / np.maximum((expected**2).sum(axis, keepdims=True), 1e-300)
    if (ratio != 0).all() and not unequal(got / ratio, expected, trial.within * 10).any():
        return Fault(
            "the scale",
            (
                f"Along axis {axis} the proportions of your numbers are right, but each row has a factor too many:"
                f" {number(ratio.flat[0])} in the first.",
            ),
        )
    return None


def order(trial, expected, got):
    if expected.size > 2 and not unequal(np.sort(got, None), np.sort(expected, None), trial.within).any():
        return Fault("the order", ("The right numbers, in other places.",))
    return None


def partly(trial, expected, got):
    """Where the wrong numbers are, if they are not everywhere."""
    bad = unequal(got, expected, trial.within)
    if bad.all():
        return None
    for axis in range(got.ndim):
        places = np.flatnonzero(bad.any(axis=tuple(k for k in range(got.ndim) if k != axis)))
        if len(places) < got.shape[axis] and len(places) <= 3:
            where = ", ".join(map(str, places))
            return Fault(
                "some of the numbers",
                (
                    f"The wrong ones all lie at {'index' if len(places) == 1 else 'indices'} {where} of axis {axis}; "
                    f"the rest is right.",
                ),
            )
    off = np.abs(got - expected)[bad & np.isfinite(got) & np.isfinite(expected)]
    size = f", by at most {number(off.max())}" if off.size and off.max() < 0.1 * largest(expected) else ""
    return Fault(
        "some of the numbers",
        (
            f"{bad.size - bad.sum()} of {bad.size} are right, {bad.sum()} {'is' if bad.sum() == 1 else 'are'} "
            f"wrong{size}.",
        ),
    )
