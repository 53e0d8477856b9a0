"""The inputs that answers are tried on: numbers of the kind that was asked for, in every shape that matters."""

import itertools

import numpy as np
import pytest

from attention.checks import arguments as arg
from attention.checks.draws import draws_of
from attention.checks.exercise import Stage
from tests.checks.toys import toy

SHAPE = (300, 7)


def drawn(arguments, stage, **more):
    return draws_of(toy(abs, arguments=arguments, **more), stage)


def shapes(arguments, stage, name="x", **more):
    return [np.shape(draw[name]) for draw in drawn(arguments, stage, **more)]


def decades(x):
    return np.floor(np.log10(np.abs(np.where(x == 0, 1, x))))


def some(rows):
    """A third or so of the rows."""
    return 0.2 < np.mean(rows) < 0.5


NUMBERS = {
    "normal": (arg.normal, lambda x: x.min() < -1.5 and x.max() > 1.5 and 0.9 < x.std() < 1.1),
    "to be typed": (arg.normal, lambda x: np.array_equal(x, np.round(x, 2))),
    "fine": (arg.fine, lambda x: np.array_equal(x, np.round(x, 5)) and (np.round(x, 4) != x).mean() > 0.8),
    "another size": (arg.spread(50), lambda x: 45 < x.std() < 55),
    "small": (arg.small, lambda x: np.abs(x).max() < 1 and {-4, -3, -2} <= {*decades(x).flat}),
    "sizes of rows": (arg.sizes, lambda x: np.ptp(decades(x).max(-1)) > 9),
    "one size in a row": (arg.sizes, lambda x: np.median(np.ptp(decades(x), -1)) < 3),
    "tied": (arg.tied, lambda x: x.dtype == np.float64 and {*x.flat} == {-1, 0, 1}),
    "far": (arg.far, lambda x: x.min() < -9900 and x.max() > 9900 and np.ptp(x, -1).max() < 40),
    "near to each other": (arg.far, lambda x: 3 < np.std(x - x.mean(-1, keepdims=True)) < 4),
    "far from each other": (arg.far, lambda x: len(set(np.round(x.mean(-1), -2))) == 5),
    "near a limit": (arg.near(11), lambda x: x.min() < -13 and x.max() > 13 and np.abs(x).min() >= 10),
    "on one side in a row": (arg.near(11), lambda x: (np.abs(np.sign(x).sum(-1)) == 7).all()),
    "apart": (arg.apart, lambda x: np.median(np.ptp(x, -1)) > 500),
    "holes": (arg.holes, lambda x: np.isfinite(x).any(-1).all() and 0.25 < np.isneginf(x).mean() < 0.45),
    "hollow": (arg.hollow, lambda x: some(np.isneginf(x).all(-1)) and 0.3 < np.isneginf(x).any(-1).mean() < 1),
    "zeros": (arg.zeros, lambda x: some((x == 0).all(-1))),
    "weights": (arg.weights, lambda x: (x > 0).all() and np.allclose(x.sum(-1), 1)),
    "what arrives": (arg.upstream, lambda x: np.abs(x).min() >= 0.4 and -x.min() > 1.5 < x.max() <= 1.6),
}
MASKS = {
    "seen": (arg.seen, lambda m: m.any(-1).all() and not m.all(-1).any() and 0.4 < m.mean() < 0.7),
    "empty": (arg.empty, lambda m: some(~m.any(-1)) and not m.all(-1).any()),
    "shut": (arg.shut, lambda m: m.dtype == bool and not m.any()),
    "everything": (arg.everything, lambda m: m.dtype == bool and m.all()),
    "lengths": (arg.lengths, lambda m: (np.diff(m.astype(int)) <= 0).all() and {*m.sum(-1)} == {1, 2, 3, 4, 5, 6, 7}),
}


@pytest.mark.parametrize(("style", "holds"), NUMBERS.values(), ids=NUMBERS)
def test_a_style_is_what_its_name_says(style, holds):
    x = style(np.random.default_rng(1), SHAPE)
    assert x.shape == SHAPE
    assert holds(x)


@pytest.mark.parametrize(("style", "holds"), MASKS.values(), ids=MASKS)
def test_a_style_of_masks_is_what_its_name_says(style, holds):
    mask = style(np.random.default_rng(1), SHAPE, 0.6)
    assert mask.shape == SHAPE
    assert holds(mask)


