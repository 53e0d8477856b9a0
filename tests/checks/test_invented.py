"""Answers that somebody invented who had only the tasks: no wrong one passes, no right one is refused."""

import pytest

from attention.checks.exercise import find
from attention.checks.judge import judge
from attention.checks.report import WIDTH
from tests.checks.register import all_answers

INVENTED = all_answers("invented")
RIGHT = [pytest.param(a, id=f"{a}-{i}") for answers in INVENTED for i, a in enumerate(answers.right_ones)]
WRONG = [pytest.param(a, id=f"{a}-{i}") for answers in INVENTED for i, a in enumerate(answers.unlisted_ones)]


@pytest.mark.parametrize("answer", WRONG)
def test_no_invented_wrong_answer_passes(answer):
    verdict = judge(find(answer.key), answer.function, answer.framework)
    assert not verdict.passed
    assert verdict.title != "a fault of the check", verdict.text
    assert max(map(len, verdict.text.splitlines())) <= WIDTH, verdict.text


@pytest.mark.parametrize("answer", RIGHT)
def test_no_invented_right_answer_is_refused(answer):
    verdict = judge(find(answer.key), answer.function, answer.framework)
    assert verdict.passed, verdict.text
