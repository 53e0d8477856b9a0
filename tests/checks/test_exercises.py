"""Proofs for every exercise that any chapter declares: a new chapter is proved by being there.

What must pass is taken from the solutions notebooks and from answers_NN.py; what must fail, from the misconceptions
that the exercise itself declares and from answers_NN.py.
"""

import json
import re
from inspect import signature
from itertools import combinations
from pathlib import Path

import nbformat
import numpy as np
import pytest

import attention.checks
import attention.numpy
from attention.checks.compare import equal
from attention.checks.diagnose import outcome
from attention.checks.draws import draws_of
from attention.checks.exercise import chapters, find
from attention.checks.frameworks import ADAPTERS
from attention.checks.judge import cases, judge
from attention.checks.report import WIDTH
from attention.checks.trial import results_of
from tests.checks import tried
from tests.checks.register import all_answers
from tests.checks.tried import difference, far, shows, tried_until_wrong

ROOT = Path(__file__).parents[2]
EXERCISES = {f"{chapter}.{e.name}": e for chapter, module in chapters().items() for e in module.EXERCISES}
MISTAKES = [
    pytest.param(key, m, id=f"{key}-{m.name}-{i}")
    for key, e in EXERCISES.items()
    for i, m in enumerate(e.misconceptions)
]
RIGHT = [pytest.param(a, id=str(a)) for answers in all_answers() for a in answers.right_ones]
WRONG = [pytest.param(a, id=str(a)) for answers in all_answers() for a in answers.wrong_ones]
KNOWN = [pytest.param(a, id=str(a)) for answers in all_answers() for a in answers.known_ones]
each_exercise = pytest.mark.parametrize("key", EXERCISES)


def run_notebook(path, monkeypatch):
    """Run a notebook's code cells here, in one namespace; the checks are returned as [(key, verdict)]."""
    seen = []

    def check(key, answer, framework="numpy"):
        seen.append((key, judge(find(key), answer, framework)))

    monkeypatch.setattr(attention.checks, "check", check)
    namespace = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, str(path), "exec"), namespace)
    return seen


def plain(text):
    return re.sub(r"\s+", " ", text)


def as_written_in(framework, function, exercise):
    """A NumPy function as a learner's function of another framework."""
    if exercise.kind != "array":
        return lambda *arguments: function(**dict(zip(exercise.arguments, arguments, strict=False)))
    adapter = ADAPTERS[framework]()

    def answer(*arguments):
        taken = [adapter.take(a) if adapter.owns(a, np.ndim(a)) else a for a in arguments]
        result = function(**dict(zip(exercise.arguments, taken, strict=False)))
        return tuple(map(adapter.give, result)) if isinstance(result, tuple) else adapter.give(np.asarray(result))

    return answer


@pytest.mark.parametrize("chapter", chapters())
def test_solutions_pass_and_stubs_are_not_written_yet(chapter, monkeypatch):
    (solution,) = (ROOT / "solutions").glob(f"{chapter}_*.ipynb")
    keys = {key for key in EXERCISES if key.startswith(chapter)}
    solved = run_notebook(solution, monkeypatch)
    assert {key for key, _ in solved} == keys
    assert all(verdict.passed for _, verdict in solved), [v.text for _, v in solved if not v.passed]

    stubs = run_notebook(ROOT / "exercises" / solution.name, monkeypatch)
    assert [key for key, _ in stubs] == [key for key, _ in solved]
    for _, verdict in stubs:
        assert verdict.text.endswith("   not written yet")
        assert not verdict.passed


@pytest.mark.parametrize("answer", RIGHT)
def test_another_way_of_writing_it_passes(answer):
    verdict = judge(find(answer.key), answer.function, answer.framework)
    assert verdict.passed, verdict.text


@pytest.mark.parametrize(("key", "mistake"), MISTAKES)
def test_a_misconception_gets_its_name_and_hint(key, mistake):
    exercise = EXERCISES[key]
    framework = exercise.frameworks[0]

    def faulty(**inputs):
        return exercise.faulty(**inputs, **mistake.switches)

    verdict = judge(exercise, as_written_in(framework, faulty, exercise), framework)
    assert not verdict.passed
    assert verdict.title.split(" (")[0] == mistake.name, verdict.text
    assert max(map(len, verdict.text.splitlines())) <= WIDTH
    case = next(case for case in tried_until_wrong(exercise, mistake) if shows(mistake, case))
    results, shaped = outcome((mistake,), case).results, exercise.kind != "object"
    shapes = [[np.shape(r) for r in given] for given in (results or (), case.expected)]
    other_shape = results is None or (shaped and shapes[0] != shapes[1])
    assert other_shape == mistake.breaks_contract
    if isinstance(mistake.hint, str):
        assert plain(mistake.hint) in plain(verdict.text)
    else:
        hints = [plain(mistake.hint(**draw)) for stage in exercise.stages for draw in draws_of(exercise, stage)]
        assert any(hint in plain(verdict.text) for hint in hints)


