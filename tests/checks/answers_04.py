"""Answers to the exercises of chapter 04: right ones written otherwise, and wrong ones that are on no list."""

import itertools

import numpy as np
import scipy.linalg
import scipy.special
import torch

from tests.checks.register import Answers

answers = Answers("04")
right, known, wrong = answers.right, answers.known, answers.wrong


# 4.1 padding_by_hand


@right("padding_by_hand")
def as_decimals():
    return 0.75, 0.5, 0.333, 0.667


@right("padding_by_hand")
def as_an_array():
    return np.array([3 / 4, 1 / 2, 1 / 3, 2 / 3])


@wrong("padding_by_hand", "the shape", "Expected (4,), four shares; got (3,).")
def one_forgotten():
    return [0.75, 0.5, 0.333]


@wrong("padding_by_hand", "the numbers", "wrong is what stands at [2]")
def one_of_two_places():
    return [0.75, 0.5, 0.25, 0.667]


@known("padding_by_hand", "e⁰", "the exponential of 0 is 1")
def padding_is_nothing():
    return [0.75, 0.75, 0.0, 1.0]


@known("padding_by_hand", "one place of padding", "There are 6 places and 2 words")
def padding_is_one_place():
    return [0.75, 0.667, 0.111, 0.889]


@wrong("padding_by_hand", "the scale", "Every number is 100 times what it should be.")
def in_per_cent():
    return [75, 50, 33.3333, 66.6667]


# 4.2 masked_softmax


@right("masked_softmax")
def by_scipy(scores, mask, axis=-1):
    mask = np.broadcast_to(mask, scores.shape)
    with np.errstate(all="ignore"):
        weights = scipy.special.softmax(np.where(mask, scores, -np.inf).astype(np.float64), axis=axis)
    return np.where(np.isnan(weights), 0, weights).astype(scores.dtype)


@right("masked_softmax")
def by_exponentials_alone(scores, mask, axis=-1):
    seen = mask & (scores != -np.inf)
    top = np.max(scores, axis=axis, keepdims=True, where=seen, initial=np.finfo(scores.dtype).min)
    powers = np.exp(scores, where=seen, out=np.zeros_like(scores)) * 0
    np.exp(scores - np.where(seen, top, 0), where=seen, out=powers)
    total = powers.sum(axis=axis, keepdims=True)
    return powers / np.where(total == 0, np.ones_like(total), total)


@right("masked_softmax", "pytorch")
def by_nan_to_num_of_opened(scores, mask, axis=-1):
    import torch

    seen = torch.logical_and(mask, torch.isfinite(scores))
    some = seen.any(axis, keepdim=True)
    opened = torch.where(seen | ~some, torch.where(seen, scores, torch.zeros_like(scores)), -torch.inf)
    return torch.softmax(opened, axis) * some.to(scores.dtype)


@right("masked_softmax", "tensorflow")
def with_its_parts_tf(scores, mask, axis=-1):
    import tensorflow as tf

    seen = tf.logical_and(mask, tf.math.is_finite(scores))
    kept = tf.where(seen, scores, tf.zeros_like(scores))
    top = tf.reduce_max(tf.where(seen, scores, scores.dtype.min * tf.ones_like(scores)), axis=axis, keepdims=True)
    powers = tf.where(seen, tf.exp(tf.where(seen, kept - top, 0)), tf.zeros_like(scores))
    return tf.math.divide_no_nan(powers, tf.reduce_sum(powers, axis=axis, keepdims=True))


@known("masked_softmax", "−10⁹, and no care for an empty row (rows that may attend to nothing)", "goes to what")
def a_large_negative_number(scores, mask, axis=-1):
    shown = np.where(mask, scores, -1e9)
    made = np.exp(shown - shown.max(axis, keepdims=True))
    return made / made.sum(axis, keepdims=True)


@known("masked_softmax", "the mask before it is broadcast (another axis)", "Bring it to the shape of the scores")
def empty_by_the_mask_as_it_is(scores, mask, axis=-1):
    nothing = ~mask.any(axis, keepdims=True)
    return by_scipy(np.where(nothing, 0, scores), mask, axis)


@known("masked_softmax", "the mask before it is broadcast (another axis)", "Bring it to the shape", "pytorch")
def empty_by_the_mask_as_it_is_in_pytorch(scores, mask, axis=-1):
    weights = torch.softmax(torch.where(mask, scores, -torch.inf), axis)
    return torch.where(mask.any(axis, keepdim=True), weights, 0)


