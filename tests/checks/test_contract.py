"""What comes back, before its numbers are looked at: its kind, shape and type, twice the same; or an error."""

import builtins
import io

import numpy as np
import pytest

from attention.checks import arguments as arg
from attention.checks.exercise import Stage
from attention.checks.judge import judge
from tests.checks.toys import on, told, toy

X = np.array([0.5, 1.5, -2.0])
TABLE = np.arange(10.0).reshape(2, 5)


def saying(reference, answer, inputs=None, framework="numpy", **more):
    return told(judge(on(inputs or {"x": X}, reference, **more), answer, framework))


def twice(x):
    return 2 * x


def pair(x):
    return x, 2 * x


def sum_of(x):
    return np.asarray(x.sum())


def table(x):
    return np.outer(x, x)


def ranks(x):
    return np.argsort(x)


def sizes(x):
    return np.abs(x)


BOTH = {"outputs": ("one", "other")}
OF_X = "x = [0.5, 1.5, −2]"
KINDS = {
    "nothing": (twice, lambda x: None, {}, "no result", "Is there a `return` on every way through it?"),
    "a list": (twice, lambda x: [1.0], {}, "the kind of result", "Expected a NumPy array; a list came back."),
    "an int": (twice, lambda x: 1, {}, "the kind of result", "Expected a NumPy array; an int came back."),
    "a float": (twice, lambda x: 1.0, {}, "the kind of result", "Expected a NumPy array; a float came back."),
    "a function": (twice, lambda x: twice, {}, "the kind of result", "a function came back."),
    "a type": (twice, lambda x: dict, {}, "the kind of result", "a function came back."),
    "a tuple": (twice, lambda x: (x, x, x), {}, "the kind of result", "a tuple of 3 came back."),
    "a matrix": (twice, lambda x: np.asmatrix(x), {}, "the kind of result", "a numpy matrix came back."),
    "one of two": (
        pair,
        lambda x: x,
        BOTH,
        "the results",
        "Expected 2 results, one and other; a numpy ndarray came back.",
    ),
    "three of two": (
        pair,
        lambda x: (x, x, x),
        BOTH,
        "the results",
        "Expected 2 results, one and other; 3 results came",
    ),
    "half of two": (pair, lambda x: (x, None), BOTH, "the results", "`other` is None."),
    "a list as the second": (
        pair,
        lambda x: (x, [1.0]),
        BOTH,
        "the kind of result",
        "other: Expected a NumPy array; a list",
    ),
    "strings": (twice, lambda x: np.array(["a"]), {}, "the type", "Expected numbers; an array of <U1 came back."),
    "dates": (
        twice,
        lambda x: x.astype("M8[s]"),
        {},
        "the type",
        "Expected numbers; an array of datetime64[s] came back.",
    ),
    "objects": (
        twice,
        lambda x: x.astype(object),
        {},
        "the type",
        "Expected numbers; an array of Python objects came back.",
    ),
    "complex": (twice, lambda x: 2j * x, {}, "the type", "Expected numbers; complex numbers came back."),
    "whole": (
        twice,
        lambda x: x.astype(int),
        {},
        "the type",
        "Expected floating-point numbers; whole numbers came back.",
    ),
    "truths": (twice, lambda x: x > 0, {}, "the type", "Expected floating-point numbers; an array of bool came back."),
    "not whole": (ranks, lambda x: 1.0 * np.argsort(x), {}, "the type", "Expected whole numbers; an array of float64"),
    "one that is not whole": (
        lambda x: np.array(x.size),
        lambda x: x.size / 1,
        {},
        "the type",
        "Expected a whole number; the float 3.0 came back.",
    ),
    "one that is not true": (
        lambda x: np.array(x.size > 0),
        lambda x: x.size,
        {},
        "the type",
        "Expected True or False; the whole number 3 came back.",
    ),
    "no truths": (
        lambda x: x > 0,
        lambda x: 1 * (x > 0),
        {},
        "the type",
        "Expected True or False; an array of int64 came",
    ),
    "the second's type": (
        pair,
        lambda x: (x, x > 0),
        BOTH,
        "the type",
        "other: Expected floating-point numbers; an array",
    ),
    "narrower": (
        twice,
        lambda x: np.float32(2 * x),
        {},
        "the type",
        "but float64 went in and float32 came out. Digits are lost.",
    ),
    "by hand, words": (
        lambda x: X,
        lambda x: ["a", 1.0],
        {"kind": "value"},
        "the kind of result",
        "a list that holds float and str came back.",
    ),
    "no number": (sum_of, lambda x: [1.0], {}, "the kind of result", "Expected one number; a list came back."),
    "by hand, no number": (
        sum_of,
        lambda x: "1",
        {"kind": "value"},
        "the kind of result",
        "Expected one number; a str came back.",
    ),
    "by hand, rows of unlike lengths": (
        table,
        lambda x: [[1, 2], [3.0]],
        {"kind": "value"},
        "the kind of result",
        "Expected a list of rows of numbers; a list of lists of 1 and 2 numbers came back.",
    ),
    "by hand, deeper": (
        table,
        lambda x: ([[1, 2], [3]], [4]),
        {"kind": "value"},
        "the kind of result",
        "Expected a list of rows of numbers; a tuple of 2 came back.",
    ),
    "by hand, lists in one of two": (
        table,
        lambda x: [[[1, 2], [3]], [4]],
        {"kind": "value"},
        "the kind of result",
        "a list of lists of lists came back.",
    ),
    "by hand, rows of text": (
        table,
        lambda x: [[1, 2], ["3"]],
        {"kind": "value"},
        "the kind of result",
        "a list of lists that hold int and str came back.",
    ),
    "by hand, nothing": (
        lambda x: X,
        lambda x: [1.0, None],
        {"kind": "value"},
        "the kind of result",
        "a list that holds NoneType and float came back.",
    ),
    "by hand, truths": (lambda x: X, lambda x: True, {"kind": "value"}, "the kind of result", "a bool came back."),
    "by hand, lists": (
        lambda x: X,
        lambda x: [[1.0], ["b"]],
        {"kind": "value"},
        "the kind of result",
        "a list of lists that hold float and str",
    ),
    "the shape": (twice, lambda x: x[:2], {}, "the shape", "Expected (3,), the shape of x; got (2,)."),
    "what it holds": (twice, lambda x: x[:2], {"returns": "twos"}, "the shape", "Expected (3,), twos; got (2,)."),
    "the second's shape": (
        pair,
        lambda x: (x, x[:2]),
        BOTH,
        "the shape",
        "other: Expected (3,), the shape of x; got (2,).",
    ),
    "one axis more": (twice, lambda x: 2 * x[None], {}, "the shape", "got (1, 3): the same but for axes of size 1."),
}


