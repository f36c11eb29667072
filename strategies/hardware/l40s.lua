-- NVIDIA L40S 48 GB, a PCIe card without NVLink.
return hardware {
  source = "NVIDIA L40S data sheet (2023); "
        .. "latencies: NCCL, src/graph/tuning.cc (2021), one step of a ring over PCIe and over the network",
  memory = { size = "48 GB", bandwidth = { peak = "864 GB/s" } },
  flops = {
    bf16 = { peak = "362.05 TFLOP/s" }, -- dense
    f32 = { peak = "91.6 TFLOP/s" }, -- without TF32
  },
  links = { -- PCIe 4.0 x16; assumed: eight cards a node, 200 Gbit/s each
    { name = "node", ranks = 8, bandwidth = { peak = "32 GB/s" }, latency = "2.5 us" },
    { name = "cluster", bandwidth = { peak = "200 Gbit/s" }, latency = "4 us" },
  },
  op_overhead = "3 us", -- assumed: no data sheet states what a kernel launch takes
}
