"""Wrong arguments get the same sentence in all three."""

import numpy as np
import pytest

from attention.frameworks import tf
from tests.adapters import ADAPTERS, NumPy, TensorFlow, library


def zeros(*shape, dtype="float64"):
    return np.zeros(shape, dtype)


q, k, v = zeros(2, 3, 4), zeros(2, 5, 4), zeros(2, 5, 6)
MISTAKES = [
    ("softmax", (zeros(2, dtype="int64"),), TypeError, "scores must be floating point: got int64"),
    ("softmax", (zeros(2, dtype="bool"),), TypeError, "scores must be floating point: got bool"),
    ("softmax", ([0.0, 1.0],), TypeError, "scores must be an array or tensor: got list"),
    ("softmax", (q, 3), ValueError, "axis must be one of the 3 axes of scores (2, 3, 4): got 3"),
    ("log_softmax", (q, -4), ValueError, "axis must be one of the 3 axes of scores (2, 3, 4): got -4"),
    ("masked_softmax", (q, zeros(3, 4)), TypeError, "mask must be boolean, True = may attend: got float64"),
    ("masked_softmax", (q, [True]), TypeError, "mask must be an array or tensor: got list"),
    ("masked_softmax", (q, zeros(2, 4, dtype="bool")), ValueError,
     "mask must broadcast to scores (2, 3, 4): got (2, 4)"),
    ("dot_scores", (q, zeros(2, 5, 3)), ValueError,
     "queries and keys must agree on D: queries (2, 3, 4), keys (2, 5, 3)"),
    ("dot_scores", (q, zeros(3, 5, 4)), ValueError,
     "queries and keys must agree on the leading axes: queries (2, 3, 4), keys (3, 5, 4)"),
    ("scaled_dot_scores", (q, zeros(4)), ValueError, "keys must have at least 2 axes: got (4,)"),
    ("cosine_scores", (q, zeros(2, 5, 4, dtype="float32")), TypeError,
     "queries and keys must have one dtype: queries float64, keys float32"),
    ("general_scores", (q, k, zeros(3, 4)), ValueError,
     "queries and weight must agree on Dq: queries (2, 3, 4), weight (3, 4)"),
    ("general_scores", (q, k, zeros(4, 3)), ValueError,
     "keys and weight must agree on Dk: keys (2, 5, 4), weight (4, 3)"),
    ("additive_scores", (q, k, zeros(4, 7), zeros(4, 8), zeros(7)), ValueError,
     "query_weight and key_weight must agree on A: query_weight (4, 7), key_weight (4, 8)"),
    ("additive_scores", (q, k, zeros(4, 7), zeros(4, 7), zeros(8)), ValueError,
     "query_weight and score_weight must agree on A: query_weight (4, 7), score_weight (8,)"),
    ("additive_scores", (q, k, zeros(4, 7), zeros(4, 7), zeros()), ValueError,
     "score_weight must have at least 1 axis: got ()"),
    ("attend", (zeros(2, 3, 5), zeros(2, 4, 6)), ValueError,
     "scores and values must agree on S: scores (2, 3, 5), values (2, 4, 6)"),
    ("scaled_dot_product_attention", (q, k, zeros(2, 6, 6)), ValueError,
     "keys and values must agree on S: keys (2, 5, 4), values (2, 6, 6)"),
    ("scaled_dot_product_attention", (q, k, v, zeros(3, 4, dtype="bool")), ValueError,
     "mask must broadcast to scores (2, 3, 5): got (3, 4)"),
    ("additive_attention", (q, k, v, zeros(4, 7), zeros(4, 7), zeros(7, dtype="float32")), TypeError,
     "queries, keys, values, query_weight, key_weight and score_weight must have one dtype: queries float64, "
     "keys float64, values float64, query_weight float64, key_weight float64, score_weight float32"),
    ("causal_mask", (-1,), ValueError, "targets must be at least 0: got -1"),
    ("causal_mask", (3, 2.0), TypeError, "sources must be a whole number: got 2.0"),
    ("window_mask", (3, 3, -2), ValueError, "window must be at least 0: got -2"),
    ("padding_mask", ([1], True), TypeError, "size must be a whole number: got True"),
    ("sinusoidal_positions", (3, 5), ValueError, "width must be even, for features go in pairs: got 5"),
    ("rotate", (zeros(2, 3, 5), np.arange(3)), ValueError, "D must be even, for features go in pairs: got 5"),
    ("rotate", (q, np.arange(4)), ValueError, "positions must broadcast to the rows (2, 3) of x: got (4,)"),
    ("rotate", (q, zeros(4, 2, 3, dtype="int64")), ValueError,
     "positions must broadcast to the rows (2, 3) of x: got (4, 2, 3)"),
    ("rotate", (q, zeros(3)), TypeError, "positions must be whole numbers: got float64"),
    ("rotate", (q, zeros(3, dtype="bool")), TypeError, "positions must be whole numbers: got bool"),
    ("rotate", (zeros(3, 4, dtype="int32"), np.arange(3)), TypeError, "x must be floating point: got int32"),
    ("rotate", (zeros(), np.array(1)), ValueError, "x must have at least 1 axis: got ()"),
]  # fmt: skip


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(("name", "arguments", "kind", "sentence"), MISTAKES)
def test_the_sentence(adapter, name, arguments, kind, sentence):
    given = [adapter.give(a) if isinstance(a, np.ndarray) else a for a in arguments]
    with pytest.raises(kind) as caught:
        getattr(library(adapter), name)(*given)
    assert str(caught.value) == sentence


