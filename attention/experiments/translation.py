"""Translation from German to English on Multi30k: what all frameworks do alike (chapter 09)."""

import random
from dataclasses import asdict, dataclass

import numpy as np

from attention.data.batches import sentence_batches
from attention.data.multi30k import multi30k
from attention.data.tokenizer import DropoutEncoder, encode, train_tokenizer
from attention.experiments.run import fingerprint


@dataclass(frozen=True)
class Settings:
    """Everything a training run depends on, beside the framework."""

    vocabulary: int = 4000
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

    def sizes(self):
        """What `Seq2Seq` is built with."""
        return {name: asdict(self)[name] for name in ("vocabulary", "width", "encoder_width")}


def learning_rate(settings, step):
    """The rate of step 1, 2, …: up in a straight line, then down to 0 in another."""
    if step <= settings.warmup:
        return settings.rate * step / settings.warmup
    return settings.rate * max(0.0, settings.steps - step) / max(1, settings.steps - settings.warmup)


class Corpus:
    """The sentence pairs to learn from and those to validate on, and the tokenizer made from the former."""

    def __init__(self, settings, train=None, validation=None):
        self.settings = settings
        self.train = train or multi30k("train", "de", "en")
        self.validation = validation or multi30k("val", "de", "en")
        self.tokenizer = train_tokenizer(self.train[0] + self.train[1], settings.vocabulary)
        self.dropping = DropoutEncoder(self.tokenizer, self.train[0], settings.piece_dropout)
        self.targets = encode(self.tokenizer, self.train[1])

    def batches(self, first=0, sizes=()):
        """Training batches without end, from step `first` on: the same ones whether or not training was interrupted."""
        per_epoch = -(-len(self.targets) // self.settings.batch)
        epoch, skip = divmod(first, per_epoch)
        while True:
            sources = self.dropping.encode(random.Random(f"{self.settings.seed}-{epoch}"))
            rng = np.random.default_rng([self.settings.seed, epoch])
            for i, batch in enumerate(sentence_batches(sources, self.targets, self.settings.batch, rng, sizes)):
                if i >= skip:
                    yield batch
            epoch, skip = epoch + 1, 0

    def validation_batches(self, sizes=()):
        """The validation pairs once, longest last."""
        source, target = (encode(self.tokenizer, sentences) for sentences in self.validation)
        return sentence_batches(source, target, 128, sizes=sizes)

    def fingerprint(self):
        """Equal for equal training and validation pairs."""
        return fingerprint(*(sentence for part in (*self.train, *self.validation) for sentence in part))

    def metadata(self):
        """What a model file must carry beside the weights, so that it is all one needs to translate."""
        return {
            "model": "Seq2Seq",
            "sizes": self.settings.sizes(),
            "languages": ["de", "en"],
            "tokenizer": self.tokenizer.to_str(),
            "alphabet": "".join(sorted(set("".join(self.train[0])))),
            "settings": asdict(self.settings),
        }
