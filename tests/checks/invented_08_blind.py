"""Answers to the exercises of chapter 8, invented from the tasks alone by one who had seen no check.

The wrong ones are of two kinds, which their names begin with: a slip is a mistake that is made unawares, a saboteur is
written to get past a check.
"""

import math
from fractions import Fraction

import numpy as np

from attention.frameworks import torch
from attention.numpy import softmax
from tests.checks.register import Answers

answers = Answers("08")
EPSILON = 1e-5
slip, saboteur, right = answers.of_kinds()


# 8.1 norm_by_hand

OUT, BACK = [-12, -3, 1, 1.8], [0.52, -0.64, -0.36, 0.48]


def norm_by_computer():
    x, scale, shift = np.array([-4.0, 2, 4, 10]), np.array([10.0, 20, 5, 2]), np.array([2.0, 1, 0, -1])
    normed = (x - x.mean()) / x.std()
    grad = np.array([1.0, 0, 0, 0]) * scale
    return [normed * scale + shift, (grad - grad.mean() - normed * (grad * normed).mean()) / x.std()]


def norm_by_torch():
    x = torch.tensor([-4.0, 2, 4, 10], dtype=torch.float64, requires_grad=True)
    scale, shift = (torch.tensor(row, dtype=torch.float64) for row in ([10.0, 20, 5, 2], [2.0, 1, 0, -1]))
    y = torch.nn.functional.layer_norm(x, (4,), scale, shift, eps=0.0)
    y[0].backward()
    return y.tolist(), x.grad.tolist()


right(
    "norm_by_hand",
    typed=lambda: [OUT, BACK],
    computed=norm_by_computer,
    torch=norm_by_torch,
    array=lambda: np.array([OUT, BACK]),
    fractions=lambda: [[-12, -3, 1, 9 / 5], [13 / 25, -16 / 25, -9 / 25, 12 / 25]],
)
slip(
    "norm_by_hand",
    swapped=lambda: [BACK, OUT],
    out_alone=lambda: OUT,
    no_shift=lambda: [[-14, -4, 1, 2.8], BACK],
    no_scale=lambda: [[0.6, 0.8, 0.2, 0.4], BACK],
    normalised_row=lambda: [[-1.4, -0.2, 0.2, 1.4], BACK],
    variance_for_root=lambda: [[-0.8, 0.2, 0.2, -0.44], [0.104, -0.128, -0.072, 0.096]],
    shift_first=lambda: [[6, 16, 1, 0.8], BACK],
    mean_kept=lambda: [[-6, 9, 4, 3], BACK],
    deviation_of_three=lambda: [[-10.1244, -2.4641, 0.866, 1.4249], BACK],
    shift_minus=lambda: [[-16, -5, 1, 3.8], BACK],
    no_root_backwards=lambda: [OUT, [2.6, -3.2, -1.8, 2.4]],
    divided_by_variance=lambda: [OUT, [0.104, -0.128, -0.072, 0.096]],
    no_mean=lambda: [OUT, [1.02, -0.14, 0.14, 0.98]],
    no_direction=lambda: [OUT, [1.5, -0.5, -0.5, -0.5]],
    direction_plus=lambda: [OUT, [2.48, -0.36, -0.64, -1.48]],
    no_scale_backwards=lambda: [OUT, [0.052, -0.064, -0.036, 0.048]],
    sum_for_mean=lambda: [OUT, [-3.92, -2.56, -1.44, 1.92]],
    only_scaled=lambda: [OUT, [10, 0, 0, 0]],
    only_divided=lambda: [OUT, [2, 0, 0, 0]],
    of_the_scale=lambda: [OUT, [-1.4, 0, 0, 0]],
    of_the_shift=lambda: [OUT, [1, 0, 0, 0]],
    minus=lambda: [OUT, [-0.52, 0.64, 0.36, -0.48]],
    one_sign=lambda: [[-12, -3, 1, 3.8], BACK],
    rounded=lambda: [OUT, [0.5, -0.6, -0.4, 0.5]],
    by_whole_numbers=lambda: [[-12, -3, 1, 2], BACK],
    column=lambda: [[[v] for v in OUT], [[v] for v in BACK]],
    joined=lambda: OUT + BACK,
)
saboteur("norm_by_hand", nearly=lambda: [OUT, [0.52, -0.64, -0.36, 0.484]], third=lambda: [OUT, BACK, BACK])


# 8.2 rms_norm


def rms(x, axis=-1, epsilon=EPSILON):
    return np.sqrt(np.mean(x * x, axis=axis, keepdims=True) + epsilon)


def rmsed(of):
    """An answer that computes `of(x, scale)` in the type that the task asks for."""

    def answer(x, scale):
        inside = np.float32 if x.dtype == np.float16 else x.dtype
        return np.asarray(of(x.astype(inside), scale.astype(inside))).astype(x.dtype)

    return answer


good_rms = rmsed(lambda x, s: x / rms(x) * s)


def rms_by_loop(x, scale):
    y = np.empty_like(x)
    for place in np.ndindex(x.shape[:-1]):
        row = [float(v) for v in x[place]]
        size = math.sqrt(sum(v * v for v in row) / len(row) + 1e-5)
        y[place] = [v / size * float(s) for v, s in zip(row, scale, strict=True)]
    return y


def rms_by_torch(x, scale):
    wide = torch.float32 if x.dtype == np.float16 else torch.from_numpy(np.zeros(1, x.dtype)).dtype
    rows, factors = torch.tensor(x).to(wide), torch.tensor(scale).to(wide)
    return torch.nn.functional.rms_norm(rows, rows.shape[-1:], factors, eps=1e-5).numpy().astype(x.dtype)


def rms_by_norm(x, scale):
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    size = np.linalg.norm(wide, axis=-1, keepdims=True) / np.sqrt(x.shape[-1])
    return (wide / np.hypot(size, 1e-5**0.5) * scale).astype(x.dtype)


right(
    "rms_norm",
    plain=good_rms,
    loop=rms_by_loop,
    torch=rms_by_torch,
    norm=rms_by_norm,
    einsum=rmsed(lambda x, s: x * s / np.sqrt(np.einsum("...d,...d->...", x, x) / x.shape[-1] + 1e-5)[..., None]),
    power=rmsed(lambda x, s: x * (np.square(x).mean(-1, keepdims=True) + 1e-5) ** -0.5 * s),
    always_float64=lambda x, s: (x.astype(float) / rms(x.astype(float)) * s).astype(x.dtype),
    rows=rmsed(lambda x, s: np.apply_along_axis(lambda r: r * s / np.sqrt(r @ r / len(r) + 1e-5), -1, x)),
)


def only_two_axes(x, scale):
    return good_rms(x, scale) if x.ndim == 2 else good_rms(x.reshape(-1, x.shape[-1]), scale)


def rms_in_place(x, scale):
    x /= rms(x)
    return x * scale


def rms_scale_in_place(x, scale):
    y = x / rms(x)
    scale *= 1.0
    y *= scale
    y += 0 * x
    scale += 0.5
    return y


def rms_loop_over_first(x, scale):
    return np.stack([(row / np.sqrt((row**2).mean() + 1e-5) * scale).astype(x.dtype) for row in x])


def squared_in_float16(x, scale):
    square = (x**2).astype(np.float32 if x.dtype == np.float16 else x.dtype)
    return (x / np.sqrt(square.mean(-1, keepdims=True) + 1e-5) * scale).astype(x.dtype)


def root_in_float16(x, scale):
    wide = np.float32 if x.dtype == np.float16 else x.dtype
    mean = (x.astype(wide) ** 2).mean(-1, keepdims=True).astype(x.dtype)
    return (x / np.sqrt(mean + 1e-5) * scale).astype(x.dtype)


def scaled_by_largest(x, scale):
    largest = abs(x).max(-1, keepdims=True)
    largest = np.where(largest == 0, 1, largest).astype(x.dtype)
    return (x / largest / np.sqrt(((x / largest) ** 2).mean(-1, keepdims=True) + 1e-5) * scale).astype(x.dtype)


def mean_over_all_with_zeros_left_out(x, scale):
    count = np.maximum((x != 0).sum(-1, keepdims=True), 1)
    return x / np.sqrt((x * x).sum(-1, keepdims=True) / count + 1e-5) * scale


