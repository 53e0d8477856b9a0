"""What moves in a page and in JupyterLab: each function returns one explorer, the last line of a cell.

An explorer is a picture that answers when something is moved. The picture is drawn here, as it is at the beginning,
with the library's numbers; a script of plain JavaScript takes the parts of it that have a class and moves them, by the
formulas of the chapter. Where scripts do not run, and in print, the picture stays as it is.
"""

from attention.explorers.alignment import alignment
from attention.explorers.block import block
from attention.explorers.heads import heads
from attention.explorers.hull import hull
from attention.explorers.loss import loss
from attention.explorers.mask import mask
from attention.explorers.positions import positions
from attention.explorers.scene import scene
from attention.explorers.scores import scores
from attention.explorers.softmax import softmax

__all__ = ["alignment", "block", "heads", "hull", "loss", "mask", "positions", "scene", "scores", "softmax"]
