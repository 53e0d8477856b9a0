"""What must hold for every input, in each framework."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings

import attention.numpy as atn_np
from tests.adapters import ADAPTERS, PyTorch, TensorFlow, assert_close, derivatives, library
from tests.strategies import attention_inputs, scores_and_mask

few = settings(max_examples=20, deadline=None)
each = pytest.mark.parametrize("adapter", ADAPTERS)


@each
@few
@given(case=scores_and_mask())
def test_rows_sum_to_one_or_to_zero(adapter, case):
    scores, mask = case
    weights = adapter.take(library(adapter).masked_softmax(adapter.give(scores), adapter.give(mask)))
    assert_close(weights.sum(-1), mask.any(-1).astype(float))
    assert np.all(weights >= 0)
    assert np.all(weights[~mask] == 0)


@each
@few
@given(case=scores_and_mask())
def test_minus_infinity_is_a_mask(adapter, case):
    scores, mask = case
    by_mask = library(adapter).masked_softmax(adapter.give(scores), adapter.give(mask))
    by_score = library(adapter).masked_softmax(adapter.give(np.where(mask, scores, -np.inf)))
    np.testing.assert_array_equal(adapter.take(by_mask), adapter.take(by_score))


@each
@few
@given(case=scores_and_mask())
def test_a_shift_changes_nothing(adapter, case):
    scores, _ = case
    shifted = library(adapter).softmax(adapter.give(scores + 3.0))
    assert_close(adapter.take(shifted), adapter.take(library(adapter).softmax(adapter.give(scores))))


@each
@few
@given(case=scores_and_mask())
def test_softmax_is_scipys(adapter, case):
    scores, _ = case
    for axis in (-1, 0):
        for name in ("softmax", "log_softmax"):
            ours = adapter.take(getattr(library(adapter), name)(adapter.give(scores), axis=axis))
            assert_close(ours, getattr(scipy.special, name)(scores, axis=axis))


@each
@pytest.mark.filterwarnings("ignore:invalid value")
def test_nothing_but_minus_infinity_is_nan_in_softmax_as_in_scipys(adapter):
    scores = np.full(3, -np.inf)
    assert np.isnan(scipy.special.softmax(scores)).all()
    assert np.isnan(adapter.take(library(adapter).softmax(adapter.give(scores)))).all()


@each
@few
@given(inputs=attention_inputs())
def test_permuting_keys_with_their_values_changes_nothing(adapter, inputs):
    queries, keys, values, mask = inputs
    order = np.random.default_rng(0).permutation(keys.shape[-2])
    attention = library(adapter).scaled_dot_product_attention
    output, weights = attention(*map(adapter.give, (queries, keys, values, mask)))
    moved = attention(*map(adapter.give, (queries, keys[..., order, :], values[..., order, :], mask[..., order])))
    assert_close(adapter.take(moved[0]), adapter.take(output), terms=1)
    assert_close(adapter.take(moved[1]), adapter.take(weights)[..., order])


@each
@few
@given(inputs=attention_inputs())
def test_padding_changes_nothing_whatever_it_holds(adapter, inputs):
    queries, keys, values, mask = inputs
    attention = library(adapter).scaled_dot_product_attention

    def padded(array, axis, value):
        width = [(0, 0)] * array.ndim
        width[axis] = (0, 2)
        return np.pad(array, width, constant_values=value)

    for filling in (0.0, np.nan, np.inf):
        arrays = queries, padded(keys, -2, filling), padded(values, -2, filling), padded(mask, -1, False)
        for options in ({}, {"need_weights": False}):
            expected, _ = attention(*map(adapter.give, inputs), **options)
            output, _ = attention(*map(adapter.give, arrays), **options)
            assert_close(adapter.take(output), adapter.take(expected), terms=1)


@pytest.mark.parametrize("adapter", [TensorFlow, PyTorch])
@few
@given(inputs=attention_inputs())
def test_masked_nan_reaches_no_gradient(adapter, inputs):
    queries, keys, values, mask = inputs
    mask = mask.copy()
    mask[..., 0] = False
    keys, values = keys.copy(), values.copy()
    keys[..., 0, :] = values[..., 0, :] = np.nan
    package = library(adapter)
    cotangent = np.ones((*queries.shape[:-1], values.shape[-1]))
    weights = np.random.default_rng(0).uniform(-1, 1, (2, queries.shape[-1], 3))
    functions = {
        "dot": lambda q, k, v: package.scaled_dot_product_attention(q, k, v, adapter.give(mask))[0],
        "fused": lambda q, k, v: package.scaled_dot_product_attention(q, k, v, adapter.give(mask), None, False)[0],
        "additive": lambda q, k, v: package.additive_attention(
            q, k, v, *map(adapter.give, (*weights, np.ones(3))), adapter.give(mask)
        )[0],
    }
    for function in functions.values():
        gradients = derivatives(adapter, function, (queries, keys, values), cotangent)
        assert all(np.isfinite(gradient).all() for gradient in gradients)
        empty = ~mask.any(-1)
        assert np.all(gradients[0][empty] == 0)
        assert np.all(gradients[1][..., 0, :] == 0)
        assert np.all(gradients[2][..., 0, :] == 0)


@each
@few
@given(inputs=attention_inputs())
def test_the_future_is_not_read(adapter, inputs):
    queries, _, _, _ = inputs
    steps = queries.shape[-2]
    changed = queries.copy()
    changed[..., -1, :] += 1.0
    mask = library(adapter).causal_mask(steps)
    attention = library(adapter).scaled_dot_product_attention
    before, after = (adapter.take(attention(*[adapter.give(x)] * 3, mask)[0]) for x in (queries, changed))
    np.testing.assert_array_equal(before[..., :-1, :], after[..., :-1, :])


@each
def test_an_empty_row_is_zero(adapter):
    rng = np.random.default_rng(3)
    queries, keys, values = rng.standard_normal((3, 4, 4))
    mask = np.ones((4, 4), bool)
    mask[1] = False
    for options in ({}, {"need_weights": False}):
        output, weights = library(adapter).scaled_dot_product_attention(
            *map(adapter.give, (queries, keys, values, mask)), **options
        )
        assert np.all(adapter.take(output)[1] == 0)
        assert weights is None or np.all(adapter.take(weights)[1] == 0)


@each
def test_additive_attention_is_scores_then_attend(adapter):
    rng = np.random.default_rng(4)
    shapes = ((2, 3, 4), (2, 5, 6), (2, 5, 7), (4, 8), (6, 8), (8,))
    queries, keys, values, *weights = (rng.standard_normal(shape) for shape in shapes)
    mask = rng.random((2, 3, 5)) < 0.7
    expected = atn_np.attend(atn_np.additive_scores(queries, keys, *weights), values, mask)
    found = library(adapter).additive_attention(*map(adapter.give, (queries, keys, values, *weights, mask)))
    for a, b in zip(found, expected, strict=True):
        assert_close(adapter.take(a), b, terms=1)


@pytest.mark.parametrize("adapter", [TensorFlow, PyTorch])
def test_no_gradient_comes_back_through_a_row_of_minus_infinity(adapter):
    scores = np.array([[-np.inf, -np.inf], [0.0, 1.0]])
    cotangent = np.array([[1.0, 2.0], [1.0, 0.0]])
    (found,) = derivatives(adapter, library(adapter).masked_softmax, (scores,), cotangent)
    expected = atn_np.softmax_backward(atn_np.masked_softmax(scores), cotangent)
    assert_close(found, expected, terms=1)
    assert (found[0] == 0).all()


@each
def test_a_nan_that_is_seen_is_not_hidden(adapter):
    scores = adapter.give(np.array([[np.nan, 1.0], [0.0, 1.0]]))
    found = adapter.take(library(adapter).masked_softmax(scores))
    assert np.isnan(found).tolist() == [[True, True], [False, False]]


@pytest.mark.parametrize("length", [1e-3, 1e-9, 1e-30, 1e30])
@each
def test_a_cosine_is_the_same_however_long_the_vectors(adapter, length):
    queries, keys = np.array([[3.0, 4.0], [-1.0, 2.0]]), np.array([[4.0, 3.0], [0.0, 5.0], [2.0, -1.0]])
    expected = queries @ keys.T / np.outer(np.linalg.norm(queries, axis=1), np.linalg.norm(keys, axis=1))
    for q, k in ((queries * length, keys), (queries, keys * length), (queries * length, keys * length)):
        assert_close(adapter.take(library(adapter).cosine_scores(adapter.give(q), adapter.give(k))), expected, terms=1)


@each
def test_the_zero_vector_has_cosine_zero_and_a_finite_gradient(adapter):
    queries, keys = np.zeros((1, 3)), np.ones((2, 3))
    assert np.all(adapter.take(library(adapter).cosine_scores(adapter.give(queries), adapter.give(keys))) == 0)
    if adapter.name != "numpy":
        gradients = derivatives(adapter, library(adapter).cosine_scores, (queries, keys), np.ones((1, 2)))
        assert all(np.isfinite(g).all() for g in gradients)


@each
@few
@given(inputs=attention_inputs())
def test_inputs_are_not_changed(adapter, inputs):
    given_ = [adapter.give(array) for array in inputs]
    library(adapter).scaled_dot_product_attention(*given_)
    library(adapter).masked_softmax(given_[0])
    for tensor, array in zip(given_, inputs, strict=True):
        np.testing.assert_array_equal(adapter.take(tensor), array)
