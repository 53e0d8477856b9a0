#!/usr/bin/env -S .venv/bin/python
"""Plant faults in the code, one at a time, and see whether a test notices: ``tools/mutants.py [--sample N] [--show]``

A fault is a small change: another comparison, an argument left out, a statement dropped. Most kinds are mutmut's, some
are in `tools/mutation/operators.py`. Each is planted in a copy of the repository, and the tests run that execute its
lines, the fastest first, until one fails. So a fault is *found*, *timed out* (a test took ten times as long, which is
found too), or it *survived*.

What was found out is stored in work/mutants and holds until the code or the tests change: stopped and started again,
the tool goes on. `[tool.mutants]` in pyproject.toml says what is code, and which parts the table has.
"""

import argparse
import difflib
import json
import random
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from fnmatch import fnmatch
from pathlib import Path

from mutation.copies import Copy, at_once, preload
from mutation.cover import all_tests, cover, digest
from mutation.judge import judge
from mutation.operators import END, mutants_of

OUTCOMES = ("found", "timed out", "survived")


def say(text):
    print(text, file=sys.stderr, flush=True)


def part_of(mutant, settings):
    """The part of the table; what a file declares outside its functions may be one of its own."""
    if mutant.within == "module" and any(fnmatch(mutant.path, p) for p in settings.get("declarations", [])):
        return "declarations"
    return next(name for name, sources in settings["parts"].items() if mutant.path.startswith(tuple(sources)))


def files(root, settings, wanted):
    """The paths of all code, or of what is wanted of it: files, or folders."""
    sources = [source for sources in settings["parts"].values() for source in sources]
    found = sorted(path.relative_to(root).as_posix() for source in sources for path in (root / source).rglob("*.py"))
    return [path for path in found if not wanted or any(path == w or path.startswith(f"{w}/") for w in wanted)]


def changed_lines(root, revision):
    """{path: lines that differ from a revision}; of a file that git does not know, all."""
    options = ["--unified=0", "--no-color", "--no-ext-diff", "--src-prefix=a/", "--dst-prefix=b/"]
    git = lambda *arguments: subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    lines = {path: range(1, END) for path in git("ls-files", "--others", "--exclude-standard").splitlines()}
    path = None
    for line in git("diff", *options, revision, "--").splitlines():
        if line.startswith("+++ "):
            path = line.removeprefix("+++ b/")
            lines[path] = set()
        elif hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            lines[path] |= set(range(first, first + count))
    return lines


def drawn(faults, sample, seed):
    """As many faults as asked for, of each file in proportion, and of one kind in one line only one."""
    by_file = defaultdict(list)
    for fault in faults:
        by_file[fault.path].append(fault)
    for path, here in by_file.items():
        random.Random(f"{seed} {path}").shuffle(here)
        by_file[path] = list({(fault.line, fault.operator): fault for fault in reversed(here)}.values())
    total = sum(map(len, by_file.values()))
    share = {path: min(sample, total) * len(here) / total for path, here in by_file.items()}
    counts = {path: int(wanted) for path, wanted in share.items()}
    left = round(sum(share.values())) - sum(counts.values())
    for path in sorted(share, key=lambda path: counts[path] - share[path])[:left]:
        counts[path] += 1
    for path, here in by_file.items():
        yield from take(here, counts[path])


def take(faults, count):
    """The first ones that are programs, with their source."""
    for fault in faults:
        if not count:
            return
        if source := fault.source():
            count -= 1
            yield fault, source


class Results:
    """A file of JSON lines, one for each fault that was tried."""

    def __init__(self, path, root):
        self.path, self.root, self.tests = path, root, all_tests(root)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self.stored = {result["key"]: result for result in map(json.loads, lines) if self.holds(result)}

    def basis(self, result):
        """What a result depends on: the test that found it, or all tests, none of which did."""
        return self.tests if result["outcome"] == "survived" else digest(self.root / result["test"].split("::")[0])

    def holds(self, result):
        return result["basis"] == self.basis(result)

    def add(self, result):
        result["basis"] = self.basis(result)
        self.stored[result["key"]] = result
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result, ensure_ascii=False) + "\n")


def difference(fault, source):
    names = (f"a/{fault.path}", f"b/{fault.path}")
    before, after = (text.splitlines() for text in (fault.module.code, source))
    return "\n".join(difflib.unified_diff(before, after, *names, n=2, lineterm=""))


def wilson(found, tried):
    """The 95 % interval of a share, in percent (Wilson 1927)."""
    if not tried:
        return 0.0, 100.0
    z, share = 1.96, found / tried
    middle = (share + z * z / (2 * tried)) / (1 + z * z / tried)
    half = z / (1 + z * z / tried) * (share * (1 - share) / tried + z * z / (4 * tried * tried)) ** 0.5
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)


