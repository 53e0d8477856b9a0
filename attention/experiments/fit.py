"""The loop that the studies of small models share."""

import torch


def fit(model, optimiser, batch_loss, steps, warmup):
    """Train for some steps, and return the last loss, a float.

    The rate rises linearly to the optimiser's own within `warmup` steps, and falls linearly from there, to reach 0 one
    step after the last. A gradient longer than 1 is cut to that length.

    Parameters
    ----------
    batch_loss : without arguments, draws a batch and returns the model's loss of it, a tensor
    """
    rise_and_fall = lambda step: min((step + 1) / warmup, (steps - step) / max(steps - warmup, 1))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rise_and_fall)
    for _ in range(steps):
        loss = batch_loss()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return loss.item()
