"""Where weights lie: counted by hand, and by another way of counting."""

import numpy as np
import pytest

from attention.data.scenes import scenes
from attention.evaluation.pointing import (
    cell_centres,
    centre_baseline,
    centres_inside,
    pointing,
    random_baseline,
    weight_inside,
)
from attention.inputs import InputError

SHAPE = (2, 3)  # centres at rows 0, 4 and columns 0, 4, 8


def one_hot(*places):
    return np.eye(6)[list(places)]


def test_centres_are_numbered_row_by_row():
    np.testing.assert_array_equal(cell_centres(*SHAPE), [[0, 0], [0, 4], [0, 8], [4, 0], [4, 4], [4, 8]])


@pytest.mark.parametrize(
    ("box", "held"),
    [
        ((0, 0, 1, 1), [0]),
        ((0, 1, 1, 4), []),  # the last column is not included
        ((0, 1, 1, 5), [1]),
        ((0, 4, 4, 9), [1, 2]),  # nor is the last row
        ((0, 4, 5, 9), [1, 2, 4, 5]),
        ((1, 0, 5, 4), [3]),
        ((1, 1, 4, 4), []),
    ],
)
def test_a_box_holds_the_places_whose_centre_is_in_it(box, held):
    weights = np.arange(1, 7) / 21
    assert np.flatnonzero(centres_inside([box], SHAPE)[0]).tolist() == held
    assert weight_inside(weights[None], [box], SHAPE) == pytest.approx(sum(weights[held]), abs=1e-12)
    assert random_baseline([box], SHAPE) == pytest.approx(len(held) / 6, abs=1e-12)
    assert [pointing(one_hot(place), [box], SHAPE) for place in range(6)] == [float(p in held) for p in range(6)]


def test_shares_are_means_over_pictures():
    boxes = np.array([[0, 0, 1, 1], [4, 4, 5, 9], [4, 8, 5, 9], [0, 0, 8, 12]])
    weights = 0.6 * one_hot(0, 5, 4, 3) + 0.4 * one_hot(1, 4, 5, 2)
    assert pointing(weights, boxes, SHAPE) == 0.75
    assert weight_inside(weights, boxes, SHAPE) == pytest.approx((0.6 + 1 + 0.4 + 1) / 4, abs=1e-12)
    assert random_baseline(boxes, SHAPE) == pytest.approx((1 + 2 + 1 + 6) / 24, abs=1e-12)
    assert centre_baseline(boxes, (8, 12)) == 0.5  # the middle is (4, 6)
    assert centre_baseline(boxes, (8, 16)) == 0.75  # (4, 8)
    assert pointing(np.full((4, 6), 1 / 6), boxes, SHAPE) == 0.5  # all alike: the first counts


def test_random_is_what_many_draws_reach_on_scenes():
    boxes = scenes("cluttered", "test", 400).boxes
    rng = np.random.default_rng(0)
    drawn = [pointing(np.eye(144)[rng.integers(0, 144, 400)], boxes, (12, 12)) for _ in range(100)]
    assert np.mean(drawn) == pytest.approx(random_baseline(boxes, (12, 12)), abs=4 * 0.5 / 200)


@pytest.mark.parametrize(
    ("weights", "boxes", "shape"),
    [
        (np.ones((2, 6)), np.ones((3, 4)), (2, 3)),
        (np.ones((3, 6)), np.ones((3, 4)), (2, 4)),
        (np.ones((3, 2, 3)), np.ones((3, 4)), (2, 3)),
        (np.ones((0, 6)), np.ones((0, 4)), (2, 3)),
    ],
)
@pytest.mark.parametrize("measure", [pointing, weight_inside])
def test_what_does_not_belong_together(measure, weights, boxes, shape):
    with pytest.raises(InputError, match=r"^there must be a weight for each place, and a row .*: got weights \("):
        measure(weights, boxes, shape)
