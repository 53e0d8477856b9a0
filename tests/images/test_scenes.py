"""Scenes: that what is said of them is so, that they are balanced, and that nothing gives the answer away."""

import numpy as np
import pytest

from attention.data import scenes as module
from attention.data.digits import SHARES
from attention.data.glyphs import LARGEST, glyphs
from attention.data.painting import MARKER
from attention.data.scenes import SIZES, TASKS, Scenes, scenes
from attention.inputs import InputError

COUNT = 400
WINDOW = 23  # pixels that one place of the ResNet sees
BARE = {"noise": 0.0, "shade": 0.0, "strokes": 0, "pieces": 0}


@pytest.fixture(params=SIZES)
def task(request):
    return request.param


@pytest.fixture
def bare(task, monkeypatch):
    """The same scenes, but nothing is painted except digits and marker."""
    monkeypatch.setattr(module, "TASKS", {name: kind._replace(**BARE) for name, kind in TASKS.items()})
    return scenes(task, "test", COUNT)


def inside(boxes, size):
    """Which pixels (…, size, size) lie in each box (…, 4)."""
    rows, columns = np.indices((size, size))
    top, left, bottom, right = np.moveaxis(boxes, -1, 0)[..., None, None]
    return (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)


def middles(boxes):
    return (boxes[..., :2] + boxes[..., 2:] - 1) / 2


def test_shapes_and_types(task):
    found = scenes(task, "train", 7)
    N = SIZES[task]
    assert [array.shape for array in found] == [(7, N, N), (7,), (7, 4), (7, 3), (7, 3, 4), (7, 2)]
    assert [array.dtype for array in found] == [np.float32, *[np.int64] * 5]
    assert 0 <= found.images.min() < 0.05
    assert 0.95 < found.images.max() <= 1
    none = scenes(task, "train", 0)
    assert [(array.shape[1:], array.dtype) for array in none] == [(array.shape[1:], array.dtype) for array in found]
    assert none.images.shape[0] == 0


def test_a_scene_is_the_same_whatever_is_painted_with_it(task):
    whole = scenes(task, "validation", 300, seed=4)
    for first, count in ((0, 1), (299, 1), (41, 7), (250, 30)):  # a chunk ends at 256
        part = scenes(task, "validation", count, seed=4, first=first)
        for name, of_part, of_whole in zip(Scenes._fields, part, whole, strict=True):
            np.testing.assert_array_equal(of_part, of_whole[first : first + count], err_msg=name)


def test_no_two_scenes_are_the_same(task):
    given = [("test", 0, 0), ("test", 1, 0), ("test", 0, 50), ("validation", 0, 0), ("train", 0, 0)]
    found = [scenes(task, split, 50, seed=seed, first=first) for split, seed, first in given]
    assert len({image.tobytes() for part in found for image in part.images}) == 250
    assert len({part.labels.tobytes() for part in found}) == 5
    assert len({part.boxes.tobytes() for part in found}) == 5


def test_a_split_is_painted_with_its_own_digits(bare, task):
    """Every glyph that is seen is one of the split's, up to its light."""
    bank = glyphs("test")
    known = {(*size, (glyph > 0).tobytes()) for glyph, size in zip(bank.ink, bank.sizes.tolist(), strict=True)}
    others = {(*s, (g > 0).tobytes()) for split in ("train", "validation") for g, s in zip(
        glyphs(split).ink, glyphs(split).sizes.tolist(), strict=True)}  # fmt: skip
    seen = set()
    for image, (top, left, bottom, right) in zip(bare.images, bare.boxes, strict=True):
        glyph = np.zeros((LARGEST, LARGEST), bool)
        glyph[: bottom - top, : right - left] = image[top:bottom, left:right] > 0
        seen.add((bottom - top, right - left, glyph.tobytes()))
    assert seen <= known
    assert not seen & others
    assert len(seen) > COUNT / 2


def test_the_box_holds_the_ink_and_no_more(bare, task):
    frame = np.zeros(bare.images.shape, bool)
    for one, (row, column) in zip(frame, bare.markers, strict=True):
        if row >= 0:
            one[row - 4 : row + 5, column - 4 : column + 5] = MARKER > 0
    held = inside(bare.places, SIZES[task]) & (bare.digits >= 0)[..., None, None]
    assert not (bare.images > 0)[~held.any(1) & ~frame].any()
    np.testing.assert_array_equal(held.sum(1) > 1, False)
    for i, k in zip(*np.nonzero(bare.digits >= 0), strict=True):
        top, left, bottom, right = bare.places[i, k]
        ink = bare.images[i, top:bottom, left:right]
        assert [edge.max() > 0 for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1])] == [True] * 4
        assert ink.max() > 0.5


