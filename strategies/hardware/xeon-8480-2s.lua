-- A server with two Intel Xeon Platinum 8480+ of 56 cores. A rank runs on one core: rates are of a core.
-- For the machine at hand, `rankc calibrate` tells more than any data sheet: these peaks hold at the base frequency, and
-- rankc's own kernels do not reach that of bf16, for they do not use AMX.
return hardware {
  source = "Intel product specifications, Xeon Platinum 8480+ (2023): 56 cores, 2.0 GHz, 8 channels of DDR5-4800; "
        .. "operations a cycle: Intel 64 and IA-32 Architectures Optimization Reference Manual (2023)",
  processors = 112,
  -- 2 x 8 channels x 8 bytes x 4800 MT/s = 614.4 GB/s, a 112th for each core
  memory = { bandwidth = { peak = "5.49 GB/s" } },
  flops = {
    bf16 = { peak = "2048 GFLOP/s" }, -- AMX: 1024 operations a cycle at 2.0 GHz
    f32 = { peak = "128 GFLOP/s" }, -- AVX-512: two fused multiply-adds of 16 values a cycle at 2.0 GHz
  },
  links = { -- through memory; an assumed adapter of 200 Gbit/s a node; latencies are assumed
    { name = "node", ranks = 112, bandwidth = { peak = "5.49 GB/s" }, latency = "1 us" },
    { name = "cluster", bandwidth = { peak = "1.79 Gbit/s" }, latency = "4 us" },
  },
}
