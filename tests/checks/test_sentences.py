"""What is said of wrong numbers is true, and says as much as can be said."""

import numpy as np
import pytest

from attention.checks import words
from attention.checks.judge import judge
from attention.checks.properties import factor, function
from attention.checks.trial import Fault
from attention.checks.weights import WEIGHTS, weights_masked
from tests.checks.toys import on, said, told, toy

INF, NAN = np.inf, np.nan
SOME = np.array([0.35, 0.82, 1.7])
THIRDS = np.array([1 / 3, 2 / 3, 1.1])
GRID = np.array([[1.0, 2.5, 4.0], [3.0, 0.5, 7.0]])
PLAIN = "the numbers"

GENERAL = {
    "one NaN": ([1, 2, 3], [NAN, 2, 3], "NaN", "Of 3 numbers that should be finite 1 is NaN. NaN is born"),
    "NaN and infinite": ([1, 2, 3], [NAN, INF, 3], "NaN", "2 are NaN."),
    "infinite": ([1, 2, 3], [INF, 2, 3], "infinite", "1 is infinite. Infinity is born"),
    "where one may be": ([1, -INF, 3], [NAN, -INF, 3], "NaN", "Of 2 numbers that should be finite 1 is NaN."),
    "the one number": (1, NAN, "NaN", "The number is NaN and should be finite."),
    "infinite where it should": ([-INF, 1, 2], [-INF, 1, 5], PLAIN, "Of 3 numbers 2 are right and 1 is wrong."),
    "all the same": ([1, 2, 3], [2, 2, 2], "all the same", "Every number of yours is 2;"),
    "all the same as they should be": (
        [5, 5, 5],
        [2, 2, 2],
        "the scale",
        "Every number is 0.4 times what it should be.",
    ),
    "signs": ([1, -2, 3], [-1, 2, -3], "the sign", "Every number has the right size and the wrong sign."),
    "a sign": (2, -2, "the sign", "It has the right size and the wrong sign."),
    "some signs": ([1, -2, 3], [1, 2, -3], "the signs", "Every number has the right size; 2 of 3 have the wrong sign."),
    "one sign of a small number": ([1, -2, 3e-3], [1, -2, -3e-3], "the signs", "1 of 3 has the wrong sign."),
    "signs that change places": ([1, -1, 3], [-1, 1, 3], "the signs", "2 of 3 have the wrong sign."),
    "a sign and a size": ([1, -2, 3], [1, 2, 4], PLAIN, "1 is right and 2 are wrong"),
    "no sign": ([0, 0], [1e-10, 2e-10], PLAIN, "Neither number is right"),
    "three times": ([1, -2, 3], [3, -6, 9], "the scale", "Every number is 3 times what it should be."),
    "a third": (3, 1, "the scale", "It is 0.333 times what it should be."),
    "a root": (1, np.sqrt(2), "the scale", "It is 1.41 times what it should be."),
    "one by a root": (1, np.sqrt(1 / 3), "the scale", "It is 0.577 times what it should be."),
    "no simple factor": (5, 5.6, PLAIN, "The number is not right."),
    "any factor of two": ([1, 2], [1.3, 2.6], "the scale", "1.3 times"),
    "any factor beside 0": ([0, 2], [0, 2.6], PLAIN, "Of 2 numbers 1 is right and 1 is wrong."),
    "almost 1": ([1, 2, -4], [1.00001, 2.00002, -4.00004], "the scale", "Every number is 1.00001 times"),
    "too large": ([1, 2, 3], [1.5, 2.5, 3.5], "an offset", "Every number is too large by 0.5."),
    "too small": ([1, 2, 3], [0.5, 1.5, 2.5], "an offset", "Every number is too small by 0.5."),
    "too large for 0": (0, 0.5, "an offset", "It is too large by 0.5."),
    "a number is no offset": (5, 5.6, PLAIN, "The number is not right."),
    "off, but not by the same": ([1, 2, 3], [1.5, 2.4, 3.6], PLAIN, "None of the 3 numbers is right"),
    "too near for an offset": ([1, 2, 3], [1 + 8e-13, 2 + 8e-13, 3 + 8e-13], PLAIN, "by at most 8e−13."),
    "the exponentials": (SOME, np.exp(SOME), "one step", "but for one step: you have the exponentials of them."),
    "the logarithms": (SOME, np.log(SOME), "one step", "the logarithms"),
    "the squares": (SOME, SOME**2, "one step", "the squares"),
    "the roots": (SOME, np.sqrt(SOME), "one step", "the roots"),
    "the inverses": (SOME, 1 / SOME, "one step", "the inverses"),
    "the absolute values": ([-1, 2, 3.5], [1, 2, 3.5], "one step", "the absolute values"),
    "tanh": (SOME, np.tanh(SOME), "one step", "tanh"),
    **{
        f"{n} decimals": (THIRDS, np.round(THIRDS, n), "one step", f"The right numbers, rounded to {n} decimal")
        for n in range(1, 5)
    },
    "5 decimals": (THIRDS / 100, np.round(THIRDS / 100, 5), "one step", "rounded to 5 decimals"),
    "7 decimals": (THIRDS / 1e4, np.round(THIRDS / 1e4, 7), "one step", "rounded to 7 decimals"),
    "a function of one number": (0.35, np.exp(0.35), PLAIN, "The number is not right."),
    "rounded they were": ([0.5, 0.25, 0.0], [0.5, 0.25, 3e-12], "small numbers", "where 0 should be, yours is 3e−12"),
    "cut on both sides": ([-3, -1, 0.5, 2, 4], [-1.5, -1, 0.5, 1.5, 1.5], "cut off", "Right between −1.5 and 1.5"),
    "cut at opposites": ([-9, 1, 2, 9], [-5, 1, 2, 5], "cut off", "Right between −5 and 5"),
    "signs alone": ([-3, -1, 2, 4], [-1, -1, 1, 1], PLAIN, "Of 4 numbers 1 is right and 3 are wrong."),
    "one lower than it should": ([1, 2, 3, 9], [1, 2, 3, 5], PLAIN, "Of 4 numbers 3 are right and 1 is wrong."),
    "small are 0": (
        [1e3, 1.2345678, 1e-6],
        [1e3, 1.2345678, 0],
        "small numbers",
        "wrong where they are small: yours are 0.",
    ),
    "small": ([1e3, 1, 1e-6], [1e3, 1, 5e-6], "small numbers", "where 1e−6 should be, yours is 5e−6."),
    "not so small": ([10, 1], [10, 0.2], PLAIN, "Of 2 numbers 1 is right and 1 is wrong."),
    "small became large": ([1e3, 1, 1e-6], [1e3, 1, 500], PLAIN, "2 are right and 1 is wrong."),
    "large are wrong": ([1e3, 1, 1e-6], [1e3 + 0.1, 1, 1e-6], PLAIN, "1 is wrong, by at most 0.1."),
    "rows off": (
        GRID,
        np.add(GRID, [[0.5], [-0.2]]),
        "an offset",
        "but not their level: one row is too large by 0.5.",
    ),
    "one row off": (GRID, np.add(GRID, [[0], [-0.2]]), "an offset", "one row is too small by 0.2."),
    "nearly an offset": ([1, 2, 3], [1.7, 2.701, 3.702], PLAIN, "None of the 3 numbers is right."),
    "rows of two off": (GRID[:, :2], GRID[:, :2] + [[0.5], [-0.2]], PLAIN, "None of the 4 numbers is right."),
    "factors of rows": (GRID, GRID * [[1], [1.5]], "the scale", "rows have factors too many: 1.5 in one of them."),
    "other places": ([1, 2, 3], [3, 1, 2], "the order", "The right numbers, in other places."),
    "other rows": (GRID, GRID[::-1], "the order", "in other places"),
    "of two numbers": ([1, 2], [2, 1], PLAIN, "Neither number is right."),
    "seven digits": (
        THIRDS,
        THIRDS.astype(np.float32),
        "the precision",
        "right to about 7 digits. float64 went in, which holds 16",
    ),
    "four digits": (THIRDS, THIRDS * [1.0001, 1, 1.0001], PLAIN, "1 is right and 2 are wrong"),
    "nearly": (5, 5.01, PLAIN, "The number is not right: it is off by 0.01."),
    "all of them nearly": (
        [1, 2, 5],
        [1.01, 1.98, 5.02],
        PLAIN,
        "None of the 3 numbers is right: they are off by at most 0.02.",
    ),
    "none of them": ([1, 2, 5], [1.3, 2.1, 4], PLAIN, "None of the 3 numbers is right."),
    "a column": (GRID, GRID * [1, 1.2, 1], PLAIN, "Everything at index 1 of axis 1 is wrong, and all"),
    "columns": (GRID, GRID ** [2, 1, 2] + [9, 0, 8], PLAIN, "Everything at indices 0, 2 of axis 1 is wrong"),
    "columns in a row": (
        np.arange(1.0, 17).reshape(2, 8),
        np.arange(1.0, 17).reshape(2, 8) ** [1, 2, 2, 2, 1, 2, 2, 1] + [0, 9, 0, 8, 0, 7, 6, 0],
        PLAIN,
        "Everything at indices 1 to 3, 5, 6 of axis 1 is wrong",
    ),
    "a part of a column": (
        GRID,
        np.add(GRID, [[0, 0, 0], [0, 3, 0]]),
        PLAIN,
        "Of 6 numbers 5 are right and 1 is wrong.",
    ),
}


