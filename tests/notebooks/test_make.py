"""`make` alone says what there is, and each target runs what it says: by programs that only write down their names."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
RECORD = """#!/bin/sh
echo "$(basename $0) $*" >> log
[ "$(wc -l < log)" != "$(cat fails)" ]
"""
PROGRAMS = ("python", "pip", "jupyter-book", "ruff", "pytest")
INSTALL_BOOK = "pip install --quiet --disable-pip-version-check --no-compile -r requirements-book.txt"
INSTALL = "pip install --quiet --disable-pip-version-check -r requirements.txt"
BUILD = "jupyter-book build . -W -n --keep-going -q"
ALL = "pytest --nbval chapters/01_a.ipynb chapters/02_b.ipynb solutions/01_a.ipynb"


def which(command):
    """A command, without what says how tests are run and not which."""
    words = command.split()
    if "pytest" in words:
        chosen = ("--nbval", "--ignore=", "chapters/", "solutions/", "tests/book")
        words = ["pytest", *(word for word in words if word.startswith(chosen) and "--nbval-" not in word)]
    return " ".join(words)


class Repository:
    """A folder with the Makefile, in which everything is installed unless a test says otherwise."""

    def __init__(self, folder):
        self.folder, self.log = folder, folder / "log"
        shutil.copy(ROOT / "Makefile", folder)
        for name in ("requirements.txt", "requirements-book.txt", "constraints.txt", "pyproject.toml", "fails"):
            self.write(name)
        for name in ("chapters/02_b.ipynb", "chapters/01_a.ipynb", "solutions/01_a.ipynb", "exercises/01_a.ipynb"):
            self.write(name)
        for name in PROGRAMS:
            self.write(f".venv/bin/{name}", RECORD)
            (folder / ".venv" / "bin" / name).chmod(0o755)
        for stamp in ("book", "all"):
            self.write(f".venv/{stamp}")
        for target in TARGETS:
            self.write(f"{target}/a file")  # as there is a folder called `book`

    def write(self, name, text=""):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def make(self, *arguments):
        kept = {name: value for name, value in os.environ.items() if "MAKE" not in name and name != "NOTEBOOKS"}
        return subprocess.run(["make", *arguments], cwd=self.folder, env=kept, capture_output=True, text=True)

    def runs(self, *arguments):
        """The commands that a target runs, and whether it is content."""
        self.log.write_text("")
        status = self.make(*arguments).returncode
        return [which(line) for line in self.log.read_text().splitlines()], status == 0


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


def test_make_alone_lists_every_target(repository):
    said = repository.make().stdout
    assert said == repository.make("help").stdout
    assert re.findall(r"^ +make (\w+)  +\S.*$", said, re.MULTILINE) == TARGETS
    assert len(TARGETS) > 8


@pytest.mark.parametrize(
    ("target", "commands"),
    [
        (["book"], [BUILD]),
        (["notebooks"], [ALL]),
        (["notebooks", "NOTEBOOKS=chapters/02_b.ipynb"], ["pytest --nbval chapters/02_b.ipynb"]),
        (["portable"], [ALL]),
        (["lab"], ["python tools/lab.py"]),
        (["lab", "ARGS=--port 9000"], ["python tools/lab.py --port 9000"]),
        (["progress"], ["python -m attention progress"]),
    ],
    ids=" ".join,
)
def test_a_target_runs_its_command(repository, target, commands):
    assert repository.runs(*target) == (commands, True)
    repository.write("fails", "1")
    assert repository.runs(*target) == (commands, False)


def test_the_book_is_built_and_opened(repository):
    build, show = repository.runs("read")[0]
    assert build == BUILD
    assert show == f"python -m webbrowser -t file://{repository.folder}/_build/html/index.html"


def test_make_test_does_everything_and_stops_where_something_fails(repository):
    steps = [
        BUILD,
        "ruff check .",
        "python tools/make_exercises.py --check",
        "pytest --ignore=tests/book",
        ALL,
        "pytest tests/book",
    ]
    assert repository.runs("test") == (steps, True)
    for count in range(1, len(steps) + 1):
        repository.write("fails", str(count))
        assert repository.runs("test") == (steps[:count], False)


def test_every_benchmark_is_run_until_one_fails(repository):
    for name in ("a", "b", "c"):
        repository.write(f"benchmarks/{name}.py")
    steps = [f"python benchmarks/{name}.py" for name in ("a", "b", "c")]
    assert repository.runs("bench") == (steps, True)
    repository.write("fails", "2")
    assert repository.runs("bench") == (steps[:2], False)


@pytest.mark.parametrize(
    ("target", "stamp", "install", "needs"),
    [
        ("book", "book", INSTALL_BOOK, ("requirements-book.txt", "constraints.txt")),
        (
            "progress",
            "all",
            INSTALL,
            ("requirements.txt", "requirements-book.txt", "constraints.txt", "pyproject.toml"),
        ),
    ],
)
def test_nothing_is_installed_twice_and_again_when_a_requirement_changes(repository, target, stamp, install, needs):
    stamped = repository.folder / ".venv" / stamp
    stamped.unlink()
    assert repository.runs(target)[0][0] == install
    assert install not in repository.runs(target)[0]
    for name in needs:
        os.utime(stamped, (1, 1))
        for other in needs:
            os.utime(repository.folder / other, (1 - (other != name), 1 + (other == name)))
        os.utime(repository.folder / ".venv" / "bin" / "pip", (0, 0))
        assert repository.runs(target)[0][0] == install, name
    stamped.unlink()
    repository.write("fails", "1")
    assert repository.runs(target) == ([install], False)
    assert not stamped.exists()


def test_the_threads_of_tests_do_not_wait_for_each_other(repository):
    repository.write(".venv/bin/python", '#!/bin/sh\necho "$OMP_NUM_THREADS $ATEN_CPU_CAPABILITY" >> log\n')
    assert repository.runs("notebooks") == (["1"], True)
    assert repository.runs("portable") == (["1 default"], True)


def test_what_was_built_is_removed_and_nothing_else(repository):
    built = ["_build/html/a.html", ".pytest_cache/a", ".ruff_cache/a", ".hypothesis/a"]
    for name in [*built, "work/01_a.ipynb"]:
        repository.write(name)
    kept = {path for path in repository.folder.iterdir() if path.name not in {name.split("/")[0] for name in built}}
    assert repository.make("clean").returncode == 0
    assert set(repository.folder.iterdir()) == kept
    assert (repository.folder / "work" / "01_a.ipynb").exists()
