"""Weights on disk."""

import numpy as np
import pytest

from attention.weights import initial_weights, load, save, seq2seq_shapes


def test_transposed_views_come_back_as_they_were(tmp_path):
    rng = np.random.default_rng(0)
    weights = {"a": rng.standard_normal((3, 5)).T, "b": rng.standard_normal((4, 6))[::2, ::-1], "c": np.arange(3.0)}
    save(tmp_path / "w", weights, {"sizes": {"width": 3}, "text": "ä 🐶"}, dtype=np.float64)
    found, metadata = load(tmp_path / "w")
    assert metadata == {"sizes": {"width": 3}, "text": "ä 🐶"}
    for name, array in weights.items():
        np.testing.assert_array_equal(found[name], array.astype(np.float32))


def test_stored_in_float16_loaded_as_float32(tmp_path):
    save(tmp_path / "w", {"a": np.array([1 / 3])}, {})
    (found,) = load(tmp_path / "w")[0]["a"]
    assert found.dtype == np.float32
    assert found == np.float16(1 / 3)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x10\0\0\0\0\0\0\0{}"])
def test_a_damaged_file(tmp_path, content):
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(ValueError, match="is damaged or not a model"):
        load(tmp_path / "w")


def test_no_file(tmp_path):
    with pytest.raises(ValueError, match="there is no model file"):
        load(tmp_path / "w")


def test_initial_weights():
    shapes = seq2seq_shapes(vocabulary=500, width=48, encoder_width=32)
    weights = initial_weights(shapes, seed=1)
    assert {name: array.shape for name, array in weights.items()} == shapes
    assert weights["embedding"].std() == pytest.approx(48**-0.5, rel=0.02)
    assert np.abs(weights["decoder.query_weight"]).max() == pytest.approx((6 / 96) ** 0.5, rel=0.01)
    assert not weights["output_bias"].any()
