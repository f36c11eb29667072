return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 2, tp = 2 },
  claims = {
    assume = { top_k = { 2, 2 } },
  },
}
