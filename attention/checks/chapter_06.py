"""06 Many heads."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attention.checks import arguments as arg
from attention.checks.exercise import Exercise, Misconception, Stage


@dataclass
class Rows:
    """An array whose sizes are products of those of some letters: `shape(sizes)` behind the leading axes."""

    letter: str  # all letters that it brings in
    shape: Callable
    leading: bool = True
    style: Callable = arg.fine

    def draw(self, rng, plan, name, drawn):
        before = plan.leading if self.leading else ()
        return np.asarray(plan.styles.get(name, self.style)(rng, (*before, *self.shape(plan.sizes))))


def cut(x, heads):
    """(…, T, H · D) -> (…, H, T, D)."""
    return np.swapaxes(x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads), -2, -3)


def joined(x):
    """(…, H, T, D) -> (…, T, H · D)."""
    rows = np.swapaxes(x, -2, -3)
    return rows.reshape(*rows.shape[:-2], rows.shape[-2] * rows.shape[-1])


# 6.1 counts_by_hand


def _counts(features=64, counted=64, heads=2, parts=2, second=1, size=2, layers=6, sentences=3, left=3 / 5):
    kept = parts * 1000 * heads * counted
    return np.array([features, second * kept, layers * sentences * size * kept, left])


COUNTS_BY_HAND = Exercise(
    number="6.1", name="counts_by_hand", see="Keys that are shared", kind="value",
    reference=_counts, faulty=_counts, returns="four numbers",
    stages=(Stage("by hand", ({},), tolerance=1e-6),),
    misconceptions=(
        Misconception("the width shared out among the keys", {"features": 256, "counted": 256},
            "Your heads have 256 features: you shared the width out among the heads that have keys. It is shared out "
            "among all heads of queries."),
        Misconception("the whole width", {"features": 512, "counted": 512},
            "Your heads have the whole width. It is shared out among the heads."),
        Misconception("256 features", {"features": 256},
            "Your heads have 256 features, and your second answer counts with 64. The width is shared out among the "
            "heads of queries, all of them, and not among the two that have keys."),
        Misconception("512 features", {"features": 512},
            "Your heads have 512 features, the whole width, and your second answer counts with 64."),
        Misconception("keys without values", {"parts": 1},
            "You kept half of what is needed. Keys alone give weights; the values are kept too."),
        Misconception("queries that are kept", {"parts": 3},
            "You kept queries too. A query is asked once, when its word is written; keys and values are kept."),
        Misconception("every head has keys", {"heads": 8},
            "You kept keys and values for every head of queries. Two heads have them."),
        Misconception("all sentences in the second answer", {"second": 3},
            "Your second answer is that of three sentences. It asks for one."),
        Misconception("a factor of three", {"second": 3, "sentences": 9},
            "Your second and third answers are three times too large. The second asks for one sentence, and the third "
            "for three; queries are not kept."),
        Misconception("bytes in the second answer", {"second": 2},
            "Your second answer is in bytes. It asks how many numbers are kept."),
        Misconception("a factor of two", {"second": 2, "size": 4},
            "Your second and third answers are twice too large. The second counts numbers, and only the third takes "
            "two bytes for each."),
        Misconception("all layers in the second answer", {"second": 6},
            "Your second answer is that of six layers. It asks for one."),
        Misconception("one word", {"second": 1 / 1000},
            "Your second answer is that of one word; a sentence has 1,000."),
        Misconception("numbers for bytes", {"size": 1},
            "Your third answer counts numbers; a number of float16 takes two bytes."),
        Misconception("float32", {"size": 4},
            "Your third answer is that of numbers of four bytes; float16 takes two."),
        Misconception("bits for bytes", {"size": 16}, "Your third answer counts bits; a byte has eight."),
        Misconception("megabytes", {"size": 2e-6}, "Your third answer is in megabytes; bytes are asked for."),
        Misconception("one layer", {"layers": 1},
            "Your third answer is that of one layer. Each layer keeps its own."),
        Misconception("one sentence", {"sentences": 1},
            "Your third answer is that of one sentence, and there are three."),
        Misconception("what is reached", {"left": 2 / 5},
            "Your last number is the part that two heads can answer; the error that is left is asked for.",
            see="What one average cannot say"),
        Misconception("two words", {"left": 1 / 2},
            "Your last number is that of one head, asked for two words.", see="What one average cannot say"),
        Misconception("one head", {"left": 4 / 5},
            "Your last number is that of one head, and there are two.", see="What one average cannot say"),
        Misconception("words that are left", {"left": 3},
            "Your last number counts words. The error of (6.2) is a mean over all numbers that are asked for.",
            see="What one average cannot say"),
        Misconception("in percent", {"left": 60}, "Your last number is in percent. As (6.2) has it, it is at most 1.",
            see="What one average cannot say"),
    ),
)  # fmt: skip


# 6.2 split_packed


def right_split(x, heads):
    three = np.split(x, 3, axis=-1)
    return tuple(cut(part, heads) for part in three)


def _split(x, heads, way="right"):
    T, M = x.shape[-2], x.shape[-1] // 3
    D, lead = M // heads, x.shape[:-2]
    if way == "reshape":
        return tuple(part.reshape(*lead, heads, T, D) for part in np.split(x, 3, axis=-1))
    if way == "blocks first":
        pieces = x.reshape(*lead, 3, heads, T, D)
        return tuple(pieces[..., part, :, :, :] for part in range(3))
    if way == "blocks of rows":
        pieces = x.reshape(*lead, 3, T, M)
        return tuple(cut(pieces[..., part, :, :], heads) for part in range(3))
    if way == "heads first":
        pieces = np.swapaxes(x.reshape(*lead, T, heads, 3, D), -2, -3)
        return tuple(np.swapaxes(pieces[..., part, :, :], -2, -3) for part in range(3))
    if way == "interleaved":
        pieces = x.reshape(*lead, T, 3, D, heads)
        return tuple(np.moveaxis(pieces[..., part, :, :], -1, -3) for part in range(3))
    if way == "threes":
        pieces = x.reshape(*lead, T, heads, D, 3)
        return tuple(np.swapaxes(pieces[..., part], -2, -3) for part in range(3))
    q, k, v = right_split(x, heads)
    if way == "rows":
        return tuple(np.swapaxes(part, -2, -3) for part in (q, k, v))
    if way == "columns":
        return q, np.swapaxes(k, -1, -2), v
    return {"order": (q, v, k), "keys twice": (q, k, k)}.get(way, (q, k, v))


def _whole(rng, shape):
    """More than a float32 holds."""
    return rng.integers(2**30, 2**30 + 1000, shape)


def _long(rng, shape):
    """More than a float64 holds."""
    return rng.integers(2**60, 2**60 + 1000, shape)


SPLIT_PACKED = Exercise(
    number="6.2", name="split_packed", see="One product for all heads", reference=right_split, faulty=_split,
    keeps_type=True, frameworks=("numpy", "tensorflow", "pytorch"), dtypes=("float32", "float16"),
    arguments={"x": Rows("TDH", lambda s: (s["T"], 3 * s["H"] * s["D"])), "heads": arg.Size("H")},
    outputs=("queries", "keys", "values"), returns="heads, words, features",
    type_of={"queries": "x", "keys": "x", "values": "x"},
    axes={"queries": "…HTD", "keys": "…HTD", "values": "…HTD"}, nouns={"T": "words", "H": "heads"},
    stages=(
        Stage("plain", ({"x": np.arange(72.0).reshape(4, 18), "heads": 3},), leading=()),
        Stage("batches", leading=(0, 1, 2, 3), ones=True, large=True),
        Stage("sizes that are equal", leading=(0, 1), sizes={"T": 3, "H": 3, "D": 3}),
        Stage("numbers of any kind", leading=(1,),
              styles={"x": [arg.spread(1e4), arg.holes, arg.small]}, gradient=False),
        Stage("many words", leading=(0,), sizes={"T": 90, "H": 5, "D": 2}, types=(), gradient=False),
        Stage("many heads", leading=(0, 1), sizes={"T": 4, "H": 24, "D": 3}, types=(), gradient=False),
        Stage("whole numbers", leading=(0, 2), styles={"x": [_whole, _long, arg.held("int32", _whole)]}, types=(),
              gradient=False),
    ),
    misconceptions=(
        Misconception("a reshape without a transpose", {"way": "reshape"},
            "You reshape to (…, H, T, D) and exchange no axes: two rows of a head are the same word, cut in two. Cut "
            "the last axis first, then exchange heads and words."),
        Misconception("blocks before words", {"way": "blocks first"},
            "You reshape as if the three blocks stood before the words, as in the program that was found: the numbers "
            "of the first words fill all queries. A word's row is cut; the words stay apart."),
        Misconception("rows for blocks", {"way": "blocks of rows"},
            "You take the three blocks out of the words, as if all queries lay above all keys. They stand side by side "
            "in the row of each word."),
        Misconception("heads before the three parts", {"way": "heads first"},
            "You take the columns as if each head's query, key and value stood side by side. First come the queries "
            "of all heads, then all keys, then all values."),
        Misconception("features dealt out in turn", {"way": "interleaved"},
            "You deal the features of a part out to the heads in turn: head 0 gets every H-th. A head has D features "
            "that stand side by side."),
        Misconception("three in turn", {"way": "threes"},
            "You deal the columns out in turn, to queries, keys and values. They stand in three blocks."),
        Misconception("words before heads", {"way": "rows"}, breaks_contract=True,
            hint="Your axes are words, heads, features. Heads come before words."),
        Misconception("keys that are transposed", {"way": "columns"}, breaks_contract=True,
            hint="Your keys are transposed. All three have the axes heads, words, features."),
        Misconception("values second", {"way": "order"},
            "Keys and values have changed places: the second block holds the keys."),
        Misconception("keys twice", {"way": "keys twice"},
            "Your values are the keys once more. The values are in the third block."),
    ),
)  # fmt: skip


# 6.3 grouped_heads


def softmax(scores):
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def right_grouped(queries, keys, values):
    H, K, D = queries.shape[-3], keys.shape[-3], queries.shape[-1]
    heads = []
    for h in range(H):
        shared = h * K // H
        scores = queries[..., h, :, :] @ np.swapaxes(keys[..., shared, :, :], -1, -2) / np.sqrt(D)
        heads.append(softmax(scores) @ values[..., shared, :, :])
    return np.concatenate(heads, axis=-1)


def _grouped(queries, keys, values, groups="blocks", scale="D", merged="right", over=-1, maximum=True, mean=False):
    H, T, D = queries.shape[-3:]
    K = keys.shape[-3]
    h = np.arange(H)
    of = {"blocks": h * K // H, "in turn": h % K, "first": 0 * h, "size": h // K}[groups]
    keys, values = keys[..., of, :, :], values[..., of, :, :]
    if mean:
        keys = np.broadcast_to(keys.mean(-3, keepdims=True), keys.shape)
    size = {
        "D": D, "none": 1, "width": H * D, "square": D**2, "kv": K * D, "words": keys.shape[-2], "times": 1 / D,
    }[scale] ** 0.5  # fmt: skip
    scores = queries @ np.swapaxes(keys, -1, -2) / size
    e = np.exp(scores - scores.max(over, keepdims=True)) if maximum else np.exp(scores)
    output = e / e.sum(over, keepdims=True) @ values
    if merged == "reshape":
        return output.reshape(*output.shape[:-3], T, H * output.shape[-1])
    if merged == "features first":
        rows = np.moveaxis(output, -3, -1)
        return rows.reshape(*rows.shape[:-2], H * output.shape[-1])
    if merged in ("within groups", "groups inside"):
        groups = output.reshape(*output.shape[:-3], K, H // K, T, output.shape[-1])
        order = "kgtd->...ktgd" if merged == "within groups" else "kgtd->...tgkd"
        return np.einsum("..." + order, groups).reshape(*output.shape[:-3], T, -1)
    if merged == "sum":
        return np.repeat(output.sum(-3), H, axis=-1)
    return joined(output)


def _high(rng, shape):
    return rng.uniform(20, 60, shape)


def _low(rng, shape):
    return -_high(rng, shape)


GROUPED_HEADS = Exercise(
    number="6.3", name="grouped_heads", see="Keys that are shared", reference=right_grouped, faulty=_grouped,
    keeps_type=True, frameworks=("numpy", "pytorch"), dtypes=("float32",),
    arguments={
        "queries": Rows("KGTD", lambda s: (s["K"] * s["G"], s["T"], s["D"])),
        "keys": Rows("KSD", lambda s: (s["K"], s["S"], s["D"])),
        "values": Rows("KSD", lambda s: (s["K"], s["S"], s["D"])),
    },
    returns="the heads of each query end to end",
    stages=(
        Stage("plain", leading=(0,), sizes={"K": 2, "G": 3, "T": 4, "S": 7, "D": 5}),
        Stage("batches", leading=(0, 1, 2, 3), ones=True, large=True, sizes={"K": 2, "G": 3}),
        Stage("one head of keys", leading=(0, 1), sizes={"K": 1, "G": 4}),
        Stage("keys for every head", leading=(0, 1), sizes={"K": 3, "G": 1}),
        Stage("equal sizes", leading=(1,), sizes={"K": 2, "G": 2, "T": 4, "S": 4, "D": 4}),
        Stage("large scores", leading=(0, 1), sizes={"K": 2, "G": 2},
              styles={"queries": arg.spread(60.0), "keys": arg.spread(20.0)}, types=(), gradient=False),
        Stage("scores far below 0", leading=(0, 1), sizes={"K": 2, "G": 2}, styles={"queries": _high, "keys": _low},
              types=(), gradient=False),
        Stage("many heads", leading=(0,), sizes={"K": 4, "G": 6}, types=(), gradient=False),
        Stage("many words, wide heads", leading=(0,), sizes={"K": 2, "G": 2, "T": 9, "S": 150, "D": 48}, types=(),
              gradient=False),
    ),
    misconceptions=(
        Misconception("keys in turn", {"groups": "in turn"},
            "Your heads take the keys in turn, head h those of h mod H_kv. The first H / H_kv heads share the first "
            "keys, the next H / H_kv the second."),
        Misconception("groups of another size", {"groups": "size"}, breaks_contract=True,
            hint="You divide the number of the head by H_kv, the number of the groups. A group has H / H_kv heads."),
        Misconception("the first keys for all", {"groups": "first"},
            "All your heads take the first head of keys. Each group has its own."),
        Misconception("keys that are averaged", {"mean": True},
            "You average the keys over their heads. Each group has keys of its own."),
        Misconception("no scale", {"scale": "none"}, "Your scores are not divided by √D."),
        Misconception("the scale of the width", {"scale": "width"},
            "You divide by the root of the whole width, H · D. A head compares D features, and its scores are divided "
            "by √D.", see="What goes wrong"),
        Misconception("the scale of the keys", {"scale": "kv"},
            "You divide by the root of H_kv · D. A head compares D features.", see="What goes wrong"),
        Misconception("the scale of the words", {"scale": "words"},
            "You divide by the root of the number of keys. A score is a sum over D features, and divided by √D."),
        Misconception("multiplied by √D", {"scale": "times"}, "You multiply by √D; scores are divided by it."),
        Misconception("divided by D", {"scale": "square"}, "You divide the scores by D; it is its root."),
        Misconception("merged by a reshape", {"merged": "reshape"},
            "You merge by a reshape alone, and words are mixed. Exchange heads and words first, as (6.5) backwards.",
            see="One product for all heads"),
        Misconception("heads behind features", {"merged": "features first"},
            "You put the heads side by side within each feature. A head's D features stand side by side.",
            see="One product for all heads"),
        Misconception("merged within the groups", {"merged": "within groups"},
            "You exchange the words with the heads of a group, and the groups stay in front of the words. Make one "
            "axis of the two axes of heads before you exchange it with the words."),
        Misconception("groups inside", {"merged": "groups inside"},
            "End to end, your heads are the first of every group, then the second of every group. They come in their "
            "own order, a group after the other."),
        Misconception("heads that are added", {"merged": "sum"},
            "Your heads are added up. Here they are written end to end; what is added comes behind Wₒ."),
        Misconception("softmax over the queries", {"over": -2},
            "Your weights sum to 1 over the queries; those of one query should, over the keys."),
        Misconception("softmax over the heads", {"over": -3},
            "Your weights sum to 1 over the heads. In each head, those of a query should, over the keys."),
        Misconception("no maximum taken away", {"maximum": False},
            "exp of a large score is infinite, exp of one far below 0 is 0, and ∞ / ∞ and 0 / 0 are NaN. Take the "
            "maximum of each row away first."),
    ),
)  # fmt: skip


# 6.4 to_keras


def right_keras(in_proj_weight, heads):
    M = in_proj_weight.shape[-1]
    return tuple(block.T.reshape(M, heads, M // heads) for block in np.split(in_proj_weight, 3))


def _keras(in_proj_weight, heads, way="right"):
    M = in_proj_weight.shape[-1]
    D, blocks = M // heads, np.split(in_proj_weight, 3)
    if way == "not transposed":
        return tuple(block.reshape(M, heads, D) for block in blocks)
    if way == "outputs cut":
        return tuple(np.swapaxes(block.reshape(heads, D, M), 1, 2).reshape(M, heads, D) for block in blocks)
    if way == "features first":
        return tuple(np.swapaxes(block.T.reshape(M, D, heads), 1, 2) for block in blocks)
    if way == "in turn":
        blocks = [in_proj_weight[part::3] for part in range(3)]
    if way == "wide":
        return tuple(np.moveaxis(in_proj_weight.reshape(M, 3, heads, D), 1, 0))
    if way == "whole":
        return tuple(in_proj_weight.T.reshape(3, M, heads, D))
    if way == "heads outside":
        return tuple(np.moveaxis(in_proj_weight.reshape(heads, 3, D, M)[:, part], -1, 0) for part in range(3))
    q, k, v = (block.T.reshape(M, heads, D) for block in blocks)
    if way == "heads first":
        return tuple(np.moveaxis(part, 1, 0) for part in (q, k, v))
    return {"order": (q, v, k), "one block": (q, q, q)}.get(way, (q, k, v))


TO_KERAS = Exercise(
    number="6.4", name="to_keras", see="Weights in another order", reference=right_keras, faulty=_keras,
    keeps_type=True, dtypes=("float32",),
    arguments={
        "in_proj_weight": Rows("HD", lambda s: (3 * s["H"] * s["D"], s["H"] * s["D"]), leading=False),
        "heads": arg.Size("H"),
    },
    outputs=("query", "key", "value"), returns="features in, heads, features out",
    stages=(
        Stage("plain", ({"in_proj_weight": np.arange(108.0).reshape(18, 6), "heads": 3},), leading=()),
        Stage("other sizes", leading=(0,), ones=True, large=False),
        Stage("as many heads as features", leading=(0,), sizes={"H": 3, "D": 3}),
        Stage("numbers of any size", leading=(0,), styles={"in_proj_weight": [
            arg.spread(300.0), arg.small, arg.scaled(1e-12), arg.holes,
        ]}),
        Stage("many heads", leading=(0,), sizes={"H": 24, "D": 3}, types=()),
    ),
    misconceptions=(
        Misconception("not transposed", {"way": "not transposed"},
            "You cut the blocks as they are. PyTorch's rows are what comes *out*: a block is (out, in), and must be "
            "transposed before its columns are cut."),
        Misconception("cut, then reshaped again", {"way": "outputs cut"},
            "You cut a block into heads and reshape once more without moving the axes to their places."),
        Misconception("features before heads", {"way": "features first"},
            "You cut each row into D pieces of H. A head has D features that stand side by side."),
        Misconception("rows in turn", {"way": "in turn"},
            "You take every third row. The three matrices lie one below the other, in blocks."),
        Misconception("transposed before it was cut", {"way": "whole"},
            "You transpose (3M, M) as a whole, and reshape. Transposed, the three matrices stand side by side, and a "
            "reshape takes them for rows. Cut them apart first."),
        Misconception("reshaped to a wide matrix", {"way": "wide"},
            "You reshape (3M, M) to a matrix with three times as many columns. A reshape moves nothing: three rows of "
            "one block become one. The blocks lie one below the other, and each is to be transposed."),
        Misconception("heads before the three matrices", {"way": "heads outside"},
            "You take the rows as if each head's query, key and value lay one below the other. First come the rows of "
            "the queries, of all heads, then those of the keys, then those of the values."),
        Misconception("one matrix for all", {"way": "one block"},
            "All your kernels are made of the queries' matrix."),
        Misconception("heads first", {"way": "heads first"}, breaks_contract=True,
            hint="Your heads stand first. Keras wants features in, heads, features out."),
        Misconception("value second", {"way": "order"},
            "Key and value have changed places. In the array the second block is that of the keys; only the layer's "
            "call has the values second."),
    ),
)  # fmt: skip


# 6.5 head_maps


def right_maps(value_weight, output_weight, heads):
    D = value_weight.shape[-1] // heads
    pieces = [slice(h * D, (h + 1) * D) for h in range(heads)]
    return np.stack([value_weight[:, piece] @ output_weight[piece] for piece in pieces])


def _maps(value_weight, output_weight, heads, values="columns", outputs="rows", way="right"):
    M = value_weight.shape[-1]
    D = M // heads
    columns = lambda w: np.swapaxes(w.reshape(M, heads, D), 0, 1)  # (M, M) -> (H, M, D)
    rows = lambda w: w.reshape(heads, D, M)  # (M, M) -> (H, D, M)
    turned = lambda pieces: np.swapaxes(pieces, -1, -2)
    v = {
        "columns": columns(value_weight), "rows": turned(rows(value_weight)),
        "reshape": value_weight.reshape(heads, M, D), "in turn": np.moveaxis(value_weight.reshape(M, D, heads), -1, 0),
    }[values]  # fmt: skip
    o = {
        "rows": rows(output_weight), "columns": turned(columns(output_weight)),
        "in turn": np.swapaxes(output_weight.reshape(D, heads, M), 0, 1),
    }[outputs]  # fmt: skip
    if way == "outputs first":
        return columns(output_weight) @ rows(value_weight)
    if way == "exchanged":
        return o @ v
    if way == "one too few":
        return v[..., :-1] @ o[:, :-1]
    if way == "of H":
        pieces = [slice(h * heads, (h + 1) * heads) for h in range(heads)]
        return np.stack([value_weight[:, piece] @ output_weight[piece] for piece in pieces])
    if way == "from h":
        return np.stack([value_weight[:, h : h + D] @ output_weight[h : h + D] for h in range(heads)])
    maps = np.einsum("hmd,hdn->hmn", v, o)
    if way == "transposed":
        return turned(maps)
    if way == "scaled":
        return maps / np.sqrt(D)
    if way == "sum":
        return np.broadcast_to(maps.sum(0), maps.shape) * 1
    if way == "backwards":
        return maps[::-1] * 1
    return maps


def _table(M):
    """(M, M): 0, 1, 2, …, row after row."""
    return np.arange(float(M * M)).reshape(M, M)


HEAD_MAPS = Exercise(
    number="6.5", name="head_maps", see="Several averages, side by side", reference=right_maps, faulty=_maps,
    keeps_type=True, frameworks=("numpy", "tensorflow", "pytorch"), dtypes=("float32",),
    arguments={
        "value_weight": Rows("HD", lambda s: (s["H"] * s["D"],) * 2, leading=False),
        "output_weight": Rows("HD", lambda s: (s["H"] * s["D"],) * 2, leading=False),
        "heads": arg.Size("H"),
    },
    returns="a matrix (M, M) for each head",
    stages=(
        Stage("plain", ({"value_weight": _table(6) / 4, "output_weight": _table(6) ** 2 / 8, "heads": 3},),
              leading=()),
        Stage("other sizes", leading=(0,), ones=True),
        Stage("matrices that are symmetric", ({"value_weight": np.eye(4), "output_weight": _table(4), "heads": 2},
            {"value_weight": _table(6) + _table(6).T, "output_weight": _table(6) / 8, "heads": 3},
            {"value_weight": _table(6), "output_weight": _table(6) + _table(6).T, "heads": 3}), leading=()),
        Stage("as many heads as features", leading=(0,), sizes={"H": 3, "D": 3}),
        Stage("numbers of any size", leading=(0,),
              styles={"value_weight": [arg.spread(100.0), arg.small], "output_weight": arg.spread(3.0)}),
        Stage("numbers near 0", leading=(0,),
              styles={"value_weight": arg.scaled(1e-9), "output_weight": [arg.fine, arg.scaled(1e-9)]}),
        Stage("many heads", leading=(0,), sizes={"H": 24, "D": 3}, types=(), gradient=False),
    ),
    misconceptions=(
        Misconception("rows of the values' matrix", {"values": "rows"},
            "You cut the values' matrix along its rows. What comes out stands in its columns: head h has the columns "
            "hD to (h + 1)D − 1."),
        Misconception("a reshape without a transpose", {"values": "reshape"},
            "You reshape the values' matrix to (H, M, D) and exchange no axes: a head gets a few whole rows, cut into "
            "pieces. Cut the columns, (M, H, D), then exchange.", see="One product for all heads"),
        Misconception("columns of the output's matrix", {"outputs": "columns"},
            "You cut the output's matrix along its columns. What goes in meets its rows, and head h has the rows hD to "
            "(h + 1)D − 1."),
        Misconception("columns dealt out in turn", {"values": "in turn", "outputs": "in turn"},
            "You deal columns and rows out to the heads in turn. A head has D that stand side by side."),
        Misconception("transposed", {"way": "transposed"},
            "Your maps are transposed. Rows are multiplied from the left: a word's row, times the map."),
        Misconception("the output's matrix first", {"way": "outputs first"},
            "You multiply the output's matrix by the values'. A row meets the values' matrix first, which stands on "
            "the left."),
        Misconception("the pieces exchanged", {"way": "exchanged"}, breaks_contract=True,
            hint="You multiply the two pieces in the other order. A row meets the values' piece first, which stands on "
            "the left."),
        Misconception("a feature too few", {"way": "one too few"},
            "Each of your heads lacks its last feature. A slice ends *before* its second number."),
        Misconception("heads of H features", {"way": "of H"},
            "Your heads have H columns and rows. A head has D = M / H."),
        Misconception("heads that overlap", {"way": "from h"},
            "Your head h begins at column h. Its first column is hD."),
        Misconception("a scale", {"way": "scaled"},
            "You divide by √D. That belongs to scores, and not to what is carried."),
        Misconception("the heads together", {"way": "sum"},
            "Each of your maps is the sum of all heads, the product of the two whole matrices."),
        Misconception("heads counted backwards", {"way": "backwards"}, "Your heads stand in the opposite order."),
    ),
)  # fmt: skip


# 6.6 without_head


def right_without(query_weight, key_weight, value_weight, output_weight, heads, head):
    D = query_weight.shape[-1] // heads
    gone = np.arange(head * D, (head + 1) * D)
    narrow = [np.delete(weight, gone, axis=1) for weight in (query_weight, key_weight, value_weight)]
    return (*narrow, np.delete(output_weight, gone, axis=0))


def _without(
    query_weight,
    key_weight,
    value_weight,
    output_weight,
    heads,
    head,
    which="right",
    three="columns",
    output="rows",
    way="right",
):
    M, D = len(query_weight), len(query_weight) // heads
    head = {
        "backwards": heads - 1 - head, "behind": (head + 1) % heads, "before": (head - 1) % heads,
        "first": 0, "last": heads - 1,
    }.get(which, head)  # fmt: skip
    gone = {
        "in turn": np.arange(D) * heads + head, "one": [head], "short": np.arange(head * D, (head + 1) * D - 1),
    }.get(way, np.arange(head * D, (head + 1) * D))  # fmt: skip
    kept = np.isin(np.arange(M), gone) if way == "the one" else ~np.isin(np.arange(M), gone)
    narrow = {
        "columns": lambda w: w[:, kept], "rows": lambda w: w[kept],
        "reshape": lambda w: np.delete(w.reshape(heads, M, D), head, 0).reshape(M, M - D),
    }[three]  # fmt: skip
    last = {"rows": output_weight[kept], "columns": output_weight[:, kept], "kept": output_weight * 1}[output]
    if way == "zeros":
        narrow, last = lambda w: np.where(kept, w, 0), np.where(kept[:, None], output_weight, 0)
    if way == "enlarged":
        last = last * heads / (heads - 1)
    if way == "values alone":
        return query_weight * 1, key_weight * 1, narrow(value_weight), last
    return *map(narrow, (query_weight, key_weight, value_weight)), last


_SQUARE = Rows("HD", lambda s: (s["H"] * s["D"],) * 2, leading=False)
WITHOUT_HEAD = Exercise(
    number="6.6", name="without_head", see="What goes wrong", reference=right_without, faulty=_without,
    keeps_type=True, dtypes=("float32",), never_one=("H",),
    arguments={
        "query_weight": _SQUARE, "key_weight": _SQUARE, "value_weight": _SQUARE, "output_weight": _SQUARE,
        "heads": arg.Size("H"),
        "head": arg.Made(lambda rng, plan, drawn: int(plan.styles.get(
            "head", lambda rng, H: rng.integers(H))(rng, drawn["heads"]))),
    },
    outputs=("query_weight", "key_weight", "value_weight", "output_weight"), returns="one head fewer",
    type_of={name: name for name in ("query_weight", "key_weight", "value_weight", "output_weight")},
    stages=(
        Stage("plain", tuple({
            "query_weight": _table(15) ** 2, "key_weight": -(_table(15) ** 2),
            "value_weight": _table(15) ** 2 / 8, "output_weight": _table(15) ** 2 / 4, "heads": 5, "head": head,
        } for head in (1, 3)), leading=()),
        Stage("any head", leading=(0,), ones=True, styles={"head": [
            lambda rng, H: 0, lambda rng, H: H - 1, lambda rng, H: H // 2,
        ]}),
        Stage("as many heads as features", leading=(0,), sizes={"H": 3, "D": 3}),
        Stage("numbers of any size", leading=(0,), styles={"value_weight": [arg.spread(300.0), arg.small]}),
        Stage("far below 1, and −∞", leading=(0,), styles={
            name: [arg.scaled(1e-12), arg.holes] for name in ("query_weight", "output_weight")}),
        Stage("each of many heads", leading=(0,), sizes={"H": 24, "D": 2}, types=(),
              styles={"head": [lambda rng, H, at=at: at for at in range(24)]}),
        Stage("types of their own", leading=(0,), types=(), styles={
            name: [arg.fine, arg.held("float32", arg.fine)]
            for name in ("query_weight", "value_weight", "output_weight")}),
    ),
    misconceptions=(
        Misconception("the head that stays", {"way": "the one"}, breaks_contract=True,
            hint="You keep the head that should go, and let all others go."),
        Misconception("zeros", {"way": "zeros"}, breaks_contract=True,
            hint="You set the head to zero. That gives the same output, and saves nothing: its columns and rows "
            "should be gone."),
        Misconception("columns of the output's matrix", {"output": "columns"}, breaks_contract=True,
            hint="You take columns out of the output's matrix. What the heads put out meets its rows."),
        Misconception("the output's matrix as it was", {"output": "kept"}, breaks_contract=True,
            hint="Your output's matrix has still the rows that the head's outputs met."),
        Misconception("queries and keys that stay", {"way": "values alone"}, breaks_contract=True,
            hint="You narrow values and output alone. The head's queries and keys would still be computed."),
        Misconception("rows of the others", {"three": "rows"}, breaks_contract=True,
            hint="You take rows out of the matrices of queries, keys and values. What a head makes stands in columns."),
        Misconception("a reshape without a transpose", {"three": "reshape"},
            "You reshape queries, keys and values to (H, M, D) and exchange no axes: what you take out is a few whole "
            "rows. A head has columns.", see="One product for all heads"),
        Misconception("one feature of the head", {"way": "one"}, breaks_contract=True,
            hint="You take out a single column and a single row, those of the head's number. A head has D of each."),
        Misconception("a feature too few", {"way": "short"}, breaks_contract=True,
            hint="You leave the head's last feature. A slice, and `np.arange`, end *before* their second number."),
        Misconception("dealt out in turn", {"way": "in turn"},
            "You take out every H-th column. A head has D that stand side by side."),
        Misconception("counted backwards", {"which": "backwards"},
            "You count the heads from the other end."),
        Misconception("the head behind", {"which": "behind"},
            "You take out the head behind the one that was named. Heads are counted from 0."),
        Misconception("counted from 1", {"which": "before"},
            "You take out the head in front of the one that was named, as if heads were counted from 1. They are "
            "counted from 0."),
        Misconception("always the first", {"which": "first"},
            "You take out the first head, whichever was named."),
        Misconception("always the last", {"which": "last"},
            "You take out the last head, whichever was named."),
        Misconception("enlarged", {"way": "enlarged"},
            "You enlarge what is left, as dropout does. The output should be that of the other heads, as it is."),
    ),
)  # fmt: skip


# 6.7 pool_heads


def right_pool(weight, bias, heads, kv_heads):
    D = weight.shape[-1] // heads
    mean = lambda a: a.reshape(*a.shape[:-1], kv_heads, heads // kv_heads, D).mean(-2).reshape(*a.shape[:-1], -1)
    return mean(weight), mean(bias)


def _pooled(a, heads, kv_heads, way):
    D, size = a.shape[-1] // heads, heads // kv_heads
    lead = a.shape[:-1]
    cut_by = lambda *sizes: a.reshape(*lead, *sizes)
    groups = cut_by(kv_heads, size, D)
    made = {
        "right": groups.mean(-2), "sum": groups.sum(-2), "root": groups.sum(-2) / np.sqrt(size),
        "over kv": groups.sum(-2) / kv_heads, "over all": groups.sum(-2) / heads,
        "kept": a, "largest": groups.max(-2),
        "first": groups[..., 0, :], "last": groups[..., -1, :], "the first heads": a[..., : kv_heads * D],
        "count": cut_by(size, kv_heads, D).mean(-2), "in turn": cut_by(size, kv_heads, D).mean(-3),
        "over groups": groups.mean(-3), "over features": groups.mean(-1),
        "features": cut_by(kv_heads * D, size).mean(-1),
        "all": np.broadcast_to(groups.mean((-2, -3))[..., None, :], (*lead, kv_heads, D)),
    }[way]  # fmt: skip
    return made.reshape(*lead, -1) * 1


def _pool(weight, bias, heads, kv_heads, way="right", biases=None):
    return _pooled(weight, heads, kv_heads, way), _pooled(bias, heads, kv_heads, biases or way)


POOL_HEADS = Exercise(
    number="6.7", name="pool_heads", see="Keys that are shared", reference=right_pool, faulty=_pool,
    keeps_type=True, dtypes=("float32",),
    arguments={
        "weight": Rows("MKGD", lambda s: (s["M"], s["K"] * s["G"] * s["D"]), leading=False),
        "bias": Rows("KGD", lambda s: (s["K"] * s["G"] * s["D"],), leading=False),
        "heads": arg.Made(lambda rng, plan, drawn: plan.sizes["K"] * plan.sizes["G"]),
        "kv_heads": arg.Size("K"),
    },
    outputs=("weight", "bias"), returns="the columns of fewer heads", type_of={"weight": "weight", "bias": "bias"},
    stages=(
        Stage("plain", ({"weight": (np.arange(120.0) * 49 % 121).reshape(5, 24), "bias": np.arange(24.0) * 7 % 25,
                         "heads": 6, "kv_heads": 3},), leading=()),
        Stage("other sizes", leading=(0,), ones=True, large=True),
        Stage("one head for all", leading=(0,), sizes={"K": 1, "G": 4, "D": 3}),
        Stage("nothing to average", leading=(0,), sizes={"K": 3, "G": 1, "D": 4}),
        Stage("equal sizes", leading=(0,), sizes={"K": 3, "G": 3, "D": 3, "M": 3}),
        Stage("square weights", leading=(0,), sizes={"K": 2, "G": 3, "D": 2, "M": 12}),
        Stage("numbers of any size", leading=(0,), styles={"weight": [arg.spread(300.0), arg.small]}),
        Stage("types of their own", leading=(0,), types=(),
              styles={name: [arg.fine, arg.held("float32", arg.fine)] for name in ("weight", "bias")}),
    ),
    misconceptions=(
        Misconception("a sum", {"way": "sum"},
            "You add the heads of a group up; their mean is asked for."),
        Misconception("the root of the number", {"way": "root"},
            "You divide by the root of the number of heads in a group; a mean is divided by the number."),
        Misconception("divided by the number of groups", {"way": "over kv"},
            "You divide by H_kv, the number of groups. A mean over a group is divided by its H / H_kv heads."),
        Misconception("divided by all heads", {"way": "over all"},
            "You divide by the number of all heads. A mean over a group is divided by its H / H_kv heads."),
        Misconception("the first heads", {"way": "the first heads"},
            "You keep the first H_kv heads and let the others go. All of them count."),
        Misconception("groups of H_kv heads", {"way": "count"}, breaks_contract=True,
            hint="Your groups have H_kv heads. There are H_kv groups, of H / H_kv heads each."),
        Misconception("averaged over the groups", {"way": "over groups"}, breaks_contract=True,
            hint="You average over the groups, head by head. The mean is one over the heads *within* a group."),
        Misconception("averaged over the features", {"way": "over features"}, breaks_contract=True,
            hint="You average over the features of a head. The mean is one over heads, feature by feature."),
        Misconception("the first of each group", {"way": "first"},
            "You keep the first head of each group and let the others go. All of them count."),
        Misconception("the last of each group", {"way": "last"},
            "You keep the last head of each group and let the others go. All of them count."),
        Misconception("the largest of each group", {"way": "largest"},
            "You take the largest number of a group, feature by feature. Their mean is asked for."),
        Misconception("the bias as it was", {"way": "right", "biases": "kept"}, breaks_contract=True,
            hint="Your bias has still a piece for each of the H heads. Its groups are averaged as the weight's are."),
        Misconception("groups in turn", {"way": "in turn"},
            "You average heads h and h + H_kv, and so on. A group is made of heads that stand side by side."),
        Misconception("neighbouring features", {"way": "features"},
            "You average neighbouring columns, within a head. The first feature of a head is averaged with the first "
            "features of the others."),
        Misconception("all heads together", {"way": "all"},
            "You average all heads. Each group has its own mean."),
        Misconception("the biases of the first", {"biases": "first"},
            "Your weights are averaged; your biases are those of the first head of each group."),
        Misconception("a sum of the biases", {"biases": "sum"},
            "Your weights are averaged and your biases added up."),
        Misconception("the biases in turn", {"biases": "in turn"},
            "Your weights are averaged in groups that stand side by side, your biases in turn."),
        Misconception("the first biases", {"biases": "the first heads"},
            "Your weights are averaged; your biases are those of the first H_kv heads."),
    ),
)  # fmt: skip


# 6.8 words_that_fit


def right_fit(memory, layers, width, heads, kv_heads, size):
    return memory // (2 * layers * kv_heads * (width // heads) * size)


def _fit(memory, layers, width, heads, kv_heads, size, way="right"):
    D = width // heads
    one = 2 * layers * kv_heads * D * size
    one = {
        "keys alone": one // 2, "queries too": one // 2 * 3, "one layer": one // layers, "numbers": one // size,
        "two bytes": one // size * 2, "four bytes": one // size * 4,
        "all heads": 2 * layers * width * size, "shared out": 2 * layers * width * size // kv_heads,
        "one head": one // kv_heads, "whole width": 2 * layers * kv_heads * width * size,
    }.get(way, one)  # fmt: skip
    return {
        "rounded up": lambda: -(-memory // one), "one more": lambda: memory // one + 1,
        "rounded": lambda: round(memory / one), "a float": lambda: memory / one,
        "by floats": lambda: int(memory / one),
        "brackets": lambda: memory // 2 * layers * kv_heads * D * size,
    }.get(way, lambda: memory // one)()  # fmt: skip


def _fits(memory, layers, width, heads, kv_heads, size):
    return dict(memory=memory, layers=layers, width=width, heads=heads, kv_heads=kv_heads, size=size)


WORDS_THAT_FIT = Exercise(
    number="6.8", name="words_that_fit", see="Keys that are shared", kind="object", reference=right_fit, faulty=_fit,
    arguments={name: arg.Made(lambda rng, plan, drawn: 1) for name in _fits(*range(6))}, returns="a whole number",
    stages=(
        Stage("plain", (
            _fits(1000, 3, 24, 6, 2, 4), _fits(1500, 3, 24, 6, 2, 2), _fits(1_024_000, 5, 96, 12, 4, 2),
            _fits(999, 1, 12, 4, 2, 4),
        ), leading=()),
        Stage("one head of keys", (_fits(2**20, 6, 512, 8, 1, 2), _fits(2**20 - 1, 6, 512, 8, 1, 4)), leading=()),
        Stage("a part of a word", (
            _fits(191, 1, 24, 2, 2, 2), _fits(95, 1, 24, 2, 2, 2), _fits(96, 1, 24, 2, 2, 2), _fits(0, 3, 6, 2, 1, 4),
        ), leading=()),
        Stage("much memory", (
            _fits(80 * 2**30, 80, 8192, 64, 8, 2), _fits(10**18 + 3, 1, 2, 2, 1, 1),
        ), leading=()),
        Stage("more than any type holds", (
            _fits(7 * 2**63 + 5, 3, 12, 4, 2, 2), _fits(5 * 10**30 + 1, 6, 512, 8, 2, 2),
            _fits(2**140 - 1, 2, 64, 8, 1, 4), _fits(7 * 10**300 + 11, 3, 96, 12, 4, 2),
        ), leading=()),
    ),
    misconceptions=(
        Misconception("keys alone", {"way": "keys alone"}, "You left out the keys or the values: both are kept."),
        Misconception("one layer", {"way": "one layer"}, "You counted one layer. Each layer keeps its own."),
        Misconception("numbers for bytes", {"way": "numbers"}, "You counted numbers; each takes `size` bytes."),
        Misconception("always float16", {"way": "two bytes"}, "You gave each number two bytes; it takes `size`."),
        Misconception("always float32", {"way": "four bytes"}, "You gave each number four bytes; it takes `size`."),
        Misconception("queries that are kept", {"way": "queries too"},
            "You counted three numbers for each feature. Keys and values are kept, queries are not."),
        Misconception("every head has keys", {"way": "all heads"},
            "You counted the whole width, as if every head of queries had keys and values; `kv_heads` of them have."),
        Misconception("the width shared out among the keys", {"way": "shared out"},
            "You counted width / kv_heads features. A head has width / heads of them, and `kv_heads` heads are kept."),
        Misconception("one head of keys", {"way": "one head"},
            "You counted one head of keys and values. There are `kv_heads`."),
        Misconception("the whole width for each", {"way": "whole width"},
            "You gave each head the whole width. It has width / heads features."),
        Misconception("no brackets", {"way": "brackets"},
            "Python goes from left to right: `a // b * c` is (a // b) · c. What a word takes belongs in brackets."),
        Misconception("a float", {"way": "a float"},
            "Your result is a float, with a part of a word in it. Whole words are asked for, as an `int`."),
        Misconception("a quotient of floats", {"way": "by floats"},
            "Somewhere in your function a `/` makes a float. It has 16 digits; what stands behind them is lost."),
        Misconception("one word more", {"way": "one more"},
            "You count one word more than fits whole."),
        Misconception("rounded up", {"way": "rounded up"}, "You count a word that does not fit whole."),
        Misconception("rounded", {"way": "rounded"},
            "You rounded to the nearest; half a word does not fit, and a quotient of floats has 16 digits."),
    ),
)  # fmt: skip


# 6.9 induction_pattern


def right_pattern(words):
    S = words.shape[-1]
    pattern = np.zeros((*words.shape, S), dtype=bool)
    for row in np.ndindex(words.shape[:-1]):
        for i in range(S):
            for j in range(1, i + 1):
                pattern[(*row, i, j)] = words[row][j - 1] == words[row][i]
    return pattern


def _pattern(words, way="right", front="nothing", sees="itself too"):
    S = words.shape[-1]
    i, j = np.arange(S)[:, None], np.arange(S)
    first = words[..., -1:] if isinstance(front, str) else np.full((*words.shape[:-1], 1), front)
    before = np.concatenate([first, words[..., :-1]], axis=-1)
    there = {"itself too": j <= i, "before": j < i, "all": j >= 0}[sees]
    if way == "itself":
        return (words[..., :, None] == words[..., None, :]) & (j <= i)
    if way == "same word":
        return (words[..., :, None] == words[..., None, :]) & (j < i)
    if way == "the one before":
        return (before[..., :, None] == words[..., None, :]) & (j < i) & (i > 0)
    if way == "after it":
        return (np.roll(words, -1, axis=-1)[..., None, :] == words[..., :, None]) & (j < i)
    pattern = (words[..., :, None] == before[..., None, :]) & there
    if front in ("nothing", "row"):
        pattern = pattern & ((j if front == "nothing" else i) > 0)
    if way in ("last", "first"):
        along = pattern if way == "first" else pattern[..., ::-1]
        only = along & (np.cumsum(along, -1) == 1)
        return only if way == "first" else only[..., ::-1]
    return np.swapaxes(pattern, -1, -2) if way == "transposed" else pattern


def _few(rng, shape):
    return rng.integers(0, 3, shape)


def _periodic(rng, shape):
    return np.broadcast_to(np.arange(shape[-1]) % 3, shape) + rng.integers(0, 5, (*shape[:-1], 1))


_MOST = np.iinfo(np.int64).max


INDUCTION_PATTERN = Exercise(
    number="6.9", name="induction_pattern", see="The smallest circuit worth knowing", reference=right_pattern,
    faulty=_pattern, arguments={"words": arg.Integers("…S", 4)}, axes={"result": "…SS"}, nouns={"S": "words"},
    returns="a row for each word, a column for each place it may look at", dtypes=(),
    stages=(
        Stage("plain", ({"words": np.array([1, 2, 3, 4, 1, 2, 3])}, {"words": np.array([5, 6, 5, 7, 5])}), leading=()),
        Stage("a word twice in a row", ({"words": np.array([2, 2, 2])}, {"words": np.array([0, 1, 1, 0])}), leading=()),
        Stage("batches", leading=(0, 1, 2, 3), ones=True, large=True, styles={"words": [_few, _periodic]}),
        Stage("all different", ({"words": np.array([4, 3, 2, 1, 0])},), leading=()),
        Stage("any numbers", (
            {"words": np.array([-1, 10**12, -1, 10**12, 7])}, {"words": np.array([0, -1, 0, -1])},
            {"words": np.array([3, -3, 4, 3, 4, -4])}, {"words": np.array([3, 3 + 2**32, 4, 3, 2**32, 0, 2**48])},
            {"words": np.array([2048, 5, 2049, 6, 10**12, 7, 10**12 + 1])},
            {"words": np.array([2**53, 5, 2**53 + 1, 2**53, 3])},
            {"words": np.array([_MOST, 5, _MOST, 6, -_MOST - 1, -_MOST - 1])}, {"words": np.array([-_MOST - 1, 2, 3])},
        ), leading=()),
        Stage("shorter types", (
            {"words": np.array([255, 0, 255, 3, 0], np.uint8)},
            {"words": np.array([-(2**31), 7, 2**31 - 1] * 2, np.int32)},
        ), leading=()),
        Stage("many words", leading=(0, 1), sizes={"S": 150}, styles={"words": [_few, _periodic]}),
    ),
    misconceptions=(
        Misconception("the same word", {"way": "same word"},
            "Your pattern shows where the same word stood. An induction head looks one place further, at what came "
            "next."),
        Misconception("the same word, and itself", {"way": "itself"},
            "Your pattern shows where the same word stands, the word itself among them. An induction head looks one "
            "place further than an earlier one, at what came next."),
        Misconception("the first row for the first column", {"front": "row"},
            "You cleared the first row. Columns are the places that are looked at, and before place 0 there is "
            "nothing: the first column should be clear."),
        Misconception("a zero in front", {"front": 0},
            "You put a 0 in front of the first word, and a word that is 0 finds it there. Before place 0 there is "
            "nothing, whatever the words are."),
        Misconception("a −1 in front", {"front": -1},
            "You put a −1 in front of the first word, and a word that is −1 finds it there. Before place 0 there is "
            "nothing, whatever the words are."),
        Misconception("words that become floats", {"front": np.nan},
            "Your words become floats on the way, perhaps by a NaN in front of the first. A float has 16 digits: two "
            "long numbers that differ behind them are taken for the same word."),
        Misconception("the word before", {"way": "the one before"},
            "You look for the word before this one. The word itself is looked for, among those that stand before j."),
        Misconception("one place too early", {"way": "after it"},
            "You look at the place in front of the earlier one; what came next stands behind it."),
        Misconception("round the corner", {"front": "round"},
            "Your first column compares with the last word: `roll` goes round. Before place 0 there is nothing."),
        Misconception("the future", {"sees": "all"},
            "Your pattern looks at later places. A word sees itself and what is before it."),
        Misconception("not itself", {"sees": "before"},
            "Where a word stands twice in a row, the place behind the earlier one is the word's own. It may be looked "
            "at."),
        Misconception("the last time only", {"way": "last"},
            "You mark only the latest place; every place behind an earlier one counts."),
        Misconception("the first time only", {"way": "first"},
            "You mark only the first place; every place behind an earlier one counts."),
        Misconception("transposed", {"way": "transposed"}, "Your rows and columns are exchanged: rows are what looks."),
    ),
)  # fmt: skip

EXERCISES = (
    COUNTS_BY_HAND,
    SPLIT_PACKED,
    GROUPED_HEADS,
    TO_KERAS,
    HEAD_MAPS,
    WITHOUT_HEAD,
    POOL_HEADS,
    WORDS_THAT_FIT,
    INDUCTION_PATTERN,
)
