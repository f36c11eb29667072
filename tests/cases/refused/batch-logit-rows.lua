return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  batch = { sequences = 16, logit_rows = 4 },
}
