"""A learner of either framework for pictures, and a training that takes a second."""

import importlib

from attention.experiments import loop
from attention.experiments.images import Pictures, Scenes, Settings

FRAMEWORKS = ("tensorflow", "pytorch")
SETTINGS = Settings(width=2, steps=4, warmup=1, validate_every=2, batch=6, rate=0.01, average=0.5, seed=3, patience=9)


def task(framework, settings=SETTINGS, source=None):
    """Classes of scenes with one digit, or of what `source` gives."""
    pictures = Pictures(settings, source or Scenes("single"))
    return importlib.import_module(f"attention.{framework}.images").Classification(pictures)


def learner(framework, settings=SETTINGS, source=None):
    module = importlib.import_module(f"attention.{framework}.training")
    return module.Learner(task(framework, settings, source))


def train(framework, path, settings=SETTINGS, source=None, resume=False):
    return loop.train(path, lambda: learner(framework, settings, source), resume)
