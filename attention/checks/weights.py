"""True sentences about wrong weights, beside the general ones of `properties`."""

import numpy as np

from attention.checks.compare import unequal
from attention.checks.properties import function, unlike
from attention.checks.trial import Fault
from attention.checks.words import number, pair


def weights_sum(trial, expected, got):
    """Over which axis do weights sum to one?"""
    axis = trial.inputs.get("axis", -1)
    wanted, sums = expected.sum(axis), got.sum(axis)
    bad = unequal(sums, wanted, trial.slack)
    if not bad.any():
        return None
    place = tuple(np.argwhere(bad)[0])
    along = "" if got.ndim == 1 else f" along axis {number(axis)}"
    right, wrong = pair(wanted[place], sums[place])
    joint = "; they" if np.ptp(wanted) <= trial.slack else " where they"  # not all rows should sum to the same
    text = f"Your weights sum to {wrong}{along}{joint} should sum to {right}."
    ones = [k for k in range(got.ndim) if (np.abs(got.sum(k) - 1) <= trial.slack).all()]
    others = [k for k in ones if k != axis % got.ndim]
    if others:
        text += f" Yours sum to 1 along axis {number(others[0] - got.ndim if axis < 0 else others[0])}."
    elif got.ndim > 1 and abs(got.sum() - 1) <= trial.slack:
        text += " All of yours together sum to 1."
    return Fault("the sum of the weights", text)


def weights_power(trial, expected, got):
    """Weights that are right but for a power: those of scores that were multiplied by something."""
    seen = (expected > 0) & (got > 0)
    if not (seen == (got > 0)).all() or seen.sum(-1).min() < 1 or seen.sum() - got[..., 0].size < 2:
        return None
    x, y = (np.where(seen, np.log(np.where(seen, w, 1)), 0) for w in (expected, got))
    x, y = (np.where(seen, w - w.sum(-1, keepdims=True) / seen.sum(-1, keepdims=True), 0) for w in (x, y))
    slope = (x * y).sum() / (x * x).sum()
    if np.abs(y - slope * x).max() > trial.slack or slope == 0 or abs(slope - 1) <= trial.slack:
        return None
    power = np.where(expected > 0, np.where(expected > 0, expected, 1) ** slope, 0)
    if unequal(got, power / power.sum(-1, keepdims=True), trial.slack).any():
        return None  # some of yours are 0 that would not be
    like = "with their signs turned" if abs(slope + 1) < trial.slack else f"multiplied by {unlike(slope, 1)}"
    return Fault("the scores", f"Your weights are those of the right scores {like}.")


def weights_order(trial, expected, got):
    """The largest weight in the wrong place; of equal ones none is the largest."""
    top = expected >= expected.max(-1, keepdims=True) - trial.slack
    there = np.where(top, got, -np.inf).max(-1)
    wrong = there < got.max(-1) - trial.slack
    if not wrong.any():
        return None
    row = tuple(int(i) for i in np.argwhere(wrong)[0])
    where = f"In row {list(row)} your" if row else "Your"
    right, yours = np.argmax(expected[row]), np.argmax(got[row])
    return Fault("the largest weight", f"{where} largest weight is at index {yours}; it should be at {right}.")


def weights_choice(trial, expected, got):
    """In each row one weight of 1 and all others 0, and that is what is wrong."""
    axis = trial.inputs.get("axis", -1)
    chosen = ((got == 0) | (got == 1)).all() and (got.sum(axis) == 1).all() and got.shape[axis] > 1
    if chosen and ((expected > 0) & (expected < 1))[trial.bad].any():
        return Fault("a choice", "You give everything to one and nothing to the others.")
    return None


def weights_negative(trial, expected, got):
    bad = got < -trial.slack
    return (
        Fault("a negative weight", f"{number(got[bad].min())} is among your weights; none may be below 0.")
        if bad.any()
        else None
    )


def weights_masked(trial, expected, got):
    """Weight where the mask forbids it."""
    mask = np.broadcast_to(trial.inputs["mask"], got.shape)
    there = np.abs(got[~mask]).max(initial=0)
    if there > trial.slack:
        return Fault(
            "weight on a masked key",
            f"Where the mask is False the weight must be 0; the largest of yours there is {number(there)}.",
        )
    return None


WEIGHTS = (
    function,
    weights_choice,
    weights_negative,
    weights_sum,
    weights_power,
    weights_order,
)  # for an exercise whose answer is weights
