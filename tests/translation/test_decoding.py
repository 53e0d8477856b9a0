"""Greedy and beam search against a search through everything, on toys whose every probability is known."""

from itertools import product
from typing import NamedTuple

import pytest

from attention.data.tokenizer import END, PADDING, START
from attention.frameworks import np, tf, torch
from attention.numpy import decoding as in_numpy
from attention.numpy.recurrent import Seq2Seq
from attention.pytorch import decoding as in_pytorch
from attention.pytorch.recurrent import Seq2Seq as Seq2SeqPyTorch
from attention.tensorflow import decoding as in_tensorflow
from attention.tensorflow.recurrent import Seq2Seq as Seq2SeqTensorFlow
from tests.adapters import ADAPTERS, NumPy, PyTorch, TensorFlow
from tests.heeds import heeds
from tests.translation.conftest import SIZES

DECODING = {NumPy: in_numpy, TensorFlow: in_tensorflow, PyTorch: in_pytorch}
V, LONGEST = 4, 4
SOURCE = np.array([[7, 1, 0, 0], [9, 9, 2, 0], [4, 6, 5, 0]])  # the last token that counts says which sentence it is
LENGTHS = np.array([2, 3, 1])
SENTENCES = [1, 2, 4]
each = pytest.mark.parametrize("adapter", ADAPTERS)


class Memory(NamedTuple):
    sentence: object  # (B,)


class Toy:
    """A model whose logits hang on the sentence and on all that was written: `logits` (sentence, beginning, V).

    A beginning is a number with the digits that were written, in base V; so is the state, with its half beside it.
    """

    def __init__(self, logits, adapter, dtype="float64"):
        self.table, self.adapter, self.dtype, self.steps = logits, adapter, dtype, 0

    def encode(self, source, lengths):
        last = np.take_along_axis(self.adapter.take(source), self.adapter.take(lengths)[:, None] - 1, axis=1)[:, 0]
        nested = {"read": [Memory(self.adapter.give(last))], "nothing": None}
        return nested, self._state(np.zeros(len(last), int))

    def step(self, tokens, state, memory):
        self.steps += 1
        tokens, sentence = self.adapter.take(tokens), self.adapter.take(memory["read"][0].sentence)
        before, again = self.adapter.take(state["code"]), self.adapter.take(state["parts"][0])
        assert np.array_equal(before * 0.5, again[:, 0])  # every part follows its beam
        state = np.where((before == 0) & (tokens == START), 1, before * V + tokens)  # 1: nothing is written yet
        looked = np.stack([sentence, state], axis=-1).astype(float)  # (B, 2): what each token looked at
        given = self.adapter.give(self.table[sentence, state], self.dtype)
        return given, self._state(state), self.adapter.give(looked)

    def _state(self, code):
        return {"code": self.adapter.give(code), "parts": (self.adapter.give(code[:, None] * 0.5, self.dtype),)}


def number(written):
    code = 1
    for token in written:
        code = code * V + token
    return code


def random_table(seed):
    return np.random.default_rng(seed).normal(0, 1.5, (5, V ** (LONGEST + 1), V))


def log_p(table, sentence, written):
    """Of every token that may come next."""
    logits = table[sentence, number(written)]
    return logits - np.log(np.exp(logits).sum())


def likelihood(table, sentence, tokens):
    """log p of a whole sentence, token by token."""
    return sum(log_p(table, sentence, tokens[:t])[token] for t, token in enumerate(tokens))


def everything(limit):
    """All that can be written: sentences that end, and those of `limit` tokens that do not."""
    others = [token for token in range(V) if token != END]
    for length in range(limit):
        yield from ((*beginning, END) for beginning in product(others, repeat=length))
    yield from product(others, repeat=limit)


def slow_beam(table, sentence, limit, beam, alpha):
    """One sentence with lists; of equal candidates the earlier one stays."""
    kept = [(0.0, ())]
    for _ in range(limit):
        candidates = []
        for total, written in kept:
            if END in written:
                candidates.append((total, written))
            else:
                following = log_p(table, sentence, written)
                candidates += [(total + following[token], (*written, token)) for token in range(V)]
        kept = sorted(candidates, key=lambda candidate: -candidate[0])[:beam]
    return max(((total / len(written) ** alpha, written) for total, written in kept), key=lambda scored: scored[0])


