"""Teaching `Seq2Seq` to translate (chapter 09)."""

import json
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from attention.data.tokenizer import decode
from attention.evaluation.bleu import bleu
from attention.experiments.translation import Corpus, Settings, learning_rate
from attention.tensorflow.decoding import greedy
from attention.tensorflow.recurrent import Seq2Seq, sequence_loss
from attention.weights import save

SIZES = (8, 12, 16, 20, 24, 28, 36, 48, 64, 96)  # lengths are rounded up: a graph is built for every pair of lengths


def train(settings: Settings, corpus: Corpus, path, device="cpu", resume=False):
    """Train, validate now and then, and keep the weights with the best validation BLEU in `path`.

    A checkpoint beside it, PATH.checkpoint.npz, holds all that going on needs.

    Returns
    -------
    curve : list of {"step", "loss", "bleu", "seconds"}, one for each validation
    """
    keras.utils.set_random_seed(settings.seed)
    tf.get_logger().setLevel("ERROR")  # it warns of every new graph, and a new pair of lengths needs one
    with tf.device("/GPU:0" if device == "cuda" else "/CPU:0"):
        model = Seq2Seq(**settings.sizes(), dropout=settings.dropout, seed=settings.seed)
        average = Seq2Seq(**settings.sizes(), seed=settings.seed)
        optimizer = keras.optimizers.Adam(beta_2=0.98, epsilon=1e-8, global_clipnorm=settings.clip)
        optimizer.build(model.trainable_variables)
        return _loop(model, average, optimizer, settings, corpus, path, resume)


def _loop(model, average, optimizer, settings, corpus, path, resume):
    checkpoint, step, curve = Path(f"{path}.checkpoint.npz"), 0, []
    variables = [*model.variables, *average.variables, *optimizer.variables]  # the state of dropout is among them
    if resume and checkpoint.exists():
        saved = np.load(checkpoint)
        step, curve = int(saved["step"]), json.loads(str(saved["curve"]))
        for i, variable in enumerate(variables):
            variable.assign(saved[f"variable_{i}"])
    started = time.monotonic() - (curve[-1]["seconds"] if curve else 0)
    batches, learn = corpus.batches(first=step, sizes=SIZES), tf.function(train_step)
    bar = tqdm(initial=step, total=settings.steps, disable=not sys.stderr.isatty())
    while step < settings.steps:
        step += 1
        optimizer.learning_rate.assign(learning_rate(settings, step))
        learn(model, optimizer, settings, *map(tf.constant, next(batches)))
        update_average(average, model, settings.average if step > 1 else 0.0)
        bar.update()
        if step % settings.validate_every and step < settings.steps:
            continue
        loss, score = validate(average, corpus)
        curve.append({"step": step, "loss": loss, "bleu": score, "seconds": time.monotonic() - started})
        left = (settings.steps - step) * curve[-1]["seconds"] / step / 60
        tqdm.write(f"step {step}: validation loss {loss:.3f}, BLEU {score:.2f}, {left:.0f} min left", file=sys.stderr)
        best = max(curve, key=lambda entry: entry["bleu"])
        if best is curve[-1]:
            save(path, average.named_weights(), corpus.metadata() | {"framework": "tensorflow", "curve": curve})
        arrays = {f"variable_{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(checkpoint, step=step, curve=json.dumps(curve), **arrays)
        if len(curve) - curve.index(best) > settings.patience:
            break
    bar.close()
    return curve


def choose_device(name):
    """ "cpu" or "cuda"; "auto" is cuda where there is a GPU.

    Raises
    ------
    ValueError : "cuda" was asked for and there is none
    """
    found = bool(tf.config.list_physical_devices("GPU"))
    if name == "cuda" and not found:
        raise ValueError("device cuda was asked for, but TensorFlow finds no GPU")
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
