"""Images per second, beside a network of the frameworks' own layers: ``python benchmarks/image_speed.py``

Writes results/image_speed.json. Each row has a ratio of two times taken in turn in the same run, the median of many
turns; 1.0 means equally long. Forward, in evaluation: 32 images of 48 × 48, width 32, attention over places, float32.
"""

from time import perf_counter

from torch import nn

import attention.numpy.vision as vision_np
import attention.pytorch.vision as vision_pt
import attention.tensorflow.vision as vision_tf
from attention.frameworks import np, tf, torch
from attention.results import write_result

IMAGES, WIDTH, CLASSES, TURNS = (32, 48, 48), 32, 10, 31
keras = tf.keras


class Block(nn.Module):
    """A residual block of PyTorch's own layers; maps are (B, D, h, w)."""

    def __init__(self, D, M, stride):
        super().__init__()
        self.change = nn.Sequential(
            *(nn.Conv2d(D, M, 3, stride, 1, bias=False), nn.BatchNorm2d(M), nn.ReLU()),
            *(nn.Conv2d(M, M, 3, 1, 1, bias=False), nn.BatchNorm2d(M)),
        )
        skip = nn.Conv2d(D, M, 1, stride, bias=False), nn.BatchNorm2d(M)
        self.skip = nn.Sequential(*skip) if D != M else nn.Identity()

    def forward(self, x):
        return torch.relu(self.skip(x) + self.change(x))


class OfPyTorch(nn.Module):
    """The same network of PyTorch's own layers."""

    def __init__(self):
        super().__init__()
        N = 2 * WIDTH
        stem = nn.Conv2d(1, WIDTH, 3, 2, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU()
        self.features = nn.Sequential(*stem, Block(WIDTH, WIDTH, 1), Block(WIDTH, N, 2), nn.Flatten(2))
        self.score = nn.Sequential(nn.Linear(N, N // 2), nn.Tanh(), nn.Linear(N // 2, 1, bias=False), nn.Softmax(1))
        self.classifier = nn.Linear(N, CLASSES)

    def forward(self, images):
        places = self.features(images[:, None]).mT  # (B, height, width) -> (B, N, S) -> (B, S, N)
        return self.classifier((self.score(places) * places).sum(dim=1))


def of_keras():
    """The same network of Keras's own layers."""
    layers, N = keras.layers, 2 * WIDTH

    def convolution(x, M, size=3, stride=1):
        x = layers.ZeroPadding2D(size // 2)(x)
        return layers.BatchNormalization()(layers.Conv2D(M, size, stride, use_bias=False)(x))

    def block(x, M, stride):
        change = convolution(layers.ReLU()(convolution(x, M, stride=stride)), M)
        skip = x if x.shape[-1] == M else convolution(x, M, 1, stride)
        return layers.ReLU()(layers.Add()([skip, change]))

    images = keras.Input(IMAGES[1:])
    x = layers.ReLU()(convolution(layers.Reshape((*IMAGES[1:], 1))(images), WIDTH, stride=2))
    places = layers.Reshape((-1, N))(block(block(x, WIDTH, 1), N, 2))
    scores = layers.Dense(1, use_bias=False)(layers.Dense(N // 2, activation="tanh")(places))
    vector = layers.Flatten()(layers.Dot(1)([layers.Softmax(1)(scores), places]))
    return keras.Model(images, layers.Dense(CLASSES)(vector))


def times(*functions):
    """Seconds that each takes (TURNS, functions), in turns that follow each other, after one turn to warm up."""
    rows = []
    for _ in range(TURNS + 1):
        starts = []
        for function in functions:
            starts.append(perf_counter())
            function()
        rows.append(np.diff([*starts, perf_counter()]))
    return np.array(rows[1:])


def main():
    images = np.random.default_rng(0).random(IMAGES, np.float32)
    images_pt, images_tf = torch.tensor(images), tf.constant(images)
    ours_pt, ours_tf = vision_pt.ResNet(CLASSES, WIDTH).eval(), vision_tf.ResNet(CLASSES, WIDTH)
    ours_np, theirs_pt, theirs_tf = vision_np.ResNet(ours_pt.named_weights()), OfPyTorch().eval(), of_keras()
    compiled_ours, compiled_theirs = tf.function(ours_tf), tf.function(theirs_tf)
    pairs = {
        "PyTorch / a network of its own layers": (lambda: ours_pt(images_pt), lambda: theirs_pt(images_pt)),
        "TensorFlow, tf.function / a network of Keras layers, tf.function": (
            lambda: compiled_ours(images_tf)[0].numpy(),
            lambda: compiled_theirs(images_tf).numpy(),
        ),
        "TensorFlow, eager / tf.function": (
            lambda: ours_tf(images_tf)[0].numpy(),
            lambda: compiled_ours(images_tf)[0].numpy(),
        ),
        "NumPy / PyTorch": (lambda: ours_np(images), lambda: ours_pt(images_pt)),
    }
    started, rows = perf_counter(), []
    print("times as long   images per second")
    with torch.no_grad():
        for name, functions in pairs.items():
            taken = times(*functions)
            ratio, rate = np.median(taken[:, 0] / taken[:, 1]), IMAGES[0] / np.median(taken[:, 0])
            rows.append({"compared": name, "times as long": round(ratio, 2), "images per second": round(rate)})
            print(f"{ratio:13.2f}   {rate:17.0f}   {name}")
    data = f"{torch.get_num_threads()} threads, 32 images of 48 × 48, width 32, float32, evaluation"
    command = ".venv/bin/python benchmarks/image_speed.py"
    write_result("image_speed", command, rows, perf_counter() - started, data, seed=0)


if __name__ == "__main__":
    main()