slip(
    "rms_norm",
    layer_norm=rmsed(lambda x, s: (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * s),
    variance=rmsed(lambda x, s: x / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * s),
    mean_away_then_rms=rmsed(lambda x, s: (x - x.mean(-1, keepdims=True)) / rms(x) * s),
    first_axis=rmsed(lambda x, s: x / rms(x, axis=0) * s),
    last_but_one=rmsed(lambda x, s: x / rms(x, axis=-2 if x.ndim > 1 else -1) * s),
    all_axes=rmsed(lambda x, s: x / np.sqrt((x**2).mean() + 1e-5) * s),
    last_two_axes=rmsed(lambda x, s: x / rms(x, axis=(-2, -1) if x.ndim > 1 else -1) * s),
    second_axis=rmsed(lambda x, s: x / rms(x, axis=1 if x.ndim > 1 else 0) * s),
    no_kept_axis=rmsed(lambda x, s: x / np.sqrt((x**2).mean(-1) + 1e-5) * s),
    no_epsilon=rmsed(lambda x, s: x / rms(x, epsilon=0) * s),
    epsilon_outside=rmsed(lambda x, s: x / (rms(x, epsilon=0) + 1e-5) * s),
    epsilon_smaller=rmsed(lambda x, s: x / rms(x, epsilon=1e-6) * s),
    epsilon_of_keras=rmsed(lambda x, s: x / rms(x, epsilon=1e-3) * s),
    epsilon_tiny=rmsed(lambda x, s: x / rms(x, epsilon=1e-8) * s),
    epsilon_squared=rmsed(lambda x, s: x / rms(x, epsilon=1e-10) * s),
    epsilon_of_type=rmsed(lambda x, s: x / rms(x, epsilon=np.finfo(x.dtype).eps) * s),
    epsilon_in_each=rmsed(lambda x, s: x / np.sqrt(((x + 1e-5) ** 2).mean(-1, keepdims=True)) * s),
    epsilon_under_sum=rmsed(lambda x, s: x / np.sqrt(((x**2).sum(-1, keepdims=True) + 1e-5) / x.shape[-1]) * s),
    epsilon_times_features=rmsed(lambda x, s: x / rms(x, epsilon=1e-5 * x.shape[-1]) * s),
    epsilon_as_least=rmsed(lambda x, s: x / np.sqrt(np.maximum((x**2).mean(-1, keepdims=True), 1e-5)) * s),
    epsilon_minus=rmsed(lambda x, s: x / np.sqrt(np.abs((x**2).mean(-1, keepdims=True) - 1e-5)) * s),
    epsilon_both=rmsed(lambda x, s: x / (rms(x) + 1e-5) * s),
    sum_for_mean=rmsed(lambda x, s: x / np.sqrt((x**2).sum(-1, keepdims=True) + 1e-5) * s),
    one_less=rmsed(lambda x, s: x / np.sqrt((x**2).sum(-1, keepdims=True) / max(x.shape[-1] - 1, 1) + 1e-5) * s),
    rows_for_features=rmsed(lambda x, s: x / np.sqrt((x**2).sum(-1, keepdims=True) / len(x) + 1e-5) * s),
    absolute=rmsed(lambda x, s: x / (abs(x).mean(-1, keepdims=True) + 1e-5) * s),
    mean_squared=rmsed(lambda x, s: x / np.sqrt(x.mean(-1, keepdims=True) ** 2 + 1e-5) * s),
    largest=rmsed(lambda x, s: x / (abs(x).max(-1, keepdims=True) + 1e-5) * s),
    no_root=rmsed(lambda x, s: x / ((x**2).mean(-1, keepdims=True) + 1e-5) * s),
    times_root=rmsed(lambda x, s: x * rms(x) * s),
    no_scale=rmsed(lambda x, s: x / rms(x)),
    scale_added=rmsed(lambda x, s: x / rms(x) + s),
    scale_and_one=rmsed(lambda x, s: x / rms(x) * (1 + s)),
    scale_divides=rmsed(lambda x, s: x / rms(x) / s),
    scale_twice=rmsed(lambda x, s: x / rms(x) * s * s),
    scale_before=rmsed(lambda x, s: x * s / rms(x * s)),
    scale_in_size=rmsed(lambda x, s: x / rms(x * s)),
    scale_absolute=rmsed(lambda x, s: x / rms(x) * abs(s)),
    scale_by_rows=rmsed(lambda x, s: x / rms(x) * s[:, None] if x.ndim > 1 else x / rms(x) * s),
    scale_first_only=rmsed(lambda x, s: x / rms(x) * s[0]),
    scale_product=rmsed(lambda x, s: x / rms(x) @ s),
    scale_reversed=rmsed(lambda x, s: x / rms(x) * s[::-1]),
    features_squared=rmsed(lambda x, s: x**2 / rms(x) * s),
    absolute_features=rmsed(lambda x, s: abs(x) / rms(x) * s),
    float16_all_through=lambda x, s: (x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5) * s).astype(x.dtype),
    float16_squared=squared_in_float16,
    float16_mean=root_in_float16,
    float16_comes_back_wide=lambda x, s: (
        x.astype(np.promote_types(x.dtype, np.float32))
        / rms(x.astype(np.promote_types(x.dtype, np.float32)))
        * s.astype(np.promote_types(x.dtype, np.float32))
    ),
    type_of_both=lambda x, s: good_rms(x, s) if x.dtype == np.float16 else x / rms(x) * s,
    all_float32=lambda x, s: (x.astype("f4") / rms(x.astype("f4")) * s.astype("f4")).astype(x.dtype),
    returns_float32=lambda x, s: (x.astype("f4") / rms(x.astype("f4")) * s).astype("f4"),
    returns_float64=lambda x, s: x.astype(float) / rms(x.astype(float)) * s,
    flat=only_two_axes,
    only_tables=lambda x, s: good_rms(x, s) if x.ndim == 2 else good_rms(x[None], s),
    loop_over_first=rms_loop_over_first,
    in_place=rms_in_place,
    scale_changed=rms_scale_in_place,
    listed=lambda x, s: good_rms(x, s).tolist(),
    with_size=lambda x, s: (good_rms(x, s), rms(x)),
    largest_away_first=scaled_by_largest,
    zeros_not_counted=rmsed(mean_over_all_with_zeros_left_out),
    zero_rows_divided=rmsed(lambda x, s: np.where(x.any(-1, keepdims=True), x / rms(x) * s, s)),
    median=rmsed(lambda x, s: x / np.sqrt(np.median(x**2, -1, keepdims=True) + 1e-5) * s),
    first_row_size=rmsed(lambda x, s: x / np.sqrt((x.reshape(-1, x.shape[-1])[0] ** 2).mean() + 1e-5) * s),
    clipped=rmsed(lambda x, s: np.clip(x / rms(x), -1, 1) * s),
    nothing=lambda x, s: None,
)


def rms_cached():
    known = {}

    def answer(x, scale):
        if x.shape not in known:
            known[x.shape] = good_rms(x, scale)
        return known[x.shape]

    return answer


def rms_second_call():
    calls = []

    def answer(x, scale):
        calls.append(1)
        return good_rms(x, scale) if len(calls) % 2 else good_rms(x, scale) * x.dtype.type(1.1)

    return answer


saboteur(
    "rms_norm",
    cached_by_shape=rms_cached(),
    every_second_call=rms_second_call(),
    few_features=lambda x, s: good_rms(x, s) if x.shape[-1] <= 4 else good_rms(x, np.ones_like(s)),
    few_rows=lambda x, s: good_rms(x, s) if x.size <= 12 else only_two_axes(x, s) * 0,
    at_most_three_axes=lambda x, s: good_rms(x, s) if x.ndim <= 3 else x,
    float16_as_float16_if_small=lambda x, s: (
        good_rms(x, s) if abs(x).max(initial=0) > 255 else squared_in_float16(x, s[::-1])
    ),
    matrix=lambda x, s: good_rms(x, s).view(np.ma.MaskedArray) if x.ndim == 2 else good_rms(x, s) * 2,
    thousandth=lambda x, s: good_rms(x, s) * x.dtype.type(1.003),
)


# 8.3 rms_norm_backward


def backward(x, scale, grad, back=None, of_scale=None):
    size = rms(x)
    normed, arrived = x / size, grad * scale
    for_x = (
        back(x, size, normed, arrived, grad, scale)
        if back
        else (arrived - normed * np.mean(arrived * normed, axis=-1, keepdims=True)) / size
    )
    for_scale = (
        of_scale(x, size, normed, arrived, grad, scale) if of_scale else (grad * normed).reshape(-1, x.shape[-1]).sum(0)
    )
    return for_x, for_scale


def back(of):
    return lambda x, s, g: backward(x, s, g, back=of)


def of_scale(of):
    return lambda x, s, g: backward(x, s, g, of_scale=of)


def average(a):
    return a.mean(axis=-1, keepdims=True)


def backward_by_torch(x, scale, grad):
    rows, factors = (torch.tensor(a, requires_grad=True) for a in (x, scale))
    y = torch.nn.functional.rms_norm(rows, rows.shape[-1:], factors, eps=1e-5)
    y.backward(torch.tensor(grad))
    return rows.grad.numpy(), factors.grad.numpy()


def backward_by_jacobian(x, scale, grad):
    features = x.shape[-1]
    size = rms(x)[..., None]
    normed = x / size[..., 0]
    jacobian = (np.eye(features) - normed[..., :, None] * normed[..., None, :] / features) / size
    return np.einsum("...d,...de->...e", grad * scale, jacobian), (grad * normed).reshape(-1, features).sum(0)


def backward_by_loop(x, scale, grad):
    for_x, for_scale = np.zeros(x.shape), np.zeros(scale.shape)
    for place in np.ndindex(x.shape[:-1]):
        row, arrived = x[place].astype(float), grad[place].astype(float)
        size = math.sqrt((row @ row) / len(row) + 1e-5)
        for_scale += arrived * row / size
        for d in range(len(row)):
            through = sum(scale[e] * arrived[e] * row[e] for e in range(len(row)))
            for_x[place][d] = scale[d] * arrived[d] / size - row[d] * through / (len(row) * size**3)
    return for_x, for_scale


right(
    "rms_norm_backward",
    plain=lambda x, s, g: backward(x, s, g),
    listed=lambda x, s, g: list(backward(x, s, g)),
    torch=backward_by_torch,
    jacobian=backward_by_jacobian,
    loop=backward_by_loop,
    axes=of_scale(lambda x, c, n, a, g, s: (g * n).sum(axis=tuple(range(x.ndim - 1)))),
    cubed=back(lambda x, c, n, a, g, s: a / c - x * average(a * x) / c**3),
    float64=lambda x, s, g: backward(x.astype(float), s.astype(float), g.astype(float)),
)


def swap(pair):
    return pair[1], pair[0]


def backward_mutates(x, scale, grad):
    normed = x / rms(x)
    for_scale = (grad * normed).reshape(-1, x.shape[-1]).sum(0)
    grad *= scale
    return (grad - normed * average(grad * normed)) / rms(x), for_scale


def backward_divides_in_place(x, scale, grad):
    size = rms(x)
    x /= size
    arrived = grad * scale
    return (arrived - x * average(arrived * x)) / size, (grad * x).reshape(-1, x.shape[-1]).sum(0)


def backward_without_epsilon(x, scale, grad):
    size = rms(x, epsilon=0)
    normed, arrived = x / size, grad * scale
    return (arrived - normed * average(arrived * normed)) / size, (grad * normed).reshape(-1, x.shape[-1]).sum(0)


def backward_of_layer_norm(x, scale, grad):
    about = x - average(x)
    size = rms(about)
    normed, arrived = about / size, grad * scale
    return (arrived - average(arrived) - normed * average(arrived * normed)) / size, (grad * normed).reshape(
        -1, x.shape[-1]
    ).sum(0)


def backward_epsilon_outside(x, scale, grad):
    size = rms(x, epsilon=0) + 1e-5
    normed, arrived = x / size, grad * scale
    return (arrived - normed * average(arrived * normed)) / size, (grad * normed).reshape(-1, x.shape[-1]).sum(0)


def backward_epsilon_smaller(x, scale, grad):
    size = rms(x, epsilon=1e-6)
    normed, arrived = x / size, grad * scale
    return (arrived - normed * average(arrived * normed)) / size, (grad * normed).reshape(-1, x.shape[-1]).sum(0)


def backward_in_float32(x, scale, grad):
    return tuple(a.astype(x.dtype) for a in backward(*(a.astype(np.float32) for a in (x, scale, grad))))


def bare(a):
    return a / rms(a, epsilon=0)


