"""Answers to the exercises of chapter 01: right ones written otherwise, and wrong ones that are on no list."""

import math

import numpy as np
import scipy.special

from tests.checks.register import Answers

answers = Answers("01")
right, known, wrong = answers.right, answers.known, answers.wrong


# 1.1 weights_by_hand


@right("weights_by_hand")
def as_an_array():
    return np.array([1, 2, 5], dtype=np.float32) / 8


@right("weights_by_hand")
def as_decimals():
    return 0.125, 0.25, 0.625


@wrong("weights_by_hand", "the largest weight", "Your largest weight is at index 0; it should be at 2.")
def from_the_last():
    return [5 / 8, 2 / 8, 1 / 8]


@known("weights_by_hand", "the scores themselves", "Yours is [0, 0.693, 1.609]")
def scores_to_three_places():
    return 0, 0.693, 1.609


@known("weights_by_hand", "the scores instead of their exponentials", "You divided the scores by their sum")
def shares_of_scores_to_three_places():
    return 0, 0.301, 0.699


@wrong("weights_by_hand", "the sum of the weights", "Your weights sum to 1.001")
def a_place_too_few():
    return 0.126, 0.25, 0.625


@wrong("weights_by_hand", "all the same", "Every number of yours is 0.333")
def all_equal():
    return [1 / 3, 1 / 3, 1 / 3]


@wrong("weights_by_hand", "the kind of result", "a list that holds str came back.")
def as_strings():
    return ["1/8", "2/8", "5/8"]


@wrong("weights_by_hand", "the kind of result", "a list that holds float and list came back.")
def as_lists():
    return [0.125, [0.25, 0.625]]


@wrong("weights_by_hand", "the sum of the weights", "sum to 100; they should sum to 1")
def in_per_cent():
    return [12.5, 25, 62.5]


@wrong("weights_by_hand", "the shape", "Expected (3,), one weight for each score; got (2,).")
def one_forgotten():
    return [0.25, 0.625]


# 1.2 softmax


@right("softmax")
def from_scipy(scores, axis=-1):
    return scipy.special.softmax(scores, axis=axis)


@right("softmax")
def through_the_logarithm(scores, axis=-1):
    return np.exp(scores - scipy.special.logsumexp(scores, axis=axis, keepdims=True))


@right("softmax")
def in_loops(scores, axis=-1):
    moved = np.moveaxis(scores, axis, -1)
    weights = np.empty_like(moved)
    for row in np.ndindex(moved.shape[:-1]):
        top = max(moved[row])
        exponentials = [math.exp(score - top) for score in moved[row]]
        weights[row] = [e / math.fsum(exponentials) for e in exponentials]
    return np.moveaxis(weights, -1, axis)


@right("softmax")
def wider_and_back(scores, axis=-1):
    wide = scores.astype(np.float64)
    wide = np.exp(wide - wide.max(axis, keepdims=True) - 3)
    return (wide / wide.sum(axis, keepdims=True)).astype(scores.dtype)


@wrong("softmax", "one step", "you have the squares of them")
def squared(scores, axis=-1):
    return scipy.special.softmax(scores, axis=axis) ** 2


@wrong("softmax", "the scores", "those of the right scores with their signs turned")
def of_minus_scores(scores, axis=-1):
    return scipy.special.softmax(-scores, axis=axis)


@wrong("softmax", "the scores", "those of the right scores multiplied by 2")
def of_twice_the_scores(scores, axis=-1):
    return scipy.special.softmax(2 * scores, axis=axis)


@wrong("softmax", "all the same (extreme scores)", "Every number of yours is 0.333")
def clipped(scores, axis=-1):
    return scipy.special.softmax(np.clip(scores, -500, 500), axis=axis)


@wrong("softmax", "NaN (extreme scores)", "3 of 3 numbers are NaN where all should be finite")
def minus_the_minimum(scores, axis=-1):
    exponentials = np.exp(scores - scores.min(axis, keepdims=True))
    return exponentials / exponentials.sum(axis, keepdims=True)


@wrong("softmax", "the sum of the weights", "sum to 0.99999999; they should sum to 1")
def a_small_number_below(scores, axis=-1):
    exponentials = np.exp(scores - scores.max(axis, keepdims=True))
    return exponentials / (exponentials.sum(axis, keepdims=True) + 1e-8)


@wrong(
    "softmax", "the arguments (another axis)", "The check calls it with (scores, axis); yours is written with (scores)."
)
def without_axis(scores):
    return scipy.special.softmax(scores, axis=-1)


