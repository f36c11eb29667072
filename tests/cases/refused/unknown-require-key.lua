return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { pp = 2 },
  require = { tfft = "10 s" },
}
