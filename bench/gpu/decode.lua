-- Four such layers, for decode: up to 16 sequences near the end of their context.
return strategy {
  name  = "decode",
  model = {
    model_type = "mixtral",
    hidden_size = 4096,
    num_hidden_layers = 4,
    num_attention_heads = 32,
    num_key_value_heads = 8,
    head_dim = 128,
    num_local_experts = 8,
    num_experts_per_tok = 2,
    intermediate_size = 14336,
    vocab_size = 32000,
    max_position_embeddings = 2048,
    rms_norm_eps = 1e-5,
    rope_theta = 10000,
    eos_token_id = 2,
  },
  grid  = { dp = 1, pp = 1, ep = 1, tp = 1 },
  target = { device = "cuda", transport = "nccl", memory = "64 GiB", ranks_per_node = 1 },
  batch  = { sequences = 16, context = 2048, prefill_rows = 512, micro_batches = 1 },
  dtype  = { weights = "bf16" },
}
