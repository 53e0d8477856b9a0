"""The study of a block's parts: each kind leaves out what it says, and what is stored is what would be measured."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from attention.experiments.studies import block_parts as study
from attention.pytorch import causal_mask
from attention.results import read_result
from tests.adapters import assert_close


def by_hand(block, x):
    """What a block of each kind is to be, written down one by one."""
    mask, first, second = causal_mask(x.shape[1]), *block.norms
    look = lambda rows: block.attention(rows, rows, rows, mask)[0]
    if block.kind == "whole":
        x = x + look(first(x))
        return x + block.network(second(x))
    if block.kind == "norm after":
        x = first(x + look(x))
        return second(x + block.network(x))
    if block.kind == "no attention":
        return x + block.network(second(x))
    if block.kind == "no network":
        return x + look(first(x))
    if block.kind == "no residual":
        return block.network(second(look(first(x))))
    x = x + look(x)
    return x + block.network(x)


@pytest.mark.parametrize("kind", study.KINDS)
def test_a_kind_leaves_out_what_it_says(kind):
    torch.manual_seed(0)
    block, x = study.Block(kind, seed=3), torch.randn(2, study.LENGTH, study.SIZES["width"])
    with torch.no_grad():
        assert_close(block(x, causal_mask(study.LENGTH)), by_hand(block, x), "float32")


def test_the_sums_go_round():
    numbers, sums = study.drawn(50, np.random.default_rng(1))
    for row, wanted in zip(numbers.tolist(), sums.tolist(), strict=True):
        assert wanted == [(a + b) % 11 for a, b in pairwise(row)]


def test_what_is_stored_belongs_to_the_study():
    rows = read_result("block_parts")["rows"]
    assert [{name: row[name] for name in ("blocks", "kind", "seed")} for row in rows] == study.PARTS
    for row in rows:
        assert 0 <= row["right"] <= 1 < 100 * row["loss"] + 1


def test_a_short_training_tells_a_look_at_the_neighbour_from_none():
    looks, blind = (study.measure(2, kind, 1, steps=300)["right"] for kind in ("whole", "no attention"))
    assert blind < 0.13 < 0.25 < looks
