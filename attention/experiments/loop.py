"""The training loop, for any framework: step, validate now and then, keep the best, stop in good order.

A learner is what a framework brings: ``step(batch, rate)`` learns from one batch and returns its loss,
``validate(corpus)`` returns a loss and a score, ``weights()`` are those to store, ``arrays()`` and ``load(arrays)`` all
that a checkpoint needs.
"""

import math
import sys
import time
from dataclasses import asdict

from tqdm import tqdm

from attention.experiments.run import Run, asked_to_stop
from attention.experiments.translation import learning_rate
from attention.inputs import InputError, Interrupted
from attention.weights.store import save


def train(learner, settings, corpus, path, resume=False):
    """Train, validate now and then, and keep in `path` the weights with the best validation score.

    Returns
    -------
    curve : list of {"step", "loss", "bleu", "seconds"}, one for each validation

    Raises
    ------
    InputError : the run cannot be begun or taken up, the disk is full, or the loss is not finite: the last checkpoint
        and the best model are as they were
    Interrupted : Ctrl-C; a checkpoint was written
    """
    identity = {"framework": learner.framework, "settings": asdict(settings), "data": corpus.fingerprint()}
    run = Run(path, identity, learner.packages)
    with run.going_on(resume) as (arrays, state), asked_to_stop() as stop:
        state = state or {"step": 0, "curve": [], "seconds": 0.0, "ended": False}
        if arrays is not None:
            learner.load(arrays)
        return _steps(learner, settings, corpus, run, state, stop)


def _steps(learner, settings, corpus, run, state, stop):
    step, curve, started = state["step"], state["curve"], time.monotonic() - state["seconds"]
    if state["ended"]:
        tell(f"this training has ended, after {step} steps")
        return curve
    batches = corpus.batches(first=step, sizes=learner.sizes)
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
            ended = _validate(learner, settings, corpus, run, step, curve, started) or step == settings.steps
        if due or stop():
            state = {"step": step, "curve": curve, "seconds": time.monotonic() - started, "ended": ended}
            run.keep(learner.arrays(), state)
        if stop() and not ended:
            bar.close()
            raise Interrupted(f"stopped and stored after step {step}: the same command with --resume goes on")
    bar.close()
    return curve


def _validate(learner, settings, corpus, run, step, curve, started):
    """One more point of the curve, the model file if it is the best; whether patience is at its end."""
    loss, score = learner.validate(corpus)
    curve.append({"step": step, "loss": loss, "bleu": score, "seconds": time.monotonic() - started})
    left = (settings.steps - step) * curve[-1]["seconds"] / step / 60
    tell(f"step {step}: validation loss {loss:.3f}, BLEU {score:.2f}, {left:.0f} min left")
    best = max(curve, key=lambda entry: entry["bleu"])
    if best is curve[-1]:
        save(run.path, learner.weights(), corpus.metadata() | {"framework": learner.framework, "curve": curve})
    return len(curve) - curve.index(best) > settings.patience


def _lost(loss, step, state, run):
    kept = f"the checkpoint of step {state['step']} is kept" if run.checkpoint.exists() else "nothing was stored"
    return f"the loss became {loss} at step {step}, and training has stopped; {kept}: a smaller rate may help"


def tell(line):
    tqdm.write(line, file=sys.stderr)
