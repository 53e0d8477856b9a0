// Chapter 1: scores and a temperature; softmax (1.2), sparsemax, F (1.1) over all weights, and the slope (1.7) as an arrow.
explorer("softmax", (stage, { words, scores, corners, rows, bands }) => {
  const weighted = (values, p) => values.reduce((sum, value, i) => sum + (p[i] ? p[i] * value : 0), 0); // 0 · −∞ counts as 0
  const place = (p) => average(p, corners);
  const written = (p) => words.map((word, i) => `${word} ${share(p[i])}`).join(", ");

  // The weights that maximise Σ pᵢ sᵢ + τ (1 − Σ pᵢ²): pᵢ = max(0, (sᵢ − t) / 2τ), with t so that they sum to one.
  function sparsemax(s, tau) {
    const z = s.map((x) => x / (2 * tau));
    const sorted = z.filter((x) => x > -Infinity).sort((a, b) => b - a);
    let total = 0, threshold = 0;
    sorted.forEach((x, i) => {
      total += x;
      if (x > (total - 1) / (i + 1)) threshold = (total - 1) / (i + 1);
    });
    return z.map((x) => Math.max(0, x - threshold));
  }

  const entropy = (p) => -p.reduce((sum, x) => sum + (x > 0 ? x * Math.log(x) : 0), 0);
  const F = (s, tau, p) => weighted(s, p) + tau * entropy(p);

  // The middles of the small triangles, in the order in which they were drawn.
  const middles = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows - i; j++) {
      const k = rows - 1 - i - j;
      middles.push([i + 1 / 3, j + 1 / 3, k + 1 / 3].map((x) => x / rows));
      if (k) middles.push([i + 2 / 3, j + 2 / 3, k - 1 / 3].map((x) => x / rows));
    }
  }
  const cells = stage.parts("cells > path"), labels = stage.parts("corner");
  const [dot] = stage.parts("softmax"), [square] = stage.parts("sparsemax"), [arrow] = stage.parts("arrow");

  words.forEach((word, i) => stage.slider(`s${i}`, `score of ${word}`, [-5, 5, 0.01], scores[i]));
  stage.slider("log", "temperature τ", [-0.7, 1.3, 0.01], 0, (x) => (10 ** x).toFixed(2));
  stage.choice("seen", "may be seen", words, words.map(() => true));
  stage.choice("wanted", "arrow: more weight on", words, words.length - 1);

  stage.answer(({ s0, s1, s2, log, seen, wanted }) => {
    const tau = 10 ** log, nobody = !seen.includes(true);
    const s = [s0, s1, s2].map((x, i) => (seen[i] ? x : -Infinity));
    const p = softmax(s.map((x) => x / tau)), q = nobody ? [0, 0, 0] : sparsemax(s, tau);
    const slope = p.map((x, i) => (x * ((i === wanted ? 1 : 0) - p[wanted])) / tau); // (1.7), of the wanted weight
    const open = middles.map((m) => !nobody && m.every((x, i) => seen[i] || x < 1 / rows));
    const heights = middles.map((m) => F(s.map((x) => Math.max(x, -5)), tau, m));
    const shown = heights.filter((_, i) => open[i]);
    const low = Math.min(...shown), high = Math.max(...shown);
    cells.forEach((cell, i) => {
      const band = Math.min(bands - 1, Math.floor((bands * (heights[i] - low)) / (high - low))) / bands;
      stage.set(cell, { opacity: open[i] && high > low ? (0.75 * band).toFixed(2) : 0 });
    });
    const [x, y] = place(p), [u, v] = place(q);
    const moved = place(p.map((w, i) => w + slope[i])); // one more for the wanted score, to first order
    const length = Math.hypot(moved[0] - x, moved[1] - y);
    stage.set(dot, { cx: x.toFixed(1), cy: y.toFixed(1), visibility: nobody ? "hidden" : "visible" });
    stage.set(square, { x: (u - 5.5).toFixed(1), y: (v - 5.5).toFixed(1), visibility: nobody ? "hidden" : "visible" });
    stage.set(arrow, { d: length > 1 ? `M${x.toFixed(1)} ${y.toFixed(1)}L${moved.map((z) => z.toFixed(1)).join(" ")}` : "" });
    labels.forEach((label, i) => stage.set(label, {}, `${words[i]} ${share(p[i])}`));
    const said = nobody
      ? "No word may be seen: all weights are 0."
      : `Softmax: ${written(p)}. Sparsemax: ${written(q)}. Slope of the weight of ${words[wanted]} by its own score: ${fixed(slope[wanted], 3)}.`;
    return { softmax: p, sparsemax: q, slope, F: nobody ? 0 : F(s, tau, p), said };
  });
});
