"""Answers to the exercises of chapter 9, invented from the tasks alone: each wrong one differs somewhere."""

import functools
import heapq
import itertools
import math
import statistics
from fractions import Fraction

import scipy.special

import attention.numpy as atn_np
import attention.pytorch as atn_pt
import attention.tensorflow as atn_tf
from attention.frameworks import np, tf, torch
from tests.checks.register import Answers

answers = Answers("09")
wrong, right = answers.unlisted, answers.right


# 9.1 cut


def one_merge(tokens, pair, number):
    made, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == tuple(pair):
            made.append(number)
            i += 2
        else:
            made.append(tokens[i])
            i += 1
    return made


@wrong("cut")
def from_the_right(tokens, merges):
    for k, (a, b) in enumerate(merges):
        tokens = one_merge(tokens[::-1], (b, a), 256 + k)[::-1]
    return tokens


@wrong("cut")
def in_the_given_list(tokens, merges):
    for k, pair in enumerate(merges):
        i = 0
        while i < len(tokens) - 1:
            if (tokens[i], tokens[i + 1]) == tuple(pair):
                tokens[i : i + 2] = [256 + k]
            i += 1
    return tokens


@wrong("cut")
def last_merge_first(tokens, merges):
    for k in reversed(range(len(merges))):
        tokens = one_merge(tokens, merges[k], 256 + k)
    return list(tokens)


@wrong("cut")
def overlapping(tokens, merges):
    for k, pair in enumerate(merges):
        made, i = [], 0
        while i < len(tokens):
            if tuple(tokens[i : i + 2]) == tuple(pair):
                made.append(256 + k)
                if i + 2 == len(tokens):
                    break
            else:
                made.append(tokens[i])
            i += 1
        tokens = made
    return list(tokens)


@wrong("cut")
def first_place_only(tokens, merges):
    tokens = list(tokens)
    for k, (a, b) in enumerate(merges):
        for i in range(len(tokens) - 1):
            if tokens[i] == a and tokens[i + 1] == b:
                tokens[i : i + 2] = [256 + k]
                break
    return tokens


@wrong("cut")
def numbers_from_257(tokens, merges):
    for k, pair in enumerate(merges, 1):
        tokens = one_merge(tokens, pair, 256 + k)
    return list(tokens)


@wrong("cut")
def number_after_the_largest_seen(tokens, merges):
    for pair in merges:
        tokens = one_merge(tokens, pair, max(256, max(tokens, default=0) + 1))
    return list(tokens)


@wrong("cut")
def digits_replaced_in_a_string(tokens, merges):
    text = " ".join(map(str, tokens))
    for k, (a, b) in enumerate(merges):
        text = text.replace(f"{a} {b}", str(256 + k))
    return [int(word) for word in text.split()]


@wrong("cut")
def spaced_digits_replaced(tokens, merges):
    # " 97 97 97 97 " : the space between two occurrences belongs to the first
    text = " " + " ".join(map(str, tokens)) + " "
    for k, (a, b) in enumerate(merges):
        text = text.replace(f" {a} {b} ", f" {256 + k} ")
    return [int(word) for word in text.split()]


@wrong("cut")
def last_piece_lost(tokens, merges):
    for k, pair in enumerate(merges):
        made, i = [], 0
        while i < len(tokens) - 1:
            hit = (tokens[i], tokens[i + 1]) == tuple(pair)
            made.append(256 + k if hit else tokens[i])
            i += 2 if hit else 1
        tokens = made
    return list(tokens)


@wrong("cut")
def pair_at_the_end_missed(tokens, merges):
    for k, pair in enumerate(merges):
        made, i = [], 0
        while i < len(tokens):
            hit = i < len(tokens) - 2 and (tokens[i], tokens[i + 1]) == tuple(pair)
            made.append(256 + k if hit else tokens[i])
            i += 2 if hit else 1
        tokens = made
    return list(tokens)


@wrong("cut")
def pops_the_merges(tokens, merges):
    k, tokens = 256, list(tokens)
    while merges:
        tokens = one_merge(tokens, merges.pop(0), k)
        k += 1
    return tokens


@wrong("cut")
def bytes_of_eight_bits(tokens, merges):
    for k, pair in enumerate(merges):
        tokens = one_merge(tokens, pair, (256 + k) & 255)
    return list(tokens)


@wrong("cut")
def all_merges_in_one_walk(tokens, merges):
    rank = {tuple(pair): 256 + k for k, pair in enumerate(merges)}
    made = []
    for token in tokens:
        made.append(token)
        while len(made) > 1 and (made[-2], made[-1]) in rank:
            made[-2:] = [rank[made[-2], made[-1]]]
    return made


@wrong("cut")
def either_order(tokens, merges):
    for k, (a, b) in enumerate(merges):
        made, i = [], 0
        while i < len(tokens):
            hit = sorted(tokens[i : i + 2]) == sorted([a, b])
            made.append(256 + k if hit else tokens[i])
            i += 2 if hit else 1
        tokens = made
    return list(tokens)


@wrong("cut")
def no_pairs_of_equals(tokens, merges):
    for k, (a, b) in enumerate(merges):
        if a != b:
            tokens = one_merge(tokens, (a, b), 256 + k)
    return list(tokens)


@wrong("cut")
def first_merge_is_false(tokens, merges):
    rank = {tuple(pair): k for k, pair in enumerate(merges)}
    tokens = list(tokens)
    while True:
        found = [rank.get(pair) for pair in itertools.pairwise(tokens)]
        found = [k for k in found if k]
        if not found:
            return tokens
        tokens = one_merge(tokens, merges[min(found)], 256 + min(found))


@wrong("cut")
def stops_at_an_absent_pair(tokens, merges):
    tokens = list(tokens)
    for k, pair in enumerate(merges):
        if tuple(pair) not in set(itertools.pairwise(tokens)):
            break
        tokens = one_merge(tokens, pair, 256 + k)
    return tokens


@wrong("cut")
def only_bytes_are_merged(tokens, merges):
    for k, pair in enumerate(merges):
        if max(pair) < 256:
            tokens = one_merge(tokens, pair, 256 + k)
    return list(tokens)


@wrong("cut")
def numbers_only_those_used(tokens, merges):
    number = 256
    tokens = list(tokens)
    for pair in merges:
        made = one_merge(tokens, pair, number)
        number += len(made) < len(tokens)
        tokens = made
    return tokens


@wrong("cut")
def remembered_by_length(tokens, merges, cache={}):  # noqa: B006
    key = len(tokens), len(merges)
    if key not in cache:
        cache[key] = functools.reduce(lambda t, m: one_merge(t, m[1], 256 + m[0]), enumerate(merges), list(tokens))
    return cache[key]


@wrong("cut")
def at_least_one_token(tokens, merges):
    for k, (a, b) in enumerate(merges):
        made = [tokens[0]]
        for token in tokens[1:]:
            if made[-1] == a and token == b:
                made[-1] = 256 + k
            else:
                made.append(token)
        tokens = made
    return list(tokens)


@wrong("cut")
def returns_what_it_was_given(tokens, merges):
    # the right numbers, written over the learner's list
    tokens[:] = functools.reduce(lambda t, m: one_merge(t, m[1], 256 + m[0]), enumerate(merges), list(tokens))
    return list(tokens)


@wrong("cut")
def leftmost_pair_first(tokens, merges):
    rank = {tuple(pair): 256 + k for k, pair in enumerate(merges)}
    tokens, i = list(tokens), 0
    while i < len(tokens) - 1:
        if (tokens[i], tokens[i + 1]) in rank:
            tokens[i : i + 2] = [rank[tokens[i], tokens[i + 1]]]
            i = 0
        else:
            i += 1
    return tokens


@wrong("cut")
def zero_is_nothing(tokens, merges):
    return [t for t in functools.reduce(lambda t, m: one_merge(t, m[1], 256 + m[0]), enumerate(merges), tokens) if t]


@right("cut")
def lowest_rank_each_time(tokens, merges):
    rank = {tuple(pair): k for k, pair in enumerate(merges)}
    tokens = list(tokens)
    while True:
        k = min((rank.get(pair, math.inf) for pair in itertools.pairwise(tokens)), default=math.inf)
        if k == math.inf:
            return tokens
        tokens = one_merge(tokens, merges[k], 256 + k)