@pytest.mark.parametrize(("expected", "got", "title", "sentence"), GENERAL.values(), ids=GENERAL)
def test_the_first_sentence_that_is_true(expected, got, title, sentence):
    named, text = said(expected, got)
    assert named == title, text
    assert sentence in text


def test_factors_and_offsets_along_the_axis_that_was_asked_for():
    assert "Along axis 0" in said(GRID.T, np.add(GRID.T, [0.5, -0.2]), inputs={"axis": 0})[1]
    assert said(GRID.T, np.add(GRID.T, [0.5, -0.2]), inputs={"axis": 5})[0] == PLAIN  # whatever it is, it is no axis


def test_precision_is_no_matter_where_less_went_in():
    inputs = {"x": np.ones(3, np.float32)}
    assert said(THIRDS, THIRDS * (1 + 9e-5 * np.array([1, -1, 0.5])), inputs=inputs)[0] == PLAIN
    right = np.array([1.0, 2.0, -4.0])
    assert said(right, right * (1 + 8e-6 * np.array([1, -0.5, 1])))[0] == "the precision"
    assert said(right, right * (1 + 8e-5 * np.array([1, -0.5, 1])))[0] == PLAIN


def test_lost_digits_are_no_effect_of_an_argument():
    values = np.array([[0.3, -1.2], [0.7, 0.4], [-1.9, -0.08]])  # the second sum is small, and loses most digits
    right = lambda x: (x - x.mean(0)) @ values  # the same when 1 is added
    digits = lambda x: right(x) + 1e-6 * x.sum() * np.array([1, -3])
    title, text = told(judge(on({"x": np.array([0.5, 1.25, -2.0])}, right), digits))
    assert title == PLAIN, text
    assert "off by at most" in text


