"""JAX, and Keras on it: the last tables of book/frameworks.md.  Without JAX they skip; no other framework is needed."""

import numpy as np
import pytest

from tests.core.built_ins import FACTS, gives, keras_of_the_page, keras_on, setup, table

jax = pytest.importorskip("jax", reason="JAX is not installed; the weekly workflow has it")
flax = pytest.importorskip("flax.linen")


@pytest.mark.parametrize("row", table("idea in JAX"), ids=lambda row: row[2])
def test_what_an_expression_gives(row):
    _, expected, code = row
    assert gives(code, setup(1)) == expected


def of_jax(queries, keys, values, mask=None, causal=False):
    arrays = [array[None, :, None] for array in (queries, keys, values)]  # (B, T, H, D)
    mask = None if mask is None else mask[None, None]
    return np.asarray(jax.nn.dot_product_attention(*map(jax.numpy.asarray, arrays), mask=mask, is_causal=causal))[
        0, :, 0
    ]


def of_flax(queries, keys, values, mask=None, **causal):
    arrays = [array[None, :, None] for array in (queries, keys, values)]  # (B, T, H, D)
    mask = None if mask is None else mask[None, None]
    return np.asarray(flax.dot_product_attention(*map(jax.numpy.asarray, arrays), mask=mask, **causal))[0, :, 0]


BUILT_INS = {"jax.nn.dot_product_attention": of_jax, "flax.linen.dot_product_attention": of_flax}
WHAT = ("scores", "True", "numbers", "causal", "float32", "float16")


def test_every_built_in():
    found = {name: [FACTS[fact](run) for fact in WHAT] for name, run in BUILT_INS.items()}
    assert found == {name: row for name, *row in table("JAX's")}


def test_keras_on_jax():
    assert keras_on("jax") == keras_of_the_page("on JAX")
