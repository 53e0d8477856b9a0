// Chapter 6: two heads share their weight between two words; the best matrix behind them, and the error (6.2) it leaves.
explorer("heads", (stage, { sentences, says, weights, plane: given }) => {
  const points = stage.parts("point"), plane = new Plane(stage, given);

  weights.forEach((weight, h) => {
    stage.slider(`w${h}`, `head ${h}: weight on the first word`, [0, 1, 0.01], weight);
  });
  stage.answer(({ w0, w1 }) => {
    const heard = says.map(([a, b]) => [w0, w1].map((w) => w * a + (1 - w) * b));
    heard.forEach((at, i) => {
      const [x, y] = plane.place(at);
      stage.set(points[i], { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
    });
    // Of P = [[w0, w1], [1 - w0, 1 - w1]] the inverse, or where there is none the nearest to one.
    const apart = w0 - w1, alike = Math.abs(apart) < 1e-9;
    const size = 2 * (w0 * w0 + (1 - w0) * (1 - w0));
    const W = alike ? [w0 / size, (1 - w0) / size] : [(1 - w1) / apart, -w1 / apart, -(1 - w0) / apart, w0 / apart];
    const largest = Math.max(...W.map(Math.abs)), error = alike ? 0.5 : 0;
    const told = sentences.map((name, i) => `${name}: head 0 hears ${heard[i][0].toFixed(2)}, head 1 ${heard[i][1].toFixed(2)}.`);
    const rest = alike ? "Two heads that agree are one: whatever comes after, the error is" : "The error can be";
    const said = `${told.join(" ")} ${rest} ${error.toFixed(2)}, with entries of the last matrix up to ${largest.toFixed(1)}.`;
    return { heard: heard.flat(), error, largest, said };
  });
});
