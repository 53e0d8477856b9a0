"""The built book, served from a folder and from a local address, and one browser for all tests."""

import shutil
import threading
from collections import defaultdict
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, sync_playwright

SITE = Path(__file__).parents[2] / "_build" / "html"
PATIENCE = 120_000  # milliseconds for a page to load, on a machine that is busy with something else
NO_BROWSER = "No browser was found: `apt install chromium`, or `.venv/bin/playwright install chromium`."


# What is wrong with a page as it stands in the browser, as {kind: [what]}.
MEASURE = """() => {
    const article = [...document.querySelectorAll("article *:not(math *)")].filter(e => e.checkVisibility());
    const start = e => e.outerHTML.slice(0, 200);
    const wide = article.filter(e => e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1)
        .map(e => [e, getComputedStyle(e).overflowX]);
    const number = image => image.closest("figure")?.querySelector("figcaption .caption-number");
    return {
        sideways: document.documentElement.scrollWidth > innerWidth ? ["the page scrolls sideways"] : [],
        cut: wide.filter(([e, x]) => x === "hidden" || x === "clip").map(([e]) => start(e)),
        unreachable: wide.filter(([e, x]) => ["auto", "scroll"].includes(x) && e.tabIndex < 0).map(([e]) => start(e)),
        unset: [...document.querySelectorAll("merror, .math:not(:has(> math))")].map(start),
        pictures: article.filter(e => e.matches("img") && !(e.alt.trim() && number(e))).map(start),
    };
}"""

# Leave the thousands of words of code to axe-core once for each kind of word: a block of code that has only kinds
# which stood before it gets a mark.  The letters of a formula have the colour of its paragraph.
MARK_SEEN = """() => {
    const seen = new Set();
    for (const block of document.querySelectorAll("pre")) {
        const kinds = [...block.querySelectorAll("span")].map(e => e.className);
        if (kinds.every(kind => seen.has(kind))) block.dataset.seen = "";
        kinds.forEach(kind => seen.add(kind));
    }
}"""


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

    def visit_all(self, tab):
        """Open every page, and yield it with what it asks other hosts for and what it logs, so far."""
        seen = []
        tab.on("request", lambda request: seen.append(f"asks for {request.url}"))
        tab.on("console", lambda message: seen.append(f"logs: {message.text}") if message.type == "error" else None)
        tab.on("pageerror", lambda error: seen.append(f"raises: {error}"))
        own = (f"asks for {self.base}", "asks for data:")
        for page in self.pages:
            seen.clear()
            self.open(tab, page)
            tab.wait_for_load_state("networkidle")
            yield page, [what for what in seen if not what.startswith(own)]


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


@pytest.fixture(scope="session")
def book(address):
    """The book as a site."""
    return Book(address)


@pytest.fixture(scope="session")
def folder(site):
    """The book as a folder of files."""
    return Book(f"{site.as_uri()}/")


@pytest.fixture(params=["book", "folder"])
def everywhere(request):
    """Both: a test that uses it runs on either."""
    return request.getfixturevalue(request.param)


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


@pytest.fixture(scope="session")
def faults(book, browser):
    """Every page, opened once at either width: {kind of fault: [page, width and what]}."""
    found = defaultdict(list)
    for width in (1280, 390):
        tab = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        tab.set_default_timeout(PATIENCE)
        for page, said in book.visit_all(tab):
            here = {"said": said, **tab.evaluate(MEASURE)}
            tab.evaluate(MARK_SEEN)
            for theme in ("light", "dark"):
                tab.emulate_media(color_scheme=theme)
                tab.wait_for_selector(f"html[data-theme={theme}]")
                report = Axe().run(tab, context={"exclude": [["math"], ["pre[data-seen]"]]})
                here[f"axe {theme}"] = [report.generate_report()] if report.violations_count else []
            for kind, faults in here.items():
                found[kind] += [f"{page} at {width} px: {fault}" for fault in faults]
        tab.close()
    return found


@pytest.fixture
def new_tab(browser):
    """Open an empty tab of a given width, as a reader who has never been here."""
    contexts = []

    def new(width=1280, **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **options))
        contexts[-1].set_default_timeout(PATIENCE)
        return contexts[-1].new_page()

    yield new
    for context in contexts:
        context.close()
