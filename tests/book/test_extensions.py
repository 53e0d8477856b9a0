"""The book's own Sphinx extensions, each on a book of two small pages."""

import html
import json
import os
import re
import sys
from io import StringIO
from pathlib import Path

import nbformat
import pytest
from glossary_links import plural
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
        "myst_enable_extensions": ["deflist", "dollarmath"],
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


def test_what_an_extension_gathers_from_all_pages_is_not_gathered_by_several_processes(tmp_path):
    (tmp_path / "index.md").touch()
    folders = tmp_path, None, tmp_path / "html", tmp_path / "doctrees"
    with docutils_namespace():
        names = ["lean", "image_sizes", *OURS]
        app = Sphinx(*folders, "html", confoverrides={"extensions": ["myst_nb", *names]}, status=None)
        safe = {
            step: {name for name in names if getattr(app.extensions[name], f"parallel_{step}_safe")}
            for step in ("read", "write")
        }
    assert {*names} - safe["read"] == {"cited_works", "glossary_links", "number_links"}
    assert {*names} - safe["write"] == {"section_search"}


def text(fragment):
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", fragment)).split())


def tab_sets(page):
    opening = '<div class="sd-tab-set framework-tabs'
    return [opening + rest for rest in page.split(opening)[1:]]


def change(folder, page, cells):
    """Write a page anew, or remove it, and build what has changed; return what ``build`` does, and what was written."""
    before = {path: path.stat().st_mtime_ns for path in (folder / "html").rglob("*.html")}
    path = folder / f"{page}.ipynb"
    if cells:
        nbformat.write(new_notebook(cells=cells, metadata=KERNEL), path)
    else:
        path.unlink()
        index = folder / "index.md"
        index.write_text(index.read_text().replace(f"\n{page}\n", "\n"))
    os.utime(path if cells else index)
    written, warnings = sphinx(folder)
    changed = [path for path in (folder / "html").rglob("*.html") if before.get(path) != path.stat().st_mtime_ns]
    return written, warnings, {path.relative_to(folder / "html").as_posix() for path in changed}


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


def test_a_set_ends_with_text_and_not_with_what_is_not_seen(tmp_path):
    unseen = [new_markdown_cell("% a comment"), new_markdown_cell("(a-target)=")]
    numpy, tensorflow, pytorch = tabs(*ALL)
    whole = [new_markdown_cell("# One"), numpy, unseen[0], tensorflow, unseen[1], pytorch]
    parts = [new_markdown_cell("# Two"), *tabs("numpy", "tensorflow"), new_markdown_cell("Text."), *tabs("pytorch")]
    pages, warnings = build(tmp_path, chapters__01_one=whole, chapters__02_two=parts)
    (tabs_html,) = tab_sets(pages["chapters/01_one.html"])
    assert re.findall(r"<input[^>]*>", tabs_html)[0].count('checked="checked"') == 1  # the first is open
    assert "01_one" not in warnings
    said = re.findall(r"02_two\.ipynb:(\d+): WARNING: .* no cell tagged '(\w+)'", warnings)
    assert sorted(name for _, name in said) == sorted(ALL)
    assert len({line for line, _ in said}) == 2  # each set by its first cell
    assert len(tab_sets(pages["chapters/02_two.html"])) == 2


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


def test_a_figure_of_another_page_keeps_its_own_number(tmp_path):
    page = [new_markdown_cell("# Any"), figure("dot")]
    pages, _ = build(tmp_path, solutions__03_any=page, book__notation=[*page[:1], figure("other")])
    assert re.findall(r'caption-number">(.*?)<', pages["solutions/03_any.html"]) == ["Fig. S3.1 "]
    assert re.findall(r'caption-number">(.*?)<', pages["book/notation.html"]) == ["Fig. 2 "]


