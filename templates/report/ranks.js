/* The rank map: a cell a rank, coloured by a coordinate; the cursor's rank shows its row and its groups. */

const coordinates = page.ranks.places.map(place => {
  const at = [];
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    at[axis] = place % grid[axis];
    place = Math.floor(place / grid[axis]);
  }
  return at;
});
const rankAt = new Map(page.ranks.places.map((place, rank) => [place, rank]));
const nodeOf = rank => Math.floor(rank / page.title.target.ranks_per_node);
const nodes = nodeOf(world - 1) + 1;
const className = rank => page.ledger[page.ranks.classes[rank]].name;

/* The ranks that share all coordinates but the axis, by coordinate. */
function groupOf(rank, axis) {
  const inner = grid.slice(axis + 1).reduce((product, size) => product * size, 1);
  const first = page.ranks.places[rank] - coordinates[rank][axis] * inner;
  return Array.from({ length: grid[axis] }, (_, i) => rankAt.get(first + i * inner));
}

/* What the map can be coloured by: how many values there are, and which one a rank has. */
const colourings = {
  ...Object.fromEntries(axes.map((axis, i) => [axis, { values: grid[i], of: rank => coordinates[rank][i] }])),
  class: { values: page.ledger.length, of: rank => page.ranks.classes[rank], name: value => page.ledger[value].name },
  node: { values: nodes, of: nodeOf },
};

function rankRow(rank) {
  const first = page.ranks.first_layers[rank], layers = page.ledger[page.ranks.classes[rank]].layers;
  const pipeline = groupOf(rank, 1), stage = coordinates[rank][1];
  return pairs([
    ["rank", el("strong", {}, String(rank))],
    ["at", axes.map((axis, i) => `${axis} ${coordinates[rank][i]}`).join(", ")],
    ["class", className(rank)],
    ["layers", ranges(Array.from({ length: layers }, (_, i) => first + i))],
    ["node", String(nodeOf(rank))],
    ["previous", String(pipeline[stage - 1] ?? "none")],
    ["next", String(pipeline[stage + 1] ?? "none")],
    ...axes.map((axis, i) => [`${axis} group`, ranges(groupOf(rank, i))]),
  ]);
}

/* Strokes tell the four groups apart without colour; small cells have no room for them. */
const groupStrokes = ["stroke-dasharray:1 3", "stroke-dasharray:5 3", "", "stroke-width:4"];
const roomForStrokes = 14;
const groupStyles = ["dotted", "dashed", "solid", "thick"];

function markGroups(map, rank) {
  if (rank < 0)
    return map.marks.replaceChildren();
  const groups = axes.map((_, axis) => groupOf(rank, axis)), members = new Set(groups.flat());
  let dim = "";
  for (let other = 0; other < world; other++)
    if (!members.has(other))
      dim += map.box(other);
  const inset = map.size < roomForStrokes ? 0.5 : 1.5;
  const outline = group => group.map(other => map.box(other, inset)).join("");
  map.marks.replaceChildren(
    svg("path", { class: "dim", d: dim }),
    ...groups.map((group, axis) => svg("path", { class: "members", d: outline(group), "data-group": axes[axis],
      "data-members": group.length, style: map.size < roomForStrokes ? "stroke-width:1" : groupStrokes[axis] })),
    svg("path", { class: "cursor under", d: map.box(rank) }), svg("path", { class: "cursor", d: map.box(rank) }));
}

function numbersOn(map, styles) {
  if (map.size < 24)
    return [];
  return Array.from({ length: world }, (_, rank) => svg("text", { x: (rank % map.columns + 0.5) * map.size,
    y: (Math.floor(rank / map.columns) + 0.5) * map.size + 4, "text-anchor": "middle",
    style: `fill:${inkOn(styles(rank).fill)}` }, String(rank)));
}

function mapLegend(colouring, name) {
  const text = colouring.name || (value => `${name} ${value}`);
  if (colouring.values > 16)
    return [el("li", {}, text(0), gradient(viridis), text(colouring.values - 1))];
  return Array.from({ length: colouring.values }, (_, value) => swatch(colourOf(value, colouring.values), text(value)));
}

/* As wide as it is high, twice over, unless cells would get too small to point at. */
function mapColumns(width) {
  if (world <= 16)
    return world;
  let columns = 2 ** Math.ceil(Math.log2(2 * Math.sqrt(world)));
  while (columns > 16 && width / columns < 5)
    columns /= 2;
  return columns;
}

function stageTable() {
  const rows = new Map();
  for (let rank = 0; rank < world; rank++) {
    const key = coordinates[rank][0] * grid[1] + coordinates[rank][1];
    rows.set(key, [...(rows.get(key) || []), rank]);
  }
  return table("Ranks of each stage of each replica", ["#dp", "#pp", "class", "ranks"],
    [...rows].sort(([a], [b]) => a - b).map(([key, ranks]) => [String(Math.floor(key / grid[1])), String(key % grid[1]),
      className(ranks[0]), ranges(ranks)]));
}

function drawRanks() {
  const readout = el("div", { class: "readout", "aria-live": "polite", id: "rank-row" });
  const legend = el("ul", { class: "legend" }), frame = el("div", { id: "rank-map" });
  const number = el("input", { type: "number", min: 0, max: world - 1, id: "rank-number" });
  let colour = axes.find((_, i) => i > 0 && grid[i] > 1) || "pp";
  const show = rank => readout.replaceChildren(rank < 0 ? paragraph("Point at a rank, or move to one with the arrow " +
    "keys, to see its row; its groups stay marked until Escape.", "quiet") : rankRow(rank));
  const map = new Cells({ count: world, label: `Map of ${counted(world, "rank")}; arrow keys move from rank to rank`,
    over: rank => show(rank < 0 ? map.cursor : rank),
    at: rank => { number.value = rank < 0 ? "" : rank; markGroups(map, rank); show(rank); } });
  const paint = () => {
    const colouring = colourings[colour];
    const fills = Array.from({ length: colouring.values }, (_, value) => ({ fill: colourOf(value, colouring.values) }));
    const styles = rank => fills[colouring.of(rank)];
    map.paint(styles);
    map.cells.append(...numbersOn(map, styles));
    legend.replaceChildren(...mapLegend(colouring, colour));
  };
  number.addEventListener("change", () => {
    if (number.value !== "" && number.checkValidity())
      map.move(Number(number.value));
  });
  frame.append(map.svg);
  section("ranks").append(
    el("div", { class: "controls" },
      choice("Colour by", Object.keys(colourings), colour, picked => { colour = picked; paint(); }),
      el("label", {}, "Rank ", number)),
    legend,
    el("div", { class: "beside" }, frame, el("div", { class: "screen" }, readout, paragraph("Marked: " +
      axes.map((axis, i) => `${axis} group ${groupStyles[i]}`).join(", ") + ".", "quiet"))),
    folded("The ranks as a table", stageTable()));
  show(-1);
  drawToWidth(frame, width => {
    const columns = mapColumns(width);
    map.layout(columns, Math.min(64, Math.floor(width / columns * 4) / 4));
    paint();
    markGroups(map, map.cursor);
  });
}
