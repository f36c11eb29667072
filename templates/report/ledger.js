/* The ledger: each class's bytes as a stacked bar, beside the share of the device that it takes. */

/* Purposes read "weights: experts"; one hue a family, in the order of the ledger, and lighter within it. */
const familyOf = purpose => purpose.split(":")[0];
const purposes = [...new Set(page.ledger.flatMap(({ lines }) => lines.map(([purpose]) => purpose)))];
const families = [...new Set(purposes.map(familyOf))];
const familyColour = family => palette[families.indexOf(family) % palette.length];
purposes.sort((a, b) => families.indexOf(familyOf(a)) - families.indexOf(familyOf(b)));

function purposeColour(purpose) {
  const family = purposes.filter(other => familyOf(other) === familyOf(purpose));
  return between([familyColour(familyOf(purpose)), "#ffffff"], 0.75 * family.indexOf(purpose) / family.length);
}

function ledgerBar(entry, longest, memory) {
  const share = entry.bytes / memory, of = new Map(entry.lines);
  const parts = purposes.filter(name => of.has(name)).map(name => el("span", {
    style: `width:${100 * of.get(name) / longest}%;background:${purposeColour(name)}`,
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
  const memory = page.title.target.memory;
  const longest = Math.max(...page.ledger.map(entry => entry.bytes));
  const rows = purposes.map(name => [name, ...page.ledger.map(({ lines }) => {
    const line = lines.find(([purpose]) => purpose === name);
    return line ? thousands(line[1]) : "–";
  })]);
  section("fit").append(
    paragraph("Every byte that a rank owns or touches, by class. The thin bar is its share of the device's memory, " +
      "whose end is the limit.", "quiet"),
    el("ul", { class: "legend" }, families.map(family => swatch(familyColour(family), family))),
    el("div", { class: "bars" }, page.ledger.map(entry => ledgerBar(entry, longest, memory))),
    folded("The ledger in bytes", table("Bytes of a rank, by class",
      ["purpose", ...page.ledger.map(entry => "#" + entry.name)], rows,
      ["in all", ...page.ledger.map(entry => thousands(entry.bytes))])));
}
