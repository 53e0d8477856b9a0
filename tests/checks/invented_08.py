"""Answers to the exercises of chapter 8, invented from the tasks: each wrong one differs somewhere."""
# ruff: noqa: E501

import numpy as np
import scipy.special

from tests.checks.register import Answers

answers = Answers("08")
wrong, right = answers.unlisted, answers.right


def turned(array):
    return np.swapaxes(array, -1, -2)


def norm(x, epsilon=1e-5):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + np.asarray(epsilon, x.dtype))


# 8.1 norm_by_hand

Y, G = [-12, -3, 1, 1.8], [0.52, -0.64, -0.36, 0.48]
answers.by_hand(
    "norm_by_hand",
    wrong={
        "gradient_first": [G, Y], "row_alone": Y, "gradient_alone": [G], "a_sign": [Y, [-0.52, 0.64, 0.36, -0.48]],
        "normalised": [[-1.4, -0.2, 0.2, 1.4], G], "not_shifted": [[-14, -4, 1, 2.8], G], "nothing_back": [Y, [0, 0, 0, 0]],
        "scale_and_no_more": [Y, [10, 0, 0, 0]], "divided_twice": [Y, [0.104, -0.128, -0.072, 0.096]],
        "of_the_first_alone": [Y, [0.52, 0, 0, 0]], "rounded": [Y, [0.5, -0.6, -0.4, 0.5]], "none": None, "text": "Y, G",
        "with_nan": [Y, [0.52, -0.64, -0.36, float("nan")]], "columns": [[y, g] for y, g in zip(Y, G, strict=True)],
    },
    right={"arrays": np.array([Y, G]), "float32": np.array([Y, G], np.float32), "nearly": [Y, [0.5201, -0.6399, -0.36, 0.48]]},
)  # fmt: skip


# 8.2 rms_norm


def rms(x, scale, epsilon=1e-5):
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    return (wide / np.sqrt((wide * wide).mean(-1, keepdims=True) + np.asarray(epsilon, wide.dtype)) * scale).astype(
        x.dtype
    )


@wrong("rms_norm")
def scale_missing_when_one(x, scale):
    return rms(x, scale if len(scale) > 1 else np.ones_like(scale))


@wrong("rms_norm")
def by_absolute_values(x, scale):
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    return (wide / (np.abs(wide).mean(-1, keepdims=True) + 1e-5) * scale).astype(x.dtype)


@wrong("rms_norm")
def by_maximum(x, scale):
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    return (wide / np.sqrt(np.maximum((wide * wide).mean(-1, keepdims=True), 1e-5)) * scale).astype(x.dtype)


@wrong("rms_norm")
def squeezed(x, scale):
    return rms(x, scale).squeeze()


@wrong("rms_norm")
def in_float32_always(x, scale):
    return rms(x.astype(np.float32), scale.astype(np.float32)).astype(x.dtype)


@wrong("rms_norm")
def cut_at_ten(x, scale):
    return np.clip(rms(x, scale), -10, 10)


@wrong("rms_norm")
def by_the_longest_row(x, scale):
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    return (wide / np.sqrt((wide * wide).mean(-1).max() + 1e-5) * scale).astype(x.dtype)


@wrong("rms_norm")
def by_n_minus_one(x, scale):
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    n = max(x.shape[-1] - 1, 1)
    return (wide / np.sqrt((wide * wide).sum(-1, keepdims=True) / n + 1e-5) * scale).astype(x.dtype)


@wrong("rms_norm")
def epsilon_of_a_library(x, scale):
    return rms(x, scale, np.finfo(x.dtype).eps)


@wrong("rms_norm")
def zeros_to_ones(x, scale):
    return np.where((x == 0).all(-1, keepdims=True), 1, rms(x, scale)).astype(x.dtype)


@wrong("rms_norm")
def rows_and_batch(x, scale):
    return rms(x.reshape(x.shape[0], -1), np.tile(scale, int(np.prod(x.shape[1:-1])))).reshape(x.shape)


