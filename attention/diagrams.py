"""What attention does, as pictures of shapes: each function returns one that Jupyter and the book show as SVG.

The pictures stand on a light ground of their own, so that they can be read on a dark page too; nothing in them rests on
colour alone; the text stays readable when they are scaled to the width of a phone.
"""

import math
import re
from base64 import b64encode
from html import escape

INK, MUTED, BLUE, ORANGE = "#22262b", "#565c64", "#0072B2", "#D55E00"
WIDTH = 440  # of every picture, in pixels
CELL = 36  # the side of one number
BACK = (9, -7)  # a step along the third axis: to the right and up
POINTS = {"left": "start", "middle": "middle", "right": "end"}


class Diagram:
    """A picture that grows part by part; x goes to the right, y down, both in pixels."""

    def __init__(self, name, height):
        self.name, self.height, self.parts = name, height, []

    def __repr__(self):
        return f"<Diagram: {self.name}>"

    def _repr_svg_(self):
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
                f'width="{WIDTH}" height="{self.height}">',
                f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
                f'orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" fill="{MUTED}"/></marker></defs>',
                f'<rect width="{WIDTH}" height="{self.height}" rx="6" fill="#fff"/>',
                f'<g font-family="Georgia, \'DejaVu Serif\', serif" font-size="15" fill="{INK}">',
                *self.parts,
                "</g>",
                "</svg>",
            ]
        )

    def _repr_markdown_(self):
        """The same picture, for JupyterLab, which shows no SVG of a notebook that has not been run on this machine."""
        return f"![{self.name}](data:image/svg+xml;base64,{b64encode(self._repr_svg_().encode()).decode()})"

    def text(self, x, y, words, align="middle", colour=INK):
        """Words around (x, y); ``*d*`` is bold, ``/t/`` italic, ``_{t}`` a subscript, ``^s^`` has a bar above it."""
        spans = escape(words, quote=False)
        spans = re.sub(r"(?<!<)/(\w+)/", r'<tspan font-style="italic">\1</tspan>', spans)
        spans = re.sub(r"\*(\w+)\*", r'<tspan font-weight="bold">\1</tspan>', spans)
        spans = re.sub(r"_\{(.*?)\}", r'<tspan dy="4" font-size="13">\1</tspan><tspan dy="-4">&#8203;</tspan>', spans)
        spans = re.sub(r"\^(.+?)\^", r'<tspan text-decoration="overline">\1</tspan>', spans)
        self.parts.append(f'<text x="{x:g}" y="{y + 5:g}" text-anchor="{POINTS[align]}" fill="{colour}">{spans}</text>')

    def box(self, x, y, width, height, *lines, fill="#f2f2f0"):
        """A box whose upper left corner is (x, y), with lines of text in it."""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4" fill="{fill}" stroke="{INK}"/>'
        )
        for place, line in enumerate(lines):
            self.text(x + width / 2, y + height * (place + 1) / (len(lines) + 1), line)

    def arrow(self, *corners):
        """A line from corner to corner, with a tip at the last."""
        way = "L".join(f"{x:g} {y:g}" for x, y in corners)
        self.parts.append(f'<path d="M{way}" fill="none" stroke="{MUTED}" stroke-width="1.5" marker-end="url(#tip)"/>')

    def face(self, *corners, fill, opacity):
        """A filled polygon with a thin edge."""
        points = " ".join(f"{x:g},{y:g}" for x, y in corners)
        self.parts.append(f'<polygon points="{points}" fill="{fill}" fill-opacity="{opacity:.2f}" stroke="{INK}"/>')

    def grid(self, x, y, rows, columns, depth=0, shade=lambda row, column: (BLUE, 0)):
        """Cells (rows, columns), or (rows, columns, depth), from the upper left corner (x, y) of the front.

        `shade(row, column)` gives a cell's colour and its strength from 0 to 1; what lies behind a cell has the same.
        """

        def at(row, column, back=0):
            return x + column * CELL + back * BACK[0], y + row * CELL + back * BACK[1]

        def cell(row, column, *corners):
            fill, opacity = shade(row, column)
            self.face(*corners, fill=fill, opacity=opacity)

        for k in range(depth, 0, -1):  # what is seen from above and from the right
            for c in range(columns):
                cell(0, c, at(0, c, k - 1), at(0, c + 1, k - 1), at(0, c + 1, k), at(0, c, k))
            for r in range(rows):
                side = at(r, columns, k - 1), at(r, columns, k), at(r + 1, columns, k), at(r + 1, columns, k - 1)
                cell(r, columns - 1, *side)
        for r in range(rows):
            for c in range(columns):
                cell(r, c, at(r, c), at(r, c + 1), at(r + 1, c + 1), at(r + 1, c))

    def frame(self, x, y, rows, columns):
        """A thick edge around some cells: what is spoken of, also where colours are not seen."""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{columns * CELL:g}" height="{rows * CELL:g}" fill="none" '
            f'stroke="{INK}" stroke-width="3"/>'
        )


