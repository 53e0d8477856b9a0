"""Layers whose weights have the names that all frameworks share."""

import torch
from torch import nn


class NamedLayer(nn.Module):
    """A layer that gives and takes its weights, those of its parts among them, by their names."""

    def named_weights(self):
        """{name: NumPy array} under the names that all frameworks share; moving statistics are among them."""
        return {name: tensor.numpy(force=True).copy() for name, tensor in self.state_dict().items()}

    @torch.no_grad()
    def set_named_weights(self, weights):
        """Copy {name: array} into the layer."""
        for name, tensor in self.state_dict().items():
            tensor.copy_(torch.as_tensor(weights[name]))


class WeightedLayer(NamedLayer):
    """A layer whose weights are given, {name: array}, and are reached as attributes of that name."""

    def __init__(self, weights):
        super().__init__()
        for name, array in weights.items():
            self.register_parameter(name, nn.Parameter(torch.tensor(array)))
