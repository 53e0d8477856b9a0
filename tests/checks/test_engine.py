"""What the checks promise for any exercise: they find what is wrong, pass what is right, never raise, and say why."""

import functools
import importlib
import inspect
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse

from attention.checks import arguments as arg
from attention.checks import check, progress, stale
from attention.checks import exercise as declared
from attention.checks.compare import alike, plain
from attention.checks.draws import draws_of
from attention.checks.exercise import Exercise, Misconception, Stage, chapters, find
from attention.checks.judge import draws_in, judge
from attention.checks.report import WIDTH
from tests.checks import specimens
from tests.checks.toys import toy


@pytest.fixture(autouse=True)
def chapter_of_specimens(monkeypatch):
    """A chapter that is only here, so that the real ones may change their exercises."""
    known = {**chapters(), "99": specimens}
    for module in (declared, progress, sys.modules[__name__]):
        monkeypatch.setattr(module, "chapters", lambda: known)


def good(scores, axis=-1):
    exponentials = np.exp(scores - scores.max(axis, keepdims=True))
    return exponentials / exponentials.sum(axis, keepdims=True)


def verdict(answer, key="99.softmax", framework="numpy"):
    return judge(find(key), answer, framework)


# What comes back may be anything


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("even the message fails")


def raiser(error):
    def answer(*arguments):
        raise error

    return answer


def recursive(*arguments):
    return recursive(*arguments)


def leaves(*arguments):
    sys.exit()


ODD = {
    "nothing": lambda *a: None,
    "the ellipsis": lambda *a: ...,
    "a string": lambda *a: "0.5",
    "bytes": lambda *a: b"\x00",
    "a set": lambda *a: {0.5},
    "a dictionary": lambda *a: {"a": 1},
    "a generator": lambda *a: (x for x in a),
    "a class": lambda *a: int,
    "a ragged list": lambda *a: [[1.0], [1.0, 2.0]],
    "an empty tuple": lambda *a: (),
    "a tuple of none": lambda *a: (None, None),
    "a string array": lambda *a: np.array("x"),
    "objects": lambda *a: np.array([None, 1], dtype=object),
    "a structure": lambda *a: np.zeros(2, dtype=[("a", "f4")]),
    "dates": lambda *a: np.zeros(2, dtype="datetime64[s]"),
    "complex numbers": lambda *a: np.ones((3, 3)) * 1j,
    "a masked array": lambda *a: np.ma.masked_all((3,)),
    "a matrix": lambda *a: np.asmatrix(np.ones((2, 2))),
    "a sparse matrix": lambda *a: scipy.sparse.eye(3),
    "no axes": lambda *a: np.float64(0.3),
    "an empty array": lambda *a: np.zeros((0, 4)),
    "thirty axes": lambda *a: np.zeros((1,) * 30),
    "booleans": lambda *a: np.ones((2, 3), bool),
    "a huge number": lambda *a: 10**400,
    "NaN": lambda *a: float("nan"),
    "an exit": leaves,
    "no end": recursive,
    "an error without words": raiser(ValueError()),
    "an error that cannot speak": raiser(Mute()),
    "an error of many words": raiser(ValueError("word " * 5000)),
    "an error of one long word": raiser(ValueError("x" * 5000)),
    "a framework that cannot": raiser(NotImplementedError("\"softmax\" not implemented for 'Half'")),
    "out of memory": raiser(MemoryError()),
    "stopping": raiser(StopIteration()),
    "a cancelled generator": raiser(GeneratorExit()),
    "a type": dict,
    "print": print,
    "a ufunc": np.exp,
    "too few arguments": lambda: 1,
}
ALL = [
    pytest.param(f"{chapter}.{e.name}", framework, id=f"{chapter}.{e.name}-{framework}")
    for chapter, module in chapters().items()
    for e in module.EXERCISES
    for framework in e.frameworks
]


