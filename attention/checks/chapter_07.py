"""07 Positions."""

import numpy as np

from attention.checks import arguments as arg
from attention.checks.exercise import Exercise, Misconception, Stage
from attention.checks.properties import factor, shift, sign

BASE = 10_000.0


def _turned(x, angles, clockwise=False, halves=False):
    """Rows (…, D) whose pairs are turned by angles (…, D/2)."""
    cos, sin = np.cos(angles), np.sin(angles)
    sin = -sin if clockwise else sin
    if halves:
        first, second = np.split(x, 2, axis=-1)
        return np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)
    first, second = x[..., 0::2], x[..., 1::2]
    return np.stack([first * cos - second * sin, first * sin + second * cos], axis=-1).reshape(x.shape)


def _softmax(scores):
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


# 7.1 turns_by_hand


def _by_hand(way=None):
    query, key, at = np.array([2.0, 1.0]), np.array([1.0, -3.0]), (3, 2)
    at = {"exchanged": (2, 3), "from one": (4, 3), "one each": (1, 1)}.get(way, at)
    turn = {"half": np.pi, "eighth": np.pi / 4}.get(way, np.pi / 2)
    pairs = zip((query, key), at, strict=True)
    turned = [np.round(_turned(x, np.array([turn * j]), way == "clockwise"), 9) for x, j in pairs]
    if way == "key alone":
        turned[0] = query
    if way == "query alone":
        turned[1] = key
    score = turned[0] @ turned[1]
    scores = {
        "not turned": (query @ key, query @ key), "scaled": (score / 2**0.5, score / 2**0.5),
        "far is less": (score, 0.0), "other far": (score, -score), "once more": (score, query @ key),
    }.get(way, (score, score))  # fmt: skip
    return np.array([*turned[0], *turned[1], *scores]) + 0.0


TURNS_BY_HAND = Exercise(
    number="7.1", name="turns_by_hand", see="Only the distance: by turning", kind="value",
    reference=_by_hand, faulty=_by_hand, returns="six numbers",
    stages=(Stage("by hand", ({},), tolerance=1e-6),),
    misconceptions=(
        Misconception("the other way round", {"way": "clockwise"},
            "You turn with the clock. By (7.12) a quarter turn makes (−x₁, x₀) of (x₀, x₁): against it."),
        Misconception("half turns", {"way": "half"}, "You turn by half a turn for each place; it is a quarter."),
        Misconception("half of a quarter turn", {"way": "eighth"},
            "You turn by an eighth of a turn for each place; it is a quarter."),
        Misconception("the places exchanged", {"way": "exchanged"},
            "You turned the query by the place of the key, and the key by that of the query."),
        Misconception("places from 1", {"way": "from one"},
            "You turned both by one place too many. The places are given, and place 0 turns nothing."),
        Misconception("one turn each", {"way": "one each"},
            "You turned both by one quarter. Each is turned by as many quarters as its place says."),
        Misconception("the key not turned", {"way": "query alone"},
            "You turned the query alone. Both are turned, each by its own place."),
        Misconception("the query not turned", {"way": "key alone"},
            "You turned the key alone. Both are turned, each by its own place."),
        Misconception("the score of what was not turned", {"way": "not turned"},
            "Your scores are those of the query and the key before they were turned."),
        Misconception("a scale", {"way": "scaled"}, "You divided by √D; the plain dot products are asked for."),
        Misconception("far is less", {"way": "far is less"},
            "Your last number is 0. What counts is how far apart the two places are, not how far they are from 0."),
        Misconception("another sign far away", {"way": "other far"},
            "Your last number has the other sign. At 103 and 102 the distance is what it was at 3 and 2."),
        Misconception("not turned far away", {"way": "once more"},
            "Your last number is that of a query and a key that were not turned. The distance is 1, not 0."),
    ),
)  # fmt: skip


# 7.2 shift_matrix


def right_shift(speeds, places):
    cos, sin = np.diag(np.cos(places * speeds)), np.diag(np.sin(places * speeds))
    return np.block([[cos, -sin], [sin, cos]])


def _shift_matrix(speeds, places, way=None):
    n = len(speeds)
    angles = np.abs(places) * speeds if way == "absolute" else speeds if way == "one step" else places * speeds
    if way == "back":
        angles = -angles
    if way == "degrees":
        angles = np.deg2rad(angles)
    if way == "no speeds":
        angles = np.full(n, float(places))
    if way == "by rank":
        angles = places * BASE ** (-np.arange(n) / max(n, 1))
    cos, sin = np.cos(angles), np.sin(angles)
    if way == "neighbours":
        matrix = np.zeros((2 * n, 2 * n), speeds.dtype)
        even, odd = np.arange(0, 2 * n, 2), np.arange(1, 2 * n, 2)
        matrix[even, even], matrix[odd, odd], matrix[even, odd], matrix[odd, even] = cos, cos, -sin, sin
        return matrix
    if way == "no sines":
        return np.diag(np.concatenate([cos, cos]))
    cos, sin = np.diag(cos), np.diag(sin)
    if way == "cosine of 0":
        cos = np.cos(np.diag(angles))
    upper = {"no minus": sin, "one block": 0 * sin}.get(way, -sin)
    matrix = np.block([[cos, upper], [-sin if way == "two minuses" else sin, cos]])
    if way == "each to the power":
        return _shift_matrix(speeds, 1) ** places
    return places * matrix if way == "times" else matrix


