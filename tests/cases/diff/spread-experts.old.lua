-- Two stages that hold all experts of their layers: nothing is dispatched.
return strategy {
  name  = "one-box",
  model = hf "../../models/tiny-mixtral",
  grid  = { pp = 2 },
  target = { memory = "64 MiB" },
  batch  = { sequences = 2, context = 64, prefill_rows = 16, micro_batches = 2 },
}
