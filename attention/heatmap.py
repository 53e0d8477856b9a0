"""The picture of where a network looked."""

import io

from matplotlib import pyplot as plt

from attention.evaluation.pointing import STRIDE
from attention.files import write_whole
from attention.inputs import InputError

MOST, ROW = 40, 8  # pictures in a heat map, and those beside each other


def show_weights(axes, image, weights):
    """Draw an image (H, W), ink dark, and over it the weights (h, w) of its places, each over the pixels it is nearest
    to: no colour where there is no weight, full colour where it is heaviest."""
    axes.imshow(image, cmap="Greys", vmin=0, vmax=1)
    h, w = weights.shape
    reach = (-STRIDE / 2, STRIDE * (w - 0.5), STRIDE * (h - 0.5), -STRIDE / 2)  # left, right, bottom, top
    heaviest = max(weights.max(), 1e-12)
    axes.imshow(weights, cmap="autumn_r", vmin=0, vmax=heaviest, alpha=0.7 * weights / heaviest, extent=reach)
    axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def draw_heatmap(path, images, weights, titles):
    """Draw where a network looked in each of some images.

    Parameters
    ----------
    path : of the picture, which ends in .png, .svg or .pdf
    images : (N, H, W) in 0…1
    weights : (N, h, w), of the places of the feature map
    titles : N strings

    Raises
    ------
    InputError : there are too many images, or the picture cannot be written
    """
    if len(images) > MOST:
        raise InputError(f"no heat map is drawn of {len(images)} pictures: {MOST} is the most")
    columns = min(ROW, len(images))
    rows = -(-len(images) // columns)
    with plt.rc_context({"text.parse_math": False}):
        figure, grid = plt.subplots(
            rows, columns, figsize=(1.8 * columns, 2.1 * rows), squeeze=False, layout="constrained"
        )
        for axes in grid.flat[len(images) :]:
            axes.set_axis_off()
        for axes, image, weight, title in zip(grid.flat, images, weights, titles, strict=False):
            show_weights(axes, image, weight)
            axes.set_title(title, fontsize=9)
        picture = io.BytesIO()
        figure.savefig(picture, format=path.suffix[1:])
        plt.close(figure)
    write_whole(path, picture.getvalue())