def forward_and_back():
    """A layer and a loss, forward on the left, and the gradients that come back on the right, with their shapes."""
    x, width, height = 150, 92, 52
    top = {"X": 14, "Y": 226, "L": 348}
    forward, back, label = x + 24, x + width - 24, x + width + 10
    right, weights = 428, 114  # of the box of the weights: its edge, its upper edge

    picture = Diagram("forward and back", top["L"] + height + 16)
    for above, below, operation in (("X", "Y", "times /W/, plus *b*"), ("Y", "L", "mean of squares")):
        start, end = top[above] + height, top[below]
        picture.arrow((forward, start), (forward, end))
        picture.arrow((back, end), (back, start))
        picture.text(x - 6, (start + end) / 2, operation, "right", MUTED)
    picture.text(label, (top["Y"] + height + top["L"]) / 2, "gradient of /Y/: /G/ (B, M)", "left", BLUE)
    picture.text(label, top["X"] + height + 20, "of /X/: /G/ /W/ᵀ (B, D)", "left", BLUE)
    picture.arrow((back, weights + 44), (label + 4, weights + 44))
    picture.box(label + 4, weights, right - label - 4, 90, fill="#e4eef6")
    for place, line in enumerate(("of /W/: /X/ᵀ/G/ (D, M)", "of *b*: all rows of /G/", "added up (M,)")):
        picture.text(label + 12, weights + 20 + 25 * place, line, "left", BLUE)
    for name, lines in {"X": ("/X/", "(B, D)"), "Y": ("/Y/", "(B, M)"), "L": ("loss /L/", "a number")}.items():
        picture.box(x, top[name], width, height, *lines)
    return picture


def attention():
    """Scores (T, S) become weights (T, S); these average the values (S, D) to the output (T, D).

    The row of one query is followed with numbers, softmax(2, 0, 3, 1); a value is as dark as its weight.
    """
    T, S, D, t = 3, 4, 2, 1
    scores = [2, 0, 3, 1]
    total = sum(map(math.exp, scores))
    weights = [math.exp(score) / total for score in scores]
    left, right, top, bottom = 84, 304, 66, 282
    middle, centre = left + S * CELL / 2, right + D * CELL / 2
    row, low = top + (t + 0.5) * CELL, bottom + (t + 0.5) * CELL

    picture = Diagram("scores, weights, output", 450)
    picture.text(middle, 20, "scores (T, S)")
    picture.text(middle, 46, "S keys", colour=MUTED)
    picture.text(centre, 20, "values (S, D)")
    picture.text(centre, 46, "D features", colour=MUTED)
    picture.grid(left, top, T, S)
    picture.grid(right, top, S, D, shade=lambda row, column: (BLUE, weights[row]))
    picture.arrow((middle, top + T * CELL + 8), (middle, bottom - 38))
    picture.text(middle + 10, top + T * CELL + 34, "softmax of a row", "left", MUTED)
    picture.arrow((centre, top + S * CELL + 8), (centre, bottom - 38))
    picture.text(middle, bottom - 20, "weights (T, S)")
    picture.text(centre, bottom - 20, "output (T, D)")
    picture.grid(left, bottom, T, S, shade=lambda row, column: (BLUE, weights[column] if row == t else 0))
    picture.grid(right, bottom, T, D, shade=lambda row, column: (BLUE, 0.35 if row == t else 0))
    picture.arrow((left + S * CELL + 8, low), (right - 8, low))
    picture.text((left + S * CELL + right) / 2, low - 14, "×")
    for y in (row, low):
        picture.text(left - 8, y, "query /t/", "right")
    for column, (score, weight) in enumerate(zip(scores, weights, strict=True)):
        x = left + (column + 0.5) * CELL
        picture.text(x, row, f"{score}")
        picture.text(x, low, f"{weight:.2f}"[1:])
        picture.text(right + D * CELL + 8, top + (column + 0.5) * CELL, f"*v*_{{{column + 1}}}", "left")
    picture.text(right + D * CELL + 8, low, "*o*_{t}", "left")
    for y in (top, bottom):
        picture.frame(left, y + t * CELL, 1, S)
    picture.frame(right, bottom + t * CELL, 1, D)
    terms = " + ".join(f"{weight:.2f} *v*_{{{place}}}" for place, weight in enumerate(weights, 1))
    picture.text(WIDTH / 2, bottom + T * CELL + 34, f"*o*_{{t}} = {terms}")
    return picture


