"""The formulas of the course number by number, in float64 and without the library: what its functions must give.

Functions have the names and arguments of the library's. Whatever a mask hides is not touched here.
"""

import math

import numpy as np


def softmax(scores, axis=-1):
    def row(s):
        return np.array([1 / sum(math.exp(other - one) for other in s) for one in s])

    return np.apply_along_axis(row, axis, scores)


def log_softmax(scores, axis=-1):
    return np.log(softmax(scores, axis))


def masked_softmax(scores, mask=None, axis=-1):
    mask = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    result = np.zeros(scores.shape)
    rows = np.moveaxis(scores, axis, -1), np.moveaxis(mask, axis, -1), np.moveaxis(result, axis, -1)
    for place in np.ndindex(rows[0].shape[:-1]):
        s, m, into = (array[place] for array in rows)
        allowed = [i for i in range(len(s)) if m[i] and s[i] > -math.inf]
        if allowed:
            into[allowed] = softmax(s[allowed])
    return result


def softmax_jacobian(weights):
    result = np.empty((*weights.shape, weights.shape[-1]))
    for *place, i, j in np.ndindex(result.shape):
        p = weights[tuple(place)]
        result[(*place, i, j)] = p[i] * ((i == j) - p[j])
    return result


def softmax_backward(weights, grad_weights, axis=-1):
    p, g = np.moveaxis(weights, axis, -1), np.moveaxis(grad_weights, axis, -1)
    return np.moveaxis(np.einsum("...ij,...i->...j", softmax_jacobian(p), g), -1, axis)


def log_softmax_backward(log_weights, grad_log_weights, axis=-1):
    p, g = np.exp(np.moveaxis(log_weights, axis, -1)), np.moveaxis(grad_log_weights, axis, -1)
    jacobian = np.eye(p.shape[-1]) - p[..., None, :]  # ∂ log p_i / ∂ s_j
    return np.moveaxis(np.einsum("...ij,...i->...j", jacobian, g), -1, axis)


def of_pairs(score, queries, keys):
    """score(q, k) of each query with each key; the leading axes broadcast."""

    def grid(Q, K):
        return np.array([[score(q, k) for k in K] for q in Q]).reshape(len(Q), len(K))

    return np.vectorize(grid, signature="(t,d),(s,e)->(t,s)")(queries, keys)


def dot(a, b):
    return sum(float(x) * float(y) for x, y in zip(a, b, strict=True))


def dot_scores(queries, keys):
    return of_pairs(dot, queries, keys)


def scaled_dot_scores(queries, keys, scale=None):
    return dot_scores(queries, keys) * (1 / math.sqrt(queries.shape[-1]) if scale is None else scale)


def general_scores(queries, keys, weight):
    return of_pairs(lambda q, k: sum(q[i] * weight[i, j] * k[j] for i, j in np.ndindex(weight.shape)), queries, keys)


def additive_scores(queries, keys, query_weight, key_weight, score_weight):
    def score(q, k):
        units = range(len(score_weight))
        return sum(math.tanh(dot(q, query_weight[:, a]) + dot(k, key_weight[:, a])) * score_weight[a] for a in units)

    return of_pairs(score, queries, keys)


def cosine_scores(queries, keys):
    return of_pairs(
        lambda q, k: dot(q, k) / math.sqrt(dot(q, q) * dot(k, k)) if dot(q, q) * dot(k, k) else 0.0, queries, keys
    )


def attend(scores, values, mask=None):
    weights = masked_softmax(scores, mask)

    def average(W, V):
        terms = [[w * v for w, v in zip(row, V, strict=True) if w] for row in W]
        return np.array([sum(kept, np.zeros(V.shape[-1])) for kept in terms])

    return np.vectorize(average, signature="(t,s),(s,d)->(t,d)")(weights, values), weights


def scaled_dot_product_attention(queries, keys, values, mask=None, scale=None, need_weights=True):
    output, weights = attend(scaled_dot_scores(queries, keys, scale), values, mask)
    return output, weights if need_weights else None


