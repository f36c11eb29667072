return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 0 },
}
