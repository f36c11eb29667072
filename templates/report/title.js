/* The title block: what this page is about, in a reviewer's words. */

function drawTitle() {
  const { name, hash, model, target, batch } = page.title;
  document.getElementById("title").append(
    el("h1", {}, name),
    paragraph(`${counted(world, "rank")}: ${axes.map((axis, i) => `${axis} ${grid[i]}`).join(" × ")}`),
    pairs([
      ["plan", el("span", { class: "hash" }, hash)],
      ["model", `${model.family}: ${counted(model.layers, "layer")}, hidden ${thousands(model.hidden)}, ` +
        `top ${model.top_k} of ${counted(model.experts, "expert")}, ${thousands(model.vocabulary)} tokens, ` +
        `${model.weights} weights`],
      ["target", `${target.device} over ${target.transport}, ${bytes(target.memory)} a rank, ` +
        `${counted(target.threads, "thread")} a rank, ${counted(target.ranks_per_node, "rank")} a node`],
      ["batch", `${counted(batch.sequences, "sequence")} of at most ${thousands(batch.context)} positions a lane; ` +
        `${counted(batch.micro_batches, "micro-batch")} of at most ${counted(batch.prefill_rows, "row")} in prefill, ` +
        `${batch.decode_rows} in decode; ${batch.dispatch} dispatch`],
      ["hardware", page.prediction ? page.prediction.hardware : "not known"],
    ]));
}
