/* The timeline: a lane a rank, a box an op; coloured by what the op does, grey while it waits, blank where it idles. A
 * GPU has two streams: kernels are in the upper half of its lane, communication in the lower. */

const groupColours = { attention: "#0072b2", routing: "#56b4e9", experts: "#e69f00", vocabulary: "#f0e442",
  "other compute": "#b0a080", "tp exchange": "#009e73", "expert exchange": "#cc79a7", "stage exchange": "#d55e00" };
const mostZoom = 64;

/* The ops of a lane with their times; an op that waits for another stage is idle, as a bubble is. */
function laneOps(phase, lane) {
  const rank = phase.ranks[lane], schedule = phase.schedules[page.ranks.classes[rank]], spans = phase.spans[lane];
  let now = 0;
  return Array.from({ length: schedule.length / 3 }, (_, i) => {
    const kind = page.timeline.kinds[schedule[3 * i]], layer = schedule[3 * i + 2];
    const begin = now + spans[3 * i], start = begin + spans[3 * i + 1], end = now = start + spans[3 * i + 2];
    const text = (layer < 0 ? "" : `layer ${page.ranks.first_layers[rank] + layer} `) + kind.text +
      (page.title.batch.micro_batches > 1 ? ` ${"ABCDEFGH"[schedule[3 * i + 1]]}` : "");
    return { id: i + 1, text, group: kind.group, beside: kind.beside, begin, start, end };
  });
}

/* 1, 2 or 5 times a power of ten, so that a tick is at least `least` pixels from the next. */
function tickStep(length, width, least) {
  const wish = length * least / width, power = 10 ** Math.floor(Math.log10(wish));
  return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= wish);
}

class Timeline {
  constructor() {
    this.labels = svg("svg", { "aria-hidden": true });
    this.svg = svg("svg", { tabindex: 0, role: "application",
      "aria-label": "Timeline; left and right move from op to op, up and down from rank to rank, + and - zoom" });
    this.scroll = el("div", { class: "scroll" }, this.svg);
    this.element = el("div", { class: "lanes" }, this.labels, this.scroll);
    this.readout = el("div", { class: "readout", "aria-live": "polite", id: "op-row" });
    this.zoom = 1;
    this.svg.addEventListener("keydown", event => this.key(event));
    this.svg.addEventListener("click", event => this.point(event));
    this.svg.addEventListener("pointermove", event => event.pointerType === "mouse" && this.point(event));
  }

  show(phase) {
    this.phase = phase;
    this.lanes = phase.ranks.map((_, lane) => laneOps(phase, lane));
    this.streams = this.lanes.some(ops => ops.some(op => op.beside)) ? 2 : 1;
    this.lane = 0;
    this.op = -1;
    this.row = phase.ranks.length <= 16 ? 24 : 13;
    this.readout.replaceChildren(paragraph("Point at an op, or move to one with the arrow keys.", "quiet"));
    this.draw();
  }

  draw(width = this.room) {
    const labelWidth = 46, top = 22, bottom = top + this.lanes.length * this.row;
    this.room = width;
    this.width = Math.max(100, width - labelWidth - 1) * this.zoom;
    this.scale = this.width / this.phase.length;
    fill(this.labels, { width: labelWidth, height: bottom, viewBox: `0 0 ${labelWidth} ${bottom}` }, []);
    fill(this.svg, { width: this.width, height: bottom, viewBox: `0 0 ${this.width} ${bottom}` }, []);
    this.labels.replaceChildren(svg("text", { x: 0, y: 13, class: "small" }, "rank"),
      ...this.phase.ranks.map((rank, lane) => svg("text", { x: labelWidth - 6, y: top + (lane + 0.5) * this.row + 4,
        "text-anchor": "end", class: "small" }, String(rank))));
    this.top = top;
    this.mark = svg("g", { "pointer-events": "none" });
    this.svg.replaceChildren(...this.background(bottom), ...this.boxes(), this.mark);
    this.markOp();
  }

  background(bottom) {
    let ticks = "";
    const texts = [], step = tickStep(this.phase.length, this.width, 80);
    for (let at = 0; at * this.scale < this.width - 40; at += step) {
      ticks += `M${at * this.scale} 0V${bottom}`;
      texts.push(svg("text", { x: at * this.scale + 3, y: 13, class: "small" }, time(at)));
    }
    const lanes = this.lanes.map((_, lane) => box(0, this.top + lane * this.row + 1, this.width, this.row - 2));
    return [svg("path", { class: "axis", d: ticks }), ...texts,
      svg("path", { d: lanes.join(""), fill: "var(--idle)" })];
  }

  /* Where an op's box is: all of its lane's height, or the half of its stream. */
  place(lane, op) {
    const y = this.top + lane * this.row + 1, height = this.row - 2;
    return this.streams === 1 ? { y, height } : { y: y + (op.beside ? height / 2 : 0), height: height / 2 };
  }

  boxes() {
    const paths = new Map([["wait", ""]]);
    this.lanes.forEach((ops, lane) => {
      const add = (name, op, from, to) => {
        const { y, height } = this.place(lane, op);
        const x = from * this.scale, width = Math.max((to - from) * this.scale, 0.2);
        paths.set(name, (paths.get(name) || "") + box(x.toFixed(2), y, width.toFixed(2), height));
      };
      for (const op of ops) {
        if (op.start > op.begin && op.group !== "stage exchange")
          add("wait", op, op.begin, op.start);
        if (op.end > op.start)
          add(op.group, op, op.start, op.end);
      }
    });
    return Array.from(paths, ([name, d]) =>
      svg("path", { d, "data-group": name, fill: groupColours[name] || "var(--wait)" }));
  }

