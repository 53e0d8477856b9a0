"""Half precision is stored, not computed in: float16 and bfloat16 go through float32 and back."""

import torch


def widen(tensor):
    """The tensor in float32 if it is float16 or bfloat16, else itself."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor
