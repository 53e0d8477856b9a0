"""Translation from one language into another: what all frameworks do alike (chapter 09)."""

import random
from dataclasses import dataclass

import numpy as np

from attention.data.batches import sentence_batches
from attention.data.tokenizer import BYTES, SPECIAL, DropoutEncoder, encode, train_tokenizer
from attention.experiments.run import fingerprint
from attention.experiments.settings import check_settings


@dataclass(frozen=True)
class Settings:
    """Everything a training run depends on, beside the framework and the data.

    Raises
    ------
    InputError : one of them makes no sense
    """

    vocabulary: int = 4000  # at most: there are no more than the text gives
    width: int = 256
    encoder_width: int = 192
    dropout: float = 0.3
    piece_dropout: float = 0.05  # BPE-dropout, of the source
    smoothing: float = 0.1
    batch: int = 64
    rate: float = 1.5e-3  # of Adam, at its highest
    warmup: int = 500  # steps from 0 to the highest rate; from there it falls to 0 in a straight line
    steps: int = 6000
    clip: float = 1.0  # longest gradient
    average: float = 0.998  # the weights that are validated and stored are a moving average
    validate_every: int = 500
    patience: int = 6  # validations without a better BLEU before training stops
    seed: int = 1

    def __post_init__(self):
        check_settings(
            self, {"vocabulary": len(BYTES) + len(SPECIAL)}, shares=("dropout", "piece_dropout", "smoothing")
        )


class Corpus:
    """The sentence pairs to learn from and those to validate on, and the tokenizer made from the former.

    Parameters
    ----------
    settings : Settings
    languages : from which and into which, two letters each
    train, validation : the sentences of each language, a pair of lists
    """

    def __init__(self, settings, languages, train, validation):
        self.settings, self.languages, self.train, self.validation = settings, list(languages), train, validation
        self.tokenizer = train_tokenizer(self.train[0] + self.train[1], settings.vocabulary)
        self.dropping = DropoutEncoder(self.tokenizer, self.train[0], settings.piece_dropout)
        self.targets = encode(self.tokenizer, self.train[1])

    def sizes(self):
        """What `Seq2Seq` is built with."""
        widths = {"width": self.settings.width, "encoder_width": self.settings.encoder_width}
        return {"vocabulary": self.tokenizer.get_vocab_size(), **widths}

    def batches(self, first=0):
        """Training batches without end, from step `first` on: the same ones whether or not training was interrupted."""
        per_epoch = -(-len(self.targets) // self.settings.batch)
        epoch, skip = divmod(first, per_epoch)
        while True:
            sources = self.dropping.encode(random.Random(f"{self.settings.seed}-{epoch}"))
            rng = np.random.default_rng([self.settings.seed, epoch])
            for i, batch in enumerate(sentence_batches(sources, self.targets, self.settings.batch, rng)):
                if i >= skip:
                    yield batch
            epoch, skip = epoch + 1, 0

    def validation_batches(self):
        """The validation pairs once, longest last."""
        source, target = (encode(self.tokenizer, sentences) for sentences in self.validation)
        return sentence_batches(source, target, 128)

    def fingerprint(self):
        """Equal for equal languages, training and validation pairs."""
        return fingerprint(*self.languages, *(s for part in (*self.train, *self.validation) for s in part))

    def metadata(self):
        """What a model file must carry beside the weights, so that it is all one needs to translate."""
        return {
            "model": "Seq2Seq",
            "sizes": self.sizes(),
            "languages": self.languages,
            "tokenizer": self.tokenizer.to_str(),
            "alphabet": "".join(sorted(set("".join(self.train[0])))),
        }
