-- The whole model on one rank: nothing is split, so nothing is sent. The reference that other strategies must agree with.
return strategy {
  name  = "single",
  model = hf "../models/shakespeare-moe",
  grid  = { dp = 1, pp = 1, ep = 1, tp = 1 },
  target = { memory = "2 GiB" },
  batch  = { sequences = 8, context = 512, prefill_rows = 256, micro_batches = 1 },
}
