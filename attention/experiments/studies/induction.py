"""Words that come again: a small model of attention alone reads a row of words that repeats itself after a while, and
says at each place which comes next. When the row begins again it can be told: look for the place where this word stood
before, and say what came after it. One layer and two, one head and four; five seeds each.

A row takes half a minute on one CPU core.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from attention.pytorch import MultiHeadAttention, causal_mask

WORDS, LENGTH, WIDTH, BATCH = 16, 24, 32, 64  # word 0 begins every row
STEPS, RATE, EVERY, TEST = 600, 3e-3, 20, 500
DATA, SEED = f"{TEST} rows of {LENGTH} words, of {WORDS}, that repeat after 4 to 10", None
KINDS = (1, 4), (2, 1), (2, 4)
PARTS = [{"layers": layers, "heads": heads, "seed": seed} for layers, heads in KINDS for seed in range(1, 6)]


def draw(rng, count):
    """Rows of words (count, LENGTH) after word 0: different ones, which come again in the same order; and after how
    many (count,)."""
    periods = rng.integers(4, 11, count)
    orders = rng.permuted(np.tile(np.arange(1, WORDS), (count, 1)), axis=1)  # (count, WORDS − 1)
    places = np.arange(LENGTH - 1) % periods[:, None]  # (count, LENGTH − 1)
    rows = np.take_along_axis(orders, places, axis=1)
    return np.concatenate([np.zeros((count, 1), int), rows], axis=1), periods


class Reader(nn.Module):
    """Embeddings, places, layers of attention that are added to what was there, and a score for each word."""

    def __init__(self, layers, heads, seed):
        super().__init__()
        rng = np.random.default_rng(seed)
        first = lambda *shape: nn.Parameter(torch.tensor(rng.standard_normal(shape) / WIDTH**0.5, dtype=torch.float32))
        self.embedding, self.places, self.readout = first(WORDS, WIDTH), first(LENGTH, WIDTH), first(WIDTH, WORDS)
        seeds = rng.integers(1000, size=layers).tolist()
        self.layers = nn.ModuleList(MultiHeadAttention(WIDTH, heads, seed=s) for s in seeds)

    def forward(self, rows, without=None):
        """Words (B, T) to scores of the next (B, T, V), and the weights (B, H, T, S) of each layer. The head `without`,
        (layer, head), says nothing."""
        x, looked = self.embedding[rows] + self.places[: rows.shape[1]], []  # (B, T, M)
        for number, layer in enumerate(self.layers):
            said, weights = self.attend(layer, x, without[1] if without and without[0] == number else None)
            x = x + said
            looked.append(weights)
        return x @ self.readout, looked

    @staticmethod
    def attend(layer, x, without):
        mask = causal_mask(x.shape[1])
        if without is None:
            return layer(x, x, x, mask)
        kept, D = layer.output_weight.detach().clone(), WIDTH // layer.heads
        silent = kept.clone()
        silent[without * D : (without + 1) * D] = 0
        with torch.no_grad():
            layer.output_weight.copy_(silent)
            result = layer(x, x, x, mask)
            layer.output_weight.copy_(kept)
        return result


def told(rows, periods):
    """Where the next word can be told (B, T): this one has stood before, and there is a next."""
    places = np.arange(rows.shape[1] - 1)
    return places > periods[:, None]


def train(model, steps, rng):
    """Losses of every EVERY-th batch: over all words, and over those that can be told."""
    optimiser = torch.optim.Adam(model.parameters(), RATE)
    curve = []
    for step in range(steps):
        rows, periods = draw(rng, BATCH)
        scores, _ = model(torch.tensor(rows[:, :-1]))
        losses = F.cross_entropy(scores.flatten(0, 1), torch.tensor(rows[:, 1:]).flatten(), reduction="none")
        if step % EVERY == 0:
            known = torch.tensor(told(rows, periods)).flatten()
            curve.append([round(losses.mean().item(), 4), round(losses[known].mean().item(), 4)])
        optimiser.zero_grad()
        losses.mean().backward()
        optimiser.step()
    return curve


@torch.no_grad()
def figures(model, rows, periods):
    """How often the next word is right where it can be told: of the model, and without each head; and for each head the
    weight on the place before, where a word stands for the first time, with how often it is the heaviest there; and the
    weight on the places behind where this word stood before, where the next can be told."""
    known, given = told(rows, periods), torch.tensor(rows[:, :-1])
    share = lambda array: round(float(array.mean()), 4)
    right = lambda scores: share((scores.argmax(-1).numpy(force=True) == rows[:, 1:])[known])
    scores, looked = model(given)
    places = np.arange(rows.shape[1] - 1)
    back = places[:, None] - places  # (T, S)
    behind = (back >= 0) & ((back + 1) % periods[:, None, None] == 0) & (places > 0)  # (B, T, S)
    new = (places > 0) & (places <= periods[:, None])  # (B, T)
    before, heaviest, after = [], [], []
    for weights in (layer.numpy(force=True) for layer in looked):  # (B, H, T, S)
        previous = (weights * (back == 1)).sum(-1)  # (B, H, T)
        before.append([share(previous[:, head][new]) for head in range(previous.shape[1])])
        most = weights.argmax(-1) == places - 1  # (B, H, T)
        heaviest.append([share(most[:, head][new]) for head in range(most.shape[1])])
        on = (weights * behind[:, None]).sum(-1)  # (B, H, T)
        after.append([share(on[:, head][known]) for head in range(on.shape[1])])
    heads = [(layer, head) for layer in range(len(before)) for head in range(len(before[layer]))]
    without = [
        [right(model(given, (at, head))[0]) for layer, head in heads if layer == at] for at in range(len(before))
    ]
    return {"accuracy": right(scores), "before": before, "heaviest": heaviest, "behind": after, "without": without}


def measure(layers, heads, seed):
    """What the model learns, and what its heads do; one row of words, and where two of its heads look in it: the one of
    the first layer that looks most at the place before, and the one of the last that looks most behind."""
    rng, model = np.random.default_rng(seed), Reader(layers, heads, seed)
    curve = train(model, STEPS, rng)
    found = figures(model, *draw(np.random.default_rng(0), TEST))
    rows, _ = draw(np.random.default_rng(7), 1)
    _, looked = model(torch.tensor(rows[:, :14]))
    heads = np.argmax(found["before"][0]), np.argmax(found["behind"][-1])  # of the first layer, and of the last
    shown = [
        looked[at][0, head].numpy(force=True).astype(float).round(3).tolist()
        for at, head in zip((0, -1), heads, strict=True)
    ]
    return found | {"curve": curve, "row": rows[0, :14].tolist(), "looked": shown}
