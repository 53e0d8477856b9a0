"""What faults there are, which tests may notice them, and what becomes of a process that runs those."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import mutants
import psutil
import pytest
from mutation.copies import Copy, Job, at_once
from mutation.cover import Cover, digest, record, within
from mutation.operators import mutants_of
from scipy.stats import binomtest

OURS = {
    "delete_statement": {
        "f(x)": ["pass"],
        "x.y = 1": ["pass"],
        "x[0] = 1": ["pass"],
        "x = x + 1": ["pass"],
        "x += 1": ["pass"],
        "assert x": ["pass"],
        "raise x": ["pass"],
        "del x": ["pass"],
        "x = y": [],
        "'text'": [],
        "pass": [],
        "f(x); g(x)": [],
    },
    "negate_condition": {
        "if a or b:\n    pass": ["if not (a or b):\n    pass"],
        "while a:\n    pass": ["while not (a):\n    pass"],
        "[a for a in b if a]": ["[a for a in b if not (a)]"],
        "if not a:\n    pass": [],
    },
    "ignore_parameter": {
        "def f(a, b=1, *, c=2):\n    'Text.'\n    g()": [
            "def f(a, b=1, *, c=2):\n    'Text.'\n    b = 1\n    g()",
            "def f(a, b=1, *, c=2):\n    'Text.'\n    c = 2\n    g()",
        ],
        "def f(a=1):\n    g()": ["def f(a=1):\n    a = 1\n    g()"],
        "def f(a=1): g()": [],
    },
    "swap_arguments": {
        "f(a, b, c)": ["f(b, a, c)", "f(a, c, b)"],
        "f(a, a)": [],
        "f(*a, b)": [],
        "f(a, *b)": [],
        "f(a, b=c)": [],
    },
    "unwrap_call": {
        "f(a + b, c)": ["(a + b)"],
        "a.f()": ["a"],
        "a.f(b)": ["(b)"],
        "a[0].f(b)": ["a[0]"],
        "f()": [],
        "f(*a)": [],
        "f(a=b)": [],
    },
    "forget_in_text": {"f'{a} of {b}'": ["f' of {b}'", "f'{a} of '"], "f'a'": []},
}


def faults(folder, source, operator=None):
    (folder / "code.py").write_text(source, encoding="utf-8")
    return [fault for fault in mutants_of(folder, "code.py") if operator in (None, fault.operator)]


@pytest.mark.parametrize(("operator", "source"), [(name, source) for name, table in OURS.items() for source in table])
def test_our_kinds_of_faults(operator, source, tmp_path):
    found = [fault.source() for fault in faults(tmp_path, source, operator)]
    assert found == OURS[operator][source]


def test_the_kinds_of_mutmut_are_there(tmp_path):
    found = {fault.source() for fault in faults(tmp_path, "x = a < 1")}
    assert found >= {"x = a <= 1", "x = a < 2", "x = None"}


def test_imports_and_annotations_have_no_faults_and_all_others_are_programs(tmp_path):
    source = "import a\nfrom b import c\n\ndef f(x: d[1]) -> e(2):\n    return f(*x)\n"
    found = faults(tmp_path, source)
    assert {fault.line for fault in found} == {5}
    source = "def f(*, a):\n    return f(a=a, **b) if 1 else f(*c, d)\n"
    for fault in faults(tmp_path, source):
        if text := fault.source():
            compile(text, "code.py", "exec")
            assert text != source


def test_a_return_of_nothing_at_the_end_has_no_faults(tmp_path):
    source = "def f():\n    if a:\n        return None\n    b()\n    return None\n"
    assert {fault.line for fault in faults(tmp_path, source, "delete_statement")} == {3, 4}
    (fault,) = faults(tmp_path, "def f():\n    return 1\n", "delete_statement")
    assert fault.line == 2


def test_guards_have_no_faults(tmp_path):
    def texts(source):
        return {fault.source() for fault in faults(tmp_path, source)} - {None}

    assert not any("strict=True" not in text and "zip" in text for text in texts("x = zip(a, b, strict=True)"))
    assert {"x = zip(a, )", "x = zip(a, None, strict=True)"} & texts("x = zip(a, b, strict=True)")
    assert "x = zip(a, b, strict=True)" in texts("x = zip(a, b, strict=False)")
    assert "x = f(a, strict=False)" in texts("x = f(a, strict=True)")
    given = texts('x = f("a", encoding="utf-8", b=1)')
    assert not any("f(" in text and 'encoding="utf-8"' not in text for text in given)
    assert 'x = f("a", encoding="utf-8", b=2)' in given
    assert 'x = f("a", encoding=None)' in texts('x = f("a", encoding="ascii")')


PLACES = """\
A = 1


