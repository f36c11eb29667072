return strategy {
  grid = { tp = 2 },
  model = hf "models/eos",
}
