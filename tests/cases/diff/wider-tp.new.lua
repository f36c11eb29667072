-- Twice the ranks: cut in four, the first stage longer, ranks numbered by stage last.
return strategy {
  name  = "wider-tp",
  model = hf "../../models/tiny-mixtral",
  grid  = { pp = 2, ep = 2, tp = 4 },
  rank  = function(c) return c.ep * 8 + c.tp * 2 + c.pp end,
  stages = { 3, 1 },
  target = { memory = "64 MiB", ranks_per_node = 16 },
  batch  = { sequences = 2, context = 64, prefill_rows = 16, micro_batches = 2 },
}
