-- Eight ranks: two stages, experts in two blocks, everything cut in two.
return strategy {
  name  = "wider-tp",
  model = hf "../../models/tiny-mixtral",
  grid  = { pp = 2, ep = 2, tp = 2 },
  target = { memory = "64 MiB", ranks_per_node = 8 },
  batch  = { sequences = 2, context = 64, prefill_rows = 16, micro_batches = 2 },
}
