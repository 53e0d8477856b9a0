"""`ResNet`: a small residual network whose feature map is pooled into one vector (chapter 12)."""

from attention.inputs import InputError
from attention.shapes import check_choice, check_sizes
from attention.weights.parts import within

MODEL, FILE = "ResNet", "vision"


def plain(N):
    """After the average or the maximum of all places a hidden layer, which has as many weights as attention."""
    return {"hidden_weight": (N, N // 4), "readout_weight": (N // 4, N), "readout_bias": (N,)}


def attention(N):
    """Additive scores of A = N / 2 hidden units, and a query that is learned in their space."""
    return {"query": (N // 2,), "key_weight": (N, N // 2), "score_weight": (N // 2,)}


def glimpse(N):
    """Attention that knows where a place is: its keys are the features and two coordinates."""
    return attention(N) | {"key_weight": (N + 2, N // 2)}


def glimpses(N):
    """Two of them: the second's query is made of what the first has found, and where."""
    second = {"query_weight": (N + 2, N // 2)} | glimpse(N)
    del second["query"]
    return within("first", glimpse(N)) | within("second", second)


def squeeze(M):
    """Two matrices around max(1, M // 4) hidden units, for M channels."""
    return {"hidden_weight": (M, max(1, M // 4)), "readout_weight": (max(1, M // 4), M)}


def places(M):
    """A kernel over what is left of the channels: their mean and their maximum."""
    return {"kernel": (7, 7, 2, 1)}


def cbam(M):
    """Channels first, then places."""
    return within("channels", squeeze(M)) | within("places", places(M))


POOLING = {"average": plain, "maximum": plain, "attention": attention, "glimpse": glimpse, "glimpses": glimpses}
GATE = {"none": lambda M: {}, "squeeze": squeeze, "places": places, "cbam": cbam}
CHOICES = {"pooling": tuple(POOLING), "gate": tuple(GATE)}


def shapes(classes, width, pooling, gate):
    """The name and shape of every weight of `ResNet`: `width` channels at first, N = 2 · `width` at last.

    Kernels are (height, width, in, out), matrices (in, out). The word by which a pooling or a gate is chosen is part of
    the names of its weights. Average, maximum and attention have the same number of weights, N² / 2 + N, which needs an
    even width.

    Raises
    ------
    TypeError, ValueError : a size is not a whole number of at least 1, the width is odd, or there is no such choice
    """
    check_sizes(1, classes=classes, width=width)
    check_choice("pooling", pooling, CHOICES["pooling"])
    check_choice("gate", gate, CHOICES["gate"])
    if width % 2:
        raise InputError(f"width must be even: got {width}")
    N = 2 * width
    table = within("stem", convolution(3, 1, width))
    for block, D, M in (("block1", width, width), ("block2", width, N)):
        table |= within(f"{block}.first", convolution(3, D, M)) | within(f"{block}.second", convolution(3, M, M))
        table |= within(f"{block}.skip", convolution(1, D, M)) if D != M else {}
        table |= within(f"{block}.gate.{gate}", GATE[gate](M))
    table |= within(f"pooling.{pooling}", POOLING[pooling](N))
    return table | {"classifier.weight": (N, classes), "classifier.bias": (classes,)}


def convolution(k, D, M):
    """A kernel from D to M channels, and the batch normalisation behind it."""
    return {"kernel": (k, k, D, M)} | {name: (M,) for name in ("scale", "shift", "mean", "variance")}