def table(results):
    """Lines of Markdown: each file, each kind, and each part with its interval."""
    yield "| file | tried | found | timed out | survived | of them in no test | found, % |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    row = lambda name, some, more="": (
        f"| {name} | {len(some)} | "
        + " | ".join(str(sum(r["outcome"] == outcome for r in some)) for outcome in OUTCOMES)
        + f" | {sum(r['test'] is None for r in some)} | {100 * caught(some) / len(some):.0f}{more} |"
    )
    caught = lambda some: sum(r["outcome"] != "survived" for r in some)
    by_part = defaultdict(list)
    for result in results:
        by_part[result["part"]].append(result)
    for part, here in by_part.items():
        for by in ("path", "operator"):
            for name in sorted({result[by] for result in here}):
                yield row(name, [result for result in here if result[by] == name])
        yield row(f"**{part}**", here, " ({:.0f} to {:.0f})".format(*wilson(caught(here), len(here))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", nargs="+", metavar="PATH", help="only faults in these files or folders")
    parser.add_argument("--parts", nargs="+", metavar="PART", help="only faults in these parts of the table")
    parser.add_argument("--since", metavar="REVISION", help="only faults in lines that have changed since")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of each part, its files in proportion")
    parser.add_argument("--seed", type=int, default=1, help="of the sample and of the order (1)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="try no further fault after so long")
    parser.add_argument("--workers", type=int, default=1, help="how many at once (1)")
    parser.add_argument("--show", action="store_true", help="print what survived, each as a difference")
    given = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    end = time.monotonic() + 60 * given.minutes
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutants"]
    settings["sources"] = [source for sources in settings["parts"].values() for source in sources]

    faults = [fault for path in files(root, settings, given.files) for fault in mutants_of(root, path)]
    if given.since:
        lines = changed_lines(root, given.since)
        faults = [f for f in faults if any(line in lines.get(f.path, ()) for line in f.statement)]
    by_part = defaultdict(list)
    for fault in faults:
        by_part[part_of(fault, settings)].append(fault)
    chosen = [
        (part, fault, source)
        for part, here in sorted(by_part.items())
        if not given.parts or part in given.parts
        for fault, source in (drawn(here, given.sample, given.seed) if given.sample else take(here, len(here)))
    ]

    store = root / "work" / "mutants"
    results = Results(store / "results.jsonl", root)
    keys = {fault.key(source): (part, fault, source) for part, fault, source in chosen}
    todo = [key for key in keys if key not in results.stored]
    random.Random(given.seed).shuffle(todo)
    say(f"{len(keys)} faults, {len(keys) - len(todo)} of them tried before")
    if todo:
        preload(settings)
        copies = [Copy(root) for _ in range(given.workers)]
        try:
            covered = cover(root, settings, copies, store / "cover", say)
            patience = {key: settings[key] for key in ("patience",) if key in settings}
            try_all(todo, keys, results, copies, covered, end, patience)
        finally:
            for copy in copies:
                copy.remove()
    shown = sorted(
        (results.stored[key] for key in keys if key in results.stored),
        key=lambda result: (result["part"], result["path"], result["line"]),
    )
    if given.show:
        for result in shown:
            if result["outcome"] == "survived":
                print(f"{result['path']}:{result['line']} {result['operator']}", end="")
                print(" (no test executes it)" if result["test"] is None else "")
                print(f"{result['difference']}\n")
    print(*table(shown), sep="\n")


def try_all(todo, keys, results, copies, covered, end, patience):
    """Try each fault, and store what became of it."""
    if covered.bad:
        say(f"{len(covered.bad)} tests fail or are skipped without a fault and are left out: {', '.join(covered.bad)}")

    def about(key):
        part, fault, source = keys[key]
        return {
            "key": key, "part": part, "path": fault.path, "line": fault.line, "operator": fault.operator,
            "difference": difference(fault, source),
        }  # fmt: skip

    def jobs():
        for key in todo:
            _, fault, source = keys[key]
            if time.monotonic() > end:
                return
            if covered.tests(fault):
                yield (lambda copy, fault=fault, source=source: judge(copy, fault, source, covered, **patience)), key
            else:
                results.add({**about(key), "outcome": "survived", "test": None})

    for key, result, seconds in at_once(copies, jobs()):
        results.add({**about(key), **result})
        done = Counter(results.stored[k]["outcome"] for k in keys if k in results.stored)
        _, fault, _ = keys[key]
        say(f"{fault.path}:{fault.line} {result['outcome']}, {seconds:.1f} s ({sum(done.values())} of {len(keys)})")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # no copy stays behind
    main()
