"""A learner of either framework, and a training by it."""

import importlib

from attention.experiments import loop
from attention.experiments.translation import Corpus

FRAMEWORKS = ("tensorflow", "pytorch")


def task(framework, settings, corpus):
    """Translation of the same sentences, by these settings."""
    corpus = Corpus(settings, corpus.languages, corpus.train, corpus.validation)
    return importlib.import_module(f"attention.{framework}.translation").Translation(corpus)


def learner(framework, settings, corpus):
    module = importlib.import_module(f"attention.{framework}.training")
    return module.Learner(task(framework, settings, corpus))


def train(framework, settings, corpus, path, resume=False):
    return loop.train(path, lambda: learner(framework, settings, corpus), resume)
