"""A new task for the command line: one file, and nothing else is edited."""

import sys

import pytest

from attention import commands
from attention.__main__ import main

TASK = """
def add_sides(command):
    command.add_argument("--side", type=int, required=True)


def train(options):
    print(f"side {options.side} is learned")


def evaluate(options):
    print(options.side * options.side)


TRAIN = "teach squares", add_sides, train
EVALUATE = "measure squares", add_sides, evaluate
OWN = {"square": ("print a square", add_sides, evaluate)}
"""


@pytest.fixture
def squares(tmp_path, monkeypatch):
    (tmp_path / "squares.py").write_text(TASK, encoding="utf-8")
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    yield
    sys.modules.pop("attention.commands.squares", None)


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        ("train squares --side 3", "side 3 is learned\n"),
        ("evaluate squares --side 3", "9\n"),
        ("square --side 4", "16\n"),
    ],
)
def test_a_task_is_found(squares, capsys, arguments, out):
    assert main(arguments.split()) == 0
    assert capsys.readouterr() == (out, "")


def test_the_help_names_it(squares, capsys):
    for arguments, named in (([], "square"), (["train"], "squares"), (["evaluate"], "squares")):
        with pytest.raises(SystemExit):
            main([*arguments, "--help"])
        assert named in capsys.readouterr().out.split()


def test_a_task_must_be_named_but_for_the_usual_one(squares, capsys):
    """Translation was evaluated before there was another task."""
    said = {}
    for command in ("train --side 3", "evaluate --side 3", "evaluate", "evaluate dance"):
        with pytest.raises(SystemExit) as stopped:
            main(command.split())
        assert stopped.value.code == 2
        said[command] = capsys.readouterr().err
    assert "invalid choice: '3'" in said["train --side 3"]
    assert said["evaluate --side 3"].startswith("usage: python -m attention evaluate translation [-h]")
    assert "required: {" in said["evaluate"]
    assert "invalid choice: 'dance'" in said["evaluate dance"]
