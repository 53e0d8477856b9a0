"""What training does, in both frameworks: a property for each setting, which fails where the setting is ignored."""

import importlib
import json
import re
from dataclasses import asdict, fields, replace
from itertools import islice

import keras
import numpy as np
import pytest

from attention.__main__ import main
from attention.arrays import ADAPTERS
from attention.data.batches import pad, sentence_batches
from attention.data.folder import folder_pairs
from attention.data.tokenizer import decode, encode
from attention.evaluation.bleu import bleu
from attention.experiments import loop, translation
from attention.experiments.translation import Corpus, Settings
from attention.frameworks import tf, torch
from attention.inputs import InputError
from attention.numpy import decoding
from attention.numpy.recurrent import Seq2Seq, sequence_loss
from attention.pytorch import training as in_pytorch
from attention.pytorch.recurrent import Seq2Seq as Seq2SeqPyTorch
from attention.tensorflow import training as in_tensorflow
from attention.tensorflow.recurrent import Seq2Seq as Seq2SeqTensorFlow
from attention.weights.store import load
from attention.weights.tables import seq2seq
from tests.command import stop_at_the_second_validation
from tests.translation.conftest import ENGLISH, GERMAN, LANGUAGES, SETTINGS, SIZES
from tests.translation.learners import FRAMEWORKS, learner, task, train
from tests.translation.pull import PULLS

OTHERS = ["Ein Kind weint.", "Der Mann schwimmt."], ["A child cries.", "The man swims."]
SHOWN = set()
both = pytest.mark.parametrize("framework", FRAMEWORKS)


def shows(*names):
    """The settings that a test is about."""
    SHOWN.update(names)
    return lambda test: test