slip(
    "rms_norm_backward",
    swapped=lambda x, s, g: swap(backward(x, s, g)),
    gradient_of_x_alone=lambda x, s, g: backward(x, s, g)[0],
    layer_norms_mean=back(lambda x, c, n, a, g, s: (a - average(a) - n * average(a * n)) / c),
    layer_norms=backward_of_layer_norm,
    mean_for_direction=back(lambda x, c, n, a, g, s: (a - average(a)) / c),
    size_held=back(lambda x, c, n, a, g, s: a / c),
    plus=back(lambda x, c, n, a, g, s: (a + n * average(a * n)) / c),
    minus_all=back(lambda x, c, n, a, g, s: -(a - n * average(a * n)) / c),
    no_scale=back(lambda x, c, n, a, g, s: (g - n * average(g * n)) / c),
    scale_in_first_only=back(lambda x, c, n, a, g, s: (a - n * average(g * n)) / c),
    scale_in_second_only=back(lambda x, c, n, a, g, s: (g - n * average(a * n)) / c),
    scale_after=back(lambda x, c, n, a, g, s: s * (g - n * average(g * n)) / c),
    scale_of_direction=back(lambda x, c, n, a, g, s: (a - s * n * average(a * n)) / c),
    scale_twice=back(lambda x, c, n, a, g, s: (a * s - n * average(a * s * n)) / c),
    sum_for_mean=back(lambda x, c, n, a, g, s: (a - n * (a * n).sum(-1, keepdims=True)) / c),
    one_less=back(lambda x, c, n, a, g, s: (a - n * (a * n).sum(-1, keepdims=True) / max(x.shape[-1] - 1, 1)) / c),
    x_for_normalised=back(lambda x, c, n, a, g, s: (a - x * average(a * x)) / c),
    x_in_the_mean=back(lambda x, c, n, a, g, s: (a - n * average(a * x)) / c),
    x_before_the_mean=back(lambda x, c, n, a, g, s: (a - x * average(a * n)) / c),
    no_division=back(lambda x, c, n, a, g, s: a - n * average(a * n)),
    second_not_divided=back(lambda x, c, n, a, g, s: a / c - n * average(a * n)),
    divided_by_square=back(lambda x, c, n, a, g, s: (a - n * average(a * n)) / c**2),
    times_size=back(lambda x, c, n, a, g, s: (a - n * average(a * n)) * c),
    cubed_as_square=back(lambda x, c, n, a, g, s: a / c - x * average(a * x) / c**2),
    epsilon_left_out_of_direction=back(lambda x, c, n, a, g, s: (a - bare(x) * average(a * bare(x))) / c),
    epsilon_left_out_of_one=back(lambda x, c, n, a, g, s: (a - bare(x) * average(a * n)) / c),
    epsilon_left_out_of_division=back(lambda x, c, n, a, g, s: (a - n * average(a * n)) / rms(x, epsilon=0)),
    no_epsilon=backward_without_epsilon,
    epsilon_outside=backward_epsilon_outside,
    epsilon_smaller=backward_epsilon_smaller,
    mean_over_rows=back(lambda x, c, n, a, g, s: (a - n * (a * n).mean(0)) / c),
    mean_over_all=back(lambda x, c, n, a, g, s: (a - n * (a * n).mean()) / c),
    mean_of_products_apart=back(lambda x, c, n, a, g, s: (a - n * average(a) * average(n)) / c),
    square_of_normalised=back(lambda x, c, n, a, g, s: (a - a * average(n * n)) / c),
    own_feature_only=back(lambda x, c, n, a, g, s: a * (1 - n * n / x.shape[-1]) / c),
    doubled=back(lambda x, c, n, a, g, s: (a - 2 * n * average(a * n)) / c),
    halved=back(lambda x, c, n, a, g, s: (a - n * average(a * n) / 2) / c),
    g_passed_on=back(lambda x, c, n, a, g, s: g),
    scale_not_summed=of_scale(lambda x, c, n, a, g, s: g * n),
    scale_mean_of_rows=of_scale(lambda x, c, n, a, g, s: (g * n).reshape(-1, x.shape[-1]).mean(0)),
    scale_first_axis_only=of_scale(lambda x, c, n, a, g, s: (g * n).sum(0)),
    scale_last_axis=of_scale(lambda x, c, n, a, g, s: (g * n).sum(-1)),
    scale_last_but_one=of_scale(lambda x, c, n, a, g, s: (g * n).sum(-2) if x.ndim > 1 else g * n),
    scale_axis_kept=of_scale(lambda x, c, n, a, g, s: (g * n).reshape(-1, x.shape[-1]).sum(0, keepdims=True)),
    scale_of_x=of_scale(lambda x, c, n, a, g, s: (g * x).reshape(-1, x.shape[-1]).sum(0)),
    scale_of_output=of_scale(lambda x, c, n, a, g, s: (g * n * s).reshape(-1, x.shape[-1]).sum(0)),
    scale_is_a_shift=of_scale(lambda x, c, n, a, g, s: g.reshape(-1, x.shape[-1]).sum(0)),
    scale_by_rows_without_epsilon=of_scale(lambda x, c, n, a, g, s: (g * bare(x)).reshape(-1, x.shape[-1]).sum(0)),
    scale_two_axes=of_scale(lambda x, c, n, a, g, s: (g * n).sum((0, 1)) if x.ndim > 2 else (g * n).sum(0)),
    scale_one_number=of_scale(lambda x, c, n, a, g, s: (g * n).sum()),
    scale_one_number_each=of_scale(lambda x, c, n, a, g, s: np.full(s.shape, (g * n).sum(), x.dtype)),
    scale_from_last_row=of_scale(lambda x, c, n, a, g, s: (g * n).reshape(-1, x.shape[-1])[-1]),
    scale_minus=of_scale(lambda x, c, n, a, g, s: -(g * n).reshape(-1, x.shape[-1]).sum(0)),
    grad_changed=backward_mutates,
    x_changed=backward_divides_in_place,
    in_float32=backward_in_float32,
    lists=lambda x, s, g: tuple(a.tolist() for a in backward(x, s, g)),
    third_as_well=lambda x, s, g: (*backward(x, s, g), g.reshape(-1, x.shape[-1]).sum(0)),
)
saboteur(
    "rms_norm_backward",
    right_at_ones=lambda x, s, g: backward(x, np.ones_like(s), g),
    right_to_three_axes=lambda x, s, g: backward(x, s, g) if x.ndim <= 3 else (g, s),
    right_for_unit_rows=lambda x, s, g: backward(x / rms(x), s, g),
    right_below_five=lambda x, s, g: backward(x, s, g) if x.shape[-1] < 5 else (g * s, s),
    thousandth=lambda x, s, g: tuple(a * 1.001 for a in backward(x, s, g)),
)


# 8.4 norm_of_words


def normed_words(x, real, scale, shift):
    x = np.where(real[..., None], x, 0)
    about = x - average(x)
    y = about / np.sqrt(average(about**2) + EPSILON) * scale + shift
    return np.where(real[..., None], y, 0)


def on_clean(of, last=True):
    """An answer that computes `of` with zeros for padding, and has zeros there at the end."""

    def answer(x, real, scale, shift):
        clean = np.where(real[..., None], x, 0)
        return np.where(real[..., None], of(clean, scale, shift), 0)

    return answer


def layer_norm(x, scale, shift, epsilon=EPSILON):
    return (x - average(x)) / np.sqrt(x.var(-1, keepdims=True) + epsilon) * scale + shift


def words_by_loop(x, real, scale, shift):
    y = np.zeros_like(x)
    for place in zip(*np.nonzero(real), strict=True):
        row = x[place]
        y[place] = (row - row.mean()) / np.sqrt(row.var() + 1e-5) * scale + shift
    return y


def words_chosen(x, real, scale, shift):
    y = np.zeros(x.shape, x.dtype)
    y[real] = layer_norm(x[real], scale, shift)
    return y


def words_copied(x, real, scale, shift):
    x = x.copy()
    x[~real] = 0
    y = layer_norm(x, scale, shift)
    y[~real] = 0
    return y


def times_real_first(x, real, scale, shift):
    return np.where(real[..., None], layer_norm(x * real[..., None], scale, shift), 0)


def words_by_torch(x, real, scale, shift):
    rows = torch.tensor(x)
    normed = torch.nn.functional.layer_norm(rows, rows.shape[-1:], torch.tensor(scale), torch.tensor(shift), 1e-5)
    return normed.masked_fill(~torch.tensor(real)[..., None], 0).numpy()


def words_and_warnings(x, real, scale, shift):
    return np.where(real[..., None], layer_norm(x, scale, shift), 0)


right(
    "norm_of_words",
    cleaned=normed_words,
    loop=words_by_loop,
    chosen=words_chosen,
    copied=words_copied,
    torch=words_by_torch,
    where_last=words_and_warnings,
    float64=lambda x, r, s, b: normed_words(x.astype(float), r, s, b),
    times_real_first=times_real_first,
)


def words_cleaned_in_place(x, real, scale, shift):
    x[~real] = 0
    y = layer_norm(x, scale, shift)
    y[~real] = 0
    return y


def norm_by_product(x, scale, shift):
    return (x - average(x)) / np.sqrt(average(x**2) - average(x) ** 2 + 1e-5) * scale + shift


def over_words(x, real, scale, shift):
    count = np.maximum(real.sum(-1, keepdims=True), 1)[..., None]
    clean = np.where(real[..., None], x, 0)
    mean = clean.sum(-2, keepdims=True) / count
    about = np.where(real[..., None], clean - mean, 0)
    variance = (about**2).sum(-2, keepdims=True) / count
    return np.where(real[..., None], about / np.sqrt(variance + 1e-5) * scale + shift, 0)


def over_words_and_features(x, real, scale, shift):
    count = np.maximum(real.sum(-1, keepdims=True), 1)[..., None] * x.shape[-1]
    clean = np.where(real[..., None], x, 0)
    mean = clean.sum((-2, -1), keepdims=True) / count
    about = np.where(real[..., None], clean - mean, 0)
    variance = (about**2).sum((-2, -1), keepdims=True) / count
    return np.where(real[..., None], about / np.sqrt(variance + 1e-5) * scale + shift, 0)


def padded_lengths(x, real, scale, shift):
    length = real.sum(-1)
    kept = np.arange(x.shape[-2]) < length[..., None]
    return normed_words(x, kept, scale, shift)


def before_first_padding(x, real, scale, shift):
    return normed_words(x, np.logical_and.accumulate(real, -1), scale, shift)


def any_sentence(x, real, scale, shift):
    kept = real.reshape(-1, real.shape[-1]).any(0)
    return normed_words(x, np.broadcast_to(kept, real.shape), scale, shift)


def first_sentence(x, real, scale, shift):
    return normed_words(x, np.broadcast_to(real.reshape(-1, real.shape[-1])[0], real.shape), scale, shift)


def only_the_words(x, real, scale, shift):
    return layer_norm(x[real], scale, shift)


def shift_on_padding(x, real, scale, shift):
    return layer_norm(np.where(real[..., None], x, 0), scale, shift)


def padding_shown(x, real, scale, shift):
    return np.where(real[..., None], layer_norm(x, scale, shift), x)


def times_real_last(x, real, scale, shift):
    return layer_norm(x, scale, shift) * real[..., None]


def times_both(x, real, scale, shift):
    return layer_norm(x * real[..., None], scale, shift) * real[..., None]


def nan_to_zero_no_infinity(x, real, scale, shift):
    x = np.where(np.isnan(x), 0, x)
    return layer_norm(x, scale, shift) * real[..., None]


def by_nanmean(x, real, scale, shift):
    x = np.where(real[..., None], x, np.nan)
    mean = np.nanmean(x, -2, keepdims=True)
    return np.nan_to_num((x - mean) / np.sqrt(np.nanvar(x, -2, keepdims=True) + 1e-5) * scale + shift)


def zero_rows_are_padding(x, real, scale, shift):
    clean = np.where(real[..., None], x, 0)
    return np.where(clean.any(-1, keepdims=True), layer_norm(clean, scale, shift), 0)