@pytest.mark.parametrize(("right", "wrong", "more", "title", "sentence"), KINDS.values(), ids=KINDS)
def test_a_result_of_another_kind(right, wrong, more, title, sentence):
    named, text = saying(right, wrong, **more)
    assert named == title, text
    assert sentence in text
    assert f"On {OF_X}." in text or title == "the type"


def test_complex_whole_and_true_are_right_where_they_are_asked_for():
    for right in (lambda x: x > 0, ranks):
        assert judge(on({"x": X}, right), right).passed
    assert judge(on({"x": X}, lambda x: np.array([2, 3]), kind="value"), lambda x: [2, 3]).passed
    assert judge(on({"x": X}, lambda x: np.array([2.0, 3.0]), kind="value"), lambda x: [2, 3]).passed
    assert judge(on({"x": X}, lambda x: np.array([2.0]), kind="value"), lambda x: np.array([2.0], object)).passed
    assert judge(on({"x": X}, pair, **BOTH), lambda x: [x, 2 * x]).passed  # a list of two is as good as a tuple


NAMES = {"arguments": {"x": arg.Floats("…TD")}, "axes": {"result": "…T"}}
LEADING = {"arguments": {"x": arg.Floats("…D")}, "axes": {"result": "D"}}


@pytest.mark.parametrize(
    ("right", "wrong", "more", "sentence"),
    [
        (
            lambda x: x.sum(-1),
            lambda x: x.sum(-2),
            NAMES,
            "got (5,): the 2 queries are gone, the 5 features are still there.",
        ),
        (lambda x: x.sum(-1), lambda x: x, NAMES, "got (2, 5): the 5 features are still there."),
        (lambda x: x.sum(-1), lambda x: x, NAMES | {"nouns": {"D": "words"}}, "the 5 words are still there."),
        (lambda x: x.sum(-1), lambda x: x.sum(), NAMES, "got (): the 2 queries are gone."),
        (lambda x: x.sum(0), lambda x: x, LEADING, "got (2, 5): the leading axis, 2 long, is still there."),
        (lambda x: x.sum(0), lambda x: x[:1] + x[:, :1], LEADING, "got (2, 5): the leading axis"),
        (lambda x: x.sum(0), lambda x: x[:, :2], LEADING, "Expected (5,); got (2, 2)"),  # the 2 may be sentences
        (
            lambda x: x[:, 0],
            lambda x: x,
            {"arguments": {"x": arg.Floats("…D")}, "axes": {"result": "…"}},
            "got (2, 5): the 5 features are still there.",
        ),
        (lambda x: x.sum(-1), lambda x: x, NAMES | {"axes": {}}, "Expected (2,); got (2, 5)."),
        (lambda x: x.T, lambda x: x, {}, "got (2, 5): the right axes in another order."),
    ],
)
def test_axes_are_called_by_what_they_count(right, wrong, more, sentence):
    assert sentence in saying(right, wrong, {"x": TABLE}, **more)[1]


