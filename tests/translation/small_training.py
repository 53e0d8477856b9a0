"""A training that takes a second, as a process of its own: ``small_training.py FRAMEWORK PATH [--resume] [TROUBLE]``.

What can go wrong from outside is made to happen here, at a moment that the test chooses:

    --stall-write N   the N-th file that is written stops before it takes the old one's place, and PATH.stalled appears
    --stall-step N    step N stops for some seconds, likewise
    --loss VALUE N    the loss of step N is VALUE
"""

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

from attention.__main__ import main
from attention.commands import translation as command
from attention.experiments import translation
from tests.translation.conftest import ENGLISH, GERMAN, SETTINGS


def stall(path, seconds):
    Path(f"{path}.stalled").touch()
    end = time.monotonic() + seconds
    while time.monotonic() < end:  # a signal does not end it
        time.sleep(0.1)


def make_trouble(options):
    if options.stall_write:
        replace, count = os.replace, iter(range(1, 1000))

        def slow(old, new):
            if next(count) == options.stall_write:
                stall(options.path, 600)
            replace(old, new)

        os.replace = slow
    learn, seen = options.learner.step, iter(range(1, 1000))

    def step(self, batch, rate):
        number = next(seen)
        if number == options.stall_step:
            stall(options.path, 5)
        loss = learn(self, batch, rate)
        return float(options.loss[0]) if options.loss and number == int(options.loss[1]) else loss

    options.learner.step = step


def run():
    parser = argparse.ArgumentParser()
    parser.add_argument("framework")
    parser.add_argument("path")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--seed", default="3")
    parser.add_argument("--stall-write", type=int)
    parser.add_argument("--stall-step", type=int)
    parser.add_argument("--loss", nargs=2)
    options = parser.parse_args()
    options.learner = importlib.import_module(f"attention.{options.framework}.training").Learner
    translation.Settings = lambda: SETTINGS
    command.pairs = lambda *_: ((GERMAN, ENGLISH), (GERMAN, ENGLISH))
    make_trouble(options)
    resume = ["--resume"] if options.resume else []
    words = ["train", "translation", "--framework", options.framework, "--model", options.path, "--device", "cpu"]
    sys.exit(main([*words, "--seed", options.seed, *resume]))


if __name__ == "__main__":
    run()
