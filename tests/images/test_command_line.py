"""train images, classify, evaluate images: the answer last on standard output; for bad input a sentence and code 2."""

import os
import re
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from attention.classifier import Classifier
from attention.data.digits import digits
from attention.data.pictures import read_picture
from attention.data.scenes import scenes
from attention.evaluation.pointing import centre_baseline, pointing, random_baseline
from attention.experiments import images, looking
from attention.frameworks import tf, torch
from attention.heatmap import MOST, draw_heatmap, show_weights
from attention.inputs import InputError
from attention.weights.store import load, save
from tests.command import run
from tests.images.conftest import stored
from tests.images.learners import FRAMEWORKS, SETTINGS

ALL = ("numpy", *FRAMEWORKS)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(images, "VALIDATION", 20)
    monkeypatch.setattr(looking.scene_figures, "__defaults__", ("test", 40))


# classify


@pytest.mark.parametrize("framework", ALL)
def test_the_class_of_each_picture_is_printed(capsys, model_file, picture_files, framework):
    code, out, err = run(capsys, "classify", *picture_files, "--framework", framework, "--model", model_file)
    names, probabilities, _, _ = Classifier("numpy", model_file).classify(map(read_picture, picture_files))
    said = zip(picture_files, names, probabilities, strict=True)
    assert out == "".join(f"{path}: {name} ({probability:.0%})\n" for path, name, probability in said)
    assert (code, err) == (0, "")


def test_what_the_stored_model_says_is_right(capsys, picture_files):
    """Without a word about a model it is the best one; and these digits are easy."""
    code, out, _ = run(capsys, "classify", *picture_files)
    assert code == 0
    assert re.findall(r"(\d)\.png: (\d) \(\d+%\)\n", out) == [("0", "0"), ("1", "1"), ("2", "2")]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_heat_map_is_drawn(capsys, model_file, picture_files, tmp_path, kind):
    plain = run(capsys, "classify", *picture_files, "--model", model_file)
    path = tmp_path / f"map.{kind}"
    assert run(capsys, "classify", *picture_files, "--model", model_file, "--heatmap", path) == plain
    assert path.read_bytes().startswith({"png": b"\x89PNG", "svg": b"<?xml"}[kind])
    assert list(tmp_path.iterdir()) == [path]


def test_a_heat_map_lies_over_its_pixels():
    """The heaviest place, (1, 2), has its centre at the pixel (4, 8)."""
    figure, axes = plt.subplots()
    weights = np.zeros((7, 7))
    weights[1, 2], weights[3, 0] = 0.5, 0.25
    show_weights(axes, np.zeros((28, 28)), weights)
    _, drawn = axes.images
    left, right, bottom, top = drawn.get_extent()
    height, width = (bottom - top) / 7, (right - left) / 7
    assert (top + 1.5 * height, left + 2.5 * width) == (4, 8)
    np.testing.assert_array_equal(drawn.get_array(), weights)
    assert drawn.get_alpha().max() == drawn.get_alpha()[1, 2] > 0.5  # full colour, however little weight it is
    np.testing.assert_allclose(drawn.get_alpha() / drawn.get_alpha()[1, 2], weights / 0.5)
    plt.close(figure)


