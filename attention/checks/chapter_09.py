"""09 Translation with attention."""

import numpy as np

import attention.numpy as atn
from attention.checks.draws import normal, some
from attention.checks.exercise import Exercise, Misconception, Stage

# 9.1 embedding_backward


def _embedding_backward(tokens, upstream, vocabulary, way="sum", shifted=0):
    gradient = np.zeros((vocabulary, upstream.shape[-1]), upstream.dtype)
    rows = (tokens.ravel() - shifted) % vocabulary
    arriving = upstream.reshape(-1, upstream.shape[-1])
    if way == "last":
        gradient[rows] = arriving
    elif way == "first":
        gradient[rows[::-1]] = arriving[::-1]
    else:
        np.add.at(gradient, rows, arriving)
    if way == "mean":
        gradient /= np.maximum(np.bincount(rows, minlength=vocabulary), 1)[:, None].astype(upstream.dtype)
    return gradient / np.array(rows.size, upstream.dtype) if way == "shared" else gradient


EMBEDDING_BACKWARD = Exercise(
    number="9.1", name="embedding_backward", see="Numbers become vectors: the embedding",
    reference=_embedding_backward, faulty=_embedding_backward, returns="one row for each piece of the vocabulary",
    stages=(
        Stage("each token once", (
            {"tokens": np.array([2, 0]), "upstream": normal(90, 2, 3), "vocabulary": 4},
            {"tokens": np.array([4, 1, 3]), "upstream": normal(91, 3, 2), "vocabulary": 6},
        )),
        Stage("a token that returns", (
            {"tokens": np.array([2, 0, 2]), "upstream": normal(92, 3, 2), "vocabulary": 4},
            {"tokens": np.array([1, 5, 1, 1, 5, 3]), "upstream": normal(93, 6, 4), "vocabulary": 7},
        )),
        Stage("a batch of sentences", (
            {"tokens": np.array([[1, 2, 1], [2, 2, 4]]), "upstream": normal(94, 2, 3, 5), "vocabulary": 6},
        )),
    ),
    misconceptions=(
        Misconception("only the last counts", {"way": "last"},
            "Of a token that occurs twice you keep the last share: assigning to the same row writes over what was "
            "there. Shares are added."),
        Misconception("only the first counts", {"way": "first"},
            "Of a token that occurs twice you keep the first share. Every place where a row was read sends one."),
        Misconception("a mean", {"way": "mean"},
            "You divided each row by how often it was read. A gradient is a sum of shares, not their mean."),
        Misconception("divided by all tokens", {"way": "shared"},
            "You divided by the number of tokens. If the loss is a mean, that is already in `upstream`."),
        Misconception("a row beside it", {"shifted": 1},
            "The shares arrive one row too early. Token 3 is row 3: rows are counted from 0."),
    ),
)  # fmt: skip


# 9.2 gru_step


def _sigmoid(x):
    return (1 + np.tanh(x / 2)) / 2


def _gru_step(input_gates, state_gates, state, order="rzn", kept="z", reset="after", bend="tanh"):
    thirds = zip(np.split(input_gates, 3, -1), np.split(state_gates, 3, -1), strict=True)
    gates = dict(zip(order, thirds, strict=True))
    (x_r, h_r), (x_z, h_z), (x_n, h_n) = gates["r"], gates["z"], gates["n"]
    r, z = _sigmoid(x_r + h_r), _sigmoid(x_z + h_z)
    inside = {"after": x_n + r * h_n, "never": x_n + h_n, "all": r * (x_n + h_n), "input": r * x_n + h_n}[reset]
    n = {"tanh": np.tanh, "sigmoid": _sigmoid, "none": lambda a: a}[bend](inside)
    return {"z": (1 - z) * n + z * state, "1 − z": z * n + (1 - z) * state, "added": n + z * state}[kept]


def _gates(seed, *batch, E, spread=1.0):
    return {
        "input_gates": normal(seed, *batch, 3 * E, spread=spread),
        "state_gates": normal(seed + 1, *batch, 3 * E, spread=spread),
        "state": normal(seed + 2, *batch, E, spread=0.6),
    }


