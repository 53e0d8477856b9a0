"""What the pages and the notebooks tell a reader to type is there to be typed, and what README says of tests is so."""

import os
import re
import subprocess
from pathlib import Path

import nbformat
import pytest

from tools.pictures import TOLERANCE

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("book/*.md"), *ROOT.glob("models/*.md")])
NOTEBOOKS = sorted([*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`|^    (\S.*?)$", re.DOTALL | re.MULTILINE)
NEEDS_A_PATH = re.compile(r"(?:\w+=\S+ )*(?:python3?|pip|pytest|jupyter\S*|ruff) \S")
FILE = re.compile(r"(?:[\w.]+/)+(?:[\w.]+\.\w+)?|\w+\.(?:md|txt|toml|yml)")
TO_BE_MADE = re.compile(r"work/|.*(?:NN|NAME|/21_|answers_21|chapter_21)")
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def text(path):
    """What a reader sees of a page, or of the Markdown of a notebook."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def code(path):
    """The lines of code in a text, those of its blocks and those within a sentence."""
    spans = ["".join(match.groups("")) for match in CODE.finditer(text(path))]
    return [line.strip() for span in spans for line in span.splitlines()]


LINES = {(path.relative_to(ROOT).as_posix(), line) for path in (*PAGES, *NOTEBOOKS) for line in code(path)}


def test_no_command_is_one_that_would_not_be_found():
    """The environment is not on the path: `.venv/bin/python`, not `python`."""
    assert {(page, line) for page, line in LINES if NEEDS_A_PATH.match(line)} == set()


def test_every_tool_that_is_named_can_be_run():
    named = {(page, tool) for page, line in LINES for tool in re.findall(r"^tools/\w+\.py(?= \S)", line)}
    assert {page for page, _ in named} >= {"CONTRIBUTING.md", "STYLE.md"}
    assert {(page, tool) for page, tool in named if not os.access(ROOT / tool, os.X_OK)} == set()


def test_every_target_that_is_named_is_there_and_explained():
    named = {(page, target) for page, line in LINES for target in re.findall(r"\bmake ([a-z]+)", line)}
    assert {target for _, target in named} >= {"book", "lab", "test", "notebooks", "progress", "read"}
    assert {(page, target) for page, target in named if target not in TARGETS} == set()
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  make (\w+) +\S", listed, re.MULTILINE) == TARGETS
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert sorted(phony.split()) == sorted(TARGETS)


def test_every_file_that_is_named_is_there():
    named = {(page, line) for page, line in LINES if FILE.fullmatch(line) and not page.startswith("models/")}
    assert {page for page, _ in named} >= {"README.md", "STYLE.md", "CONTRIBUTING.md"}
    missing = {(page, name) for page, name in named if not any((ROOT / at / name).exists() for at in (".", "book"))}
    assert {(page, name) for page, name in missing if not TO_BE_MADE.match(name)} == set()


@pytest.mark.parametrize("name", ["README.md", "STYLE.md", "CONTRIBUTING.md"])
def test_every_link_to_a_file_leads_to_it(name):
    prose = CODE.sub("", text(ROOT / name))
    assert [link for link in re.findall(r"\]\(((?!https?:)[^)#]+)\)", prose) if not (ROOT / link).exists()] == []


def test_the_examples_of_style_are_in_the_chapter_that_it_names():
    style, path = text(ROOT / "STYLE.md"), ROOT / "chapters" / "03_score_functions.ipynb"
    shown = "\n".join(f"{cell.source}\n{cell.metadata}" for cell in nbformat.read(path, as_version=4).cells)
    examples = [*re.findall(r'"(?:caption|alt)": "([^"]*) …"', style), re.search(r'show: "(.*)\?"', style)[1]]
    assert len(examples) == 3
    assert [example for example in examples if example not in shown] == []


def test_the_small_build_of_pytorch_is_named_alike():
    for path in [ROOT / "README.md", ROOT / "book" / "start.md", *sorted(ROOT.glob(".github/workflows/*.yml"))]:
        named = re.findall(r"PIP_EXTRA_INDEX_URL\W+(\S+)", path.read_text(encoding="utf-8"))
        assert named == ["https://download.pytorch.org/whl/cpu"], path


def test_the_tolerance_of_pictures_is_the_one_that_readme_states():
    assert f"root mean square of {TOLERANCE:g} in 255" in text(ROOT / "README.md")


def test_the_command_that_looks_for_a_gpu_says_nothing_else():
    blocks = re.findall(r"```bash\n(.*?)```", text(ROOT / "book" / "start.md"), re.DOTALL)
    (command,) = [block for block in blocks if " -c " in block]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    run = subprocess.run(command, shell=True, cwd=ROOT, env=kept, capture_output=True, text=True)
    assert run.stderr == ""
    assert re.fullmatch(r"(cpu \[\]|cuda(:0)? \[.+\])\n", run.stdout)
