"""Multi30k: 29,000 captions of photographs in English, German and French, translated by people.

Source
------
Elliott, Frank, Sima'an and Specia (2016), "Multi30K: Multilingual English–German image descriptions";
Elliott, Frank, Barrault, Bougares and Specia (2017) for the French.
"""

import os
import time
from pathlib import Path

import pooch
import requests
import urllib3

from attention.data.text import BYTES, read_lines
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
QUIET, SECONDS = 10, 120  # how long a server may say nothing, and how long a download may last


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
        try:
            official = pooch.file_hash(path) == CHECKSUMS[name]
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
        if not official:
            raise InputError(f"{path} is not the official file of Multi30k: its SHA-256 differs")
        return path
    cache = pooch.create(pooch.os_cache("attention-course") / "multi30k", address, registry=CHECKSUMS)
    pooch.get_logger().setLevel("ERROR")
    try:
        return Path(cache.fetch(name, downloader=_download))
    except requests.HTTPError as error:
        why = f"the server answers {error.response.status_code}"
    except (OSError, urllib3.exceptions.HTTPError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
    except InputError as error:
        why = error
    except ValueError:  # from pooch
        why = "what came is not the official file: its SHA-256 differs"
    raise InputError(
        f"Multi30k's {name} is missing and could not be fetched from {address} ({why}): "
        f"put the file into $ATTENTION_DATA/multi30k or {cache.path}"
    )


def _download(address, path, _):
    """What pooch calls: the bytes at `address` into the file `path`, within limits of time and size."""
    end = time.monotonic() + SECONDS
    with requests.get(address, stream=True, timeout=QUIET, headers={"Accept-Encoding": "identity"}) as answer:
        answer.raise_for_status()
        with open(path, "wb") as file:
            while part := answer.raw.read1(2**16):
                file.write(part)
                if file.tell() > BYTES:
                    raise InputError(f"what comes is larger than {BYTES:,} bytes")
                if time.monotonic() > end:
                    raise InputError(f"it was not here after {SECONDS} seconds")


def multi30k(split, *languages):
    """The sentences of a split, a list for each language: `german, english = multi30k("train", "de", "en")`."""
    return [read_lines(multi30k_file(split, language)) for language in languages]