def _some_speeds(rng, shape):
    """Between 0 and 3, each its own, in no order."""
    return np.round(rng.uniform(0.001, 3, shape), 5)


def _places(rng, plan, drawn):
    """Forwards and backwards, and not at all."""
    low, high = plan.styles.get("places", (-9, 10))
    return int(rng.integers(low, high))


SHIFT_MATRIX = Exercise(
    number="7.2", name="shift_matrix", see="A shift should be one matrix", reference=right_shift, faulty=_shift_matrix,
    arguments={"speeds": arg.Floats("P", _some_speeds), "places": arg.Made(_places)},
    returns="a row for each feature that goes in, a column for each that comes out", nouns={"P": "pairs"},
    dtypes=(), properties=(sign, factor),
    stages=(
        Stage("two pairs", (
            {"speeds": np.array([0.5, 0.2]), "places": 1}, {"speeds": np.array([0.5, 0.2]), "places": 3},
        ), leading=()),
        Stage("one pair", ({"speeds": np.array([0.5]), "places": 2},), sizes={"P": 1}),
        Stage("several pairs", ({"speeds": np.array([1.0, 0.1, 0.01]), "places": 2},), sizes={"P": 5}),
        Stage("back, and not at all", (
            {"speeds": np.array([1.0, 0.1]), "places": -1}, {"speeds": np.array([1.0, 0.1, 0.01]), "places": 0},
        ), sizes={"P": 4}, styles={"places": [(-20, 0), (0, 1)]}),
        Stage("far", ({"speeds": np.array([1.0, 0.1]), "places": 1000},), sizes={"P": 3},
            styles={"places": [(1000, 5000), (-5000, -1000)]}),
        Stage("many pairs", sizes={"P": 33}),
    ),
    misconceptions=(
        Misconception("the other way", {"way": "back"},
            "Yours goes back where it should go on, and on where it should go back: the sines have the other sign, or "
            "rows and columns are exchanged, or the cosines come first. A row stands on the left of the matrix."),
        Misconception("sine and cosine as neighbours", {"way": "neighbours"},
            "Yours is for the chapter's table, where sine and cosine of a speed are neighbours. Here all sines come "
            "first, then all cosines."),
        Misconception("one place", {"way": "one step"}, "Yours goes on by one place, whatever `places` says."),
        Misconception("one step, times places", {"way": "times"},
            "You multiply the matrix by the number of places. To go on n times is a product of n matrices, or one "
            "turn by n times the angle."),
        Misconception("never back", {"way": "absolute"}, "Yours goes on where `places` is negative."),
        Misconception("the speeds left out", {"way": "no speeds"},
            "Your pairs all turn by the same angle; each has its own speed."),
        Misconception("speeds of your own", {"way": "by rank"},
            "You compute speeds from 10,000. They are given, and may be any."),
        Misconception("cosines alone", {"way": "no sines"},
            "Yours multiplies each feature by a number. A turn mixes the sine and the cosine of a pair."),
        Misconception("no minus", {"way": "no minus"},
            "Of the two blocks of sines one has a minus. Without it lengths are not kept."),
        Misconception("two minuses", {"way": "two minuses"},
            "Both of your blocks of sines have a minus. Of the two one has it; else lengths are not kept."),
        Misconception("one block of sines", {"way": "one block"},
            "Your new sines are right. Of your new cosines each knows its old cosine alone: the block that brings it "
            "the sine is 0."),
        Misconception("ones beside the diagonal", {"way": "cosine of 0"},
            "You take the cosine of a diagonal matrix. Beside the diagonal that is the cosine of 0, which is 1; there "
            "should be 0."),
        Misconception("each number to a power", {"way": "each to the power"},
            "You raise each number of the matrix for one place to a power. To go on n times is a product of n "
            "matrices, or one turn by n times the angle."),
        Misconception("degrees", {"way": "degrees"}, "Your angles are taken for degrees; they are in radians."),
    ),
)  # fmt: skip


# 7.3 add_positions


def right_add(x, table, first=0):
    return x + table[first : first + x.shape[-2]]


def _add_positions(x, table, first=0, way=None):
    T, M = x.shape[-2:]
    begin = {
        "from 0": 0,
        "one more": min(first + 1, len(table) - T),
        "one less": max(first - 1, 0),
        "the last": len(table) - T,
    }.get(way, first)
    rows = table[begin : begin + T]
    if way == "batch":
        return x + table[: len(x)].reshape(len(x), *(1 for _ in x.shape[2:]), M)
    if way == "one place":
        rows = table[first]
    if way == "turned round":
        rows = rows[::-1]
    if way == "table alone":
        return np.broadcast_to(rows, x.shape).astype(x.dtype)
    if way == "times":
        return (x * rows).astype(x.dtype)
    if way == "scaled":
        return (x * M**0.5 + rows).astype(x.dtype)
    return (x + rows).astype(x.dtype)


