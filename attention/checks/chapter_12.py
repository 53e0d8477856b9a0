"""12 Attention over feature maps."""

import numpy as np

from attention.checks import arguments as arg
from attention.checks.exercise import Exercise, Misconception, Stage
from attention.checks.trial import Fault
from attention.checks.words import number

NARROW = ("float32",)
MAP = {"h": "rows", "w": "columns", "N": "channels"}

# Sections of the chapter
POOLING = "A look: additive attention over places"
PLACES = "What a place can see"
POINTING = "Does it look there? Pointing"
ERASING = "Does it matter? Erasure"
CHANNELS = "Attention without a query: gates"
NORMALISATION = "Layers that keep their scale: batch normalisation"


def softmax(scores, axis=-1):
    exponentials = np.exp(scores - scores.max(axis, keepdims=True))
    return exponentials / exponentials.sum(axis, keepdims=True)


# 12.1 pool_by_queries


def right_pool(features, queries, key_weight, score_weight):
    hidden = np.tanh(queries[:, None, None, :] + (features @ key_weight)[..., None, :, :, :])  # (…, T, h, w, A)
    maps = softmax(np.einsum("...a,a->...", hidden, score_weight), (-2, -1))
    return np.einsum("...thw,...hwn->...tn", maps, features), maps


def _pool(
    features, queries, key_weight, score_weight, over="places", bend="tanh", join="sum", read="score_weight",
    value="features", order="rows", peak="own", share=1, scale=None, asked="all",
):  # fmt: skip
    h, w, N = features.shape[-3:]
    x = features.reshape(*features.shape[:-3], h * w, N)  # (…, S, N)
    q, k = queries[:, None, :], (x @ key_weight)[..., None, :, :]
    q = q[:1] + 0 * q if asked == "first" else q
    met = {"sum": lambda: q + k, "product": lambda: q * k}[join]()
    hidden = {"tanh": lambda: np.tanh(met), "none": lambda: met, "each": lambda: np.tanh(q) + np.tanh(k),
              "relu": lambda: np.maximum(met, 0)}[bend]()  # fmt: skip
    scores = hidden @ score_weight if read == "score_weight" else hidden.sum(-1)  # (…, T, S)
    scores = scores / np.sqrt(hidden.shape[-1]) if scale else scores
    grid = scores.reshape(*scores.shape[:-1], h, w)
    axes = {"places": (-2, -1), "row": -1, "column": -2, "queries": -3, "batch": None}[over]
    top = {"own": lambda: grid.max(axes, keepdims=True), "none": lambda: 0.0, "all": grid.max}[peak]()
    made = np.exp(grid - top)
    maps = made / made.sum(axes, keepdims=True) / (h * w if share == "mean" else 1)
    flat = maps.reshape(scores.shape)
    if order == "columns":
        maps = np.swapaxes(flat.reshape(*scores.shape[:-1], w, h), -1, -2)
    return flat @ (x if value == "features" else x @ key_weight), maps


def _some_far(rng, shape):
    """Numbers of which about every third is beyond all limits of exp."""
    values, far = arg.normal(rng, shape), rng.random(shape) < 0.3
    far[..., -1] = False
    return np.where(far, rng.choice([-1, 1], shape) * rng.integers(300, 1200, shape), values)


POOL_BY_QUERIES = Exercise(
    number="12.1", name="pool_by_queries", see=POOLING, reference=right_pool, faulty=_pool, dtypes=NARROW,
    frameworks=("numpy", "tensorflow", "pytorch"), outputs=("contexts", "maps"),
    axes={"contexts": "…TN", "maps": "…Thw"}, nouns=MAP,
    arguments={
        "features": arg.Floats("…hwN", arg.fine), "queries": arg.Floats("TA", arg.fine),
        "key_weight": arg.Floats("NA", arg.spread(0.6)), "score_weight": arg.Floats("A", arg.spread(2.0)),
    },
    stages=(
        Stage("plain", leading=(0,), sizes={"h": 2, "w": 3, "N": 2, "T": 2, "A": 3}),
        Stage("other sizes", leading=(0, 0), ones=True),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("one place", leading=(0, 1), sizes={"h": 1, "w": 1}, types=(), tolerance=1e-12),
        Stage("large maps", leading=(0,), sizes={"h": 31, "w": 20, "N": 3, "T": 2, "A": 4}, gradient=False),
        Stage("extreme scores", leading=(0, 1), types=(), tolerance=1e-9, gradient=False,
            styles={"key_weight": arg.one_unit_without_keys, "score_weight": arg.read_a_thousandfold}),
        Stage("extreme scores in float32", leading=(0, 1), types=(), tolerance=5e-3, gradient=False, styles={
            "features": arg.held("float32", arg.normal), "queries": arg.held("float32", arg.normal),
            "key_weight": arg.held("float32", arg.one_unit_without_keys),
            "score_weight": arg.held("float32", arg.read_a_thousandfold)}),
        Stage("scores far apart", leading=(0, 1), types=(), tolerance=1e-9, gradient=False,
            styles={"score_weight": arg.spread(2000.0)}),
        Stage("ties and zeros", leading=(0, 1), types=(), tolerance=1e-12, styles={
            "features": [arg.tied, arg.nothing], "queries": [arg.tied, arg.nothing], "score_weight": arg.tied}),
        Stage("sure maps", leading=(0, 1, 2), styles={"score_weight": arg.spread(15.0)}, types=(), tolerance=1e-11),
        Stage("small weights", leading=(0, 1), styles={"score_weight": arg.spread(15.0),
            "features": arg.upstream}, types=("float32",)),
        Stage("saturated units", leading=(0, 1), styles={"queries": _some_far, "score_weight": arg.spread(2.0)},
            types=("float32",)),
        Stage("features of all sizes", leading=(0, 1), styles={"features": arg.sizes}, types=("float32",),
            gradient=False),
    ),
    misconceptions=(
        Misconception("softmax along a row of the map", {"over": "row"},
            "Your weights sum to one in each row of the map. All places of it compete: they sum to one over both "
            "axes."),
        Misconception("softmax along a column of the map", {"over": "column"},
            "Your weights sum to one in each column of the map. All places of it compete: they sum to one over both "
            "axes."),
        Misconception("softmax over the queries", {"over": "queries"},
            "In yours the queries compete for each place. Each query has weights of its own, which sum to one over the "
            "places."),
        Misconception("softmax over the whole batch", {"over": "batch"},
            "In yours all maps and all queries share one sum. Each query has weights of its own in each picture."),
        Misconception("no tanh", {"bend": "none"},
            "The tanh is missing. Without it the query adds the same number to all scores, and softmax does not see "
            "it."),
        Misconception("relu for tanh", {"bend": "relu"}, "You take the relu of the hidden units; it is a tanh."),
        Misconception("the queries make no difference", {"bend": "each"},
            "Every query of yours sees the same. They are added to the keys, inside the tanh; outside they add the "
            "same to all scores, and softmax does not see it."),
        Misconception("query times key", {"join": "product"},
            "You multiply query and key. In an additive score they are added."),
        Misconception("the first query for all", {"asked": "first"},
            "All of your maps are those of the first query. Each query has one of its own."),
        Misconception("the hidden units summed", {"read": "none"},
            "You add up the hidden units. Each is multiplied by its number of `score_weight` first."),
        Misconception("a scale", {"scale": True},
            "You divide the scores by a root. Additive scores have none: `score_weight` can learn any size."),
        Misconception("places numbered column by column", {"order": "columns"},
            "Your contexts are right, and your maps show the weights at other places: they were put back column by "
            "column. Places are numbered row by row."),
        Misconception("a mean of weighted places", {"share": "mean"},
            "You divide once more by the number of places. The weights sum to one already."),
        Misconception("exp overflows", {"peak": "none"},
            "exp of a large score is infinite, and of a very low one 0: the quotient is NaN. Take the largest score of "
            "the map away first."),
        Misconception("one maximum for all", {"peak": "all"},
            "You take away the largest score of all maps. In one far below it every exponential rounds to 0. Each "
            "query has its own maximum in each picture."),
        Misconception("keys averaged", {"value": "keys"},
            "You averaged what `key_weight` makes of the features. The features themselves are the values.",
            breaks_contract=True),
    ),
)  # fmt: skip


# 12.2 heat_map


def right_heat_map(weights, shape, size, stride):
    rows, columns = (
        np.abs(np.arange(n)[:, None] - stride * np.arange(places)).argmin(1)  # the first of two that are as near
        for n, places in zip(size, shape, strict=True)
    )
    return weights.reshape(*weights.shape[:-1], *shape)[..., rows[:, None], columns]


