"""From trials to a verdict: which stage, which name for the mistake, which words."""

import subprocess
import sys

import numpy as np
import pytest

from attention.checks.exercise import Misconception, Stage
from attention.checks.judge import judge
from attention.checks.properties import factor
from attention.checks.report import WIDTH
from tests.checks.toys import on, said, told, toy

X = np.array([0.5, 1.5, -2.0])


def twice(x):
    return 2 * x


def stages(*draws, **more):
    """The first with its number as name, and so on."""
    return tuple(Stage(f"stage {n}", ({"x": draw},), leading=(), types=(), **more) for n, draw in enumerate(draws))


def with_mistakes(faulty, *mistakes, draws=(X,), **more):
    return toy(twice, arguments={}, faulty=faulty, misconceptions=mistakes, stages=stages(*draws), **more)


def beyond(x):
    return np.abs(x).max() > 5


# Stages


def test_what_a_verdict_says():
    assert judge(on({"x": X}, twice), twice).text == "0.1 toy   ✓ plain"
    assert judge(on({"x": X}, twice), lambda x: x * x).text == (
        "0.1 toy   ✗ the effect of x\n"
        "    Double `x`, and the right result doubles; yours becomes four times as large.\n"
        "    x = [0.5, 1.5, −2]: the result should be [1, 3, −4], yours is [0.25, 2.25, 4].\n"
        "    See: Toys"
    )
    assert "it got a float." in told(judge(on({"x": X}, twice), 0.5))[1]
    assert judge(on({}, lambda: X, kind="value", tolerance=0.01), lambda: [0.5, 1.0, 2.0]).text == (
        "0.1 toy   ✗ the numbers\n    Yours is [0.5, 1, 2]; wrong is what stands at [1], [2].\n    See: Toys"
    )
    assert "Yours is 2. See" in told(judge(on({}, lambda: 5.0, kind="value", tolerance=0.01), lambda: 2))[1]


def test_the_narrow_types_that_an_exercise_and_its_stages_have():
    def named(exercise):
        return judge(exercise, twice).text.split("✓ ")[1]

    plain, wide = Stage("plain", ({"x": X},), leading=()), Stage("wide", ({"x": X},), leading=(), types=())
    single = Stage("single", ({"x": X},), leading=(), types=("float32",))
    exercise = {"arguments": {}, "misconceptions": ()}
    assert named(toy(twice, stages=(plain,), **exercise)) == "plain · float32"
    assert named(toy(twice, stages=(plain,), dtypes=("float32", "float16"), **exercise)) == "plain · float32 · float16"
    assert (
        named(toy(twice, stages=(single, wide), dtypes=("float32", "float16"), **exercise)) == "single · wide · float32"
    )
    assert named(toy(twice, stages=(wide,), **exercise)) == "wide"
    objects = {**exercise, "kind": "object", "stages": (Stage("plain", ({"x": "ab"},), leading=()),)}
    assert named(toy(twice, **objects)) == "plain"


def test_every_stage_is_tried_in_every_type():
    draws = tuple(Stage(name, ({"x": x},), leading=()) for name, x in (("one", X), ("other", 10 * X)))
    exercise = toy(twice, arguments={}, misconceptions=(), stages=draws, dtypes=("float32", "float16"))
    for dtype in ("float32", "float16"):
        title = judge(exercise, lambda x, dtype=dtype: 2 * x + (x.dtype == dtype and beyond(x))).title
        assert title == f"an offset ({dtype})"


def test_what_a_narrow_type_cannot_hold_is_not_tried_in_it():
    exercise = toy(twice, arguments={}, misconceptions=(), dtypes=("float32", "float16"), stages=(
        Stage("large", ({"x": 1e5 * X}, {"x": X}, {"x": np.array([np.inf, 1.0])}), leading=()),
    ))  # fmt: skip
    seen = []
    assert judge(exercise, lambda x: seen.append((x.dtype.name, x.max())) or 2 * x).passed
    assert {top for name, top in seen if name == "float16"} == {1.5, np.inf}
    assert {top for name, top in seen if name == "float32"} == {1.5, 150000, np.inf}