def _table(rng, plan, drawn):
    """Some places more than there are words, and more than there are sentences."""
    T, M = drawn["x"].shape[-2:]
    rows = max(T, *drawn["x"].shape) + int(rng.integers(1, 5))
    return plan.styles.get("table", arg.fine)(rng, (rows, M))


def _first(rng, plan, drawn):
    """Left out, or any place from which there are rows enough; the last of them often."""
    most = len(drawn["table"]) - drawn["x"].shape[-2]
    return {"none": None, "last": most}.get(plan.styles.get("first", "none"), int(rng.integers(1, most + 1)))


WORDS = np.array([[[0.5, -1.0], [2.0, 0.0], [1.5, 1.0]], [[0.0, 0.5], [-1.0, 2.0], [0.5, 0.0]]])
ROWS = np.array([[0.0, 1.0], [0.84, 0.54], [0.91, -0.42], [0.14, -0.99], [-0.76, -0.65]])
ADD_POSITIONS = Exercise(
    number="7.3", name="add_positions", see="A row for each place", reference=right_add, faulty=_add_positions,
    arguments={"x": arg.Floats("…TM", arg.fine), "table": arg.Made(_table), "first": arg.Made(_first)},
    axes={"result": "…TM"}, returns="each word with its place added", keeps_type=True,
    nouns={"T": "words", "M": "features"}, properties=(sign, factor), dtypes=("float32", "float16"),
    stages=(
        Stage("one sentence", ({"x": WORDS[0], "table": ROWS},), leading=()),
        Stage("as many sentences as words", ({"x": np.stack([*WORDS, WORDS[0]]), "table": ROWS},), leading=()),
        Stage("batches", ({"x": WORDS, "table": ROWS},), leading=(0, 1, 2, 3), ones=True, large=True),
        Stage("other first places", ({"x": WORDS, "table": ROWS, "first": 2}, {"x": WORDS, "table": ROWS, "first": 1}),
            leading=(0, 1, 2), ones=True, styles={"first": ["any", "last"]}),
        Stage("words in float32 or float16", (
            {"x": WORDS.astype("float32"), "table": ROWS}, {"x": WORDS.astype("float16"), "table": ROWS},
        ), leading=(1,), styles={"x": [arg.held(kind, arg.fine) for kind in ("float32", "float16")],
                                 "first": ["none", "any"]}, types=(), tolerance=1e-3),
    ),
    misconceptions=(
        Misconception("along the batch", {"way": "batch"},
            "You add row b of the table to all words of sentence b: the table lies along the batch, not along the "
            "words."),
        Misconception("one row for all", {"way": "one place"},
            "You add one row of the table to all words; each place has its own."),
        Misconception("always from 0", {"way": "from 0"}, "Your places begin at 0, whatever `first` says."),
        Misconception("one place too far", {"way": "one more"},
            "Your first word has the row behind the one that `first` says: the table is counted from 0."),
        Misconception("one place too near", {"way": "one less"},
            "Your first word has the row before the one that `first` says: the table is counted from 0."),
        Misconception("the last rows", {"way": "the last"}, "You take the last rows of the table."),
        Misconception("from the end", {"way": "turned round"},
            "Your places go backwards: the first word of a sentence has the row of its last place."),
        Misconception("the table alone", {"way": "table alone"}, "The words are gone: what is left is the table."),
        Misconception("multiplied", {"way": "times"}, "You multiply words by places; (7.3) adds."),
        Misconception("words times √M", {"way": "scaled"},
            "You multiply the words by √M first. That is done to embeddings; the task does not ask for it."),
    ),
)  # fmt: skip


# 7.5 alibi_slopes


def right_slopes(heads):
    power = 1
    while 2 * power <= heads:
        power *= 2
    slopes = [2.0 ** (-8 * h / power) for h in range(1, power + 1)]
    between = [2.0 ** (-8 * h / (2 * power)) for h in range(1, 2 * power, 2)]
    return np.array([*slopes, *between[: heads - power]])


def _alibi_slopes(heads, way=None):
    base = np.e if way == "e" else 2.0

    def of(H, start=1):
        return base ** (-8 * np.arange(start, H + start) / H)

    power = 2 ** int(np.log2(heads))
    if way == "below" and power == heads > 1:
        power = heads // 2
    if way == "plain":
        return of(heads)
    if way == "above":
        return of(2 * power)[:heads]
    if way == "upper":
        return of(power if power == heads else 2 * power)[:heads]
    if way == "from 0":
        return np.concatenate([of(power, 0), of(2 * power, 0)[0::2][: heads - power]])
    if way == "negative":
        return -_alibi_slopes(heads)
    if way == "divided":
        return 2.0 ** (-np.arange(1, heads + 1))
    between = {"the even": of(2 * power)[1::2], "in a row": of(2 * power)}.get(way, of(2 * power)[0::2])
    both = np.concatenate([of(power), between[: heads - power]])
    if way == "last between":
        both = np.concatenate([of(power), of(2 * power)[0::2][power - (heads - power) :]]) if heads > power else both
    return np.sort(both)[::-1] if way == "sorted" else both


def _heads(*some):
    return tuple({"heads": heads} for heads in some)


