"""A text cut into its sentences: a model that has only ever seen single ones leaves the second out."""

import re

import sentencex

FIRST = re.compile(r"(?<=[^.][.!?] )[^\WA-ZÄÖÜ]")  # no capital, of what may be a sentence; three dots are a pause
ORDINAL = re.compile(r"\b\d{1,2}\. $")
INSIDE = re.compile(r"((?:\w\w+|\d)\.) (?=(\S))")


def split_sentences(text, language):
    """The sentences of a text, without the spaces around them; together they are all of it.

    Where one ends is decided by the library `sentencex`, by its abbreviations of the language ("z. B.", "Dr."). To it
    every word behind a dot is shown with a capital, so that a text in small letters has sentences too. In German
    none ends at a number of one or two digits: "der 3. Hund" is the third.

    Parameters
    ----------
    text : str
    language : str, its letters as in ISO 639: "de"

    Source
    ------
    sentencex, https://github.com/wikimedia/sentencex
    """
    text = " ".join(text.split())
    # Half a character, which sentencex cannot take, is not refused here.
    known, shown = (each.encode(errors="replace").decode() for each in (language, FIRST.sub("X", text)))
    sentences, start = [], 0
    for part in sentencex.segment(known, shown):
        end = start + len(part)
        if sentences and language == "de" and ORDINAL.search(sentences[-1]):
            sentences[-1] += text[start:end]
        else:
            sentences.append(text[start:end])
        start = end
    return [sentence.strip() for sentence in sentences]


def doubts(sentence):
    """Where another sentence may begin inside this one: the abbreviations and numbers before a capital or a digit."""
    return [before for before, after in INSIDE.findall(sentence) if not after.islower()]
