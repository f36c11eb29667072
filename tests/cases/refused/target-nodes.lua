return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  target = { ranks_per_node = 1 },
}