def test_axes_of_one_size_are_not_told_apart():
    text = saying(lambda x: x.sum(-1), lambda x: x[0, 0], {"x": np.ones((2, 2, 5))}, **NAMES)[1]
    assert "queries" in text
    text = saying(lambda x: x.sum(-1), lambda x: x.sum(), {"x": np.ones((5, 5))}, **NAMES)[1]
    assert "Expected (5,); got ()." in text
    text = saying(lambda x: x.sum(-1), lambda x: x[..., 0, 0], {"x": np.ones((3, 1, 5))}, **NAMES)[1]
    assert "queries" not in text
    of_sets = NAMES | {"axes": {"result": "D"}}
    text = saying(lambda x: x.sum((0, 1)), lambda x: x.sum(1), {"x": np.ones((3, 3, 4))}, **of_sets)[1]
    assert "got (3, 4)." in text  # three sets of a batch, and not three queries


def test_a_type_that_the_task_names_is_asked_for_whatever_goes_in():
    inputs, named = {"x": X.astype(np.float32)}, {"gives_type": "float64"}
    assert judge(on(inputs, twice, **named), lambda x: twice(x.astype(np.float64))).passed
    sentence = "The numbers are right, but float32 went in and float32 came out. The task asks for float64."
    assert sentence in saying(twice, twice, inputs, **named)[1]
    counted = lambda n: 0.5 ** np.arange(1, n + 1)
    sentence = "The numbers are right, but float32 came out. The task asks for float64."
    assert sentence in saying(counted, lambda n: counted(n).astype(np.float32), {"n": 3}, **named)[1]


def test_the_type_of_the_coarsest_argument_is_enough():
    inputs = {"x": X, "y": X.astype(np.float32)}
    product = lambda x, y: x * y
    assert judge(on(inputs, product), lambda x, y: np.float32(x * y)).passed
    assert saying(product, lambda x, y: np.float16(x * y), inputs)[1].count("float32 went in and float16 came out")


def test_each_result_keeps_the_type_of_its_own_argument():
    inputs = {"x": X, "y": X.astype(np.float32)}
    own = {"outputs": ("one", "other"), "keeps_type": True, "type_of": {"one": "x", "other": "y"}}
    both = lambda x, y: (2 * x, 3 * y)
    assert judge(on(inputs, both, **own), both).passed
    _, narrow = saying(both, lambda x, y: (np.float32(2 * x), 3 * y), inputs, **own)
    assert (
        "one: The numbers are right, but `x` is float64 and float32 came out. The task asks for the type of `x`."
        in narrow
    )
    assert "; x in float64, y in float32" in narrow
    _, wide = saying(both, lambda x, y: (2 * x, 3.0 * y.astype(float)), inputs, **own)
    assert "other: The numbers are right, but `y` is float32 and float64 came out." in wide
    assert "The task asks for the type of `y`." in wide
    whole = {"x": np.arange(3), "y": np.arange(3, dtype=np.int32)}
    _, wide = saying(both, lambda x, y: (2 * x, 3 * y.astype(np.int64)), whole, **own)
    assert "other: The numbers are right, but `y` is int32 and int64 came out." in wide
    assert judge(on(whole, both, **own), both).passed
    alike = {"x": X, "y": X}
    assert (
        "The task asks for the type of the input."
        in saying(both, lambda x, y: (2 * x, np.longdouble(3 * y)), alike, **own)[1]
    )