def additive_attention(queries, keys, values, query_weight, key_weight, score_weight, mask=None):
    return attend(additive_scores(queries, keys, query_weight, key_weight, score_weight), values, mask)


def padding_mask(lengths, size):
    return np.array([[[j < length for j in range(size)]] for length in lengths])


def causal_mask(targets, sources=None, offset=None):
    sources = targets if sources is None else sources
    offset = sources - targets if offset is None else offset
    return np.array([[j <= i + offset for j in range(sources)] for i in range(targets)])


def window_mask(targets, sources, window):
    return np.array([[abs(i + sources - targets - j) <= window for j in range(sources)] for i in range(targets)])


def sinusoidal_positions(length, width, dtype="float64"):
    table = np.empty((length, width), dtype)
    for j, m in np.ndindex(length, width):
        angle = j / 10_000 ** (m // 2 * 2 / width)
        table[j, m] = math.cos(angle) if m % 2 else math.sin(angle)
    return table


def rotate(x, positions):
    places = np.broadcast_to(positions, x.shape[:-1])
    pairs = x[..., 0::2] + 1j * x[..., 1::2]  # a turn is a product of complex numbers
    for *row, d in np.ndindex(pairs.shape):
        pairs[(*row, d)] *= np.exp(1j * places[tuple(row)] / 10_000 ** (2 * d / x.shape[-1]))
    return np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape)


def alibi_bias(heads, targets, sources, dtype="float64"):
    power = 2 ** int(math.log2(heads))
    slopes = [2 ** (-8 * h / power) for h in range(1, power + 1)]
    slopes += [2 ** (-4 * h / power) for h in range(1, 2 * (heads - power), 2)]
    bias = np.empty((heads, targets, sources), dtype)
    for h, i, j in np.ndindex(bias.shape):
        bias[h, i, j] = -slopes[h] * abs((targets - 1 - i) - (sources - 1 - j))
    return bias


def gradients(forward, inputs, cotangent):
    """Central differences of Σ forward(**inputs) ∘ cotangent, with respect to each number of each input."""
    step, result = 1e-5, {name: np.empty(array.shape) for name, array in inputs.items()}
    for name, array in inputs.items():
        for place in np.ndindex(array.shape):
            moved = [array.copy(), array.copy()]
            moved[0][place] += step
            moved[1][place] -= step
            ahead, behind = ((forward(**inputs | {name: changed}) * cotangent).sum() for changed in moved)
            result[name][place] = (ahead - behind) / (2 * step)
    return tuple(result.values())


def dot_scores_backward(queries, keys, grad_scores):
    return gradients(dot_scores, {"queries": queries, "keys": keys}, grad_scores)


def scaled_dot_scores_backward(queries, keys, grad_scores, scale=None):
    scaled = lambda queries, keys: scaled_dot_scores(queries, keys, scale)
    return gradients(scaled, {"queries": queries, "keys": keys}, grad_scores)


def general_scores_backward(queries, keys, weight, grad_scores):
    return gradients(general_scores, {"queries": queries, "keys": keys, "weight": weight}, grad_scores)


def additive_scores_backward(queries, keys, query_weight, key_weight, score_weight, grad_scores):
    weights = {"query_weight": query_weight, "key_weight": key_weight, "score_weight": score_weight}
    return gradients(additive_scores, {"queries": queries, "keys": keys, **weights}, grad_scores)


def cosine_scores_backward(queries, keys, grad_scores):
    return gradients(cosine_scores, {"queries": queries, "keys": keys}, grad_scores)


def attend_backward(weights, values, grad_output):
    def one(P, V, G):
        of_scores, of_values = np.zeros(P.shape), np.zeros(V.shape)
        for i, j in np.ndindex(P.shape):
            if P[i, j]:
                others = [n for n in range(len(V)) if P[i, n]]
                of_scores[i, j] = sum(((j == n) - P[i, n]) * dot(G[i], V[n]) for n in others) * P[i, j]
                of_values[j] += P[i, j] * G[i]
        return of_scores, of_values

    return np.vectorize(one, signature="(t,s),(s,d),(t,d)->(t,s),(s,d)")(weights, values, grad_output)