def test_digits_are_of_the_size_that_is_said(bare, task):
    extent = (bare.places[..., 2:] - bare.places[..., :2])[bare.digits >= 0].max(1)
    assert extent.min() >= 11
    assert extent.max() == LARGEST
    assert 17 < extent.mean() < 21
    assert (extent < 14).mean() < 0.1


def test_clutter_leaves_the_digit_as_it_is(task, monkeypatch):
    plain = scenes(task, "test", COUNT)
    monkeypatch.setattr(module, "TASKS", {name: kind._replace(noise=0.0, strokes=0) for name, kind in TASKS.items()})
    pieces = scenes(task, "test", COUNT).images
    monkeypatch.setattr(module, "TASKS", {name: kind._replace(**BARE) for name, kind in TASKS.items()})
    bare = scenes(task, "test", COUNT)
    for name in ("labels", "boxes", "digits", "places", "markers"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(bare, name))
    held = inside(bare.boxes, SIZES[task])
    assert (pieces - bare.images)[held].max() <= 0.3  # the shade of the ground
    drawn = bare.images > 0.6
    assert drawn.any((1, 2)).all()
    np.testing.assert_allclose(pieces[drawn & held], bare.images[drawn & held], rtol=0, atol=1e-6)
    apart = (pieces > 0.6) & ~drawn
    share = apart.mean((1, 2))
    assert (share.min() > 0.01) == (task == "cluttered")
    assert (share.max() == 0) == (task != "cluttered")


def test_strokes_and_noise_are_fainter_than_digits(task, monkeypatch):
    monkeypatch.setattr(module, "TASKS", {name: kind._replace(pieces=0, noise=0.0) for name, kind in TASKS.items()})
    strokes = scenes(task, "test", COUNT).images
    monkeypatch.setattr(module, "TASKS", {name: kind._replace(**BARE) for name, kind in TASKS.items()})
    bare = scenes(task, "test", COUNT).images
    assert strokes[bare == 0].max() <= 0.6
    assert ((strokes - bare).max((1, 2)) > 0.3).all() == (task != "single")


def test_the_fields_agree(task):
    found = scenes(task, "train", COUNT)
    there = found.digits >= 0
    assert (there.sum(1) == (3 if task == "pointed" else 1)).all()
    assert (found.places[~there] == -1).all()
    assert (found.places[there][:, :2] >= 0).all()
    assert (found.places[there][:, 2:] <= SIZES[task]).all()
    asked = (found.places == found.boxes[:, None]).all(-1)
    np.testing.assert_array_equal(asked.sum(1), 1)
    np.testing.assert_array_equal(found.digits[asked], found.labels)
    assert ((found.markers >= 0).all(1) == (task == "pointed")).all()


def test_classes_and_places_are_balanced(task):
    found = scenes(task, "train", 2000, first=120)
    np.testing.assert_array_equal(np.bincount(found.labels), 200)
    quarters = ((2 * middles(found.boxes) + 1) >= SIZES[task]) @ [2, 1]
    # A digit whose middle is the canvas's may be counted for either side.
    counts = np.bincount(10 * quarters + found.labels, minlength=40)
    assert np.abs(counts - 50).max() <= (0 if task == "pointed" else 10)
    order = found.labels.reshape(-1, 40)
    assert len({row.tobytes() for row in order}) == 50
    assert chi_square(np.bincount(2 * (np.arange(2000) % 2) + (found.labels >= 5))) < 20


