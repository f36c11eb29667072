return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 2, tp = 2 },
  claims = {
    throughput = { one = { "1 tokens/ms/gpu", "2 tokens/ms/gpu" } },
  },
}