def scaled_dot_product_attention_backward(queries, keys, values, weights, grad_output, scale=None):
    of_scores, of_values = attend_backward(weights, values, grad_output)
    scale = 1 / math.sqrt(queries.shape[-1]) if scale is None else scale
    of_queries, of_keys = np.zeros(queries.shape), np.zeros(keys.shape)
    for *b, i, j in np.ndindex(weights.shape):
        if weights[(*b, i, j)]:
            of_queries[(*b, i)] += scale * of_scores[(*b, i, j)] * keys[(*b, j)]
            of_keys[(*b, j)] += scale * of_scores[(*b, i, j)] * queries[(*b, i)]
    return of_queries, of_keys, of_values


def additive_attention_backward(queries, keys, values, query_weight, key_weight, score_weight, weights, grad_output):
    of_scores, of_values = attend_backward(weights, values, grad_output)
    shown = np.where((weights > 0).any(-2)[..., None], keys, 0)
    given = {"query_weight": query_weight, "key_weight": key_weight, "score_weight": score_weight}
    of_queries, of_keys, *of_layer = additive_scores_backward(queries, shown, **given, grad_scores=of_scores)
    return of_queries, of_keys, of_values, *of_layer


def chunked_attention(queries, keys, values, mask=None, scale=None, chunk=128):
    scores = scaled_dot_scores(queries, keys, scale)
    mask = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    totals = np.zeros(scores.shape[:-1])
    for place in zip(*np.nonzero(mask), strict=True):
        totals[place[:-1]] += math.exp(scores[place])
    with np.errstate(divide="ignore"):
        return attend(scores, values, mask)[0], np.log(totals)


def chunked_attention_backward(
    queries, keys, values, output, log_totals, grad_output, mask=None, scale=None, chunk=128
):
    scores = scaled_dot_scores(queries, keys, scale)
    mask = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    scale = 1 / math.sqrt(queries.shape[-1]) if scale is None else scale
    found = tuple(np.zeros(array.shape) for array in (queries, keys, values))
    for *b, i, j in zip(*np.nonzero(mask), strict=True):
        g, q, k, v, o = (a[(*b, n)] for a, n in ((grad_output, i), (queries, i), (keys, j), (values, j), (output, i)))
        weight = math.exp(scores[(*b, i, j)] - log_totals[(*b, i)])
        of_score = weight * (dot(g, v) - dot(g, o))
        found[0][(*b, i)] += scale * of_score * k
        found[1][(*b, j)] += scale * of_score * q
        found[2][(*b, j)] += weight * g
    return found


def gru_step(input_gates, state_gates, state):
    sigmoid = lambda x: 1 / (1 + math.exp(-x))
    new, N = np.empty(state.shape), state.shape[-1]
    for b, n in np.ndindex(state.shape):
        reset = sigmoid(input_gates[b, n] + state_gates[b, n])
        keep = sigmoid(input_gates[b, N + n] + state_gates[b, N + n])
        candidate = math.tanh(input_gates[b, 2 * N + n] + reset * state_gates[b, 2 * N + n])
        new[b, n] = (1 - keep) * candidate + keep * state[b, n]
    return new


def sequence_loss(logits, target, smoothing=0.0):
    losses = []
    for b, t in np.ndindex(target.shape):
        if target[b, t] != 0:
            log_p = np.log(softmax(logits[b, t]))
            wanted = np.full(len(log_p), smoothing / len(log_p))
            wanted[target[b, t]] += 1 - smoothing
            losses.append(-dot(wanted, log_p))
    return np.array(sum(losses) / len(losses))


def step_of(weights, part, inputs, state):
    """One step of the GRU whose weights are called `part`."""
    gates = inputs @ weights[f"{part}.input_weight"] + weights[f"{part}.input_bias"]
    of_state = state @ weights[f"{part}.state_weight"] + weights[f"{part}.state_bias"]
    return gru_step(gates[None], of_state[None], state[None])[0]