def masks():
    """Padding, causal and window masks (T, S), and a causal one for two queries that come after three kept keys."""
    S, gap = 5, 32
    left, right = 16, WIDTH - 16 - S * CELL
    high, low = 76, 76 + S * CELL + 84
    pictures = [
        ("padding", "/j/ < 3", left, high, S, lambda i, j: j < 3),
        ("causal", "/j/ ≤ /i/", right, high, S, lambda i, j: j <= i),
        ("window", "|/i/ − /j/| ≤ 1", left, low, S, lambda i, j: abs(i - j) <= 1),
        ("causal, with a cache", "/j/ ≤ /i/ + 3", right, low, 2, lambda i, j: j <= i + 3),
    ]
    picture = Diagram("padding, causal and window masks", low + S * CELL + 16)
    for name, rule, x, y, T, sees in pictures:
        middle = x + S * CELL / 2
        picture.text(middle, y - 50, name)
        picture.text(middle, y - 24, rule, colour=MUTED)
        picture.grid(x, y, T, S, shade=lambda i, j, sees=sees: (BLUE, 0.35 if sees(i, j) else 0))
        for i in range(T):
            for j in range(S):
                colour = INK if sees(i, j) else MUTED
                picture.text(x + (j + 0.5) * CELL, y + (i + 0.5) * CELL, str(int(sees(i, j))), colour=colour)
    for line, text in enumerate(("rows: queries /i/", "columns: keys /j/", "1: may attend")):
        picture.text(right + S * CELL / 2, low + 2 * CELL + gap + 24 * line, text, colour=MUTED)
    return picture


def additive_broadcast():
    """Every query meets every key: (T, 1, A) + (1, S, A) gives (T, S, A), and tanh and v make it scores (T, S)."""
    T, S, A, t, s = 3, 4, 3, 1, 2
    queries, left, high, top, bottom = 24, 176, 72, 188, 402
    middle, end = left + S * CELL / 2, left + S * CELL + A * BACK[0] + 8

    def pairs(row, column):
        if (row, column) == (t, s):
            return INK, 0.5
        return (BLUE, 0.35) if row == t else (ORANGE, 0.25) if column == s else (BLUE, 0)

    picture = Diagram("additive scores by broadcasting", 530)
    picture.text(middle + 14, 24, "from the keys")
    picture.text(end, high + 8, "(1, S, A)", "left")
    picture.grid(left, high, 1, S, A, shade=lambda row, column: pairs(-1, column))
    picture.arrow((middle, high + CELL + 8), (middle, top - 28))
    picture.text(middle + 10, high + CELL + 26, "copied T times", "left", MUTED)
    picture.text(queries + 28, top - 62, "from the")
    picture.text(queries + 28, top - 42, "queries")
    picture.grid(queries, top, T, 1, A, shade=lambda row, column: pairs(row, -1))
    picture.text(queries + 28, top + T * CELL + 20, "(T, 1, A)")
    picture.text(left - 42, top + CELL * 1.5 - 14, "copied", colour=MUTED)
    picture.text(left - 42, top + CELL * 1.5 + 16, "S times", colour=MUTED)
    picture.arrow((queries + CELL + A * BACK[0] + 8, top + CELL * 1.5), (left - 8, top + CELL * 1.5))
    picture.grid(left, top, T, S, A, shade=pairs)
    picture.text(end, top + CELL - 4, "their sum", "left")
    picture.text(end, top + CELL + 18, "(T, S, A)", "left")
    picture.arrow((middle, top + T * CELL + 8), (middle, bottom - 38))
    picture.text(middle + 10, top + T * CELL + 26, "tanh of each number,", "left", MUTED)
    picture.text(middle + 10, top + T * CELL + 46, "then · *v* (A,)", "left", MUTED)
    picture.text(middle, bottom - 20, "scores (T, S)")
    picture.grid(left, bottom, T, S, shade=lambda *place: pairs(t, s) if place == (t, s) else (BLUE, 0))
    for y in (top, bottom):
        picture.frame(left + s * CELL, y + t * CELL, 1, 1)
    picture.frame(queries, top + t * CELL, 1, 1)
    picture.frame(left + s * CELL, high, 1, 1)
    for place, line in enumerate(("One query and", "one key: A sums", "become a score.")):
        picture.text(left - 20, bottom + 22 + 22 * place, line, "right", MUTED)
    return picture


