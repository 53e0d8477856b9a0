"""The training loop, for any task in any framework: step, validate now and then, keep the best, stop in good order.

A *task* says what is learned. It has

    name                what it is, in a word
    settings            a dataclass with steps, rate, warmup, validate_every and patience, and what a learner asks for
    score               the name of the figure by which the best weights are chosen; more of it is better
    fingerprint()       equal for equal data
    metadata()          what a model file must carry beside the weights
    batches(first)      training batches without end, from step `first` on, the same whether or not training paused
    model()             the framework's model, with its first weights
    loss(model, batch)  the loss of a batch, to be differentiated
    validate(model)     {name: figure} on validation data, "loss" and the score among them

A *learner* is what a framework brings. It has its `task`; ``step(batch, rate)`` learns from one batch and returns its
loss, ``validate()`` measures the weights to be stored, ``weights()`` are those, ``arrays()`` and
``load(arrays)`` all that a checkpoint needs.
"""

import math
import sys
import time
from dataclasses import asdict
from itertools import islice

from tqdm import tqdm

from attention.experiments.run import Run, asked_to_stop
from attention.inputs import InputError, Interrupted
from attention.results import machine
from attention.weights.store import save


def train(path, prepare, resume=False):
    """Train, validate now and then, and keep in `path` the weights with the best validation score.

    Parameters
    ----------
    path : the model file
    prepare : function of nothing that gives the learner; called when it is known that the run can be written
    resume : whether to go on with a run that was interrupted

    Returns
    -------
    curve : list of {"step", the figures of `validate`, "seconds"}, one for each validation

    Raises
    ------
    InputError : the run cannot be begun or taken up, the disk is full, or the loss is not finite: the last checkpoint
        and the best model are as they were
    Interrupted : Ctrl-C; a checkpoint was written
    """
    with Run(path).held(resume) as run:
        learner = prepare()
        task = learner.task
        identity = {"task": task.name, "framework": learner.framework}
        identity |= {"settings": asdict(task.settings), "data": task.fingerprint()}
        arrays, state = run.begin(identity, learner.packages, resume)
        if arrays is not None:
            learner.load(arrays)
        with asked_to_stop() as stop:
            return _steps(learner, run, state or {"step": 0, "curve": [], "seconds": 0.0, "ended": False}, stop)


def _steps(learner, run, state, stop):
    settings, step, curve = learner.task.settings, state["step"], state["curve"]
    started = time.monotonic() - state["seconds"]
    if state["ended"]:
        tell(f"this training has ended, after {step} steps")
        return curve
    batches = learner.task.batches(step)
    bar = tqdm(initial=step, total=settings.steps, disable=not sys.stderr.isatty())
    ended = False
    while not ended:
        step += 1
        loss = learner.step(next(batches), learning_rate(settings, step))
        if not math.isfinite(loss):
            raise InputError(_lost(loss, step, state, run))
        bar.update()
        due = step % settings.validate_every == 0 or step == settings.steps
        if due:
            ended = _validate(learner, run, step, curve, started) or step == settings.steps
        if due or stop():
            state = {"step": step, "curve": curve, "seconds": time.monotonic() - started, "ended": ended}
            run.keep(learner.arrays(), state)
        if stop() and not ended:
            bar.close()
            raise Interrupted(f"stopped and stored after step {step}: the same command with --resume goes on")
    bar.close()
    return curve


def learn(learner):
    """All steps of a training that is over soon: nothing is validated, nothing stored."""
    settings = learner.task.settings
    for step, batch in enumerate(islice(learner.task.batches(0), settings.steps), 1):
        learner.step(batch, learning_rate(settings, step))


def learning_rate(settings, step):
    """The rate of step 1, 2, …: up in a straight line, then down to 0 in another."""
    if step <= settings.warmup:
        return settings.rate * step / settings.warmup
    return settings.rate * max(0.0, settings.steps - step) / max(1, settings.steps - settings.warmup)


def _validate(learner, run, step, curve, started):
    """One more point of the curve, the model file if it is the best; whether patience is at its end."""
    task, settings = learner.task, learner.task.settings
    figures = learner.validate()
    curve.append({"step": step, **figures, "seconds": time.monotonic() - started})
    left = (settings.steps - step) * curve[-1]["seconds"] / step / 60
    told = ", ".join(f"{name} {figure:.3f}" for name, figure in figures.items())
    tell(f"step {step}: validation {told}, {left:.0f} min left")
    best = max(curve, key=lambda entry: entry[task.score])
    if best is curve[-1]:
        made = {"framework": learner.framework, "settings": asdict(settings), "curve": curve}
        made |= {"command": run.command, "machine": machine(), "versions": run.versions}
        save(run.path, learner.weights(), task.metadata() | made)
    return len(curve) - curve.index(best) > settings.patience


def _lost(loss, step, state, run):
    kept = f"the checkpoint of step {state['step']} is kept" if run.checkpoint.exists() else "nothing was stored"
    return f"the loss became {loss} at step {step}, and training has stopped; {kept}: a smaller rate may help"


def tell(line):
    tqdm.write(line, file=sys.stderr)
