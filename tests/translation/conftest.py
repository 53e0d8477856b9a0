"""A little corpus of our own, and a little model with weights that are not small."""

import numpy as np
import pytest

from attention.data.batches import pad
from attention.experiments.translation import Corpus, Settings
from attention.weights.store import save
from attention.weights.tables import seq2seq

GERMAN = ["Ein Hund läuft.", "Zwei Hunde spielen.", "Eine Frau liest.", "Drei Kinder lachen."]
LANGUAGES = ("de", "en")
ENGLISH = ["A dog runs.", "Two dogs play.", "A woman reads.", "Three children laugh."]
SIZES = {"vocabulary": 320, "width": 16, "encoder_width": 8}


SETTINGS = Settings(**SIZES, steps=6, warmup=2, validate_every=3, batch=3, rate=0.01, average=0.5, seed=3)


@pytest.fixture(scope="session")
def settings():
    return SETTINGS


@pytest.fixture(scope="session")
def corpus(settings):
    return Corpus(settings, LANGUAGES, (GERMAN, ENGLISH), (GERMAN, ENGLISH))


@pytest.fixture(scope="session")
def weights():
    """Float64, drawn large enough that nothing is nearly linear."""
    rng = np.random.default_rng(7)
    return {name: rng.standard_normal(shape) / 2 for name, shape in seq2seq.shapes(**SIZES).items()}


@pytest.fixture(scope="session")
def model_file(tmp_path_factory, weights, corpus):
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    save(path, weights, corpus.metadata(), dtype=np.float32)
    return path


@pytest.fixture(scope="session")
def batch():
    """Source, lengths and target of four sentences; the last source is a single token."""
    rng = np.random.default_rng(8)
    source, lengths = pad([rng.integers(3, 320, n).tolist() for n in (7, 3, 5, 1)])
    target, _ = pad([[1, *rng.integers(3, 320, n).tolist(), 2] for n in (5, 2, 5, 1)])
    return source, lengths, target
