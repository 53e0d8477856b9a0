"""The page on which a reader draws: the surface, the model beside it, and figures of the model's card in the text.

``{drawing}`` puts the surface there with its scripts; what was learned goes into a script of its own beside the page,
``PAGE_model.js``, which the surface asks for, since from a folder a browser loads scripts and no data.  It lies outside
``_static``, whose scripts stand on every page.  ``{card}`` followed by ``test.single.accuracy`` is that figure of the
card.
"""

import json
from base64 import b64encode
from html import escape
from pathlib import Path
from string import Template

from docutils import nodes
from sphinx.util.docutils import SphinxDirective, SphinxRole

ROOT = Path(__file__).parents[2]
PARTS, MODEL = ROOT / "book" / "draw", ROOT / "models" / "resnet_attention_pytorch.safetensors"
SCRIPTS = ("network.js", "digit.js", "surface.js")
MAP, STEP = 7, 4  # places of the map along a side, and pixels from one to the next
ALT = "A handwritten 7, and over it discs, the stronger the more weight. The longest of ten bars is that of the 7."
CAPTION = (
    "What this page shows where its script runs: a drawing as the network sees it, the weight of each of its 49 "
    "places, and the probability of each digit. Here it was a 7 of scikit-learn's that training never met."
)


def text(name):
    return (PARTS / name).read_text(encoding="utf-8")


def surface(model):
    """The HTML, for a model whose script has this address."""
    examples = json.loads(text("examples.json"))
    places = [f'<circle cx="{STEP * j + 0.5}" cy="{STEP * i + 0.5}" r="1.9" opacity="0"/>' for i, j in grid(MAP)]
    bars = [
        f'<span><span class="column"><span class="bar"></span></span><span class="digit">{n}</span></span>'
        for n in range(10)
    ]
    digits = [example["digit"] for example in examples]
    names = [f"another {digit}" if digit in digits[:n] else str(digit) for n, digit in enumerate(digits)]
    return Template(text("drawing.html")).substitute(
        model=escape(model),
        examples=json.dumps([example["ink"] for example in examples]),
        style=text("drawing.css"),
        script="\n".join(map(text, SCRIPTS)),
        places="".join(places),
        bars="".join(bars),
        buttons="".join(f'<button type="button" class="example">{name}</button>' for name in names),
        still=b64encode(text("still.svg").encode()).decode(),
        alt=ALT,
        caption=CAPTION,
    )


def grid(size):
    return [(i, j) for i in range(size) for j in range(size)]


class Drawing(SphinxDirective):
    def run(self):
        for path in (MODEL, *PARTS.iterdir()):
            self.env.note_dependency(str(path))
        self.env.metadata[self.env.docname]["draws"] = True
        return [nodes.raw("", surface(f"{Path(self.env.docname).name}_model.js"), format="html")]


class Card(SphinxRole):
    def run(self):
        path = MODEL.with_suffix(".json")
        self.env.note_dependency(str(path))
        return [nodes.Text(figure(json.loads(path.read_text(encoding="utf-8")), self.text))], []


def figure(card, name):
    """One number of the card: a share in per cent, a count with its thousands."""
    for key in name.split("."):
        card = card[key]
    return f"{card:.0%}" if isinstance(card, float) else f"{card:,}"


def write_model(app, error):
    if error or app.builder.format != "html":
        return
    script = f'drawingModel("{b64encode(MODEL.read_bytes()).decode()}");\n'
    for docname, metadata in app.env.metadata.items():
        if "draws" in metadata:
            (app.outdir / f"{docname}_model.js").write_text(script, encoding="utf-8")


def setup(app):
    app.add_directive("drawing", Drawing)
    app.add_role("card", Card())
    app.connect("build-finished", write_model)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
