return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  target = { hardware = "l40s" },
}
