"""A command as a reader runs it, and one that is interrupted."""

import importlib

import pytest

from attention.__main__ import main


def run(capsys, *arguments):
    """Exit code, standard output and standard error."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as exit_:
        code = exit_.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def stop_at_the_second_validation(framework, train):
    """Train, and be interrupted there as by Ctrl-C."""
    kind = importlib.import_module(f"attention.{framework}.training").Learner
    validate, count = kind.validate, iter(range(2))

    def interrupted(self):
        if next(count) == 1:
            raise KeyboardInterrupt
        return validate(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "validate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train()
