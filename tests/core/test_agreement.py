"""`agree` accepts what agrees and nothing else."""

import numpy as np
import pytest

from attention.agreement import agree
from attention.frameworks import tf, torch
from tests.heeds import heeds

NAN, INF = np.nan, np.inf


def test_it_prints_its_bound(capsys):
    numbers = np.array([1.0, 200.0])
    agree("numbers", numbers, tf.Variable(numbers), torch.tensor(numbers, requires_grad=True), numbers + 1e-11)
    assert capsys.readouterr().out.split() == ["numbers", "agree", "within", "1e-12", "of", "the", "largest", "entry"]


@heeds("agree", "name", "expected", "others", "bound", of=["attention.agreement"])
@pytest.mark.parametrize("bound", ["1e-12", "1e-05", "2e-03", "1.6e-02"])
def test_the_bound_is_the_one_that_is_printed(capsys, bound):
    expected = np.array([1.0, -8.0])
    agree("numbers", expected, expected + 8 * float(bound) * 0.99, bound=float(bound))
    assert f" within {bound} of " in capsys.readouterr().out
    with pytest.raises(AssertionError):
        agree("numbers", expected, expected + 8 * float(bound) * 1.01, bound=float(bound))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "int64", "bool"])
def test_every_type_of_every_framework(dtype):
    numbers = np.array([[0.0, 1.0], [1.0, 1.0]])
    others = [tf.cast(numbers, dtype), torch.tensor(numbers).to(getattr(torch, dtype))]
    agree("numbers", numbers, *others)
    for other in others:
        with pytest.raises(AssertionError):
            agree("numbers", numbers + 1, other)


def test_lists_and_single_numbers_are_arrays_too():
    agree("numbers", [1.0, 2.0], torch.tensor([1.0, 2.0]), (1, 2))
    agree("number", 0.5, torch.tensor(0.5), tf.constant(0.5))
    with pytest.raises(AssertionError):
        agree("numbers", [1.0, 2.0], [1.0, 2.5])


@pytest.mark.parametrize("numbers", [[1.0, NAN], [-INF, 1.0, INF], [NAN, -INF, 3.0]])
def test_what_is_not_finite_is_compared_by_its_place(numbers):
    numbers = np.array(numbers)
    agree("numbers", numbers, numbers + 1e-13, torch.tensor(numbers), tf.constant(numbers))
    for place in range(len(numbers)):
        for wrong in (numbers[place] + 1e-3, -numbers[place], NAN, INF, -INF, 0.0):
            other = numbers.copy()
            other[place] = wrong
            if not np.array_equal(other, numbers, equal_nan=True):
                with pytest.raises(AssertionError, match="numbers"):
                    agree("numbers", numbers, other)


@pytest.mark.parametrize("other", [[1.0, 2.1], [1.0, NAN], [[1.0, 2.0]], [1.0, 2.0, 3.0], [1.0], 1.0])
def test_it_finds_the_difference(other):
    with pytest.raises(AssertionError, match="numbers"):
        agree("numbers", np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array(other), bound=1e-3)


@pytest.mark.parametrize("arrays", [[[1.0]], [[], []], [[NAN], [NAN]], [[INF], [INF]]])
def test_there_must_be_something_to_compare(arrays):
    with pytest.raises(AssertionError, match="numbers: no"):
        agree("numbers", *map(np.array, arrays))
