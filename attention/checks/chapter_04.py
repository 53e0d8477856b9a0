"""04 Masks and batches."""

import numpy as np

from attention.checks import arguments as arg
from attention.checks.compare import unequal
from attention.checks.exercise import Exercise, Misconception, Stage
from attention.checks.properties import factor, shift, sign
from attention.checks.trial import Fault
from attention.checks.weights import WEIGHTS, weights_masked
from attention.checks.words import number

LOWEST, LOWEST_32 = np.finfo(np.float64).min, np.finfo(np.float32).min
LADDER = np.array([1e4, 9998.5, 9999.25])  # three scores far from 0 and near to each other
LOGARITHM = (
    "You take the logarithm of the sum away from the scores. Beside a large score it has hardly a digit left in "
    "float32, and the weights no longer sum to 1. Take the largest score away first, then divide by the sum."
)
FAR = 3e-11  # a share of the largest weight: exp(s − log Σ exp s) rounds as often as s is large
NAN, INF = np.nan, np.inf


def fouled(rng, shape):
    """Some entries are no numbers, or infinite."""
    junk = rng.choice([NAN, INF, -INF, 1e4], shape)
    return np.where(rng.random(shape) < 0.3, junk, arg.normal(rng, shape))


# 4.1 padding_by_hand


def _by_hand(way=None):
    words, padding = np.array([6.0, 2.0]), np.ones(4)
    if way == "scores":
        words, padding = np.log(words), np.zeros(4)
    if way == "one":
        padding = np.ones(1)
    if way == "nothing":
        padding = np.zeros(4)
    own, all_ = words.sum(), words.sum() + padding.sum()
    alone, beside, lost, left = words[0] / own, words[0] / all_, padding.sum() / all_, own / all_
    return {
        "second": np.array([words[1] / own, words[1] / all_, lost, left]),
        "one place": np.array([alone, beside, lost / 4, left]),
        "places": np.array([alone, beside, 4 / 6, 2 / 6]),
        "to the words": np.array([alone, beside, padding.sum() / own, left]),
        "grows": np.array([alone, beside, lost, 1 / left]),
        "loses": np.array([alone, beside, lost, 1 - left]),
        "not alone": np.array([beside, beside, lost, left]),
    }.get(way, np.array([alone, beside, lost, left]))


PADDING_BY_HAND = Exercise(
    number="4.1", name="padding_by_hand", see="What padding does to an average", kind="value",
    reference=_by_hand, faulty=_by_hand, returns="four shares",
    stages=(Stage("by hand", ({},), tolerance=8e-4),),
    misconceptions=(
        Misconception("e⁰", {"way": "nothing"},
            "Your padding gets nothing. Its score is 0, and the exponential of 0 is 1."),
        Misconception("one place of padding", {"way": "one"},
            "You counted one place of padding. There are 6 places and 2 words."),
        Misconception("the share of one place", {"way": "one place"},
            "The third number is the share of one place; all places of padding together are asked for."),
        Misconception("places for weights", {"way": "places"},
            "Your last two numbers are the shares of the places, 4 of 6 and 2 of 6, or stand in each other's place. "
            "What is asked for is the share of the weight, and a word with a larger score has more of it."),
        Misconception("the scores themselves", {"way": "scores"},
            "You worked with the scores. Weights are shares of their exponentials."),
        Misconception("the second word", {"way": "second"},
            "The first two numbers are those of the second word; the first word is asked for."),
        Misconception("the sum without padding", {"way": "to the words"},
            "You divided the padding's exponentials by those of the words. A share is a part of all of them."),
        Misconception("the factor turned over", {"way": "grows"},
            "Your last number is above 1: the output does not grow, it fades."),
        Misconception("what is lost", {"way": "loses"},
            "Your last number is the part that is lost; the part that is left is asked for."),
        Misconception("the sentence alone", {"way": "not alone"},
            "Your first number has the padding in its sum. Alone, the sentence has two words and nothing else."),
    ),
)  # fmt: skip


# 4.2 masked_softmax


def right_masked_softmax(scores, mask, axis=-1):
    seen = mask & (scores > -INF)  # NaN is not
    top = np.where(seen, scores, LOWEST).max(axis, keepdims=True)
    made = np.where(seen, np.exp(np.where(seen, scores, top) - top), 0)
    total = made.sum(axis, keepdims=True)
    return np.where(total > 0, made / total, 0)


def _masked_softmax(scores, mask, axis=-1, when="before", empty=None, over="axis", by=None, infinite=None):
    over = {"axis": axis, "last": -1, "first": 0}[over]
    given, mask = mask, np.broadcast_to(mask, scores.shape)
    seen = ~mask if by == "upside down" else mask

    def softmax(of):
        made = np.exp(of - of.max(over, keepdims=True))
        return made / made.sum(over, keepdims=True)

    if when == "product":
        weights = softmax(scores * seen)
    elif when != "before":
        weights = softmax(scores) * seen
        weights = weights / weights.sum(over, keepdims=True) if when == "divided" else weights
    elif by == "added":
        weights = softmax(scores + np.where(seen, 0, -INF))
    elif by == "logarithm":
        low = np.where(seen, scores, -INF)
        top = low.max(over, keepdims=True)
        weights = np.exp(low - (top + np.log(np.exp(low - top).sum(over, keepdims=True))))
    elif by in ("no maximum", "repaired"):
        made = np.where(seen, np.exp(scores), 0)
        total = made.sum(over, keepdims=True)
        weights = made / np.where(total == 0, 1, total)
        weights = np.nan_to_num(weights) if by == "repaired" else weights
    else:
        weights = softmax(np.where(seen, scores, -1e9 if by == "−1e9" else -INF))
    there = seen if infinite == "seen" else seen & (scores > -INF)
    nothing = ~(there.any() if empty == "together" else there.any(over, keepdims=True))
    if empty == "of the mask":
        nothing = ~given.any(over, keepdims=True)
    if empty == "equal":
        return np.where(nothing, 1 / scores.shape[over], weights)
    return weights if empty == "nan" else np.where(nothing, 0, weights)


class _MaskOf(arg.Mask):
    """A mask that hides whatever is NaN or ∞ among the scores (−∞ it may show)."""

    def draw(self, rng, plan, name, drawn):
        mask = super().draw(rng, plan, name, drawn)
        scores = drawn["scores"]
        return mask if (scores < INF).all() else mask & (scores < INF)


