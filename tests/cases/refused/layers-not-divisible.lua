return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = {
    dp = 1,
    pp = 3, -- four layers
  },
}
