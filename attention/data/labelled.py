"""A reader's own labelled pictures: a folder with a subfolder for each class, whose name is the class."""

from pathlib import Path

import numpy as np

from attention.data.pictures import one_digit, read_picture
from attention.inputs import InputError

LEAST, MOST = 2, 100_000  # pictures of each class there must be; pictures of all there may be


def labelled(folder):
    """The pictures of a folder, each brought to the form of MNIST. Files whose name begins with a dot are left out.

    Parameters
    ----------
    folder : with at least two subfolders, in each at least two pictures of one digit, letter or sign

    Returns
    -------
    pictures : (N, 28, 28) float32 in 0…1, ink is light
    labels : (N,) int64, numbers of the classes
    names : list of str, the classes in the order of their names

    Raises
    ------
    InputError : there is no such folder, it has too few classes or pictures, or too many, or one cannot be used
    """
    classes = [path for path in _inside(Path(folder)) if path.is_dir()]
    if len(classes) < 2:
        raise InputError(f"{folder} must have a subfolder for each class, two at least: found {len(classes)}")
    files = [_inside(path) for path in classes]
    for path, found in zip(classes, files, strict=True):
        if len(found) < LEAST:
            raise InputError(f"{path} must hold {LEAST} pictures at least: found {len(found)}")
    if (count := sum(map(len, files))) > MOST:
        raise InputError(f"{folder} holds {count:,} pictures: {MOST:,} is the most")
    pictures = np.stack([_prepared(path) for found in files for path in found])
    return pictures, np.repeat(np.arange(len(files)), list(map(len, files))), [path.name for path in classes]


def _inside(folder):
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        raise InputError(f"there is no folder {folder}") from None
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}") from None


def _prepared(path):
    picture = read_picture(path)
    try:
        return one_digit(picture)
    except InputError as error:
        raise InputError(f"{path} cannot be used: {error}") from None
