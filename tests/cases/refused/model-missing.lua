return strategy {
  grid = { tp = 2 },
}
