"""Answers to the exercises of chapter 08: right ones written otherwise, and wrong ones that are on no list."""

import numpy as np
import scipy.special

from attention.numpy import LayerNorm
from tests.checks.register import Answers

answers = Answers("08")
right, known, wrong = answers.right, answers.known, answers.wrong


def _turned(array):
    return np.swapaxes(array, -1, -2)


def _norm(x):
    M = x.shape[-1]
    return LayerNorm({"scale": np.ones(M, x.dtype), "shift": np.zeros(M, x.dtype)})(x)


# 8.1 norm_by_hand


@right("norm_by_hand")
def computed():
    x, g = np.array([-4.0, 2, 4, 10]), np.array([1.0, 0, 0, 0])
    scale, shift = np.array([10.0, 20, 5, 2]), np.array([2.0, 1, 0, -1])
    normal = (x - x.mean()) / x.std()
    jacobian = (np.eye(4) - 1 / 4 - np.outer(normal, normal) / 4) / x.std()
    return scale * normal + shift, (scale * g) @ jacobian


@right("norm_by_hand")
def in_fractions():
    return ((-12, -3, 1, 9 / 5), (26 / 50, -32 / 50, -18 / 50, 24 / 50))


@wrong("norm_by_hand", "the shape", "Expected (2, 4), what comes out, and the gradient of what goes in, four numbers")
def one_long_list():
    return [-12, -3, 1, 1.8, 0.52, -0.64, -0.36, 0.48]


@wrong("norm_by_hand", "the numbers", "wrong is what stands at [0, 3].")
def one_slip():
    return [[-12, -3, 1, 2.9], [0.52, -0.64, -0.36, 0.48]]


@known("norm_by_hand", "the part along the row left in", "the norm takes it away, and in yours it is still there.")
def mean_alone():
    return [[-12, -3, 1, 1.8], [1.5, -0.5, -0.5, -0.5]]


@known("norm_by_hand", "the part along the row left in, and the mean left in", "the gradient loses its mean")
def divided_alone():
    return [[-12, -3, 1, 1.8], [2, 0, 0, 0]]


@known("norm_by_hand", "the gradient as it came", "The gradient does not stay as it is")
def untouched():
    return [[-12, -3, 1, 1.8], [1, 0, 0, 0]]


@known("norm_by_hand", "no shift", "The shift of each feature is to be added yet.")
def scaled_alone():
    return [[-14, -4, 1, 2.8], [0.52, -0.64, -0.36, 0.48]]


@known("norm_by_hand", "the part along the row added", "is taken away; you added it.")
def plus_along():
    return [[-12, -3, 1, 1.8], [2.48, -0.36, -0.64, -1.48]]


@known("norm_by_hand", "the row divided by the variance", "by the deviation, the root of the variance.")
def by_25():
    return [[-0.8, 0.2, 0.2, -0.44], [0.52, -0.64, -0.36, 0.48]]


@known("norm_by_hand", "the gradient divided by the variance", "On the way back you divided by the variance, 25")
def back_by_25():
    return [[-12, -3, 1, 1.8], [0.104, -0.128, -0.072, 0.096]]


# 8.2 rms_norm


@right("rms_norm")
def by_length(x, scale):
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    length = np.linalg.norm(wide, axis=-1, keepdims=True)
    return (scale * wide * (length**2 / x.shape[-1] + 1e-5) ** -0.5).astype(x.dtype)


@right("rms_norm")
def in_float64(x, scale):
    wide = x.astype(np.float64)
    size = np.sqrt(np.einsum("...d,...d->...", wide, wide) / x.shape[-1] + 1e-5)
    return (wide / size[..., None] * scale).astype(x.dtype)


@wrong("rms_norm", "the scale", "Every number is 2 times what it should be.")
def doubled(x, scale):
    return 2 * by_length(x, scale)


@wrong("rms_norm", "the type (large numbers in float16)", "float16 went in and float32 came out.")
def wide_result(x, scale):
    return by_length(x.astype(np.promote_types(x.dtype, np.float32)), scale)


@known("rms_norm", "no ε", "a row of zeros 0/0.")
def without_epsilon(x, scale):
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    return (wide / np.sqrt((wide**2).mean(-1, keepdims=True)) * scale).astype(x.dtype)


