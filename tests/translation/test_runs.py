"""Trainings that are killed, interrupted, starved of room, begun twice: real processes, and nothing is lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from attention.experiments.run import Run, asked_to_stop, read_checkpoint, write_checkpoint
from attention.files import write_whole
from attention.inputs import InputError
from attention.pytorch.training import Learner
from attention.results import machine
from attention.weights.store import load, save
from tests.translation.learners import FRAMEWORKS, train

SCRIPT = Path(__file__).with_name("small_training.py")
ROOT = Path(__file__).parents[2]
MOMENTS = int(os.environ.get("KILLS", "1"))  # of killing; the weekly workflow tries more


def start(framework, path, *options):
    command = [sys.executable, SCRIPT, framework, path, *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                            env=environment)  # fmt: skip


def run(framework, path, *options):
    process = start(framework, path, *options)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def wait_for(path, process):
    for _ in range(3000):
        if path.exists():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    raise AssertionError("it never came to the moment")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted training by each framework: made once, by the first test that asks."""
    made = {}

    def of(framework):
        if framework not in made:
            path = tmp_path_factory.mktemp("whole") / "model"
            code, _, err = run(framework, path)
            assert code == 0, err
            made[framework] = path
        return made[framework]

    return of


def the_same(one, other):
    """The same weights, checkpoint and curve, to the bit."""
    (weights, about), (weights_too, about_too) = load(one), load(other)
    checkpoints = (read_checkpoint(f"{path}.run/checkpoint.safetensors") for path in (one, other))
    (arrays, state), (arrays_too, state_too) = checkpoints
    for found, expected in ((weights, weights_too), (arrays, arrays_too)):
        assert found.keys() == expected.keys()
        for name in found:
            assert found[name].tobytes() == expected[name].tobytes(), name
    for curve, curve_too in ((about["curve"], about_too["curve"]), (state["curve"], state_too["curve"])):
        without = [
            [{k: v for k, v in point.items() if k != "seconds"} for point in each] for each in (curve, curve_too)
        ]
        assert without[0] == without[1]


# The first write of a run says what it is, the second is its model, the third and fourth are its checkpoints.
KILLED = [("--stall-write", 4), ("--stall-step", 5), ("--stall-write", 3), ("--stall-write", 2), ("--stall-step", 2)]


