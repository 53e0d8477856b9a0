"""Who may import whom, and what importing changes."""

import ast
import importlib
import os
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import attention
from attention.quiet import quiet_stderr

ROOT = Path(attention.__file__).parent
DEEP = {"tensorflow", "torch", "keras"}
FORBIDDEN = {  # the first part of a path below attention/, and what nothing in it may import
    "numpy": DEEP | {"attention.tensorflow", "attention.pytorch"},
    "tensorflow": {"torch", "attention.numpy", "attention.pytorch"},
    "pytorch": {"tensorflow", "keras", "attention.numpy", "attention.tensorflow"},
    **dict.fromkeys(("shapes.py", "weights", "data", "evaluation", "plotting.py", "diagrams.py"), DEEP | {
        "attention.numpy", "attention.tensorflow", "attention.pytorch", "attention.frameworks"
    }),
}  # fmt: skip
FLOORS = (  # what stands on a floor of the house leans on its own and on those below
    ("", "inputs", "quiet"),
    ("agreement", "arrays", "device", "diagrams", "files", "plotting", "results", "shapes"),
    ("alignment", "data", "evaluation", "heatmap", "weights"),
    ("numpy", "tensorflow", "pytorch"),
    ("classifier", "explorers", "frameworks", "notes", "stored", "translator", "writer"),
    ("checks", "experiments"),
    ("commands",),
    ("__main__",),
)
FILES = sorted(path for path in ROOT.rglob("*.py") if "__pycache__" not in path.parts)


def imported(nodes):
    """The modules that these statements import, at any depth."""
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def breaks(module, forbidden):
    return any(module == name or module.startswith(f"{name}.") for name in forbidden)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports(path):
    statements = ast.parse(path.read_text(encoding="utf-8")).body
    part = path.relative_to(ROOT).parts[0]
    modules = list(imported(statements))
    assert not [m for m in modules if breaks(m, FORBIDDEN.get(part, ()))]
    assert not [m for m in modules if breaks(m, {"chapters", "solutions", "exercises", "tests"})]
    if part == "checks":  # lazily: at the top of no file
        top = [node for node in statements if isinstance(node, (ast.Import, ast.ImportFrom))]
        lazy = DEEP | {"attention.tensorflow", "attention.pytorch", "attention.frameworks"}
        assert not [m for m in imported(top) if breaks(m, lazy)]


def test_the_house_has_no_circle_and_nothing_leans_upward():
    names = {".".join(("attention", *path.relative_to(ROOT).with_suffix("").parts)): path for path in FILES}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    floor = {part: height for height, parts in enumerate(FLOORS) for part in parts}
    below = {
        name: {m for m in imported(ast.parse(path.read_text(encoding="utf-8")).body) if m in names and m != name}
        for name, path in names.items()
    }
    height = {name: floor[name.removeprefix("attention").removeprefix(".").split(".")[0]] for name in names}
    assert [(name, m) for name, found in below.items() for m in found if height[m] > height[name]] == []
    for name, package in ((n, n.rpartition(".")[0]) for n in names):
        below[name].discard(package)  # `from package import part` names the package too
    TopologicalSorter(below).prepare()  # raises CycleError


def test_the_three_packages_are_mirror_images():
    import attention.numpy as atn_np
    import attention.pytorch as atn_pt
    import attention.tensorflow as atn_tf

    assert atn_tf.__all__ == atn_pt.__all__
    for package in (atn_np, atn_tf, atn_pt):
        assert [name for name in package.__all__ if not hasattr(package, name)] == []
        assert package.__all__ == sorted(package.__all__, key=lambda name: (not name.isupper(), name))
    of_numpy = {name for name in atn_np.__all__ if not name.endswith(("_backward", "_jacobian"))}
    assert set(atn_tf.__all__) == of_numpy - {"chunked_attention"}  # the frameworks' own kernels go by chunks


def test_what_importing_changes_is_what_the_docstrings_say():
    from attention.frameworks import tf, torch

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    tf.config.experimental.enable_tensor_float_32_execution(True)
    for name in ("attention.pytorch", "attention.tensorflow"):
        importlib.reload(importlib.import_module(name))
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.allow_tf32
    assert not tf.config.experimental.tensor_float_32_execution_enabled()
    for name in ("attention.pytorch", "attention.tensorflow"):
        assert "switches TF32 off" in importlib.import_module(name).__doc__


@pytest.mark.parametrize("given", [{}, {"TF_ENABLE_ONEDNN_OPTS": "1", "TF_CPP_MIN_LOG_LEVEL": "0"}])
def test_the_library_sets_only_what_is_not_set(given):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    code = "import os, attention; print(os.environ['TF_ENABLE_ONEDNN_OPTS'], os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    run = subprocess.run([sys.executable, "-c", code], env=kept | given, capture_output=True, text=True, check=True)
    assert run.stdout.split() == [given.get("TF_ENABLE_ONEDNN_OPTS", "0"), given.get("TF_CPP_MIN_LOG_LEVEL", "3")]


def test_one_line_brings_all_three_frameworks():
    from attention import frameworks

    everything = {}
    exec("from attention.frameworks import *", everything)
    assert {name: thing.__name__ for name, thing in everything.items() if not name.startswith("__")} == {
        "np": "numpy", "tf": "tensorflow", "torch": "torch",
    }  # fmt: skip
    assert set(frameworks.__all__) == {"np", "tf", "torch"}


def fails():
    os.write(2, b"why it failed\n")
    raise KeyboardInterrupt


def test_what_is_written_to_stderr_is_held_back_until_something_fails(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stderr", os.fdopen(os.dup(2), "w"))  # as outside of pytest, and with a buffer
    print("before", end=" ", file=sys.stderr)
    with quiet_stderr():
        os.write(2, b"from below\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before after\n"
    with pytest.raises(KeyboardInterrupt), quiet_stderr():
        fails()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "why it failed\nafter\n"


def test_holding_back_stderr_leaves_no_file_open():
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with quiet_stderr():
            pass
    assert len(os.listdir("/proc/self/fd")) == before
