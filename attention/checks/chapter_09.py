"""09 Translation with attention."""

from collections import Counter
from functools import partial
from itertools import pairwise

import numpy as np

import attention.numpy as atn
from attention.checks import arguments as arg
from attention.checks.draws import normal
from attention.checks.exercise import Exercise, Misconception, Stage
from attention.checks.properties import sign

# 9.1 cut


def right_cut(tokens, merges):
    tokens = list(tokens)
    for k, pair in enumerate(merges):
        place = 0
        while place < len(tokens) - 1:
            if (tokens[place], tokens[place + 1]) == tuple(pair):
                tokens[place : place + 2] = [256 + k]
            place += 1
    return tokens


def _merge(tokens, pair, number, places=None):
    merged, place = [], 0
    while place < len(tokens):
        if tuple(tokens[place : place + 2]) == tuple(pair) and not (places == "first" and number in merged):
            merged.append(number)
            place += 2
        else:
            merged.append(tokens[place])
            place += 1
    return merged


def _spelled(merges):
    """The bytes of every piece that the merges make, {number: bytes}."""
    spelling = {}
    for number, pair in enumerate(merges, 256):
        spelling[number] = [byte for piece in pair for byte in spelling.get(piece, [piece])]
    return spelling


def _longest(tokens, merges):
    pieces, place, spelling = [], 0, _spelled(merges)
    while place < len(tokens):
        fits = [n for n, spelled in spelling.items() if spelled == tokens[place : place + len(spelled)]]
        best = max(fits, key=lambda n: len(spelling[n]), default=tokens[place])
        pieces.append(best)
        place += len(spelling.get(best, [best]))
    return pieces


def _at_once(tokens, merges):
    pieces, numbers = [], {tuple(pair): number for number, pair in reversed([*enumerate(merges, 256)])}
    for token in tokens:
        pieces.append(token)
        while tuple(pieces[-2:]) in numbers:
            pieces[-2:] = [numbers[tuple(pieces[-2:])]]
    return pieces


def _cut(tokens, merges, way=None, first=256, places=None):
    tokens, numbered = list(tokens), list(enumerate(merges, first))
    if way in ("longest", "at once"):
        return {"longest": _longest, "at once": _at_once}[way](tokens, merges)
    for number, pair in reversed(numbered) if way == "backwards" else numbered:
        if way == "from the right":
            turned = _merge(tokens[::-1], tuple(pair)[::-1], number)
            tokens = turned[::-1]
        elif way != "bytes alone" or max(pair) < 256:
            tokens = _merge(tokens, pair, number, places)
    return tokens


def _text(rng, plan, drawn):
    """A text of few different bytes, so that pairs return: of letters, or of bytes whose decimals hold each other."""
    alphabet = rng.permutation((range(97, 104), (0, 1, 10, 11, 110, 111, 255))[plan.form % 2])[: rng.integers(2, 6)]
    return rng.choice(alphabet, rng.integers(2, 60), p=rng.dirichlet(np.ones(alphabet.size))).tolist()


def _learned(rng, plan, drawn):
    """Merges that another text in the same letters teaches, and one before them whose pair occurs nowhere."""
    text, merges = rng.choice(drawn["tokens"], 80).tolist() + drawn["tokens"], [(1, 2)]
    for _ in range(rng.integers(2, 20)):
        merges.append(Counter(pairwise(right_cut(text, merges))).most_common(1)[0][0])
    return merges


