"""The book's own Sphinx extensions, each on a book of two small pages."""

import html
import re
import sys
from io import StringIO
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebooks import KERNEL
from sphinx.application import Sphinx

EXTENSIONS = Path(__file__).parents[2] / "book" / "extensions"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def tabs(*names):
    """Neighbouring cells tagged with frameworks; each prints a line of its own."""
    printed = {name: [new_output("stream", text=f"out of {name}")] for name in names}
    return [new_code_cell(f"run('{name}')", outputs=printed[name], metadata={"tags": [name]}) for name in names]


def figure(name):
    metadata = {"mystnb": {"figure": {"caption": "A dot.", "name": name}, "image": {"alt": "One black dot."}}}
    return new_code_cell("draw()", outputs=[new_output("display_data", {"image/png": PIXEL})], metadata=metadata)


ALL = ("numpy", "tensorflow", "pytorch")
CHAPTER_1 = [
    new_markdown_cell("# Softmax\n\n[Bahdanau et al. (2015)](https://arxiv.org/abs/1409.0473), [a site](https://x.org)."),
    *tabs(*ALL),
    new_markdown_cell("Between two sets."),
    *tabs("pytorch", "numpy", "tensorflow", "tensorflow"),
    new_code_cell("run('all')"),
    *tabs(*ALL, *ALL),
]
CHAPTER_3 = [
    new_markdown_cell("# Scores\n\nSee {numref}`dot-b`. Let $q$, $k$; then ($s$)."),
    figure("dot-a"),
    figure("dot-b"),
    new_markdown_cell("$$ a = \\begin{cases} 1 \\\\ 2 \\end{cases} \\tag{3.1} $$\n\n$$ b = 1 \\\\ c = 2 $$"),
    new_markdown_cell("- [Bahdanau et al. (2015)](https://arxiv.org/abs/1409.0473), *Neural machine translation*."),
]

EXERCISES_3 = [new_markdown_cell("# Exercises"), figure("dot-e")]


def build(folder, **pages):
    """Build a book of these pages; return its HTML, page by page, and the warnings."""
    links = "\n".join(name.replace("__", "/") for name in pages)
    (folder / "index.md").write_text(f"# Book\n\n```{{toctree}}\n{links}\n```\n\n```{{cited-works}}\n```\n")
    for name, cells in pages.items():
        path = folder / f"{name.replace('__', '/')}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=cells, metadata=KERNEL), path)
    warnings = StringIO()
    sys.path.insert(0, str(EXTENSIONS))
    Sphinx(
        folder,
        None,
        folder / "html",
        folder / "doctrees",
        "html",
        status=None,
        warning=warnings,
        confoverrides={
            "extensions": ["myst_nb", "framework_tabs", "numbering", "formulas", "cited_works", "sphinx.ext.mathjax"],
            "nb_execution_mode": "off",
            "numfig": True,
            "myst_enable_extensions": ["dollarmath"],
        },
    ).build()
    sys.path.remove(str(EXTENSIONS))
    written = {p.relative_to(folder / "html").as_posix(): p.read_text() for p in (folder / "html").rglob("*.html")}
    return written, warnings.getvalue()


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    pages = {"chapters__01_softmax": CHAPTER_1, "chapters__03_scores": CHAPTER_3, "exercises__03_scores": EXERCISES_3}
    return build(tmp_path_factory.mktemp("book"), **pages)


def text(fragment):
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", fragment)).split())


def tab_sets(page):
    opening = '<div class="sd-tab-set framework-tabs'
    return [opening + rest for rest in page.split(opening)[1:]]


def test_a_complete_book_has_no_warnings(book):
    assert book[1] == ""


def test_neighbouring_cells_become_tabs_in_the_order_of_the_book(book):
    sets = tab_sets(book[0]["chapters/01_softmax.html"])
    assert len(sets) == 4  # the last six cells are two sets
    for tabs_html in sets:
        assert re.findall(r'data-sync-id="(\w+)"', tabs_html) == list(ALL)
        assert set(re.findall(r'data-sync-group="(\w+)"', tabs_html)) == {"framework"}
        labels = re.findall(r"<label.*?</label>", tabs_html, re.DOTALL)
        assert [text(label) for label in labels] == ["NumPy", "TensorFlow", "PyTorch"]
        assert tabs_html.count('checked="checked"') == 1


def test_code_and_output_of_a_framework_are_in_its_tab(book):
    second = tab_sets(book[0]["chapters/01_softmax.html"])[1]
    contents = re.split(r'class="sd-tab-content', second)[1:]
    for name, times, content in zip(ALL, (1, 2, 1), contents, strict=True):
        assert text(content).count(f"out of {name}") == times
        assert text(content).count(f"'{name}'") == times


def test_prose_stays_where_it_was(book):
    page = text(book[0]["chapters/01_softmax.html"])
    assert page.index("out of pytorch") < page.index("Between two sets.") < page.index("'all'")


@pytest.mark.parametrize("missing", ALL)
def test_a_missing_framework_is_a_warning(tmp_path, missing):
    cells = [new_markdown_cell("# Softmax"), *tabs(*(name for name in ALL if name != missing))]
    _, warnings = build(tmp_path, chapters__01_softmax=cells)
    assert f"no cell tagged '{missing}'" in warnings


def test_chapters_and_figures_are_numbered_by_the_notebook(book):
    page = book[0]["chapters/03_scores.html"]
    assert text(re.search(r"<h1>.*?</h1>", page, re.DOTALL)[0]).startswith("3 · Scores")
    assert [text(number) for number in re.findall(r'caption-number">(.*?)</span>', page)] == ["Fig. 3.1", "Fig. 3.2"]
    assert "See Fig. 3.2 ." in text(page)
    assert re.findall(r'caption-number">(.*?)<', book[0]["exercises/03_scores.html"]) == ["Fig. E3.1 "]


def test_a_tagged_formula_is_left_to_mathjax(book):
    page = html.unescape(book[0]["chapters/03_scores.html"])
    assert r"\begin{equation} a = \begin{cases} 1 \\ 2 \end{cases} \tag{3.1} \end{equation}" in " ".join(page.split())
    assert r"\begin{split} b = 1 \\ c = 2 \end{split}" in " ".join(page.split())


def test_punctuation_stays_with_its_formula(book):
    together = re.findall(r'<span class="together">(.*?)</span>(.)</span>', book[0]["chapters/03_scores.html"])
    assert [mark for _, mark in together] == [",", ";", ")"]


def test_cited_works_are_listed_once_with_the_best_entry(book):
    listed = text(re.search(r"<ul class=\"simple\">\s*<li><p><a.*?</ul>", book[0]["index.html"], re.DOTALL)[0])
    assert listed == "Bahdanau et al. (2015) , Neural machine translation . Cited in 1 · Softmax , 3 · Scores ."
