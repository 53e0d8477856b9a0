"""Numbers and arrays as a learner reads them."""

import numpy as np


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
    """Two unequal numbers, with digits enough to tell them apart."""
    for digits in range(3, 17):
        if number(expected, digits) != number(got, digits):
            break
    return number(expected, digits), number(got, digits)


def array(values, digits=6):
    """A small array, as it would be typed."""
    values = np.asarray(values)
    if values.ndim == 0:
        return str(bool(values)) if values.dtype.kind == "b" else number(values, digits)
    return "[" + ", ".join(array(v, digits) for v in values) + "]"


def inputs(draw):
    """The arguments of a call: small ones in full, larger ones by their shape."""
    small = sum(np.size(v) for v in draw.values()) <= 20
    parts = []
    for name, value in draw.items():
        if not isinstance(value, np.ndarray):
            parts.append(f"{name} = {value}")
        elif small:
            parts.append(f"{name} = {array(value)}")
        else:
            parts.append(f"{name} {value.shape}")
    types = {v.dtype.name for v in draw.values() if isinstance(v, np.ndarray) and v.dtype.kind == "f"} - {"float64"}
    return ", ".join(parts) + "".join(f" in {t}" for t in types)