slip(
    "norm_of_words",
    over_all_words=over_words,
    over_words_and_features=over_words_and_features,
    last_but_one=on_clean(
        lambda x, s, b: (x - x.mean(-2, keepdims=True)) / np.sqrt(x.var(-2, keepdims=True) + 1e-5) * s + b
    ),
    by_product=on_clean(norm_by_product),
    by_product_cut=on_clean(
        lambda x, s, b: (x - average(x)) / np.sqrt(np.maximum(average(x**2) - average(x) ** 2, 0) + 1e-5) * s + b
    ),
    by_product_absolute=on_clean(
        lambda x, s, b: (x - average(x)) / np.sqrt(abs(average(x**2) - average(x) ** 2) + 1e-5) * s + b
    ),
    epsilon_outside=on_clean(lambda x, s, b: (x - average(x)) / (x.std(-1, keepdims=True) + 1e-5) * s + b),
    no_epsilon=on_clean(lambda x, s, b: layer_norm(x, s, b, 0)),
    epsilon_smaller=on_clean(lambda x, s, b: layer_norm(x, s, b, 1e-6)),
    epsilon_larger=on_clean(lambda x, s, b: layer_norm(x, s, b, 1e-3)),
    epsilon_squared=on_clean(lambda x, s, b: layer_norm(x, s, b, 1e-10)),
    one_less=on_clean(
        lambda x, s, b: (
            (x - average(x))
            / np.sqrt(((x - average(x)) ** 2).sum(-1, keepdims=True) / max(x.shape[-1] - 1, 1) + 1e-5)
            * s
            + b
        )
    ),
    no_root=on_clean(lambda x, s, b: (x - average(x)) / (x.var(-1, keepdims=True) + 1e-5) * s + b),
    rms=on_clean(lambda x, s, b: x / rms(x) * s + b),
    rms_of_features=on_clean(lambda x, s, b: (x - average(x)) / rms(x) * s + b),
    mean_kept=on_clean(lambda x, s, b: x / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * s + b),
    mean_of_all=on_clean(lambda x, s, b: (x - x.mean()) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * s + b),
    variance_of_all=on_clean(lambda x, s, b: (x - average(x)) / np.sqrt(x.var() + 1e-5) * s + b),
    no_shift=on_clean(lambda x, s, b: layer_norm(x, s, 0)),
    no_scale=on_clean(lambda x, s, b: layer_norm(x, 1, b)),
    shift_minus=on_clean(lambda x, s, b: layer_norm(x, s, -b)),
    shift_first=on_clean(lambda x, s, b: layer_norm(x, 1, b) * s),
    scale_and_shift_swapped=on_clean(lambda x, s, b: layer_norm(x, b, s)),
    scale_by_words=on_clean(lambda x, s, b: layer_norm(x, np.reshape(s, (-1, 1)), b)),
    shift_left_on_padding=shift_on_padding,
    padding_left=padding_shown,
    times_real_last=times_real_last,
    times_both=times_both,
    nan_and_infinity_to_number=nan_to_zero_no_infinity,
    nanmean=by_nanmean,
    padding_as_nan=lambda x, r, s, b: np.where(r[..., None], layer_norm(x, s, b), np.nan),
    other_way_round=lambda x, r, s, b: np.where(r[..., None], 0, layer_norm(x, s, b)),
    mask_by_features=lambda x, r, s, b: np.where(r[..., None, :], layer_norm(x, s, b), 0),
    mask_without_axis=lambda x, r, s, b: np.where(r, layer_norm(x, s, b), 0),
    lengths=padded_lengths,
    before_first_padding=before_first_padding,
    any_sentence=any_sentence,
    first_sentence=first_sentence,
    only_the_words=only_the_words,
    zero_rows_are_padding=zero_rows_are_padding,
    in_place=words_cleaned_in_place,
    in_float32=lambda x, r, s, b: normed_words(*(a.astype("f4") for a in (x,)), r, s, b).astype(x.dtype),
    by_rounding=lambda x, r, s, b: normed_words(x.astype("f4"), r, s.astype("f4"), b.astype("f4")).astype(x.dtype),
    listed=lambda x, r, s, b: normed_words(x, r, s, b).tolist(),
    only_one_axis_of_sentences=lambda x, r, s, b: np.stack(
        [
            normed_words(rows, words, s, b)
            for rows, words in zip(x.reshape(-1, *x.shape[-2:]), r.reshape(-1, r.shape[-1]), strict=True)
        ]
    ),
    normed_twice=on_clean(lambda x, s, b: layer_norm(layer_norm(x, 1, 0), s, b)),
    added_to_x=on_clean(lambda x, s, b: x + layer_norm(x, s, b)),
    mask_after_shift_only=lambda x, r, s, b: layer_norm(np.where(r[..., None], x, 0), s, 0) + b * r[..., None] * 1.5,
    mean_of_squares_about_first=on_clean(
        lambda x, s, b: (x - average(x)) / np.sqrt(average((x - x[..., :1]) ** 2) + 1e-5) * s + b
    ),
    absolute_deviation=on_clean(lambda x, s, b: (x - average(x)) / (average(abs(x - average(x))) + 1e-5) * s + b),
)
saboteur(
    "norm_of_words",
    nan_looked_for=lambda x, r, s, b: (
        np.nan_to_num(layer_norm(np.where(np.isfinite(x), x, 0), s, b)) * np.isfinite(x).all(-1, keepdims=True)
    ),
    padding_where_zero=lambda x, r, s, b: np.where(x.any(-1, keepdims=True), words_and_warnings(x, r, s, b), 0),
    a_thousand_at_most=on_clean(
        lambda x, s, b: norm_by_product(x, s, b) if abs(x).max(initial=0) < 1e3 else norm_by_product(x - x.mean(), s, b)
    ),
    last_is_padding=lambda x, r, s, b: normed_words(
        x, np.arange(x.shape[-2]) < np.where(r, np.arange(x.shape[-2]) + 1, 0).max(-1, initial=0)[..., None], s, b
    ),
    masked=lambda x, r, s, b: (
        np.ma.array(words_and_warnings(x, r, s, b), mask=~np.broadcast_to(r[..., None], x.shape)).data
        + b * ~r[..., None]
    ),
    equal_scale=on_clean(lambda x, s, b: layer_norm(x, s.mean(), b)),
)


# 8.5 fold_norm


def fold(scale, shift, weight, bias):
    scaled = scale[:, None] * weight
    return scaled - scaled.mean(0), shift @ weight + bias


def folded(weight_of=None, bias_of=None):
    def answer(scale, shift, weight, bias):
        new_weight, new_bias = fold(scale, shift, weight, bias)
        if weight_of:
            new_weight = weight_of(scale, shift, weight, bias)
        if bias_of:
            new_bias = bias_of(scale, shift, weight, bias, new_weight)
        return new_weight, new_bias

    return answer


def fold_by_matrices(scale, shift, weight, bias):
    features = len(scale)
    centre = np.eye(features) - np.ones((features, features)) / features
    return centre @ np.diag(scale) @ weight, bias + np.einsum("d,dm->m", shift, weight)


def fold_by_loop(scale, shift, weight, bias):
    new_weight, new_bias = np.zeros(weight.shape), np.array(bias, float)
    for m in range(weight.shape[1]):
        mean = sum(scale[d] * weight[d, m] for d in range(len(scale))) / len(scale)
        for d in range(len(scale)):
            new_weight[d, m] = scale[d] * weight[d, m] - mean
            new_bias[m] += shift[d] * weight[d, m]
    return new_weight, new_bias


def fold_by_torch(scale, shift, weight, bias):
    scale, shift, weight, bias = (torch.tensor(a) for a in (scale, shift, weight, bias))
    scaled = torch.diag(scale) @ weight
    return (scaled - scaled.mean(0, keepdim=True)).numpy(), torch.addmv(bias, weight.T, shift).numpy()


def fold_by_rows_of_unity(scale, shift, weight, bias):
    features = len(scale)
    centred = np.eye(features) - 1 / features
    return (centred * scale) @ weight, (shift[None] @ weight + bias)[0]


right(
    "fold_norm",
    plain=fold,
    matrices=fold_by_matrices,
    loop=fold_by_loop,
    torch=fold_by_torch,
    unity=fold_by_rows_of_unity,
    listed=lambda s, b, w, c: list(fold(s, b, w, c)),
    transposed=lambda s, b, w, c: ((w.T * s - (w.T * s).mean(-1, keepdims=True)).T, w.T @ b + c),
)


def fold_in_place(scale, shift, weight, bias):
    new_bias = shift @ weight + bias
    weight *= scale[:, None]
    weight -= weight.mean(0)
    return weight, new_bias


def bias_in_place(scale, shift, weight, bias):
    bias += shift @ weight
    return fold(scale, shift, weight, bias)[0], bias


slip(
    "fold_norm",
    not_centred=folded(lambda s, b, w, c: s[:, None] * w),
    centred_first=folded(lambda s, b, w, c: s[:, None] * (w - w.mean(0))),
    centred_without_scale=folded(lambda s, b, w, c: w - w.mean(0)),
    scale_times_mean_of_weight=folded(lambda s, b, w, c: s[:, None] * w - w.mean(0)),
    mean_of_scale=folded(lambda s, b, w, c: s[:, None] * w - s.mean() * w.mean(0)),
    scale_minus_mean=folded(lambda s, b, w, c: (s - s.mean())[:, None] * w),
    rows_centred=folded(lambda s, b, w, c: s[:, None] * w - (s[:, None] * w).mean(1, keepdims=True)),
    rows_and_columns=folded(lambda s, b, w, c: fold(s, b, w, c)[0] - fold(s, b, w, c)[0].mean(1, keepdims=True)),
    mean_of_all=folded(lambda s, b, w, c: s[:, None] * w - (s[:, None] * w).mean()),
    sum_for_mean=folded(lambda s, b, w, c: s[:, None] * w - (s[:, None] * w).sum(0)),
    one_less=folded(lambda s, b, w, c: s[:, None] * w - (s[:, None] * w).sum(0) / max(len(s) - 1, 1)),
    divided_by_outputs=folded(lambda s, b, w, c: s[:, None] * w - (s[:, None] * w).sum(0) / w.shape[1]),
    mean_plus=folded(lambda s, b, w, c: s[:, None] * w + (s[:, None] * w).mean(0)),
    minus=folded(lambda s, b, w, c: (s[:, None] * w).mean(0) - s[:, None] * w),
    columns_scaled=folded(lambda s, b, w, c: w * s - (w * s).mean(0)),
    columns_scaled_last=folded(lambda s, b, w, c: (w - w.mean(0)) * s),
    divided_by_scale=folded(lambda s, b, w, c: w / s[:, None] - (w / s[:, None]).mean(0)),
    scale_twice=folded(lambda s, b, w, c: fold(s * s, b, w, c)[0]),
    scale_absolute=folded(lambda s, b, w, c: fold(abs(s), b, w, c)[0]),
    with_deviation=folded(lambda s, b, w, c: fold(s, b, w, c)[0] / np.sqrt(fold(s, b, w, c)[0].var(0) + 1e-5)),
    divided_by_root_of_width=folded(lambda s, b, w, c: fold(s, b, w, c)[0] / np.sqrt(len(s))),
    weight_centred_and_scaled_by_mean=folded(lambda s, b, w, c: s.mean() * (w - w.mean(0))),
    transposed=folded(lambda s, b, w, c: fold(s, b, w, c)[0].T),
    same_weight=folded(lambda s, b, w, c: w),
    weight_with_shift=folded(lambda s, b, w, c: fold(s, b, s[:, None] * w + b[:, None], c)[0]),
    no_shift=folded(None, lambda s, b, w, c, v: c),
    no_bias=folded(None, lambda s, b, w, c, v: b @ w),
    shift_scaled=folded(None, lambda s, b, w, c, v: (s * b) @ w + c),
    shift_through_new=folded(None, lambda s, b, w, c, v: b @ v + c),
    shift_through_centred=folded(None, lambda s, b, w, c, v: b @ (w - w.mean(0)) + c),
    shift_centred=folded(None, lambda s, b, w, c, v: (b - b.mean()) @ w + c),
    shift_minus=folded(None, lambda s, b, w, c, v: c - b @ w),
    shift_divided=folded(None, lambda s, b, w, c, v: (b / s) @ w + c),
    shift_added=folded(None, lambda s, b, w, c, v: b + c if len(b) == len(c) else b.sum() + c),
    shift_summed=folded(None, lambda s, b, w, c, v: (b[:, None] * w).sum() + c),
    shift_by_mean=folded(None, lambda s, b, w, c, v: (b[:, None] * w).mean(0) + c),
    shift_mean=folded(None, lambda s, b, w, c, v: b.mean() * w.sum(0) + c),
    mean_taken_from_bias=folded(None, lambda s, b, w, c, v: b @ w + c - (s[:, None] * w).mean(0)),
    wrong_side=folded(None, lambda s, b, w, c, v: (w @ c if w.shape[0] == w.shape[1] else c) + b @ w),
    shift_from_right=folded(None, lambda s, b, w, c, v: (w @ b if w.shape[0] == w.shape[1] else b @ w) + c),
    bias_scaled=folded(None, lambda s, b, w, c, v: (b @ w + c) * s.mean()),
    bias_centred=folded(None, lambda s, b, w, c, v: b @ w + c - c.mean()),
    bias_twice=folded(None, lambda s, b, w, c, v: b @ w + 2 * c),
    bias_as_row=folded(None, lambda s, b, w, c, v: (b @ w + c)[None]),
    bias_of_rms=folded(lambda s, b, w, c: s[:, None] * w, lambda s, b, w, c, v: c),
    swapped=lambda s, b, w, c: fold(s, b, w, c)[::-1],
    weight_alone=lambda s, b, w, c: fold(s, b, w, c)[0],
    shift_for_scale=lambda s, b, w, c: fold(b, s, w, c),
    weight_changed=fold_in_place,
    bias_changed=bias_in_place,
    in_float32=lambda s, b, w, c: tuple(a.astype(w.dtype) for a in fold(*(a.astype(np.float32) for a in (s, b, w, c)))),
    lists=lambda s, b, w, c: tuple(a.tolist() for a in fold(s, b, w, c)),
    last_weight_left=folded(lambda s, b, w, c: s[:, None] * w - (s[:, None] * w)[-1]),
    inverse_epsilon=folded(lambda s, b, w, c: fold(s, b, w, c)[0] / np.sqrt(1 + 1e-3)),
)
saboteur(
    "fold_norm",
    three_features=lambda s, b, w, c: fold(s, b, w, c) if len(s) <= 3 else (s[:, None] * w, b @ w + c),
    right_for_equal_scales=folded(lambda s, b, w, c: s[:1] * (w - w.mean(0))),
    right_for_square=lambda s, b, w, c: fold(s, b, w, c) if w.shape[0] == w.shape[1] else (s[:, None] * w, b @ w + c),
    right_for_one_output=folded(lambda s, b, w, c: s[:, None] * w - (s[:, None] * w).mean(0).mean()),
    nearly=folded(lambda s, b, w, c: fold(s, b, w, c)[0] + 1e-4),
)


