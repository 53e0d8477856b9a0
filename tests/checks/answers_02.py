"""Answers to the exercises of chapter 02: right ones written otherwise, and wrong ones that are on no list."""

import numpy as np
import scipy.special

from tests.checks.register import Answers

answers = Answers("02")
right, known, wrong = answers.right, answers.known, answers.wrong


def turned(x):
    return np.swapaxes(x, -1, -2)


# 2.1 output_by_hand


@right("output_by_hand")
def computed():
    weights = scipy.special.softmax(np.log([2.0, 5.0, 1.0]))
    return weights @ np.array([[4, 0], [0, 8], [8, 8]])


@right("output_by_hand")
def in_decimals():
    return 2.0, 6.0


@wrong("output_by_hand", "the numbers", "Yours is [6, 2]")
def exchanged():
    return [6, 2]


@wrong("output_by_hand", "the shape", "Expected (2,)")
def the_weights():
    return [2 / 8, 5 / 8, 1 / 8]


@known("output_by_hand", "the third value", "left the value of the third key out")
def two_values():
    return 1, 5


@known("output_by_hand", "the key of zeros", "the exponential of 0 is not 0")
def without_the_last():
    return [8 / 7, 40 / 7]


# 2.2 look_up_temperature


@right("look_up_temperature")
def in_loops(keys, tolerance):
    flat = keys.reshape(-1, *keys.shape[-2:])
    found = []
    for table in flat:
        leads = [min(k @ k - k @ other for j, other in enumerate(table) if j != i) for i, k in enumerate(table)]
        found.append(min(leads) / np.log((len(table) - 1) / tolerance))
    return np.array(found).reshape(keys.shape[:-2])


@right("look_up_temperature")
def by_differences(keys, tolerance):
    scores = keys @ turned(keys)
    own = np.diagonal(scores, axis1=-2, axis2=-1)[..., None]
    leads = np.where(np.eye(keys.shape[-2], dtype=bool), np.inf, own - scores)
    return leads.min((-1, -2)) / (np.log(keys.shape[-2] - 1) - np.log(tolerance))


@wrong("look_up_temperature", "the shape", "got (3,): the 3 keys are still there")
def one_for_each_key(keys, tolerance):
    scores = np.sort(keys @ turned(keys), axis=-1)
    return (scores[..., -1] - scores[..., -2]) / np.log((keys.shape[-2] - 1) / tolerance)


@wrong("look_up_temperature", "the scale", "times what it should be")
def half_as_warm(keys, tolerance):
    return 0.5 * by_differences(keys, tolerance)


@known("look_up_temperature", "the inverse", "This is 1/τ")
def the_sharpness(keys, tolerance):
    return 1 / by_differences(keys, tolerance)


# 2.3 attend_or_default


@right("attend_or_default")
def one_key_more(queries, keys, values, threshold, default):
    scores = queries @ turned(keys)
    scores = np.concatenate([scores, np.zeros_like(scores[..., :1]) + threshold], -1)
    rows = np.broadcast_to(default, (*values.shape[:-2], 1, values.shape[-1]))
    return scipy.special.softmax(scores, -1) @ np.concatenate([values, rows], -2)


@right("attend_or_default")
def by_a_share(queries, keys, values, threshold, default):
    scores = queries @ turned(keys)
    share = scipy.special.expit(scipy.special.logsumexp(scores, -1, keepdims=True) - threshold)
    return share * (scipy.special.softmax(scores, -1) @ values) + (1 - share) * default


@right("attend_or_default", "tensorflow")
def in_tensorflow(queries, keys, values, threshold, default):
    import tensorflow as tf

    scores = tf.einsum("...td,...sd->...ts", queries, keys)
    weights = tf.nn.softmax(tf.concat([scores, scores[..., :1] * 0 + threshold], -1))
    return weights[..., :-1] @ values + weights[..., -1:] * default


@right("attend_or_default", "pytorch")
def in_pytorch(queries, keys, values, threshold, default):
    import torch

    scores = torch.einsum("...td,...sd->...ts", queries, keys)
    share = torch.sigmoid(torch.logsumexp(scores, -1, keepdim=True) - threshold)
    return share * (scores.softmax(-1) @ values) + (1 - share) * default


@wrong("attend_or_default", "the gradient", "no gradient arrives at `threshold`", "pytorch")
def a_fixed_threshold(queries, keys, values, threshold, default):
    return in_pytorch(queries, keys, values, threshold.detach(), default)


@wrong("attend_or_default", "the numbers", "numbers is right.")
def twice_the_threshold(queries, keys, values, threshold, default):
    return one_key_more(queries, keys, values, 2 * threshold, default)


