return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 2, tp = 2 },
  claims = {
    throughput = { "12 tokens/ms/gpu", gpus = "8" },
  },
}
