"""What hypothesis draws from: shapes in the course's letters, and arrays that discriminate."""

import numpy as np
from hypothesis import strategies as st

SIZE = st.integers(1, 6)
SEED = st.integers(0, 2**32 - 1)


@st.composite
def scores_and_mask(draw):
    """Scores (…, T, S) within ±10 and a mask for them; some rows may attend to nothing."""
    rng = np.random.default_rng(draw(SEED))
    shape = tuple(draw(st.lists(SIZE, min_size=2, max_size=4)))
    scores = rng.uniform(-10, 10, shape)
    mask = rng.random(shape) < draw(st.sampled_from((0.2, 0.5, 0.9)))
    return scores, mask


@st.composite
def attention_inputs(draw):
    """Queries (…, T, D), keys (…, S, D), values (…, S, Dv) and a mask (…, T, S)."""
    rng = np.random.default_rng(draw(SEED))
    leading = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    T, S, D, Dv = (draw(SIZE) for _ in range(4))
    queries, keys, values = (
        rng.uniform(-1.5, 1.5, leading + shape) for shape in ((T, D), (S, D), (S, Dv))
    )  # |q · k| / √D ≤ 2.25 √6 < 10
    mask = rng.random((*leading, T, S)) < draw(st.sampled_from((0.3, 0.8)))
    return queries, keys, values, mask


@st.composite
def score_inputs(draw):
    """The arguments of every score function: {name: arrays}, queries and keys first."""
    rng = np.random.default_rng(draw(SEED))
    leading = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    T, S, D, K, A = (draw(SIZE) for _ in range(5))
    queries, keys, other = (rng.uniform(-1.2, 1.2, leading + shape) for shape in ((T, D), (S, D), (S, K)))
    weight, query_weight, key_weight, score_weight = (
        rng.uniform(-1, 1, shape) for shape in ((D, K), (D, A), (K, A), (A,))
    )
    return {
        "dot_scores": (queries, keys),
        "scaled_dot_scores": (queries, keys),
        "general_scores": (queries, other, weight),
        "additive_scores": (queries, other, query_weight, key_weight, score_weight),
        "cosine_scores": (queries, keys),
    }
