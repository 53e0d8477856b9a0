"""Answers to the exercises of chapter 5, invented from the tasks alone, a third time.

The docstring of a wrong one says where it differs from the right result; many are a right answer with one flaw.
"""

import functools
import math
from fractions import Fraction

import numpy as np
import scipy.special

from tests.checks.register import Answers

answers = Answers("05")


def _quietly(mark):
    """A result is to be judged by its numbers: NumPy's warnings stay silent."""
    return lambda *names: lambda function: mark(*names)(np.errstate(all="ignore")(function))


wrong, right = _quietly(answers.unlisted), _quietly(answers.right)


# --- right results, to spoil -----------------------------------------------------------------------------------------


def _wide(*arrays):
    kind = np.result_type(np.float64, *arrays)
    return [np.array(array, kind) for array in arrays]


def _t(array):
    return np.swapaxes(array, -1, -2)


def _softmax(scores, axis=-1):
    largest = scores.max(axis, keepdims=True)
    powers = np.exp(scores - np.where(np.isfinite(largest), largest, 0))
    total = powers.sum(axis, keepdims=True)
    return powers / np.where(total == 0, 1, total)


def _back(weights, values, grad):
    """The gradients of the scores and of the values."""
    grad_weights = grad @ _t(values)
    centre = (weights * grad_weights).sum(-1, keepdims=True)
    return weights * (grad_weights - centre), _t(weights) @ grad


def _masked(scores, mask, values, grad, cleaned=True, weights_of=None):
    scores, values, grad = _wide(scores, values, grad)
    if cleaned:
        values = np.where(mask.any(-2)[..., None], values, 0)
    weights = weights_of(scores, mask) if weights_of else _softmax(np.where(mask, scores, -np.inf))
    return _back(weights, values, grad)


def _additive(queries, keys, values, wq, wk, bias, u, grad, **flaws):
    flaw = flaws.get
    queries, keys, values, wq, wk, bias, u, grad = _wide(queries, keys, values, wq, wk, bias, u, grad)
    before = (queries @ wq)[..., :, None, :] + (keys @ wk)[..., None, :, :] + bias * flaw("bias", 1)
    hidden = flaw("tanh", np.tanh)(before)
    weights = flaw("softmax", _softmax)(hidden @ u)
    grad_scores, grad_values = flaw("back", _back)(weights, values, grad)
    slope = flaw("slope", lambda hidden: 1 - hidden * hidden)(hidden)
    pairs = grad_scores[..., None] * u * slope
    grad_bias = flaw("grad_bias", lambda pairs: pairs.reshape(-1, pairs.shape[-1]).sum(0))(pairs)
    return pairs.sum(-2) @ wq.T, pairs.sum(-3) @ wk.T, grad_values, grad_bias


def _slopes(function, x, step=lambda entry: 1e-5 * max(1, abs(entry)), quotient=None):
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        size = step(float(x[place]))
        up, down = np.array(x, np.float64), np.array(x, np.float64)
        up[place] += size
        down[place] -= size
        slopes[place] = (function(up) - function(down)) / (up[place] - down[place])
    return slopes


def _merge(first, first_total, second, second_total):
    first, first_total, second, second_total = _wide(first, first_total, second, second_total)
    larger = np.maximum(first_total, second_total)
    base = np.where(larger == -np.inf, 0, larger)
    a, b = np.exp(first_total - base), np.exp(second_total - base)
    both = np.where(a + b == 0, 1, a + b)
    return (a / both)[..., None] * first + (b / both)[..., None] * second, base + np.log(a + b)


def _round(queries, keys, values, grad, weights_of=_softmax, scale=None):
    scale = math.sqrt(queries.shape[-1]) if scale is None else scale
    weights = weights_of(queries @ keys.T / scale)
    grad_scores, grad_values = _back(weights, values, grad)
    return grad_scores @ keys / scale, grad_scores.T @ queries / scale, grad_values


def _by_queries(queries, keys, values, grad, rows, starts=None, **changes):
    queries, keys, values, grad = _wide(queries, keys, values, grad)
    grad_queries, grad_keys, grad_values = np.zeros_like(queries), np.zeros_like(keys), np.zeros_like(values)
    for start in range(0, len(queries), rows) if starts is None else starts:
        part = slice(start, start + rows)
        grad_queries[part], more_keys, more_values = _round(queries[part], keys, values, grad[part], **changes)
        grad_keys += more_keys
        grad_values += more_values
    return grad_queries, grad_keys, grad_values


def _entropy(scores, softmax=_softmax):
    weights = softmax(*_wide(scores))
    logs = np.log(np.where(weights == 0, 1, weights))
    return -weights * (logs - (weights * logs).sum(-1, keepdims=True))


def _along(queries, keys, values, dq, dk, dv, softmax=_softmax, scale=None):
    queries, keys, values, dq, dk, dv = _wide(queries, keys, values, dq, dk, dv)
    scale = math.sqrt(queries.shape[-1]) if scale is None else scale
    weights = softmax(queries @ _t(keys) / scale)
    moved = (dq @ _t(keys) + queries @ _t(dk)) / scale
    moved = weights * (moved - (weights * moved).sum(-1, keepdims=True))
    return moved @ values + weights @ dv


def _as(kind, function):
    """The function, in the precision of kind inside."""

    @functools.wraps(function)
    def inside(*arrays):
        results = function(*(array.astype(kind).astype(np.float64) for array in arrays))
        rounded = lambda result: result.astype(kind).astype(np.float64)
        return tuple(map(rounded, results)) if isinstance(results, tuple) else rounded(results)

    return inside


# --- 5.1 --------------------------------------------------------------------------------------------------------------


answers.by_hand(
    "covariance_by_hand",
    {
        "not_divided_by_root": [1.0, 1.5, 4.5, 18.0],  # The last is 9, not 18.
        "divided_by_four": [1.0, 1.5, 4.5, 4.5],  # By D and not by its root: 4.5, not 9.
        "covariance_not_centred": [1.0, 1.5, 6.0, 12.0],  # The average of the products is 6, the covariance 4.5.
        "covariance_without_weights": [1.0, 1.5, 32 / 9, 64 / 9],  # All three words with a third: 32/9, not 4.5.
        "covariance_of_a_sample": [1.0, 1.5, 7.2, 14.4],  # Divided by 1 − Σp²: 7.2, not 4.5.
        "first_two_swapped": [1.5, 1.0, 4.5, 9.0],  # The output is 1 and the average key 1.5.
        "sign_of_one_word": [3.0, 1.5, -1.0, -2.0],  # The third word with the value +4.
        "near_to_nine": [1.0, 1.5, 4.5, 9.02],  # 9, not 9.02.
        "last_two_only": [4.5, 9.0],  # Two numbers, not four.
        "half_lost": [1.0, 1.0, 4.5, 9.0],  # The average key is 1.5, not 1.
    },
    {
        "with_whole_numbers": (1, 1.5, 4.5, 9),
    },
)


@right("covariance_by_hand")
def by_fractions():
    weights, values, keys = [Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)], [4, 0, -4], [2, 4, -2]
    mean = lambda numbers: sum(p * number for p, number in zip(weights, numbers, strict=False))
    covariance = mean([v * k for v, k in zip(values, keys, strict=False)]) - mean(values) * mean(keys)
    return [float(number) for number in (mean(values), mean(keys), covariance, 4 * covariance / 2)]


# --- 5.2 --------------------------------------------------------------------------------------------------------------


@wrong("masked_backward")
def only_nan_repaired(scores, mask, values, grad_output):
    """A value that nobody sees may be infinite too: 0 · ∞ gives NaN."""
    values = np.where(np.isnan(values), 0, values)
    return _masked(scores, mask, values, grad_output, cleaned=False)


