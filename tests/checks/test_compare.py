"""Two results: the same, within what rounding can do and no more?"""

import numpy as np
import pytest

from attention.checks.compare import alike, equal, largest, least, margins, plain, tolerance, unequal

INF, NAN = np.inf, np.nan


def margin(function, values, dtype="float64"):
    x = {"x": np.array(values, dtype=np.longdouble)}
    (found,) = margins(lambda moved: (function(moved["x"]),), x, (function(x["x"]),), dtype)
    return found


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("float16", 5e-3, 5e-2), ("float32", 5e-6, 5e-5), ("float64", 1e-13, 1e-12)]
)
def test_a_margin_is_some_roundings_in_the_type(dtype, low, high):
    found = margin(lambda x: x, np.ones(200), dtype)
    assert low < found.min()
    assert found.max() < high
    assert found.max() < 5 * found.min()  # several nudges, not the luck of one


def test_a_margin_holds_the_rounding_of_the_result_and_of_what_went_in():
    assert margin(np.round, [3.0]) == pytest.approx(3 * margin(np.round, [1.0]))
    assert margin(lambda x: x - 1, [1.0])[0] > 1e-14  # 1 − 1 is not exact: the 1 may have been rounded
    assert margin(lambda x: x - 1, [1.0, 1e-8, 1e8])[1] < 1e-11  # not a share of the largest
    assert margin(lambda x: -1e3 * x, [1.0])[0] < 1e-9
    assert margin(lambda x: np.exp(2000 * (x - 1)), [1.0])[0] < 1e-9  # the slope here, not farther off


def test_what_is_exactly_zero_has_to_be_zero():
    assert (margin(lambda x: 0 * x, [1.0, 1e8]) < 1e-300).all()
    assert (margin(lambda x: 0 * x, [1.0], "float64") > 0).all()  # but for the smallest numbers there are


def test_infinite_results_have_finite_margins():
    found = margin(lambda x: np.where(x > 1.5, INF * np.sign(x), x), [1.0, 2.0])
    assert np.isfinite(found).all()
    edge = margin(lambda x: np.where(x > 1, INF, x), [1.0])  # beyond it in some nudges only
    assert np.isfinite(edge).all()


def test_margins_move_the_inputs_against_each_other():
    assert 1e-10 < margin(lambda x: x[:1] - x[1:2], [1e4, 1e4, 3.0])[0] < 1e-8


def test_margins_of_float16_hold_small_numbers():
    assert margin(np.exp, [-12.0], "float16")[0] < np.exp(-12)


def test_what_is_lost_below_the_smallest_numbers():
    assert least("float64") < 1e-300
    assert least("float32") < 1e-30
    assert 1e-7 < least("float16") < 1e-5


def test_the_coarsest_type_counts():
    assert tolerance() == tolerance(np.ones(1)) == tolerance(np.ones(1, int)) == 1e-12
    assert tolerance(np.ones(1), np.ones(1, np.float32)) == 1e-5
    assert tolerance(np.ones(1, np.float16), np.ones(1, np.float32)) == 2e-3


def test_the_largest_entry_is_finite_and_not_zero():
    assert largest(np.array([-3.0, 2.0, INF, NAN])) == 3
    assert largest(np.zeros(2)) == largest(np.array([])) == largest(np.array([NAN])) == 1


@pytest.mark.parametrize(
    ("got", "expected", "within", "differ"),
    [
        ([1.0, NAN, INF, -INF], [1.0, NAN, INF, -INF], 0.0, [0, 0, 0, 0]),
        ([NAN, INF, INF, NAN, 1.0], [1.0, 1.0, -INF, INF, NAN], 1.0, [1, 1, 1, 1, 1]),
        ([1.5, 2.5], [1.0, 1.0], np.array([0.5, 1.0]), [0, 1]),  # a margin for each; at the margin is within it
        ([0.75, 3.5], [1.0, 4.0], 0.1, [0, 1]),  # a share of the largest
        ([1e-9], [0.0], 1e-12, [1]),
        (1.5e-3, 1e-3, 1.0, 0),
        (1.5e-3, 1e-3, np.array(1e-3), 0),  # a margin of a single number is no share
        (1500.0, 1000.0, np.array(1.0), 1),
        ([2**60 + 1, 7], [2**60, 7], 0.1, [1, 0]),  # whole numbers exactly
        (np.array([7, 3], np.uint8), np.array([7, 4], np.int32), 0.5, [0, 1]),
    ],
)
def test_unequal(got, expected, within, differ):
    assert unequal(got, expected, within).tolist() == np.asarray(differ, dtype=bool).tolist()


def test_the_margin_of_a_single_number_is_taken_as_it_is():
    for size in (1e-6, 1e6):
        right = np.array(size)
        given = {"x": right.astype(np.longdouble)}
        found = margins(lambda moved: (moved["x"],), given, (given["x"],), "float64")
        assert not unequal(right * (1 + 1e-14), right, *found)
        assert unequal(right * (1 + 1e-10), right, *found)


def test_equal_needs_the_same_number_of_results_and_the_same_shapes():
    one, two = np.ones(1), np.ones(2)
    assert equal((one, two), (one, two), 0.0)
    assert not equal((one,), (one, two), 0.0)
    assert not equal((one, two), (one,), 0.0)
    assert not equal((np.ones(())[()] * np.ones((1, 2)),), (two,), 0.0)
    assert equal((one + 0.1, two), (one, two), (0.2, 0.0))
    assert not equal((one, two + 0.1), (one, two), (0.2, 0.0))


LIKE = [
    (1, 1),
    ("a", "a"),
    ((1, 2.0), (1, 2.0)),
    ({"a": 0.1 + 0.2}, {"a": 0.3}),
    (1, 1.0),
    (0.1 + 0.2, 0.3),
    (10**30, 1e30),
    (NAN, NAN),
    (None, None),
]
UNLIKE = [
    (1, 2),
    (1, True),
    (True, 1),
    (True, 1.0),
    (1.0, 1),
    (0.3001, 0.3),
    (0.3 + 1e-8, 0.3),
    (1e-7, 0.0),
    ((1,), (1, 2)),
    ((1, 2), (1,)),
    (1, (1,)),
    ({"a": 1, "b": 2}, {"a": 1}),
    ({"a": 1}, {"a": 1, "b": 2}),
    ((1,), {"a": 1}),
    (NAN, 1.0),
    ("a", 1.0),
    (10**30, 2e30),
    (10**400, 1.0),
    (-(10**400), -INF),
]


@pytest.mark.parametrize(("got", "expected", "same"), [(*p, True) for p in LIKE] + [(*p, False) for p in UNLIKE])
def test_alike(got, expected, same):
    assert alike(got, expected) is same


def test_plain_takes_off_the_wrapping():
    wrapped = [np.array([[1, 2]]), (np.float32(0.5), {np.int64(3): [True]}), "a"]
    assert plain(wrapped) == (((1, 2),), (0.5, {3: (True,)}), "a")
    assert type(plain(np.float64(1))) is float
