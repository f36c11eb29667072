/* The roofline: how much arithmetic each kind of op does for a byte of memory, and how fast it is beside the roof. */

const logarithm = (value, [low, high], [from, to]) =>
  from + (Math.log10(value) - Math.log10(low)) / (Math.log10(high) - Math.log10(low)) * (to - from);
const decades = values => [10 ** Math.floor(Math.log10(Math.min(...values))), 10 ** Math.ceil(Math.log10(Math.max(...values)) + 1e-9)];

/* Kinds that compute: intensity in FLOP/byte, speed in FLOP/s of a rank. */
function rooflinePoints() {
  return page.roofline.kinds.filter(kind => kind.flops > 0 && kind.run > 0)
    .map(kind => ({ ...kind, intensity: kind.flops / kind.memory, speed: kind.flops / kind.run }));
}

/* Roofs that the hardware states: slanted ones of memory, level ones of arithmetic. */
function roofs() {
  const { flops, memory } = page.roofline, kinds = ["peak", "sustained"];
  return {
    slanted: kinds.filter(kind => memory[kind] > 0).map(kind => ({ text: `memory ${kind} ${rate(memory[kind], "B/s")}`,
      rate: memory[kind], kind })),
    level: flops.flatMap(entry => kinds.filter(kind => entry[kind] > 0).map(kind => ({
      text: `${entry.name} ${kind} ${rate(entry[kind], "FLOP/s")}`, rate: entry[kind], kind }))),
  };
}

class Plot {
  constructor(width, points, { slanted, level }) {
    this.width = width;
    this.height = Math.min(460, Math.max(300, width * 0.6));
    const speeds = [...points.map(point => point.speed), ...level.map(roof => roof.rate)];
    const ridges = slanted.flatMap(slant => level.map(roof => roof.rate / slant.rate));
    this.xs = decades([...points.map(point => point.intensity), ...ridges]);
    this.ys = decades(speeds);
    this.svg = svg("svg", { width, height: this.height, viewBox: `0 0 ${width} ${this.height}`, role: "img",
      "aria-label": "Roofline; the table below lists its points" });
    this.axes();
    for (const roof of slanted)
      this.slant(roof, level);
    for (const roof of level)
      this.plateau(roof, slanted);
    this.points(points);
  }

  x(intensity) { return logarithm(intensity, this.xs, [62, this.width - 12]); }
  y(speed) { return logarithm(speed, this.ys, [this.height - 42, 10]); }

  add(...nodes) { this.svg.append(...nodes); }
  text(x, y, content, attributes = {}) { this.add(svg("text", { x, y, class: "small", ...attributes }, content)); }

  axes() {
    const [left, right, top, bottom] = [62, this.width - 12, 10, this.height - 42];
    for (let x = this.xs[0]; x <= this.xs[1] * 1.01; x *= 10) {
      this.add(svg("path", { class: "axis", d: `M${this.x(x)} ${top}V${bottom}` }));
      this.text(this.x(x), bottom + 15, String(+x.toPrecision(3)), { "text-anchor": "middle" });
    }
    for (let y = this.ys[0]; y <= this.ys[1] * 1.01; y *= 10) {
      this.add(svg("path", { class: "axis", d: `M${left} ${this.y(y)}H${right}` }));
      this.text(left - 5, this.y(y) + 4, rate(y, ""), { "text-anchor": "end" });
    }
    this.text((left + right) / 2, bottom + 34, "FLOP for a byte of memory", { "text-anchor": "middle" });
    this.text(14, (top + bottom) / 2, "FLOP/s of a rank", { "text-anchor": "middle",
      transform: `rotate(-90 14 ${(top + bottom) / 2})` });
  }

  roof(d, kind) {
    this.add(svg("path", { d, fill: "none", stroke: "var(--ink)", "stroke-width": 1.5,
      "stroke-dasharray": kind === "peak" ? undefined : "5 4" }));
  }

  slant({ rate: slope, kind, text }, level) {
    const highest = Math.min(this.ys[1], Math.max(...level.map(roof => roof.rate), this.ys[0]));
    const from = Math.max(this.xs[0], this.ys[0] / slope), to = Math.min(this.xs[1], highest / slope);
    if (from >= to)
      return;
    this.roof(`M${this.x(from)} ${this.y(from * slope)}L${this.x(to)} ${this.y(to * slope)}`, kind);
    const angle = Math.atan2(this.y(to * slope) - this.y(from * slope), this.x(to) - this.x(from)) * 180 / Math.PI;
    const at = 10 ** ((Math.log10(from) * 3 + Math.log10(to) * 2) / 5), [x, y] = [this.x(at), this.y(at * slope)];
    this.text(x, y + (kind === "peak" ? -5 : 14), text, { "text-anchor": "middle", transform: `rotate(${angle} ${x} ${y})` });
  }

  plateau({ rate: speed, kind, text }, slanted) {
    const slopes = slanted.map(slant => slant.rate);
    const from = Math.max(this.xs[0], slopes.length ? speed / Math.max(...slopes) : 0);
    this.roof(`M${this.x(from)} ${this.y(speed)}H${this.width - 12}`, kind);
    this.text(this.width - 14, this.y(speed) + (kind === "peak" ? -4 : 13), text, { "text-anchor": "end" });
  }

  /* Labels that would lie on one another move down. */
  points(points) {
    let above = -Infinity;
    for (const point of [...points].sort((a, b) => b.speed - a.speed)) {
      const x = this.x(point.intensity), y = this.y(point.speed), label = Math.max(y + 4, above + 14);
      const style = { fill: point.phase === "prefill" ? palette[0] : palette[3], stroke: "var(--paper)", "data-point": point.text };
      this.add(point.phase === "prefill" ? svg("circle", { cx: x, cy: y, r: 6, ...style }) :
        svg("rect", { x: x - 5, y: y - 5, width: 10, height: 10, ...style }));
      const left = x > this.width * 0.75;
      this.text(left ? x - 10 : x + 10, label, point.text, { "text-anchor": left ? "end" : "start" });
      above = label;
    }
  }
}

function drawRoofline() {
  const points = rooflinePoints(), lines = roofs(), frame = el("div", { id: "roofline-plot" });
  section("roofline").append(
    paragraph("A dot a kind of op in a full step: left of the ridge memory bounds it, right of it arithmetic. Solid roofs " +
      "are peaks, dashed ones what is sustained.", "quiet"),
    el("ul", { class: "legend" }, swatch(palette[0], "prefill (round)"), swatch(palette[3], "decode (square)")),
    frame,
    table("Kinds of op, over all ranks", ["phase", "op", "#FLOP", "#memory", "#FLOP/B", "#FLOP/s of a rank"],
      points.map(point => [point.phase, point.text, rate(point.flops, ""), bytes(point.memory), digits(point.intensity),
        rate(point.speed, "")])));
  drawToWidth(frame, width => frame.replaceChildren(new Plot(Math.min(width, 820), points, lines).svg));
}