def search(name, adapter, table, rows=(0, 1, 2), dtype="float64", **options):
    """The tokens of each sentence up to END, and the other result; what follows END is padding, or this fails."""
    toy = Toy(table, adapter, dtype)
    rows = list(rows)
    found = getattr(DECODING[adapter], name)(toy, adapter.give(SOURCE[rows]), adapter.give(LENGTHS[rows]), **options)
    tokens, rest = map(adapter.take, found)
    written = [tuple(row[: row.index(END) + 1] if END in row else row) for row in tokens.tolist()]
    for row, kept in zip(tokens.tolist(), written, strict=True):
        assert row[len(kept) :] == [PADDING] * (tokens.shape[1] - len(kept))
    return written, rest, toy


@each
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("limit", [1, 2, LONGEST])
@heeds("greedy", "model", "source", "lengths", "limit")
def test_greedy_takes_the_likeliest_each_time(adapter, seed, limit):
    table = random_table(seed)
    written, looked, toy = search("greedy", adapter, table, limit=limit)
    for b, sentence in enumerate(SENTENCES):
        expected = ()
        while len(expected) < limit and END not in expected:
            expected += (int(log_p(table, sentence, expected).argmax()),)
        assert written[b] == expected
        for t in range(len(expected)):
            assert looked[b, t].tolist() == [sentence, number(expected[:t])]
    assert toy.steps == looked.shape[1] == max(map(len, written))  # when all have ended, so does the search


@each
@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("limit", [1, 3, LONGEST])
def test_a_beam_that_holds_everything_finds_the_best_of_everything(adapter, alpha, limit):
    possible = list(everything(limit))
    for seed in range(2):
        table = random_table(seed)
        for beam in (len(possible), len(possible) + 7):
            written, scores, _ = search("beam_search", adapter, table, limit=limit, beam=beam, alpha=alpha)
            for b, sentence in enumerate(SENTENCES):
                every = {y: likelihood(table, sentence, y) / len(y) ** alpha for y in possible}
                assert written[b] == max(every, key=every.get)
                assert scores[b] == pytest.approx(every[written[b]], rel=1e-12)


def test_what_the_search_through_everything_finds_depends_on_alpha_and_needs_a_beam():
    """Else the tests around this one would tell nothing."""
    found = {
        (beam, alpha): [
            slow_beam(random_table(seed), s, LONGEST, beam, alpha)[1] for seed in range(4) for s in SENTENCES
        ]
        for beam in (1, 2, 3, 200)
        for alpha in (0.0, 0.5, 1.0, 2.0)
    }
    assert len({str(sentences) for sentences in found.values()}) >= 10
    lengths = {len(written) for sentences in found.values() for written in sentences}
    assert lengths == {1, 2, 3, 4}


