"""Where the digits come from: scikit-learn's, and files in MNIST's format, whole or not."""

import gzip
import os
import struct

import numpy as np
import pytest

from attention.data import digits as module
from attention.data.digits import digits, mnist, read_idx, sources
from attention.inputs import InputError


def idx(array, kind=8):
    return struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    images, labels = digits()
    found = load_digits()
    np.testing.assert_array_equal(images, found.images / 16)
    np.testing.assert_array_equal(labels, found.target)
    assert (images.dtype, labels.dtype) == (np.float32, np.int64)
    with pytest.raises(ValueError, match="read-only"):
        images[0, 0, 0] = 1


def test_no_two_splits_share_a_digit_and_none_is_left_out():
    found = {split: {image.tobytes() for image in sources(split)[0]} for split in module.SHARES}
    assert list(found) == ["train", "validation", "test"]
    everything = {image.tobytes() for image in digits()[0]}
    assert len(everything) == 1797
    assert set.union(*found.values()) == everything
    assert sum(map(len, found.values())) == 1797


@pytest.mark.parametrize("split", module.SHARES)
def test_each_class_has_its_share_of_a_split(split):
    images, labels = sources(split)
    assert np.all(np.diff(labels) >= 0)
    of_all = np.bincount(digits()[1])
    assert np.abs(np.bincount(labels) - module.SHARES[split] * of_all).max() <= 1
    label_of = {image.tobytes(): label for image, label in zip(*digits(), strict=True)}
    assert [label_of[image.tobytes()] for image in images] == labels.tolist()


def test_no_such_split():
    with pytest.raises(InputError, match=r"^split must be one of train, validation, test: got 'val'$"):
        sources("val")
    with pytest.raises(InputError, match=r"^split must be one of train, test: got 'validation'$"):
        mnist("validation")


@pytest.mark.parametrize("shape", [(3,), (0,), (2, 5), (4, 3, 2)])
@pytest.mark.parametrize("end", ["", ".gz"])
def test_an_array_comes_back_from_its_file(tmp_path, shape, end):
    array = np.random.default_rng(0).integers(0, 256, shape)
    path = tmp_path / f"a-idx{end}"
    path.write_bytes(gzip.compress(idx(array)) if end else idx(array))
    found = read_idx(path)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == np.uint8


GOOD = idx(np.arange(12).reshape(3, 4))
FAULTS = {
    "empty": (b"", "is not of the format IDX: it does not begin with two zero bytes, a type and an axis"),
    "three bytes": (GOOD[:3], "is not of the format IDX"),
    "a PNG": (b"\x89PNG\r\n\x1a\n" + bytes(20), "is not of the format IDX"),
    "text": (b"these are labels: 1 2 3", "is not of the format IDX"),
    "of floats": (b"\0\0\x0d\x01" + GOOD[4:], "must hold unsigned bytes, type 0x08: its type is 0x0d"),
    "of signed bytes": (b"\0\0\x09\x02" + GOOD[4:], "must hold unsigned bytes, type 0x08: its type is 0x09"),
    "no axis": (b"\0\0\x08\x00", "must have one to three axes: it has 0"),
    "four axes": (b"\0\0\x08\x04" + bytes(99), "must have one to three axes: it has 4"),
    "no sizes": (GOOD[:6], "is cut off: its header ends before the sizes of its 2 axes"),
    "cut off": (GOOD[:-1], "is cut off: its header announces 12 numbers of 3 × 4"),
    "too long": (GOOD + b"\0", "is too long: its header announces 12 numbers of 3 × 4"),
    "absurd": (b"\0\0\x08\x03" + b"\xff" * 12, "claims 79,228,162,458,924,105,385,300,197,375 numbers"),
    "too many": (struct.pack(">HBB2I", 0, 8, 2, 200_000_001, 1), "claims 200,000,001 numbers"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_file_gets_one_sentence(tmp_path, fault):
    content, sentence = FAULTS[fault]
    for path, written in ((tmp_path / "a", content), (tmp_path / "a.gz", gzip.compress(content))):
        path.write_bytes(written)
        with pytest.raises(InputError) as refused:
            read_idx(path)
        assert str(refused.value).startswith(f"{path} {sentence}")
        assert "\n" not in str(refused.value)


PACKED = gzip.compress(GOOD)


@pytest.mark.parametrize(
    "content",
    [GOOD, PACKED[:-9], PACKED[:15] + b"\xff\xff" + PACKED[17:], PACKED[:-1] + b"\x01"],
    ids=["not packed", "cut off", "changed within", "another length"],
)
def test_a_damaged_gzip_gets_one_sentence(tmp_path, content):
    path = tmp_path / "a.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"^{path} cannot be read: .+$"):
        read_idx(path)


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(InputError, match=f"^there is no file {tmp_path}/a$"):
        read_idx(tmp_path / "a")
    with pytest.raises(InputError, match=f"^{tmp_path} cannot be read: Is a directory$"):
        read_idx(tmp_path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three digits as MNIST has them, one file packed and one not."""
    monkeypatch.setenv("ATTENTION_DATA", str(tmp_path))
    (tmp_path / "mnist").mkdir()
    images = np.zeros((3, 28, 28))
    images[1, 2, 3], images[2, 27, 27] = 255, 51
    write(tmp_path / "mnist", images, np.array([7, 0, 9]))
    return tmp_path / "mnist"


def write(folder, images, labels, begin="t10k"):
    (folder / f"{begin}-images-idx3-ubyte").write_bytes(idx(images))
    (folder / f"{begin}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))


def test_mnist_from_files_packed_or_not(folder):
    images, labels = mnist()
    assert (images.shape, images.dtype, labels.dtype) == ((3, 28, 28), np.float32, np.int64)
    assert (images[1, 2, 3], images[2, 27, 27], images.sum()) == (1, np.float32(0.2), np.float32(1.2))
    np.testing.assert_array_equal(labels, [7, 0, 9])
    with pytest.raises(InputError, match=f"train-images-idx3-ubyte.gz is missing: put the file into {folder}$"):
        mnist("train")
    write(folder, np.zeros((2, 28, 28)), np.array([1, 2]), begin="train")
    np.testing.assert_array_equal(mnist("train")[1], [1, 2])


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (np.zeros((3, 28, 28)), np.zeros(2), r"ubyte holds 3 images, .*\.gz 2 labels$"),
        (np.zeros((3, 28, 27)), np.zeros(3), "must hold images of 28 × 28: got 3 × 28 × 27$"),
        (np.zeros((3, 784)), np.zeros(3), "must hold images of 28 × 28: got 3 × 784$"),
        (np.zeros((3, 28, 28)), np.zeros((3, 1)), "must hold one digit for each image, 0 to 9$"),
        (np.zeros((3, 28, 28)), np.array([1, 10, 2]), "must hold one digit for each image, 0 to 9$"),
    ],
)
def test_files_that_do_not_belong_together(folder, images, labels, sentence):
    write(folder, images, labels)
    with pytest.raises(InputError, match=sentence):
        mnist()


def test_mnist_is_nowhere(monkeypatch):
    monkeypatch.delenv("ATTENTION_DATA")
    with pytest.raises(InputError, match=r"missing: put the file into \$ATTENTION_DATA/mnist$"):
        mnist()


@pytest.mark.skipif("ATTENTION_DATA" not in os.environ, reason="MNIST is not here")
def test_mnist_itself():
    images, labels = mnist()
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert (images.min(), images.max()) == (0, 1)