A, B, N = 97, 98, 110
CUT = Exercise(
    number="9.1", name="cut", see="Text becomes numbers: byte-pair encoding", kind="object", reference=right_cut,
    faulty=_cut, returns="the numbers of the pieces",
    arguments={"tokens": arg.Made(_text), "merges": arg.Made(_learned)},
    stages=(
        Stage("one merge", (
            {"tokens": [B, A, N, A, N, A], "merges": [(A, N)]},
            {"tokens": [A, B], "merges": [(A, B)]},
            {"tokens": [A, B, A], "merges": []},
            {"tokens": [], "merges": [(A, B)]},
            {"tokens": [A], "merges": [(A, A)]},
            {"tokens": [0, 255, 0, 255, 7], "merges": [(0, 255)]},
        ), leading=()),
        Stage("equal pieces in a row", (
            {"tokens": [A, A, A], "merges": [(A, A)]},
            {"tokens": [B, A, A, A, A, A, B], "merges": [(A, A)]},
        ), leading=()),
        Stage("merges of merges", (
            {"tokens": [A, A, A, B], "merges": [(A, A), (256, B)]},
            {"tokens": [A, B, N], "merges": [(A, B), (B, N), (A, 257)]},
            {"tokens": [A, B, N], "merges": [(B, N), (A, B)]},
            {"tokens": [A, B, A, A, B, B], "merges": [(A, B), (A, 256), (257, B)]},
            {"tokens": [A, A, A, A, A, A, A], "merges": [(A, A), (256, 256), (257, A)]},
            {"tokens": [B, A, N, A, N, A], "merges": [(A, N), (B, 256), (257, 256), (N, A)]},
        ), leading=()),
        Stage("longer texts", leading=(0, 1, 2, 3)),
    ),
    misconceptions=(
        Misconception("once each", {"places": "first"},
            "You make each merge at the first place alone. It is made wherever its pair stands."),
        Misconception("from the right", {"way": "from the right"},
            "Of three equal pieces in a row you merge the last two. The text is gone through from the left."),
        Misconception("the merges backwards", {"way": "backwards"},
            "You make the last merge first. A merge may need what an earlier one has made."),
        Misconception("letters alone", {"way": "bytes alone"},
            "You make only merges of two letters. A pair may hold pieces that earlier merges made."),
        Misconception("the longest piece", {"way": "longest"},
            "You take the longest piece that fits at each place. Merges are made in their order, each all over the "
            "text, whatever they leave for the next."),
        Misconception("as soon as it can", {"way": "at once"},
            "You read the text once and merge as soon as a pair stands there. The loop over the merges is the outer "
            "one: an earlier merge comes first wherever its pair stands."),
        Misconception("the numbers", {"first": 257},
            "Your new pieces are numbered one too high: merge 0 makes the piece 256."),
        Misconception("the numbers from 255", {"first": 255},
            "Your new pieces are numbered one too low: merge 0 makes the piece 256; 255 is a byte."),
        Misconception("the numbers from 0", {"first": 0},
            "Your new pieces are numbered from 0. The first 256 numbers are the bytes: merge 0 makes the piece 256."),
    ),
)  # fmt: skip


# 9.2 reset_first


def right_reset_first(input_gates, state, state_weight):
    e_r, e_z, e_n = np.split(input_gates, 3, axis=-1)
    U_r, U_z, U_n = np.split(state_weight, 3, axis=-1)
    r, z = (np.tanh((e_r + state @ U_r) / 2) + 1) / 2, (np.tanh((e_z + state @ U_z) / 2) + 1) / 2
    return (1 - z) * np.tanh(e_n + (r * state) @ U_n) + z * state


def _sigmoid(x, overflows=False):
    if overflows:
        return np.exp(x) / (1 + np.exp(x))
    return 1 / (1 + np.exp(-x))


def _reset_first(
    input_gates, state, state_weight, order="rzn", kept="z", reset="before", bend="tanh", overflows=False, cut=True
):
    if not cut:
        return np.tanh(input_gates + state @ state_weight)
    parts = zip(np.split(input_gates, 3, -1), np.split(state_weight, 3, -1), strict=True)
    gates = dict(zip(order, parts, strict=True))
    (e_r, U_r), (e_z, U_z), (e_n, U_n) = gates["r"], gates["z"], gates["n"]
    r, z = _sigmoid(e_r + state @ U_r, overflows), _sigmoid(e_z + state @ U_z, overflows)
    inside = {
        "before": e_n + (r * state) @ U_n,
        "after": e_n + r * (state @ U_n),
        "never": e_n + state @ U_n,
        "all": r * (e_n + state @ U_n),
        "input": r * e_n + state @ U_n,
        "update": e_n + (z * state) @ U_n,
    }[reset]
    n = {"tanh": np.tanh, "sigmoid": _sigmoid, "none": lambda a: a}[bend](inside)
    return {"z": (1 - z) * n + z * state, "1 − z": z * n + (1 - z) * state, "added": n + z * state}[kept]


