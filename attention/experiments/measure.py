"""Measure a stored translation model and write its results and its card beside it.

    .venv/bin/python -m attention.experiments.measure models/NAME.safetensors --machine "2 CPU cores"

1. Translate the validation and the test sentences, greedily and with a beam, from the stored file.
2. Write every figure to NAME.json.
3. Write NAME.md, the card, from nothing but NAME.json.
"""

import argparse
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from attention.data.multi30k import ADDRESS, CHECKSUMS, multi30k
from attention.evaluation.bleu import bleu
from attention.experiments.translation import Settings
from attention.translator import Translator
from attention.weights.store import load

SEARCHES = {"greedy": 1, "beam": 5}

CARD = """# {name}

{source} to {target}: a bidirectional GRU encoder, additive attention and a GRU decoder (chapter 09), trained with
{framework}. {parameters:,} parameters, stored in float16 ({megabytes:.1f} MB), computed in float32.

| BLEU, cased and detokenised | greedy | beam of {beam} |
|---|---|---|
| validation (1,014 sentences) | {validation_greedy:.2f} | {validation_beam:.2f} |
| test_2016_flickr (1,000 sentences) | {test_greedy:.2f} | {test_beam:.2f} |

Signature: `{signature}`. Measured from the stored file. The model was chosen on
validation data; nothing was chosen by the test sentences.

## How it was made

    {command}

Seed {seed}; {hours:.1f} hours on {machine}. Settings: {settings}.

| step | validation loss for a token | validation BLEU, greedy |
|---|---|---|
{curve}

The weights stored are a moving average of those trained, at the step with the best validation BLEU.

## Data and terms

Multi30k, German–English, 29,000 pairs for training: <https://github.com/multi30k/dataset>. Elliott, Frank, Sima'an and
Specia (2016), "Multi30K: Multilingual English–German image descriptions". The English sentences are captions from
Flickr30k, and Multi30k is given out under the terms of that corpus (<https://github.com/multi30k/dataset/issues/8>):
<https://hockenmaier.cs.illinois.edu/DenotationGraph/data/>. Read them before you use the weights outside teaching.
No line of the corpus is in this repository. The vocabulary in the file holds pieces of words that are frequent in it.

What it is good for: this course. It knows captions of photographs and nothing else: see where it fails in chapter 09.

## Checksums (SHA-256)

| file | checksum |
|---|---|
{checksums}
"""


def measure(path, machine):
    """All that is known about a stored model, as a dict that JSON can hold."""
    weights, metadata = load(path)
    settings, defaults = metadata["settings"], asdict(Settings())
    translator = Translator("pytorch", path)
    results = {
        split: {
            name: dict(zip(("bleu", "signature"), bleu(translator.translate(source, beam), reference), strict=True))
            for name, beam in SEARCHES.items()
        }
        for split, (source, reference) in {s: multi30k(s, "de", "en") for s in ("val", "test_2016_flickr")}.items()
    }
    given = "".join(f" --{name} {settings[name]}" for name in ("steps", "seed") if settings[name] != defaults[name])
    return {
        "name": path.stem,
        "languages": metadata["languages"],
        "framework": metadata["framework"],
        "command": f".venv/bin/python -m attention train translation --framework {metadata['framework']}"
        f" --architecture gru --data multi30k{given}",
        "machine": machine,
        "parameters": sum(array.size for array in weights.values()),
        "bytes": path.stat().st_size,
        "beam": SEARCHES["beam"],
        "validation": results["val"],
        "test": results["test_2016_flickr"],
        "settings": settings,
        "curve": metadata["curve"],
        "data": ADDRESS,
        "sha256": {path.name: checksum(path)} | {n: CHECKSUMS[n] for n in CHECKSUMS if ".fr" not in n},
    }


def checksum(path):
    """The SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def card(result):
    """The text of a model's card."""
    languages = {"de": "German", "en": "English"}
    curve = [f"| {e['step']} | {e['loss']:.3f} | {e['bleu']:.2f} |" for e in result["curve"]]
    return CARD.format(
        **{key: result[key] for key in ("name", "framework", "command", "machine", "parameters", "beam")},
        source=languages[result["languages"][0]],
        target=languages[result["languages"][1]],
        megabytes=result["bytes"] / 1e6,
        **{f"{s}_{name}": result[s][name]["bleu"] for s in ("validation", "test") for name in SEARCHES},
        signature=result["test"]["beam"]["signature"],
        seed=result["settings"]["seed"],
        hours=result["curve"][-1]["seconds"] / 3600,
        settings=", ".join(f"{key} {value}" for key, value in result["settings"].items() if key != "seed"),
        curve="\n".join(curve),
        checksums="\n".join(f"| {name} | `{value}` |" for name, value in result["sha256"].items()),
    )


def main():
    """Measure the model that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--machine", required=True, help="what it was trained on, in words")
    options = parser.parse_args()
    result = measure(options.model, options.machine)
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    options.model.with_suffix(".json").write_text(text, encoding="utf-8")
    options.model.with_suffix(".md").write_text(card(result), encoding="utf-8")


if __name__ == "__main__":
    main()
