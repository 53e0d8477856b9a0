"""The same numbers from NumPy, TensorFlow and PyTorch, forward and backward."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings

import attention.numpy as atn_np
import attention.tensorflow as atn_tf
from attention.frameworks import tf, torch
from tests.adapters import ADAPTERS, DTYPES, PyTorch, TensorFlow, assert_close, derivatives, library
from tests.strategies import attention_inputs, score_inputs, scores_and_mask

CASES = [(adapter, dtype) for adapter in ADAPTERS for dtype in DTYPES[adapter.name]]
SCORES = ("dot_scores", "scaled_dot_scores", "general_scores", "additive_scores", "cosine_scores")
few = settings(max_examples=25, deadline=None)


def rounded(arrays, adapter, dtype):
    """The arrays as the framework sees them in `dtype`, and the same numbers in float64 for the reference."""
    given_ = [adapter.give(array, dtype) for array in arrays]
    return given_, [adapter.take(tensor).astype(np.float64) for tensor in given_]


@pytest.mark.parametrize(("adapter", "dtype"), CASES)
@few
@given(case=scores_and_mask())
def test_softmax_family(adapter, dtype, case):
    scores, mask = case
    for axis in (-1, 0):
        for name, extra in (("softmax", ()), ("log_softmax", ()), ("masked_softmax", (mask,))):
            (given_,), (seen,) = rounded([scores], adapter, dtype)
            result = getattr(library(adapter), name)(given_, *map(adapter.give, extra), axis=axis)
            assert result.dtype == given_.dtype
            assert_close(adapter.take(result), getattr(atn_np, name)(seen, *extra, axis=axis), dtype)


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize(("adapter", "dtype"), CASES)
@few
@given(inputs=score_inputs())
def test_scores(adapter, dtype, name, inputs):
    given_, seen = rounded(inputs[name], adapter, dtype)
    result = getattr(library(adapter), name)(*given_)
    assert result.dtype == given_[0].dtype
    assert_close(adapter.take(result), getattr(atn_np, name)(*seen), dtype, terms=1)


@pytest.mark.parametrize(("adapter", "dtype"), CASES)
@few
@given(inputs=attention_inputs())
def test_attention(adapter, dtype, inputs):
    *arrays, mask = inputs
    given_, seen = rounded(arrays, adapter, dtype)
    expected = atn_np.scaled_dot_product_attention(*seen, mask)
    output, weights = library(adapter).scaled_dot_product_attention(*given_, adapter.give(mask))
    assert output.dtype == weights.dtype == given_[0].dtype
    assert_close(adapter.take(output), expected[0], dtype, terms=1)
    assert_close(adapter.take(weights), expected[1], dtype)
    fused, nothing = library(adapter).scaled_dot_product_attention(*given_, adapter.give(mask), need_weights=False)
    assert nothing is None
    assert fused.dtype == given_[0].dtype
    assert_close(adapter.take(fused), expected[0], dtype, terms=1)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_extreme_scores(adapter, size):
    scores = np.array([[size, 0.0, -np.inf], [size, size, size], [-np.inf, -np.inf, -np.inf]])
    values = np.arange(6.0).reshape(3, 2)
    output, weights = library(adapter).attend(adapter.give(scores), adapter.give(values))
    first = [1.0, 0.0, 0.0] if size > 0 else [0.0, 1.0, 0.0]
    expected = np.array([first, [1 / 3, 1 / 3, 1 / 3], [0, 0, 0]])
    assert_close(adapter.take(weights), expected)
    assert_close(adapter.take(output), expected @ values)


BACKWARD = {
    "dot_scores": atn_np.dot_scores_backward,
    "scaled_dot_scores": atn_np.scaled_dot_scores_backward,
    "general_scores": atn_np.general_scores_backward,
    "additive_scores": atn_np.additive_scores_backward,
    "cosine_scores": atn_np.cosine_scores_backward,
}


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("adapter", [TensorFlow, PyTorch])
@few
@given(inputs=score_inputs())
def test_score_gradients_by_hand(adapter, name, inputs):
    arrays = inputs[name]
    cotangent = np.random.default_rng(0).standard_normal(getattr(atn_np, name)(*arrays).shape)
    by_hand = BACKWARD[name](*arrays, cotangent)
    found = derivatives(adapter, getattr(library(adapter), name), arrays, cotangent)
    for hand, auto in zip(by_hand, found, strict=True):
        assert_close(hand, auto, terms=1)


@pytest.mark.parametrize("adapter", [TensorFlow, PyTorch])
@few
@given(case=scores_and_mask())
def test_softmax_gradients_by_hand(adapter, case):
    scores, mask = case
    package, axis = library(adapter), 0
    cotangent = np.random.default_rng(0).standard_normal(scores.shape)

    def found(name, *extra):
        function = getattr(package, name)
        return derivatives(adapter, lambda s: function(s, *extra, axis=axis), [scores], cotangent)[0]

    weights, log_weights = atn_np.softmax(scores, axis), atn_np.log_softmax(scores, axis)
    assert_close(atn_np.softmax_backward(weights, cotangent, axis), found("softmax"), terms=1)
    assert_close(atn_np.log_softmax_backward(log_weights, cotangent, axis), found("log_softmax"), terms=1)
    weights = atn_np.masked_softmax(scores, mask, axis)
    masked = found("masked_softmax", adapter.give(mask))
    assert_close(atn_np.softmax_backward(weights, cotangent, axis), masked, terms=1)
    assert np.all(masked[~mask] == 0)


def test_jacobian_is_the_gradient_of_every_weight():
    scores = np.random.default_rng(1).standard_normal((2, 5))
    weights = atn_np.softmax(scores)
    columns = [atn_np.softmax_backward(weights, np.tile(row, (2, 1))) for row in np.eye(5)]
    assert_close(atn_np.softmax_jacobian(weights), np.stack(columns, axis=-2))


@few
@given(inputs=attention_inputs())
def test_attention_gradients(inputs):
    """TensorFlow against PyTorch, and both against a central difference of NumPy's forward along one direction."""
    *arrays, mask = inputs
    rng = np.random.default_rng(2)

    def both(package, queries, keys, values, mask):
        """Output and weights beside each other, so that one cotangent reaches both."""
        output, weights = package.scaled_dot_product_attention(queries, keys, values, mask)
        return {"numpy": np.concatenate, "tensorflow": tf.concat, "pytorch": torch.cat}[package.__name__[10:]](
            [output, weights], -1
        )

    cotangent = rng.standard_normal(both(atn_np, *arrays, mask).shape)
    found = [
        derivatives(adapter, partial(both, library(adapter), mask=adapter.give(mask)), arrays, cotangent)
        for adapter in (TensorFlow, PyTorch)
    ]
    for a, b in zip(*found, strict=True):
        assert_close(a, b, terms=1)
    direction = [rng.standard_normal(array.shape) for array in arrays]
    slope = sum((g * d).sum() for g, d in zip(found[0], direction, strict=True))
    step = 1e-6
    ahead, behind = (
        (both(atn_np, *(a + side * d for a, d in zip(arrays, direction, strict=True)), mask) * cotangent).sum()
        for side in (step, -step)
    )
    assert abs(slope - (ahead - behind) / (2 * step)) <= 1e-6 * max(1, abs(slope))


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(("targets", "sources", "offset"), [(3, None, None), (2, 5, None), (5, 2, None), (4, 6, 0)])
def test_masks(adapter, targets, sources, offset):
    wanted = targets if sources is None else sources
    shift = wanted - targets if offset is None else offset
    causal = [[j <= i + shift for j in range(wanted)] for i in range(targets)]
    assert adapter.take(library(adapter).causal_mask(targets, sources, offset)).tolist() == causal
    window = [[abs(i + wanted - targets - j) <= 1 for j in range(wanted)] for i in range(targets)]
    assert adapter.take(library(adapter).window_mask(targets, wanted, 1)).tolist() == window
    padding = [[[j < length for j in range(4)]] for length in (0, 3, 4)]
    for lengths in ([0, 3, 4], adapter.give(np.array([0, 3, 4]))):
        assert adapter.take(library(adapter).padding_mask(lengths, 4)).tolist() == padding


def test_a_mask_of_numpy_will_do_in_tensorflow():
    rng = np.random.default_rng(5)
    queries, keys, values = (tf.constant(rng.standard_normal((2, n, 4))) for n in (3, 5, 5))
    for mask in (np.array([True, False, True, True, False]), rng.random((2, 3, 5)) < 0.5):
        for need_weights in (True, False):
            given = {"need_weights": need_weights}
            found, _ = atn_tf.scaled_dot_product_attention(queries, keys, values, mask, **given)
            expected, _ = atn_tf.scaled_dot_product_attention(queries, keys, values, tf.constant(mask), **given)
            np.testing.assert_array_equal(found, expected)
