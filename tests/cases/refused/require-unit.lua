return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  require = { ttft = "10 parsecs" },
}
