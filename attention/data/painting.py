"""The brushes of the scenes: for all scenes at once where that is fast, and none touches another's random numbers."""

import numpy as np

MARKER = np.zeros((9, 9), np.float32)  # a frame with a dot in it: it has corners, as no digit has
MARKER[:] = 1
MARKER[2:7, 2:7] = 0
MARKER[4, 4] = 1


def lay(image, top, left, ink):
    """Ink on an image, in place: where two cover each other, the lighter is seen."""
    under = image[top : top + ink.shape[0], left : left + ink.shape[1]]
    np.maximum(under, ink, out=under)


def shaded(size, dark, light, rows, columns):
    """Grounds (N, size, size), from `dark` to `light` in the direction (rows, columns), all four (N,) and positive."""
    ramp = np.linspace(0, 1, size)
    along = (rows[:, None, None] * ramp[:, None] + columns[:, None, None] * ramp) / (rows + columns)[:, None, None]
    return (dark[:, None, None] + (light - dark)[:, None, None] * along).astype(np.float32)


def stroke(images, start, end, width, light):
    """A straight line in each image (N, H, W), in place.

    start, end (N, 2) are pixels; width, light (N,).
    """
    rows = np.arange(images.shape[1], dtype=np.float32)[:, None] - start[:, 0, None, None].astype(np.float32)
    columns = np.arange(images.shape[2], dtype=np.float32) - start[:, 1, None, None].astype(np.float32)
    way = (end - start).astype(np.float32)
    down, right = way[:, 0, None, None], way[:, 1, None, None]
    share = np.clip((rows * down + columns * right) / (down**2 + right**2 + 1e-6), 0, 1)
    apart = np.sqrt((rows - share * down) ** 2 + (columns - share * right) ** 2)
    ink = np.clip(width.astype(np.float32)[:, None, None] / 2 + 0.5 - apart, 0, 1)
    np.maximum(images, light.astype(np.float32)[:, None, None] * ink, out=images)
