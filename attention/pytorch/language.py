"""What comes next as a task for a learner (chapter 8)."""

import math

import torch

from attention.pytorch.lm import LanguageModel
from attention.pytorch.recurrent import sequence_loss


class Language:
    """What is learned from sentences: a `LanguageModel`, by the loss of each next token.

    Parameters
    ----------
    text : `attention.experiments.language.Text`
    """

    name, score = "language", "likelihood"

    def __init__(self, text):
        self.text, self.settings = text, text.settings
        self.fingerprint, self.metadata = text.fingerprint, text.metadata

    def batches(self, first):
        """Training batches without end, from step `first` on."""
        return self.text.batches(first)

    def model(self):
        """The model with its first weights."""
        return LanguageModel(**self.text.sizes(), seed=self.settings.seed)

    def loss(self, model, batch):
        """The mean loss for a token of a batch."""
        (tokens,) = map(torch.tensor, batch)
        return sequence_loss(model(tokens[:, :-1]), tokens[:, 1:])

    def validate(self, model):
        """The mean loss L for a token of the validation sentences, and what is usual for the probability of the right
        token: its geometric mean, exp(−L)."""
        total = count = 0
        for batch in self.text.validation_batches():
            number = int((batch[0][:, 1:] != 0).sum())
            total += number * self.loss(model, batch).item()
            count += number
        return {"loss": total / count, "likelihood": math.exp(-total / count)}