@pytest.fixture(autouse=True)
def without_graphs():
    """Building a graph takes longer than the few steps here."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def corpus_of(settings, train=(GERMAN, ENGLISH), validation=(GERMAN, ENGLISH)):
    return Corpus(settings, LANGUAGES, train, validation)


def pulled(framework, tmp_path, settings, **options):
    """A training of the toy: the learner, and how far the first weight moved in each step."""
    places = [0.0]

    class Watched(importlib.import_module(f"attention.{framework}.training").Learner):
        def step(self, batch, rate):
            loss = super().step(batch, rate)
            places.append(float(self.model.named_weights()["place"][0]))
            return loss

    made = Watched(PULLS[framework](settings, **options))
    curve = loop.train(tmp_path / "model", lambda: made)
    return made, -np.diff(places), curve


# The optimiser


@both
@shows("rate", "warmup", "steps")
def test_each_step_is_as_long_as_the_schedule_says(framework, tmp_path):
    settings = replace(SETTINGS, rate=0.08, warmup=4, steps=12)
    _, moved, _ = pulled(framework, tmp_path, settings)
    by_hand = [0.02, 0.04, 0.06, 0.08, 0.07, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01, 0.0]
    np.testing.assert_allclose(moved, by_hand, atol=1e-5)


@both
def test_without_warmup_the_first_rate_is_nearly_the_highest(framework, tmp_path):
    _, moved, _ = pulled(framework, tmp_path, replace(SETTINGS, rate=0.1, warmup=0, steps=4))
    np.testing.assert_allclose(moved, [0.075, 0.05, 0.025, 0.0], atol=1e-5)


@both
@shows("clip")
def test_a_gradient_is_cut_to_its_length_and_keeps_its_direction(framework, tmp_path):
    """(30, 40) is cut to (0.6, 0.8), as if it had been that: Adam, who sees the same again, moves by the rate."""
    settings = replace(SETTINGS, rate=0.01, warmup=1, steps=4)
    _, moved, _ = pulled(framework, tmp_path, settings, pulls=[(0.6, 0.8), (30.0, 40.0)])
    np.testing.assert_allclose(moved, [0.01, 0.01 * 2 / 3, 0.01 / 3, 0], atol=1e-5)
    (tmp_path / "model").unlink()
    (tmp_path / "model.run" / "checkpoint.safetensors").unlink()
    _, longer, _ = pulled(framework, tmp_path, replace(settings, clip=100.0), pulls=[(0.6, 0.8), (30.0, 40.0)])
    assert np.abs(longer - moved).max() > 1e-3


def test_the_gradient_of_all_weights_is_cut_as_one():
    """In PyTorch as in Keras: cut one by one, weights would move otherwise."""
    settings = replace(SETTINGS, dropout=0.0, piece_dropout=0.0, clip=0.3)
    found = []
    for framework in FRAMEWORKS:
        made = learner(framework, settings, corpus_of(settings))
        for batch in islice(made.task.batches(0), 4):
            made.step(batch, 0.01)
        found.append(made.model.named_weights())
    apart = [np.abs(array - found[1][name]).mean() for name, array in found[0].items()]
    assert np.median(apart) < 2e-4  # 3e-5; cut one by one 6e-4


@both
@shows("average")
def test_what_is_stored_is_a_moving_average_that_begins_with_the_first_step(framework):
    made = learner(framework, replace(SETTINGS, average=0.75), corpus_of(SETTINGS))
    expected = None
    for batch in islice(made.task.batches(0), 4):
        made.step(batch, 0.01)
        now = made.model.named_weights()
        expected = now if expected is None else {n: 0.75 * expected[n] + 0.25 * now[n] for n in now}
        found = made.weights()
        for name, array in expected.items():
            np.testing.assert_allclose(found[name], array, atol=1e-6, err_msg=name)
    assert any(np.abs(found[name] - now[name]).max() > 1e-3 for name in now)


def test_both_frameworks_learn_alike(corpus, settings):
    """Without dropout the same batches lead to the same weights."""
    settings = replace(settings, dropout=0.0)
    pytorch, tensorflow = Seq2SeqPyTorch(**SIZES), Seq2SeqTensorFlow(**SIZES)
    adam = torch.optim.Adam(pytorch.parameters(), betas=(0.9, 0.98))
    keras_adam = keras.optimizers.Adam(0.01, beta_2=0.98, epsilon=1e-8, global_clipnorm=settings.clip)
    tasks = {framework: task(framework, settings, corpus) for framework in FRAMEWORKS}
    batches, losses = corpus.batches(), []
    for _ in range(4):
        batch = next(batches)
        first = in_pytorch.train_step(tasks["pytorch"], pytorch, adam, settings.clip, 0.01, batch)
        second = in_tensorflow.train_step(tasks["tensorflow"], tensorflow, keras_adam, *map(tf.constant, batch))
        assert first == pytest.approx(float(second), rel=1e-4)
        losses.append(first)
    assert losses[-1] < losses[0]


def test_one_graph_of_tensorflow_serves_sentences_of_all_lengths():
    """And learns from each as an eager step does."""
    tf.config.run_functions_eagerly(False)
    settings = replace(SETTINGS, dropout=0.0)
    in_graph, eager = (learner("tensorflow", settings, corpus_of(settings)) for _ in range(2))
    rng = np.random.default_rng(3)
    for size, longest, written in ((3, 4, 3), (2, 9, 6), (1, 1, 1), (3, 5, 9)):
        batch = *pad([rng.integers(3, 320, longest).tolist()] * size), rng.integers(3, 320, (size, 1 + written))
        found = in_graph.step(batch, 0.01)
        eager.optimizer.learning_rate.assign(0.01)
        expected = in_tensorflow.train_step(eager.task, eager.model, eager.optimizer, *map(tf.constant, batch))
        assert found == pytest.approx(float(expected), rel=1e-5)
    assert in_graph.learn.experimental_get_tracing_count() == 1
    for name, array in eager.model.named_weights().items():
        np.testing.assert_allclose(in_graph.model.named_weights()[name], array, atol=1e-4, err_msg=name)


# The model and its loss


@both
@shows("vocabulary", "width", "encoder_width")
def test_the_model_has_the_sizes_of_the_settings(framework):
    settings = replace(SETTINGS, vocabulary=300, width=12, encoder_width=6)
    found = learner(framework, settings, corpus_of(settings)).weights()
    assert {name: array.shape for name, array in found.items()} == seq2seq.shapes(300, 12, 6)


def test_a_vocabulary_is_no_larger_than_the_text_gives():
    corpus = corpus_of(replace(SETTINGS, vocabulary=4000))
    assert corpus.metadata()["sizes"]["vocabulary"] == corpus.tokenizer.get_vocab_size() < 400


@both
@shows("dropout")
def test_dropout_is_on_in_training_and_off_in_validation(framework):
    plain, dropping = (learner(framework, replace(SETTINGS, dropout=d), corpus_of(SETTINGS)) for d in (0.0, 0.5))
    batch = next(plain.task.batches(0))
    plain_losses, losses = ([float(made.step(batch, 0.0)) for _ in range(2)] for made in (plain, dropping))
    assert plain_losses[0] == pytest.approx(plain_losses[1], rel=1e-6)
    assert len({round(loss, 4) for loss in (*losses, plain_losses[0])}) == 3
    assert plain.validate() == pytest.approx(dropping.validate(), rel=1e-6)


@both
def test_dropout_is_in_embeddings_encoder_states_and_readout(framework):
    """Each of them is seen alone; what two of them take is the product of their shares."""
    rng = np.random.default_rng(9)
    width, words = SIZES["width"], 40
    dropping = {**SIZES, "dropout": 0.5}
    model = {"pytorch": Seq2SeqPyTorch, "tensorflow": Seq2SeqTensorFlow}[framework](**dropping)
    arrays = ADAPTERS[framework]()
    give, take = arrays.give, arrays.take
    training = {} if framework == "pytorch" else {"training": True}
    weights = {name: rng.standard_normal(shape) / 2 for name, shape in seq2seq.shapes(**SIZES).items()}
    model.set_named_weights(weights)
    source, lengths = give(rng.integers(3, 320, (words, 5))), give(np.full(words, 5))
    memory, state = model.encode(source, lengths, **training)
    _, other = model.encode(source, lengths, **training)
    assert (take(memory.values) == 0).mean() == pytest.approx(0.5, abs=0.1)  # encoder states
    assert np.abs(take(state) - take(other)).max() > 1e-3  # embeddings of the source, before the first state
    target = give(np.full((words, 1), 5))
    first, second = (take(model(source, lengths, target, **training)[1]) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3  # and where the whole model is called
    # The readout hands on the embedding, of which the pieces from 10 on show a feature each.
    weights["embedding"][5], weights["embedding"][10 : 10 + width] = 1, np.eye(width)
    weights["decoder.readout_weight"][:] = 0
    weights["decoder.readout_weight"][:width] = np.eye(width)
    for name in ("decoder.readout_bias", "output_bias"):
        weights[name][:] = 0
    model.set_named_weights(weights)
    features = take(model(source, lengths, target, **training)[0])[..., 10 : 10 + width]
    assert (features == 0).mean() == pytest.approx(0.75, abs=0.1)  # embeddings of the target, and readout


@both
@shows("smoothing")
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_loss_is_of_what_comes_next_smoothed(framework, smoothing):
    made = learner(framework, replace(SETTINGS, dropout=0.0, smoothing=smoothing), corpus_of(SETTINGS))
    source, lengths, target = batch = next(made.task.batches(0))
    seen, due = target[:, :-1], target[:, 1:]
    assert (seen[:, 0] == 1).all()
    logits, _ = Seq2Seq(made.model.named_weights())(source, lengths, seen)
    expected = sequence_loss(logits, due, smoothing)
    assert made.step(batch, 0.01) == pytest.approx(expected, rel=1e-5)


# The data


def rows_of(batches):
    """The source sentences in some batches, without their padding."""
    return [row[:n].tolist() for source, lengths, _ in batches for row, n in zip(source, lengths, strict=True)]


@shows("piece_dropout")
def test_words_of_the_source_are_cut_in_several_ways_in_training_alone():
    plain, dropping = (corpus_of(replace(SETTINGS, piece_dropout=p)) for p in (0.0, 0.5))
    expected = sorted(encode(plain.tokenizer, GERMAN))
    goal = sorted([1, *row] for row in encode(plain.tokenizer, ENGLISH))
    for corpus, varied in ((plain, False), (dropping, True)):
        epochs = [list(islice(corpus.batches(2 * i), 2)) for i in range(3)]
        cuts = [sorted(rows_of(epoch)) for epoch in epochs]
        assert all((cut != expected) == varied for cut in cuts)
        assert (len({str(cut) for cut in cuts}) > 1) == varied
        written = [sorted([t for t in row.tolist() if t] for *_, target in e for row in target) for e in epochs]
        assert written == [goal] * 3
        ((source, lengths, _),) = corpus.validation_batches()
        assert sorted(row[:n].tolist() for row, n in zip(source, lengths, strict=True)) == expected


@shows("batch")
@pytest.mark.parametrize(("batch", "sizes"), [(1, [1, 1, 1, 1]), (3, [1, 3]), (4, [4]), (9, [4])])
def test_a_batch_has_as_many_pairs_and_an_epoch_each_pair_once(batch, sizes):
    corpus = corpus_of(replace(SETTINGS, batch=batch, piece_dropout=0.0))
    for epoch in range(3):
        found = list(islice(corpus.batches(epoch * len(sizes)), len(sizes)))
        assert sorted(len(source) for source, *_ in found) == sizes
        assert sorted(rows_of(found)) == sorted(encode(corpus.tokenizer, GERMAN))


MANY = tuple([f"{one} {i} {more * (i % 5)}" for i in range(40)] for one, more in (("Satz", "oder "), ("Text", "or ")))


def told(batches, count):
    return [tuple(part.tobytes() for part in batch) for batch in islice(batches, count)]


def test_the_order_depends_on_seed_and_epoch_and_on_nothing_else():
    settings = replace(SETTINGS, batch=4, piece_dropout=0.0)  # which would make all batches differ
    corpus, same, other = (corpus_of(replace(settings, seed=seed), MANY) for seed in (3, 3, 4))
    first = told(corpus.batches(), 10)
    assert first == told(same.batches(), 10)
    assert first != told(other.batches(), 10)
    assert first != told(corpus.batches(10), 10)  # the second epoch


def test_other_validation_sentences_are_other_data():
    assert corpus_of(SETTINGS).fingerprint() == corpus_of(SETTINGS).fingerprint()
    assert corpus_of(SETTINGS).fingerprint() != corpus_of(SETTINGS, validation=OTHERS).fingerprint()


@pytest.mark.parametrize("step", [1, 9, 10, 13, 27])
def test_taken_up_anywhere_the_batches_are_the_rest(step):
    corpus = corpus_of(replace(SETTINGS, batch=4), MANY)
    assert told(corpus.batches(step), 12) == told(corpus.batches(), step + 12)[step:]


# Validation


@pytest.fixture(scope="module")
def fitted():
    """A learner that knows four sentences by heart, and two others to be validated on; made once."""
    made = {}

    def of(framework):
        if framework not in made:
            settings = replace(SETTINGS, dropout=0.0, piece_dropout=0.0, smoothing=0.0, batch=4, average=0.0)
            one = learner(framework, settings, corpus_of(settings, validation=OTHERS))
            batches = one.task.batches(0)
            tf.config.run_functions_eagerly(False)  # all batches have one shape here
            losses = [one.step(next(batches), 0.02) for _ in range(60)]
            tf.config.run_functions_eagerly(True)
            made[framework] = one, losses
        return made[framework]

    return of


def measured(weights, corpus, pairs):
    """Loss and BLEU again, by NumPy."""
    model = Seq2Seq(weights)
    source, target = (encode(corpus.tokenizer, sentences) for sentences in pairs)
    total = count = 0
    written = []
    for sources, lengths, targets in sentence_batches(source, target, 128):
        tokens = (targets[:, 1:] != 0).sum()
        total += tokens * sequence_loss(model(sources, lengths, targets[:, :-1])[0], targets[:, 1:])
        count += tokens
        found, _ = decoding.greedy(model, sources, lengths, 2 * sources.shape[1] + 10)
        written += [(decode(corpus.tokenizer, f.tolist()), decode(corpus.tokenizer, t.tolist()[1:]))
                    for f, t in zip(found, targets, strict=True)]  # fmt: skip
    return {"loss": total / count, "bleu": bleu(*zip(*written, strict=True))[0]}


@both
def test_what_is_learned_is_known(framework, fitted):
    made, losses = fitted(framework)
    assert losses[0] > 5
    assert losses[-1] < 0.5
    assert measured(made.weights(), made.task.corpus, (GERMAN, ENGLISH))["bleu"] > 60


@both
def test_validation_is_of_validation_data(framework, fitted):
    made, _ = fitted(framework)
    found = made.validate()
    assert found == pytest.approx(measured(made.weights(), made.task.corpus, OTHERS), rel=1e-4)
    assert found["loss"] > 2
    assert found["bleu"] < 50


@both
def test_the_score_is_of_greedy_translations(framework, fitted):
    """On what it knows: the BLEU of what NumPy would write."""
    made, _ = fitted(framework)
    corpus = corpus_of(made.settings, validation=(GERMAN, ENGLISH))
    average = made.average.module if framework == "pytorch" else made.average
    again = task(framework, made.settings, corpus).validate(average)
    assert again == pytest.approx(measured(made.weights(), corpus, (GERMAN, ENGLISH)), rel=1e-4)


@both
def test_every_token_of_validation_counts_alike(framework, weights):
    """In two batches, of which the second is short, and long sentences stand beside shorter ones."""
    validation = tuple([*side[:1] * 130, *(f"{text} {text}" for text in side[1:])] for side in (GERMAN, ENGLISH))
    made = task(framework, SETTINGS, corpus_of(SETTINGS, validation=validation))
    model = made.model()
    model.set_named_weights(weights)  # by which some sentences are far less likely than others
    if framework == "pytorch":
        model.eval()
    assert made.validate(model)["loss"] == pytest.approx(
        measured(model.named_weights(), made.corpus, validation)["loss"], rel=1e-4
    )


@both
@shows("validate_every")
def test_validated_now_and_then_and_at_the_end(framework, tmp_path):
    _, _, curve = pulled(framework, tmp_path, replace(SETTINGS, steps=7, validate_every=3, patience=9))
    assert [point["step"] for point in curve] == [3, 6, 7]


@both
@shows("patience")
@pytest.mark.parametrize(
    ("rewards", "patience", "validations", "best"),
    [
        ([5, 4, 3, 9], 2, 3, 1),  # two that are not better, and it stops
        ([5, 4, 6, 5, 5, 9], 2, 5, 3),
        ([5, 4, 6, 5, 5, 9], 3, 6, 6),
        ([5, 5, 5, 5], 1, 2, 1),  # as good is not better, and the first is kept
        ([1, 2, 3, 4, 5, 6], 1, 6, 6),
    ],
)
def test_the_best_by_validation_is_stored_and_training_ends_without_better(
    framework, rewards, patience, validations, best, tmp_path
):
    settings = replace(SETTINGS, steps=6, warmup=1, rate=0.1, validate_every=1, patience=patience, average=0.0)
    _, moved, curve = pulled(framework, tmp_path, settings, rewards=rewards)
    assert [point["reward"] for point in curve] == rewards[:validations]
    weights, metadata = load(tmp_path / "model")
    assert metadata["curve"] == curve[:best]
    np.testing.assert_allclose(weights["place"][0], -moved[:best].sum(), rtol=1e-3)


@both
def test_the_model_file_tells_how_it_was_made(framework, tmp_path):
    settings = replace(SETTINGS, steps=2, validate_every=2)
    train(framework, settings, corpus_of(settings), tmp_path / "model")
    _, metadata = load(tmp_path / "model")
    about = json.loads((tmp_path / "model.run" / "run.json").read_text())
    assert metadata["settings"] == about["settings"] == asdict(settings)
    for name in ("framework", "command", "machine", "versions"):
        assert metadata[name] == about[name]
    assert metadata["languages"] == ["de", "en"]
    assert metadata["sizes"] == SIZES


# Seeds


@both
@shows("seed")
def test_everything_that_is_drawn_is_drawn_from_the_seed(framework):
    def losses(seed):
        made = learner(framework, replace(SETTINGS, seed=seed, dropout=0.5), corpus_of(SETTINGS))
        first = made.model.named_weights()
        batch = next(corpus_of(SETTINGS).batches())  # the same for all
        return first, [made.step(batch, 0.0) for _ in range(2)]

    (first, found), (again, found_again), (other, found_other) = losses(3), losses(3), losses(4)
    assert all((first[name] == again[name]).all() for name in first)
    assert found == found_again
    assert any((first[name] != other[name]).any() for name in first)
    assert found != found_other


@both
def test_dropout_is_drawn_from_the_seed_too(framework, weights):
    def loss(seed):
        made = learner(framework, replace(SETTINGS, seed=seed, dropout=0.5), corpus_of(SETTINGS))
        made.model.set_named_weights(weights)
        return made.step(next(corpus_of(SETTINGS).batches()), 0.0)

    assert loss(3) == loss(3) != loss(4)


@both
def test_resumed_is_uninterrupted(framework, corpus, settings, tmp_path):
    whole = train(framework, settings, corpus, tmp_path / "whole")
    assert [entry["step"] for entry in whole] == [3, 6]
    assert whole[1]["loss"] < whole[0]["loss"] < 5.9  # log 320 = 5.8 is what knowing nothing costs

    stop_at_the_second_validation(framework, lambda: train(framework, settings, corpus, tmp_path / "parts"))
    parts = train(framework, settings, corpus, tmp_path / "parts", resume=True)

    assert [entry["loss"] for entry in parts] == pytest.approx([entry["loss"] for entry in whole], rel=1e-6)
    for name, array in load(tmp_path / "whole")[0].items():
        np.testing.assert_allclose(load(tmp_path / "parts")[0][name], array, atol=1e-6)


def test_no_setting_is_without_a_property():
    assert {field.name for field in fields(Settings)} == SHOWN


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("vocabulary", 258, "vocabulary must be a whole number of at least 259: got 258"),
        ("width", 0, "width must be a whole number of at least 1: got 0"),
        ("batch", 2.5, "batch must be a whole number of at least 1: got 2.5"),
        ("steps", 0, "steps must be a whole number of at least 1: got 0"),
        ("warmup", -1, "warmup must be a whole number of at least 0: got -1"),
        ("patience", -1, "patience must be a whole number of at least 0: got -1"),
        ("seed", True, "seed must be a whole number of at least 0: got True"),
        ("dropout", 1.0, "dropout must be at least 0 and less than 1: got 1.0"),
        ("average", -0.1, "average must be at least 0 and less than 1: got -0.1"),
        ("smoothing", float("nan"), "smoothing must be at least 0 and less than 1: got nan"),
        ("rate", 0.0, "rate must be a positive number: got 0.0"),
        ("clip", float("inf"), "clip must be a positive number: got inf"),
    ],
)
def test_settings_that_make_no_sense(name, value, why):
    with pytest.raises(InputError) as caught:
        Settings(**{name: value})
    assert str(caught.value) == why


# The command


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A reader's own pairs, and settings with which learning takes no time."""
    monkeypatch.setattr(translation, "Settings", lambda: SETTINGS)
    monkeypatch.chdir(tmp_path)
    texts = tmp_path / "texts"
    texts.mkdir()
    for language, sentences in (("xx", MANY[0]), ("yy", MANY[1])):
        (texts / f"all.{language}").write_text("\n".join(sentences) + "\n", encoding="utf-8")
    return texts