@right("cut")
def letters_of_a_string(tokens, merges):
    text = "".join(map(chr, tokens))
    for k, (a, b) in enumerate(merges):
        text = text.replace(chr(a) + chr(b), chr(256 + k))
    return [ord(letter) for letter in text]


@right("cut")
def folded_over_the_merges(tokens, merges):
    return functools.reduce(lambda t, m: one_merge(t, m[1], 256 + m[0]), enumerate(merges), list(tokens))


@right("cut")
def looking_back(tokens, merges):
    tokens = list(tokens)
    for k, (a, b) in enumerate(merges):
        made = []
        for token in tokens:
            if made and made[-1] == a and token == b:
                made[-1] = 256 + k
            else:
                made.append(token)
        tokens = made
    return tokens


@right("cut")
def one_place_at_a_time_in_a_copy(tokens, merges):
    tokens = [*tokens]
    for k, pair in enumerate(merges):
        while tuple(pair) in (pairs := [*itertools.pairwise(tokens)]):
            i = pairs.index(tuple(pair))
            tokens[i : i + 2] = [256 + k]
    return tokens


@right("cut")
def recursion_over_the_merges(tokens, merges):
    if not merges:
        return list(tokens)
    before = recursion_over_the_merges(tokens, merges[:-1])
    return one_merge(before, merges[-1], 255 + len(merges))


# 9.2 reset_first


def sigmoid(u):
    return 0.5 * (1 + np.tanh(0.5 * u))


def gates(x, h, u):
    n = h.shape[-1]
    r = sigmoid(x[:, :n] + h @ u[:, :n])
    z = sigmoid(x[:, n : 2 * n] + h @ u[:, n : 2 * n])
    return r, z, x[:, 2 * n :], u[:, 2 * n :]


@wrong("reset_first")
def reset_after(x, h, u):
    r, z, xn, un = gates(x, h, u)
    return (1 - z) * np.tanh(xn + r * (h @ un)) + z * h


@wrong("reset_first")
def update_swapped(x, h, u):
    r, z, xn, un = gates(x, h, u)
    return z * np.tanh(xn + (r * h) @ un) + (1 - z) * h


@wrong("reset_first")
def order_of_keras(x, h, u):
    z, r, xn, un = gates(x, h, u)
    return (1 - z) * np.tanh(xn + (r * h) @ un) + z * h


@wrong("reset_first")
def reset_in_all_three(x, h, u):
    r, _, xn, un = gates(x, h, u)
    n = h.shape[1]
    z = sigmoid(x[:, n : 2 * n] + (r * h) @ u[:, n : 2 * n])
    return (1 - z) * np.tanh(xn + (r * h) @ un) + z * h


@wrong("reset_first")
def keeps_the_reset_state(x, h, u):
    r, z, xn, un = gates(x, h, u)
    h = r * h
    return (1 - z) * np.tanh(xn + h @ un) + z * h


@wrong("reset_first")
def infinity_over_infinity(x, h, u):
    n = h.shape[1]
    with np.errstate(all="ignore"):
        g = np.exp(x[:, : 2 * n] + h @ u[:, : 2 * n])
        r, z = np.split(g / (1 + g), 2, axis=1)
    return (1 - z) * np.tanh(x[:, 2 * n :] + (r * h) @ u[:, 2 * n :]) + z * h


@wrong("reset_first")
def nan_repaired_to_zero(x, h, u):
    n = h.shape[1]
    with np.errstate(all="ignore"):
        g = np.exp(x[:, : 2 * n] + h @ u[:, : 2 * n])
        r, z = np.split(np.nan_to_num(g / (1 + g)), 2, axis=1)
    return (1 - z) * np.tanh(x[:, 2 * n :] + (r * h) @ u[:, 2 * n :]) + z * h


@wrong("reset_first")
def clipped_at_ten(x, h, u):
    n = h.shape[1]
    g = 1 / (1 + np.exp(-np.clip(x[:, : 2 * n] + h @ u[:, : 2 * n], -10, 10)))
    r, z = np.split(g, 2, axis=1)
    return (1 - z) * np.tanh(x[:, 2 * n :] + (r * h) @ u[:, 2 * n :]) + z * h


@wrong("reset_first")
def clipped_at_fifteen(x, h, u):
    n = h.shape[1]
    g = 1 / (1 + np.exp(-np.clip(x[:, : 2 * n] + h @ u[:, : 2 * n], -15, 15)))
    r, z = np.split(g, 2, axis=1)
    return (1 - z) * np.tanh(x[:, 2 * n :] + (r * h) @ u[:, 2 * n :]) + z * h


@wrong("reset_first")
def tanh_of_exponentials(x, h, u):
    r, z, xn, un = gates(x, h, u)
    with np.errstate(all="ignore"):
        e = np.exp(2 * (xn + (r * h) @ un))
        return (1 - z) * (e - 1) / (e + 1) + z * h


@wrong("reset_first")
def square_transposed(x, h, u):
    r, z, xn, un = gates(x, h, u)
    return (1 - z) * np.tanh(xn + (r * h) @ un.T) + z * h


@wrong("reset_first")
def every_third_column(x, h, u):
    r = sigmoid(x[:, 0::3] + h @ u[:, 0::3])
    z = sigmoid(x[:, 1::3] + h @ u[:, 1::3])
    return (1 - z) * np.tanh(x[:, 2::3] + (r * h) @ u[:, 2::3]) + z * h


@wrong("reset_first")
def single_inside(x, h, u):
    r, z, xn, un = gates(x.astype(np.float32), h.astype(np.float32), u.astype(np.float32))
    return ((1 - z) * np.tanh(xn + (r * h) @ un) + z * h).astype(h.dtype)


@wrong("reset_first")
def resets_the_callers_state(x, h, u):
    r, z, xn, un = gates(x, h, u)
    kept = z * h
    h *= r
    return (1 - z) * np.tanh(xn + h @ un) + kept


@wrong("reset_first")
def sums_into_the_input(x, h, u):
    n = h.shape[1]
    x[:, : 2 * n] += h @ u[:, : 2 * n]
    r, z = np.split(sigmoid(x[:, : 2 * n]), 2, axis=1)
    return (1 - z) * np.tanh(x[:, 2 * n :] + (r * h) @ u[:, 2 * n :]) + z * h


@wrong("reset_first")
def a_batch_of_one_squeezed(x, h, u):
    r, z, xn, un = gates(x, h, u)
    return np.squeeze((1 - z) * np.tanh(xn + (r * h) @ un) + z * h)


@wrong("reset_first")
def first_state_for_all(x, h, u):
    r, z, xn, un = gates(x, h[:1], u)
    return (1 - z) * np.tanh(xn + (r * h) @ un) + z * h


@wrong("reset_first")
def half_forgotten(x, h, u):
    n = h.shape[1]
    r, z = np.split(0.5 * (1 + np.tanh(x[:, : 2 * n] + h @ u[:, : 2 * n])), 2, axis=1)
    return (1 - z) * np.tanh(x[:, 2 * n :] + (r * h) @ u[:, 2 * n :]) + z * h


@wrong("reset_first")
def state_between_one_and_one(x, h, u):
    return lowest(x, np.clip(h, -1, 1), u)


@wrong("reset_first")
def one_buffer_for_ever(x, h, u, buffers={}):  # noqa: B006
    out = buffers.setdefault((h.shape, h.dtype), np.empty_like(h))
    out[...] = lowest(x, h, u)
    return out


@wrong("reset_first")
def hard_sigmoid(x, h, u):
    n = h.shape[1]
    r, z = np.split(np.clip(0.2 * (x[:, : 2 * n] + h @ u[:, : 2 * n]) + 0.5, 0, 1), 2, axis=1)
    return (1 - z) * np.tanh(x[:, 2 * n :] + (r * h) @ u[:, 2 * n :]) + z * h


@wrong("reset_first")
def no_tanh_when_small(x, h, u):
    r, z, xn, un = gates(x, h, u)
    c = xn + (r * h) @ un
    return (1 - z) * np.where(np.abs(c) < 0.01, c, np.tanh(c)) + z * h


@wrong("reset_first")
def both_resets(x, h, u):
    r, z, xn, un = gates(x, h, u)
    return (1 - z) * np.tanh(xn + r * ((r * h) @ un)) + z * h


@right("reset_first")
def lowest(x, h, u):
    r, z, xn, un = gates(x, h, u)
    return (1 - z) * np.tanh(xn + (r * h) @ un) + z * h


