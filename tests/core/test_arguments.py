"""Every public argument does what it says: each is changed alone, and the result is that of the formula."""

import importlib
import inspect
import math

import numpy as np
import pytest

from attention.frameworks import tf, torch
from attention.weights.initial import initial_weights
from attention.weights.tables import seq2seq
from tests import slow
from tests.adapters import ADAPTERS, DTYPES, NumPy, PyTorch, TensorFlow, library
from tests.heeds import PACKAGES, SEEN, arguments, heeds, public

NAN, INF = math.nan, math.inf
rng = np.random.default_rng(11)
B, T, S, D, Dv, K, A = 2, 3, 4, 5, 2, 6, 7
SIZES = {"vocabulary": 9, "width": 4, "encoder_width": 3}


def normal(*shape):
    return rng.standard_normal(shape)


WEIGHTS = {name: normal(*shape) for name, shape in seq2seq.shapes(**SIZES).items()}
PAIRS = {"queries": normal(B, T, D), "keys": normal(B, S, D)}
OTHER_PAIRS = {"queries": normal(B, T, D), "keys": normal(B, S, D)}
UNLIKE = {"queries": normal(B, T, D), "keys": normal(B, S, K)}
OTHER_UNLIKE = {"queries": normal(B, T, D), "keys": normal(B, S, K)}
LAYER = {"query_weight": normal(D, A), "key_weight": normal(K, A), "score_weight": normal(A)}
OTHER_LAYER = {"query_weight": normal(D, A), "key_weight": normal(K, A), "score_weight": normal(A)}
SCORES = np.where(rng.random((B, T, S)) < 0.2, -INF, normal(B, T, S))
MASK = np.array([[True, True, False, False], [False] * 4, [True, False, False, True]])  # key 2 is seen by nobody
OTHER_MASK = np.array([[[True, True, False, True]], [[True, False, True, True]]])


def hidden(array, filling):
    """What the mask hides may hold anything."""
    array = array.copy()
    array[:, 2] = filling
    return array


STATES = {"embedded": normal(B, T, 4), "states": normal(B, T, 4), "contexts": normal(B, T, 6)}
LENGTHS = np.array([2, 4])
TOKENS = {"source": np.array([[5, 3, 0, 0], [8, 1, 4, 2]]), "lengths": LENGTHS, "target": np.array([[1, 7], [1, 4]])}
OTHER_TOKENS = {
    "source": np.array([[5, 8, 0, 0], [3, 1, 4, 6]]),
    "lengths": np.array([1, 3]),
    "target": np.array([[1, 7], [3, 5]]),
}
VALUES, KEYS, TOLD = normal(B, S, 6), normal(B, S, 4), np.arange(S) < LENGTHS[:, None]
of_maps = np.random.default_rng(12).standard_normal
of_turns = np.random.default_rng(13).standard_normal
STATISTICS = {"mean": of_maps(D), "variance": of_maps(D) ** 2}
MEMORIES = [(normal(B, S, 6), KEYS, TOLD), (VALUES, normal(B, S, 4), TOLD), (VALUES, KEYS, ~TOLD)]