@pytest.mark.parametrize("moment", KILLED[:MOMENTS])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_killed_and_taken_up_it_ends_as_if_nothing_had_happened(framework, moment, whole, tmp_path):
    path = tmp_path / "model"
    process = start(framework, path, *moment)
    wait_for(Path(f"{path}.stalled"), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    code, out, err = run(framework, path, "--resume")
    assert code == 0, err
    assert "validation BLEU" in out
    the_same(path, whole(framework))


def test_ctrl_c_stores_and_says_how_to_go_on(whole, tmp_path):
    path = tmp_path / "model"
    process = start("pytorch", path, "--stall-step", 2)
    wait_for(Path(f"{path}.stalled"), process)
    process.send_signal(signal.SIGINT)  # the step that stalls goes on after it
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "stopped and stored after step 2: the same command with --resume goes on"
    assert "Traceback" not in err
    assert read_checkpoint(f"{path}.run/checkpoint.safetensors")[1]["step"] == 2
    assert run("pytorch", path, "--resume")[0] == 0
    the_same(path, whole("pytorch"))


def test_a_second_training_into_the_same_file_is_refused(tmp_path):
    path = tmp_path / "model"
    process = start("pytorch", path, "--stall-step", 1)
    wait_for(Path(f"{path}.stalled"), process)
    code, out, err = run("pytorch", path)
    process.kill()
    process.communicate()
    assert (code, out) == (2, "")
    assert err == f"another training is writing to {path} now: give another --model\n"


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_loss_that_is_not_finite_ends_it_and_stores_nothing(value, tmp_path):
    path = tmp_path / "model"
    code, out, err = run("pytorch", path, "--loss", value, 5)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == (
        f"the loss became {value} at step 5, and training has stopped; the checkpoint of step 3 is kept: "
        "a smaller rate may help"
    )
    assert read_checkpoint(f"{path}.run/checkpoint.safetensors")[1]["step"] == 3
    assert load(path)[1]["curve"][-1]["step"] == 3


MEMORY = """
import sys
import psutil
from dataclasses import replace
from attention.experiments import loop
from tests.translation.conftest import ENGLISH, GERMAN, LANGUAGES, SETTINGS, Corpus
from tests.translation.learners import learner

many = [[text * (1 + i % 5) for i in range(10) for text in texts] for texts in (GERMAN, ENGLISH)]
settings = replace(SETTINGS, steps=2000, validate_every=500, patience=9, piece_dropout=0.1)
made = learner(sys.argv[1], settings, Corpus(settings, LANGUAGES, many, (GERMAN, ENGLISH)))
step, taken = made.step, iter(range(1, 2001))

def watched(batch, rate):
    loss = step(batch, rate)
    if (number := next(taken)) in (500, 2000):
        print(psutil.Process().memory_info().rss)
    return loss

made.step = watched
loop.train(sys.argv[2], lambda: made)
"""


@pytest.mark.skipif(MOMENTS == 1, reason="2,000 steps take minutes: KILLS=5 asks for them")
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_memory_does_not_grow(framework, tmp_path):
    command = [sys.executable, "-c", MEMORY, framework, str(tmp_path / "model")]
    found = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    early, late = map(int, found.stdout.split())
    print(f"{framework}: {early / 1e6:.0f} MB after 500 steps, {late / 1e6:.0f} MB after 2,000")
    assert late < 1.05 * early


# From here on within this process


@pytest.fixture
def trained(settings, corpus, tmp_path):
    """A run of three steps, the first half of six."""
    path = tmp_path / "model"
    train("pytorch", replace(settings, patience=0, validate_every=3), corpus, path)
    return path


def test_a_finished_training_is_not_written_over(trained, settings, corpus):
    before = trained.read_bytes()
    with pytest.raises(InputError, match=r"is trained already: go on with --resume, or give another --model"):
        train("pytorch", settings, corpus, trained)
    assert trained.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seed": 4}, "seed 3, not 4"),
        ({"steps": 9}, "steps 6, not 9"),
        ({"dropout": 0.1, "rate": 0.5}, "rate 0.01, not 0.5"),
    ],
)
def test_it_is_not_taken_up_as_something_else(trained, settings, corpus, change, told):
    begun = replace(settings, patience=0)
    with pytest.raises(InputError, match=f"this training was begun with .*{told}"):
        train("pytorch", replace(begun, **change), corpus, trained, resume=True)


def test_nor_with_other_data(trained, settings, corpus):
    other = type(corpus)(settings, corpus.languages, (corpus.train[0], corpus.train[1][::-1]), corpus.validation)
    with pytest.raises(InputError, match="this training was begun with data"):
        train("pytorch", replace(settings, patience=0), other, trained, resume=True)


def test_nor_without_a_setting_that_there_was_not_yet(trained, settings, corpus):
    """Begun before a setting was added: nobody knows what it was then."""
    about = Path(f"{trained}.run/run.json")
    begun = json.loads(about.read_text())
    del begun["settings"]["dropout"]
    about.write_text(json.dumps(begun))
    with pytest.raises(InputError, match=f"this training was begun with dropout None, not {settings.dropout}: "):
        train("pytorch", replace(settings, patience=0), corpus, trained, resume=True)


def test_an_ended_training_stays_ended(trained, settings, corpus, capsys):
    settings = replace(settings, patience=0)
    first = train("pytorch", settings, corpus, trained, resume=True)
    again = train("pytorch", settings, corpus, trained, resume=True)
    assert first == again
    assert "this training has ended" in capsys.readouterr().err


def test_the_time_before_counts_too(trained, settings, corpus):
    checkpoint = Path(f"{trained}.run/checkpoint.safetensors")
    arrays, state = read_checkpoint(checkpoint)
    write_checkpoint(checkpoint, arrays, {**state, "seconds": 1e6, "ended": False})
    curve = train("pytorch", replace(settings, patience=0, validate_every=3), corpus, trained, resume=True)
    assert [point["step"] for point in curve] == [3, 6]
    assert curve[0]["seconds"] < 1e5 < 1e6 < curve[1]["seconds"]


