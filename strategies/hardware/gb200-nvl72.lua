-- NVIDIA GB200 NVL72: 72 GPUs of one rack on one NVLink network. A rank is one GPU.
return hardware {
  source = "NVIDIA GB200 NVL72 data sheet (2024), divided by its 72 GPUs; "
        .. "memory: MLPerf Inference v6.1 system description, 186 GB a GPU; "
        .. "network: NVIDIA DGX GB200 data sheet (2024); "
        .. "latencies: NCCL, src/graph/tuning.cc (2021), one step of a ring",
  memory = { size = "186 GB", bandwidth = { peak = "8 TB/s" } },
  flops = {
    bf16 = { peak = "2500 TFLOP/s" }, -- dense
    f32 = { peak = "80 TFLOP/s" }, -- without TF32
  },
  links = { -- NVLink; a ConnectX-7 each
    { name = "rack", ranks = 72, bandwidth = { peak = "900 GB/s" }, latency = "1.9 us" },
    { name = "cluster", bandwidth = { peak = "400 Gbit/s" }, latency = "4 us" },
  },
  op_overhead = "3 us", -- assumed: no data sheet states what a kernel launch takes
}
