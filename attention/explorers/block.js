// Chapter 8: rows through blocks whose parts can be left out: (8.1), (8.3), (8.6), (8.7), (8.8), and attention of some heads.
explorer("block", (stage, { words, rows: first, blocks, heads, low }) => {
  const shades = stage.parts("shade"), numbers = stage.parts("number"), [curve] = stage.parts("curve"), [here] = stage.parts("here");
  const start = curve.getAttribute("d").slice(1).split("L").map((point) => point.split(" ").map(Number));
  const top = start[0][1] + 20 * Math.log10(Math.min(1, apart(first)));
  const blue = "#0072B2", orange = "#D55E00";

  const mean = (row) => row.reduce((a, b) => a + b) / row.length;
  const times = (rows, matrix) => rows.map((row) => matrix[0].map((_, k) => row.reduce((sum, x, d) => sum + x * matrix[d][k], 0)));
  const plus = (rows, others) => rows.map((row, t) => row.map((x, d) => x + others[t][d]));
  const norm = (rows) => rows.map((row) => {
    const middle = mean(row), spread = Math.sqrt(mean(row.map((x) => (x - middle) ** 2)) + 1e-5);
    return row.map((x) => (x - middle) / spread);
  });

  function attend(rows, [query, key, value, output]) {
    const [q, k, v] = [query, key, value].map((matrix) => times(rows, matrix)), D = rows[0].length / heads;
    const merged = rows.map(() => []);
    for (let h = 0; h < heads; h++) {
      const piece = (all) => all.map((row) => row.slice(h * D, (h + 1) * D));
      const keys = piece(k), values = piece(v);
      piece(q).forEach((one, t) => merged[t].push(...average(softmax(keys.map((other) => dot(one, other) / Math.sqrt(D))), values)));
    }
    return times(merged, output);
  }
  const network = (rows, [hidden, output]) => times(times(rows, hidden).map((row) => row.map((x) => Math.max(0, x))), output);

  const size = (rows) => Math.sqrt(mean(rows.flat().map((x) => x * x)));
  function apart(rows) {
    const middle = rows[0].map((_, d) => rows.reduce((sum, row) => sum + row[d], 0) / rows.length);
    const far = rows.flat().reduce((sum, x, n) => sum + (x - middle[n % middle.length]) ** 2, 0);
    return Math.sqrt(far / rows.flat().reduce((sum, x) => sum + x * x, 0));
  }

  stage.choice("parts", "in each block", ["attention", "network", "the addition"], [true, false, false]);
  stage.choice("where", "normalisation", ["none", "before", "after"], 0);
  stage.slider("depth", "number of blocks", [0, blocks.length, 1], blocks.length, (x) => `${x}`);
  stage.answer(({ parts: [attends, thinks, adds], where, depth }) => {
    const around = (rows, branch) => {
      const made = branch(where === 1 ? norm(rows) : rows), sum = adds ? plus(rows, made) : made;
      return where === 2 ? norm(sum) : sum;
    };
    const found = [first];
    for (const matrices of blocks) {
      let rows = found[found.length - 1];
      if (attends) rows = around(rows, (x) => attend(x, matrices.slice(0, 4)));
      if (thinks) rows = around(rows, (x) => network(x, matrices.slice(4)));
      found.push(rows);
    }
    const distances = found.map(apart), sizes = found.map(size);
    const shown = found[depth].flat().map((x) => x / (sizes[depth] || 1));
    shown.forEach((x, n) => {
      stage.set(shades[n], { opacity: Math.min(0.6, 0.25 * Math.abs(x)).toFixed(2), fill: x > 0 ? blue : orange });
      stage.set(numbers[n], {}, fixed(x, 1));
    });
    const points = start.map(([x], n) => [x, top - 20 * Math.log10(Math.min(1, Math.max(low, distances[n] || low)))]);
    stage.set(curve, { d: `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}` });
    stage.set(here, { cx: points[depth][0].toFixed(1), cy: points[depth][1].toFixed(1) });
    const far = distances[depth], told = far > 0.0005 ? `${fixed(100 * far, far > 0.1 ? 0 : 1)} %` : "less than 0.1 %";
    const after = depth ? `After ${depth} ${depth > 1 ? "blocks" : "block"}` : "Before the first block";
    const said = `${after} the rows lie ${told} of their length apart; the typical size of a feature is ${fixed(sizes[depth], sizes[depth] < 10 ? 1 : 0)}.`;
    return { distances, sizes, rows: found[depth], said };
  });
});