@each_exercise
def test_without_a_mistake_the_faulty_function_is_right(key):
    """Two ways of writing the right answer, the reference's at the widest precision: they must agree on every draw."""
    exercise = EXERCISES[key]
    for case in [case for stage in exercise.stages for case in cases(exercise, stage) if not exercise.claims]:
        assert outcome((), case).right, (case.stage.name, case.inputs)


@each_exercise
def test_every_switch_of_a_faulty_function_is_that_of_a_mistake(key):
    exercise = EXERCISES[key]
    switches = {name for mistake in exercise.misconceptions for name in mistake.switches}
    assert set(signature(exercise.faulty).parameters) - set(exercise.arguments) <= switches


@each_exercise
def test_the_reference_is_the_librarys(key):
    exercise = EXERCISES[key]
    if (ours := getattr(attention.numpy, exercise.name, None)) is None:
        pytest.skip(f"the library has no {exercise.name}")
    for case in [case for stage in exercise.stages for case in cases(exercise, stage)]:
        result = results_of(exercise, ours, case.inputs)
        assert equal(result, case.expected, case.margins), (case.stage.name, case.inputs)


@each_exercise
def test_misconceptions_differ_from_each_other(key):
    exercise = EXERCISES[key]
    assert len(exercise.misconceptions) >= 3, "an exercise knows at least three usual mistakes"
    for one, other in combinations(exercise.misconceptions, 2):
        apart = False
        for case in tried_until_wrong(exercise, one):
            a, b = (outcome((m,), case) for m in (one, other))
            if a.error is not None and b.error is not None:
                apart |= str(a.error) != str(b.error)
            else:
                apart |= a.error is not None or difference(a.results, b.results or ()) > far(case)
        assert apart, (one.name, other.name)
        assert one.hint != other.hint


@each_exercise
def test_what_is_tried_and_what_mistakes_give_is_what_it_was(key):
    """So that nobody changes an example or a mistake unawares; to change them, `python -m tests.checks.tried`."""
    chapter, _, name = key.partition(".")
    if not tried.stored(chapter).exists():
        pytest.skip(f"of chapter {chapter} nothing is stored: python -m tests.checks.tried")
    known = json.loads(tried.stored(chapter).read_text(encoding="utf-8"))[name]
    found = tried.what_is_tried(EXERCISES[key])
    assert found.keys() == known.keys()
    for name, (text, numbers) in found.items():
        assert text == known[name][0], name
        near = 1e-5 if name.startswith("mistake") else 1e-8
        assert numbers == pytest.approx(known[name][1], rel=near, abs=1e-9, nan_ok=True), name


SENTENCE = re.compile(r"(?:[^a-z]|(?:exp|g|left|ln|queries|grad_scores)\b).*", re.DOTALL)  # one may begin with code


@each_exercise
def test_what_is_said_is_written_as_names_and_sentences(key):
    exercise = EXERCISES[key]
    parts = [*exercise.stages, *exercise.misconceptions]
    names = [part.name for part in parts] + [exercise.returns, *exercise.nouns.values()]
    hints = [m.hint for m in exercise.misconceptions]
    draw = draws_of(exercise, exercise.stages[0])[0]
    hints = [plain(hint if isinstance(hint, str) else hint(**draw)) for hint in hints]
    for name in names:
        assert not re.match(r"(?!(NaN|END|W)\b)[A-Z]", name), name
        assert not name.endswith("."), name
    for hint in hints:
        assert hint.endswith((".", ").")), hint
        assert all(SENTENCE.match(sentence) for sentence in re.split(r"(?<=[.?]) (?=\S)", hint)), hint
    for text in [*names, *hints]:
        assert not re.search("[A-Z]{4}", text.replace("BLEU", "")), text
    axes = [*exercise.axes.values(), *(getattr(argument, "axes", "") for argument in exercise.arguments.values())]
    assert set("".join(axes)) >= exercise.nouns.keys()


@pytest.mark.parametrize("answer", WRONG)
def test_a_wrong_answer_outside_the_list_gets_a_true_sentence(answer):
    exercise = find(answer.key)
    verdict = judge(exercise, answer.function, answer.framework)
    assert not verdict.passed
    assert verdict.title == answer.title, verdict.text
    assert plain(answer.says) in plain(verdict.text), verdict.text
    assert max(map(len, verdict.text.splitlines())) <= WIDTH
    assert any(f"See: {part.see or exercise.see}" in verdict.text for part in exercise.stages)
    for mistake in exercise.misconceptions:
        assert not isinstance(mistake.hint, str) or plain(mistake.hint) not in plain(verdict.text)


@pytest.mark.parametrize("answer", KNOWN)
def test_a_known_mistake_written_otherwise_gets_its_name(answer):
    verdict = judge(find(answer.key), answer.function, answer.framework)
    assert not verdict.passed
    assert verdict.title == answer.title, verdict.text
    assert plain(answer.says) in plain(verdict.text), verdict.text


@each_exercise
def test_enough_answers_are_tried(key):
    of = {kind: [a for p in params if (a := p.values[0]).key == key] for kind, params in (("r", RIGHT), ("w", WRONG))}
    assert len(of["r"]) >= 2
    assert len(of["w"]) >= 2
