return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { ep = 2 },
  experts = { 0, 1 },
}
