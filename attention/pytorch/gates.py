"""Gates: which channels of a map matter, and which places (chapter 12).

Maps are (B, h, w, M). A gate takes `weights`, {name: array}.
"""

import torch
from torch import nn

from attention.pytorch.convolution import convolve
from attention.pytorch.layers import WeightedLayer
from attention.shapes import check_axes, check_product
from attention.weights.parts import part


class SqueezeExcite(WeightedLayer):
    """Every channel is multiplied by a number between 0 and 1, told by the means of all channels.

    y = x ⊙ σ(relu(mean of x W_1) W_2)

    Parameters
    ----------
    weights : hidden_weight (M, R), W_1, and readout_weight (R, M), W_2

    Source
    ------
    Hu et al. (2018), "Squeeze-and-excitation networks", https://arxiv.org/abs/1709.01507.
    """

    def forward(self, x):
        """(B, h, w, M) to (B, h, w, M)."""
        check_axes(4, x=x)
        return x * torch.sigmoid(self.excite(x.mean(dim=(1, 2))))[:, None, None]  # (B, M) -> (B, 1, 1, M)

    def excite(self, squeezed):
        """A number for each channel (B, M), before σ, from one that was squeezed out of it (B, M)."""
        check_product("M", squeezed=squeezed, hidden_weight=self.hidden_weight)
        return torch.relu(squeezed @ self.hidden_weight) @ self.readout_weight


class SpatialGate(WeightedLayer):
    """Every place is multiplied by a number between 0 and 1, told by mean and maximum of the channels around it.

    y_ij = x_ij σ([mean; maximum over the channels] * K)_ij

    Parameters
    ----------
    weights : kernel (7, 7, 2, 1), K

    Source
    ------
    Woo et al. (2018), "CBAM: convolutional block attention module", https://arxiv.org/abs/1807.06521.
    """

    def forward(self, x):
        """(B, h, w, M) to (B, h, w, M)."""
        check_axes(4, x=x)
        mean, maximum = x.mean(dim=-1), x.amax(dim=-1)  # (B, h, w, M) -> (B, h, w)
        squeezed = torch.stack([mean, maximum], dim=-1)  # (B, h, w) twice -> (B, h, w, 2)
        return x * torch.sigmoid(convolve(squeezed, self.kernel))  # (B, h, w, 1)


class CBAM(nn.Module):
    """Channels first, told by their means and their maxima through the same two matrices, then places.

    Parameters
    ----------
    weights : those of `SqueezeExcite` as channels.…, those of `SpatialGate` as places.…

    Source
    ------
    Woo et al. (2018).
    """

    def __init__(self, weights):
        super().__init__()
        self.channels, self.places = SqueezeExcite(part(weights, "channels")), SpatialGate(part(weights, "places"))

    def forward(self, x):
        """(B, h, w, M) to (B, h, w, M)."""
        check_axes(4, x=x)
        mean, maximum = x.mean(dim=(1, 2)), x.amax(dim=(1, 2))  # (B, h, w, M) -> (B, M)
        excited = self.channels.excite(mean) + self.channels.excite(maximum)  # (B, M)
        return self.places(x * torch.sigmoid(excited)[:, None, None])
