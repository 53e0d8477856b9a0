"""Answers in TensorFlow and PyTorch: what is given and taken, and the gradient."""

import numpy as np
import pytest

from attention.checks.exercise import Stage
from attention.checks.judge import judge
from attention.frameworks import tf, torch
from tests.checks.toys import on, told, toy

X = np.array([0.5, 1.5, -2.0])
Y = np.array([3.0, 0.25, 1.0])


class TensorFlow:
    name, kind = "tensorflow", "a tf.Tensor"
    exp, sqrt, where, stop, gather = tf.exp, tf.sqrt, tf.where, tf.stop_gradient, tf.gather
    total, zeros = tf.reduce_sum, tf.zeros_like
    of_array = staticmethod(tf.constant)
    variable = staticmethod(lambda array: tf.Variable(array))


class PyTorch:
    name, kind = "pytorch", "a torch.Tensor"
    exp, sqrt, where = torch.exp, torch.sqrt, torch.where
    stop, total, zeros = torch.Tensor.detach, torch.sum, torch.zeros_like
    gather = staticmethod(lambda x, at: x[at])
    of_array = staticmethod(torch.tensor)
    variable = staticmethod(lambda array: torch.tensor(array, requires_grad=True))


each = pytest.mark.parametrize("of", [TensorFlow, PyTorch], ids=lambda of: of.name)


def saying(reference, answer, of, inputs=None, **more):
    return told(verdict(reference, answer, of, inputs, **more))


def verdict(reference, answer, of, inputs=None, **more):
    exercise = on(inputs or {"x": X}, reference, frameworks=("numpy", "tensorflow", "pytorch"), **more)
    return judge(exercise, answer, of.name)


@each
def test_tensors_are_wanted_and_variables_will_do(of):
    twice = lambda x: 2 * x
    assert verdict(twice, twice, of).passed
    assert verdict(twice, lambda x: 2 * x * of.variable(np.ones(3)), of).passed
    title, text = saying(twice, lambda x: np.ones(3), of)
    assert title == "the kind of result"
    assert f"Expected {of.kind}; a numpy ndarray came back." in text
    assert "0.1 toy (" + of.name + ")" in text
    assert saying(lambda x: x.sum(), lambda x: 7.0, of)[0] == "the kind of result"


def test_of_numpy_any_number_where_no_axes_are_expected():
    assert judge(on({"x": X}, lambda x: x.argmax()), lambda x: int(x.argmax())).passed
    assert judge(on({"x": X}, lambda x: x.sum()), lambda x: float(x.sum())).passed


@each
def test_what_is_given_belongs_to_the_caller(of):
    inputs = {"x": X, "names": ["a", "b"]}
    right = lambda x, names: 2 * x

    def pops(x, names):
        names.pop()
        return 2 * x

    title, text = saying(right, pops, of, inputs)
    assert title == "the arguments"
    assert "`names`" in text
    assert inputs["names"] == ["a", "b"]
    assert verdict(right, right, of, inputs).passed


def test_a_tensor_that_is_written_into_is_named():
    given = {"x": X.copy()}
    assert saying(lambda x: 2 * x, lambda x: x.mul_(2), PyTorch, given)[0] == "the arguments"
    assert np.array_equal(given["x"], X)


def test_one_piece_of_memory_for_two_results():
    buffer, variable = torch.empty(3, dtype=torch.float64), tf.Variable(np.zeros(3))

    def assigns(x):
        variable.assign(2 * x)
        return variable

    assert saying(lambda x: 2 * x, lambda x: buffer.copy_(2 * x)[:], PyTorch)[0] == "one array for all results"
    assert saying(lambda x: 2 * x, assigns, TensorFlow)[0] == "one array for all results"
    nothing = {"x": np.zeros(0)}
    assert verdict(lambda x: 2 * x, lambda x: 2 * x, PyTorch, nothing).passed  # of nothing, both lie nowhere


def test_one_thread_while_answers_are_tried():
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        assert verdict(lambda x: 2 * x, lambda x: seen.append(torch.get_num_threads()) or 2 * x, PyTorch).passed
        assert {*seen} == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


RIGHT = {
    "curved": ({"x": X}, lambda x: np.exp(3 * x), lambda of, x: of.exp(3 * x)),
    "two arguments": ({"x": X, "y": Y}, lambda x, y: x * y * y, lambda of, x, y: x * y * y),
    "one that does not matter": ({"x": X, "y": Y}, lambda x, y: 2 * x, lambda of, x, y: 2 * x),
    "nothing matters": ({"x": X}, lambda x: np.sign(x), lambda of, x: of.where(x > 0, of.exp(0 * x), -of.exp(0 * x))),
    "no gradient at all": ({"x": X}, lambda x: np.ones(3), lambda of, x: of.of_array(np.ones(3))),
    "rows that are picked": ({"x": X}, lambda x: x[[0, 0, 2]], lambda of, x: of.gather(x, [0, 0, 2])),
    "−∞ goes in": ({"x": np.array([-np.inf, 1.0])}, lambda x: np.exp(x), lambda of, x: of.exp(x)),
    "−∞ comes out": ({"x": np.array([-np.inf, 1.0])}, lambda x: 3 * x, lambda of, x: 3 * x),
    "whole numbers beside": ({"x": X, "n": np.array([1, 2, 3])}, lambda x, n: x, lambda of, x, n: 1 * x),
}


