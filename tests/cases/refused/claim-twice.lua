return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 2, tp = 2 },
  claims = {
    weights = "20 GB",
    layers = "4",
    weights = "21 GB",
  },
}
