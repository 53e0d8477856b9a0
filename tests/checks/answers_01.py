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


@wrong("weights_by_hand", "the numbers", "wrong is what stands at [0]")
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


# 1.2 softmax_with_sink


@right("softmax_with_sink")
def one_score_more(scores, axis=-1):
    sink = np.zeros_like(np.take(scores, [0], axis=axis))
    all_weights = scipy.special.softmax(np.concatenate([scores, sink], axis=axis), axis=axis)
    return np.take(all_weights, range(scores.shape[axis]), axis=axis)


@right("softmax_with_sink")
def through_the_logarithm(scores, axis=-1):
    wide = scores.astype(np.float64)  # in float16 a logarithm is lost beside 10,000
    weights = np.exp(wide - np.logaddexp(0, scipy.special.logsumexp(wide, axis=axis, keepdims=True)))
    return weights.astype(scores.dtype)


@right("softmax_with_sink")
def in_loops(scores, axis=-1):
    moved = np.moveaxis(scores, axis, -1)
    weights = np.empty_like(moved)
    for row in np.ndindex(moved.shape[:-1]):
        top = max(0.0, *map(float, moved[row]))
        exponentials = [math.exp(score - top) for score in moved[row]]
        weights[row] = [e / math.fsum([math.exp(-top), *exponentials]) for e in exponentials]
    return np.moveaxis(weights, -1, axis)


@right("softmax_with_sink")
def the_sigmoid_of_the_sum(scores, axis=-1):
    top = np.maximum(scores.max(axis, keepdims=True), np.asarray(0, scores.dtype))
    total = scipy.special.logsumexp(scores.astype(np.float64), axis=axis, keepdims=True)
    kept = scipy.special.expit(total)  # what is not the sink's
    powers, least = np.exp(scores - top), np.finfo(scores.dtype).smallest_subnormal
    shares = powers / powers.sum(axis, keepdims=True).clip(least)
    return (shares * kept).astype(scores.dtype)


@wrong("softmax_with_sink", "one step", "you have the squares of them")
def squared(scores, axis=-1):
    return one_score_more(scores, axis) ** 2


@known("softmax_with_sink", "no sink", "Your weights always sum to 1")
def plain_softmax(scores, axis=-1):
    return scipy.special.softmax(scores, axis=axis)


@wrong("softmax_with_sink", "the sum of the weights", "they should sum to 0.91")
def two_sinks(scores, axis=-1):
    top = np.maximum(scores.max(axis, keepdims=True), 0)
    exponentials = np.exp(scores - top)
    return exponentials / (2 * np.exp(-top) + exponentials.sum(axis, keepdims=True))


@wrong("softmax_with_sink", "all the same (extreme scores)", "Every number of yours is 0.333")
def clipped(scores, axis=-1):
    return one_score_more(np.clip(scores, -500, 500), axis)


@wrong(
    "softmax_with_sink",
    "the arguments (another axis)",
    "The check calls it with (scores, axis); yours is written with (scores).",
)
def without_axis(scores):
    return one_score_more(scores)


@wrong("softmax_with_sink", "the arguments", "Your function changed its argument `scores`")
def in_place(scores, axis=-1):
    scores -= np.maximum(scores.max(axis, keepdims=True), 0)
    return np.exp(scores) / np.exp(scores).sum(axis, keepdims=True)


@wrong("softmax_with_sink", "the kind of result", "Expected a NumPy array; a list came back.")
def as_a_list(scores, axis=-1):
    return one_score_more(scores, axis).tolist()


@wrong("softmax_with_sink", "the type (10,000 in float16)", "float16 went in and float64 came out")
def always_float64(scores, axis=-1):
    return one_score_more(scores.astype(np.float64), axis)


@wrong("softmax_with_sink", "no result", "Your function returned None.")
def without_return(scores, axis=-1):
    one_score_more(scores, axis)


# 1.3 soft_maximum


@right("soft_maximum")
def by_scipy(scores, temperature):
    return temperature * scipy.special.logsumexp(scores / temperature, axis=-1)


@right("soft_maximum")
def by_logaddexp(scores, temperature):
    return np.logaddexp.reduce(scores / temperature, axis=-1) * temperature


@right("soft_maximum")
def row_by_row(scores, temperature):
    result = np.empty(scores.shape[:-1])
    for row in np.ndindex(result.shape):
        top = float(max(scores[row]))
        result[row] = top + temperature * math.log(math.fsum(math.exp((s - top) / temperature) for s in scores[row]))
    return result


@right("soft_maximum")
def f_of_softmax(scores, temperature):
    log_p = scipy.special.log_softmax(scores.astype(np.float64) / temperature, axis=-1)
    p = np.exp(log_p)
    seen = p > 0
    return np.where(seen, p * (np.where(seen, scores, 0) - temperature * np.where(seen, log_p, 0)), 0).sum(-1)