@right("reset_first")
def expit_and_einsum(x, h, u):
    b, n = h.shape
    x3, u3 = x.reshape(b, 3, n), u.reshape(n, 3, n)
    r, z = scipy.special.expit(x3[:, :2] + np.einsum("bn,ngm->bgm", h, u3[:, :2])).swapaxes(0, 1)
    return z * h + (1 - z) * np.tanh(x3[:, 2] + np.einsum("bn,bn,nm->bm", r, h, u3[:, 2]))


@right("reset_first")
def row_by_row_in_long_double(x, h, u):
    def row(x, h):
        x, h = x.astype(np.longdouble), h.astype(np.longdouble)
        xr, xz, xn = np.split(x, 3)
        ur, uz, un = np.split(u.astype(np.longdouble), 3, axis=1)
        r, z = np.exp(-np.logaddexp(0, -(xr + h @ ur))), np.exp(-np.logaddexp(0, -(xz + h @ uz)))
        return (1 - z) * np.tanh(xn + (r * h) @ un) + z * h

    return np.array([row(a, b) for a, b in zip(x, h, strict=True)]).astype(h.dtype)


@right("reset_first")
def keep_as_one_minus(x, h, u):
    n = h.shape[1]
    with np.errstate(over="ignore"):
        new = 1 / (1 + np.exp(x[:, n:-n] + h @ u[:, n:-n]))  # 1 - z
        r, z = 1 / (1 + np.exp(-(x[:, :n] + h @ u[:, :n]))), 1 / (1 + np.exp(-(x[:, n:-n] + h @ u[:, n:-n])))
    return new * np.tanh(x[:, -n:] + (h * r) @ u[:, -n:]) + z * h


def gates_tf(x, h, u):
    xr, xz, xn = tf.split(x, 3, axis=-1)
    ur, uz, un = tf.split(u, 3, axis=-1)
    return tf.sigmoid(xr + h @ ur), tf.sigmoid(xz + h @ uz), xn, un


@wrong("reset_first", "tensorflow")
def reset_after_tf(x, h, u):
    r, z, xn, un = gates_tf(x, h, u)
    return (1 - z) * tf.tanh(xn + r * (h @ un)) + z * h


@wrong("reset_first", "tensorflow")
def keras_order_tf(x, h, u):
    z, r, xn, un = gates_tf(x, h, u)
    return (1 - z) * tf.tanh(xn + (r * h) @ un) + z * h


@wrong("reset_first", "tensorflow")
def update_swapped_tf(x, h, u):
    r, z, xn, un = gates_tf(x, h, u)
    return z * tf.tanh(xn + (r * h) @ un) + (1 - z) * h


@wrong("reset_first", "tensorflow")
def split_along_rows_tf(x, h, u):
    n = h.shape[-1]
    u = tf.reshape(tf.transpose(u), (3, n, n))
    xr, xz, xn = tf.split(x, 3, axis=-1)
    r, z = tf.sigmoid(xr + h @ u[0]), tf.sigmoid(xz + h @ u[1])
    return (1 - z) * tf.tanh(xn + (r * h) @ u[2]) + z * h


@wrong("reset_first", "tensorflow")
def naive_sigmoid_tf(x, h, u):
    xr, xz, xn = tf.split(x, 3, axis=-1)
    ur, uz, un = tf.split(u, 3, axis=-1)
    er, ez = tf.exp(xr + h @ ur), tf.exp(xz + h @ uz)
    r, z = er / (1 + er), ez / (1 + ez)
    return (1 - z) * tf.tanh(xn + (r * h) @ un) + z * h


@wrong("reset_first", "tensorflow")
def hard_sigmoid_tf(x, h, u):
    xr, xz, xn = tf.split(x, 3, axis=-1)
    ur, uz, un = tf.split(u, 3, axis=-1)
    r, z = tf.keras.activations.hard_sigmoid(xr + h @ ur), tf.keras.activations.hard_sigmoid(xz + h @ uz)
    return (1 - z) * tf.tanh(xn + (r * h) @ un) + z * h


@wrong("reset_first", "tensorflow")
def half_precision_tf(x, h, u):
    r, z, xn, un = gates_tf(*(tf.cast(a, tf.bfloat16) for a in (x, h, u)))
    return tf.cast((1 - z) * tf.tanh(xn + (r * tf.cast(h, r.dtype)) @ un) + z * tf.cast(h, r.dtype), h.dtype)


@wrong("reset_first", "tensorflow")
def squeezed_tf(x, h, u):
    r, z, xn, un = gates_tf(x, h, u)
    return tf.squeeze((1 - z) * tf.tanh(xn + (r * h) @ un) + z * h)


@wrong("reset_first", "tensorflow")
def gate_without_gradient_tf(x, h, u):
    r, z, xn, un = gates_tf(x, h, u)
    r = tf.stop_gradient(r)
    return (1 - z) * tf.tanh(xn + (r * h) @ un) + z * h


@wrong("reset_first", "tensorflow")
def clipped_state_tf(x, h, u):
    r, z, xn, un = gates_tf(x, h, u)
    return tf.clip_by_value((1 - z) * tf.tanh(xn + (r * h) @ un) + z * h, -1, 1)


@right("reset_first", "tensorflow")
def halves_of_tanh_tf(x, h, u):
    n = h.shape[-1]
    g = (1 + tf.tanh((x[:, : 2 * n] + tf.matmul(h, u[:, : 2 * n])) / 2)) / 2
    r, z = g[:, :n], g[:, n:]
    return tf.tanh(x[:, 2 * n :] + tf.matmul(r * h, u[:, 2 * n :])) * (1 - z) + h * z


@right("reset_first", "tensorflow")
def einsum_tf(x, h, u):
    r, z, xn, un = gates_tf(x, h, u)
    return z * h + tf.tanh(tf.einsum("bn,bn,nm->bm", r, h, un) + xn) * (1 - z)


@right("reset_first", "tensorflow")
def mapped_over_rows_tf(x, h, u):
    def row(args):
        return lowest_tf(args[0][None], args[1][None], u)[0]

    return tf.map_fn(row, (x, h), fn_output_signature=h.dtype)


def lowest_tf(x, h, u):
    r, z, xn, un = gates_tf(x, h, u)
    return (1 - z) * tf.tanh(xn + (r * h) @ un) + z * h


def gates_pt(x, h, u):
    xr, xz, xn = x.chunk(3, dim=-1)
    ur, uz, un = u.chunk(3, dim=-1)
    return torch.sigmoid(xr + h @ ur), torch.sigmoid(xz + h @ uz), xn, un


@wrong("reset_first", "pytorch")
def reset_after_pt(x, h, u):
    r, z, xn, un = gates_pt(x, h, u)
    return torch.lerp(torch.tanh(xn + r * (h @ un)), h, z)


@wrong("reset_first", "pytorch")
def lerp_swapped_pt(x, h, u):
    r, z, xn, un = gates_pt(x, h, u)
    return torch.lerp(h, torch.tanh(xn + (r * h) @ un), z)


@wrong("reset_first", "pytorch")
def linear_habit_pt(x, h, u):
    # the layer's weight lies the other way: each block transposed
    ur, uz, un = u.chunk(3, dim=-1)
    xr, xz, xn = x.chunk(3, dim=-1)
    linear = torch.nn.functional.linear
    r, z = torch.sigmoid(xr + linear(h, ur)), torch.sigmoid(xz + linear(h, uz))
    return (1 - z) * torch.tanh(xn + linear(r * h, un)) + z * h


@wrong("reset_first", "pytorch")
def in_place_pt(x, h, u):
    r, z, xn, un = gates_pt(x, h, u)
    kept = z * h
    h.data.mul_(r)
    return (1 - z) * torch.tanh(xn + h @ un) + kept


@wrong("reset_first", "pytorch")
def detached_reset_pt(x, h, u):
    r, z, xn, un = gates_pt(x, h, u)
    return (1 - z) * torch.tanh(xn + (r.detach() * h) @ un) + z * h


@wrong("reset_first", "pytorch")
def through_numpy_pt(x, h, u):
    return torch.from_numpy(lowest(*(a.detach().numpy() for a in (x, h, u))))


