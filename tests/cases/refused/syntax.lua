return strategy {
  grid = { pp = 2 
  name = "x",
}