# The axes of every argument, in the letters of the course: B leading, then those that arguments share by name.
AXES = {
    "dot_scores": {"queries": "B T D", "keys": "B S D"},
    "scaled_dot_scores": {"queries": "B T D", "keys": "B S D"},
    "cosine_scores": {"queries": "B T D", "keys": "B S D"},
    "general_scores": {"queries": "B T Dq", "keys": "B S Dk", "weight": "Dq Dk"},
    "additive_scores": {
        "queries": "B T Dq", "keys": "B S Dk", "query_weight": "Dq A", "key_weight": "Dk A", "score_weight": "A",
    },
    "attend": {"scores": "B T S", "values": "B S Dv", "mask": "B T S"},
    "scaled_dot_product_attention": {"queries": "B T D", "keys": "B S D", "values": "B S Dv", "mask": "B T S"},
    "additive_attention": {
        "queries": "B T Dq", "keys": "B S Dk", "values": "B S Dv", "query_weight": "Dq A", "key_weight": "Dk A",
        "score_weight": "A", "mask": "B T S",
    },
    "masked_softmax": {"scores": "B T S", "mask": "B T S"},
    "softmax": {"scores": "B T"},
    "log_softmax": {"scores": "B T"},
}  # fmt: skip
OF_NUMPY = {
    "attend_backward": {"weights": "B T S", "values": "B S Dv", "grad_output": "B T Dv"},
    "scaled_dot_product_attention_backward": {
        "queries": "B T D", "keys": "B S D", "values": "B S Dv", "weights": "B T S", "grad_output": "B T Dv",
    },
    "additive_attention_backward": {
        "queries": "B T Dq", "keys": "B S Dk", "values": "B S Dv", "query_weight": "Dq A", "key_weight": "Dk A",
        "score_weight": "A", "weights": "B T S", "grad_output": "B T Dv",
    },
    "chunked_attention": {"queries": "B T D", "keys": "B S D", "values": "B S Dv", "mask": "B T S"},
    "chunked_attention_backward": {
        "queries": "B T D", "keys": "B S D", "values": "B S Dv", "output": "B T Dv", "grad_output": "B T Dv",
        "mask": "B T S", "log_totals": "B T",
    },
}  # fmt: skip
ALL = AXES | OF_NUMPY
SIZE = {"B": 2, "T": 3, "S": 4, "D": 5, "Dv": 6, "Dq": 7, "Dk": 8, "A": 9}