@right("rms_norm")
def scaled_by_the_largest(x, scale):
    wide = x.astype(np.longdouble)
    return (wide / np.sqrt((wide**2).mean(-1, keepdims=True) + 1e-5) * scale).astype(x.dtype)


# 8.3 rms_norm_backward


def back(x, scale, g, epsilon=1e-5):
    size = np.sqrt((x * x).mean(-1, keepdims=True) + np.asarray(epsilon, x.dtype))
    n, h = x / size, g * scale
    return (h - n * (h * n).mean(-1, keepdims=True)) / size, (g * n).reshape(-1, len(scale)).sum(0)


@wrong("rms_norm_backward")
def scale_of_the_last_sentence(x, scale, g):
    grad_x, _ = back(x, scale, g)
    return grad_x, back(x.reshape(-1, x.shape[-2], len(scale))[-1], scale, g.reshape(-1, x.shape[-2], len(scale))[-1])[
        1
    ]


@wrong("rms_norm_backward")
def along_over_everything(x, scale, g):
    size = np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    n, h = x / size, g * scale
    return (h - n * (h * n).mean()) / size, back(x, scale, g)[1]


@wrong("rms_norm_backward")
def along_a_unit_vector(x, scale, g):
    """Exactly at right angles, as if ε were 0."""
    size = np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    n, h = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-30), g * scale
    return (h - n * (h * n).mean(-1, keepdims=True)) / size, back(x, scale, g)[1]


@wrong("rms_norm_backward")
def scale_twice(x, scale, g):
    return back(x, scale * scale, g)[0], back(x, scale, g)[1]


@wrong("rms_norm_backward")
def without_upstream(x, scale, g):
    return back(x, scale, np.ones_like(g))


@wrong("rms_norm_backward")
def scale_without_upstream(x, scale, g):
    return back(x, scale, g)[0], back(x, scale, np.ones_like(g))[1]


@wrong("rms_norm_backward")
def kept_axis(x, scale, g):
    grad_x, of_scale = back(x, scale, g)
    return grad_x, of_scale[None]


@wrong("rms_norm_backward")
def epsilon_forward_alone(x, scale, g):
    return back(x, scale, g, 1e-6)


@right("rms_norm_backward")
def by_one_formula(x, scale, g):
    v = (x**2).mean(-1)[..., None] + 1e-5
    h = g * scale
    return (
        (h * v - x * (h * x).mean(-1)[..., None]) / v**1.5,
        np.tensordot(g, x / v**0.5, (range(x.ndim - 1),) * 2).diagonal(),
    )


# 8.4 norm_of_words


def words(x, real, scale, shift):
    return np.where(real[..., None], norm(np.where(real[..., None], x, 0)) * scale + shift, 0)


@wrong("norm_of_words")
def first_row_of_padding(x, real, scale, shift):
    rows = words(x, real, scale, shift)
    return np.where(np.cumsum(~real, -1)[..., None] > 1, 0, np.where(real[..., None], rows, shift))


@wrong("norm_of_words")
def nan_to_number(x, real, scale, shift):
    return np.where(real[..., None], norm(np.nan_to_num(x)) * scale + shift, shift)


@wrong("norm_of_words")
def by_lengths_of_the_first(x, real, scale, shift):
    first = real.reshape(-1, real.shape[-1])[0]
    return np.where(first[..., None], norm(np.where(real[..., None], x, 0)) * scale + shift, 0)


@wrong("norm_of_words")
def real_turned(x, real, scale, shift):
    return words(x, ~real, scale, shift)


@wrong("norm_of_words")
def padding_as_nan(x, real, scale, shift):
    return np.where(real[..., None], words(x, real, scale, shift), np.nan)


@wrong("norm_of_words")
def real_rows_alone(x, real, scale, shift):
    return words(x, real, scale, shift)[real]


@wrong("norm_of_words")
def variance_of_all(x, real, scale, shift):
    x = np.where(real[..., None], x, 0)
    about = x - x.mean(-1, keepdims=True)
    return np.where(
        real[..., None], about / np.sqrt((about**2).mean((-1, -2), keepdims=True) + 1e-5) * scale + shift, 0
    )


