/* The roofline: how much arithmetic each kind of op does for a byte of memory, and how fast it is beside the roof. */

const logarithm = (value, [low, high], [from, to]) =>
  from + (Math.log10(value) - Math.log10(low)) / (Math.log10(high) - Math.log10(low)) * (to - from);
/* The powers of ten below and above all values. */
const decades = values => [10 ** Math.floor(Math.log10(Math.min(...values))),
  10 ** Math.ceil(Math.log10(Math.max(...values)) + 1e-9)];

const phaseColours = { prefill: palette[0], decode: palette[3] };

/* Kinds that compute: intensity in FLOP/byte, speed in FLOP/s of a rank. */
function rooflinePoints() {
  return page.roofline.kinds.filter(kind => kind.flops > 0 && kind.run > 0)
    .map(kind => ({ ...kind, intensity: kind.flops / kind.memory, speed: kind.flops / kind.run }));
}

/* Roofs that the hardware states: slanted ones of memory, level ones of arithmetic. */
function roofs() {
  const { flops, memory } = page.roofline, kinds = ["peak", "sustained"];
  return {
    slanted: kinds.filter(kind => memory[kind] > 0).map(kind => ({ text: `memory ${rate(memory[kind], "B/s")}`,
      rate: memory[kind], kind })),
    level: flops.flatMap(entry => kinds.filter(kind => entry[kind] > 0).map(kind => ({
      text: `${entry.name} ${rate(entry[kind], "FLOP/s")}`, rate: entry[kind], kind }))),
  };
}

class Plot {
  constructor(width, points, { slanted, level }) {
    this.height = Math.min(460, Math.max(320, width * 0.6));
    [this.left, this.right, this.top, this.bottom] = [62, width - 12, 20, this.height - 42];
    const ridges = slanted.flatMap(slant => level.map(roof => roof.rate / slant.rate));
    this.xs = decades([...points.map(point => point.intensity), ...ridges]);
    this.ys = decades([...points.map(point => point.speed), ...level.map(roof => roof.rate)]);
    this.labels = []; /* boxes that are taken: [left, right, baseline] */
    this.svg = svg("svg", { width, height: this.height, viewBox: `0 0 ${width} ${this.height}`, role: "img",
      "aria-label": "Roofline; the table below lists its points" });
    this.axes();
    slanted.forEach(roof => this.slant(roof, level));
    level.forEach(roof => this.plateau(roof, slanted));
    points.forEach(point => this.dot(point));
  }

  x(intensity) { return logarithm(intensity, this.xs, [this.left, this.right]); }
  y(speed) { return logarithm(speed, this.ys, [this.bottom, this.top]); }

  text(x, y, content, attributes = {}) {
    this.svg.append(svg("text", { x, y, class: "small", ...attributes }, content));
  }

  axes() {
    const { left, right, top, bottom } = this, middle = (top + bottom) / 2;
    for (let x = this.xs[0]; x <= this.xs[1] * 1.01; x *= 10) {
      this.svg.append(svg("path", { class: "axis", d: `M${this.x(x)} ${top}V${bottom}` }));
      this.text(this.x(x), bottom + 15, String(+x.toPrecision(3)), { "text-anchor": "middle" });
    }
    for (let y = this.ys[0]; y <= this.ys[1] * 1.01; y *= 10) {
      this.svg.append(svg("path", { class: "axis", d: `M${left} ${this.y(y)}H${right}` }));
      this.text(left - 5, this.y(y) + 4, rate(y, "").replace(/\.0+ /, " "), { "text-anchor": "end" });
    }
    this.text((left + right) / 2, bottom + 34, "FLOP for a byte of memory", { "text-anchor": "middle" });
    this.text(14, middle, "FLOP/s of a rank", { "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` });
  }

  roof(d, kind) {
    this.svg.append(svg("path", { d, class: `roof ${kind}` }));
  }

  slant({ rate: slope, kind }, level) {
    const highest = level.length ? Math.max(...level.map(roof => roof.rate)) : this.ys[1];
    const from = Math.max(this.xs[0], this.ys[0] / slope), to = Math.min(this.xs[1], highest / slope);
    if (from < to)
      this.roof(`M${this.x(from)} ${this.y(from * slope)}L${this.x(to)} ${this.y(to * slope)}`, kind);
  }

  plateau({ rate: speed, kind, text }, slanted) {
    const from = slanted.length ? speed / Math.max(...slanted.map(slant => slant.rate)) : 0;
    this.roof(`M${this.x(Math.max(this.xs[0], from))} ${this.y(speed)}H${this.right}`, kind);
    if (kind === "peak")
      this.label(this.right, this.y(speed) - 5, text, true);
  }

  /* Moves down until it lies on no other label. */
  label(x, y, content, leftwards, attributes = {}) {
    const width = content.length * 6.5, [from, to] = leftwards ? [x - width, x] : [x, x + width];
    while (this.labels.some(([left, right, base]) => from < right && left < to && Math.abs(base - y) < 13))
      y += 3;
    this.labels.push([from, to, y]);
    this.text(x, y, content, { "text-anchor": leftwards ? "end" : "start", ...attributes });
  }

  dot(point) {
    const x = this.x(point.intensity), y = this.y(point.speed), leftwards = x > this.right - 110;
    const style = { fill: phaseColours[point.phase], stroke: "var(--paper)", "data-point": point.text };
    this.svg.append(point.phase === "prefill" ? svg("circle", { cx: x, cy: y, r: 6, ...style }) :
      svg("rect", { x: x - 5, y: y - 5, width: 10, height: 10, ...style }));
    this.label(leftwards ? x - 10 : x + 10, y + 4, point.text, leftwards, { class: "name" });
  }
}

function roofsInWords({ slanted, level }) {
  const list = kind => [...slanted, ...level].filter(roof => roof.kind === kind).map(roof => roof.text).join(", ");
  return [["Peak (solid)", list("peak")], ["Sustained (dashed)", list("sustained")]].filter(([, texts]) => texts)
    .map(([word, texts]) => `${word}: ${texts}.`).join(" ") || "The hardware states no peaks.";
}

function drawRoofline() {
  const points = rooflinePoints(), lines = roofs(), frame = el("div", { id: "roofline-plot" });
  section("roofline").append(
    paragraph("A mark a kind of op in a step with every micro-batch full. Left of a ridge memory bounds it, right of " +
      "it arithmetic; what lies far below both roofs waits for launches. " + roofsInWords(lines), "quiet"),
    el("ul", { class: "legend" }, swatch(phaseColours.prefill, "prefill (round)"),
      swatch(phaseColours.decode, "decode (square)")),
    frame,
    table("Kinds of op that multiply, over all ranks",
      ["phase", "op", "#FLOP", "#memory", "#FLOP/B", "#FLOP/s of a rank"],
      points.map(point => [point.phase, point.text, rate(point.flops, ""), bytes(point.memory), digits(point.intensity),
        rate(point.speed, "")])));
  drawToWidth(frame, width => frame.replaceChildren(new Plot(Math.min(width, 820), points, lines).svg));
}
