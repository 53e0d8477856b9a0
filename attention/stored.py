"""A trained model from its file, in any of the three frameworks, whatever its architecture."""

import importlib
import json
from pathlib import Path

from attention.arrays import ADAPTERS, FRAMEWORKS
from attention.inputs import InputError
from attention.weights.store import load
from attention.weights.tables import check_weights, tables

MODELS = Path(__file__).parents[1] / "models"


def best_stored(fits, score):
    """The file of the best stored model; None where none fits.

    Parameters
    ----------
    fits : function of a model's JSON of measured figures that says whether it is of the kind that is wanted
    score : function of the same that says how good it is
    """
    results = {path: json.loads(path.read_text(encoding="utf-8")) for path in sorted(MODELS.glob("*.json"))}
    fitting = {path: result for path, result in results.items() if fits(result)}
    best = max(fitting, key=lambda path: score(fitting[path]), default=None)
    return best and best.with_suffix(".safetensors")


def stored_model(framework, path, check):
    """A model as a file has it, ready to compute.

    Parameters
    ----------
    framework : "numpy", "tensorflow" or "pytorch"
    path : a file that `attention.weights.store.save` wrote
    check : function of the metadata that raises InputError where they lack what the model is wanted for; called after
        the weights were compared with their table, and before any of them is read

    Returns
    -------
    model : of the class that the file names
    metadata : dict
    arrays : what carries arrays into the framework and back, of `attention.arrays`

    Raises
    ------
    InputError : there is no such framework or no such file, or the file is not what it must be
    """
    if framework not in FRAMEWORKS:
        raise InputError(f"framework must be one of {', '.join(FRAMEWORKS)}: got {framework!r}")

    def check_file(metadata, shapes):
        check_weights(metadata, shapes)
        check(metadata)

    weights, metadata = load(path, check_file)
    arrays = ADAPTERS[framework]()
    name = metadata["model"]
    table = tables()[name]
    try:
        file = importlib.import_module(f"attention.{framework}.{table.FILE}")
    except ModuleNotFoundError:
        raise InputError(f"there is no {name} in {framework}") from None
    build = getattr(file, name)
    if framework == "numpy":
        untold = {size: metadata["sizes"][size] for size in getattr(table, "UNTOLD", ())}
        return build(weights, **untold), metadata, arrays
    model = build(**metadata["sizes"])
    model.set_named_weights(weights)
    if framework == "pytorch":
        model.eval()
    return model, metadata, arrays