GRU_STEP = Exercise(
    number="9.2", name="gru_step", see="A network that reads: the gated recurrent unit",
    frameworks=("numpy", "tensorflow", "pytorch"), reference=_gru_step, faulty=_gru_step,
    returns="the next state",
    stages=(
        Stage("plain", (_gates(100, 1, E=2), _gates(110, 3, E=4))),
        Stage("gates wide open or shut", (_gates(120, 2, E=3, spread=30.0),)),
    ),
    misconceptions=(
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
            "Your reset gate multiplies the new token too. It is for what comes from the old state."),
        Misconception("the reset of the token", {"reset": "input"},
            "Your reset gate multiplies what comes from the token, not what comes from the old state."),
        Misconception("a sigmoid for the candidate", {"bend": "sigmoid"},
            "You bent the candidate by σ, to between 0 and 1. A state may be negative: it is tanh."),
        Misconception("no tanh", {"bend": "none"}, "Your candidate is not bent by tanh, and can grow without end."),
    ),
)  # fmt: skip


# 9.3 look_back


def _look_back(
    state, states, mask, query_weight, key_weight, score_weight, score="additive", hidden="before", values="states"
):
    left, right = (state @ query_weight)[:, None], states @ key_weight  # (B, 1, A), (B, S, A)
    scores = {
        "additive": lambda: np.tanh(left + right) @ score_weight,
        "dot": lambda: (left * right).sum(-1),
        "weighted dot": lambda: (left * right) @ score_weight,
        "relu": lambda: np.maximum(left + right, 0) @ score_weight,
        "linear": lambda: (left + right) @ score_weight,
        "keys alone": lambda: np.tanh(right) @ score_weight,
    }[score]()
    if hidden == "zero":
        weights = atn.softmax(np.where(mask, scores, 0).astype(scores.dtype))
    else:
        weights = atn.masked_softmax(scores, {"before": mask, "turned": ~mask}.get(hidden))
        weights = weights * mask if hidden == "after" else weights
    context = (weights[:, None] @ (right if values == "keys" else states))[:, 0]
    return (context / states.shape[1] if values == "mean" else context), weights


def _look(seed, B, S, M, E, A, mask=None):
    return {
        "state": normal(seed, B, M),
        "states": normal(seed + 1, B, S, E),
        "mask": np.ones((B, S), bool) if mask is None else mask,
        "query_weight": normal(seed + 2, M, A, spread=0.8),
        "key_weight": normal(seed + 3, E, A, spread=0.8),
        "score_weight": normal(seed + 4, A),
    }


LOOK_BACK = Exercise(
    number="9.3", name="look_back", see="A network that writes: one step of the decoder",
    frameworks=("numpy", "tensorflow", "pytorch"), reference=_look_back, faulty=_look_back,
    outputs=("context", "weights"),
    stages=(
        Stage("plain", (_look(130, 1, 3, 2, 4, 4), _look(140, 2, 5, 3, 4, 4))),
        Stage("another width", (_look(150, 2, 5, 3, 4, 7),)),
        Stage("padding", (_look(160, 2, 3, 2, 5, 4, some(161, 2, 3)), _look(170, 3, 6, 2, 5, 4, some(171, 3, 6)))),
    ),
    misconceptions=(
        Misconception("a dot product", {"score": "dot"},
            "You multiplied the projected query with the projected key. The additive score adds them, bends the sum "
            "by tanh, and weighs it by `score_weight`."),
        Misconception("a weighted dot product", {"score": "weighted dot"},
            "You multiplied query and key, unit by unit, and weighed the products. They are added, then bent by tanh."),
        Misconception("relu for tanh", {"score": "relu"}, "You cut the hidden units at 0 (relu): the score has tanh."),
        Misconception("no tanh", {"score": "linear"},
            "Without tanh the query moves all scores of a row alike, and softmax takes that away again: your weights "
            "do not depend on the state."),
        Misconception("no query", {"score": "keys alone"},
            "Your scores do not use `state`: every step of the decoder would look at the same place."),
        Misconception("padding is looked at", {"hidden": "none"}, "Your weights do not use the mask."),
        Misconception("the mask after softmax", {"hidden": "after"},
            "You hid the padding after softmax: the weights that are left no longer sum to 1."),
        Misconception("a score of 0 for padding", {"hidden": "zero"},
            "You set the scores of padding to 0, and exp(0) is 1. The score that gets no weight is −∞."),
        Misconception("the mask upside down", {"hidden": "turned"}, "You look at the padding alone: True means token."),
        Misconception("projected values", {"values": "keys"},
            "Your context is an average of the projected keys. What is read are the states themselves."),
        Misconception("a mean of the sum", {"values": "mean"},
            "You divided the weighted sum by the number of tokens; the weights already sum to 1."),
    ),
)  # fmt: skip


# 9.4 teacher_forced_loss


