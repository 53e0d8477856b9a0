"""Classes of pictures as a task for a learner (chapter 12)."""

import keras
import tensorflow as tf

from attention.tensorflow.vision import ResNet

cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum_over_batch_size")


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
        images, labels, places = batch
        if not self.settings.told:
            return cross_entropy(labels, model(images, training=True)[0])
        first, _, vector = model.glimpses(model.features(images, training=True))
        return cross_entropy(labels, model.classify(vector)) + leading_loss(first, places)

    def validate(self, model):
        """The mean loss and the accuracy over the validation pictures."""
        total = right = count = 0
        for batch in self.pictures.validation_batches():
            images, labels, _ = map(tf.constant, batch)
            logits, _ = model(images)
            total += len(labels) * float(cross_entropy(labels, logits))
            right += int(tf.math.count_nonzero(tf.argmax(logits, -1) == labels))
            count += len(labels)
        return {"loss": total / count, "accuracy": right / count}


def leading_loss(weights, places):
    """How little of the first glimpse lies where it should: the mean of −log of its weights (B, S) at places (B,)."""
    there = tf.gather(weights, places, batch_dims=1)  # (B, S), (B,) -> (B,)
    return -tf.reduce_mean(tf.math.log(tf.maximum(there, 1e-30)))