@wrong("softmax", "the arguments", "Your function changed its argument `scores`")
def in_place(scores, axis=-1):
    scores -= scores.max(axis, keepdims=True)
    return np.exp(scores) / np.exp(scores).sum(axis, keepdims=True)


@wrong("softmax", "the kind of result", "Expected a NumPy array; a list came back.")
def as_a_list(scores, axis=-1):
    return scipy.special.softmax(scores, axis=axis).tolist()


@wrong("softmax", "the type (float32)", "float32 went in and float64 came out")
def always_float64(scores, axis=-1):
    return scipy.special.softmax(scores.astype(np.float64), axis=axis)


@wrong("softmax", "no result", "Your function returned None.")
def without_return(scores, axis=-1):
    scipy.special.softmax(scores, axis=axis)


# 1.3 log_softmax


@right("log_softmax")
def log_from_scipy(scores, axis=-1):
    return scipy.special.log_softmax(scores, axis=axis)


@right("log_softmax")
def by_logaddexp(scores, axis=-1):
    return scores - np.expand_dims(np.logaddexp.reduce(scores, axis=axis), axis)


@right("log_softmax")
def centred_twice(scores, axis=-1):
    shifted = scores - scores.mean(axis, keepdims=True)
    shifted = shifted - shifted.max(axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True))


@wrong("log_softmax", "a floor (far scores)", "No number of yours falls below −69.1.")
def with_a_floor(scores, axis=-1):
    return np.log(np.maximum(scipy.special.softmax(scores, axis=axis), 1e-30))


@wrong("log_softmax", "something inside the logarithm", "the logarithms of the weights plus 1e−12")
def a_smaller_number_inside(scores, axis=-1):
    return np.log(scipy.special.softmax(scores, axis=axis) + 1e-12)


@wrong("log_softmax", "the scale", "Every number is 0.434 times what it should be.")
def to_base_10(scores, axis=-1):
    return np.log10(scipy.special.softmax(scores, axis=axis))


@wrong("log_softmax", "an offset", "Every number is too large by 1.1.")
def a_mean_of_exponentials(scores, axis=-1):
    shifted = scores - scores.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).mean(axis, keepdims=True))


@known("log_softmax", "the logarithm of a weight that is 0 (far scores)", "exp(−802) rounds to 0")
def log_of_softmax(scores, axis=-1):
    return np.log(scipy.special.softmax(scores, axis=axis))


@wrong(
    "log_softmax",
    "the sum of the weights (another axis)",
    "along axis 1; they should sum to 1. Yours sum to 1 along axis 2.",
)
def over_the_last_axis(scores, axis=-1):
    return scipy.special.log_softmax(scores, axis=-1)


# 1.4 masked_softmax


def _masked(scores, mask):
    allowed = mask & (scores > -np.inf)
    empty = ~allowed.any(-1, keepdims=True)
    top = np.where(allowed, scores, -np.inf).max(-1, keepdims=True)
    exponentials = np.where(allowed, np.exp(np.where(allowed, scores, 0) - np.where(empty, 0, top)), 0)
    return (exponentials / np.where(empty, 1, exponentials.sum(-1, keepdims=True))).astype(scores.dtype)


@right("masked_softmax")
def exponentials_masked(scores, mask):
    return _masked(scores, mask)


@right("masked_softmax")
def row_by_row(scores, mask):
    mask = np.broadcast_to(mask, scores.shape) & np.isfinite(scores)
    weights = np.zeros_like(scores)
    for row in np.ndindex(scores.shape[:-1]):
        if mask[row].any():
            weights[row][mask[row]] = scipy.special.softmax(scores[row][mask[row]])
    return weights


@wrong("masked_softmax", "weight on a masked key", "the largest of yours there is 0.807")
def no_mask(scores, mask):
    return scipy.special.softmax(scores, axis=-1)


@wrong("masked_softmax", "weight on a masked key", "the largest of yours there is 0.134")
def the_smallest_score_instead(scores, mask):
    return scipy.special.softmax(np.where(mask, scores, scores.min()), axis=-1)


@known("masked_softmax", "NaN where some rows are empty (rows that may attend to nothing)", "See: Masked softmax")
def only_if_all_is_masked(scores, mask):
    if not mask.any():
        return np.zeros_like(scores)
    return scipy.special.softmax(np.where(mask, scores, -np.inf), axis=-1)


