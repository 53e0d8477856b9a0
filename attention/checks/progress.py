"""What has been solved: `check` notes it in work/.progress.json, ``python -m attention progress`` shows it."""

import json
import os
from pathlib import Path

from attention.checks.exercise import chapters

WORK = Path(__file__).parents[2] / "work"
FILE = WORK / ".progress.json"


def note(key, framework):
    """Remember that an exercise is solved, when the check runs beside the learner's copies."""
    if not Path.cwd().is_relative_to(WORK) or not WORK.is_dir():
        return
    solved = read()
    if framework not in solved.get(key, []):
        solved[key] = sorted([*solved.get(key, []), framework])
        new = FILE.with_suffix(".new")
        new.write_text(json.dumps(solved, indent=1, sort_keys=True) + "\n")
        os.replace(new, FILE)  # never half a file


def read():
    """{"03.concat_scores": ["numpy"], …}; nothing where the file is missing, and a sentence where it is damaged."""
    if not FILE.exists():
        return {}
    try:
        solved = json.loads(FILE.read_text(encoding="utf-8"))
        if all(isinstance(names, list) for names in solved.values()):
            return solved
    except (ValueError, AttributeError):
        pass
    kept = FILE.with_suffix(".damaged")
    os.replace(FILE, kept)
    print(f"{FILE.name} could not be read and is kept as {kept.name}; progress is counted anew.")
    return {}


def progress():
    """Print every chapter's exercises that can be checked, with ✓ where they are solved."""
    solved = read()
    for chapter, module in chapters().items():
        done = [e for e in module.EXERCISES if f"{chapter}.{e.name}" in solved]
        title = module.__doc__.splitlines()[0].rstrip(".")
        print(f"{title}   {len(done)} of {len(module.EXERCISES)}")
        for e in module.EXERCISES:
            frameworks = solved.get(f"{chapter}.{e.name}", [])
            in_which = f" ({', '.join(frameworks)})" if frameworks and len(e.frameworks) > 1 else ""
            print(f"  {'✓' if e in done else '·'} {e.number} {e.name}{in_which}")