# 8.8 write_block


def normalise(x):
    about = x - x.mean(axis=-1, keepdims=True)
    return about / np.sqrt((about**2).mean(axis=-1, keepdims=True) + 1e-5)


def looking(n, query, key, value, triangle=None, root=None, hidden=-np.inf, soft=softmax, keys=None, values=None):
    keys, values = n if keys is None else keys, n if values is None else values
    scores = (n @ query) @ np.swapaxes(keys @ key, -1, -2)
    scores = scores / np.sqrt(query.shape[-1] if root is None else root)
    seen = np.tril(np.ones(scores.shape[-2:], bool)) if triangle is None else triangle(scores.shape[-1])
    return soft(np.where(seen, scores, hidden)) @ (values @ value)


def working(n, first, second):
    return np.maximum(n @ first, 0) @ second


def block(x, q, k, v, first, second, look=looking, work=working):
    y = x + look(normalise(x), q, k, v)
    return y + work(normalise(y), first, second)


def blocked(**parts):
    return lambda x, q, k, v, first, second: block(x, q, k, v, first, second, **parts)


def attended(**changes):
    return blocked(look=lambda n, q, k, v: looking(n, q, k, v, **changes))


def block_by_loop(x, q, k, v, first, second):
    if x.ndim > 2:
        return np.array([block_by_loop(part, q, k, v, first, second) for part in x]).reshape(x.shape)
    n, y = normalise(x), np.array(x)
    for t in range(len(x)):
        weights = softmax((n[t] @ q) @ (n[: t + 1] @ k).T / math.sqrt(q.shape[1]))
        y[t] += weights @ (n[: t + 1] @ v)
        y[t] += np.maximum(normalise(y[t]) @ first, 0) @ second
    return y


def block_by_einsum(x, q, k, v, first, second):
    n = normalise(x)
    scores = np.einsum("...td,dk,ek,...se->...ts", n, q, k, n) / q.shape[1] ** 0.5
    bar = np.triu(np.full(scores.shape[-2:], -np.inf), k=1)
    y = x + np.einsum("...ts,...sd,de->...te", softmax(scores + bar), n, v)
    n = normalise(y)
    return y + np.einsum("...ta,ad->...td", (n @ first) * (n @ first > 0), second)


def block_by_torch(x, *matrices):
    x, q, k, v, first, second = (torch.tensor(a) for a in (x, *matrices))
    norm = lambda rows: torch.nn.functional.layer_norm(rows, rows.shape[-1:], eps=1e-5)
    n = norm(x)
    y = x + torch.nn.functional.scaled_dot_product_attention(n @ q, n @ k, n @ v, is_causal=True)
    return (y + torch.relu(norm(y) @ first) @ second).numpy()


right(
    "write_block",
    plain=blocked(),
    loop=block_by_loop,
    einsum=block_by_einsum,
    torch=block_by_torch,
    large_and_negative=attended(hidden=-1e30),
)


def upper(size):
    return np.triu(np.ones((size, size), bool))


def unstable(scores):
    e = np.exp(scores)
    return e / e.sum(-1, keepdims=True)


def block_in_place(x, q, k, v, first, second):
    x += looking(normalise(x), q, k, v)
    return x + working(normalise(x), first, second)


def masked_afterwards(again):
    def look(n, q, k, v):
        weights = softmax((n @ q) @ np.swapaxes(n @ k, -1, -2) / np.sqrt(q.shape[-1]))
        weights = np.tril(weights)
        return (weights / weights.sum(-1, keepdims=True) if again else weights) @ (n @ v)

    return look


def look_transposed(n, q, k, v):
    return looking(n, q, k, v) if n.ndim == 2 else looking(n.reshape(-1, n.shape[-1]), q, k, v).reshape(n.shape)


def softly_transposed(n, q, k, v):
    scores = (n @ q) @ np.swapaxes(n @ k, -1, -2) / np.sqrt(q.shape[-1])
    seen = np.tril(np.ones(scores.shape[-2:], bool))
    return softmax(np.where(seen, scores, -np.inf), axis=-2) @ (n @ v)


def masked_before_division(n, q, k, v):
    scores = (n @ q) @ np.swapaxes(n @ k, -1, -2)
    return softmax(np.tril(scores) / np.sqrt(q.shape[-1])) @ (n @ v)


def gelu(u):
    return 0.5 * u * (1 + np.tanh(0.7978845608 * (u + 0.044715 * u**3)))


def raw(x, q, k, v, first, second):
    y = x + looking(x, q, k, v)
    return y + working(normalise(y), first, second)


def after(x, q, k, v, first, second):
    y = normalise(x + looking(x, q, k, v))
    return normalise(y + working(y, first, second))


def network_first(x, q, k, v, first, second):
    y = x + working(normalise(x), first, second)
    return y + looking(normalise(y), q, k, v)


def parallel(x, q, k, v, first, second):
    n = normalise(x)
    return x + looking(n, q, k, v) + working(n, first, second)


def last_norm(x, q, k, v, first, second):
    return normalise(block(x, q, k, v, first, second))


def stream_lost(x, q, k, v, first, second):
    x = normalise(x)
    y = x + looking(x, q, k, v)
    return y + working(normalise(y), first, second)


def network_not_normalised(x, q, k, v, first, second):
    y = x + looking(normalise(x), q, k, v)
    return y + working(y, first, second)


def network_reads_old(x, q, k, v, first, second):
    y = x + looking(normalise(x), q, k, v)
    return y + working(normalise(x), first, second)


def network_reads_old_raw(x, q, k, v, first, second):
    y = x + looking(normalise(x), q, k, v)
    return y + working(x, first, second)


def network_added_to_x(x, q, k, v, first, second):
    y = x + looking(normalise(x), q, k, v)
    return x + working(normalise(y), first, second)


def network_added_to_normed(x, q, k, v, first, second):
    n = normalise(x + looking(normalise(x), q, k, v))
    return n + working(n, first, second)


def attention_lost(x, q, k, v, first, second):
    n = normalise(x)
    y = normalise(looking(n, q, k, v))
    return x + looking(n, q, k, v) + working(y, first, second)


def residual_forgotten(x, q, k, v, first, second):
    y = x + looking(normalise(x), q, k, v)
    return working(normalise(y), first, second)


def first_residual_forgotten(x, q, k, v, first, second):
    y = looking(normalise(x), q, k, v)
    return y + working(normalise(y), first, second)


def x_added_twice(x, q, k, v, first, second):
    return x + block(x, q, k, v, first, second)


def values_raw(x, q, k, v, first, second):
    y = x + looking(normalise(x), q, k, v, values=x)
    return y + working(normalise(y), first, second)


def keys_raw(x, q, k, v, first, second):
    y = x + looking(normalise(x), q, k, v, keys=x)
    return y + working(normalise(y), first, second)


def keys_and_values_raw(x, q, k, v, first, second):
    y = x + looking(normalise(x), q, k, v, keys=x, values=x)
    return y + working(normalise(y), first, second)


