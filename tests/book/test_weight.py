"""What a page costs a reader who opens it for the first time, and what the site holds."""

import re

from lean import remove_unnamed

FIRST_PAGE = "book/index.html"
DOWNLOADED = "_sources/"  # by a link, not by the page
NOT_FOR_PAGES = {".buildinfo", "objects.inv", "_static/fonts/OFL.txt"}  # for Sphinx, for other books, a licence


def test_a_page_is_light(visits):
    heavy = {page: size for page, size in visits.weights.items() if size > (6e5 if page == FIRST_PAGE else 1.8e6)}
    assert FIRST_PAGE in visits.weights
    assert not heavy
    assert min(visits.weights.values()) > 1e5, "a page without its style sheets was weighed"


def test_nothing_moves_while_a_page_is_loaded(visits):
    assert {place: shift for place, shift in visits.shifts.items() if shift >= 0.05} == {}


def test_the_site_holds_what_its_pages_load(visits, site):
    stored = {path.relative_to(site).as_posix(): path.stat().st_size for path in site.rglob("*") if path.is_file()}
    pages = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.html"))
    unused = {
        name: size
        for name, size in stored.items()
        if name not in visits.loaded | NOT_FOR_PAGES and not (name.startswith(DOWNLOADED) and name in pages)
    }
    assert sum(unused.values()) < 1e4, unused
    assert visits.loaded <= {*stored, "index.html"}


def test_a_file_goes_that_nothing_names(tmp_path):
    files = {
        "index.html": '<link href="_static/a.css"><script src="_static/sub/a.js"></script><img src="_images/a.png">',
        "_static/a.css": "p { background: url(b.svg) }",
        "_static/b.svg": "",
        "_static/c.svg": "",
        "_static/xa.css": "p { background: url(c.svg) }",
        "_static/sub/a.js": 'load("d.json")',
        "_static/d.json": "",
        "_static/gone/e.js": "",
        "_images/a.png": "",
        "_images/old.png": "",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    remove_unnamed(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert {name for name in left if re.search(r"\.\w+$", name)} == {
        "index.html",
        "_static/a.css",
        "_static/b.svg",
        "_static/sub/a.js",
        "_static/d.json",
        "_images/a.png",
    }
    assert "_static/gone" not in left