def test_whole_numbers_are_told_apart_by_all_their_digits():
    given = {"x": np.array([0.5, 1.5]), "n": np.array(2**60)}
    exercise = on(given, lambda x, n: np.arange(30) + n)
    title, text = told(judge(exercise, lambda x, n: np.int64(np.float64(np.arange(30) + n))))
    assert title == PLAIN, text
    assert "the result at [1] should be 1152921504606846977, yours is 1152921504606846976." in text


def test_of_small_numbers_by_hand_no_right_one_is_shown():
    title, text = said([1000, 0.001], [1000, 0.002], kind="value", tolerance=(1.0, 1e-5))
    assert title == PLAIN
    assert "0.001" not in text


def test_by_hand_two_equal_slips_are_not_called_a_cut():
    right, slipped = [1, -2, -1, 3, -7, -7], [1, -2, -1, 3, -5, -5]
    assert said(right, slipped)[0] == "cut off"
    assert said(right, slipped, kind="value", tolerance=1e-6)[0] == PLAIN


def test_by_hand_a_function_is_known_to_the_places_that_are_asked_for():
    by_hand = {"kind": "value", "tolerance": 0.05, "properties": (function,)}
    assert "the exponentials of them" in said(SOME, [1.4, 2.3, 5.5], **by_hand)[1]


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        (
            lambda x: x - x.mean(),
            lambda x: x - x.mean() + x**2,
            "Add 1 to `x`, and the right result stays the same; yours",
        ),
        (
            lambda x: x**2,
            lambda x: x**2 * [1, 2, 3] + x,
            "and the right result becomes four times as large; yours changes, but not in",
        ),
        (
            lambda x: 3 * x,
            lambda x: x * x + x**3,
            "Double `x`, and the right result doubles; yours changes, but not in proportion.",
        ),
        (
            lambda x: 3 * x,
            lambda x: x * x * [1, 2, 3],
            "Double `x`, and the right result doubles; yours becomes four times as large.",
        ),
    ],
)
def test_the_part_of_an_argument_is_tried(right, wrong, sentence):
    title, text = told(judge(on({"x": np.array([0.5, 1.25, 2.0])}, right), wrong))
    assert title == "the effect of x"
    assert sentence in text
    assert judge(on({"x": np.array([0.5, 1.25])}, lambda x: x + 1), lambda x: x * [1, 2] + 1).title == PLAIN  # alike


