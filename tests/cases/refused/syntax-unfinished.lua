return strategy {
  grid = { pp = 2 },
