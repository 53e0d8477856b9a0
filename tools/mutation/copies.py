"""Copies of the repository in which faults are planted, and processes that run its tests there.

This process has imported what the tests import of others, and nothing of the project; it has computed nothing. So every
fork of it can run tests at once, whatever the fault, and TensorFlow is imported once.
"""

import contextlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from importlib.metadata import entry_points
from pathlib import Path

import psutil

LARGEST = 2**30  # bytes of a file that a fault may write
MEMORY = 12 * 2**30  # bytes that it may take


class Copy:
    """The files that git knows or would add, in a temporary folder."""

    def __init__(self, root):
        self.root = root
        self.home = Path(tempfile.mkdtemp(prefix="mutants-"))
        self.folder = self.home / "copy"
        clone = ["git", "clone", "--quiet", "--shared", "--no-checkout", root, self.folder]
        subprocess.run(clone, check=True)  # with its history: some tests ask for it
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listed, cwd=root, capture_output=True, text=True, check=True).stdout
        self.stamps = {}
        for name in filter(None, names.split("\0")):
            if (root / name).is_file() and Path(name).parts[0] != ".venv":
                self.copy(name)
        if (root / ".venv").exists():
            (self.folder / ".venv").symlink_to((root / ".venv").resolve())

    def copy(self, name):
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(self.root / name, self.folder / name)
        self.stamps[name] = self.stamp(name)

    def stamp(self, name):
        with contextlib.suppress(OSError):
            found = (self.folder / name).lstat()
            return found.st_size, found.st_mtime_ns, found.st_ino, found.st_mode

    def plant(self, name, source):
        path = self.folder / name
        path.write_text(source, encoding="utf-8")

    def restore(self):
        """As it was, whatever a test under a fault has written or removed."""
        for name in [name for name, stamp in self.stamps.items() if self.stamp(name) != stamp]:
            self.copy(name)
        for folder, inner, files in os.walk(self.folder):
            inner[:] = [name for name in inner if name != ".git" and not Path(folder, name).is_symlink()]
            for file in files:
                path = Path(folder, file)
                if path.relative_to(self.folder).as_posix() not in self.stamps:
                    path.unlink()

    def remove(self):
        shutil.rmtree(self.home, ignore_errors=True)


def preload(settings):
    """Import what the tests import of others, under the environment that the project would set."""
    before = dict(os.environ)
    os.environ.update(settings.get("environment", {}))
    for name in ["pytest", "coverage", *settings.get("preload", [])]:
        importlib.import_module(name)
    if not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        for plugin in entry_points(group="pytest11"):
            plugin.load()
    os.environ.clear()
    os.environ.update(before)


class Job:
    """A function at work in a process of its own, in a copy; what it returns comes back as JSON."""

    def __init__(self, copy, function, limit):
        self.copy = copy
        self.answer = copy.home / "answer.json"
        self.answer.unlink(missing_ok=True)
        self.begun = time.monotonic()
        self.end = self.begun + limit
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            status = 70
            try:
                self.enter()
                function(self.answer)
                status = 0
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(status)

    def enter(self):
        """In the child: the copy is the repository, and nothing is remembered of the other one."""
        import resource

        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has it ignored
        log = os.open(self.copy.home / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        null = os.open(os.devnull, os.O_RDONLY)
        for ours, theirs in ((null, 0), (log, 1), (log, 2)):
            os.dup2(ours, theirs)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        folder, root = str(self.copy.folder), str(self.copy.root)
        os.chdir(folder)
        os.environ |= {
            "PYTHONPATH": folder,
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(self.copy.home / "examples"),
        }
        sys.dont_write_bytecode = True
        inside = lambda path: str(path or "").startswith(f"{root}/") and "/.venv/" not in str(path)
        for name, module in list(sys.modules.items()):
            if name != "__main__" and inside(getattr(module, "__file__", None)):
                del sys.modules[name]
        sys.path[:] = [folder, *(path for path in sys.path if path and path != root and not inside(path))]
        importlib.invalidate_caches()

    def done(self):
        """Has it ended? One that takes too long is ended, with all that it has started."""
        ended, _ = os.waitpid(self.pid, os.WNOHANG)
        if not ended and time.monotonic() < self.end:
            return False
        late = not ended
        if late:
            self.stop()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.seconds = time.monotonic() - self.begun
        for leftover in ("examples", "tmp"):
            shutil.rmtree(self.copy.home / leftover, ignore_errors=True)
        try:
            self.result = json.loads(self.answer.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            log = (self.copy.home / "log").read_text(encoding="utf-8", errors="replace")
            self.result = {"outcome": "timed out" if late else "found", "test": "", "log": log[-2000:]}
        return True


    def stop(self):
        family = psutil.Process(self.pid).children(recursive=True)
        os.kill(self.pid, signal.SIGKILL)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        os.waitpid(self.pid, 0)


def at_once(copies, jobs):
    """Run jobs, each ``(start, value)``, as many at a time as there are copies, and yield (value, result, seconds)."""
    free, running = list(copies), []
    jobs = iter(jobs)
    waiting = True
    try:
        while waiting or running:
            while waiting and free:
                try:
                    start, value = next(jobs)
                except StopIteration:
                    waiting = False
                else:
                    running.append((start(free.pop()), value))
            for job, value in [pair for pair in running if pair[0].done()]:
                running.remove((job, value))
                job.copy.restore()
                free.append(job.copy)
                yield value, job.result, job.seconds
            time.sleep(0.02)
    finally:
        for job, _ in running:
            job.stop()