def test_of_one_key_something_is_left():
    rng = np.random.default_rng(1)
    assert arg.seen(rng, (50, 1), 0.6).all()
    assert (arg.seen(rng, (50, 2), 0.6).sum(-1) == 1).all()  # nothing hidden is no mask
    assert np.isfinite(arg.holes(rng, (50, 1))).all()
    assert all(arg.lengths(rng, (2, 9), 0.6).all(-1).any() for _ in range(20))  # one sentence is full


def test_an_argument_is_drawn_in_the_style_of_its_stage_else_in_its_own():
    arguments = {
        "x": arg.Floats("S", arg.tied),
        "mask": arg.Mask("S"),
        "n": arg.Number(1, 2),
        "k": arg.Integers("S", 9),
    }
    for draw in drawn(arguments, Stage("own", ones=True)):
        assert {*draw["x"]} <= {-1, 0, 1}
        assert draw["mask"].any()
        assert 1 <= draw["n"] <= 2
        assert draw["k"].max() == 8
    styles = {"x": arg.spread(1e6), "mask": arg.shut, "n": (50, 60), "k": lambda rng, shape: np.full(shape, 3)}
    for draw in drawn(arguments, Stage("other", ones=True, styles=styles)):
        assert np.abs(draw["x"]).max() > 1e3
        assert not draw["mask"].any()
        assert 50 <= draw["n"] <= 60
        assert {*draw["k"]} == {3}


def test_styles_are_combined_each_with_each():
    arguments = {"x": arg.Floats("S"), "y": arg.Floats("S")}
    ones, twos = (lambda rng, shape: np.ones(shape)), (lambda rng, shape: np.full(shape, 2.0))
    stage = Stage("both", styles={"x": [ones, twos], "y": [ones, twos]})
    assert {(d["x"][0], d["y"][0]) for d in drawn(arguments, stage)} == {*itertools.product((1, 2), (1, 2))}


def test_a_mask_has_every_shape_that_broadcasts():
    x, stage = arg.Floats("…TS"), Stage("batches", leading=(2,), styles={"x": [arg.normal] * 14})
    for mask, wanted in (
        (arg.Mask("…TS"), {"whole", "column", "row", "no leading", "keys", "leading 1"}),
        (arg.Mask("…TS", broadcasts=False), {"whole"}),
    ):
        found = set()
        for draw in drawn({"x": x, "mask": mask}, stage):
            *leading, T, S = draw["x"].shape
            forms = {(*leading, T, S): "whole", (*leading, T, 1): "column", (*leading, 1, S): "row"}
            forms |= {(T, S): "no leading", (S,): "keys", (1, 1, T, S): "leading 1"}
            found.add(forms[draw["mask"].shape])
        assert found == wanted
    one = shapes({"x": arg.Mask("S")}, Stage("one axis", styles={"x": [arg.seen] * 14}))
    assert {len(shape) for shape in one} == {1}


def test_indices_reach_the_last_and_none_beyond():
    arguments = {"table": arg.Floats("VD"), "pieces": arg.Integers("…T", "V", low=1)}
    draws = drawn(arguments, Stage("batches", leading=(0, 1, 2), ones=True), never_one=("V",))
    assert all(draw["pieces"].max() == len(draw["table"]) - 1 for draw in draws)
    assert min(draw["pieces"].min() for draw in draws) == 1
    (draw, *_) = drawn({"pieces": arg.Integers("T", "V")}, Stage("a letter of its own"))
    assert draw["pieces"].max() > 0


def test_numbers_sizes_and_what_is_made_of_the_arguments_before():
    made = arg.Made(lambda rng, plan, drawn: drawn["x"] + plan.sizes["S"], axes="S")
    arguments = {"x": arg.Floats("S"), "n": arg.Number(0.01, 100), "a": arg.Number(1, 2, array=True)}
    arguments |= {"size": arg.Size("S"), "made": made}
    draws = drawn(arguments, Stage("plain", ones=True, large=True))
    for draw in draws:
        assert isinstance(draw["n"], float)
        assert draw["a"].shape == ()
        assert draw["size"] == len(draw["x"])
        assert np.array_equal(draw["made"], draw["x"] + len(draw["x"]))
    assert min(d["n"] for d in draws) < 1 < max(d["n"] for d in draws)


def test_every_axis_forwards_and_backwards_and_none_where_axes_are_no_matter():
    arguments = {"x": arg.Floats("…TS"), "axis": arg.Axis()}
    for rank in (0, 1, 2):
        draws = drawn(arguments, Stage("axes", leading=(rank,), every_axis=True))
        assert {draw["axis"] for draw in draws} == set(range(-rank - 2, rank + 2))
    assert all("axis" not in draw for draw in drawn(arguments, Stage("plain", ones=True)))