@wrong("reset_first", "pytorch")
def naive_repaired_pt(x, h, u):
    xr, xz, xn = x.chunk(3, dim=-1)
    ur, uz, un = u.chunk(3, dim=-1)
    er, ez = (xr + h @ ur).exp(), (xz + h @ uz).exp()
    r, z = torch.nan_to_num(er / (1 + er)), torch.nan_to_num(ez / (1 + ez))
    return (1 - z) * torch.tanh(xn + (r * h) @ un) + z * h


@wrong("reset_first", "pytorch")
def brain_floats_pt(x, h, u):
    r, z, xn, un = gates_pt(x.bfloat16(), h.bfloat16(), u.bfloat16())
    return ((1 - z) * torch.tanh(xn + (r * h.bfloat16()) @ un) + z * h.bfloat16()).to(h.dtype)


@wrong("reset_first", "pytorch")
def gate_of_the_whole_batch_pt(x, h, u):
    r, z, xn, un = gates_pt(x, h, u)
    r = r.mean(dim=0, keepdim=True)
    return (1 - z) * torch.tanh(xn + (r * h) @ un) + z * h


@wrong("reset_first", "pytorch")
def chunks_of_rows_pt(x, h, u):
    r, z, xn, un = gates_pt(x, h, u)
    return (1 - z) * torch.tanh(xn + (r * h) @ un) + z.clamp(1e-4, 1 - 1e-4) * h


@right("reset_first", "pytorch")
def addmm_pt(x, h, u):
    n = h.shape[-1]
    r, z = torch.addmm(x[:, : 2 * n], h, u[:, : 2 * n]).sigmoid().chunk(2, dim=1)
    new = torch.addmm(x[:, 2 * n :], r * h, u[:, 2 * n :]).tanh()
    return new * (1 - z) + z * h


@right("reset_first", "pytorch")
def three_dimensions_pt(x, h, u):
    b, n = h.shape
    x3, u3 = x.view(b, 3, n).unbind(1), u.reshape(n, 3, n).unbind(1)
    r = torch.special.expit(x3[0] + torch.einsum("bn,nm->bm", h, u3[0]))
    z = torch.special.expit(x3[1] + torch.einsum("bn,nm->bm", h, u3[1]))
    return z * h + torch.special.expit(-(x3[1] + h @ u3[1])) * torch.tanh(x3[2] + (r * h) @ u3[2])


@right("reset_first", "pytorch")
def mapped_over_rows_pt(x, h, u):
    def row(x, h):
        xr, xz, xn = x.chunk(3)
        ur, uz, un = u.chunk(3, dim=1)
        r, z = torch.sigmoid(xr + h @ ur), torch.sigmoid(xz + h @ uz)
        return (1 - z) * torch.tanh(xn + (r * h) @ un) + z * h

    return torch.stack([row(a, b) for a, b in zip(x, h, strict=True)])


# 9.3 look_with_coverage


def bend(query, keys, covered, u):
    return np.tanh(query[:, None] + keys + covered[..., None] * u)


def finish(weights, states, covered):
    return (weights[..., None] * states).sum(axis=1), weights, covered + weights


@wrong("look_with_coverage")
def new_coverage_is_the_weights(query, keys, states, mask, covered, u, v):
    w = atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask)
    return (w[..., None] * states).sum(axis=1), w, w


@wrong("look_with_coverage")
def coverage_as_it_was(query, keys, states, mask, covered, u, v):
    w = atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask)
    return (w[..., None] * states).sum(axis=1), w, covered


@wrong("look_with_coverage")
def coverage_after_tanh(query, keys, states, mask, covered, u, v):
    w = atn_np.masked_softmax((np.tanh(query[:, None] + keys) + covered[..., None] * u) @ v, mask)
    return finish(w, states, covered)


@wrong("look_with_coverage")
def coverage_subtracted(query, keys, states, mask, covered, u, v):
    return finish(atn_np.masked_softmax(bend(query, keys, -covered, u) @ v, mask), states, covered)


@wrong("look_with_coverage")
def padding_seen(query, keys, states, mask, covered, u, v):
    return finish(atn_np.softmax(bend(query, keys, covered, u) @ v), states, covered)


@wrong("look_with_coverage")
def padding_only(query, keys, states, mask, covered, u, v):
    return finish(atn_np.masked_softmax(bend(query, keys, covered, u) @ v, ~mask), states, covered)


@wrong("look_with_coverage")
def filler_of_fifty(query, keys, states, mask, covered, u, v):
    s = bend(query, keys, covered, u) @ v
    return finish(atn_np.softmax(np.where(mask, s, -50)), states, covered)


@wrong("look_with_coverage")
def added_ten_thousand(query, keys, states, mask, covered, u, v):
    s = bend(query, keys, covered, u) @ v - 1e4 * ~mask
    return finish(atn_np.softmax(s), states, covered)


@wrong("look_with_coverage")
def over_the_batch(query, keys, states, mask, covered, u, v):
    return finish(atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask, axis=0), states, covered)


@wrong("look_with_coverage")
def masked_too_late(query, keys, states, mask, covered, u, v):
    return finish(atn_np.softmax(bend(query, keys, covered, u) @ v) * mask, states, covered)


@wrong("look_with_coverage")
def scores_times_mask(query, keys, states, mask, covered, u, v):
    return finish(atn_np.softmax(bend(query, keys, covered, u) @ v * mask), states, covered)


@wrong("look_with_coverage")
def adds_into_covered(query, keys, states, mask, covered, u, v):
    w = atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask)
    covered += w
    return (w[..., None] * states).sum(axis=1), w, covered


@wrong("look_with_coverage")
def weights_first(query, keys, states, mask, covered, u, v):
    c, w, g = finish(atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask), states, covered)
    return w, c, g


@wrong("look_with_coverage")
def coverage_before_weights(query, keys, states, mask, covered, u, v):
    c, w, g = finish(atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask), states, covered)
    return c, g, w


@wrong("look_with_coverage")
def coverage_at_most_one(query, keys, states, mask, covered, u, v):
    c, w, g = finish(atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask), states, covered)
    return c, w, np.minimum(g, 1)


@wrong("look_with_coverage")
def coverage_a_distribution(query, keys, states, mask, covered, u, v):
    c, w, g = finish(atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask), states, covered)
    return c, w, g / g.sum(axis=1, keepdims=True)


@wrong("look_with_coverage")
def u_and_v_exchanged(query, keys, states, mask, covered, u, v):
    return finish(atn_np.masked_softmax(bend(query, keys, covered, v) @ u, mask), states, covered)


@wrong("look_with_coverage")
def scaled_by_the_root(query, keys, states, mask, covered, u, v):
    s = bend(query, keys, covered, u) @ v / np.sqrt(len(v))
    return finish(atn_np.masked_softmax(s, mask), states, covered)


@wrong("look_with_coverage")
def overflowing_softmax(query, keys, states, mask, covered, u, v):
    with np.errstate(all="ignore"):
        e = np.exp(bend(query, keys, covered, u) @ v) * mask
        return finish(e / e.sum(axis=1, keepdims=True), states, covered)


@wrong("look_with_coverage")
def epsilon_below(query, keys, states, mask, covered, u, v):
    e = np.exp(bend(query, keys, covered, u) @ v) * mask
    return finish(e / (e.sum(axis=1, keepdims=True) + 1e-6), states, covered)


@wrong("look_with_coverage")
def query_not_lifted(query, keys, states, mask, covered, u, v):
    s = np.tanh(query + keys + covered[..., None] * u) @ v
    return finish(atn_np.masked_softmax(s, mask), states, covered)


@wrong("look_with_coverage")
def first_mask_for_all(query, keys, states, mask, covered, u, v):
    return finish(atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask[:1]), states, covered)


@wrong("look_with_coverage")
def context_by_coverage(query, keys, states, mask, covered, u, v):
    _, w, g = finish(atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask), states, covered)
    return (g[..., None] * states).sum(axis=1), w, g


@wrong("look_with_coverage")
def context_keeps_an_axis(query, keys, states, mask, covered, u, v):
    c, w, g = finish(atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask), states, covered)
    return c[:, None], w, g


@wrong("look_with_coverage")
def squeezed_weights(query, keys, states, mask, covered, u, v):
    c, w, g = finish(atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask), states, covered)
    return c, w.squeeze(), g


@wrong("look_with_coverage")
def single_precision_scores(query, keys, states, mask, covered, u, v):
    s = (bend(query, keys, covered, u).astype(np.float32) @ v.astype(np.float32)).astype(v.dtype)
    return finish(atn_np.masked_softmax(s, mask), states, covered)


