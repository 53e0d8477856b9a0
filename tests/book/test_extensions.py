"""The book's own Sphinx extensions, each on a book of two small pages."""

import html
import json
import re
import sys
from io import StringIO
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebooks import KERNEL
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

EXTENSIONS = Path(__file__).parents[2] / "book" / "extensions"
OURS = ["framework_tabs", "numbering", "formulas", "cited_works", "number_links", "glossary_links", "section_search"]
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
    new_markdown_cell(
        "# Softmax\n\n[Bahdanau et al. (2015)](https://arxiv.org/abs/1409.0473), [a site](https://x.org)."
    ),
    *tabs(*ALL),
    new_markdown_cell("Between two sets."),
    *tabs("pytorch", "numpy", "tensorflow", "tensorflow"),
    new_code_cell("run('all')"),
    *tabs(*ALL, *ALL),
]
CHAPTER_3 = [
    new_markdown_cell("# Scores\n\nSee {numref}`dot-b`. Let *j*, $q$, $k$; then ($s$)."),
    figure("dot-a"),
    figure("dot-b"),
    new_markdown_cell("$$ a = \\begin{cases} 1 \\\\ 2 \\end{cases} \\tag{3.1} $$\n\n$$ b = 1 \\\\ c = 2 $$"),
    new_markdown_cell("- [Bahdanau et al. (2015)](https://arxiv.org/abs/1409.0473), *Neural machine translation*."),
    new_markdown_cell("## By (3.1)\n\n(3.1)–(3.2), `(3.1)`, $(3.1)$, [a link (3.1)](https://x.org), (0.05), (3)."),
    new_code_cell("f(3.1)  # checks (3.1)"),
    new_markdown_cell("$$ d = 4 \\tag{3.2} $$\n\nFigure\n3.2 and *Figure 3.1*; Figures 3.1, 3.2 and E3.1; Figure 7."),
]

EXERCISES_3 = [
    new_markdown_cell("# Exercises\n\n<details><summary>Hint (3.1)</summary>\n\nBy\n(3.2), (3.2).\n\n</details>"),
    figure("dot-e"),
    new_markdown_cell("## The bilinear score\n\nAre dromedaries camels?\n\n### A detail\n\nTwo humps."),
    new_markdown_cell("$$ e \\tag{3.1} $$\n\nOf the two that are called (3.1) this page means its own."),
]


def build(folder, **pages):
    """Build a book of these pages; return its HTML, page by page, and the warnings."""
    links = "\n".join(name.replace("__", "/") for name in pages)
    (folder / "index.md").write_text(f"# Book\n\n```{{toctree}}\n{links}\n```\n\n```{{cited-works}}\n```\n")
    for name, cells in pages.items():
        path = folder / f"{name.replace('__', '/')}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=cells, metadata=KERNEL), path)
    return sphinx(folder)


def sphinx(folder):
    """Build the book of a folder, or what has changed in it."""
    warnings = StringIO()
    settings = {
        "extensions": ["myst_nb", *OURS],
        "exclude_patterns": ["jupyter_execute"],
        "nb_execution_mode": "off",
        "numfig": True,
        "myst_enable_extensions": ["dollarmath"],
    }
    sys.path.insert(0, str(EXTENSIONS))
    with docutils_namespace():
        folders = folder, None, folder / "html", folder / "doctrees"
        Sphinx(*folders, "html", confoverrides=settings, status=None, warning=warnings).build()
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


def test_punctuation_stays_with_its_formula(book):
    together = re.findall(r'<span class="together">(.*?)</span>(.)</span>', book[0]["chapters/03_scores.html"])
    assert [mark for _, mark in together] == [",", ";", ")", ","]
    assert '<em>j</em>, <span class="together">' in book[0]["chapters/03_scores.html"]


def test_cited_works_are_listed_once_with_the_best_entry(book):
    listed = text(re.search(r"<ul class=\"simple\">\s*<li><p><a.*?</ul>", book[0]["index.html"], re.DOTALL)[0])
    assert listed == "Bahdanau et al. (2015) , Neural machine translation . Cited in 1 · Softmax , 3 · Scores ."


