return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 1024, tp = 1024 },
}
