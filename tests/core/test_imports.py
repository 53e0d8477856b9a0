"""Who may import whom."""

import ast
from pathlib import Path

import pytest

import attention

ROOT = Path(attention.__file__).parent
DEEP = {"tensorflow", "torch", "keras"}
FORBIDDEN = {  # the first part of a path below attention/, and what nothing in it may import
    "numpy": DEEP | {"attention.tensorflow", "attention.pytorch"},
    "tensorflow": {"torch", "attention.numpy", "attention.pytorch"},
    "pytorch": {"tensorflow", "keras", "attention.numpy", "attention.tensorflow"},
    **dict.fromkeys(("shapes.py", "weights.py", "data", "evaluation", "plotting.py", "diagrams.py"), DEEP | {
        "attention.numpy", "attention.tensorflow", "attention.pytorch", "attention.frameworks"
    }),
}  # fmt: skip
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


def test_the_three_packages_are_mirror_images():
    import attention.numpy as atn_np
    import attention.pytorch as atn_pt
    import attention.tensorflow as atn_tf

    assert atn_tf.__all__ == atn_pt.__all__
    assert set(atn_tf.__all__) == {name for name in atn_np.__all__ if not name.endswith(("_backward", "_jacobian"))}
