"""What is measured of a stored model: a file for each kind, which is the model's name in small letters.

A file says `measure(path)`, all that is known of the model as a dict that JSON can hold, the figures of `about_file`
among them; and `model_card(result)`, the text of its card, written from that dict and nothing else.
"""

import hashlib
from pathlib import Path

from attention.weights.store import load

COPIED = ("model", "framework", "command", "machine", "settings", "curve")  # from the metadata of the file


def about_file(path):
    """What is known of any stored model: its name, how it was made, its size and its checksum."""
    path = Path(path)
    weights, metadata = load(path)
    return {
        "name": path.stem,
        **{name: metadata[name] for name in COPIED},
        "parameters": sum(array.size for array in weights.values()),
        "bytes": path.stat().st_size,
        "sha256": {path.name: checksum(path)},
    }


def checksum(path):
    """The SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
