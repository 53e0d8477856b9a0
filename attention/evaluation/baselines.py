"""What scenes give away to models that do not look: a linear one, and pointing at the same spot (chapter 12)."""

from attention.data.scenes import scenes
from attention.evaluation.pointing import STRIDE, centre_baseline, random_baseline

LEARNT = 8000  # scenes that the linear model learns from


def linear_accuracy(images, labels, test_images, test_labels):
    """How often a linear model of the pixels is right: multinomial logistic regression, p = softmax(x W + b).

    How much its weights are held back was chosen on validation scenes.

    Parameters
    ----------
    images (N, H, W), labels (N,) : what it learns from
    test_images (M, H, W), test_labels (M,) : what it is measured on

    Returns
    -------
    accuracy : float, 0 to 1
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.001, tol=0.01))
    model.fit(images.reshape(len(images), -1), labels)
    return float(model.score(test_images.reshape(len(test_images), -1), test_labels))


def baselines(task, count=2000, learnt=LEARNT):
    """What the test scenes of a task give away, beside which a model's figures are to be read.

    Parameters
    ----------
    task : of `attention.data.scenes`
    count : int, test scenes
    learnt : int, training scenes that the linear model sees

    Returns
    -------
    figures : {"linear": accuracy of a linear model of the pixels, "class": the share of the most frequent class,
        "centre": how often the middle of the picture lies in the box of the digit that is asked for, "random": how
        often a place of the feature map does that is drawn at random}
    """
    train, test = scenes(task, "train", learnt), scenes(task, "test", count)
    side = test.images.shape[1:]
    places = tuple(-(-length // STRIDE) for length in side)
    return {
        "linear": linear_accuracy(train.images, train.labels, test.images, test.labels),
        "class": float((test.labels[:, None] == range(10)).mean(0).max()),
        "centre": centre_baseline(test.boxes, side),
        "random": random_baseline(test.boxes, places),
    }
