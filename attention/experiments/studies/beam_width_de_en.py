"""What a wider beam finds on the Multi30k test sentences: for each α of (9.13) and each beam the BLEU, and the mean
length and mean log p of a translation, by the best stored German–English model.

It takes about half an hour on one CPU core.
"""

from functools import cache

from attention.data.batches import pad
from attention.data.multi30k import multi30k
from attention.data.tokenizer import END, decode, encode
from attention.evaluation.bleu import bleu
from attention.translator import Translator, best_model

SPLIT, LIMIT = "test_2016_flickr", 100
DATA, SEED = f"Multi30k {SPLIT}", None
PARTS = [{"alpha": alpha, "beam": beam} for alpha in (0.0, 1.0) for beam in (1, 5, 20, 100)]


@cache
def _prepared():
    """The model, the sentences to translate and their translations by a person."""
    return Translator("pytorch"), *multi30k(SPLIT, "de", "en")


def measure(alpha, beam):
    """The BLEU with this α and K, and the mean over translations of their tokens, END included, and of log p."""
    translator, sentences, references = _prepared()
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    found, sizes, total = [""] * len(sentences), 0, 0.0
    batch = max(8, min(64, 3200 // beam))  # wide beams in small batches: memory grows with their product
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        source, lengths = pad(encode(translator.tokenizer, [sentences[i] for i in chosen]))
        given = map(translator.arrays.give, (source, lengths))
        results = translator.decoding.beam_search(translator.model, *given, LIMIT, beam, alpha)
        written, scores = (translator.arrays.take(result).tolist() for result in results)
        for i, tokens, score in zip(chosen, written, scores, strict=True):
            size = tokens.index(END) + 1 if END in tokens else len(tokens)
            found[i], sizes, total = decode(translator.tokenizer, tokens), sizes + size, total + score * size**alpha
    score, signature = bleu(found, references)
    mean = {"length": sizes / len(sentences), "log_p": total / len(sentences)}
    return {"bleu": score, **mean, "signature": signature, "model": best_model("de", "en").stem}
