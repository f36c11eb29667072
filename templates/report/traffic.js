/* The traffic matrix: from the row's ranks to the column's, by bytes or by the level of links that they take. */

const rampSteps = 8;

function drawTraffic() {
  const { block, blocks, levels, cells, kinds, routing } = page.traffic;
  const sent = new Map();
  let most = 0, least = Infinity;
  for (let i = 0; i < cells.length; i += 4) {
    sent.set(cells[i] * blocks + cells[i + 1], { bytes: cells[i + 2], level: cells[i + 3] });
    most = Math.max(most, cells[i + 2]);
    least = Math.min(least, cells[i + 2]);
  }
  if (sent.size === 0)
    return say("traffic", "Nothing is sent: there is one rank.");
  const lead = `Bytes of a prefill step with every micro-batch full, routing ${routing}` +
    (block > 1 ? `; ${block} ranks a cell, in the order of their numbers.` : ".");
  const names = index => block === 1 ? `rank ${index}` : `ranks ${index * block}-${Math.min(world, (index + 1) * block) - 1}`;
  const readout = el("div", { class: "readout", "aria-live": "polite", id: "traffic-row" });
  const legend = el("ul", { class: "legend" }), frame = el("div", { id: "traffic-matrix" });
  const show = index => {
    const cell = sent.get(index);
    readout.replaceChildren(index < 0 ? paragraph("Point at a cell, or move to one with the arrow keys.", "quiet") : pairs([
      ["from", names(Math.floor(index / blocks))], ["to", names(index % blocks)],
      ["sent", cell ? bytes(cell.bytes) : "nothing"], ["links", cell ? levels[cell.level] : "–"]]));
  };
  const matrix = new Cells({ count: blocks * blocks, at: index => { markCell(matrix, index); show(index); },
    over: index => show(index < 0 ? matrix.cursor : index),
    label: `Matrix of bytes from ${blocks} rows of senders to as many columns of receivers; arrow keys move` });
  const ramp = Array.from({ length: rampSteps }, (_, i) => ({ fill: "var(--ramp)", "fill-opacity": 0.15 + 0.85 * i / (rampSteps - 1) }));
  const levelFills = levels.map((_, level) => ({ fill: palette[level] }));
  const byBytes = cell => ramp[most === least ? rampSteps - 1 :
    Math.round(Math.log(cell.bytes / least) / Math.log(most / least) * (rampSteps - 1))];
  let colour = "bytes";
  const paint = () => {
    matrix.paint(index => {
      const cell = sent.get(index);
      return cell ? colour === "bytes" ? byBytes(cell) : levelFills[cell.level] : null;
    });
    matrix.cells.prepend(svg("rect", { width: "100%", height: "100%", fill: "var(--faint)" }));
    legend.replaceChildren(...(colour === "level" ? levels.map((name, level) => swatch(palette[level], name)) :
      [el("li", {}, bytes(least), el("span", { class: "gradient",
        style: "background:linear-gradient(90deg, color-mix(in srgb, var(--ramp) 15%, transparent), var(--ramp))" }),
      bytes(most)), el("li", {}, "logarithmic")]));
  };
  frame.append(matrix.svg);
  section("traffic").append(paragraph(lead, "quiet"),
    el("div", { class: "controls" }, choice("Colour by", ["bytes", "level"], colour, picked => { colour = picked; paint(); })),
    legend,
    el("div", { class: "beside" }, el("div", {}, paragraph("Rows send, columns receive.", "quiet"), frame),
      el("div", {}, el("div", { class: "screen" }, readout))),
    trafficTable(levels, kinds));
  show(-1);
  drawToWidth(frame, width => {
    matrix.layout(blocks, Math.min(40, Math.floor(Math.min(width, 660) / blocks * 8) / 8));
    paint();
    markCell(matrix, matrix.cursor);
  });
}

function markCell(matrix, index) {
  if (index < 0)
    return matrix.marks.replaceChildren();
  const d = matrix.box(index);
  matrix.marks.replaceChildren(svg("path", { class: "cursor under", d }), svg("path", { class: "cursor", d }));
}

function trafficTable(levels, kinds) {
  const sum = list => list.reduce((a, b) => a + b, 0);
  const row = list => [...list.map(thousands), thousands(sum(list))];
  return table("Bytes of all ranks by message and level of links", ["message", ...levels.map(name => "#" + name), "#in all"],
    kinds.map(kind => [kind.text, ...row(kind.levels)]),
    ["in all", ...row(levels.map((_, level) => sum(kinds.map(kind => kind.levels[level]))))]);
}