def test_a_formula_is_set_where_it_stands_and_only_its_page_loads_the_style(tmp_path):
    pages, warnings = build(
        tmp_path,
        chapters__01_inline=[new_markdown_cell("# One\n\nThe $x$s, $y$: all $z$.")],
        chapters__02_display=[new_markdown_cell("# Two\n\n$$ x \\tag{2.1} $$\n\n$$ y \\tag{2.<} $$")],
        chapters__03_none=[new_markdown_cell("# Three")],
        chapters__04_wrong=[new_markdown_cell("# Four\n\nA $\\fraq{1} < 2$.")],
    )
    loading = {page for page, source in pages.items() if "formulas.css" in source}
    assert loading == {"chapters/01_inline.html", "chapters/02_display.html", "chapters/04_wrong.html"}
    assert "1 · One ¶ The x s, y : all z . Project" in text(pages["chapters/01_inline.html"])
    assert re.findall(r"</span>(.)</span>", pages["chapters/01_inline.html"]) == [":", "."]
    assert "block" not in re.search("<math.*?>", pages["chapters/01_inline.html"])[0]
    assert 'display="block"' in re.search("<math.*?>", pages["chapters/02_display.html"])[0]
    for number in ("2.1", "2.&lt;"):
        assert f'</math><span class="eqno">({number})</span></div>' in pages["chapters/02_display.html"]
    assert re.findall(r"(04_wrong\.ipynb:\d+): WARNING: a formula cannot be set: \w", warnings)
    assert warnings.count("WARNING") == 1
    assert "<code>\\fraq{1} &lt; 2</code></span>" in pages["chapters/04_wrong.html"]
    for page in pages.values():
        for tag in ("div", "span", "p"):
            assert len(re.findall(f"<{tag}[ >]", page)) == page.count(f"</{tag}>")


def test_punctuation_stays_with_its_formula(book):
    together = re.findall(r'<span class="together">(.*?)</span>(.)</span>', book[0]["chapters/03_scores.html"])
    assert [mark for _, mark in together] == [",", ";", ")", ","]
    assert '<em>j</em>, <span class="together">' in book[0]["chapters/03_scores.html"]


def test_cited_works_are_listed_once_with_the_best_entry(book):
    listed = text(re.search(r"<ul class=\"simple\">\s*<li><p><a.*?</ul>", book[0]["index.html"], re.DOTALL)[0])
    assert listed == "Bahdanau et al. (2015) , Neural machine translation . Cited in 1 · Softmax , 3 · Scores ."


WORKS_1 = """# One

[Alpha (2014)](https://a.org) is named before its entry. [Delta (2012a)](https://d.org) shows it.
Not [in (2015) or so](https://e.org), nor [one (2015)](#one-2015).

## One (2015)

- [Alpha (2014)](https://a.org), *Attention*.
- See [Chi (2013)](https://c.org), who say more.
- [beta (2016)](https://b.org), *Beams*.

At last [Alpha (2014)](https://a.org) again."""
WORKS_3 = "# Three\n\n[Eta (2017)](https://eta.org).\n\n- [beta (2016)](https://b.org), *Bells*."  # as long


def listed(page):
    """The entries of a list of works, and the addresses that each leads to."""
    items = re.findall(r"<li><p>(.*?)</p>", page[page.index("<h1>Works") :], re.DOTALL)
    return [(text(item).replace(" ,", ",").replace(" .", "."), re.findall('href="(.*?)"', item)) for item in items]


def test_works_are_listed_by_name_with_the_pages_that_cite_them(tmp_path):
    pages = {
        "chapters__01_one": [new_markdown_cell(WORKS_1)],
        "chapters__03_three": [new_markdown_cell(WORKS_3)],
        "exercises__03_three": [new_markdown_cell("# E\n\n[Psi (2018)](https://p.org)")],
        "solutions__03_three": [new_markdown_cell("# S\n\n```{contents}\n```\n\n## Of [Omega (2018)](https://o.org)")],
        "book__works": [new_markdown_cell("# Works\n\n```{cited-works}\n```")],
    }
    one, three = "../chapters/01_one.html", "../chapters/03_three.html"
    alpha = ("Alpha (2014), Attention. Cited in 1 · One.", ["https://a.org", one])
    of_one = [
        ("Chi (2013) Cited in 1 · One.", ["https://c.org", one]),
        ("Delta (2012a) Cited in 1 · One.", ["https://d.org", one]),
    ]
    psi = ("Psi (2018) Cited in E.", ["https://p.org", "../exercises/03_three.html"])
    assert listed(build(tmp_path, **pages)[0]["book/works.html"]) == [
        alpha,
        ("beta (2016), Beams. Cited in 1 · One, 3 · Three.", ["https://b.org", one, three]),
        *of_one,
        ("Eta (2017) Cited in 3 · Three.", ["https://eta.org", three]),
        psi,
    ]
    beta = ("beta (2016), Beams. Cited in 1 · One.", ["https://b.org", one])
    assert listed(change(tmp_path, "chapters/03_three", None)[0]["book/works.html"]) == [alpha, beta, *of_one, psi]
    made = change(tmp_path, "chapters/01_one", [new_markdown_cell("# One")])[0]
    assert listed(made["book/works.html"]) == [psi]
    made = change(tmp_path, "exercises/03_three", [new_markdown_cell("# E")])[0]
    assert "<ul" not in re.search(r'<section[^>]*id="works">.*?</section>', made["book/works.html"], re.DOTALL)[0]


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


