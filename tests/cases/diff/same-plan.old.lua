return strategy {
  name  = "same-plan",
  model = hf "../../models/tiny-mixtral",
  grid  = { pp = 2, ep = 2 },
  target = { memory = "64 MiB" },
}
