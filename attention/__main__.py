"""The command line: python -m attention {train,evaluate,experiment,progress}, and what each task adds to it.

The answer is the last line on standard output, of several sentences the last lines; everything else goes to standard
error. What only one command needs is imported by that command. What a task adds is in `attention.commands`.
"""

import argparse
import errno
import os
import sys

from attention.commands import Parser, add_commands, tasks
from attention.inputs import InputError, Interrupted


class Version(argparse.Action):
    """Prints the version and ends."""

    def __call__(self, parser, *_):
        from importlib.metadata import version

        print(f"attention-course {version('attention-course')}")
        parser.exit()


def main(arguments=None):
    """Run one command.

    Returns
    -------
    code : 0; 2 for input that is not right; as a shell calls it, 130 for what Ctrl-C ended, and 141 for what nobody
        wanted to read to its end
    """
    try:
        options = parser().parse_args(arguments)
        options.run(options)
        print(end="", flush=True)  # here, where an error is caught
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except Interrupted as stopped:
        print(stopped, file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        drop_output()
        return 141
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename:
            raise
        drop_output()
        print("The disk is full: what should stand in the file is not all there", file=sys.stderr)
        return 2
    return 0


def drop_output():
    """Python writes what is left when it ends; nothing takes it any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser():
    """The commands and their options."""
    top = Parser(prog="python -m attention", description="Attention: train, use and evaluate models.")
    top.add_argument("--version", action=Version, nargs=0, help="print the version")
    found = tasks()
    own = {name: command for task in found.values() for name, command in task.OWN.items()}

    def add_trainings(command):
        add_commands(command, {name: task.TRAIN for name, task in found.items()})

    def add_evaluations(command):
        command.usual = "translation"
        add_commands(command, {name: task.EVALUATE for name, task in found.items()})

    commands = {
        "train": ("teach a model; nothing of it is committed", add_trainings, None),
        **own,
        "evaluate": ("measure a model, a translator where no task is named", add_evaluations, None),
        "experiment": ("run a long experiment into results/", add_experiment_options, experiment),
        "progress": ("show which exercises are solved", lambda command: None, progress),
    }
    add_commands(top, commands)
    return top


def add_experiment_options(command):
    """What `experiment` is told."""
    command.add_argument("name", nargs="?", help="which one; they are listed if left out")


def experiment(options):
    """Run an experiment and print where its result is; print the names of all where none is given."""
    from attention.experiments.study import load_study, names, run_study

    if options.name:
        print(run_study(load_study(options.name), options.name))
    else:
        print("\n".join(names()))


def progress(_):
    """Print which exercises are solved."""
    from attention.checks.progress import progress as show

    show()


if __name__ == "__main__":
    sys.exit(main())
