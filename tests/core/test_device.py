"""CPU or GPU: what was asked for is what happens, or a sentence."""

import importlib

import numpy as np
import pytest

import attention.frameworks
from attention.arrays import ADAPTERS
from attention.device import asked_device, choose
from attention.inputs import InputError

PACKAGES = ("numpy", "tensorflow", "pytorch")


def use_device(package, name):
    return importlib.import_module(f"attention.{package}.device").use_device(name)


@pytest.fixture
def without_gpu():
    if attention.frameworks.torch.cuda.is_available():
        pytest.skip("there is a GPU here")


@pytest.mark.parametrize(
    ("name", "found", "device"),
    [
        ("cpu", False, "cpu"),
        ("cpu", True, "cpu"),
        ("auto", False, "cpu"),
        ("auto", True, "cuda"),
        ("cuda", True, "cuda"),
    ],
)
def test_what_is_chosen(name, found, device):
    assert choose(name, found, "PyTorch") == device


def test_the_variable(monkeypatch):
    monkeypatch.delenv("ATTENTION_DEVICE", raising=False)
    assert asked_device() == "cpu"
    for name in ("cpu", "auto", "cuda"):
        monkeypatch.setenv("ATTENTION_DEVICE", name)
        assert asked_device() == name
    for name in ("gpu", "CUDA", ""):
        monkeypatch.setenv("ATTENTION_DEVICE", name)
        with pytest.raises(InputError, match=f"ATTENTION_DEVICE must be one of cpu, auto, cuda: got '{name}'"):
            asked_device()


def test_the_notebooks_first_line_heeds_the_variable(monkeypatch, without_gpu):
    monkeypatch.setenv("ATTENTION_DEVICE", "cuda")
    with pytest.raises(InputError, match="device cuda was asked for, but PyTorch finds no GPU"):
        importlib.reload(attention.frameworks)
    monkeypatch.setenv("ATTENTION_DEVICE", "auto")
    importlib.reload(attention.frameworks)


@pytest.mark.parametrize("package", PACKAGES)
def test_where_an_array_lies(package, without_gpu):
    arrays = ADAPTERS[package]()
    assert arrays.device(arrays.give([1.0])) == "cpu"


@pytest.mark.parametrize("package", PACKAGES)
def test_an_array_that_is_given_or_taken_is_another(package):
    arrays, mine = ADAPTERS[package](), np.array([1.0, 2.0])
    given = arrays.give(mine)
    mine[:] = 0
    taken = arrays.take(given)
    taken += 1
    assert (taken == [2, 3]).all()
    assert (arrays.take(given) == [1, 2]).all()


@pytest.mark.parametrize("package", PACKAGES)
def test_without_a_gpu(package, without_gpu):
    named = {"numpy": "NumPy", "tensorflow": "TensorFlow", "pytorch": "PyTorch"}[package]
    assert use_device(package, "cpu") == use_device(package, "auto") == "cpu"
    with pytest.raises(InputError, match=f"device cuda was asked for, but {named} finds no GPU"):
        use_device(package, "cuda")
