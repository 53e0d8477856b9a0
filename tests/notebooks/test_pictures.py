"""Which pictures are the same to a reader: rounding is let pass, and nothing that could be seen."""

import base64
import io

import numpy as np
import pytest
from nbformat import from_dict
from PIL import Image

from tests.notebooks.pictures import faults
from tools.pictures import TOLERANCE, difference

GREY = np.full((10, 10, 3), 100, np.uint8)


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def brighter(by, pixels=100):
    """The grey picture of 100 pixels, the first of them brighter: the two differ by ``by * √(pixels / 100)``."""
    picture = GREY.copy()
    picture.reshape(100, 3)[:pixels] += np.uint8(by)
    return png(picture)


def test_pictures_are_the_same_up_to_the_tolerance_and_not_above():
    assert TOLERANCE == 1  # of 255
    assert difference(png(GREY), png(GREY)) is None
    assert difference(png(GREY), brighter(1)) is None
    assert difference(brighter(1), png(GREY)) is None
    assert difference(png(GREY), brighter(10, pixels=1)) is None
    said = "they differ by {} (root mean square, of 255); up to 1.0 may be rounding".format
    assert difference(png(GREY), brighter(11, pixels=1)) == said("1.10")
    assert difference(png(GREY), brighter(2)) == said("2.00")
    assert difference(brighter(2), png(GREY)) == said("2.00")


def test_pictures_of_two_sizes_differ():
    said = difference(png(GREY), png(GREY[:, :8]))
    assert "sizes do not match" in said
    assert said.index("10, 10, 3") < said.index("10, 8, 3")  # what is stored comes first


def shown(*data):
    return [from_dict({"output_type": "display_data", "data": each, "metadata": {}}) for each in data]


ONE, OTHER, TEXT = {"image/png": png(GREY)}, {"image/png": brighter(2)}, {"text/plain": "1"}
SAID = "stored and drawn again: they differ by 2.00"


@pytest.mark.parametrize(
    ("new", "stored", "said"),
    [
        ([], [], []),
        ([ONE], [ONE], []),
        ([ONE, TEXT], [TEXT, ONE], []),
        ([ONE], [OTHER], [f"picture 1, {SAID}"]),
        ([ONE, OTHER], [ONE, ONE], [f"picture 2, {SAID}"]),
        ([ONE, OTHER], [OTHER, ONE], [f"picture 1, {SAID}", f"picture 2, {SAID}"]),
        ([TEXT], [ONE], ["1 pictures are stored, 0 were drawn"]),
        ([ONE, ONE], [ONE], ["1 pictures are stored, 2 were drawn"]),
        *(
            (*sides, [f"image/{kind} cannot be compared: show PNG or SVG"])
            for kind in ("jpeg", "gif", "webp")
            for sides in [([{f"image/{kind}": ""}], []), ([], [{f"image/{kind}": ""}])]
        ),
        ([{"image/jpeg": "", "image/gif": ""}], [], ["image/gif, image/jpeg cannot be compared: show PNG or SVG"]),
        ([{"image/svg+xml": "<svg/>"}], [], []),  # text, which nbval compares
    ],
)
def test_what_is_wrong_with_the_pictures_of_a_cell(new, stored, said):
    found = list(faults(shown(*new), shown(*stored)))
    assert [one[: len(other)] for one, other in zip(found, said, strict=True)] == said


def test_an_output_without_data_is_no_picture():
    printed = [from_dict({"output_type": "stream", "name": "stdout", "text": "1"})]
    assert list(faults(printed, printed)) == []