# {function: (arguments, changes)}: each change is made alone.
CASES = {
    "softmax": ({"scores": normal(B, T)}, [("scores", normal(B, T)), ("axis", 0), ("axis", -2)]),
    "log_softmax": ({"scores": normal(B, T)}, [("scores", normal(B, T)), ("axis", 0), ("axis", -2)]),
    "masked_softmax": (
        {"scores": SCORES},
        [("scores", normal(B, T, S)), ("mask", MASK), ("mask", OTHER_MASK), ("axis", 0), ("axis", 1), ("axis", -3)],
    ),
    "dot_scores": (PAIRS, [*OTHER_PAIRS.items()]),
    "scaled_dot_scores": (PAIRS, [*OTHER_PAIRS.items(), ("scale", 1.0), ("scale", 0), ("scale", -2)]),
    "cosine_scores": (PAIRS, [*OTHER_PAIRS.items(), ("keys", np.zeros((B, S, D))), ("queries", np.eye(T, D)[None])]),
    "general_scores": (UNLIKE | {"weight": normal(D, K)}, [*OTHER_UNLIKE.items(), ("weight", normal(D, K))]),
    "additive_scores": (UNLIKE | LAYER, [*OTHER_UNLIKE.items(), *OTHER_LAYER.items()]),
    "attend": (
        {"scores": SCORES, "values": normal(B, S, Dv)},
        [("scores", normal(B, T, S)), ("values", normal(B, S, Dv)), ("mask", MASK), ("mask", OTHER_MASK)],
    ),
    "scaled_dot_product_attention": (
        PAIRS | {"values": hidden(normal(B, S, Dv), NAN), "keys": hidden(PAIRS["keys"], INF), "mask": MASK},
        [
            ("queries", normal(B, T, D)),
            ("keys", hidden(normal(B, S, D), NAN)),
            ("values", hidden(normal(B, S, Dv), INF)),
            ("mask", MASK & [True, False, True, True]),
            ("scale", 1.0),
            ("scale", 0),
            ("need_weights", False),
        ],
    ),
    "additive_attention": (
        UNLIKE | LAYER | {"values": hidden(normal(B, S, Dv), NAN), "keys": hidden(UNLIKE["keys"], INF), "mask": MASK},
        [
            ("queries", normal(B, T, D)),
            ("keys", hidden(normal(B, S, K), NAN)),
            ("values", hidden(normal(B, S, Dv), -INF)),
            *OTHER_LAYER.items(),
            ("mask", MASK & [True, False, True, True]),
        ],
    ),
    "padding_mask": ({"lengths": [0, 3, 2], "size": 4}, [("lengths", np.array([4, 1, 2])), ("size", 3)]),
    "causal_mask": (
        {"targets": 3},
        [("targets", 4), ("sources", 5), ("sources", 2), ("offset", 1), ("offset", -2)],
    ),
    "window_mask": (
        {"targets": 5, "sources": 7, "window": 1},
        [("targets", 4), ("sources", 5), ("sources", 3), ("window", 0), ("window", 2)],
    ),
    "sinusoidal_positions": (
        {"length": 5, "width": 6},
        [("length", 4), ("length", 1), ("width", 8), ("width", 2), ("dtype", "float32")],
    ),
    "rotate": (
        {"x": of_turns((B, T, 6)), "positions": np.array([0, 7, 2])},
        [
            ("x", of_turns((B, T, 6))),
            ("x", of_turns((T, 2))),
            ("positions", np.array([1, 7, -3])),
            ("positions", np.array([[5], [900]], "int32")),
            ("positions", np.array(4)),
        ],
    ),
    "alibi_bias": (
        {"heads": 12, "targets": 2, "sources": 4},
        [*(("heads", heads) for heads in (1, 3, 6, 16)), ("targets", 5), ("sources", 2), ("dtype", "float32")],
    ),
    "convolve": (
        {"x": of_maps((B, 5, 4, D)), "kernel": of_maps((3, 5, D, Dv))},
        [
            ("x", of_maps((B, 5, 4, D))),
            ("x", of_maps((1, 1, 6, D))),
            *(("kernel", of_maps((*size, D, K))) for size in ((3, 5), (5, 3), (1, 1), (2, 2), (1, 4), (7, 7))),
            *(("stride", stride) for stride in (2, 3, 7)),
        ],
    ),
    "batch_norm": (
        {"x": of_maps((B, T, D)), "scale": of_maps(D), "shift": of_maps(D)},
        [
            ("x", of_maps((B, T, D))),
            ("x", of_maps((B, D))),
            ("x", 10 * of_maps((B, T, 2, 2, D)) + 100),
            *((name, of_maps(D)) for name in ("scale", "shift")),
            *STATISTICS.items(),
        ],
    ),
    "gru_step": (
        {"input_gates": normal(B, 12), "state_gates": normal(B, 12), "state": normal(B, 4)},
        [("input_gates", normal(B, 12)), ("state_gates", normal(B, 12)), ("state", normal(B, 4))],
    ),
    "sequence_loss": (
        {"logits": normal(B, T, K), "target": np.array([[3, 1, 0], [5, 0, 0]])},
        [
            ("logits", normal(B, T, K)),
            ("target", np.array([[3, 1, 4], [5, 0, 0]])),
            ("target", np.array([[3, 1, 0], [2, 0, 0]])),
            ("smoothing", 0.1),
            ("smoothing", 0.7),
            ("smoothing", 1.0),
        ],
    ),
    "GRUEncoder.__call__": (
        {"embedded": normal(B, S, 4), "lengths": LENGTHS},
        [("embedded", normal(B, S, 4)), ("lengths", np.array([1, 3])), ("lengths", np.array([4, 4]))],
    ),
    "AttentionDecoder.start": (
        {"states": VALUES, "last": normal(B, 3), "lengths": LENGTHS},
        [("states", normal(B, S, 6)), ("last", normal(B, 3)), ("lengths", np.array([4, 1]))],
    ),
    "AttentionDecoder.step": (
        {"embedded_gates": normal(B, 12), "state": normal(B, 4), "memory": (VALUES, KEYS, TOLD)},
        [("embedded_gates", normal(B, 12)), ("state", normal(B, 4)), *(("memory", memory) for memory in MEMORIES)],
    ),
    "AttentionDecoder.embedded_gates": ({"embedded": normal(B, T, 4)}, [("embedded", normal(B, T, 4))]),
    "AttentionDecoder.readout": (STATES, [(name, normal(*array.shape)) for name, array in STATES.items()]),
    "Seq2Seq.encode": (
        {"source": TOKENS["source"], "lengths": LENGTHS},
        [(name, OTHER_TOKENS[name]) for name in ("source", "lengths")],
    ),
    "Seq2Seq.step": (
        {"tokens": np.array([3, 5]), "state": normal(B, 4), "memory": (VALUES, KEYS, TOLD)},
        [("tokens", np.array([3, 6])), ("state", normal(B, 4)), *(("memory", memory) for memory in MEMORIES)],
    ),
    "Seq2Seq.__call__": (TOKENS, [*OTHER_TOKENS.items(), ("target", np.array([[1, 7, 2], [1, 4, 0]]))]),
}
IN_NUMPY = {
    "softmax_jacobian": ({"weights": normal(B, S)}, [("weights", normal(B, S))]),
    "softmax_backward": (
        {"weights": normal(B, S), "grad_weights": normal(B, S)},
        [("weights", normal(B, S)), ("grad_weights", normal(B, S)), ("axis", 0)],
    ),
    "log_softmax_backward": (
        {"log_weights": normal(B, S), "grad_log_weights": normal(B, S)},
        [("log_weights", normal(B, S)), ("grad_log_weights", normal(B, S)), ("axis", 0)],
    ),
}
WHOLE = slow.masked_softmax(SCORES), slow.masked_softmax(normal(B, T, S), OTHER_MASK)
PART = slow.masked_softmax(normal(B, T, S), MASK), slow.masked_softmax(normal(B, T, S), MASK)
AROUND = {"weights": PART[0], "grad_output": normal(B, T, Dv), "values": hidden(normal(B, S, Dv), NAN)}
OTHER_AROUND = {"weights": PART[1], "grad_output": normal(B, T, Dv), "values": hidden(normal(B, S, Dv), INF)}
SEEN_PAIRS = PAIRS | {"keys": hidden(PAIRS["keys"], NAN)}
OTHER_SEEN_PAIRS = OTHER_PAIRS | {"keys": hidden(OTHER_PAIRS["keys"], INF)}
IN_NUMPY |= {
    "attend_backward": (
        {"weights": WHOLE[0], "values": normal(B, S, Dv), "grad_output": normal(B, T, Dv)},
        [("weights", WHOLE[1]), ("weights", PART[0]), ("values", normal(B, S, Dv)), ("grad_output", normal(B, T, Dv))],
    ),
    "scaled_dot_product_attention_backward": (
        SEEN_PAIRS | AROUND,
        [*OTHER_SEEN_PAIRS.items(), *OTHER_AROUND.items(), ("scale", 1.0), ("scale", 0)],
    ),
    "additive_attention_backward": (
        UNLIKE | {"keys": hidden(UNLIKE["keys"], NAN)} | LAYER | AROUND,
        [
            ("queries", normal(B, T, D)),
            ("keys", hidden(normal(B, S, K), INF)),
            *OTHER_LAYER.items(),
            *OTHER_AROUND.items(),
        ],
    ),
    "chunked_attention": (
        SEEN_PAIRS | {"values": AROUND["values"], "mask": MASK},
        [
            *OTHER_SEEN_PAIRS.items(),
            ("values", OTHER_AROUND["values"]),
            ("mask", MASK & [True, False, True, True]),
            ("scale", 1.0),
            ("scale", 0),
        ],
    ),
    "chunked_attention_backward": (
        SEEN_PAIRS
        | {"values": AROUND["values"], "output": normal(B, T, Dv), "log_totals": normal(B, T)}
        | {"grad_output": normal(B, T, Dv), "mask": MASK},
        [
            *OTHER_SEEN_PAIRS.items(),
            ("values", OTHER_AROUND["values"]),
            ("output", normal(B, T, Dv)),
            ("log_totals", normal(B, T)),
            ("log_totals", np.where(np.arange(T) == 1, -INF, normal(B, T))),
            ("grad_output", normal(B, T, Dv)),
            ("mask", MASK & [True, False, True, True]),
            ("scale", 1.0),
            ("scale", 0),
        ],
    ),
}
SMALL = {
    "queries": (2, 2, 2),
    "keys": (2, 3, 2),
    "weight": (2, 2),
    "query_weight": (2, 3),
    "key_weight": (2, 3),
    "score_weight": (3,),
    "grad_scores": (2, 2, 3),
}
for name in ("dot_scores", "scaled_dot_scores", "general_scores", "additive_scores", "cosine_scores"):
    taken = [argument for argument in (*CASES[name][0], "grad_scores") if argument in SMALL]
    given, others = ({argument: normal(*SMALL[argument]) for argument in taken} for _ in range(2))
    scales = [("scale", 2.0), ("scale", 0)] if name == "scaled_dot_scores" else []
    IN_NUMPY[f"{name}_backward"] = given, [*others.items(), *scales]
