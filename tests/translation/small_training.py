"""A training that takes a second, as a process of its own: ``small_training.py FRAMEWORK PATH [--resume] [--trouble WHAT]``.

What can go wrong from outside is made to happen here, at a moment that the test chooses:

    --stall-write N   the N-th write of a whole file stops before it takes the old one's place, and says so in PATH.stalled
    --stall-step N    step N stops, and says so
    --loss VALUE N    the loss of step N is VALUE
"""

import argparse
import os
import sys
import time
from pathlib import Path

from attention.__main__ import main
from attention.experiments import loop, translation
from tests.translation.conftest import ENGLISH, GERMAN, SETTINGS


def stall(path):
    Path(f"{path}.stalled").touch()
    time.sleep(600)


def make_trouble(options):
    if options.stall_write:
        replace, count = os.replace, iter(range(1, 1000))

        def slow(old, new):
            if next(count) == options.stall_write:
                stall(options.path)
            replace(old, new)

        os.replace = slow
    if options.stall_step or options.loss:
        begin = loop.Run.going_on
        learner_step = options.learner.step

        def step(self, batch, rate, seen=iter(range(1, 1000))):
            number = next(seen)
            if number == options.stall_step:
                stall(options.path)
            loss = learner_step(self, batch, rate)
            return float(options.loss[0]) if options.loss and number == int(options.loss[1]) else loss

        options.learner.step = step
        assert begin


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
    module = __import__(f"attention.{options.framework}.training", fromlist=["Learner"])
    options.learner = module.Learner
    translation.Settings = lambda: SETTINGS
    corpus = translation.Corpus
    translation.Corpus = lambda settings: corpus(settings, [GERMAN, ENGLISH], [GERMAN, ENGLISH])
    make_trouble(options)
    resume = ["--resume"] if options.resume else []
    command = ["train", "translation", "--framework", options.framework, "--model", options.path, "--device", "cpu"]
    sys.exit(main([*command, "--seed", options.seed, *resume]))


if __name__ == "__main__":
    run()