@known("attend_or_default", "all or nothing", "it has no slope")
def a_choice(queries, keys, values, threshold, default):
    scores = queries @ turned(keys)
    found = scipy.special.softmax(scores, -1) @ values
    return np.where(scores.max(-1, keepdims=True) > threshold, found, default)


# 2.5 self_attention


@right("self_attention")
def by_einsum(x, query_weight, key_weight, value_weight):
    scores = np.einsum("...im,md,nd,...jn->...ij", x, query_weight, key_weight, x)
    return np.einsum("...ij,...jm,me->...ie", scipy.special.softmax(scores, -1), x, value_weight)


@right("self_attention")
def values_last(x, query_weight, key_weight, value_weight):
    weights = scipy.special.softmax(x @ (query_weight @ key_weight.T) @ turned(x), -1)
    return (weights @ x) @ value_weight


@wrong("self_attention", "the scale", "Every number is 2 times")
def doubled(*arguments):
    return 2 * by_einsum(*arguments)


@wrong("self_attention", "the shape", "Expected (2, 2)")
def pooled(*arguments):
    return by_einsum(*arguments).mean(-2)


@known("self_attention", "the axis of the softmax", "The weights of one word that looks, a row")
def over_those_that_ask(x, query_weight, key_weight, value_weight):
    scores = x @ query_weight @ turned(x @ key_weight)
    return scipy.special.softmax(scores, -2) @ x @ value_weight


# 2.6 value_weight_backward


@right("value_weight_backward")
def by_averages(x, weights, grad_output):
    heard = (weights @ x).reshape(-1, x.shape[-1])  # what each query would hear of the words as they are
    return heard.T @ grad_output.reshape(-1, grad_output.shape[-1])


@right("value_weight_backward")
def over_all_axes(x, weights, grad_output):
    each = np.einsum("...sm,...ts,...te->...me", x, weights, grad_output)
    return each.reshape(-1, *each.shape[-2:]).sum(0)


@wrong("value_weight_backward", "the sign", "the wrong sign")
def downhill(*arguments):
    return -by_averages(*arguments)


@wrong("value_weight_backward", "the shape", "the same but for axes of size 1")
def one_axis_more(*arguments):
    return by_averages(*arguments)[None]


@known("value_weight_backward", "all axes turned (batches)", "`.T` turns all axes round")
def all_axes_turned(x, weights, grad_output):
    return x.T @ weights.T @ grad_output


@known(
    "value_weight_backward",
    "one matrix for each sentence (batches)",
    "2 long, is still there. You return a gradient",
)
def not_summed(x, weights, grad_output):
    return turned(x) @ turned(weights) @ grad_output


@wrong("value_weight_backward", "raises ValueError (batches)", "In einsum `...` stands for the leading axes")
def without_dots(x, weights, grad_output):
    return np.einsum("sm,ts,td->md", x, weights, grad_output)


@wrong("value_weight_backward", "raises ValueError", "In einsum `...` stands for the leading axes")
def one_letter_for_the_batch(x, weights, grad_output):
    return np.einsum("bsm,bts,btd->md", x, weights, grad_output)


@known("value_weight_backward", "the gradient of the values", "Go one step farther")
def of_the_values(x, weights, grad_output):
    return turned(weights) @ grad_output


@known("value_weight_backward", "a mean over the batch (batches)", "every sentence adds its part")
def averaged(x, weights, grad_output):
    return by_averages(x, weights, grad_output) / max(1, int(np.prod(x.shape[:-2])))


# 2.8 outputs_without


@right("outputs_without")
def one_at_a_time(weights, values):
    found = []
    for j in range(weights.shape[-1]):
        others = weights.copy()
        others[..., j] = 0
        left = others.sum(-1, keepdims=True)
        found.append(np.divide(others, left, out=np.zeros_like(others), where=left > 0) @ values)
    return np.stack(found, -2)


@right("outputs_without")
def by_logarithms(weights, values):
    with np.errstate(divide="ignore"):
        scores = np.log(weights)[..., None, :]
    scores = np.where(np.eye(weights.shape[-1], dtype=bool), -np.inf, scores)
    empty = np.isneginf(scores).all(-1, keepdims=True)
    shares = np.where(empty, 0, scipy.special.softmax(np.where(empty, 0, scores), -1))
    return shares @ values[..., None, :, :]


@wrong("outputs_without", "the shape", "Expected (2, 3, 2)")
def the_first_only(weights, values):
    return one_at_a_time(weights, values)[..., 0, :]


@wrong("outputs_without", "the sign", "the wrong sign")
def negative(weights, values):
    return -one_at_a_time(weights, values)