ALL = [(adapter, *case) for adapter in ADAPTERS for case in CASES.items()] + [
    (NumPy, *case) for case in IN_NUMPY.items()
]
EACH = [
    pytest.param(adapter, name, base, argument, value, id=f"{adapter.name}-{name}-{argument}-{n}")
    for adapter, name, (base, changes) in ALL
    for n, (argument, value) in enumerate(changes)
]


def recurrent(adapter):
    return importlib.import_module(f"attention.{adapter.name}.recurrent")


def model_of(adapter, weights=WEIGHTS, **options):
    module = recurrent(adapter)
    if adapter is NumPy:
        return module.Seq2Seq(weights)
    dtype = dtype_of(adapter, "float64")
    model = module.Seq2Seq(**SIZES, **{"dtype": dtype} | options)
    model.set_named_weights(weights)
    return model


def function_of(adapter, name):
    """The library's function; of a class, that of a model with WEIGHTS."""
    if "." not in name:
        home = library(adapter)
        return getattr(home, name) if hasattr(home, name) else getattr(recurrent(adapter), name)
    return method_of(model_of(adapter), name)


def method_of(model, name):
    kind, method = name.split(".")
    thing = {
        "Seq2Seq": model,
        "GRUEncoder": getattr(model, "encoder", 0),
        "AttentionDecoder": getattr(model, "decoder", 0),
    }
    return thing[kind] if method == "__call__" else getattr(thing[kind], method)


