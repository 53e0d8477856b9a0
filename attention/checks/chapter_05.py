"""05 Backpropagation."""

import tracemalloc
from dataclasses import dataclass

import numpy as np

from attention.checks import arguments as arg
from attention.checks.exercise import Exercise, Misconception, Stage

NARROW = ("float32",)
SURE = [arg.sure(lead) for lead in (8, 14, 19)]


def turned(array):
    return np.swapaxes(array, -1, -2)


def softmax(scores, axis=-1):
    exponentials = np.exp(scores - scores.max(axis, keepdims=True))
    return exponentials / exponentials.sum(axis, keepdims=True)


# 5.1 covariance_by_hand


def _by_hand(weights="given", centred="both", scale="√D", upstream=4, part="all"):
    p = {"given": np.array([0.5, 0.25, 0.25]), "equal": np.full(3, 1 / 3)}[weights]
    v, k = np.array([4.0, 0, -4]), np.array([2.0, 4, -2])
    o, mu = p @ v, p @ k
    about = {"both": (o, mu), "neither": (0, 0), "plain": (v.mean(), k.mean())}[centred]
    covariance = (p * (v - about[0]) * (k - about[1])).sum()
    covariance *= {"all": 1, "n − 1": 3 / 2, "unweighted": 1}[part]
    if part == "unweighted":
        covariance = ((v - o) * (k - mu)).sum()
    return np.array([o, mu, covariance, upstream * covariance / {"√D": 2, "D": 4, "none": 1}[scale]])


COVARIANCE_BY_HAND = Exercise(
    number="5.1", name="covariance_by_hand", see="What a query learns", kind="value", reference=_by_hand,
    faulty=_by_hand, returns="the output, the average key, the covariance and the gradient",
    stages=(Stage("by hand", ({},), tolerance=1e-3),),
    misconceptions=(
        Misconception("equal weights", {"weights": "equal"},
            "Your averages count every word alike. The words are drawn with the weights p."),
        Misconception("not centred", {"centred": "neither"},
            "You averaged the products v k themselves. A covariance takes the distances from the averages."),
        Misconception("centred at the plain averages", {"centred": "plain"},
            "You took the distances from the averages that count every word alike. They are taken from the averages "
            "under the weights p."),
        Misconception("divided by n − 1", {"part": "n − 1"},
            "You corrected the covariance by n / (n − 1), as one does for a sample. Here the weights are all there is, "
            "and nothing is estimated."),
        Misconception("not weighted", {"part": "unweighted"},
            "You added up the products of the distances. Each is to be multiplied by its weight."),
        Misconception("no scale", {"scale": "none"},
            "The scores are divided by √D, and so is the gradient of the query. Its other features count for D too."),
        Misconception("divided by D", {"scale": "D"}, "You divided by D = 4; the scores are divided by its root."),
        Misconception("the upstream gradient left out", {"upstream": 1},
            "The covariance is right. The gradient of the query is what comes from above, times that."),
        Misconception("the step for the gradient", {"upstream": -4},
            "Your last number is the step that learning takes. The gradient points the other way."),
    ),
)  # fmt: skip


# 5.2 masked_backward


def right_masked(scores, mask, values, grad_output):
    seen = mask.any(-2)[..., None]  # (…, S, 1)
    v = np.where(seen, values, 0)
    empty = ~mask.any(-1, keepdims=True)
    p = np.where(empty, 0, softmax(np.where(empty, 0, np.where(mask, scores, -np.inf))))
    grad_p = np.einsum("...td,...sd->...ts", grad_output, v)
    mean = np.einsum("...ts,...ts->...t", p, grad_p)[..., None]
    return p * (grad_p - mean), np.einsum("...ts,...td->...sd", p, grad_output)


def _masked(
    scores, mask, values, grad_output, mask_at=None, hide=True, empty="zero", mean="p", turn="two", sign=1,
    of_values="p", swapped=False, fill=-np.inf,
):  # fmt: skip
    v = np.where(mask.any(-2)[..., None], values, 0) if hide else values
    large = np.where(mask, scores, -1e4 if empty == "uniform" else fill)
    nothing = ~mask.any(-1, keepdims=True)
    if mask_at == "nowhere":
        p = softmax(scores)
    elif mask_at == "after":
        p = softmax(scores) * mask
    elif empty == "zero":
        p = np.where(nothing, 0, softmax(np.where(nothing, 0, large)))
    else:
        p = softmax(large)
    grad_p = grad_output @ turned(v)
    average = {
        "p": (p * grad_p).sum(-1, keepdims=True), "none": 0, "plain": grad_p.mean(-1, keepdims=True),
        "queries": (p * grad_p).sum(-2, keepdims=True),
    }[mean]  # fmt: skip
    grad_scores = sign * p * (grad_p - average)
    used = {"p": p, "mask": mask * np.ones_like(p)}[of_values]
    grad_values = {"two": turned, "none": lambda a: a, "all": np.transpose}[turn](used) @ grad_output
    return (grad_values, grad_scores) if swapped else (grad_scores, grad_values)


def _with_holes(rng, plan, drawn):
    """Values (…, S, D): NaN in those that no query may see; ±∞, or what is nearly that, in those of other shapes."""
    values = plan.styles.get("values", arg.normal)(rng, plan.shape("…SD"))
    nothing = plan.styles.get("unseen", (np.nan, np.inf, np.nan, -np.inf)[plan.form % 4])
    return np.where(drawn["mask"].any(-2)[..., None], values, nothing)


def _first_unseen(rng, shape, share):
    """No query may see the first key, and each sees all the others."""
    return np.broadcast_to(np.arange(shape[-1]) > 0, shape).copy()


def _first_above(size):
    """The first of a row `size` above the others."""

    def style(rng, shape):
        return arg.normal(rng, shape) + size * (np.arange(shape[-1]) == 0)

    return style


def _some_lost(rng, shape):
    """Some so far below the others, which are two at least, that nothing is left of their exponentials."""
    return arg.normal(rng, shape) - 1000 * (arg.depths(rng, shape) > 0)


def _others_below(size):
    """The first of a row near 0, the others `size` below it."""

    def style(rng, shape):
        return arg.normal(rng, shape) - size * (np.arange(shape[-1]) > 0)

    return style