@wrong("masked_backward")
def infinities_made_huge(scores, mask, values, grad_output):
    """nan_to_num makes of a hidden ∞ the largest number, whose products overflow."""
    return _masked(scores, mask, np.nan_to_num(values.astype(np.float64)), grad_output, cleaned=False)


@wrong("masked_backward")
def repaired_at_the_end(scores, mask, values, grad_output):
    """One hidden NaN makes the gradients of a whole row of scores 0."""
    return tuple(np.nan_to_num(grad) for grad in _masked(scores, mask, values, grad_output, cleaned=False))


@wrong("masked_backward")
def hidden_in_the_whole_batch(scores, mask, values, grad_output):
    """A value that no query of its own set sees is left, where another set's query sees that of its place."""
    seen = mask.any(tuple(range(mask.ndim - 1)))
    return _masked(scores, mask, np.where(seen[:, None], values, 0), grad_output, cleaned=False)


@wrong("masked_backward")
def hidden_from_one(scores, mask, values, grad_output):
    """A value that one query does not see counts as zero for the others too."""
    values = np.where(mask.all(-2)[..., None], values, 0)
    return _masked(scores, mask, values, grad_output, cleaned=False)


@wrong("masked_backward")
def spread_where_empty(scores, mask, values, grad_output):
    """An empty row gets equal weights, and the values get a gradient from it."""
    weights = lambda scores, mask: _softmax(np.where(mask, scores, -1e30))
    return _masked(scores, mask, values, grad_output, weights_of=weights)


@wrong("masked_backward")
def filled_with_a_hundred(scores, mask, values, grad_output):
    """Visible scores below −100 lose to the hidden ones."""

    def weights(scores, mask):
        return np.where(mask.any(-1, keepdims=True), _softmax(np.where(mask, scores, -100.0)), 0)

    return _masked(scores, mask, values, grad_output, weights_of=weights)


@wrong("masked_backward")
def filled_below_the_smallest(scores, mask, values, grad_output):
    """The filler lies 10 below the smallest score: hidden ones get e⁻¹⁰ of it."""

    def weights(scores, mask):
        filled = np.where(mask, scores, scores.min(-1, keepdims=True) - 10)
        return np.where(mask.any(-1, keepdims=True), _softmax(filled), 0)

    return _masked(scores, mask, values, grad_output, weights_of=weights)


@wrong("masked_backward")
def masked_afterwards(scores, mask, values, grad_output):
    """The weights of a row do not add up to 1."""
    return _masked(scores, mask, values, grad_output, weights_of=lambda scores, mask: _softmax(scores) * mask)


@wrong("masked_backward")
def divided_afterwards(scores, mask, values, grad_output):
    """A hidden score a thousand above the others leaves nothing of them."""

    def weights(scores, mask):
        kept = _softmax(scores) * mask
        total = kept.sum(-1, keepdims=True)
        return kept / np.where(total == 0, 1, total)

    return _masked(scores, mask, values, grad_output, weights_of=weights)


@wrong("masked_backward")
def divided_by_a_little_more(scores, mask, values, grad_output):
    """Weights too small by a few millionths."""

    def weights(scores, mask):
        scores = np.where(mask, scores, -np.inf)
        largest = np.where(mask.any(-1, keepdims=True), scores.max(-1, keepdims=True), 0)
        powers = np.exp(scores - largest)
        return powers / (powers.sum(-1, keepdims=True) + 1e-5)

    return _masked(scores, mask, values, grad_output, weights_of=weights)


@wrong("masked_backward")
def largest_of_all_rows(scores, mask, values, grad_output):
    """A row a thousand below the largest of the batch gets no weights."""

    def weights(scores, mask):
        scores = np.where(mask, scores, -np.inf)
        powers = np.exp(scores - scores.max(initial=-1e300))
        total = powers.sum(-1, keepdims=True)
        return powers / np.where(total == 0, 1, total)

    return _masked(scores, mask, values, grad_output, weights_of=weights)


@wrong("masked_backward")
def held_at_fifty(scores, mask, values, grad_output):
    """Scores of 60 and 70 count as equal."""
    return _masked(np.clip(scores, -50, 50), mask, values, grad_output)


@wrong("masked_backward")
def small_weights_dropped(scores, mask, values, grad_output):
    """A weight of 10⁻⁷ times a difference of a million is lost."""

    def weights(scores, mask):
        result = _softmax(np.where(mask, scores, -np.inf))
        return np.where(result < 1e-6, 0, result)

    return _masked(scores, mask, values, grad_output, weights_of=weights)


@wrong("masked_backward")
def a_lone_key_is_none(scores, mask, values, grad_output):
    """A row with a single visible key counts as empty, though its value gets a gradient."""
    few = mask & (mask.sum(-1, keepdims=True) > 1)
    return _masked(scores, few, np.where(mask.any(-2)[..., None], values, 0), grad_output)


@wrong("masked_backward")
def scores_in_single(scores, mask, values, grad_output):
    """The weights in float32, for float64 too."""
    weights = lambda scores, mask: _softmax(np.where(mask, scores, -np.inf).astype(np.float32)).astype(float)
    return _masked(scores, mask, values, grad_output, weights_of=weights)


@wrong("masked_backward")
def empty_in_all_sets(scores, mask, values, grad_output):
    """The rows of one set that are empty are closed in every set."""
    closed = ~mask.any(-1)
    closed = closed.any(tuple(range(closed.ndim - 1)))
    return _masked(scores, mask & ~closed[:, None], np.where(mask.any(-2)[..., None], values, 0), grad_output)


@wrong("masked_backward")
def centred_over_visible_keys(scores, mask, values, grad_output):
    """The plain mean over the visible keys instead of the weighted one."""
    scores, values, grad_output = _wide(scores, values, grad_output)
    values = np.where(mask.any(-2)[..., None], values, 0)
    weights = _softmax(np.where(mask, scores, -np.inf))
    grad_weights = grad_output @ _t(values)
    mean = (mask * grad_weights).sum(-1, keepdims=True) / np.maximum(mask.sum(-1, keepdims=True), 1)
    return weights * (grad_weights - mean), _t(weights) @ grad_output


@wrong("masked_backward")
def sets_in_fortran_order(scores, mask, values, grad_output):
    """With two axes of sets the gradients of the values come back in the order of the other axis first."""
    grad_scores, grad_values = _masked(scores, mask, values, grad_output)
    sets = grad_values.shape[:-2]
    if len(sets) > 1:
        flat = grad_values.reshape((-1, *grad_values.shape[-2:]))
        grad_values = flat.reshape(sets[::-1] + flat.shape[-2:])
        grad_values = grad_values.transpose(*range(len(sets))[::-1], -2, -1)
    return grad_scores, grad_values


@wrong("masked_backward")
def a_single_query_repeated(scores, mask, values, grad_output):
    """Where there is one query, its gradient is squeezed: an axis is lost."""
    grad_scores, grad_values = _masked(scores, mask, values, grad_output)
    return (grad_scores[..., 0, :] if grad_scores.shape[-2] == 1 else grad_scores), grad_values


@wrong("masked_backward")
def gradients_held(scores, mask, values, grad_output):
    """Gradients above 1000 are cut."""
    return tuple(np.clip(grad, -1e3, 1e3) for grad in _masked(scores, mask, values, grad_output))


_seen = {}


@wrong("masked_backward")
def mask_remembered(scores, mask, values, grad_output):
    """The mask of the first call with these sizes serves for all later ones."""
    mask = _seen.setdefault(mask.shape, mask.copy())
    grad_scores, grad_values = _masked(scores, mask, values, grad_output)
    return grad_scores, grad_values


_space = {}