@f(2)
def g(b=3):
    if (
        b == 4
    ):
        return [
            5
        ]
    return lambda: 6


class C:
    d = 7

    def h(self):
        return 8
"""


def test_where_a_fault_is_and_which_lines_a_test_must_execute_to_notice(tmp_path):
    numbers = {}
    for fault in faults(tmp_path, PLACES, "operator_number"):
        numbers[fault.node.value] = (fault.line, fault.within, fault.reach)
    everywhere = numbers["1"][2]
    assert 10**6 in everywhere
    assert numbers == {
        "1": (1, "module", everywhere),
        "2": (4, "header", range(6, 13)),
        "3": (5, "header", range(6, 13)),
        "4": (7, "body", range(6, 9)),
        "5": (10, "body", range(9, 12)),
        "6": (12, "body", range(12, 13)),
        "7": (16, "module", everywhere),
        "8": (19, "body", range(19, 20)),
    }


def test_a_fault_is_known_again_and_is_another_in_another_file(tmp_path):
    def keys(source):
        return [fault.key(fault.source()) for fault in faults(tmp_path, source, "operator_number")]

    assert keys("a = 1") == keys("a = 1") != keys("a = 1\n")
    assert len({*keys("a = 1\nb = 1"), *keys("a = 1")}) == 3


def test_what_the_tool_says_of_its_options(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["mutants.py", "--help"])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        mutants.main()
    said = capsys.readouterr().out
    assert "\n\nA fault is a small change" in said
    assert " ".join(said.partition("show this help message and exit\n")[2].split()) == " ".join([
        "--files PATH [PATH ...] only faults in these files or folders",
        "--parts PART [PART ...] only faults in these parts of the table",
        "--since REVISION only faults in lines that have changed since",
        "--sample N so many of each part, its files in proportion",
        "--seed SEED of the sample and of the order (1)",
        "--minutes MINUTES try no further fault after so long",
        "--workers WORKERS how many at once (1)",
        "--show print what survived, each as a difference",
    ])  # fmt: skip


def recorded(tests, lines, bad=()):
    about = {name: {"seconds": seconds, "contexts": [name, *shared]} for name, (seconds, *shared) in tests.items()}
    return {"tests": about, "lines": lines, "bad": list(bad)}


def test_which_tests_may_notice():
    cover = Cover([
        recorded(
            {"t/a::slow": (2.0,), "t/a::fast": (1.0, "fixture f"), "t/a::other": (0.1,)},
            {"t/a::slow": {"m": [1, 2]}, "fixture f": {"m": [2]}, "": {"m": [7], "n": [1]}},
            bad=["t/a::bad"],
        ),
        recorded({"t/b::only": (0.5,)}, {"t/b::only": {"m": [1, 2, 5]}}),
    ])  # fmt: skip

    def tests(reach, path="m", within="body"):
        return cover.tests(SimpleNamespace(path=path, reach=reach, within=within))

    assert tests(range(2, 3)) == ["t/b::only", "t/a::fast", "t/a::slow"]  # by file, and in it the fastest first
    assert tests(range(1, 2)) == ["t/b::only", "t/a::slow"]
    assert tests(range(3, 4)) == []
    assert tests(range(1, 6)) == tests(range(1, 3))
    assert tests(range(7, 8)) == ["t/a::other", "t/a::fast", "t/a::slow"]  # executed while their file was imported
    assert tests(None, within="module") == ["t/b::only", "t/a::other", "t/a::fast", "t/a::slow"]  # they import it
    assert tests(None, path="n", within="module") == ["t/a::other", "t/a::fast", "t/a::slow"]
    assert tests(None, path="o", within="module") == []
    assert cover.known == {"t/a::slow", "t/a::fast", "t/a::other", "t/a::bad", "t/b::only"}
    assert cover.bad == ["t/a::bad"]
    assert cover.seconds["t/a::slow"] == 2.0


def test_a_line_executed_in_another_copy_is_one_of_the_repository(tmp_path):
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "b" / "c" / "d.py").touch()
    assert within(tmp_path, ["a", "b/c"], "/else/b/c/d.py") == "b/c/d.py"
    assert within(tmp_path, ["a", "b/c"], "/b/c/b/c/d.py") == "b/c/d.py"
    assert within(tmp_path, ["a", "b/c"], "/else/b/c/no.py") is None
    assert within(tmp_path, ["a", "b/c"], "/else/xb/c/d.py") is None


def test_the_interval_is_wilsons():
    for found, tried in ((95, 100), (3, 3), (0, 7)):
        expected = binomtest(found, tried).proportion_ci(method="wilson")
        assert mutants.wilson(found, tried) == pytest.approx((100 * expected.low, 100 * expected.high), abs=0.01)
    assert mutants.wilson(0, 0) == (0, 100)


def some_faults(counts, kinds=1):
    return [
        SimpleNamespace(path=path, line=line, operator=kind, source=lambda text=f"{path} {line} {kind}": text)
        for path, count in counts.items()
        for line in range(count)
        for kind in range(kinds)
    ]


def test_a_sample_has_its_share_of_each_file():
    faults = some_faults({"a": 60, "b": 30, "c": 10}) * 3  # of one kind in one line only one is drawn
    sample = list(mutants.drawn(faults, 10, 1))
    assert [fault.path for fault, _ in sample] == ["a"] * 6 + ["b"] * 3 + ["c"]
    sources = [source for _, source in sample]
    assert len(set(sources)) == 10
    assert sources == [source for _, source in mutants.drawn(faults, 10, 1)]
    assert sources != [source for _, source in mutants.drawn(faults, 10, 2)]
    assert len(list(mutants.drawn(faults, 1000, 1))) == 100
    assert len(list(mutants.drawn(some_faults({"a": 2, "b": 2, "c": 2}), 4, 1))) == 4
    assert len(list(mutants.drawn(some_faults({"a": 5}, kinds=2), 1000, 1))) == 10


def test_what_is_no_program_is_not_drawn():
    faults = some_faults({"a": 3})
    faults[0].source = lambda: None
    assert [source for _, source in mutants.take(faults, 2)] == ["a 1 0", "a 2 0"]
    assert [source for _, source in mutants.take(faults, 1)] == ["a 1 0"]
    assert list(mutants.take(faults, 0)) == []


def git(folder, *arguments):
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    (folder / "a").mkdir(parents=True)
    git(folder, "init", "--quiet")
    for name, text in {"a/known.py": "1", "gone.py": "2", ".gitignore": "ignored/"}.items():
        (folder / name).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "some")
    (folder / "new.py").write_text("3")
    (folder / "ignored").mkdir()
    (folder / "ignored" / "file").touch()
    (folder / "gone.py").unlink()
    (folder / ".venv").mkdir()
    return folder


@pytest.fixture
def copy(repository):
    made = Copy(repository)
    yield made
    made.remove()
    assert not made.home.exists()


def content(folder):
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path): (folder / path).read_text() for path in found if path.parts[0] != ".git"}


def test_a_copy_holds_what_git_knows_or_would_add_and_can_be_had_again(repository, copy):
    whole = {"a/known.py": "1", "new.py": "3", ".gitignore": "ignored/"}
    assert content(copy.folder) == whole
    assert (copy.folder / ".venv").resolve() == repository / ".venv"
    assert git(copy.folder, "log", "--format=%s") == "some\n"
    copy.plant("a/known.py", "0")
    assert (copy.folder / "a/known.py").read_text() == "0"
    (copy.folder / "new.py").unlink()
    (copy.folder / "a" / "more.py").touch()
    (copy.folder / ".venv" / "kept").touch()
    copy.restore()
    assert content(copy.folder) == {**whole}
    assert (repository / ".venv" / "kept").exists()
    assert content(repository)["a/known.py"] == "1"


def ended(job):
    while not job.done():
        time.sleep(0.01)
    return job.result


def test_a_process_in_a_copy_answers(copy):
    def work(answer):
        answer.write_text(f'{{"at": "{os.getcwd()}", "path": "{os.environ["PYTHONPATH"]}"}}')

    here = str(copy.folder)
    before = os.getcwd()
    assert ended(Job(copy, work, 60)) == {"at": here, "path": here}
    assert os.getcwd() == before


def test_a_process_in_a_copy_ends_as_any_other_and_takes_no_more_than_it_may(copy):
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        result = ended(Job(copy, lambda answer: (os.kill(os.getpid(), signal.SIGTERM), answer.write_text("1")), 60))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert result["outcome"] == "found"

    kinds = resource.RLIMIT_DATA, resource.RLIMIT_FSIZE
    before = [resource.getrlimit(kind) for kind in kinds]
    less = 10 * 2**30, 2**29  # also where this process is one in a copy, and has its limits
    for kind, soft, (_, hard) in zip(kinds, less, before, strict=True):
        resource.setrlimit(kind, (soft, hard))
    try:
        limits = ended(Job(copy, lambda answer: answer.write_text(str([resource.getrlimit(k)[0] for k in kinds])), 60))
    finally:
        for kind, both in zip(kinds, before, strict=True):
            resource.setrlimit(kind, both)
    assert less[0] < limits[0] < 2e10
    assert less[1] < limits[1] < 2e9


def test_one_that_dies_has_noticed_something(copy):
    def work(answer):
        raise RuntimeError("the reason")

    result = ended(Job(copy, work, 60))
    assert result["outcome"] == "found"
    assert "RuntimeError: the reason" in result["log"]


def runs(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_what_one_has_started_ends_with_it(copy):
    job = Job(copy, lambda answer: answer.write_text(str(subprocess.Popen(["sleep", "600"]).pid)), 60)
    pid, end = ended(job), time.monotonic() + 20
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.01)
    assert not runs(pid)


def test_one_that_takes_too_long_is_ended_with_what_it_has_started(copy):
    noted = copy.home / "pid"

    def work(answer):
        with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
            (copy.home / "noting").write_text(str(process.pid))
            (copy.home / "noting").rename(noted)

    job = Job(copy, work, 600)
    while not noted.exists():
        time.sleep(0.01)
    assert not job.done()
    job.end = 0
    assert ended(job)["outcome"] == "timed out"
    pids, end = (job.pid, int(noted.read_text())), time.monotonic() + 20
    while any(map(runs, pids)) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(map(runs, pids))


CODE = """\
def called():
    return 1


