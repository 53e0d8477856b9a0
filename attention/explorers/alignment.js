// Chapter 9: the weights of every step (9.7), and what the step would say if it looked at one piece alone.
explorer("alignment", (stage, { sentences, pieces: named, grid, bar }) => {
  const [left, top, side] = grid;
  const cells = stage.parts("weights > path"), read = stage.parts("read"), written = stage.parts("written");
  const [here] = stage.parts("here"), next = stage.parts("next"), lengths = stage.parts("bar"), shares = stage.parts("share");
  const most = read.length;
  const chosen = () => sentences[stage.values.sentence];

  stage.choice("sentence", "sentence", sentences.map((one) => one.source.slice(0, -1).join("").trim()), 0);
  const step = stage.slider("step", "writing", [1, sentences[0].target.length, 1], 1, (t) => (chosen().target[t - 1] ?? "").trim());
  const look = stage.slider("look", "looks at", [0, sentences[0].source.length, 1], 0, (s) =>
    s ? (chosen().source[s - 1] ?? "").trim() : "as it does");
  cells.forEach((cell, n) => cell.addEventListener("click", () => {
    if (Math.floor(n / most) >= chosen().target.length || n % most >= chosen().source.length) return;
    step(Math.floor(n / most) + 1);
    look((n % most) + 1);
    stage.changed();
  }));

  stage.answer((values) => {
    const { source, target, steps } = chosen();
    step(Math.min(values.step, target.length), target.length);
    look(Math.min(values.look, source.length), source.length);
    const t = stage.values.step - 1, s = stage.values.look - 1;
    cells.forEach((cell, n) => {
      const [row, column] = [Math.floor(n / most), n % most], there = row < target.length && column < source.length;
      const weight = !there ? 0 : row === t && s >= 0 ? Number(column === s) : steps[row].weights[column] / 1000;
      stage.set(cell, { "fill-opacity": (0.9 * weight).toFixed(2), "stroke-opacity": Number(there) });
    });
    read.forEach((label, n) => stage.set(label, {}, (source[n] ?? "").trim()));
    written.forEach((label, n) => stage.set(label, {}, (target[n] ?? "").trim()));
    const across = s >= 0 ? [left + s * side, side] : [left, source.length * side];
    stage.set(here, { x: across[0], width: across[1], y: top + t * side });
    const pieces = (s >= 0 ? steps[t].alone[s] : steps[t].own).map(([token, share]) => [named[token], share / 1000]);
    pieces.forEach(([piece, probability], n) => {
      stage.set(next[n], {}, piece);
      stage.set(lengths[n], { width: (bar * probability).toFixed(1) });
      stage.set(shares[n], {}, probability.toFixed(3));
    });
    const told = pieces.map(([piece, probability]) => `${piece} ${probability.toFixed(2)}`).join(", ");
    const place = s >= 0 ? `looking at ${source[s].trim()} alone` : "looking where it does";
    return { step: t, look: s, next: pieces, said: `Where ${target[t].trim()} was written, ${place}, comes next: ${told}.` };
  });
});
