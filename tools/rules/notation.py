"""Letters: every symbol of a numbered equation stands in a table of the page on notation, in one row.

A symbol is a letter, its font, and what its subscript counts: where the page's table of indices has i and j in a row,
``\\mathbf v_i`` is the same as ``\\mathbf v_j``, and neither is ``\\mathbf v``.  Names, ``\\operatorname{softmax}``,
and signs, ``\\odot``, are symbols too.  Primes, numbers added to an index, and an index b in front make no new symbol.
"""

import re
from pathlib import Path

from rules import FENCED, prose

PAGE = Path(__file__).parents[2] / "book" / "notation.md"
EQUATION = re.compile(r"\$\$(.*?)\$\$", re.DOTALL)
TAG = re.compile(r"\\tag\{([^}]*)\}")
TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|\S", re.DOTALL)
ROW = re.compile(r"^\| (.*?) \|", re.MULTILINE)
FORMULA = re.compile(r"\$([^$]+)\$")

FONTS = {r"\mathbf", r"\boldsymbol", r"\mathbb", r"\mathcal"}
NAMES = {r"\operatorname", r"\mathrm", r"\text"}
GREEK = set(
    TOKEN.findall(
        r"\alpha\beta\gamma\Gamma\delta\Delta\epsilon\varepsilon\zeta\eta\theta\vartheta\Theta\iota\kappa\lambda\Lambda\mu\nu\xi\Xi"
        r"\pi\Pi\rho\sigma\Sigma\tau\upsilon\phi\varphi\Phi\chi\psi\Psi\omega\Omega\ell"
    )
)
UNDERSTOOD = set(  # by every reader of a formula
    TOKEN.findall(
        r"0123456789 + - = < > ( ) [ ] . , ; : / ' & * { } ^ _ \\ \{ \} \, \; \: \! \quad\qquad\left\right\big\Big\bigg"
        r"\Bigg\limits\textstyle\displaystyle\underbrace\overbrace\frac\tfrac\sqrt\sum\prod\partial\log\exp\max\min\sup\arg\cos"
        r"\sin\tanh\in\to\infty\cdot\times\le\ge\ne\approx\leftarrow\mid\dots\cdots"
    )
)
SAME = {r"\lvert": "|", r"\rvert": "|", r"\lVert": r"\|", r"\rVert": r"\|"}  # a cell of a table has no | of its own


def tokens(tex):
    """The commands and characters of a formula, without the words in it and without blanks."""
    found = TOKEN.findall(re.sub(r"\\(?:tag|begin|end)\{[^}]*\}|\\text\{[^}]*\}(?![_(])", " ", tex))
    return [SAME.get(token, token) for token in found]


def group(found, at):
    """The tokens of the group that begins at a place, without its braces, and the place after it."""
    if found[at] != "{":
        return found[at : at + 1], at + 1
    depth, end = 1, at + 1
    while depth:
        depth += {"{": 1, "}": -1}.get(found[end], 0)
        end += 1
    return found[at + 1 : end - 1], end


def as_written(found):
    """A command is kept apart from the letter after it."""
    spaced = "".join(f"{part} " if part[1:].isalpha() else part for part in found)
    return re.sub(r"(\\[A-Za-z]+) (?![A-Za-z])", r"\1", spaced)


def symbols(tex, indices):
    """[(what identifies a symbol, how it is written)] of a formula; indices: {letter: the first of its row}."""
    found, at, seen = tokens(tex), 0, []
    while at < len(found):
        token, begin = found[at], at
        at += 1
        if token in FONTS | NAMES:
            letters, at = group(found, at)
            token = as_written(letters if token in NAMES else [token, *letters])
        elif not (token.isalpha() or token in GREEK):
            if token not in UNDERSTOOD:
                seen.append((token, token))
            continue
        name, nested = found[begin] in NAMES, []
        while found[at : at + 1] == ["'"]:
            at += 1
        if found[at : at + 1] == ["_"]:
            below, at = group(found, at + 1)
            if name or "_" in below:
                nested = symbols(" ".join(below), indices)
            if not name:
                counted = [indices.get(part, part) for part in below if part not in UNDERSTOOD - {"<"}]
                counted = counted[counted[:1] == ["b"] :] if counted else below  # y_0 is a symbol of its own
                token = f"{token}_{''.join(counted)}" if counted else token
        elif not name and found[at : at + 1] == ["("]:
            token += "("
        seen += [(token, as_written(found[begin:at])), *nested]
    return seen


class Notation:
    """What the tables of a page define."""

    def __init__(self, page):
        tables = re.findall(r"^\| (\w+) \|.*\n\|[-| ]+\n((?:\|.*\n)*)", page, re.MULTILINE)
        rows = [(kind, FORMULA.findall(row)) for kind, body in tables for row in ROW.findall(body)]
        self.indices = {letter: row[0] for kind, row in rows if kind == "index" for letter in row}
        self.rows = {}  # what identifies a symbol: the rows that it stands in
        for number, (_, row) in enumerate(rows):
            for tex in row:
                for key, _ in symbols(tex, self.indices)[:1]:
                    self.rows.setdefault(key, {})[number] = tex

    def twice(self):
        """What stands in two rows: [its forms there]."""
        return [list(rows.values()) for rows in self.rows.values() if len(rows) > 1]

    def unknown(self, tex):
        """The symbols of a formula that stand in no row, as they are written."""
        found = symbols(tex, self.indices)
        return [written for key, written in found if key not in self.rows and key.removesuffix("(") not in self.rows]


def explained(notebook, path):
    notation = Notation(PAGE.read_text(encoding="utf-8"))
    for one, *others in notation.twice():
        yield f"book/notation.md has ${one}$ in a second row, as ${others[0]}$: take another letter"
    for tex in EQUATION.findall(FENCED.sub("", prose(notebook))):
        for number in TAG.findall(tex)[:1]:
            for symbol in dict.fromkeys(notation.unknown(tex)):
                yield (
                    f"({number}) has ${symbol}$, which is in no table of book/notation.md: take the letter that the "
                    "page has for it, or give it a row there"
                )


RULES = (explained,)
