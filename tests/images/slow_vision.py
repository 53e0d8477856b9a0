"""The layers of chapter 12 as their formulas say, place by place, in float64 and without the library.

Names and arguments are the library's. What a mask hides is not touched here.
"""

import numpy as np

from tests import slow


def relu(x):
    return np.where(x > 0, x, 0.0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def inside(weights, name):
    return {whole[len(name) + 1 :]: array for whole, array in weights.items() if whole.startswith(f"{name}.")}


class Layer:
    def __init__(self, weights):
        self.w = weights


class SqueezeExcite(Layer):
    def excite(self, squeezed):
        rows = [[slow.dot(row, column) for column in self.w["hidden_weight"].T] for row in squeezed]
        return relu(np.array(rows)) @ self.w["readout_weight"]

    def __call__(self, x):
        means = np.array([[picture[..., m].mean() for m in range(x.shape[-1])] for picture in x])
        return np.einsum("bhwm,bm->bhwm", x, sigmoid(self.excite(means)))


class SpatialGate(Layer):
    def __call__(self, x):
        squeezed = np.stack([x.mean(axis=-1), np.sort(x, axis=-1)[..., -1]], axis=-1)
        return x * sigmoid(slow.convolve(squeezed, self.w["kernel"]))


class CBAM(Layer):
    def __call__(self, x):
        channels, places = SqueezeExcite(inside(self.w, "channels")), SpatialGate(inside(self.w, "places"))
        rows = x.reshape(len(x), -1, x.shape[-1])
        excited = channels.excite(rows.mean(axis=1)) + channels.excite(np.sort(rows, axis=1)[:, -1])
        return places(np.einsum("bhwm,bm->bhwm", x, sigmoid(excited)))


def allowed(features, mask):
    """For each picture the places (row, column, number) that may be used."""
    B, h, w, _ = features.shape
    mask = np.broadcast_to(True if mask is None else mask, (B, h * w))
    return [[(s // w, s % w, s) for s in range(h * w) if mask[b, s]] for b in range(B)]


class AveragePool(Layer):
    def __call__(self, features, mask=None):
        squeezed = np.zeros((len(features), features.shape[-1]))
        for b, places in enumerate(allowed(features, mask)):
            if places:
                squeezed[b] = self.squeeze([features[b, i, j] for i, j, _ in places])
        w = self.w
        return squeezed + relu(squeezed @ w["hidden_weight"]) @ w["readout_weight"] + w["readout_bias"], None

    def squeeze(self, rows):
        return sum(rows) / len(rows)


class MaximumPool(AveragePool):
    def squeeze(self, rows):
        return np.array([max(column) for column in zip(*rows, strict=True)])


class AttentionPool(Layer):
    def __call__(self, features, mask=None):
        return self.look(features, self.w["query"], mask)

    def key(self, x, i, j, h, w):
        return x

    def look(self, features, query, mask=None):
        B, h, w, N = features.shape
        query = np.broadcast_to(query, (B, query.shape[-1]))
        vector, weights = np.zeros((B, N)), np.zeros((B, h * w))
        for b, places in enumerate(allowed(features, mask)):
            keys = [self.key(features[b, i, j], i, j, h, w) for i, j, _ in places]
            scores = [slow.dot(np.tanh(query[b] + key @ self.w["key_weight"]), self.w["score_weight"]) for key in keys]
            for (i, j, s), p in zip(places, slow.softmax(np.array(scores)) if places else [], strict=True):
                weights[b, s] = p
                vector[b] += p * features[b, i, j]
        return vector, weights


def coordinates(i, j, h, w):
    return [2 * at / (size - 1) - 1 if size > 1 else 0.0 for at, size in ((i, h), (j, w))]


class Glimpse(AttentionPool):
    def key(self, x, i, j, h, w):
        return np.array([*x, *coordinates(i, j, h, w)])


class Glimpses(Layer):
    def glimpses(self, features, mask=None):
        _, h, w, _ = features.shape
        first, second = Glimpse(inside(self.w, "first")), Glimpse(inside(self.w, "second"))
        found, looked = first(features, mask)
        where = [sum(p * np.array(coordinates(s // w, s % w, h, w)) for s, p in enumerate(row)) for row in looked]
        query = np.array([[*a, *c] for a, c in zip(found, where, strict=True)]) @ second.w["query_weight"]
        vector, weights = second.look(features, query, mask)
        return looked, weights, vector

    def __call__(self, features, mask=None):
        _, weights, vector = self.glimpses(features, mask)
        return vector, weights


POOLING = {
    "average": AveragePool, "maximum": MaximumPool, "attention": AttentionPool, "glimpse": Glimpse,
    "glimpses": Glimpses,
}  # fmt: skip
GATE = {"squeeze": SqueezeExcite, "places": SpatialGate, "cbam": CBAM}


def only(weights, kinds):
    """The kind that has weights, or what changes nothing."""
    return next((kinds[kind](inside(weights, kind)) for kind in kinds if inside(weights, kind)), lambda x: x)


class ResNet(Layer):
    """In evaluation."""

    def convolution(self, name, x, stride=1):
        w = inside(self.w, name)
        y = slow.convolve(x, w["kernel"], stride)
        return slow.batch_norm(y, w["scale"], w["shift"], w["mean"], w["variance"])

    def features(self, images):
        x = relu(self.convolution("stem", images[:, :, :, None], 2))
        for block, stride in (("block1", 1), ("block2", 2)):
            change = self.convolution(f"{block}.second", relu(self.convolution(f"{block}.first", x, stride)))
            change = only(inside(self.w, f"{block}.gate"), GATE)(change)
            x = relu((self.convolution(f"{block}.skip", x, stride) if stride > 1 else x) + change)
        return x

    def pool(self, features, mask=None):
        return only(inside(self.w, "pooling"), POOLING)(features, mask)

    def glimpses(self, features, mask=None):
        return only(inside(self.w, "pooling"), POOLING).glimpses(features, mask)

    def classify(self, vector):
        return vector @ self.w["classifier.weight"] + self.w["classifier.bias"]

    def __call__(self, images):
        vector, weights = self.pool(self.features(images))
        return self.classify(vector), weights
