"""Run a notebook, clean it and check it: ``python tools/notebooks.py {edit,run,check} NOTEBOOK ...``

``edit``   chapters/03_x.ipynb → work/edit/chapters/03_x.py, a plain Python file in jupytext's py:percent form.
``run``    For each notebook:
           1. takes the cells of its .py file of ``edit``, where there is one, and removes that file at the end;
           2. executes all cells in a fresh kernel, in the notebook's own folder, and stops at the first error;
           3. strips what would differ from one run to the next: timings, versions, editor settings;
           4. gives each cell an id made from its source, so that an unchanged cell keeps its id;
           5. writes it and checks it.
``check``  Says what breaks the form of a chapter (tools/notebook_rules.py), and fails if anything does.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from notebook_rules import problems

ROOT = Path(__file__).parent.parent
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def scratch(path):
    """Where ``edit`` puts a notebook's cells."""
    return ROOT / "work" / "edit" / Path(path).resolve().relative_to(ROOT).with_suffix(".py")


def edit(path):
    script = scratch(path)
    script.parent.mkdir(parents=True, exist_ok=True)
    jupytext.write(nbformat.read(path, as_version=4), script, fmt="py:percent")
    print(f"edit {script}, then: python tools/notebooks.py run {path}")


def run(path):
    script = scratch(path)
    notebook = jupytext.read(script) if script.exists() else nbformat.read(path, as_version=4)
    execute(notebook, Path(path).resolve().parent)
    nbformat.write(strip(notebook), path)
    script.unlink(missing_ok=True)


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
            if "metadata" in output:  # glue keeps a number's name there
                output.metadata = {key: value for key, value in output.metadata.items() if key == "scrapbook"}
    return notebook


def check(path):
    found = problems(path)
    for problem in found:
        print(f"{path}: {problem}", file=sys.stderr)
    return not found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["edit", "run", "check"])
    parser.add_argument("notebooks", nargs="+", metavar="NOTEBOOK")
    arguments = parser.parse_args()
    fine = True
    for path in arguments.notebooks:
        if arguments.step == "edit":
            edit(path)
            continue
        if arguments.step == "run":
            run(path)
        fine &= check(path)
    sys.exit(not fine)


if __name__ == "__main__":
    main()