ALIBI_SLOPES = Exercise(
    number="7.5", name="alibi_slopes", see="Only the distance: a number for each", reference=right_slopes,
    faulty=_alibi_slopes, arguments={"heads": arg.Made(lambda rng, plan, drawn: int(rng.integers(1, 65)))},
    returns="a slope for each head", gives_type="float64", dtypes=(), properties=(sign, factor),
    stages=(
        Stage("a power of two", _heads(8, 2, 4, 16, 32, 64), leading=()),
        Stage("one head", _heads(1), leading=()),
        Stage("12 heads", _heads(12, 3, 6), leading=()),
        Stage("any number of heads", _heads(5, 7, 9, 20, 33, 71, 128), leading=(0,)),
        Stage("all up to 80", _heads(*range(1, 81)), leading=()),
        Stage("thousands", _heads(1024, 3000), leading=()),
    ),
    misconceptions=(
        Misconception("one formula for all", {"way": "plain"},
            "You use the formula of a power of two for every number of heads. For others the slopes of two powers are "
            "put together."),
        Misconception("the double alone", {"way": "upper"},
            "You take the first slopes of the next power of two. The lower power has its own slopes first."),
        Misconception("a power too low", {"way": "below"},
            "Where H is a power of two you take half of it for n. The largest power not *above* H may be H itself."),
        Misconception("a power too high", {"way": "above"},
            "Your n is above H, also where H is a power of two. It is the largest power that is not above H."),
        Misconception("every slope of the double", {"way": "in a row"},
            "Of the slopes of the double you take the first ones in a row. Every second of them is one that the lower "
            "power has already."),
        Misconception("the other half of the double", {"way": "the even"},
            "Your last slopes are those of the lower power once more, which are the 2nd, 4th … of the double. The 1st, "
            "3rd … lie between them."),
        Misconception("from the end of the double", {"way": "last between"},
            "Of every second slope of the double you take the last ones; the first ones are asked for."),
        Misconception("sorted", {"way": "sorted"},
            "Your slopes are right and sorted. The order is that of the task: first the lower power's."),
        Misconception("heads from 0", {"way": "from 0"},
            "Your first slope is 1. Heads are counted from 0, and the exponent has h + 1: the first is 2 to the −8/H."),
        Misconception("negative slopes", {"way": "negative"},
            "Your slopes are negative. A slope is positive, and (7.10) takes it away."),
        Misconception("halves, whatever H", {"way": "divided"},
            "Yours are a half, a quarter and so on for every number of heads: that is so for 8 heads alone."),
        Misconception("powers of e", {"way": "e"}, "Yours are no powers of 2."),
    ),
)  # fmt: skip


# 7.6 clipped_bias


def _column(T, S, reach, way=None):
    """The column of each query's and key's distance, (T, S)."""
    i, j = np.arange(T)[:, None], np.arange(S)
    i = i + {"from the start": 0, "other side": T - S, "no more queries": max(S - T, 0)}.get(way, S - T)
    n = {"mirrored": i - j, "absolute": np.abs(j - i), "one low": j - i - 1, "one high": j - i + 1}.get(way, j - i)
    edge = max(reach - 1, 0) if way == "one less" else reach
    n = n if way == "wraps" else np.clip(n, -edge, edge)
    return (n + reach) % (2 * reach + 1)


def right_clipped(learned, targets, sources):
    reach = learned.shape[-1] // 2
    bias = np.empty((len(learned), targets, sources), learned.dtype)
    for i in range(targets):
        for j in range(sources):
            distance = (targets - 1 - i) - (sources - 1 - j)
            bias[:, i, j] = learned[:, reach + max(-reach, min(reach, distance))]
    return bias


def _clipped(learned, targets, sources, way=None):
    reach = learned.shape[-1] // 2
    column = _column(targets, sources, reach, way)
    if way == "from column 0":
        column = (column - reach) % (2 * reach + 1)
    bias = learned[:, column]
    if way == "nothing beyond":
        i, j = np.arange(targets)[:, None] + sources - targets, np.arange(sources)
        bias = np.where(np.abs(j - i) <= reach, bias, 0)
    if way == "one head":
        bias = np.broadcast_to(bias[:1], bias.shape)
    return -bias if way == "minus" else bias


def _learned(rng, plan, drawn):
    """A row for each head, of 1, 3, 5 … numbers."""
    reach = int(rng.integers(*plan.styles.get("learned", (1, 4))))
    return arg.fine(rng, (plan.sizes["H"], 2 * reach + 1))