ROW = np.array([0.5, -1.2, 2.1])
MASKED_SOFTMAX = Exercise(
    number="4.2", name="masked_softmax", see="Before softmax, and by what", reference=right_masked_softmax,
    faulty=_masked_softmax, frameworks=("numpy", "tensorflow", "pytorch"), keeps_type=True,
    arguments={"scores": arg.Floats("…TS"), "mask": _MaskOf("…TS"), "axis": arg.Axis()}, axes={"result": "…TS"},
    returns="one weight for each score", properties=(*WEIGHTS[:3], weights_masked, *WEIGHTS[3:]),
    dtypes=("float32", "float16"),
    stages=(
        Stage("plain", ({"scores": ROW[None], "mask": np.array([[True, True, False]])},), leading=()),
        Stage("batches, and masks that broadcast", leading=(0, 1, 2, 3), ones=True, large=True),
        Stage("300 keys", sizes={"T": 2, "S": 300}, types=("float32",), gradient=False),
        Stage("scores of 0", leading=(0, 1), styles={"scores": arg.nothing}),
        Stage("rows that may attend to nothing", (
            {"scores": np.stack([ROW, ROW]), "mask": np.array([[True, False, True], [False] * 3])},
            {"scores": ROW[None], "mask": np.zeros((1, 3), bool)},
        ), leading=(0, 1, 2), ones=True, styles={"mask": [arg.empty, arg.shut]}),
        Stage("another axis", leading=(0, 1, 2), ones=True, every_axis=True),
        Stage("scores of −∞", (
            {"scores": np.array([[0.4, -INF, 1.3], [-INF, -INF, 0.7]]),
             "mask": np.array([[True] * 3, [True, True, False]])},
        ), leading=(0, 2), styles={"scores": [arg.holes, arg.hollow], "mask": [arg.everything, arg.seen]}),
        Stage("anything where it is hidden", (
            {"scores": np.array([[0.5, NAN, 2.1]]), "mask": np.array([[True, False, True]])},
            {"scores": np.array([[0.5, 1.2, INF]]), "mask": np.array([[True, True, False]])},
        ), leading=(0, 1, 2), styles={"scores": fouled, "mask": [arg.seen, arg.empty]}, see="NaN in padding"),
        Stage("a hidden score far above", (
            {"scores": np.array([[0.5, 900.0, -0.7]]), "mask": np.array([[True, False, True]])},
        ), leading=(), types=("float32",)),
        Stage("extreme scores", (
            {"scores": np.stack([LADDER, -LADDER]), "mask": np.ones((2, 3), bool)},
            {"scores": np.stack([LADDER + 9e4, -LADDER - 9e4]), "mask": np.ones((2, 3), bool)},
        ), leading=(0, 1, 2), styles={"scores": [arg.far, arg.apart]}, types=(), tolerance=FAR, gradient=False),
        Stage("extreme scores in float32", (
            {"scores": np.array([[1e5, 1e5, 0]], "float32"), "mask": np.array([[True, True, False]])},
            {"scores": np.stack([LADDER + 9e4, -LADDER - 9e4]).astype("float32"), "mask": np.ones((2, 3), bool)},
        ), leading=(0, 2), styles={"scores": arg.held("float32", arg.far)}, types=(), tolerance=1e-5, gradient=False),
        Stage("extreme scores in float16", (
            {"scores": np.array([[1000, 1000, 0]], "float16"), "mask": np.array([[True, True, False]])},
        ), leading=(0, 2), styles={"scores": arg.held("float16", arg.far)}, types=(), tolerance=5e-3, gradient=False),
        Stage("−∞ beside low scores", (
            {"scores": np.array([[-100.0, -INF, -101.0]]), "mask": np.array([[True, True, False]])},
            {"scores": np.array([[-1e5, -INF, -99999.0]]), "mask": np.array([[True, True, True]])},
        ), leading=(), types=(), tolerance=1e-6, gradient=False),
        Stage("scores of −10⁹", (
            {"scores": np.array([[-1e9, -1e9 - 2, 0.0]]), "mask": np.array([[True, True, False]])},
            {"scores": np.array([[-1e30, -1e31, 0.0]]), "mask": np.array([[True, True, False]])},
        ), leading=(), types=(), tolerance=1e-6, gradient=False),
        Stage("the lowest scores", tuple(
            {"scores": np.array([[lowest, hidden]], dtype), "mask": np.array([[True, False]])}
            for dtype, lowest in (("float64", -1e300), ("float64", LOWEST), ("float32", -2e30), ("float32", LOWEST_32),
                                  ("float16", -65504)) for hidden in (0, NAN)
        ), leading=(), types=(), tolerance=1e-6, gradient=False),
        Stage("scores near 12", leading=(0, 2), styles={"scores": arg.near(11)}),
        Stage("scores near 90", leading=(0, 2), styles={"scores": arg.near(88)}, types=("float32",)),
    ),
    misconceptions=(
        Misconception("the mask after softmax", {"when": "after"},
            "You multiply finished weights by the mask: they no longer sum to 1. The mask goes in before softmax."),
        Misconception("divided again", {"when": "divided"},
            "You mask the finished weights and divide again. Beside a hidden score that is far larger the others have "
            "rounded to 0 by then: 0 / 0."),
        Misconception("the mask times the scores", {"when": "product"},
            "You multiply the scores by the mask. A score of 0 is not nothing: its exponential is 1."),
        Misconception("the mask upside down", {"by": "upside down"},
            "You hide what may be attended to, and show what may not: True means may attend."),
        Misconception("−10⁹", {"by": "−1e9"},
            "You give hidden scores a large negative number. Real scores can be as low, and then share their weight "
            "with what is hidden: the exponential of −∞ alone is 0."),
        Misconception("−∞ is added", {"by": "added"},
            "You add −∞ to the hidden scores. If one of them is NaN or ∞, the sum is NaN: put −∞ in its place, do not "
            "add it.", see="NaN in padding"),
        Misconception("no care for an empty row", {"empty": "nan"},
            "Where nothing may be attended to, −∞ − (−∞) is NaN, and with a number in place of −∞ the weight goes to "
            "what is hidden. Such a row gets zeros."),
        Misconception("equal weights in an empty row", {"empty": "equal"},
            "Where nothing may be attended to, your weights are equal: all of it goes to what is hidden. Such a row "
            "gets zeros."),
        Misconception("only where all is empty", {"empty": "together"},
            "You look whether anything at all may be attended to. Some rows may be empty while others are not."),
        Misconception("−∞ that may be seen", {"infinite": "seen"},
            "A row is empty too where the scores that may be seen are all −∞. You look for empty rows in the mask "
            "alone."),
        Misconception("the mask before it is broadcast", {"empty": "of the mask"},
            "The mask may have fewer axes than the scores: then it has no such axis, or another one there. Bring it to "
            "the shape of the scores before you ask it about one.", breaks_contract=True),
        Misconception("exp overflows", {"by": "no maximum"},
            "exp of a large score is infinite, and ∞ / ∞ is NaN. Take away the largest score that may be attended to "
            "first.", see="Before softmax, and by what"),
        Misconception("an overflow that is repaired", {"by": "repaired"},
            "exp of a large score is infinite, ∞ / ∞ is NaN, and the NaN is made 0: no weight is left for what may be "
            "attended to. Take away the largest score that may be attended to first.",
            see="Before softmax, and by what"),
        Misconception("the logarithm of the sum", {"by": "logarithm"}, LOGARITHM, see="Before softmax, and by what"),
        Misconception("the axis is not used", {"over": "last"},
            "You sum along the last axis, whatever `axis` says."),
        Misconception("the first axis", {"over": "first"},
            "You sum along axis 0; the default is the last axis, −1."),
    ),
)  # fmt: skip


# 4.3 mean_of_words