@wrong("masked_backward")
def into_the_same_array(scores, mask, values, grad_output):
    """The second call writes over what the first has returned."""
    results = _masked(scores, mask, values, grad_output)
    places = _space.setdefault((scores.shape, values.shape), tuple(map(np.empty_like, results)))
    for place, result in zip(places, results, strict=False):
        place[...] = result
    return places


@wrong("masked_backward")
def unseen_by_the_last_query(scores, mask, values, grad_output):
    """A causal habit: what the last query does not see counts as seen by none."""
    return _masked(scores, mask, np.where(mask[..., -1, :, None], values, 0), grad_output, cleaned=False)


@right("masked_backward")
def row_by_row(scores, mask, values, grad_output):
    grad_scores, grad_values = np.zeros(scores.shape), np.zeros(values.shape)
    for place in np.ndindex(scores.shape[:-1]):
        seen = np.flatnonzero(mask[place])
        if len(seen):
            p = scipy.special.softmax(scores[place][seen].astype(np.float64))
            shown = values[place[:-1]][seen].astype(np.float64)
            above = grad_output[place].astype(np.float64)
            grad_scores[place][seen] = p * ((shown - p @ shown) @ above)
            grad_values[place[:-1]][seen] += np.outer(p, above)
    return grad_scores, grad_values


@right("masked_backward")
def by_the_jacobian(scores, mask, values, grad_output):
    wide_scores, wide_values, above = _wide(scores, values, grad_output)
    wide_values[~mask.any(-2)] = 0
    weights = _softmax(wide_scores + np.log(mask.astype(np.float64)))
    jacobian = weights[..., None] * np.eye(scores.shape[-1]) - weights[..., None] * weights[..., None, :]
    grad_weights = np.einsum("...td,...sd->...ts", above, wide_values)
    return np.einsum("...tsj,...tj->...ts", jacobian, grad_weights), np.einsum("...ts,...td->...sd", weights, above)


@right("masked_backward")
def in_longdouble(scores, mask, values, grad_output):
    scores, values, grad_output = (array.astype(np.longdouble) for array in (scores, values, grad_output))
    values = np.where(mask.any(-2, keepdims=True).swapaxes(-1, -2), values, 0)
    return _back(_softmax(np.where(mask, scores, -np.inf)), values, grad_output)


# --- 5.3 --------------------------------------------------------------------------------------------------------------


@wrong("biased_additive_backward")
def bias_left_out_forward(*arrays):
    """The hidden units are made without the bias."""
    return _additive(*arrays, bias=0)


@wrong("biased_additive_backward")
def bias_twice(*arrays):
    """Added to the queries' part and to the keys' part."""
    return _additive(*arrays, bias=2)


@wrong("biased_additive_backward")
def bias_of_each_set(*arrays):
    """The bias gets one gradient for each set of the batch."""
    return _additive(*arrays, grad_bias=lambda pairs: pairs.sum((-2, -3)))


@wrong("biased_additive_backward")
def bias_averaged_over_sets(*arrays):
    """The mean over the sets, not the sum."""
    return _additive(*arrays, grad_bias=lambda pairs: pairs.sum((-2, -3)).reshape(-1, pairs.shape[-1]).mean(0))


@wrong("biased_additive_backward")
def bias_of_the_first_axis(*arrays):
    """Summed over the first axis of sets, and then only the first of the second."""

    def grad_bias(pairs):
        each = pairs.sum((-2, -3))
        each = each.sum(0) if each.ndim > 1 else each
        return each.reshape(-1, pairs.shape[-1])[0]

    return _additive(*arrays, grad_bias=grad_bias)


@wrong("biased_additive_backward")
def bias_gets_nothing(*arrays):
    """The scores' gradients add up to 0, but the factor 1 − a² differs from pair to pair."""
    return _additive(*arrays, grad_bias=lambda pairs: np.zeros(pairs.shape[-1]))


@wrong("biased_additive_backward")
def bias_in_a_row(*arrays):
    """The shape (1, A) instead of (A)."""
    return _additive(*arrays, grad_bias=lambda pairs: pairs.reshape(-1, pairs.shape[-1]).sum(0)[None])


@wrong("biased_additive_backward")
def bias_from_the_queries(queries, keys, values, query_weight, *rest):
    """The bias's gradient by solving b̄ W_qᵀ = Σ q̄: more hidden units than features have many solutions."""
    results = _additive(queries, keys, values, query_weight, *rest)
    total = results[0].reshape(-1, results[0].shape[-1]).sum(0)
    grad_bias = np.linalg.lstsq(query_weight.astype(np.float64), total, rcond=None)[0]
    return (*results[:3], grad_bias)


@wrong("biased_additive_backward")
def slope_of_the_hidden(*arrays):
    """The tanh is taken once more before it is squared."""
    return _additive(*arrays, slope=lambda hidden: 1 - np.tanh(hidden) ** 2)


@wrong("biased_additive_backward")
def slope_linear(*arrays):
    """1 − a instead of 1 − a²."""
    return _additive(*arrays, slope=lambda hidden: 1 - hidden)


@wrong("biased_additive_backward")
def slope_of_a_sigmoid(*arrays):
    """a (1 − a) belongs to another function."""
    return _additive(*arrays, slope=lambda hidden: hidden * (1 - hidden))


@wrong("biased_additive_backward")
def slope_at_least(*arrays):
    """Saturated units keep a slope of a thousandth."""
    return _additive(*arrays, slope=lambda hidden: np.maximum(1 - hidden**2, 1e-3))


@wrong("biased_additive_backward")
def tanh_that_overflows(*arrays):
    """(e²ˣ − 1) / (e²ˣ + 1) is ∞/∞ at x = 400."""
    return _additive(*arrays, tanh=lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1))


@wrong("biased_additive_backward")
def tanh_held_at_three(*arrays):
    """Between 3 and 4 the hidden units still move by 0.004."""
    return _additive(*arrays, tanh=lambda x: np.tanh(np.clip(x, -3, 3)))


@wrong("biased_additive_backward")
def hidden_in_half(*arrays):
    """The hidden units of all pairs are kept in float16, to save memory."""
    return _additive(*arrays, tanh=lambda x: np.tanh(x).astype(np.float16).astype(np.float64))


@wrong("biased_additive_backward")
def softmax_that_overflows(*arrays):
    """With a score vector of 1000 the exponentials are infinite."""

    def softmax(scores):
        return np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)

    return _additive(*arrays, softmax=softmax)


@wrong("biased_additive_backward")
def softmax_along_queries(*arrays):
    """The weights of a column add up to 1."""
    return _additive(*arrays, softmax=lambda scores: _softmax(scores, -2))