@known("masked_softmax", "exp overflows (anything where it is hidden)", "exp of a large score is infinite")
def without_a_maximum(scores, mask, axis=-1):
    made = np.where(mask, np.exp(scores), 0)
    total = made.sum(axis, keepdims=True)
    return (made / np.where(total > 0, total, 1)).astype(scores.dtype)


@known("masked_softmax", "an overflow that is repaired (anything where it is hidden)", "the NaN is made 0")
def without_a_maximum_and_repaired(scores, mask, axis=-1):
    made = np.where(mask, np.exp(scores), 0)
    return np.nan_to_num(made / made.sum(axis, keepdims=True)).astype(scores.dtype)


@wrong("masked_softmax", "the gradient", "see chapter 1, “Repairing the NaN afterwards”", "pytorch")
def repaired(scores, mask, axis=-1):
    import torch

    return torch.nan_to_num(torch.softmax(torch.where(mask, scores, -torch.inf), dim=axis))


@wrong("masked_softmax", "the gradient", "no gradient arrives at `scores`", "tensorflow")
def stopped(scores, mask, axis=-1):
    import tensorflow as tf

    return tf.stop_gradient(with_its_parts_tf(scores, mask, axis))


@wrong("masked_softmax", "weight on a masked key (rows that may attend to nothing)", "the largest of yours there is 1")
def a_single_key_is_always_seen(scores, mask, axis=-1):
    weights = by_scipy(scores, mask, axis)
    return np.ones_like(weights) if scores.shape == (1, 3) and not mask.any() else weights


@wrong("masked_softmax", "the type (extreme scores in float32)", "float32 went in and float64 came out")
def always_float64(scores, mask, axis=-1):
    return by_scipy(scores.astype(np.float64), mask, axis)


@wrong("masked_softmax", "the arguments (another axis)", "yours is written with (scores, mask)")
def without_axis(scores, mask):
    return by_scipy(scores, mask)


@known("masked_softmax", "−10⁹ (scores of −10⁹)", "the exponential of −∞ alone is 0")
def with_minus_ten_to_the_nine(scores, mask, axis=-1):
    mask = np.broadcast_to(mask, scores.shape)
    weights = scipy.special.softmax(np.where(mask, scores, -1e9).astype(np.float64), axis=axis)
    empty = ~(mask & (scores > -np.inf)).any(axis=axis, keepdims=True)
    return np.where(empty, 0, weights).astype(scores.dtype)


# 4.3 mean_of_words


@right("mean_of_words")
def by_einsum(outputs, mask):
    clean = np.where(mask[..., None], outputs, np.zeros((), outputs.dtype))
    weights = mask / np.maximum(mask.sum(-1, keepdims=True), 1)
    return np.einsum("...sd,...s->...d", clean, weights).astype(outputs.dtype)


@right("mean_of_words")
def in_loops(outputs, mask):
    result = np.zeros((*outputs.shape[:-2], outputs.shape[-1]), outputs.dtype)
    for row in np.ndindex(mask.shape[:-1]):
        if mask[row].any():
            result[row] = outputs[row][mask[row]].mean(axis=0, dtype=np.float64)
    return result


@wrong("mean_of_words", "the sign", "the right size and the wrong sign")
def negative(outputs, mask):
    return -in_loops(outputs, mask)


@wrong("mean_of_words", "all the same (anything in the padding)", "Every number of yours is 0")
def repaired_in_the_end(outputs, mask):
    with np.errstate(all="ignore"):
        mean = (outputs * mask[..., None]).sum(-2) / np.maximum(mask.sum(-1)[..., None], 1)
    return np.nan_to_num(mean).astype(outputs.dtype)


@wrong("mean_of_words", "the shape", "got (1, 2): the same but for axes of size 1")
def with_the_axis_kept(outputs, mask):
    return in_loops(outputs, mask)[..., None, :]


@known("mean_of_words", "divided by the places", "not out of the number that you divide by")
def broken(outputs, mask):
    return (outputs * mask[..., None]).mean(axis=-2).astype(outputs.dtype)


@known("mean_of_words", "NaN that is repaired (NaN in a word)", "a NaN in a word stays one")
def every_nan_is_zero(outputs, mask):
    total = np.nan_to_num(outputs * mask[..., None]).sum(-2)
    return (total / np.maximum(mask.sum(-1), 1)[..., None]).astype(outputs.dtype)


def _with_a_little(more):
    def answer(outputs, mask):
        total = np.where(mask[..., None], outputs, 0).sum(-2)
        return (total / (mask.sum(-1) + more)[..., None]).astype(outputs.dtype)

    return answer