@wrong("norm_of_words")
def in_single(x, real, scale, shift):
    return words(x.astype(np.float32), real, scale.astype(np.float32), shift.astype(np.float32)).astype(x.dtype)


@right("norm_of_words")
def one_by_one(x, real, scale, shift):
    found = np.zeros(x.shape, x.dtype)
    for place in np.argwhere(real):
        found[tuple(place)] = norm(x[tuple(place)]) * scale + shift
    return found


# 8.5 fold_norm


def fold(scale, shift, weight, bias):
    scaled = scale[:, None] * weight
    return scaled - scaled.mean(0), shift @ weight + bias


@wrong("fold_norm")
def centred_by_the_sum(scale, shift, weight, bias):
    scaled = scale[:, None] * weight
    return scaled - scaled.sum(0), fold(scale, shift, weight, bias)[1]


@wrong("fold_norm")
def centred_by_all(scale, shift, weight, bias):
    scaled = scale[:, None] * weight
    return scaled - scaled.mean(), fold(scale, shift, weight, bias)[1]


@wrong("fold_norm")
def divided_by_the_scale(scale, shift, weight, bias):
    return fold(1 / np.where(scale == 0, 1, scale), shift, weight, bias)


@wrong("fold_norm")
def shift_taken_away(scale, shift, weight, bias):
    return fold(scale, -shift, weight, bias)


@wrong("fold_norm")
def centred_bias(scale, shift, weight, bias):
    return fold(scale, shift, weight, bias - bias.mean())


@wrong("fold_norm")
def in_place_of_the_weight(scale, shift, weight, bias):
    new = shift @ weight + bias
    weight *= scale[:, None]
    weight -= weight.mean(0)
    return weight, new


# 8.8 write_block


def block(x, q, k, v, h, o, past=0):
    rows, T = norm(x), x.shape[-2]
    scores = (rows @ q) @ turned(rows @ k) / np.sqrt(x.dtype.type(q.shape[1]))
    scores = np.where(np.tril(np.ones((T, T), bool), past), scores, -np.inf)
    y = x + scipy.special.softmax(scores, -1) @ (rows @ v)
    return y + np.maximum(norm(y) @ h, 0) @ o


@wrong("write_block")
def future_in_long_sentences(x, q, k, v, h, o):
    return block(x, q, k, v, h, o, 0 if x.shape[-2] < 6 else 1)


@wrong("write_block")
def masked_by_a_thousand(x, q, k, v, h, o):
    rows, T = norm(x), x.shape[-2]
    scores = (rows @ q) @ turned(rows @ k) / np.sqrt(x.dtype.type(q.shape[1]))
    scores = np.where(np.tril(np.ones((T, T), bool)), scores, -1000)
    y = x + scipy.special.softmax(scores, -1) @ (rows @ v)
    return y + np.maximum(norm(y) @ h, 0) @ o


@wrong("write_block")
def masked_after(x, q, k, v, h, o):
    rows, T = norm(x), x.shape[-2]
    p = scipy.special.softmax((rows @ q) @ turned(rows @ k) / q.shape[1] ** 0.5, -1) * np.tril(np.ones((T, T)))
    y = x + p @ (rows @ v)
    return y + np.maximum(norm(y) @ h, 0) @ o


@wrong("write_block")
def masked_after_and_normalised(x, q, k, v, h, o):
    rows, T = norm(x), x.shape[-2]
    e = np.exp((rows @ q) @ turned(rows @ k) / q.shape[1] ** 0.5) * np.tril(np.ones((T, T)))
    y = x + e / e.sum(-1, keepdims=True) @ (rows @ v)
    return y + np.maximum(norm(y) @ h, 0) @ o


@wrong("write_block")
def queries_and_keys_exchanged(x, q, k, v, h, o):
    return block(x, k, q, v, h, o)


@wrong("write_block")
def softmax_over_queries(x, q, k, v, h, o):
    rows, T = norm(x), x.shape[-2]
    scores = np.where(np.tril(np.ones((T, T), bool)), (rows @ q) @ turned(rows @ k) / q.shape[1] ** 0.5, -np.inf)
    y = x + scipy.special.softmax(scores, -2) @ (rows @ v)
    return y + np.maximum(norm(y) @ h, 0) @ o


