// Chapter 12's network, forward only, from the bytes of its file. Maps are {h, w, depth, at: numbers}, row by row, the
// features of a place side by side; the same steps in the same order as attention/numpy/vision.py.
const EPSILON = 1e-5; // of batch normalisation

// float16 to a number: five bits of exponent, ten of fraction.
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
}

// A file of safetensors: the length of a table in JSON, the table, and the numbers that it tells the places of.
function readModel(base64) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)), view = new DataView(bytes.buffer);
  const start = 8 + Number(view.getBigUint64(0, true));
  const { __metadata__, ...table } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const carried = Object.fromEntries(Object.entries(__metadata__).map(([key, text]) => [key, JSON.parse(text)]));
  const { pooling, gate } = carried.sizes;
  if (carried.model !== "ResNet" || pooling !== "attention" || gate !== "none") throw Error("another network");
  const weights = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(table)) {
    const [size, read] = { F16: [2, (at) => half(view.getUint16(at, true))], F32: [4, (at) => view.getFloat32(at, true)] }[dtype];
    weights[name] = { shape, at: Float32Array.from({ length: (to - from) / size }, (_, i) => read(start + from + size * i)) };
  }
  return { names: carried.names, weights };
}

// y_ij = Σ_ab x_(i·stride + a − k//2, j·stride + b − k//2) K_ab, zeros around the map
function convolve(x, kernel, stride) {
  const [k, l, D, M] = kernel.shape, K = kernel.at;
  const h = Math.ceil(x.h / stride), w = Math.ceil(x.w / stride), y = new Float32Array(h * w * M), sum = new Float64Array(M);
  for (let i = 0; i < h; i++) {
    for (let j = 0; j < w; j++) {
      sum.fill(0);
      for (let a = 0; a < k; a++) {
        const row = i * stride + a - (k >> 1);
        if (row < 0 || row >= x.h) continue;
        for (let b = 0; b < l; b++) {
          const column = j * stride + b - (l >> 1);
          if (column < 0 || column >= x.w) continue;
          for (let d = 0; d < D; d++) {
            const number = x.at[(row * x.w + column) * D + d];
            if (number === 0) continue; // after a relu, half of them
            for (let m = 0, n = ((a * l + b) * D + d) * M; m < M; m++, n++) sum[m] += number * K[n];
          }
        }
      }
      y.set(sum, (i * w + j) * M);
    }
  }
  return { h, w, depth: M, at: y };
}

// (x − μ) / √(σ² + ε) ⊙ scale + shift, with the moving statistics
function batchNorm(x, { scale, shift, mean, variance }) {
  const D = x.depth, at = x.at.map((number, n) => {
    const d = n % D;
    return ((number - mean.at[d]) / Math.sqrt(variance.at[d] + EPSILON)) * scale.at[d] + shift.at[d];
  });
  return { ...x, at };
}

const relu = (x) => ({ ...x, at: x.at.map((number) => Math.max(number, 0)) });
const plus = (x, y) => ({ ...x, at: x.at.map((number, n) => number + y.at[n]) });

// The weights whose names begin with a word, under the rest of their names.
function part(weights, word) {
  const own = Object.entries(weights).filter(([name]) => name.startsWith(`${word}.`));
  return Object.fromEntries(own.map(([name, array]) => [name.slice(word.length + 1), array]));
}

const convolution = (x, weights, stride = 1) => batchNorm(convolve(x, weights.kernel, stride), weights);

// y = relu(skip(x) + F(x)); where the size changes, a kernel of 1 × 1 carries x over
function residual(x, weights, stride = 1) {
  const change = convolution(relu(convolution(x, part(weights, "first"), stride)), part(weights, "second"));
  const skip = part(weights, "skip");
  return relu(plus(skip.kernel ? convolution(x, skip, stride) : x, change));
}

// p = softmax_j(tanh(q + x_j W_k) v), vector = Σ_j p_j x_j
function look(x, { query, key_weight: key, score_weight: score }) {
  const [N, A] = key.shape, S = x.h * x.w;
  const scores = Array.from({ length: S }, (_, j) => {
    let sum = 0;
    for (let a = 0; a < A; a++) {
      let hidden = query.at[a];
      for (let n = 0; n < N; n++) hidden += x.at[j * N + n] * key.at[n * A + a];
      sum += Math.tanh(hidden) * score.at[a];
    }
    return sum;
  });
  const p = softmax(scores), vector = new Float64Array(N);
  p.forEach((weight, j) => vector.forEach((_, n) => (vector[n] += weight * x.at[j * N + n])));
  return { p, vector };
}

function softmax(scores) {
  const largest = Math.max(...scores), e = scores.map((s) => Math.exp(s - largest)), total = e.reduce((a, b) => a + b);
  return e.map((number) => number / total);
}

// An image, h · w numbers in 0…1, light ink on dark: the probability of each class, and the weight of each place.
function classify({ weights }, at, h, w) {
  let x = relu(convolution({ h, w, depth: 1, at }, part(weights, "stem"), 2));
  x = residual(residual(x, part(weights, "block1")), part(weights, "block2"), 2);
  const { p, vector } = look(x, part(weights, "pooling.attention"));
  const { "classifier.weight": matrix, "classifier.bias": bias } = weights, M = bias.at.length;
  const logits = Array.from(bias.at, (b, m) => vector.reduce((sum, number, n) => sum + number * matrix.at[n * M + m], b));
  return { chance: softmax(logits), looked: p, shape: [x.h, x.w] };
}
