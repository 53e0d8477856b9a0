"""A classifier of digits measured: accuracy and pointing on scenes, accuracy on MNIST (chapter 12)."""

from attention.classifier import Classifier
from attention.experiments.card import card
from attention.experiments.looking import mnist_figures, scene_figures
from attention.experiments.measures import about_file

SPLITS = ("validation", "test")
POOLING = {
    "average": "the average of all places",
    "maximum": "the maximum over all places",
    "attention": "additive attention over places",
    "glimpse": "one glimpse, attention over places that knows where they are",
    "glimpses": "two glimpses, of which the first makes the second's query",
}
FIGURES = {
    "accuracy": "accuracy",
    "pointing": "pointing",
    "inside": "weight inside the box",
    "centre": "pointing at the centre",
    "random": "pointing at random",
}

NOTE = """Pointing: how often the centre of the heaviest place lies in the box of the digit that is asked for.
Measured from the stored file, on scenes painted with digits that training never met. The model was chosen on
validation scenes; nothing was chosen by test scenes{mnist}."""

MNIST = """, nor by MNIST, of whose {digits:,} test digits it gets {accuracy:.2%}:
another distribution, which it never saw. Each was prepared as a reader's own picture is. (Those who drew the shapes of
the strokes in `attention.data.glyphs` had 120 of these digits before their eyes, so this is no blind test)"""

TERMS = """The digits are scikit-learn's: Alpaydin and Kaynak (1998), "Optical recognition of handwritten digits", UCI
Machine Learning Repository, <https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits>,
CC BY 4.0. Of the 1,797, 1,168 were learned from, in scenes that `attention.data.scenes` paints.

What it is good for: this course. It knows one digit on a canvas and nothing else, and names a digit whatever it is
shown."""


def measure(path):
    """All that is known about a stored model, as a dict that JSON can hold."""
    classifier = Classifier("pytorch", path)
    tasks = classifier.metadata["tasks"]
    result = about_file(path) | {name: classifier.metadata[name] for name in ("sizes", "names", "tasks")}
    for split in SPLITS:
        result[split] = {task: scene_figures(classifier.look, task, split) for task in tasks}
    return result | {"mnist": mnist_figures(classifier.look) if "single" in tasks else None}


def model_card(result):
    """The text of its card."""
    figures = [["", "scenes", *FIGURES.values()]]
    for split in SPLITS:
        for task, found in result[split].items():
            shown = ["–" if found[name] is None else f"{found[name]:.2%}" for name in FIGURES]
            figures.append([f"{split}, {task}", f"{found['scenes']:,}", *shown])
    mnist = MNIST.format(**result["mnist"]) if result["mnist"] else ""
    return card(
        result,
        f"Scenes to digits (chapter 12): a small residual network and {POOLING[result['sizes']['pooling']]}",
        figures,
        NOTE.format(mnist=mnist),
        {
            "step": ("step", ""),
            "loss": ("validation loss", ".3f"),
            "accuracy": ("validation accuracy", ".2%"),
        },
        TERMS,
    )
