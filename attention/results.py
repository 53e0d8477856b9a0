"""What long experiments found: one small JSON each in `results/`, written and read here and nowhere else."""

import json
import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

from attention.files import write_whole
from attention.inputs import InputError

CPUINFO = Path("/proc/cpuinfo")  # Linux has it
RESULTS = Path(__file__).parents[1] / "results"
RECORDED = ("numpy", "tensorflow", "keras", "torch", "sacrebleu", "tokenizers")


def write_json(path, content):
    """Write what JSON can hold, whole or not at all; floats keep every digit.

    Raises
    ------
    InputError : there is no room, or no right to write; what was there before is untouched
    """
    write_whole(path, (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())


def write_result(name, command, rows, seconds, data, seed=None, folder=RESULTS):
    """Write what the experiment `name` found, with all that one needs to find it again.

    Parameters
    ----------
    command : str, that finds it again
    rows : list of dicts of one kind, the settings and the figures of each
    seconds : float, that measuring took
    data : str, what was measured on
    seed : int; None where nothing was drawn

    Returns
    -------
    path : `folder`/`name`.json
    """
    about = {"command": command, "seed": seed, "versions": versions(), "machine": machine()}
    about |= {"minutes": round(seconds / 60, 1), "data": data}
    path = Path(folder) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {**about, "rows": rows})
    return path


def read_result(name, folder=RESULTS):
    """What the experiment `name` found: {"command", "seed", "versions", "machine", "minutes", "data", "rows"}.

    Raises
    ------
    InputError : there is no such result, or the file is damaged
    """
    path = Path(folder) / f"{name}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(found.stem for found in Path(folder).glob("*.json")))
        raise InputError(f"there is no result {name} in {folder}: there are {known or 'none'}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"the result {path} is damaged: {error}") from None


def versions():
    """{package: version} of what a figure may depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in RECORDED}}


def machine():
    """The processor and how many of its cores this process may use, and the GPU that a framework computes on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    told = f"{cores} CPU core{'s' * (cores != 1)}, {_processor()}"
    gpu = _gpu()
    return f"{gpu}; {told}" if gpu else told


def _processor():
    """What the processor calls itself, or its kind."""
    text = CPUINFO.read_text(encoding="utf-8") if CPUINFO.exists() else ""
    name = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return name[1] if name else platform.machine()


def _gpu():
    """The name of the GPU that a framework in use computes on; None where there is none."""
    torch, tensorflow = sys.modules.get("torch"), sys.modules.get("tensorflow")
    if torch and torch.get_default_device().type == "cuda":
        return torch.cuda.get_device_name()
    if tensorflow and (found := tensorflow.config.get_visible_devices("GPU")):
        return tensorflow.config.experimental.get_device_details(found[0]).get("device_name", "a GPU")
    return None
