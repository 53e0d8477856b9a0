"""Every picture tells the browser its size before it has arrived, so that nothing below it jumps."""

import re
from functools import partial
from pathlib import Path

import imagesize

IMAGE = re.compile(r'<img (?![^>]*\bwidth=)([^>]*?)src="(?:\.\./)*_images/([^"]+)"')


def with_size(sources, image):
    width, height = imagesize.get(sources[image[2]])
    return image[0].replace("<img ", f'<img width="{width}" height="{height}" ', 1)


def add_sizes(app, pagename, templatename, context, doctree):
    sources = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}
    if "body" in context:
        context["body"] = IMAGE.sub(partial(with_size, sources), context["body"])


def setup(app):
    app.connect("html-page-context", add_sizes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
