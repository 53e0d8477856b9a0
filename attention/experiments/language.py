"""A model of language, which says what comes next: what all frameworks do alike (chapter 8)."""

from dataclasses import dataclass

import numpy as np

from attention.data.batches import sentence_batches
from attention.data.tokenizer import BYTES, SPECIAL, encode, train_tokenizer
from attention.experiments.run import fingerprint
from attention.experiments.settings import check_settings
from attention.inputs import InputError


@dataclass(frozen=True)
class Settings:
    """Everything a training run depends on, beside the framework and the data.

    Raises
    ------
    InputError : one of them makes no sense
    """

    vocabulary: int = 1500  # at most: there are no more than the text gives
    width: int = 128
    heads: int = 4
    hidden: int = 512
    blocks: int = 2
    batch: int = 64
    rate: float = 2e-3  # of Adam, at its highest
    warmup: int = 200  # steps from 0 to the highest rate; from there it falls to 0 in a straight line
    steps: int = 1500
    clip: float = 1.0  # longest gradient
    average: float = 0.99  # the weights that are validated and stored are a moving average
    validate_every: int = 250
    patience: int = 6  # validations without a better likelihood before training stops
    seed: int = 1

    def __post_init__(self):
        check_settings(self, {"vocabulary": len(BYTES) + len(SPECIAL)})
        if self.width % (2 * self.heads):
            raise InputError(f"width must be a multiple of twice the heads: got {self.width} and {self.heads}")


class Text:
    """The sentences to learn from and those to validate on, and the tokenizer made from the former.

    Parameters
    ----------
    settings : Settings
    language : two letters
    train, validation : lists of sentences
    """

    def __init__(self, settings, language, train, validation):
        self.settings, self.language, self.train, self.validation = settings, language, list(train), list(validation)
        self.tokenizer = train_tokenizer(self.train, settings.vocabulary)
        self.tokens = encode(self.tokenizer, self.train)

    def sizes(self):
        """What `LanguageModel` is built with."""
        of = self.settings
        sizes = {"width": of.width, "heads": of.heads, "hidden": of.hidden, "blocks": of.blocks}
        return {"vocabulary": self.tokenizer.get_vocab_size(), **sizes}

    def batches(self, first=0):
        """Training batches (B, 1 + T) without end, from step `first` on: START, the tokens, END, and padding."""
        per_epoch = -(-len(self.tokens) // self.settings.batch)
        epoch, skip = divmod(first, per_epoch)
        while True:
            rng = np.random.default_rng([self.settings.seed, epoch])
            for i, (*_, tokens) in enumerate(sentence_batches(self.tokens, self.tokens, self.settings.batch, rng)):
                if i >= skip:
                    yield (tokens,)
            epoch, skip = epoch + 1, 0

    def validation_batches(self):
        """The validation sentences once, longest last."""
        tokens = encode(self.tokenizer, self.validation)
        return ((batch,) for *_, batch in sentence_batches(tokens, tokens, 128))

    def fingerprint(self):
        """Equal for an equal language, training and validation sentences."""
        return fingerprint(self.language, *self.train, *self.validation)

    def metadata(self):
        """What a model file must carry beside the weights, so that it is all one needs to write."""
        return {
            "model": "LanguageModel",
            "sizes": self.sizes(),
            "language": self.language,
            "tokenizer": self.tokenizer.to_str(),
        }
