"""What each part of a Transformer's block contributes: the same small model with one part left out, or with the
normalisation behind the sums. The task: at each place, the sum of the number that stands there and of the one before
it, counted round and round below 11. It takes a look at a neighbour, and then something that no average can do.

Each row takes about a minute on one CPU core.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from attention.experiments.fit import fit
from attention.pytorch import FeedForward, LayerNorm, MultiHeadAttention, causal_mask

DATA, SEED = "numbers below 11, drawn by lot", None  # the seed of each row stands in it
KINDS = ("whole", "norm after", "no attention", "no network", "no residual", "no norm")
PARTS = [{"blocks": blocks, "kind": kind, "seed": seed} for blocks in (2, 6) for kind in KINDS for seed in (1, 2, 3)]
ROUND, LENGTH = 11, 12
SIZES = {"width": 32, "heads": 2, "hidden": 64}
BATCH, STEPS, WARMUP, RATE, TEST = 32, 1500, 100, 2e-3, 500


class Block(nn.Module):
    """`EncoderBlock`, with one thing about it changed."""

    def __init__(self, kind, seed):
        super().__init__()
        width, heads, hidden = SIZES.values()
        self.kind = kind
        self.attention = MultiHeadAttention(width, heads, seed=seed)
        self.network = FeedForward(width, hidden, seed=seed + 1)
        self.norms = nn.ModuleList([LayerNorm(width), LayerNorm(width)])

    def forward(self, x, mask):
        look = lambda rows: self.attention(rows, rows, rows, mask, need_weights=False)[0]
        for name, norm, change in zip(("attention", "network"), self.norms, (look, self.network), strict=True):
            if self.kind != f"no {name}":
                x = self.around(x, norm, change)
        return x

    def around(self, x, norm, change):
        if self.kind == "norm after":
            return norm(x + change(x))
        changed = change(x if self.kind == "no norm" else norm(x))
        return changed if self.kind == "no residual" else x + changed


class Model(nn.Module):
    """From numbers (B, T) to logits of sums (B, T, ROUND)."""

    def __init__(self, blocks, kind, seed):
        super().__init__()
        torch.manual_seed(seed)
        width = SIZES["width"]
        self.numbers = nn.Embedding(ROUND, width)
        self.places = nn.Parameter(torch.randn(LENGTH, width))
        self.blocks = nn.ModuleList([Block(kind, 100 * seed + 10 * i) for i in range(blocks)])
        self.last = nn.Identity() if kind in ("no norm", "norm after") else LayerNorm(width)
        self.readout = nn.Linear(width, ROUND)

    def forward(self, numbers):
        x, mask = self.numbers(numbers) + self.places, causal_mask(LENGTH)  # (B, T) -> (B, T, M)
        for block in self.blocks:
            x = block(x, mask)
        return self.readout(self.last(x))  # (B, T, M) -> (B, T, ROUND)


def drawn(count, rng):
    """Numbers (B, T), and the sums from the second place on (B, T - 1)."""
    numbers = torch.tensor(rng.integers(ROUND, size=(count, LENGTH)))
    return numbers, (numbers[:, 1:] + numbers[:, :-1]) % ROUND


def train(blocks, kind, seed, steps=STEPS):
    model, rng = Model(blocks, kind, seed), np.random.default_rng(seed)

    def batch_loss():
        numbers, sums = drawn(BATCH, rng)
        return F.cross_entropy(model(numbers)[:, 1:].flatten(0, 1), sums.flatten())

    fit(model, torch.optim.Adam(model.parameters(), lr=RATE), batch_loss, steps, WARMUP)
    return model


def measure(blocks, kind, seed, steps=STEPS):
    """The share of sums that are right, of sequences never seen, and the loss on them."""
    model = train(blocks, kind, seed, steps)
    numbers, sums = drawn(TEST, np.random.default_rng(1000))
    with torch.no_grad():
        logits = model(numbers)[:, 1:]
    loss = F.cross_entropy(logits.flatten(0, 1), sums.flatten())
    return {"right": (logits.argmax(-1) == sums).float().mean().item(), "loss": loss.item()}
