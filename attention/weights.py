"""Weights that all three frameworks share: one flat dict of named arrays, and safetensors files on disk."""

import json

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from attention.files import write_whole
from attention.inputs import InputError


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


def load(path):
    """The weights in float32, and the metadata, of a file that `save` wrote.

    Raises
    ------
    InputError : there is no such file, or it is damaged
    """
    try:
        with safe_open(path, "numpy") as file:
            weights = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
            metadata = {name: json.loads(value) for name, value in (file.metadata() or {}).items()}
    except FileNotFoundError:
        raise InputError(f"there is no model file {path}") from None
    except (OSError, SafetensorError, json.JSONDecodeError) as error:
        raise InputError(f"the model file {path} is damaged or not a model: {error}") from None
    return weights, metadata


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
