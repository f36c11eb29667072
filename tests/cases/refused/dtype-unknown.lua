return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  dtype = { weights = "bf61" },
}