SEVEN = np.array([[-0.3, -0.2, -0.1, 0.5, 0.1, 0.2, 0.3]])
CLIPPED_BIAS = Exercise(
    number="7.6", name="clipped_bias", see="Only the distance: a number for each", reference=right_clipped,
    faulty=_clipped, frameworks=("numpy", "tensorflow", "pytorch"), keeps_type=True,
    arguments={"learned": arg.Made(_learned, "H"), "targets": arg.Size("T"), "sources": arg.Size("S")},
    axes={"result": "HTS"}, returns="a number for each head, query and key", nouns={"H": "heads"},
    dtypes=("float32", "float16"), properties=(sign, factor),
    stages=(
        Stage("as many keys as queries", (
            {"learned": SEVEN[:, 2:5], "targets": 4, "sources": 4}, {"learned": SEVEN, "targets": 3, "sources": 3},
        ), sizes={"T": 5, "S": 5}),
        Stage("several heads", leading=(0,), ones=True, sizes={"T": 7, "S": 7}),
        Stage("a cache", (
            {"learned": SEVEN, "targets": 2, "sources": 5}, {"learned": SEVEN, "targets": 1, "sources": 9},
        ), sizes={"T": 2, "S": 7}),
        Stage("more queries than keys", ({"learned": SEVEN[:, 1:6], "targets": 5, "sources": 2},),
            sizes={"T": 6, "S": 3}),
        Stage("one number a head", ({"learned": np.array([[0.7], [-0.2]]), "targets": 2, "sources": 3},),
            styles={"learned": (0, 1)}),
        Stage("numbers that are never reached", ({"learned": SEVEN, "targets": 2, "sources": 2},),
            sizes={"T": 2, "S": 3}, styles={"learned": (6, 9)}),
        Stage("long sentences", sizes={"T": 50, "S": 150, "H": 2}, styles={"learned": (20, 40)}, types=("float32",)),
    ),
    misconceptions=(
        Misconception("left and right exchanged", {"way": "mirrored"},
            "You take the distance as i − j. A key n places to the *right* of the query has column κ + n."),
        Misconception("one number for both sides", {"way": "absolute"},
            "You take the absolute value of the distance; left and right have numbers of their own."),
        Misconception("the first query beside the first key", {"way": "from the start"},
            "You count queries and keys from the same place. The last query stands beside the last key, as in "
            "`alibi_bias`.", see="Only the distance: a number for each"),
        Misconception("queries on the other side", {"way": "other side"},
            "With more keys than queries yours move to the left along the keys, with fewer to the right; it is the "
            "other way round. The last query stands beside the last key."),
        Misconception("never more queries", {"way": "no more queries"},
            "Where there are more queries than keys, your first query stands beside the first key. It is the last that "
            "stands beside the last key, and the first ones stand to the left of all keys."),
        Misconception("one column too low", {"way": "one low"},
            "In yours a key beside its query has column κ − 1. It has κ, in the middle."),
        Misconception("one column too high", {"way": "one high"},
            "In yours a key beside its query has column κ + 1. It has κ, in the middle."),
        Misconception("not clipped", {"way": "wraps"},
            "You do not clip: a distance beyond κ comes round to the other end of the row, as negative indices do."),
        Misconception("nothing beyond", {"way": "nothing beyond"},
            "Beyond κ yours is 0. All distances beyond it share the number of κ itself."),
        Misconception("clipped one too early", {"way": "one less"},
            "You clip one place too early: at a distance of exactly κ the outermost number counts."),
        Misconception("distance 0 in column 0", {"way": "from column 0"},
            "In yours the first column belongs to distance 0; it belongs to −κ, and distance 0 is in the middle."),
        Misconception("one head for all", {"way": "one head"}, "All your heads have the numbers of the first."),
        Misconception("taken away", {"way": "minus"}, "Your numbers have the other sign: they are added as they are."),
    ),
)  # fmt: skip


# 7.7 neighbours_to_halves


def right_reordered(weight, heads):
    D = weight.shape[-1] // heads
    order = [h * D + d for h in range(heads) for d in (*range(0, D, 2), *range(1, D, 2))]
    return weight[..., order]


