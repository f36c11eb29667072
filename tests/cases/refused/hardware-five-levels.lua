return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { pp = 2, tp = 2 },
  target = {
    hardware = {
      source = "a test",
      memory = { size = "80 GB", bandwidth = { peak = "3 TB/s" } },
      flops = { bf16 = { peak = "900 TFLOP/s" } },
      links = {
        { name = "l1", ranks = 2, bandwidth = "450 GB/s", latency = "2 us" },
        { name = "l2", ranks = 4, bandwidth = "450 GB/s", latency = "2 us" },
        { name = "l3", ranks = 8, bandwidth = "450 GB/s", latency = "2 us" },
        { name = "l4", ranks = 16, bandwidth = "450 GB/s", latency = "2 us" },
        { name = "l5", ranks = 32, bandwidth = "450 GB/s", latency = "2 us" },
      },
    },
  },
}
