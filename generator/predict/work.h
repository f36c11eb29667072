/* What an op has to do in a step, and how long that takes on some hardware.
 *
 * The work is counted from the plan: matrix products with their rows, bytes read and written, and the op's features,
 * the counts that the rest of its time is proportional to.
 *
 *   op                features beside 1 (each call)
 *   ROTARY            rows x head_dim
 *   EMBED*            rows x hidden
 *   REDUCE*, ADD*     rows x hidden x shares, peers
 *   RECEIVE, SEND     rows x hidden
 *   ATTENTION         rows x (hidden + qkv), positions x kv_heads x head_dim, positions x heads x head_dim,
 *                     positions x heads
 *   ROUTE             rows x hidden, rows x experts x top_k, rows
 *   DISPATCH_START    sent rows x hidden, rows x top_k x ep, peers
 *   DISPATCH_FINISH,
 *   GATHER            arrivals, rows x top_k x ep, slots x ep, peers
 *   EXPERTS           arrivals x hidden, arrivals x expert_hidden, arrivals, slots
 *   COMBINE*, SCATTER sent rows x hidden, rows x hidden, peers
 *   HEAD              wanted x hidden
 *   SAMPLE            wanted x vocabulary, wanted
 *
 * GPUs are not calibrated, so features are those of processors. Their ops differ in what they touch: values of the
 * weights' dtype in all but the residual stream, the router and the logits; weights row by row; rows that travel as
 * records with their wishes. In decode a graph is replayed that was captured for as many rows as fit: products and
 * messages are of that size whatever the step holds (captured_rows). NCCL's ops count what they read and write of the
 * rank's own memory; their messages are in traffic.h.
 */
#pragma once

#include "hardware.h"
#include "trace.h"

struct op_work {
    double flops[HARDWARE_DTYPES]; /* by dtype of the weights */
    double memory_bytes;           /* weights, KV cache and activations, read and written */
    double product_s;              /* of its matrix products, on calibrated hardware */
    double waiting_bytes;          /* of weights and KV cache, where few rows wait for them */
    double features[OP_FEATURES];
};

/* Everything about a rank that its work depends on. */
struct work_site {
    const struct plan *plan;
    const struct hardware *hardware;
    const struct rank_class *class;
    const struct rank_row *row;
    const struct step *step;
    double footprint_bytes; /* that the rank's processor passes over in a step */
    int company;            /* ALONE or TOGETHER */
};

/* Whether ranks of the class multiply, keep and send values of the weights' dtype, as GPUs do; else f32. */
uint64_t value_bytes(const struct rank_class *class);

/* A row on its way between GPUs, with its wishes (struct travelling_row of runtime/cuda/ops/op.h). */
uint64_t record_bytes(const struct rank_class *class);

/* Rows that the op's messages and products are made for on a GPU: in decode as many as fit, else the micro-batch's. */
struct micro_rows captured_rows(const struct work_site *site, const struct op *op);

/* Records in a message from ep coordinate `from` to `to` on GPUs: as many as rows, where counts go first; else a fixed
 * number. */
int sent_records(const struct work_site *site, const struct op *op, int from, int to);

struct op_work work_of(const struct work_site *site, const struct op *op);

/* Calibrated: products and features. Published figures: a launch, then whatever takes longer, arithmetic or memory. */
double work_seconds(const struct hardware *hardware, enum op_kind kind, const struct op_work *work);

/* One product of (rows, inputs) with a weight of outputs x inputs, on calibrated hardware. */
double product_seconds(const struct calibration *calibration, enum dtype dtype, int company, double footprint_bytes,
                       double rows, int outputs, int inputs);

/* Whether so few rows wait for the weights to arrive, rather than the weights for the rows to be computed. */
bool rows_wait(double rows);

/* What these bytes, read by few rows, take more in a rank than in products by themselves. */
double waiting_seconds(const struct calibration *calibration, double footprint_bytes, double bytes);

/* What it takes more to read these bytes from where a footprint of that size lies than from the nearest cache. */
double stream_seconds(const struct calibration *calibration, int company, double footprint_bytes, double bytes);

/* The sites of all ranks in a step, from the pool, by rank number. */
struct work_site *work_sites(const struct plan *plan, const struct hardware *hardware, const struct step *step,
                             struct pool *pool);

/* Ranks of a node: those that the innermost links join. */
int node_ranks(const struct plan *plan, const struct hardware *hardware);

/* Arithmetic that the model needs for the step's rows: 2 FLOPs for each weight that a row meets and each position's
 * keys and values; nothing that a split repeats, nothing that fills up a tile. */
double step_model_flops(const struct plan *plan, const struct step *step);

/* The rows of the op's micro-batch in the rank's lane. */
const struct micro_rows *rows_of_op(const struct work_site *site, const struct op *op);

/* How many rows ep coordinate `from` of the rank's replica sends to coordinate `to` in the op's layer and micro-batch.
 */
int sent_rows(const struct work_site *site, const struct op *op, int from, int to);

static inline int lane_of(const struct plan *plan, const struct rank_row *row)
{
    return row->at[AXIS_DP] * plan->grid[AXIS_EP] + row->at[AXIS_EP];
}