def _three(axes, first):
    """Numbers three times as wide as N, for r, z and n."""

    def made(rng, plan, drawn):
        style = plan.styles.get(first, arg.normal)
        return np.concatenate([style(rng, plan.shape(axes)) for _ in range(3)], axis=-1)

    return arg.Made(made)


RESET_FIRST = Exercise(
    number="9.2", name="reset_first", see="A network that reads: the gated recurrent unit",
    frameworks=("numpy", "tensorflow", "pytorch"), reference=right_reset_first, faulty=_reset_first,
    arguments={
        "input_gates": _three("BN", "input_gates"), "state": arg.Floats("BN"),
        "state_weight": _three("NN", "state_weight"),
    },
    axes={"result": "BN"}, nouns={"N": "numbers of a state"}, returns="the next state",
    stages=(
        Stage("plain", (
            {"input_gates": np.array([[0.5, -1.0, 0.2]]), "state": np.array([[0.6]]),
             "state_weight": np.array([[1.0, -0.5, 2.0]])},
        ), leading=(0,)),
        Stage("other sizes", leading=(0,), ones=True, styles={"state": [arg.normal, arg.spread(4), arg.small]}),
        Stage("gates wide open or shut",
            # no state near 0: beside it the rounding of 1 − z, which a right answer may have, would be all that is left
            leading=(0,), styles={"input_gates": [arg.spread(40), arg.far], "state": arg.upstream},
            types=(), gradient=False),
        Stage("gates near 90",
            leading=(0,), styles={"input_gates": arg.near(88), "state": arg.upstream},
            types=("float32",), gradient=False),
    ),
    misconceptions=(
        Misconception("reset after the product", {"reset": "after"},
            "You reset after the product with U_n, as (9.5) does. Here the state is reset first, then multiplied."),
        Misconception("not cut", {"cut": False},
            "Your result is still three times as wide as a state: r, z and n stand side by side in `input_gates` and "
            "in `state_weight`, and have to be cut apart.",
            breaks_contract=True),
        Misconception("the order of the gates", {"order": "zrn"},
            "You took the first third for the update gate z. The order is r, z, n (Keras has z, r, n)."),
        Misconception("the last third first", {"order": "nrz"},
            "You took the first third for the candidate. The order is r, z, n."),
        Misconception("kept and new exchanged", {"kept": "1 − z"},
            "A gate z near 1 lets the new candidate in, in yours. Here z says how much of the *old* state is kept."),
        Misconception("everything new is added", {"kept": "added"},
            "You added the whole candidate: what is kept and what is new must share 1, z and 1 − z."),
        Misconception("no reset", {"reset": "never"}, "Your candidate does not use the reset gate r."),
        Misconception("the reset of all", {"reset": "all"},
            "Your reset gate multiplies the new token too. It is for the old state alone."),
        Misconception("the reset of the token", {"reset": "input"},
            "Your reset gate multiplies what comes from the token, not the old state."),
        Misconception("the update gate for the reset", {"reset": "update"},
            "You multiply the state by z before its product with U_n. That is the work of r."),
        Misconception("a sigmoid for the candidate", {"bend": "sigmoid"},
            "You bent the candidate by σ, to between 0 and 1. A state may be negative: it is tanh."),
        Misconception("no tanh", {"bend": "none"}, "Your candidate is not bent by tanh, and can grow without end."),
        Misconception("the sigmoid overflows", {"overflows": True},
            "exp(u) / (1 + exp(u)) is ∞ / ∞ for large u. Write σ so that a large exp stands below the line alone."),
    ),
)  # fmt: skip


# 9.3 look_with_coverage


def right_look(query, keys, states, mask, covered, u, v):
    hidden = np.tanh(query[:, None] + keys + covered[:, :, None] * u)
    scores = np.where(mask, (hidden * v).sum(-1), -np.inf)
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    weights = exponentials / exponentials.sum(-1, keepdims=True)
    return (weights[:, :, None] * states).sum(1), weights, covered + weights


