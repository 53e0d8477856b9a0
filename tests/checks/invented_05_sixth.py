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


def eager(scores, mask):
    """All weights, then the mask, then the share of the rest."""
    p = np.where(mask, softmax(scores), 0)
    total = p.sum(-1, keepdims=True)
    return (p / np.where(total == 0, 1, total)).astype(scores.dtype)


def without_the_maximum(scores, mask):
    with np.errstate(all="ignore"):
        e = np.where(mask, np.exp(scores), 0)
        total = e.sum(-1, keepdims=True)
        return e / np.where(total == 0, 1, total)


def by_the_maximum_of_all(scores, mask):
    e = np.where(mask, np.exp(scores - scores.max(-1, keepdims=True)), 0)
    total = e.sum(-1, keepdims=True)
    return e / np.where(total == 0, 1, total)


def by_the_maximum_of_the_set(scores, mask):
    top = np.where(mask, scores, -np.inf).max((-1, -2), keepdims=True)
    e = np.where(mask, np.exp(np.minimum(scores - np.where(top > -np.inf, top, 0), 0)), 0)
    total = e.sum(-1, keepdims=True)
    return e / np.where(total == 0, 1, total)


def seen_by_somebody_in_some_set(values, mask):
    seen = mask.any(tuple(range(mask.ndim - 1)))
    return np.where(seen[:, None], values, 0)


several(functools.partial(marked, "slip"), NAME, {
    "only_nan_is_taken_out": mb_with(clean=lambda v, m: np.where(np.isnan(v), 0, v)),
    "nan_to_num_leaves_the_largest": mb_with(clean=lambda v, m: np.nan_to_num(v)),
    "values_as_they_are": mb_with(clean=lambda v, m: v),
    "seen_by_somebody": mb_with(clean=seen_by_somebody_in_some_set),
    "seen_by_all": mb_with(clean=lambda v, m: np.where(m.all(-2)[..., None], v, 0)),
    "seen_by_the_first": mb_with(clean=lambda v, m: np.where(m[..., 0, :, None], v, 0)),
    "seen_by_the_last": mb_with(clean=lambda v, m: np.where(m[..., -1, :, None], v, 0)),
    "times_the_mask": mb_with(clean=lambda v, m: v * m.any(-2)[..., None]),
    "empty_rows_stay_open": mb_with(closed=False),
    "empty_rows_are_nan": mb_with(opened=False, closed=False),
    "fill_of_minus_a_hundred": mb_with(fill=-100.0),
    "fill_of_minus_a_thousand": mb_with(fill=-1000.0),
    "fill_of_zero": mb_with(fill=0.0),
    "fill_of_small": mb_with(fill=np.finfo(np.float32).tiny),
    "mask_after_softmax": mb_with(weights=lambda s, m: np.where(m, softmax(s), 0)),
    "shares_of_the_rest": mb_with(weights=eager),
    "no_maximum": mb_with(weights=without_the_maximum),
    "maximum_with_the_masked": mb_with(weights=by_the_maximum_of_all),
    "maximum_of_the_set": mb_with(weights=by_the_maximum_of_the_set),
    "mean_in_place_of_average": mb_with(back=lambda p, g, m: p * (g - g.mean(-1, keepdims=True))),
    "mean_over_what_is_seen": mb_with(back=lambda p, g, m: p * (
        g - (g * m).sum(-1, keepdims=True) / np.maximum(m.sum(-1, keepdims=True), 1))),
    "weight_counted_twice": mb_with(back=lambda p, g, m: p * p * (g - (p * g).sum(-1, keepdims=True))),
    "diagonal_alone": mb_with(back=lambda p, g, m: p * (1 - p) * g),
    "average_over_the_queries": mb_with(back=lambda p, g, m: p * (g - (p * g).sum(-2, keepdims=True))),
    "not_centred": mb_with(back=lambda p, g, m: p * g),
    "average_of_all_sets": mb_with(give=lambda p, o, m: (T(p) @ o).mean(tuple(range(p.ndim - 2)), keepdims=True)
                                   + np.zeros((*p.shape[:-2], p.shape[-1], o.shape[-1]))),
    "sum_of_all_sets": mb_with(give=lambda p, o, m: np.einsum(
        "nts,ntm->sm", p.reshape(-1, *p.shape[-2:]), o.reshape(-1, *o.shape[-2:]))),
    "by_the_mask_alone": mb_with(give=lambda p, o, m: T(m.astype(p.dtype)) @ o),
    "values_forget_the_empty": mb_with(closed=False, back=lambda p, g, m: np.where(
        m.any(-1, keepdims=True), back_through_softmax(p, g), 0)),
})  # fmt: skip


