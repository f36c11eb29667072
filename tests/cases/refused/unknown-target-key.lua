return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { pp = 2 },
  target = {
    device = "cpu",
    treads = 1,
  },
}
