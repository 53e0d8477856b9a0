"""Does a test notice a fault?"""

import json
import os
import signal

from mutation.copies import Job

START = 180  # seconds until the first test, however busy the machine is
PATIENCE = 30  # and for each test, unless the settings say otherwise
TIMES = 10  # what it took without the fault, in addition


class Chosen:
    """A plugin of pytest: some tests in an order, and a limit for each."""

    def __init__(self, tests, known, limits, answer):
        self.places = {test: place for place, test in enumerate(tests)}
        self.known, self.limits, self.answer = known, limits, answer
        self.test = "before the first test"

    def say(self, outcome):
        if not self.answer.exists():
            self.answer.write_text(json.dumps({"outcome": outcome, "test": self.test}), encoding="utf-8")

    def late(self, *_):
        self.say("timed out")
        os._exit(0)

    def start(self, limit):
        signal.signal(signal.SIGALRM, self.late)
        signal.setitimer(signal.ITIMER_REAL, limit)

    def hooks(self):
        import pytest

        chosen = self

        class Plugin:
            @pytest.hookimpl(trylast=True)
            def pytest_collection_modifyitems(self, items):
                """Tests that a fault has given another name are new ones, and are run too."""
                last = len(chosen.places)
                items[:] = [i for i in items if i.nodeid in chosen.places or i.nodeid not in chosen.known]
                items.sort(key=lambda item: chosen.places.get(item.nodeid, last))

            @pytest.hookimpl(wrapper=True)
            def pytest_runtest_protocol(self, item):
                chosen.test = item.nodeid
                chosen.start(chosen.limits.get(item.nodeid, START))
                return (yield)

            def pytest_runtest_logreport(self, report):
                if report.failed:
                    chosen.say("found")

            def pytest_collectreport(self, report):
                if report.failed:
                    chosen.test = report.nodeid
                    chosen.say("found")

        return Plugin()


def judge(copy, mutant, source, cover, patience=PATIENCE):
    """A process that runs the tests that execute the fault's lines until one fails."""
    tests = cover.tests(mutant)
    limits = {test: patience + TIMES * cover.seconds[test] for test in tests}
    files = list(dict.fromkeys(test.split("::")[0] for test in tests))

    def run(answer):
        import pytest

        chosen = Chosen(tests, cover.known, limits, answer)
        chosen.start(START)
        options = ["-x", "-p", "no:cacheprovider", f"--basetemp={copy.home}/tmp"]
        status = pytest.main([*files, *options], plugins=[chosen.hooks()])
        nothing = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        chosen.say("survived" if status in nothing else "found")

    copy.plant(mutant.path, source)
    return Job(copy, run, 2 * START + sum(limits.values()))