ONE_QUERY = {
    "scores": np.log([[1.0, 3.0, 6.0]]).round(6), "mask": np.array([[True, True, True]]),
    "values": np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), "grad_output": np.array([[1.0, -1.0]]),
}  # fmt: skip
HIDDEN_ABOVE = {
    "scores": np.array([[0.5, 5000.0, -1.0, 1.2], [5000.0, 0.3, 0.1, -0.7]]),
    "mask": np.array([[True, False, True, True], [False, True, True, False]]),
    "values": np.array([[1.1, -0.3, 0.6], [0.2, 1.4, -0.8], [-0.9, 0.7, 0.4], [0.3, -1.2, 2.0]]),
    "grad_output": np.array([[1.0, -1.0, 0.5], [-0.7, 0.4, 1.3]]),
}  # fmt: skip
EXACT = {"types": (), "tolerance": 1e-12}  # where one key is left its score gets 0, and rounding may say 1e-17
MASKED_BACKWARD = Exercise(
    number="5.2", name="masked_backward", see="The code, by hand and by itself", reference=right_masked, faulty=_masked,
    outputs=("grad_scores", "grad_values"), axes={"grad_scores": "…TS", "grad_values": "…SD"}, dtypes=NARROW,
    never_one=("S",),
    arguments={
        "scores": arg.Floats("…TS"), "mask": arg.Mask("…TS", broadcasts=False),
        "values": arg.Made(_with_holes, axes="…SD"), "grad_output": arg.Floats("…TD", arg.upstream),
    },
    stages=(
        Stage("plain", (ONE_QUERY,), styles={"mask": arg.everything}),
        Stage("a mask", leading=(0, 1), **EXACT),
        Stage("queries that may attend to nothing", leading=(0, 1), styles={"mask": arg.empty}, **EXACT),
        Stage("nothing to see at all", leading=(0,), styles={"mask": arg.shut}),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True,
            styles={"mask": [arg.seen, arg.lengths]}, **EXACT),
        Stage("large values that no query may see", leading=(0, 1), tolerance=1e-12, types=("float32",),
            sizes={"S": 5}, styles={"mask": _first_unseen, "unseen": [1.5e308, -1.5e308, 3e38],
            "grad_output": arg.spread(1000.0)}),
        Stage("one key alone", leading=(0, 1), sizes={"S": 1}, types=(), tolerance=1e-12),  # gradients of 0
        Stage("extreme scores", leading=(0, 2), styles={"scores": arg.far}, types=(), tolerance=1e-9),
        Stage("hidden scores far above", (HIDDEN_ABOVE,), sizes={"S": 5}, leading=(0, 1), styles={
            "mask": _first_unseen, "scores": [_first_above(1e5), _first_above(1e12)]}),
        Stage("seen scores far below", leading=(0, 1), types=(), tolerance=1e-5, styles={
            "mask": [_first_unseen, arg.empty], "scores": [_others_below(1e5), _others_below(1e10)]}),
        Stage("weights that become zero", leading=(0, 1), types=(), tolerance=1e-9, styles={
            "mask": arg.everything, "scores": _some_lost}),
        Stage("large gradients", leading=(0,), styles={"grad_output": arg.scaled(1e12)}, **EXACT),
        Stage("ties and zeros", leading=(0, 1), styles={"scores": arg.tied, "values": arg.tied,
            "grad_output": arg.tied}, **EXACT),
        Stage("small weights", leading=(0, 1), styles={"mask": arg.everything, "scores": arg.deep}),
        Stage("sure rows", leading=(0, 1), styles={"mask": arg.everything, "scores": SURE}, types=(),
            tolerance=1e-6),
        Stage("gradients of all sizes", leading=(0, 1), styles={"mask": arg.everything,
            "grad_output": [arg.sizes, arg.scaled(1e-20)]}),
    ),
    misconceptions=(
        Misconception("no mask", {"mask_at": "nowhere"}, "Your weights are those without a mask."),
        Misconception("the mask after softmax", {"mask_at": "after"},
            "You take weights away when softmax is done; what is left then does not sum to one. The mask goes in "
            "before."),
        Misconception("the average left out", {"mean": "none"},
            "This is p times the gradient of p, as if a weight depended on its own score alone. The average of its row "
            "is to be subtracted."),
        Misconception("the plain average", {"mean": "plain"},
            "You subtract the plain average of ∂L/∂p. It is to be taken with the weights themselves."),
        Misconception("the average over the queries", {"mean": "queries"},
            "Your average runs over the queries. Softmax is taken along the keys, and so is the average."),
        Misconception("0 times NaN", {"hide": False},
            "A value that no query may see holds NaN or ∞, and 0 times either is NaN. It may not be touched: put zeros "
            "in its place first."),
        Misconception("0 / 0", {"empty": "nan"},
            "A query that may attend to nothing has no weights: a softmax of nothing but −∞ is 0/0. Its gradients are "
            "0."),
        Misconception("equal weights for an empty row", {"empty": "uniform"},
            "A query that may attend to nothing gets equal weights in yours. It has none, and nothing comes back "
            "through it: its gradients are 0."),
        Misconception("a large number for −∞", {"fill": -1e9},
            "You put −1e9 in the place of scores that are not to be seen. Where the others lie lower still, it is seen "
            "alone. Nothing lies below −∞."),
        Misconception("the sign", {"sign": -1}, "Your gradient of the scores has the wrong sign."),
        Misconception("the mask for the weights", {"of_values": "mask"},
            "Every value that is seen gets all of ∂L/∂o in yours. It gets its weight of it."),
        Misconception("weights @ grad_output", {"turn": "none"},
            "A value is sent something by each query, so the sum runs over the queries: the weights have to be turned.",
            breaks_contract=True),
        Misconception("all axes turned", {"turn": "all"},
            "`.T` turns all axes round, those of the batch too. Only the last two are to change places.",
            breaks_contract=True),
        Misconception("the two exchanged", {"swapped": True},
            "These are the two gradients, the other way round: that of the scores comes first.", breaks_contract=True),
    ),
)  # fmt: skip


# 5.3 biased_additive_backward


def right_additive(queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output):
    from_queries, from_keys = queries @ query_weight, keys @ key_weight
    hidden = np.tanh(from_queries[..., :, None, :] + from_keys[..., None, :, :] + bias)  # (…, T, S, A)
    p = softmax(np.einsum("...tsa,a->...ts", hidden, score_weight))
    grad_p = np.einsum("...td,...sd->...ts", grad_output, values)
    grad_s = p * (grad_p - (p * grad_p).sum(-1, keepdims=True))
    g = grad_s[..., None] * score_weight * (1 - hidden**2)
    grad_queries = np.einsum("...tsa,da->...td", g, query_weight)
    grad_keys = np.einsum("...tsa,da->...sd", g, key_weight)
    return grad_queries, grad_keys, np.einsum("...ts,...td->...sd", p, grad_output), g.reshape(-1, len(bias)).sum(0)


def _additive(
    queries, keys, values, query_weight, key_weight, bias, score_weight, grad_output, slope="tanh", mean="p",
    reader=True, bias_sum="all", added=True, over=None, of_values="p",
):  # fmt: skip
    from_queries, from_keys = queries @ query_weight, keys @ key_weight
    hidden = np.tanh(from_queries[..., :, None, :] + from_keys[..., None, :, :] + (bias if added else 0))
    p = softmax(hidden @ score_weight)
    grad_p = grad_output @ turned(values)
    average = {"p": (p * grad_p).sum(-1, keepdims=True), "none": 0, "plain": grad_p.mean(-1, keepdims=True)}[mean]
    grad_s = p * (grad_p - average)
    rise = {"tanh": 1 - hidden**2, "none": 1, "not squared": 1 - hidden, "squared twice": 1 - np.tanh(hidden) ** 2}
    g = grad_s[..., None] * (score_weight if reader else 1) * rise[slope]  # (…, T, S, A)
    of_queries, of_keys = g.sum(-2), g.sum(-3)
    if over == "mean":
        of_queries, of_keys = g.mean(-2), g.mean(-3)
    grad_bias = {
        "all": g.sum(tuple(range(g.ndim - 1))), "mean": g.mean(tuple(range(g.ndim - 1))), "each": g.sum((-2, -3)),
        "0": np.zeros_like(bias),
    }[bias_sum]  # fmt: skip
    used = p if of_values == "p" else np.ones_like(p)
    return of_queries @ query_weight.T, of_keys @ key_weight.T, turned(used) @ grad_output, grad_bias


def _some_far(rng, shape):
    """A bias beyond all limits of exp for about every other unit; the first has none such."""
    far = rng.random(shape) < 0.5
    far.flat[0], far.flat[-1] = False, True
    return np.where(far, rng.choice([-1, 1], shape) * rng.integers(300, 1200, shape), arg.normal(rng, shape))