def test_a_change_within_the_tolerance_is_not_called_none():
    exercise = on({"x": np.array([1e6, 2e6, 3e6])}, lambda x: 2 * x, tolerance=1e-6)
    assert "stays the same" not in told(judge(exercise, lambda x: 2 * x + 2000 * np.sin(x)))[1]


def test_what_lies_near_rounded_numbers_is_not_called_rounded():
    single = {"x": np.array([0.5, 1.5, -2.0], np.float32)}
    title, _ = said([1.918, -9.8097, 18.9472], [1.9185, -9.8092, 18.9485], inputs=single)
    assert title == PLAIN


def test_nothing_is_said_of_an_argument_where_the_answer_fails_on_another():
    x = np.array([0.5, 1.25, 2.0])
    exercise = on({"x": x}, lambda x: 3 * x)

    def raises(given):
        if not np.array_equal(given, x):
            raise ValueError
        return given**3 + 1

    assert judge(exercise, raises).title == PLAIN
    assert judge(exercise, lambda given: given**3 + 1 if given[0] == 0.5 else np.ones(2)).title == PLAIN


def test_the_second_argument_is_tried_as_well():
    inputs = {"x": np.array([0.5, 1.25]), "y": np.array([2.0, 0.75])}
    title, text = told(judge(on(inputs, lambda x, y: x * x * y), lambda x, y: x * x * y * y * [1, 3]))
    assert title == "the effect of y", text
    assert "the right result doubles; yours becomes four times as large" in text


def test_an_exercise_says_first_what_only_it_can_say():
    its_own = lambda *trial: factor(*trial) and Fault("its own")
    assert said([1, 2], [2, 4], properties=(its_own,))[0] == "its own"
    assert said([1, 2], [1, NAN], properties=(its_own,))[0] == "NaN"  # but not of what is not finite
    assert said([1, 2, 3], [1, 2, 5], properties=(its_own,))[0] == PLAIN


def test_the_result_that_is_wrong_is_named():
    title, text = said(([1.0, 2.0], [3.0, 5.0]), ([1.0, 2.0], [6.0, 10.0]), outputs=("one", "other"))
    assert title == "the scale"
    assert "other: Every number is 2 times what it should be." in text
    assert "the other should be [3, 5], yours is [6, 10]." in text


# Of weights

SHARES = np.array([0.1, 0.2, 0.7])
ROWS = np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], [0.25, 0.15, 0.6]])


def softmax(scores):
    exponentials = np.exp(scores)
    return exponentials / exponentials.sum(-1, keepdims=True)


OF_WEIGHTS = {
    "a row": (SHARES, [0.1, 0.3, 0.7], {}, "Your weights sum to 1.1; they should sum to 1."),
    "rows": (ROWS, ROWS * [[1], [1.5], [2]], {}, "Your weights sum to 1.5 along axis −1; they should sum to 1."),
    "one empty": (ROWS * [[1], [0], [1]], ROWS, {}, "Your weights sum to 1 along axis −1 where they should sum to 0."),
    "columns": (ROWS, ROWS / ROWS.sum(0), {}, "Yours sum to 1 along axis −2."),
    "columns wanted": (ROWS.T, ROWS, {"axis": 0}, "along axis 0; they should sum to 1. Yours sum to 1 along axis 1."),
    "everything": (ROWS, ROWS / 3, {}, "All of yours together sum to 1."),
    "turned": (SHARES, softmax(-np.log(SHARES)), {}, "those of the right scores with their signs turned."),
    "sharper": (SHARES, softmax(2 * np.log(SHARES)), {}, "those of the right scores multiplied by 2."),
    "a little": (ROWS, softmax(1.001 * np.log(ROWS)), {}, "those of the right scores multiplied by 1.001."),
    "the wrong one": (SHARES, [0.7, 0.2, 0.1], {}, "Your largest weight is at index 0; it should be at 2."),
    "in a row": (
        ROWS,
        np.add(ROWS, [[0, 0, 0], [-0.3, 0.3, 0], [0, 0, 0]]),
        {},
        "In row [1] your largest weight is at index 1; it should be at 0.",
    ),
    "choices": (ROWS, np.eye(3)[ROWS.argmax(-1)], {}, "You give everything to one and nothing to the others."),
    "below 0": (SHARES, [-0.1, -0.2, 1.3], {}, "−0.2 is among your weights; none may be below 0."),
    "a function": (SHARES, np.log(SHARES), {}, "you have the logarithms of them."),
}


