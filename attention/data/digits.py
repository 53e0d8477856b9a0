"""Handwritten digits: scikit-learn's 1,797 of 8 × 8 pixels, and files in the format of MNIST.

Source
------
Alpaydin and Kaynak (1998), "Optical recognition of handwritten digits", UCI Machine Learning Repository: the test part,
written by 13 people. LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
recognition", for MNIST and its format, IDX.
"""

import gzip
import os
import zlib
from functools import cache
from pathlib import Path

import numpy as np

from attention.inputs import InputError

SHARES = {"train": 0.65, "validation": 0.15, "test": 0.2}  # of the digits of each class
SEED = 1998  # of who is in which split
MOST = 200_000_000  # numbers in a file: four times those of MNIST's training images
FILES = {"train": "train", "test": "t10k"}  # how MNIST's files begin


@cache
def digits():
    """All of scikit-learn's digits.

    Returns
    -------
    images : (1797, 8, 8) float32, 0 is paper and 1 is ink; it cannot be written to
    labels : (1797,) int64, 0 to 9
    """
    from sklearn.datasets import load_digits  # takes a second or two

    found = load_digits()
    images, labels = (found.images / 16).astype(np.float32), found.target.astype(np.int64)
    for array in (images, labels):
        array.flags.writeable = False
    return images, labels


@cache
def sources(split):
    """The digits that the scenes of one split are painted with; of each class the same share goes to each split.

    Parameters
    ----------
    split : "train", "validation" or "test"

    Returns
    -------
    images : (N, 8, 8) float32, in the order of the classes
    labels : (N,) int64

    Raises
    ------
    InputError : there is no such split
    """
    if split not in SHARES:
        raise InputError(f"split must be one of {', '.join(SHARES)}: got {split!r}")
    images, labels = digits()
    rng = np.random.default_rng(SEED)
    ends = np.cumsum([0, *SHARES.values()])
    begin, end = ends[list(SHARES).index(split)], ends[list(SHARES).index(split) + 1]
    chosen = []
    for label in range(10):
        numbers = rng.permutation(np.flatnonzero(labels == label))
        chosen.append(numbers[round(begin * len(numbers)) : round(end * len(numbers))])
    chosen = np.concatenate(chosen)
    return images[chosen], labels[chosen]


def read_idx(path):
    """The array in a file of the format IDX, plain or .gz: two zero bytes, the type, the number of axes, their sizes.

    Parameters
    ----------
    path : of the file; its numbers must be unsigned bytes, as MNIST's are

    Returns
    -------
    array : uint8, of one to three axes

    Raises
    ------
    InputError : there is no such file, or it is not of this format, damaged, cut off, too long or absurdly large
    """
    opener = gzip.open if str(path).endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            return _read_idx(file, path)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _read_idx(file, path):
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0":
        raise InputError(f"{path} is not of the format IDX: it does not begin with two zero bytes, a type and an axis")
    kind, axes = start[2:]
    if kind != 8:
        raise InputError(f"{path} must hold unsigned bytes, type 0x08: its type is {kind:#04x}")
    if not 1 <= axes <= 3:
        raise InputError(f"{path} must have one to three axes: it has {axes}")
    header = file.read(4 * axes)
    if len(header) < 4 * axes:
        raise InputError(f"{path} is cut off: its header ends before the sizes of its {axes} axes")
    sizes = [int.from_bytes(header[i : i + 4], "big") for i in range(0, 4 * axes, 4)]
    count = int(np.prod(sizes, dtype=object))
    if count > MOST:
        raise InputError(f"{path} claims {count:,} numbers: more than {MOST:,} are not read")
    content = file.read(count + 1)
    if len(content) != count:
        told = "is cut off" if len(content) < count else "is too long"
        raise InputError(f"{path} {told}: its header announces {count:,} numbers of {' × '.join(map(str, sizes))}")
    return np.frombuffer(content, np.uint8).reshape(sizes)


def mnist(split="test"):
    """MNIST's digits, from `$ATTENTION_DATA/mnist`: ink is light in these files too.

    Parameters
    ----------
    split : "train" or "test"

    Returns
    -------
    images : (N, 28, 28) float32, in 0…1
    labels : (N,) int64

    Raises
    ------
    InputError : the files are not there, are not what they must be, or do not belong together
    """
    if split not in FILES:
        raise InputError(f"split must be one of {', '.join(FILES)}: got {split!r}")
    images, labels = (_mnist_file(f"{FILES[split]}-{part}-ubyte") for part in ("images-idx3", "labels-idx1"))
    (images_path, images), (labels_path, labels) = ((path, read_idx(path)) for path in (images, labels))
    if images.shape[1:] != (28, 28):
        raise InputError(f"{images_path} must hold images of 28 × 28: got {' × '.join(map(str, images.shape))}")
    if labels.ndim != 1 or (labels > 9).any():
        raise InputError(f"{labels_path} must hold one digit for each image, 0 to 9")
    if len(images) != len(labels):
        raise InputError(f"{images_path} holds {len(images):,} images, {labels_path} {len(labels):,} labels")
    return images.astype(np.float32) / 255, labels.astype(np.int64)


def _mnist_file(name):
    """The path of one of MNIST's files, packed or not."""
    given = os.environ.get("ATTENTION_DATA")
    places = [Path(given, "mnist", f"{name}{end}") for end in (".gz", "")] if given else []
    for path in places:
        if path.exists():
            return path
    looked = Path(given, "mnist") if given else "$ATTENTION_DATA/mnist"
    raise InputError(f"MNIST's {name}.gz is missing: put the file into {looked}")
