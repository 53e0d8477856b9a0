"""A small residual network, whose feature map is pooled into one vector, forward only (chapter 12).

The axes: B images, h and w the height and width of the map, S = h · w places, numbered row by row, N features at
a place.
"""

from attention.numpy.convolution import Convolution, relu
from attention.numpy.gates import CBAM, SpatialGate, SqueezeExcite
from attention.numpy.pooling import AttentionPool, AveragePool, Glimpse, Glimpses, MaximumPool
from attention.shapes import check_axes, check_product
from attention.weights.parts import part

GATE = {"squeeze": SqueezeExcite, "places": SpatialGate, "cbam": CBAM}
POOLING = {
    "average": AveragePool,
    "maximum": MaximumPool,
    "attention": AttentionPool,
    "glimpse": Glimpse,
    "glimpses": Glimpses,
}


class ResidualBlock:
    """Two convolutions learn what is to be added to the map; where its size changes, a kernel of 1 × 1 carries it over.

    y = relu(skip(x) + gate(F(x)))

    Source
    ------
    He et al. (2016), "Deep residual learning for image recognition", https://arxiv.org/abs/1512.03385.
    """

    def __init__(self, weights, stride=1):
        self.first = Convolution(part(weights, "first"), stride)
        self.second = Convolution(part(weights, "second"))
        self.skip = Convolution(part(weights, "skip"), stride) if part(weights, "skip") else None
        self.gate = chosen(part(weights, "gate"), GATE)

    def __call__(self, x):
        """(B, h, w, D) to (B, ⌈h / stride⌉, ⌈w / stride⌉, M)."""
        change = self.second(relu(self.first(x)))
        change = self.gate(change) if self.gate else change
        return relu((self.skip(x) if self.skip else x) + change)


class ResNet:
    """The whole model: images to logits of classes, and where it looked; in evaluation, with the moving statistics.

    Parameters
    ----------
    weights : {name: array}, the names of `attention/weights/tables/resnet.py`, which tell the pooling and the gate too
    """

    def __init__(self, weights):
        self.weights = weights
        self.stem = Convolution(part(weights, "stem"), stride=2)
        self.blocks = ResidualBlock(part(weights, "block1")), ResidualBlock(part(weights, "block2"), stride=2)
        self.pooling = chosen(part(weights, "pooling"), POOLING)

    def features(self, images):
        """Images (B, height, width) to a map (B, h, w, N), a place for every 4 × 4 pixels."""
        check_axes(3, images=images)
        x = relu(self.stem(images[..., None]))  # (B, height, width, 1) -> (B, height/2, width/2, N/2)
        for block in self.blocks:
            x = block(x)
        return x

    def pool(self, features, mask=None):
        """Features (B, h, w, N), and where it may look (B, S), to a vector (B, N) and weights (B, S), None where the
        pooling has none; what the mask hides may hold anything."""
        return self.pooling(features, mask)

    def glimpses(self, features, mask=None):
        """Of a model with two: the first's weights (B, S), the second's (B, S), and the second's vector (B, N)."""
        return self.pooling.glimpses(features, mask)

    def classify(self, vector):
        """A vector (B, N) to logits (B, classes)."""
        check_product("N", vector=vector, weight=self.weights["classifier.weight"])
        return vector @ self.weights["classifier.weight"] + self.weights["classifier.bias"]

    def __call__(self, images):
        """Images (B, height, width) to logits (B, classes) and weights (B, S), or None."""
        vector, weights = self.pool(self.features(images))
        return self.classify(vector), weights


def chosen(weights, kinds):
    """The layer of the kind that the weights are called after; None where there are no weights."""
    return next((build(part(weights, kind)) for kind, build in kinds.items() if part(weights, kind)), None)