def forked():
    return 2


def started():
    return 3


import functools

kept = functools.cache(called)
"""
TESTS = """\
import os, subprocess, sys, time
import pytest
from a.code import called, forked, kept

@pytest.fixture(scope="module")
def shared():
    return called()

def start():
    subprocess.run([sys.executable, "-c", "from a.code import started; started()"], check=True)

def test_shared(shared):
    time.sleep(0.3)
    forked()
    start()

def test_fork():
    pid = os.fork()
    if not pid:
        forked()
        os._exit(0)
    os.waitpid(pid, 0)

def test_process():
    start()
    kept()

def test_kept():
    kept()

def test_bad():
    assert called() == 2

def test_skipped():
    pytest.skip()
"""


def test_a_file_that_is_gone_is_another_than_one_that_is_empty(tmp_path):
    gone, empty = tmp_path / "gone.py", tmp_path / "empty.py"
    empty.touch()
    assert digest(gone) == digest(gone) != digest(empty)


def test_which_lines_each_test_executes(repository):
    for name, text in {"a/code.py": CODE, "tests/test_a.py": TESTS, "tools/mutation/cover.py": ""}.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    copy = Copy(repository)
    found = ended(Job(copy, lambda a: record(copy.folder, copy.home, "tests/test_a.py", ["a", "tools"], a), 60))
    copy.remove()
    lines = {context.removeprefix("tests/test_a.py::"): files for context, files in found["lines"].items()}
    at_import = [1, 5, 9, 13, 15]
    assert lines == {  # nothing of tools/mutation/cover.py, which executes around every test
        "": {"a/code.py": sorted([*at_import, 6])},  # what a fork executes counts for every test of the file
        "fixture shared": {"a/code.py": [2]},
        "test_shared": {"a/code.py": sorted([*at_import, 6, 10])},
        "test_process": {"a/code.py": sorted([*at_import, 2, 10])},
        "test_kept": {"a/code.py": [2]},  # though the test before has left it in the cache
        "test_bad": {"a/code.py": [2]},
    }
    tests = {name.removeprefix("tests/test_a.py::"): about for name, about in found["tests"].items()}
    assert tests.keys() == {"test_shared", "test_fork", "test_process", "test_kept"}
    assert "fixture shared" in tests["test_shared"]["contexts"]
    assert "fixture shared" not in tests["test_fork"]["contexts"]
    assert 0.3 <= tests["test_shared"]["seconds"] < 5
    assert tests["test_fork"]["contexts"][0] == "tests/test_a.py::test_fork"
    assert found["bad"] == ["tests/test_a.py::test_bad", "tests/test_a.py::test_skipped"]


IN_A_GRAPH = """\
def twice(x):
    if x.shape.rank is None:
        return x
    return 2 * inner(x)


