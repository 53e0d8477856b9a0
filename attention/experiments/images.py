"""Pictures of digits and their classes: what all frameworks do alike (chapter 12).

The pictures come from a *source*, `Scenes` that are painted as training goes on or a reader's own `Folder`. It has

    names                   of the classes
    tasks                   of the scenes; none in a folder
    batch(number, size, seed)   training batch `number`, from 0 on: images (B, H, W), labels (B,), markers (B, 2)
    validation()            such triples, one for each size of picture
    fingerprint()           equal for equal data
"""

from dataclasses import dataclass

import numpy as np

from attention.data.scenes import scenes
from attention.evaluation.pointing import STRIDE
from attention.experiments.run import fingerprint
from attention.experiments.settings import check_settings
from attention.inputs import InputError
from attention.weights.tables.resnet import CHOICES

VALIDATION = 500  # scenes of each task
SHARE = 10  # one of so many pictures of a class in a folder is for validation
BATCH = 100  # pictures that are validated at once


@dataclass(frozen=True)
class Settings:
    """Everything a training run depends on, beside the framework and the data.

    Raises
    ------
    InputError : one of them makes no sense
    """

    width: int = 32
    pooling: str = "attention"
    gate: str = "none"
    told: bool = False  # whether the first of two glimpses is told where the marker is
    batch: int = 64
    rate: float = 1e-2  # of Adam, at its highest
    warmup: int = 200  # steps from 0 to the highest rate; from there it falls to 0 in a straight line
    steps: int = 3000
    clip: float = 1.0  # longest gradient
    average: float = 0.99  # the weights that are validated and stored are a moving average
    validate_every: int = 250
    patience: int = 12  # validations without a better accuracy before training stops
    seed: int = 1

    def __post_init__(self):
        check_settings(self, words=CHOICES)
        if self.width % 2:
            raise InputError(f"width must be even: got {self.width}")
        if self.told and self.pooling != "glimpses":
            raise InputError(f"told is for the pooling glimpses, whose first may be told a place: got {self.pooling!r}")


class Scenes:
    """Scenes that are painted as training goes on: the tasks take turns, a batch each.

    Parameters
    ----------
    tasks : of `attention.data.scenes`
    """

    names = tuple("0123456789")

    def __init__(self, *tasks):
        self.tasks = tasks

    def batch(self, number, size, seed):
        """Scenes that no other batch has."""
        task = self.tasks[number % len(self.tasks)]
        return self._parts(scenes(task, "train", size, seed, first=number * size))

    def validation(self):
        return [self._parts(scenes(task, "validation", VALIDATION)) for task in self.tasks]

    @staticmethod
    def _parts(found):
        return found.images, found.labels, found.markers

    def fingerprint(self):
        """Of the first scenes of each task, to learn from and to validate on."""
        some = [scenes(task, split, 100) for task in self.tasks for split in ("train", "validation")]
        return fingerprint(*self.tasks, *(_bytes(found.images, found.labels) for found in some))


class Folder:
    """A reader's own pictures: a subfolder for each class.

    A tenth of each class, at least one, is set apart for validation.

    Parameters
    ----------
    folder : as `attention.data.labelled` reads it
    """

    tasks = ()

    def __init__(self, folder):
        from attention.data.labelled import labelled

        pictures, labels, self.names = labelled(folder)
        rng = np.random.default_rng(0)
        kept = np.zeros(len(labels), bool)
        for label in range(len(self.names)):
            numbers = np.flatnonzero(labels == label)
            kept[rng.choice(numbers, -(-len(numbers) // SHARE), replace=False)] = True
        self.train, self.kept = (pictures[~kept], labels[~kept]), (pictures[kept], labels[kept])

    def batch(self, number, size, seed):
        """Pictures in another order in each epoch; the last batch of an epoch is filled up from its beginning."""
        images, labels = self.train
        epoch, start = divmod(number * size, -(-len(labels) // size) * size)
        order = np.random.default_rng([seed, epoch]).permutation(len(labels))
        chosen = np.take(order, range(start, start + size), mode="wrap")
        return images[chosen], labels[chosen], np.full((size, 2), -1)

    def validation(self):
        images, labels = self.kept
        return [(images, labels, np.full((len(labels), 2), -1))]

    def fingerprint(self):
        return fingerprint(*self.names, _bytes(*self.train), _bytes(*self.kept))


class Pictures:
    """The pictures to learn from and those to validate on, and what a model of them is.

    Parameters
    ----------
    settings : Settings
    source : as the head of this file says
    """

    def __init__(self, settings, source):
        self.settings, self.source = settings, source
        if settings.told and (source.validation()[0][2] < 0).any():
            raise InputError("told needs scenes with markers: there are none in these pictures")

    def sizes(self):
        """What `ResNet` is built with."""
        of = self.settings
        return {"classes": len(self.source.names), "width": of.width, "pooling": of.pooling, "gate": of.gate}

    def batches(self, first=0):
        """Training batches without end, from step `first` on: images (B, H, W), labels (B,) and places (B,)."""
        while True:
            yield with_places(*self.source.batch(first, self.settings.batch, self.settings.seed))
            first += 1

    def validation_batches(self):
        """The validation pictures once."""
        for images, labels, markers in self.source.validation():
            for i in range(0, len(images), BATCH):
                yield with_places(*(array[i : i + BATCH] for array in (images, labels, markers)))

    def fingerprint(self):
        """Equal for equal training and validation pictures."""
        return self.source.fingerprint()

    def metadata(self):
        """What a model file must carry beside the weights, so that it is all one needs to classify."""
        return {
            "model": "ResNet",
            "sizes": self.sizes(),
            "names": list(self.source.names),
            "tasks": list(self.source.tasks),
        }


def with_places(images, labels, markers):
    """The same with the number of the place nearest to each marker (B, 2), (B,); −1 where there is none."""
    h, w = (-(-size // STRIDE) for size in images.shape[1:])
    row, column = np.clip(np.round(markers / STRIDE), 0, (h - 1, w - 1)).astype(np.int64).T  # (B, 2) -> (B,), (B,)
    return images, labels, np.where((markers < 0).any(-1), -1, row * w + column)


def _bytes(images, labels):
    """What tells pictures apart; whatever the last digits of a float are."""
    return np.round(255 * images).astype(np.uint8).tobytes() + labels.astype(np.int64).tobytes()
