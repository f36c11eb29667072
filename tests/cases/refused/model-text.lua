return strategy {
  grid = { tp = 2 },
  model = "../../models/tiny-mixtral",
}