def inner(x):
    return x + 1
"""
TESTS_IN_A_GRAPH = """\
import tensorflow as tf
from a.code import inner, twice

def test_called_in_a_graph():
    assert tf.function(lambda x: twice(x))(tf.constant(1.0)) == 4

def test_made_a_graph():
    assert tf.function(inner)(tf.constant(1.0)) == 2

def test_of_an_unknown_rank():
    assert tf.function(twice, input_signature=[tf.TensorSpec(None)])(tf.constant(1.0)) == 1
"""


# In a process of its own: one that has computed with TensorFlow cannot be forked, and pytest's may have.
RECORD = """\
import json, sys, time
from pathlib import Path
import tensorflow  # as the tool does it, before any process of its own
from mutation.copies import Copy, Job
from mutation.cover import record

repository, answer = map(Path, sys.argv[1:])
copy = Copy(repository)
job = Job(copy, lambda a: record(copy.folder, copy.home, "tests/test_a.py", ["a"], a), 120)
while not job.done():
    time.sleep(0.01)
copy.remove()
answer.write_text(json.dumps(job.result))
"""


def test_what_runs_in_a_graph_is_executed_too(repository, tmp_path):
    """AutoGraph would run copies of it, of which nobody knows where they come from."""
    for name, text in {"a/code.py": IN_A_GRAPH, "tests/test_a.py": TESTS_IN_A_GRAPH}.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    answer = tmp_path / "answer.json"
    environment = {**os.environ, "PYTHONPATH": str(Path(mutants.__file__).parent)}
    command = [sys.executable, "-c", RECORD, repository, answer]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    found = json.loads(answer.read_text())
    lines = {context.removeprefix("tests/test_a.py::"): files["a/code.py"] for context, files in found["lines"].items()}
    assert lines == {
        "": [1, 7],
        "test_called_in_a_graph": [2, 4, 8],
        "test_made_a_graph": [8],
        "test_of_an_unknown_rank": [2, 3],
    }
    assert found["bad"] == []


def test_as_many_at_once_as_there_are_copies(repository):
    copies = [Copy(repository) for _ in range(2)]
    running, most = set(), []

    def starter(number):
        def start(copy):
            assert copy not in running
            assert content(copy.folder)["new.py"] == "3"
            running.add(copy)
            most.append(len(running))
            copy.plant("new.py", "changed")
            return Job(copy, lambda answer: (time.sleep(0.05), answer.write_text(str(number))), 60)

        return start

    got = {}
    for value, result, seconds in at_once(copies, ((starter(n), n) for n in range(5))):
        running.clear()
        got[value] = result
        assert 0.05 <= seconds < 60
    assert got == {n: n for n in range(5)}
    assert max(most) == 2
    for made in copies:
        made.remove()
