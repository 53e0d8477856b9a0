"""Byte-pair encoding: text to numbers and back, with nothing lost (chapter 09)."""

import json
import unicodedata
from itertools import pairwise

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from attention.inputs import InputError

PADDING, START, END = 0, 1, 2
SPECIAL = ["<pad>", "<s>", "</s>"]
BYTES = pre_tokenizers.ByteLevel.alphabet()  # a letter for each of the 256 bytes


def train_tokenizer(sentences, size):
    """Merge the most frequent pair of neighbouring pieces, again and again, until there are `size` pieces.

    The first pieces are the 256 bytes, so every text can be written, also in characters never seen here.

    Parameters
    ----------
    sentences : iterable of str
    size : int, V

    Returns
    -------
    tokenizer : tokenizers.Tokenizer

    Source
    ------
    Sennrich, Haddow and Birch (2016), "Neural machine translation of rare words with subword units", section 3.2.
    """
    tokenizer = _untrained_tokenizer()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=SPECIAL, initial_alphabet=BYTES, show_progress=False)
    tokenizer.train_from_iterator(sentences, trainer)
    return tokenizer


def _untrained_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    # A space goes before the first word too, so that a word is the same piece wherever it stands.
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def load_tokenizer(text, size):
    """The tokenizer that was stored as `text`, by its `to_str`. It may differ from others in its pieces alone.

    Parameters
    ----------
    text : str
    size : int, V: the pieces must be numbered 0, 1, …, V − 1

    Raises
    ------
    InputError : `text` is no tokenizer, one of another sort, or one of other numbers
    """
    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception:  # the library raises no narrower one
        raise InputError("its tokenizer is none that the library tokenizers can read") from None
    found, ours = (json.loads(each.to_str()) for each in (tokenizer, _untrained_tokenizer()))
    numbers = found["model"].get("vocab")
    for each in (found, ours):
        each["model"] |= {"vocab": None, "merges": None}
    if other := [part for part in ours if found[part] != ours[part]]:
        raise InputError(f"its tokenizer is of another sort than those of this library: see its {other[-1]!r}")
    if not numbers.keys() >= set(BYTES):
        raise InputError("its tokenizer must have a piece for every byte")
    if sorted(numbers.values()) != list(range(size)):
        raise InputError(f"its tokenizer must number its pieces from 0 to {size - 1}")
    return tokenizer


def encode(tokenizer, sentences):
    """Sentences to lists of tokens, each ending in END.

    Raises
    ------
    InputError : a sentence holds half a character (a lone surrogate), as what is not UTF-8 does on the command line
    """
    sentences = list(sentences)
    try:
        "".join(sentences).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{error.object[error.start]!r} is no character: write the sentence as UTF-8") from None
    tokenizer.encode_special_tokens = True  # "</s>" that somebody types is text, not the end
    return [[*encoding.ids, END] for encoding in tokenizer.encode_batch(sentences, add_special_tokens=False)]


class DropoutEncoder:
    """Encodes with every merge left out with probability `dropout`, so that a word is seen cut in several ways.

    For training only. The library `tokenizers` can do this too, but draws from a generator that cannot be seeded.

    Source
    ------
    Provilkov, Emelianenko and Voita (2020), "BPE-dropout: simple and effective subword regularization", section 3.
    """

    def __init__(self, tokenizer, sentences, dropout):
        model = json.loads(tokenizer.to_str())["model"]
        self.numbers = model["vocab"]
        self.ranks = {tuple(pair): rank for rank, pair in enumerate(model["merges"])}
        self.dropout = dropout
        normal, cut = tokenizer.normalizer.normalize_str, tokenizer.pre_tokenizer.pre_tokenize_str
        self.sentences = [[word for word, _ in cut(normal(sentence))] for sentence in sentences]

    def encode(self, rng):
        """All sentences, cut anew with the random numbers of `rng` (random.Random)."""
        return [[*(n for word in words for n in self._pieces(word, rng.random)), END] for words in self.sentences]

    def _pieces(self, word, draw):
        pieces = list(word)
        while True:
            pairs = enumerate(pairwise(pieces))
            known = [(self.ranks[pair], i) for i, pair in pairs if pair in self.ranks and draw() >= self.dropout]
            if not known:
                return [self.numbers[piece] for piece in pieces]
            i = min(known)[1]
            pieces[i : i + 2] = [pieces[i] + pieces[i + 1]]


def decode(tokenizer, tokens):
    """Tokens up to the first END back to text."""
    kept = tokens[: tokens.index(END)] if END in tokens else tokens
    return tokenizer.decode(kept).strip()


def unseen_characters(alphabet, sentence):
    """The characters of `sentence` that are not in `alphabet`, once each, in their order."""
    return [letter for letter in dict.fromkeys(unicodedata.normalize("NFC", sentence)) if letter not in alphabet]