def wrong_ones(name):
    """(argument, what stands in its place, the error, what its sentence holds) for each argument of a function."""
    axes = ALL[name]
    floats = [argument for argument in axes if argument != "mask"]
    for argument, letters in axes.items():
        letters = letters.split()
        shape = [SIZE[letter] for letter in letters]
        right = zeros(*shape, dtype="bool" if argument == "mask" else "float64")
        kind = "boolean, True = may attend" if argument == "mask" else "floating point"
        yield argument, right.tolist(), TypeError, f"{argument} must be an array or tensor: got list"
        yield argument, right.astype("int64"), TypeError, f"{argument} must be {kind}: got int64"
        if argument not in ("mask", "log_totals") and len(floats) > 1:
            yield argument, right.astype("float32"), TypeError, f"must have one dtype: .*{argument} float32"
        if argument != "mask" and len(axes) > 1 and name != "masked_softmax":
            few = tuple(shape[len(letters) - len(set(letters) - {"B"}) + 1 :])
            least = len(set(letters) - {"B"})
            plural = "axis" if least == 1 else "axes"
            yield argument, zeros(*few), ValueError, f"{argument} must have at least {least} {plural}: got "
        for axis, letter in enumerate(letters):
            others = [other for other in axes if other != argument and letter in axes[other].split()]
            if not others:
                continue
            larger = [size + (place == axis) for place, size in enumerate(shape)]
            sentence = f"must agree on {'the leading axes' if letter == 'B' else letter}: "
            if argument == "mask" or others == ["mask"]:
                sentence = "mask must broadcast to scores "
            yield argument, zeros(*larger, dtype=right.dtype), ValueError, sentence


WRONG = [
    pytest.param(adapter, name, *wrong, id=f"{name}-{wrong[0]}-{n}-{adapter.name}")
    for name in ALL
    for adapter in (ADAPTERS if name in AXES else [NumPy])
    for n, wrong in enumerate(wrong_ones(name))
]


def as_given(adapter, value):
    return adapter.give(value) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize(("adapter", "name", "argument", "value", "kind", "sentence"), WRONG)
def test_each_argument_that_does_not_fit_is_named(adapter, name, argument, value, kind, sentence):
    right = {
        other: zeros(*(SIZE[letter] for letter in letters.split()), dtype="bool" if other == "mask" else "float64")
        for other, letters in ALL[name].items()
    }
    function = getattr(library(adapter), name)
    function(**{other: adapter.give(array) for other, array in right.items()})  # this is right
    with pytest.raises(kind, match=sentence) as caught:
        function(**{other: as_given(adapter, given) for other, given in (right | {argument: value}).items()})
    assert argument in str(caught.value) or "mask" in str(caught.value)


SIZES = {
    "padding_mask": {"lengths": [1, 2], "size": 3},
    "causal_mask": {"targets": 3, "sources": 4},
    "window_mask": {"targets": 3, "sources": 4, "window": 1},
    "sinusoidal_positions": {"length": 3, "width": 4},
    "alibi_bias": {"heads": 5, "targets": 3, "sources": 4},
}


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    ("name", "size"), [(name, size) for name in SIZES for size in SIZES[name] if size != "lengths"]
)
def test_a_size_is_a_whole_number_and_not_negative(adapter, name, size):
    mask = getattr(library(adapter), name)
    for value in (2.0, True):
        with pytest.raises(TypeError, match=f"^{size} must be a whole number: got {value}$"):
            mask(**SIZES[name] | {size: value})
    with pytest.raises(ValueError, match=f"^{size} must be at least 0: got -1$"):
        mask(**SIZES[name] | {size: -1})
    for value in (0, np.int64(0)):
        found, wide = mask(**SIZES[name] | {size: value}), mask(**SIZES[name])
        assert found.dtype == wide.dtype
        if size != "window":
            axis = {"targets": -2, "length": -2, "heads": -3}.get(size, -1)
            assert tuple(found.shape)[axis] == 0


def test_a_size_may_be_one_that_tensorflow_learns_when_it_runs():
    function = tf.function(
        lambda x: library(TensorFlow).causal_mask(tf.shape(x)[0], tf.shape(x)[1]),
        input_signature=[tf.TensorSpec([None, None], tf.float64)],
    )
    assert function(tf.zeros((2, 3), tf.float64)).numpy().tolist() == [[True, True, False], [True, True, True]]
