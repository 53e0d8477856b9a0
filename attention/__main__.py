"""The command line: python -m attention {train,translate,evaluate,experiment,progress}.

The answer is the last line on standard output, of several sentences the last lines; everything else goes to standard
error. What only one command needs is imported by that command.
"""

import argparse
import errno
import importlib
import os
import sys
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from attention.device import DEVICES, asked_device
from attention.inputs import InputError, Interrupted

FRAMEWORKS = ("numpy", "tensorflow", "pytorch")
BEAMS = 100  # time and memory grow with them
ROWS = 320  # beginnings that are continued at once: a wider beam has fewer sentences in a batch


class Parser(argparse.ArgumentParser):
    """Says how the command is used, and in one sentence what is wrong."""

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(2, f"{message}\n")

    def exit(self, status=0, message=None):
        print(end="", flush=True)  # of help and version, here, where an error is caught
        super().exit(status, message)


class Version(argparse.Action):
    """Prints the version and ends."""

    def __call__(self, parser, *_):
        from importlib.metadata import version

        print(f"attention-course {version('attention-course')}")
        parser.exit()


def main(arguments=None):
    """Run one command.

    Returns
    -------
    code : 0; 2 for input that is not right; as a shell calls it, 130 for what Ctrl-C ended, and 141 for what nobody
        wanted to read to its end
    """
    try:
        options = parser().parse_args(arguments)
        options.run(options)
        print(end="", flush=True)  # here, where an error is caught
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except Interrupted as stopped:
        print(stopped, file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        drop_output()
        return 141
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename:
            raise
        drop_output()
        print("The disk is full: what should stand in the file is not all there", file=sys.stderr)
        return 2
    return 0


def drop_output():
    """Python writes what is left when it ends; nothing takes it any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser():
    """The commands and their options."""
    top = Parser(prog="python -m attention", description="Attention: train, translate, evaluate.")
    top.add_argument("--version", action=Version, nargs=0, help="print the version")
    commands = top.add_subparsers(required=True, metavar="{train,translate,evaluate,experiment,progress}")

    command = commands.add_parser("train", help="teach a model; nothing of it is committed")
    command.add_argument("task", choices=["translation"])
    command.add_argument("--framework", choices=["tensorflow", "pytorch"], required=True)
    command.add_argument("--architecture", choices=["gru"], default="gru")
    command.add_argument("--data", default="multi30k", help="or a folder with your own two files, a sentence a line")
    command.add_argument(
        "--languages", nargs=2, default=["de", "en"], metavar=("FROM", "INTO"), help="by their letters"
    )
    command.add_argument("--steps", type=whole_number, help="how many batches to learn from")
    command.add_argument("--seed", type=whole_number, help="of the first weights, the batches and dropout")
    command.add_argument("--device", choices=DEVICES, default="auto", help="where to compute")
    command.add_argument("--resume", action="store_true", help="go on where training was interrupted")
    command.add_argument("--model", type=path, help="where to store it; in work/ if left out")
    command.set_defaults(run=train)

    command = commands.add_parser("translate", help="print the translation of each sentence, a line each")
    told = "in quotation marks, or - for standard input, a line each; two in one are split"
    command.add_argument("sentences", nargs="+", metavar="sentence", help=told)
    add_model_options(command)
    command.add_argument("--alignment", type=path, help="draw into this file what each word looked at")
    command.set_defaults(run=translate)

    command = commands.add_parser("evaluate", help="print the BLEU of a model's translations")
    command.add_argument("--source", type=path, required=True, help="a sentence a line, plain text or .gz")
    command.add_argument("--reference", type=path, required=True, help="their translations by a person")
    add_model_options(command)
    command.set_defaults(run=evaluate)

    command = commands.add_parser("experiment", help="run a long experiment into results/")
    command.add_argument("name", nargs="?", help="which one; they are listed if left out")
    command.set_defaults(run=experiment)

    command = commands.add_parser("progress", help="show which exercises are solved")
    command.set_defaults(run=progress)
    return top


def add_model_options(command):
    """What translating needs to be told."""
    command.add_argument("--framework", choices=FRAMEWORKS, default="numpy")
    command.add_argument("--model", type=path, help="a model file; the best stored German–English one if left out")
    told = f"how many beginnings of a translation are kept, 1 to {BEAMS}; 5 if left out"
    command.add_argument("--beam", type=beam, default=5, help=told)
    command.add_argument("--device", choices=DEVICES, help="where to compute; $ATTENTION_DEVICE, or cpu, if left out")


def path(text):
    """A path, which has a name."""
    if not text:
        raise argparse.ArgumentTypeError("must be a path: got ''")
    return Path(text)


def whole_number(text):
    """A number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1: got {text!r}")
    return int(text)


def beam(text):
    """A number from 1 to BEAMS."""
    if whole_number(text) > BEAMS:
        raise argparse.ArgumentTypeError(f"must be at most {BEAMS}: got {text}")
    return int(text)


def train(options):
    """Teach a model to translate and store the best weights."""
    # oneDNN is off in the notebooks, where digits must not depend on the processor; training is twice as fast with it.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    from attention.experiments import loop
    from attention.experiments.translation import Corpus, Settings

    given = {name: getattr(options, name) for name in ("steps", "seed") if getattr(options, name)}
    settings = replace(Settings(), **given)
    package = f"attention.{options.framework}"
    importlib.import_module(f"{package}.device").use_device(options.device)
    learner, task = (importlib.import_module(f"{package}.{name}") for name in ("training", "translation"))

    def prepare():
        corpus = Corpus(settings, options.languages, *pairs(options.data, options.languages))
        told = f"{len(corpus.train[0]):,} pairs to learn from, {len(corpus.validation[0]):,} to validate on"
        print(told, file=sys.stderr)
        return learner.Learner(task.Translation(corpus))

    name = f"gru_{'_'.join(options.languages)}_{options.framework}.safetensors"
    path = options.model or Path("work") / name
    curve = loop.train(path, prepare, options.resume)
    best = max(curve, key=lambda entry: entry["bleu"])
    print(f"{path}: validation BLEU = {best['bleu']:.2f} after {best['step']} steps")


def pairs(data, languages):
    """The pairs of sentences for learning and for validation: of Multi30k, or of a folder."""
    if data != "multi30k":
        from attention.data.folder import folder_pairs

        return folder_pairs(data, *languages)
    from attention.data.multi30k import multi30k

    return multi30k("train", *languages), multi30k("val", *languages)


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

    device = importlib.import_module(f"attention.{options.framework}.device")
    device.use_device(options.device or asked_device())
    return Translator(options.framework, options.model)


def translate_all(translator, sentences, beam):
    """All translations, with a bar where somebody looks on, once it takes longer than a second."""

    def progress(batches):
        if not (sys.stderr and sys.stderr.isatty()):
            return batches
        from tqdm import tqdm

        return tqdm(batches, delay=1)

    return translator.translate(sentences, beam, max(1, ROWS // beam), progress)


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
    for path, lines in ((options.source, source), (options.reference, reference)):
        if not any(line.strip() for line in lines):
            raise InputError(f"{path} has no sentence in it")
    score, signature = bleu(translate_all(stored_translator(options), source, options.beam), reference)
    print(f"BLEU = {score:.2f} ({signature})")


def experiment(options):
    """Run an experiment and print where its result is; print the names of all where none is given."""
    from attention.experiments.study import load_study, names, run_study

    if options.name:
        print(run_study(load_study(options.name), options.name))
    else:
        print("\n".join(names()))


def progress(_):
    """Print which exercises are solved."""
    from attention.checks.progress import progress as show

    show()


if __name__ == "__main__":
    sys.exit(main())
