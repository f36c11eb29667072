return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { pp = 2, ep = 4 },
  target = {
    hardware = {
      source = "a test",
      memory = { size = "80 GB", bandwidth = { peak = "3 TB/s" } },
      flops = { bf16 = { peak = "900 TFLOP/s" } },
      links = {
        { name = "node", ranks = 4, bandwidth = "450 GB/s", latency = "2 us" },
        { name = "rack", ranks = 6, bandwidth = "450 GB/s", latency = "2 us" },
        { name = "cluster", bandwidth = "450 GB/s", latency = "2 us" },
      },
    },
  },
}
