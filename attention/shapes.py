"""Argument checks, written once and used by all three packages.

They look at `.shape` and `.dtype` only, never at a value, so they cost nothing on a GPU and work while a graph is
traced.  A size that is not known yet (`tf.function`) agrees with every other.
"""

FLOATS = ("float16", "bfloat16", "float32", "float64")


def shape_of(array):
    """The shape as a tuple, None for an unknown size; None altogether where even the rank is unknown."""
    shape = array.shape
    if getattr(shape, "rank", 0) is None:
        return None
    return tuple(shape)


def dtype_name(array):
    """'float32', whichever framework the array comes from."""
    return str(getattr(array.dtype, "name", array.dtype)).removeprefix("torch.")


def show(shape):
    """(2, 7, 16), with ? for a size that is not known."""
    inside = ", ".join("?" if size is None else str(int(size)) for size in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"


def check_floats(**arrays):
    """Every argument is an array of one and the same floating-point type."""
    for name, array in arrays.items():
        if not hasattr(array, "shape") or not hasattr(array, "dtype"):
            raise TypeError(f"{name} must be an array or tensor: got {type(array).__name__}")
        if dtype_name(array) not in FLOATS:
            raise TypeError(f"{name} must be floating point: got {dtype_name(array)}")
    if len({dtype_name(array) for array in arrays.values()}) > 1:
        found = ", ".join(f"{name} {dtype_name(array)}" for name, array in arrays.items())
        raise TypeError(f"{_join(arrays)} must have one dtype: {found}")


def check_rank(least, **arrays):
    """Every argument has at least `least` axes."""
    for name, array in arrays.items():
        shape = shape_of(array)
        if shape is not None and len(shape) < least:
            raise ValueError(f"{name} must have at least {least} {'axis' if least == 1 else 'axes'}: got {show(shape)}")


def check_axes(count, **arrays):
    """Every argument has `count` axes."""
    for name, array in arrays.items():
        shape = shape_of(array)
        if shape is not None and len(shape) != count:
            raise ValueError(f"{name} must have {count} {'axis' if count == 1 else 'axes'}: got {show(shape)}")


def check_axis(axis, **arrays):
    """`axis` is one of the axes that the argument has."""
    for name, array in arrays.items():
        shape = shape_of(array)
        if shape is not None and not -len(shape) <= axis < len(shape):
            raise ValueError(f"axis must be one of the {len(shape)} axes of {name} {show(shape)}: got {axis}")


def check_same(letter, axes, **arrays):
    """Two arguments have the same size on the axes given, one axis for each: `letter` is its name in the course."""
    (first, a), (second, b) = ((name, shape_of(array)) for name, array in arrays.items())
    if a is None or b is None:
        return
    if not _agree(a[axes[0]], b[axes[1]]):
        raise ValueError(f"{first} and {second} must agree on {letter}: {first} {show(a)}, {second} {show(b)}")


def check_leading(**arrays):
    """The axes before the last two broadcast together."""
    shapes = {name: shape_of(array) for name, array in arrays.items()}
    if None not in shapes.values() and _broadcast([shape[:-2] for shape in shapes.values()]) is None:
        found = ", ".join(f"{name} {show(shape)}" for name, shape in shapes.items())
        raise ValueError(f"{_join(arrays)} must agree on the leading axes: {found}")


def check_mask(mask, target, target_name="scores"):
    """`mask` is boolean and broadcasts to the shape `target`; None, no mask, is fine."""
    if mask is None:
        return
    if not hasattr(mask, "shape") or not hasattr(mask, "dtype"):
        raise TypeError(f"mask must be an array or tensor: got {type(mask).__name__}")
    if dtype_name(mask) != "bool":
        raise TypeError(f"mask must be boolean, True = may attend: got {dtype_name(mask)}")
    shape = shape_of(mask)
    if not _fits(shape, target):
        raise ValueError(f"mask must broadcast to {target_name} {show(target)}: got {show(shape)}")


def check_sizes(least=0, **sizes):
    """Every argument that is a Python number is a whole number, `least` or more."""
    for name, size in sizes.items():
        if isinstance(size, (bool, float)):
            raise TypeError(f"{name} must be a whole number: got {size!r}")
        if isinstance(size, int) and size < least:
            raise ValueError(f"{name} must be at least {least}: got {size}")


def check_even(**sizes):
    """Every argument that is a Python number is even; one that is not known yet may be."""
    for name, size in sizes.items():
        if isinstance(size, int) and size % 2:
            raise ValueError(f"{name} must be even, for features go in pairs: got {size}")


def check_positions(positions, x):
    """Rows x (…, T, D) with D even, and a whole number for each: positions that broadcast to (…, T)."""
    if not dtype_name(positions).startswith(("int", "uint")):
        raise TypeError(f"positions must be whole numbers: got {dtype_name(positions)}")
    shape, rows = shape_of(positions), shape_of(x)
    if rows is None:
        return
    check_even(D=rows[-1])
    if not _fits(shape, rows[:-1]):
        raise ValueError(f"positions must broadcast to the rows {show(rows[:-1])} of x: got {show(shape)}")


def check_choice(name, value, choices):
    """`value` is one of the `choices`."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}: got {value!r}")


def check_attention(queries, keys, values, mask):
    """Queries (…, T, D), keys (…, S, D), values (…, S, Dv), mask broadcastable to (…, T, S)."""
    check_floats(queries=queries, keys=keys, values=values)
    check_rank(2, queries=queries, keys=keys, values=values)
    check_same("D", (-1, -1), queries=queries, keys=keys)
    check_same("S", (-2, -2), keys=keys, values=values)
    check_leading(queries=queries, keys=keys, values=values)
    check_mask(mask, scores_shape(queries, keys))


def check_split(x, heads):
    """Rows (…, T, M) that can be cut into `heads` pieces."""
    check_rank(2, x=x)
    check_sizes(1, heads=heads)
    shape = shape_of(x)
    if shape is not None and shape[-1] is not None and shape[-1] % heads:
        raise ValueError(f"the features of x must be a multiple of heads, {heads}: got {show(shape)}")


def check_heads(queries, keys, values, mask, bias, positions, heads, width, dtype, cached=0):
    """Queries (…, T, M), keys and values (…, S, M) of a layer's width and type, after `cached` keys of earlier calls; a
    mask and a bias that broadcast to (…, H, T, cached + S)."""
    check_floats(queries=queries, keys=keys, values=values)
    if dtype_name(queries) != dtype:
        raise TypeError(f"queries must have the dtype of the weights, {dtype}: got {dtype_name(queries)}")
    check_rank(2, queries=queries, keys=keys, values=values)
    for name, array in {"queries": queries, "keys": keys, "values": values}.items():
        shape = shape_of(array)
        if shape is not None and not _agree(shape[-1], width):
            raise ValueError(f"{name} must be as wide as the layer, {width}: got {show(shape)}")
    check_same("S", (-2, -2), keys=keys, values=values)
    check_leading(queries=queries, keys=keys, values=values)
    if positions is not None:
        check_same("T, for they have the same positions", (-2, -2), queries=queries, keys=keys)
    scores = scores_shape(queries, keys)
    if scores is not None:
        sources = None if scores[-1] is None or cached is None else scores[-1] + cached
        scores = (*scores[:-2], heads, scores[-2], sources)
    check_mask(mask, scores)
    _check_which_axis(mask, scores)
    if bias is not None:
        check_floats(queries=queries, bias=bias)
        if not _fits(shape_of(bias), scores):
            raise ValueError(f"bias must broadcast to scores {show(scores)}: got {show(shape_of(bias))}")


def _check_which_axis(mask, scores):
    """A mask (B, T, S) would be taken for one of heads (H, T, S), unseen where there are as many of them."""
    shape = None if mask is None else shape_of(mask)
    if None not in (shape, scores) and len(shape) == len(scores) - 1 > 2 and not _agree(shape[-3], 1):
        raise ValueError(
            f"mask {show(shape)} does not say whether its axis is of sentences or of heads: "
            "for sentences give mask[..., None, :, :], for heads mask[None]"
        )


def check_product(letter, **arrays):
    """A row (…, D) and a matrix (D, M) of one type: `letter` is the name of D in the course."""
    (row, _), (matrix, _) = arrays.items()
    check_floats(**arrays)
    check_rank(1, **{row: arrays[row]})
    check_axes(2, **{matrix: arrays[matrix]})
    check_same(letter, (-1, -2), **arrays)


def check_convolution(x, kernel, stride):
    """A map (B, h, w, D) and a kernel (k, l, D, M)."""
    check_floats(x=x, kernel=kernel)
    check_axes(4, x=x, kernel=kernel)
    check_same("D", (-1, -2), x=x, kernel=kernel)
    check_sizes(1, stride=stride)


def check_norm(x, **statistics):
    """Rows (…, D), and what batch normalisation needs for each feature (D,), or None."""
    given = {name: array for name, array in statistics.items() if array is not None}
    check_floats(x=x, **given)
    check_rank(1, x=x)
    check_axes(1, **given)
    for name, array in given.items():
        check_same("D", (-1, -1), x=x, **{name: array})


def check_places(features, mask):
    """A map (B, h, w, N), and a mask that broadcasts to its places (B, S)."""
    check_floats(features=features)
    check_axes(4, features=features)
    shape = shape_of(features)
    if shape is not None:
        B, h, w, _ = shape
        check_mask(mask, (B, None if h is None or w is None else h * w), "places")


def check_draws(draws, tokens, limit, temperature):
    """A draw for each row of tokens (B, T) and each of `limit` steps, (B, limit), or none; a temperature above 0."""
    check_sizes(1, limit=limit)
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0: got {temperature}")
    if draws is not None and shape_of(draws) != (shape := (shape_of(tokens)[0], limit)):
        raise ValueError(f"draws must have shape {show(shape)}: got {show(shape_of(draws))}")


def scores_shape(queries, keys):
    """The shape (…, T, S) of the scores, or None where a rank is unknown."""
    a, b = shape_of(queries), shape_of(keys)
    if a is None or b is None:
        return None
    return (*_broadcast([a[:-2], b[:-2]]), a[-2], b[-2])


def _join(names):
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def _fits(shape, target):
    """Whether `shape` broadcasts to `target` without making it larger; what is not known fits."""
    if shape is None or target is None:
        return True
    return len(shape) <= len(target) and all(
        size == 1 or _agree(size, wanted) for size, wanted in zip(reversed(shape), reversed(target), strict=False)
    )


def _agree(a, b):
    return a is None or b is None or a == b


def _broadcast(shapes):
    """The shape that all of them broadcast to, or None where they do not."""
    rank = max(map(len, shapes))
    result = [1] * rank
    for shape in shapes:
        for axis, size in enumerate(shape, start=rank - len(shape)):
            if size == 1 or size == result[axis]:
                continue
            if result[axis] == 1 or result[axis] is None:
                result[axis] = size
            elif size is not None:
                return None
    return tuple(result)
