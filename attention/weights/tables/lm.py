"""`LanguageModel`: blocks that see only what was written, one after another (chapter 8)."""

from attention.shapes import check_sizes
from attention.weights import blocks as of_blocks
from attention.weights.parts import within

MODEL, FILE = "LanguageModel", "lm"
UNTOLD = ("heads",)  # a size that the weights' shapes do not tell


def shapes(vocabulary, width, heads, hidden, blocks):
    """The name and shape of every weight of `LanguageModel`: M = `width`, V = `vocabulary`, matrices (in, out).

    There is one embedding, which reads and writes, and no table of places: a head's M / `heads` features are turned by
    their place, in pairs.

    Raises
    ------
    TypeError, ValueError : a size is not a whole number of at least 1, or width / heads is not an even one
    """
    check_sizes(1, vocabulary=vocabulary, blocks=blocks)
    block = of_blocks.encoder_block(width, heads, hidden)
    if width // heads % 2:
        raise ValueError(f"width / heads must be even, for features go in pairs: got {width} and {heads}")
    table = {"embedding": (vocabulary, width)}
    for number in range(blocks):
        table |= within(f"blocks.{number}", block)
    return table | within("norm", of_blocks.layer_norm(width))
