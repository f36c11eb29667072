return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  dispatch = capacity "1.25",
}
