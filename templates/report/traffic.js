/* The traffic matrix: from the row's ranks to the column's, by bytes or by the level of links that they take. */

const rampSteps = 8;
const ramp = Array.from({ length: rampSteps }, (_, i) =>
  ({ fill: "var(--ramp)", "fill-opacity": 0.15 + 0.85 * i / (rampSteps - 1) }));
const rampColours = ["color-mix(in srgb, var(--ramp) 15%, transparent)", "var(--ramp)"];

class Traffic {
  constructor({ block, blocks, levels, cells }) {
    Object.assign(this, { block, blocks, levels, colour: "bytes", most: 0, least: Infinity, sent: new Map() });
    for (let i = 0; i < cells.length; i += 4) {
      this.sent.set(cells[i] * blocks + cells[i + 1], { bytes: cells[i + 2], level: cells[i + 3] });
      this.most = Math.max(this.most, cells[i + 2]);
      this.least = Math.min(this.least, cells[i + 2]);
    }
    this.fills = levels.map((_, level) => ({ fill: palette[level] }));
    this.readout = el("div", { class: "readout", "aria-live": "polite", id: "traffic-row" });
    this.legend = el("ul", { class: "legend" });
    this.matrix = new Cells({ count: blocks * blocks, at: index => { this.mark(index); this.show(index); },
      over: index => this.show(index < 0 ? this.matrix.cursor : index),
      label: `Matrix of bytes from ${blocks} rows of senders to as many columns of receivers; arrow keys move` });
  }

  names(index) {
    const first = index * this.block, last = Math.min(world, first + this.block) - 1;
    return first === last ? `rank ${first}` : `ranks ${first}-${last}`;
  }

  show(index) {
    const cell = this.sent.get(index);
    this.readout.replaceChildren(index < 0 ?
      paragraph("Point at a cell, or move to one with the arrow keys.", "quiet") :
      pairs([["from", this.names(Math.floor(index / this.blocks))], ["to", this.names(index % this.blocks)],
        ["sent", cell ? bytes(cell.bytes) : "nothing"], ["links", cell ? this.levels[cell.level] : "–"]]));
  }

  mark(index) {
    const d = index < 0 ? "" : this.matrix.box(index);
    this.matrix.marks.replaceChildren(svg("path", { class: "cursor under", d }), svg("path", { class: "cursor", d }));
  }

  byBytes(cell) {
    const share = this.most === this.least ? 1 : Math.log(cell.bytes / this.least) / Math.log(this.most / this.least);
    return ramp[Math.round(share * (rampSteps - 1))];
  }

  paint() {
    const byLevel = this.colour === "level";
    this.matrix.paint(index => {
      const cell = this.sent.get(index);
      return cell ? byLevel ? this.fills[cell.level] : this.byBytes(cell) : null;
    });
    this.matrix.cells.prepend(svg("rect", { width: "100%", height: "100%", fill: "var(--faint)" }));
    this.legend.replaceChildren(...(byLevel ? this.levels.map((name, level) => swatch(palette[level], name)) :
      [el("li", {}, bytes(this.least), gradient(rampColours), bytes(this.most)), el("li", {}, "logarithmic")]));
  }

  draw(width) {
    this.matrix.layout(this.blocks, Math.min(40, Math.floor(Math.min(width, 660) / this.blocks * 8) / 8));
    this.paint();
    this.mark(this.matrix.cursor);
  }
}

function trafficTable({ levels, kinds }) {
  const sum = list => list.reduce((a, b) => a + b, 0);
  const row = list => [...list.map(thousands), thousands(sum(list))];
  return table("Bytes of all ranks by message and level of links",
    ["message", ...levels.map(name => "#" + name), "#in all"], kinds.map(kind => [kind.text, ...row(kind.levels)]),
    ["in all", ...row(levels.map((_, level) => sum(kinds.map(kind => kind.levels[level]))))]);
}

function drawTraffic() {
  const { block, routing, cells } = page.traffic;
  if (cells.length === 0)
    return say("traffic", "Nothing is sent: there is one rank.");
  const traffic = new Traffic(page.traffic), frame = el("div", { id: "traffic-matrix" }, traffic.matrix.svg);
  const recolour = picked => { traffic.colour = picked; traffic.paint(); };
  section("traffic").append(
    paragraph(`Bytes of a prefill step with every micro-batch full, routing ${routing}` +
      (block > 1 ? `; ${block} ranks a cell, in the order of their numbers.` : "."), "quiet"),
    el("div", { class: "controls" }, choice("Colour by", ["bytes", "level"], traffic.colour, recolour)),
    traffic.legend,
    el("div", { class: "beside" }, el("div", {}, paragraph("Rows send, columns receive.", "quiet"), frame),
      el("div", { class: "screen" }, traffic.readout)),
    trafficTable(page.traffic));
  traffic.show(-1);
  drawToWidth(frame, width => traffic.draw(width));
}
