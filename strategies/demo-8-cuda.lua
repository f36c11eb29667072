-- Every way of splitting at once, on eight ranks of one machine.
return strategy {
  name  = "demo-8-cuda",
  model = hf "../models/shakespeare-moe",           -- its config.json, relative to this file
  grid  = { dp = 1, pp = 2, ep = 2, tp = 2 },
  rank  = function(c) return c.pp*4 + c.ep*2 + c.tp end,     -- any numbering that is one-to-one
  stages = { 8, 8 },                                -- layers of each pp coordinate
  experts = function(layer, expert) return expert // 8 end,  -- the ep coordinate that holds an expert
  target = { device = "cuda", transport = "nccl", memory = "4 GiB", ranks_per_node = 8 },
  -- Two micro-batches: while one's experts travel, the other attends.
  batch  = { sequences = 8, context = 512, prefill_rows = 256, micro_batches = 2 },
  dtype  = { weights = "bf16", activations = "bf16", kv = "bf16" },
  dispatch = "exact",                               -- no token is dropped
}