@wrong("look_with_coverage")
def coverage_of_the_batch(query, keys, states, mask, covered, u, v):
    g = covered.mean(axis=0, keepdims=True)
    return finish(atn_np.masked_softmax(bend(query, keys, g, u) @ v, mask), states, covered)


@right("look_with_coverage")
def coverage_of_tokens_alone(query, keys, states, mask, covered, u, v):
    # padding never had any weight, so that nothing can be lost here
    c, w, g = finish(atn_np.masked_softmax(bend(query, keys, covered, u) @ v, mask), states, covered)
    return c, w, g * mask


@right("look_with_coverage")
def outer_and_einsum(query, keys, states, mask, covered, u, v):
    s = np.einsum("bsa,a->bs", np.tanh(keys + np.multiply.outer(covered, u) + query[:, np.newaxis, :]), v)
    w = scipy.special.softmax(np.where(mask, s, -np.inf), axis=1)
    return np.einsum("bs,bsn->bn", w, states), w, w + covered


@right("look_with_coverage")
def sentence_by_sentence(query, keys, states, mask, covered, u, v):
    c, w = np.zeros_like(states[:, 0]), np.zeros_like(covered)
    for b in range(len(query)):
        seen = np.flatnonzero(mask[b])
        s = np.array([np.tanh(query[b] + keys[b, i] + covered[b, i] * u) @ v for i in seen])
        e = np.exp(s - s.max())
        w[b, seen] = e / e.sum()
        c[b] = w[b, seen] @ states[b, seen]
    return c, w, covered + w


@right("look_with_coverage")
def smallest_number_as_filler(query, keys, states, mask, covered, u, v):
    s = bend(query, keys, covered, u) @ v
    w = atn_np.softmax(np.where(mask, s, np.finfo(s.dtype).min))
    return np.matmul(w[:, None], states)[:, 0], w, covered + w


def bend_tf(query, keys, covered, u):
    return tf.tanh(query[:, None] + keys + covered[..., None] * u)


def finish_tf(w, states, covered):
    return tf.reduce_sum(w[..., None] * states, axis=1), w, covered + w


def dot_tf(a, v):
    return tf.linalg.matvec(a, v)


@wrong("look_with_coverage", "tensorflow")
def coverage_only_weights_tf(query, keys, states, mask, covered, u, v):
    w = atn_tf.masked_softmax(dot_tf(bend_tf(query, keys, covered, u), v), mask)
    return tf.reduce_sum(w[..., None] * states, axis=1), w, w


@wrong("look_with_coverage", "tensorflow")
def no_mask_tf(query, keys, states, mask, covered, u, v):
    return finish_tf(tf.nn.softmax(dot_tf(bend_tf(query, keys, covered, u), v)), states, covered)


@wrong("look_with_coverage", "tensorflow")
def mask_of_fifty_tf(query, keys, states, mask, covered, u, v):
    s = dot_tf(bend_tf(query, keys, covered, u), v)
    return finish_tf(tf.nn.softmax(s - 50 * (1 - tf.cast(mask, s.dtype))), states, covered)


@wrong("look_with_coverage", "tensorflow")
def minus_infinity_times_zero_tf(query, keys, states, mask, covered, u, v):
    s = dot_tf(bend_tf(query, keys, covered, u), v)
    filler = tf.constant(-np.inf, s.dtype)
    return finish_tf(tf.nn.softmax(s + filler * tf.cast(~mask, s.dtype)), states, covered)


@wrong("look_with_coverage", "tensorflow")
def multiplied_by_u_after_tf(query, keys, states, mask, covered, u, v):
    s = dot_tf(tf.tanh(query[:, None] + keys) + covered[..., None] * u, v)
    return finish_tf(atn_tf.masked_softmax(s, mask), states, covered)


@wrong("look_with_coverage", "tensorflow")
def over_axis_zero_tf(query, keys, states, mask, covered, u, v):
    s = dot_tf(bend_tf(query, keys, covered, u), v)
    return finish_tf(atn_tf.masked_softmax(s, mask, axis=0), states, covered)


@wrong("look_with_coverage", "tensorflow")
def half_inside_tf(query, keys, states, mask, covered, u, v):
    s = tf.cast(tf.cast(dot_tf(bend_tf(query, keys, covered, u), v), tf.float16), v.dtype)
    return finish_tf(atn_tf.masked_softmax(s, mask), states, covered)


@wrong("look_with_coverage", "tensorflow")
def matvec_of_query_tf(query, keys, states, mask, covered, u, v):
    # the query's part left outside of tanh: it then changes nothing at all
    s = dot_tf(tf.tanh(keys + covered[..., None] * u) + query[:, None], v)
    return finish_tf(atn_tf.masked_softmax(s, mask), states, covered)


@wrong("look_with_coverage", "tensorflow")
def stopped_coverage_tf(query, keys, states, mask, covered, u, v):
    s = dot_tf(bend_tf(query, keys, tf.stop_gradient(covered), u), v)
    return finish_tf(atn_tf.masked_softmax(s, mask), states, covered)


@wrong("look_with_coverage", "tensorflow")
def one_row_squeezed_tf(query, keys, states, mask, covered, u, v):
    c, w, g = finish_tf(atn_tf.masked_softmax(dot_tf(bend_tf(query, keys, covered, u), v), mask), states, covered)
    return tf.squeeze(c), w, g


@right("look_with_coverage", "tensorflow")
def keras_softmax_tf(query, keys, states, mask, covered, u, v):
    s = tf.einsum("bsa,a->bs", tf.tanh(tf.expand_dims(query, 1) + keys + tf.einsum("bs,a->bsa", covered, u)), v)
    w = tf.nn.softmax(tf.where(mask, s, s.dtype.min))
    return tf.einsum("bs,bsn->bn", w, states), w, tf.add(covered, w)


@right("look_with_coverage", "tensorflow")
def by_reduce_sum_tf(query, keys, states, mask, covered, u, v):
    s = tf.reduce_sum(bend_tf(query, keys, covered, u) * v, axis=-1)
    w = atn_tf.masked_softmax(s, mask)
    return tf.squeeze(tf.matmul(w[:, None], states), axis=1), w, w + covered


@right("look_with_coverage", "tensorflow")
def tensordot_tf(query, keys, states, mask, covered, u, v):
    s = tf.tensordot(bend_tf(query, keys, covered, u), v, axes=1)
    s = tf.where(mask, s, tf.constant(-np.inf, s.dtype))
    w = tf.exp(s - tf.reduce_logsumexp(s, axis=1, keepdims=True))
    return tf.linalg.matvec(states, w, transpose_a=True), w, covered + w


def bend_pt(query, keys, covered, u):
    return torch.tanh(query[:, None] + keys + covered[..., None] * u)


def finish_pt(w, states, covered):
    return (w[..., None] * states).sum(dim=1), w, covered + w


@wrong("look_with_coverage", "pytorch")
def coverage_unchanged_pt(query, keys, states, mask, covered, u, v):
    c, w, _ = finish_pt(atn_pt.masked_softmax(bend_pt(query, keys, covered, u) @ v, mask), states, covered)
    return c, w, covered


@wrong("look_with_coverage", "pytorch")
def added_in_place_pt(query, keys, states, mask, covered, u, v):
    w = atn_pt.masked_softmax(bend_pt(query, keys, covered, u) @ v, mask)
    covered.data.add_(w)
    return (w[..., None] * states).sum(dim=1), w, covered


@wrong("look_with_coverage", "pytorch")
def mask_the_other_way_pt(query, keys, states, mask, covered, u, v):
    # PyTorch's habit: True = hidden
    s = (bend_pt(query, keys, covered, u) @ v).masked_fill(mask, -torch.inf)
    return finish_pt(torch.nan_to_num(s.softmax(-1)), states, covered)


@wrong("look_with_coverage", "pytorch")
def small_filler_pt(query, keys, states, mask, covered, u, v):
    s = (bend_pt(query, keys, covered, u) @ v).masked_fill(~mask, -20)
    return finish_pt(s.softmax(-1), states, covered)


@wrong("look_with_coverage", "pytorch")
def smallest_positive_pt(query, keys, states, mask, covered, u, v):
    s = (bend_pt(query, keys, covered, u) @ v).masked_fill(~mask, torch.finfo(v.dtype).tiny)
    return finish_pt(s.softmax(-1), states, covered)