@pytest.mark.parametrize(("key", "framework"), ALL)
def test_no_result_however_odd_makes_the_check_raise_or_pass(key, framework):
    for what, answer in ODD.items():
        found = verdict(answer, key, framework)
        assert not found.passed, what
        assert found.title != "a fault of the check", (what, found.text)
        assert max(map(len, found.text.splitlines())) <= WIDTH, found.text


def test_results_of_frameworks_that_are_no_plain_tensors():
    from attention.frameworks import tf, torch

    for answer in (
        lambda s, t: tf.sparse.from_dense(s),
        lambda s, t: tf.ragged.constant([[1.0], [1.0, 2.0]]),
        lambda s, t: tf.data.Dataset.from_tensors(s),
    ):
        assert verdict(answer, "99.temperature_softmax", "tensorflow").title == "the kind of result"
    for answer in (lambda s, t: s.to_sparse(), lambda s, t: s.to("meta"), lambda s, t: s.to(torch.complex64)):
        found = verdict(answer, "99.temperature_softmax", "pytorch")
        assert not found.passed
        assert found.title != "a fault of the check", found.text


def test_a_star_gives_the_check_alone():
    given = {}
    exec("from attention.checks import *", given)
    assert given.keys() - {"__builtins__"} == {"check"}


def test_a_fault_of_the_check_says_so():
    text = judge(toy(lambda x: x.nonsense), np.exp).text
    assert "AttributeError" in text
    assert "a fault of the check" in text
    assert "says nothing about your answer" in " ".join(text.split())


# What is wrong with a function that is right once


def test_chance_is_found():
    rng = np.random.default_rng()
    assert verdict(lambda s, axis=-1: good(s, axis) + 1e-6 * rng.random(s.shape)).title == "not the same twice"


def test_a_buffer_that_is_used_again_is_found():
    kept = {}

    def answer(scores, axis=-1):
        out = kept.setdefault((scores.shape, scores.dtype), np.empty_like(scores))
        out[...] = good(scores, axis)
        return out

    assert verdict(answer).title == "one array for all results"


def test_memory_from_one_call_to_the_next_is_found():
    seen = {}

    def by_shape(scores, axis=-1):
        return seen.setdefault((scores.shape, str(scores.dtype), axis), good(scores, axis)).copy()

    def worn(scores, axis=-1):
        seen["calls"] = seen.get("calls", 0) + 1
        return good(scores, axis) if seen["calls"] < 320 else good(2 * scores, axis)

    assert not verdict(by_shape).passed
    assert "not the same twice" in verdict(worn).title


def test_what_is_kept_by_the_shapes_is_found():
    kept = {}

    def remembers(scores, axis=-1):
        return np.array(kept.setdefault((scores.shape, scores.dtype, axis), good(scores, axis)))

    assert not verdict(remembers).passed
    arrays = [e for module in chapters().values() for e in module.EXERCISES if e.arguments]
    for exercise in (e for e in arrays if all(isinstance(a, arg.Floats) for a in e.arguments.values())):
        for stage in (s for s in exercise.stages if s.leading):
            shapes = [tuple(map(np.shape, draw.values())) for draw in draws_of(exercise, stage)]
            assert len(set(shapes)) < len(shapes), (exercise.name, stage.name)


def test_what_goes_wrong_where_all_axes_have_one_size_is_found():
    def confused(scores, axis=-1):
        axis = scores.shape.index(scores.shape[axis])  # the first axis of this size
        return good(scores, axis)

    square = [d["scores"] for d in draws_of(find("99.softmax"), find("99.softmax").stages[1])]
    assert any(s.ndim == 2 and s.shape[0] == s.shape[1] for s in square)
    assert "(batches)" in verdict(confused).title


def test_an_argument_that_was_changed_is_named():
    def answer(scores, axis=-1):
        scores -= scores.max(axis, keepdims=True)
        return good(scores, axis)

    found = verdict(answer)
    assert found.title == "the arguments"
    assert "`scores`" in found.text


# What the draws must find