@known("rms_norm", "the variance", "squared are the features themselves.")
def by_deviation(x, scale):
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    return (wide / np.sqrt(wide.var(-1, keepdims=True) + 1e-5) * scale).astype(x.dtype)


@known("rms_norm", "the mean of the sizes, and ε outside of the root", "the root of the mean of their squares.")
def by_mean_size(x, scale):
    wide = x.astype(np.promote_types(x.dtype, np.float32))
    return (wide / (np.abs(wide).mean(-1, keepdims=True) + 1e-5) * scale).astype(x.dtype)


# 8.3 rms_norm_backward


@right("rms_norm_backward")
def by_jacobian(x, scale, grad_output):
    D = x.shape[-1]
    size = np.sqrt((x**2).mean(-1) + x.dtype.type(1e-5))[..., None]
    normal = x / size
    jacobian = (np.eye(D, dtype=x.dtype) - normal[..., None] * normal[..., None, :] / D) / size[..., None]
    grad_x = ((grad_output * scale)[..., None, :] @ jacobian)[..., 0, :]
    return grad_x, np.einsum("nd,nd->d", grad_output.reshape(-1, D), normal.reshape(-1, D))


@right("rms_norm_backward")
def row_by_row(x, scale, grad_output):
    grad_x, grad_scale = np.zeros_like(x), np.zeros_like(scale)
    for place in np.ndindex(x.shape[:-1]):
        row, g = x[place], grad_output[place]
        size = np.sqrt(row @ row / len(row) + 1e-5)
        grad_x[place] = scale * g / size - row * (scale * g @ row) / (len(row) * size**3)
        grad_scale += g * row / size
    return [grad_x, grad_scale]


@wrong("rms_norm_backward", "the results", "Expected 2 results, grad_x and grad_scale; a numpy ndarray came back.")
def of_x_alone(*arguments):
    return by_jacobian(*arguments)[0]


@wrong("rms_norm_backward", "the sign", "grad_x: Every number has the right size and the wrong sign.")
def downhill(*arguments):
    grad_x, grad_scale = by_jacobian(*arguments)
    return -grad_x, grad_scale


@known("rms_norm_backward", "one for each row", "so what comes back to it from all of them is added up.")
def of_each_row(x, scale, grad_output):
    size = np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)
    return by_jacobian(x, scale, grad_output)[0], grad_output * x / size


@known("rms_norm_backward", "over the first axis alone (batches)", "(3, 4): the 3 rows are still there.")
def over_the_batch(x, scale, grad_output):
    size = np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)
    return by_jacobian(x, scale, grad_output)[0], (grad_output * x / size).sum(0)


@known("rms_norm_backward", "the square for the third power", "that is the third power.")
def by_the_square(x, scale, grad_output):
    size = np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)
    g = grad_output * scale
    grad_x = g / size - x * (g * x).mean(-1, keepdims=True) / size**2
    return grad_x, by_jacobian(x, scale, grad_output)[1]


@known("rms_norm_backward", "the scale last", "the scale comes first")
def scaled_at_the_end(x, scale, grad_output):
    grad_x, grad_scale = by_jacobian(x, np.ones_like(scale), grad_output)
    return scale * grad_x, grad_scale


# 8.4 norm_of_words


@right("norm_of_words")
def by_the_library(x, real, scale, shift):
    rows = LayerNorm({"scale": scale, "shift": shift})(np.where(real[..., None], x, 0))
    rows[~real] = 0
    return rows


@right("norm_of_words")
def words_alone(x, real, scale, shift):
    rows = np.zeros_like(x)
    words = x[real]
    rows[real] = (words - words.mean(-1, keepdims=True)) / np.sqrt(words.var(-1, keepdims=True) + 1e-5) * scale + shift
    return rows


@wrong("norm_of_words", "the arguments", "Your function changed its argument `x`, which belongs to the caller.")
def in_place(x, real, scale, shift):
    x[~real] = 0
    return by_the_library(x, real, scale, shift)


@wrong("norm_of_words", "an offset", "one row is too large by 1.")
def ones_for_padding(x, real, scale, shift):
    return np.where(real[..., None], by_the_library(x, real, scale, shift), 1)