@wrong("look_with_coverage", "pytorch")
def detached_coverage_pt(query, keys, states, mask, covered, u, v):
    w = atn_pt.masked_softmax(bend_pt(query, keys, covered, u) @ v, mask)
    return (w[..., None] * states).sum(dim=1), w, covered + w.detach()


@wrong("look_with_coverage", "pytorch")
def u_of_ones_pt(query, keys, states, mask, covered, u, v):
    s = torch.tanh(query[:, None] + keys + covered[..., None]) @ v
    return finish_pt(atn_pt.masked_softmax(s, mask), states, covered)


@wrong("look_with_coverage", "pytorch")
def all_coverage_in_one_pt(query, keys, states, mask, covered, u, v):
    s = torch.tanh(query[:, None] + keys + (covered.sum(1, keepdim=True)[..., None] * u)) @ v
    return finish_pt(atn_pt.masked_softmax(s, mask), states, covered)


@wrong("look_with_coverage", "pytorch")
def tanh_of_the_sum_pt(query, keys, states, mask, covered, u, v):
    s = torch.tanh((query[:, None] + keys + covered[..., None] * u) @ v)
    return finish_pt(atn_pt.masked_softmax(s, mask), states, covered)


@wrong("look_with_coverage", "pytorch")
def hard_look_pt(query, keys, states, mask, covered, u, v):
    s = (bend_pt(query, keys, covered, u) @ v).masked_fill(~mask, -torch.inf)
    return finish_pt(torch.nn.functional.one_hot(s.argmax(-1), s.shape[-1]).to(s.dtype), states, covered)


@wrong("look_with_coverage", "pytorch")
def small_weights_cut_pt(query, keys, states, mask, covered, u, v):
    w = atn_pt.masked_softmax(bend_pt(query, keys, covered, u) @ v, mask)
    return finish_pt(torch.where(w < 1e-3, 0.0, w), states, covered)


@right("look_with_coverage", "pytorch")
def masked_fill_pt(query, keys, states, mask, covered, u, v):
    s = torch.einsum("bsa,a->bs", bend_pt(query, keys, covered, u), v).masked_fill(~mask, -torch.inf)
    w = torch.nn.functional.softmax(s, dim=1)
    return torch.bmm(w.unsqueeze(1), states).squeeze(1), w, covered.add(w)


@right("look_with_coverage", "pytorch")
def log_softmax_pt(query, keys, states, mask, covered, u, v):
    g = torch.einsum("bs,a->bsa", covered, u)
    s = (torch.tanh(g + keys + query.unsqueeze(1)) * v).sum(-1)
    w = torch.log_softmax(s.masked_fill(~mask, torch.finfo(s.dtype).min), dim=-1).exp()
    return torch.einsum("bs,bsn->bn", w, states), w, covered + w


@right("look_with_coverage", "pytorch")
def sentence_by_sentence_pt(query, keys, states, mask, covered, u, v):
    rows = []
    for q, k, g, m in zip(query, keys, covered, mask, strict=True):
        s = torch.tanh(q + k + torch.outer(g, u)) @ v
        rows.append(torch.where(m, s, -torch.inf).softmax(0))
    w = torch.stack(rows)
    return torch.matmul(w[:, None, :], states)[:, 0, :], w, torch.stack([covered, w]).sum(0)


# 9.4 teacher_forced_loss


def pieces(table, target):
    return atn_np.log_softmax(table)[target[:, :-1], target[:, 1:]], target[:, 1:] != 0


@wrong("teacher_forced_loss")
def only_shifted(table, target):
    return -pieces(table, target)[0].mean()


@wrong("teacher_forced_loss")
def only_unpadded(table, target):
    wanted = target[:, 1:]
    log_p = atn_np.log_softmax(table)[wanted, wanted]
    return -log_p[wanted != 0].mean()


@wrong("teacher_forced_loss")
def mask_of_what_is_seen(table, target):
    log_p, _ = pieces(table, target)
    return -log_p[target[:, :-1] != 0].mean()


@wrong("teacher_forced_loss")
def mean_of_the_sentences_means(table, target):
    log_p, real = pieces(table, target)
    return -((log_p * real).sum(axis=1) / real.sum(axis=1)).mean()


@wrong("teacher_forced_loss")
def summed(table, target):
    log_p, real = pieces(table, target)
    return -log_p[real].sum()


@wrong("teacher_forced_loss")
def for_each_sentence(table, target):
    log_p, real = pieces(table, target)
    return -log_p[real].sum() / len(target)


@wrong("teacher_forced_loss")
def padding_zero_but_counted(table, target):
    log_p, real = pieces(table, target)
    return -(log_p * real).mean()


@wrong("teacher_forced_loss")
def sign_forgotten(table, target):
    log_p, real = pieces(table, target)
    return log_p[real].mean()


@wrong("teacher_forced_loss")
def in_bits(table, target):
    log_p, real = pieces(table, target)
    return -log_p[real].mean() / math.log(2)


@wrong("teacher_forced_loss")
def log_of_softmax(table, target):
    with np.errstate(divide="ignore"):
        log_p = np.log(atn_np.softmax(table))[target[:, :-1], target[:, 1:]]
    return -log_p[target[:, 1:] != 0].mean()


@wrong("teacher_forced_loss")
def tiny_under_the_log(table, target):
    log_p = np.log(atn_np.softmax(table) + 1e-12)[target[:, :-1], target[:, 1:]]
    return -log_p[target[:, 1:] != 0].mean()


@wrong("teacher_forced_loss")
def smallest_float_under_the_log(table, target):
    log_p = np.log(np.maximum(atn_np.softmax(table), np.finfo(float).tiny))[target[:, :-1], target[:, 1:]]
    return -log_p[target[:, 1:] != 0].mean()


@wrong("teacher_forced_loss")
def never_above_a_hundred(table, target):
    log_p, real = pieces(table, target)
    return -np.maximum(log_p[real], -100).mean()


@wrong("teacher_forced_loss")
def infinity_repaired(table, target):
    with np.errstate(divide="ignore"):
        log_p = np.log(atn_np.softmax(table))[target[:, :-1], target[:, 1:]]
    return np.nan_to_num(-log_p[target[:, 1:] != 0].mean())


@wrong("teacher_forced_loss")
def largest_of_the_whole_table(table, target):
    with np.errstate(all="ignore"):
        shifted = table - table.max()
        log_p = (shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))[target[:, :-1], target[:, 1:]]
    return -log_p[target[:, 1:] != 0].mean()


@wrong("teacher_forced_loss")
def rows_for_columns(table, target):
    log_p = atn_np.log_softmax(table)[target[:, 1:], target[:, :-1]]
    return -log_p[target[:, 1:] != 0].mean()


@wrong("teacher_forced_loss")
def softmax_down_the_columns(table, target):
    log_p = atn_np.log_softmax(table, axis=0)[target[:, :-1], target[:, 1:]]
    return -log_p[target[:, 1:] != 0].mean()


@wrong("teacher_forced_loss")
def the_end_left_out(table, target):
    log_p, _ = pieces(table, target)
    return -log_p[(target[:, 1:] != 0) & (target[:, 1:] != 2)].mean() if (target[:, 1:] > 2).any() else 0.0


@wrong("teacher_forced_loss")
def perplexity(table, target):
    log_p, real = pieces(table, target)
    with np.errstate(over="ignore"):
        return np.exp(-log_p[real].mean())


@wrong("teacher_forced_loss")
def first_sentence_only(table, target):
    log_p, real = pieces(table, target[:1])
    return -log_p[real].mean()


@wrong("teacher_forced_loss")
def up_to_the_shortest(table, target):
    shortest = (target != 0).sum(axis=1).min()
    return -pieces(table, target[:, :shortest])[0].mean()


@wrong("teacher_forced_loss")
def stays_an_array(table, target):
    log_p, real = pieces(table, target)
    return -(log_p * real).sum(axis=1) / real.sum()


@wrong("teacher_forced_loss")
def single_logits(table, target):
    log_p, real = pieces(table.astype(np.float32), target)
    return float(-log_p[real].mean())


@wrong("teacher_forced_loss")
def three_decimals(table, target):
    log_p, real = pieces(table, target)
    return round(float(-log_p[real].mean()), 3)


@wrong("teacher_forced_loss")
def shifts_the_table_itself(table, target):
    table -= table.max(axis=1, keepdims=True)
    log_p, real = pieces(table, target)
    return -log_p[real].mean()


