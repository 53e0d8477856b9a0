"""A reader's pictures: read whatever they are, refused in one sentence, and brought to the form of MNIST."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from attention.data.digits import digits, mnist
from attention.data.labelled import labelled
from attention.data.pictures import one_digit, read_picture
from attention.inputs import InputError

INK = np.zeros((30, 20), np.uint8)
INK[5:25, 8:12] = 200


def saved(path, array, mode=None, **options):
    Image.fromarray(np.asarray(array), mode).save(path, **options)
    return path


def png(width, height, body=b""):
    """The beginning of a PNG that claims to be of any size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(body), b"IEND"]
    made = (struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


class TestReading:
    @pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.gif", "a.webp", "a.pgm", "a.jpg"])
    def test_grey_comes_as_it_is(self, tmp_path, name):
        options = {"lossless": True} if name.endswith("webp") else {}
        found = read_picture(saved(tmp_path / name, INK, **options))
        assert (found.shape, found.dtype) == ((30, 20), np.float32)
        np.testing.assert_allclose(found, INK / 255, rtol=0, atol=0.15 if name.endswith("jpg") else 1e-6)

    def test_the_name_does_not_matter(self, tmp_path):
        saved(tmp_path / "a.png", INK)
        (tmp_path / "a.png").rename(tmp_path / "a.jpg")
        np.testing.assert_allclose(read_picture(tmp_path / "a.jpg"), INK / 255, rtol=0, atol=1e-6)
        np.testing.assert_allclose(read_picture(str(tmp_path / "a.jpg")), INK / 255, rtol=0, atol=1e-6)

    def test_it_is_turned_as_the_camera_says(self, tmp_path):
        exif = Image.Exif()
        exif[0x0112] = 6  # the camera was turned: a quarter clockwise brings it upright
        found = read_picture(saved(tmp_path / "a.png", INK, exif=exif))
        np.testing.assert_allclose(found, np.rot90(INK, -1) / 255, rtol=0, atol=1e-6)

    def test_of_two_pictures_in_one_photograph_the_first_counts(self, tmp_path):
        frames = [Image.fromarray(array) for array in (INK, 255 - INK)]
        frames[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=frames[1:])
        np.testing.assert_allclose(read_picture(tmp_path / "a.jpg"), INK / 255, rtol=0, atol=0.15)

    @pytest.mark.parametrize("colour", [(0, 0, 0), (0, 0, 200)])
    def test_what_is_transparent_is_white(self, tmp_path, colour):
        pixels = np.zeros((30, 20, 4), np.uint8)
        pixels[INK > 0] = (*colour, 255)
        found = read_picture(saved(tmp_path / "a.png", pixels))
        np.testing.assert_allclose(found, np.where(INK > 0, 0, 1), rtol=0, atol=1e-6)
        pixels[..., 3] //= 2
        assert read_picture(saved(tmp_path / "a.png", pixels))[INK > 0].max() == pytest.approx(0.5, abs=0.01)

    def test_transparent_in_a_palette(self, tmp_path):
        image = Image.fromarray((INK > 0).astype(np.uint8), "P")
        image.putpalette([0, 0, 0, 10, 10, 10])
        image.save(tmp_path / "a.gif", transparency=0)
        np.testing.assert_allclose(read_picture(tmp_path / "a.gif"), np.where(INK > 0, 10 / 255, 1), rtol=0, atol=1e-6)

    def test_colours_of_one_brightness_are_told_apart(self, tmp_path):
        pixels = np.where((INK > 0)[..., None], [200, 0, 0], [0, 102, 0]).astype(np.uint8)
        found = read_picture(saved(tmp_path / "a.png", pixels))
        assert abs(found[INK > 0].mean() - found[INK == 0].mean()) > 0.7

    def test_sixteen_bits_and_one(self, tmp_path):
        found = read_picture(saved(tmp_path / "a.png", INK.astype(np.uint16) * 257))
        np.testing.assert_allclose(found, INK / 255, rtol=0, atol=1e-6)
        np.testing.assert_array_equal(read_picture(saved(tmp_path / "b.png", INK > 0)), INK > 0)
        found = read_picture(saved(tmp_path / "c.pfm", INK.astype(np.float32) / 255))
        np.testing.assert_allclose(found, INK / 255, rtol=0, atol=1e-6)

    def test_of_an_animation_the_first_frame_counts(self, tmp_path):
        frames = [Image.fromarray(array) for array in (INK, 255 - INK)]
        frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
        np.testing.assert_allclose(read_picture(tmp_path / "a.gif"), INK / 255, rtol=0, atol=1e-6)


def made(array, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind)
    return file.getvalue()


WHOLE = made(np.random.default_rng(0).integers(0, 256, (40, 40)).astype(np.uint8))
FAULTS = {
    "empty": (b"", "is no picture that can be read: PNG, JPEG, GIF, BMP, WebP and PPM can"),
    "text": (b"this is no picture\n" * 30, "is no picture that can be read"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "is no picture that can be"),
    "only its first bytes": (WHOLE[:8], "is no picture that can be read"),
    "cut off": (WHOLE[:700], "is a damaged picture: "),
    "a byte changed": (WHOLE[:300] + bytes([WHOLE[300] ^ 255]) + WHOLE[301:], "is a damaged picture: "),
    "a JPEG cut off": (made(np.tile(INK, (9, 9)), "JPEG")[:900], "is a damaged picture: "),
    "a PPM of no size": (b"P5\n20 a0 255\n" + bytes(600), "is a damaged picture: "),
    "a TIFF": (b"II*\0" + bytes(60), "is no picture that can be read"),
    "a bomb": (png(50_000, 50_000), "has more than 50,000,000 pixels: make it smaller"),
    "a smaller bomb": (png(10_000, 10_000), "has more than 50,000,000 pixels"),
    "a little too large": (png(10_000, 5_001), "has more than 50,000,000 pixels"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_read_gets_one_sentence(tmp_path, fault):
    content, sentence = FAULTS[fault]
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_picture(path)
    assert str(refused.value).startswith(f"{path} {sentence}")
    assert "\n" not in str(refused.value)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "PPM"])
def test_whatever_is_changed_in_a_picture_it_is_read_or_refused(tmp_path, kind):
    rng, whole = np.random.default_rng(0), made(np.tile(INK[..., None], (1, 2, 3)), kind)
    refused = []
    for _ in range(60):
        content = bytearray(whole)
        for place in rng.integers(0, min(len(content), 300), 3):
            content[place] = rng.integers(256)
        (tmp_path / "a").write_bytes(content)
        try:
            assert read_picture(tmp_path / "a").ndim == 2
        except InputError as error:
            refused.append(str(error))
    assert refused
    assert [told for told in refused if not told.startswith(f"{tmp_path}/a ") or "\n" in told] == []


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(InputError, match=f"^there is no file {tmp_path}/a.png$"):
        read_picture(tmp_path / "a.png")
    with pytest.raises(InputError, match=f"^{tmp_path} cannot be read: Is a directory$"):
        read_picture(tmp_path)


def resized(picture, scale, into=1.0):
    size = tuple(round(side * scale) for side in picture.shape[::-1])
    return np.clip(np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)), 0, into)