def test_wrong_numbers_are_judged_as_numbers_before_their_type():
    assert saying(twice, lambda x: np.float32(x * x))[0] != "the type"
    assert judge(on({"x": X}, twice, keeps_type=True), lambda x: np.longdouble(2 * x)).title == "the type"
    assert (
        "The task asks for the type of the input." in saying(twice, lambda x: np.longdouble(2 * x), keeps_type=True)[1]
    )
    assert judge(on({"x": X}, twice, keeps_type=True), lambda x: np.longdouble(3 * x)).title == "the scale"


# Twice the same, and nothing of the caller's is touched


def test_of_several_results_one_that_is_shared_is_found():
    buffer = np.empty(3)

    def shares(x):
        buffer[:] = 2 * x
        return x.copy(), buffer

    assert saying(pair, shares, **BOTH)[0] == "one array for all results"
    assert saying(twice, lambda x: np.multiply(2, x, out=buffer)[:])[0] == "one array for all results"


def test_an_object_that_is_given_twice_is_found():
    kept = [1]
    title, text = saying(lambda x: [1], lambda x: kept, kind="object")
    assert title == "one list for all results"
    assert "Make a new list in each call." in text
    one = (1,)
    assert judge(on({"x": X}, lambda x: (1,), kind="object"), lambda x: one).passed  # nobody can write into it


def test_what_differs_the_second_time_is_found():
    count = []

    def counts(x):
        count.append(0)
        return 2 * x + (len(count) % 2) * 1e-3

    def shrinks(x):
        count.append(0)
        return 2 * x[: 3 - len(count) % 2]

    assert saying(twice, counts)[0] == "not the same twice"
    count.clear()
    assert saying(lambda x: 2 * x[:2], shrinks)[0] == "not the same twice"


def test_a_right_answer_is_called_again_at_the_end():
    stages = (Stage("first", ({"x": X},), leading=(), types=()), Stage("last", ({"x": -X},), leading=(), types=()))
    exercise, seen = toy(twice, arguments={}, stages=stages), []

    def remembers(x):
        seen.append(x[0] < 0)
        return 2 * x * (1 if not any(seen) or x[0] < 0 else 3)

    title, text = told(judge(exercise, remembers))
    assert title == "not the same twice"
    assert "Right so far: first · last." in text
    seen.clear()

    def fails(x):
        seen.append(x[0] < 0)
        return 2 * x if not any(seen) or x[0] < 0 else 1 / 0

    assert judge(exercise, fails).title == "not the same twice"


def test_claims_allow_another_result_each_time():
    rng = np.random.default_rng(0)
    positive = lambda inputs, result: "" if (result > 0).all() else "the sign: Not all are positive."
    small = lambda inputs, result: "" if (result < 1).all() else "the size: Not all are below 1."
    exercise = on({"x": X}, sizes, claims=(positive, small))
    assert judge(exercise, lambda x: rng.random(3)).passed
    assert saying(sizes, lambda x: -rng.random(3), claims=(positive, small))[0] == "the sign"
    assert saying(sizes, lambda x: 1 + rng.random(3), claims=(positive, small))[1].count("Not all are below 1.")


def test_arguments_belong_to_the_caller():
    inputs = {"x": np.array([1.0, np.nan]), "mask": np.array([True, False]), "names": ["a", "b"], "f": np.exp}

    def writes(x, mask, names, f):
        mask[:] = True
        return np.where(True, 1.0, x)

    def sorts(x, mask, names, f):
        names.reverse()
        return np.ones(2)

    right = lambda x, mask, names, f: np.ones(2)
    assert judge(on(inputs, right), right).passed  # NaN is no change
    title, text = saying(right, writes, inputs)
    assert title == "the arguments"
    assert "changed its argument `mask`" in text
    assert "the caller. Something in it writes into the array" in text
    title, text = saying(right, sorts, inputs)
    assert "changed its argument `names`" in text
    assert "the caller. Something in it assigns into the list" in text
    assert inputs["names"] == ["a", "b"]
    assert judge(on(inputs, right), right).passed