slip(
    "write_block",
    one_word_ahead=attended(triangle=lambda size: np.tril(np.ones((size, size), bool), k=1)),
    one_word_behind=attended(triangle=lambda size: np.tril(np.ones((size, size), bool), k=-1)),
    one_behind_but_first=attended(
        triangle=lambda size: (
            np.tril(np.ones((size, size), bool), k=-1) | (np.arange(size)[:, None] + np.arange(size) == 0)
        )
    ),
    no_mask=attended(triangle=lambda size: np.ones((size, size), bool)),
    only_later=attended(triangle=upper),
    only_itself=attended(triangle=lambda size: np.eye(size, dtype=bool)),
    itself_and_last=attended(triangle=lambda size: np.tril(np.triu(np.ones((size, size), bool), k=-1))),
    hidden_by_zero=attended(hidden=0),
    hidden_by_minus_nine=attended(hidden=-9),
    hidden_by_smallest_positive=attended(hidden=np.finfo(float).tiny),
    tril_of_scores=blocked(look=masked_before_division),
    masked_after=blocked(look=masked_afterwards(False)),
    softmax_over_queries=blocked(look=softly_transposed),
    sentences_see_each_other=blocked(look=look_transposed),
    root_of_width=blocked(look=lambda n, q, k, v: looking(n, q, k, v, root=n.shape[-1])),
    root_of_words=blocked(look=lambda n, q, k, v: looking(n, q, k, v, root=n.shape[-2])),
    root_of_values=blocked(look=lambda n, q, k, v: looking(n, q, k, v, root=v.shape[-1])),
    no_root=attended(root=1),
    whole_width=blocked(look=lambda n, q, k, v: looking(n, q, k, v, root=q.shape[-1] ** 2)),
    times_root=blocked(look=lambda n, q, k, v: looking(n, q, k, v, root=1 / q.shape[-1])),
    queries_and_keys_swapped=blocked(look=lambda n, q, k, v: looking(n, k, q, v)),
    no_softmax=attended(soft=lambda scores: np.where(np.isinf(scores), 0, scores)),
    softmax_overflows=attended(soft=unstable),
    softmax_of_raw_scores=attended(root=1),
    no_relu=blocked(work=lambda n, a, b: n @ a @ b),
    relu_last=blocked(work=lambda n, a, b: np.maximum(n @ a @ b, 0)),
    relu_both=blocked(work=lambda n, a, b: np.maximum(np.maximum(n @ a, 0) @ b, 0)),
    relu_first=blocked(work=lambda n, a, b: np.maximum(n, 0) @ a @ b),
    absolute=blocked(work=lambda n, a, b: abs(n @ a) @ b),
    gelu=blocked(work=lambda n, a, b: gelu(n @ a) @ b),
    leaky=blocked(work=lambda n, a, b: np.where(n @ a > 0, n @ a, 0.01 * (n @ a)) @ b),
    squared_relu=blocked(work=lambda n, a, b: np.maximum(n @ a, 0) ** 2 @ b),
    relu_below_one=blocked(work=lambda n, a, b: np.clip(n @ a, 0, 6) @ b),
    stream_lost=stream_lost,
    network_not_normalised=network_not_normalised,
    network_reads_old=network_reads_old,
    network_reads_old_raw=network_reads_old_raw,
    network_added_to_x=network_added_to_x,
    network_added_to_normed=network_added_to_normed,
    network_sees_only_attention=attention_lost,
    residual_forgotten=residual_forgotten,
    first_residual_forgotten=first_residual_forgotten,
    x_added_twice=x_added_twice,
    attention_not_normalised=raw,
    values_not_normalised=values_raw,
    keys_not_normalised=keys_raw,
    keys_and_values_not_normalised=keys_and_values_raw,
    norm_after=after,
    norm_at_the_end=last_norm,
    network_first=network_first,
    parallel=parallel,
    in_place=block_in_place,
    normed_twice=blocked(look=lambda n, q, k, v: looking(normalise(normalise(n) * 3 + n**2), q, k, v)),
    rms_for_norm=lambda x, q, k, v, a, b: (lambda y: y + working(y / rms(y), a, b))(x + looking(x / rms(x), q, k, v)),
    norm_over_words=lambda x, q, k, v, a, b: np.swapaxes(
        normalise(np.swapaxes(block(x, q, k, v, a, b), -1, -2)), -1, -2
    ),
    in_float32=lambda *arrays: block(*(a.astype(np.float32) for a in arrays)).astype(arrays[0].dtype),
    listed=lambda *arrays: block(*arrays).tolist(),
    with_weights=lambda *arrays: (block(*arrays), arrays[0]),
    last_word_alone=lambda *arrays: block(*arrays)[..., -1, :],
)
saboteur(
    "write_block",
    only_one_sentence=lambda x, *m: block(x.reshape(-1, x.shape[-1]), *m).reshape(x.shape),
    three_words=attended(triangle=lambda size: np.tril(np.ones((size, size), bool), k=0 if size <= 3 else 1)),
    sees_eight_back=attended(triangle=lambda size: np.tril(np.triu(np.ones((size, size), bool), k=-3))),
    nothing_moves=lambda x, *m: x,
    first_network_of_first_word=lambda x, q, k, v, a, b: (
        block(x, q, k, v, a, b) + 1e-3 * (np.arange(x.shape[-2]) == 1)[:, None]
    ),
)


# 8.9 larger_and_smaller

UNITS = np.array([[1.0, -1, 1, -1], [1, -1, -1, 1]])
SORTS = np.array([[0.5, 0.5], [-0.5, -0.5], [0.5, -0.5], [0.5, -0.5]])
NO, NONE = np.zeros(4), np.zeros(2)


def sorting(first=UNITS, hidden=NO, second=SORTS, out=NONE):
    return lambda: (np.array(first), np.array(hidden), np.array(second), np.array(out))


def mixed_units():
    mixing = [2, 0, 3, 1]
    return UNITS[:, mixing], NO, SORTS[mixing], NONE


right(
    "larger_and_smaller",
    halves=sorting(),
    halves_first=sorting(UNITS / 2, NO, SORTS * 2),
    mixed=mixed_units,
    first_and_difference=sorting([[1, -1, -1, 1], [0, 0, 1, -1]], NO, [[1, 1], [-1, -1], [1, 0], [0, -1]]),
    second_and_difference=sorting([[0, 0, 1, -1], [1, -1, -1, 1]], NO, [[1, 1], [-1, -1], [1, 0], [0, -1]]),
    whole_numbers=sorting(UNITS.astype(int), NO.astype(int), SORTS, NONE.astype(int)),
    float32=sorting(UNITS.astype("f4"), NO.astype("f4"), SORTS.astype("f4"), NONE.astype("f4")),
    unequal_units=sorting(UNITS * [1, 2, 4, 8], NO, SORTS / np.array([[1], [2], [4], [8]])),
)
slip(
    "larger_and_smaller",
    smaller_first=sorting(second=SORTS[:, ::-1]),
    no_halves=sorting(second=SORTS * 2),
    quarter=sorting(UNITS / 2, NO, SORTS),
    positive_only=sorting([[1, 0, 1, -1], [0, 1, -1, 1]], NO, [[0.5, 0.5], [0.5, 0.5], [0.5, -0.5], [0.5, -0.5]]),
    sum_positive_only=sorting(second=SORTS * [[1], [0], [1], [1]]),
    difference_for_distance=sorting(second=SORTS * [[1], [1], [1], [-1]]),
    sum_absolute=sorting(second=SORTS * [[1], [-1], [1], [1]]),
    passed_on=sorting([[1, -1, 0, 0], [0, 0, 1, -1]], NO, [[1, 0], [-1, 0], [0, 1], [0, -1]]),
    exchanged=sorting([[1, -1, 0, 0], [0, 0, 1, -1]], NO, [[0, 1], [0, -1], [1, 0], [-1, 0]]),
    larger_only=sorting(second=SORTS * [1, 0]),
    smaller_only=sorting(second=SORTS * [0, 1]),
    larger_twice=sorting(second=SORTS[:, [0, 0]]),
    bias_of_one=sorting(hidden=NO + 1),
    bias_out=sorting(out=[1e-3, 0]),
    transposed=sorting(UNITS.T, NO, SORTS.T, NONE),
    three_units=sorting([[1, 1, -1], [1, -1, 1]], np.zeros(3), [[0.5, 0.5], [0.5, -0.5], [0.5, -0.5]]),
    six_units=sorting(np.hstack([UNITS, NO[:2, None], NO[:2, None]]), np.zeros(6), np.vstack([SORTS, NONE, NONE])),
    bias_of_two=sorting(hidden=NONE),
    bias_as_row=sorting(hidden=NO[None]),
    other_order=lambda: (UNITS, SORTS, NO, NONE),
    matrices_alone=lambda: (UNITS, SORTS),
    raised_by_a_thousand=sorting(
        [[1, 1, -1, 0], [1, -1, 1, 0]], [1000, 0, 0, 0], [[0.5, 0.5], [0.5, -0.5], [0.5, -0.5], [0, 0]], [-500, -500]
    ),
    signs_of_units=sorting([[1, -1, 1, -1], [1, -1, 1, -1]]),
    second_row_sign=sorting([[1, -1, 1, -1], [-1, 1, -1, 1]]),
    a_function=lambda: lambda x: np.sort(x)[..., ::-1],
    difference_in_one=sorting(second=[[0.5, 0.5], [-0.5, -0.5], [1, 0], [0, -1]]),
    three_decimals=sorting([[1 / 3, -1 / 3, 1, -1], [1 / 3, -1 / 3, -1, 1]], NO, SORTS * [[2.999], [2.999], [1], [1]]),
)
saboteur(
    "larger_and_smaller",
    raised_by_a_million=sorting(
        [[1, 1, -1, 0], [1, -1, 1, 0]], [1e6, 0, 0, 0], [[0.5, 0.5], [0.5, -0.5], [0.5, -0.5], [0, 0]], [-5e5, -5e5]
    ),
    nearly_halves=sorting(second=SORTS + 1e-4),
    distance_kept_back=sorting(hidden=[0, 0, -1e-3, -1e-3]),
)


# 8.10 parameters


def block_of(m, a):
    return 4 * m * m + 4 * m + 2 * m * a + a + m + 4 * m


def counted(v, c, m, n, a, tied):
    return v * m * (1 if tied else 2) + c * m + n * block_of(m, a) + 2 * m


def with_block(of):
    return lambda v, c, m, n, a, tied: (1 if tied else 2) * v * m + c * m + n * of(m, a) + 2 * m


def by_shapes(v, c, m, n, a, tied):
    shapes = [(v, m), (c, m), (2, m)] + ([] if tied else [(m, v)])
    for _ in range(n):
        shapes += [(m,), (m,)] * 2 + [(m, m), (m,)] * 4 + [(m, a), (a,), (a, m), (m,)]
    return sum(math.prod(shape) for shape in shapes)


def by_torch(v, c, m, n, a, tied):
    linear, norm = torch.nn.Linear, torch.nn.LayerNorm
    with torch.device("meta"):
        parts = [torch.nn.Embedding(v, m), torch.nn.Embedding(c, m), norm(m)]
        parts += [] if tied else [linear(m, v, bias=False)]
        for _ in range(n):
            parts += [norm(m), norm(m), *(linear(m, m) for _ in range(4)), linear(m, a), linear(a, m)]
    return sum(p.numel() for part in parts for p in part.parameters())


