"""How the places of a feature map become one vector, on cluttered scenes: average, maximum and attention, with the same
number of weights and the same steps; then gates on channels, on places and on both, under the average. On test scenes:
accuracy, and where the weight lies; beside a linear model of the pixels, and what pointing at the centre would reach.

Each row takes about a minute on one CPU core.
"""

import numpy as np
import torch

from attention.arrays import ADAPTERS
from attention.classifier import look
from attention.data.scenes import scenes
from attention.evaluation.baselines import LEARNT, linear_accuracy
from attention.experiments.images import Pictures, Scenes, Settings
from attention.experiments.looking import scene_figures
from attention.experiments.loop import learn
from attention.pytorch.images import Classification
from attention.pytorch.training import Learner

TASK, TEST = "cluttered", 2000
DATA, SEED = f"{TEST:,} test scenes, {TASK}", None  # the seed of each row stands in it
KINDS = [(pooling, "none") for pooling in ("average", "maximum", "attention")]
KINDS += [("average", gate) for gate in ("squeeze", "places", "cbam")]
PARTS = [{"pooling": pooling, "gate": gate, "seed": seed} for pooling, gate in KINDS for seed in (1, 2, 3)]
PARTS += [{"pooling": "linear", "gate": "none", "seed": 1}]
SIZES = {"width": 8, "steps": 900, "warmup": 100}


def measure(pooling, gate, seed):
    """Accuracy; for attention pointing and the weight inside the box; what the centre and chance would point at."""
    if pooling == "linear":
        return linear_figures(seed)
    settings = Settings(pooling=pooling, gate=gate, seed=seed, **SIZES)
    learner = Learner(Classification(Pictures(settings, Scenes(TASK))))
    learn(learner)
    model = learner.average.module.eval()
    with torch.no_grad():
        return scene_figures(lambda images: look(model, ADAPTERS["pytorch"](), images), TASK, count=TEST)


def linear_figures(seed):
    """The same figures of a linear model, which points at nothing."""
    train, test = scenes(TASK, "train", LEARNT, seed), scenes(TASK, "test", TEST)
    accuracy = linear_accuracy(train.images, train.labels, test.images, test.labels)
    found = scene_figures(lambda images: (np.zeros((len(images), 10)), None), TASK, count=TEST)
    return found | {"accuracy": accuracy}