@wrong("write_block")
def side_by_side(x, q, k, v, h, o):
    return block(x, q, k, v, h, 0 * o) + np.maximum(norm(x) @ h, 0) @ o


@wrong("write_block")
def without_epsilon(x, q, k, v, h, o):
    flat = lambda a: np.nan_to_num((a - a.mean(-1, keepdims=True)) / a.std(-1, keepdims=True))
    rows, T = flat(x), x.shape[-2]
    scores = np.where(np.tril(np.ones((T, T), bool)), (rows @ q) @ turned(rows @ k) / q.shape[1] ** 0.5, -np.inf)
    y = x + scipy.special.softmax(scores, -1) @ (rows @ v)
    return y + np.maximum(flat(y) @ h, 0) @ o


@wrong("write_block")
def gelu_for_relu(x, q, k, v, h, o):
    y = block(x, q, k, v, h, 0 * o)
    u = norm(y) @ h
    return y + u * scipy.special.ndtr(u) @ o


# 8.9 larger_and_smaller

HIDDEN, OUTPUT = np.array([[1.0, -1, 1, -1], [1, -1, -1, 1]]), np.array([[1.0, 1], [-1, -1], [1, -1], [1, -1]]) / 2
answers.by_hand(
    "larger_and_smaller",
    wrong={
        "with_a_bias": (HIDDEN, np.ones(4), OUTPUT, np.zeros(2)), "shifted": (HIDDEN, np.zeros(4), OUTPUT, np.ones(2)),
        "sum_twice": (HIDDEN, np.zeros(4), abs(OUTPUT), np.zeros(2)), "turned": (HIDDEN[::-1], np.zeros(4), OUTPUT[:, ::-1], np.zeros(2)),
        "as_they_come": ([[1, -1, 0, 0], [0, 0, 1, -1]], [0] * 4, [[1, 0], [-1, 0], [0, 1], [0, -1]], [0, 0]),
        "a_million_added": ([[1, 0, 1, 0], [0, 1, -1, 0]], [1e6, 1e6, 0, 0], [[0, 1], [1, 0], [1, -1], [0, 0]], [-1e6, -1e6]),
        "larger_twice": (HIDDEN, np.zeros(4), np.repeat(OUTPUT[:, :1], 2, 1), np.zeros(2)), "three": (HIDDEN, np.zeros(4), OUTPUT),
        "flat": np.concatenate([HIDDEN.ravel(), np.zeros(4), OUTPUT.ravel(), np.zeros(2)]), "words": "W_1, b_1, W_2, b_2", "nothing": None,
        "nearly": (HIDDEN, np.zeros(4), OUTPUT * 1.001, np.zeros(2)), "nan": (HIDDEN, np.full(4, np.nan), OUTPUT, np.zeros(2)),
    },
    right={
        "lists": [HIDDEN.tolist(), [0, 0, 0, 0], OUTPUT.tolist(), [0, 0]],
        "without_minus_the_difference": ([[1.0, -1, 1, -1], [1, -1, -1, 1]], np.zeros(4), OUTPUT, np.zeros(2)),
        "from_the_first": ([[1, -1, 1, -1], [0, 0, -1, 1]], [0] * 4, [[1, 1], [-1, -1], [0, -1], [1, 0]], [0, 0]),
        "smaller_units": (HIDDEN / 8, np.zeros(4), OUTPUT * 8, np.zeros(2)),
    },
)  # fmt: skip


# 8.10 parameters


def count(V, S, M, blocks, U, tied, **change):
    n = {
        "places": S * M,
        "last": 2 * M,
        "block": 4 * M * M + 4 * M + 2 * M * U + U + M + 4 * M,
        "table": (2 - tied) * V * M,
    }
    n |= change
    return n["table"] + n["places"] + blocks * n["block"] + n["last"]


