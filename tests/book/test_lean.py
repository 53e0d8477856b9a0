"""What is taken out of a built book and what is not, and the sizes of its pictures: on a site of a few files."""

import base64
import io
import re
from types import SimpleNamespace

import pytest
from image_sizes import add_sizes
from lean import make_lean, needed, parse
from PIL import Image

SITE = {
    "index.html": """<link href="_static/styles/theme.css"><script src="_static/theme.js"></script>
<link href="_static/own.css"><i class="fa-solid fab icon" id="place"></i> <img src="_images/one-dot.png">""",
    "sub/page.html": '<p class="deep">',
    "search.html": '<script src="searchindex.js">',
    "searchindex.js": 'load("found.svg")',
    "_static/styles/theme.css": """.icon{a:b} .fabulous{a:b} .by-script{a:b}
.fa-solid{a:b} .fab{a:b} .svg-inline--fa{a:b}""",
    "_static/own.css": """#place{a:b} .deep{a:b} .fa-solid{a:b} .unseen{a:b} .by-other{a:b}
p{background:url(mark.svg)} @font-face{font-family:Own;src:url(fonts/own-4.woff2) format("woff2")}""",
    "_static/mark.svg": "",  # the style sheet alone names it
    "_static/fonts/own-4.woff2": "font",
    "_static/fonts/OFL.txt": "licence",
    "_static/unnamed/deep/OFL.txt.gz": "",
    "_static/theme.js": 'add("by-script", "svg-inline--fa", "fabulous");\n//# sourceMappingURL=theme.js.map\n',
    "_static/theme.js.map": "{}",
    "_static/other.js": 'add("by-other")',
    "_static/found.svg": "",
    "_images/one-dot.png": "",
    "_images/dot.png": "",
    "_sources/page.ipynb": "{}",
}


def site(folder, builder="html", error=None):
    """The files that are left of these, each with its text."""
    for name, text in SITE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    make_lean(SimpleNamespace(builder=SimpleNamespace(name=builder), outdir=folder), error)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def rules(css):
    return re.findall(r"(\S+)\{a:b\}", css)


def test_what_no_page_needs_is_taken_out(tmp_path):
    left = site(tmp_path)
    gone = {"_static/theme.js.map", "_static/other.js", "_images/dot.png", "_static/fonts/own-4.woff2"}
    assert set(left) == set(SITE) - gone - {"_static/unnamed/deep/OFL.txt.gz"}
    assert not (tmp_path / "_static" / "unnamed").exists()
    assert rules(left["_static/own.css"]) == ["#place", ".deep", ".fa-solid"]
    assert rules(left["_static/styles/theme.css"]) == [
        ".icon",
        ".fabulous",
        ".by-script",
    ]  # icons are drawn by book.css
    assert left["_static/theme.js"] == 'add("by-script", "svg-inline--fa", "fabulous");'
    font = base64.b64encode(b"font").decode()
    assert f'src:url(data:font/woff2;base64,{font}) format("woff2")' in left["_static/own.css"]
    for name in ("index.html", "sub/page.html", "searchindex.js", "_sources/page.ipynb"):
        assert left[name] == SITE[name]


@pytest.mark.parametrize(("builder", "error"), [("latex", None), ("html", ValueError("no"))])
def test_what_is_no_finished_site_stays(tmp_path, builder, error):
    assert site(tmp_path, builder, error) == SITE


WORDS = {"seen", "place"}


@pytest.mark.parametrize(
    ("css", "left"),
    [
        (".seen{color:red}", ".seen{color:red}"),
        (".unseen{color:red}", ""),
        ("#place p{color:red} #elsewhere{color:red}", "#place p{color:red}"),
        ("p, .unseen, .seen > a:hover{color:red}", "p,.seen > a:hover{color:red}"),
        (".seen .unseen{color:red}", ""),
        (".seen#elsewhere{color:red}", ""),
        (".seen:not(.unseen){color:red}", ".seen:not(.unseen){color:red}"),
        (":is(.unseen, .seen){color:red}", ":is(.unseen, .seen){color:red}"),
        ("[class*=unseen]{color:#abc}", "[class*=unseen]{color:#abc}"),
        ("@media print{.unseen{color:red} .seen{color:red}}", "@media print{.seen{color:red}}"),
        ("@MEDIA print{.unseen{color:red}}", ""),
        ("@supports (a: b){.unseen{color:red} p{color:red}}", "@supports (a: b){p{color:red}}"),
        ("@media print{@supports (a: b){.unseen{color:red}}}", ""),
        ("@keyframes unseen{0%{color:red}}", "@keyframes unseen{0%{color:red}}"),
        ('@font-face{font-family:"Font Awesome 6 Free"}', ""),
        ("@font-face{font-family:FontAwesome}", ""),
        ("@font-face{font-family:Own}", "@font-face{font-family:Own}"),
        ("/* .seen */", ""),
    ],
)
def test_a_rule_stays_that_can_apply(css, left):
    assert "".join(needed(parse(css), WORDS)) == left


def sized(folder, body):
    """The body of a page with pictures of 3 × 2 and 5 × 4 pixels."""
    (folder / "pictures").mkdir()
    for name, size in (("wide.png", (3, 2)), ("tall.png", (4, 5))):
        file = io.BytesIO()
        Image.new("L", size).save(file, "PNG")
        (folder / "pictures" / name).write_bytes(file.getvalue())
    images = {"pictures/wide.png": "wide.png", "pictures/tall.png": "tall1.png"}  # where it is: its name in the book
    context = {"body": body}
    add_sizes(
        SimpleNamespace(srcdir=folder, builder=SimpleNamespace(images=images)), "page", "page.html", context, None
    )
    return context["body"]


@pytest.mark.parametrize(
    ("body", "with_sizes"),
    [
        ('<img src="_images/wide.png">', '<img width="3" height="2" src="_images/wide.png">'),
        (
            '<img alt="A" src="../../_images/wide.png"/>',
            '<img width="3" height="2" alt="A" src="../../_images/wide.png"/>',
        ),
        ('<img src="../_images/tall1.png">', '<img width="4" height="5" src="../_images/tall1.png">'),
        (
            '<img src="_images/wide.png"><img src="_images/tall1.png">',
            '<img width="3" height="2" src="_images/wide.png"><img width="4" height="5" src="_images/tall1.png">',
        ),
        ('<img width="9" src="_images/wide.png">', '<img width="9" src="_images/wide.png">'),
        ('<img src="_images/wide.png" width="9">', '<img src="_images/wide.png" width="9">'),
        ('<img src="_static/wide.png">', '<img src="_static/wide.png">'),
    ],
)
def test_every_picture_says_its_size(tmp_path, body, with_sizes):
    assert sized(tmp_path, body) == with_sizes


def test_a_page_without_a_body_stays(tmp_path):
    context = {"title": "Search"}
    app = SimpleNamespace(srcdir=tmp_path, builder=SimpleNamespace(images={}))
    add_sizes(app, "search", "search.html", context, None)
    assert context == {"title": "Search"}
