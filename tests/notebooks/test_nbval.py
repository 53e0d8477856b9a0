"""The stored outputs are proof only if a wrong one fails: through the command that `make test` uses."""

import os
import re
import subprocess
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from notebooks import execute

ROOT = Path(__file__).parents[2]
PRINTED = "print(0.1 + 0.2)"
BARS = "from matplotlib import pyplot as plt\nplt.figure(figsize=(6, 3))\n_ = plt.bar(['a', 'b'], [1, 2])"
DRAWN = 'from IPython.display import SVG, Image\nSVG(\'<svg xmlns="http://www.w3.org/2000/svg" width="9"/>\')'
CELLS = {  # name: (what runs, what ran when the output was stored)
    "print right": (PRINTED, PRINTED),
    "print wrong": (PRINTED, "print(0.3)"),
    "value right": ("'a value'", "'a value'"),
    "value wrong": ("'a value'", "'another'"),
    "raises wrong": ("1 / 0", "1.0"),
    "picture right": (BARS, BARS),
    "picture rounded right": (BARS, BARS.replace("2]", "2.0001]")),
    "picture wrong": (BARS, BARS.replace("2]", "2.01]")),
    "picture of another size wrong": (BARS, BARS.replace("3)", "3.1)")),
    "picture missing wrong": ("_ = 1", BARS),
    "picture too many wrong": (BARS, "_ = 1"),
    "svg right": (DRAWN, DRAWN),
    "svg wrong": (DRAWN, DRAWN.replace('9"', '8"')),
    "exempt right": ("print('another') # exempt", "print('one')"),
    "jpeg wrong": ("Image(b'a', format='jpeg')", "Image(b'a', format='jpeg')"),
}


def make(*arguments):
    environment = {key: value for key, value in os.environ.items() if "MAKE" not in key and "PYTEST" not in key}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_a_wrong_stored_output_fails(tmp_path):
    notebook = new_notebook(cells=[new_code_cell(stored) for _, stored in CELLS.values()])
    execute(notebook, tmp_path)
    for cell, (source, _) in zip(notebook.cells, CELLS.values(), strict=True):
        cell.source = source
        cell.metadata.tags = ["nbval-ignore-output"] if "exempt" in source else []
    nbformat.write(notebook, tmp_path / "planted.ipynb")
    run = make("notebooks", f"NOTEBOOKS={tmp_path}")
    failed = {list(CELLS)[int(cell)] for cell in re.findall(r"^FAILED .*planted\.ipynb::Cell (\d+)", run.stdout, re.M)}
    wrong = {name for name in CELLS if name.endswith("wrong")}
    assert failed == wrong, run.stdout + run.stderr
    assert f"{len(wrong)} failed, {len(CELLS) - len(wrong)} passed" in run.stdout
    assert "they differ by" in run.stdout
    named = re.findall(r"^not compared: .*::Cell (\d+), \"print\('another'\) # exempt\"$", run.stdout, re.M)
    assert [list(CELLS)[int(cell)] for cell in named] == ["exempt right"]
    assert run.returncode != 0


def test_make_test_runs_that_command_on_every_notebook():
    steps = make("--dry-run", "test").stdout
    command = make("--dry-run", "notebooks").stdout.strip()
    assert "--nbval " in command
    assert command in steps
    assert command in make("--dry-run", "portable").stdout
    for path in [*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("solutions/*.ipynb")]:
        assert f"{path.parent.name}/{path.name}" in command