def three_roles():
    """Rows that ask become queries, rows that are asked become keys and values; one query is followed to its output."""
    T, S, M, D, t = 2, 3, 3, 2, 1
    first, second, third = 66, 258, 442  # where the grids of each line begin
    ask, asked, queries, keys, values, weights = 30, 244, 48, 190, 330, 96
    middle = {name: x + D * CELL / 2 for name, x in {"queries": queries, "keys": keys, "values": values}.items()}
    below = third - 30  # where arrows to the last line end

    def row(index, colour=BLUE):
        return lambda r, c: (colour, 0.35 if r == index else 0)

    picture = Diagram("queries, keys and values", third + T * CELL + 16)
    picture.text(middle["queries"], 20, "rows that ask")
    picture.text(middle["queries"], 44, "(T, M)", colour=MUTED)
    picture.grid(ask, first, T, M, shade=row(t))
    picture.text(asked + M * CELL / 2, 20, "rows that are asked")
    picture.text(asked + M * CELL / 2, 44, "(S, M)", colour=MUTED)
    picture.grid(asked, first, S, M, shade=row(None))
    end, bend = second - 50, first + S * CELL + 20
    picture.arrow((middle["queries"], first + T * CELL + 8), (middle["queries"], end))
    picture.text(middle["queries"] + 10, bend, "× /W/_{q}", "left", BLUE)
    for name, x, align, side in (("keys", asked + 36, "right", -10), ("values", asked + 72, "left", 10)):
        picture.arrow((x, first + S * CELL + 8), (x, bend), (middle[name], bend), (middle[name], end))
        picture.text(middle[name] + side, bend, f"× /W/_{{{name[0]}}}", align, BLUE)
    for name, shape in {"queries": "(T, D)", "keys": "(S, D)", "values": "(S, Dv)"}.items():
        picture.text(middle[name], second - 36, name)
        picture.text(middle[name], second - 16, shape, colour=MUTED)
    picture.grid(queries, second, T, D, shade=row(t))
    picture.grid(keys, second, S, D, shade=row(None))
    picture.grid(values, second, S, D, shade=row(None))
    meet = second + S * CELL + 20
    for name, rows, x in (("queries", T, weights + 36), ("keys", S, weights + 72)):
        picture.arrow((middle[name], second + rows * CELL + 8), (middle[name], meet), (x, meet), (x, below))
    picture.text(middle["queries"] - 8, meet - 24, "*q* · *k*,", "right", MUTED)
    picture.text(middle["queries"] - 8, meet - 4, "softmax", "right", MUTED)
    picture.arrow((middle["values"], second + S * CELL + 8), (middle["values"], below))
    picture.text(weights + S * CELL / 2, third - 16, "weights (T, S)")
    picture.text(middle["values"], third - 16, "output (T, Dv)")
    picture.grid(weights, third, T, S, shade=row(t))
    picture.grid(values, third, T, D, shade=row(t))
    level = third + (t + 0.5) * CELL
    picture.arrow((weights + S * CELL + 8, level), (values - 8, level))
    picture.text((weights + S * CELL + values) / 2, level - 14, "×")
    picture.text(weights - 8, level, "one query", "right")
    for x, y, columns in ((ask, first, M), (queries, second, D), (weights, third, S), (values, third, D)):
        picture.frame(x, y + t * CELL, 1, columns)
    return picture


