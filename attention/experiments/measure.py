"""Measure a stored model and write its results and its card beside it.

    .venv/bin/python -m attention.experiments.measure models/NAME.safetensors

1. Measure it from the stored file, as `attention.experiments.measures` says for a model of its kind.
2. Write every figure to NAME.json.
3. Write NAME.md, the card, from nothing but NAME.json.
"""

import argparse
import importlib
from pathlib import Path

from attention.results import write_json
from attention.weights.store import load
from attention.weights.tables import check_weights


def measures_of(model):
    """The file of `attention.experiments.measures` for a model of this name, as a module."""
    return importlib.import_module(f"attention.experiments.measures.{model.lower()}")


def main():
    """Measure the model that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    path = parser.parse_args().model
    _, metadata = load(path, check_weights)
    measures = measures_of(metadata["model"])
    result = measures.measure(path)
    write_json(path.with_suffix(".json"), result)
    path.with_suffix(".md").write_text(measures.model_card(result), encoding="utf-8")


if __name__ == "__main__":
    main()