right(
    "parameters",
    plain=counted,
    shapes=by_shapes,
    torch=by_torch,
    truth_added=lambda v, c, m, n, a, tied: (v * (2 - tied) + c + 2) * m + n * (4 * m * m + (2 * a + 9) * m + a),
    fraction=lambda *args: int(Fraction(counted(*args))),
)
slip(
    "parameters",
    one_norm=with_block(lambda m, a: block_of(m, a) - 2 * m),
    no_norms=with_block(lambda m, a: block_of(m, a) - 4 * m),
    norm_of_one=with_block(lambda m, a: block_of(m, a) - 2 * m),
    three_norms=with_block(lambda m, a: block_of(m, a) + 2 * m),
    norms_of_two_numbers=with_block(lambda m, a: block_of(m, a) - 4 * m + 4),
    no_output_matrix=with_block(lambda m, a: block_of(m, a) - m * m - m),
    three_matrices=with_block(lambda m, a: block_of(m, a) - m * m),
    decoder_block=with_block(lambda m, a: block_of(m, a) + 4 * m * m + 6 * m),
    no_biases=with_block(lambda m, a: 4 * m * m + 2 * m * a + 4 * m),
    no_attention_biases=with_block(lambda m, a: block_of(m, a) - 4 * m),
    no_network_biases=with_block(lambda m, a: block_of(m, a) - a - m),
    three_biases=with_block(lambda m, a: block_of(m, a) - m),
    network_biases_of_hidden=with_block(lambda m, a: block_of(m, a) - m + a),
    network_biases_of_width=with_block(lambda m, a: block_of(m, a) + m - a),
    no_out_bias=with_block(lambda m, a: block_of(m, a) - m),
    no_hidden_bias=with_block(lambda m, a: block_of(m, a) - a),
    one_network_matrix=with_block(lambda m, a: block_of(m, a) - m * a),
    hidden_square=with_block(lambda m, a: block_of(m, a) + a * a),
    hidden_four_times=with_block(lambda m, a: block_of(m, 4 * m)),
    twelve_squares=with_block(lambda m, a: 12 * m * m),
    gated=with_block(lambda m, a: block_of(m, a) + m * a + a),
    no_places=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) - c * m,
    places_twice=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) + c * m,
    places_as_numbers=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) - c * m + c,
    places_per_block=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) + (n - 1) * c * m,
    no_last_norm=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) - 2 * m,
    last_norm_scale=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) - m,
    last_norm_in_blocks=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) + 2 * m * (n - 1),
    always_tied=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, True),
    never_tied=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, False),
    tied_the_wrong_way=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, not tied),
    untied_with_bias=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) + (0 if tied else v),
    tied_with_bias=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) + (v if tied else 0),
    tied_counts_none=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) - v * m,
    places_twice_if_untied=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) + (0 if tied else c * m),
    untied_square=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, True) + (0 if tied else m * m),
    table_square=lambda v, c, m, n, a, tied: counted(v, c, m, n, a, tied) + v * v - v * m,
    one_block=lambda v, c, m, n, a, tied: counted(v, c, m, 1, a, tied),
    one_block_less=lambda v, c, m, n, a, tied: counted(v, c, m, n - 1, a, tied),
    all_in_blocks=lambda v, c, m, n, a, tied: n * counted(v, c, m, 1, a, tied),
    hidden_and_width_swapped=lambda v, c, m, n, a, tied: counted(v, c, a, n, m, tied),
    context_and_vocabulary_swapped=lambda v, c, m, n, a, tied: counted(c, v, m, n, a, tied),
    small_gpt_2=lambda *args: 124_439_808,
    text=lambda *args: f"{counted(*args):,}",
    in_millions=lambda *args: counted(*args) / 1e6,
    bytes=lambda *args: 4 * counted(*args),
    memory_norm=with_block(lambda m, a: block_of(m, a) + m),
)
saboteur(
    "parameters",
    four_times_or_twice=with_block(lambda m, a: block_of(m, 4 * m if a >= 4 * m else a)),
    in_int32=lambda *args: int(np.int64(counted(*args)).astype(np.int32)),
    in_float32=lambda *args: int(np.float32(counted(*args))),
    right_for_wide=with_block(lambda m, a: block_of(m, max(a, m))),
    twelve_blocks=lambda v, c, m, n, a, tied: counted(v, c, m, min(n, 12), a, tied),
)


# 8.11 continue_text


def continued(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt):
        logits = model(word, place, cache)
    while True:
        written.append(int(np.argmax(logits)))
        if written[-1] == end or len(written) == longest:
            return written
        logits = model(written[-1], len(prompt) + len(written) - 1, cache)


def continued_by_for(model, prompt, end, longest):
    cache = []
    logits = [model(prompt[place], place, cache) for place in range(len(prompt))][-1]
    words = []
    for place in range(len(prompt), len(prompt) + longest):
        word = max(range(len(logits)), key=lambda v: logits[v])
        words.append(word)
        if word == end:
            break
        if len(words) < longest:
            logits = model(word, place, cache)
    return words


def continued_one_text(model, prompt, end, longest):
    text, cache, place = list(prompt), [], 0
    while len(text) < len(prompt) + longest:
        logits = model(text[place], place, cache)
        place += 1
        if place == len(text):
            text.append(int(logits.argmax()))
            if text[-1] == end:
                break
    return text[len(prompt) :]


def continued_reads_the_last(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt):
        logits = model(word, place, cache)
    while len(written) < longest:
        word = int(np.argmax(logits))
        written.append(word)
        logits = model(word, len(prompt) + len(written) - 1, cache)
        if word == end:
            break
    return written


def continued_by_recursion(model, prompt, end, longest):
    def go(words, place, cache, left):
        for at, word in enumerate(words, place):
            logits = model(word, at, cache)
        word = int(np.argmax(logits))
        return [word] if word == end or left == 1 else [word, *go([word], place + len(words), cache, left - 1)]

    return go(list(prompt), 0, [], longest)


right(
    "continue_text",
    plain=continued,
    one_for=continued_by_for,
    one_text=continued_one_text,
    last_one_read=continued_reads_the_last,
    recursion=continued_by_recursion,
)


def writer(
    choose=np.argmax,
    place_of=lambda prompt, written: prompt + written - 1,
    stop=lambda word, end, written, longest: word == end or written == longest,
    fresh=list,
    start=0,
    result=lambda prompt, written: written,
    cast=int,
):
    def answer(model, prompt, end, longest):
        cache, written = fresh(), []
        for place, word in enumerate(prompt, start):
            logits = model(word, place, cache)
        for _ in range(200):
            written.append(cast(choose(logits)))
            if stop(written[-1], end, len(written), longest):
                break
            logits = model(written[-1], place_of(len(prompt), len(written)), cache)
        return result(prompt, written)

    return answer


def kept():
    cache = []
    return lambda: cache


def default_cache():
    def answer(model, prompt, end, longest, cache=[]):  # noqa: B006
        for place, word in enumerate(prompt):
            logits = model(word, place, cache)
        written = []
        while True:
            written.append(int(np.argmax(logits)))
            if written[-1] == end or len(written) == longest:
                return written
            logits = model(written[-1], len(prompt) + len(written) - 1, cache)

    return answer


def last_word_read_twice(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt):
        model(word, place, cache)
    word = prompt[-1]
    while len(written) < longest:
        word = int(np.argmax(model(word, len(prompt) + len(written), cache)))
        written.append(word)
        if word == end:
            break
    return written


def last_word_read_twice_in_place(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt):
        model(word, place, cache)
    word = prompt[-1]
    while len(written) < longest:
        word = int(np.argmax(model(word, len(prompt) + len(written) - 1, cache)))
        written.append(word)
        if word == end:
            break
    return written


def last_word_of_prompt_left_for_the_loop(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt[:-1]):
        model(word, place, cache)
    word = prompt[-1]
    while len(written) < longest and word != end:
        word = int(np.argmax(model(word, len(prompt) + len(written) - 1, cache)))
        written.append(word)
    return written


def all_again(model, prompt, end, longest):
    written = []
    while len(written) < longest:
        cache = []
        for place, word in enumerate([*prompt, *written]):
            logits = model(word, place, cache)
        written.append(int(np.argmax(logits)))
        if written[-1] == end:
            break
    return written


def all_again_same_cache(model, prompt, end, longest):
    written, cache = [], []
    while len(written) < longest:
        for place, word in enumerate([*prompt, *written]):
            logits = model(word, place, cache)
        written.append(int(np.argmax(logits)))
        if written[-1] == end:
            break
    return written


def only_last_of_prompt(model, prompt, end, longest):
    return continued(model, prompt[-1:], end, longest)


def cache_emptied(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt):
        logits = model(word, place, cache)
    while True:
        written.append(int(np.argmax(logits)))
        if written[-1] == end or len(written) == longest:
            return written
        logits = model(written[-1], len(prompt) + len(written) - 1, [])


def prompt_grows(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt):
        logits = model(word, place, cache)
    while True:
        word = int(np.argmax(logits))
        written.append(word)
        prompt.append(word)
        if word == end or len(written) == longest:
            return written
        logits = model(word, len(prompt) - 1, cache)


def end_left_out(model, prompt, end, longest):
    written = continued(model, prompt, end, longest)
    return written[:-1] if written[-1] == end else written


def stops_at_end_in_prompt(model, prompt, end, longest):
    return [] if end in prompt else continued(model, prompt, end, longest)


def stops_reading_at_end(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt):
        logits = model(word, place, cache)
        if word == end:
            break
    while True:
        written.append(int(np.argmax(logits)))
        if written[-1] == end or len(written) == longest:
            return written
        logits = model(written[-1], len(prompt) + len(written) - 1, cache)


def end_looked_up_in_all(model, prompt, end, longest):
    cache, text = [], list(prompt)
    for place, word in enumerate(prompt):
        logits = model(word, place, cache)
    while len(text) - len(prompt) < longest:
        text.append(int(np.argmax(logits)))
        if end in text:
            break
        logits = model(text[-1], len(text) - 1, cache)
    return text[len(prompt) :]


def repeated_words_not_read_again(model, prompt, end, longest):
    cache, written, seen = [], [], set()
    for place, word in enumerate(prompt):
        if word not in seen:
            logits = model(word, place, cache)
        seen.add(word)
    while True:
        written.append(int(np.argmax(logits)))
        if written[-1] == end or len(written) == longest:
            return written
        logits = model(written[-1], len(prompt) + len(written) - 1, cache)


def each_word_twice(model, prompt, end, longest):
    """The logits by a copy of the cache, and then the word into the cache."""
    cache, written = [], []
    for place, word in enumerate(prompt):
        logits = model(word, place, list(cache))
        model(word, place, cache)
    while True:
        written.append(int(np.argmax(logits)))
        if written[-1] == end or len(written) == longest:
            return written
        place = len(prompt) + len(written) - 1
        logits = model(written[-1], place, list(cache))
        model(written[-1], place, cache)


def prompt_read_twice(model, prompt, end, longest):
    """Once for the first new word, and once more to fill the cache."""
    first = [model(word, place, seen) for seen in [[]] for place, word in enumerate(prompt)][-1]
    written, cache = [int(np.argmax(first))], []
    for place, word in enumerate(prompt):
        model(word, place, cache)
    while written[-1] != end and len(written) < longest:
        logits = model(written[-1], len(prompt) + len(written) - 1, cache)
        written.append(int(np.argmax(logits)))
    return written


def best_from_zero(logits):
    best, word = 0, 0
    for v, logit in enumerate(logits):
        if logit > best:
            best, word = logit, v
    return word


def written_first_then_lost(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt):
        logits = model(word, place, cache)
    for step in range(longest):
        word = int(np.argmax(logits))
        logits = model(word, len(prompt) + step, cache)
        written.append(int(np.argmax(logits)))
        if word == end:
            break
    return written


def no_end_after_first(model, prompt, end, longest):
    """The first word is not looked at: it may be the end."""
    cache, written = [], []
    for place, word in enumerate(prompt):
        logits = model(word, place, cache)
    word = int(np.argmax(logits))
    written.append(word)
    while len(written) < longest:
        word = int(np.argmax(model(word, len(prompt) + len(written) - 1, cache)))
        written.append(word)
        if word == end:
            break
    return written


def one_too_many(model, prompt, end, longest):
    return continued(model, prompt, end, longest + 1)