def test_a_model_that_is_gone_is_noticed(trained, settings, corpus):
    trained.unlink()
    with pytest.raises(InputError, match=r"the best weights of this training, .* are gone"):
        train("pytorch", replace(settings, patience=0), corpus, trained, resume=True)


def test_nothing_to_take_up(settings, corpus, tmp_path):
    with pytest.raises(InputError, match="there is no training to go on with"):
        train("pytorch", settings, corpus, tmp_path / "model", resume=True)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_a_damaged_checkpoint_is_refused(trained, settings, corpus, damage):
    path = Path(f"{trained}.run/checkpoint.safetensors")
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[-1000] ^= 1
    path.write_bytes({"cut": content[:-100], "flipped": content, "empty": b"", "other": b"{}" * 50}[damage])
    with pytest.raises(InputError, match=r"the checkpoint .* is damaged") as caught:
        train("pytorch", replace(settings, patience=0), corpus, trained, resume=True)
    assert "\n" not in str(caught.value)


def test_a_path_that_cannot_be_written_to_is_known_before_the_first_step(settings, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(Learner, "step", None)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for path, told in ((tmp_path / "folder", "is a folder"), (tmp_path / "file" / "model", "nothing can be written")):
        with pytest.raises(InputError, match=told):
            train("pytorch", settings, corpus, path)
    if os.geteuid() != 0:  # root may write anywhere
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o500)
        with pytest.raises(InputError, match="nothing can be written"):
            train("pytorch", settings, corpus, closed / "model")


def test_without_room_the_old_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(shutil.which("mount") is None or os.geteuid() != 0, reason="a full disk needs a mount")
def test_on_a_full_disk(trained, settings, corpus, tmp_path):
    """A real one, of 1 MB: the training ends with a sentence and leaves what it had."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("no right to mount")
    try:
        with pytest.raises(InputError, match="No space left on device"):
            train("pytorch", settings, corpus, disk / "model")
    finally:
        subprocess.run(["umount", disk], check=True)


def test_weights_that_are_not_finite_are_not_stored(tmp_path):
    save(tmp_path / "w", {"a": np.ones(3)}, {})
    for bad in (np.nan, np.inf, 1e6):  # float16 holds no million
        with pytest.raises(InputError, match="a would not be finite in float16"):
            save(tmp_path / "w", {"a": np.array([1, bad])}, {})
    assert (load(tmp_path / "w")[0]["a"] == 1).all()


def test_what_a_run_is_stands_in_its_folder(trained):
    about = json.loads(Path(f"{trained}.run/run.json").read_text())
    assert about["settings"]["seed"] == 3
    assert about["framework"] == "pytorch"
    assert about["data"]
    assert set(about["versions"]) == {"numpy", "torch"}
    assert about["command"].startswith(".venv/bin/python -m attention")
    assert about["machine"] == machine()
    assert about["task"] == "translation"


def test_checkpoints_come_back_as_they_were(tmp_path):
    arrays = {"a": np.arange(3, dtype=np.uint8), "b": np.float32(2.5), "c": np.zeros((2, 0)), "d": np.array(7)}
    write_checkpoint(tmp_path / "c", arrays, {"step": 3, "curve": [{"bleu": 1.5}]})
    found, state = read_checkpoint(tmp_path / "c")
    assert state == {"step": 3, "curve": [{"bleu": 1.5}]}
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("asking", [signal.SIGINT, signal.SIGTERM])
def test_a_second_ctrl_c_ends_at_once(asking):
    """The first one asks, and so does what `kill` sends."""
    one, other = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda *_: pytest.fail("nobody has caught it"))
    own = signal.getsignal(signal.SIGTERM)
    try:
        with asked_to_stop() as stop:
            assert not stop()
            os.kill(os.getpid(), asking)
            assert stop()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is one  # what runs in the background ignores it
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, other)


def test_a_model_of_elsewhere_is_not_written_over(tmp_path):
    (tmp_path / "m").write_bytes(b"without a folder of its run")
    with pytest.raises(InputError, match="is trained already"), Run(tmp_path / "m").held(False):
        pass


def test_a_lock_is_let_go(tmp_path):
    for _ in range(2):
        with Run(tmp_path / "m").held(False):
            pass