@pytest.mark.parametrize(("expected", "got", "inputs", "sentence"), OF_WEIGHTS.values(), ids=OF_WEIGHTS)
def test_sentences_of_weights(expected, got, inputs, sentence):
    assert sentence in said(expected, got, inputs=inputs, properties=WEIGHTS)[1]


NOT_OF_WEIGHTS = {
    "not those of scores": (SHARES, [0.15, 0.1, 0.75], "multiplied by"),
    "some are gone": ([0.1, 0.2, 0.3, 0.4], [0.0, 0.25, 0.3, 0.45], "multiplied by"),
    "two weights": ([0.4, 0.6], [0.3, 0.7], "largest weight"),
    "equal ones": ([0.4, 0.4, 0.2], [0.45, 0.35, 0.2], "largest weight"),
    "a little below 0": (SHARES, [0.15, 0.85 + 1e-14, -1e-14], "below 0"),
    "two at once": ([0.5, 0.5, 0.0], [1.0, 1.0, 0.0], "everything to one"),
    "a choice that was right": ([[0.0, 1.0], [0.3, 0.7]], [[0.0, 1.0], [0.4, 0.6]], "everything to one"),
}


@pytest.mark.parametrize(("expected", "got", "sentence"), NOT_OF_WEIGHTS.values(), ids=NOT_OF_WEIGHTS)
def test_what_is_not_said_of_weights(expected, got, sentence):
    assert sentence not in said(expected, got, properties=WEIGHTS)[1]


def test_weight_on_a_masked_key():
    inputs = {"mask": np.array([True, True, False])}
    of_masks = {"inputs": inputs, "properties": (weights_masked,)}
    assert "the largest of yours there is 0.2." in said([0.4, 0.6, 0], [0.3, 0.5, 0.2], **of_masks)[1]
    assert "mask" not in said([0.4, 0.6, 0], [0.3, 0.7, 0], **of_masks)[0]
    assert "mask" not in said([0.4, 0.6, 0], [0.3, 0.7, 1e-13], **of_masks)[0]


# Numbers as they are shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "1"),
        (0.63662, "0.637"),
        (9998.5, "9998"),
        (123456.7, "123457"),
        (1234567.0, "1.23e6"),
        (1e-9, "1e−9"),
        (-0.5, "−0.5"),
        (-0.0, "0"),
        (NAN, "NaN"),
        (INF, "∞"),
        (-INF, "−∞"),
        (-1e-20, "−1e−20"),
    ],
)
def test_a_number(value, shown):
    assert words.number(value) == shown


def test_two_numbers_are_shown_as_near_as_they_are():
    assert words.pair(0.5, 0.7) == ("0.5", "0.7")
    assert words.pair(0.1925, 0.1925 - 1e-9) == ("0.1925", "0.192499999")
    assert words.pair(1.0, np.nan) == ("1", "NaN")
    assert words.pair(-np.inf, np.inf) == ("−∞", "∞")
    assert words.pair(0.12349, 0.12351) == ("0.12349", "0.12351")  # not 0.123 and 0.124, which are farther apart
    assert words.pair(1.0, 1 + 1e-12) == ("1", "1.000000000001")