def off_centre(picture):
    canvas = np.zeros((90, 120), np.float32)
    canvas[8 : 8 + picture.shape[0], 55 : 55 + picture.shape[1]] = picture
    return canvas


def on_a_page(picture):
    """Dark on paper that lies half in the shade."""
    ink = off_centre(resized(picture, 60 / len(picture)))
    rows, columns = np.indices(ink.shape)
    return (0.95 - 0.3 * rows / 90 - 0.2 * columns / 120) * (1 - ink) + 0.1 * ink


def noisy_page(picture):
    return on_a_page(picture) + np.random.default_rng(0).normal(0, 0.02, (90, 120)).astype(np.float32)


WAYS = {  # and how much of the ink may differ: most by the half pixel that the middle lies elsewhere
    "inverted": (lambda p: 1 - p, 0.05),
    "pale": (lambda p: 0.4 + 0.3 * p, 0.05),
    "dark on dark": (lambda p: 0.3 - 0.2 * p, 0.1),  # the faintest edges are taken for paper
    "off centre": (off_centre, 0.05),
    "enlarged 3 times": (lambda p: resized(p, 3), 0.25),
    "enlarged 10 times": (lambda p: resized(p, 10), 0.25),
    "as a photograph": (lambda p: resized(on_a_page(p), 8), 0.3),
    "on a page": (on_a_page, 0.3),
    "on a page with noise": (noisy_page, 0.3),
}


