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
  target = { device = "cuda", transport = "nccl", memory = "64 GiB", ranks_per_node = 8 },
  -- 128 sequences, split over dp 2 and then over ep 16: 4 for each lane.
  batch  = { sequences = 4, context = 1024, prefill_rows = 512, micro_batches = 2 },
  dtype  = { weights = "bf16" },
  -- What the document (a deployment summary for 256 GPUs) states, figure by figure; `rankc audit` judges each.
  -- "5 GB" is everything that rounds to it; ">= 5" and "<= 5" are bounds; 2-4 is a range.
  claims = {
    assume = {                          -- what the document leaves open
      hidden_size = { 1024, 2048, 4096 },
      top_k = { 2, 4 },                 -- "Only 2-4 experts active per token"
      context = { 1024, 10240 },        -- "512 sequences x 1024 tokens"; its size for memory and TTFT is not given
      sequences = { 128, 512 },         -- "Batch of 128 sequences", but "512 sequences x 1024 tokens"
      kv = { "f32", "bf16" },           -- "Use FP16/BF16 throughout", as the plan does
      weights = { "bf16", "f32", "adam" }, -- "Gradient Accumulation: Reduce memory spikes": is it training?
      accelerator = { "a100-sxm-80gb", "h100-sxm" }, -- "64GB per GPU", without a name or a peak
    },

    -- Executive Summary, Module Division Verification
    parameters = "10 B",                -- "a 10B parameter MoE model"
    gpus = "256",                       -- "across 256 GPUs"
    experts = "256",                    -- "256 experts (16 layers x 16 experts per layer)"
    layers = "16",
    experts_per_layer = "16",
    gpus_per_expert = "1",              -- "Perfect 1:1 correspondence (256 experts = 256 GPUs)"
    shards_per_gpu = "2",               -- "Each GPU handles exactly 2 expert shards (due to tensor parallelism)"
    load_imbalance = {
      ratio = "0.000",                  -- "Load Imbalance Ratio: 0.000 (perfect balance)"
      utilization = "0 %",              -- "No Hotspots: All GPUs equally utilized"
    },
    placement_imbalance = "0.000",      -- "Perfect GPU mapping ensures balance"

    -- Throughput Achievement; Real-World Performance Expectations
    throughput = {
      required = ">= 100 tokens/ms/gpu",                                        -- "Requirement: 100 tokens/ms per GPU"
      achieved = { "12.0 tokens/ms/gpu", mfu = "60 %", charged = "all" },       -- "Assumes full model computation. Uses
                                                                                --  60% MFU utilization"
      attainable = { ">= 100 tokens/ms/gpu", mfu = "85 %" },                    -- "can achieve 100+ tokens/ms"
      expected = { "100-150 tokens/ms/gpu", mfu = "85 %" },                     -- "Expected Throughput: 100-150 tokens/ms"
    },
    mfu = {
      conservative = "60 %",            -- "Theoretical Calculation (Conservative)"
      optimized = "85 %",               -- "85% achievable with MoE"
    },
    overlap_gain = "20 %",              -- "Communication Overlap: 20% efficiency gain"
    experts_per_token = "2-4",          -- "Only 2-4 experts active per token (not all 16)"
    sparsity = "8x",                    -- "Expert Sparsity: 8x reduction in active parameters"

    -- TTFT Performance
    ttft = {
      required = "<= 10 s",             -- "Requirement: <= 10 seconds"
      achieved = "0.472 s",             -- "Achieved: 0.472 seconds"
    },
    ttft_margin = "21x",                -- "EXCEEDS REQUIREMENT by 21x"

    -- Memory Requirements Met
    gpu_memory = "64 GB",               -- "Available GPU Memory: 64GB per GPU"
    weights = "20 GB",                  -- "20GB total / 256 GPUs"
    weights_per_gpu = "0.078 GB",       -- "Model Weights: 0.078GB per GPU"
    activations_per_gpu = "8 GB",       -- "Activations: 8GB per GPU"
    kv_per_gpu = "10 GB",               -- "KV Cache: 10GB per GPU"
    overhead_per_gpu = "4 GB",          -- "Framework Overhead: 4GB per GPU"
    memory_per_gpu = "22.1 GB",         -- "Total Usage: 22.1GB per GPU"
    headroom = "41.9 GB",               -- "Headroom: 41.9GB per GPU (65% available)"
    memory_free = "65 %",
    memory_used = "35 %",               -- "Uses only 35% of available GPU memory"

    -- Deployment Strategy Details
    grid = { ep = "16", tp = "2", pp = "4", dp = "2" }, -- "EP: 16-way", "TP: 2-way", "PP: 4-way", "DP: 2-way"
    experts_per_gpu_layer = "1",        -- "Each GPU handles 1 expert per layer"
    shards_per_expert = "2",            -- "Each expert split across 2 GPUs"
    layers_per_stage = "4",             -- "16 layers split into 4 stages (4 layers per stage)"
    sequences = {
      deployed = "128",                 -- "Batch of 128 sequences"
      optimized = "512",                -- "512 sequences x 1024 tokens optimized configuration"
    },
    sequences_per_replica = "64",       -- "split into 2 x 64 sequences"
    context = "1024",                   -- "512 sequences x 1024 tokens"
    rank_stride = { dp = "128", pp = "32", ep = "2", tp = "1" }, -- "GPU_ID = (dp_rank x 128) + (pp_rank x 32) + ..."
    rank_numbers = "0-255",             -- "dp_rank: [0,1], pp_rank: [0,3], ep_rank: [0,15], tp_rank: [0,1]"

    -- Industry Benchmarks: "Similar MoE deployments achieve"
    published = {
      switch_transformer = ">= 100 tokens/ms", -- "Google Switch Transformer: 100+ tokens/ms with similar configuration"
      deepspeed_moe = ">= 120 tokens/ms",      -- "Microsoft DeepSpeed-MoE: 120+ tokens/ms with optimized routing"
      fairseq_moe = "90-110 tokens/ms",        -- "FairSeq MoE: 90-110 tokens/ms with efficient implementation"
    },
  },
}