@pytest.mark.parametrize(
    "answer",
    [
        lambda s, axis=-1: good(s.squeeze(), axis),  # only for axes of size 1
        lambda s, axis=-1: good(s, axis) if axis in (-1, 0, 1) else good(s, -1),
        lambda s, axis=-1: good(s, axis) if s.ndim < 4 else good(s, 0),
        lambda s, axis=-1: np.where(good(s, axis) < 1e-3, 0, good(s, axis)),  # small weights lost
        lambda s, axis=-1: np.clip(good(s, axis), 1e-12, None),
        lambda s, axis=-1: good(np.clip(s, -500, 500), axis),
        lambda s, axis=-1: good(s, axis).astype(np.float32).astype(s.dtype),
        lambda s, axis=-1: np.exp(s) / np.exp(s).sum(axis, keepdims=True) if s.dtype == np.float16 else good(s, axis),
        lambda s, axis=-1: np.exp(s) / np.exp(s).sum(axis, keepdims=True) if s.dtype == np.float32 else good(s, axis),
        lambda s, axis=-1: good(s, axis) if s.dtype == np.float64 else good(s, -1),
        lambda s, axis=-1: np.nan_to_num(good(s, axis)) if s.ndim < 3 else good(s - 1e-9 * s**2, axis),
    ],
    ids=range(11),
)
def test_what_goes_wrong_on_few_inputs_is_found(answer):
    assert not verdict(answer).passed


def test_a_gradient_that_is_wrong_for_batches_alone_is_found():
    from attention.frameworks import torch

    def answer(scores, temperature):
        weights = torch.softmax(scores / temperature, dim=-1)
        return weights.detach() + 0 * weights if scores.ndim > 2 else weights

    assert verdict(answer, "99.temperature_softmax", "pytorch").title == "the gradient"


def in_bytes(draw):
    return {name: v.tobytes() if isinstance(v, np.ndarray) else str(v) for name, v in draw.items()}


@pytest.mark.parametrize(("key", "framework"), ALL)
def test_every_exercise_is_tried_on_generated_inputs(key, framework):
    """Of arrays, or what is given as a shape: each axis of size 1, several leading axes, all different sizes; and the
    same draws each time."""
    exercise = find(key)
    drawn, again = (
        [draw for stage in exercise.all_stages(framework) for draw in draws_in(exercise, stage)] for _ in range(2)
    )
    assert len(drawn) >= 1
    assert [*map(in_bytes, drawn)] == [*map(in_bytes, again)]
    if exercise.kind != "array":
        return
    assert exercise.arguments, "declare the axes of the arguments"
    kinds = {name: kind for name, kind in exercise.arguments.items() if getattr(kind, "axes", "").strip("…")}
    for name, kind in kinds.items():
        letters = kind.axes.replace("…", "")
        for back, letter in enumerate(reversed(letters), 1):
            shapes = [d[name] if isinstance(d[name], tuple) else np.shape(d[name]) for d in drawn if name in d]
            sizes = {shape[-back] for shape in shapes if len(shape) >= back}
            assert 1 in sizes or letter in exercise.never_one, f"{name}: no draw in which {letter} is 1"
            fixed = {stage.sizes.get(letter) for stage in exercise.stages if stage.leading}
            assert len(sizes) > 1 or sizes == fixed, f"{name}: {letter} is always {sizes}"
        if kind.axes.startswith("…"):
            ranks = {np.ndim(d[name]) - len(letters) for d in drawn if name in d}
            assert {1, 2} <= ranks, f"{name}: leading axes {ranks}"


# What is right, however it is written


def test_any_type_as_wide_as_the_inputs_is_right_where_the_task_leaves_it_open():
    exercise = toy(lambda x: (x * x).sum(-1))
    assert judge(exercise, lambda x: (x.astype(np.float64) ** 2).sum(-1)).passed
    assert judge(exercise, lambda x: (x.astype(np.longdouble) ** 2).sum(-1)).passed
    assert judge(exercise, lambda x: np.float32((x * x).sum(-1))).title == "the type"
    kept = toy(lambda x: (x * x).sum(-1), keeps_type=True)
    assert judge(kept, lambda x: (x.astype(np.float64) ** 2).sum(-1)).title == "the type (float32)"


