"""The same tokens from all three frameworks, and a beam that finds what is likelier."""

import pytest

from attention.frameworks import np, tf, torch
from attention.numpy import decoding as in_numpy
from attention.numpy.recurrent import Seq2Seq
from attention.pytorch import decoding as in_pytorch
from attention.pytorch.recurrent import Seq2Seq as Seq2SeqPyTorch
from attention.tensorflow import decoding as in_tensorflow
from attention.tensorflow.recurrent import Seq2Seq as Seq2SeqTensorFlow
from tests.translation.conftest import SIZES


@pytest.fixture(scope="module")
def models(weights):
    tensorflow, pytorch = Seq2SeqTensorFlow(**SIZES, dtype="float64"), Seq2SeqPyTorch(**SIZES, dtype=torch.float64)
    tensorflow.set_named_weights(weights)
    pytorch.set_named_weights(weights)
    return [
        (in_numpy, Seq2Seq(weights), np.asarray),
        (in_tensorflow, tensorflow, tf.constant),
        (in_pytorch, pytorch, torch.from_numpy),
    ]


@pytest.mark.parametrize(
    ("search", "options"), [("greedy", {}), ("beam_search", {"beam": 4}), ("beam_search", {"beam": 1})]
)
def test_the_same_tokens(models, batch, search, options):
    source, lengths, _ = batch
    found = [
        [np.asarray(part) for part in getattr(module, search)(model, give(source), give(lengths), 12, **options)]
        for module, model, give in models
    ]
    for tokens, rest in found[1:]:
        np.testing.assert_array_equal(tokens, found[0][0])
        np.testing.assert_allclose(rest, found[0][1], atol=1e-12)


def log_likelihood(model, source, lengths, tokens):
    """Of the tokens up to END, for each sentence."""
    seen = np.insert(tokens[:, :-1], 0, 1, axis=1)
    logits, _ = model(source, lengths, seen)
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return (np.take_along_axis(log_p, tokens[..., None], -1)[..., 0] * (tokens != 0)).sum(-1)


def test_a_beam_of_one_is_greedy(models, batch):
    (module, model, _), (source, lengths, _) = models[0], batch
    greedy, _ = module.greedy(model, source, lengths, 12)
    beam, scores = module.beam_search(model, source, lengths, 12, beam=1, alpha=0)
    np.testing.assert_array_equal(greedy, beam)
    np.testing.assert_allclose(scores, log_likelihood(model, source, lengths, beam))


def test_a_full_beam_finds_the_likeliest(weights, batch):
    """With a beam for every beginning nothing is lost: compared with all sentences of at most two tokens."""
    source, lengths, _ = batch
    few = {name: array[:6] if name in ("embedding", "output_bias") else array for name, array in weights.items()}
    source = np.where(source == 0, 0, 3 + source % 3)
    model = Seq2Seq(few)
    found, scores = in_numpy.beam_search(model, source, lengths, 2, beam=6, alpha=0)
    every = np.array([(2, 0), *((a, b) for a in (0, 1, 3, 4, 5) for b in range(6))])  # END alone, or two tokens
    for b in range(len(source)):
        repeat = lambda array, b=b: np.repeat(array[b : b + 1], len(every), axis=0)
        seen = np.insert(every[:, :-1], 0, 1, axis=1)
        logits, _ = model(repeat(source), repeat(lengths), seen)
        log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        ended = np.array([[True, row[0] != 2] for row in every])
        likelihood = (np.take_along_axis(log_p, every[..., None], -1)[..., 0] * ended).sum(-1)
        assert scores[b] == pytest.approx(likelihood.max())
        np.testing.assert_array_equal(found[b], every[likelihood.argmax()][: found.shape[1]])


def test_nothing_is_written_after_the_end(models, batch):
    (module, model, _), (source, lengths, _) = models[0], batch
    tokens, looked = module.greedy(model, source, lengths, 40)
    for row in tokens:
        if 2 in row:
            assert not row[list(row).index(2) + 1 :].any()
    np.testing.assert_allclose(looked.sum(-1), 1)