def test_numbers_of_all_kinds_are_links_and_the_text_stays_as_it_is(tmp_path):
    equations = "\n\n".join(f"$$ a \\tag{{12.{n}}} $$" for n in (1, 10))
    lists = "Figures\n12.1–12.2 and 12.1, 12.2 or E12.1 to S12.1, and Figures 12.1 and 12.9; Figure\n12.8. End."
    dots = [figure(f"dot-{n}") for n in (1, 2)]
    pages, warnings = build(
        tmp_path,
        chapters__12_a=[
            new_markdown_cell(f"# A\n\n{equations}"),
            *dots,
            new_markdown_cell(f"(12.1), (12.10). {lists}"),
        ],
        exercises__12_a=[new_markdown_cell("# E\n\n$$ b \\tag{12.7} $$\n\n(12.7)"), figure("dot-e")],
        solutions__12_a=[new_markdown_cell("# S"), figure("dot-s")],
        chapters__13_b=[new_markdown_cell("# B\n\nNot (12.7) of the exercises, nor (0.05), (3.0) and (113.1).")],
    )
    page = pages["chapters/12_a.html"]
    assert [words for words, _ in links(page, "number")] == [
        "(12.1)", "(12.10)", "12.1", "12.2", "12.1", "12.2", "E12.1", "S12.1", "12.1"
    ]  # fmt: skip
    body = text(re.sub(r"</?a\b[^>]*>|</?span[^>]*>", "", page[page.index("(12.1)") :]))
    assert " ".join(lists.split()) in body
    assert links(pages["exercises/12_a.html"], "number") == [("(12.7)", "#equation-12-7")]
    assert links(pages["chapters/13_b.html"], "number") == []
    said = re.findall(r"(\w+)\.ipynb:\d+: WARNING: there is no (.*?)(?:\x1b.*)?$", warnings, re.MULTILINE)
    assert said == [("12_a", "Figure 12.9"), ("12_a", "Figure 12.8"), ("13_b", "equation (12.7)")]


@pytest.mark.parametrize("mention", ["equation (3.3)", "Figure 3.2", "Figure E3.1"])
def test_a_number_that_nothing_carries_is_a_warning(tmp_path, mention):
    cells = [new_markdown_cell(f"# Scores\n\n$$ a \\tag{{3.1}} $$\n\nBy {mention} and (3.1)."), figure("dot")]
    _, warnings = build(tmp_path, chapters__03_scores=cells)
    assert re.findall("there is no ([\\w .()]*)", warnings) == [mention]


def test_pages_are_written_again_when_a_number_moves_and_only_then(tmp_path):
    def scores(*words):
        return [new_markdown_cell("\n\n".join(["# Scores", *words]))]

    one, two = "$$ a \\tag{1.1} $$", "$$ a \\tag{1.2} $$"
    reader = [new_markdown_cell("# Reader\n\n(1.1)")]
    assert "there is no" not in build(tmp_path, chapters__01_scores=scores(one), chapters__03_reader=reader)[1]
    _, _, changed = change(tmp_path, "chapters/01_scores", scores("Of scores.", one))
    assert "chapters/01_scores.html" in changed
    assert "chapters/03_reader.html" not in changed
    assert "there is no equation (1.1)" in change(tmp_path, "chapters/01_scores", scores(two))[1]
    assert "there is no" not in change(tmp_path, "chapters/01_scores", scores(two, one))[1]
    assert "there is no equation (1.1)" in change(tmp_path, "chapters/01_scores", None)[1]


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


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("query", "queries"),
        ("key", "keys"),
        ("score", "scores"),
        ("bias", "biases"),
        ("box", "boxes"),
        ("batch", "batches"),
        ("mesh", "meshes"),
    ],
)
def test_plurals(name, more):
    assert plural(name) == more


FIRST = r"""
| score |
| --- |
| 1 |

`score` $score$

<div>score</div>

% score

[A score](https://x.org) of another kind.

(1.1) asks for a score. The **KEY** is no term, and the **key** is, as this **key** too.

$$ a \tag{1.1} $$"""


def glossary_of(*names):
    entries = "\n".join(f"{name}\n  What it is.\n" for name in names)
    return [new_markdown_cell(f"# Glossary\n\n```{{glossary}}\n{entries}```")]


