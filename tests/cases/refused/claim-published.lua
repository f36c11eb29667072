return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 2, tp = 2 },
  claims = {
    published = { tutel = "100 tokens/ms" },
  },
}
