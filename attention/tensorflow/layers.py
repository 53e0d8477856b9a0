"""Layers whose weights have the names that all frameworks share."""

import keras

from attention.weights.parts import within


class NamedLayer(keras.layers.Layer):
    """A layer that gives and takes its weights, those of its parts among them, by their names: `named`."""

    def named_weights(self):
        """{name: NumPy array} under the names that all frameworks share."""
        return {name: variable.numpy() for name, variable in self.named.items()}

    def set_named_weights(self, weights):
        """Copy {name: array} into the layer."""
        for name, variable in self.named.items():
            variable.assign(weights[name])


class WeightedLayer(NamedLayer):
    """A layer whose weights are given, {name: array}."""

    def __init__(self, weights):
        super().__init__(dtype=next(iter(weights.values())).dtype.name)
        self.named = {name: self._variable(name, array) for name, array in weights.items()}
        self.built = True

    def _variable(self, name, array):
        """Statistics are not learned by a gradient."""
        learned = name not in ("mean", "variance")
        return self.add_weight(shape=array.shape, initializer=lambda *_, **__: array, name=name, trainable=learned)


def named(layers):
    """{name: variable} of layers, {name: layer}, None where there is none: the variable "kernel" of "stem" is
    "stem.kernel"."""
    return {n: v for name, layer in layers.items() if layer for n, v in within(name, layer.named).items()}