def test_an_answer_that_fails_is_not_called_on_everything():
    calls = []
    exercise = toy(
        twice, misconceptions=(), stages=(Stage("many", tuple({"x": n + X} for n in range(40)), leading=()),)
    )
    assert not judge(exercise, lambda x: calls.append(0) or x.nonsense).passed
    assert len(calls) < 10


def test_a_wide_reference_and_a_tolerance_of_a_stage():
    types = []
    judge(on({"x": X}, lambda x: types.append(x.dtype) or 2 * x), twice)
    assert np.longdouble in types
    loose = on({"x": X}, twice, tolerance=1e-3)
    assert judge(loose, lambda x: 2 * x + 1e-3).passed
    assert not judge(loose, lambda x: 2 * x + 1e-2).passed
    assert judge(on({"n": 3}, lambda n: np.array([n / 3])), lambda n: np.array([n / 3 + 1e-13])).passed
    assert not judge(on({"n": 3}, lambda n: np.array([n / 3])), lambda n: np.array([n / 3 + 1e-10])).passed
    mixed = {"x": X, "y": X.astype(np.float32)}
    assert judge(on(mixed, lambda x, y: x + y), lambda x, y: x + y + 1e-7).passed


def test_the_margin_of_each_of_several_results():
    expected = (np.float64(1.0), np.arange(1.0, 9.0))
    moved = np.where(np.arange(8) == 4, 9, expected[1]) * (1 + 1e-15)
    assert "the other at [4] should be 5, yours is 9." in said(expected, (1.0, moved), outputs=("one", "other"))[1]
    both = on({"x": X}, lambda x: ([1, 2], (3,)), kind="object", outputs=("one", "other"))
    assert judge(both, lambda x: ((1, 2), [3])).passed
    assert "the other should be [3], yours is [4]." in told(judge(both, lambda x: ([1, 2], [4])))[1]


def test_proportions_are_said_as_nearly_as_they_can_be_measured():
    noise = np.array([1, -1, 1]) * 5e-12
    right = np.array([1.0, 2.0, 4.0])
    assert "Every number is 3 times" in said(right, 3 * right * (1 + noise))[1]
    assert "times" not in said(right, 3 * right * (1 + 1e9 * noise), tolerance=1e-3)[1]
    by_hand = {"kind": "value", "tolerance": 1e-4, "properties": (factor,)}
    assert "Every number is 2 times" in said([0.1234, 0.4321], [0.247, 0.864], **by_hand)[1]


# Names


ONE = Misconception("one", {"way": "one"}, "You did one.", see="There")
OTHER = Misconception("other", {"way": "other"}, lambda x: f"You did other to {x[0]:g}.")


def ways(x, way=""):
    if way == "one":
        return 2 * x + x.max()
    return 2 * x + (x**2 if way == "other" else 0)


def test_a_mistake_by_its_name_its_hint_and_its_section():
    exercise = with_mistakes(ways, ONE, OTHER)
    title, text = told(judge(exercise, lambda x: 2 * x + x.max()))
    assert title == "one"
    assert "You did one. x = [0.5" in text
    assert text.endswith("See: There")
    title, text = told(judge(exercise, lambda x: 2 * x + x**2))
    assert title == "other"
    assert "You did other to 0.5." in text
    assert text.endswith("See: Toys")


def test_a_mistake_is_the_one_only_where_all_before_and_after_agrees():
    exercise = with_mistakes(ways, ONE, OTHER, draws=(X, 10 * X))
    later = told(judge(exercise, lambda x: ways(x, "one" if not beyond(x) else "other")))
    assert later[0] == "one"
    assert "On these inputs your results are those of a known mistake: You did one." in later[1]
    assert later[1].endswith("See: Toys")  # its section only where it is certain
    before, text = told(judge(exercise, lambda x: ways(x, "one" if beyond(x) else "")))
    assert "one" not in before
    assert "You did one" not in text
    assert before.endswith("(stage 1)")
    title, text = told(
        judge(with_mistakes(ways, ONE, OTHER, draws=(X, 10 * X)), lambda x: 2 * x + (x if beyond(x) else 0))
    )
    assert title == "the scale (stage 1)"
    assert "Right so far: stage 0." in text