def give(adapter, value, dtype=None):
    if isinstance(value, tuple):
        return recurrent(adapter).Memory(*(adapter.give(part) for part in value))
    if isinstance(value, str):  # a type
        return dtype_of(adapter, value)
    return adapter.give(value, dtype) if isinstance(value, np.ndarray) else value


def flat(result):
    """The arrays of a result, one after the other; None stays."""
    return [part for inner in result for part in flat(inner)] if isinstance(result, tuple) else [result]


def compare(adapter, found, expected, tolerance=1e-12):
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        if theirs is None:
            assert ours is None
        else:
            ours = adapter.take(ours)
            assert ours.shape == theirs.shape
            assert ours.dtype == theirs.dtype
            size = max(1, np.abs(theirs[np.isfinite(theirs)]).max(initial=0))
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * size)


@pytest.mark.filterwarnings("error:invalid value")  # what is hidden is not computed with
@pytest.mark.parametrize(("adapter", "name", "base", "argument", "value"), EACH)
def test_an_argument_changes_the_result_as_the_formula_says(adapter, name, base, argument, value):
    changed = base | {argument: value}
    reference = getattr(slow, name) if "." not in name else method_of(slow.Seq2Seq(WEIGHTS), name)
    usual, expected = flat(reference(**base)), flat(reference(**changed))
    assert any(not np.array_equal(a, b) for a, b in zip(usual, expected, strict=True)), "the change must show"
    function = function_of(adapter, name)
    tolerance = 1e-6 if name.endswith("scores_backward") or name == "additive_attention_backward" else 1e-12
    for given, wanted in ((base, usual), (changed, expected)):
        found = flat(function(**{key: give(adapter, inner) for key, inner in given.items()}))
        compare(adapter, found, wanted, tolerance)