def right_mean(outputs, mask):
    seen = mask[..., None]
    return np.where(seen, outputs, 0).sum(-2) / np.maximum(seen.sum(-2), 1)


def _mean(outputs, mask, by="where", over="words", empty="zero", of=None):
    mask = {"padding": ~mask, "not zero": mask & (outputs != 0).any(-1)}.get(of, mask)
    if of == "whole":
        mask = mask & np.isfinite(outputs).all(-1)
    seen = mask[..., None] * np.ones(outputs.shape[-1], bool)
    seen = seen & ~np.isnan(outputs) if of == "skipped" else seen
    if over == "batch":
        return np.where(seen, outputs, 0).mean(-2) * outputs.shape[-2] / np.maximum(seen[..., 0].sum(-1).max(), 1)
    if of == "all":
        return outputs.mean(-2)
    chosen = seen & ~np.isinf(outputs) if by == "no infinity" else seen
    kept = np.where(chosen, outputs, 0) if by in ("where", "no infinity") else outputs * seen
    kept = np.nan_to_num(kept) if by == "repaired" else kept
    total = kept.sum(-2)
    count = {"words": seen.sum(-2), "places": outputs.shape[-2], "nothing": 1, "one more": seen.sum(-2) + 1,
             "features": np.maximum(seen.sum((-2, -1)), 1)[..., None]}[over]  # fmt: skip
    return total / (np.maximum(count, 1) if empty == "zero" else count)


def _some_without(rng, shape, share):
    """Padded sentences, about every third of which has no word at all."""
    return arg.lengths(rng, shape, share) & (rng.random((*shape[:-1], 1)) > 0.35)


def _words_mask(rng, plan, drawn):
    """By the style; but padding where the outputs are no numbers, unless that is what the stage is about."""
    outputs = drawn["outputs"]
    mask = plan.styles.get("mask", arg.lengths)(rng, outputs.shape[:-1], 0.6)
    return mask if plan.styles.get("outputs") in IN_WORDS else mask & np.isfinite(outputs).all(-1)


def _some_nan(rng, shape):
    """Here and there NaN, in words and in padding."""
    return np.where(rng.random(shape) < 0.2, NAN, arg.normal(rng, shape))


def _some_infinite(rng, shape):
    """Here and there ∞, in words and in padding, in each feature of one sign: a sum of both has no value."""
    return np.where(rng.random(shape) < 0.2, rng.choice([-INF, INF], shape[-1]), arg.normal(rng, shape))


def _nan_words(rng, shape):
    """Here and there a whole word, or a whole place of padding, of NaN."""
    return np.where(rng.random((*shape[:-1], 1)) < 0.2, NAN, arg.normal(rng, shape))


def _infinite_words(rng, shape):
    """The same of ∞, in each feature of one sign."""
    signs = rng.choice([-INF, INF], shape[-1])
    return np.where(rng.random((*shape[:-1], 1)) < 0.2, signs, arg.normal(rng, shape))


IN_WORDS = (_some_nan, _some_infinite, _nan_words, _infinite_words)


def little_added(trial, expected, got):
    """As if the same small number had been added to the count of words, in each sentence."""
    words = trial.inputs["mask"].sum(-1, keepdims=True)
    clear = (words > 0) & (np.abs(expected) > 1e-3 * np.abs(expected).max(initial=0))
    if not clear.any() or not np.isfinite(expected).all() or not np.isfinite(got[clear]).all() or not got[clear].all():
        return None
    more = (words * (expected / got - 1))[clear]
    if not 1e-11 < more.mean() < 0.5 or np.ptp(more) > 1e-3 * more.mean():
        return None
    fewer = np.broadcast_to(np.arange(trial.inputs["mask"].shape[-1]) < 1, trial.inputs["mask"].shape).copy()
    right, yours = trial.again({"mask": fewer})  # else it may be a factor
    if yours is None or unequal(yours * (1 + more.mean()), right, 0.1 * more.mean()).any():
        return None
    return Fault(
        "a little added to the number of words",
        f"You divide by {number(more.mean(), 2)} more than there are words. That keeps 0 / 0 away, and makes every "
        "mean a little too small: where there are words nothing is to be added.",
    )


def _fouled_rows(rng, shape):
    """Places of NaN or ∞, others of numbers."""
    junk = rng.choice([NAN, INF, -INF], (*shape[:-1], 1))
    return np.where(rng.random((*shape[:-1], 1)) < 0.35, junk, arg.normal(rng, shape))


def _fouled_behind(rng, shape):
    """The same, but that the first place always holds numbers."""
    return np.where(np.arange(shape[-2])[:, None] == 0, arg.normal(rng, shape), _fouled_rows(rng, shape))


