"""Pictures on the command line: train images, classify, evaluate images (chapter 12)."""

from dataclasses import replace
from pathlib import Path

from attention.commands import add_model_options, add_train_options, path, training, use_device
from attention.inputs import InputError

BEST = "the best stored one for single digits"
ARCHITECTURES = {  # {name: (settings, tasks of the scenes)}
    "resnet": ({"pooling": "average"}, ("single", "cluttered")),
    "resnet-attention": ({"pooling": "attention"}, ("single", "cluttered")),
    "resnet-glimpses": ({"pooling": "glimpses", "told": True, "steps": 1600}, ("pointed",)),
}


def add_training_options(command):
    """What `train images` is told."""
    told = "how the places become one vector: their average, attention, or two glimpses, for a marker and what it shows"
    command.add_argument("--architecture", choices=ARCHITECTURES, default="resnet-attention", help=told)
    command.add_argument("--data", default="scenes", help="or a folder with your own pictures, a subfolder a class")
    add_train_options(command)


def train(options):
    """Teach a model to classify and store the best weights."""
    learner, task = training(options.framework, options.device, "images")
    from attention.experiments import loop
    from attention.experiments.images import Folder, Pictures, Scenes, Settings

    of, tasks = ARCHITECTURES[options.architecture]
    given = {name: getattr(options, name) for name in ("steps", "seed") if getattr(options, name)}
    settings = replace(Settings(**of), **given)

    def prepare():
        pictures = Pictures(settings, Scenes(*tasks) if options.data == "scenes" else Folder(options.data))
        return learner.Learner(task.Classification(pictures))

    name = f"{options.architecture.replace('-', '_')}_{options.framework}.safetensors"
    stored = options.model or Path("work") / name
    curve = loop.train(stored, prepare, options.resume)
    best = max(curve, key=lambda entry: entry["accuracy"])
    print(f"{stored}: validation accuracy = {best['accuracy']:.2%} after {best['step']} steps")


def add_classify_options(command):
    """What `classify` is told."""
    told = "a digit, dark on light or light on dark, of any size"
    command.add_argument("pictures", nargs="+", type=path, metavar="picture", help=told)
    add_model_options(command, BEST)
    command.add_argument("--heatmap", type=path, help="draw into this file where the model looked")


def classify(options):
    """Print the class of each picture, a line each."""
    from attention.data.pictures import read_picture

    if options.heatmap:
        from attention.alignment import check_picture
        from attention.heatmap import draw_heatmap

        check_picture(options.heatmap)
    pictures = [read_picture(picture) for picture in options.pictures]
    classifier = stored_classifier(options)
    names, probabilities, seen, weights = classifier.classify(pictures)
    said = [f"{name} ({probability:.0%})" for name, probability in zip(names, probabilities, strict=True)]
    if options.heatmap:
        if weights is None:
            raise InputError("--heatmap draws where a model looked: this one looks at all places alike")
        draw_heatmap(options.heatmap, seen, weights, said)
    for picture, one in zip(options.pictures, said, strict=True):
        print(f"{picture}: {one}")


def stored_classifier(options):
    """The model that was asked for, on the device that was asked for."""
    from attention.classifier import Classifier

    use_device(options.framework, options.device)
    return Classifier(options.framework, options.model)


def add_evaluation_options(command):
    """What `evaluate images` is told."""
    told = "test scenes of the tasks that the model was taught, or MNIST's test digits"
    command.add_argument("--data", choices=["scenes", "mnist"], default="scenes", help=told)
    add_model_options(command, BEST)


def evaluate(options):
    """Print how often a model is right, and how often it looks at the right digit; a line for each task."""
    from attention.experiments.looking import mnist_figures, scene_figures

    classifier = stored_classifier(options)
    if classifier.names != list("0123456789"):
        raise InputError(f"{options.data} are digits: this model knows {', '.join(classifier.names)}")
    if options.data == "mnist":
        figures = mnist_figures(classifier.look)
        print(f"MNIST: accuracy = {figures['accuracy']:.2%} of {figures['digits']:,} digits")
        return
    for task in classifier.metadata["tasks"]:
        figures = scene_figures(classifier.look, task)
        told = f"{task}: accuracy = {figures['accuracy']:.2%} of {figures['scenes']:,} scenes"
        if figures["pointing"] is not None:
            told += "; pointing = {pointing:.2%} (the centre {centre:.2%}, at random {random:.2%})".format(**figures)
        print(told)


TRAIN = "teach a classifier on scenes of digits, or on your own pictures", add_training_options, train
EVALUATE = "print how often a model is right, and looks at the right digit", add_evaluation_options, evaluate
OWN = {"classify": ("print what digit each picture shows, a line each", add_classify_options, classify)}
