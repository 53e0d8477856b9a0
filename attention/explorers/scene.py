"""Chapter 12: a scene under a map of weights that is moved by hand, and the class that follows."""

import struct
from base64 import b64encode

import numpy as np

from attention.diagrams import BLUE, INK, MUTED, ORANGE, Diagram
from attention.explorers.explorer import Explorer
from attention.numpy.vision import ResNet

LEFT, TOP, SIDE = 70, 12, 300  # of the scene in the picture
SHOWN, LINE, BAR = 3, 24, 200  # classes; the height of a line and the length of a bar of 1


def scene(weights, image, names):
    """A scene and where a model looks; its own map, or a spot to be moved and widened, and the classes that follow.

    The class is softmax of C Σ_j p_j x_j + b, the classifier of the average of the places: so of Σ_j p_j (C x_j + b),
    since weights sum to one. These logits of each place are computed here, in float64; the script averages them.

    Parameters
    ----------
    weights : {name: array} of a `ResNet` whose pooling is attention
    image : (H, W), in 0…1
    names : of the classes

    Returns
    -------
    explorer : what a cell shows

    Raises
    ------
    ValueError : the model does not pool by attention, or this is not one image
    """
    image = np.array(image, float)
    if image.ndim != 2 or not any(name.startswith("pooling.attention.") for name in weights):
        raise ValueError(f"a scene is one image, for a model with attention: got {image.shape}")
    model = ResNet({name: array.astype(np.float64) for name, array in weights.items()})
    features = model.features(image[None])  # (1, h, w, N)
    _, h, w, N = features.shape
    _, looked = model.pool(features)
    logits = np.round(model.classify(features.reshape(h * w, N)), 3)  # (S, classes)
    given = {
        "names": list(names),
        "shape": [h, w],
        "own": np.round(looked[0], 5).tolist(),
        "logits": logits.tolist(),
        "frame": [LEFT, TOP, SIDE * 4 / max(image.shape)],
        "bar": BAR,
    }
    chances = _softmax(np.round(looked[0], 5) @ logits / np.round(looked[0], 5).sum())
    place = divmod(int(looked[0].argmax()), w)
    alt = (
        f"A scene of {image.shape[0]} × {image.shape[1]} pixels; the darker a circle, the more weight its place has. "
        f"Most is in row {place[0]}, column {place[1]} of the map. The model says {_told(names, chances)}."
    )
    return Explorer("scene", _picture(image, (h, w), looked[0], names, chances), alt, given)


def _softmax(logits):
    e = np.exp(logits - logits.max())
    return e / e.sum()


def _told(names, chances):
    return ", ".join(f"{names[i]} {chances[i]:.2f}" for i in np.argsort(-chances, kind="stable")[:SHOWN])


def _picture(image, shape, looked, names, chances):
    picture = Diagram("a scene and where a model looks", TOP + SIDE + 38 + SHOWN * LINE)
    scale = SIDE / max(image.shape)
    height, width = (size * scale for size in image.shape)
    picture.parts.append(
        f'<image x="{LEFT}" y="{TOP}" width="{width:g}" height="{height:g}" style="image-rendering:pixelated" '
        f'href="data:image/bmp;base64,{b64encode(bitmap(image)).decode()}"/>'
        f'<g class="places" fill="{ORANGE}">'
    )
    for (i, j), weight in np.ndenumerate(looked.reshape(shape)):
        x, y = LEFT + (4 * j + 0.5) * scale, TOP + (4 * i + 0.5) * scale
        picture.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="10" opacity="{shade(weight, looked.max()):.2f}"/>')
    picture.parts.append("</g>")
    best = np.argsort(-chances, kind="stable")[:SHOWN]
    for line, number in enumerate(best):
        y = TOP + SIDE + 32 + line * LINE
        picture.parts.append(
            f'<text class="name" x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{names[number]}</text>'
            f'<rect class="bar" x="{LEFT}" y="{y}" width="{BAR * chances[number]:.1f}" height="{LINE - 6}" '
            f'fill="{BLUE}"/>'
            f'<text class="chance" x="{LEFT + BAR + 12}" y="{y + 14}" fill="{INK}">{chances[number]:.3f}</text>'
        )
    picture.text(LEFT, TOP + SIDE + 14, "stronger colour: more weight", "left", MUTED)
    return picture


def shade(weight, largest):
    """How dark a place is: the root, so that little weight is seen too."""
    return 0.8 * (weight / largest) ** 0.5


def bitmap(image):
    """An image (H, W) in 0…1 as a file of the format BMP in 16 greys, ink dark: the same on every machine."""
    H, W = image.shape
    greys = np.zeros((H, -(-W // 8) * 8), np.uint8)  # two pixels to a byte; each row fills a multiple of four bytes
    greys[:, :W] = np.round(15 * (1 - image[::-1]))
    rows = 16 * greys[:, ::2] + greys[:, 1::2]
    colours = np.repeat(np.arange(0, 256, 17, dtype=np.uint8)[:, None], 4, axis=1)
    colours[:, 3] = 0
    start = 14 + 40 + colours.size
    head = struct.pack("<2sIHHI", b"BM", start + rows.size, 0, 0, start)
    about = struct.pack("<IiiHHIIiiII", 40, W, H, 1, 4, 0, rows.size, 2835, 2835, 16, 0)
    return head + about + colours.tobytes() + rows.tobytes()
