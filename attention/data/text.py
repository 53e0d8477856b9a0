"""Lines of text, of a file or of what is open already. Nobody else's are trusted: they are read to a limit."""

import gzip
import zlib

from attention.inputs import InputError

BYTES = 10_000_000  # of a text, unfolded: far more than the largest file of Multi30k


def read_lines(path):
    """The lines of a text file, plain or .gz; a byte-order mark is no part of the first.

    Raises
    ------
    InputError : there is no such file, it is not text, or it is too large
    """
    opener = gzip.open if str(path).endswith(".gz") else open
    try:
        file = opener(path, "rb")
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    with file:
        return lines(file, path)


def lines(file, name):
    """The lines of an open binary file, which errors call `name`."""
    try:
        content = file.read(BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > BYTES:
        raise InputError(f"{name} holds more than {BYTES:,} bytes of text: split it")
    try:
        found = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not text in UTF-8: see its byte {error.start}") from None
    return [line.removesuffix("\r") for line in (found if found[-1] else found[:-1])]
