"""A small residual network, whose feature map is pooled into one vector (chapter 12).

The axes: B images, h and w the height and width of the map, S = h · w places, numbered row by row, N features at
a place.
"""

import keras
import tensorflow as tf

from attention.shapes import check_axes, check_product
from attention.tensorflow.convolution import Convolution
from attention.tensorflow.gates import CBAM, SpatialGate, SqueezeExcite
from attention.tensorflow.layers import WeightedLayer, named
from attention.tensorflow.pooling import AttentionPool, AveragePool, Glimpse, Glimpses, MaximumPool
from attention.weights.initial import initial_weights
from attention.weights.parts import part
from attention.weights.tables import resnet

GATE = {"squeeze": SqueezeExcite, "places": SpatialGate, "cbam": CBAM}
POOLING = {
    "average": AveragePool,
    "maximum": MaximumPool,
    "attention": AttentionPool,
    "glimpse": Glimpse,
    "glimpses": Glimpses,
}


class ResidualBlock(keras.layers.Layer):
    """Two convolutions learn what is to be added to the map; where its size changes, a kernel of 1 × 1 carries it over.

    y = relu(skip(x) + gate(F(x)))

    Source
    ------
    He et al. (2016), "Deep residual learning for image recognition", https://arxiv.org/abs/1512.03385.
    """

    def __init__(self, weights, gate, stride=1):
        first = Convolution(part(weights, "first"), stride)
        super().__init__(dtype=first.dtype)
        self.first, self.second = first, Convolution(part(weights, "second"))
        self.skip = Convolution(part(weights, "skip"), stride) if part(weights, "skip") else None
        self.chosen, self.gate = gate, GATE[gate](part(weights, f"gate.{gate}")) if gate in GATE else None
        self.built = True

    @property
    def named(self):
        """{name: variable}."""
        layers = {"first": self.first, "second": self.second, "skip": self.skip, f"gate.{self.chosen}": self.gate}
        return named(layers)

    def call(self, x, training=False):
        """(B, h, w, D) to (B, ⌈h / stride⌉, ⌈w / stride⌉, M)."""
        change = self.second(tf.nn.relu(self.first(x, training=training)), training=training)
        change = self.gate(change) if self.gate else change
        return tf.nn.relu((self.skip(x, training=training) if self.skip else x) + change)


class ResNet(keras.Model):
    """The whole model: images to logits of classes, and where it looked.

    Parameters
    ----------
    classes : how many there are
    width : channels at first; N is twice as many
    pooling : "average", "maximum", "attention", "glimpse" (with coordinates) or "glimpses" (two of them)
    gate : "none", "squeeze", "places" or "cbam", on what a block adds
    seed : of the first weights
    """

    def __init__(self, classes, width, pooling="attention", gate="none", dtype="float32", seed=0):
        super().__init__(dtype=dtype)
        drawn = initial_weights(resnet.shapes(classes, width, pooling, gate), seed)
        weights = {name: array.astype(self.dtype) for name, array in drawn.items()}
        self.stem = Convolution(part(weights, "stem"), stride=2)
        self.block1 = ResidualBlock(part(weights, "block1"), gate)
        self.block2 = ResidualBlock(part(weights, "block2"), gate, stride=2)
        self.chosen, self.pooling = pooling, POOLING[pooling](part(weights, f"pooling.{pooling}"))
        self.classifier = WeightedLayer(part(weights, "classifier"))
        self.built = True

    def shared_names(self):
        """{name: variable} under the names that all frameworks share; the moving statistics are among them."""
        layers = {"stem": self.stem, "block1": self.block1, "block2": self.block2}
        layers |= {f"pooling.{self.chosen}": self.pooling, "classifier": self.classifier}
        return named(layers)

    def named_weights(self):
        """{name: NumPy array} under the names that all frameworks share."""
        return {name: variable.numpy() for name, variable in self.shared_names().items()}

    def set_named_weights(self, weights):
        """Copy {name: array} into the model."""
        for name, variable in self.shared_names().items():
            variable.assign(weights[name])

    def features(self, images, training=False):
        """Images (B, height, width) to a map (B, h, w, N), a place for every 4 × 4 pixels."""
        check_axes(3, images=images)
        x = tf.nn.relu(self.stem(images[..., None], training=training))  # (B, height, width, 1) -> (B, …, …, N/2)
        return self.block2(self.block1(x, training=training), training=training)  # (B, …, …, N/2) -> (B, h, w, N)

    def pool(self, features, mask=None):
        """Features (B, h, w, N), and where it may look (B, S), to a vector (B, N) and weights (B, S), None where the
        pooling has none; what the mask hides may hold anything."""
        return self.pooling(features, mask)

    def glimpses(self, features, mask=None):
        """Of a model with two: the first's weights (B, S), the second's (B, S), and the second's vector (B, N)."""
        return self.pooling.glimpses(features, mask)

    def classify(self, vector):
        """A vector (B, N) to logits (B, classes)."""
        check_product("N", vector=vector, weight=self.classifier.named["weight"])
        return vector @ self.classifier.named["weight"] + self.classifier.named["bias"]

    def call(self, images, training=False):
        """Images (B, height, width) to logits (B, classes) and weights (B, S), or None."""
        vector, weights = self.pool(self.features(images, training))
        return self.classify(vector), weights
