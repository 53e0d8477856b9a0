"""Are two pictures the same to a reader's eye?  Compared by Matplotlib's own image comparison."""

from base64 import b64decode
from pathlib import Path
from tempfile import TemporaryDirectory

# The root of the mean square of the differences, over all pixels and colours, each from 0 to 255.  Curves whose numbers
# differ by a millionth, as another CPU may compute them, come to 0.03; a share of a heatmap that is printed as 0.31
# and not 0.30 comes to 2, a bar that is higher by half a percent to 3, a line that is moved by half a percent to 10.
TOLERANCE = 1.0


def difference(stored, new):
    """What Matplotlib says about two PNG that differ, each in base64 as a notebook holds it; None if they do not."""
    from matplotlib.testing.compare import compare_images
    from matplotlib.testing.exceptions import ImageComparisonFailure

    with TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("stored.png", "new.png")]
        for path, picture in zip(paths, (stored, new), strict=True):
            path.write_bytes(b64decode(picture))
        try:
            said = compare_images(*paths, TOLERANCE, in_decorator=True)
        except ImageComparisonFailure as failure:  # their sizes differ
            return str(failure)
    return said and f"they differ by {said['rms']:.2f} (root mean square, of 255); up to {TOLERANCE} may be rounding"