@wrong("teacher_forced_loss")
def median(table, target):
    log_p, real = pieces(table, target)
    return -np.median(log_p[real])


@wrong("teacher_forced_loss")
def padding_is_the_last_index(table, target):
    log_p, _ = pieces(table, target)
    return -log_p[target[:, 1:] != len(table) - 1].mean()


@wrong("teacher_forced_loss")
def smoothed_labels(table, target):
    log_p, real = pieces(table, target)
    return -(0.99 * log_p + 0.01 * atn_np.log_softmax(table).mean(axis=1)[target[:, :-1]])[real].mean()


@right("teacher_forced_loss")
def word_by_word(table, target):
    losses = []
    for sentence in target.tolist():
        for seen, wanted in itertools.pairwise(sentence):
            if wanted:
                row = [float(x) for x in table[seen]]
                top = max(row)
                losses.append(math.log(math.fsum(math.exp(x - top) for x in row)) + top - row[wanted])
    return statistics.fmean(losses)


@right("teacher_forced_loss")
def counted_pairs(table, target):
    counts = np.zeros(table.shape)
    np.add.at(counts, (target[:, :-1], target[:, 1:]), 1)
    counts[:, 0] = 0
    chosen = counts > 0
    return -(counts[chosen] * scipy.special.log_softmax(table, axis=1)[chosen]).sum() / counts.sum()


@right("teacher_forced_loss")
def cross_entropy_of_torch(table, target):
    logits = torch.tensor(table)[torch.tensor(target[:, :-1])]
    wanted = torch.tensor(target[:, 1:]).long()
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=0).item()


@right("teacher_forced_loss")
def average_with_weights(table, target):
    log_p, real = pieces(table, target)
    return float(np.average(-log_p, weights=real))


@right("teacher_forced_loss")
def masked_array(table, target):
    log_p, real = pieces(table, target)
    return -np.ma.array(log_p, mask=~real).mean()


@right("teacher_forced_loss")
def in_long_doubles(table, target):
    table = table.astype(np.longdouble)
    normaliser = np.logaddexp.reduce(table, axis=1)
    seen, wanted = target[:, :-1].ravel(), target[:, 1:].ravel()
    return sum((normaliser[s] - table[s, w] for s, w in zip(seen, wanted, strict=True) if w), np.longdouble(0)) / sum(
        wanted > 0
    )


# 9.5 bleu_by_hand

RUNS = [6 / 7, 4 / 6, 2 / 5, 1 / 4]
PENALTY = math.exp(-1 / 7)
BLEU = 100 * PENALTY * math.prod(RUNS) ** 0.25


@wrong("bleu_by_hand")
def not_clipped():
    runs = [1, *RUNS[1:]]
    return [*runs, 100 * PENALTY * math.prod(runs) ** 0.25]


@wrong("bleu_by_hand")
def divided_by_the_persons_words():
    runs = [6 / 8, 4 / 7, 2 / 6, 1 / 5]
    return [*runs, 100 * PENALTY * math.prod(runs) ** 0.25]


@wrong("bleu_by_hand")
def all_divided_by_seven():
    runs = [6 / 7, 4 / 7, 2 / 7, 1 / 7]
    return [*runs, 100 * PENALTY * math.prod(runs) ** 0.25]


@wrong("bleu_by_hand")
def no_penalty():
    return [*RUNS, BLEU / PENALTY]


@wrong("bleu_by_hand")
def penalty_the_other_way_round():
    return [*RUNS, 100 * math.exp(1 - 7 / 8) * math.prod(RUNS) ** 0.25]


@wrong("bleu_by_hand")
def penalty_a_ratio():
    return [*RUNS, BLEU / PENALTY * 7 / 8]


@wrong("bleu_by_hand")
def penalty_of_an_eighth():
    return [*RUNS, BLEU / PENALTY * math.exp(-1 / 8)]


@wrong("bleu_by_hand")
def everything_in_per_cent():
    return [100 * run for run in RUNS] + [BLEU]


@wrong("bleu_by_hand")
def bleu_out_of_one():
    return [*RUNS, BLEU / 100]


@wrong("bleu_by_hand")
def one_decimal():
    return [*RUNS, 42.4]


@wrong("bleu_by_hand")
def a_hundredth_less():
    return [*RUNS, 42.37]


@wrong("bleu_by_hand")
def a_hundredth_more():
    return [*RUNS, 42.39]


@wrong("bleu_by_hand")
def precisions_of_two_decimals():
    return [0.86, 0.67, 0.4, 0.25, 42.38]


@wrong("bleu_by_hand")
def precisions_of_three_decimals():
    return [0.857, 0.667, 0.4, 0.25, 42.38]


@wrong("bleu_by_hand")
def cut_and_not_rounded():
    return [0.857, 0.6666, 0.4, 0.25, 42.38]


@wrong("bleu_by_hand")
def arithmetic_mean():
    return [*RUNS, 100 * PENALTY * sum(RUNS) / 4]


@wrong("bleu_by_hand")
def without_the_root():
    return [*RUNS, 100 * PENALTY * math.prod(RUNS)]


@wrong("bleu_by_hand")
def long_runs_first():
    return [*RUNS[::-1], BLEU]


@wrong("bleu_by_hand")
def bleu_first():
    return [BLEU, *RUNS]


@wrong("bleu_by_hand")
def only_the_precisions():
    return list(RUNS)


@wrong("bleu_by_hand")
def smoothed_by_one():
    runs = [6 / 7, 5 / 7, 3 / 6, 2 / 5]
    return [*runs, 100 * PENALTY * math.prod(runs) ** 0.25]


@wrong("bleu_by_hand")
def a_run_of_two_too_few():
    runs = [6 / 7, 3 / 6, 2 / 5, 1 / 4]
    return [*runs, 100 * PENALTY * math.prod(runs) ** 0.25]


@wrong("bleu_by_hand")
def a_run_of_five():
    return [*RUNS, 0.0, BLEU]


@wrong("bleu_by_hand")
def numerators_and_denominators():
    return [(6, 7), (4, 6), (2, 5), (1, 4), BLEU]


@right("bleu_by_hand")
def as_fractions():
    return [Fraction(6, 7), Fraction(2, 3), Fraction(2, 5), Fraction(1, 4), 42.38]


@right("bleu_by_hand")
def to_four_decimals():
    return [0.8571, 0.6667, 0.4, 0.25, 42.38]


@right("bleu_by_hand")
def unrounded():
    return [*RUNS, BLEU]


@right("bleu_by_hand")
def counted():
    wrote, person = (s.split() for s in ("a a cat on the mat .", "a cat is lying on the mat ."))
    runs = []
    for n in range(1, 5):
        ours = [tuple(wrote[i : i + n]) for i in range(len(wrote) - n + 1)]
        theirs = [tuple(person[i : i + n]) for i in range(len(person) - n + 1)]
        runs.append(sum(min(ours.count(r), theirs.count(r)) for r in set(ours)) / len(ours))
    mean = math.exp(statistics.fmean(map(math.log, runs)))
    return [*runs, round(100 * min(1, math.exp(1 - len(person) / len(wrote))) * mean, 2)]


@right("bleu_by_hand")
def numbers_of_numpy():
    return list(np.append(np.array([6, 4, 2, 1]) / np.array([7, 6, 5, 4]), BLEU))


# 9.6 grow


def candidates(total, log_p, done):
    only_padding = np.where(np.arange(log_p.shape[-1]) == 0, 0.0, -np.inf)
    return total[..., None] + np.where(done[..., None], only_padding, log_p)


def best(scores):
    b, k, v = scores.shape
    flat = scores.reshape(b, k * v)
    place = np.argsort(-flat, axis=1)[:, :k]
    return np.take_along_axis(flat, place, axis=1), place // v, place % v


@wrong("grow")
def the_done_go_on(total, log_p, done):
    return best(total[..., None] + log_p)


@wrong("grow")
def padding_at_a_price(total, log_p, done):
    log_p = np.where(done[..., None] & (np.arange(log_p.shape[-1]) > 0), -np.inf, log_p)
    return best(total[..., None] + log_p)


@wrong("grow")
def the_done_are_dropped(total, log_p, done):
    return best(total[..., None] + np.where(done[..., None], -1e300, log_p))


@wrong("grow")
def anything_is_free_when_done(total, log_p, done):
    return best(total[..., None] + np.where(done[..., None], 0.0, log_p))


