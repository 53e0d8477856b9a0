"""The part that all explorers share: a picture, what it is of, and the script that moves it, as one piece of HTML."""

import json
from base64 import b64encode
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
FILES = ("explorer.css", "explorer.js")  # what every explorer brings along


def share(weight):
    """A weight as it is written, as in `explorer.js`: one that is not 0 or 1 is not called so."""
    if 0 < weight < 0.005:
        return "< 0.01"
    return "> 0.99" if 0.995 <= weight < 1 else f"{weight:.2f}"


class Explorer:
    """One explorer, which JupyterLab and the book show as HTML.

    Parameters
    ----------
    name : of the function that made it, and of the file of its script
    picture : `attention.diagrams.Diagram` as it is at the beginning; the script finds its parts by their classes
    alt : what the picture shows, for someone who cannot see it
    given : what the script needs to know, as JSON can hold it
    """

    def __init__(self, name, picture, alt, given):
        self.name, self.picture, self.alt, self.given = name, picture, alt, given

    def __repr__(self):
        return f"<Explorer: {self.name}>"

    def _repr_html_(self):
        style, shared = ((HERE / name).read_text(encoding="utf-8") for name in FILES)
        script = (HERE / f"{self.name}.js").read_text(encoding="utf-8")
        # Between single quotation marks those of JSON can stay as they are.
        given = escape(json.dumps(self.given, ensure_ascii=False, separators=(",", ":")), quote=False).replace(
            "'", "&#39;"
        )
        svg = b64encode(self.picture._repr_svg_().encode()).decode()
        return (
            f'<div class="explorer" data-name="{self.name}" data-given=\'{given}\'>'
            f'<img src="data:image/svg+xml;base64,{svg}" alt="{escape(self.alt)}">'
            f"<style>{style}</style><script>(() => {{\n{shared}\n{script}}})();</script></div>"
        )
