return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  batch = { prefill_rows = 2, micro_batches = 4 },
}