def test_a_number_is_right_where_no_axes_are_expected():
    exercise = toy(lambda x: (x * x).sum(), x="S", leading=(0,))
    assert judge(exercise, lambda x: float((x * x).sum())).passed
    assert judge(exercise, lambda x: sum(float(a) ** 2 for a in x)).passed
    assert not judge(exercise, lambda x: [(x * x).sum()]).passed


# Names and sentences


def test_a_name_only_where_every_later_stage_agrees():
    exercise = find("99.softmax")

    def just_that(scores, axis=-1):
        return exercise.faulty(scores, axis, divide=False)

    def and_more(scores, axis=-1):
        return exercise.faulty(scores, axis, divide=False) if scores.ndim < 3 else scores

    certain, open_ = verdict(just_that), verdict(and_more)
    assert certain.title == open_.title == "no division"
    assert "On these inputs your results are those of a known mistake" not in certain.text
    assert "On these inputs your results are those of a known mistake" in open_.text


def test_a_mistake_is_known_by_its_shape_too():
    kept = Misconception("kept", {"twice": True}, "It is to go.", breaks_contract=True)
    exercise = replace(
        toy(lambda x: x.sum(-1)), misconceptions=(kept,), faulty=lambda x, twice: x.sum(-1, keepdims=twice)
    )
    assert judge(exercise, lambda x: x.sum(-1, keepdims=True)).title == "kept"
    assert judge(exercise, lambda x: x.sum(-1)[None]).title == "the shape"


def test_no_name_of_a_mistake_that_does_not_show_where_the_answer_is_wrong():
    below = Misconception("small entries", {"twice": True}, "You doubled the small ones.")
    exercise = replace(
        toy(lambda x: np.exp(-40 * np.abs(x)), leading=(2,)), misconceptions=(below,),
        faulty=lambda x, twice=False: np.exp(-40 * np.abs(x)) * np.where(twice & (np.abs(x) < 0), 2, 1),
    )  # fmt: skip
    found = judge(exercise, lambda x: np.exp(-40 * np.abs(x)) * np.where(np.abs(x) > 1, 2, 1))
    assert found.title != "small entries"


def test_weights_that_are_0_are_not_those_of_other_scores():
    def ties_to_the_first(scores, axis=-1):
        weights = good(scores, axis)
        largest = weights == weights.max(axis, keepdims=True)
        first = largest & (np.cumsum(largest, axis) == 1)
        share = weights * largest.sum(axis, keepdims=True)
        return np.where(first, share, np.where(largest, 0, weights))

    said = verdict(ties_to_the_first)
    assert not said.passed
    assert "multiplied by" not in said.text, said.text


def test_nothing_is_said_of_proportions_that_rounding_hides():
    def upright(queries, keys):
        scores = find("03.robust_cosine_scores").reference(queries, keys)
        return np.where(np.abs(scores) < 1e-6, 0, scores)

    said = verdict(upright, "03.robust_cosine_scores")
    assert said.title == "small numbers", said.text


def test_what_a_list_of_lists_holds():
    assert "a list of lists that hold str came back" in verdict(lambda: [["2", "4"], ["6", "8"]], "03.costs").text


def test_a_factor_of_one_number_is_named_only_where_it_is_simple():
    exercise = toy(lambda x: (x * x).sum(), x="S", leading=(0,))
    assert "times what it should be" not in judge(exercise, lambda x: (x * x).sum() * 0.9995).text
    assert "times what it should be" not in judge(exercise, lambda x: (x * x).sum() * 3.0003).text


def test_every_number_is_said_where_every_number_is_meant():
    by_hand = replace(
        find("99.weights_by_hand"), misconceptions=(), properties=(), reference=lambda: np.array([0.1, 100.0]),
        stages=(Stage("by hand", ({},), tolerance=(1e-4, 1e-2)),),
    )  # fmt: skip
    assert "Every number" not in judge(by_hand, lambda: (0.1, 100.3)).text
    assert "Every number is 1.003 times" in judge(by_hand, lambda: (0.1003, 100.3)).text