@wrong("biased_additive_backward")
def scores_scaled(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    """The scores are divided by √A, as if they were dot products."""
    score_weight = score_weight / math.sqrt(len(score_weight))
    return _additive(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output)


@wrong("biased_additive_backward")
def not_transposed_if_square(queries, keys, values, query_weight, *rest):
    """With D = A the queries' gradient goes through W_q and not through its transpose."""
    results = _additive(queries, keys, values, query_weight, *rest)
    if query_weight.shape[0] == query_weight.shape[1]:
        flat = results[0].reshape(-1, len(query_weight)).T
        back = np.linalg.lstsq(query_weight.astype(np.float64), flat, rcond=None)[0].T
        results = ((back @ query_weight).reshape(results[0].shape), *results[1:])
    return results


@wrong("biased_additive_backward")
def not_centred(*arrays):
    """Back through softmax without the average that is subtracted."""
    return _additive(*arrays, back=lambda p, values, grad: (p * (grad @ _t(values)), _t(p) @ grad))


@wrong("biased_additive_backward")
def keys_averaged(*arrays):
    """The keys' gradient is divided by the number of queries."""
    results = _additive(*arrays)
    return results[0], results[1] / arrays[0].shape[-2], results[2], results[3]


@wrong("biased_additive_backward")
def bias_before_queries(*arrays):
    """The four gradients, the bias's first."""
    results = _additive(*arrays)
    return results[3], results[0], results[1], results[2]


@wrong("biased_additive_backward")
def one_key_one_zero(*arrays):
    """With a single key not only scores get 0, the value too."""
    results = _additive(*arrays)
    return (*results[:2], results[2] * (arrays[1].shape[-2] > 1), results[3])


@wrong("biased_additive_backward")
def cut_to_length_one(*arrays):
    """Gradients longer than 1 are cut to that length."""
    return tuple(grad / max(1, np.linalg.norm(grad)) for grad in _additive(*arrays))


@right("biased_additive_backward")
def slope_by_cosh(*arrays):
    queries, keys, values, wq, wk, bias, u, grad = _wide(*arrays)
    before = np.expand_dims(queries @ wq + bias, -2) + np.expand_dims(keys @ wk, -3)
    weights = scipy.special.softmax(np.einsum("...a,a", np.tanh(before), u), axis=-1)
    output = weights @ values
    grad_scores = weights * (grad @ _t(values) - (grad * output).sum(-1, keepdims=True))
    pairs = np.einsum("...ts,a,...tsa->...tsa", grad_scores, u, np.cosh(np.clip(before, -300, 300)) ** -2)
    grad_queries = np.einsum("...tsa,da->...td", pairs, wq)
    grad_keys = np.einsum("...tsa,ka->...sk", pairs, wk)
    return grad_queries, grad_keys, np.einsum("...ts,...tm->...sm", weights, grad), pairs.reshape(-1, len(u)).sum(0)


@right("biased_additive_backward")
def the_bias_as_a_feature(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    one = np.ones((*queries.shape[:-1], 1))
    longer = np.concatenate([queries, one], -1)
    matrix = np.concatenate([query_weight, bias[None]])
    nothing = np.zeros(bias.shape)
    extended = _additive(longer, keys, values, matrix, key_weight, nothing, score_weight, grad_output)
    return extended[0][..., :-1], extended[1], extended[2], extended[3]


# --- 5.4 --------------------------------------------------------------------------------------------------------------


@wrong("numerical_gradient")
def from_one_side(function, x):
    """A step of 10⁻⁵ to one side only is wrong in the fifth digit of a curve."""
    slopes, work = np.zeros(x.shape), np.array(x, np.float64)
    before = function(work)
    for place in np.ndindex(x.shape):
        moved = work.copy()
        moved[place] += 1e-5 * max(1, abs(work[place]))
        slopes[place] = (function(moved) - before) / (moved[place] - work[place])
    return slopes


@wrong("numerical_gradient")
def from_one_side_closely(function, x):
    """10⁻⁸ to one side: with 1000 in front five digits are left."""
    slopes, work = np.zeros(x.shape), np.array(x, np.float64)
    before = function(work)
    for place in np.ndindex(x.shape):
        moved = work.copy()
        moved[place] += 1e-8 * max(1, abs(work[place]))
        slopes[place] = (function(moved) - before) / (moved[place] - work[place])
    return slopes


@wrong("numerical_gradient")
def too_far(function, x):
    """A step of a hundredth is felt on a curve."""
    return _slopes(function, x, lambda entry: 1e-2 * max(1, abs(entry)))


@wrong("numerical_gradient")
def too_near(function, x):
    """A step of 10⁻⁹ drowns in the rounding of 1000."""
    return _slopes(function, x, lambda entry: 1e-9 * max(1, abs(entry)))


@wrong("numerical_gradient")
def the_same_step_for_all(function, x):
    """10⁻⁵ beside an entry of a few million leaves five digits or fewer."""
    return _slopes(function, x, lambda entry: 1e-5)


@wrong("numerical_gradient")
def in_proportion_only(function, x):
    """An entry of 0 does not move: 0 / 0."""
    return _slopes(function, x, lambda entry: 1e-5 * abs(entry))


@wrong("numerical_gradient")
def zero_gets_a_little(function, x):
    """An entry of 0 moves by 10⁻¹⁰ only, an entry of 0.001 by 10⁻⁸: 1000 in front drowns both."""
    return _slopes(function, x, lambda entry: 1e-5 * abs(entry) + 1e-10)


@wrong("numerical_gradient")
def sign_forgotten(function, x):
    """The step of an entry of −3 million is 10⁻⁵."""
    return _slopes(function, x, lambda entry: 1e-5 * max(1, entry))


@wrong("numerical_gradient")
def step_of_the_largest(function, x):
    """Beside a million, an entry of 1 moves by 10."""
    size = 1e-5 * max(1, float(np.abs(x).max(initial=0)))
    return _slopes(function, x, lambda entry: size)


@wrong("numerical_gradient")
def asked_in_its_own_type(function, x):
    """The function is asked in float32, where x is."""
    return _slopes(lambda moved: float(function(moved.astype(x.dtype))), x)


@wrong("numerical_gradient")
def returned_in_its_own_type(function, x):
    """For x in float16 three digits are left, and slopes above 65504 are infinite."""
    slopes = _slopes(function, x)
    return slopes.astype(np.float16) if x.dtype == np.float16 else slopes


@wrong("numerical_gradient")
def through_a_flat_view(function, x):
    """Of a transposed x, reshape makes a copy: nothing moves, and all slopes are 0."""
    work = np.array(x, np.float64)
    flat, slopes = work.reshape(-1), np.zeros(work.size)
    for place in range(flat.size):
        kept, size = flat[place], 1e-5 * max(1, abs(flat[place]))
        flat[place] = kept + size
        up = function(work)
        flat[place] = kept - size
        slopes[place] = (up - function(work)) / (2 * size)
        flat[place] = kept
    return slopes.reshape(x.shape)


@wrong("numerical_gradient")
def slopes_through_a_flat_view(function, x):
    """The slopes of a transposed x are written into a copy and lost."""
    slopes = np.zeros_like(x, dtype=np.float64)
    flat = slopes.reshape(-1)
    for place, slope in enumerate(_slopes(function, x).reshape(-1)):
        flat[place] = slope
    return slopes


@wrong("numerical_gradient")
def in_the_order_of_memory(function, x):
    """ravel("K") follows the memory: for a transposed x the slopes are in the wrong places."""
    return _slopes(function, x).T.reshape(x.shape) if x.flags.f_contiguous and x.ndim > 1 else _slopes(function, x)


@wrong("numerical_gradient")
def at_least_one_axis(function, x):
    """A single number without axes comes back with one."""
    slopes = np.atleast_1d(_slopes(function, x))
    return slopes


@wrong("numerical_gradient")
def by_length(function, x):
    """x without axes has no len."""
    _ = len(x)
    return _slopes(function, x)


@wrong("numerical_gradient")
def by_a_complex_step(function, x):
    """The function of a complex number: an absolute value has no imaginary part, its slope is 0."""
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        moved = x.astype(np.complex128)
        moved[place] += 1e-30j
        slopes[place] = np.imag(function(moved)) / 1e-30
    return slopes


@wrong("numerical_gradient")
def eight_places(function, x):
    """Slopes of 10⁻⁹ are rounded to 0."""
    return np.round(_slopes(function, x), 8)


@wrong("numerical_gradient")
def steep_held(function, x):
    """Slopes above 10⁴ are cut."""
    return np.clip(_slopes(function, x), -1e4, 1e4)


@wrong("numerical_gradient")
def callers_array_moves(function, x):
    """asarray copies nothing in float64: the caller's entries have moved at the end."""
    work, slopes = np.asarray(x, np.float64), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        size = 1e-5 * max(1, abs(work[place]))
        work[place] += size
        up = function(work)
        work[place] -= 2 * size
        slopes[place] = (up - function(work)) / (2 * size)
        work[place] += size * (1 + 1e-6)
    return slopes


@wrong("numerical_gradient")
def leaves_them_moved(function, x):
    """On a copy, but each entry stays down when the next has its turn."""
    work, slopes = np.array(x, np.float64), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        size = 1e-5 * max(1, abs(work[place]))
        work[place] += size
        up = function(work)
        work[place] -= 2 * size
        slopes[place] = (up - function(work)) / (2 * size)
    return slopes


@wrong("numerical_gradient")
def stencil_of_five_wrong(function, x):
    """Weights 8 and 1 over 12, the outer ones with the wrong sign: 10/6 of the slope."""
    near, far = _slopes(function, x), _slopes(function, x, lambda entry: 2e-5 * max(1, abs(entry)))
    return (4 * near + far) / 3


@wrong("numerical_gradient")
def last_entry_forgotten(function, x):
    """With more than eight entries the last one is left at 0."""
    slopes = _slopes(function, x)
    if slopes.size > 8:
        slopes[(-1,) * slopes.ndim] = 0
    return slopes


@right("numerical_gradient")
def extrapolated(function, x):
    far = _slopes(function, x, lambda entry: 2e-4 * max(1, abs(entry)))
    near = _slopes(function, x, lambda entry: 1e-4 * max(1, abs(entry)))
    return (4 * near - far) / 3


@right("numerical_gradient")
def a_step_of_a_power_of_two(function, x):
    def slope(place):
        entry = float(x[place])
        size = 2.0 ** (-15 + max(0, math.frexp(entry)[1]))
        ends = []
        for moved in (entry + size, entry - size):
            work = x.astype(np.float64)
            work[place] = moved
            ends.append(float(function(work)))
        return (ends[0] - ends[1]) / (2 * size)

    return np.array([slope(place) for place in np.ndindex(x.shape)], np.float64).reshape(x.shape)


# --- 5.6 --------------------------------------------------------------------------------------------------------------


@wrong("merge")
def exponentials_bare(first, first_total, second, second_total):
    """e to the ten thousand."""
    a, b = np.exp(first_total), np.exp(second_total)
    share = a / (a + b)
    return share[..., None] * first + (1 - share[..., None]) * second, np.log(a + b)


@wrong("merge")
def nothing_is_nan(first, first_total, second, second_total):
    """Where neither half has anything: −∞ − (−∞)."""
    total = np.logaddexp(first_total, second_total)
    a, b = np.exp(first_total - total), np.exp(second_total - total)
    return a[..., None] * first + b[..., None] * second, total


@wrong("merge")
def nothing_is_a_huge_number(*halves):
    """nan_to_num turns −∞ of the total into −1.8·10³⁰⁸."""
    return tuple(np.nan_to_num(result) for result in _merge(*halves))


@wrong("merge")
def nothing_is_a_billion(first, first_total, second, second_total):
    """−∞ became −10⁹, and stays so where neither has anything."""
    return _merge(first, np.maximum(first_total, -1e9), second, np.maximum(second_total, -1e9))


@wrong("merge")
def nothing_is_ten_thousand(first, first_total, second, second_total):
    """A half with nothing gets −10⁴, and takes a share where the other's total is lower."""
    output, total = _merge(first, np.maximum(first_total, -1e4), second, np.maximum(second_total, -1e4))
    none = np.maximum(first_total, second_total) == -np.inf
    return np.where(none[..., None], 0, output), np.where(none, -np.inf, total)


@wrong("merge")
def largest_of_all_queries(first, first_total, second, second_total):
    """A query with a total of −5000 beside one with 5000 gets nothing."""
    base = max(first_total.max(), second_total.max())
    base = base if np.isfinite(base) else 0
    a, b = np.exp(first_total - base), np.exp(second_total - base)
    both = np.where(a + b == 0, 1, a + b)
    return (a / both)[..., None] * first + (b / both)[..., None] * second, base + np.log(a + b)


@wrong("merge")
def largest_at_least_zero(first, first_total, second, second_total):
    """Two totals of −2000 count as nothing."""
    base = np.maximum(np.maximum(first_total, second_total), 0)
    a, b = np.exp(first_total - base), np.exp(second_total - base)
    both = np.where(a + b == 0, 1, a + b)
    return (a / both)[..., None] * first + (b / both)[..., None] * second, base + np.log(a + b)


@wrong("merge")
def based_on_the_first(first, first_total, second, second_total):
    """A second total a thousand above the first overflows."""
    first, first_total, second, second_total = _wide(first, first_total, second, second_total)
    base = np.where(np.isfinite(first_total), first_total, np.where(np.isfinite(second_total), second_total, 0))
    a, b = np.exp(first_total - base), np.exp(second_total - base)
    both = np.where(a + b == 0, 1, a + b)
    return (a / both)[..., None] * first + (b / both)[..., None] * second, base + np.log(a + b)


@wrong("merge")
def far_apart_is_all(first, first_total, second, second_total):
    """Totals 16 apart: the share of 10⁻⁷ of the smaller half is dropped."""
    output, total = _merge(first, first_total, second, second_total)
    apart = first_total.astype(np.float64) - second_total
    output = np.where((apart > 16)[..., None], first, np.where((apart < -16)[..., None], second, output))
    return output, total


@wrong("merge")
def larger_total_only(first, first_total, second, second_total):
    """The log Z of the pair is that of the larger half, up to log 2 too low."""
    return _merge(first, first_total, second, second_total)[0], np.maximum(first_total, second_total)


@wrong("merge")
def difference_held(first, first_total, second, second_total):
    """The difference of the totals is held within ten: the smaller keeps e⁻¹⁰."""
    output, total = _merge(first, first_total, second, second_total)
    finite = np.isfinite(first_total) & np.isfinite(second_total)
    apart = np.clip(np.where(finite, first_total - second_total, 0), -10, 10)
    share = (1 / (1 + np.exp(-apart)))[..., None]
    finite = finite[..., None]
    return np.where(finite, share * first + (1 - share) * second, output), total


@wrong("merge")
def logarithm_of_a_little_more(first, first_total, second, second_total):
    """A millionth is added below the logarithm."""
    output, _ = _merge(first, first_total, second, second_total)
    larger = np.maximum(first_total, second_total).astype(np.float64)
    base = np.where(larger == -np.inf, 0, larger)
    sums = np.exp(first_total - base) + np.exp(second_total - base)
    return output, np.where(larger == -np.inf, -np.inf, base + np.log(sums + 1e-6))


@wrong("merge")
def totals_in_single(first, first_total, second, second_total):
    """Totals of 10⁴ are known to a thousandth in float32."""
    return _merge(first, first_total.astype(np.float32), second, second_total.astype(np.float32))


@wrong("merge")
def outputs_in_single(first, first_total, second, second_total):
    """Outputs in float32 where they were float64."""
    return _merge(first.astype(np.float32), first_total, second.astype(np.float32), second_total)


@wrong("merge")
def all_or_none(first, first_total, second, second_total):
    """Where the first half has nothing for one query, all get the second's."""
    if np.isneginf(first_total).any():
        return second.astype(np.float64), second_total.astype(np.float64)
    return _merge(first, first_total, second, second_total)


@wrong("merge")
def shares_along_features(first, first_total, second, second_total):
    """With T = D the shares lie along the features."""
    output, total = _merge(first, first_total, second, second_total)
    if first.shape[-1] == first.shape[-2]:
        wide = _wide(first_total, second_total)
        share = scipy.special.expit(np.nan_to_num(wide[0] - wide[1], posinf=1e3, neginf=-1e3))[..., None, :]
        output = share * first + (1 - share) * second
    return output, total


@wrong("merge")
def sum_of_the_outputs(first, first_total, second, second_total):
    """The outputs are added where both totals are equal."""
    output, total = _merge(first, first_total, second, second_total)
    same = (first_total == second_total)[..., None]
    return np.where(same, first + second, output), total


@wrong("merge")
def total_in_a_column(*halves):
    """log Z with an axis too many."""
    output, total = _merge(*halves)
    return output, total[..., None]


@wrong("merge")
def equal_when_both_are_low(first, first_total, second, second_total):
    """Totals below −700 count as nothing: an exponential of zero."""
    alive = lambda total: np.where(np.exp(total.astype(np.float64)) == 0, -np.inf, total)
    return _merge(first, alive(first_total), second, alive(second_total))


@right("merge")
def by_sigmoid(first, first_total, second, second_total):
    first, a, second, b = _wide(first, first_total, second, second_total)
    apart = np.where(a == b, 0, a - b)
    share = scipy.special.expit(apart)[..., None]
    return share * first + scipy.special.expit(-apart)[..., None] * second, np.logaddexp(a, b)


@right("merge")
def query_by_query(first, first_total, second, second_total):
    output, total = np.zeros(first.shape), np.full(first_total.shape, -np.inf)
    for place in np.ndindex(total.shape):
        a, b = float(first_total[place]), float(second_total[place])
        if max(a, b) == -math.inf:
            continue
        low, high = sorted([a, b])
        total[place] = high + math.log1p(math.exp(low - high))
        small = math.exp(low - high) / (1 + math.exp(low - high))
        less, more = (first, second) if a <= b else (second, first)
        output[place] = more[place].astype(float) + small * (less[place].astype(float) - more[place])
    return output, total


@right("merge")
def stacked(first, first_total, second, second_total):
    totals = np.stack(_wide(first_total, second_total))
    total = scipy.special.logsumexp(totals, axis=0)
    shares = np.exp(totals - np.where(total == -np.inf, 0, total))
    return np.einsum("h...t,h...td->...td", shares, np.stack(_wide(first, second))), total


# --- 5.7 --------------------------------------------------------------------------------------------------------------


@wrong("backward_by_queries")
def the_rest_dropped(queries, keys, values, grad_output, rows):
    """The last queries, fewer than rows, are left out."""
    starts = range(0, len(queries) - rows + 1, rows)
    return _by_queries(queries, keys, values, grad_output, rows, starts)


@wrong("backward_by_queries")
def a_rest_of_one_dropped(queries, keys, values, grad_output, rows):
    """Where the last round would have one query, it is left out."""
    starts = range(0, max(len(queries) - 1, 1), rows)
    return _by_queries(queries, keys, values, grad_output, rows, starts)


@wrong("backward_by_queries")
def the_rest_made_full(queries, keys, values, grad_output, rows):
    """The last round starts earlier to be full: some queries count twice for the keys and values."""
    last = max(len(queries) - rows, 0)
    starts = [min(start, last) for start in range(0, len(queries), rows)]
    return _by_queries(queries, keys, values, grad_output, rows, starts)


@wrong("backward_by_queries")
def overlapping_by_one(queries, keys, values, grad_output, rows):
    """The rounds of three or more queries overlap by one."""
    starts = range(0, len(queries), rows - 1) if rows > 2 else None
    return _by_queries(queries, keys, values, grad_output, rows, starts)


@wrong("backward_by_queries")
def more_rows_than_queries(queries, keys, values, grad_output, rows):
    """Where rows is larger than T, nothing is done."""
    starts = () if rows > len(queries) else None
    return _by_queries(queries, keys, values, grad_output, rows, starts)


@wrong("backward_by_queries")
def as_many_parts_as_rows(queries, keys, values, grad_output, rows):
    """Cut into rows parts instead of parts of rows: with rows = 1, all T × S at once."""
    size = max(1, -(-len(queries) // rows))
    return _by_queries(queries, keys, values, grad_output, size)


@wrong("backward_by_queries")
def all_at_once(queries, keys, values, grad_output, rows):
    """T × S numbers are held."""
    return _by_queries(queries, keys, values, grad_output, len(queries))


@wrong("backward_by_queries")
def rounds_of_at_least(queries, keys, values, grad_output, rows):
    """A thousand queries at a time, whatever rows says: T × S numbers for a thousand queries."""
    return _by_queries(queries, keys, values, grad_output, max(rows, 1000))


@wrong("backward_by_queries")
def weights_kept(queries, keys, values, grad_output, rows):
    """The weights of all rounds are kept, T × S numbers, for the values at the end."""
    kept = []

    def softmax(scores):
        kept.append(_softmax(scores))
        return kept[-1]

    grad_queries, grad_keys, _ = _by_queries(queries, keys, values, grad_output, rows, weights_of=softmax)
    return grad_queries, grad_keys, np.concatenate(kept).T @ grad_output.astype(np.float64)


@wrong("backward_by_queries")
def weights_kept_in_single(queries, keys, values, grad_output, rows):
    """T × S numbers are held in a list, in float32, though nobody needs them."""
    kept = []

    def softmax(scores):
        weights = _softmax(scores)
        kept.append(weights.astype(np.float32))
        return weights

    return _by_queries(queries, keys, values, grad_output, rows, weights_of=softmax)


@wrong("backward_by_queries")
def keys_of_the_last_round(queries, keys, values, grad_output, rows):
    """The keys get only what the last round gives."""
    grad_queries, _, grad_values = _by_queries(queries, keys, values, grad_output, rows)
    last = range((len(queries) - 1) // rows * rows, len(queries), rows)
    return grad_queries, _by_queries(queries, keys, values, grad_output, rows, last)[1], grad_values


@wrong("backward_by_queries")
def values_averaged(queries, keys, values, grad_output, rows):
    """The values get the mean of the rounds."""
    grads = _by_queries(queries, keys, values, grad_output, rows)
    return grads[0], grads[1], grads[2] / -(-len(queries) // rows)


@wrong("backward_by_queries")
def scaled_by_values(queries, keys, values, grad_output, rows):
    """Divided by √M instead of √D."""
    return _by_queries(queries, keys, values, grad_output, rows, scale=math.sqrt(values.shape[-1]))


@wrong("backward_by_queries")
def keys_not_scaled(queries, keys, values, grad_output, rows):
    """The keys' gradient lacks the 1/√D."""
    grads = _by_queries(queries, keys, values, grad_output, rows)
    return grads[0], grads[1] * math.sqrt(queries.shape[-1]), grads[2]


@wrong("backward_by_queries")
def largest_of_the_round(queries, keys, values, grad_output, rows):
    """A query a thousand below the largest score of its round has no weights."""

    def softmax(scores):
        powers = np.exp(scores - scores.max())
        total = powers.sum(-1, keepdims=True)
        return powers / np.where(total == 0, 1, total)

    return _by_queries(queries, keys, values, grad_output, rows, weights_of=softmax)


@wrong("backward_by_queries")
def not_shifted(queries, keys, values, grad_output, rows):
    """Scores of a thousand overflow."""

    def softmax(scores):
        powers = np.exp(scores)
        return powers / powers.sum(-1, keepdims=True)

    return _by_queries(queries, keys, values, grad_output, rows, weights_of=softmax)


@wrong("backward_by_queries")
def grad_output_of_the_first_round(queries, keys, values, grad_output, rows):
    """Each full round takes the upstream gradient of the first."""
    rolled = grad_output[np.arange(len(queries)) % rows]
    return _by_queries(queries, keys, values, rolled, rows)


@wrong("backward_by_queries")
def sums_in_single(queries, keys, values, grad_output, rows):
    """Where there is more than one round, the keys' gradients are added up in float32."""
    grads = _by_queries(queries, keys, values, grad_output, rows)
    if rows < len(queries):
        grads = grads[0], grads[1].astype(np.float32).astype(np.float64), grads[2]
    return grads


@right("backward_by_queries")
def recursively(queries, keys, values, grad_output, rows):
    if len(queries) <= rows:
        return _round(*_wide(queries, keys, values, grad_output))
    middle = (len(queries) // rows + 1) // 2 * rows
    a = recursively.__wrapped__(queries[:middle], keys, values, grad_output[:middle], rows)
    b = recursively.__wrapped__(queries[middle:], keys, values, grad_output[middle:], rows)
    return np.concatenate([a[0], b[0]]), a[1] + b[1], a[2] + b[2]


@right("backward_by_queries")
def one_query_after_the_other(queries, keys, values, grad_output, rows):
    queries, keys, values, grad_output = _wide(queries, keys, values, grad_output)
    root = queries.shape[-1] ** 0.5
    grad_queries, grad_keys, grad_values = np.zeros_like(queries), np.zeros_like(keys), np.zeros_like(values)
    for place, (query, above) in enumerate(zip(queries, grad_output, strict=False)):
        p = scipy.special.softmax(keys @ query / root)
        slopes = p * ((values - p @ values) @ above) / root
        grad_queries[place] = slopes @ keys
        grad_keys += np.outer(slopes, query)
        grad_values += np.outer(p, above)
    return grad_queries, grad_keys, grad_values


@right("backward_by_queries")
def from_the_end(queries, keys, values, grad_output, rows):
    starts = range(0, len(queries), rows)[::-1]
    return _by_queries(queries, keys, values, grad_output, rows, starts)


# --- 5.8 --------------------------------------------------------------------------------------------------------------


def _with_logs(scores, log):
    weights = _softmax(*_wide(scores))
    logs = log(weights)
    return -weights * (logs - (weights * logs).sum(-1, keepdims=True))


@wrong("entropy_gradient")
def a_millionth_in_the_log(scores):
    """log(p + 10⁻⁶): wrong in the fourth digit for weights of a thousandth."""
    return _with_logs(scores, lambda p: np.log(p + 1e-6))


@wrong("entropy_gradient")
def a_billionth_in_the_log(scores):
    """log(p + 10⁻⁹): wrong in the seventh digit for weights of a hundredth."""
    return _with_logs(scores, lambda p: np.log(p + 1e-9))


@wrong("entropy_gradient")
def weights_held_above(scores):
    """No weight is below 10⁻⁵ in the logarithm."""
    return _with_logs(scores, lambda p: np.log(np.maximum(p, 1e-5)))


@wrong("entropy_gradient")
def zero_times_infinity(scores):
    """0 log 0 is NaN, and so is its row."""
    return _with_logs(scores, np.log)


@wrong("entropy_gradient")
def nan_made_zero(scores):
    """A row with a weight of zero gets 0 everywhere."""
    return np.nan_to_num(_with_logs(scores, np.log))


@wrong("entropy_gradient")
def the_one_is_left(scores):
    """−p (log p + 1): not centred."""
    weights = _softmax(*_wide(scores))
    return -weights * (np.log(np.where(weights == 0, 1, weights)) + 1)


@wrong("entropy_gradient")
def centred_plainly(scores):
    """The average of the logarithms without weights."""
    weights = _softmax(*_wide(scores))
    logs = np.log(np.where(weights == 0, 1, weights))
    return -weights * (logs - logs.mean(-1, keepdims=True))


@wrong("entropy_gradient")
def of_minus_the_entropy(scores):
    """The sign of the loss, not of the entropy."""
    return -_entropy(scores)


@wrong("entropy_gradient")
def in_bits(scores):
    """Logarithms to the base 2."""
    return _entropy(scores) / math.log(2)


@wrong("entropy_gradient")
def entropy_of_all_rows(scores):
    """The entropies of all rows are added before they are subtracted."""
    weights = _softmax(*_wide(scores))
    logs = np.log(np.where(weights == 0, 1, weights))
    return -weights * (logs - (weights * logs).sum())


@wrong("entropy_gradient")
def relative_to_the_maximum(scores):
    """Divided by log S, the largest entropy."""
    return _entropy(scores) / max(math.log(scores.shape[-1]), 1)


@wrong("entropy_gradient")
def softmax_along_the_first(scores):
    """With two axes and as many rows as columns, each column by itself."""
    if scores.ndim == 2 and scores.shape[0] == scores.shape[1] and np.isfinite(scores).all():
        return _entropy(scores.T).T
    return _entropy(scores)


@wrong("entropy_gradient")
def minus_a_hundred(scores):
    """−∞ counts as −100, more than scores of −150."""
    return _entropy(np.maximum(scores, -100))


@wrong("entropy_gradient")
def ten_below(scores):
    """−∞ counts as ten below the smallest finite score."""
    wide = scores.astype(np.float64)
    lowest = np.where(np.isinf(wide), np.inf, wide).min(-1, keepdims=True)
    return _entropy(np.where(np.isinf(wide), lowest - 10, wide))


@wrong("entropy_gradient")
def overflowing(scores):
    """Scores of 1000 overflow."""
    return _entropy(scores, lambda wide: np.exp(wide) / np.exp(wide).sum(-1, keepdims=True))


@wrong("entropy_gradient")
def largest_of_the_batch(scores):
    """A row a thousand below another gets 0."""

    def softmax(wide):
        powers = np.exp(wide - wide.max())
        total = powers.sum(-1, keepdims=True)
        return powers / np.where(total == 0, 1, total)

    return _entropy(scores, softmax)


@wrong("entropy_gradient")
def sure_rows_are_flat(scores):
    """A row whose largest weight is above 0.99 gets 0."""
    sure = _softmax(*_wide(scores)).max(-1, keepdims=True) > 0.99
    return np.where(sure, 0, _entropy(scores))


@wrong("entropy_gradient")
def by_differences(scores):
    """Differences of a step of 10⁻³: six digits, where float64 has more."""

    def entropy(scores):
        weights = _softmax(scores)
        return -(weights * np.log(np.where(weights == 0, 1, weights))).sum(-1)

    (wide,), result = _wide(scores), np.zeros(scores.shape)
    for place in range(scores.shape[-1]):
        step = 1e-3 * (np.arange(scores.shape[-1]) == place)
        result[..., place] = (entropy(wide + step) - entropy(wide - step)) / 2e-3
    return result


@wrong("entropy_gradient")
def weights_in_half(scores):
    """The weights in float16."""
    return _entropy(scores, lambda wide: _softmax(wide).astype(np.float16).astype(np.float64))


@wrong("entropy_gradient")
def mean_over_the_rows(scores):
    """Divided by the number of rows, as for a loss."""
    return _entropy(scores) / max(1, math.prod(scores.shape[:-1]))


@wrong("entropy_gradient")
def closed_rows(scores):
    """A row with more than half of its scores at −∞ gets 0."""
    return _entropy(scores) * (np.isfinite(scores).mean(-1, keepdims=True) >= 0.5)


@right("entropy_gradient")
def by_entr(scores):
    weights = scipy.special.softmax(scores.astype(np.float64), axis=-1)
    terms = scipy.special.entr(weights)
    return terms - weights * terms.sum(-1, keepdims=True)


@right("entropy_gradient")
def by_covariance(scores):
    """∂H/∂s = −Cov(p, s), on scores that are moved to their largest."""
    (wide,) = _wide(scores)
    shifted = wide - wide.max(-1, keepdims=True)
    weights = _softmax(wide)
    shifted = np.where(weights > 0, shifted, 0)
    return weights * (np.einsum("...s,...s->...", weights, shifted)[..., None] - shifted)


@right("entropy_gradient")
def row_of_python_numbers(scores):
    result = np.zeros(scores.shape)
    for place in np.ndindex(scores.shape[:-1]):
        row = [float(score) for score in scores[place]]
        logz = max(row) + math.log(math.fsum(math.exp(score - max(row)) for score in row))
        pairs = [(math.exp(score - logz), score - logz) for score in row]
        entropy = -math.fsum(p * log for p, log in pairs if p > 0)
        result[place] = [-p * (log + entropy) if p > 0 else 0.0 for p, log in pairs]
    return result


# --- 5.10 -------------------------------------------------------------------------------------------------------------


@wrong("attention_along")
def values_stand_still(queries, keys, values, along_queries, along_keys, along_values):
    """The values' own direction is left out."""
    return _along(queries, keys, values, along_queries, along_keys, 0 * along_values)


@wrong("attention_along")
def keys_stand_still(queries, keys, values, along_queries, along_keys, along_values):
    """The keys' own direction is left out."""
    return _along(queries, keys, values, along_queries, 0 * along_keys, along_values)


@wrong("attention_along")
def both_move_together(queries, keys, values, along_queries, along_keys, along_values):
    """The product of the two directions is of second order, and does not belong here."""
    queries, keys, values, dq, dk, dv = _wide(queries, keys, values, along_queries, along_keys, along_values)
    root = math.sqrt(queries.shape[-1])
    weights = _softmax(queries @ _t(keys) / root)
    moved = ((queries + dq) @ _t(keys + dk) - queries @ _t(keys)) / root
    moved = weights * (moved - (weights * moved).sum(-1, keepdims=True))
    return moved @ values + weights @ dv


@wrong("attention_along")
def values_already_moved(queries, keys, values, along_queries, along_keys, along_values):
    """The weights' change meets values that have moved already."""
    return _along(queries, keys, values + along_values, along_queries, along_keys, along_values)


@wrong("attention_along")
def change_not_centred(queries, keys, values, along_queries, along_keys, along_values):
    """p ṡ without the average of ṡ."""
    queries, keys, values, dq, dk, dv = _wide(queries, keys, values, along_queries, along_keys, along_values)
    root = math.sqrt(queries.shape[-1])
    weights = _softmax(queries @ _t(keys) / root)
    return (weights * (dq @ _t(keys) + queries @ _t(dk)) / root) @ values + weights @ dv


@wrong("attention_along")
def change_not_scaled(queries, keys, values, along_queries, along_keys, along_values):
    """√D in the scores, but not in their change."""
    root = math.sqrt(queries.shape[-1])
    return _along(queries, keys, values, along_queries * root, along_keys * root, along_values)


@wrong("attention_along")
def scaled_by_the_values(queries, keys, values, along_queries, along_keys, along_values):
    """√M for √D."""
    root = math.sqrt(values.shape[-1])
    return _along(queries, keys, values, along_queries, along_keys, along_values, scale=root)


@wrong("attention_along")
def direction_of_length_one(*arrays):
    """Directions longer than 1 are made shorter."""
    length = math.sqrt(sum(float((array.astype(np.float64) ** 2).sum()) for array in arrays[3:]))
    return _along(*arrays) / max(length, 1)


@wrong("attention_along")
def by_one_difference(*arrays):
    """A difference of 10⁻⁶, one-sided: six digits."""
    arrays = _wide(*arrays)

    def output(step):
        queries, keys, values = (place + step * along for place, along in zip(arrays[:3], arrays[3:], strict=False))
        return _softmax(queries @ _t(keys) / math.sqrt(queries.shape[-1])) @ values

    return (output(1e-6) - output(0)) / 1e-6


@wrong("attention_along")
def by_two_differences(*arrays):
    """A difference of 10⁻⁵ both ways: nine digits of float64, and fewer for a long direction."""
    arrays = _wide(*arrays)

    def output(step):
        queries, keys, values = (place + step * along for place, along in zip(arrays[:3], arrays[3:], strict=False))
        return _softmax(queries @ _t(keys) / math.sqrt(queries.shape[-1])) @ values

    return (output(1e-5) - output(-1e-5)) / 2e-5


@wrong("attention_along")
def without_a_shift(*arrays):
    """Scores of a thousand overflow."""
    return _along(*arrays, softmax=lambda scores: np.exp(scores) / np.exp(scores).sum(-1, keepdims=True))


@wrong("attention_along")
def scores_held(*arrays):
    """Scores above 30 count as 30."""
    return _along(*arrays, softmax=lambda scores: _softmax(np.clip(scores, -30, 30)))


@wrong("attention_along")
def in_single(*arrays):
    """float32 inside."""
    return _as(np.float32, _along)(*arrays)


@wrong("attention_along")
def along_in_half(*arrays):
    """The directions in float16."""
    return _along(*arrays[:3], *(array.astype(np.float16) for array in arrays[3:]))


@wrong("attention_along")
def output_of_the_moved(queries, keys, values, along_queries, along_keys, along_values):
    """Attention of the moved arrays, less that of the unmoved: a whole step."""
    attend = lambda q, k, v: _softmax(q @ _t(k) / math.sqrt(q.shape[-1])) @ v
    moved = attend(queries + along_queries, keys + along_keys, values + along_values)
    return moved - attend(queries, keys, values)


@wrong("attention_along")
def first_set_moves(*arrays):
    """With an axis of sets, the direction of the first set's keys serves for all."""
    along_keys = arrays[4]
    if along_keys.ndim > 2:
        along_keys = np.broadcast_to(along_keys[:1], along_keys.shape)
    return _along(*arrays[:4], along_keys, arrays[5])


@wrong("attention_along")
def sure_rows_stand_still(*arrays):
    """Where a weight is above 0.999, the weights do not change."""
    return _along(*arrays, softmax=lambda scores: np.where(_softmax(scores) > 0.999, 1.0, _softmax(scores)))


@right("attention_along")
def by_an_imaginary_step(*arrays):
    arrays = [array.astype(np.float64) for array in arrays]
    queries, keys, values = (place + 1e-100j * along for place, along in zip(arrays[:3], arrays[3:], strict=False))
    scores = queries @ _t(keys) / math.sqrt(queries.shape[-1])
    powers = np.exp(scores - scores.real.max(-1, keepdims=True))
    return (powers / powers.sum(-1, keepdims=True) @ values).imag * 1e100


@right("attention_along")
def by_einsum(queries, keys, values, along_queries, along_keys, along_values):
    queries, keys, values, dq, dk, dv = _wide(queries, keys, values, along_queries, along_keys, along_values)
    dot = functools.partial(np.einsum, "...td,...sd->...ts")
    root = queries.shape[-1] ** -0.5
    weights = scipy.special.softmax(dot(queries, keys) * root, axis=-1)
    moved = (dot(dq, keys) + dot(queries, dk)) * root
    output = np.einsum("...ts,...sm->...tm", weights, values)
    apart = values[..., None, :, :] - output[..., :, None, :]
    return np.einsum("...ts,...ts,...tsm->...tm", weights, moved, apart) + np.einsum("...ts,...sm->...tm", weights, dv)


@right("attention_along")
def query_after_query(*arrays):
    queries, keys, values, dq, dk, dv = _wide(*arrays)
    result = np.zeros(queries.shape[:-1] + values.shape[-1:])
    root = math.sqrt(queries.shape[-1])
    for place in np.ndindex(queries.shape[:-1]):
        near = place[:-1]
        p = _softmax(keys[near] @ queries[place] / root)
        moved = (keys[near] @ dq[place] + dk[near] @ queries[place]) / root
        result[place] = (p * (moved - p @ moved)) @ values[near] + p @ dv[near]
    return result
