"""Wrong arguments get the same sentence in all three."""

import numpy as np
import pytest

from tests.adapters import ADAPTERS, library


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
]  # fmt: skip


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(("name", "arguments", "kind", "sentence"), MISTAKES)
def test_the_sentence(adapter, name, arguments, kind, sentence):
    given = [adapter.give(a) if isinstance(a, np.ndarray) else a for a in arguments]
    with pytest.raises(kind) as caught:
        getattr(library(adapter), name)(*given)
    assert str(caught.value) == sentence
