"""A model of language measured: how well it foresees captions, and what it writes (chapter 8)."""

from attention.data.multi30k import multi30k
from attention.experiments.card import card
from attention.experiments.measures import about_file
from attention.experiments.reading import reading_figures
from attention.writer import Writer

SPLITS = {"validation": "val", "test": "test_2016_flickr"}
NAMES = {"de": "German", "en": "English", "fr": "French"}

NOTE = """Perplexity: exp of the mean of −log p for a piece, or for a word (what stands between spaces); the end of a
sentence counts as a piece. Measured from the stored file. The model was chosen on validation sentences, nothing by
test sentences. What it writes, drawn with seed 1 and not chosen:

{written}"""

TERMS = """Multi30k, 29,000 captions for training: <https://github.com/multi30k/dataset>. Elliott, Frank, Sima'an and
Specia (2016), "Multi30K: Multilingual English–German image descriptions". The English sentences are captions from
Flickr30k, and Multi30k is given out under the terms of that corpus (<https://github.com/multi30k/dataset/issues/8>):
<https://hockenmaier.cs.illinois.edu/DenotationGraph/data/>. Read them before you use the weights outside teaching.
The vocabulary in the file holds pieces of words that are frequent in it.

What it is good for: this course. It writes sentences of the kind that captions are, and what it writes is true of no
photograph. It says of people what those who wrote the captions did, prejudices among it."""


def measure(path):
    """All that is known about a stored model, as a dict that JSON can hold."""
    writer = Writer("pytorch", path)
    result = about_file(path) | {name: writer.metadata[name] for name in ("sizes", "language")}
    for split, name in SPLITS.items():
        result[split] = reading_figures(writer.losses, *multi30k(name, result["language"]))
    return result | {"written": writer.write(count=5, seed=1)}


def model_card(result):
    """The text of its card."""
    figures = [["", "sentences", "pieces", "loss of a piece", "perplexity of a piece", "perplexity of a word"]]
    for split in SPLITS:
        found = result[split]
        shown = [f"{found[name]:.2f}" for name in ("perplexity", "word_perplexity")]
        figures.append([split, f"{found['sentences']:,}", f"{found['pieces']:,}", f"{found['loss']:.3f}", *shown])
    sizes = "{blocks} blocks of {heads} heads, {width} features and {hidden} hidden units".format(**result["sizes"])
    return card(
        result,
        f"{NAMES[result['language']]} captions, piece by piece (chapter 8): a decoder without an encoder, {sizes}",
        figures,
        NOTE.format(written="\n".join(f"- {text}" for text in result["written"])),
        {"step": ("step", ""), "loss": ("validation loss", ".3f"), "likelihood": ("validation likelihood", ".4f")},
        TERMS,
    )