FIVE = np.array([[1.5, -0.5], [0.5, 3.5], [7.0, 7.0], [6.0, 7.0], [7.0, 6.0]])
MEAN_OF_WORDS = Exercise(
    number="4.3", name="mean_of_words", see="What goes wrong", reference=right_mean, faulty=_mean, keeps_type=True,
    arguments={"outputs": arg.Floats("…SD"), "mask": arg.Made(_words_mask, "…S")}, axes={"result": "…D"},
    nouns={"S": "places"}, returns="one mean for each sentence",
    properties=(little_added, sign, factor, shift),
    dtypes=("float32", "float16"),
    stages=(
        Stage("plain", ({"outputs": FIVE, "mask": np.arange(5) < 2},), leading=()),
        Stage("batches", leading=(0, 1, 2, 3), ones=True, large=True, styles={"mask": [arg.lengths, arg.seen]}),
        Stage("words whose output is zero", (
            {"outputs": np.array([[1.5, -0.5], [0.0, 0.0], [4.5, 3.5]]), "mask": np.array([True, True, False])},
        ), leading=(0, 1), styles={"outputs": arg.zeros}),
        Stage("large and small outputs", leading=(0, 1), styles={"outputs": [arg.spread(300.0), arg.small]}),
        Stage("very large outputs", leading=(0, 1), styles={"outputs": arg.spread(1e30)}, types=("float32",)),
        Stage("300 places", sizes={"S": 300, "D": 2}, types=("float32",)),
        Stage("anything in the padding", (
            {"outputs": np.array([[1.5, -0.5], [0.5, 3.5], [NAN, INF]]), "mask": np.array([True, True, False])},
        ), leading=(0, 1, 2), styles={"outputs": _fouled_behind}, see="NaN in padding"),
        Stage("sentences without a word", ({"outputs": FIVE, "mask": np.zeros(5, bool)},), leading=(0, 1, 2),
            ones=True, styles={"mask": [_some_without, arg.shut]}),
        Stage("without a word, and NaN", ({"outputs": np.full((2, 2), NAN), "mask": np.zeros(2, bool)},),
            leading=(1, 2), styles={"outputs": _fouled_rows, "mask": _some_without}),
        Stage("NaN in a word", (
            {"outputs": np.array([[1.5, NAN], [0.5, 3.5], [7.0, 7.0]]), "mask": np.array([True, True, False])},
            {"outputs": np.array([[NAN, NAN], [0.5, 3.5], [7.0, 7.0]]), "mask": np.array([True, True, False])},
        ), leading=(0, 1), styles={"outputs": [_some_nan, _nan_words]}, see="NaN in padding"),
        Stage("∞ in a word", (
            {"outputs": np.array([[2.5, INF], [0.5, 3.5], [7.0, 7.0]]), "mask": np.array([True, True, False])},
            {"outputs": np.array([[-INF, INF], [0.5, 3.5], [7.0, 7.0]]), "mask": np.array([True, True, False])},
        ), leading=(0, 1), styles={"outputs": [_some_infinite, _infinite_words]}, see="NaN in padding"),
    ),
    misconceptions=(
        Misconception("all places", {"of": "all"},
            "You average over all places, padding included."),
        Misconception("divided by the places", {"over": "places"},
            "You leave the padding out of the sum and not out of the number that you divide by."),
        Misconception("a sum", {"over": "nothing"}, "You add the words up; a mean is divided by their number."),
        Misconception("the longest of the batch", {"over": "batch"},
            "You divide by the length of the longest sentence. Each is divided by its own."),
        Misconception("the mean of the padding", {"of": "padding"},
            "You average the padding: True in the mask is a word."),
        Misconception("zeros taken for padding", {"of": "not zero"},
            "You leave out a word whose output is zero. Padding is known by the mask alone: a word may have an output "
            "of zeros, and counts."),
        Misconception("divided by the features too", {"over": "features"},
            "You divide by the words times the features: the mask was counted after it was broadcast."),
        Misconception("one too many", {"over": "one more"},
            "You divide by one more than there are words. That keeps 0 / 0 away, and makes every mean too small."),
        Misconception("0 times NaN", {"by": "product"},
            "You multiply the padding by 0. 0 · NaN and 0 · ∞ are NaN: leave it out by a `where`.",
            see="NaN in padding"),
        Misconception("NaN that is repaired", {"by": "repaired"},
            "You make 0 of every NaN, that of a word too. Padding is left out by the mask; a NaN in a word stays one, "
            "and says that something went wrong before."),
        Misconception("NaN that is skipped", {"of": "skipped"},
            "You skip every NaN, that of a word too, as `nanmean` does. Padding is left out by the mask; a NaN in a "
            "word stays one, and says that something went wrong before.", see="NaN in padding"),
        Misconception("words that are left out", {"of": "whole"},
            "You leave out a word that holds NaN or ∞. Padding is known by the mask alone: with NaN in a word the mean "
            "is NaN, and with ∞ it is ∞.", see="NaN in padding"),
        Misconception("∞ that is left out", {"by": "no infinity"},
            "You leave out what is infinite, in a word too. Padding is left out by the mask; with ∞ in a word the mean "
            "is ∞.", see="NaN in padding"),
        Misconception("0 / 0", {"empty": "nan"},
            "A sentence without a word gives 0 / 0. Its mean should be zeros."),
    ),
)  # fmt: skip


# 4.5 packed_mask


def right_packed(sentences):
    S = sentences.shape[-1]
    mask = np.zeros((*sentences.shape, S), dtype=bool)
    for row in np.ndindex(sentences.shape[:-1]):
        for i in range(S):
            for j in range(i + 1):
                mask[(*row, i, j)] = sentences[row][i] == sentences[row][j] != 0
    return mask


def _packed(sentences, same="equal", order="causal", padding="hidden"):
    query, key = sentences[..., :, None], sentences[..., None, :]
    places = np.arange(sentences.shape[-1])
    i, j = places[:, None], places
    runs = np.cumsum(np.diff(sentences, axis=-1, prepend=0) != 0, axis=-1)
    mask = {
        "equal": query == key, "at most": key <= query, "any": np.ones_like(query == key), "other": query != key,
        "run": runs[..., :, None] == runs[..., None, :],
    }[same] & {
        "causal": j <= i, "none": np.ones_like(j <= i), "strict": j < i, "future": j >= i, "one more": j <= i + 1,
    }[order]  # fmt: skip
    return mask & (key != 0) & (query != 0) if padding == "hidden" else mask


def _in_order(rng, shape):
    """1 1 1 2 2 0: each row a few sentences, one after the other, and padding."""
    return _rows_of(rng, shape, lambda numbers: numbers)


def _out_of_order(rng, shape):
    """7 7 2 2 2 9 0."""
    return _rows_of(rng, shape, lambda numbers: rng.permutation(3 * len(numbers) + 2)[: len(numbers)] + 1)


def _with_gaps(rng, shape):
    """Padding before and between sentences too."""
    rows = _out_of_order(rng, shape)
    return np.where(rng.random(shape) < 0.25, 0, rows)


def _alike(rng, shape):
    """1, 101, 201, or 7, 263, 519: the last digits are the same; or 2048, 2049: in a narrow type the whole number."""

    def numbers(wanted):
        step = rng.choice([1, 10, 64, 100, 256, 1000, 1024])
        return (2048 if step == 1 else rng.integers(1, step)) + step * rng.permutation(len(wanted))

    return _rows_of(rng, shape, numbers)


def _again(rng, shape):
    """3 1 3 3 7: what belongs together does not lie together."""
    return rng.choice([1, 3, 7], shape)


def _thousands(rng, shape):
    """Whole numbers up to 5000, few of them equal."""
    return rng.integers(1, 5001, shape)