@wrong("soft_maximum", "an offset", "Every number is too")
def one_added(scores, temperature):
    return by_scipy(scores, temperature) + 1


@wrong("soft_maximum", "the sign", "the right size and the wrong sign")
def a_soft_minimum(scores, temperature):
    return -by_scipy(scores, temperature)


@known("soft_maximum", "exp overflows (extreme scores)", "whose logarithm is −∞")
def with_the_mean_taken_out(scores, temperature):
    return temperature * np.log(np.exp(scores / temperature).sum(-1))


@wrong("soft_maximum", "the shape", "got (1, 3): the same but for axes of size 1")
def over_the_first_axis(scores, temperature):
    return by_scipy(scores[None], temperature)


@wrong("soft_maximum", "the precision (cold)", "Your numbers are right to about 11 digits")
def a_maximum_where_it_is_cold(scores, temperature):
    return by_scipy(scores, temperature) if temperature > 0.05 else scores.max(-1)


# 1.4 softmax_with_counts


def _counted(scores, counts):
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(counts > 0, scores + np.log(counts), -np.inf)
        weights = np.exp(logs - logs.max(-1, keepdims=True))
        return np.nan_to_num(weights / weights.sum(-1, keepdims=True)).astype(scores.dtype)


@right("softmax_with_counts")
def logarithms_added(scores, counts):
    return _counted(scores, counts)


@right("softmax_with_counts")
def keys_repeated(scores, counts):
    weights = np.zeros_like(scores)
    for row in np.ndindex(scores.shape[:-1]):
        copies = np.repeat(np.arange(scores.shape[-1]), counts[row])
        if len(copies) and np.isfinite(scores[row][copies]).any():
            shares = scipy.special.softmax(scores[row][copies].astype(np.float64))  # float16 ends at 65,504
            weights[row] = np.bincount(copies, shares, scores.shape[-1])
    return weights


@wrong("softmax_with_counts", "the scores", "those of the right scores with their signs turned")
def softmax_of_minus_scores(scores, counts):
    return _counted(-scores, counts)


@known("softmax_with_counts", "each key once", "You count every key that is there once")
def the_mask_alone(scores, counts):
    return _counted(scores, (counts > 0).astype(int))


@known("softmax_with_counts", "one that is not there is the largest (the largest is not there)", "See: Subtract")
def the_maximum_of_all(scores, counts):
    top = scores.max(-1, keepdims=True)
    exponentials = counts * np.exp(scores - np.where(top > -np.inf, top, 0))
    total = exponentials.sum(-1, keepdims=True)
    return (exponentials / np.where(total > 0, total, 1)).astype(scores.dtype)


@wrong("softmax_with_counts", "the sum of the weights (rows in which nothing is there)", "they should sum to 0")
def a_single_key_is_always_there(scores, counts):
    return _counted(scores, counts) if scores.shape[-1] > 1 else np.ones_like(scores)


@wrong("softmax_with_counts", "the type (10,000 in float16)", "float16 went in and float64 came out")
def counts_of_64_bits(scores, counts):
    return counts * _counted(scores, counts) / np.maximum(counts, 1)


@wrong("softmax_with_counts", "the arguments (keys that are not there)", "Your function changed its argument `scores`")
def assigned_into(scores, counts):
    scores[counts == 0] = -np.inf
    return _counted(scores, counts)


# 1.5 log_softmax_backward


@right("log_softmax_backward")
def by_the_jacobian(log_weights, grad_log_weights, axis=-1):
    p, g = (np.moveaxis(a, axis, -1) for a in (np.exp(log_weights), grad_log_weights))
    jacobian = np.eye(p.shape[-1], dtype=p.dtype) - p[..., None, :]
    return np.moveaxis(np.einsum("...i,...ij->...j", g, jacobian), -1, axis)


@right("log_softmax_backward")
def the_sum_as_a_product(log_weights, grad_log_weights, axis=-1):
    p, g = (np.moveaxis(a, axis, -1) for a in (np.exp(log_weights), grad_log_weights))
    return np.moveaxis(g - p * (g @ np.ones(g.shape[-1], g.dtype))[..., None], -1, axis)


@wrong("log_softmax_backward", "NaN (weights that round to zero)", "NaN is born of")
def back_through_softmax(log_weights, grad_log_weights, axis=-1):
    p = np.exp(log_weights)
    g = grad_log_weights / p  # back through the logarithm, then through softmax
    return p * (g - (p * g).sum(axis, keepdims=True))


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
    "raises ValueError (batches)",
    "return grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis)",
)
def without_keepdims(log_weights, grad_log_weights, axis=-1):
    return grad_log_weights - np.exp(log_weights) * grad_log_weights.sum(axis)


# 1.7 temperature_softmax


