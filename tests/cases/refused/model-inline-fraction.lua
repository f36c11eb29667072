return strategy {
  grid = { tp = 2 },
  model = {
    model_type = "mixtral", hidden_size = 64, num_hidden_layers = 4,
    num_attention_heads = 8, num_key_value_heads = 2.5,
    num_local_experts = 8, num_experts_per_tok = 2, intermediate_size = 16, vocab_size = 256,
    max_position_embeddings = 512, rms_norm_eps = 1e-5,
    rope_theta = 1e4,
  },
}
