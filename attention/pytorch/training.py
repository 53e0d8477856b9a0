"""Teaching `Seq2Seq` to translate (chapter 09)."""

import sys
import time
from pathlib import Path

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from attention.data.tokenizer import decode
from attention.evaluation.bleu import bleu
from attention.experiments.translation import Corpus, Settings, learning_rate
from attention.pytorch.decoding import greedy
from attention.pytorch.recurrent import Seq2Seq, sequence_loss
from attention.weights import save


def train(settings: Settings, corpus: Corpus, path, device="cpu", resume=False):
    """Train, validate now and then, and keep the weights with the best validation BLEU in `path`.

    A checkpoint beside it, PATH.checkpoint, holds all that going on needs.

    Returns
    -------
    curve : list of {"step", "loss", "bleu", "seconds"}, one for each validation
    """
    torch.manual_seed(settings.seed)
    model = Seq2Seq(**settings.sizes(), dropout=settings.dropout, seed=settings.seed).to(device)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(settings.average))
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    checkpoint, step, curve = Path(f"{path}.checkpoint"), 0, []
    parts = {"model": model, "average": average, "optimizer": optimizer}
    if resume and checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        step, curve = saved["step"], saved["curve"]
        torch.set_rng_state(saved["random"].cpu())
        for name, part in parts.items():
            part.load_state_dict(saved[name])
    started = time.monotonic() - (curve[-1]["seconds"] if curve else 0)
    batches = corpus.batches(first=step)
    bar = tqdm(initial=step, total=settings.steps, disable=not sys.stderr.isatty())
    while step < settings.steps:
        step += 1
        train_step(model, optimizer, settings, learning_rate(settings, step), next(batches), device)
        average.update_parameters(model)
        bar.update()
        if step % settings.validate_every and step < settings.steps:
            continue
        loss, score = validate(average.module, corpus, device)
        curve.append({"step": step, "loss": loss, "bleu": score, "seconds": time.monotonic() - started})
        left = (settings.steps - step) * curve[-1]["seconds"] / step / 60
        tqdm.write(f"step {step}: validation loss {loss:.3f}, BLEU {score:.2f}, {left:.0f} min left", file=sys.stderr)
        best = max(curve, key=lambda entry: entry["bleu"])
        if best is curve[-1]:
            save(path, average.module.named_weights(), corpus.metadata() | {"framework": "pytorch", "curve": curve})
        states = {name: part.state_dict() for name, part in parts.items()}
        torch.save(states | {"step": step, "curve": curve, "random": torch.get_rng_state()}, checkpoint)
        if len(curve) - curve.index(best) > settings.patience:
            break
    bar.close()
    return curve


def choose_device(name):
    """ "cpu" or "cuda"; "auto" is cuda where there is a GPU.

    Raises
    ------
    ValueError : "cuda" was asked for and there is none
    """
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise ValueError("device cuda was asked for, but PyTorch finds no GPU")
    return "cuda" if name != "cpu" and found else "cpu"


def train_step(model, optimizer, settings, rate, batch, device="cpu"):
    """One step of Adam down the gradient of the loss of one batch; the loss."""
    source, lengths, target = (torch.as_tensor(part, device=device) for part in batch)
    model.train()
    logits, _ = model(source, lengths, target[:, :-1])  # the decoder has seen what is before …
    loss = sequence_loss(logits, target[:, 1:], settings.smoothing)  # … what it should write
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return loss.item()


@torch.no_grad()
def validate(model, corpus, device="cpu"):
    """The mean loss for a token, and the BLEU of the greedy translations, over the validation pairs."""
    model.eval()
    total = count = 0
    translations, references = [], []
    for batch in corpus.validation_batches():
        source, lengths, target = (torch.as_tensor(part, device=device) for part in batch)
        tokens = (target[:, 1:] != 0).sum().item()
        total += tokens * sequence_loss(model(source, lengths, target[:, :-1])[0], target[:, 1:]).item()
        count += tokens
        written, _ = greedy(model, source, lengths, limit=2 * source.shape[1] + 10)
        translations += [decode(corpus.tokenizer, row) for row in written.tolist()]
        references += [decode(corpus.tokenizer, row) for row in target[:, 1:].tolist()]
    return total / count, bleu(translations, references)[0]
