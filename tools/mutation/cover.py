"""Which test executes which lines: recorded file by file, and again when the tests in it or their code change."""

import hashlib
import json
import os
import sys
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

from mutation.copies import Job, at_once

LIMIT = 1800  # seconds for one file of tests
CONFIGURATION = """\
[run]
parallel = true
data_file = {home}/cover/of
context = ${{MUTANTS_CONTEXT-}}
include = {include}
omit = */site-packages/*
patch = _exit, fork
"""


def digest(*paths):
    content = b"".join(path.read_bytes() if path.exists() else b"gone" for path in paths)
    return hashlib.sha256(content).hexdigest()[:16]


class Contexts:
    """A plugin of pytest: what is executed belongs to a test, or to a fixture that several tests share."""

    def __init__(self, coverage, folder):
        self.coverage, self.folder = coverage, str(folder)
        self.tests, self.seconds, self.bad = {}, defaultdict(float), set()

    @contextmanager
    def context(self, name):
        before = os.environ.get("MUTANTS_CONTEXT", "")
        os.environ["MUTANTS_CONTEXT"] = name  # for the processes that the test starts
        self.coverage.switch_context(name)
        yield
        os.environ["MUTANTS_CONTEXT"] = before
        self.coverage.switch_context(before)

    def forget(self):
        """What one test has left in a cache of our code, another would not execute."""
        for module in list(sys.modules.values()):
            if (getattr(module, "__file__", None) or "").startswith(self.folder):
                for thing in list(vars(module).values()):
                    if hasattr(type(thing), "cache_clear"):
                        thing.cache_clear()

    def hooks(self):
        import pytest

        contexts = self

        class Plugin:
            @pytest.hookimpl(wrapper=True)
            def pytest_runtest_protocol(self, item):
                contexts.tests[item.nodeid] = [f"fixture {name}" for name in item.fixturenames]
                contexts.forget()
                with contexts.context(item.nodeid):
                    return (yield)

            @pytest.hookimpl(wrapper=True)
            def pytest_fixture_setup(self, fixturedef):
                if fixturedef.scope == "function":
                    return (yield)
                with contexts.context(f"fixture {fixturedef.argname}"):
                    return (yield)

            def pytest_runtest_logreport(self, report):
                contexts.seconds[report.nodeid] += report.duration
                if not report.passed:
                    contexts.bad.add(report.nodeid)

        return Plugin()


def run_as_written(sources):
    """TensorFlow is told not to convert our functions, so that in a graph they are executed line by line as elsewhere.

    Its AutoGraph would run copies of them, in files of its own, of which nobody knows where they come from. A function
    whose branches depend on tensors needs that: its tests fail here, and are listed.
    """
    if "tensorflow" in sys.modules:
        from tensorflow.python.autograph.impl import conversion  # no public name leads there

        ours = tuple(f"{source.replace('/', '.')}." for source in sources)
        unsupported = conversion.is_unsupported
        conversion.is_unsupported = lambda f: str(getattr(f, "__module__", "")).startswith(ours) or unsupported(f)


def record(folder, home, test, sources, answer):
    """In a process of its own: run a file of tests, and write which lines each test executed."""
    import coverage
    import pytest

    (home / "cover").mkdir(exist_ok=True)
    for old in (home / "cover").iterdir():
        old.unlink()
    include = ",".join(f"*/{source}/*" for source in sources)
    configuration = home / "coverage.ini"
    configuration.write_text(CONFIGURATION.format(home=home, include=include), encoding="utf-8")
    os.environ |= {"COVERAGE_PROCESS_START": str(configuration), "MUTANTS_CONTEXT": ""}  # this may be a test's process
    measured = coverage.Coverage(config_file=str(configuration))
    contexts = Contexts(measured, folder)
    run_as_written(sources)
    measured.start()
    pytest.main([test, "-p", "no:cacheprovider", f"--basetemp={home}/tmp"], plugins=[contexts.hooks()])
    measured.stop()
    measured.save()
    measured.combine(keep=False)
    lines = defaultdict(dict)
    data = measured.get_data()
    for file in data.measured_files():
        path = within(folder, sources, file)
        if path and file != __file__:  # which has executed around every test, and is none's
            for line, names in data.contexts_by_lineno(file).items():
                for name in names:
                    lines[name].setdefault(path, set()).add(line)
    tests = {
        name: {"seconds": round(contexts.seconds[name], 3), "contexts": [name, *shared]}
        for name, shared in contexts.tests.items()
        if name not in contexts.bad
    }
    lines = {name: {path: sorted(found) for path, found in files.items()} for name, files in lines.items()}
    recorded = {"tests": tests, "bad": sorted(contexts.bad), "lines": lines}
    answer.write_text(json.dumps(recorded), encoding="utf-8")


