"""What a built-in attention does, found by running it; and the tables of book/frameworks.md, which say so.

A built-in is a function of queries (T, D), keys (S, D), values (S, D), and perhaps a mask in the built-in's own terms
or ``causal=True``.  Run as a program this prints what Keras' do, on the backend that ``KERAS_BACKEND`` names.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

PAGE = Path(__file__).parents[2] / "book" / "frameworks.md"

rng = np.random.default_rng(7)
QUERIES, KEYS, VALUES = (rng.standard_normal((n, 4)).astype(np.float32) for n in (2, 4, 4))
MASK = np.array([[True, False, True, False], [False, True, True, False]])
NUMBERS = np.where(MASK, 0, -1).astype(np.float32)
SCORES = {
    "q·k/√D": QUERIES @ KEYS.T / 2,
    "q·k": QUERIES @ KEYS.T,
    "Σ tanh(q + k)": np.tanh(QUERIES[:, None] + KEYS).sum(axis=-1),
}


def which(found, expected):
    """The name of the one result that this is."""
    (name,) = [name for name, a in expected.items() if np.allclose(found, a, atol=1e-2, equal_nan=True)]
    return name


def average(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ VALUES


def scores(run):
    return which(run(QUERIES, KEYS, VALUES), {name: average(array) for name, array in SCORES.items()})


def hidden(run, mask):
    return average(np.where(mask, SCORES[scores(run)], -np.inf))


def true_means(run):
    found = run(QUERIES, KEYS, VALUES, mask=MASK)
    return which(found, {"may": hidden(run, MASK), "may not": hidden(run, ~MASK)})


def numbers(run):
    try:
        found = run(QUERIES, KEYS, VALUES, mask=NUMBERS)
    except Exception:  # each framework has its own
        return "refused"
    return which(found, {"added": average(SCORES[scores(run)] + NUMBERS), "0 may not": hidden(run, ~MASK)})


def causal(run):
    try:
        found = run(QUERIES, KEYS, VALUES, causal=True)
    except Exception:
        return "refused"
    return which(found, {"first": hidden(run, np.tri(2, 4, 0, bool)), "last": hidden(run, np.tri(2, 4, 2, bool))})


def empty(dtype):
    """What a query becomes that may attend to nothing, beside one that may attend to everything."""

    def find(run):
        mask = np.array([[False] * 4, [True] * 4])
        arrays = [array.astype(dtype) for array in (QUERIES, KEYS, VALUES)]
        found = run(*arrays, mask=mask if true_means(run) == "may" else ~mask)
        without = average(SCORES[scores(run)])
        assert np.allclose(found[1], without[1], atol=1e-2)
        alike = {"zero": np.zeros(4), "NaN": np.full(4, np.nan), "uniform": VALUES.mean(axis=0), "no mask": without[0]}
        return which(found[0], alike)

    return find


FACTS = {"scores": scores, "True": true_means, "numbers": numbers, "causal": causal}
FACTS |= {dtype: empty(dtype) for dtype in ("float64", "float32", "float16")}


def keras_built_ins():
    import keras

    def one(array):
        """A batch of one."""
        return None if array is None else keras.ops.convert_to_tensor(array[None])

    def layer(make):
        """Its mask is one for all queries; so each query asks alone where there is a mask."""

        def run(queries, keys, values, mask=None, causal=False):
            made = make(str(queries.dtype))
            arrays = [one(values), one(keys)]
            if mask is None:
                return keras.ops.convert_to_numpy(made([one(queries), *arrays], use_causal_mask=causal))[0]
            rows = [made([one(q[None]), *arrays], mask=[None, one(m)]) for q, m in zip(queries, mask, strict=True)]
            return np.concatenate([keras.ops.convert_to_numpy(row)[0] for row in rows])

        return run

    def additive(dtype):
        made = keras.layers.AdditiveAttention(dtype=dtype)
        made.build([(1, 1, 4)] * 3)
        made.set_weights([np.ones(4)])
        return made

    def multi_head(queries, keys, values, mask=None, causal=False):
        made = keras.layers.MultiHeadAttention(1, 4, use_bias=False, dtype=str(queries.dtype))
        made.build((1, len(queries), 4), (1, len(keys), 4))
        made.set_weights([np.eye(4).reshape(weight.shape) for weight in made.weights])
        found = made(one(queries), one(values), one(keys), attention_mask=one(mask), use_causal_mask=causal)
        return keras.ops.convert_to_numpy(found)[0]

    def of_ops(queries, keys, values, mask=None, causal=False):
        arrays = [one(array[:, None]) for array in (queries, keys, values)]  # (B, T, H, D)
        mask = None if mask is None else one(mask[None])
        found = keras.ops.dot_product_attention(*arrays, mask=mask, is_causal=causal)
        return keras.ops.convert_to_numpy(found)[0, :, 0]

    return {
        "keras.layers.Attention": layer(lambda dtype: keras.layers.Attention(dtype=dtype)),
        "keras.layers.AdditiveAttention": layer(additive),
        "keras.layers.MultiHeadAttention": multi_head,
        "keras.ops.dot_product_attention": of_ops,
    }


def table(first):
    """The rows of the page's table whose header begins with a word: [[cell, …], …], code without its marks."""
    page = PAGE.read_text(encoding="utf-8")
    (body,) = re.findall(rf"^\| {first} \|.*\n\|[-| ]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    return [[cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in body.splitlines()]


def gives(code, names):
    """What an expression of the page gives, as it is written there."""
    try:
        value = eval(code, dict(names))
    except Exception as error:
        return type(error).__name__
    if type(value).__name__ == "DType":
        value = value.name
    if type(value).__name__ in ("TensorShape", "Size"):
        value = tuple(value)
    return str(value).removeprefix("torch.")


def setup(number):
    """The names that the page's blocks of Python define, the one of a number alone."""
    names = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[number], names)
    return names


BACKENDS = ("scores", "True", "causal", "float32", "float16")


def keras_on(backend):
    """{built-in: what it does}, from a process of its own, since Keras chooses its backend once."""
    command, environment = [sys.executable, __file__], os.environ | {"KERAS_BACKEND": backend}
    return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def keras_of_the_page(backend):
    """The same from the tables: scores, booleans and causal masks are those of every backend."""
    everywhere = {name: [scores, true, causal] for name, scores, true, _, causal in table("built-in")}
    return {name: everywhere[name] + found for name, *found in table(backend)}


if __name__ == "__main__":
    print(json.dumps({name: [FACTS[fact](run) for fact in BACKENDS] for name, run in keras_built_ins().items()}))
