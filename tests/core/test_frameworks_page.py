"""The page on the three frameworks, book/frameworks.md: every line of its tables is run."""

import warnings

import numpy as np
import pytest
import torch.nn.functional as F

import attention.numpy as atn_np
import attention.pytorch as atn_pt
import attention.tensorflow as atn_tf
from attention.frameworks import tf, torch
from tests.adapters import assert_close
from tests.core import onnx_operators
from tests.core.built_ins import (
    FACTS,
    KEYS,
    MASK,
    QUERIES,
    VALUES,
    gives,
    keras_built_ins,
    keras_of_the_page,
    keras_on,
    setup,
    table,
)


@pytest.fixture(scope="module")
def names():
    return setup(0)


def of(convert, names):
    return {name: convert(value) if isinstance(value, np.ndarray) else value for name, value in names.items()}


@pytest.mark.parametrize("row", table("idea"), ids=lambda row: row[0])
def test_three_names(names, row):
    numpy, *others = (
        eval(code, of(convert, names))
        for code, convert in zip(row[1:], (np.asarray, tf.constant, torch.tensor), strict=True)
    )
    for other in others:
        assert_close(np.asarray(other, float), np.asarray(numpy, float), "float32")


@pytest.mark.parametrize(
    "row", [row for first in ("default", "function", "surprise") for row in table(first)], ids=lambda row: row[2]
)
def test_what_an_expression_gives(names, row):
    _, expected, code = row
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.nn.Softmax() says that its axis should be chosen
        assert gives(code, names) == expected


def course(queries, keys, values, mask=None, causal=False):
    """The three packages, which do the same."""
    mask = atn_np.causal_mask(len(queries), len(keys)) if causal else mask
    given = [array for array in (queries, keys, values, mask) if array is not None]
    result = atn_np.scaled_dot_product_attention(*given)[0]
    assert_close(atn_tf.scaled_dot_product_attention(*map(tf.constant, given))[0], result, str(queries.dtype))
    assert_close(atn_pt.scaled_dot_product_attention(*map(torch.tensor, given))[0], result, str(queries.dtype))
    return result


def functional(queries, keys, values, mask=None, causal=False):
    mask = None if mask is None else torch.tensor(mask)
    arrays = map(torch.tensor, (queries, keys, values))
    return F.scaled_dot_product_attention(*arrays, attn_mask=mask, is_causal=causal).numpy(force=True)


def multi_head(need_weights):
    def run(queries, keys, values, mask=None, causal=False):
        layer = torch.nn.MultiheadAttention(4, 1, bias=False, batch_first=True, dtype=torch.tensor(queries).dtype)
        layer.in_proj_weight.data[:] = torch.eye(4).repeat(3, 1)
        layer.out_proj.weight.data[:] = torch.eye(4)
        arrays = [torch.tensor(array[None]) for array in (queries, keys, values)]
        mask = None if mask is None else torch.tensor(mask)
        return layer(*arrays, attn_mask=mask, is_causal=causal, need_weights=need_weights)[0][0].numpy(force=True)

    return run


def of_onnx(queries, keys, values, mask=None, causal=False, **more):
    inputs = {"Q": queries[None, None], "K": keys[None, None], "V": values[None, None], "attn_mask": mask, **more}
    return onnx_operators.run("Attention", inputs, ["Y"], is_causal=int(causal))["Y"][0, 0]


BUILT_INS = {
    "this course": course,
    "F.scaled_dot_product_attention": functional,
    "nn.MultiheadAttention, need_weights=True": multi_head(True),
    "nn.MultiheadAttention, need_weights=False": multi_head(False),
    **keras_built_ins(),
    "ONNX, Attention": of_onnx,
}
WHAT = {"built-in": ("scores", "True", "numbers", "causal"), "nothing to see": ("float64", "float32", "float16")}


@pytest.mark.parametrize("first", WHAT)
def test_the_table_has_every_built_in(first):
    assert [row[0] for row in table(first)] == list(BUILT_INS)


@pytest.mark.parametrize(("first", "row"), [(first, row) for first in WHAT for row in table(first)], ids=str)
def test_a_built_in(first, row):
    assert [FACTS[fact](BUILT_INS[row[0]]) for fact in WHAT[first]] == row[1:]


def test_onnx_counts_the_past_where_it_is_told_of_it():
    past = {"past_key": KEYS[None, None, :2], "past_value": VALUES[None, None, :2]}
    last = course(QUERIES, KEYS, VALUES, causal=True)
    assert_close(of_onnx(QUERIES, KEYS[2:], VALUES[2:], causal=True, **past), last, "float32")
    assert_close(of_onnx(QUERIES, KEYS, VALUES, causal=True, nonpad_kv_seqlen=np.array([4])), last, "float32")
    three = course(QUERIES, KEYS[:3], VALUES[:3], causal=True)
    assert_close(of_onnx(QUERIES, KEYS, VALUES, causal=True, nonpad_kv_seqlen=np.array([3])), three, "float32")


def test_onnx_takes_a_mask_that_is_too_short_for_one_that_hides_the_rest():
    expected = course(QUERIES, KEYS[:3], VALUES[:3], MASK[:, :3])
    assert_close(of_onnx(QUERIES, KEYS, VALUES, MASK[:, :3]), expected, "float32")


def test_keras_on_pytorch():
    assert keras_on("torch") == keras_of_the_page("on PyTorch")


@pytest.mark.parametrize(("need_weights", "heeded"), [(True, "mask"), (False, "is_causal")])
def test_multi_head_attention_does_not_compare_mask_and_is_causal(need_weights, heeded):
    run = multi_head(need_weights)
    everything, first = np.zeros((2, 4), dtype=bool), ~np.tri(2, 4, 0, bool)  # True hides
    expected = {"mask": run(QUERIES, KEYS, VALUES, everything), "is_causal": run(QUERIES, KEYS, VALUES, first)}
    assert_close(run(QUERIES, KEYS, VALUES, everything, causal=True), expected[heeded], "float32")
