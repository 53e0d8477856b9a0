"""`agree` accepts what agrees and nothing else."""

import numpy as np
import pytest

from attention.agreement import agree
from attention.frameworks import tf, torch


def test_it_prints_its_bound(capsys):
    numbers = np.array([1.0, 200.0])
    agree("numbers", numbers, tf.Variable(numbers), torch.tensor(numbers, requires_grad=True), numbers + 1e-11)
    assert capsys.readouterr().out.split() == ["numbers", "agree", "within", "1e-12", "of", "the", "largest", "entry"]


@pytest.mark.parametrize("other", [[1.0, 2.1], [1.0, np.nan], [[1.0, 2.0]], [1.0, 2.0, 3.0]])
def test_it_finds_the_difference(other):
    with pytest.raises(AssertionError, match="numbers"):
        agree("numbers", np.array([1.0, 2.0]), np.array(other), bound=1e-3)
