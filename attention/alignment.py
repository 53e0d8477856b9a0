"""The picture of what each piece of a translation looked at."""

import io
import os
import warnings

from matplotlib import pyplot as plt
from matplotlib.backend_bases import FigureCanvasBase

from attention.files import write_whole
from attention.inputs import InputError
from attention.plotting import heatmap

PIECES = 100  # of a sentence in a picture


def check_picture(path):
    """Refuse what could not be drawn into, before the work is done."""
    if path.suffix[1:] not in FigureCanvasBase.get_supported_filetypes():
        why = "its name must end in .png, .svg or .pdf"
    elif not path.parent.is_dir():
        why = f"there is no folder {path.parent}"
    elif path.is_dir():
        why = "it is a folder"
    elif not os.access(path.parent, os.W_OK):
        why = f"nothing may be written into the folder {path.parent}"
    else:
        return
    raise InputError(f"the picture cannot be written to {path}: {why}")


def draw_alignment(path, source, target, weights):
    """Draw what each piece of the translation (T) looked at in the source (S): weights (T, S)."""
    if max(weights.shape) > PIECES:
        raise InputError(f"no picture is drawn of {' by '.join(map(str, weights.shape))} pieces: {PIECES} is the most")
    picture = io.BytesIO()
    with plt.rc_context({"text.parse_math": False}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a character that the font lacks is drawn as a box
        figure, _ = heatmap(weights, target, source, "what was read", "what was written", numbers=False)
        figure.savefig(picture, format=path.suffix[1:])
    write_whole(path, picture.getvalue())
