"""Numbers and arrays as a learner reads them."""

import numpy as np

NOUNS = {"B": "sequences", "T": "queries", "S": "keys", "D": "features", "A": "hidden units", "V": "pieces"}
LONGEST = 60  # letters of an object that are shown


def number(value, digits=3):
    """1.0 as 1, 0.63662 as 0.637, 9998.5 as 9998, 1e-09 as 1e-9."""
    value = float(value) + 0.0
    if not np.isfinite(value):
        return {"nan": "NaN", "inf": "∞", "-inf": "−∞"}[str(value)]
    if 1 <= abs(value) < 1e6:
        digits = max(digits, len(str(int(abs(value)))))
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def pair(expected, got):
    """Two unequal numbers, with digits enough to tell them apart, whole ones with all; or True and False."""
    kinds = np.asarray(expected).dtype.kind, np.asarray(got).dtype.kind
    if kinds[0] == "b" or set(kinds) <= set("iu"):
        return array(expected), array(got)
    digits = telling(expected, got)
    return number(expected, digits), number(got, digits)


def telling(expected, got):
    """How many digits tell two numbers or arrays apart, without showing more of a difference than there is."""
    expected, got = np.asarray(expected, dtype=np.float64), np.asarray(got, dtype=np.float64)
    apart = _farthest(expected, got)
    for digits in range(3, 17):
        shown = [np.array([float(f"{v:.{digits}g}") for v in part.flat]) for part in (expected, got)]
        if array(expected, digits) != array(got, digits) and _farthest(*shown) / 2 <= apart:
            break
    return digits


def _farthest(some, others):
    """The largest difference; where nothing but NaN is left, 0."""
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(some - others)
    return np.max(apart, where=~np.isnan(apart), initial=0)


def array(values, digits=6):
    """A small array, as it would be typed."""
    values = np.asarray(values)
    if values.ndim == 0:
        if values.dtype.kind in "iu":
            return f"{int(values)}".replace("-", "−")  # all its digits
        return str(bool(values)) if values.dtype.kind == "b" else number(values, digits)
    return "[" + ", ".join(array(v, digits) for v in values) + "]"


def thing(value):
    """An object as it would be typed, cut where it is long; a function by its name."""
    if callable(value):
        return getattr(value, "__name__", "a function")
    text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 2] + " …"


def as_lists(value):
    """An object with lists for the tuples that it was compared as."""
    return [as_lists(held) for held in value] if isinstance(value, tuple) else value


def parting(expected, got):
    """Two unequal objects: where they are long, the first place in which they part."""
    if isinstance(expected, tuple) and isinstance(got, tuple) and len(repr(expected)) + len(repr(got)) > 2 * LONGEST:
        at = next((i for i, (e, g) in enumerate(zip(expected, got, strict=False)) if e != g), None)
        if at is not None:
            return thing(as_lists(expected[at])), thing(as_lists(got[at])), f" at [{at}]"
        return f"of length {len(expected)}", f"of length {len(got)}", ""
    return thing(as_lists(expected)), thing(as_lists(got)), ""


def inputs(draw):
    """The arguments of a call: small ones in full, larger ones and empty ones by their shape."""
    small = sum(np.size(v) for v in draw.values() if isinstance(v, np.ndarray)) <= 20
    parts = []
    for name, value in draw.items():
        if not isinstance(value, np.ndarray):
            parts.append(f"{name} = {thing(value)}")
        elif small and (value.size or value.ndim < 2):
            parts.append(f"{name} = {array(value)}")
        else:
            parts.append(f"{name} {value.shape}")
    types = {n: v.dtype.name for n, v in draw.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f"}
    if len(set(types.values())) > 1:
        return ", ".join(parts) + "; " + ", ".join(f"{name} in {kind}" for name, kind in types.items())
    return ", ".join(parts) + "".join(f" in {kind}" for kind in set(types.values()) - {"float64"})
