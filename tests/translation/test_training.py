"""A few steps lower the loss; an interrupted run ends as an uninterrupted one."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from attention.frameworks import tf, torch
from attention.pytorch import training as in_pytorch
from attention.pytorch.recurrent import Seq2Seq as Seq2SeqPyTorch
from attention.tensorflow import training as in_tensorflow
from attention.tensorflow.recurrent import Seq2Seq as Seq2SeqTensorFlow
from attention.weights.store import load
from tests.translation.conftest import SIZES


@pytest.fixture(autouse=True)
def without_graphs():
    """Building a graph takes longer than the few steps here."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.parametrize("module", [in_pytorch, in_tensorflow])
def test_resumed_is_uninterrupted(module, corpus, settings, tmp_path, monkeypatch):
    whole = module.train(settings, corpus, tmp_path / "whole")
    assert [entry["step"] for entry in whole] == [3, 6]
    assert whole[1]["loss"] < whole[0]["loss"] < 5.9  # log 320 = 5.8 is what knowing nothing costs

    validate, count = module.validate, iter(range(2))

    def interrupted(*arguments):
        if next(count) == 1:
            raise KeyboardInterrupt
        return validate(*arguments)

    monkeypatch.setattr(module, "validate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        module.train(settings, corpus, tmp_path / "parts")
    monkeypatch.setattr(module, "validate", validate)
    parts = module.train(settings, corpus, tmp_path / "parts", resume=True)

    assert [entry["loss"] for entry in parts] == pytest.approx([entry["loss"] for entry in whole], rel=1e-6)
    for name, array in load(tmp_path / "whole")[0].items():
        np.testing.assert_allclose(load(tmp_path / "parts")[0][name], array, atol=1e-6)


@pytest.mark.parametrize("module", [in_pytorch, in_tensorflow])
def test_training_stops_by_validation(module, corpus, settings, tmp_path, monkeypatch):
    scores = iter([(1.0, 5.0), (1.0, 4.0), (1.0, 3.0), (1.0, 9.0)])
    monkeypatch.setattr(module, "validate", lambda *_: next(scores))
    curve = module.train(replace(settings, validate_every=1, patience=2), corpus, tmp_path / "model")
    assert [entry["bleu"] for entry in curve] == [5.0, 4.0, 3.0]
    assert load(tmp_path / "model")[1]["curve"][-1]["step"] == 1  # what is stored is the best


def test_both_frameworks_learn_alike(corpus, settings):
    """Without dropout the same batches lead to the same weights."""
    settings = replace(settings, dropout=0.0)
    pytorch, tensorflow = Seq2SeqPyTorch(**SIZES), Seq2SeqTensorFlow(**SIZES)
    adam = torch.optim.Adam(pytorch.parameters(), betas=(0.9, 0.98))
    keras_adam = keras.optimizers.Adam(0.01, beta_2=0.98, epsilon=1e-8, global_clipnorm=settings.clip)
    batches, losses = corpus.batches(), []
    for _ in range(4):
        batch = next(batches)
        first = in_pytorch.train_step(pytorch, adam, settings, 0.01, batch)
        second = in_tensorflow.train_step(tensorflow, keras_adam, settings, *map(tf.constant, batch))
        assert first == pytest.approx(float(second), rel=1e-4)
        losses.append(first)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("module", [in_pytorch, in_tensorflow])
def test_devices(module):
    assert module.choose_device("cpu") == "cpu"
    if module.choose_device("auto") == "cpu":
        with pytest.raises(ValueError, match="finds no GPU"):
            module.choose_device("cuda")