def of_scikit_learn():
    """Enlarged, since of 8 × 8 pixels little more can be lost."""
    return np.stack([np.pad(resized(image, 3), 4) for image in digits()[0][::45]])


def apart(one, other):
    """The share of the ink that differs where two pictures lie best on each other, moved by at most a pixel."""
    moved = (np.roll(other, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1))
    return min(np.abs(one - shifted).sum() for shifted in moved) / one.sum()


@pytest.mark.parametrize("way", WAYS)
def test_however_a_digit_comes_it_is_the_same(way):
    change, limit = WAYS[way]
    found = [apart(one_digit(picture), one_digit(change(picture))) for picture in of_scikit_learn()]
    assert np.mean(found) < limit
    assert np.quantile(found, 0.9) < 2 * limit


@pytest.mark.skipif("ATTENTION_DATA" not in os.environ, reason="MNIST is not here")
@pytest.mark.parametrize("way", ["as it is", *WAYS, "made smaller"])
def test_however_a_digit_of_mnist_comes_it_is_the_same(way):
    others = {"as it is": (lambda p: p, 0), "made smaller": (lambda p: resized(p, 0.8), 0.4)}
    change, limit = (WAYS | others)[way]
    pictures = mnist()[0][::125]
    plain = [one_digit(picture) for picture in pictures]
    assert np.mean([apart(picture, found) for picture, found in zip(pictures, plain, strict=True)]) < 0.05
    found = [apart(one, one_digit(change(picture))) for one, picture in zip(plain, pictures, strict=True)]
    assert np.mean(found) <= limit
    assert np.quantile(found, 0.9) <= 2 * limit


def test_colour_does_not_matter(tmp_path):
    picture = of_scikit_learn()[3]
    ink = (255 * picture).astype(np.uint8)[..., None] / 255
    for paper, pen in (([255, 255, 255], [20, 30, 160]), ([250, 240, 120], [200, 0, 0]), ([0, 60, 0], [255, 255, 0])):
        pixels = (np.array(paper) * (1 - ink) + np.array(pen) * ink).round().astype(np.uint8)
        assert apart(one_digit(picture), one_digit(read_picture(saved(tmp_path / "a.png", pixels)))) < 0.05


def test_the_proportions_are_those_of_mnist():
    digit = one_digit(INK / 255)
    assert (digit.shape, digit.dtype) == ((28, 28), np.float32)
    rows, columns = np.nonzero(digit)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (20, 4)
    assert (rows.mean(), columns.mean()) == pytest.approx((14, 14), abs=0.5)
    assert (digit.min(), digit.max()) == (0, 1)
    wide = one_digit(INK.T / 255)
    assert np.ptp(np.nonzero(wide)[1]) + 1 == 20


def test_thin_strokes_are_made_wider():
    thin = np.ones((400, 300))
    thin[50:350, 148:151] = 0
    digit = one_digit(thin)
    assert digit[14].sum() > 1.2
    assert one_digit(INK / 255)[14].sum() == pytest.approx(4, abs=0.5)  # it is wide enough already


