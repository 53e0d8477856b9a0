"""Weights on disk."""

import os

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from attention.files import write_whole
from attention.inputs import InputError
from attention.weights.initial import initial_weights
from attention.weights.store import load, save
from attention.weights.tables import seq2seq


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


def test_float16_unless_another_type_is_asked_for(tmp_path):
    for name, given, expected in (("half", {}, "F16"), ("single", {"dtype": np.float32}, "F32")):
        save(tmp_path / name, {"a": np.array([1 / 3])}, {}, **given)
        with safe_open(tmp_path / name, "numpy") as file:
            assert file.get_slice("a").get_dtype() == expected


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_what_is_not_finite_is_not_stored(tmp_path, value):
    save(tmp_path / "w", {"a": np.ones(1)}, {})
    with pytest.raises(InputError, match=r"w is not written: b, c would not be finite in float16"):
        save(tmp_path / "w", {"a": np.ones(3), "b": np.array([0, value]), "c": np.array([-value])}, {})
    assert load(tmp_path / "w")[0]["a"] == 1


def test_any_file_is_loaded_unless_it_is_checked(tmp_path):
    save(tmp_path / "w", {"b": np.ones((2, 3)), "a": np.ones(4)}, {"about": [1]})
    seen = []
    load(tmp_path / "w", lambda *told: seen.extend(told))
    assert seen == [{"about": [1]}, {"a": (4,), "b": (2, 3)}]

    def never(metadata, shapes):
        raise InputError("it is of no use")

    with pytest.raises(InputError, match=f"^the model file {tmp_path / 'w'} cannot be used: it is of no use$"):
        load(tmp_path / "w", never)


def test_a_file_without_metadata(tmp_path):
    save_file({"a": np.ones(2, np.float32)}, tmp_path / "w")
    assert load(tmp_path / "w")[1] == {}


def test_metadata_up_to_the_limit(tmp_path):
    """10,000,000 characters with the quotation marks: one more is refused (test_faults.py)."""
    save(tmp_path / "w", {"a": np.ones(1)}, {"b": "x" * (10**7 - 2)})
    assert len(load(tmp_path / "w")[1]["b"]) == 10**7 - 2
    save(tmp_path / "w", {"a": np.ones(1)}, {"b": "x" * (10**7 - 2), "c": 1})
    with pytest.raises(InputError, match="longer than"):
        load(tmp_path / "w")


def test_the_table_of_weights_is_that_of_the_formulas():
    """Matrices are (in, out); V, M, N = 7, 3, 2: the first step of reading and of writing can be computed by it."""
    w = {name: np.zeros(shape) for name, shape in seq2seq.shapes(7, 3, 2).items()}
    assert len(w) == 22
    assert w["embedding"].shape == (7, 3)
    embedded, state = np.zeros(3), np.zeros(2)
    for direction in ("forward", "backward"):
        e = {name: w[f"encoder.{direction}.{name}"] for name in ("input_weight", "state_weight")}
        biases = [w[f"encoder.{direction}.{name}"] for name in ("input_bias", "state_bias")]
        gates = [embedded @ e["input_weight"], state @ e["state_weight"], *biases]
        assert [gate.shape for gate in gates] == [(6,)] * 4
    d = {name.removeprefix("decoder."): array for name, array in w.items() if name.startswith("decoder.")}
    context, writing = np.zeros(4), np.zeros(3)
    features = [state @ d["initial_weight"], d["initial_bias"], writing @ d["query_weight"], context @ d["key_weight"]]
    features += [d["score_weight"], np.zeros(10) @ d["readout_weight"], d["readout_bias"]]
    assert [feature.shape for feature in features] == [(3,)] * 7
    gates = [embedded @ d["embedding_weight"], context @ d["context_weight"], writing @ d["state_weight"]]
    assert [gate.shape for gate in [*gates, d["input_bias"], d["state_bias"]]] == [(9,)] * 5
    assert w["output_bias"].shape == (7,)


def test_initial_weights_are_drawn_as_they_say():
    shapes = {"wide": (50, 350), "vector": (599,), "embedding": (900, 16), "a.bias": (4,)}
    first, again, other = (initial_weights(shapes, seed) for seed in (1, 1, 2))
    for name, bound in (("wide", (6 / 400) ** 0.5), ("vector", (6 / 600) ** 0.5)):
        drawn = first[name]
        assert drawn.shape == shapes[name]
        assert np.abs(drawn).max() <= bound
        assert drawn.max() == pytest.approx(bound, rel=0.01)
        assert drawn.min() == pytest.approx(-bound, rel=0.01)
        assert drawn.std() == pytest.approx(bound / 3**0.5, rel=0.05)  # uniform
        np.testing.assert_array_equal(drawn, again[name])
        assert (drawn != other[name]).any()
    assert np.abs(first["embedding"]).max() > 3 / 4  # normal: some lie beyond three deviations
    assert first["embedding"].mean() == pytest.approx(0, abs=0.01)
    assert not first["a.bias"].any()


def test_initial_weights():
    shapes = seq2seq.shapes(vocabulary=500, width=48, encoder_width=32)
    weights = initial_weights(shapes, seed=1)
    assert {name: array.shape for name, array in weights.items()} == shapes
    assert weights["embedding"].std() == pytest.approx(48**-0.5, rel=0.02)
    assert np.abs(weights["decoder.query_weight"]).max() == pytest.approx((6 / 96) ** 0.5, rel=0.01)
    assert not weights["output_bias"].any()


def test_files_are_written_whole_with_the_rights_that_files_have(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    (tmp_path / f".file.{os.getpid()}").write_bytes(b"left by a process of this number that was killed")
    write_whole(tmp_path / "file", b"one")
    assert (tmp_path / "file").read_bytes() == b"one"
    write_whole(str(tmp_path / "file"), b"two")
    assert (tmp_path / "file").read_bytes() == b"two"
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("folder", "Is a directory"),
        ("nowhere/file", "No such file or directory"),
        ("file/file", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_where_nothing_can_be_written(tmp_path, place, why):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(
        InputError, match=f"could not be written \\({why}\\); what was there before is untouched"
    ) as caught:
        write_whole(tmp_path / place, b"content")
    with pytest.raises(InputError, match="could not be written"):
        save(tmp_path / place, {"a": np.ones(1)}, {})
    assert str(caught.value).startswith(str(tmp_path / place))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