def _look(
    query, keys, states, mask, covered, u, v,
    score="additive", hidden="before", values=None, coverage="inside", after="sum",
):  # fmt: skip
    left, seen = query[:, None], covered[..., None] * u  # (B, 1, A), (B, S, A)
    added = {"inside": seen, "none": 0, "minus": -seen}.get(coverage, 0)
    scores = {
        "additive": lambda: np.tanh(left + keys + added) @ v,
        "dot": lambda: (left * (keys + added)).sum(-1),
        "weighted dot": lambda: (left * (keys + added)) @ v,
        "relu": lambda: np.maximum(left + keys + added, 0) @ v,
        "linear": lambda: (left + keys + added) @ v,
        "keys alone": lambda: np.tanh(keys + added) @ v,
    }[score]()
    scores = scores + seen @ v if coverage == "after tanh" else scores
    if hidden == "zero":
        weights = atn.softmax(np.where(mask, scores, 0).astype(scores.dtype))
    else:
        weights = atn.masked_softmax(scores, {"before": mask, "turned": ~mask}.get(hidden))
        weights = weights * mask if hidden == "after" else weights
    context = (weights[:, None] @ (keys if values == "keys" else states))[:, 0]
    context = context / states.shape[1] if values == "mean" else context
    coverage = {"sum": covered + weights, "new": weights, "old": covered, "kept": covered * weights}[after]
    return context, weights, coverage


def _nothing(rng, shape):
    return np.zeros(shape)


def _coverage(rng, plan, drawn):
    """What three steps, or fewer, have looked at: sums of weights, and so nothing at padding; before the first, 0."""
    looks = [arg.weights(rng, drawn["mask"].shape) * drawn["mask"] for _ in range(3 - plan.form % 4)]
    return np.round(sum((look / look.sum(-1, keepdims=True) for look in looks), np.zeros(drawn["mask"].shape)), 2)


LOOK_WITH_COVERAGE = Exercise(
    number="9.3", name="look_with_coverage", see="A network that writes: one step of the decoder",
    frameworks=("numpy", "tensorflow", "pytorch"), reference=right_look, faulty=_look,
    arguments={
        "query": arg.Floats("BA"), "keys": arg.Floats("BSA"), "states": arg.Floats("BSN"),
        "mask": arg.Mask("BS", broadcasts=False), "covered": arg.Made(_coverage, "BS"), "u": arg.Floats("A"),
        "v": arg.Floats("A"),
    },
    outputs=("context", "weights", "coverage"), axes={"context": "BN", "weights": "BS", "coverage": "BS"},
    nouns={"S": "source tokens", "N": "numbers of an encoder state"},
    stages=(
        Stage("plain", sizes={"N": 3, "A": 3}, styles={"mask": arg.everything, "u": _nothing}),
        Stage("coverage", styles={"mask": arg.everything}, ones=True),
        Stage("padding", styles={"mask": [arg.lengths, arg.seen]}, ones=True),
        Stage("large scores",
            styles={"mask": arg.lengths, "v": [arg.spread(500), arg.spread(5e4)]}, types=(), gradient=False),
    ),
    misconceptions=(
        Misconception("a dot product", {"score": "dot"},
            "You multiplied the query with the keys. The additive score adds them, bends the sum "
            "by tanh, and weighs it by `v`."),
        Misconception("a weighted dot product", {"score": "weighted dot"},
            "You multiplied query and key, unit by unit, and weighed the products. They are added, then bent by tanh."),
        Misconception("relu for tanh", {"score": "relu"}, "You cut the hidden units at 0 (relu): the score has tanh."),
        Misconception("no tanh", {"score": "linear"},
            "Without tanh the query moves all scores of a row alike, and softmax takes that away again: your weights "
            "do not depend on the query."),
        Misconception("no query", {"score": "keys alone"},
            "Your scores do not use `query`: every step of the decoder would look at the same place."),
        Misconception("no coverage", {"coverage": "none"},
            "Your scores do not use `covered`: what has been looked at is not shown to them."),
        Misconception("coverage after tanh", {"coverage": "after tanh"},
            "You add the coverage to the finished score. It goes inside tanh, with query and key."),
        Misconception("coverage subtracted", {"coverage": "minus"},
            "You subtract the coverage. It is added; `u` learns the sign."),
        Misconception("the coverage starts anew", {"after": "new"},
            "The coverage that you return is this step's weights alone. It is the sum over all steps: add them to "
            "`covered`."),
        Misconception("the coverage stays", {"after": "old"},
            "The coverage that you return is the one that you were given. This step's weights belong to it now."),
        Misconception("the coverage multiplied", {"after": "kept"},
            "You multiplied the coverage by the weights. It is a sum."),
        Misconception("padding is looked at", {"hidden": "none"}, "Your weights do not use the mask."),
        Misconception("the mask after softmax", {"hidden": "after"},
            "You hid the padding after softmax: the weights that are left no longer sum to 1."),
        Misconception("a score of 0 for padding", {"hidden": "zero"},
            "You set the scores of padding to 0, and exp(0) is 1. The score that gets no weight is −∞."),
        Misconception("the mask upside down", {"hidden": "turned"},
            "You look at the padding and not at the tokens: True means token."),
        Misconception("projected values", {"values": "keys"},
            "Your context is an average of the keys. What is read are the states themselves."),
        Misconception("a mean of the sum", {"values": "mean"},
            "You divided the weighted sum by the number of tokens; the weights already sum to 1."),
    ),
)  # fmt: skip


