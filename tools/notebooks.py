#!/usr/bin/env -S .venv/bin/python
"""Run a notebook, clean it and check it: ``tools/notebooks.py {edit,run,check} NOTEBOOK ...``, from the root.

``edit``   chapters/03_x.ipynb → work/edit/chapters/03_x.py, a plain Python file in jupytext's py:percent form.
``run``    For each notebook:
           1. takes the cells of its .py file of ``edit``, where there is one;
           2. executes all cells in a fresh kernel, in the notebook's own folder, and stops at the first error;
           3. strips what would differ from one run to the next: timings, versions, editor settings;
           4. gives each cell an id made from its source, so that an unchanged cell keeps its id;
           5. keeps what was stored, where a picture looks the same as before, and where an output that nbval does not
              compare (nbval-ignore-output) comes of code that is unchanged up to there;
           6. writes it and checks it, and removes the .py file if all is well.
``check``  Says what breaks the form of a notebook (tools/notebook_rules.py), and fails if anything does.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from notebook_rules import problems
from pictures import difference
from rules import code, ignored

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class Refused(Exception):
    """What stands in the way, in one sentence."""


def scratch(path):
    """Where ``edit`` puts a notebook's cells."""
    if not path.resolve().is_relative_to(ROOT):
        raise Refused(f"{path} is not in this repository, {ROOT}")
    return ROOT / "work" / "edit" / path.resolve().relative_to(ROOT).with_suffix(".py")


def shown(script):
    return script.relative_to(ROOT)


def read(path):
    if not path.exists():
        raise Refused(f"there is no {path}")
    if path.suffix != ".ipynb":
        raise Refused(f"{path} is not a notebook: its name does not end in .ipynb")
    try:
        return nbformat.read(path, as_version=4)
    except nbformat.reader.NotJSONError as error:
        raise Refused(f"{path} is not a notebook: it is not JSON") from error


def same_cells(one, other):
    """Have two notebooks the same text and code?"""
    return [(c.cell_type, c.source) for c in one.cells] == [(c.cell_type, c.source) for c in other.cells]


def edit(path):
    script, notebook = scratch(path), read(path)
    if script.exists() and not same_cells(jupytext.read(script), notebook):
        raise Refused(f"{shown(script)} is there already, with cells of its own: run it, or remove it")
    script.parent.mkdir(parents=True, exist_ok=True)
    jupytext.write(notebook, script, fmt="py:percent")
    print(f"edit {shown(script)}, then: tools/notebooks.py run {path}")


def run(path):
    """Are all cells run and is the form kept?"""
    script = scratch(path)
    stored = read(path) if path.exists() or not script.exists() else nbformat.v4.new_notebook()
    notebook = edited(path, script, stored) if script.exists() else nbformat.from_dict(stored)
    try:
        execute(notebook, path.resolve().parent)
    except (CellControlSignal, DeadKernelError) as error:
        raise Refused(f"{path} stays as it was, since a cell fails:\n{error}") from error
    nbformat.write(keep(strip(notebook), stored), path)
    fine = check(path)
    if script.exists():
        if fine:
            script.unlink()
        else:
            print(f"{path} is written; {shown(script)} stays, to be mended", file=sys.stderr)
    return fine


def edited(path, script, stored):
    notebook = jupytext.read(script)
    if path.exists() and path.stat().st_mtime > script.stat().st_mtime and not same_cells(notebook, stored):
        raise Refused(
            f"{path} has changed since {shown(script)} was saved: save the right one again, or remove the other"
        )
    return notebook


def execute(notebook, folder):
    """Run every cell in place; the outputs replace those that were stored."""
    notebook.metadata = nbformat.from_dict(KERNEL)
    NotebookClient(notebook, timeout=600, coalesce_streams=True, resources={"metadata": {"path": folder}}).execute()


def strip(notebook):
    """Keep what a reader sees and what the book needs; the ids follow from the sources."""
    notebook.metadata = nbformat.from_dict(KERNEL)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen = {}
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in ("tags", "mystnb")}
        seen[cell.source] = seen.get(cell.source, 0) + 1
        cell.id = hashlib.sha256(f"{seen[cell.source]} {cell.source}".encode()).hexdigest()[:8]
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = {}
    return notebook


def keep(notebook, stored):
    """Put back the stored outputs that say the same, so that a run without an edit changes nothing."""
    before = {cell.id: cell for cell in code(stored) if "id" in cell}
    unchanged = True  # this cell, and all code above it
    for place, cell in enumerate(code(notebook)):
        unchanged &= place < len(code(stored)) and code(stored)[place].source == cell.source
        old = before.get(cell.id)
        if old is None:
            continue
        if ignored(cell) and unchanged and old.outputs:
            cell.outputs = old.outputs
        elif len(old.outputs) == len(cell.outputs):
            for output, earlier in zip(cell.outputs, old.outputs, strict=True):
                keep_picture(output.get("data", {}), earlier.get("data", {}))
    return notebook


def keep_picture(data, earlier):
    kind = "image/png"
    if kind in data and kind in earlier and not difference(earlier[kind], data[kind]):
        data[kind] = earlier[kind]


def check(path):
    read(path)
    found = problems(path)
    for problem in found:
        print(f"{path}: {problem}", file=sys.stderr)
    return not found


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["edit", "run", "check"])
    parser.add_argument("notebooks", nargs="+", metavar="NOTEBOOK", type=Path)
    given = parser.parse_args(arguments)
    step = {"edit": edit, "run": run, "check": check}[given.step]
    fine = True
    for path in given.notebooks:
        try:
            fine &= step(path) is not False
        except Refused as reason:
            print(reason, file=sys.stderr)
            fine = False
    sys.exit(not fine)


if __name__ == "__main__":
    main()
