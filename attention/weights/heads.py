"""The weights of attention with several heads (chapter 6)."""

from attention.shapes import check_sizes


def shapes(width, heads, kv_heads=None):
    """The name and shape of every weight of `MultiHeadAttention`: M = `width`, D = M / `heads`, matrices (in, out).

    The columns of a matrix are those of head 0, then those of head 1, and so on. Where fewer heads than H have keys and
    values of their own, `kv_heads` of them, their two matrices are narrower.

    Raises
    ------
    TypeError, ValueError : a size is not a whole number of at least 1, or one does not divide the other
    """
    kv_heads = heads if kv_heads is None else kv_heads
    check_sizes(1, width=width, heads=heads, kv_heads=kv_heads)
    if width % heads:
        raise ValueError(f"width must be a multiple of heads: got {width} and {heads}")
    if heads % kv_heads:
        raise ValueError(f"heads must be a multiple of kv_heads: got {heads} and {kv_heads}")
    M, K = width, kv_heads * (width // heads)
    columns = {"query": M, "key": K, "value": K, "output": M}
    return {f"{name}_weight": (M, of) for name, of in columns.items()} | {
        f"{name}_bias": (of,) for name, of in columns.items()
    }


def check_weights(weights, heads, kv_heads=None):
    """Raises ValueError where `weights`, {name: array}, are not those of so many heads: one is missing, or has not its
    shape; and what `shapes` raises."""
    if "query_weight" not in weights:
        raise ValueError("there is no query_weight")
    for name, shape in shapes(weights["query_weight"].shape[0], heads, kv_heads).items():
        if name not in weights:
            raise ValueError(f"there is no {name}")
        if tuple(weights[name].shape) != shape:
            raise ValueError(f"{name} must have shape {shape}: got {tuple(weights[name].shape)}")