def split_heads():
    """Rows (T, M) become heads (H, T, D): cut and transposed on the left; on the right reshaped, which mixes words.

    The numbers say where each entry lies in memory: T = 3, M = 4, H = 2.
    """
    T, M, H = 3, 4, 2
    D = M // H
    top, low, start = 66, 278, (WIDTH - M * CELL) / 2
    places = {"right": lambda h, t, d: t * M + h * D + d, "wrong": lambda h, t, d: (h * T + t) * D + d}
    colour = lambda place: (BLUE, 0.35) if place % M < D else (ORANGE, 0.25)

    def grid(x, y, columns, place):
        picture.grid(x, y, T, columns, shade=lambda t, d: colour(place(t, d)))
        for t in range(T):
            for d in range(columns):
                picture.text(x + (d + 0.5) * CELL, y + (t + 0.5) * CELL, str(place(t, d)))

    picture = Diagram("heads cut out of rows", low + T * CELL + 40)
    picture.text(WIDTH / 2, 20, "a row for each word")
    picture.text(WIDTH / 2, 44, "(T, M)", colour=MUTED)
    grid(start, top, M, lambda t, m: t * M + m)
    for words, kind, left, side in (
        ("cut, then transpose", "right", 16, "right"),
        ("reshape alone", "wrong", 268, "left"),
    ):
        middle = left + 2 * D * CELL / 2 + 6
        edge = WIDTH / 2 + (-30 if side == "right" else 30)
        picture.arrow(
            (edge, top + T * CELL + 8), (edge, top + T * CELL + 30), (middle, top + T * CELL + 30), (middle, low - 54)
        )
        picture.text(middle, low - 40, words)
        picture.text(middle, low - 18, "(H, T, D)", colour=MUTED)
        for h in range(H):
            x = left + h * (D * CELL + 12)
            grid(x, low, D, lambda t, d, h=h, kind=kind: places[kind](h, t, d))
            picture.text(x + D * CELL / 2, low + T * CELL + 20, f"head {h}")
    return picture


def decoder_step(equations):
    """One step of a decoder that looks back, from the previous state and token to the logits of the next token.

    `equations` are the numbers of the score, of weights and context, of the new state and of the logits, as the chapter
    writes them: ``("(9.6)", "(9.7)", "(9.8)", "(9.9)")``.
    """
    of_score, of_context, of_state, of_logits = equations
    x, width, height, gap = 146, 150, 52, 44
    middle, right = x + width / 2, x + width
    y = [136 + (height + gap) * place for place in range(6)]
    mid = [top + height / 2 for top in y]
    picture = Diagram("one step of the decoder", y[-1] + height + 16)
    memory, token, state, context = 372, 40, 112, 326  # where lines run down beside the boxes

    picture.arrow((middle, 86), (middle, y[0]))
    picture.text(middle + 8, 112, f"query {of_score}", "left", BLUE)
    labels = [f"softmax {of_context}", f"average {of_context}", of_state, of_logits, of_logits]
    for place, label in enumerate(labels):
        picture.arrow((middle, y[place] + height), (middle, y[place + 1]))
        picture.text(middle + 8, y[place + 1] - gap / 2, label, "left", BLUE)
    picture.arrow((memory, 86), (memory, mid[0]), (right, mid[0]))
    picture.arrow((memory, mid[0]), (memory, mid[2] - 10), (right, mid[2] - 10))
    picture.text((right + memory) / 2, mid[0] - 12, "keys")
    picture.text((right + memory) / 2, mid[2] - 22, "values")
    picture.arrow((right, mid[2] + 10), (context, mid[2] + 10), (context, mid[4]), (right, mid[4]))
    picture.arrow((x + 14, 86), (x + 14, 112), (state, 112), (state, mid[3] - 12), (x, mid[3] - 12))
    picture.arrow((token, 86), (token, mid[3] + 12), (x, mid[3] + 12))
    picture.arrow((token, mid[3] + 12), (token, mid[4]), (x, mid[4]))
    picture.text(middle - 8, y[4] - gap / 2, "*d*_{t} goes to step /t/ + 1", "right", MUTED)

    picture.box(8, 14, 124, 72, "previous token", "row /y/_{t−1} of /E/", "(B, M)", fill="#e4eef6")
    picture.box(x, 14, width, 72, "previous state", "*d*_{t−1}", "(B, M)", fill="#e4eef6")
    picture.box(310, 14, 122, 72, "encoder states", "*h*_{1} … *h*_{S}", "(B, S, 2N)", fill="#e4eef6")
    names = ["scores", "weights", "context", "GRU: new state", "tanh readout", "logits"]
    contents = ["/s/_{ti} (B, S)", "/p/_{ti} (B, S)", "*c*_{t} (B, 2N)", "*d*_{t} (B, M)", "(B, M)", "*ℓ*_{t} (B, V)"]
    for top, name, content in zip(y, names, contents, strict=True):
        picture.box(x, top, width, height, name, content)
    return picture


