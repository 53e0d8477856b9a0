"""JupyterLab on your own copies of the exercises: what ``make lab`` runs.

1. Copies into work/ the exercises that are missing there; nothing is overwritten.
2. Starts JupyterLab with the repository as its root, so that links to chapters lead somewhere, and opens work/.
   The options are JupyterLab's: ``make lab ARGS="--no-browser --port 9000"``.
3. Keeps what belongs to the repository as it is: JupyterLab saves a notebook two minutes after it has been opened, with
   the version of Python in it, even if nothing was done to it.
"""

import shutil
import sys
from pathlib import Path

from jupyterlab.labapp import main as jupyterlab
from notebooks import KERNEL

ROOT = Path(__file__).parent.parent
STORED = ("chapters", "exercises", "solutions")


def copy_missing(root):
    """Every exercise that is not in work/ yet."""
    work = root / "work"
    work.mkdir(exist_ok=True)
    for path in sorted((root / "exercises").glob("*.ipynb")):
        if not (work / path.name).exists():
            shutil.copy(path, work)


def keep_metadata(model, path, **_):
    """Called by JupyterLab before it writes a file."""
    if model["type"] == "notebook" and path.split("/")[0] in STORED:
        model["content"]["metadata"] = dict(KERNEL)


if __name__ == "__main__":
    copy_missing(ROOT)
    own = [f"--ServerApp.root_dir={ROOT}", "--LabApp.default_url=/lab/tree/work"]
    jupyterlab([*own, "--ContentsManager.pre_save_hook=lab.keep_metadata", *sys.argv[1:]])
