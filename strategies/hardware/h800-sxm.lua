-- NVIDIA H800 80 GB SXM5, eight to a node: an H100 with less of NVLink.
return hardware {
  source = "compute and memory: NVIDIA H100 data sheet (2023), of the same chip; "
        .. "links: Insights into DeepSeek-V3 (ISCA 2025), NVLink 200 GB/s (160 reached), network 50 (40); "
        .. "latencies: NCCL, src/graph/tuning.cc (2021), one step of a ring",
  memory = { size = "80 GB", bandwidth = { peak = "3.35 TB/s" } },
  flops = {
    bf16 = { peak = "989 TFLOP/s" }, -- dense
    f32 = { peak = "67 TFLOP/s" }, -- without TF32
  },
  links = { -- NVLink; a ConnectX-7 each
    { name = "node", ranks = 8, bandwidth = { peak = "200 GB/s", sustained = "160 GB/s" }, latency = "1.9 us" },
    { name = "cluster", bandwidth = { peak = "400 Gbit/s", sustained = "40 GB/s" }, latency = "4 us" },
  },
  op_overhead = "3 us", -- assumed: no data sheet states what a kernel launch takes
}
