return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  batch = { context = 1024 },
}
