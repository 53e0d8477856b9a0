"""A reader's own parallel text: a folder with two files, a sentence a line, each named by its language."""

import random
from pathlib import Path

from attention.data.text import read_lines
from attention.inputs import InputError

LEAST, SHARE, MOST = 20, 10, 1000  # sentences there must be; one of so many is for validation, but no more than these


def folder_pairs(folder, source, target):
    """The pairs of a folder, for learning and for validation.

    No sentence to be translated in validation is met in learning, however often the text repeats it. Pairs of which one
    side is blank are left out.

    Parameters
    ----------
    folder : with one file whose name ends in `.SOURCE` and one in `.TARGET`, or in these and `.gz`
    source, target : the languages, "de" and "en"

    Returns
    -------
    train, validation : each a pair of lists of sentences

    Raises
    ------
    InputError : the folder has no such files, or they are not text, differ in length or hold too little
    """
    one, other = (_file(Path(folder), language) for language in (source, target))
    lines = read_lines(one), read_lines(other)
    if len(lines[0]) != len(lines[1]):
        told = f"{one} has {len(lines[0]):,}, {other} {len(lines[1]):,}"
        raise InputError(f"the two files must have a line for each pair: {told}")
    pairs = [(a.strip(), b.strip()) for a, b in zip(*lines, strict=True) if a.strip() and b.strip()]
    sentences = list(dict.fromkeys(a for a, _ in pairs))
    if len(sentences) < LEAST:
        raise InputError(f"{one} has {len(sentences)} different sentences: at least {LEAST} are needed to learn from")
    random.Random(0).shuffle(sentences)
    kept = set(sentences[: min(MOST, len(sentences) // SHARE)])
    parts = [p for p in pairs if p[0] not in kept], [p for p in pairs if p[0] in kept]
    return tuple([list(side) for side in zip(*part, strict=True)] for part in parts)


def _file(folder, language):
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    found = sorted(path for end in ("", ".gz") for path in folder.glob(f"*.{language}{end}"))
    if len(found) != 1:
        told = f"found {', '.join(path.name for path in found)}" if found else "found none"
        raise InputError(f"{folder} must hold one file whose name ends in .{language}, or .{language}.gz: {told}")
    return found[0]
