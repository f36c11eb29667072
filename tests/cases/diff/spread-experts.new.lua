-- Three stages over two ep ranks, expert 0 on both, a second copy of it all; rows beyond an expert's share are dropped.
return strategy {
  name  = "spread",
  model = hf "../../models/tiny-mixtral",
  grid  = { dp = 2, pp = 3, ep = 2 },
  stages = { 1, 1, 2 },
  experts = function(layer, expert) return expert == 0 and { 0, 1 } or expert % 2 end,
  target = { memory = "64 MiB" },
  batch  = { sequences = 2, context = 64, prefill_rows = 16, micro_batches = 3 },
  dtype  = { weights = "f32" },
  dispatch = capacity(1.25),
}
