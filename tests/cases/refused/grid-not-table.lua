return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = 8,
}