# 9.4 teacher_forced_loss


def right_loss(table, target):
    losses = []
    for sentence in target:
        for seen, wanted in pairwise(sentence):
            if wanted:
                peak = table[seen].max()
                losses.append(peak + np.log(np.exp(table[seen] - peak).sum()) - table[seen, wanted])
    return np.mean(losses)


def _loss(table, target, seen="before", padding=None, mean="tokens", log="stable", end=True, turned=1):
    given, wanted = {
        "before": (target[:, :-1], target[:, 1:]),
        "the same": (target[:, 1:], target[:, 1:]),
        "after": (target[:, 1:], target[:, :-1]),
        "two before": (target[:, :-2], target[:, 2:]),
    }[seen]
    p = atn.softmax(table)[given, wanted]  # (B, T)
    stable = -atn.log_softmax(table)[given, wanted]
    losses = {"stable": stable, "none": 1 - p, "after": -np.log(p), "bits": stable / np.log(2)}[log]
    counted = np.ones_like(wanted) if padding == "counted" else (given if padding == "of what is seen" else wanted) != 0
    counted = counted & (wanted != 2) if not end else counted
    if mean == "sentences":
        return turned * ((losses * counted).sum(1) / counted.sum(1)).mean()
    total = np.where(counted, losses, 0).sum()
    return turned * total / {"tokens": counted.sum(), "none": 1, "places": wanted.size, "B": len(target)}[mean]


def _sentences(rng, plan, drawn):
    """Whole sentences, (B, 1 + T): 1, words from 3 on, 2, padding; the first is the longest."""
    B, T, V = plan.sizes["B"], plan.sizes["T"], len(drawn["table"])
    target = np.zeros((B, 1 + T), dtype=int)
    for row, sentence in enumerate(target):
        size = T if row == 0 else rng.integers(1, T + 1)  # with END
        sentence[0], sentence[1:size], sentence[size] = 1, rng.integers(3, V, size - 1), 2
        if size > 1:
            sentence[1] = V - 1
    return target


