"""How long the library's attention takes beside the frameworks' own: ``python benchmarks/attention_speed.py``

Writes results/attention_speed.json. Each row is a ratio of two times taken in turn in the same run, the median of many
turns; 1.0 means equally long. Sizes: B = 4, H = 4, T = S = 256, D = 64, float32.
"""

from statistics import median
from time import perf_counter

import torch.nn.functional as F

import attention.numpy as atn_np
import attention.pytorch as atn_pt
import attention.tensorflow as atn_tf
from attention.frameworks import np, tf, torch
from attention.results import write_result

SHAPE, HIDDEN, TURNS = (4, 4, 256, 64), 64, 51


def ratio(ours, theirs):
    """The median of time(ours) / time(theirs) over turns that alternate, after one turn to warm up."""
    ratios = []
    for turn in range(TURNS + 1):
        times = []
        for function in (ours, theirs):
            start = perf_counter()
            function()
            times.append(perf_counter() - start)
        ratios += [times[0] / times[1]] if turn else []
    return median(ratios)


def main():
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(SHAPE).astype(np.float32) for _ in range(3)]
    weights = [rng.standard_normal(s).astype(np.float32) for s in ((64, HIDDEN), (64, HIDDEN), (HIDDEN,))]
    tensors_pt, tensors_tf = [*map(torch.tensor, arrays)], [*map(tf.constant, arrays)]
    weights_pt = [*map(torch.tensor, weights)]
    turned = [tf.transpose(t, (0, 2, 1, 3)) for t in tensors_tf]  # Keras wants (B, T, H, D)
    compiled = tf.function(atn_tf.scaled_dot_product_attention)

    lengths = torch.tensor([256, 200, 100, 50])
    mask = atn_pt.padding_mask(lengths, 256)[:, None]  # (B, 1, S) -> (B, 1, 1, S)

    def fused(mask=None):
        return F.scaled_dot_product_attention(*tensors_pt, attn_mask=mask)

    rows = {
        "PyTorch, with weights / F.scaled_dot_product_attention": (
            lambda: atn_pt.scaled_dot_product_attention(*tensors_pt),
            fused,
        ),
        "PyTorch, with weights and a padding mask / F.scaled_dot_product_attention": (
            lambda: atn_pt.scaled_dot_product_attention(*tensors_pt, mask=mask),
            lambda: fused(mask),
        ),
        "PyTorch, need_weights=False / F.scaled_dot_product_attention": (
            lambda: atn_pt.scaled_dot_product_attention(*tensors_pt, need_weights=False),
            fused,
        ),
        "TensorFlow, eager / keras.ops.dot_product_attention": (
            lambda: atn_tf.scaled_dot_product_attention(*tensors_tf)[0].numpy(),
            lambda: tf.keras.ops.dot_product_attention(*turned).numpy(),
        ),
        "TensorFlow, tf.function / eager": (
            lambda: compiled(*tensors_tf)[0].numpy(),
            lambda: atn_tf.scaled_dot_product_attention(*tensors_tf)[0].numpy(),
        ),
        "NumPy / PyTorch, with weights": (
            lambda: atn_np.scaled_dot_product_attention(*arrays),
            lambda: atn_pt.scaled_dot_product_attention(*tensors_pt),
        ),
        "PyTorch, additive scores / scaled dot scores": (
            lambda: atn_pt.additive_scores(*tensors_pt[:2], *weights_pt),
            lambda: atn_pt.scaled_dot_scores(*tensors_pt[:2]),
        ),
    }
    started, found = perf_counter(), []
    print(f"{'times as long':>13}")
    for name, functions in rows.items():
        found.append({"compared": name, "times as long": round(ratio(*functions), 2)})
        print(f"{found[-1]['times as long']:13.2f}   {name}")
    data = f"{torch.get_num_threads()} threads, B = 4, H = 4, T = S = 256, D = 64, float32"
    command = ".venv/bin/python benchmarks/attention_speed.py"
    write_result("attention_speed", command, found, perf_counter() - started, data, seed=0)


if __name__ == "__main__":
    main()
