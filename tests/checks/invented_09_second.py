"""A second set of answers to the exercises of chapter 9, invented from the tasks alone by another hand."""

import functools
import heapq
import itertools
import math
from collections import Counter

import attention.numpy as atn_np
import attention.pytorch as atn_pt
import attention.tensorflow as atn_tf
from attention.frameworks import np, tf, torch
from attention.numpy.recurrent import gru_step
from tests.checks.register import Answers

answers = Answers("09")
wrong, right = answers.unlisted, answers.right


# 9.1 cut


def merged(tokens, pair, number):
    out, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == tuple(pair):
            out.append(number)
            i += 2
        else:
            out.append(tokens[i])
            i += 1
    return out


@wrong("cut")
def all_merges_in_one_walk(tokens, merges):
    number, out, i = {pair: 256 + k for k, pair in enumerate(merges)}, [], 0
    while i < len(tokens):
        pair = tuple(tokens[i : i + 2])
        out.append(number.get(pair, tokens[i]))
        i += 2 if pair in number else 1
    return out


@wrong("cut")
def first_place_only(tokens, merges):
    out = list(tokens)
    for k, pair in enumerate(merges):
        for i in range(len(out) - 1):
            if (out[i], out[i + 1]) == pair:
                out[i : i + 2] = [256 + k]
                break
    return out


@wrong("cut")
def from_the_right(tokens, merges):
    out = list(tokens)
    for k, pair in enumerate(merges):
        i = len(out) - 2
        while i >= 0:
            if tuple(out[i : i + 2]) == pair:
                out[i : i + 2] = [256 + k]
                i -= 1
            i -= 1
    return out


@wrong("cut")
def pops_from_the_text(tokens, merges):
    for k, (a, b) in enumerate(merges):
        i = 0
        while i < len(tokens) - 1:
            if tokens[i] == a and tokens[i + 1] == b:
                tokens[i] = 256 + k
                tokens.pop(i + 1)
            i += 1
    return tokens


@wrong("cut")
def numbers_from_257(tokens, merges):
    for k, pair in enumerate(merges, start=1):
        tokens = merged(tokens, pair, 256 + k)
    return tokens


@wrong("cut")
def number_only_of_merges_that_happen(tokens, merges):
    number = 256
    for pair in merges:
        new = merged(tokens, pair, number)
        number += new != tokens
        tokens = new
    return tokens


@wrong("cut")
def stops_at_a_merge_that_is_not_there(tokens, merges):
    tokens = list(tokens)
    for k, pair in enumerate(merges):
        if pair not in itertools.pairwise(tokens):
            break
        tokens = merged(tokens, pair, 256 + k)
    return tokens


@wrong("cut")
def last_merge_first(tokens, merges):
    for k in reversed(range(len(merges))):
        tokens = merged(tokens, merges[k], 256 + k)
    return tokens


@wrong("cut")
def either_order(tokens, merges):
    for k, pair in enumerate(merges):
        out, i = [], 0
        while i < len(tokens):
            if sorted(tokens[i : i + 2]) == sorted(pair):
                out.append(256 + k)
                i += 2
            else:
                out.append(tokens[i])
                i += 1
        tokens = out
    return tokens


@wrong("cut")
def last_token_lost(tokens, merges):
    for k, pair in enumerate(merges):
        out, i = [], 0
        while i < len(tokens) - 1:
            if (tokens[i], tokens[i + 1]) == pair:
                out.append(256 + k)
                i += 2
            else:
                out.append(tokens[i])
                i += 1
        tokens = out
    return list(tokens)


@wrong("cut")
def last_token_always_copied(tokens, merges):
    tokens = list(tokens)
    for k, pair in enumerate(merges):
        out, i = [], 0
        while i < len(tokens) - 1:
            same = (tokens[i], tokens[i + 1]) == pair
            out.append(256 + k if same else tokens[i])
            i += 1 + same
        tokens = out + tokens[-1:]
    return tokens


@wrong("cut")
def overlapping(tokens, merges):
    for k, pair in enumerate(merges):
        places = [i for i in range(len(tokens) - 1) if (tokens[i], tokens[i + 1]) == pair]
        tokens = [256 + k if i in places else t for i, t in enumerate(tokens) if i - 1 not in places]
    return list(tokens)


@wrong("cut")
def text_replace_with_spaces(tokens, merges):
    text = " ".join(map(str, tokens))
    for k, (a, b) in enumerate(merges):
        text = text.replace(f"{a} {b}", str(256 + k))
    return [int(t) for t in text.split()]


@wrong("cut")
def text_replace_that_eats_a_space(tokens, merges):
    text = " " + " ".join(map(str, tokens)) + " "
    for k, (a, b) in enumerate(merges):
        text = text.replace(f" {a} {b} ", f" {256 + k} ")  # neighbours share their space
    return [int(t) for t in text.split()]


@wrong("cut")
def list_kept_between_calls(tokens, merges, out=[]):  # noqa: B006
    for k, pair in enumerate(merges):
        tokens = merged(tokens, pair, 256 + k)
    out.extend(tokens)
    return out


@wrong("cut")
def remembers_without_merges(tokens, merges, seen={}):  # noqa: B006
    if tuple(tokens) not in seen:
        out = tokens
        for k, pair in enumerate(merges):
            out = merged(out, pair, 256 + k)
        seen[tuple(tokens)] = list(out)
    return list(seen[tuple(tokens)])


@wrong("cut")
def greedy_stack(tokens, merges):
    number, stack = {pair: 256 + k for k, pair in enumerate(merges)}, []
    for t in tokens:
        stack.append(t)
        while tuple(stack[-2:]) in number:
            stack[-2:] = [number[tuple(stack[-2:])]]
    return stack


@wrong("cut")
def looks_at_the_first_index(tokens, merges):
    out = list(tokens)
    for k, (a, b) in enumerate(merges):
        while a in out and out[out.index(a) : out.index(a) + 2] == [a, b]:
            i = out.index(a)
            out[i : i + 2] = [256 + k]
    return out


