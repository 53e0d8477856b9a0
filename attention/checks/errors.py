"""When an answer raises: the learner's own line, not ours."""

import inspect
import linecache
import sysconfig
from pathlib import Path

from attention.checks.trial import Fault

NOT_THE_LEARNERS = [Path(__file__).parents[1], *(Path(sysconfig.get_path(p)) for p in ("stdlib", "purelib", "platlib"))]


def raised_by(error, answer, draw):
    """The fault that an exception is."""
    if isinstance(error, TypeError) and (unbound := _does_not_bind(answer, draw)):
        return Fault("the arguments", unbound)
    where = learners_line(error)
    message = str(error).strip().split("\n")[0]
    return Fault(f"raises {type(error).__name__}", *((where,) if where else ()), f"{type(error).__name__}: {message}")


def _does_not_bind(answer, draw):
    try:
        inspect.signature(answer).bind(*draw.values())
    except TypeError:
        return f"The check calls it with ({', '.join(draw)}); yours is written with {inspect.signature(answer)}."
    except ValueError:  # a built-in without a signature
        pass
    return None


def learners_line(error):
    """The last line of the learner's own code that the error passed through."""
    found = None
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        source = linecache.getline(str(path), trace.tb_lineno).strip()
        if source and not any(path.is_relative_to(folder) for folder in NOT_THE_LEARNERS):
            found = f"Your line {trace.tb_lineno}:  {source}"
        trace = trace.tb_next
    return found