@each
@pytest.mark.parametrize(("inputs", "reference", "answer"), RIGHT.values(), ids=RIGHT)
def test_a_right_gradient_passes(of, inputs, reference, answer):
    found = verdict(reference, lambda *given: answer(of, *given), of, inputs)
    assert found.passed, found.text
    assert "gradient" in found.text


WRONG = {
    "nothing at the first": (
        lambda x, y: x * y,
        lambda of, x, y: of.stop(x) * y,
        "no gradient arrives at `x`. Somewhere",
    ),
    "nothing at the second": (
        lambda x, y: x * y,
        lambda of, x, y: x * of.stop(y),
        "no gradient arrives at `y`. Somewhere",
    ),
    "a part at the second": (
        lambda x, y: x * y * y,
        lambda of, x, y: x * y * of.stop(y),
        "arrives at `y` is not the derivative",
    ),
    "the parts shown": (
        lambda x, y: x + 2 * y,
        lambda of, x, y: x + y + of.stop(y),
        "the gradient for y should be [",
    ),
    "a little": (lambda x, y: x + y, lambda of, x, y: x * 0.9999 + 0.0001 * of.stop(x) + y, "arrives at `x` is not"),
    "of something small": (
        lambda x, y: y + 1e-3 * x,
        lambda of, x, y: y + 1e-3 * of.stop(x) + 0 * x,
        "arrives at `x` is not the",
    ),
    "of what sums to a constant": (
        lambda x, y: x - x.mean() + y,
        lambda of, x, y: of.stop(x - of.total(x) / 3) + 0 * x + y,
        "arrives at `x` is not",
    ),
    "not finite": (
        lambda x, y: x + y,
        lambda of, x, y: x + y + of.sqrt(0 * x),
        "gradient that arrives at `x` is not finite.",
    ),
}


@each
@pytest.mark.parametrize(("reference", "answer", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_gradient_is_found(of, reference, answer, sentence):
    title, text = saying(reference, lambda *given: answer(of, *given), of, {"x": X, "y": Y})
    assert title == "the gradient"
    assert "The numbers are right, but" in text
    assert sentence in text
    assert "Right so far: plain" in text


@each
def test_which_numbers_of_a_gradient_are_wrong(of):
    last = np.array([0.0, 0, 0, 0, 0, 0, 1])
    inputs = {"x": np.arange(7.0), "last": last}
    text = saying(lambda x, last: 2 * x, lambda x, last: 2 * x - last * x + last * of.stop(x), of, inputs)[1]
    assert "the gradient for x at [6] should be" in text


@each
def test_gradients_on_the_draws_of_every_stage_that_wants_them(of):
    def stages(**more):
        first, last = ({"x": X},), ({"x": 10 + X},)
        return {"arguments": {}, "frameworks": (of.name,), "misconceptions": (), "stages": (
            Stage("first", first, leading=(), types=()), Stage("last", last, leading=(), types=(), **more),
        )}  # fmt: skip

    def stops_beyond(x):
        return of.where(x > 5, of.stop(2 * x), 2 * x)

    assert judge(toy(lambda x: 2 * x, **stages()), stops_beyond, of.name).title == "the gradient"
    found = judge(toy(lambda x: 2 * x, **stages(gradient=False)), stops_beyond, of.name)
    assert found.passed
    assert found.text.endswith("✓ first · last · gradient")


def test_numpy_has_no_gradient():
    assert judge(toy(lambda x: 2 * x), lambda x: 2 * x).text.endswith("✓ plain · float32")


@each
def test_the_framework_that_a_check_is_told(of):
    exercise = toy(lambda x: np.exp(x), frameworks=("numpy", of.name))
    assert judge(exercise, of.exp, of.name).passed
    assert judge(exercise, np.exp).passed
    text = told(judge(exercise, lambda x: of.exp(x), "numpy"))[1] if of is PyTorch else None
    assert text is None or 'set framework="pytorch", or write it for NumPy' in text
    other = toy(lambda x: np.exp(x))
    if of is PyTorch:
        text = told(judge(other, lambda x: torch.exp(x)))[1]
        assert "set framework" not in text
        assert "write it for NumPy." in text
    with pytest.raises(ValueError, match=rf"framework must be one of numpy for toy, not '{of.name}'"):
        judge(other, np.exp, of.name)


def test_what_nobody_can_write_into_may_be_given_twice():
    once, variable = tf.constant(2 * X), tf.Variable(2 * X)
    assert verdict(lambda x: 2 * X, lambda x: once, TensorFlow).passed
    assert verdict(lambda x: 2 * X, lambda x: variable, TensorFlow).title.startswith("one ")