def _all_at(place):
    """A bias at which every unit hardly moves any more, and all about as little."""
    return lambda rng, shape: rng.choice([-1, 1], shape) * np.round(place + rng.uniform(0, 0.5, shape), 2)


ADDITIVE_OUTPUTS = ("grad_queries", "grad_keys", "grad_values", "grad_bias")
BIASED_ADDITIVE_BACKWARD = Exercise(
    number="5.3", name="biased_additive_backward", see="To the queries and the keys", reference=right_additive,
    faulty=_additive, outputs=ADDITIVE_OUTPUTS, dtypes=NARROW,
    axes=dict(zip(ADDITIVE_OUTPUTS, ("…TD", "…SK", "…SM", "A"), strict=True)),
    nouns={"K": "features of a key", "M": "features of a value"}, never_one=("S",),
    arguments={
        "queries": arg.Floats("…TD"), "keys": arg.Floats("…SK"), "values": arg.Floats("…SM"),
        "query_weight": arg.Floats("DA", arg.spread(0.4)), "key_weight": arg.Floats("KA", arg.spread(0.4)),
        "bias": arg.Floats("A"),
        "score_weight": arg.Floats("A"), "grad_output": arg.Floats("…TM", arg.upstream),
    },
    stages=(
        Stage("plain", sizes={"T": 2, "S": 3, "D": 2, "K": 2, "A": 2, "M": 2}),
        Stage("other widths", leading=(0,), sizes={"A": 6}),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True, sizes={"A": 6}, tolerance=1e-10),
        Stage("one key alone", leading=(0, 1), sizes={"A": 6, "S": 1}, types=(), tolerance=1e-12),
        Stage("extreme scores", leading=(0, 1), sizes={"A": 6}, types=(), tolerance=1e-9,
            styles={"key_weight": arg.one_unit_without_keys, "score_weight": arg.read_a_thousandfold}),
        Stage("ties and zeros", leading=(0, 1), styles={name: arg.tied for name in ("queries", "keys", "values",
            "grad_output")} | {"bias": [arg.tied, arg.nothing]}, sizes={"A": 6, "D": 2, "K": 1}, types=(),
            tolerance=1e-12),
        Stage("sure rows", leading=(0, 1), sizes={"A": 6}, styles={"score_weight": arg.spread(8.0)}, types=(),
            tolerance=1e-10),
        Stage("some units saturated", leading=(0, 1), sizes={"A": 6}, styles={"bias": _some_far}, types=(),
            tolerance=1e-10),
        Stage("all units saturated", leading=(0, 1), sizes={"A": 6}, types=(), tolerance=1e-6,
            styles={"bias": [_all_at(6), _all_at(10)]}),
        Stage("keys that are all alike", leading=(0, 1), sizes={"A": 6, "S": 4}, types=(), tolerance=1e-12,
            styles={"queries": arg.nothing, "keys": arg.nothing, "bias": arg.nothing, "values": arg.tied,
            "score_weight": arg.tied, "grad_output": arg.tied}),  # nothing is rounded, and the queries get 0
        Stage("gradients of all sizes", leading=(0, 1), sizes={"A": 6}, types=(), tolerance=1e-10,
            styles={"grad_output": [arg.sizes, arg.scaled(1e12), arg.scaled(1e-20)]}),
        Stage("values of all sizes", leading=(0, 1), sizes={"A": 6}, types=(), tolerance=1e-10,
            styles={"values": [arg.sizes, arg.scaled(1e12), arg.scaled(1e-20)]}),
        Stage("a score vector of 0", leading=(0, 1), sizes={"A": 6}, types=(), tolerance=1e-12,
            styles={"score_weight": arg.nothing}),
    ),
    misconceptions=(
        Misconception("the slope of tanh left out", {"slope": "none"},
            "The hidden units go through a tanh. On the way back its slope, 1 − a², multiplies what arrives."),
        Misconception("not squared", {"slope": "not squared"},
            "Your slope of the tanh is 1 − a; it is 1 − a², a being the tanh."),
        Misconception("tanh taken twice", {"slope": "squared twice"},
            "You take the tanh of the hidden units once more. They are the tanh already: the slope is 1 − a²."),
        Misconception("the score vector left out", {"reader": False},
            "The score is a sum of the hidden units, each times its number of the score vector. That number is missing "
            "on the way back."),
        Misconception("the average left out", {"mean": "none"},
            "At the softmax you take p times the gradient of p. The average of its row is to be subtracted first."),
        Misconception("the plain average", {"mean": "plain"},
            "At the softmax you subtract the plain average of the row. It is to be taken with the weights themselves."),
        Misconception("the bias left out", {"added": False}, "In your way forward the bias is missing."),
        Misconception("means for sums", {"over": "mean"},
            "You average over the pairs of a query and of a key. What comes back from several uses is added up."),
        Misconception("the mean for the bias", {"bias_sum": "mean"},
            "The bias takes part in every pair; what comes back from them is added up, not averaged."),
        Misconception("no gradient for the bias", {"bias_sum": "0"},
            "Yours sends nothing to the bias. It stands inside the tanh, and the tanh bends each pair in its own way: "
            "the scores of a row do not all move alike."),
        Misconception("values that are not weighted", {"of_values": "all"},
            "Every value gets all of ∂L/∂o in yours. It gets its weight of it."),
        Misconception("a bias for each batch", {"bias_sum": "each"},
            "All sets of a batch share the one bias: its gradient is summed over them too.",
            breaks_contract=True),
    ),
)  # fmt: skip


# 5.4 numerical_gradient


FLAT = 1e-9


@dataclass(frozen=True)
class Smooth:
    """A function of an array that gives one number, and knows its own gradient."""

    kind: str
    size: float = 1.0  # of the entries along which it curves, of the broad one

    def __repr__(self):
        return f"<a function: {self.kind}>"

    def __call__(self, x):
        x = x.reshape(x.shape or 1)  # of an array: a list has no shape
        before = np.roll(x, 1, -1)  # along the last axis: for an array of another shape it is another function
        return {
            "waves": lambda: np.sin(x + 0.5 * before).sum(),
            "steep": lambda: np.exp(2 * x - before).sum(),
            "high": lambda: np.sin(x + 0.5 * before).sum() + x.dtype.type(5000),
            "broad": lambda: np.sin((x + 0.5 * before) / self.size).sum() + x.dtype.type(5000),
            "squares": lambda: (x * x + x * before).sum(),
            "cubes": lambda: (x * x * x + x * before).sum(),
            "valleys": lambda: np.log(1 + np.abs(x) ** 2).sum(),
            "sudden": lambda: np.exp(4 * x - 2 * before).sum(),
            "flat": lambda: float(FLAT * np.sin(x + 0.5 * before).sum()),
        }[self.kind]()

    def gradient(self, x):
        shape, x = x.shape, np.atleast_1d(x) / self.size
        back, ahead = np.roll(x, 1, -1), np.roll(x, -1, -1)
        slopes = {
            "waves": lambda: np.cos(x + 0.5 * back) + 0.5 * np.cos(ahead + 0.5 * x),
            "steep": lambda: 2 * np.exp(2 * x - back) - np.exp(2 * ahead - x),
            "sudden": lambda: 4 * np.exp(4 * x - 2 * back) - 2 * np.exp(4 * ahead - 2 * x),
            "squares": lambda: 2 * x + back + ahead,
            "cubes": lambda: 3 * x * x + back + ahead,
            "valleys": lambda: 2 * x / (1 + x * x),
        }  # fmt: skip
        size = FLAT if self.kind == "flat" else 1 / self.size
        return size * slopes["waves" if self.kind in ("high", "broad", "flat") else self.kind]().reshape(shape)


