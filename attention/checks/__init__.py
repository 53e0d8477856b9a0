"""What the exercises call: ``check("03.concat_scores", concat_scores, framework="numpy")``.

An answer is tried in stages, each with one difficulty more than the last; only the first stage that fails is diagnosed:

    judge        the stages in their order; from an answer to a verdict
    arguments    the axes and the range of each argument, and how one is drawn
    draws        from a stage to the inputs that an answer is tried on
    frameworks   gives arrays to the learner's framework and takes them back
    contract     calls the answer, twice: is what came back of the right kind, shape and type? Is it the same again?
    errors       or did it raise, and in which of the learner's lines?
    compare      the same numbers, entry by entry, within what rounding the inputs can do?
    gradient     the same gradient, where the framework has one?
    diagnose     a name for the mistake, if one of the exercise's known mistakes does exactly the same
    properties   otherwise true sentences about the wrong numbers; `weights` has those for weights
    report       the words the learner reads, with `words` for the numbers in them
    stale        whether a newer cell with this function failed to run
    progress     what has been solved, noted beside the learner's copies

`chapter_NN` declares the exercises of a chapter in the words of `exercise`; it is found by its name.
"""

from attention.checks.exercise import find
from attention.checks.judge import judge
from attention.checks.progress import note
from attention.checks.stale import notice

__all__ = ["check"]


def check(key, answer, framework="numpy"):
    """Print what is right or wrong with an answer, and note it when it is right.

    Parameters
    ----------
    key : str, the chapter and the name of the exercise: "03.concat_scores"
    answer : the learner's function
    framework : "numpy", "tensorflow" or "pytorch", the one that the function is written in

    Raises
    ------
    ValueError : there is no such exercise, or it is not meant for this framework; never because the answer is wrong
    """
    exercise = find(key)
    verdict = judge(exercise, answer, framework)
    if sentence := notice(answer):
        print(sentence)
    print(verdict.text)
    if verdict.passed:
        note(key, framework)