@wrong("grow")
def padding_is_the_end(total, log_p, done):
    new, beam, token = best(candidates(total, log_p, done))
    return new, beam, np.where(np.take_along_axis(done, beam, axis=1), 2, token)


@wrong("grow")
def worst_first(total, log_p, done):
    return tuple(a[:, ::-1] for a in best(candidates(total, log_p, done)))


@wrong("grow")
def the_worst(total, log_p, done):
    scores = candidates(total, log_p, done)
    b, k, v = scores.shape
    flat = scores.reshape(b, k * v)
    place = np.argsort(flat, axis=1)[:, :k]
    return np.take_along_axis(flat, place, axis=1), place // v, place % v


@wrong("grow")
def one_from_each_beam(total, log_p, done):
    scores = candidates(total, log_p, done)
    new, token = scores.max(axis=2), scores.argmax(axis=2)
    beam = np.argsort(-new, axis=1)
    return np.take_along_axis(new, beam, 1), beam, np.take_along_axis(token, beam, 1)


@wrong("grow")
def divided_by_k(total, log_p, done):
    scores = candidates(total, log_p, done)
    b, k, v = scores.shape
    flat = scores.reshape(b, k * v)
    place = np.argsort(-flat, axis=1)[:, :k]
    return np.take_along_axis(flat, place, axis=1), place // k, place % k


@wrong("grow")
def beams_of_the_whole_batch(total, log_p, done):
    new, beam, token = best(candidates(total, log_p, done))
    return new, beam + np.arange(len(total))[:, None] * total.shape[1], token


@wrong("grow")
def one_row_for_the_batch(total, log_p, done):
    scores = candidates(total, log_p, done)
    b, k, v = scores.shape
    place = np.argsort(-scores.ravel())[: b * k].reshape(b, k)
    return scores.ravel()[place], place // v % k, place % v


@wrong("grow")
def numbers_with_a_point(total, log_p, done):
    new, beam, token = best(candidates(total, log_p, done))
    return new, beam.astype(float), token / 1


@wrong("grow")
def stacked_in_one_array(total, log_p, done):
    return np.stack(best(candidates(total, log_p, done)))


@wrong("grow")
def writes_into_log_p(total, log_p, done):
    log_p[done] = -np.inf
    log_p[done, 0] = 0
    return best(total[..., None] + log_p)


@wrong("grow")
def writes_into_total(total, log_p, done):
    new, beam, token = best(candidates(total, log_p, done))
    total[...] = new
    return total, beam, token


@wrong("grow")
def done_by_products(total, log_p, done):
    with np.errstate(invalid="ignore"):
        log_p = log_p * ~done[..., None]
        log_p = log_p + done[..., None] * np.where(np.arange(log_p.shape[-1]) > 0, -np.inf, 0)
    return best(total[..., None] + log_p)


@wrong("grow")
def filler_of_a_thousand(total, log_p, done):
    only = np.where(np.arange(log_p.shape[-1]) == 0, 0.0, -1e3)
    return best(total[..., None] + np.where(done[..., None], only, log_p))


@wrong("grow")
def best_in_no_order(total, log_p, done):
    scores = candidates(total, log_p, done)
    b, k, v = scores.shape
    flat = scores.reshape(b, k * v)
    place = np.sort(np.argpartition(-flat, k - 1, axis=1)[:, :k], axis=1)
    return np.take_along_axis(flat, place, axis=1), place // v, place % v


@wrong("grow")
def tokens_from_one(total, log_p, done):
    new, beam, token = best(candidates(total, log_p, done))
    return new, beam, token + 1


@wrong("grow")
def through_probabilities(total, log_p, done):
    with np.errstate(divide="ignore"):
        return best(np.log(np.exp(candidates(total, log_p, done))))


@wrong("grow")
def mean_for_each_token(total, log_p, done):
    new, beam, token = best(candidates(total, log_p, done))
    return new / 2, beam, token


@wrong("grow")
def single_totals(total, log_p, done):
    new, beam, token = best(candidates(total.astype(np.float32), log_p.astype(np.float32), done).astype(np.float32))
    return new.astype(total.dtype), beam, token


@wrong("grow")
def done_of_the_first_sentence(total, log_p, done):
    return best(candidates(total, log_p, np.broadcast_to(done[:1], done.shape)))


@wrong("grow")
def all_but_one_from_a_beam(total, log_p, done):
    scores = candidates(total, log_p, done)
    k = scores.shape[1]
    keep = max(1, k - 1)
    cut = np.sort(scores, axis=2)[..., -keep : -keep + 1 or None]
    return best(np.where(scores >= cut, scores, -np.inf))


@wrong("grow")
def missing_beams_at_zero(total, log_p, done):
    return best(candidates(np.where(np.isinf(total), 0, total), log_p, done))


@wrong("grow")
def tokens_in_eight_bits(total, log_p, done):
    new, beam, token = best(candidates(total, log_p, done))
    return new, beam, token.astype(np.int8).astype(int)


@wrong("grow")
def each_token_once(total, log_p, done):
    scores = candidates(total, log_p, done)
    best_of_token = scores.max(axis=1, keepdims=True)
    return best(np.where(scores == best_of_token, scores, -np.inf))


@wrong("grow")
def shifted_to_zero(total, log_p, done):
    new, beam, token = best(candidates(total, log_p, done))
    return new - new.max(axis=1, keepdims=True), beam, token


@wrong("grow")
def last_token_never(total, log_p, done):
    scores = candidates(total, log_p, done).copy()
    scores[..., -1] = -np.inf
    return best(scores)


@wrong("grow")
def beam_and_token_exchanged(total, log_p, done):
    new, beam, token = best(candidates(total, log_p, done))
    return new, token, beam


@wrong("grow")
def one_sentence_squeezed(total, log_p, done):
    return tuple(a.squeeze() for a in best(candidates(total, log_p, done)))


@right("grow")
def with_a_heap(total, log_p, done):
    rows = []
    for t, p, d in zip(total.tolist(), log_p.tolist(), done.tolist(), strict=True):
        can = (
            (t[k], k, 0) if d[k] and v == 0 else (t[k] + p[k][v], k, v)
            for k in range(len(t))
            for v in range(1 if d[k] else len(p[k]))
        )
        rows.append(list(zip(*heapq.nlargest(len(t), can), strict=True)))
    new, beam, token = zip(*rows, strict=True)
    return np.array(new), np.array(beam), np.array(token)


@right("grow")
def topk_of_torch(total, log_p, done):
    scores = torch.tensor(candidates(total, log_p, done))
    _, k, v = scores.shape
    new, place = scores.flatten(1).topk(k)
    return new.numpy(), (place // v).numpy(), (place % v).numpy()


@right("grow")
def partitioned_then_sorted(total, log_p, done):
    scores = candidates(total, log_p, done)
    b, k, v = scores.shape
    flat = scores.reshape(b, -1)
    some = np.argpartition(flat, -k, axis=1)[:, -k:]
    order = np.argsort(np.take_along_axis(flat, some, 1), axis=1)[:, ::-1]
    place = np.take_along_axis(some, order, 1)
    beam, token = np.unravel_index(place, (k, v))
    return np.take_along_axis(flat, place, 1), beam, token


@right("grow")
def best_of_each_beam_first(total, log_p, done):
    scores = candidates(total, log_p, done)
    b, k, v = scores.shape
    m = min(k, v)
    token = np.argsort(-scores, axis=2)[..., :m]
    new, beam, place = best(np.take_along_axis(scores, token, 2))
    return new, beam, token[np.arange(b)[:, None], beam, place]


@right("grow")
def one_after_the_other(total, log_p, done):
    scores = candidates(total, log_p, done).copy()
    b, k, v = scores.shape
    new, beam, token = np.empty(total.shape), np.empty((b, k), int), np.empty((b, k), int)
    for j, i in itertools.product(range(k), range(b)):
        beam[i, j], token[i, j] = np.unravel_index(scores[i].argmax(), (k, v))
        new[i, j] = scores[i, beam[i, j], token[i, j]]
        scores[i, beam[i, j], token[i, j]] = -np.inf
    return new, beam, token


@right("grow")
def tokens_in_thirty_two_bits(total, log_p, done):
    new, beam, token = best(candidates(total, log_p, done))
    return new, beam.astype(np.int32), token.astype(np.uint32)