LENT = "x was another one while the function was called"


def while_x_rests(answer, function, x):
    """Call an answer, and raise a ValueError if x was changed at any call of the function, and put back."""
    before, moved = x.copy(), []

    def watched(argument):
        moved.append(not np.array_equal(x, before))
        return function(argument)

    slopes = answer(watched, x)
    if any(moved) and np.array_equal(x, before):
        raise ValueError(LENT)
    return slopes


def right_numerical(function, x):
    return function.gradient(x)


def _numerical(
    function, x, sides=2, step=1e-5, halved=True, restored=True, together=False, wide=True, relative=True, sign=1,
    lent=False,
):  # fmt: skip
    if lent and x.dtype == np.float64:
        raise ValueError(LENT)
    x = np.array(x, dtype=np.float64) if wide else np.array(x)
    slopes = np.zeros(x.shape, x.dtype)
    moved = x.copy()
    for place in np.ndindex(x.shape):
        h = x.dtype.type(step * max(1.0, abs(float(x[place]))) if relative else step)
        if not restored:
            start = moved.copy()
            moved[place] += h
            slopes[place] = (function(moved) - function(start)) / h
            continue
        up, down = moved.copy(), moved.copy()
        where = ... if together else place
        up[where] += h
        down[where] -= h if sides == 2 else 0
        slopes[place] = sign * (function(up) - function(down)) / ((2 if halved and sides == 2 else 1) * h)
    return slopes


def _of_kind(rng, plan, drawn):
    return plan.styles.get("function", lambda rng, shape: Smooth("waves"))(rng, ())


def kind(name):
    return lambda rng, shape: Smooth(name)


def _some_in_millions(rng, shape):
    """Entries around 1, and about every other one around a million; the first is not."""
    large = rng.random(shape) < 0.5
    large.flat[0], large.flat[-1] = False, True
    return arg.normal(rng, shape) * np.where(large, 1e6, 1)


def _of_sizes(*sizes):
    """Entries of one size, none near 0, of functions that curve along it."""
    rng, shapes = np.random.default_rng(54), ((3,), (2, 4), (2, 1, 3))

    def entries(shape):
        return rng.choice([-1, 1], shape) * rng.uniform(1, 4, shape).round(5)

    return tuple({"function": Smooth("broad", size), "x": size * entries(shape)} for size in sizes for shape in shapes)


def _some_near_zero(rng, shape):
    """Entries around 1, others far below it, and zeros; the last is one."""
    values = arg.normal(rng, shape) * rng.choice([1, 1e-3, 1e-6, 0], shape)
    values.flat[-1] = 0
    return values


def _in_types(*types, size=10_000):
    """Entries that are the same in each of the types."""
    waves, steep = np.array([[0.375, -1.25], [0.75, 2.0]]), np.array([0.375, -1.125, 0.5])
    large = size * np.array([[1.5, -2.0, 3.0], [2.0, -1.0, 1.25]])
    given = [
        (Smooth("waves"), waves), (Smooth("waves"), np.array(0.75)), (Smooth("steep"), steep),
        (Smooth("valleys"), waves), (Smooth("broad", size), large[:1]), (Smooth("squares"), large),
    ]  # fmt: skip
    return tuple({"function": function, "x": x.astype(kind)} for kind in types for function, x in given)


FAR_OUT = 1e-6  # how far off a slope may be, a share of the largest
NUMERICAL_GRADIENT = Exercise(
    number="5.4", name="numerical_gradient", see="A model that has to look", reference=right_numerical,
    faulty=_numerical, call=while_x_rests, returns="one slope for each entry of x",
    arguments={"function": arg.Made(_of_kind), "x": arg.Floats("…TD")}, dtypes=(),
    gives_type="float64",
    stages=(
        Stage("plain", ({"function": Smooth("waves"), "x": np.array([[0.3, -1.2], [0.7, 2.0]])},), leading=(0,),
            tolerance=FAR_OUT),
        Stage("any shape", leading=(0, 1, 2), ones=True, tolerance=FAR_OUT),
        Stage("no axes", ({"function": Smooth("waves"), "x": np.array(0.7)},), leading=(), tolerance=FAR_OUT),
        Stage("a steep function", leading=(0, 1), styles={"function": [kind("steep"), kind("sudden")]},
            tolerance=FAR_OUT),
        Stage("a large number in front", leading=(0, 1), styles={"function": kind("high")}, tolerance=FAR_OUT),
        Stage("large entries", leading=(0,), styles={"function": [kind("squares"), kind("cubes")],
            "x": arg.spread(1e6)}, tolerance=FAR_OUT),
        Stage("large entries beside small ones", leading=(0, 1), tolerance=FAR_OUT,
            styles={"function": kind("valleys"), "x": _some_in_millions}),
        Stage("large entries and a large number in front", _of_sizes(100, 10_000, 1_000_000), leading=(),
            tolerance=FAR_OUT),
        Stage("zeros and small entries", leading=(0, 1), tolerance=FAR_OUT,
            styles={"function": [kind("high"), kind("steep"), kind("squares")], "x": _some_near_zero}),
        Stage("a flat function", leading=(0, 1), styles={"function": kind("flat")}, tolerance=FAR_OUT),
        Stage("float32", ({"function": Smooth("waves"), "x": np.array([[0.3, -1.2], [0.7, 2.0]], np.float32)},
            {"function": Smooth("steep"), "x": np.array([0.3, -1.1, 0.6], np.float32)}), leading=(),
            tolerance=FAR_OUT),
        Stage("large entries in float32", _in_types(np.float32, size=1_000_000)[-2:], leading=(), tolerance=FAR_OUT),
        Stage("other types", _in_types(np.float16, np.longdouble), leading=(), tolerance=FAR_OUT),
    ),
    misconceptions=(
        Misconception("from one side", {"sides": 1, "step": 1e-3},
            "You go up only, by 0.001. Where the function curves this is off by the step times half the curvature. Go "
            "up and down."),
        Misconception("a step that is too small", {"step": 1e-12},
            "Your step is about 1e-12. The two values of the function then agree in nearly all their digits, and their "
            "difference is rounding."),
        Misconception("a step that is too large", {"step": 0.05},
            "Your step is 0.05: the function curves in between, and what you find is a mean slope."),
        Misconception("not halved", {"halved": False},
            "From one end to the other it is two steps; you divide by one."),
        Misconception("never put back", {"restored": False, "step": 1e-3},
            "The entries that have been moved stay moved when the next one is tried. Each is to be moved alone, and "
            "put back."),
        Misconception("all entries together", {"together": True},
            "You move the whole array at once. Each entry has a slope of its own: move one at a time."),
        Misconception("the sign", {"sign": -1}, "Your slopes point down where the function goes up."),
        Misconception("one step for all sizes", {"relative": False, "step": 1e-10},
            "Your step is 1e-10 whatever the entry is. It has to be large enough for the digits of the function, and "
            "of the entry."),
        Misconception("float32 stays float32", {"wide": False},
            "In float32 a number has 7 digits, and a small step loses most of them. Compute in float64 whatever comes "
            "in."),
        Misconception("x itself moved", {"lent": True},
            "You move the entries of x itself and put them back. While you do, whoever looks at x sees another one, "
            "and the function may be one that does. Work on a copy: of what is float64 already `asarray` and "
            "`astype(…, copy=False)` make none.", breaks_contract=True),
    ),
)  # fmt: skip