# Errors


def raising(error):
    def answer(x):
        raise error

    return answer


def test_an_error_by_its_name_and_first_line():
    title, text = saying(twice, raising(ValueError("one\ntwo")))
    assert title == "raises ValueError"
    assert "ValueError: one On" in text
    assert "Your line" in text
    assert "raise error" in text
    assert "ValueError, without a word." in saying(twice, raising(ValueError()))[1]
    assert "ends the program" in saying(twice, raising(SystemExit()))[1]
    assert "word word …" in saying(twice, raising(ValueError("word " * 99)))[1]
    assert "word " * 35 in saying(twice, raising(ValueError("word " * 99)))[1]
    text = saying(twice, raising(ValueError("{{function_node __wrapped__AddV2_device_/job:cpu}} Incompatible")))[1]
    assert "ValueError: Incompatible" in text
    with pytest.raises(KeyboardInterrupt):
        judge(on({"x": X}, twice), raising(KeyboardInterrupt()))  # the learner's own


def test_no_end_is_said():
    def answer(x):
        return answer(x)

    assert "Your function calls itself without end." in saying(twice, answer)[1]


def test_the_line_is_the_last_of_the_learners_own(tmp_path):
    def inner(x):
        return np.reshape(x, (7, 7))

    def answer(x):
        return inner(x)

    text = saying(twice, answer)[1]
    line = inner.__code__.co_firstlineno + 1
    assert f"Your line {line}: return np.reshape(x, (7, 7))" in text


def test_other_arguments_than_the_check_gives():
    title, text = saying(twice, lambda x, y: x)
    assert title == "the arguments"
    assert "The check calls it with (x); yours is written with (x, y)." in text
    assert saying(twice, lambda x: x + "a")[0].startswith("raises ")  # a TypeError, but not for the arguments
    assert saying(twice, raising(TypeError("no")))[0] == "raises TypeError"
    class_of_two = lambda layer, x: layer(1, 2)(x)
    assert saying(twice, lambda x: x, call=class_of_two)[0] == "raises TypeError"  # is not called with the arguments


def test_who_is_not_written_yet():
    def stub(x):
        raise NotImplementedError("exercise 0.1")

    def of_ones_own(x):
        raise NotImplementedError

    def calls(x):
        return stub(x)

    exercise = on({"x": X}, twice)
    assert judge(exercise, stub).text == "0.1 toy   not written yet"
    assert judge(exercise, of_ones_own).text == "0.1 toy   not written yet"
    assert (
        judge(exercise, calls).text
        == "0.1 toy   not written yet: it calls `stub` (exercise 0.1), which is still to be written"
    )
    assert judge(exercise, lambda x: of_ones_own(x)).text.endswith(
        "it calls `of_ones_own`, which is still to be written"
    )
    for error in (NotImplementedError("exercise 0.1"), NotImplementedError()):
        assert not judge(exercise, raising(error)).passed
    assert judge(exercise, raising(ValueError("exercise 0.1"))).title == "raises ValueError"
    assert judge(exercise, np.ma.MaskedArray.__array_wrap__).title != ""


def test_what_an_answer_prints_and_warns_is_held_back(capsys, recwarn):
    def talks(x):
        print("first\nsecond")
        with io.StringIO() as sink:
            builtins.print("elsewhere", file=sink)
        import warnings

        warnings.warn("deprecated", stacklevel=1)
        return x / np.zeros(3)

    text = saying(twice, talks)[1]
    assert "It printed: 'first'" in text
    assert "See: Toys" in text.split("It printed")[1]
    assert judge(on({"x": X}, twice), lambda x: print() or 2 * x + 0 * np.log(np.zeros(3) + 1)).passed
    assert capsys.readouterr().out == ""
    assert not recwarn
    assert judge(on({"x": X}, lambda x: x / 0.0), lambda x: x / np.zeros(3)).passed  # ∞, in silence


def test_which_of_several_results_is_too_narrow():
    both = on({"x": X}, lambda x: (x, twice(x)), outputs=("one", "other"))
    text = told(judge(both, lambda x: (x.copy(), twice(x).astype(np.float32))))[1]
    assert "other: The numbers are right, but float64 went in and float32 came out. Digits are lost." in text