def _heat_map(
    weights, shape, size, stride, order="rows", near="nearest", flip=None, level=None, end="last", even=None
):  # fmt: skip
    (h, w), (H, W) = shape, size
    if order == "columns":
        maps = np.swapaxes(weights.reshape(*weights.shape[:-1], w, h), -1, -2)
    elif order == "all axes":
        maps = weights.reshape(*weights.shape[:-1], w, h).T
    elif order == "exchanged":
        maps = weights.reshape(*weights.shape[:-1], w, h)
    else:
        maps = weights.reshape(*weights.shape[:-1], h, w)
    place = {
        "nearest": lambda r: (r + (stride - 1) // 2) // stride, "begin": lambda r: r // stride,
        "second": lambda r: (r + stride // 2) // stride, "even": lambda r: np.round(r / stride).astype(int),
        "next": lambda r: -(-r // stride),
    }[near]  # fmt: skip

    def along(n, places):
        found = np.arange(n) * places // n if even == "shared" else place(np.arange(n))
        if end == "wraps":
            return found % places
        return found if end == "beyond" else np.minimum(found, places - 1)

    rows, columns = along(H, maps.shape[-2]), along(W, maps.shape[-1])
    if even == "between":
        r, c = np.arange(H) / stride, np.arange(W) / stride
        r0, c0 = (np.minimum(np.floor(a).astype(int), n - 1) for a, n in ((r, h), (c, w)))
        r1, c1 = np.minimum(r0 + 1, h - 1), np.minimum(c0 + 1, w - 1)
        fr, fc = (r - r0)[:, None], c - c0
        above = maps[..., r0[:, None], c0] * (1 - fc) + maps[..., r0[:, None], c1] * fc
        below = maps[..., r1[:, None], c0] * (1 - fc) + maps[..., r1[:, None], c1] * fc
        return above * (1 - fr) + below * fr
    shown = maps[..., rows[:, None], columns]
    if flip:
        shown = shown[..., ::-1, :]
    if level == "largest":
        shown = shown / np.abs(shown).max((-2, -1), keepdims=True)
    return shown / stride**2 if level == "shared out" else shown


def _numbered(rng, plan, drawn):
    """A number for each place of the map, row by row: (…, S)."""
    style = plan.styles.get("weights", arg.fine)
    return style(rng, (*plan.leading, plan.sizes["h"] * plan.sizes["w"]))


def _shape(rng, plan, drawn):
    return (plan.sizes["h"], plan.sizes["w"])


def _size_for(rng, plan, drawn):
    """A picture that a network with this stride turns into a map of this shape."""
    stride = plan.styles.get("stride", 4)
    some = {"smallest": (1, 1), "largest": (stride, stride)}.get(plan.styles.get("size"))
    left = some or rng.integers(1, stride + 1, 2)
    return tuple(int((n - 1) * stride + more) for n, more in zip(drawn["shape"], left, strict=True))


def _stride(rng, plan, drawn):
    return plan.styles.get("stride", 4)


SIX = np.array([0.1, 0.2, 0.05, 0.3, 0.25, 0.1])
HEAT_MAP = Exercise(
    number="12.2", name="heat_map", see=PLACES, reference=right_heat_map, faulty=_heat_map, keeps_type=True,
    arguments={"weights": arg.Made(_numbered), "shape": arg.Made(_shape, "hw"), "size": arg.Made(_size_for),
               "stride": arg.Made(_stride)},
    returns="one number for each pixel", dtypes=("float32", "float16"),
    stages=(
        Stage("one number a pixel", ({"weights": SIX, "shape": (2, 3), "size": (2, 3), "stride": 1},), leading=(0, 1),
            styles={"stride": 1}, sizes={"h": 3, "w": 5}),
        Stage("stride 3", ({"weights": SIX, "shape": (2, 3), "size": (5, 8), "stride": 3},), leading=(0, 0),
            styles={"stride": 3, "size": [None, "smallest", "largest"]}),
        Stage("stride 4", leading=(0, 0), ones=True, styles={"size": [None, "smallest", "largest"]}),
        Stage("other strides", leading=(0, 0), styles={"stride": [2, 5, 6, 7, 8, 16, 27, 101]}),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, styles={"stride": [3, 4]}),
        Stage("one place", leading=(0, 1), sizes={"h": 1, "w": 1}, styles={"stride": [1, 4]}),
        Stage("weights of all sizes", leading=(0, 1), styles={"weights": [arg.sizes, arg.small], "stride": [2, 5]},
            types=()),
        Stage("large maps", leading=(0,), sizes={"h": 43, "w": 30}, styles={"stride": [2, 4, 5]},
            types=()),
        Stage("very high maps", leading=(0,), sizes={"h": 1100, "w": 2}, styles={"stride": [2, 3]}),
        Stage("very wide maps", leading=(0,), sizes={"h": 2, "w": 1100}, styles={"stride": [2, 3]}),
        Stage("wide maps", leading=(0, 1), sizes={"h": 2, "w": 8}, styles={"stride": [3, 4]}),
        Stage("square maps", leading=(0, 1), sizes={"h": 3, "w": 3}, styles={"weights": [arg.fine, arg.nothing]}),
    ),
    misconceptions=(
        Misconception("places numbered column by column", {"order": "columns"},
            "You read the weights into the map column by column. Places are numbered row by row: place 1 stands to the "
            "right of place 0."),
        Misconception("a picture turned", {"order": "exchanged"},
            "Your map has as many rows as there should be columns. `shape` is (rows, columns)."),
        Misconception("all axes turned", {"order": "all axes"},
            "`.T` turns all axes round, those of the batch too. And places are numbered row by row: nothing has to be "
            "turned."),
        Misconception("blocks that begin at the centre", {"near": "begin"},
            "You paint the pixels from one centre to the next. A pixel belongs to the *nearest* centre: the blocks lie "
            "around their centres, half a stride further up and to the left."),
        Misconception("blocks that end at the centre", {"near": "next"},
            "You paint the pixels up to the centre, from the one before. A pixel belongs to the *nearest* centre."),
        Misconception("the second of two that are as near", {"near": "second"},
            "A pixel in the middle of two centres gets the second in yours. It belongs to the first, above or to the "
            "left."),
        Misconception("halves to the even number", {"near": "even"},
            "You round, and NumPy rounds a half to the even number: now up, now down. A pixel in the middle of two "
            "centres belongs to the first."),
        Misconception("upside down", {"flip": True}, "Your map stands on its head. Row 0 of the picture is the top."),
        Misconception("the picture shared out evenly", {"even": "shared"},
            "You divide the picture evenly among the places. The centre of place i lies at pixel i · stride, wherever "
            "the picture ends."),
        Misconception("numbers between the places", {"even": "between"},
            "You fill in numbers between two places. Each pixel shows the weight of one place."),
        Misconception("divided by the largest", {"level": "largest"},
            "You divide by the largest weight. That is for the colours; wanted are the weights."),
        Misconception("shared among the pixels", {"level": "shared out"},
            "You share each weight out among its pixels. Each of them shows the whole of it."),
        Misconception("round to the other side", {"end": "wraps"},
            "Behind the last centre you begin with the first place again. Those pixels belong to the last."),
        Misconception("a place too many", {"end": "beyond"},
            "Behind the last centre you look for one more place. Those pixels belong to the last.",
            breaks_contract=True),
    ),
)  # fmt: skip


# 12.3 coordinates_by_hand


def _coordinates(
    padding="own", spacing="product", steps="in pixels", pool="half", corner=None, round_to="nearest", count="right",
    counted_from=0,
):  # fmt: skip
    layers = [(7, 2, 2), (2, 2, 0), (3, 1, 0)]
    centre, stride, places = 0.0, 1, 61
    for kernel, step, pad in layers:
        pad = {"own": pad, "none": 0, "half": (kernel - 1) / 2}[padding]
        half = 0 if corner or (pool == "none" and kernel == 2) else (kernel - 1) / 2
        centre += (half - pad) * (stride if steps == "in pixels" else 1)
        stride *= step
    for kernel, step, pad in layers:
        places = {
            "right": (places + 2 * pad - kernel) // step + 1, "padded": -(-places // step), "divided": places // step,
            "no padding": (places - kernel) // step + 1, "one short": (places + 2 * pad - kernel) // step,
        }[count]  # fmt: skip
    stride = 5 if spacing == "sum" else stride
    near = (45 - centre) / stride
    near = {"nearest": np.floor(near + 0.5), "down": np.floor(near), "none": 45 // stride}[round_to]
    return np.array([stride, centre, centre + stride * (5 - counted_from), places, near])


COORDINATES_BY_HAND = Exercise(
    number="12.3", name="coordinates_by_hand", see=PLACES, kind="value", reference=_coordinates,
    faulty=_coordinates, returns="the distance, two centres, how many places, and one place",
    stages=(Stage("by hand", ({},), tolerance=1e-3),),
    misconceptions=(
        Misconception("padding of half a kernel", {"padding": "half"},
            "You put the centre of place 0 at pixel 0. That holds where every layer is padded by half of its kernel; "
            "these are not."),
        Misconception("the padding left out", {"padding": "none"},
            "Your first window begins at pixel 0. With padding it begins that many pixels before the picture."),
        Misconception("steps of one pixel", {"steps": "own"},
            "You count the half kernels of all layers in pixels. In a layer above, neighbours lie as far apart as the "
            "strides below it say."),
        Misconception("the pooling left out", {"pool": "none"},
            "The centre of a window of two lies between the two: half a step further on."),
        Misconception("the corner for the centre", {"corner": True},
            "You followed the first pixel of the windows. Asked for is their middle."),
        Misconception("strides added", {"spacing": "sum"},
            "You added the strides. One step of the last layer is two steps of the layer below, and each of these two "
            "of the one below it: they multiply."),
        Misconception("places counted from 1", {"counted_from": 1},
            "Your place 5 is the fifth. Places are counted from 0."),
        Misconception("rounded down", {"round_to": "down"},
            "Your last place is the one whose centre comes before the pixel. Asked for is the nearest."),
        Misconception("the first centre forgotten", {"round_to": "none"},
            "Your last place is the pixel divided by the distance. Take the centre of place 0 away first."),
        Misconception("a map as large as it could be", {"count": "padded"},
            "You counted the places as if every layer were padded so far that none is lost at the edges."),
        Misconception("a map without edges", {"count": "divided"},
            "You divided by the strides. At the edge a window must fit in: that costs places."),
        Misconception("places without the padding", {"count": "no padding"},
            "You counted too few places. The padding of the first layer lies before the picture and behind it."),
        Misconception("one place short", {"count": "one short"},
            "You counted the steps of the window. There is one place more than there are steps."),
    ),
)  # fmt: skip


# 12.4 pixels_seen


def right_seen(layers, size, place):
    sees = np.eye(size, dtype=bool)  # row i: what place i sees
    for kernel, stride, padding, dilation in layers:
        padded = np.zeros((len(sees) + 2 * padding, size), dtype=bool)
        padded[padding : padding + len(sees)] = sees
        reach = dilation * (kernel - 1) + 1
        starts = range(0, len(padded) - reach + 1, stride)
        sees = np.array([padded[start : start + reach : dilation].any(0) for start in starts])
    return sees[place]


def _seen(
    layers, size, place, order="down", pad="own", step="own", gaps="own", taps=0, edge="each", whole=None,
    negative="gone",
):  # fmt: skip
    size, place, lengths = int(size), int(place), [int(size)]
    for kernel, stride, padding, dilation in layers:
        lengths.append((lengths[-1] + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
    places, found = {place}, np.zeros(size, dtype=bool)
    downwards = list(zip(layers, lengths, strict=False))
    for (kernel, stride, padding, dilation), length in downwards if order == "up" else downwards[::-1]:
        padding = {"own": padding, "none": 0, "half": (kernel - 1) // 2 * dilation}[pad]
        stride = stride if step == "own" else 1
        dilation = dilation if gaps == "own" else 1
        near = {i * stride - padding + dilation * t for i in places for t in range(kernel + taps)}
        if negative == "wraps":
            near = {n + length if -length <= n < 0 else n for n in near}
        if edge == "low":
            places = {n for n in near if n >= 0}
        else:
            places = {n for n in near if 0 <= n < length} if edge == "each" else near
    inside = [n for n in places if 0 <= n < size]
    if whole and inside:
        inside = range(min(inside), max(inside) + 1)
    found[list(inside)] = True
    return found


def _stack(rng, plan, drawn):
    """Layers (kernel, stride, padding, dilation), from the picture upwards. A style draws one of the numbers."""
    style = plan.styles.get("layers", plain_layer)
    count = plan.styles.get("count", (1, 4))
    return [tuple(int(n) for n in style(rng)) for _ in range(rng.integers(*count))]


def plain_layer(rng):
    """An odd kernel, padded by half of it."""
    kernel = rng.choice([1, 3, 5])
    return kernel, rng.integers(1, 3), kernel // 2, 1


def uneven_layer(rng):
    """Any kernel and any padding below it."""
    kernel = rng.integers(1, 6)
    return kernel, rng.integers(1, 4), rng.integers(0, kernel), 1


def dilated_layer(rng):
    """Any kernel, with holes."""
    kernel, dilation = rng.integers(2, 5), rng.integers(1, 4)
    return kernel, rng.integers(1, 3), rng.integers(0, dilation * (kernel - 1) + 1), dilation


def skipping_layer(rng):
    """Strides larger than the kernel: pixels that no place sees."""
    kernel = rng.integers(1, 3)
    return kernel, kernel + rng.integers(1, 3), rng.integers(0, 2), 1


def padded_layer(rng):
    """Padding beyond the kernel: places at the edge that see nothing but padding."""
    kernel, dilation = rng.integers(1, 4), rng.integers(1, 3)
    reach = dilation * (kernel - 1) + 1
    return kernel, rng.integers(1, 3), rng.integers(reach, reach + 3), dilation


def _length(layers, size):
    for kernel, stride, padding, dilation in layers:
        size = (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
        if size < 1:
            return 0
    return size


def _pixels_for(rng, plan, drawn):
    """A size of the picture for which every layer has at least one place."""
    low, high = plan.styles.get("size", (8, 24))
    size = int(rng.integers(low, high))
    while _length(drawn["layers"], size) < 1:
        size += 1
    return size


def _a_place(rng, plan, drawn):
    places = _length(drawn["layers"], drawn["size"])
    return {"first": 0, "last": places - 1}.get(plan.styles.get("place"), int(rng.integers(places)))


def which_pixels(trial, expected, got):
    """What is seen too much and too little, in the words of the exercise."""
    if got.dtype.kind != "b" or got.shape != expected.shape:
        return None
    parts = [(got & ~expected, "marked, and not seen"), (expected & ~got, "seen, and not marked")]
    said = [
        f"{_listed(np.flatnonzero(bad))} {'is' if bad.sum() == 1 else 'are'} {what}" for bad, what in parts if bad.any()
    ]
    return Fault("the pixels", f"{'; '.join(said)}.")


def _listed(places):
    some = ", ".join(map(str, places[:6])) + (" …" if len(places) > 6 else "")
    return f"{'Pixel' if len(places) == 1 else 'Pixels'} {some}"


ENDS = ["first", "last", "any"]
PIXELS_SEEN = Exercise(
    number="12.4", name="pixels_seen", see=PLACES, reference=right_seen, faulty=_seen, dtypes=(),
    arguments={"layers": arg.Made(_stack), "size": arg.Made(_pixels_for), "place": arg.Made(_a_place)},
    returns="one of True and False for each pixel", properties=(which_pixels,),
    stages=(
        Stage("one layer", ({"layers": [(3, 2, 1, 1)], "size": 8, "place": 1},
            {"layers": [(3, 1, 1, 1)], "size": 5, "place": 2}), leading=(0, 0), styles={"count": (1, 2),
            "place": ENDS}),
        Stage("several layers", ({"layers": [(2, 2, 0, 2), (2, 1, 1, 2)], "size": 5, "place": 1},
            {"layers": [(3, 1, 1, 1), (1, 1, 1, 1)], "size": 5, "place": 0}), leading=(0, 0, 0),
            styles={"place": ENDS}),
        Stage("other kernels and paddings", leading=(0,) * 6, styles={"layers": uneven_layer, "place": ENDS}),
        Stage("kernels with holes", ({"layers": [(3, 1, 0, 2)], "size": 7, "place": 1},), leading=(0,) * 6,
            styles={"layers": dilated_layer, "place": ENDS}),
        Stage("strides that skip pixels", leading=(0,) * 4, styles={"layers": skipping_layer, "place": ENDS}),
        Stage("at the edges", ({"layers": [(3, 1, 0, 1), (2, 1, 1, 1)], "size": 6, "place": 0},
            {"layers": [(1, 1, 2, 1)], "size": 3, "place": 0}), leading=(0,) * 6, styles={"layers": [padded_layer,
            dilated_layer], "place": ENDS, "size": (1, 6)}),
        Stage("no layer", ({"layers": [], "size": 4, "place": 2}, {"layers": [], "size": 1, "place": 0}), leading=()),
        Stage("many layers", leading=(0, 0), styles={"layers": [plain_layer, uneven_layer, dilated_layer],
            "count": (5, 8), "size": (150, 400)}),
        Stage("wide kernels", ({"layers": [(256, 1, 0, 1)] * 2, "size": 520, "place": 4},
            {"layers": [(64, 1, 32, 1)] * 3, "size": 200, "place": 100},
            {"layers": [(101, 1, 50, 1)] * 24, "size": 1, "place": 0}), leading=()),
    ),
    misconceptions=(
        Misconception("from the picture upwards", {"order": "up"},
            "You go back through the layers beginning with the lowest. The place is one of the last layer's: begin "
            "with that."),
        Misconception("the padding left out", {"pad": "none"},
            "In yours the first window begins at the first number. With padding it begins that many places before."),
        Misconception("padding of half a kernel", {"pad": "half"},
            "You take half of the kernel for the padding. Each layer says its own."),
        Misconception("the stride left out", {"step": "one"},
            "You move the window by one from place to place. It moves by the stride."),
        Misconception("the holes left out", {"gaps": "none"},
            "Your kernels have no holes. With a dilation of 2 a kernel sees every second number."),
        Misconception("everything from the first to the last", {"whole": True},
            "You mark all pixels from the first that is seen to the last. With holes, or large strides, some between "
            "them are not seen."),
        Misconception("the padding between the layers", {"edge": "none"},
            "You follow the padding of a layer down into the picture. It is zeros, which come from no pixel: what lies "
            "outside a layer's map sees nothing."),
        Misconception("the padding behind the last place", {"edge": "low"},
            "You leave out what lies before the first place of a layer, and not what lies behind its last."),
        Misconception("one number too many", {"taps": 1},
            "Your windows are one number too wide: they begin at their first and have as many as the kernel."),
        Misconception("one number too few", {"taps": -1},
            "Your windows are one number too narrow: they begin at their first and have as many as the kernel."),
        Misconception("negative places", {"negative": "wraps"},
            "A negative number counts from the end in Python. A window that begins before the map sees padding there, "
            "and not the other edge."),
    ),
)  # fmt: skip


# 12.5 pointed_at


def right_pointed_at(weights, boxes, first, stride):
    place = weights.reshape(*weights.shape[:-2], -1).argmax(-1)[..., None]
    row, column = first + stride * (place // weights.shape[-1]), first + stride * (place % weights.shape[-1])
    inside = (boxes[..., 0] <= row) & (row < boxes[..., 2]) & (boxes[..., 1] <= column) & (column < boxes[..., 3])
    return np.where(inside.any(-1), inside.argmax(-1), -1)


def _pointed_at(
    weights, boxes, first, stride, edges="half open", box="corners", ties="first", pick="heaviest", several="first",
    nothing="minus one", begin="first", places="pixels", numbered="rows", turned=None, cut=None,
):  # fmt: skip
    h, w = weights.shape[-2:]
    flat = weights.reshape(*weights.shape[:-2], h * w)
    if ties == "last":
        place = h * w - 1 - flat[..., ::-1].argmax(-1)
    elif ties == "columns":
        order = np.swapaxes(weights, -1, -2).reshape(*weights.shape[:-2], h * w).argmax(-1)
        place = order % h * w + order // h
    else:
        place = flat.argmin(-1) if pick == "lightest" else flat.argmax(-1)
    i, j = (place % h, place // h) if numbered == "columns" else (place // w, place % w)
    if numbered == "divided by rows":
        i, j = place // h, place % h
    if pick == "mean":
        total = flat.sum(-1) + (flat.sum(-1) == 0)
        i = (flat * np.repeat(np.arange(h), w)).sum(-1) / total
        j = (flat * np.tile(np.arange(w), h)).sum(-1) / total
    offset = {"first": first, "none": 0, "half": first + stride / 2}[begin]
    row, column = (offset + stride * i, offset + stride * j) if places == "pixels" else (i, j)
    row, column = (column, row) if turned else (row, column)
    row, column = (np.trunc(row), np.trunc(column)) if cut else (row, column)
    row, column = np.asarray(row)[..., None], np.asarray(column)[..., None]
    top, left, bottom, right = (boxes[..., k] for k in range(4))
    if box == "sizes":
        bottom, right = top + bottom, left + right
    below = {"half open": np.less, "closed": np.less_equal, "open": np.less}[edges]
    above = np.less if edges == "open" else np.less_equal
    inside = above(top, row) & below(row, bottom) & above(left, column) & below(column, right)
    K = boxes.shape[-2]
    found = K - 1 - inside[..., ::-1].argmax(-1) if several == "last" else inside.argmax(-1)
    if several == "any":
        return np.where(inside.any(-1), 0, -1)
    return np.where(inside.any(-1), found, {"minus one": -1, "zero": 0, "count": K}[nothing])


def where_the_centre_lies(trial, expected, got):
    """The heaviest place of the first map that got a wrong box, and its centre."""
    at = tuple(np.argwhere(trial.bad)[0])
    first, stride, own = trial.inputs["first"], trial.inputs["stride"], trial.inputs["weights"][at]
    i, j = map(int, np.unravel_index(own.argmax(), own.shape))
    which = f" of map {list(map(int, at))}" if at else ""
    return Fault(
        "the box",
        f"The heaviest place{which} is in row {i}, column {j} of the map, and its centre at "
        f"({number(first + stride * i, 6)}, {number(first + stride * j, 6)}).",
    )


def _first_centre(rng, plan, drawn):
    style = plan.styles.get("first", [0])
    return float(rng.choice(style)) if isinstance(style[0], float) else int(rng.choice(style))


def _step(rng, plan, drawn):
    return int(plan.styles.get("stride", 4))


def _boxes(rng, plan, drawn):
    """Boxes (…, K, 4) with edges on the centres and around them; some lie where no digit is: −1, −1, −1, −1."""
    weights, first, stride = drawn["weights"], plan.styles.get("first", [0]), int(plan.styles.get("stride", 4))
    K = int(plan.styles.get("count", rng.integers(1, 5)))
    h, w = weights.shape[-2:]
    place = weights.reshape(*plan.leading, h * w).argmax(-1)
    made = np.zeros((*plan.leading, K, 4), np.int64)
    for at in np.ndindex(*plan.leading, K):
        own = place[at[:-1]]
        about = own if rng.random() < 0.65 else rng.integers(h * w)
        row, column = (float(np.mean(first)) + stride * n for n in divmod(int(about), w))
        before = rng.integers(-1, 2 * stride, 2)
        after = rng.integers(0, 2 * stride, 2)
        on = rng.random(2) < 0.25  # an edge that lies on the centre, or the first pixel outside
        before, after = np.where(on, 0, before), np.where(~on & (rng.random(2) < 0.25), 0, after)
        top, left = int(np.ceil(row)) - before[0], int(np.ceil(column)) - before[1]
        bottom, right = max(int(np.ceil(row)) + after[0], top + 1), max(int(np.ceil(column)) + after[1], left + 1)
        made[at] = np.maximum((top, left, bottom, right), (0, 0, 1, 1)) if rng.random() > 0.1 else -1
    return made


def _nearly_tied(rng, shape):
    """Weights that differ in the twelfth digit."""
    size = int(np.prod(shape[-2:]))
    return 0.1 + 1e-12 * rng.permuted(np.broadcast_to(np.arange(size), (*shape[:-2], size)), axis=-1).reshape(shape)


def _positive(rng, shape):
    """Weights that sum to one over both axes."""
    size = int(np.prod(shape[-2:]))
    return rng.dirichlet(np.full(size, 0.5), shape[:-2]).reshape(shape)


def _peaks(rng, shape):
    """Whole numbers, of which the largest occurs more than once."""
    return rng.integers(0, 3, shape).astype(np.float64)


def _no_weight(rng, shape):
    """Zeros of either sign."""
    return np.where(rng.random(shape) < 0.5, -0.0, 0.0)


def _tiny(rng, shape):
    """Far below all that could be added to 1."""
    return 1e-200 * _positive(rng, shape)


def _huge(rng, shape):
    """Weights whose sum no type holds."""
    return np.round(rng.uniform(0.6, 0.9, shape), 6) * float(np.finfo(np.float64).max)


def _thousands(rng, shape):
    """Weights whose sum float16 does not hold."""
    return 32.0 * rng.integers(1000, 2000, shape)


TWO_BY_THREE = np.array([[0.1, 0.1, 0.2], [0.1, 0.4, 0.1]])
POINTED_AT = Exercise(
    number="12.5", name="pointed_at", see=POINTING, reference=right_pointed_at, faulty=_pointed_at,
    arguments={"weights": arg.Floats("…hw", _positive), "boxes": arg.Made(_boxes), "first": arg.Made(_first_centre),
               "stride": arg.Made(_step)},
    axes={"result": "…"}, returns="the number of a box for each map", dtypes=("float32", "float16"),
    properties=(where_the_centre_lies,),
    stages=(
        Stage("plain", (
            {"weights": TWO_BY_THREE, "boxes": np.array([[0, 0, 4, 8], [3, 2, 9, 7]]), "first": 0, "stride": 4},
            {"weights": TWO_BY_THREE, "boxes": np.array([[0, 0, 4, 4], [5, 2, 9, 7]]), "first": 0, "stride": 4},
        ), leading=(0,) * 8, ones=True),
        Stage("edges", (
            {"weights": TWO_BY_THREE, "boxes": np.array([[4, 4, 8, 8]]), "first": 0, "stride": 4},
            {"weights": TWO_BY_THREE, "boxes": np.array([[0, 0, 4, 8]]), "first": 0, "stride": 4},
            {"weights": TWO_BY_THREE, "boxes": np.array([[0, 0, 8, 4]]), "first": 0, "stride": 4},
        ), leading=(1, 1)),
        Stage("several boxes", leading=(0, 1, 1), styles={"count": [2, 3, 7]}),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("other centres and strides", leading=(1, 2), ones=True, styles={
            "first": [[6], [0.5], [-1.5], [3], [11.25], [-0.5], [2.96875]], "stride": [2, 8, 3]}),
        Stage("equal weights", leading=(1, 1, 2), styles={"weights": [_peaks, arg.nothing, _no_weight]}),
        Stage("nearly equal weights", leading=(1, 1), styles={"weights": _nearly_tied}),
        Stage("large maps", leading=(1,), sizes={"h": 43, "w": 30}, styles={"first": [[6], [1]],
            "weights": [_positive, _peaks]}),
        Stage("centres before the picture", (
            {"weights": TWO_BY_THREE[::-1], "boxes": np.array([[0, 2, 4, 9]]), "first": -0.5, "stride": 4},
            {"weights": TWO_BY_THREE.T, "boxes": np.array([[2, 0, 9, 4]]), "first": -1, "stride": 1},
        ), leading=(0,) * 4, styles={"first": [[-0.5], [-0.125], [-1]], "stride": [1, 4]}),
        Stage("large pictures", leading=(1,), sizes={"h": 43, "w": 30}, styles={"first": [[1], [0.5]],
            "stride": 101}),
        Stage("weights of other sizes", leading=(1,), styles={"weights": [_tiny, _huge]}, types=()),
        Stage("weights at the limit of float16", leading=(1,), styles={"weights": _thousands}, types=("float16",)),
        Stage("no digit at all", (
            {"weights": TWO_BY_THREE[::-1, ::-1], "boxes": np.full((2, 4), -1), "first": -1, "stride": 1},
            {"weights": np.array([[0.6, 0.4]]), "boxes": np.full((1, 4), -1), "first": -1, "stride": 2},
        ), leading=()),
    ),
    misconceptions=(
        Misconception("edges that count twice", {"edges": "closed"},
            "You count the row `bottom` and the column `right` as inside. Boxes are half open: these are the first "
            "ones outside."),
        Misconception("edges that count never", {"edges": "open"},
            "You leave out the row `top` and the column `left`. Boxes are half open: these belong to them."),
        Misconception("rows and columns exchanged", {"turned": True},
            "You compare the row of the centre with left and right. A box is (top, left, bottom, right)."),
        Misconception("a box of height and width", {"box": "sizes"},
            "You take the last two numbers of a box for its height and width. They are where it ends."),
        Misconception("the number of rows for that of columns", {"numbered": "divided by rows"},
            "You divide the number of the place by the number of rows. A row of the map has as many places as there "
            "are *columns*."),
        Misconception("places numbered column by column", {"numbered": "columns"},
            "You read the number of the place as if places were counted down the columns. They are counted row by "
            "row."),
        Misconception("places for pixels", {"places": "places"},
            "You compare the place's own row and column with the box, which is in pixels."),
        Misconception("the first centre left out", {"begin": "none"},
            "You put the centre of the first place at pixel 0. It lies at `first`."),
        Misconception("centres cut down to whole pixels", {"cut": True},
            "You cut the fraction of a centre off. That moves what lies before the picture, −0.5, to pixel 0: compare "
            "the centre as it is."),
        Misconception("the middle of a stride", {"begin": "half"},
            "You add half a stride. `first` is a centre already."),
        Misconception("the last of equal places", {"ties": "last"},
            "Of places with equal weight you take the last. Take the first, row by row."),
        Misconception("the first of equal places, column by column", {"ties": "columns"},
            "Of places with equal weight you take the first column by column. Take the first row by row."),
        Misconception("the lightest place", {"pick": "lightest"},
            "You look at the place with the *least* weight."),
        Misconception("the mean place", {"pick": "mean"},
            "You take the average place under the weights. It may lie between two things, where nothing is: take the "
            "heaviest."),
        Misconception("the last of several boxes", {"several": "last"},
            "Where several boxes hold the centre you give the last. Give the first."),
        Misconception("hit or not", {"several": "any"},
            "You say whether any box was hit. Asked for is which."),
        Misconception("the first box for none", {"nothing": "zero"},
            "Where no box holds the centre you give 0, which is a box. Give −1."),
        Misconception("one more box for none", {"nothing": "count"},
            "Where no box holds the centre you give the number of boxes. Give −1."),
    ),
)  # fmt: skip


# 12.6 erasure_curve


def right_curve(scores, features):
    S = scores.shape[-1]
    rank = np.argsort(np.argsort(-scores, -1, kind="stable"), -1, kind="stable")
    left = rank[..., None, :] >= np.arange(S + 1)[:, None]  # (…, S + 1, S)
    open_ = left & (scores > -np.inf)[..., None, :]
    low = np.where(open_, scores[..., None, :], -np.inf)
    top = low.max(-1, keepdims=True)
    made = np.where(open_, np.exp(low - np.where(top == -np.inf, 0, top)), 0)
    total = made.sum(-1, keepdims=True)
    return np.einsum("...ks,...sn->...kn", made / np.where(total == 0, 1, total), features)


def _curve(
    scores, features, renewed="softmax", ties="first", goes="heaviest", kept=None, empty="zero", rows="all",
    order="own", hidden="-inf",
):  # fmt: skip
    S = scores.shape[-1]
    if ties == "last":
        down = np.argsort(scores, -1, kind="stable")[..., ::-1]
    else:
        down = np.argsort(scores if goes == "lightest" else -scores, -1, kind="stable")
    if order == "first":
        down = np.broadcast_to(down.reshape(-1, S)[0], down.shape)
    if order == "place":
        down = np.arange(S) + 0 * down
    whole = scores - scores.max(-1, keepdims=True)
    exponentials = np.exp(np.where(np.isnan(whole), -np.inf, whole))
    p = exponentials / np.maximum(exponentials.sum(-1, keepdims=True), 1e-300)
    results = []
    for k in range(S + 1):
        gone = np.zeros(scores.shape, bool)
        np.put_along_axis(gone, down[..., :k], True, -1)
        if ties == "together" and 0 < k < S:
            gone |= scores >= np.take_along_axis(scores, down[..., k - 1 : k], -1)
        if order == "for rank":
            gone = down < k
        if kept:
            gone = ~gone
        if renewed == "not":
            weights = np.where(gone, 0, p)
        elif renewed == "1 − p":
            weights = np.where(gone, 0, p) / (1 - np.where(gone, p, 0).sum(-1, keepdims=True))
            weights = np.where(gone.all(-1, keepdims=True) | ~np.isfinite(weights), 0, weights)
        elif renewed in ("weights", "weights again"):
            weights = np.where(gone, 0, p)
            if renewed == "weights again":
                weights = np.where(gone.all(-1, keepdims=True), 0, softmax(weights))
            else:
                total = weights.sum(-1, keepdims=True)
                weights = weights / np.where(total == 0, 1, total)
        elif renewed == "equal":
            weights = ~gone / np.maximum((~gone).sum(-1, keepdims=True), 1)
        elif hidden == "zero":
            weights = np.where(gone.all(-1, keepdims=True), 0, softmax(np.where(gone, 0, scores)))
        else:
            weights = softmax(np.where(gone, -1e4 if hidden == "−10⁴" else -np.inf, scores))
            nothing = (gone | np.isneginf(scores)).all(-1, keepdims=True)
            if empty == "zero":
                weights = np.where(nothing, 0, weights)
            elif empty == "equal":
                weights = np.where(nothing, 1 / S, weights)
            elif empty == "only at the end":
                weights = np.where(gone.all(-1, keepdims=True), 0, weights)
        results.append(weights @ features if features.ndim == 2 else (weights[..., None, :] @ features)[..., 0, :])
    if empty == "last":
        results[-1] = results[-2]
    results = {"all": results, "without none": results[1:], "without all": results[:-1]}[rows]
    return np.stack(results, -2)


def _far_fine(rng, shape):
    """Rows that lie far from 0 and from each other, near to each other within."""
    return rng.choice([-1e4, 1e4, 3000.0, -800.0], (*shape[:-1], 1)) + np.round(rng.standard_normal(shape), 5) * 4


def _apart_fine(rng, shape):
    """Scores that lie hundreds apart."""
    return np.round(400 * rng.standard_normal(shape), 3)


def _untied(style):
    """The same, but that no two scores of a row are equal, or nearly so."""
    return lambda rng, shape: (
        style(rng, shape) + 1e-5 * rng.permuted(np.broadcast_to(np.arange(1, shape[-1] + 1), shape), axis=-1)
    )


def _some_tied(rng, shape):
    """Scores of which many are equal, zeros of either sign among them."""
    return rng.integers(-1, 2, shape) * rng.choice([-1.0, 1.0], shape)


def _nearly_equal(rng, shape):
    """Scores that differ in the ninth digit."""
    return 0.5 + 1e-9 * rng.permuted(np.broadcast_to(np.arange(shape[-1]), shape), axis=-1)


def _alone(rng, shape):
    """In each row all but one place, or all, are −∞."""
    left = np.arange(shape[-1]) == arg.one_place(rng, shape)
    gone = ~left | (rng.random((*shape[:-1], 1)) < 0.4)
    return np.where(gone, -np.inf, arg.fine(rng, shape))


FOUR = {
    "scores": np.array([0.5, 2.0, -1.0, 1.0]),
    "features": np.array([[1.0, 0.0], [0.0, 2.0], [4.0, 4.0], [-2.0, 1.0]]),
}
ERASURE_CURVE = Exercise(
    number="12.6", name="erasure_curve", see=ERASING, reference=right_curve, faulty=_curve, dtypes=NARROW,
    frameworks=("numpy", "pytorch"),
    arguments={"scores": arg.Floats("…S", arg.fine), "features": arg.Floats("…SN")},
    returns="one vector for each number of places erased, 0 to S", nouns={"S": "places", "N": "channels"},
    stages=(
        Stage("plain", (FOUR,), leading=(0,)),
        Stage("other sizes", leading=(0, 0), ones=True),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, sizes={"N": 3}),
        Stage("equal scores", leading=(0, 1, 1), styles={"scores": [_some_tied, arg.nothing]}, gradient=False,
            types=("float32",)),
        Stage("nearly equal scores", leading=(0, 1), styles={"scores": _nearly_equal}, types=(), gradient=False),
        Stage("one place", leading=(0, 1), sizes={"S": 1}),
        Stage("scores far apart", leading=(0, 1, 2), styles={"scores": _apart_fine}, types=(), tolerance=1e-11),
        Stage("a sure row", leading=(0, 1), types=(), tolerance=1e-11, styles={
            "scores": [_untied(arg.sure(lead)) for lead in (20, 45, 300)]}),
        Stage("scores far from 0", leading=(0, 1), styles={"scores": _far_fine}, types=(), tolerance=1e-9),
        Stage("scores far apart in float32", leading=(0, 1), types=(), tolerance=1e-3, gradient=False, styles={
            "scores": arg.held("float32", _apart_fine), "features": arg.held("float32", arg.normal)}),
        Stage("scores of −∞", (
            {"scores": np.array([0.5, -np.inf, 1.0]), "features": np.array([[1.0, 0], [0, 2], [4, 4]])},
        ), leading=(0, 1, 2), styles={"scores": [_untied(arg.holes), _untied(arg.hollow), _alone]}, types=("float32",)),
        Stage("many places", leading=(0, 1), sizes={"S": 211, "N": 2}, types=("float32",), gradient=False),
        Stage("many equal scores", leading=(0, 1), sizes={"S": 100, "N": 2}, styles={"scores": [_some_tied,
            arg.nothing]}, types=(), gradient=False),
        Stage("features of all sizes", leading=(0, 1), styles={"features": arg.sizes}, types=("float32",)),
    ),
    misconceptions=(
        Misconception("the weights not renewed", {"renewed": "not"},
            "You take away what the heaviest places contributed, and the weights of the others no longer sum to one."),
        Misconception("divided by 1 − p", {"renewed": "1 − p"},
            "You divide by 1 minus what was erased. Where the erased places had nearly all the weight that has "
            "hardly a digit, or is 0: make the weights of those that are left from their scores."),
        Misconception("divided by what is left", {"renewed": "weights"},
            "You divide the finished weights by their sum. Beside a score that is far larger the others have rounded "
            "to 0 by then, and nothing is left to divide: begin with the scores."),
        Misconception("softmax of weights", {"renewed": "weights again"},
            "You set weights to 0 and take softmax of them once more. A 0 counts there with its exponential, 1, and "
            "the others are no scores."),
        Misconception("scores of 0", {"hidden": "zero"},
            "You give the erased places the score 0. Its exponential is 1: they are not gone."),
        Misconception("scores of −10⁴", {"hidden": "−10⁴"},
            "You give the erased places a large negative score. Real scores may be as low; the exponential of −∞ alone "
            "is 0."),
        Misconception("equal weights for those that are left", {"renewed": "equal"},
            "You take the plain average of the places that are left. They keep their weights, in proportion."),
        Misconception("the lightest first", {"goes": "lightest"},
            "You erase the places with the *least* weight first."),
        Misconception("the erased kept", {"kept": True},
            "You keep what is to be erased, and erase the rest."),
        Misconception("in the order of the places", {"order": "place"},
            "You erase place 0, then place 1, whatever their scores are. The heaviest goes first."),
        Misconception("the order taken for the rank", {"order": "for rank"},
            "You compare k with the order, which says what place comes k-th. Compare it with the rank, which says when "
            "a place comes: `argsort` of the order."),
        Misconception("one order for all", {"order": "first"},
            "You erase in the order of the first row of scores everywhere. Each row has its own."),
        Misconception("the last of equal places first", {"ties": "last"},
            "Of places with equal scores you erase the last first. The first goes first."),
        Misconception("equal places together", {"ties": "together"},
            "You erase all places that have a score as high. One place goes at a time, the first of equal ones."),
        Misconception("0 / 0 at the end", {"empty": "nan"},
            "Where nothing is left, softmax is 0 / 0, or a difference of infinities. The vector shall be 0."),
        Misconception("equal weights at the end", {"empty": "equal"},
            "Where nothing is left you take the plain average. The vector shall be 0."),
        Misconception("the last place stays", {"empty": "last"},
            "Where nothing is left you still give the vector of one place. It shall be 0."),
        Misconception("nothing left before the end", {"empty": "only at the end"},
            "Where the places that are left have scores of −∞ nothing is left either: the vector is 0 there as well."),
        Misconception("begun with one place", {"rows": "without none"},
            "Your curve begins where one place is gone. The first vector is that of all places.", breaks_contract=True),
        Misconception("ended with one place", {"rows": "without all"},
            "Your curve ends where one place is left. The last vector is that of none.", breaks_contract=True),
    ),
)  # fmt: skip


# 12.7 squeeze_excite


def right_excite(features, mask, down, up):
    inside = mask[..., None]
    kept = np.where(inside, features, 0)
    mean = kept.sum((-3, -2)) / np.maximum(mask.sum((-2, -1)), 1)[..., None]  # (…, N)
    z = np.maximum(mean @ down, 0) @ up
    small = np.exp(-np.abs(z))
    gate = np.where(z >= 0, 1, small) / (1 + small)
    return np.where(inside, kept * gate[..., None, None, :], 0)


def _excite(
    features, mask, down, up, mean="inside", bend="relu", gate="sigmoid", touched=None, applied="product",
    outside="zero",
):  # fmt: skip
    inside = mask[..., None]
    kept = features * inside if touched else np.where(inside, features, 0)
    count = mask.sum((-2, -1))[..., None]
    total = kept.sum((-3, -2))
    if mean == "batch":
        lead = tuple(range(total.ndim - 1))
        total, count = total.sum(lead, keepdims=True) + 0 * total, count.sum(lead, keepdims=True) + 0 * count
    count = np.maximum(count, 1)
    squeezed = {
        "inside": lambda: total / count, "batch": lambda: total / count,
        "places": lambda: total / (mask.shape[-1] * mask.shape[-2]), "sum": lambda: total,
        "max": lambda: np.where(mask.any((-2, -1))[..., None], np.where(inside, features, -np.inf).max((-3, -2)), 0),
    }[mean]()  # fmt: skip
    hidden = squeezed @ down
    hidden = {"relu": lambda: np.maximum(hidden, 0), "none": lambda: hidden, "tanh": lambda: np.tanh(hidden)}[bend]()
    z = hidden @ up
    gates = {
        "sigmoid": lambda: 1 / (1 + np.exp(-z)), "softmax": lambda: softmax(z), "none": lambda: z,
        "overflows": lambda: np.exp(z) / (1 + np.exp(z)), "minus": lambda: 1 / (1 + np.exp(z)),
        "tanh": lambda: np.tanh(z), "from one": lambda: 1 - 1 / (1 + np.exp(z)), "relu": lambda: np.maximum(z, 0),
    }[gate]()[..., None, None, :]  # fmt: skip
    result = {
        "product": lambda: kept * gates, "sum": lambda: kept + gates, "residual": lambda: kept + kept * gates,
        "mean": lambda: squeezed[..., None, None, :] * gates + 0 * kept, "gates": lambda: gates[..., 0, 0, :],
    }[applied]()  # fmt: skip
    if applied == "gates":
        return result
    return np.where(inside, result, features if outside == "kept" else 0)


def _foul_places(rng, shape):
    """Some places hold NaN, ∞ or large numbers in one channel or in all of them."""
    values = arg.fine(rng, shape)
    foul = rng.random(shape[:-1]) < 0.3
    junk = rng.choice([np.nan, np.inf, -np.inf, 1e30], shape)
    some = foul[..., None] & ((rng.random(shape) < 0.5) | (rng.random(shape[:-1]) < 0.5)[..., None])
    return np.where(some, junk, values)


class _InsideOf(arg.Mask):
    """True inside the picture; whatever is no plain number among the features lies outside."""

    def draw(self, rng, plan, name, drawn):
        return super().draw(rng, plan, name, drawn) & (np.abs(drawn["features"]) < 1e20).all(-1)


def _corner(rng, shape, share):
    """Pictures of several sizes in the corner of a map."""
    sizes = [rng.integers(1, n + 1, (*shape[:-2], 1, 1)) for n in shape[-2:]]
    return (np.arange(shape[-2])[:, None] < sizes[0]) & (np.arange(shape[-1]) < sizes[1])


def _some_empty(rng, shape, share):
    """About every third picture has no place at all."""
    return (rng.random(shape) < share) & (rng.random((*shape[:-2], 1, 1)) > 0.35)


def _up_from_below(rng, shape):
    """Weights below 0: small gates."""
    return -np.round(rng.uniform(2.0, 9.0, shape), 3)


def _up_far(rng, shape):
    """Weights of some thousands, each column of one sign, the first below 0: no gate has a slope."""
    sign = rng.choice([-1, 1], shape[-1:])
    sign[0] = -1
    return sign * np.round(rng.uniform(3000, 9000, shape), 1)


def _above(rng, shape):
    """Features whose means are above 0."""
    return np.round(np.abs(rng.standard_normal(shape)) + 0.3, 4)


def _positive_weights(rng, shape):
    return np.round(rng.uniform(0.2, 0.8, shape), 3)


SQUEEZE_EXCITE = Exercise(
    number="12.7", name="squeeze_excite", see=CHANNELS, reference=right_excite, faulty=_excite, dtypes=NARROW,
    frameworks=("numpy", "tensorflow"), axes={"result": "…hwN"}, returns="the shape of features", nouns=MAP,
    arguments={
        "features": arg.Floats("…hwN", arg.fine), "mask": _InsideOf("…hw", broadcasts=False),
        "down": arg.Floats("NA"), "up": arg.Floats("AN"),
    },
    stages=(
        Stage("nothing outside", leading=(0, 1), styles={"mask": arg.everything},
            sizes={"h": 2, "w": 3, "N": 2, "A": 4}),
        Stage("pictures in a corner", leading=(0, 1), ones=True, sizes={"A": 4}, styles={"mask": _corner}),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, styles={"mask": [_corner, arg.seen]}),
        Stage("anything outside", leading=(0, 1, 2), sizes={"A": 4}, styles={"features": _foul_places,
            "mask": [arg.seen, arg.everything]}, types=("float32",)),
        Stage("pictures without a place", leading=(0, 1, 2), styles={"mask": [_some_empty, arg.shut],
            "features": [arg.fine, _foul_places]}, types=("float32",)),
        Stage("large numbers", leading=(0, 1), sizes={"A": 4}, types=("float32",), styles={
            "up": arg.spread(1000.0), "mask": arg.seen}, gradient=False),
        Stage("small gates", leading=(0, 1), sizes={"A": 4}, types=("float32",), gradient=False, styles={
            "features": _above, "down": _positive_weights, "up": _up_from_below, "mask": arg.seen}),
        Stage("gates quite open and quite shut", leading=(0, 1), sizes={"A": 4}, types=("float32",), styles={
            "features": _above, "down": _positive_weights, "up": _up_far, "mask": arg.seen}),
        Stage("zeros and ties", leading=(0, 1), types=("float32",), styles={"features": [arg.tied, arg.nothing],
            "down": arg.tied, "up": arg.tied, "mask": arg.seen}, gradient=False),
        Stage("features of all sizes", leading=(0, 1), sizes={"A": 4}, styles={"features": arg.sizes,
            "mask": arg.seen}, types=()),
        Stage("large maps", leading=(0, 1), sizes={"h": 31, "w": 23, "N": 3, "A": 4}, gradient=False,
            styles={"mask": _corner}, types=("float32",)),
    ),
    misconceptions=(
        Misconception("the mean over all places", {"mean": "places"},
            "You divide by all places of the map. The padding has no part in the mean: divide by the number of places "
            "inside."),
        Misconception("a sum for the mean", {"mean": "sum"},
            "You add up the places. A mean does not depend on how large the picture is."),
        Misconception("the maximum for the mean", {"mean": "max"},
            "You take the largest of each channel. Here the mean is squeezed out."),
        Misconception("the mean over the batch", {"mean": "batch"},
            "Your mean runs over all pictures. Each has gates of its own."),
        Misconception("no relu", {"bend": "none"},
            "The relu between the two matrices is missing: without it the two are one."),
        Misconception("tanh for relu", {"bend": "tanh"}, "Between the two matrices stands a relu; you have a tanh."),
        Misconception("softmax for the gates", {"gate": "softmax"},
            "Your gates sum to one: channels compete. Each is to be opened or shut by itself, by a sigmoid."),
        Misconception("no sigmoid", {"gate": "none"},
            "Your gates are not between 0 and 1: the sigmoid is missing."),
        Misconception("relu for the gates", {"gate": "relu"},
            "Your gates come of a relu. They are to lie between 0 and 1: a sigmoid."),
        Misconception("tanh for the gates", {"gate": "tanh"},
            "Your gates come of a tanh and may be negative. They are to lie between 0 and 1: a sigmoid."),
        Misconception("gates turned round", {"gate": "minus"}, "Your gates shut where they should open: the sign."),
        Misconception("exp overflows", {"gate": "overflows"},
            "exp of a large number is infinite, and ∞ / ∞ is NaN. 1 / (1 + exp(−z)) does not have it above the line."),
        Misconception("small gates lost", {"gate": "from one"},
            "You take something from 1 that is nearly 1. Of a small gate few digits are left, or none."),
        Misconception("0 times NaN", {"touched": True},
            "Outside the picture there may be NaN or ∞, and 0 times either is NaN. Put zeros in their place."),
        Misconception("the padding kept", {"outside": "kept"},
            "Outside the picture your result holds what stood there. It is to be 0."),
        Misconception("the gates added", {"applied": "sum"}, "You add the gates to the features. They multiply."),
        Misconception("the features added once more", {"applied": "residual"},
            "You add the features to the gated ones. The skip around the block is not a part of the gate."),
        Misconception("the mean gated", {"applied": "mean"},
            "You multiply the gates by the means. They multiply the features, at every place."),
        Misconception("the gates alone", {"applied": "gates"},
            "These are the gates. They multiply the features, at every place.", breaks_contract=True),
    ),
)  # fmt: skip


# 12.8 normalise_batch

EPSILON = 1e-5


def right_batch(x, mean, variance, scale, shift, training, momentum):
    if not training:
        return (x - mean) / np.sqrt(variance + EPSILON) * scale + shift, mean, variance
    own = x.mean((0, 1, 2))
    spread = ((x - own) ** 2).mean((0, 1, 2))
    y = (x - own) / np.sqrt(spread + EPSILON) * scale + shift
    return y, momentum * mean + (1 - momentum) * own, momentum * variance + (1 - momentum) * spread


def _batch(
    x, mean, variance, scale, shift, training, momentum, by="asked", over="all", epsilon="variance", moves="training",
    spread="n", root=True, affine="both", way="own", bent="centred",
):  # fmt: skip
    axes = {"all": (0, 1, 2), "pictures": 0, "places": (1, 2), "channels": -1}[over]
    keep = over == "channels"
    own = x.mean(axes, keepdims=keep)
    about = own if over != "places" else own[:, None, None, :]
    distance = x - (mean if bent == "at the moving mean" else about)
    var = (distance**2).mean(axes, keepdims=keep)
    if bent == "squares":
        var = (x**2).mean(axes, keepdims=keep) - own**2
    n = x.size / x.shape[-1]
    var = {"n": var, "n − 1": var * n / (n - 1) if n > 1 else var * np.nan, "kept": var,
           "deviation": np.sqrt(var)}[spread]  # fmt: skip
    a = {"own": momentum, "other": 1 - momentum}[way]
    moved = (a * mean + (1 - a) * own, a * variance + (1 - a) * var)
    if spread == "kept":
        moved = (moved[0], a * variance + (1 - a) * (var * n / (n - 1) if n > 1 else var * np.nan))
    batch = {"asked": training, "always": True, "never": False}[by]
    used = (about, var if over != "places" else var[:, None, None, :]) if batch else (mean, variance)
    if moves == "first" and training:
        used = moved
    e = {"variance": EPSILON, "root": 0, "none": 0, "0.001": 1e-3}[epsilon]
    below = np.sqrt(used[1] + e) if root else used[1] + e
    below = below + EPSILON if epsilon == "root" else below
    y = (x - used[0]) / below
    y = {"both": lambda: y * scale + shift, "none": lambda: y, "shift first": lambda: (y + shift) * scale}[affine]()
    update = {"training": training, "always": True, "never": False, "first": training}[moves]
    return (y, *moved) if update else (y, mean, variance)


def _mode(rng, plan, drawn):
    return bool(plan.styles.get("training", True))


def _momentum(rng, plan, drawn):
    return float(plan.styles.get("momentum", rng.choice([0.9, 0.75, 0.6, 0.97])))


def _spread(rng, shape):
    """Variances of several sizes."""
    return np.round(rng.uniform(0.2, 4.0, shape), 3)


def _channels(rng, shape):
    """Channels that have each a mean and a size of their own."""
    return 3 * rng.standard_normal(shape[-1:]).round(2) + arg.fine(rng, shape) * rng.choice([0.5, 1.0, 3.0], shape[-1:])


def _outliers(rng, shape):
    """Channels in which some number lies far from all the others."""
    values = _channels(rng, shape)
    values[tuple(rng.integers(n) for n in shape[:-1])] += 300
    return values


def _channels_far(rng, shape):
    """Channels far from 0, near to each other within."""
    return rng.choice([-1e6, 1e6, 3e5], shape[-1:]) + np.round(rng.standard_normal(shape), 3)


def _flat_channels(rng, shape):
    """Channels whose variance is about as small as ε."""
    return arg.normal(rng, shape[-1:]) + arg.fine(rng, shape) * rng.choice([3e-4, 1e-3, 3e-3], shape[-1:])


def _no_spread(rng, shape):
    """Variances as small as ε, and zeros."""
    return rng.choice([0.0, 1e-6, 1e-5, 4e-5], shape)


def _equal(rng, shape):
    return np.full(shape, 1.5)


BOTH = [False, True]
NORMALISE_BATCH = Exercise(
    number="12.8", name="normalise_batch", see=NORMALISATION, reference=right_batch, faulty=_batch, dtypes=NARROW,
    outputs=("result", "new_mean", "new_variance"), axes={"result": "BhwN", "new_mean": "N", "new_variance": "N"},
    nouns={**MAP, "B": "pictures"},
    arguments={
        "x": arg.Floats("BhwN", _channels), "mean": arg.Floats("N"), "variance": arg.Floats("N", _spread),
        "scale": arg.Floats("N", arg.upstream), "shift": arg.Floats("N"), "training": arg.Made(_mode),
        "momentum": arg.Made(_momentum),
    },
    stages=(
        Stage("training", leading=(0,), sizes={"B": 2, "h": 1, "w": 2, "N": 2}),
        Stage("evaluation", leading=(0, 0), ones=True, styles={"training": False}),
        Stage("training on other sizes", leading=(0, 0), ones=True, large=True),
        Stage("one picture", leading=(0,), sizes={"B": 1}, styles={"training": BOTH}),
        Stage("one number in a channel", leading=(0,), sizes={"B": 1, "h": 1, "w": 1}, styles={"training": BOTH}),
        Stage("flat channels", leading=(0, 0), types=("float32",), styles={
            "x": _flat_channels, "variance": _no_spread, "training": BOTH}),
        Stage("equal numbers", leading=(0,), types=(), styles={"x": [_equal, arg.nothing], "training": BOTH},
            tolerance=1e-12),
        Stage("channels far from 0", leading=(0, 0), types=(), styles={"x": _channels_far, "training": True}),
        Stage("channels of all sizes", leading=(0, 0), types=("float32",), styles={
            "x": lambda rng, shape: arg.fine(rng, shape) * 10.0 ** rng.integers(-4, 5, shape[-1:]),
            "training": BOTH}),
        Stage("momentum 0 and 1", leading=(0,), styles={"momentum": [0, 1], "training": BOTH}),
        Stage("moving statistics of 0", leading=(0,), types=(), styles={
            "mean": arg.nothing, "variance": arg.nothing, "training": BOTH}),
        Stage("many pictures", leading=(0,), sizes={"B": 60, "h": 13, "w": 11, "N": 3}, types=("float32",),
            styles={"x": [_channels, _outliers], "training": BOTH}),
    ),
    misconceptions=(
        Misconception("the batch at evaluation", {"by": "always"},
            "At evaluation you still take mean and variance of the batch: what comes out for a picture depends on its "
            "neighbours. Take the moving ones."),
        Misconception("the moving ones in training", {"by": "never"},
            "In training you take the moving mean and variance. There the batch's own are used."),
        Misconception("the moving ones, moved first", {"moves": "first"},
            "In training you move the statistics first, and then use the moved ones. The batch is normalised by its "
            "own."),
        Misconception("moved at evaluation", {"moves": "always"},
            "At evaluation your moving statistics move. They are to stay as they are: a model that is only looked at "
            "does not change."),
        Misconception("never moved", {"moves": "never"},
            "Your moving statistics never move, so that evaluation knows nothing of the data."),
        Misconception("momentum the other way round", {"way": "other"},
            "You keep 1 − momentum of the old and take momentum of the new, as PyTorch does. Here momentum is what is "
            "*kept*."),
        Misconception("divided by n − 1", {"spread": "n − 1"},
            "You divide the sum of squares by n − 1. Here it is divided by n, in all places."),
        Misconception("n − 1 in the moving variance", {"spread": "kept"},
            "Your moving variance is divided by n − 1, as PyTorch's is. Here it is divided by n, in all places."),
        Misconception("the deviation kept", {"spread": "deviation"},
            "You take the standard deviation for the variance."),
        Misconception("no root", {"root": False},
            "You divide by the variance. Its root has the unit of the numbers."),
        Misconception("ε beside the root", {"epsilon": "root"},
            "You add ε to the root. It is added to the variance, inside."),
        Misconception("no ε", {"epsilon": "none"},
            "ε is missing. Where a channel hardly differs you divide by nearly 0, or by 0."),
        Misconception("another ε", {"epsilon": "0.001"},
            "Your ε is 0.001, as Keras has it. Here it is 0.00001."),
        Misconception("scale and shift left out", {"affine": "none"},
            "You normalise, and leave out scale and shift."),
        Misconception("shifted before it is scaled", {"affine": "shift first"},
            "You scale the shift too. First scale, then shift."),
        Misconception("the mean of the squares", {"bent": "squares"},
            "You take the mean of the squares minus the square of the mean. Far from 0 these two agree in nearly all "
            "digits: square the distances from the mean instead."),
        Misconception("spread about the moving mean", {"bent": "at the moving mean"},
            "You square the distances from the *moving* mean. The variance of the batch is about its own."),
        Misconception("over the pictures alone", {"over": "pictures"},
            "Your mean runs over the pictures, and each place has its own. Each channel has one mean, over pictures, "
            "rows and columns.", breaks_contract=True),
        Misconception("each picture by itself", {"over": "places"},
            "Each picture has a mean of its own in yours. Each channel has one, over pictures, rows and columns.",
            breaks_contract=True),
        Misconception("over the channels", {"over": "channels"},
            "Your mean runs over the channels, as in layer normalisation. Each channel has one mean, over pictures, "
            "rows and columns.", breaks_contract=True),
    ),
)  # fmt: skip

EXERCISES = (
    POOL_BY_QUERIES, HEAT_MAP, COORDINATES_BY_HAND, PIXELS_SEEN, POINTED_AT, ERASURE_CURVE, SQUEEZE_EXCITE,
    NORMALISE_BATCH,
)  # fmt: skip
