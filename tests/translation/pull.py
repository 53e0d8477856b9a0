"""A second task, in both frameworks: two weights, and a loss that pulls at them as hard as the batch says.

The gradient is the batch itself, so one sees what the optimiser makes of it: while batches are alike, Adam moves each
weight by the rate.
"""

import numpy as np

SHAPE = (2,)


class Pull:
    """loss = c · w, for a batch (c,)."""

    name, score = "pull", "reward"

    def __init__(self, settings, pulls=((0.6, 0.8),), rewards=None):
        self.settings, self.pulls, self.rewards = settings, pulls, iter(rewards or [])

    def fingerprint(self):
        return "pull"

    def metadata(self):
        return {"model": "Pull"}

    def batches(self, first):
        while True:
            yield (np.array(self.pulls[first % len(self.pulls)], np.float32),)
            first += 1

    def validate(self, model):
        return {"loss": 1.0, "reward": next(self.rewards, 0.0)}


class InPyTorch(Pull):
    def model(self):
        import torch

        class Two(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.place = torch.nn.Parameter(torch.zeros(SHAPE))

            def named_weights(self):
                return {"place": self.place.numpy(force=True).copy()}

        return Two()

    def loss(self, model, batch):
        import torch

        return (torch.tensor(batch[0]) * model.place).sum()


class InTensorFlow(Pull):
    def model(self):
        import keras

        class Two(keras.Model):
            def __init__(self):
                super().__init__()
                self.place = self.add_weight(shape=SHAPE, initializer="zeros", name="place")
                self.built = True

            def named_weights(self):
                return {"place": self.place.numpy()}

        return Two()

    def loss(self, model, batch):
        import tensorflow as tf

        return tf.reduce_sum(batch[0] * model.place.value)


PULLS = {"pytorch": InPyTorch, "tensorflow": InTensorFlow}
