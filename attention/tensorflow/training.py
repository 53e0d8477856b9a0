"""Teaching `Seq2Seq` to translate (chapter 09)."""

import keras
import tensorflow as tf

from attention.data.tokenizer import decode
from attention.evaluation.bleu import bleu
from attention.experiments import loop
from attention.experiments.translation import Corpus, Settings
from attention.inputs import InputError
from attention.tensorflow.decoding import greedy
from attention.tensorflow.recurrent import Seq2Seq, sequence_loss

SIZES = (8, 12, 16, 20, 24, 28, 36, 48, 64, 96)  # lengths are rounded up: a graph is built for every pair of lengths


def train(settings: Settings, corpus: Corpus, path, device="cpu", resume=False):
    """Train, and keep the weights with the best validation BLEU in `path`: see `attention.experiments.loop`."""
    with tf.device("/GPU:0" if device == "cuda" else "/CPU:0"):
        return loop.train(Learner(settings), settings, corpus, path, resume)


class Learner:
    """A model that learns, a moving average of it, and the optimiser."""

    framework, packages, sizes = "tensorflow", ("numpy", "tensorflow", "keras"), SIZES

    def __init__(self, settings):
        keras.utils.set_random_seed(settings.seed)
        tf.get_logger().setLevel("ERROR")  # it warns of every new graph, and a new pair of lengths needs one
        self.settings = settings
        self.model = Seq2Seq(**settings.sizes(), dropout=settings.dropout, seed=settings.seed)
        self.average = Seq2Seq(**settings.sizes(), seed=settings.seed)
        self.optimizer = keras.optimizers.Adam(beta_2=0.98, epsilon=1e-8, global_clipnorm=settings.clip)
        self.optimizer.build(self.model.trainable_variables)
        self.learn = tf.function(train_step)

    def step(self, batch, rate):
        """Learn from one batch; its loss."""
        first = int(self.optimizer.iterations) == 0
        self.optimizer.learning_rate.assign(rate)
        loss = self.learn(self.model, self.optimizer, self.settings, *map(tf.constant, batch))
        update_average(self.average, self.model, 0.0 if first else self.settings.average)
        return float(loss)

    def validate(self, corpus):
        return validate(self.average, corpus)

    def weights(self):
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


def choose_device(name):
    """ "cpu" or "cuda"; "auto" is cuda where there is a GPU.

    Raises
    ------
    InputError : "cuda" was asked for and there is none
    """
    found = bool(tf.config.list_physical_devices("GPU"))
    if name == "cuda" and not found:
        raise InputError("device cuda was asked for, but TensorFlow finds no GPU")
    return "cuda" if name != "cpu" and found else "cpu"


def train_step(model, optimizer, settings, source, lengths, target):
    """One step of Adam down the gradient of the loss of one batch; the loss."""
    with tf.GradientTape() as tape:
        logits, _ = model(source, lengths, target[:, :-1], training=True)  # the decoder has seen what is before …
        loss = sequence_loss(logits, target[:, 1:], settings.smoothing)  # … what it should write
    gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    optimizer.apply(gradients, model.trainable_variables)
    return loss


@tf.function
def update_average(average, model, kept):
    """Move the averaged weights towards the model's."""
    for mean, variable in zip(average.trainable_variables, model.trainable_variables, strict=True):
        mean.assign(kept * mean + (1 - kept) * variable)


def validate(model, corpus):
    """The mean loss for a token, and the BLEU of the greedy translations, over the validation pairs."""
    total = count = 0
    translations, references = [], []
    for batch in corpus.validation_batches():
        source, lengths, target = map(tf.constant, batch)
        tokens = int(tf.math.count_nonzero(target[:, 1:]))
        total += tokens * float(sequence_loss(model(source, lengths, target[:, :-1])[0], target[:, 1:]))
        count += tokens
        written, _ = greedy(model, source, lengths, limit=2 * source.shape[1] + 10)
        translations += [decode(corpus.tokenizer, row) for row in written.numpy().tolist()]
        references += [decode(corpus.tokenizer, row) for row in target[:, 1:].numpy().tolist()]
    return total / count, bleu(translations, references)[0]