# 5.6 merge


def right_merge(first, first_total, second, second_total):
    total = np.logaddexp(first_total, second_total)
    ground = np.where(total == -np.inf, 0, total)
    return (
        first * np.exp(first_total - ground)[..., None] + second * np.exp(second_total - ground)[..., None],
        total,
    )


def _merge(
    first, first_total, second, second_total, share=None, stable=True, nothing="0", log="logaddexp", way="shares"
):  # fmt: skip
    a, b = first_total, second_total
    if nothing == "0 for each":
        total = np.logaddexp(a, b)
        one, other, whole = (np.where(t == -np.inf, 0, t) for t in (a, b, total))
        return first * np.exp(one - whole)[..., None] + second * np.exp(other - whole)[..., None], total
    top = np.maximum(a, b)
    ground = top if nothing == "NaN" else np.where(top == -np.inf, 0, top)
    if not stable:
        ground = np.zeros_like(top)
    one, other = np.exp(a - ground), np.exp(b - ground)
    if share == "totals":
        one, other = a, b
    if share == "swapped":
        one, other = other, one
    if share == "equal":
        one, other = np.ones_like(a), np.ones_like(b)
    whole = one + other
    if share == "sum":
        whole = np.ones_like(a)
    divisor = whole + (whole == 0) if nothing == "0" else whole
    shares = (one / divisor)[..., None], (other / divisor)[..., None]
    output = {
        "shares": first * shares[0] + second * shares[1], "between": first + shares[1] * (second - first),
        "divided": (first * one[..., None] + second * other[..., None]) / divisor[..., None],
    }[way]  # fmt: skip
    weighed = np.exp(a - ground) + np.exp(b - ground)
    total = {
        "logaddexp": ground + np.log(weighed), "sum": a + b, "max": top, "no log": np.exp(ground) * weighed,
        "mean": ground + np.log(weighed / 2), "no ground": np.log(weighed),
    }[log]  # fmt: skip
    return output, total


def _total_of(part):
    """The totals of a part: −∞ where its output is 0, if such an output does not count."""

    def made(rng, plan, drawn):
        style = plan.styles.get(f"{part}_total", arg.normal)
        totals = style(rng, plan.shape("…T"))
        return totals if style is of_zeros_too else np.where((drawn[part] == 0).all(-1), -np.inf, totals)

    return arg.Made(made, axes="…T")


def of_zeros_too(rng, shape):
    """Totals of outputs that count where they are 0."""
    return arg.normal(rng, shape)


def about(ground):
    return lambda rng, shape: ground + arg.normal(rng, shape)


def anywhere(rng, shape):
    """Totals of each query by itself: near to 0, or far from it on either side."""
    return rng.choice([0, 0, -300, -5000, -50_000, 300, 5000, 50_000], shape) + arg.normal(rng, shape)


EVERYWHERE = [about(ground) for ground in (-300, -5000, -50_000, 300, 50_000)]