def test_a_hint_speaks_of_the_inputs_that_are_shown():
    late = Misconception("late", {"late": True}, lambda x: f"You did it to {x[0]:g}.")
    faulty = lambda x, late=False: 2 * x + (x if late and beyond(x) else 0)
    exercise = with_mistakes(faulty, late, draws=(X, 10 * X))
    assert "You did it to 5. x = [5, 15, −20]" in told(judge(exercise, lambda x: faulty(x, True)))[1]


def failing(x, how=""):
    if how in ("a", "b"):
        raise ValueError("bad")
    if how == "c":
        raise ValueError("other")
    if how == "d":
        return x + np.ones(9)
    return 2 * x


FAILING = [Misconception(how, {"how": how}, f"It was {how}.", breaks_contract=True) for how in "abcd"]


def test_a_mistake_by_its_error():
    exercise = with_mistakes(failing, *FAILING)
    title, text = told(judge(exercise, lambda x: failing(x, "c")))
    assert title == "c"
    assert "ValueError: other It was c. On" in text
    title, text = told(judge(exercise, lambda x: failing(x, "a")))  # or b, which says the same
    assert title == "raises ValueError"
    assert "One way to this error: It was a. One way to this error: It was b." in text
    title, text = told(judge(exercise, lambda x: x @ np.ones((2, 2))))  # shapes clash, in other words
    assert title == "raises ValueError"
    assert "One way to this error: It was d." in text
    text = told(judge(exercise, lambda x: int("unheard of")))[1]
    assert "It was" not in text


def test_a_mistake_that_raises_is_no_name_for_one_that_does_not():
    title, text = told(judge(with_mistakes(failing, *FAILING), lambda x: 6 * x))
    assert title == "the scale"
    assert "It was" not in text


def test_an_error_is_known_only_where_everything_else_agrees():
    def odd(x, way=""):
        if way and len(x) == 3:
            raise ValueError("odd")
        return 2 * x if not way else 4 * x

    odd_one = Misconception("odd", {"way": "odd"}, "It is odd.")
    before = with_mistakes(odd, odd_one, draws=(np.ones(4), X))
    assert "It is odd." not in told(judge(before, lambda x: odd(x, "odd") if len(x) == 3 else 2 * x))[1]
    beside = toy(twice, arguments={}, faulty=odd, misconceptions=(odd_one,), stages=(
        Stage("plain", ({"x": X}, {"x": np.ones(4)}), leading=(), types=()),
    ))  # fmt: skip

    def always(x):
        raise ValueError("odd")

    assert "It is odd." not in told(judge(beside, always))[1]
    assert judge(beside, lambda x: odd(x, "odd")).title == "odd"


def test_no_mistake_is_named_where_the_numbers_are_right():
    def writes(x):
        result = 2 * x
        x[0] = 7
        return result

    nowhere = Misconception("far away", {"far": True}, "You went far.")
    exercise = with_mistakes(lambda x, far=False: 2 * x + (far and beyond(x)), nowhere, draws=(X, 10 * X))
    title, text = told(judge(exercise, writes))
    assert title == "the arguments"
    assert "You went far" not in text


def test_two_mistakes_at_once_and_one_of_them_at_a_time():
    def faulty(x, a=False, b=False):
        return (2 * x + a) * (1 + (b and beyond(x)))

    a, b = Misconception("a", {"a": 1}, "It was a."), Misconception("b", {"b": 2}, "It was b.")
    exercise = with_mistakes(faulty, a, b, draws=(X, 10 * X))
    title, text = told(judge(exercise, lambda x: faulty(x, a=1, b=2)))
    assert title == "a"  # b shows later: one at a time
    assert "It was b" not in text
    together = with_mistakes(faulty, a, b, draws=(10 * X,))
    title, text = told(judge(together, lambda x: faulty(x, a=1, b=2)))
    assert title == "a, and b"
    assert "It was a. It was b." in text


