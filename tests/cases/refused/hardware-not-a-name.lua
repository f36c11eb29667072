return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { pp = 2, tp = 2 },
  target = {
    hardware = 5,
  },
}