def test_of_rows_with_a_factor_the_one_is_shown_that_has_one():
    exercise = toy(lambda x: np.exp(x), x="TS", leading=(0,))
    found = judge(exercise, lambda x: np.exp(x) * np.where(np.arange(len(x)) == 1, 1.5, 1)[:, None])
    assert "rows have factors too many: 1.5 in one of them" in " ".join(found.text.split())


def test_a_mistake_by_hand_is_known_to_a_few_places():
    assert verdict(lambda: (0, 0.693, 1.609), "99.weights_by_hand").title == "the scores themselves"


def test_a_small_addition_is_measured_before_precision_is_blamed():
    found = judge(toy(lambda x: x * 2), lambda x: x * 2 + 1e-8)
    assert found.title == "an offset"
    assert "Every number is too large by 1e−8" in found.text
    found = judge(toy(lambda x: (x * x).sum(), x="S", leading=(0,)), lambda x: (x * x).sum() * 2)
    assert found.title == "twice"
    found = judge(toy(lambda x: (x * x).sum(), x="S", leading=(0,)), lambda x: (x * x).sum() * 3)
    assert "It is 3 times what it should be" in found.text
    found = judge(toy(lambda x: x * 2), lambda x: x * 2.000002)
    assert "Every number is 1.000001 times what it should be" in found.text


def test_what_was_printed_is_shown_once(capsys):
    def answer(scores, axis=-1):
        print("shape", scores.shape)
        return scores

    check("99.softmax", answer)
    out = capsys.readouterr().out
    assert out.count("shape (3,)") == 1
    assert "It printed: 'shape (3,)'" in out


def test_an_answer_of_another_framework_is_told_so():
    from attention.frameworks import torch

    def of_torch(scores, axis=-1):
        return torch.softmax(scores, dim=axis)

    def of_numpy(scores, temperature):
        return good(np.asarray(scores) / temperature)

    assert verdict(of_torch).title == "the framework"
    text = " ".join(verdict(of_torch).text.split())
    assert "right for PyTorch, and `check` was asked for NumPy" in text
    assert verdict(of_numpy, "99.temperature_softmax", "pytorch").title == "the framework"


def test_what_it_raises_in_the_framework_that_was_asked_for_is_told_too():
    def of_torch(scores, axis=-1):
        return scores.exp() / scores.exp().sum(axis, keepdims=True)

    text = " ".join(verdict(of_torch).text.split())
    assert "right for PyTorch" in text
    assert "write it for NumPy. Your line" in text
    assert "AttributeError: 'numpy.ndarray' object has no attribute 'exp'" in text


def test_two_misconceptions_together_are_both_named():
    exercise = find("99.softmax")

    def answer(scores, axis=-1):
        return exercise.faulty(scores, axis, divide=False, make="two")

    assert judge(exercise, answer).title == "no division, and the base"


def test_only_the_first_difficulty_is_diagnosed():
    def wrong_axis_and_unstable(scores, axis=-1):
        return np.exp(scores) / np.exp(scores).sum(0, keepdims=True)

    text = verdict(wrong_axis_and_unstable).text
    assert "✗ the first axis" in text
    assert "overflow" not in text


def test_never_the_solution_of_a_value_exercise():
    text = verdict(lambda: [0.1, 0.2, 0.7], "99.weights_by_hand").text
    assert "0.625" not in text


def test_nothing_false_and_no_right_number_of_a_value_exercise():
    by_hand = replace(
        find("99.weights_by_hand"), misconceptions=(), properties=(), reference=lambda: np.array([2048.0, 93440.0]),
        stages=(Stage("by hand", ({},), tolerance=0.25),),
    )  # fmt: skip
    assert "2048" not in judge(by_hand, lambda: (128, 93440)).text
    assert "float64" not in judge(by_hand, lambda: (2048, 93440.4)).text


