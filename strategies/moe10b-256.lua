-- The deployment summary itself: a 10B model of 16 layers with 16 experts each, on 256 ranks, one expert of each layer a
-- rank, every expert split in two. There is no checkpoint; the model is given by its shape.
return strategy {
  name  = "moe10b-256",
  model = {
    model_type = "mixtral",
    hidden_size = 2048,
    num_hidden_layers = 16,
    num_attention_heads = 16,
    num_key_value_heads = 16,
    head_dim = 128,
    num_local_experts = 16,
    num_experts_per_tok = 2,
    intermediate_size = 6144,           -- 3 x 2048 x 6144 x 256 experts: 9.7 of the 10 billion parameters
    vocab_size = 32000,
    max_position_embeddings = 10240,
    rms_norm_eps = 1e-5,
    rope_theta = 10000,
    eos_token_id = 2,
  },
  grid  = { dp = 2, pp = 4, ep = 16, tp = 2 },
  -- GPU_ID = (dp_rank x 128) + (pp_rank x 32) + (ep_rank x 2) + tp_rank
  rank  = function(c) return c.dp*128 + c.pp*32 + c.ep*2 + c.tp end,
  stages = { 4, 4, 4, 4 },
  -- The document means GPUs; until there is a backend for them the plan is made for CPUs with as much memory.
  target = { device = "cpu", transport = "shm", memory = "64 GiB" },
  -- 128 sequences, split over dp 2 and then over ep 16: 4 for each lane.
  batch  = { sequences = 4, context = 1024, prefill_rows = 512, micro_batches = 2 },
  dtype  = { weights = "bf16" },
}
