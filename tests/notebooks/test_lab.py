"""`make lab` in a real JupyterLab: copies that nothing overwrites, links that lead somewhere, progress on the spot."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

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


@pytest.fixture
def repository(tmp_path):
    """The commands, the exercises and the chapters of this repository, in a folder of its own."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / ".venv").symlink_to(ROOT / ".venv")
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("exercises", "chapters", "tools"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def make(folder, *arguments):
    """The command that runs `make`, all being installed."""
    return ["make", "--directory", str(folder), "--assume-old", ".venv/all", *arguments]


@pytest.fixture
def lab(repository):
    """The address, with its token, of a server that `make lab` has started."""
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
        yield f"{about['url']}?token={about['token']}", opened[0].read_text()
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


def test_the_lab_opens_the_copies_and_their_links_lead_to_the_chapters(lab, repository):
    address, page_that_opens_it = lab
    assert "/lab/tree/work?token=" in page_that_opens_it
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    installed = next((path for path in map(shutil.which, names) if path), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.set_default_timeout(PATIENCE * 1000)
        tab.goto(address)
        tab.wait_for_url("**/lab/tree/work**")
        listed = tab.locator(".jp-DirListing-itemText")
        listed.filter(has_text="01_softmax.ipynb").dblclick()
        tab.locator('.jp-RenderedMarkdown a:text-is("chapter 1")').first.click()
        chapter = '.lm-TabBar-tab[title*="Path: chapters/01_softmax.ipynb"]'
        tab.locator(f"{chapter}.jp-mod-dirty").wait_for()  # JupyterLab has written the version of Python into it
        tab.locator('.jp-NotebookPanel:visible [data-command="docmanager:save"]').click()
        tab.locator(f"{chapter}:not(.jp-mod-dirty)").wait_for()
        browser.close()
    assert (repository / "work" / "01_softmax.ipynb").exists()
    for path in (repository / "chapters").glob("*.ipynb"):
        assert path.read_text() == (ROOT / "chapters" / path.name).read_text()


def test_progress_is_shown_by_make_and_in_a_notebook(tmp_path):
    command, variables = make(ROOT, "progress"), environment(tmp_path)
    by_make = subprocess.run(command, check=True, capture_output=True, text=True, env=variables)
    cell = new_code_cell("%run -m attention progress")
    NotebookClient(new_notebook(cells=[cell]), resources={"metadata": {"path": tmp_path}}).execute()
    assert "1.1 weights_by_hand" in by_make.stdout
    assert "1.1 weights_by_hand" in cell.outputs[0].text
