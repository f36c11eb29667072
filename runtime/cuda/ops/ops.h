/* The ops of a CUDA schedule, as the generated sources call them; compiled once a class against its class.h, so that
 * every shape is a constant. An op enqueues its work and returns; one that the step's micro-batches do not need returns
 * at once. Which stream each runs on, what it reads, writes and exchanges: generator/ops.h. */
#pragma once

#include "class.h"
#include "cuda/gpu.h"

/* compute */
void rotary(struct gpu *r, enum micro_batch m);
void embed(struct gpu *r, enum micro_batch m);
void embed_slice(struct gpu *r, enum micro_batch m);
void add_embedding(struct gpu *r, enum micro_batch m);
void attention(struct gpu *r, enum micro_batch m, enum layer layer);
void add_and_route(struct gpu *r, enum micro_batch m, enum layer layer);
void dispatch_finish(struct gpu *r, enum micro_batch m, enum layer layer);
void gather(struct gpu *r, enum micro_batch m, enum layer layer);
void experts(struct gpu *r, enum micro_batch m, enum layer layer);
void combine_finish(struct gpu *r, enum micro_batch m, enum layer layer);
void scatter(struct gpu *r, enum micro_batch m, enum layer layer);
void add_experts(struct gpu *r, enum micro_batch m, enum layer layer);
void head(struct gpu *r, enum micro_batch m);
void sample(struct gpu *r, enum micro_batch m);

/* comm */
void sum_embedding(struct gpu *r, enum micro_batch m);
void receive_stage(struct gpu *r, enum micro_batch m);
void sum_attention(struct gpu *r, enum micro_batch m, enum layer layer);
void dispatch_counts(struct gpu *r, enum micro_batch m, enum layer layer);
void dispatch_start(struct gpu *r, enum micro_batch m, enum layer layer);
void combine_start(struct gpu *r, enum micro_batch m, enum layer layer);
void sum_experts(struct gpu *r, enum micro_batch m, enum layer layer);
void send_stage(struct gpu *r, enum micro_batch m);
void gather_logits(struct gpu *r, enum micro_batch m);