for adapter, name, (_, changes) in ALL:
    heeds(name, *(argument for argument, _ in changes), of=[f"attention.{adapter.name}"])


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
@pytest.mark.parametrize("name", WEIGHTS)
@heeds("Seq2Seq.__init__", "weights", of=PACKAGES[:1])
@heeds("GRUEncoder.__init__", "weights", of=PACKAGES[:1])
@heeds("AttentionDecoder.__init__", "weights", of=PACKAGES[:1])
@heeds("Seq2Seq.set_named_weights", "weights", of=PACKAGES[1:])
def test_each_weight_has_its_place(adapter, name):
    changed = WEIGHTS | {name: normal(*WEIGHTS[name].shape)}
    expected = slow.Seq2Seq(changed)(**TOKENS)
    assert not np.array_equal(expected[0], slow.Seq2Seq(WEIGHTS)(**TOKENS)[0])
    model = model_of(adapter)
    if adapter is NumPy:
        model = model_of(adapter, changed)
    else:
        model.set_named_weights(changed)
    compare(adapter, model(**{key: adapter.give(array) for key, array in TOKENS.items()}), expected)


LAYERED = pytest.mark.parametrize("adapter", ADAPTERS[1:])


def dtype_of(adapter, name):
    return getattr(torch, name) if adapter is PyTorch else name