def test_arrays_and_things():
    assert words.array(np.array([[1, 0.5], [-2, INF]])) == "[[1, 0.5], [−2, ∞]]"
    assert words.array(np.array([True, False])) == "[True, False]"
    some = {"x": np.array([[1.0]]), "none": np.zeros((0, 2)), "nothing": np.zeros(0)}
    assert words.inputs(some) == "x = [[1]], none (0, 2), nothing = []"
    assert words.array(np.array([-(2**53), 2**53 + 1])) == "[−9007199254740992, 9007199254740993]"
    assert words.array(np.array([1 / 3]), 2) == "[0.33]"
    assert words.thing(np.tanh) == "tanh"
    assert words.thing("a" * 57) == repr("a" * 57)
    assert words.thing("a" * 99) == "'" + "a" * 57 + " …"


def test_where_two_objects_part():
    assert words.parting((1, 2), (1, 3)) == ("[1, 2]", "[1, 3]", "")
    assert words.parting(((1, "a"), (2,)), ((1, "a"), ())) == ("[[1, 'a'], [2]]", "[[1, 'a'], []]", "")
    long = tuple(range(50))
    assert words.parting(long, (*long[:7], "x", *long[8:])) == ("7", "'x'", " at [7]")
    assert words.parting(long, long[:-1]) == ("of length 50", "of length 49", "")
    assert words.parting(3, "three") == ("3", "'three'", "")


def test_what_goes_in():
    x = np.array([1.0, 2.0])
    assert words.inputs({"x": x, "axis": -1}) == "x = [1, 2], axis = -1"
    assert words.inputs({"x": np.ones(20)}).startswith("x = [1, ")
    assert words.inputs({"x": np.ones((3, 7)), "y": x}) == "x (3, 7), y (2,)"
    assert words.inputs({"x": x.astype(np.float16)}) == "x = [1, 2] in float16"
    assert words.inputs({"n": np.array([1, 2])}) == "n = [1, 2]"


SEEN = np.array([[True, False, True], [False, False, True]])
BOOLEANS = {
    "one shown": ([[True, True, True], [False, False, True]], "Of 6 entries 1 is True and should be False."),
    "two hidden": ([[False, False, False], [False, False, True]], "Of 6 entries 2 are False and should be True."),
    "turned round": (~SEEN, "Of 6 entries 3 are True and should be False and 3 are False and should be True."),
}


@pytest.mark.parametrize(("got", "sentence"), BOOLEANS.values(), ids=BOOLEANS)
def test_which_way_booleans_are_wrong(got, sentence):
    title, text = told(judge(on({"x": SOME}, lambda x: SEEN.copy()), lambda x: np.array(got)))
    assert title == "the entries"
    assert sentence in text


def test_a_boolean_is_shown_as_one():
    many = np.zeros(9, dtype=bool)
    text = told(judge(on({"x": SOME}, lambda x: many.copy()), lambda x: np.arange(9) == 4))[1]
    assert "the result at [4] should be False, yours is True." in text


def test_a_wrong_object_is_a_result_and_not_numbers():
    assert told(judge(on({"x": SOME}, lambda x: "yes", kind="object"), lambda x: "no"))[0] == "the result"


def test_equal_numbers_are_no_exponentials_of_each_other():
    assert function(None, np.zeros(3), np.ones(3)) is None


def test_a_list_of_booleans_is_not_broken_where_it_fits_into_a_line():
    right = np.array([True, False, False, True, False, True])
    for size in range(1, 40):  # so that a line ends anywhere
        exercise = on({"x" * size: np.arange(6.0)}, lambda **inputs: right)
        text = judge(exercise, lambda x: np.array([False] * 5 + [True])).text
        assert any("[True, False, False, True, False, True]" in line for line in text.splitlines())
        assert any("[False, False, False, False, False, True]" in line for line in text.splitlines())


def test_a_long_title_goes_on_under_the_words():
    fault = lambda trial, expected, got: Fault("a title that goes on and on, " * 6 + "and ends", "So it is.")
    lines = judge(on({"x": np.ones(3)}, lambda x: np.exp(x), properties=(fault,)), np.sin).text.splitlines()
    assert lines[0].startswith("0.1 toy   ✗ a title")
    assert lines[1].startswith("    ")
    assert lines[1][4] != " "


def test_the_pieces_of_a_vocabulary_are_called_so():
    exercise = toy(lambda x: x.sum(-1), x="…V", axes={"result": "…"})
    assert "pieces are still there" in told(judge(exercise, lambda x: x))[1]


def test_no_warning_where_infinite_numbers_are_told_apart():
    with np.errstate(all="raise"):
        assert words.pair(1e308, -1e308) == ("1e308", "−1e308")
