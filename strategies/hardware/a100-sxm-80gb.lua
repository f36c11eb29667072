-- NVIDIA A100 80 GB SXM, eight to a node (HGX A100, DGX A100).
return hardware {
  source = "NVIDIA A100 80GB data sheet (2021); "
        .. "network: NVIDIA DGX A100 data sheet (2021); "
        .. "bf16 sustained: Machine Learning Engineering Open Book, maximum achievable matmul FLOPS (2025); "
        .. "latencies: NCCL, src/graph/tuning.cc (2021), one step of a ring",
  memory = { size = "80 GB", bandwidth = { peak = "2039 GB/s" } },
  flops = {
    bf16 = { peak = "312 TFLOP/s", sustained = "271.2 TFLOP/s" }, -- dense
    f32 = { peak = "19.5 TFLOP/s" }, -- without TF32
  },
  links = { -- NVLink; a ConnectX-6 each
    { name = "node", ranks = 8, bandwidth = { peak = "300 GB/s" }, latency = "1.9 us" },
    { name = "cluster", bandwidth = { peak = "200 Gbit/s" }, latency = "4 us" },
  },
  op_overhead = "3 us", -- assumed: no data sheet states what a kernel launch takes
}