@wrong("cut")
def longest_piece_first(tokens, merges):
    spelled = {t: (t,) for t in range(256)}
    for k, (a, b) in enumerate(merges):
        spelled[256 + k] = spelled[a] + spelled[b]
    out, i = [], 0
    pieces = sorted(spelled, key=lambda t: -len(spelled[t]))
    while i < len(tokens):
        best = next(t for t in pieces if tuple(tokens[i : i + len(spelled[t])]) == spelled[t])
        out.append(best)
        i += len(spelled[best])
    return out


@right("cut")
def as_characters(tokens, merges):
    text = "".join(map(chr, tokens))
    for k, (a, b) in enumerate(merges):
        text = text.replace(chr(a) + chr(b), chr(256 + k))
    return [ord(c) for c in text]


@right("cut")
def lowest_number_first(tokens, merges):
    rank, out = {}, list(tokens)
    for k, pair in enumerate(merges):
        rank.setdefault(tuple(pair), k)
    while True:
        there = [rank[p] for p in itertools.pairwise(out) if p in rank]
        if not there:
            return out
        out = merged(out, merges[min(there)], 256 + min(there))


@right("cut")
def folded(tokens, merges):
    return functools.reduce(lambda out, k: merged(out, merges[k], 256 + k), range(len(merges)), tokens[:])


@right("cut")
def a_stack_for_each_merge(tokens, merges):
    out = list(tokens)
    for k, pair in enumerate(merges):
        stack = []
        for t in out:
            stack.append(t)
            if tuple(stack[-2:]) == tuple(pair):
                stack[-2:] = [256 + k]
        out = stack
    return out


@right("cut")
def deletes_in_a_copy(tokens, merges):
    out = tokens.copy()
    for k, (a, b) in enumerate(merges):
        i = 0
        while i + 1 < len(out):
            if out[i] == a and out[i + 1] == b:
                out[i] = 256 + k
                del out[i + 1]
            i += 1
    return out


@right("cut")
def with_an_iterator(tokens, merges):
    out = list(tokens)
    for number, pair in enumerate(merges, 256):
        it, new = iter(range(len(out))), []
        for i in it:
            if i + 1 < len(out) and (out[i], out[i + 1]) == pair:
                new.append(number)
                next(it)
            else:
                new.append(out[i])
        out = new
    return out


# 9.2 reset_first


def sigmoid(u):
    return 0.5 * (1 + np.tanh(0.5 * u))


def parts_np(input_gates, state, state_weight):
    return (*np.split(input_gates, 3, axis=-1), *np.split(state_weight, 3, axis=-1))


@wrong("reset_first")
def reset_last(input_gates, state, state_weight):
    return gru_step(input_gates, state @ state_weight, state)


@wrong("reset_first")
def update_reset_order(input_gates, state, state_weight):
    ez, er, en, uz, ur, un = parts_np(input_gates, state, state_weight)
    r, z = sigmoid(er + state @ ur), sigmoid(ez + state @ uz)
    return (1 - z) * np.tanh(en + (r * state) @ un) + z * state


