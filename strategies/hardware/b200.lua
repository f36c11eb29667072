-- NVIDIA B200 180 GB, eight to a node (HGX B200, DGX B200).
return hardware {
  source = "memory and network: NVIDIA DGX B200 data sheet (2024); "
        .. "compute: NVIDIA Blackwell Architecture Technical Brief (2024), HGX B200; "
        .. "bf16 sustained: Machine Learning Engineering Open Book, maximum achievable matmul FLOPS (2026); "
        .. "latencies: NCCL, src/graph/tuning.cc (2021), one step of a ring",
  memory = { size = "180 GB", bandwidth = { peak = "8 TB/s" } },
  flops = {
    bf16 = { peak = "2250 TFLOP/s", sustained = "1745 TFLOP/s" }, -- dense
    f32 = { peak = "80 TFLOP/s" }, -- without TF32
  },
  links = { -- NVLink; a ConnectX-7 each
    { name = "node", ranks = 8, bandwidth = { peak = "900 GB/s" }, latency = "1.9 us" },
    { name = "cluster", bandwidth = { peak = "400 Gbit/s" }, latency = "4 us" },
  },
  op_overhead = "3 us", -- assumed: no data sheet states what a kernel launch takes
}