@LAYERED
@pytest.mark.parametrize(
    "change", [{}, {"vocabulary": 8}, {"width": 6}, {"encoder_width": 5}, {"seed": 5}, {"dtype": 1}]
)
@heeds("Seq2Seq.__init__", "vocabulary", "width", "encoder_width", "seed", "dtype", of=PACKAGES[1:])
@heeds("GRUEncoder.__init__", "width", "encoder_width", "dtype", of=PACKAGES[2:])
@heeds("AttentionDecoder.__init__", "shapes", "dtype", of=PACKAGES[2:])
def test_a_model_begins_as_it_is_told(adapter, change):
    options = SIZES | change
    if "dtype" in options:
        options["dtype"] = dtype_of(adapter, "float64")
    found = recurrent(adapter).Seq2Seq(**options).named_weights()
    shapes = seq2seq.shapes(**{name: options[name] for name in SIZES})
    expected = initial_weights(shapes, change.get("seed", 0))
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.dtype == ("float64" if "dtype" in options else "float32")
        np.testing.assert_array_equal(array, expected[name].astype(array.dtype))


@LAYERED
def test_weights_are_copied_in_and_out(adapter):
    mine = {name: array.copy() for name, array in WEIGHTS.items()}
    model = model_of(adapter, mine)
    out = model.named_weights()
    for array in mine.values():
        array += 1
    for array in model.named_weights().values():
        array += 1
    for name, array in model.named_weights().items():
        np.testing.assert_array_equal(array, WEIGHTS[name])
    model.set_named_weights(mine)
    for name, array in out.items():
        np.testing.assert_array_equal(array, WEIGHTS[name])


def training(adapter, model):
    """The model as it is called in training: (encode, whole)."""
    if adapter is TensorFlow:
        return lambda *a: model.encode(*a, training=True), lambda *a: model(*a, training=True)
    model.train()
    return model.encode, model


def trained(model):
    if hasattr(model, "eval"):
        model.eval()
    return model


@LAYERED
@heeds("Seq2Seq.__init__", "dropout", of=PACKAGES[1:])
@heeds("Seq2Seq.encode", "training", of=PACKAGES[1:2])
@heeds("Seq2Seq.__call__", "training", of=PACKAGES[1:2])
def test_dropout_of_nearly_all_leaves_nothing_but_biases(adapter):
    """Of embeddings, of the encoder's states and of what is compared with every piece; in training alone."""
    model = model_of(adapter, dropout=1 - 1e-9)
    source, lengths, target = (adapter.give(TOKENS[name]) for name in ("source", "lengths", "target"))
    encode, whole = training(adapter, model)
    memory, state = encode(source, lengths)
    assert not adapter.take(memory.values).any()
    _, last = slow.GRUEncoder(WEIGHTS)(np.zeros((2, 4, 4)), LENGTHS)  # of embeddings that are zero
    expected = np.tanh(last @ WEIGHTS["decoder.initial_weight"] + WEIGHTS["decoder.initial_bias"])
    compare(adapter, [state], [expected])
    compare(adapter, [whole(source, lengths, target)[0]], [np.broadcast_to(WEIGHTS["output_bias"], (2, 2, 9))])
    model = trained(model)
    compare(adapter, model(source, lengths, target), slow.Seq2Seq(WEIGHTS)(**TOKENS))
    compare(adapter, flat(model.encode(source, lengths)), flat(slow.Seq2Seq(WEIGHTS).encode(TOKENS["source"], LENGTHS)))


@LAYERED
def test_dropout_leaves_out_its_share_and_enlarges_the_rest(adapter):
    """A model that shows it: piece v is the v-th unit vector, and the readout sees the piece just written alone."""
    tf.keras.utils.set_random_seed(1)
    torch.manual_seed(1)
    V, p, size = 12, 0.25, 1.5
    weights = {name: np.zeros(shape) for name, shape in seq2seq.shapes(V, V, 3).items()}
    weights["embedding"] = size * np.eye(V)
    weights["decoder.readout_weight"][:V] = np.eye(V)
    model = recurrent(adapter).Seq2Seq(V, V, 3, dropout=p, dtype=dtype_of(adapter, "float64"))
    model.set_named_weights(weights)
    target = np.tile(np.arange(V), (64, 1))
    arguments_ = [adapter.give(a) for a in (target[:, :2], np.full(64, 2), target)]
    own = lambda logits: np.take_along_axis(adapter.take(logits), target[..., None], -1)[..., 0]
    _, whole = training(adapter, model)
    found, again = own(whole(*arguments_)[0]), own(whole(*arguments_)[0])
    kept = size * np.tanh(size / (1 - p)) / (1 - p)  # both dropouts, the embedding's and the readout's, let it through
    np.testing.assert_allclose(found, np.where(found != 0, kept, 0), rtol=1e-12)
    assert abs((found != 0).mean() - (1 - p) ** 2) < 0.05
    assert not np.array_equal(found, again)
    found = own(trained(model)(*arguments_)[0])
    np.testing.assert_allclose(found, size * np.tanh(size), rtol=1e-12)


