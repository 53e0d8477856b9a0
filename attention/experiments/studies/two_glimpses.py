"""A task for which one look is too few: the digit opposite to a marker, of three. One glimpse; two that learn from the
class alone; and two of which the first is told in training where the marker is. On test scenes: accuracy; pointing,
which is of the last glimpse; and how often the first glimpse is heaviest on the marker.

Each row takes about two minutes on one CPU core.
"""

import torch

from attention.arrays import ADAPTERS
from attention.classifier import look
from attention.data.scenes import scenes
from attention.experiments.images import Pictures, Scenes, Settings, with_places
from attention.experiments.looking import scene_figures
from attention.experiments.loop import learn
from attention.pytorch.images import Classification
from attention.pytorch.training import Learner

TASK, TEST = "pointed", 2000
DATA, SEED = f"{TEST:,} test scenes, {TASK}", None  # the seed of each row stands in it
KINDS = ("glimpse", False), ("glimpses", False), ("glimpses", True)
PARTS = [{"pooling": pooling, "told": told, "seed": seed} for pooling, told in KINDS for seed in (1, 2, 3)]
SIZES = {"width": 8, "steps": 1200, "warmup": 100}


def measure(pooling, told, seed):
    """Accuracy, pointing and its baselines; how often the first of two glimpses is at the marker, None of one."""
    settings = Settings(pooling=pooling, told=told, seed=seed, **SIZES)
    learner = Learner(Classification(Pictures(settings, Scenes(TASK))))
    learn(learner)
    model = learner.average.module.eval()
    with torch.no_grad():
        figures = scene_figures(lambda images: look(model, ADAPTERS["pytorch"](), images), TASK, count=TEST)
        return figures | {"first": first_glimpse(model) if pooling == "glimpses" else None}


def first_glimpse(model):
    """How often the first glimpse is heaviest at the place nearest to the marker's middle."""
    found = scenes(TASK, "test", TEST)
    _, _, places = with_places(found.images, found.labels, found.markers)
    right = 0
    for i in range(0, TEST, 100):
        first, _, _ = model.glimpses(model.features(torch.tensor(found.images[i : i + 100])))
        right += (first.argmax(-1) == torch.tensor(places[i : i + 100])).sum().item()
    return right / TEST