@known("norm_of_words", "padding with the shift", "What is padding shall be 0 at the end.")
def hidden_first(x, real, scale, shift):
    return _norm(np.where(real[..., None], x, 0)) * scale + shift


@known("norm_of_words", "no shift", "The shift is left out.")
def never_shifted(x, real, scale, shift):
    return by_the_library(x, real, scale, 0 * shift)


@known("norm_of_words", "no root", "that a row is divided by.")
def by_variance(x, real, scale, shift):
    words = np.where(real[..., None], x, 0)
    about = words - words.mean(-1, keepdims=True)
    return np.where(real[..., None], about / (words.var(-1, keepdims=True) + 1e-5) * scale + shift, 0)


# 8.5 fold_norm


@right("fold_norm")
def by_matrices(scale, shift, weight, bias):
    D = len(scale)
    return (np.eye(D) - np.ones((D, D)) / D) @ np.diag(scale) @ weight, bias + np.einsum("d,dm->m", shift, weight)


@right("fold_norm")
def by_unit_rows(scale, shift, weight, bias):
    rows = np.eye(len(scale)) - 1 / len(scale)
    return [(rows * scale) @ weight, np.add(shift @ weight, bias)]


@wrong("fold_norm", "the order of the results", "All results are right, and come in another order")
def bias_first(*arguments):
    return by_matrices(*arguments)[::-1]


@wrong("fold_norm", "the sign", "new_weight: Every number has the right size and the wrong sign.")
def turned_round(*arguments):
    weight, bias = by_matrices(*arguments)
    return -weight, bias


@known("fold_norm", "over all weights", "each *column* is centred by itself.")
def one_mean(scale, shift, weight, bias):
    scaled = scale[:, None] * weight
    return scaled - scaled.mean(), shift @ weight + bias


# 8.8 write_block


@right("write_block")
def by_the_library_and_scipy(x, query_weight, key_weight, value_weight, hidden_weight, out_weight):
    rows, T = _norm(x), x.shape[-2]
    scores = rows @ (query_weight @ key_weight.T) @ _turned(rows) / np.sqrt(query_weight.shape[1]).astype(x.dtype)
    scores = scores + np.triu(np.full((T, T), -np.inf, x.dtype), 1)
    y = x + scipy.special.softmax(scores, axis=-1) @ rows @ value_weight
    return y + np.clip(_norm(y) @ hidden_weight, 0, None) @ out_weight


@right("write_block")
def word_by_word(x, query_weight, key_weight, value_weight, hidden_weight, out_weight):
    rows, found = _norm(x), np.empty_like(x)
    for t in range(x.shape[-2]):
        keys = rows[..., : t + 1, :] @ key_weight
        scores = np.einsum("...k,...sk->...s", rows[..., t, :] @ query_weight, keys) / query_weight.shape[1] ** 0.5
        weights = scipy.special.softmax(scores, axis=-1)
        y = x[..., t, :] + np.einsum("...s,...sd->...d", weights, rows[..., : t + 1, :] @ value_weight)
        found[..., t, :] = y + np.maximum(_norm(y) @ hidden_weight, 0) @ out_weight
    return found


@wrong("write_block", "an offset", "Every number is too large by 1.")
def one_more(*arguments):
    return by_the_library_and_scipy(*arguments) + 1


@wrong("write_block", "the shape", "Expected")
def last_word(*arguments):
    return by_the_library_and_scipy(*arguments)[..., -1, :]


@known("write_block", "one word ahead (three words)", "Each word sees the next one")
def off_by_one(x, query_weight, key_weight, value_weight, hidden_weight, out_weight):
    rows, T = _norm(x), x.shape[-2]
    scores = (rows @ query_weight) @ _turned(rows @ key_weight) / query_weight.shape[1] ** 0.5
    scores[..., np.triu(np.ones((T, T), bool), 2)] = -np.inf
    y = x + scipy.special.softmax(scores, axis=-1) @ (rows @ value_weight)
    return y + np.maximum(_norm(y) @ hidden_weight, 0) @ out_weight


def _with(weigh):
    def answer(x, query_weight, key_weight, value_weight, hidden_weight, out_weight):
        rows, T = _norm(x), x.shape[-2]
        scores = (rows @ query_weight) @ _turned(rows @ key_weight)
        y = x + weigh(scores, np.tri(T, dtype=bool), query_weight.shape[1]) @ (rows @ value_weight)
        return y + np.maximum(_norm(y) @ hidden_weight, 0) @ out_weight

    return answer