def _reordered(weight, heads, way=None):
    rows, M = weight.shape
    D = M // heads
    pieces = weight.reshape(rows, heads, D // 2, 2)
    if way == "one head":
        pieces = weight.reshape(rows, 1, M // 2, 2)
    if way == "first head":
        pieces = np.broadcast_to(pieces[:, :1], pieces.shape)
    if way == "back":
        return weight.reshape(rows, heads, 2, D // 2).swapaxes(-1, -2).reshape(rows, M)
    if way == "odd first":
        pieces = pieces[..., ::-1]
    if way == "rows":
        return np.concatenate([weight[0::2], weight[1::2]])
    if way == "nothing":
        return weight.copy()
    if way == "reversed":
        return np.concatenate([pieces[..., 0], pieces[..., ::-1, 1]], axis=-1).reshape(rows, M)
    return pieces.swapaxes(-1, -2).reshape(rows, M)


def _weight(rng, plan, drawn):
    """Any number of rows; of each head an even number of columns."""
    low, high = plan.styles.get("weight", (2, 5))
    rows, pairs = int(rng.integers(2, 9)), int(rng.integers(low, high))
    return arg.fine(rng, (rows, plan.sizes["H"] * 2 * pairs))


COUNTED = np.arange(8.0)[None] + np.array([[0.0], [10.0]])
REORDERED = Exercise(
    number="7.7", name="neighbours_to_halves", see="Two pairings", reference=right_reordered, faulty=_reordered,
    arguments={"weight": arg.Made(_weight), "heads": arg.Size("H")}, keeps_type=True,
    returns="the columns of the weight in another order", dtypes=("float32", "float16"),
    stages=(
        Stage("one head", ({"weight": COUNTED, "heads": 1}, {"weight": COUNTED[:, :6], "heads": 1}), sizes={"H": 1},
            styles={"weight": (2, 6)}),
        Stage("two heads", ({"weight": COUNTED, "heads": 2}, {"weight": COUNTED[:1], "heads": 2}), sizes={"H": 2}),
        Stage("several heads", sizes={"H": 5}, styles={"weight": [(2, 5), (5, 9)]}),
        Stage("two features a head", ({"weight": COUNTED, "heads": 4},), sizes={"H": 3}, styles={"weight": (1, 2)}),
        Stage("many heads", sizes={"H": 16}, styles={"weight": (32, 33)}),
    ),
    misconceptions=(
        Misconception("the heads not heeded", {"way": "one head"},
            "You reorder all columns at once, even ones before odd ones. Each head is turned by itself: its columns "
            "stay together."),
        Misconception("the first head again", {"way": "first head"},
            "All your heads have the columns of the first. Those of head h begin at hD."),
        Misconception("the other direction", {"way": "back"},
            "Yours goes from halves to neighbours. A first feature, which stood at 2d, must come to d."),
        Misconception("second features first", {"way": "odd first"},
            "In each head yours has the second features of the pairs first: that turns the other way round."),
        Misconception("rows", {"way": "rows"},
            "You reorder rows. Features of a query come out of the columns: it is `x @ weight`."),
        Misconception("nothing changed", {"way": "nothing"}, "Yours leaves all columns where they are."),
        Misconception("pairs crossed", {"way": "reversed"},
            "In the second half of each head yours has the order turned round: feature d must meet d + D/2."),
    ),
)  # fmt: skip


# 7.8 cached_scores


def _places_of(T, C, way=None):
    """The places of the new queries and of the new keys."""
    new = np.arange(C, C + T)
    return {
        "from 0": (np.arange(T), np.arange(T)), "queries from 0": (np.arange(T), new),
        "keys from 0": (new, np.arange(T)), "one more": (new + 1, new + 1), "one less": (new - 1, new - 1),
        "the last place": (np.full(T, C + T - 1), np.full(T, C + T - 1)), "first place": (np.full(T, C), np.full(T, C)),
    }.get(way, (new, new))  # fmt: skip


def right_cached(queries, keys, kept):
    (T, D), C = queries.shape[-2:], kept.shape[-2]
    angles = np.arange(C, C + T)[:, None] * np.longdouble(BASE) ** (-np.arange(0, D, 2) / np.longdouble(D))
    new = []
    for x in (queries, keys):  # a turn is a product of complex numbers
        pairs = (x[..., 0::2] + 1j * x[..., 1::2]) * np.exp(1j * angles)
        new.append(np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape))
    every = np.concatenate([kept, new[1]], axis=-2)
    return np.einsum("...td,...sd->...ts", new[0], every) / np.sqrt(np.longdouble(D))


def _cached_scores(queries, keys, kept, way=None):
    (T, D), C = queries.shape[-2:], kept.shape[-2]
    speeds = BASE ** (-np.arange(0, D, 2) / D)
    speeds = {"by d": speeds**0.5, "one speed": speeds**0}.get(way, speeds)
    places = _places_of(T, len(kept) if way == "first axis" else C, way)

    def turn(x, at):
        return _turned(x, np.asarray(at)[:, None] * speeds, way == "clockwise", way == "halves")

    new = keys if way == "keys as they are" else turn(keys, places[1])
    old = turn(kept, np.arange(C)) if way == "kept again" else kept
    asked = queries if way in ("nothing turned", "queries as they are") else turn(queries, places[0])
    new = keys if way == "nothing turned" else new
    all_ = np.concatenate([new, old] if way == "new first" else [old, new], axis=-2)
    scores = asked @ np.swapaxes(all_, -1, -2)
    scale = {"no scale": 1, "all keys": all_.shape[-2] ** 0.5, "D": D}.get(way, D**0.5)
    scores = scores / np.asarray(scale, scores.dtype)
    if way == "weights":
        return _softmax(scores)
    if way == "causal":
        return np.where(np.arange(C + T) <= np.arange(T)[:, None] + C, scores, -np.inf)
    return scores[..., C:] if way == "new keys alone" else scores


CACHED_SCORES = Exercise(
    number="7.8", name="cached_scores", see="Only the distance: by turning", reference=right_cached,
    faulty=_cached_scores,
    arguments={"queries": arg.Floats("…TD", arg.fine), "keys": arg.Floats("…TD", arg.fine),
               "kept": arg.Floats("…CD", arg.fine)},
    returns="a score for each new query with each kept key and each new one", dtypes=("float32",),
    nouns={"T": "new words", "C": "kept keys"}, properties=(sign, factor, shift), never_one=("D",),
    stages=(
        Stage("two new words", (
            {"queries": np.array([[1.0, 0.0], [0.5, 2.0]]), "keys": np.array([[1.0, 0.0], [-1.0, 0.5]]),
             "kept": np.array([[0.0, 1.0], [2.0, 1.0], [1.0, -0.5]])},
        ), sizes={"T": 2, "D": 2}),
        Stage("one new word", sizes={"T": 1, "D": 4}),
        Stage("several", sizes={"D": 6}),
        Stage("batches and heads", leading=(1, 2, 3), ones=True, sizes={"D": 4}),
        Stage("nothing kept yet", ({"queries": WORDS[0], "keys": WORDS[1], "kept": np.zeros((0, 2))},), leading=()),
        Stage("many features", sizes={"D": 64, "T": 3}),
        Stage("a long cache", sizes={"C": 300, "T": 2, "D": 8}, types=()),
    ),
    misconceptions=(
        Misconception("places from 0 again", {"way": "from 0"},
            "Your new words begin at place 0. They stand behind what is kept: the first of them at the place that "
            "is the number of kept keys."),
        Misconception("queries from 0", {"way": "queries from 0"},
            "Your new keys have the right places and your queries begin at 0. A query and its own key stand at the "
            "same place."),
        Misconception("keys from 0", {"way": "keys from 0"},
            "Your queries have the right places and your new keys begin at 0. A query and its own key stand at the "
            "same place."),
        Misconception("one place too far", {"way": "one more"},
            "Your new words stand one place too far: the kept ones have the places 0 to C − 1."),
        Misconception("one place too near", {"way": "one less"},
            "Your first new word stands at the place of the last that is kept."),
        Misconception("the length of the first axis", {"way": "first axis"},
            "Your first new word stands at the place `len(kept)`, the length of the first axis. Words lie along the "
            "last axis but one."),
        Misconception("one place for all", {"way": "first place"},
            "All your new words stand at the same place, the first that is free; each has its own."),
        Misconception("the last place for all", {"way": "the last place"},
            "All your new words stand at the same place, the last; each has its own."),
        Misconception("turned twice", {"way": "kept again"},
            "You turn the kept keys once more. They were turned when they were put into the cache."),
        Misconception("nothing turned", {"way": "nothing turned"},
            "You turn nothing. The kept keys were turned, the new words have yet to be."),
        Misconception("queries as they are", {"way": "queries as they are"},
            "You turn the new keys and not the queries; both are turned, each by its own place."),
        Misconception("new keys as they are", {"way": "keys as they are"},
            "You turn the queries and not the new keys. They will be kept too, and are turned by their places."),
        Misconception("the other way round", {"way": "clockwise"},
            "You turn the other way round, or by the places with a minus. The kept keys were turned by (7.12)."),
        Misconception("speeds without the 2", {"way": "by d"},
            "Your speeds are 10,000 to the −d/D. In (7.12) it is −2d/D."),
        Misconception("one speed", {"way": "one speed"},
            "All your pairs turn at the speed 1; each has its own, by (7.12)."),
        Misconception("halves", {"way": "halves"},
            "You pair feature d with d + D/2. The kept keys were turned by neighbours.", see="Two pairings"),
        Misconception("new keys first", {"way": "new first"}, "The kept keys stand first, then the new ones."),
        Misconception("no scale", {"way": "no scale"}, "The scores are divided by √D; yours are not."),
        Misconception("divided by D", {"way": "D"}, "You divide by D; it is √D."),
        Misconception("divided by the root of the keys", {"way": "all keys"},
            "You divide by the root of the number of keys; D is the number of features."),
        Misconception("weights", {"way": "weights"},
            "Yours are the weights, by softmax. The task asks for the scores."),
        Misconception("masked", {"way": "causal"},
            "You hide the future. The task asks for the scores, without a mask."),
        Misconception("the new keys alone", {"way": "new keys alone"},
            "The kept keys are gone from your scores.", breaks_contract=True),
    ),
)  # fmt: skip


# 7.10 distance_scores


def right_distances(queries, keys, rows):
    (T, D), S, reach = queries.shape[-2:], keys.shape[-2], len(rows) // 2
    scores = np.empty((*queries.shape[:-1], S), queries.dtype)
    for i in range(T):
        for j in range(S):
            distance = j - (i + S - T)
            row = rows[reach + max(-reach, min(reach, distance))]
            scores[..., i, j] = (queries[..., i, :] * (keys[..., j, :] + row)).sum(-1)
    return scores / np.sqrt(queries.dtype.type(D))


def _distance_scores(queries, keys, rows, way=None):
    (T, D), S, reach = queries.shape[-2:], keys.shape[-2], len(rows) // 2
    column = _column(T, S, reach, way) - (reach if way == "from row 0" else 0)
    told = rows[column]  # (T, S, D)
    words = queries @ np.swapaxes(keys, -1, -2)
    near = np.einsum("...td,tsd->...ts", queries, told)
    if way == "by the key":
        near = np.einsum("...sd,tsd->...ts", keys, told)
    if way in ("both", "to both"):
        near = near + np.einsum("...sd,tsd->...ts", keys, told)
    if way == "to both":
        near = near + (told**2).sum(-1)
    if way == "a sum":
        near = near * 0 + told.sum(-1)
    if way == "nothing beyond":
        i, j = np.arange(T)[:, None] + S - T, np.arange(S)
        near = np.where(np.abs(j - i) <= reach, near, 0)
    root = np.asarray(D, queries.dtype) ** 0.5
    if way == "scale of words alone":
        return words / root + near
    if way == "scale of rows alone":
        return words + near / root
    whole = {"words alone": words, "places alone": near}.get(way, words + near)
    scores = whole / {"no scale": 1, "D": root**2, "all keys": np.asarray(S, queries.dtype) ** 0.5}.get(way, root)
    return _softmax(scores) if way == "weights" else scores


def _rows(rng, plan, drawn):
    reach = int(rng.integers(*plan.styles.get("rows", (1, 4))))
    return arg.fine(rng, (2 * reach + 1, drawn["queries"].shape[-1]))


DISTANCE_SCORES = Exercise(
    number="7.10", name="distance_scores", see="Only the distance: a number for each", reference=right_distances,
    faulty=_distance_scores,
    arguments={"queries": arg.Floats("…TD", arg.fine), "keys": arg.Floats("…SD", arg.fine),
               "rows": arg.Made(_rows)},
    axes={"result": "…TS"}, returns="a score for each query and key", dtypes=("float32",), properties=(sign, factor),
    stages=(
        Stage("as many keys as queries", (
            {"queries": WORDS[0], "keys": WORDS[1], "rows": np.array([[3.0, 0.5], [0.0, 1.0], [-1.0, 2.0]])},
        ), sizes={"T": 5, "S": 5, "D": 3}),
        Stage("one query", (
            {"queries": np.array([[1.0, 2.0]]), "keys": np.array([[1.0, 0.5], [0.5, 1.0]]),
             "rows": np.array([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]])},
        ), sizes={"T": 1, "S": 4}),
        Stage("a cache", sizes={"T": 2, "S": 7, "D": 3}),
        Stage("batches and heads", leading=(1, 2, 3), ones=True, large=True),
        Stage("more queries than keys", sizes={"T": 6, "S": 2}),
        Stage("one row", ({"queries": WORDS[0], "keys": WORDS[1], "rows": np.array([[0.5, -1.0]])},), leading=(0, 1),
            styles={"rows": (0, 1)}),
        Stage("rows that are never reached", leading=(0,), sizes={"T": 2, "S": 2}, styles={"rows": (5, 8)}),
        Stage("300 places", sizes={"T": 2, "S": 300, "D": 4}, styles={"rows": (20, 40)}),
    ),
    misconceptions=(
        Misconception("left and right exchanged", {"way": "mirrored"},
            "You take the distance as i − j. A key n places to the *right* of the query has row κ + n."),
        Misconception("one row for both sides", {"way": "absolute"},
            "You take the absolute value of the distance; left and right have rows of their own."),
        Misconception("the first query beside the first key", {"way": "from the start"},
            "You count queries and keys from the same place. The last query stands beside the last key."),
        Misconception("queries on the other side", {"way": "other side"},
            "With more keys than queries yours move to the left along the keys, with fewer to the right; it is the "
            "other way round. The last query stands beside the last key."),
        Misconception("never more queries", {"way": "no more queries"},
            "Where there are more queries than keys, your first query stands beside the first key. It is the last that "
            "stands beside the last key, and the first ones stand to the left of all keys."),
        Misconception("one row too low", {"way": "one low"},
            "In yours a key beside its query has row κ − 1. It has κ, in the middle."),
        Misconception("one row too high", {"way": "one high"},
            "In yours a key beside its query has row κ + 1. It has κ, in the middle."),
        Misconception("not clipped", {"way": "wraps"},
            "You do not clip: a distance beyond κ comes round to the other end of the rows, as negative indices do."),
        Misconception("nothing beyond", {"way": "nothing beyond"},
            "Beyond κ yours adds nothing. All distances beyond it share the row of κ itself."),
        Misconception("clipped one too early", {"way": "one less"},
            "You clip one place too early: at a distance of exactly κ the outermost row counts."),
        Misconception("by the key", {"way": "by the key"},
            "You multiply the rows by the key. They are added to it: it is the query that meets both."),
        Misconception("by the query and by the key", {"way": "both"},
            "You multiply the row by the query and by the key. It is added to the key, and the query meets both."),
        Misconception("the row added to both", {"way": "to both"},
            "You add the row to the query too. It is added to the key alone."),
        Misconception("the sum of a row", {"way": "a sum"},
            "You add up the features of the row. It is multiplied by the query, as the key is."),
        Misconception("only the words divided", {"way": "scale of words alone"},
            "You divide by √D before the rows are added. Both terms are divided."),
        Misconception("only the rows divided", {"way": "scale of rows alone"},
            "You divide by √D what comes of the rows, and not the product of query and key. Both terms are divided."),
        Misconception("the words alone", {"way": "words alone"}, "The rows make no difference in yours."),
        Misconception("the rows alone", {"way": "places alone"}, "The keys make no difference in yours."),
        Misconception("no scale", {"way": "no scale"}, "The scores are divided by √D; yours are not."),
        Misconception("divided by D", {"way": "D"}, "You divide by D; it is √D."),
        Misconception("divided by the root of the keys", {"way": "all keys"},
            "You divide by the root of the number of keys; D is the number of features."),
        Misconception("weights", {"way": "weights"},
            "Yours are the weights, by softmax. The task asks for the scores."),
        Misconception("distance 0 in row 0", {"way": "from row 0"},
            "In yours the first row belongs to distance 0; it belongs to −κ, and distance 0 is in the middle."),
    ),
)  # fmt: skip

EXERCISES = (
    TURNS_BY_HAND,
    SHIFT_MATRIX,
    ADD_POSITIONS,
    ALIBI_SLOPES,
    CLIPPED_BIAS,
    REORDERED,
    CACHED_SCORES,
    DISTANCE_SCORES,
)