class GRUEncoder:
    def __init__(self, weights):
        self.weights = weights

    def __call__(self, embedded, lengths):
        N = len(self.weights["encoder.forward.state_weight"])
        states, last = np.zeros((*embedded.shape[:2], 2 * N)), np.zeros((len(embedded), N))
        for b, length in enumerate(lengths):
            forward, backward = np.zeros(N), np.zeros(N)
            for s in range(length):
                states[b, s, :N] = forward = step_of(self.weights, "encoder.forward", embedded[b, s], forward)
            for s in reversed(range(length)):
                states[b, s, N:] = backward = step_of(self.weights, "encoder.backward", embedded[b, s], backward)
            last[b] = backward
        return states, last


class AttentionDecoder:
    def __init__(self, weights):
        self.weights = {name.removeprefix("decoder."): array for name, array in weights.items() if "decoder" in name}

    def start(self, states, last, lengths):
        w = self.weights
        memory = states, states @ w["key_weight"], padding_mask(lengths, states.shape[1])[:, 0]
        return memory, np.tanh(last @ w["initial_weight"] + w["initial_bias"])

    def step(self, embedded_gates, state, memory):
        """As the paper has it: additive attention of the state, then a GRU that reads embedding and context."""
        w, (values, keys, mask) = self.weights, memory
        identity = np.eye(keys.shape[-1])  # the keys have been projected already
        context, weights = additive_attention(
            state[:, None], keys, values, w["query_weight"], identity, w["score_weight"], mask[:, None]
        )
        context, weights = context[:, 0], weights[:, 0]
        gates = embedded_gates + context @ w["context_weight"]
        return gru_step(gates, state @ w["state_weight"] + w["state_bias"], state), context, weights

    def embedded_gates(self, embedded):
        return embedded @ self.weights["embedding_weight"] + self.weights["input_bias"]

    def readout(self, embedded, states, contexts):
        joined = np.concatenate([embedded, states, contexts], axis=-1)
        return np.tanh(joined @ self.weights["readout_weight"] + self.weights["readout_bias"])


class Seq2Seq:
    def __init__(self, weights):
        self.weights, self.encoder, self.decoder = weights, GRUEncoder(weights), AttentionDecoder(weights)

    def encode(self, source, lengths):
        return self.decoder.start(*self.encoder(self.weights["embedding"][source], lengths), lengths)

    def step(self, tokens, state, memory):
        embedded = self.weights["embedding"][tokens]
        state, context, weights = self.decoder.step(self.decoder.embedded_gates(embedded), state, memory)
        features = self.decoder.readout(embedded, state, context)
        return features @ self.weights["embedding"].T + self.weights["output_bias"], state, weights

    def __call__(self, source, lengths, target):
        memory, state = self.encode(source, lengths)
        logits, looked = [], []
        for tokens in target.T:
            of_step, state, weights = self.step(tokens, state, memory)
            logits.append(of_step)
            looked.append(weights)
        return np.stack(logits, axis=1), np.stack(looked, axis=1)


def convolve(x, kernel, stride=1):
    (B, h, w), (high, wide, _, M) = x.shape[:3], kernel.shape
    up, left = high // 2, wide // 2
    rows, columns = (h + 2 * up - high) // stride + 1, (w + 2 * left - wide) // stride + 1
    y = np.zeros((B, rows, columns, M))
    for b, i, j, m in np.ndindex(y.shape):
        for a, c in np.ndindex(high, wide):
            row, column = i * stride + a - up, j * stride + c - left
            if 0 <= row < h and 0 <= column < w:
                y[b, i, j, m] += dot(x[b, row, column], kernel[a, c, :, m])
    return y


def batch_norm(x, scale, shift, mean=None, variance=None):
    y = np.empty(x.shape)
    for d in range(x.shape[-1]):
        column = x[..., d].ravel()
        middle = sum(column) / len(column)
        m = middle if mean is None else mean[d]
        v = sum((column - middle) ** 2) / len(column) if variance is None else variance[d]
        y[..., d] = (x[..., d] - m) / math.sqrt(v + 1e-5) * scale[d] + shift[d]
    return y
