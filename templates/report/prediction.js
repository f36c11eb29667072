/* The headline numbers, and what the ranks' time goes into. */

const shareNames = ["compute", "communication", "exposed waiting", "bubble"];
const shareColours = ["#0072b2", "#009e73", "#d55e00", "#8a8f96"];

const figure = (word, value, note) => el("div", {}, el("dt", {}, word), el("dd", {}, value, el("small", {}, note)));

function required(value, limit, shown, isMet) {
  return limit === undefined ? "" : ` required: ${shown(limit)}, ${isMet ? "met" : "missed"}`;
}

function shareBar(phase) {
  const words = phase.shares.map((share, i) => `${shareNames[i]} ${percent(share)}`);
  const parts = phase.shares.map((share, i) => el("span", { title: words[i],
    style: `width:${100 * share}%;background:${shareColours[i]}` }));
  return el("div", {}, el("strong", {}, phase.name),
    el("div", { class: "bar", role: "img", "aria-label": words.join(", ") }, parts));
}

function drawPrediction() {
  const { hardware, source, routing, sequences, ttft, phases } = page.prediction;
  const { prompt_tokens: prompt, new_tokens: more } = page.prediction;
  const limit = page.prediction.required_ttft, tokens = page.prediction.required_tokens_per_s;
  fill(section("speed"), {}, [
    paragraph(`Predicted on ${hardware}${source ? ` (${source})` : ""}: ${counted(sequences, "sequence")} a lane, ` +
      `each ${counted(prompt, "prompt token")} and ${counted(more, "new token")}; routing ${routing}.`, "quiet"),
    el("dl", { class: "figures" },
      figure("time to first token", time(ttft), "of the last sequence" + required(ttft, limit, time, ttft <= limit)),
      phases.map(phase => figure(phase.name, tokenRate(phase.tokens_per_s),
        `${tokenRate(phase.tokens_per_s / world)} a rank`))),
    tokens === undefined ? [] : paragraph(`Required throughput: ${tokenRate(tokens)} of all ranks, ` +
      `${tokenRate(tokens / world)} a rank.`),
    el("h3", {}, "Where the ranks' time goes"),
    el("ul", { class: "legend" }, shareNames.map((name, i) => swatch(shareColours[i], name))),
    el("div", { class: "bars" }, phases.map(shareBar)),
    table("A step of each phase, and what the ranks' time goes into",
      ["phase", "#steps", "#step", "#MFU", ...shareNames.map(name => "#" + name)],
      phases.map(({ name, steps, step, mfu, shares }) => [name, thousands(steps), time(step),
        mfu > 0 ? percent(mfu) : "no peak stated", ...shares.map(percent)]))]);
}
