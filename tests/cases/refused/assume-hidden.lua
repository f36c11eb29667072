return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 2, tp = 2 },
  claims = {
    assume = { hidden_size = { 64, 100 } },
  },
}