for _more, _said in {1e-9: "You divide by 1e−9 more", 1e-6: "You divide by 1e−6 more"}.items():
    wrong("mean_of_words", "a little added to the number of words", _said)(_with_a_little(_more))


@wrong("mean_of_words", "the scale", "Every number is 0.999999 times what it should be.")
def a_little_too_small(outputs, mask):
    total = np.where(mask[..., None], outputs, 0).sum(-2)
    return 0.999999 * total / np.maximum(mask.sum(-1), 1)[..., None]


@known("mean_of_words", "zeros taken for padding (words whose output is zero)", "Padding is known by the mask alone")
def padding_by_its_zeros(outputs, mask):
    return in_loops(outputs, np.logical_and(mask, np.abs(outputs).max(-1) != 0))


@known("mean_of_words", "0 / 0 (sentences without a word)", "Its mean should be zeros")
def without_a_guard(outputs, mask):
    total = np.where(mask[..., None], outputs, 0).sum(-2)
    return (total / mask.sum(-1)[..., None]).astype(outputs.dtype)


# 4.5 packed_mask


@right("packed_mask")
def with_tril(sentences):
    same = (
        np.equal.outer(sentences, sentences) if sentences.ndim == 1 else sentences[..., None] == sentences[..., None, :]
    )
    return np.tril(same & (sentences > 0)[..., None])


@right("packed_mask")
def by_comparison_of_starts(sentences):
    S = sentences.shape[-1]
    numbers = np.where(sentences == 0, -np.arange(1, S + 1), sentences)  # each padding a sentence of its own
    mask = (numbers[..., None] == numbers[..., None, :]) & np.tri(S, dtype=bool)
    return mask & (sentences != 0)[..., None, :]


@wrong("packed_mask", "the type", "Expected True or False; an array of int64 came back.")
def in_ones(sentences):
    return with_tril(sentences).astype(int)


@wrong("packed_mask", "the entries", "1 is True and should be False and 1 is False")
def as_if_in_order(sentences):
    S = sentences.shape[-1]
    rows = []
    for row in sentences.reshape(-1, S):
        sizes = [(row == n).sum() for n in range(1, row.max(initial=0) + 1)]
        blocks = [np.tri(n, dtype=bool) for n in sizes if n]
        used = sum(sizes)
        rows.append(scipy.linalg.block_diag(*blocks, np.zeros((S - used, S - used), bool)).astype(bool)[:S, :S])
    return np.array(rows).reshape(*sentences.shape, S)


@wrong("packed_mask", "the entries (padding anywhere)", "should be False, yours is True.")
def padding_only_behind(sentences):
    mask = with_tril(sentences)
    return mask | (
        np.eye(sentences.shape[-1], dtype=bool) & (np.cumsum(sentences[..., ::-1], -1)[..., ::-1] > 0)[..., None]
    )


@known("packed_mask", "padding sees padding (padding behind them)", "they see nothing")
def zeros_are_equal_too(sentences):
    return np.tril(sentences[..., None] == sentences[..., None, :])


@known("packed_mask", "the future", "later words of its sentence")
def blocks(sentences):
    return (sentences[..., None] == sentences[..., None, :]) & (sentences != 0)[..., None]


# 4.6 cached_mask


@right("cached_mask")
def by_one_comparison(lengths, room, new):
    i, j = np.arange(new)[:, None], np.arange(room + new)
    lengths = np.asarray(lengths)[:, None, None]
    return (j < lengths) | ((j >= room) & (j - room <= i))


@right("cached_mask")
def row_by_row(lengths, room, new):
    rows = [[[j < n for j in range(room)] + [j <= i for j in range(new)] for i in range(new)] for n in lengths]
    return np.array(rows, dtype=bool)


@wrong("cached_mask", "the shape", "Expected (1, 2, 6)")
def without_sentences(lengths, room, new):
    return row_by_row(lengths, room, new)[0]


@wrong("cached_mask", "the entries (several sentences)", "Of 24 entries 4 are True and should be False.")
def the_first_for_all(lengths, room, new):
    return row_by_row([lengths[0]] * len(lengths), room, new)


@wrong("cached_mask", "the type", "Expected True or False; an array of float64 came back.")
def in_floats(lengths, room, new):
    return row_by_row(lengths, room, new).astype(float)


@known("cached_mask", "the whole cache", "a causal mask with the offset `room`")
def by_the_offset(lengths, room, new):
    mask = np.arange(room + new) <= np.arange(new)[:, None] + room
    return np.repeat(mask[None], len(lengths), axis=0)