def test_how_many_heat_maps_are_drawn(tmp_path):
    def draw(name, count):
        draw_heatmap(tmp_path / name, np.zeros((count, 28, 28)), np.full((count, 7, 7), 1 / 49), ["$"] * count)

    for count in (1, 9):
        draw("a.png", count)
    drawn = np.asarray(Image.open(tmp_path / "a.png").convert("L"))  # the ninth begins a second row
    below = drawn[len(drawn) * 6 // 10 :]
    assert below[:, : below.shape[1] // 8].min() < 255 == below[:, below.shape[1] // 8 :].min()
    with pytest.raises(InputError, match=f"no heat map is drawn of {MOST + 1} pictures: {MOST} is the most"):
        draw("b.png", MOST + 1)
    assert not (tmp_path / "b.png").exists()


@pytest.mark.parametrize("framework", ALL)
@pytest.mark.parametrize("command", ["classify", "evaluate"])
def test_the_framework_is_the_one_asked_for(capsys, model_file, picture_files, monkeypatch, framework, command):
    """Without its module nothing can be done; what the others need is not missed."""
    for other in set(ALL) - {framework}:
        monkeypatch.setitem(sys.modules, f"attention.{other}.vision", None)
    what = ["classify", picture_files[0]] if command == "classify" else ["evaluate", "images"]
    given = [] if framework == "numpy" else ["--framework", framework]
    assert run(capsys, *what, "--model", model_file, *given)[0] == 0
    monkeypatch.setitem(sys.modules, f"attention.{framework}.vision", None)
    expected = 2, "", f"there is no ResNet in {framework}\n"
    assert run(capsys, *what, "--model", model_file, *given) == expected


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_device_is_the_one_asked_for(capsys, tmp_path, picture_files, monkeypatch, framework):
    seen = []
    monkeypatch.setattr(f"attention.{framework}.device.use_device", seen.append)
    nowhere = ["--model", tmp_path / "nowhere", "--framework", framework]
    monkeypatch.setenv("ATTENTION_DEVICE", "auto")
    for what in (["classify", picture_files[0]], ["evaluate", "images"]):
        run(capsys, *what, *nowhere)
        run(capsys, *what, *nowhere, "--device", "cpu")
    assert seen == ["auto", "cpu"] * 2


# evaluate images


@pytest.mark.parametrize("framework", ALL)
def test_evaluation_on_scenes(capsys, model_file, framework):
    code, out, err = run(capsys, "evaluate", "images", "--framework", framework, "--model", model_file)
    lines = []
    for task in ("single", "cluttered"):
        found = scenes(task, "test", 40)
        probabilities, weights = Classifier("numpy", model_file).look(found.images)
        accuracy, shape = (probabilities.argmax(-1) == found.labels).mean(), weights.shape[1:]
        pointed = pointing(weights.reshape(40, -1), found.boxes, shape)
        centre = centre_baseline(found.boxes, found.images.shape[1:])
        chance = random_baseline(found.boxes, shape)
        lines.append(
            f"{task}: accuracy = {accuracy:.2%} of 40 scenes; pointing = {pointed:.2%} "
            f"(the centre {centre:.2%}, at random {chance:.2%})\n"
        )
    assert (code, out, err) == (0, "".join(lines), "")


def test_a_model_that_attends_to_nothing_does_not_point(capsys, tmp_path):
    path = stored(tmp_path / "average", "average", tasks=["cluttered"])
    code, out, _ = run(capsys, "evaluate", "images", "--model", path)
    assert code == 0
    assert re.fullmatch(r"cluttered: accuracy = \d+\.\d\d% of 40 scenes\n", out)


def test_evaluation_on_mnist(capsys, model_file, monkeypatch):
    """Each digit is prepared as a reader's picture is; here they are scikit-learn's."""
    given, labels = digits()
    given, labels = np.kron(given[:30], np.ones((3, 3), np.float32)), labels[:30]
    monkeypatch.setattr(looking, "mnist", lambda split: {"test": (given, labels)}[split])
    classifier = Classifier("numpy", model_file)
    right = [name == str(label) for name, label in zip(classifier.classify(given)[0], labels, strict=True)]
    expected = f"MNIST: accuracy = {np.mean(right):.2%} of 30 digits\n"
    assert run(capsys, "evaluate", "images", "--data", "mnist", "--model", model_file) == (0, expected, "")


# train images


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Settings with which learning takes no time, in a folder of its own."""
    monkeypatch.setattr(images, "Settings", lambda **given: replace(SETTINGS, **given))
    monkeypatch.chdir(tmp_path)
    tf.config.run_functions_eagerly(True)
    yield tmp_path
    tf.config.run_functions_eagerly(False)


ARCHITECTURES = {
    "resnet": ({"pooling": "average"}, ["single", "cluttered"]),
    "resnet-attention": ({"pooling": "attention"}, ["single", "cluttered"]),
    "resnet-glimpses": ({"pooling": "glimpses", "told": True}, ["pointed"]),
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_command_heeds_its_options(framework, architecture, small, capsys):
    path = small / "deep" / "mine"
    given = ["--architecture", architecture, "--steps", 2, "--seed", 9, "--model", path, "--device", "cpu"]
    code, out, _ = run(capsys, "train", "images", "--framework", framework, *given)
    assert code == 0
    assert re.fullmatch(rf"{re.escape(str(path))}: validation accuracy = \d+\.\d\d% after 2 steps\n", out)
    _, metadata = load(path)
    settings, tasks = ARCHITECTURES[architecture]
    assert metadata["settings"] == asdict(replace(SETTINGS, steps=2, seed=9, **settings))
    assert (metadata["tasks"], metadata["framework"]) == (tasks, framework)


def test_without_a_name_it_is_stored_in_work_and_can_be_gone_on_with(small, capsys):
    command = ["train", "images", "--framework", "pytorch", "--steps", 1]
    assert run(capsys, *command)[0] == 0
    assert load(small / "work" / "resnet_attention_pytorch.safetensors")[1]["settings"]["seed"] == SETTINGS.seed
    code, out, err = run(capsys, *command)
    assert (code, out) == (2, "")
    assert err.endswith("is trained already: go on with --resume, or give another --model\n")
    assert run(capsys, *command, "--resume")[0] == 0
    assert run(capsys, *command, "--architecture", "resnet")[0] == 0
    assert (small / "work" / "resnet_pytorch.safetensors").exists()


def test_it_is_a_model_like_any_other(small, capsys, picture_files):
    run(capsys, "train", "images", "--framework", "pytorch", "--steps", 1, "--model", "mine")
    for framework in ALL:
        assert run(capsys, "classify", picture_files[0], "--model", "mine", "--framework", framework)[0] == 0


@pytest.fixture
def folder(small):
    """A reader's own pictures: rings and bars, dark on light, of several sizes."""
    rng = np.random.default_rng(0)
    for name in ("bar", "ring"):
        (small / "shapes" / name).mkdir(parents=True)
        for number in range(12):
            page = np.ones((40 + number, 40))
            top, left = rng.integers(4, 12, 2)
            page[top : top + 20, left : left + (20 if name == "ring" else 6)] = 0
            if name == "ring":
                page[top + 5 : top + 15, left + 5 : left + 15] = 1
            Image.fromarray((255 * page).astype(np.uint8)).save(small / "shapes" / name / f"{number}.png")
    return small / "shapes"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_readers_own_pictures_are_learned(framework, folder, capsys, monkeypatch):
    tf.config.run_functions_eagerly(False)
    monkeypatch.setattr(images, "Settings", lambda **given: replace(SETTINGS, width=4, batch=8, average=0.0, **given))
    command = ["train", "images", "--framework", framework, "--data", folder, "--steps", 40, "--model", "mine"]
    assert run(capsys, *command)[0] == 0
    _, metadata = load("mine")
    assert (metadata["names"], metadata["tasks"], metadata["sizes"]["classes"]) == (["bar", "ring"], [], 2)
    code, out, _ = run(capsys, "classify", folder / "bar" / "3.png", folder / "ring" / "7.png", "--model", "mine")
    assert code == 0
    assert re.findall(r": (\w+) \(", out) == ["bar", "ring"]


def test_epochs_of_a_folder_take_every_picture(folder):
    source = images.Folder(folder)
    (kept, labels, markers), *more = source.validation()
    assert not more
    assert (sorted(labels), markers.min(), markers.max()) == ([0, 0, 1, 1], -1, -1)
    train = {picture.tobytes() for picture in source.train[0]}
    assert len(source.train[0]) == 20
    assert not train & {picture.tobytes() for picture in kept} or len(train) < 20
    for epoch in range(2):
        batches = [source.batch(3 * epoch + number, 8, seed=1) for number in range(3)]
        found = np.concatenate([found for found, *_ in batches])
        counts = [(found == picture).all((1, 2)).sum() for picture in source.train[0]]
        assert min(counts) >= 1
    np.testing.assert_array_equal(source.batch(5, 8, 1)[0], images.Folder(folder).batch(5, 8, 1)[0])
    assert not np.array_equal(source.batch(0, 8, 1)[1], source.batch(0, 8, 2)[1])
    assert not np.array_equal(source.batch(0, 8, 1)[1], source.batch(3, 8, 1)[1])
    assert source.fingerprint() == images.Folder(folder).fingerprint()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_gpu_that_is_not_there_is_missed_before_the_work_begins(framework, small, capsys):
    found = torch.cuda.is_available() if framework == "pytorch" else tf.config.list_physical_devices("GPU")
    if found:
        pytest.skip("there is a GPU")
    code, out, err = run(capsys, "train", "images", "--framework", framework, "--device", "cuda")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "device cuda was asked for, but" in err
    assert not (small / "work").exists()


# What strangers may hand in


def changed(path, model_file, **metadata):
    weights, carried = load(model_file)
    save(path, weights, carried | metadata, dtype=np.float32)


FAULTS = {
    "no such picture": (["classify", "nowhere.png"], "there is no file nowhere.png"),
    "text": (["classify", "text.png"], "text.png is no picture that can be read"),
    "a good one and an empty file": (["classify", "0.png", "empty.png"], "empty.png is no picture that can be read"),
    "a blank page": (["classify", "blank.png"], "there is no ink in the picture"),
    "a folder": (["classify", "shapes"], "shapes cannot be read: Is a directory"),
    "no pictures": (["classify"], "required: picture"),
    "a heat map that is no picture": (["classify", "0.png", "--heatmap", "a.txt"], "must end in .png, .svg or .pdf"),
    "a heat map nowhere": (["classify", "0.png", "--heatmap", "no/a.png"], "there is no folder no"),
    "a heat map of an average": (
        ["classify", "0.png", "--heatmap", "a.png", "--model", "average"],
        "--heatmap draws where a model looked: this one looks at all places alike",
    ),
    "no such model": (["classify", "0.png", "--model", "nowhere"], "there is no model file nowhere"),
    "a translation model": (["classify", "0.png", "--model", "TRANSLATOR"], "it has no 'names'"),
    "names that are too few": (["classify", "0.png", "--model", "few"], "its 'names' must be 10 different words"),
    "names that are numbers": (["classify", "0.png", "--model", "numbers"], "its 'names' must be 10 different words"),
    "the same name twice": (["classify", "0.png", "--model", "twice"], "its 'names' must be 10 different words"),
    "tasks of no such scenes": (["evaluate", "images", "--model", "tasks"], "its 'tasks' must be among single,"),
    "a model of other things": (["evaluate", "images", "--model", "things"], "are digits: this model knows bar, ring"),
    "another data set": (["evaluate", "images", "--data", "cats"], "invalid choice: 'cats'"),
    "no MNIST": (["evaluate", "images", "--data", "mnist"], "MNIST's t10k-images-idx3-ubyte.gz is missing"),
    "training in NumPy": (["train", "images", "--framework", "numpy"], "--framework: invalid choice: 'numpy'"),
    "no framework": (["train", "images"], "the following arguments are required: --framework"),
    "no such architecture": (
        ["train", "images", "--framework", "pytorch", "--architecture", "vgg"],
        "--architecture: invalid choice: 'vgg'",
    ),
    "no such folder": (["train", "images", "--framework", "pytorch", "--data", "no"], "there is no folder no"),
    "glimpses of a folder": (
        ["train", "images", "--framework", "pytorch", "--architecture", "resnet-glimpses", "--data", "shapes"],
        "told needs scenes with markers: there are none in these pictures",
    ),
    "no steps": (["train", "images", "--framework", "pytorch", "--steps", "0"], "--steps: must be a whole number"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_used_is_said_in_a_sentence(fault, folder, capsys, model_file, picture_files, monkeypatch):
    from attention.translator import best_model

    here = folder.parent
    monkeypatch.setenv("ATTENTION_DATA", str(here / "data"))
    (here / "text.png").write_text("a digit")
    (here / "empty.png").touch()
    Image.new("L", (40, 40), 200).save(here / "blank.png")
    (here / "0.png").write_bytes(picture_files[0].read_bytes())
    stored(here / "average", "average")
    changed(here / "few", model_file, names=list("012345678"))
    changed(here / "numbers", model_file, names=list(range(10)))
    changed(here / "twice", model_file, names=list("0123456788"))
    changed(here / "tasks", model_file, tasks=["single", "cats"])
    weights, carried = load(model_file)
    two = {n: a[..., :2] if n.startswith("classifier") else a for n, a in weights.items()}
    carried |= {"names": ["bar", "ring"], "tasks": [], "sizes": carried["sizes"] | {"classes": 2}}
    save(here / "things", two, carried)
    arguments, sentence = FAULTS[fault]
    before = sorted(here.rglob("*"))
    code, out, err = run(capsys, *(best_model("de", "en") if word == "TRANSLATOR" else word for word in arguments))
    assert (code, out) == (2, "")
    *usage, said = err.splitlines()
    assert sentence in said
    assert len(said) < 500
    assert not usage or usage[0].startswith("usage: python -m attention")
    left = {path.name for path in here.rglob("*") if path not in before}
    runs = {f"resnet_{name}_pytorch.safetensors.run" for name in ("attention", "glimpses")}
    assert left <= {"work", "lock"} | runs  # where a training began to look


def test_a_damaged_picture_leaves_the_old_heat_map(capsys, model_file, picture_files, tmp_path):
    (tmp_path / "map.png").write_bytes(b"old")
    (tmp_path / "cut.png").write_bytes(picture_files[0].read_bytes()[:60])
    arguments = [picture_files[1], tmp_path / "cut.png", "--heatmap", tmp_path / "map.png", "--model", model_file]
    code, out, _ = run(capsys, "classify", *arguments)
    assert (code, out) == (2, "")
    assert (tmp_path / "map.png").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["cut.png", "map.png"]


HELP = {
    "train images": ["how the places become one vector:", "or a folder with your own pictures, a subfolder a class",
        "how many batches to learn from", "go on where training was interrupted"],
    "classify": ["a digit, dark on light or light on dark, of any size", "draw into this file where the model looked",
        "a model file; the best stored one for single digits if left out", "picture [picture ...]"],
    "evaluate images": ["test scenes of the tasks that the model was taught, or MNIST's test digits"],
    "evaluate": ["print how often a model is right, and looks at the right digit"],
    "": ["print what digit each picture shows, a line each"],
}  # fmt: skip


@pytest.mark.parametrize(("command", "sentences"), HELP.items())
def test_the_help_says_what_everything_does(command, sentences, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    _, out, _ = run(capsys, *command.split(), "--help")
    for sentence in sentences:
        assert sentence in out
