return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { dp = 2, tp = 2 },
  claims = {
    sparsity = ">= 2-4x",
  },
}