  markOp() {
    const op = this.lanes[this.lane][this.op];
    if (!op)
      return;
    const width = Math.max(2, (op.end - op.begin) * this.scale);
    const { y, height } = this.place(this.lane, op), d = box(op.begin * this.scale, y - 1, width, height + 2);
    this.mark.replaceChildren(svg("path", { class: "cursor under", d }), svg("path", { class: "cursor", d }));
  }

  select(lane, index) {
    const op = this.lanes[lane] && this.lanes[lane][index];
    if (!op)
      return;
    this.lane = lane;
    this.op = index;
    this.markOp();
    this.readout.replaceChildren(paragraph(`Rank ${this.phase.ranks[lane]}, op ${op.id}: ${op.text}. Entered at ` +
      `${time(op.begin)}, waited ${time(op.start - op.begin)}, took ${time(op.end - op.start)}.`));
  }

  point(event) {
    const frame = this.svg.getBoundingClientRect(), at = (event.clientX - frame.left) / frame.width * this.phase.length;
    const y = (event.clientY - frame.top) / frame.height * (this.top + this.lanes.length * this.row);
    const lane = Math.floor((y - this.top) / this.row), ops = this.lanes[lane];
    if (ops)
      this.select(lane, ops.findIndex(op => op.end > op.begin && op.begin <= at && at < op.end &&
        (this.streams === 1 || op.beside === ((y - this.top) / this.row % 1 >= 0.5))));
  }

  /* Keeps what is at the middle of the view where it is. */
  zoomTo(zoom) {
    const middle = (this.scroll.scrollLeft + this.scroll.clientWidth / 2) / this.width;
    this.zoom = Math.min(mostZoom, Math.max(1, zoom));
    this.draw();
    this.scroll.scrollLeft = middle * this.width - this.scroll.clientWidth / 2;
  }

  key(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const zooms = { "+": 2, "=": 2, "-": 0.5 };
    if (event.key in zooms)
      this.zoomTo(this.zoom * zooms[event.key]);
    else if (event.key in moves) {
      const [down, right] = moves[event.key];
      this.select(this.lane + down, Math.max(0, this.op + right));
      this.reveal();
    } else
      return;
    event.preventDefault();
  }

  reveal() {
    const op = this.lanes[this.lane][this.op];
    const from = op.begin * this.scale, to = op.end * this.scale, { scrollLeft, clientWidth } = this.scroll;
    if (from < scrollLeft || to > scrollLeft + clientWidth)
      this.scroll.scrollLeft = from - 40;
  }
}

function opsTable(phase) {
  const kinds = page.roofline.kinds.filter(kind => kind.phase === phase.name);
  const mean = seconds => time(seconds * 1e9 / world);
  return table(`Ops of a ${phase.name} step, over all ranks`,
    ["op", "#calls", "#time of a rank, mean", "#waiting of a rank, mean"],
    kinds.map(({ text, calls, run, wait }) => [text, thousands(calls), mean(run), mean(wait)]));
}

function timelineLead(phase) {
  const shown = phase.ranks.length;
  return `A ${phase.name} step with every micro-batch full: ${time(phase.length)}. ` + (shown === world ? "" :
    `Shown are ${shown} of ${thousands(world)} ranks: of replica dp 0 and tp 0, ep spread evenly.`);
}

/* Paper shows both steps; they are drawn when it is printed. */
function paperTimeline(phase) {
  const timeline = new Timeline(), element = el("div", { class: "paper" }, paragraph(timelineLead(phase), "quiet"),
    timeline.element, opsTable(phase));
  drawToWidth(timeline.element, width => { timeline.room = width; timeline.show(phase); });
  return element;
}

function drawTimeline() {
  const { phases } = page.timeline, timeline = new Timeline();
  const numbers = el("div"), lead = el("p", { class: "quiet" });
  const show = name => {
    const phase = phases.find(other => other.name === name);
    lead.textContent = timelineLead(phase);
    numbers.replaceChildren(opsTable(phase));
    timeline.show(phase);
  };
  const zoom = (text, label, change) => {
    const button = el("button", { type: "button", "aria-label": label }, text);
    button.addEventListener("click", () => timeline.zoomTo(change(timeline.zoom)));
    return button;
  };
  section("timeline").append(
    el("div", { class: "controls" }, choice("Step", phases.map(phase => phase.name), phases[0].name, show),
      el("fieldset", {}, el("legend", {}, "Zoom"), zoom("−", "zoom out", at => at / 2),
        zoom("+", "zoom in", at => at * 2), zoom("all", "show the whole step", () => 1))),
    el("ul", { class: "legend" }, Object.entries(groupColours).map(([group, colour]) => swatch(colour, group)),
      swatch("var(--wait)", "waiting in its stage"), swatch("var(--idle)", "bubble")),
    el("div", { class: "screen" }, lead, timeline.element, timeline.readout, folded("The ops as a table", numbers)),
    ...phases.map(paperTimeline));
  timeline.room = timeline.element.clientWidth;
  show(phases[0].name);
  drawToWidth(timeline.element, width => timeline.draw(width));
}
