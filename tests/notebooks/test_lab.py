"""`make lab` in a real JupyterLab: copies that nothing overwrites, links that lead somewhere, progress on the spot."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import nbformat
import pytest
from lab import copy_missing, keep_metadata
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from notebooks import KERNEL
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds for what takes two or three on an idle machine
EXERCISES = {path.name: path.read_text() for path in (ROOT / "exercises").glob("*.ipynb")}


def environment(folder):
    """Nothing of the user's own Jupyter, nor of the make and pytest that run this test."""
    kept = {name: value for name, value in os.environ.items() if "MAKE" not in name and "JUPYTER" not in name}
    return kept | {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("RUNTIME", "CONFIG", "DATA")}


def copied_to(folder):
    """The commands, the exercises and the chapters of this repository, in a folder of its own."""
    folder.mkdir()
    (folder / ".venv").symlink_to(ROOT / ".venv")
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("exercises", "chapters", "tools"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.fixture
def repository(tmp_path):
    return copied_to(tmp_path / "a folder")


def make(folder, *arguments):
    """The command that runs `make`, all being installed."""
    return ["make", "--directory", str(folder), "--assume-old", ".venv/all", *arguments]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A server that `make lab` has started: its folder, its address with its token, and the page that opens it."""
    repository = copied_to(tmp_path_factory.mktemp("lab") / "a folder")
    options = "--no-browser --allow-root --ServerApp.port=0"
    (repository / "CONFIG").mkdir()  # a reader's own Jupyter may open another folder
    (repository / "CONFIG" / "jupyter_server_config.json").write_text('{"ServerApp": {"root_dir": "/"}}')
    log = (repository / "log").open("w")
    command = make(repository, "lab", f"ARGS={options}")
    server = subprocess.Popen(command, env=environment(repository), stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while not (opened := list((repository / "RUNTIME").glob("jpserver-*-open.html"))):
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail((repository / "log").read_text())
            time.sleep(0.1)
        (running,) = (repository / "RUNTIME").glob("jpserver-*.json")
        about = json.loads(running.read_text())
        yield repository, f"{about['url']}?token={about['token']}", opened[0].read_text()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(PATIENCE)
        log.close()


def test_copies_that_are_there_are_kept(repository):
    def copies():
        copy_missing(repository)
        return {path.name: path.read_text() for path in (repository / "work").glob("*.ipynb")}

    assert EXERCISES
    (repository / "exercises" / "notes.txt").write_text("no exercise")
    assert copies() == EXERCISES
    assert not (repository / "work" / "notes.txt").exists()
    mine, missing = sorted(EXERCISES)[:2]
    (repository / "work" / mine).write_text("my work")
    (repository / "work" / missing).unlink()
    assert copies() == EXERCISES | {mine: "my work"}


@pytest.mark.parametrize(
    ("path", "kind", "kept"),
    [
        ("chapters/01_softmax.ipynb", "notebook", KERNEL),
        ("exercises/01_softmax.ipynb", "notebook", KERNEL),
        ("solutions/01_softmax.ipynb", "notebook", KERNEL),
        ("work/01_softmax.ipynb", "notebook", {"widgets": {}}),  # a reader's own
        ("work/chapters/mine.ipynb", "notebook", {"widgets": {}}),
        ("chapters/notes.txt", "file", {"widgets": {}}),
    ],
)
def test_saving_leaves_the_metadata_of_the_repository_alone(path, kind, kept):
    model = {"type": kind, "content": {"metadata": {"widgets": {}}}}
    keep_metadata(model, path, contents_manager=None)
    assert model["content"]["metadata"] == kept


@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    installed = next((path for path in map(shutil.which, names) if path), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.set_default_timeout(PATIENCE * 1000)
    yield tab
    tab.close()


def test_the_lab_opens_the_copies_and_their_links_lead_to_the_chapters(lab, tab):
    repository, address, page_that_opens_it = lab
    assert "/lab/tree/work?token=" in page_that_opens_it
    tab.goto(address)
    tab.wait_for_url("**/lab/tree/work**")
    listed = tab.locator(".jp-DirListing-itemText")
    listed.filter(has_text="01_softmax.ipynb").dblclick()
    tab.locator('.jp-RenderedMarkdown a:text-is("chapter 1")').first.click()
    chapter = '.lm-TabBar-tab[title*="Path: chapters/01_softmax.ipynb"]'
    tab.locator(f"{chapter}.jp-mod-dirty").wait_for()  # JupyterLab has written the version of Python into it
    tab.locator('.jp-NotebookPanel:visible [data-command="docmanager:save"]').click()
    tab.locator(f"{chapter}:not(.jp-mod-dirty)").wait_for()
    assert (repository / "work" / "01_softmax.ipynb").exists()
    for path in (repository / "chapters").glob("*.ipynb"):
        assert path.read_text() == (ROOT / "chapters" / path.name).read_text()


def test_explorers_move_in_the_lab_and_leave_each_other_alone(lab, tab):
    repository, address, _ = lab
    words = ["Hunde", "spielen", "Schnee"]
    cells = [new_code_cell(f"from attention import explorers\nexplorers.softmax({words}, [0, 1, 2])") for _ in "ab"]
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), repository / "work" / "moving.ipynb")
    tab.goto(address.replace("?", "lab/workspaces/moving/tree/work/moving.ipynb?"))
    tab.get_by_text("Python 3 (ipykernel) | Idle").wait_for()  # else it asks which kernel is wanted
    outputs, written = tab.locator(".explorer"), tab.locator(".jp-Cell .jp-InputPrompt")

    def run(cell):
        before = written.nth(cell).inner_text()
        tab.locator(".jp-Cell .cm-content").nth(cell).press("Shift+Enter")
        tab.wait_for_function(
            "([cell, before]) => { const now = document.querySelectorAll('.jp-Cell .jp-InputPrompt')[cell].innerText;"
            "return now !== before && /\\d/.test(now) }",
            arg=[cell, before],
        )
        outputs.nth(cell).locator(".said").wait_for()

    def weights(place):
        return outputs.nth(place).evaluate("e => e.result.softmax")

    run(0)
    run(1)
    for first, other in ((0, 1), (1, 0)):
        run(0)  # once more: its first output is gone, and the other cell's stays
        before, beside = weights(first), weights(other)
        outputs.nth(first).get_by_label("score of Hunde").press("ArrowRight")
        after = weights(first)
        assert after[0] > before[0]
        assert sum(after) == pytest.approx(1)
        outputs.nth(first).get_by_role("radio", name="Hunde").press("Space")
        assert outputs.nth(first).get_by_role("radio", name="Hunde").is_checked()
        assert outputs.nth(other).locator("input:checked[type=radio]").count() == 1
        assert weights(other) == beside
    assert outputs.locator(".controls").count() == outputs.count() == 2  # no script has run twice
    ids = outputs.locator("[id]").evaluate_all("all => all.map(e => e.id).filter(id => id !== 'tip')")
    assert len(ids) == len(set(ids)) > 10


def test_progress_is_shown_by_make_and_in_a_notebook(tmp_path):
    command, variables = make(ROOT, "progress"), environment(tmp_path)
    by_make = subprocess.run(command, check=True, capture_output=True, text=True, env=variables)
    cell = new_code_cell("%run -m attention progress")
    NotebookClient(new_notebook(cells=[cell]), resources={"metadata": {"path": tmp_path}}).execute()
    assert "1.1 weights_by_hand" in by_make.stdout
    assert "1.1 weights_by_hand" in cell.outputs[0].text
