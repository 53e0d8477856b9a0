"""Multi30k: 29,000 captions of photographs in English, German and French, translated by people.

Source
------
Elliott, Frank, Sima'an and Specia (2016), "Multi30K: Multilingual English–German image descriptions";
Elliott, Frank, Barrault, Bougares and Specia (2017) for the French.
"""

import gzip
import os
from pathlib import Path

import pooch

from attention.inputs import InputError

COMMIT = "a3d2e0d26b56f3846f66a952536ffed4e401d05a"
ADDRESS = f"https://raw.githubusercontent.com/multi30k/dataset/{COMMIT}/data/task1/raw/"
CHECKSUMS = {
    "test_2016_flickr.de.gz": "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8",
    "test_2016_flickr.en.gz": "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9",
    "test_2016_flickr.fr.gz": "6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90",
    "train.de.gz": "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
    "train.en.gz": "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
    "train.fr.gz": "622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c",
    "val.de.gz": "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a",
    "val.en.gz": "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
    "val.fr.gz": "ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9",
}


def multi30k_file(split, language, address=ADDRESS):
    """The path of one file: in `$ATTENTION_DATA/multi30k`, else in the cache, else downloaded into the cache.

    Parameters
    ----------
    split : "train", "val" or "test_2016_flickr"
    language : "de", "en" or "fr"
    address : where the files are fetched from

    Raises
    ------
    InputError : the file is not here and cannot be fetched, or is not the official one
    """
    name = f"{split}.{language}.gz"
    if name not in CHECKSUMS:
        raise InputError(f"Multi30k has no file {name}: the files are {', '.join(CHECKSUMS)}")
    given = os.environ.get("ATTENTION_DATA")
    if given and (path := Path(given, "multi30k", name)).exists():
        if pooch.file_hash(path) != CHECKSUMS[name]:
            raise InputError(f"{path} is not the official file of Multi30k: its SHA-256 differs")
        return path
    folder = pooch.os_cache("attention-course") / "multi30k"
    cache = pooch.create(folder, address, registry=CHECKSUMS, retry_if_failed=2)
    pooch.get_logger().setLevel("ERROR")
    try:
        return Path(cache.fetch(name))
    except (OSError, ValueError) as error:
        raise InputError(
            f"Multi30k's {name} is missing and could not be fetched from {address}: "
            f"put the file into $ATTENTION_DATA/multi30k or {cache.path} ({type(error).__name__})"
        ) from None


def multi30k(split, *languages):
    """The sentences of a split, a list for each language: `german, english = multi30k("train", "de", "en")`."""
    return [read_lines(multi30k_file(split, language)) for language in languages]


def read_lines(path):
    """The lines of a text file, plain or .gz.

    Raises
    ------
    InputError : there is no such file, or it is not text
    """
    opener = gzip.open if str(path).endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8", newline="\n") as file:
            return [line.rstrip("\r\n") for line in file]
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text: {error}") from None
