"""A model of language on the command line: train language, write, evaluate language (chapter 8)."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from attention.commands import add_model_options, add_train_options, training, use_device, whole_number

BEST = "the best stored one of English"
LANGUAGES = ("de", "en", "fr")


def add_training_options(command):
    """What `train language` is told."""
    command.add_argument("--language", choices=LANGUAGES, default="en", help="of Multi30k's captions")
    add_train_options(command)


def train(options):
    """Teach a model what comes next and store the best weights."""
    learner, task = training(options.framework, options.device, "language")
    from attention.data.multi30k import multi30k
    from attention.experiments import loop
    from attention.experiments.language import Settings, Text

    given = {name: getattr(options, name) for name in ("steps", "seed") if getattr(options, name)}
    settings = replace(Settings(), **given)

    def prepare():
        sentences = [multi30k(split, options.language)[0] for split in ("train", "val")]
        text = Text(settings, options.language, *sentences)
        told = f"{len(text.train):,} sentences to learn from, {len(text.validation):,} to validate on"
        print(told, file=sys.stderr)
        return learner.Learner(task.Language(text))

    stored = options.model or Path("work") / f"lm_{options.language}_{options.framework}.safetensors"
    curve = loop.train(stored, prepare, options.resume)
    best = max(curve, key=lambda entry: entry["likelihood"])
    print(f"{stored}: validation perplexity = {1 / best['likelihood']:.2f} after {best['step']} steps")


def add_writing_options(command):
    """What `write` is told."""
    command.add_argument("beginning", nargs="?", default="", help="in quotation marks; nothing if left out")
    command.add_argument("--count", type=whole_number, default=1, help="how many sentences")
    told = "the less, the likelier is what is written; 0 writes the likeliest piece always"
    command.add_argument("--temperature", type=temperature, default=1.0, help=told)
    command.add_argument("--seed", type=whole_number, default=1, help="of what is drawn")
    add_model_options(command, BEST)


def temperature(text):
    """A number from 0 to 100."""
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 100: got {text!r}")
    return number


def write(options):
    """Print sentences with the beginning that was asked for, a line each."""
    for text in stored_writer(options).write(options.beginning, options.count, options.temperature, options.seed):
        print(text)


def stored_writer(options):
    """The model that was asked for, on the device that was asked for."""
    from attention.writer import Writer

    use_device(options.framework, options.device)
    return Writer(options.framework, options.model)


def add_evaluation_options(command):
    """What `evaluate language` is told."""
    add_model_options(command, BEST)


def evaluate(options):
    """Print the perplexity of Multi30k's test captions."""
    from attention.data.multi30k import multi30k
    from attention.experiments.reading import reading_figures

    writer = stored_writer(options)
    figures = reading_figures(writer.losses, *multi30k("test_2016_flickr", writer.metadata["language"]))
    print("perplexity = {perplexity:.2f} for a piece, {word_perplexity:.2f} for a word".format(**figures))


TRAIN = "teach a model what comes next, on captions of one language", add_training_options, train
EVALUATE = "print how well a model foresees test captions", add_evaluation_options, evaluate
OWN = {"write": ("go on with a beginning, a sentence a line", add_writing_options, write)}
