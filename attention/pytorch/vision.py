"""A small residual network, whose feature map is pooled into one vector (chapter 12).

The axes: B images, h and w the height and width of the map, S = h · w places, numbered row by row, N features at
a place.
"""

from collections import OrderedDict

import torch
from torch import nn

from attention.pytorch.convolution import Convolution
from attention.pytorch.gates import CBAM, SpatialGate, SqueezeExcite
from attention.pytorch.layers import NamedLayer, WeightedLayer
from attention.pytorch.pooling import AttentionPool, AveragePool, Glimpse, Glimpses, MaximumPool
from attention.shapes import check_axes, check_product
from attention.weights.initial import initial_weights
from attention.weights.parts import part
from attention.weights.tables import resnet

GATE = {"none": lambda weights: nn.Identity(), "squeeze": SqueezeExcite, "places": SpatialGate, "cbam": CBAM}
POOLING = {
    "average": AveragePool,
    "maximum": MaximumPool,
    "attention": AttentionPool,
    "glimpse": Glimpse,
    "glimpses": Glimpses,
}


class ResidualBlock(nn.Module):
    """Two convolutions learn what is to be added to the map; where its size changes, a kernel of 1 × 1 carries it over.

    y = relu(skip(x) + gate(F(x)))

    Source
    ------
    He et al. (2016), "Deep residual learning for image recognition", https://arxiv.org/abs/1512.03385.
    """

    def __init__(self, weights, gate, stride=1):
        super().__init__()
        self.first = Convolution(part(weights, "first"), stride)
        self.second = Convolution(part(weights, "second"))
        self.skip = Convolution(part(weights, "skip"), stride) if part(weights, "skip") else nn.Identity()
        self.gate = nn.Sequential(OrderedDict({gate: GATE[gate](part(weights, f"gate.{gate}"))}))

    def forward(self, x):
        """(B, h, w, D) to (B, ⌈h / stride⌉, ⌈w / stride⌉, M)."""
        change = self.second(torch.relu(self.first(x)))
        return torch.relu(self.skip(x) + self.gate(change))


class ResNet(NamedLayer):
    """The whole model: images to logits of classes, and where it looked.

    Parameters
    ----------
    classes : how many there are
    width : channels at first; N is twice as many
    pooling : "average", "maximum", "attention", "glimpse" (with coordinates) or "glimpses" (two of them)
    gate : "none", "squeeze", "places" or "cbam", on what a block adds
    seed : of the first weights
    """

    def __init__(self, classes, width, pooling="attention", gate="none", dtype=torch.float32, seed=0):
        super().__init__()
        weights = initial_weights(resnet.shapes(classes, width, pooling, gate), seed)
        self.stem = Convolution(part(weights, "stem"), stride=2)
        self.block1 = ResidualBlock(part(weights, "block1"), gate)
        self.block2 = ResidualBlock(part(weights, "block2"), gate, stride=2)
        self.chosen = pooling
        self.pooling = nn.ModuleDict({pooling: POOLING[pooling](part(weights, f"pooling.{pooling}"))})
        self.classifier = WeightedLayer(part(weights, "classifier"))
        self.to(dtype)

    def features(self, images):
        """Images (B, height, width) to a map (B, h, w, N), a place for every 4 × 4 pixels."""
        check_axes(3, images=images)
        x = torch.relu(self.stem(images[..., None]))  # (B, height, width, 1) -> (B, height/2, width/2, N/2)
        return self.block2(self.block1(x))  # (B, height/2, width/2, N/2) -> (B, h, w, N)

    def pool(self, features, mask=None):
        """Features (B, h, w, N), and where it may look (B, S), to a vector (B, N) and weights (B, S), None where the
        pooling has none; what the mask hides may hold anything."""
        return self.pooling[self.chosen](features, mask)

    def glimpses(self, features, mask=None):
        """Of a model with two: the first's weights (B, S), the second's (B, S), and the second's vector (B, N)."""
        return self.pooling[self.chosen].glimpses(features, mask)

    def classify(self, vector):
        """A vector (B, N) to logits (B, classes)."""
        check_product("N", vector=vector, weight=self.classifier.weight)
        return vector @ self.classifier.weight + self.classifier.bias

    def forward(self, images):
        """Images (B, height, width) to logits (B, classes) and weights (B, S), or None."""
        vector, weights = self.pool(self.features(images))
        return self.classify(vector), weights
