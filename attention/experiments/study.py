"""Run a long experiment into `results/`, a row at a time: interrupted, it goes on with the rows that are missing."""

import importlib
import json
import pkgutil
import sys
import time
from pathlib import Path

from attention.experiments import studies
from attention.inputs import InputError, Interrupted
from attention.results import RESULTS, versions, write_json, write_result

COMMAND = ".venv/bin/python -m attention experiment "
DRAFTS = Path(__file__).parents[2] / "work" / "experiments"


def names():
    """The experiments there are."""
    return sorted(module.name for module in pkgutil.iter_modules(studies.__path__))


def run_study(study, name, results=RESULTS, drafts=DRAFTS):
    """Measure every part of `study` and write `results/NAME.json`.

    Parameters
    ----------
    study : a module of `attention.experiments.studies`, or what has the same four names
    name : str, of the result
    results, drafts : folders, of what is finished and of what is not

    Returns
    -------
    path : of the result

    Raises
    ------
    InputError : the rows that are there belong to another state of the experiment, or cannot be written
    Interrupted : Ctrl-C; the rows that were finished are stored
    """
    begun = {"data": study.DATA, "seed": study.SEED, "parts": study.PARTS, "versions": versions()}
    draft = Path(drafts) / f"{name}.json"
    draft.parent.mkdir(parents=True, exist_ok=True)
    rows, seconds = _read(draft, begun)
    try:
        for part in study.PARTS[len(rows) :]:
            started = time.monotonic()
            rows.append({**part, **study.measure(**part)})
            seconds += time.monotonic() - started
            write_json(draft, {"begun": begun, "rows": rows, "seconds": seconds})
            print(f"{len(rows)} of {len(study.PARTS)}: {_told(rows[-1])}", file=sys.stderr)
    except KeyboardInterrupt:
        told = f"{len(rows)} of {len(study.PARTS)} rows are stored: the same command goes on"
        raise Interrupted(f"stopped; {told}") from None
    path = write_result(name, COMMAND + name, rows, seconds, study.DATA, study.SEED, results)
    draft.unlink()
    return path


def load_study(name):
    """The module of an experiment.

    Raises
    ------
    InputError : there is no such experiment
    """
    if name not in names():
        raise InputError(f"there is no experiment {name}: there are {', '.join(names())}")
    return importlib.import_module(f"attention.experiments.studies.{name}")


def _read(draft, begun):
    """The rows measured before, and the seconds they took; none where the experiment begins."""
    if not draft.exists():
        return [], 0.0
    try:
        kept = json.loads(draft.read_text(encoding="utf-8"))
        before, rows, seconds = kept["begun"], kept["rows"], kept["seconds"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{draft} is damaged: remove it to begin anew") from None
    other = [name for name in begun if before.get(name) != begun[name]]
    if other:
        raise InputError(f"{draft} was begun with other {', '.join(other)}: remove it to begin anew")
    return rows, seconds


def _told(row):
    """A row as a line: alpha 0.0, beam 5, bleu 38.5."""
    shown = {name: f"{value:.4g}" if isinstance(value, float) else value for name, value in row.items()}
    return ", ".join(f"{name} {value}" for name, value in shown.items())
