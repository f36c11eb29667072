return strategy {
  grid = { tp = 2 },
  model = { 1, 2 },
}
