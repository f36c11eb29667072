return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  claims = { "12 tokens/ms" },
}