@heeds("scan", "step", "first", "inputs", "reverse", of=PACKAGES[1:2])
def test_a_scan_goes_through_a_sentence_from_either_end():
    scan, inputs = (
        recurrent(TensorFlow).scan,
        tf.constant([[[1.0], [2.0], [3.0]], [[10.0], [20.0], [30.0]]]),
    )  # (B, T, 1)
    first = tf.constant([[0.0], [1.0]])  # (B, 1)
    for given, expected in (
        ({}, [[1, 4, 11], [12, 44, 118]]),  # o_t = 2 o_{t−1} + i_t
        ({"reverse": True}, [[17, 8, 3], [178, 84, 32]]),
    ):
        found = scan(lambda before, now: 2 * before + now, first, inputs, **given)
        np.testing.assert_array_equal(found[..., 0], expected)
    longer, shorter = scan(lambda before, now: (before[0] + now, before[1] - now), (first, first), inputs)
    np.testing.assert_array_equal(longer[..., 0], [[1, 3, 6], [11, 31, 61]])
    np.testing.assert_array_equal(shorter[..., 0], [[-1, -3, -6], [-9, -29, -59]])


LEADING = [  # of queries, and of keys and values
    ((), ()),
    ((2,), (2,)),
    ((3,), ()),
    ((), (3,)),
    ((2, 3), (2, 3)),
    ((2, 1, 2), (3, 1)),
    ((1, 2, 1, 2), (2, 1, 3, 1)),
]
# The others are more than TensorFlow can add: "Broadcast between [2,1,2,3,1,7] and [3,2,1,4,7] is not supported yet".
LEADING_ADDITIVE = [pair for pair in LEADING if min(map(len, pair)) < 2 or pair[0] == pair[1]]


def agree_everywhere(adapter, name, *given, **options):
    found = getattr(library(adapter), name)(*map(adapter.give, given), **options)
    compare(adapter, flat(found), flat(getattr(slow, name)(*given, **options)))


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
@pytest.mark.parametrize(("of_queries", "of_keys"), LEADING)
def test_any_number_of_leading_axes(adapter, of_queries, of_keys):
    queries, keys, values = normal(*of_queries, T, D), normal(*of_keys, S, D), normal(*of_keys, S, Dv)
    layer = normal(D, A), normal(D, A), normal(A)
    additive = adapter is not TensorFlow or (of_queries, of_keys) in LEADING_ADDITIVE
    for name in ("dot_scores", "scaled_dot_scores", "cosine_scores"):
        agree_everywhere(adapter, name, queries, keys)
    agree_everywhere(adapter, "general_scores", queries, keys, normal(D, D))
    if additive:
        agree_everywhere(adapter, "additive_scores", queries, keys, *layer)
    leading = np.broadcast_shapes(of_queries, of_keys)
    for shape in [(S,), (1, S), (T, 1), (T, S), (*leading, T, S), (*leading[-1:], 1, S)]:
        mask = rng.random(shape) < 0.6
        for options in ({}, {"need_weights": False}, {"need_weights": False, "scale": 0.7}):
            agree_everywhere(adapter, "scaled_dot_product_attention", queries, keys, values, mask, **options)
            agree_everywhere(adapter, "scaled_dot_product_attention", queries, keys, values, **options)
        if additive:
            agree_everywhere(adapter, "additive_attention", queries, keys, values, *layer, mask)
        scores = slow.dot_scores(queries, keys)
        agree_everywhere(adapter, "attend", scores, values, mask)
        agree_everywhere(adapter, "masked_softmax", scores, mask)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
