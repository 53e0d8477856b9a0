"""Chapter 5: the loss of a query at each place of the plane, and its gradient, a covariance, as an arrow."""

import numpy as np

from attention.diagrams import INK, ORANGE, Diagram
from attention.explorers.explorer import Explorer
from attention.explorers.plane import HEIGHT, Plane
from attention.numpy.gradients import attend_backward, dot_scores_backward
from attention.numpy.scores import dot_scores
from attention.numpy.softmax import softmax

PLANE = Plane(-6, 6)


def loss(words, keys, values, query):
    """A query to drag over its loss L = ½ ‖o − v‖², where v is the value of the word that it should find.

    The scores are dot products, not scaled. The arrow is a step of rate 1 down the gradient, −∂L/∂q, a covariance as in
    (5.5). The values can be made more alike: all are drawn towards their mean.

    Parameters
    ----------
    words : the names of the keys, up to five; at the beginning the last is the one to find
    keys : (S, D), D = 2
    values : (S, Dv)
    query : (D,), within ±6

    Returns
    -------
    explorer : what a cell shows

    Raises
    ------
    ValueError : words, keys and values are not of one number, or keys or query have not two features, or the query is
        outside
    """
    keys, values, query = (np.array(array, float) for array in (keys, values, query))
    fits = keys.shape == (len(words), 2) and len(values) == len(words) <= 5 and query.shape == (2,)
    if not fits or not PLANE.holds(query):
        raise ValueError(
            f"a plane of queries needs up to five words, a key of two features and a value for each, and a query "
            f"within ±6: got {len(words)} words, keys {keys.shape}, values {values.shape}, query {query.tolist()}"
        )
    query = np.round(query, 2)
    given = {"words": list(words), "keys": keys.tolist(), "values": values.tolist(), "query": query.tolist()}
    height, (x, y) = loss_and_gradient(query, keys, values, len(words) - 1)
    alt = (
        f"The plane of queries from −6 to 6, darker where the loss is larger. The query is a dot at ({query[0]:g}, "
        f"{query[1]:g}), with loss {height:.3f}; an arrow leads from it down the slope, by ({-x:.3f}, {-y:.3f})."
    )
    return Explorer("loss", _picture(keys, values, query, len(words) - 1), alt, given | {"plane": PLANE.given})


def loss_and_gradient(query, keys, values, target):
    """L = ½ ‖o − v_target‖² for one query (D,), and ∂L/∂q (D,)."""
    weights = softmax(dot_scores(query[None], keys))  # (1, S)
    away = weights @ values - values[target]  # (1, Dv)
    grad_scores, _ = attend_backward(weights, values, away)
    grad_query, _ = dot_scores_backward(query[None], keys, grad_scores)
    return 0.5 * float((away**2).sum()), grad_query[0]


def _picture(keys, values, query, target):
    picture = Diagram("the loss of a query", HEIGHT)
    heights = np.array([loss_and_gradient(middle, keys, values, target)[0] for middle in PLANE.middles()])
    PLANE.draw(picture, heights, (-6, -3, 0, 3, 6))
    (x, y), (u, v) = map(PLANE.place, (query, query - loss_and_gradient(query, keys, values, target)[1]))
    picture.parts.append(
        f'<path class="arrow" d="M{x:.1f} {y:.1f}L{u:.1f} {v:.1f}" fill="none" stroke="{INK}" stroke-width="2.5" '
        'marker-end="url(#tip)"/>'
        f'<circle class="handle" cx="{x:.1f}" cy="{y:.1f}" r="9" fill="{ORANGE}" stroke="#fff" stroke-width="2"/>'
    )
    PLANE.caption(picture, "dot: query · arrow: a step down · bluer: larger loss")
    return picture