def within(folder, sources, file):
    """The path in the repository of a file that was executed, there or in a copy that a test has made."""
    for source in sources:
        _, found, rest = f"/{file}".rpartition(f"/{source}/")
        if found and (folder / source / rest).is_file():
            return f"{source}/{rest}"


class Cover:
    """Which tests may notice a fault, the fastest first."""

    def __init__(self, recorded):
        self.seconds, self.known, self.bad = {}, set(), []
        self.tests_of = defaultdict(set)  # (path, line) -> the tests that execute it
        self.executing = defaultdict(set)  # path -> those that execute a line of it, other than by importing it
        self.importing = defaultdict(set)  # path -> those whose file imports it
        for found in recorded:
            self.bad += found["bad"]
            self.known |= {*found["tests"], *found["bad"]}
            at_import = found["lines"].get("", {})
            users = defaultdict(set)
            for test, about in found["tests"].items():
                self.seconds[test] = about["seconds"]
                for context in about["contexts"]:
                    users[context].add(test)
            for context, files in found["lines"].items():
                tests = users[context] if context else set(found["tests"])
                for path, lines in files.items():
                    for line in lines:
                        self.tests_of[path, line] |= tests
                    if context:
                        self.executing[path] |= tests
            for path in at_import:
                self.importing[path] |= set(found["tests"])

    def tests(self, mutant):
        if mutant.within == "module":  # a constant: some tests read it and execute nothing
            found = self.executing[mutant.path] | self.importing[mutant.path]
        else:
            found = set().union(*(self.tests_of.get((mutant.path, line), ()) for line in mutant.reach))
        files = defaultdict(float)
        for test in found:
            files[test.split("::")[0]] += self.seconds[test]
        return sorted(found, key=lambda test: (files[test.split("::")[0]], test.split("::")[0], self.seconds[test]))


def cover(root, settings, copies, store, say):
    """The record of all tests, as far as it is not stored already."""
    store.mkdir(parents=True, exist_ok=True)
    ignored = {root / path for path in settings.get("ignore", [])}
    tests = [path for path in sorted((root / "tests").rglob("test_*.py")) if path not in ignored]
    stored = {}

    def key(test, found):
        sources = sorted({path for files in found["lines"].values() for path in files})
        beside = {*(root / "tests").glob("*.py"), *test.parent.glob("*.py")}
        helpers = sorted(path for path in beside if not path.name.startswith("test_"))
        return digest(test, *helpers, *(root / path for path in sources))

    def file(test):
        return store / f"{'.'.join(test.relative_to(root).with_suffix('').parts)}.json"

    for test in tests:
        if file(test).exists():
            found = json.loads(file(test).read_text(encoding="utf-8"))
            if found["key"] == key(test, found):
                stored[test] = found

    def jobs():
        for test in tests:
            if test not in stored:
                name = test.relative_to(root).as_posix()
                yield starter(name), test

    def starter(name):
        return lambda copy: Job(
            copy, lambda answer: record(copy.folder, copy.home, name, settings["sources"], answer), LIMIT
        )

    for test, found, seconds in at_once(copies, jobs()):
        if "tests" not in found:
            raise SystemExit(f"{test} could not be run without a fault: {found['log']}")
        stored[test] = {"key": key(test, found), **found}
        file(test).write_text(json.dumps(stored[test]), encoding="utf-8")
        say(f"recorded {test.relative_to(root)}: {len(found['tests'])} tests, {seconds:.0f} s")
    return Cover(stored[test] for test in sorted(stored))


def all_tests(root):
    """A digest of everything that tests are made of."""
    kinds = {".py", ".js", ".cfg", ".json"}
    return digest(*sorted(path for path in Path(root, "tests").rglob("*") if path.suffix in kinds))