def test_a_scale_may_be_learned(adapter):
    """A number of NumPy's, or an array of the framework without axes, which a gradient can reach."""
    expected = slow.scaled_dot_scores(**PAIRS, scale=0.7)
    for scale in (np.float64(0.7), adapter.give(np.array(0.7))):
        found = library(adapter).scaled_dot_scores(*map(adapter.give, PAIRS.values()), scale)
        compare(adapter, [found], [expected])


HALVES = [(adapter, dtype) for adapter in ADAPTERS for dtype in DTYPES[adapter.name] if dtype.endswith("float16")]
OF_SIZES = ("padding_mask", "causal_mask", "window_mask", "sinusoidal_positions", "alibi_bias")
OF_FLOATS = [name for name in CASES if name in library(NumPy).__all__ and name not in OF_SIZES]


@pytest.mark.parametrize(("adapter", "dtype"), HALVES)
@pytest.mark.parametrize("name", OF_FLOATS)
def test_half_precision_is_rounded_once_at_the_end(adapter, dtype, name):
    """What comes is what float32 gives for the same numbers, rounded: nothing in between has been."""
    base, changes = CASES[name]
    function = getattr(library(adapter), name)
    for given in (base, *(base | {argument: value} for argument, value in changes)):
        if given.get("need_weights") is False:
            continue  # PyTorch's own kernels round as they like
        narrow, wide = {}, {}
        for key, value in given.items():
            narrow[key] = wide[key] = give(adapter, value, dtype)
            if getattr(value, "dtype", None) == "float64":
                wide[key] = adapter.give(adapter.take(narrow[key]), "float32")
        for found, expected in zip(flat(function(**narrow)), flat(function(**wide)), strict=True):
            assert dtype in str(found.dtype)
            rounded = adapter.give(adapter.take(expected), dtype)
            np.testing.assert_array_equal(adapter.take(found), adapter.take(rounded))


def test_the_packages_have_the_same_arguments():
    of_numpy, *others = ({name: function for name, function in public(package)} for package in PACKAGES)
    for other in others:
        for name, function in other.items():
            if "." not in name:
                assert inspect.signature(function) == inspect.signature(of_numpy[name]), name


def test_no_public_argument_is_without_a_test():
    for module in TESTED_IN:
        importlib.import_module(module)
    there = {
        (module, name, argument)
        for module, parts in MODULES.items()
        for name, function in public(module, parts)
        for argument in arguments(function)
    }
    mine = {entry for entry in SEEN if entry[0] in MODULES}
    assert there - mine == set()
    assert mine - there == set()


TESTED_IN = (
    "tests.core.test_agreement",
    "tests.core.test_blocks",
    "tests.core.test_by_hand",
    "tests.core.test_diagrams",
    "tests.core.test_heads",
    "tests.core.test_imports",
    "tests.core.test_lm",
    "tests.core.test_plotting",
    "tests.core.test_shapes",
    "tests.images.test_layers",
    "tests.images.test_vision",
    "tests.translation.test_decoding",
)
NUMPYS_OWN = ("chunked", "gradients")
PARTS = ("attend", "chunked", "decoding", "gradients", "masks", "positions", "recurrent", "scores", "softmax")
PARTS += ("blocks", "convolution", "gates", "heads", "lm", "pooling", "vision")
MODULES = {
    **{
        package: [f"{package}.{part}" for part in PARTS if package == "attention.numpy" or part not in NUMPYS_OWN]
        for package in PACKAGES
    },
    "attention.agreement": (),
    "attention.diagrams": (),
    "attention.plotting": (),
    "attention.quiet": (),
    "attention.shapes": (),
}
