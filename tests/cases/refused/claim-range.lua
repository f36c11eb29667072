return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 2, tp = 2 },
  claims = {
    throughput = {
      expected = "150-100 tokens/ms/gpu",
    },
  },
}