def command(folder, *options):
    start = ["train", "translation", "--data", str(folder), "--languages", "xx", "yy", "--device", "cpu"]
    return main([*start, *options])


@both
def test_the_command_heeds_its_options(framework, folder, tmp_path, capsys):
    path = tmp_path / "deep" / "mine"
    assert command(folder, "--framework", framework, "--steps", "2", "--seed", "9", "--model", str(path)) == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(rf"{re.escape(str(path))}: validation BLEU = \d+\.\d\d after 2 steps\n", out)
    assert "36 pairs to learn from, 4 to validate on" in err
    _, metadata = load(path)
    assert metadata["framework"] == framework
    assert metadata["languages"] == ["xx", "yy"]
    assert metadata["settings"] == asdict(replace(SETTINGS, steps=2, seed=9))
    assert main(["translate", "--model", str(path), MANY[0][0]]) == 0  # it is a model like any other


def test_the_command_tells_the_score_of_what_it_has_stored(folder, tmp_path, capsys):
    """Nothing is translated yet after three steps nor after six: as good is not better."""
    assert command(folder, "--framework", "pytorch", "--model", str(tmp_path / "mine")) == 0
    best = load(tmp_path / "mine")[1]["curve"][-1]
    assert best["step"] == 3
    assert capsys.readouterr().out.endswith(f"validation BLEU = {best['bleu']:.2f} after 3 steps\n")