# Objects, claims, layers


MERGES = Exercise(
    number="0.2", name="merges", see="Toys", kind="object", reference=lambda words, count: sorted(words)[:count],
    faulty=lambda words, count, late=False: sorted(words, reverse=late)[:count],
    arguments={"words": arg.Made(lambda rng, plan, drawn: [chr(97 + c) for c in rng.permutation(6)])},
    stages=(Stage("plain", ({"words": ["b", "a"], "count": 1},), leading=()),),
    misconceptions=(Misconception("the end", {"late": True}, "You began at the end."),),
)  # fmt: skip


def test_objects_are_compared_by_value():
    assert judge(MERGES, lambda words, count: tuple(sorted(words)[:count])).passed
    assert judge(MERGES, lambda words, count: np.array(sorted(words)[:count])).passed
    assert judge(MERGES, lambda words, count: sorted(words)[::-1][:count]).title == "the end"
    found = judge(MERGES, lambda words, count: ["c"])
    assert "words = ['b', 'a'], count = 1: the result should be ['a'], yours is ['c']." in found.text

    def changes(words, count):
        words.sort()
        return words[:count]

    assert judge(MERGES, changes).title == "the arguments"
    assert alike(plain([1, (2.0, np.int64(3))]), (1, (2.0, 3)))
    assert not alike((True,), (1,))


def rising(inputs, result):
    return "" if (np.diff(result, axis=-1) >= 0).all() else "the order: Along the last axis your numbers fall."


def test_where_several_results_are_right_claims_judge_them():
    exercise = toy(lambda x: np.sort(x, -1), claims=(rising,))
    assert judge(exercise, lambda x: np.sort(x, -1)).passed
    assert judge(exercise, lambda x: np.sort(3 * x + 1, -1)).passed
    found = judge(exercise, lambda x: -np.sort(x, -1))
    assert found.title == "the order"
    assert "Along the last axis your numbers fall." in found.text


class Linear:
    """A layer as a learner writes it: weights from outside, then called."""

    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def __call__(self, x):
        return x @ self.weight + self.bias


class Detached(Linear):
    def __call__(self, x):
        return x @ self.weight + self.bias.detach()


LAYER = Exercise(
    number="0.3", name="layer", see="Toys", frameworks=("numpy", "pytorch"),
    arguments={"x": arg.Floats("…TD"), "weight": arg.Floats("DA"), "bias": arg.Floats("A")},
    reference=lambda x, weight, bias: x @ weight + bias,
    faulty=lambda x, weight, bias, used=True: x @ weight + bias * used,
    call=lambda layer, x, weight, bias: layer(weight, bias)(x),
    stages=(Stage("plain"), Stage("batches", leading=(1, 2), ones=True)),
    misconceptions=(Misconception("no bias", {"used": False}, "Your layer does not use its bias."),),
)  # fmt: skip


def test_a_layer_is_constructed_given_its_weights_and_called():
    class NoBias(Linear):
        def __call__(self, x):
            return x @ self.weight

    for framework in LAYER.frameworks:
        assert judge(LAYER, Linear, framework).passed
        assert judge(LAYER, NoBias, framework).title == "no bias"
    found = judge(LAYER, Detached, "pytorch")
    assert found.title == "the gradient"
    assert "no gradient arrives at `bias`" in found.text


# Printing, quoting, noting


def test_check_prints_and_returns_nothing(capsys):
    assert check("99.softmax", good) is None
    assert capsys.readouterr().out.startswith("1.2 softmax   ✓ plain · batches · ")


def test_no_function_at_all():
    for answer in (3, None, np.ones(3), "softmax"):
        assert verdict(answer).title == "the argument of check"


def test_not_written_yet_also_from_inside():
    def softmax(scores, axis=-1):
        raise NotImplementedError("exercise 1.2")

    def log_softmax(scores, axis=-1):
        return np.log(softmax(scores, axis))

    assert verdict(softmax).text == "1.2 softmax   not written yet"
    text = verdict(log_softmax, "99.log_softmax").text
    assert "not written yet: it calls `softmax` (exercise 1.2), which is still to be written" in text


