"""What no page needs is taken out of the book when it has been built.

The theme brings all of Bootstrap and Font Awesome, and every extension its files; a page uses a small part of them.
Out of the style sheets go the rules for classes and ids that no page has and no script speaks of.  The fonts of our own
go into them: then no text jumps when a font arrives, and browsers that refuse files of another folder show them too.
Then every file goes that nothing names.
"""

import re
from base64 import b64encode
from itertools import pairwise

import tinycss2

ICON_FONT = re.compile(r"fa[bsr]?$|fa-|svg-inline--fa")  # classes of Font Awesome; book.css draws the few icons
CLASSES = re.compile(r'\b(?:class|id)="([^"]*)"')
FONT = re.compile(r"url\((fonts/[\w-]+\.woff2)\)")
SOURCE_MAP = re.compile(r"\n?//# sourceMappingURL=\S+\s*$")
FILE_NAME = re.compile(r"[\w.-]+\.\w+")
ALWAYS = {"OFL.txt"}  # the licence of the fonts


def text(path):
    return path.read_text(encoding="utf-8")


def vocabulary(site):
    """Every class and id that a page has or a script may give it."""
    words = set()
    for page in site.rglob("*.html"):
        words.update(word for value in CLASSES.findall(text(page)) for word in value.split())
    for name in scripts(site):
        words.update(re.findall(r"[\w-]+", text(name)))
    return words


def scripts(site):
    named = {name for page in site.rglob("*.html") for name in FILE_NAME.findall(text(page))}
    return [path for path in (site / "_static").rglob("*.js") if path.name in named]


def applies(selector, words):
    """Whether all classes and ids of a selector are known; what stands in brackets, as in ``:not(…)``, is not asked."""
    named = [b.value for a, b in pairwise(selector) if a == "." and b.type == "ident"]
    named += [token.value for token in selector if token.type == "hash"]
    return all(name in words for name in named)


def selectors(prelude):
    """The selectors of a rule, which stand between commas."""
    found = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def parse(css):
    return tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)


def needed(rules, words):
    """The rules that can apply, as text."""
    for rule in rules:
        if rule.type == "qualified-rule":
            kept = [tinycss2.serialize(s).strip() for s in selectors(rule.prelude) if applies(s, words)]
            if kept:
                yield f"{','.join(kept)}{{{tinycss2.serialize(rule.content).strip()}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = "".join(needed(parse(rule.content), words))
            if inner:
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"
        elif "Font Awesome" not in (css := rule.serialize()) and "FontAwesome" not in css:
            yield css


def thin(path, words):
    css = "\n".join(needed(parse(text(path)), words))
    css = FONT.sub(lambda match: f"url({as_address(path.parent / match[1])})", css)
    path.write_text(css, encoding="utf-8")


def as_address(font):
    return f"data:font/woff2;base64,{b64encode(font.read_bytes()).decode()}"


def remove_unnamed(site):
    """Remove what no page names, nor a style sheet or script that a page names."""
    stored = {path for folder in ("_static", "_images") for path in (site / folder).rglob("*") if path.is_file()}
    kept, new = set(), {path for path in site.rglob("*") if path.suffix in (".html", ".js") and path not in stored}
    while new:
        sources = [text(path) for path in new if path.suffix in (".html", ".js", ".css")]
        names = {name for source in sources for name in FILE_NAME.findall(source)}
        kept |= new
        new = {path for path in stored - kept if path.name in names | ALWAYS}
    for path in stored - kept:
        path.unlink()
    for folder in sorted((path for path in site.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def make_lean(app, error):
    if error or app.builder.name != "html":
        return
    site = app.outdir
    for path in scripts(site):
        path.write_text(SOURCE_MAP.sub("", text(path)), encoding="utf-8")
    words = vocabulary(site)
    without_icons = {word for word in words if not ICON_FONT.match(word)}
    for path in site.rglob("*.css"):
        thin(path, without_icons if path.parent.name == "styles" else words)
    remove_unnamed(site)


def setup(app):
    app.connect("build-finished", make_lean, priority=900)  # after what others write then
    return {"parallel_read_safe": True, "parallel_write_safe": True}
