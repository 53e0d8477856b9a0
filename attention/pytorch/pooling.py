"""From a feature map to one vector: average, maximum, or attention over its places (chapter 12).

The axes: B images, h and w the height and width of a map, S = h · w places, numbered row by row, N features at a place,
A hidden units of a score. A layer takes `weights`, {name: array}; where it may look is a mask (B, S), True = may be
used, and what it hides may hold anything.
"""

import torch
from torch import nn

from attention.pytorch.layers import WeightedLayer
from attention.pytorch.softmax import masked_softmax
from attention.shapes import check_places, check_product, check_same
from attention.weights.parts import part


class AveragePool(WeightedLayer):
    """The mean of all places, and a hidden layer that has as many weights as `AttentionPool`.

    vector = m + relu(m W_1) W_2 + b,   m the mean

    Parameters
    ----------
    weights : hidden_weight (N, N/4), W_1, readout_weight (N/4, N), W_2, and readout_bias (N,), b

    Source
    ------
    Lin, Chen and Yan (2014), "Network in network", https://arxiv.org/abs/1312.4400, for the mean of all places.
    """

    def forward(self, features, mask=None):
        """Features (B, h, w, N) to a vector (B, N), and None for the weights; of no place at all, the mean is zero."""
        places, mask = flatten(features, mask)
        check_product("N", features=places, hidden_weight=self.hidden_weight)
        squeezed = self._squeeze(places, mask)
        return squeezed + torch.relu(squeezed @ self.hidden_weight) @ self.readout_weight + self.readout_bias, None

    def _squeeze(self, places, mask):
        """Places (B, S, N), zero where the mask (B, S) is False, to (B, N)."""
        count = mask.sum(dim=-1, keepdim=True, dtype=places.dtype)  # (B, S) -> (B, 1)
        return places.sum(dim=1) / count.clamp(min=1)


class MaximumPool(AveragePool):
    """The largest number of each feature in place of the mean."""

    def _squeeze(self, places, mask):
        largest = torch.where(mask[..., None], places, -torch.inf).amax(dim=1)  # (B, S, N) -> (B, N)
        return torch.where(mask.any(dim=-1, keepdim=True), largest, 0.0)


class AttentionPool(WeightedLayer):
    """Additive attention of one learned query over all places of a map.

    p = masked softmax_j(tanh(q + k_j W_k) v),   vector = Σ_j p_j x_j,   k_j = x_j

    Parameters
    ----------
    weights : query (A,), q, key_weight (N, A), W_k, and score_weight (A,), v

    Source
    ------
    Bahdanau, Cho and Bengio (2015), appendix A.1.2, for the score; Xu et al. (2015), "Show, attend and tell",
    https://arxiv.org/abs/1502.03044, for places as what is attended to.
    """

    def forward(self, features, mask=None):
        """Features (B, h, w, N) to their weighted mean (B, N) and the weights (B, S)."""
        return self.look(features, self.query, mask)

    def look(self, features, query, mask=None):
        """The same for a query of one's own: (A,), or (B, A), one for each image."""
        places, mask = flatten(features, mask)
        keys = self._keys(places, *features.shape[1:3])
        check_product("N", keys=keys, key_weight=self.key_weight)
        hidden = torch.tanh(query[..., None, :] + keys @ self.key_weight)  # (B, 1, A) (B, S, A) -> (B, S, A)
        weights = masked_softmax(hidden @ self.score_weight, mask)  # (B, S, A) (A,) -> (B, S)
        return self.average(places, weights), weights

    def _keys(self, places, h, w):
        """What is asked of each place: its features (B, S, N)."""
        return places

    @staticmethod
    def average(features, weights):
        """The mean of the places of a map (B, h, w, N), or of (B, S, N), by any weights (B, S): (B, N)."""
        places = features.reshape(len(features), -1, features.shape[-1])  # (B, h, w, N) -> (B, S, N)
        check_same("S", (-2, -1), features=places, weights=weights)
        return (weights[:, None] @ places)[:, 0]  # (B, 1, S) (B, S, N) -> (B, N)


class Glimpse(AttentionPool):
    """Attention that knows where a place is: its two coordinates are joined to its key.

    k_j = [x_j; c_j],   c_j from −1 to 1, down and to the right

    Parameters
    ----------
    weights : as those of `AttentionPool`, but key_weight (N + 2, A)
    """

    def _keys(self, places, h, w):
        """Features and coordinates (B, S, N + 2)."""
        there = coordinates(h, w).to(places).expand(len(places), -1, -1)  # (S, 2) -> (B, S, 2)
        return torch.cat([places, there], dim=-1)


class Glimpses(nn.Module):
    """Two of them: what the first finds, and where, becomes the second's query.

    q_2 = Σ_j p_j [x_j; c_j] W_q

    Parameters
    ----------
    weights : those of a `Glimpse` as first.…; as second.… the same, but query_weight (N + 2, A), W_q, for the query
    """

    def __init__(self, weights):
        super().__init__()
        self.first, self.second = Glimpse(part(weights, "first")), Glimpse(part(weights, "second"))

    def forward(self, features, mask=None):
        """Features (B, h, w, N) to the second's weighted mean (B, N) and its weights (B, S)."""
        _, second, vector = self.glimpses(features, mask)
        return vector, second

    def glimpses(self, features, mask=None):
        """Features (B, h, w, N) to the first's weights (B, S), the second's (B, S), and the second's mean (B, N)."""
        found, first = self.first(features, mask)
        where = first @ coordinates(*features.shape[1:3]).to(first)  # (B, S) (S, 2) -> (B, 2)
        query = torch.cat([found, where], dim=-1) @ self.second.query_weight  # (B, N + 2) -> (B, A)
        vector, second = self.second.look(features, query, mask)
        return first, second, vector


def coordinates(h, w):
    """Where each place of a map is: row and column (S, 2), each from −1 to 1, and 0 where there is only one."""
    rows, columns = ((2 * torch.arange(size, dtype=torch.float64) - (size - 1)) / max(1, size - 1) for size in (h, w))
    return torch.cartesian_prod(rows, columns)  # (h,), (w,) -> (h · w, 2)


def flatten(features, mask=None):
    """A map (B, h, w, N) as places (B, S, N), zero where the mask is False, and the mask as (B, S)."""
    check_places(features, mask)
    places = features.flatten(1, 2)  # (B, h, w, N) -> (B, S, N)
    if mask is None:
        return places, torch.ones(places.shape[:2], dtype=torch.bool, device=places.device)
    mask = mask.to(places.device).expand(places.shape[:2])
    return torch.where(mask[..., None], places, 0.0), mask
