// Chapter 3: the five scores of a key at any place of the plane, and what softmax makes of those of the three keys.
explorer("scores", (stage, { words, points, weight, additive, plane, frame, bands }) => {
  const [low, high, cells] = plane, [left, top, side] = frame;
  const place = ([x, y]) => [left + ((x - low) / (high - low)) * side, top + side - ((y - low) / (high - low)) * side];
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const times = (row, matrix) => matrix[0].map((_, j) => dot(row, matrix.map((line) => line[j])));
  const [ofQuery, ofKey, v] = additive;
  const functions = {
    "dot product": dot,
    general: (q, k) => dot(times(q, weight), k),
    additive: (q, k) => {
      const fromKey = times(k, ofKey);
      return dot(times(q, ofQuery).map((x, i) => Math.tanh(x + fromKey[i])), v);
    },
    cosine: (q, k) => dot(q, k) / (Math.hypot(...q) || 1) / (Math.hypot(...k) || 1),
    kernel: (q, k) => -((q[0] - k[0]) ** 2 + (q[1] - k[1]) ** 2) / (2 * Math.SQRT2),
  };
  const names = Object.keys(functions);
  const size = (high - low) / cells;
  const middles = Array.from({ length: cells * cells }, (_, i) => [
    low + ((i % cells) + 0.5) * size, high - (Math.floor(i / cells) + 0.5) * size,
  ]);
  const shades = stage.parts("cells > path"), handles = stage.parts("handle"), labels = stage.parts("named");
  const [arrow] = stage.parts("query");

  stage.choice("score", "score", names, 0);
  stage.slider("log", "divided by", [-1, 1.5, 0.01], 0, (x) => (10 ** x).toFixed(2));
  const close = stage.fold("Move the points by keys");
  const movers = ["query", ...words].map((name, i) =>
    ["x", "y"].map((axis, d) =>
      stage.slider(`${i}${axis}`, `${name}, ${d ? "second" : "first"} feature`, [low, high, 0.05], points[i][d])));
  close();
  const inside = (x) => Math.min(high, Math.max(low, x));
  stage.drag(handles, (i, x, y) => {
    movers[i][0](inside(low + ((x - left) / side) * (high - low)));
    movers[i][1](inside(low + ((top + side - y) / side) * (high - low)));
  });

  stage.answer((values) => {
    const score = functions[names[values.score]], divisor = 10 ** values.log;
    const [query, ...keys] = [0, 1, 2, 3].map((i) => [values[`${i}x`], values[`${i}y`]]);
    const scores = keys.map((key) => score(query, key) / divisor);
    const largest = Math.max(...scores);
    const e = scores.map((s) => Math.exp(s - largest));
    const weights = e.map((x) => x / e.reduce((a, b) => a + b));
    const heights = middles.map((key) => score(query, key));
    const least = Math.min(...heights), most = Math.max(...heights);
    shades.forEach((cell, i) => {
      const band = most > least ? Math.min(bands - 1, Math.floor((bands * (heights[i] - least)) / (most - least))) / bands : 0;
      stage.set(cell, { opacity: (0.75 * band).toFixed(2) });
    });
    const [origin, tip] = [place([0, 0]), place(query)];
    stage.set(arrow, { d: `M${origin.join(" ")}L${tip.join(" ")}` });
    [query, ...keys].map(place).forEach(([x, y], i) => {
      stage.set(handles[i], { cx: x, cy: y });
      if (i) stage.set(labels[i - 1], { x: x + 13, y: y + 5 }, `${words[i - 1]} ${weights[i - 1].toFixed(2)}`);
    });
    const told = words.map((word, i) => `${word} ${weights[i].toFixed(2)} (score ${scores[i].toFixed(2)})`).join(", ");
    return { scores, weights, said: `Weights by the score “${names[values.score]}”: ${told}.` };
  });
});
