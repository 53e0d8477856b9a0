"""Answers to the exercises of chapter 5, invented from the tasks alone, a sixth time.

A wrong one is a *slip*, which a learner could make unawares, or a *saboteur*, made to fool a check.
"""

import functools
from fractions import Fraction

import numpy as np

from attention.numpy import softmax
from tests.checks.register import Answers

answers = Answers("05")
right = answers.right


def marked(kind, name):
    def register(function):
        function.kind = kind
        return answers.unlisted(name)(function)

    return register


slip, saboteur = functools.partial(marked, "slip"), functools.partial(marked, "saboteur")


def several(register, name, made):
    """{what it is called: the function}"""
    for called, function in made.items():
        function.__name__ = called
        register(name)(function)


def T(x):
    return np.swapaxes(x, -1, -2)


def back_through_softmax(p, grad):
    return p * (grad - (p * grad).sum(-1, keepdims=True))


# 5.1 covariance_by_hand

NAME = "covariance_by_hand"
several(right, NAME, {
    "by_fractions": lambda: [Fraction(1), Fraction(3, 2), Fraction(9, 2), Fraction(9)],
    "by_a_half_array": lambda: np.array([2, 3, 9, 18], np.float16) / 2,
    "by_single_numbers": lambda: tuple(np.array(n) for n in (1.0, 1.5, 4.5, 9)),
})  # fmt: skip
several(functools.partial(marked, "slip"), NAME, {
    "not_divided_by_the_root": lambda: [1, 1.5, 4.5, 18],
    "divided_by_D": lambda: [1, 1.5, 4.5, 4.5],
    "D_is_one": lambda: [1, 1.5, 4.5, 18.0],
    "average_of_the_products": lambda: [1, 1.5, 6, 12],
    "without_weights_inside": lambda: [1, 1.5, 5.5, 11],
    "the_sum_of_the_products": lambda: [1, 1.5, 16.5, 33],
    "key_before_output": lambda: [1.5, 1, 4.5, 9],
    "gradient_before_covariance": lambda: [1, 1.5, 9, 4.5],
    "all_weights_equal": lambda: [0, 4 / 3, 8, 16],
    "a_sign_lost_in_the_key": lambda: [1, 2.5, 2.5, 5],
    "a_sign_lost_in_the_value": lambda: [3, 1.5, -0.5, -1],
    "uphill": lambda: [1, 1.5, -4.5, -9],
    "only_three": lambda: [1, 1.5, 4.5],
    "absolute_distances": lambda: [1, 1.5, 5.75, 11.5],
    "the_output_taken_for_the_gradient": lambda: [1, 1.5, 4.5, 2.25],
    "one_more_digit_slips": lambda: [1, 1.5, 4.25, 8.5],
    "all_four_features": lambda: [1, [1.5, 0, 0, 0], 4.5, 9],
})  # fmt: skip


# 5.2 masked_backward

NAME = "masked_backward"


def mb(scores, mask, values, grad_output):
    """A right answer to spoil."""
    seen = mask.any(-2)[..., None]
    values = np.where(seen, values, 0)
    some = mask.any(-1, keepdims=True)
    p = softmax(np.where(mask, scores, np.where(some, -np.inf, 0)).astype(scores.dtype))
    p = np.where(some, p, 0).astype(scores.dtype)
    return back_through_softmax(p, grad_output @ T(values)), T(p) @ grad_output


def mb_with(seen=None, closed=True, opened=True, fill=-np.inf, clean=None, weights=None, back=None, give=None):
    """mb with one part replaced."""

    def made(scores, mask, values, grad_output):
        some = mask.any(-1, keepdims=True)
        values = clean(values, mask) if clean else np.where(mask.any(-2)[..., None], values, 0)
        if weights:
            p = weights(scores, mask)
        else:
            s = np.where(mask, scores, np.where(some | (not opened), fill, 0)).astype(scores.dtype)
            p = softmax(s)
            p = np.where(some, p, 0).astype(scores.dtype) if closed else p
        grad = grad_output @ T(values)
        s = back(p, grad, mask) if back else back_through_softmax(p, grad)
        v = give(p, grad_output, mask) if give else T(p) @ grad_output
        return s, v

    return made


@right(NAME)
def mask_the_gradients_of_the_weights(scores, mask, values, grad_output):
    with np.errstate(all="ignore"):
        grad = np.where(mask, grad_output @ T(values), 0)
        top = np.where(mask, scores, -np.inf).max(-1, keepdims=True)
        e = np.where(mask, np.exp(scores - np.where(top > -np.inf, top, 0)), 0)
        p = e / np.maximum(e.sum(-1, keepdims=True), np.finfo(e.dtype).tiny)
    return back_through_softmax(p, grad), np.einsum("...ts,...tm->...sm", p, grad_output)


@right(NAME)
def query_by_query_with_what_it_sees(scores, mask, values, grad_output):
    s_bar, v_bar = np.zeros(scores.shape), np.zeros(values.shape)
    for place in np.ndindex(scores.shape[:-1]):
        sees = np.flatnonzero(mask[place])
        if sees.size:
            p = softmax(scores[place][sees])
            v, up = values[place[:-1]][sees], grad_output[place]
            s_bar[place][sees] = p * ((v - p @ v) @ up)
            v_bar[place[:-1]][sees] += np.outer(p, up)
    return s_bar, v_bar


@right(NAME)
def nan_to_num_of_the_weights(scores, mask, values, grad_output):
    with np.errstate(all="ignore"):
        p = np.nan_to_num(softmax(np.where(mask, scores, -np.inf)))
    values = np.where(np.swapaxes(mask, -1, -2).any(-1, keepdims=True), values, 0)
    output = p @ values
    grad = grad_output @ T(values) - (grad_output * output).sum(-1, keepdims=True)
    return p * grad, T(p) @ grad_output