ONE_SENTENCE = np.array([[1, 3, 4, 3, 2]])
TEACHER_FORCED_LOSS = Exercise(
    number="9.4", name="teacher_forced_loss", see="How wrong was it? Cross-entropy", reference=right_loss,
    faulty=_loss, arguments={"table": arg.Floats("VV"), "target": arg.Made(_sentences, "BT")},
    never_one=("V", "T"), returns="a single number",
    stages=(
        Stage("plain", (
            {"table": normal(180, 5, 5), "target": ONE_SENTENCE},
            {"table": normal(181, 7, 7), "target": np.array([[1, 6, 3, 5, 4, 2], [1, 3, 6, 6, 5, 2]])},
        ), leading=()),
        Stage("padding", (
            {"table": normal(185, 4, 4), "target": np.array([[1, 3, 2], [1, 2, 0]])},
            {"table": normal(182, 6, 6), "target": np.array([[1, 3, 5, 4, 2], [1, 5, 2, 0, 0]])},
            {"table": normal(183, 6, 6), "target": np.array([[1, 4, 2, 0, 0, 0], [1, 3, 3, 5, 4, 2]])},
        ), sizes={"V": 8}, ones=True),
        Stage("a logit far below", (
            {"table": np.where(np.eye(5, k=1) > 0, -1000.0, normal(184, 5, 5)), "target": ONE_SENTENCE},
        ), sizes={"V": 8}, styles={"table": [arg.far, arg.apart]}, types=()),
    ),
    properties=(sign,),
    misconceptions=(
        Misconception("not shifted", {"seen": "the same"},
            "Your model is asked for the token that it has just been given. What it sees ends one token earlier than "
            "what it should write."),
        Misconception("shifted the wrong way", {"seen": "after"},
            "Your model sees a token and is asked for the one *before* it."),
        Misconception("shifted twice", {"seen": "two before"},
            "Your model is asked for the token after the next. Shift by one."),
        Misconception("padding is counted", {"padding": "counted"},
            "You average over the padding too. A place counts where the token to be written is not 0."),
        Misconception("padding judged by what is seen", {"padding": "of what is seen"},
            "You leave out a place where the token *seen* is padding. After the end, the model sees 2 and should not "
            "be asked for the padding that follows."),
        Misconception("END is left out", {"end": False},
            "You leave out the places where END, 2, should be written. It is a token like others: a model that never "
            "learns to write it never stops."),
        Misconception("a mean of means", {"mean": "sentences"},
            "You averaged each sentence and then the sentences: a token in a short one counts more. All tokens count "
            "alike."),
        Misconception("a sum", {"mean": "none"}, "You added the losses up; divide by the number of tokens."),
        Misconception("divided by the sentences", {"mean": "B"},
            "You divided by the number of sentences. (9.10) divides by the number of tokens.",),
        Misconception("divided by all places", {"mean": "places"},
            "You left the padding out of the sum and not out of the number that you divide by."),
        Misconception("no logarithm", {"log": "none"}, "You averaged 1 − p. Cross-entropy is the mean of −log p."),
        Misconception("to base 2", {"log": "bits"},
            "Your logarithms are to base 2. The log of (9.10) is the natural one, to base e."),
        Misconception("the logarithm of a rounded probability", {"log": "after"},
            "Where a logit is far below the others, its probability rounds to 0, and −log 0 is ∞. Take log-softmax of "
            "the table, (1.9), and never form the probability."),
        Misconception("the sign", {"turned": -1},
            "Your loss is the mean of log p, which is negative; the loss is −log p."),
    ),
)  # fmt: skip


# 9.5 bleu_by_hand


def _bleu(clip=True, penalty="short", mean="geometric", scale=100, of=None):
    ours, person = ["a", "a", "cat", "on", "the", "mat", "."], ["a", "cat", "is", "lying", "on", "the", "mat", "."]
    shares = []
    for n in range(1, 5):
        mine, theirs = ([tuple(words[i : i + n]) for i in range(len(words) - n + 1)] for words in (ours, person))
        found = [min(mine.count(r), theirs.count(r)) if clip else mine.count(r) for r in set(mine) if r in theirs]
        shares.append(sum(found) / len(theirs if of == "person" else mine))
    used = np.array(shares)
    score = {"geometric": used.prod() ** (1 / len(used)), "arithmetic": used.mean(), "product": used.prod()}[mean]
    ratio = len(person) / len(ours)
    times = {"short": np.exp(1 - ratio), "none": 1, "ratio": 1 / ratio, "turned": np.exp(ratio - 1)}[penalty]
    return np.array([*shares, scale * times * score])


