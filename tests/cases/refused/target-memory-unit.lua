return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  target = { memory = "2 gigs" },
}
