"""Translate with a stored model, in any of the three frameworks: everything between a sentence and its translation."""

import importlib
from functools import partial

import numpy as np

from attention.data.batches import pad
from attention.data.tokenizer import END, START, decode, encode, load_tokenizer, unseen_characters
from attention.inputs import InputError, short
from attention.stored import MODELS, best_stored, stored_model
from attention.weights.tables import check_carried

BEAM = 5  # beginnings of a translation that are kept, where nobody says how many
LONGEST = 1000  # pieces of a sentence: time grows with the square, and these take a minute or two
ROOM = 4096  # tokens of a batch, padding included: what bounds the memory


def best_model(*languages):
    """The file of the stored model with the highest BLEU on validation data: `best_model("de", "en")`.

    Raises
    ------
    InputError : no model for these languages is stored
    """
    best = best_stored(
        lambda result: result.get("languages") == list(languages), lambda result: result["validation"]["beam"]["bleu"]
    )
    if not best:
        raise InputError(f"no model from {' to '.join(languages)} is stored in {MODELS}")
    return best


class Translator:
    """A stored model, ready to translate: any that offers `encode` and `step`, as `attention.numpy.decoding` uses them.

    Parameters
    ----------
    framework : "numpy", "tensorflow" or "pytorch"
    path : a file that `attention.weights.store.save` wrote; None for the best stored German–English model

    Raises
    ------
    InputError : there is no such framework, or no such model, or its file is damaged
    """

    def __init__(self, framework="numpy", path=None):
        self.model, self.metadata, self.arrays = stored_model(framework, path or best_model("de", "en"), self._check)
        self.alphabet = set(self.metadata["alphabet"])
        self.decoding = importlib.import_module(f"attention.{framework}.decoding")

    def _check(self, metadata):
        check_carried(metadata, {"languages": list, "tokenizer": str, "alphabet": str}, "a translation model")
        if [type(language) for language in metadata["languages"]] != [str, str]:
            told = "its 'languages' must be two, from which and into which"
            raise InputError(f"{told}: got {short(metadata['languages'])}")
        self.tokenizer = load_tokenizer(metadata["tokenizer"], metadata["sizes"]["vocabulary"])

    def encode(self, sentences):
        """Sentences to lists of tokens, each ending in END.

        Raises
        ------
        InputError : a sentence is longer than `LONGEST`, or not text
        """
        rows = encode(self.tokenizer, sentences)
        for number, row in enumerate(rows, 1):
            if len(row) > LONGEST:
                told = f"sentence {number} has {len(row):,} pieces, and at most {LONGEST:,} are translated"
                raise InputError(f"{told}: split it")
        return rows

    def tokens(self, sentences, beam=BEAM):
        """The tokens that the model writes for each sentence, up to and with END; beam 1 is greedy."""
        return self._write(self.encode(sentences), beam)

    def translate(self, sentences, beam=BEAM, batch=64, progress=iter):
        """The translations of many sentences, in their order; those of similar length are translated together."""
        rows = self.encode(sentences)
        translations = [""] * len(sentences)
        order = sorted((i for i, sentence in enumerate(sentences) if sentence.strip()), key=lambda i: len(rows[i]))
        for chosen in progress(_batches(order, rows, batch)):
            for i, tokens in zip(chosen, self._write([rows[i] for i in chosen], beam), strict=True):
                translations[i] = decode(self.tokenizer, tokens)
        return translations

    def _write(self, rows, beam):
        source, lengths = pad(rows)
        limit = max(100, 2 * source.shape[1])  # the same for all but the longest, whoever shares the batch
        search = self.decoding.greedy if beam == 1 else partial(self.decoding.beam_search, beam=beam)
        written, _ = search(self.model, *map(self.arrays.give, (source, lengths)), limit)
        rows = self.arrays.take(written).tolist()
        return [row[: row.index(END) + 1] if END in row else row for row in rows]

    def align(self, sentence, beam=BEAM):
        """One sentence's translation, and what each piece of it looked at.

        Returns
        -------
        translation : str
        source : list of str, S pieces and the end
        target : list of str, T pieces and the end
        weights : array (T, S)
        """
        rows = self.encode([sentence])
        source, lengths = pad(rows)
        (tokens,) = self._write(rows, beam)
        memory, state = self.model.encode(*map(self.arrays.give, (source, lengths)))
        looked = []
        for token in [START, *tokens[:-1]]:
            _, state, weights = self.model.step(self.arrays.give([token]), state, memory)
            looked.append(self.arrays.take(weights)[0])  # (1, S) -> (S,)
        return decode(self.tokenizer, tokens), self.pieces(source[0].tolist()), self.pieces(tokens), np.stack(looked)

    def pieces(self, tokens):
        """Each token as text, a space where a word begins."""
        return ["END" if token == END else self.tokenizer.decode([token]) for token in tokens]

    def unseen(self, sentence):
        """The characters of a sentence that training never met."""
        return unseen_characters(self.alphabet, sentence)


def _batches(order, rows, most):
    """`order`, from the shortest row to the longest, cut into batches of at most `most` rows and `ROOM` tokens."""
    batches = []
    for i in order:
        if not batches or len(batches[-1]) == most or (len(batches[-1]) + 1) * len(rows[i]) > ROOM:
            batches.append([])
        batches[-1].append(i)
    return batches
