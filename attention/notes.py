"""What a reader should know about translations that may be worth little."""

from itertools import chain

from attention.data.language import unlike
from attention.data.sentences import doubts
from attention.inputs import short

NAMED = 20  # characters or words in a note


def notes(translator, texts, sentences):
    """The notes on `texts`, which were translated as `sentences`: on characters, the language, and what was not cut."""
    language = translator.metadata["languages"][0]
    if letters := translator.unseen(" ".join(texts)):
        yield f"training never met {_named(letters)}: the model has to guess"
    if strange := unlike(texts, language):
        more = f" (the first of {len(strange):,} such texts)" if len(strange) > 1 else ""
        yield f"{short(strange[0])} does not look like {language!r}, the language that this model reads{more}"
    if places := dict.fromkeys(chain.from_iterable(map(doubts, sentences))):
        yield f"no sentence was taken to end at {_named(places)}: where one does, put the next into a line of its own"


def _named(words):
    """Words in a row, without what would do something to the terminal."""
    shown = [repr(word)[1:-1] for word in words]
    return " ".join([*shown[:NAMED], f"and {len(shown) - NAMED:,} more"] if len(shown) > NAMED else shown)
