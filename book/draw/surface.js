// The drawing, what the network sees of it, and what it says. A drawing is SIDE × SIDE numbers in 0…1; its outermost
// MARGIN pixels take no ink, so that the ground is 0 along the border.
const SIDE = 140, MARGIN = 4, RADIUS = 5.5, STEP = 5, REST = 400; // pixels, and milliseconds until something is read aloud
const INK = "#22262b", PEN = "#d55e00", COMING = "The network is being loaded.";

class Surface {
  constructor(root) {
    this.root = root;
    this.ink = new Float32Array(SIDE * SIDE);
    this.pen = { x: SIDE / 2, y: SIDE / 2, down: false, shown: false };
    const find = (name) => root.querySelector(`.${name}`);
    [this.paper, this.seen, this.said, this.told] = ["paper", "seen", "said", "pen"].map(find);
    this.places = [...root.querySelectorAll(".places circle")];
    this.bars = [...root.querySelectorAll(".bar")];
    this.byPointer();
    this.byKeys();
    find("clear").addEventListener("click", () => this.clear());
    const examples = JSON.parse(root.dataset.examples);
    root.querySelectorAll(".example").forEach((button, i) => button.addEventListener("click", () => this.load(examples[i])));
    this.paint();
    this.loadModel();
  }

  // A browser loads no data from a folder, but scripts: this one calls `drawingModel` with the bytes of the model.
  loadModel() {
    globalThis.drawingModel = (base64) => {
      this.model = readModel(base64);
      classify(this.model, new Float32Array(CANVAS * CANVAS), CANVAS, CANVAS); // so that the first stroke finds it compiled
      this.changed();
    };
    const script = document.createElement("script");
    script.src = this.root.dataset.model;
    script.onerror = () => (this.said.textContent = `The network could not be loaded: ${this.root.dataset.model} is missing.`);
    document.head.append(script);
  }

  // Ink along a line from (x, y) to (X, Y): full as far as the pen is wide, and less at its edge.
  stroke(x, y, X, Y) {
    const [dx, dy] = [X - x, Y - y], long = dx * dx + dy * dy;
    const inside = (number) => clip(number, MARGIN, SIDE - 1 - MARGIN);
    const reach = RADIUS + 1, [left, right] = [Math.min(x, X) - reach, Math.max(x, X) + reach].map(Math.round).map(inside);
    const [top, bottom] = [Math.min(y, Y) - reach, Math.max(y, Y) + reach].map(Math.round).map(inside);
    for (let i = top; i <= bottom; i++) {
      for (let j = left; j <= right; j++) {
        const t = long ? clip(((j - x) * dx + (i - y) * dy) / long, 0, 1) : 0;
        const light = clip(RADIUS + 0.5 - Math.hypot(j - x - t * dx, i - y - t * dy), 0, 1);
        this.ink[i * SIDE + j] = Math.max(this.ink[i * SIDE + j], light);
      }
    }
    this.changed();
  }

  clear() {
    this.ink.fill(0);
    this.changed();
  }

  // An example of 8 × 8 numbers from 0 to 16, as letters, between whose middles lie straight lines.
  load(letters) {
    const size = 96, edge = (SIDE - size) / 2, number = (i, j) => (i < 0 || j < 0 || i > 7 || j > 7 ? 0 : parseInt(letters[8 * i + j], 17) / 16);
    this.ink = picture(SIDE, SIDE, (i, j) => {
      const [row, column] = [i, j].map((place) => ((place - edge + 0.5) * 8) / size - 0.5), [a, b] = [row, column].map(Math.floor);
      const between = (c) => (1 - row + a) * number(a, c) + (row - a) * number(a + 1, c);
      return (1 - column + b) * between(b) + (column - b) * between(b + 1);
    }).at;
    this.changed();
  }