# Where to look


def test_the_section_of_the_stage():
    exercise = toy(twice, arguments={}, misconceptions=(), stages=stages(X, see="Elsewhere"))
    assert told(judge(exercise, lambda x: x + 1))[1].endswith("See: Elsewhere")


def test_one_place_of_many_and_all_of_few():
    right, wrong = np.arange(1.0, 8.0), np.array([1, 9, 3, 4, 5, 9, 7.0])
    assert "the result at [1] should be 2, yours is 9." in said(right, wrong)[1]
    wrong[4] = np.nan
    assert "the result at [4] should be 5, yours is NaN." in said(right, wrong)[1]
    assert "the result should be [1, 2, 3, 4, 5, 6], yours is [1, 9, 3, 4, NaN, 9]." in said(right[:6], wrong[:6])[1]
    assert "at [0, 1]" in said(np.ones((2, 4)) * np.arange(4), np.array([[0, 5, 2, 3], [0, 1, 5, 3.0]]))[1]


def test_what_was_printed_comes_last():
    text = told(judge(on({"x": X}, twice), lambda x: print("here\nthere") or x))[1]
    assert text.index("x = [") < text.index("It printed: 'here' See: Toys")


def test_lines_are_short_and_lists_whole():
    assert WIDTH == 92
    lists = {"aaaaaaaaaaaaaaaaaaaa": np.arange(6) / 7, "bbbbbbbbbbbbbbbbbbbbbb": np.arange(5) / 7}
    text = judge(on(lists, lambda **given: np.ones(3)), lambda a, b: np.zeros(2)).text
    assert max(map(len, text.splitlines())) <= 92
    assert "= [0, 0.142857, 0.285714, 0.428571, 0.571429]." in text.replace("  ", "")
    assert all(line.count("[") == line.count("]") for line in text.splitlines())
    long = judge(on({"x": np.arange(20) / 7}, twice), lambda x: np.zeros(2)).text  # which no line can hold
    assert max(map(len, long.splitlines())) <= 92
    assert "\N{NO-BREAK SPACE}" not in text + long


def test_no_line_ends_within_infinity_less_infinity():
    pair = lambda x: (x, 2 * x)
    for length in range(1, 25):  # of the word before it
        exercise = on({"x": X}, pair, outputs=("a" * length, "b"))
        text = judge(exercise, lambda x: (x + np.array([0, np.nan, 0]), 2 * x)).text
        assert "∞ − ∞" in text
        assert not any(line.endswith((" −", " /", " ·")) for line in text.splitlines())
        assert not any(line.strip().startswith(("− ", "/", "·")) for line in text.splitlines())


# Which framework


def test_no_framework_is_imported_for_an_answer_in_numpy():
    code = (
        "import sys\nfrom attention.checks.judge import judge\nfrom tests.checks.toys import toy\n"
        "print(judge(toy(lambda x: abs(x), x='S'), lambda x: x.nonsense).title)\n"
        "print({'torch', 'tensorflow'} & {*sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "raises AttributeError\nset()\n"


@pytest.mark.parametrize("framework", ["numpy", "pytorch"])
def test_a_stub_in_another_framework_is_not_written_yet(framework):
    def stub(x):
        raise NotImplementedError("exercise 0.1")

    assert judge(toy(twice, frameworks=("numpy", "pytorch")), stub, framework).text.endswith("not written yet")


def test_what_an_answer_keeps_is_said_of_the_first_inputs():
    calls = []

    def answer(x):
        calls.append(x)
        return 2 * x if len(calls) < 5 else 3 * x

    title, text = told(judge(with_mistakes(ways, ONE, draws=(X, 10 * X)), answer))
    assert title == "not the same twice"
    assert "On x = [0.5, 1.5, −2]." in text
