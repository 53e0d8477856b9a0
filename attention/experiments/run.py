"""One training run on disk: nothing half-written, nothing overwritten, and all that going on needs.

A run that trains the model file PATH keeps the rest in the folder PATH.run:

    run.json                what the run is: task, framework, settings, data, command, machine, versions; written first
    checkpoint.safetensors  weights, average, optimiser, random states, step and curve, with a checksum
    lock                    held while the run is going on
"""

import hashlib
import json
import shlex
import signal
import sys
import threading
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from attention.files import write_whole
from attention.inputs import InputError
from attention.results import machine, write_json


class Run:
    """The files of one run, which trains the model file `path`."""

    def __init__(self, path):
        self.path, self.folder = Path(path), Path(f"{path}.run")
        self.checkpoint, self.about = self.folder / "checkpoint.safetensors", self.folder / "run.json"
        self.command, self.versions = shlex.join([".venv/bin/python", "-m", "attention", *sys.argv[1:]]), {}

    @contextmanager
    def held(self, resume):
        """Hold the lock while training; yields the run, of which it is known that it can be written.

        Raises
        ------
        InputError : the run cannot be begun or taken up: the sentence says why
        """
        if self.path.is_dir():
            raise InputError(f"{self.path} is a folder: give the name of a file for the model")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / "lock", timeout=0)
            lock.acquire()
        except Timeout:
            raise InputError(f"another training is writing to {self.path} now: give another --model") from None
        except OSError as error:
            raise InputError(f"nothing can be written beside {self.path}: {error.strerror or error}") from None
        try:
            if not resume and (self.checkpoint.exists() or self.path.exists()):
                raise InputError(f"{self.path} is trained already: go on with --resume, or give another --model")
            if resume and not self.about.exists():
                raise InputError(f"there is no training to go on with at {self.path}: leave out --resume to begin one")
            yield self
        finally:
            lock.release()

    def begin(self, identity, packages, resume):
        """Write down what the run is, or compare it with what it was; the checkpoint to go on from.

        Parameters
        ----------
        identity : dict that JSON can hold, what must be the same when the run is taken up again
        packages : whose versions are noted

        Returns
        -------
        arrays, state : of the checkpoint; None, None at the beginning

        Raises
        ------
        InputError : it was begun as something else, or a file of it is damaged or gone
        """
        self.versions = {name: version(name) for name in packages}
        if resume:
            self._same_as(self._read_about(), json.loads(json.dumps(identity)))
        if resume and self.checkpoint.exists():  # else it was interrupted before the first was written
            arrays, state = read_checkpoint(self.checkpoint)
            if state["curve"] and not self.path.exists():
                told = f"the best weights of this training, {self.path}, are gone"
                raise InputError(f"{told}: begin anew with another --model")
            return arrays, state
        about = {**identity, "command": self.command, "machine": machine(), "versions": self.versions}
        write_json(self.about, about)
        return None, None

    def _read_about(self):
        try:
            return json.loads(self.about.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise InputError(f"{self.about} is damaged: begin anew with another --model") from None

    @staticmethod
    def _same_as(begun, identity):
        """Refuse to go on as something else, naming what differs."""
        before, now = _flat(begun), _flat(identity)
        other = [name for name in now if before.get(name) != now[name]]
        if other:
            told = "; ".join(f"{name} {before.get(name)}, not {now[name]}" for name in other)
            raise InputError(f"this training was begun with {told}: go on with the same, or give another --model")

    def keep(self, arrays, state):
        """Write a checkpoint in place of the last one."""
        write_checkpoint(self.checkpoint, arrays, state)


def _flat(nested):
    """{"settings": {"seed": 1}} as {"seed": 1}: the names that a reader knows."""
    flat = {}
    for name, value in nested.items():
        flat |= _flat(value) if isinstance(value, dict) else {name: value}
    return flat


def write_checkpoint(path, arrays, state):
    """Arrays and a state that JSON can hold, with a checksum over both."""
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    text = json.dumps(state)
    write_whole(path, to_bytes(arrays, {"state": text, "sha256": _digest(arrays, text)}))


def read_checkpoint(path):
    """What `write_checkpoint` wrote.

    Raises
    ------
    InputError : not one byte of it may have changed
    """
    try:
        with safe_open(path, "numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            header = file.metadata() or {}
        if header.get("sha256") != _digest(arrays, header.get("state", "")):
            raise ValueError("its checksum differs")
        return arrays, json.loads(header["state"])
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise InputError(
            f"the checkpoint {path} is damaged ({error}) and cannot be gone on from: begin anew with another --model"
        ) from None


def _digest(arrays, text):
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


@contextmanager
def asked_to_stop():
    """Yields a function that says whether Ctrl-C was pressed (or SIGTERM came); a second Ctrl-C ends at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(number, frame):
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    kept = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def fingerprint(*parts):
    """A short name for data: equal for equal sentences and equal bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update((part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")) + b"\n")
    return digest.hexdigest()[:16]
