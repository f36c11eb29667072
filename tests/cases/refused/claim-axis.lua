return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 2, tp = 2 },
  claims = {
    grid = { sp = "2" },
  },
}
