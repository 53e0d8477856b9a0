"""The study of induction heads: what it found holds together, and a small part of it is measured again."""

import numpy as np
import pytest

from attention.experiments.study import load_study
from attention.results import read_result

study = load_study("induction")


def rows_of(**wanted):
    return [row for row in read_result("induction")["rows"] if wanted.items() <= row.items()]


def test_two_layers_find_it_with_every_seed_and_one_layer_with_none():
    assert max(row["accuracy"] for row in rows_of(layers=1)) < 0.5
    for heads in (1, 4):
        rows = rows_of(layers=2, heads=heads)
        assert sorted(row["seed"] for row in rows) == [1, 2, 3, 4, 5]
        assert min(row["accuracy"] for row in rows) > 0.99
        assert min(max(row["behind"][1]) for row in rows) > 0.9
    for row in rows_of(layers=2, heads=1):  # without either of the two heads nothing is left of it
        assert max(row["without"][0][0], row["without"][1][0]) < 0.25


def test_rows_repeat_themselves_after_their_period():
    rows, periods = study.draw(np.random.default_rng(3), 40)
    assert rows.shape == (40, study.LENGTH)
    assert (rows[:, 0] == 0).all()
    assert set(periods) == set(range(4, 11))
    for row, period in zip(rows, periods, strict=True):
        assert len(set(row[1 : period + 1])) == period
        np.testing.assert_array_equal(row[1 + period :], row[1:-period])
        known = study.told(row[None], np.array([period]))[0]
        assert [place for place in range(study.LENGTH - 1) if known[place]] == list(range(period + 1, study.LENGTH - 1))


@pytest.mark.parametrize("strong", [True, False])
def test_figures_of_the_circuit_built_by_hand(strong, monkeypatch):
    V, L = study.WORDS, study.LENGTH
    M = 3 * V + L
    monkeypatch.setattr(study, "WIDTH", M)
    model = study.Reader(2, 1, seed=0)
    word, place, before, guess = np.split(np.arange(M), [V, V + L, 2 * V + L])
    with study.torch.no_grad():
        for table, columns, count in ((model.embedding, word, V), (model.places, place, L)):
            table.zero_()
            table[np.arange(count), columns] = 1
        model.readout.zero_()
        model.readout[guess, np.arange(V)] = 1
    kinds = (place[1:], place[:-1], word, before), (word, before, word, guess)
    for layer, (asks, finds, carries, to) in zip(model.layers, kinds, strict=True):
        w = {name: np.zeros_like(array) for name, array in layer.named_weights().items()}
        w["query_weight"][asks, np.arange(len(asks))] = (20 if strong else 0) * M**0.5
        w["key_weight"][finds, np.arange(len(finds))] = 1
        w["value_weight"][carries, np.arange(V)] = w["output_weight"][np.arange(V), to] = 1
        layer.set_named_weights(w)
    found = study.figures(model, *study.draw(np.random.default_rng(1), 20))
    if strong:
        assert found["accuracy"] == 1
        assert found["before"][0] == found["heaviest"][0] == [1.0]
        assert found["behind"][1] == [1.0]
        assert max(found["without"][0][0], found["without"][1][0]) < 0.5
    else:
        assert found["accuracy"] < 0.5
        assert found["before"][0][0] < 0.5


def test_a_few_steps_of_it_again(monkeypatch):
    """The first loss of a stored row, and the same figures from the same seed."""
    monkeypatch.setattr(study, "STEPS", 2)
    monkeypatch.setattr(study, "TEST", 10)
    (row,) = rows_of(layers=2, heads=1, seed=2)
    first = study.measure(2, 1, 2)
    assert first == study.measure(2, 1, 2)
    np.testing.assert_allclose(first["curve"][0], row["curve"][0], atol=2e-3)
    assert first["row"] == row["row"]
    assert {*first, "layers", "heads", "seed"} == row.keys()
    assert np.shape(first["looked"]) == np.shape(row["looked"]) == (2, 14, 14)
