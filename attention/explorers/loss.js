// Chapter 5: the loss ½ ‖o − v‖² of a query, and its gradient, the covariance of what is said with how it is found (5.5).
explorer("loss", (stage, { words, keys, values, query, plane: given }) => {
  const plane = new Plane(stage, given), { low, high } = given;
  const [arrow] = stage.parts("arrow"), handles = stage.parts("handle");

  function lossAndGradient(q, said, target) {
    const p = softmax(keys.map((key) => dot(q, key)));
    const away = average(p, said).map((x, d) => x - said[target][d]);
    const g = said.map((value) => dot(away, value)); // how each weight changes the loss
    const mean = dot(p, g);
    return { p, loss: dot(away, away) / 2, gradient: average(p.map((x, j) => x * (g[j] - mean)), keys) };
  }

  stage.choice("target", "should find", words, words.length - 1);
  stage.slider("apart", "how far the values differ", [0, 1, 0.01], 1);
  const movers = ["first", "second"].map((axis, d) =>
    stage.slider(`q${d}`, `query, ${axis} feature`, [low, high, 0.01], query[d]));
  stage.drag(handles, (_, x, y) => plane.point(x, y).forEach((value, d) => movers[d](value)));
  stage.button("ten steps down", () => {
    for (let step = 0; step < 10; step++) {
      const { gradient } = stage.root.result.at([stage.values.q0, stage.values.q1]);
      movers.forEach((move, d) => move(stage.values[`q${d}`] - gradient[d]));
    }
  });

  stage.answer(({ target, apart, q0, q1 }) => {
    const middle = average(values.map(() => 1 / values.length), values);
    const said = values.map((value) => value.map((x, d) => middle[d] + apart * (x - middle[d])));
    const at = (q) => lossAndGradient(q, said, target);
    const { p, loss, gradient } = at([q0, q1]);
    plane.shade((q) => at(q).loss);
    const [x, y] = plane.place([q0, q1]), [u, v] = plane.place([q0 - gradient[0], q1 - gradient[1]]);
    const far = Math.hypot(u - x, v - y) > 1;
    stage.set(arrow, { d: far ? `M${[x, y].map((z) => z.toFixed(1)).join(" ")}L${[u, v].map((z) => z.toFixed(1)).join(" ")}` : "" });
    stage.set(handles[0], { cx: x.toFixed(1), cy: y.toFixed(1) });
    const told = words.map((word, j) => `${word} ${share(p[j])}`).join(", ");
    const length = Math.hypot(...gradient);
    return { loss, gradient, weights: p, at, said: `Loss ${loss.toFixed(3)}, gradient of length ${length.toFixed(3)}. Weights: ${told}.` };
  });
});