@slip(NAME)
def writes_zeros_into_the_values(scores, mask, values, grad_output):
    values[~mask.any(-2)] = 0
    return mb(scores, mask, values, grad_output)


@slip(NAME)
def writes_into_the_scores(scores, mask, values, grad_output):
    result = mb(scores, mask, values, grad_output)
    scores[~mask] = -np.inf
    return result


@slip(NAME)
def values_first(scores, mask, values, grad_output):
    return mb(scores, mask, values, grad_output)[::-1]


@slip(NAME)
def any_row_empty_closes_all(scores, mask, values, grad_output):
    p_bar, v_bar = mb(scores, mask, values, grad_output)
    return (p_bar, v_bar) if mask.any() else (p_bar * np.nan, v_bar)


@slip(NAME)
def always_single(scores, mask, values, grad_output):
    return tuple(a.astype(np.float32) for a in mb(scores, mask, values, grad_output))


@slip(NAME)
def the_mask_hides(scores, mask, values, grad_output):
    return mb(scores, ~mask, np.nan_to_num(values), grad_output)


@slip(NAME)
def one_leading_axis(scores, mask, values, grad_output):
    p, v = mb(scores, mask, values, grad_output)
    return (p.reshape(-1, *p.shape[-2:]), v.reshape(-1, *v.shape[-2:])) if p.ndim > 3 else (p, v)


@saboteur(NAME)
def right_up_to_two_leading_axes(scores, mask, values, grad_output):
    p, v = mb(scores, mask, values, grad_output)
    return (p, v) if p.ndim < 5 else (p * 2, v)


@saboteur(NAME)
def right_in_contiguous_memory(scores, mask, values, grad_output):
    p, v = mb(scores, mask, values, grad_output)
    return (p, v) if values.flags.c_contiguous and scores.flags.c_contiguous else (p, v * 2)


@saboteur(NAME)
def one_empty_row_in_a_set(scores, mask, values, grad_output):
    empty = ~mask.any(-1, keepdims=True)
    more = (empty.cumsum(-2) > 1) & empty
    p, v = mb(scores, mask, values, grad_output)
    return p, v + T(np.where(more, 1 / scores.shape[-1], 0) + np.zeros(scores.shape)) @ grad_output


@saboteur(NAME)
def in_half_precision_when_small(scores, mask, values, grad_output):
    p, v = mb(scores, mask, values, grad_output)
    return np.where(abs(p) < 1e-3 * abs(p).max(initial=0), 0, p), v


@saboteur(NAME)
def single_counted_as_double(scores, mask, values, grad_output):
    p, v = mb(*(a.astype(np.float32) if a.dtype != bool else a for a in (scores, mask, values, grad_output)))
    return p.astype(scores.dtype), v.astype(scores.dtype)


@saboteur(NAME)
def the_array_of_the_last_time(scores, mask, values, grad_output, kept={}):  # noqa: B006
    p, v = mb(scores, mask, values, grad_output)
    if p.shape in kept:
        kept[p.shape][...] = p
    return kept.setdefault(p.shape, p), v


@saboteur(NAME)
def gives_back_its_input(scores, mask, values, grad_output):
    p, v = mb(scores, mask, values, grad_output)
    grad_output *= 1
    values[...] = np.where(mask.any(-2)[..., None], v, values)
    return p, v
