return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { pp = 2, tp = 2 },
  target = {
    hardware = {
      source = "a test",
      memory = { size = "0.1 B", bandwidth = { peak = "3 TB/s" } },
      flops = { bf16 = { peak = "900 TFLOP/s" } },
      links = {
        { name = "node", ranks = 2, bandwidth = "450 GB/s", latency = "2 us" },
        { name = "cluster", bandwidth = "50 GB/s", latency = "5 us" },
      },
    },
  },
}
