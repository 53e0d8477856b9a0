"""The stored outputs are proof only if a wrong one fails: through the command that `make test` uses."""

import os
import re
import subprocess
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).parents[2]
PRINTED = "print(0.1 + 0.2)"
CELLS = {  # name: (what runs, what is stored)
    "print_right": (PRINTED, new_output("stream", text="0.30000000000000004\n")),
    "print_wrong": (PRINTED, new_output("stream", text="0.3\n")),
    "value_right": ("'a value'", new_output("execute_result", {"text/plain": "'a value'"}, execution_count=1)),
    "value_wrong": ("'a value'", new_output("execute_result", {"text/plain": "'another'"}, execution_count=1)),
    "raises_wrong": ("1 / 0", new_output("execute_result", {"text/plain": "1.0"}, execution_count=1)),
}


def make(*arguments):
    environment = {key: value for key, value in os.environ.items() if "MAKE" not in key and "PYTEST" not in key}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_a_wrong_stored_output_fails(tmp_path):
    for name, (source, stored) in CELLS.items():
        cell = new_code_cell(source, outputs=[stored], execution_count=1)
        nbformat.write(new_notebook(cells=[cell]), tmp_path / f"{name}.ipynb")
    run = make("notebooks", f"NOTEBOOKS={tmp_path}")
    failed = set(re.findall(r"^FAILED .*?(\w+)\.ipynb", run.stdout, re.MULTILINE))
    assert failed == {name for name in CELLS if name.endswith("wrong")}, run.stdout + run.stderr
    assert "3 failed, 2 passed" in run.stdout
    assert run.returncode != 0


def test_make_test_runs_that_command_on_every_notebook():
    steps = make("--dry-run", "test").stdout
    command = make("--dry-run", "notebooks").stdout.strip()
    assert "--nbval " in command
    assert command in steps
    for path in [*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("solutions/*.ipynb")]:
        assert f"{path.parent.name}/{path.name}" in command