def test_leading_axes_are_shared_and_stand_only_where_they_are_named():
    arguments = {"x": arg.Floats("…TD"), "y": arg.Floats("…S"), "weight": arg.Floats("DA")}
    leading = set()
    for draw in drawn(arguments, Stage("batches", leading=(0, 1, 2, 3))):
        x, y, weight = (draw[name].shape for name in arguments)
        assert x[:-2] == y[:-1]
        assert weight[0] == x[-1]
        leading.add(x[:-2])
    assert {len(axes) for axes in leading} == {0, 1, 2, 3}
    assert len({axes for axes in leading if len(axes) == 1}) > 1
    assert len({axes for axes in leading if len(axes) == 2}) > 1
    assert Stage("as it comes").leading == (0,)


def test_axes_are_known_by_their_sizes_which_are_not_the_same_each_time():
    arguments = {"x": arg.Floats("TSDAV")}
    found = shapes(arguments, Stage("plain", leading=(0, 1, 2)))
    assert all(len({*shape}) == 5 for shape in found)
    assert len({*found}) > 2


def test_axes_of_size_1_each_in_turn_and_all_of_one_size():
    arguments = {"x": arg.Floats("…TS")}
    assert all(1 not in shape for shape in shapes(arguments, Stage("none", leading=(0, 1, 2))))
    found = shapes(arguments, Stage("ones", leading=(0, 1), ones=True), never_one=())
    own = [shape[-2:] for shape in found if len(shape) == 2]
    assert any(T == 1 != S for T, S in own)
    assert any(S == 1 != T for T, S in own)
    assert any(T == S != 1 for T, S in own)
    assert {(1,), (3, 1)} <= {shape[:-2] for shape in found}
    assert all(shape[-2] != 1 for shape in shapes(arguments, Stage("ones", ones=True), never_one=("T",)))
    assert all(len(shape) == 2 for shape in shapes(arguments, Stage("no leading axes", ones=True)))


def test_sizes_that_a_stage_fixes_hold_but_for_its_1():
    arguments = {"x": arg.Floats("…TS")}
    found = shapes(arguments, Stage("fixed", leading=(0, 1), ones=True, large=True, sizes={"S": 9}))
    assert {shape[-1] for shape in found} == {9, 1}


def test_large_is_long_and_many():
    found = shapes({"x": arg.Floats("…TS")}, Stage("large", leading=(), large=True))
    assert any(len(shape) == 2 and min(shape) > 10 for shape in found)
    assert any(len(shape) == 3 and shape[0] >= 40 for shape in found)


def test_draws_written_down_are_tried_too_and_small_ones_first():
    written = ({"x": np.ones((2, 2))}, {"x": np.zeros((1, 1))}, {"x": np.full((30, 30), 3.0)})
    found = drawn({"x": arg.Floats("…S")}, Stage("plain", written, leading=(1, 2), ones=True))
    assert all(any(draw is one for draw in found) for one in written)
    ones = [1 in draw["x"].shape for draw in found]
    assert ones == sorted(ones)
    for has_one in (False, True):
        sizes = [draw["x"].size for draw in found if (1 in draw["x"].shape) == has_one]
        assert sizes == sorted(sizes)


def test_the_same_draws_each_time_and_others_in_another_stage_or_exercise():
    arguments = {"x": arg.Floats("TS")}
    first, again, stage, exercise = (
        drawn(arguments, Stage(name), number=number)[0]["x"].tolist()
        for name, number in (("one", "0.1"), ("one", "0.1"), ("two", "0.1"), ("one", "0.2"))
    )
    assert first == again
    assert first not in (stage, exercise)
    assert stage != exercise


def test_the_first_shape_comes_twice_with_other_numbers():
    one, other = drawn({"x": arg.Floats("TS")}, Stage("plain"))
    assert one["x"].shape == other["x"].shape
    assert not np.array_equal(one["x"], other["x"])


def test_arrays_lie_in_memory_row_after_row_and_column_after_column():
    draws = drawn({"x": arg.Floats("…TS")}, Stage("batches", leading=(0, 1, 2)))
    assert {draw["x"].flags["C_CONTIGUOUS"] for draw in draws} == {True, False}


def test_matrices_lie_column_after_column_too():
    large = [x for draw in drawn({"x": arg.Floats("TS")}, Stage("plain", ones=True)) if min((x := draw["x"]).shape) > 1]
    assert {x.flags["C_CONTIGUOUS"] for x in large} == {True, False}