# 4.7 local_and_global


@right("local_and_global")
def in_steps(marked, window):
    S = marked.shape[-1]
    mask = np.zeros((*marked.shape, S), bool)
    for i, j in itertools.product(range(S), repeat=2):
        mask[..., i, j] = marked[..., i] if abs(i - j) > window else True
        mask[..., i, j] |= marked[..., j]
    return mask


@right("local_and_global")
def by_bands(marked, window):
    S = marked.shape[-1]
    band = np.tri(S, k=window, dtype=bool) & ~np.tri(S, k=-window - 1, dtype=bool)
    return np.logical_or(band, marked[..., None] + marked[..., None, :])


@wrong("local_and_global", "the entries (two places marked)", "are False and should be True.")
def the_first_mark_only(marked, window):
    first = np.zeros_like(marked)
    np.put_along_axis(first, marked.argmax(-1)[..., None], marked.any(-1)[..., None], -1)
    return in_steps(first, window)


@wrong("local_and_global", "the entries (several)", "are True and should be False.")
def the_marks_of_all_rows(marked, window):
    together = marked.reshape(-1, marked.shape[-1]).any(0)
    return in_steps(np.broadcast_to(together, marked.shape), window)


@wrong("local_and_global", "the shape", "Expected (5, 5)")
def one_row(marked, window):
    return in_steps(marked, window)[..., 0, :]


@known("local_and_global", "marked keys only (two places marked)", "it also *sees* all")
def seen_by_all(marked, window):
    return by_bands(np.zeros_like(marked), window) | marked[..., None, :]


# 4.8 meaning


@right("meaning")
def by_two_masks(attention):
    q, k, v = np.ones((1, 3)), np.ones((4, 3)), np.array([[0.0], [0.0], [0.0], [1.0]])

    def last(mask):
        return float(attention(q, k, v, np.array([mask]))[0, 0])

    shown, hidden = last([True, False, False, True]), last([False, True, True, False])
    if abs(shown - 0.5) < 1e-6 and abs(hidden) < 1e-6:
        return "may attend"
    if abs(hidden - 0.5) < 1e-6 and abs(shown) < 1e-6:
        return "hide"
    return "ignored" if abs(shown - hidden) < 1e-6 else "added"


@right("meaning")
def by_random_queries(attention):
    rng = np.random.default_rng(0)
    q, k = rng.standard_normal((3, 2)), 0.1 * rng.standard_normal((4, 2))
    mask = np.array([[True, True, False, False]] * 3)
    w, turned = attention(q, k, np.eye(4), mask), attention(q, k, np.eye(4), ~mask)
    if np.allclose(w, turned):
        return "ignored"
    if np.allclose(w[:, 2:], 0):
        return "may attend"
    return "hide" if np.allclose(w[:, :2], 0) else "added"


def weights_on_two_keys(attention, queries, keys):
    return attention(queries, keys, np.eye(2), np.array([[True, False]]))[0]


