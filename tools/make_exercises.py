#!/usr/bin/env -S .venv/bin/python
"""Write exercises/ from solutions/: ``tools/make_exercises.py [--check]``

For each notebook in solutions/:
1. the title's "Solutions" becomes "Exercises";
2. cells tagged `solution`, which hold the reasoning, are left out;
3. what stands between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` becomes a NotImplementedError;
4. outputs are left out: an exercise has none until somebody works it;
5. every cell keeps its id, so that a change of one exercise changes one cell.

``--check`` writes nothing, names the exercises that their solutions would not give, and fails if there are any.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
HEADER = re.compile(r"^### Exercise (\d+\.\d+)", re.MULTILINE)
REGION = re.compile(r"^( *)### BEGIN SOLUTION\n.*?### END SOLUTION$", re.MULTILINE | re.DOTALL)


def exercise_from(solution):
    """The notebook a learner gets."""
    notebook = nbformat.v4.new_notebook(metadata=solution.metadata)
    notebook.nbformat_minor = solution.nbformat_minor
    number = None
    for cell in solution.cells:
        if "solution" in cell.metadata.get("tags", []):
            continue
        cell = cell.copy()
        if cell.cell_type == "markdown":
            number = (HEADER.findall(cell.source) or [number])[-1]
            cell.source = re.sub(r"\A# Solutions", "# Exercises", cell.source)
        else:
            cell.source = REGION.sub(rf'\1raise NotImplementedError("exercise {number}")', cell.source)
            cell.outputs, cell.execution_count = [], None
        notebook.cells.append(cell)
    return notebook


def text_of(notebook):
    return nbformat.writes(notebook) + "\n"


def wanted():
    """{path in exercises/: what it should hold}."""
    paths = sorted((ROOT / "solutions").glob("*.ipynb"))
    return {ROOT / "exercises" / p.name: text_of(exercise_from(nbformat.read(p, as_version=4))) for p in paths}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if an exercise is stale")
    check = parser.parse_args(arguments).check
    texts = wanted()
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
    stale += [path for path in sorted((ROOT / "exercises").glob("*.ipynb")) if path not in texts]
    if check:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run tools/make_exercises.py", file=sys.stderr)
        sys.exit(bool(stale))
    for path in stale:
        if path in texts:
            path.parent.mkdir(exist_ok=True)
            path.write_text(texts[path])
        else:
            path.unlink()
        print(f"{'wrote' if path in texts else 'removed'} {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