def chi_square(counts, due=None):
    """Σ (n − due)² / due; of k degrees of freedom it exceeds k + 4 √(2 k) about once in 1,000 times or less."""
    due = counts.mean() if due is None else due
    return ((counts - due) ** 2 / due).sum()


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", ["single", "cluttered"])
def test_a_digit_may_be_anywhere(name, axis):
    """Between the first place that there is room for and the last it is drawn evenly, and alike for every class."""
    found = scenes(name, "train", 4000)
    top, bottom = found.boxes[:, axis], found.boxes[:, 2 + axis]
    rooms = SIZES[name] - (bottom - top) + 1  # how many places there are
    share = (top + 0.5) / rooms
    drawn, due = np.zeros(4), np.zeros(4)
    for place, room in zip(top, rooms, strict=True):
        drawn[4 * place // room] += 1
        due += np.bincount(4 * np.arange(room) // room, minlength=4) / room
    assert chi_square(drawn, due) < 3 + 4 * 6**0.5
    assert (top.min(), bottom.max()) == (0, SIZES[name])
    means = [share[found.labels == label].mean() for label in range(10)]
    assert np.ptp(means) < 6 * 0.29 / 20  # the standard deviation of a share over the root of 400


@pytest.fixture(scope="module")
def pointed():
    return scenes("pointed", "train", 4000)


def test_three_classes(pointed):
    ordered = np.sort(pointed.digits, axis=1)
    assert (np.diff(ordered, axis=1) > 0).all()


def test_the_other_digits_are_as_often_of_each_class_and_tell_nothing(pointed):
    others = np.zeros((10, 10))
    for label, digits in zip(pointed.labels, pointed.digits, strict=True):
        others[label, digits[digits != label]] += 1
    assert (np.diag(others) == 0).all()
    assert chi_square(others[~np.eye(10, dtype=bool)]) < 89 + 4 * 178**0.5


def test_each_has_a_corner_of_its_own_and_asked_for_is_the_opposite(pointed):
    corner = (middles(pointed.places) > 31.5) @ [2, 1]
    marker = (pointed.markers > 31.5) @ [2, 1]
    asked = (middles(pointed.boxes) > 31.5) @ [2, 1]
    np.testing.assert_array_equal(np.sort(np.column_stack([corner, marker])), np.tile([0, 1, 2, 3], (4000, 1)))
    np.testing.assert_array_equal(asked, 3 - marker)
    assert (np.diff(corner, axis=1) > 0).all()  # the order of the digits says nothing of who is asked for


def test_no_window_sees_both_a_digit_and_the_marker(pointed):
    """For a window that holds a pixel of each, both axes would have to be shorter than it."""
    low, high = pointed.markers[:, None] - 4, pointed.markers[:, None] + 4
    first, last = pointed.places[..., :2], pointed.places[..., 2:] - 1
    spans = np.maximum(first - high, low - last) + 1  # rows and columns from the one to the other, both included
    assert spans.max(-1).min() > WINDOW
    apart = np.abs(middles(pointed.places) - pointed.markers[:, None]).max(-1)
    assert apart.min() >= 35


def test_the_marker_moves(pointed):
    near = np.where(pointed.markers > 31.5, 63 - pointed.markers, pointed.markers)
    assert (near.min(), near.max()) == (4, 11)
    assert chi_square(np.bincount(near[:, 0] - 4)) < 7 + 4 * 14**0.5


def test_what_one_place_sees_does_not_tell_who_is_asked_for(pointed):
    """The digit that is asked for is as large, as far from its corner and as light as the others."""
    asked = (pointed.places == pointed.boxes[:, None]).all(-1)
    extent = (pointed.places[..., 2:] - pointed.places[..., :2]).max(-1)
    near = np.minimum(pointed.places[..., :2], 64 - pointed.places[..., 2:]).mean(-1)
    light = np.array([
        [image[top:bottom, left:right].max() for top, left, bottom, right in boxes]
        for image, boxes in zip(pointed.images, pointed.places, strict=True)
    ])  # fmt: skip
    for what in (extent, near, light):
        error = what.std() * (1 / asked.sum() + 1 / (~asked).sum()) ** 0.5
        assert abs(what[asked].mean() - what[~asked].mean()) < 4 * error


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("triple", "train", 1), "task must be one of single, cluttered, pointed: got 'triple'"),
        (("single", "val", 1), "split must be one of train, validation, test: got 'val'"),
        (("single", "train", -1), "count must be a whole number, 0 or more: got -1"),
        (("single", "train", 1.0), "count must be a whole number, 0 or more: got 1.0"),
        (("single", "train", 1, -2), "seed must be a whole number, 0 or more: got -2"),
        (("single", "train", 1, 0, "3"), "first must be a whole number, 0 or more: got '3'"),
    ],
)
def test_what_is_no_task_and_no_number(given, sentence):
    with pytest.raises(InputError) as refused:
        scenes(*given)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("split", SHARES)
def test_glyphs_are_in_the_order_of_their_classes_and_all_different(split):
    bank = glyphs(split)
    assert bank.first[0] == 0
    assert bank.first[-1] == len(bank.ink)
    assert len({glyph.tobytes() for glyph in bank.ink}) == len(bank.ink)
    h, w = bank.sizes.T
    rows, columns = np.indices((LARGEST, LARGEST))
    out = (rows >= h[:, None, None]) | (columns >= w[:, None, None])
    assert not bank.ink[out].any()
