"""What is reached without looking: by a linear model, by the centre, by chance."""

import numpy as np
import pytest

from attention.data.scenes import SIZES, scenes
from attention.evaluation.baselines import baselines, linear_accuracy
from attention.evaluation.pointing import pointing


def test_a_linear_model_finds_what_is_linear_and_nothing_else():
    rng = np.random.default_rng(0)
    images = rng.standard_normal((2, 1000, 6, 5)).astype(np.float32)
    linear = np.argmax(images.reshape(2, 1000, 30)[..., :3], axis=-1)
    assert linear_accuracy(images[0], linear[0], images[1], linear[1]) > 0.9
    product = (images[:, :, 0, 0] * images[:, :, 0, 1] > 0).astype(int)
    assert abs(linear_accuracy(images[0], product[0], images[1], product[1]) - 0.5) < 0.08
    turned = (linear[1] + 1) % 3
    assert linear_accuracy(images[0], linear[0], images[1], turned) < 0.1


EASE = [("single", 0.15, 0.4), ("cluttered", 0, 0.2), ("pointed", 0, 0.25)]


@pytest.mark.parametrize(("task", "least", "most"), EASE)
def test_no_task_is_easy(task, least, most):
    """Chance is 0.1; a box holds the middle of the picture more often than a place at random, but where it cannot."""
    found = baselines(task, count=400, learnt=1000)
    assert least < found["linear"] < most
    assert found["class"] == 0.1
    boxes, places = scenes(task, "test", 400).boxes, -(-SIZES[task] // 4)
    assert (found["centre"] == 0) == (task == "pointed")
    assert found["centre"] <= 0.85
    middle = np.zeros((400, places**2))
    middle[:, places * (places // 2) + places // 2] = 1
    if SIZES[task] % 8 == 0:  # else no place has its centre in the middle
        assert found["centre"] == pointing(middle, boxes, (places, places))
    every = np.eye(places**2)
    shares = [pointing(np.tile(row, (400, 1)), boxes, (places, places)) for row in every[:: places + 1]]
    assert min(shares) <= found["random"] <= max(shares)


def test_the_linear_model_learns_from_as_many_scenes_as_it_is_told():
    few, many = (baselines("single", count=400, learnt=learnt)["linear"] for learnt in (60, 4000))
    assert few < many
