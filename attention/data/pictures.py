"""A reader's own picture of a digit, made into what the models know: light ink, 20 pixels high or wide, in 28 × 28."""

import warnings

import numpy as np
from PIL import Image, ImageOps, ImageStat, UnidentifiedImageError
from scipy import ndimage

from attention.inputs import InputError, short

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "PPM")
PIXELS = 50_000_000  # as many as the largest photographs of a telephone
CANVAS, INNER = 28, 20  # as MNIST has it
WORKING = 160  # pixels, the longer side of what the ink is looked for in
LEAST = 4  # pixels of ink
SPECK = 0.05  # of the largest part of the ink: what is smaller is a speck
CONTRAST = 0.04  # what differs less from the ground is no ink
STROKE = 0.08  # of a digit's longer side, the least width of a stroke


def read_picture(path):
    """A picture in grey: turned as its camera says, what is transparent on white, of an animation the first frame.

    Of the brightness and the three colours that one is taken in which the picture varies most, so that red ink on green
    paper is seen too.

    Parameters
    ----------
    path : of a PNG, JPEG, GIF, BMP, WebP or PPM, whatever its name ends in

    Returns
    -------
    picture : (H, W) float32 in 0…1, 0 is black

    Raises
    ------
    InputError : there is no such file, it is no picture of these kinds, damaged, or larger than 50 million pixels
    """
    try:
        with open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is odd in a picture, and yet can be read
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _read(file, path)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def _read(file, path):
    file.read(1)  # fails where it is a folder
    file.seek(0)
    try:
        image = Image.open(file, formats=FORMATS)
        if image.width * image.height > PIXELS:
            raise Image.DecompressionBombError
        return _grey(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        told = "PNG, JPEG, GIF, BMP, WebP and PPM can"
        raise InputError(f"{path} is no picture that can be read: {told}") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise InputError(f"{path} has more than {PIXELS:,} pixels: make it smaller") from None
    except Exception as error:  # each format raises others
        raise InputError(f"{path} is a damaged picture: {short(str(error))}") from None


def _grey(image):
    if image.mode.startswith(("I", "F")):  # 16 bits or more
        picture = np.asarray(image, np.float32)
        return picture / (65535 if image.mode.startswith("I;16") else max(abs(picture).max(), 1))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    colours = image.convert("RGB")
    channels = [colours.convert("L"), *colours.split()]
    spread = [ImageStat.Stat(channel).stddev for channel in channels]
    return np.asarray(channels[int(np.argmax(spread))], np.float32) / 255


def one_digit(picture):
    """The one digit of a picture, as MNIST would have it.

    The ground is the plane through most of the pixels along the border; ink is what differs from it, to the side that
    differs more. It is cut out, thin strokes are made wider, its longer side becomes 20 pixels, and its centre of mass
    comes to the middle of 28 × 28.

    Parameters
    ----------
    picture : (H, W), grey, dark on light or light on dark

    Returns
    -------
    digit : (28, 28) float32 in 0…1, ink is light

    Raises
    ------
    InputError : it has not two axes, holds what is no number, or there is no ink in it

    Source
    ------
    LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document recognition", section III:
    the proportions
    """
    picture = np.asarray(picture, np.float32)
    if picture.ndim != 2 or not picture.size or not np.isfinite(picture).all():
        raise InputError(f"a picture must be a table of grey values (H, W), all of them numbers: got {picture.shape}")
    whole = _ink(_shrunk(picture))
    return _centred(_cut_out(whole))


def _shrunk(picture):
    """No larger than is needed to find the ink."""
    h, w = picture.shape
    if max(h, w) <= WORKING:
        return picture
    size = tuple(max(1, round(side * WORKING / max(h, w))) for side in (w, h))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))


def _ink(picture):
    """How much of each pixel is ink, 0 to 1, and nothing that is only noise."""
    apart = picture - _ground(picture)
    apart = apart if apart.max() > -apart.min() else -apart
    noise = np.quantile(np.abs(_border(apart)), 0.25) / 0.32  # a quarter of normal noise is below 0.32 deviations
    ink = np.where(apart > max(CONTRAST, 4 * noise), apart, 0)
    if np.count_nonzero(ink) < LEAST:
        raise InputError("there is no ink in the picture: it must show one digit, darker or lighter than its ground")
    return np.clip(ink / np.median(ink[ink > ink.max() / 2]), 0, 1)


def _ground(picture):
    """The plane a + b·row + c·column through most of the border."""
    rows, columns = (_border(index) for index in np.indices(picture.shape))
    places, values = np.stack([np.ones(len(rows)), rows, columns], axis=1), _border(picture)
    residual = values - np.median(values)
    for _ in range(3):
        near = np.abs(residual) <= np.maximum(3 * np.median(np.abs(residual)), CONTRAST / 4)
        plane = np.linalg.lstsq(places[near], values[near])[0]
        residual = values - places @ plane
    rows, columns = np.indices(picture.shape)
    return plane[0] + plane[1] * rows + plane[2] * columns


def _border(picture):
    return np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]])


def _cut_out(ink):
    """The ink without specks, cut to its edges; thin strokes are made wider."""
    parts, count = ndimage.label(ink > 0, np.ones((3, 3)))
    areas = ndimage.sum_labels(ink, parts, np.arange(count + 1))
    ink = np.where(areas[parts] >= SPECK * areas.max(), ink, 0)
    rows, columns = ndimage.find_objects((ink > 0).astype(int))[0]
    ink = ink[rows, columns]
    missing = round(STROKE * max(ink.shape) - 2 * ndimage.distance_transform_edt(np.pad(ink > 0.5, 1)).max())
    return ndimage.grey_dilation(np.pad(ink, missing), (1 + missing, 1 + missing)) if missing > 0 else ink


def _centred(ink):
    """Brought to 20 pixels, with its centre of mass in the middle of 28 × 28."""
    h, w = ink.shape
    h, w = (max(1, round(INNER * side / max(h, w))) for side in (h, w))
    small = np.clip(np.asarray(Image.fromarray(ink).resize((w, h), Image.Resampling.BICUBIC)), 0, 1)
    middle = ndimage.center_of_mass(small)
    top, left = np.clip(np.round(CANVAS / 2 - np.array(middle)).astype(int), 0, (CANVAS - h, CANVAS - w))
    digit = np.zeros((CANVAS, CANVAS), np.float32)
    digit[top : top + h, left : left + w] = small / small.max()
    return digit
