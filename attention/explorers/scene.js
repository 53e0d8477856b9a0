// Chapter 12: the average of the places' logits by weights of one's own, or by the model's, and what the classifier says.
explorer("scene", (stage, { names, shape, own, logits, frame, bar }) => {
  const [h, w] = shape, [left, top, step] = frame;
  const circles = stage.parts("places > circle");
  const labels = stage.parts("name"), bars = stage.parts("bar"), chances = stage.parts("chance");
  const heaviest = own.indexOf(Math.max(...own));

  const map = stage.choice("map", "weights", ["the model's", "a spot of yours"], 0);
  const row = stage.slider("row", "row of the spot", [0, h - 1, 1], Math.floor(heaviest / w), (x) => x.toFixed(0));
  const column = stage.slider("column", "column of the spot", [0, w - 1, 1], heaviest % w, (x) => x.toFixed(0));
  stage.slider("log", "its width, in places", [-1, 1, 0.05], -1, (x) => (10 ** x).toFixed(1));
  stage.controls.addEventListener("input", (event) => {
    if (event.target.type === "range" && !stage.values.map) (map.turn(1), stage.changed()); // who moves the spot wants to see it
  });
  stage.svg.addEventListener("click", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(stage.svg.getScreenCTM().inverse());
    const [i, j] = [(at.y - top) / step, (at.x - left) / step].map(Math.round);
    if (i < 0 || i >= h || j < 0 || j >= w) return;
    row(i), column(j), map.turn(1);
    stage.changed();
  });

  stage.answer((values) => {
    const width = 10 ** values.log;
    const spot = own.map((_, n) => -((Math.floor(n / w) - values.row) ** 2 + ((n % w) - values.column) ** 2) / (2 * width ** 2));
    const total = own.reduce((a, b) => a + b);
    const weights = values.map ? softmax(spot) : own.map((p) => p / total);
    const chance = softmax(average(weights, logits)), largest = Math.max(...weights);
    circles.forEach((circle, n) => stage.set(circle, { opacity: (0.8 * Math.sqrt(weights[n] / largest)).toFixed(2) }));
    const best = chance.map((p, n) => n).sort((a, b) => chance[b] - chance[a]).slice(0, labels.length);
    best.forEach((n, line) => {
      stage.set(labels[line], {}, names[n]);
      stage.set(bars[line], { width: (bar * chance[n]).toFixed(1) });
      stage.set(chances[line], {}, chance[n].toFixed(3));
    });
    const told = best.map((n) => `${names[n]} ${chance[n].toFixed(2)}`).join(", ");
    const where = values.map ? `With the weight at row ${values.row}, column ${values.column}` : "With the model's own weights";
    return { weights, chance, said: `${where} it says: ${told}.` };
  });
});
