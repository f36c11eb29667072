/* The audit: each claim beside what the plan says, and why. */

const note = ([head, words]) => el("p", {}, el("strong", {}, head), ": ", words);

function claimRow({ claim, stated, computed, verdict, notes }) {
  return [el("div", {}, claim, el("p", {}, el("span", { class: `verdict ${verdict}` }, verdict))),
    stated, computed, el("div", { class: "notes" }, notes.map(note))];
}

const verdicts = {
  holds: "hold", false: "are false", unsupported: "are unsupported", depends: "depend on what is assumed",
};

function drawClaims() {
  const { rows, assumed } = page.claims;
  const count = verdict => rows.filter(row => row.verdict === verdict).length;
  section("claims").append(
    paragraph(`Of ${counted(rows.length, "claim")}, ` +
      Object.entries(verdicts).map(([verdict, words]) => `${count(verdict)} ${words}`).join(", ") + "."),
    el("div", { class: "quiet" }, assumed.length > 0 ? ["What is left open, and was tried:", pairs(assumed)] : []),
    table("Claims, their verdicts and derivations", ["claim", "stated", "computed", "derivation"], rows.map(claimRow)));
}
