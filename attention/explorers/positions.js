// Chapter 7: a query and a key turned by their places (7.12), or two rows of sinusoids (7.7), and their product by the distance.
explorer("positions", (stage, { query, key, places, speeds, farthest, left, right, top, bottom, reach }) => {
  const hands = { query: stage.parts("query"), key: stage.parts("key") };
  const [curve] = stage.parts("curve"), [now] = stage.parts("now");
  const middles = hands.query.map((hand) => hand.getAttribute("d").slice(1).split("L")[0].split(" ").map(Number));

  // Each pair of a row, turned by its speed times a number of places.
  const turn = (row, place) => speeds.flatMap((speed, d) => {
    const cos = Math.cos(place * speed), sin = Math.sin(place * speed), [x, y] = row.slice(2 * d, 2 * d + 2);
    return [x * cos - y * sin, x * sin + y * cos];
  });
  const table = (place) => speeds.flatMap((speed) => [Math.sin(place * speed), Math.cos(place * speed)]);
  const length = (row, d) => Math.hypot(row[2 * d], row[2 * d + 1]);
  const product = (kind, distance) =>
    kind ? speeds.reduce((sum, speed) => sum + Math.cos(speed * distance), 0) : dot(turn(query, distance), key);
  const at = (distance, score, most) => [
    left + ((distance + farthest) / (2 * farthest)) * (right - left), (top + bottom) / 2 - ((score / (most || 1)) * (bottom - top)) / 2,
  ].map((x) => x.toFixed(1));

  stage.choice("kind", "places are told by", ["rotary", "sinusoids alone"], 0);
  const whole = (x) => x.toFixed(0);
  const moves = ["i", "j"].map((name, n) => stage.slider(name, `place of the ${["query", "key"][n]}`, [0, farthest, 1], places[n], whole));
  const both = (step) => {
    const { i, j } = stage.values;
    if (Math.min(i, j) + step >= 0 && Math.max(i, j) + step <= farthest) moves.forEach((move, n) => move([i, j][n] + step));
  };
  stage.button("both a place back", () => both(-1));
  stage.button("both a place on", () => both(1));

  stage.answer(({ kind, i, j }) => {
    const rows = kind ? { query: table(i), key: table(j) } : { query: turn(query, i), key: turn(key, j) };
    for (const [name, row] of Object.entries(rows)) {
      hands[name].forEach((hand, d) => {
        const [x, y] = middles[d], scale = reach / (length(row, d) || 1);
        stage.set(hand, { d: `M${x} ${y}L${(x + scale * row[2 * d]).toFixed(1)} ${(y - scale * row[2 * d + 1]).toFixed(1)}` });
      });
    }
    const most = kind ? speeds.length : speeds.reduce((sum, _, d) => sum + length(query, d) * length(key, d), 0);
    const points = Array.from({ length: 8 * farthest + 1 }, (_, n) => n / 4 - farthest);
    stage.set(curve, { d: `M${points.map((distance) => at(distance, product(kind, distance), most).join(" ")).join("L")}` });
    const score = dot(rows.query, rows.key), [cx, cy] = at(i - j, score, most);
    stage.set(now, { cx, cy });
    const said = `Query at ${i}, key at ${j}, distance ${fixed(i - j, 0)}: the product is ${fixed(score)}.`;
    return { ...rows, score, curve: points.map((distance) => product(kind, distance)), said };
  });
});
