-- AMD Instinct MI300X 192 GB, eight to a node.
-- Seven Infinity Fabric links of 64 GB/s one way lead to the seven others: 448 GB/s are for traffic with all of
-- them, two ranks alone have 64 GB/s between them.
return hardware {
  source = "AMD Instinct MI300X data sheet (2023); "
        .. "links: AMD Instinct MI300X Platform data sheet (2023); "
        .. "bf16 sustained: Machine Learning Engineering Open Book, maximum achievable matmul FLOPS (2025); "
        .. "latencies: those of NCCL, src/graph/tuning.cc (2021), for want of published ones",
  memory = { size = "192 GB", bandwidth = { peak = "5.3 TB/s" } },
  flops = {
    bf16 = { peak = "1307.4 TFLOP/s", sustained = "668.4 TFLOP/s" }, -- dense
    f32 = { peak = "163.4 TFLOP/s" }, -- without TF32
  },
  links = { -- Infinity Fabric; assumed: an adapter of 400 Gbit/s each
    { name = "node", ranks = 8, bandwidth = { peak = "448 GB/s" }, latency = "1.9 us" },
    { name = "cluster", bandwidth = { peak = "400 Gbit/s" }, latency = "4 us" },
  },
  op_overhead = "3 us", -- assumed: no data sheet states what a kernel launch takes
}
