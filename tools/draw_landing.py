#!/usr/bin/env -S .venv/bin/python
"""Draw what moves on the landing page: ``tools/draw_landing.py``

Translates two sentences with the stored model and writes book/landing.html: where each step looked, and what it would
have written if it had looked elsewhere, as in chapter 9 (`attention.explorers.alignment`).
"""

from pathlib import Path

from attention import explorers
from attention.translator import Translator

SENTENCES = ["Ein roter Hund fängt einen Ball.", "Eine Frau trägt einen roten Hut."]
FILE = Path(__file__).parent.parent / "book" / "landing.html"


def main():
    shown = explorers.alignment(Translator("numpy"), SENTENCES)._repr_html_()
    FILE.write_text(f"{shown}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