@each
@pytest.mark.parametrize("beam", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("limit", [1, 2, LONGEST])
@heeds("beam_search", "model", "source", "lengths", "limit", "beam", "alpha")
def test_a_small_beam_forgets_what_it_should(adapter, beam, alpha, limit):
    for seed in range(4):
        table = random_table(seed)
        written, scores, _ = search("beam_search", adapter, table, limit=limit, beam=beam, alpha=alpha)
        for b, sentence in enumerate(SENTENCES):
            score, expected = slow_beam(table, sentence, limit, beam, alpha)
            assert written[b] == expected
            assert scores[b] == pytest.approx(score, rel=1e-12)
            assert scores[b] == pytest.approx(likelihood(table, sentence, expected) / len(expected) ** alpha)


@each
def test_without_being_told_a_beam_is_of_five_and_scores_are_per_token(adapter):
    for seed in (18, 84, 146):  # where four and six find others
        table = 0.3 * random_table(seed)
        written, scores, _ = search("beam_search", adapter, table, limit=LONGEST)
        best = {beam: [slow_beam(table, sentence, LONGEST, beam, 1.0) for sentence in SENTENCES] for beam in (4, 5, 6)}
        assert best[4] != best[5] != best[6]
        assert written == [tokens for _, tokens in best[5]]
        assert scores == pytest.approx([score for score, _ in best[5]])


@each
def test_a_beam_of_one_is_greedy(adapter):
    for seed in range(8):
        greedy, _, _ = search("greedy", adapter, random_table(seed), limit=LONGEST)
        assert search("beam_search", adapter, random_table(seed), limit=LONGEST, beam=1)[0] == greedy


@each
@pytest.mark.parametrize(("name", "options"), [("greedy", {}), ("beam_search", {"beam": 3})])
def test_a_sentence_does_not_hang_on_those_beside_it(adapter, name, options):
    table = random_table(5)
    together, rest, _ = search(name, adapter, table, limit=LONGEST, **options)
    for b in range(3):
        alone, own, _ = search(name, adapter, table, rows=[b], limit=LONGEST, **options)
        assert alone == [together[b]]
        if name == "beam_search":
            assert own[0] == pytest.approx(rest[b], rel=1e-12)
    backwards, _, _ = search(name, adapter, table, rows=[2, 1, 0], limit=LONGEST, **options)
    assert backwards == together[::-1]


@each
@pytest.mark.parametrize("beam", [None, 1, 3])
def test_the_search_stops_when_all_have_ended(adapter, beam):
    table = np.zeros((5, V**9, V))
    table[..., END] = [[-3], [-3], [5], [-3], [5]]  # sentence 1 does not want to end …
    table[1, V**3 : V**4, END] = 9  # … before three tokens are written
    name, options = ("beam_search", {"beam": beam}) if beam else ("greedy", {})
    written, _, toy = search(name, adapter, table, limit=8, **options)
    assert [len(row) for row in written] == [4, 1, 1]
    assert toy.steps == 4


@each
@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("beam", [1, 2, 3, 4, 7, 16])
def test_of_equals_the_first_is_taken(adapter, beam, alpha):
    """A tie is broken alike everywhere: by the better beginning, then by the smaller token."""
    alike = np.zeros((5, V ** (LONGEST + 1), V))
    pairs = np.repeat(np.random.default_rng(3).normal(0, 2, (5, V ** (LONGEST + 1), 1)), V, axis=-1)
    pairs[..., END] -= 3.0  # three tokens tie, and END is behind them
    for table, limit in ((alike, 1), (alike, 2), (pairs, 2)):
        written, _, _ = search("beam_search", adapter, table, limit=limit, beam=beam, alpha=alpha)
        assert written == [slow_beam(table, sentence, limit, beam, alpha)[1] for sentence in SENTENCES]
    assert search("greedy", adapter, pairs, limit=LONGEST)[0] == [(0,) * LONGEST] * 3


@pytest.mark.parametrize("adapter", [NumPy, PyTorch], ids=lambda adapter: adapter.name)
def test_the_largest_are_found_without_touching_what_is_searched(adapter):
    numbers = np.array([[1.0, 3.0, 3.0, -np.inf], [-np.inf, 2.0, -np.inf, -np.inf]])
    given = adapter.give(numbers)
    values, places = map(adapter.take, DECODING[adapter].largest(given, 3))
    assert values.tolist() == [[3, 3, 1], [2, -np.inf, -np.inf]]
    assert places[0].tolist() == [1, 2, 0]
    np.testing.assert_array_equal(adapter.take(given), numbers)


@each
def test_scores_are_computed_in_the_type_of_the_state(adapter):
    for dtype in ("float32", "float64"):
        _, scores, _ = search("beam_search", adapter, random_table(0), dtype=dtype, limit=3)
        assert scores.dtype == dtype


@each
@pytest.mark.parametrize("name", ["greedy", "beam_search"])
@pytest.mark.parametrize(
    ("option", "kind", "sentence"),
    [
        ({"limit": 0}, ValueError, "limit must be at least 1: got 0"),
        ({"limit": 2.0}, TypeError, "limit must be a whole number: got 2.0"),
        ({"limit": 2, "beam": 0}, ValueError, "beam must be at least 1: got 0"),
    ],
)
def test_less_than_one_is_refused(adapter, name, option, kind, sentence):
    if name == "beam_search" or "beam" not in option:
        with pytest.raises(kind, match=f"^{sentence}$"):
            search(name, adapter, random_table(0), **option)


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
    ("name", "options"), [("greedy", {}), ("beam_search", {"beam": 4}), ("beam_search", {"beam": 1})]
)
def test_the_same_tokens_from_a_real_model(models, batch, name, options):
    source, lengths, _ = batch
    found = [
        [np.asarray(part) for part in getattr(module, name)(model, give(source), give(lengths), 12, **options)]
        for module, model, give in models
    ]
    for tokens, rest in found[1:]:
        np.testing.assert_array_equal(tokens, found[0][0])
        np.testing.assert_allclose(rest, found[0][1], atol=1e-12)


def test_the_score_is_what_the_model_says_of_the_whole_sentence(models, batch):
    """Read at once, as in training, and not token by token."""
    (module, model, _), (source, lengths, _) = models[0], batch
    tokens, scores = module.beam_search(model, source, lengths, 12, alpha=0)
    logits, _ = model(source, lengths, np.insert(tokens[:, :-1], 0, START, axis=1))
    of_each = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    of_each = np.take_along_axis(of_each, tokens[..., None], -1)[..., 0] * (tokens != PADDING)
    np.testing.assert_allclose(scores, of_each.sum(-1))
