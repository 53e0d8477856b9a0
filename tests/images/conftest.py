"""A little model of digits, whose weights are not small, and pictures on disk."""

import numpy as np
import pytest
from PIL import Image

from attention.data.digits import digits
from attention.experiments.images import Pictures, Scenes, Settings
from attention.weights.store import save
from attention.weights.tables import resnet


def stored(path, pooling="attention", seed=5, **metadata):
    """A model file with weights drawn large enough that nothing is nearly linear."""
    pictures = Pictures(Settings(width=4, pooling=pooling), Scenes("single", "cluttered"))
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in resnet.shapes(**pictures.sizes()).items():
        weights[name] = rng.standard_normal(shape) / np.sqrt(max(1, np.prod(shape[:-1]) / 4))
        if name.endswith("variance"):
            weights[name] = 0.5 + rng.random(shape)
    save(path, weights, pictures.metadata() | metadata, dtype=np.float32)
    return path


@pytest.fixture(scope="session")
def model_file(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("model") / "small.safetensors")


@pytest.fixture(scope="session")
def picture_files(tmp_path_factory):
    """Three of scikit-learn's digits: 0, 1 and 2, dark on light."""
    folder = tmp_path_factory.mktemp("pictures")
    images, labels = digits()
    paths = []
    for label in range(3):
        image = images[np.flatnonzero(labels == label)[0]]
        page = np.pad(1 - np.kron(image, np.ones((6, 6))), 8, constant_values=1)
        paths.append(folder / f"{label}.png")
        Image.fromarray((255 * page).astype(np.uint8)).save(paths[-1])
    return paths
