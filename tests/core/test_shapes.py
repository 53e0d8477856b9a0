"""What the checks make of sizes that are not known yet: an unknown one agrees with every other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attention import shapes
from attention.frameworks import tf, torch
from tests.heeds import heeds

OF = ["attention.shapes"]


def spec(*sizes, dtype="float64"):
    """A tensor of which TensorFlow knows these sizes; `spec(...)` one of which not even the rank is known."""
    return tf.TensorSpec(None if sizes == (...,) else sizes, dtype)


UNKNOWN = spec(...)


@heeds("show", "shape", of=OF)
@heeds("shape_of", "array", of=OF)
def test_a_shape_is_shown_as_python_would_and_an_unknown_size_as_a_question():
    for array, shown in ((spec(), "()"), (spec(3), "(3,)"), (spec(None), "(?,)"), (spec(2, None, 4), "(2, ?, 4)")):
        assert shapes.show(shapes.shape_of(array)) == shown
    assert shapes.shape_of(UNKNOWN) is None
    for array in (np.zeros((2, 3)), torch.zeros(2, 3), tf.zeros((2, 3)), tf.keras.Input((3,), 2)):
        assert shapes.shape_of(array) == (2, 3)
    assert shapes.shape_of(tf.keras.Input((None, 3))) == (None, None, 3)


@heeds("dtype_name", "array", of=OF)
def test_a_type_has_one_name_in_every_framework():
    for name in ("float16", "float32", "float64", "int64", "bool"):
        for array in (np.zeros(1, name), torch.zeros(1, dtype=getattr(torch, name)), spec(1, dtype=name)):
            assert shapes.dtype_name(array) == name
        assert shapes.dtype_name(tf.keras.Input((1,), dtype=name)) == name


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
@heeds("check_floats", "arrays", of=OF)
def test_these_four_are_floating_point(name):
    shapes.check_floats(a=spec(1, dtype=name), b=torch.zeros(1, dtype=getattr(torch, name)))


@heeds("check_rank", "least", "arrays", of=OF)
def test_ranks():
    shapes.check_rank(2, a=UNKNOWN, b=spec(None, None), c=spec(1, 2, 3))
    with pytest.raises(ValueError, match=r"^b must have at least 2 axes: got \(\?,\)$"):
        shapes.check_rank(2, a=UNKNOWN, b=spec(None))
    with pytest.raises(ValueError, match=r"^b must have at least 3 axes: got \(\?, 1\)$"):
        shapes.check_rank(3, a=UNKNOWN, b=spec(None, 1))


@heeds("check_axes", "count", "arrays", of=OF)
def test_so_many_axes():
    shapes.check_axes(2, a=UNKNOWN, b=spec(None, None), c=spec(1, 2))
    for wrong, count, sentence in (
        (spec(None), 2, r"^b must have 2 axes: got \(\?,\)$"),
        (spec(None, 1, 4), 2, r"^b must have 2 axes: got \(\?, 1, 4\)$"),
        (spec(), 1, r"^b must have 1 axis: got \(\)$"),
    ):
        with pytest.raises(ValueError, match=sentence):
            shapes.check_axes(count, a=UNKNOWN, b=wrong)


@heeds("check_axis", "axis", "arrays", of=OF)
def test_axes():
    for axis in (-3, -1, 0, 2):
        shapes.check_axis(axis, scores=spec(None, 2, None))
    shapes.check_axis(9, scores=UNKNOWN)
    for axis in (-4, 3):
        message = rf"^axis must be one of the 3 axes of scores \(\?, 2, \?\): got {axis}$"
        with pytest.raises(ValueError, match=message):
            shapes.check_axis(axis, scores=spec(None, 2, None))


@heeds("check_same", "letter", "axes", "arrays", of=OF)
def test_sizes_that_must_be_the_same():
    for a, b in (
        (spec(None, 4), spec(3, 4)),
        (spec(2, None), spec(3, 4)),
        (spec(2, 3), spec(3, None)),
        (UNKNOWN, spec(1, 1)),
    ):
        shapes.check_same("D", (-1, -1), queries=a, keys=b)
        shapes.check_same("D", (-1, -1), queries=b, keys=a)
    shapes.check_same("S", (-1, -2), queries=spec(1, 4), keys=spec(4, 3))
    with pytest.raises(ValueError, match=r"^queries and keys must agree on D: queries \(\?, 4\), keys \(\?, 3\)$"):
        shapes.check_same("D", (-1, -1), queries=spec(None, 4), keys=spec(None, 3))
    with pytest.raises(ValueError, match=r"^queries and keys must agree on S: queries \(4, 3\), keys \(1, 4\)$"):
        shapes.check_same("S", (-1, -2), queries=spec(4, 3), keys=spec(1, 4))


LEADING = st.lists(st.sampled_from((None, 0, 1, 2, 3)), max_size=3)


def broadcast(*leading):
    """The shape that they broadcast to, or None: an unknown size is taken for whatever fits."""
    try:
        known = np.broadcast_shapes(*([1 if size is None else size for size in shape] for shape in leading))
    except ValueError:
        return None
    open_ = np.zeros(len(known), bool)
    for shape in leading:
        open_[len(known) - len(shape) :] |= np.array([size is None for size in shape], bool)
    return tuple(None if unknown and size == 1 else size for size, unknown in zip(known, open_, strict=True))


@settings(max_examples=300, deadline=None)
@given(a=LEADING, b=LEADING, c=LEADING)
@heeds("check_leading", "arrays", of=OF)
@heeds("scores_shape", "queries", "keys", of=OF)
def test_leading_axes_broadcast_as_numpys_do(a, b, c):
    arrays = {"queries": spec(*a, 4, 5), "keys": spec(*b, 6, 5), "values": spec(*c, 6, 7)}
    if broadcast(a, b, c) is None:
        with pytest.raises(ValueError, match=r"^queries, keys and values must agree on the leading axes: queries "):
            shapes.check_leading(**arrays)
    else:
        shapes.check_leading(**arrays)
        assert shapes.scores_shape(arrays["queries"], arrays["keys"]) == (*broadcast(a, b), 4, 6)
    shapes.check_leading(**arrays | {"values": UNKNOWN})


def test_scores_have_no_shape_where_a_rank_is_unknown():
    assert shapes.scores_shape(UNKNOWN, spec(2, 3)) is None
    assert shapes.scores_shape(spec(2, 3), UNKNOWN) is None
    assert shapes.scores_shape(spec(None, 3), spec(4, 3)) == (None, 4)


@settings(max_examples=300, deadline=None)
@given(mask=LEADING, target=LEADING)
@heeds("check_mask", "mask", "target", of=OF)
def test_a_mask_fits_if_it_broadcasts_without_making_the_scores_larger(mask, target):
    fits = len(mask) <= len(target) and all(
        m in (1, None, t) or t is None for m, t in zip(mask[::-1], target[::-1], strict=False)
    )
    given_ = spec(*mask, dtype="bool")
    if fits:
        shapes.check_mask(given_, tuple(target))
    else:
        shown = shapes.show(target), shapes.show(mask)
        with pytest.raises(ValueError) as caught:  # noqa: PT011 the sentence follows
            shapes.check_mask(given_, tuple(target))
        assert str(caught.value) == f"mask must broadcast to scores {shown[0]}: got {shown[1]}"
    shapes.check_mask(given_, None)
    shapes.check_mask(spec(..., dtype="bool"), tuple(target))
    shapes.check_mask(None, tuple(target))


@heeds("check_mask", "target_name", of=OF)
def test_a_mask_is_for_what_it_is_called():
    with pytest.raises(ValueError, match=r"^mask must broadcast to keys \(2,\): got \(3,\)$"):
        shapes.check_mask(spec(3, dtype="bool"), (2,), "keys")


@heeds("check_sizes", "least", "sizes", of=OF)
def test_sizes_have_a_least():
    shapes.check_sizes(a=0, b=np.int64(-1), c=tf.constant(-1))  # the last two are no Python numbers
    shapes.check_sizes(2, a=2)
    with pytest.raises(ValueError, match=r"^b must be at least 2: got 1$"):
        shapes.check_sizes(2, a=2, b=1)


@heeds("check_even", "sizes", of=OF)
def test_features_in_pairs_are_an_even_number():
    shapes.check_even(width=0, D=None, a=tf.constant(3))  # the last two are not known
    with pytest.raises(ValueError, match=r"^D must be even, for features go in pairs: got 3$"):
        shapes.check_even(width=4, D=3)


@heeds("check_positions", "positions", "x", of=OF)
def test_each_row_has_a_place():
    for fits in (spec(3, dtype="int64"), spec(2, 1, dtype="uint8"), spec(dtype="int32"), spec(..., dtype="int64")):
        shapes.check_positions(fits, spec(2, 3, 4))
    for x in (spec(None, None, 4), spec(2, 3, None), UNKNOWN):
        shapes.check_positions(spec(2, 3, dtype="int64"), x)
    shapes.check_positions(spec(None, dtype="int64"), spec(2, 3, 4))
    for wrong in ((2,), (3, 1), (1, 2, 3)):
        shown = shapes.show(wrong).replace("(", r"\(").replace(")", r"\)")
        with pytest.raises(ValueError, match=rf"^positions must broadcast to the rows \(2, 3\) of x: got {shown}$"):
            shapes.check_positions(spec(*wrong, dtype="int64"), spec(2, 3, 4))
    with pytest.raises(ValueError, match=r"^D must be even, for features go in pairs: got 5$"):
        shapes.check_positions(spec(3, dtype="int64"), spec(3, 5))
    for kind in ("bool", "float32"):
        with pytest.raises(TypeError, match=f"^positions must be whole numbers: got {kind}$"):
            shapes.check_positions(spec(3, dtype=kind), spec(3, 4))


@heeds("check_draws", "draws", "tokens", "limit", "temperature", of=OF)
def test_a_draw_for_each_step():
    tokens = spec(2, 5, dtype="int64")
    for draws in (None, spec(2, 3)):
        shapes.check_draws(draws, tokens, 3, 0.5)
    for wrong in ((2, 5), (3, 3), (2,), (2, 3, 1)):
        shown = shapes.show(wrong).replace("(", r"\(").replace(")", r"\)")
        with pytest.raises(ValueError, match=rf"^draws must have shape \(2, 3\): got {shown}$"):
            shapes.check_draws(spec(*wrong), tokens, 3, 0.5)
    with pytest.raises(ValueError, match=r"^limit must be at least 1: got 0$"):
        shapes.check_draws(None, tokens, 0, 0.5)
    for wrong in (0, -0.5, float("nan")):
        with pytest.raises(ValueError, match=f"^temperature must be above 0: got {wrong}$"):
            shapes.check_draws(None, tokens, 3, wrong)


@heeds("check_choice", "name", "value", "choices", of=OF)
def test_a_choice_is_one_of_those_there_are():
    shapes.check_choice("gate", "none", ("none", "cbam"))
    for wrong in ("None", "", None, 1):
        with pytest.raises(ValueError, match=f"^gate must be one of none, cbam: got {wrong!r}$"):
            shapes.check_choice("gate", wrong, ("none", "cbam"))


@heeds("check_product", "letter", "arrays", of=OF)
def test_rows_and_a_matrix():
    shapes.check_product("N", vector=spec(None, 3, 4), weight=spec(None, 2))
    for vector, weight, kind, sentence in (
        (spec(2, 3), spec(4, 3), ValueError, r"^vector and weight must agree on N: vector \(2, 3\), weight \(4, 3\)$"),
        (spec(), spec(4, 3), ValueError, r"^vector must have at least 1 axis: got \(\)$"),
        (spec(2, 3), spec(3), ValueError, r"^weight must have 2 axes: got \(3,\)$"),
        (
            spec(2, 3, dtype="float32"),
            spec(3, 4),
            TypeError,
            "^vector and weight must have one dtype: vector float32, w",
        ),
    ):
        with pytest.raises(kind, match=sentence):
            shapes.check_product("N", vector=vector, weight=weight)


@heeds("check_convolution", "x", "kernel", "stride", of=OF)
def test_a_convolution_is_checked_with_sizes_unknown_too():
    right = {"x": spec(None, None, None, 3), "kernel": spec(5, 1, 3, 2), "stride": 2}
    shapes.check_convolution(**right)
    for wrong, kind, sentence in (
        ({"x": spec(None, 4, 3)}, ValueError, r"^x must have 4 axes: got \(\?, 4, 3\)$"),
        ({"kernel": spec(1, 5, 1, 3, 2)}, ValueError, r"^kernel must have 4 axes: got \(1, 5, 1, 3, 2\)$"),
        (
            {"x": spec(None, 3, 3, 2)},
            ValueError,
            r"^x and kernel must agree on D: x \(\?, 3, 3, 2\), kernel \(5, 1, 3, 2\)$",
        ),
        (
            {"kernel": spec(3, 3, 3, 3, dtype="float32")},
            TypeError,
            "^x and kernel must have one dtype: x float64, kernel f",
        ),
        ({"x": spec(1, 1, 1, 3, dtype="int64")}, TypeError, "^x must be floating point: got int64$"),
        ({"stride": 0}, ValueError, "^stride must be at least 1: got 0$"),
        ({"stride": 2.0}, TypeError, r"^stride must be a whole number: got 2\.0$"),
    ):
        with pytest.raises(kind, match=sentence):
            shapes.check_convolution(**right | wrong)


@heeds("check_norm", "x", "statistics", of=OF)
def test_the_statistics_of_a_batch_normalisation_are_checked_where_there_are_any():
    shapes.check_norm(spec(None, None, 3), scale=spec(3), shift=spec(None), mean=None, variance=None)
    for x, given_, kind, sentence in (
        (spec(), {}, ValueError, r"^x must have at least 1 axis: got \(\)$"),
        (spec(2, 3), {"mean": spec(2)}, ValueError, r"^x and mean must agree on D: x \(2, 3\), mean \(2,\)$"),
        (spec(2, 3), {"shift": spec(1, 3)}, ValueError, r"^shift must have 1 axis: got \(1, 3\)$"),
        (spec(2, 3), {"scale": spec(3, dtype="float32")}, TypeError, "^x and scale must have one dtype: "),
        (spec(2, 3), {"scale": 1.0}, TypeError, "^scale must be an array or tensor: got float$"),
    ):
        with pytest.raises(kind, match=sentence):
            shapes.check_norm(x, **given_, variance=None)


@heeds("check_places", "features", "mask", of=OF)
def test_a_map_and_a_mask_of_its_places():
    masks = (None, spec(2, 12, dtype="bool"), spec(12, dtype="bool"), spec(1, None, dtype="bool"))
    for mask in masks:
        for features in (spec(2, 3, 4, 5), spec(2, None, 4, 5), spec(2, 3, None, None), spec(None, 3, 4, 5), UNKNOWN):
            shapes.check_places(features, mask)
    for features, mask, kind, sentence in (
        (spec(2, 12, 5), None, ValueError, r"^features must have 4 axes: got \(2, 12, 5\)$"),
        (spec(2, 3, 4, 5, dtype="bool"), None, TypeError, "^features must be floating point: got bool$"),
        (spec(2, 3, 4, 5), spec(2, 3, 4, dtype="bool"), ValueError, r"broadcast to places \(2, 12\): got \(2, 3, 4\)$"),
        (spec(2, None, 4, 5), spec(3, 12, dtype="bool"), ValueError, r"broadcast to places \(2, \?\): got \(3, 12\)$"),
        (spec(2, 3, 4, 5), spec(2, 12), TypeError, "^mask must be boolean, True = may attend: got float64$"),
    ):
        with pytest.raises(kind, match=sentence):
            shapes.check_places(features, mask)


@heeds("check_attention", "queries", "keys", "values", "mask", of=OF)
def test_attention_is_checked_before_it_is_computed_with_sizes_unknown_too():
    right = {"queries": spec(None, 3, 4), "keys": spec(None, 5, 4), "values": spec(None, 5, 6), "mask": None}
    shapes.check_attention(**right)
    shapes.check_attention(**right | {"mask": spec(None, None, 5, dtype="bool")})
    for wrong, sentence in (
        ({"queries": spec(None, 3, 3)}, r"queries and keys must agree on D: queries \(\?, 3, 3\), keys \(\?, 5, 4\)"),
        ({"keys": spec(2, 5, 4), "queries": spec(3, 3, 4)}, "queries, keys and values must agree on the leading axes"),
        ({"values": spec(None, 6, 6)}, r"keys and values must agree on S: keys \(\?, 5, 4\), values \(\?, 6, 6\)"),
        ({"values": spec(6)}, r"values must have at least 2 axes: got \(6,\)"),
        ({"mask": spec(None, 4, dtype="bool")}, r"mask must broadcast to scores \(\?, 3, 5\): got \(\?, 4\)"),
    ):
        with pytest.raises(ValueError, match=sentence):
            shapes.check_attention(**right | wrong)
    with pytest.raises(TypeError, match="values must be floating point: got int64"):
        shapes.check_attention(**right | {"values": spec(None, 5, 6, dtype="int64")})
