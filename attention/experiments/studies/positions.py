"""Six ways to tell a model where a word stands, and how each fares on sentences longer than it has learned from. Two
tasks: shift, to say at each place the word three places before; and nearest, to say the last noun before it, wherever
that stood. The model is the same, two layers of attention under a causal mask, and so are words, steps and rate; of
places it is told nothing, or by a table that is fixed or learned, or by what is added to scores, or by turning queries
and keys. All learn at one rate with three seeds, and at two others with one.

Each row takes a few seconds on one CPU core.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from attention.experiments.fit import fit
from attention.pytorch import MultiHeadAttention, alibi_bias, causal_mask, sinusoidal_positions, window_mask

DATA, SEED = "words drawn by lot, of 40", None  # the seed of each row stands in it
KINDS = ("none", "sinusoids", "learned", "clipped", "alibi", "rotary")
RATE, OTHER_RATES = 3e-3, (1e-3, 1e-2)
PARTS = [
    {"task": task, "kind": kind, "seed": seed, "rate": rate}
    for rate, seeds in ((RATE, (1, 2, 3)), *((rate, (1,)) for rate in OTHER_RATES))
    for task in ("shift", "nearest")
    for kind in KINDS
    for seed in seeds
]
WORDS, BACK, NOUNS = 40, 3, 8  # the words are 0 to 39, and the first eight of them are nouns
LONGEST, TESTED = 17, (17, 25, 33, 49, 65)  # places of a sentence: the most in training, and those that are tested
SIZES = {"width": 32, "heads": 4, "hidden": 64, "layers": 2}
BATCH, STEPS, WARMUP, TEST = 32, 400, 40, 100
CLIP = 8  # places: what lies this far apart or farther has the same learned number
MOVED = TESTED[-1] - LONGEST  # where a sentence of training's length may begin, to end with the last place tested


class Layer(nn.Module):
    """Attention, then two matrices; each looks at rows of mean 0 and variance 1, and is added to what came in."""

    def __init__(self, kind, seed):
        super().__init__()
        width, heads, hidden = (SIZES[name] for name in ("width", "heads", "hidden"))
        self.kind, self.heads = kind, heads
        self.attention = MultiHeadAttention(width, heads, seed=seed)
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.feed = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))
        self.by_distance = nn.Parameter(torch.zeros(heads, CLIP + 1)) if kind == "clipped" else None

    def bias(self, length):
        """What is added to the scores, (H, T, S)."""
        if self.kind == "alibi":
            return alibi_bias(self.heads, length, length, dtype=torch.float32)
        if self.kind == "clipped":
            places = torch.arange(length)
            return self.by_distance[:, (places[:, None] - places).clamp(0, CLIP)]  # (H, CLIP + 1) -> (H, T, S)
        return None

    def forward(self, x, reach, first):
        length = x.shape[1]
        rows, places = self.norms[0](x), first + torch.arange(length) if self.kind == "rotary" else None
        mask = causal_mask(length) & window_mask(length, length, reach)
        told = {"mask": mask, "bias": self.bias(length), "positions": places}
        x = x + self.attention(rows, rows, rows, need_weights=False, **told)[0]
        return x + self.feed(self.norms[1](x))


class Model(nn.Module):
    """From words (B, T) to the logits of what is to be said at each place (B, T, WORDS).

    Each layer sees keys that are no more than `reach` places away: all there are, if nothing else is said. The first
    word stands at the place `first`.
    """

    def __init__(self, kind, seed):
        super().__init__()
        torch.manual_seed(seed)
        width = SIZES["width"]
        self.embedding = nn.Embedding(WORDS, width)
        table = torch.zeros(TESTED[-1], width)
        if kind == "sinusoids":
            table = sinusoidal_positions(TESTED[-1], width, dtype=torch.float32)
        self.table = nn.Parameter(torch.randn_like(table)) if kind == "learned" else table  # begins as words do
        self.layers = nn.ModuleList([Layer(kind, 10 * seed + i) for i in range(SIZES["layers"])])
        self.last = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, WORDS))

    def forward(self, words, reach=TESTED[-1], first=0):
        x = self.embedding(words) + self.table[first : first + words.shape[1]]
        for layer in self.layers:
            x = layer(x, reach, first)
        return self.last(x)


def held(model, words):
    """Logits of a model with rotary positions to which no key is farther than any was in training: what stands before
    that is seen, and turned as if it stood just there.
    """
    x = model.embedding(words)
    for layer in model.layers:
        rows, heard = layer.norms[0](x), []
        for i in range(words.shape[1]):
            seen, places = rows[:, : i + 1], torch.arange(i + 1).clamp(min=i - (LONGEST - 1))
            heard.append(layer.attention(seen, seen, seen, positions=places, need_weights=False)[0][:, -1])
        x = x + torch.stack(heard, dim=1)
        x = x + layer.feed(layer.norms[1](x))
    return model.last(x)


def sentences(task, count, length, rng):
    """Words (B, T) and what is to be said at each place, −1 where nothing is asked."""
    words = rng.integers(WORDS, size=(count, length))
    if task == "shift":
        said = np.pad(words[:, :-BACK], [(0, 0), (BACK, 0)], constant_values=-1)
    else:
        places = np.where(words < NOUNS, np.arange(length), -1)
        last = np.maximum.accumulate(places, axis=1)[:, :-1]  # where the last noun before each word stands
        told = np.where(last < 0, -1, np.take_along_axis(words, np.maximum(last, 0), axis=1))
        said = np.pad(told, [(0, 0), (1, 0)], constant_values=-1)
    return torch.tensor(words), torch.tensor(said)


def train(task, kind, seed, rate=RATE):
    """A model after its steps on sentences of LONGEST places, and its last loss."""
    model, rng = Model(kind, seed), np.random.default_rng(seed)

    def batch_loss():
        words, said = sentences(task, BATCH, LONGEST, rng)
        return F.cross_entropy(model(words).flatten(0, 1), said.flatten(), ignore_index=-1)

    optimiser = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    return model, fit(model, optimiser, batch_loss, STEPS, WARMUP)


def measure(task, kind, seed, rate=RATE):
    """The last loss in training, and the share of words said rightly at each length that is tested.

    `right` is the model as it is, `near` with all keys hidden that lie farther away than any did in training. `moved`
    are sentences as long as in training at the last places tested; `held`, of rotary positions alone, is told above.
    """
    model, loss = train(task, kind, seed, rate)
    told = {"parameters": sum(p.numel() for p in model.parameters()), "loss": loss if math.isfinite(loss) else None}
    with torch.no_grad():
        for length in TESTED:
            words, said = sentences(task, TEST, length, np.random.default_rng(1000 + length))
            ways = {"right": model(words), "near": model(words, LONGEST - 1)}
            if length == LONGEST:
                ways["moved"] = model(words, first=MOVED)
            if length == TESTED[-1] and kind == "rotary":
                ways["held"] = held(model, words)
            for name, logits in ways.items():
                told[f"{name}_{length}"] = (logits.argmax(-1) == said)[said >= 0].float().mean().item()
    return told