def test_the_learners_line_is_quoted_and_not_ours():
    def answer(scores, axis=-1):
        top = scores.max(axis, keepdims=True)
        return np.reshape(scores - top, (5, 5))

    text = verdict(answer).text
    assert "✗ raises ValueError" in text
    assert "return np.reshape(scores - top, (5, 5))" in text
    assert "fromnumeric" not in text
    assert "contract" not in text


def test_an_error_in_the_library_is_blamed_on_the_line_that_called_it():
    import attention.numpy as atn

    def answer(scores, axis=-1):
        return atn.softmax(scores.astype(int))

    text = verdict(answer).text
    assert "return atn.softmax(scores.astype(int))" in text
    assert "TypeError: scores must be floating point" in text


def test_unknown_exercise_and_framework():
    with pytest.raises(
        ValueError, match=r"there is no exercise '99.hardmax'; chapter '99' has weights_by_hand, softmax"
    ):
        check("99.hardmax", good)
    with pytest.raises(ValueError, match=r"there is no exercise '77.softmax'; chapter '77' has none"):
        check("77.softmax", good)
    with pytest.raises(ValueError, match=r"framework must be one of tensorflow, pytorch for temperature_softmax"):
        check("99.temperature_softmax", good)


class Shell:
    """What `stale` asks of IPython."""

    def __init__(self, *cells):
        self.user_ns = {"In": list(cells)}


RAN = inspect.getsource(good)
NEWER = "x = 1\ndef good(scores, axis=-1):\n    return 1\n"
CELLS = {
    "it ran": ([RAN], False),
    "it did not": ([RAN, NEWER, "check('99.softmax', good)"], True),
    "the first again": ([NEWER, RAN], False),
    "another name": ([RAN, "def good_too():\n    pass", "goodness = 1", "# def good("], False),
    "no cell defines it": (["from mine import good"], False),
}


@pytest.mark.parametrize(("cells", "said"), CELLS.values(), ids=CELLS)
def test_a_function_whose_newer_cell_did_not_run_is_not_judged_silently(monkeypatch, capsys, cells, said):
    monkeypatch.setattr(importlib.import_module("IPython"), "get_ipython", lambda: Shell(*cells))
    check("99.softmax", good)
    out = capsys.readouterr().out
    assert out.startswith("Judged is the `good` of an earlier run") == said
    assert "✓ plain" in out


def test_what_is_no_function_of_a_cell_is_not_asked_for_its_source(monkeypatch):
    named, of_no_file = {}, {}
    exec("def good():\n    pass", of_no_file)
    nameless = functools.partial(good)
    monkeypatch.setattr(
        importlib.import_module("IPython"), "get_ipython", lambda: Shell(NEWER, "class Good:\n    pass")
    )
    for answer in (np.exp, print, nameless, Linear, of_no_file["good"], named, 3):
        assert stale.notice(answer) == ""
    monkeypatch.setattr(importlib.import_module("IPython"), "get_ipython", lambda: None)
    assert stale.notice(good) == ""


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "WORK", tmp_path / "work")
    monkeypatch.setattr(progress, "FILE", tmp_path / "work" / ".progress.json")
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def test_a_pass_is_noted_beside_the_learners_copies(work, monkeypatch, capsys):
    monkeypatch.chdir(work)
    check("99.softmax", good)
    check("99.log_softmax", good)  # wrong: not noted
    assert json.loads((work / ".progress.json").read_text()) == {"99.softmax": ["numpy"]}
    assert [path.name for path in work.iterdir()] == [".progress.json"]
    capsys.readouterr()
    progress.progress()
    out = capsys.readouterr().out
    assert f"99 Softmax   1 of {len(chapters()['99'].EXERCISES)}\n" in out
    assert "  ✓ 1.2 softmax\n" in out
    assert "  · 1.3 log_softmax\n" in out