@known("outputs_without", "lost in a difference (nearly all)", "On these inputs your results are those of a known")
def on_paper_alone(weights, values):
    parts = weights[..., None] * values[..., None, :, :]
    return ((weights @ values)[..., None, :] - parts) / (1 - weights[..., None])


@known("outputs_without", "divided by 1 − p (nearly all)", "add up the weights that are left")
def right_above_the_line(weights, values):
    parts = weights[..., None] * values[..., None, :, :]  # (…, T, S, E)
    others = np.stack([np.delete(parts, j, -2).sum(-2) for j in range(weights.shape[-1])], -2)
    left = 1 - weights[..., None]
    return others / np.where(left > 0, left, 1)


@known("outputs_without", "softmax of weights, the hidden one too", "the 0 counts, with its exponential 1")
def softmax_of_hidden_weights(weights, values):
    others = np.where(np.eye(weights.shape[-1], dtype=bool), 0, weights[..., None, :])
    powers = np.exp(others)
    return powers / powers.sum(-1, keepdims=True) @ values[..., None, :, :]


@known("outputs_without", "lost in a difference (nearly all)", "Add up what stays")
def as_on_paper(weights, values):
    p = weights[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = ((weights @ values)[..., None, :] - p * values[..., None, :, :]) / (1 - p)
    return np.where(p < 1, found, 0)


# 2.9 weights_of


@right("weights_of")
def by_differences_of_values(outputs, values):
    first = values[..., :1, :]
    rest = (outputs - first) @ np.linalg.inv(values[..., 1:, :] - first)
    return np.concatenate([1 - rest.sum(-1, keepdims=True), rest], -1)


@right("weights_of")
def by_an_inverse(outputs, values):
    def longer(x):
        return np.concatenate([np.ones_like(x[..., :1]), x], -1)

    return longer(outputs) @ np.linalg.inv(longer(values))


@wrong("weights_of", "the order", "The right numbers, in other places.")
def backwards(outputs, values):
    return by_an_inverse(outputs, values)[..., ::-1]


@wrong("weights_of", "the shape", "Expected (2, 3)")
def an_average(outputs, values):
    return by_an_inverse(outputs, values) @ values


@known("weights_of", "the values are not turned", "the weights stand before it")
def solved_the_other_way(outputs, values):
    one = [np.concatenate([x, np.ones_like(x[..., :1])], -1) for x in (values, outputs)]
    return turned(np.linalg.solve(one[0], turned(one[1])))


@known("weights_of", "cut at 0", "lies outside the hull, and shall stay")
def never_negative(outputs, values):
    return np.maximum(by_an_inverse(outputs, values), 0)


# 2.10 query_for


@right("query_for")
def around_the_mean(keys, values, outputs):
    logs = np.log(by_an_inverse(outputs, values))
    logs = logs - logs.mean(-1, keepdims=True)
    centred = keys - keys.mean(-2, keepdims=True)
    return logs @ turned(np.linalg.pinv(centred))


@right("query_for")
def from_the_last(keys, values, outputs):
    logs = np.log(by_differences_of_values(outputs, values))
    return (logs[..., :-1] - logs[..., -1:]) @ np.linalg.inv(turned(keys[..., :-1, :] - keys[..., -1:, :]))


@wrong("query_for", "the scale", "Every number is 2 times")
def too_sure(*arguments):
    return 2 * around_the_mean(*arguments)


@wrong("query_for", "the shape", "Expected (2, 2)")
def the_scores(keys, values, outputs):
    return around_the_mean(keys, values, outputs) @ turned(keys)


def _solved(first_log=True, first_key=True, turn=False):
    def answer(keys, values, outputs):
        logs = np.log(by_an_inverse(outputs, values))
        logs = logs[..., 1:] - logs[..., :1] if first_log else logs[..., 1:]
        apart = keys[..., 1:, :] - keys[..., :1, :] if first_key else keys[..., 1:, :]
        return turned(np.linalg.solve(turned(apart) if turn else apart, turned(logs)))

    return answer


for _way, _title in {
    (True, True, True): "the differences are not turned", (True, False): "differences of logarithms alone",
    (False, True): "differences of keys alone", (False, False): "the first key forgotten",
}.items():  # fmt: skip
    known("query_for", _title, "difference")(_solved(*_way))


@known("query_for", "scores, not differences of scores", "✗ scores, not differences of scores You ask that")
def scores_themselves(keys, values, outputs):
    return np.log(by_an_inverse(outputs, values)) @ turned(np.linalg.pinv(keys))


@known("query_for", "no logarithm", "A weight is an exponential of its score")
def of_weights(keys, values, outputs):
    p = by_an_inverse(outputs, values)
    return (p[..., 1:] - p[..., :1]) @ np.linalg.inv(turned(keys[..., 1:, :] - keys[..., :1, :]))
