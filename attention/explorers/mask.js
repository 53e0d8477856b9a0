// Chapter 4: a mask, and softmax over what it lets through (1.11); a row that may see nothing has zeros.
explorer("mask", (stage, { queries, keys, scores, allowed }) => {
  const cells = stage.parts("cell"), shades = stage.parts("shade"), crosses = stage.parts("cross"), told = stage.parts("weight");
  const S = keys.length, size = Number(shades[0].getAttribute("width"));
  const rows = queries.map((query, i) => stage.choice(`row${i}`, `${query} may see`, keys, allowed[i]));
  const put = (rule) => rows.forEach((row, i) => row.all(keys.map((_, j) => rule(i, j))));

  cells.forEach((cell, n) => {
    cell.style.cursor = "pointer";
    cell.addEventListener("click", () => (rows[Math.floor(n / S)].turn(n % S), stage.changed()));
  });
  stage.button("all", () => put(() => true));
  stage.button("causal", () => put((i, j) => j <= i + S - queries.length));
  stage.button("a window of two", () => put((i, j) => Math.abs(j - i - S + queries.length) < 2));
  stage.button("none", () => put(() => false));

  let before = [], changes = "What changes in a row is said here";
  stage.answer((values) => {
    const weights = scores.map((row, i) => softmax(row.map((s, j) => (values[`row${i}`][j] ? s : -Infinity))));
    weights.flat().forEach((weight, n) => {
      const seen = values[`row${Math.floor(n / S)}`][n % S];
      const [x, y] = ["x", "y"].map((axis) => shades[n].getAttribute(axis));
      stage.set(shades[n], { opacity: (0.6 * weight).toFixed(2) });
      stage.set(crosses[n], { d: seen ? "" : `M${x} ${y}l${size} ${size}m0 -${size}l-${size} ${size}` });
      stage.set(told[n], {}, share(weight));
    });
    const said = queries.map((query, i) => {
      const seen = keys.map((key, j) => `${key} ${share(weights[i][j])}`).filter((_, j) => values[`row${i}`][j]);
      return seen.length ? `${query}: ${seen.join(", ")}` : `${query}: nothing, all zeros`;
    });
    changes = (before.length && said.filter((line, i) => line !== before[i]).join("; ")) || changes;
    before = said;
    return { weights, said: `${changes}.` };
  });
});
