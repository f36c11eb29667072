/* The ledger: each class's bytes as a stacked bar, beside the share of the device that it takes. */

/* Purposes read "weights: experts"; one hue a family, lighter within it. */
const families = {
  weights: palette[0], "KV cache": palette[1], activations: palette[2], mailboxes: palette[5],
  "whole pages": palette[3], program: palette[7],
};
const familyOf = purpose => purpose.split(":")[0];

function purposes() {
  const names = [];
  for (const { lines } of page.ledger)
    for (const [purpose] of lines)
      if (!names.includes(purpose))
        names.push(purpose);
  const order = Object.keys(families);
  return names.sort((a, b) => order.indexOf(familyOf(a)) - order.indexOf(familyOf(b)));
}

function purposeColour(purpose, names) {
  const family = names.filter(name => familyOf(name) === familyOf(purpose));
  return between([families[familyOf(purpose)], "#ffffff"], 0.75 * family.indexOf(purpose) / family.length);
}

function ledgerBar(entry, names, longest, memory) {
  const share = entry.bytes / memory, of = new Map(entry.lines);
  const parts = names.filter(name => of.has(name)).map(name => el("span", {
    style: `width:${100 * of.get(name) / longest}%;background:${purposeColour(name, names)}`,
    title: `${name}: ${bytes(of.get(name))}`, "data-purpose": name }));
  return el("div", {},
    el("div", {}, el("strong", {}, entry.name),
      ` ${counted(entry.ranks, "rank")} of ${counted(entry.layers, "layer")}: `,
      `${bytes(entry.bytes)} of ${bytes(memory)}, `,
      el("strong", { class: `verdict ${share <= 1 ? "holds" : "false"}` },
        share <= 1 ? `fits, ${percent(1 - share)} free` : "does not fit")),
    el("div", { class: "bar", role: "img", "aria-label": `class ${entry.name}: its parts are in the table` }, parts),
    el("div", { class: "bar meter", role: "img", "aria-label": `${percent(share)} of the device's memory`,
      title: `the device: ${bytes(memory)}` }, el("span", { style: `width:${Math.min(100, 100 * share)}%` })));
}

function drawLedger() {
  const memory = page.title.target.memory, names = purposes();
  const longest = Math.max(...page.ledger.map(entry => entry.bytes));
  const rows = names.map(name => [name, ...page.ledger.map(({ lines }) => {
    const line = lines.find(([purpose]) => purpose === name);
    return line ? thousands(line[1]) : "–";
  })]);
  section("fit").append(
    paragraph("Every byte that a rank owns or touches, by class. The thin bar is its share of the device's memory, " +
      "whose end is the limit.", "quiet"),
    el("ul", { class: "legend" }, Object.entries(families).map(([family, colour]) => swatch(colour, family))),
    el("div", { class: "bars" }, page.ledger.map(entry => ledgerBar(entry, names, longest, memory))),
    folded("The ledger in bytes", table("Bytes of a rank, by class",
      ["purpose", ...page.ledger.map(entry => "#" + entry.name)], rows,
      ["in all", ...page.ledger.map(entry => thousands(entry.bytes))])));
}
