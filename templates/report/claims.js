/* The audit: each claim beside what the plan says. */

const verdictKinds = { holds: "holds", false: "false" };

function drawClaims() {
  const rows = page.claims.map(({ claim, stated, computed, verdict, derivation }) => [claim, stated, computed,
    el("span", { class: `verdict ${verdictKinds[verdict] || "open"}` }, verdict), derivation]);
  const counts = new Map();
  for (const { verdict } of page.claims)
    counts.set(verdict, (counts.get(verdict) || 0) + 1);
  section("claims").append(
    paragraph(`${counted(page.claims.length, "claim")}: ` +
      [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", ") + "."),
    table("Claims", ["claim", "stated", "computed", "verdict", "derivation"], rows));
}
