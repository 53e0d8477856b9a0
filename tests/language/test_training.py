"""What training a model of language does, in both frameworks."""

import importlib
from dataclasses import asdict, replace
from itertools import islice

import numpy as np
import pytest

from attention.arrays import ADAPTERS
from attention.data.tokenizer import decode
from attention.experiments import loop
from attention.experiments.language import Settings, Text
from attention.frameworks import tf
from attention.inputs import InputError
from attention.numpy.lm import LanguageModel
from attention.weights.initial import initial_weights
from attention.weights.store import load
from attention.weights.tables import lm
from tests.command import stop_at_the_second_validation

FRAMEWORKS = ("tensorflow", "pytorch")
both = pytest.mark.parametrize("framework", FRAMEWORKS)
WHO, DOES = ("a dog", "two dogs", "a man", "two men", "a girl"), ("runs", "plays in the snow", "sits", "sleeps")
SENTENCES = [f"{one} {other} ." for one in WHO for other in DOES]
SETTINGS = Settings(vocabulary=270, width=8, heads=2, hidden=6, blocks=1, batch=6, rate=0.01, warmup=1, steps=4,
                    average=0.5, validate_every=2, patience=9, seed=3)  # fmt: skip


@pytest.fixture(autouse=True)
def quick():
    """Building a graph takes longer than the few steps here."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def text(settings=SETTINGS, train=SENTENCES[3:], validation=SENTENCES[:3]):
    return Text(settings, "en", train, validation)


def learner(framework, settings=SETTINGS, of=None):
    task = importlib.import_module(f"attention.{framework}.language").Language(of or text(settings))
    return importlib.import_module(f"attention.{framework}.training").Learner(task)


def losses(weights, tokens):
    """−log p of each token behind the first that is not padding, in NumPy."""
    logits = LanguageModel({n: a.astype(float) for n, a in weights.items()}, 2)(tokens[:, :-1])
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    some = np.take_along_axis(log_p, tokens[:, 1:, None], -1)[..., 0]
    return -some[tokens[:, 1:] != 0]


@both
@pytest.mark.parametrize(
    "change", [{}, {"width": 12}, {"heads": 1}, {"hidden": 5}, {"blocks": 2}, {"vocabulary": 300}, {"seed": 4}], ids=str
)
def test_the_model_is_that_of_the_settings(framework, change):
    settings = replace(SETTINGS, **change)
    made = learner(framework, settings)
    sizes = {name: getattr(settings, name) for name in ("vocabulary", "width", "heads", "hidden", "blocks")}
    found, expected = made.model.named_weights(), initial_weights(lm.shapes(**sizes), settings.seed)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array.astype("float32"))
    assert made.task.metadata()["sizes"] == sizes


@both
def test_the_loss_is_that_of_each_next_token(framework):
    made = learner(framework)
    (tokens,) = next(made.task.batches(0))
    assert (tokens == 0).any()
    batch = tuple(map(tf.constant, (tokens,))) if framework == "tensorflow" else (tokens,)
    found = ADAPTERS[framework]().take(made.task.loss(made.model, batch))
    assert found == pytest.approx(losses(made.model.named_weights(), tokens).mean(), rel=1e-5)


@both
def test_the_figures_of_validation_are_those_of_all_sentences(framework):
    of = text(validation=SENTENCES * 7)  # more than a batch
    made = learner(framework, of=of)
    found = made.validate()
    every = np.concatenate([losses(made.weights(), tokens) for (tokens,) in of.validation_batches()])
    assert found["loss"] == pytest.approx(every.mean(), rel=1e-5)
    assert found["likelihood"] == pytest.approx(np.exp(-every.mean()), rel=1e-5)


def test_both_frameworks_learn_alike():
    """The same batches, the same losses; for a few steps, after which rounding has grown."""
    found = {}
    for framework in FRAMEWORKS:
        made = learner(framework)
        found[framework] = [made.step(batch, 0.01) for batch in islice(made.task.batches(0), 4)]
    np.testing.assert_allclose(found["tensorflow"], found["pytorch"], rtol=1e-3)
    assert found["pytorch"][-1] < found["pytorch"][0]


def test_batches_are_the_sentences_of_an_epoch_and_go_on_anywhere():
    of = text()
    epoch = list(islice(of.batches(0), 6))
    seen = [decode(of.tokenizer, row[1:].tolist()) for (tokens,) in epoch[:3] for row in tokens]
    assert sorted(seen) == sorted(SENTENCES[3:])
    assert all((tokens[:, 0] == 1).all() for (tokens,) in epoch)
    assert {len(tokens) for (tokens,) in epoch} == {6, 5}
    for first in (1, 3, 4):
        for (again,), (once,) in zip(islice(of.batches(first), 2), epoch[first:], strict=False):
            np.testing.assert_array_equal(again, once)
    other = text(replace(SETTINGS, seed=4))
    assert any(not np.array_equal(a, b) for (a,), (b,) in zip(other.batches(), epoch, strict=False))


def test_other_sentences_are_other_data():
    same, more = text().fingerprint(), [text(train=SENTENCES[4:]), text(validation=SENTENCES[:2])]
    assert text().fingerprint() == same
    assert all(each.fingerprint() != same for each in [*more, Text(SETTINGS, "de", SENTENCES[3:], SENTENCES[:3])])


@both
def test_resumed_is_uninterrupted(framework, tmp_path):
    whole = loop.train(tmp_path / "whole", lambda: learner(framework))
    stop_at_the_second_validation(framework, lambda: loop.train(tmp_path / "parts", lambda: learner(framework)))
    parts = loop.train(tmp_path / "parts", lambda: learner(framework), resume=True)
    assert [(point["step"], point["loss"]) for point in parts] == [(point["step"], point["loss"]) for point in whole]
    (weights, metadata), (again, _) = load(tmp_path / "whole"), load(tmp_path / "parts")
    assert metadata["settings"] == asdict(SETTINGS)
    assert (metadata["language"], metadata["model"]) == ("en", "LanguageModel")
    for name, array in weights.items():
        np.testing.assert_array_equal(again[name], array, err_msg=name)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"vocabulary": 258}, "vocabulary must be a whole number of at least 259: got 258"),
        ({"blocks": 0}, "blocks must be a whole number of at least 1: got 0"),
        ({"heads": 3}, "width must be a multiple of twice the heads: got 128 and 3"),
        ({"width": 4}, "width must be a multiple of twice the heads: got 4 and 4"),
        ({"average": 1.0}, "average must be at least 0 and less than 1: got 1.0"),
    ],
)
def test_settings_that_make_no_sense(given, why):
    with pytest.raises(InputError) as caught:
        Settings(**given)
    assert str(caught.value) == why


def test_what_is_learned_by_where_nothing_is_said():
    assert asdict(Settings()) == {
        "vocabulary": 1500, "width": 128, "heads": 4, "hidden": 512, "blocks": 2, "batch": 64, "rate": 2e-3,
        "warmup": 200, "steps": 1500, "clip": 1.0, "average": 0.99, "validate_every": 250, "patience": 6, "seed": 1,
    }  # fmt: skip
