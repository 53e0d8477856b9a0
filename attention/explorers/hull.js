// Chapter 2: a query (2.2), its weights (2.3), and the average of the values, which stays in their hull (2.8).
explorer("hull", (stage, { words, keys, values, query, longest, plane: given }) => {
  const [output] = stage.parts("output"), labels = stage.parts("named");
  const plane = new Plane(stage, given);

  stage.slider("angle", "direction of the query", [-180, 180, 0.1], query[0], (x) => `${fixed(x, 0)}°`);
  stage.slider("log", "length of the query", [-2, Math.log10(longest), 0.001], Math.log10(query[1] || 0.01), (x) => (10 ** x).toFixed(2));
  stage.answer(({ angle, log }) => {
    const turn = (angle * Math.PI) / 180, length = 10 ** log;
    const q = [length * Math.cos(turn), length * Math.sin(turn)];
    const weights = softmax(keys.map((key) => dot(q, key))), at = average(weights, values);
    const [x, y] = plane.place(at);
    stage.set(output, { cx: x.toFixed(1), cy: y.toFixed(1) });
    labels.forEach((label, j) => stage.set(label, {}, `${words[j]} ${share(weights[j])}`));
    const told = words.map((word, j) => `${word} ${share(weights[j])}`).join(", ");
    return { query: q, weights, output: at, said: `Weights: ${told}. Output: (${at.map((x) => fixed(x)).join(", ")}).` };
  });
});
