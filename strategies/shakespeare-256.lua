-- The deployment summary's 256 ranks in small: its grid and its rank formula, on a model that fits one machine. All ranks
-- run here, so each is kept small.
return strategy {
  name  = "shakespeare-256",
  model = hf "../models/shakespeare-moe",
  grid  = { dp = 2, pp = 4, ep = 16, tp = 2 },
  -- GPU_ID = (dp_rank x 128) + (pp_rank x 32) + (ep_rank x 2) + tp_rank
  rank  = function(c) return c.dp*128 + c.pp*32 + c.ep*2 + c.tp end,
  target = { memory = "64 MiB" },
  -- Per lane: each of the 2 x 16 (dp, ep) coordinates serves its own sequences.
  batch  = { sequences = 4, context = 512, prefill_rows = 32, micro_batches = 1 },
}