def _loss(table, target, seen="before", padding="left out", mean="tokens", log=True):
    given, wanted = {
        "before": (target[:, :-1], target[:, 1:]),
        "the same": (target[:, 1:], target[:, 1:]),
        "after": (target[:, 1:], target[:, :-1]),
        "two before": (target[:, :-2], target[:, 2:]),
    }[seen]
    p = atn.softmax(table)[given, wanted]  # (B, T)
    losses = -np.log(p) if log else 1 - p
    counted = np.ones_like(wanted) if padding == "counted" else (given if padding == "of what is seen" else wanted) != 0
    if mean == "sentences":
        return ((losses * counted).sum(1) / counted.sum(1)).mean().astype(table.dtype)
    total = (losses * counted).sum()
    divisor = {"tokens": counted.sum(), "none": 1, "places": wanted.size}[mean]
    return (total / divisor).astype(table.dtype)


TEACHER_FORCED_LOSS = Exercise(
    number="9.4", name="teacher_forced_loss", see="How wrong was it? Cross-entropy", reference=_loss, faulty=_loss,
    returns="a single number", dtypes=(),
    stages=(
        Stage("one sentence", (
            {"table": normal(180, 5, 5), "target": np.array([[1, 3, 4, 3, 2]])},
            {"table": normal(181, 7, 7), "target": np.array([[1, 6, 3, 5, 4, 2]])},
        )),
        Stage("padding", (
            {"table": normal(182, 6, 6), "target": np.array([[1, 3, 5, 4, 2], [1, 5, 2, 0, 0]])},
            {"table": normal(183, 6, 6), "target": np.array([[1, 4, 2, 0, 0, 0], [1, 3, 3, 5, 4, 2]])},
        )),
    ),
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
        Misconception("a mean of means", {"mean": "sentences"},
            "You averaged each sentence and then the sentences: a token in a short one counts more. All tokens count "
            "alike."),
        Misconception("a sum", {"mean": "none"}, "You added the losses up; divide by the number of tokens."),
        Misconception("divided by all places", {"mean": "places"},
            "You left the padding out of the sum and not out of the number that you divide by."),
        Misconception("no logarithm", {"log": False}, "You averaged 1 − p. Cross-entropy is the mean of −log p."),
    ),
)  # fmt: skip


# 9.5 bleu_by_hand


def _bleu(clip=True, penalty="short", mean="geometric", scale=100, n_max=4):
    ours, reference = ["a", "a", "cat", "on", "the", "mat", "."], ["a", "cat", "is", "lying", "on", "the", "mat", "."]
    shares = []
    for n in range(1, 5):
        runs = [[tuple(words[i : i + n]) for i in range(len(words) - n + 1)] for words in (ours, reference)]
        found = [min(runs[0].count(r), runs[1].count(r)) if clip else runs[0].count(r) for r in set(runs[0])]
        shares.append(sum(f for f, r in zip(found, set(runs[0]), strict=True) if r in runs[1]) / len(runs[0]))
    used = np.array(shares[:n_max])
    score = {"geometric": used.prod() ** (1 / len(used)), "arithmetic": used.mean(), "product": used.prod()}[mean]
    ratio = len(reference) / len(ours)
    factor = {"short": np.exp(1 - ratio), "none": 1, "ratio": 1 / ratio, "turned": np.exp(ratio - 1)}[penalty]
    return np.array([*shares, scale * factor * score])


BLEU_BY_HAND = Exercise(
    number="9.5", name="bleu_by_hand", see="How good is it? BLEU", kind="value", reference=_bleu, faulty=_bleu,
    returns="the four shares and the score", stages=(Stage("by hand", ({},), tolerance=9e-5),),
    misconceptions=(
        Misconception("counted twice", {"clip": False},
            "You counted `a` twice. The person wrote it once, so it counts once: BLEU clips."),
        Misconception("no penalty", {"penalty": "none"},
            "The translation is shorter than the reference, 7 words to 8, and yours is not punished for it."),
        Misconception("the ratio itself", {"penalty": "ratio"},
            "You multiplied by c/r. The penalty is e to the power of 1 − r/c."),
        Misconception("the penalty turned round", {"penalty": "turned"},
            "Your translation is rewarded for being short: the sign of the exponent is wrong."),
        Misconception("an arithmetic mean", {"mean": "arithmetic"},
            "You took the ordinary mean of the shares; BLEU takes the fourth root of their product."),
        Misconception("no root", {"mean": "product"}, "You multiplied the shares and took no fourth root."),
        Misconception("not in per cent", {"scale": 1}, "The score is right as a part of 1; BLEU is given out of 100."),
    ),
)  # fmt: skip


EXERCISES = (EMBEDDING_BACKWARD, GRU_STEP, LOOK_BACK, TEACHER_FORCED_LOSS, BLEU_BY_HAND)
