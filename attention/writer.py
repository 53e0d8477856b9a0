"""Write with a stored model of language, in any of the three frameworks: everything between a beginning and a text."""

import importlib

import numpy as np

from attention.data.batches import pad
from attention.data.tokenizer import PADDING, START, decode, encode, load_tokenizer
from attention.inputs import InputError
from attention.numpy.softmax import log_softmax
from attention.stored import MODELS, best_stored, stored_model
from attention.weights.tables import check_carried

LONGEST = 200  # pieces of a text: each is compared with all before it
BATCH = 100  # sentences that are read at once: what bounds the memory


def best_writer(language):
    """The file of the stored model of this language that finds validation sentences likeliest.

    Raises
    ------
    InputError : there is none
    """
    best = best_stored(
        lambda result: result["model"] == "LanguageModel" and result["language"] == language,
        lambda result: -result["validation"]["loss"],
    )
    if not best:
        raise InputError(f"no model that writes {language} is stored in {MODELS}")
    return best


class Writer:
    """A stored model of language, ready to write.

    Parameters
    ----------
    framework : "numpy", "tensorflow" or "pytorch"
    path : a file that `attention.weights.store.save` wrote; None for the best stored model of English

    Raises
    ------
    InputError : there is no such framework, or no such model, or its file is damaged
    """

    def __init__(self, framework="numpy", path=None):
        self.model, self.metadata, self.arrays = stored_model(framework, path or best_writer("en"), self._check)
        self.generate = importlib.import_module(f"attention.{framework}.lm").generate

    def _check(self, metadata):
        check_carried(metadata, {"language": str, "tokenizer": str}, "a model of language")
        self.tokenizer = load_tokenizer(metadata["tokenizer"], metadata["sizes"]["vocabulary"])

    def write(self, beginning="", count=1, temperature=1.0, seed=0, limit=60):
        """Texts with the same beginning.

        Parameters
        ----------
        beginning : str
        count : int, how many texts
        temperature : the less, the likelier is what is written; 0 writes the likeliest piece always
        seed : of what is drawn
        limit : int, the most pieces behind the beginning

        Returns
        -------
        texts : list of str

        Raises
        ------
        InputError : the beginning is too long, or holds half a character
        """
        given = encode(self.tokenizer, [beginning])[0][:-1] if beginning.strip() else []
        if len(given) + limit > LONGEST:
            raise InputError(f"a text has room for {LONGEST} pieces: got a beginning of {len(given)} and {limit} more")
        tokens = np.tile([START, *given], (count, 1))  # (B, T)
        draws = np.random.default_rng(seed).random((count, limit)) if temperature else None
        chosen = {} if draws is None else {"draws": self.arrays.give(draws), "temperature": temperature}
        written = self.arrays.take(self.generate(self.model, self.arrays.give(tokens), limit, **chosen))
        return [decode(self.tokenizer, given + row) for row in written.tolist()]

    def losses(self, sentences):
        """−log p of each sentence, its end included, (N,) float64, and the number of its pieces, (N,).

        Raises
        ------
        InputError : a sentence is too long, or holds half a character
        """
        pieces = encode(self.tokenizer, sentences)
        counts = np.array([len(tokens) for tokens in pieces])
        if counts.max(initial=0) > LONGEST:
            raise InputError(f"a text has room for {LONGEST} pieces: got one of {counts.max()}")
        lost = []
        for start in range(0, len(pieces), BATCH):
            tokens, _ = pad([[START, *tokens] for tokens in pieces[start : start + BATCH]])
            lost.append(self._losses(tokens))
        return np.concatenate([np.zeros(0), *lost]), counts

    def _losses(self, tokens):
        """START, tokens, END and PADDING (B, 1 + T) to (B,)."""
        logits = self.arrays.take(self.model(self.arrays.give(tokens[:, :-1]))).astype(float)  # (B, T, V)
        target = tokens[:, 1:]
        log_p = np.take_along_axis(log_softmax(logits), target[..., None], axis=-1)[..., 0]  # (B, T, V) -> (B, T)
        return -np.where(target == PADDING, 0, log_p).sum(axis=-1)
