"""A translation model measured: BLEU on validation and test sentences, greedily and with a beam (chapter 09)."""

from attention.data.multi30k import ADDRESS, CHECKSUMS, multi30k
from attention.evaluation.bleu import bleu
from attention.experiments.card import card
from attention.experiments.measures import about_file
from attention.translator import Translator

SEARCHES = {"greedy": 1, "beam": 5}
SPLITS = {"validation": "val", "test": "test_2016_flickr"}
LANGUAGES = {"de": "German", "en": "English", "fr": "French"}

NOTE = """Signature: `{signature}`.
Measured from the stored file. The model was chosen on validation data; nothing was chosen by the test sentences."""

TERMS = """Multi30k, 29,000 pairs for training: <https://github.com/multi30k/dataset>. Elliott, Frank, Sima'an and
Specia (2016), "Multi30K: Multilingual English–German image descriptions". The English sentences are captions from
Flickr30k, and Multi30k is given out under the terms of that corpus (<https://github.com/multi30k/dataset/issues/8>):
<https://hockenmaier.cs.illinois.edu/DenotationGraph/data/>. Read them before you use the weights outside teaching.
No line of the corpus is in this repository. The vocabulary in the file holds pieces of words that are frequent in it.

What it is good for: this course. It knows captions of photographs and nothing else: chapter 09 shows where it fails."""


def measure(path):
    """All that is known about a stored model, as a dict that JSON can hold."""
    translator = Translator("pytorch", path)
    languages = translator.metadata["languages"]
    results = {}
    for name, split in SPLITS.items():
        source, reference = multi30k(split, *languages)
        found = {search: bleu(translator.translate(source, beam), reference) for search, beam in SEARCHES.items()}
        results[name] = {search: {"bleu": score, "signature": told} for search, (score, told) in found.items()}
        results[name]["sentences"] = len(source)
    fetched = [f"{split}.{language}.gz" for split in ("train", *SPLITS.values()) for language in languages]
    about = about_file(path)
    about["sha256"] |= {name: CHECKSUMS[name] for name in fetched}
    return {"languages": languages, **about, "beam": SEARCHES["beam"], **results, "data": ADDRESS}


def model_card(result):
    """The text of its card."""
    source, target = (LANGUAGES[language] for language in result["languages"])
    figures = [["BLEU, cased and detokenised", "greedy", f"beam of {result['beam']}"]]
    for name, split in SPLITS.items():
        label = f"{name}, {split} ({result[name]['sentences']:,} sentences)"
        figures.append([label, *(f"{result[name][search]['bleu']:.2f}" for search in SEARCHES)])
    return card(
        result,
        f"{source} to {target}: a bidirectional GRU encoder, additive attention and a GRU decoder (chapter 09)",
        figures,
        NOTE.format(signature=result["test"]["beam"]["signature"]),
        {
            "step": ("step", ""),
            "loss": ("validation loss for a token", ".3f"),
            "bleu": ("validation BLEU, greedy", ".2f"),
        },
        TERMS,
    )