def test_without_a_name_it_is_stored_in_work(folder, tmp_path):
    assert command(folder, "--framework", "pytorch", "--steps", "1") == 0
    assert load(tmp_path / "work" / "gru_xx_yy_pytorch.safetensors")[1]["settings"]["seed"] == SETTINGS.seed
    assert command(folder, "--framework", "pytorch", "--steps", "1") == 2
    assert command(folder, "--framework", "pytorch", "--steps", "1", "--resume") == 0


@both
def test_it_learns_on_a_gpu_where_there_is_one_unless_told_otherwise(framework, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(f"attention.{framework}.device.use_device", seen.append)
    nowhere = ["--data", str(tmp_path / "nowhere"), "--model", str(tmp_path / "model")]
    for given in ([], ["--device", "cpu"]):
        assert main(["train", "translation", "--framework", framework, *nowhere, *given]) == 2
    assert seen == ["auto", "cpu"]


@both
def test_a_gpu_that_is_not_there_is_missed_before_the_work_begins(framework, folder, tmp_path, capsys):
    found = torch.cuda.is_available() if framework == "pytorch" else tf.config.list_physical_devices("GPU")
    if found:
        pytest.skip("there is a GPU")
    assert command(folder, "--framework", framework, "--device", "cuda") == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "device cuda was asked for, but" in err
    assert not (tmp_path / "work").exists()


def test_a_path_that_will_not_do_is_refused_before_the_text_is_read(folder, tmp_path, capsys):
    (tmp_path / "there").mkdir()
    assert command(folder / "nowhere", "--framework", "pytorch", "--model", str(tmp_path / "there")) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'there'} is a folder: give the name of a file for the model\n"