@wrong("reset_first")
def new_and_old_swapped(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    r, z = sigmoid(er + state @ ur), sigmoid(ez + state @ uz)
    return z * np.tanh(en + (r * state) @ un) + (1 - z) * state


@wrong("reset_first")
def exp_over_one_plus_exp(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    s = lambda u: np.exp(u) / (1 + np.exp(u))
    z = s(ez + state @ uz)
    return (1 - z) * np.tanh(en + (s(er + state @ ur) * state) @ un) + z * state


@wrong("reset_first")
def nans_made_zero(input_gates, state, state_weight):
    return np.nan_to_num(exp_over_one_plus_exp(input_gates, state, state_weight))


@wrong("reset_first")
def tanh_by_exponentials(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    r, z = sigmoid(er + state @ ur), sigmoid(ez + state @ uz)
    a = en + (r * state) @ un
    n = (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))
    return (1 - z) * n + z * state


@wrong("reset_first")
def gates_clipped_at_6(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    s = lambda u: 1 / (1 + np.exp(-np.clip(u, -6, 6)))
    z = s(ez + state @ uz)
    return (1 - z) * np.tanh(en + (s(er + state @ ur) * state) @ un) + z * state


@wrong("reset_first")
def rows_of_the_weight(input_gates, state, state_weight):
    n = state.shape[1]
    ur, uz, un = state_weight.reshape(3, n, n)
    er, ez, en = np.split(input_gates, 3, axis=1)
    r, z = sigmoid(er + state @ ur), sigmoid(ez + state @ uz)
    return (1 - z) * np.tanh(en + (r * state) @ un) + z * state


@wrong("reset_first")
def reset_before_all_three(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    r = sigmoid(er + state @ ur)
    kept = r * state
    z = sigmoid(ez + kept @ uz)
    return (1 - z) * np.tanh(en + kept @ un) + z * state


@wrong("reset_first")
def keeps_the_reset_state(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    r, z = sigmoid(er + state @ ur), sigmoid(ez + state @ uz)
    kept = r * state
    return (1 - z) * np.tanh(en + kept @ un) + z * kept


@wrong("reset_first")
def input_inside_the_reset(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    r, z = sigmoid(er + state @ ur), sigmoid(ez + state @ uz)
    return (1 - z) * np.tanh(r * en + (r * state) @ un) + z * state


@wrong("reset_first")
def no_tanh(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    r, z = sigmoid(er + state @ ur), sigmoid(ez + state @ uz)
    return (1 - z) * (en + (r * state) @ un) + z * state


@wrong("reset_first")
def transposed(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    r, z = sigmoid(er + state @ ur.T), sigmoid(ez + state @ uz.T)
    return (1 - z) * np.tanh(en + (r * state) @ un.T) + z * state


@wrong("reset_first")
def width_from_the_wrong_axis(input_gates, state, state_weight):
    n = len(state)
    both = sigmoid(input_gates[:, : 2 * n] + state @ state_weight[:, : 2 * n])
    r, z = both[:, :n], both[:, n:]
    new = np.tanh(input_gates[:, 2 * n :] + (r * state) @ state_weight[:, 2 * n :])
    return (1 - z) * new + z * state


@wrong("reset_first")
def squeezed(input_gates, state, state_weight):
    return np.squeeze(right_in_numpy(input_gates, state, state_weight))


@wrong("reset_first")
def state_overwritten(input_gates, state, state_weight):
    new = right_in_numpy(input_gates, state, state_weight)
    state[...] = new
    return state


@wrong("reset_first")
def hard_sigmoid(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    s = lambda u: np.clip(u / 6 + 0.5, 0, 1)
    r, z = s(er + state @ ur), s(ez + state @ uz)
    return (1 - z) * np.tanh(en + (r * state) @ un) + z * state


@wrong("reset_first")
def half_precision_inside(input_gates, state, state_weight):
    out = right_in_numpy(*(a.astype(np.float16) for a in (input_gates, state, state_weight)))
    return out.astype(state.dtype)


def right_in_numpy(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    r, z = sigmoid(er + state @ ur), sigmoid(ez + state @ uz)
    return (1 - z) * np.tanh(en + (r * state) @ un) + z * state


@right("reset_first")
def row_by_row(input_gates, state, state_weight):
    n, rows = state.shape[-1], []
    for e, h in zip(input_gates, state, strict=True):
        gates = sigmoid(e[: 2 * n] + h @ state_weight[:, : 2 * n])
        new = np.tanh(e[2 * n :] + (gates[:n] * h) @ state_weight[:, 2 * n :])
        rows.append(new + gates[n:] * (h - new))
    return np.stack(rows)


@right("reset_first")
def both_branches_of_where(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    with np.errstate(all="ignore"):
        s = lambda u: np.where(u >= 0, 1 / (1 + np.exp(-u)), np.exp(u) / (1 + np.exp(u)))
        z = s(ez + state @ uz)
        return (1 - z) * np.tanh(en + (s(er + state @ ur) * state) @ un) + z * state


@right("reset_first")
def einsum_and_plain_sigmoid(input_gates, state, state_weight):
    n = state.shape[1]
    weight = state_weight.reshape(n, 3, n)
    e = input_gates.reshape(-1, 3, n)
    with np.errstate(over="ignore"):
        gates = 1 / (1 + np.exp(-(e[:, :2] + np.einsum("bn,ngm->bgm", state, weight[:, :2]))))
    new = np.tanh(e[:, 2] + np.einsum("bn,bn,nm->bm", gates[:, 0], state, weight[:, 2]))
    return (1 - gates[:, 1]) * new + gates[:, 1] * state


@right("reset_first")
def exponential_of_a_logaddexp(input_gates, state, state_weight):
    er, ez, en, ur, uz, un = parts_np(input_gates, state, state_weight)
    s = lambda u: np.exp(-np.logaddexp(0, -u))
    z = s(ez + state @ uz)
    return (1 - z) * np.tanh(en + (s(er + state @ ur) * state) @ un) + z * state


@wrong("reset_first", "tensorflow")
def keras_order_tf(input_gates, state, state_weight):
    ez, er, en = tf.split(input_gates, 3, axis=-1)
    uz, ur, un = tf.split(state_weight, 3, axis=-1)
    z, r = tf.sigmoid(ez + state @ uz), tf.sigmoid(er + state @ ur)
    return z * state + (1 - z) * tf.tanh(en + (r * state) @ un)


@wrong("reset_first", "tensorflow")
def reset_after_tf(input_gates, state, state_weight):
    er, ez, en = tf.split(input_gates, 3, axis=-1)
    hr, hz, hn = tf.split(state @ state_weight, 3, axis=-1)
    z = tf.sigmoid(ez + hz)
    return z * state + (1 - z) * tf.tanh(en + tf.sigmoid(er + hr) * hn)


@wrong("reset_first", "tensorflow")
def paper_sign_tf(input_gates, state, state_weight):
    new, z = gates_tf(input_gates, state, state_weight)
    return (1 - z) * state + z * new


@wrong("reset_first", "tensorflow")
def one_minus_exp_tf(input_gates, state, state_weight):
    er, ez, en = tf.split(input_gates, 3, axis=-1)
    ur, uz, un = tf.split(state_weight, 3, axis=-1)
    s = lambda u: tf.exp(u) / (tf.exp(u) + 1)
    z = s(ez + state @ uz)
    return z * state + (1 - z) * tf.tanh(en + (s(er + state @ ur) * state) @ un)


@wrong("reset_first", "tensorflow")
def inputs_clipped_tf(input_gates, state, state_weight):
    new, z = gates_tf(tf.clip_by_value(input_gates, -5, 5), state, state_weight)
    return z * state + (1 - z) * new


@wrong("reset_first", "tensorflow")
def candidate_without_input_tf(input_gates, state, state_weight):
    er, ez, _ = tf.split(input_gates, 3, axis=-1)
    ur, uz, un = tf.split(state_weight, 3, axis=-1)
    z = tf.sigmoid(ez + state @ uz)
    return z * state + (1 - z) * tf.tanh((tf.sigmoid(er + state @ ur) * state) @ un)


def gates_tf(input_gates, state, state_weight):
    er, ez, en = tf.split(input_gates, 3, axis=-1)
    ur, uz, un = tf.split(state_weight, 3, axis=-1)
    r, z = tf.sigmoid(er + state @ ur), tf.sigmoid(ez + state @ uz)
    return tf.tanh(en + (r * state) @ un), z


@right("reset_first", "tensorflow")
def by_gates_tf(input_gates, state, state_weight):
    new, z = gates_tf(input_gates, state, state_weight)
    return new + z * (state - new)


@right("reset_first", "tensorflow")
def unstacked_tf(input_gates, state, state_weight):
    n = state.shape[-1]
    both = tf.nn.sigmoid(input_gates[:, : 2 * n] + tf.matmul(state, state_weight[:, : 2 * n]))
    new = tf.nn.tanh(input_gates[:, 2 * n :] + tf.matmul(both[:, :n] * state, state_weight[:, 2 * n :]))
    return tf.add_n([new, -both[:, n:] * new, both[:, n:] * state])


@wrong("reset_first", "pytorch")
def gru_cell_pt(input_gates, state, state_weight):
    eye = torch.eye(input_gates.shape[1], dtype=state.dtype)
    return torch.gru_cell(input_gates, state, eye, state_weight.T)


@wrong("reset_first", "pytorch")
def chunks_of_rows_pt(input_gates, state, state_weight):
    er, ez, en = input_gates.chunk(3, dim=1)
    ur, uz, un = state_weight.T.chunk(3)
    r, z = torch.sigmoid(er + state @ ur), torch.sigmoid(ez + state @ uz)
    return (1 - z) * torch.tanh(en + (r * state) @ un) + z * state


@wrong("reset_first", "pytorch")
def in_place_pt(input_gates, state, state_weight):
    new, _r, z = gates_pt(input_gates, state, state_weight)
    return state.mul_(z).add_((1 - z) * new)


@wrong("reset_first", "pytorch")
def sigmoid_of_sigmoid_pt(input_gates, state, state_weight):
    new, _r, z = gates_pt(input_gates, state, state_weight)
    return (1 - z.sigmoid()) * new + z.sigmoid() * state


@wrong("reset_first", "pytorch")
def lerp_the_wrong_way_pt(input_gates, state, state_weight):
    new, _r, z = gates_pt(input_gates, state, state_weight)
    return torch.lerp(state, new, z)


@wrong("reset_first", "pytorch")
def relu_pt(input_gates, state, state_weight):
    er, ez, en = input_gates.chunk(3, dim=1)
    ur, uz, un = state_weight.chunk(3, dim=1)
    r, z = torch.sigmoid(er + state @ ur), torch.sigmoid(ez + state @ uz)
    return (1 - z) * torch.relu(en + (r * state) @ un) + z * state


@wrong("reset_first", "pytorch")
def one_reset_for_all_units_pt(input_gates, state, state_weight):
    er, ez, en = input_gates.chunk(3, dim=1)
    ur, uz, un = state_weight.chunk(3, dim=1)
    r = torch.sigmoid(er + state @ ur).mean(dim=1, keepdim=True)
    z = torch.sigmoid(ez + state @ uz)
    return (1 - z) * torch.tanh(en + (r * state) @ un) + z * state


def gates_pt(input_gates, state, state_weight):
    er, ez, en = input_gates.chunk(3, dim=1)
    ur, uz, un = state_weight.chunk(3, dim=1)
    r, z = torch.sigmoid(er + state @ ur), torch.sigmoid(ez + state @ uz)
    return torch.tanh(en + (r * state) @ un), r, z


@right("reset_first", "pytorch")
def lerp_pt(input_gates, state, state_weight):
    new, _r, z = gates_pt(input_gates, state, state_weight)
    return torch.lerp(new, state, z)


@right("reset_first", "pytorch")
def addmm_pt(input_gates, state, state_weight):
    n = state.size(1)
    r, z = torch.addmm(input_gates[:, : 2 * n], state, state_weight[:, : 2 * n]).sigmoid().split(n, dim=1)
    new = torch.addmm(input_gates[:, 2 * n :], r * state, state_weight[:, 2 * n :]).tanh()
    return new.mul(1 - z).add(z.mul(state))


# 9.3 look_with_coverage


def scores_np(query, keys, covered, u, v):
    return np.tanh(query[:, None] + keys + covered[..., None] * u) @ v


def rest_np(weights, states, covered):
    return np.einsum("bs,bsn->bn", weights, states), weights, covered + weights


@wrong("look_with_coverage")
def mask_forgotten(query, keys, states, mask, covered, u, v):
    return rest_np(atn_np.softmax(scores_np(query, keys, covered, u, v)), states, covered)


@wrong("look_with_coverage")
def weights_cut_after_softmax(query, keys, states, mask, covered, u, v):
    return rest_np(atn_np.softmax(scores_np(query, keys, covered, u, v)) * mask, states, covered)


@wrong("look_with_coverage")
def scores_times_mask(query, keys, states, mask, covered, u, v):
    return rest_np(atn_np.softmax(scores_np(query, keys, covered, u, v) * mask), states, covered)


@wrong("look_with_coverage")
def filler_of_minus_ten(query, keys, states, mask, covered, u, v):
    scores = np.where(mask, scores_np(query, keys, covered, u, v), -10.0)
    return rest_np(atn_np.softmax(scores), states, covered)


@wrong("look_with_coverage")
def mask_inverted(query, keys, states, mask, covered, u, v):
    return rest_np(atn_np.masked_softmax(scores_np(query, keys, covered, u, v), ~mask), states, covered)


@wrong("look_with_coverage")
def coverage_after_tanh(query, keys, states, mask, covered, u, v):
    scores = (np.tanh(query[:, None] + keys) + covered[..., None] * u) @ v
    return rest_np(atn_np.masked_softmax(scores, mask), states, covered)


@wrong("look_with_coverage")
def coverage_ignored(query, keys, states, mask, covered, u, v):
    return rest_np(atn_np.masked_softmax(scores_np(query, keys, 0 * covered, u, v), mask), states, covered)


@wrong("look_with_coverage")
def old_coverage_back(query, keys, states, mask, covered, u, v):
    weights = atn_np.masked_softmax(scores_np(query, keys, covered, u, v), mask)
    return np.einsum("bs,bsn->bn", weights, states), weights, covered


@wrong("look_with_coverage")
def coverage_is_the_weights(query, keys, states, mask, covered, u, v):
    weights = atn_np.masked_softmax(scores_np(query, keys, covered, u, v), mask)
    return np.einsum("bs,bsn->bn", weights, states), weights, weights


@wrong("look_with_coverage")
def coverage_at_most_one(query, keys, states, mask, covered, u, v):
    weights = atn_np.masked_softmax(scores_np(query, keys, covered, u, v), mask)
    return np.einsum("bs,bsn->bn", weights, states), weights, np.minimum(covered + weights, 1)


@wrong("look_with_coverage")
def adds_in_place(query, keys, states, mask, covered, u, v):
    weights = atn_np.masked_softmax(scores_np(query, keys, covered, u, v), mask)
    covered += weights
    return (weights[:, None] @ states)[:, 0], weights, covered


@wrong("look_with_coverage")
def coverage_seen_too_early(query, keys, states, mask, covered, u, v):
    first = atn_np.masked_softmax(scores_np(query, keys, covered, u, v), mask)
    covered = covered + first
    weights = atn_np.masked_softmax(scores_np(query, keys, covered, u, v), mask)
    return np.einsum("bs,bsn->bn", weights, states), weights, covered


@wrong("look_with_coverage")
def weights_before_context(query, keys, states, mask, covered, u, v):
    weights = atn_np.masked_softmax(scores_np(query, keys, covered, u, v), mask)
    return weights, np.einsum("bs,bsn->bn", weights, states), covered + weights


@wrong("look_with_coverage")
def u_and_v_swapped(query, keys, states, mask, covered, u, v):
    return rest_np(atn_np.masked_softmax(scores_np(query, keys, covered, v, u), mask), states, covered)


@wrong("look_with_coverage")
def softmax_over_sentences(query, keys, states, mask, covered, u, v):
    scores = scores_np(query, keys, covered, u, v)
    return rest_np(atn_np.masked_softmax(scores, mask, axis=0), states, covered)


@wrong("look_with_coverage")
def mask_of_the_first_sentence(query, keys, states, mask, covered, u, v):
    return rest_np(atn_np.masked_softmax(scores_np(query, keys, covered, u, v), mask[0]), states, covered)


@wrong("look_with_coverage")
def coverage_penalty(query, keys, states, mask, covered, u, v):
    scores = np.tanh(query[:, None] + keys) @ v - covered
    return rest_np(atn_np.masked_softmax(scores, mask), states, covered)


@wrong("look_with_coverage")
def squeezed_context(query, keys, states, mask, covered, u, v):
    weights = atn_np.masked_softmax(scores_np(query, keys, covered, u, v), mask)
    return (weights[:, None] @ states).squeeze(), weights, covered + weights


@wrong("look_with_coverage")
def scaled_scores(query, keys, states, mask, covered, u, v):
    scores = scores_np(query, keys, covered, u, v) / np.sqrt(len(v))
    return rest_np(atn_np.masked_softmax(scores, mask), states, covered)


@right("look_with_coverage")
def minus_billion_filler(query, keys, states, mask, covered, u, v):
    scores = np.where(mask, scores_np(query, keys, covered, u, v), -1e9).astype(query.dtype)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return rest_np(weights / weights.sum(axis=1, keepdims=True), states, covered)


@right("look_with_coverage")
def sentence_by_sentence(query, keys, states, mask, covered, u, v):
    contexts, weights = [], np.zeros_like(covered)
    for b in range(len(query)):
        there = mask[b].nonzero()[0]
        scores = np.tanh(query[b] + keys[b, there] + np.outer(covered[b, there], u)) @ v
        weights[b, there] = atn_np.softmax(scores)
        contexts.append(weights[b] @ states[b])
    return np.array(contexts), weights, covered + weights


@right("look_with_coverage")
def einsum_all_the_way(query, keys, states, mask, covered, u, v):
    bent = np.tanh(np.expand_dims(query, 1) + keys + np.einsum("bs,a->bsa", covered, u))
    weights = atn_np.masked_softmax(np.einsum("bsa,a->bs", bent, v), mask)
    return [(weights[..., None] * states).sum(axis=1), weights, np.add(covered, weights)]


def scores_tf(query, keys, covered, u, v):
    return tf.linalg.matvec(tf.tanh(query[:, None] + keys + covered[..., None] * u), v)


@wrong("look_with_coverage", "tensorflow")
def mask_added_to_scores_tf(query, keys, states, mask, covered, u, v):
    weights = tf.nn.softmax(scores_tf(query, keys, covered, u, v) + tf.cast(mask, query.dtype))
    return tf.einsum("bs,bsn->bn", weights, states), weights, covered + weights


@wrong("look_with_coverage", "tensorflow")
def padding_kept_tf(query, keys, states, mask, covered, u, v):
    weights = tf.nn.softmax(scores_tf(query, keys, covered, u, v) + tf.cast(mask, query.dtype) * -1e9)
    return tf.einsum("bs,bsn->bn", weights, states), weights, covered + weights


@wrong("look_with_coverage", "tensorflow")
def mean_instead_of_sum_tf(query, keys, states, mask, covered, u, v):
    weights = atn_tf.masked_softmax(scores_tf(query, keys, covered, u, v), mask)
    return tf.reduce_mean(weights[..., None] * states, axis=1), weights, covered + weights


@wrong("look_with_coverage", "tensorflow")
def coverage_through_sigmoid_tf(query, keys, states, mask, covered, u, v):
    weights = atn_tf.masked_softmax(scores_tf(query, keys, tf.sigmoid(covered), u, v), mask)
    return tf.einsum("bs,bsn->bn", weights, states), weights, covered + weights


@wrong("look_with_coverage", "tensorflow")
def coverage_summed_over_all_tf(query, keys, states, mask, covered, u, v):
    weights = atn_tf.masked_softmax(scores_tf(query, keys, covered, u, v), mask)
    return tf.einsum("bs,bsn->bn", weights, states), weights, tf.cumsum(covered + weights, axis=1)


@right("look_with_coverage", "tensorflow")
def matmul_with_a_column_tf(query, keys, states, mask, covered, u, v):
    bent = tf.tanh(tf.expand_dims(query, 1) + keys + tf.tensordot(covered, u, axes=0))
    scores = tf.reduce_sum(bent * v, axis=-1)
    scores = tf.where(mask, scores, tf.fill(tf.shape(scores), tf.constant(-np.inf, scores.dtype)))
    weights = tf.nn.softmax(scores, axis=1)
    return tf.linalg.matvec(states, weights, transpose_a=True), weights, tf.add(covered, weights)


@right("look_with_coverage", "tensorflow")
def library_attend_tf(query, keys, states, mask, covered, u, v):
    weights = atn_tf.masked_softmax(scores_tf(query, keys, covered, u, v), mask)
    return (weights[:, None] @ states)[:, 0], weights, weights + covered


def scores_pt(query, keys, covered, u, v):
    return torch.tanh(query[:, None] + keys + covered[..., None] * u) @ v


@wrong("look_with_coverage", "pytorch")
def fills_the_tokens_pt(query, keys, states, mask, covered, u, v):
    scores = scores_pt(query, keys, covered, u, v).masked_fill(mask, -1e9)
    weights = torch.softmax(scores, dim=-1)
    return torch.einsum("bs,bsn->bn", weights, states), weights, covered + weights


@wrong("look_with_coverage", "pytorch")
def softmax_dim_zero_pt(query, keys, states, mask, covered, u, v):
    scores = scores_pt(query, keys, covered, u, v).masked_fill(~mask, -1e9)
    weights = torch.softmax(scores, dim=0)
    return torch.einsum("bs,bsn->bn", weights, states), weights, covered + weights


@wrong("look_with_coverage", "pytorch")
def coverage_in_place_pt(query, keys, states, mask, covered, u, v):
    weights = atn_pt.masked_softmax(scores_pt(query, keys, covered, u, v), mask)
    return torch.einsum("bs,bsn->bn", weights, states), weights, covered.add_(weights)


@wrong("look_with_coverage", "pytorch")
def smallest_float_filler_pt(query, keys, states, mask, covered, u, v):
    scores = scores_pt(query, keys, covered, u, v).masked_fill(~mask, torch.finfo(query.dtype).tiny)
    weights = torch.softmax(scores, dim=-1)
    return torch.einsum("bs,bsn->bn", weights, states), weights, covered + weights


@wrong("look_with_coverage", "pytorch")
def coverage_normalised_pt(query, keys, states, mask, covered, u, v):
    share = covered / covered.sum(dim=1, keepdim=True).clamp_min(1e-9)
    weights = atn_pt.masked_softmax(scores_pt(query, keys, share, u, v), mask)
    return torch.einsum("bs,bsn->bn", weights, states), weights, covered + weights


@wrong("look_with_coverage", "pytorch")
def mean_of_coverage_pt(query, keys, states, mask, covered, u, v):
    weights = atn_pt.masked_softmax(scores_pt(query, keys, covered, u, v), mask)
    return torch.einsum("bs,bsn->bn", weights, states), weights, (covered + weights) / 2


@right("look_with_coverage", "pytorch")
def baddbmm_pt(query, keys, states, mask, covered, u, v):
    bent = (query.unsqueeze(1) + keys + covered.unsqueeze(-1).mul(u)).tanh()
    scores = torch.einsum("bsa,a->bs", bent, v)
    scores[~mask] = float("-inf")
    weights = scores.softmax(dim=1)
    return torch.bmm(weights.unsqueeze(1), states).squeeze(1), weights, covered + weights


@right("look_with_coverage", "pytorch")
def logsumexp_pt(query, keys, states, mask, covered, u, v):
    scores = scores_pt(query, keys, covered, u, v).masked_fill(~mask, -torch.inf)
    weights = torch.exp(scores - torch.logsumexp(scores, dim=-1, keepdim=True))
    return (weights.unsqueeze(-1) * states).sum(1), weights, covered.clone() + weights


# 9.4 teacher_forced_loss


def parts_of(table, target):
    seen, wanted = target[:, :-1], target[:, 1:]
    return seen, wanted, atn_np.log_softmax(table)[seen, wanted]


@wrong("teacher_forced_loss")
def only_shifted(table, target):
    return float(-parts_of(table, target)[2].mean())


@wrong("teacher_forced_loss")
def only_masked(table, target):
    wanted = target[:, 1:]
    return float(-atn_np.log_softmax(table)[wanted, wanted][wanted != 0].mean())


@wrong("teacher_forced_loss")
def where_something_was_seen(table, target):
    seen, _wanted, log_p = parts_of(table, target)
    return float(-log_p[seen != 0].mean())


@wrong("teacher_forced_loss")
def divided_by_all_places(table, target):
    _seen, wanted, log_p = parts_of(table, target)
    return float(-(log_p * (wanted != 0)).mean())


@wrong("teacher_forced_loss")
def divided_by_sentences(table, target):
    _seen, wanted, log_p = parts_of(table, target)
    return float(-(log_p * (wanted != 0)).sum() / len(target))


@wrong("teacher_forced_loss")
def mean_of_means(table, target):
    _seen, wanted, log_p = parts_of(table, target)
    there = wanted != 0
    return float(-((log_p * there).sum(axis=1) / there.sum(axis=1)).mean())


@wrong("teacher_forced_loss")
def log_of_a_rounded_probability(table, target):
    seen, wanted = target[:, :-1], target[:, 1:]
    with np.errstate(divide="ignore"):
        return float(-np.log(atn_np.softmax(table)[seen, wanted][wanted != 0]).mean())


@wrong("teacher_forced_loss")
def log_with_epsilon(table, target):
    seen, wanted = target[:, :-1], target[:, 1:]
    return float(-np.log(atn_np.softmax(table)[seen, wanted][wanted != 0] + 1e-9).mean())


@wrong("teacher_forced_loss")
def probability_clipped(table, target):
    seen, wanted = target[:, :-1], target[:, 1:]
    return float(-np.log(np.clip(atn_np.softmax(table)[seen, wanted][wanted != 0], 1e-12, 1)).mean())


@wrong("teacher_forced_loss")
def end_left_out(table, target):
    _seen, wanted, log_p = parts_of(table, target)
    return float(-log_p[wanted > 2].mean())


@wrong("teacher_forced_loss")
def columns_sum_to_one(table, target):
    seen, wanted = target[:, :-1], target[:, 1:]
    return float(-atn_np.log_softmax(table, axis=0)[seen, wanted][wanted != 0].mean())


@wrong("teacher_forced_loss")
def column_before_row(table, target):
    seen, wanted = target[:, :-1], target[:, 1:]
    return float(-atn_np.log_softmax(table)[wanted, seen][wanted != 0].mean())


@wrong("teacher_forced_loss")
def exp_not_shifted(table, target):
    seen, wanted = target[:, :-1], target[:, 1:]
    with np.errstate(all="ignore"):
        log_p = table - np.log(np.exp(table).sum(axis=1, keepdims=True))
    return float(-log_p[seen, wanted][wanted != 0].mean())


@wrong("teacher_forced_loss")
def sign_forgotten(table, target):
    _seen, wanted, log_p = parts_of(table, target)
    return float(log_p[wanted != 0].mean())


@wrong("teacher_forced_loss")
def a_loss_for_each_sentence(table, target):
    _seen, wanted, log_p = parts_of(table, target)
    there = wanted != 0
    return -(log_p * there).sum(axis=1) / there.sum(axis=1)


@wrong("teacher_forced_loss")
def in_bits(table, target):
    _seen, wanted, log_p = parts_of(table, target)
    return float(-log_p[wanted != 0].mean() / np.log(2))


@wrong("teacher_forced_loss")
def padding_logit_excluded(table, target):
    seen, wanted = target[:, :-1], target[:, 1:]
    log_p = atn_np.log_softmax(table[:, 1:])[seen, wanted - 1]
    return float(-log_p[wanted != 0].mean())


@wrong("teacher_forced_loss")
def length_of_the_first_sentence(table, target):
    n = int((target[0] != 0).sum())
    return float(-parts_of(table, target[:, :n])[2].mean())


@wrong("teacher_forced_loss")
def smoothed_labels(table, target):
    seen, wanted, log_p = parts_of(table, target)
    log_all = atn_np.log_softmax(table)[seen].mean(axis=-1)
    return float(-(0.9 * log_p + 0.1 * log_all)[wanted != 0].mean())


@right("teacher_forced_loss")
def token_by_token(table, target):
    losses = []
    for row in target.tolist():
        for seen, wanted in itertools.pairwise(row):
            if wanted:
                logits = table[seen].astype(np.longdouble)
                losses.append(np.logaddexp.reduce(logits) - logits[wanted])
    return float(sum(losses) / len(losses))


@right("teacher_forced_loss")
def averaged_with_weights(table, target):
    _seen, wanted, log_p = parts_of(table, target)
    return np.average(-log_p, weights=wanted > 0)


@right("teacher_forced_loss")
def counted_pairs(table, target):
    pairs = Counter(p for row in target.tolist() for p in itertools.pairwise(row) if p[1] != 0)
    log_p = atn_np.log_softmax(table)
    return float(-math.fsum(n * float(log_p[p]) for p, n in pairs.items()) / sum(pairs.values()))


@right("teacher_forced_loss")
def by_torch(table, target):
    logits = torch.from_numpy(np.asarray(table)[target[:, :-1].reshape(-1)])
    wanted = torch.from_numpy(target[:, 1:].reshape(-1).astype(np.int64))
    return torch.nn.functional.cross_entropy(logits, wanted, ignore_index=0).item()


@right("teacher_forced_loss")
def one_hot_products(table, target):
    eye, wanted = np.eye(len(table)), target[:, 1:]
    log_p = (eye[target[:, :-1]] @ table * eye[wanted]).sum(axis=-1)
    norm = np.logaddexp.reduce(table, axis=-1)[target[:, :-1]]
    return ((norm - log_p) * (wanted != 0)).sum() / np.count_nonzero(wanted)


# 9.5 bleu_by_hand

PRECISIONS = [6 / 7, 4 / 6, 2 / 5, 1 / 4]


@wrong("bleu_by_hand")
def nothing_clipped():
    return [1.0, 0.6667, 0.4, 0.25, 44.05]


@wrong("bleu_by_hand")
def no_penalty():
    return [*PRECISIONS, 48.89]


@wrong("bleu_by_hand")
def out_of_one():
    return [*PRECISIONS, 0.4238]


@wrong("bleu_by_hand")
def arithmetic_mean():
    return [*PRECISIONS, round(100 * math.exp(-1 / 7) * sum(PRECISIONS) / 4, 2)]


@wrong("bleu_by_hand")
def recalls():
    return [6 / 8, 4 / 7, 2 / 6, 1 / 5, 35.36]


@wrong("bleu_by_hand")
def lengths_swapped():
    return [*PRECISIONS, round(100 * math.exp(1 - 7 / 8) * math.prod(PRECISIONS) ** 0.25, 2)]


@wrong("bleu_by_hand")
def no_root():
    return [*PRECISIONS, round(100 * math.exp(-1 / 7) * math.prod(PRECISIONS), 2)]


@wrong("bleu_by_hand")
def percents():
    return [85.71, 66.67, 40.0, 25.0, 42.38]


@wrong("bleu_by_hand")
def stop_forgotten():
    return [5 / 6, 3 / 5, 1 / 4, 0.0, 0.0]


@wrong("bleu_by_hand")
def to_a_whole_number():
    return [0.86, 0.67, 0.4, 0.25, 42]


@wrong("bleu_by_hand")
def bleu_first():
    return [42.38, *PRECISIONS]


@right("bleu_by_hand")
def to_four_decimals():
    return [0.8571, 0.6667, 0.4, 0.25, 42.38]


@right("bleu_by_hand")
def counted():
    out, ref, p = ["a", "a", "cat", "on", "the", "mat", "."], ["a", "cat", "is", "lying", "on", "the", "mat", "."], []
    for n in range(1, 5):
        have, want = (Counter(zip(*(s[i:] for i in range(n)), strict=False)) for s in (out, ref))
        p.append((have & want).total() / have.total())
    return [*p, 100 * math.exp(1 - len(ref) / len(out)) * math.prod(p) ** 0.25]


@right("bleu_by_hand")
def by_logarithms():
    return [*PRECISIONS, round(100 * math.exp(sum(map(math.log, PRECISIONS)) / 4 - 1 / 7), 2)]


# 9.6 grow


def candidates_of(total, log_p, done):
    only_padding = np.where(np.arange(log_p.shape[-1]) == 0, 0.0, -np.inf)
    return total[..., None] + np.where(done[..., None], only_padding, log_p)


def best_of(candidates):
    b, k, v = candidates.shape
    row = candidates.reshape(b, k * v)
    place = np.argsort(-row, axis=1)[:, :k]
    return np.take_along_axis(row, place, axis=1), place // v, place % v


@wrong("grow")
def done_forgotten(total, log_p, done):
    return best_of(total[..., None] + log_p)


@wrong("grow")
def done_may_write_anything(total, log_p, done):
    return best_of(total[..., None] + np.where(done[..., None], 0, log_p))


@wrong("grow")
def done_pays_for_padding(total, log_p, done):
    other = np.arange(log_p.shape[-1]) != 0
    return best_of(np.where(done[..., None] & other, -np.inf, total[..., None] + log_p))


@wrong("grow")
def done_writes_end_again(total, log_p, done):
    row = np.full(log_p.shape[-1], -np.inf)
    row[2] = 0
    return best_of(total[..., None] + np.where(done[..., None], row, log_p))


@wrong("grow")
def free_padding_but_others_too(total, log_p, done):
    log_p = log_p.copy()
    log_p[done, 0] = 0
    return best_of(total[..., None] + log_p)


@wrong("grow")
def worst_first(total, log_p, done):
    return tuple(a[:, ::-1] for a in best_of(candidates_of(total, log_p, done)))


@wrong("grow")
def the_worst(total, log_p, done):
    c = candidates_of(total, log_p, done)
    b, k, v = c.shape
    place = np.argsort(c.reshape(b, -1), axis=1)[:, :k]
    return np.take_along_axis(c.reshape(b, -1), place, axis=1), place // v, place % v


@wrong("grow")
def partitioned_but_not_sorted(total, log_p, done):
    c = candidates_of(total, log_p, done)
    b, k, v = c.shape
    row = c.reshape(b, -1)
    place = np.argpartition(-row, k - 1, axis=1)[:, :k]
    place.sort(axis=1)
    return np.take_along_axis(row, place, axis=1), place // v, place % v


@wrong("grow")
def divided_by_beams(total, log_p, done):
    c = candidates_of(total, log_p, done)
    b, k, _v = c.shape
    place = np.argsort(-c.reshape(b, -1), axis=1)[:, :k]
    return np.take_along_axis(c.reshape(b, -1), place, axis=1), place // k, place % k


@wrong("grow")
def beam_and_token_swapped(total, log_p, done):
    totals, beams, tokens = best_of(candidates_of(total, log_p, done))
    return totals, tokens, beams


@wrong("grow")
def every_beam_its_best(total, log_p, done):
    c = candidates_of(total, log_p, done)
    token, best = c.argmax(axis=2), c.max(axis=2)
    order = np.argsort(-best, axis=1)
    return np.take_along_axis(best, order, axis=1), order, np.take_along_axis(token, order, axis=1)


@wrong("grow")
def beams_numbered_through_the_batch(total, log_p, done):
    totals, beams, tokens = best_of(candidates_of(total, log_p, done))
    return totals, beams + total.shape[1] * np.arange(len(total))[:, None], tokens


@wrong("grow")
def old_totals(total, log_p, done):
    _totals, beams, tokens = best_of(candidates_of(total, log_p, done))
    return np.take_along_axis(total, beams, axis=1), beams, tokens


@wrong("grow")
def ranked_without_the_past(total, log_p, done):
    c = candidates_of(total, log_p, done)
    b, k, v = c.shape
    place = np.argsort(-(c - np.where(np.isfinite(total), total, 0)[..., None]).reshape(b, -1), axis=1)[:, :k]
    return np.take_along_axis(c.reshape(b, -1), place, axis=1), place // v, place % v


@wrong("grow")
def by_probabilities(total, log_p, done):
    p = np.exp(candidates_of(total, log_p, done))
    totals, beams, tokens = best_of(p)
    with np.errstate(divide="ignore"):
        return np.log(totals), beams, tokens


@wrong("grow")
def done_multiplied_away(total, log_p, done):
    return best_of(total[..., None] + log_p * ~done[..., None])


@wrong("grow")
def done_beams_keep_their_place(total, log_p, done):
    totals, beams, tokens = best_of(candidates_of(total, log_p, done))
    return np.where(done, total, totals), np.where(done, np.arange(total.shape[1]), beams), np.where(done, 0, tokens)


@wrong("grow")
def one_pool_for_the_batch(total, log_p, done):
    c = candidates_of(total, log_p, done)
    b, k, v = c.shape
    place = np.argsort(-c.ravel())[: b * k].reshape(b, k)
    return c.ravel()[place], place // v % k, place % v


@wrong("grow")
def small_filler(total, log_p, done):
    row = np.full(log_p.shape[-1], -1.0)
    row[0] = 0
    return best_of(total[..., None] + np.where(done[..., None], row, log_p))


@wrong("grow")
def numbers_as_floats(total, log_p, done):
    totals, beams, tokens = best_of(candidates_of(total, log_p, done))
    return totals, beams.astype(float), tokens.astype(float)


@wrong("grow")
def dead_beams_at_zero(total, log_p, done):
    return best_of(candidates_of(np.nan_to_num(total, neginf=0.0), log_p, done))


@right("grow")
def heaps(total, log_p, done):
    out = []
    for t, rows, finished in zip(total, log_p, done, strict=True):
        can = [
            (t[k] + (0 if finished[k] else rows[k, v]), k, v)
            for k in range(len(t))
            for v in range(1 if finished[k] else rows.shape[1])
        ]
        out.append(heapq.nlargest(len(t), can))
    totals, beams, tokens = (np.array(a) for a in zip(*(zip(*o, strict=True) for o in out), strict=True))
    return totals, beams, tokens


@right("grow")
def beam_and_token_transposed(total, log_p, done):
    c = candidates_of(total, log_p, done).transpose(0, 2, 1)
    b, _v, k = c.shape
    row = c.reshape(b, -1)
    place = row.argsort(axis=1)[:, : -k - 1 : -1]
    tokens, beams = np.divmod(place, k)
    return np.take_along_axis(row, place, axis=1), beams, tokens


@right("grow")
def two_rounds(total, log_p, done):
    c = candidates_of(total, log_p, done)
    b, k, _v = c.shape
    few = np.argsort(-c, axis=2)[:, :, :k]  # no beam can give more than K
    row = np.take_along_axis(c, few, axis=2).reshape(b, -1)
    place = np.argsort(-row, axis=1)[:, :k]
    take = lambda a: np.take_along_axis(a.reshape(b, -1), place, axis=1)
    return take(row), place // few.shape[2], take(few)


@right("grow")
def argmax_again_and_again(total, log_p, done):
    c = candidates_of(total, log_p, done)
    _b, k, _v = c.shape
    out = [[], [], []]
    for sentence in c:
        found = []
        for _ in range(k):
            beam, token = np.unravel_index(sentence.argmax(), sentence.shape)
            found.append((sentence[beam, token], int(beam), int(token)))
            sentence[beam, token] = -np.inf
        for column, values in zip(out, zip(*found, strict=True), strict=True):
            column.append(values)
    return tuple(np.array(column) for column in out)


@right("grow")
def lexsorted(total, log_p, done):
    b, k, v = log_p.shape
    row = candidates_of(total, log_p, done).reshape(-1)
    order = np.lexsort((-row, np.repeat(np.arange(b), k * v))).reshape(b, k * v)[:, :k]
    beams, tokens = np.unravel_index(order, (b, k, v))[1:]
    return row[order], beams, tokens
