"""The study of positions: its two tasks, what its models can know, what was found, and a small part measured again."""

import numpy as np
import pytest
import torch

from attention.experiments.study import load_study
from attention.results import read_result

study = load_study("positions")


def rows_of(**wanted):
    return [row for row in read_result("positions")["rows"] if wanted.items() <= row.items()]


def test_shift_asks_for_the_word_three_places_before():
    words, said = study.sentences("shift", 4, 9, np.random.default_rng(0))
    assert words.shape == said.shape == (4, 9)
    assert (said[:, :3] == -1).all()
    assert torch.equal(said[:, 3:], words[:, :-3])
    assert words.max() < study.WORDS


def test_nearest_asks_for_the_last_noun_before():
    words, said = study.sentences("nearest", 40, 9, np.random.default_rng(0))
    for row, answers in zip(words.tolist(), said.tolist(), strict=True):
        for i, answer in enumerate(answers):
            nouns = [word for word in row[:i] if word < study.NOUNS]
            assert answer == (nouns[-1] if nouns else -1)


def logits(kind, words, seed=1):
    with torch.no_grad():
        return study.Model(kind, seed)(words)


@pytest.mark.parametrize("kind", study.KINDS)
def test_nobody_sees_what_comes_later(kind):
    words, _ = study.sentences("shift", 2, 9, np.random.default_rng(1))
    changed = words.clone()
    changed[:, 6:] = (changed[:, 6:] + 1) % study.WORDS
    before, after = logits(kind, words), logits(kind, changed)
    torch.testing.assert_close(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


@pytest.mark.parametrize("kind", study.KINDS)
def test_whether_two_earlier_words_exchanged_make_a_difference(kind):
    """In one layer: to a model that is told nothing the words before a place are a bag. A bias that is to be learned
    begins with zeros."""
    words = torch.tensor([[5, 9, 2, 7]])
    model, told = study.Model(kind, 1), kind not in ("none", "clipped")
    model.layers = model.layers[:1]
    with torch.no_grad():
        apart = (model(words)[0, -1] - model(words[:, [1, 0, 2, 3]])[0, -1]).abs().max().item()
    assert (apart > 1e-4) == told


@pytest.mark.parametrize("kind", study.KINDS)
def test_a_reach_hides_what_lies_farther_in_each_layer(kind):
    """Two layers that see two places each: what lies more than four places back makes no difference."""
    words, _ = study.sentences("shift", 2, 9, np.random.default_rng(1))
    changed = words.clone()
    changed[:, 0] = (changed[:, 0] + 1) % study.WORDS
    model = study.Model(kind, 1)
    with torch.no_grad():
        near, far = model(words, 2), model(changed, 2)
        torch.testing.assert_close(near[:, 5:], far[:, 5:])
        assert not torch.allclose(near[:, 3:5], far[:, 3:5])
        assert not torch.allclose(model(words)[:, 5:], model(changed)[:, 5:])


@pytest.mark.parametrize("kind", study.KINDS)
def test_where_a_sentence_begins_makes_a_difference_to_tables_alone(kind):
    words, model = study.sentences("shift", 2, 9, np.random.default_rng(1))[0], study.Model(kind, 1)
    with torch.no_grad():
        off = (model(words) - model(words, first=study.MOVED)).abs().max().item()
    assert (off > 0.1) == (kind in ("sinusoids", "learned"))
    assert off > 0.1 or off < 1e-5


def test_held_keys_are_turned_as_if_they_stood_where_the_farthest_did():
    """All are seen; two of those that lie farther away may be exchanged, and the last place hears the same."""
    model, words = study.Model("rotary", 1), study.sentences("shift", 2, 40, np.random.default_rng(1))[0]
    model.layers = model.layers[:1]
    exchanged = words.clone()
    exchanged[:, [2, 12]] = words[:, [12, 2]]
    with torch.no_grad():
        short = words[:, : study.LONGEST]
        torch.testing.assert_close(study.held(model, short), model(short))
        before, after = study.held(model, words)[:, -1], study.held(model, exchanged)[:, -1]
        torch.testing.assert_close(before, after)
        gone = words.clone()
        gone[:, 2] = (words[:, 2] + 1) % study.WORDS
        assert not torch.allclose(before, study.held(model, gone)[:, -1])
        assert not torch.allclose(model(words)[:, -1], model(exchanged)[:, -1])


def test_a_learned_bias_belongs_to_its_distance():
    layer = study.Layer("clipped", 0)
    with torch.no_grad():
        layer.by_distance.copy_(torch.arange(layer.by_distance.numel()).reshape(layer.by_distance.shape))
    bias = layer.bias(20)
    assert bias[0, 5, 5] == 0
    assert bias[0, 5, 2] == 3
    assert bias[1, 19, 0] == bias[1, 19, 19 - study.CLIP] == 2 * study.CLIP + 1


def test_all_have_the_same_to_learn_but_for_what_tells_places():
    sizes = {kind: rows_of(kind=kind)[0]["parameters"] for kind in study.KINDS}
    plain = sizes["none"]
    more = {"learned": study.TESTED[-1] * study.SIZES["width"]}
    more["clipped"] = study.SIZES["layers"] * study.SIZES["heads"] * (study.CLIP + 1)
    assert sizes == {kind: plain + more.get(kind, 0) for kind in study.KINDS}


def test_there_are_three_seeds_of_each_and_shares():
    assert [{name: row[name] for name in study.PARTS[0]} for row in read_result("positions")["rows"]] == study.PARTS
    for row in rows_of():
        assert all(0 <= row[f"{name}_{length}"] <= 1 for length in study.TESTED for name in ("right", "near"))
        assert row["right_17"] == row["near_17"]
        assert ("held_65" in row) == (row["kind"] == "rotary")
    for kind in study.KINDS:
        for rate, seeds in {study.RATE: 3, **dict.fromkeys(study.OTHER_RATES, 1)}.items():
            assert len({row["loss"] for row in rows_of(task="nearest", kind=kind, rate=rate)}) == seeds


def test_a_small_part_is_measured_again(monkeypatch):
    monkeypatch.setattr(study, "STEPS", 30)
    monkeypatch.setattr(study, "WARMUP", 3)
    monkeypatch.setattr(study, "TEST", 20)
    first = study.measure("shift", "rotary", 1)
    assert first == study.measure("shift", "rotary", 1)
    assert first["loss"] != study.measure("shift", "rotary", 2)["loss"]
    assert {*study.measure("nearest", "alibi", 1), "held_65"} == first.keys()
    assert {*first, "task", "kind", "seed", "rate"} == rows_of(kind="rotary")[0].keys()


def test_training_teaches(monkeypatch):
    """A few hundred steps bring a model with rotary positions below what guessing costs, log 40."""
    monkeypatch.setattr(study, "STEPS", 150)
    _, loss = study.train("shift", "rotary", 1)
    assert loss < 0.8 * np.log(study.WORDS)


def test_what_the_chapter_says_was_found():
    def mean(task, kind, figure):
        return np.mean([row[figure] for row in rows_of(task=task, kind=kind, rate=study.RATE)])

    learned = {kind for kind in study.KINDS if mean("shift", kind, "right_17") > 0.9}
    assert learned == {"sinusoids", "learned", "clipped", "rotary"}
    assert mean("shift", "rotary", "right_65") < 0.8
    assert mean("shift", "rotary", "near_65") > 0.95
    assert mean("shift", "rotary", "held_65") > 0.95
    assert mean("nearest", "rotary", "held_65") > mean("nearest", "rotary", "right_65") + 0.2
    for kind in ("sinusoids", "learned"):
        assert mean("shift", kind, "near_65") < 0.5
        assert mean("shift", kind, "moved_17") < 0.5
    last = {kind: mean("nearest", kind, "right_65") for kind in study.KINDS}
    assert sorted(last, key=last.get)[-2:] == ["clipped", "alibi"]
    assert min(mean("nearest", kind, "right_17") for kind in study.KINDS) > 0.9
    for rate in study.OTHER_RATES:
        (shift,) = rows_of(task="shift", kind="rotary", rate=rate)
        assert shift["right_65"] < 0.8
        assert min(shift["near_65"], shift["held_65"]) > 0.95
        for kind in ("none", "alibi"):
            assert rows_of(task="shift", kind=kind, rate=rate)[0]["right_17"] < 0.3
        last = {row["kind"]: row["right_65"] for row in rows_of(task="nearest", rate=rate)}
        assert max(last, key=last.get) == "alibi"