for called, change in {
    "a_bias_at_the_end": lambda V, S, M, b, U, t: {"last": 2 * M + (0 if t else V)},
    "tied_the_wrong_way": lambda V, S, M, b, U, t: {"table": (1 + t) * V * M},
    "always_gpt_2": lambda V, S, M, b, U, t: {"places": 1024 * M},
    "sinusoids": lambda V, S, M, b, U, t: {"places": 0},
    "three_norms": lambda V, S, M, b, U, t: {"block": 4 * M * M + 4 * M + 2 * M * U + U + M + 6 * M},
    "last_norm_in_each": lambda V, S, M, b, U, t: {"last": 2 * M * b},
    "one_more_place": lambda V, S, M, b, U, t: {"places": (S + 1) * M},
    "places_twice": lambda V, S, M, b, U, t: {"places": 2 * S * M},
}.items():  # fmt: skip

    def answer(*sizes, change=change):
        return count(*sizes, **change(*sizes))

    answer.__name__ = called
    wrong("parameters")(answer)


@wrong("parameters")
def in_millions(*sizes):
    return round(count(*sizes) / 1e6, 1)


@wrong("parameters")
def as_text(*sizes):
    return f"{count(*sizes):,}"


@wrong("parameters")
def only_right_for_gpt_2(V, S, M, b, U, tied):
    return 124_439_808 if tied else 163_037_184


@right("parameters")
def as_numpy(*sizes):
    return np.int64(count(*sizes))


# 8.11 continue_text


def go_on(model, prompt, end, longest, pick=np.argmax, first=0, stop=True):
    text, cache = list(prompt), []
    for place in range(len(prompt) + longest - 1):
        logits = model(text[place], place + first, cache)
        if place >= len(prompt) - 1:
            text.append(int(pick(logits)))
            if text[-1] == end and stop:
                break
    return text[len(prompt) :]


@wrong("continue_text")
def second_best(*arguments):
    return go_on(*arguments, pick=lambda logits: np.argsort(logits)[-2])


@wrong("continue_text")
def by_chance(*arguments):
    return go_on(
        *arguments, pick=lambda logits: np.random.default_rng(0).choice(len(logits), p=scipy.special.softmax(logits))
    )


@wrong("continue_text")
def places_from_one(*arguments):
    return go_on(*arguments, first=1)


@wrong("continue_text")
def stops_at_the_end_in_the_prompt(model, prompt, end, longest):
    return [] if end in prompt else go_on(model, prompt, end, longest)


@wrong("continue_text")
def one_too_few(model, prompt, end, longest):
    return go_on(model, prompt, end, longest)[: max(longest - 1, 1)]


@wrong("continue_text")
def stops_when_it_repeats(model, prompt, end, longest):
    found = go_on(model, prompt, end, longest)
    return found[: next((i for i in range(1, len(found)) if found[i] == found[i - 1]), len(found))]


@wrong("continue_text")
def prompt_as_a_set(model, prompt, end, longest):
    return go_on(model, list(dict.fromkeys(prompt)), end, longest)


@wrong("continue_text")
def prompt_extended(model, prompt, end, longest):
    written = go_on(model, prompt, end, longest)
    prompt.extend(written)
    return written


@wrong("continue_text")
def all_anew(model, prompt, end, longest):
    text = list(prompt)
    while len(text) < len(prompt) + longest:
        cache = []
        logits = [model(word, place, cache) for place, word in enumerate(text)][-1]
        text.append(int(np.argmax(logits)))
        if text[-1] == end:
            break
    return text[len(prompt) :]


@wrong("continue_text")
def without_end_test_at_first(model, prompt, end, longest):
    found = go_on(model, prompt, end, longest, stop=False)
    return found[: next((i + 1 for i in range(1, len(found)) if found[i] == end), len(found))]


@right("continue_text")
def reads_one_more(model, prompt, end, longest):
    cache, written = [], []
    for place, word in enumerate(prompt):
        logits = model(word, place, cache)
    for place in range(len(prompt), len(prompt) + longest):
        written += [int(logits.argmax())]
        if written[-1] == end:
            return written
        logits = model(written[-1], place, cache)
    return written


