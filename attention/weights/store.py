"""Weights in safetensors files: written whole or not at all, and read with suspicion."""

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from attention.files import write_whole
from attention.inputs import InputError, short

FLOATS = ("F16", "F32", "F64")  # what a stored weight may be
MOST = 10_000_000  # characters of metadata


def save(path, weights, metadata, dtype=np.float16):
    """Store `weights` and whatever is needed to rebuild the model in one file.

    Parameters
    ----------
    path : where to write
    weights : {name: array}
    metadata : dict that JSON can hold, kept in the header of the file
    dtype : the type that the arrays are stored in; computing is done in float32

    Raises
    ------
    InputError : a weight is not finite in that type, or the file cannot be written; an older one is untouched

    Source
    ------
    The safetensors format, https://github.com/huggingface/safetensors
    """
    # safetensors writes the memory as it lies: a transposed view would come back scrambled.
    with np.errstate(over="ignore"):  # what overflows is refused below
        arrays = {name: np.ascontiguousarray(array, dtype) for name, array in weights.items()}
    if lost := [name for name, array in arrays.items() if not np.isfinite(array).all()]:
        raise InputError(f"{path} is not written: {', '.join(lost)} would not be finite in {np.dtype(dtype)}")
    header = {name: json.dumps(value) for name, value in metadata.items()}
    write_whole(path, to_bytes(arrays, header))


def load(path, check=None):
    """The weights in float32, and the metadata, of a file that `save` wrote.

    Parameters
    ----------
    path : where to read
    check : function of the metadata and {name: shape} that raises InputError; called before any weight is read

    Raises
    ------
    InputError : there is no such file, it is damaged, `check` refuses it, or a weight is not a finite float
    """
    try:
        with safe_open(path, "numpy") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            texts = file.metadata() or {}
            if sum(map(len, texts.values())) > MOST:
                raise InputError(f"its metadata are longer than {MOST:,} characters")
            metadata = {name: _read_json(name, text) for name, text in texts.items()}
            for name, part in slices.items():
                if (kind := part.get_dtype()) not in FLOATS:
                    raise InputError(f"its weight {short(name)} is of type {kind}, not {' or '.join(FLOATS)}")
            if check:
                check(metadata, {name: tuple(part.get_shape()) for name, part in slices.items()})
            return {name: _finite(name, file.get_tensor(name)) for name in slices}, metadata
    except FileNotFoundError:
        raise InputError(f"there is no model file {path}") from None
    except SafetensorError as error:
        raise InputError(f"the model file {path} cannot be used: it is damaged ({short(str(error))})") from None
    except (OSError, InputError) as wrong:
        why = "it is a folder" if Path(path).is_dir() else wrong
        raise InputError(f"the model file {path} cannot be used: {why}") from None


def _read_json(name, text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"its {short(name)} is not JSON") from None


def _finite(name, array):
    with np.errstate(over="ignore"):  # what overflows is refused
        array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise InputError(f"its weight {short(name)} is not finite")
    return array
