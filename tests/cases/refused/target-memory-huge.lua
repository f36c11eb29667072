return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  target = { memory = "999999999999999 TiB" },
}
