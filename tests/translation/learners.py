"""A learner of either framework, and a training by it."""

import importlib

from attention.experiments import loop

FRAMEWORKS = ("tensorflow", "pytorch")


def task(framework, settings, corpus):
    return importlib.import_module(f"attention.{framework}.translation").Translation(settings, corpus)


def learner(framework, settings, corpus):
    module = importlib.import_module(f"attention.{framework}.training")
    return module.Learner(task(framework, settings, corpus), settings)


def train(framework, settings, corpus, path, resume=False):
    return loop.train(path, lambda: learner(framework, settings, corpus), resume)
