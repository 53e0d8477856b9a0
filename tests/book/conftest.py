"""The built book, served from a folder and from a local address, and one browser for all tests."""

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Error, sync_playwright

SITE = Path(__file__).parents[2] / "_build" / "html"
NO_BROWSER = "No browser was found: `apt install chromium`, or `.venv/bin/playwright install chromium`."


class Book:
    """The site at one address: its pages, and what a visit to one of them shows."""

    def __init__(self, base):
        self.base = base
        self.pages = sorted(p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html") if "_static" not in p.parts)
        self.pages.remove("index.html")  # leads to book/index.html and shows nothing itself

    def pages_with(self, text):
        """Pages whose HTML contains a text; a book without one would make the test say nothing."""
        found = [page for page in self.pages if text in (SITE / page).read_text(encoding="utf-8")]
        assert found, f"no page of the book contains {text!r}"
        return found

    def open(self, tab, page):
        tab.goto(self.base + page)
        if tab.evaluate("Boolean(window.MathJax)"):
            tab.evaluate("MathJax.startup.promise")


@pytest.fixture(scope="session")
def site():
    if not (SITE / "index.html").exists():
        pytest.fail("The book is not built: run `make book` first.", pytrace=False)
    return SITE


@pytest.fixture(scope="session")
def address(site):
    """The site over http, on this machine."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(params=["http", "file"])
def everywhere(request, site):
    """The book as a site and as a folder: a test that uses it runs on both."""
    return Book(request.getfixturevalue("address") if request.param == "http" else f"{site.as_uri()}/")


@pytest.fixture
def book(address):
    return Book(address)


@pytest.fixture(scope="session")
def browser(site):
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    installed = next((path for path in map(shutil.which, names) if path), None)
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(
                executable_path=installed, args=["--no-sandbox", "--disable-background-networking"]
            )
        except Error:
            pytest.fail(NO_BROWSER, pytrace=False)
        yield chromium
        chromium.close()


@pytest.fixture
def new_tab(browser):
    """Open an empty tab of a given width and theme, as a reader who has never been here."""
    contexts = []

    def new(width=1280, theme="light", **options):
        contexts.append(
            browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce", **options
            )
        )
        return contexts[-1].new_page()

    yield new
    for context in contexts:
        context.close()
