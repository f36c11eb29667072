/* The ops of a schedule, as the generated sources call them; compiled once a class against its class.h, so that every
 * shape is a constant. An op works on one micro-batch and returns at once when the step does not use it.
 *
 * What each reads, writes and exchanges: generator/ops.h. */
#pragma once

#include "class.h"
#include "rank.h"

void rotary(struct rank *r, enum micro_batch m);
void embed(struct rank *r, enum micro_batch m);
void embed_slice(struct rank *r, enum micro_batch m);
void reduce_embedding(struct rank *r, enum micro_batch m);
void receive_stage(struct rank *r, enum micro_batch m);
void attention(struct rank *r, enum micro_batch m, enum layer layer);
void reduce_attention(struct rank *r, enum micro_batch m, enum layer layer);
void add_attention(struct rank *r, enum micro_batch m, enum layer layer);
void route(struct rank *r, enum micro_batch m, enum layer layer);
void dispatch_start(struct rank *r, enum micro_batch m, enum layer layer);
void dispatch_finish(struct rank *r, enum micro_batch m, enum layer layer);
void gather(struct rank *r, enum micro_batch m, enum layer layer);
void experts(struct rank *r, enum micro_batch m, enum layer layer);
void combine_start(struct rank *r, enum micro_batch m, enum layer layer);
void combine_finish(struct rank *r, enum micro_batch m, enum layer layer);
void scatter(struct rank *r, enum micro_batch m, enum layer layer);
void reduce_experts(struct rank *r, enum micro_batch m, enum layer layer);
void add_experts(struct rank *r, enum micro_batch m, enum layer layer);
void send_stage(struct rank *r, enum micro_batch m);
void head(struct rank *r, enum micro_batch m);
void gather_logits(struct rank *r, enum micro_batch m);
void sample(struct rank *r, enum micro_batch m);