def test_specks_are_left_out_and_parts_are_not():
    picture = np.zeros((60, 60))
    picture[10:40, 20:26] = 1
    picture[44:52, 20:26] = 1  # like the stroke of a 5 that does not touch
    plain = one_digit(picture)
    assert np.ptp(np.nonzero(plain)[0]) == 19
    assert (plain.max(1) == 0)[np.nonzero(plain)[0].min() : np.nonzero(plain)[0].max()].any()  # there is a gap
    picture[3:5, 50:52] = 1
    np.testing.assert_allclose(one_digit(picture), plain, rtol=0, atol=1e-6)


NOTHING = {
    "white": np.ones((40, 40)),
    "one pixel": np.ones((1, 1)),
    "a shaded page": np.add.outer(np.linspace(0.3, 0.6, 50), np.linspace(0, 0.3, 40)),
    "noise": np.random.default_rng(2).normal(0.5, 0.05, (150, 150)),
    "a single dot": np.eye(40)[:1].T * np.eye(40)[:1],
}


@pytest.mark.parametrize("what", NOTHING)
def test_a_picture_without_ink(what):
    with pytest.raises(InputError, match=r"^there is no ink in the picture: it must show one digit, "):
        one_digit(NOTHING[what])


@pytest.mark.parametrize("picture", [np.ones((3, 3, 3)), np.ones(9), np.ones((0, 4)), np.full((9, 9), np.nan)])
def test_what_is_no_picture(picture):
    with pytest.raises(InputError, match=r"^a picture must be a table of grey values \(H, W\), all of "):
        one_digit(picture)


@pytest.fixture
def folder(tmp_path):
    """Three classes, seven pictures and what is to be left out."""
    for name, numbers in (("zero", (0, 10, 20)), ("one", (1, 11)), ("10", (2, 3))):
        (tmp_path / name).mkdir()
        for number in numbers:
            picture = np.pad(resized(digits()[0][number], 4), 6)
            saved(tmp_path / name / f"{number:02}.png", (255 * picture).astype(np.uint8))
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "one" / ".DS_Store").write_text("x")
    (tmp_path / "read me.txt").write_text("pictures")
    return tmp_path


def test_labelled_pictures(folder):
    pictures, labels, names = labelled(folder)
    assert names == ["10", "one", "zero"]
    assert labels.tolist() == [0, 0, 1, 1, 2, 2, 2]
    assert (pictures.shape, pictures.dtype, labels.dtype) == ((7, 28, 28), np.float32, np.int64)
    np.testing.assert_array_equal(pictures[3], one_digit(read_picture(folder / "one" / "11.png")))
    np.testing.assert_array_equal(labelled(str(folder))[0], pictures)


def test_labelled_pictures_that_cannot_be_used(folder, monkeypatch):
    def refused(given=folder):
        with pytest.raises(InputError) as error:
            labelled(given)
        return str(error.value)

    assert refused(folder / "none") == f"there is no folder {folder}/none"
    assert refused(folder / "read me.txt") == f"{folder}/read me.txt cannot be read: Not a directory"
    assert refused(folder / "one") == f"{folder}/one must have a subfolder for each class, two at least: found 0"
    saved(folder / "10" / "04.png", np.full((40, 40), 9, np.uint8))
    assert refused().startswith(f"{folder}/10/04.png cannot be used: there is no ink in the picture")
    (folder / "10" / "04.png").write_text("no picture")
    assert refused().startswith(f"{folder}/10/04.png is no picture that can be read")
    monkeypatch.setattr("attention.data.labelled.MOST", 7)
    assert refused() == f"{folder} holds 8 pictures: 7 is the most"
    (folder / "one" / "01.png").unlink()
    assert refused() == f"{folder}/one must hold 2 pictures at least: found 1"
