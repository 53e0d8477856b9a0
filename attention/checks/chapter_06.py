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


def _counts(way=None):
    M, H, K, S, layers, B, size = 512, 8, 2, 1000, 6, 4, 2
    D = M // K if way == "by two" else M // H
    kept = {"one": 1, "all heads": 2 * H / K}.get(way, 2) * S * K * D
    size = {"numbers": 1, "float32": 4}.get(way, size)
    left = {"what is reached": 2 / 5, "of two": 1 - 1 / 2, "features": 1 - 2 / 64}.get(way, 3 / 5)
    places = {"one layer": 1, "one sentence": layers}.get(way, layers)
    sentences = 1 if way in ("one sentence",) else B
    return np.array([D, kept, kept * size * places * sentences, left])


COUNTS_BY_HAND = Exercise(
    number="6.1", name="counts_by_hand", see="Keys that are shared", kind="value",
    reference=_counts, faulty=_counts, returns="four numbers",
    stages=(Stage("by hand", ({},), tolerance=1e-6),),
    misconceptions=(
        Misconception("the width shared out among the keys", {"way": "by two"},
            "Your heads have 256 features: you shared the width out among the heads that have keys. It is shared out "
            "among all heads of queries."),
        Misconception("keys without values", {"way": "one"},
            "You kept half of what is needed. Keys alone give weights; the values are kept too."),
        Misconception("every head has keys", {"way": "all heads"},
            "You kept keys and values for every head of queries. Two heads have them."),
        Misconception("numbers for bytes", {"way": "numbers"},
            "Your third answer counts numbers; a number of float16 takes two bytes."),
        Misconception("float32", {"way": "float32"},
            "Your third answer is that of numbers of four bytes; float16 takes two."),
        Misconception("one layer", {"way": "one layer"},
            "Your third answer is that of one layer. Each layer keeps its own."),
        Misconception("one sentence", {"way": "one sentence"},
            "Your third answer is that of one sentence, and there are four."),
        Misconception("what is reached", {"way": "what is reached"},
            "Your last number is the part that two heads can answer; the error that is left is asked for.",
            see="What one average cannot say"),
        Misconception("two words", {"way": "of two"},
            "Your last number is that of one head, asked for two words.", see="What one average cannot say"),
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
    return (q, v, k) if way == "order" else (q, k, v)


def _whole(rng, shape):
    """More than a float32 holds."""
    return rng.integers(2**30, 2**30 + 1000, shape)


SPLIT_PACKED = Exercise(
    number="6.2", name="split_packed", see="One product for all heads", reference=right_split, faulty=_split,
    keeps_type=True, frameworks=("numpy", "tensorflow", "pytorch"), dtypes=("float32", "float16"),
    arguments={"x": Rows("TDH", lambda s: (s["T"], 3 * s["H"] * s["D"])), "heads": arg.Size("H")},
    outputs=("queries", "keys", "values"), returns="heads, words, features",
    type_of={"queries": "x", "keys": "x", "values": "x"},
    axes={"queries": "…HTD", "keys": "…HTD", "values": "…HTD"}, nouns={"T": "words", "H": "heads"},
    stages=(
        Stage("plain", ({"x": np.arange(36.0).reshape(3, 12), "heads": 2},), leading=()),
        Stage("batches", leading=(0, 1, 2, 3), ones=True, large=True),
        Stage("sizes that are equal", leading=(0, 1), sizes={"T": 3, "H": 3, "D": 3}),
        Stage("numbers of any kind", leading=(1,),
              styles={"x": [arg.spread(1e4), arg.holes, arg.small]}, gradient=False),
        Stage("many words", leading=(0,), sizes={"T": 90, "H": 5, "D": 2}, types=(), gradient=False),
        Stage("many heads", leading=(0, 1), sizes={"T": 4, "H": 24, "D": 3}, types=(), gradient=False),
        Stage("whole numbers", leading=(0, 2), styles={"x": [_whole, arg.held("int32", _whole)]}, types=(),
              gradient=False),
    ),
    misconceptions=(
        Misconception("a reshape without a transpose", {"way": "reshape"},
            "You reshape to (…, H, T, D) and exchange no axes: two rows of a head are the same word, cut in two. Cut "
            "the last axis first, then exchange heads and words."),
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
    of = {"blocks": np.arange(H) * K // H, "in turn": np.arange(H) % K, "first": np.zeros(H, int)}[groups]
    keys, values = keys[..., of, :, :], values[..., of, :, :]
    if mean:
        keys = np.broadcast_to(keys.mean(-3, keepdims=True), keys.shape)
    size = {"D": D**0.5, "none": 1, "width": (H * D) ** 0.5, "square": D, "kv": (K * D) ** 0.5}[scale]
    scores = queries @ np.swapaxes(keys, -1, -2) / size
    e = np.exp(scores - scores.max(over, keepdims=True)) if maximum else np.exp(scores)
    output = e / e.sum(over, keepdims=True) @ values
    if merged == "reshape":
        return output.reshape(*output.shape[:-3], T, H * output.shape[-1])
    if merged == "features first":
        rows = np.moveaxis(output, -3, -1)
        return rows.reshape(*rows.shape[:-2], H * output.shape[-1])
    if merged == "sum":
        return np.repeat(output.sum(-3), H, axis=-1)
    return joined(output)


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
        Stage("plain", leading=(0,), sizes={"K": 2, "G": 2, "T": 4, "S": 5, "D": 3}),
        Stage("batches", leading=(0, 1, 2, 3), ones=True, large=True, sizes={"K": 2, "G": 3}),
        Stage("one head of keys", leading=(0, 1), sizes={"K": 1, "G": 4}),
        Stage("keys for every head", leading=(0, 1), sizes={"K": 3, "G": 1}),
        Stage("equal sizes", leading=(1,), sizes={"K": 2, "G": 2, "T": 4, "S": 4, "D": 4}),
        Stage("large scores", leading=(0, 1), sizes={"K": 2, "G": 2},
              styles={"queries": arg.spread(60.0), "keys": arg.spread(20.0)}, types=(), gradient=False),
        Stage("many heads", leading=(0,), sizes={"K": 4, "G": 6}, types=(), gradient=False),
        Stage("many words, wide heads", leading=(0,), sizes={"K": 2, "G": 2, "T": 9, "S": 150, "D": 48}, types=(),
              gradient=False),
    ),
    misconceptions=(
        Misconception("keys in turn", {"groups": "in turn"},
            "Your heads take the keys in turn, head h those of h mod Hk. The first H / Hk heads share the first keys, "
            "the next H / Hk the second."),
        Misconception("the first keys for all", {"groups": "first"},
            "All your heads take the first head of keys. Each group has its own."),
        Misconception("keys that are averaged", {"mean": True},
            "You average the keys over their heads. Each group has keys of its own."),
        Misconception("no scale", {"scale": "none"}, "Your scores are not divided by √D."),
        Misconception("the scale of the width", {"scale": "width"},
            "You divide by the root of the whole width, H · D. A head compares D features, and its scores are divided "
            "by √D.", see="What goes wrong"),
        Misconception("the scale of the keys", {"scale": "kv"},
            "You divide by the root of Hk · D. A head compares D features.", see="What goes wrong"),
        Misconception("divided by D", {"scale": "square"}, "You divide the scores by D; it is its root."),
        Misconception("merged by a reshape", {"merged": "reshape"},
            "You merge by a reshape alone, and words are mixed. Exchange heads and words first, as (6.5) backwards.",
            see="One product for all heads"),
        Misconception("heads behind features", {"merged": "features first"},
            "You put the heads side by side within each feature. A head's D features stand side by side.",
            see="One product for all heads"),
        Misconception("heads that are added", {"merged": "sum"},
            "Your heads are added up. Here they are written end to end; what is added comes behind Wₒ."),
        Misconception("softmax over the queries", {"over": -2},
            "Your weights sum to 1 over the queries; those of one query should, over the keys."),
        Misconception("exp overflows", {"maximum": False},
            "exp of a large score is infinite, and ∞ / ∞ is NaN. Take the maximum of each row away first."),
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
    q, k, v = (block.T.reshape(M, heads, D) for block in blocks)
    if way == "heads first":
        return tuple(np.moveaxis(part, 1, 0) for part in (q, k, v))
    return (q, v, k) if way == "order" else (q, k, v)


TO_KERAS = Exercise(
    number="6.4", name="to_keras", see="Weights in another order", reference=right_keras, faulty=_keras,
    keeps_type=True, dtypes=("float32",),
    arguments={
        "in_proj_weight": Rows("HD", lambda s: (3 * s["H"] * s["D"], s["H"] * s["D"]), leading=False),
        "heads": arg.Size("H"),
    },
    outputs=("query", "key", "value"), returns="features in, heads, features out",
    stages=(
        Stage("plain", ({"in_proj_weight": np.arange(48.0).reshape(12, 4), "heads": 2},), leading=()),
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


def _maps(value_weight, output_weight, heads, way="right"):
    M = value_weight.shape[-1]
    D = M // heads
    v, o = value_weight.reshape(-1, heads, D), output_weight.reshape(heads, D, -1)
    if way == "rows":
        v = value_weight.reshape(heads, -1, D).swapaxes(0, 1)
    if way == "output columns":
        o = np.swapaxes(output_weight.reshape(-1, heads, D), 0, 1).swapaxes(-1, -2)
    if way == "in turn":
        v = np.swapaxes(value_weight.reshape(-1, D, heads), 1, 2)
        o = np.swapaxes(output_weight.reshape(D, heads, -1), 0, 1)
    maps = np.einsum("mhd,hdn->hmn", v, o)
    if way == "transposed":
        return np.swapaxes(maps, -1, -2)
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
        Stage("plain", ({"value_weight": np.arange(16.0).reshape(4, 4) / 4, "output_weight": np.eye(4) + 1.0,
                         "heads": 2},), leading=()),
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
        Misconception("rows of the values' matrix", {"way": "rows"},
            "You cut the values' matrix along its rows. What comes out stands in its columns: head h has the columns "
            "hD to (h + 1)D − 1."),
        Misconception("columns of the output's matrix", {"way": "output columns"},
            "You cut the output's matrix along its columns. What goes in meets its rows, and head h has the rows hD to "
            "(h + 1)D − 1."),
        Misconception("columns dealt out in turn", {"way": "in turn"},
            "You deal columns and rows out to the heads in turn. A head has D that stand side by side."),
        Misconception("transposed", {"way": "transposed"},
            "Your maps are transposed. Rows are multiplied from the left: a word's row, times the map."),
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


def _without(query_weight, key_weight, value_weight, output_weight, heads, head, way="right"):
    M, three = query_weight.shape[-1], [query_weight, key_weight, value_weight]
    D = M // heads
    head = {"backwards": heads - 1 - head, "next": (head + 1) % heads}.get(way, head)
    gone = np.arange(D) * heads + head if way == "in turn" else np.arange(head * D, (head + 1) * D)
    kept = gone if way == "the one" else np.delete(np.arange(M), gone)
    if way == "zeros":
        zero = np.isin(np.arange(M), gone)
        return *(np.where(zero, 0, w) for w in three), np.where(zero[:, None], 0, output_weight)
    if way == "output columns":
        return *(w[:, kept] for w in three), output_weight[:, kept].T
    if way == "rows":
        return *(w[kept].T for w in three), output_weight[kept]
    if way == "enlarged":
        return *(w[:, kept] for w in three), output_weight[kept] * heads / (heads - 1)
    return *(w[:, kept] for w in three), output_weight[kept]


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
        Stage("plain", ({
            "query_weight": np.arange(36.0).reshape(6, 6), "key_weight": -np.arange(36.0).reshape(6, 6),
            "value_weight": np.arange(36.0).reshape(6, 6) / 8, "output_weight": np.arange(36.0).reshape(6, 6) / 4,
            "heads": 3, "head": 0,
        },), leading=()),
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
        Misconception("columns of the output's matrix", {"way": "output columns"},
            "You take columns out of the output's matrix. What the heads put out meets its rows."),
        Misconception("rows of the others", {"way": "rows"},
            "You take rows out of the matrices of queries, keys and values. What a head has made stands in columns."),
        Misconception("dealt out in turn", {"way": "in turn"},
            "You take out every H-th column. A head has D that stand side by side."),
        Misconception("counted backwards", {"way": "backwards"},
            "You count the heads from the other end."),
        Misconception("counted from 1", {"way": "next"},
            "You take out the head behind the one that was named. Heads are counted from 0."),
        Misconception("enlarged", {"way": "enlarged"},
            "You enlarge what is left, as dropout does. The output should be that of the other heads, as it is."),
    ),
)  # fmt: skip


# 6.7 pool_heads


def right_pool(weight, bias, heads, kv_heads):
    D = weight.shape[-1] // heads
    mean = lambda a: a.reshape(*a.shape[:-1], kv_heads, heads // kv_heads, D).mean(-2).reshape(*a.shape[:-1], -1)
    return mean(weight), mean(bias)


def _pool(weight, bias, heads, kv_heads, way="right"):
    D, size = weight.shape[-1] // heads, heads // kv_heads
    results = []
    for a in (weight, bias):
        pieces = a.reshape(*a.shape[:-1], kv_heads, size, D)
        made = {
            "right": lambda p: p.mean(-2), "sum": lambda p: p.sum(-2), "first": lambda p: p[..., 0, :],
            "root": lambda p: p.sum(-2) / np.sqrt(size), "last": lambda p: p[..., -1, :],
        }  # fmt: skip
        if way == "in turn":
            pieces = np.moveaxis(a.reshape(*a.shape[:-1], size, kv_heads, D), -3, -2)
        if way == "features":
            results.append(a.reshape(*a.shape[:-1], kv_heads * D, size).mean(-1))
            continue
        if way == "all":
            mean = np.broadcast_to(pieces.mean((-2, -3), keepdims=True)[..., 0, :], (*a.shape[:-1], kv_heads, D))
            results.append(mean.reshape(*a.shape[:-1], -1) * 1)
            continue
        results.append(made.get(way, made["right"])(pieces).reshape(*a.shape[:-1], -1))
    if way == "bias of the first":
        results[1] = bias.reshape(kv_heads, size, D)[:, 0].reshape(-1)
    return tuple(results)


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
        Stage("plain", ({"weight": np.arange(24.0).reshape(3, 8), "bias": np.arange(8.0) ** 2, "heads": 4,
                         "kv_heads": 2},), leading=()),
        Stage("other sizes", leading=(0,), ones=True, large=True),
        Stage("one head for all", leading=(0,), sizes={"K": 1, "G": 4, "D": 3}),
        Stage("nothing to average", leading=(0,), sizes={"K": 3, "G": 1, "D": 4}),
        Stage("equal sizes", leading=(0,), sizes={"K": 3, "G": 3, "D": 3, "M": 3}),
        Stage("numbers of any size", leading=(0,), styles={"weight": [arg.spread(300.0), arg.small]}),
        Stage("types of their own", leading=(0,), types=(),
              styles={name: [arg.fine, arg.held("float32", arg.fine)] for name in ("weight", "bias")}),
    ),
    misconceptions=(
        Misconception("a sum", {"way": "sum"},
            "You add the heads of a group up; their mean is asked for."),
        Misconception("the root of the number", {"way": "root"},
            "You divide by the root of the number of heads in a group; a mean is divided by the number."),
        Misconception("the first of each group", {"way": "first"},
            "You keep the first head of each group and let the others go. All of them count."),
        Misconception("the last of each group", {"way": "last"},
            "You keep the last head of each group and let the others go. All of them count."),
        Misconception("groups in turn", {"way": "in turn"},
            "You average heads h and h + Hk, and so on. A group is made of heads that stand side by side."),
        Misconception("neighbouring features", {"way": "features"},
            "You average neighbouring columns, within a head. The first feature of a head is averaged with the first "
            "features of the others."),
        Misconception("all heads together", {"way": "all"},
            "You average all heads. Each group has its own mean."),
        Misconception("the bias of the first", {"way": "bias of the first"},
            "Your weights are averaged and your biases are those of the first head of each group."),
    ),
)  # fmt: skip


# 6.8 words_that_fit


def right_fit(memory, layers, width, heads, kv_heads, size):
    return memory // (2 * layers * kv_heads * (width // heads) * size)


def _fit(memory, layers, width, heads, kv_heads, size, way="right"):
    one = 2 * layers * kv_heads * (width // heads) * size
    one = {
        "keys alone": one // 2, "one layer": one // layers, "numbers": one // size,
        "all heads": 2 * layers * width * size, "shared out": 2 * layers * width * size // kv_heads,
    }.get(way, one)  # fmt: skip
    if way == "rounded up":
        return -(-memory // one)
    return round(memory / one) if way == "rounded" else memory // one


def _fits(memory, layers, width, heads, kv_heads, size):
    return dict(memory=memory, layers=layers, width=width, heads=heads, kv_heads=kv_heads, size=size)


WORDS_THAT_FIT = Exercise(
    number="6.8", name="words_that_fit", see="Keys that are shared", kind="object", reference=right_fit, faulty=_fit,
    arguments={name: arg.Made(lambda rng, plan, drawn: 1) for name in _fits(*range(6))}, returns="a whole number",
    stages=(
        Stage("plain", (
            _fits(1000, 1, 12, 3, 3, 2), _fits(1_000_000, 2, 64, 8, 2, 2), _fits(999, 1, 12, 4, 2, 4),
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
        Misconception("every head has keys", {"way": "all heads"},
            "You kept keys and values for every head of queries; `kv_heads` of them have some."),
        Misconception("the width shared out among the keys", {"way": "shared out"},
            "You divided the width by `kv_heads`. A head has width / heads features, and `kv_heads` heads are kept."),
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


def _pattern(words, way="right"):
    S = words.shape[-1]
    i, j = np.arange(S)[:, None], np.arange(S)
    before = np.roll(words, 1, axis=-1)
    same = words[..., :, None] == before[..., None, :]
    if way == "same word":
        return (words[..., :, None] == words[..., None, :]) & (j < i)
    if way == "the one before":
        return (before[..., :, None] == words[..., None, :]) & (j < i) & (i > 0)
    if way == "after it":
        return (np.roll(words, -1, axis=-1)[..., None, :] == words[..., :, None]) & (j < i)
    if way == "round":
        return same & (j <= i)
    if way == "future":
        return same & (j > 0)
    if way == "strict":
        return same & (j > 0) & (j < i)
    pattern = same & (j > 0) & (j <= i)
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
            {"words": np.array([255, 0, 255, 3, 0], np.uint8)},
            {"words": np.array([-(2**31), 7, 2**31 - 1] * 2, np.int32)},
        ), leading=()),
        Stage("many words", leading=(0, 1), sizes={"S": 150}, styles={"words": [_few, _periodic]}),
    ),
    misconceptions=(
        Misconception("the same word", {"way": "same word"},
            "Your pattern shows where the same word stood. An induction head looks one place further, at what came "
            "next."),
        Misconception("the word before", {"way": "the one before"},
            "You look for the word before this one. The word itself is looked for, among those that stand before j."),
        Misconception("one place too early", {"way": "after it"},
            "You look at the place in front of the earlier one; what came next stands behind it."),
        Misconception("round the corner", {"way": "round"},
            "Your first column compares with the last word: `roll` goes round. Before place 0 there is nothing."),
        Misconception("the future", {"way": "future"},
            "Your pattern looks at later places. A word sees itself and what is before it."),
        Misconception("not itself", {"way": "strict"},
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