@known("write_block", "0 for what is hidden (three words)", "its exponential is 1")
def hidden_by_a_product(*arguments):
    return _with(lambda scores, seen, K: scipy.special.softmax(scores * seen / K**0.5, -1))(*arguments)


@known("write_block", "hidden behind softmax (three words)", "What is left does not sum to 1.")
def hidden_too_late(*arguments):
    return _with(lambda scores, seen, K: scipy.special.softmax(scores / K**0.5, -1) * seen)(*arguments)


@known("write_block", "no root (three words)", "It is the root of that length.")
def by_the_length(*arguments):
    return _with(lambda scores, seen, K: scipy.special.softmax(np.where(seen, scores / K, -np.inf), -1))(*arguments)


@known("write_block", "−10⁹ (scores beyond a billion)", "−∞ lies below them all.")
def a_billion_below(*arguments):
    return _with(lambda scores, seen, K: scipy.special.softmax(np.where(seen, scores / K**0.5, -1e9), -1))(*arguments)


@known("write_block", "nothing but the network", "to the row that attention has left.")
def network_alone(*arguments):
    silent = by_the_library_and_scipy(*arguments[:5], 0 * arguments[5])
    return by_the_library_and_scipy(*arguments) - silent


@known("write_block", "the network added to x", "What attention has added is lost.")
def without_the_first_sum(*arguments):
    return arguments[0] + network_alone(*arguments)


# 8.9 larger_and_smaller


@right("larger_and_smaller")
def in_lists():
    """Units of another size, as lists."""
    return (
        [[2.0, -2, 1, -1], [2, -2, -1, 1]], [0, 0, 0, 0],
        [[0.25, 0.25], [-0.25, -0.25], [0.5, -0.5], [0.5, -0.5]], [0, 0],
    )  # fmt: skip


@right("larger_and_smaller")
def other_units():
    order = [2, 0, 3, 1]
    hidden = np.array([[1.0, -1, 1, -1], [1, -1, -1, 1]])[:, order]
    output = np.array([[0.5, 0.5], [-0.5, -0.5], [0.5, -0.5], [0.5, -0.5]])[order]
    return hidden, np.zeros(4), output, np.zeros(2)


@wrong("larger_and_smaller", "raises ValueError", "W_1 has the shape (4, 2), and should have (2, 4)")
def turned_matrices():
    hidden, b_1, output, b_2 = other_units()
    return hidden.T, b_1, output.T, b_2


@wrong("larger_and_smaller", "raises ValueError", "wanted are four arrays: W_1, b_1, W_2 and b_2")
def two_matrices():
    return other_units()[::2]


@known("larger_and_smaller", "twice as large", "The sum and the distance together are twice the larger number.")
def not_halved():
    hidden, b_1, output, b_2 = other_units()
    return hidden, b_1, 2 * output, b_2


@known("larger_and_smaller", "half of the distance alone", "above half of the sum.")
def whole_sum():
    hidden = np.array([[1.0, -1, 1, -1], [1, -1, -1, 1]])
    return hidden, np.zeros(4), np.array([[1.0, 1], [-1, -1], [0.5, -0.5], [0.5, -0.5]]), np.zeros(2)


@known("larger_and_smaller", "the larger twice", "For the smaller it is taken away from the sum.")
def twice_the_larger():
    hidden, b_1, output, b_2 = other_units()
    return hidden, b_1, output[:, :1].repeat(2, 1), b_2


@known("larger_and_smaller", "the size of the sum (numbers of either sign)", "that is the sum without its sign.")
def sum_without_sign():
    hidden = np.array([[1.0, -1, 1, -1], [1, -1, -1, 1]])
    return hidden, np.zeros(4), np.array([[0.5, 0.5], [0.5, 0.5], [0.5, -0.5], [0.5, -0.5]]), np.zeros(2)


@known("larger_and_smaller", "nothing exchanged", "the numbers are not sorted.")
def as_they_came():
    return np.eye(2, 4) - np.eye(2, 4, 2), np.zeros(4), np.eye(4, 2) - np.eye(4, 2, -2), np.zeros(2)


