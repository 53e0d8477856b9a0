"""Whether a text looks like the language that a model reads."""

from functools import cache

WORDS = 3  # of a text that is judged
LEAST = 0.05  # the probability below which a text does not look like the language


def unlike(texts, language):
    """The texts that do not look like `language`, by the library `py3langid`, which knows 140.

    Both numbers above were chosen on the validation captions of Multi30k, for German. Of its 1,014 captions in German
    none is returned, and of their first three words 0.3 % (of their first two 1.5 %, so these are not judged); of the
    English and the French ones all are, and of letters drawn at random in words of the same lengths 99.8 %. How likely
    a translation model finds its own translation, which costs nothing, is no measure: with 0.4 % of the German it
    returns 24 % of the English.

    Parameters
    ----------
    texts : list of str
    language : str, its letters as in ISO 639: "de"; of another that the library does not know nothing is returned

    Source
    ------
    Lui and Baldwin (2012), "langid.py: an off-the-shelf language identification tool"
    """
    long = [text for text in texts if len(text.split()) >= WORDS]
    if not long or language not in _identifier().labels:
        return []
    return [text for text in long if dict(_identifier().rank(text))[language] < LEAST]


@cache
def _identifier():
    """Loaded where it is needed: that takes longer than a translation."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
