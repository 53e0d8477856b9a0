"""One set of weights, three frameworks: the same logits, loss and gradients, and padding that changes none of them."""

import keras
import pytest
from numpy.testing import assert_allclose

from attention.frameworks import np, tf, torch
from attention.numpy import recurrent as in_numpy
from attention.pytorch import recurrent as in_pytorch
from attention.tensorflow import recurrent as in_tensorflow
from tests.adapters import TOLERANCE
from tests.translation.conftest import SIZES

SMOOTHING = 0.1


def run_numpy(weights, source, lengths, target):
    model = in_numpy.Seq2Seq(weights)
    logits, looked = model(source, lengths, target[:, :-1])
    return logits, looked, in_numpy.sequence_loss(logits, target[:, 1:], SMOOTHING)


def run_tensorflow(weights, *batch):
    """Logits, weights, loss and gradients."""
    source, lengths, target = map(tf.constant, batch)
    model = in_tensorflow.Seq2Seq(**SIZES, dtype=weights["embedding"].dtype.name)
    model.set_named_weights(weights)
    named = model.shared_names()
    with tf.GradientTape() as tape:
        logits, looked = model(source, lengths, target[:, :-1])
        loss = in_tensorflow.sequence_loss(logits, target[:, 1:], SMOOTHING)
    gradients = tape.gradient(loss, [variable.value for variable in named.values()])
    gradients = map(tf.convert_to_tensor, gradients)
    return logits.numpy(), looked.numpy(), loss.numpy(), {n: g.numpy() for n, g in zip(named, gradients, strict=True)}


def run_pytorch(weights, *batch):
    """Logits, weights, loss and gradients."""
    source, lengths, target = map(torch.from_numpy, batch)
    model = in_pytorch.Seq2Seq(**SIZES, dtype=getattr(torch, weights["embedding"].dtype.name))
    model.set_named_weights(weights)
    logits, looked = model(source, lengths, target[:, :-1])
    loss = in_pytorch.sequence_loss(logits, target[:, 1:], SMOOTHING)
    loss.backward()
    for parameter in model.parameters():  # the gradients take the place of the weights, and so come out by name
        parameter.data = parameter.grad
    return logits.detach().numpy(), looked.detach().numpy(), loss.item(), model.named_weights()


def near(found, expected, tolerance):
    assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_frameworks_agree(weights, batch, dtype):
    weights = {name: array.astype(dtype) for name, array in weights.items()}
    expected = run_numpy(weights, *batch)
    found_tf, found_pt = run_tensorflow(weights, *batch), run_pytorch(weights, *batch)
    assert expected[0].dtype == found_tf[0].dtype == found_pt[0].dtype == dtype
    for found in (found_tf, found_pt):
        for ours, theirs in zip(expected, found, strict=False):  # logits, weights, loss
            near(theirs, ours, TOLERANCE[dtype])
    for name in weights:
        near(found_tf[3][name], found_pt[3][name], TOLERANCE[dtype])


def test_gradients_agree_with_a_central_difference(weights, batch):
    rng = np.random.default_rng(1)
    direction = {name: rng.standard_normal(array.shape) for name, array in weights.items()}
    step = 1e-5
    above, below = (
        run_numpy({name: array + sign * step * direction[name] for name, array in weights.items()}, *batch)[2]
        for sign in (1, -1)
    )
    slope = (above - below) / (2 * step)
    for gradients in (run_tensorflow(weights, *batch)[3], run_pytorch(weights, *batch)[3]):
        along = sum((gradients[name] * direction[name]).sum() for name in weights)
        assert_allclose(along, slope, rtol=1e-6)


@pytest.mark.parametrize("run", [run_numpy, run_tensorflow, run_pytorch])
def test_padding_changes_neither_output_nor_loss(weights, batch, run):
    weights = {name: array.astype(np.float32) for name, array in weights.items()}
    source, lengths, target = batch
    losses, counts = [], []
    together = run(weights, source, lengths, target)
    for b, length in enumerate(lengths):
        written = (target[b] != 0).sum()
        alone = run(weights, source[b : b + 1, :length], lengths[b : b + 1], target[b : b + 1, :written])
        near(together[0][b : b + 1, : written - 1], alone[0], 1e-5)
        near(together[1][b : b + 1, : written - 1, :length], alone[1], 1e-5)
        assert not together[1][b, :, length:].any()
        losses.append(alone[2])
        counts.append(written - 1)
    assert_allclose(together[2], np.average(losses, weights=counts), rtol=1e-5)


@pytest.mark.parametrize("run", [run_numpy, run_tensorflow, run_pytorch])
def test_what_is_written_at_padding_does_not_matter(weights, batch, run):
    source, lengths, target = batch
    other = np.where(source == 0, 99, source)
    for before, after in zip(run(weights, *batch)[:3], run(weights, other, lengths, target)[:3], strict=True):
        assert_allclose(after, before, rtol=0, atol=1e-12)


def test_the_score_is_additive_attention(weights, batch):
    from attention.numpy import additive_attention

    source, lengths, _ = batch
    model = in_numpy.Seq2Seq(weights)
    memory, state = model.encode(source, lengths)
    _, context, looked = model.decoder.step(np.zeros((4, 48)), state, memory)
    names = ("query_weight", "key_weight", "score_weight")
    expected = additive_attention(
        state[:, None],
        memory.values,
        memory.values,
        *(weights[f"decoder.{name}"] for name in names),
        memory.mask[:, None],
    )
    assert_allclose(context[:, None], expected[0], atol=1e-12)
    assert_allclose(looked[:, None], expected[1], atol=1e-12)


def test_the_encoder_is_the_gru_of_keras(weights, batch):
    embedded, lengths = weights["embedding"][batch[0]], batch[1]  # (B, S, M)
    expected, _ = in_numpy.GRUEncoder(weights)(embedded, lengths)
    width = SIZES["encoder_width"]
    mask = np.arange(embedded.shape[1]) < lengths[:, None]
    for direction, columns in (("forward", slice(0, width)), ("backward", slice(width, None))):
        layer = keras.layers.GRU(width, return_sequences=True, go_backwards=direction == "backward", dtype="float64")
        layer.build(embedded.shape)
        w, u, b, c = (
            np.split(weights[f"encoder.{direction}.{name}"], 3, axis=-1)
            for name in ("input_weight", "state_weight", "input_bias", "state_bias")
        )
        z_r_n = lambda gates: np.concatenate([gates[1], gates[0], gates[2]], axis=-1)
        layer.set_weights([z_r_n(w), z_r_n(u), np.stack([z_r_n(b), z_r_n(c)])])
        states = layer(embedded, mask=tf.constant(mask)).numpy()
        states = states[:, ::-1] if direction == "backward" else states
        assert_allclose(states[mask], expected[..., columns][mask], atol=1e-12)


def test_layers_begin_alike():
    first, second = in_pytorch.Seq2Seq(**SIZES, seed=5), in_tensorflow.Seq2Seq(**SIZES, seed=5)
    assert first.named_weights().keys() == second.named_weights().keys()
    for name, array in second.named_weights().items():
        assert_allclose(array, first.named_weights()[name], rtol=0)


def test_variables_of_the_keras_model_go_by_the_names_of_its_weights():
    model = in_tensorflow.Seq2Seq(**SIZES)
    names = {name.removeprefix("encoder.").removeprefix("decoder.").replace(".", "_") for name in model.named_weights()}
    assert {variable.name for variable in model.weights} == names
