// What is drawn, brought to the form of MNIST: the steps of attention/data/pictures.py, for a drawing whose ground is 0
// along the border. A picture is {h, w, at: Float32Array}, row by row.
const CANVAS = 28, INNER = 20, LEAST = 4, SPECK = 0.05, CONTRAST = 0.04, STROKE = 0.08;

const picture = (h, w, number) => {
  const at = new Float32Array(h * w);
  for (let i = 0, n = 0; i < h; i++) for (let j = 0; j < w; j++) at[n++] = number(i, j);
  return { h, w, at };
};
const largest = (at) => at.reduce((a, b) => Math.max(a, b), 0);
const clip = (number, low, high) => Math.min(high, Math.max(low, number));

// To the nearest whole number, halves to the even one, as NumPy and Python round.
function round(number) {
  const below = Math.floor(number), rest = number - below;
  return rest === 0.5 ? below + (below % 2 ? 1 : 0) : Math.round(number);
}

// The digit as (28, 28) in 0…1, ink is light; null where there is no ink.
function oneDigit(drawn) {
  const ink = asInk(drawn);
  return ink && centred(cutOut(ink));
}

function asInk({ h, w, at }) {
  const ink = at.map((number) => (number > CONTRAST ? number : 0));
  if (ink.filter((number) => number > 0).length < LEAST) return null;
  const most = largest(ink), strong = ink.filter((number) => number > most / 2).sort();
  const half = strong.length >> 1, median = strong.length % 2 ? strong[half] : Math.fround((strong[half - 1] + strong[half]) / 2);
  return { h, w, at: ink.map((number) => clip(number / median, 0, 1)) };
}

// Without specks, cut to its edges; thin strokes are made wider.
function cutOut(ink) {
  const { number, areas } = parts(ink), most = Math.max(...areas);
  const kept = picture(ink.h, ink.w, (i, j) => {
    const n = i * ink.w + j;
    return areas[number[n]] >= SPECK * most ? ink.at[n] : 0;
  });
  let [top, left, bottom, right] = [ink.h, ink.w, 0, 0];
  kept.at.forEach((value, n) => {
    if (!value) return;
    const i = Math.floor(n / ink.w), j = n % ink.w;
    [top, left, bottom, right] = [Math.min(top, i), Math.min(left, j), Math.max(bottom, i + 1), Math.max(right, j + 1)];
  });
  const cut = picture(bottom - top, right - left, (i, j) => kept.at[(top + i) * ink.w + left + j]);
  const missing = round(STROKE * Math.max(cut.h, cut.w) - 2 * depth(cut));
  return missing > 0 ? widened(cut, missing) : cut;
}

// The connected parts of the ink, corners included: each pixel's part, from 1 on, and the ink in each; 0 has none.
function parts({ h, w, at }) {
  const number = new Int32Array(h * w), areas = [0];
  for (let first = 0; first < at.length; first++) {
    if (!at[first] || number[first]) continue;
    const waiting = [first];
    let area = 0;
    number[first] = areas.length;
    while (waiting.length) {
      const n = waiting.pop(), row = Math.floor(n / w), column = n % w;
      area += at[n];
      for (let i = Math.max(0, row - 1); i <= Math.min(h - 1, row + 1); i++) {
        for (let j = Math.max(0, column - 1); j <= Math.min(w - 1, column + 1); j++) {
          const other = i * w + j;
          if (!at[other] || number[other]) continue;
          number[other] = areas.length;
          waiting.push(other);
        }
      }
    }
    areas.push(area);
  }
  return { number, areas };
}

// How far the deepest pixel of the ink lies from the ground: by columns first, then, in squares, along the rows.
function depth({ h, w, at }) {
  const inside = (i, j) => i >= 0 && i < h && j >= 0 && j < w && at[i * w + j] > 0.5;
  const up = new Float64Array((h + 1) * (w + 2)), down = new Float64Array((h + 1) * (w + 2));
  for (let j = -1; j <= w; j++) {
    for (let i = 0; i < h; i++) up[i * (w + 2) + j + 1] = inside(i, j) ? (i ? up[(i - 1) * (w + 2) + j + 1] : 0) + 1 : 0;
    for (let i = h - 1; i >= 0; i--) down[i * (w + 2) + j + 1] = inside(i, j) ? down[(i + 1) * (w + 2) + j + 1] + 1 : 0;
  }
  let deepest = 0;
  for (let i = 0; i < h; i++) {
    const row = Array.from({ length: w + 2 }, (_, j) => Math.min(up[i * (w + 2) + j], down[i * (w + 2) + j]) ** 2);
    for (let j = 1; j <= w; j++) {
      let least = row[j];
      for (let step = 1; step * step < least; step++) {
        if (j >= step) least = Math.min(least, row[j - step] + step * step);
        if (j + step < w + 2) least = Math.min(least, row[j + step] + step * step);
      }
      deepest = Math.max(deepest, least);
    }
  }
  return Math.sqrt(deepest);
}

// Every pixel becomes the largest of 1 + missing in a row, and so in a column; the picture grows by `missing` on each side.
function widened({ h, w, at }, missing) {
  const before = Math.floor(missing / 2), after = missing - before; // pixels that are looked at on either side
  const along = (length, get) => (k) => {
    let most = 0;
    for (let n = Math.max(0, k - before); n <= Math.min(length - 1, k + after); n++) most = Math.max(most, get(n));
    return most;
  };
  const rows = picture(h, w + 2 * missing, (i, j) => along(w, (n) => at[i * w + n])(j - missing));
  return picture(h + 2 * missing, rows.w, (i, j) => along(h, (n) => rows.at[n * rows.w + j])(i - missing));
}

// Brought to 20 pixels, with its centre of mass in the middle of 28 × 28.
function centred(ink) {
  const [h, w] = [ink.h, ink.w].map((side) => Math.max(1, round((INNER * side) / Math.max(ink.h, ink.w))));
  const small = turned(shrunk(turned(shrunk(ink, w)), h)), at = small.at.map((number) => clip(number, 0, 1));
  let [total, row, column] = [0, 0, 0];
  at.forEach((number, n) => ((total += number), (row += number * Math.floor(n / w)), (column += number * (n % w))));
  const top = clip(round(CANVAS / 2 - row / total), 0, CANVAS - h), left = clip(round(CANVAS / 2 - column / total), 0, CANVAS - w);
  const most = largest(at);
  return picture(CANVAS, CANVAS, (i, j) => (i >= top && i < top + h && j >= left && j < left + w ? at[(i - top) * w + j - left] / most : 0));
}

const turned = ({ h, w, at }) => picture(w, h, (i, j) => at[j * w + i]);

// Rows of another length, by cubic interpolation that widens where it shrinks, as Pillow does it.
function shrunk({ h, w, at }, width) {
  if (w === width) return { h, w, at };
  const scale = w / width, wide = Math.max(scale, 1);
  const taps = Array.from({ length: width }, (_, j) => {
    const middle = (j + 0.5) * scale;
    const from = Math.max(0, Math.trunc(middle - 2 * wide + 0.5)), to = Math.min(w, Math.trunc(middle + 2 * wide + 0.5));
    const share = Array.from({ length: to - from }, (_, n) => cubic((n + from - middle + 0.5) / wide));
    const total = share.reduce((a, b) => a + b);
    return { from, share: share.map((number) => number / total) };
  });
  return picture(h, width, (i, j) => taps[j].share.reduce((sum, number, n) => sum + number * at[i * w + taps[j].from + n], 0));
}

function cubic(x) {
  const a = -0.5, t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}
