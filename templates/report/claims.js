/* The audit: each claim beside what the plan says, and why. */

const note = ([head, words]) => el("p", {}, el("strong", {}, head), ": ", words);

function claimRow({ claim, stated, computed, verdict, notes }) {
  return [el("div", {}, claim, el("p", {}, el("span", { class: `verdict ${verdict}` }, verdict))),
    stated, computed, el("div", { class: "notes" }, notes.map(note))];
}

function drawClaims() {
  const { rows, assumed } = page.claims, counts = new Map();
  for (const { verdict } of rows)
    counts.set(verdict, (counts.get(verdict) || 0) + 1);
  section("claims").append(
    paragraph(`${counted(rows.length, "claim")}: ` +
      [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", ") + "."),
    el("div", { class: "quiet" }, assumed.length > 0 ? ["What is left open, and was tried:", pairs(assumed)] : []),
    table("Claims, their verdicts and derivations", ["claim", "stated", "computed", "derivation"], rows.map(claimRow)));
}