# 8.12 multiplications


def price(prompt, new, M, U, blocks, cached, rows_of=None, keys_of=None):
    total = 0
    for n in range(new):
        keys = prompt + n if keys_of is None else keys_of(prompt, n)
        rows = (1 if cached and n else prompt + n) if rows_of is None else rows_of(prompt, n, cached)
        total += rows * (4 * M * M + 2 * keys * M + 2 * M * U)
    return blocks * total


@wrong("multiplications")
def cached_from_the_first_word(*sizes):
    return price(*sizes, rows_of=lambda prompt, n, cached: 1 if cached else prompt + n)


@wrong("multiplications")
def keys_one_too_many(*sizes):
    return price(*sizes, keys_of=lambda prompt, n: prompt + n + 1)


@wrong("multiplications")
def keys_of_the_prompt(*sizes):
    return price(*sizes, keys_of=lambda prompt, n: prompt)


@wrong("multiplications")
def prompt_word_by_word(prompt, new, M, U, blocks, cached):
    steps = range(1, prompt + new)
    return (
        blocks * sum(4 * M * M + 2 * n * M + 2 * M * U for n in steps)
        if cached
        else price(prompt, new, M, U, blocks, False)
    )


@wrong("multiplications")
def heads_of_64(prompt, new, M, U, blocks, cached):
    return price(prompt, new, M, U, blocks, cached) * max(M // 64, 1) + (M < 64)


@wrong("multiplications")
def four_times_the_width(prompt, new, M, U, blocks, cached):
    return price(prompt, new, M, 4 * M, blocks, cached)


@wrong("multiplications")
def as_a_ratio(prompt, new, M, U, blocks, cached):
    return price(prompt, new, M, U, blocks, False) / price(prompt, new, M, U, blocks, True)


@right("multiplications")
def by_sums(prompt, new, M, U, blocks, cached):
    n = range(prompt, prompt + new)
    rows, pairs = (prompt + new - 1, prompt**2 + sum(n) - prompt) if cached else (sum(n), sum(k * k for k in n))
    return blocks * M * (rows * (4 * M + 2 * U) + 2 * pairs)


# and again


@wrong("rms_norm")
def scale_plus_one(x, scale):
    return rms(x, 1 + scale)


@wrong("rms_norm")
def median_of_squares(x, scale):
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    return (wide / np.sqrt(np.median(wide * wide, -1, keepdims=True) + 1e-5) * scale).astype(x.dtype)


@wrong("rms_norm")
def first_axis_of_three(x, scale):
    return rms(x.swapaxes(0, -2), scale).swapaxes(0, -2) if x.ndim != 4 else rms(x, scale)[::-1]


@wrong("rms_norm")
def epsilon_times_two(x, scale):
    return rms(x, scale, 2e-5)


@right("rms_norm")
def by_root_of_size(x, scale):
    wide = x.astype(np.float64)
    return (scale * wide * np.sqrt(x.shape[-1] / ((wide * wide).sum(-1, keepdims=True) + x.shape[-1] * 1e-5))).astype(
        x.dtype
    )


@wrong("rms_norm_backward")
def along_by_the_output(x, scale, g):
    size = np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    n, h = x / size, g * scale
    return (h - n * scale * (h * n).mean(-1, keepdims=True)) / size, back(x, scale, g)[1]


@wrong("rms_norm_backward")
def divided_by_the_square(x, scale, g):
    size = np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    return back(x, scale, g)[0] / size, back(x, scale, g)[1]


@wrong("rms_norm_backward")
def small_gradients_lost(x, scale, g):
    grad_x, grad_scale = back(x, scale, g)
    return np.where(abs(grad_x) < 1e-6, 0, grad_x), grad_scale


@wrong("norm_of_words")
def last_place_is_padding(x, real, scale, shift):
    real = real & (np.arange(real.shape[-1]) < max(real.shape[-1] - 1, 1))
    return words(x, real, scale, shift)


@wrong("norm_of_words")
def epsilon_of_keras(x, real, scale, shift):
    return np.where(real[..., None], norm(np.where(real[..., None], x, 0), 1e-3) * scale + shift, 0)


@wrong("norm_of_words")
def cut_at_a_hundred(x, real, scale, shift):
    return np.clip(words(x, real, scale, shift), -60, 60)


@wrong("norm_of_words")
def nothing_for_constant_rows(x, real, scale, shift):
    x = np.where(real[..., None], x, 0)
    return np.where(real[..., None] & (np.ptp(x, axis=-1, keepdims=True) > 0), words(x, real, scale, shift), 0)


@wrong("fold_norm")
def weights_by_columns(scale, shift, weight, bias):
    new = weight * scale[: weight.shape[1]] if len(scale) >= weight.shape[1] else weight * scale[0]
    return new - new.mean(0), shift @ weight + bias


@wrong("fold_norm")
def centred_twice_the_shift(scale, shift, weight, bias):
    return fold(scale, shift, weight, bias)[0], (shift - shift.mean()) @ weight + bias


@wrong("write_block")
def normed_over_the_sentence(x, q, k, v, h, o):
    over = lambda a: (a - a.mean((-1, -2), keepdims=True)) / np.sqrt(a.var((-1, -2), keepdims=True) + 1e-5)
    rows, T = over(x), x.shape[-2]
    scores = np.where(np.tril(np.ones((T, T), bool)), (rows @ q) @ turned(rows @ k) / q.shape[1] ** 0.5, -np.inf)
    y = x + scipy.special.softmax(scores, -1) @ (rows @ v)
    return y + np.maximum(over(y) @ h, 0) @ o


@wrong("write_block")
def values_from_the_stream(x, q, k, v, h, o):
    rows, T = norm(x), x.shape[-2]
    scores = np.where(np.tril(np.ones((T, T), bool)), (x @ q) @ turned(rows @ k) / q.shape[1] ** 0.5, -np.inf)
    y = x + scipy.special.softmax(scores, -1) @ (rows @ v)
    return y + np.maximum(norm(y) @ h, 0) @ o


@wrong("write_block")
def epsilon_a_tenth(x, q, k, v, h, o):
    rows, T = norm(x, 1e-6), x.shape[-2]
    scores = np.where(np.tril(np.ones((T, T), bool)), (rows @ q) @ turned(rows @ k) / q.shape[1] ** 0.5, -np.inf)
    y = x + scipy.special.softmax(scores, -1) @ (rows @ v)
    return y + np.maximum(norm(y, 1e-6) @ h, 0) @ o


@wrong("write_block")
def first_sentence_for_all(x, q, k, v, h, o):
    return np.broadcast_to(
        block(x.reshape(-1, *x.shape[-2:])[:1], q, k, v, h, o), (*x.shape[:-2], *x.shape[-2:])
    ).copy()


@right("parameters")
def as_an_array(*sizes):
    return np.array(count(*sizes))


@wrong("continue_text")
def prompt_counts(model, prompt, end, longest):
    return go_on(model, prompt, end, max(longest - len(prompt), 1))


@wrong("continue_text")
def end_of_the_vocabulary(model, prompt, end, longest):
    return go_on(model, prompt, 0, longest)


@right("continue_text")
def by_the_length_of_the_cache(model, prompt, end, longest):
    cache, written, waiting = [], [], list(prompt)
    while len(written) < longest and end not in written:
        for word in waiting:
            logits = model(word, len(cache), cache)
        waiting = [np.argmax(logits)]
        written += waiting
    return np.array(written)


@wrong("multiplications")
def scores_of_new_rows_with_new_rows(*sizes):
    return price(
        *sizes, rows_of=lambda prompt, n, cached: 1 if cached and n else prompt + n, keys_of=lambda prompt, n: n + 1
    )


@wrong("multiplications")
def one_pass_for_the_text(prompt, new, M, U, blocks, cached):
    T = prompt + new - 1
    return blocks * T * (4 * M * M + 2 * T * M + 2 * M * U)


@right("multiplications")
def as_numpy_integer(*sizes):
    return np.int64(price(*sizes))
