return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 2, tp = 2 },
  claims = {
    layers = { "4", mfu = "60 %" },
  },
}
