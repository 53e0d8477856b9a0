"""The weights of the blocks of a Transformer (chapter 8): M is the `width`, matrices are (in, out)."""

from attention.shapes import check_sizes
from attention.weights import heads as of_heads
from attention.weights.parts import within


def layer_norm(width):
    """The name and shape of every weight of `LayerNorm`."""
    check_sizes(1, width=width)
    return {"scale": (width,), "shift": (width,)}


def feed_forward(width, hidden):
    """The name and shape of every weight of `FeedForward`, of so many hidden units."""
    check_sizes(1, width=width, hidden=hidden)
    matrices = {"hidden_weight": (width, hidden), "hidden_bias": (hidden,)}
    return matrices | {"output_weight": (hidden, width), "output_bias": (width,)}


def encoder_block(width, heads, hidden):
    """The name and shape of every weight of `EncoderBlock`."""
    return {
        **within("attention", of_heads.shapes(width, heads)),
        **within("attention_norm", layer_norm(width)),
        **within("feed_forward", feed_forward(width, hidden)),
        **within("feed_forward_norm", layer_norm(width)),
    }


def decoder_block(width, heads, hidden):
    """The name and shape of every weight of `DecoderBlock`: those of an encoder's, and a second attention."""
    return {
        **encoder_block(width, heads, hidden),
        **within("memory", of_heads.shapes(width, heads)),
        **within("memory_norm", layer_norm(width)),
    }
