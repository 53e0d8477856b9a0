"""Weights that all three frameworks share: one flat dict of named arrays, and safetensors files on disk."""

import inspect
import json
from pathlib import Path
from reprlib import Repr

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from attention.files import write_whole
from attention.inputs import InputError

FLOATS = ("F16", "F32", "F64")  # what a stored weight may be
MOST = 10_000_000  # characters of metadata
shortener = Repr()  # what a file says may be long, and more than one line
shortener.maxstring = 100
short = shortener.repr


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
    header = {name: json.dumps(value, ensure_ascii=False) for name, value in metadata.items()}
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
            slices = {name: file.get_slice(name) for name in sorted(file.keys())}
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


def seq2seq_shapes(vocabulary, width, encoder_width):
    """The name and shape of every weight of `Seq2Seq`: M = `width`, N = `encoder_width`, matrices (in, out)."""
    V, M, N = vocabulary, width, encoder_width
    shapes = {"embedding": (V, M)}
    for direction in ("forward", "backward"):
        shapes |= {
            f"encoder.{direction}.input_weight": (M, 3 * N),
            f"encoder.{direction}.state_weight": (N, 3 * N),
            f"encoder.{direction}.input_bias": (3 * N,),
            f"encoder.{direction}.state_bias": (3 * N,),
        }
    return shapes | {
        "decoder.initial_weight": (N, M),
        "decoder.initial_bias": (M,),
        "decoder.query_weight": (M, M),
        "decoder.key_weight": (2 * N, M),
        "decoder.score_weight": (M,),
        "decoder.embedding_weight": (M, 3 * M),
        "decoder.context_weight": (2 * N, 3 * M),
        "decoder.state_weight": (M, 3 * M),
        "decoder.input_bias": (3 * M,),
        "decoder.state_bias": (3 * M,),
        "decoder.readout_weight": (2 * M + 2 * N, M),
        "decoder.readout_bias": (M,),
        "output_bias": (V,),
    }


SHAPES = {"Seq2Seq": seq2seq_shapes}  # the table of weights, by the kind of model


def check_model(kind, metadata, shapes):
    """Compare what a file says of itself with what a model of this kind must be: no weight need be read for that.

    Parameters
    ----------
    kind : a key of `SHAPES`
    metadata : the metadata of a file
    shapes : {name: shape} of the weights in it

    Raises
    ------
    InputError : the first thing that is not as it must be
    """
    for name, of_type in (("model", str), ("sizes", dict), ("languages", list), ("tokenizer", str), ("alphabet", str)):
        if name not in metadata:
            raise InputError(f"it has no {name!r}: it is not a translation model of this library")
        if type(metadata[name]) is not of_type:
            raise InputError(f"its {name!r} must be a {of_type.__name__}: got {short(metadata[name])}")
    if metadata["model"] != kind:
        raise InputError(f"it holds a model of the kind {short(metadata['model'])}, not {kind!r}")
    if [type(language) for language in metadata["languages"]] != [str, str]:
        raise InputError(f"its 'languages' must be two, from which and into which: got {short(metadata['languages'])}")
    sizes, names = metadata["sizes"], inspect.signature(SHAPES[kind]).parameters
    if set(sizes) != set(names) or not all(type(size) is int and size > 0 for size in sizes.values()):
        raise InputError(f"its 'sizes' must be whole numbers, {', '.join(names)}: got {short(sizes)}")
    table = SHAPES[kind](**sizes)
    for name, shape in table.items():
        if name not in shapes:
            raise InputError(f"it has no weight {name!r}")
        if shapes[name] != shape:
            raise InputError(f"its weight {name!r} must have shape {short(shape)}: got {short(shapes[name])}")
    if more := sorted(shapes.keys() - table):
        raise InputError(f"it has a weight {short(more[0])}, which no {kind} has")


def initial_weights(shapes, seed):
    """Weights to begin training with, the same in every framework.

    Matrices are uniform within ±√(6 / (in + out)), a vector counting as a matrix with one column; biases are zero;
    the entries of an embedding have variance 1 / width.

    Source
    ------
    Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks", equation 16.
    """
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in shapes.items():
        if name.endswith("bias"):
            weights[name] = np.zeros(shape)
        elif name == "embedding":
            weights[name] = rng.standard_normal(shape) / np.sqrt(shape[-1])
        else:
            bound = np.sqrt(6 / (sum(shape) if len(shape) == 2 else shape[0] + 1))
            weights[name] = rng.uniform(-bound, bound, shape)
    return weights