BLEU_BY_HAND = Exercise(
    number="9.5", name="bleu_by_hand", see="How good is it? BLEU", kind="value", reference=_bleu, faulty=_bleu,
    returns="the four precisions and BLEU",
    stages=(Stage("by hand", ({},), tolerance=(6e-5, 6e-5, 6e-5, 6e-5, 6e-3)),),
    misconceptions=(
        Misconception("counted twice", {"clip": False},
            "You counted `a` twice. The person wrote it once, so it counts once: BLEU clips."),
        Misconception("shares of the person's runs", {"of": "person"},
            "You divided by the number of runs in the person's sentence. A precision is a share of the model's runs."),
        Misconception("no penalty", {"penalty": "none"},
            "The translation is shorter than the person's, 7 words to 8, and yours is not punished for it."),
        Misconception("the ratio itself", {"penalty": "ratio"},
            "You multiplied by 7/8. The penalty is e to the power of 1 − 8/7."),
        Misconception("the penalty turned round", {"penalty": "turned"},
            "Your translation is rewarded for being short: the sign of the exponent is wrong."),
        Misconception("an arithmetic mean", {"mean": "arithmetic"},
            "You took the ordinary mean of the precisions; BLEU takes the fourth root of their product."),
        Misconception("no root", {"mean": "product"}, "You multiplied the precisions and took no fourth root."),
        Misconception("not in per cent", {"scale": 1}, "The score is right as a part of 1; BLEU is given out of 100."),
    ),
)  # fmt: skip


# 9.6 grow


def right_grow(total, log_p, done):
    kept = []
    for sums, rows, finished in zip(total, log_p, done, strict=True):
        candidates = []
        for beam, (sum_, row, over) in enumerate(zip(sums, rows, finished, strict=True)):
            candidates += [(sum_, beam, 0)] if over else [(sum_ + p, beam, token) for token, p in enumerate(row)]
        kept.append(sorted(candidates, key=lambda one: -one[0])[: len(sums)])
    return tuple(np.array([[one[part] for one in row] for row in kept]) for part in range(3))