def links(page, kind):
    """``[(text, address)]`` of a page's links of one kind."""
    found = re.findall(rf'<a class="{kind} reference internal" href="(.*?)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return [(text(words), address) for address, words in found]


def test_numbers_lead_to_their_equations_and_figures(book):
    assert links(book[0]["chapters/03_scores.html"], "number") == [
        ("(3.1)", "#equation-3-1"),
        ("(3.2)", "#equation-3-2"),
        ("Figure 3.2", "#dot-b"),
        ("Figure 3.1", "#dot-a"),
        ("3.1", "#dot-a"),
        ("3.2", "#dot-b"),
        ("E3.1", "../exercises/03_scores.html#dot-e"),
    ]
    by_chapter = ("(3.2)", "../chapters/03_scores.html#equation-3-2")
    assert links(book[0]["exercises/03_scores.html"], "number") == [by_chapter, by_chapter, ("(3.1)", "#equation-3-1")]
    for anchor in ("equation-3-1", "equation-3-2", "dot-a", "dot-b"):
        assert book[0]["chapters/03_scores.html"].count(f'id="{anchor}"') == 1


@pytest.mark.parametrize("mention", ["equation (3.3)", "Figure 3.2", "Figure E3.1"])
def test_a_number_that_nothing_carries_is_a_warning(tmp_path, mention):
    cells = [new_markdown_cell(f"# Scores\n\n$$ a \\tag{{3.1}} $$\n\nBy {mention} and (3.1)."), figure("dot")]
    _, warnings = build(tmp_path, chapters__03_scores=cells)
    assert re.findall("there is no ([\\w .()]*)", warnings) == [mention]


def test_a_page_is_written_again_when_a_number_moves(tmp_path):
    old, new = ([new_markdown_cell(f"# Scores\n\n$$ a \\tag{{1.{count}}} $$")] for count in (1, 2))
    reader = [new_markdown_cell("# Reader\n\n(1.1)")]
    assert "there is no" not in build(tmp_path, chapters__01_scores=old, chapters__03_reader=reader)[1]
    nbformat.write(new_notebook(cells=new, metadata=KERNEL), tmp_path / "chapters" / "01_scores.ipynb")
    assert "there is no equation (1.1)" in sphinx(tmp_path)[1]


GLOSSARY = """# Glossary

```{glossary}
score
  How well a key answers a query. A score is a number.

score function
  What gives scores.

saturation
saturated
  Nearly one.

query
  What asks.

BLEU
  A figure.

key
  What is asked.
```
"""
TERMS_1 = [
    new_markdown_cell("# Of queries and scores\n\nA query is promised.\n\n## The score\n\nScores; a score."),
    new_markdown_cell(
        "**Query!** A lead. The **query** asks. Queries. A *score\nfunction*. `key` $key$ [key](https://x.org)"
    ),
    new_markdown_cell("A bleu key-value. It is saturated: saturation."),
    new_code_cell("key"),
]
TERMS_3 = [
    new_markdown_cell("# More\n\n- [A (2015)](https://x.org), *A score*.\n\nThe queries, the **keys**, BLEUs."),
    new_markdown_cell("A log-score. By saturation, *is* **saturated**."),
    figure("key"),
]
TERMS_3[-1]["metadata"]["mystnb"]["figure"]["caption"] = "A score."


@pytest.fixture(scope="module")
def terms(tmp_path_factory):
    pages = {"chapters__01_one": TERMS_1, "chapters__03_three": TERMS_3, "exercises__01_one": TERMS_1}
    pages["book__glossary"] = [new_markdown_cell(GLOSSARY)]
    return build(tmp_path_factory.mktemp("book"), **pages)


def test_the_first_use_of_a_term_in_a_chapter_leads_to_the_glossary(terms):
    pages, warnings = terms
    assert warnings == ""
    assert links(pages["chapters/01_one.html"], "term") == [
        ("Scores", "../book/glossary.html#term-score"),
        ("query", "../book/glossary.html#term-query"),  # where it is set in bold, and not before
        ("score function", "../book/glossary.html#term-score-function"),
        ("saturated", "../book/glossary.html#term-saturation"),
    ]
    assert '<strong><a class="term' in pages["chapters/01_one.html"]
    later = links(pages["chapters/03_three.html"], "term")
    assert [words for words, _ in later] == ["queries", "keys", "BLEUs", "saturated"]
    assert links(pages["exercises/01_one.html"], "term") == []


def test_an_entry_leads_to_the_chapter_that_introduces_it_and_to_other_entries(terms):
    pages, _ = terms
    assert links(pages["book/glossary.html"], "chapter") == [
        ("Chapter 1", "../chapters/01_one.html#use-score"),
        ("Chapter 1", "../chapters/01_one.html#use-score-function"),
        ("Chapter 3", "../chapters/03_three.html#use-saturation"),  # chapter 1 uses it and does not say what it is
        ("Chapter 1", "../chapters/01_one.html#use-query"),
        ("Chapter 3", "../chapters/03_three.html#use-BLEU"),
        ("Chapter 3", "../chapters/03_three.html#use-key"),
    ]
    assert links(pages["book/glossary.html"], "term") == [
        ("key", "#term-key"),
        ("query", "#term-query"),
        ("scores", "#term-score"),
    ]
    for page, anchor in re.findall(r'href="../(chapters/.*?)#(use-.*?)"', pages["book/glossary.html"]):
        assert pages[page].count(f'id="{anchor}"') == 1


def test_a_term_that_no_chapter_uses_is_a_warning(tmp_path):
    pages = {"book__glossary": [new_markdown_cell(GLOSSARY)], "chapters__03_three": TERMS_3}
    unused = re.findall("no chapter uses the term “(.*?)”", build(tmp_path, **pages)[1])
    assert unused == ["score", "score function"]


def test_bold_that_is_neither_a_lead_nor_a_term_is_a_warning(tmp_path):
    prose = "# One\n\n**A lead.** The **query** and the **unheard of**.\n\n- **Item** one\n\n1. **Step** two: **again**"
    pages = {"book__glossary": [new_markdown_cell(GLOSSARY)], "chapters__01_one": [new_markdown_cell(prose)]}
    pages["exercises__01_one"] = pages["chapters__01_one"]
    assert re.findall("“(.*?)” is set in bold", build(tmp_path, **pages)[1]) == ["unheard of", "again"]


def test_the_search_knows_each_section_and_its_words(book, tmp_path):
    build(tmp_path, exercises__03_scores=EXERCISES_3, book__glossary=[new_markdown_cell(GLOSSARY)])
    index = json.loads((tmp_path / "html" / "searchindex.js").read_text().removeprefix("Search.setIndex(")[:-1])
    titles = dict(zip(index["docnames"], index["titles"], strict=True))
    assert titles["exercises/03_scores#exercises"] == "Exercises"
    assert titles["exercises/03_scores#the-bilinear-score"] == "Exercises › The bilinear score"
    assert index["docnames"][index["terms"]["dromedari"]] == "exercises/03_scores#the-bilinear-score"
    assert index["docnames"][index["terms"]["hump"]] == "exercises/03_scores#a-detail"
    assert titles["book/glossary#term-BLEU"] == "Glossary › BLEU"
    assert index["docnames"][index["terms"]["figur"]] == "book/glossary#term-BLEU"