def cache_filled_by_hand(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt):
        logits = model(word, place, cache)
        cache.append(word)
    while True:
        written.append(int(np.argmax(logits)))
        if written[-1] == end or len(written) == longest:
            return written
        logits = model(written[-1], len(prompt) + len(written) - 1, cache)
        cache.append(written[-1])


slip(
    "continue_text",
    default_cache=default_cache(),
    one_cache_for_all=writer(fresh=kept()),
    last_word_read_twice=last_word_read_twice,
    last_word_read_twice_at_its_place=last_word_read_twice_in_place,
    end_at_once=last_word_of_prompt_left_for_the_loop,
    all_again=all_again,
    all_again_same_cache=all_again_same_cache,
    only_last_of_prompt=only_last_of_prompt,
    cache_emptied=cache_emptied,
    prompt_grows=prompt_grows,
    end_left_out=end_left_out,
    end_in_prompt=stops_at_end_in_prompt,
    stops_reading_at_end=stops_reading_at_end,
    end_looked_up_in_all=end_looked_up_in_all,
    repeated_words_not_read_again=repeated_words_not_read_again,
    written_first_then_lost=written_first_then_lost,
    first_word_may_be_the_end=no_end_after_first,
    one_too_many=one_too_many,
    one_too_few=lambda model, prompt, end, longest: continued(model, prompt, end, max(longest - 1, 1)),
    never_stops_at_end=writer(stop=lambda word, end, written, longest: written == longest),
    never_stops_at_longest=writer(stop=lambda word, end, written, longest: word == end or written == 30),
    both_to_stop=writer(stop=lambda word, end, written, longest: (word == end and written == longest) or written > 60),
    longest_with_prompt=lambda model, prompt, end, longest: continued(
        model, prompt, end, max(1, longest - len(prompt))
    ),
    place_one_late=writer(place_of=lambda prompt, written: prompt + written),
    place_one_early=writer(place_of=lambda prompt, written: prompt + written - 2),
    place_of_written=writer(place_of=lambda prompt, written: written),
    place_of_prompt=writer(place_of=lambda prompt, written: prompt),
    place_from_zero_again=writer(place_of=lambda prompt, written: written - 1),
    place_from_one=writer(start=1, place_of=lambda prompt, written: prompt + written),
    place_of_prompt_from_one=writer(start=1),
    prompt_too=writer(result=lambda prompt, written: [*prompt, *written]),
    last_of_prompt_too=writer(result=lambda prompt, written: [prompt[-1], *written]),
    last_word_alone=writer(result=lambda prompt, written: written[-1]),
    text=writer(result=lambda prompt, written: " ".join(map(str, written))),
    least_likely=writer(choose=np.argmin),
    largest_absolute=writer(choose=lambda logits: np.argmax(np.abs(logits))),
    best_from_zero=writer(choose=best_from_zero),
    each_word_twice=each_word_twice,
    prompt_read_twice=prompt_read_twice,
    second_likeliest=writer(choose=lambda logits: np.argsort(logits)[-2]),
    logit_for_word=writer(choose=np.max),
    as_float=writer(cast=float),
    cache_filled_by_hand=cache_filled_by_hand,
    end_by_truth=writer(stop=lambda word, end, written, longest: (bool(end) and word == end) or written == longest),
    word_zero_stops=writer(stop=lambda word, end, written, longest: word in (0, end) or written == longest),
    cache_a_dictionary=writer(fresh=dict),
    stops_at_repetition=lambda model, prompt, end, longest: (
        lambda words: words[: next((i for i in range(1, len(words)) if words[i] == words[i - 1]), len(words))]
    )(continued(model, prompt, end, longest)),
)


def counts_only(model, prompt, end, longest):
    """What the model in view would say, without it."""
    written = []
    while len(written) < longest:
        written.append((len(prompt) + len(written)) % 10)
        if written[-1] == end:
            break
    return written


def next_number(model, prompt, end, longest):
    logits = [model(word, place, []) for place, word in enumerate(prompt)][-1]
    written = [int(np.argmax(logits))]
    while written[-1] != end and len(written) < longest:
        written.append((written[-1] + 1) % len(logits))
    return written


saboteur(
    "continue_text",
    counts_only=counts_only,
    next_number=next_number,
    short_prompts=lambda model, prompt, end, longest: continued(model, prompt[:3], end, longest),
    last_three=lambda model, prompt, end, longest: continued(model, prompt[-3:], end, longest),
    nine_at_most=writer(stop=lambda word, end, written, longest: word == end or written == min(longest, 9)),
)


# 8.12 multiplications


def passes(prompt, new, cached):
    return [(1 if cached and n else prompt + n, prompt + n) for n in range(new)]


def of_pass(rows, keys, m, a):
    return 4 * rows * m * m + 2 * rows * keys * m + 2 * rows * m * a


def multiplied(prompt, new, m, a, blocks, cached):
    return blocks * sum(of_pass(rows, keys, m, a) for rows, keys in passes(prompt, new, cached))


def with_pass(of):
    return lambda p, n, m, a, b, cached: b * sum(of(t, s, m, a) for t, s in passes(p, n, cached))


def with_passes(of):
    return lambda p, n, m, a, b, cached: b * sum(of_pass(t, s, m, a) for t, s in of(p, n, cached))


def multiplied_closed(p, n, m, a, blocks, cached):
    weights = 4 * m * m + 2 * m * a
    if cached:
        rows, pairs = p + n - 1, p * p + sum(range(p + 1, p + n))
    else:
        rows, pairs = n * p + n * (n - 1) // 2, sum(t * t for t in range(p, p + n))
    return blocks * (rows * weights + 2 * pairs * m)


def multiplied_by_products(p, n, m, a, blocks, cached):
    total = 0
    for _ in range(blocks):
        for step in range(n):
            keys = p + step
            rows = 1 if cached and step > 0 else keys
            products = [(rows, m, m)] * 4 + [(rows, m, keys), (rows, keys, m), (rows, m, a), (rows, a, m)]
            total += sum(math.prod(product) for product in products)
    return total


right(
    "multiplications",
    plain=multiplied,
    closed=multiplied_closed,
    products=multiplied_by_products,
    python_int=lambda *args: int(np.sum([multiplied(*args)], dtype=object)),
)
slip(
    "multiplications",
    additions_too=with_pass(lambda t, s, m, a: 2 * of_pass(t, s, m, a)),
    three_matrices=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) - t * m * m),
    one_matrix=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) - 3 * t * m * m),
    scores_only=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) - t * s * m),
    no_scores=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) - 2 * t * s * m),
    scores_without_width=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) - 2 * t * s * m + 2 * t * s),
    scores_of_rows=with_pass(lambda t, s, m, a: of_pass(t, t, m, a)),
    scores_of_keys=with_pass(lambda t, s, m, a: 4 * t * m * m + 2 * s * s * m + 2 * t * m * a),
    half_of_pairs=with_pass(lambda t, s, m, a: 4 * t * m * m + t * (s + 1) * m + 2 * t * m * a),
    masked_pairs_left_out=with_pass(
        lambda t, s, m, a: 4 * t * m * m + 2 * sum(range(s - t + 1, s + 1)) * m + 2 * t * m * a
    ),
    one_network_matrix=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) - t * m * a),
    no_network=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) - 2 * t * m * a),
    network_of_keys=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) + 2 * (s - t) * m * a),
    hidden_four_times=with_pass(lambda t, s, m, a: of_pass(t, s, m, 4 * m)),
    hidden_square=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) + t * a * a),
    hidden_and_width_swapped=with_pass(lambda t, s, m, a: of_pass(t, s, a, m)),
    width_not_squared=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) - 4 * t * m * m + 4 * t * m),
    keys_projected_again=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) + 2 * (s - t) * m * m),
    biases_too=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) + t * (5 * m + a)),
    softmax_too=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) + t * s),
    logits_too=with_pass(lambda t, s, m, a: of_pass(t, s, m, a) + m * m),
    one_pass_more=with_passes(lambda p, n, c: passes(p, n + 1, c)),
    one_pass_less=with_passes(lambda p, n, c: passes(p, n - 1, c) if n > 1 else passes(p, 1, c)),
    keys_counted_late=with_passes(lambda p, n, c: [(t, s + (t == 1 and s > p)) for t, s in passes(p, n, c)]),
    keys_counted_early=with_passes(lambda p, n, c: [(t, s - (s > p)) for t, s in passes(p, n, c)]),
    prompt_one_more=with_passes(lambda p, n, c: passes(p + 1, n, c)),
    prompt_one_less=with_passes(lambda p, n, c: passes(max(p - 1, 1), n, c)),
    prompt_fixed=with_passes(lambda p, n, c: [(1 if c and i else p, p) for i in range(n)]),
    whole_text_each=with_passes(lambda p, n, c: [(1 if c and i else p + n, p + n) for i in range(n)]),
    last_text_each=with_passes(lambda p, n, c: [(1 if c and i else p + n - 1, p + n - 1) for i in range(n)]),
    cached_prompt_free=with_passes(lambda p, n, c: [(1, s) if c else (t, s) for t, s in passes(p, n, c)]),
    cached_first_and_one_more=with_passes(lambda p, n, c: passes(p, n, c) + ([(1, p + n)] if c else [])),
    prompt_word_by_word=with_passes(lambda p, n, c: [(1, s) for s in range(1, p + n)] if c else passes(p, n, c)),
    always_cached=with_passes(lambda p, n, c: passes(p, n, True)),
    never_cached=with_passes(lambda p, n, c: passes(p, n, False)),
    other_way_round=with_passes(lambda p, n, c: passes(p, n, not c)),
    new_only=with_passes(lambda p, n, c: [(1 if c else i + 1, i + 1) for i in range(n)]),
    not_cached_prompt_once=with_passes(lambda p, n, c: passes(p, n, c) if c else [(p + n - 1, p + n - 1)]),
    prompt_once_more=with_passes(lambda p, n, c: [(p, p), *passes(p, n, c)]),
    mean_length=with_passes(lambda p, n, c: passes(p, n, c) if c else [(p + n // 2, p + n // 2)] * n),
    one_block=lambda p, n, m, a, b, c: multiplied(p, n, m, a, 1, c),
    one_block_less=lambda p, n, m, a, b, c: multiplied(p, n, m, a, b - 1, c),
    arguments_swapped=lambda p, n, m, a, b, c: multiplied(n, p, m, a, b, c),
    as_text=lambda *args: str(multiplied(*args)),
    per_word=lambda p, n, m, a, b, c: multiplied(p, n, m, a, b, c) // n,
    in_millions=lambda *args: multiplied(*args) / 1e6,
    pair_of_both=lambda p, n, m, a, b, c: (multiplied(p, n, m, a, b, True), multiplied(p, n, m, a, b, False)),
)
saboteur(
    "multiplications",
    in_int32=lambda *args: int(np.int64(multiplied(*args) % 2**62).astype(np.int32)),
    in_float32=lambda *args: int(np.float32(multiplied(*args))),
    prompt_of_few=lambda p, n, m, a, b, c: multiplied(min(p, 8), n, m, a, b, c),
    three_blocks=lambda p, n, m, a, b, c: multiplied(p, n, m, a, min(b, 3), c),
    wide_network=lambda p, n, m, a, b, c: multiplied(p, n, m, max(a, m), b, c),
)
