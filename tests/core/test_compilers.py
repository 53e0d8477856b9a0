"""The functions survive what the frameworks do to make them fast."""

import numpy as np
import pytest
from torch.utils._python_dispatch import TorchDispatchMode

import attention.numpy as atn_np
import attention.pytorch as atn_pt
import attention.tensorflow as atn_tf
from attention.frameworks import tf, torch
from tests import slow
from tests.adapters import TensorFlow, assert_close
from tests.core.test_arguments import CASES, OF_FLOATS, compare, flat

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
@pytest.mark.parametrize("name", OF_FLOATS)
def test_tf_function(name, known):
    """With sizes that are known, or not until it runs: as the formula says."""
    if known == "nothing" and name.startswith("additive"):
        return  # it inserts an axis, for which TensorFlow must know the rank
    if known != "all sizes" and name == "convolve":
        return  # a kernel is a weight, whose size is known; of the map it need not be (tests/images)
    given, changes = CASES[name]
    given = given | {argument: value for argument, value in changes if argument == "mask"}
    shape = {"all sizes": np.shape, "ranks only": lambda a: [None] * a.ndim, "nothing": lambda a: None}[known]
    function = tf.function(
        lambda *arrays: flat(getattr(atn_tf, name)(**dict(zip(given, arrays, strict=True)))),
        input_signature=[tf.TensorSpec(shape(array), array.dtype) for array in given.values()],
    )
    found = function(*map(tf.constant, given.values()))
    compare(TensorFlow, found, flat(getattr(slow, name)(**given)))


class Attention(tf.keras.layers.Layer):
    def call(self, queries, keys, values, mask):
        return atn_tf.scaled_dot_product_attention(queries, keys, values, mask)


def test_a_layer_of_keras_is_made_before_any_size_is_known():
    inputs = [tf.keras.Input((None, size), dtype="float64") for size in (4, 4, 6)]
    inputs.append(tf.keras.Input((None, None), dtype="bool"))
    output, weights = Attention(dtype="float64")(*inputs)
    assert (output.shape, weights.shape) == ((None, None, 6), (None, None, None))
    found = tf.keras.Model(inputs, [output, weights])([QUERIES, KEYS, VALUES, MASK])
    for a, b in zip(found, EXPECTED["dot"], strict=True):
        assert_close(a, b, terms=1)


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


class Sizes(TorchDispatchMode):
    """The last two axes of every tensor that is made."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        tensors = result if isinstance(result, (tuple, list)) else [result]
        self.seen |= {tuple(t.shape[-2:]) for t in tensors if isinstance(t, torch.Tensor) and t.is_floating_point()}
        return result


@pytest.mark.parametrize("need_weights", [True, False])
def test_pytorch_makes_the_weights_only_where_they_are_needed(need_weights):
    queries, keys = torch.ones(1, 1, 33, 8), torch.ones(1, 1, 47, 8)
    with Sizes() as sizes:
        atn_pt.scaled_dot_product_attention(queries, keys, keys, need_weights=need_weights)
    assert ((33, 47) in sizes.seen) == need_weights