  // A mouse, a pen or a finger; where it is drawn, nothing scrolls (`touch-action` in the style sheet).
  byPointer() {
    const at = (event) => {
      const box = this.paper.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * SIDE - 0.5, ((event.clientY - box.top) / box.height) * SIDE - 0.5];
    };
    let last = null;
    this.paper.addEventListener("pointerdown", (event) => {
      if (event.button || last) return; // another button, or another finger
      this.paper.setPointerCapture(event.pointerId);
      this.pen.shown = false;
      last = { id: event.pointerId, at: at(event) };
      this.stroke(...last.at, ...last.at);
    });
    this.paper.addEventListener("pointermove", (event) => {
      if (event.pointerId !== last?.id) return;
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) {
        this.stroke(...last.at, ...at(one));
        last.at = at(one);
      }
    });
    const end = (event) => event.pointerId === last?.id && (last = null);
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) this.paper.addEventListener(kind, end);
  }

  // Arrows move the pen, by more with Shift; the space bar puts it down and lifts it.
  byKeys() {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }, { pen } = this;
    this.paper.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !(event.key === " " || ways[event.key])) return;
      event.preventDefault();
      const from = { ...pen }, [dx, dy] = ways[event.key] ?? [0, 0], step = event.shiftKey ? 4 * STEP : STEP;
      const inside = (number) => clip(number, 2 * STEP, SIDE - 2 * STEP);
      if (event.key === " " && !event.repeat) pen.down = !pen.down;
      Object.assign(pen, { shown: true, x: inside(pen.x + step * dx), y: inside(pen.y + step * dy) });
      if (pen.down) this.stroke(from.x, from.y, pen.x, pen.y);
      else this.paint();
      clearTimeout(this.moving);
      this.moving = setTimeout(() => this.tell(), event.key === " " ? 0 : REST);
    });
    this.paper.addEventListener("blur", () => ((pen.down = pen.shown = false), this.paint()));
  }

  tell() {
    const { x, y, down } = this.pen;
    this.told.textContent = `Pen ${down ? "down" : "up"}, row ${y / STEP} and column ${x / STEP} of ${SIDE / STEP}.`;
  }

  // Drawn at once, computed once before the browser paints, and read aloud when the hand rests.
  changed() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      this.paint();
      this.answer();
    });
  }

  paint() {
    const context = this.paper.getContext("2d"), { x, y, down, shown } = this.pen;
    shade(context, SIDE, SIDE, this.ink);
    if (!shown) return;
    context.lineWidth = 1.5;
    context.strokeStyle = context.fillStyle = PEN;
    context.beginPath();
    context.arc(x, y, RADIUS + 1, 0, 2 * Math.PI);
    context.stroke();
    if (down) context.fill();
  }

  answer() {
    const start = performance.now(), digit = oneDigit({ h: SIDE, w: SIDE, at: this.ink });
    const found = digit && this.model ? classify(this.model, digit.at, CANVAS, CANVAS) : { chance: [], looked: [], shape: [0, 0] };
    shade(this.seen.getContext("2d"), CANVAS, CANVAS, digit?.at ?? new Float32Array(CANVAS * CANVAS));
    const most = Math.max(...found.looked);
    this.places.forEach((circle, n) => circle.setAttribute("opacity", (0.8 * Math.sqrt((found.looked[n] ?? 0) / most) || 0).toFixed(2)));
    this.bars.forEach((bar, n) => (bar.style.height = `${(100 * (found.chance[n] ?? 0)).toFixed(1)}%`));
    this.root.result = { ...found, ink: this.ink, seen: digit?.at ?? null, ms: performance.now() - start };
    const said = digit ? (this.model ? this.sentence(found) : COMING) : "Nothing is drawn.";
    clearTimeout(this.saying);
    this.saying = setTimeout(() => (this.said.textContent = said), REST);
  }

  sentence({ chance, looked, shape: [, w] }) {
    const [first, second] = chance.map((_, n) => n).sort((a, b) => chance[b] - chance[a]);
    const place = looked.indexOf(Math.max(...looked)), told = (number) => number.toFixed(2), { names } = this.model;
    const next = chance[second] < 0.005 ? "" : `; next is ${names[second]}, with ${told(chance[second])}`;
    return `It says ${names[first]}, with probability ${told(chance[first])}${next}. ` +
      `The place in row ${Math.floor(place / w) + 1}, column ${(place % w) + 1} of the map has most weight, ${told(looked[place])}.`;
  }
}

// Ink on paper: the more of it, the less is seen of the paper.
function shade(context, h, w, at) {
  const image = context.createImageData(w, h), colour = [INK.slice(1, 3), INK.slice(3, 5), INK.slice(5)].map((hex) => parseInt(hex, 16));
  at.forEach((number, n) => image.data.set([...colour, Math.round(255 * number)], 4 * n));
  context.putImageData(image, 0, 0);
}

for (const root of document.querySelectorAll(".drawing")) root.surface = new Surface(root);
