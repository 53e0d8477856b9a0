"""Classify pictures with a stored model, in any of the three frameworks: everything between a picture and its class."""

import numpy as np

from attention.data.pictures import one_digit
from attention.data.scenes import SIZES
from attention.inputs import InputError, short
from attention.numpy.softmax import softmax
from attention.stored import MODELS, best_stored, stored_model
from attention.weights.tables import check_carried

BATCH = 50  # pictures that are looked at together: what bounds the memory


def best_classifier():
    """The file of the stored model of single digits with the highest accuracy on validation scenes, of those that
    attend to places.

    Raises
    ------
    InputError : there is none
    """

    def fits(result):
        return result["model"] == "ResNet" and result["sizes"]["pooling"] == "attention" and "single" in result["tasks"]

    def score(result):
        return sum(figures["accuracy"] for figures in result["validation"].values())

    best = best_stored(fits, score)
    if not best:
        raise InputError(f"no model that classifies digits is stored in {MODELS}")
    return best


class Classifier:
    """A stored model, ready to classify pictures.

    Parameters
    ----------
    framework : "numpy", "tensorflow" or "pytorch"
    path : a file that `attention.weights.store.save` wrote; None for the best stored model of digits

    Raises
    ------
    InputError : there is no such framework, or no such model, or its file is damaged
    """

    def __init__(self, framework="numpy", path=None):
        self.model, self.metadata, self.arrays = stored_model(framework, path or best_classifier(), self._check)
        self.names = self.metadata["names"]

    @staticmethod
    def _check(metadata):
        check_carried(metadata, {"names": list, "tasks": list}, "a model of pictures")
        names, classes = metadata["names"], metadata["sizes"].get("classes")
        if not all(type(name) is str for name in names) or not len(names) == len(set(names)) == classes:
            raise InputError(f"its 'names' must be {classes} different words: got {short(names)}")
        if not all(task in list(SIZES) for task in metadata["tasks"]):
            raise InputError(f"its 'tasks' must be among {', '.join(SIZES)}: got {short(metadata['tasks'])}")

    def look(self, images):
        """Many pictures of one size, as the model was taught on.

        Parameters
        ----------
        images : (N, H, W) in 0…1, light ink on dark

        Returns
        -------
        probabilities : (N, C) float64
        weights : (N, h, w) float64, of each place of the feature map; None where the model does not attend to places
        """
        return look(self.model, self.arrays, images)

    def classify(self, pictures):
        """Pictures of one digit each, of any size, dark on light or light on dark.

        Parameters
        ----------
        pictures : list of (H, W), grey

        Returns
        -------
        names : list of str, the likeliest class of each
        probabilities : (N,), its probability
        seen : (N, 28, 28), the pictures as the model saw them
        weights : (N, 7, 7); None where the model does not attend to places

        Raises
        ------
        InputError : there is nothing in a picture
        """
        seen = np.stack([one_digit(picture) for picture in pictures])
        probabilities, weights = self.look(seen)
        return [self.names[i] for i in probabilities.argmax(-1)], probabilities.max(-1), seen, weights


def look(model, arrays, images):
    """As `Classifier.look`, by any `ResNet` and what carries arrays into its framework and back."""
    probabilities, maps = [], []
    for i in range(0, len(images), BATCH):
        features = model.features(arrays.give(np.asarray(images[i : i + BATCH], np.float32)))
        vector, weights = model.pool(features)
        probabilities.append(softmax(arrays.take(model.classify(vector)).astype(np.float64)))
        if weights is not None:
            maps.append(arrays.take(weights).astype(np.float64).reshape(features.shape[:3]))  # (B, S) -> (B, h, w)
    return np.concatenate(probabilities), np.concatenate(maps) if maps else None