@known("larger_and_smaller", "right where the second is positive (numbers of either sign)", "a second unit for −x₂")
def from_the_second():
    hidden = np.array([[0.0, 0, 1, -1], [1, 0, -1, 1]])
    return hidden, np.zeros(4), np.array([[1.0, 1], [0, 0], [1, 0], [0, -1]]), np.zeros(2)


# 8.10 parameters


@right("parameters")
def from_a_list(vocabulary, context, width, blocks, hidden, tied):
    block = [(width, width), (width,)] * 4 + [(width,)] * 4
    block += [(width, hidden), (hidden,), (hidden, width), (width,)]
    tables = [(vocabulary, width), (context, width), (width,), (width,)] + ([] if tied else [(width, vocabulary)])
    return sum(int(np.prod(shape)) for shape in blocks * block + tables)


@right("parameters")
def by_formula(vocabulary, context, width, blocks, hidden, tied):
    M, U = width, hidden
    return (vocabulary * (2 - tied) + context + 2) * M + blocks * (4 * M * M + 4 * M + 2 * M * U + U + M + 4 * M)


@wrong("parameters", "the type", "Expected a whole number; the float 3114.0 came back.")
def by_division(*arguments):
    return 2 * by_formula(*arguments) / 2


@known("parameters", "no embedding", "The embedding of the vocabulary is learned, and counts.")
def words_forgotten(vocabulary, context, width, blocks, hidden, tied):
    return by_formula(0, context, width, blocks, hidden, tied)


@known("parameters", "three biases in attention", "The matrix that mixes the heads has one, too.")
def without_one_bias(vocabulary, context, width, blocks, hidden, tied):
    return by_formula(vocabulary, context, width, blocks, hidden, tied) - blocks * width


@known("parameters", "no norms", "You count no norm.")
def without_norms(vocabulary, context, width, blocks, hidden, tied):
    return by_formula(vocabulary, context, width, blocks, hidden, tied) - (4 * blocks + 2) * width


@known("parameters", "tied and not tied exchanged", "leave it out where they are not.")
def the_other_way(*arguments):
    return by_formula(*arguments[:-1], not arguments[-1])


@wrong("parameters", "the numbers", "the result should be")
def twice_as_many(*arguments):
    return 2 * by_formula(*arguments)


@known("parameters", "the last norm left out", "Behind the last block stands one norm more")
def without_the_last(vocabulary, context, width, blocks, hidden, tied):
    return by_formula(vocabulary, context, width, blocks, hidden, tied) - 2 * width


# 8.11 continue_text


@right("continue_text")
def one_loop(model, prompt, end, longest):
    text, cache = list(prompt), []
    for place in range(len(prompt) + longest - 1):
        logits = model(text[place], place, cache)
        if place >= len(prompt) - 1:
            text.append(logits.argmax())
            if text[-1] == end:
                break
    return text[len(prompt) :]


@right("continue_text")
def as_a_tuple(model, prompt, end, longest):
    cache, text = [], list(prompt)
    logits = [model(word, place, cache) for place, word in enumerate(text)][-1]
    while len(text) < len(prompt) + longest:
        text.append(int(np.argmax(logits)))
        if text[-1] == end:
            break
        logits = model(text[-1], len(text) - 1, cache)
    return tuple(text[len(prompt) :])


@wrong("continue_text", "the result (two words)", "the result should be [2, 1], yours is [1, 2].")
def backwards(*arguments):
    return one_loop(*arguments)[::-1]


@wrong("continue_text", "not the same twice", "your function gave two different results.")
def with_one_cache(model, prompt, end, longest, cache=[]):  # noqa: B006
    written, start = [], len(cache)
    for place, word in enumerate(prompt, start):
        logits = model(word, place, cache)
    while len(written) < longest:
        written.append(int(np.argmax(logits)))
        if written[-1] == end:
            break
        logits = model(written[-1], start + len(prompt) + len(written) - 1, cache)
    return written


@known("continue_text", "past the end", "There is nothing behind it.")
def never_stops(model, prompt, end, longest):
    return one_loop(model, prompt, None, longest)


@known(
    "continue_text", "nothing behind a prompt with an end in it (an end in the prompt)", "among the new words alone."
)
def while_no_end_is_in_the_text(model, prompt, end, longest):
    return [] if end in prompt else one_loop(model, prompt, end, longest)


