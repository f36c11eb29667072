-- NVIDIA H100 80 GB SXM5, eight to a node (HGX H100, DGX H100).
return hardware {
  source = "NVIDIA H100 data sheet (2023); "
        .. "network: NVIDIA DGX H100 data sheet (2023); "
        .. "bf16 sustained: Machine Learning Engineering Open Book, maximum achievable matmul FLOPS (2025); "
        .. "latencies: NCCL, src/graph/tuning.cc (2021), one step of a ring",
  memory = { size = "80 GB", bandwidth = { peak = "3.35 TB/s" } },
  flops = {
    bf16 = { peak = "989 TFLOP/s", sustained = "794.5 TFLOP/s" }, -- dense
    f32 = { peak = "67 TFLOP/s" }, -- without TF32
  },
  links = { -- NVLink; a ConnectX-7 each
    { name = "node", ranks = 8, bandwidth = { peak = "450 GB/s" }, latency = "1.9 us" },
    { name = "cluster", bandwidth = { peak = "400 Gbit/s" }, latency = "4 us" },
  },
  op_overhead = "3 us", -- assumed: no data sheet states what a kernel launch takes
}