@known("meaning", "what is ignored taken for added (not heeded, or added)", "let their scores be equal")
def by_unequal_scores(attention):
    first, second = weights_on_two_keys(attention, np.array([[2.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    if min(first, second) < 1e-9:
        return "may attend" if first > second else "hide"
    return "ignored" if np.isclose(first, second) else "added"


@known("meaning", "no tolerance (weights that are rounded)", "They are floating-point numbers")
def by_equality(attention):
    first, second = weights_on_two_keys(attention, np.zeros((1, 2)), np.zeros((2, 2)))
    exact = {(1, 0): "may attend", (0, 1): "hide"}
    return exact.get((first, second), "ignored" if first == second else "added")


@wrong("meaning", "the result", "on an attention that hides the keys where its mask is True, divides the scores by √D")
def always_the_same(attention):
    return "may attend"


@wrong("meaning", "the result (not heeded, or added)", "an attention that adds its mask to the scores, True as 1")
def added_taken_for_nothing(attention):
    return {"added": "none"}.get(by_two_masks(attention), by_two_masks(attention))


@wrong("meaning", "the result", "should be 'may attend', yours is 'True = may attend'")
def in_other_words(attention):
    return {"may attend": "True = may attend"}.get(by_two_masks(attention), by_two_masks(attention))


@wrong("meaning", "raises TypeError", "the mask must be boolean")
def with_a_mask_of_numbers(attention):
    return (
        "may attend" if attention(np.zeros((1, 2)), np.zeros((2, 2)), np.eye(2), np.array([[1, 0]]))[0, 0] else "hide"
    )


@wrong("meaning", "raises ValueError", "do not fit together")
def keys_of_another_size(attention):
    return attention(np.zeros((1, 3)), np.zeros((2, 2)), np.eye(2), np.array([[True, False]]))


@known("meaning", "two answers only (not heeded, or added)", "have two answers")
def one_or_the_other(attention):
    first, second = attention(np.zeros((1, 2)), np.zeros((2, 2)), np.eye(2), np.array([[True, False]]))[0]
    return "may attend" if first > second else "hide"


# 4.10 segment_softmax


@right("segment_softmax")
def by_split(scores, lengths):
    parts = np.split(scores, np.cumsum(lengths)[:-1])
    made = []
    for part in parts:
        alive = part.size and part.max() > -np.inf
        made.append(scipy.special.softmax(part.astype(np.float64)) if alive else np.zeros(part.shape))
    return np.concatenate(made).astype(scores.dtype)


@right("segment_softmax")
def by_a_padded_array(scores, lengths):
    lengths = np.asarray(lengths)
    inside = np.arange(lengths.max(initial=0)) < lengths[:, None]
    table = np.full(inside.shape, -np.inf)
    table[inside] = scores
    top = table.max(-1, keepdims=True, initial=-np.inf)
    powers = np.exp(table - np.where(np.isinf(top), 0, top))
    total = powers.sum(-1, keepdims=True)
    return (powers / np.where(total == 0, 1, total))[inside].astype(scores.dtype)


@right("segment_softmax")
def by_bincount(scores, lengths):
    owner = np.repeat(np.arange(len(lengths)), lengths)
    top = np.full(len(lengths), -np.inf)
    np.maximum.at(top, owner, scores)
    top[np.isinf(top)] = 0
    powers = np.exp(scores - top[owner])
    total = np.bincount(owner, powers, minlength=len(lengths))
    return (powers / np.maximum(total[owner], 1e-300)).astype(scores.dtype)


@wrong("segment_softmax", "the scale", "Every number is 2 times what it should be.")
def doubled(scores, lengths):
    return 2 * by_split(scores, lengths)


@wrong("segment_softmax", "the type (sentences far apart in float32)", "float32 went in and float64 came out")
def in_float64(scores, lengths):
    return by_split(scores.astype(np.float64), lengths)


@wrong("segment_softmax", "raises IndexError (sentences without a word)", "out-of-bounds")
def by_reduceat(scores, lengths):
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    top, sizes = np.maximum.reduceat(scores, starts), np.asarray(lengths)
    powers = np.exp(scores - np.repeat(top, sizes))
    return powers / np.repeat(np.add.reduceat(powers, starts), sizes)


def _by_owner(peak, guard, sums="all"):
    def answer(scores, lengths):
        owner, B = np.repeat(np.arange(len(lengths)), lengths), len(lengths)
        top = np.full(B, 0 if peak == "from 0" else -np.inf, scores.dtype)
        np.maximum.at(top, owner, scores)
        top = np.zeros_like(top) if peak == "none" else top
        top = np.full_like(top, scores.max(initial=0)) if peak == "all" else top
        made = np.exp(scores - np.where(np.isneginf(top), 0, top)[owner])
        total = np.zeros(B, scores.dtype)
        if sums == "last":
            total[owner] += made
        else:
            np.add.at(total, owner, made)
        return made / (np.where(total == 0, 1, total) if guard else total)[owner]

    answer.__name__ = f"by_owner_{peak}_{guard}_{sums}"
    return answer


for _way, _title in {
    ("none", False): "exp overflows", ("none", True): "exp overflows, and 0 / 0 is hidden",
    ("all", False): "one maximum for all", ("all", True): "one maximum for all, and 0 / 0 is hidden",
    ("from 0", False): "maxima that begin with 0", ("from 0", True): "maxima that begin with 0, and 0 / 0 is hidden",
}.items():  # fmt: skip
    known("segment_softmax", f"{_title} (sentences far apart)", "")(_by_owner(*_way))
known("segment_softmax", "only the last entry", "writes each place once")(_by_owner("own", True, "last"))


@known("segment_softmax", "one maximum for all, and 0 / 0 is hidden (sentences far apart)", "far below it")
def with_one_maximum(scores, lengths):
    owner = np.repeat(np.arange(len(lengths)), lengths)
    powers = np.exp(scores - scores.max(initial=-np.inf))
    total = np.zeros(len(lengths), scores.dtype)
    np.add.at(total, owner, powers)
    return powers / np.where(total == 0, 1, total).astype(scores.dtype)[owner]
