"""Translation on the command line: train translation, translate, evaluate translation (chapter 09)."""

import argparse
import os
import sys
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from attention.commands import add_model_options, add_train_options, bar, path, training, use_device, whole_number
from attention.inputs import InputError

BEST = "the best stored German–English one"
BEAMS = 100  # time and memory grow with them
ROWS = 320  # beginnings that are continued at once: a wider beam has fewer sentences in a batch


def add_training_options(command):
    """What `train translation` is told."""
    command.add_argument("--architecture", choices=["gru"], default="gru")
    command.add_argument("--data", default="multi30k", help="or a folder with your own two files, a sentence a line")
    command.add_argument(
        "--languages", nargs=2, default=["de", "en"], metavar=("FROM", "INTO"), help="by their letters"
    )
    add_train_options(command)


def train(options):
    """Teach a model to translate and store the best weights."""
    learner, task = training(options.framework, options.device, "translation")
    from attention.experiments import loop
    from attention.experiments.translation import Corpus, Settings

    given = {name: getattr(options, name) for name in ("steps", "seed") if getattr(options, name)}
    settings = replace(Settings(), **given)

    def prepare():
        corpus = Corpus(settings, options.languages, *pairs(options.data, options.languages))
        told = f"{len(corpus.train[0]):,} pairs to learn from, {len(corpus.validation[0]):,} to validate on"
        print(told, file=sys.stderr)
        return learner.Learner(task.Translation(corpus))

    name = f"gru_{'_'.join(options.languages)}_{options.framework}.safetensors"
    stored = options.model or Path("work") / name
    curve = loop.train(stored, prepare, options.resume)
    best = max(curve, key=lambda entry: entry["bleu"])
    print(f"{stored}: validation BLEU = {best['bleu']:.2f} after {best['step']} steps")


def pairs(data, languages):
    """The pairs of sentences for learning and for validation: of Multi30k, or of a folder."""
    if data != "multi30k":
        from attention.data.folder import folder_pairs

        return folder_pairs(data, *languages)
    from attention.data.multi30k import multi30k

    return multi30k("train", *languages), multi30k("val", *languages)


def add_translate_options(command):
    """What `translate` is told."""
    told = "in quotation marks, or - for standard input, a line each; two in one are split"
    command.add_argument("sentences", nargs="+", metavar="sentence", help=told)
    add_search_options(command)
    command.add_argument("--alignment", type=path, help="draw into this file what each word looked at")


def add_search_options(command):
    """What translating needs to be told."""
    add_model_options(command, BEST)
    told = f"how many beginnings of a translation are kept, 1 to {BEAMS}; 5 if left out"
    command.add_argument("--beam", type=beam, default=5, help=told)


def beam(text):
    """A number from 1 to BEAMS."""
    if whole_number(text) > BEAMS:
        raise argparse.ArgumentTypeError(f"must be at most {BEAMS}: got {text}")
    return int(text)


def translate(options):
    """Print the translation of each text; notes on what they may be worth go to standard error."""
    texts = given_texts(options.sentences)
    if len(texts) == 1:  # so little takes longer where threads wait for each other
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is imported
    from attention.data.sentences import split_sentences
    from attention.notes import notes

    if options.alignment:
        from attention.alignment import check_picture, draw_alignment

        check_picture(options.alignment)
    translator = stored_translator(options)
    parts = [split_sentences(text, translator.metadata["languages"][0]) for text in texts]
    sentences = list(chain.from_iterable(parts))
    if not options.alignment:
        translations = translate_all(translator, sentences, options.beam)
    elif len(sentences) == 1:
        *translations, source, target, weights = translator.align(sentences[0], options.beam)
    else:
        raise InputError(f"--alignment draws one sentence: these are {len(sentences)}")
    for note in notes(translator, texts, sentences):
        print(f"note: {note}", file=sys.stderr)
    written = iter(translations)
    for part in parts:
        print(*" ".join(islice(written, len(part))).split())
    if options.alignment:
        draw_alignment(options.alignment, source, target, weights)


def given_texts(arguments):
    """The arguments, or the lines of standard input; a line may be empty."""
    if "-" in arguments:
        from attention.data.text import lines

        if len(arguments) > 1:
            raise InputError("- is standard input, and stands alone")
        if not sys.stdin:
            raise InputError("standard input is closed")
        texts = lines(sys.stdin.buffer, "standard input")
        if not any(text.strip() for text in texts):
            raise InputError("standard input has no sentence in it")
    elif not all(text.strip() for text in arguments):
        raise InputError("the sentence is empty: give one to translate, in quotation marks")
    else:
        texts = arguments
    return [" ".join(text.split()) for text in texts]


def stored_translator(options):
    """The model that was asked for, on the device that was asked for."""
    from attention.translator import Translator

    use_device(options.framework, options.device)
    return Translator(options.framework, options.model)


def translate_all(translator, sentences, beam):
    """All translations, in batches that leave room for a wide beam."""
    return translator.translate(sentences, beam, max(1, ROWS // beam), bar)


def add_evaluation_options(command):
    """What `evaluate translation` is told."""
    command.add_argument("--source", type=path, required=True, help="a sentence a line, plain text or .gz")
    command.add_argument("--reference", type=path, required=True, help="their translations by a person")
    add_search_options(command)


def evaluate(options):
    """Print the BLEU of a model's translations of a file."""
    from attention.data.text import read_lines
    from attention.evaluation.bleu import bleu

    source, reference = read_lines(options.source), read_lines(options.reference)
    if len(source) != len(reference):
        raise InputError(
            f"source and reference must have the same number of lines: {options.source} has {len(source)}, "
            f"{options.reference} {len(reference)}"
        )
    for file, lines in ((options.source, source), (options.reference, reference)):
        if not any(line.strip() for line in lines):
            raise InputError(f"{file} has no sentence in it")
    score, signature = bleu(translate_all(stored_translator(options), source, options.beam), reference)
    print(f"BLEU = {score:.2f} ({signature})")


TRAIN = "teach a translator on pairs of sentences", add_training_options, train
EVALUATE = "print the BLEU of a model's translations", add_evaluation_options, evaluate
OWN = {"translate": ("print the translation of each sentence, a line each", add_translate_options, translate)}