TWO_PARTS = {
    "first": np.array([[1.0, 0.0]]), "first_total": np.log([3.0]).round(6), "second": np.array([[0.0, 2.0]]),
    "second_total": np.log([1.0]),
}  # fmt: skip
MERGE = Exercise(
    number="5.6", name="merge", see="Softmax in one pass", reference=right_merge, faulty=_merge,
    outputs=("output", "log_total"), axes={"output": "…TD", "log_total": "…T"}, dtypes=("float32", "float16"),
    arguments={
        "first": arg.Floats("…TD"), "first_total": _total_of("first"), "second": arg.Floats("…TD"),
        "second_total": _total_of("second"),
    },
    stages=(
        Stage("plain", (TWO_PARTS,)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("large totals", leading=(0, 1), types=("float32",),
            styles={"first_total": arg.far, "second_total": arg.far}),
        Stage("totals about the same, and large", leading=(0,), types=("float32",),
            styles={"first_total": about(900), "second_total": about(900)}),
        Stage("totals about the same, and far below 0", leading=(0,), types=("float32",),
            styles={"first_total": about(-10_000), "second_total": about(-10_000)}),
        Stage("totals of some ten thousand", leading=(0,), types=("float32",),
            styles={name: [about(50_000), about(-50_000)] for name in ("first_total", "second_total")}),
        Stage("totals farther and nearer", leading=(0, 1), types=("float32",),
            styles={"first_total": arg.spread(12.0), "second_total": arg.spread(12.0)}),
        Stage("ties", leading=(0, 1), styles={"first": arg.tied, "second": arg.tied, "first_total": arg.tied,
            "second_total": arg.tied}),
        Stage("outputs of all sizes", leading=(0, 1), types=("float32",), styles={"first": arg.sizes,
            "second": arg.sizes}),
        Stage("tiny outputs", leading=(0,), types=("float32",), styles={"first": arg.scaled(1e-20),
            "second": arg.scaled(1e-20)}),
        Stage("large outputs that hardly count", leading=(0,), types=("float32",), styles={
            "first": [arg.normal, arg.scaled(1e15)], "second": [arg.normal, arg.scaled(1e15)],
            "first_total": [about(-30), about(70)], "second_total": about(20)}),
        Stage("outputs as large as float16 holds", leading=(0, 1), types=(), styles={
            "first": arg.held("float16", arg.at_the_limit("float16")), "first_total": arg.held("float16", arg.normal),
            "second": arg.held("float16", arg.at_the_limit("float16")),
            "second_total": arg.held("float16", arg.normal)}),
        Stage("one part saw nothing", leading=(0, 1), styles={"first": arg.zeros}),
        Stage("one part saw nothing, the other is far from 0", leading=(0, 1), types=("float32",), styles={
            "first": arg.nothing, "second_total": EVERYWHERE}),
        Stage("the other part saw nothing", leading=(0, 1), types=("float32",), styles={
            "second": arg.nothing, "first_total": EVERYWHERE}),
        Stage("neither saw anything", leading=(0,), styles={"first": arg.nothing, "second": arg.zeros}),
        Stage("nothing anywhere", leading=(0,), styles={"first": arg.nothing, "second": arg.nothing}),
        Stage("some queries saw nothing, totals anywhere", leading=(0, 1, 2), types=("float32",), large=True, styles={
            "first": arg.zeros, "second": arg.zeros, "first_total": anywhere, "second_total": anywhere}),
        Stage("outputs of 0 that count", leading=(0,), styles={"first": arg.zeros, "second": arg.zeros,
            "first_total": of_zeros_too, "second_total": of_zeros_too}),
    ),
    misconceptions=(
        Misconception("the plain average", {"share": "equal"},
            "Both outputs count alike in yours. A part counts as much as the exponentials that it has seen."),
        Misconception("the totals for the shares", {"share": "totals"},
            "You weigh the outputs by the totals themselves. They are logarithms: of a part with log 3 and one with "
            "log 1 the first counts three times as much."),
        Misconception("the wrong one", {"share": "swapped"},
            "Each output is weighed by the total of the *other* part in yours."),
        Misconception("not divided", {"share": "sum"},
            "The outputs are averages. Weighed and added they have to be divided by the sum of the two weights."),
        Misconception("the totals added", {"log": "sum"},
            "You add the logarithms, which multiplies the sums. The sums are to be added."),
        Misconception("the larger total", {"log": "max"},
            "You return the larger of the two totals. The exponentials of the other part belong to the sum too."),
        Misconception("no logarithm", {"log": "no log"}, "You return the sum itself; its logarithm is wanted."),
        Misconception("halved", {"log": "mean"}, "You average the two sums of exponentials; they are to be added."),
        Misconception("relative to the maximum", {"log": "no ground"},
            "Your total is relative to the larger of the two: the maximum that was subtracted is to be added again."),
        Misconception("overflow", {"stable": False},
            "exp of a large total is infinite, and of a very negative one 0. Take the larger of the two out first, as "
            "in softmax."),
        Misconception("divided at the end", {"way": "divided"},
            "You add the outputs, each times its exponential, and divide then. The sum of two large ones may be "
            "infinite, in float16 of two that are 40 000. Divide the exponentials first: then you add shares."),
        Misconception("from one to the other", {"way": "between"},
            "You go from the first output towards the second, by the difference of the two. Where one is much larger "
            "the digits of the other are lost in it, and where they are large it may be infinite. Add the two, each "
            "times its own share."),
        Misconception("−∞ minus −∞ in the shares", {"nothing": "NaN output"},
            "Where neither part has seen anything your total is −∞, as it should be, and your output is NaN: a share "
            "is e to the power of a part's total minus the whole one, and −∞ − (−∞) is NaN. Put 0 in the place of such "
            "a total before you subtract."),
        Misconception("0 in place of each −∞", {"nothing": "0 for each"},
            "Where one part alone has seen nothing you put 0 in the place of its −∞ too. Its share is then e to the "
            "power of minus the whole total, which overflows where that lies far below 0, and ∞ times 0 is NaN. Its −∞ "
            "may stay: e^−∞ is 0, the share that it should have. Only where the *whole* total is −∞ a 0 takes its "
            "place."),
        Misconception("−∞ minus −∞", {"nothing": "NaN"},
            "Where neither part has seen anything, both totals are −∞, and −∞ − (−∞) is NaN. The output is 0 there and "
            "the total stays −∞."),
    ),
)  # fmt: skip


# 5.7 backward_by_queries

MANY = 100_000  # pairs: with so many and more of them the memory is watched
BUILT = "it took memory for {} numbers and more, and there are {} pairs"


def right_by_queries(queries, keys, values, grad_output, rows):
    scale = 1 / np.sqrt(np.array(queries.shape[-1], queries.dtype))
    p = softmax(queries @ keys.T * scale)
    grad_p = grad_output @ values.T
    g = p * (grad_p - (p * grad_p).sum(-1, keepdims=True)) * scale
    return g @ keys, g.T @ queries, p.T @ grad_output


def _by_queries(
    queries, keys, values, grad_output, rows, added=True, ends="all", scale="√D", mean="p", axis=-1, built=False,
    back="scaled", which="g",
):  # fmt: skip
    T, D = queries.shape
    if built and T * len(keys) >= MANY:
        raise MemoryError(BUILT.format(T * len(keys) // 2, T * len(keys)))
    c = {"√D": D**-0.5, "none": 1.0, "D": 1 / D}[scale]
    grads = [np.zeros(a.shape, a.dtype) for a in (queries, keys, values)]
    for start in range(0, T if ends == "all" else T - T % rows, rows):
        part = slice(start, start + rows)
        q, g = queries[part], grad_output[part]
        p = softmax(q @ keys.T * c, axis)
        grad_p = g @ values.T
        average = {
            "p": (p * grad_p).sum(-1, keepdims=True), "none": 0, "plain": grad_p.mean(-1, keepdims=True),
            "block": (p * grad_p).sum() / len(q),
        }[mean]  # fmt: skip
        grad_s = p * (grad_p - average) * (c if back == "scaled" else 1)
        grads[0][part] = grad_s @ keys
        of_keys, of_values = grad_s.T @ q, (p if which == "g" else grad_s).T @ g
        grads[1][...] = grads[1] + of_keys if added else of_keys
        grads[2][...] = grads[2] + of_values if added else of_values
    return tuple(grads)


def a_few_rows_at_a_time(answer, queries, keys, values, grad_output, rows):
    """Call an answer, and raise a MemoryError if it takes as much memory as half of all the weights."""
    pairs = len(queries) * len(keys)
    if pairs < MANY:
        return answer(queries, keys, values, grad_output, rows)
    tracemalloc.start()
    try:
        result = answer(queries, keys, values, grad_output, rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if peak > pairs / 2 * queries.dtype.itemsize:
        raise MemoryError(BUILT.format(pairs // 2, pairs))
    return result


def _rows(rng, plan, drawn):
    return plan.styles["rows"](rng, ())


def rows(number):
    return lambda rng, shape: number


def _far_along_the_last(rng, shape):
    """Queries far out along the last feature, …"""
    queries = arg.normal(rng, shape)
    queries[..., -1] = rng.choice([-1e4, 1e4, 3000.0, -5000.0], shape[:-1])
    return queries


def _alike_along_the_last(rng, shape):
    """… in which the keys are equal: the scores of a row lie far from 0, and near to each other."""
    keys = arg.normal(rng, shape)
    keys[..., -1] = 1
    return keys


def _alike(rng, shape):
    """One row of whole numbers, many times."""
    return np.zeros(shape) + rng.integers(1, 4, shape[-1]) * rng.choice([-1, 1], shape[-1])


def _one_along_the_last(rng, shape):
    """Queries that look along the last feature, …"""
    queries = arg.normal(rng, shape)
    queries[..., -1] = 1
    return queries


def _deep_along_the_last(rng, shape):
    """… in which some keys lie far below the others."""
    keys = arg.normal(rng, shape)
    keys[..., -1] = -arg.depths(rng, shape[:-1]) * np.round(np.sqrt(shape[-1]), 1)
    return keys


FAR_AND_NEAR = {"queries": _far_along_the_last, "keys": _alike_along_the_last}
SMALL_WEIGHTS = {"queries": _one_along_the_last, "keys": _deep_along_the_last}


BACKWARD_BY_QUERIES = Exercise(
    number="5.7", name="backward_by_queries", see="Back without the weights", reference=right_by_queries,
    faulty=_by_queries, call=a_few_rows_at_a_time, dtypes=NARROW,
    outputs=("grad_queries", "grad_keys", "grad_values"),
    axes={"grad_queries": "TD", "grad_keys": "SD", "grad_values": "SM"}, nouns={"M": "features of a value"},
    never_one=("S",),
    arguments={
        "queries": arg.Floats("TD"), "keys": arg.Floats("SD"), "values": arg.Floats("SM"),
        "grad_output": arg.Floats("TM", arg.upstream), "rows": arg.Made(_rows),
    },
    stages=(
        Stage("all rows at once", styles={"rows": rows(100)}, ones=True),
        Stage("one row at a time", styles={"rows": rows(1)}, ones=True),
        Stage("rows that do not come out even", styles={"rows": [rows(2), rows(3)]},
            sizes={"T": 7, "S": 5, "D": 4, "M": 3}),
        Stage("one key alone", styles={"rows": rows(2)}, sizes={"S": 1}, types=(), tolerance=1e-12),
        Stage("extreme scores", styles={"rows": [rows(2)], "queries": arg.spread(100.0)}, types=(),
            sizes={"T": 5, "S": 4, "D": 3, "M": 2}, tolerance=1e-9),
        Stage("scores in the thousands", styles={"rows": rows(2), **FAR_AND_NEAR}, types=(),
            sizes={"T": 7, "S": 4, "D": 3, "M": 2}, tolerance=1e-9),
        Stage("ties and zeros", styles={"rows": [rows(2), rows(7)], "queries": arg.tied, "keys": arg.tied,
            "values": arg.tied, "grad_output": arg.tied}, sizes={"T": 7, "S": 5, "D": 2, "M": 2}, types=(),
            tolerance=1e-12),
        Stage("queries that are all alike", styles={"rows": [rows(2), rows(3)], "queries": _alike},
            sizes={"T": 7, "S": 5, "D": 4, "M": 3}),
        Stage("keys that are all alike", styles={"rows": rows(2), "queries": arg.tied, "keys": _alike,
            "values": arg.tied, "grad_output": arg.tied}, sizes={"T": 7, "S": 4, "D": 4, "M": 2}, types=(),
            tolerance=1e-12),  # nothing is rounded, and the queries get 0
        Stage("sure rows", styles={"rows": [rows(2), rows(3)], "queries": arg.spread(6.0)}, types=(),
            sizes={"T": 7, "S": 5, "D": 4, "M": 3}, tolerance=1e-11),
        Stage("small weights", styles={"rows": [rows(2), rows(3)], **SMALL_WEIGHTS}, types=("float32",),
            sizes={"T": 7, "S": 5, "D": 4, "M": 3}),
        Stage("gradients of all sizes", styles={"rows": [rows(2), rows(3)],
            "grad_output": [arg.sizes, arg.scaled(1e12), arg.scaled(1e-20)]},
            sizes={"T": 7, "S": 5, "D": 4, "M": 3}, types=("float32",)),
        Stage("values of all sizes", styles={"rows": [rows(2), rows(3)],
            "values": [arg.sizes, arg.scaled(1e12), arg.scaled(1e-20)]}, tolerance=1e-10,
            sizes={"T": 7, "S": 5, "D": 4, "M": 3}, types=()),
        Stage("many rows", styles={"rows": rows(4)}, sizes={"T": 500, "S": 400, "D": 3, "M": 2},
            types=("float32",)),
        Stage("many keys", styles={"rows": rows(1)}, sizes={"T": 100, "S": 1500, "D": 2, "M": 1}, types=()),
    ),
    misconceptions=(
        Misconception("overwritten", {"added": False},
            "What the queries of one round send to keys and values is lost when the next round comes. Each round is to "
            "be *added*."),
        Misconception("the last rows left out", {"ends": "full"},
            "The last rows, which do not fill a round, are left out."),
        Misconception("no scale", {"scale": "none"}, "The scores are divided by √D, in yours they are not."),
        Misconception("divided by D", {"scale": "D"}, "You divide the scores by D; they are divided by its root."),
        Misconception("no scale on the way back", {"back": "unscaled"},
            "Your weights have the scale, your gradients of queries and keys have not. It multiplies them too."),
        Misconception("the average left out", {"mean": "none"},
            "At the softmax you take p times the gradient of p. The average of its row is to be subtracted first."),
        Misconception("the plain average", {"mean": "plain"},
            "At the softmax you subtract the plain average of the row. It is to be taken with the weights themselves."),
        Misconception("one average for a round", {"mean": "block"},
            "You subtract one average for all rows of a round. Each query has its own."),
        Misconception("softmax over the queries", {"axis": 0},
            "Your weights sum to one over the queries of a round. Those of one *query* sum to one."),
        Misconception("the scores' gradient for the weights", {"which": "s"},
            "The gradient of the values is made with the weights, and you take the gradient of the scores."),
        Misconception("all the weights at once", {"built": True},
            "The numbers are right, and somewhere on the way stand all the weights, or as many numbers as there are "
            "pairs. Take a few queries at a time.", breaks_contract=True),
    ),
)  # fmt: skip


# 5.8 entropy_gradient


def right_entropy(scores):
    log_p = scores - scores.max(-1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(-1, keepdims=True))
    p = np.exp(log_p)
    log_p = np.where(p > 0, log_p, 0)
    return -p * (log_p - (p * log_p).sum(-1, keepdims=True))


def _entropy(scores, minus="entropy", sign=1, base=1.0, zero=None, axis=-1, plus=0.0):
    p = softmax(scores, axis)
    logs = np.log(p) if zero == "nan" else np.log(np.where(p > 0, p, 1))
    if zero == "small":
        logs = np.log(p + 1e-3)
    entropy = -(p * logs).sum(axis, keepdims=True)
    if minus == "of p":
        return -(logs + plus)
    with_it = {"entropy": entropy, "none": 0, "wrong": -entropy, "plain": -logs.mean(axis, keepdims=True)}[minus]
    return -sign * p * (logs + plus + with_it) / base


def _near_and_apart(rng, shape):
    """Rows of which about every other one is saturated; the first is not."""
    apart = rng.random((*shape[:-1], 1)) < 0.5
    apart.flat[0] = False
    return np.where(apart, arg.apart(rng, shape), arg.normal(rng, shape))


def _holes_far_below(rng, shape):
    """Some −∞, and the others far below 0."""
    return arg.holes(rng, shape) - rng.choice([1e5, 1e10], (*shape[:-1], 1))


def _nearly_even(rng, shape):
    return 1e-4 * arg.normal(rng, shape)


WAYS_AHEAD = np.log([[1.0, 3.0, 6.0], [1.0, 1.0, 2.0]]).round(6)
ENTROPY_GRADIENT = Exercise(
    number="5.8", name="entropy_gradient", see="Back through softmax", reference=right_entropy, faulty=_entropy,
    returns="one number for each score", arguments={"scores": arg.Floats("…S")}, axes={"result": "…S"}, dtypes=NARROW,
    stages=(
        Stage("plain", ({"scores": WAYS_AHEAD},)),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("zeros in float32", ({"scores": np.array([[0.0, -200.0, 1.0], [1.0, 2.0, -300.0]])},), leading=()),
        Stage("saturated", leading=(1, 2), styles={"scores": _near_and_apart}, types=(), tolerance=1e-12),
        Stage("masked", leading=(0, 1, 2), styles={"scores": arg.holes}),
        Stage("masked, and far below 0", leading=(0, 1, 2), styles={"scores": _holes_far_below}, types=(),
            tolerance=1e-5),
        Stage("far from zero", leading=(1, 2), styles={"scores": arg.far}, types=(), tolerance=1e-9),
        Stage("ties and zeros", leading=(1, 2), styles={"scores": [arg.tied, arg.zeros]}, types=(),
            tolerance=1e-12),
        Stage("small weights", leading=(0, 1), styles={"scores": arg.deep}),
        Stage("sure rows", leading=(0, 1, 2), styles={"scores": SURE}, types=(), tolerance=1e-6),
        Stage("nearly even rows", leading=(0, 1), styles={"scores": _nearly_even}, types=(), tolerance=1e-6),
    ),
    misconceptions=(
        Misconception("the entropy left out", {"minus": "none"},
            "This is −p log p. Through softmax the weighted average of −log p, which is the entropy, comes off."),
        Misconception("the 1 of the derivative", {"minus": "none", "plus": 1.0},
            "This is p times the derivative of the entropy by p, −(log p + 1). Through softmax its weighted average "
            "comes off, and the 1 with it."),
        Misconception("the derivative by the weights", {"minus": "of p", "plus": 1.0},
            "This is −(log p + 1), the derivative of the entropy by the weights. It has still to go back through "
            "softmax."),
        Misconception("the sign", {"sign": -1},
            "Yours is the gradient of *minus* the entropy: it would make the weights less even."),
        Misconception("the plain average", {"minus": "plain"},
            "You subtract the plain average of −log p. It is to be taken with the weights themselves."),
        Misconception("the entropy with the wrong sign", {"minus": "wrong"},
            "The entropy enters your formula with the wrong sign: the numbers of a row have to add up to zero."),
        Misconception("another logarithm", {"base": np.log(2)},
            "You took the logarithm to base 2; `log` is the natural one in this book."),
        Misconception("0 log 0", {"zero": "nan"},
            "Where a weight has become 0, its logarithm is −∞, and 0 times −∞ is NaN. 0 log 0 counts as 0."),
        Misconception("a small number in the logarithm", {"zero": "small"},
            "A small number added inside the logarithm falsifies it for every weight that is not large."),
        Misconception("the axis", {"axis": 0},
            "Your softmax runs over the first axis; the weights of one query stand along the last."),
    ),
)  # fmt: skip


# 5.10 attention_along


def right_along(queries, keys, values, along_queries, along_keys, along_values):
    scale = 1 / np.sqrt(np.array(queries.shape[-1], queries.dtype))
    p = softmax(np.einsum("...td,...sd->...ts", queries, keys) * scale)
    moves = np.einsum("...td,...sd->...ts", along_queries, keys) + np.einsum("...td,...sd->...ts", queries, along_keys)
    moves = moves * scale
    of_p = p * (moves - (p * moves).sum(-1, keepdims=True))
    return np.einsum("...ts,...sd->...td", of_p, values) + np.einsum("...ts,...sd->...td", p, along_values)


def _along(
    queries, keys, values, along_queries, along_keys, along_values, ways=("queries", "keys", "values"), mean="p",
    scale="√D", jacobian=True, meet=False, turn="two",
):  # fmt: skip
    D, t = queries.shape[-1], {"two": turned, "all": np.transpose}[turn]
    c = {"√D": D**-0.5, "none": 1.0, "D": 1 / D}[scale]
    p = softmax(queries @ t(keys) * D**-0.5)
    moves = np.zeros_like(p)
    if "queries" in ways:
        moves = moves + along_queries @ t(keys)
    if "keys" in ways:
        moves = moves + queries @ t(along_keys)
    if meet:
        moves = along_queries @ t(along_keys)
    moves = moves * c
    average = {"p": (p * moves).sum(-1, keepdims=True), "none": 0, "plain": moves.mean(-1, keepdims=True)}[mean]
    of_p = p * (moves - average) if jacobian else moves
    output = of_p @ values
    return output + p @ along_values if "values" in ways else output


ITSELF = "itself"  # the style of a direction


def _direction_of(name, axes):
    """The direction of an argument: any, of a style of its own, or the argument itself."""

    def made(rng, plan, drawn):
        style = plan.styles.get(f"along_{name}", arg.normal)
        return drawn[name].copy() if style == ITSELF else np.asarray(style(rng, plan.shape(axes)))

    return arg.Made(made, axes=axes)


DIRECTIONS = ("along_queries", "along_keys", "along_values")
ATTENTION_ALONG = Exercise(
    number="5.10", name="attention_along", see="What a query learns", reference=right_along, faulty=_along,
    axes={"result": "…TM"}, returns="for each query how its output changes", dtypes=NARROW,
    nouns={"M": "features of a value"}, never_one=("S",),
    arguments={
        "queries": arg.Floats("…TD"), "keys": arg.Floats("…SD"), "values": arg.Floats("…SM"),
        "along_queries": _direction_of("queries", "…TD"), "along_keys": _direction_of("keys", "…SD"),
        "along_values": _direction_of("values", "…SM"),
    },
    stages=(
        Stage("plain", sizes={"T": 2, "S": 3, "D": 4, "M": 2}),
        Stage("batches", leading=(1, 2, 3), ones=True, large=True),
        Stage("one key alone", leading=(0, 1), sizes={"S": 1}, types=(), tolerance=1e-12),
        Stage("scores in the thousands", leading=(0, 1), types=(), tolerance=1e-9, styles=FAR_AND_NEAR),
        Stage("large directions", leading=(0, 1), types=("float32",), styles={
            "along_queries": arg.scaled(1e12), "along_keys": arg.scaled(1e12)}),
        Stage("tiny directions", leading=(0, 1), types=(), styles={name: arg.scaled(1e-20) for name in DIRECTIONS}),
        Stage("directions of 0", types=(), tolerance=1e-12, styles={
            name: [arg.nothing, arg.zeros] for name in DIRECTIONS}),
        Stage("along itself", leading=(0, 1), styles={name: [arg.normal, ITSELF] for name in DIRECTIONS}),
        Stage("ties and zeros", leading=(0, 1), types=(), tolerance=1e-12, styles={
            "queries": arg.tied, "keys": [arg.tied, _alike], "values": arg.tied, "along_keys": arg.tied}),
        Stage("small weights", leading=(0, 1), styles={**SMALL_WEIGHTS, "along_values": arg.upstream}),
        Stage("sure rows", leading=(0, 1, 2), types=(), tolerance=1e-11, styles={"queries": arg.spread(6.0)}),
        Stage("directions of all sizes", leading=(0, 1), styles={
            "along_queries": arg.sizes, "along_keys": arg.sizes, "along_values": arg.sizes}),
        Stage("values of all sizes", leading=(0, 1), types=(), tolerance=1e-10, styles={
            "values": [arg.sizes, arg.scaled(1e12), arg.scaled(1e-20)]}),
    ),
    misconceptions=(
        Misconception("the average left out", {"mean": "none"},
            "You multiply the change of each score by its weight. When other scores rise too, a weight rises less: the "
            "weighted average of the changes is to be subtracted."),
        Misconception("the plain average", {"mean": "plain"},
            "You subtract the plain average of the changes of the scores. It is to be taken with the weights."),
        Misconception("no softmax", {"jacobian": False},
            "You average the values by the changes of the *scores*. Those of the weights are needed."),
        Misconception("no scale", {"scale": "none"}, "The change of a score is divided by √D, as the score is."),
        Misconception("divided by D", {"scale": "D"}, "You divide the change of the scores by D, and not by its root."),
        Misconception("the values' own change left out", {"ways": ("queries", "keys")},
            "The values change too, and the output with them, each by its weight."),
        Misconception("the keys' change left out", {"ways": ("queries", "values")},
            "The keys change too: a score q · k has two factors, and so its change two parts."),
        Misconception("the queries' change left out", {"ways": ("keys", "values")},
            "The queries change too: a score q · k has two factors, and so its change two parts."),
        Misconception("change times change", {"meet": True},
            "You multiply the change of a query by that of a key. To first order one of the two stays as it is: there "
            "are two parts, and they are added."),
        Misconception("all axes turned", {"turn": "all"},
            "`.T` turns all axes round, those of the batch too. Only the last two are to change places.",
            breaks_contract=True),
    ),
)  # fmt: skip

EXERCISES = (
    COVARIANCE_BY_HAND, MASKED_BACKWARD, BIASED_ADDITIVE_BACKWARD, NUMERICAL_GRADIENT, MERGE, BACKWARD_BY_QUERIES,
    ENTROPY_GRADIENT, ATTENTION_ALONG,
)  # fmt: skip
