"""What the tasks add to the command line: a file for each, found by its name, which is the task's.

A file says

    TRAIN       of `train TASK`: what it does, in a few words; a function that adds its options; one that runs it
    EVALUATE    the same of `evaluate TASK`
    OWN         {name: the same} of the commands that only this task has

What only one command needs is imported by that command, here as in `attention.__main__`.
"""

import argparse
import importlib
import os
import pkgutil
import sys
from pathlib import Path

from attention.device import DEVICES, asked_device

FRAMEWORKS = ("numpy", "tensorflow", "pytorch")


class Parser(argparse.ArgumentParser):
    """Says how the command is used, and in one sentence what is wrong."""

    usual = None  # the command that is meant where one must follow and options do

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(2, f"{message}\n")

    def exit(self, status=0, message=None):
        print(end="", flush=True)  # of help and version, here, where an error is caught
        super().exit(status, message)

    def parse_known_args(self, args=None, namespace=None):
        if self.usual and args and args[0].startswith("--") and args[0] != "--help":
            args = [self.usual, *args]
        return super().parse_known_args(args, namespace)


def tasks():
    """{name of a task: its file in this folder, as a module}."""
    names = sorted(file.name for file in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def add_commands(parser, commands):
    """Let one of `commands` follow, {name: (what it does, function that adds its options, function that runs it)}."""
    named = parser.add_subparsers(required=True, metavar=f"{{{','.join(commands)}}}")
    for name, (told, add_options, run) in commands.items():
        command = named.add_parser(name, help=told)
        add_options(command)
        command.set_defaults(run=run)


def add_train_options(command):
    """What every training is told, beside its data."""
    command.add_argument("--framework", choices=["tensorflow", "pytorch"], required=True)
    command.add_argument("--steps", type=whole_number, help="how many batches to learn from")
    command.add_argument("--seed", type=whole_number, help="of all that is drawn: first weights, batches, dropout")
    command.add_argument("--device", choices=DEVICES, default="auto", help="where to compute")
    command.add_argument("--resume", action="store_true", help="go on where training was interrupted")
    command.add_argument("--model", type=path, help="where to store it; in work/ if left out")


def add_model_options(command, best):
    """What is told of a stored model; `best` says which it is if left out."""
    command.add_argument("--framework", choices=FRAMEWORKS, default="numpy")
    command.add_argument("--model", type=path, help=f"a model file; {best} if left out")
    command.add_argument("--device", choices=DEVICES, help="where to compute; $ATTENTION_DEVICE, or cpu, if left out")


def use_device(framework, device):
    """Compute where `device` says, or else the variable ATTENTION_DEVICE."""
    importlib.import_module(f"attention.{framework}.device").use_device(device or asked_device())


def training(framework, device, task):
    """What a training needs of a framework's package, on the device that was asked for.

    Returns
    -------
    learner, task : its modules `training` and `task`
    """
    # oneDNN is off in the notebooks, where digits must not depend on the processor; training is twice as fast with it.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    use_device(framework, device)
    return [importlib.import_module(f"attention.{framework}.{name}") for name in ("training", task)]


def path(text):
    """A path, which has a name."""
    if not text:
        raise argparse.ArgumentTypeError("must be a path: got ''")
    return Path(text)


def whole_number(text):
    """A number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1: got {text!r}")
    return int(text)


def bar(parts):
    """The same parts, with a bar where somebody looks on, once it takes longer than a second."""
    if not (sys.stderr and sys.stderr.isatty()):
        return parts
    from tqdm import tqdm

    return tqdm(parts, delay=1)