@pytest.mark.parametrize("content", ["", "{", "[]", '{"99.softmax": 3}', "\x00\xff"])
def test_a_damaged_record_of_progress_is_kept_and_said(work, monkeypatch, capsys, content):
    monkeypatch.chdir(work)
    (work / ".progress.json").write_text(content)
    check("99.softmax", good)
    out = capsys.readouterr().out
    assert "could not be read and is kept as" in out
    assert "✓" in out
    assert json.loads((work / ".progress.json").read_text()) == {"99.softmax": ["numpy"]}
    assert (work / ".progress.damaged").read_text() == content


def test_nothing_is_noted_elsewhere(work, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check("99.softmax", good)
    assert not (work / ".progress.json").exists()


def test_what_was_noted_before_is_kept_and_folders_inside_count(work, monkeypatch):
    (work / "exercises").mkdir()
    monkeypatch.chdir(work / "exercises")
    progress.note("99.softmax", "numpy")
    progress.note("99.log_softmax", "numpy")
    assert {*progress.read()} == {"99.softmax", "99.log_softmax"}
    assert [path.name for path in sorted(work.iterdir())] == [".progress.json", "exercises"]


def test_what_is_noted_already_is_not_written_again(work, monkeypatch):
    monkeypatch.chdir(work)
    progress.note("99.softmax", "numpy")
    (work / ".progress.json").chmod(0o444)
    written = (work / ".progress.json").stat().st_mtime_ns
    progress.note("99.softmax", "numpy")
    assert (work / ".progress.json").stat().st_mtime_ns == written


def test_a_record_is_whole_or_the_old_one(work, monkeypatch):
    monkeypatch.chdir(work)
    progress.note("99.softmax", "numpy")
    with (work / ".progress.json").open() as held:
        progress.note("99.log_softmax", "numpy")
        assert [*json.load(held)] == ["99.softmax"]  # the old file, not a half of the new one
    assert len(progress.read()) == 2


def test_progress_is_noted_in_the_framework_that_was_checked(work, monkeypatch, capsys):
    from attention.frameworks import torch

    monkeypatch.chdir(work)
    check("99.temperature_softmax", lambda s, t: torch.softmax(s / t, -1), framework="pytorch")
    check("99.temperature_softmax", lambda s, t: s, framework="tensorflow")
    assert progress.read() == {"99.temperature_softmax": ["pytorch"]}
    progress.note("03.concat_scores", "pytorch")
    progress.note("03.concat_scores", "numpy")
    progress.note("03.concat_scores", "numpy")
    progress.note("01.softmax", "numpy")  # of another chapter
    progress.note("99.gone", "numpy")
    capsys.readouterr()
    progress.progress()
    out = capsys.readouterr().out
    assert "✓ 3.3 concat_scores (numpy, pytorch)\n" in out
    assert f"99 Softmax   1 of {len(specimens.EXERCISES)}\n" in out
    assert "  ✓ 1.7 temperature_softmax (pytorch)\n" in out
    assert "  · 1.2 softmax\n" in out


def test_the_chapters_come_in_their_order(monkeypatch):
    monkeypatch.undo()
    assert [*declared.chapters()] == sorted(declared.chapters())
    assert {"01", "03", "09"} <= {*declared.chapters()}


def test_arrays_lie_in_either_order_and_whoever_minds_is_told():
    def of_memory(scores, axis=-1):
        return good(scores.ravel(order="K").reshape(scores.shape), axis)

    said = verdict(of_memory)
    assert said.title == "the order in memory (batches)"
    assert "wrong here, where its columns do" in " ".join(said.text.split())


def test_by_hand_one_array_may_be_given_twice():
    shares = np.array([1, 2, 5]) / 8
    assert verdict(lambda: shares, "99.weights_by_hand").passed


def test_ones_everywhere_are_no_choice():
    assert "everything to one" not in verdict(lambda scores, axis=-1: np.ones_like(scores)).text
