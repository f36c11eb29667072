return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { pp = 2 },
  colour = "blue",
}
