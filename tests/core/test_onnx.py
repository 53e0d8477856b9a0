"""ONNX's operators, an implementation by others of nearly everything that the course builds."""

import functools
import operator
import zlib

import numpy as np
import pytest

from attention.frameworks import tf, torch
from attention.numpy import split_heads
from tests.adapters import ADAPTERS, DTYPES, NumPy, assert_close, library
from tests.core import onnx_operators
from tests.core.test_heads import build, drawn

CASES = onnx_operators.cases("Attention", "attention")
FRAMEWORKS = {"numpy": np, "tensorflow": tf, "pytorch": torch}
each = pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
every = pytest.mark.parametrize("name", CASES)
# An attribute that is none of these is refused: it would be ignored.
KNOWN = {"scale", "is_causal", "q_num_heads", "kv_num_heads", "softcap", "qk_matmul_output_mode"}
KNOWN |= {"left_window_size", "right_window_size"}
KNOWN |= {"softmax_precision"}  # the course's is float32 for half precision, and else the inputs'


def give(adapter, array):
    """In the array's dtype, also where that is bfloat16, which PyTorch does not take from NumPy."""
    narrow = array.dtype.name == "bfloat16"
    return adapter.give(array.astype("float32"), "bfloat16") if narrow else adapter.give(array)


class Course:
    """The operator, by what the course has. Heads (B, H, …) are (B, Hkv, G, …) inside: G share keys and values."""

    def __init__(self, adapter, inputs, attributes):
        assert set(attributes) <= KNOWN
        self.course, self.framework = library(adapter), FRAMEWORKS[adapter.name]
        self.inputs = {name: give(adapter, array) for name, array in inputs.items() if name != "attn_mask"}
        self.attributes = attributes
        self.queries, self.keys, self.values = self.heads()
        (B, H, T), S = self.queries.shape[:3], self.keys.shape[2]
        self.sizes = B, H, T, S
        self.grouped = (B, self.keys.shape[1], H // self.keys.shape[1], T)
        self.bias, self.mask = None, None
        allowed = [*self.causal(), *self.window(), *self.padding()]
        if "attn_mask" in inputs:
            self.set_mask(adapter, inputs["attn_mask"], allowed)
        if allowed:
            self.mask = functools.reduce(operator.and_, allowed)

    def heads(self):
        """Queries (B, H, T, D), keys and values (B, Hkv, S, D), those of the past in front."""
        queries, keys, values = (self.inputs[name] for name in "QKV")
        if len(queries.shape) == 3:
            queries = self.course.split_heads(queries, self.attributes["q_num_heads"])
            keys, values = (self.course.split_heads(x, self.attributes["kv_num_heads"]) for x in (keys, values))
        if "past_key" in self.inputs:
            cache = self.course.KeyValueCache()
            cache.extend(self.inputs["past_key"], self.inputs["past_value"])
            keys, values = cache.extend(keys, values)
        return queries, keys, values

    def set_mask(self, adapter, mask, allowed):
        """A mask of booleans is one; one of numbers is a bias. Keys behind its end are masked."""
        B, H, T, S = self.sizes
        fill = False if mask.dtype == bool else -np.inf
        mask = np.pad(mask, [(0, 0)] * (mask.ndim - 1) + [(0, S - mask.shape[-1])], constant_values=fill)
        mask = give(adapter, np.broadcast_to(mask, (B, H, T, S)).reshape(*self.grouped, S))
        if fill is False:
            allowed.append(mask)
        else:
            self.bias = mask

    def offsets(self):
        """How many keys precede the first query, of all sentences or of each."""
        T = self.sizes[2]
        if "nonpad_kv_seqlen" in self.inputs:
            return [int(length) - T for length in self.inputs["nonpad_kv_seqlen"]]
        return [self.inputs["past_key"].shape[2] if "past_key" in self.inputs else 0]

    def until(self, more):
        """True up to so many keys after the query's own: (B, 1, 1, T, S)."""
        T, S = self.sizes[2:]
        masks = [self.course.causal_mask(T, S, offset=offset + more) for offset in self.offsets()]
        return self.framework.stack(masks)[:, None, None]

    def causal(self):
        return [self.until(0)] if self.attributes.get("is_causal") else []

    def window(self):
        left, right = (self.attributes.get(f"{side}_window_size", -1) for side in ("left", "right"))
        return [~self.until(-left - 1)] * (left >= 0) + [self.until(right)] * (right >= 0)

    def padding(self):
        lengths = self.inputs.get("nonpad_kv_seqlen")
        return [] if lengths is None else [self.course.padding_mask(lengths, self.sizes[3])[:, None, None]]

    def scores(self):
        """Plain, capped, and with the mask: what the operator can show of them, in its order."""
        queries = self.framework.reshape(self.queries, (*self.grouped, self.queries.shape[-1]))
        plain = self.course.scaled_dot_scores(queries, self.keys[:, :, None], self.attributes.get("scale"))
        cap = self.attributes.get("softcap", 0)
        capped = cap * self.framework.tanh(plain / cap) if cap else plain
        return plain, capped, capped if self.bias is None else capped + self.bias

    def __call__(self):
        """{output: tensor}, by the names of the operator."""
        shown = list(self.scores())
        output, weights = self.course.attend(shown[2], self.values[:, :, None], self.mask)
        if self.mask is not None:
            shown[2] = self.framework.where(self.mask, shown[2], adapted(shown[2], -np.inf))
        shown = [*shown, weights][self.attributes.get("qk_matmul_output_mode", 0)]
        B, H, T, S = self.sizes
        output = self.framework.reshape(output, (B, H, T, output.shape[-1]))
        shown = self.framework.reshape(shown, (B, H, T, S))
        if len(self.inputs["Q"].shape) == 3:
            output = self.course.merge_heads(output)
        return {"Y": output, "present_key": self.keys, "present_value": self.values, "qk_matmul_output": shown}

    def sees(self):
        """For each query, whether it may attend to anything: (B, H, T)."""
        B, H, T, S = self.sizes
        seen = np.ones((*self.grouped, S), dtype=bool)
        seen = seen if self.mask is None else seen & np.asarray(self.mask)
        seen = seen if self.bias is None else seen & ~np.isneginf(np.asarray(self.bias, np.float64))
        return seen.any(axis=-1).reshape(B, H, T)


def adapted(like, number):
    """A number of the dtype of an array or tensor."""
    return like[..., :1, :1] * 0 + number


def compare(adapter, found, expected):
    for name, array in expected.items():
        taken = adapter.take(found[name])
        assert taken.shape == array.shape
        assert array.dtype.name == "bfloat16" or taken.dtype == array.dtype
        assert_close(taken, array, array.dtype.name)


@every
@each
def test_a_case_of_onnx(adapter, name):
    _, inputs, attributes, outputs = CASES[name]
    if inputs["Q"].dtype.name not in DTYPES[adapter.name]:
        pytest.skip("NumPy has no bfloat16")
    compare(adapter, Course(adapter, inputs, attributes)(), outputs)


@every
@each
def test_a_case_with_numbers_of_either_sign(adapter, name):
    """Those of ONNX's cases lie between 0 and 1, where all weights are much the same."""
    opset, inputs, attributes, outputs = CASES[name]
    attributes = {key: value for key, value in attributes.items() if key != "softmax_precision"}  # lower, for float64
    if "scale" in attributes:
        attributes["scale"] = 1 / 64  # the reference takes its root in float32, which is exact here
    inputs = onnx_operators.normal(np.random.default_rng(zlib.crc32(name.encode())), inputs)
    expected = onnx_operators.run("Attention", inputs, outputs, opset, **attributes)
    compare(adapter, Course(adapter, inputs, attributes)(), expected)


def test_a_query_that_may_attend_to_nothing_is_zero_in_onnx():
    empty = {}
    for name, (_, inputs, attributes, outputs) in CASES.items():
        if inputs["Q"].ndim == 4 and inputs["Q"].dtype.name != "bfloat16":
            rows = ~Course(NumPy, inputs, attributes).sees()
            assert not outputs["Y"][rows].any()
            empty[name] = rows.sum()
    assert sum(count > 0 for count in empty.values()) >= 3, empty


def caches(places, features):
    """Cosines and sines of the course's angles, (1, T, D/2) each, as the operator wants them."""
    angles = np.asarray(places)[:, None] * 10_000.0 ** (-np.arange(0, features, 2) / features)
    return {"cos_cache": np.cos(angles)[None], "sin_cache": np.sin(angles)[None]}


@each
@pytest.mark.parametrize("places", [range(5), [3, 3, 0, 70, 9]], ids=str)
def test_rotary_positions(adapter, places):
    """Neighbours are pairs where ONNX interleaves; else d and d + D/2 are, another order of the features."""
    x = np.random.default_rng(7).standard_normal((1, 3, 5, 8))  # (B, H, T, D)
    inputs = {"X": x, **caches(places, 8)}
    found = adapter.take(library(adapter).rotate(adapter.give(x), np.array(places)))
    assert_close(found, onnx_operators.run("RotaryEmbedding", inputs, ["Y"], interleaved=1)["Y"])
    halves = np.arange(8).reshape(4, 2).T.ravel()  # 0, 2, 4, 6, 1, 3, 5, 7
    inputs["X"] = x[..., halves]
    expected = onnx_operators.run("RotaryEmbedding", inputs, ["Y"], interleaved=0)["Y"]
    assert_close(found[..., halves], expected)


@each
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_layer_norm(adapter, dtype):
    x, scale, shift = np.random.default_rng(8).standard_normal((3, 2, 4, 6)).astype(dtype) * 3 + 1
    scale, shift = scale[0, 0], shift[0, 0]
    norm = library(adapter).LayerNorm
    weights = {"scale": scale, "shift": shift}
    if adapter is NumPy:
        layer = norm(weights)
    else:
        layer = norm(6, dtype=getattr(torch, dtype) if adapter.name == "pytorch" else dtype)
        layer.set_named_weights(weights)
    expected = onnx_operators.run("LayerNormalization", {"X": x, "Scale": scale, "B": shift}, ["Y"], epsilon=1e-5)["Y"]
    assert_close(adapter.take(layer(adapter.give(x))), expected, dtype)


@each
@pytest.mark.parametrize("kv_heads", [6, 3, 2, 1])
def test_multi_head_attention(adapter, kv_heads):
    """Between the projections stands the operator: which head has which keys, the past, and a causal mask."""
    rng = np.random.default_rng(kv_heads)
    weights = drawn(kv_heads=kv_heads)
    layer, cache = build(adapter, weights, kv_heads=kv_heads), library(adapter).KeyValueCache()
    queries, before, keys = (rng.standard_normal((2, length, 24)) for length in (3, 4, 3))
    mask = np.tri(3, 7, 4, dtype=bool)
    layer(*map(adapter.give, (before, before, before)), cache=cache)
    output, _ = layer(*map(adapter.give, (queries, keys, keys)), mask=adapter.give(mask), cache=cache)

    def project(name, rows):
        return rows @ weights[f"{name}_weight"] + weights[f"{name}_bias"]

    past = {f"past_{name}": split_heads(project(name, before), kv_heads) for name in ("key", "value")}
    inputs = {"Q": project("query", queries), "K": project("key", keys), "V": project("value", keys), **past}
    heads = {"q_num_heads": 6, "kv_num_heads": kv_heads}
    found = onnx_operators.run("Attention", inputs, ["Y", "present_key", "present_value"], is_causal=1, **heads)
    assert_close(adapter.take(output), project("output", found["Y"]))
    assert_close(adapter.take(cache.keys), found["present_key"])
    assert_close(adapter.take(cache.values), found["present_value"])