def _rows_of(rng, shape, name):
    rows = np.zeros(shape, dtype=int)
    for row in np.ndindex(shape[:-1]):
        S = shape[-1]
        breaks = np.flatnonzero(rng.random(S) < 0.4)
        index = np.searchsorted(breaks, np.arange(S), side="right")
        numbers = np.asarray(name(np.arange(1, index.max() + 2)))
        rows[row] = np.where(np.arange(S) < S - rng.integers(0, max(1, S // 3) + 1), numbers[index], 0)
    return rows


PACKED_MASK = Exercise(
    number="4.5", name="packed_mask", see="Cost", reference=right_packed, faulty=_packed,
    arguments={"sentences": arg.Integers("…S", below=4)}, returns="one of True and False for each query and key",
    nouns={"S": "places"}, dtypes=(),
    stages=(
        Stage("two sentences", ({"sentences": np.array([1, 1, 1, 2, 2])}, {"sentences": np.array([1, 2, 2, 2, 2])},
                                {"sentences": np.array([2, 2, 1])}), leading=()),
        Stage("padding behind them", ({"sentences": np.array([1, 1, 2, 2, 0, 0])},), leading=(0,),
            styles={"sentences": _in_order}, sizes={"S": 7}),
        Stage("rows together", leading=(1, 2, 3), ones=True, large=True, styles={"sentences": _in_order}),
        Stage("numbers in any order", ({"sentences": np.array([5, 5, 2, 2, 2, 0])},), leading=(0, 1, 2, 3),
            styles={"sentences": _out_of_order}, sizes={"S": 9}),
        Stage("large numbers", (
            {"sentences": np.array([1, 257, 257, 256, 0])}, {"sentences": np.array([100, 100, 1, 101])},
            {"sentences": np.array([2048, 2049])},
            {"sentences": np.array([1, 11, 17, 101, 129, 257, 1001, 1025, 2049, 4097])},
        ), leading=(0, 1), styles={"sentences": _alike}, sizes={"S": 9}),
        Stage("sentences whose places are apart", ({"sentences": np.array([1, 2, 1])},), leading=(0, 1, 2),
            styles={"sentences": _again}, sizes={"S": 9}),
        Stage("300 places", ({"sentences": np.repeat([2, 1, 0], [270, 25, 5])},), sizes={"S": 300},
            styles={"sentences": _thousands}),
        Stage("padding anywhere", ({"sentences": np.array([0, 3, 3, 0, 0, 1, 1])},), leading=(0, 1, 2),
            styles={"sentences": [_with_gaps, lambda rng, shape: np.zeros(shape, int)]}, sizes={"S": 9}),
    ),
    misconceptions=(
        Misconception("the other sentence", {"same": "any"},
            "Yours lets a word see the sentence before its own. Only words of the same sentence may be seen."),
        Misconception("sentences before one's own", {"same": "at most"},
            "You compare the numbers with ≤: a word sees every sentence with a smaller number."),
        Misconception("the others instead of one's own", {"same": "other"},
            "You let a word see every sentence but its own."),
        Misconception("runs of one number", {"same": "run"},
            "You begin a new sentence wherever the number changes. The number says whose a place is: behind padding or "
            "another sentence, the same number is the same sentence."),
        Misconception("the future", {"order": "none"},
            "Yours lets a word see later words of its sentence. The mask is causal too."),
        Misconception("turned round", {"order": "future"},
            "Queries and keys are exchanged: a row of the mask is a query, and it sees itself and what stands before "
            "it.", see="The future is masked: causal attention"),
        Misconception("not itself", {"order": "strict"},
            "A word may see itself; the first word of a sentence would see nothing otherwise.",
            see="The future is masked: causal attention"),
        Misconception("the next word", {"order": "one more"}, "Yours lets a word see the next one.",
            see="The future is masked: causal attention"),
        Misconception("padding sees padding", {"padding": "seen"},
            "Places with the number 0 are padding, and not a sentence of their own: they see nothing."),
    ),
)  # fmt: skip


# 4.6 cached_mask


def right_cached(lengths, room, new):
    mask = np.zeros((len(lengths), new, room + new), dtype=bool)
    for b, length in enumerate(lengths):
        for i in range(new):
            mask[b, i, :length] = True
            mask[b, i, room : room + i + 1] = True
    return mask


def _cached(lengths, room, new, cache="lengths", fresh="causal", order="cache first", whose="own"):
    lengths = np.full_like(lengths, lengths.max()) if whose == "longest" else lengths
    lengths = lengths[:, None, None]
    i, j, k = np.arange(new)[:, None], np.arange(room), np.arange(new)
    one, all_ = np.ones((len(lengths), new, 1), bool), np.arange(room + new)
    if cache == "no gap":
        return (all_ <= i + lengths) & one
    kept = {
        "lengths": j < lengths, "open": j >= 0, "one more": j <= lengths, "one less": j < lengths - 1,
        "turned": j >= lengths, "causal": (j < lengths) & (j <= i), "left": j >= room - lengths,
    }[cache] & one  # fmt: skip
    made = {"causal": k <= i, "open": k >= 0, "strict": k < i, "turned": k >= i, "itself": k == i}[fresh] & one
    return np.concatenate([kept, made] if order == "cache first" else [made, kept], axis=-1)


def _kept(rng, plan, drawn):
    """Lengths from 0 to the room of the cache, both of them among many."""
    B, room = plan.sizes["B"], plan.sizes["C"]
    lengths = rng.integers(0, room + 1, B)
    style = plan.styles.get("lengths")
    if style:
        return style(lengths, room)
    lengths[rng.integers(B)] = room
    return lengths


CACHED_MASK = Exercise(
    number="4.6", name="cached_mask", see="A cache, and the offset", reference=right_cached, faulty=_cached,
    arguments={"lengths": arg.Made(_kept, "B"), "room": arg.Size("C"), "new": arg.Size("T")},
    returns="one of True and False for each sentence, query and key", nouns={"B": "sentences"}, dtypes=(),
    stages=(
        Stage("one sentence", (
            {"lengths": np.array([1]), "room": 4, "new": 2}, {"lengths": np.array([3]), "room": 4, "new": 2},
        ), leading=()),
        Stage("full caches", ({"lengths": np.array([2, 2]), "room": 2, "new": 3},),
            styles={"lengths": lambda lengths, room: np.full_like(lengths, room)}),
        Stage("several sentences", ({"lengths": np.array([3, 1]), "room": 4, "new": 2},), leading=(0,), ones=True,
            large=True),
        Stage("a large cache", (
            {"lengths": np.array([30, 7]), "room": 40, "new": 2},
            {"lengths": np.array([150, 260, 7, 300]), "room": 300, "new": 2},
        ), leading=()),
        Stage("300 new words", ({"lengths": np.array([2, 0]), "room": 3, "new": 300},), leading=()),
        Stage("one new word", ({"lengths": np.array([1, 0, 2]), "room": 3, "new": 1},), sizes={"T": 1}),
        Stage("nothing kept yet", (
            {"lengths": np.array([0, 0]), "room": 3, "new": 2}, {"lengths": np.array([0, 0]), "room": 0, "new": 3},
        ),
            styles={"lengths": lambda lengths, room: np.zeros_like(lengths)}),
    ),
    misconceptions=(
        Misconception("the whole cache", {"cache": "open"},
            "Yours opens the cache for its whole length, as a causal mask with the offset `room` does. Of a sentence "
            "only its first `lengths` places are filled; what stands behind them is left from before."),
        Misconception("as if there were no gap", {"cache": "no gap"},
            "You count on from the end of each sentence, as if its new words followed at once. In the array they "
            "stand behind the whole cache, from place `room` on."),
        Misconception("one place too many", {"cache": "one more"},
            "Of the cache yours shows one place too many: the places are counted from 0."),
        Misconception("one place too few", {"cache": "one less"}, "Of the cache yours shows one place too few."),
        Misconception("the empty part", {"cache": "turned"},
            "You show the part of the cache that is empty, and hide what is kept."),
        Misconception("the cache is causal", {"cache": "causal"},
            "You compare places of the cache with the number of the new query. All that is kept lies before every new "
            "word."),
        Misconception("the cache filled from the right", {"cache": "left"},
            "You take the last places of the cache; it is filled from the first on."),
        Misconception("the new words see each other", {"fresh": "open"},
            "Among the new words no query may see a later one."),
        Misconception("not itself", {"fresh": "strict"}, "A new word may see itself."),
        Misconception("turned round", {"fresh": "turned"},
            "Among the new words queries and keys are exchanged: a row is a query, and sees what stands before it."),
        Misconception("only itself", {"fresh": "itself"},
            "Of the new words yours sees itself alone; those before it are its past, too."),
        Misconception("new words first", {"order": "new first"},
            "In yours the new words stand before the cache; the task has the cache first."),
        Misconception("the longest sentence", {"whose": "longest"},
            "You use the largest length for all; each sentence has its own."),
    ),
)  # fmt: skip


# 4.7 local_and_global


def right_local(marked, window):
    S = marked.shape[-1]
    mask = np.zeros((*marked.shape, S), dtype=bool)
    for i in range(S):
        for j in range(S):
            mask[..., i, j] = marked[..., i] | marked[..., j] | (abs(i - j) <= window)
    return mask


def _local(marked, window, near="both", ways="both", join="or"):
    places = np.arange(marked.shape[-1])
    i, j = places[:, None], places
    local = {
        "both": abs(i - j) <= window, "strict": abs(i - j) < window, "half": 2 * abs(i - j) <= window,
        "before": (j <= i) & (i - j <= window), "not itself": (abs(i - j) <= window) & (i != j),
    }[near]  # fmt: skip
    query, key = marked[..., :, None], marked[..., None, :]
    both = query | key
    world = {"both": both, "keys": key & np.ones_like(both), "queries": query & np.ones_like(both),
             "and": query & key, "xor": query ^ key, "not": ~both}[ways]  # fmt: skip
    return {"or": local | world, "and": local & world, "only": local & np.ones_like(both)}[join]


def _window(rng, plan, drawn):
    style = plan.styles.get("window", (1, 3))
    return int(rng.integers(*style))


def _none_marked(rng, shape, share):
    return np.zeros(shape, dtype=bool)


def _few(rng, shape, share):
    return rng.random(shape) < 0.25


LOCAL_AND_GLOBAL = Exercise(
    number="4.7", name="local_and_global", see="A window", reference=right_local, faulty=_local,
    arguments={"marked": arg.Mask("…S", broadcasts=False), "window": arg.Made(_window)},
    returns="one of True and False for each query and key", nouns={"S": "places"}, dtypes=(),
    stages=(
        Stage("nothing marked", (
            {"marked": np.zeros(5, bool), "window": 1}, {"marked": np.zeros(6, bool), "window": 3},
        ), leading=(0,), sizes={"S": 7}, styles={"marked": _none_marked}),
        Stage("two places marked", ({"marked": np.arange(6) % 4 == 0, "window": 1},), leading=()),
        Stage("everything marked", ({"marked": np.ones(4, bool), "window": 1},), leading=()),
        Stage("several", leading=(0, 1, 2, 3), sizes={"S": 9}, styles={"marked": [_few, arg.seen]}),
        Stage("rows together", leading=(1, 2, 3), ones=True, large=True, styles={"marked": _few}),
        Stage("other windows", (
            {"marked": np.arange(4) == 2, "window": 0}, {"marked": np.arange(3) == 1, "window": 9},
            {"marked": np.arange(40) == 1, "window": 20}, {"marked": np.arange(4) == 2, "window": 256},
        ), leading=(0, 1), sizes={"S": 9}, styles={"marked": _few, "window": [(0, 8), (250, 5001)]}),
        Stage("300 places", (
            {"marked": np.arange(300) == 7, "window": 260},
        ), sizes={"S": 300}, styles={"marked": lambda rng, shape, share: rng.random(shape) < 0.01}),
    ),
    misconceptions=(
        Misconception("marked keys only", {"ways": "keys"},
            "A marked place is seen by all, and it also *sees* all: its row is open too."),
        Misconception("marked queries only", {"ways": "queries"},
            "A marked place sees all, and it is also *seen* by all: its column is open too."),
        Misconception("between marked places only", {"ways": "and"},
            "You open a pair where both places are marked; one of the two is enough."),
        Misconception("either, and not both", {"ways": "xor"},
            "Two marked places see each other, and each sees itself: yours hides them."),
        Misconception("the mark upside down", {"ways": "not"}, "You open pairs of places that are *not* marked."),
        Misconception("the window alone", {"join": "only"}, "The marked places make no difference in yours."),
        Misconception("and for or", {"join": "and"},
            "You ask for both, near *and* marked. A pair is open where one of them holds."),
        Misconception("the window one too small", {"near": "strict"},
            "A key at a distance of exactly `window` is still seen."),
        Misconception("a window of both sides", {"near": "half"},
            "`window` counts the places on each side, and not both sides together."),
        Misconception("the past alone", {"near": "before"}, "The window reaches to both sides."),
        Misconception("not itself", {"near": "not itself"}, "A place lies in its own window."),
    ),
)  # fmt: skip


# 4.8 meaning


HOW = {}  # attention -> what it does, sentence by sentence


def _box(means, empty="zero", scale=True, beside=0.0, off=0.0):
    """An attention that means something of its own by its mask; its weights are `off` by a little, each by another.

    The word for what it means is not kept inside, where it could be read.
    """
    turned, open_, more = means == "hide", means in ("added", "ignored"), float(means == "added")

    def attention(queries, keys, values, mask):
        for name, given in (("queries", queries), ("keys", keys), ("values", values), ("mask", mask)):
            if not isinstance(given, np.ndarray):
                raise TypeError(f"{name} must be a NumPy array: got {type(given).__name__}")
        queries, keys, values = (x.astype(np.float64) for x in (queries, keys, values))
        if mask.dtype != bool:
            raise TypeError(f"the mask must be boolean: got {mask.dtype}")
        if not queries.ndim == keys.ndim == values.ndim == 2:
            axes = f"{queries.ndim}, {keys.ndim} and {values.ndim}"
            raise ValueError(f"queries, keys and values must have two axes: got {axes}")
        T, S = queries.shape[-2], keys.shape[-2]
        if values.shape[-2] != S or queries.shape[-1] != keys.shape[-1]:
            shapes = ", ".join(str(x.shape) for x in (queries, keys, values))
            raise ValueError(f"queries, keys and values do not fit together: got {shapes}")
        if mask.shape != (T, S):
            raise ValueError(f"the mask must have the shape {(T, S)}: got {mask.shape}")
        scores = queries @ keys.swapaxes(-1, -2) / (queries.shape[-1] ** 0.5 if scale else 1) + beside
        scores = scores + more * mask
        seen = (mask != turned) | open_
        weights = right_masked_softmax(scores, seen) * (1 - off * np.arange(1, S + 1))
        nothing = ~seen.any(-1, keepdims=True)
        if empty == "refused" and nothing.any():
            raise ValueError(f"query {nothing.argmax()} may attend to nothing")
        filler = {"zero": 0.0, "equal": 1 / S, "nan": NAN, "refused": 0.0}[empty]
        return np.where(nothing, filler, weights) @ values

    attention.__name__ = "one that is not shown"
    HOW[attention] = [
        MEANINGS[means],
        "divides the scores by √D" if scale else "takes the dot products for scores",
        *([f"adds {number(beside)} to all of them"] if beside else []),
        *(["has weights that are rounded"] if off else []),
        *([f"answers an empty row with {EMPTY[empty]}"] if means in ("may attend", "hide") else []),
    ]
    return attention


MEANINGS = {
    "may attend": "lets a query see the keys where its mask is True", "hide": "hides the keys where its mask is True",
    "added": "adds its mask to the scores, True as 1", "ignored": "makes no use of its mask",
}  # fmt: skip
EMPTY = {"zero": "zeros", "equal": "equal weights", "nan": "NaN", "refused": "a ValueError"}


def what_was_tried(trial, expected, got):
    *first, last = HOW[trial.inputs["attention"]]
    return Fault("the result", f"It was tried on an attention that {', '.join(first)}, and {last}.")


def _meaning(attention, way="right"):
    queries, keys, values = np.zeros((1, 2)), np.zeros((2, 2)), np.eye(2)
    if way == "alike":
        values = np.ones((2, 1))
    if way == "unequal":
        queries, keys = np.array([[1.0, 0.0]]), np.eye(2)
    given = {"empty": [[False, False]], "full": [[True, True]]}.get(way, [[True, False]])
    (first, *rest) = attention(queries, keys, values, np.array(given))[0]
    if way in ("empty", "full"):
        nothing = np.isnan(first) or first == 0
        return "may attend" if nothing == (way == "empty") else "hide"
    second = rest[0] if rest else first
    if way == "larger":
        return "may attend" if first > second else "hide"
    if way == "turned":
        first, second = second, first
    if way == "exact" and first != 1 and second != 1:
        return "ignored" if first == second else "added"
    if np.isclose(first, second):
        return "ignored"
    if way == "polarity" or min(first, second) < 1e-9:
        return "may attend" if first > second else "hide"
    return {"no added": "ignored", "added is hide": "hide"}.get(way, "added")


def _boxes(*some):
    return tuple({"attention": _box(*each)} for each in some)


MEANING = Exercise(
    number="4.8", name="meaning", see="What the built-ins mean", reference=_meaning, faulty=_meaning, kind="object",
    arguments={"attention": arg.Made(lambda rng, plan, drawn: _box("ignored"))}, returns="one of four answers",
    properties=(what_was_tried,),
    stages=(
        Stage("the two polarities", _boxes(("may attend",), ("hide",)), leading=()),
        Stage("not heeded, or added", _boxes(("ignored",), ("ignored", "zero", False), ("added",),
                                             ("added", "zero", False, 3.0)), leading=()),
        Stage("other empty rows", _boxes(
            *((m, empty, scale, beside) for m in MEANINGS for empty in ("zero", "equal", "nan", "refused")
              for scale, beside in ((True, 0.0), (False, -2.0)))), leading=()),
        Stage("weights that are rounded", _boxes(*((m, "zero", True, 0.0, 1e-12) for m in MEANINGS)), leading=()),
    ),
    misconceptions=(
        Misconception("turned round", {"way": "turned"},
            "You take the one polarity for the other. Where a key with True gets weight, True means may attend."),
        Misconception("by an empty row", {"way": "empty"},
            "You hide everything, or think so, and look what comes. Empty rows become zeros, NaN or equal weights: "
            "they say more about themselves than about the mask."),
        Misconception("by a full row", {"way": "full"},
            "You give a mask of nothing but True. Where that hides everything the row is empty, and empty rows become "
            "zeros, NaN or equal weights."),
        Misconception("two answers only", {"way": "larger"},
            "You ask which key gets more, and have two answers. A mask that is not heeded gives neither more."),
        Misconception("more, and not all", {"way": "polarity"},
            "A key with True gets more weight in one that adds the mask too: e to 1. See whether the other key gets "
            "nothing."),
        Misconception("what is added taken for ignored", {"way": "no added"},
            "You call a mask that is added \"ignored\". It is heeded, only not as a mask: True counts as 1."),
        Misconception("what is added taken for hidden", {"way": "added is hide"},
            "You call a mask that is added \"hide\". Nothing is hidden there: True counts as 1, and every key keeps "
            "some weight."),
        Misconception("what is ignored taken for added", {"way": "unequal"},
            "You call a mask that makes no difference \"added\". Keys whose scores differ have different weights "
            "without any mask: let their scores be equal."),
        Misconception("no tolerance", {"way": "exact"},
            "You compare weights by ==, or nearly so. They are floating-point numbers, and one that should be 1 may "
            "be a little less."),
        Misconception("values that are alike", {"way": "alike"},
            "With equal values the output is the same whatever the weights. Give each key a value that shows its "
            "weight."),
    ),
)  # fmt: skip


# 4.10 segment_softmax


def right_segments(scores, lengths):
    weights, begin = np.zeros_like(scores), 0
    for length in lengths:
        part = scores[begin : begin + length]
        if length and part.max() > -INF:
            made = np.exp(part - part.max())
            weights[begin : begin + length] = made / made.sum()
        begin += length
    return weights


def _segments(scores, lengths, over="own", peak="own", infinite="zero", sums="at", kind="weights", by="sum"):
    B = len(lengths)
    owner = np.repeat(np.arange(B), lengths)
    if over == "all":
        owner, B = np.zeros_like(owner), 1
    if over == "even":
        owner = np.arange(len(scores)) * B // max(len(scores), 1)
    if over == "shifted":
        owner = np.repeat(np.arange(B), np.roll(lengths, 1))
    top = np.full(B, -INF, scores.dtype)
    np.maximum.at(top, owner, scores)
    nothing = np.isneginf(top)
    top = {"own": top, "all": np.full_like(top, scores.max(initial=-INF)), "none": np.zeros_like(top),
           "from 0": np.maximum(top, 0)}[peak]  # fmt: skip
    top = top if infinite == "nan" else np.where(np.isneginf(top), 0, top)
    made = np.exp(scores - top[owner])
    total = np.zeros(B, scores.dtype)
    np.add.at(total, owner, made)
    if by == "logarithm":
        return np.exp(scores - np.where(nothing, 0, top + np.log(np.where(nothing, 1, total)))[owner])
    if sums == "last":
        total[owner] = made
    if sums == "reduceat":
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(int)
        total = np.add.reduceat(made, starts)
    if kind == "mean":
        total = total / np.maximum(lengths, 1)
    if kind == "exponentials":
        return made
    guarded = {"zero": nothing, "nan": np.zeros(B, bool)}.get(infinite if sums == "at" else "", total == 0)
    return made / np.where(guarded, 1, total)[owner]


def _cut(rng, plan, drawn):
    """As many lengths as sentences, which are the flat array's length together."""
    N, B = len(drawn["scores"]), plan.sizes["B"]
    style = plan.styles.get("lengths", "some")
    if style == "none is 0":
        B = min(B, N)
        return 1 + rng.multinomial(N - B, np.ones(B) / B)
    lengths = rng.multinomial(N, rng.dirichlet(np.ones(B)))
    if style == "zeros":
        lengths = np.insert(np.insert(lengths, len(lengths), 0), 0, 0)
        lengths = np.insert(lengths, 2, 0)
    return lengths


def _hollow_parts(rng, shape):
    """Runs of −∞, so that some sentences have nothing else."""
    runs = np.repeat(rng.random(shape[0] // 3 + 1) < 0.5, 3)[: shape[0]]
    return np.where(runs, -INF, arg.normal(rng, shape))


def _parts_at(*heights):
    """Sentences that lie far apart from each other."""

    def style(rng, shape):
        return np.repeat(rng.choice(heights, shape[0] // 3 + 1), 3)[: shape[0]] + arg.normal(rng, shape)

    return style


_far_parts, _farther_parts = _parts_at(-1e4, 1e4, 300.0, -900.0), _parts_at(-1e5, 1e5, 7e4, 0.0)


FLAT = np.array([0.5, -1.2, 2.1, 0.3, 0.7])
SEGMENT_SOFTMAX = Exercise(
    number="4.10", name="segment_softmax", see="Cost", reference=right_segments, faulty=_segments, keeps_type=True,
    arguments={"scores": arg.Floats("S"), "lengths": arg.Made(_cut, "B")}, returns="one weight for each score",
    nouns={"B": "sentences", "S": "scores"}, properties=(sign, factor, *WEIGHTS[:1]), dtypes=("float32", "float16"),
    stages=(
        Stage("plain", ({"scores": FLAT, "lengths": np.array([3, 2])},), leading=(0,), sizes={"S": 12, "B": 3},
            styles={"lengths": "none is 0"}),
        Stage("many sentences", leading=(0,), sizes={"S": 40, "B": 9}, ones=True, styles={
            "scores": [arg.normal, arg.tied], "lengths": "none is 0"}),
        Stage("a long sentence", sizes={"S": 300, "B": 2}, styles={"lengths": "none is 0"}, types=("float32",)),
        Stage("1200 sentences", sizes={"S": 3000, "B": 1200}, styles={"lengths": "none is 0"}, types=("float32",)),
        Stage("sentences far apart", (
            {"scores": np.array([1e4, 9999.0, -1e4, -9999.0]), "lengths": np.array([2, 2])},
            {"scores": np.array([1e4, 9998.0, 9999.0, -1e4, -9999.0]), "lengths": np.array([3, 2])},
            {"scores": np.array([0.5, 1.2, -1e10]), "lengths": np.array([2, 1])},
            {"scores": np.array([0.5, 1.2, LOWEST, -1e300]), "lengths": np.array([2, 1, 1])},
        ), leading=(0,), sizes={"S": 15, "B": 4}, types=(), tolerance=FAR,
            styles={"scores": [_far_parts, _farther_parts, arg.apart], "lengths": "none is 0"},
            see="Before softmax, and by what"),
        Stage("sentences far apart in float32", (
            {"scores": np.array([1e5, 1e5, -2e30, LOWEST_32], "float32"), "lengths": np.array([2, 1, 1])},
        ), leading=(0,), sizes={"S": 15, "B": 4}, types=(), tolerance=1e-5,
            styles={"scores": [arg.held("float32", _far_parts), arg.held("float32", _farther_parts)],
                    "lengths": "none is 0"},
            see="Before softmax, and by what"),
        Stage("sentences far apart in float16", (
            {"scores": np.array([1000, 1000, -65504], "float16"), "lengths": np.array([2, 1])},
        ), leading=(0,), sizes={"S": 15, "B": 4}, types=(), tolerance=5e-3,
            styles={"scores": arg.held("float16", _far_parts), "lengths": "none is 0"},
            see="Before softmax, and by what"),
        Stage("scores of 0", ({"scores": np.zeros(5), "lengths": np.array([3, 2])},), leading=()),
        Stage("sentences without a word", (
            {"scores": FLAT, "lengths": np.array([2, 0, 3])}, {"scores": FLAT, "lengths": np.array([0, 5, 0])},
        ), leading=(0,), sizes={"S": 11, "B": 4}, styles={"lengths": ["some", "zeros"]}),
        Stage("scores of −∞", (
            {"scores": np.array([0.5, -INF, -INF, -INF]), "lengths": np.array([2, 2])},
            {"scores": np.array([0.5, -INF, -INF, 0.7]), "lengths": np.array([1, 2, 1])},
            {"scores": np.array([0.5, -INF, -100.0, 0.7]), "lengths": np.array([1, 2, 1])},
            {"scores": np.array([0.5, -99999.0, -INF, -1e5, 0.7]), "lengths": np.array([1, 3, 1])},
        ), leading=(0,), sizes={"S": 14, "B": 5}, styles={"scores": _hollow_parts, "lengths": ["some", "none is 0"]}),
        Stage("nothing at all", ({"scores": np.zeros(0), "lengths": np.array([0, 0])},), leading=()),
    ),
    misconceptions=(
        Misconception("one softmax for all", {"over": "all"},
            "All of your weights together sum to 1; those of each sentence should."),
        Misconception("sentences of equal length", {"over": "even"},
            "You cut the array into pieces of equal length; `lengths` says where each sentence ends."),
        Misconception("the lengths of the neighbours", {"over": "shifted"},
            "You use the lengths in another order than that in which the sentences lie."),
        Misconception("not divided", {"kind": "exponentials"},
            "These are exponentials; divide by the sum of each sentence."),
        Misconception("a mean for a sum", {"kind": "mean"},
            "You divide by the mean of a sentence's exponentials; the formula has their sum."),
        Misconception("exp overflows", {"peak": "none"},
            "exp of a large score is infinite, and of a very low one 0: 0 / 0. Take away the maximum of each "
            "sentence."),
        Misconception("one maximum for all", {"peak": "all"},
            "You take away the maximum of the whole array. In a sentence far below it every exponential rounds to 0."),
        Misconception("maxima that begin with 0", {"peak": "from 0"},
            "Your maxima begin with 0. In a sentence whose scores are all below 0 none is larger, and far below it "
            "every exponential rounds to 0."),
        Misconception("exp overflows, and 0 / 0 is hidden", {"peak": "none", "infinite": "by the sum"},
            "exp of a large score is infinite, and of a very low one 0: where a sum is 0 you divide by 1, and the "
            "weights of a sentence are all 0. Take away the maximum of each sentence."),
        Misconception("one maximum for all, and 0 / 0 is hidden", {"peak": "all", "infinite": "by the sum"},
            "You take away the maximum of the whole array. In a sentence far below it every exponential rounds to 0, "
            "and where the sum is 0 you divide by 1: its weights are all 0."),
        Misconception("maxima that begin with 0, and 0 / 0 is hidden", {"peak": "from 0", "infinite": "by the sum"},
            "Your maxima begin with 0. In a sentence far below it every exponential rounds to 0, and where the sum is "
            "0 you divide by 1: its weights are all 0."),
        Misconception("the logarithm of the sum", {"by": "logarithm"}, LOGARITHM),
        Misconception("only the last entry", {"sums": "last"},
            "Your sums hold one entry for each sentence, its last: `total[owner] += x` writes each place once, however "
            "often it occurs in `owner`. `np.add.at` adds all."),
        Misconception("sums that start where a sentence is empty", {"sums": "reduceat"},
            "`reduceat` gives the entry at the start where a piece is empty, and fails behind the end: it knows no "
            "empty pieces.", breaks_contract=True),
        Misconception("NaN where all is −∞", {"infinite": "nan"},
            "In a sentence whose scores are all −∞, −∞ − (−∞) is NaN. Its weights should be zeros."),
    ),
)  # fmt: skip

EXERCISES = (
    PADDING_BY_HAND,
    MASKED_SOFTMAX,
    MEAN_OF_WORDS,
    PACKED_MASK,
    CACHED_MASK,
    LOCAL_AND_GLOBAL,
    MEANING,
    SEGMENT_SOFTMAX,
)