def attention_backward(equations):
    """Attention forward and back: gradients, written with a bar, and what each step back needs of the way forward.

    `equations` are the numbers of the way forward, of the way through the average, of that through softmax and of that
    to queries and keys, as the chapter writes them: ``("(5.1)", "(5.2)", "(5.3)", "(5.4)")``.
    """
    forward, average, softmax, pairs = equations
    width, height, gap = 124, 66, 52
    left, right = 12, WIDTH - 12 - width
    y = [46 + (height + gap) * place for place in range(4)]
    picture = Diagram("attention forward and back", y[-1] + 2 * (height + gap) - 36)
    picture.text(left + width / 2, 22, f"forward {forward}", colour=MUTED)
    picture.text(right + width / 2, 22, "back", colour=MUTED)
    names = ["queries, keys", "scores", "weights", "output"]
    letters = ["*q*_{i}  *k*_{j}", "/s/_{ij}", "/p/_{ij}", "*o*_{i}"]
    barred = ["^*q*^_{i}  ^*k*^_{j}", "^/s/^_{ij}", "^/p/^_{ij}", "^*o*^_{i}"]
    shapes = ["(T, D), (S, D)", "(T, S)", "(T, S)", "(T, Dv)"]
    for top, name, letter, shape, bar in zip(y, names, letters, shapes, barred, strict=True):
        picture.box(left, top, width, height, name, letter, fill="#e4eef6")
        picture.box(right, top, width, height, shape, bar)
    steps = [
        ("products", pairs, "keys, queries"),
        ("softmax", softmax, "weights, output"),
        ("average", average, "values"),
    ]

    def back(number, middle, needed):
        picture.text(right + width / 2 + 8, middle, number, "left", BLUE)
        picture.text(262, middle - 16, needed, colour=MUTED)
        picture.arrow((WIDTH / 2 - 46, middle), (right + width / 2 - 8, middle))

    for place, (name, number, needed) in enumerate(steps):
        below, above, middle = y[place] + height, y[place + 1], y[place] + height + gap / 2
        picture.arrow((left + width / 2, below), (left + width / 2, above))
        picture.text(left + width / 2 + 8, middle, name, "left", BLUE)
        picture.arrow((right + width / 2, above), (right + width / 2, below))
        back(number, middle, needed)
    low = y[-1] + height + gap
    picture.box(left, low, width, height, "values", "*v*_{j}", fill="#e4eef6")
    picture.box(right, low, width, height, "(S, Dv)", "^*v*^_{j}")
    picture.arrow((left + width / 2, low), (left + width / 2, y[-1] + height))
    picture.arrow((right + width / 2, y[-1] + height), (right + width / 2, low))
    back(average, low - gap / 2, "weights")
    return picture


