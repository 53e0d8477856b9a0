// Chapter 3: the five scores of a key at any place of the plane, and what softmax makes of those of the three keys.
explorer("scores", (stage, { words, points, weight, additive, plane: given }) => {
  const plane = new Plane(stage, given), { low, high } = given;
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
  const handles = stage.parts("handle"), labels = stage.parts("named");
  const [arrow] = stage.parts("query");

  stage.choice("score", "score", names, 0);
  stage.slider("log", "divided by", [-1, 3, 0.01], 0, (x) => (10 ** x).toFixed(2));
  const close = stage.fold("Move the points by keys");
  const movers = ["query", ...words].map((name, i) =>
    ["x", "y"].map((axis, d) =>
      stage.slider(`${i}${axis}`, `${name}, ${d ? "second" : "first"} feature`, [low, high, 0.05], points[i][d])));
  close();
  stage.drag(handles, (i, x, y) => plane.point(x, y).forEach((value, d) => movers[i][d](value)));

  stage.answer((values) => {
    const score = functions[names[values.score]], divisor = 10 ** values.log;
    const [query, ...keys] = [0, 1, 2, 3].map((i) => [values[`${i}x`], values[`${i}y`]]);
    const scores = keys.map((key) => score(query, key) / divisor);
    const weights = softmax(scores);
    plane.shade((key) => score(query, key));
    const [origin, tip] = [plane.place([0, 0]), plane.place(query)];
    stage.set(arrow, { d: `M${origin.join(" ")}L${tip.join(" ")}` });
    [query, ...keys].map((point) => plane.place(point)).forEach(([x, y], i) => {
      stage.set(handles[i], { cx: x, cy: y });
      if (i) stage.set(labels[i - 1], { x: x + 13, y: y + 5 }, `${words[i - 1]} ${share(weights[i - 1])}`);
    });
    const told = words.map((word, i) => `${word} ${share(weights[i])} (score ${fixed(scores[i])})`).join(", ");
    return { scores, weights, said: `Weights by the score “${names[values.score]}”: ${told}.` };
  });
});