@known("continue_text", "nothing behind a prompt that ends with the end (an end in the prompt)", "the last word of the")
def while_the_last_is_no_end(model, prompt, end, longest):
    return [] if prompt[-1] == end else one_loop(model, prompt, end, longest)


@known("continue_text", "one word behind a prompt with an end in it (an end in the prompt)", "and you stop after one")
def until_the_end_is_in_the_text(model, prompt, end, longest):
    return one_loop(model, prompt, end, 1 if end in prompt else longest)


@known("continue_text", "one place for all new words (a prompt of one word)", "Each stands one place farther")
def all_behind_the_prompt(model, prompt, end, longest):
    return one_loop(lambda word, place, cache: model(word, min(place, len(prompt)), cache), prompt, end, longest)


@known("continue_text", "as long as it likes", "`longest` words are the most there may be.")
def until_the_end_comes(model, prompt, end, longest):
    return one_loop(model, prompt, end, 1000)


@known("continue_text", "the prompt counted", "how many *new* words there may be.")
def until_the_text_is_long(model, prompt, end, longest):
    return one_loop(model, prompt, end, longest - len(prompt)) if longest > len(prompt) else []


# 8.12 multiplications


def _pass(rows, keys, width, hidden):
    return rows * width * (4 * width + 2 * keys + 2 * hidden)


@right("multiplications")
def pass_by_pass(prompt, new, width, hidden, blocks, cached):
    lengths = range(prompt, prompt + new)
    rows = [prompt] + [1] * (new - 1) if cached else lengths
    return blocks * sum(_pass(r, s, width, hidden) for r, s in zip(rows, lengths, strict=True))


@right("multiplications")
def in_closed_form(prompt, new, width, hidden, blocks, cached):
    n = np.arange(prompt, prompt + new, dtype=np.int64)
    rows = np.where(np.arange(new) > 0, 1, n) if cached else n
    return int((blocks * _pass(rows, n, width, hidden)).sum())


@wrong("multiplications", "the numbers", "The number is not right: it is off by 1.")
def nothing_behind_the_prompt(prompt, new, width, hidden, blocks, cached):
    return blocks * _pass(prompt, prompt, width, hidden) + new


@wrong("multiplications", "the numbers", "the result should be")
def three_times(*arguments):
    return 3 * pass_by_pass(*arguments)


@known("multiplications", "the scores alone", "The weights times the values are as many again.")
def without_values(prompt, new, width, hidden, blocks, cached):
    lengths = range(prompt, prompt + new)
    rows = [prompt] + [1] * (new - 1) if cached else lengths
    return blocks * sum(r * width * (4 * width + s + 2 * hidden) for r, s in zip(rows, lengths, strict=True))


def _counted(prompt, new, width, hidden, blocks, rows):
    return blocks * sum(_pass(r, prompt + n, width, hidden) for n, r in enumerate(rows))


@known("multiplications", "never cached (two words)", "Behind the first, a pass then reads one row.")
def always_anew(prompt, new, width, hidden, blocks, cached):
    return _counted(prompt, new, width, hidden, blocks, range(prompt, prompt + new))


@known("multiplications", "always cached (two words)", "There all is read anew.")
def always_kept(prompt, new, width, hidden, blocks, cached):
    return _counted(prompt, new, width, hidden, blocks, [prompt] + [1] * (new - 1))


@known("multiplications", "the prompt as one row", "That one reads the whole prompt.")
def one_row_each(prompt, new, width, hidden, blocks, cached):
    rows = [1] * new if cached else range(prompt, prompt + new)
    return _counted(prompt, new, width, hidden, blocks, rows)


@known("multiplications", "a word too long", "a word is not read in the pass that gives it.")
def one_ahead(prompt, new, *rest):
    return pass_by_pass(prompt + 1, new, *rest)


@known("multiplications", "a single pass without the cache (two words)", "There is one for each new word.")
def one_long_pass(prompt, new, width, hidden, blocks, cached):
    rest = (width, hidden, blocks)
    long = prompt + new - 1
    return pass_by_pass(prompt, new, *rest, True) if cached else blocks * _pass(long, long, width, hidden)
