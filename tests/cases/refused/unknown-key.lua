return strategy {
  model = hf "../../models/tiny-mixtral",
  gird = { pp = 2 },
}
