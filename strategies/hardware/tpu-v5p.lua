-- Google TPU v5p. A rank is a chip; a pod is a 3D torus of 8960.
-- The 600 GB/s one way are those of all six links of a chip; neighbours on the torus have 100 GB/s between them.
return hardware {
  source = "Google Cloud TPU v5p documentation (2025): 459 TFLOPs of bf16, 95 GB of HBM at 2765 GBps; "
        .. "a chip has 1200 GBps of interconnect, both ways together, and 50 Gbps of data center network",
  memory = { size = "95 GB", bandwidth = { peak = "2765 GB/s" } },
  flops = { bf16 = { peak = "459 TFLOP/s" } }, -- of f32 nothing is published
  links = { -- latencies are assumed
    { name = "pod", ranks = 8960, bandwidth = { peak = "600 GB/s" }, latency = "2 us" },
    { name = "cluster", bandwidth = { peak = "50 Gbit/s" }, latency = "10 us" },
  },
  op_overhead = "3 us", -- assumed: no data sheet states what a kernel launch takes
}
