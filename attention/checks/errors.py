"""When an answer raises: the learner's own line, not ours; and whether what it raises is a stub's "not written yet"."""

import inspect
import linecache
import re
import sysconfig
from functools import cache
from pathlib import Path

from attention.checks.trial import Fault

NOT_THE_LEARNERS = [Path(__file__).parents[1], *(Path(sysconfig.get_path(p)) for p in ("stdlib", "purelib", "platlib"))]
STUB = re.compile(r"\Aexercise \d+\.\d+\Z")
EINSUM = re.compile(r"more dimensions than subscripts|too many subscripts|number of subscripts in the equation")
LONGEST = 200  # letters of a framework's message that are of use


def raised_by(error, answer, draw):
    """The fault that an exception is."""
    if draw is not None and isinstance(error, TypeError) and (unbound := _does_not_bind(answer, draw)):
        return Fault("the arguments", unbound)
    name = type(error).__name__
    if isinstance(error, SystemExit):
        return Fault(f"raises {name}", *_where(error), "Your function ends the program. It should return its result.")
    if isinstance(error, RecursionError):
        return Fault(f"raises {name}", *_where(error), "Your function calls itself without end.")
    text = message_of(error)
    said = [f"{name}: {text}" if text else f"{name}, without a word."]
    if EINSUM.search(text):
        said.append("In einsum `...` stands for the leading axes, however many there are, in the result too.")
    return Fault(f"raises {name}", *_where(error), *said)


def message_of(error):
    """The first line of what an exception says; nothing if it says nothing, or fails to."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:
        return ""
    text = lines[0] if lines else ""
    text = re.sub(r"\{\{.*?\}\}\s*", "", text)  # TensorFlow's names of nodes
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"


def is_unwritten(error):
    """A stub's own words, or a bare NotImplementedError of the learner's; not a framework that cannot do something."""
    if not isinstance(error, NotImplementedError):
        return False
    frame = _frames(error)[-1:] or [None]
    ours = frame[0] is None or _is_the_learners(frame[0])
    return bool(STUB.match(message_of(error))) or ours


def unwritten(error):
    """The exercise whose stub was reached, and the function that it stands in: ("1.2", "softmax")."""
    match = STUB.match(message_of(error))
    frames = _frames(error)
    return (match[0].split()[1] if match else ""), (frames[-1].tb_frame.f_code.co_name if frames else "")


def _frames(error):
    found, trace = [], error.__traceback__
    while trace is not None:
        found.append(trace)
        trace = trace.tb_next
    return found


def _does_not_bind(answer, draw):
    try:
        inspect.signature(answer).bind(*draw.values())
    except TypeError:
        try:
            return f"The check calls it with ({', '.join(draw)}); yours is written with {inspect.signature(answer)}."
        except (TypeError, ValueError):
            return None
    except ValueError:  # a built-in without a signature
        pass
    return None


def _is_the_learners(frame):
    return _is_a_learners(frame.tb_frame.f_code.co_filename)


@cache
def _is_a_learners(file):
    return not any(Path(file).is_relative_to(folder) for folder in NOT_THE_LEARNERS)


def _where(error):
    """The last line of the learner's own code that the error passed through, as a list of one sentence or none."""
    found = []
    for frame in _frames(error):
        source = linecache.getline(frame.tb_frame.f_code.co_filename, frame.tb_lineno).strip()
        if source and _is_the_learners(frame):
            found = [f"Your line {frame.tb_lineno}:  {source}"]
    return found
