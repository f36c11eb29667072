return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 2, tp = 2 },
  claims = {
    parameters = "10 B",
    weights_per_gpus = "1 GB",
  },
}
