"""Learning, whatever is learned: a learner for the loop in `attention.experiments.loop` (chapter 09)."""

import keras
import tensorflow as tf


class Learner:
    """A model that learns by Adam, and a moving average of it, which is what is validated and stored.

    Parameters
    ----------
    task : what is learned, with all that `attention.experiments.loop` says; its `settings` have `seed`, `clip` and
        `average`; its `signature`, where it has one, is the `tf.TensorSpec` of each part of a batch: one graph then
        serves all batches, whatever sizes they have on the axes that are None there
    """

    framework, packages = "tensorflow", ("numpy", "tensorflow", "keras")

    def __init__(self, task):
        self.task, self.settings = task, task.settings
        keras.utils.set_random_seed(self.settings.seed)
        # Both for the whole process. Without the first, threads add in any order; without the second, operations are
        # fused in an order that differs from one process to the next, and so do the last digits.
        tf.config.experimental.enable_op_determinism()
        tf.config.optimizer.set_experimental_options({"remapping": False})
        tf.get_logger().setLevel("ERROR")  # it warns of new graphs, and another size of pictures needs one
        self.model, self.average = task.model(), task.model()
        self.optimizer = keras.optimizers.Adam(beta_2=0.98, epsilon=1e-8, global_clipnorm=self.settings.clip)
        self.optimizer.build(self.model.trainable_variables)
        learn = lambda *batch: train_step(task, self.model, self.optimizer, *batch)
        self.learn = tf.function(learn, input_signature=getattr(task, "signature", None), autograph=False)

    def step(self, batch, rate):
        """Learn from one batch; its loss."""
        first = int(self.optimizer.iterations) == 0
        self.optimizer.learning_rate.assign(rate)
        loss = self.learn(*map(tf.constant, batch))
        update_average(self.average, self.model, 0.0 if first else self.settings.average)
        return float(loss)

    def validate(self):
        """The task's figures, of the average."""
        return self.task.validate(self.average)

    def weights(self):
        """{name: array} of the average."""
        return self.average.named_weights()

    def _variables(self):
        """All that training changes; the state of dropout is among the model's."""
        parts = {"model": self.model, "average": self.average, "optimizer": self.optimizer}
        return {f"{name}.{i}": v for name, part in parts.items() for i, v in enumerate(part.variables)}

    def arrays(self):
        """All that training changes, {name: array}."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def load(self, arrays):
        """Go on from what `arrays` gave."""
        for name, variable in self._variables().items():
            variable.assign(arrays[name])


def train_step(task, model, optimizer, *batch):
    """One step down the gradient of the loss of one batch, which the optimizer cuts to its length; the loss."""
    with tf.GradientTape() as tape:
        loss = task.loss(model, batch)
    gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    optimizer.apply(gradients, model.trainable_variables)
    return loss


@tf.function(autograph=False)
def update_average(average, model, kept):
    """Move the averaged weights towards the model's; statistics, which no gradient moves, go along."""
    for mean, variable in zip(average.weights, model.weights, strict=True):
        mean.assign(kept * mean + (1 - kept) * variable)
