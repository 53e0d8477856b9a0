"""The letters of numbered equations, against the tables of the page on notation."""

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from rules import notation

PAGE = r"""# Notation

| letter | axis | what lies along it |
|---|---|---|
| $D$, $D_q$ | features | a query's |

| index | what it counts |
|---|---|
| $i$, $j$ | things in a row |
| $t$ | tokens |

| symbol | what it is |
|---|---|
| $\mathbf v_j$ | value $j$, as $\mathbf w$ is not |
| $\mathbf v$ | what reads off a score |
| $v$ | a number |
| $s_{ij}$, $s_{ti}$ | score |
| $W$, $W_q$, $W_a$, $W_{eb}$ | matrix |
| $a$, $c$, $(-\infty, 0)$ | masks |
| $H(p)$ | entropy |
| $p$ | weights |
| $y_t$, $y_{<t}$, $y_0$ | tokens |
| $E_{y_t}$ | embedding |
| $\boldsymbol\ell$ | logits |
| $\tau$ | temperature |
| $\operatorname{softmax}$, $\mathrm{GRU}$ | names |
| $\lvert y \rvert$, $\hat{v}$ | signs |

A table of another kind, in which nothing is defined:

| a file | what |
| x | $z$ |
"""


@pytest.mark.parametrize(
    "tex",
    [
        r"\mathbf v_i \mathbf {v}_{j} \mathbf v' v",
        r"s_{ji} + s_{t-1,i} \qquad s_{t'j}",
        r"W_q W' W'_q \in D_q \times D",
        r"H(p) = p(1 - p)",
        r"s_{bij} + y_{b,<t} + D_b + W_{eb} + y_{0}",
        r"y_{t+1}, y_{<t}, E_{y_{t-1}}",
        r"\frac{\partial v}{\partial p} \le \tfrac12 \sum_{i=1}^{D} \hat{v}^{2\tau} \tag{1.2}",
        r"\operatorname{softmax}_i(s_{ij}) \text{ for every word},\; \text{GRU}_t \text{GRU}(v)",
        r"\begin{aligned} |v| &= \boldsymbol \ell \\ &= \boldsymbol{\ell} \end{aligned}",
    ],
)
def test_what_the_page_has(tex):
    assert notation.Notation(PAGE).unknown(tex) == []


@pytest.mark.parametrize(
    ("tex", "unknown"),
    [
        (r"\mathbf w + w", [r"\mathbf w", "w"]),
        (r"\mathbf v_t", [r"\mathbf v_t"]),  # a row of values, counted by tokens
        (r"v_j", ["v_j"]),
        (r"s_i + s_{ik} + s_{it}", ["s_i", "s_{ik}", "s_{it}"]),
        (r"W_k + W_{ij} + W_c", ["W_k", "W_{ij}", "W_c"]),
        (r"H + H_i + \tau_i", ["H", "H_i", r"\tau_i"]),
        (r"W(q)", ["q"]),
        (r"s_{bb} + s_{ijb} + W_e", ["s_{bb}", "s_{ijb}", "W_e"]),
        (r"s_0 + y_1 + y_{00}", ["s_0", "y_1", "y_{00}"]),
        (r"E_{y_i} + E_t", ["E_{y_i}", "y_i", "E_t"]),
        (r"y_{\le t} + y", [r"y"]),
        (r"\sum_{k=1}^{K} \sigma^\lambda", ["k", "K", r"\sigma", r"\lambda"]),
        (r"\operatorname{diag}_k(v) + \text{chance}_i", [r"\operatorname{diag}_k", "k", r"\text{chance}_i"]),
        (r"v \odot v + \|v\| + \bar v", [r"\odot", r"\|", r"\|", r"\bar"]),
        (r"z \boldsymbol v \mathbb R", ["z", r"\boldsymbol v", r"\mathbb R"]),
    ],
)
def test_what_the_page_has_not(tex, unknown):
    assert notation.Notation(PAGE).unknown(tex) == unknown


@pytest.mark.parametrize(
    ("row", "twice"),
    [
        (r"$\mathbf v_i$", [[r"\mathbf v_j", r"\mathbf v_i"]]),
        (r"$t$", [["t", "t"]]),
        (r"$D$", [["D", "D"]]),
        (r"$q$, $\mathrm{GRU}(q)$", [[r"\mathrm{GRU}(q)", r"\mathrm{GRU}"]]),
        (r"$\mathbf v_t$, $\mathbf v_{t-1}$, $H$, $s_j$", []),  # in one row, or counted by something else
    ],
)
def test_a_symbol_in_two_rows(row, twice):
    page = PAGE.replace(r"| $\tau$ |", rf"| {row} | another |" + "\n" + r"| $\tau$ |")
    assert notation.Notation(page).twice() == twice


def said(page, tmp_path, monkeypatch, *cells):
    monkeypatch.setattr(notation, "PAGE", tmp_path / "notation.md")
    notation.PAGE.write_text(page, encoding="utf-8")
    return list(notation.explained(new_notebook(cells=[new_markdown_cell(cell) for cell in cells]), None))


def test_only_numbered_equations_are_looked_at_and_each_symbol_is_named_once(tmp_path, monkeypatch):
    assert said(
        PAGE,
        tmp_path,
        monkeypatch,
        "$$ q = k $$\n\n$$ q_i + q_j + q_i \\tag{2.1} $$",
        "```\n$$ k \\tag{2.2} $$\n```\n$$\nq\n\\tag{2.3}$$ $z$",
    ) == [
        f"({number}) has ${symbol}$, which is in no table of book/notation.md: take the letter that the page has for "
        "it, or give it a row there"
        for number, symbol in [("2.1", "q_i"), ("2.1", "q_j"), ("2.3", "q")]
    ]


def test_a_page_that_contradicts_itself(tmp_path, monkeypatch):
    page = PAGE + "\n| symbol | what |\n|---|---|\n| $v$ | another |\n"
    assert said(page, tmp_path, monkeypatch) == [
        "book/notation.md has $v$ in a second row, as $v$: take another letter"
    ]


def test_the_page():
    assert notation.Notation(notation.PAGE.read_text(encoding="utf-8")).twice() == []