def attention_over_places(equations):
    """A map (h, w, N) with a weight for each place: their average is one row (N,), and this gives the class.

    `equations` are the numbers of the convolution, of score, weights and context, and of the logits, as the chapter
    writes them: ``("(12.1)", "(12.6)", "(12.7)")``. The weights are softmax(0, 1, 0, 0 / 1, 3, 2, 0 / 0, 2, 1, 0); a
    place is as dark as its weight.
    """
    of_map, of_look, of_logits = equations
    scores = [[0, 1, 0, 0], [1, 3, 2, 0], [0, 2, 1, 0]]
    total = sum(math.exp(score) for row in scores for score in row)
    weights = [[math.exp(score) / total for score in row] for row in scores]
    h, w, N = 3, 4, 3
    left, right, top, low = 16, 268, 132, 340
    middle = top + h * CELL / 2

    def dark(row, column):
        return BLUE, 1.6 * weights[row][column]

    picture = Diagram("attention over the places of a map", low + 150)
    picture.box(left, 14, 176, 46, "picture (48, 48)", fill="#e4eef6")
    picture.box(right, 14, 156, 46, "query *q* (A,)", "learned", fill="#e4eef6")
    picture.arrow((left + 108, 60), (left + 108, top - 28))
    picture.text(left + 116, 80, f"{of_map}, five times", "left", BLUE)
    picture.text(left - 4, top - 12 - N * 7 - 12, "map (h, w, N)", "left")
    picture.grid(left, top, h, w, N, shade=dark)
    picture.arrow((right + 78, 60), (right + 78, top - 34))
    picture.text(right + 86, 80, of_look, "left", BLUE)
    picture.text(right, top - 22, "weights (h, w)", "left")
    picture.grid(right, top, h, w, shade=dark)
    for row in range(h):
        for column in range(w):
            x, y = right + (column + 0.5) * CELL, top + (row + 0.5) * CELL
            picture.text(x, y, f"{weights[row][column]:.2f}"[1:])
    picture.arrow((left + w * CELL + N * BACK[0] + 8, middle), (right - 8, middle))
    picture.text((left + w * CELL + N * BACK[0] + right) / 2, middle - 34, "keys:", colour=MUTED)
    picture.text((left + w * CELL + N * BACK[0] + right) / 2, middle - 14, "scores,", colour=MUTED)
    picture.text((left + w * CELL + N * BACK[0] + right) / 2, middle + 16, "softmax", colour=MUTED)
    row = 190
    for x in (left + 88, right + 78):
        picture.arrow(
            (x, top + h * CELL + 8), (x, low - 52), (row + N * CELL / 2, low - 52), (row + N * CELL / 2, low - 8)
        )
    picture.text(left + 80, low - 72, "values", "right", MUTED)
    picture.text(row + N * CELL / 2 + 8, low - 28, f"average {of_look}", "left", BLUE)
    picture.grid(row, low, 1, N, shade=lambda row, column: (BLUE, 0.35))
    picture.text(row - 8, low + CELL / 2, "context *c* (N,)", "right")
    picture.arrow((row + N * CELL / 2, low + CELL + 8), (row + N * CELL / 2, low + 88))
    picture.text(row + N * CELL / 2 + 8, low + 64, of_logits, "left", BLUE)
    picture.box(row - 34, low + 88, N * CELL + 68, 46, "logits *ℓ*", "of the classes")
    return picture


def transformer_blocks(equations):
    """An encoder's block and a decoder's: what is added to the stream, each part behind its normalisation.

    `equations` are their numbers, as the chapter writes them: ``("(8.9)", "(8.10)")``. Rows go from top to bottom.
    """
    of_encoder, of_decoder = equations
    parts = ("attend to", "each other"), ("attend to", "the memory"), ("network", "of each row")
    step, top, height, wide = 126, 70, 46, 104
    picture = Diagram("the blocks of a Transformer", top + 3 * step + 74)

    def block(stream, name, equation, chosen):
        picture.text(stream + 60, 16, name)
        picture.text(stream + 60, 36, equation, colour=BLUE)
        places = [top + step * chosen.index(part) for part in chosen]
        end = places[-1] + step
        for y, lines in zip(places, chosen, strict=True):
            plus = y + 96
            picture.arrow((stream, y - 20 if y == top else y - 16), (stream, plus - 11))
            middle = stream + 20 + wide / 2
            picture.arrow((stream, y - 6), (middle, y - 6), (middle, y + 4))
            picture.box(stream + 20, y + 4, wide, 22, "norm", fill="#fff")
            picture.arrow((middle, y + 26), (middle, y + 36))
            picture.box(stream + 20, y + 36, wide, height, *lines, fill="#e4eef6")
            picture.arrow((middle, y + 36 + height), (middle, plus), (stream + 11, plus))
            picture.box(stream - 10, plus - 10, 20, 20, "+", fill="#fff")
        picture.arrow((stream, end - 20), (stream, end + 12))
        picture.text(stream + 8, end + 24, "(T, M)")
        return dict(zip(chosen, places, strict=True))

    block(24, "encoder's block", of_encoder, (parts[0], parts[2]))
    places = block(204, "decoder's block", of_decoder, parts)
    for place, word in enumerate(("causal", "mask")):
        picture.text(338, places[parts[0]] + 49 + 20 * place, word, "left", MUTED)
    y = places[parts[1]] + 36 + height / 2
    picture.box(356, y - 23, 76, 46, "memory", "(S, M)")
    picture.arrow((356, y), (329, y))
    return picture
