"""The command line: python -m attention {train,translate,evaluate,progress}.

The answer is the last line on standard output; everything else goes to standard error.
"""

import argparse
import importlib
import io
import os
import sys
import warnings
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from attention.files import write_whole
from attention.inputs import InputError, Interrupted

FRAMEWORKS = ("numpy", "tensorflow", "pytorch")
DRAWN = 100  # pieces of a sentence in a picture


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message):
        self.exit(2, f"{message}\n")


def main(arguments=None):
    """Run one command; the exit code: 2 for input that is not right, 130 for a training that was asked to stop."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except Interrupted as stopped:
        print(stopped, file=sys.stderr)
        return 130  # as a shell calls what Ctrl-C has ended
    return 0


def parser():
    """The commands and their options."""
    top = Parser(prog="attention", description="Attention: train, translate, evaluate.")
    commands = top.add_subparsers(required=True, metavar="{train,translate,evaluate,progress}")

    command = commands.add_parser("train", help="teach a model; nothing of it is committed")
    command.add_argument("task", choices=["translation"])
    command.add_argument("--framework", choices=["tensorflow", "pytorch"], required=True)
    command.add_argument("--architecture", choices=["gru"], default="gru")
    command.add_argument("--data", choices=["multi30k"], default="multi30k")
    command.add_argument("--steps", type=whole_number, help="how many batches to learn from")
    command.add_argument("--seed", type=whole_number, help="of the first weights, the batches and dropout")
    command.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    command.add_argument("--resume", action="store_true", help="go on where training was interrupted")
    command.add_argument("--model", type=Path, help="where to store it; in work/ if left out")
    command.set_defaults(run=train)

    command = commands.add_parser("translate", help="print the translation of one sentence")
    command.add_argument("sentence")
    command.add_argument("--framework", choices=FRAMEWORKS, default="numpy")
    command.add_argument("--model", type=Path, help="a model file; the best stored German–English one if left out")
    command.add_argument("--alignment", type=Path, help="draw into this file what each word looked at")
    command.set_defaults(run=translate)

    command = commands.add_parser("evaluate", help="print the BLEU of a model's translations")
    command.add_argument("--framework", choices=FRAMEWORKS, default="numpy")
    command.add_argument("--model", type=Path, help="a model file; the best stored German–English one if left out")
    command.add_argument("--source", type=Path, required=True, help="a sentence a line, plain text or .gz")
    command.add_argument("--reference", type=Path, required=True, help="their translations by a person")
    command.set_defaults(run=evaluate)

    command = commands.add_parser("progress", help="show which exercises are solved")
    command.set_defaults(run=progress)
    return top


def whole_number(text):
    """A number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1: got {text!r}")
    return int(text)


def train(options):
    """Teach a model to translate and store the best weights."""
    # oneDNN is off in the notebooks, where digits must not depend on the processor; training is twice as fast with it.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    from attention.experiments.translation import Corpus, Settings

    given = {name: getattr(options, name) for name in ("steps", "seed") if getattr(options, name)}
    settings = replace(Settings(), **given)
    corpus = Corpus(settings)
    path = options.model or Path("work") / f"gru_de_en_{options.framework}.safetensors"
    training = importlib.import_module(f"attention.{options.framework}.training")
    curve = training.train(settings, corpus, path, training.choose_device(options.device), options.resume)
    best = max(curve, key=lambda entry: entry["bleu"])
    print(f"{path}: validation BLEU = {best['bleu']:.2f} after {best['step']} steps")


def translate(options):
    """Print the translation of one sentence."""
    from attention.translator import Translator

    sentence = " ".join(options.sentence.split())
    if not sentence:
        raise InputError("the sentence is empty: give one to translate, in quotation marks")
    if options.alignment:
        check_picture(options.alignment)
    translator = Translator(options.framework, options.model)
    translation, source, target, weights = translator.align(sentence)
    if unseen := translator.unseen(sentence):
        letters = " ".join(repr(letter)[1:-1] for letter in unseen)
        print(f"note: training never met {letters}: the model has to guess", file=sys.stderr)
    print(translation)
    if options.alignment:
        draw_alignment(options.alignment, source, target, weights)


def check_picture(path):
    """Refuse what could not be drawn into, before the work is done."""
    from matplotlib.backend_bases import FigureCanvasBase

    if path.suffix[1:] not in FigureCanvasBase.get_supported_filetypes():
        raise InputError(f"the picture cannot be written to {path}: its name must end in .png, .svg or .pdf")
    if not path.parent.is_dir():
        raise InputError(f"the picture cannot be written to {path}: there is no folder {path.parent}")


def draw_alignment(path, source, target, weights):
    """Draw what each piece of the translation (T) looked at in the source (S): weights (T, S)."""
    from matplotlib import pyplot as plt

    from attention.plotting import heatmap

    if max(weights.shape) > DRAWN:
        raise InputError(f"no picture is drawn of {' by '.join(map(str, weights.shape))} pieces: {DRAWN} is the most")
    picture = io.BytesIO()
    with plt.rc_context({"text.parse_math": False}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a character that the font lacks is drawn as a box
        figure, _ = heatmap(weights, target, source, "what was read", "what was written", numbers=False)
        figure.savefig(picture, format=path.suffix[1:])
    write_whole(path, picture.getvalue())


def evaluate(options):
    """Print the BLEU of a model's translations of a file."""
    from attention.data.multi30k import read_lines
    from attention.evaluation.bleu import bleu
    from attention.translator import Translator

    source, reference = read_lines(options.source), read_lines(options.reference)
    if len(source) != len(reference):
        raise InputError(
            f"source and reference must have the same number of lines: {options.source} has {len(source)}, "
            f"{options.reference} {len(reference)}"
        )
    for path, lines in ((options.source, source), (options.reference, reference)):
        if not any(line.strip() for line in lines):
            raise InputError(f"{path} has no sentence in it")
    translator = Translator(options.framework, options.model)
    bar = lambda batches: tqdm(batches, disable=not sys.stderr.isatty())
    score, signature = bleu(translator.translate(source, progress=bar), reference)
    print(f"BLEU = {score:.2f} ({signature})")


def progress(_):
    """Print which exercises are solved."""
    from attention.checks.progress import progress as show

    show()


if __name__ == "__main__":
    sys.exit(main())
