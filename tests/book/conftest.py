"""The built book, served from a folder and from a local address, and one browser for all tests."""

import shutil
import threading
from collections import defaultdict
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, sync_playwright

SITE = Path(__file__).parents[2] / "_build" / "html"
PATIENCE = 120_000  # milliseconds for a page to load, on a machine that is busy with something else
NO_BROWSER = "No browser was found: `apt install chromium`, or `.venv/bin/playwright install chromium`."


HERE = Path(__file__).parent
MEASURE = (HERE / "measure.js").read_text(encoding="utf-8")
UNSEEN_FOCUS = (HERE / "unseen_focus.js").read_text(encoding="utf-8")
COUNT_SHIFTS = """
    window.shift = 0;
    const add = list => list.getEntries().forEach(entry => window.shift += entry.value);
    new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
"""

# axe-core takes its time for each word of code and each letter of a formula.  A block of code is left to it that has a
# kind of word which none before had; the letters of a formula have the colour of their paragraph.
EMPTY_SEEN = """() => {
    const seen = new Set();
    for (const block of document.querySelectorAll("pre")) {
        const kinds = [...block.querySelectorAll("span")].map(e => e.className);
        if (kinds.every(kind => seen.has(kind))) block.replaceChildren();
        kinds.forEach(kind => seen.add(kind));
    }
    document.querySelectorAll("math").forEach(e => e.replaceChildren());
}"""
ALL_RULES = {"resultTypes": ["violations"]}
COLOURS = ALL_RULES | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


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
        """Open every page as if for the first time, and yield it with what the browser did: a `Visit`."""
        network = tab.context.new_cdp_session(tab)
        network.send("Network.enable")
        network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        visit, addresses = Visit(), {}
        network.on("Network.responseReceived", lambda e: addresses.update({e["requestId"]: e["response"]["url"]}))
        network.on("Network.loadingFinished", lambda e: visit.got(addresses[e["requestId"]], e["encodedDataLength"]))
        tab.on("request", lambda request: visit.asks(request.url, self.base))
        tab.on("console", lambda message: message.type == "error" and visit.said.append(f"logs: {message.text}"))
        tab.on("pageerror", lambda error: visit.said.append(f"raises: {error}"))
        for page in self.pages:
            visit.forget()
            self.open(tab, page)
            tab.wait_for_load_state("networkidle")
            yield page, visit


class Visit:
    """What a page asks for and says while it is opened."""

    def forget(self):
        self.said, self.files, self.weight = [], set(), 0

    __init__ = forget

    def asks(self, address, base):
        if address.startswith(base):
            self.files.add(urlsplit(address.removeprefix(base)).path)
        elif not address.startswith("data:"):
            self.said.append(f"asks for {address}")

    def got(self, address, size):
        self.weight += 0 if address.startswith("data:") else size


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
def browser():
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
def visits(book, browser):
    """Every page, opened once at either width: what is wrong, what it weighs, how far it moves, what it loads."""
    seen = SimpleNamespace(faults=defaultdict(list), weights={}, shifts={}, loaded=set())
    for width in (1280, 390):
        tab = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        tab.set_default_timeout(PATIENCE)
        tab.add_init_script(COUNT_SHIFTS)
        for page, visit in book.visit_all(tab):
            seen.weights[page] = visit.weight
            seen.shifts[page, width] = tab.evaluate("window.shift")
            seen.loaded |= visit.files
            here = {"said": visit.said, **tab.evaluate(MEASURE)}
            tab.keyboard.press("Tab")
            here["focus"] = tab.evaluate(UNSEEN_FOCUS)
            tab.evaluate(EMPTY_SEEN)
            for theme, rules in (("light", ALL_RULES), ("dark", COLOURS)):  # the themes differ in colours alone
                tab.emulate_media(color_scheme=theme)
                tab.wait_for_selector(f"html[data-theme={theme}]")
                report = Axe().run(tab, options=rules)
                here[f"axe {theme}"] = [report.generate_report()] if report.violations_count else []
            for kind, faults in here.items():
                seen.faults[kind] += [f"{page} at {width} px: {fault}" for fault in faults]
        tab.close()
    return seen


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
