return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { 1, 2, 2, 2 },
}
