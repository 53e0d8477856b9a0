// What every explorer needs: the picture as parts that can be moved, controls, and a sentence that is read aloud.
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const average = (p, rows) => rows[0].map((_, d) => rows.reduce((sum, row, j) => sum + p[j] * row[d], 0));

// A number as it is written and read aloud: with a minus, and never −0.
const fixed = (x, digits = 2) => ((Number(x.toFixed(digits)) || 0).toFixed(digits)).replace("-", "−");

// A weight as it is written: one that is not 0 or 1 is not called so.
const share = (p) => (p > 0 && p < 0.005 ? "< 0.01" : p < 1 && p >= 0.995 ? "> 0.99" : p.toFixed(2));

// Outputs come and go in JupyterLab: an id must be new even where others have gone.
const fresh = () => `explorer-${(window.explorers = (window.explorers ?? 0) + 1)}`;

// Weights of scores, some of which may be −Infinity; all 0 where all of them are.
function softmax(scores) {
  const largest = Math.max(...scores);
  const e = scores.map((s) => (s > -Infinity ? Math.exp(s - largest) : 0)), total = e.reduce((a, b) => a + b);
  return e.map((x) => x / (total || 1));
}

// Begin every explorer of this name that stands on the page and has not begun.
function explorer(name, begin) {
  for (const root of document.querySelectorAll(`.explorer[data-name="${name}"]:not(.live)`)) {
    root.classList.add("live");
    begin(new Stage(root), JSON.parse(root.dataset.given));
  }
}

// A square of the plane in the picture, as attention/explorers/plane.py has drawn it.
class Plane {
  constructor(stage, given) {
    Object.assign(this, given);
    this.stage = stage;
    this.shades = stage.parts("cells > path");
    const size = (this.high - this.low) / this.cells;
    this.middles = this.shades.map((_, i) => [
      this.low + ((i % this.cells) + 0.5) * size, this.high - (Math.floor(i / this.cells) + 0.5) * size,
    ]);
  }

  place([x, y]) {
    const along = (value) => ((value - this.low) / (this.high - this.low)) * this.side;
    return [this.left + along(x), this.top + this.side - along(y)];
  }

  // The point that is nearest to a place in the picture.
  point(x, y) {
    const value = (part) => Math.min(this.high, Math.max(this.low, this.low + part * (this.high - this.low)));
    return [value((x - this.left) / this.side), value((this.top + this.side - y) / this.side)];
  }

  shade(height) {
    const heights = this.middles.map(height), least = Math.min(...heights), span = Math.max(...heights) - least || 1;
    this.shades.forEach((cell, i) => {
      const band = Math.min(this.bands - 1, Math.floor((this.bands * (heights[i] - least)) / span)) / this.bands;
      this.stage.set(cell, { opacity: (0.75 * band).toFixed(2) });
    });
  }
}

class Stage {
  constructor(root) {
    this.root = root;
    const image = root.querySelector("img");
    const bytes = Uint8Array.from(atob(image.src.split(",")[1]), (c) => c.charCodeAt(0));
    const parsed = new DOMParser().parseFromString(new TextDecoder().decode(bytes), "image/svg+xml");
    this.svg = document.importNode(parsed.documentElement, true);
    this.svg.setAttribute("role", "img");
    this.svg.setAttribute("aria-label", image.alt);
    image.replaceWith(this.svg);
    this.controls = this.add(root, "div", { class: "controls", role: "group", "aria-label": "What can be moved" });
    this.said = this.add(root, "p", { class: "said", "aria-live": "polite" });
    this.values = {};
  }

  add(parent, name, attributes = {}, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.dataset.lmSuppressShortcuts = true; // else JupyterLab takes the arrow keys
    made.textContent = text;
    return parent.appendChild(made);
  }

  // The parts of the picture with a class, in their order; `set` changes attributes of one of them.
  parts(name) {
    return [...this.svg.querySelectorAll(`.${name}`)];
  }

  set(part, attributes, text) {
    for (const [key, value] of Object.entries(attributes)) {
      if (part.getAttribute(key) !== `${value}`) part.setAttribute(key, value);
    }
    if (text !== undefined) part.textContent = text;
  }

  // Controls that a mouse or a finger can do without lie folded; what is returned ends the fold.
  fold(label) {
    const outside = this.controls, details = this.add(outside, "details");
    this.add(details, "summary", {}, label);
    this.controls = this.add(details, "div", { class: "controls" });
    return () => (this.controls = outside);
  }

  // A number between two ends; `shown` says how it is written. The value is the reader's, in `values[key]`.
  slider(key, label, [min, max, step], value, shown = fixed) {
    const id = fresh();
    this.add(this.controls, "label", { for: id }, label);
    const input = this.add(this.controls, "input", { type: "range", id, min, max, step });
    const output = this.add(this.controls, "output", { for: id });
    const take = () => {
      this.values[key] = Number(input.value);
      output.textContent = shown(this.values[key]);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    input.value = value;
    take();
    input.addEventListener("input", () => (take(), this.changed()));
    return (other, most = input.max) => ((input.max = most), (input.value = other), take());
  }

  // One of several, or any of them: `values[key]` is a number, or a list of truths.
  choice(key, label, names, chosen) {
    const one = typeof chosen === "number";
    const id = fresh();
    this.add(this.controls, "span", { id }, label);
    const group = this.add(this.controls, "div", {
      class: "choices", role: one ? "radiogroup" : "group", "aria-labelledby": id,
    });
    const inputs = names.map((name, i) => {
      const line = this.add(group, "label");
      const input = this.add(line, "input", { type: one ? "radio" : "checkbox", name: id });
      line.append(name);
      input.checked = one ? i === chosen : chosen[i];
      return input;
    });
    const take = () => (this.values[key] = one ? inputs.findIndex((i) => i.checked) : inputs.map((i) => i.checked));
    take();
    group.addEventListener("change", () => (take(), this.changed()));
    return {
      turn: (i) => ((inputs[i].checked = one || !inputs[i].checked), take()),
      all: (truths) => (inputs.forEach((input, i) => (input.checked = truths[i])), take()),
    };
  }

  // Something to be done at once; buttons that follow each other stand in one line.
  button(label, act) {
    const last = this.controls.lastElementChild;
    const line = last?.className === "buttons" ? last : this.add(this.controls, "div", { class: "buttons" });
    this.add(line, "button", { type: "button" }, label).addEventListener("click", () => (act(), this.changed()));
  }

  // Parts that a mouse or a finger takes along: `moved(number of the part, x, y)` in the picture's own pixels.
  drag(parts, moved) {
    parts.forEach((part, i) => {
      part.style.cursor = "grab";
      part.style.touchAction = "none";
      part.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        part.setPointerCapture(event.pointerId);
      });
      part.addEventListener("pointermove", (event) => {
        if (!part.hasPointerCapture(event.pointerId)) return;
        const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
        moved(i, at.x, at.y);
        this.changed();
      });
    });
  }

  // `draw(values)` moves the picture and returns {said: a sentence, …}: all of it can be read from `root.result`.
  answer(draw) {
    this.changed = () => {
      this.root.result = draw(this.values);
      clearTimeout(this.waiting); // read aloud when the hand rests
      this.waiting = setTimeout(say, 150);
    };
    const say = () => {
      this.said.textContent = this.root.result.said;
      this.said.style.minHeight = `${this.said.offsetHeight}px`; // what is below does not come up again
    };
    this.changed();
    clearTimeout(this.waiting);
    say();
  }
}
