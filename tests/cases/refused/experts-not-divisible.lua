return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { ep = 3 },
}