# A reader's own text


def write(folder, **texts):
    folder.mkdir(exist_ok=True)
    for name, lines in texts.items():
        (folder / f"t.{name}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def test_no_sentence_is_both_learned_and_validated(tmp_path):
    sentences = [f"a {i % 60}" for i in range(120)]  # each twice, with two translations
    write(tmp_path / "f", de=[*sentences, " ", "x"], en=[*(f"b {i}" for i in range(120)), "y", ""])
    train_, validation = folder_pairs(tmp_path / "f", "de", "en")
    assert not set(train_[0]) & set(validation[0])
    assert len(set(validation[0])) == 6
    assert sorted(train_[1] + validation[1]) == sorted(f"b {i}" for i in range(120))
    assert all(a == f"a {int(b[2:]) % 60}" for part in (train_, validation) for a, b in zip(*part, strict=True))
    assert folder_pairs(tmp_path / "f", "de", "en") == (train_, validation)


def test_a_folder_that_will_not_do(tmp_path):
    def why(*languages, folder=tmp_path / "f"):
        with pytest.raises(InputError) as caught:
            folder_pairs(folder, *languages)
        return str(caught.value)

    assert why("de", "en") == f"there is no folder {tmp_path / 'f'}"
    write(tmp_path / "f", de=["a"] * 30, en=["b"] * 29, fr=[f"{i}" for i in range(30)])
    assert why("de", "es").endswith("must hold one file whose name ends in .es, or .es.gz: found none")
    assert why("de", "en").startswith("the two files must have a line for each pair: ")
    assert why("de", "fr").endswith("has 1 different sentences: at least 20 are needed to learn from")
    (tmp_path / "f" / "u.de").touch()
    assert why("de", "fr").endswith("found t.de, u.de")


def test_what_is_learned_by_where_nothing_is_said():
    assert asdict(Settings()) == {
        "vocabulary": 4000, "width": 256, "encoder_width": 192, "dropout": 0.3, "piece_dropout": 0.05,
        "smoothing": 0.1, "batch": 64, "rate": 1.5e-3, "warmup": 500, "steps": 6000, "clip": 1.0, "average": 0.998,
        "validate_every": 500, "patience": 6, "seed": 1,
    }  # fmt: skip
