"""`make lab` copies what is missing and never overwrites what a learner wrote."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEEDED = ["requirements.txt", "requirements-book.txt", "constraints.txt", "pyproject.toml", ".venv/bin/pip"]


def test_make_lab_keeps_what_was_written(tmp_path):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in [*NEEDED, ".venv/all"]:  # the stamp comes last: all is installed
        (tmp_path / name).touch()
    jupyter = tmp_path / ".venv" / "bin" / "jupyter"
    jupyter.write_text("#!/bin/sh\n")
    jupyter.chmod(0o755)
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "exercises", tmp_path / "exercises")

    def make_lab():
        subprocess.run(["make", "lab"], cwd=tmp_path, check=True, capture_output=True)
        return {path.name: path.read_text() for path in (tmp_path / "work").glob("*.ipynb")}

    exercises = {path.name: path.read_text() for path in (tmp_path / "exercises").glob("*.ipynb")}
    assert make_lab() == exercises
    mine, missing = sorted(exercises)[:2]
    (tmp_path / "work" / mine).write_text("my work")
    (tmp_path / "work" / missing).unlink()
    assert make_lab() == exercises | {mine: "my work"}
