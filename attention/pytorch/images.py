"""Classes of pictures as a task for a learner (chapter 12)."""

import torch
import torch.nn.functional as F

from attention.pytorch.vision import ResNet


class Classification:
    """What is learned from pictures and their classes: a `ResNet`, by the cross-entropy of the class.

    Parameters
    ----------
    pictures : `attention.experiments.images.Pictures`
    """

    name, score = "images", "accuracy"

    def __init__(self, pictures):
        self.pictures, self.settings = pictures, pictures.settings
        self.fingerprint, self.metadata = pictures.fingerprint, pictures.metadata

    def batches(self, first):
        """Training batches without end, from step `first` on."""
        return self.pictures.batches(first)

    def model(self):
        """The model with its first weights."""
        return ResNet(**self.pictures.sizes(), seed=self.settings.seed)

    def loss(self, model, batch):
        """The mean loss of a batch; where the first of two glimpses is told the marker's place, its loss is added."""
        images, labels, places = map(torch.tensor, batch)
        if not self.settings.told:
            return F.cross_entropy(model(images)[0], labels)
        first, _, vector = model.glimpses(model.features(images))
        return F.cross_entropy(model.classify(vector), labels) + leading_loss(first, places)

    def validate(self, model):
        """The mean loss and the accuracy over the validation pictures."""
        total = right = count = 0
        for batch in self.pictures.validation_batches():
            images, labels, _ = map(torch.tensor, batch)
            logits, _ = model(images)
            total += F.cross_entropy(logits, labels, reduction="sum").item()
            right += (logits.argmax(-1) == labels).sum().item()
            count += len(labels)
        return {"loss": total / count, "accuracy": right / count}


def leading_loss(weights, places):
    """How little of the first glimpse lies where it should: the mean of −log of its weights (B, S) at places (B,)."""
    return -weights.gather(1, places[:, None]).clamp_min(1e-30).log().mean()
