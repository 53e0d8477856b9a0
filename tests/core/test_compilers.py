"""The functions survive what the frameworks do to make them fast."""

import numpy as np
import pytest

import attention.numpy as atn_np
import attention.pytorch as atn_pt
import attention.tensorflow as atn_tf
from attention.frameworks import tf, torch
from tests.adapters import assert_close

rng = np.random.default_rng(6)
QUERIES, KEYS, VALUES = (rng.standard_normal(shape) for shape in ((2, 3, 4), (2, 5, 4), (2, 5, 6)))
MASK = rng.random((2, 3, 5)) < 0.5
WEIGHTS = [rng.standard_normal(shape) for shape in ((4, 7), (4, 7), (7,))]
EXPECTED = {
    "dot": atn_np.scaled_dot_product_attention(QUERIES, KEYS, VALUES, MASK),
    "additive": atn_np.additive_attention(QUERIES, KEYS, VALUES, *WEIGHTS, MASK),
}


def both(package, queries, keys, values, mask, *weights):
    return {
        "dot": package.scaled_dot_product_attention(queries, keys, values, mask),
        "additive": package.additive_attention(queries, keys, values, *weights, mask),
    }


def check(found):
    for name, expected in EXPECTED.items():
        for a, b in zip(found[name], expected, strict=True):
            assert_close(a, b, terms=1)


@pytest.mark.parametrize("known", ["all sizes", "ranks only", "nothing"])
def test_tf_function(known):
    arrays = [tf.constant(a) for a in (QUERIES, KEYS, VALUES, MASK, *WEIGHTS)]
    shape = {"all sizes": lambda a: a.shape, "ranks only": lambda a: [None] * a.shape.rank, "nothing": lambda a: None}
    signature = [tf.TensorSpec(shape[known](a), a.dtype) for a in arrays]
    if known == "nothing":  # the additive score inserts an axis, for which TensorFlow must know the rank
        function = tf.function(atn_tf.scaled_dot_product_attention, input_signature=signature[:4])
        for a, b in zip(function(*arrays[:4]), EXPECTED["dot"], strict=True):
            assert_close(a, b, terms=1)
    else:
        check(tf.function(lambda *a: both(atn_tf, *a), input_signature=signature)(*arrays))


def test_torch_compile():
    arrays = [torch.tensor(a) for a in (QUERIES, KEYS, VALUES, MASK, *WEIGHTS)]
    check(torch.compile(lambda *a: both(atn_pt, *a), backend="aot_eager", fullgraph=True)(*arrays))
    fused = torch.compile(
        lambda *a: atn_pt.scaled_dot_product_attention(*a, need_weights=False)[0], backend="aot_eager", fullgraph=True
    )
    assert_close(fused(*arrays[:4]), EXPECTED["dot"][0], terms=1)


def test_torch_vmap():
    arrays = [torch.tensor(a) for a in (QUERIES, KEYS, VALUES, MASK, *WEIGHTS)]
    batched = torch.func.vmap(lambda *a: both(atn_pt, *a), in_dims=(0, 0, 0, 0, None, None, None))
    check(batched(*arrays))


def test_torch_gradcheck():
    scores = torch.tensor(rng.standard_normal((2, 3)), requires_grad=True)
    mask = torch.tensor([[True, False, True], [False, False, False]])
    assert torch.autograd.gradcheck(lambda s: atn_pt.masked_softmax(s, mask), scores)