def test_the_first_use_is_in_the_words_of_the_chapter(tmp_path):
    first = [
        new_markdown_cell("# First"),
        new_code_cell("score"),
        new_markdown_cell(FIRST),
    ]
    second = [new_markdown_cell("# Second\n\nA **key**, and a score.")]
    pages, warnings = build(
        tmp_path, chapters__01_a=first, chapters__02_b=second, book__glossary=glossary_of("score", "key")
    )
    source = pages["chapters/01_a.html"]
    assert [words for words, _ in links(source, "term")] == ["score", "key"]
    assert source.index("asks for a <a") < source.index("and the <strong><a") < source.index("as this <strong>key<")
    assert re.findall("“(.*?)” is set in bold", warnings) == ["KEY"]
    assert re.findall(r"01_a\.ipynb:\d+: WARNING", warnings)
    assert links(pages["book/glossary.html"], "chapter") == [
        ("Chapter 1", "../chapters/01_a.html#use-score"),
        ("Chapter 1", "../chapters/01_a.html#use-key"),
    ]
    assert 'What it is. <a class="chapter' in pages["book/glossary.html"]
    assert "Chapter 1 . key" in text(pages["book/glossary.html"].replace("¶", ""))


def test_links_follow_the_glossary_and_the_glossary_the_chapters(tmp_path):
    first, second = ([new_markdown_cell(f"# {name}\n\nA {term}.")] for name, term in (("A", "score"), ("B", "key")))
    glossary, chapters = "book/glossary.html", {"chapters/01_a.html", "chapters/02_b.html"}
    build(tmp_path, chapters__01_a=first, chapters__02_b=second, book__glossary=glossary_of("score"))
    pages, warnings, changed = change(tmp_path, "book/glossary", glossary_of("score", "key"))
    assert [words for words, _ in links(pages["chapters/02_b.html"], "term")] == ["key"]
    assert changed >= chapters
    pages, warnings, changed = change(tmp_path, "chapters/02_b", [*second, new_markdown_cell("## Another\n\nText.")])
    assert "chapters/01_a.html" not in changed
    assert glossary in changed
    pages, warnings, _ = change(tmp_path, "chapters/01_a", [new_markdown_cell("# A\n\nA key.")])
    assert "no chapter uses the term “score”" in warnings
    assert links(pages[glossary], "chapter") == [("Chapter 1", "../chapters/01_a.html#use-key")]
    pages, warnings, _ = change(tmp_path, "book/glossary", glossary_of("score"))
    assert [links(pages[page], "term") for page in sorted(chapters)] == [[], []]


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


PLACES = """# Places

Top words.

## A < B

Zebras $zeta$.

$$ omega $$

Word
: Its definition of gnus.

### Deeper

Okapis."""


def index_of(folder):
    """``{title: address}``, ``{word of a text: addresses}`` and the words of titles, as the search knows them."""
    index = json.loads((folder / "html" / "searchindex.js").read_text().removeprefix("Search.setIndex(")[:-1])

    def places(found):
        return {index["docnames"][at] for at in ([found] if isinstance(found, int) else found)}

    titles = dict(zip(index["titles"], index["docnames"], strict=True))
    return (
        titles,
        {word: places(found) for word, found in index["terms"].items() if found != []},
        set(index["titleterms"]),
    )


def test_the_search_keeps_what_was_not_written_again(tmp_path):
    other = [new_markdown_cell("# Other\n\n## Kept\n\nGiraffes.")]
    build(tmp_path, book__places=[new_markdown_cell(PLACES)], book__other=other, book__glossary=glossary_of("quokka"))
    titles, words, in_titles = index_of(tmp_path)
    assert titles["Places › A &lt; B"] == "book/places#a-b"
    assert titles["Places › Deeper"] == "book/places#deeper"
    assert words["zebra"] == words["gnu"] == {"book/places#a-b"}
    assert words["okapi"] == {"book/places#deeper"}
    assert not {"zeta", "omega"} & set(words)
    assert {"quokka", "deeper", "kept"} <= in_titles
    assert words["top"] == {"book/places#places"}
    change(tmp_path, "book/places", [new_markdown_cell(PLACES.split("\n\n### ")[0])])
    titles, words, _ = index_of(tmp_path)
    assert "Places › Deeper" not in titles
    assert "okapi" not in words
    assert words["zebra"] == {"book/places#a-b"}
    assert titles["Other › Kept"] == "book/other#kept"
    assert words["giraff"] == {"book/other#kept"}
    change(tmp_path, "book/other", None)
    assert not any(place.startswith("book/other") for place in index_of(tmp_path)[0].values())


def test_words_are_marked_by_our_own_script_where_a_hit_leads(book):
    for page, source in book[0].items():
        scripts = re.findall(r'<script (defer="defer" )?src="[./]*_static/(\w+)\.js', source)
        assert (('defer="defer" ', "search") in scripts) == (page == "search.html")
        assert (('defer="defer" ', "highlight") in scripts) == (page != "search.html")
        assert any(name == "sphinx_highlight" for _, name in scripts) == (page == "search.html")