def _grow(total, log_p, done, finished="stay", order=None, over=None, add=True, p=None, divide=None):
    B, K, V = log_p.shape
    free = np.where(np.arange(V) == 0, 0, -np.inf)
    rows = {
        "stay": np.where(done[..., None], free, log_p),
        "grow": log_p,
        "dropped": np.where(done[..., None], -np.inf, log_p),
        "copies": np.where(done[..., None], 0, log_p),
        "pay": np.where(done[..., None], np.where(np.arange(V) == 0, log_p, -np.inf), log_p),
        "turned": np.where(done[..., None], log_p, free),
        "END": np.where(done[..., None], np.where(np.arange(V) == 2, 0, -np.inf), log_p),
    }[finished]
    rows = np.exp(rows) if p == "plain" else rows
    candidates = (total[..., None] if add else 0) + rows
    if over == "each":  # the best token of each beam
        token = candidates.argmax(-1)
        parent = np.broadcast_to(np.arange(K), (B, K))
        sums = np.take_along_axis(candidates, token[..., None], -1)[..., 0]
        sort = np.argsort(-sums, -1)
        return tuple(np.take_along_axis(part, sort, -1) for part in (sums, parent, token))
    flat = candidates.reshape(B, K * V)
    sort = np.argsort(flat if order == "worst" else -flat, axis=-1, stable=True)
    best = sort[:, :K][:, ::-1] if order == "rising" else sort[:, :K]
    sums = np.take_along_axis(flat, best, -1)
    if divide == "exchanged":
        return sums, best % V, best // V
    return (sums, best // K, best % K) if divide == "K" else (sums, best // V, best % V)


def _probable(rng, shape, digits=4):
    """Rows of log p, no two numbers of them equal: the more there are, the more digits that needs."""
    scores = 1.5 * rng.standard_normal(shape)
    return np.round(scores - np.log(np.exp(scores).sum(-1, keepdims=True)), digits)


def _so_far(rng, shape):
    return np.round(-3 * rng.random(shape) - 1, 4)


def _unlikely(style, times):
    return lambda rng, shape: times * style(rng, shape)


# log p of four tokens after each of two beams
TWO_BEAMS = np.array([[[-0.7, -1.2, -2.3, -2.4], [-2.2, -0.4, -2.5, -2.1]]])


def _first(rng, shape):
    """Nothing but the first beam exists yet."""
    return np.where(np.arange(shape[-1]) == 0, 0.0, -np.inf) + np.zeros(shape)


def _none(rng, plan, drawn):
    return np.zeros(drawn["total"].shape, dtype=bool)


def _finished(rng, plan, drawn):
    """About half of the beams; of some sentences all, of others none."""
    share = rng.choice([0.0, 0.5, 1.0], (len(drawn["total"]), 1), p=[0.2, 0.6, 0.2])
    done = rng.random(drawn["total"].shape) < share
    done.flat[0] = True
    return done


def _done(rng, plan, drawn):
    return plan.styles.get("done", _finished)(rng, plan, drawn)


GROW = Exercise(
    number="9.6", name="grow", see="Searching for the best translation", reference=right_grow, faulty=_grow,
    arguments={
        "total": arg.Floats("BK", _so_far), "log_p": arg.Floats("BKV", _probable), "done": arg.Made(_done, "BK"),
    },
    outputs=("total", "parent", "token"), axes={"total": "BK", "parent": "BK", "token": "BK"},
    nouns={"B": "sentences", "K": "beams"}, dtypes=(), never_one=("V",),
    stages=(
        Stage("one sentence", (
            {"total": np.array([[-0.5, -0.9]]), "log_p": TWO_BEAMS, "done": np.array([[False, False]])},
        ), sizes={"B": 1, "V": 6}, styles={"done": _none}),
        Stage("several sentences", sizes={"V": 9}, styles={"done": _none}, ones=True),
        Stage("the first step", sizes={"K": 3, "V": 9}, styles={"total": _first, "done": _none}),
        Stage("finished beams", (
            {"total": np.array([[-0.5, -0.9]]), "log_p": TWO_BEAMS, "done": np.array([[True, False]])},
            {"total": np.array([[-2.5, -0.9]]), "log_p": TWO_BEAMS, "done": np.array([[True, True]])},
        ), sizes={"V": 9}, ones=True),
        Stage("unlikely sentences", sizes={"K": 3, "V": 9}, leading=(0, 1, 2), styles={
            "total": _unlikely(_so_far, 400), "log_p": _unlikely(_probable, 100),
        }),
        Stage("a large vocabulary", sizes={"K": 4, "V": 400}, styles={
            "log_p": partial(_probable, digits=12), "done": _none,
        }),
    ),
    misconceptions=(
        Misconception("each beam for itself", {"over": "each"},
            "You keep the best token of each beam. All candidates of a sentence compete: two of the best may come "
            "from one beam, and none from another."),
        Misconception("the worst", {"order": "worst"},
            "You keep the lowest totals: argsort sorts upwards, and the best is the largest."),
        Misconception("the best last", {"order": "rising"}, "The right ones, the best of them last; it comes first."),
        Misconception("the total is not added", {"add": False},
            "Your totals are log p of the last token alone. A beam brings its total with it."),
        Misconception("probabilities", {"p": "plain"},
            "You added probabilities to log p. Logarithms are added to logarithms."),
        Misconception("beam and token exchanged", {"divide": "exchanged"},
            "You return the token where the beam is due, and the beam for the token."),
        Misconception("divided by the number of beams", {"divide": "K"},
            "You found beam and token by dividing by K. A beam has V candidates in its part of the row."),
        Misconception("finished beams go on", {"finished": "grow"},
            "Your finished beams go on to write. What has written END adds token 0, at no cost, and nothing else."),
        Misconception("finished beams are lost", {"finished": "dropped"},
            "Your finished beams are no candidates any more. A finished sentence stays while it is among the best."),
        Misconception("copies of a finished beam", {"finished": "copies"},
            "In yours a finished beam adds every token at no cost, and fills the places with copies of itself. It has "
            "one candidate: token 0."),
        Misconception("padding has its price", {"finished": "pay"},
            "Your finished beams pay log p of token 0. Padding costs nothing: the sentence is over."),
        Misconception("done turned round", {"finished": "turned"},
            "You let the finished beams write and hold the others. `done` is True where END has been written."),
        Misconception("END again", {"finished": "END"},
            "Your finished beams add END, 2, again. They add padding, 0."),
    ),
)  # fmt: skip

EXERCISES = (CUT, RESET_FIRST, LOOK_WITH_COVERAGE, TEACHER_FORCED_LOSS, BLEU_BY_HAND, GROW)
