"""`make mutants` on a toy: two functions, of which one is tested, and a constant that nothing looks at."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = '''\
"""A toy."""

UNSEEN = 7
LIMIT = 3


def tested(a, b=0):
    """The rest of their sum."""
    total = a + b
    return total % LIMIT


def untested(a):
    if a < UNSEEN:
        return a
    return -a


def endless(a):
    while True:
        return a


def shared():
    return 5


def elsewhere():
    return 6
'''
TESTS = """\
import subprocess
import sys

import pytest
from toy.sums import endless, shared, tested


def test_sum():
    assert tested(1) == 1
    assert tested(1, 1) == 2
    assert tested(2, 2) == 1


def test_end():
    assert endless(3) == 3


@pytest.fixture(scope="module")
def five():
    return shared()


def test_that_is_first_to_have_it(five):
    pass


def test_that_looks_at_it(five):
    assert five == 5


def test_another_process():
    code = "from toy.sums import elsewhere; print(elsewhere())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "6\\n"


def test_that_fails_always():
    assert tested(3) == 1
"""
SETTINGS = """\
[tool.pytest.ini_options]
pythonpath = ["."]
[tool.mutants]
parts = { "toys" = ["toy"] }
patience = 5
ignore = ["tests/test_ignored.py"]
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    shutil.copytree(ROOT / "tools", folder / "tools")
    for name, text in {
        "toy/sums.py": CODE,
        "tests/test_sums.py": TESTS,
        "tests/test_ignored.py": "from toy.sums import untested\n\n\ndef test_it():\n    assert untested(1) == 1\n",
        "pyproject.toml": SETTINGS,
        ".gitignore": "work/\n__pycache__/\n",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "--message", "toy")
    return folder


def git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def mutants(folder, *options):
    """What the tool prints, and what it says meanwhile."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, folder / "tools" / "mutants.py", *options]
    kept["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    kept.setdefault("MUTANTS_CONTEXT", "another")  # as when the tool records the tests of the tool
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=kept)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def row(table, name):
    """(tried, found, timed out, survived, of them in no test) of a row."""
    (cells,) = re.findall(rf"^\| (?:\*\*)?{re.escape(name)}(?:\*\*)? \|(.*)\|$", table, re.MULTILINE)
    return [int(cell) for cell in cells.split("|")[:-1]]


@pytest.fixture(scope="module")
def everything(toy):
    return mutants(toy, "--show")


def lines_that_survive(shown):
    return {int(line) for line in re.findall(r"^toy/sums\.py:(\d+)", shown, re.MULTILINE)}


def test_what_no_test_looks_at_survives(everything):
    table, said = everything
    unseen = {14, 15, 16}  # the statements of the function without a test
    assert lines_that_survive(table) == {3, *unseen}
    (recorded,) = re.findall(r"^recorded tests/(\S+): (\d+) tests, \d+ s$", said, re.MULTILINE)
    assert recorded == ("test_sums.py", "5")
    left_out = re.search(r"^2 tests fail or are skipped without a fault and are left out: (.*)$", said, re.MULTILINE)
    assert [test.split("::")[1] for test in left_out[1].split(", ")] == [
        "test_that_fails_always",
        "tested",  # by its name a test, to pytest
    ]
    tried, found, late, survived, in_no_test = row(table, "toys")
    assert tried == found + late + survived
    assert survived > in_no_test == len(re.findall(r"^toy/\S+ \w+ \(no test executes it\)$", table, re.MULTILINE)) > 0
    assert row(table, "toy/sums.py") == [tried, found, late, survived, in_no_test]
    assert f"| {100 * (found + late) / tried:.0f} (" in table


def test_a_loop_that_does_not_end_is_found(everything):
    assert row(everything[0], "toys")[2] == 1


def test_a_second_time_nothing_is_tried_again(toy, everything):
    table, said = mutants(toy, "--show")
    assert table == everything[0]
    tried = row(table, "toys")[0]
    assert said == f"{tried} faults, {tried} of them tried before\n"


def test_only_what_has_changed(toy, everything):
    code = toy / "toy" / "sums.py"
    before = code.read_text(encoding="utf-8")
    try:
        code.write_text(before.replace("    return -a\n", "    return -a - 0.5\n"), encoding="utf-8")
        table, _ = mutants(toy, "--show", "--since", "HEAD")
    finally:
        code.write_text(before, encoding="utf-8")
    assert lines_that_survive(table) == {16}
    assert row(table, "toys")[1:3] == [0, 0]


def test_only_some_files_and_a_sample(toy, everything):
    some = row(mutants(toy, "--sample", "5")[0], "toys")[0]
    other = mutants(toy, "--sample", "5", "--seed", "2")[0]
    assert some == row(other, "toys")[0] == 5
    assert "**" not in mutants(toy, "--files", "toy/no.py")[0]


def test_a_test_that_is_new_is_heeded(toy, everything):
    more = toy / "tests" / "test_more.py"
    new = "from toy.sums import untested\n\n\ndef test_more():\n    assert [untested(a) for a in (6, 7)] == [6, -7]\n"
    try:
        more.write_text(new, encoding="utf-8")
        table, _ = mutants(toy, "--show")
    finally:
        more.unlink()
    assert lines_that_survive(table) == set()


def test_nothing_is_written_into_the_repository(toy, everything):
    listed = subprocess.run(["git", "status", "--short"], cwd=toy, capture_output=True, text=True, check=True).stdout
    assert listed == ""