@right("temperature_softmax", "pytorch")
def from_its_parts(scores, temperatures):
    a = scores / temperatures.unsqueeze(-1)
    exponentials = (a - a.amax(dim=-1, keepdim=True).detach()).exp()  # no gradient is lost: the shift changes nothing
    return exponentials / exponentials.sum(dim=-1, keepdim=True)


@right("temperature_softmax", "pytorch")
def by_log_softmax(scores, temperatures):
    import torch

    return torch.exp(torch.log_softmax(torch.einsum("...s,...->...s", scores, temperatures.reciprocal()), dim=-1))


@right("temperature_softmax", "tensorflow")
def from_its_parts_tf(scores, temperatures):
    import tensorflow as tf

    a = tf.divide(scores, tf.expand_dims(temperatures, -1))
    exponentials = tf.exp(a - tf.reduce_max(a, axis=-1, keepdims=True))
    return exponentials / tf.reduce_sum(exponentials, axis=-1, keepdims=True)


@wrong("temperature_softmax", "the gradient", "no gradient arrives at `temperatures`", "pytorch")
def a_number_for_a_tensor(scores, temperatures):
    import torch

    return torch.softmax(scores / temperatures.detach()[..., None], dim=-1)


@wrong("temperature_softmax", "the gradient", "no gradient arrives at `scores`", "tensorflow")
def through_numpy(scores, temperatures):
    import tensorflow as tf

    return tf.constant(scipy.special.softmax(scores.numpy() / temperatures.numpy()[..., None], axis=-1))


@wrong("temperature_softmax", "the gradient", "the gradient that arrives at `scores` is not the derivative", "pytorch")
def half_detached(scores, temperatures):
    a = scores / temperatures[..., None]
    exponentials = (a - a.amax(dim=-1, keepdim=True)).exp()
    return exponentials / exponentials.sum(dim=-1, keepdim=True).detach()


@wrong("temperature_softmax", "the scores", "those of the right scores multiplied by 0.714", "pytorch")
def one_warmer(scores, temperatures):
    import torch

    return torch.softmax(scores / (temperatures[..., None] + 1), dim=-1)


@known("temperature_softmax", "exp overflows (cold and hot)", "use that before exp", "pytorch")
def without_a_maximum(scores, temperatures):
    exponentials = (scores / temperatures[..., None]).exp()
    return exponentials / exponentials.sum(dim=-1, keepdim=True)


@known("temperature_softmax", "the power of a weight that is 0 (cold and hot)", "Divide the scores", "pytorch")
def powers_divided(scores, temperatures):
    import torch

    powers = torch.softmax(scores, dim=-1) ** (1 / temperatures[..., None])
    return powers / powers.sum(dim=-1, keepdim=True)


@known("temperature_softmax", "raises RuntimeError (a temperature for each row)", "a last axis", "pytorch")
def not_turned(scores, temperatures):
    import torch

    return torch.softmax(scores / temperatures, dim=-1)


# 1.9 sparsemax


@right("sparsemax")
def by_bisection(scores):
    wide = scores.astype(np.float64) - scores.max(-1, keepdims=True)
    low, high = wide.max(-1, keepdims=True) - 1, wide.max(-1, keepdims=True)
    for _ in range(80):
        middle = (low + high) / 2
        enough = np.maximum(wide - middle, 0).sum(-1, keepdims=True) >= 1
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    return np.maximum(wide - low, 0).astype(scores.dtype)


@right("sparsemax")
def by_removing_the_losers(scores):
    scores = scores - scores.max(-1, keepdims=True)
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


@wrong("sparsemax", "the sum of the weights (large scores)", "Your weights sum to 0; they should sum to 1")
def without_a_shift(scores):
    falling = np.sort(scores, axis=-1)[..., ::-1]
    surplus = falling.cumsum(axis=-1) - 1
    k = np.arange(1, scores.shape[-1] + 1, dtype=scores.dtype)
    stay = (1 + k * falling > falling.cumsum(axis=-1)).sum(axis=-1, keepdims=True)
    threshold = np.take_along_axis(surplus, np.maximum(stay, 1) - 1, axis=-1) / np.maximum(stay, 1).astype(scores.dtype)
    return np.maximum(scores - threshold, 0)


@known("sparsemax", "all scores are counted", "the sums start from the largest, not from the smallest")
def from_the_smallest(scores):
    rising = np.sort(scores, axis=-1)
    surplus = rising.cumsum(axis=-1) - 1
    k = np.arange(1, scores.shape[-1] + 1)
    stay = (k * rising > surplus).sum(axis=-1, keepdims=True)
    return np.maximum(scores - np.take_along_axis(surplus, stay - 1, axis=-1) / stay, 0)


@wrong("sparsemax", "who gets a weight", "You give weight to 3 of the scores; it should be 2.")
def softmax_itself(scores):
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
