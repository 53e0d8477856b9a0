"""Answers to the exercises of chapter 06: right ones written otherwise, and wrong ones that are on no list."""

import numpy as np
import torch

from attention.frameworks import tf
from tests.checks.register import Answers

answers = Answers("06")
right, known, wrong, unlisted = answers.right, answers.known, answers.wrong, answers.unlisted

# 6.1 counts_by_hand


@right("counts_by_hand")
def as_a_tuple():
    return 64, 256_000, 9_216_000, 3 / 5


@right("counts_by_hand")
def as_an_array():
    return np.array([64.0, 256e3, 9.216e6, 0.6])


@known("counts_by_hand", "one sentence", "there are three")
def of_one_sentence():
    return [64, 256_000, 3_072_000, 0.6]


@wrong("counts_by_hand", "the shape", "Expected (4,), four numbers; got (3,).")
def without_the_error():
    return [64, 256_000, 9_216_000]


@wrong("counts_by_hand", "the numbers", "wrong is what stands at [3]")
def a_fifth_is_left():
    return [64, 256_000, 9_216_000, 1 / 5]


@known("counts_by_hand", "256 features", "the heads of queries, all of them")
def first_answer_by_two():
    return [512 // 2, 256_000, 9_216_000, 0.6]


@known("counts_by_hand", "every head has keys, and float32", "Two heads have them. Your third answer")
def two_mistakes():
    return [64, 2 * 1000 * 512, 3 * 6 * 4 * 2 * 1000 * 512, 0.6]


@known("counts_by_hand", "all sentences in the second answer", "It asks for one.")
def counted_before_it_was_asked():
    return [64, 3 * 256_000, 9_216_000, 0.6]


@known("counts_by_hand", "bytes in the second answer", "how many numbers are kept")
def bytes_before_they_were_asked():
    return [64, 2 * 256_000, 9_216_000, 0.6]


@known("counts_by_hand", "a factor of two", "twice too large")
def bytes_and_bytes():
    return [64, 2 * 256_000, 2 * 9_216_000, 0.6]


@known("counts_by_hand", "a factor of three", "three times too large")
def counted_and_counted():
    return [64, 3 * 256_000, 3 * 9_216_000, 0.6]


# 6.2 split_packed


@right("split_packed")
def by_slices(x, heads):
    M = x.shape[-1] // 3
    D = M // heads
    parts = []
    for block in range(3):
        made = [x[..., block * M + h * D : block * M + (h + 1) * D] for h in range(heads)]
        parts.append(np.stack(made, axis=-3))
    return parts


@right("split_packed")
def by_einsum(x, heads):
    return tuple(np.einsum("...tchd->c...htd", x.reshape(*x.shape[:-1], 3, heads, x.shape[-1] // (3 * heads))).copy())


@right("split_packed", "pytorch")
def chunks(x, heads):
    return [torch.stack(part.chunk(heads, -1), -3) for part in x.chunk(3, -1)]


@right("split_packed", "tensorflow")
def stacked(x, heads):
    return [tf.stack(tf.split(part, heads, axis=-1), axis=-3) for part in tf.split(x, 3, axis=-1)]


@wrong("split_packed", "the results", "Expected 3 results, queries and keys and values; a numpy ndarray came back.")
def one_array(x, heads):
    pieces = np.moveaxis(x.reshape(*x.shape[:-1], 3, heads, -1), -3, 0)
    return np.swapaxes(pieces, -2, -3)


@known("split_packed", "blocks before words", "as in the program that was found")
def as_it_was_found(x, heads):
    *lead, T, columns = x.shape
    return tuple(np.moveaxis(x.reshape(*lead, 3, heads, T, columns // (3 * heads)), -4, 0))


@known("split_packed", "keys twice", "in the third block")
def the_second_block_again(x, heads):
    M = x.shape[-1] // 3
    blocks = x[..., :M], x[..., M : 2 * M], x[..., M : 2 * M]
    return [np.stack(np.split(block, heads, axis=-1), axis=-3) for block in blocks]


@known("split_packed", "rows for blocks", "in the row of each word")
def three_times_as_many_words(x, heads):
    *lead, T, columns = x.shape
    parts = np.split(x.reshape(*lead, 3 * T, columns // 3), 3, axis=-2)
    return tuple(np.stack(np.split(part, heads, axis=-1), axis=-3) for part in parts)


@known("split_packed", "a reshape without a transpose", "two rows of a head are the same word")
def reshaped(x, heads):
    T, D = x.shape[-2], x.shape[-1] // 3 // heads
    return tuple(p.reshape(*p.shape[:-2], heads, T, D) for p in np.split(x, 3, -1))


# 6.3 grouped_heads


def soft(scores):
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@right("grouped_heads")
def by_copies(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = keys.repeat(times, axis=-3), values.repeat(times, axis=-3)
    heads = soft(queries @ np.swapaxes(k, -1, -2) / queries.shape[-1] ** 0.5) @ v
    return np.concatenate([heads[..., h, :, :] for h in range(queries.shape[-3])], axis=-1)


@right("grouped_heads")
def folded(queries, keys, values):
    *lead, H, T, D = queries.shape
    K = keys.shape[-3]
    q = queries.reshape(*lead, K, H // K * T, D)
    heads = (soft(q @ np.swapaxes(keys, -1, -2) / D**0.5) @ values).reshape(*lead, H, T, D)
    return np.einsum("...htd->...thd", heads).reshape(*lead, T, H * D)


@right("grouped_heads", "pytorch")
def built_in(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = (x.repeat_interleave(times, -3) for x in (keys, values))
    return torch.nn.functional.scaled_dot_product_attention(queries, k, v).transpose(-2, -3).flatten(-2)


@known("grouped_heads", "keys in turn", "head h those of h mod H_kv")
def tiled(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = (np.concatenate([x] * times, axis=-3) for x in (keys, values))
    heads = soft(queries @ np.swapaxes(k, -1, -2) / queries.shape[-1] ** 0.5) @ v
    return np.swapaxes(heads, -2, -3).reshape(*heads.shape[:-3], heads.shape[-2], -1)


@wrong("grouped_heads", "the shape", "got (6, 4, 5)")
def not_merged(queries, keys, values):
    return by_copies_of(queries, keys, values)


def by_copies_of(queries, keys, values, scale=None):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = keys.repeat(times, axis=-3), values.repeat(times, axis=-3)
    scale = queries.shape[-1] ** 0.5 if scale is None else scale
    return soft(queries @ np.swapaxes(k, -1, -2) / scale) @ v


def merge(heads):
    return np.swapaxes(heads, -2, -3).reshape(*heads.shape[:-3], heads.shape[-2], -1)


def in_groups(queries, keys, values):
    """(…, K, G, T, D)."""
    *lead, H, T, D = queries.shape
    K = keys.shape[-3]
    q = queries.reshape(*lead, K, H // K, T, D)
    return soft(q @ np.swapaxes(keys[..., None, :, :], -1, -2) / np.sqrt(D)) @ values[..., None, :, :]


@known("grouped_heads", "merged within the groups", "Make one axis of the two axes of heads")
def exchanged_in_their_groups(queries, keys, values):
    *lead, _, T, _ = queries.shape
    return np.swapaxes(in_groups(queries, keys, values), -2, -3).reshape(*lead, T, -1)


@known("grouped_heads", "groups inside", "the first of every group, then the second")
def heads_outside_groups(queries, keys, values):
    *lead, _, T, _ = queries.shape
    return np.einsum("...kgtd->...tgkd", in_groups(queries, keys, values)).reshape(*lead, T, -1)


@known("grouped_heads", "groups of another size", "A group has H / H_kv heads")
def by_the_number_of_groups(queries, keys, values):
    K, D = keys.shape[-3], queries.shape[-1]
    made = []
    for h in range(queries.shape[-3]):
        k, v = keys[..., h // K, :, :], values[..., h // K, :, :]
        made.append(soft(queries[..., h, :, :] @ np.swapaxes(k, -1, -2) / np.sqrt(D)) @ v)
    return np.concatenate(made, axis=-1)


@known("grouped_heads", "the scale of the words", "the number of keys")
def by_the_root_of_the_words(queries, keys, values):
    return merge(by_copies_of(queries, keys, values, scale=keys.shape[-2] ** 0.5))


@known("grouped_heads", "multiplied by √D", "scores are divided by it")
def multiplied(queries, keys, values):
    return merge(by_copies_of(queries, keys, values, scale=queries.shape[-1] ** -0.5))


@known("grouped_heads", "softmax over the heads", "sum to 1 over the heads")
def over_the_heads(queries, keys, values):
    times = queries.shape[-3] // keys.shape[-3]
    k, v = keys.repeat(times, axis=-3), values.repeat(times, axis=-3)
    scores = queries @ np.swapaxes(k, -1, -2) / queries.shape[-1] ** 0.5
    return merge(np.moveaxis(soft(np.moveaxis(scores, -3, -1)), -1, -3) @ v)


# 6.4 to_keras


@right("to_keras")
def by_moving(in_proj_weight, heads):
    M = in_proj_weight.shape[1]
    return list(in_proj_weight.reshape(3, heads, M // heads, M).transpose(0, 3, 1, 2))


@right("to_keras")
def by_loop(in_proj_weight, heads):
    M = in_proj_weight.shape[1]
    D, made = M // heads, []
    for block in range(3):
        kernel = np.empty((M, heads, D), in_proj_weight.dtype)
        for h in range(heads):
            kernel[:, h] = in_proj_weight[block * M + h * D : block * M + (h + 1) * D].T
        made.append(kernel)
    return tuple(made)


@known("to_keras", "not transposed", "a block is (out, in)")
def as_they_are(in_proj_weight, heads):
    M = in_proj_weight.shape[1]
    return tuple(b.reshape(M, heads, -1) for b in np.split(in_proj_weight, 3))


@known("to_keras", "transposed before it was cut", "Cut them apart first")
def turned_whole(in_proj_weight, heads):
    M = len(in_proj_weight.T)
    return [block.reshape(M, heads, -1) for block in in_proj_weight.T.reshape(3, M, M)]


@known("to_keras", "reshaped to a wide matrix", "three rows of one block become one")
def three_beside_each_other(in_proj_weight, heads):
    M = in_proj_weight.shape[1]
    return [wide.reshape(M, heads, -1) for wide in np.split(in_proj_weight.reshape(M, 3 * M), 3, axis=1)]


@known("to_keras", "heads before the three matrices", "First come the rows of the queries")
def a_head_at_a_time(in_proj_weight, heads):
    of_heads = [np.split(rows.T, 3, axis=1) for rows in np.split(in_proj_weight, heads)]
    return tuple(np.stack(pieces, axis=1) for pieces in zip(*of_heads, strict=True))


@known("to_keras", "one matrix for all", "made of the queries' matrix")
def always_the_first_block(in_proj_weight, heads):
    M = in_proj_weight.shape[1]
    return tuple(in_proj_weight[:M].T.reshape(M, heads, -1) for _ in range(3))


@wrong("to_keras", "the shape", "Expected (6, 3, 2)")
def not_cut(in_proj_weight, heads):
    return tuple(b.T for b in np.split(in_proj_weight, 3))


# 6.5 head_maps


@right("head_maps")
def one_at_a_time(value_weight, output_weight, heads):
    pairs = zip(np.split(value_weight, heads, axis=1), np.split(output_weight, heads), strict=True)
    return np.stack([v @ o for v, o in pairs])


@right("head_maps", "pytorch")
def by_einsum_pt(value_weight, output_weight, heads):
    M = len(value_weight)
    return torch.einsum("mhd,hdn->hmn", value_weight.reshape(M, heads, -1), output_weight.reshape(heads, -1, M))


@known("head_maps", "the heads together", "the product of the two whole matrices")
def whole(value_weight, output_weight, heads):
    return np.stack([value_weight @ output_weight] * heads)


def pieces(weight, heads, axis):
    return np.split(weight, heads, axis=axis)


@known("head_maps", "a reshape without a transpose", "(H, M, D) and exchange no axes")
def reshaped_at_once(value_weight, output_weight, heads):
    M = len(value_weight)
    return value_weight.reshape(heads, M, -1) @ output_weight.reshape(heads, -1, M)


@known("head_maps", "rows of the values' matrix", "stands in its columns")
def rows_turned(value_weight, output_weight, heads):
    pairs = zip(pieces(value_weight, heads, 0), pieces(output_weight, heads, 0), strict=True)
    return np.stack([v.T @ o for v, o in pairs])


@known("head_maps", "columns of the output's matrix", "What goes in meets its rows")
def columns_turned(value_weight, output_weight, heads):
    pairs = zip(pieces(value_weight, heads, 1), pieces(output_weight, heads, 1), strict=True)
    return np.stack([v @ o.T for v, o in pairs])


@known(
    "head_maps",
    "rows of the values' matrix, and columns of the output's matrix",
    "stands in its columns: head h has the columns hD to (h + 1)D − 1. You cut the output's matrix",
)
def as_pytorch_holds_them(value_weight, output_weight, heads):
    return one_at_a_time(value_weight.T, output_weight.T, heads)


@known("head_maps", "the output's matrix first", "A row meets the values' matrix first")
def outputs_times_values(value_weight, output_weight, heads):
    pairs = zip(pieces(output_weight, heads, 1), pieces(value_weight, heads, 0), strict=True)
    return np.stack([o @ v for o, v in pairs])


@known("head_maps", "the pieces exchanged", "in the other order")
def exchanged(value_weight, output_weight, heads):
    pairs = zip(pieces(value_weight, heads, 1), pieces(output_weight, heads, 0), strict=True)
    return np.stack([o @ v for v, o in pairs])


@known("head_maps", "a feature too few", "*before* its second number")
def slices_to_the_last_number(value_weight, output_weight, heads):
    D = len(value_weight) // heads
    cuts = [slice(h * D, (h + 1) * D - 1) for h in range(heads)]
    return np.stack([value_weight[:, at] @ output_weight[at] for at in cuts])


@known("head_maps", "heads of H features", "A head has D = M / H")
def as_wide_as_there_are_heads(value_weight, output_weight, heads):
    cuts = [slice(h * heads, h * heads + heads) for h in range(heads)]
    return np.array([value_weight[:, at] @ output_weight[at] for at in cuts])


@known("head_maps", "heads that overlap", "Its first column is hD")
def one_column_on(value_weight, output_weight, heads):
    D = len(value_weight) // heads
    return np.stack([value_weight[:, h : h + D] @ output_weight[h : h + D] for h in range(heads)])


@wrong("head_maps", "the shape", "got (6, 6)")
def one_matrix(value_weight, output_weight, heads):
    return value_weight @ output_weight


# 6.6 without_head


@right("without_head")
def by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, head):
    kept = np.arange(len(query_weight)) // (len(query_weight) // heads) != head
    return query_weight[:, kept], key_weight[:, kept], value_weight[:, kept], output_weight[kept]


@right("without_head")
def by_slices_around(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    a, b = head * D, (head + 1) * D
    three = [np.concatenate([w[:, :a], w[:, b:]], axis=1) for w in (query_weight, key_weight, value_weight)]
    return [*three, np.concatenate([output_weight[:a], output_weight[b:]])]


@known("without_head", "zeros", "saves nothing")
def set_to_zero(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    copies = [w.copy() for w in (query_weight, key_weight, value_weight, output_weight)]
    for w in copies[:3]:
        w[:, head * D : (head + 1) * D] = 0
    copies[3][head * D : (head + 1) * D] = 0
    return tuple(copies)


@known("without_head", "counted from 1", "as if heads were counted from 1")
def heads_from_one(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    gone = np.arange((head - 1) * D, head * D)
    three = [np.delete(w, gone, axis=1) for w in (query_weight, key_weight, value_weight)]
    return *three, np.delete(output_weight, gone, axis=0)


@known("without_head", "counted backwards", "from the other end")
def heads_from_the_end(query_weight, key_weight, value_weight, output_weight, heads, head):
    return by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, heads - 1 - head)


@known("without_head", "the head behind", "take out the head behind the one")
def one_head_on(query_weight, key_weight, value_weight, output_weight, heads, head):
    return by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, (head + 1) % heads)


@known("without_head", "always the first", "the first head, whichever")
def the_first_one(query_weight, key_weight, value_weight, output_weight, heads, head):
    return by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, 0)


@known("without_head", "always the last", "whichever was named")
def the_last_one(query_weight, key_weight, value_weight, output_weight, heads, head):
    return by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, heads - 1)


@known("without_head", "columns of the output's matrix", "meets its rows")
def columns_of_all_four(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    gone = slice(head * D, (head + 1) * D)
    return tuple(np.delete(w, gone, axis=1) for w in (query_weight, key_weight, value_weight, output_weight))


@known("without_head", "the output's matrix as it was", "the rows that the head's outputs met")
def output_forgotten(query_weight, key_weight, value_weight, output_weight, heads, head):
    return *by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, head)[:3], output_weight.copy()


@known("without_head", "rows of the others", "stands in columns")
def rows_of_all_four(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    gone = slice(head * D, (head + 1) * D)
    return tuple(np.delete(w, gone, axis=0) for w in (query_weight, key_weight, value_weight, output_weight))


@known("without_head", "a reshape without a transpose", "A head has columns")
def cut_by_a_reshape(query_weight, key_weight, value_weight, output_weight, heads, head):
    M = len(query_weight)
    left = [h for h in range(heads) if h != head]
    three = [w.reshape(heads, -1)[left].reshape(M, -1) for w in (query_weight, key_weight, value_weight)]
    return *three, output_weight.reshape(heads, -1, M)[left].reshape(-1, M)


@known("without_head", "one feature of the head", "A head has D of each")
def one_column(query_weight, key_weight, value_weight, output_weight, heads, head):
    three = [np.delete(w, head, 1) for w in (query_weight, key_weight, value_weight)]
    return *three, np.delete(output_weight, head, 0)


@known("without_head", "a feature too few", "*before* their second number")
def a_range_to_the_last_number(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = len(query_weight) // heads
    gone = np.arange(head * D, (head + 1) * D - 1)
    three = [np.delete(w, gone, 1) for w in (query_weight, key_weight, value_weight)]
    return *three, np.delete(output_weight, gone, 0)


@wrong("without_head", "the arguments", "changed its argument `query_weight`")
def in_place(query_weight, key_weight, value_weight, output_weight, heads, head):
    found = by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, head)
    query_weight[:] = 0
    return found


# 6.7 pool_heads


@right("pool_heads")
def by_matrix(weight, bias, heads, kv_heads):
    D, size = len(bias) // heads, heads // kv_heads
    average = np.kron(np.kron(np.eye(kv_heads), np.ones((size, 1)) / size), np.eye(D))
    return weight @ average.astype(weight.dtype), bias @ average.astype(bias.dtype)


@right("pool_heads")
def added_up(weight, bias, heads, kv_heads):
    D, size = len(bias) // heads, heads // kv_heads
    made = []
    for a in (weight, bias):
        groups = a.reshape(*a.shape[:-1], kv_heads, size, D)
        made.append((groups.sum(-2) / size).reshape(*a.shape[:-1], -1))
    return made


@known("pool_heads", "groups in turn", "side by side")
def strided(weight, bias, heads, kv_heads):
    D = len(bias) // heads
    return tuple(
        a.reshape(*a.shape[:-1], heads // kv_heads, kv_heads, D).mean(-3).reshape(*a.shape[:-1], -1)
        for a in (weight, bias)
    )


def named(title, says):
    """The function below it makes both, the weight and the bias."""

    def register(make):
        def answer(weight, bias, heads, kv_heads):
            return make(weight, heads, kv_heads), make(bias, heads, kv_heads)

        answer.__name__ = make.__name__
        known("pool_heads", title, says)(answer)
        return make

    return register


@named("divided by the number of groups", "divided by its H / H_kv heads")
def sums_over_kv(a, heads, kv_heads):
    pieces = np.split(a, heads, axis=-1)
    size = heads // kv_heads
    return np.concatenate([sum(pieces[g * size : (g + 1) * size]) / kv_heads for g in range(kv_heads)], axis=-1)


@named("divided by all heads", "divided by its H / H_kv heads")
def sums_over_all(a, heads, kv_heads):
    return sums_over_kv(a, heads, kv_heads) * (kv_heads / heads)


@named("the first heads", "You keep the first H_kv heads")
def cut_off(a, heads, kv_heads):
    return a[..., : a.shape[-1] * kv_heads // heads].copy()


@named("groups of H_kv heads", "H_kv groups, of H / H_kv heads each")
def groups_of_another_size(a, heads, kv_heads):
    pieces = np.split(a, heads // kv_heads, axis=-1)
    return np.concatenate([sum(np.split(piece, kv_heads, axis=-1)) / kv_heads for piece in pieces], axis=-1)


@named("averaged over the groups", "*within* a group")
def over_the_groups(a, heads, kv_heads):
    return sum(np.split(a, kv_heads, axis=-1)) / kv_heads


@named("averaged over the features", "feature by feature")
def over_the_features(a, heads, kv_heads):
    return np.stack([piece.mean(-1) for piece in np.split(a, heads, axis=-1)], axis=-1)


@known("pool_heads", "the biases of the first", "those of the first head of each group")
def bias_of_the_first(weight, bias, heads, kv_heads):
    return added_up(weight, bias, heads, kv_heads)[0], bias.reshape(kv_heads, heads // kv_heads, -1)[:, 0].ravel()


@known("pool_heads", "a sum of the biases", "your biases added up")
def bias_added_up(weight, bias, heads, kv_heads):
    made = added_up(weight, bias, heads, kv_heads)
    return made[0], made[1] * (heads // kv_heads)


@known("pool_heads", "the biases in turn", "your biases in turn")
def bias_in_turn(weight, bias, heads, kv_heads):
    return added_up(weight, bias, heads, kv_heads)[0], strided(weight, bias, heads, kv_heads)[1]


@known("pool_heads", "the first biases", "those of the first H_kv heads")
def bias_cut_off(weight, bias, heads, kv_heads):
    return added_up(weight, bias, heads, kv_heads)[0], cut_off(bias, heads, kv_heads)


@wrong("pool_heads", "the results", "Expected 2 results, weight and bias; a numpy ndarray came back.")
def weight_alone(weight, bias, heads, kv_heads):
    return added_up(weight, bias, heads, kv_heads)[0]


# 6.8 words_that_fit


@right("words_that_fit")
def by_divmod(memory, layers, width, heads, kv_heads, size):
    return divmod(memory, 2 * layers * kv_heads * (width // heads) * size)[0]


@right("words_that_fit")
def width_last(memory, layers, width, heads, kv_heads, size):
    return memory // (2 * layers * kv_heads * width * size // heads)


@known("words_that_fit", "keys alone", "both are kept")
def without_values(memory, layers, width, heads, kv_heads, size):
    return memory // (layers * kv_heads * (width // heads) * size)


def counted(title, says):
    """The function below it makes the result of the memory and of what a word takes."""

    def register(make):
        def answer(memory, layers, width, heads, kv_heads, size):
            return make(memory, 2 * layers * kv_heads * (width // heads) * size)

        answer.__name__ = make.__name__
        return known("words_that_fit", title, says)(answer)

    return register


@counted("a float", "with a part of a word in it")
def divided(memory, one):
    return memory / one


@counted("a quotient of floats (much memory)", "It has 16 digits")
def cut_off_behind(memory, one):
    return int(memory / one)


@counted("one word more", "one word more than fits")
def one_word_more(memory, one):
    return memory // one + 1


@counted("rounded up", "does not fit whole")
def up(memory, one):
    return (memory + one - 1) // one


@known("words_that_fit", "queries that are kept", "queries are not")
def three_kept(memory, layers, width, heads, kv_heads, size):
    return memory // (3 * layers * kv_heads * (width // heads) * size)


@known("words_that_fit", "always float16", "two bytes")
def in_float16(memory, layers, width, heads, kv_heads, size):
    return width_last(memory, layers, width, heads, kv_heads, 2)


@known("words_that_fit", "always float32", "four bytes")
def in_float32(memory, layers, width, heads, kv_heads, size):
    return width_last(memory, layers, width, heads, kv_heads, 4)


@known("words_that_fit", "one head of keys", "There are `kv_heads`")
def of_one_head(memory, layers, width, heads, kv_heads, size):
    return memory // (2 * layers * (width // heads) * size)


@known("words_that_fit", "the whole width for each", "width / heads features")
def heads_as_wide_as_the_model(memory, layers, width, heads, kv_heads, size):
    return memory // (2 * layers * kv_heads * width * size)


@known("words_that_fit", "no brackets", "belongs in brackets")
def left_to_right(memory, layers, width, heads, kv_heads, size):
    return memory // 2 * layers * kv_heads * (width // heads) * size


# 6.9 induction_pattern


@right("induction_pattern")
def by_loops(words):
    S = words.shape[-1]
    pattern = np.zeros((*words.shape, S), bool)
    for i in range(S):
        for j in range(1, i + 1):
            pattern[..., i, j] = words[..., i] == words[..., j - 1]
    return pattern


@right("induction_pattern")
def moved_columns(words):
    same = words[..., :, None] == words[..., None, :]
    moved = np.concatenate([np.zeros((*words.shape, 1), bool), same[..., :-1]], axis=-1)
    return np.tril(moved)


@known("induction_pattern", "the same word", "one place further")
def where_it_stood(words):
    return np.tril(words[..., :, None] == words[..., None, :], -1)


@known("induction_pattern", "round the corner", "`roll` goes round")
def rolled(words):
    return np.tril(words[..., :, None] == np.roll(words, 1, -1)[..., None, :])


@known("induction_pattern", "the same word, and itself", "the word itself among them")
def where_it_stands(words):
    return np.tril(words[..., :, None] == words[..., None, :])


@known("induction_pattern", "round the corner, and the future", "looks at later places")
def nothing_but_roll(words):
    return words[..., :, None] == np.roll(words, 1, -1)[..., None, :]


@known("induction_pattern", "the first row for the first column", "the first column should be clear")
def first_row_cleared(words):
    pattern = np.tril(nothing_but_roll(words))
    pattern[..., :1, :] = False
    return pattern


def padded(words, front):
    before = np.concatenate([np.full((*words.shape[:-1], 1), front), words[..., :-1]], axis=-1)
    return np.tril(words[..., :, None] == before[..., None, :])


@known("induction_pattern", "a zero in front (a word twice in a row)", "a word that is 0 finds it there")
def zero_in_front(words):
    return padded(words, 0)


@known("induction_pattern", "a −1 in front (any numbers)", "a word that is −1 finds it there")
def minus_one_in_front(words):
    return padded(words, -1)


@wrong("induction_pattern", "the type", "Expected True or False; an array of int64 came back.")
def ones_and_zeros(words):
    return by_loops(words).astype(int)


@wrong("split_packed", "the shape", "Expected (3, 4, 2)")
def not_cut_into_heads(x, heads):
    return tuple(np.split(x, 3, -1))


@wrong("grouped_heads", "the sign", "the wrong sign")
def negative_values(queries, keys, values):
    return -by_copies(queries, keys, values)


@wrong("to_keras", "the scale", "2 times what it should be")
def doubled(in_proj_weight, heads):
    return tuple(2 * kernel for kernel in by_moving(in_proj_weight, heads))


@wrong("head_maps", "the sign", "the wrong sign")
def negative(value_weight, output_weight, heads):
    return -one_at_a_time(value_weight, output_weight, heads)


@wrong("without_head", "the results", "Expected 4 results")
def three_of_four(query_weight, key_weight, value_weight, output_weight, heads, head):
    return by_a_mask(query_weight, key_weight, value_weight, output_weight, heads, head)[:3]


@wrong("pool_heads", "the shape", "Expected (5, 12)")
def not_joined(weight, bias, heads, kv_heads):
    return tuple(a.reshape(*a.shape[:-1], kv_heads, -1, len(bias) // heads).mean(-2) for a in (weight, bias))


@wrong("words_that_fit", "the result", "the result should be 5, yours is 41.")
def bits(memory, layers, width, heads, kv_heads, size):
    return 8 * memory // (2 * layers * kv_heads * (width // heads) * size)


@wrong("words_that_fit", "the result", "the result should be 5, yours is 5.0.")
def a_whole_number_in_a_float(memory, layers, width, heads, kv_heads, size):
    return memory // (2 * layers * kv_heads * (width / heads) * size)


@wrong("words_that_fit", "the result", "the result should be 5, yours is 4.")
def one_fewer(memory, layers, width, heads, kv_heads, size):
    return width_last(memory, layers, width, heads, kv_heads, size) - 1


@known("induction_pattern", "words that become floats (any numbers)", "A float has 16 digits")
def by_floats(words):
    return by_loops(words.astype(float))


@wrong("induction_pattern", "the shape", "got (5,)")
def one_row(words):
    return by_loops(words)[..., -1, :]
