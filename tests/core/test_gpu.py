"""The same numbers on a GPU."""

import numpy as np
import pytest

import attention.numpy as atn_np

torch = pytest.importorskip("torch")
if not torch.cuda.is_available():
    pytest.skip("PyTorch sees no GPU here", allow_module_level=True)

import attention.pytorch as atn_pt  # noqa: E402

TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5, torch.float16: 2e-3, torch.bfloat16: 1.6e-2}
rng = np.random.default_rng(7)
QUERIES, KEYS, VALUES = (rng.uniform(-1, 1, shape) for shape in ((2, 3, 37, 32), (2, 3, 51, 32), (2, 3, 51, 16)))
MASK = rng.random((2, 1, 37, 51)) < 0.5
MASK[:, :, 3] = False


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("need_weights", [True, False])
def test_attention(dtype, need_weights):
    tensors = [torch.tensor(a, device="cuda", dtype=dtype) for a in (QUERIES, KEYS, VALUES)]
    expected = atn_np.scaled_dot_product_attention(*(t.double().cpu().numpy() for t in tensors), MASK)
    found = atn_pt.scaled_dot_product_attention(*tensors, torch.tensor(MASK), need_weights=need_weights)
    for a, b in zip(found, expected, strict=True):
        if a is not None:
            assert a.dtype == dtype
            assert np.abs(a.double().cpu().numpy() - b).max() <= TOLERANCE[dtype] * max(1, np.abs(b).max())


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_scores_and_their_gradients(dtype):
    query_weight, key_weight, score_weight = (rng.uniform(-1, 1, shape) for shape in ((32, 8), (32, 8), (8,)))
    arrays = QUERIES, KEYS, query_weight, key_weight, score_weight
    tensors = [torch.tensor(a, device="cuda", dtype=dtype, requires_grad=True) for a in arrays]
    scores = atn_pt.additive_scores(*tensors)
    cotangent = rng.standard_normal(scores.shape)
    found = torch.autograd.grad((scores * torch.tensor(cotangent, device="cuda", dtype=dtype)).sum(), tensors)
    expected = atn_np.additive_scores_backward(*arrays, cotangent)
    for a, b in zip(found, expected, strict=True):
        assert np.abs(a.double().cpu().numpy() - b).max() <= 10 * TOLERANCE[dtype] * np.abs(b).max()