@known("masked_softmax", "a hidden score is the largest (extreme scores)", "See: Subtract the maximum")
def the_maximum_of_the_hidden_too(scores, mask):
    top = scores.max(-1, keepdims=True)
    exponentials = np.exp(np.where(mask, scores, -np.inf) - np.where(top > -np.inf, top, 0))
    return exponentials / np.maximum(exponentials.sum(-1, keepdims=True), 1e-30)


@known("masked_softmax", "a hidden score is the largest (extreme scores)", "over the keys that remain")
def renormalised_with_care(scores, mask):
    weights = np.nan_to_num(scipy.special.softmax(scores, axis=-1)) * mask
    total = weights.sum(-1, keepdims=True)
    return weights / np.where(total == 0, 1, total)


@known("masked_softmax", "a row of −∞ (scores of −∞)", "[−∞, −∞, −∞]")
def the_lowest_number(scores, mask):
    return scipy.special.softmax(np.where(mask, scores, np.finfo(scores.dtype).min), axis=-1) * mask


@known("masked_softmax", "a row of −∞ (scores of −∞)", "even where the mask lets everything through")
def a_low_number(scores, mask):
    return scipy.special.softmax(np.where(mask, scores, -1e30), axis=-1) * mask


@known("masked_softmax", "a number for −∞ (extreme scores)", "A score that may be seen can be just as low")
def the_lowest_number_with_care(scores, mask):
    return np.nan_to_num(the_lowest_number(scores, mask))


@known("masked_softmax", "a number for −∞ (extreme scores)", "Scores that may be seen can be lower still")
def a_low_number_with_care(scores, mask):
    return np.nan_to_num(a_low_number(scores, mask))


@wrong("masked_softmax", "weight on a masked key (rows that may attend to nothing)", "of yours there is 1.")
def ones_where_nothing_is_left(scores, mask):
    return np.where(mask.any(-1, keepdims=True), _masked(scores, mask), 1.0)


@wrong("masked_softmax", "the arguments (masked)", "Your function changed its argument `scores`")
def assigned_into(scores, mask):
    scores[~np.broadcast_to(mask, scores.shape)] = -np.inf
    return _masked(scores, np.ones_like(scores, dtype=bool))


# 1.5 log_softmax_backward


@right("log_softmax_backward")
def by_the_jacobian(log_weights, grad_log_weights, axis=-1):
    p, g = (np.moveaxis(a, axis, -1) for a in (np.exp(log_weights), grad_log_weights))
    jacobian = np.eye(p.shape[-1], dtype=p.dtype) - p[..., None, :]
    return np.moveaxis(np.einsum("...i,...ij->...j", g, jacobian), -1, axis)


@right("log_softmax_backward")
def through_softmax(log_weights, grad_log_weights, axis=-1):
    p = np.exp(log_weights)
    mean = (p * np.divide(grad_log_weights, p, where=p > 0, out=np.zeros_like(p))).sum(axis, keepdims=True)
    lost = np.where(p > 0, 0, grad_log_weights).sum(axis, keepdims=True)
    return grad_log_weights - p * (mean + lost)


@wrong("log_softmax_backward", "the sum of the gradients", "Along axis −1 yours sum to 3.")
def passed_on(log_weights, grad_log_weights, axis=-1):
    return grad_log_weights


@wrong("log_softmax_backward", "the scale", "Every number is 0.333 times what it should be.")
def averaged(log_weights, grad_log_weights, axis=-1):
    whole = grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis, keepdims=True)
    return whole / log_weights.shape[axis]


@wrong("log_softmax_backward", "the sign", "Every number has the right size and the wrong sign.")
def downhill(log_weights, grad_log_weights, axis=-1):
    return np.exp(log_weights) * grad_log_weights.sum(axis, keepdims=True) - grad_log_weights


@wrong(
    "log_softmax_backward",
    "raises ValueError",
    "return grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis)",
)
def without_keepdims(log_weights, grad_log_weights, axis=-1):
    return grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis)


# 1.7 temperature_softmax


@right("temperature_softmax", "pytorch")
def from_its_parts(scores, temperature):
    a = scores / temperature
    exponentials = (a - a.amax(dim=-1, keepdim=True).detach()).exp()  # no gradient is lost: the shift changes nothing
    return exponentials / exponentials.sum(dim=-1, keepdim=True)


@right("temperature_softmax", "pytorch")
def by_log_softmax(scores, temperature):
    import torch

    return torch.exp(torch.log_softmax(scores * temperature.reciprocal(), dim=-1))


@right("temperature_softmax", "tensorflow")
def from_its_parts_tf(scores, temperature):
    import tensorflow as tf

    a = tf.divide(scores, temperature)
    exponentials = tf.exp(a - tf.reduce_max(a, axis=-1, keepdims=True))
    return exponentials / tf.reduce_sum(exponentials, axis=-1, keepdims=True)


@wrong("temperature_softmax", "the gradient", "no gradient arrives at `temperature`", "pytorch")
def a_number_for_a_tensor(scores, temperature):
    import torch

    return torch.softmax(scores / temperature.item(), dim=-1)


@wrong("temperature_softmax", "the gradient", "no gradient arrives at `scores`", "tensorflow")
def through_numpy(scores, temperature):
    import tensorflow as tf

    return tf.constant(scipy.special.softmax(scores.numpy() / temperature.numpy(), axis=-1))


@wrong(
    "temperature_softmax",
    "the gradient",
    "The gradient that arrives at `scores` is not the derivative".lower(),
    "pytorch",
)
def half_detached(scores, temperature):
    import torch

    exponentials = torch.exp(scores / temperature - (scores / temperature).amax(dim=-1, keepdim=True))
    return exponentials / exponentials.sum(dim=-1, keepdim=True).detach()


@wrong("temperature_softmax", "the sum of the weights", "Yours sum to 1 along axis −2.", "pytorch")
def over_the_first_axis(scores, temperature):
    import torch

    return torch.softmax(scores / temperature, dim=0)


@wrong("temperature_softmax", "the scores", "those of the right scores multiplied by 0.714", "pytorch")
def one_warmer(scores, temperature):
    import torch

    return torch.softmax(scores / (temperature + 1), dim=-1)


@wrong("temperature_softmax", "the kind of result", "Expected a torch.Tensor; a numpy ndarray came back.", "pytorch")
def in_numpy(scores, temperature):
    return scipy.special.softmax(scores.numpy() / temperature.numpy(), axis=-1)


@known("temperature_softmax", "exp overflows (extreme scores)", "See: Subtract the maximum", "pytorch")
def without_a_maximum(scores, temperature):
    exponentials = (scores / temperature).exp()
    return exponentials / exponentials.sum(dim=-1, keepdim=True)


# 1.9 sparsemax


@right("sparsemax")
def by_bisection(scores):
    wide = scores.astype(np.float64)
    low, high = wide.max(-1, keepdims=True) - 1, wide.max(-1, keepdims=True)
    for _ in range(80):
        middle = (low + high) / 2
        enough = np.maximum(wide - middle, 0).sum(-1, keepdims=True) >= 1
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    return np.maximum(wide - low, 0).astype(scores.dtype)


@right("sparsemax")
def by_removing_the_losers(scores):
    weights = np.zeros_like(scores)
    for row in np.ndindex(scores.shape[:-1]):
        kept = np.ones(scores.shape[-1], dtype=bool)
        while True:
            threshold = (scores[row][kept].sum() - 1) / kept.sum()
            if (scores[row][kept] > threshold).all():
                break
            kept &= scores[row] > threshold
        weights[row][kept] = scores[row][kept] - threshold
    return weights


@known("sparsemax", "all scores are counted", "the sums start from the largest, not from the smallest")
def from_the_smallest(scores):
    rising = np.sort(scores, axis=-1)
    surplus = rising.cumsum(axis=-1) - 1
    k = np.arange(1, scores.shape[-1] + 1)
    stay = (k * rising > surplus).sum(axis=-1, keepdims=True)
    return np.maximum(scores - np.take_along_axis(surplus, stay - 1, axis=-1) / stay, 0)


@wrong("sparsemax", "who gets a weight", "You give weight to 3 of the scores; it should be 2.")
def plain_softmax(scores):
    return scipy.special.softmax(scores, axis=-1)


@wrong("sparsemax", "a choice", "You give everything to one and nothing to the others.")
def hardmax(scores):
    return (scores == scores.max(-1, keepdims=True)).astype(scores.dtype)


@wrong("sparsemax", "the differences", "differ by 0.8, their scores by 0.4")
def of_doubled_scores(scores):
    return by_bisection(2 * scores)


@wrong("sparsemax", "the sum of the weights (batches)", "All of yours together sum to 1.")
def over_everything(scores):
    return by_bisection(scores.reshape(-1)).reshape(scores.shape)
