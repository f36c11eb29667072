return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  target = { device = "cuda", transport = "shm" },
}
